/* forward/rivals.c - open addressing by table and prefix; a prefix holds up to four routes inline, ordered
 * by rank. A fifth is not kept: the kernel's two tables and our one metric never need it. */
#include "forward/rivals.h"
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 256, ROUTES = 4 };

struct rival {
    uint32_t rank, value;
    bool fresh; /* put since the last mark */
};

struct seat {
    struct {
        struct prefix prefix;
        uint32_t table;
    } key;
    uint32_t n; /* 0: free */
    struct rival routes[ROUTES];
};

struct rivals {
    struct hash_key key;
    struct seat *seats;
    size_t room, used;
};

struct rivals *rivals_new(const struct hash_key *key)
{
    struct rivals *r = calloc(1, sizeof *r);
    if (!r || !(r->seats = calloc(FIRST_ROOM, sizeof *r->seats))) abort();
    r->key = *key;
    r->room = FIRST_ROOM;
    return r;
}

void rivals_free(struct rivals *r)
{
    if (r) free(r->seats);
    free(r);
}

size_t rivals_count(const struct rivals *r) { return r->used; }

static struct seat seat_for(uint32_t table, const struct prefix *p)
{
    struct seat s;
    memset(&s, 0, sizeof s); /* padding is hashed too */
    memcpy(s.key.prefix.addr.b, p->addr.b, sizeof p->addr.b);
    s.key.prefix.addr.family = p->addr.family;
    s.key.prefix.len = p->len;
    s.key.table = table;
    return s;
}

static size_t home_of(const struct rivals *r, const struct seat *s)
{
    return (size_t)hash_bytes(&r->key, &s->key, sizeof s->key) & (r->room - 1);
}

static size_t slot_of(const struct rivals *r, const struct seat *s)
{
    size_t at = home_of(r, s);
    while (r->seats[at].n && memcmp(&r->seats[at].key, &s->key, sizeof s->key) != 0) at = (at + 1) & (r->room - 1);
    return at;
}

static void grow(struct rivals *r)
{
    struct seat *old = r->seats;
    size_t n = r->room;
    r->room *= 2;
    r->seats = calloc(r->room, sizeof *r->seats);
    if (!r->seats) abort();
    for (size_t i = 0; i < n; i++)
        if (old[i].n) r->seats[slot_of(r, &old[i])] = old[i];
    free(old);
}

static void vacate(struct rivals *r, size_t at)
{
    size_t mask = r->room - 1;
    r->used--;
    for (size_t next = (at + 1) & mask; r->seats[next].n; next = (next + 1) & mask) {
        size_t home = home_of(r, &r->seats[next]);
        if (((next - home) & mask) < ((next - at) & mask)) continue; /* reachable without the hole */
        r->seats[at] = r->seats[next];
        at = next;
    }
    r->seats[at].n = 0;
}

static void take_out(struct seat *s, uint32_t k)
{
    memmove(&s->routes[k], &s->routes[k + 1], (s->n - k - 1) * sizeof *s->routes);
    s->n--;
}

static void put_in(struct seat *s, uint32_t rank, uint32_t value)
{
    uint32_t k = 0;
    while (k < s->n && s->routes[k].rank < rank) k++;
    if (k == ROUTES) return;
    if (s->n == ROUTES) s->n--;
    memmove(&s->routes[k + 1], &s->routes[k], (s->n - k) * sizeof *s->routes);
    s->routes[k] = (struct rival){rank, value, true};
    s->n++;
}

uint32_t rivals_put(struct rivals *r, uint32_t table, const struct prefix *p, uint32_t rank, uint32_t value,
                    uint32_t *out_old)
{
    if (r->used * 4 >= r->room * 3) grow(r);
    struct seat fresh = seat_for(table, p);
    size_t at = slot_of(r, &fresh);
    struct seat *s = &r->seats[at];
    *out_old = 0;
    uint32_t k = 0;
    while (k < s->n && s->routes[k].rank != rank) k++;
    if (k < s->n) {
        *out_old = s->routes[k].value;
        if (value) {
            s->routes[k] = (struct rival){rank, value, true};
            return s->routes[0].value;
        }
        take_out(s, k);
        uint32_t best = s->n ? s->routes[0].value : 0;
        if (!s->n) s->n = 1, vacate(r, at);
        return best;
    }
    if (!value) return s->n ? s->routes[0].value : 0;
    if (!s->n) *s = fresh, r->used++;
    put_in(s, rank, value);
    return s->routes[0].value;
}

void rivals_mark(struct rivals *r, uint32_t table)
{
    for (size_t i = 0; i < r->room; i++)
        for (uint32_t k = 0; r->seats[i].key.table == table && k < r->seats[i].n; k++) r->seats[i].routes[k].fresh = false;
}

void rivals_sweep(struct rivals *r, uint32_t table,
                  void (*gone)(void *ctx, const struct prefix *p, uint32_t value, uint32_t best), void *ctx)
{
    for (size_t i = 0; i < r->room;) {
        struct seat *s = &r->seats[i];
        uint32_t k = 0;
        while (k < s->n && s->routes[k].fresh) k++;
        if (s->key.table != table || k == s->n) {
            i++;
            continue;
        }
        struct prefix p = s->key.prefix;
        uint32_t rank = s->routes[k].rank, old, best = rivals_put(r, table, &p, rank, 0, &old);
        gone(ctx, &p, old, best); /* another one may sit here now */
    }
}
