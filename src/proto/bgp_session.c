/* proto/bgp_session.c - the machine of RFC 4271 section 8, for two connections that may race.
 * Each connection walks the same table of rows; `apply` is the only place that takes a step, `end`
 * the only one that ends a connection. The session's own state is that of the connection that is
 * further on. Also here: RFC 9687 (send hold), RFC 4271 6.8 (collision), RB-030 to RB-03C. */
#include "proto/bgp_session_priv.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_S = 30, RETRY_MOST_S = 60, STABLE_S = 60, SEND_HOLD_LEAST_S = 480, REASON_MOST = 128 };
enum { CEASE = 6, HARD_RESET = 9, OPEN_ERROR = 2, UNSUPPORTED_PARAMETER = 4 };

/* clang-format off */
#define EVENTS(X) X(TCP_UP) X(OPEN) X(KEEPALIVE) X(UPDATE) X(REFRESH) X(NOTIFICATION)
#define NAME(n) EV_##n,
enum event { EVENTS(NAME) };
/* clang-format on */

struct step { /* what an action may look at */
    struct bgp_session *s;
    enum bgp_conn conn;
    struct connection *c;
    struct span message;
    instant now;
    struct bgp_effects *fx;
};

struct ending {
    enum bgp_down why;
    uint8_t code, subcode;
    struct span data;
    const char *text;
};

const char *bgp_state_name(enum bgp_state s)
{
    static const char *const names[] = {"Idle",     "Connect",     "Active",
                                        "OpenSent", "OpenConfirm", "Established"};
    return names[s];
}

static bool is_live(const struct connection *c) { return c->state >= BGP_OPENSENT; }
static struct connection *other_of(struct bgp_session *s, enum bgp_conn conn)
{
    return &s->conns[conn == BGP_OUT ? BGP_IN : BGP_OUT];
}

static void enter(struct bgp_session *s, enum bgp_conn conn, enum bgp_state next, instant now,
                  struct bgp_effects *fx)
{
    s->conns[conn].state = next;
    enum bgp_state out = s->conns[BGP_OUT].state, in = s->conns[BGP_IN].state;
    enum bgp_state whole = out > in ? out : in;
    if (whole == s->state) return;
    struct bgp_effect *e = fx_add(fx, BGP_FX_STATE, conn);
    e->state.from = s->state;
    e->state.to = whole;
    s->state = whole;
    s->since = now;
}

/* --- timers --- */

static uint32_t next_random(struct bgp_session *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 17;
    s->random ^= s->random << 5;
    return s->random;
}

/* Up to a quarter less (RFC 4271 10); seed 0 means no jitter. */
static int64_t jittered(struct bgp_session *s, int64_t us)
{
    return s->random ? us - us / 4 * (next_random(s) & 0xffff) / 0x10000 : us;
}

/* A third of the hold time. */
static void keepalive_later(struct bgp_session *s, struct connection *c, instant now)
{
    int64_t third = jittered(s, (int64_t)c->hold_s * 1000000 / 3);
    c->keepalive = c->hold_s ? instant_after(now, (duration){third}) : NEVER;
}

static void hold_restart(struct connection *c, instant now)
{
    c->expires = c->hold_s ? instant_after(now, duration_s(c->hold_s)) : NEVER;
}

static void connect_now(struct bgp_session *s, instant now, struct bgp_effects *fx)
{
    struct connection *c = &s->conns[BGP_OUT];
    s->retry = NEVER;
    c->asked = true;
    c->expires = instant_after(now, duration_s(PATIENCE_S));
    enter(s, BGP_OUT, BGP_CONNECT, now, fx);
    fx_add(fx, BGP_FX_OPEN, BGP_OUT);
}

static void retry_later(struct bgp_session *s, instant now)
{
    bool busy = s->conns[BGP_OUT].asked || is_live(&s->conns[BGP_OUT]) || is_live(&s->conns[BGP_IN]);
    if (!s->running || s->conf.passive || busy) return;
    uint16_t first = s->conf.connect_retry_s ? s->conf.connect_retry_s : 1;
    if (s->backoff_s < first) s->backoff_s = first;
    s->retry = instant_after(now, (duration){jittered(s, (int64_t)s->backoff_s * 1000000)});
    s->backoff_s = s->backoff_s * 2 > RETRY_MOST_S ? RETRY_MOST_S : (uint16_t)(s->backoff_s * 2);
}

/* --- sending --- */

static void send_keepalive(struct bgp_session *s, enum bgp_conn conn, instant now,
                           struct bgp_effects *fx)
{
    uint8_t b[BGP_HEADER];
    struct writer w = writer_on(b, sizeof b);
    bgp_keepalive_encode(&w);
    conn_queue(s, conn, writer_span(&w), OUT_ROOM - KEEPALIVES_QUEUED_MOST, fx);
    keepalive_later(s, &s->conns[conn], now);
}

static void send_open(struct bgp_session *s, enum bgp_conn conn, struct bgp_effects *fx)
{
    uint8_t b[256];
    struct writer w = writer_on(b, sizeof b);
    const struct bgp_conf *c = &s->conf;
    struct bgp_open o = {.version = BGP_VERSION, .asn = c->local_asn, .hold_s = c->hold_s, .id = c->local_id};
    if (!s->plain) o.caps = opening_caps(s);
    s->conns[conn].offered = o.caps;
    if (s->plain) s->conns[conn].offered.families = c->families & BGP_IPV4_UNICAST;
    bgp_open_encode(&w, &o);
    assert(!w.bad);
    conn_queue(s, conn, writer_span(&w), NOTIFICATION_ROOM, fx);
}

/* RFC 8538: once both take a NOTIFICATION for a restart, an end that is meant is a hard reset. */
static bool notify_agreed(const struct connection *c)
{
    return restarts_agreed(c) && c->offered.restart_notify && c->open.caps.restart_notify;
}
static bool is_hard(const struct bgp_session *s, enum bgp_conn conn, const struct ending *end)
{
    const struct connection *c = &s->conns[conn];
    return c->state == BGP_ESTABLISHED && notify_agreed(c) && end->why != BGP_DOWN_HOLD;
}

/* May the routes of this session wait for its return? */
static bool is_graceful(const struct connection *c, const struct ending *end)
{
    if (!restarts_agreed(c)) return false;
    if (end->why == BGP_DOWN_LOST || end->why == BGP_DOWN_REPLACED) return true;
    bool hard = end->code == CEASE && end->subcode == HARD_RESET;
    bool soft = end->why == BGP_DOWN_HOLD || (end->why == BGP_DOWN_NOTIFIED && !hard);
    return soft && notify_agreed(c);
}

static void send_notification(struct bgp_session *s, enum bgp_conn conn, const struct ending *end,
                              struct bgp_effects *fx)
{
    uint8_t b[BGP_HEADER + 2 + 2 + 256], inner[2 + 256];
    struct writer w = writer_on(b, sizeof b), hard = writer_on(inner, sizeof inner);
    struct span data = end->data;
    if (data.n > 256) data.n = 256;
    if (is_hard(s, conn, end)) {
        writer_u8(&hard, end->code);
        writer_u8(&hard, end->subcode);
        writer_copy(&hard, data);
        bgp_notification_encode(&w, CEASE, HARD_RESET, writer_span(&hard));
    } else {
        bgp_notification_encode(&w, end->code, end->subcode, data);
    }
    conn_queue(s, conn, writer_span(&w), 0, fx);
}

/* --- the end of a connection --- */

static void remember(struct bgp_session *s, const struct ending *end)
{
    s->counts.last_code = end->code;
    s->counts.last_subcode = end->subcode;
    if (end->text == s->text.s && end->text) return;
    text_clear(&s->text);
    text_add(&s->text, end->text ? end->text : bgp_notification_name(end->code, end->subcode));
}

static void leave_established(struct bgp_session *s, instant now)
{
    s->established = false;
    s->send_hold = NEVER;
    if (instant_since(now, s->since).us >= duration_s(STABLE_S).us) s->backoff_s = 0;
}

static void end(struct bgp_session *s, enum bgp_conn conn, const struct ending *why, instant now,
                struct bgp_effects *fx)
{
    struct connection *c = &s->conns[conn];
    bool was_up = s->established && s->live == conn, open = is_live(c) || c->asked;
    bool tell = why->code && why->why != BGP_DOWN_NOTIFIED && is_live(c);
    bool graceful = was_up && is_graceful(c, why);
    if (was_up) leave_established(s, now);
    if (tell) send_notification(s, conn, why, fx);
    if (open && why->why != BGP_DOWN_LOST) fx_add(fx, BGP_FX_CLOSE, conn);
    c->asked = false;
    c->in_n = 0;
    c->expires = c->keepalive = NEVER;
    enum bgp_state rest = s->running && conn == BGP_OUT ? BGP_ACTIVE : BGP_IDLE;
    enter(s, conn, rest, now, fx);
    if (was_up || !is_live(other_of(s, conn))) {
        remember(s, why);
        struct bgp_effect *e = fx_add(fx, BGP_FX_DOWN, conn);
        e->down.why = why->why, e->down.code = why->code, e->down.subcode = why->subcode;
        e->down.graceful = graceful;
        e->down.text = text_get(&s->text);
    }
    retry_later(s, now);
}

static bool fail(const struct step *x, const struct bgp_fault *f)
{
    struct ending why = {BGP_DOWN_FAULT, f->code, f->subcode, f->data, f->what};
    end(x->s, x->conn, &why, x->now, x->fx);
    return false;
}

static bool refuse(const struct step *x, uint8_t code, uint8_t subcode, const char *what)
{
    return fail(x, &(struct bgp_fault){.code = code, .subcode = subcode, .what = what});
}

/* --- actions: false when they ended the connection --- */

static bool say_open(const struct step *x)
{
    struct connection *c = x->c;
    c->asked = false;
    c->in_n = c->out_n = 0;
    c->message_max = BGP_MESSAGE_MAX;
    c->expires = instant_after(x->now, duration_s(PATIENCE_S));
    c->keepalive = NEVER;
    send_open(x->s, x->conn, x->fx);
    return true;
}

/* RFC 4271 6.8: the connection opened by the higher identifier lives; equal ones (RFC 6286), by the
 * higher AS number. Decided as soon as the peer's identifier is known, and before an OPEN goes out on
 * a connection that cannot win: a side that came up and then closed the other one would tell the
 * peer two things at once, and both connections could die. */
static bool ours_wins(const struct bgp_session *s, uint32_t peer_id)
{
    if (s->conf.local_id != peer_id) return s->conf.local_id > peer_id;
    return s->conf.local_asn > s->conf.peer_asn;
}

static const struct ending collision = {BGP_DOWN_COLLISION, 6, 7, {0}, NULL};

static bool survives_collision(const struct step *x, uint32_t peer_id)
{
    struct connection *other = other_of(x->s, x->conn);
    enum bgp_conn second = x->conn == BGP_OUT ? BGP_IN : BGP_OUT;
    if (!is_live(other) && !other->asked) return true;
    enum bgp_conn winner = ours_wins(x->s, peer_id) ? BGP_OUT : BGP_IN;
    if (other->state == BGP_ESTABLISHED) winner = second;
    if (other->asked) winner = x->conn; /* nothing was said on it yet */
    end(x->s, winner == x->conn ? second : x->conn, &collision, x->now, x->fx);
    return winner == x->conn;
}

static bool take_open(const struct step *x)
{
    struct bgp_open o;
    struct bgp_fault f = {0};
    uint8_t room[OPENING_DATA];
    if (!bgp_open_decode(x->message, &o, &f) || !opening_suits(x->s, x->c, &o, room, &f)) return fail(x, &f);
    if (!survives_collision(x, o.id)) return false;
    opening_agree(x->c, &x->s->conf, &o);
    send_keepalive(x->s, x->conn, x->now, x->fx);
    hold_restart(x->c, x->now);
    if (!x->c->hold_s) x->c->expires = instant_after(x->now, duration_s(PATIENCE_S));
    return true;
}

static bool come_up(const struct step *x)
{
    enum bgp_conn loser = x->conn == BGP_OUT ? BGP_IN : BGP_OUT;
    struct connection *other = &x->s->conns[loser];
    hold_restart(x->c, x->now);
    x->s->established = true;
    x->s->live = x->conn;
    x->s->retry = NEVER;
    x->s->counts.established_count++;
    enter(x->s, x->conn, BGP_ESTABLISHED, x->now, x->fx);
    if (is_live(other) || other->asked) end(x->s, loser, &collision, x->now, x->fx);
    fx_add(x->fx, BGP_FX_UP, x->conn);
    return true;
}

static bool stay_alive(const struct step *x)
{
    hold_restart(x->c, x->now);
    return true;
}

static void count_faults(struct bgp_session *s, const struct bgp_update *u)
{
    if (u->verdict == BGP_UPDATE_WITHDRAW) s->counts.treated_as_withdraw++;
    for (const struct bgp_attr_fault *f = u->faults; f; f = f->next)
        if (!f->withdraw) s->counts.attrs_discarded++;
}

static bool take_update(const struct step *x)
{
    struct bgp_rules rules = {.as4 = x->c->as4, .families = x->c->families,
                              .add_path = x->c->add_path_receive,
                              .external = x->s->conf.local_asn != x->s->conf.peer_asn,
                              .peer_asn = x->s->conf.peer_asn,
                              .allow_as_set = x->s->conf.allow_as_set};
    struct bgp_fault f;
    hold_restart(x->c, x->now);
    struct bgp_update *u = bgp_update_decode(x->message, &rules, &x->fx->arena, &f);
    if (!u) return fail(x, &f);
    x->s->counts.updates_in++;
    count_faults(x->s, u);
    fx_add(x->fx, BGP_FX_UPDATE, x->conn)->update = u;
    return true;
}

static bool take_refresh(const struct step *x)
{
    struct bgp_refresh q;
    struct bgp_fault f = {0};
    if (!x->c->offered.refresh) { /* a type nobody agreed on (RB-014) */
        f = (struct bgp_fault){.code = 1, .subcode = 3, .data = span_of(x->message.p + 18, 1),
                               .what = "route refresh was not agreed"};
        return fail(x, &f);
    }
    hold_restart(x->c, x->now);
    x->s->counts.refreshes_in++;
    if (!bgp_refresh_decode(x->message, &q, &f)) {
        if (x->c->enhanced) f.code = 7, f.subcode = 1, f.data = x->message;
        return fail(x, &f);
    }
    bool usable = (q.family & x->c->families) && q.kind <= BGP_REFRESH_END &&
                  (q.kind == BGP_REFRESH_REQUEST || x->c->enhanced);
    if (usable) fx_add(x->fx, BGP_FX_REFRESH, x->conn)->refresh = q;
    else x->s->counts.refreshes_ignored++;
    return true;
}

/* What a NOTIFICATION says, in words: a hard reset has another one inside (RFC 8538 3.1). */
static void put_notification(struct text *t, struct bgp_notification n)
{
    text_add(t, bgp_notification_name(n.code, n.subcode));
    if (n.code == CEASE && n.subcode == HARD_RESET && n.data.n >= 2) {
        text_add(t, ": ");
        n = (struct bgp_notification){n.data.p[0], n.data.p[1], span_of(n.data.p + 2, n.data.n - 2)};
        text_add(t, bgp_notification_name(n.code, n.subcode));
    }
    bool spoken = n.code == CEASE && (n.subcode == 2 || n.subcode == 4) && n.data.n > 1; /* RFC 9003 */
    if (!spoken) return;
    size_t said = n.data.p[0] < n.data.n - 1 ? n.data.p[0] : n.data.n - 1;
    text_add(t, ": ");
    text_add_escaped(t, (const char *)n.data.p + 1, said, REASON_MOST);
}

static bool take_notification(const struct step *x)
{
    struct bgp_notification n;
    struct text *t = &x->s->text;
    if (!bgp_notification_decode(x->message, &n)) n = (struct bgp_notification){0};
    text_clear(t);
    put_notification(t, n);
    bool no_parameters = n.code == OPEN_ERROR && n.subcode == UNSUPPORTED_PARAMETER;
    x->s->plain = no_parameters && !x->s->plain && x->c->state == BGP_OPENSENT &&
                  (x->s->conf.families & BGP_IPV4_UNICAST);
    struct ending why = {BGP_DOWN_NOTIFIED, n.code, n.subcode, {0}, t->s};
    end(x->s, x->conn, &why, x->now, x->fx);
    if (n.code == CEASE && n.subcode == HARD_RESET && n.data.n >= 2) { /* its true reason is asked for */
        x->s->counts.last_code = n.data.p[0];
        x->s->counts.last_subcode = n.data.p[1];
    }
    return false;
}

/* --- the table --- */

/* clang-format off */
static const struct row {
    enum bgp_state state;
    enum event event;
    enum bgp_state next;
    bool (*action)(const struct step *x);
} rows[] = {
    {BGP_IDLE,        EV_TCP_UP,       BGP_OPENSENT,    say_open},
    {BGP_CONNECT,     EV_TCP_UP,       BGP_OPENSENT,    say_open},
    {BGP_ACTIVE,      EV_TCP_UP,       BGP_OPENSENT,    say_open},
    {BGP_OPENSENT,    EV_OPEN,         BGP_OPENCONFIRM, take_open},
    {BGP_OPENSENT,    EV_NOTIFICATION, BGP_IDLE,        take_notification},
    {BGP_OPENCONFIRM, EV_KEEPALIVE,    BGP_ESTABLISHED, come_up},
    {BGP_OPENCONFIRM, EV_NOTIFICATION, BGP_IDLE,        take_notification},
    {BGP_ESTABLISHED, EV_KEEPALIVE,    BGP_ESTABLISHED, stay_alive},
    {BGP_ESTABLISHED, EV_UPDATE,       BGP_ESTABLISHED, take_update},
    {BGP_ESTABLISHED, EV_REFRESH,      BGP_ESTABLISHED, take_refresh},
    {BGP_ESTABLISHED, EV_NOTIFICATION, BGP_IDLE,        take_notification},
};
/* clang-format on */

static void apply(const struct step *x, enum event event)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].state == x->c->state && rows[i].event == event) {
            if (rows[i].action(x)) enter(x->s, x->conn, rows[i].next, x->now, x->fx);
            return;
        }
    /* RFC 6608: the subcode says in which state the message came. */
    refuse(x, 5, (uint8_t)(x->c->state - BGP_OPENSENT + 1), NULL);
}

/* --- facts --- */

struct bgp_session *bgp_new(const struct bgp_conf *conf)
{
    struct bgp_session *s = calloc(1, sizeof *s);
    if (!s) abort();
    s->conf = *conf;
    s->random = conf->jitter_seed;
    s->retry = s->send_hold = NEVER;
    for (size_t i = 0; i < BGP_CONNS; i++) s->conns[i].expires = s->conns[i].keepalive = NEVER;
    return s;
}

void bgp_free(struct bgp_session *s)
{
    if (!s) return;
    for (size_t i = 0; i < BGP_CONNS; i++) free(s->conns[i].in);
    text_drop(&s->text);
    free(s);
}

void bgp_start(struct bgp_session *s, instant now, struct bgp_effects *fx)
{
    if (s->running) return;
    s->running = true;
    if (s->conf.passive) enter(s, BGP_OUT, BGP_ACTIVE, now, fx);
    else connect_now(s, now, fx);
}

static struct step step_of(struct bgp_session *s, enum bgp_conn conn, instant now,
                           struct bgp_effects *fx)
{
    return (struct step){.s = s, .conn = conn, .c = &s->conns[conn], .now = now, .fx = fx};
}

void bgp_connected(struct bgp_session *s, enum bgp_conn conn, instant now, struct bgp_effects *fx)
{
    struct step x = step_of(s, conn, now, fx);
    if (s->running && x.c->asked) apply(&x, EV_TCP_UP);
    else fx_add(fx, BGP_FX_CLOSE, conn); /* nobody waits for it any more */
}

/* RFC 4724 5: a neighbour that agreed to restarts and calls again has restarted; nobody told it to
 * close the old connection, so nothing is said on it. Without that agreement the first one lives. */
static bool makes_way(struct bgp_session *s, instant now, struct bgp_effects *fx)
{
    static const struct ending back = {BGP_DOWN_REPLACED, 0, 0, {0}, "the neighbour restarted"};
    if (!s->established) return true;
    if (!restarts_agreed(&s->conns[s->live])) return false;
    end(s, s->live, &back, now, fx);
    return true;
}

bool bgp_accepted(struct bgp_session *s, instant now, struct bgp_effects *fx)
{
    struct step x = step_of(s, BGP_IN, now, fx);
    if (!s->running || !makes_way(s, now, fx) || is_live(x.c)) return false;
    struct connection *out = &s->conns[BGP_OUT];
    if (out->state == BGP_OPENCONFIRM) {
        if (ours_wins(s, out->open.id)) return false;
        end(s, BGP_OUT, &collision, now, fx);
    }
    apply(&x, EV_TCP_UP);
    return true;
}

static void message_in(struct step *x, const struct bgp_frame *f)
{
    static const enum event events[] = {[BGP_OPEN] = EV_OPEN, [BGP_UPDATE] = EV_UPDATE,
                                        [BGP_NOTIFICATION] = EV_NOTIFICATION,
                                        [BGP_KEEPALIVE] = EV_KEEPALIVE,
                                        [BGP_ROUTE_REFRESH] = EV_REFRESH};
    x->message = f->message;
    x->s->counts.messages_in++;
    apply(x, events[f->type]);
}

void bgp_input(struct bgp_session *s, enum bgp_conn conn, struct span bytes, instant now,
               struct bgp_effects *fx)
{
    struct step x = step_of(s, conn, now, fx);
    struct cursor in = cursor_of(bytes);
    while (is_live(x.c) && cursor_left(&in)) {
        struct bgp_frame f;
        struct bgp_fault fault = {0};
        switch (conn_next(x.c, &in, &fx->arena, &f, &fault)) {
        case BGP_FRAME_WHOLE: message_in(&x, &f); break;
        case BGP_FRAME_BAD: fail(&x, &fault); return;
        case BGP_FRAME_MORE: return;
        }
    }
}

void bgp_lost(struct bgp_session *s, enum bgp_conn conn, instant now, struct bgp_effects *fx)
{
    struct connection *c = &s->conns[conn];
    if (!is_live(c) && !c->asked) return;
    end(s, conn, &(struct ending){BGP_DOWN_LOST, 0, 0, {0}, "connection lost"}, now, fx);
}

static void expire(struct bgp_session *s, enum bgp_conn conn, instant now, struct bgp_effects *fx)
{
    bool spoke = s->conns[conn].state != BGP_CONNECT;
    struct ending hold = {BGP_DOWN_HOLD, 4, 0, {0}, NULL};
    struct ending silence = {BGP_DOWN_COLLISION, 0, 0, {0}, "no answer to our connection"};
    silence.why = BGP_DOWN_FAULT; /* the attempt is ours to close */
    end(s, conn, spoke ? &hold : &silence, now, fx);
}

void bgp_tick(struct bgp_session *s, instant now, struct bgp_effects *fx)
{
    static const struct ending stuck = {BGP_DOWN_SEND_HOLD, 8, 0, {0}, NULL};
    if (s->established && instant_reached(s->send_hold, now)) end(s, s->live, &stuck, now, fx);
    for (enum bgp_conn i = BGP_OUT; i < BGP_CONNS; i++) {
        if (instant_reached(s->conns[i].expires, now)) expire(s, i, now, fx);
        if (instant_reached(s->conns[i].keepalive, now)) send_keepalive(s, i, now, fx);
    }
    if (instant_reached(s->retry, now)) {
        s->retry = NEVER;
        if (!is_live(&s->conns[BGP_IN])) connect_now(s, now, fx);
    }
}

void bgp_stop(struct bgp_session *s, uint8_t code, uint8_t subcode, struct span data, bool again,
              instant now, struct bgp_effects *fx)
{
    struct ending why = {BGP_DOWN_ADMIN, code, subcode, data, NULL};
    s->running = again;
    for (enum bgp_conn i = BGP_OUT; i < BGP_CONNS; i++)
        if (is_live(&s->conns[i]) || s->conns[i].asked) end(s, i, &why, now, fx);
    if (again) {
        if (s->retry.us == NEVER.us) retry_later(s, now);
        return;
    }
    s->retry = NEVER;
    s->backoff_s = 0;
    enter(s, BGP_OUT, BGP_IDLE, now, fx);
}

void bgp_sent(struct bgp_session *s, enum bgp_conn conn, size_t updates, instant now)
{
    s->counts.messages_out += updates;
    s->counts.updates_out += updates;
    if (s->conns[conn].state == BGP_ESTABLISHED) keepalive_later(s, &s->conns[conn], now);
}

void bgp_blocked(struct bgp_session *s, bool blocked, instant now)
{
    int64_t hold = 2 * (int64_t)s->conns[s->live].hold_s;
    if (hold < SEND_HOLD_LEAST_S) hold = SEND_HOLD_LEAST_S;
    if (!blocked) s->send_hold = NEVER;
    else if (s->established && s->send_hold.us == NEVER.us)
        s->send_hold = instant_after(now, duration_s(hold));
}

/* --- questions --- */

instant bgp_next(const struct bgp_session *s)
{
    instant next = instant_first(s->retry, s->established ? s->send_hold : NEVER);
    for (size_t i = 0; i < BGP_CONNS; i++) {
        next = instant_first(next, s->conns[i].expires);
        next = instant_first(next, s->conns[i].keepalive);
    }
    return next;
}

struct bgp_view bgp_view(const struct bgp_session *s)
{
    const struct connection *c = &s->conns[s->live];
    struct bgp_view v = s->counts;
    v.state = s->state;
    v.conn = s->live;
    v.since = s->since;
    v.last_text = text_get(&s->text);
    v.message_max = BGP_MESSAGE_MAX;
    if (!s->established) return v;
    v.families = c->families;
    v.add_path_send = c->add_path_send;
    v.add_path_receive = c->add_path_receive;
    v.hold_s = c->hold_s;
    v.message_max = c->message_max;
    v.as4 = c->as4;
    v.refresh = c->refresh;
    v.enhanced_refresh = c->enhanced;
    v.peer_id = c->open.id;
    v.peer = c->open.caps;
    return v;
}
