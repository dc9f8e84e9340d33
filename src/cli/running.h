/* cli/running.h - running routers and their control sockets: which ones are meant, and asking them.
 */
#pragma once
#include <jansson.h>

struct running { /* from the command line */
    const char *socket, *router, *lab, *output;
};
#define RUNNING_ARGS "[--socket PATH | --router NAME [--lab LAB]]"

/* Reads these options and up to `most` words; as options_read. */
int running_read(struct running *w, int argc, char **argv, const char **words, int most);

/* The answer of the one router that is meant; NULL after a message. */
json_t *running_ask(const struct running *w, const char *question);
/* Asks every router that is meant: one, or with --lab alone each of the lab. Those that do not
 * answer are told on stderr. How many did; the answer is the caller's during the call. */
int running_each(const struct running *w, const char *question,
                 void (*visit)(void *ctx, const char *router, const json_t *answer), void *ctx);
