/* cli/capacity.c - `fairlead capacity`: a plan from a file, and the published examples computed
 * again. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "capacity/examples.h"
#include "capacity/plan_json.h"
#include "cli/command.h"
#include "cli/options.h"
#include "sys/yaml.h"

static void print_sites(const struct capacity_report *r)
{
    printf("%-20s %6s %8s %12s %12s %12s\n", "SITE", "COPIES", "USERS", "UP kbps", "DOWN kbps",
           "WAN kbps");
    for (size_t i = 0; i < r->in->site_count; i++) {
        const struct site_load *l = &r->sites[i];
        char up[EXACT_TEXT_MAX], down[EXACT_TEXT_MAX], wan[EXACT_TEXT_MAX];
        printf("%-20s %6u %8lld %12s %12s %12s\n", l->site->name, l->site->copies,
               (long long)l->users, exact_text(exact_of(l->circuit_up_bps, 1000), 2, false, up),
               exact_text(exact_of(l->circuit_down_bps, 1000), 2, false, down),
               exact_text(exact_of(l->wan_bps, 1000), 2, false, wan));
    }
}

static void print_report(const struct capacity_report *r)
{
    if (r->in->site_count) print_sites(r);
    puts("\nFIGURES");
    for (size_t i = 0; i < r->figure_count; i++) {
        const struct figure *f = &r->figures[i];
        printf("  %s, %s: %s %s\n      = %s  [%s]\n", f->subject, f->name, f->value, f->unit,
               f->formula, f->source);
        if (*f->assumption) printf("      assumes: %s\n", f->assumption);
    }
    puts("\nVERDICTS");
    for (size_t i = 0; i < r->verdict_count; i++) {
        const struct verdict *v = &r->verdicts[i];
        printf("  %-8s %-11s %s: %s\n", judgement_text(v->judgement), v->row, v->subject,
               v->message);
    }
}

static int print_json(json_t *o)
{
    json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    putchar('\n');
    json_decref(o);
    return EXIT_FINE;
}

static int plan_document(const char *path, enum output output, struct arena *a)
{
    struct problems ps;
    struct capacity_input in;
    struct capacity_report report;
    problems_init(&ps, a);
    struct yaml_doc *doc = yaml_read_file(path, &ps);
    const json_t *root = yaml_root(doc);
    /* In a design file the plan is one section. */
    const json_t *section = json_object_get(root, "capacity");
    bool fine = root && capacity_read(section ? section : root, a, &ps, &in);
    if (!fine) yaml_print_problems(doc, &ps, stderr);
    yaml_drop(doc);
    if (!fine) return EXIT_ERROR;
    if (!capacity_plan(&in, a, &report))
        return fputs("fairlead: the plan is too large\n", stderr), EXIT_ERROR;
    if (output == OUTPUT_JSON) return print_json(capacity_write(&report));
    print_report(&report);
    return EXIT_FINE;
}

static int run_plan(int argc, char **argv)
{
    const char *value = NULL, *words[1];
    enum output output;
    const struct option_row rows[] = {{"--output", "-o", &value, NULL}, {0}};
    int n = options_read(rows, argc, argv, words, 1);
    if (n < 0 || !output_read(value, &output)) return EXIT_USAGE;
    if (n == 0)
        return fputs("usage: fairlead capacity plan FILE [-o table|json]\n", stderr), EXIT_USAGE;
    struct arena a;
    arena_init(&a, CAPACITY_ARENA);
    int status = plan_document(words[0], output, &a);
    arena_drop(&a);
    return status;
}

static int run_examples(int argc, char **argv)
{
    const char *value = NULL, *words[1];
    enum output output;
    const struct option_row rows[] = {{"--output", "-o", &value, NULL}, {0}};
    if (options_read(rows, argc, argv, words, 0) < 0 || !output_read(value, &output))
        return EXIT_USAGE;
    json_t *list = json_array();
    for (const struct example *e = capacity_examples; e->what; e++) {
        char ours[EXACT_TEXT_MAX];
        exact_text(e->compute(), e->decimals, false, ours);
        json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "example", e->what,
                                              "formula", e->formula, "value", ours, "unit", e->unit,
                                              "printed", e->printed, "wrong", e->wrong, "source",
                                              e->source));
        if (output == OUTPUT_TABLE)
            printf("%-46s %14s %-9s %s%s%s%s\n", e->what, ours, e->unit,
                   *e->printed ? "printed " : "", e->printed, *e->wrong ? ", WRONG: " : "",
                   e->wrong);
    }
    if (output == OUTPUT_JSON) return print_json(list);
    json_decref(list);
    return EXIT_FINE;
}

const struct command capacity_commands[] = {
    {"capacity", "plan", "FILE [-o json]", "bandwidth, circuit, NAT, window and media figures",
     run_plan},
    {"capacity", "examples", "[-o json]", "the published examples, computed again", run_examples},
    {0},
};
