/* Who may do what: a cell per role, operation and owner; the provider's side; keys across customers. */
#include "world.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
#define CROSS                                                                                      \
    "/subscriptions/" PROVIDER_SUB "/resourceGroups/CrossConnection-Amsterdam/providers/"          \
    "Microsoft.Network/expressRouteCrossConnections"

WORLD_CALLER(contributor, API_CONTRIBUTOR, "/subscriptions/" CUSTOMER_SUB);
WORLD_CALLER(group_reader, API_READER, RG);
WORLD_CALLER(elsewhere, API_OWNER, "/subscriptions/" CUSTOMER_SUB "/resourceGroups/rg");
WORLD_CALLER(customer_as_provider, API_PROVIDER, "/subscriptions/" CUSTOMER_SUB);
static const struct api_caller nobody = {"nobody", NULL, 0};

static char cross_path[300], cross_peering[400];

static void prepare(struct world *w)
{
    make_link(w);
    EXPECT(201, put(w, CIRCUIT "/authorizations/a1", "{}"));
    EXPECT(200, get(w, CIRCUIT));
    snprintf(cross_path, sizeof cross_path, CROSS "/%s", says(w, "properties.serviceKey"));
    snprintf(cross_peering, sizeof cross_peering, "%s/peerings/AzurePrivatePeering", cross_path);
}

enum who { OWNER, CONTRIBUTOR, READER, GROUP_READER, ELSEWHERE, PROVIDER, OPERATOR, FOREIGNER, NOBODY, WHO };
static const struct api_caller *const callers[WHO] = {&owner, &contributor, &reader, &group_reader,
                                                      &elsewhere, &provider, &operator_, &foreigner,
                                                      &nobody};

/* clang-format off */
static const struct {
    enum api_method method;
    const char *path, *body;
    int status[WHO]; /*                  own  con  rea  grp  els  pro  ope  for  nob */
} cells[] = {
    {API_GET, CIRCUIT, NULL,            {200, 200, 200, 200, 403, 403, 403, 403, 403}},
    {API_GET, NET "/expressRouteCircuits/none", NULL,
                                        {404, 404, 404, 404, 403, 403, 403, 403, 403}},
    {API_GET, NET "/expressRouteCircuits", NULL,
                                        {200, 200, 200, 200, 403, 403, 403, 403, 403}},
    {API_GET, CIRCUIT "/stats", NULL,   {200, 200, 200, 200, 403, 403, 403, 403, 403}},
    {API_GET, PRIVATE, NULL,            {200, 200, 200, 200, 403, 403, 403, 403, 403}},
    {API_POST, PRIVATE "/arpTables/primary", NULL,
                                        {202, 202, 202, 202, 403, 403, 403, 403, 403}},
    {API_PUT, CIRCUIT, CIRCUIT_BODY,    {200, 200, 403, 403, 403, 403, 403, 403, 403}},
    {API_PATCH, CIRCUIT, "{\"tags\":{}}", {200, 200, 403, 403, 403, 403, 403, 403, 403}},
    {API_PUT, PRIVATE, PEERING_BODY,    {200, 200, 403, 403, 403, 403, 403, 403, 403}},
    {API_PUT, CONNECTION, CONNECTION_BODY, {200, 200, 403, 403, 403, 403, 403, 403, 403}},
    {API_DELETE, CIRCUIT, NULL,         {400, 400, 403, 403, 403, 403, 403, 403, 403}},
    {API_DELETE, RG, NULL,              {409, 409, 403, 403, 403, 403, 403, 403, 403}},
    {API_PUT, RG, "{\"location\":\"westeurope\"}",
                                        {200, 200, 403, 403, 403, 403, 403, 403, 403}},
    {API_GET, cross_path, NULL,         {403, 403, 403, 403, 403, 200, 403, 403, 403}},
    {API_GET, cross_peering, NULL,      {403, 403, 403, 403, 403, 200, 403, 403, 403}},
    {API_GET, CROSS, NULL,              {403, 403, 403, 403, 403, 200, 403, 403, 403}},
    {API_DELETE, cross_path, NULL,      {403, 403, 403, 403, 403, 405, 403, 403, 403}},
    {API_GET, "/subscriptions/" PROVIDER_SUB "/locations", NULL,
                                        {403, 403, 403, 403, 403, 200, 403, 403, 403}},
    {API_POST, "/subscriptions/" CUSTOMER_SUB "/providers/Microsoft.Network/register", NULL,
                                        {200, 200, 403, 403, 403, 403, 403, 403, 403}},
};
/* clang-format on */

static void every_cell_of_the_table_holds(void **state)
{
    struct world *w = *state;
    prepare(w);
    for (size_t i = 0; i < ARRAY_LEN(cells); i++)
        for (int who = 0; who < WHO; who++) {
            int got = ask(w, callers[who], cells[i].method, cells[i].path, cells[i].body);
            if (got != cells[i].status[who])
                print_message("%s on %s (row %zu): %d %s\n", callers[who]->object_id, cells[i].path, i, got,
                              text_get(&w->out.body));
            assert_int_equal(got, cells[i].status[who]);
            if (got == 403) assert_string_equal(says(w, "error.code"), "AuthorizationFailed");
        }
}

static void no_right_looks_the_same_whether_or_not_the_resource_exists(void **state)
{
    struct world *w = *state;
    prepare(w);
    ask(w, &foreigner, API_GET, CIRCUIT, NULL);
    char *there = strdup(text_get(&w->out.body));
    ask(w, &foreigner, API_GET, NET "/expressRouteCircuits/no-demo", NULL);
    char *at_name;
    while ((at_name = strstr(there, "er-demo")) != NULL) memcpy(at_name, "no-demo", 7);
    assert_string_equal(there, text_get(&w->out.body));
    free(there);
    ask(w, &owner, API_GET, "/subscriptions/44444444-4444-4444-4444-444444444444", NULL);
    expect_fault(w, 404, "SubscriptionNotFound");
}

static void lists_hold_only_what_the_caller_may_read(void **state)
{
    struct world *w = *state;
    prepare(w);
    EXPECT(201, put(w, "/subscriptions/" CUSTOMER_SUB "/resourceGroups/rg2", "{\"location\":\"westeurope\"}"));
    EXPECT(201, put(w, "/subscriptions/" CUSTOMER_SUB "/resourceGroups/rg2/providers/Microsoft.Network/"
                    "expressRouteCircuits/hidden", CIRCUIT_BODY));
    EXPECT(200, ask(w, &group_reader, API_GET, "/subscriptions/" CUSTOMER_SUB
                    "/providers/Microsoft.Network/expressRouteCircuits", NULL));
    assert_int_equal(json_array_size(at(w->json, "value")), 1);
    EXPECT(200, ask(w, &group_reader, API_GET, "/subscriptions/" CUSTOMER_SUB "/resourcegroups", NULL));
    assert_int_equal(json_array_size(at(w->json, "value")), 1);
    EXPECT(200, ask(w, &group_reader, API_GET, "/subscriptions", NULL));
    assert_int_equal(json_array_size(at(w->json, "value")), 1);
    EXPECT(200, ask(w, &operator_, API_GET, "/subscriptions", NULL));
    assert_int_equal(json_array_size(at(w->json, "value")), 0);
}

static void an_authorization_key_is_shown_to_writers_only(void **state)
{
    struct world *w = *state;
    prepare(w);
    EXPECT(200, get(w, CIRCUIT "/authorizations/a1"));
    assert_int_equal(strlen(says(w, "properties.authorizationKey")), 36);
    assert_string_equal(says(w, "properties.authorizationUseStatus"), "Available");
    char *key = strdup(says(w, "properties.authorizationKey"));
    EXPECT(200, ask(w, &reader, API_GET, CIRCUIT "/authorizations/a1", NULL));
    assert_null(strstr(text_get(&w->out.body), key));
    EXPECT(200, ask(w, &reader, API_GET, CIRCUIT, NULL));
    assert_null(strstr(text_get(&w->out.body), key));
    EXPECT(200, ask(w, &provider, API_GET, cross_path, NULL));
    assert_null(strstr(text_get(&w->out.body), key));
    assert_null(strstr(text_get(&w->out.body), "Abc123"));
    EXPECT(200, put(w, CIRCUIT "/authorizations/a1", "{}"));
    assert_string_equal(says(w, "properties.authorizationKey"), key);
    free(key);
}

static void another_customer_needs_a_key_that_serves_once(void **state)
{
    struct world *w = *state;
    char body[1200], key[40];
    prepare(w);
    EXPECT(200, get(w, CIRCUIT "/authorizations/a1"));
    snprintf(key, sizeof key, "%s", says(w, "properties.authorizationKey"));
    EXPECT(201, ask(w, &foreigner, API_PUT, "/subscriptions/" FOREIGN_SUB "/resourceGroups/frg",
                    "{\"location\":\"westeurope\"}"));
    for (int i = 0; i < 2; i++) {
        char path[256];
        snprintf(path, sizeof path, FOREIGN_NET "/virtualNetworks/v%d", i);
        snprintf(body, sizeof body,
                 "{\"location\":\"westeurope\",\"properties\":{\"addressSpace\":{\"addressPrefixes\":"
                 "[\"10.3%d.0.0/16\"]},\"subnets\":[{\"name\":\"GatewaySubnet\",\"properties\":{"
                 "\"addressPrefix\":\"10.3%d.0.0/27\"}}]}}", i, i);
        EXPECT(201, ask(w, &foreigner, API_PUT, path, body));
        snprintf(path, sizeof path, FOREIGN_NET "/virtualNetworkGateways/g%d", i);
        snprintf(body, sizeof body,
                 "{\"location\":\"westeurope\",\"properties\":{\"gatewayType\":\"ExpressRoute\",\"sku\":{"
                 "\"name\":\"ErGw1AZ\"},\"ipConfigurations\":[{\"name\":\"d\",\"properties\":{\"subnet\":{"
                 "\"id\":\"" FOREIGN_NET "/virtualNetworks/v%d/subnets/GatewaySubnet\"}}}]}}", i);
        EXPECT(201, ask(w, &foreigner, API_PUT, path, body));
    }
    static const struct {
        int gateway;
        const char *key; /* NULL: the good one */
        int status;
        const char *code;
    } tries[] = {{0, "", 403, "LinkedAuthorizationFailed"},
                 {0, "00000000-0000-0000-0000-000000000000", 400, "ExpressRouteAuthorizationInvalid"},
                 {0, NULL, 201, NULL},
                 {1, NULL, 400, "ExpressRouteAuthorizationInUse"}};
    for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
        char path[256];
        snprintf(path, sizeof path, FOREIGN_NET "/connections/c%d", tries[i].gateway);
        snprintf(body, sizeof body,
                 "{\"location\":\"westeurope\",\"properties\":{\"connectionType\":\"ExpressRoute\","
                 "\"virtualNetworkGateway1\":{\"id\":\"" FOREIGN_NET "/virtualNetworkGateways/g%d\"},"
                 "\"peer\":{\"id\":\"" CIRCUIT "\"},\"authorizationKey\":\"%s\"}}",
                 tries[i].gateway, tries[i].key ? tries[i].key : key);
        int got = ask(w, &foreigner, API_PUT, path, body);
        if (tries[i].code) expect_fault(w, tries[i].status, tries[i].code);
        else EXPECT(201, got);
        assert_null(strstr(text_get(&w->out.body), key));
    }
    EXPECT(200, get(w, CIRCUIT "/authorizations/a1"));
    assert_string_equal(says(w, "properties.authorizationUseStatus"), "InUse");
    /* a repeated PUT without the key, as after a GET, keeps it */
    EXPECT(200, ask(w, &foreigner, API_PUT, FOREIGN_NET "/connections/c0",
                    "{\"location\":\"westeurope\",\"properties\":{\"connectionType\":\"ExpressRoute\","
                    "\"virtualNetworkGateway1\":{\"id\":\"" FOREIGN_NET "/virtualNetworkGateways/g0\"},"
                    "\"peer\":{\"id\":\"" CIRCUIT "\"}}}"));
    /* revoking the authorization takes the connection away */
    EXPECT(202, ask(w, &owner, API_DELETE, CIRCUIT "/authorizations/a1", NULL));
    EXPECT(404, ask(w, &foreigner, API_GET, FOREIGN_NET "/connections/c0", NULL));
}

static void the_provider_sees_the_cross_connection_and_only_its_view(void **state)
{
    struct world *w = *state;
    prepare(w);
    EXPECT(200, ask(w, &provider, API_GET, "/subscriptions/" PROVIDER_SUB
                    "/providers/Microsoft.Network/expressRouteCrossConnections?api-version=2018-04-01", NULL));
    assert_int_equal(json_array_size(at(w->json, "value")), 1);
    assert_string_equal(says(w, "value.0.properties.expressRouteCircuit.id"), CIRCUIT);
    assert_string_equal(says(w, "value.0.properties.peeringLocation"), "Amsterdam");
    assert_int_equal(json_integer_value(at(w->json, "value.0.properties.bandwidthInMbps")), 200);
    assert_int_equal(json_integer_value(at(w->json, "value.0.properties.sTag")), 2);
    assert_string_equal(says(w, "value.0.properties.primaryAzurePort"), "FL-Amsterdam-PRI-A");
    assert_null(at(w->json, "value.0.properties.authorizations"));
    EXPECT(200, ask(w, &provider, API_GET, cross_peering, NULL));
    assert_int_equal(strncmp(says(w, "id"), cross_path, strlen(cross_path)), 0);
    assert_string_equal(says(w, "type"), "Microsoft.Network/expressRouteCrossConnections/peerings");
    EXPECT(200, ask(w, &provider, API_GET, CROSS, NULL));
    assert_int_equal(json_array_size(at(w->json, "value")), 1);
}

static void only_the_provider_moves_its_state_and_only_along_the_rows(void **state)
{
    struct world *w = *state;
    static const char good[] = "{\"location\":\"westeurope\",\"properties\":{"
                               "\"serviceProviderProvisioningState\":\"%s\",\"expressRouteCircuit\":{"
                               "\"id\":\"" CIRCUIT "\"}}}";
    char body[600];
    prepare(w);
    static const struct {
        const char *body;
        int status;
        const char *code;
    } refused[] = {
        {"{\"properties\":{\"serviceProviderProvisioningState\":\"Provisioning\",\"expressRouteCircuit\":{"
         "\"id\":\"" CIRCUIT "\"}}}", 400, "LocationRequired"},
        {"{\"location\":\"westeurope\",\"properties\":{\"serviceProviderProvisioningState\":"
         "\"NotProvisioned\"}}", 400, "ExpressRouteCircuitReferenceInCrossConnectionCannotBeModified"},
        {"{\"location\":\"westeurope\",\"properties\":{\"expressRouteCircuit\":{\"id\":\"" NET
         "/expressRouteCircuits/other\"}}}", 400,
         "ExpressRouteCircuitReferenceInCrossConnectionCannotBeModified"},
        {"{\"location\":\"westeurope\",\"properties\":{\"serviceProviderProvisioningState\":\"Done\","
         "\"expressRouteCircuit\":{\"id\":\"" CIRCUIT "\"}}}", 400, "InvalidRequestFormat"},
        {"{\"location\":\"westeurope\",\"properties\":{\"serviceProviderProvisioningState\":"
         "\"Provisioning\",\"expressRouteCircuit\":{\"id\":\"" CIRCUIT "\"}}}", 400,
         "ExpressRouteCrossConnectionStateInvalid"},
    };
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        ask(w, &provider, API_PUT, cross_path, refused[i].body);
        expect_fault(w, refused[i].status, refused[i].code);
        EXPECT(200, get(w, CIRCUIT));
        assert_string_equal(says(w, "properties.serviceProviderProvisioningState"), "Provisioned");
    }
    snprintf(body, sizeof body, good, "Provisioned"); /* repeating the state is no move */
    EXPECT(200, ask(w, &provider, API_PUT, cross_path, body));
    snprintf(body, sizeof body, good, "Deprovisioning");
    EXPECT(403, ask(w, &owner, API_PUT, cross_path, body));
    EXPECT(200, ask(w, &provider, API_PUT, cross_path, body));
    assert_string_equal(says(w, "properties.serviceProviderProvisioningState"), "Deprovisioning");
    EXPECT(200, get(w, CIRCUIT)); /* the circuit shows it at once */
    assert_string_equal(says(w, "properties.serviceProviderProvisioningState"), "Deprovisioning");
    ask(w, &provider, API_PUT, CROSS "/00000000-0000-0000-0000-000000000000", body);
    expect_fault(w, 404, "ResourceNotFound");
}

static void a_peering_made_by_the_provider_is_not_the_customers_to_change(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    provision(w, "Provisioned");
    EXPECT(200, get(w, CIRCUIT));
    snprintf(cross_path, sizeof cross_path, CROSS "/%s", says(w, "properties.serviceKey"));
    snprintf(cross_peering, sizeof cross_peering, "%s/peerings/AzurePrivatePeering", cross_path);
    EXPECT(201, ask(w, &provider, API_PUT, cross_peering, PEERING_BODY));
    assert_int_equal(strncmp(says(w, "id"), cross_path, strlen(cross_path)), 0);
    EXPECT(200, get(w, PRIVATE));
    assert_string_equal(says(w, "id"), PRIVATE);
    assert_string_equal(says(w, "properties.lastModifiedBy"), "Provider");
    put(w, PRIVATE, PEERING_BODY);
    expect_fault(w, 409, "ExpressRoutePeeringManagedByProvider");
    EXPECT(200, ask(w, &provider, API_PUT, cross_peering, PEERING_BODY));
    EXPECT(202, ask(w, &owner, API_DELETE, PRIVATE, NULL));
    EXPECT(201, put(w, PRIVATE, PEERING_BODY));
}

static void one_subscription_may_play_both_parts_with_two_roles(void **state)
{
    struct world *w = *state;
    static const struct api_subscription both[] = {{CUSTOMER_SUB, "Both", API_BOTH, NULL}};
    char body[600];
    api_drop(w->api);
    w->is.subscriptions = both;
    w->is.subscriptions_n = 1;
    world_open(w);
    make_circuit(w);
    get(w, CIRCUIT);
    snprintf(cross_path, sizeof cross_path, "/subscriptions/" CUSTOMER_SUB "/resourceGroups/"
             "CrossConnection-Amsterdam/providers/Microsoft.Network/expressRouteCrossConnections/%s",
             says(w, "properties.serviceKey"));
    snprintf(body, sizeof body, "{\"location\":\"westeurope\",\"properties\":{"
             "\"serviceProviderProvisioningState\":\"Provisioned\",\"expressRouteCircuit\":{\"id\":\""
             CIRCUIT "\"}}}");
    EXPECT(403, ask(w, &owner, API_PUT, cross_path, body));
    EXPECT(200, ask(w, &customer_as_provider, API_PUT, cross_path, body));
    EXPECT(403, ask(w, &customer_as_provider, API_PUT, CIRCUIT, CIRCUIT_BODY));
    EXPECT(200, get(w, CIRCUIT));
    assert_string_equal(says(w, "properties.serviceProviderProvisioningState"), "Provisioned");
}

static void an_operation_belongs_to_its_subscription(void **state)
{
    struct world *w = *state;
    char other[600];
    make_circuit(w);
    EXPECT(200, put(w, CIRCUIT, CIRCUIT_BODY));
    const char *id = strrchr(header(w, "Azure-AsyncOperation"), '/') + 1;
    snprintf(other, sizeof other, "/subscriptions/" FOREIGN_SUB
             "/providers/Microsoft.Network/locations/westeurope/operations/%s", id);
    ask(w, &foreigner, API_GET, other, NULL);
    expect_fault(w, 404, "OperationNotFound");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_cell_of_the_table_holds),
        TEST(no_right_looks_the_same_whether_or_not_the_resource_exists),
        TEST(lists_hold_only_what_the_caller_may_read),
        TEST(an_authorization_key_is_shown_to_writers_only),
        TEST(another_customer_needs_a_key_that_serves_once),
        TEST(the_provider_sees_the_cross_connection_and_only_its_view),
        TEST(only_the_provider_moves_its_state_and_only_along_the_rows),
        TEST(a_peering_made_by_the_provider_is_not_the_customers_to_change),
        TEST(one_subscription_may_play_both_parts_with_two_roles),
        TEST(an_operation_belongs_to_its_subscription),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
