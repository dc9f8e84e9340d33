/* model/records_json.h - request bodies into records by tables of fields (jansson).
 * Clients send back whatever a GET gave them, so unknown and read-only members are passed over; a
 * member with the wrong JSON type is a problem with its JSON pointer. Words with a fixed set of
 * values are taken in any case. */
#pragma once
#include <jansson.h>
#include "model/records.h"
#include "model/types.h"
#include "net/fields_json.h"

/* The members of `object` that the rows know, as a new reference: nested ones likewise, words of
 * fixed sets in their usual spelling, members that are null left out. */
json_t *record_known(const struct field *rows, const json_t *object);

/* Reads the head and the properties of a body of that kind into *out, which must be the struct the
 * kind's rows are made for. Texts that are absent are "". */
void record_head_read(const json_t *body, struct arena *a, struct problems *ps,
                      struct record_head *out);
void record_read(enum resource_kind k, const json_t *properties, struct arena *a,
                 struct problems *ps, void *out);
const struct field *record_rows(enum resource_kind k);
/* The struct of a kind with every default in place. */
size_t record_size(enum resource_kind k);
extern const char *const record_registries[], *const record_encapsulations[],
    *const record_billings[];
