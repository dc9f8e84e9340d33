#include "check.h"
#include "lab/topology.h"

static void every_cable_joins_two_known_nodes_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < lab_cables_n; i++) {
        const struct lab_cable *c = &lab_cables[i];
        assert_true(c->a < LAB_NODES && c->b < LAB_NODES && c->a != c->b);
        assert_true(strlen(c->a_port) < 16 && strlen(c->b_port) < 16);
        for (size_t k = 0; k < i; k++) {
            const struct lab_cable *d = &lab_cables[k];
            assert_false(c->a == d->a && strcmp(c->a_port, d->a_port) == 0);
            assert_false(c->b == d->b && strcmp(c->b_port, d->b_port) == 0);
        }
    }
}

static void trunks_have_room_for_two_tags(void **state)
{
    (void)state;
    enum { TWO_TAGS = 8, IP_MTU = 1500 };
    for (size_t i = 0; i < lab_cables_n; i++)
        if (lab_cables[i].a == NODE_XCHG || lab_cables[i].b == NODE_XCHG)
            assert_true(lab_cables[i].mtu >= IP_MTU + TWO_TAGS);
}

static void names_of_labs_are_checked(void **state)
{
    (void)state;
    assert_true(lab_name_valid("demo"));
    assert_true(lab_name_valid("t-lab-2"));
    assert_false(lab_name_valid(""));
    assert_false(lab_name_valid("../etc"));
    assert_false(lab_name_valid("Demo"));
    assert_false(lab_name_valid("2nd"));
    assert_false(lab_name_valid("a-name-that-is-too-long-by-far"));
}

static void a_lab_owns_its_nodes_and_their_domains_and_nothing_else(void **state)
{
    (void)state;
    assert_true(lab_owns_namespace("demo", "fl-demo-edge1"));
    assert_true(lab_owns_namespace("demo", "fl-demo-edge1.er-demo-private"));
    assert_false(lab_owns_namespace("demo", "fl-demo-edge11"));
    assert_false(lab_owns_namespace("demo", "fl-demo2-edge1"));
    assert_false(lab_owns_namespace("a", "fl-a-b-edge1")); /* that is lab "a-b" */
    assert_true(lab_owns_namespace("a-b", "fl-a-b-edge1"));
}

static void a_namespace_is_named_after_lab_node_and_domain(void **state)
{
    (void)state;
    char buf[LAB_NAMESPACE_MAX];
    assert_string_equal(lab_namespace("demo", NODE_CE1, NULL, buf), "fl-demo-ce1");
    assert_string_equal(lab_namespace("demo", NODE_CE1, "site", buf), "fl-demo-ce1.site");
    assert_int_equal(lab_node_by_name("vnet-host"), NODE_VNET_HOST);
    assert_int_equal(lab_node_by_name("nothing"), LAB_NODES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cable_joins_two_known_nodes_once),
        cmocka_unit_test(trunks_have_room_for_two_tags),
        cmocka_unit_test(names_of_labs_are_checked),
        cmocka_unit_test(a_lab_owns_its_nodes_and_their_domains_and_nothing_else),
        cmocka_unit_test(a_namespace_is_named_after_lab_node_and_domain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
