#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include "model/catalogue_json.h"
#include "model/design_json.h"
#include "sys/data_files.h"
#include "sys/yaml.h"

static json_t *registry(const char *name)
{
    struct text why = {0};
    json_t *v = data_file_json(name, &why);
    assert_non_null(v);
    text_drop(&why);
    return v;
}

void bench_open(struct bench *b)
{
    struct problems ps;
    arena_init(&b->arena, 1 << 30);
    problems_init(&ps, &b->arena);
    json_t *files[] = {registry("providers.json"), registry("peering_locations.json"),
                       registry("limits.json"), registry("gateway_skus.json"), registry("checklist.json")};
    b->catalogue = catalogue_from_json(
        &(struct catalogue_files){files[0], files[1], files[2], files[3]}, &b->arena, &ps);
    b->checklist = checklist_from_json(files[4], &b->arena, &ps);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) json_decref(files[i]);
    assert_int_equal(ps.count, 0);
}

void bench_close(struct bench *b) { arena_drop(&b->arena); }

struct design *bench_design(struct bench *b, const char *yaml)
{
    struct problems ps;
    struct design *d = NULL;
    problems_init(&ps, &b->arena);
    struct yaml_doc *doc = yaml_read("test.yaml", yaml, strlen(yaml), &ps);
    if (yaml_root(doc)) d = design_from_json(yaml_root(doc), &b->arena, &ps);
    yaml_print_problems(doc, &ps, stderr);
    yaml_drop(doc);
    assert_non_null(d);
    return d;
}

static char *demo_text(void)
{
    FILE *f = fopen(EXAMPLES "/demo.yaml", "re");
    char *text = calloc(1, 64 << 10);
    assert_non_null(f);
    assert_non_null(text);
    assert_true(fread(text, 1, (64 << 10) - 1, f) > 0);
    fclose(f);
    return text;
}

char *bench_demo_with(const char *find, const char *replace)
{
    char *text = demo_text();
    char *at = strstr(text, find);
    if (!at) fail_msg("the demo has no '%s'", find);
    struct text out = {0};
    text_add_n(&out, text, (size_t)(at - text));
    text_add(&out, replace);
    text_add(&out, at + strlen(find));
    free(text);
    return out.s;
}

const struct report *bench_run(struct bench *b, const struct design *d, const struct facts *facts)
{
    struct checklist_input in = {.checklist = b->checklist, .catalogue = b->catalogue, .design = d,
                                 .facts = facts, .mode = facts ? "lab" : "design",
                                 .now_ms = BENCH_NOW_MS};
    const struct report *r = checklist_run(&in, &b->arena);
    assert_non_null(r);
    return r;
}

enum verdict bench_verdict(const struct report *r, const char *id)
{
    enum verdict worst = VERDICTS;
    for (size_t i = 0; i < r->findings_n; i++) {
        const struct finding *f = &r->findings[i];
        if (strcmp(f->row->id, id) == 0 && (worst == VERDICTS || f->verdict > worst)) worst = f->verdict;
    }
    return worst;
}

const struct finding *bench_finding(const struct report *r, const char *id, const char *subject)
{
    for (size_t i = 0; i < r->findings_n; i++)
        if (strcmp(r->findings[i].row->id, id) == 0 && strcmp(r->findings[i].subject, subject) == 0)
            return &r->findings[i];
    return NULL;
}
