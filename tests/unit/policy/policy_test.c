/* Every rule of import and export by its name, the rewrites, and the limits. */
#include "check.h"
#include "net/asn.h"
#include "policy/limit.h"
#include "policy/policy.h"

static uint8_t path_buf[8][64];

static struct span path_of(int slot, size_t n, const uint32_t *asns)
{
    uint8_t *b = path_buf[slot];
    if (n == 0) return (struct span){0};
    b[0] = AS_SEQUENCE;
    b[1] = (uint8_t)n;
    for (size_t i = 0; i < 4 * n; i++) b[2 + i] = (uint8_t)(asns[i / 4] >> (24 - 8 * (i % 4)));
    return span_of(b, 2 + 4 * n);
}
#define PATH(slot, ...)                                                                            \
    path_of(slot, sizeof((uint32_t[]){__VA_ARGS__}) / 4, (uint32_t[]){__VA_ARGS__})

static void check_path(struct span path, const char *text)
{
    char buf[4096];
    assert_string_equal(as_path_text(path, buf, sizeof buf), text);
}

static struct policy_rules customer(enum policy_domain d)
{
    return (struct policy_rules){.domain = d, .peer = POLICY_PEER_CUSTOMER, .external = true,
                                 .local_asn = 12076, .peer_asn = 65010, .router_id = 7};
}

static struct policy_rules of_role(enum policy_domain d, enum policy_peer p, uint32_t asn)
{
    return (struct policy_rules){.domain = d, .peer = p, .external = p != POLICY_PEER_INTERNAL,
                                 .local_asn = 12076, .peer_asn = asn, .router_id = 7};
}

static enum policy_reason import(const struct policy_rules *r, const struct attrs *a,
                                 struct arena *arena, struct attrs *out)
{
    struct addr local = addr_v4(0xc0000202);
    return policy_import(r, a, &local, arena, out);
}

static void test_each_import_rule_refuses_by_its_name(void **state)
{
    (void)state;
    static uint8_t many[4004], seven[] = {0, 0, 0, 7}, lengthy[5000];
    struct policy_rules priv = customer(POLICY_PRIVATE), ms = customer(POLICY_MICROSOFT);
    struct policy_rules internal = of_role(POLICY_PLAIN, POLICY_PEER_INTERNAL, 12076);
    struct policy_rules none = of_role(POLICY_PRIVATE, POLICY_PEER_PLAIN, 65010);
    struct span ok = PATH(0, 65010, 65011);
    struct addr ours = addr_v4(0xc0000202);
    /* clang-format off */
    const struct { const char *name; const struct policy_rules *rules; struct attrs attrs; } rows[] = {
        {"",                 &priv,     {.as_path = ok}},
        {"no-policy",        &none,     {.as_path = ok}},
        {"own-as",           &priv,     {.as_path = PATH(1, 65010, 12076)}},
        {"own-originator",   &internal, {.has = HAS_ORIGINATOR_ID, .originator_id = 7}},
        {"own-cluster",      &internal, {.cluster_list = {seven, 4}}},
        {"first-as",         &priv,     {.as_path = PATH(2, 65011, 65010)}},
        {"first-as",         &priv,     {.as_path = {0}}},
        {"reserved-as",      &priv,     {.as_path = PATH(3, 65010, 65515)}},
        {"reserved-as",      &ms,       {.as_path = PATH(4, 65010, 8075)}},
        {"documentation-as", &ms,       {.as_path = PATH(5, 65010, 64500)}},
        {"",                 &priv,     {.as_path = PATH(6, 65010, 64500)}},
        {"long-path",        &priv,     {.as_path = {lengthy, 3200}}},
        {"many-communities", &priv,     {.as_path = ok, .communities = {many, sizeof many}}},
        {"own-next-hop",     &priv,     {.as_path = ok, .next_hop = ours}},
    };
    /* clang-format on */
    struct arena arena;
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct attrs out;
        enum policy_reason r = import(rows[i].rules, &rows[i].attrs, &arena, &out);
        assert_string_equal(policy_reason_name(r), rows[i].name);
    }
    arena_drop(&arena);
}

static void test_prefix_rules_depend_on_the_kind_of_peering(void **state)
{
    (void)state;
    static const struct { const char *prefix, *priv, *ms, *plain; } rows[] = {
        {"0.0.0.0/0", "", "default-route", ""},
        {"::/0", "", "default-route", ""},
        {"10.1.0.0/16", "", "private-prefix", ""},
        {"fd00::/48", "", "private-prefix", ""},
        {"198.51.100.0/24", "", "", ""},
        {"8.8.8.0/24", "", "", ""},
        {"8.8.8.8/32", "", "", ""},
        {"224.0.0.0/8", "martian-prefix", "martian-prefix", "martian-prefix"},
        {"127.1.0.0/16", "martian-prefix", "martian-prefix", "martian-prefix"},
        {"ff02::/16", "martian-prefix", "martian-prefix", "martian-prefix"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct prefix p;
        assert_int_equal(prefix_parse(rows[i].prefix, &p), PREFIX_FINE);
        const struct { enum policy_domain d; enum policy_peer p; const char *name; } seen[] = {
            {POLICY_PRIVATE, POLICY_PEER_CUSTOMER, rows[i].priv},
            {POLICY_MICROSOFT, POLICY_PEER_CUSTOMER, rows[i].ms},
            {POLICY_PLAIN, POLICY_PEER_PLAIN, rows[i].plain},
        };
        for (size_t k = 0; k < ARRAY_LEN(seen); k++) {
            struct policy_rules r = of_role(seen[k].d, seen[k].p, 65010);
            r.documentation_is_public = true;
            assert_string_equal(policy_reason_name(policy_import_prefix(&r, &p)), seen[k].name);
        }
    }
}

static void test_what_a_customer_says_in_the_clouds_name_is_stripped(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 16);
    static const uint8_t communities[] = {0x2f, 0x2c, 0xc3, 0x52, 0xfd, 0xf2, 0, 1,
                                          0x2f, 0x2c, 0,    1,    0xfd, 0xf2, 0, 2};
    struct policy_rules r = customer(POLICY_PRIVATE);
    struct attrs a = {.as_path = PATH(0, 65010), .communities = {communities, 16}}, out;
    assert_int_equal(import(&r, &a, &arena, &out), POLICY_FINE);
    assert_int_equal(out.communities.n, 8);
    assert_memory_equal(out.communities.p, "\xfd\xf2\0\1\xfd\xf2\0\2", 8);
    struct policy_rules gateway = of_role(POLICY_PRIVATE, POLICY_PEER_GATEWAY, 65515);
    a.as_path = PATH(1, 65515);
    assert_int_equal(import(&gateway, &a, &arena, &out), POLICY_FINE);
    assert_int_equal(out.communities.n, 16);
    arena_drop(&arena);
}

static void test_microsoft_peering_removes_private_numbers_from_the_path(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 16);
    struct policy_rules r = customer(POLICY_MICROSOFT);
    struct attrs a = {.as_path = PATH(0, 65010, 3320, 65010)}, out;
    assert_int_equal(import(&r, &a, &arena, &out), POLICY_FINE);
    check_path(out.as_path, "3320");
    arena_drop(&arena);
}

static void test_local_preference_is_ours_to_set(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 16);
    static const uint8_t leaving[] = {0xff, 0xff, 0, 0};
    struct attrs a = {.has = HAS_LOCAL_PREF, .local_pref = 7, .as_path = PATH(0, 12076)}, out;
    struct policy_rules cloud = {.peer = POLICY_PEER_CLOUD, .external = true, .local_asn = 65010,
                                 .peer_asn = 12076};
    import(&cloud, &a, &arena, &out);
    assert_int_equal(out.local_pref, 100);
    cloud.local_pref = 200;
    import(&cloud, &a, &arena, &out);
    assert_int_equal(out.local_pref, 200);
    a.communities = span_of(leaving, 4);
    import(&cloud, &a, &arena, &out);
    assert_int_equal(out.local_pref, 0);
    struct policy_rules internal = {.peer = POLICY_PEER_INTERNAL, .local_asn = 65010};
    import(&internal, &a, &arena, &out);
    assert_int_equal(out.local_pref, 7);
    arena_drop(&arena);
}

static void test_each_export_rule_refuses_by_its_name(void **state)
{
    (void)state;
    enum { PL = POLICY_PEER_PLAIN, CU, GW, CL, IN, SE };
    /* clang-format off */
    static const struct {
        enum policy_domain domain; int from, to; uint8_t marks; const char *name;
    } rows[] = {
        {POLICY_PRIVATE,   CU, GW, 0, ""},
        {POLICY_PRIVATE,   GW, CU, 0, ""},
        {POLICY_PRIVATE,   SE, CU, 0, ""},
        {POLICY_PRIVATE,   CU, CU, 0, "no-transit"},
        {POLICY_PRIVATE,   GW, GW, 0, "gateway-to-gateway"},
        {POLICY_PRIVATE,   CU, IN, 0, ""}, /* Global Reach: sites, no networks */
        {POLICY_PRIVATE,   IN, CU, 0, ""},
        {POLICY_PRIVATE,   GW, IN, 0, "sites-only"},
        {POLICY_PRIVATE,   IN, GW, 0, "sites-only"},
        {POLICY_PRIVATE,   IN, IN, 0, "internal-split"},
        {POLICY_PRIVATE,   CU, PL, 0, "no-policy"},
        {POLICY_MICROSOFT, GW, CU, 0, "not-on-microsoft"},
        {POLICY_MICROSOFT, SE, CU, 0, ""},
        {POLICY_PLAIN,     PL, PL, 0, ""},
        {POLICY_PLAIN,     PL, CU, 0, "no-transit"},
        {POLICY_PLAIN,     IN, IN, 0, "internal-split"},
        {POLICY_PLAIN,     PL, IN, 0, ""},
        {POLICY_PLAIN,     IN, CL, 0, ""},
        {POLICY_PLAIN,     CL, CL, 0, "cloud-to-cloud"},
        {POLICY_PLAIN,     CL, IN, 0, ""},
        {POLICY_PLAIN,     PL, PL, POLICY_MARK_NO_EXPORT, "no-export"},
        {POLICY_PLAIN,     PL, IN, POLICY_MARK_NO_EXPORT, ""},
        {POLICY_PLAIN,     PL, IN, POLICY_MARK_NO_ADVERTISE, "no-advertise"},
        {POLICY_PRIVATE,   CU, GW, POLICY_MARK_BLACKHOLE, "blackhole"},
    };
    /* clang-format on */
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct policy_rules to = of_role(rows[i].domain, (enum policy_peer)rows[i].to, 1);
        enum policy_peer from = (enum policy_peer)rows[i].from;
        enum policy_reason reason = policy_export(&to, from, rows[i].marks);
        assert_string_equal(policy_reason_name(reason), rows[i].name);
        assert_int_equal(policy_export_matrix(&to).reason[from][rows[i].marks], reason);
    }
}

static void test_a_path_through_the_cloud_is_not_sent_back_to_it(void **state)
{
    (void)state;
    struct policy_rules cloud = {.peer = POLICY_PEER_CLOUD, .external = true, .local_asn = 65010,
                                 .peer_asn = 12076};
    struct policy_rules plain = {.peer = POLICY_PEER_PLAIN, .external = true, .peer_asn = 12076};
    assert_int_equal(policy_export_path(&cloud, &(struct attrs){.as_path = PATH(0, 12076, 65515)}), POLICY_PEER_AS);
    assert_int_equal(policy_export_path(&cloud, &(struct attrs){.as_path = PATH(1, 65020)}), POLICY_FINE);
    assert_int_equal(policy_export_path(&plain, &(struct attrs){.as_path = PATH(2, 12076)}), POLICY_FINE);
}

static void test_a_route_filter_decides_what_a_microsoft_customer_is_told(void **state)
{
    (void)state;
    static const uint8_t exchange[] = {0x2f, 0x2c, 0x13, 0x92, 0xfd, 0xf2, 0, 1}; /* 12076:5010 65010:1 */
    static const uint32_t listed[] = {12076u << 16 | 5020, 12076u << 16 | 5010}, other[] = {12076u << 16 | 5030};
    const struct attrs a = {.communities = {exchange, sizeof exchange}}, bare = {0};
    const struct { const char *name; const uint32_t *list; size_t n; const struct attrs *a; } rows[] = {
        {"no-route-filter", NULL, 0, &a},
        {"", listed, 2, &a},
        {"not-in-filter", other, 1, &a},
        {"not-in-filter", listed, 2, &bare},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct policy_rules to = customer(POLICY_MICROSOFT);
        to.filter = rows[i].list, to.filter_n = rows[i].n;
        assert_true(policy_looks_at_path(&to));
        assert_string_equal(policy_reason_name(policy_export_path(&to, rows[i].a)), rows[i].name);
    }
    struct policy_rules priv = customer(POLICY_PRIVATE);
    assert_false(policy_looks_at_path(&priv));
    assert_int_equal(policy_export_path(&priv, &a), POLICY_FINE);
}

static void test_only_declared_prefixes_and_their_parts_come_in(void **state)
{
    (void)state;
    struct prefix declared[2], p;
    assert_int_equal(prefix_parse("198.51.100.0/24", &declared[0]), PREFIX_FINE);
    assert_int_equal(prefix_parse("2001:db8:1::/48", &declared[1]), PREFIX_FINE);
    static const struct { const char *prefix, *name; } rows[] = {
        {"198.51.100.0/24", ""}, {"198.51.100.128/25", ""}, {"198.51.100.7/32", ""},
        {"198.51.0.0/16", "not-declared"}, {"203.0.113.0/24", "not-declared"},
        {"2001:db8:1::/48", ""}, {"2001:db8:2::/48", "not-declared"}, {"10.0.0.0/8", "private-prefix"},
    };
    struct policy_rules r = customer(POLICY_MICROSOFT);
    r.documentation_is_public = true, r.declared = declared, r.declared_n = 2;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(prefix_parse(rows[i].prefix, &p), PREFIX_FINE);
        assert_string_equal(policy_reason_name(policy_import_prefix(&r, &p)), rows[i].name);
    }
    r.domain = POLICY_PRIVATE; /* nothing is declared there */
    assert_int_equal(policy_import_prefix(&r, &p), POLICY_FINE);
}

static void test_graceful_shutdown_is_said_once_and_to_other_as_only(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 16);
    struct addr self = addr_v4(0xc0000202), none = {0};
    static const uint8_t one[] = {0xfd, 0xf2, 0, 1}, said[] = {0xff, 0xff, 0, 0};
    struct policy_rules to = customer(POLICY_PRIVATE);
    to.graceful_shutdown = true;
    struct attrs a = {.as_path = PATH(0, 65020), .communities = {one, 4}}, out;
    assert_true(policy_export_attrs(&to, &a, false, &self, &none, &arena, &out));
    assert_int_equal(out.communities.n, 8);
    assert_true(communities_have(out.communities, COMMUNITY_GRACEFUL_SHUTDOWN));
    a.communities = span_of(said, 4);
    assert_true(policy_export_attrs(&to, &a, false, &self, &none, &arena, &out));
    assert_int_equal(out.communities.n, 4);
    to.external = false;
    a.communities = span_of(one, 4);
    assert_true(policy_export_attrs(&to, &a, false, &self, &none, &arena, &out));
    assert_int_equal(out.communities.n, 4);
    arena_drop(&arena);
}

static void test_who_answers_for_a_route(void **state)
{
    (void)state;
    static const uint8_t set[] = {AS_SEQUENCE, 1, 0, 0, 0xfd, 0xf2, AS_SET, 1, 0, 0, 0xfd, 0xf3};
    struct policy_rules r = customer(POLICY_MICROSOFT);
    struct attrs a = {.as_path = PATH(0, 65010, 3356, 15169)};
    assert_int_equal(policy_origin_asn(&r, &a), 15169);
    a.as_path = span_of(set, sizeof set);
    assert_int_equal(policy_origin_asn(&r, &a), 0);
    a.as_path = (struct span){0};
    assert_int_equal(policy_origin_asn(&r, &a), 65010);
    r.holder_asn = 64999;
    assert_int_equal(policy_origin_asn(&r, &a), 64999);
}

static void test_customers_see_the_path_12076(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 16);
    struct policy_rules to = customer(POLICY_PRIVATE);
    struct addr self = addr_v4(0xc0000202), none = {0};
    struct attrs a = {.has = HAS_AS_PATH | HAS_MED | HAS_LOCAL_PREF | HAS_ORIGINATOR_ID, .med = 5,
                      .local_pref = 300, .as_path = PATH(0, 65515), .next_hop = addr_v4(1)}, out;
    assert_true(policy_export_attrs(&to, &a, false, &self, &none, &arena, &out));
    check_path(out.as_path, "12076");
    assert_true(addr_equal(&out.next_hop, &self));
    assert_int_equal(out.has & (HAS_MED | HAS_LOCAL_PREF | HAS_ORIGINATOR_ID), 0);
    to.prepend = 2; /* the drain */
    assert_true(policy_export_attrs(&to, &a, false, &self, &none, &arena, &out));
    check_path(out.as_path, "12076 12076 12076");
    struct policy_rules gateway = of_role(POLICY_PRIVATE, POLICY_PEER_GATEWAY, 65515);
    a.as_path = PATH(1, 65010);
    assert_true(policy_export_attrs(&gateway, &a, false, &self, &none, &arena, &out));
    check_path(out.as_path, "12076 65010");
    arena_drop(&arena);
}

static void test_internal_peers_get_the_path_as_it_is(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 16);
    struct policy_rules to = of_role(POLICY_PLAIN, POLICY_PEER_INTERNAL, 12076);
    struct addr self = addr_v4(0xc0000202), none = {0}, other = addr_v4(9);
    struct attrs a = {.has = HAS_AS_PATH | HAS_MED, .med = 5, .as_path = PATH(0, 65001),
                      .next_hop = other}, out;
    assert_true(policy_export_attrs(&to, &a, false, &self, &none, &arena, &out));
    check_path(out.as_path, "65001");
    assert_true(addr_equal(&out.next_hop, &other));
    assert_int_equal(out.med, 5);
    assert_int_equal(out.local_pref, 100);
    to.next_hop_self = true;
    assert_true(policy_export_attrs(&to, &a, false, &self, &none, &arena, &out));
    assert_true(addr_equal(&out.next_hop, &self));
    to.next_hop_self = false;
    assert_true(policy_export_attrs(&to, &a, true, &self, &none, &arena, &out));
    assert_true(addr_equal(&out.next_hop, &self));
    arena_drop(&arena);
}

static void test_prepending_to_a_full_segment_starts_a_new_one(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 16);
    struct span path = PATH(0, 65001);
    path = policy_prepend(path, 65002, 254, &arena);
    assert_int_equal(path.p[1], 255);
    path = policy_prepend(path, 65003, 1, &arena);
    assert_int_equal(path.p[1], 1);
    assert_int_equal(as_path_first(path), 65003);
    assert_int_equal(as_path_hops(path), 256);
    path = policy_prepend(path, 65004, 256, &arena);
    assert_int_equal(as_path_hops(path), 512);
    assert_int_equal(as_path_origin(path), 65001);
    check_path(policy_prepend((struct span){0}, 7, 1, &arena), "7");
    arena_drop(&arena);
}

static void test_every_reason_has_a_name_and_a_rule_in_words(void **state)
{
    (void)state;
    for (enum policy_reason r = POLICY_FINE + 1; r < POLICY_REASONS_N; r++) {
        assert_true(strlen(policy_reason_name(r)) > 3);
        assert_true(strlen(policy_reason_text(r)) > 10);
        for (enum policy_reason k = POLICY_FINE + 1; k < r; k++)
            assert_string_not_equal(policy_reason_name(r), policy_reason_name(k));
    }
}

static void test_limits_are_those_of_the_service(void **state)
{
    (void)state;
    enum policy_peer c = POLICY_PEER_CUSTOMER;
    assert_int_equal(limit_by_rule(POLICY_PRIVATE, c, false, FAMILY_IPV4), 4000);
    assert_int_equal(limit_by_rule(POLICY_PRIVATE, c, true, FAMILY_IPV4), 10000);
    assert_int_equal(limit_by_rule(POLICY_PRIVATE, c, true, FAMILY_IPV6), 100);
    assert_int_equal(limit_by_rule(POLICY_MICROSOFT, c, true, FAMILY_IPV4), 200);
    assert_int_equal(limit_by_rule(POLICY_PLAIN, c, false, FAMILY_IPV4), 0);
    assert_int_equal(limit_by_rule(POLICY_PRIVATE, POLICY_PEER_GATEWAY, false, FAMILY_IPV4), 0);
    assert_int_equal(limit_effective(0, 10), 10);
    assert_int_equal(limit_effective(4000, 0), 4000);
    assert_int_equal(limit_effective(4000, 10), 10);
    assert_int_equal(limit_effective(200, 4000), 200);
    assert_int_equal(limit_level(0, 1000000), LIMIT_FINE);
    assert_int_equal(limit_level(4000, 2999), LIMIT_FINE);
    assert_int_equal(limit_level(4000, 3000), LIMIT_WARNING);
    assert_int_equal(limit_level(4000, 3200), LIMIT_ALARM);
    assert_int_equal(limit_level(4000, 4000), LIMIT_ALARM);
    assert_int_equal(limit_level(4000, 4001), LIMIT_EXCEEDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_import_rule_refuses_by_its_name),
        cmocka_unit_test(test_prefix_rules_depend_on_the_kind_of_peering),
        cmocka_unit_test(test_what_a_customer_says_in_the_clouds_name_is_stripped),
        cmocka_unit_test(test_microsoft_peering_removes_private_numbers_from_the_path),
        cmocka_unit_test(test_local_preference_is_ours_to_set),
        cmocka_unit_test(test_each_export_rule_refuses_by_its_name),
        cmocka_unit_test(test_a_path_through_the_cloud_is_not_sent_back_to_it),
        cmocka_unit_test(test_a_route_filter_decides_what_a_microsoft_customer_is_told),
        cmocka_unit_test(test_only_declared_prefixes_and_their_parts_come_in),
        cmocka_unit_test(test_graceful_shutdown_is_said_once_and_to_other_as_only),
        cmocka_unit_test(test_who_answers_for_a_route),
        cmocka_unit_test(test_customers_see_the_path_12076),
        cmocka_unit_test(test_internal_peers_get_the_path_as_it_is),
        cmocka_unit_test(test_prepending_to_a_full_segment_starts_a_new_one),
        cmocka_unit_test(test_every_reason_has_a_name_and_a_rule_in_words),
        cmocka_unit_test(test_limits_are_those_of_the_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
