#include "base/base64.h"
#include "check.h"

static void check_pair(enum base64_form form, const char *plain, const char *coded)
{
    struct text t = {0};
    char back[64];
    size_t n;
    base64_add(form, plain, strlen(plain), &t);
    assert_string_equal(text_get(&t), coded);
    assert_true(base64_read(form, coded, strlen(coded), back, sizeof back, &n));
    assert_int_equal(n, strlen(plain));
    assert_memory_equal(back, plain, n);
    text_drop(&t);
}

static void the_vectors_of_rfc_4648(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xfb\xff\xfe", "+//+", "-__-"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        check_pair(BASE64_STANDARD, rows[i][0], rows[i][1]);
        check_pair(BASE64_URL, rows[i][0], rows[i][2]);
    }
}

static void what_is_not_of_the_form_is_refused(void **state)
{
    (void)state;
    static const struct {
        enum base64_form form;
        const char *s;
    } rows[] = {
        {BASE64_STANDARD, "Zg"},   {BASE64_STANDARD, "Zg="},    {BASE64_STANDARD, "Zh=="},
        {BASE64_STANDARD, "Z==="}, {BASE64_STANDARD, "Zm9v\n"}, {BASE64_STANDARD, "-_-_"},
        {BASE64_STANDARD, "===="}, {BASE64_URL, "Zg=="},        {BASE64_URL, "Zh"},
        {BASE64_URL, "Z"},         {BASE64_URL, "+/+/"},        {BASE64_URL, "Zm 9v"},
    };
    char out[16];
    size_t n;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_false(base64_read(rows[i].form, rows[i].s, strlen(rows[i].s), out, sizeof out, &n));
    assert_false(base64_read(BASE64_URL, "Zm9v", 4, out, 2, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_4648),
        cmocka_unit_test(what_is_not_of_the_form_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
