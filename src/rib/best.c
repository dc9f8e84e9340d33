/* rib/best.c - see the header for the rules and what is deliberately different. */
#include "rib/best.h"

const char *best_step_text(enum best_step s)
{
    static const char *const texts[] = {
#define X(name, text) [name] = text,
        BEST_STEPS(X)
#undef X
    };
    return (size_t)s < ARRAY_LEN(texts) ? texts[s] : "?";
}

static const struct attr_set *set_of(const struct rib *r, const struct path *p)
{
    return attr_set_of(&r->attrs, p->attrs);
}

/* --- steps before MED: one number, lower is better, most significant field first --- */

static const struct field { /* of rank_of */
    enum best_step step;
    uint64_t mask;
} fields[] = {
    {BEST_LOCAL_PREF, 0xffffffff00000000},
    {BEST_LOCAL, 0x0000000001000000},
    {BEST_AS_PATH, 0x0000000000ffff00},
    {BEST_ORIGIN, 0x00000000000000ff},
};

static uint64_t rank_of(const struct rib *r, const struct path *p)
{
    const struct attr_set *s = set_of(r, p);
    uint64_t foreign = p->source != SOURCE_LOCAL;
    return (uint64_t)(UINT32_MAX - s->local_pref) << 32 | foreign << 24 | (uint64_t)s->hops << 8 |
           s->origin;
}

/* The most significant field in which two ranks differ. */
static enum best_step field_of(uint64_t differing)
{
    size_t i = 0;
    while (!(differing & fields[i].mask)) i++;
    return fields[i].step;
}

/* --- the other steps, comparable between any two paths --- */

static uint32_t rank_external(const struct rib *r, const struct path *p)
{
    return p->source != SOURCE_LOCAL && !r->sources[p->source].external;
}
static uint32_t rank_router_id(const struct rib *r, const struct path *p)
{
    uint32_t originator = set_of(r, p)->originator_id;
    return originator ? originator : r->sources[p->source].router_id;
}
static uint32_t rank_cluster(const struct rib *r, const struct path *p)
{
    return set_of(r, p)->cluster_n;
}

struct rank {
    enum best_step step;
    uint32_t (*of)(const struct rib *r, const struct path *p);
};
static const struct rank after_med[] = {{BEST_EXTERNAL, rank_external}};
static const struct rank ties[] = {
    {BEST_ROUTER_ID, rank_router_id},
    {BEST_CLUSTER, rank_cluster},
};

static void swap(struct path *a, struct path *b)
{
    struct path t = *a;
    *a = *b;
    *b = t;
}

/* Moves the candidates of the lowest rank to the front; returns how many they are. */
static size_t keep_lowest(const struct rib *r, struct path *p, size_t n, const struct rank *rank)
{
    uint32_t lowest = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        uint32_t v = rank->of(r, &p[i]);
        if (v < lowest) lowest = v;
    }
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (rank->of(r, &p[i]) == lowest) swap(&p[kept++], &p[i]);
    return kept;
}

/* The same for the combined rank. The deciding step is where the last loser went: the one that
 * differed from the winners in the least significant field. */
static size_t keep_first_rank(const struct rib *r, struct path *p, size_t n, enum best_step *step)
{
    uint64_t lowest = UINT64_MAX, nearest = UINT64_MAX;
    for (size_t i = 0; i < n; i++) {
        uint64_t v = rank_of(r, &p[i]);
        if (v < lowest) lowest = v;
    }
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t differing = rank_of(r, &p[i]) ^ lowest;
        if (differing == 0) swap(&p[kept++], &p[i]);
        else if (differing < nearest) nearest = differing;
    }
    if (kept < n) *step = field_of(nearest);
    return kept;
}

static size_t keep_through(const struct rib *r, struct path *p, size_t n, const struct rank *ranks,
                           size_t ranks_n, enum best_step *step)
{
    for (size_t i = 0; i < ranks_n && n > 1; i++) {
        size_t kept = keep_lowest(r, p, n, &ranks[i]);
        if (kept < n) *step = ranks[i].step;
        n = kept;
    }
    return n;
}

static bool meds_differ(const struct rib *r, const struct path *p, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (set_of(r, &p[i])->med != set_of(r, &p[0])->med) return true;
    return false;
}

static bool med_beaten(const struct rib *r, const struct path *p, size_t n, const struct path *x)
{
    const struct attr_set *mine = set_of(r, x);
    for (size_t i = 0; i < n; i++) {
        const struct attr_set *other = set_of(r, &p[i]);
        if (other->first_as == mine->first_as && other->med < mine->med) return true;
    }
    return false;
}

/* A path goes when another candidate of the same neighbour AS has a lower MED. A beaten path is
 * beaten by its AS's lowest MED, which stays, so removing while looking does not change the result. */
static size_t keep_med(const struct rib *r, struct path *p, size_t n, enum best_step *step)
{
    if (n < 2 || !meds_differ(r, p, n)) return n;
    size_t left = n;
    for (size_t i = 0; i < left;) {
        if (med_beaten(r, p, left, &p[i])) swap(&p[i], &p[--left]);
        else i++;
    }
    if (left < n) *step = BEST_MED;
    return left;
}

static int tie_compare(const struct rib *r, const struct path *a, const struct path *b,
                       enum best_step *step)
{
    for (size_t i = 0; i < ARRAY_LEN(ties); i++) {
        uint32_t x = ties[i].of(r, a), y = ties[i].of(r, b);
        if (x == y) continue;
        *step = ties[i].step;
        return x < y ? -1 : 1;
    }
    *step = BEST_ADDRESS;
    int c = addr_compare(&r->sources[a->source].address, &r->sources[b->source].address);
    if (c) return c;
    return a->source < b->source ? -1 : a->source > b->source;
}

/* Brings the `want` first of the equals to the front, in order. */
static void order_ties(const struct rib *r, struct path *p, size_t n, size_t want)
{
    enum best_step ignored;
    for (size_t k = 0; k < want; k++) {
        size_t first = k;
        for (size_t i = k + 1; i < n; i++)
            if (tie_compare(r, &p[i], &p[first], &ignored) < 0) first = i;
        swap(&p[k], &p[first]);
    }
}

static size_t keep_usable(struct path *p, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!(p[i].flags & PATH_REFUSED)) swap(&p[kept++], &p[i]);
    return kept;
}

size_t best_select(const struct rib *r, struct path *paths, size_t n, enum best_step *step)
{
    *step = BEST_ONLY;
    size_t left = keep_usable(paths, n);
    if (left == 0) {
        *step = BEST_NONE;
        return 0;
    }
    if (left == 1) return 1;
    left = keep_first_rank(r, paths, left, step);
    if (left == 1) return 1;
    left = keep_med(r, paths, left, step);
    left = keep_through(r, paths, left, after_med, ARRAY_LEN(after_med), step);
    if (left == 1) return 1;

    bool share = paths[0].source != SOURCE_LOCAL && r->sources[paths[0].source].external;
    size_t equals = left < BEST_EQUALS_MAX ? left : BEST_EQUALS_MAX;
    order_ties(r, paths, left, equals < 2 ? 2 : equals);
    tie_compare(r, &paths[0], &paths[1], step);
    return share ? equals : 1;
}

enum best_step best_explain(const struct rib *r, const struct path *best, const struct path *loser)
{
    if (loser->flags & PATH_REFUSED) return BEST_REFUSED;
    struct path pair[2] = {*best, *loser};
    enum best_step step;
    best_select(r, pair, 2, &step);
    /* The MED of a third path may have removed the loser though the pair alone would say otherwise. */
    bool same = pair[0].source == best->source;
    return same ? step : BEST_MED;
}
