/* Every member of every good body, replaced by every kind of nonsense, and random bytes as targets and
 * bodies: the answer is never a 5xx, never a crash, and the world stays readable. */
#include <dirent.h>
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
    {NET "/routeFilters/rf", "{\"location\":\"westeurope\",\"properties\":{\"rules\":[{\"name\":\"r\","
                             "\"properties\":{\"access\":\"Allow\",\"routeFilterRuleType\":\"Community\","
                             "\"communities\":[\"12076:5010\"]}}]}}"},
    {CIRCUIT "/peerings/MicrosoftPeering",
     "{\"properties\":{\"peerASN\":100,\"vlanId\":300,\"primaryPeerAddressPrefix\":\"203.0.113.0/30\","
     "\"secondaryPeerAddressPrefix\":\"203.0.113.4/30\",\"microsoftPeeringConfig\":{"
     "\"advertisedPublicPrefixes\":[\"198.51.100.0/24\"],\"advertisedCommunities\":[\"1:2\"],"
     "\"customerASN\":100,\"routingRegistryName\":\"ARIN\"},\"routeFilter\":{\"id\":\"" NET
     "/routeFilters/rf\"},\"ipv6PeeringConfig\":{\"primaryPeerAddressPrefix\":\"2001:db8::/126\","
     "\"secondaryPeerAddressPrefix\":\"2001:db8::4/126\",\"microsoftPeeringConfig\":{"
     "\"advertisedPublicPrefixes\":[\"2001:db8:1::/48\"]},\"routeFilter\":{\"id\":\"" NET
     "/routeFilters/rf\"}}}}"},
    {PRIVATE "/connections/gr",
     "{\"properties\":{\"peerExpressRouteCircuitPeering\":{\"id\":\"" NET
     "/expressRouteCircuits/far/peerings/AzurePrivatePeering\"},\"addressPrefix\":\"10.250.0.0/29\","
     "\"authorizationKey\":\"\",\"ipv6CircuitConnectionConfig\":{\"addressPrefix\":\"fd01::/125\"}}}"},
    {NET "/expressRoutePorts/p",
     "{\"location\":\"westeurope\",\"identity\":{\"type\":\"None\"},\"properties\":{\"peeringLocation\":"
     "\"Amsterdam\",\"bandwidthInGbps\":10,\"encapsulation\":\"QinQ\",\"billingType\":\"MeteredData\","
     "\"links\":[{\"name\":\"link1\",\"properties\":{\"adminState\":\"Enabled\",\"macSecConfig\":{"
     "\"cknSecretIdentifier\":\"a\",\"cakSecretIdentifier\":\"b\",\"cipher\":\"GcmAes256\","
     "\"sciState\":\"Enabled\"}}}]}}"},
    {NET "/expressRouteCircuits/onport",
     "{\"location\":\"westeurope\",\"sku\":{\"tier\":\"Standard\",\"family\":\"MeteredData\"},"
     "\"properties\":{\"expressRoutePort\":{\"id\":\"" NET "/expressRoutePorts/p\"},\"bandwidthInGbps\":1,"
     "\"enableDirectPortRateLimit\":true}}"},
    {NET "/expressRouteGateways/hg",
     "{\"location\":\"westeurope\",\"properties\":{\"virtualHub\":{\"id\":\"" NET "/virtualHubs/h\"},"
     "\"autoScaleConfiguration\":{\"bounds\":{\"min\":1,\"max\":2}},\"allowNonVirtualWanTraffic\":true}}"},
    {NET "/expressRouteGateways/hg/expressRouteConnections/hc",
     "{\"properties\":{\"routingWeight\":1,\"expressRouteCircuitPeering\":{\"id\":\"" NET
     "/expressRouteCircuits/far/peerings/AzurePrivatePeering\"},\"enableInternetSecurity\":true,\"routingConfiguration\":{\"vnetRoutes\":{}}}}"},
    {CONNECTION "/sharedkey", "{\"value\":\"abc\"}"},
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
    static const char far[] = NET "/expressRouteCircuits/far";
    make_link(w);
    EXPECT(201, put(w, far, "{\"location\":\"westeurope\",\"sku\":{\"tier\":\"Standard\",\"family\":"
                            "\"MeteredData\"},\"properties\":{\"serviceProviderProperties\":{"
                            "\"serviceProviderName\":\"Equinix\",\"peeringLocation\":\"London\","
                            "\"bandwidthInMbps\":200}}}"));
    provision_at(w, far, "London", "Provisioned");
    EXPECT(201, put(w, NET "/expressRouteCircuits/far/peerings/AzurePrivatePeering",
                    "{\"properties\":{\"peerASN\":65020,\"vlanId\":5,\"primaryPeerAddressPrefix\":"
                    "\"10.9.0.0/30\",\"secondaryPeerAddressPrefix\":\"10.9.0.4/30\"}}"));
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

/* The good bodies are good, or the tests above would only see refusals. */
static void the_bodies_are_good_as_they_stand(void **state)
{
    struct world *w = *state;
    prepare(w);
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        int got = put(w, good[i].path, good[i].body);
        if (got != 200 && got != 201)
            print_message("%s: %d %s\n", good[i].path, got, text_get(&w->out.body));
        assert_true(got == 200 || got == 201);
    }
}

/* A public collection of JSON texts by what a parser must do with them. */
static void json_texts_are_taken_or_refused_as_the_standard_says(void **state)
{
    struct world *w = *state;
    DIR *dir = opendir(SHARED "/data/bgp-vectors/json-parsing");
    size_t n = 0;
    make_group(w);
    if (!dir) skip();
    for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
        static char body[1 << 20];
        char path[1024];
        if (!strchr("yni", e->d_name[0]) || e->d_name[1] != '_') continue;
        snprintf(path, sizeof path, SHARED "/data/bgp-vectors/json-parsing/%s", e->d_name);
        FILE *f = fopen(path, "rb");
        assert_non_null(f);
        size_t len = fread(body, 1, sizeof body, f);
        fclose(f);
        api_response_drop(&w->out);
        json_decref(w->json);
        const struct api_request req = {.method = API_PUT, .target = VNET "?api-version=2022-01-01",
                                        .base_url = "https://localhost:8443", .body = body, .body_n = len,
                                        .caller = &owner};
        api_handle(w->api, &req, w->now_ms, &w->out);
        w->json = json_loadb(w->out.body.s, w->out.body.n, 0, NULL);
        const char *code = says(w, "error.code"), *why = says(w, "error.message");
        bool taken = strcmp(code, "InvalidRequestContent") != 0 || strstr(why, "not an object");
        /* what a receiver may refuse, and we do: repeated names, an escaped NUL, a number over 64 digits */
        bool ours = strstr(e->d_name, "duplicated_key") || strstr(e->d_name, "null_escape") ||
                    strstr(e->d_name, "escaped_null") || strstr(e->d_name, "close_to_zero") || strstr(e->d_name, "u+0000");
        bool fine = w->out.status == 400 && (e->d_name[0] == 'i' || (e->d_name[0] == 'y') == taken ||
                                             (e->d_name[0] == 'y' && ours));
        if (!fine) print_message("%s: %d %s\n", e->d_name, w->out.status, text_get(&w->out.body));
        assert_true(fine);
        n++;
    }
    closedir(dir);
    print_message("%zu texts\n", n);
    assert_true(n > 150);
}

/* Bodies at the limits and one beyond: refused before a parser sees them (RB-140). */
static void bodies_beyond_the_limits_are_refused(void **state)
{
    struct world *w = *state;
    enum { MOST = 3 << 20 };
    char *body = malloc(MOST);
    static const struct {
        const char *open, *close;
        size_t times;
        int status; /* 400 with "too deep or too large", or something else */
    } rows[] = {{"[", "]", 62, 0}, {"[", "]", 65, 400}, {"1,", "", 99000, 0}, {"1,", "", 100001, 400},
                {"9", "", 60, 0}, {"9", "", 65, 400}, {"x", "", 1000000, 0}, {"x", "", 1100000, 400}};
    make_group(w);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool text = rows[i].open[0] == 'x', list = rows[i].open[1] == ',';
        size_t n = (size_t)sprintf(body, "{\"tags\":{\"a\":%s", text ? "\"" : list ? "[" : "");
        for (size_t k = 0; k < rows[i].times; k++) n += (size_t)sprintf(body + n, "%s", rows[i].open);
        if (list) n += (size_t)sprintf(body + n, "1]");
        for (size_t k = 0; k < rows[i].times; k++) n += (size_t)sprintf(body + n, "%s", rows[i].close);
        sprintf(body + n, "%s}}", text ? "\"" : "");
        put(w, VNET, body);
        assert_int_equal(w->out.status, 400);
        bool refused = strstr(says(w, "error.message"), "too deep or too large") != NULL;
        if (refused != (rows[i].status == 400)) print_message("row %zu: %s\n", i, text_get(&w->out.body));
        assert_int_equal(refused, rows[i].status == 400);
    }
    free(body);
}

/* Names that are longer than any key of the store. */
static void long_paths_are_not_found(void **state)
{
    struct world *w = *state;
    static char path[14000];
    make_group(w);
    for (size_t n = 100; n < 12000; n += 1700) {
        snprintf(path, sizeof path, NET "/expressRouteCircuits/%0*d", (int)n, 1);
        const struct api_request req = {.method = API_GET, .target = strcat(path, "?api-version=2022-01-01"),
                                        .base_url = "https://localhost:8443", .caller = &owner};
        api_response_drop(&w->out);
        api_handle(w->api, &req, w->now_ms, &w->out);
        assert_true(w->out.status == 404 || w->out.status == 400);
    }
}

/* Every method on every path of the tables: right ones are taken, wrong ones are 405, none is a 5xx. */
static void wrong_methods_are_told_so(void **state)
{
    struct world *w = *state;
    prepare(w);
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        for (int m = 0; m < API_METHODS; m++) {
            if (m == API_DELETE) continue;
            ask(w, &owner, (enum api_method)m, good[i].path, good[i].body);
            expect_sane(w, good[i].path, "");
            if (m == API_POST && !strstr(good[i].path, "deployments")) assert_int_equal(w->out.status, 405);
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
        cmocka_unit_test_setup_teardown(the_bodies_are_good_as_they_stand, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(json_texts_are_taken_or_refused_as_the_standard_says, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(bodies_beyond_the_limits_are_refused, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(long_paths_are_not_found, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(wrong_methods_are_told_so, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(no_mangled_target_or_body_gives_a_server_error, world_setup,
                                        world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
