/* lab/lab.h - a lab from nothing to packets, and back to nothing.
 * lab_up runs the stages one after the other and tells the progress; when one fails, everything
 * stays as it is for inspection until lab_down. Clients of the API and of a router's control socket
 * live a floor above and come as struct lab_hooks. */
#pragma once
#include "lab/people.h"
#include "lab/state.h"

struct lab_hooks {
    /* A client for the accounts that fairleadd wrote into `dir`; lives until the program ends. */
    const struct lab_api *(*connect)(const char *dir, struct text *why);
    /* Asks a fairlead-edge; NULL with `why`. New reference. */
    json_t *(*ask)(const char *socket, const char *what, struct text *why);
};

struct lab {
    struct lab_state state;
    const struct lab_params *params;
    const struct lab_hooks *hooks;
    const struct lab_api *api;
    struct people people;
    struct progress progress;
};

/* The state must be open (locked) and fresh. False: `why` says which stage, what was seen last, and
 * where the logs are. */
MUST_USE bool lab_up(struct lab *lab, struct text *why);
/* Ends and removes everything of the lab, from whatever condition; the state is closed. */
MUST_USE bool lab_down(struct lab_state *state, struct text *why);

/* The interface's `lab show`:
 * {"name","nodes":[{"name","role","namespace","pid","addresses"}],"api", "web","stateDir"}. New
 * reference. */
json_t *lab_show(struct lab_state *state);
/* Where commands of that node run: the site domain for ce1, the node itself for others; of the
 * cloud's routers the first domain when there is one. */
const char *lab_exec_namespace(const struct lab_state *state, enum lab_node_id node,
                               char buf[static LAB_NAMESPACE_MAX]);

/* A program of ours: beside the running one, else from PATH. */
const char *lab_program(const char *name, char buf[static LAB_PATH_MAX]);
const char *lab_mark(const char *lab, char buf[static 64]);
/* Starts fairlead-edge of a node and waits until it says ready; recorded. Also for restarts. */
MUST_USE bool lab_start_edge(struct lab *lab, enum lab_node_id node, struct text *why);
