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
