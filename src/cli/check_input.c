/* cli/check_input.c - see the header. A file that cannot be read as a design gives file:line:column
 * and exit status 2 (RB-220). */
#include "cli/check_input.h"
#include "cli/check_office.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "cli/command.h"
#include "lab/state.h"
#include "model/catalogue_json.h"
#include "model/design_json.h"
#include "sys/data_files.h"
#include "sys/tls.h"

enum { MEMORY = 1 << 30 };

/* ---- registries ---- */

static json_t *registry(const char *name)
{
    struct text why = {0};
    json_t *v = data_file_json(name, &why);
    if (!v) fprintf(stderr, "fairlead: %s\n", text_get(&why));
    text_drop(&why);
    return v;
}

static bool complain(const char *file, const struct problems *ps)
{
    for (const struct problem *p = ps->first; p; p = p->next)
        fprintf(stderr, "%s: %s: %s; %s\n", file, p->where, p->what, p->rule);
    return ps->count == 0;
}

static bool load_catalogue(struct check *k)
{
    struct problems ps;
    problems_init(&ps, &k->arena);
    json_t *files[] = {registry("providers.json"), registry("peering_locations.json"),
                       registry("limits.json"), registry("gateway_skus.json")};
    if (files[0] && files[1] && files[2] && files[3])
        k->catalogue = catalogue_from_json(
            &(struct catalogue_files){files[0], files[1], files[2], files[3]}, &k->arena, &ps);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) json_decref(files[i]);
    return complain("data", &ps) && k->catalogue;
}

static bool load_checklist(struct check *k)
{
    struct problems ps;
    problems_init(&ps, &k->arena);
    json_t *rows = registry("checklist.json");
    if (rows) k->checklist = checklist_from_json(rows, &k->arena, &ps);
    json_decref(rows);
    return complain("checklist.json", &ps) && k->checklist;
}

int check_open_registries(struct check *k)
{
    *k = (struct check){.mode = "design"};
    arena_init(&k->arena, MEMORY);
    return load_checklist(k) && load_catalogue(k) ? EXIT_FINE : EXIT_ERROR;
}

void check_close(struct check *k)
{
    if (k->has_facts) facts_drop(&k->facts);
    yaml_drop(k->doc);
    text_drop(&k->silent);
    arena_drop(&k->arena);
    *k = (struct check){0};
}

/* ---- what people wrote ---- */

int check_load_design(struct check *k, const char *file)
{
    struct problems ps;
    problems_init(&ps, &k->arena);
    if (strcmp(file, "-") != 0 && access(file, R_OK) != 0) {
        perror(file);
        return EXIT_ERROR;
    }
    snprintf(k->file, sizeof k->file, "%s", file);
    k->doc = yaml_read_file(file, &ps);
    if (yaml_root(k->doc)) k->design = design_from_json(yaml_root(k->doc), &k->arena, &ps);
    yaml_print_problems(k->doc, &ps, stderr);
    return k->design ? EXIT_FINE : EXIT_USAGE;
}

int check_open_waivers(struct check *k, const char *file)
{
    struct problems ps;
    problems_init(&ps, &k->arena);
    struct yaml_doc *doc = yaml_read_file(file, &ps);
    if (yaml_root(doc)) k->waivers = waivers_from_json(yaml_root(doc), k->checklist, &k->arena, &ps);
    yaml_print_problems(doc, &ps, stderr);
    yaml_drop(doc);
    return k->waivers ? EXIT_FINE : EXIT_USAGE;
}

static bool prefix_known(const struct checklist *c, const char *prefix)
{
    for (size_t i = 0; i < c->rows_n; i++)
        if (strncmp(c->rows[i].id, prefix, strlen(prefix)) == 0) return true;
    return false;
}

int check_open_only(struct check *k, const char *list)
{
    char *copy = arena_text(&k->arena, list);
    size_t n = 0;
    for (char *word = copy; word && *word;) {
        char *comma = strchr(word, ',');
        if (comma) *comma = 0;
        if (!prefix_known(k->checklist, word)) {
            fprintf(stderr, "fairlead check: --only %s: no row's id begins so\n", word);
            return EXIT_USAGE;
        }
        if (n < CHECK_PREFIXES_MAX) k->only[n++] = word;
        word = comma ? comma + 1 : NULL;
    }
    k->only[n] = NULL;
    return n > 0 ? EXIT_FINE : EXIT_USAGE;
}

/* ---- choosing ---- */

static void add_lab(void *ctx, const char *lab)
{
    struct text *t = ctx;
    text_addf(t, "%s%s", t->n ? ", " : "", lab);
}

static int nothing_named(void)
{
    struct text labs = {0};
    lab_each(add_lab, &labs);
    fputs("fairlead: what is to be looked at? name one of these\n"
          "  DESIGN.yaml    a design file; fairlead init writes one\n"
          "  --lab NAME     a lab on this machine",
          stderr);
    if (labs.n) fprintf(stderr, " (there %s: %s)\n", strchr(text_get(&labs), ',') ? "are" : "is", text_get(&labs));
    else fputs(" (there is none; fairlead lab up builds one)\n", stderr);
    fputs("  --import DIR   what was exported from a subscription; fairlead import prints the commands\n",
          stderr);
    text_drop(&labs);
    return EXIT_USAGE;
}

int check_open_source(struct check *k, const struct check_source *s)
{
    int named = (s->lab != NULL) + (s->import != NULL || s->arm != NULL);
    if (named > 1) {
        fputs("fairlead: --lab and --import exclude each other\n", stderr);
        return EXIT_USAGE;
    }
    if (s->lab && s->design) {
        fputs("fairlead: a lab is judged by the design it was built from; leave the file out\n", stderr);
        return EXIT_USAGE;
    }
    if (s->feed && office_open_feed(k, s->feed) != EXIT_FINE) return EXIT_ERROR;
    if (s->lab) return check_take_lab(k, s->lab);
    if (s->import || s->arm) return check_take_import(k, s);
    if (!s->design) return nothing_named();
    return check_load_design(k, s->design);
}

/* ---- judging ---- */

static void warn_unused(struct check *k, const struct report *r)
{
    k->warned = true;
    for (size_t i = 0; i < r->unused_n; i++) {
        char pointer[40];
        snprintf(pointer, sizeof pointer, "/statements/%zu", r->unused[i].index);
        const char *place = check_place(k, pointer);
        fprintf(stderr, "%s: warning: this statement decides nothing: %s\n", place ? place : pointer, r->unused[i].why);
    }
}

struct report *check_judge(struct check *k, bool only)
{
    struct checklist_input in = {.checklist = k->checklist, .catalogue = k->catalogue, .design = k->design,
                                 .facts = k->has_facts ? &k->facts : NULL, .mode = k->mode,
                                 .now_ms = (int64_t)time(NULL) * 1000, .only = only ? k->only : NULL,
                                 .waivers = k->waivers, .feed = k->feed, .derived = !k->doc};
    struct report *r = checklist_run(&in, &k->arena);
    if (!r) fputs("fairlead check: the design is too large\n", stderr);
    if (r && !k->warned) warn_unused(k, r);
    if (r && strcmp(k->mode, "field") == 0) check_hint_missing(k, r);
    return r;
}

const char *check_place(void *check, const char *pointer)
{
    struct check *k = check;
    if (!k->doc) return NULL;
    struct yaml_place at = yaml_place_of(k->doc, pointer);
    snprintf(k->place, sizeof k->place, "%s:%u:%u", k->file, at.line, at.column);
    return k->place;
}

void check_tell_silent(const struct check *k)
{
    for (const char *s = text_get(&k->silent); *s;) {
        size_t n = strcspn(s, "\n");
        fprintf(stderr, "fairlead: no answer from %.*s\n", (int)n, s);
        s += n + (s[n] == '\n');
    }
}

/* ---- what a filed report names ---- */

static void hash_text(const void *bytes, size_t n, char out[static 65])
{
    unsigned char digest[TLS_DIGEST];
    tls_digest(bytes, n, digest);
    for (size_t i = 0; i < TLS_DIGEST; i++) snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* Of the design as written, or as derived when nobody wrote one; and of all facts, a line each. */
static void hash_inputs(struct check *k)
{
    struct text t = {0};
    if (!k->doc || !lab_read_file(k->file, &t)) {
        json_t *json = design_to_json(k->design, false);
        char *s = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
        text_add(&t, s ? s : "");
        free(s);
        json_decref(json);
    }
    hash_text(text_get(&t), t.n, k->design_hash);
    text_clear(&t);
    for (size_t i = 0; k->has_facts && i < k->facts.n; i++) {
        const struct fact *f = &k->facts.list[i];
        text_addf(&t, "%s %s %s %s %lld\n", fact_kinds[f->name].name, f->subject, f->value, f->source,
                  (long long)f->at_ms);
    }
    hash_text(text_get(&t), t.n, k->evidence_hash);
    text_drop(&t);
}

struct check_view check_view_of(struct check *k, const struct report *r)
{
    hash_inputs(k);
    return (struct check_view){.report = r, .checklist = k->checklist, .place = check_place, .ctx = k,
                               .waivers = k->waivers, .design_name = *k->design->name ? k->design->name : "design",
                               .design_file = k->doc ? k->file : "derived from the export",
                               .design_hash = k->design_hash, .evidence_hash = k->evidence_hash,
                               .facts_n = k->has_facts ? k->facts.n : 0};
}
