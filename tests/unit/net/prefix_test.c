#include "check.h"
#include "net/prefix.h"

static struct prefix P(const char *s)
{
    struct prefix p;
    if (prefix_parse(s, &p) != PREFIX_FINE) fail_msg("'%s' is no prefix", s);
    return p;
}

static void reads_and_refuses(void **state)
{
    (void)state;
    struct prefix p;
    char text[PREFIX_TEXT_MAX];
    assert_int_equal(prefix_parse("10.0.0.0/33", &p), PREFIX_BAD_LENGTH);
    assert_int_equal(prefix_parse("10.0.0.0", &p), PREFIX_BAD_LENGTH);
    assert_int_equal(prefix_parse("10.0.0.0/08", &p), PREFIX_BAD_LENGTH);
    assert_int_equal(prefix_parse("10.0.0/8", &p), PREFIX_BAD_ADDRESS);
    assert_int_equal(prefix_parse("10.0.0.1/8", &p), PREFIX_HOST_BITS);
    assert_string_equal(prefix_text(&p, text), "10.0.0.0/8");
    assert_int_equal(prefix_parse("2001:db8::/129", &p), PREFIX_BAD_LENGTH);
    p = P("2001:db8:8000::/33");
    assert_string_equal(prefix_text(&p, text), "2001:db8:8000::/33");
}

static void covers_and_overlaps(void **state)
{
    (void)state;
    struct prefix wide = P("10.0.0.0/8"), narrow = P("10.1.2.0/23"), other = P("11.0.0.0/8");
    struct prefix all = P("0.0.0.0/0"), six = P("::/0");
    assert_true(prefix_covers(&wide, &narrow));
    assert_false(prefix_covers(&narrow, &wide));
    assert_true(prefix_overlaps(&narrow, &wide));
    assert_false(prefix_overlaps(&wide, &other));
    assert_true(prefix_covers(&all, &wide));
    assert_false(prefix_overlaps(&all, &six));
    assert_true(prefix_is_default(&all) && prefix_is_default(&six));
}

static void splits_a_29_as_the_peering_plan_says(void **state)
{
    (void)state;
    struct prefix block = P("192.168.100.128/29"), low, high;
    char text[PREFIX_TEXT_MAX];
    prefix_split(&block, &low, &high);
    assert_string_equal(prefix_text(&low, text), "192.168.100.128/30");
    assert_string_equal(prefix_text(&high, text), "192.168.100.132/30");
    struct addr cloud = prefix_host(&high, 2);
    assert_string_equal(addr_text(&cloud, text), "192.168.100.134");
}

static void tells_public_space(void **state)
{
    (void)state;
    static const struct {
        const char *prefix;
        bool strict, lenient;
    } rows[] = {
        {"8.8.8.0/24", true, true},      {"10.1.0.0/16", false, false},
        {"100.64.0.0/10", false, false}, {"203.0.113.0/24", false, true},
        {"2001:db8::/48", false, true},  {"2600::/12", true, true},
        {"fd00::/8", false, false},      {"0.0.0.0/0", false, false},
        {"8.0.0.0/5", false, false},     {"224.0.0.0/8", false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct prefix p = P(rows[i].prefix);
        if (prefix_is_public(&p, false) != rows[i].strict) fail_msg("%s", rows[i].prefix);
        if (prefix_is_public(&p, true) != rows[i].lenient) fail_msg("%s lenient", rows[i].prefix);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_refuses),
        cmocka_unit_test(covers_and_overlaps),
        cmocka_unit_test(splits_a_29_as_the_peering_plan_says),
        cmocka_unit_test(tells_public_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
