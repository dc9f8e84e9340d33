/* cli/arm_pull.h - a read-only look at a subscription through the resource manager's API. The bearer
 * token comes from the environment (FAIRLEAD_ARM_TOKEN), goes into one header and nowhere else. Only
 * GET is used, and the three POST actions that read tables of a peering. */
#pragma once
#include "base/text.h"
#include "evidence/arm_json.h"

struct arm_pull {
    const char *url, *ca_file, *subscription; /* subscription NULL: the only one the token sees */
    json_t **kept; /* documents the export borrows; arm_pull_drop */
    size_t kept_n;
    char *names[512]; /* of tables */
    size_t names_n;
};
/* Adds everything to the export. False with `why` when nothing could be read; what could not be read
 * beside is noted in `silent`, a line each. */
MUST_USE bool arm_pull_take(struct arm_pull *p, struct arm_export *out, struct text *silent, struct text *why);
void arm_pull_drop(struct arm_pull *p);
