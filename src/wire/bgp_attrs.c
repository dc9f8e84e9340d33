/* wire/bgp_attrs.c - path attributes out of an UPDATE: one row an attribute says which flags it must
 * have, whose word counts, and what a malformed one leads to (RFC 7606 sections 3, 4 and 7).
 * Attributes are read once, in place; only what must be rewritten is copied into the arena. */
#include "wire/bgp_priv.h"

enum { FAULTS_KEPT = 16, LIST_MOST = 1000 /* RB-075 */, AS_TRANS = 23456 };
enum { ATTR_LIST_ERROR = 1, WELL_KNOWN_ERROR, MISSING_ERROR, FLAGS_ERROR, LENGTH_ERROR,
       ORIGIN_ERROR, NEXT_HOP_ERROR = 8, OPTIONAL_ERROR = 9, AS_PATH_ERROR = 11 };

struct found { /* one attribute in the block */
    uint8_t flags, type;
    size_t at;         /* offset in the message */
    struct span whole; /* header included */
    struct span value;
};

/* Readers answer with the rule that was broken, or NULL. */
typedef const char *reader(struct bgp_reading *r, const struct found *a);

void bgp_attr_fault(struct bgp_reading *r, uint8_t type, size_t offset, bool withdraw,
                    uint8_t subcode, const char *what)
{
    if (withdraw) {
        r->u->verdict = BGP_UPDATE_WITHDRAW;
        if (!r->withdraw_subcode) r->withdraw_subcode = subcode;
    }
    struct bgp_attr_fault *f = r->faults_n < FAULTS_KEPT ? arena_take(r->arena, sizeof *f) : NULL;
    if (!f) return;
    *f = (struct bgp_attr_fault){type, offset, withdraw, what, NULL};
    struct bgp_attr_fault **last = &r->u->faults;
    while (*last) last = &(*last)->next;
    *last = f;
    r->faults_n++;
}

static uint32_t value32(const struct found *a)
{
    struct cursor c = cursor_of(a->value);
    return cursor_u32(&c);
}

static void no_memory(struct bgp_reading *r)
{
    bgp_refuse(r->fault, 6, 8, 0, "an UPDATE needs more memory than one may take");
}

/* --- one reader an attribute --- */

static const char *read_origin(struct bgp_reading *r, const struct found *a)
{
    if (a->value.n != 1) return "length of ORIGIN";
    if (a->value.p[0] > ORIGIN_INCOMPLETE) return "value of ORIGIN";
    r->u->attrs.origin = a->value.p[0];
    r->u->attrs.has |= HAS_ORIGIN;
    return NULL;
}

static const char *read_as_path(struct bgp_reading *r, const struct found *a)
{
    struct attrs *out = &r->u->attrs;
    out->has |= HAS_AS_PATH; /* present, if only to be refused */
    const char *what = bgp_as_path_fault(a->value, r->rules->as4 ? 4 : 2, r->rules->allow_as_set);
    if (what) return what;
    if (r->rules->as4) out->as_path = a->value;
    else if (!bgp_as_path_widen(r->arena, a->value, &out->as_path)) no_memory(r);
    return NULL;
}

/* Whether it matters is known at the end: beside MP_REACH_NLRI it is ignored (RB-06D). */
static const char *read_next_hop(struct bgp_reading *r, const struct found *a)
{
    struct attrs *out = &r->u->attrs;
    r->next_hop_at = a->at;
    if (a->value.n != 4) {
        r->next_hop_fault = "length of NEXT_HOP";
        return NULL;
    }
    out->next_hop = addr_from_bytes(FAMILY_IPV4, a->value.p);
    out->has |= HAS_NEXT_HOP;
    if (addr_is_martian(&out->next_hop)) r->next_hop_fault = "NEXT_HOP is no host address";
    return NULL;
}

static const char *read_med(struct bgp_reading *r, const struct found *a)
{
    if (a->value.n != 4) return "length of MULTI_EXIT_DISC";
    r->u->attrs.med = value32(a);
    r->u->attrs.has |= HAS_MED;
    return NULL;
}

static const char *read_local_pref(struct bgp_reading *r, const struct found *a)
{
    if (a->value.n != 4) return "length of LOCAL_PREF";
    r->u->attrs.local_pref = value32(a);
    r->u->attrs.has |= HAS_LOCAL_PREF;
    return NULL;
}

static const char *read_atomic(struct bgp_reading *r, const struct found *a)
{
    if (a->value.n) return "length of ATOMIC_AGGREGATE";
    r->u->attrs.has |= HAS_ATOMIC_AGGREGATE;
    return NULL;
}

static const char *read_aggregator(struct bgp_reading *r, const struct found *a)
{
    struct cursor c = cursor_of(a->value);
    if (a->value.n != (r->rules->as4 ? 8u : 6u)) return "length of AGGREGATOR";
    uint32_t asn = r->rules->as4 ? cursor_u32(&c) : cursor_u16(&c);
    if (asn == 0) return "AS 0 in AGGREGATOR";
    r->u->attrs.aggregator_as = asn;
    r->u->attrs.aggregator_id = cursor_u32(&c);
    r->u->attrs.has |= HAS_AGGREGATOR;
    return NULL;
}

static const char *read_originator(struct bgp_reading *r, const struct found *a)
{
    if (a->value.n != 4) return "length of ORIGINATOR_ID";
    r->u->attrs.originator_id = value32(a);
    r->u->attrs.has |= HAS_ORIGINATOR_ID;
    return NULL;
}

static const char *read_otc(struct bgp_reading *r, const struct found *a)
{
    if (a->value.n != 4) return "length of ONLY_TO_CUSTOMER";
    r->u->attrs.only_to_customer = value32(a);
    r->u->attrs.has |= HAS_ONLY_TO_CUSTOMER;
    return NULL;
}

static const char *read_list(const struct found *a, size_t unit, struct span *out)
{
    if (a->value.n == 0 || a->value.n % unit) return "length is no multiple of its members";
    if (a->value.n / unit > LIST_MOST) return "more than 1000 members";
    *out = a->value;
    return NULL;
}
static const char *read_communities(struct bgp_reading *r, const struct found *a)
{
    return read_list(a, 4, &r->u->attrs.communities);
}
static const char *read_clusters(struct bgp_reading *r, const struct found *a)
{
    return read_list(a, 4, &r->u->attrs.cluster_list);
}
static const char *read_extended(struct bgp_reading *r, const struct found *a)
{
    return read_list(a, 8, &r->u->attrs.ext_communities);
}
static const char *read_large(struct bgp_reading *r, const struct found *a)
{
    return read_list(a, 12, &r->u->attrs.large_communities);
}

static const char *read_as4_path(struct bgp_reading *r, const struct found *a)
{
    const char *what = a->value.n ? bgp_as_path_fault(a->value, 4, true) : "empty AS4_PATH";
    if (!what) r->as4_path = a->value;
    return what;
}

static const char *read_as4_aggregator(struct bgp_reading *r, const struct found *a)
{
    struct cursor c = cursor_of(a->value);
    if (a->value.n != 8) return "length of AS4_AGGREGATOR";
    r->as4_aggregator_as = cursor_u32(&c);
    r->as4_aggregator_id = cursor_u32(&c);
    r->has_as4_aggregator = r->as4_aggregator_as != 0;
    return r->has_as4_aggregator ? NULL : "AS 0 in AS4_AGGREGATOR";
}

/* Kept octet for octet, marked as passed on by one who did not know it. */
static const char *keep(struct bgp_reading *r, const struct found *a)
{
    struct span *all = &r->u->attrs.unknown;
    if (!all->p) all->p = arena_take(r->arena, r->block.n);
    if (!all->p) {
        no_memory(r);
        return NULL;
    }
    struct writer w = writer_on((uint8_t *)all->p + all->n, r->block.n - all->n);
    writer_u8(&w, a->flags | FLAG_PARTIAL);
    writer_bytes(&w, a->whole.p + 1, a->whole.n - 1);
    all->n += writer_len(&w);
    return NULL;
}

static const char *read_ipv6_extended(struct bgp_reading *r, const struct found *a)
{
    struct span list;
    const char *what = read_list(a, 20, &list);
    return what ? what : keep(r, a);
}

static const char *read_prefix_sid(struct bgp_reading *r, const struct found *a)
{
    struct cursor c = cursor_of(a->value);
    if (a->value.n == 0) return "empty prefix SID";
    while (!c.bad && cursor_left(&c)) {
        cursor_u8(&c);
        cursor_take(&c, cursor_u16(&c));
    }
    return c.bad ? "member overruns the prefix SID" : keep(r, a);
}

/* Only neighbours configured for it may send it (RFC 7311 3.4), and nobody is. */
static const char *read_aigp(struct bgp_reading *r, const struct found *a)
{
    (void)r, (void)a;
    return "AIGP was not agreed";
}

/* --- routes of other families (RFC 4760) --- */

static void end_session(struct bgp_reading *r, const struct found *a, const char *what)
{
    bgp_refuse(r->fault, 3, OPTIONAL_ERROR, a->at, what);
    r->fault->data = a->whole;
}

static bool next_hop_length_fits(enum bgp_family f, size_t n)
{
    return f == BGP_IPV6_UNICAST ? n == 16 || n == 32 : n == 4;
}

static const char *take_mp_next_hop(struct bgp_update *u, enum bgp_family f, struct span hop)
{
    enum family family = f == BGP_IPV6_UNICAST ? FAMILY_IPV6 : FAMILY_IPV4;
    u->mp_next_hop = addr_from_bytes(family, hop.p);
    if (hop.n == 32) u->mp_next_hop_link = addr_from_bytes(family, hop.p + 16);
    /* Neighbours on a link without global addresses send :: before the one that counts. */
    if (hop.n == 32 && addr_is_zero(&u->mp_next_hop)) u->mp_next_hop = u->mp_next_hop_link;
    return addr_is_martian(&u->mp_next_hop) ? "next hop is no host address" : NULL;
}

static bool adds_path(const struct bgp_reading *r, enum bgp_family f)
{
    return (r->rules->add_path & f) != 0;
}

static const char *read_reach(struct bgp_reading *r, const struct found *a)
{
    struct cursor c = cursor_of(a->value);
    uint16_t afi = cursor_u16(&c);
    enum bgp_family f = bgp_family_of(afi, cursor_u8(&c));
    struct span hop = cursor_span(&c, cursor_u8(&c));
    cursor_u8(&c);
    r->has_reach = true;
    if (c.bad) return end_session(r, a, "MP_REACH_NLRI is cut short"), NULL;
    if (!(f & r->rules->families)) return NULL;
    if (!next_hop_length_fits(f, hop.n))
        return end_session(r, a, "length of the next hop in MP_REACH_NLRI"), NULL;
    struct bgp_nlri *n = &r->u->announced[r->u->announced_n];
    if (!bgp_nlri_check(cursor_rest(&c), f, adds_path(r, f), n))
        return end_session(r, a, "prefix in MP_REACH_NLRI"), NULL;
    if (n->count) r->u->announced_n++;
    return take_mp_next_hop(r->u, f, hop);
}

static const char *read_unreach(struct bgp_reading *r, const struct found *a)
{
    struct cursor c = cursor_of(a->value);
    uint16_t afi = cursor_u16(&c);
    enum bgp_family f = bgp_family_of(afi, cursor_u8(&c));
    if (c.bad) return end_session(r, a, "MP_UNREACH_NLRI is cut short"), NULL;
    if (!(f & r->rules->families)) return NULL;
    if (cursor_left(&c) == 0) r->u->end_of_rib |= f;
    struct bgp_nlri *n = &r->u->withdrawn[r->u->withdrawn_n];
    if (!bgp_nlri_check(cursor_rest(&c), f, adds_path(r, f), n))
        return end_session(r, a, "prefix in MP_UNREACH_NLRI"), NULL;
    if (n->count) r->u->withdrawn_n++;
    return NULL;
}

/* --- the table --- */

enum reaction { WITHDRAW, DISCARD };
enum heed { ALWAYS, INTERNAL_ONLY, TWO_OCTET_ONLY }; /* else dropped, whatever is in it */
enum { WELL_KNOWN = FLAG_TRANSITIVE, OPTIONAL = FLAG_OPTIONAL,
       PASSED_ON = FLAG_OPTIONAL | FLAG_TRANSITIVE, ANY_FLAGS = 0xff };

/* clang-format off */
static const struct attr_row {
    uint8_t type, flags, subcode;
    enum reaction malformed;
    enum heed heed;
    reader *read;
} rows[] = {
    {ATTR_ORIGIN,               WELL_KNOWN, ORIGIN_ERROR,   WITHDRAW, ALWAYS,         read_origin},
    {ATTR_AS_PATH,              WELL_KNOWN, AS_PATH_ERROR,  WITHDRAW, ALWAYS,         read_as_path},
    {ATTR_NEXT_HOP,             WELL_KNOWN, NEXT_HOP_ERROR, WITHDRAW, ALWAYS,         read_next_hop},
    {ATTR_MED,                  OPTIONAL,   LENGTH_ERROR,   WITHDRAW, ALWAYS,         read_med},
    {ATTR_LOCAL_PREF,           WELL_KNOWN, LENGTH_ERROR,   WITHDRAW, INTERNAL_ONLY,  read_local_pref},
    {ATTR_ATOMIC_AGGREGATE,     WELL_KNOWN, LENGTH_ERROR,   DISCARD,  ALWAYS,         read_atomic},
    {ATTR_AGGREGATOR,           PASSED_ON,  OPTIONAL_ERROR, DISCARD,  ALWAYS,         read_aggregator},
    {ATTR_COMMUNITIES,          PASSED_ON,  OPTIONAL_ERROR, WITHDRAW, ALWAYS,         read_communities},
    {ATTR_ORIGINATOR_ID,        OPTIONAL,   OPTIONAL_ERROR, WITHDRAW, INTERNAL_ONLY,  read_originator},
    {ATTR_CLUSTER_LIST,         OPTIONAL,   OPTIONAL_ERROR, WITHDRAW, INTERNAL_ONLY,  read_clusters},
    {ATTR_MP_REACH,             OPTIONAL,   OPTIONAL_ERROR, WITHDRAW, ALWAYS,         read_reach},
    {ATTR_MP_UNREACH,           OPTIONAL,   OPTIONAL_ERROR, WITHDRAW, ALWAYS,         read_unreach},
    {ATTR_EXT_COMMUNITIES,      PASSED_ON,  OPTIONAL_ERROR, WITHDRAW, ALWAYS,         read_extended},
    {ATTR_AS4_PATH,             PASSED_ON,  OPTIONAL_ERROR, DISCARD,  TWO_OCTET_ONLY, read_as4_path},
    {ATTR_AS4_AGGREGATOR,       PASSED_ON,  OPTIONAL_ERROR, DISCARD,  TWO_OCTET_ONLY, read_as4_aggregator},
    {ATTR_IPV6_EXT_COMMUNITIES, PASSED_ON,  OPTIONAL_ERROR, WITHDRAW, ALWAYS,         read_ipv6_extended},
    {ATTR_AIGP,                 ANY_FLAGS,  OPTIONAL_ERROR, DISCARD,  ALWAYS,         read_aigp},
    {ATTR_LARGE_COMMUNITIES,    PASSED_ON,  OPTIONAL_ERROR, WITHDRAW, ALWAYS,         read_large},
    {ATTR_ONLY_TO_CUSTOMER,     PASSED_ON,  OPTIONAL_ERROR, WITHDRAW, ALWAYS,         read_otc},
    {ATTR_PREFIX_SID,           PASSED_ON,  OPTIONAL_ERROR, DISCARD,  ALWAYS,         read_prefix_sid},
};
/* clang-format on */

static const struct attr_row *row_of(uint8_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].type == type) return &rows[i];
    return NULL;
}

static bool is_heeded(const struct bgp_rules *rules, enum heed h)
{
    return h == ALWAYS || (h == INTERNAL_ONLY ? !rules->external : !rules->as4);
}

static bool is_multiprotocol(uint8_t type)
{
    return type == ATTR_MP_REACH || type == ATTR_MP_UNREACH;
}

static void read_known(struct bgp_reading *r, const struct attr_row *row, const struct found *a)
{
    if (!is_heeded(r->rules, row->heed)) {
        bgp_attr_fault(r, a->type, a->at, false, 0, "attribute does not belong on this session");
        return;
    }
    if (row->flags != ANY_FLAGS && (a->flags & PASSED_ON) != row->flags) {
        bgp_attr_fault(r, a->type, a->at, true, FLAGS_ERROR, "attribute flags");
        if (!is_multiprotocol(a->type)) return; /* their prefixes must be known to be withdrawn */
    }
    const char *what = row->read(r, a);
    if (what) bgp_attr_fault(r, a->type, a->at, row->malformed == WITHDRAW, row->subcode, what);
}

static void read_unknown(struct bgp_reading *r, const struct found *a)
{
    if (!(a->flags & FLAG_OPTIONAL)) {
        bgp_refuse(r->fault, 3, WELL_KNOWN_ERROR, a->at, "unknown well-known attribute");
        r->fault->data = a->whole;
    } else if (a->flags & FLAG_TRANSITIVE) {
        keep(r, a);
    }
}

static bool is_first(struct bgp_reading *r, uint8_t type)
{
    uint64_t bit = 1ull << (type & 63), *word = &r->seen[type >> 6];
    bool first = !(*word & bit);
    *word |= bit;
    return first;
}

static void read_one(struct bgp_reading *r, const struct found *a)
{
    const struct attr_row *row = row_of(a->type);
    if (!is_first(r, a->type)) {
        if (is_multiprotocol(a->type))
            bgp_refuse(r->fault, 3, ATTR_LIST_ERROR, a->at, "multiprotocol attribute repeated");
        else
            bgp_attr_fault(r, a->type, a->at, false, 0, "attribute repeated");
        return;
    }
    if (a->type != ATTR_MP_UNREACH) r->has_other = true;
    if (row) read_known(r, row, a);
    else read_unknown(r, a);
}

static bool next_attr(struct bgp_reading *r, struct cursor *c, struct found *out)
{
    const uint8_t *start = c->p;
    out->at = (size_t)(start - r->message.p);
    out->flags = cursor_u8(c);
    out->type = cursor_u8(c);
    size_t n = out->flags & FLAG_EXTENDED ? cursor_u16(c) : cursor_u8(c);
    out->value = cursor_span(c, n);
    out->whole = span_of(start, (size_t)(c->p - start));
    if (!out->value.p) out->value.p = c->p; /* an empty value still has a place */
    return !c->bad;
}

void bgp_attrs_read(struct bgp_reading *r)
{
    struct cursor c = cursor_of(r->block);
    struct found a = {0};
    while (cursor_left(&c) && !r->fault->code) {
        if (!next_attr(r, &c, &a)) {
            r->has_other = true;
            bgp_attr_fault(r, a.type, a.at, true, ATTR_LIST_ERROR, "attribute overruns the block");
            return;
        }
        read_one(r, &a);
    }
}
