/* A session and whatever arrives on its connections: the first octets choose settings, then come
 * chunks (a length octet, its high bit: which connection, then bytes, in the stream of that
 * connection). Whatever happens, the session stays usable and knows when it wants to be called. */
#include "proto/bgp_session.h"
#include "target.h"

enum { ARENA = 8 << 20 };

static void carry_out(struct bgp_session *s, struct bgp_effects *fx)
{
    uint8_t room[8192];
    for (size_t i = 0; i < fx->n; i++) {
        const struct bgp_effect *e = &fx->list[i];
        if (e->kind == BGP_FX_DOWN) MUST_HOLD(e->down.text);
        if (e->kind == BGP_FX_UPDATE) MUST_HOLD(e->update);
    }
    bgp_effects_clear(fx);
    for (enum bgp_conn c = BGP_OUT; c < BGP_CONNS; c++)
        while (bgp_pull(s, c, room, sizeof room)) continue;
}

/* Every kind of message with a right header, so that the fuzzer need not guess markers. */
static size_t framed(uint8_t *room, uint8_t type, const uint8_t *body, size_t n)
{
    memset(room, 0xff, 16);
    room[16] = (uint8_t)((n + BGP_HEADER) >> 8);
    room[17] = (uint8_t)(n + BGP_HEADER);
    room[18] = type;
    memcpy(room + BGP_HEADER, body, n);
    return n + BGP_HEADER;
}

static void step(struct bgp_session *s, uint8_t what, const uint8_t *bytes, size_t n, instant *now,
                 struct bgp_effects *fx)
{
    uint8_t room[BGP_HEADER + 256];
    enum bgp_conn conn = what & 1 ? BGP_IN : BGP_OUT;
    switch (what >> 1 & 7) {
    case 0: bgp_input(s, conn, span_of(bytes, n), *now, fx); break;
    case 1: bgp_connected(s, BGP_OUT, *now, fx); break;
    case 2: (void)!bgp_accepted(s, *now, fx); break;
    case 3: bgp_lost(s, conn, *now, fx); break;
    case 4:
        *now = instant_first(bgp_next(s), instant_after(*now, duration_s(1000)));
        bgp_tick(s, *now, fx);
        break;
    case 5:
        n = framed(room, what >> 4 & 7, bytes, n);
        bgp_input(s, conn, span_of(room, n), *now, fx);
        break;
    case 6: bgp_blocked(s, what & 1, *now); break;
    default: bgp_stop(s, 6, what >> 4, (struct span){0}, what & 1, *now, fx); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bgp_effects fx;
    instant now = {1000000};
    if (size < 1) return 0;
    struct bgp_conf conf = {.local_asn = 65000, .peer_asn = 65001, .local_id = 1, .hold_s = data[0] & 1 ? 90 : 0,
                            .min_hold_s = 3, .connect_retry_s = 1, .passive = data[0] & 2,
                            .families = BGP_IPV4_UNICAST | BGP_IPV6_UNICAST, .restart = data[0] & 4,
                            .restart_s = 120, .without = data[0] >> 4 & 15, .role_set = data[0] & 8,
                            .role = BGP_ROLE_PROVIDER};
    bgp_effects_init(&fx, ARENA);
    struct bgp_session *s = bgp_new(&conf);
    bgp_start(s, now, &fx);
    carry_out(s, &fx);
    for (size_t at = 1; at + 2 <= size;) {
        uint8_t what = data[at], n = data[at + 1];
        at += 2;
        size_t there = size - at < n ? size - at : n;
        step(s, what, data + at, there, &now, &fx);
        carry_out(s, &fx);
        struct bgp_view v = bgp_view(s);
        MUST_HOLD(v.state <= BGP_ESTABLISHED && v.last_text);
        at += there;
    }
    bgp_free(s);
    bgp_effects_drop(&fx);
    return 0;
}
