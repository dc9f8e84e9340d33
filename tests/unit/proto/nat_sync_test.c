/* Two edges, a line between them that loses, doubles, delays and reorders, and tables that must become
 * the same whatever happens: that of each edge is an array with every flow that could be. */
#include "check.h"
#include <stdlib.h>
#include <string.h>
#include "proto/nat_sync.h"

enum { EDGES = 2, FLOWS = 3000, LINE = 4096, STEP_MS = 1 };

struct flow {
    bool there, theirs, named; /* named: by the table being received */
    uint8_t marks;
};
struct packet {
    bool used;
    int to;
    instant at;
    size_t n;
    uint8_t bytes[NAT_WIRE_DATAGRAM_MAX];
};
struct edge {
    struct nat_sync *sync;
    struct flow flows[EDGES][FLOWS]; /* by who made them */
    int self;
    bool partner_up;
    unsigned tables;
};
struct world {
    struct edge edge[EDGES];
    struct packet line[LINE];
    instant now;
    unsigned loss_percent, delay_ms;
    bool cut;
    uint32_t random, epochs, room;
    uint64_t octets, datagrams;
};

static uint32_t dice(struct world *w, uint32_t n)
{
    w->random = w->random * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)w->random * n) >> 32);
}

/* Flow k of an edge as a record, seen from `self`. */
static struct nat_record record_of(int maker, uint32_t k, enum nat_kind kind, uint8_t marks, int self)
{
    return (struct nat_record){
        .kind = kind, .proto = 6, .marks = (uint8_t)(marks | (maker == self ? 0 : NAT_MARK_YOURS)), .domain = 7,
        .inside = {0x0a000000 + k, 4000}, .outside = {0xc6336400 + (uint32_t)maker, (uint16_t)(1024 + k)},
        .remote = {0xcb007101, 443}};
}

static void apply(void *ctx, const struct nat_record *r)
{
    struct edge *e = ctx;
    int maker = r->marks & NAT_MARK_YOURS ? e->self : 1 - e->self;
    uint32_t k = r->inside.address - 0x0a000000;
    assert_true(k < FLOWS);
    assert_int_equal(r->outside.address, 0xc6336400 + (uint32_t)maker);
    struct flow *f = &e->flows[maker][k];
    f->there = r->kind == NAT_MADE;
    f->theirs = maker != e->self;
    f->marks = r->marks & 15;
    f->named = true;
}

static void table_begins(void *ctx, bool whole)
{
    struct edge *e = ctx;
    (void)whole;
    for (uint32_t k = 0; k < FLOWS; k++) e->flows[1 - e->self][k].named = false;
}

static void table_ends(void *ctx, bool whole)
{
    struct edge *e = ctx;
    e->tables++;
    for (uint32_t k = 0; whole && k < FLOWS; k++)
        if (!e->flows[1 - e->self][k].named) e->flows[1 - e->self][k].there = false;
}

static void partner(void *ctx, bool up) { ((struct edge *)ctx)->partner_up = up; }

static bool next_row(void *ctx, uint64_t *place, struct nat_record *out)
{
    struct edge *e = ctx;
    for (; *place < (uint64_t)EDGES * FLOWS; ++*place) {
        int maker = (int)(*place / FLOWS);
        uint32_t k = (uint32_t)(*place % FLOWS);
        if (!e->flows[maker][k].there) continue;
        *out = record_of(maker, k, NAT_MADE, e->flows[maker][k].marks, e->self);
        ++*place;
        return true;
    }
    return false;
}

static void boot(struct world *w, int i)
{
    struct edge *e = &w->edge[i];
    const struct nat_sync_sink sink = {e, apply, table_begins, table_ends, partner, next_row};
    nat_sync_free(e->sync);
    memset(e, 0, sizeof *e);
    e->self = i;
    e->sync = nat_sync_new(&(struct nat_sync_conf){.pair = 42, .epoch = ++w->epochs, .room = w->room}, &sink, w->now);
}

static struct world *start(uint32_t seed, uint32_t room)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    *w = (struct world){.random = seed, .room = room, .now = {1000000}};
    for (int i = 0; i < EDGES; i++) boot(w, i);
    return w;
}

static void end(struct world *w)
{
    for (int i = 0; i < EDGES; i++) nat_sync_free(w->edge[i].sync);
    free(w);
}

static void post(struct world *w, int to, const uint8_t *bytes, size_t n)
{
    w->datagrams++;
    w->octets += n;
    if (w->cut || dice(w, 100) < w->loss_percent) return;
    for (unsigned copies = 1 + (w->loss_percent && dice(w, 20) == 0); copies > 0; copies--)
        for (size_t k = 0; k < LINE; k++) {
            struct packet *p = &w->line[k];
            if (p->used) continue;
            p->used = true;
            p->to = to;
            p->n = n;
            p->at = instant_after(w->now, duration_ms(w->delay_ms ? dice(w, w->delay_ms) : 0));
            memcpy(p->bytes, bytes, n);
            break;
        }
}

static void step(struct world *w)
{
    uint8_t buf[NAT_WIRE_DATAGRAM_MAX];
    w->now = instant_after(w->now, duration_ms(STEP_MS));
    for (size_t k = 0; k < LINE; k++) {
        struct packet *p = &w->line[k];
        if (!p->used || !instant_reached(p->at, w->now)) continue;
        p->used = false;
        nat_sync_input(w->edge[p->to].sync, span_of(p->bytes, p->n), w->now);
    }
    for (int i = 0; i < EDGES; i++) {
        if (instant_reached(nat_sync_next(w->edge[i].sync), w->now)) nat_sync_tick(w->edge[i].sync, w->now);
        for (size_t n; (n = nat_sync_output(w->edge[i].sync, buf, sizeof buf, w->now)) > 0;) post(w, 1 - i, buf, n);
    }
}

static void run(struct world *w, unsigned ms)
{
    for (unsigned k = 0; k < ms; k += STEP_MS) step(w);
}

/* A flow of edge i is made, changes or ends. */
static void live(struct world *w, int i)
{
    uint32_t k = dice(w, FLOWS);
    struct flow *f = &w->edge[i].flows[i][k];
    if (f->there && dice(w, 3) == 0) f->there = false;
    else f->there = true, f->marks = (uint8_t)dice(w, 16);
    struct nat_record r = record_of(i, k, f->there ? NAT_MADE : NAT_CLOSED, f->marks, i);
    nat_sync_note(w->edge[i].sync, &r);
}

static size_t differences(const struct world *w)
{
    size_t n = 0;
    for (int maker = 0; maker < EDGES; maker++)
        for (uint32_t k = 0; k < FLOWS; k++) {
            const struct flow *a = &w->edge[0].flows[maker][k], *b = &w->edge[1].flows[maker][k];
            n += a->there != b->there || (a->there && a->marks != b->marks);
        }
    return n;
}

static size_t count(const struct world *w, int at, int maker)
{
    size_t n = 0;
    for (uint32_t k = 0; k < FLOWS; k++) n += w->edge[at].flows[maker][k].there;
    return n;
}

static struct nat_sync_report report(const struct world *w, int i)
{
    struct nat_sync_report r;
    nat_sync_report(w->edge[i].sync, &r);
    return r;
}

static void settle(struct world *w)
{
    for (unsigned k = 0; k < 20000 && !(report(w, 0).in_step && report(w, 1).in_step); k++) step(w);
    run(w, 2 * NAT_SYNC_HELLO_MS);
}

/* ---- */

static void flows_arrive_at_the_partner_within_a_turn(void **state)
{
    (void)state;
    struct world *w = start(1, 8192);
    run(w, 20);
    for (unsigned k = 0; k < 1000; k++) live(w, (int)dice(w, 2));
    run(w, 3);
    assert_int_equal(differences(w), 0);
    assert_true(report(w, 0).in_step && report(w, 1).in_step);
    assert_int_equal(report(w, 0).sent_again, 0);
    end(w);
}

static void a_flow_costs_less_than_64_octets_on_the_wire(void **state)
{
    (void)state;
    enum { IP_UDP_ETHERNET = 20 + 8 + 18 };
    struct world *w = start(2, 8192);
    run(w, 20);
    uint64_t octets = w->octets, datagrams = w->datagrams;
    for (unsigned k = 0; k < 4000; k++) {
        struct nat_record r = record_of(0, k % FLOWS, NAT_MADE, 1, 0);
        w->edge[0].flows[0][k % FLOWS].there = true;
        nat_sync_note(w->edge[0].sync, &r);
    }
    run(w, 3);
    assert_int_equal(count(w, 1, 0), FLOWS);
    assert_true((w->octets - octets + (w->datagrams - datagrams) * IP_UDP_ETHERNET) / 4000 < 64);
    end(w);
}

static void whatever_the_line_does_the_tables_become_the_same(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 60; seed++) {
        struct world *w = start(seed, 256 + dice(&(struct world){.random = seed}, 4000));
        w->loss_percent = dice(w, 40);
        w->delay_ms = dice(w, 30);
        for (unsigned round = 0; round < 30; round++) {
            for (unsigned k = dice(w, 400); k > 0; k--) live(w, (int)dice(w, 2));
            run(w, dice(w, 60));
            if (dice(w, 8) == 0) w->cut = !w->cut;
            if (dice(w, 12) == 0) boot(w, (int)dice(w, 2));
        }
        w->cut = false;
        w->loss_percent /= 4;
        settle(w);
        if (differences(w)) fail_msg("seed %u: %zu flows differ", seed, differences(w));
        end(w);
    }
}

static void flows_of_a_silent_partner_stay(void **state)
{
    (void)state;
    struct world *w = start(3, 8192);
    run(w, 20);
    for (unsigned k = 0; k < 2000; k++) live(w, 1);
    run(w, 5);
    size_t had = count(w, 0, 1);
    assert_true(had > 500);
    w->cut = true;
    run(w, 5 * NAT_SYNC_SILENCE_MS);
    assert_false(w->edge[0].partner_up);
    assert_int_equal(count(w, 0, 1), had);
    end(w);
}

static void an_edge_that_comes_back_empty_gets_its_flows_back(void **state)
{
    (void)state;
    struct world *w = start(4, 8192);
    run(w, 20);
    for (unsigned k = 0; k < 4000; k++) live(w, (int)(k & 1));
    run(w, 5);
    size_t first = count(w, 0, 0), second = count(w, 0, 1);
    boot(w, 1);
    assert_int_equal(count(w, 1, 1), 0);
    settle(w);
    assert_int_equal(count(w, 0, 0), first);
    assert_int_equal(count(w, 0, 1), second); /* the survivor lost nothing to the empty table */
    assert_int_equal(differences(w), 0);
    end(w);
}

static void both_restarting_one_after_the_other_lose_nothing(void **state)
{
    (void)state;
    struct world *w = start(5, 8192);
    run(w, 20);
    for (unsigned k = 0; k < 4000; k++) live(w, (int)(k & 1));
    run(w, 5);
    size_t all = count(w, 0, 0) + count(w, 0, 1);
    for (int i = 0; i < EDGES; i++) boot(w, i), settle(w);
    assert_int_equal(count(w, 0, 0) + count(w, 0, 1), all);
    assert_int_equal(differences(w), 0);
    end(w);
}

static void what_ended_during_a_cut_is_gone_after_it(void **state)
{
    (void)state;
    struct world *w = start(6, 8192);
    run(w, 20);
    for (unsigned k = 0; k < 2000; k++) live(w, 0);
    run(w, 5);
    w->cut = true;
    run(w, 2 * NAT_SYNC_SILENCE_MS);
    for (uint32_t k = 0; k < FLOWS; k++) w->edge[0].flows[0][k].there = false; /* nobody to be told */
    w->cut = false;
    settle(w);
    assert_int_equal(count(w, 1, 0), 0);
    end(w);
}

static void an_edge_knows_its_own_flows_better_than_its_partner(void **state)
{
    (void)state;
    struct world *w = start(7, 8192);
    run(w, 20);
    for (unsigned k = 0; k < 2000; k++) live(w, 0);
    run(w, 5);
    w->cut = true;
    run(w, 2 * NAT_SYNC_SILENCE_MS);
    for (uint32_t k = 0; k < FLOWS; k++) w->edge[0].flows[0][k].there = false;
    w->cut = false;
    settle(w);
    assert_int_equal(count(w, 0, 0), 0); /* the partner's table named them as ours, and was not believed */
    assert_true(report(w, 0).known_better > 0);
    end(w);
}

static void more_than_the_partner_takes_is_given_up_and_said_anew(void **state)
{
    (void)state;
    struct world *w = start(8, 64);
    run(w, 20);
    for (unsigned k = 0; k < 5000; k++) live(w, 0);
    assert_true(report(w, 0).given_up > 0);
    assert_true(report(w, 0).waiting <= 64);
    settle(w);
    assert_int_equal(differences(w), 0);
    end(w);
}

/* ---- bytes ---- */

static size_t encode(uint8_t *buf, size_t room)
{
    struct writer w = writer_on(buf, room);
    struct nat_datagram d = {.pair = 42, .epoch = 99, .stream = 1};
    struct nat_record r = record_of(0, 5, NAT_MADE, NAT_MARK_SYN, 0);
    size_t at = nat_wire_begin_records(&w, &d);
    for (int i = 0; i < 3; i++) nat_wire_put_record(&w, &r);
    nat_wire_end_records(&w, at, 3);
    return writer_len(&w);
}

static void a_datagram_reads_back_as_it_was_written(void **state)
{
    (void)state;
    uint8_t buf[NAT_WIRE_DATAGRAM_MAX];
    const char *why = "";
    struct nat_datagram d;
    struct nat_record r;
    assert_true(nat_wire_decode(span_of(buf, encode(buf, sizeof buf)), &d, &why));
    assert_int_equal(d.type, NAT_WIRE_RECORDS);
    assert_int_equal(d.count, 3);
    struct cursor c = cursor_of(d.records);
    assert_true(nat_wire_record(&c, &r));
    struct nat_record wanted = record_of(0, 5, NAT_MADE, NAT_MARK_SYN, 0);
    assert_int_equal(r.inside.address, wanted.inside.address);
    assert_int_equal(r.outside.port, wanted.outside.port);
    assert_int_equal(r.remote.address, wanted.remote.address);
}

static void every_broken_datagram_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct world *w = start(9, 256);
    run(w, 100);
    uint8_t good[NAT_WIRE_DATAGRAM_MAX], bad[NAT_WIRE_DATAGRAM_MAX];
    size_t n = encode(good, sizeof good);
    const char *why = "";
    struct nat_datagram d;
    for (size_t cut = 0; cut < n; cut++) assert_false(nat_wire_decode(span_of(good, cut), &d, &why));
    for (unsigned round = 0; round < 200000; round++) {
        size_t len = n;
        memcpy(bad, good, n);
        for (unsigned k = 1 + dice(w, 4); k > 0; k--) bad[dice(w, (uint32_t)n)] = (uint8_t)dice(w, 256);
        if (dice(w, 4) == 0) len = dice(w, (uint32_t)n);
        if (!nat_wire_decode(span_of(bad, len), &d, &why)) assert_true(*why);
    }
    uint64_t refused = report(w, 0).refused;
    bad[0] = 0;
    nat_sync_input(w->edge[0].sync, span_of(bad, n), w->now);
    memcpy(bad, good, n);
    bad[7] = 43; /* another pair */
    nat_sync_input(w->edge[0].sync, span_of(bad, n), w->now);
    assert_int_equal(report(w, 0).refused, refused + 2);
    assert_string_equal(report(w, 0).refused_why, "of another pair");
    end(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flows_arrive_at_the_partner_within_a_turn),
        cmocka_unit_test(a_flow_costs_less_than_64_octets_on_the_wire),
        cmocka_unit_test(whatever_the_line_does_the_tables_become_the_same),
        cmocka_unit_test(flows_of_a_silent_partner_stay),
        cmocka_unit_test(an_edge_that_comes_back_empty_gets_its_flows_back),
        cmocka_unit_test(both_restarting_one_after_the_other_lose_nothing),
        cmocka_unit_test(what_ended_during_a_cut_is_gone_after_it),
        cmocka_unit_test(an_edge_knows_its_own_flows_better_than_its_partner),
        cmocka_unit_test(more_than_the_partner_takes_is_given_up_and_said_anew),
        cmocka_unit_test(a_datagram_reads_back_as_it_was_written),
        cmocka_unit_test(every_broken_datagram_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
