/* forward/fib.c - open addressing by prefix; removal moves the followers of a probe chain up. */
#include "forward/fib.h"
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

struct fib {
    struct hash_key key;
    struct fib_entry **slots;
    size_t room, used; /* room is a power of two */
};

struct fib *fib_new(const struct hash_key *key)
{
    struct fib *f = calloc(1, sizeof *f);
    if (!f || !(f->slots = calloc(FIRST_ROOM, sizeof *f->slots))) abort();
    f->key = *key;
    f->room = FIRST_ROOM;
    return f;
}

void fib_free(struct fib *f)
{
    if (!f) return;
    for (size_t i = 0; i < f->room; i++) free(f->slots[i]);
    free(f->slots);
    free(f);
}

size_t fib_count(const struct fib *f) { return f->used; }

static size_t home_of(const struct fib *f, const struct prefix *p)
{
    return (size_t)hash_bytes(&f->key, p, sizeof *p) & (f->room - 1);
}

static size_t slot_of(const struct fib *f, const struct prefix *p)
{
    size_t at = home_of(f, p);
    while (f->slots[at] && !prefix_equal(&f->slots[at]->prefix, p)) at = (at + 1) & (f->room - 1);
    return at;
}

const struct fib_entry *fib_find(const struct fib *f, const struct prefix *p)
{
    return f->slots[slot_of(f, p)];
}

static void grow(struct fib *f)
{
    struct fib_entry **old = f->slots;
    size_t n = f->room;
    f->room *= 2;
    f->slots = calloc(f->room, sizeof *f->slots);
    if (!f->slots) abort();
    for (size_t i = 0; i < n; i++)
        if (old[i]) f->slots[slot_of(f, &old[i]->prefix)] = old[i];
    free(old);
}

static void sort(struct addr *a, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k > 0 && addr_compare(&a[k - 1], &a[k]) > 0; k--) {
            struct addr t = a[k];
            a[k] = a[k - 1];
            a[k - 1] = t;
        }
}

bool fib_same_next_hops(const struct fib_entry *e, const struct addr *next_hops, size_t n)
{
    struct addr sorted[FIB_NEXT_HOPS_MAX];
    if (n != e->next_hops_n) return false;
    memcpy(sorted, next_hops, n * sizeof *sorted);
    sort(sorted, n);
    return memcmp(sorted, e->next_hops, n * sizeof *sorted) == 0;
}

static struct fib_entry *entry_at(struct fib *f, const struct prefix *p)
{
    if (f->used * 4 >= f->room * 3) grow(f);
    size_t at = slot_of(f, p);
    if (f->slots[at]) return f->slots[at];
    f->slots[at] = calloc(1, sizeof **f->slots);
    if (!f->slots[at]) abort();
    f->slots[at]->prefix = *p;
    f->used++;
    return f->slots[at];
}

bool fib_put(struct fib *f, const struct prefix *p, const struct addr *next_hops, size_t n, bool fixed,
             const struct fib_entry **out)
{
    if (n > FIB_NEXT_HOPS_MAX) n = FIB_NEXT_HOPS_MAX;
    struct fib_entry *e = entry_at(f, p);
    *out = e;
    if (e->fixed && !fixed) return false;
    bool same = fib_same_next_hops(e, next_hops, n);
    e->stale = false;
    e->fixed = fixed;
    if (same && !e->failed) return false;
    memcpy(e->next_hops, next_hops, n * sizeof *next_hops);
    e->next_hops_n = (uint8_t)n;
    sort(e->next_hops, n);
    return true;
}

bool fib_remove(struct fib *f, const struct prefix *p, bool fixed)
{
    size_t at = slot_of(f, p), mask = f->room - 1;
    if (!f->slots[at] || f->slots[at]->fixed != fixed) return false;
    free(f->slots[at]);
    f->used--;
    for (size_t next = (at + 1) & mask; f->slots[next]; next = (next + 1) & mask) {
        size_t home = home_of(f, &f->slots[next]->prefix);
        if (((next - home) & mask) < ((next - at) & mask)) continue; /* reachable without the hole */
        f->slots[at] = f->slots[next];
        at = next;
    }
    f->slots[at] = NULL;
    return true;
}

void fib_set_failed(struct fib *f, const struct prefix *p, bool failed)
{
    struct fib_entry *e = f->slots[slot_of(f, p)];
    if (e) e->failed = failed;
}

void fib_mark_stale(struct fib *f)
{
    for (size_t i = 0; i < f->room; i++)
        if (f->slots[i] && !f->slots[i]->fixed) f->slots[i]->stale = true;
}

void fib_unstale(struct fib *f, const struct prefix *p)
{
    struct fib_entry *e = f->slots[slot_of(f, p)];
    if (e) e->stale = false;
}

const struct fib_entry *fib_walk(const struct fib *f, size_t *at)
{
    while (*at < f->room) {
        const struct fib_entry *e = f->slots[(*at)++];
        if (e) return e;
    }
    return NULL;
}
