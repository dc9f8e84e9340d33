/* net/fields_schema_json.c - a table of fields as JSON Schema, so that an editor knows the same keys
 * as the reader does. */
#include <inttypes.h>
#include "net/fields_json.h"

static json_t *of_type(const char *type) { return json_pack("{s:s}", "type", type); }

static json_t *of_pattern(const char *pattern)
{
    return json_pack("{s:s, s:s}", "type", "string", "pattern", pattern);
}

static json_t *of_items(json_t *items) { return json_pack("{s:s, s:o}", "type", "array", "items", items); }

static json_t *of_text(const struct field *f)
{
    json_t *s = of_type("string");
    if (f->flags & FIELD_DATE) json_object_set_new(s, "format", json_string("date"));
    if (f->min) json_object_set_new(s, "minLength", json_integer((json_int_t)f->min));
    if (f->max) json_object_set_new(s, "maxLength", json_integer((json_int_t)f->max));
    return s;
}

static json_t *of_number(const struct field *f)
{
    uint64_t holds = f->kind == FIELD_U8 ? UINT8_MAX : f->kind == FIELD_U16 ? UINT16_MAX
                     : f->kind == FIELD_U32 ? UINT32_MAX : INT64_MAX;
    return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", (json_int_t)f->min, "maximum",
                     (json_int_t)(f->max ? f->max : holds));
}

static json_t *of_names(const struct field *f)
{
    json_t *names = json_array();
    for (const char *const *n = f->names; *n; n++) json_array_append_new(names, json_string(*n));
    return json_pack("{s:o}", "enum", names);
}

static json_t *of_field(const struct field *f)
{
    static const char address[] = "^[0-9a-fA-F:.]+$", prefix[] = "^[0-9a-fA-F:.]+/[0-9]{1,3}$";
    switch (f->kind) {
    case FIELD_TEXT: return of_text(f);
    case FIELD_BOOL:
    case FIELD_MAYBE: return of_type("boolean");
    case FIELD_U8:
    case FIELD_U16:
    case FIELD_U32:
    case FIELD_U64: return of_number(f);
    case FIELD_ID:
    case FIELD_ADDR: return of_pattern(address);
    case FIELD_PREFIX: return of_pattern(prefix);
    case FIELD_ENUM: return of_names(f);
    case FIELD_TEXTS: return of_items(of_type("string"));
    case FIELD_PREFIXES: return of_items(of_pattern(prefix));
    case FIELD_OBJECT: return fields_schema(f->sub);
    case FIELD_LIST: return of_items(fields_schema(f->sub));
    case FIELD_CUSTOM: return f->schema ? f->schema() : json_object();
    }
    return json_object();
}

json_t *fields_schema(const struct field *rows)
{
    json_t *keys = json_object(), *required = json_array();
    for (const struct field *f = rows; f->name; f++) {
        json_t *key = of_field(f);
        if (f->help) json_object_set_new(key, "description", json_string(f->help));
        json_object_set_new(keys, f->name, key);
        if (f->flags & FIELD_REQUIRED) json_array_append_new(required, json_string(f->name));
    }
    json_t *s = json_pack("{s:s, s:b, s:o}", "type", "object", "additionalProperties", 0, "properties", keys);
    if (json_array_size(required)) json_object_set(s, "required", required);
    json_decref(required);
    return s;
}
