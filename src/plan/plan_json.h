/* plan/plan_json.h - the plan's input from JSON: stored resources and the registry of edges
 * (jansson). */
#pragma once
#include <jansson.h>
#include "plan/plan.h"

/* One entry of the registry as an operator PUTs it, with every rule checked: unknown keys, ranges,
 * which keys an edge and which a gateway node needs. Texts land in the arena. */
void plan_edge_read(const json_t *json, struct arena *a, struct problems *ps,
                    struct plan_edge *out);
/* The same as JSON, every key in order; a new reference. */
json_t *plan_edge_write(const struct plan_edge *e);

struct plan_resource { /* a stored resource */
    const char *key;  /* its identifier in lower case */
    const char *type; /* "Microsoft.Network/..." */
    const json_t *json;
};
/* All stored resources, or those of them that it has a use for; in the order of their keys it is
 * fastest. Texts are borrowed. Edges and the result as below. */
MUST_USE bool plan_read_rows(const struct plan_resource *rows, size_t n, const json_t *edges,
                             struct arena *a, struct problems *ps, struct plan_input *out);

/* resources: what api_resources gives; texts of the input are borrowed from it. edges: a list of
 * registry entries; one that cannot be read is a problem, and left out. False at the arena's
 * ceiling. */
MUST_USE bool plan_read(const json_t *resources, const json_t *edges, struct arena *a,
                        struct problems *ps, struct plan_input *out);
