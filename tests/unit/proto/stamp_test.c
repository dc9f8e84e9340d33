#include "check.h"
#include "proto/stamp.h"

enum { RATE = 500, STEP_US = 1000000 / RATE, TRIP_US = 300, ROOM = 512 };
static const instant start = {5000000};

/* Sends what is due at t; reflects it unless `lost`. */
static bool one_round(struct stamp_sender *s, instant t, bool lost)
{
    uint8_t probe[ROOM], answer[ROOM], dscp;
    struct writer w = writer_on(probe, sizeof probe), a = writer_on(answer, sizeof answer);
    if (!stamp_sender_probe(s, t, t.us, &w)) return false;
    struct stamp_seen seen = {.received_us = t.us + TRIP_US / 2, .ttl = 253, .dscp = s->conf.dscp};
    assert_int_equal(stamp_reflect(writer_span(&w), &seen, t.us + TRIP_US / 2 + 50, &a, &dscp),
                     STAMP_FINE);
    if (!lost) stamp_sender_answer(s, writer_span(&a), t.us + TRIP_US + 50, dscp);
    return true;
}

static struct stamp_sender started(uint32_t count)
{
    struct stamp_sender s;
    struct stamp_conf conf = {
        .rate = RATE, .count = count, .dscp = 46, .ssid = 3, .patience = duration_s(1)};
    stamp_sender_start(&s, &conf, start);
    return s;
}

static instant at_step(int n) { return instant_after(start, duration_us((int64_t)n * STEP_US)); }

static void probes_keep_the_rate(void **state)
{
    (void)state;
    struct stamp_sender s = started(10);
    for (int n = 0; n < 10; n++) {
        assert_true(stamp_sender_next(&s).us == at_step(n).us);
        assert_true(one_round(&s, at_step(n), false));
        assert_false(one_round(&s, instant_after(at_step(n), duration_us(STEP_US / 2)), false));
    }
    assert_true(stamp_sender_done(&s, at_step(10)));
    stamp_sender_drop(&s);
}

static void a_hole_is_counted_in_probes_and_as_time(void **state)
{
    (void)state;
    struct stamp_sender s = started(1000);
    struct stamp_report r;
    for (int n = 0; n < 1000; n++)
        assert_true(one_round(&s, at_step(n), (n >= 300 && n < 750) || n == 900));
    assert_false(stamp_sender_done(&s, at_step(1000))); /* answers may still come */
    assert_true(stamp_sender_done(&s, instant_after(at_step(1000), duration_s(1))));
    stamp_sender_report(&s, &r);
    assert_int_equal(r.sent, 1000);
    assert_int_equal(r.lost, 451);
    assert_int_equal(r.longest_loss, 450);
    assert_int_equal(r.outage_us, 900000);
    assert_int_equal(r.rtt_median_us, TRIP_US);
    stamp_sender_drop(&s);
}

static void a_second_copy_counts_once_and_a_strange_packet_not_at_all(void **state)
{
    (void)state;
    uint8_t probe[ROOM], answer[ROOM], dscp;
    struct stamp_sender s = started(1);
    struct stamp_report r;
    struct writer w = writer_on(probe, sizeof probe), a = writer_on(answer, sizeof answer);
    assert_true(stamp_sender_probe(&s, start, start.us, &w));
    struct stamp_seen seen = {.received_us = start.us};
    assert_int_equal(stamp_reflect(writer_span(&w), &seen, start.us, &a, &dscp), STAMP_FINE);
    stamp_sender_answer(&s, writer_span(&a), start.us + 5, 0);
    stamp_sender_answer(&s, writer_span(&a), start.us + 6, 0);
    answer[27] = 200; /* the sequence number of a probe that was never sent */
    stamp_sender_answer(&s, writer_span(&a), start.us + 7, 0);
    stamp_sender_answer(&s, span_of(answer, 12), start.us + 8, 0);
    stamp_sender_report(&s, &r);
    assert_int_equal(r.answered, 1);
    assert_int_equal(r.duplicates, 1);
    assert_int_equal(s.strange, 2);
    stamp_sender_drop(&s);
}

static void a_stalled_caller_does_not_answer_with_a_long_burst(void **state)
{
    (void)state;
    struct stamp_sender s = started(0);
    int burst = 0;
    assert_true(one_round(&s, start, false));
    while (one_round(&s, instant_after(start, duration_s(10)), false)) burst++;
    assert_in_range(burst, 1, 21);
    stamp_sender_stop(&s);
    assert_true(stamp_sender_done(&s, instant_after(start, duration_s(10))));
    stamp_sender_drop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probes_keep_the_rate),
        cmocka_unit_test(a_hole_is_counted_in_probes_and_as_time),
        cmocka_unit_test(a_second_copy_counts_once_and_a_strange_packet_not_at_all),
        cmocka_unit_test(a_stalled_caller_does_not_answer_with_a_long_burst),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
