#include "check.h"
#include "sys/tls.h"

static const unsigned char key[TLS_DIGEST] = "a key of thirty-two bytes, truly";

static void what_was_sealed_is_read_back_under_its_key_only(void **state)
{
    (void)state;
    static const char *const plain[] = {"", "x", "{\"authorityKey\":\"-----BEGIN\\n\"}"};
    unsigned char other[TLS_DIGEST] = {0};
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        struct text sealed = {0}, again = {0}, back = {0};
        tls_seal(key, plain[i], strlen(plain[i]), &sealed);
        tls_seal(key, plain[i], strlen(plain[i]), &again);
        assert_string_not_equal(text_get(&sealed), text_get(&again)); /* a nonce of its own */
        assert_true(tls_unseal(key, sealed.s, sealed.n, &back));
        assert_string_equal(text_get(&back), plain[i]);
        assert_false(tls_unseal(other, sealed.s, sealed.n, &back));
        text_drop(&sealed), text_drop(&again), text_drop(&back);
    }
}

static void any_change_and_any_cut_is_noticed(void **state)
{
    (void)state;
    struct text sealed = {0}, back = {0};
    tls_seal(key, "secret", 6, &sealed);
    for (size_t i = 0; i < sealed.n; i++) {
        char kept = sealed.s[i];
        sealed.s[i] = kept == 'A' ? 'B' : 'A';
        assert_false(tls_unseal(key, sealed.s, sealed.n, &back));
        sealed.s[i] = kept;
        assert_false(tls_unseal(key, sealed.s, i, &back));
    }
    assert_int_equal(back.n, 0);
    text_drop(&sealed), text_drop(&back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_is_read_back_under_its_key_only),
        cmocka_unit_test(any_change_and_any_cut_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
