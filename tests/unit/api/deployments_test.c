/* Template deployments as the stock command line client sends them. */
#include "world.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
#define DEPLOY RG "/providers/Microsoft.Resources/deployments/"
#define TEMPLATE(parameters, resources, outputs, given)                                            \
    "{\"properties\":{\"mode\":\"incremental\",\"template\":{\"$schema\":\"s\",\"contentVersion\":"   \
    "\"1.0.0.0\",\"parameters\":{" parameters "},\"variables\":{\"v\":\"[concat('c','n',1)]\"},"     \
    "\"resources\":[" resources "],\"outputs\":{" outputs "}},\"parameters\":{" given "}}}"
#define LINK(name, more)                                                                           \
    "{\"type\":\"Microsoft.Network/connections\",\"name\":\"" name "\",\"location\":"              \
    "\"[resourceGroup().location]\",\"tags\":{},\"apiVersion\":\"2015-06-15\",\"dependsOn\":[],"   \
    "\"properties\":{\"virtualNetworkGateway1\":{\"id\":\"[resourceId('Microsoft.Network/"         \
    "virtualNetworkGateways','gw-demo')]\"},\"enableBgp\":false,\"connectionType\":\"ExpressRoute\"," \
    "\"routingWeight\":10,\"expressRouteGatewayBypass\":null,\"peer\":{\"id\":\"" CIRCUIT "\"}" more "}}"

static void prepare(struct world *w)
{
    make_circuit(w);
    provision(w, "Provisioned");
    EXPECT(201, put(w, PRIVATE, PEERING_BODY));
    EXPECT(201, put(w, CIRCUIT "/authorizations/a", "{}"));
    make_gateway(w);
    get(w, GATEWAY);
}

static void a_connection_is_made_by_a_template_and_comes_back_as_output(void **state)
{
    struct world *w = *state;
    prepare(w);
    EXPECT(201, put(w, DEPLOY "vpn_connection_deploy_1",
                    TEMPLATE("", LINK("[variables('v')]", ""),
                             "\"resource\":{\"type\":\"object\",\"value\":\"[reference('cn1')]\"},"
                             "\"odd\":{\"type\":\"string\",\"value\":\"[[x]\"}", "")));
    assert_string_equal(says(w, "properties.provisioningState"), "Accepted");
    char *poll = strdup(link_target(header(w, "Azure-AsyncOperation")));
    EXPECT(200, get(w, poll));
    assert_string_equal(says(w, "status"), "Succeeded");
    EXPECT(200, get(w, DEPLOY "vpn_connection_deploy_1"));
    assert_string_equal(says(w, "properties.provisioningState"), "Succeeded");
    assert_string_equal(says(w, "properties.outputs.resource.value.peer.id"), CIRCUIT);
    assert_int_equal(json_integer_value(at(w->json, "properties.outputs.resource.value.routingWeight")), 10);
    assert_string_equal(says(w, "properties.outputs.odd.value"), "[x]");
    EXPECT(200, get(w, NET "/connections/cn1"));
    assert_string_equal(says(w, "location"), "westeurope");
    EXPECT(200, get(w, DEPLOY "vpn_connection_deploy_1/operations"));
    assert_string_equal(says(w, "value.0.properties.targetResource.resourceName"), "cn1");
    EXPECT(204, ask(w, &owner, API_HEAD, DEPLOY "vpn_connection_deploy_1", NULL));
    EXPECT(204, ask(w, &owner, API_DELETE, DEPLOY "vpn_connection_deploy_1", NULL));
    get(w, DEPLOY "vpn_connection_deploy_1");
    expect_fault(w, 404, "DeploymentNotFound");
    free(poll);
}

static void a_secure_parameter_cannot_be_read_back(void **state)
{
    struct world *w = *state;
    char body[3000], key[40];
    prepare(w);
    get(w, CIRCUIT "/authorizations/a");
    snprintf(key, sizeof key, "%s", says(w, "properties.authorizationKey"));
    snprintf(body, sizeof body, TEMPLATE("\"authorizationKey\":{\"type\":\"securestring\"}",
                                         LINK("cn2", ",\"authorizationKey\":\"[parameters('authorizationKey')]\""),
                                         "\"resource\":{\"type\":\"object\",\"value\":\"[reference('cn2')]\"}",
                                         "\"authorizationKey\":{\"value\":\"%s\"}"), key);
    EXPECT(201, put(w, DEPLOY "d", body));
    EXPECT(200, get(w, DEPLOY "d"));
    assert_string_equal(says(w, "properties.provisioningState"), "Succeeded");
    assert_null(strstr(text_get(&w->out.body), key));
    EXPECT(200, get(w, CIRCUIT "/authorizations/a"));
    assert_string_equal(says(w, "properties.authorizationUseStatus"), "InUse");
}

static void a_deployment_ends_when_its_resources_have(void **state)
{
    struct world *w = *state;
    prepare(w);
    api_drop(w->api);
    w->is.pace = 1;
    world_open(w);
    EXPECT(201, put(w, DEPLOY "d", TEMPLATE("", LINK("cn1", ""), "", "")));
    char *poll = strdup(link_target(header(w, "Azure-AsyncOperation")));
    w->now_ms += 2000;
    EXPECT(200, get(w, poll));
    assert_string_equal(says(w, "status"), "InProgress");
    w->now_ms += 60000;
    EXPECT(200, get(w, poll));
    assert_string_equal(says(w, "status"), "Succeeded");
    free(poll);
}

static void a_resource_that_is_refused_fails_the_deployment_with_its_error(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    make_gateway(w);
    get(w, GATEWAY);
    EXPECT(201, put(w, DEPLOY "d", TEMPLATE("", LINK("cn1", ""), "", "")));
    char *poll = strdup(link_target(header(w, "Azure-AsyncOperation")));
    EXPECT(200, get(w, poll));
    assert_string_equal(says(w, "status"), "Failed");
    assert_string_equal(says(w, "error.code"), "DeploymentFailed");
    assert_string_equal(says(w, "error.details.0.code"), "ExpressRouteCircuitNotProvisioned");
    EXPECT(200, get(w, DEPLOY "d"));
    assert_string_equal(says(w, "properties.provisioningState"), "Failed");
    EXPECT(404, get(w, NET "/connections/cn1"));
    free(poll);
}

static void templates_that_cannot_be_evaluated_are_refused_with_their_place(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *body, *target;
    } rows[] = {
        {"{\"properties\":{}}", "/properties/template"},
        {TEMPLATE("\"p\":{\"type\":\"string\"}", "", "", ""), "/properties/parameters"},
        {TEMPLATE("", LINK("[parameters('none')]", ""), "", ""), "/properties/template/resources/0/name"},
        {TEMPLATE("", LINK("[secret('x')]", ""), "", ""), "/properties/template/resources/0/name"},
        {TEMPLATE("", LINK("[concat('a'", ""), "", ""), NULL},
        {TEMPLATE("", LINK("[concat(concat(concat(concat(concat(concat(concat(concat(concat(concat("
                           "concat(concat(concat(concat(concat(concat(concat('a'))))))))))))))))))]", ""), "", ""),
         "/properties/template/resources/0/name"},
        {"{\"properties\":{\"template\":{\"variables\":{\"v\":\"[concat(variables('v'),variables('v'))]\"},"
         "\"resources\":[{\"type\":\"a/b\",\"name\":\"[variables('v')]\"}]}}}", ""},
        {TEMPLATE("", "{\"name\":\"x\"}", "", ""), "/properties/template/resources"},
    };
    make_circuit(w);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int got = put(w, DEPLOY "d", rows[i].body);
        if (!rows[i].target) { /* no closing bracket: a plain text, refused as a name later */
            EXPECT(201, got);
            continue;
        }
        expect_fault(w, 400, "InvalidTemplate");
        if (*rows[i].target) assert_string_equal(says(w, "error.target"), rows[i].target);
    }
}

static void validating_changes_nothing(void **state)
{
    struct world *w = *state;
    prepare(w);
    get(w, RG);
    int64_t before = store_revision(w->is.store);
    EXPECT(200, ask(w, &owner, API_POST, DEPLOY "d/validate", TEMPLATE("", LINK("cn1", ""), "", "")));
    assert_string_equal(says(w, "properties.provisioningState"), "Succeeded");
    assert_int_equal(store_revision(w->is.store), before);
    EXPECT(403, ask(w, &reader, API_PUT, DEPLOY "d", TEMPLATE("", "", "", "")));
    EXPECT(403, ask(w, &foreigner, API_GET, DEPLOY "d", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection_is_made_by_a_template_and_comes_back_as_output),
        TEST(a_secure_parameter_cannot_be_read_back),
        TEST(a_deployment_ends_when_its_resources_have),
        TEST(a_resource_that_is_refused_fails_the_deployment_with_its_error),
        TEST(templates_that_cannot_be_evaluated_are_refused_with_their_place),
        TEST(validating_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
