#include <stdio.h>
#include "check.h"
#include "m365/feed_json.h"
#include "m365/sync.h"

/* A mirror that answers whatever the row says, step by step. */
struct answer {
    unsigned status;
    const char *body;
};

#define VERSION(v)                                                                                 \
    {                                                                                              \
        200, "{\"instance\":\"Worldwide\",\"latest\":\"" v "\"}"                                   \
    }
#define SET(id, rest)                                                                              \
    "{\"id\":" #id ",\"serviceArea\":\"Common\",\"expressRoute\":false,\"category\":\"Default\","  \
                   "\"required\":true" rest "}"
#define FEED                                                                                       \
    {                                                                                              \
        200, "[" SET(1, "") "," SET(2, "") "]"                                                     \
    }

static struct arena arena;
static struct cache good;
enum { THEN = 1700000000, HOUR = 3600 };

static int start(void **state)
{
    static const char feed[] = "[" SET(1, "") "," SET(2, "") "," SET(3, "") "]";
    struct problems ps;
    (void)state;
    arena_init(&arena, FEED_ARENA);
    problems_init(&ps, &arena);
    good = (struct cache){
        .instance = WORLDWIDE, .version = "2025120100", .fetched_s = THEN, .checked_s = THEN};
    return feed_parse(feed, sizeof feed - 1, &arena, &ps, &good.feed) ? 0 : -1;
}
static int end(void **state)
{
    (void)state;
    arena_drop(&arena);
    return 0;
}

static struct sync run(const struct cache *old, const struct answer *answers, int64_t now)
{
    struct sync s = {.instance = WORLDWIDE, .old = old, .arena = &arena};
    char path[200];
    sync_start(&s, now);
    for (size_t i = 0; sync_path(&s, path, sizeof path); i++) {
        if (!answers[i].status && !answers[i].body) fail_msg("one request too many: %s", path);
        sync_answer(&s, answers[i].status, answers[i].body, strlen(answers[i].body), now);
    }
    return s;
}

static void a_first_copy_is_taken_between_two_equal_versions(void **state)
{
    (void)state;
    struct sync s =
        run(NULL, (struct answer[]){VERSION("2026010100"), FEED, VERSION("2026010100"), {0}}, THEN);
    assert_int_equal(s.outcome, SYNC_REPLACED);
    assert_string_equal(s.fresh.version, "2026010100");
    assert_int_equal(s.fresh.feed.count, 2);
    assert_int_equal(s.fresh.fetched_s, THEN);
}

static void a_version_that_moves_meanwhile_is_read_again(void **state)
{
    (void)state;
    struct sync s = run(
        &good,
        (struct answer[]){
            VERSION("2026010100"), FEED, VERSION("2026010101"), FEED, VERSION("2026010101"), {0}},
        THEN + HOUR);
    assert_int_equal(s.outcome, SYNC_REPLACED);
    assert_string_equal(s.fresh.version, "2026010101");
    s = run(&good,
            (struct answer[]){VERSION("2026010100"),
                              FEED,
                              VERSION("2026010101"),
                              FEED,
                              VERSION("2026010102"),
                              FEED,
                              VERSION("2026010103"),
                              {0}},
            THEN + HOUR);
    assert_int_equal(s.outcome, SYNC_KEPT);
    assert_string_equal(s.fresh.version, "2025120100");
}

static void the_service_is_asked_once_an_hour_and_for_endpoints_only_when_news(void **state)
{
    (void)state;
    struct sync s = run(&good, (struct answer[]){{0}}, THEN + HOUR - 1);
    assert_int_equal(s.outcome, SYNC_TOO_EARLY);
    s = run(&good, (struct answer[]){VERSION("2025120100"), {0}}, THEN + HOUR);
    assert_int_equal(s.outcome, SYNC_CURRENT);
    assert_int_equal(s.fresh.checked_s, THEN + HOUR);
    assert_int_equal(s.fresh.fetched_s, THEN);
}

static void after_429_an_hour_is_waited(void **state)
{
    (void)state;
    struct sync s =
        run(&good, (struct answer[]){VERSION("2026010100"), {429, ""}, {0}}, THEN + HOUR);
    assert_int_equal(s.outcome, SYNC_KEPT);
    assert_int_equal(s.fresh.not_before_s, THEN + 2 * HOUR);
    struct cache after = s.fresh;
    s = run(&after, (struct answer[]){{0}}, THEN + 2 * HOUR - 1);
    assert_int_equal(s.outcome, SYNC_TOO_EARLY);
    s = run(&after, (struct answer[]){VERSION("2025120100"), {0}}, THEN + 2 * HOUR);
    assert_int_equal(s.outcome, SYNC_CURRENT);
}

static void a_hostile_mirror_never_replaces_the_copy(void **state)
{
    (void)state;
    static const struct answer first = VERSION("2026010100");
    static const struct answer bad_versions[] = {
        VERSION("2019010100"), /* replayed */
        {200, ""},
        {200, "[]"},
        {200, "7"},
        {200, "{\"instance\":\"China\",\"latest\":\"2026010100\"}"},
        {200, "{\"instance\":\"Worldwide\",\"latest\":\"9999999999\"}"},
        {200, "{\"instance\":\"Worldwide\",\"latest\":[]}"},
        {500, "{\"instance\":\"Worldwide\",\"latest\":\"2026010100\"}"},
        {0, "connection refused"},
        {301, ""}};
    static const struct answer bad_feeds[] = {
        {200, ""},
        {200, "[" SET(1, "")},
        {200, "[]"},
        {200, "{}"},
        {200, "<html>"},
        {200, "[" SET(1, "") "]"}, /* two of three sets are gone */
        {200, "[" SET(1, ",\"ips\":[\"0.0.0.0\"]") "," SET(2, "") "]"},
        {200,
         "[" SET(1, ",\"urls\":[\"*.sharepoint.cn\"]") "," SET(2, "") "]"}, /* another instance */
        {200, "[" SET(1, ",\"urls\":[\"a\\\");alert(1);//\"]") "," SET(2, "") "]"},
        {404, "[]"},
        {503, ""},
        {0, "timed out"}};
    for (size_t i = 0; i < sizeof bad_versions / sizeof *bad_versions; i++) {
        struct sync s = run(&good, (struct answer[]){bad_versions[i], {0}}, THEN + HOUR);
        if (s.outcome != SYNC_KEPT) fail_msg("version %zu: %s", i, s.why);
        assert_string_equal(s.fresh.version, good.version);
        assert_true(feed_equal(&s.fresh.feed, &good.feed));
        assert_int_equal(s.fresh.checked_s, THEN);
    }
    for (size_t i = 0; i < sizeof bad_feeds / sizeof *bad_feeds; i++) {
        struct sync s = run(&good, (struct answer[]){first, bad_feeds[i], {0}}, THEN + HOUR);
        if (s.outcome != SYNC_KEPT) fail_msg("feed %zu: %s", i, s.why);
        assert_true(feed_equal(&s.fresh.feed, &good.feed));
        assert_int_equal(s.fresh.checked_s, THEN); /* so it grows stale */
    }
}

static void a_body_beyond_the_limit_is_refused_unread(void **state)
{
    (void)state;
    struct sync s = {.instance = WORLDWIDE, .old = &good, .arena = &arena};
    static char huge[FEED_BYTES_MAX + 1];
    memset(huge, ' ', sizeof huge);
    sync_start(&s, THEN + HOUR);
    static const struct answer first = VERSION("2026010100");
    sync_answer(&s, 200, first.body, strlen(first.body), THEN + HOUR);
    sync_answer(&s, 200, huge, sizeof huge, THEN + HOUR);
    assert_int_equal(s.outcome, SYNC_KEPT);
}

static void a_copy_grows_stale_then_dead(void **state)
{
    (void)state;
    assert_int_equal(cache_freshness(&good, THEN + 2 * HOUR), FRESH);
    assert_int_equal(cache_freshness(&good, THEN + 2 * HOUR + 1), STALE);
    assert_int_equal(cache_freshness(&good, THEN + 24 * HOUR + 1), DEAD);
}

static void a_written_copy_reads_back_and_a_damaged_one_does_not(void **state)
{
    (void)state;
    struct problems ps;
    struct cache again;
    json_t *o = cache_write(&good);
    char *text = json_dumps(o, 0);
    problems_init(&ps, &arena);
    assert_true(cache_parse(text, strlen(text), &arena, &ps, &again));
    assert_string_equal(again.version, good.version);
    assert_true(feed_equal(&again.feed, &good.feed));
    assert_false(cache_parse(text, strlen(text) - 1, &arena, &ps, &again));
    free(text);
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_first_copy_is_taken_between_two_equal_versions, start,
                                        end),
        cmocka_unit_test_setup_teardown(a_version_that_moves_meanwhile_is_read_again, start, end),
        cmocka_unit_test_setup_teardown(
            the_service_is_asked_once_an_hour_and_for_endpoints_only_when_news, start, end),
        cmocka_unit_test_setup_teardown(after_429_an_hour_is_waited, start, end),
        cmocka_unit_test_setup_teardown(a_hostile_mirror_never_replaces_the_copy, start, end),
        cmocka_unit_test_setup_teardown(a_body_beyond_the_limit_is_refused_unread, start, end),
        cmocka_unit_test_setup_teardown(a_copy_grows_stale_then_dead, start, end),
        cmocka_unit_test_setup_teardown(a_written_copy_reads_back_and_a_damaged_one_does_not, start,
                                        end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
