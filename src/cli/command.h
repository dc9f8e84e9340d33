/* cli/command.h - the commands of `fairlead` as rows: dispatch, usage and help come from them. */
#pragma once
#include "base/defs.h"

enum { EXIT_FINE = 0, EXIT_ERROR = 1, EXIT_USAGE = 2, EXIT_NOT_FOUND = 3 };

struct command {
    const char *noun;  /* "lab" */
    const char *verb;  /* "up"; NULL: the noun alone */
    const char *args;  /* "[FILE] [--name N]" */
    const char *help;  /* one line */
    int (*run)(int argc, char **argv); /* argv[0] is the first word after noun and verb */
    /* Instead of `run`, for commands that are alike: they are told which row they are, and answer
     * --help themselves. */
    int (*run_row)(const struct command *c, int argc, char **argv);
    const void *subject; /* theirs */
    const char *about;   /* of the noun: the overview then has one line for all its verbs */
};

/* State directory of fairleadd in the demo lab: where accounts are looked for by default. */
#define DEFAULT_STATE "/run/fairlead/lab/demo/control"

/* Each file of commands gives one table, ended by a row without noun; main.c lists the tables. */
extern const struct command az_commands[];
extern const struct command edge_commands[];
extern const struct command lg_commands[];
extern const struct command lab_commands[];
extern const struct command drill_commands[];
extern const struct command check_commands[];
extern const struct command import_commands[];
extern const struct command why_commands[];
extern const struct command config_commands[];
extern const struct command init_commands[];
extern const struct command circuit_commands[];
extern const struct command probe_commands[];
extern const struct command demo_commands[];
extern const struct command m365_commands[];
extern const struct command capacity_commands[];
