/* edge/stations.c - a buffer per station, filled by events as they come and by a walk over the
 * tables as long as it is mostly empty. Nothing is ever read from a station but its end. */
#include "edge/stations.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "edge/json_out.h"
#include "sys/log.h"
#include "sys/peer_socket.h"
#include "wire/bgp.h"
#include "wire/bmp.h"

enum {
    MOST = 8,
    RETRY_FIRST_S = 1,
    RETRY_LAST_S = 60,
    CONNECT_S = 10,
    STATISTICS_S = 60,
    SLICE = 512, /* prefixes a turn */
    PACK = 64,   /* prefixes a message of the whole picture */
    PACKS = 8,   /* such messages being filled */
    MESSAGE_MOST = BGP_MESSAGE_EXTENDED_MAX + 512,
};

enum link_state { WAITING, ASKED, CONNECTING, UP };
enum phase { PHASE_IN, PHASE_TABLES, PHASE_OUT, PHASE_LIVE };

struct known { /* of a neighbour, for the header of each message */
    bool up, as4;
    uint32_t families;
    struct bmp_peer peer;
};

struct told_table { /* a domain's, by domain_ref */
    bool up;
    struct bmp_peer peer;
    char name[48];
};

/* Prefixes of one origin with the same attributes, waiting to become one message. A walk fills these and sends
 * them before it returns, as long as attributes keep their place. */
struct pack {
    size_t n;
    enum bmp_view view;
    struct bmp_peer peer;
    uint32_t from, attrs_id;
    struct attrs attrs;
    struct prefix prefixes[PACK];
};

struct station {
    struct stations *all;
    struct intent_endpoint at;
    enum link_state state;
    struct watch watch;
    uint32_t token; /* of the connection being asked for */
    instant next;   /* retry, end of patience, or statistics */
    unsigned retry_s;
    uint8_t *buf;
    size_t from, n, cap;
    enum phase phase;
    struct router_walk walk;
    peer_ref walk_peer;
    struct pack packs[PACKS];
    uint64_t connects, overruns, messages, bytes;
    char last[80];
};

struct stations {
    struct loop *loop;
    struct router *router;
    void (*ask)(void *ctx, uint32_t token, const struct intent_endpoint *at);
    void *ctx;
    struct station *list[MOST];
    size_t n;
    bool rib_out, rib_in_pre, loc_rib;
    uint32_t own_asn, own_id;
    struct told_table *tables;
    size_t tables_n;
    uint32_t buffer, last_token;
    char name[48];
    struct known *known; /* by peer_ref */
    size_t known_n;
};

struct stations *
stations_new(struct loop *l, struct router *r,
             void (*ask)(void *ctx, uint32_t token, const struct intent_endpoint *at), void *ctx)
{
    struct stations *s = calloc(1, sizeof *s);
    if (!s) abort();
    *s = (struct stations){.loop = l, .router = r, .ask = ask, .ctx = ctx};
    return s;
}

static const char *where(const struct station *t, char buf[static 60])
{
    char a[ADDR_TEXT_MAX];
    snprintf(buf, 60, "%s port %u", addr_text(&t->at.addr, a), t->at.port);
    return buf;
}

/* --- a connection --- */

static void hang_up(struct station *t, instant now, const char *why)
{
    char at[60];
    if (t->state == UP || t->retry_s <= RETRY_FIRST_S) /* a station that is away is told once */
        log_line(LOG_LINE_WARN, "bmp-down", where(t, at), "%s", why);
    snprintf(t->last, sizeof t->last, "%s", why);
    if (t->watch.on) {
        loop_forget(t->all->loop, &t->watch);
        close(t->watch.fd);
    }
    free(t->buf);
    t->buf = NULL;
    t->state = WAITING;
    t->next = instant_after(now, duration_s(t->retry_s));
    t->retry_s = t->retry_s * 2 < RETRY_LAST_S ? t->retry_s * 2 : RETRY_LAST_S;
}

static void flush(struct station *t, instant now)
{
    while (t->n) {
        ssize_t done = send(t->watch.fd, t->buf + t->from, t->n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0 && (errno == EAGAIN || errno == ENOBUFS)) break;
        if (done < 0) {
            hang_up(t, now, strerror(errno));
            return;
        }
        t->from += (size_t)done;
        t->n -= (size_t)done;
        t->bytes += (uint64_t)done;
    }
    if (t->n == 0) t->from = 0;
    loop_expect(t->all->loop, &t->watch, t->n ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

/* Room for one more message behind what waits. The caller writes, and says how much by commit. */
static struct writer room(struct station *t)
{
    if (t->from && t->cap - t->from - t->n < MESSAGE_MOST) {
        memmove(t->buf, t->buf + t->from, t->n);
        t->from = 0;
    }
    return writer_on(t->buf + t->from + t->n, t->cap - t->from - t->n);
}

static void commit(struct station *t, const struct writer *w)
{
    if (w->bad) {
        t->overruns++;
        hang_up(t, clock_now(), "it reads too slowly; it gets the whole picture later");
        return;
    }
    if (t->n == 0) loop_expect(t->all->loop, &t->watch, LOOP_READ | LOOP_WRITE);
    t->n += writer_len(w);
    t->messages++;
}

/* --- neighbours --- */

static struct known *known_at(struct stations *s, peer_ref ref)
{
    if (ref >= s->known_n) {
        size_t n = ref + 64;
        s->known = realloc(s->known, n * sizeof *s->known);
        if (!s->known) abort();
        memset(s->known + s->known_n, 0, (n - s->known_n) * sizeof *s->known);
        s->known_n = n;
    }
    return &s->known[ref];
}

static struct known *learn(struct stations *s, peer_ref ref, const struct router_session *session)
{
    struct known *k = known_at(s, ref);
    *k = (struct known){.up = session->up, .as4 = session->as4, .families = session->families};
    k->peer = (struct bmp_peer){.rd_asn = session->local_asn,
                                .rd_number = session->domain_ref + 1,
                                .address = session->address,
                                .asn = session->asn,
                                .id = session->id};
    return k;
}

static struct bmp_peer stamped(const struct known *k)
{
    struct bmp_peer p = k->peer;
    p.wall_us = clock_wall_us();
    return p;
}

static void put_up(struct station *t, const struct known *k, const struct router_session *session)
{
    struct bmp_peer p = k->peer;
    p.wall_us = clock_wall_us() - clock_now().us + session->up_since.us;
    struct writer w = room(t);
    bmp_peer_up(&w, &p,
                &(struct bmp_up){.local = session->local,
                                 .open_sent = session->open_sent,
                                 .open_received = session->open_received,
                                 .name = session->name});
    commit(t, &w);
}

static void put_table_end(struct station *t, const struct told_table *k)
{
    struct bmp_peer p = k->peer;
    p.wall_us = clock_wall_us();
    for (int six = 0; six < 2 && t->state == UP; six++) {
        struct writer w = room(t);
        bmp_end_of_rib(&w, &p, BMP_LOC_RIB, six);
        commit(t, &w);
    }
}

static void put_table_state(struct station *t, const struct told_table *k, bool up)
{
    struct bmp_peer p = k->peer;
    p.wall_us = clock_wall_us();
    struct writer w = room(t);
    if (up)
        bmp_table_up(&w, &p, k->name);
    else
        bmp_table_down(&w, &p, k->name);
    commit(t, &w);
}

static void put_end(struct station *t, const struct known *k, enum bmp_view view)
{
    struct bmp_peer p = stamped(k);
    for (int six = 0; six < 2 && t->state == UP; six++) {
        if (!(k->families & (six ? BGP_IPV6_UNICAST : BGP_IPV4_UNICAST))) continue;
        struct writer w = room(t);
        bmp_end_of_rib(&w, &p, view, six);
        commit(t, &w);
    }
}

/* --- the whole picture --- */

static void greet(struct station *t)
{
    struct stations *s = t->all;
    struct writer w = room(t);
    bmp_initiation(&w, s->name, "Fairlead edge router");
    commit(t, &w);
    for (peer_ref p = 0; p < router_peers(s->router) && t->state == UP; p++) {
        struct router_session session;
        known_at(s, p)->up = false; /* what was known is as old as the last connection */
        if (!router_session_of(s->router, p, &session) || !session.up) continue;
        put_up(t, learn(s, p, &session), &session);
        bool asked = s->rib_in_pre && t->state == UP && router_refresh(s->router, session.name);
        (void)asked; /* what came is not kept as it came: it comes again, from those who can */
    }
    for (size_t i = 0; i < s->tables_n && t->state == UP; i++)
        if (s->tables[i].up) put_table_state(t, &s->tables[i], true);
}

/* --- many prefixes in one message --- */

static void send_pack(struct station *t, struct pack *k)
{
    size_t n = k->n;
    k->n = 0;
    if (n == 0 || t->state != UP) return;
    k->peer.wall_us = clock_wall_us();
    struct writer w = room(t);
    bmp_paths(&w, &k->peer, k->view, k->prefixes, n, &k->attrs);
    commit(t, &w);
}

static void send_packs(struct station *t)
{
    for (size_t i = 0; i < PACKS; i++) send_pack(t, &t->packs[i]);
}

static void pack(struct station *t, enum bmp_view view, const struct bmp_peer *peer, uint32_t from,
                 const struct router_seen *seen)
{
    struct pack *k = &t->packs[from % PACKS];
    bool more = k->n && k->n < PACK && k->view == view && k->from == from && k->attrs_id == seen->attrs_id &&
                k->prefixes->addr.family == seen->prefix.addr.family;
    if (!more) {
        send_pack(t, k);
        k->view = view, k->peer = *peer, k->from = from, k->attrs_id = seen->attrs_id, k->attrs = *seen->attrs;
    }
    k->prefixes[k->n++] = seen->prefix;
}

static void visit_in(void *ctx, const struct router_seen *seen)
{
    struct station *t = ctx;
    if (t->state != UP || seen->peer == NO_REF || !known_at(t->all, seen->peer)->up) return;
    pack(t, BMP_ADJ_RIB_IN, &known_at(t->all, seen->peer)->peer, seen->peer, seen);
}

static void visit_best(void *ctx, const struct router_seen *seen)
{
    struct station *t = ctx;
    if (t->state != UP || seen->domain >= t->all->tables_n || !t->all->tables[seen->domain].up) return;
    pack(t, BMP_LOC_RIB, &t->all->tables[seen->domain].peer, seen->attrs_id, seen);
}

static void visit_out(void *ctx, const struct router_seen *seen)
{
    struct station *t = ctx;
    if (t->state != UP) return;
    struct bmp_peer p = stamped(known_at(t->all, seen->peer));
    struct writer w = room(t);
    bmp_path(&w, &p, BMP_ADJ_RIB_OUT, &seen->prefix, seen->attrs);
    commit(t, &w);
}

static void in_told(struct station *t)
{
    for (peer_ref p = 0; p < t->all->known_n && t->state == UP; p++)
        if (t->all->known[p].up) put_end(t, &t->all->known[p], BMP_ADJ_RIB_IN);
    t->phase = PHASE_TABLES;
    t->walk = (struct router_walk){0};
}

static void tables_told(struct station *t)
{
    for (size_t i = 0; i < t->all->tables_n && t->state == UP; i++)
        if (t->all->tables[i].up) put_table_end(t, &t->all->tables[i]);
    t->phase = t->all->rib_out ? PHASE_OUT : PHASE_LIVE;
    t->walk = (struct router_walk){0};
    t->walk_peer = 0;
}

static void walk_out(struct station *t)
{
    struct known *k = t->walk_peer < t->all->known_n ? &t->all->known[t->walk_peer] : NULL;
    if (k && k->up && router_walk_out(t->all->router, t->walk_peer, &t->walk, SLICE, visit_out, t))
        return;
    if (k && k->up && t->state == UP) put_end(t, k, BMP_ADJ_RIB_OUT);
    t->walk = (struct router_walk){0};
    if (++t->walk_peer >= t->all->known_n) t->phase = PHASE_LIVE;
}

static bool has_room_to_walk(const struct station *t)
{
    return t->state == UP && t->n < t->cap / 4;
}

static void walk(struct station *t)
{
    if (t->phase == PHASE_LIVE || !has_room_to_walk(t)) return;
    struct router *r = t->all->router;
    if (t->phase == PHASE_OUT) {
        walk_out(t);
        return;
    }
    bool in = t->phase == PHASE_IN;
    bool more = in ? router_walk_in(r, NO_REF, &t->walk, SLICE, visit_in, t)
                   : t->all->loc_rib && router_walk_best(r, NO_REF, &t->walk, SLICE, visit_best, t);
    send_packs(t);
    if (!more && in) in_told(t);
    else if (!more) tables_told(t);
}

static void put_table_statistics(struct station *t)
{
    for (domain_ref i = 0; i < t->all->tables_n && t->state == UP; i++) {
        uint64_t routes[2];
        if (!t->all->tables[i].up) continue;
        router_best_routes(t->all->router, i, routes);
        struct bmp_peer p = t->all->tables[i].peer;
        p.wall_us = clock_wall_us();
        struct writer w = room(t);
        bmp_table_statistics(&w, &p, routes[0], routes[1]);
        commit(t, &w);
    }
}

static void put_statistics(struct station *t)
{
    for (peer_ref p = 0; p < t->all->known_n && t->state == UP; p++) {
        struct router_session s;
        if (!t->all->known[p].up || !router_session_of(t->all->router, p, &s)) continue;
        const uint64_t values[BMP_STATISTICS_N] = {s.refused, s.treated_as_withdraw, s.received,
                                                   router_routes(t->all->router, s.domain_ref),
                                                   s.advertised};
        struct bmp_peer peer = stamped(&t->all->known[p]);
        struct writer w = room(t);
        bmp_statistics(&w, &peer, values);
        commit(t, &w);
    }
}

/* --- sockets --- */

static void connected(struct station *t, instant now)
{
    char at[60];
    int fault = tcp_error(t->watch.fd);
    if (fault) {
        hang_up(t, now, strerror(fault < 0 ? -fault : fault));
        return;
    }
    t->state = UP;
    t->connects++;
    t->cap = t->all->buffer;
    t->buf = malloc(t->cap);
    if (!t->buf) abort();
    t->from = t->n = 0;
    t->phase = PHASE_IN;
    t->walk = (struct router_walk){0};
    t->next = instant_after(now, duration_s(STATISTICS_S));
    t->last[0] = 0;
    log_line(LOG_LINE_INFO, "bmp-up", where(t, at), "connected");
    greet(t);
}

static void ready(struct watch *w, unsigned events, instant now)
{
    struct station *t = w->ctx;
    uint8_t nothing[512];
    if (t->state == CONNECTING) {
        connected(t, now);
        return;
    }
    if (events &
        (LOOP_READ | LOOP_LOST)) { /* it has nothing to say; what it says anyway is dropped */
        ssize_t n = recv(t->watch.fd, nothing, sizeof nothing, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            hang_up(t, now, n == 0 ? "it closed the connection" : strerror(errno));
            return;
        }
    }
    flush(t, now);
    if (t->state == UP && t->phase == PHASE_LIVE) t->retry_s = RETRY_FIRST_S;
}

void stations_opened(struct stations *s, uint32_t token, int fault, int fd, instant now)
{
    struct station *t = NULL;
    for (size_t i = 0; i < s->n; i++)
        if (s->list[i]->state == ASKED && s->list[i]->token == token) t = s->list[i];
    if (!t) {
        if (fd >= 0) close(fd);
        return;
    }
    if (fd < 0) {
        hang_up(t, now, strerror(fault));
        return;
    }
    t->state = CONNECTING;
    t->next = instant_after(now, duration_s(CONNECT_S));
    t->watch.ready = ready;
    t->watch.ctx = t;
    loop_watch(s->loop, &t->watch, fd, LOOP_WRITE);
}

/* --- the configuration --- */

static struct station *station_at(struct stations *s, const struct intent_endpoint *e)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->list[i]->at.port == e->port && addr_equal(&s->list[i]->at.addr, &e->addr))
            return s->list[i];
    return NULL;
}

static void goodbye(struct station *t)
{
    if (t->state == UP) {
        struct writer w = room(t);
        bmp_termination(&w, BMP_ENDS_ADMINISTRATIVELY);
        commit(t, &w);
    }
    if (t->state == UP) flush(t, clock_now());
    t->retry_s = RETRY_LAST_S; /* quietly */
    if (t->state != WAITING) hang_up(t, clock_now(), "not wanted any more");
}

static bool in_intent(const struct station *t, const struct intent *i)
{
    for (size_t k = 0; k < i->bmp.stations_n && k < MOST; k++)
        if (i->bmp.stations[k].port == t->at.port &&
            addr_equal(&i->bmp.stations[k].addr, &t->at.addr))
            return true;
    return false;
}

static void drop_others(struct stations *s, const struct intent *i, bool all)
{
    size_t kept = 0;
    for (size_t k = 0; k < s->n; k++) {
        struct station *t = s->list[k];
        if (!all && in_intent(t, i)) {
            s->list[kept++] = t;
            continue;
        }
        goodbye(t);
        free(t);
    }
    s->n = kept;
}

static void table_changes(struct stations *s, domain_ref ref, const struct intent_domain *d)
{
    struct told_table *k = &s->tables[ref];
    bool other = k->up && (!d || strcmp(d->name, k->name) != 0);
    for (size_t i = 0; other && i < s->n; i++)
        if (s->list[i]->state == UP) put_table_state(s->list[i], k, false);
    if (other) k->up = false;
    if (k->up || !d) return;
    *k = (struct told_table){.up = true, .peer = bmp_table_of(s->own_asn, s->own_id, ref + 1)};
    snprintf(k->name, sizeof k->name, "%s", d->name);
    for (size_t i = 0; i < s->n; i++) {
        struct station *t = s->list[i];
        if (t->state != UP) continue;
        put_table_state(t, k, true);
        if (t->phase == PHASE_IN) continue; /* tables come later anyway */
        t->phase = PHASE_TABLES;            /* what its networks brought before it was known */
        t->walk = (struct router_walk){0};
    }
}

/* Which domains have a table to tell of. */
static void follow_tables(struct stations *s)
{
    size_t n = s->loc_rib ? router_domains(s->router) : 0;
    if (n > s->tables_n) {
        s->tables = realloc(s->tables, n * sizeof *s->tables);
        if (!s->tables) abort();
        memset(s->tables + s->tables_n, 0, (n - s->tables_n) * sizeof *s->tables);
        s->tables_n = n;
    }
    for (domain_ref i = 0; i < s->tables_n; i++)
        table_changes(s, i, s->loc_rib ? router_domain(s->router, i) : NULL);
}

void stations_apply(struct stations *s, const struct intent *i, instant now)
{
    uint32_t buffer = i->bmp.buffer_kb << 10;
    bool other = s->rib_out != i->bmp.adj_rib_out || s->rib_in_pre != i->bmp.adj_rib_in_pre ||
                 s->loc_rib != i->bmp.loc_rib || s->buffer != buffer;
    s->rib_out = i->bmp.adj_rib_out;
    s->rib_in_pre = i->bmp.adj_rib_in_pre;
    s->loc_rib = i->bmp.loc_rib;
    s->own_asn = i->router.asn, s->own_id = i->router.id;
    s->buffer = buffer;
    snprintf(s->name, sizeof s->name, "%s", i->router.name);
    drop_others(s, i, other);
    follow_tables(s);
    for (size_t k = 0; k < i->bmp.stations_n && s->n < MOST; k++) {
        if (station_at(s, &i->bmp.stations[k])) continue;
        struct station *t = calloc(1, sizeof *t);
        if (!t) abort();
        *t = (struct station){
            .all = s, .at = i->bmp.stations[k], .next = now, .retry_s = RETRY_FIRST_S};
        s->list[s->n++] = t;
    }
}

/* --- events --- */

bool stations_any(const struct stations *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->list[i]->state == UP) return true;
    return false;
}

#define EACH_UP(t)                                                                                 \
    for (size_t i_ = 0; i_ < s->n; i_++)                                                           \
        for (struct station *t = s->list[i_]; t && t->state == UP; t = NULL)

void stations_up(struct stations *s, peer_ref peer, const struct router_session *session)
{
    const struct known *k = learn(s, peer, session);
    EACH_UP(t) put_up(t, k, session);
}

void stations_down(struct stations *s, peer_ref peer, enum bgp_down why, uint8_t code,
                   uint8_t subcode)
{
    struct known *k = known_at(s, peer);
    uint8_t note[64];
    struct writer n = writer_on(note, sizeof note);
    bgp_notification_encode(&n, code, subcode, (struct span){0});
    enum bmp_down reason = why == BGP_DOWN_NOTIFIED ? BMP_DOWN_REMOTE_NOTIFICATION
                           : why == BGP_DOWN_LOST   ? BMP_DOWN_REMOTE
                                                    : BMP_DOWN_LOCAL_NOTIFICATION;
    struct bmp_peer p = stamped(k);
    EACH_UP(t)
    {
        struct writer w = room(t);
        bmp_peer_down(&w, &p, reason, writer_span(&n), 0);
        commit(t, &w);
    }
    k->up = false;
}

void stations_sent(struct stations *s, peer_ref peer, struct span update)
{
    const struct known *k = known_at(s, peer);
    if (!s->rib_out || !k->up) return;
    struct bmp_peer p = stamped(k);
    EACH_UP(t)
    {
        struct writer w = room(t);
        bmp_update(&w, &p, BMP_ADJ_RIB_OUT, k->as4, update);
        commit(t, &w);
    }
}

/* One that counts as a withdrawal (RFC 7606) is told as one: a station need not read what was malformed. */
static void withdraw_all(struct stations *s, const struct bmp_peer *p, const struct bgp_nlri *list)
{
    struct cursor c = cursor_of(list->bytes);
    struct prefix prefix;
    uint32_t id;
    while (bgp_nlri_next(&c, list, &prefix, &id)) EACH_UP(t)
        {
            struct writer w = room(t);
            bmp_path(&w, p, BMP_ADJ_RIB_IN_PRE, &prefix, NULL);
            commit(t, &w);
        }
}

void stations_received(struct stations *s, peer_ref peer, const struct bgp_update *u)
{
    const struct known *k = known_at(s, peer);
    if (!s->rib_in_pre || !k->up) return;
    struct bmp_peer p = stamped(k);
    if (u->verdict == BGP_UPDATE_WITHDRAW) {
        for (size_t i = 0; i < u->withdrawn_n; i++) withdraw_all(s, &p, &u->withdrawn[i]);
        for (size_t i = 0; i < u->announced_n; i++) withdraw_all(s, &p, &u->announced[i]);
        return;
    }
    EACH_UP(t)
    {
        struct writer w = room(t);
        bmp_update(&w, &p, BMP_ADJ_RIB_IN_PRE, k->as4, u->message);
        commit(t, &w);
    }
}

void stations_best(struct stations *s, domain_ref domain, const struct prefix *prefix, const struct attrs *a)
{
    if (domain >= s->tables_n || !s->tables[domain].up) return;
    struct bmp_peer p = s->tables[domain].peer;
    p.wall_us = clock_wall_us();
    EACH_UP(t)
    {
        struct writer w = room(t);
        bmp_path(&w, &p, BMP_LOC_RIB, prefix, a);
        commit(t, &w);
    }
}

void stations_path(struct stations *s, peer_ref peer, const struct prefix *prefix,
                   const struct attrs *a)
{
    const struct known *k = known_at(s, peer);
    if (!k->up) return;
    struct bmp_peer p = stamped(k);
    EACH_UP(t)
    {
        struct writer w = room(t);
        bmp_path(&w, &p, BMP_ADJ_RIB_IN, prefix, a);
        commit(t, &w);
    }
}

/* --- time --- */

static void tick(struct station *t, instant now)
{
    walk(t);
    if (!instant_reached(t->next, now)) return;
    if (t->state == WAITING) {
        t->state = ASKED;
        t->token = ++t->all->last_token;
        t->next = instant_after(now, duration_s(CONNECT_S));
        t->all->ask(t->all->ctx, t->token, &t->at);
    } else if (t->state == UP) {
        put_statistics(t);
        put_table_statistics(t);
        t->next = instant_after(now, duration_s(STATISTICS_S));
    } else {
        hang_up(t, now, "no answer");
    }
}

void stations_tick(struct stations *s, instant now)
{
    for (size_t i = 0; i < s->n; i++) tick(s->list[i], now);
}

instant stations_next(const struct stations *s)
{
    instant next = NEVER;
    for (size_t i = 0; i < s->n; i++) {
        const struct station *t = s->list[i];
        next = instant_first(next, t->next);
        if (t->phase != PHASE_LIVE && has_room_to_walk(t)) next = (instant){0};
    }
    return next;
}

void stations_end(struct stations *s)
{
    for (size_t i = 0; i < s->n; i++) goodbye(s->list[i]);
}

void stations_show(const struct stations *s, struct text *out)
{
    static const char *const states[] = {"waiting", "waiting", "connecting", "up"};
    text_add(out, "\"stations\":[");
    for (size_t i = 0; i < s->n; i++) {
        const struct station *t = s->list[i];
        char a[ADDR_TEXT_MAX], name[60];
        text_addf(
            out,
            "%s{\"name\":\"%s\",\"address\":\"%s\",\"port\":%u,\"state\":\"%s\",\"complete\":%s,\"connects\":%llu,"
            "\"overruns\":%llu,\"messages\":%llu,\"bytes\":%llu,\"buffered\":%zu",
            i ? "," : "", where(t, name), addr_text(&t->at.addr, a), t->at.port, states[t->state],
            t->state == UP && t->phase == PHASE_LIVE ? "true" : "false",
            (unsigned long long)t->connects, (unsigned long long)t->overruns,
            (unsigned long long)t->messages, (unsigned long long)t->bytes, t->n);
        json_put_key(out, "last_error", t->last);
        text_add(out, "}");
    }
    text_add(out, "]");
}
