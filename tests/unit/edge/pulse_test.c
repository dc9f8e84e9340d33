/* Which silence is deafness (RB-185). */
#include "check.h"
#include "edge/pulse.h"

static struct pulse p;
static struct pulse_reading r;
static instant now;

static int begin(void **state)
{
    (void)state;
    r = (struct pulse_reading){.ran_ns = 5000000000u, .waited_ns = 100};
    now = (instant){1000000};
    pulse_begin(&p);
    return 0;
}

/* Seconds after a question; in each the process runs and waits for so many milliseconds. */
static void live(int seconds, unsigned ran_ms, unsigned waited_ms)
{
    for (int s = 0; s < seconds; s++) {
        pulse_sample(&p, &r, 1, now);
        now = instant_after(now, duration_s(1));
        r.ran_ns += ran_ms * 1000000ull, r.waited_ns += waited_ms * 1000000ull;
    }
    pulse_sample(&p, &r, 1, now);
}

static void stopped_or_blocked_is_deaf(void **state)
{
    (void)state;
    pulse_ask(&p);
    live(9, 0, 0);
    assert_false(pulse_deaf(&p));
    live(1, 0, 0);
    assert_true(pulse_deaf(&p));
}

static void busy_without_an_answer_is_deaf(void **state)
{
    (void)state;
    r.runnable = true;
    pulse_ask(&p);
    live(10, 1000, 0);
    assert_true(pulse_deaf(&p));
}

static void busy_on_a_quarter_of_a_processor_is_deaf_later(void **state)
{
    (void)state;
    r.runnable = true;
    pulse_ask(&p);
    live(39, 250, 750);
    assert_false(pulse_deaf(&p));
    live(2, 250, 750);
    assert_true(pulse_deaf(&p));
}

/* run_delay stays as it is until the wait ends, and then has all of it. */
static void never_run_is_not_deaf(void **state)
{
    (void)state;
    r.runnable = true;
    pulse_ask(&p);
    live(300, 0, 0);
    assert_false(pulse_deaf(&p));
    assert_int_equal(p.starved.us, duration_s(300).us);
    r.waited_ns += 300000000000u;
    live(9, 0, 1000);
    assert_false(pulse_deaf(&p));
}

static void an_answer_begins_anew(void **state)
{
    (void)state;
    uint32_t first = pulse_ask(&p);
    live(8, 0, 0);
    pulse_ask(&p);
    pulse_answer(&p, first);
    assert_true(pulse_waits(&p));
    live(8, 0, 0);
    assert_false(pulse_deaf(&p));
    pulse_answer(&p, p.asked);
    assert_false(pulse_waits(&p));
}

/* It is some other thread that would answer, and that one waits. */
static void one_thread_that_waits_excuses_the_process(void **state)
{
    (void)state;
    struct pulse_reading two[2] = {{.ran_ns = 7}, {.ran_ns = 9, .runnable = true}};
    pulse_ask(&p);
    for (int s = 0; s < 60; s++, now = instant_after(now, duration_s(1)), two[0].ran_ns += 1000) pulse_sample(&p, two, 2, now);
    assert_false(pulse_deaf(&p));
    two[1].runnable = false;
    for (int s = 0; s < 12; s++, now = instant_after(now, duration_s(1)), two[0].ran_ns += 1000) pulse_sample(&p, two, 2, now);
    assert_true(pulse_deaf(&p));
}

/* The machine, or the one who asks, stood still: nobody can be blamed for that time. */
static void time_nobody_saw_does_not_count(void **state)
{
    (void)state;
    pulse_ask(&p);
    live(1, 0, 0);
    now = instant_after(now, duration_s(3600));
    pulse_sample(&p, &r, 1, now);
    assert_false(pulse_deaf(&p));
    assert_int_equal(p.unanswered.us, 3000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(stopped_or_blocked_is_deaf, begin),
        cmocka_unit_test_setup(busy_without_an_answer_is_deaf, begin),
        cmocka_unit_test_setup(busy_on_a_quarter_of_a_processor_is_deaf_later, begin),
        cmocka_unit_test_setup(never_run_is_not_deaf, begin),
        cmocka_unit_test_setup(an_answer_begins_anew, begin),
        cmocka_unit_test_setup(one_thread_that_waits_excuses_the_process, begin),
        cmocka_unit_test_setup(time_nobody_saw_does_not_count, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
