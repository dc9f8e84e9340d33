/* capacity/exact.h - numbers of a plan as fractions of whole numbers, so that 160 Mbps with 20 %
 * spare is 200 and not 200.00000000000003. Pure. Values stay far below 2^63: rates are bits per
 * second, sites and users are bounded by the reader. */
#pragma once
#include "base/defs.h"

struct exact {
    int64_t num, den; /* den > 0 */
};

enum { EXACT_TEXT_MAX = 48 };

struct exact exact_of(int64_t num, int64_t den); /* reduced; den != 0 */
struct exact exact_whole(int64_t n);
struct exact exact_times(struct exact a, struct exact b);
struct exact exact_plus(struct exact a, struct exact b);
int exact_compare(struct exact a, struct exact b);
int64_t exact_ceil(struct exact a);
int64_t exact_floor(struct exact a);
double exact_double(struct exact a);
/* Nearest, halves up; decimals 0..9; trailing zeros are cut when `short_form`. Returns buf. */
const char *exact_text(struct exact a, unsigned decimals, bool short_form,
                       char buf[static EXACT_TEXT_MAX]);
/* "30.9" -> 309/10: at most 6 decimals. False: not such a number. */
MUST_USE bool exact_parse(const char *s, struct exact *out);
