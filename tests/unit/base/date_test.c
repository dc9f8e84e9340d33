/* Calendar dates there and back, day by day through four centuries. */
#include "base/date.h"
#include <stdio.h>
#include "check.h"

static void every_day_reads_back(void **state)
{
    (void)state;
    char text[16];
    struct date before = date_of_days(-1);
    assert_int_equal(before.year, 1969);
    assert_int_equal(before.day, 31);
    for (int64_t day = 0; day < 146097 + 400; day++) {
        struct date d = date_of_days(day);
        int64_t back;
        snprintf(text, sizeof text, "%04d-%02d-%02d", d.year, d.month, d.day);
        assert_true(date_days(text, &back));
        assert_int_equal(back, day);
        assert_int_equal(d.weekday, (before.weekday + 1) % 7);
        before = d;
    }
}

static void instants_are_written_as_rfc_3339_says(void **state)
{
    (void)state;
    char out[DATE_TEXT_MAX];
    assert_string_equal(date_time_text(0, out), "1970-01-01T00:00:00Z");
    assert_string_equal(date_time_text(1800000000, out), "2027-01-15T08:00:00Z");
    assert_int_equal(date_of_days(20833).weekday, 5); /* 2027-01-15 is a Friday */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_reads_back),
        cmocka_unit_test(instants_are_written_as_rfc_3339_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
