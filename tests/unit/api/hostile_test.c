/* Every member of every good body, replaced by every kind of nonsense, and random bytes as targets and
 * bodies: the answer is never a 5xx, never a crash, and the world stays readable. */
#include "world.h"

static const struct {
    const char *path, *body;
} good[] = {
    {RG, "{\"location\":\"westeurope\",\"tags\":{\"a\":\"b\"}}"},
    {CIRCUIT, CIRCUIT_BODY},
    {PRIVATE, "{\"name\":\"AzurePrivatePeering\",\"properties\":{\"peeringType\":\"AzurePrivatePeering\","
              "\"peerASN\":65010,\"vlanId\":100,\"primaryPeerAddressPrefix\":\"10.1.0.0/30\","
              "\"secondaryPeerAddressPrefix\":\"10.1.0.4/30\",\"sharedKey\":\"k\",\"state\":\"Enabled\","
              "\"microsoftPeeringConfig\":{\"advertisedPublicPrefixes\":[\"203.0.113.0/24\"],"
              "\"customerASN\":1,\"routingRegistryName\":\"ARIN\"},\"routeFilter\":{\"id\":\"\"},"
              "\"ipv6PeeringConfig\":{\"primaryPeerAddressPrefix\":\"fd00::/126\","
              "\"secondaryPeerAddressPrefix\":\"fd00::4/126\",\"state\":\"Enabled\"}}}"},
    {CIRCUIT "/authorizations/a", "{\"name\":\"a\",\"properties\":{}}"},
    {VNET, "{\"location\":\"westeurope\",\"properties\":{\"addressSpace\":{\"addressPrefixes\":"
           "[\"10.20.0.0/16\"]},\"bgpCommunities\":{\"virtualNetworkCommunity\":\"12076:20001\"},"
           "\"subnets\":[{\"name\":\"GatewaySubnet\",\"properties\":{\"addressPrefix\":"
           "\"10.20.255.0/27\"}}]}}"},
    {VNET "/subnets/s", "{\"properties\":{\"addressPrefixes\":[\"10.20.1.0/24\"]}}"},
    {NET "/publicIPAddresses/ip", "{\"location\":\"westeurope\",\"sku\":{\"name\":\"Standard\"},"
                                  "\"properties\":{\"publicIPAllocationMethod\":\"Static\"}}"},
    {GATEWAY, GATEWAY_BODY},
    {CONNECTION, CONNECTION_BODY},
    {RG "/providers/Microsoft.Resources/deployments/d",
     "{\"properties\":{\"mode\":\"incremental\",\"template\":{\"parameters\":{\"p\":{\"type\":\"string\","
     "\"defaultValue\":\"x\"}},\"variables\":{\"v\":\"[parameters('p')]\"},\"resources\":[{\"type\":"
     "\"Microsoft.Network/publicIPAddresses\",\"name\":\"[concat('ip',variables('v'))]\",\"location\":"
     "\"westeurope\",\"properties\":{}}],\"outputs\":{\"o\":{\"type\":\"object\",\"value\":"
     "\"[reference('ipx').provisioningState]\"}}},\"parameters\":{\"p\":{\"value\":\"y\"}}}}"},
};

static const char *const nonsense[] = {
    "null", "true", "7", "-1", "1.5", "1e300", "18446744073709551616", "\"\"", "\"x\"", "\"[\"", "\"[[\"",
    "\"[concat(\"", "\"[variables('v')]\"", "\"/\"", "\"/subscriptions/a/resourceGroups/b/providers/c/d/e\"",
    "\"0.0.0.0/0\"", "\"::/0\"", "[]", "[null]", "[[]]", "[{}]", "{}", "{\"id\":[]}", "{\"name\":{}}"};

static void prepare(struct world *w)
{
    make_link(w);
    get(w, RG);
}

static void expect_sane(struct world *w, const char *path, const char *body)
{
    int s = w->out.status;
    if (s < 200 || s >= 500 || s / 100 == 3) print_message("%d for %s\n%s\n%s\n", s, path, body, text_get(&w->out.body));
    assert_true(s >= 200 && s < 500 && s / 100 != 3);
    if (s >= 400 && w->json) assert_true(json_is_string(at(w->json, "error.code")));
}

/* Puts the body with each of its values replaced in turn, below `v` as well. */
static void replace_each(struct world *w, const char *path, json_t *root, json_t *v)
{
    const char *key;
    json_t *item;
    void *next;
    size_t n = json_is_array(v) ? json_array_size(v) : 0;
    json_object_foreach_safe(v, next, key, item)
    {
        json_incref(item);
        for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
            json_t *bad = json_loads(nonsense[i], JSON_DECODE_ANY, NULL);
            json_object_set_new(v, key, bad ? bad : json_integer(INT64_MAX));
            char *text = json_dumps(root, 0);
            put(w, path, text);
            expect_sane(w, path, text);
            free(text);
        }
        json_object_set(v, key, item);
        replace_each(w, path, root, item);
        json_decref(item);
    }
    for (size_t k = 0; k < n; k++) {
        item = json_incref(json_array_get(v, k));
        for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
            json_t *bad = json_loads(nonsense[i], JSON_DECODE_ANY, NULL);
            json_array_set_new(v, k, bad ? bad : json_integer(INT64_MAX));
            char *text = json_dumps(root, 0);
            put(w, path, text);
            expect_sane(w, path, text);
            free(text);
        }
        json_array_set(v, k, item);
        replace_each(w, path, root, item);
        json_decref(item);
    }
}

static void no_replaced_member_gives_a_server_error(void **state)
{
    struct world *w = *state;
    prepare(w);
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        json_t *body = json_loads(good[i].body, 0, NULL);
        assert_non_null(body);
        replace_each(w, good[i].path, body, body);
        json_decref(body);
        EXPECT(200, get(w, CIRCUIT));
        EXPECT(200, get(w, NET "/connections"));
        json_t *all = api_resources(w->api);
        assert_non_null(all);
        json_decref(all);
    }
}

static uint64_t next_random(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

static void no_mangled_target_or_body_gives_a_server_error(void **state)
{
    struct world *w = *state;
    uint64_t seed = 0x9e3779b97f4a7c15u;
    print_message("seed %llx\n", (unsigned long long)seed);
    prepare(w);
    for (int i = 0; i < 4000; i++) {
        size_t which = next_random(&seed) % ARRAY_LEN(good);
        char path[1024], *body = strdup(good[which].body);
        snprintf(path, sizeof path, "%s?api-version=2022-01-01&$top=2&$skiptoken=%%2fx", good[which].path);
        bool of_path = next_random(&seed) % 2;
        char *victim = of_path ? path : body;
        for (uint64_t k = next_random(&seed) % 3 + 1; k > 0; k--) {
            char c = (char)(next_random(&seed) % 255 + 1);
            victim[next_random(&seed) % strlen(victim)] = c ? c : '%';
        }
        enum api_method m = (enum api_method)(next_random(&seed) % API_METHODS);
        if (m == API_DELETE) m = API_PATCH;
        ask(w, &owner, m, path, body);
        expect_sane(w, path, body);
        free(body);
    }
    EXPECT(200, get(w, CIRCUIT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_replaced_member_gives_a_server_error, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(no_mangled_target_or_body_gives_a_server_error, world_setup,
                                        world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
