#include "check.h"
#include "net/attrs.h"

static const uint8_t path[] = {AS_SEQUENCE, 2, 0, 0, 0xfd, 0xe9, 0, 0, 0xfd, 0xea,
                               AS_SET,      2, 0, 0, 0xfd, 0xeb, 0, 0, 0xfd, 0xec};

static void a_path_answers(void **state)
{
    (void)state;
    struct span whole = span_of(path, sizeof path), sequence = span_of(path, 10);
    assert_int_equal(as_path_hops(whole), 3);
    assert_int_equal(as_path_first(whole), 65001);
    assert_int_equal(as_path_origin(whole), 0);
    assert_int_equal(as_path_origin(sequence), 65002);
    assert_true(as_path_has(whole, 65004) && !as_path_has(whole, 65005));
    assert_true(as_path_has_set(whole) && !as_path_has_set(sequence));
    assert_int_equal(as_path_hops(span_of(NULL, 0)), 0);
}

static void a_path_prints_and_is_cut_not_overrun(void **state)
{
    (void)state;
    char text[64], small[12];
    assert_string_equal(as_path_text(span_of(path, sizeof path), text, sizeof text),
                        "65001 65002 {65003,65004}");
    as_path_text(span_of(path, sizeof path), small, sizeof small);
    assert_true(strlen(small) < sizeof small);
}

static void equality_looks_behind_spans(void **state)
{
    (void)state;
    uint8_t copy[sizeof path];
    memcpy(copy, path, sizeof path);
    struct attrs a = {.has = HAS_AS_PATH, .as_path = span_of(path, sizeof path)};
    struct attrs b = {.has = HAS_AS_PATH, .as_path = span_of(copy, sizeof copy)};
    assert_true(attrs_equal(&a, &b));
    copy[9]++;
    assert_false(attrs_equal(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_answers),
        cmocka_unit_test(a_path_prints_and_is_cut_not_overrun),
        cmocka_unit_test(equality_looks_behind_spans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
