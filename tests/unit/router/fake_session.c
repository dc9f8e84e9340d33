/* A stand-in for proto/bgp_session and wire/bgp, just enough to let routers talk to each other in one
 * process: one message opens the session, UPDATEs are real. No timers, no collisions, no checks. */
#include <stdlib.h>
#include "check.h"
#include "proto/bgp_session.h"

enum { OUT_ROOM = 4096 };

struct bgp_session {
    struct bgp_conf conf;
    enum bgp_state state;
    enum bgp_conn conn;
    struct bgp_caps peer;
    uint32_t peer_id, established;
    uint8_t last_code, last_subcode;
    uint8_t in[8192], out[OUT_ROOM];
    size_t in_n, out_n;
    instant retry;
    uint32_t add_path_send, add_path_receive; /* agreed */
    uint64_t updates_in;
};

const char *bgp_state_name(enum bgp_state s)
{
    static const char *const n[] = {"Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established"};
    return n[s];
}

void bgp_effects_init(struct bgp_effects *fx, size_t ceiling)
{
    *fx = (struct bgp_effects){0};
    arena_init(&fx->arena, ceiling);
}
void bgp_effects_clear(struct bgp_effects *fx)
{
    size_t ceiling = fx->arena.ceiling;
    arena_drop(&fx->arena);
    bgp_effects_init(fx, ceiling);
}
void bgp_effects_drop(struct bgp_effects *fx) { arena_drop(&fx->arena); }

static struct bgp_effect *add(struct bgp_effects *fx, enum bgp_effect_kind k, enum bgp_conn c)
{
    if (fx->n == fx->room) {
        fx->room = fx->room ? fx->room * 2 : 16;
        struct bgp_effect *l = arena_take_array(&fx->arena, fx->room, sizeof *l);
        assert_non_null(l);
        if (fx->n) memcpy(l, fx->list, fx->n * sizeof *l);
        fx->list = l;
    }
    fx->list[fx->n] = (struct bgp_effect){.kind = k, .conn = c};
    return &fx->list[fx->n++];
}

struct bgp_session *bgp_new(const struct bgp_conf *c)
{
    struct bgp_session *s = calloc(1, sizeof *s);
    s->conf = *c;
    s->retry = NEVER;
    return s;
}
void bgp_free(struct bgp_session *s) { free(s); }

static void message(struct bgp_session *s, uint8_t type, const void *body, size_t n)
{
    assert_true(s->out_n + 19 + n <= OUT_ROOM);
    struct writer w = writer_on(s->out + s->out_n, OUT_ROOM - s->out_n);
    for (int i = 0; i < 16; i++) writer_u8(&w, 0xff);
    writer_u16(&w, (uint16_t)(19 + n));
    writer_u8(&w, type);
    writer_bytes(&w, body, n);
    s->out_n += writer_len(&w);
}

void bgp_start(struct bgp_session *s, instant now, struct bgp_effects *fx)
{
    (void)now;
    if (s->state != BGP_IDLE) return;
    s->state = s->conf.passive ? BGP_ACTIVE : BGP_CONNECT;
    if (!s->conf.passive) add(fx, BGP_FX_OPEN, BGP_OUT);
}

static void hello(struct bgp_session *s, enum bgp_conn c, struct bgp_effects *fx)
{
    uint8_t b[24];
    struct writer w = writer_on(b, sizeof b);
    writer_u32(&w, s->conf.local_asn);
    writer_u32(&w, s->conf.local_id);
    writer_u32(&w, s->conf.families);
    writer_u32(&w, s->conf.restart ? s->conf.restart_s : 0);
    writer_u32(&w, s->conf.add_path_send);
    writer_u32(&w, s->conf.add_path_receive);
    s->conn = c;
    s->state = BGP_OPENSENT;
    s->in_n = 0;
    message(s, BGP_OPEN, b, sizeof b);
    add(fx, BGP_FX_WRITE, c);
}
void bgp_connected(struct bgp_session *s, enum bgp_conn c, instant now, struct bgp_effects *fx)
{
    (void)now;
    hello(s, c, fx);
}
bool bgp_accepted(struct bgp_session *s, instant now, struct bgp_effects *fx)
{
    (void)now;
    if (s->state != BGP_ACTIVE) return false;
    hello(s, BGP_IN, fx);
    return true;
}

static void down(struct bgp_session *s, enum bgp_down why, uint8_t code, uint8_t sub, bool again,
                 instant now, struct bgp_effects *fx)
{
    s->last_code = code;
    s->last_subcode = sub;
    s->state = BGP_IDLE;
    s->retry = again ? instant_after(now, duration_s(1)) : NEVER;
    struct bgp_effect *e = add(fx, BGP_FX_DOWN, s->conn);
    e->down.why = why, e->down.graceful = why == BGP_DOWN_LOST && s->peer.restart, e->down.code = code, e->down.subcode = sub, e->down.text = "fake";
    add(fx, BGP_FX_CLOSE, s->conn);
}

void bgp_stop(struct bgp_session *s, uint8_t code, uint8_t sub, struct span data, bool again,
              instant now, struct bgp_effects *fx)
{
    (void)data;
    if (s->state >= BGP_OPENSENT) {
        message(s, BGP_NOTIFICATION, (uint8_t[]){code, sub}, 2);
        add(fx, BGP_FX_WRITE, s->conn);
        down(s, BGP_DOWN_ADMIN, code, sub, again, now, fx);
    }
    s->state = BGP_IDLE;
    if (!again) s->retry = NEVER;
}

void bgp_lost(struct bgp_session *s, enum bgp_conn c, instant now, struct bgp_effects *fx)
{
    s->conn = c;
    if (s->state >= BGP_CONNECT) down(s, BGP_DOWN_LOST, 0, 0, true, now, fx);
}
void bgp_tick(struct bgp_session *s, instant now, struct bgp_effects *fx)
{
    s->retry = NEVER;
    bgp_start(s, now, fx);
}
instant bgp_next(const struct bgp_session *s) { return s->retry; }

static void open_in(struct bgp_session *s, struct cursor c, instant now, struct bgp_effects *fx)
{
    uint32_t asn = cursor_u32(&c), families;
    if (asn != s->conf.peer_asn) {
        bgp_stop(s, 2, 2, (struct span){0}, true, now, fx);
        return;
    }
    s->peer_id = cursor_u32(&c);
    families = cursor_u32(&c);
    s->peer = (struct bgp_caps){.families = families & s->conf.families, .refresh = true,
                                .enhanced_refresh = true, .as4 = true, .asn = asn};
    s->peer.restart_s = (uint16_t)cursor_u32(&c);
    s->peer.restart = s->peer.restart_s;
    s->add_path_receive = s->conf.add_path_receive & cursor_u32(&c);
    s->add_path_send = s->conf.add_path_send & cursor_u32(&c);
    s->peer.restart_families = s->peer.forwarding_families = families;
    s->state = BGP_ESTABLISHED;
    s->established++;
    add(fx, BGP_FX_UP, s->conn);
}

static void attrs_in(struct cursor c, uint32_t add_path, struct bgp_update *u)
{
    while (cursor_left(&c)) {
        uint8_t flags = cursor_u8(&c), type = cursor_u8(&c);
        struct cursor v = cursor_sub(&c, flags & 0x10 ? cursor_u16(&c) : cursor_u8(&c));
        struct bgp_nlri *n;
        switch (type) {
        case ATTR_ORIGIN: u->attrs.has |= HAS_ORIGIN, u->attrs.origin = cursor_u8(&v); break;
        case ATTR_AS_PATH: u->attrs.has |= HAS_AS_PATH, u->attrs.as_path = cursor_rest(&v); break;
        case ATTR_NEXT_HOP:
            u->attrs.has |= HAS_NEXT_HOP;
            u->attrs.next_hop = addr_from_bytes(FAMILY_IPV4, cursor_take(&v, 4));
            break;
        case ATTR_MED: u->attrs.has |= HAS_MED, u->attrs.med = cursor_u32(&v); break;
        case ATTR_LOCAL_PREF: u->attrs.has |= HAS_LOCAL_PREF, u->attrs.local_pref = cursor_u32(&v); break;
        case ATTR_COMMUNITIES: u->attrs.communities = cursor_rest(&v); break;
        case ATTR_MP_REACH:
            cursor_u16(&v), cursor_u8(&v), cursor_u8(&v);
            u->mp_next_hop = addr_from_bytes(FAMILY_IPV6, cursor_take(&v, 16));
            cursor_u8(&v);
            n = &u->announced[u->announced_n++];
            *n = (struct bgp_nlri){.family = BGP_IPV6_UNICAST, .bytes = cursor_rest(&v),
                                   .add_path = add_path & BGP_IPV6_UNICAST};
            break;
        case ATTR_MP_UNREACH:
            cursor_u16(&v), cursor_u8(&v);
            if (cursor_left(&v) == 0) u->end_of_rib = BGP_IPV6_UNICAST;
            else {
                n = &u->withdrawn[u->withdrawn_n++];
                *n = (struct bgp_nlri){.family = BGP_IPV6_UNICAST, .bytes = cursor_rest(&v),
                                   .add_path = add_path & BGP_IPV6_UNICAST};
            }
            break;
        default: fail_msg("attribute %u", type);
        }
        assert_false(v.bad);
    }
    assert_false(c.bad);
}

static void update_in(struct bgp_session *s, struct cursor c, struct bgp_effects *fx)
{
    struct bgp_update *u = arena_take(&fx->arena, sizeof *u);
    bool empty = cursor_left(&c) == 4;
    struct span gone = cursor_span(&c, cursor_u16(&c));
    bool ids = s->add_path_receive & BGP_IPV4_UNICAST;
    if (gone.n) u->withdrawn[u->withdrawn_n++] = (struct bgp_nlri){BGP_IPV4_UNICAST, gone, 0, ids};
    struct cursor attrs = cursor_sub(&c, cursor_u16(&c));
    struct span nlri = cursor_rest(&c);
    assert_false(c.bad);
    if (nlri.n) u->announced[u->announced_n++] = (struct bgp_nlri){BGP_IPV4_UNICAST, nlri, 0, ids};
    if (empty) u->end_of_rib = BGP_IPV4_UNICAST;
    attrs_in(attrs, s->add_path_receive, u);
    s->updates_in++;
    add(fx, BGP_FX_UPDATE, s->conn)->update = u;
}

void bgp_input(struct bgp_session *s, enum bgp_conn conn, struct span bytes, instant now,
               struct bgp_effects *fx)
{
    (void)conn;
    uint8_t *all = arena_take(&fx->arena, s->in_n + bytes.n);
    memcpy(all, s->in, s->in_n);
    memcpy(all + s->in_n, bytes.p, bytes.n);
    struct cursor c = cursor_of(span_of(all, s->in_n + bytes.n));
    while (cursor_left(&c) >= 19 && s->state >= BGP_OPENSENT) {
        size_t n = (size_t)(c.p[16] << 8 | c.p[17]);
        assert_true(n >= 19 && n <= 4096);
        if (cursor_left(&c) < n) break;
        struct cursor m = cursor_sub(&c, n);
        uint8_t type = m.p[18];
        cursor_take(&m, 19);
        if (type == BGP_OPEN) open_in(s, m, now, fx);
        if (type == BGP_UPDATE) update_in(s, m, fx);
        if (type == BGP_NOTIFICATION) down(s, BGP_DOWN_NOTIFIED, m.p[0], m.p[1], true, now, fx);
        if (type == BGP_ROUTE_REFRESH) {
            struct bgp_effect *e = add(fx, BGP_FX_REFRESH, s->conn);
            e->refresh.family = m.p[1] == 2 ? BGP_IPV6_UNICAST : BGP_IPV4_UNICAST;
            e->refresh.kind = m.p[2];
        }
    }
    s->in_n = cursor_left(&c);
    assert_true(s->in_n <= sizeof s->in);
    memcpy(s->in, c.p, s->in_n);
}

size_t bgp_pull(struct bgp_session *s, enum bgp_conn conn, uint8_t *buf, size_t room)
{
    (void)conn;
    size_t n = s->out_n < room ? s->out_n : room;
    memcpy(buf, s->out, n);
    memmove(s->out, s->out + n, s->out_n - n);
    s->out_n -= n;
    return n;
}
void bgp_sent(struct bgp_session *s, enum bgp_conn c, size_t n, instant now) { (void)s, (void)c, (void)n, (void)now; }
void bgp_blocked(struct bgp_session *s, bool b, instant now) { (void)s, (void)b, (void)now; }

struct bgp_view bgp_view(const struct bgp_session *s)
{
    return (struct bgp_view){.state = s->state, .conn = s->conn, .families = s->peer.families,
                             .add_path_send = s->add_path_send, .add_path_receive = s->add_path_receive,
                             .message_max = 4096, .as4 = true, .refresh = true,
                             .enhanced_refresh = true, .peer_id = s->peer_id, .peer = s->peer,
                             .updates_in = s->updates_in, .last_code = s->last_code, .hold_s = 90,
                             .last_subcode = s->last_subcode, .last_text = "",
                             .established_count = s->established};
}

/* --- wire --- */

bool bgp_nlri_next(struct cursor *c, const struct bgp_nlri *n, struct prefix *out, uint32_t *id)
{
    *id = 0;
    if (!cursor_left(c)) return false;
    if (n->add_path) *id = cursor_u32(c);
    struct addr a = {.family = n->family == BGP_IPV6_UNICAST ? FAMILY_IPV6 : FAMILY_IPV4};
    uint8_t len = cursor_u8(c);
    size_t bytes = (len + 7u) / 8;
    const uint8_t *p = cursor_take(c, bytes);
    assert_false(c->bad);
    if (bytes) memcpy(a.b, p, bytes);
    *out = prefix_of(&a, len);
    return true;
}
static void attr(struct writer *w, uint8_t type, struct span v)
{
    writer_u8(w, 0x50);
    writer_u8(w, type);
    writer_u16(w, (uint16_t)v.n);
    writer_copy(w, v);
}
static void attr32(struct writer *w, uint8_t type, uint32_t v)
{
    uint8_t b[4];
    struct writer x = writer_on(b, 4);
    writer_u32(&x, v);
    attr(w, type, writer_span(&x));
}
void bgp_attrs_encode(struct writer *w, const struct attrs *a, bool as4, bool external)
{
    (void)as4, (void)external;
    attr(w, ATTR_ORIGIN, span_of(&a->origin, 1));
    attr(w, ATTR_AS_PATH, a->as_path);
    if (a->has & HAS_NEXT_HOP) attr(w, ATTR_NEXT_HOP, span_of(a->next_hop.b, 4));
    if (a->has & HAS_MED) attr32(w, ATTR_MED, a->med);
    if (a->has & HAS_LOCAL_PREF) attr32(w, ATTR_LOCAL_PREF, a->local_pref);
    if (a->communities.n) attr(w, ATTR_COMMUNITIES, a->communities);
}
void bgp_refresh_encode(struct writer *w, enum bgp_family f, enum bgp_refresh_kind kind)
{
    for (int i = 0; i < 16; i++) writer_u8(w, 0xff);
    writer_u16(w, 23);
    writer_u8(w, BGP_ROUTE_REFRESH);
    writer_u8(w, 0);
    writer_u8(w, f == BGP_IPV6_UNICAST ? 2 : 1);
    writer_u8(w, (uint8_t)kind);
    writer_u8(w, 1);
}
