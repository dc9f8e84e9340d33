/* router/look.h - looking into a router. Questions about single routes and neighbours as JSON (the
 * looking glass), walks over the tables as values (for dumps and monitoring stations), and a tap on
 * what happens. Nothing here changes a route or a session. */
#pragma once
#include "router/router.h"

/* --- neighbours --- */
struct router_session {
    const char *name, *domain; /* in the router, until the next intent */
    domain_ref domain_ref;
    struct addr address, local;
    uint32_t asn, local_asn, id; /* id: BGP identifier of the neighbour, while up */
    bool up, as4;
    instant up_since;
    uint32_t families;                     /* agreed, while up */
    struct span open_sent, open_received;  /* whole messages of the live connection, or empty */
    uint64_t refused, treated_as_withdraw; /* so far */
    uint32_t received, advertised;         /* routes now */
};
MUST_USE bool router_session_of(const struct router *r, peer_ref peer, struct router_session *out);
size_t router_peers(const struct router *r);                     /* refs are below */
size_t router_domains(const struct router *r);                   /* refs are below */
size_t router_routes(const struct router *r, domain_ref domain); /* prefixes in its tables */
void router_best_routes(const struct router *r, domain_ref domain, uint64_t out[static 2]); /* usable ones, IPv4 and IPv6: a walk */

/* --- walks --- Zeroed to begin with; they may be left alone between calls while the router goes
 * on: what was there all the time is seen once. */
struct router_walk {
    domain_ref domain;
    uint32_t slot, node;
};
struct router_seen {
    peer_ref peer; /* NO_REF: originated here */
    domain_ref domain;
    struct prefix prefix;
    const struct attrs *attrs; /* good during the call; of a walk over paths: until the walk returns */
    uint32_t attrs_id;         /* the same for the same attributes of a walk over paths; 0: not known */
};
typedef void router_visit(void *ctx, const struct router_seen *s);

/* Every path in use or in reserve, refused ones left out; all paths of a prefix one after the
 * other. At most `budget` prefixes. True: there is more. `domain` NO_REF: of all. */
bool router_walk_in(const struct router *r, domain_ref domain, struct router_walk *w, size_t budget,
                    router_visit *visit, void *ctx);
/* The best path of every prefix; ours have the next hop 0.0.0.0 or ::. */
bool router_walk_best(const struct router *r, domain_ref domain, struct router_walk *w, size_t budget,
                      router_visit *visit, void *ctx);
/* What one neighbour was told, with the attributes it got. */
bool router_walk_out(struct router *r, peer_ref peer, struct router_walk *w, size_t budget,
                     router_visit *visit, void *ctx);

/* --- the tap --- Calls come while the router works: they must not call back. Any may be NULL. */
struct router_tap {
    void *ctx;
    void (*state)(void *ctx, peer_ref peer, enum bgp_state from, enum bgp_state to);
    void (*up)(void *ctx, peer_ref peer, const struct router_session *s);
    void (*down)(void *ctx, peer_ref peer, enum bgp_down why, uint8_t code, uint8_t subcode);
    void (*received)(void *ctx, peer_ref peer, const struct bgp_update *u); /* before it is applied */
    void (*sent)(void *ctx, peer_ref peer, struct span update);
    /* The neighbour's path to a prefix is this now; NULL: it has none that may be used. */
    void (*path)(void *ctx, peer_ref peer, const struct prefix *p, const struct attrs *a);
    /* The best path of a domain to a prefix is this now; NULL: there is none. */
    void (*best)(void *ctx, domain_ref domain, const struct prefix *p, const struct attrs *a);
};
void router_listen(struct router *r, const struct router_tap *tap); /* NULL: no more */

/* --- the looking glass --- JSON texts; shapes in docs/looking-glass.md. */
/* `what`: a prefix or an address, then perhaps a domain. The exact prefix; without it, or for an
 * address, the longest that covers it. */
void router_show_route(struct router *r, const char *what, struct text *out);
/* What a neighbour sent, refused paths with their rule. */
void router_show_received(const struct router *r, const char *peer, struct text *out);
/* What it was told as it was told, and what was kept from it with the rule. */
void router_show_advertised(struct router *r, const char *peer, struct text *out);
