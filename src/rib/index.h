/* rib/index.h - hash value -> number, open addressing with linear probing: the one hash table under
 * attribute sets and prefixes. A slot holds the 32-bit hash beside the number, so that a miss and a
 * growth never touch the objects themselves. The caller compares objects and hashes with a key. */
#pragma once
#include "base/defs.h"

struct index_slot {
    uint32_t hash, id; /* id 0: empty */
};

struct index {
    struct index_slot *slots;
    uint32_t mask, used;
};

void index_init(struct index *ix);
void index_drop(struct index *ix);
size_t index_bytes(const struct index *ix);
void index_put(struct index *ix, uint32_t hash, uint32_t id); /* id must not be in yet, nor be 0 */
void index_remove(struct index *ix, uint32_t hash, uint32_t id); /* must be in */

/* for (at = index_start(ix, hash); (id = index_next(ix, hash, &at)) != 0;) ... same object? */
static inline uint32_t index_start(const struct index *ix, uint32_t hash) { return hash & ix->mask; }
static inline uint32_t index_next(const struct index *ix, uint32_t hash, uint32_t *at)
{
    for (;;) {
        const struct index_slot *s = &ix->slots[*at];
        if (s->id == 0) return 0;
        *at = (*at + 1) & ix->mask;
        if (s->hash == hash) return s->id;
    }
}
static inline void index_prefetch(const struct index *ix, uint32_t hash)
{
#if defined(__GNUC__)
    __builtin_prefetch(&ix->slots[hash & ix->mask]);
#else
    (void)ix, (void)hash;
#endif
}
