/* evidence/arm_design_json.c - from resources to the keys of a design file. */
#include "evidence/arm_design_json.h"
#include <stdio.h>
#include <string.h>
#include "base/text.h"

static void set_text(json_t *o, const char *key, const char *value)
{
    if (value && *value) json_object_set_new(o, key, json_string(value));
}

static void set_number(json_t *o, const char *key, uint64_t value)
{
    if (value) json_object_set_new(o, key, json_integer((json_int_t)value));
}

/* Texts a FIELD_PREFIX would refuse are left out: the facts still have them. */
static void set_prefix(json_t *o, const char *key, const char *value)
{
    struct prefix p;
    if (*value && prefix_parse(value, &p) == PREFIX_FINE) json_object_set_new(o, key, json_string(value));
}

static const struct arm_document *first_of(const struct arm_export *e, enum arm_kind kind)
{
    for (size_t i = 0; i < e->documents_n; i++)
        if (e->documents[i].kind == kind) return &e->documents[i];
    return NULL;
}

/* ---- circuits ---- */

static json_t *peering_json(const json_t *o)
{
    json_t *p = json_object();
    const json_t *microsoft = arm_get(o, "microsoftPeeringConfig"), *ipv6 = arm_get(o, "ipv6PeeringConfig");
    set_number(p, "vlan", arm_number(o, "vlanId"));
    set_number(p, "peer_asn", arm_number(o, "peerASN"));
    set_prefix(p, "primary_prefix", arm_text(o, "primaryPeerAddressPrefix"));
    set_prefix(p, "secondary_prefix", arm_text(o, "secondaryPeerAddressPrefix"));
    if (text_same_nocase(arm_text(o, "state"), "Disabled")) json_object_set_new(p, "disabled", json_true());
    if (text_same_nocase(arm_text(o, "lastModifiedBy"), "Provider")) set_text(p, "managed_by", "provider");
    if (json_is_array(arm_get(microsoft, "advertisedPublicPrefixes")))
        json_object_set(p, "advertised_prefixes", arm_get(microsoft, "advertisedPublicPrefixes"));
    set_number(p, "customer_asn", arm_number(microsoft, "customerASN"));
    set_text(p, "routing_registry", arm_text(microsoft, "routingRegistryName"));
    set_text(p, "route_filter", arm_reference(o, "routeFilter"));
    if (!ipv6 || !*arm_text(ipv6, "primaryPeerAddressPrefix")) return p;
    json_t *six = json_object();
    set_prefix(six, "primary_prefix", arm_text(ipv6, "primaryPeerAddressPrefix"));
    set_prefix(six, "secondary_prefix", arm_text(ipv6, "secondaryPeerAddressPrefix"));
    json_object_set_new(p, "ipv6", six);
    return p;
}

static void add_peering(json_t *peerings, const json_t *o)
{
    const char *type = arm_text(o, "peeringType");
    const char *word = arm_peering_word(*type ? type : arm_name(o));
    if (*word) json_object_set_new(peerings, word, peering_json(o));
}

/* Peerings inside the circuit, and those exported by themselves. */
static json_t *peerings_json(const struct arm_export *e, const json_t *circuit)
{
    json_t *peerings = json_object(), *o;
    char part[160];
    size_t i;
    json_array_foreach(arm_get(circuit, "peerings"), i, o) { add_peering(peerings, o); }
    snprintf(part, sizeof part, "/expressRouteCircuits/%.100s/peerings/", arm_name(circuit));
    for (i = 0; i < e->documents_n; i++)
        if (e->documents[i].kind == ARM_PEERING && strstr(arm_text(e->documents[i].resource, "id"), part))
            add_peering(peerings, e->documents[i].resource);
    return peerings;
}

static json_t *circuit_json(const struct arm_export *e, const json_t *o)
{
    const json_t *provider = arm_get(o, "serviceProviderProperties");
    json_t *c = json_pack("{s:s}", "name", arm_name(o)), *a, *names = json_array();
    size_t i;
    set_text(c, "region", arm_text(o, "location"));
    set_text(c, "sku", arm_text(arm_get(o, "sku"), "name"));
    set_text(c, "provider", arm_text(provider, "serviceProviderName"));
    set_text(c, "peering_location", arm_text(provider, "peeringLocation"));
    set_number(c, "bandwidth_mbps", provider ? arm_number(provider, "bandwidthInMbps")
                                             : arm_number(o, "bandwidthInGbps") * 1000);
    set_text(c, "port", arm_reference(o, "expressRoutePort"));
    json_object_set_new(c, "peerings", peerings_json(e, o));
    json_array_foreach(arm_get(o, "authorizations"), i, a)
    {
        json_array_append_new(names, json_string(arm_name(a)));
    }
    json_object_set_new(c, "authorizations", names);
    return c;
}

/* ---- the rest ---- */

static json_t *port_json(const struct arm_export *e, const json_t *o)
{
    json_t *p = json_pack("{s:s}", "name", arm_name(o)), *link;
    static const char *const legs[] = {"primary", "secondary"};
    json_t *enabled = json_object();
    size_t i;
    (void)e;
    set_text(p, "peering_location", arm_text(o, "peeringLocation"));
    set_number(p, "bandwidth_gbps", arm_number(o, "bandwidthInGbps"));
    if (text_same_nocase(arm_text(o, "encapsulation"), "Dot1Q")) set_text(p, "tagging", "dot1q");
    json_array_foreach(arm_get(o, "links"), i, link)
    {
        if (i < 2 && *arm_text(link, "adminState"))
            json_object_set_new(enabled, legs[i],
                                json_boolean(text_same_nocase(arm_text(link, "adminState"), "Enabled")));
    }
    json_object_set_new(p, "enabled", enabled);
    return p;
}

static void add_subnet(json_t *subnets, const json_t *o, const char *prefix)
{
    json_t *s = json_pack("{s:s}", "name", arm_name(o));
    set_prefix(s, "prefix", prefix);
    set_text(s, "security_group", arm_reference(o, "networkSecurityGroup"));
    set_text(s, "route_table", arm_reference(o, "routeTable"));
    if (json_object_get(s, "prefix")) json_array_append(subnets, s);
    json_decref(s);
}

/* One for each of its prefixes: a subnet with IPv4 and IPv6 has two. PowerShell makes a list of the one. */
static void add_subnets(json_t *subnets, const json_t *o)
{
    const json_t *several = arm_get(o, "addressPrefixes");
    size_t i;
    json_t *v;
    if (!json_array_size(several) && json_is_array(arm_get(o, "addressPrefix"))) several = arm_get(o, "addressPrefix");
    if (!json_array_size(several)) add_subnet(subnets, o, arm_text(o, "addressPrefix"));
    json_array_foreach((json_t *)several, i, v)
    {
        if (json_is_string(v)) add_subnet(subnets, o, json_string_value(v));
    }
}

static json_t *network_json(const struct arm_export *e, const json_t *o)
{
    json_t *v = json_pack("{s:s}", "name", arm_name(o)), *subnets = json_array(), *row;
    size_t i;
    (void)e;
    set_text(v, "region", arm_text(o, "location"));
    if (json_is_array(arm_get(arm_get(o, "addressSpace"), "addressPrefixes")))
        json_object_set(v, "address_spaces", arm_get(arm_get(o, "addressSpace"), "addressPrefixes"));
    json_array_foreach(arm_get(o, "subnets"), i, row)
    {
        add_subnets(subnets, row);
    }
    json_object_set_new(v, "subnets", subnets);
    return v;
}

static bool known(const struct arm_export *e, enum arm_kind kind, const char *name)
{
    for (size_t i = 0; i < e->documents_n; i++)
        if (e->documents[i].kind == kind && strcmp(arm_name(e->documents[i].resource), name) == 0) return true;
    return false;
}

/* ".../virtualNetworks/vnet1/subnets/GatewaySubnet" */
static void network_of_gateway(const json_t *gateway, char out[static 100])
{
    const char *id = arm_text(arm_get(json_array_get(arm_get(gateway, "ipConfigurations"), 0), "subnet"), "id");
    const char *at = strstr(id, "/virtualNetworks/");
    snprintf(out, 100, "%.*s", at ? (int)strcspn(at + 17, "/") : 0, at ? at + 17 : "");
}

/* A design names only what is in it, so a gateway whose network was not exported is left out. */
static json_t *gateway_json(const struct arm_export *e, const json_t *o)
{
    char network[100];
    network_of_gateway(o, network);
    if (!*network || !known(e, ARM_NETWORK, network)) return NULL;
    json_t *g = json_pack("{s:s, s:s}", "name", arm_name(o), "virtual_network", network);
    set_text(g, "sku", arm_text(arm_get(o, "sku"), "name"));
    set_text(g, "type", arm_text(o, "gatewayType"));
    return g;
}

static bool gateway_kept(const struct arm_export *e, const char *name)
{
    char network[100];
    for (size_t i = 0; i < e->documents_n; i++) {
        const struct arm_document *d = &e->documents[i];
        if (d->kind != ARM_GATEWAY || strcmp(arm_name(d->resource), name) != 0) continue;
        network_of_gateway(d->resource, network);
        return *network && known(e, ARM_NETWORK, network);
    }
    return false;
}

static json_t *connection_json(const struct arm_export *e, const json_t *o)
{
    const char *circuit = arm_reference(o, "peer"), *gateway = arm_reference(o, "virtualNetworkGateway1");
    if (!known(e, ARM_CIRCUIT, circuit) || !gateway_kept(e, gateway)) return NULL;
    json_t *k = json_pack("{s:s, s:s, s:s}", "name", arm_name(o), "circuit", circuit, "gateway", gateway);
    set_number(k, "weight", arm_number(o, "routingWeight"));
    if (json_is_true(arm_get(o, "expressRouteGatewayBypass"))) json_object_set_new(k, "fast_path", json_true());
    return k;
}

static json_t *filter_json(const struct arm_export *e, const json_t *o)
{
    json_t *f = json_pack("{s:s}", "name", arm_name(o)), *rules = json_array(), *row;
    size_t i;
    (void)e;
    json_array_foreach(arm_get(o, "rules"), i, row)
    {
        json_t *r = json_object();
        set_text(r, "access", arm_text(row, "access"));
        if (json_is_array(arm_get(row, "communities"))) json_object_set(r, "communities", arm_get(row, "communities"));
        json_array_append_new(rules, r);
    }
    json_object_set_new(f, "rules", rules);
    return f;
}

static const struct {
    enum arm_kind kind;
    const char *key;
    json_t *(*make)(const struct arm_export *, const json_t *); /* NULL result: leave it out */
} lists[] = {
    {ARM_CIRCUIT, "circuits", circuit_json},          {ARM_PORT, "ports", port_json},
    {ARM_NETWORK, "virtual_networks", network_json},  {ARM_GATEWAY, "gateways", gateway_json},
    {ARM_CONNECTION, "connections", connection_json}, {ARM_FILTER, "route_filters", filter_json},
};

static bool twice(const json_t *list, const char *name)
{
    size_t i;
    json_t *row;
    json_array_foreach((json_t *)list, i, row)
    {
        if (strcmp(arm_name(row), name) == 0) return true;
    }
    return false;
}

static json_t *list_json(const struct arm_export *e, size_t which)
{
    json_t *list = json_array();
    for (size_t i = 0; i < e->documents_n; i++) {
        const struct arm_document *d = &e->documents[i];
        if (d->kind != lists[which].kind || twice(list, arm_name(d->resource))) continue;
        json_t *one = lists[which].make(e, d->resource);
        if (one) json_array_append_new(list, one);
    }
    return list;
}

static json_t *subscription_json(const struct arm_export *e)
{
    const struct arm_document *d = first_of(e, ARM_SUBSCRIPTION);
    json_t *s = json_object(), *providers = json_array();
    if (d) set_text(s, "state", arm_text(d->resource, "state"));
    for (size_t i = 0; i < e->documents_n; i++) {
        const json_t *o = e->documents[i].resource;
        if (e->documents[i].kind != ARM_NAMESPACE) continue;
        const char *name = *arm_text(o, "namespace") ? arm_text(o, "namespace") : arm_text(o, "providerNamespace");
        if (text_same_nocase(arm_text(o, "registrationState"), "Registered"))
            json_array_append_new(providers, json_string(name));
    }
    json_object_set_new(s, "providers", providers);
    return s;
}

json_t *arm_export_design(const struct arm_export *e)
{
    const struct arm_document *circuit = first_of(e, ARM_CIRCUIT);
    const char *id = circuit ? arm_text(circuit->resource, "id") : "", *group = strstr(id, "/resourceGroups/");
    json_t *d = json_pack("{s:s, s:o}", "name", "import", "subscription", subscription_json(e));
    if (group) json_object_set_new(d, "resource_group", json_sprintf("%.*s", (int)strcspn(group + 16, "/"), group + 16));
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) json_object_set_new(d, lists[i].key, list_json(e, i));
    return d;
}
