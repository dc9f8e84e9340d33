/* base/date.h - calendar dates as people write them. Pure. */
#pragma once
#include "base/defs.h"

/* "2026-01-31" as days since 1970-01-01; false if it is no date of the Gregorian calendar. */
bool date_days(const char *s, int64_t *out_days);
