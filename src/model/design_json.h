/* model/design_json.h - a design as JSON, both ways (jansson). Unknown keys, wrong types and names that
 * refer to nothing are problems, each with its JSON pointer. NULL if there was any. */
#pragma once
#include <jansson.h>
#include "base/problem.h"
#include "model/design.h"

struct design *design_from_json(const json_t *json, struct arena *arena, struct problems *problems);
/* New reference. `secrets` false leaves shared keys out. */
json_t *design_to_json(const struct design *d, bool secrets);
/* JSON Schema of a design file; new reference. */
json_t *design_schema(void);
