/* Every rule that refuses a write: status, code, target; and that nothing was stored. */
#include "world.h"

#define SKU(tier, family) "\"sku\":{\"tier\":\"" tier "\",\"family\":\"" family "\"}"
#define ORDER(provider_name, place, mbps)                                                          \
    "\"properties\":{\"serviceProviderProperties\":{\"serviceProviderName\":\"" provider_name      \
    "\",\"peeringLocation\":\"" place "\",\"bandwidthInMbps\":" mbps "}}"
#define LOCATED "{\"location\":\"westeurope\","
#define GOOD_SKU SKU("Standard", "MeteredData")
#define PEER(asn, vlan, primary, secondary, more)                                                  \
    "{\"properties\":{\"peerASN\":" asn ",\"vlanId\":" vlan ",\"primaryPeerAddressPrefix\":\""     \
    primary "\",\"secondaryPeerAddressPrefix\":\"" secondary "\"" more "}}"
#define MICROSOFT CIRCUIT "/peerings/MicrosoftPeering"
#define P1 "10.1.0.0/30"
#define P2 "10.1.0.4/30"
#define Q1 "203.0.113.0/30"
#define Q2 "203.0.113.4/30"
#define V6(primary, secondary)                                                                     \
    ",\"ipv6PeeringConfig\":{\"primaryPeerAddressPrefix\":\"" primary                              \
    "\",\"secondaryPeerAddressPrefix\":\"" secondary "\"}"
#define OTHER NET "/virtualNetworks/other"
#define SPACE(list, subnets)                                                                       \
    LOCATED "\"properties\":{\"addressSpace\":{\"addressPrefixes\":[" list "]},\"subnets\":["      \
            subnets "]}}"
#define SUBNET(name, prefix) "{\"name\":\"" name "\",\"properties\":{\"addressPrefix\":\"" prefix "\"}}"
#define GW(type, sku, subnet)                                                                      \
    LOCATED "\"properties\":{\"gatewayType\":\"" type "\",\"sku\":{\"name\":\"" sku                 \
            "\"},\"ipConfigurations\":[{\"name\":\"d\",\"properties\":{\"subnet\":{\"id\":\"" subnet \
            "\"}}}]}}"
#define GW2 NET "/virtualNetworkGateways/gw-2"
#define LINK(type, gateway, circuit, more)                                                         \
    LOCATED "\"properties\":{\"connectionType\":\"" type "\",\"virtualNetworkGateway1\":{\"id\":\"" \
            gateway "\"},\"peer\":{\"id\":\"" circuit "\"}" more "}}"

struct refusal {
    const char *path, *body;
    int status;
    const char *code, *target;
};

/* Asked of a world where the demo stands: circuit, private peering (VLAN 100), network, gateway, link. */
static const struct refusal rows[] = {
    /* bodies */
    {NET "/expressRouteCircuits/c", "", 400, "InvalidRequestContent", ""},
    {NET "/expressRouteCircuits/c", "{", 400, "InvalidRequestContent", ""},
    {NET "/expressRouteCircuits/c", "[]", 400, "InvalidRequestContent", ""},
    {NET "/expressRouteCircuits/c", "{\"a\":1,\"a\":2}", 400, "InvalidRequestContent", ""},
    {NET "/expressRouteCircuits/c", "\xef\xbb\xbf{}", 400, "InvalidRequestContent", ""},
    {NET "/expressRouteCircuits/c", "{\"a\":\"\\ud800\"}", 400, "InvalidRequestContent", ""},
    {NET "/expressRouteCircuits/c", "{\"a\":\"\\u0000\"}", 400, "InvalidRequestContent", ""},
    {NET "/expressRouteCircuits/c", "{} x", 400, "InvalidRequestContent", ""},
    {NET "/expressRouteCircuits/c", "{\"location\":7," GOOD_SKU "," ORDER("Equinix", "Amsterdam", "200") "}",
     400, "InvalidRequestFormat", "/location"},
    {NET "/expressRouteCircuits/c", LOCATED GOOD_SKU "," ORDER("Equinix", "Amsterdam", "\"200\"") "}", 400,
     "InvalidRequestFormat", "/properties/serviceProviderProperties/bandwidthInMbps"},
    {NET "/expressRouteCircuits/c", LOCATED GOOD_SKU ",\"properties\":[]}", 400, "InvalidRequestFormat",
     "/properties"},
    {NET "/expressRouteCircuits/c", LOCATED "\"tags\":{\"a\":1}," GOOD_SKU ","
     ORDER("Equinix", "Amsterdam", "200") "}", 400, "InvalidRequestFormat", "/tags/a"},
    /* names, places */
    {NET "/expressRouteCircuits/-c", LOCATED GOOD_SKU "," ORDER("Equinix", "Amsterdam", "200") "}", 400,
     "InvalidResourceName", ""},
    {NET "/expressRouteCircuits/c%20d", CIRCUIT_BODY, 400, "InvalidResourceName", ""},
    {NET "/expressRouteCircuits/c%2fd", CIRCUIT_BODY, 400, "InvalidRequestUri", ""},
    {NET "/expressRouteCircuits/c%00", CIRCUIT_BODY, 400, "InvalidRequestUri", ""},
    {NET "/expressRouteCircuits/c%5c", CIRCUIT_BODY, 400, "InvalidRequestUri", ""},
    {NET "/expressRouteCircuits/c%g0", CIRCUIT_BODY, 400, "InvalidRequestUri", ""},
    {NET "/expressRouteCircuits/c", LOCATED "\"name\":\"d\"," GOOD_SKU ","
     ORDER("Equinix", "Amsterdam", "200") "}", 400, "InvalidResourceName", "/name"},
    {NET "/expressRouteCircuits/c", "{" GOOD_SKU "," ORDER("Equinix", "Amsterdam", "200") "}", 400,
     "LocationRequired", "/location"},
    {CIRCUIT, "{\"location\":\"northeurope\"," GOOD_SKU "," ORDER("Equinix", "Amsterdam", "200") "}", 409,
     "InvalidResourceLocation", "/location"},
    {NET "/unheardOf/c", "{}", 404, "InvalidResourceType", ""},
    {"/subscriptions/" CUSTOMER_SUB "/resourceGroups/none/providers/Microsoft.Network/"
     "expressRouteCircuits/c", CIRCUIT_BODY, 404, "ResourceGroupNotFound", ""},
    {NET "/expressRouteCircuits/none/peerings/AzurePrivatePeering", PEERING_BODY, 404,
     "ParentResourceNotFound", ""},
    /* circuits */
    {NET "/expressRouteCircuits/c", LOCATED SKU("Basic", "MeteredData") ","
     ORDER("Equinix", "Amsterdam", "200") "}", 400, "ExpressRouteSkuInvalid", "/sku/tier"},
    {NET "/expressRouteCircuits/c", LOCATED SKU("Gold", "MeteredData") ","
     ORDER("Equinix", "Amsterdam", "200") "}", 400, "ExpressRouteSkuInvalid", "/sku/tier"},
    {NET "/expressRouteCircuits/c", LOCATED SKU("Standard", "Flat") ","
     ORDER("Equinix", "Amsterdam", "200") "}", 400, "ExpressRouteSkuInvalid", "/sku/family"},
    {NET "/expressRouteCircuits/c", LOCATED SKU("Local", "MeteredData") ","
     ORDER("Equinix", "Amsterdam", "200") "}", 400, "ExpressRouteSkuInvalid", "/sku/family"},
    {NET "/expressRouteCircuits/c", LOCATED SKU("Local", "UnlimitedData") ","
     ORDER("Equinix", "London", "200") "}", 400, "ExpressRouteSkuInvalid", "/sku/tier"},
    {NET "/expressRouteCircuits/c", LOCATED GOOD_SKU "," ORDER("Equnix", "Amsterdam", "200") "}", 400,
     "ExpressRouteServiceProviderNotFound", "/properties/serviceProviderProperties/serviceProviderName"},
    {NET "/expressRouteCircuits/c", LOCATED GOOD_SKU ",\"properties\":{}}", 400,
     "ExpressRouteServiceProviderNotFound", "/properties/serviceProviderProperties/serviceProviderName"},
    {NET "/expressRouteCircuits/c", LOCATED GOOD_SKU "," ORDER("Equinix", "Atlantis", "200") "}", 400,
     "ExpressRoutePeeringLocationNotFound", "/properties/serviceProviderProperties/peeringLocation"},
    {NET "/expressRouteCircuits/c", LOCATED GOOD_SKU "," ORDER("Colt", "Amsterdam", "200") "}", 400,
     "ExpressRoutePeeringLocationNotFound", "/properties/serviceProviderProperties/peeringLocation"},
    {NET "/expressRouteCircuits/c", LOCATED GOOD_SKU "," ORDER("Equinix", "Amsterdam", "300") "}", 400,
     "ExpressRouteBandwidthNotOffered", "/properties/serviceProviderProperties/bandwidthInMbps"},
    {CIRCUIT, LOCATED GOOD_SKU "," ORDER("Equinix", "Amsterdam", "50") "}", 400,
     "ExpressRouteBandwidthDecreaseNotSupported",
     "/properties/serviceProviderProperties/bandwidthInMbps"},
    {CIRCUIT, LOCATED GOOD_SKU "," ORDER("Equinix", "London", "200") "}", 400,
     "ExpressRouteServiceProviderCannotBeChanged", "/properties/serviceProviderProperties"},
    {CIRCUIT, LOCATED SKU("Local", "UnlimitedData") "," ORDER("Equinix", "Amsterdam", "200") "}", 400,
     "ExpressRouteSkuInvalid", "/sku/tier"},
    /* peerings */
    {CIRCUIT "/peerings/OtherPeering", PEERING_BODY, 400, "ExpressRoutePeeringTypeInvalid", "/name"},
    {CIRCUIT "/peerings/AzurePublicPeering", PEER("65010", "101", Q1, Q2, ""), 400,
     "ExpressRoutePeeringTypeInvalid", "/properties/peeringType"},
    {PRIVATE, PEER("65010", "100", P1, P2, ",\"peeringType\":\"MicrosoftPeering\""), 400,
     "ExpressRoutePeeringTypeInvalid", "/properties/peeringType"},
    {PRIVATE, PEER("65010", "0", P1, P2, ""), 400, "ExpressRoutePeeringVlanIdInvalid",
     "/properties/vlanId"},
    {PRIVATE, PEER("65010", "4095", P1, P2, ""), 400, "ExpressRoutePeeringVlanIdInvalid",
     "/properties/vlanId"},
    {PRIVATE, PEER("65010", "100.5", P1, P2, ""), 400, "InvalidRequestFormat", "/properties/vlanId"},
    {MICROSOFT, PEER("65010", "100", Q1, Q2, ""), 400, "ExpressRoutePeeringVlanIdInUse",
     "/properties/vlanId"},
    {PRIVATE, PEER("0", "100", P1, P2, ""), 400, "ExpressRoutePeeringAsnInvalid", "/properties/peerASN"},
    {PRIVATE, PEER("12076", "100", P1, P2, ""), 400, "ExpressRoutePeeringAsnInvalid",
     "/properties/peerASN"},
    {PRIVATE, PEER("23456", "100", P1, P2, ""), 400, "ExpressRoutePeeringAsnInvalid",
     "/properties/peerASN"},
    {PRIVATE, PEER("65515", "100", P1, P2, ""), 400, "ExpressRoutePeeringAsnInvalid",
     "/properties/peerASN"},
    {PRIVATE, PEER("65520", "100", P1, P2, ""), 400, "ExpressRoutePeeringAsnInvalid",
     "/properties/peerASN"},
    {PRIVATE, PEER("4294967296", "100", P1, P2, ""), 400, "ExpressRoutePeeringAsnInvalid",
     "/properties/peerASN"},
    {PRIVATE, PEER("-1", "100", P1, P2, ""), 400, "InvalidRequestFormat", "/properties/peerASN"},
    {MICROSOFT, PEER("64496", "101", Q1, Q2, ""), 400, "ExpressRoutePeeringAsnInvalid",
     "/properties/peerASN"},
    {PRIVATE, PEER("65010", "100", "10.1.0.0/29", P2, ""), 400, "ExpressRoutePeeringPrefixInvalid",
     "/properties/primaryPeerAddressPrefix"},
    {PRIVATE, PEER("65010", "100", "10.1.0.1/30", P2, ""), 400, "ExpressRoutePeeringPrefixInvalid",
     "/properties/primaryPeerAddressPrefix"},
    {PRIVATE, PEER("65010", "100", P1, "", ""), 400, "ExpressRoutePeeringPrefixInvalid",
     "/properties/secondaryPeerAddressPrefix"},
    {PRIVATE, PEER("65010", "100", P1, "fd00::/126", ""), 400, "ExpressRoutePeeringPrefixInvalid",
     "/properties/secondaryPeerAddressPrefix"},
    {PRIVATE, PEER("65010", "100", "169.254.0.0/30", P2, ""), 400, "ExpressRoutePeeringPrefixInvalid",
     "/properties/primaryPeerAddressPrefix"},
    {PRIVATE, PEER("65010", "100", "224.0.0.0/30", P2, ""), 400, "ExpressRoutePeeringPrefixInvalid",
     "/properties/primaryPeerAddressPrefix"},
    {PRIVATE, PEER("65010", "100", "127.0.0.0/30", P2, ""), 400, "ExpressRoutePeeringPrefixInvalid",
     "/properties/primaryPeerAddressPrefix"},
    {MICROSOFT, PEER("65010", "101", P1, Q2, ""), 400, "ExpressRoutePeeringPrefixInvalid",
     "/properties/primaryPeerAddressPrefix"},
    {PRIVATE, PEER("65010", "100", P1, P1, ""), 400, "ExpressRoutePeeringPrefixOverlap",
     "/properties/secondaryPeerAddressPrefix"},
    {PRIVATE, PEER("65010", "100", P1, "10.20.7.0/30", ""), 400, "ExpressRoutePeeringPrefixOverlap",
     "/properties/secondaryPeerAddressPrefix"},
    {PRIVATE, PEER("65010", "100", P1, P2, V6("fd00::/64", "fd00::4/126")), 400,
     "ExpressRoutePeeringPrefixInvalid", "/properties/ipv6PeeringConfig/primaryPeerAddressPrefix"},
    {PRIVATE, PEER("65010", "100", P1, P2, V6("fd00::/126", "fe80::/126")), 400,
     "ExpressRoutePeeringPrefixInvalid", "/properties/ipv6PeeringConfig/secondaryPeerAddressPrefix"},
    {PRIVATE, PEER("65010", "100", P1, P2, ",\"sharedKey\":\"abcdefghijklmnopqrstuvwxyz\""), 400,
     "ExpressRoutePeeringSharedKeyInvalid", "/properties/sharedKey"},
    {PRIVATE, PEER("65010", "100", P1, P2, ",\"sharedKey\":\"a b\""), 400,
     "ExpressRoutePeeringSharedKeyInvalid", "/properties/sharedKey"},
    {PRIVATE, PEER("65010", "100", P1, P2, ",\"state\":\"Off\""), 400, "InvalidRequestFormat",
     "/properties/state"},
    {PRIVATE, PEER("65010", "100", P1, P2, ",\"routeFilter\":{\"id\":\"/x\"}"), 400,
     "InvalidResourceReference", "/properties/routeFilter/id"},
    {MICROSOFT, PEER("65010", "101", Q1, Q2, ",\"microsoftPeeringConfig\":{\"advertisedPublicPrefixes\":["
     "\"203.0.113.128/25\",\"10.0.0.0/8\"]}"), 400, "ExpressRouteAdvertisedPrefixNotPublic",
     "/properties/microsoftPeeringConfig/advertisedPublicPrefixes/1"},
    {MICROSOFT, PEER("65010", "101", Q1, Q2, ",\"microsoftPeeringConfig\":{\"advertisedPublicPrefixes\":["
     "\"100.64.0.0/10\"]}"), 400, "ExpressRouteAdvertisedPrefixNotPublic",
     "/properties/microsoftPeeringConfig/advertisedPublicPrefixes/0"},
    {MICROSOFT, PEER("65010", "101", Q1, Q2, ",\"microsoftPeeringConfig\":{\"routingRegistryName\":"
     "\"NIC\"}"), 400, "InvalidRequestFormat", "/properties/microsoftPeeringConfig/routingRegistryName"},
    {CIRCUIT, LOCATED GOOD_SKU ",\"properties\":{\"serviceProviderProperties\":{\"serviceProviderName\":"
     "\"Equinix\",\"peeringLocation\":\"Amsterdam\",\"bandwidthInMbps\":200},\"peerings\":[{\"name\":"
     "\"AzurePrivatePeering\",\"properties\":{\"peerASN\":65010,\"vlanId\":9999,"
     "\"primaryPeerAddressPrefix\":\"" P1 "\",\"secondaryPeerAddressPrefix\":\"" P2 "\"}}]}}", 400,
     "ExpressRoutePeeringVlanIdInvalid", "/properties/peerings/0/properties/vlanId"},
    /* networks */
    {OTHER, SPACE("", ""), 400, "InvalidAddressPrefixFormat", "/properties/addressSpace/addressPrefixes"},
    {OTHER, SPACE("\"10.0.0.0/33\"", ""), 400, "InvalidAddressPrefixFormat",
     "/properties/addressSpace/addressPrefixes/0"},
    {OTHER, SPACE("\"10.0.0.1/16\"", ""), 400, "InvalidCIDRNotation",
     "/properties/addressSpace/addressPrefixes/0"},
    {OTHER, SPACE("\"10.0.0.0/16\",\"10.0.9.0/24\"", ""), 400, "NetcfgAddressSpaceOverlap",
     "/properties/addressSpace/addressPrefixes/1"},
    {OTHER, SPACE("\"10.0.0.0/16\"", SUBNET("a", "10.1.0.0/24")), 400, "NetcfgSubnetRangeOutsideVnet",
     "/properties/subnets/0/properties/addressPrefix"},
    {OTHER, SPACE("\"10.0.0.0/16\"", SUBNET("a", "10.0.0.0/24") "," SUBNET("b", "10.0.0.128/25")), 400,
     "NetcfgSubnetRangesOverlap", "/properties/subnets/1/properties/addressPrefix"},
    {OTHER, SPACE("\"10.0.0.0/16\"", "{\"name\":\"a\",\"properties\":{}}"), 400,
     "InvalidAddressPrefixFormat", "/properties/subnets/0/properties/addressPrefix"},
    {VNET, SPACE("\"10.20.0.0/16\"", SUBNET("app", "10.20.0.0/24")), 400, "InUseSubnetCannotBeDeleted", ""},
    {VNET, SPACE("\"10.20.0.0/16\",\"192.168.0.0/16\"", SUBNET("GatewaySubnet", "10.20.255.0/27")), 400,
     "NetcfgAddressSpaceOverlap", "/properties/addressSpace/addressPrefixes"},
    {VNET, LOCATED "\"properties\":{\"addressSpace\":{\"addressPrefixes\":[\"10.30.0.0/16\"]}}}", 400,
     "NetcfgSubnetRangeOutsideVnet", "/properties/addressSpace/addressPrefixes"},
    {OTHER, LOCATED "\"properties\":{\"addressSpace\":{\"addressPrefixes\":[\"10.0.0.0/16\"]},"
     "\"bgpCommunities\":{\"virtualNetworkCommunity\":\"65000:1\"}}}", 400, "InvalidRequestFormat",
     "/properties/bgpCommunities/virtualNetworkCommunity"},
    {VNET "/subnets/x", "{\"properties\":{\"addressPrefix\":\"10.20.0.0/25\"}}", 400,
     "NetcfgSubnetRangesOverlap", "/properties/addressPrefix"},
    {VNET "/subnets/GatewaySubnet", "{\"properties\":{\"addressPrefix\":\"10.20.255.0/28\"}}", 400,
     "VirtualNetworkGatewaySubnetInvalid", "/properties"},
    /* gateways */
    {GW2, GW("Vpn", "ErGw1AZ", VNET "/subnets/GatewaySubnet"), 400,
     "VirtualNetworkGatewayTypeNotSupported", "/properties/gatewayType"},
    {GW2, GW("ExpressRoute", "ErGw9AZ", VNET "/subnets/GatewaySubnet"), 400,
     "VirtualNetworkGatewaySkuInvalid", "/properties/sku/name"},
    {GW2, GW("ExpressRoute", "ErGw1AZ", VNET "/subnets/none"), 400, "InvalidResourceReference",
     "/properties/ipConfigurations/0/properties/subnet/id"},
    {GW2, GW("ExpressRoute", "ErGw1AZ", VNET "/subnets/app"), 400, "VirtualNetworkGatewaySubnetInvalid",
     "/properties/ipConfigurations/0/properties/subnet/id"},
    {GW2, GW("ExpressRoute", "ErGw1AZ", VNET "/subnets/GatewaySubnet"), 400,
     "VirtualNetworkGatewaySubnetInvalid", "/properties/ipConfigurations/0/properties/subnet/id"},
    {GW2, LOCATED "\"properties\":{\"gatewayType\":\"ExpressRoute\",\"sku\":{\"name\":\"ErGw1AZ\"}}}", 400,
     "VirtualNetworkGatewaySubnetInvalid", "/properties/ipConfigurations"},
    {GATEWAY, GW("ExpressRoute", "Standard", VNET "/subnets/GatewaySubnet"), 400,
     "VirtualNetworkGatewaySkuChangeNotSupported", "/properties/sku/name"},
    {GW2, LOCATED "\"properties\":{\"gatewayType\":\"ExpressRoute\",\"sku\":{\"name\":\"ErGw1AZ\"},"
     "\"ipConfigurations\":[{\"name\":\"d\",\"properties\":{\"subnet\":{\"id\":\"" VNET "/subnets/none\"},"
     "\"publicIPAddress\":{\"id\":\"" NET "/publicIPAddresses/none\"}}}]}}", 400,
     "InvalidResourceReference", "/properties/ipConfigurations/0/properties/subnet/id"},
    {NET "/publicIPAddresses/ip", LOCATED "\"properties\":{\"publicIPAllocationMethod\":\"Rare\"}}", 400,
     "InvalidRequestFormat", "/properties/publicIPAllocationMethod"},
    /* connections */
    {NET "/connections/c2", LINK("IPsec", GATEWAY, CIRCUIT, ""), 400, "ConnectionTypeNotSupported",
     "/properties/connectionType"},
    {NET "/connections/c2", LINK("ExpressRoute", NET "/virtualNetworkGateways/none", CIRCUIT, ""), 400,
     "InvalidResourceReference", "/properties/virtualNetworkGateway1/id"},
    {NET "/connections/c2", LINK("ExpressRoute", GATEWAY, NET "/expressRouteCircuits/none", ""), 400,
     "InvalidResourceReference", "/properties/peer/id"},
    {NET "/connections/c2", LINK("ExpressRoute", GATEWAY, VNET, ""), 400, "InvalidResourceReference",
     "/properties/peer/id"},
    {NET "/connections/c2", LINK("ExpressRoute", GATEWAY, FOREIGN_NET "/expressRouteCircuits/x", ""), 403,
     "LinkedAuthorizationFailed", "/properties/peer/id"},
    {NET "/connections/c2", LINK("ExpressRoute", GATEWAY, CIRCUIT, ""), 400,
     "ExpressRouteCircuitAlreadyConnected", "/properties/peer/id"},
    {NET "/connections/c2", LINK("ExpressRoute", GATEWAY, CIRCUIT, ",\"routingWeight\":32001"), 400,
     "ConnectionRoutingWeightInvalid", "/properties/routingWeight"},
    {NET "/connections/c2", LINK("ExpressRoute", GATEWAY, CIRCUIT, ",\"expressRouteGatewayBypass\":true"),
     400, "ConnectionGatewayBypassNotSupported", "/properties/expressRouteGatewayBypass"},
    {NET "/connections/c2", LINK("ExpressRoute", GATEWAY, CIRCUIT, ",\"authorizationKey\":\"x\""), 400,
     "ExpressRouteAuthorizationInvalid", "/properties/authorizationKey"},
};

static void every_rule_names_status_code_and_target_and_stores_nothing(void **state)
{
    struct world *w = *state;
    make_link(w);
    get(w, RG); /* finishes what is due */
    int64_t before = store_revision(w->is.store);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct refusal *r = &rows[i];
        put(w, r->path, r->body);
        const char *target = json_string_value(at(w->json, "error.target"));
        if (w->out.status != r->status || strcmp(says(w, "error.code"), r->code) != 0 ||
            strcmp(target ? target : "", r->target) != 0)
            print_message("row %zu: PUT %s\n  %s\n  answer %d %s\n", i, r->path, r->body, w->out.status,
                          text_get(&w->out.body));
        assert_int_equal(w->out.status, r->status);
        assert_string_equal(says(w, "error.code"), r->code);
        assert_string_equal(target ? target : "", r->target);
        assert_true(strlen(says(w, "error.message")) > 20);
        assert_int_equal(store_revision(w->is.store), before);
    }
}

static void the_fix_stands_in_the_message(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    put(w, NET "/expressRouteCircuits/c", LOCATED GOOD_SKU "," ORDER("Equnix", "Amsterdm", "300") "}");
    assert_non_null(strstr(says(w, "error.message"), "did you mean 'Equinix'"));
    assert_int_equal(json_array_size(at(w->json, "error.details")), 3);
    assert_non_null(strstr(says(w, "error.details.1.message"), "did you mean 'Amsterdam'"));
    assert_non_null(strstr(says(w, "error.details.2.message"), "50, 200, 500, 1000"));
    put(w, PRIVATE, PEER("65010", "100", "10.1.0.1/30", P2, ""));
    assert_non_null(strstr(says(w, "error.message"), "Use 10.1.0.0/30"));
}

static void a_refused_key_is_not_repeated(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    EXPECT(400, put(w, PRIVATE, PEER("65010", "100", P1, P2, ",\"sharedKey\":\"not a good key\"")));
    assert_null(strstr(text_get(&w->out.body), "not a good key"));
}

static void deep_and_large_bodies_are_refused(void **state)
{
    struct world *w = *state;
    char *body = malloc(400000);
    assert_non_null(body);
    make_group(w);
    memset(body, '[', 65);
    memcpy(body + 65, "]", 2);
    EXPECT(400, put(w, NET "/expressRouteCircuits/c", body));
    strcpy(body, "{\"a\":[0");
    for (size_t i = 0; i < 100001; i++) strcpy(body + 7 + 2 * i, ",0");
    EXPECT(400, put(w, NET "/expressRouteCircuits/c", body));
    assert_non_null(strstr(says(w, "error.message"), "too large"));
    strcpy(body, "{\"a\":1");
    for (size_t i = 6; i < 80; i++) strcpy(body + i, "1");
    EXPECT(400, put(w, NET "/expressRouteCircuits/c", body));
    free(body);
}

static void what_is_in_use_cannot_be_deleted(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *path, *code;
    } used[] = {
        {CIRCUIT, "InUseExpressRouteCircuitCannotBeDeleted"},
        {PRIVATE, "InUseExpressRoutePeeringCannotBeDeleted"},
        {GATEWAY, "InUseVirtualNetworkGatewayCannotBeDeleted"},
        {VNET "/subnets/GatewaySubnet", "InUseSubnetCannotBeDeleted"},
        {VNET, "InUseSubnetCannotBeDeleted"},
    };
    make_link(w);
    for (size_t i = 0; i < ARRAY_LEN(used); i++) {
        ask(w, &owner, API_DELETE, used[i].path, NULL);
        expect_fault(w, 400, used[i].code);
        EXPECT(200, get(w, used[i].path));
        assert_string_equal(says(w, "properties.provisioningState"), "Succeeded");
    }
    ask(w, &owner, API_DELETE, RG, NULL);
    expect_fault(w, 409, "ResourceGroupDeletionBlocked");
}

static void a_circuit_that_its_provider_holds_cannot_be_deleted(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    static const char *const states[] = {"Provisioning", "Provisioned", "Deprovisioning"};
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        provision(w, states[i]);
        ask(w, &owner, API_DELETE, CIRCUIT, NULL);
        expect_fault(w, 409, "ExpressRouteCircuitProvisionedCannotBeDeleted");
    }
    provision(w, "NotProvisioned");
    EXPECT(202, ask(w, &owner, API_DELETE, CIRCUIT, NULL));
}

static void a_connection_needs_a_provisioned_circuit_with_private_peering(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    make_gateway(w);
    put(w, CONNECTION, CONNECTION_BODY);
    expect_fault(w, 400, "ExpressRouteCircuitNotProvisioned");
    provision(w, "Provisioned");
    put(w, CONNECTION, CONNECTION_BODY);
    expect_fault(w, 400, "ExpressRouteCircuitPeeringNotConfigured");
    EXPECT(201, put(w, PRIVATE, PEER("65010", "100", "10.20.0.0/30", P2, "")));
    put(w, CONNECTION, CONNECTION_BODY);
    expect_fault(w, 400, "ExpressRoutePeeringPrefixOverlap");
    EXPECT(200, put(w, PRIVATE, PEERING_BODY));
    EXPECT(201, put(w, CONNECTION, CONNECTION_BODY));
}

static void a_connection_waits_for_its_gateway(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    provision(w, "Provisioned");
    EXPECT(201, put(w, PRIVATE, PEERING_BODY));
    EXPECT(201, put(w, VNET, VNET_BODY));
    get(w, VNET);
    api_drop(w->api);
    w->is.pace = 1;
    world_open(w);
    EXPECT(201, put(w, GATEWAY, GATEWAY_BODY));
    put(w, CONNECTION, CONNECTION_BODY);
    expect_fault(w, 400, "VirtualNetworkGatewayNotReady");
    w->now_ms += 60000;
    EXPECT(201, put(w, CONNECTION, CONNECTION_BODY));
}

static void links_are_counted_against_the_tier(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    provision(w, "Provisioned");
    EXPECT(201, put(w, PRIVATE, PEERING_BODY));
    for (int i = 0; i < 4; i++) {
        char path[256], body[1024];
        snprintf(path, sizeof path, NET "/virtualNetworks/v%d", i);
        snprintf(body, sizeof body, SPACE("\"10.%d.0.0/16\"", SUBNET("GatewaySubnet", "10.%d.0.0/27")),
                 40 + i, 40 + i);
        EXPECT(201, put(w, path, body));
        snprintf(path, sizeof path, NET "/virtualNetworkGateways/g%d", i);
        snprintf(body, sizeof body, GW("ExpressRoute", "Standard", NET "/virtualNetworks/v%d/subnets/"
                                       "GatewaySubnet"), i);
        EXPECT(201, put(w, path, body));
    }
    for (int i = 0; i < 3; i++) { /* two in this catalogue */
        char path[256], body[1024];
        snprintf(path, sizeof path, NET "/connections/c%d", i);
        snprintf(body, sizeof body, LINK("ExpressRoute", NET "/virtualNetworkGateways/g%d", CIRCUIT, ""), i);
        int got = put(w, path, body);
        if (i < 2) EXPECT(201, got);
        else expect_fault(w, 400, "ExpressRouteCircuitLinkLimitReached");
    }
    EXPECT(200, put(w, CIRCUIT, LOCATED SKU("Premium", "MeteredData") ","
                    ORDER("Equinix", "Amsterdam", "200") "}"));
    EXPECT(201, put(w, NET "/connections/c2",
                    LINK("ExpressRoute", NET "/virtualNetworkGateways/g2", CIRCUIT, "")));
    put(w, CIRCUIT, LOCATED GOOD_SKU "," ORDER("Equinix", "Amsterdam", "200") "}");
    expect_fault(w, 400, "ExpressRouteSkuInvalid");
}

static void unlimited_never_becomes_metered(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    EXPECT(200, put(w, CIRCUIT, LOCATED SKU("Standard", "UnlimitedData") ","
                    ORDER("Equinix", "Amsterdam", "500") "}"));
    put(w, CIRCUIT, LOCATED GOOD_SKU "," ORDER("Equinix", "Amsterdam", "500") "}");
    expect_fault(w, 400, "ExpressRouteUnlimitedToMeteredNotSupported");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_rule_names_status_code_and_target_and_stores_nothing),
        TEST(the_fix_stands_in_the_message),
        TEST(a_refused_key_is_not_repeated),
        TEST(deep_and_large_bodies_are_refused),
        TEST(what_is_in_use_cannot_be_deleted),
        TEST(a_circuit_that_its_provider_holds_cannot_be_deleted),
        TEST(a_connection_needs_a_provisioned_circuit_with_private_peering),
        TEST(a_connection_waits_for_its_gateway),
        TEST(links_are_counted_against_the_tier),
        TEST(unlimited_never_becomes_metered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
