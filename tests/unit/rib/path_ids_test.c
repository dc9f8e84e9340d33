/* Path identifiers beside the tables against a plain array. */
#include "check.h"
#include "random.h"
#include "rib/path_ids.h"

enum { NODES = 40, SOURCES = 9, CHANGES = 1000000 };

static void test_random_changes_agree_with_an_array(void **state)
{
    (void)state;
    static struct { bool there; uint32_t id; } slow[NODES + 1][SOURCES + 1];
    struct rng rng = rng_start("path_ids");
    struct path_ids ids = {0};
    uint32_t id;
    for (int i = 0; i < CHANGES; i++) {
        node_ref n = 1 + rng_below(&rng, NODES);
        source_ref s = (source_ref)rng_below(&rng, SOURCES + 1);
        if (rng_below(&rng, 2)) {
            slow[n][s].there = true;
            slow[n][s].id = rng_next(&rng);
            path_ids_put(&ids, n, s, slow[n][s].id);
        } else {
            slow[n][s].there = false;
            path_ids_remove(&ids, n, s);
        }
        n = 1 + rng_below(&rng, NODES), s = (source_ref)rng_below(&rng, SOURCES + 1);
        assert_int_equal(path_ids_get(&ids, n, s, &id), slow[n][s].there);
        if (slow[n][s].there) assert_int_equal(id, slow[n][s].id);
    }
    for (node_ref n = 1; n <= NODES; n++)
        for (size_t s = 0; s <= SOURCES; s++) path_ids_remove(&ids, n, (source_ref)s);
    assert_int_equal(ids.used, 0);
    path_ids_drop(&ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_changes_agree_with_an_array)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
