/* edge/recorder.h - MRT files out of the router process (RFC 6396): the tables once, a slice a
 * turn, so that sessions notice nothing, or sessions as they go on. Files are opened by the keeper
 * and come as descriptors, because this process has no file system. */
#pragma once
#include "base/text.h"
#include "router/look.h"

struct recorder;
/* `done` answers a request with its JSON text, now or later. */
struct recorder *recorder_new(const struct router *r,
                              void (*done)(void *ctx, uint32_t token, struct text *answer),
                              void *ctx);
/* `what`: "table [DOMAIN]", "updates" or "stop"; the descriptor is ours from now on, -1 for "stop".
 */
void recorder_order(struct recorder *c, uint32_t token, const char *what, int fd, instant now);
bool recorder_records(const struct recorder *c); /* wants the calls of a tap */
void recorder_state(struct recorder *c, peer_ref peer, enum bgp_state from, enum bgp_state to);
void recorder_message(struct recorder *c, peer_ref peer, bool sent, struct span update);

void recorder_tick(struct recorder *c, instant now);
instant recorder_next(const struct recorder *c);
