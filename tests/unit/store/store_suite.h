/* tests/unit/store/store_suite.h - what every store must do. A test program sets `suite_fresh` to a
 * function that makes an empty store, and runs STORE_SUITE. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include "check.h"
#include "store/store.h"

static struct store *(*suite_fresh)(void);

struct suite_case {
    struct store *store;
    struct arena arena;
};

static int suite_setup(void **state)
{
    struct suite_case *c = calloc(1, sizeof *c);
    assert_non_null(c);
    arena_init(&c->arena, 16u << 20);
    c->store = suite_fresh();
    *state = c;
    return c->store ? 0 : -1;
}

static int suite_teardown(void **state)
{
    struct suite_case *c = *state;
    store_drop(c->store);
    arena_drop(&c->arena);
    free(c);
    return 0;
}

static void suite_puts(struct store *s, const char *key, const char *value)
{
    assert_int_equal(store_put(s, key, value, STORE_ANY, NULL), STORE_OK);
}

static void a_fresh_store_is_empty(void **state)
{
    struct suite_case *c = *state;
    struct store_item item;
    struct store_items items;
    assert_int_equal(store_revision(c->store), 0);
    assert_int_equal(store_get(c->store, "/a", &c->arena, &item), STORE_MISSING);
    assert_int_equal(store_list(c->store, "", "", 10, &c->arena, &items), STORE_OK);
    assert_int_equal(items.n, 0);
    assert_false(items.more);
}

static void what_was_put_is_read_back_with_its_revision(void **state)
{
    struct suite_case *c = *state;
    struct store_item item;
    int64_t first = 0, second = 0;
    const char *value = "{\"name\":\"\xc3\xa4 ' \\\" ; --\"}";
    assert_int_equal(store_put(c->store, "/a", "{}", STORE_ABSENT, &first), STORE_OK);
    assert_int_equal(store_put(c->store, "/a", value, first, &second), STORE_OK);
    assert_true(second > first && first > 0);
    assert_int_equal(store_get(c->store, "/a", &c->arena, &item), STORE_OK);
    assert_string_equal(item.key, "/a");
    assert_string_equal(item.value, value);
    assert_int_equal(item.revision, second);
    assert_int_equal(store_revision(c->store), second);
}

static void an_expected_revision_that_does_not_hold_writes_nothing(void **state)
{
    struct suite_case *c = *state;
    int64_t revision = 0, before;
    struct store_item item;
    assert_int_equal(store_put(c->store, "/a", "1", 7, NULL), STORE_CONFLICT);
    assert_int_equal(store_put(c->store, "/a", "1", STORE_ABSENT, &revision), STORE_OK);
    before = store_revision(c->store);
    assert_int_equal(store_put(c->store, "/a", "2", STORE_ABSENT, NULL), STORE_CONFLICT);
    assert_int_equal(store_put(c->store, "/a", "2", revision + 1, NULL), STORE_CONFLICT);
    assert_int_equal(store_delete(c->store, "/a", revision + 1), STORE_CONFLICT);
    assert_int_equal(store_revision(c->store), before);
    assert_int_equal(store_get(c->store, "/a", &c->arena, &item), STORE_OK);
    assert_string_equal(item.value, "1");
}

static void a_batch_is_written_whole_or_not_at_all(void **state)
{
    struct suite_case *c = *state;
    struct store_item item;
    int64_t revision = 0;
    suite_puts(c->store, "/b", "old");
    const struct store_write refused[] = {{"/a", "1", STORE_ABSENT},
                                          {"/b", NULL, STORE_ANY},
                                          {"/c", "3", 99}};
    assert_int_equal(store_batch(c->store, refused, 3, &revision), STORE_CONFLICT);
    assert_int_equal(revision, 0);
    assert_int_equal(store_get(c->store, "/a", &c->arena, &item), STORE_MISSING);
    assert_int_equal(store_get(c->store, "/b", &c->arena, &item), STORE_OK);
    const struct store_write accepted[] = {{"/a", "1", STORE_ABSENT},
                                           {"/b", NULL, STORE_ANY},
                                           {"/c", "3", STORE_ABSENT}};
    assert_int_equal(store_batch(c->store, accepted, 3, &revision), STORE_OK);
    assert_int_equal(store_get(c->store, "/b", &c->arena, &item), STORE_MISSING);
    assert_int_equal(store_get(c->store, "/a", &c->arena, &item), STORE_OK);
    assert_int_equal(item.revision, revision);
    assert_int_equal(store_get(c->store, "/c", &c->arena, &item), STORE_OK);
    assert_int_equal(item.revision, revision);
}

static void lists_are_in_byte_order_and_come_in_pages(void **state)
{
    struct suite_case *c = *state;
    static const char *const keys[] = {"/s/a", "/s/a-b", "/s/a/c", "/s/a0", "/s/b", "/s_", "/t"};
    struct store_items items;
    size_t seen = 0;
    const char *after = "";
    for (size_t i = ARRAY_LEN(keys); i > 0; i--) suite_puts(c->store, keys[i - 1], "{}");
    do {
        assert_int_equal(store_list(c->store, "/s/", after, 2, &c->arena, &items), STORE_OK);
        assert_true(items.n >= 1 && items.n <= 2);
        static const char *const wanted[] = {"/s/a", "/s/a-b", "/s/a/c", "/s/a0", "/s/b"};
        for (size_t i = 0; i < items.n; i++)
            assert_string_equal(items.items[i].key, wanted[seen++]);
        after = items.items[items.n - 1].key;
    } while (items.more);
    assert_int_equal(seen, 5);
}

static void keys_can_be_listed_without_their_values(void **state)
{
    struct suite_case *c = *state;
    struct store_items items;
    suite_puts(c->store, "/k/a", "1");
    suite_puts(c->store, "/k/b", "2");
    assert_int_equal(store_keys(c->store, "/k/", "/k/a", 5, &c->arena, &items), STORE_OK);
    assert_int_equal(items.n, 1);
    assert_string_equal(items.items[0].key, "/k/b");
    assert_null(items.items[0].value);
    assert_int_equal(items.items[0].revision, store_revision(c->store));
}

static void a_prefix_is_taken_literally(void **state)
{
    struct suite_case *c = *state;
    struct store_items items;
    suite_puts(c->store, "/a%b", "{}");
    suite_puts(c->store, "/a_b", "{}");
    suite_puts(c->store, "/axb", "{}");
    suite_puts(c->store, "/a*b", "{}");
    suite_puts(c->store, "/a\xc3\xa4", "{}");
    assert_int_equal(store_list(c->store, "/a%", "", 10, &c->arena, &items), STORE_OK);
    assert_int_equal(items.n, 1);
    assert_int_equal(store_list(c->store, "/a_", "", 10, &c->arena, &items), STORE_OK);
    assert_int_equal(items.n, 1);
    assert_int_equal(store_list(c->store, "/a*", "", 10, &c->arena, &items), STORE_OK);
    assert_int_equal(items.n, 1);
    assert_int_equal(store_list(c->store, "/A", "", 10, &c->arena, &items), STORE_OK);
    assert_int_equal(items.n, 0);
    assert_int_equal(store_list(c->store, "/a\xc3", "", 10, &c->arena, &items), STORE_OK);
    assert_int_equal(items.n, 1);
}

static void a_watcher_sees_writes_and_deletions_since_its_revision(void **state)
{
    struct suite_case *c = *state;
    struct store_items items;
    suite_puts(c->store, "/r/a", "1");
    suite_puts(c->store, "/r/b", "1");
    int64_t since = store_revision(c->store);
    assert_int_equal(store_changes(c->store, "/r/", since, 10, &c->arena, &items), STORE_OK);
    assert_int_equal(items.n, 0);
    suite_puts(c->store, "/r/b", "2");
    suite_puts(c->store, "/x/c", "1");
    assert_int_equal(store_delete(c->store, "/r/a", STORE_ANY), STORE_OK);
    assert_int_equal(store_changes(c->store, "/r/", since, 10, &c->arena, &items), STORE_OK);
    assert_int_equal(items.n, 2);
    assert_string_equal(items.items[0].key, "/r/b");
    assert_string_equal(items.items[0].value, "2");
    assert_string_equal(items.items[1].key, "/r/a");
    assert_null(items.items[1].value);
    suite_puts(c->store, "/r/a", "3");
    assert_int_equal(store_changes(c->store, "/r/a", since, 10, &c->arena, &items), STORE_OK);
    assert_int_equal(items.n, 1);
    assert_string_equal(items.items[0].value, "3");
}

static void a_watcher_never_gets_half_a_batch(void **state)
{
    struct suite_case *c = *state;
    struct store_items items;
    const struct store_write batch[] = {{"/a", "1", STORE_ANY}, {"/b", "1", STORE_ANY},
                                        {"/c", "1", STORE_ANY}};
    assert_int_equal(store_batch(c->store, batch, 3, NULL), STORE_OK);
    suite_puts(c->store, "/d", "1");
    assert_int_equal(store_changes(c->store, "/", 0, 2, &c->arena, &items), STORE_OK);
    assert_int_equal(items.n, 3);
    assert_true(items.more);
}

static void a_watcher_that_is_too_late_is_told_so(void **state)
{
    struct suite_case *c = *state;
    struct store_items items;
    char key[32];
    suite_puts(c->store, "/keep", "1");
    for (int i = 0; i < 3 * STORE_DELETIONS_KEPT; i++) {
        snprintf(key, sizeof key, "/gone/%d", i);
        suite_puts(c->store, key, "1");
        assert_int_equal(store_delete(c->store, key, STORE_ANY), STORE_OK);
    }
    enum store_result r = store_changes(c->store, "/gone/", 0, 100000, &c->arena, &items);
    if (r == STORE_OK) assert_int_equal(items.n, 3 * STORE_DELETIONS_KEPT); /* forgot nothing */
    else assert_int_equal(r, STORE_COMPACTED);
    int64_t recent = store_revision(c->store) - 2 * (STORE_DELETIONS_KEPT - 1);
    assert_int_equal(store_changes(c->store, "/gone/", recent, 100000, &c->arena, &items), STORE_OK);
    assert_int_equal(items.n, STORE_DELETIONS_KEPT - 1);
}

static void deleting_what_is_not_there_is_fine_unless_expected(void **state)
{
    struct suite_case *c = *state;
    assert_int_equal(store_delete(c->store, "/a", STORE_ANY), STORE_OK);
    assert_int_equal(store_delete(c->store, "/a", STORE_ABSENT), STORE_OK);
    assert_int_equal(store_delete(c->store, "/a", 5), STORE_CONFLICT);
}

static void a_full_arena_is_an_answer_and_not_a_crash(void **state)
{
    struct suite_case *c = *state;
    struct arena small;
    struct store_item item;
    struct store_items items;
    char *long_value = calloc(1, 100001);
    assert_non_null(long_value);
    memset(long_value, '1', 100000);
    suite_puts(c->store, "/a", long_value);
    free(long_value);
    arena_init(&small, 1000);
    assert_int_equal(store_get(c->store, "/a", &small, &item), STORE_UNAVAILABLE);
    assert_int_equal(store_list(c->store, "/", "", 9, &small, &items), STORE_UNAVAILABLE);
    arena_drop(&small);
}

#define SUITE_TEST(f) cmocka_unit_test_setup_teardown(f, suite_setup, suite_teardown)
#define STORE_SUITE                                                                                \
    SUITE_TEST(a_fresh_store_is_empty), SUITE_TEST(what_was_put_is_read_back_with_its_revision),   \
        SUITE_TEST(an_expected_revision_that_does_not_hold_writes_nothing),                        \
        SUITE_TEST(a_batch_is_written_whole_or_not_at_all),                                        \
        SUITE_TEST(lists_are_in_byte_order_and_come_in_pages),                                     \
        SUITE_TEST(keys_can_be_listed_without_their_values),                                       \
        SUITE_TEST(a_prefix_is_taken_literally),                                                   \
        SUITE_TEST(a_watcher_sees_writes_and_deletions_since_its_revision),                        \
        SUITE_TEST(a_watcher_never_gets_half_a_batch),                                             \
        SUITE_TEST(a_watcher_that_is_too_late_is_told_so),                                         \
        SUITE_TEST(deleting_what_is_not_there_is_fine_unless_expected),                            \
        SUITE_TEST(a_full_arena_is_an_answer_and_not_a_crash)
