/* proto/nat_sync.h - two edges of a pair keep a copy of each other's NAT flows, so that every packet of
 * a flow may come by either of them, and a flow outlives the edge that made it. Facts and an instant
 * in; datagrams and changes of the table out. No sockets, no clock, no table of its own.
 *
 * How it works. What happens to flows here is a stream of numbered records. The partner takes them in
 * order only and says which number it wants next; what it did not take is sent again from there. A
 * stream begins with the whole table, read in small steps while live changes go between. Records that
 * the partner does not take in time are given up for a new stream: memory is bounded by `room`.
 *
 * What is kept when. The partner's flows stay when it falls silent (that is the purpose) and when it
 * comes back empty after a restart: it is sent its own flows back, marked NAT_MARK_YOURS. Until it has
 * had them its table is no proof that a flow is gone; afterwards it is. An edge that has had a whole
 * table since its start knows its own flows better than the partner's table does.
 *
 * Each edge makes flows only from its own share of a pool (by arithmetic), so the two never disagree
 * about who made a flow. Source: spec of the pair, RFC 6888 REQ-8 on keeping mappings. */
#pragma once
#include "base/instant.h"
#include "wire/nat_wire.h"

struct nat_sync;

struct nat_sync_conf {
    uint32_t pair;  /* the same at both edges */
    uint32_t epoch; /* random at each start, not 0 */
    uint32_t room;  /* records waiting for the partner, at least 64 */
};

enum { NAT_SYNC_HELLO_MS = 50, NAT_SYNC_SILENCE_MS = 200, NAT_SYNC_AGAIN_MS = 10, NAT_SYNC_AGAIN_MAX_MS = 160,
       NAT_SYNC_WINDOW = 4096, NAT_SYNC_TABLE_STEP = 512 };

struct nat_sync_sink { /* what the caller does to its table; no call back into the engine */
    void *ctx;
    /* NAT_MADE or NAT_CLOSED, by the partner's word. One of ours (NAT_MARK_YOURS) that contradicts a flow
     * we have made meanwhile is to be left alone. */
    void (*apply)(void *ctx, const struct nat_record *r);
    /* The partner's table begins; `whole`: of the flows that the partner made, those not named until
     * table_ends are gone. A table may begin anew before it ended. */
    void (*table_begins)(void *ctx, bool whole);
    void (*table_ends)(void *ctx, bool whole);
    void (*partner)(void *ctx, bool up);
    /* Our table, row after row: *place is 0 at first and the caller's from then on. False at its end. */
    bool (*next)(void *ctx, uint64_t *place, struct nat_record *out);
};

struct nat_sync *nat_sync_new(const struct nat_sync_conf *c, const struct nat_sync_sink *sink, instant now);
void nat_sync_free(struct nat_sync *s);

/* A flow was made, changed its marks, or was closed here. Costs nothing while there is no partner. */
void nat_sync_note(struct nat_sync *s, const struct nat_record *r);
/* A datagram arrived from the partner's address. */
void nat_sync_input(struct nat_sync *s, struct span bytes, instant now);
void nat_sync_tick(struct nat_sync *s, instant now);
/* The next datagram to send, at most NAT_WIRE_DATAGRAM_MAX octets; 0: nothing now. Ask until 0. */
size_t nat_sync_output(struct nat_sync *s, uint8_t *buf, size_t room, instant now);
instant nat_sync_next(const struct nat_sync *s);

struct nat_sync_report {
    bool partner_up, in_step; /* in_step: the partner has taken everything there was to say */
    uint32_t partner_epoch, streams;
    uint64_t noted, sent, acknowledged, applied; /* records */
    uint64_t sent_again, given_up, out_of_order, known_better, refused;
    uint64_t waiting;
    const char *refused_why; /* the newest */
};
void nat_sync_report(const struct nat_sync *s, struct nat_sync_report *out);
