/* Documentation made from tables: docs/checklist.md from the rows, data/design-schema.json and the keys
 * in docs/design-file.md from the reader's own tables. Stale ones fail here; FAIRLEAD_WRITE=1 in the
 * environment writes them anew. */
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include "base/text.h"
#include "checklist/resiliency.h"
#include "model/design_json.h"

static char *slurp(const char *path)
{
    char *s = calloc(1, 1 << 20);
    FILE *f = fopen(path, "re");
    assert_non_null(s);
    if (f) {
        size_t n = fread(s, 1, (1 << 20) - 1, f);
        s[n] = 0;
        fclose(f);
    }
    return s;
}

static void must_be(const char *path, const char *wanted)
{
    char *is = slurp(path);
    bool same = strcmp(is, wanted) == 0;
    free(is);
    if (!same && getenv("FAIRLEAD_WRITE")) {
        FILE *f = fopen(path, "we");
        assert_non_null(f);
        assert_true(fputs(wanted, f) >= 0);
        fclose(f);
    } else if (!same) {
        fail_msg("%s is stale: run this test with FAIRLEAD_WRITE=1", path);
    }
}

/* ---- docs/checklist.md ---- */

static const char head[] =
    "# The checklist\n\n"
    "Made from `data/checklist.json` by `tests/unit/checklist/docs_test.c`; change it there.\n\n"
    "Every row is judged on the design and, where something runs, on evidence; its verdict is the worse of both.\n"
    "A broken *must* is **fail**, a broken *should* is **warn**, a broken *may* is **note**. What nobody tells, or what was\n"
    "seen longer ago than %u seconds, is **unknown**, never pass. A row that does not apply is **n/a**, a row somebody\n"
    "answers for until a day (`--waivers`) is **waived**. Where only a person can know, a statement in the design file\n"
    "with a name and a date decides; after a year it is unknown again (`docs/design-file.md`, `statements`).\n\n"
    "`fairlead check --explain ID` prints a row; `fairlead check --only NET-NAT` judges one family.\n";

static void row_line(struct text *t, const struct checklist_row *r)
{
    text_addf(t, "| %s | %s | %s | %s | **%s.** %s | %s | %s |\n", r->id, level_name(r->level), r->owner, r->applies, r->title,
              r->text, r->remedy, r->source);
}

static void index_part(struct text *t)
{
    text_add(t, "\n## Resiliency index\n\n"
                "Of a gateway: `route * multiplier + zone + advisory`, 0 to 100. The index of the whole is the lowest of its gateways.\n\n"
                "| part | value |\n|---|---|\n");
    text_addf(t, "| route | %d two circuits in two locations, %d one over a metro pair, %d one location; 0 for the last two while a leg is down |\n",
              ROUTE_TWO_LOCATIONS, ROUTE_METRO, ROUTE_ONE_LOCATION);
    text_add(t, "| multiplier | age of the last drill of both locations: 4 up to 30 days, 3 up to 60, 2 up to 90, else 1; halved, but not below 1, when one of the two was drilled |\n");
    text_addf(t, "| zone | %d zone-redundant, %d in one zone or a small scalable gateway, %d UltraPerformance, else 0 |\n", ZONE_REDUNDANT,
              ZONE_PINNED, ZONE_ULTRA);
    text_addf(t, "| advisory | %d when no other fail, warn or note is open (locations and zones do not count twice) |\n", ADVISORY_CLEAR);
    text_add(t, "\nOf a circuit: the sum of the rows that pass, 0 while a leg is down.\n\n| row | what | weight |\n|---|---|---|\n");
    for (const struct circuit_weight *w = circuit_weights; w->row; w++)
        text_addf(t, "| %s | %s | %u |\n", w->row, w->what, w->weight);
    text_add(t, "\nBeside it stands what is left without one leg (\"one leg carries 73 % of both\") and without the largest circuit of a\n"
                "recovery set, from the planned load.\n");
}

static void the_checklist_page_is_current(void **state)
{
    const struct checklist *c = ((struct bench *)*state)->checklist;
    struct text t = {0};
    text_addf(&t, head, c->freshness_s);
    text_addf(&t, "\n%zu rows in the order of the seed's bullets:\n", c->rows_n);
    for (size_t s = 0; s < c->seeds_n; s++) {
        text_addf(&t, "\n## %s: %s\n\n| id | level | who acts | when | what | what to do | source |\n|---|---|---|---|---|---|---|\n",
                  c->seeds[s].code, c->seeds[s].title);
        for (size_t i = 0; i < c->rows_n; i++)
            if (strcmp(c->rows[i].seed, c->seeds[s].code) == 0) row_line(&t, &c->rows[i]);
    }
    index_part(&t);
    must_be(PROJECT "/docs/checklist.md", text_get(&t));
    text_drop(&t);
}

/* ---- the design file ---- */

static const char *type_of(const json_t *key, struct text *room)
{
    const char *type = json_string_value(json_object_get(key, "type"));
    const json_t *names = json_object_get(key, "enum"), *items = json_object_get(key, "items");
    text_clear(room);
    for (size_t i = 0; i < json_array_size(names); i++)
        text_addf(room, "%s%s", i ? ", " : "", json_string_value(json_array_get(names, i)));
    if (names) return text_get(room);
    if (json_object_get(key, "anyOf")) return "true, false or an object";
    if (json_object_get(key, "format")) return "date";
    if (!type) return "object";
    if (strcmp(type, "array") != 0) return strcmp(type, "boolean") == 0 ? "true or false" : type;
    return json_object_get(items, "properties") ? "list" : "list of strings";
}

static const json_t *inside_of(const json_t *key)
{
    const json_t *items = json_object_get(key, "items");
    return json_object_get(items ? items : key, "properties");
}

static void keys_of(struct text *t, const char *path, const json_t *properties)
{
    struct text room = {0};
    const char *name;
    json_t *key;
    text_addf(t, "\n### `%s`\n\n| key | value | means |\n|---|---|---|\n", *path ? path : "the file");
    json_object_foreach((json_t *)properties, name, key)
    {
        const char *help = json_string_value(json_object_get(key, "description"));
        text_addf(t, "| `%s` | %s | %s |\n", name, type_of(key, &room), help ? help : "");
    }
    text_drop(&room);
    json_object_foreach((json_t *)properties, name, key)
    {
        char below[200];
        if (!inside_of(key) || strcmp(name, "secondary") == 0) continue;
        if (strcmp(name, "microsoft") == 0 || strcmp(name, "public") == 0) continue; /* as private */
        snprintf(below, sizeof below, "%s%s%s", path, *path ? "." : "", name);
        keys_of(t, below, inside_of(key));
    }
}

static void the_schema_is_current(void **state)
{
    (void)state;
    json_t *schema = design_schema();
    char *s = json_dumps(schema, JSON_INDENT(1));
    struct text t = {0};
    text_addf(&t, "%s\n", s);
    must_be(PROJECT "/data/design-schema.json", text_get(&t));
    text_drop(&t);
    free(s);
    json_decref(schema);
}

static void the_keys_of_a_design_are_current(void **state)
{
    static const char mark[] = "<!-- keys: made by tests/unit/checklist/docs_test.c -->\n";
    (void)state;
    char *page = slurp(PROJECT "/docs/design-file.md"), *at = strstr(page, mark);
    json_t *schema = design_schema();
    struct text t = {0};
    if (!at) fail_msg("docs/design-file.md has no line %s", mark);
    text_add_n(&t, page, (size_t)(at - page));
    text_add(&t, mark);
    keys_of(&t, "", json_object_get(schema, "properties"));
    must_be(PROJECT "/docs/design-file.md", text_get(&t));
    text_drop(&t);
    free(page);
    json_decref(schema);
}

/* ---- the schema says what the reader says: a small validator for the words the schema uses ---- */

static bool valid(const json_t *schema, const json_t *v);

static bool valid_object(const json_t *schema, const json_t *v)
{
    const json_t *keys = json_object_get(schema, "properties"), *required = json_object_get(schema, "required");
    const char *name;
    json_t *inside;
    if (!json_is_object(v)) return false;
    for (size_t i = 0; i < json_array_size(required); i++)
        if (!json_object_get(v, json_string_value(json_array_get(required, i)))) return false;
    json_object_foreach((json_t *)v, name, inside)
    {
        const json_t *key = json_object_get(keys, name);
        if (!key || !valid(key, inside)) return false;
    }
    return true;
}

static bool valid_one_of(const json_t *list, const json_t *v)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_equal(json_array_get(list, i), v)) return true;
    return false;
}

static bool valid_number(const json_t *schema, const json_t *v)
{
    json_int_t n = json_integer_value(v);
    return json_is_integer(v) && n >= json_integer_value(json_object_get(schema, "minimum")) &&
           n <= json_integer_value(json_object_get(schema, "maximum"));
}

static bool valid(const json_t *schema, const json_t *v)
{
    const char *type = json_string_value(json_object_get(schema, "type"));
    const json_t *any = json_object_get(schema, "anyOf"), *items = json_object_get(schema, "items");
    if (json_object_get(schema, "enum")) return valid_one_of(json_object_get(schema, "enum"), v);
    for (size_t i = 0; i < json_array_size(any); i++)
        if (valid(json_array_get(any, i), v)) return true;
    if (any) return false;
    if (!type) return true;
    if (strcmp(type, "object") == 0) return valid_object(schema, v);
    if (strcmp(type, "boolean") == 0) return json_is_boolean(v);
    if (strcmp(type, "string") == 0) return json_is_string(v);
    if (strcmp(type, "integer") == 0) return valid_number(schema, v);
    for (size_t i = 0; i < json_array_size(v); i++)
        if (!valid(items, json_array_get(v, i))) return false;
    return json_is_array(v);
}

static void examples_obey_the_schema_and_faults_of_form_do_not(void **state)
{
    struct bench *b = *state;
    json_t *schema = design_schema();
    bench_patched(b, "", false); /* reads examples/resilient.yaml */
    assert_true(valid(schema, b->resilient));
    static const char *const wrong[] = {
        "{\"sites\": 3}", "{\"site\": []}", "{\"circuits\": [{\"sku\": \"Premium_MeteredData\"}]}",
        "{\"circuits\": [{\"name\": \"c\", \"model\": \"mpls\"}]}", "{\"gateways\": [{\"name\": \"g\", \"virtual_network\": \"v\", \"scale_units\": 41}]}",
        "{\"m365\": {\"enabled\": \"yes\"}}", "{\"circuits\": [{\"name\": \"c\", \"peerings\": {\"private\": {\"bfd\": 3}}}]}",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        json_t *v = json_loads(wrong[i], 0, NULL);
        struct problems ps;
        problems_init(&ps, &b->arena);
        assert_false(valid(schema, v));
        assert_null(design_from_json(v, &b->arena, &ps)); /* and the reader agrees */
        json_decref(v);
    }
    json_decref(schema);
}

static int open_bench(void **state)
{
    static struct bench b;
    bench_open(&b);
    *state = &b;
    return 0;
}
static int close_bench(void **state) { return bench_close(*state), 0; }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_checklist_page_is_current),
        cmocka_unit_test(the_schema_is_current),
        cmocka_unit_test(the_keys_of_a_design_are_current),
        cmocka_unit_test(examples_obey_the_schema_and_faults_of_form_do_not),
    };
    return cmocka_run_group_tests(tests, open_bench, close_bench);
}
