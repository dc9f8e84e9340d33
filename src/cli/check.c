/* cli/check.c - `fairlead check`: reads a design, gathers facts where there is something that runs, and
 * lets the checklist judge. A file that cannot be read as a design gives file:line:column and exit
 * status 2 (RB-220). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "checklist/rows_json.h"
#include "cli/check_print.h"
#include "cli/command.h"
#include "cli/options.h"
#include "model/catalogue_json.h"
#include "model/design_json.h"
#include "sys/data_files.h"
#include "sys/yaml.h"

enum { MEMORY = 1 << 30, PREFIXES_MAX = 32 };

struct check { /* one run of the command */
    struct arena arena;
    struct checklist *checklist;
    struct catalogue *catalogue;
    struct yaml_doc *doc;
    struct design *design;
    struct waivers *waivers;
    const char *only[PREFIXES_MAX + 1];
    char place[4400];
    const char *file;
};

struct check_options {
    const char *lab, *output, *only, *waivers, *explain;
    bool all;
};

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

/* ---- what people wrote ---- */

static bool load_design(struct check *k, const char *file)
{
    struct problems ps;
    problems_init(&ps, &k->arena);
    k->file = file;
    k->doc = yaml_read_file(file, &ps);
    if (yaml_root(k->doc)) k->design = design_from_json(yaml_root(k->doc), &k->arena, &ps);
    yaml_print_problems(k->doc, &ps, stderr);
    return k->design != NULL;
}

static bool load_waivers(struct check *k, const char *file)
{
    struct problems ps;
    problems_init(&ps, &k->arena);
    struct yaml_doc *doc = yaml_read_file(file, &ps);
    if (yaml_root(doc)) k->waivers = waivers_from_json(yaml_root(doc), k->checklist, &k->arena, &ps);
    yaml_print_problems(doc, &ps, stderr);
    yaml_drop(doc);
    return k->waivers != NULL;
}

static bool prefix_known(const struct checklist *c, const char *prefix)
{
    for (size_t i = 0; i < c->rows_n; i++)
        if (strncmp(c->rows[i].id, prefix, strlen(prefix)) == 0) return true;
    return false;
}

/* "NET-BGP,PRV-01" into k->only. */
static bool take_prefixes(struct check *k, const char *list)
{
    char *copy = arena_text(&k->arena, list);
    size_t n = 0;
    for (char *word = copy; word && *word;) {
        char *comma = strchr(word, ',');
        if (comma) *comma = 0;
        if (!prefix_known(k->checklist, word)) {
            fprintf(stderr, "fairlead check: --only %s: no row's id begins so\n", word);
            return false;
        }
        if (n < PREFIXES_MAX) k->only[n++] = word;
        word = comma ? comma + 1 : NULL;
    }
    k->only[n] = NULL;
    return n > 0;
}

/* ---- output ---- */

static const char *place_of(void *ctx, const char *pointer)
{
    struct check *k = ctx;
    struct yaml_place at = yaml_place_of(k->doc, pointer);
    snprintf(k->place, sizeof k->place, "%s:%u:%u", k->file, at.line, at.column);
    return k->place;
}

static void print_json(const struct check_view *v, FILE *out)
{
    json_t *json = report_to_json(v->report);
    json_dumpf(json, out, JSON_INDENT(1));
    fputc('\n', out);
    json_decref(json);
}

static const struct {
    const char *name;
    void (*print)(const struct check_view *, FILE *);
} outputs[] = {
    {"table", check_print_table},
    {"json", print_json},
    {"junit", check_print_junit},
    {"nagios", NULL}, /* has an exit status of its own */
};

static int find_output(const char *name)
{
    if (!name) name = isatty(STDOUT_FILENO) ? "table" : "json";
    for (size_t i = 0; i < ARRAY_LEN(outputs); i++)
        if (strcmp(outputs[i].name, name) == 0) return (int)i;
    fprintf(stderr, "fairlead check: -o %s: one of table, json, junit, nagios\n", name);
    return -1;
}

static int print_report(struct check *k, const struct report *r, const struct check_options *o, int output)
{
    const char *no_color = getenv("NO_COLOR");
    struct check_view v = {.report = r, .checklist = k->checklist, .place = place_of, .ctx = k,
                           .colour = isatty(STDOUT_FILENO) && !(no_color && *no_color), .all = o->all};
    if (!outputs[output].print) return check_print_nagios(&v, stdout);
    outputs[output].print(&v, stdout);
    return report_exit_code(r);
}

/* ---- the command ---- */

static int judge(struct check *k, const struct check_options *o, int output, const struct facts *facts,
                 const char *mode)
{
    struct checklist_input in = {.checklist = k->checklist, .catalogue = k->catalogue,
                                 .design = k->design, .facts = facts, .mode = mode,
                                 .now_ms = (int64_t)time(NULL) * 1000, .only = o->only ? k->only : NULL,
                                 .waivers = k->waivers};
    struct report *r = checklist_run(&in, &k->arena);
    if (!r) {
        fputs("fairlead check: the design is too large\n", stderr);
        return EXIT_ERROR;
    }
    return print_report(k, r, o, output);
}

static int explain(const struct check *k, const char *id)
{
    const struct checklist_row *row = checklist_row(k->checklist, id);
    if (!row) {
        fprintf(stderr, "fairlead check: there is no row '%s'\n", id);
        return EXIT_NOT_FOUND;
    }
    check_print_row(k->checklist, row, stdout);
    return EXIT_FINE;
}

static int run(struct check *k, const struct check_options *o, const char *file)
{
    int output = find_output(o->output);
    if (output < 0) return EXIT_USAGE;
    if (!load_checklist(k) || !load_catalogue(k)) return EXIT_ERROR;
    if (o->explain) return explain(k, o->explain);
    if (o->only && !take_prefixes(k, o->only)) return EXIT_USAGE;
    if (o->waivers && !load_waivers(k, o->waivers)) return EXIT_USAGE;
    if (!file) {
        fputs("fairlead check: name a design file, or --lab NAME\n", stderr);
        return EXIT_USAGE;
    }
    if (access(file, R_OK) != 0 && strcmp(file, "-") != 0) {
        perror(file);
        return EXIT_ERROR;
    }
    if (!load_design(k, file)) return EXIT_USAGE;
    return judge(k, o, output, NULL, "design");
}

static int run_check(int argc, char **argv)
{
    struct check_options o = {0};
    const char *words[1] = {NULL};
    const struct option_row rows[] = {
        {"--lab", NULL, &o.lab, NULL},         {"--output", "-o", &o.output, NULL},
        {"--only", NULL, &o.only, NULL},       {"--waivers", NULL, &o.waivers, NULL},
        {"--explain", NULL, &o.explain, NULL}, {"--all", NULL, NULL, &o.all},
        {0},
    };
    int n = options_read(rows, argc, argv, words, 1);
    if (n < 0) return EXIT_USAGE;
    struct check k = {0};
    arena_init(&k.arena, MEMORY);
    int status = run(&k, &o, n ? words[0] : NULL);
    yaml_drop(k.doc);
    arena_drop(&k.arena);
    return status;
}

const struct command check_commands[] = {
    {"check", NULL, "[DESIGN.yaml] [--lab NAME] [-o table|json|junit|nagios] [--only ID,..] [--waivers FILE] "
                    "[--explain ID] [--all]",
     "judge every prerequisite", run_check},
    {0},
};
