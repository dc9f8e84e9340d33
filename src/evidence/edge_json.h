/* evidence/edge_json.h - the evidence document of a fairlead-edge (docs/edge-config.md) as facts.
 * One reader for both ends of a circuit: a session whose role is "customer" is the cloud's side, one
 * whose role is "cloud" and whose subject is a circuit's leg is the customer's. */
#pragma once
#include <jansson.h>
#include "evidence/collect.h"

/* Is this such a document? */
bool edge_evidence_is(const json_t *document);
/* `c->source` is used as it is; the router's own name is inside the document. */
void edge_evidence_take(const struct collector *c, const json_t *document);
const char *edge_evidence_router(const json_t *document); /* "" if it does not say */
