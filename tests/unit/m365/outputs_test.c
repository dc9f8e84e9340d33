#include "shared_data.h"
#include "m365/explain.h"
#include "m365/feed_json.h"
#include "m365/lists.h"
#include "m365/pac.h"
#include "m365/preview_json.h"
#include "m365/servicetags_json.h"

static struct arena arena;
static struct problems ps;
static struct feed feed;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, TAGS_ARENA);
    problems_init(&ps, &arena);
    struct bytes b = file_read(TRAPS_FILE);
    bool fine = b.p && feed_parse(b.p, b.n, &arena, &ps, &feed);
    free(b.p);
    return fine ? 0 : -1;
}
static int end(void **state)
{
    (void)state;
    arena_drop(&arena);
    return 0;
}

static struct explanation ask(const char *query)
{
    struct explanation e;
    if (!explain(&feed, WORLDWIDE, query, &arena, &e)) fail_msg("no answer for %s", query);
    return e;
}

static void the_most_specific_name_decides_and_the_highest_category_wins(void **state)
{
    (void)state;
    struct explanation e = ask("https://MAIL.example.com/owa");
    assert_int_equal(e.matches, 3); /* Optimize 501, Allow 502, *.example.com 13 */
    assert_int_equal(e.match[0].set->id, 501);
    assert_int_equal(e.category, CATEGORY_OPTIMIZE);
    assert_int_equal(e.path, GOES_CIRCUIT);
    assert_int_equal(e.community->value, 5010);
    e = ask("other.example.com");
    assert_int_equal(e.match[0].set->id, 13);
    assert_int_equal(e.path, GOES_INTERNET);
    assert_true(*e.never != 0);
}

static void addresses_and_prefixes_are_found_by_containment(void **state)
{
    (void)state;
    struct explanation e = ask("203.0.113.7");
    assert_int_equal(e.match[0].set->id, 11);
    assert_int_equal(e.community->value, 5030);
    assert_int_equal(ask("2001:db8:1::5").match[0].set->id, 501);
    assert_int_equal(ask("203.0.112.0/25").path, GOES_INTERNET);
    e = ask("198.51.100.0/24"); /* two halves in the feed, the whole in no set */
    assert_int_equal(e.matches, 0);
    assert_non_null(strstr(e.hints[1], "contains 2 ranges"));
    e = ask("10.1.2.3");
    assert_non_null(strstr(e.hints[0], "no public address"));
}

static void a_name_in_no_set_says_what_stands_near(void **state)
{
    (void)state;
    struct explanation e = ask("example.com");
    assert_int_equal(e.matches, 0);
    assert_non_null(strstr(e.hints[0], "does not match the bare name"));
    e = ask("ntp.exampl.org");
    assert_non_null(strstr(e.hints[0], "did you mean ntp.example.org"));
    e = ask("contoso.crm4.dynamics.com");
    assert_int_equal(e.path, GOES_REGIONAL);
    e = ask("x.azureedge.net");
    assert_int_equal(e.path, GOES_INTERNET);
    assert_non_null(strstr(e.never, "content delivery"));
    assert_false(explain(&feed, WORLDWIDE, "a b c", &arena, &e));
}

static void government_areas_have_communities_of_their_own_and_china_has_none(void **state)
{
    (void)state;
    assert_int_equal(community_of_area("Exchange", USGOV_DOD)->value, 5110);
    assert_int_equal(community_of_area("Common", USGOV_GCCHIGH)->value, 5200);
    assert_int_equal(community_of_area("Skype", WORLDWIDE)->value, 5030);
    assert_null(community_of_area("Exchange", CHINA));
    assert_null(community_of_area("MEM", WORLDWIDE));
    assert_int_equal(community_of_region("West Europe")->value, 51002);
    assert_string_equal(community_of_region("francecentral")->tag, "AzureCloud.centralfrance");
    assert_null(community_of_region("atlantis"));
}

static void community_tables_hold_no_value_twice(void **state)
{
    (void)state;
    for (const struct service_community *a = service_communities; a->value; a++)
        for (const struct service_community *b = a + 1; b->value; b++) assert_true(a->value != b->value);
    for (const struct region_community *a = region_communities; a->value; a++)
        for (const struct region_community *b = a + 1; b->value; b++) assert_true(a->value != b->value && strcmp(a->tag, b->tag));
}

/* Captures with size of the direct set and number of exceptions for the three types. */
static const struct {
    const char *file;
    size_t direct[3], exceptions[3];
} pacs[] = {
    {"m365/endpoints-worldwide-c20201223.json", {3, 60, 60}, {2, 4, 4}},
    {"m365/endpoints-worldwide-c20251201.json", {4, 50, 48}, {0, 3, 3}},
    {"m365/endpoints-usgovdod-c20251201.json", {7, 26, 32}, {0, 0, 0}},
    {"m365/endpoints-usgovgcchigh-c20251201.json", {2, 24, 30}, {0, 0, 0}},
    {"m365/endpoints-china-c20251201.json", {1, 27, 0}, {0, 0, 0}},
    {"m365/derived/endpoints-worldwide-2019032800.json", {3, 62, 62}, {2, 3, 3}},
};

static void pac_sets_have_the_sizes_of_the_oracle(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pacs / sizeof *pacs; i++) {
        struct bytes b = shared_read(pacs[i].file);
        struct feed f;
        assert_true(feed_parse(b.p, b.n, &arena, &ps, &f));
        free(b.p);
        for (int t = 0; t < 3; t++) {
            struct pac_sets s;
            assert_true(pac_compute(&f, (enum pac_type)(t + 1), &arena, &s));
            if (s.direct.n != pacs[i].direct[t] || s.exceptions.n != pacs[i].exceptions[t])
                fail_msg("%s type %d: %zu direct, %zu exceptions", pacs[i].file, t + 1, s.direct.n, s.exceptions.n);
        }
    }
}

static void nothing_can_leave_the_quotes_of_a_pac(void **state)
{
    (void)state;
    assert_true(pac_proxy_is_sane("PROXY proxy.example.com:8080; DIRECT"));
    assert_false(pac_proxy_is_sane("PROXY a\"; alert(1); \""));
    assert_false(pac_proxy_is_sane("PROXY a\nb"));
    assert_false(pac_proxy_is_sane(""));
}

static void router_lists_admit_more_specifics_and_carry_a_warning(void **state)
{
    (void)state;
    static const struct {
        const char *language, *row;
    } rows[] = {{"frr", "ip prefix-list M365-v4 seq 5 permit 192.0.2.0/24 le 32\n"},
                {"ios-xe", "ipv6 prefix-list M365-v6 seq 5 permit 2001:db8:1::/48 le 128\n"},
                {"bird", "define M365_v4 = [\n    192.0.2.0/24+,\n    198.51.100.0/24+,\n"},
                {"junos", "route-filter 198.51.100.0/24 orlonger;\n"}};
    struct selection er = {.express_route = true};
    struct prefixes p = feed_prefixes(&feed, &er, &arena);
    prefixes_merge(&p);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum router_language l;
        struct text t = {0};
        assert_true(router_language_parse(rows[i].language, &l));
        list_router(&p, l, "M365", &t);
        if (!strstr(text_get(&t), rows[i].row)) fail_msg("%s:\n%s", rows[i].language, text_get(&t));
        assert_non_null(strstr(text_get(&t), "BGP import filter"));
        text_drop(&t);
    }
}

static void nft_and_firewall_rows_hold_each_port_of_a_set(void **state)
{
    (void)state;
    struct selection all = {0};
    struct text t = {0};
    assert_true(list_nft(&feed, &all, &arena, &t));
    assert_non_null(strstr(text_get(&t), "ip daddr @s11_v4 udp dport { 3478-3481 } accept"));
    assert_non_null(strstr(text_get(&t), "elements = { 192.0.2.0/24, 198.51.100.0/24 }"));
    text_clear(&t);
    list_firewall(&feed, &all, &t);
    assert_non_null(strstr(text_get(&t), "4,Exchange,Default,required,circuit,tcp,\"80,443\",attachments.example.us\n"));
    text_drop(&t);
}

static void a_route_filter_is_counted_from_the_feed_the_tags_and_the_list(void **state)
{
    (void)state;
    static const char file[] = "{\"changeNumber\":1,\"cloud\":\"Public\",\"values\":[{\"name\":\"AzureCloud.westeurope\",\"properties\":"
                               "{\"changeNumber\":1,\"addressPrefixes\":[\"192.0.2.0/24\",\"2001:db8::/32\"]}}]}";
    static const char listed[] = "[{\"bgpCommunities\":[{\"communityValue\":\"12076:5030\",\"isAuthorizedToUse\":false,"
                                 "\"communityPrefixes\":[\"192.0.2.0/25\",\"192.0.2.128/25\"]}]}]";
    struct service_tags tags;
    assert_true(tags_parse(file, sizeof file - 1, &arena, &ps, &tags));
    struct preview p = {.feed = &feed, .instance = WORLDWIDE, .tags = &tags, .arena = &arena};
    assert_true(preview_communities(listed, sizeof listed - 1, &p, &ps));
    preview_area(&p, "Exchange");
    preview_area(&p, "Skype");
    preview_region(&p, community_of_region("westeurope"));
    preview_region(&p, community_of_region("northeurope"));
    preview_finish(&p);
    assert_int_equal(p.n, 4);
    assert_int_equal(p.row[0].ipv4, 3);
    assert_int_equal(p.row[1].ipv4, 2);
    assert_true(p.row[1].authorised_known && !p.row[1].authorised);
    assert_int_equal(p.row[2].ipv6, 1);
    assert_false(p.row[3].known);
    assert_int_equal(p.ipv4, 6);
}

static void real_tags_cover_the_azure_part_of_the_feed_only(void **state)
{
    (void)state;
    struct bytes b = shared_read("servicetags/ServiceTags_Public_20250804.json");
    struct service_tags tags;
    assert_true(tags_parse(b.p, b.n, &arena, &ps, &tags));
    free(b.p);
    b = shared_read("m365/endpoints-worldwide-c20251201.json");
    assert_true(feed_parse(b.p, b.n, &arena, &ps, &feed));
    free(b.p);
    struct selection er = {.express_route = true};
    struct prefixes wanted = feed_prefixes(&feed, &er, &arena);
    struct tag_hit *hit = arena_take_array(&arena, wanted.n, sizeof *hit);
    size_t n[3] = {0};
    assert_true(tags_cover(&tags, &wanted, &arena, hit));
    for (size_t i = 0; i < wanted.n; i++) n[hit[i].coverage]++;
    assert_int_equal(n[0] + n[1] + n[2], 34 + 59);
    assert_true(n[COVERED] > 0);
    for (size_t i = 0; i < wanted.n; i++) assert_true((hit[i].coverage == COVERED_NOT) == (hit[i].tag == NULL));
    print_message("covered %zu, partly %zu, not %zu\n", n[COVERED], n[COVERED_PARTLY], n[COVERED_NOT]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_most_specific_name_decides_and_the_highest_category_wins, start, end),
        cmocka_unit_test_setup_teardown(addresses_and_prefixes_are_found_by_containment, start, end),
        cmocka_unit_test_setup_teardown(a_name_in_no_set_says_what_stands_near, start, end),
        cmocka_unit_test_setup_teardown(government_areas_have_communities_of_their_own_and_china_has_none, start, end),
        cmocka_unit_test_setup_teardown(community_tables_hold_no_value_twice, start, end),
        cmocka_unit_test_setup_teardown(pac_sets_have_the_sizes_of_the_oracle, start, end),
        cmocka_unit_test_setup_teardown(nothing_can_leave_the_quotes_of_a_pac, start, end),
        cmocka_unit_test_setup_teardown(router_lists_admit_more_specifics_and_carry_a_warning, start, end),
        cmocka_unit_test_setup_teardown(nft_and_firewall_rows_hold_each_port_of_a_set, start, end),
        cmocka_unit_test_setup_teardown(a_route_filter_is_counted_from_the_feed_the_tags_and_the_list, start, end),
        cmocka_unit_test_setup_teardown(real_tags_cover_the_azure_part_of_the_feed_only, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
