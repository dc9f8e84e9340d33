/* cli/check.c - `fairlead check`: design, lab or export in, verdicts out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/check_input.h"
#include "cli/check_print.h"
#include "cli/command.h"
#include "cli/options.h"

struct check_options {
    struct check_source source;
    const char *output, *only, *waivers, *explain;
    bool all;
};

/* ---- output ---- */

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
    struct check_view v = {.report = r, .checklist = k->checklist, .place = check_place, .ctx = k,
                           .colour = isatty(STDOUT_FILENO) && !(no_color && *no_color), .all = o->all};
    if (!outputs[output].print) return check_print_nagios(&v, stdout);
    outputs[output].print(&v, stdout);
    return report_exit_code(r);
}

/* ---- the command ---- */

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

static int run(struct check *k, const struct check_options *o)
{
    int output = find_output(o->output), status;
    if (output < 0) return EXIT_USAGE;
    if ((status = check_open_registries(k)) != EXIT_FINE) return status;
    if (o->explain) return explain(k, o->explain);
    if (o->only && (status = check_open_only(k, o->only)) != EXIT_FINE) return status;
    if (o->waivers && (status = check_open_waivers(k, o->waivers)) != EXIT_FINE) return status;
    if ((status = check_open_source(k, &o->source)) != EXIT_FINE) return status;
    check_tell_silent(k);
    struct report *r = check_judge(k, o->only != NULL);
    if (!r) return EXIT_ERROR;
    if (o->source.lab && !o->only) check_post_lab(o->source.lab, r);
    return print_report(k, r, o, output);
}

static int run_check(int argc, char **argv)
{
    struct check_options o = {0};
    const char *words[1] = {NULL};
    const struct option_row rows[] = {
        {"--lab", NULL, &o.source.lab, NULL},  {"--output", "-o", &o.output, NULL},
        {"--import", NULL, &o.source.import, NULL}, {"--arm", NULL, &o.source.arm, NULL},
        {"--ca", NULL, &o.source.arm_ca, NULL}, {"--subscription", NULL, &o.source.subscription, NULL},
        {"--only", NULL, &o.only, NULL},       {"--waivers", NULL, &o.waivers, NULL},
        {"--explain", NULL, &o.explain, NULL}, {"--all", NULL, NULL, &o.all},
        {0},
    };
    struct check k = {0};
    int n = options_read(rows, argc, argv, words, 1);
    if (n < 0) return EXIT_USAGE;
    o.source.design = n ? words[0] : NULL;
    int status = run(&k, &o);
    check_close(&k);
    return status;
}

const struct command check_commands[] = {
    {"check", NULL, "[DESIGN.yaml] [--lab NAME] [-o table|json|junit|nagios] [--only ID,..] [--waivers FILE] "
                    "[--explain ID] [--all]",
     "judge every prerequisite", run_check},
    {0},
};
