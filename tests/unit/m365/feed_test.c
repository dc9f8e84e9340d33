#include "shared_data.h"
#include "m365/feed_json.h"

struct reading {
    struct arena arena;
    struct problems ps;
    struct feed feed;
    bool fine;
};

static void reading_start(struct reading *r)
{
    arena_init(&r->arena, FEED_ARENA);
    problems_init(&r->ps, &r->arena);
}

static void reading_end(struct reading *r) { arena_drop(&r->arena); }

static void read_bytes(struct reading *r, const char *p, size_t n)
{
    reading_start(r);
    r->fine = feed_parse(p, n, &r->arena, &r->ps, &r->feed);
}

static void read_traps(struct reading *r)
{
    struct bytes b = file_read(TRAPS_FILE);
    assert_non_null(b.p);
    read_bytes(r, b.p, b.n);
    free(b.p);
    if (!r->fine) fail_msg("%s: %s", r->ps.first->where, r->ps.first->what);
}

static void sets_come_in_order_of_id_and_without_duplicates(void **state)
{
    (void)state;
    struct reading r;
    read_traps(&r);
    assert_int_equal(r.feed.count, 7);
    for (size_t i = 1; i < r.feed.count; i++)
        assert_true(r.feed.sets[i - 1].id < r.feed.sets[i].id);
    const struct endpoint_set *s = feed_find(&r.feed, 501);
    assert_int_equal(s->url_count, 2);
    assert_string_equal(s->urls[0], "mail.example.com");
    assert_int_equal(s->ip_count, 4);
    assert_null(feed_find(&r.feed, 500));
    reading_end(&r);
}

static void ports_survive_blanks_ranges_and_any_order(void **state)
{
    (void)state;
    struct reading r;
    char text[100];
    read_traps(&r);
    assert_string_equal(ports_text(&feed_find(&r.feed, 501)->tcp, text, sizeof text),
                        "143,587,993,995");
    assert_string_equal(ports_text(&feed_find(&r.feed, 502)->tcp, text, sizeof text), "80,443");
    assert_string_equal(ports_text(&feed_find(&r.feed, 11)->udp, text, sizeof text), "3478-3481");
    assert_string_equal(ports_text(&feed_find(&r.feed, 12)->tcp, text, sizeof text),
                        "443,50000-50059");
    assert_int_equal(feed_find(&r.feed, 11)->tcp.n, 0);
    reading_end(&r);
}

static void unknown_areas_and_fields_are_kept_or_passed_over(void **state)
{
    (void)state;
    struct reading r;
    read_traps(&r);
    assert_string_equal(feed_find(&r.feed, 14)->area, "Copilot");
    assert_int_equal(feed_find(&r.feed, 13)->category, CATEGORY_DEFAULT);
    assert_int_equal(feed_find(&r.feed, 14)->ip_count, 0);
    assert_string_equal(feed_find(&r.feed, 13)->notes, "");
    reading_end(&r);
}

static void counts_the_synthetic_feed(void **state)
{
    (void)state;
    struct reading r;
    read_traps(&r);
    struct feed_stats st = feed_stats(&r.feed, &r.arena);
    assert_int_equal(st.sets, 7);
    assert_int_equal(st.er_sets, 4);
    assert_int_equal(st.by_category[CATEGORY_OPTIMIZE], 2);
    assert_int_equal(st.ipv4, 5);
    assert_int_equal(st.er_ipv4, 4);
    assert_int_equal(st.er_merged_ipv4, 3); /* the two halves of 198.51.100.0/24 */
    assert_int_equal(st.urls, 10);
    reading_end(&r);
}

static void a_written_feed_reads_back_the_same(void **state)
{
    (void)state;
    struct reading r;
    read_traps(&r);
    struct selection all = {0};
    json_t *v = feed_write(&r.feed, &all);
    struct feed again;
    assert_true(feed_read(v, &r.arena, &r.ps, &again));
    assert_true(feed_equal(&r.feed, &again));
    json_decref(v);
    reading_end(&r);
}

/* One good set with one field replaced. */
static void nonsense_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *body, *where;
    } bad[] = {
        {"", ""},
        {"[", ""},
        {"{}", ""},
        {"[]", ""},
        {"[{\"id\":1,\"id\":2}]", ""},
        {"[7]", "/0/id"},
        {"[{\"id\":-1,\"serviceArea\":\"A\",\"expressRoute\":true,\"category\":\"Allow\","
         "\"required\":true}]",
         "/0/id"},
        {"[{\"id\":1.5,\"serviceArea\":\"A\",\"expressRoute\":true,\"category\":\"Allow\","
         "\"required\":true}]",
         "/0/id"},
        {"[{\"id\":1,\"serviceArea\":\"\",\"expressRoute\":true,\"category\":\"Allow\","
         "\"required\":true}]",
         "/0/serviceArea"},
        {"[{\"id\":1,\"serviceArea\":\"A\",\"expressRoute\":\"true\",\"category\":\"Allow\","
         "\"required\":true}]",
         "/0/expressRoute"},
        {"[{\"id\":1,\"serviceArea\":\"A\",\"expressRoute\":true,\"category\":\"Best\","
         "\"required\":true}]",
         "/0/category"},
        {"[{\"id\":1,\"serviceArea\":\"A\",\"expressRoute\":true,\"category\":\"Allow\"}]",
         "/0/required"},
        {"[{\"id\":1,\"serviceArea\":\"A\",\"expressRoute\":true,\"category\":\"Allow\","
         "\"required\":true,\"ips\":[\"192.0.2.1/24\"]}]",
         "/0/ips/0"},
        {"[{\"id\":1,\"serviceArea\":\"A\",\"expressRoute\":true,\"category\":\"Allow\","
         "\"required\":true,\"ips\":\"192.0.2.0/24\"}]",
         "/0/ips"},
        {"[{\"id\":1,\"serviceArea\":\"A\",\"expressRoute\":true,\"category\":\"Allow\","
         "\"required\":true,\"ips\":[4]}]",
         "/0/ips/0"},
        {"[{\"id\":1,\"serviceArea\":\"A\",\"expressRoute\":true,\"category\":\"Allow\","
         "\"required\":true,\"urls\":[\"a b\"]}]",
         "/0/urls/0"},
        {"[{\"id\":1,\"serviceArea\":\"A\",\"expressRoute\":true,\"category\":\"Allow\","
         "\"required\":true,\"urls\":[\"a\\\")\"]}]",
         "/0/urls/0"},
        {"[{\"id\":1,\"serviceArea\":\"A\",\"expressRoute\":true,\"category\":\"Allow\","
         "\"required\":true,\"tcpPorts\":\"80,\"}]",
         "/0/tcpPorts"},
        {"[{\"id\":1,\"serviceArea\":\"A\",\"expressRoute\":true,\"category\":\"Allow\","
         "\"required\":true,\"tcpPorts\":\"70000\"}]",
         "/0/tcpPorts"},
        {"[{\"id\":1,\"serviceArea\":\"A\",\"expressRoute\":true,\"category\":\"Allow\","
         "\"required\":true,\"udpPorts\":\"9-5\"}]",
         "/0/udpPorts"},
        {"[{\"id\":1,\"serviceArea\":\"A\",\"expressRoute\":true,\"category\":\"Allow\","
         "\"required\":true},"
         "{\"id\":1,\"serviceArea\":\"A\",\"expressRoute\":true,\"category\":\"Allow\","
         "\"required\":true}]",
         ""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct reading r;
        read_bytes(&r, bad[i].body, strlen(bad[i].body));
        if (r.fine) fail_msg("accepted: %s", bad[i].body);
        assert_non_null(r.ps.first);
        assert_string_equal(r.ps.first->where, bad[i].where);
        reading_end(&r);
    }
}

static void a_byte_order_mark_and_crlf_do_no_harm(void **state)
{
    (void)state;
    static const char body[] =
        "\xef\xbb\xbf[\r\n{\"id\":1,\"serviceArea\":\"A\",\"expressRoute\":true,"
        "\"category\":\"Allow\",\"required\":true}\r\n]";
    struct reading r;
    read_bytes(&r, body, sizeof body - 1);
    assert_true(r.fine);
    reading_end(&r);
}

/* The table of captures with the counts somebody else computed. */
static const struct {
    const char *file;
    enum feed_instance instance;
    size_t sets, optimize, allow, def, required, er_sets, urls, v4, v6, er4, er6, merged4, merged6,
        opt4, opt6;
} captures[] = {
    {"m365/endpoints-worldwide-c20201223.json", WORLDWIDE, 113, 3, 13, 97, 59, 16, 338, 51, 113, 51,
     113, 48, 105, 19, 30},
    {"m365/endpoints-worldwide-c20251201.json", WORLDWIDE, 79, 3, 8, 68, 55, 10, 270, 115, 59, 34,
     59, 31, 51, 18, 22},
    {"m365/endpoints-china-c20251201.json", CHINA, 22, 2, 10, 10, 21, 0, 49, 59, 17, 0, 0, 0, 0, 15,
     11},
    {"m365/endpoints-usgovdod-c20251201.json", USGOV_DOD, 25, 3, 6, 16, 25, 11, 97, 22, 12, 22, 12,
     19, 12, 7, 5},
    {"m365/endpoints-usgovgcchigh-c20251201.json", USGOV_GCCHIGH, 26, 3, 7, 16, 26, 12, 85, 21, 14,
     21, 14, 21, 14, 7, 6},
    {"m365/derived/endpoints-worldwide-2019032800.json", WORLDWIDE, 110, 3, 13, 94, 54, 16, 406,
     106, 197, 106, 100, 103, 92, 22, 49},
    {"m365/derived/endpoints-germany-2020070800.json", GERMANY, 31, 3, 5, 23, 31, 0, 69, 52, 17, 0,
     0, 0, 0, 8, 5},
};

static void real_captures_give_the_counts_of_the_oracle(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof captures / sizeof *captures; i++) {
        struct bytes b = shared_read(captures[i].file);
        struct reading r;
        read_bytes(&r, b.p, b.n);
        free(b.p);
        if (!r.fine) fail_msg("%s: %s %s", captures[i].file, r.ps.first->where, r.ps.first->what);
        struct feed_stats st = feed_stats(&r.feed, &r.arena);
        const size_t got[] = {
            st.sets,    st.by_category[0], st.by_category[1], st.by_category[2], st.required,
            st.er_sets, st.urls,           st.ipv4,           st.ipv6,           st.er_ipv4,
            st.er_ipv6, st.er_merged_ipv4, st.er_merged_ipv6, st.optimize_ipv4,  st.optimize_ipv6};
        const size_t *want = &captures[i].sets;
        for (size_t k = 0; k < sizeof got / sizeof *got; k++)
            if (got[k] != want[k])
                fail_msg("%s: column %zu is %zu, not %zu", captures[i].file, k, got[k], want[k]);
        assert_int_equal(feed_guess_instance(&r.feed), captures[i].instance);
        reading_end(&r);
    }
}

static const struct {
    const char *file, *area;
    size_t sets, v4, v6;
} by_area[] = {
    {"m365/endpoints-worldwide-c20201223.json", "Exchange", 6, 16, 28},
    {"m365/endpoints-worldwide-c20201223.json", "SharePoint", 1, 5, 3},
    {"m365/endpoints-worldwide-c20201223.json", "Skype", 4, 5, 6},
    {"m365/endpoints-worldwide-c20201223.json", "Common", 5, 25, 76},
    {"m365/endpoints-worldwide-c20251201.json", "Exchange", 4, 16, 18},
    {"m365/endpoints-worldwide-c20251201.json", "SharePoint", 1, 5, 5},
    {"m365/endpoints-worldwide-c20251201.json", "Skype", 2, 2, 7},
    {"m365/endpoints-worldwide-c20251201.json", "Common", 3, 11, 29},
    {"m365/endpoints-usgovdod-c20251201.json", "Common", 5, 12, 3},
    {"m365/endpoints-usgovgcchigh-c20251201.json", "Exchange", 4, 10, 7},
    {"m365/derived/endpoints-worldwide-2019032800.json", "Skype", 4, 24, 6},
};

static void circuit_prefixes_by_service_area_match_the_oracle(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof by_area / sizeof *by_area; i++) {
        struct bytes b = shared_read(by_area[i].file);
        struct reading r;
        read_bytes(&r, b.p, b.n);
        free(b.p);
        assert_true(r.fine);
        struct feed_stats st = feed_stats(&r.feed, &r.arena);
        const struct area_stats *a = NULL;
        for (size_t k = 0; k < st.area_count; k++)
            if (!strcmp(st.areas[k].area, by_area[i].area)) a = &st.areas[k];
        assert_non_null(a);
        assert_int_equal(a->er_sets, by_area[i].sets);
        assert_int_equal(a->er_ipv4, by_area[i].v4);
        assert_int_equal(a->er_ipv6, by_area[i].v6);
        reading_end(&r);
    }
}

static void a_truncated_capture_is_refused_at_every_length(void **state)
{
    (void)state;
    struct bytes b = file_read(TRAPS_FILE);
    assert_non_null(b.p);
    size_t last = b.n;
    while (last && b.p[last - 1] != ']') last--;
    for (size_t n = 0; n < last; n += 7) {
        struct reading r;
        char *copy = malloc(n ? n : 1); /* exact, so that the sanitizer sees one byte too far */
        memcpy(copy, b.p, n);
        read_bytes(&r, copy, n);
        assert_false(r.fine);
        free(copy);
        reading_end(&r);
    }
    free(b.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_come_in_order_of_id_and_without_duplicates),
        cmocka_unit_test(ports_survive_blanks_ranges_and_any_order),
        cmocka_unit_test(unknown_areas_and_fields_are_kept_or_passed_over),
        cmocka_unit_test(counts_the_synthetic_feed),
        cmocka_unit_test(a_written_feed_reads_back_the_same),
        cmocka_unit_test(nonsense_is_refused_with_its_place),
        cmocka_unit_test(a_byte_order_mark_and_crlf_do_no_harm),
        cmocka_unit_test(real_captures_give_the_counts_of_the_oracle),
        cmocka_unit_test(circuit_prefixes_by_service_area_match_the_oracle),
        cmocka_unit_test(a_truncated_capture_is_refused_at_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
