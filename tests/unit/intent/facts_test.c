#include "check.h"
#include "intent/facts.h"

static void every_name_is_in_the_vocabulary_once(void **state)
{
    (void)state;
    for (int i = 0; i < FACT_NAMES; i++) {
        assert_non_null(fact_kinds[i].name);
        for (int j = 0; j < i; j++) assert_string_not_equal(fact_kinds[i].name, fact_kinds[j].name);
    }
}

static void facts_are_found_by_name_and_subject_in_order_of_value(void **state)
{
    (void)state;
    struct facts fs;
    facts_init(&fs);
    facts_add(&fs, FACT_ROUTE, "circuit/b/private/primary", "10.1.0.0/16", "edge e", 5);
    facts_add(&fs, FACT_ROUTE, "circuit/a/private/primary", "10.3.0.0/16", "edge e", 5);
    facts_add(&fs, FACT_ROUTE, "circuit/a/private/primary", "10.2.0.0/16", "edge e", 5);
    facts_addf(&fs, FACT_SESSION_STATE, "circuit/a/private/primary", "edge e", 5, "%s", "Established");
    facts_sort(&fs);
    struct fact_range r = facts_of(&fs, FACT_ROUTE, "circuit/a/private/primary");
    assert_int_equal(r.n, 2);
    assert_string_equal(r.first[0].value, "10.2.0.0/16");
    assert_string_equal(r.first[1].value, "10.3.0.0/16");
    r = facts_of(&fs, FACT_SESSION_STATE, "circuit/a/private/primary");
    assert_int_equal(r.n, 1);
    assert_string_equal(r.first->source, "edge e");
    assert_int_equal(facts_of(&fs, FACT_DRILL, "circuit/a").n, 0);
    facts_drop(&fs);
}

static void no_facts_is_nothing_found(void **state)
{
    (void)state;
    struct facts fs;
    facts_init(&fs);
    facts_sort(&fs);
    assert_int_equal(facts_of(&fs, FACT_DRILL, "circuit/a").n, 0);
    facts_drop(&fs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_is_in_the_vocabulary_once),
        cmocka_unit_test(facts_are_found_by_name_and_subject_in_order_of_value),
        cmocka_unit_test(no_facts_is_nothing_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
