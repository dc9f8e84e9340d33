/* edge/stations.h - copies of sessions and routes to BGP monitoring stations (RFC 7854, 8671, 9069), from
 * a shard. A station that reads too slowly costs a buffer of the configured size and
 * nothing else: when it is full the connection is given up and begins anew with the whole picture
 * later. */
#pragma once
#include "base/text.h"
#include "router/look.h"
#include "sys/loop.h"

struct stations;
/* `ask` requests a connection to a station from the keeper; the answer is stations_opened. Domains are
 * numbered from `number_from` in the headers, so that no two shards of a router use the same ones. */
struct stations *
stations_new(struct loop *l, struct router *r, uint32_t number_from,
             void (*ask)(void *ctx, uint32_t token, const struct intent_endpoint *at), void *ctx);
void stations_apply(struct stations *s, const struct intent *i, instant now);
void stations_opened(struct stations *s, uint32_t token, int fault, int fd, instant now);
bool stations_any(const struct stations *s); /* somebody is connected: the calls below are wanted */

/* From the router's tap. */
void stations_up(struct stations *s, peer_ref peer, const struct router_session *session);
void stations_down(struct stations *s, peer_ref peer, enum bgp_down why, uint8_t code,
                   uint8_t subcode);
void stations_sent(struct stations *s, peer_ref peer, struct span update);
void stations_received(struct stations *s, peer_ref peer, const struct bgp_update *u);
void stations_best(struct stations *s, domain_ref domain, const struct prefix *p, const struct attrs *a);
void stations_path(struct stations *s, peer_ref peer, const struct prefix *p,
                   const struct attrs *a);

void stations_tick(struct stations *s, instant now);
instant stations_next(const struct stations *s);
void stations_end(struct stations *s); /* Termination to each, as far as it fits its socket */
/* `"stations":[...]` */
void stations_show(const struct stations *s, struct text *out);
