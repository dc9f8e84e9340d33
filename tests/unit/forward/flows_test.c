/* NAT bindings: made by packets, put in by a partner, taken out by age; against a plain list. */
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include "forward/flows.h"
#include "forward/twin.h"
#include "forward/stage_nat.h"

static const struct fast_sizes sizes = {.blocks = 4, .roots = 8, .acls = 1, .port_blocks = 4096, .flows = 8192};

static uint64_t random_state = 88172645463325252ULL;
static uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13, random_state ^= random_state >> 7, random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 20) % n;
}

static void begin(struct fast_tables *t)
{
    fast_tables_make(t, &sizes);
    fast_config_begin(t, 5);
    t->config->fixed_clock = 1ULL << 40;
    t->pools[1] = (struct fast_pool){.first = 0xcb007100, .last = 0xcb00713f, .blocks_per_address = 64, .sides = 2,
                                     .port_low = 1024, .block_ports = 1000, .host_limit = 1000, .insides_n = 1};
}

/* As a packet would. */
static int bind(struct fast_tables *t, uint32_t host, uint16_t port, uint32_t far, struct flow *out)
{
    static struct fast_attachment in = {.pool = 1};
    struct twin env = {.tables = t};
    struct fast_run r = {.config = t->config, .in = &in, .domain = 1, .bytes = 60};
    struct fast_nat x = {.pool = &t->pools[1], .key = {fast_key_head(1, FAST_TCP), host, far, port, FAST_BE16(443)}};
    int fate = fast_bind(&env, &r, &x);
    *out = (struct flow){1, host, x.addr, far, port, (uint16_t)x.port, FAST_BE16(443), FAST_TCP, 0};
    return fate;
}

static uint32_t row_of(struct fast_tables *t, const struct flow *f)
{
    struct twin env = {.tables = t};
    struct fast_key k = {fast_key_head(f->domain, f->proto), f->inside_addr, f->far_addr, f->inside_port, f->far_port};
    struct fast_flow *x = fast_flow_find(&env, t->config, 0, &k, fast_flow_home(t->config, &k));
    return x ? (uint32_t)(x - t->flows_out) : UINT32_MAX;
}

static bool comes_back(struct fast_tables *t, const struct flow *f)
{
    struct twin env = {.tables = t};
    struct fast_key k = {fast_key_head(f->domain, f->proto), f->outside_addr, f->far_addr, f->outside_port, f->far_port};
    struct fast_flow *x = fast_flow_find(&env, t->config, 1, &k, fast_flow_home(t->config, &k));
    return x && x->to_addr == f->inside_addr && x->to_port == f->inside_port;
}

static void half_a_table_of_bindings_finds_room_and_each_its_way_back(void **state)
{
    (void)state;
    struct fast_tables t = {0};
    static struct flow made[4096];
    size_t n = 0, full = 0;
    begin(&t);
    for (uint32_t i = 0; i < 4096; i++) {
        struct flow f;
        int fate = bind(&t, FAST_BE32(0x0a000000 + i / 64), FAST_BE16(1024 + i % 64), FAST_BE32(0x0d000000 + random_below(16)), &f);
        if (fate == FAST_GO) made[n++] = f;
        full += fate == FAST_NAT_TABLE_FULL;
    }
    assert_true(full <= 8); /* half full: hardly any neighbourhood is */
    for (size_t i = 0; i < n; i++) assert_true(comes_back(&t, &made[i]) && row_of(&t, &made[i]) != UINT32_MAX);
    struct flows_usage u = flows_usage(&t, 1);
    assert_int_equal(u.flows, n);
    assert_int_equal(u.used, 64);
    assert_int_equal(u.ours, 64 * 64 / 2);
    fast_tables_drop(&t);
}

static void only_the_own_half_of_the_blocks_is_given_out(void **state)
{
    (void)state;
    struct fast_tables t = {0};
    begin(&t);
    t.pools[1].side = 1;
    for (uint32_t i = 0; i < 200; i++) {
        struct flow f;
        assert_int_equal(bind(&t, FAST_BE32(0x0a000000 + i), FAST_BE16(1024), FAST_BE32(0x0d000000), &f), FAST_GO);
        uint32_t block = ((uint32_t)FAST_BE16(f.outside_port) - 1024) / 1000 + (FAST_BE32(f.outside_addr) - 0xcb007100) * 64;
        assert_int_equal(block % 2, 1);
    }
    fast_tables_drop(&t);
}

static void a_partner_has_the_same_bindings_and_gives_them_back(void **state)
{
    (void)state;
    struct fast_tables a = {0}, b = {0};
    struct flow f, g;
    begin(&a);
    begin(&b);
    b.pools[1].side = 1;
    assert_int_equal(bind(&a, FAST_BE32(0x0a000001), FAST_BE16(5000), FAST_BE32(0x0d000001), &f), FAST_GO);
    assert_int_equal(flows_put(&b, &f, 1024), FLOWS_NEW);
    assert_int_equal(flows_put(&b, &f, 1024), FLOWS_KNOWN);
    assert_true(comes_back(&b, &f));
    assert_true(flows_read(&b, row_of(&b, &f), &g));
    assert_int_equal(g.marks & FAST_FLOW_THEIRS, FAST_FLOW_THEIRS);
    g.marks = f.marks;
    assert_memory_equal(&f, &g, sizeof f);
    struct fast_tables reborn = {0};
    begin(&reborn);
    assert_int_equal(flows_put(&reborn, &g, 1024), FLOWS_NEW);
    assert_true(comes_back(&reborn, &f));
    struct flow other = f;
    other.outside_addr = FAST_BE32(0xc0000201);
    other.inside_port = FAST_BE16(6000);
    assert_int_equal(flows_put(&b, &other, 1024), FLOWS_STRAY);
    fast_tables_drop(&a), fast_tables_drop(&b), fast_tables_drop(&reborn);
}

static void random_bindings_that_come_and_go_leave_an_empty_table(void **state)
{
    (void)state;
    struct fast_tables t = {0};
    static struct flow there[3000];
    size_t n = 0;
    uint32_t block;
    begin(&t);
    for (int step = 0; step < 60000; step++) {
        struct flow f;
        if (n < 3000 && random_below(5) < 3) {
            uint32_t host = FAST_BE32(0x0a000000 + random_below(100));
            uint16_t port = FAST_BE16(1024 + random_below(500));
            struct flow k = {1, host, 0, FAST_BE32(0x0d000000), port, 0, FAST_BE16(443), FAST_TCP, 0};
            if (row_of(&t, &k) != UINT32_MAX) continue;
            if (bind(&t, host, port, k.far_addr, &f) == FAST_GO) there[n++] = f;
        } else if (n) {
            size_t k = random_below((uint32_t)n);
            uint32_t row = row_of(&t, &there[k]);
            assert_int_not_equal(row, UINT32_MAX);
            flows_remove(&t, row, &block);
            assert_false(comes_back(&t, &there[k]));
            there[k] = there[--n];
        }
        if (step % 1000 == 0)
            for (size_t k = 0; k < n; k++) assert_true(comes_back(&t, &there[k]));
    }
    while (n) flows_remove(&t, row_of(&t, &there[--n]), &block);
    for (uint32_t k = 0; k < t.flows_out_n; k++)
        assert_true(fast_flow_state(&t.flows_out[k]) != FAST_FLOW_USED && fast_flow_state(&t.flows_in[k]) != FAST_FLOW_USED);
    assert_int_equal(flows_usage(&t, 1).flows, 0);
    assert_int_equal(flows_usage(&t, 1).used, 0);
    fast_tables_drop(&t);
}

static void patience_depends_on_what_was_seen(void **state)
{
    (void)state;
    struct fast_tables t = {0};
    struct flow f;
    begin(&t);
    assert_int_equal(bind(&t, FAST_BE32(0x0a000001), FAST_BE16(5000), FAST_BE32(0x0d000001), &f), FAST_GO);
    uint32_t row = row_of(&t, &f);
    struct fast_flow *out = &t.flows_out[row], *in = &t.flows_in[out->other];
    assert_int_equal(flows_patience(&t, row), 240);
    out->marks = FAST_FLOW_SYN | FAST_FLOW_ACK;
    in->marks = FAST_FLOW_SYN | FAST_FLOW_ACK;
    assert_int_equal(flows_patience(&t, row), 7440);
    in->marks |= FAST_FLOW_FIN;
    assert_int_equal(flows_patience(&t, row), 240);
    out->key.head = fast_key_head(1, FAST_UDP);
    assert_int_equal(flows_patience(&t, row), 300);
    out->key.head = fast_key_head(1, FAST_ICMP);
    assert_int_equal(flows_patience(&t, row), 60);
    in->seen = out->seen + 9;
    assert_int_equal(flows_seen(&t, row), in->seen);
    fast_tables_drop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_a_table_of_bindings_finds_room_and_each_its_way_back),
        cmocka_unit_test(only_the_own_half_of_the_blocks_is_given_out),
        cmocka_unit_test(a_partner_has_the_same_bindings_and_gives_them_back),
        cmocka_unit_test(random_bindings_that_come_and_go_leave_an_empty_table),
        cmocka_unit_test(patience_depends_on_what_was_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
