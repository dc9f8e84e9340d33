/* Two sessions wired to each other on virtual time. */
#include <stdlib.h>
#include "check.h"
#include "proto/bgp_session.h"

struct world {
    struct bgp_session *s[2];
    struct bgp_effects fx;
    instant now;
    bool closing[2];    /* connection opened by side i; its other end is BGP_IN there */
    bool want[2];       /* side i asked for TCP */
    bool cut;           /* bytes get lost */
    bool whole;         /* segments are not cut into octets */
    struct bgp_effect down[2];
    int ups[2], downs[2];
};

static struct bgp_conf conf_of(int side)
{
    return (struct bgp_conf){.local_asn = 65001u + side, .peer_asn = 65002u - side,
                             .local_id = 10u + side, .hold_s = 9, .min_hold_s = 3,
                             .connect_retry_s = 1, .families = 3};
}

static void begin(struct world *w)
{
    *w = (struct world){0};
    bgp_effects_init(&w->fx, 1 << 20);
    for (int i = 0; i < 2; i++) {
        struct bgp_conf c = conf_of(i);
        w->s[i] = bgp_new(&c);
    }
}

static void finish(struct world *w)
{
    for (int i = 0; i < 2; i++) bgp_free(w->s[i]);
    bgp_effects_drop(&w->fx);
}

static void settle(struct world *w, int side)
{
    for (size_t i = 0; i < w->fx.n; i++) {
        struct bgp_effect *e = &w->fx.list[i];
        int opener = e->conn == BGP_OUT ? side : 1 - side;
        if (e->kind == BGP_FX_OPEN) w->want[side] = true;
        if (e->kind == BGP_FX_CLOSE) w->closing[opener] = true;
        if (e->kind == BGP_FX_UP) w->ups[side]++;
        if (e->kind == BGP_FX_DOWN) w->downs[side]++, w->down[side] = *e;
    }
    bgp_effects_clear(&w->fx);
}

static bool carry(struct world *w, int from, int opener)
{
    uint8_t b[4096];
    enum bgp_conn out = from == opener ? BGP_OUT : BGP_IN;
    size_t n = bgp_pull(w->s[from], out, b, sizeof b);
    size_t step = w->whole ? n : 1; /* an octet a segment (RB-017) */
    for (size_t i = 0; i < n && !w->cut; i += step) {
        bgp_input(w->s[1 - from], out == BGP_OUT ? BGP_IN : BGP_OUT, span_of(b + i, step), w->now, &w->fx);
        settle(w, 1 - from);
    }
    return n > 0;
}

static void connect_wanted(struct world *w, int i)
{
    if (!w->want[i]) return;
    w->want[i] = false;
    bool joined = bgp_accepted(w->s[1 - i], w->now, &w->fx);
    settle(w, 1 - i);
    if (joined) bgp_connected(w->s[i], BGP_OUT, w->now, &w->fx);
    else bgp_lost(w->s[i], BGP_OUT, w->now, &w->fx);
    settle(w, i);
}

/* What was written before the end still arrives, then both ends hear of it. */
static void part(struct world *w, int opener)
{
    w->closing[opener] = false;
    carry(w, 0, opener), carry(w, 1, opener);
    bgp_lost(w->s[1 - opener], BGP_IN, w->now, &w->fx), settle(w, 1 - opener);
    bgp_lost(w->s[opener], BGP_OUT, w->now, &w->fx), settle(w, opener);
}

static void flow(struct world *w)
{
    bool moved = true;
    while (moved) {
        moved = false;
        for (int i = 0; i < 2; i++) connect_wanted(w, i);
        for (int opener = 0; opener < 2; opener++) {
            for (int side = 0; side < 2; side++) moved |= carry(w, side, opener);
            if (w->closing[opener]) part(w, opener);
        }
    }
}

static void run(struct world *w, int64_t until_s)
{
    for (;;) {
        instant next = instant_first(bgp_next(w->s[0]), bgp_next(w->s[1]));
        if (next.us > until_s * 1000000) break;
        w->now = next;
        for (int i = 0; i < 2; i++) {
            bgp_tick(w->s[i], w->now, &w->fx);
            settle(w, i);
        }
        flow(w);
    }
    w->now = (instant){until_s * 1000000};
}

static void start(struct world *w)
{
    for (int i = 0; i < 2; i++) {
        bgp_start(w->s[i], w->now, &w->fx);
        settle(w, i);
    }
    flow(w);
}

static void both_open_at_once_and_exactly_one_connection_lives(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    start(&w);
    run(&w, 5);
    struct bgp_view a = bgp_view(w.s[0]), b = bgp_view(w.s[1]);
    assert_int_equal(a.state, BGP_ESTABLISHED);
    assert_int_equal(b.state, BGP_ESTABLISHED);
    assert_int_equal(b.conn, BGP_OUT); /* it has the higher identifier */
    assert_int_equal(a.conn, BGP_IN);
    assert_int_equal(a.families, 3);
    assert_true(a.as4 && a.enhanced_refresh && a.message_max == 65535);
    finish(&w);
}

/* RB-036: whoever is first, with whatever timing, and with the connection lost in between. */
static void a_thousand_races_end_in_one_session(void **state)
{
    (void)state;
    uint32_t random = 7;
    for (unsigned round = 1; round <= 1000; round++) {
        struct world w = {.whole = true};
        bgp_effects_init(&w.fx, 1 << 20);
        for (int i = 0; i < 2; i++) {
            struct bgp_conf c = conf_of(i);
            random = random * 1664525u + 1013904223u;
            c.jitter_seed = random | 1;
            c.restart = random >> 30 & 1;
            c.restart_s = 60;
            if (random >> 29 & 1) c.local_id = 20 - c.local_id; /* the other one wins */
            w.s[i] = bgp_new(&c);
        }
        if (round % 3 == 0) start(&w);
        else {
            int first = (int)(round & 1);
            bgp_start(w.s[first], w.now, &w.fx), settle(&w, first), flow(&w);
            run(&w, round % 3);
            bgp_start(w.s[!first], w.now, &w.fx), settle(&w, !first), flow(&w);
        }
        run(&w, 10);
        if (random >> 28 & 1) { /* and once more after a loss that both notice */
            int opener = bgp_view(w.s[0]).conn == BGP_OUT ? 0 : 1;
            part(&w, opener);
            flow(&w);
        }
        run(&w, 30);
        struct bgp_view a = bgp_view(w.s[0]), b = bgp_view(w.s[1]);
        if (a.state != BGP_ESTABLISHED || b.state != BGP_ESTABLISHED || a.conn == b.conn)
            fail_msg("round %u: %d and %d on %d and %d", round, a.state, b.state, a.conn, b.conn);
        finish(&w);
    }
}

static void silence_ends_the_session_after_the_hold_time(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    start(&w);
    run(&w, 5);
    w.cut = true;
    run(&w, 11);
    assert_int_equal(w.downs[0], 0);
    run(&w, 15);
    assert_true(w.downs[0] > 0);
    assert_int_equal(bgp_view(w.s[0]).established_count, 1);
    finish(&w);
}

static void a_year_of_keepalives_passes(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    w.whole = true;
    start(&w);
    run(&w, 365 * 86400);
    assert_int_equal(bgp_view(w.s[0]).state, BGP_ESTABLISHED);
    assert_int_equal(bgp_view(w.s[0]).established_count, 1);
    assert_true(bgp_view(w.s[1]).messages_in > 10000000);
    finish(&w);
}

static void a_stopped_session_says_why_and_stays_down(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    start(&w);
    run(&w, 5);
    bgp_stop(w.s[0], 6, 2, span_of("\x03" "b\ny", 4), false, w.now, &w.fx);
    settle(&w, 0);
    uint8_t b[512];
    size_t n = bgp_pull(w.s[0], BGP_IN, b, sizeof b);
    bgp_input(w.s[1], BGP_OUT, span_of(b, n), w.now, &w.fx);
    settle(&w, 1);
    assert_int_equal(w.down[1].down.why, BGP_DOWN_NOTIFIED);
    assert_string_equal(bgp_view(w.s[1]).last_text, "cease: administrative shutdown: b\\x0ay");
    assert_int_equal(bgp_view(w.s[0]).state, BGP_IDLE);
    assert_true(bgp_next(w.s[0]).us == NEVER.us);
    assert_false(bgp_accepted(w.s[0], w.now, &w.fx));
    finish(&w);
}

static void a_reader_that_stalls_meets_the_send_hold_timer(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    start(&w);
    run(&w, 5);
    bgp_blocked(w.s[0], true, w.now);
    run(&w, 484);
    assert_int_equal(bgp_view(w.s[0]).state, BGP_ESTABLISHED);
    run(&w, 486);
    assert_int_equal(w.down[0].down.why, BGP_DOWN_SEND_HOLD);
    finish(&w);
}

static void each_state_has_its_subcode_for_a_wrong_message(void **state)
{
    (void)state;
    struct bgp_conf c = conf_of(0);
    struct bgp_session *s = bgp_new(&c);
    struct bgp_effects fx;
    uint8_t b[64];
    bgp_effects_init(&fx, 1 << 16);
    bgp_start(s, (instant){0}, &fx);
    bgp_connected(s, BGP_OUT, (instant){0}, &fx);
    struct writer w = writer_on(b, sizeof b);
    bgp_keepalive_encode(&w);
    bgp_input(s, BGP_OUT, writer_span(&w), (instant){0}, &fx);
    assert_int_equal(bgp_view(s).last_code, 5);
    assert_int_equal(bgp_view(s).last_subcode, 1);
    assert_int_equal(bgp_view(s).state, BGP_ACTIVE);
    assert_true(bgp_next(s).us == 1000000); /* the first retry after a second */
    bgp_effects_drop(&fx);
    bgp_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_open_at_once_and_exactly_one_connection_lives),
        cmocka_unit_test(a_thousand_races_end_in_one_session),
        cmocka_unit_test(silence_ends_the_session_after_the_hold_time),
        cmocka_unit_test(a_year_of_keepalives_passes),
        cmocka_unit_test(a_stopped_session_says_why_and_stays_down),
        cmocka_unit_test(a_reader_that_stalls_meets_the_send_hold_timer),
        cmocka_unit_test(each_state_has_its_subcode_for_a_wrong_message),
    };
    return cmocka_run_group_tests_name("BGP sessions", tests, NULL, NULL);
}
