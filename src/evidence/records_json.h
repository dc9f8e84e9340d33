/* evidence/records_json.h - records of drills and of measured ways, as facts.
 * A drill's record is what `drill run -o json` prints. Loss and round trip of a leg are told of the
 * rows "primary leg" and "secondary leg" of what a lab measured. */
#pragma once
#include <jansson.h>
#include "evidence/collect.h"

bool drill_record_is(const json_t *document);
/* The fact's time is the record's own; `now_ms` when it has none that can be read. */
void drill_record_take(const struct collector *c, const json_t *document);
/* "2026-01-31T12:00:00Z" as milliseconds since 1970; false if it is none. */
bool record_time(const char *s, int64_t *out_ms);

bool measured_is(const json_t *document);
void measured_take(const struct collector *c, const char *circuit, const json_t *document);
