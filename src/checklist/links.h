/* checklist/links.h - every link subnet of a design, and what overlaps it: other links and prefixes of
 * sites. Found once for a whole run, by a table of prefixes instead of comparing all with all. */
#pragma once
#include "model/design.h"

struct arena;

struct link_clash {
    const struct link_clash *next;
    const char *what; /* "192.0.2.0/30 of er-b/private", "10.0.0.0/8 of site hq" */
    const struct design_peering *peering; /* of another link; NULL: a site's prefix */
    enum leg leg;
};

struct links; /* lives in the arena */

/* NULL when the arena is full. */
MUST_USE struct links *links_make(const struct design *d, struct arena *arena);
/* The clashes of one link subnet; family 0 is IPv4, 1 IPv6. */
const struct link_clash *links_clashes(const struct links *l, const struct design *d, const struct design_peering *p,
                                       enum leg leg, int family);
