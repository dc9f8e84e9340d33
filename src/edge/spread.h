/* edge/spread.h - which shard has which domain. A domain stays where it is as long as it is wanted; a new
 * one goes to the shard with the fewest sessions. Pure. */
#pragma once
#include "intent/intent.h"

struct spread;
struct spread *spread_new(unsigned shards);
void spread_free(struct spread *s);

/* Takes over an intent. `forget`: domains that an earlier one dropped are gone for good, and may come back
 * elsewhere; else they keep their shard, because it may still be busy with their end. */
void spread_plan(struct spread *s, const struct intent *i, bool forget);

enum { SPREAD_NOWHERE = -1 };
int spread_domain(const struct spread *s, const char *name);
/* Without a data plane neighbours are known by their addresses alone. */
int spread_address(const struct spread *s, const struct addr *a);
/* Domains of a shard that are wanted. */
unsigned spread_count(const struct spread *s, unsigned shard);
