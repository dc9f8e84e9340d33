#include "check.h"
#include "capacity/exact.h"

static void one_hundred_sixty_over_eight_tenths_is_two_hundred(void **state)
{
    (void)state;
    struct exact x = exact_of(160 * 100, 80);
    assert_int_equal(exact_compare(x, exact_whole(200)), 0);
    assert_int_equal(exact_ceil(x), 200);
    assert_int_equal(exact_ceil(exact_of(16001, 80)), 201);
}

static void text_rounds_halves_up_and_carries(void **state)
{
    (void)state;
    char buf[EXACT_TEXT_MAX];
    assert_string_equal(exact_text(exact_of(1, 8), 2, false, buf), "0.13");
    assert_string_equal(exact_text(exact_of(999, 1000), 2, false, buf), "1.00");
    assert_string_equal(exact_text(exact_of(999, 1000), 2, true, buf), "1");
    assert_string_equal(exact_text(exact_of(-5, 2), 1, false, buf), "-2.5");
    assert_string_equal(exact_text(exact_of(1, 3), 6, true, buf), "0.333333");
    assert_string_equal(exact_text(exact_whole(100), 0, true, buf), "100");
    assert_string_equal(exact_text(exact_of(5, 2), 0, true, buf), "3");
}

static void decimal_text_is_read_exactly(void **state)
{
    (void)state;
    struct exact x;
    assert_true(exact_parse("30.900000", &x));
    assert_int_equal(exact_compare(x, exact_of(309, 10)), 0);
    assert_true(exact_parse("7", &x));
    assert_int_equal(x.num, 7);
    assert_false(exact_parse("", &x));
    assert_false(exact_parse(".", &x));
    assert_false(exact_parse("1.2.3", &x));
    assert_false(exact_parse("-1", &x));
    assert_false(exact_parse("1e3", &x));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_hundred_sixty_over_eight_tenths_is_two_hundred),
        cmocka_unit_test(text_rounds_halves_up_and_carries),
        cmocka_unit_test(decimal_text_is_read_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
