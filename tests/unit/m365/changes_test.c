#include "shared_data.h"
#include "m365/changes_json.h"
#include "m365/feed_json.h"

struct bench {
    struct arena arena;
    struct problems ps;
};

static void bench_start(struct bench *b)
{
    arena_init(&b->arena, FEED_ARENA);
    problems_init(&b->ps, &b->arena);
}

static struct feed feed_from(struct bench *b, const char *text)
{
    struct feed f;
    if (!feed_parse(text, strlen(text), &b->arena, &b->ps, &f))
        fail_msg("%s %s", b->ps.first->where, b->ps.first->what);
    return f;
}

static struct changes changes_from(struct bench *b, const char *text)
{
    struct changes c;
    if (!changes_parse(text, strlen(text), &b->arena, &b->ps, &c))
        fail_msg("%s %s", b->ps.first->where, b->ps.first->what);
    return c;
}

static struct feed shared_feed(struct bench *b, const char *name)
{
    struct bytes bytes = shared_read(name);
    struct feed f = feed_from(b, bytes.p);
    free(bytes.p);
    return f;
}

#define SET(id, rest)                                                                              \
    "{\"id\":" #id ",\"serviceArea\":\"Common\",\"expressRoute\":false,"                           \
    "\"category\":\"Default\",\"required\":true" rest "}"

static void every_difference_becomes_a_record_and_comes_back(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b);
    struct feed old = feed_from(
        &b,
        "[" SET(1, ",\"urls\":[\"a.example\"],\"notes\":\"gone soon\"") "," SET(
            2, ",\"ips\":[\"192.0.2.0/24\"],\"udpPorts\":\"53\"") "," SET(3, ",\"urls\":[\"move."
                                                                             "example\"]") "]");
    struct feed new = feed_from(
        &b, "[" SET(1, ",\"urls\":[\"a.example\",\"b.example\"]") "," SET(3, "") "," SET(
                4, ",\"urls\":[\"move.example\"]") ","
                                                   "{\"id\":5,\"serviceArea\":\"Skype\","
                                                   "\"expressRoute\":true,"
                                                   "\"category\":\"Optimize\",\"required\":false,"
                                                   "\"ips\":[\"198.51.100.0/24\"],"
                                                   "\"urls\":[\"new.example\"]}]");
    struct changes c;
    struct feed again;
    size_t orphans;
    assert_true(changes_between(&old, &new, "2026010100", &b.arena, &c));
    assert_int_equal(c.n, 5);
    assert_string_equal(c.c[0].impact, "AddedUrl");
    assert_string_equal(c.c[1].impact, "RemovedIpOrUrl");
    assert_int_equal(c.c[1].disposition, DISPOSITION_REMOVE);
    assert_string_equal(c.c[2].impact, "RemovedDuplicateIpOrUrl");
    assert_string_equal(c.c[3].impact, "MovedIpOrUrl");
    assert_string_equal(c.c[4].impact, "AddedIpAndUrl");
    assert_true(changes_apply(&old, &c, &b.arena, &again, &orphans));
    assert_int_equal(orphans, 0);
    assert_true(feed_equal(&again, &new));
    arena_drop(&b.arena);
}

static void scalars_missing_from_current_are_taken_away(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b);
    struct feed old = feed_from(&b, "[" SET(1, ",\"notes\":\"n\",\"udpPorts\":\"53\"") "]"), out;
    struct changes c = changes_from(
        &b, "[{\"id\":1,\"endpointSetId\":1,\"disposition\":\"change\",\"version\":\"2026010100\","
            "\"previous\":{\"notes\":\"n\",\"udpPorts\":\"53\",\"ExpressRoute\":false},\"current\":"
            "{\"ExpressRoute\":true}}]");
    size_t orphans;
    assert_true(changes_apply(&old, &c, &b.arena, &out, &orphans));
    assert_string_equal(out.sets[0].notes, "");
    assert_int_equal(out.sets[0].udp.n, 0);
    assert_true(out.sets[0].express_route);
    assert_true(change_turns_express_route(&c.c[0]));
    arena_drop(&b.arena);
}

static void records_apply_in_order_of_version_not_of_the_file(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b);
    struct feed old = feed_from(&b, "[" SET(1, "") "]"), out;
    struct changes c = changes_from(
        &b, "[{\"id\":9,\"endpointSetId\":1,\"disposition\":\"Remove\",\"version\":\"2026020100\"},"
            "{\"id\":10,\"endpointSetId\":7,\"disposition\":\"Change\",\"version\":\"2026020100\"},"
            "{\"id\":2,\"endpointSetId\":1,\"disposition\":\"Change\",\"version\":\"2026010100\","
            "\"add\":{\"urls\":[\"x.example\"]}}]");
    size_t orphans;
    assert_int_equal(c.c[0].id, 2);
    assert_true(changes_apply(&old, &c, &b.arena, &out, &orphans));
    assert_int_equal(out.count, 0);
    assert_int_equal(orphans, 1);
    arena_drop(&b.arena);
}

static void impacts_are_read_in_any_case_and_unknown_ones_are_work(void **state)
{
    (void)state;
    struct change c = {.impact = "AddedUrLs"};
    assert_string_equal(impact_of(&c)->impact, "unknown");
    assert_int_equal(impact_of(&c)->urgency, URGENT_REVIEW);
    c.impact = "addedURL";
    assert_int_equal(impact_of(&c)->urgency, URGENT_BY_DATE);
    c.impact = "AddedSubstituteUrl";
    assert_int_equal(impact_of(&c)->urgency, URGENT_NOW);
    c.impact = "";
    assert_int_equal(impact_of(&c)->urgency, URGENT_REVIEW);
}

static void dates_are_read_with_and_without_dashes(void **state)
{
    (void)state;
    int64_t a, b;
    assert_true(date_parse("20190207", &a));
    assert_true(date_parse("2019-01-28", &b));
    assert_int_equal(a - b, 10);
    assert_true(date_parse("19700101", &a));
    assert_int_equal(a, 0);
    assert_false(date_parse("2019-13-01", &a));
    assert_false(date_parse("201902", &a));
}

static void the_shared_change_log_replays_to_the_later_feed(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } spans[] = {{"2018102900", "2020080600"},
                 {"2018102900", "2019022800"},
                 {"2019022800", "2019032800"},
                 {"2020062900", "2020080600"},
                 {"2020062900", "2020070800"}};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        struct bench b;
        char name[100];
        bench_start(&b);
        struct bytes log = shared_read("m365/derived/changes-worldwide-since-2018102900.json");
        struct changes c = changes_from(&b, log.p);
        free(log.p);
        assert_int_equal(c.n, 128);
        snprintf(name, sizeof name, "m365/derived/endpoints-worldwide-%s.json", spans[i].from);
        struct feed from = shared_feed(&b, name), got;
        snprintf(name, sizeof name, "m365/derived/endpoints-worldwide-%s.json", spans[i].to);
        struct feed to = shared_feed(&b, name);
        struct changes part = {.c = c.c};
        while (part.c < c.c + c.n && strcmp(part.c->version, spans[i].from) <= 0) part.c++;
        while (part.c + part.n < c.c + c.n && strcmp(part.c[part.n].version, spans[i].to) <= 0)
            part.n++;
        size_t orphans;
        assert_true(changes_apply(&from, &part, &b.arena, &got, &orphans));
        assert_int_equal(orphans, 0);
        assert_true(feed_equal(&got, &to));
        arena_drop(&b.arena);
    }
}

static void computed_changes_between_real_captures_replay(void **state)
{
    (void)state;
    static const char *const files[] = {"m365/derived/endpoints-worldwide-2018102900.json",
                                        "m365/derived/endpoints-worldwide-2019032800.json",
                                        "m365/derived/endpoints-worldwide-2020080600.json",
                                        "m365/endpoints-worldwide-c20201223.json",
                                        "m365/endpoints-worldwide-c20251201.json"};
    for (size_t i = 0; i + 1 < sizeof files / sizeof *files; i++) {
        struct bench b;
        bench_start(&b);
        struct feed old = shared_feed(&b, files[i]), new = shared_feed(&b, files[i + 1]), got;
        struct changes c;
        size_t orphans;
        assert_true(changes_between(&old, &new, "2026010100", &b.arena, &c));
        if (i == 2) assert_int_equal(c.n, 7); /* six url lists and set 76 */
        assert_true(changes_apply(&old, &c, &b.arena, &got, &orphans));
        assert_true(feed_equal(&got, &new));
        arena_drop(&b.arena);
    }
}

static void the_documented_vectors_are_read_whole(void **state)
{
    (void)state;
    struct bench b;
    bench_start(&b);
    struct bytes log = shared_read("m365/vectors/changes-synthetic.json");
    struct changes c = changes_from(&b, log.p);
    free(log.p);
    assert_int_equal(c.n, 13);
    assert_int_equal(c.c[0].id, 1012); /* the oldest version comes first */
    assert_string_equal(c.c[0].impact, "");
    int64_t day;
    assert_true(date_parse("20190107", &day));
    json_t *report = changes_report(&c, day), *list = json_object_get(report, "changes");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 1), "daysLeft")), 31);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(report, "summary"), "MovedIpOrUrl")), 2);
    json_decref(report);
    arena_drop(&b.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_difference_becomes_a_record_and_comes_back),
        cmocka_unit_test(scalars_missing_from_current_are_taken_away),
        cmocka_unit_test(records_apply_in_order_of_version_not_of_the_file),
        cmocka_unit_test(impacts_are_read_in_any_case_and_unknown_ones_are_work),
        cmocka_unit_test(dates_are_read_with_and_without_dashes),
        cmocka_unit_test(the_shared_change_log_replays_to_the_later_feed),
        cmocka_unit_test(computed_changes_between_real_captures_replay),
        cmocka_unit_test(the_documented_vectors_are_read_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
