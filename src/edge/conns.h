/* edge/conns.h - the TCP connections of a shard. The router object says what it wants
 * while it is being called; it is done afterwards, by conns_work, because the sink of a router must
 * not call back into it. Sockets are made by the keeper and arrive here connecting, or connected by others. */
#pragma once
#include "router/router.h"
#include "sys/loop.h"

struct conns;

/* `ask` requests a connection to a neighbour from the keeper; its answer is conns_opened. */
struct conns *conns_new(struct loop *l, struct router *r,
                        void (*ask)(void *ctx, uint32_t token, const char *peer), void *ctx);

/* Sessions with this AS are internal: their packets may pass routers on the way. */
void conns_own_asn(struct conns *c, uint32_t asn);

/* One interface has both addresses; `first` begins a new list of such pairs. */
void conns_pair(struct conns *c, bool first, const struct addr *a, const struct addr *b);

/* From the sink. */
/* The socket of a connection that is being made or is there, else -1; it stays the connection's. */
int conns_socket(const struct conns *c, peer_ref peer, enum bgp_conn conn);
void conns_want_open(struct conns *c, peer_ref peer);
void conns_want_close(struct conns *c, peer_ref peer, enum bgp_conn conn);
void conns_want_pull(struct conns *c, peer_ref peer, enum bgp_conn conn);

/* From the keeper. `fault` 0 or errno; the descriptors are ours from now on. */
void conns_opened(struct conns *c, uint32_t token, int fault, int fd, instant now);
/* Somebody called. `domain` "": whoever it is, known by its address alone. */
void conns_accepted(struct conns *c, const char *domain, int fd, instant now);

/* After every call into the router. */
void conns_work(struct conns *c, instant now);
void conns_tick(struct conns *c, instant now);
instant conns_next(const struct conns *c);
/* Nothing more to be said to anybody: an orderly end may end. */
bool conns_quiet(const struct conns *c);
