/* Two ends over a wire that loses, doubles and reorders, on virtual time: what one says the other knows. */
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include "proto/nat_sync.h"

enum { FLOWS = 20000, WIRE = 4096 };

struct end {
    struct nat_sync *sync;
    uint8_t known[FLOWS]; /* by outside port and address */
    uint32_t walk, round;
    bool remembers; /* takes nothing about its own half: what it took out would come back with a walk */
};

struct letter {
    uint8_t bytes[NATSYNC_MESSAGE_MAX];
    size_t n;
    int to;
    int64_t at;
};

static struct end ends[2];
static struct letter wire[WIRE];
static size_t wire_n;
static int64_t now_us;
static unsigned loss; /* percent */

static uint64_t random_state = 42;
static uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13, random_state ^= random_state >> 7, random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 20) % n;
}

static instant now(void) { return (instant){now_us}; }

static struct natsync_record record(uint32_t flow, enum natsync_op op)
{
    return (struct natsync_record){.op = op, .proto = 6, .domain = 7, .inside_addr = flow, .outside_addr = 9, .far_addr = 8,
                                   .inside_port = 1, .outside_port = 2, .far_port = 3};
}

static void put(void *ctx, const struct natsync_record *r)
{
    struct end *e = ctx;
    assert_true(r->inside_addr < FLOWS);
    if (e->remembers && (int)(r->inside_addr & 1) == (int)(e - ends)) return;
    e->known[r->inside_addr] = r->op == NATSYNC_PUT;
}

static void change(int who, uint32_t flow, bool there)
{
    struct natsync_record r = record(flow, there ? NATSYNC_PUT : NATSYNC_GONE);
    ends[who].known[flow] = there;
    nat_sync_tell(ends[who].sync, &r);
}

static void walk(struct end *e)
{
    if (!nat_sync_wants_all(e->sync)) return;
    if (nat_sync_round(e->sync) != e->round) e->round = nat_sync_round(e->sync), e->walk = 0;
    for (; e->walk < FLOWS && nat_sync_room(e->sync); e->walk++) {
        struct natsync_record r = record(e->walk, NATSYNC_PUT);
        if (e->known[e->walk]) nat_sync_tell(e->sync, &r);
    }
    if (e->walk == FLOWS) nat_sync_told_all(e->sync);
}

static void send_all(int who)
{
    uint8_t out[NATSYNC_MESSAGE_MAX];
    walk(&ends[who]);
    for (size_t n; (n = nat_sync_output(ends[who].sync, now(), out)) > 0;) {
        for (uint32_t copies = random_below(100) < loss ? 0 : 1 + (random_below(50) < loss / 10); copies > 0 && wire_n < WIRE; copies--) {
            struct letter *l = &wire[wire_n++];
            memcpy(l->bytes, out, n);
            l->n = n, l->to = !who, l->at = now_us + 200 + (loss ? random_below(3000) : 0);
        }
    }
}

static void deliver(void)
{
    for (size_t k = 0; k < wire_n;) {
        if (wire[k].at > now_us) {
            k++;
            continue;
        }
        static struct letter l;
        l = wire[k];
        memmove(&wire[k], &wire[k + 1], (--wire_n - k) * sizeof *wire); /* in order, but for different delays */
        if (ends[l.to].sync) assert_null(nat_sync_input(ends[l.to].sync, now(), span_of(l.bytes, l.n), put, &ends[l.to]));
    }
}

static void pass(int ms)
{
    for (int64_t until = now_us + ms * 1000; now_us < until; now_us += 500) {
        deliver();
        for (int who = 0; who < 2; who++)
            if (ends[who].sync) send_all(who);
    }
}

static void start(int who, uint64_t epoch)
{
    nat_sync_free(ends[who].sync);
    ends[who] = (struct end){.sync = nat_sync_new(epoch)};
}

static void begin(unsigned percent)
{
    loss = percent;
    wire_n = 0;
    now_us += 1000000;
    start(0, 100), start(1, 200);
}

static void end_all(void)
{
    for (int who = 0; who < 2; who++) nat_sync_free(ends[who].sync), ends[who].sync = NULL;
}

static void a_binding_is_known_at_the_other_end_within_a_millisecond(void **state)
{
    (void)state;
    begin(0);
    pass(1100);
    assert_true(nat_sync_partner_up(ends[0].sync) && nat_sync_partner_up(ends[1].sync));
    change(0, 5, true);
    pass(1);
    assert_int_equal(ends[1].known[5], 1);
    change(1, 5, false);
    pass(1);
    assert_int_equal(ends[0].known[5], 0);
    pass(10);
    assert_int_equal(nat_sync_unacknowledged(ends[0].sync), 0);
    end_all();
}

static void a_wire_that_loses_a_third_loses_no_binding(void **state)
{
    (void)state;
    begin(33);
    ends[0].remembers = ends[1].remembers = true;
    pass(3000);
    for (int step = 0; step < 300; step++) {
        for (int k = 0; k < 40; k++) {
            uint32_t flow = random_below(FLOWS / 2);
            change(0, flow * 2, random_below(3) > 0);
            change(1, flow * 2 + 1, random_below(3) > 0);
        }
        pass(10);
    }
    pass(20000);
    assert_memory_equal(ends[0].known, ends[1].known, FLOWS);
    assert_true(nat_sync_counts(ends[0].sync).again > 0);
    assert_int_equal(nat_sync_counts(ends[0].sync).rounds, 1); /* the window was enough */
    end_all();
}

static void an_edge_that_lost_its_memory_gets_both_halves_back(void **state)
{
    (void)state;
    begin(0);
    pass(1100);
    for (uint32_t flow = 0; flow < FLOWS; flow++) {
        change((int)(flow & 1), flow, true);
        if (flow % 400 == 0) pass(5);
    }
    pass(2000);
    assert_memory_equal(ends[0].known, ends[1].known, FLOWS);
    start(0, 101);
    pass(3000);
    for (uint32_t flow = 0; flow < FLOWS; flow++) assert_int_equal(ends[0].known[flow], 1);
    end_all();
}

static void more_than_the_window_holds_is_told_by_a_walk(void **state)
{
    (void)state;
    begin(0);
    pass(1100);
    for (uint32_t flow = 0; flow < FLOWS; flow++) change(0, flow, true); /* all at once */
    assert_true(nat_sync_counts(ends[0].sync).rounds >= 2);
    pass(3000);
    assert_memory_equal(ends[0].known, ends[1].known, FLOWS);
    end_all();
}

static void a_partner_that_was_silent_is_told_everything_again(void **state)
{
    (void)state;
    begin(0);
    pass(1100);
    loss = 100;
    pass(2600);
    assert_false(nat_sync_partner_up(ends[0].sync));
    change(0, 77, true); /* nobody hears it */
    loss = 0;
    pass(3000);
    assert_int_equal(ends[1].known[77], 1);
    end_all();
}

static void datagrams_that_are_none_are_refused_whole(void **state)
{
    (void)state;
    uint8_t out[NATSYNC_MESSAGE_MAX];
    begin(0);
    pass(1100);
    change(0, 3, true);
    size_t n = nat_sync_output(ends[0].sync, now(), out);
    assert_int_equal(n, NATSYNC_HEAD + NATSYNC_RECORD);
    assert_non_null(nat_sync_input(ends[1].sync, now(), span_of(out, n - 1), put, &ends[1]));
    assert_non_null(nat_sync_input(ends[1].sync, now(), span_of(out, 0), put, &ends[1]));
    assert_non_null(nat_sync_input(ends[0].sync, now(), span_of(out, n), put, &ends[0])); /* a mirror */
    out[NATSYNC_HEAD + 1] = 99; /* no protocol of ours */
    assert_non_null(nat_sync_input(ends[1].sync, now(), span_of(out, n), put, &ends[1]));
    assert_int_equal(ends[1].known[3], 0);
    end_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_binding_is_known_at_the_other_end_within_a_millisecond),
        cmocka_unit_test(a_wire_that_loses_a_third_loses_no_binding),
        cmocka_unit_test(an_edge_that_lost_its_memory_gets_both_halves_back),
        cmocka_unit_test(more_than_the_window_holds_is_told_by_a_walk),
        cmocka_unit_test(a_partner_that_was_silent_is_told_everything_again),
        cmocka_unit_test(datagrams_that_are_none_are_refused_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
