/* The live tables, from an evidence document of two edges and a gateway node. */
#include "world.h"


static const char evidence_text[] =
    "{\"edges\":[{\"name\":\"edge1\",\"evidence\":{"
    "\"peers\":[{\"name\":\"p\",\"domain\":\"er-demo-private\",\"address\":\"192.168.100.129\",\"asn\":65010,"
    "\"state\":\"Established\",\"uptime_s\":3725,\"prefixes\":{\"received\":2},\"messages\":{\"in\":9,\"out\":8},"
    "\"subject\":\"circuit/er-demo/private/primary\",\"role\":\"customer\"}],"
    "\"attachments\":[{\"name\":\"acc\",\"domain\":\"er-demo-private\",\"subject\":"
    "\"circuit/er-demo/private/primary\",\"mac\":\"02:00:00:aa:bb:01\",\"addresses\":"
    "[\"192.168.100.130/30\"],\"rx_bytes\":1000,\"tx_bytes\":2000},{\"name\":\"gw1\",\"domain\":"
    "\"er-demo-private\",\"subject\":\"connection/conn-demo/primary\",\"addresses\":[\"169.254.1.1/30\"],"
    "\"rx_bytes\":5,\"tx_bytes\":6}],"
    "\"neighbors\":[{\"domain\":\"er-demo-private\",\"attachment\":\"acc\",\"subject\":"
    "\"circuit/er-demo/private/primary\",\"address\":\"192.168.100.129\",\"mac\":\"02:00:00:cc:dd:01\","
    "\"age_s\":130}],"
    "\"routes\":[{\"domain\":\"er-demo-private\",\"prefix\":\"10.10.0.0/16\",\"next_hop\":"
    "\"192.168.100.129\",\"subject\":\"circuit/er-demo/private/primary\",\"as_path\":\"65010\","
    "\"local_pref\":100,\"best\":true,\"accepted\":true},{\"domain\":\"er-demo-private\",\"prefix\":"
    "\"10.66.0.0/16\",\"next_hop\":\"192.168.100.129\",\"as_path\":\"65010\",\"accepted\":false},{"
    "\"domain\":\"other-private\",\"prefix\":\"10.99.0.0/16\",\"accepted\":true}]}},"
    "{\"name\":\"edge2\",\"evidence\":{\"peers\":[{\"domain\":\"er-demo-private\",\"address\":"
    "\"192.168.100.133\",\"asn\":65010,\"state\":\"Active\",\"subject\":"
    "\"circuit/er-demo/private/secondary\",\"role\":\"customer\"}],\"attachments\":[{\"domain\":"
    "\"er-demo-private\",\"subject\":\"circuit/er-demo/private/secondary\",\"mac\":"
    "\"02:00:00:aa:bb:02\",\"addresses\":[\"192.168.100.134/30\"],\"rx_bytes\":30,\"tx_bytes\":40}]}},"
    "{\"name\":\"gw\",\"evidence\":{\"peers\":[{\"domain\":\"gw-demo\",\"address\":\"169.254.1.1\",\"asn\":"
    "12076,\"state\":\"Established\",\"uptime_s\":60,\"prefixes\":{\"received\":1},\"messages\":{\"in\":3,"
    "\"out\":4},\"subject\":\"connection/conn-demo/primary\",\"role\":\"cloud\"},{\"domain\":\"gw-demo\","
    "\"address\":\"169.254.1.5\",\"asn\":12076,\"state\":\"Connect\",\"subject\":"
    "\"connection/conn-demo/secondary\",\"role\":\"cloud\"}],\"attachments\":[{\"domain\":\"gw-demo\","
    "\"subject\":\"connection/conn-demo/primary\",\"addresses\":[\"169.254.1.2/30\"]}],\"routes\":[{"
    "\"domain\":\"gw-demo\",\"prefix\":\"10.10.0.0/16\",\"next_hop\":\"169.254.1.1\",\"subject\":"
    "\"connection/conn-demo/primary\",\"as_path\":\"12076 65010\",\"accepted\":true}]}}]}";

static int with_evidence(void **state)
{
    world_setup(state);
    struct world *w = *state;
    w->evidence = json_loads(evidence_text, 0, NULL);
    assert_non_null(w->evidence);
    make_link(w);
    return 0;
}

/* Calls an action and follows its Location to the result. */
static void act(struct world *w, const struct api_caller *who, const char *path)
{
    EXPECT(202, ask(w, who, API_POST, path, NULL));
    assert_string_equal(text_get(&w->out.body), "null");
    assert_null(header(w, "Azure-AsyncOperation"));
    assert_string_equal(header(w, "Retry-After"), "1");
    char *url = strdup(link_target(header(w, "Location")));
    EXPECT(200, ask(w, who, API_GET, url, NULL));
    assert_non_null(header(w, "Location"));
    free(url);
}

static void expect_json(struct world *w, const char *wanted)
{
    json_t *j = json_loads(wanted, 0, NULL);
    assert_non_null(j);
    if (!json_equal(j, w->json)) print_message("got %s\n", text_get(&w->out.body));
    assert_true(json_equal(j, w->json));
    json_decref(j);
}

static void counters_are_summed_by_leg(void **state)
{
    struct world *w = *state;
    EXPECT(200, get(w, CIRCUIT "/stats"));
    expect_json(w, "{\"primarybytesIn\":1000,\"primarybytesOut\":2000,\"secondarybytesIn\":30,"
                   "\"secondarybytesOut\":40}");
    EXPECT(200, get(w, PRIVATE "/stats"));
    assert_int_equal(json_integer_value(at(w->json, "primarybytesIn")), 1000);
    EXPECT(405, ask(w, &owner, API_POST, CIRCUIT "/stats", NULL));
}

static void the_arp_table_has_both_ends(void **state)
{
    struct world *w = *state;
    act(w, &owner, PRIVATE "/arpTables/primary");
    expect_json(w, "{\"value\":[{\"age\":2,\"interface\":\"On-Prem\",\"ipAddress\":\"192.168.100.129\","
                   "\"macAddress\":\"0200.00cc.dd01\"},{\"age\":0,\"interface\":\"Microsoft\","
                   "\"ipAddress\":\"192.168.100.130\",\"macAddress\":\"0200.00aa.bb01\"}]}");
    act(w, &owner, PRIVATE "/ARPTables/Secondary");
    assert_int_equal(json_array_size(at(w->json, "value")), 1);
    EXPECT(400, ask(w, &owner, API_POST, PRIVATE "/arpTables/third", NULL));
}

static void the_route_table_is_the_domain_on_that_legs_edge(void **state)
{
    struct world *w = *state;
    act(w, &owner, PRIVATE "/routeTables/primary");
    expect_json(w, "{\"value\":[{\"network\":\"10.10.0.0/16\",\"nextHop\":\"192.168.100.129\",\"locPrf\":"
                   "\"100\",\"weight\":0,\"path\":\"65010\"}]}");
    act(w, &owner, PRIVATE "/routeTables/secondary");
    expect_json(w, "{\"value\":[]}");
}

static void the_summary_shows_prefixes_or_the_state(void **state)
{
    struct world *w = *state;
    act(w, &owner, PRIVATE "/routeTablesSummary/primary");
    expect_json(w, "{\"value\":[{\"neighbor\":\"192.168.100.129\",\"v\":4,\"as\":65010,\"upDown\":"
                   "\"01:02:05\",\"statePfxRcd\":\"2\"}]}");
    act(w, &owner, PRIVATE "/routeTablesSummary/secondary");
    assert_string_equal(says(w, "value.0.statePfxRcd"), "Active");
    assert_string_equal(says(w, "value.0.upDown"), "never");
}

static void the_providers_summary_has_its_own_shape(void **state)
{
    struct world *w = *state;
    char path[400];
    get(w, CIRCUIT);
    snprintf(path, sizeof path, "/subscriptions/" PROVIDER_SUB "/resourceGroups/CrossConnection-Amsterdam/"
             "providers/Microsoft.Network/expressRouteCrossConnections/%s/peerings/AzurePrivatePeering/"
             "routeTablesSummary/primary", says(w, "properties.serviceKey"));
    act(w, &provider, path);
    expect_json(w, "{\"value\":[{\"neighbor\":\"192.168.100.129\",\"asn\":65010,\"upDown\":\"01:02:05\","
                   "\"stateOrPrefixesReceived\":\"2\"}]}");
}

static void a_gateway_shows_its_peers_and_routes(void **state)
{
    struct world *w = *state;
    act(w, &owner, GATEWAY "/getBgpPeerStatus");
    assert_int_equal(json_array_size(at(w->json, "value")), 2);
    assert_string_equal(says(w, "value.0.localAddress"), "169.254.1.2");
    assert_string_equal(says(w, "value.0.neighbor"), "169.254.1.1");
    assert_string_equal(says(w, "value.0.state"), "Connected");
    assert_string_equal(says(w, "value.0.connectedDuration"), "00:01:00");
    assert_string_equal(says(w, "value.1.state"), "Connecting");
    act(w, &owner, GATEWAY "/getBgpPeerStatus?api-version=2022-01-01&peer=169.254.1.5");
    assert_int_equal(json_array_size(at(w->json, "value")), 1);
    act(w, &owner, GATEWAY "/getLearnedRoutes");
    expect_json(w, "{\"value\":[{\"localAddress\":\"169.254.1.2\",\"network\":\"10.10.0.0/16\",\"nextHop\":"
                   "\"169.254.1.1\",\"sourcePeer\":\"169.254.1.1\",\"origin\":\"EBgp\",\"asPath\":"
                   "\"12076-65010\",\"weight\":32769}]}");
    act(w, &owner, GATEWAY "/getAdvertisedRoutes?api-version=2022-01-01&peer=169.254.1.1");
    assert_string_equal(says(w, "value.0.network"), "10.20.0.0/16");
}

static void a_reset_answers_with_the_gateway_and_is_for_writers(void **state)
{
    struct world *w = *state;
    act(w, &owner, GATEWAY "/reset?api-version=2022-01-01&gatewayVip=None");
    assert_string_equal(says(w, "id"), GATEWAY);
    assert_null(at(w->json, "internal"));
    EXPECT(403, ask(w, &reader, API_POST, GATEWAY "/reset", NULL));
}

static void a_connection_is_connected_when_a_session_is(void **state)
{
    struct world *w = *state;
    EXPECT(200, get(w, CONNECTION));
    assert_string_equal(says(w, "properties.connectionStatus"), "Connected");
    assert_int_equal(json_integer_value(at(w->json, "properties.ingressBytesTransferred")), 5);
}

static void without_evidence_tables_are_empty(void **state)
{
    struct world *w = *state;
    json_decref(w->evidence);
    w->evidence = NULL;
    act(w, &owner, PRIVATE "/arpTables/primary");
    expect_json(w, "{\"value\":[]}");
    EXPECT(200, get(w, CIRCUIT "/stats"));
    assert_int_equal(json_integer_value(at(w->json, "primarybytesIn")), 0);
}

static void broken_evidence_breaks_nothing(void **state)
{
    struct world *w = *state;
    static const char *const broken[] = {
        "{\"edges\":7}", "{\"edges\":[{\"evidence\":[]}]}",
        "{\"edges\":[{\"evidence\":{\"peers\":[{\"subject\":\"circuit/er-demo/private/primary\"}],"
        "\"neighbors\":[{\"subject\":\"circuit/er-demo/private/primary\",\"mac\":\"::::::::zzzzzzzzzzzzzzzzzz\"}],"
        "\"attachments\":[{\"subject\":\"circuit/er-demo/private/primary\",\"addresses\":{}}],"
        "\"routes\":[null]}}]}"};
    static const char *const calls[] = {"/arpTables/primary", "/routeTables/primary",
                                        "/routeTablesSummary/primary"};
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        json_decref(w->evidence);
        w->evidence = json_loads(broken[i], 0, NULL);
        for (size_t k = 0; k < ARRAY_LEN(calls); k++) {
            char path[300];
            snprintf(path, sizeof path, PRIVATE "%s", calls[k]);
            act(w, &owner, path);
            assert_true(json_is_array(at(w->json, "value")));
        }
    }
}

#define LIVE(f) cmocka_unit_test_setup_teardown(f, with_evidence, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIVE(counters_are_summed_by_leg),
        LIVE(the_arp_table_has_both_ends),
        LIVE(the_route_table_is_the_domain_on_that_legs_edge),
        LIVE(the_summary_shows_prefixes_or_the_state),
        LIVE(the_providers_summary_has_its_own_shape),
        LIVE(a_gateway_shows_its_peers_and_routes),
        LIVE(a_reset_answers_with_the_gateway_and_is_for_writers),
        LIVE(a_connection_is_connected_when_a_session_is),
        LIVE(without_evidence_tables_are_empty),
        LIVE(broken_evidence_breaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
