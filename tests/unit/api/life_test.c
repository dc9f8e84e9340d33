#include "world.h"

static void a_circuit_lives_from_order_to_deletion(void **state)
{
    struct world *w = *state;
    make_group(w);
    EXPECT(201, put(w, CIRCUIT, CIRCUIT_BODY));
    assert_string_equal(says(w, "id"), CIRCUIT);
    assert_string_equal(says(w, "location"), "westeurope");
    assert_string_equal(says(w, "properties.provisioningState"), "Updating");
    assert_string_equal(says(w, "properties.circuitProvisioningState"), "Disabled");
    assert_non_null(header(w, "Azure-AsyncOperation"));
    assert_string_equal(header(w, "Azure-AsyncNotification"), "Enabled");
    assert_string_equal(header(w, "Retry-After"), "1");
    char *poll = strdup(link_target(header(w, "Azure-AsyncOperation")));
    EXPECT(200, get(w, poll));
    assert_string_equal(says(w, "status"), "Succeeded");
    free(poll);
    EXPECT(200, get(w, CIRCUIT));
    assert_string_equal(says(w, "properties.provisioningState"), "Succeeded");
    assert_string_equal(says(w, "properties.circuitProvisioningState"), "Enabled");
    assert_string_equal(says(w, "properties.serviceProviderProvisioningState"), "NotProvisioned");
    assert_null(at(w->json, "internal"));
    provision(w, "Provisioning");
    provision(w, "Provisioned");
    EXPECT(200, get(w, CIRCUIT));
    assert_string_equal(says(w, "properties.serviceProviderProvisioningState"), "Provisioned");
    EXPECT(201, put(w, PRIVATE, PEERING_BODY));
    assert_int_equal(json_integer_value(at(w->json, "properties.azureASN")), 0);
    assert_string_equal(says(w, "properties.lastModifiedBy"), "");
    EXPECT(200, get(w, PRIVATE));
    assert_int_equal(json_integer_value(at(w->json, "properties.azureASN")), 12076);
    assert_string_equal(says(w, "properties.primaryAzurePort"), "FL-Amsterdam-PRI-A");
    assert_string_equal(says(w, "properties.lastModifiedBy"), "Customer");
    assert_null(at(w->json, "properties.sharedKey"));
    make_gateway(w);
    EXPECT(201, put(w, CONNECTION, CONNECTION_BODY));
    EXPECT(200, get(w, CONNECTION));
    assert_string_equal(says(w, "properties.provisioningState"), "Succeeded");
    assert_string_equal(says(w, "properties.connectionStatus"), "NotConnected");
    EXPECT(200, get(w, GATEWAY "/connections"));
    assert_string_equal(says(w, "value.0.name"), "conn-demo");

    ask(w, &owner, API_DELETE, CIRCUIT, NULL);
    expect_fault(w, 400, "InUseExpressRouteCircuitCannotBeDeleted");
    EXPECT(202, ask(w, &owner, API_DELETE, CONNECTION, NULL));
    assert_non_null(header(w, "Location"));
    EXPECT(404, get(w, CONNECTION));
    EXPECT(409, ask(w, &owner, API_DELETE, CIRCUIT, NULL));
    expect_fault(w, 409, "ExpressRouteCircuitProvisionedCannotBeDeleted");
    provision(w, "Deprovisioning");
    provision(w, "NotProvisioned");
    EXPECT(202, ask(w, &owner, API_DELETE, CIRCUIT, NULL));
    char *result = strdup(link_target(header(w, "Location")));
    EXPECT(204, get(w, result));
    free(result);
    EXPECT(404, get(w, CIRCUIT));
    EXPECT(404, get(w, PRIVATE));
    EXPECT(204, ask(w, &owner, API_DELETE, CIRCUIT, NULL));
    EXPECT(200, ask(w, &provider, API_GET, "/subscriptions/" PROVIDER_SUB
                    "/providers/Microsoft.Network/expressRouteCrossConnections", NULL));
    assert_int_equal(json_array_size(at(w->json, "value")), 0);
    EXPECT(202, ask(w, &owner, API_DELETE, RG, NULL));
    EXPECT(404, ask(w, &owner, API_HEAD, RG, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_circuit_lives_from_order_to_deletion, world_setup,
                                        world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
