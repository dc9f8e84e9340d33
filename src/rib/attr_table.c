/* rib/attr_table.c - see the header. The flat form: presence bits, next hops, the fixed fields in a
 * fixed order, then each list behind its length. It is canonical, so equal values are equal bytes. */
#include "rib/attr_table.h"
#include <assert.h>
#include <stdlib.h>
#include "base/writer.h"

enum { FLAT_FIXED = 4 + 1 + 2 + 16 + 16 + 6 * 4 + 6 * 4 };

static void *must(void *p)
{
    if (!p) abort(); /* the process is out of memory */
    return p;
}

void attr_table_init(struct attr_table *t, const struct hash_key *key)
{
    *t = (struct attr_table){.key = *key, .sets_n = 1};
    index_init(&t->index);
}

void attr_table_drop(struct attr_table *t)
{
    for (uint32_t at = 0; at <= t->index.mask; at++)
        if (t->index.slots[at].id) free(t->sets[t->index.slots[at].id]);
    index_drop(&t->index);
    free(t->sets);
    free(t->scratch);
    *t = (struct attr_table){0};
}

static void put_list(struct writer *w, struct span s)
{
    writer_u32(w, (uint32_t)s.n);
    writer_copy(w, s);
}

static void put_addr(struct writer *w, const struct addr *a)
{
    writer_u8(w, a->family);
    if (a->family != FAMILY_NONE) writer_bytes(w, a->b, addr_bytes(a->family));
}

static void flatten(struct writer *w, const struct attrs *a)
{
    put_addr(w, &a->next_hop); /* first: attr_next_hop reads it without the rest */
    put_addr(w, &a->next_hop_link);
    writer_u32(w, a->has);
    writer_u8(w, a->origin);
    const struct { uint32_t bit, value; } fixed[] = {
        {HAS_MED, a->med},
        {HAS_LOCAL_PREF, a->local_pref},
        {HAS_AGGREGATOR, a->aggregator_as},
        {HAS_AGGREGATOR, a->aggregator_id},
        {HAS_ORIGINATOR_ID, a->originator_id},
        {HAS_ONLY_TO_CUSTOMER, a->only_to_customer},
    };
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
        if (a->has & fixed[i].bit) writer_u32(w, fixed[i].value);
    const struct span lists[] = {a->as_path,           a->communities,  a->ext_communities,
                                 a->large_communities, a->cluster_list, a->unknown};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) put_list(w, lists[i]);
}

static struct addr take_addr(struct cursor *c)
{
    uint8_t family = cursor_u8(c);
    if (family == FAMILY_NONE) return (struct addr){0};
    return addr_from_bytes(family, cursor_take(c, addr_bytes(family)));
}

struct addr attr_next_hop(const struct attr_table *t, attr_ref ref)
{
    const struct attr_set *s = t->sets[ref];
    struct cursor c = cursor_of(span_of(s->flat, s->flat_n));
    return take_addr(&c);
}

bool attr_same_next_hop(const struct attr_table *t, attr_ref a, attr_ref b)
{
    const uint8_t *x = t->sets[a]->flat, *y = t->sets[b]->flat;
    if (a == b) return true;
    return x[0] == y[0] && (x[0] == FAMILY_NONE || memcmp(x + 1, y + 1, addr_bytes(x[0])) == 0);
}

struct attrs attr_view(const struct attr_table *t, attr_ref ref)
{
    const struct attr_set *s = t->sets[ref];
    struct cursor c = cursor_of(span_of(s->flat, s->flat_n));
    struct attrs a = {0};
    a.next_hop = take_addr(&c);
    a.next_hop_link = take_addr(&c);
    a.has = cursor_u32(&c);
    a.origin = cursor_u8(&c);
    const struct { uint32_t bit; uint32_t *value; } fixed[] = {
        {HAS_MED, &a.med},
        {HAS_LOCAL_PREF, &a.local_pref},
        {HAS_AGGREGATOR, &a.aggregator_as},
        {HAS_AGGREGATOR, &a.aggregator_id},
        {HAS_ORIGINATOR_ID, &a.originator_id},
        {HAS_ONLY_TO_CUSTOMER, &a.only_to_customer},
    };
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
        if (a.has & fixed[i].bit) *fixed[i].value = cursor_u32(&c);
    struct span *const lists[] = {&a.as_path,           &a.communities,  &a.ext_communities,
                                  &a.large_communities, &a.cluster_list, &a.unknown};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        uint32_t n = cursor_u32(&c);
        *lists[i] = n ? cursor_span(&c, n) : (struct span){0};
    }
    assert(!c.bad);
    return a;
}

static const struct { uint32_t community; uint8_t mark; } mark_of[] = {
    {COMMUNITY_NO_EXPORT, MARK_NO_EXPORT},
    {COMMUNITY_NO_ADVERTISE, MARK_NO_ADVERTISE},
    {COMMUNITY_NO_EXPORT_SUBCONFED, MARK_NO_EXPORT_SUBCONFED},
    {COMMUNITY_GRACEFUL_SHUTDOWN, MARK_GRACEFUL_SHUTDOWN},
    {COMMUNITY_BLACKHOLE, MARK_BLACKHOLE},
};

static uint8_t marks_of(struct span communities)
{
    uint8_t marks = 0;
    struct cursor c = cursor_of(communities);
    while (cursor_left(&c) >= 4) {
        uint32_t v = cursor_u32(&c);
        if (v < 0xffff0000u) continue; /* all well-known values are above */
        for (size_t i = 0; i < ARRAY_LEN(mark_of); i++)
            if (mark_of[i].community == v) marks |= mark_of[i].mark;
    }
    return marks;
}

static struct attr_set *set_new(const struct attrs *a, uint32_t hash, struct span flat)
{
    struct attr_set *s = must(malloc(sizeof *s + flat.n));
    uint32_t hops = as_path_hops(a->as_path);
    *s = (struct attr_set){
        .refs = 1,
        .hash = hash,
        .local_pref = a->has & HAS_LOCAL_PREF ? a->local_pref : 100,
        .med = a->has & HAS_MED ? a->med : 0,
        .first_as = as_path_first(a->as_path),
        .originator_id = a->has & HAS_ORIGINATOR_ID ? a->originator_id : 0,
        .flat_n = (uint32_t)flat.n,
        .hops = (uint16_t)(hops > UINT16_MAX ? UINT16_MAX : hops),
        .cluster_n = (uint16_t)(a->cluster_list.n / 4),
        .origin = a->origin,
        .marks = marks_of(a->communities),
    };
    memcpy(s->flat, flat.p, flat.n);
    return s;
}

static attr_ref number_new(struct attr_table *t)
{
    if (t->free) {
        attr_ref ref = t->free;
        t->free = (uint32_t)(uintptr_t)t->sets[ref];
        return ref;
    }
    if (t->sets_n >= t->sets_room) {
        t->sets_room = t->sets_room ? t->sets_room * 2 : 256;
        t->sets = must(realloc(t->sets, (size_t)t->sets_room * sizeof(struct attr_set *)));
    }
    return t->sets_n++;
}

static struct span flatten_to_scratch(struct attr_table *t, const struct attrs *a)
{
    size_t most = FLAT_FIXED + a->as_path.n + a->communities.n + a->ext_communities.n +
                  a->large_communities.n + a->cluster_list.n + a->unknown.n;
    if (most > t->scratch_room) {
        t->scratch_room = most * 2;
        t->scratch = must(realloc(t->scratch, t->scratch_room));
    }
    struct writer w = writer_on(t->scratch, t->scratch_room);
    flatten(&w, a);
    assert(!w.bad);
    return writer_span(&w);
}

attr_ref attr_intern(struct attr_table *t, const struct attrs *a)
{
    struct span flat = flatten_to_scratch(t, a);
    uint32_t hash = (uint32_t)hash_bytes(&t->key, flat.p, flat.n);
    attr_ref ref;
    for (uint32_t at = index_start(&t->index, hash); (ref = index_next(&t->index, hash, &at)) != 0;) {
        struct attr_set *s = t->sets[ref];
        if (s->flat_n == flat.n && memcmp(s->flat, flat.p, flat.n) == 0) {
            s->refs++;
            return ref;
        }
    }
    ref = number_new(t);
    t->sets[ref] = set_new(a, hash, flat);
    t->sets[ref]->born = ++t->births;
    index_put(&t->index, hash, ref);
    t->live++;
    t->bytes += sizeof(struct attr_set) + flat.n;
    return ref;
}

void attr_release(struct attr_table *t, attr_ref ref)
{
    struct attr_set *s = t->sets[ref];
    assert(s->refs > 0);
    if (--s->refs) return;
    index_remove(&t->index, s->hash, ref);
    t->live--;
    t->bytes -= sizeof *s + s->flat_n;
    free(s);
    t->sets[ref] = (struct attr_set *)(uintptr_t)t->free;
    t->free = ref;
}
