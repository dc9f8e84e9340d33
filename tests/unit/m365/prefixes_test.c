#include <stdlib.h>
#include <time.h>
#include "check.h"
#include "m365/prefixes.h"

static struct prefix P(const char *s) {
    struct prefix p;
    if (prefix_parse(s, &p) != PREFIX_FINE) fail_msg("'%s' is no prefix", s);
    return p;
}

static void
merging_joins_halves_and_drops_contained(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    struct prefixes s = prefixes_in(&a);
    static const char *const in[] = {"10.0.1.0/24", "2001:db8::/33", "10.0.0.0/24",
                                     "10.0.2.0/23", "10.0.3.7/32",   "2001:db8:8000::/33",
                                     "10.0.1.0/24"};
    for (size_t i = 0; i < sizeof in / sizeof *in; i++) {
        struct prefix p = P(in[i]);
        prefixes_add(&s, &p);
    }
    prefixes_merge(&s);
    assert_int_equal(s.n, 2);
    struct prefix want = P("10.0.0.0/22"), want6 = P("2001:db8::/32");
    assert_true(prefix_equal(&s.p[0], &want));
    assert_true(prefix_equal(&s.p[1], &want6));
    arena_drop(&a);
}

static void halves_of_different_parents_stay_apart(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    struct prefixes s = prefixes_in(&a);
    struct prefix x = P("10.0.1.0/24"), y = P("10.0.2.0/24"), lo = P("0.0.0.0/1"), hi = P("::/1");
    prefixes_add(&s, &x);
    prefixes_add(&s, &y);
    prefixes_add(&s, &lo);
    prefixes_add(&s, &hi);
    prefixes_merge(&s);
    assert_int_equal(s.n, 2); /* 0/1 holds both; ::/1 is another family */
    arena_drop(&a);
}

/* Against a naive twin: after merging, exactly the addresses of the input are covered. */
static void a_merged_list_covers_what_the_list_covered(void **state)
{
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    srand(seed);
    for (int round = 0; round < 200; round++) {
        struct arena a;
        arena_init(&a, 1 << 20);
        struct prefixes s = prefixes_in(&a);
        struct prefix in[12];
        for (int i = 0; i < 12; i++) {
            struct addr host = addr_v4(0x0a000000u | (unsigned)(rand() % 256));
            in[i] = prefix_of(&host, (uint8_t)(24 + rand() % 9));
            prefixes_add(&s, &in[i]);
        }
        prefixes_merge(&s);
        for (unsigned v = 0; v < 256; v++) {
            struct addr host = addr_v4(0x0a000000u | v);
            struct prefix one = prefix_of(&host, 32);
            bool twin = false;
            for (int i = 0; i < 12; i++) twin |= prefix_has(&in[i], &host);
            if ((prefixes_coverage(&s, &one) == COVERED) != twin)
                fail_msg("seed %u round %d", seed, round);
        }
        arena_drop(&a);
    }
}

static void coverage_tells_full_from_partly(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    struct prefixes s = prefixes_in(&a);
    struct prefix lo = P("192.0.2.0/25"), hi = P("192.0.2.128/25"), other = P("198.51.100.0/25");
    prefixes_add(&s, &lo);
    prefixes_add(&s, &hi);
    prefixes_add(&s, &other);
    prefixes_merge(&s);
    struct prefix whole = P("192.0.2.0/24"), half = P("198.51.100.0/24"),
                  none = P("203.0.113.0/24"), inside = P("192.0.2.77/32");
    assert_int_equal(prefixes_coverage(&s, &whole), COVERED);
    assert_int_equal(prefixes_coverage(&s, &inside), COVERED);
    assert_int_equal(prefixes_coverage(&s, &half), COVERED_PARTLY);
    assert_int_equal(prefixes_coverage(&s, &none), COVERED_NOT);
    arena_drop(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merging_joins_halves_and_drops_contained),
        cmocka_unit_test(halves_of_different_parents_stay_apart),
        cmocka_unit_test(a_merged_list_covers_what_the_list_covered),
        cmocka_unit_test(coverage_tells_full_from_partly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
