/* intent/intent_json.h - an intent as JSON, both ways (jansson). Unknown keys are problems with a
 * "did you mean"; every problem carries a JSON pointer. NULL if there was any problem. The same
 * intent always gives the same bytes. */
#pragma once
#include <jansson.h>
#include "intent/intent.h"

struct intent *intent_from_json(const json_t *json, struct arena *arena, struct problems *problems);
/* `secrets` false leaves md5 keys out (evidence, logs). New reference. */
json_t *intent_to_json(const struct intent *i, bool secrets);
