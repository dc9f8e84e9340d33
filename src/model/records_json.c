/* model/records_json.c - one table of fields per kind. The rows say types only; ranges and sets
 * with an error code of their own are the business of rules_*.c. */
#include "model/records_json.h"
#include <string.h>
#include "base/text.h"

const char *const record_registries[] = {"NONE",    "ARIN", "APNIC", "AFRINIC", "LACNIC",
                                         "RIPENCC", "RADB", "ALTDB", NULL};
const char *const record_encapsulations[] = {"Dot1Q", "QinQ", NULL};
const char *const record_billings[] = {"MeteredData", "UnlimitedData", NULL};
static const char *const states[] = {"Enabled", "Disabled", NULL};
static const char *const switches[] = {"Disabled", "Enabled", NULL};
static const char *const accesses[] = {"Allow", "Deny", NULL};
static const char *const rule_types[] = {"Community", NULL};
static const char *const ciphers[] = {"GcmAes256", "GcmAes128", "GcmAesXpn128", "GcmAesXpn256",
                                      NULL};

static void read_gbps(const struct fields_reader *r, const json_t *v, void *record,
                      const char *where)
{
    struct record_circuit *c = record;
    double gbps = json_number_value(v);
    if (!json_is_number(v) || !(gbps > 0 && gbps <= 1000))
        problem_add(r->problems, where, "a number of Gbps above 0, at most 1000", "",
                    "'bandwidthInGbps' is %s", fields_type_name(v));
    else
        c->gbps_as_mbps = (uint64_t)(gbps * 1000 + 0.5);
}

static void read_tags(const struct fields_reader *r, const json_t *v, void *record,
                      const char *where)
{
    const char *key;
    json_t *tag;
    (void)record;
    if (!json_is_object(v))
        problem_add(r->problems, where, "an object of strings", "", "'tags' is %s",
                    fields_type_name(v));
    json_object_foreach((json_t *)v, key, tag)
    {
        if (!json_is_string(tag) && !json_is_null(tag))
            problem_add(r->problems, fields_pointer(r->arena, where, key), "tags are strings", "",
                        "a tag is %s", fields_type_name(tag));
    }
}

/* clang-format off */
#define TEXT(key, type, member) {key, FIELD_TEXT, offsetof(type, member)}
#define SECRET(key, type, member) {key, FIELD_TEXT, offsetof(type, member), FIELD_SECRET}
#define NUMBER(key, type, member) {key, FIELD_U64, offsetof(type, member)}
#define FLAG(key, type, member) {key, FIELD_BOOL, offsetof(type, member)}
#define WORD(key, type, member, words) {key, FIELD_ENUM, offsetof(type, member), .names = words}
#define OBJECT(key, type, member, rows) {key, FIELD_OBJECT, offsetof(type, member), .sub = rows}
#define INLINE(key, rows) {key, FIELD_OBJECT, 0, .sub = rows} /* its members lie in the same struct */
#define TEXTS(key, type, member)                                                                   \
    {key, FIELD_TEXTS, offsetof(type, member), .count_at = offsetof(type, member##_n)}

static const struct field reference_rows[] = {TEXT("id", struct record_reference, id), {0}};

static const struct field sku_rows[] = {
    TEXT("name", struct record_sku, name),
    TEXT("tier", struct record_sku, tier),
    TEXT("family", struct record_sku, family),
    {0},
};

static const struct field head_rows[] = {
    TEXT("id", struct record_head, id),
    TEXT("name", struct record_head, name),
    TEXT("location", struct record_head, location),
    OBJECT("sku", struct record_head, sku, sku_rows),
    {"tags", FIELD_CUSTOM, .read = read_tags},
    {0},
};

static const struct field circuit_provider_rows[] = {
    TEXT("serviceProviderName", struct record_circuit, provider.name),
    TEXT("peeringLocation", struct record_circuit, provider.location),
    NUMBER("bandwidthInMbps", struct record_circuit, provider.mbps),
    {0},
};

static const struct field circuit_rows[] = {
    INLINE("serviceProviderProperties", circuit_provider_rows),
    OBJECT("expressRoutePort", struct record_circuit, port, reference_rows),
    {"bandwidthInGbps", FIELD_CUSTOM, .read = read_gbps},
    FLAG("allowClassicOperations", struct record_circuit, classic),
    FLAG("globalReachEnabled", struct record_circuit, global_reach),
    FLAG("enableDirectPortRateLimit", struct record_circuit, rate_limit),
    SECRET("authorizationKey", struct record_circuit, authorization_key),
    {0},
};

static const struct field microsoft_rows[] = {
    TEXTS("advertisedPublicPrefixes", struct record_microsoft, prefixes),
    TEXTS("advertisedCommunities", struct record_microsoft, communities),
    NUMBER("customerASN", struct record_microsoft, customer_asn),
    WORD("routingRegistryName", struct record_microsoft, registry, record_registries),
    {0},
};

static const struct field ipv6_rows[] = {
    TEXT("primaryPeerAddressPrefix", struct record_ipv6, primary),
    TEXT("secondaryPeerAddressPrefix", struct record_ipv6, secondary),
    OBJECT("microsoftPeeringConfig", struct record_ipv6, microsoft, microsoft_rows),
    OBJECT("routeFilter", struct record_ipv6, route_filter, reference_rows),
    WORD("state", struct record_ipv6, state, states),
    {0},
};

static const struct field peering_rows[] = {
    TEXT("peeringType", struct record_peering, type),
    NUMBER("peerASN", struct record_peering, asn),
    NUMBER("vlanId", struct record_peering, vlan),
    TEXT("primaryPeerAddressPrefix", struct record_peering, primary),
    TEXT("secondaryPeerAddressPrefix", struct record_peering, secondary),
    SECRET("sharedKey", struct record_peering, shared_key),
    WORD("state", struct record_peering, state, states),
    OBJECT("microsoftPeeringConfig", struct record_peering, microsoft, microsoft_rows),
    OBJECT("routeFilter", struct record_peering, route_filter, reference_rows),
    OBJECT("ipv6PeeringConfig", struct record_peering, ipv6, ipv6_rows),
    {0},
};

static const struct field authorization_rows[] = {{0}};

static const struct field cross_rows[] = {
    TEXT("serviceProviderProvisioningState", struct record_cross_connection, state),
    TEXT("serviceProviderNotes", struct record_cross_connection, notes),
    OBJECT("expressRouteCircuit", struct record_cross_connection, circuit, reference_rows),
    {0},
};

static const struct field reach6_rows[] = {TEXT("addressPrefix", struct record_reach, prefix6), {0}};

static const struct field reach_rows[] = {
    OBJECT("expressRouteCircuitPeering", struct record_reach, peering, reference_rows),
    OBJECT("peerExpressRouteCircuitPeering", struct record_reach, peer, reference_rows),
    TEXT("addressPrefix", struct record_reach, prefix),
    SECRET("authorizationKey", struct record_reach, authorization_key),
    INLINE("ipv6CircuitConnectionConfig", reach6_rows),
    {0},
};

static const struct field filter_rows[] = {{0}};

static const struct field filter_rule_rows[] = {
    WORD("access", struct record_filter_rule, access, accesses),
    WORD("routeFilterRuleType", struct record_filter_rule, type, rule_types),
    TEXTS("communities", struct record_filter_rule, communities),
    {0},
};

static const struct field macsec_rows[] = {
    TEXT("cknSecretIdentifier", struct record_port_link, macsec.ckn),
    TEXT("cakSecretIdentifier", struct record_port_link, macsec.cak),
    WORD("cipher", struct record_port_link, macsec.cipher, ciphers),
    WORD("sciState", struct record_port_link, macsec.sci, switches),
    {0},
};

static const struct field port_link_inner_rows[] = {
    WORD("adminState", struct record_port_link, admin, switches),
    INLINE("macSecConfig", macsec_rows),
    {0},
};

static const struct field port_link_rows[] = {
    TEXT("name", struct record_port_link, name),
    INLINE("properties", port_link_inner_rows),
    {0},
};

static const struct record_port_link port_link_blank = {"", -1, {"", "", -1, -1}};

static const struct field port_rows[] = {
    TEXT("peeringLocation", struct record_port, location),
    NUMBER("bandwidthInGbps", struct record_port, gbps),
    WORD("encapsulation", struct record_port, encapsulation, record_encapsulations),
    WORD("billingType", struct record_port, billing, record_billings),
    {"links", FIELD_LIST, offsetof(struct record_port, links), .sub = port_link_rows,
     .size = sizeof(struct record_port_link), .count_at = offsetof(struct record_port, links_n),
     .blank = &port_link_blank},
    {0},
};

static const struct field bounds_rows[] = {
    NUMBER("min", struct record_hub_gateway, least),
    NUMBER("max", struct record_hub_gateway, most),
    {0},
};
static const struct field scale_rows[] = {INLINE("bounds", bounds_rows), {0}};

static const struct field hub_gateway_rows[] = {
    OBJECT("virtualHub", struct record_hub_gateway, hub, reference_rows),
    INLINE("autoScaleConfiguration", scale_rows),
    FLAG("allowNonVirtualWanTraffic", struct record_hub_gateway, others),
    {0},
};

static const struct field hub_connection_rows[] = {
    OBJECT("expressRouteCircuitPeering", struct record_hub_connection, peering, reference_rows),
    SECRET("authorizationKey", struct record_hub_connection, authorization_key),
    NUMBER("routingWeight", struct record_hub_connection, weight),
    FLAG("enableInternetSecurity", struct record_hub_connection, internet),
    FLAG("expressRouteGatewayBypass", struct record_hub_connection, bypass),
    FLAG("enablePrivateLinkFastPath", struct record_hub_connection, private_link),
    {0},
};

static const struct field space_rows[] = {TEXTS("addressPrefixes", struct record_vnet, prefixes), {0}};

static const struct field vnet_rows[] = {INLINE("addressSpace", space_rows), {0}};

static const struct field subnet_rows[] = {
    TEXT("addressPrefix", struct record_subnet, prefix),
    TEXTS("addressPrefixes", struct record_subnet, prefixes),
    {0},
};

static const struct field public_ip_rows[] = {
    TEXT("publicIPAllocationMethod", struct record_public_ip, allocation),
    TEXT("publicIPAddressVersion", struct record_public_ip, version),
    {0},
};

static const struct field ip_config_inner_rows[] = {
    OBJECT("subnet", struct record_ip_config, properties.subnet, reference_rows),
    OBJECT("publicIPAddress", struct record_ip_config, properties.address, reference_rows),
    TEXT("privateIPAllocationMethod", struct record_ip_config, properties.allocation),
    {0},
};

static const struct field ip_config_rows[] = {
    TEXT("name", struct record_ip_config, name),
    INLINE("properties", ip_config_inner_rows),
    {0},
};

static const struct record_ip_config ip_config_blank = {"", {{""}, {""}, ""}};

static const struct field gateway_rows[] = {
    TEXT("gatewayType", struct record_gateway, type),
    TEXT("vpnType", struct record_gateway, vpn_type),
    OBJECT("sku", struct record_gateway, sku, sku_rows),
    {"ipConfigurations", FIELD_LIST, offsetof(struct record_gateway, configs), .sub = ip_config_rows,
     .size = sizeof(struct record_ip_config), .count_at = offsetof(struct record_gateway, configs_n),
     .blank = &ip_config_blank},
    {0},
};

static const struct field connection_rows[] = {
    TEXT("connectionType", struct record_connection, type),
    OBJECT("virtualNetworkGateway1", struct record_connection, gateway, reference_rows),
    OBJECT("peer", struct record_connection, peer, reference_rows),
    SECRET("authorizationKey", struct record_connection, authorization_key),
    NUMBER("routingWeight", struct record_connection, weight),
    FLAG("enableBgp", struct record_connection, bgp),
    FLAG("expressRouteGatewayBypass", struct record_connection, bypass),
    {0},
};

#define BLANK_MICROSOFT {.registry = 0}
static const struct record_head head_blank = {"", "", "", {"", "", ""}};
static const struct record_circuit circuit_blank = {{"", "", 0}, {""}, 0, false, false, false, ""};
static const struct record_peering peering_blank = {
    "", 0, 0, "", "", "", RECORD_ENABLED, BLANK_MICROSOFT, {""},
    {"", "", BLANK_MICROSOFT, {""}, RECORD_ENABLED}};
static const struct record_cross_connection cross_blank = {"", "", {""}};
static const struct record_reach reach_blank = {{""}, {""}, "", "", ""};
static const struct record_filter_rule filter_rule_blank = {RECORD_ALLOW, 0, NULL, 0};
static const struct record_port port_blank = {"", 0, -1, -1, NULL, 0};
static const struct record_hub_gateway hub_gateway_blank = {{""}, 0, 0, false};
static const struct record_hub_connection hub_connection_blank = {{""}, "", 0, false, false, false};
static const struct record_vnet vnet_blank = {0};
static const struct record_subnet subnet_blank = {"", NULL, 0};
static const struct record_public_ip public_ip_blank = {"", ""};
static const struct record_gateway gateway_blank = {"", "", {"", "", ""}, NULL, 0};
static const struct record_connection connection_blank = {"", {""}, {""}, "", 0, false, false};

static const struct record_row {
    const struct field *rows;
    const void *blank;
    size_t size;
} records[RESOURCE_KINDS] = {
    [KIND_CIRCUIT] = {circuit_rows, &circuit_blank, sizeof circuit_blank},
    [KIND_PEERING] = {peering_rows, &peering_blank, sizeof peering_blank},
    [KIND_AUTHORIZATION] = {authorization_rows, "", 0},
    [KIND_CROSS_CONNECTION] = {cross_rows, &cross_blank, sizeof cross_blank},
    [KIND_CROSS_PEERING] = {peering_rows, &peering_blank, sizeof peering_blank},
    [KIND_VNET] = {vnet_rows, &vnet_blank, sizeof vnet_blank},
    [KIND_SUBNET] = {subnet_rows, &subnet_blank, sizeof subnet_blank},
    [KIND_PUBLIC_IP] = {public_ip_rows, &public_ip_blank, sizeof public_ip_blank},
    [KIND_GATEWAY] = {gateway_rows, &gateway_blank, sizeof gateway_blank},
    [KIND_CONNECTION] = {connection_rows, &connection_blank, sizeof connection_blank},
    [KIND_REACH] = {reach_rows, &reach_blank, sizeof reach_blank},
    [KIND_PEER_REACH] = {reach_rows, &reach_blank, sizeof reach_blank},
    [KIND_ROUTE_FILTER] = {filter_rows, "", 0},
    [KIND_ROUTE_FILTER_RULE] = {filter_rule_rows, &filter_rule_blank, sizeof filter_rule_blank},
    [KIND_PORT] = {port_rows, &port_blank, sizeof port_blank},
    [KIND_PORT_LINK] = {port_link_inner_rows, &port_link_blank, sizeof port_link_blank},
    [KIND_PORT_AUTHORIZATION] = {authorization_rows, "", 0},
    [KIND_HUB_GATEWAY] = {hub_gateway_rows, &hub_gateway_blank, sizeof hub_gateway_blank},
    [KIND_HUB_CONNECTION] = {hub_connection_rows, &hub_connection_blank, sizeof hub_connection_blank},
};

/* clang-format on */

const struct field *record_rows(enum resource_kind k) { return records[k].rows; }
size_t record_size(enum resource_kind k) { return records[k].size; }

static json_t *known_value(const struct field *f, json_t *v)
{
    if (f->kind == FIELD_OBJECT && json_is_object(v)) return record_known(f->sub, v);
    if (f->kind == FIELD_LIST && json_is_array(v)) {
        json_t *list = json_array();
        for (size_t i = 0; i < json_array_size(v); i++)
            json_array_append_new(list,
                                  known_value(&(struct field){.kind = FIELD_OBJECT, .sub = f->sub},
                                              json_array_get(v, i)));
        return list;
    }
    for (int i = 0; f->kind == FIELD_ENUM && json_is_string(v) && f->names[i]; i++)
        if (text_same_nocase(f->names[i], json_string_value(v))) return json_string(f->names[i]);
    return json_incref(v);
}

json_t *record_known(const struct field *rows, const json_t *object)
{
    json_t *out = json_object();
    for (const struct field *f = rows; f->name; f++) {
        json_t *v = json_object_get(object, f->name);
        if (v && !json_is_null(v)) json_object_set_new(out, f->name, known_value(f, v));
    }
    return out;
}

static void read_known(const struct field *rows, const json_t *object, struct arena *a,
                       struct problems *ps, const char *where, void *out)
{
    json_t *known = record_known(rows, object);
    fields_read(rows, known, out, a, ps, where);
    json_decref(known);
}

void record_head_read(const json_t *body, struct arena *a, struct problems *ps,
                      struct record_head *out)
{
    *out = head_blank;
    read_known(head_rows, body, a, ps, "", out);
}

void record_read(enum resource_kind k, const json_t *properties, struct arena *a,
                 struct problems *ps, void *out)
{
    memcpy(out, records[k].blank, records[k].size);
    if (properties && !json_is_null(properties) && !json_is_object(properties))
        problem_add(ps, "/properties", "must be an object", "", "'properties' is %s",
                    fields_type_name(properties));
    else
        read_known(records[k].rows, properties, a, ps, "/properties", out);
}
