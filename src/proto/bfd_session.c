/* proto/bfd_session.c - one BFD session, asynchronous mode (RFC 5880 section 6.8, 5881).
 * A packet passes a ladder of checks, then moves the state by a table of (ours, theirs) -> next.
 * Without authentication; demand mode of the peer is ignored, as RFC 5880 lets a system do. */
#include "proto/bfd_session.h"
#include "base/writer.h"

enum { SLOW_US = 1000000 }; /* while not Up, no faster than this (6.8.3) */
enum { GRACE_US = 10000, GRACE_SHARE = 20 }; /* RB-118 */
enum { POLL = 0x20, FINAL = 0x10, C_BIT = 0x08, AUTH = 0x04, MULTIPOINT = 0x01 };
enum { DIAG_EXPIRED = 1, DIAG_PEER_DOWN = 3, DIAG_ADMIN = 7 };

struct packet {
    uint8_t version, diag, flags, mult, length;
    enum bfd_state state;
    uint32_t my_discr, your_discr, min_tx_us, min_rx_us;
};

const char *bfd_state_name(enum bfd_state s)
{
    static const char *const names[] = {"AdminDown", "Down", "Init", "Up"};
    return names[s];
}

const char *bfd_drop_name(enum bfd_drop d)
{
    static const char *const names[] = {
        "accepted", "bad TTL", "bad version", "bad length", "detect multiplier 0", "multipoint",
        "no discriminator of theirs", "unknown discriminator of ours", "no discriminator of ours",
        "authentication"};
    return d < BFD_DROPS ? names[d] : "unknown";
}

const char *bfd_diag_name(uint8_t diag)
{
    static const char *const names[] = {
        "no diagnostic", "control detection time expired", "echo function failed", "neighbor signaled session down",
        "forwarding plane reset", "path down", "concatenated path down", "administratively down",
        "reverse concatenated path down"};
    return diag < sizeof names / sizeof *names ? names[diag] : "reserved diagnostic";
}

static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

static uint32_t wanted_tx(const struct bfd_session *s)
{
    return s->state == BFD_UP ? s->conf.min_tx_us : larger(s->conf.min_tx_us, SLOW_US);
}

static uint32_t next_random(struct bfd_session *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 17;
    s->random ^= s->random << 5;
    return s->random;
}

/* 75 to 100 % of the interval, to 90 % with a multiplier of 1 (6.8.7). */
static void schedule(struct bfd_session *s, instant now)
{
    uint32_t span = s->conf.mult == 1 ? 15 : 25;
    int64_t off = (int64_t)s->tx_us * (25 - span + (next_random(s) % (span + 1))) / 100;
    bool silent = s->remote_min_rx_us == 0 || (s->conf.passive && s->remote_discr == 0);
    s->next_tx = silent ? NEVER : instant_after(now, (duration){s->tx_us - off});
}

/* While a poll asks the neighbour to follow a change, what would outrun it waits: sending goes on at
 * the faster old pace, silence is judged by the slower old one (6.8.3). */
static uint32_t tx_in_force(const struct bfd_session *s)
{
    uint32_t tx = wanted_tx(s);
    return s->poll_sent && s->old_tx_us && s->old_tx_us < tx ? s->old_tx_us : tx;
}
static uint32_t rx_in_force(const struct bfd_session *s)
{
    return s->poll_sent && s->old_rx_us > s->conf.min_rx_us ? s->old_rx_us : s->conf.min_rx_us;
}

static void settle_intervals(struct bfd_session *s)
{
    s->tx_us = larger(tx_in_force(s), s->remote_min_rx_us);
    if (s->remote_mult) s->detect_us = s->remote_mult * larger(rx_in_force(s), s->remote_min_tx_us);
}

static void poll_over(struct bfd_session *s)
{
    s->poll_sent = false;
    s->old_tx_us = s->old_rx_us = 0;
}

static void send(struct bfd_session *s, uint8_t flags, struct bfd_effects *fx)
{
    struct writer w = writer_on(fx->packet, sizeof fx->packet);
    writer_u8(&w, (uint8_t)(1 << 5 | s->diag));
    writer_u8(&w, (uint8_t)((unsigned)s->state << 6 | flags)); /* C clear: we share BGP's process */
    writer_u8(&w, s->conf.mult);
    writer_u8(&w, BFD_PACKET);
    writer_u32(&w, s->conf.local_discr);
    writer_u32(&w, s->remote_discr);
    writer_u32(&w, wanted_tx(s));
    writer_u32(&w, s->conf.min_rx_us);
    writer_u32(&w, 0); /* no echo */
    fx->send = true;
    s->sent++;
}

static void enter(struct bfd_session *s, enum bfd_state next, uint8_t diag, instant now,
                  struct bfd_effects *fx)
{
    if (s->state == next) return;
    fx->rose = next == BFD_UP;
    fx->fell = s->state == BFD_UP;
    fx->why = diag;
    s->times_up += fx->rose;
    s->times_down += fx->fell;
    s->state = next;
    s->diag = diag;
    s->since = now;
    poll_over(s);
    s->poll_sent = fx->rose; /* the interval changes with the state (6.8.3) */
    settle_intervals(s);
}

void bfd_init(struct bfd_session *s, const struct bfd_conf *c, instant now)
{
    *s = (struct bfd_session){.conf = *c, .state = BFD_DOWN, .remote_state = BFD_DOWN,
                              .remote_min_rx_us = 1, .expires = NEVER, .since = now};
    s->random = c->jitter_seed ? c->jitter_seed : 1;
    settle_intervals(s);
    s->next_tx = c->passive ? NEVER : now;
}

bool bfd_peek_discr(struct span packet, uint32_t *your_discr)
{
    struct cursor c = cursor_of(packet);
    cursor_take(&c, 8);
    *your_discr = cursor_u32(&c);
    return packet.n >= BFD_PACKET;
}

static struct packet parse(struct span bytes)
{
    struct cursor c = cursor_of(bytes);
    struct packet p = {0};
    uint8_t first = cursor_u8(&c), second = cursor_u8(&c);
    p.version = first >> 5, p.diag = first & 0x1f;
    p.state = (enum bfd_state)(second >> 6), p.flags = second & 0x3f;
    p.mult = cursor_u8(&c);
    p.length = cursor_u8(&c);
    p.my_discr = cursor_u32(&c);
    p.your_discr = cursor_u32(&c);
    p.min_tx_us = cursor_u32(&c);
    p.min_rx_us = cursor_u32(&c);
    return p;
}

static enum bfd_drop check(const struct bfd_session *s, const struct packet *p, size_t n, uint8_t ttl)
{
    if (ttl != 255) return BFD_BAD_TTL;
    if (p->version != 1) return BFD_BAD_VERSION;
    if (p->length < (p->flags & AUTH ? 26 : BFD_PACKET) || p->length > n) return BFD_BAD_LENGTH;
    if (p->mult == 0) return BFD_BAD_MULT;
    if (p->flags & MULTIPOINT) return BFD_MULTIPOINT;
    if (p->my_discr == 0) return BFD_NO_MY_DISCR;
    if (p->your_discr && p->your_discr != s->conf.local_discr) return BFD_UNKNOWN_YOUR_DISCR;
    if (!p->your_discr && (p->state == BFD_INIT || p->state == BFD_UP)) return BFD_YOUR_DISCR_ZERO;
    return p->flags & AUTH ? BFD_AUTH_MISMATCH : BFD_ACCEPTED;
}

/* Row: our state, column: what the peer says (6.8.6). AdminDown of ours is handled before. */
/* clang-format off */
static const enum bfd_state next_states[4][4] = {
    /*               AdminDown       Down            Init            Up */
    [BFD_ADMIN_DOWN] = {BFD_ADMIN_DOWN, BFD_ADMIN_DOWN, BFD_ADMIN_DOWN, BFD_ADMIN_DOWN},
    [BFD_DOWN]       = {BFD_DOWN,       BFD_INIT,       BFD_UP,         BFD_DOWN},
    [BFD_INIT]       = {BFD_DOWN,       BFD_INIT,       BFD_UP,         BFD_UP},
    [BFD_UP]         = {BFD_DOWN,       BFD_DOWN,       BFD_UP,         BFD_UP},
};
/* clang-format on */

enum bfd_drop bfd_input(struct bfd_session *s, struct span bytes, uint8_t ttl, instant now,
                        struct bfd_effects *fx)
{
    *fx = (struct bfd_effects){0};
    struct packet p = parse(bytes);
    enum bfd_drop verdict = check(s, &p, bytes.n, ttl);
    if (verdict != BFD_ACCEPTED) {
        s->drops[verdict]++;
        return verdict;
    }
    bool was_silent = s->next_tx.us == NEVER.us;
    uint32_t before = s->tx_us;
    s->received++;
    s->remote_discr = p.my_discr, s->remote_state = p.state, s->remote_diag = p.diag;
    s->remote_mult = p.mult, s->remote_c_bit = (p.flags & C_BIT) != 0;
    s->remote_min_tx_us = p.min_tx_us, s->remote_min_rx_us = p.min_rx_us;
    if (p.flags & FINAL) poll_over(s);
    settle_intervals(s);
    enum bfd_state next = next_states[s->state][p.state];
    enter(s, next, next == BFD_DOWN ? DIAG_PEER_DOWN : s->state == BFD_ADMIN_DOWN ? DIAG_ADMIN : 0, now, fx);
    fx->off = fx->fell && p.state == BFD_ADMIN_DOWN;
    s->expires = instant_after(now, duration_us(s->detect_us));
    s->spared = false;
    bool silent = s->remote_min_rx_us == 0; /* it wants no packets: none from now on */
    if (silent || was_silent || s->tx_us != before) schedule(s, now);
    if (p.flags & POLL) send(s, FINAL, fx);
    return BFD_ACCEPTED;
}

void bfd_tick(struct bfd_session *s, instant now, struct bfd_effects *fx)
{
    *fx = (struct bfd_effects){0};
    if (instant_reached(s->expires, now)) {
        s->expires = NEVER;
        s->remote_discr = 0; /* a detection time without a packet (6.8.1) */
        if (s->state == BFD_INIT || s->state == BFD_UP) enter(s, BFD_DOWN, DIAG_EXPIRED, now, fx);
        if (fx->fell) s->next_tx = now;
    }
    if (instant_reached(s->next_tx, now)) {
        send(s, s->poll_sent ? POLL : 0, fx);
        schedule(s, now);
    }
}

bool bfd_woke_late(struct bfd_session *s, duration late, instant now)
{
    int64_t most = larger(s->detect_us / GRACE_SHARE, GRACE_US);
    if (s->spared || late.us <= 0 || !instant_reached(s->expires, now)) return false;
    s->spared = true;
    s->expires = instant_after(now, duration_us(late.us < most ? late.us : most));
    return true;
}

instant bfd_next(const struct bfd_session *s) { return instant_first(s->next_tx, s->expires); }

void bfd_reconfigure(struct bfd_session *s, const struct bfd_conf *c, instant now)
{
    bool up = s->state == BFD_UP;
    if (up && !s->old_tx_us) s->old_tx_us = s->conf.min_tx_us;
    if (up && !s->old_rx_us) s->old_rx_us = s->conf.min_rx_us;
    s->conf = *c;
    s->poll_sent = up;
    settle_intervals(s);
    schedule(s, now);
}

void bfd_shutdown(struct bfd_session *s, instant now, struct bfd_effects *fx)
{
    *fx = (struct bfd_effects){0};
    enter(s, BFD_ADMIN_DOWN, DIAG_ADMIN, now, fx);
    send(s, 0, fx);
    schedule(s, now);
}
