#include "base/text.h"
#include "check.h"
#include "model/fault.h"
#include "model/resource_id.h"
#include "model/states.h"
#include "model/types.h"

static void identifiers_are_taken_apart_in_any_case(void **state)
{
    (void)state;
    struct arena a;
    struct resource_id id;
    arena_init(&a, 1 << 16);
    assert_true(resource_id_parse("/Subscriptions/S/resourcegroups/G/PROVIDERS/Microsoft.Network/"
                                  "expressRouteCircuits/C/peerings/P", &a, &id));
    assert_string_equal(id.subscription, "S");
    assert_string_equal(id.group, "G");
    assert_int_equal(id.depth, 2);
    assert_string_equal(id.names[1], "P");
    assert_string_equal(resource_id_text(&id, &a), "/subscriptions/S/resourceGroups/G/providers/"
                                                   "Microsoft.Network/expressRouteCircuits/C/peerings/P");
    assert_string_equal(resource_key("/Subscriptions/ABC", &a), "/subscriptions/abc");
    arena_drop(&a);
}

static void what_is_no_identifier_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "/", "x", "/subscriptions/s", "/subscriptions/s/resourceGroups/g",
        "/subscriptions/s/resourceGroups/g/providers/ns/type",
        "/subscriptions//resourceGroups/g/providers/ns/type/name",
        "/subscriptions/s/resourceGroups/g/providers/ns/type/name/",
        "/subscriptions/s/resourceGroups/g/providers/ns/a/b/c/d/e/f/g/h/i/j",
        "/subscription/s/resourceGroups/g/providers/ns/type/name"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct arena a;
        struct resource_id id;
        arena_init(&a, 1 << 16);
        assert_false(resource_id_parse(bad[i], &a, &id));
        arena_drop(&a);
    }
}

static void names_follow_the_rule(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool valid;
    } rows[] = {{"a", true}, {"er-demo", true}, {"a.b_c-9", true}, {"a_", true}, {"9", true}, {"", false},
                {"-a", false}, {"_a", false}, {"a-", false}, {"a.", false}, {"a b", false}, {"a/b", false},
                {"\xc3\xa4", false},
                {"12345678901234567890123456789012345678901234567890123456789012345678901234567890", true},
                {"123456789012345678901234567890123456789012345678901234567890123456789012345678901", false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(resource_name_valid(rows[i].name), rows[i].valid);
}

static void the_providers_state_moves_along_its_rows_only(void **state)
{
    (void)state;
    enum { R = MOVE_REFUSED, S = MOVE_SAME, D = MOVE_DONE };
    static const int wanted[PROVIDER_STATES_N][PROVIDER_STATES_N] = {
        /* to: NotProvisioned Provisioning Provisioned Deprovisioning */
        {S, D, D, R}, {D, S, D, D}, {D, R, S, D}, {D, R, R, S}};
    for (int f = 0; f < PROVIDER_STATES_N; f++)
        for (int t = 0; t < PROVIDER_STATES_N; t++)
            assert_int_equal(provider_state_move((enum provider_state)f, (enum provider_state)t),
                             wanted[f][t]);
    enum provider_state s;
    assert_true(provider_state_parse("provisioned", &s) && s == PROVIDER_Provisioned);
    assert_false(provider_state_parse("Done", &s));
}

static void a_resource_changes_only_when_nothing_runs_on_it(void **state)
{
    (void)state;
    static const struct {
        enum resource_state from;
        enum resource_event event;
        bool allowed;
        enum resource_state to;
    } rows[] = {{RESOURCE_None, EVENT_WRITE, true, RESOURCE_Updating},
                {RESOURCE_Updating, EVENT_WRITE, false, RESOURCE_Updating},
                {RESOURCE_Updating, EVENT_DELETE, false, RESOURCE_Updating},
                {RESOURCE_Updating, EVENT_DONE, true, RESOURCE_Succeeded},
                {RESOURCE_Updating, EVENT_FAILED, true, RESOURCE_Failed},
                {RESOURCE_Failed, EVENT_WRITE, true, RESOURCE_Updating},
                {RESOURCE_Succeeded, EVENT_DELETE, true, RESOURCE_Deleting},
                {RESOURCE_Succeeded, EVENT_DONE, false, RESOURCE_Succeeded},
                {RESOURCE_Deleting, EVENT_WRITE, false, RESOURCE_Deleting},
                {RESOURCE_Deleting, EVENT_DONE, true, RESOURCE_None}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum resource_state s = rows[i].from;
        assert_int_equal(resource_state_step(&s, rows[i].event), rows[i].allowed);
        assert_int_equal(s, rows[i].to);
    }
}

static void every_kind_is_found_by_its_segment_and_its_type(void **state)
{
    (void)state;
    for (int k = 0; k < RESOURCE_KINDS; k++) {
        const struct resource_type *t = resource_type((enum resource_kind)k);
        assert_non_null(t->segment);
        assert_int_equal(resource_kind_find(t->parent, t->segment), k);
        assert_int_equal(resource_kind_of_type(t->full), k);
        assert_string_equal(strrchr(t->full, '/') + 1, t->segment);
        if (t->parent == KIND_NONE) assert_null(t->inside);
        assert_true(t->write_ms <= 30000); /* nothing runs longer than a minute after a restart */
    }
}

static void every_fault_has_a_name_and_a_status(void **state)
{
    (void)state;
    for (int i = 1; i < FAULT_CODES; i++) {
        assert_true(strlen(fault_name((enum fault_code)i)) > 5);
        assert_true(fault_status((enum fault_code)i) >= 400);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identifiers_are_taken_apart_in_any_case),
        cmocka_unit_test(what_is_no_identifier_is_refused),
        cmocka_unit_test(names_follow_the_rule),
        cmocka_unit_test(the_providers_state_moves_along_its_rows_only),
        cmocka_unit_test(a_resource_changes_only_when_nothing_runs_on_it),
        cmocka_unit_test(every_kind_is_found_by_its_segment_and_its_type),
        cmocka_unit_test(every_fault_has_a_name_and_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
