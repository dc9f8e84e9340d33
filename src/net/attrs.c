/* net/attrs.c - questions asked of path attributes. */
#include "net/attrs.h"
#include <stdio.h>
#include <string.h>

struct segment {
    uint8_t type, count;
    struct span asns;
};

static bool next_segment(struct cursor *c, struct segment *out)
{
    if (cursor_left(c) == 0) return false;
    out->type = cursor_u8(c);
    out->count = cursor_u8(c);
    out->asns = cursor_span(c, (size_t)out->count * 4);
    return !c->bad;
}

static uint32_t asn_at(struct span asns, size_t i)
{
    const uint8_t *p = asns.p + 4 * i;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

uint32_t as_path_hops(struct span path)
{
    struct cursor c = cursor_of(path);
    struct segment s;
    uint32_t hops = 0;
    while (next_segment(&c, &s)) {
        if (s.type == AS_SEQUENCE) hops += s.count;
        if (s.type == AS_SET) hops += 1;
    }
    return hops;
}

uint32_t as_path_first(struct span path)
{
    struct cursor c = cursor_of(path);
    struct segment s;
    if (!next_segment(&c, &s) || s.type != AS_SEQUENCE || s.count == 0) return 0;
    return asn_at(s.asns, 0);
}

uint32_t as_path_origin(struct span path)
{
    struct cursor c = cursor_of(path);
    struct segment s;
    uint32_t last = 0;
    while (next_segment(&c, &s))
        last = s.type == AS_SEQUENCE && s.count ? asn_at(s.asns, s.count - 1u) : 0;
    return last;
}

bool as_path_has(struct span path, uint32_t asn)
{
    struct cursor c = cursor_of(path);
    struct segment s;
    while (next_segment(&c, &s))
        for (size_t i = 0; i < s.count; i++)
            if (asn_at(s.asns, i) == asn) return true;
    return false;
}

bool as_path_has_set(struct span path)
{
    struct cursor c = cursor_of(path);
    struct segment s;
    while (next_segment(&c, &s))
        if (s.type == AS_SET || s.type == AS_CONFED_SET) return true;
    return false;
}

const char *as_path_text(struct span path, char *buf, size_t room)
{
    struct cursor c = cursor_of(path);
    struct segment s;
    size_t n = 0;
    buf[0] = 0;
    while (next_segment(&c, &s)) {
        bool set = s.type == AS_SET || s.type == AS_CONFED_SET;
        for (size_t i = 0; i < s.count; i++) {
            const char *before = i == 0 ? (n ? " " : "") : (set ? "," : " ");
            const char *open = set && i == 0 ? "{" : "", *close = set && i + 1u == s.count ? "}" : "";
            int k = snprintf(buf + n, room - n, "%s%s%u%s", before, open, asn_at(s.asns, i), close);
            if (k < 0 || (size_t)k >= room - n) {
                if (room >= 4) memcpy(buf + room - 4, "...", 4);
                return buf;
            }
            n += (size_t)k;
        }
    }
    return buf;
}

bool communities_have(struct span communities, uint32_t value)
{
    for (size_t i = 0; i + 4 <= communities.n; i += 4)
        if (asn_at(communities, i / 4) == value) return true;
    return false;
}

static bool span_equal(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool attrs_equal(const struct attrs *a, const struct attrs *b)
{
    return a->has == b->has && a->origin == b->origin && addr_equal(&a->next_hop, &b->next_hop) &&
           addr_equal(&a->next_hop_link, &b->next_hop_link) && a->med == b->med &&
           a->local_pref == b->local_pref && a->aggregator_as == b->aggregator_as &&
           a->aggregator_id == b->aggregator_id && a->originator_id == b->originator_id &&
           a->only_to_customer == b->only_to_customer && span_equal(a->as_path, b->as_path) &&
           span_equal(a->communities, b->communities) &&
           span_equal(a->ext_communities, b->ext_communities) &&
           span_equal(a->large_communities, b->large_communities) &&
           span_equal(a->cluster_list, b->cluster_list) && span_equal(a->unknown, b->unknown);
}
