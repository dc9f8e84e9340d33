/* checklist/why_json.h - the ladder of why.h as interfaces.md shows it: {"ok", "legs": [{"leg",
 * "rungs": [{"rung", "ok", "rule", "evidence", "owner", "remedy"}]}]}; "ok" is null for not known. */
#pragma once
#include <jansson.h>
#include "checklist/why.h"

json_t *why_to_json(const struct why *w); /* new reference */
