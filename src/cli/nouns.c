/* cli/nouns.c - the rows. Options are named as in the cloud's own command line. */
#include "cli/nouns.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define P "properties."
#define SP P "serviceProviderProperties."

/* clang-format off */
static const struct setting circuit_settings[] = {
    {"--bandwidth", SP "bandwidthInMbps", SETTING_MBPS, SETTING_NEEDED, NULL, "\"200 Mbps\", \"1 Gbps\""},
    {"--provider", SP "serviceProviderName", SETTING_TEXT, SETTING_NEEDED, NULL, "fairlead provider list shows them"},
    {"--peering-location", SP "peeringLocation", SETTING_TEXT, SETTING_NEEDED, NULL, "where the provider meets the cloud: Amsterdam"},
    {"--sku-tier", "sku.tier", SETTING_TEXT, 0, NULL, "Local, Standard (default) or Premium"},
    {"--sku-family", "sku.family", SETTING_TEXT, 0, NULL, "MeteredData (default) or UnlimitedData"},
    {"--tags", "tags", SETTING_TAGS, 0, NULL, "\"a=b c=d\""},
    {0},
};
static const struct column circuit_columns[] = {
    {"NAME", "name"}, {"LOCATION", "location"}, {"PROVIDER", SP "serviceProviderName"},
    {"PEERING AT", SP "peeringLocation"}, {"MBPS", SP "bandwidthInMbps"}, {"SKU", "sku.name"},
    {"PROVIDER STATE", P "serviceProviderProvisioningState"}, {"STATE", P "provisioningState"}, {0},
};

static const struct setting peering_settings[] = {
    {"--peer-asn", P "peerASN", SETTING_NUMBER, SETTING_NEEDED, NULL, "your AS number: 65010"},
    {"--vlan-id", P "vlanId", SETTING_NUMBER, SETTING_NEEDED, NULL, "1 to 4094, the same on both legs"},
    {"--primary-peer-subnet", P "primaryPeerAddressPrefix", SETTING_TEXT, SETTING_NEEDED, NULL, "a /30: 192.168.100.128/30"},
    {"--secondary-peer-subnet", P "secondaryPeerAddressPrefix", SETTING_TEXT, SETTING_NEEDED, NULL, "another /30"},
    {"--shared-key", P "sharedKey", SETTING_TEXT, 0, NULL, "of the sessions; @FILE keeps it off the process list"},
    {"--peering-state", P "state", SETTING_TEXT, 0, NULL, "Enabled or Disabled"},
    {"--advertised-public-prefixes", P "microsoftPeeringConfig.advertisedPublicPrefixes", SETTING_LIST, 0, NULL, "Microsoft peering: what you announce"},
    {"--customer-asn", P "microsoftPeeringConfig.customerASN", SETTING_NUMBER, 0, NULL, "Microsoft peering: AS of the prefixes"},
    {"--routing-registry-name", P "microsoftPeeringConfig.routingRegistryName", SETTING_TEXT, 0, NULL, "Microsoft peering: RIPENCC, ARIN, ..."},
    {0},
};
static const struct column peering_columns[] = {
    {"NAME", "name"}, {"AS", P "peerASN"}, {"VLAN", P "vlanId"}, {"PRIMARY", P "primaryPeerAddressPrefix"},
    {"SECONDARY", P "secondaryPeerAddressPrefix"}, {"PEERING", P "state"}, {"STATE", P "provisioningState"}, {0},
};

static const struct setting auth_settings[] = {{0}};
static const struct column auth_columns[] = {
    {"NAME", "name"}, {"KEY", P "authorizationKey"}, {"USE", P "authorizationUseStatus"},
    {"STATE", P "provisioningState"}, {0},
};

static const struct setting connection_settings[] = {
    {"--vnet-gateway1", P "virtualNetworkGateway1.id", SETTING_ID, SETTING_NEEDED, "virtualNetworkGateways", "name or id of the gateway"},
    {"--express-route-circuit2", P "peer.id", SETTING_ID, SETTING_NEEDED, "expressRouteCircuits", "name or id of the circuit"},
    {"--authorization-key", P "authorizationKey", SETTING_TEXT, 0, NULL, "of a circuit of another subscription; @FILE"},
    {"--routing-weight", P "routingWeight", SETTING_NUMBER, 0, NULL, "0 to 32000; the heavier connection is preferred"},
    {"--tags", "tags", SETTING_TAGS, 0, NULL, "\"a=b c=d\""},
    {0},
};
static const struct column connection_columns[] = {
    {"NAME", "name"}, {"LOCATION", "location"}, {"GATEWAY", P "virtualNetworkGateway1.id"}, {"CIRCUIT", P "peer.id"},
    {"WEIGHT", P "routingWeight"}, {"CONNECTED", P "connectionStatus"}, {"STATE", P "provisioningState"}, {0},
};

static const struct setting gateway_settings[] = {
    {"--vnet", NULL, SETTING_HOOK, SETTING_NEEDED, "virtualNetworks", "network with a GatewaySubnet"},
    {"--public-ip-address", NULL, SETTING_HOOK, 0, "publicIPAddresses", "name or id of its address"},
    {"--sku", P "sku.name", SETTING_TEXT, 0, NULL, "ErGw1AZ (default) to ErGw3AZ, Standard, HighPerformance, UltraPerformance"},
    {"--tags", "tags", SETTING_TAGS, 0, NULL, "\"a=b c=d\""},
    {0},
};
static const struct column gateway_columns[] = {
    {"NAME", "name"}, {"LOCATION", "location"}, {"SKU", P "sku.name"}, {"TYPE", P "gatewayType"},
    {"STATE", P "provisioningState"}, {0},
};

static const struct setting vnet_settings[] = {
    {"--address-prefixes", P "addressSpace.addressPrefixes", SETTING_LIST, SETTING_NEEDED, NULL, "10.20.0.0/16"},
    {"--subnets", NULL, SETTING_HOOK, 0, NULL, "\"GatewaySubnet=10.20.255.0/27 workload=10.20.0.0/24\""},
    {"--tags", "tags", SETTING_TAGS, 0, NULL, "\"a=b c=d\""},
    {0},
};
static const struct column vnet_columns[] = {
    {"NAME", "name"}, {"LOCATION", "location"}, {"ADDRESSES", P "addressSpace.addressPrefixes"},
    {"STATE", P "provisioningState"}, {0},
};

static const struct setting public_ip_settings[] = {
    {"--tags", "tags", SETTING_TAGS, 0, NULL, "\"a=b c=d\""},
    {0},
};
static const struct column public_ip_columns[] = {
    {"NAME", "name"}, {"LOCATION", "location"}, {"SKU", "sku.name"}, {"STATE", P "provisioningState"}, {0},
};

static const struct setting cross_settings[] = {
    {"--provisioning-state", P "serviceProviderProvisioningState", SETTING_TEXT, SETTING_NEEDED, NULL, "Provisioning, Provisioned, Deprovisioning or NotProvisioned"},
    {"--notes", P "serviceProviderNotes", SETTING_TEXT, 0, NULL, "for the customer to read"},
    {0},
};
static const struct column cross_columns[] = {
    {"SERVICE KEY", "name"}, {"PEERING AT", P "peeringLocation"}, {"MBPS", P "bandwidthInMbps"},
    {"S-TAG", P "sTag"}, {"PROVIDER STATE", P "serviceProviderProvisioningState"}, {"STATE", P "provisioningState"}, {0},
};

static const struct setting group_settings[] = {
    {"--tags", "tags", SETTING_TAGS, 0, NULL, "\"a=b c=d\""},
    {0},
};
static const struct column group_columns[] = {
    {"NAME", "name"}, {"LOCATION", "location"}, {"STATE", P "provisioningState"}, {0},
};

static const struct column provider_columns[] = {
    {"NAME", "name"}, {"PEERING LOCATIONS", P "peeringLocations"}, {0},
};
/* clang-format on */

/* --- what no row can say --- */

static const char *value_of(const struct noun_values *v, const char *option)
{
    for (size_t i = 0; v->noun->settings[i].option; i++)
        if (strcmp(v->noun->settings[i].option, option) == 0) return v->values[i];
    return NULL;
}

static json_t *properties_of(json_t *body)
{
    json_t *p = json_object_get(body, "properties");
    if (!p) json_object_set_new(body, "properties", p = json_object());
    return p;
}

static void resource_id(const struct noun_values *v, const char *collection, const char *name,
                        struct text *out)
{
    if (name[0] == '/')
        text_add(out, name);
    else
        text_addf(out, "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/%s/%s",
                  v->subscription, v->group, collection, name);
}

static json_t *id_object(const struct noun_values *v, const char *collection, const char *name,
                         const char *rest)
{
    struct text id = {0};
    resource_id(v, collection, name, &id);
    text_add(&id, rest);
    json_t *o = json_pack("{s:s}", "id", text_get(&id));
    text_drop(&id);
    return o;
}

/* The name follows from tier and family. */
static bool complete_circuit(const struct noun_values *v, json_t *body)
{
    (void)v;
    json_t *sku = json_object_get(body, "sku");
    if (!sku) json_object_set_new(body, "sku", sku = json_object());
    if (!json_object_get(sku, "tier")) json_object_set_new(sku, "tier", json_string("Standard"));
    if (!json_object_get(sku, "family"))
        json_object_set_new(sku, "family", json_string("MeteredData"));
    json_object_set_new(sku, "name",
                        json_sprintf("%s_%s", json_string_value(json_object_get(sku, "tier")),
                                     json_string_value(json_object_get(sku, "family"))));
    return true;
}

static bool complete_gateway(const struct noun_values *v, json_t *body)
{
    json_t *p = properties_of(body), *sku = json_object_get(p, "sku");
    const char *vnet = value_of(v, "--vnet"), *address = value_of(v, "--public-ip-address");
    if (!json_object_get(p, "gatewayType"))
        json_object_set_new(p, "gatewayType", json_string("ExpressRoute"));
    if (!sku) json_object_set_new(p, "sku", sku = json_pack("{s:s}", "name", "ErGw1AZ"));
    json_object_set(sku, "tier", json_object_get(sku, "name"));
    if (!vnet) return true;
    json_t *at = json_pack("{s:o, s:s}", "subnet",
                           id_object(v, "virtualNetworks", vnet, "/subnets/GatewaySubnet"),
                           "privateIPAllocationMethod", "Dynamic");
    if (address)
        json_object_set_new(at, "publicIPAddress", id_object(v, "publicIPAddresses", address, ""));
    json_object_set_new(p, "ipConfigurations",
                        json_pack("[{s:s, s:o}]", "name", "default", "properties", at));
    return true;
}

static bool complete_connection(const struct noun_values *v, json_t *body)
{
    json_t *p = properties_of(body);
    (void)v;
    if (!json_object_get(p, "connectionType"))
        json_object_set_new(p, "connectionType", json_string("ExpressRoute"));
    return true;
}

static bool complete_public_ip(const struct noun_values *v, json_t *body)
{
    json_t *p = properties_of(body);
    (void)v;
    if (!json_object_get(body, "sku"))
        json_object_set_new(body, "sku", json_pack("{s:s}", "name", "Standard"));
    if (!json_object_get(p, "publicIPAllocationMethod"))
        json_object_set_new(p, "publicIPAllocationMethod", json_string("Static"));
    return true;
}

/* Calls `each` for every word of a list. */
static bool each_word(const char *list, bool (*each)(void *ctx, const char *word), void *ctx)
{
    static const char gaps[] = ", ";
    bool fine = true;
    char *copy = strdup(list);
    if (!copy) abort();
    for (char *word = copy + strspn(copy, gaps); fine && *word;) {
        size_t n = strcspn(word, gaps);
        bool last = word[n] == '\0';
        word[n] = '\0';
        fine = each(ctx, word);
        word += n + !last;
        word += strspn(word, gaps);
    }
    free(copy);
    return fine;
}

static bool add_subnet(void *ctx, const char *word)
{
    const char *equals = strchr(word, '=');
    if (!equals || equals == word) {
        fprintf(stderr, "fairlead: --subnets takes NAME=PREFIX, not '%s'\n", word);
        return false;
    }
    json_array_append_new(ctx, json_pack("{s:o, s:{s:s}}", "name",
                                         json_stringn(word, (size_t)(equals - word)), "properties",
                                         "addressPrefix", equals + 1));
    return true;
}

static bool complete_vnet(const struct noun_values *v, json_t *body)
{
    const char *subnets = value_of(v, "--subnets");
    if (!subnets) return true;
    json_t *list = json_array();
    json_object_set_new(properties_of(body), "subnets", list);
    return each_word(subnets, add_subnet, list);
}

/* clang-format off */
const struct noun nouns[NOUNS] = {
    [NOUN_CIRCUIT] = {"circuit", "order, look at and change circuits", "expressRouteCircuits", NULL, NULL,
     "--name", "-n", "er-demo", true, ACCOUNT_CUSTOMER, circuit_settings, circuit_columns, complete_circuit},
    [NOUN_PEERING] = {"peering", "BGP sessions of a circuit", "peerings", "--circuit-name", "expressRouteCircuits",
     "--peering-type", "-n", "AzurePrivatePeering", false, ACCOUNT_CUSTOMER, peering_settings, peering_columns, NULL},
    [NOUN_AUTH] = {"auth", "keys by which others may link to a circuit", "authorizations", "--circuit-name", "expressRouteCircuits",
     "--name", "-n", "a1", false, ACCOUNT_CUSTOMER, auth_settings, auth_columns, NULL},
    [NOUN_CONNECTION] = {"connection", "links between circuits and gateways", "connections", NULL, NULL,
     "--name", "-n", "conn-demo", true, ACCOUNT_CUSTOMER, connection_settings, connection_columns, complete_connection},
    [NOUN_GATEWAY] = {"gateway", "gateways of virtual networks", "virtualNetworkGateways", NULL, NULL,
     "--name", "-n", "gw-demo", true, ACCOUNT_CUSTOMER, gateway_settings, gateway_columns, complete_gateway},
    [NOUN_VNET] = {"vnet", "virtual networks", "virtualNetworks", NULL, NULL,
     "--name", "-n", "vnet-demo", true, ACCOUNT_CUSTOMER, vnet_settings, vnet_columns, complete_vnet},
    [NOUN_PUBLIC_IP] = {"public-ip", "addresses of gateways", "publicIPAddresses", NULL, NULL,
     "--name", "-n", "gw-ip", true, ACCOUNT_CUSTOMER, public_ip_settings, public_ip_columns, complete_public_ip},
    [NOUN_CROSS_CONNECTION] = {"cross-connection", "the provider's side of circuits", "expressRouteCrossConnections", NULL, NULL,
     "--name", "-n", "SERVICE-KEY", true, ACCOUNT_PROVIDER, cross_settings, cross_columns, NULL},
    [NOUN_GROUP] = {"group", "resource groups", NULL, NULL, NULL,
     "--name", "-n", "rg-demo", true, ACCOUNT_CUSTOMER, group_settings, group_columns, NULL},
    [NOUN_PROVIDER] = {"provider", "who sells circuits, and where", "expressRouteServiceProviders", NULL, NULL,
     NULL, NULL, NULL, false, ACCOUNT_CUSTOMER, auth_settings, provider_columns, NULL},
};
/* clang-format on */

/* --- from options to members --- */

static json_t *refuse(const struct setting *s, const char *value, const char *wanted)
{
    struct text shown = {0};
    text_add_escaped(&shown, value, strlen(value), 60);
    fprintf(stderr, "fairlead: %s takes %s, not '%s'\n", s->option, wanted, text_get(&shown));
    text_drop(&shown);
    return NULL;
}

static bool add_item(void *ctx, const char *word)
{
    json_array_append_new(ctx, json_string(word));
    return true;
}

static bool add_tag(void *ctx, const char *word)
{
    size_t n = strcspn(word, "=");
    char *name = strndup(word, n);
    if (!name) abort();
    json_object_set_new(ctx, name, json_string(word[n] ? word + n + 1 : ""));
    free(name);
    return true;
}

static json_t *number_value(const struct setting *s, const char *value)
{
    char *end;
    long long n = strtoll(value, &end, 10);
    if (*value && !*end) return json_integer(n);
    return refuse(s, value, "a number");
}

static json_t *mbps_value(const struct setting *s, const char *value)
{
    char *unit;
    long long n = strtoll(value, &unit, 10);
    bool number = unit != value && n > 0;
    unit += strspn(unit, " ");
    if (number && (!*unit || text_same_nocase(unit, "Mbps"))) return json_integer(n);
    if (number && text_same_nocase(unit, "Gbps")) return json_integer(n * 1000);
    return refuse(s, value, "a bandwidth such as \"200 Mbps\" or \"1 Gbps\"");
}

static json_t *text_value(const struct setting *s, const char *value)
{
    enum { MOST = 4096 };
    char content[MOST] = "";
    if (value[0] != '@') return json_string(value);
    FILE *f = fopen(value + 1, "r");
    size_t n = f ? fread(content, 1, sizeof content - 1, f) : 0;
    if (f) fclose(f);
    n = strcspn(content, "\r\n");
    if (f && n > 0) return json_stringn(content, n);
    return refuse(s, value, "a value, or @FILE with one line in it");
}

static json_t *value_json(const struct noun_values *v, const struct setting *s, const char *value)
{
    json_t *out = NULL;
    struct text id = {0};
    switch (s->kind) {
    case SETTING_TEXT:
        return text_value(s, value);
    case SETTING_NUMBER:
        return number_value(s, value);
    case SETTING_MBPS:
        return mbps_value(s, value);
    case SETTING_LIST:
        out = json_array();
        return each_word(value, add_item, out) ? out : NULL;
    case SETTING_TAGS:
        out = json_object();
        return each_word(value, add_tag, out) ? out : NULL;
    case SETTING_ID:
        resource_id(v, s->of, value, &id);
        out = json_string(text_get(&id));
        text_drop(&id);
        return out;
    case SETTING_HOOK:
        break;
    }
    return NULL;
}

/* Sets a.b.c, making objects on the way. Takes the value. */
static void set_member(json_t *o, const char *member, json_t *value)
{
    char part[64];
    for (size_t n; (n = strcspn(member, ".")), member[n]; member += n + 1) {
        snprintf(part, sizeof part, "%.*s", (int)n, member);
        json_t *next = json_object_get(o, part);
        if (!json_is_object(next)) json_object_set_new(o, part, next = json_object());
        o = next;
    }
    json_object_set_new(o, member, value);
}

bool noun_apply(const struct noun_values *v, json_t *body)
{
    for (size_t i = 0; v->noun->settings[i].option; i++) {
        const struct setting *s = &v->noun->settings[i];
        if (!v->values[i] || s->kind == SETTING_HOOK) continue;
        json_t *value = value_json(v, s, v->values[i]);
        if (!value) return false;
        set_member(body, s->member, value);
    }
    return !v->noun->complete || v->noun->complete(v, body);
}

/* --- from members to text --- */

static void add_value(const json_t *value, struct text *out)
{
    size_t i;
    json_t *item;
    const char *s = json_string_value(value);
    const char *last = s && s[0] == '/' ? strrchr(s, '/') + 1 : s; /* of an identifier, the name */
    if (s) text_add_escaped(out, last, strlen(last), 200);
    if (json_is_integer(value)) text_addf(out, "%lld", (long long)json_integer_value(value));
    if (json_is_boolean(value)) text_add(out, json_is_true(value) ? "true" : "false");
    json_array_foreach((json_t *)value, i, item)
    {
        if (i) text_add(out, ", ");
        add_value(item, out);
    }
}

void noun_member_text(const json_t *resource, const char *member, struct text *out)
{
    char part[64];
    while (resource && *member) {
        size_t n = strcspn(member, ".");
        snprintf(part, sizeof part, "%.*s", (int)n, member);
        resource = json_object_get(resource, part);
        member += n + (member[n] == '.');
    }
    add_value(resource, out);
}
