#include "check.h"
#include "net/addr.h"

static void text_and_value_agree(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out; /* out NULL: refused */
    } rows[] = {
        {"10.0.0.1", "10.0.0.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"256.0.0.1", NULL},
        {"1.2.3", NULL},
        {"1.2.3.4.5", NULL},
        {"01.2.3.4", NULL},
        {"1.2.3.4 ", NULL},
        {"", NULL},
        {"::", "::"},
        {"::1", "::1"},
        {"2001:DB8::0:1", "2001:db8::1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8::", "2001:db8::"},
        {"fe80::1", "fe80::1"},
        {"::ffff:192.0.2.1", "::ffff:c000:201"},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"1:2:3:4:5:6:7:8:9", NULL},
        {"1::2::3", NULL},
        {"1:2:3:4:5:6:7", NULL},
        {":1::2", NULL},
        {"1:", NULL},
        {"12345::", NULL},
        {"::1%eth0", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct addr a;
        char text[ADDR_TEXT_MAX];
        bool ok = addr_parse(rows[i].in, &a);
        if (!rows[i].out) {
            if (ok) fail_msg("'%s' was accepted", rows[i].in);
            continue;
        }
        if (!ok) fail_msg("'%s' was refused", rows[i].in);
        assert_string_equal(addr_text(&a, text), rows[i].out);
    }
}

static void counts_up_with_carry(void **state)
{
    (void)state;
    struct addr a, b;
    char text[ADDR_TEXT_MAX];
    assert_true(addr_parse("10.0.255.255", &a));
    b = addr_plus(&a, 1);
    assert_string_equal(addr_text(&b, text), "10.1.0.0");
    assert_true(addr_parse("2001:db8::ffff:ffff", &a));
    b = addr_plus(&a, 2);
    assert_string_equal(addr_text(&b, text), "2001:db8::1:0:1");
}

static void knows_what_is_no_next_hop(void **state)
{
    (void)state;
    static const char *const martians[] = {"0.1.2.3", "127.0.0.1", "224.0.0.5", "240.0.0.1",
                                           "::",      "::1",       "ff02::1"};
    static const char *const fine[] = {"10.0.0.1", "169.254.1.1", "fe80::1", "2001:db8::1"};
    struct addr a;
    for (size_t i = 0; i < ARRAY_LEN(martians); i++)
        assert_true(addr_parse(martians[i], &a) && addr_is_martian(&a));
    for (size_t i = 0; i < ARRAY_LEN(fine); i++)
        assert_true(addr_parse(fine[i], &a) && !addr_is_martian(&a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_value_agree),
        cmocka_unit_test(counts_up_with_carry),
        cmocka_unit_test(knows_what_is_no_next_hop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
