/* m365/dynamics.h - what a circuit needs to carry Dynamics 365: communities by version, cloud and
 * regions, the service tags that hold their addresses, and what stays on the Internet. Pure tables and
 * one function. Sources: ExpressRoute routing article note 4; Power Platform guidance on ExpressRoute
 * (2021) and its list of URLs (2025-02-26). */
#pragma once
#include "base/problem.h"
#include "m365/communities.h"

/* An environment's region and its two data-centre regions, as far as the guidance prints them. Others
 * are declared by whoever runs the environment: they are not to be guessed. */
struct dynamics_pair {
    const char *environment; /* "europe" */
    const char *region[2];   /* "westeurope" */
};
extern const struct dynamics_pair dynamics_pairs[]; /* ended by NULL */
const struct dynamics_pair *dynamics_pair(const char *environment); /* any case; NULL: not printed */

enum dynamics_way { DYNAMICS_CIRCUIT, DYNAMICS_INTERNET, DYNAMICS_SIGN_IN };
struct dynamics_name {
    const char *pattern, *what;
    enum dynamics_way way;
};
extern const struct dynamics_name dynamics_names[]; /* ended by NULL */
const char *dynamics_way_text(enum dynamics_way w);

enum { DYNAMICS_REGIONS_MAX = 8, DYNAMICS_TAGS_MAX = DYNAMICS_REGIONS_MAX + 1, DYNAMICS_NOTES_MAX = 6 };
struct dynamics_need {
    const char *version;       /* "9.2"; NULL: a current one */
    const char *cloud;         /* commercial, GCC, GCCHigh, DoD, China; NULL: commercial */
    const char *const *region; /* names, displays or community values */
    size_t regions;
};
struct dynamics_plan {
    uint16_t community[DYNAMICS_REGIONS_MAX]; /* 12076:n */
    const char *community_name[DYNAMICS_REGIONS_MAX];
    size_t communities;
    const char *tag[DYNAMICS_TAGS_MAX]; /* service tags for access lists and for verification */
    size_t tags;
    const char *note[DYNAMICS_NOTES_MAX];
    size_t notes;
};
/* False: a region nobody knows or of another cloud, too few or too many, a version that is none;
 * problems say which. */
MUST_USE bool dynamics_plan(const struct dynamics_need *need, struct problems *ps,
                            struct dynamics_plan *out);
