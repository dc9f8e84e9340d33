#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include "healthy.h"
#include "model/catalogue_json.h"
#include "model/design_json.h"
#include "patch.h"
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
    *b = (struct bench){0};
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

void bench_close(struct bench *b)
{
    json_decref(b->resilient);
    arena_drop(&b->arena);
}

const json_t *bench_resilient(struct bench *b)
{
    if (b->resilient) return b->resilient;
    struct problems ps;
    problems_init(&ps, &b->arena);
    struct yaml_doc *doc = yaml_read_file(EXAMPLES "/resilient.yaml", &ps);
    assert_non_null(yaml_root(doc));
    json_t *copy = json_deep_copy(yaml_root(doc));
    yaml_drop(doc);
    return b->resilient = copy;
}

const struct report *bench_patched(struct bench *b, const char *changes, bool with_facts)
{
    struct problems ps;
    struct facts facts;
    json_t *json = json_deep_copy(bench_resilient(b));
    facts_init(&facts);
    problems_init(&ps, &b->arena);
    const struct design *whole = design_from_json(json, &b->arena, &ps);
    assert_non_null(whole);
    healthy_facts(whole, BENCH_NOW_MS, &facts);
    patch_apply(changes, json, &facts);
    facts_sort(&facts);
    struct design *d = design_from_json(json, &b->arena, &ps);
    for (const struct problem *p = ps.first; p; p = p->next) print_message("%s: %s; %s\n", p->where, p->what, p->rule);
    if (!d) fail_msg("no design any more: %s", changes);
    const struct report *r = bench_run(b, d, with_facts ? &facts : NULL);
    facts_drop(&facts); /* the report's findings keep no facts a test looks at, except by name */
    json_decref(json);
    return r;
}

struct bench_lines bench_lines(const char *file)
{
    struct bench_lines out = {0};
    struct text path = {0};
    text_addf(&path, "%s/%s", HERE, file);
    FILE *f = fopen(text_get(&path), "re");
    text_drop(&path);
    assert_non_null(f);
    out.text = calloc(1, 512 << 10);
    out.list = calloc(2000, sizeof *out.list);
    assert_true(out.text && out.list && fread(out.text, 1, (512 << 10) - 1, f) > 0);
    fclose(f);
    for (char *line = strtok(out.text, "\n"); line; line = strtok(NULL, "\n")) {
        struct bench_line *l = &out.list[out.n];
        char *colon = strchr(line, ':');
        if (*line == '#' || !colon) continue;
        *colon = 0;
        sscanf(line, "%119s %119[^\n]", l->word[0], l->word[1]);
        for (size_t n = strlen(l->word[1]); n && l->word[1][n - 1] == ' '; n--) l->word[1][n - 1] = 0;
        l->rest = colon + 1 + strspn(colon + 1, " ");
        out.n++;
    }
    return out;
}
void bench_lines_drop(struct bench_lines *l)
{
    free(l->list);
    free(l->text);
}

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
