/* cli/main.c - program fairlead: finds the command in the tables and runs it.
 * Each file of commands brings its rows; usage and help are printed from the same rows. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/text.h"
#include "cli/command.h"

static const struct command *const tables[] = {
    demo_commands,  check_commands, import_commands, why_commands, config_commands, init_commands,
    lab_commands,  drill_commands,    edge_commands, lg_commands,
    probe_commands, circuit_commands, m365_commands, capacity_commands,
    az_commands,
};

enum { NOUNS_MAX = 64, USAGE_COLUMN = 46 };

static void print_usage(FILE *to, const struct command *c)
{
    char left[160];
    snprintf(left, sizeof left, "fairlead %s%s%s%s%s", c->noun, c->verb ? " " : "",
             c->verb ? c->verb : "", c->args[0] ? " " : "", c->args);
    bool long_ = strlen(left) > USAGE_COLUMN; /* then the help goes on a line of its own */
    fprintf(to, "  %-*s%s%*s%s\n", USAGE_COLUMN, left, long_ ? "\n" : "",
            long_ ? USAGE_COLUMN + 4 : 2, "", c->help);
}

/* "fairlead circuit create|show|list ..." */
static void print_noun(FILE *to, const struct command *first)
{
    fprintf(to, "  fairlead %s ", first->noun);
    for (const struct command *c = first; c->noun && strcmp(c->noun, first->noun) == 0; c++)
        fprintf(to, "%s%s", c == first ? "" : "|", c->verb);
    fprintf(to, "\n%*s%s\n", USAGE_COLUMN + 4, "", first->about);
}

/* One line for each noun that is one thing with many verbs, one for each other command. */
static void print_overview(FILE *to)
{
    for (size_t t = 0; t < ARRAY_LEN(tables); t++)
        for (const struct command *c = tables[t]; c->noun; c++) {
            bool again = c > tables[t] && strcmp(c[-1].noun, c->noun) == 0;
            if (!c->about)
                print_usage(to, c);
            else if (!again)
                print_noun(to, c);
        }
}

/* The rows of one noun, or the overview. */
static void print_commands(FILE *to, const char *noun)
{
    if (!noun) {
        print_overview(to);
        return;
    }
    for (size_t t = 0; t < ARRAY_LEN(tables); t++)
        for (const struct command *c = tables[t]; c->noun; c++)
            if (strcmp(c->noun, noun) == 0) print_usage(to, c);
}

static const struct command *find(const char *noun, const char *verb)
{
    const struct command *alone = NULL;
    for (size_t t = 0; t < ARRAY_LEN(tables); t++)
        for (const struct command *c = tables[t]; c->noun; c++) {
            if (strcmp(c->noun, noun) != 0) continue;
            if (!c->verb)
                alone = c;
            else if (verb && strcmp(c->verb, verb) == 0)
                return c;
        }
    return alone;
}

static bool noun_known(const char *noun)
{
    for (size_t t = 0; t < ARRAY_LEN(tables); t++)
        for (const struct command *c = tables[t]; c->noun; c++)
            if (strcmp(c->noun, noun) == 0) return true;
    return false;
}

/* The nouns, or the verbs of a noun, as a list for text_nearest. */
static void words_of(const char *noun, const char *out[static NOUNS_MAX])
{
    size_t n = 0;
    for (size_t t = 0; t < ARRAY_LEN(tables); t++)
        for (const struct command *c = tables[t]; c->noun; c++) {
            const char *word = noun ? c->verb : c->noun;
            bool again = n > 0 && word && strcmp(out[n - 1], word) == 0;
            if (word && !again && (!noun || strcmp(c->noun, noun) == 0) && n + 1 < NOUNS_MAX)
                out[n++] = word;
        }
    out[n] = NULL;
}

static int unknown(const char *noun, const char *verb)
{
    const char *words[NOUNS_MAX], *word = verb ? verb : noun;
    struct text shown = {0};
    words_of(verb ? noun : NULL, words);
    const char *near = text_nearest(word, words);
    text_add_escaped(&shown, word, strlen(word), 60);
    fprintf(stderr, "fairlead: there is no command '%s%s%s'", verb ? noun : "", verb ? " " : "",
            text_get(&shown));
    if (near) fprintf(stderr, "; did you mean '%s'?", near);
    fputc('\n', stderr);
    text_drop(&shown);
    print_commands(stderr, verb ? noun : NULL);
    return EXIT_USAGE;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

static int print_help(void)
{
    puts("fairlead - builds, rehearses and proves a private cloud interconnect\n");
    print_commands(stdout, NULL);
    puts("\nExit status: 0 fine, 1 error, 2 usage, 3 not found.");
    return EXIT_FINE;
}

int main(int argc, char **argv)
{
    if (argc < 2 || is_help(argv[1])) return argc < 2 ? (print_help(), EXIT_USAGE) : print_help();
    if (strcmp(argv[1], "--version") == 0) return puts("fairlead " FAIRLEAD_VERSION), EXIT_FINE;
    const char *noun = argv[1], *verb = argc > 2 ? argv[2] : NULL;
    if (!noun_known(noun)) return unknown(noun, NULL);
    if (verb && is_help(verb)) return print_commands(stdout, noun), EXIT_FINE;
    const struct command *c = find(noun, verb);
    if (!c && verb) return unknown(noun, verb);
    if (!c) return print_commands(stderr, noun), EXIT_USAGE;
    int used = c->verb ? 3 : 2;
    if (c->run_row) return c->run_row(c, argc - used, argv + used);
    if (argc > used && is_help(argv[used])) return print_usage(stdout, c), EXIT_FINE;
    return c->run(argc - used, argv + used);
}
