/* m365/preview_json.h - "with this route filter you would receive N prefixes": a row a community,
 * counted from the best source at hand: the subscription's own list of service communities, else
 * the endpoint feed (Office) or the service tags (regions). Estimates: what is announced is cut and
 * joined differently from all three. Also writes the table as JSON (jansson). */
#pragma once
#include <jansson.h>
#include "base/problem.h"
#include "m365/communities.h"
#include "m365/servicetags.h"

enum { PREVIEW_ROWS_MAX = 32, PREVIEW_NOTES_MAX = 8, PREVIEW_LISTED_MAX = 128 };

struct preview_row {
    uint16_t value;
    const char *name, *source;
    bool known, authorised_known, authorised;
    enum approval approval;
    size_t ipv4, ipv6;
};
struct listed_community {
    uint16_t value;
    bool authorised;
    struct prefixes prefixes;
};
struct preview { /* caller sets the first four */
    const struct feed *feed;
    enum feed_instance instance;
    const struct service_tags *tags; /* NULL: none */
    struct arena *arena;
    struct listed_community listed[PREVIEW_LISTED_MAX]; /* of preview_communities */
    size_t listed_count;
    struct preview_row row[PREVIEW_ROWS_MAX];
    size_t n;
    size_t ipv4, ipv6; /* sums */
    const char *note[PREVIEW_NOTES_MAX];
    size_t notes;
};

/* The output of "list service communities": an array of resources with bgpCommunities. False: a
 * problem was added. Call before the rows. */
MUST_USE bool preview_communities(const char *bytes, size_t n, struct preview *p,
                                  struct problems *ps);
void preview_area(struct preview *p, const char *area);
void preview_region(struct preview *p, const struct region_community *r);
void preview_finish(struct preview *p); /* sums and notes */
json_t *preview_write(const struct preview *p);
