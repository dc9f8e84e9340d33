/* rib/path_ids.c - open addressing with linear probing; a removal shifts the run behind it back. */
#include "rib/path_ids.h"
#include <stdlib.h>

enum { FIRST_SLOTS = 64 };

static uint64_t key_of(node_ref n, source_ref source) { return (uint64_t)n << 16 | source; }

static uint32_t home_of(const struct path_ids *ids, uint64_t key)
{
    return (uint32_t)(key * 0x9e3779b97f4a7c15u >> 32) & ids->mask;
}

/* Where the key stands, or the empty slot where it would. */
static uint32_t seek(const struct path_ids *ids, uint64_t key)
{
    uint32_t at = home_of(ids, key);
    while (ids->slots[at].key && ids->slots[at].key != key) at = (at + 1) & ids->mask;
    return at;
}

static void resize(struct path_ids *ids, uint32_t slots)
{
    struct path_ids old = *ids;
    ids->slots = calloc(slots, sizeof *ids->slots);
    if (!ids->slots) abort();
    ids->mask = slots - 1;
    for (uint32_t i = 0; old.slots && i <= old.mask; i++)
        if (old.slots[i].key) ids->slots[seek(ids, old.slots[i].key)] = old.slots[i];
    free(old.slots);
}

void path_ids_drop(struct path_ids *ids)
{
    free(ids->slots);
    *ids = (struct path_ids){0};
}

void path_ids_put(struct path_ids *ids, node_ref n, source_ref source, uint32_t id)
{
    if (!ids->slots) resize(ids, FIRST_SLOTS);
    else if (((uint64_t)ids->used + 1) * 4 > ((uint64_t)ids->mask + 1) * 3) resize(ids, (ids->mask + 1) * 2);
    uint64_t key = key_of(n, source);
    struct path_id_slot *s = &ids->slots[seek(ids, key)];
    ids->used += s->key == 0;
    *s = (struct path_id_slot){key, id};
}

bool path_ids_get(const struct path_ids *ids, node_ref n, source_ref source, uint32_t *id)
{
    if (ids->used == 0) return false;
    const struct path_id_slot *s = &ids->slots[seek(ids, key_of(n, source))];
    *id = s->id;
    return s->key != 0;
}

void path_ids_remove(struct path_ids *ids, node_ref n, source_ref source)
{
    if (ids->used == 0) return;
    uint32_t hole = seek(ids, key_of(n, source));
    if (!ids->slots[hole].key) return;
    for (uint32_t at = hole;;) {
        at = (at + 1) & ids->mask;
        if (!ids->slots[at].key) break;
        /* One that would not be found from its home across the hole moves into it. */
        uint32_t from_home = (at - home_of(ids, ids->slots[at].key)) & ids->mask;
        if (from_home < ((at - hole) & ids->mask)) continue;
        ids->slots[hole] = ids->slots[at];
        hole = at;
    }
    ids->slots[hole] = (struct path_id_slot){0};
    ids->used--;
}
