#include "check.h"
#include "base/text.h"

static void grows_and_formats(void **state)
{
    (void)state;
    struct text t = {0};
    assert_string_equal(text_get(&t), "");
    for (int i = 0; i < 100; i++) text_addf(&t, "%d,", i);
    assert_int_equal(t.n, 290);
    text_clear(&t);
    text_add(&t, "ab");
    assert_string_equal(text_get(&t), "ab");
    text_drop(&t);
}

static void escapes_what_a_terminal_would_obey(void **state)
{
    (void)state;
    struct text t = {0};
    text_add_escaped(&t, "a\x1b[2J\n\\", 7, 100);
    assert_string_equal(text_get(&t), "a\\x1b[2J\\x0a\\x5c");
    text_clear(&t);
    text_add_escaped(&t, "abcdef", 6, 3);
    assert_string_equal(text_get(&t), "abc...");
    text_drop(&t);
}

static void finds_the_word_that_was_meant(void **state)
{
    (void)state;
    const char *const words[] = {"address", "asn", "families", "hold", NULL};
    assert_string_equal(text_nearest("adress", words), "address");
    assert_string_equal(text_nearest("familes", words), "families");
    assert_string_equal(text_nearest("ans", words), "asn");
    assert_null(text_nearest("zebra", words));
}

static void compares_without_case(void **state)
{
    (void)state;
    assert_true(text_same_nocase("resourceGroups", "ResourceGROUPS"));
    assert_false(text_same_nocase("a", "ab"));
    assert_false(text_same_nocase("ab", "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_formats),
        cmocka_unit_test(escapes_what_a_terminal_would_obey),
        cmocka_unit_test(finds_the_word_that_was_meant),
        cmocka_unit_test(compares_without_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
