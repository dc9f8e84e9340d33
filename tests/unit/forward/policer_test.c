/* The policer and the plan of queues, on a virtual clock: what gets through at an overload, to the byte. */
#include "check.h"
#include <stdlib.h>
#include <string.h>
#include "forward/queues.h"
#include "forward/stage_qos.h"
#include "forward/twin.h"

enum { VOICE = 46 << 2, VIDEO = 34 << 2, BULK = 0, STRANGE = 26 << 2 };

struct scene {
    struct fast_tables tables;
    struct twin *twin;
};

/* Where it stays: the twin knows where its tables are. */
static void scene_make(struct scene *s, uint64_t bits, uint32_t burst, uint32_t voice_percent)
{
    uint8_t of[64];
    memset(of, 3, sizeof of);
    of[46] = 0, of[34] = 1, of[0] = 2;
    fast_tables_make(&s->tables, &fast_sizes_small);
    s->twin = twin_new(&s->tables);
    fast_classes_set(s->tables.config, of);
    fast_policer_set(&s->tables.policers[1], bits, burst, voice_percent);
}

static void scene_drop(struct scene *s)
{
    twin_free(s->twin);
    fast_tables_drop(&s->tables);
}

static bool passes(struct scene *s, uint64_t ns, uint32_t bytes, uint8_t tos)
{
    struct fast_run r = {.config = s->tables.config, .bytes = bytes, .now = ns};
    return fast_police(s->twin, &r, 1, tos) == FAST_GO;
}

/* A flow that is evenly spaced; its packets come when they are due. */
struct source {
    uint8_t tos;
    uint32_t bytes;
    uint64_t bits, next_ns, sent, passed, passed_bytes;
};

static uint64_t run_until(struct scene *s, struct source *list, size_t n, uint64_t end_ns)
{
    uint64_t all = 0;
    for (;;) {
        struct source *x = &list[0];
        for (size_t k = 1; k < n; k++)
            if (list[k].next_ns < x->next_ns) x = &list[k];
        if (x->next_ns >= end_ns) return all;
        bool fine = passes(s, x->next_ns, x->bytes, x->tos);
        x->sent++;
        if (fine) x->passed++, x->passed_bytes += x->bytes, all += x->bytes;
        x->next_ns += x->bytes * UINT64_C(8000000000) / x->bits;
    }
}

/* Offered twice the rate: what passes is the rate within 0.1 %, voice and video lose nothing. */
static void twice_the_rate(uint64_t bits)
{
    enum { SECONDS = 20 };
    const uint64_t s_ns = 1000000000;
    uint32_t burst = (uint32_t)(bits / 800); /* 10 ms */
    struct scene s;
    scene_make(&s, bits, burst < 15000 ? 15000 : burst, 30);
    struct source list[] = {{VOICE, 200, bits / 20, s_ns, 0, 0, 0}, {VIDEO, 1200, bits / 5, s_ns, 0, 0, 0},
                            {BULK, 1500, bits * 7 / 4, s_ns, 0, 0, 0}};
    run_until(&s, list, 3, 2 * s_ns);
    list[0].sent = list[0].passed = list[1].sent = list[1].passed = 0;
    uint64_t bytes = run_until(&s, list, 3, (2 + SECONDS) * s_ns), due = bits / 8 * SECONDS;
    assert_in_range(bytes, due - due / 1000, due + due / 1000);
    assert_int_equal(list[0].passed, list[0].sent);
    assert_int_equal(list[1].passed, list[1].sent);
    assert_int_equal(s.tables.policers[1].dropped[0].packets, 0);
    scene_drop(&s);
}

static void the_rate_is_held_and_voice_loses_nothing(void **state)
{
    static const uint64_t mbps[] = {10, 50, 200, 1000, 10000};
    (void)state;
    for (size_t k = 0; k < ARRAY_LEN(mbps); k++) twice_the_rate(mbps[k] * 1000000);
}

static void a_pause_earns_one_burst_and_no_more(void **state)
{
    (void)state;
    struct scene s;
    scene_make(&s, 80000000, 100000, 0); /* 10 bytes a microsecond */
    uint64_t passed = 0;
    for (int k = 0; k < 1000; k++) passed += passes(&s, 5000000000, 1000, VOICE);
    assert_in_range(passed, 100, 101);
    assert_false(passes(&s, 5000000000 + 99000, 1000, VOICE));
    assert_true(passes(&s, 5000000000 + 101000, 1000, VOICE));
    scene_drop(&s);
}

/* RFC 3246: EF has its share and cannot take the others'. */
static void voice_beyond_its_share_is_dropped(void **state)
{
    (void)state;
    const uint64_t s_ns = 1000000000, bits = 100000000;
    struct scene s;
    scene_make(&s, bits, 125000, 30);
    struct source list[] = {{VOICE, 200, bits, s_ns, 0, 0, 0}, {BULK, 1500, bits / 2, s_ns, 0, 0, 0}};
    run_until(&s, list, 2, 11 * s_ns);
    assert_in_range(list[0].passed_bytes, bits / 80 * 30 - bits / 800, bits / 80 * 30 + bits / 800 + 125000);
    assert_int_equal(list[1].passed, list[1].sent); /* 30 + 50 % of the circuit: there is room */
    scene_drop(&s);
}

static void what_is_not_listed_goes_first(void **state)
{
    (void)state;
    const uint64_t s_ns = 1000000000, bits = 10000000;
    struct scene s;
    scene_make(&s, bits, 100000, 30);
    struct source list[] = {{BULK, 1500, bits * 9 / 10, s_ns, 0, 0, 0}, {STRANGE, 1500, bits, s_ns, 0, 0, 0}};
    run_until(&s, list, 2, 21 * s_ns);
    assert_int_equal(list[0].passed, list[0].sent);
    assert_true(list[1].passed < list[1].sent / 5);
    scene_drop(&s);
}

static void queues_share_the_rate_and_keep_bounds(void **state)
{
    (void)state;
    for (uint32_t voice = 0; voice <= 90; voice += 10)
        for (uint64_t mbps = 1; mbps <= 100000; mbps *= 10) {
            struct queue q[QUEUES];
            uint64_t sum = 0, all = mbps * 125000, seen = 0;
            queues_plan(mbps * 1000000, voice, voice == 10, q);
            for (int k = 0; k < QUEUES; k++) {
                sum += q[k].rate;
                assert_true(q[k].rate > 0 && q[k].rate <= q[k].ceiling && q[k].ceiling <= all && q[k].backlog >= 15000);
                assert_int_equal(seen & q[k].dscp, 0);
                seen |= q[k].dscp;
            }
            assert_in_range(sum, all - QUEUES, all);
            assert_int_equal(q[QUEUE_VOICE].rate, all * (voice ? voice : 30) / 100);
            assert_int_equal(q[QUEUE_VOICE].ceiling, q[QUEUE_VOICE].rate);
            assert_int_equal(seen >> 24 & 1, voice == 10);
            assert_true(queue_burst_ns(all) >= 4000000 && queue_burst_ns(all) * all / 1000000000 >= 3000);
            assert_true(mbps < 10 || queue_burst_ns(all) == 4000000);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rate_is_held_and_voice_loses_nothing),
        cmocka_unit_test(a_pause_earns_one_burst_and_no_more),
        cmocka_unit_test(voice_beyond_its_share_is_dropped),
        cmocka_unit_test(what_is_not_listed_goes_first),
        cmocka_unit_test(queues_share_the_rate_and_keep_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
