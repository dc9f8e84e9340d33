#include "check.h"
#include "net/fields_json.h"
#include "net/prefix.h"

struct leaf {
    const char *name;
    struct prefix prefix;
};
struct root {
    const char *name, *secret;
    uint32_t id, asn;
    bool on;
    int color;
    struct leaf *leaves;
    const char **words;
    struct prefix *nets;
    size_t leaves_n, words_n, nets_n;
};

static const char *const colors[] = {"red", "green", NULL};
static const struct field leaf_rows[] = {
    {"name", FIELD_TEXT, offsetof(struct leaf, name), FIELD_REQUIRED, .min = 1, .max = 8},
    {"prefix", FIELD_PREFIX, offsetof(struct leaf, prefix)},
    {0},
};
static const struct field root_rows[] = {
    {"name", FIELD_TEXT, offsetof(struct root, name), FIELD_REQUIRED},
    {"secret", FIELD_TEXT, offsetof(struct root, secret), FIELD_SECRET, .max = 3},
    {"id", FIELD_ID, offsetof(struct root, id)},
    {"asn", FIELD_U32, offsetof(struct root, asn), .min = 1},
    {"on", FIELD_BOOL, offsetof(struct root, on)},
    {"color", FIELD_ENUM, offsetof(struct root, color), .names = colors},
    {"leaves", FIELD_LIST, offsetof(struct root, leaves), .sub = leaf_rows,
     .size = sizeof(struct leaf), .count_at = offsetof(struct root, leaves_n)},
    {"words", FIELD_TEXTS, offsetof(struct root, words), .count_at = offsetof(struct root, words_n)},
    {"nets", FIELD_PREFIXES, offsetof(struct root, nets), .count_at = offsetof(struct root, nets_n)},
    {0},
};

static struct problems read_text(const char *text, struct root *r, struct arena *a)
{
    struct problems ps;
    problems_init(&ps, a);
    json_t *j = json_loads(text, 0, NULL);
    assert_non_null(j);
    *r = (struct root){.name = "", .on = true};
    fields_read(root_rows, j, r, a, &ps, "");
    json_decref(j);
    return ps;
}

static void reads_and_writes_back_the_same(void **state)
{
    (void)state;
    struct arena a;
    struct root r;
    const char *text = "{\"name\":\"n\",\"id\":\"192.0.2.1\",\"asn\":4294967295,\"on\":false,"
                       "\"color\":\"green\",\"leaves\":[{\"name\":\"l\",\"prefix\":\"10.0.0.0/8\"}],"
                       "\"words\":[\"a\",\"b\"],\"nets\":[\"10.0.0.0/8\",\"fd00::/48\"]}";
    arena_init(&a, 1 << 20);
    struct problems ps = read_text(text, &r, &a);
    assert_int_equal(ps.count, 0);
    assert_int_equal(r.id, 0xc0000201);
    assert_int_equal(r.color, 1);
    assert_int_equal(r.leaves_n, 1);
    const struct root blank = {.name = "", .on = true};
    json_t *out = fields_write(root_rows, &r, &blank, true), *in = json_loads(text, 0, NULL);
    assert_true(json_equal(out, in));
    json_decref(out);
    json_decref(in);
    arena_drop(&a);
}

static void every_fault_names_place_rule_and_fix(void **state)
{
    (void)state;
    static const struct {
        const char *text, *where, *what, *fix;
    } rows[] = {
        {"{\"name\":\"n\",\"colour\":\"red\"}", "/colour", "unknown key 'colour', did you mean 'color'?", "color"},
        {"{\"name\":1}", "/name", "'name' is a whole number", ""},
        {"{}", "", "'name' is missing", ""},
        {"{\"name\":\"n\",\"asn\":0}", "/asn", "'asn' is 0", ""},
        {"{\"name\":\"n\",\"asn\":4294967296}", "/asn", "'asn' is 4294967296", ""},
        {"{\"name\":\"n\",\"color\":\"gren\"}", "/color", "'color' is 'gren'", "green"},
        {"{\"name\":\"n\",\"id\":\"0.0.0.0\"}", "/id", "'0.0.0.0' is no identifier", ""},
        {"{\"name\":\"n\",\"leaves\":[{\"name\":\"x\"},{\"name\":\"y\",\"prefix\":\"10.0.0.1/8\"}]}",
         "/leaves/1/prefix", "'10.0.0.1/8' has bits set beyond its length", "10.0.0.0/8"},
        {"{\"name\":\"n\",\"nets\":[\"10.0.0.0/8\",\"10.0.0.0/40\"]}", "/nets/1",
         "'10.0.0.0/40' has no valid length", ""},
        {"{\"name\":\"n\",\"secret\":\"topsecret\"}", "/secret", "'secret' has 9 characters", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena a;
        struct root r;
        arena_init(&a, 1 << 20);
        struct problems ps = read_text(rows[i].text, &r, &a);
        assert_int_equal(ps.count, 1);
        assert_string_equal(ps.first->where, rows[i].where);
        assert_string_equal(ps.first->what, rows[i].what);
        assert_string_equal(ps.first->fix, rows[i].fix);
        arena_drop(&a);
    }
}

static void secrets_stay_inside_and_null_is_absent(void **state)
{
    (void)state;
    struct arena a;
    struct root r;
    arena_init(&a, 1 << 20);
    struct problems ps = read_text("{\"name\":\"n\",\"secret\":\"abc\",\"asn\":null}", &r, &a);
    assert_int_equal(ps.count, 0);
    assert_string_equal(r.secret, "abc");
    json_t *out = fields_write(root_rows, &r, NULL, false);
    assert_null(json_object_get(out, "secret"));
    json_decref(out);
    arena_drop(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes_back_the_same),
        cmocka_unit_test(every_fault_names_place_rule_and_fix),
        cmocka_unit_test(secrets_stay_inside_and_null_is_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
