/* cli/noun_job.h - one command about a noun in hand: what was asked (noun_command.c), how it is carried out
 * (noun_verbs.c), how the answer is shown (noun_print.c). */
#pragma once
#include <jansson.h>
#include "cli/api_client.h"
#include "cli/command.h"
#include "cli/nouns.h"
#include "cli/options.h"

enum { OPTIONS_MAX = 24, PATH_MAX_LEN = 2048, NOT_FOUND = 404 };

struct job { /* one command in hand */
    const struct noun *noun;
    const char *verb;
    const char *name, *group, *parent, *location, *state, *format, *path, *peering, *timeout;
    bool no_wait, created, deleted;
    const char *values[OPTIONS_MAX];
    enum output output;
    struct api_client *client;
    struct text why;
};

enum needs {
    NEEDS_NAME = 1,
    NEEDS_GROUP = 2,
    NEEDS_SETTINGS = 4,
    TAKES_SETTINGS = 8,
    TAKES_LEG = 16,
    WRITES = 32, /* starts an operation, which is waited for unless --no-wait */
    WAITS = 64
};

struct verb {
    const char *name;
    int (*run)(struct job *j); /* exit status */
    unsigned needs;            /* enum needs */
};
const struct verb *noun_verb(const char *name); /* NULL: there is none */

bool noun_is_group(const struct job *j); /* a resource group, which is no resource of a provider */
bool noun_in_group(const struct job *j); /* false for what belongs to the whole subscription */
/* A provider does not know the customer's names: finds the group of a cross-connection by its service key.
 * False after a message, with *status. */
MUST_USE bool noun_find_cross_connection(struct job *j, int *status);

/* Messages; both return the exit status. `noun_refused`: an answer that is an error, and what it says. */
int noun_fail(struct job *j);
int noun_refused(struct job *j, const struct api_answer *a);
bool answer_is_error(const struct api_answer *a);
const char *noun_text(const json_t *o, const char *key); /* "" if there is none; borrowed */

void noun_print(const struct job *j, const json_t *json);      /* a resource, or a list of them */
void noun_print_rows(const struct job *j, const json_t *rows); /* columns are the rows' own members (live tables) */
