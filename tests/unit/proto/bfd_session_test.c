/* Two BFD sessions on virtual time. */
#include "check.h"
#include "proto/bfd_session.h"

static struct bfd_session a, b;
static instant now;
static bool cut;

static void deliver(struct bfd_session *to, struct bfd_effects *fx)
{
    struct bfd_effects answer;
    if (!fx->send || cut) return;
    assert_int_equal(bfd_input(to, span_of(fx->packet, BFD_PACKET), 255, now, &answer), BFD_ACCEPTED);
    if (answer.send) deliver(to == &a ? &b : &a, &answer);
}

static void run(int64_t until_us)
{
    for (;;) {
        instant next = instant_first(bfd_next(&a), bfd_next(&b));
        if (next.us > until_us) break;
        struct bfd_effects fx;
        now = next;
        bfd_tick(&a, now, &fx), deliver(&b, &fx);
        bfd_tick(&b, now, &fx), deliver(&a, &fx);
    }
    now.us = until_us;
}

static int begin(void **state)
{
    (void)state;
    struct bfd_conf c = {.local_discr = 7, .min_tx_us = 300000, .min_rx_us = 300000, .mult = 3, .jitter_seed = 5};
    now.us = 0, cut = false;
    bfd_init(&a, &c, now);
    c.local_discr = 9, c.jitter_seed = 6;
    bfd_init(&b, &c, now);
    return 0;
}

static void both_sides_come_up(void **state)
{
    (void)state;
    run(5000000);
    assert_int_equal(a.state, BFD_UP);
    assert_int_equal(b.state, BFD_UP);
    assert_int_equal(a.tx_us, 300000);
    assert_int_equal(a.detect_us, 900000);
    assert_false(a.poll_sent);
}

static void silence_is_detected_in_three_intervals(void **state)
{
    (void)state;
    run(5000000);
    cut = true;
    run(5000000 + 1000000);
    assert_int_equal(a.state, BFD_DOWN);
    assert_int_equal(a.diag, 1);
    assert_int_equal(a.times_down, 1);
    assert_in_range(a.since.us, 5600000, 5900000);
}

/* RFC 5880 6.8.3: slower sending and faster detection wait for the answer to the poll. */
static void a_change_waits_for_its_poll(void **state)
{
    (void)state;
    run(5000000);
    cut = true;
    struct bfd_conf c = a.conf;
    c.min_tx_us = 500000, c.min_rx_us = 100000;
    bfd_reconfigure(&a, &c, now);
    assert_true(a.poll_sent);
    assert_int_equal(a.tx_us, 300000);
    assert_int_equal(a.detect_us, 900000);
    cut = false;
    run(8000000);
    assert_false(a.poll_sent);
    assert_int_equal(a.state, BFD_UP);
    assert_int_equal(a.tx_us, 500000);
    assert_int_equal(b.detect_us, 1500000);
    assert_int_equal(a.times_down + b.times_down, 0);
}

static void the_other_way_round_a_change_acts_at_once(void **state)
{
    (void)state;
    run(5000000);
    struct bfd_conf c = a.conf;
    c.min_tx_us = 300000, c.min_rx_us = 600000;
    bfd_reconfigure(&a, &c, now);
    assert_int_equal(a.detect_us, 1800000);
    run(9000000);
    assert_int_equal(b.tx_us, 600000);
    assert_int_equal(a.times_down + b.times_down, 0);
}

/* RB-118: what was late was us; the neighbour gets as long, once, and at most 10 ms or 5 %. */
static void our_own_delay_is_not_their_silence(void **state)
{
    (void)state;
    struct bfd_effects fx;
    run(5000000);
    instant silent = a.expires;
    assert_false(bfd_woke_late(&a, duration_ms(8), (instant){silent.us - 1})); /* nothing is due yet */
    now = instant_after(silent, duration_ms(8));
    assert_false(bfd_woke_late(&a, duration_us(0), now));
    assert_true(bfd_woke_late(&a, duration_ms(8), now));
    assert_int_equal(a.expires.us, silent.us + 16000);
    bfd_tick(&a, now, &fx);
    assert_int_equal(a.state, BFD_UP);
    now = instant_after(silent, duration_ms(700));
    assert_false(bfd_woke_late(&a, duration_ms(684), now)); /* once */
    bfd_tick(&a, now, &fx);
    assert_int_equal(a.state, BFD_DOWN);
    assert_string_equal(bfd_diag_name(fx.why), "control detection time expired");
}

static void the_last_moment_is_bounded_and_comes_again_after_a_packet(void **state)
{
    (void)state;
    run(5000000);
    now = instant_after(a.expires, duration_s(2));
    assert_true(bfd_woke_late(&a, duration_s(2), now));
    assert_int_equal(a.expires.us, now.us + 45000); /* 5 % of 900 ms */
    struct bfd_effects fx;
    bfd_tick(&b, b.next_tx, &fx), deliver(&a, &fx);
    assert_int_equal(a.state, BFD_UP);
    now = instant_after(a.expires, duration_s(2));
    assert_true(bfd_woke_late(&a, duration_s(2), now));
}

static void an_end_by_the_operator_is_told_from_a_failure(void **state)
{
    (void)state;
    struct bfd_effects fx, seen;
    run(5000000);
    bfd_shutdown(&a, now, &fx);
    assert_int_equal(bfd_input(&b, span_of(fx.packet, BFD_PACKET), 255, now, &seen), BFD_ACCEPTED);
    assert_true(seen.fell && seen.off);
}

static void administrative_down_is_told(void **state)
{
    (void)state;
    struct bfd_effects fx;
    run(5000000);
    bfd_shutdown(&a, now, &fx);
    deliver(&b, &fx);
    assert_int_equal(b.state, BFD_DOWN);
    assert_int_equal(b.remote_state, BFD_ADMIN_DOWN);
    run(8000000);
    assert_int_equal(a.state, BFD_ADMIN_DOWN);
}

static void nonsense_is_dropped_and_counted(void **state)
{
    (void)state;
    struct bfd_effects fx, none;
    uint8_t p[BFD_PACKET];
    bfd_tick(&b, now, &fx);
    /* clang-format off */
    static const struct { size_t at; uint8_t value; enum bfd_drop drop; } rows[] = {
        {0, 0x00, BFD_BAD_VERSION}, {3, 23, BFD_BAD_LENGTH}, {3, 25, BFD_BAD_LENGTH},
        {2, 0, BFD_BAD_MULT}, {1, 0x41, BFD_MULTIPOINT}, {7, 0, BFD_NO_MY_DISCR},
        {11, 99, BFD_UNKNOWN_YOUR_DISCR}, {1, 0xc0, BFD_YOUR_DISCR_ZERO},
    };
    /* clang-format on */
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        memcpy(p, fx.packet, sizeof p);
        p[rows[i].at] = rows[i].value;
        assert_int_equal(bfd_input(&a, span_of(p, sizeof p), 255, now, &none), rows[i].drop);
    }
    assert_int_equal(bfd_input(&a, span_of(fx.packet, BFD_PACKET), 254, now, &none), BFD_BAD_TTL);
    assert_int_equal(a.state, BFD_DOWN);
    assert_int_equal(a.drops[BFD_BAD_LENGTH], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(both_sides_come_up, begin),
        cmocka_unit_test_setup(silence_is_detected_in_three_intervals, begin),
        cmocka_unit_test_setup(a_change_waits_for_its_poll, begin),
        cmocka_unit_test_setup(our_own_delay_is_not_their_silence, begin),
        cmocka_unit_test_setup(the_last_moment_is_bounded_and_comes_again_after_a_packet, begin),
        cmocka_unit_test_setup(the_other_way_round_a_change_acts_at_once, begin),
        cmocka_unit_test_setup(an_end_by_the_operator_is_told_from_a_failure, begin),
        cmocka_unit_test_setup(administrative_down_is_told, begin),
        cmocka_unit_test_setup(nonsense_is_dropped_and_counted, begin),
    };
    return cmocka_run_group_tests_name("BFD sessions", tests, NULL, NULL);
}
