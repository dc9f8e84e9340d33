/* wire/mrt.h - MRT records (RFC 6396): a routing table as TABLE_DUMP_V2, sessions as BGP4MP with
 * microseconds (BGP4MP_ET). Pure; every encoder takes a writer, which is bad when a record did not
 * fit. The reader takes one record at a time and never trusts a length. */
#pragma once
#include "base/arena.h"
#include "base/writer.h"
#include "net/attrs.h"
#include "net/prefix.h"

enum mrt_type { MRT_TABLE_DUMP_V2 = 13, MRT_BGP4MP = 16, MRT_BGP4MP_ET = 17 };
enum mrt_table_subtype {
    MRT_PEER_INDEX_TABLE = 1,
    MRT_RIB_IPV4_UNICAST = 2,
    MRT_RIB_IPV6_UNICAST = 4
};
enum mrt_bgp_subtype {
    MRT_MESSAGE = 1,
    MRT_MESSAGE_AS4 = 4,
    MRT_STATE_CHANGE_AS4 = 5,
    MRT_MESSAGE_LOCAL = 6, /* sent by us */
    MRT_MESSAGE_AS4_LOCAL = 7,
};
enum { MRT_HEADER = 12, MRT_RECORD_MOST = 1 << 20 /* taken by the reader */ };

/* --- a table: one index of neighbours, then prefix after prefix --- */
struct mrt_peer {
    uint32_t id; /* BGP identifier */
    struct addr address;
    uint32_t asn;
};
void mrt_peer_index(struct writer *w, uint32_t time_s, uint32_t collector, const char *view,
                    const struct mrt_peer *peers, uint16_t n);

struct mrt_rib { /* a record being written */
    size_t length_at, count_at;
    uint16_t entries;
    bool six;
};
struct mrt_rib mrt_rib_begin(struct writer *w, uint32_t time_s, uint32_t sequence,
                             const struct prefix *p);
/* `peer`: place in the index; `since_s`: when the path came. */
void mrt_rib_entry(struct writer *w, struct mrt_rib *r, uint16_t peer, uint32_t since_s,
                   const struct attrs *a);
void mrt_rib_end(struct writer *w, const struct mrt_rib *r);

/* --- sessions --- */
struct mrt_session {
    uint32_t peer_asn, local_asn;
    struct addr peer, local; /* of one family */
};
/* A whole BGP message; `as4`: its AS_PATH has four-octet numbers. */
void mrt_message(struct writer *w, int64_t wall_us, const struct mrt_session *s, bool sent,
                 bool as4, struct span message);
/* States as in RFC 4271 8.2.2: 1 Idle ... 6 Established. */
void mrt_state_change(struct writer *w, int64_t wall_us, const struct mrt_session *s, uint16_t from,
                      uint16_t to);

/* --- reading --- */
struct mrt_record {
    uint32_t time_s, time_us;
    uint16_t type, subtype;
    struct span body; /* behind the microseconds, where there are some */
};
enum mrt_got { MRT_GOT, MRT_MORE /* cut short */, MRT_BAD };
/* The next record of a file that begins at `c`; MRT_MORE also at its end. */
enum mrt_got mrt_next(struct cursor *c, struct mrt_record *out);

struct mrt_table_entry {
    uint16_t peer;
    uint32_t since_s;
    struct span attributes; /* wire form */
};
/* A RIB record: the prefix, then entries until false; c->bad when the bytes are none. */
MUST_USE bool mrt_rib_read(const struct mrt_record *r, struct cursor *c, struct prefix *out,
                           uint16_t *entries);
MUST_USE bool mrt_rib_next(struct cursor *c, struct mrt_table_entry *out);
/* The index: view's name into `view`, then neighbours until false. */
MUST_USE bool mrt_index_read(const struct mrt_record *r, struct cursor *c, uint32_t *collector,
                             struct span *view, uint16_t *peers);
MUST_USE bool mrt_index_next(struct cursor *c, struct mrt_peer *out);
/* A BGP4MP message or state change. */
struct mrt_session_record {
    struct mrt_session session;
    bool as4, sent;
    uint16_t from, to;   /* of a state change, else 0 */
    struct span message; /* empty for a state change */
};
MUST_USE bool mrt_session_read(const struct mrt_record *r, struct mrt_session_record *out);
