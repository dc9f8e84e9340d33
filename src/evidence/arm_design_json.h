/* evidence/arm_design_json.h - the design that resources of the resource manager amount to, for a
 * check of what somebody runs and has no design file for. What resources cannot tell (sites, routers,
 * ducts, registry holders) is left unsaid, and the rows that need it say unknown. */
#pragma once
#include "evidence/arm_json.h"

/* A document for model/design_json.h; new reference. Secrets are not taken over. */
json_t *arm_export_design(const struct arm_export *e);
