/* rib/best.h - which of several paths to one prefix wins (RFC 4271 9.1.2, RFC 4456 9).
 * Pure. Each step removes paths from the set of candidates by a property of the set, never by order
 * of arrival, so the result does not depend on who spoke last (MED is ranked inside each neighbour
 * AS, deterministically). There is no interior routing protocol below us, so step e) (cost to the
 * next hop) does not exist; an unreachable next hop is a refused path. */
#pragma once
#include "rib/path.h"

#define BEST_STEPS(X)                                                                              \
    X(BEST_NONE, "no usable path")                                                                 \
    X(BEST_ONLY, "only path")                                                                      \
    X(BEST_LOCAL_PREF, "higher local preference")                                                  \
    X(BEST_LOCAL, "originated here")                                                               \
    X(BEST_AS_PATH, "shorter AS path")                                                             \
    X(BEST_ORIGIN, "lower origin")                                                                 \
    X(BEST_MED, "lower MED of the same neighbour AS")                                              \
    X(BEST_EXTERNAL, "external before internal")                                                   \
    X(BEST_ROUTER_ID, "lower router identifier")                                                   \
    X(BEST_CLUSTER, "shorter cluster list")                                                        \
    X(BEST_ADDRESS, "lower neighbour address")                                                     \
    X(BEST_REFUSED, "refused by policy")

enum best_step {
#define X(name, text) name,
    BEST_STEPS(X)
#undef X
};
const char *best_step_text(enum best_step s);

enum { BEST_EQUALS_MAX = 8 };

/* Reorders `paths`: the winner first, then the others of its equal-cost set in the order of the tie
 * breaks. Returns the size of that set (0: nothing usable, then the order is untouched), and the
 * last step that had to decide.
 * Equal cost = candidates left after the external step when the winner is external: same local
 * preference, AS-path length and origin, none beaten by MED. The AS paths themselves may differ: the
 * legs of a circuit may end in different provider ASes and still share the load. */
size_t best_select(const struct rib *r, struct path *paths, size_t n, enum best_step *step);

/* The step at which `loser` loses against the chosen best path; for the operator's eyes. */
enum best_step best_explain(const struct rib *r, const struct path *best, const struct path *loser);
