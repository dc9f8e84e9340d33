/* tests/unit/api/world.h - a small world around the API: two subscriptions, a customer, a provider, a
 * reader, a stranger, a catalogue of a few rows, and calls that return JSON. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include "api/api.h"
#include "check.h"

#define CUSTOMER_SUB "11111111-1111-1111-1111-111111111111"
#define PROVIDER_SUB "22222222-2222-2222-2222-222222222222"
#define FOREIGN_SUB "33333333-3333-3333-3333-333333333333"
#define RG "/subscriptions/" CUSTOMER_SUB "/resourceGroups/rg1"
#define NET RG "/providers/Microsoft.Network"
#define FOREIGN_NET "/subscriptions/" FOREIGN_SUB "/resourceGroups/frg/providers/Microsoft.Network"
#define CIRCUIT NET "/expressRouteCircuits/er-demo"
#define PRIVATE CIRCUIT "/peerings/AzurePrivatePeering"
#define VNET NET "/virtualNetworks/vnet-demo"
#define GATEWAY NET "/virtualNetworkGateways/gw-demo"
#define CONNECTION NET "/connections/conn-demo"

#define CIRCUIT_BODY                                                                               \
    "{\"location\":\"West Europe\",\"sku\":{\"name\":\"Standard_MeteredData\",\"tier\":\"Standard\","   \
    "\"family\":\"MeteredData\"},\"properties\":{\"serviceProviderProperties\":{"                  \
    "\"serviceProviderName\":\"Equinix\",\"peeringLocation\":\"Amsterdam\",\"bandwidthInMbps\":200}}}"
#define PEERING_BODY                                                                               \
    "{\"properties\":{\"peerASN\":65010,\"vlanId\":100,\"primaryPeerAddressPrefix\":"              \
    "\"192.168.100.128/30\",\"secondaryPeerAddressPrefix\":\"192.168.100.132/30\","                \
    "\"sharedKey\":\"Abc123\"}}"
#define VNET_BODY                                                                                  \
    "{\"location\":\"westeurope\",\"properties\":{\"addressSpace\":{\"addressPrefixes\":"          \
    "[\"10.20.0.0/16\"]},\"subnets\":[{\"name\":\"GatewaySubnet\",\"properties\":{"                \
    "\"addressPrefix\":\"10.20.255.0/27\"}},{\"name\":\"app\",\"properties\":{\"addressPrefix\":"  \
    "\"10.20.0.0/24\"}}]}}"
#define GATEWAY_BODY                                                                               \
    "{\"location\":\"westeurope\",\"properties\":{\"gatewayType\":\"ExpressRoute\",\"sku\":{"      \
    "\"name\":\"ErGw1AZ\",\"tier\":\"ErGw1AZ\"},\"ipConfigurations\":[{\"name\":\"default\","      \
    "\"properties\":{\"subnet\":{\"id\":\"" VNET "/subnets/GatewaySubnet\"}}}]}}"
#define CONNECTION_BODY                                                                            \
    "{\"location\":\"westeurope\",\"properties\":{\"connectionType\":\"ExpressRoute\","            \
    "\"virtualNetworkGateway1\":{\"id\":\"" GATEWAY "\"},\"peer\":{\"id\":\"" CIRCUIT "\"}}}"

static const char world_providers[] =
    "{\"providers\":[{\"name\":\"Equinix\",\"spellings\":[\"Equinix\"],\"clouds\":{\"global\":["
    "\"Amsterdam\",\"Silicon Valley\",\"London\"]}},{\"name\":\"Colt\",\"spellings\":[\"Colt\","
    "\"Colt Technology\"],\"clouds\":{\"global\":[\"London\"]}},{\"name\":\"Gov\",\"spellings\":[],"
    "\"clouds\":{\"usgov\":[\"Dallas\"]}}],\"bandwidths_offered_default\":["
    "{\"offerName\":\"50Mbps\",\"valueInMbps\":50},{\"offerName\":\"200Mbps\",\"valueInMbps\":200},"
    "{\"offerName\":\"500Mbps\",\"valueInMbps\":500},{\"offerName\":\"1Gbps\",\"valueInMbps\":1000}]}";
static const char world_locations[] =
    "{\"geopolitical_regions\":[{\"name\":\"Europe\",\"cloud\":\"global\",\"azure_regions\":["
    "\"West Europe\"],\"locations\":[\"Amsterdam\"]},"
    "{\"name\":\"North America\",\"cloud\":\"global\",\"azure_regions\":[\"West US\"],"
    "\"locations\":[\"Silicon Valley\"]}],\"locations\":[{\"cloud\":\"global\",\"name\":\"Amsterdam\",\"metro\":\"Amsterdam\","
    "\"geopolitical_region\":\"Europe\",\"local_sku_available\":true,\"country\":\"NL\","
    "\"expressroute_direct\":true,\"facilities\":[\"Equinix AM5\"]},{\"cloud\":\"global\",\"name\":"
    "\"London\",\"metro\":\"London\",\"geopolitical_region\":\"Europe\",\"local_sku_available\":false,"
    "\"country\":\"GB\",\"expressroute_direct\":true,\"facilities\":[\"Equinix LD5\"]},"
    "{\"cloud\":\"global\",\"name\":\"Silicon Valley\",\"metro\":\"Silicon Valley\","
    "\"geopolitical_region\":\"North America\",\"local_sku_available\":true}]}";
static const char world_limits[] =
    "{\"bandwidths_mbps\":{\"provider\":[50],\"direct_10g\":[1000,10000],\"direct_100g\":[5000,10000,100000],"
    "\"direct_400g\":[5000]},\"global_reach_countries\":[\"NL\",\"GB\",\"US\"],\"bgp\":{\"md5_max_chars\":25},\"vnet\":{\"circuits_same_peering_location\":4},\"vnet_links\":{\"local_standard\":2,"
    "\"premium_by_mbps\":{\"50\":3,\"200\":4}},\"routes\":{\"address_spaces_at_link_creation\":3},"
    "\"connection_weight\":{\"max\":32000}}";
static const char world_gateways[] =
    "{\"skus\":[{\"sku\":\"Standard\",\"zone_class\":\"none\",\"mbps\":1000,\"max_circuits\":4,"
    "\"fastpath\":false},{\"sku\":\"ErGw1AZ\",\"zone_class\":\"zonal\",\"mbps\":1000,\"max_circuits\":"
    "4,\"fastpath\":false},{\"sku\":\"ErGw3AZ\",\"zone_class\":\"zonal\",\"mbps\":10000,"
    "\"max_circuits\":16,\"fastpath\":true},{\"sku\":\"ErGwScale\",\"zone_class\":\"zonal\",\"mbps\":1000,"
    "\"max_circuits_by_min_units\":{\"1\":4}}]}";
static const char world_communities[] =
    "{\"regions\":[{\"region\":\"East US\",\"arm_location\":\"eastus\",\"microsoft_peering\":\"12076:51004\"},"
    "{\"region\":\"West Europe\",\"arm_location\":\"westeurope\",\"microsoft_peering\":"
    "\"12076:51002\",\"storage\":\"12076:52002\"},{\"region\":\"West US\",\"arm_location\":\"westus\","
    "\"microsoft_peering\":\"12076:51006\"}],\"services\":[{\"name\":\"Exchange Online\","
    "\"community\":\"12076:5010\",\"needs_m365_authorisation\":true},{\"name\":\"Skype\",\"community\":"
    "\"12076:5030\",\"needs_m365_authorisation\":true},{\"name\":\"CRM\",\"community\":\"12076:5040\"}]}";

static const struct api_subscription world_subscriptions[] = {
    {CUSTOMER_SUB, "Customer", API_CUSTOMER, NULL},
    {PROVIDER_SUB, "Provider", API_PROVIDER_SIDE, NULL},
    {FOREIGN_SUB, "Somebody else", API_CUSTOMER, NULL},
};

#define WORLD_CALLER(name, role, scope)                                                            \
    static const struct api_grant name##_grants[] = {{role, scope}};                               \
    static const struct api_caller name = {#name, name##_grants, 1}
WORLD_CALLER(owner, API_OWNER, "/subscriptions/" CUSTOMER_SUB);
WORLD_CALLER(provider, API_PROVIDER, "/subscriptions/" PROVIDER_SUB);
WORLD_CALLER(reader, API_READER, "/subscriptions/" CUSTOMER_SUB);
WORLD_CALLER(operator_, API_OPERATOR, "/");
WORLD_CALLER(foreigner, API_OWNER, "/subscriptions/" FOREIGN_SUB);

struct world {
    struct api *api;
    struct api_world is;
    int64_t now_ms;
    unsigned guids;
    json_t *evidence;
    /* the newest answer */
    struct api_response out;
    json_t *json;
};

static void world_guid(void *ctx, char out[API_GUID_TEXT])
{
    struct world *w = ctx;
    snprintf(out, API_GUID_TEXT, "aaaaaaaa-0000-4000-8000-%012x", ++w->guids);
}

static const json_t *world_evidence(void *ctx) { return ((struct world *)ctx)->evidence; }

static void world_open(struct world *w)
{
    struct arena a;
    struct problems ps;
    arena_init(&a, 1 << 20);
    problems_init(&ps, &a);
    w->api = api_new(&w->is, w->now_ms, &ps);
    for (const struct problem *p = ps.first; p; p = p->next) print_message("%s: %s\n", p->where, p->what);
    arena_drop(&a);
    assert_non_null(w->api);
}

static int world_setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->now_ms = 1800000000000;
    w->is = (struct api_world){
        .store = store_memory_new(), .tenant_id = "99999999-9999-9999-9999-999999999999",
        .subscriptions = world_subscriptions, .subscriptions_n = ARRAY_LEN(world_subscriptions),
        .catalogues = {world_providers, world_locations, world_limits, world_gateways,
                       world_communities},
        .pace = 0, .ctx = w, .guid = world_guid, .evidence = world_evidence};
    world_open(w);
    *state = w;
    return 0;
}

static int world_teardown(void **state)
{
    struct world *w = *state;
    api_response_drop(&w->out);
    json_decref(w->json);
    json_decref(w->evidence);
    api_drop(w->api);
    store_drop(w->is.store);
    free(w);
    return 0;
}

/* Sends a request; the answer is in w->out and w->json. Returns the status. */
static int ask_with(struct world *w, const struct api_caller *who, enum api_method method,
                    const char *target, const char *body, const char *if_match, const char *if_none)
{
    char full[2048];
    const char *query = strchr(target, '?') ? "" : "?api-version=2022-01-01";
    snprintf(full, sizeof full, "%s%s", target, query);
    api_response_drop(&w->out);
    json_decref(w->json);
    w->json = NULL;
    const struct api_request req = {.method = method, .target = full, .base_url = "https://localhost:8443",
                                    .body = body, .body_n = body ? strlen(body) : 0, .caller = who,
                                    .if_match = if_match, .if_none_match = if_none};
    api_handle(w->api, &req, w->now_ms, &w->out);
    if (w->out.body.n && method != API_HEAD) {
        w->json = json_loads(w->out.body.s, JSON_DECODE_ANY, NULL);
        assert_non_null(w->json);
    }
    return w->out.status;
}

static inline int ask(struct world *w, const struct api_caller *who, enum api_method method,
                      const char *target, const char *body)
{
    return ask_with(w, who, method, target, body, NULL, NULL);
}

static inline int get(struct world *w, const char *target) { return ask(w, &owner, API_GET, target, NULL); }
static inline int put(struct world *w, const char *target, const char *body)
{
    return ask(w, &owner, API_PUT, target, body);
}

static inline const char *header(const struct world *w, const char *name)
{
    for (size_t i = 0; i < w->out.headers_n; i++)
        if (strcmp(w->out.headers[i].name, name) == 0) return text_get(&w->out.headers[i].value);
    return NULL;
}

/* A value by a path such as "properties.peerings.0.name"; NULL when there is none. */
static const json_t *at(const json_t *v, const char *path)
{
    char part[64];
    while (v && *path) {
        size_t n = strcspn(path, ".");
        snprintf(part, sizeof part, "%.*s", (int)n, path);
        v = json_is_array(v) ? json_array_get(v, strtoul(part, NULL, 10)) : json_object_get(v, part);
        path += n + (path[n] == '.');
    }
    return v;
}

static inline const char *says(const struct world *w, const char *path)
{
    const char *s = json_string_value(at(w->json, path));
    return s ? s : "(nothing)";
}

static inline void expect_fault(struct world *w, int status, const char *code)
{
    if (w->out.status != status || strcmp(says(w, "error.code"), code) != 0)
        print_message("answer %d %s\n", w->out.status, text_get(&w->out.body));
    assert_int_equal(w->out.status, status);
    assert_string_equal(says(w, "error.code"), code);
}

#define EXPECT(status, call)                                                                       \
    do {                                                                                           \
        int got_ = (call);                                                                         \
        if (got_ != (status)) print_message("answer %d %s\n", got_, text_get(&w->out.body));       \
        assert_int_equal(got_, status);                                                            \
    } while (0)

/* The target of an absolute link in an answer. */
static inline const char *link_target(const char *url)
{
    assert_non_null(url);
    assert_int_equal(strncmp(url, "https://localhost:8443/", 23), 0);
    return url + 22;
}

static inline void make_group(struct world *w)
{
    EXPECT(201, put(w, RG, "{\"location\":\"westeurope\"}"));
}

/* Moves the provider's state of a circuit; `where` as in the group's name. */
static inline void provision_at(struct world *w, const char *circuit, const char *where,
                                const char *state_name)
{
    char body[1024], target[256];
    EXPECT(200, get(w, circuit));
    snprintf(target, sizeof target,
             "/subscriptions/" PROVIDER_SUB "/resourceGroups/CrossConnection-%s/providers/"
             "Microsoft.Network/expressRouteCrossConnections/%s",
             where, says(w, "properties.serviceKey"));
    snprintf(body, sizeof body,
             "{\"location\":\"%s\",\"properties\":{\"serviceProviderProvisioningState\":\"%s\","
             "\"expressRouteCircuit\":{\"id\":\"%s\"},\"bandwidthInMbps\":200}}",
             says(w, "location"), state_name, circuit);
    EXPECT(200, ask(w, &provider, API_PUT, target, body));
}

static inline void provision(struct world *w, const char *state_name)
{
    provision_at(w, CIRCUIT, "Amsterdam", state_name);
}

static inline void make_circuit(struct world *w)
{
    make_group(w);
    EXPECT(201, put(w, CIRCUIT, CIRCUIT_BODY));
}

static inline void make_gateway(struct world *w)
{
    EXPECT(201, put(w, VNET, VNET_BODY));
    EXPECT(201, put(w, GATEWAY, GATEWAY_BODY));
}

/* Everything up to the connection. */
static inline void make_link(struct world *w)
{
    make_circuit(w);
    provision(w, "Provisioned");
    EXPECT(201, put(w, PRIVATE, PEERING_BODY));
    make_gateway(w);
    EXPECT(201, put(w, CONNECTION, CONNECTION_BODY));
}
