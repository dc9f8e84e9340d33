#include "shared_data.h"
#include "m365/version_json.h"

static struct arena arena;
static struct problems ps;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 22);
    problems_init(&ps, &arena);
    return 0;
}
static int end(void **state)
{
    (void)state;
    arena_drop(&arena);
    return 0;
}

static struct versions from(const char *s)
{
    struct versions v;
    if (!versions_parse(s, strlen(s), &arena, &ps, &v)) fail_msg("%s", ps.first->what);
    return v;
}

static void all_three_spellings_say_the_same(void **state)
{
    (void)state;
    static const char *const same[] = {
        "{\"instance\":\"Worldwide\",\"latest\":\"2018063000\"}",
        "[{\"instance\":\"WORLDWIDE\",\"latest\":\"2018063000\"},{\"instance\":\"Mars\",\"latest\":"
        "\"2018063000\"}]",
        "instance,latest\r\nWorldwide,2018063000\r\n",
        "<rss><item><guid "
        "isPermaLink=\"false\">2018063000</guid><link>https://e/changes/Worldwide/2018063000?x</"
        "link></item></rss>",
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct versions v = from(same[i]);
        assert_int_equal(v.n, 1);
        assert_string_equal(versions_of(&v, WORLDWIDE)->latest, "2018063000");
        assert_null(versions_of(&v, CHINA));
    }
}

static void a_version_is_ten_digits_with_a_date(void **state)
{
    (void)state;
    assert_true(version_is_sane("2018063000"));
    assert_false(version_is_sane("2018133000"));
    assert_false(version_is_sane("201806300"));
    assert_false(version_is_sane("20180630000"));
    assert_false(version_is_sane("0000000000"));
    assert_false(version_is_sane("2018o63000"));
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "7",
        "{\"instance\":\"Worldwide\",\"latest\":2018063000}",
        "{\"instance\":\"Worldwide\"}",
        "instance\nWorldwide,2018063000",
        "instance,latest\nWorldwide;2018063000",
        "<rss></rss>",
        "<rss><guid",
        "<rss><guid>201",
        "<html>error</html>",
        "{\"instance\":\"Worldwide\",\"latest\":\"2018063000\",\"versions\":[1]}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct versions v;
        if (versions_parse(bad[i], strlen(bad[i]), &arena, &ps, &v))
            fail_msg("accepted %s", bad[i]);
    }
}

static void documented_answers_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *name, *latest;
        size_t rows, versions;
    } files[] = {{"m365/vectors/version-documented.json", "2018063000", 5, 0},
                 {"m365/vectors/version-worldwide-documented.json", "2018063000", 1, 0},
                 {"m365/vectors/version-worldwide-documented.csv", "2018063000", 1, 0},
                 {"m365/vectors/version-worldwide-documented.rss", "2018080200", 1, 1},
                 {"m365/vectors/version-worldwide-allversions-documented.json", "2018063000", 1, 2},
                 {"m365/derived/version-allversions-2018-2020.json", "2020080600", 5, 31}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct bytes b = shared_read(files[i].name);
        struct versions v = from(b.p);
        free(b.p);
        assert_int_equal(v.n, files[i].rows);
        const struct version_row *w = versions_of(&v, WORLDWIDE);
        assert_string_equal(w->latest, files[i].latest);
        assert_int_equal(w->version_count, files[i].versions);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_three_spellings_say_the_same, start, end),
        cmocka_unit_test_setup_teardown(a_version_is_ten_digits_with_a_date, start, end),
        cmocka_unit_test_setup_teardown(nonsense_is_refused, start, end),
        cmocka_unit_test_setup_teardown(documented_answers_are_read, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
