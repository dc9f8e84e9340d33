/* lab/watch.h - one look at all sessions of the lab's own routers, as rows that can be compared. */
#pragma once
#include "lab/lab.h"

enum watch_bfd { WATCH_BFD_OFF, WATCH_BFD_DOWN, WATCH_BFD_UP };

struct watch_row {
    enum lab_node_id node;
    char domain[48], peer[48];
    struct addr address;
    char state[16]; /* "Established" ... */
    enum watch_bfd bfd;
    uint32_t accepted; /* prefixes */
};

enum { WATCH_ROWS_MAX = 32 };
struct watch {
    struct watch_row rows[WATCH_ROWS_MAX];
    size_t n;
};

/* Asks ce1, edge1, edge2 and gw. False: one of them did not answer (`why`, if not NULL); the
 * others' rows are there all the same. */
bool watch_take(const struct lab_state *state, const struct lab_hooks *hooks, struct watch *out,
                struct text *why);
const struct watch_row *watch_find(const struct watch *w, enum lab_node_id node,
                                   const struct addr *peer);
bool watch_row_fine(const struct watch_row *r, bool bfd); /* Established, and BFD up if asked for */

/* Does every session of the lab stand, on both legs? If not, whose is missing and how it looks. */
enum { WATCH_MISSING_MAX = 200 };
struct watch_missing {
    char who[32], what[WATCH_MISSING_MAX];
};
bool watch_complete(const struct watch *w, const struct lab_params *p,
                    struct watch_missing *missing);
