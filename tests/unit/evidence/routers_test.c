/* BIRD, FRR, our own routers, and records: each gives facts under the leg its addresses belong to. */
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include "evidence/bird.h"
#include "evidence/edge_json.h"
#include "evidence/frr_json.h"
#include "evidence/records_json.h"
#include "world.h"

static const char primary[] = "circuit/er1/private/primary", secondary[] = "circuit/er1/private/secondary";

static const char bird[] =
    "BIRD 2.0.12 ready.\nName       Proto      Table      State  Since         Info\n"
    "device1    Device     ---        up     15:45:20.326  \n\n"
    "cloud      BGP        ---        up     15:45:20.962  Established   \n"
    "  BGP state:          Established\n    Neighbor address: 192.168.1.6\n    Neighbor AS:      12076\n"
    "    Hold timer:       153.672/180\n    Keepalive timer:  42.295/60\n  Channel ipv4\n"
    "    Routes:         3 imported, 1 exported, 1 preferred\n  Channel ipv6\n"
    "    Routes:         2 imported, 1 exported, 1 preferred\n\n"
    "inside     BGP        ---        up     15:45:21.295  Established   \n"
    "  BGP state:          Established\n    Neighbor address: 10.10.0.1\n    Neighbor AS:      65010\n"
    "    Hold timer:       1.0/3\n";

static void bird_sessions_are_filed_by_the_clouds_address(void **state)
{
    (void)state;
    struct world w;
    world_make(&w);
    struct collector c = world_collector(&w);
    assert_true(bird_text_is(bird));
    bird_take(&c, "ce2", bird);
    bird_take(&c, "ce2", "BIRD 2.0.12 ready.\nbfd1:\nIP address                Interface  State      Since         Interval  Timeout\n"
                         "192.168.1.6               leg0       Up         15:45:21.270    0.300    0.900\n"
                         "10.10.0.1                 lan0       Down       15:45:21.270    0.300    0.900\n");
    assert_string_equal(world_fact(&w, FACT_CUSTOMER_ROUTER, secondary), "ce2");
    assert_string_equal(world_fact(&w, FACT_CUSTOMER_STATE, secondary), "Established");
    assert_string_equal(world_fact(&w, FACT_CUSTOMER_REMOTE_ASN, secondary), "12076");
    assert_string_equal(world_fact(&w, FACT_CUSTOMER_HOLD, secondary), "180");
    assert_string_equal(world_fact(&w, FACT_CUSTOMER_IMPORTED, secondary), "5");
    assert_string_equal(world_fact(&w, FACT_CUSTOMER_BFD, secondary), "up");
    assert_int_equal(world_count(&w, FACT_SESSION_HOLD, secondary), 0);
    assert_int_equal(world_count(&w, FACT_CUSTOMER_STATE, primary), 0);
    world_drop(&w);
}

static void in_the_field_a_customers_router_tells_the_agreed_timers(void **state)
{
    (void)state;
    struct world w;
    world_make(&w);
    struct collector c = world_collector(&w);
    c.tells_both_ends = true;
    bird_take(&c, "ce2", bird);
    bird_take(&c, "ce2", "IP address                Interface  State      Since         Interval  Timeout\n"
                         "192.168.1.6               leg0       Up         15:45:21.270    0.300    0.900\n");
    assert_string_equal(world_fact(&w, FACT_SESSION_HOLD, secondary), "180");
    assert_string_equal(world_fact(&w, FACT_BFD_STATE, secondary), "up");
    assert_string_equal(world_fact(&w, FACT_BFD_DETECT, secondary), "900000");
    world_drop(&w);
}

static void frr_neighbours_and_bfd_peers(void **state)
{
    (void)state;
    static const char *const shapes[] = {
        "{\"192.168.1.2\":%s,\"10.0.0.9\":{\"bgpState\":\"Established\"}}",
        "{\"default\":{\"vrfId\":0,\"vrfName\":\"default\",\"192.168.1.2\":%s}}",
    };
    static const char neighbour[] =
        "{\"remoteAs\":12076,\"localAs\":65010,\"bgpState\":\"Established\",\"bgpTimerHoldTimeMsecs\":30000,"
        "\"addressFamilyInfo\":{\"ipv4Unicast\":{\"acceptedPrefixCounter\":4},\"ipv6Unicast\":{\"acceptedPrefixCounter\":1}},"
        "\"peerBfdInfo\":{\"status\":\"Up\"}}";
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        char text[1000];
        struct world w;
        world_make(&w);
        struct collector c = world_collector(&w);
        snprintf(text, sizeof text, shapes[i], neighbour);
        json_t *v = json_loads(text, 0, NULL);
        assert_true(frr_document_is(v));
        frr_take(&c, "ce1", v);
        assert_string_equal(world_fact(&w, FACT_CUSTOMER_STATE, primary), "Established");
        assert_string_equal(world_fact(&w, FACT_CUSTOMER_HOLD, primary), "30");
        assert_string_equal(world_fact(&w, FACT_CUSTOMER_IMPORTED, primary), "5");
        assert_string_equal(world_fact(&w, FACT_CUSTOMER_BFD, primary), "up");
        json_decref(v);
        world_drop(&w);
    }
    struct world w;
    world_make(&w);
    struct collector c = world_collector(&w);
    c.tells_both_ends = true;
    json_t *v = json_loads("[{\"peer\":\"192.168.1.2\",\"status\":\"up\",\"receive-interval\":300,\"remote-transmit-interval\":400,"
                           "\"remote-detect-multiplier\":3}]", 0, NULL);
    assert_true(frr_document_is(v));
    frr_take(&c, "ce1", v);
    assert_string_equal(world_fact(&w, FACT_BFD_DETECT, primary), "1200000");
    json_decref(v);
    world_drop(&w);
}

static void what_is_no_router_is_not_taken_for_one(void **state)
{
    (void)state;
    static const char *const texts[] = {"{}", "[]", "7", "[{}]", "{\"a\":{\"b\":{}}}", "{\"router\":{},\"peers\":1}"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        json_t *v = json_loads(texts[i], JSON_DECODE_ANY, NULL);
        assert_false(frr_document_is(v));
        assert_false(edge_evidence_is(v));
        assert_false(drill_record_is(v));
        json_decref(v);
    }
    assert_false(bird_text_is("hello\nworld"));
    struct world w;
    world_make(&w);
    struct collector c = world_collector(&w);
    bird_take(&c, "ce2", "\n\n   Neighbor address:\nx BGP\n  Hold timer: 9999999999999/a\n  Routes: -3 imported");
    assert_int_equal(w.facts.n, 0);
    world_drop(&w);
}

static const char edge[] =
    "{\"router\":{\"name\":\"edge1\"},\"peers\":[{\"subject\":\"circuit/er1/private/primary\",\"role\":\"customer\","
    "\"address\":\"192.168.1.1\",\"asn\":65010,\"state\":\"%s\",\"hold_s\":180,\"uptime_s\":4,\"prefixes\":{\"received\":2,"
    "\"accepted\":1},\"last_error\":{\"text\":\"hold timer expired\"},\"bfd\":\"off\"},"
    "{\"subject\":\"connection/k1/primary\",\"role\":\"gateway\",\"state\":\"Established\",\"prefixes\":{\"accepted\":3}}],"
    "\"routes\":[{\"subject\":\"circuit/er1/private/primary\",\"prefix\":\"10.10.0.0/16\",\"as_path\":\"65010 65011\",\"accepted\":true},"
    "{\"subject\":\"circuit/er1/private/primary\",\"prefix\":\"10.11.0.0/16\",\"as_path\":\"65010\",\"accepted\":false}],"
    "\"bfd\":[],\"attachments\":[{\"subject\":\"circuit/er1/private/primary\",\"port\":\"acc0\",\"stag\":2,\"ctag\":100,\"up\":true,"
    "\"addresses\":[\"192.168.1.2/30\"],\"rx_bytes\":1,\"tx_bytes\":2}],\"neighbors\":[],"
    "\"unknown_tags\":[{\"port\":\"acc0\",\"outer\":2,\"inner\":101,\"packets\":9},{\"port\":\"acc0\",\"outer\":3,\"inner\":101,\"packets\":9}]}";

static void an_edge_tells_of_the_cloud_side(void **state)
{
    (void)state;
    char text[2000];
    struct world w;
    world_make(&w);
    struct collector c = world_collector(&w);
    snprintf(text, sizeof text, edge, "Established");
    json_t *v = json_loads(text, 0, NULL);
    assert_true(edge_evidence_is(v));
    edge_evidence_take(&c, v);
    assert_string_equal(world_fact(&w, FACT_SESSION_RECEIVED, primary), "2");
    assert_string_equal(world_fact(&w, FACT_BFD_STATE, primary), "off");
    assert_string_equal(world_fact(&w, FACT_ROUTE, primary), "10.10.0.0/16 0 2 65010 65011");
    assert_string_equal(world_fact(&w, FACT_WRONG_TAG, primary), "2 101 9");
    assert_string_equal(world_fact(&w, FACT_CONNECTION_PREFIXES, "connection/k1"), "3");
    json_decref(v);
    world_drop(&w);
    world_make(&w);
    c = world_collector(&w);
    snprintf(text, sizeof text, edge, "Idle");
    v = json_loads(text, 0, NULL);
    edge_evidence_take(&c, v);
    assert_string_equal(world_fact(&w, FACT_SESSION_STATE, primary), "Idle");
    assert_int_equal(world_count(&w, FACT_SESSION_HOLD, primary), 0);
    assert_int_equal(world_count(&w, FACT_SESSION_RECEIVED, primary), 0);
    json_decref(v);
    world_drop(&w);
}

static void records_of_drills_carry_their_own_time(void **state)
{
    (void)state;
    struct world w;
    int64_t ms;
    world_make(&w);
    struct collector c = world_collector(&w);
    json_t *good = json_loads("{\"drill\":\"leg-primary\",\"subject\":\"circuit/er1/private/primary\",\"ended\":\"1970-01-02T00:00:01Z\","
                              "\"sent\":100,\"lost\":3,\"outage_ms\":40,\"expected\":true,\"restored\":true}", 0, NULL);
    json_t *bad = json_loads("{\"drill\":\"leg-secondary\",\"subject\":\"circuit/er1/private/secondary\",\"ended\":\"1970-01-02T00:00:01Z\","
                             "\"sent\":100,\"lost\":90,\"outage_ms\":9000,\"expected\":false,\"restored\":true}", 0, NULL);
    drill_record_take(&c, good);
    drill_record_take(&c, bad);
    facts_sort(&w.facts);
    struct fact_range r = facts_of(&w.facts, FACT_DRILL, "circuit/er1");
    assert_int_equal(r.n, 2);
    assert_string_equal(r.first[0].value, "primary 100 3 40 restored (leg-primary)");
    assert_null(strstr(r.first[1].value, "restored"));
    assert_int_equal(r.first[0].at_ms, 86401000);
    assert_false(record_time("yesterday", &ms));
    assert_false(record_time("2026-13-01T00:00:00Z", &ms));
    json_decref(good);
    json_decref(bad);
    world_drop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bird_sessions_are_filed_by_the_clouds_address),
        cmocka_unit_test(in_the_field_a_customers_router_tells_the_agreed_timers),
        cmocka_unit_test(frr_neighbours_and_bfd_peers),
        cmocka_unit_test(what_is_no_router_is_not_taken_for_one),
        cmocka_unit_test(an_edge_tells_of_the_cloud_side),
        cmocka_unit_test(records_of_drills_carry_their_own_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
