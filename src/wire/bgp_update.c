/* wire/bgp_update.c - UPDATE as a whole: its three fields, its prefixes, and what the attributes mean
 * together (RFC 4271 4.3 and 6.3, 7606 sections 3 to 5, 4724 section 2, 6793 4.2.3). */
#include "wire/bgp_priv.h"

enum { AS_TRANS = 23456 };
enum { MALFORMED_LIST = 1, MISSING_WELL_KNOWN = 3, INVALID_NETWORK = 10, INVALID_NEXT_HOP = 8,
       MALFORMED_PATH = 11 };

static uint8_t most_bits(enum bgp_family f) { return f == BGP_IPV6_UNICAST ? 128 : 32; }

bool bgp_nlri_check(struct span bytes, enum bgp_family f, bool add_path, struct bgp_nlri *out)
{
    const uint8_t *p = bytes.p, *end = p ? p + bytes.n : p;
    uint8_t most = most_bits(f);
    size_t skip = add_path ? 4 : 0, count = 0;
    while (p < end) {
        if ((size_t)(end - p) < skip + 1 || p[skip] > most) return false;
        size_t n = skip + 1 + (p[skip] + 7u) / 8;
        if ((size_t)(end - p) < n) return false;
        p += n;
        count++;
    }
    *out = (struct bgp_nlri){.family = f, .bytes = bytes, .count = count, .add_path = add_path};
    return true;
}

bool bgp_nlri_next(struct cursor *c, const struct bgp_nlri *n, struct prefix *out, uint32_t *path_id)
{
    *path_id = 0;
    if (cursor_left(c) == 0) return false;
    if (n->add_path) *path_id = cursor_u32(c);
    uint8_t len = cursor_u8(c);
    size_t bytes = (len + 7u) / 8;
    const uint8_t *p = cursor_take(c, bytes);
    if (c->bad || len > most_bits(n->family)) return false;
    *out = (struct prefix){.len = len};
    out->addr.family = n->family == BGP_IPV6_UNICAST ? FAMILY_IPV6 : FAMILY_IPV4;
    if (bytes) memcpy(out->addr.b, p, bytes);
    if (len & 7) out->addr.b[bytes - 1] &= (uint8_t)(0xff << (8 - (len & 7)));
    return true;
}

struct fields {
    struct span withdrawn, announced;
};

static bool split(struct bgp_reading *r, struct fields *out)
{
    struct cursor c = bgp_body(r->message);
    out->withdrawn = cursor_span(&c, cursor_u16(&c));
    r->block = cursor_span(&c, cursor_u16(&c));
    out->announced = cursor_rest(&c);
    if (c.bad)
        return bgp_refuse(r->fault, 3, MALFORMED_LIST, BGP_HEADER, "lengths exceed the message");
    return true;
}

static bool take_prefixes(struct bgp_reading *r, struct span bytes, struct bgp_nlri *list, uint8_t *n)
{
    if (bytes.n == 0) return true;
    if (!bgp_nlri_check(bytes, BGP_IPV4_UNICAST, r->rules->add_path & BGP_IPV4_UNICAST, &list[*n]))
        return bgp_refuse(r->fault, 3, INVALID_NETWORK, (size_t)(bytes.p - r->message.p),
                          "prefix length or end of the last prefix");
    (*n)++;
    return true;
}

/* RFC 6793 4.2.3: on two-octet sessions the real numbers travel beside. */
static void restore_four_octets(struct bgp_reading *r)
{
    struct attrs *a = &r->u->attrs;
    bool has = a->has & HAS_AGGREGATOR;
    if (has && a->aggregator_as != AS_TRANS) return;
    if (has && r->has_as4_aggregator) {
        a->aggregator_as = r->as4_aggregator_as;
        a->aggregator_id = r->as4_aggregator_id;
    }
    if (!bgp_as_path_merge(r->arena, a->as_path, r->as4_path, &a->as_path))
        bgp_refuse(r->fault, 6, 8, 0, "an UPDATE needs more memory than one may take");
}

static void judge_path(struct bgp_reading *r)
{
    uint32_t peer = r->rules->peer_asn, first = as_path_first(r->u->attrs.as_path);
    if (!r->rules->external || !peer || r->u->verdict == BGP_UPDATE_WITHDRAW) return;
    bool hidden = !r->rules->as4 && peer > UINT16_MAX && first == AS_TRANS;
    if (first != peer && !hidden)
        bgp_attr_fault(r, ATTR_AS_PATH, 0, true, MALFORMED_PATH, "leftmost AS is not the neighbour's");
}

static void judge_missing(struct bgp_reading *r, uint32_t bit, uint8_t type, const char *what)
{
    if (!(r->u->attrs.has & bit)) bgp_attr_fault(r, type, 0, true, MISSING_WELL_KNOWN, what);
}

/* Attributes together: complete, and fit for this neighbour. */
static void judge(struct bgp_reading *r, bool classic)
{
    if (r->next_hop_fault && (classic || !r->has_reach))
        bgp_attr_fault(r, ATTR_NEXT_HOP, r->next_hop_at, true, INVALID_NEXT_HOP, r->next_hop_fault);
    if (r->u->announced_n == 0) return;
    bool refused = r->u->verdict == BGP_UPDATE_WITHDRAW; /* what is missing may have been refused */
    if (!refused) {
        judge_missing(r, HAS_ORIGIN, ATTR_ORIGIN, "ORIGIN is missing");
        judge_missing(r, HAS_AS_PATH, ATTR_AS_PATH, "AS_PATH is missing");
        if (classic) judge_missing(r, HAS_NEXT_HOP, ATTR_NEXT_HOP, "NEXT_HOP is missing");
    }
    judge_path(r);
}

/* RFC 7606 5.2: nothing to withdraw means that the fault cannot be contained. */
static bool is_contained(struct bgp_reading *r, bool classic)
{
    struct bgp_update *u = r->u;
    if (u->verdict == BGP_UPDATE_FINE || classic || r->has_reach || !r->has_other) return true;
    size_t at = u->faults ? u->faults->offset : 0;
    const char *what = u->faults ? u->faults->what : "malformed attribute";
    return bgp_refuse(r->fault, 3, r->withdraw_subcode, at, what);
}

static bool decode(struct bgp_reading *r)
{
    struct fields f;
    struct bgp_update *u = r->u;
    if (!split(r, &f) || !take_prefixes(r, f.withdrawn, u->withdrawn, &u->withdrawn_n) ||
        !take_prefixes(r, f.announced, u->announced, &u->announced_n))
        return false;
    bool classic = f.announced.n != 0;
    bgp_attrs_read(r);
    if (!r->rules->as4 && !r->fault->code) restore_four_octets(r);
    if (r->fault->code) return false;
    judge(r, classic);
    if (!classic) u->attrs.has &= ~(uint32_t)HAS_NEXT_HOP, u->attrs.next_hop = (struct addr){0};
    if (f.withdrawn.n || classic || r->has_other) u->end_of_rib = 0;
    else if (r->block.n == 0) u->end_of_rib = BGP_IPV4_UNICAST;
    return is_contained(r, classic);
}

struct bgp_update *bgp_update_decode(struct span message, const struct bgp_rules *rules,
                                     struct arena *arena, struct bgp_fault *fault)
{
    *fault = (struct bgp_fault){0};
    struct bgp_update *u = arena_take(arena, sizeof *u);
    if (!u) {
        bgp_refuse(fault, 6, 8, 0, "an UPDATE needs more memory than one may take");
        return NULL;
    }
    u->message = message;
    struct bgp_reading r = {
        .rules = rules, .arena = arena, .fault = fault, .u = u, .message = message};
    return decode(&r) ? u : NULL;
}
