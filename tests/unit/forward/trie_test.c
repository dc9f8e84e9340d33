/* The tries of the fast path against a list that is searched from end to end, with the look-up that
 * packets use; and that nothing is left of blocks once the prefixes are gone. */
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include "forward/trie.h"
#include "forward/stage_route.h"

enum { SLOW_MAX = 4096, TABLES = 3 };

static const struct hash_key key = {3, 4};
static const struct fast_sizes sizes = {.blocks = 4096, .roots = 1024, .acls = 1, .port_blocks = 1, .flows = 1};

struct slow {
    struct prefix p;
    uint32_t table, hop;
};
static struct slow slow[SLOW_MAX];
static size_t slow_n;

static uint64_t random_state = 88172645463325252ULL;
static uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13, random_state ^= random_state >> 7, random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 20) % n;
}

static void slow_put(uint32_t table, const struct prefix *p, uint32_t hop)
{
    size_t i = 0;
    while (i < slow_n && !(slow[i].table == table && prefix_equal(&slow[i].p, p))) i++;
    if (hop && i == slow_n) slow_n++;
    if (hop)
        slow[i] = (struct slow){*p, table, hop};
    else if (i < slow_n)
        slow[i] = slow[--slow_n];
}

static uint32_t slow_find(uint32_t table, const struct addr *a)
{
    const struct slow *best = NULL;
    for (size_t i = 0; i < slow_n; i++)
        if (slow[i].table == table && slow[i].p.addr.family == a->family && prefix_has(&slow[i].p, a) &&
            (!best || slow[i].p.len > best->p.len))
            best = &slow[i];
    return best ? best->hop : 0;
}

/* Few distinct bits, so that prefixes lie inside each other and addresses meet them. */
static struct addr random_address(enum family family)
{
    static const uint8_t bytes[] = {0, 1, 128, 255};
    struct addr a = {.family = (uint8_t)family};
    for (unsigned i = 0; i < addr_bytes(family); i++) a.b[i] = i < 2 ? (uint8_t)random_below(2) : bytes[random_below(4)];
    return a;
}

static uint32_t fast_find(struct twin *t, uint32_t table, const struct addr *a)
{
    uint32_t words[4];
    memcpy(words, a->b, sizeof words);
    if (a->family == FAMILY_IPV4) return fast_route4(t, table, words[0]);
    return fast_route6(t, t->tables->config, table, words);
}

static void compare_some(struct twin *t, const uint32_t tables[], unsigned n, unsigned step)
{
    for (unsigned i = 0; i < n; i++) {
        struct addr a = random_address(random_below(2) ? FAMILY_IPV4 : FAMILY_IPV6);
        uint32_t table = tables[random_below(TABLES) * 2 + (a.family == FAMILY_IPV6)];
        char text[ADDR_TEXT_MAX];
        if (fast_find(t, table, &a) != slow_find(table, &a))
            fail_msg("step %u: %s in table %u: %u instead of %u", step, addr_text(&a, text), table,
                     fast_find(t, table, &a), slow_find(table, &a));
    }
}

static void random_changes_give_what_a_list_gives(void **state)
{
    (void)state;
    struct fast_tables tables = {0};
    struct twin t = {.tables = &tables};
    uint32_t roots[TABLES * 2];
    fast_tables_make(&tables, &sizes);
    fast_config_begin(&tables, 99);
    struct trie *trie = trie_new(&tables, &key);
    for (int i = 0; i < TABLES * 2; i++) roots[i] = trie_table_make(trie);
    size_t room = trie_blocks_free(trie);
    for (unsigned step = 0; step < 20000; step++) {
        enum family family = random_below(2) ? FAMILY_IPV4 : FAMILY_IPV6;
        struct addr a = random_address(family);
        uint8_t len = (uint8_t)random_below(addr_bits(family) + 1u);
        if (family == FAMILY_IPV6 && random_below(2)) len = (uint8_t)(24 + random_below(44));
        struct prefix p = prefix_of(&a, len);
        uint32_t table = roots[random_below(TABLES) * 2 + (family == FAMILY_IPV6)];
        uint32_t hop = slow_n > 600 || random_below(3) == 0 ? 0 : 1 + random_below(1000);
        if (hop == 0 && slow_n && random_below(4)) { /* something that is there */
            const struct slow *s = &slow[random_below((uint32_t)slow_n)];
            p = s->p, table = s->table;
        }
        if (!trie_put(trie, table, &p, hop)) continue; /* a neighbourhood of roots was full */
        slow_put(table, &p, hop);
        trie_settled(trie);
        compare_some(&t, roots, 8, step);
    }
    assert_int_equal(trie_count(trie), slow_n);
    while (slow_n) {
        struct slow s = slow[0];
        assert_true(trie_put(trie, s.table, &s.p, 0));
        slow_put(s.table, &s.p, 0);
    }
    compare_some(&t, roots, 1000, 0);
    trie_settled(trie);
    assert_int_equal(trie_count(trie), 0);
    assert_int_equal(trie_blocks_free(trie), room);
    trie_free(trie);
    fast_tables_drop(&tables);
}

static void a_full_trie_refuses_and_stays_as_it_was(void **state)
{
    (void)state;
    struct fast_tables tables = {0};
    struct twin t = {.tables = &tables};
    const struct fast_sizes few = {.blocks = 6, .roots = 8, .acls = 1, .port_blocks = 1, .flows = 1};
    fast_tables_make(&tables, &few);
    fast_config_begin(&tables, 1);
    struct trie *trie = trie_new(&tables, &key);
    uint32_t root = trie_table_make(trie);
    struct addr a = addr_v4(0x0a010101), b = addr_v4(0x0b010101);
    struct prefix host = prefix_of(&a, 32), other = prefix_of(&b, 32), wide = prefix_of(&a, 8);
    assert_true(trie_put(trie, root, &wide, 7));
    assert_true(trie_put(trie, root, &host, 8));
    assert_false(trie_put(trie, root, &other, 9));
    assert_int_equal(fast_find(&t, root, &a), 8);
    assert_int_equal(fast_find(&t, root, &b), 0);
    assert_true(trie_put(trie, root, &host, 0));
    trie_settled(trie);
    assert_int_equal(fast_find(&t, root, &a), 7);
    assert_true(trie_put(trie, root, &other, 9));
    assert_int_equal(fast_find(&t, root, &b), 9);
    trie_free(trie);
    fast_tables_drop(&tables);
}

static void a_table_that_is_dropped_takes_its_routes_along(void **state)
{
    (void)state;
    struct fast_tables tables = {0};
    fast_tables_make(&tables, &sizes);
    fast_config_begin(&tables, 1);
    struct trie *trie = trie_new(&tables, &key);
    size_t room = trie_blocks_free(trie);
    uint32_t one = trie_table_make(trie), two = trie_table_make(trie);
    for (uint32_t i = 0; i < 300; i++) {
        struct addr a = addr_v4(0x0a000000u + i * 77777u);
        struct prefix p = prefix_of(&a, 26);
        assert_true(trie_put(trie, i & 1 ? one : two, &p, 5));
    }
    trie_table_drop(trie, one, FAMILY_IPV4);
    assert_int_equal(trie_count(trie), 150);
    trie_table_drop(trie, two, FAMILY_IPV4);
    assert_int_equal(trie_count(trie), 0);
    trie_settled(trie);
    assert_int_equal(trie_blocks_free(trie), room);
    trie_free(trie);
    fast_tables_drop(&tables);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_changes_give_what_a_list_gives),
        cmocka_unit_test(a_full_trie_refuses_and_stays_as_it_was),
        cmocka_unit_test(a_table_that_is_dropped_takes_its_routes_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
