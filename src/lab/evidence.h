/* lab/evidence.h - everything a running lab can say of its circuit, as facts.
 * Asks the control plane (as customer and as provider), every router on its own socket, BIRD or FRR at
 * ce2, measures both legs, and reads the records of drills. Nothing is changed and no lock is held:
 * the answers are the lab's at this moment, also in the middle of a drill. Who does not answer gives
 * no facts, so whatever rests on them is unknown. */
#pragma once
#include "intent/facts.h"
#include "lab/lab.h"
#include "model/design.h"

/* `out` is initialised and sorted; facts_drop it. `silent` gets a line for each party that did not
 * answer, with the reason. */
void lab_evidence_take(struct lab *lab, const struct design *design, struct facts *out, struct text *silent);

/* A router's own evidence document; new reference, NULL with `why` if it does not answer. */
json_t *lab_router_evidence(const struct lab *lab, enum lab_node_id node, struct text *why);
/* Puts the report where the status page shows it, as the customer. */
MUST_USE bool lab_post_report(struct lab *lab, const json_t *report, struct text *why);
