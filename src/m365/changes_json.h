/* m365/changes_json.h - change records from and to JSON, and reports of them (jansson). */
#pragma once
#include <jansson.h>
#include "base/problem.h"
#include "m365/changes.h"

enum { CHANGES_MAX = 65536 };

/* Sorted by version and id. False: at least one problem was added. */
MUST_USE bool changes_parse(const char *bytes, size_t n, struct arena *a, struct problems *ps,
                            struct changes *out);
json_t *change_write(const struct change *c); /* the service's form; new reference */
/* {"summary":{impact: n},"changes":[record + action, urgency, daysLeft]}; today in days since 1970,
 * negative: unknown. */
json_t *changes_report(const struct changes *c, int64_t today);
