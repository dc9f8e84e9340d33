/* checklist/judges_circuit.c - CIR: the circuit as a resource, its changes and what hangs on it. */
#include <stdlib.h>
#include <string.h>
#include "checklist/judge.h"

struct sku {
    char tier[16];
    bool unlimited, valid;
};

static struct sku sku_of(const char *name)
{
    static const char *const tiers[] = {"Local", "Standard", "Premium"};
    struct sku s = {0};
    for (size_t i = 0; i < ARRAY_LEN(tiers); i++) {
        size_t n = strlen(tiers[i]);
        if (strncmp(name, tiers[i], n) != 0 || name[n] != '_') continue;
        memcpy(s.tier, tiers[i], n);
        s.unlimited = strcmp(name + n + 1, "UnlimitedData") == 0;
        s.valid = s.unlimited || strcmp(name + n + 1, "MeteredData") == 0;
    }
    return s;
}
static bool tier_is(const struct sku *s, const char *tier) { return strcmp(s->tier, tier) == 0; }

static void sku_design(struct judging *j)
{
    struct sku s = sku_of(j->c->sku);
    const struct catalogue_location *l = catalogue_location(j->cat, j->d->cloud, j->c->peering_location);
    at_key(j, "/sku");
    if (!*j->c->sku) unclear(j, "the design gives no SKU");
    else if (!s.valid)
        broken(j, "'%s' is no SKU: Local, Standard or Premium, then _MeteredData or _UnlimitedData",
               j->c->sku);
    else if (tier_is(&s, "Local") && !s.unlimited) broken(j, "Local is sold with unlimited data only");
    else if (tier_is(&s, "Local") && l && !l->has_local) broken(j, "%s has no local region", l->name);
    else holds(j);
}
static void sku_live(struct judging *j)
{
    if (*j->c->sku) wants(j, FACT_CIRCUIT_SKU, j->subject, j->c->sku);
}

static enum catalogue_circuit_kind kind_of(const struct judging *j)
{
    const struct design_port *p = *j->c->port ? design_port(j->d, j->c->port) : NULL;
    if (!p) return KIND_PROVIDER;
    return p->bandwidth_gbps >= 400   ? KIND_DIRECT_400G
           : p->bandwidth_gbps >= 100 ? KIND_DIRECT_100G
                                      : KIND_DIRECT_10G;
}

static void size_design(struct judging *j)
{
    static const char *const kinds[KINDS] = {"a provider circuit", "a 10G port pair", "a 100G port pair",
                                             "a 400G port pair"};
    enum catalogue_circuit_kind kind = kind_of(j);
    at_key(j, "/bandwidth_mbps");
    if (!j->c->bandwidth_mbps) unclear(j, "the design gives no bandwidth");
    else if (catalogue_bandwidth_is(j->cat->limits.bandwidths[kind], j->c->bandwidth_mbps)) holds(j);
    else broken(j, "%u Mbps is no size on %s", j->c->bandwidth_mbps, kinds[kind]);
}
static void size_live(struct judging *j)
{
    wants(j, FACT_CIRCUIT_BANDWIDTH, j->subject, say(j, "%u", j->c->bandwidth_mbps));
}

static void enabled_live(struct judging *j)
{
    wants(j, FACT_CIRCUIT_STATE, j->subject, "Enabled");
    wants(j, FACT_CIRCUIT_OPERATION, j->subject, "Succeeded");
}

static void reach_design(struct judging *j)
{
    struct sku s = sku_of(j->c->sku);
    const struct catalogue_location *l = catalogue_location(j->cat, j->d->cloud, j->c->peering_location);
    const struct catalogue_geography *g = catalogue_geography_of(j->cat, j->v->region);
    if (!s.valid || !l || !*j->v->region) {
        unclear(j, "tier, location or the network's region is not known");
        return;
    }
    bool good = tier_is(&s, "Premium") || (tier_is(&s, "Local") ? catalogue_region_local(l, j->v->region)
                                                                 : g && strcmp(g->name, l->geography) == 0);
    if (good) holds(j);
    else
        broken(j, "%s in %s is out of reach of a %s circuit at %s", j->v->name, j->v->region, s.tier,
               l->name);
}
/* A connection that was made is reached; why one was not is the business of GWY-12. */
static void reach_live(struct judging *j)
{
    const char *state = seen_if(j, FACT_LINK_STATE, j->subject);
    if (state && strcmp(state, "Succeeded") == 0) holds(j);
}

static size_t links_of(const struct judging *j)
{
    size_t n = 0;
    for (size_t i = 0; i < j->d->connections_n; i++)
        n += strcmp(j->d->connections[i].circuit, j->c->name) == 0;
    for (size_t i = 0; i < j->d->global_reach_n; i++)
        for (size_t k = 0; k < j->d->global_reach[i].circuits_n; k++)
            n += strcmp(j->d->global_reach[i].circuits[k], j->c->name) == 0;
    return n;
}

static void count_links(struct judging *j, uint64_t n)
{
    uint32_t most = catalogue_links(&j->cat->limits, design_is_premium(j->c), j->c->bandwidth_mbps);
    if (n > most) broken(j, "%llu links, the limit is %u", (unsigned long long)n, most);
    else holds(j);
}
static void links_design(struct judging *j)
{
    at_key(j, "");
    if (*j->c->sku) count_links(j, links_of(j));
    else unclear(j, "the design gives no SKU, so the limit is not known");
}
static void links_live(struct judging *j)
{
    uint64_t n;
    if (seen_number(j, FACT_CIRCUIT_LINKS, j->subject, &n)) count_links(j, n);
}

/* ---- changes ---- */

static const char *if_changed(const struct judging *j)
{
    return j->change->remove ? "the circuit is to be deleted, not changed" : NULL;
}
static const char *if_removed(const struct judging *j)
{
    return j->change->remove ? NULL : "the circuit is not to be deleted";
}

static bool outside_geography(const struct judging *j)
{
    const struct catalogue_location *l = catalogue_location(j->cat, j->d->cloud, j->c->peering_location);
    const struct design_vnet *networks[64];
    size_t n = linked_networks(j, j->c, networks, ARRAY_LEN(networks));
    for (size_t i = 0; l && i < n; i++) {
        const struct catalogue_geography *g = catalogue_geography_of(j->cat, networks[i]->region);
        if (!g || strcmp(g->name, l->geography) != 0) return true;
    }
    return false;
}

static void judge_sku_change(struct judging *j, const struct sku *from, const struct sku *to)
{
    if (!to->valid) broken(j, "'%s' is no SKU", j->change->sku);
    else if (from->unlimited && !to->unlimited) broken(j, "unlimited data does not go back to metered");
    else if (tier_is(to, "Local") && !tier_is(from, "Local")) broken(j, "no tier changes to Local");
    else if (tier_is(from, "Local") && !from->unlimited) broken(j, "Local changes only with unlimited data");
    else if (tier_is(from, "Premium") && tier_is(to, "Standard")) {
        if (links_of(j) > j->cat->limits.links_standard)
            broken(j, "%zu links are more than Standard has", links_of(j));
        if (outside_geography(j)) broken(j, "a linked network lies outside the geography");
    }
}

static void change_design(struct judging *j)
{
    struct sku from = sku_of(j->c->sku), to = sku_of(j->change->sku);
    if (!*j->change->sku && !j->change->bandwidth_mbps) {
        unclear(j, "the change names neither sku nor bandwidth_mbps");
        return;
    }
    if (j->change->bandwidth_mbps && j->change->bandwidth_mbps < j->c->bandwidth_mbps)
        broken(j, "bandwidth never goes down (%u to %u Mbps)", j->c->bandwidth_mbps,
               j->change->bandwidth_mbps);
    if (*j->change->sku) judge_sku_change(j, &from, &to);
    holds(j);
}

static void delete_design(struct judging *j)
{
    size_t links = links_of(j);
    if (links) broken(j, "%zu links still hang on it", links);
    if (j->c->authorizations_n) broken(j, "%zu authorizations still hang on it", j->c->authorizations_n);
    if (*j->c->peerings[PEERING_MICROSOFT].route_filter) broken(j, "a route filter still hangs on it");
    holds(j);
}
static void delete_live(struct judging *j)
{
    wants(j, FACT_CIRCUIT_LINKS, j->subject, "0");
    if (!design_is_direct(j->c)) wants(j, FACT_CIRCUIT_PROVIDER_STATE, j->subject, "NotProvisioned");
}

/* ---- Direct ---- */

static void sold_design(struct judging *j)
{
    uint64_t sum = 0, port = (uint64_t)j->port->bandwidth_gbps * 1000;
    at_key(j, "/bandwidth_gbps");
    if (!port) {
        unclear(j, "the design gives no speed for the port pair");
        return;
    }
    for (size_t i = 0; i < j->d->circuits_n; i++) {
        const struct design_circuit *c = &j->d->circuits[i];
        if (strcmp(c->port, j->port->name) != 0) continue;
        sum += c->bandwidth_mbps;
        if (c->bandwidth_mbps > port)
            broken(j, "%s has %u Mbps, the port %llu", c->name, c->bandwidth_mbps, (unsigned long long)port);
    }
    if (sum > 2 * port)
        broken(j, "%llu Mbps are sold, twice the port is %llu", (unsigned long long)sum,
               (unsigned long long)(2 * port));
    holds(j);
}

static void switched_on_design(struct judging *j)
{
    at_key(j, "/enabled");
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++)
        switch (j->port->link_enabled[leg]) {
        case UNSAID: unclear(j, "the design does not say whether the %s link is enabled", leg_name(leg)); break;
        case SAID_YES: holds(j); break;
        case SAID_NO: broken(j, "the %s link is disabled", leg_name(leg)); break;
        }
}

enum { LIGHT_LEAST_DBM = -10, LIGHT_MOST_DBM = 0 };
static void switched_on_live(struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        const char *link = say(j, "%s/%s", j->subject, leg_name(leg));
        const char *line = seen_if(j, FACT_PORT_LINE, link), *light = seen_if(j, FACT_PORT_LIGHT, link);
        double dbm = light ? strtod(light, NULL) : LIGHT_LEAST_DBM;
        if (line && strcmp(line, "up") != 0) broken(j, "line protocol of the %s link is %s", leg_name(leg), line);
        if (dbm < LIGHT_LEAST_DBM || dbm > LIGHT_MOST_DBM) broken(j, "the %s link receives %s dBm", leg_name(leg), light);
    }
}

/* ---- Global Reach, authorizations ---- */

static void reach_block(struct judging *j)
{
    const struct prefix *p = &j->reach->address_prefix;
    if (addr_is_none(&p->addr)) {
        unclear(j, "the design gives no address_prefix");
        return;
    }
    if (p->addr.family != FAMILY_IPV4 || p->len != 29)
        broken(j, "%s is no /29 of IPv4", show_prefix(j, p));
    for (size_t i = 0; i < j->d->virtual_networks_n; i++)
        for (size_t k = 0; k < j->d->virtual_networks[i].address_spaces_n; k++)
            if (prefix_overlaps(p, &j->d->virtual_networks[i].address_spaces[k]))
                broken(j, "%s overlaps %s", show_prefix(j, p), j->d->virtual_networks[i].name);
    for (size_t i = 0; i < j->d->sites_n; i++)
        for (size_t k = 0; k < j->d->sites[i].prefixes_n; k++)
            if (prefix_overlaps(p, &j->d->sites[i].prefixes[k]))
                broken(j, "%s overlaps site %s", show_prefix(j, p), j->d->sites[i].name);
}

static void reach_circuit(struct judging *j, const struct design_circuit *c)
{
    const struct catalogue_location *l = catalogue_location(j->cat, j->d->cloud, c->peering_location);
    struct sku s = sku_of(c->sku);
    if (!c->peerings[PEERING_PRIVATE].there) broken(j, "%s has no private peering", c->name);
    if (tier_is(&s, "Local")) broken(j, "%s is of tier Local", c->name);
    if (l && !catalogue_has(&j->cat->limits.reach_countries, l->country))
        broken(j, "Global Reach is not offered at %s", l->name);
}

static void reach_pair(struct judging *j, const struct design_circuit *a, const struct design_circuit *b)
{
    const struct catalogue_location *x = catalogue_location(j->cat, j->d->cloud, a->peering_location);
    const struct catalogue_location *y = catalogue_location(j->cat, j->d->cloud, b->peering_location);
    if (strcmp(a->peering_location, b->peering_location) == 0)
        broken(j, "both circuits are at %s", a->peering_location);
    if (x && y && strcmp(x->geography, y->geography) != 0 &&
        !(design_is_premium(a) && design_is_premium(b)))
        broken(j, "across geographies both circuits must be Premium");
    if (strcmp(a->subscription, b->subscription) != 0 && !*j->reach->authorization)
        broken(j, "the circuits are of two subscriptions and no authorization is named");
}

static void joined_design(struct judging *j)
{
    if (j->reach->circuits_n != 2) {
        broken(j, "%zu circuits are named, two are joined", j->reach->circuits_n);
        return;
    }
    const struct design_circuit *a = design_circuit(j->d, j->reach->circuits[0]);
    const struct design_circuit *b = design_circuit(j->d, j->reach->circuits[1]);
    reach_circuit(j, a);
    reach_circuit(j, b);
    reach_pair(j, a, b);
    reach_block(j);
    holds(j);
}

static void joined_live(struct judging *j)
{
    const char *state = seen_if(j, FACT_REACH_STATE, j->subject);
    if (state && strcmp(state, "Connected") != 0) broken(j, "the joint is %s", state);
}

static const char *if_other_subscription(const struct judging *j)
{
    return strcmp(j->v->subscription, j->c->subscription) == 0
               ? "gateway and circuit are of one subscription"
               : NULL;
}

static void authorization_design(struct judging *j)
{
    size_t users = 0;
    at_key(j, "/authorization");
    if (!*j->k->authorization) {
        broken(j, "no authorization is named");
        return;
    }
    if (!j->c->authorizations_n) {
        unclear(j, "the design does not list the authorizations of %s", j->c->name);
        return;
    }
    for (size_t i = 0; i < j->d->connections_n; i++)
        users += strcmp(j->d->connections[i].authorization, j->k->authorization) == 0;
    if (users > 1) broken(j, "%zu connections use authorization '%s'", users, j->k->authorization);
    for (size_t i = 0; i < j->c->authorizations_n; i++)
        if (strcmp(j->c->authorizations[i], j->k->authorization) == 0) {
            holds(j);
            return;
        }
    broken(j, "%s has issued no authorization '%s'", j->c->name, j->k->authorization);
}

const struct judge_row judges_circuit[] = {
    {"CIR-01", SCOPE_CIRCUIT, NULL, sku_design, sku_live},
    {"CIR-02", SCOPE_CIRCUIT, NULL, size_design, size_live},
    {"CIR-03", SCOPE_CIRCUIT, NULL, NULL, enabled_live},
    {"CIR-04", SCOPE_CONNECTION, NULL, reach_design, reach_live},
    {"CIR-05", SCOPE_CIRCUIT, NULL, links_design, links_live},
    {"CIR-06", SCOPE_CHANGE, if_changed, change_design, NULL},
    {"CIR-07", SCOPE_CHANGE, if_removed, delete_design, delete_live},
    {"CIR-08", SCOPE_PORT, NULL, sold_design, NULL},
    {"CIR-09", SCOPE_PORT, NULL, switched_on_design, switched_on_live},
    {"CIR-10", SCOPE_REACH, NULL, joined_design, joined_live},
    {"CIR-11", SCOPE_CONNECTION, if_other_subscription, authorization_design, NULL},
    {0},
};
