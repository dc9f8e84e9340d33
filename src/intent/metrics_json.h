/* intent/metrics_json.h - what routers report as evidence, as figures for Prometheus (text format
 * 0.0.4). Base units, counters end in _total. Pure: the control plane serves them for all its
 * edges, a router for itself. */
#pragma once
#include <jansson.h>
#include "base/text.h"

struct metrics_source { /* one router's document; borrowed */
    const char *router;
    const json_t *evidence;
};
/* Each metric once, with the rows of every router below it. */
void metrics_of_evidence(const struct metrics_source *sources, size_t n, struct text *out);

/* Parts, for metrics that come from elsewhere. Control characters in values become '?'. */
void metrics_head(struct text *t, const char *name, const char *type, const char *help);
void metrics_label(struct text *t, const char *name, const char *value, bool first);
void metrics_value(struct text *t, double v); /* closes the labels and the line */
