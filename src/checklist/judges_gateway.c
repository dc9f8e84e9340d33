/* checklist/judges_gateway.c - GWY: gateways of virtual networks, and the links to circuits. */
#include <string.h>
#include "checklist/judge.h"

enum { GATEWAY_LEN_MOST = 27, GATEWAY_LEN_16_CIRCUITS = 26, MANY_CIRCUITS = 16 };

static size_t circuits_on(const struct judging *j, const struct design_gateway *g)
{
    size_t n = 0;
    for (size_t i = 0; i < j->d->connections_n; i++) n += strcmp(j->d->connections[i].gateway, g->name) == 0;
    return n;
}

static void one_design(struct judging *j)
{
    size_t n = 0;
    at_key(j, "/type");
    for (size_t i = 0; i < j->d->gateways_n; i++)
        n += strcmp(j->d->gateways[i].virtual_network, j->v->name) == 0 &&
             strcmp(j->d->gateways[i].type, j->g->type) == 0;
    if (!*j->g->type) unclear(j, "the design does not give the gateway's type");
    else if (strcmp(j->g->type, "ExpressRoute") != 0 && circuits_on(j, j->g))
        broken(j, "a gateway of type %s cannot take a circuit", j->g->type);
    else if (n > 1) broken(j, "%s has %zu gateways of type %s", j->v->name, n, j->g->type);
    else holds(j);
}

static const struct design_subnet *gateway_subnet(const struct design_vnet *v)
{
    for (size_t i = 0; i < v->subnets_n; i++)
        if (strcmp(v->subnets[i].name, "GatewaySubnet") == 0 &&
            v->subnets[i].prefix.addr.family == FAMILY_IPV4)
            return &v->subnets[i];
    return NULL;
}
static void pure_design(struct judging *j)
{
    const struct design_subnet *s = gateway_subnet(j->v);
    if (!j->v->subnets_n) unclear(j, "the design gives no subnets of %s", j->v->name);
    else if (!s) broken(j, "%s has no subnet called GatewaySubnet", j->v->name);
    else if (*s->security_group) broken(j, "GatewaySubnet of %s has security group %s", j->v->name, s->security_group);
    else holds(j);
}
static void large_design(struct judging *j)
{
    const struct design_subnet *s = gateway_subnet(j->v);
    size_t circuits = circuits_on(j, j->g);
    uint8_t most = circuits >= MANY_CIRCUITS ? GATEWAY_LEN_16_CIRCUITS : GATEWAY_LEN_MOST;
    if (!s) unclear(j, "the design gives no GatewaySubnet of %s", j->v->name);
    else if (s->prefix.len > most)
        broken(j, "GatewaySubnet %s of %s is smaller than a /%u", show_prefix(j, &s->prefix), j->v->name, most);
    else holds(j);
}

static uint32_t most_circuits(const struct judging *j, const struct catalogue_gateway *sku)
{
    if (sku->max_circuits) return sku->max_circuits;
    return j->g->scale_units >= 10 ? 16 : j->g->scale_units >= 2 ? 8 : 4;
}
static void circuits_design(struct judging *j)
{
    const struct catalogue_gateway *sku = catalogue_gateway(j->cat, j->g->sku);
    size_t n = circuits_on(j, j->g);
    at_key(j, "/sku");
    if (!sku) {
        if (*j->g->sku) broken(j, "there is no gateway SKU '%s'", j->g->sku);
        else unclear(j, "the design does not give the gateway's SKU");
        return;
    }
    if (n > most_circuits(j, sku)) broken(j, "%zu circuits on %s, it takes %u", n, sku->sku, most_circuits(j, sku));
    for (size_t i = 0; i < j->d->connections_n; i++) {
        size_t same = 0;
        if (strcmp(j->d->connections[i].gateway, j->g->name) != 0) continue;
        const char *at = design_circuit(j->d, j->d->connections[i].circuit)->peering_location;
        for (size_t k = 0; k < j->d->connections_n; k++)
            same += strcmp(j->d->connections[k].gateway, j->g->name) == 0 &&
                    strcmp(design_circuit(j->d, j->d->connections[k].circuit)->peering_location, at) == 0;
        if (same > j->cat->limits.circuits_same_location)
            broken(j, "%zu circuits of %s on one network, at most %u", same, at,
                   j->cat->limits.circuits_same_location);
    }
    holds(j);
}

static void zones_design(struct judging *j)
{
    size_t n = strlen(j->g->sku);
    bool scale = strcmp(j->g->sku, "ErGwScale") == 0;
    at_key(j, "/zones");
    if (!n) unclear(j, "the design does not give the gateway's SKU");
    else if (!scale && (n < 2 || strcmp(j->g->sku + n - 2, "AZ") != 0)) broken(j, "%s is no zone SKU", j->g->sku);
    else if (j->g->zones == ZONES_ONE) broken(j, "the gateway is pinned to one zone");
    else if (j->g->zones == ZONES_NONE) broken(j, "the gateway spans no zones");
    else if (j->g->zones == ZONES_UNSAID) unclear(j, "the design does not say whether the gateway spans zones");
    else holds(j);
}

static void weight_design(struct judging *j)
{
    at_key(j, "/weight");
    if (j->k->weight > j->cat->limits.weight_max) broken(j, "a weight of %u", j->k->weight);
    else holds(j);
}

static void prerequisites_design(struct judging *j)
{
    at_key(j, "/circuit");
    if (j->c->peerings[PEERING_PRIVATE].there) holds(j);
    else broken(j, "%s has no private peering", j->c->name);
}
static void prerequisites_live(struct judging *j)
{
    if (!design_is_direct(j->c)) wants(j, FACT_CIRCUIT_PROVIDER_STATE, circuit_subject(j), "Provisioned");
    wants(j, FACT_LINK_STATE, j->subject, "Succeeded");
}

const struct judge_row judges_gateway[] = {
    {"GWY-01", SCOPE_GATEWAY, NULL, one_design, NULL},
    {"GWY-02", SCOPE_GATEWAY, NULL, pure_design, NULL},
    {"GWY-03", SCOPE_GATEWAY, NULL, large_design, NULL},
    {"GWY-04", SCOPE_GATEWAY, NULL, circuits_design, NULL},
    {"GWY-06", SCOPE_GATEWAY, NULL, zones_design, NULL},
    {"GWY-08", SCOPE_CONNECTION, NULL, weight_design, NULL},
    {"GWY-12", SCOPE_CONNECTION, NULL, prerequisites_design, prerequisites_live},
    {0},
};
