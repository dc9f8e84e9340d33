/* capacity/plan_json.h - a plan's input from JSON (or YAML read into JSON), its report to JSON. */
#pragma once
#include <jansson.h>
#include "base/problem.h"
#include "capacity/plan.h"

enum { CAPACITY_ARENA = 64 << 20 };

/* False: at least one problem was added. */
MUST_USE bool capacity_read(const json_t *doc, struct arena *a, struct problems *ps,
                            struct capacity_input *out);
json_t *capacity_write(const struct capacity_report *r); /* new reference */
