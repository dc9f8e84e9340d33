/* The example of the documentation reads, everything reads back what it wrote, and each rule that is
 * broken is reported at its place. */
#include "check.h"
#include <stdlib.h>
#include "intent/intent_json.h"

static struct arena arena;
static struct problems problems;

static int fresh(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    problems_init(&problems, &arena);
    return 0;
}

static int gone(void **state)
{
    (void)state;
    arena_drop(&arena);
    return 0;
}

static struct intent *reads(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, 0, &error);
    if (!json) fail_msg("%s at %d: %s", error.text, error.position, text);
    struct intent *i = intent_from_json(json, &arena, &problems);
    json_decref(json);
    return i;
}

static const char example[] =
    "{\"router\":{\"name\":\"edge-a\",\"id\":\"192.0.2.1\",\"asn\":12076},\"dataplane\":\"none\","
    "\"control_socket\":\"/tmp/edge-a.sock\",\"bgp\":{\"listen\":[\"127.0.0.1:1790\",\"[::1]:1790\"]},"
    "\"domains\":[{\"name\":\"blue\",\"kind\":\"plain\",\"peers\":[{\"name\":\"probe\",\"address\":"
    "\"127.0.0.2\",\"local\":\"127.0.0.1\",\"asn\":65010,\"passive\":true,\"hold\":90,\"families\":"
    "[\"ipv4-unicast\",\"ipv6-unicast\"],\"md5\":\"secret\",\"ttl_security\":false,\"max_prefixes\":"
    "{\"ipv4\":10000}}],\"networks\":[{\"prefix\":\"10.1.0.0/16\",\"communities\":[\"12076:50002\"]}]}]}";

static const char attached[] =
    "{\"revision\":7,\"router\":{\"name\":\"e1\",\"id\":\"192.0.2.1\",\"asn\":12076},\"dataplane\":"
    "\"namespaces\",\"state_dir\":\"/var/lib/x\",\"control\":{\"url\":\"https://cp:1\",\"ca\":\"a\",\"cert\":"
    "\"c\",\"key\":\"k\"},\"domains\":[{\"name\":\"d\",\"kind\":\"private\",\"premium\":true,\"attachments\":["
    "{\"name\":\"acc\",\"port\":\"p0\",\"stag\":10,\"ctag\":100,\"ethertype\":34984,\"addresses\":[\"10.0.0.2/30\",\"fd00::2/126\"],"
    "\"mtu\":1400}],\"peers\":[{\"name\":\"c\",\"address\":\"10.0.0.1\",\"asn\":65001,\"role\":\"customer\","
    "\"bfd\":{\"min_tx_ms\":50},\"min_hold\":10,\"without\":[\"refresh\",\"as4\"],\"bgp_role\":\"peer\","
    "\"role_strict\":true,\"admin_text\":\"moved\",\"prepend\":2,\"local_pref\":200,\"admin_down\":true}],"
    "\"routes\":[{\"prefix\":\"0.0.0.0/0\",\"via\":\"10.0.0.1\"}]},{\"name\":\"m\",\"kind\":\"microsoft\","
    "\"advertised_prefixes\":[\"203.0.113.0/24\",\"2001:db8::/32\"],\"route_filter\":[\"12076:5010\"],"
    "\"holder_asn\":64500}]}";

static const char watched[] =
    "{\"router\":{\"name\":\"e1\",\"id\":\"192.0.2.1\",\"asn\":12076},\"rpki\":{\"caches\":[\"127.0.0.1:3323\"],"
    "\"refresh\":60},\"bmp\":{\"stations\":[\"[::1]:11019\"],\"adj_rib_out\":true,\"adj_rib_in_pre\":true,\"loc_rib\":true},\"metrics\":{\"listen\":"
    "[\"127.0.0.1:9179\"]},\"domains\":[{\"name\":\"m\",\"kind\":\"microsoft\",\"origin_validation\":\"drop\","
    "\"route_filter\":[\"12076:5010\"],\"peers\":[{\"name\":\"c\",\"address\":\"10.0.0.1\",\"asn\":65001,"
    "\"role\":\"customer\",\"graceful_shutdown\":true}]}]}";

static void the_documented_example_reads(void **state)
{
    (void)state;
    struct intent *i = reads(example);
    assert_non_null(i);
    const struct intent_peer *p = &i->domains[0].peers[0];
    assert_string_equal(i->router.name, "edge-a");
    assert_int_equal(i->listen_n, 2);
    assert_int_equal(i->listen[1].port, 1790);
    assert_int_equal(p->hold_s, 90);
    assert_int_equal(p->port, 179);
    assert_int_equal(p->families, BGP_IPV4_UNICAST | BGP_IPV6_UNICAST);
    assert_int_equal(p->max_ipv4, 10000);
    assert_string_equal(p->md5, "secret");
    assert_int_equal(i->domains[0].networks[0].communities[0], 12076u << 16 | 50002);
}

static void what_is_written_reads_back_the_same(void **state)
{
    (void)state;
    const char *const texts[] = {example, attached, watched};
    for (size_t k = 0; k < ARRAY_LEN(texts); k++) {
        struct intent *i = reads(texts[k]);
        assert_non_null(i);
        json_t *out = intent_to_json(i, true);
        char *first = json_dumps(out, JSON_COMPACT);
        json_t *again = intent_to_json(reads(first), true);
        char *second = json_dumps(again, JSON_COMPACT);
        assert_string_equal(first, second);
        if (texts[k] == attached) {
            assert_non_null(strstr(first, "\"route_filter\":[\"12076:5010\"]"));
            assert_non_null(strstr(first, "\"min_hold\":10,\"without\":[\"refresh\",\"as4\"],\"bgp_role\":\"peer\""));
            assert_non_null(strstr(first, "\"role_strict\":true"));
            assert_non_null(strstr(first, "\"admin_text\":\"moved\""));
        }
        free(first), free(second);
        json_decref(out), json_decref(again);
    }
}

static void rules_of_a_domain_and_those_who_watch_read(void **state)
{
    (void)state;
    struct intent *i = reads(watched);
    assert_non_null(i);
    assert_int_equal(i->rpki.caches[0].port, 3323);
    assert_int_equal(i->rpki.refresh_s, 60);
    assert_int_equal(i->rpki.expire_s, 7200);
    assert_int_equal(i->bmp.stations[0].addr.family, FAMILY_IPV6);
    assert_int_equal(i->metrics.listen[0].port, 9179);
    assert_int_equal(i->domains[0].origin_validation, ORIGIN_VALIDATION_DROP);
    assert_int_equal(i->domains[0].route_filter[0], 12076u << 16 | 5010);
    assert_true(i->domains[0].peers[0].graceful_shutdown);
}

static void keys_are_left_out_on_demand(void **state)
{
    (void)state;
    json_t *out = intent_to_json(reads(example), false);
    char *text = json_dumps(out, 0);
    assert_null(strstr(text, "secret"));
    free(text);
    json_decref(out);
}

static void a_session_over_ipv6_carries_ipv6_unless_told(void **state)
{
    (void)state;
    struct intent *i = reads("{\"router\":{\"name\":\"e\",\"id\":\"1.1.1.1\",\"asn\":1},\"domains\":[{\"name\":"
                             "\"d\",\"peers\":[{\"name\":\"p\",\"address\":\"fd00::1\",\"asn\":2,\"bfd\":true}]}]}");
    assert_non_null(i);
    assert_int_equal(i->domains[0].peers[0].families, BGP_IPV6_UNICAST);
    assert_int_equal(i->domains[0].peers[0].bfd.min_tx_us, 300000);
    assert_int_equal(i->domains[0].peers[0].bfd.mult, 3);
}

/* A domain list around one text, for the rules below. */
#define ROUTER "{\"router\":{\"name\":\"e\",\"id\":\"1.1.1.1\",\"asn\":12076},"
#define NONE(domains) ROUTER "\"domains\":[" domains "]}"
#define SPACES(domains) ROUTER "\"dataplane\":\"namespaces\",\"domains\":[" domains "]}"
#define ACC "{\"name\":\"acc\",\"port\":\"p0\",\"stag\":1,\"ctag\":2,\"addresses\":[\"10.0.0.2/30\"]}"

#define ATTACHED(more) "{\"name\":\"a\",\"attachments\":[{\"name\":\"acc\",\"port\":\"p0\"," more "}]}"
#define MORE(more) SPACES(ATTACHED(more))
#define FAST(more) ROUTER "\"dataplane\":\"fast\",\"domains\":[" ATTACHED(more) "]}"

static void each_broken_rule_is_reported_at_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *where;
    } rows[] = {
        {"[]", ""},
        {ROUTER "\"dataplan\":\"none\"}", "/dataplan"},
        {ROUTER "\"dataplane\":\"vlan\"}", "/dataplane"},
        {ROUTER "\"bgp\":{\"listen\":[\"127.0.0.1\"]}}", "/bgp/listen/0"},
        {ROUTER "\"bgp\":{\"listen\":[\"127.0.0.1:70000\"]}}", "/bgp/listen/0"},
        {ROUTER "\"dataplane\":\"namespaces\",\"bgp\":{\"listen\":[\"127.0.0.1:179\"]}}", "/bgp/listen"},
        {ROUTER "\"control\":{\"url\":\"http://x\",\"ca\":\"a\",\"cert\":\"c\",\"key\":\"k\"}}", "/control/url"},
        {ROUTER "\"control\":{\"url\":\"https://x\"}}", "/control"},
        {"{\"router\":{\"name\":\"../e\",\"id\":\"1.1.1.1\",\"asn\":1}}", "/router/name"},
        {NONE("{\"name\":\"a/b\"}"), "/domains/0/name"},
        {NONE("{\"name\":\"a\"},{\"name\":\"a\"}"), "/domains/1/name"},
        {NONE("{\"name\":\"a\",\"peers\":[{\"name\":\"p\",\"address\":\"10.0.0.1\",\"asn\":2},"
              "{\"name\":\"p\",\"address\":\"10.0.0.2\",\"asn\":2}]}"), "/domains/0/peers/1/name"},
        {NONE("{\"name\":\"a\",\"peers\":[{\"name\":\"p\",\"address\":\"10.0.0.1\",\"asn\":2}]},{\"name\":\"b\","
              "\"peers\":[{\"name\":\"q\",\"address\":\"10.0.0.1\",\"asn\":2}]}"), "/domains/1/peers/0/address"},
        {NONE("{\"name\":\"a\",\"peers\":[{\"name\":\"p\",\"address\":\"10.0.0.1\",\"local\":\"fd00::1\","
              "\"asn\":2}]}"), "/domains/0/peers/0/local"},
        {NONE("{\"name\":\"a\",\"peers\":[{\"name\":\"p\",\"address\":\"10.0.0.1\",\"local\":\"10.0.0.1\","
              "\"asn\":2}]}"), "/domains/0/peers/0/local"},
        {NONE("{\"name\":\"a\",\"peers\":[{\"name\":\"p\",\"address\":\"10.0.0.1\",\"hold\":2,\"asn\":2}]}"),
         "/domains/0/peers/0/hold"},
        {NONE("{\"name\":\"a\",\"peers\":[{\"name\":\"p\",\"address\":\"10.0.0.1\",\"role\":\"internal\",\"asn\":2}]}"),
         "/domains/0/peers/0/asn"},
        {NONE("{\"name\":\"a\",\"peers\":[{\"name\":\"p\",\"address\":\"10.0.0.1\",\"families\":[\"ipv5\"],\"asn\":2}]}"),
         "/domains/0/peers/0/families/0"},
        {NONE("{\"name\":\"a\",\"attachments\":[" ACC "]}"), "/domains/0/attachments"},
        {SPACES("{\"name\":\"a\",\"attachments\":[" ACC "]},{\"name\":\"b\",\"attachments\":[" ACC "]}"),
         "/domains/1/attachments/0/ctag"},
        {SPACES("{\"name\":\"a\",\"attachments\":[{\"name\":\"a name too long\",\"port\":\"p\"}]}"),
         "/domains/0/attachments/0/name"},
        {SPACES("{\"name\":\"a\",\"attachments\":[{\"name\":\"x\",\"port\":\"p\",\"stag\":4}]}"),
         "/domains/0/attachments/0/stag"},
        {SPACES("{\"name\":\"a\",\"attachments\":[{\"name\":\"x\",\"port\":\"p\",\"stag\":4,\"ctag\":5,\"ethertype\":37120}]}"),
         "/domains/0/attachments/0/ethertype"},
        {SPACES("{\"name\":\"a\",\"attachments\":[{\"name\":\"x\",\"port\":\"p\",\"ctag\":5,\"ethertype\":34984}]}"),
         "/domains/0/attachments/0/ethertype"},
        {SPACES("{\"name\":\"a\",\"attachments\":[{\"name\":\"x\",\"port\":\"p\",\"addresses\":[\"10.0.0.1\"]}]}"),
         "/domains/0/attachments/0/addresses/0"},
        {SPACES("{\"name\":\"a\",\"attachments\":[" ACC "],\"peers\":[{\"name\":\"p\",\"address\":\"10.9.0.1\","
                "\"asn\":2}]}"), "/domains/0/peers/0/address"},
        {SPACES("{\"name\":\"a\",\"attachments\":[" ACC "],\"peers\":[{\"name\":\"p\",\"address\":\"10.0.0.1\","
                "\"local\":\"10.0.0.3\",\"asn\":2}]}"), "/domains/0/peers/0/local"},
        {SPACES("{\"name\":\"a\",\"attachments\":[" ACC "],\"routes\":[{\"prefix\":\"0.0.0.0/0\",\"via\":"
                "\"10.0.0.9\"}]}"), "/domains/0/routes/0/via"},
        {NONE("{\"name\":\"a\",\"networks\":[{\"prefix\":\"10.0.0.0/8\",\"communities\":[\"70000:1\"]}]}"),
         "/domains/0/networks/0/communities/0"},
        {NONE("{\"name\":\"a\",\"kind\":\"private\",\"route_filter\":[\"12076:5010\"]}"), "/domains/0/route_filter"},
        {NONE("{\"name\":\"a\",\"kind\":\"microsoft\",\"route_filter\":[\"5010\"]}"), "/domains/0/route_filter/0"},
        {NONE("{\"name\":\"a\",\"origin_validation\":\"maybe\"}"), "/domains/0/origin_validation"},
        {MORE("\"queues\":true"), "/domains/0/attachments/0/queues"},
        {MORE("\"queues\":true,\"rate_mbps\":10,\"voice_percent\":95"), "/domains/0/attachments/0/queues"},
        {MORE("\"rate_mbps\":10"), "/domains/0/attachments/0/rate_mbps"},
        {MORE("\"mark\":[{\"dscp\":46}]"), "/domains/0/attachments/0/mark"},
        {FAST("\"mark\":[{}]"), "/domains/0/attachments/0/mark/0"},
        {FAST("\"mark\":[{\"dscp\":64}]"), "/domains/0/attachments/0/mark/0/dscp"},
        {FAST("\"mark\":[{\"dscp\":46,\"source_port\":50000}]"), "/domains/0/attachments/0/mark"},
        {FAST("\"mark\":[{\"dscp\":46,\"protocol\":\"udp\",\"source_port\":50,\"port\":5}]"), "/domains/0/attachments/0/mark"},
        {FAST("\"mark\":[{\"dscp\":46,\"protocol\":\"udp\",\"source_port\":50,\"source_port_to\":5}]"),
         "/domains/0/attachments/0/mark"},
        {NONE("{\"name\":\"a\",\"advertised_prefixes\":[\"198.51.100.0/24\"]}"),
         "/domains/0/advertised_prefixes"},
        {NONE("{\"name\":\"a\",\"kind\":\"microsoft\",\"advertised_prefixes\":[\"10.0.0.0/8\"]}"),
         "/domains/0/advertised_prefixes"},
        {NONE("{\"name\":\"a\",\"kind\":\"microsoft\",\"holder_asn\":64512}"), "/domains/0/holder_asn"},
        {ROUTER "\"rpki\":{\"caches\":[\"localhost\"]}}", "/rpki/caches/0"},
        {ROUTER "\"bmp\":{\"buffer_kb\":1}}", "/bmp/buffer_kb"},
    };
    for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
        problems_init(&problems, &arena);
        assert_null(reads(rows[k].text));
        assert_non_null(problems.first);
        assert_string_equal(problems.first->where, rows[k].where);
        assert_int_equal(problems.count, 1);
    }
}

static void marks_and_queues_are_read(void **state)
{
    (void)state;
    const struct intent *i = reads(FAST("\"queues\":true,\"rate_mbps\":50,\"mark\":[{\"dscp\":46,\"protocol\":\"udp\","
                                        "\"source_port\":50000,\"source_port_to\":50019},{\"dscp\":10,\"target\":\"52.112.0.0/14\"}]"));
    assert_non_null(i);
    const struct intent_attachment *a = &i->domains[0].attachments[0];
    assert_true(a->queues && a->mark_n == 2);
    assert_int_equal(a->mark[0].action, ACL_COUNT);
    assert_int_equal(a->mark[0].dscp, 46);
    assert_int_equal(a->mark[0].source_port_to, 50019);
    assert_int_equal(a->mark[1].target.len, 14);
    assert_non_null(reads(SPACES(ATTACHED("\"queues\":true,\"rate_mbps\":50")))); /* the kernel's own work */
}

static void domains_with_a_data_plane_may_have_the_same_neighbours(void **state)
{
    (void)state;
    assert_non_null(reads(SPACES(
        "{\"name\":\"a\",\"attachments\":[{\"name\":\"l\",\"port\":\"p\",\"stag\":1,\"ctag\":9,\"addresses\":"
        "[\"10.0.0.2/30\"]}],\"peers\":[{\"name\":\"p\",\"address\":\"10.0.0.1\",\"asn\":2}]},"
        "{\"name\":\"b\",\"attachments\":[{\"name\":\"l\",\"port\":\"p\",\"stag\":2,\"ctag\":9,\"addresses\":"
        "[\"10.0.0.2/30\"]}],\"peers\":[{\"name\":\"q\",\"address\":\"10.0.0.1\",\"asn\":2}]}")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_documented_example_reads, fresh, gone),
        cmocka_unit_test_setup_teardown(what_is_written_reads_back_the_same, fresh, gone),
        cmocka_unit_test_setup_teardown(rules_of_a_domain_and_those_who_watch_read, fresh, gone),
        cmocka_unit_test_setup_teardown(keys_are_left_out_on_demand, fresh, gone),
        cmocka_unit_test_setup_teardown(a_session_over_ipv6_carries_ipv6_unless_told, fresh, gone),
        cmocka_unit_test_setup_teardown(each_broken_rule_is_reported_at_its_place, fresh, gone),
        cmocka_unit_test_setup_teardown(marks_and_queues_are_read, fresh, gone),
        cmocka_unit_test_setup_teardown(domains_with_a_data_plane_may_have_the_same_neighbours, fresh,
                                        gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
