/* wire/nat_wire.h - the datagrams by which two edges of a pair keep each other's NAT flows: 26 octets a
 * flow, about fifty in a datagram. Integers in network order. Pure.
 *
 *   header    u16 0x464e, u8 version 1, u8 type, u32 pair, u32 epoch of the sender
 *   STATE     u32 epoch and u32 stream heard from the partner, u64 next record wanted
 *   RECORDS   u32 stream, u64 number of the first record, u16 how many, then records
 *   record    u8 kind, u8 protocol, u8 marks, u8 0, u32 domain, then inside, outside and remote as
 *             u32 address and u16 port */
#pragma once
#include "base/writer.h"

enum { NAT_WIRE_MAGIC = 0x464e, NAT_WIRE_VERSION = 1, NAT_WIRE_RECORD = 26, NAT_WIRE_DATAGRAM_MAX = 1400,
       NAT_WIRE_RECORDS_MAX = (NAT_WIRE_DATAGRAM_MAX - 26) / NAT_WIRE_RECORD };

enum nat_kind {
    NAT_TABLE_BEGINS, /* what follows until TABLE_ENDS is the sender's whole table; marks: NAT_TABLE_WHOLE */
    NAT_MADE,         /* the flow is there; said again it changes nothing but the marks */
    NAT_CLOSED,       /* it is not there any more */
    NAT_TABLE_ENDS,
    NAT_KINDS
};
enum nat_marks {
    NAT_MARK_SYN = 1, NAT_MARK_FIN = 2, NAT_MARK_RST = 4, NAT_MARK_ACK = 8,
    NAT_MARK_YOURS = 16, /* the receiver made it, the sender keeps a copy */
    NAT_MARKS_ALL = 31,
    NAT_TABLE_WHOLE = 1 /* the sender has had the receiver's table since its start: what it does not name is gone */
};

struct nat_end { /* host order */
    uint32_t address;
    uint16_t port; /* ICMP: the identifier, on both sides */
};
struct nat_record {
    enum nat_kind kind;
    uint8_t proto, marks;
    uint32_t domain; /* the same number for one domain at both edges */
    struct nat_end inside, outside, remote;
};

enum nat_wire_type { NAT_WIRE_STATE = 1, NAT_WIRE_RECORDS = 2 };
struct nat_datagram {
    enum nat_wire_type type;
    uint32_t pair, epoch;
    /* STATE */
    uint32_t heard_epoch, heard_stream; /* 0: nothing yet */
    uint64_t wanted;
    /* RECORDS */
    uint32_t stream;
    uint64_t first;
    uint16_t count;
    struct span records; /* count times NAT_WIRE_RECORD octets */
};

/* False: not one of ours, or malformed; *why says what, for a counter and a log line. */
MUST_USE bool nat_wire_decode(struct span bytes, struct nat_datagram *out, const char **why);
/* The next record of a decoded datagram's; false at the end, and with c->bad set when it is malformed. */
MUST_USE bool nat_wire_record(struct cursor *c, struct nat_record *out);

void nat_wire_put_state(struct writer *w, const struct nat_datagram *d);
/* Header of RECORDS; count and records are taken from `d` later: returns where the count stands. */
size_t nat_wire_begin_records(struct writer *w, const struct nat_datagram *d);
void nat_wire_put_record(struct writer *w, const struct nat_record *r);
void nat_wire_end_records(struct writer *w, size_t count_at, uint16_t count);
