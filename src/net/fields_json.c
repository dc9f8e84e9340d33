/* net/fields_json.c - the interpreter of field tables. Each kind is one row of (read, write); adding
 * a kind is adding a row and two functions. */
#include "net/fields_json.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/date.h"
#include "base/text.h"
#include "net/prefix.h"

static void *place(void *record, size_t at) { return (uint8_t *)record + at; }
static const void *place_const(const void *record, size_t at) { return (const uint8_t *)record + at; }

const char *fields_pointer(struct arena *arena, const char *pointer, const char *key)
{
    struct text t = {0};
    text_add(&t, pointer);
    text_add(&t, "/");
    for (; *key; key++) { /* RFC 6901 section 3 */
        if (*key == '~') text_add(&t, "~0");
        else if (*key == '/') text_add(&t, "~1");
        else text_add_n(&t, key, 1);
    }
    const char *p = arena_text(arena, text_get(&t));
    text_drop(&t);
    return p ? p : pointer;
}

const char *fields_pointer_at(struct arena *arena, const char *pointer, size_t index)
{
    const char *p = arena_printf(arena, "%s/%zu", pointer, index);
    return p ? p : pointer;
}

const char *fields_type_name(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "a list";
    case JSON_STRING: return "a string";
    case JSON_INTEGER: return "a whole number";
    case JSON_REAL: return "a fraction";
    case JSON_TRUE:
    case JSON_FALSE: return "true or false";
    case JSON_NULL: return "null";
    }
    return "unknown";
}

static void wrong_type(const struct fields_reader *r, const struct field *f, const json_t *v,
                       const char *pointer, const char *wanted)
{
    problem_add(r->problems, pointer, wanted, "", "'%s' is %s", f->name, fields_type_name(v));
}

/* The text of a string value, or NULL after a problem was added. */
static const char *want_text(const struct fields_reader *r, const struct field *f, const json_t *v,
                             const char *pointer, const char *wanted)
{
    if (!json_is_string(v)) {
        wrong_type(r, f, v, pointer, wanted);
        return NULL;
    }
    if (strlen(json_string_value(v)) != json_string_length(v)) {
        problem_add(r->problems, pointer, wanted, "", "'%s' holds a NUL character", f->name);
        return NULL;
    }
    return json_string_value(v);
}

static void read_text(const struct fields_reader *r, const struct field *f, const json_t *v,
                      void *record, const char *pointer)
{
    const char *s = want_text(r, f, v, pointer, "must be a string");
    if (!s) return;
    size_t n = strlen(s);
    if ((f->max && n > f->max) || n < f->min) {
        char rule[64];
        snprintf(rule, sizeof rule, "%" PRIu64 " to %" PRIu64 " characters", f->min, f->max);
        problem_add(r->problems, pointer, rule, "", "'%s' has %zu characters", f->name, n);
        return;
    }
    int64_t days;
    if (f->flags & FIELD_DATE && *s && !date_days(s, &days)) {
        problem_add(r->problems, pointer, "year-month-day", "", "'%s' is no date", s);
        return;
    }
    const char *copy = arena_text(r->arena, s);
    if (copy) memcpy(place(record, f->at), &copy, sizeof copy);
}

static json_t *write_text(const struct field *f, const void *record, bool secrets)
{
    (void)secrets;
    const char *s;
    memcpy(&s, place_const(record, f->at), sizeof s);
    return s && *s ? json_string(s) : NULL;
}

static void read_bool(const struct fields_reader *r, const struct field *f, const json_t *v,
                      void *record, const char *pointer)
{
    bool b = json_is_true(v);
    if (!json_is_boolean(v))
        wrong_type(r, f, v, pointer, "must be true or false");
    else
        memcpy(place(record, f->at), &b, sizeof b);
}

static json_t *write_bool(const struct field *f, const void *record, bool secrets)
{
    (void)secrets;
    bool b;
    memcpy(&b, place_const(record, f->at), sizeof b);
    return json_boolean(b);
}

static void read_maybe(const struct fields_reader *r, const struct field *f, const json_t *v,
                       void *record, const char *pointer)
{
    int said = json_is_true(v) ? 1 : 2;
    if (!json_is_boolean(v))
        wrong_type(r, f, v, pointer, "must be true or false");
    else
        memcpy(place(record, f->at), &said, sizeof said);
}

static json_t *write_maybe(const struct field *f, const void *record, bool secrets)
{
    (void)secrets;
    int said;
    memcpy(&said, place_const(record, f->at), sizeof said);
    return said == 0 ? NULL : json_boolean(said == 1);
}

static size_t number_size(enum field_kind kind)
{
    return kind == FIELD_U8 ? 1 : kind == FIELD_U16 ? 2 : kind == FIELD_U32 ? 4 : 8;
}

static void read_number(const struct fields_reader *r, const struct field *f, const json_t *v,
                        void *record, const char *pointer)
{
    static const uint64_t holds[] = {[1] = UINT8_MAX, [2] = UINT16_MAX, [4] = UINT32_MAX,
                                     [8] = INT64_MAX};
    size_t size = number_size(f->kind);
    uint64_t max = f->max ? f->max : holds[size];
    char rule[80];
    snprintf(rule, sizeof rule, "a whole number from %" PRIu64 " to %" PRIu64, f->min, max);
    if (!json_is_integer(v)) {
        wrong_type(r, f, v, pointer, rule);
        return;
    }
    json_int_t n = json_integer_value(v);
    if (n < 0 || (uint64_t)n < f->min || (uint64_t)n > max) {
        problem_add(r->problems, pointer, rule, "", "'%s' is %" JSON_INTEGER_FORMAT, f->name, n);
        return;
    }
    uint8_t u8 = (uint8_t)n;
    uint16_t u16 = (uint16_t)n;
    uint32_t u32 = (uint32_t)n;
    uint64_t u64 = (uint64_t)n;
    const void *values[] = {[1] = &u8, [2] = &u16, [4] = &u32, [8] = &u64};
    memcpy(place(record, f->at), values[size], size);
}

static json_t *write_number(const struct field *f, const void *record, bool secrets)
{
    (void)secrets;
    const void *p = place_const(record, f->at);
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    switch (number_size(f->kind)) {
    case 1: return json_integer(*(const uint8_t *)p);
    case 2: return memcpy(&u16, p, 2), json_integer(u16);
    case 4: return memcpy(&u32, p, 4), json_integer(u32);
    default: return memcpy(&u64, p, 8), json_integer((json_int_t)u64);
    }
}

static void read_addr(const struct fields_reader *r, const struct field *f, const json_t *v,
                      void *record, const char *pointer)
{
    const char *s = want_text(r, f, v, pointer, "must be an IP address in a string");
    struct addr a;
    if (!s) return;
    if (!addr_parse(s, &a))
        problem_add(r->problems, pointer, "an IPv4 or IPv6 address", "", "'%s' is no address", s);
    else
        memcpy(place(record, f->at), &a, sizeof a);
}

static json_t *write_addr(const struct field *f, const void *record, bool secrets)
{
    (void)secrets;
    struct addr a;
    char text[ADDR_TEXT_MAX];
    memcpy(&a, place_const(record, f->at), sizeof a);
    return addr_is_none(&a) ? NULL : json_string(addr_text(&a, text));
}

static void read_id(const struct fields_reader *r, const struct field *f, const json_t *v,
                    void *record, const char *pointer)
{
    const char *s = want_text(r, f, v, pointer, "must be a dotted quad in a string");
    struct addr a;
    if (!s) return;
    if (!addr_parse(s, &a) || a.family != FAMILY_IPV4 || addr_is_zero(&a)) {
        problem_add(r->problems, pointer, "four octets like 192.0.2.1, not 0.0.0.0", "",
                    "'%s' is no identifier", s);
        return;
    }
    uint32_t id = addr_v4_value(&a);
    memcpy(place(record, f->at), &id, sizeof id);
}

static json_t *write_id(const struct field *f, const void *record, bool secrets)
{
    (void)secrets;
    uint32_t id;
    char text[ADDR_TEXT_MAX];
    memcpy(&id, place_const(record, f->at), sizeof id);
    struct addr a = addr_v4(id);
    return id ? json_string(addr_text(&a, text)) : NULL;
}

static bool parse_prefix(const struct fields_reader *r, const char *s, const char *pointer,
                         struct prefix *out)
{
    char fix[PREFIX_TEXT_MAX];
    switch (prefix_parse(s, out)) {
    case PREFIX_FINE: return true;
    case PREFIX_BAD_ADDRESS:
        problem_add(r->problems, pointer, "address/length", "", "'%s' has no valid address", s);
        return false;
    case PREFIX_BAD_LENGTH:
        problem_add(r->problems, pointer, "a length from 0 to 32 (IPv4) or 128 (IPv6) after '/'", "",
                    "'%s' has no valid length", s);
        return false;
    case PREFIX_HOST_BITS:
        problem_add(r->problems, pointer, "bits beyond the length are zero", prefix_text(out, fix),
                    "'%s' has bits set beyond its length", s);
        return false;
    }
    return false;
}

static void read_prefix(const struct fields_reader *r, const struct field *f, const json_t *v,
                        void *record, const char *pointer)
{
    const char *s = want_text(r, f, v, pointer, "must be a prefix in a string");
    struct prefix p;
    if (s && parse_prefix(r, s, pointer, &p)) memcpy(place(record, f->at), &p, sizeof p);
}

static json_t *write_prefix(const struct field *f, const void *record, bool secrets)
{
    (void)secrets;
    struct prefix p;
    char text[PREFIX_TEXT_MAX];
    memcpy(&p, place_const(record, f->at), sizeof p);
    return addr_is_none(&p.addr) ? NULL : json_string(prefix_text(&p, text));
}

static void list_names(const char *const *names, struct text *out)
{
    text_add(out, "one of ");
    for (size_t i = 0; names[i]; i++) text_addf(out, "%s%s", i ? ", " : "", names[i]);
}

static void read_enum(const struct fields_reader *r, const struct field *f, const json_t *v,
                      void *record, const char *pointer)
{
    struct text rule = {0};
    list_names(f->names, &rule);
    const char *s = want_text(r, f, v, pointer, text_get(&rule));
    int at = -1;
    for (int i = 0; s && f->names[i]; i++)
        if (strcmp(f->names[i], s) == 0) at = i;
    if (at >= 0) {
        memcpy(place(record, f->at), &at, sizeof at);
    } else if (s) {
        const char *near = text_nearest(s, f->names);
        problem_add(r->problems, pointer, text_get(&rule), near ? near : "", "'%s' is '%s'", f->name, s);
    }
    text_drop(&rule);
}

static json_t *write_enum(const struct field *f, const void *record, bool secrets)
{
    (void)secrets;
    int at;
    memcpy(&at, place_const(record, f->at), sizeof at);
    return json_string(f->names[at]);
}

static void read_texts(const struct fields_reader *r, const struct field *f, const json_t *v,
                       void *record, const char *pointer)
{
    if (!json_is_array(v)) {
        wrong_type(r, f, v, pointer, "must be a list of strings");
        return;
    }
    size_t n = json_array_size(v);
    const char **texts = arena_take_array(r->arena, n ? n : 1, sizeof *texts);
    for (size_t i = 0; texts && i < n; i++) {
        const char *s = want_text(r, f, json_array_get(v, i), fields_pointer_at(r->arena, pointer, i),
                                  "must be a string");
        texts[i] = s ? arena_text(r->arena, s) : "";
    }
    memcpy(place(record, f->at), &texts, sizeof texts);
    memcpy(place(record, f->count_at), &n, sizeof n);
}

static json_t *write_texts(const struct field *f, const void *record, bool secrets)
{
    (void)secrets;
    const char **texts;
    size_t n;
    memcpy(&texts, place_const(record, f->at), sizeof texts);
    memcpy(&n, place_const(record, f->count_at), sizeof n);
    if (n == 0) return NULL;
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(list, json_string(texts[i]));
    return list;
}

static void read_prefixes(const struct fields_reader *r, const struct field *f, const json_t *v,
                          void *record, const char *pointer)
{
    if (!json_is_array(v)) {
        wrong_type(r, f, v, pointer, "must be a list of prefixes");
        return;
    }
    size_t n = json_array_size(v);
    struct prefix *list = arena_take_array(r->arena, n ? n : 1, sizeof *list);
    for (size_t i = 0; list && i < n; i++) {
        const char *where = fields_pointer_at(r->arena, pointer, i);
        const char *s = want_text(r, f, json_array_get(v, i), where, "must be a prefix in a string");
        if (s && !parse_prefix(r, s, where, &list[i])) list[i] = (struct prefix){0};
    }
    if (!list) n = 0;
    memcpy(place(record, f->at), &list, sizeof list);
    memcpy(place(record, f->count_at), &n, sizeof n);
}

static json_t *write_prefixes(const struct field *f, const void *record, bool secrets)
{
    (void)secrets;
    const struct prefix *list;
    size_t n;
    memcpy(&list, place_const(record, f->at), sizeof list);
    memcpy(&n, place_const(record, f->count_at), sizeof n);
    if (n == 0) return NULL;
    json_t *out = json_array();
    char text[PREFIX_TEXT_MAX];
    for (size_t i = 0; i < n; i++) json_array_append_new(out, json_string(prefix_text(&list[i], text)));
    return out;
}

static void read_object(const struct fields_reader *r, const struct field *f, const json_t *v,
                        void *record, const char *pointer)
{
    if (!json_is_object(v))
        wrong_type(r, f, v, pointer, "must be an object");
    else
        fields_read(f->sub, v, place(record, f->at), r->arena, r->problems, pointer);
}

static json_t *write_object(const struct field *f, const void *record, bool secrets)
{
    json_t *o = fields_write(f->sub, place_const(record, f->at), f->blank, secrets);
    if (json_object_size(o) > 0 || f->flags & FIELD_ALWAYS) return o;
    json_decref(o);
    return NULL;
}

static void read_list(const struct fields_reader *r, const struct field *f, const json_t *v,
                      void *record, const char *pointer)
{
    if (!json_is_array(v)) {
        wrong_type(r, f, v, pointer, "must be a list");
        return;
    }
    size_t n = json_array_size(v);
    uint8_t *items = arena_take_array(r->arena, n ? n : 1, f->size);
    if (!items) {
        problem_add(r->problems, pointer, "the document's memory limit", "", "'%s' is too long", f->name);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const char *where = fields_pointer_at(r->arena, pointer, i);
        const json_t *item = json_array_get(v, i);
        if (f->blank) memcpy(items + i * f->size, f->blank, f->size);
        if (!json_is_object(item))
            wrong_type(r, f, item, where, "must be a list of objects");
        else
            fields_read(f->sub, item, items + i * f->size, r->arena, r->problems, where);
    }
    memcpy(place(record, f->at), &items, sizeof items);
    memcpy(place(record, f->count_at), &n, sizeof n);
}

static json_t *write_list(const struct field *f, const void *record, bool secrets)
{
    const uint8_t *items;
    size_t n;
    memcpy(&items, place_const(record, f->at), sizeof items);
    memcpy(&n, place_const(record, f->count_at), sizeof n);
    if (n == 0 && !(f->flags & FIELD_ALWAYS)) return NULL;
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, fields_write(f->sub, items + i * f->size, f->blank, secrets));
    return list;
}

static void read_custom(const struct fields_reader *r, const struct field *f, const json_t *v,
                        void *record, const char *pointer)
{
    f->read(r, v, record, pointer);
}

static json_t *write_custom(const struct field *f, const void *record, bool secrets)
{
    return f->write ? f->write(record, secrets) : NULL;
}

static const struct kind_row {
    void (*read)(const struct fields_reader *, const struct field *, const json_t *, void *, const char *);
    json_t *(*write)(const struct field *, const void *, bool);
} kinds[] = {
    [FIELD_TEXT] = {read_text, write_text},       [FIELD_BOOL] = {read_bool, write_bool},
    [FIELD_U8] = {read_number, write_number},     [FIELD_U16] = {read_number, write_number},
    [FIELD_U32] = {read_number, write_number},    [FIELD_U64] = {read_number, write_number},
    [FIELD_ID] = {read_id, write_id},             [FIELD_ADDR] = {read_addr, write_addr},
    [FIELD_PREFIX] = {read_prefix, write_prefix}, [FIELD_ENUM] = {read_enum, write_enum},
    [FIELD_TEXTS] = {read_texts, write_texts},    [FIELD_MAYBE] = {read_maybe, write_maybe},
    [FIELD_OBJECT] = {read_object, write_object}, [FIELD_PREFIXES] = {read_prefixes, write_prefixes},
    [FIELD_LIST] = {read_list, write_list},       [FIELD_CUSTOM] = {read_custom, write_custom},
};

enum { MOST_ROWS = 96 };

static void unknown_key(const struct field *rows, const char *key, struct problems *problems,
                        const char *pointer, struct arena *arena)
{
    const char *names[MOST_ROWS + 1];
    size_t n = 0;
    for (; rows[n].name && n < MOST_ROWS; n++) names[n] = rows[n].name;
    names[n] = NULL;
    const char *near = text_nearest(key, names);
    struct text rule = {0}, shown = {0};
    text_add(&rule, "known keys: ");
    for (size_t i = 0; i < n; i++) text_addf(&rule, "%s%s", i ? ", " : "", names[i]);
    text_add_escaped(&shown, key, strlen(key), 64);
    problem_add(problems, fields_pointer(arena, pointer, key), text_get(&rule), near ? near : "",
                "unknown key '%s'%s%s%s", text_get(&shown), near ? ", did you mean '" : "",
                near ? near : "", near ? "'?" : "");
    text_drop(&rule);
    text_drop(&shown);
}

void fields_read(const struct field *rows, const json_t *object, void *record, struct arena *arena,
                 struct problems *problems, const char *pointer)
{
    const struct fields_reader r = {arena, problems};
    const char *key;
    json_t *v;
    for (const struct field *f = rows; f->name; f++) {
        const json_t *value = json_object_get(object, f->name);
        if (value && !json_is_null(value))
            kinds[f->kind].read(&r, f, value, record, fields_pointer(arena, pointer, f->name));
        else if (f->flags & FIELD_REQUIRED)
            problem_add(problems, pointer, "this key is required", "", "'%s' is missing", f->name);
    }
    json_object_foreach((json_t *)object, key, v)
    {
        const struct field *f = rows;
        while (f->name && strcmp(f->name, key) != 0) f++;
        if (!f->name) unknown_key(rows, key, problems, pointer, arena);
    }
}

json_t *fields_write(const struct field *rows, const void *record, const void *blank, bool secrets)
{
    json_t *o = json_object();
    for (const struct field *f = rows; f->name; f++) {
        if (f->flags & FIELD_SECRET && !secrets) continue;
        json_t *v = kinds[f->kind].write(f, record, secrets);
        if (!v) continue;
        json_t *usual = blank && !(f->flags & FIELD_ALWAYS) ? kinds[f->kind].write(f, blank, secrets) : NULL;
        if (usual && json_equal(usual, v))
            json_decref(v);
        else
            json_object_set_new(o, f->name, v);
        json_decref(usual);
    }
    return o;
}
