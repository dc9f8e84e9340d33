/* checklist/judges_prefix.c - NET-PFX and the first of NET-MSP: how many prefixes, and which peering. */
#include <stdlib.h>
#include <string.h>
#include "checklist/judge.h"
#include "net/asn.h"

enum {
    HEADROOM_PERCENT = 80,
    LINK_SPACES_V4 = 1000, /* address spaces of a network and its peers, per connection */
    LINK_SPACES_V6 = 100,
    ROUTES_ADVISED = 11000,
};

struct limits {
    uint32_t ipv4, ipv6;
};

static struct limits limits_of(const struct judging *j)
{
    const struct catalogue_limits *l = &j->cat->limits;
    if (j->kind != PEERING_PRIVATE) return (struct limits){l->microsoft_ipv4, l->microsoft_ipv6};
    return (struct limits){design_is_premium(j->c) ? l->private_ipv4_premium : l->private_ipv4_standard,
                           l->private_ipv6};
}

static void count_design(struct judging *j, uint32_t percent)
{
    struct design_leg leg = design_leg_of(j->d, j->c, j->kind, j->leg);
    struct limits most = limits_of(j);
    size_t v4 = 0, v6 = 0;
    at_key(j, say(j, "/edge/%s", leg_name(j->leg)));
    if (!leg.announce_n) {
        unclear(j, "the design does not say what the %s leg announces", leg_name(j->leg));
        return;
    }
    for (size_t i = 0; i < leg.announce_n; i++)
        if (leg.announce[i].addr.family == FAMILY_IPV6) v6++;
        else v4++;
    if (v4 * 100 > (uint64_t)most.ipv4 * percent)
        broken(j, "%zu IPv4 prefixes on the %s leg, the limit is %u", v4, leg_name(j->leg), most.ipv4);
    if (v6 * 100 > (uint64_t)most.ipv6 * percent)
        broken(j, "%zu IPv6 prefixes on the %s leg, the limit is %u", v6, leg_name(j->leg), most.ipv6);
    holds(j);
}

/* The edges report one number for all families of a session, so it is held against the IPv4 limit. */
static void count_live(struct judging *j, uint32_t percent)
{
    uint64_t n;
    struct limits most = limits_of(j);
    if (!seen_number(j, FACT_SESSION_RECEIVED, j->subject, &n)) return;
    if (n * 100 > (uint64_t)most.ipv4 * percent)
        broken(j, "%llu prefixes on the %s leg, the limit is %u", (unsigned long long)n, leg_name(j->leg),
               most.ipv4);
    else holds(j);
}

static void limit_design(struct judging *j) { count_design(j, 100); }
static void limit_live(struct judging *j) { count_live(j, 100); }
static void headroom_design(struct judging *j) { count_design(j, HEADROOM_PERCENT); }
static void headroom_live(struct judging *j) { count_live(j, HEADROOM_PERCENT); }

static void no_public_design(struct judging *j)
{
    at_key(j, "/peerings");
    if (j->c->peerings[PEERING_PUBLIC].there) broken(j, "public peering is retired");
    else if (j->c->peerings[PEERING_PRIVATE].there || j->c->peerings[PEERING_MICROSOFT].there) holds(j);
    else unclear(j, "the design gives no peering");
}

/* ---- routes of one peering in the other ---- */

static const char *if_both(const struct judging *j)
{
    bool both = j->c->peerings[PEERING_PRIVATE].there && j->c->peerings[PEERING_MICROSOFT].there;
    return both ? NULL : "the circuit has one of the two peerings only";
}
static void leak_design(struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        const struct design_router *r = design_router(j->d, j->c->links[leg].router, NULL);
        at_key(j, say(j, "/links/%s/router", leg_name(leg)));
        if (!r || r->leaks_service_routes == UNSAID)
            untold(j, "the design does not say whether the router of the %s leg keeps service routes out",
                   leg_name(leg));
        else if (r->leaks_service_routes == SAID_YES)
            broken(j, "%s announces routes of Microsoft peering into private peering", r->name);
        else holds(j);
    }
}
static bool through_cloud(const char *path)
{
    uint32_t asn;
    while (path_next(&path, &asn))
        if (asn == ASN_CLOUD) return true;
    return false;
}
static void leak_live(struct judging *j)
{
    j->kind = PEERING_PRIVATE;
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        size_t n, leaked = 0;
        const struct fact *const *list = seen_all(j, FACT_ROUTE, leg_subject(j, leg), &n);
        struct route_seen r;
        for (size_t i = 0; i < n; i++) leaked += route_parse(list[i]->value, &r) && through_cloud(r.path);
        if (leaked) broken(j, "%zu service prefixes arrive on the private %s session", leaked, leg_name(leg));
        else if (n) holds(j);
        else unclear(j, "no evidence of bgp.route for %s", leg_subject(j, leg));
    }
}

/* ---- prefixes of virtual networks ---- */

struct spaces {
    size_t v4, v6;
};
static struct spaces spaces_behind(const struct judging *j)
{
    struct spaces s = {0};
    for (size_t i = 0; i <= j->v->peers_n; i++) {
        const struct design_vnet *v = i == 0 ? j->v : design_vnet(j->d, j->v->peers[i - 1]);
        for (size_t k = 0; v && k < v->address_spaces_n; k++)
            if (v->address_spaces[k].addr.family == FAMILY_IPV6) s.v6++;
            else s.v4++;
    }
    return s;
}
static void link_spaces_design(struct judging *j)
{
    struct spaces s = spaces_behind(j);
    at_key(j, "/gateway");
    if (!s.v4 && !s.v6) unclear(j, "the design gives no address_spaces of %s", j->v->name);
    else if (s.v4 > LINK_SPACES_V4) broken(j, "%zu IPv4 prefixes, the limit is %d", s.v4, LINK_SPACES_V4);
    else if (s.v6 > LINK_SPACES_V6) broken(j, "%zu IPv6 prefixes, the limit is %d", s.v6, LINK_SPACES_V6);
    else holds(j);
}
static void link_spaces_live(struct judging *j)
{
    const char *value = seen_if(j, FACT_CONNECTION_PREFIXES, j->subject);
    if (value && strtoul(value, NULL, 10) > LINK_SPACES_V4)
        broken(j, "%s prefixes are announced, the limit is %d", value, LINK_SPACES_V4);
}

static const char *if_new_link(const struct judging *j)
{
    return j->k->new_link == SAID_YES ? NULL : "the link is made";
}
static void new_link_design(struct judging *j)
{
    struct spaces s = spaces_behind(j);
    at_key(j, "/gateway");
    if (!s.v4 && !s.v6) unclear(j, "the design gives no address_spaces of %s", j->v->name);
    else if (s.v4 + s.v6 > j->cat->limits.spaces_at_link)
        broken(j, "%zu address spaces, a link is made with at most %u", s.v4 + s.v6, j->cat->limits.spaces_at_link);
    else holds(j);
}

/* What the gateway learns: one circuit's private announcements each, and the networks behind it. */
static size_t learned(const struct judging *j)
{
    size_t n = 0;
    for (size_t i = 0; i < j->d->connections_n; i++) {
        if (strcmp(j->d->connections[i].gateway, j->g->name) != 0) continue;
        const struct design_circuit *c = design_circuit(j->d, j->d->connections[i].circuit);
        if (c) n += design_leg_of(j->d, c, PEERING_PRIVATE, LEG_FIRST).announce_n;
    }
    return n;
}
static void against_sku(struct judging *j, uint64_t n)
{
    const struct catalogue_gateway *sku = catalogue_gateway(j->cat, j->g->sku);
    if (sku && sku->routes && n > sku->routes)
        broken(j, "%llu routes on %s, it holds %u", (unsigned long long)n, sku->sku, sku->routes);
}
static void capacity_design(struct judging *j)
{
    size_t routes = learned(j);
    struct spaces s = spaces_behind(j);
    at_key(j, "/sku");
    if (!catalogue_gateway(j->cat, j->g->sku)) unclear(j, "the gateway's SKU is not known");
    against_sku(j, routes);
    if (routes + s.v4 + s.v6 > ROUTES_ADVISED)
        broken(j, "%zu routes in all, at most %d are advised", routes + s.v4 + s.v6, ROUTES_ADVISED);
    holds(j);
}
static void capacity_live(struct judging *j)
{
    const char *value = seen_if(j, FACT_GATEWAY_ROUTES, j->subject);
    if (value) against_sku(j, strtoul(value, NULL, 10));
}

const struct judge_row judges_prefix[] = {
    {"NET-PFX-01", SCOPE_LEG, if_private, limit_design, limit_live},
    {"NET-PFX-02", SCOPE_LEG, if_microsoft, limit_design, limit_live},
    {"NET-PFX-03", SCOPE_LEG, NULL, headroom_design, headroom_live},
    {"NET-PFX-04", SCOPE_CIRCUIT, if_both, leak_design, leak_live},
    {"NET-PFX-05", SCOPE_CONNECTION, NULL, link_spaces_design, link_spaces_live},
    {"NET-PFX-06", SCOPE_CONNECTION, if_new_link, new_link_design, NULL},
    {"NET-PFX-07", SCOPE_GATEWAY, NULL, capacity_design, capacity_live},
    {"NET-MSP-01", SCOPE_CIRCUIT, NULL, no_public_design, NULL},
    {0},
};
