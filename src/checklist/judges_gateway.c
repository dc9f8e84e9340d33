/* checklist/judges_gateway.c - GWY: gateways of virtual networks, and the links to circuits. */
#include <stdlib.h>
#include <string.h>
#include "checklist/judge.h"
#include "net/asn.h"

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
    else if (j->g->default_route == SAID_YES) broken(j, "GatewaySubnet of %s has a user default route", j->v->name);
    else if (j->g->holds_n) broken(j, "GatewaySubnet of %s also holds %s", j->v->name, j->g->holds[0]);
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

static void weight_live(struct judging *j)
{
    const char *seen_weight = seen_if(j, FACT_CONNECTION_WEIGHT, j->subject);
    char *end = NULL;
    if (seen_weight && (strtoul(seen_weight, &end, 10), *end || !*seen_weight))
        unclear(j, "the weight is seen as '%s', which is no number", seen_weight);
    else if (seen_weight && strcmp(seen_weight, say(j, "%u", j->k->weight)) != 0)
        broken(j, "the weight is %s, the design says %u", seen_weight, j->k->weight);
}

static void prerequisites_design(struct judging *j)
{
    at_key(j, "/circuit");
    if (j->c->peerings[PEERING_PRIVATE].there) holds(j);
    else broken(j, "%s has no private peering", j->c->name);
}
static void prerequisites_live(struct judging *j)
{
    wants(j, FACT_CIRCUIT_STATE, circuit_subject(j), "Enabled");
    if (!design_is_direct(j->c)) wants(j, FACT_CIRCUIT_PROVIDER_STATE, circuit_subject(j), "Provisioned");
    wants(j, FACT_LINK_STATE, j->subject, "Succeeded");
}

/* ---- load ---- */

struct gateway_limits {
    uint64_t mbps, pps, flows, resources;
};

/* Rows of the gateway performance table; ErGwScale counts by unit, resources less from the eleventh. */
static bool limits_of(const struct judging *j, struct gateway_limits *out)
{
    static const struct {
        const char *skus[2];
        struct gateway_limits most;
    } rows[] = {
        {{"Standard", "ErGw1AZ"}, {1000, 100000, 200000, 2000}},
        {{"HighPerformance", "ErGw2AZ"}, {2000, 200000, 400000, 4500}},
        {{"UltraPerformance", "ErGw3AZ"}, {10000, 1000000, 1000000, 11000}},
    };
    uint64_t u = j->g->scale_units ? j->g->scale_units : 1;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (size_t k = 0; k < 2; k++)
            if (strcmp(rows[i].skus[k], j->g->sku) == 0) return *out = rows[i].most, true;
    if (strcmp(j->g->sku, "ErGwScale") != 0) return false;
    *out = (struct gateway_limits){u * 1000, u * 100000, u * 100000, u <= 10 ? u * 2000 : 20000 + (u - 10) * 1000};
    return true;
}
static void fits(struct judging *j, uint64_t demand, uint64_t most, const char *what)
{
    if (demand > most)
        broken(j, "%llu %s, %s takes %llu", (unsigned long long)demand, what, j->g->sku, (unsigned long long)most);
}
static void demand_design(struct judging *j)
{
    const struct design_gateway *g = j->g;
    struct gateway_limits most;
    at_key(j, "/sku");
    if (!limits_of(j, &most)) {
        unclear(j, "the gateway's SKU is not known");
        return;
    }
    if (g->private_endpoints == SAID_YES) most.mbps /= 2, most.pps /= 2, most.flows /= 2;
    fits(j, g->peak_mbps, most.mbps, "Mbps");
    fits(j, g->peak_pps, most.pps, "packets a second");
    fits(j, g->peak_flows, most.flows, "flows");
    fits(j, g->resources, most.resources, "machines and endpoints");
    at_key(j, "/peak_mbps");
    if (!g->peak_mbps) untold(j, "the design gives no peak_mbps of the gateway");
    else holds(j);
}
enum { BUSY_PERCENT = 80 };
static void demand_live(struct judging *j)
{
    const char *cpu = seen_if(j, FACT_GATEWAY_CPU, j->subject);
    if (cpu && strtoul(cpu, NULL, 10) > BUSY_PERCENT) broken(j, "the gateway's processor is at %s %%", cpu);
}

/* ---- FastPath, VPN beside it, packet sizes ---- */

static const char *if_fast_path(const struct judging *j)
{
    return j->k->fast_path ? NULL : "the connection does not use FastPath";
}
static uint32_t fast_path_most(const struct judging *j)
{
    const struct design_port *p = *j->c->port ? design_port(j->d, j->c->port) : NULL;
    return !p ? 25000 : p->bandwidth_gbps >= 100 ? 200000 : 100000;
}
static void fast_path_design(struct judging *j)
{
    const struct catalogue_gateway *sku = catalogue_gateway(j->cat, j->g->sku);
    bool scale = strcmp(j->g->sku, "ErGwScale") == 0;
    at_key(j, "/fast_path");
    if (!sku) unclear(j, "the gateway's SKU is not known");
    else if (scale ? j->g->scale_units < 10 : !sku->fast_path)
        broken(j, "%s has no FastPath%s", sku->sku, scale ? " below 10 units" : "");
    else holds(j);
    if (j->k->fast_path_addresses > fast_path_most(j))
        broken(j, "%u addresses, FastPath takes %u here", j->k->fast_path_addresses, fast_path_most(j));
    if (j->g->basic_balancer == SAID_YES) broken(j, "a Basic load balancer is behind the gateway");
    if (j->g->dns_resolver == SAID_YES) broken(j, "a DNS private resolver is behind the gateway");
}

static const struct design_gateway *gateway_of(const struct judging *j, const char *network)
{
    for (size_t i = 0; i < j->d->gateways_n; i++)
        if (strcmp(j->d->gateways[i].virtual_network, network) == 0) return &j->d->gateways[i];
    return NULL;
}
static const char *if_beside(const struct judging *j)
{
    return gateway_of(j, j->vpn->virtual_network) ? NULL : "the network has no ExpressRoute gateway";
}
static void beside_design(struct judging *j)
{
    const struct design_vpn *v = j->vpn;
    const struct design_subnet *s = gateway_subnet(design_vnet(j->d, v->virtual_network));
    must_say(j, v->route_based, SAID_YES, "/route_based", "the VPN is policy-based");
    at_key(j, "/sku");
    if (strcmp(v->sku, "Basic") == 0) broken(j, "the VPN gateway is Basic");
    at_key(j, "/virtual_network");
    if (!s) unclear(j, "the design gives no GatewaySubnet of %s", v->virtual_network);
    else if (s->prefix.len > GATEWAY_LEN_MOST) broken(j, "GatewaySubnet is a /%u", s->prefix.len);
    at_key(j, "/asn");
    if ((v->asn ? v->asn : ASN_GATEWAY) == v->peer_asn) broken(j, "VPN gateway and site both have AS %u", v->peer_asn);
    must_say(j, v->internet_route, SAID_YES, "/internet_route", "no static route leads to the VPN peer by the Internet");
}

enum { PACKET_MOST = 1400, MSS_MOST = 1360 };
static const char *if_without_fast_path(const struct judging *j)
{
    for (size_t i = 0; i < j->d->connections_n; i++)
        if (strcmp(j->d->connections[i].gateway, j->g->name) == 0 && !j->d->connections[i].fast_path) return NULL;
    return "no connection passes data through the gateway";
}
static void packets_design(struct judging *j)
{
    at_key(j, "/needs_fragments");
    if (j->g->needs_fragments == SAID_YES) broken(j, "a flow depends on fragments, and the gateway drops them");
    at_key(j, "/mss");
    if (!j->g->mss && !j->g->max_packet) untold(j, "the design gives neither mss nor max_packet of the gateway");
    else if (j->g->max_packet > PACKET_MOST) broken(j, "packets of %u bytes, %d pass", j->g->max_packet, PACKET_MOST);
    else if (j->g->mss > MSS_MOST) broken(j, "segments of %u bytes make packets of more than %d", j->g->mss, PACKET_MOST);
    else holds(j);
}

static const char *if_endpoints(const struct judging *j)
{
    return j->g->private_endpoints == SAID_YES ? NULL : "no private endpoints are reached through the gateway";
}
static void per_flow_design(struct judging *j)
{
    at_key(j, "/private_endpoints");
    for (size_t i = 0; i < j->d->connections_n; i++) {
        const struct design_circuit *c = design_circuit(j->d, j->d->connections[i].circuit);
        if (strcmp(j->d->connections[i].gateway, j->g->name) != 0 || !c) continue;
        for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
            const struct design_router *r = design_router(j->d, c->links[leg].router, NULL);
            if (!r || r->per_flow == UNSAID)
                untold(j, "the design does not say whether the router of the %s leg of %s balances per flow",
                       leg_name(leg), c->name);
            else if (r->per_flow == SAID_NO) broken(j, "%s balances per packet", r->name);
            else holds(j);
        }
    }
}

const struct judge_row judges_gateway[] = {
    {"GWY-01", SCOPE_GATEWAY, NULL, one_design, NULL},
    {"GWY-02", SCOPE_GATEWAY, NULL, pure_design, NULL},
    {"GWY-03", SCOPE_GATEWAY, NULL, large_design, NULL},
    {"GWY-04", SCOPE_GATEWAY, NULL, circuits_design, NULL},
    {"GWY-05", SCOPE_GATEWAY, NULL, demand_design, demand_live},
    {"GWY-06", SCOPE_GATEWAY, NULL, zones_design, NULL},
    {"GWY-07", SCOPE_CONNECTION, if_fast_path, fast_path_design, NULL},
    {"GWY-08", SCOPE_CONNECTION, NULL, weight_design, weight_live},
    {"GWY-09", SCOPE_VPN, if_beside, beside_design, NULL},
    {"GWY-10", SCOPE_GATEWAY, if_without_fast_path, packets_design, NULL},
    {"GWY-11", SCOPE_GATEWAY, if_endpoints, per_flow_design, NULL},
    {"GWY-12", SCOPE_CONNECTION, NULL, prerequisites_design, prerequisites_live},
    {0},
};
