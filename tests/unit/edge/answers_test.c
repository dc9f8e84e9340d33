/* What several shards answer becomes what one would have answered. */
#include "edge/answers.h"
#include "check.h"
#include <stdio.h>
#include <string.h>

static const char *merged(const char *a, const char *b, const char *c)
{
    static char buf[1000];
    const char *const words[] = {a, b, c};
    struct text parts[3] = {{0}}, out = {0};
    size_t n = 0;
    for (; n < 3 && words[n]; n++) text_add(&parts[n], words[n]);
    answers_merge(parts, n, &out);
    snprintf(buf, sizeof buf, "%s", text_get(&out));
    for (size_t i = 0; i < 3; i++) text_drop(&parts[i]);
    text_drop(&out);
    return buf;
}

static void lists_follow_one_another(void **state)
{
    (void)state;
    assert_string_equal(merged("{\"peers\":[{\"a\":1}]}", "{\"peers\":[{\"a\":2},{\"a\":3}]}", NULL),
                        "{\"peers\":[{\"a\":1},{\"a\":2},{\"a\":3}]}");
    assert_string_equal(merged("{\"peers\":[]}", "{\"peers\":[1]}", "{\"peers\":[]}"), "{\"peers\":[1]}");
    assert_string_equal(merged("{\"peers\":[]}", "{\"peers\":[]}", NULL), "{\"peers\":[]}");
    assert_string_equal(merged("\"peers\":[1],\"bfd\":[]", "\"peers\":[],\"bfd\":[2]", NULL), "\"peers\":[1],\"bfd\":[2]");
}

static void numbers_add_up_and_flags_stay_set(void **state)
{
    (void)state;
    assert_string_equal(merged("{\"written\":\"table\",\"paths\":18446744073709551600,\"records\":2}",
                               "{\"written\":\"table\",\"paths\":15,\"records\":40}", NULL),
                        "{\"written\":\"table\",\"paths\":18446744073709551615,\"records\":42}");
    assert_string_equal(merged("\"judging\":false", "\"judging\":true", NULL), "\"judging\":true");
    assert_string_equal(merged("{\"payloads\":{\"ipv4\":3},\"rpki\":[4]}", "{\"payloads\":{\"ipv4\":3},\"rpki\":[4]}", NULL),
                        "{\"payloads\":{\"ipv4\":3},\"rpki\":[4]}");
}

static void strings_with_brackets_and_quotes_do_not_confuse(void **state)
{
    (void)state;
    assert_string_equal(merged("{\"q\":\"a,]}\\\"{\",\"r\":[\"],\\\\\"]}", "{\"q\":\"x\",\"r\":[{\"}\":\"[\"}]}", NULL),
                        "{\"q\":\"a,]}\\\"{\",\"r\":[\"],\\\\\",{\"}\":\"[\"}]}");
}

static void a_fault_gives_way(void **state)
{
    (void)state;
    assert_string_equal(merged("{\"error\":\"no such\"}", "{\"reset\":true}", "{\"error\":\"no such\"}"), "{\"reset\":true}");
    assert_string_equal(merged("{\"error\":\"no such\"}", "{\"error\":\"other\"}", NULL), "{\"error\":\"no such\"}");
    assert_string_equal(merged("{\"error\":\"no such\"}", NULL, NULL), "{\"error\":\"no such\"}");
}

static void a_station_is_one_row_and_as_good_as_the_worst_of_its_connections(void **state)
{
    (void)state;
    assert_string_equal(
        merged("{\"stations\":[{\"name\":\"s\",\"port\":5000,\"state\":\"up\",\"complete\":true,\"bytes\":3,\"last_error\":\"\"}]}",
               "{\"stations\":[{\"name\":\"s\",\"port\":5000,\"state\":\"waiting\",\"complete\":false,\"bytes\":4,"
               "\"last_error\":\"away\"}]}",
               "{\"stations\":[]}"),
        "{\"stations\":[{\"name\":\"s\",\"port\":5000,\"state\":\"waiting\",\"complete\":false,\"bytes\":7,"
        "\"last_error\":\"away\"}]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_follow_one_another),
        cmocka_unit_test(numbers_add_up_and_flags_stay_set),
        cmocka_unit_test(strings_with_brackets_and_quotes_do_not_confuse),
        cmocka_unit_test(a_fault_gives_way),
        cmocka_unit_test(a_station_is_one_row_and_as_good_as_the_worst_of_its_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
