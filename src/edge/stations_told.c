/* edge/stations_told.c - what stations are told: sessions, paths and tables as they change, and by a walk over the
 * tables the whole of it, many prefixes with equal attributes in a message. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "edge/stations_priv.h"
#include "sys/loop.h"

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
                                .rd_number = s->number_from + session->domain_ref,
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
    struct writer w = station_room(t);
    bmp_peer_up(&w, &p,
                &(struct bmp_up){.local = session->local,
                                 .open_sent = session->open_sent,
                                 .open_received = session->open_received,
                                 .name = session->name});
    station_commit(t, &w);
}

static void put_table_end(struct station *t, const struct told_table *k)
{
    struct bmp_peer p = k->peer;
    p.wall_us = clock_wall_us();
    for (int six = 0; six < 2 && t->state == UP; six++) {
        struct writer w = station_room(t);
        bmp_end_of_rib(&w, &p, BMP_LOC_RIB, six);
        station_commit(t, &w);
    }
}

static void put_table_state(struct station *t, const struct told_table *k, bool up)
{
    struct bmp_peer p = k->peer;
    p.wall_us = clock_wall_us();
    struct writer w = station_room(t);
    if (up)
        bmp_table_up(&w, &p, k->name);
    else
        bmp_table_down(&w, &p, k->name);
    station_commit(t, &w);
}

static void put_end(struct station *t, const struct known *k, enum bmp_view view)
{
    struct bmp_peer p = stamped(k);
    for (int six = 0; six < 2 && t->state == UP; six++) {
        if (!(k->families & (six ? BGP_IPV6_UNICAST : BGP_IPV4_UNICAST))) continue;
        struct writer w = station_room(t);
        bmp_end_of_rib(&w, &p, view, six);
        station_commit(t, &w);
    }
}

/* --- the whole picture --- */

void station_greet(struct station *t)
{
    struct stations *s = t->all;
    struct writer w = station_room(t);
    bmp_initiation(&w, s->name, "Fairlead edge router");
    station_commit(t, &w);
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
    struct writer w = station_room(t);
    bmp_paths(&w, &k->peer, k->view, k->prefixes, n, &k->attrs);
    station_commit(t, &w);
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
    struct writer w = station_room(t);
    bmp_path(&w, &p, BMP_ADJ_RIB_OUT, &seen->prefix, seen->attrs);
    station_commit(t, &w);
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

bool station_may_walk(const struct station *t)
{
    return t->state == UP && t->n < t->cap / 4;
}

void station_walk(struct station *t)
{
    if (t->phase == PHASE_LIVE || !station_may_walk(t)) return;
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
        struct writer w = station_room(t);
        bmp_table_statistics(&w, &p, routes[0], routes[1]);
        station_commit(t, &w);
    }
}

static void put_peer_statistics(struct station *t)
{
    for (peer_ref p = 0; p < t->all->known_n && t->state == UP; p++) {
        struct router_session s;
        if (!t->all->known[p].up || !router_session_of(t->all->router, p, &s)) continue;
        const uint64_t values[BMP_STATISTICS_N] = {s.refused, s.treated_as_withdraw, s.received,
                                                   router_routes(t->all->router, s.domain_ref),
                                                   s.advertised};
        struct bmp_peer peer = stamped(&t->all->known[p]);
        struct writer w = station_room(t);
        bmp_statistics(&w, &peer, values);
        station_commit(t, &w);
    }
}

void station_statistics(struct station *t)
{
    put_peer_statistics(t);
    put_table_statistics(t);
}

static void table_changes(struct stations *s, domain_ref ref, const struct intent_domain *d)
{
    struct told_table *k = &s->tables[ref];
    bool other = k->up && (!d || strcmp(d->name, k->name) != 0);
    for (size_t i = 0; other && i < s->n; i++)
        if (s->list[i]->state == UP) put_table_state(s->list[i], k, false);
    if (other) k->up = false;
    if (k->up || !d) return;
    *k = (struct told_table){.up = true, .peer = bmp_table_of(s->own_asn, s->own_id, s->number_from + ref)};
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
void stations_follow_tables(struct stations *s)
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
        struct writer w = station_room(t);
        bmp_peer_down(&w, &p, reason, writer_span(&n), 0);
        station_commit(t, &w);
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
        struct writer w = station_room(t);
        bmp_update(&w, &p, BMP_ADJ_RIB_OUT, k->as4, update);
        station_commit(t, &w);
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
            struct writer w = station_room(t);
            bmp_path(&w, p, BMP_ADJ_RIB_IN_PRE, &prefix, NULL);
            station_commit(t, &w);
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
        struct writer w = station_room(t);
        bmp_update(&w, &p, BMP_ADJ_RIB_IN_PRE, k->as4, u->message);
        station_commit(t, &w);
    }
}

void stations_best(struct stations *s, domain_ref domain, const struct prefix *prefix, const struct attrs *a)
{
    if (domain >= s->tables_n || !s->tables[domain].up) return;
    struct bmp_peer p = s->tables[domain].peer;
    p.wall_us = clock_wall_us();
    EACH_UP(t)
    {
        struct writer w = station_room(t);
        bmp_path(&w, &p, BMP_LOC_RIB, prefix, a);
        station_commit(t, &w);
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
        struct writer w = station_room(t);
        bmp_path(&w, &p, BMP_ADJ_RIB_IN, prefix, a);
        station_commit(t, &w);
    }
}
