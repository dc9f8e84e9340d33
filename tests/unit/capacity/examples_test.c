#include <math.h>
#include "check.h"
#include "capacity/examples.h"

static void every_worked_example_comes_out_to_the_last_digit(void **state)
{
    (void)state;
    char buf[EXACT_TEXT_MAX];
    size_t n = 0;
    for (const struct example *e = capacity_examples; e->what; e++, n++)
        if (strcmp(exact_text(e->compute(), e->decimals, false, buf), e->ours))
            fail_msg("%s: %s, not %s", e->what, buf, e->ours);
    assert_true(n >= 40);
}

static void a_wrong_print_differs_and_a_right_one_agrees(void **state)
{
    (void)state;
    for (const struct example *e = capacity_examples; e->what; e++) {
        if (!*e->printed) continue;
        struct exact printed, unit = {1, 1};
        char buf[EXACT_TEXT_MAX];
        const char *point = strchr(e->printed, '.');
        unsigned decimals = point ? (unsigned)strlen(point + 1) : 0;
        assert_true(exact_parse(e->printed, &printed));
        (void)unit;
        bool same = !strcmp(exact_text(e->compute(), decimals, false, buf), e->printed);
        if (same == (*e->wrong != 0))
            fail_msg("%s: printed %s, computed %s", e->what, e->printed, buf);
    }
}

static void the_loss_limit_follows_mathis(void **state)
{
    (void)state;
    assert_true(fabs(mathis_bps(1460, 60000, 0.001) / 1e6 - 7.5394) < 0.00005);
    assert_true(fabs(mathis_bps(1460, 100000, 0.01) / 1e6 - 1.4305) < 0.00005);
}

static void mail_profiles_scale_with_the_message_size(void **state)
{
    (void)state;
    static const int64_t cached[] = {1300, 2600, 5200, 7800}, web[] = {6190, 12220, 24270, 36330};
    for (int p = 0; p < MAIL_PROFILES; p++) {
        assert_int_equal(exact_compare(mail_kb_per_day(OUTLOOK_CACHED, (enum mail_profile)p, 50),
                                       exact_whole(cached[p])),
                         0);
        assert_int_equal(exact_compare(mail_kb_per_day(OUTLOOK_WEB, (enum mail_profile)p, 50),
                                       exact_whole(web[p])),
                         0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_worked_example_comes_out_to_the_last_digit),
        cmocka_unit_test(a_wrong_print_differs_and_a_right_one_agrees),
        cmocka_unit_test(the_loss_limit_follows_mathis),
        cmocka_unit_test(mail_profiles_scale_with_the_message_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
