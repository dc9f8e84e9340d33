/* wire/bgp_encode.c - path attributes and prefixes into an UPDATE (RFC 4271 4.3, 6793 4.2.2).
 * Attributes leave in the order of their numbers; unknown ones follow as they came. */
#include "wire/bgp_priv.h"

enum { AS_TRANS = 23456 };

static void head(struct writer *w, uint8_t flags, uint8_t type, size_t n)
{
    bool extended = n > UINT8_MAX;
    writer_u8(w, extended ? flags | FLAG_EXTENDED : flags);
    writer_u8(w, type);
    if (n > UINT16_MAX) w->bad = true;
    else if (extended) writer_u16(w, (uint16_t)n);
    else writer_u8(w, (uint8_t)n);
}

static void put_u32(struct writer *w, uint8_t flags, uint8_t type, uint32_t v)
{
    head(w, flags, type, 4);
    writer_u32(w, v);
}

static void put_list(struct writer *w, uint8_t flags, uint8_t type, struct span list)
{
    if (list.n == 0) return;
    head(w, flags, type, list.n);
    writer_copy(w, list);
}

/* Two octets for the type and the count of each segment, two for each AS number instead of four. */
static size_t narrow_bytes(struct span path)
{
    struct cursor c = cursor_of(path);
    size_t n = 0;
    while (cursor_left(&c)) {
        cursor_u8(&c);
        uint8_t count = cursor_u8(&c);
        cursor_take(&c, (size_t)count * 4);
        n += 2 + (size_t)count * 2;
    }
    return n;
}

static void put_path(struct writer *w, struct span path, bool as4)
{
    head(w, FLAG_TRANSITIVE, ATTR_AS_PATH, as4 ? path.n : narrow_bytes(path));
    if (as4) writer_copy(w, path);
    else bgp_as_path_narrow(w, path);
}

static void put_aggregator(struct writer *w, const struct attrs *a, bool as4)
{
    head(w, FLAG_OPTIONAL | FLAG_TRANSITIVE, ATTR_AGGREGATOR, as4 ? 8 : 6);
    if (as4) writer_u32(w, a->aggregator_as);
    else writer_u16(w, a->aggregator_as > UINT16_MAX ? AS_TRANS : (uint16_t)a->aggregator_as);
    writer_u32(w, a->aggregator_id);
}

static void put_wide_numbers(struct writer *w, const struct attrs *a)
{
    uint8_t flags = FLAG_OPTIONAL | FLAG_TRANSITIVE;
    if (bgp_as_path_is_wide(a->as_path)) put_list(w, flags, ATTR_AS4_PATH, a->as_path);
    if (!(a->has & HAS_AGGREGATOR) || a->aggregator_as <= UINT16_MAX) return;
    head(w, flags, ATTR_AS4_AGGREGATOR, 8);
    writer_u32(w, a->aggregator_as);
    writer_u32(w, a->aggregator_id);
}

static void put_well_known(struct writer *w, const struct attrs *a, bool as4, bool external)
{
    head(w, FLAG_TRANSITIVE, ATTR_ORIGIN, 1);
    writer_u8(w, a->origin);
    put_path(w, a->as_path, as4);
    if ((a->has & HAS_NEXT_HOP) && a->next_hop.family == FAMILY_IPV4) {
        head(w, FLAG_TRANSITIVE, ATTR_NEXT_HOP, 4);
        writer_bytes(w, a->next_hop.b, 4);
    }
    if (a->has & HAS_MED) put_u32(w, FLAG_OPTIONAL, ATTR_MED, a->med);
    if ((a->has & HAS_LOCAL_PREF) && !external)
        put_u32(w, FLAG_TRANSITIVE, ATTR_LOCAL_PREF, a->local_pref);
    if (a->has & HAS_ATOMIC_AGGREGATE) head(w, FLAG_TRANSITIVE, ATTR_ATOMIC_AGGREGATE, 0);
}

static void put_optional(struct writer *w, const struct attrs *a, bool as4, bool external)
{
    uint8_t flags = FLAG_OPTIONAL | FLAG_TRANSITIVE;
    if (a->has & HAS_AGGREGATOR) put_aggregator(w, a, as4);
    put_list(w, flags, ATTR_COMMUNITIES, a->communities);
    if ((a->has & HAS_ORIGINATOR_ID) && !external)
        put_u32(w, FLAG_OPTIONAL, ATTR_ORIGINATOR_ID, a->originator_id);
    if (!external) put_list(w, FLAG_OPTIONAL, ATTR_CLUSTER_LIST, a->cluster_list);
    put_list(w, flags, ATTR_EXT_COMMUNITIES, a->ext_communities);
    if (!as4) put_wide_numbers(w, a);
    put_list(w, flags, ATTR_LARGE_COMMUNITIES, a->large_communities);
    if (a->has & HAS_ONLY_TO_CUSTOMER)
        put_u32(w, flags, ATTR_ONLY_TO_CUSTOMER, a->only_to_customer);
    writer_copy(w, a->unknown);
}

void bgp_attrs_encode(struct writer *w, const struct attrs *a, bool as4, bool external)
{
    put_well_known(w, a, as4, external);
    put_optional(w, a, as4, external);
}
