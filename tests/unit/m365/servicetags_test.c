#include "shared_data.h"
#include "m365/feed_json.h"
#include "m365/servicetags_json.h"

static struct arena arena;
static struct problems ps;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, TAGS_ARENA);
    problems_init(&ps, &arena);
    return 0;
}
static int end(void **state)
{
    (void)state;
    arena_drop(&arena);
    return 0;
}

static struct service_tags from(const char *s, size_t n)
{
    struct service_tags t;
    if (!tags_parse(s, n, &arena, &ps, &t)) fail_msg("%s %s", ps.first->where, ps.first->what);
    return t;
}

static struct service_tags shared_tags(const char *name)
{
    struct bytes b = shared_read(name);
    struct service_tags t = from(b.p, b.n);
    free(b.p);
    return t;
}

#define TAG(name, number, list)                                                                    \
    "{\"name\":\"" name "\",\"id\":\"x\",\"properties\":{\"changeNumber\":" #number                \
    ",\"region\":\"\",\"platform\":\"Azure\",\"systemService\":\"\",\"addressPrefixes\":[" list    \
    "]}}"
#define FILE_OF(number, tags)                                                                      \
    "{\"changeNumber\":" #number ",\"cloud\":\"Public\",\"values\":[" tags "]}"

static void tags_differ_one_by_one_not_by_the_files_number(void **state)
{
    (void)state;
    static const char old[] = FILE_OF(1, TAG("A", 5, "\"192.0.2.0/24\"") "," TAG(
                                             "B", 1, "\"198.51.100.0/24\"") "," TAG("D", 1, ""));
    static const char same[] = FILE_OF(
        2,
        TAG("D", 1, "") "," TAG("B", 1, "\"198.51.100.0/24\"") "," TAG("A", 5, "\"192.0.2.0/24\""));
    static const char new[] =
        FILE_OF(3, TAG("A", 6, "\"192.0.2.0/25\"") "," TAG("B", 1, "\"198.51.100.0/24\"") "," TAG(
                       "C", 1, "\"203.0.113.0/24\""));
    struct service_tags a = from(old, sizeof old - 1), b = from(same, sizeof same - 1),
                        c = from(new, sizeof new - 1);
    struct tag_changes d;
    assert_true(tags_diff(&a, &b, &arena, &d));
    assert_int_equal(d.n, 0);
    assert_true(tags_diff(&a, &c, &arena, &d));
    assert_int_equal(d.n, 3);
    assert_int_equal(d.c[0].added.n, 1);
    assert_int_equal(d.c[0].removed.n, 1);
    assert_null(d.c[1].before);
    assert_null(d.c[2].after);
}

static void the_smallest_covering_tag_is_named(void **state)
{
    (void)state;
    static const char file[] =
        FILE_OF(1, TAG("Big", 1, "\"192.0.2.0/24\",\"198.51.100.0/24\",\"203.0.113.0/25\"") "," TAG(
                       "Small", 1, "\"192.0.2.0/25\",\"192.0.2.128/25\""));
    struct service_tags t = from(file, sizeof file - 1);
    struct prefixes want = prefixes_in(&arena);
    static const char *const in[] = {"192.0.2.0/24", "198.51.100.0/25", "203.0.113.0/24",
                                     "10.0.0.0/8"};
    for (size_t i = 0; i < 4; i++) {
        struct prefix p;
        assert_int_equal(prefix_parse(in[i], &p), PREFIX_FINE);
        prefixes_add(&want, &p);
    }
    struct tag_hit hit[4];
    assert_true(tags_cover(&t, &want, &arena, hit));
    assert_string_equal(hit[0].tag->name, "Small");
    assert_string_equal(hit[1].tag->name, "Big");
    assert_int_equal(hit[2].coverage, COVERED_PARTLY);
    assert_null(hit[3].tag);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"[]",
                                      "{}",
                                      "{\"changeNumber\":1,\"cloud\":\"Public\",\"values\":[]}",
                                      "{\"changeNumber\":\"1\",\"values\":[" TAG("A", 1, "") "]}",
                                      FILE_OF(1, TAG("A", 1, "") "," TAG("A", 1, "")),
                                      FILE_OF(1, TAG("A", 1, "\"192.0.2.1/24\"")),
                                      FILE_OF(1, TAG("", 1, "")),
                                      FILE_OF(1, "7"),
                                      FILE_OF(1, TAG("A", -1, ""))};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct service_tags t;
        if (tags_parse(bad[i], strlen(bad[i]), &arena, &ps, &t)) fail_msg("accepted %s", bad[i]);
    }
}

static void real_files_give_the_counts_of_the_oracle(void **state)
{
    (void)state;
    static const struct {
        const char *name, *cloud;
        uint32_t number;
        size_t tags, entries, unique;
    } files[] = {
        {"servicetags/ServiceTags_Public_20190722.json", "Public", 82, 756, 14574, 7489},
        {"servicetags/ServiceTags_Public_20250804.json", "Public", 365, 2967, 91328, 51288},
        {"servicetags/ServiceTags_AzureGovernment_20260720.json", "AzureGovernment", 402, 299, 0,
         0}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct service_tags t = shared_tags(files[i].name);
        assert_string_equal(t.cloud, files[i].cloud);
        assert_int_equal(t.change_number, files[i].number);
        assert_int_equal(t.n, files[i].tags);
        if (!files[i].entries) continue;
        assert_int_equal(t.entries, files[i].entries);
        assert_int_equal(tags_unique(&t, &arena).n, files[i].unique);
    }
}

static void three_real_weeks_differ_as_the_oracle_says(void **state)
{
    (void)state;
    struct service_tags a = shared_tags("servicetags/ServiceTags_AzureGovernment_20260706.json");
    struct service_tags b = shared_tags("servicetags/ServiceTags_AzureGovernment_20260713.json");
    struct service_tags c = shared_tags("servicetags/ServiceTags_AzureGovernment_20260720.json");
    struct tag_changes d;
    assert_true(tags_diff(&a, &b, &arena, &d));
    assert_int_equal(d.n, 0);
    assert_true(tags_diff(&b, &c, &arena, &d));
    assert_int_equal(d.n, 2);
    assert_string_equal(d.c[0].after->name, "AzureCloud");
    assert_int_equal(d.c[0].before->change_number, 126);
    assert_int_equal(d.c[0].after->change_number, 127);
    assert_string_equal(d.c[1].after->name, "AzureCloud.usgovarizona");
    for (size_t i = 0; i < 2; i++) {
        char text[PREFIX_TEXT_MAX];
        assert_int_equal(d.c[i].added.n, 1);
        assert_int_equal(d.c[i].removed.n, 0);
        assert_string_equal(prefix_text(d.c[i].added.p, text), "57.17.0.0/19");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tags_differ_one_by_one_not_by_the_files_number, start, end),
        cmocka_unit_test_setup_teardown(the_smallest_covering_tag_is_named, start, end),
        cmocka_unit_test_setup_teardown(nonsense_is_refused, start, end),
        cmocka_unit_test_setup_teardown(real_files_give_the_counts_of_the_oracle, start, end),
        cmocka_unit_test_setup_teardown(three_real_weeks_differ_as_the_oracle_says, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
