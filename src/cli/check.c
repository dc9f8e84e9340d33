/* cli/check.c - `fairlead check`: design, lab or export in, verdicts out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/check_input.h"
#include "cli/check_print.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/suggest.h"
#include "lab/pause.h"
#include "lab/state.h"

enum { EVERY_S = 5, EVERY_LEAST_S = 1, EVERY_MOST_S = 86400 };

struct check_options {
    struct check_source source;
    const char *output, *only, *waivers, *explain, *every;
    bool all, seed_order, watch, suggest;
    int every_s;
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
    {"html", check_print_html},
    {"prometheus", check_print_metrics},
    {"nagios", NULL}, /* has an exit status of its own */
};

static int find_output(const char *name)
{
    if (!name) name = isatty(STDOUT_FILENO) ? "table" : "json";
    for (size_t i = 0; i < ARRAY_LEN(outputs); i++)
        if (strcmp(outputs[i].name, name) == 0) return (int)i;
    fprintf(stderr, "fairlead check: -o %s: one of table, json, junit, html, prometheus, nagios\n", name);
    return -1;
}

static bool colour_wanted(void)
{
    const char *no_color = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

static struct check_view view_of(struct check *k, const struct report *r, const struct check_options *o)
{
    struct check_view v = check_view_of(k, r);
    v.colour = colour_wanted();
    v.all = o->all;
    v.seed_order = o->seed_order;
    return v;
}

static int print_report(struct check *k, const struct report *r, const struct check_options *o, int output)
{
    struct check_view v = view_of(k, r, o);
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

/* Everything up to the verdicts; *out NULL unless EXIT_FINE. */
static int judge(struct check *k, const struct check_options *o, struct report **out)
{
    int status;
    if (o->only && (status = check_open_only(k, o->only)) != EXIT_FINE) return status;
    if (o->waivers && (status = check_open_waivers(k, o->waivers)) != EXIT_FINE) return status;
    if ((status = check_open_source(k, &o->source)) != EXIT_FINE) return status;
    *out = check_judge(k, o->only != NULL);
    if (!*out) return EXIT_ERROR;
    if (o->source.lab && !o->only) check_post_lab(o->source.lab, *out);
    return EXIT_FINE;
}

/* ---- again and again ---- */

/* On a terminal the whole report stands on a cleared screen, changed rows marked; elsewhere the first
 * report is printed and then only what changes. */
static void show_turn(struct check_view *v, bool first)
{
    bool terminal = isatty(STDOUT_FILENO);
    if (terminal) fputs("\033[H\033[2J", stdout);
    if (terminal || first) check_print_table(v, stdout);
    if (!first) {
        if (terminal) puts("\nchanged since the last look:");
        if (!check_print_changes(v, stdout) && terminal) puts("  nothing");
    }
    fflush(stdout);
}

static int watch(const struct check_options *o)
{
    struct check turns[2] = {0};
    struct report *reports[2] = {NULL};
    int status = EXIT_FINE, now_i = 0;
    interrupts_catch();
    for (bool first = true; status == EXIT_FINE && !interrupted(); first = false, now_i = 1 - now_i) {
        struct check *k = &turns[now_i];
        check_close(k);
        reports[now_i] = NULL;
        status = check_open_registries(k);
        if (status == EXIT_FINE) status = judge(k, o, &reports[now_i]);
        if (status != EXIT_FINE) break;
        struct check_view v = view_of(k, reports[now_i], o);
        v.before = reports[1 - now_i];
        show_turn(&v, first);
        check_tell_silent(k);
        pause_for(duration_s(o->every_s));
    }
    int last = reports[1 - now_i] ? 1 - now_i : now_i;
    if (status == EXIT_FINE && reports[last]) status = report_exit_code(reports[last]);
    check_close(&turns[0]);
    check_close(&turns[1]);
    return status;
}

static int run(struct check *k, const struct check_options *o)
{
    struct report *r = NULL;
    int output = find_output(o->output), status;
    if (output < 0) return EXIT_USAGE;
    if ((status = check_open_registries(k)) != EXIT_FINE) return status;
    if (o->explain) return explain(k, o->explain);
    if ((status = judge(k, o, &r)) != EXIT_FINE) return status;
    check_tell_silent(k);
    if (!o->suggest) return print_report(k, r, o, output);
    if (suggest_print(k, r, stdout) == 0) puts("nothing that a changed line of the design file would settle");
    return report_exit_code(r);
}

static bool take_every(struct check_options *o)
{
    char *end = NULL;
    long s = o->every ? strtol(o->every, &end, 10) : EVERY_S;
    o->every_s = (int)s;
    if (!o->every || (*o->every && !*end && s >= EVERY_LEAST_S && s <= EVERY_MOST_S)) return true;
    fprintf(stderr, "fairlead check: --every %.20s: whole seconds from %d to %d\n", o->every, EVERY_LEAST_S, EVERY_MOST_S);
    return false;
}

static int run_check(int argc, char **argv)
{
    struct check_options o = {0};
    const char *words[1] = {NULL};
    const struct option_row rows[] = {
        {"--lab", NULL, &o.source.lab, NULL},  {"--output", "-o", &o.output, NULL},
        {"--import", NULL, &o.source.import, NULL}, {"--arm", NULL, &o.source.arm, NULL},
        {"--ca", NULL, &o.source.arm_ca, NULL}, {"--subscription", NULL, &o.source.subscription, NULL},
        {"--feed", NULL, &o.source.feed, NULL}, {"--only", NULL, &o.only, NULL}, {"--waivers", NULL, &o.waivers, NULL},
        {"--explain", NULL, &o.explain, NULL}, {"--all", NULL, NULL, &o.all},
        {"--seed-order", NULL, NULL, &o.seed_order}, {"--watch", "-w", NULL, &o.watch},
        {"--every", NULL, &o.every, NULL},     {"--suggest", NULL, NULL, &o.suggest},
        {0},
    };
    struct check k = {0};
    int n = options_read(rows, argc, argv, words, 1);
    if (n < 0 || !take_every(&o)) return EXIT_USAGE;
    o.source.design = n ? words[0] : NULL;
    if (o.watch) return watch(&o);
    int status = run(&k, &o);
    check_close(&k);
    return status;
}

/* ---- fairlead report ---- */

static int write_html(struct check *k, const struct report *r, const char *file)
{
    struct check_view v = check_view_of(k, r);
    char *html = NULL;
    size_t n = 0;
    struct text why = {0};
    FILE *f = open_memstream(&html, &n);
    if (!f) return EXIT_ERROR;
    check_print_html(&v, f);
    fclose(f);
    bool wrote = lab_write_file(file, html, 0644, &why);
    if (wrote) printf("%s: %zu fail, %zu warn, %zu unknown, %zu pass; index %u\n", file, r->count[VERDICT_FAIL],
                      r->count[VERDICT_WARN], r->count[VERDICT_UNKNOWN], r->count[VERDICT_PASS], r->index);
    else fprintf(stderr, "fairlead report: %s\n", text_get(&why));
    free(html);
    text_drop(&why);
    return wrote ? report_exit_code(r) : EXIT_ERROR;
}

static int run_report(int argc, char **argv)
{
    struct check_options o = {0};
    const char *words[1] = {NULL}, *file = NULL;
    const struct option_row rows[] = {
        {"--lab", NULL, &o.source.lab, NULL},   {"--import", NULL, &o.source.import, NULL},
        {"--html", NULL, &file, NULL},          {"--waivers", NULL, &o.waivers, NULL},
        {0},
    };
    struct check k = {0};
    struct report *r = NULL;
    int n = options_read(rows, argc, argv, words, 1);
    if (n < 0) return EXIT_USAGE;
    o.source.design = n ? words[0] : NULL;
    int status = check_open_registries(&k);
    if (status == EXIT_FINE) status = judge(&k, &o, &r);
    if (status == EXIT_FINE) {
        check_tell_silent(&k);
        status = write_html(&k, r, file ? file : "fairlead-report.html");
    }
    check_close(&k);
    return status;
}

const struct command check_commands[] = {
    {"check", NULL,
     "[DESIGN.yaml] [--lab NAME | --import DIR | --arm URL [--ca FILE] [--subscription ID]] [-o table|json|junit|html|prometheus|nagios] "
     "[--feed FILE] [--only ID,..] [--waivers FILE] [--explain ID] [--suggest] [--all] [--seed-order] [--watch [--every SECONDS]]",
     "judge every prerequisite", run_check},
    {"report", NULL, "[DESIGN.yaml | --lab NAME | --import DIR] [--html FILE] [--waivers FILE]",
     "the check as one HTML file to be filed or printed", run_report},
    {0},
};
