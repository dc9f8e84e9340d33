/* Global Reach, route filters, ports of one's own, hubs, keys and failover tests: a life of each, and
 * what is refused. */
#include "base/base64.h"
#include "world.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
#define OTHER NET "/expressRouteCircuits/er-two"
#define OTHER_PRIVATE OTHER "/peerings/AzurePrivatePeering"
#define REACH PRIVATE "/connections/gr1"
#define FILTER NET "/routeFilters/rf"
#define RULE FILTER "/routeFilterRules/allow"
#define MICROSOFT CIRCUIT "/peerings/MicrosoftPeering"
#define PORT NET "/ExpressRoutePorts/pt1"
#define PORT_ID NET "/expressRoutePorts/pt1"
#define ON_PORT NET "/expressRouteCircuits/cp1"
#define HUB RG "/providers/Microsoft.Network/virtualHubs/hub1"
#define HUB_GATEWAY NET "/expressRouteGateways/hg"
#define HUB_LINK HUB_GATEWAY "/expressRouteConnections/hc"

#define CIRCUIT_AT(place, tier)                                                                    \
    "{\"location\":\"westeurope\",\"sku\":{\"tier\":\"" tier "\",\"family\":\"MeteredData\"},"          \
    "\"properties\":{\"serviceProviderProperties\":{\"serviceProviderName\":\"Equinix\","              \
    "\"peeringLocation\":\"" place "\",\"bandwidthInMbps\":200}}}"
#define LINKS(vlan, a, b)                                                                          \
    "{\"properties\":{\"peerASN\":65020,\"vlanId\":" vlan ",\"primaryPeerAddressPrefix\":\"" a          \
    "\",\"secondaryPeerAddressPrefix\":\"" b "\"}}"
#define REACH_BODY(more)                                                                           \
    "{\"properties\":{\"expressRouteCircuitPeering\":{\"id\":\"" PRIVATE "\"},"                        \
    "\"peerExpressRouteCircuitPeering\":{\"id\":\"" OTHER_PRIVATE "\"},\"addressPrefix\":"             \
    "\"10.250.0.0/29\"" more "}}"

static void make_two(struct world *w, const char *where, const char *second)
{
    make_circuit(w);
    provision(w, "Provisioned");
    EXPECT(201, put(w, PRIVATE, PEERING_BODY));
    EXPECT(201, put(w, OTHER, second));
    provision_at(w, OTHER, where, "Provisioned");
    EXPECT(201, put(w, OTHER_PRIVATE, LINKS("200", "10.9.0.0/30", "10.9.0.4/30")));
}

static void two_circuits_are_joined_and_both_ends_show_it(void **state)
{
    struct world *w = *state;
    make_two(w, "London", CIRCUIT_AT("London", "Standard"));
    EXPECT(201, put(w, REACH, REACH_BODY("")));
    assert_string_equal(says(w, "id"), REACH);
    EXPECT(200, get(w, REACH));
    assert_string_equal(says(w, "properties.provisioningState"), "Succeeded");
    assert_string_equal(says(w, "properties.circuitConnectionStatus"), "Disconnected");
    EXPECT(200, get(w, OTHER_PRIVATE "/peerConnections"));
    assert_string_equal(says(w, "value.0.properties.connectionName"), "gr1");
    assert_string_equal(says(w, "value.0.properties.expressRouteCircuitPeering.id"), OTHER_PRIVATE);
    assert_string_equal(says(w, "value.0.properties.peerExpressRouteCircuitPeering.id"), PRIVATE);
    EXPECT(200, get(w, PRIVATE));
    assert_string_equal(says(w, "properties.connections.0.name"), "gr1");
    EXPECT(200, get(w, OTHER));
    assert_string_equal(says(w, "properties.peerings.0.properties.peeredConnections.0.properties."
                                "addressPrefix"), "10.250.0.0/29");
    ask(w, &owner, API_DELETE, OTHER_PRIVATE, NULL);
    expect_fault(w, 400, "InUseExpressRoutePeeringCannotBeDeleted");
    ask(w, &owner, API_DELETE, CIRCUIT, NULL);
    expect_fault(w, 400, "InUseExpressRouteCircuitCannotBeDeleted");
    EXPECT(200, put(w, REACH, REACH_BODY(",\"ipv6CircuitConnectionConfig\":{\"addressPrefix\":"
                                         "\"aa:bb::1/125\"}")));
    EXPECT(202, ask(w, &owner, API_DELETE, REACH, NULL));
    EXPECT(404, get(w, REACH));
    EXPECT(200, get(w, OTHER_PRIVATE "/peerConnections"));
    assert_int_equal(json_array_size(at(w->json, "value")), 0);
    EXPECT(202, ask(w, &owner, API_DELETE, OTHER_PRIVATE, NULL));
}

#define IN_PEERING(inner)                                                                          \
    "{\"properties\":{\"peerASN\":65010,\"vlanId\":100,\"primaryPeerAddressPrefix\":"                 \
    "\"192.168.100.128/30\",\"secondaryPeerAddressPrefix\":\"192.168.100.132/30\"" inner "}}"

/* A peering's body, and a circuit's, list what joins it, like any child. */
static void global_reach_in_a_parents_body_is_applied(void **state)
{
    struct world *w = *state;
    make_two(w, "London", CIRCUIT_AT("London", "Standard"));
    char *peering = NULL, *id = NULL;
    EXPECT(200, put(w, PRIVATE, IN_PEERING(",\"connections\":[{\"name\":\"gr1\",\"properties\":{"
        "\"peerExpressRouteCircuitPeering\":{\"id\":\"" OTHER_PRIVATE "\"},\"addressPrefix\":"
        "\"10.250.0.0/29\"}}]")));
    EXPECT(200, get(w, REACH));
    assert_string_equal(says(w, "properties.provisioningState"), "Succeeded");
    /* what GET of a circuit gave goes back whole, and nothing is new */
    EXPECT(200, get(w, CIRCUIT));
    assert_string_equal(says(w, "properties.peerings.0.properties.connections.0.name"), "gr1");
    id = strdup(says(w, "properties.peerings.0.properties.connections.0.etag"));
    peering = json_dumps(w->json, 0);
    EXPECT(200, put(w, CIRCUIT, peering));
    EXPECT(200, get(w, REACH));
    assert_string_equal(says(w, "etag"), id);
    free(peering), free(id);
    /* without the list it stays, with an empty one it goes */
    EXPECT(200, put(w, PRIVATE, IN_PEERING("")));
    EXPECT(200, get(w, REACH));
    EXPECT(200, get(w, CIRCUIT));
    json_array_clear((json_t *)(uintptr_t)at(w->json, "properties.peerings.0.properties.connections"));
    peering = json_dumps(w->json, 0);
    EXPECT(200, put(w, CIRCUIT, peering));
    free(peering);
    EXPECT(404, get(w, REACH));
    EXPECT(200, get(w, OTHER_PRIVATE "/peerConnections"));
    assert_int_equal(json_array_size(at(w->json, "value")), 0);
    /* the fault names its place */
    EXPECT(200, get(w, CIRCUIT));
    json_t *list = (json_t *)(uintptr_t)at(w->json, "properties.peerings.0.properties.connections");
    json_array_append_new(list, json_pack("{s:s, s:{s:{s:s}, s:s}}", "name", "gr1", "properties",
                                          "peerExpressRouteCircuitPeering", "id", OTHER_PRIVATE,
                                          "addressPrefix", "10.250.0.0/28"));
    peering = json_dumps(w->json, 0);
    put(w, CIRCUIT, peering);
    free(peering);
    expect_fault(w, 400, "ExpressRoutePeeringPrefixInvalid");
    assert_string_equal(says(w, "error.target"),
                        "/properties/peerings/0/properties/connections/0/properties/addressPrefix");
}

/* The links of Global Reach and of connections are told apart by tags of one pool. */
static void a_tag_is_given_back_with_its_link(void **state)
{
    struct world *w = *state;
    make_two(w, "London", CIRCUIT_AT("London", "Standard"));
    for (int i = 0; i < 2; i++) {
        EXPECT(201, put(w, REACH, REACH_BODY("")));
        json_t *all = api_resources(w->api), *r;
        json_int_t tag = 0;
        size_t k;
        json_array_foreach(all, k, r)
            if (strstr(json_string_value(json_object_get(r, "id")), "/connections/gr1"))
                tag = json_integer_value(json_object_get(json_object_get(r, "internal"), "tag"));
        json_decref(all);
        assert_int_equal(tag, 1);
        EXPECT(202, ask(w, &owner, API_DELETE, REACH, NULL));
    }
}

static void circuits_that_cannot_be_joined_are_refused_by_name(void **state)
{
    struct world *w = *state;
    make_two(w, "SiliconValley", CIRCUIT_AT("Silicon Valley", "Standard"));
    put(w, REACH, REACH_BODY("")); /* another geography */
    expect_fault(w, 400, "ExpressRouteGlobalReachNotSupported");
    put(w, REACH, "{\"properties\":{\"peerExpressRouteCircuitPeering\":{\"id\":\"" OTHER_PRIVATE
                  "\"},\"addressPrefix\":\"10.9.0.0/29\"}}"); /* on a link of the other circuit */
    assert_int_equal(w->out.status, 400);
    put(w, REACH, "{\"properties\":{\"peerExpressRouteCircuitPeering\":{\"id\":\"" FOREIGN_NET
                  "/expressRouteCircuits/x/peerings/AzurePrivatePeering\"},\"addressPrefix\":"
                  "\"10.250.0.0/29\"}}");
    expect_fault(w, 403, "LinkedAuthorizationFailed");
    put(w, REACH, "{\"properties\":{\"peerExpressRouteCircuitPeering\":{\"id\":\"" PRIVATE
                  "\"},\"addressPrefix\":\"10.250.0.0/29\"}}"); /* itself */
    expect_fault(w, 400, "ExpressRouteGlobalReachNotSupported");
    EXPECT(404, get(w, REACH));
    EXPECT(405, ask(w, &owner, API_DELETE, PRIVATE "/peerConnections/x", NULL));
}

#define FILTER_BODY(communities)                                                                   \
    "{\"location\":\"westeurope\",\"properties\":{\"rules\":[{\"name\":\"allow\",\"properties\":{"     \
    "\"access\":\"Allow\",\"communities\":[" communities "]}}]}}"
#define MICROSOFT_BODY(asn, more)                                                                  \
    "{\"properties\":{\"peerASN\":" asn ",\"vlanId\":300,\"primaryPeerAddressPrefix\":"               \
    "\"203.0.113.0/30\",\"secondaryPeerAddressPrefix\":\"203.0.113.4/30\","                        \
    "\"microsoftPeeringConfig\":{\"advertisedPublicPrefixes\":[\"198.51.100.0/24\"]}" more "}}"

static void a_filter_lives_with_its_rule_and_is_held_by_its_peering(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    EXPECT(201, put(w, FILTER, FILTER_BODY("\"12076:5010\",\"12076:51002\"")));
    EXPECT(200, get(w, RULE));
    assert_string_equal(says(w, "properties.routeFilterRuleType"), "Community");
    put(w, FILTER "/routeFilterRules/second", "{\"properties\":{\"communities\":[\"12076:5010\"]}}");
    expect_fault(w, 400, "RouteFilterRuleLimitReached");
    put(w, RULE, "{\"properties\":{\"access\":\"Allow\",\"communities\":[\"12076:1\"]}}");
    expect_fault(w, 400, "RouteFilterCommunityInvalid");
    assert_string_equal(says(w, "error.target"), "/properties/communities/0");
    EXPECT(201, put(w, MICROSOFT, MICROSOFT_BODY("8075000", ",\"routeFilter\":{\"id\":\"" FILTER "\"}")));
    EXPECT(200, get(w, FILTER));
    assert_string_equal(says(w, "properties.peerings.0.id"), MICROSOFT);
    assert_int_equal(json_array_size(at(w->json, "properties.ipv6Peerings")), 0);
    ask(w, &owner, API_DELETE, FILTER, NULL);
    expect_fault(w, 400, "InUseRouteFilterCannotBeDeleted");
    put(w, RULE, "{\"properties\":{\"access\":\"Allow\",\"communities\":[\"12076:51006\"]}}");
    expect_fault(w, 400, "RouteFilterNeedsPremium");
    EXPECT(200, put(w, MICROSOFT, MICROSOFT_BODY("8075000", "")));
    EXPECT(202, ask(w, &owner, API_DELETE, FILTER, NULL));
    EXPECT(404, get(w, RULE));
    EXPECT(200, ask(w, &owner, API_GET, "/subscriptions/" CUSTOMER_SUB
                    "/providers/Microsoft.Network/bgpServiceCommunities", NULL));
    assert_true(json_is_true(at(w->json, "value.0.properties.bgpCommunities.0.isAuthorizedToUse")));
}

static void a_provider_leaves_the_customers_filter_alone(void **state)
{
    struct world *w = *state;
    char target[400];
    make_circuit(w);
    provision(w, "Provisioned");
    EXPECT(201, put(w, FILTER, FILTER_BODY("\"12076:5010\"")));
    EXPECT(201, put(w, MICROSOFT, MICROSOFT_BODY("8075000", ",\"routeFilter\":{\"id\":\"" FILTER "\"}")));
    EXPECT(200, get(w, CIRCUIT));
    snprintf(target, sizeof target,
             "/subscriptions/" PROVIDER_SUB "/resourceGroups/CrossConnection-Amsterdam/providers/"
             "Microsoft.Network/expressRouteCrossConnections/%s/peerings/MicrosoftPeering",
             says(w, "properties.serviceKey"));
    EXPECT(200, ask(w, &provider, API_GET, target, NULL));
    assert_null(at(w->json, "properties.routeFilter"));
    EXPECT(200, ask(w, &provider, API_PUT, target, MICROSOFT_BODY("8075001", "")));
    EXPECT(200, get(w, MICROSOFT));
    assert_string_equal(says(w, "properties.routeFilter.id"), FILTER);
    assert_int_equal(json_integer_value(at(w->json, "properties.peerASN")), 8075001);
    ask(w, &owner, API_DELETE, FILTER, NULL);
    expect_fault(w, 400, "InUseRouteFilterCannotBeDeleted");
}

/* What is another customer's is refused in the same words whether it is there or not. */
static void nothing_of_others_can_be_used_or_found_out(void **state)
{
    struct world *w = *state;
    static const char *const names[] = {"GatewaySubnet", "nothing"};
    static const char *const filters[] = {"rf", "nothing"};
    make_circuit(w);
    EXPECT(201, put(w, VNET, VNET_BODY));
    EXPECT(201, put(w, FILTER, FILTER_BODY("\"12076:5010\"")));
    EXPECT(201, ask(w, &foreigner, API_PUT, "/subscriptions/" FOREIGN_SUB "/resourceGroups/frg",
                    "{\"location\":\"westeurope\"}"));
    EXPECT(201, ask(w, &foreigner, API_PUT, FOREIGN_NET "/expressRouteCircuits/f", CIRCUIT_BODY));
    for (int i = 0; i < 2; i++) {
        char body[900];
        snprintf(body, sizeof body, "{\"location\":\"westeurope\",\"properties\":{\"gatewayType\":"
                 "\"ExpressRoute\",\"sku\":{\"name\":\"ErGw1AZ\"},\"ipConfigurations\":[{\"name\":\"d\","
                 "\"properties\":{\"subnet\":{\"id\":\"" VNET "/subnets/%s\"}}}]}}", names[i]);
        ask(w, &foreigner, API_PUT, FOREIGN_NET "/virtualNetworkGateways/g", body);
        expect_fault(w, 403, "LinkedAuthorizationFailed");
        snprintf(body, sizeof body, MICROSOFT_BODY("8075000", ",\"routeFilter\":{\"id\":\"" NET
                                                              "/routeFilters/%s\"}"), filters[i]);
        ask(w, &foreigner, API_PUT, FOREIGN_NET "/expressRouteCircuits/f/peerings/MicrosoftPeering", body);
        expect_fault(w, 403, "LinkedAuthorizationFailed");
    }
    ask(w, &foreigner, API_PUT, FOREIGN_NET "/expressRouteGateways/hg",
        "{\"location\":\"westeurope\",\"properties\":{\"virtualHub\":{\"id\":\"" HUB "\"}}}");
    expect_fault(w, 403, "LinkedAuthorizationFailed");
}

static void filters_with_office_365_need_authorisation(void **state)
{
    struct world *w = *state;
    api_drop(w->api);
    w->is.no_m365 = true;
    world_open(w);
    make_circuit(w);
    EXPECT(201, put(w, FILTER, FILTER_BODY("\"12076:5010\"")));
    put(w, MICROSOFT, MICROSOFT_BODY("8075000", ",\"routeFilter\":{\"id\":\"" FILTER "\"}"));
    expect_fault(w, 400, "RouteFilterNotAuthorized");
    assert_string_equal(says(w, "error.target"), "/properties/routeFilter/id");
    EXPECT(200, put(w, FILTER, FILTER_BODY("\"12076:51002\"")));
    EXPECT(201, put(w, MICROSOFT, MICROSOFT_BODY("8075000", ",\"routeFilter\":{\"id\":\"" FILTER "\"}")));
}

static void older_versions_get_older_shapes(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *path, *member, *before, *from;
    } rows[] = {{CIRCUIT, "properties.enableDirectPortRateLimit", "2022-01-01", "2024-03-01"},
                {CIRCUIT, "properties.globalReachEnabled", "2018-04-01", "2022-01-01"},
                {PORT, "properties.billingType", "2022-01-01", "2024-03-01"},
                {PORT, "properties.links.0.properties.coloLocation", "2022-01-01", "2024-03-01"}};
    make_circuit(w);
    EXPECT(201, put(w, PORT, "{\"location\":\"westeurope\",\"properties\":{\"peeringLocation\":\"Amsterdam\","
                             "\"bandwidthInGbps\":10}}"));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char target[400];
        snprintf(target, sizeof target, "%s?api-version=%s", rows[i].path, rows[i].before);
        EXPECT(200, get(w, target));
        assert_null(at(w->json, rows[i].member));
        snprintf(target, sizeof target, "%s?api-version=%s", rows[i].path, rows[i].from);
        EXPECT(200, get(w, target));
        assert_non_null(at(w->json, rows[i].member));
    }
}

static void prefixes_of_a_private_holder_wait_for_the_operator(void **state)
{
    struct world *w = *state;
    const char *prefixes = "properties.microsoftPeeringConfig.advertisedPublicPrefixesState";
    make_circuit(w);
    EXPECT(201, put(w, MICROSOFT, MICROSOFT_BODY("65010", "")));
    assert_string_equal(says(w, prefixes), "NotConfigured");
    EXPECT(200, get(w, MICROSOFT));
    assert_string_equal(says(w, prefixes), "ValidationNeeded");
    EXPECT(403, ask(w, &owner, API_POST, MICROSOFT "/approveAdvertisedPrefixes", "{\"proof\":\"x\"}"));
    EXPECT(200, ask(w, &operator_, API_POST, MICROSOFT "/approveAdvertisedPrefixes",
                    "{\"proof\":\"letter of 2026-11-25\"}"));
    assert_string_equal(says(w, prefixes), "Configured");
    EXPECT(200, put(w, MICROSOFT, MICROSOFT_BODY("65010", "")));
    EXPECT(200, get(w, MICROSOFT));
    assert_string_equal(says(w, prefixes), "Configured"); /* the same claim */
    EXPECT(200, put(w, MICROSOFT, MICROSOFT_BODY("65011", "")));
    EXPECT(200, get(w, MICROSOFT));
    assert_string_equal(says(w, prefixes), "ValidationNeeded");
    EXPECT(200, ask(w, &owner, API_GET, MICROSOFT "?api-version=2025-05-01", NULL));
    assert_string_equal(says(w, "properties.microsoftPeeringConfig.advertisedPublicPrefixInfo.0."
                                "validationState"), "ValidationNeeded");
}

#define PORT_BODY(more)                                                                            \
    "{\"location\":\"westeurope\",\"properties\":{\"peeringLocation\":\"Equinix-Amsterdam-AM5\","    \
    "\"bandwidthInGbps\":10,\"encapsulation\":\"Dot1Q\"" more "}}"
#define ON_PORT_BODY(gbps)                                                                         \
    "{\"location\":\"westeurope\",\"sku\":{\"tier\":\"Standard\",\"family\":\"MeteredData\"},"         \
    "\"properties\":{\"expressRoutePort\":{\"id\":\"" PORT "\"},\"bandwidthInGbps\":" gbps "}}"

static void ports_carry_circuits_up_to_twice_their_speed(void **state)
{
    struct world *w = *state;
    make_group(w);
    put(w, PORT, "{\"location\":\"westeurope\",\"properties\":{\"peeringLocation\":\"Nowhere\","
                 "\"bandwidthInGbps\":10}}");
    expect_fault(w, 400, "ExpressRoutePortsNotAvailable");
    EXPECT(201, put(w, PORT, PORT_BODY("")));
    assert_string_equal(says(w, "id"), PORT_ID);
    assert_string_equal(says(w, "properties.links.0.name"), "link1");
    assert_string_equal(says(w, "properties.links.1.properties.adminState"), "Disabled");
    assert_string_equal(says(w, "properties.allocationDate"), "Friday, January 15, 2027");
    EXPECT(200, put(w, PORT, PORT_BODY(",\"links\":[{\"name\":\"link1\",\"properties\":{\"adminState\":"
                                       "\"Enabled\",\"macSecConfig\":{\"cipher\":\"gcmaes128\"}}}]")));
    EXPECT(200, get(w, PORT "/links/link1"));
    assert_string_equal(says(w, "properties.adminState"), "Enabled");
    assert_string_equal(says(w, "properties.macSecConfig.cipher"), "GcmAes128");
    EXPECT(405, put(w, PORT "/links/link1", "{}"));
    put(w, PORT, PORT_BODY(",\"links\":[{\"name\":\"link3\"}]"));
    expect_fault(w, 400, "ExpressRoutePortLinkInvalid");
    put(w, ON_PORT, ON_PORT_BODY("5"));
    expect_fault(w, 400, "ExpressRouteBandwidthNotOffered");
    EXPECT(201, put(w, ON_PORT, ON_PORT_BODY("10")));
    assert_string_equal(says(w, "properties.serviceProviderProvisioningState"), "Provisioned");
    assert_int_equal(json_integer_value(at(w->json, "properties.bandwidthInGbps")), 10);
    assert_null(at(w->json, "properties.serviceProviderProperties"));
    EXPECT(201, put(w, ON_PORT "b", ON_PORT_BODY("10")));
    put(w, ON_PORT "c", ON_PORT_BODY("1"));
    expect_fault(w, 400, "ExpressRoutePortBandwidthExceeded");
    EXPECT(200, get(w, PORT));
    assert_int_equal(json_array_size(at(w->json, "properties.circuits")), 2);
    assert_true(json_number_value(at(w->json, "properties.provisionedBandwidthInGbps")) == 20);
    EXPECT(201, put(w, ON_PORT "/peerings/AzurePrivatePeering", LINKS("7", "10.1.0.0/30", "10.1.0.4/30")));
    put(w, ON_PORT "b/peerings/AzurePrivatePeering", LINKS("7", "10.1.0.0/30", "10.1.0.4/30"));
    expect_fault(w, 400, "ExpressRoutePeeringVlanIdInUse"); /* Dot1Q: one tag for all circuits */
    ask(w, &owner, API_DELETE, PORT, NULL);
    expect_fault(w, 400, "InUseExpressRoutePortCannotBeDeleted");
    EXPECT(202, ask(w, &owner, API_DELETE, ON_PORT, NULL));
    EXPECT(202, ask(w, &owner, API_DELETE, ON_PORT "b", NULL));
    EXPECT(202, ask(w, &owner, API_DELETE, PORT, NULL));
    EXPECT(404, get(w, PORT "/links/link1"));
}

static void a_stock_update_of_a_circuit_on_ports_keeps_them(void **state)
{
    struct world *w = *state;
    make_group(w);
    EXPECT(201, put(w, PORT, PORT_BODY("")));
    EXPECT(201, put(w, ON_PORT, ON_PORT_BODY("1")));
    EXPECT(200, put(w, ON_PORT, "{\"location\":\"westeurope\",\"sku\":{\"tier\":\"Premium\",\"family\":"
                                "\"MeteredData\"},\"properties\":{}}"));
    assert_string_equal(says(w, "properties.expressRoutePort.id"), PORT_ID);
    put(w, ON_PORT, CIRCUIT_BODY);
    expect_fault(w, 400, "ExpressRouteServiceProviderCannotBeChanged");
}

static void ports_are_shared_by_a_key_that_serves_once(void **state)
{
    struct world *w = *state;
    char body[600], key[API_GUID_TEXT];
    make_group(w);
    EXPECT(201, put(w, PORT, PORT_BODY("")));
    EXPECT(201, put(w, PORT "/authorizations/a", "{}"));
    snprintf(key, sizeof key, "%s", says(w, "properties.authorizationKey"));
    EXPECT(201, ask(w, &foreigner, API_PUT, "/subscriptions/" FOREIGN_SUB "/resourceGroups/frg",
                    "{\"location\":\"westeurope\"}"));
    ask(w, &foreigner, API_PUT, FOREIGN_NET "/expressRouteCircuits/f", ON_PORT_BODY("1"));
    expect_fault(w, 403, "LinkedAuthorizationFailed");
    snprintf(body, sizeof body, "{\"location\":\"westeurope\",\"sku\":{\"tier\":\"Standard\",\"family\":"
             "\"MeteredData\"},\"properties\":{\"expressRoutePort\":{\"id\":\"" PORT "\"},"
             "\"bandwidthInGbps\":1,\"authorizationKey\":\"%s\"}}", key);
    EXPECT(201, ask(w, &foreigner, API_PUT, FOREIGN_NET "/expressRouteCircuits/f", body));
    assert_null(strstr(text_get(&w->out.body), key));
    ask(w, &foreigner, API_PUT, FOREIGN_NET "/expressRouteCircuits/g", body);
    expect_fault(w, 400, "ExpressRouteAuthorizationInUse");
    EXPECT(200, get(w, PORT "/authorizations/a"));
    assert_string_equal(says(w, "properties.authorizationUseStatus"), "InUse");
}

/* The letter is a PDF whose table of objects points at them. */
static void the_letter_is_a_pdf(void **state)
{
    struct world *w = *state;
    static char pdf[8192];
    size_t n;
    make_group(w);
    EXPECT(201, put(w, PORT, PORT_BODY("")));
    EXPECT(400, ask(w, &owner, API_POST, PORT "/generateLoa", "{}"));
    EXPECT(200, ask(w, &owner, API_POST, PORT "/generateLoa", "{\"customerName\":\"Con(toso) \\u00fc\"}"));
    const char *coded = says(w, "encodedContent");
    assert_true(base64_read(BASE64_STANDARD, coded, strlen(coded), pdf, sizeof pdf - 1, &n));
    pdf[n] = '\0';
    assert_int_equal(strncmp(pdf, "%PDF-1.4\n", 9), 0);
    assert_non_null(strstr(pdf, "Con\\(toso\\) ??"));
    assert_non_null(strstr(pdf, "FL-Amsterdam-SEC-A"));
    const char *start = strstr(pdf, "startxref\n");
    assert_non_null(start);
    const char *xref = pdf + strtoul(start + 10, NULL, 10);
    assert_int_equal(strncmp(xref, "xref\n0 6\n", 9), 0);
    for (int i = 1; i <= 5; i++) {
        char want[16];
        snprintf(want, sizeof want, "%d 0 obj\n", i);
        assert_int_equal(strncmp(pdf + strtoul(xref + 9 + 20 * i, NULL, 10), want, strlen(want)), 0);
    }
}

static void a_hub_is_connected_to_a_private_peering(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    provision(w, "Provisioned");
    EXPECT(201, put(w, PRIVATE, PEERING_BODY));
    put(w, HUB_GATEWAY, "{\"location\":\"westeurope\",\"properties\":{\"virtualHub\":{\"id\":\"" HUB
                        "\"},\"autoScaleConfiguration\":{\"bounds\":{\"min\":3,\"max\":2}}}}");
    expect_fault(w, 400, "ExpressRouteGatewayScaleInvalid");
    EXPECT(201, put(w, HUB_GATEWAY, "{\"location\":\"westeurope\",\"properties\":{\"virtualHub\":{\"id\":\""
                                    HUB "\"},\"autoScaleConfiguration\":{\"bounds\":{\"min\":2}}}}"));
    EXPECT(201, put(w, HUB_LINK, "{\"name\":\"hc\",\"properties\":{\"routingWeight\":2,"
                                 "\"expressRouteCircuitPeering\":{\"id\":\"" PRIVATE "\"}}}"));
    EXPECT(200, get(w, HUB_GATEWAY));
    assert_string_equal(says(w, "properties.expressRouteConnections.0.name"), "hc");
    EXPECT(200, get(w, PRIVATE));
    assert_string_equal(says(w, "properties.expressRouteConnection.id"), HUB_LINK);
    put(w, NET "/expressRouteGateways/second", "{\"location\":\"westeurope\",\"properties\":{"
        "\"virtualHub\":{\"id\":\"" HUB "\"}}}");
    expect_fault(w, 400, "ExpressRouteGatewayCannotBeChanged");
    ask(w, &owner, API_DELETE, HUB_GATEWAY, NULL);
    expect_fault(w, 400, "InUseExpressRouteGatewayCannotBeDeleted");
    EXPECT(202, ask(w, &owner, API_DELETE, HUB_LINK, NULL));
    EXPECT(202, ask(w, &owner, API_DELETE, HUB_GATEWAY, NULL));
}

static void a_connection_keeps_a_key_for_those_who_may_write(void **state)
{
    struct world *w = *state;
    make_link(w);
    EXPECT(200, get(w, CONNECTION "/sharedkey"));
    EXPECT(200, put(w, CONNECTION "/sharedkey", "{\"value\":\"Abc123\"}"));
    EXPECT(200, get(w, CONNECTION "/sharedkey"));
    assert_string_equal(says(w, "value"), "Abc123");
    EXPECT(403, ask(w, &reader, API_GET, CONNECTION "/sharedkey", NULL));
    EXPECT(200, ask(w, &owner, API_POST, CONNECTION "/sharedkey/reset", "{\"keyLength\":40}"));
    EXPECT(200, get(w, CONNECTION "/sharedkey"));
    assert_int_equal(strlen(says(w, "value")), 40);
    EXPECT(400, put(w, CONNECTION "/sharedkey", "{}"));
    EXPECT(405, ask(w, &owner, API_DELETE, CONNECTION "/sharedkey", NULL));
    EXPECT(202, ask(w, &owner, API_POST, CONNECTION "/resetconnection", NULL));
    EXPECT(200, get(w, link_target(header(w, "Location"))));
}

static void a_failover_test_holds_a_location_down_and_puts_it_back(void **state)
{
    struct world *w = *state;
#define V "?api-version=2025-05-01"
    make_link(w);
    EXPECT(400, ask(w, &owner, API_POST, GATEWAY "/getResiliencyInformation", NULL)); /* too old */
    ask(w, &owner, API_POST, GATEWAY "/startSiteFailoverTest" V "&peeringLocation=Paris", NULL);
    expect_fault(w, 400, "SiteFailoverTestInvalid");
    EXPECT(202, ask(w, &owner, API_POST, GATEWAY "/startSiteFailoverTest" V "&peeringLocation=Amsterdam",
                    NULL));
    ask(w, &owner, API_POST, GATEWAY "/startSiteFailoverTest" V "&peeringLocation=Amsterdam", NULL);
    expect_fault(w, 409, "SiteFailoverTestRunning");
    json_t *all = api_resources(w->api);
    char *text = json_dumps(all, JSON_COMPACT);
    assert_non_null(strstr(text, "\"held\":true"));
    free(text);
    json_decref(all);
    EXPECT(202, ask(w, &owner, API_POST, GATEWAY "/stopSiteFailoverTest" V,
                    "{\"peeringLocation\":\"Amsterdam\",\"wasSimulationSuccessful\":true}"));
    all = api_resources(w->api);
    text = json_dumps(all, JSON_COMPACT);
    assert_null(strstr(text, "\"held\""));
    free(text);
    json_decref(all);
    EXPECT(202, ask(w, &owner, API_POST, GATEWAY "/getFailoverSingleTestDetails" V
                    "&peeringLocation=Amsterdam", NULL));
    EXPECT(200, get(w, link_target(header(w, "Location"))));
    assert_string_equal(says(w, "0.status"), "Completed");
    EXPECT(202, ask(w, &owner, API_POST, GATEWAY "/getResiliencyInformation" V, NULL));
    EXPECT(200, get(w, link_target(header(w, "Location"))));
    assert_string_equal(says(w, "overallScore"), "70"); /* one site, zonal, tested */
}

static void a_circuit_reaches_as_far_as_its_tier(void **state)
{
    struct world *w = *state;
#define FAR_VNET                                                                                   \
    "{\"location\":\"westus\",\"properties\":{\"addressSpace\":{\"addressPrefixes\":[\"10.20.0.0/16\"]},"   \
    "\"subnets\":[{\"name\":\"GatewaySubnet\",\"properties\":{\"addressPrefix\":\"10.20.255.0/27\"}}]}}"
#define TIER(tier)                                                                                 \
    "{\"location\":\"westeurope\",\"sku\":{\"tier\":\"" tier "\",\"family\":\"UnlimitedData\"},"          \
    "\"properties\":{\"serviceProviderProperties\":{\"serviceProviderName\":\"Equinix\","              \
    "\"peeringLocation\":\"Amsterdam\",\"bandwidthInMbps\":200}}}"
    make_group(w);
    EXPECT(201, put(w, CIRCUIT, TIER("Standard")));
    provision(w, "Provisioned");
    EXPECT(201, put(w, PRIVATE, PEERING_BODY));
    EXPECT(201, put(w, VNET, FAR_VNET));
    EXPECT(201, put(w, GATEWAY, "{\"location\":\"westus\",\"properties\":{\"gatewayType\":\"ExpressRoute\","
                                "\"sku\":{\"name\":\"ErGw1AZ\"},\"ipConfigurations\":[{\"name\":\"default\","
                                "\"properties\":{\"subnet\":{\"id\":\"" VNET "/subnets/GatewaySubnet\"}}}]}}"));
    put(w, CONNECTION, CONNECTION_BODY);
    expect_fault(w, 400, "ExpressRouteCircuitRegionNotReachable");
    EXPECT(200, put(w, CIRCUIT, TIER("Premium")));
    EXPECT(201, put(w, CONNECTION, CONNECTION_BODY));
    put(w, CIRCUIT, TIER("Standard"));
    expect_fault(w, 400, "ExpressRouteCircuitRegionNotReachable");
    assert_string_equal(says(w, "error.target"), "/sku/tier");
    EXPECT(202, ask(w, &owner, API_DELETE, CONNECTION, NULL));
    EXPECT(200, put(w, CIRCUIT, TIER("Standard")));
}

static void two_premium_circuits_far_apart_stay_premium(void **state)
{
    struct world *w = *state;
    make_two(w, "SiliconValley", CIRCUIT_AT("Silicon Valley", "Premium"));
    EXPECT(200, put(w, CIRCUIT, CIRCUIT_AT("Amsterdam", "Premium")));
    EXPECT(201, put(w, REACH, REACH_BODY("")));
    put(w, OTHER, CIRCUIT_AT("Silicon Valley", "Standard"));
    expect_fault(w, 400, "ExpressRouteGlobalReachNotSupported");
    assert_string_equal(says(w, "error.target"), "/sku/tier");
}

static void a_quota_that_is_set_is_kept(void **state)
{
    struct world *w = *state;
    api_drop(w->api);
    w->is.quota = (struct api_quota){2, 1};
    world_open(w);
    make_circuit(w);
    put(w, OTHER, CIRCUIT_BODY);
    expect_fault(w, 400, "ExpressRouteCircuitQuotaReached"); /* one a region */
    EXPECT(202, ask(w, &owner, API_DELETE, CIRCUIT, NULL));
    EXPECT(201, put(w, OTHER, CIRCUIT_BODY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_circuits_are_joined_and_both_ends_show_it),
        TEST(global_reach_in_a_parents_body_is_applied),
        TEST(a_tag_is_given_back_with_its_link),
        TEST(circuits_that_cannot_be_joined_are_refused_by_name),
        TEST(a_filter_lives_with_its_rule_and_is_held_by_its_peering),
        TEST(a_provider_leaves_the_customers_filter_alone),
        TEST(nothing_of_others_can_be_used_or_found_out),
        TEST(filters_with_office_365_need_authorisation),
        TEST(older_versions_get_older_shapes),
        TEST(prefixes_of_a_private_holder_wait_for_the_operator),
        TEST(ports_carry_circuits_up_to_twice_their_speed),
        TEST(a_stock_update_of_a_circuit_on_ports_keeps_them),
        TEST(ports_are_shared_by_a_key_that_serves_once),
        TEST(the_letter_is_a_pdf),
        TEST(a_hub_is_connected_to_a_private_peering),
        TEST(a_connection_keeps_a_key_for_those_who_may_write),
        TEST(a_failover_test_holds_a_location_down_and_puts_it_back),
        TEST(a_circuit_reaches_as_far_as_its_tier),
        TEST(two_premium_circuits_far_apart_stay_premium),
        TEST(a_quota_that_is_set_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
