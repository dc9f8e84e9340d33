/* base/date.h - calendar dates as people write them. Pure. */
#pragma once
#include "base/defs.h"

/* "2026-01-31" as days since 1970-01-01; false if it is no date of the Gregorian calendar. */
bool date_days(const char *s, int64_t *out_days);

struct date {
    int year, month, day; /* from 1 */
    int weekday;          /* 0: Sunday */
};
struct date date_of_days(int64_t days); /* since 1970-01-01, not before year 0 */

enum { DATE_TEXT_MAX = 32 };
/* Seconds since 1970 as "2026-01-31T12:00:00Z" (RFC 3339). Returns `out`. */
const char *date_time_text(int64_t seconds, char out[static DATE_TEXT_MAX]);
