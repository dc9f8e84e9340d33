#include "check.h"
#include "m365/pattern.h"

static void a_star_is_any_run_of_characters_dots_included(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *host;
        bool match;
    } rows[] = {
        {"mail.example.com", "mail.example.com", true},
        {"mail.example.com", "xmail.example.com", false},
        {"*.example.com", "a.example.com", true},
        {"*.example.com", "a.b.example.com", true},
        {"*.example.com", "example.com", false},
        {"*cdn.example.net", "cdn.example.net", true},
        {"*cdn.example.net", "site-cdn.example.net", true},
        {"*-files.example.com", "contoso-files.example.com", true},
        {"*-files.example.com", "contoso.files.example.com", false},
        {"autodiscover.*.tenant.example", "autodiscover.contoso.tenant.example", true},
        {"autodiscover.*.tenant.example", "autodiscover.tenant.example", false},
        {"a*b*c", "aXbYbZc", true},
        {"a*b*c", "aXbY", false},
        {"*", "", true},
        {"", "a", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (pattern_matches(rows[i].pattern, rows[i].host) != rows[i].match)
            fail_msg("'%s' on '%s'", rows[i].pattern, rows[i].host);
}

static void exact_names_and_longer_literals_rank_higher(void **state)
{
    (void)state;
    assert_true(pattern_rank("a.b") > pattern_rank("*.very.long.example.com"));
    assert_true(pattern_rank("*.mail.example.com") > pattern_rank("*.example.com"));
}

static void a_published_wildcard_is_covered_by_a_wider_one(void **state)
{
    (void)state;
    assert_true(pattern_covers("*.example.com", "*-files.example.com"));
    assert_true(pattern_covers("*.example.com", "*.trouter.example.com"));
    assert_false(pattern_covers("*-files.example.com", "*.example.com"));
}

static void the_host_is_found_in_whatever_was_pasted(void **state)
{
    (void)state;
    static const struct {
        const char *url, *host;
    } rows[] = {
        {"https://Outlook.Office365.com/owa/?x=1", "outlook.office365.com"},
        {"outlook.office365.com", "outlook.office365.com"},
        {"outlook.office365.com.", "outlook.office365.com"},
        {"sip:someone@sip.example.com:5061", "sip.example.com"},
        {"https://user:pw@h.example:8443/a@b", "h.example"},
        {"h.example#part", "h.example"},
    };
    char host[HOST_MAX + 1];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(host_of_url(rows[i].url, host));
        assert_string_equal(host, rows[i].host);
    }
    assert_false(host_of_url("", host));
    assert_false(host_of_url("https://", host));
    assert_false(host_of_url("a b", host));
    assert_false(host_of_url("*.example.com", host));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_star_is_any_run_of_characters_dots_included),
        cmocka_unit_test(exact_names_and_longer_literals_rank_higher),
        cmocka_unit_test(a_published_wildcard_is_covered_by_a_wider_one),
        cmocka_unit_test(the_host_is_found_in_whatever_was_pasted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
