/* What holds for every call: paths, versions, etags, lists, operations, restarts. */
#include "world.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

/* Restarts the API on the same store, with operations taking as long as in life. */
static void restart_in_life(struct world *w)
{
    api_drop(w->api);
    w->is.pace = 1;
    world_open(w);
}

static void paths_are_taken_in_any_case_and_with_doubled_slashes(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    EXPECT(200, get(w, "/SUBSCRIPTIONS/" CUSTOMER_SUB
                       "/resourcegroups/RG1/Providers/microsoft.network//ExpressRouteCircuits/ER-DEMO"));
    assert_string_equal(says(w, "id"), CIRCUIT);
    assert_string_equal(says(w, "name"), "er-demo");
    EXPECT(200, put(w, NET "/EXPRESSROUTECIRCUITS/Er-Demo", CIRCUIT_BODY));
    assert_string_equal(says(w, "id"), CIRCUIT);
    EXPECT(201, put(w, CIRCUIT "/peerings/azureprivatepeering", PEERING_BODY));
    assert_string_equal(says(w, "id"), PRIVATE);
    EXPECT(200, get(w, NET "/expressRouteCircuits/%65r-demo"));
}

static void a_known_api_version_is_wanted(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    get(w, CIRCUIT "?x=y");
    expect_fault(w, 400, "MissingApiVersionParameter");
    get(w, CIRCUIT "?api-version=2031-01-01");
    expect_fault(w, 400, "NoRegisteredProviderFound");
    assert_non_null(strstr(says(w, "error.message"), "2025-05-01"));
    EXPECT(200, get(w, CIRCUIT "?gatewayVip=None&API-Version=2018-04-01"));
}

static void answers_carry_ids_and_no_cache(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    get(w, CIRCUIT);
    assert_string_equal(header(w, "Cache-Control"), "no-cache");
    assert_int_equal(strlen(header(w, "x-ms-request-id")), 36);
    assert_int_equal(strlen(header(w, "x-ms-correlation-request-id")), 36);
    assert_string_equal(header(w, "Content-Type"), "application/json; charset=utf-8");
}

static void an_etag_changes_when_an_operation_starts_and_when_it_ends(void **state)
{
    struct world *w = *state;
    make_group(w);
    restart_in_life(w);
    EXPECT(201, put(w, CIRCUIT, CIRCUIT_BODY));
    char *first = strdup(says(w, "etag"));
    assert_int_equal(strncmp(first, "W/\"", 3), 0);
    w->now_ms += 60000;
    EXPECT(200, get(w, CIRCUIT));
    assert_string_not_equal(says(w, "etag"), first);
    free(first);
}

static void preconditions_are_kept(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    get(w, CIRCUIT);
    char *etag = strdup(says(w, "etag"));
    ask_with(w, &owner, API_PUT, CIRCUIT, CIRCUIT_BODY, "W/\"old\"", NULL);
    expect_fault(w, 412, "PreconditionFailed");
    ask_with(w, &owner, API_DELETE, CIRCUIT, NULL, "W/\"old\"", NULL);
    expect_fault(w, 412, "PreconditionFailed");
    ask_with(w, &owner, API_PATCH, CIRCUIT, "{\"tags\":{}}", "W/\"old\"", NULL);
    expect_fault(w, 412, "PreconditionFailed");
    ask_with(w, &owner, API_PUT, CIRCUIT, CIRCUIT_BODY, NULL, "*");
    expect_fault(w, 412, "PreconditionFailed");
    ask_with(w, &owner, API_PUT, NET "/expressRouteCircuits/new", CIRCUIT_BODY, "*", NULL);
    expect_fault(w, 412, "PreconditionFailed");
    EXPECT(200, ask_with(w, &owner, API_PUT, CIRCUIT, CIRCUIT_BODY, etag, NULL));
    EXPECT(200, ask_with(w, &owner, API_PUT, CIRCUIT, CIRCUIT_BODY, "*", NULL));
    EXPECT(201, ask_with(w, &owner, API_PUT, NET "/expressRouteCircuits/new", CIRCUIT_BODY, NULL, "*"));
    free(etag);
}

static void lists_follow_their_next_link_to_the_end(void **state)
{
    struct world *w = *state;
    char path[256], target[512];
    size_t seen = 0;
    make_group(w);
    for (int i = 0; i < 7; i++) {
        snprintf(path, sizeof path, NET "/publicIPAddresses/ip%d", i);
        EXPECT(201, put(w, path, "{\"location\":\"westeurope\"}"));
    }
    snprintf(target, sizeof target, NET "/publicIPAddresses?api-version=2022-05-01&$top=3");
    for (int page = 0; page < 3; page++) {
        EXPECT(200, get(w, target));
        seen += json_array_size(at(w->json, "value"));
        const char *next = json_string_value(at(w->json, "nextLink"));
        assert_int_equal(next != NULL, page < 2);
        if (next) snprintf(target, sizeof target, "%s", link_target(next));
    }
    assert_int_equal(seen, 7);
    EXPECT(200, get(w, "/subscriptions/" CUSTOMER_SUB
                       "/providers/Microsoft.Network/publicIPAddresses?api-version=2022-05-01"));
    assert_int_equal(json_array_size(at(w->json, "value")), 7);
    assert_null(at(w->json, "nextLink"));
}

static void a_second_write_waits_for_the_first(void **state)
{
    struct world *w = *state;
    make_group(w);
    restart_in_life(w);
    EXPECT(201, put(w, CIRCUIT, CIRCUIT_BODY));
    char *poll = strdup(header(w, "Azure-AsyncOperation"));
    static const struct {
        enum api_method method;
        const char *path, *body;
    } writes[] = {{API_PUT, CIRCUIT, CIRCUIT_BODY},
                  {API_PATCH, CIRCUIT, "{\"tags\":{}}"},
                  {API_DELETE, CIRCUIT, NULL},
                  {API_PUT, PRIVATE, PEERING_BODY},
                  {API_PUT, CIRCUIT "/authorizations/a", "{}"}};
    for (size_t i = 0; i < ARRAY_LEN(writes); i++) {
        ask(w, &owner, writes[i].method, writes[i].path, writes[i].body);
        expect_fault(w, 409, "AnotherOperationInProgress");
        assert_non_null(strstr(says(w, "error.message"), "/operations/"));
        assert_string_equal(header(w, "Retry-After"), "1");
    }
    EXPECT(201, put(w, NET "/expressRouteCircuits/other", CIRCUIT_BODY));
    EXPECT(200, get(w, link_target(poll)));
    assert_string_equal(says(w, "status"), "InProgress");
    assert_non_null(header(w, "Retry-After"));
    assert_true(api_next(w->api) > w->now_ms && api_next(w->api) < w->now_ms + 60000);
    w->now_ms = api_next(w->api);
    api_tick(w->api, w->now_ms);
    EXPECT(200, get(w, link_target(poll)));
    assert_string_equal(says(w, "status"), "Succeeded");
    EXPECT(201, put(w, PRIVATE, PEERING_BODY));
    free(poll);
}

static void operations_survive_the_end_of_the_process(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    restart_in_life(w);
    EXPECT(202, ask(w, &owner, API_DELETE, CIRCUIT, NULL));
    char *poll = strdup(link_target(header(w, "Azure-AsyncOperation")));
    char *result = strdup(link_target(header(w, "Location")));
    api_drop(w->api);
    world_open(w);
    EXPECT(200, get(w, CIRCUIT)); /* readable until it is really gone */
    assert_string_equal(says(w, "properties.provisioningState"), "Deleting");
    put(w, CIRCUIT, CIRCUIT_BODY);
    expect_fault(w, 409, "AnotherOperationInProgress");
    EXPECT(202, get(w, result));
    w->now_ms += 30000;
    EXPECT(200, get(w, poll));
    assert_string_equal(says(w, "status"), "Succeeded");
    EXPECT(204, get(w, result));
    EXPECT(404, get(w, CIRCUIT));
    w->now_ms += 23 * 3600 * 1000;
    EXPECT(200, get(w, poll));
    w->now_ms += 5 * 3600 * 1000;
    get(w, RG);
    EXPECT(404, get(w, poll));
    free(poll);
    free(result);
}

static void a_clock_set_back_leaves_no_operation_waiting(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    restart_in_life(w);
    EXPECT(200, put(w, CIRCUIT, CIRCUIT_BODY));
    w->now_ms -= 10ll * 365 * 24 * 3600 * 1000;
    api_drop(w->api);
    world_open(w);
    assert_true(api_next(w->api) <= w->now_ms + 60000);
}

static void an_operation_that_fails_says_why_and_the_same_put_clears_it(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    provision(w, "Provisioned");
    EXPECT(201, put(w, PRIVATE, PEERING_BODY));
    make_gateway(w);
    get(w, GATEWAY);
    restart_in_life(w);
    EXPECT(201, put(w, CONNECTION, CONNECTION_BODY));
    char *poll = strdup(link_target(header(w, "Azure-AsyncOperation")));
    provision(w, "NotProvisioned");
    w->now_ms += 60000;
    EXPECT(200, get(w, poll));
    assert_string_equal(says(w, "status"), "Failed");
    assert_string_equal(says(w, "error.code"), "ExpressRouteCircuitNotProvisioned");
    EXPECT(200, get(w, CONNECTION));
    assert_string_equal(says(w, "properties.provisioningState"), "Failed");
    provision(w, "Provisioned");
    w->now_ms += 60000;
    EXPECT(200, put(w, CONNECTION, CONNECTION_BODY));
    w->now_ms += 60000;
    EXPECT(200, get(w, CONNECTION));
    assert_string_equal(says(w, "properties.provisioningState"), "Succeeded");
    free(poll);
}

static void patch_changes_tags_only(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    EXPECT(200, ask(w, &owner, API_PATCH, CIRCUIT,
                    "{\"tags\":{\"k\":\"v\"},\"properties\":{\"serviceProviderProperties\":{"
                    "\"bandwidthInMbps\":1000}}}"));
    assert_string_equal(says(w, "tags.k"), "v");
    assert_int_equal(json_integer_value(at(w->json, "properties.serviceProviderProperties."
                                                    "bandwidthInMbps")), 200);
    assert_null(header(w, "Azure-AsyncOperation"));
    EXPECT(405, ask(w, &owner, API_PATCH, PRIVATE, "{}"));
}

static void children_that_the_body_does_not_name_are_kept_and_an_empty_list_removes_them(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    EXPECT(201, put(w, CIRCUIT "/authorizations/a1", "{}"));
    EXPECT(201, put(w, PRIVATE, PEERING_BODY));
    EXPECT(200, put(w, CIRCUIT, CIRCUIT_BODY));
    assert_int_equal(json_array_size(at(w->json, "properties.peerings")), 1);
    get(w, CIRCUIT);
    json_t *body = json_deep_copy(w->json); /* get, change, put: as clients do */
    json_object_set_new(json_object_get(body, "properties"), "authorizations", json_array());
    char *text = json_dumps(body, 0);
    EXPECT(200, put(w, CIRCUIT, text));
    EXPECT(200, get(w, CIRCUIT));
    assert_int_equal(json_array_size(at(w->json, "properties.peerings")), 1);
    assert_int_equal(json_array_size(at(w->json, "properties.authorizations")), 0);
    free(text);
    json_decref(body);
}

static void stock_clients_that_leave_things_out_lose_nothing(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    EXPECT(200, put(w, CIRCUIT,
                    "{\"location\":\"westeurope\",\"sku\":{\"family\":\"MeteredData\",\"name\":"
                    "\"Standard_MeteredData\",\"tier\":\"Premium\"},\"properties\":{"
                    "\"bandwidthInGbps\":0.5,\"serviceKey\":\"mine\","
                    "\"serviceProviderProvisioningState\":\"Provisioned\"}}"));
    EXPECT(200, get(w, CIRCUIT));
    assert_string_equal(says(w, "sku.name"), "Premium_MeteredData");
    assert_string_equal(says(w, "properties.serviceProviderProperties.serviceProviderName"), "Equinix");
    assert_int_equal(json_integer_value(at(w->json, "properties.serviceProviderProperties."
                                                    "bandwidthInMbps")), 500);
    assert_null(at(w->json, "properties.bandwidthInGbps"));
    assert_string_equal(says(w, "properties.serviceProviderProvisioningState"), "NotProvisioned");
    assert_string_not_equal(says(w, "properties.serviceKey"), "mine");
    EXPECT(201, put(w, PRIVATE, PEERING_BODY));
    EXPECT(200, put(w, PRIVATE,
                    "{\"properties\":{\"peerASN\":65010,\"vlanId\":100,\"microsoftPeeringConfig\":{},"
                    "\"ipv6PeeringConfig\":{\"primaryPeerAddressPrefix\":\"fd00:1::/126\","
                    "\"secondaryPeerAddressPrefix\":\"fd00:1::4/126\"},\"routeFilter\":null}}"));
    EXPECT(200, get(w, PRIVATE));
    assert_string_equal(says(w, "properties.primaryPeerAddressPrefix"), "192.168.100.128/30");
    assert_string_equal(says(w, "properties.ipv6PeeringConfig.primaryPeerAddressPrefix"), "fd00:1::/126");
}

static void a_shared_key_is_kept_unseen_until_it_is_emptied(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    EXPECT(201, put(w, PRIVATE, PEERING_BODY));
    static const char plain[] = "{\"properties\":{\"peerASN\":65010,\"vlanId\":100,"
                                "\"primaryPeerAddressPrefix\":\"10.1.0.0/30\","
                                "\"secondaryPeerAddressPrefix\":\"10.1.0.4/30\"%s}}";
    char body[512];
    for (int emptied = 0; emptied < 2; emptied++) {
        snprintf(body, sizeof body, plain, emptied ? ",\"sharedKey\":\"\"" : "");
        EXPECT(200, put(w, PRIVATE, body));
        assert_null(strstr(text_get(&w->out.body), "sharedKey"));
        json_t *all = api_resources(w->api), *r;
        size_t i, kept = 0;
        json_array_foreach(all, i, r) kept += at(r, "internal.sharedKey") != NULL;
        assert_int_equal(kept, emptied ? 0 : 1);
        json_decref(all);
    }
    EXPECT(200, get(w, CIRCUIT));
    assert_null(strstr(text_get(&w->out.body), "Abc123"));
    assert_null(strstr(text_get(&w->out.body), "internal"));
}

static void a_service_key_and_a_label_are_never_shared(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    get(w, CIRCUIT);
    char *first = strdup(says(w, "properties.serviceKey"));
    EXPECT(202, ask(w, &owner, API_DELETE, CIRCUIT, NULL));
    EXPECT(201, put(w, CIRCUIT, CIRCUIT_BODY));
    assert_string_not_equal(says(w, "properties.serviceKey"), first);
    EXPECT(200, put(w, CIRCUIT, CIRCUIT_BODY)); /* and a repeated PUT keeps it */
    char *second = strdup(says(w, "properties.serviceKey"));
    EXPECT(200, get(w, CIRCUIT));
    assert_string_equal(says(w, "properties.serviceKey"), second);
    free(first);
    free(second);
    EXPECT(201, ask(w, &foreigner, API_PUT, "/subscriptions/" FOREIGN_SUB "/resourceGroups/frg",
                    "{\"location\":\"westeurope\"}"));
    EXPECT(201, ask(w, &foreigner, API_PUT, FOREIGN_NET "/expressRouteCircuits/er-demo", CIRCUIT_BODY));
    json_t *all = api_resources(w->api), *r;
    const char *labels[2] = {"", ""};
    json_int_t stags[2] = {0, 0};
    size_t i, n = 0;
    json_array_foreach(all, i, r)
    {
        const char *label = json_string_value(at(r, "internal.label"));
        if (!label) continue;
        assert_true(n < 2);
        stags[n] = json_integer_value(at(r, "internal.stag"));
        labels[n++] = label;
    }
    assert_int_equal(n, 2);
    assert_string_not_equal(labels[0], labels[1]);
    assert_true(stags[0] != stags[1] && stags[0] >= 2 && stags[1] >= 2);
    json_decref(all);
}

static void catalogues_groups_and_generic_lists_can_be_read(void **state)
{
    struct world *w = *state;
#define SUB "/subscriptions/" CUSTOMER_SUB
    make_link(w);
    EXPECT(200, get(w, "/subscriptions?api-version=2019-11-01"));
    assert_int_equal(json_array_size(at(w->json, "value")), 1);
    assert_string_equal(says(w, "value.0.subscriptionId"), CUSTOMER_SUB);
    assert_string_equal(says(w, "value.0.state"), "Enabled");
    EXPECT(200, get(w, "/tenants?api-version=2019-11-01"));
    EXPECT(200, get(w, SUB "?api-version=2019-11-01"));
    EXPECT(200, get(w, SUB "/locations?api-version=2019-11-01"));
    assert_string_equal(says(w, "value.0.name"), "westeurope");
    EXPECT(200, get(w, SUB "/providers/Microsoft.Network/expressRouteServiceProviders"));
    assert_int_equal(json_array_size(at(w->json, "value")), 2);
    assert_string_equal(says(w, "value.0.properties.peeringLocations.0"), "Amsterdam");
    EXPECT(200, get(w, SUB "/providers/Microsoft.Network/bgpServiceCommunities"));
    assert_string_equal(says(w, "value.0.properties.bgpCommunities.0.communityValue"), "12076:5010");
    EXPECT(200, get(w, SUB "/providers/Microsoft.Network?api-version=2021-04-01"));
    assert_string_equal(says(w, "registrationState"), "Registered");
    assert_string_equal(says(w, "resourceTypes.0.apiVersions.0"), "2025-05-01");
    EXPECT(200, get(w, SUB "/resourcegroups?api-version=2021-04-01"));
    assert_string_equal(says(w, "value.0.name"), "rg1");
    EXPECT(204, ask(w, &owner, API_HEAD, SUB "/resourcegroups/RG1", NULL));
    EXPECT(404, ask(w, &owner, API_HEAD, SUB "/resourcegroups/none", NULL));
    get(w, SUB "/resourcegroups/none");
    expect_fault(w, 404, "ResourceGroupNotFound");
    EXPECT(200, get(w, SUB "/resources?api-version=2021-04-01&$filter=resourceGroup%20eq%20'rg1'"));
    assert_int_equal(json_array_size(at(w->json, "value")), 4);
    EXPECT(200, get(w, RG "/resources?api-version=2021-04-01&$filter=resourceType+eq+"
                       "'Microsoft.Network/virtualNetworks'"));
    assert_int_equal(json_array_size(at(w->json, "value")), 1);
    EXPECT(200, get(w, SUB "/providers/Microsoft.Network/expressRouteCircuits"));
    assert_int_equal(json_array_size(at(w->json, "value")), 1);
    EXPECT(200, get(w, CIRCUIT "/peerings"));
    assert_int_equal(json_array_size(at(w->json, "value")), 1);
    get(w, SUB "/providers/Microsoft.Network/nothingLikeIt");
    expect_fault(w, 404, "InvalidResourceType");
    get(w, NET "/expressRouteCircuits/none");
    expect_fault(w, 404, "ResourceNotFound");
    assert_non_null(strstr(says(w, "error.message"),
                           "'Microsoft.Network/expressRouteCircuits/none' under resource group 'rg1'"));
    get(w, "/elsewhere");
    expect_fault(w, 404, "NotFound");
}

static void a_namespace_that_is_not_registered_takes_no_resources(void **state)
{
    struct world *w = *state;
    make_group(w);
    EXPECT(200, ask(w, &owner, API_POST, SUB "/providers/Microsoft.Network/unregister", NULL));
    assert_string_equal(says(w, "registrationState"), "NotRegistered");
    put(w, CIRCUIT, CIRCUIT_BODY);
    expect_fault(w, 409, "MissingSubscriptionRegistration");
    EXPECT(200, ask(w, &owner, API_POST, SUB "/providers/Microsoft.Network/register", NULL));
    EXPECT(201, put(w, CIRCUIT, CIRCUIT_BODY));
}

static void deleting_a_group_deletes_what_is_in_it(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    make_gateway(w);
    restart_in_life(w);
    EXPECT(202, ask(w, &owner, API_DELETE, RG, NULL));
    char *poll = strdup(link_target(header(w, "Location")));
    EXPECT(202, get(w, poll));
    put(w, NET "/expressRouteCircuits/new", CIRCUIT_BODY);
    expect_fault(w, 409, "ResourceGroupBeingDeleted");
    w->now_ms += 60000;
    EXPECT(200, get(w, poll));
    EXPECT(404, get(w, RG));
    json_t *all = api_resources(w->api);
    assert_int_equal(json_array_size(all), 0); /* the cross-connection went with its circuit */
    json_decref(all);
    struct arena a;
    struct store_items items;
    arena_init(&a, 1 << 20);
    static const char *const indexes[] = {"use", "pool/", "label/"};
    for (size_t i = 0; i < ARRAY_LEN(indexes); i++) {
        assert_int_equal(store_list(w->is.store, indexes[i], "", 10, &a, &items), STORE_OK);
        assert_int_equal(items.n, 0);
    }
    arena_drop(&a);
    free(poll);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(paths_are_taken_in_any_case_and_with_doubled_slashes),
        TEST(a_known_api_version_is_wanted),
        TEST(answers_carry_ids_and_no_cache),
        TEST(an_etag_changes_when_an_operation_starts_and_when_it_ends),
        TEST(preconditions_are_kept),
        TEST(lists_follow_their_next_link_to_the_end),
        TEST(a_second_write_waits_for_the_first),
        TEST(operations_survive_the_end_of_the_process),
        TEST(a_clock_set_back_leaves_no_operation_waiting),
        TEST(an_operation_that_fails_says_why_and_the_same_put_clears_it),
        TEST(patch_changes_tags_only),
        TEST(children_that_the_body_does_not_name_are_kept_and_an_empty_list_removes_them),
        TEST(stock_clients_that_leave_things_out_lose_nothing),
        TEST(a_shared_key_is_kept_unseen_until_it_is_emptied),
        TEST(a_service_key_and_a_label_are_never_shared),
        TEST(catalogues_groups_and_generic_lists_can_be_read),
        TEST(a_namespace_that_is_not_registered_takes_no_resources),
        TEST(deleting_a_group_deletes_what_is_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
