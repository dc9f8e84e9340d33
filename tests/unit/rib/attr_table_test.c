/* Interning: equal values are one set, views give back what went in, nothing is left over. */
#include "check.h"
#include "random.h"

static uint8_t some_bytes[64] = {AS_SEQUENCE, 2, 0, 0, 0xfd, 0xe9, 0, 0, 0xfd, 0xea,
                                 0xff, 0xff, 0xff, 1, 0x2f, 0x2c, 0, 2};

static struct attrs sample(void)
{
    return (struct attrs){
        .has = HAS_ORIGIN | HAS_AS_PATH | HAS_NEXT_HOP | HAS_MED | HAS_AGGREGATOR,
        .origin = ORIGIN_EGP,
        .next_hop = addr_v4(0xc0000201),
        .med = 77,
        .aggregator_as = 65001,
        .aggregator_id = 5,
        .as_path = {some_bytes, 10},
        .communities = {some_bytes + 10, 8},
        .unknown = {some_bytes + 20, 9},
    };
}

static void test_equal_values_are_one_set(void **state)
{
    (void)state;
    struct attr_table t;
    attr_table_init(&t, &test_key);
    struct attrs a = sample(), b = sample();
    uint8_t copy[10];
    memcpy(copy, some_bytes, 10);
    b.as_path.p = copy;
    attr_ref x = attr_intern(&t, &a), y = attr_intern(&t, &b);
    assert_int_equal(x, y);
    assert_int_equal(t.live, 1);
    b.med++;
    assert_int_not_equal(attr_intern(&t, &b), x);
    assert_int_equal(t.live, 2);
    attr_table_drop(&t);
}

static void test_a_view_is_what_went_in(void **state)
{
    (void)state;
    struct attr_table t;
    attr_table_init(&t, &test_key);
    struct attrs a = sample();
    struct addr six = {FAMILY_IPV6, {0x20, 1, 0xd, 0xb8}};
    for (int round = 0; round < 2; round++) {
        attr_ref x = attr_intern(&t, &a);
        struct attrs v = attr_view(&t, x);
        assert_true(attrs_equal(&a, &v));
        struct addr hop = attr_next_hop(&t, x);
        assert_true(addr_equal(&hop, &a.next_hop));
        a.next_hop = six;
        a.next_hop_link = six;
        a.has |= HAS_LOCAL_PREF | HAS_ONLY_TO_CUSTOMER;
        a.local_pref = 150;
        a.only_to_customer = 65001;
    }
    attr_table_drop(&t);
}

static void test_a_set_knows_its_well_known_communities_and_length(void **state)
{
    (void)state;
    struct attr_table t;
    attr_table_init(&t, &test_key);
    struct attrs a = sample();
    const struct attr_set *s = attr_set_of(&t, attr_intern(&t, &a));
    assert_int_equal(s->marks, MARK_NO_EXPORT);
    assert_int_equal(s->hops, 2);
    assert_int_equal(s->first_as, 65001);
    assert_int_equal(s->local_pref, 100);
    attr_table_drop(&t);
}

static void test_random_holding_and_releasing_leaves_nothing(void **state)
{
    (void)state;
    enum { KINDS = 300, STEPS = 50000 };
    struct rng rng = rng_start("attr_table");
    struct attr_table t;
    attr_table_init(&t, &test_key);
    uint32_t held[KINDS] = {0};
    attr_ref ref[KINDS] = {0};
    for (int i = 0; i < STEPS; i++) {
        uint32_t k = rng_below(&rng, KINDS);
        if (held[k] && rng_below(&rng, 2)) {
            attr_release(&t, ref[k]);
            held[k]--;
            continue;
        }
        struct attrs a = sample();
        a.med = k;
        attr_ref r = attr_intern(&t, &a);
        if (held[k]) assert_int_equal(r, ref[k]);
        ref[k] = r;
        held[k]++;
        assert_int_equal(attr_set_of(&t, r)->refs, held[k]);
        assert_int_equal(attr_set_of(&t, r)->med, k);
    }
    for (size_t k = 0; k < KINDS; k++)
        while (held[k]--) attr_release(&t, ref[k]);
    assert_int_equal(t.live, 0);
    assert_int_equal(t.bytes, 0);
    attr_table_drop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_values_are_one_set),
        cmocka_unit_test(test_a_view_is_what_went_in),
        cmocka_unit_test(test_a_set_knows_its_well_known_communities_and_length),
        cmocka_unit_test(test_random_holding_and_releasing_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
