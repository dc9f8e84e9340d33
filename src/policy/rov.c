/* policy/rov.c - payloads in one array, found by a hash of their prefix with open addressing; a bit
 * per length says which look-ups are worth it (of 129 lengths some 25 occur). */
#include "policy/rov.h"
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 256, LENGTHS = 129 };

struct slot {
    uint32_t hash; /* of the prefix; never 0 in use */
    uint32_t said; /* so many times */
    struct vrp vrp;
};

struct rov_table {
    struct hash_key key;
    struct slot *slots;
    uint32_t mask, used;
    uint32_t lengths[2][LENGTHS]; /* how many payloads have a prefix of this length */
    size_t count[2];
};

const char *rov_state_name(enum rov_state s)
{
    static const char *const names[] = {"not-found", "valid", "invalid"};
    return (size_t)s < ARRAY_LEN(names) ? names[s] : "?";
}

static size_t side(const struct prefix *p) { return p->addr.family == FAMILY_IPV6; }

static struct slot *slots_new(uint32_t n)
{
    struct slot *s = calloc(n, sizeof *s);
    if (!s) abort();
    return s;
}

struct rov_table *rov_new(const struct hash_key *key)
{
    struct rov_table *t = calloc(1, sizeof *t);
    if (!t) abort();
    t->key = *key;
    t->slots = slots_new(FIRST_SLOTS);
    t->mask = FIRST_SLOTS - 1;
    return t;
}

void rov_free(struct rov_table *t)
{
    if (!t) return;
    free(t->slots);
    free(t);
}

static uint32_t hash_of(const struct rov_table *t, const struct prefix *p)
{
    uint8_t key[18] = {p->addr.family, p->len};
    memcpy(key + 2, p->addr.b, 16);
    uint32_t h = (uint32_t)hash_bytes(&t->key, key, sizeof key);
    return h ? h : 1;
}

static bool same(const struct vrp *a, const struct vrp *b)
{
    return a->asn == b->asn && a->max_len == b->max_len && prefix_equal(&a->prefix, &b->prefix);
}

static void place(struct rov_table *t, const struct slot *s)
{
    uint32_t at = s->hash & t->mask;
    while (t->slots[at].hash) at = (at + 1) & t->mask;
    t->slots[at] = *s;
}

static void grow(struct rov_table *t)
{
    struct slot *old = t->slots;
    uint32_t n = t->mask + 1;
    t->mask = n * 2 - 1;
    t->slots = slots_new(n * 2);
    for (uint32_t i = 0; i < n; i++)
        if (old[i].hash) place(t, &old[i]);
    free(old);
}

static struct slot *find(const struct rov_table *t, const struct vrp *v, uint32_t hash)
{
    for (uint32_t at = hash & t->mask; t->slots[at].hash; at = (at + 1) & t->mask)
        if (t->slots[at].hash == hash && same(&t->slots[at].vrp, v)) return &t->slots[at];
    return NULL;
}

bool rov_add(struct rov_table *t, const struct vrp *v)
{
    const struct slot s = {hash_of(t, &v->prefix), 1, *v};
    struct slot *old = find(t, v, s.hash);
    if (old) return old->said++, false;
    if ((uint64_t)t->used * 4 >= ((uint64_t)t->mask + 1) * 3) grow(t);
    place(t, &s);
    t->used++;
    t->count[side(&v->prefix)]++;
    t->lengths[side(&v->prefix)][v->prefix.len]++;
    return true;
}

/* The run behind the hole is shifted back, so there are no tombstones. */
static void close_hole(struct rov_table *t, uint32_t hole)
{
    for (uint32_t at = (hole + 1) & t->mask; t->slots[at].hash; at = (at + 1) & t->mask) {
        uint32_t home = t->slots[at].hash & t->mask;
        if (((at - home) & t->mask) < ((at - hole) & t->mask)) continue;
        t->slots[hole] = t->slots[at];
        hole = at;
    }
    t->slots[hole] = (struct slot){0};
}

bool rov_remove(struct rov_table *t, const struct vrp *v)
{
    struct slot *s = find(t, v, hash_of(t, &v->prefix));
    if (!s || --s->said) return false;
    t->used--;
    t->count[side(&v->prefix)]--;
    t->lengths[side(&v->prefix)][v->prefix.len]--;
    close_hole(t, (uint32_t)(s - t->slots));
    return true;
}

void rov_each(const struct rov_table *t, void (*visit)(void *ctx, const struct vrp *v), void *ctx)
{
    for (uint32_t i = 0; i <= t->mask; i++)
        if (t->slots[i].hash) visit(ctx, &t->slots[i].vrp);
}

size_t rov_count(const struct rov_table *t, enum family f) { return t->count[f == FAMILY_IPV6]; }

/* What the payloads of exactly this prefix say about a route inside it. */
static enum rov_state ask(const struct rov_table *t, const struct prefix *covering, uint8_t len,
                          uint32_t origin)
{
    enum rov_state state = ROV_NOT_FOUND;
    uint32_t hash = hash_of(t, covering);
    for (uint32_t at = hash & t->mask; t->slots[at].hash; at = (at + 1) & t->mask) {
        const struct slot *s = &t->slots[at];
        if (s->hash != hash || !prefix_equal(&s->vrp.prefix, covering)) continue;
        if (origin && s->vrp.asn == origin && len <= s->vrp.max_len) return ROV_VALID;
        state = ROV_INVALID;
    }
    return state;
}

enum rov_state rov_check(const struct rov_table *t, const struct prefix *p, uint32_t origin)
{
    enum rov_state state = ROV_NOT_FOUND;
    const uint32_t *lengths = t->lengths[side(p)];
    for (int len = p->len; len >= 0; len--) {
        if (!lengths[len]) continue;
        struct prefix covering = prefix_of(&p->addr, (uint8_t)len);
        enum rov_state s = ask(t, &covering, p->len, origin);
        if (s == ROV_VALID) return s;
        if (s == ROV_INVALID) state = s;
    }
    return state;
}
