/* The request examples of the API description: each is accepted, and what it said can be read back.
 * They lie beside the repository, not in it; without them there is nothing to run. */
#include "base/arena.h"
#include "model/resource_id.h"
#include "world.h"

#define EXAMPLES_DIR SHARED "/arm/2022-01-01/examples/"

static const struct {
    const char *file, *body, *path; /* body: the parameter that is the request's */
} examples[] = {
    {"ExpressRouteCircuitCreate", "parameters", NET "/expressRouteCircuits/circuitName"},
    {"ExpressRouteCircuitPeeringCreate", "peeringParameters",
     NET "/expressRouteCircuits/circuitName/peerings/AzurePrivatePeering"},
    {"VirtualNetworkCreateSubnet", "parameters", NET "/virtualNetworks/test-vnet"},
    {"VirtualNetworkCreateWithBgpCommunities", "parameters", NET "/virtualNetworks/test-vnet2"},
    {"VirtualNetworkCreateWithEncryption", "parameters", NET "/virtualNetworks/test-vnet3"},
    {"VirtualNetworkCreateServiceEndpointPolicy", "parameters", NET "/virtualNetworks/vnet1"},
    {"SubnetCreate", "subnetParameters", NET "/virtualNetworks/vnetname/subnets/subnet1"},
    {"SubnetCreateServiceEndpoint", "subnetParameters", NET "/virtualNetworks/vnetname/subnets/subnet1"},
    {"PublicIpAddressCreateDefaults", "parameters", NET "/publicIPAddresses/test-ip"},
    {"PublicIpAddressCreateCustomizedValues", "parameters", NET "/publicIPAddresses/test-ip2"},
    {"PublicIpAddressCreateDns", "parameters", NET "/publicIPAddresses/test-ip3"},
};

static json_t *example(const char *file)
{
    char path[1024];
    snprintf(path, sizeof path, EXAMPLES_DIR "%s.json", file);
    return json_load_file(path, 0, NULL);
}

/* Every leaf of `part` stands in `whole`. */
static bool contains(const json_t *whole, const json_t *part)
{
    const char *key;
    json_t *v;
    size_t i;
    if (json_is_object(part)) {
        json_object_foreach((json_t *)part, key, v)
        {
            if (strcmp(key, "location") != 0 && !contains(json_object_get(whole, key), v)) return false;
        }
        return true;
    }
    if (json_is_array(part)) {
        json_array_foreach((json_t *)part, i, v)
        {
            if (!contains(json_array_get(whole, i), v)) return false;
        }
        return true;
    }
    return whole && json_equal(whole, part);
}

static void requests_of_the_description_are_accepted_and_read_back(void **state)
{
    struct world *w = *state;
    json_t *first = example(examples[0].file);
    if (!first) skip();
    json_decref(first);
    make_group(w);
    EXPECT(201, put(w, NET "/virtualNetworks/vnetname",
                    "{\"location\":\"eastus\",\"properties\":{\"addressSpace\":{\"addressPrefixes\":["
                    "\"10.0.0.0/16\"]}}}"));
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        json_t *e = example(examples[i].file);
        assert_non_null(e);
        const json_t *body = at(json_object_get(e, "parameters"), examples[i].body);
        char *text = json_dumps(body, 0);
        assert_non_null(text);
        int got = put(w, examples[i].path, text);
        if (got != 201 && got != 200)
            print_message("%s: %d %s\n", examples[i].file, got, text_get(&w->out.body));
        assert_true(got == 201 || got == 200);
        EXPECT(200, get(w, examples[i].path));
        if (!contains(w->json, body))
            print_message("%s: sent %s\ngot %s\n", examples[i].file, text, text_get(&w->out.body));
        assert_true(contains(w->json, body));
        assert_string_equal(says(w, "properties.provisioningState"), "Succeeded");
        assert_string_equal(says(w, "id"), examples[i].path);
        free(text);
        json_decref(e);
    }
    EXPECT(200, get(w, NET "/expressRouteCircuits/circuitName"));
    assert_string_equal(says(w, "location"), "brazilsouth");
}

/* Whatever properties the description shows in an answer, ours has, but for what does not apply. */
static void answers_have_the_properties_of_the_description(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *file, *status, *path;
        const char *not_ours[3];
    } shown[] = {
        {"ExpressRouteCircuitGet", "200", CIRCUIT, {0}},
        {"ExpressRouteCircuitPeeringCreate", "201", PRIVATE, {"ipv6PeeringConfig", "expressRouteConnection"}},
        {"ExpressRouteCircuitStats", "200", CIRCUIT "/stats", {0}},
        {"ExpressRouteCircuitAuthorizationGet", "200", CIRCUIT "/authorizations/a", {0}},
    };
    json_t *first = example(shown[0].file);
    if (!first) skip();
    json_decref(first);
    make_circuit(w);
    EXPECT(201, put(w, PRIVATE, PEERING_BODY));
    EXPECT(201, put(w, CIRCUIT "/authorizations/a", "{}"));
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
        json_t *e = example(shown[i].file);
        char where[64];
        const char *key;
        json_t *v;
        snprintf(where, sizeof where, "responses.%s.body", shown[i].status);
        const json_t *body = at(e, where), *props = json_object_get(body, "properties");
        assert_non_null(body);
        EXPECT(200, get(w, shown[i].path));
        json_object_foreach((json_t *)body, key, v)
        {
            if (!json_object_get(w->json, key)) print_message("%s lacks %s\n", shown[i].file, key);
            assert_non_null(json_object_get(w->json, key));
        }
        json_object_foreach((json_t *)props, key, v)
        {
            bool skipped = false;
            for (int k = 0; k < 3; k++)
                skipped = skipped || (shown[i].not_ours[k] && strcmp(shown[i].not_ours[k], key) == 0);
            const json_t *ours = json_object_get(json_object_get(w->json, "properties"), key);
            if (!ours && !skipped) print_message("%s lacks properties.%s\n", shown[i].file, key);
            assert_true(ours != NULL || skipped);
            if (ours && !skipped) assert_int_equal(json_typeof(ours), json_typeof(v));
        }
        json_decref(e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(requests_of_the_description_are_accepted_and_read_back,
                                        world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(answers_have_the_properties_of_the_description, world_setup,
                                        world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
