/* rib/index.c - see the header. Grows at three quarters; a removal shifts the run behind it back, so
 * there are no tombstones and a table that churns does not get slower. */
#include "rib/index.h"
#include <assert.h>
#include <stdlib.h>

enum { FIRST_SLOTS = 64 };

static struct index_slot *slots_new(uint32_t n)
{
    struct index_slot *s = calloc(n, sizeof *s);
    if (!s) abort();
    return s;
}

void index_init(struct index *ix)
{
    *ix = (struct index){.slots = slots_new(FIRST_SLOTS), .mask = FIRST_SLOTS - 1};
}

void index_drop(struct index *ix)
{
    free(ix->slots);
    *ix = (struct index){0};
}

size_t index_bytes(const struct index *ix) { return ((size_t)ix->mask + 1) * sizeof *ix->slots; }

static void place(struct index *ix, struct index_slot s)
{
    uint32_t at = s.hash & ix->mask;
    while (ix->slots[at].id) at = (at + 1) & ix->mask;
    ix->slots[at] = s;
}

static void grow(struct index *ix)
{
    struct index old = *ix;
    assert(old.mask < UINT32_MAX / 2);
    ix->mask = old.mask * 2 + 1;
    ix->slots = slots_new(ix->mask + 1);
    for (uint32_t i = 0; i <= old.mask; i++)
        if (old.slots[i].id) place(ix, old.slots[i]);
    free(old.slots);
}

void index_put(struct index *ix, uint32_t hash, uint32_t id)
{
    assert(id != 0);
    if ((uint64_t)ix->used * 4 >= ((uint64_t)ix->mask + 1) * 3) grow(ix);
    place(ix, (struct index_slot){hash, id});
    ix->used++;
}

void index_remove(struct index *ix, uint32_t hash, uint32_t id)
{
    uint32_t hole = hash & ix->mask;
    while (ix->slots[hole].id != id) {
        assert(ix->slots[hole].id != 0);
        hole = (hole + 1) & ix->mask;
    }
    /* An entry may move into the hole unless its home lies cyclically between the hole and it. */
    for (uint32_t at = (hole + 1) & ix->mask; ix->slots[at].id; at = (at + 1) & ix->mask) {
        uint32_t home = ix->slots[at].hash & ix->mask;
        if (((at - home) & ix->mask) < ((at - hole) & ix->mask)) continue;
        ix->slots[hole] = ix->slots[at];
        hole = at;
    }
    ix->slots[hole] = (struct index_slot){0};
    ix->used--;
}
