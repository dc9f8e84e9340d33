#include "check.h"
#include "capacity/media.h"

static void the_percentile_is_the_nearest_rank(void **state)
{
    (void)state;
    static double v[1008];
    for (size_t i = 0; i < 1008; i++) v[i] = (double)(1008 - i);
    assert_true(percentile(v, 1008, 90) == 908);
    double one[] = {7};
    assert_true(percentile(one, 1, 90) == 7);
}

static void a_value_equal_to_the_limit_fails(void **state)
{
    (void)state;
    static double v[1008];
    double got;
    for (size_t i = 0; i < 1008; i++) v[i] = 60;
    assert_int_equal(media_judge(METRIC_RTT, SEGMENT_EDGE, v, 1008, &got), MEDIA_FAIL);
    assert_int_equal(media_judge(METRIC_RTT, SEGMENT_CLIENT, v, 1008, &got), MEDIA_PASS);
    assert_int_equal(media_judge(METRIC_RTT, SEGMENT_CLIENT, v, 1007, &got), MEDIA_UNKNOWN);
    assert_true(got == 60);
    for (size_t i = 0; i < 100; i++) v[i] = 500; /* one tenth may be bad: 907 good of 908 needed */
    assert_int_equal(media_judge(METRIC_RTT, SEGMENT_CLIENT, v, 1008, &got), MEDIA_PASS);
    for (size_t i = 0; i < 1008; i++) v[i] = i < 101 ? 500 : 60;
    assert_int_equal(media_judge(METRIC_RTT, SEGMENT_CLIENT, v, 1008, &got), MEDIA_FAIL);
}

static void one_lost_voice_packet_already_fails_the_burst_target(void **state)
{
    (void)state;
    static bool lost[1500];
    lost[700] = true;
    assert_true(worst_loss_percent(lost, 1500, 10) == 10.0);
    for (size_t i = 700; i < 707; i++) lost[i] = true;
    double seven = worst_loss_percent(lost, 1500, 750);
    assert_true(seven > 0.933 && seven < 0.934);
    lost[0] = true; /* too far away to share a window with the others */
    assert_true(worst_loss_percent(lost, 1500, 500) == 1.4);
    lost[707] = true;
    assert_true(worst_loss_percent(lost, 1500, 750) > 1);
    assert_true(worst_loss_percent(lost, 0, 10) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_percentile_is_the_nearest_rank),
        cmocka_unit_test(a_value_equal_to_the_limit_fails),
        cmocka_unit_test(one_lost_voice_packet_already_fails_the_burst_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
