/* base/date.c - year-month-day to a count of days, without the C library's clock. */
#include "base/date.h"
#include <stdio.h>
#include <string.h>

static bool leap(int y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; }

/* Days before a year since 0000-01-01 of the proleptic Gregorian calendar. */
static int64_t days_before(int y) { return 365LL * y + (y + 3) / 4 - (y + 99) / 100 + (y + 399) / 400; }

bool date_days(const char *s, int64_t *out_days)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int y, m, day, used = 0;
    if (strlen(s) != 10 || sscanf(s, "%4d-%2d-%2d%n", &y, &m, &day, &used) != 3 || used != 10) return false;
    if (y < 1970 || m < 1 || m > 12 || day < 1) return false;
    if (day > lengths[m - 1] + (m == 2 && leap(y))) return false;
    int64_t days = days_before(y) - days_before(1970) + day - 1;
    for (int i = 0; i < m - 1; i++) days += lengths[i];
    *out_days = days + (m > 2 && leap(y));
    return true;
}

/* Days are counted from March, so that the leap day is the last of its year, in eras of 400 years. */
struct date date_of_days(int64_t days)
{
    enum { ERA = 146097, TO_1970 = 719468, WEEKDAY_OF_1970 = 4 };
    int64_t z = days + TO_1970, era = z / ERA, d = z % ERA;
    int64_t y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
    int64_t yday = d - (365 * y + y / 4 - y / 100), m = (5 * yday + 2) / 153;
    int month = (int)(m < 10 ? m + 3 : m - 9);
    return (struct date){(int)(y + era * 400 + (month <= 2)), month,
                         (int)(yday - (153 * m + 2) / 5 + 1),
                         (int)((days % 7 + 7 + WEEKDAY_OF_1970) % 7)};
}

const char *date_time_text(int64_t seconds, char out[static DATE_TEXT_MAX])
{
    enum { DAY = 86400 };
    struct date d = date_of_days(seconds / DAY);
    int rest = (int)(seconds % DAY);
    snprintf(out, DATE_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02dZ", d.year, d.month, d.day,
             rest / 3600, rest / 60 % 60, rest % 60);
    return out;
}
