/* wire/natsync.h - NAT bindings between the two edges of a pair: UDP datagrams of a head and up to 48
 * records of 28 bytes, so that a binding costs about 30 bytes on the wire. Big-endian. Pure.
 *
 * head (40 bytes)  magic "FLNS", version 1, flags 0, number of records (16 bits),
 *                  epoch of the sender (64 bits, new with every start), stream and sequence (32 bits each;
 *                  sequence 0: nothing that needs an acknowledgement),
 *                  epoch and stream that are acknowledged, and up to which sequence
 * record           operation, protocol, marks, 0; name tag of the domain; inside, outside, far address;
 *                  inside, outside, far port; seconds it has been silent (16 bits) */
#pragma once
#include "base/writer.h"

enum {
    NATSYNC_HEAD = 40,
    NATSYNC_RECORD = 28,
    NATSYNC_RECORDS_MAX = 48,
    NATSYNC_MESSAGE_MAX = NATSYNC_HEAD + NATSYNC_RECORDS_MAX * NATSYNC_RECORD,
    NATSYNC_MAGIC = 0x464c4e53,
    NATSYNC_VERSION = 1,
};

enum natsync_op { NATSYNC_PUT = 1, NATSYNC_GONE = 2 };

struct natsync_record {
    enum natsync_op op;
    uint8_t proto, marks;
    uint32_t domain;                              /* natsync_tag of its name */
    uint32_t inside_addr, outside_addr, far_addr; /* host order */
    uint16_t inside_port, outside_port, far_port;
    uint16_t silent_s;
};

struct natsync_head {
    uint16_t records;
    uint64_t epoch;
    uint32_t stream, sequence;
    uint64_t ack_epoch;
    uint32_t ack_stream, ack;
};

/* What names a domain at both ends, whatever their numbers are. */
uint32_t natsync_tag(const char *domain);

void natsync_put_head(struct writer *w, const struct natsync_head *h);
void natsync_put_record(struct writer *w, const struct natsync_record *r);
/* NULL, or what is wrong with the datagram. The records follow at the cursor, all of them there. */
const char *natsync_read_head(struct cursor *c, struct natsync_head *out);
/* False: this record makes no sense (and none behind it is read). */
MUST_USE bool natsync_read_record(struct cursor *c, struct natsync_record *out);
