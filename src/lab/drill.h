/* lab/drill.h - breaking one thing, measuring what it costs, and always putting it back.
 * A drill probes host to host at a steady rate, breaks, sees which sessions notice and when,
 * restores, waits until everything is as before, and judges. Before it breaks anything it writes a
 * journal; if it is killed in between, the next command on the lab restores from the journal. */
#pragma once
#include "lab/watch.h"

struct drill_run;

struct drill {
    const char *name;
    const char *subject;                           /* what it concerns, with %s for the circuit */
    const char *breaks, *how, *restores, *expects; /* for `drill list` */
    int64_t max_outage_ms;                         /* longest silence that is still as expected */
    bool sessions_fall; /* a session has to notice; if none does the drill proved nothing */
    enum lab_leg leg;
    bool (*inflict)(struct drill_run *r, struct text *why);
    bool (*undo)(struct drill_run *r, struct text *why);
};
extern const struct drill drills[];
extern const size_t drills_n;
const struct drill *drill_by_name(const char *name); /* NULL: none */
json_t *drill_list(void);                            /* new reference */

enum { NOTICED_MAX = 32, DRILL_RATE = 500, DRILL_HOLD_MS = 3000 };
struct drill_noticed {
    char id[80]; /* "bfd edge1 192.168.100.129" */
    int64_t after_ms;
};

struct drill_result {
    const struct drill *drill;
    char subject[128], started[40], ended[40];
    int64_t sent, lost, outage_ms, rtt_us;
    struct drill_noticed noticed[NOTICED_MAX];
    size_t noticed_n;
    bool broken, expected, restored, cut_short;
};

struct drill_run {
    struct lab *lab;
    const struct drill *drill;
    struct watch before;
    struct text routes_before[LAB_NODES];
    struct process probe;
    instant broken_at;
    struct drill_result result;
};

/* The state must be open and the lab up. False with `why` if it could not begin or could not
 * restore; else the result tells, also when it was cut short by a signal (and restored). */
MUST_USE bool drill_do(struct lab *lab, const struct drill *d, int64_t hold_ms,
                       struct drill_result *out, struct text *why);
json_t *drill_result_json(const struct drill_result *r); /* new reference */

/* If a killed drill left a journal: restores, removes it, and says so in `told`. False: it could
 * not. */
MUST_USE bool drill_recover(struct lab *lab, struct text *told, struct text *why);
bool drill_left_over(const struct lab_state *s);
