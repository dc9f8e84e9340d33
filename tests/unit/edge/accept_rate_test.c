/* RB-093: 50 connections a second from an address. */
#include "check.h"
#include "edge/accept_rate.h"

static struct accept_rate r;

static struct addr address(unsigned n)
{
    const uint8_t b[4] = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    return addr_from_bytes(FAMILY_IPV4, b);
}

static int begin(void **state)
{
    (void)state;
    r = (struct accept_rate){0};
    return 0;
}

static void fifty_a_second_and_no_more(void **state)
{
    (void)state;
    struct addr a = address(1);
    for (int second = 1; second < 4; second++)
        for (int i = 0; i < 1000; i++)
            assert_int_equal(accept_rate_take(&r, &a, (instant){second * 1000000 + i * 900}), i < ACCEPT_RATE);
    assert_int_equal(r.refused, 3 * (1000 - ACCEPT_RATE));
}

static void addresses_have_their_own_share(void **state)
{
    (void)state;
    struct addr loud = address(1), quiet = address(2);
    for (int i = 0; i < 500; i++) (void)accept_rate_take(&r, &loud, (instant){1000000 + i});
    assert_false(accept_rate_take(&r, &loud, (instant){1001000}));
    assert_true(accept_rate_take(&r, &quiet, (instant){1001000}));
}

/* Many more addresses than there is room for: each of them still may come. */
static void a_crowd_locks_nobody_out(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 100000; n++) {
        struct addr a = address(n);
        assert_true(accept_rate_take(&r, &a, (instant){1000000 + n}));
    }
    assert_int_equal(r.refused, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(fifty_a_second_and_no_more, begin),
        cmocka_unit_test_setup(addresses_have_their_own_share, begin),
        cmocka_unit_test_setup(a_crowd_locks_nobody_out, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
