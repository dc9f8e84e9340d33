/* checklist/rows_json.h - what the checklist reads and writes as JSON (jansson): its rows, waivers, and
 * the report of interfaces.md. */
#pragma once
#include <jansson.h>
#include "base/problem.h"
#include "checklist/checklist.h"

struct checklist *checklist_from_json(const json_t *json, struct arena *arena, struct problems *problems);
/* A file {"waivers": [{row, subject, owner, reason, until}]}; rows must exist. */
struct waivers *waivers_from_json(const json_t *json, const struct checklist *checklist,
                                  struct arena *arena, struct problems *problems);
/* New reference. */
json_t *report_to_json(const struct report *r);
