#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include "sys/entropy.h"
#include "sys/tls.h"
#include "sys/token.h"

static struct token_key *key, *other;

static int make_keys(void **state)
{
    (void)state;
    struct text pem[2] = {0}, why = {0};
    for (int i = 0; i < 2; i++) assert_true(tls_make_rsa(&pem[i], &why));
    key = token_key_open(text_get(&pem[0]), &why);
    other = token_key_open(text_get(&pem[1]), &why);
    text_drop(&pem[0]), text_drop(&pem[1]), text_drop(&why);
    return key && other ? 0 : -1;
}

static int drop_keys(void **state)
{
    (void)state;
    token_key_drop(key);
    token_key_drop(other);
    return 0;
}

static const struct token_claims claims = {
    "https://localhost:1/t/", "https://localhost:1/arm", "object", "tenant", "app", 1000, 4600};

static const char *issued(struct text *t, const struct token_key *by)
{
    text_clear(t);
    assert_true(token_issue(by, &claims, t));
    return text_get(t);
}

static void an_issued_token_verifies_with_its_claims(void **state)
{
    (void)state;
    struct text t = {0};
    struct token_claims got;
    assert_int_equal(token_verify(key, issued(&t, key), 2000, &got), TOKEN_FINE);
    assert_string_equal(got.issuer, claims.issuer);
    assert_string_equal(got.audience, claims.audience);
    assert_string_equal(got.object_id, "object");
    assert_string_equal(got.tenant_id, "tenant");
    assert_string_equal(got.app_id, "app");
    assert_int_equal(got.expires_s, 4600);
    text_drop(&t);
}

static void the_times_hold_with_five_minutes_of_grace(void **state)
{
    (void)state;
    struct text t = {0};
    struct token_claims got;
    const char *token = issued(&t, key);
    assert_int_equal(token_verify(key, token, 699, &got), TOKEN_REFUSED);
    assert_int_equal(token_verify(key, token, 700, &got), TOKEN_FINE);
    assert_int_equal(token_verify(key, token, 4899, &got), TOKEN_FINE);
    assert_int_equal(token_verify(key, token, 4900, &got), TOKEN_EXPIRED);
    text_drop(&t);
}

static void somebody_elses_signature_is_refused(void **state)
{
    (void)state;
    struct text t = {0};
    struct token_claims got;
    assert_int_equal(token_verify(key, issued(&t, other), 2000, &got), TOKEN_REFUSED);
    text_drop(&t);
}

static void any_altered_character_is_refused(void **state)
{
    (void)state;
    struct text t = {0};
    struct token_claims got;
    issued(&t, key);
    for (size_t i = 0; i < t.n; i += 7) {
        char kept = t.s[i];
        t.s[i] = kept == 'A' ? 'B' : 'A';
        assert_int_equal(token_verify(key, t.s, 2000, &got), TOKEN_REFUSED);
        t.s[i] = kept;
    }
    for (size_t n = 0; n < t.n; n += 11) { /* and every cut */
        char kept = t.s[n];
        t.s[n] = '\0';
        assert_int_equal(token_verify(key, t.s, 2000, &got), TOKEN_REFUSED);
        t.s[n] = kept;
    }
    text_drop(&t);
}

static void encode64(const char *s, struct text *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned bits = 0, held = 0;
    for (; *s; s++) {
        bits = bits << 8 | (unsigned char)*s;
        for (held += 8; held >= 6; held -= 6) text_add_n(out, &digits[bits >> (held - 6) & 63], 1);
    }
    if (held) text_add_n(out, &digits[bits << (6 - held) & 63], 1);
}

/* Our own body and signature under another head. */
static void expect_head_refused(const char *head)
{
    struct text t = {0}, forged = {0};
    struct token_claims got;
    issued(&t, key);
    encode64(head, &forged);
    text_add(&forged, strchr(t.s, '.'));
    assert_int_equal(token_verify(key, text_get(&forged), 2000, &got), TOKEN_REFUSED);
    text_clear(&forged); /* and without a signature */
    encode64(head, &forged);
    text_add_n(&forged, strchr(t.s, '.'), (size_t)(strrchr(t.s, '.') - strchr(t.s, '.')) + 1);
    assert_int_equal(token_verify(key, text_get(&forged), 2000, &got), TOKEN_REFUSED);
    text_drop(&t), text_drop(&forged);
}

static void the_head_chooses_neither_algorithm_nor_key(void **state)
{
    (void)state;
    expect_head_refused("{\"alg\":\"none\"}");
    expect_head_refused("{\"alg\":\"NoNe\",\"typ\":\"JWT\"}");
    expect_head_refused("{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
    expect_head_refused("{\"typ\":\"JWT\"}");
    expect_head_refused("{\"alg\":\"RS256\",\"kid\":\"another\"}");
    expect_head_refused("{\"alg\":\"RS256\",\"jku\":\"https://evil.example/keys\"}");
    expect_head_refused("[]");
    expect_head_refused("");
}

static void rubbish_is_refused(void **state)
{
    (void)state;
    struct token_claims got;
    static const char *const tokens[] = {
        "", ".", "..", "...", "a.b.c", "e30.e30.", "\xff.\xff.\xff", "e30=.e30=.e30="};
    static char long_token[3 * TOKEN_BYTES_MAX];
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++)
        assert_int_equal(token_verify(key, tokens[i], 2000, &got), TOKEN_REFUSED);
    memset(long_token, 'A', sizeof long_token - 1);
    long_token[10] = long_token[20] = '.';
    assert_int_equal(token_verify(key, long_token, 2000, &got), TOKEN_REFUSED);
}

static void the_key_set_holds_the_public_half_only(void **state)
{
    (void)state;
    struct text t = {0};
    token_key_set(key, &t);
    assert_non_null(strstr(text_get(&t), "\"kty\":\"RSA\""));
    assert_non_null(strstr(text_get(&t), "\"e\":\"AQAB\""));
    assert_null(strstr(text_get(&t), "\"d\":"));
    text_drop(&t);
}

static void a_slow_hash_depends_on_secret_salt_and_rounds(void **state)
{
    (void)state;
    unsigned char a[TLS_DIGEST], b[TLS_DIGEST];
    const unsigned char salt[2][4] = {"abc", "abd"};
    tls_slow_hash("secret", salt[0], 4, 1000, a);
    tls_slow_hash("secret", salt[0], 4, 1000, b);
    assert_true(secret_same(a, b, sizeof a));
    tls_slow_hash("secret", salt[1], 4, 1000, b);
    assert_false(secret_same(a, b, sizeof a));
    tls_slow_hash("Secret", salt[0], 4, 1000, b);
    assert_false(secret_same(a, b, sizeof a));
    tls_slow_hash("secret", salt[0], 4, 1001, b);
    assert_false(secret_same(a, b, sizeof a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_issued_token_verifies_with_its_claims),
        cmocka_unit_test(the_times_hold_with_five_minutes_of_grace),
        cmocka_unit_test(somebody_elses_signature_is_refused),
        cmocka_unit_test(any_altered_character_is_refused),
        cmocka_unit_test(the_head_chooses_neither_algorithm_nor_key),
        cmocka_unit_test(rubbish_is_refused),
        cmocka_unit_test(the_key_set_holds_the_public_half_only),
        cmocka_unit_test(a_slow_hash_depends_on_secret_salt_and_rounds),
    };
    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
