/* model/records_json.c - one table of fields per kind. The rows say types only; ranges and sets
 * with an error code of their own are the business of rules_*.c. */
#include "model/records_json.h"
#include <string.h>
#include "base/text.h"

const char *const record_registries[] = {"NONE",    "ARIN", "APNIC", "AFRINIC", "LACNIC",
                                         "RIPENCC", "RADB", "ALTDB", NULL};
static const char *const states[] = {"Enabled", "Disabled", NULL};

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
