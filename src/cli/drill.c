/* cli/drill.c - fairlead drill list and run. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "cli/command.h"
#include "cli/lab_access.h"
#include "cli/options.h"
#include "lab/drill.h"

static int print_json(json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
    return EXIT_FINE;
}

static int drill_list_command(int argc, char **argv)
{
    const char *format = NULL;
    const struct option_row rows[] = {{"--output", "-o", &format, NULL}, {0}};
    enum output output;
    if (options_read(rows, argc, argv, NULL, 0) < 0 || !output_read(format, &output))
        return EXIT_USAGE;
    if (output == OUTPUT_JSON) return print_json(drill_list());
    for (size_t i = 0; i < drills_n; i++)
        printf("%-17s breaks %s: %s\n%-17s expected: %s (silence of at most %lld ms)\n",
               drills[i].name, drills[i].breaks, drills[i].how, "", drills[i].expects,
               (long long)drills[i].max_outage_ms);
    return EXIT_FINE;
}

static void print_result(const struct drill_result *r)
{
    printf("drill %s on %s\n", r->drill->name, r->subject);
    printf("  broken     %s: %s\n", r->drill->breaks, r->drill->how);
    for (size_t i = 0; i < r->noticed_n; i++)
        printf("  %s %5lld ms  %s\n", i ? "          " : "noticed   ",
               (long long)r->noticed[i].after_ms, r->noticed[i].id);
    printf(
        "  probes     %lld sent, %lld lost; longest silence %lld ms (expected: at most %lld ms)\n",
        (long long)r->sent, (long long)r->lost, (long long)r->outage_ms,
        (long long)r->drill->max_outage_ms);
    printf("  restored   %s\n", r->restored ? "yes, everything is as before" : "NO");
    printf("  verdict    %s\n", r->cut_short  ? "cut short"
                                : r->expected ? "as expected"
                                              : "NOT as expected");
}

static int run_in(struct opened_lab *o, const struct drill *d, int64_t hold_ms, enum output output)
{
    struct drill_result result = {.drill = d};
    struct text why = {0};
    bool done = drill_do(&o->lab, d, hold_ms, &result, &why);
    if (!done) fprintf(stderr, "fairlead: drill %s: %s\n", d->name, text_get(&why));
    text_drop(&why);
    if (done && output == OUTPUT_JSON) print_json(drill_result_json(&result));
    if (done && output == OUTPUT_TABLE) print_result(&result);
    return done && result.expected && result.restored ? EXIT_FINE : EXIT_ERROR;
}

static int drill_run_command(int argc, char **argv)
{
    const char *name = LAB_DEFAULT_NAME, *format = NULL, *hold = NULL, *word = NULL;
    const struct option_row rows[] = {{"--lab", NULL, &name, NULL},
                                      {"--hold", NULL, &hold, NULL},
                                      {"--output", "-o", &format, NULL},
                                      {0}};
    enum output output;
    if (options_read(rows, argc, argv, &word, 1) < 0 || !lab_name_check(name) ||
        !output_read(format, &output))
        return EXIT_USAGE;
    const struct drill *d = word ? drill_by_name(word) : NULL;
    if (!d) {
        fprintf(stderr, "fairlead: %s; fairlead drill list shows them\n",
                word ? "there is no such drill" : "which drill?");
        return word ? EXIT_NOT_FOUND : EXIT_USAGE;
    }
    enum { LONGEST_HOLD_MS = 600000 };
    int64_t hold_ms = hold ? atoll(hold) : DRILL_HOLD_MS;
    if (hold_ms <= 0 || hold_ms > LONGEST_HOLD_MS) {
        fprintf(stderr, "fairlead: --hold takes milliseconds, 1 to %d\n", LONGEST_HOLD_MS);
        return EXIT_USAGE;
    }
    struct opened_lab o;
    interrupts_catch();
    int status = lab_open_existing(&o, name, false);
    if (status != EXIT_FINE) return status;
    status = run_in(&o, d, hold_ms, output);
    lab_close_opened(&o);
    return status;
}

const struct command drill_commands[] = {
    {"drill", "list", "[-o json]", "what can be broken, how, and what is expected",
     drill_list_command},
    {"drill", "run", "NAME [--lab N] [--hold MS] [-o json]", "breaks it, measures, puts it back",
     drill_run_command},
    {0},
};
