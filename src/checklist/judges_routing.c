/* checklist/judges_routing.c - NET-RTE: which routes may go where, and which way traffic takes. */
#include <stdlib.h>
#include <string.h>
#include "checklist/judge.h"
#include "net/asn.h"

enum { LOCAL_PREF_USUAL = 100 };

/* ---- what may be announced ---- */

static const char *if_public_domain(const struct judging *j)
{
    return j->kind == PEERING_PRIVATE ? "a default route may go into private peering" : NULL;
}

/* Calls `each` for every prefix a leg is seen to announce; false when nothing was seen. */
static bool each_seen(struct judging *j, void (*each)(struct judging *, const struct prefix *))
{
    size_t n;
    const struct fact *const *list = seen_all(j, FACT_ROUTE, j->subject, &n);
    struct route_seen r;
    for (size_t i = 0; i < n; i++)
        if (route_parse(list[i]->value, &r)) each(j, &r.prefix);
    if (!n) unclear(j, "no evidence of bgp.route for %s", j->subject);
    return n > 0;
}
static void each_announced(struct judging *j, void (*each)(struct judging *, const struct prefix *))
{
    struct announced a = announced_on(j, j->leg);
    at_key(j, say(j, "/edge/%s/announce", leg_name(j->leg)));
    if (!a.n) {
        unclear(j, "the design does not say what the %s leg announces", leg_name(j->leg));
        return;
    }
    for (size_t i = 0; i < a.n; i++) each(j, &a.list[i]);
    holds(j);
}

static void no_default(struct judging *j, const struct prefix *p)
{
    if (prefix_is_default(p))
        broken(j, "the default route is sent on the %s leg of %s peering", leg_name(j->leg), peering_kind_name(j->kind));
}
static void no_default_design(struct judging *j) { each_announced(j, no_default); }
static void no_default_live(struct judging *j)
{
    if (each_seen(j, no_default)) holds(j);
}

static void only_public(struct judging *j, const struct prefix *p)
{
    if (!prefix_is_default(p) && !prefix_is_public(p, true))
        broken(j, "%s on the %s leg is not public", show_prefix(j, p), leg_name(j->leg));
}
static void only_public_design(struct judging *j) { each_announced(j, only_public); }
static void only_public_live(struct judging *j)
{
    if (each_seen(j, only_public)) holds(j);
}

/* ---- forced tunnelling ---- */

static bool sends_default(const struct judging *j, const struct design_circuit *c)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        struct design_leg l = design_leg_of(j->d, c, PEERING_PRIVATE, leg);
        for (size_t i = 0; c->peerings[PEERING_PRIVATE].there && i < l.announce_n; i++)
            if (prefix_is_default(&l.announce[i])) return true;
    }
    return false;
}
static const char *if_default(const struct judging *j)
{
    for (size_t i = 0; i < j->d->circuits_n; i++)
        if (sends_default(j, &j->d->circuits[i])) return NULL;
    return "no default route on private peering";
}

static bool is_gateway_subnet(const struct design_subnet *s) { return strcmp(s->name, "GatewaySubnet") == 0; }

static void way_out_design(struct judging *j)
{
    const struct design_tunnelling *t = &j->d->forced_tunnelling;
    must_say(j, t->internet_exit, SAID_YES, "/forced_tunnelling/internet_exit",
             "the corporate edge does not route cloud traffic to the Internet");
    at_key(j, "/forced_tunnelling/service_return");
    if (t->service_return == RETURN_UNSAID) untold(j, "the design does not give forced_tunnelling/service_return");
    else if (t->service_return == RETURN_NONE) broken(j, "traffic to cloud services has no way back");
    for (size_t i = 0; i < j->d->virtual_networks_n; i++)
        for (size_t k = 0; k < j->d->virtual_networks[i].subnets_n; k++) {
            const struct design_subnet *s = &j->d->virtual_networks[i].subnets[k];
            at_key(j, say(j, "/virtual_networks/%zu/subnets/%zu", i, k));
            if (s->needs_services == SAID_YES && !*s->route_table && !s->service_endpoints_n)
                broken(j, "subnet %s of %s has no path to the services it needs", s->name,
                       j->d->virtual_networks[i].name);
        }
}

static const char *if_blocking(const struct judging *j)
{
    return j->d->forced_tunnelling.blocks_internet == SAID_YES ? NULL : "no default route is there to block the Internet";
}
static void denies_design(struct judging *j)
{
    size_t n = 0;
    for (size_t i = 0; i < j->d->virtual_networks_n; i++)
        for (size_t k = 0; k < j->d->virtual_networks[i].subnets_n; k++) {
            const struct design_subnet *s = &j->d->virtual_networks[i].subnets[k];
            if (is_gateway_subnet(s)) continue;
            n++;
            at_key(j, say(j, "/virtual_networks/%zu/subnets/%zu/denies_internet", i, k));
            if (s->denies_internet == SAID_YES) holds(j);
            else if (s->denies_internet == SAID_NO)
                broken(j, "subnet %s regains the Internet when the default route is withdrawn", s->name);
            else untold(j, "the design does not say whether subnet %s denies the Internet", s->name);
        }
    if (!n) unclear(j, "the design gives no subnets");
}

/* ---- the cloud is no wide-area network ---- */

static bool joined(const struct judging *j, const char *a, const char *b)
{
    for (size_t i = 0; i < j->d->global_reach_n; i++) {
        const struct design_reach *r = &j->d->global_reach[i];
        if (text_in(r->circuits, r->circuits_n, a) && text_in(r->circuits, r->circuits_n, b)) return true;
    }
    return false;
}
static const char *if_between_sites(const struct judging *j)
{
    bool sites = design_site(j->d, j->flow->from) && design_site(j->d, j->flow->to);
    return sites ? NULL : "the flow is not between sites";
}
static void transit_design(struct judging *j)
{
    const struct design_flow *f = j->flow;
    at_key(j, "/via");
    if (!f->via_n) {
        if (f->path == PATH_UNSAID) unclear(j, "the design gives neither path nor circuits of the flow");
        else if (f->path == PATH_CIRCUIT) broken(j, "%s to %s goes over circuits that are not named", f->from, f->to);
        else holds(j);
        return;
    }
    if (f->via_n == 1) broken(j, "%s to %s enters and leaves the cloud by %s", f->from, f->to, f->via[0]);
    for (size_t i = 0; i + 1 < f->via_n; i++)
        if (!joined(j, f->via[i], f->via[i + 1]))
            broken(j, "%s and %s are not joined by Global Reach", f->via[i], f->via[i + 1]);
    holds(j);
}

/* ---- which way ---- */

static void over_internet_design(struct judging *j)
{
    uint32_t most = 0;
    bool known = j->d->internet_n > 0;
    for (size_t i = 0; i < j->d->internet_n; i++) {
        uint32_t own = j->d->internet[i].local_pref ? j->d->internet[i].local_pref : LOCAL_PREF_USUAL;
        if (own > most) most = own;
    }
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        uint32_t own = j->p->edge[leg].local_pref;
        at_key(j, say(j, "/edge/%s/local_pref", leg_name(leg)));
        if (!known || !own)
            untold(j, "the design gives no local_pref for %s", known ? "routes from the circuit" : "the Internet");
        else if (own <= most)
            broken(j, "local preference is %u on the %s leg, %u towards the Internet", own, leg_name(leg), most);
        else holds(j);
    }
}
static void over_internet_live(struct judging *j)
{
    const char *best = seen_if(j, FACT_CUSTOMER_BEST, j->subject);
    if (best && strcmp(best, "circuit") != 0) broken(j, "service traffic leaves over the %s", best);
}

/* Circuits of different geographies: the only case in which one of them is surely the nearer one. */
static const struct catalogue_location *location_of(const struct judging *j, const struct design_circuit *c)
{
    return catalogue_location(j->cat, j->d->cloud, c->peering_location);
}
static const char *if_two_regions(const struct judging *j)
{
    const char *first = NULL;
    for (size_t i = 0; i < j->d->circuits_n; i++) {
        const struct catalogue_location *l = location_of(j, &j->d->circuits[i]);
        if (l && first && strcmp(first, l->geography) != 0) return NULL;
        if (l) first = l->geography;
    }
    return "all circuits are in one geography";
}
static const char *if_two_regions_microsoft(const struct judging *j)
{
    const char *why = if_two_regions(j);
    return why ? why : if_any_microsoft(j);
}

static bool prefers(const struct design_circuit *c, const char *region)
{
    for (int k = 0; k < PEERING_KINDS; k++)
        for (size_t i = 0; c->peerings[k].there && i < c->peerings[k].preferred_regions_n; i++)
            if (catalogue_region_same(c->peerings[k].preferred_regions[i], region)) return true;
    return false;
}
/* Is there a circuit in the region's geography? The one that prefers the region should be it. */
static void region_design(struct judging *j, const char *region)
{
    const struct catalogue_geography *g = catalogue_geography_of(j->cat, region);
    const struct design_circuit *near = NULL, *chosen = NULL;
    for (size_t i = 0; i < j->d->circuits_n; i++) {
        const struct design_circuit *c = &j->d->circuits[i];
        const struct catalogue_location *l = location_of(j, c);
        bool here = g && l && strcmp(l->geography, g->name) == 0;
        if (here) near = c;
        if (prefers(c, region) && (!chosen || here)) chosen = c;
    }
    if (!near) return; /* none is near: nothing to choose */
    if (!chosen) untold(j, "no circuit names %s among its preferred_regions", region);
    else if (strcmp(location_of(j, chosen)->geography, g->name) != 0)
        broken(j, "routes of %s are preferred on %s at %s", region, chosen->name, chosen->peering_location);
    else holds(j);
}
static void nearest_design(struct judging *j)
{
    at_key(j, "/circuits");
    for (size_t i = 0; i < j->d->virtual_networks_n; i++)
        if (*j->d->virtual_networks[i].region) region_design(j, j->d->virtual_networks[i].region);
    if (j->f.verdict == VERDICT_NA) untold(j, "the design names no region whose circuit could be chosen");
}

/* Two far circuits announce the same public prefix: the lengths of their paths must tell them apart. */
static void return_pair(struct judging *j, const struct design_circuit *a, const struct design_circuit *b)
{
    struct design_leg x = design_leg_of(j->d, a, PEERING_MICROSOFT, LEG_FIRST);
    struct design_leg y = design_leg_of(j->d, b, PEERING_MICROSOFT, LEG_FIRST);
    uint8_t p = a->peerings[PEERING_MICROSOFT].edge[LEG_FIRST].prepend;
    uint8_t q = b->peerings[PEERING_MICROSOFT].edge[LEG_FIRST].prepend;
    for (size_t i = 0; i < x.announce_n; i++)
        for (size_t k = 0; k < y.announce_n; k++)
            if (prefix_equal(&x.announce[i], &y.announce[k]) && p == q)
                broken(j, "%s is announced alike on %s and %s", show_prefix(j, &x.announce[i]), a->name, b->name);
}
static void return_design(struct judging *j)
{
    at_key(j, "/circuits");
    for (size_t i = 0; i < j->d->circuits_n; i++)
        for (size_t k = 0; k < i; k++) {
            const struct design_circuit *a = &j->d->circuits[i], *b = &j->d->circuits[k];
            const struct catalogue_location *x = location_of(j, a), *y = location_of(j, b);
            if (!a->peerings[PEERING_MICROSOFT].there || !b->peerings[PEERING_MICROSOFT].there) continue;
            if (!x || !y) unclear(j, "the location of %s or %s is not known", a->name, b->name);
            else if (strcmp(x->geography, y->geography) != 0) return_pair(j, a, b);
        }
    holds(j);
}

static const char *if_tags_exports(const struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++)
        if (j->p->edge[leg].communities_n) return NULL;
    return "the edges set no communities";
}
static void counts_on_design(struct judging *j)
{
    must_say(j, j->p->relies_on_communities, SAID_NO, "/relies_on_communities",
             "a plan expects communities sent to the cloud to act there");
}

/* ---- networks among themselves ---- */

static const char *if_between_networks(const struct judging *j)
{
    bool networks = design_vnet(j->d, j->flow->from) && design_vnet(j->d, j->flow->to);
    return networks ? NULL : "the flow is not between virtual networks";
}
static void hairpin_design(struct judging *j)
{
    const struct design_vnet *a = design_vnet(j->d, j->flow->from);
    at_key(j, "/via");
    if (j->flow->via_n || j->flow->path == PATH_CIRCUIT)
        broken(j, "%s to %s turns round in %s", j->flow->from, j->flow->to, j->flow->via_n ? j->flow->via[0] : "a circuit");
    else if (!text_in(a->peers, a->peers_n, j->flow->to))
        untold(j, "%s and %s are not peered, and the design gives no way", j->flow->from, j->flow->to);
    else holds(j);
}

static const char *if_isolated(const struct judging *j)
{
    return j->v->isolated_from_n ? NULL : "the network is to be isolated from none";
}
static bool on_circuit(const struct judging *j, const char *network, const char *circuit)
{
    for (size_t i = 0; i < j->d->connections_n; i++) {
        const struct design_gateway *g = design_gateway(j->d, j->d->connections[i].gateway);
        if (g && strcmp(g->virtual_network, network) == 0 && strcmp(j->d->connections[i].circuit, circuit) == 0)
            return true;
    }
    return false;
}
static void isolated_design(struct judging *j)
{
    bool linked = false;
    at_key(j, "/isolated_from");
    for (size_t i = 0; i < j->d->circuits_n; i++) {
        const char *c = j->d->circuits[i].name;
        if (!on_circuit(j, j->v->name, c)) continue;
        linked = true;
        for (size_t k = 0; k < j->v->isolated_from_n; k++)
            if (on_circuit(j, j->v->isolated_from[k], c))
                broken(j, "%s and %s share %s", j->v->name, j->v->isolated_from[k], c);
    }
    if (linked) holds(j);
    else unclear(j, "no circuit leads to %s", j->v->name);
}

static const char *if_own_community(const struct judging *j)
{
    return *j->v->community ? NULL : "the network has no community of its own";
}
static bool community_good(const char *s)
{
    char *end = NULL;
    if (strncmp(s, "12076:", 6) != 0) return false;
    unsigned long n = strtoul(s + 6, &end, 10);
    return s[6] >= '0' && s[6] <= '9' && !*end && n > 0 && n <= UINT16_MAX;
}
static void community_design(struct judging *j)
{
    int64_t set = 0, made = 0;
    at_key(j, "/community");
    if (!community_good(j->v->community)) broken(j, "'%s' is not of the form 12076:n", j->v->community);
    for (size_t i = 0; i < j->d->connections_n; i++) {
        const struct design_connection *k = &j->d->connections[i];
        const struct design_gateway *g = design_gateway(j->d, k->gateway);
        if (!g || strcmp(g->virtual_network, j->v->name) != 0) continue;
        if (!design_date(j->v->community_set, &set) || !design_date(k->created, &made))
            untold(j, "the design does not date the community and connection %s", k->name);
        else if (made < set)
            broken(j, "%s was made on %s, before the community was set", k->name, k->created);
    }
    holds(j);
}

const struct judge_row judges_routing[] = {
    {"NET-RTE-01", SCOPE_LEG, if_public_domain, no_default_design, no_default_live},
    {"NET-RTE-02", SCOPE_LEG, if_microsoft, only_public_design, only_public_live},
    {"NET-RTE-03", SCOPE_DESIGN, if_default, way_out_design, NULL},
    {"NET-RTE-04", SCOPE_DESIGN, if_blocking, denies_design, NULL},
    {"NET-RTE-05", SCOPE_FLOW, if_between_sites, transit_design, NULL},
    {"NET-RTE-06", SCOPE_PEERING, if_microsoft, over_internet_design, over_internet_live},
    {"NET-RTE-07", SCOPE_DESIGN, if_two_regions, nearest_design, NULL},
    {"NET-RTE-08", SCOPE_DESIGN, if_two_regions_microsoft, return_design, NULL},
    {"NET-RTE-09", SCOPE_PEERING, if_tags_exports, counts_on_design, NULL},
    {"NET-RTE-10", SCOPE_FLOW, if_between_networks, hairpin_design, NULL},
    {"NET-RTE-11", SCOPE_NETWORK, if_isolated, isolated_design, NULL},
    {"NET-RTE-12", SCOPE_NETWORK, if_own_community, community_design, NULL},
    {0},
};
