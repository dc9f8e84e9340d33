/* forward/rivals.h - several routes to one prefix, of which the kernel uses the one of the lowest rank:
 * its local table before the main one, there by metric. Remembers all, so that the next one takes over
 * when the best goes. Pure. */
#pragma once
#include "base/hash.h"
#include "net/prefix.h"

struct rivals;
struct rivals *rivals_new(const struct hash_key *key);
void rivals_free(struct rivals *r);
size_t rivals_count(const struct rivals *r); /* prefixes with a route */

/* `value` under `rank` for a prefix of a table; 0 removes it. Returns the value of the lowest rank there
 * is now, 0: none. *out_old gets the value replaced or removed, 0: none. */
uint32_t rivals_put(struct rivals *r, uint32_t table, const struct prefix *p, uint32_t rank, uint32_t value,
                    uint32_t *out_old);

/* Everything not put again since rivals_mark is named to `gone` and removed; tables as given to put. */
void rivals_mark(struct rivals *r, uint32_t table);
void rivals_sweep(struct rivals *r, uint32_t table,
                  void (*gone)(void *ctx, const struct prefix *p, uint32_t value, uint32_t best), void *ctx);
