/* evidence/office_json.h - Office 365 as facts: the copy of the endpoint feed that `fairlead m365 sync`
 * keeps, the service's log of changes, rehearsals of both paths, and what a circuit really carries of
 * the feed.
 * The newest version is as old as the last good question about it, which the service allows once an
 * hour: a copy asked for within two hours tells the newest version of now, an older one only its age. */
#pragma once
#include <jansson.h>
#include "evidence/collect.h"
#include "m365/cache_json.h"
#include "m365/changes.h"

struct office_papers { /* what is at hand; NULL: not */
    const struct cache *newest;    /* the copy that is kept */
    const struct cache *applied;   /* the copy of the version that the design says is applied */
    const struct changes *changes; /* the service's log of what came after the applied version */
};

/* feed.latest, feed.polled, feed.late, feed.flag-change. What is late needs the log, because only it
 * has the days on which changes come into force; without it a difference with additions tells nothing. */
void office_feed_facts(const struct collector *c, const struct office_papers *papers, struct arena *scratch);

/* m365.uncovered, m365.rejected: from facts that others have collected, sorted; adds to them. `feed`
 * may be NULL: then coverage is not told. `c->source` stands for the comparison. */
void office_route_facts(const struct collector *c, const struct feed *feed, enum feed_instance instance,
                        struct arena *scratch);

/* What `fairlead m365 rehearse -o json` prints: services that went another way than planned count as
 * flows that are seen one way only. */
bool rehearsal_is(const json_t *document);
void rehearsal_take(const struct collector *c, const json_t *document);

/* Flows of `conntrack -L` to or from the service that were seen in one direction only while they are
 * established: their other half passes elsewhere. */
bool conntrack_text_is(const char *text);
void conntrack_take(const struct collector *c, const struct feed *feed, const char *text);
