#include "check.h"
#include "base/hash.h"

static void differs_by_key_and_content(void **state)
{
    (void)state;
    struct hash_key a = {1, 2}, b = {1, 3};
    assert_true(hash_bytes(&a, "abcdefghi", 9) == hash_bytes(&a, "abcdefghi", 9));
    assert_true(hash_bytes(&a, "abcdefghi", 9) != hash_bytes(&b, "abcdefghi", 9));
    assert_true(hash_bytes(&a, "abcdefghi", 9) != hash_bytes(&a, "abcdefghj", 9));
    assert_true(hash_bytes(&a, "a\0", 2) != hash_bytes(&a, "a", 1));
    assert_true(hash_few(&a, 0x6564636261, 5) == hash_bytes(&a, "abcde", 5));
}

static void text_folds_case_and_agrees_with_bytes(void **state)
{
    (void)state;
    struct hash_key k = {5, 6};
    assert_true(hash_text_nocase(&k, "Microsoft.Network") == hash_text_nocase(&k, "microsoft.network"));
    assert_true(hash_text_nocase(&k, "lowercase text") == hash_bytes(&k, "lowercase text", 14));
    assert_true(hash_text_nocase(&k, "12345678") == hash_bytes(&k, "12345678", 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differs_by_key_and_content),
        cmocka_unit_test(text_folds_case_and_agrees_with_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
