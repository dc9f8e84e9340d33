/* lab/measure.h - what the lab's ways cost when all is well: loss and round trip, each leg by
 * itself and host to host. */
#pragma once
#include "lab/lab.h"

struct measure_row {
    const char *what; /* "primary leg" */
    char from[64], to[ADDR_TEXT_MAX];
    int64_t sent, lost, rtt_us; /* median or average round trip */
};
enum { MEASURE_ROWS = 5 };

/* About a second. False with `why` when a way could not be measured at all. */
MUST_USE bool measure_all(const struct lab *lab, struct measure_row out[static MEASURE_ROWS],
                          struct text *why);
/* The two legs alone, also when nothing answers (then all is lost): a third of a second when they
 * work, two when they do not. */
MUST_USE bool measure_legs(const struct lab *lab, struct measure_row out[static LAB_LEGS],
                           struct text *why);
json_t *measure_rows_json(const struct measure_row *rows, size_t n); /* new reference */
json_t *measure_json(const struct measure_row rows[static MEASURE_ROWS]); /* new reference */
void measure_print(const struct measure_row rows[static MEASURE_ROWS], struct text *out);
