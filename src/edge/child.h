/* edge/child.h - a process that is this program again with a role, watched over and started again:
 * after a tenth of a second, twice as long each time up to five seconds; after more than five ends
 * in a minute not at all until child_revive (RB-185). */
#pragma once
#include "base/instant.h"
#include "sys/link.h"
#include "sys/loop.h"
#include <sys/types.h>

enum child_state { CHILD_OFF, CHILD_WAITING, CHILD_RUNNING, CHILD_STOPPED };

struct child {
    const char *role; /* "router" */
    enum link_role link_role;
    unsigned workers; /* of the router process; 0: it is another one */
    int home;         /* network namespace to run in; -1: the keeper's */
    enum child_state state;
    pid_t pid;
    struct link link;
    struct watch watch;
    unsigned starts;
    instant ends[6];  /* of the last processes, the newest first */
    duration pause;
    instant start_at;
    char confined[200];
};

/* Path of the program, to be asked before rights are given up. */
void child_program(const char *router_name);
/* A new process; false if there could be none (then it waits for its next turn). The caller sets
 * watch.ready and ctx before. */
bool child_start(struct child *c, struct loop *l, instant now);
/* Its process is gone or has to go: what is next. It is ended and reaped here. */
void child_ended(struct child *c, struct loop *l, instant now);
void child_kill(struct child *c);
void child_revive(struct child *c, instant now); /* a stopped one gets another chance */
instant child_next(const struct child *c);
