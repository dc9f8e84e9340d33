/* The table against a naive list, and the words of its contract. */
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "forward/fib.h"

static const struct hash_key key = {1, 2};

static struct prefix net(unsigned i)
{
    struct addr a = addr_v4(0x0a000000u + (i << 8));
    return prefix_of(&a, 24);
}

static void the_same_set_of_next_hops_is_told_once(void **state)
{
    (void)state;
    struct fib *f = fib_new(&key);
    struct prefix p = net(1);
    const struct addr ab[] = {addr_v4(1), addr_v4(2)}, ba[] = {addr_v4(2), addr_v4(1)};
    const struct fib_entry *e;
    assert_true(fib_put(f, &p, ab, 2, false, &e));
    assert_false(fib_put(f, &p, ba, 2, false, &e));
    assert_true(fib_put(f, &p, ab, 1, false, &e));
    assert_int_equal(e->next_hops_n, 1);
    fib_set_failed(f, &p, true);
    assert_true(fib_put(f, &p, ab, 1, false, &e)); /* the kernel refused it: said again, told again */
    fib_free(f);
}

static void what_is_not_said_again_stays_stale(void **state)
{
    (void)state;
    struct fib *f = fib_new(&key);
    const struct addr hop = addr_v4(1);
    const struct fib_entry *e;
    struct prefix a = net(1), b = net(2), c = net(3);
    assert_true(fib_put(f, &a, &hop, 1, false, &e));
    assert_true(fib_put(f, &b, &hop, 1, false, &e));
    assert_true(fib_put(f, &c, &hop, 1, true, &e));
    fib_mark_stale(f);
    assert_false(fib_put(f, &a, &hop, 1, false, &e));
    assert_false(fib_find(f, &a)->stale);
    assert_true(fib_find(f, &b)->stale);
    assert_false(fib_find(f, &c)->stale);
    fib_free(f);
}

static void a_static_route_is_not_replaced_by_a_learned_one(void **state)
{
    (void)state;
    struct fib *f = fib_new(&key);
    const struct addr own = addr_v4(1), learned = addr_v4(2);
    const struct fib_entry *e;
    struct prefix p = net(1);
    assert_true(fib_put(f, &p, &own, 1, true, &e));
    assert_false(fib_put(f, &p, &learned, 1, false, &e));
    assert_false(fib_remove(f, &p, false));
    assert_true(addr_equal(&fib_find(f, &p)->next_hops[0], &own));
    assert_true(fib_remove(f, &p, true));
    assert_null(fib_find(f, &p));
    fib_free(f);
}

enum { MANY = 500, STEPS = 100000 };

static void random_changes_agree_with_a_naive_list(void **state)
{
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    uint32_t twin[MANY] = {0}; /* the next hop, 0: no route */
    struct fib *f = fib_new(&key);
    const struct fib_entry *e;
    print_message("seed %u\n", seed);
    srand(seed);
    for (int step = 0; step < STEPS; step++) {
        unsigned i = (unsigned)rand() % MANY;
        uint32_t hop = 1 + (uint32_t)rand() % 3;
        struct prefix p = net(i);
        struct addr a = addr_v4(hop);
        if (rand() % 2) {
            assert_int_equal(fib_put(f, &p, &a, 1, false, &e), twin[i] != hop);
            twin[i] = hop;
        } else {
            assert_int_equal(fib_remove(f, &p, false), twin[i] != 0);
            twin[i] = 0;
        }
    }
    size_t n = 0, walked = 0, at = 0;
    for (unsigned i = 0; i < MANY; i++) {
        struct prefix p = net(i);
        n += twin[i] != 0;
        assert_int_equal(twin[i] != 0, fib_find(f, &p) != NULL);
    }
    while (fib_walk(f, &at)) walked++;
    assert_int_equal(fib_count(f), n);
    assert_int_equal(walked, n);
    fib_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_set_of_next_hops_is_told_once),
        cmocka_unit_test(what_is_not_said_again_stays_stale),
        cmocka_unit_test(a_static_route_is_not_replaced_by_a_learned_one),
        cmocka_unit_test(random_changes_agree_with_a_naive_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
