#include "check.h"
#include "base/slab.h"

static void objects_are_distinct_reused_and_zeroed(void **state)
{
    (void)state;
    struct slab s;
    slab_init(&s, 24);
    enum { N = 10000 };
    static void *obj[N];
    for (int i = 0; i < N; i++) memset(obj[i] = slab_take(&s), 0xee, 24);
    assert_int_equal(s.live, N);
    size_t bytes = s.bytes;
    for (int i = 0; i < N; i++) slab_give(&s, obj[i]);
    assert_int_equal(s.live, 0);
    for (int i = 0; i < N; i++) {
        const uint8_t *p = slab_take(&s);
        for (int j = 0; j < 24; j++) assert_int_equal(p[j], 0);
    }
    assert_int_equal(s.bytes, bytes);
    slab_drop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(objects_are_distinct_reused_and_zeroed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
