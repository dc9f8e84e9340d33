#include "check.h"
#include "model/design.h"

static struct prefix prefix(const char *s)
{
    struct prefix p;
    assert_int_equal(prefix_parse(s, &p), PREFIX_FINE);
    return p;
}

static void a_block_is_split_lower_half_first(void **state)
{
    (void)state;
    struct design_subnets s = {.block = prefix("192.168.100.128/29")};
    struct prefix leg;
    char text[PREFIX_TEXT_MAX];
    assert_true(design_link_subnet(&s, LEG_FIRST, &leg));
    assert_string_equal(prefix_text(&leg, text), "192.168.100.128/30");
    assert_true(design_link_subnet(&s, LEG_SECOND, &leg));
    assert_string_equal(prefix_text(&leg, text), "192.168.100.132/30");
}

static void a_leg_without_subnet_has_none(void **state)
{
    (void)state;
    struct design_subnets s = {.primary = prefix("192.168.100.128/30")};
    struct prefix leg;
    assert_true(design_link_subnet(&s, LEG_FIRST, &leg));
    assert_false(design_link_subnet(&s, LEG_SECOND, &leg));
    s = (struct design_subnets){.block = prefix("192.0.2.1/32")};
    assert_false(design_link_subnet(&s, LEG_FIRST, &leg));
}

static void dates_are_days_of_the_calendar(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        int64_t days;
    } rows[] = {{"1970-01-01", 0},     {"1970-03-01", 59},    {"2000-02-29", 11016},
                {"2000-03-01", 11017}, {"2026-04-28", 20571}, {"2024-12-31", 20088}};
    int64_t days;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_true(design_date(rows[i].s, &days));
        assert_int_equal(days, rows[i].days);
    }
    static const char *const wrong[] = {"",           "2026-02-29", "2026-13-01", "2026-00-10",
                                        "2026-4-28",  "26-04-28",   "2026-04-31", "2026-04-28x",
                                        "2026/04/28", "1969-12-31"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) assert_false(design_date(wrong[i], &days));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_split_lower_half_first),
        cmocka_unit_test(a_leg_without_subnet_has_none),
        cmocka_unit_test(dates_are_days_of_the_calendar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
