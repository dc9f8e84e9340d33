/* net/fields_json.h - structs from and to JSON by tables of fields (jansson).
 * One row is one key: its name, kind, place in the struct and range. From the rows come reading,
 * every error message (with JSON pointer, rule, and "did you mean" for unknown keys), and writing.
 * Values land in the caller's struct, texts and lists in the caller's arena. A struct is prepared by
 * its owner with defaults before it is read; list elements are copied from `blank` first. */
#pragma once
#include <jansson.h>
#include "base/problem.h"

enum field_kind {
    FIELD_TEXT,   /* const char *; max: longest, in bytes */
    FIELD_BOOL,   /* bool */
    FIELD_MAYBE,  /* an enum (int-sized): 0 the document does not say, 1 true, 2 false */
    FIELD_U8,     /* min..max for all numbers; max 0: whatever the type holds */
    FIELD_U16,
    FIELD_U32,
    FIELD_U64,
    FIELD_ID,     /* uint32_t, host order, written as a dotted quad */
    FIELD_ADDR,   /* struct addr */
    FIELD_PREFIX, /* struct prefix; host bits are a problem */
    FIELD_ENUM,   /* an enum (int-sized) by its name in `names`, ended by NULL */
    FIELD_TEXTS,  /* const char **, count at count_at */
    FIELD_PREFIXES, /* struct prefix *, count at count_at */
    FIELD_OBJECT, /* a struct inside the struct, by `sub` */
    FIELD_LIST,   /* array of structs: pointer at `at`, size_t at count_at, by `sub`, size, blank */
    FIELD_CUSTOM, /* read and write decide */
};

enum field_flags {
    FIELD_REQUIRED = 1 << 0,
    FIELD_SECRET = 1 << 1,  /* never quoted in a problem; written only when asked for */
    FIELD_ALWAYS = 1 << 2,  /* written even when it equals the blank's value */
    FIELD_DATE = 1 << 3,    /* a text that is a day: "2026-01-31" */
};

struct field;
struct fields_reader { /* what a custom row gets */
    struct arena *arena;
    struct problems *problems;
};

struct field {
    const char *name;
    enum field_kind kind;
    size_t at;
    unsigned flags;
    uint64_t min, max;
    const char *const *names;
    const struct field *sub; /* rows ended by one without name */
    size_t size, count_at;
    const void *blank; /* of one list element or object; NULL: zeroes */
    void (*read)(const struct fields_reader *r, const json_t *v, void *record, const char *pointer);
    json_t *(*write)(const void *record, bool secrets); /* NULL result: leave the key out */
    const char *help;                /* one line for schema and documentation; may be NULL */
    json_t *(*schema)(void);         /* of a custom row; NULL: anything */
};

/* Reads every key of `object` into `record`; all problems are collected. A value `null` counts as
 * absent. `pointer` is where the object stands ("" for the document). */
void fields_read(const struct field *rows, const json_t *object, void *record, struct arena *arena,
                 struct problems *problems, const char *pointer);
/* New reference. Keys in the order of the rows; values equal to those of `blank` are left out. */
json_t *fields_write(const struct field *rows, const void *record, const void *blank, bool secrets);

/* JSON Schema (draft 2020-12) of an object by its rows; new reference. */
json_t *fields_schema(const struct field *rows);

/* For custom rows: "<pointer>/<key>" and "<pointer>/<index>" in the arena. */
const char *fields_pointer(struct arena *arena, const char *pointer, const char *key);
const char *fields_pointer_at(struct arena *arena, const char *pointer, size_t index);
/* "a string", "an object" ... for messages. */
const char *fields_type_name(const json_t *v);
