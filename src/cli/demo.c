/* cli/demo.c - fairlead demo: the whole tour by the same commands a user would type.
 * Each part is run as a program of its own, so what the tour shows is what the command does. A
 * check that finds something is part of the story and does not end it; a lab that does not come up
 * is. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "cli/command.h"
#include "cli/lab_access.h"
#include "cli/options.h"
#include "lab/measure.h"

enum { CHECK_FAILS = 4, CHECK_UNKNOWN = 5 };

static void heading(const char *title, const char *command)
{
    bool colour = isatty(1) && !getenv("NO_COLOR");
    printf("\n%s== %s%s   $ %s\n", colour ? "\033[1m" : "", title, colour ? "\033[0m" : "",
           command);
    fflush(stdout);
}

/* Runs `fairlead WORDS...` with our output; its exit status, -1 if it could not be started. */
static int run(const char *const *words)
{
    enum { WORDS_MAX = 8 };
    char self[LAB_PATH_MAX];
    const char *argv[WORDS_MAX + 2] = {lab_program("fairlead", self)};
    struct text why = {0};
    for (size_t i = 0; words[i] && i < WORDS_MAX; i++) argv[i + 1] = words[i];
    int status = process_attend(argv, &why);
    if (status < 0) fprintf(stderr, "fairlead: %s\n", text_get(&why));
    text_drop(&why);
    return status;
}

static bool clear_earlier(void)
{
    struct lab_state s;
    if (!lab_state_peek(&s, LAB_DEFAULT_NAME)) return true;
    fprintf(stderr, "fairlead: removing the demo lab of an earlier run\n");
    return run((const char *const[]){"lab", "down", NULL}) == EXIT_FINE;
}

static void print_measured(void)
{
    char path[LAB_PATH_MAX];
    struct lab_state s;
    struct text table = {0};
    if (lab_state_peek(&s, LAB_DEFAULT_NAME) &&
        lab_read_file(lab_path(&s, path, "records/measured.txt"), &table))
        fputs(text_get(&table), stdout);
    text_drop(&table);
}

static void explain_check(int status)
{
    if (status == EXIT_FINE) puts("Every prerequisite that was judged is met.");
    if (status == CHECK_FAILS)
        puts("Some prerequisites fail: each row names its evidence, who must act, and the remedy. "
             "A finding is\n"
             "not an error of the demo; `fairlead check` exits with 4 then, so that scripts can "
             "tell.");
    if (status == CHECK_UNKNOWN)
        puts("Nothing fails; for some prerequisites there is no evidence yet, and what is not "
             "known is never\n"
             "called a pass (exit status 5).");
}

static void print_next(void)
{
    struct lab_state s;
    if (!lab_state_peek(&s, LAB_DEFAULT_NAME)) return;
    printf(
        "\nThe lab stays up. Status page: %s/  (its certificate is signed by %s/control/ca.pem)\n"
        "Try next:\n"
        "  build/fairlead lab show                                   nodes and addresses\n"
        "  build/fairlead lab exec site-host -- ping -c 3 10.20.0.10 through the circuit by hand\n"
        "  build/fairlead lab exec ce2 -- birdc -s %s/ce2/bird.ctl show route\n"
        "  build/fairlead drill run router-primary                   kill a cloud router's "
        "process\n"
        "  build/fairlead lab down                                   remove everything\n",
        s.api, s.dir, s.dir);
}

static int demo_command(int argc, char **argv)
{
    const struct option_row rows[] = {{0}};
    if (options_read(rows, argc, argv, NULL, 0) < 0) return EXIT_USAGE;
    if (!clear_earlier()) return EXIT_ERROR;
    heading("1/4 build the interconnect", "fairlead lab up");
    if (run((const char *const[]){"lab", "up", NULL}) != EXIT_FINE) return EXIT_ERROR;
    heading("2/4 what the legs cost when all is well", "measured at the end of lab up");
    print_measured();
    heading("3/4 is it ready? the checklist on live evidence", "fairlead check --lab demo");
    explain_check(
        run((const char *const[]){"check", "--lab", LAB_DEFAULT_NAME, "-o", "table", NULL}));
    heading("4/4 rehearse the loss of a leg", "fairlead drill run leg-primary");
    int drilled = run((const char *const[]){"drill", "run", "leg-primary", "-o", "table", NULL});
    print_next();
    return drilled == EXIT_FINE ? EXIT_FINE : EXIT_ERROR;
}

const struct command demo_commands[] = {
    {"demo", NULL, "", "the tour: build the lab, measure, check, lose a leg, restore",
     demo_command},
    {0},
};
