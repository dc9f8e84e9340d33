#include "check.h"
#include "base/writer.h"

static void reads_what_is_there_and_no_more(void **state)
{
    (void)state;
    const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7};
    struct cursor c = cursor_of(span_of(bytes, sizeof bytes));
    assert_int_equal(cursor_u8(&c), 1);
    assert_int_equal(cursor_u16(&c), 0x0203);
    assert_int_equal(cursor_u32(&c), 0x04050607);
    assert_false(c.bad);
    assert_int_equal(cursor_u8(&c), 0);
    assert_true(c.bad);
}

static void a_short_read_poisons_the_cursor(void **state)
{
    (void)state;
    const uint8_t bytes[] = {1, 2, 3};
    struct cursor c = cursor_of(span_of(bytes, sizeof bytes));
    assert_int_equal(cursor_u32(&c), 0);
    assert_true(c.bad);
    assert_int_equal(cursor_left(&c), 0);
    assert_int_equal(cursor_u8(&c), 0);
}

static void a_sub_cursor_cannot_see_past_its_end(void **state)
{
    (void)state;
    const uint8_t bytes[] = {1, 2, 3, 4};
    struct cursor c = cursor_of(span_of(bytes, sizeof bytes));
    struct cursor sub = cursor_sub(&c, 2);
    cursor_u32(&sub);
    assert_true(sub.bad);
    assert_false(c.bad);
    assert_int_equal(cursor_u16(&c), 0x0304);
    sub = cursor_sub(&c, 1);
    assert_true(sub.bad && c.bad);
}

static void a_writer_mirrors_the_cursor(void **state)
{
    (void)state;
    uint8_t buf[16];
    struct writer w = writer_on(buf, sizeof buf);
    size_t hole = writer_hole16(&w);
    writer_u8(&w, 7);
    writer_u32(&w, 0xdeadbeef);
    writer_fill16(&w, hole);
    struct cursor c = cursor_of(writer_span(&w));
    assert_int_equal(cursor_u16(&c), 5);
    assert_int_equal(cursor_u8(&c), 7);
    assert_int_equal(cursor_u32(&c), 0xdeadbeef);
    assert_false(c.bad);
}

static void a_full_writer_says_so_and_keeps_what_it_has(void **state)
{
    (void)state;
    uint8_t buf[3] = {9, 9, 9};
    struct writer w = writer_on(buf, 2);
    writer_u8(&w, 1);
    writer_u16(&w, 0x0203);
    assert_true(w.bad);
    writer_u8(&w, 4);
    assert_int_equal(writer_len(&w), 1);
    assert_int_equal(buf[2], 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_there_and_no_more),
        cmocka_unit_test(a_short_read_poisons_the_cursor),
        cmocka_unit_test(a_sub_cursor_cannot_see_past_its_end),
        cmocka_unit_test(a_writer_mirrors_the_cursor),
        cmocka_unit_test(a_full_writer_says_so_and_keeps_what_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
