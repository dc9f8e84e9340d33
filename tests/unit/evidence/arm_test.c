/* Resources as the REST API, az and PowerShell print them give the same facts and the same design. */
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include "evidence/arm_design_json.h"
#include "model/design_json.h"
#include "world.h"

#define ID "/subscriptions/s/resourceGroups/rg1/providers/Microsoft.Network/"

/* The REST API: under properties. */
static const char rest[] =
    "{\"name\":\"er1\",\"id\":\"" ID "expressRouteCircuits/er1\",\"type\":\"Microsoft.Network/expressRouteCircuits\","
    "\"location\":\"westeurope\",\"sku\":{\"name\":\"Premium_MeteredData\"},\"properties\":{"
    "\"provisioningState\":\"Succeeded\",\"circuitProvisioningState\":\"Enabled\","
    "\"serviceProviderProvisioningState\":\"Provisioned\",\"serviceProviderProperties\":{"
    "\"serviceProviderName\":\"Equinix\",\"peeringLocation\":\"Amsterdam2\",\"bandwidthInMbps\":500},"
    "\"authorizations\":[{\"name\":\"a1\",\"properties\":{\"authorizationKey\":\"SECRET\",\"authorizationUseStatus\":\"InUse\"}}],"
    "\"peerings\":[{\"name\":\"AzurePrivatePeering\",\"properties\":{\"peeringType\":\"AzurePrivatePeering\","
    "\"azureASN\":12076,\"peerASN\":65010,\"primaryPeerAddressPrefix\":\"192.168.1.0/30\","
    "\"secondaryPeerAddressPrefix\":\"192.168.1.4/30\",\"vlanId\":100,\"state\":\"Enabled\","
    "\"sharedKey\":\"SECRET\",\"provisioningState\":\"Succeeded\",\"lastModifiedBy\":\"Customer\"}}]}}";

/* az: flattened. */
static const char az[] =
    "{\"name\":\"er1\",\"id\":\"" ID "expressRouteCircuits/er1\",\"type\":\"Microsoft.Network/expressRouteCircuits\","
    "\"location\":\"westeurope\",\"sku\":{\"name\":\"Premium_MeteredData\"},\"provisioningState\":\"Succeeded\","
    "\"circuitProvisioningState\":\"Enabled\",\"serviceProviderProvisioningState\":\"Provisioned\","
    "\"bandwidthInGbps\":null,\"serviceProviderProperties\":{\"serviceProviderName\":\"Equinix\","
    "\"peeringLocation\":\"Amsterdam2\",\"bandwidthInMbps\":500},\"authorizations\":[{\"name\":\"a1\","
    "\"authorizationUseStatus\":\"InUse\"}],\"peerings\":[{\"name\":\"AzurePrivatePeering\","
    "\"peeringType\":\"AzurePrivatePeering\",\"azureAsn\":12076,\"peerAsn\":65010,"
    "\"primaryPeerAddressPrefix\":\"192.168.1.0/30\",\"secondaryPeerAddressPrefix\":\"192.168.1.4/30\",\"vlanId\":100,"
    "\"state\":\"Enabled\",\"provisioningState\":\"Succeeded\",\"lastModifiedBy\":\"Customer\"}]}";

/* PowerShell: upper case, no type. */
static const char powershell[] =
    "{\"Name\":\"er1\",\"Id\":\"" ID "expressRouteCircuits/er1\",\"Location\":\"westeurope\","
    "\"Sku\":{\"Name\":\"Premium_MeteredData\"},\"ProvisioningState\":\"Succeeded\","
    "\"CircuitProvisioningState\":\"Enabled\",\"ServiceProviderProvisioningState\":\"Provisioned\","
    "\"ServiceProviderProperties\":{\"ServiceProviderName\":\"Equinix\",\"PeeringLocation\":\"Amsterdam2\","
    "\"BandwidthInMbps\":500},\"Authorizations\":[{\"Name\":\"a1\",\"AuthorizationUseStatus\":\"InUse\"}],"
    "\"Peerings\":[{\"Name\":\"AzurePrivatePeering\",\"PeeringType\":\"AzurePrivatePeering\",\"AzureASN\":\"12076\","
    "\"PeerASN\":65010,\"PrimaryPeerAddressPrefix\":\"192.168.1.0/30\",\"SecondaryPeerAddressPrefix\":\"192.168.1.4/30\","
    "\"VlanId\":100,\"State\":\"Enabled\",\"ProvisioningState\":\"Succeeded\",\"LastModifiedBy\":\"Customer\"}]}";

static const char providers[] =
    "{\"value\":[{\"name\":\"Equinix\",\"type\":\"Microsoft.Network/expressRouteServiceProviders\",\"properties\":{"
    "\"peeringLocations\":[\"Amsterdam\",\"Amsterdam 2\"],\"bandwidthsOffered\":[{\"offerName\":\"500Mbps\","
    "\"valueInMbps\":500},{\"offerName\":\"1Gbps\",\"valueInMbps\":1000}]}}]}";

struct export {
    struct world w;
    struct arm_export e;
    json_t *kept[16];
    size_t n;
};

static void start(struct export *x)
{
    *x = (struct export){0};
    world_make(&x->w);
    arm_export_init(&x->e);
}
static size_t add(struct export *x, const char *text)
{
    json_t *v = x->kept[x->n++] = json_loads(text, 0, NULL);
    assert_non_null(v);
    return arm_export_add(&x->e, v, "file", 2000);
}
static void table(struct export *x, enum arm_table_kind kind, const char *leg, const char *text)
{
    json_t *v = x->kept[x->n++] = json_loads(text, 0, NULL);
    assert_non_null(v);
    assert_true(arm_export_add_table(&x->e, &(struct arm_table){kind, "er1", "private", leg, v, "file", 2000}));
}
static void facts(struct export *x) { arm_export_facts(&x->e, &x->w.facts, x->w.design); }
static void finish(struct export *x)
{
    arm_export_drop(&x->e);
    for (size_t i = 0; i < x->n; i++) json_decref(x->kept[i]);
    world_drop(&x->w);
}

static void three_dialects_one_meaning(void **state)
{
    (void)state;
    static const char *const dialects[] = {rest, az, powershell};
    for (size_t i = 0; i < ARRAY_LEN(dialects); i++) {
        struct export x;
        start(&x);
        assert_int_equal(add(&x, dialects[i]), 1);
        assert_int_equal(add(&x, providers), 1);
        facts(&x);
        assert_string_equal(world_fact(&x.w, FACT_CIRCUIT_STATE, "circuit/er1"), "Enabled");
        assert_string_equal(world_fact(&x.w, FACT_CIRCUIT_PROVIDER_STATE, "circuit/er1"), "Provisioned");
        assert_string_equal(world_fact(&x.w, FACT_CIRCUIT_SKU, "circuit/er1"), "Premium_MeteredData");
        assert_string_equal(world_fact(&x.w, FACT_CIRCUIT_BANDWIDTH, "circuit/er1"), "500");
        assert_string_equal(world_fact(&x.w, FACT_AUTHORIZATION_USE, "circuit/er1"), "a1 InUse");
        assert_string_equal(world_fact(&x.w, FACT_PEERING_VLAN, "circuit/er1/private"), "100");
        assert_string_equal(world_fact(&x.w, FACT_PEERING_CLOUD_ASN, "circuit/er1/private"), "12076");
        assert_string_equal(world_fact(&x.w, FACT_PEERING_PRIMARY_PREFIX, "circuit/er1/private"), "192.168.1.0/30");
        assert_string_equal(world_fact(&x.w, FACT_PEERING_MANAGED_BY, "circuit/er1/private"), "Customer");
        assert_string_equal(world_fact(&x.w, FACT_PROVIDER_LISTED, "circuit/er1"), "true");
        assert_int_equal(world_count(&x.w, FACT_CIRCUIT_OFFERED, "circuit/er1"), 2);
        for (size_t k = 0; k < x.w.facts.n; k++) assert_null(strstr(x.w.facts.list[k].value, "SECRET"));
        finish(&x);
    }
}

static void the_design_of_an_export_reads_back_without_secrets(void **state)
{
    (void)state;
    struct export x;
    struct problems ps;
    start(&x);
    add(&x, rest);
    add(&x, "[{\"name\":\"v1\",\"id\":\"" ID "virtualNetworks/v1\",\"location\":\"westeurope\",\"properties\":{"
            "\"addressSpace\":{\"addressPrefixes\":[\"10.20.0.0/16\"]},\"subnets\":[{\"name\":\"GatewaySubnet\","
            "\"properties\":{\"addressPrefix\":\"10.20.255.0/27\"}}]}}]");
    add(&x, "[{\"name\":\"g1\",\"id\":\"" ID "virtualNetworkGateways/g1\",\"properties\":{\"gatewayType\":\"ExpressRoute\","
            "\"sku\":{\"name\":\"ErGw1AZ\"},\"ipConfigurations\":[{\"properties\":{\"subnet\":{\"id\":\"" ID
            "virtualNetworks/v1/subnets/GatewaySubnet\"}}}]}},"
            "{\"name\":\"lost\",\"id\":\"" ID "virtualNetworkGateways/lost\",\"properties\":{\"ipConfigurations\":[]}}]");
    add(&x, "[{\"name\":\"k1\",\"id\":\"" ID "connections/k1\",\"properties\":{\"connectionType\":\"ExpressRoute\","
            "\"routingWeight\":10,\"provisioningState\":\"Succeeded\",\"peer\":{\"id\":\"" ID
            "expressRouteCircuits/er1\"},\"virtualNetworkGateway1\":{\"id\":\"" ID "virtualNetworkGateways/g1\"}}},"
            "{\"name\":\"k2\",\"id\":\"" ID "connections/k2\",\"properties\":{\"connectionType\":\"ExpressRoute\","
            "\"peer\":{\"id\":\"" ID "expressRouteCircuits/other\"},\"virtualNetworkGateway1\":{\"id\":\"" ID
            "virtualNetworkGateways/g1\"}}}]");
    json_t *json = arm_export_design(&x.e);
    problems_init(&ps, &x.w.arena);
    struct design *d = design_from_json(json, &x.w.arena, &ps);
    for (const struct problem *p = ps.first; p; p = p->next) print_error("%s: %s\n", p->where, p->what);
    assert_non_null(d);
    assert_string_equal(d->resource_group, "rg1");
    assert_int_equal(d->circuits_n, 1);
    assert_int_equal(d->gateways_n, 1);    /* the one whose network is not known is left out */
    assert_int_equal(d->connections_n, 1); /* and so is a link to a circuit that is not */
    assert_int_equal(d->connections[0].weight, 10);
    assert_int_equal(d->circuits[0].peerings[PEERING_PRIVATE].peer_asn, 65010);
    char *all = json_dumps(json, 0);
    assert_null(strstr(all, "SECRET"));
    free(all);
    json_decref(json);
    facts(&x);
    assert_string_equal(world_fact(&x.w, FACT_CIRCUIT_LINKS, "circuit/er1"), "1");
    assert_string_equal(world_fact(&x.w, FACT_CONNECTION_WEIGHT, "connection/k1"), "10");
    finish(&x);
}

static void tables_of_a_leg(void **state)
{
    (void)state;
    static const char leg[] = "circuit/er1/private/primary";
    struct export x;
    start(&x);
    table(&x, ARM_ARP, "primary",
          "{\"value\":[{\"age\":2,\"interface\":\"On-Prem\",\"ipAddress\":\"192.168.1.1\",\"macAddress\":\"E649.4ae7.9ec5\"},"
          "{\"age\":0,\"interface\":\"Microsoft\",\"ipAddress\":\"192.168.1.2\",\"macAddress\":\"885a.9269.9110\"}]}");
    table(&x, ARM_ROUTES, "primary",
          "{\"value\":[{\"network\":\"10.10.0.0/16\",\"nextHop\":\"192.168.1.1\",\"locPrf\":\"\",\"weight\":0,\"path\":\"65010 65020\"},"
          "{\"network\":\"10.20.0.0/16\",\"nextHop\":\"10.9.9.9\",\"path\":\"65515\"}]}");
    table(&x, ARM_SUMMARY, "primary",
          "[{\"neighbor\":\"192.168.1.1\",\"v\":4,\"as\":65010,\"upDown\":\"1d02h\",\"statePfxRcd\":\"17\"}]");
    table(&x, ARM_STATS, "", "{\"primarybytesIn\":5,\"primarybytesOut\":6,\"secondarybytesIn\":0,\"secondarybytesOut\":8}");
    facts(&x);
    assert_string_equal(world_fact(&x.w, FACT_NEIGHBOR, leg), "192.168.1.1 e6:49:4a:e7:9e:c5 reachable");
    assert_string_equal(world_fact(&x.w, FACT_ATTACHMENT_ADDRESS, leg), "192.168.1.2/30");
    assert_string_equal(world_fact(&x.w, FACT_ROUTE, leg), "10.10.0.0/16 0 2 65010 65020");
    assert_string_equal(world_fact(&x.w, FACT_SESSION_STATE, leg), "Established");
    assert_string_equal(world_fact(&x.w, FACT_SESSION_RECEIVED, leg), "17");
    assert_string_equal(world_fact(&x.w, FACT_SESSION_UPTIME, leg), "93600");
    assert_string_equal(world_fact(&x.w, FACT_ATTACHMENT_RX, leg), "5");
    assert_string_equal(world_fact(&x.w, FACT_ATTACHMENT_TX, "circuit/er1/private/secondary"), "8");
    finish(&x);
}

static void a_session_that_is_down_and_an_entry_without_answer(void **state)
{
    (void)state;
    static const char leg[] = "circuit/er1/private/secondary";
    struct export x;
    start(&x);
    table(&x, ARM_ARP, "secondary", "[{\"interface\":\"On-Prem\",\"ipAddress\":\"192.168.1.5\",\"macAddress\":\"Incomplete\"}]");
    table(&x, ARM_SUMMARY, "secondary", "[{\"neighbor\":\"192.168.1.5\",\"as\":65010,\"upDown\":\"never\",\"statePfxRcd\":\"Idle\"}]");
    facts(&x);
    assert_string_equal(world_fact(&x.w, FACT_NEIGHBOR, leg), "192.168.1.5 00:00:00:00:00:00 incomplete");
    assert_string_equal(world_fact(&x.w, FACT_SESSION_STATE, leg), "Idle");
    assert_int_equal(world_count(&x.w, FACT_SESSION_RECEIVED, leg), 0);
    assert_int_equal(world_count(&x.w, FACT_SESSION_UPTIME, leg), 0);
    finish(&x);
}

/* Nonsense gives no facts and no design that says more than it knows. */
static void documents_that_are_something_else(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[]", "{}", "[1,2]", "{\"value\":7}", "{\"value\":[null,{\"id\":5}]}", "{\"type\":\"Microsoft.Compute/disks\"}",
        "{\"name\":\"x\",\"id\":\"/subscriptions/s/resourceGroups/g\"}",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct export x;
        start(&x);
        assert_int_equal(add(&x, texts[i]), 0);
        table(&x, ARM_ARP, "primary", texts[i]);
        table(&x, ARM_ROUTES, "primary", texts[i]);
        table(&x, ARM_SUMMARY, "primary", texts[i]);
        facts(&x);
        assert_int_equal(x.w.facts.n, 0);
        finish(&x);
    }
}

static void the_filter_of_a_peering(void **state)
{
    (void)state;
    struct export x;
    start(&x);
    add(&x, "{\"name\":\"MicrosoftPeering\",\"id\":\"" ID "expressRouteCircuits/er1/peerings/MicrosoftPeering\","
            "\"type\":\"Microsoft.Network/expressRouteCircuits/peerings\",\"properties\":{\"peeringType\":\"MicrosoftPeering\","
            "\"vlanId\":200,\"routeFilter\":{\"id\":\"" ID "routeFilters/f1\"},\"microsoftPeeringConfig\":{"
            "\"advertisedPublicPrefixesState\":\"ValidationNeeded\"}}}");
    add(&x, "{\"value\":[{\"name\":\"f1\",\"id\":\"" ID "routeFilters/f1\",\"type\":\"Microsoft.Network/routeFilters\","
            "\"properties\":{\"rules\":[{\"name\":\"r\",\"properties\":{\"access\":\"Allow\",\"communities\":["
            "\"12076:5010\",\"12076:5030\"]}}]}}]}");
    facts(&x);
    assert_string_equal(world_fact(&x.w, FACT_FILTER_RULE, "circuit/er1/microsoft"), "Allow 12076:5010,12076:5030");
    assert_string_equal(world_fact(&x.w, FACT_PEERING_PREFIXES_STATE, "circuit/er1/microsoft"), "ValidationNeeded");
    finish(&x);
}

static void who_may_write(void **state)
{
    (void)state;
    static const struct {
        const char *text, *may;
    } rows[] = {
        {"{\"value\":[{\"actions\":[\"*\"],\"notActions\":[]}]}", "true"},
        {"{\"value\":[{\"actions\":[\"*/read\"],\"notActions\":[]}]}", "false"},
        {"{\"value\":[{\"actions\":[\"*/read\"],\"notActions\":[]},{\"actions\":[\"Microsoft.Network/*\"],\"notActions\":[]}]}", "true"},
        {"{\"value\":[{\"actions\":[\"*\"],\"notActions\":[\"Microsoft.Network/*/write\"]}]}", "false"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct export x;
        start(&x);
        add(&x, rows[i].text);
        facts(&x);
        assert_string_equal(world_fact(&x.w, FACT_SUBSCRIPTION_MAY_WRITE, "subscription"), rows[i].may);
        finish(&x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_dialects_one_meaning),
        cmocka_unit_test(the_design_of_an_export_reads_back_without_secrets),
        cmocka_unit_test(tables_of_a_leg),
        cmocka_unit_test(a_session_that_is_down_and_an_entry_without_answer),
        cmocka_unit_test(documents_that_are_something_else),
        cmocka_unit_test(the_filter_of_a_peering),
        cmocka_unit_test(who_may_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
