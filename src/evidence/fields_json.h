/* evidence/fields_json.h - members of a JSON object as the translators of this folder want them: a text
 * that is never NULL, a number that is never negative. For this folder only. */
#pragma once
#include <jansson.h>
#include "base/defs.h"

static inline const char *field_text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static inline uint64_t field_number(const json_t *o, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(o, key));
    return n > 0 ? (uint64_t)n : 0;
}
