/* proto/nat_sync.h - keeps two edges' NAT bindings the same: records go out in batches, numbered and
 * acknowledged, again after a while if they were not; what a partner missed because it was away or we
 * could not keep up is made good by telling it everything. No sockets, no clock: datagrams and instants
 * go in, datagrams and a deadline come out. Pure.
 *
 * A stream begins whenever the partner is new to us (its epoch changed, it had been silent, or we had to
 * throw records away): its first records are all bindings there are, of both edges, so that an edge that
 * lost its memory gets its own ones back. Datagrams of a stream take effect in order; one that comes early
 * waits for those before it. */
#pragma once
#include "base/instant.h"
#include "wire/natsync.h"

enum {
    NAT_SYNC_WINDOW = 128,       /* datagrams not acknowledged yet */
    NAT_SYNC_AGAIN_MS = 40,
    NAT_SYNC_HELLO_MS = 500,
    NAT_SYNC_SILENT_MS = 2000,   /* the partner is taken for gone */
};

struct nat_sync;
struct nat_sync *nat_sync_new(uint64_t epoch); /* not 0, another one with every start */
void nat_sync_free(struct nat_sync *s);

bool nat_sync_partner_up(const struct nat_sync *s);
/* The partner has to be told everything: call nat_sync_tell with each binding while there is room, then
 * nat_sync_told_all. A change of mind starts it over: nat_sync_round is another number then. */
bool nat_sync_wants_all(const struct nat_sync *s);
uint32_t nat_sync_round(const struct nat_sync *s);
void nat_sync_told_all(struct nat_sync *s);
/* Records were lost before they came here: everything is told from the beginning. */
void nat_sync_again(struct nat_sync *s);
size_t nat_sync_room(const struct nat_sync *s); /* records */
/* Without a partner nothing is kept; without room everything is told again later. */
void nat_sync_tell(struct nat_sync *s, const struct natsync_record *r);

/* NULL, or why the datagram was not taken. `put` gets its records. */
const char *nat_sync_input(struct nat_sync *s, instant now, struct span datagram,
                           void (*put)(void *ctx, const struct natsync_record *r), void *ctx);
/* The next datagram to be sent now, into room for NATSYNC_MESSAGE_MAX bytes; 0: none. */
size_t nat_sync_output(struct nat_sync *s, instant now, uint8_t *out);
instant nat_sync_next(const struct nat_sync *s); /* when nat_sync_output has something at the latest */

struct nat_sync_counts {
    uint64_t records_out, records_in, datagrams_out, datagrams_in, again, out_of_order, refused, rounds;
};
struct nat_sync_counts nat_sync_counts(const struct nat_sync *s);
size_t nat_sync_unacknowledged(const struct nat_sync *s); /* datagrams */
