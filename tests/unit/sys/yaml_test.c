#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include "base/text.h"
#include "sys/yaml.h"

struct fixture {
    struct arena arena;
    struct problems problems;
    struct yaml_doc *doc;
};

static void read_bytes(struct fixture *f, const char *bytes, size_t n)
{
    arena_init(&f->arena, 1 << 20);
    problems_init(&f->problems, &f->arena);
    f->doc = yaml_read("design.yaml", bytes, n, &f->problems);
}

static void read_text(struct fixture *f, const char *text) { read_bytes(f, text, strlen(text)); }

static void drop(struct fixture *f)
{
    yaml_drop(f->doc);
    arena_drop(&f->arena);
}

static void print(const struct fixture *f, char *buf, size_t room)
{
    FILE *out = fmemopen(buf, room, "w");
    yaml_print_problems(f->doc, &f->problems, out);
    fclose(out);
}

static void scalars_have_the_types_of_the_core_schema(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *json;
    } rows[] = {
        {"a: 10", "{\"a\":10}"},
        {"a: -7", "{\"a\":-7}"},
        {"a: 0x1f", "{\"a\":31}"},
        {"a: 0o17", "{\"a\":15}"},
        {"a: 017", "{\"a\":17}"},
        {"a: 1.5", "{\"a\":1.5}"},
        {"a: 1e3", "{\"a\":1000.0}"},
        {"a: '10'", "{\"a\":\"10\"}"},
        {"a: \"true\"", "{\"a\":\"true\"}"},
        {"a: true", "{\"a\":true}"},
        {"a: yes", "{\"a\":\"yes\"}"},
        {"a: off", "{\"a\":\"off\"}"},
        {"a:", "{\"a\":null}"},
        {"a: ~", "{\"a\":null}"},
        {"a: ''", "{\"a\":\"\"}"},
        {"a: 10.0.0.0/16", "{\"a\":\"10.0.0.0/16\"}"},
        {"a: 12076:50002", "{\"a\":\"12076:50002\"}"},
        {"a: fd00::1", "{\"a\":\"fd00::1\"}"},
        {"a: 2026-04-28", "{\"a\":\"2026-04-28\"}"},
        {"a: .", "{\"a\":\".\"}"},
        {"a: [1, {b: c}]\nd:\n- e\n- f: g", "{\"a\":[1,{\"b\":\"c\"}],\"d\":[\"e\",{\"f\":\"g\"}]}"},
        {"{\"a\": [1, \"x\\/y\"], \"b\": {}}", "{\"a\":[1,\"x/y\"],\"b\":{}}"},
        {"{\n\t\"a\": \"\\ud83d\\ude00\"\n}", "{\"a\":\"\\ud83d\\ude00\"}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fixture f;
        read_text(&f, rows[i].yaml);
        json_t *want = json_loads(rows[i].json, 0, NULL);
        assert_non_null(want);
        if (f.problems.count || !json_equal(yaml_root(f.doc), want)) print_message("%s\n", rows[i].yaml);
        assert_int_equal(f.problems.count, 0);
        assert_true(json_equal(yaml_root(f.doc), want));
        json_decref(want);
        drop(&f);
    }
}

static void a_pointer_is_found_in_the_text(void **state)
{
    (void)state;
    struct fixture f;
    read_text(&f, "circuits:\n  - name: er\n    peerings:\n      private: {vlan: 100,\n        'a/b': 1}\n"
                  "sites: []\n");
    static const struct {
        const char *pointer;
        unsigned line, column;
    } rows[] = {
        {"", 1, 1},
        {"/circuits", 1, 1},
        {"/circuits/0", 2, 5},
        {"/circuits/0/name", 2, 5},
        {"/circuits/0/peerings/private/vlan", 4, 17},
        {"/circuits/0/peerings/private/a~1b", 5, 9},
        {"/circuits/0/peerings/microsoft", 3, 5}, /* missing: what is around it */
        {"/sites", 6, 1},
        {"/sites/7", 6, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct yaml_place at = yaml_place_of(f.doc, rows[i].pointer);
        assert_int_equal(at.line, rows[i].line);
        assert_int_equal(at.column, rows[i].column);
    }
    drop(&f);
}

static void what_is_refused_has_a_place_and_a_rule(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *line;
    } rows[] = {
        {"a: 1\nb: 2\na: 3\n", "design.yaml:3:1: key 'a' stands here a second time; each key once\n"},
        {"a: &x 1\nb: *x\n", "design.yaml:2:4: an alias: write the value out; aliases are not read\n"},
        {"a:\n\tb: 1\n", "design.yaml:2:1: a tab as indentation; indentation is spaces\n"},
        {"a: !!int 3", "design.yaml:1:4: a tag; tags are not read; quotes make text\n"},
        {"a: 1\n---\nb: 2\n", "design.yaml:2:1: a second document begins here; one document a file\n"},
        {"a: 99999999999999999999", "design.yaml:1:4: this number is too large; whole numbers have 64 bits\n"},
        {"a: .inf", "design.yaml:1:4: infinity or not-a-number; only finite numbers\n"},
        {"? [a]\n: b\n", "design.yaml:1:3: a list or a mapping as a key; keys are text\n"},
        {"", "design.yaml:1:1: the document is empty; a mapping is wanted\n"},
        {"a: 1\nb: \xff\n", "design.yaml:2:4: invalid leading UTF-8 octet; text in UTF-8\n"},
        {"{\"a\": 1, \"a\": 2}", "design.yaml:1:10: key 'a' stands here a second time; each key once\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fixture f;
        char said[2000] = "";
        read_text(&f, rows[i].yaml);
        assert_null(yaml_root(f.doc));
        print(&f, said, sizeof said);
        assert_string_equal(said, rows[i].line);
        drop(&f);
    }
}

static void depth_and_size_have_limits(void **state)
{
    (void)state;
    struct fixture f;
    char deep[400];
    memset(deep, '[', sizeof deep);
    read_bytes(&f, deep, sizeof deep);
    assert_int_equal(f.problems.count, 1);
    assert_string_equal(f.problems.first->where, "@1:65");
    drop(&f);
    size_t n = (size_t)YAML_BYTES_MAX + 1;
    char *big = malloc(n);
    memset(big, 'x', n);
    read_bytes(&f, big, n);
    assert_null(yaml_root(f.doc));
    assert_string_equal(f.problems.first->rule, "at most 16 MiB");
    drop(&f);
    free(big);
}

static void any_bytes_end_in_a_value_or_a_problem(void **state)
{
    (void)state;
    unsigned seed = 20260428;
    print_message("seed %u\n", seed);
    static const char letters[] = "a: -[]{},'\"\n\t#&*!|>%@?0.1e\\\xc3\xa9";
    for (int i = 0; i < 20000; i++) {
        char text[48];
        struct fixture f;
        size_t n = 0;
        for (; n < sizeof text; n++) {
            seed = seed * 1103515245 + 12345;
            text[n] = letters[(seed >> 16) % (sizeof letters - 1)];
        }
        read_bytes(&f, text, n);
        assert_true((yaml_root(f.doc) != NULL) == (f.problems.count == 0));
        drop(&f);
    }
}

static void a_missing_file_is_a_problem(void **state)
{
    (void)state;
    struct fixture f;
    char said[400] = "";
    arena_init(&f.arena, 1 << 20);
    problems_init(&f.problems, &f.arena);
    f.doc = yaml_read_file("/nowhere/design.yaml", &f.problems);
    print(&f, said, sizeof said);
    assert_string_equal(said, "/nowhere/design.yaml: cannot be read: No such file or directory\n");
    drop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_have_the_types_of_the_core_schema),
        cmocka_unit_test(a_pointer_is_found_in_the_text),
        cmocka_unit_test(what_is_refused_has_a_place_and_a_rule),
        cmocka_unit_test(depth_and_size_have_limits),
        cmocka_unit_test(any_bytes_end_in_a_value_or_a_problem),
        cmocka_unit_test(a_missing_file_is_a_problem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
