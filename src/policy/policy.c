/* policy/policy.c - the rules as rows, first match decides, and the few rewrites. */
#include "policy/policy.h"
#include "base/writer.h"
#include "net/asn.h"

enum { LONGEST_PATH = 750, MOST_COMMUNITIES = 1000 };

const char *policy_reason_name(enum policy_reason r)
{
    static const char *const names[] = {
#define X(id, name) [id] = name,
        POLICY_REASONS(X)
#undef X
    };
    return (size_t)r < ARRAY_LEN(names) ? names[r] : "?";
}

const char *policy_reason_text(enum policy_reason r)
{
    static const char *const texts[POLICY_REASONS_N] = {
        [POLICY_FINE] = "",
        [POLICY_NO_POLICY] = "an external neighbour of a peering needs a role (RFC 8212)",
        [POLICY_OWN_AS] = "our own AS is in the path (RFC 4271 9.1.2)",
        [POLICY_OWN_ORIGINATOR] = "we are its originator (RFC 4456 8)",
        [POLICY_OWN_CLUSTER] = "we are in its cluster list (RFC 4456 8)",
        [POLICY_ROUTE_LEAK] = "it was given for customers only: a route leak (RFC 9234 5)",
        [POLICY_FIRST_AS] = "the path does not begin with the neighbour's AS (RFC 4271 6.3)",
        [POLICY_RESERVED_AS] = "a number of the service stands in a customer's path",
        [POLICY_DOCUMENTATION_AS] = "64496 to 64511 may not be in a path of Microsoft peering",
        [POLICY_LONG_PATH] = "more than 750 AS numbers",
        [POLICY_MANY_COMMUNITIES] = "more than 1000 communities of a kind",
        [POLICY_OWN_NEXT_HOP] = "the next hop is this router",
        [POLICY_NEXT_HOP_UNREACHABLE] = "the next hop is on no link of the domain",
        [POLICY_MARTIAN_PREFIX] = "addresses that nobody can have",
        [POLICY_DEFAULT_ROUTE] = "no default route over Microsoft peering",
        [POLICY_PRIVATE_PREFIX] = "public prefixes only over Microsoft peering",
        [POLICY_NOT_DECLARED] = "inside none of the advertised public prefixes",
        [POLICY_RPKI_INVALID] = "the AS may not originate it, by a ROA (RFC 6811)",
        [POLICY_RPKI_LOWERED] = "the AS may not originate it, by a ROA: used last (RFC 6811)",
        [POLICY_NO_ADVERTISE] = "marked NO_ADVERTISE (RFC 1997)",
        [POLICY_NO_EXPORT] = "marked NO_EXPORT (RFC 1997)",
        [POLICY_BLACKHOLE] = "a blackhole stays where it is (RFC 7999)",
        [POLICY_INTERNAL_SPLIT] = "internal routes do not go to internal neighbours (RFC 4271 9.2.1)",
        [POLICY_NO_TRANSIT] = "the cloud edge is not a transit router",
        [POLICY_CLOUD_TO_CLOUD] = "a customer is no way between two cloud edges",
        [POLICY_GATEWAY_TO_GATEWAY] = "networks do not reach each other over a circuit",
        [POLICY_SITES_ONLY] = "Global Reach joins two sites, and takes no network along",
        [POLICY_PEER_AS] = "the neighbour's AS is in the path already",
        [POLICY_NOT_ON_MICROSOFT] = "only what the service originates goes out on Microsoft peering",
        [POLICY_NO_ROUTE_FILTER] = "without a route filter a Microsoft peering announces nothing",
        [POLICY_NOT_IN_FILTER] = "none of its communities is in the route filter",
    };
    return (size_t)r < ARRAY_LEN(texts) && texts[r] ? texts[r] : "?";
}

/* --- when a row applies: bits of domain kinds and of neighbour roles --- */
#define ON(x) (1u << (x))
enum {
    ANY_DOMAIN = ON(POLICY_PLAIN) | ON(POLICY_PRIVATE) | ON(POLICY_MICROSOFT),
    PEERING = ON(POLICY_PRIVATE) | ON(POLICY_MICROSOFT),
    MICROSOFT = ON(POLICY_MICROSOFT),
    PLAIN = ON(POLICY_PEER_PLAIN),
    CUSTOMER = ON(POLICY_PEER_CUSTOMER),
    GATEWAY = ON(POLICY_PEER_GATEWAY),
    CLOUD = ON(POLICY_PEER_CLOUD),
    INTERNAL = ON(POLICY_PEER_INTERNAL),
    SELF = ON(POLICY_PEER_SELF),
    NEIGHBOUR = PLAIN | CUSTOMER | GATEWAY | CLOUD | INTERNAL,
    ANYBODY = NEIGHBOUR | SELF,
};

/* --- walking an AS path --- */

struct segment {
    uint8_t type;
    struct cursor asns;
};

static bool next_segment(struct cursor *c, struct segment *out)
{
    if (cursor_left(c) == 0) return false;
    out->type = cursor_u8(c);
    size_t n = cursor_u8(c);
    out->asns = cursor_sub(c, n * 4);
    return !c->bad;
}

static bool path_any(struct span path, bool (*is)(uint32_t asn))
{
    struct cursor c = cursor_of(path);
    struct segment s;
    while (next_segment(&c, &s))
        while (cursor_left(&s.asns))
            if (is(cursor_u32(&s.asns))) return true;
    return false;
}

static bool asn_is_of_the_service(uint32_t asn)
{
    enum asn_refusal r = asn_check_peer(asn);
    return r == ASN_IS_CLOUD || r == ASN_IS_RESERVED || r == ASN_IS_TRANS;
}

static bool asn_is_old_documentation(uint32_t asn) { return asn >= 64496 && asn <= 64511; }

/* --- import by attributes --- */

struct import_facts {
    const struct policy_rules *r;
    const struct attrs *a;
    const struct addr *local;
};

static bool always(const struct import_facts *f) { return f->r->external; }
static bool own_as(const struct import_facts *f) { return as_path_has(f->a->as_path, f->r->local_asn); }
static bool own_originator(const struct import_facts *f)
{
    return (f->a->has & HAS_ORIGINATOR_ID) && f->a->originator_id == f->r->router_id;
}
static bool own_cluster(const struct import_facts *f)
{
    struct cursor c = cursor_of(f->a->cluster_list);
    while (cursor_left(&c) >= 4)
        if (cursor_u32(&c) == f->r->router_id) return true;
    return false;
}
/* RFC 9234 5: a route that was for customers only does not come from one, nor from a peer that got it
 * from somebody else. */
static bool leaked(const struct import_facts *f)
{
    if (!(f->a->has & HAS_ONLY_TO_CUSTOMER)) return false;
    if (f->r->role == POLICY_ROLE_PEER) return f->a->only_to_customer != f->r->peer_asn;
    return f->r->role == POLICY_ROLE_PROVIDER || f->r->role == POLICY_ROLE_RS;
}
static bool foreign_first(const struct import_facts *f)
{
    return f->r->external && as_path_first(f->a->as_path) != f->r->peer_asn;
}
static bool service_as(const struct import_facts *f)
{
    return path_any(f->a->as_path, asn_is_of_the_service);
}
static bool documentation_as(const struct import_facts *f)
{
    return path_any(f->a->as_path, asn_is_old_documentation);
}
static bool long_path(const struct import_facts *f) { return f->a->as_path.n / 4 > LONGEST_PATH; }
static bool many_communities(const struct import_facts *f)
{
    return f->a->communities.n / 4 > MOST_COMMUNITIES ||
           f->a->ext_communities.n / 8 > MOST_COMMUNITIES ||
           f->a->large_communities.n / 12 > MOST_COMMUNITIES;
}
static bool own_next_hop(const struct import_facts *f)
{
    return f->local && addr_equal(&f->a->next_hop, f->local);
}

/* clang-format off */
static const struct import_row {
    enum policy_reason reason;
    uint32_t domains, peers;
    bool (*when)(const struct import_facts *f);
} import_rows[] = {
    {POLICY_NO_POLICY,        PEERING,    PLAIN,     always},
    {POLICY_LONG_PATH,        ANY_DOMAIN, NEIGHBOUR, long_path},
    {POLICY_MANY_COMMUNITIES, ANY_DOMAIN, NEIGHBOUR, many_communities},
    {POLICY_OWN_AS,           ANY_DOMAIN, NEIGHBOUR, own_as},
    {POLICY_OWN_ORIGINATOR,   ANY_DOMAIN, INTERNAL,  own_originator},
    {POLICY_OWN_CLUSTER,      ANY_DOMAIN, INTERNAL,  own_cluster},
    {POLICY_ROUTE_LEAK,       ANY_DOMAIN, NEIGHBOUR, leaked},
    {POLICY_FIRST_AS,         ANY_DOMAIN, NEIGHBOUR, foreign_first},
    {POLICY_RESERVED_AS,      PEERING,    CUSTOMER,  service_as},
    {POLICY_DOCUMENTATION_AS, MICROSOFT,  CUSTOMER,  documentation_as},
    {POLICY_OWN_NEXT_HOP,     ANY_DOMAIN, NEIGHBOUR, own_next_hop},
};
/* clang-format on */

static enum policy_reason import_verdict(const struct import_facts *f)
{
    for (size_t i = 0; i < ARRAY_LEN(import_rows); i++) {
        const struct import_row *row = &import_rows[i];
        bool applies = (row->domains & ON(f->r->domain)) && (row->peers & ON(f->r->peer));
        if (applies && row->when(f)) return row->reason;
    }
    return POLICY_FINE;
}

/* --- the rewrites --- */

/* Communities without those of the cloud's own AS: what a customer says in our name is not ours. */
static struct span without_cloud_communities(struct span in, struct arena *arena)
{
    uint8_t *out = NULL;
    size_t n = 0;
    for (size_t i = 0; i + 4 <= in.n; i += 4) {
        bool ours = (in.p[i] << 8 | in.p[i + 1]) == ASN_CLOUD;
        if (ours && !out) {
            out = arena_copy(arena, in.p, in.n);
            if (!out) return (struct span){0}; /* none at all is on the safe side */
        }
        if (ours) continue;
        if (out) memmove(out + n, in.p + i, 4);
        n += 4;
    }
    return out ? span_of(n ? out : NULL, n) : in;
}

struct span policy_strip_private(struct span path, struct arena *arena)
{
    if (!path_any(path, asn_is_private)) return path;
    uint8_t *buf = arena_take(arena, path.n);
    if (!buf) return (struct span){0};
    struct writer w = writer_on(buf, path.n);
    struct cursor c = cursor_of(path);
    struct segment s;
    while (next_segment(&c, &s)) {
        uint8_t *head = writer_take(&w, 2), left = 0;
        while (cursor_left(&s.asns)) {
            uint32_t asn = cursor_u32(&s.asns);
            if (asn_is_private(asn)) continue;
            writer_u32(&w, asn);
            left++;
        }
        if (left) head[0] = s.type, head[1] = left;
        else w.p = head;
    }
    return writer_len(&w) ? writer_span(&w) : (struct span){0};
}

struct span policy_prepend(struct span path, uint32_t asn, uint32_t times, struct arena *arena)
{
    size_t room = path.n + 4u * times + 2u * (times / 255 + 2);
    uint8_t *buf = arena_take(arena, room);
    if (!buf) return (struct span){0};
    struct writer w = writer_on(buf, room);
    struct cursor c = cursor_of(path);
    /* Whole segments of our own first; the rest joins a leading sequence if it has room (a full one
     * starts another, RB-074). */
    uint32_t joined = times % 255, present = 0;
    for (uint32_t full = times / 255; full; full--) {
        writer_u8(&w, AS_SEQUENCE);
        writer_u8(&w, 255);
        for (int i = 0; i < 255; i++) writer_u32(&w, asn);
    }
    bool joins = path.n >= 2 && path.p[0] == AS_SEQUENCE && path.p[1] + joined <= 255;
    if (joins) {
        cursor_u8(&c);
        present = cursor_u8(&c);
    }
    if (joined || present) {
        writer_u8(&w, AS_SEQUENCE);
        writer_u8(&w, (uint8_t)(joined + present));
        for (uint32_t i = 0; i < joined; i++) writer_u32(&w, asn);
    }
    writer_copy(&w, cursor_rest(&c));
    return writer_span(&w);
}

uint32_t policy_local_pref(const struct policy_rules *r, const struct attrs *a)
{
    bool listens = r->peer == POLICY_PEER_PLAIN || r->peer == POLICY_PEER_CLOUD;
    bool leaving = communities_have(a->communities, COMMUNITY_GRACEFUL_SHUTDOWN);
    if (r->external && listens && leaving) return 0; /* RFC 8326 4.2 */
    if (r->local_pref) return r->local_pref;
    return r->external || !(a->has & HAS_LOCAL_PREF) ? 100 : a->local_pref;
}

uint32_t policy_origin_asn(const struct policy_rules *r, const struct attrs *a)
{
    if (a->as_path.n) return as_path_origin(a->as_path);
    return r->holder_asn ? r->holder_asn : r->peer_asn;
}

static bool comes_from_above(enum policy_role r)
{
    return r == POLICY_ROLE_CUSTOMER || r == POLICY_ROLE_PEER || r == POLICY_ROLE_RS_CLIENT;
}
static bool goes_down(enum policy_role r)
{
    return r == POLICY_ROLE_PROVIDER || r == POLICY_ROLE_PEER || r == POLICY_ROLE_RS;
}
static void mark_only_to_customer(struct attrs *a, uint32_t asn)
{
    if (!(a->has & HAS_ONLY_TO_CUSTOMER)) a->only_to_customer = asn;
    a->has |= HAS_ONLY_TO_CUSTOMER;
}

enum policy_reason policy_import(const struct policy_rules *r, const struct attrs *in,
                                 const struct addr *local, struct arena *arena, struct attrs *out)
{
    struct import_facts f = {r, in, local};
    enum policy_reason reason = import_verdict(&f);
    *out = *in;
    if (reason != POLICY_FINE) return reason;
    if (r->external) { /* none of these crosses an AS border (RB-072) */
        out->has &= ~(uint32_t)HAS_ORIGINATOR_ID;
        out->originator_id = 0;
        out->cluster_list = (struct span){0};
    }
    if (r->peer == POLICY_PEER_CUSTOMER) {
        out->communities = without_cloud_communities(in->communities, arena);
        if (r->domain == POLICY_MICROSOFT) out->as_path = policy_strip_private(in->as_path, arena);
    }
    if (comes_from_above(r->role)) mark_only_to_customer(out, r->peer_asn);
    out->local_pref = policy_local_pref(r, out);
    out->has |= HAS_LOCAL_PREF;
    return POLICY_FINE;
}

/* --- import by prefix --- */

static bool is_martian(const struct policy_rules *r, const struct prefix *p)
{
    (void)r;
    return p->len > 0 && addr_is_martian(&p->addr);
}
static bool is_default(const struct policy_rules *r, const struct prefix *p)
{
    (void)r;
    return prefix_is_default(p);
}
static bool is_not_public(const struct policy_rules *r, const struct prefix *p)
{
    return !prefix_is_public(p, r->documentation_is_public);
}
/* Any length inside a declared prefix will do: customers announce parts of it to steer traffic. */
static bool is_not_declared(const struct policy_rules *r, const struct prefix *p)
{
    if (r->declared_n == 0) return false;
    for (size_t i = 0; i < r->declared_n; i++)
        if (prefix_covers(&r->declared[i], p)) return false;
    return true;
}

static const struct prefix_row {
    enum policy_reason reason;
    uint32_t domains, peers;
    bool (*when)(const struct policy_rules *r, const struct prefix *p);
} prefix_rows[] = {
    {POLICY_MARTIAN_PREFIX, ANY_DOMAIN, NEIGHBOUR, is_martian},
    {POLICY_DEFAULT_ROUTE, MICROSOFT, CUSTOMER, is_default},
    {POLICY_PRIVATE_PREFIX, MICROSOFT, CUSTOMER, is_not_public},
    {POLICY_NOT_DECLARED, MICROSOFT, CUSTOMER, is_not_declared},
};

enum policy_reason policy_import_prefix(const struct policy_rules *r, const struct prefix *p)
{
    for (size_t i = 0; i < ARRAY_LEN(prefix_rows); i++) {
        const struct prefix_row *row = &prefix_rows[i];
        bool applies = (row->domains & ON(r->domain)) && (row->peers & ON(r->peer));
        if (applies && row->when(r, p)) return row->reason;
    }
    return POLICY_FINE;
}

/* --- export --- */

enum {
    UNMARKED = 0,
    IF_NO_ADVERTISE = POLICY_MARK_NO_ADVERTISE,
    IF_NO_EXPORT = POLICY_MARK_NO_EXPORT,
    IF_BLACKHOLE = POLICY_MARK_BLACKHOLE,
};

/* clang-format off */
static const struct export_row {
    enum policy_reason reason;
    uint32_t domains, to, from;
    uint8_t marks;      /* one of these must be there; 0: any path */
    bool external_only;
} export_rows[] = {
    {POLICY_NO_POLICY,          PEERING,    PLAIN,    ANYBODY,          UNMARKED,        true},
    {POLICY_NO_ADVERTISE,       ANY_DOMAIN, NEIGHBOUR, ANYBODY,         IF_NO_ADVERTISE, false},
    {POLICY_NO_EXPORT,          ANY_DOMAIN, NEIGHBOUR, ANYBODY,         IF_NO_EXPORT,    true},
    {POLICY_BLACKHOLE,          ANY_DOMAIN, NEIGHBOUR, ANYBODY,         IF_BLACKHOLE,    true},
    {POLICY_INTERNAL_SPLIT,     ANY_DOMAIN, INTERNAL, INTERNAL,         UNMARKED,        false},
    {POLICY_NOT_ON_MICROSOFT,   MICROSOFT,  CUSTOMER, ANYBODY & ~SELF,  UNMARKED,        false},
    {POLICY_NO_TRANSIT,         ANY_DOMAIN, CUSTOMER, CUSTOMER | PLAIN, UNMARKED,        false},
    {POLICY_NO_TRANSIT,         ANY_DOMAIN, PLAIN,    CUSTOMER,         UNMARKED,        false},
    {POLICY_GATEWAY_TO_GATEWAY, ANY_DOMAIN, GATEWAY,  GATEWAY,          UNMARKED,        false},
    {POLICY_SITES_ONLY,         PEERING,    INTERNAL, GATEWAY,          UNMARKED,        false},
    {POLICY_SITES_ONLY,         PEERING,    GATEWAY,  INTERNAL,         UNMARKED,        false},
    {POLICY_CLOUD_TO_CLOUD,     ANY_DOMAIN, CLOUD,    CLOUD,            UNMARKED,        false},
};
/* clang-format on */

enum policy_reason policy_export(const struct policy_rules *to, enum policy_peer from, uint8_t marks)
{
    for (size_t i = 0; i < ARRAY_LEN(export_rows); i++) {
        const struct export_row *row = &export_rows[i];
        bool applies = (row->domains & ON(to->domain)) && (row->to & ON(to->peer)) &&
                       (row->from & ON(from)) && (!row->external_only || to->external);
        if (applies && (row->marks == UNMARKED || (row->marks & marks))) return row->reason;
    }
    return POLICY_FINE;
}

struct policy_matrix policy_export_matrix(const struct policy_rules *to)
{
    struct policy_matrix m;
    for (unsigned from = 0; from <= POLICY_PEER_SELF; from++)
        for (unsigned marks = 0; marks < POLICY_MARKS; marks++)
            m.reason[from][marks] =
                (uint8_t)policy_export(to, (enum policy_peer)from, (uint8_t)marks);
    return m;
}

static bool filtered(const struct policy_rules *to)
{
    return to->domain == POLICY_MICROSOFT && to->peer == POLICY_PEER_CUSTOMER;
}

bool policy_looks_at_path(const struct policy_rules *to)
{
    return to->peer == POLICY_PEER_CLOUD || filtered(to) || comes_from_above(to->role);
}

static enum policy_reason filter_verdict(const struct policy_rules *to, const struct attrs *a)
{
    if (to->filter_n == 0) return POLICY_NO_ROUTE_FILTER;
    for (size_t i = 0; i < to->filter_n; i++)
        if (communities_have(a->communities, to->filter[i])) return POLICY_FINE;
    return POLICY_NOT_IN_FILTER;
}

enum policy_reason policy_export_path(const struct policy_rules *to, const struct attrs *a)
{
    if (comes_from_above(to->role) && (a->has & HAS_ONLY_TO_CUSTOMER)) return POLICY_ROUTE_LEAK;
    if (filtered(to)) return filter_verdict(to, a);
    /* What a site learned from one leg, directly or from its other router, comes from the cloud: sent
     * to the other leg it would be refused there, and fill the prefix limit meanwhile. */
    bool loops = to->peer == POLICY_PEER_CLOUD && as_path_has(a->as_path, to->peer_asn);
    return loops ? POLICY_PEER_AS : POLICY_FINE;
}

/* Customers see the service as one AS: the private numbers behind it are our business. */
bool policy_hides_private(const struct policy_rules *to)
{
    return to->peer == POLICY_PEER_CUSTOMER && to->domain != POLICY_PLAIN;
}

static bool add_community(struct span *list, uint32_t value, struct arena *arena)
{
    if (communities_have(*list, value)) return true;
    uint8_t *buf = arena_take(arena, list->n + 4);
    if (!buf) return false;
    struct writer w = writer_on(buf, list->n + 4);
    writer_copy(&w, *list);
    writer_u32(&w, value);
    *list = writer_span(&w);
    return true;
}

static bool export_external(const struct policy_rules *to, struct arena *arena, struct attrs *a)
{
    a->has &= ~(uint32_t)(HAS_LOCAL_PREF | HAS_MED | HAS_ORIGINATOR_ID);
    a->local_pref = a->med = a->originator_id = 0;
    a->cluster_list = (struct span){0};
    if (policy_hides_private(to)) a->as_path = policy_strip_private(a->as_path, arena);
    a->as_path = policy_prepend(a->as_path, to->local_asn, 1u + to->prepend, arena);
    if (to->graceful_shutdown && !add_community(&a->communities, COMMUNITY_GRACEFUL_SHUTDOWN, arena))
        return false;
    return a->as_path.n > 0;
}

bool policy_export_attrs(const struct policy_rules *to, const struct attrs *in, bool from_self,
                         const struct addr *next_hop, const struct addr *link, struct arena *arena,
                         struct attrs *out)
{
    *out = *in;
    out->has |= HAS_AS_PATH | HAS_ORIGIN;
    if (goes_down(to->role)) mark_only_to_customer(out, to->local_asn);
    if (to->external || to->next_hop_self || from_self) {
        out->next_hop = *next_hop;
        out->next_hop_link = *link;
    }
    if (to->external) return export_external(to, arena, out);
    if (!(out->has & HAS_LOCAL_PREF)) out->local_pref = 100;
    out->has |= HAS_LOCAL_PREF;
    return true;
}
