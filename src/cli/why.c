/* cli/why.c - `fairlead why SRC DST`: the ladder of both legs, from live evidence or an export. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "checklist/why_json.h"
#include "cli/check_input.h"
#include "cli/command.h"
#include "cli/options.h"

enum { EXIT_BROKEN = 4, EXIT_UNKNOWN = 5 };

static const struct {
    const char *word, *colour;
} marks[] = {[WHY_UNKNOWN] = {"?   ", "\033[35m"}, [WHY_YES] = {"ok  ", "\033[32m"}, [WHY_NO] = {"FAIL", "\033[1;31m"}};

static void print_escaped(const char *s)
{
    struct text t = {0};
    text_add_escaped(&t, s, strlen(s), 1500);
    fputs(text_get(&t), stdout);
    text_drop(&t);
}

static void print_rung(const struct why_leg *l, enum why_step s, bool colour)
{
    const struct why_rung *r = &l->rungs[s];
    printf("    %s%s%s  %-7s ", colour ? marks[r->ok].colour : "", marks[r->ok].word, colour ? "\033[0m" : "", why_step_name(s));
    print_escaped(r->rule);
    putchar('\n');
    if (r->ok != WHY_NO) return;
    if (*r->evidence) {
        fputs("                  seen  ", stdout);
        print_escaped(r->evidence);
        putchar('\n');
    }
    printf("                  do    %s: ", r->owner);
    print_escaped(r->remedy);
    putchar('\n');
}

static void print_ladder(const struct why *w)
{
    const char *no_color = getenv("NO_COLOR");
    bool colour = isatty(STDOUT_FILENO) && !(no_color && *no_color);
    char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];
    printf("%s to %s over circuit/%s/%s\n", addr_text(&w->src, src), addr_text(&w->dst, dst), w->circuit, w->peering);
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        const struct why_leg *l = &w->legs[leg];
        printf("  %s leg%s%s\n", leg_name(leg), l->broken == WHY_STEPS ? "" : ", broken at ",
               l->broken == WHY_STEPS ? "" : why_step_name(l->broken));
        for (enum why_step s = 0; s < WHY_STEPS; s++)
            if (l->broken == WHY_STEPS || s <= l->broken) print_rung(l, s, colour);
    }
    static const char *const reach[] = {[WHY_UNKNOWN] = "It is not known whether packets get there and back.",
                                        [WHY_YES] = "Packets get there and back over %s.\n",
                                        [WHY_NO] = "No leg carries packets there and back."};
    bool first = w->legs[LEG_FIRST].ok == WHY_YES, second = w->legs[LEG_SECOND].ok == WHY_YES;
    if (w->reachable == WHY_YES) printf(reach[WHY_YES], first && second ? "both legs" : first ? "the primary leg only" : "the secondary leg only");
    else puts(reach[w->reachable]);
    if (w->symmetric == WHY_NO) puts("The way there and the way back use different legs.");
    if (w->symmetric == WHY_YES && w->reachable == WHY_YES) puts("The same legs carry both directions.");
}

static int climb(struct check *k, const char *const *ends, enum output output)
{
    struct why_input in = {.design = k->design, .facts = &k->facts, .now_ms = (int64_t)time(NULL) * 1000,
                           .freshness_s = k->checklist->freshness_s};
    struct addr *const out[] = {&in.src, &in.dst};
    const char *reason;
    for (size_t i = 0; i < 2; i++)
        if (!why_address(k->design, ends[i], out[i])) {
            fprintf(stderr, "fairlead why: '%.60s' is neither an address nor a host of the design\n", ends[i]);
            return EXIT_USAGE;
        }
    struct why *w = why_climb(&in, &k->arena, &reason);
    if (!w) {
        fprintf(stderr, "fairlead why: %s\n", reason);
        return EXIT_NOT_FOUND;
    }
    if (output == OUTPUT_JSON) {
        json_t *json = why_to_json(w);
        json_dumpf(json, stdout, JSON_INDENT(1));
        putchar('\n');
        json_decref(json);
    } else {
        print_ladder(w);
    }
    return w->ok == WHY_YES ? EXIT_FINE : w->ok == WHY_NO ? EXIT_BROKEN : EXIT_UNKNOWN;
}

static int run_why(int argc, char **argv)
{
    struct check_source source = {0};
    const char *words[2] = {NULL}, *format = NULL;
    const struct option_row rows[] = {
        {"--lab", NULL, &source.lab, NULL},       {"--import", NULL, &source.import, NULL},
        {"--design", NULL, &source.design, NULL}, {"--arm", NULL, &source.arm, NULL},
        {"--ca", NULL, &source.arm_ca, NULL},     {"--subscription", NULL, &source.subscription, NULL},
        {"--output", "-o", &format, NULL},        {0},
    };
    enum output output;
    struct check k = {0};
    int n = options_read(rows, argc, argv, words, 2);
    if (n < 0 || !output_read(format, &output)) return EXIT_USAGE;
    if (n < 2) {
        fputs("fairlead why: from where to where? fairlead why SRC DST --lab NAME\n", stderr);
        return EXIT_USAGE;
    }
    int status = check_open_registries(&k);
    if (status == EXIT_FINE) status = check_open_source(&k, &source);
    if (status == EXIT_FINE && !k.has_facts) {
        fputs("fairlead why: a ladder needs evidence: --lab NAME or --import DIR\n", stderr);
        status = EXIT_USAGE;
    }
    if (status == EXIT_FINE) {
        check_tell_silent(&k);
        status = climb(&k, words, output);
    }
    check_close(&k);
    return status;
}

const struct command why_commands[] = {
    {"why", NULL, "SRC DST [--lab NAME | --import DIR | --arm URL] [--design FILE] [-o table|json]",
     "why SRC does, or does not, reach DST: the ladder of both legs", run_why},
    {0},
};
