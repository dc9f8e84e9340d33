/* policy/policy.h - what may come in, what may go out, and in which shape.
 * Pure: (path, rules) -> (verdict, path). Each rule is one row of a table in policy.c, with a name
 * that the route tables and the evidence report as the reason. Sources: the peering rules of the
 * service, RFC 4271, 8212, 7999, 8326; RB-070..075. */
#pragma once
#include "base/arena.h"
#include "net/attrs.h"
#include "net/prefix.h"

enum policy_domain { POLICY_PLAIN, POLICY_PRIVATE, POLICY_MICROSOFT };
enum policy_peer {
    POLICY_PEER_PLAIN,
    POLICY_PEER_CUSTOMER,
    POLICY_PEER_GATEWAY,
    POLICY_PEER_CLOUD,
    POLICY_PEER_INTERNAL,
    POLICY_PEER_SELF, /* not a neighbour: what the router itself originates */
};

#define POLICY_REASONS(X)                                                                          \
    X(POLICY_FINE, "")                                                                             \
    X(POLICY_NO_POLICY, "no-policy")           /* external neighbour without a role (RFC 8212) */  \
    X(POLICY_OWN_AS, "own-as")                 /* our AS number in the path */                     \
    X(POLICY_OWN_ORIGINATOR, "own-originator") /* our identifier as ORIGINATOR_ID */               \
    X(POLICY_OWN_CLUSTER, "own-cluster")       /* our identifier in the cluster list */            \
    X(POLICY_ROUTE_LEAK, "route-leak")         /* it was for customers only (RFC 9234 5) */        \
    X(POLICY_FIRST_AS, "first-as")             /* leftmost AS is not the neighbour's */            \
    X(POLICY_RESERVED_AS, "reserved-as")       /* a number of the service in a customer's path */  \
    X(POLICY_DOCUMENTATION_AS, "documentation-as") /* 64496..64511 on Microsoft peering */         \
    X(POLICY_LONG_PATH, "long-path")           /* over 750 AS numbers */                           \
    X(POLICY_MANY_COMMUNITIES, "many-communities") /* over 1000 of a kind */                       \
    X(POLICY_OWN_NEXT_HOP, "own-next-hop")     /* the next hop is this router */                   \
    X(POLICY_NEXT_HOP_UNREACHABLE, "next-hop-unreachable") /* on no link of the domain */          \
    X(POLICY_MARTIAN_PREFIX, "martian-prefix") /* multicast, loopback, class E: ignored */         \
    X(POLICY_DEFAULT_ROUTE, "default-route")   /* refused on Microsoft peering */                  \
    X(POLICY_PRIVATE_PREFIX, "private-prefix") /* not public, on Microsoft peering */              \
    X(POLICY_NOT_DECLARED, "not-declared")     /* in none of the advertised public prefixes */     \
    X(POLICY_RPKI_INVALID, "rpki-invalid")     /* RFC 6811, and invalid ones are dropped */        \
    X(POLICY_RPKI_LOWERED, "rpki-lowered")     /* the same, used when there is nothing else */     \
    X(POLICY_NO_ADVERTISE, "no-advertise")                                                         \
    X(POLICY_NO_EXPORT, "no-export")                                                               \
    X(POLICY_BLACKHOLE, "blackhole")           /* RFC 7999: stays here */                          \
    X(POLICY_INTERNAL_SPLIT, "internal-split") /* internal routes do not go to internal peers */   \
    X(POLICY_NO_TRANSIT, "no-transit")         /* the cloud edge is not a transit router */        \
    X(POLICY_CLOUD_TO_CLOUD, "cloud-to-cloud") /* nor is a customer between two cloud edges */     \
    X(POLICY_GATEWAY_TO_GATEWAY, "gateway-to-gateway")                                             \
    X(POLICY_SITES_ONLY, "sites-only")         /* Global Reach joins sites, not networks */        \
    X(POLICY_PEER_AS, "peer-as")               /* the cloud's own AS is in the path already */      \
    X(POLICY_NOT_ON_MICROSOFT, "not-on-microsoft") /* only what the service originates */          \
    X(POLICY_NO_ROUTE_FILTER, "no-route-filter")   /* without one a Microsoft peering gets nothing */ \
    X(POLICY_NOT_IN_FILTER, "not-in-filter")       /* none of its communities is in the filter */

enum policy_reason {
#define X(id, name) id,
    POLICY_REASONS(X)
#undef X
    POLICY_REASONS_N
};
const char *policy_reason_name(enum policy_reason r); /* "" for fine */
/* The rule in words, for the operator; "" for fine. */
const char *policy_reason_text(enum policy_reason r);
/* A lowered path is used all the same. */
static inline bool policy_refuses(enum policy_reason r)
{
    return r != POLICY_FINE && r != POLICY_RPKI_LOWERED;
}

/* What becomes of a path whose origin is invalid (RFC 6811 section 3, RFC 7115 section 5). */
enum policy_origin {
    POLICY_ORIGIN_OFF,    /* not looked at */
    POLICY_ORIGIN_REPORT, /* shown, nothing else */
    POLICY_ORIGIN_LOWER,  /* local preference 0 */
    POLICY_ORIGIN_DROP,
};

enum policy_role { /* ours on the session: one more than the number of RFC 9234 */
    POLICY_ROLE_NONE, POLICY_ROLE_PROVIDER, POLICY_ROLE_RS, POLICY_ROLE_RS_CLIENT,
    POLICY_ROLE_CUSTOMER, POLICY_ROLE_PEER,
};

struct policy_rules { /* one neighbour, seen from this router */
    enum policy_domain domain;
    enum policy_peer peer;
    bool external;
    uint32_t local_asn, peer_asn, router_id;
    uint32_t local_pref; /* set on import; 0: 100 on external, untouched on internal sessions */
    uint8_t prepend;     /* own AS so many times more on export */
    bool next_hop_self;
    bool documentation_is_public; /* accept the documentation ranges on Microsoft peering */
    bool graceful_shutdown; /* ask external neighbours to go elsewhere first (RFC 8326) */
    /* Microsoft peering; both lists are borrowed. */
    const uint32_t *filter; /* communities: customers are told what has one of them */
    size_t filter_n;        /* 0: no filter is attached, they are told nothing */
    const struct prefix *declared; /* what is in none of these is refused */
    size_t declared_n;             /* 0: nothing was declared, public prefixes pass */
    uint32_t holder_asn; /* of those prefixes, when the peer's own number is private; 0: none */
    enum policy_origin origin;
    enum policy_role role; /* decides about ONLY_TO_CUSTOMER */
};

/* The part of import that depends on attributes only: once per UPDATE. `local` (may be NULL) is our
 * address on the session. *out is the path as it goes into the table; its lists point into `in` or
 * into the arena. */
enum policy_reason policy_import(const struct policy_rules *r, const struct attrs *in,
                                 const struct addr *local, struct arena *arena, struct attrs *out);
/* The part that depends on the prefix. A martian prefix is not even kept. */
enum policy_reason policy_import_prefix(const struct policy_rules *r, const struct prefix *p);

/* May a path that came from such a neighbour, with such marks, go to `to`? */
enum policy_mark { POLICY_MARK_NO_ADVERTISE = 1, POLICY_MARK_NO_EXPORT = 2, POLICY_MARK_BLACKHOLE = 4 };
enum { POLICY_MARKS = 8 };
enum policy_reason policy_export(const struct policy_rules *to, enum policy_peer from, uint8_t marks);
/* All answers at once, for whoever asks a million times. */
struct policy_matrix {
    uint8_t reason[POLICY_PEER_SELF + 1][POLICY_MARKS]; /* enum policy_reason */
};
struct policy_matrix policy_export_matrix(const struct policy_rules *to);
/* The part of export that looks at the path itself: the route filter, and neighbours that would only
 * refuse it. */
enum policy_reason policy_export_path(const struct policy_rules *to, const struct attrs *a);
bool policy_looks_at_path(const struct policy_rules *to);
/* Customers see the service as one AS: its private numbers are taken out of the path. */
bool policy_hides_private(const struct policy_rules *to);
/* The path as `to` sees it. `from_self`: originated here. next_hop/link are ours towards that
 * neighbour, used where the rules say so. False: does not fit the arena. */
MUST_USE bool policy_export_attrs(const struct policy_rules *to, const struct attrs *in,
                                  bool from_self, const struct addr *next_hop,
                                  const struct addr *link, struct arena *arena, struct attrs *out);

/* The local preference a path gets on import; in `a` as received or as it stands in the table. */
uint32_t policy_local_pref(const struct policy_rules *r, const struct attrs *a);
/* The AS that answers for the prefix (RFC 6811 section 2), 0 when there is none. On Microsoft peering
 * the private numbers are gone, and the holder that was registered takes their place. */
uint32_t policy_origin_asn(const struct policy_rules *r, const struct attrs *a);

/* AS_PATH with the number in front `times` times; empty span at the arena's ceiling. */
struct span policy_prepend(struct span path, uint32_t asn, uint32_t times, struct arena *arena);
/* AS_PATH without private AS numbers (RFC 6996). */
struct span policy_strip_private(struct span path, struct arena *arena);
