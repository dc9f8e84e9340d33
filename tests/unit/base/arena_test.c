#include "check.h"
#include "base/arena.h"

static void a_rewind_gives_back_what_came_after_the_mark(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    char *kept = arena_text(&a, "kept");
    struct arena_mark m = arena_mark(&a);
    size_t used = a.used;
    for (int i = 0; i < 100; i++) assert_non_null(arena_take(&a, 1000));
    arena_rewind(&a, m);
    assert_int_equal(a.used, used);
    assert_string_equal(kept, "kept");
    arena_drop(&a);
}

static void the_ceiling_holds(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 10000);
    assert_null(arena_take(&a, 10001));
    assert_null(arena_take(&a, SIZE_MAX));
    assert_null(arena_take_array(&a, SIZE_MAX / 2, 4));
    assert_non_null(arena_take(&a, 9000));
    assert_null(arena_take(&a, 2000));
    arena_drop(&a);
}

static void memory_comes_zeroed_even_when_reused(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 10000);
    struct arena_mark m = arena_mark(&a);
    memset(arena_take(&a, 100), 0xff, 100);
    arena_rewind(&a, m);
    const uint8_t *p = arena_take(&a, 100);
    for (int i = 0; i < 100; i++) assert_int_equal(p[i], 0);
    arena_drop(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rewind_gives_back_what_came_after_the_mark),
        cmocka_unit_test(the_ceiling_holds),
        cmocka_unit_test(memory_comes_zeroed_even_when_reused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
