/* router/router.c - facts come in, sessions answer with effects, effects move tables and the sink.
 * Owns the router object; every call into a session goes through with_session, so that its effects
 * are dealt with in one place and in order. RFC 4271 8 (through proto), RFC 4724 (helper), RFC 5882
 * (BFD), RB-037, RB-082..084, RB-091. */
#include "router/router_priv.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FX_CEILING = 48 << 20,
    INPUT_SLICE = 64 << 10, /* what one turn of a session decodes at most */
    HELPER_MOST_S = 120,    /* RB-082 */
    SWEEP_S = 360,          /* RB-083 */
    EOR_PATIENCE_S = 15,    /* for neighbours that never send End-of-RIB */
};

/* --- small things --- */

struct peer *peer_at(const struct router *r, peer_ref ref)
{
    return ref < r->peers_n && r->peers[ref]->used ? r->peers[ref] : NULL;
}

struct domain *domain_at(const struct router *r, domain_ref ref)
{
    return ref < r->domains_n && r->domains[ref]->used ? r->domains[ref] : NULL;
}

void say(struct router *r, domain_ref d, peer_ref p, const char *name, const char *fmt, ...)
{
    if (!r->sink.event) return;
    char buf[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(buf, sizeof buf, fmt, args);
    va_end(args);
    r->sink.event(r->sink.ctx, d, p, name, buf);
}

struct router *router_new(const struct router_sink *sink, const struct hash_key *key, uint32_t seed)
{
    struct router *r = calloc(1, sizeof *r);
    if (!r) abort();
    r->sink = *sink;
    r->key = *key;
    r->seed = seed;
    rib_init(&r->rib, key);
    arena_init(&r->scratch, 1 << 20);
    for (size_t i = 0; i < ARRAY_LEN(r->fx); i++) bgp_effects_init(&r->fx[i], FX_CEILING);
    return r;
}

void router_free(struct router *r)
{
    if (!r) return;
    for (peer_ref i = 0; i < r->peers_n; i++) {
        if (r->peers[i]->used) {
            export_close(r, i);
            bgp_free(r->peers[i]->session);
            faults_drop(&r->peers[i]->faults);
            for (size_t c = 0; c < BGP_CONNS; c++) {
                open_forget(&r->peers[i]->open_sent[c]);
                open_forget(&r->peers[i]->open_got[c]);
            }
        }
        free(r->peers[i]);
    }
    for (size_t d = 0; d < r->domains_n; d++) {
        if (r->domains[d]->used)
            for (size_t f = 0; f < FAMILIES; f++) {
                for (size_t g = 0; g < GROUPS; g++) journal_drop(&r->domains[d]->journals[f][g]);
                table_drop(&r->domains[d]->tables[f]);
                path_ids_drop(&r->domains[d]->path_ids[f]);
            }
        free(r->domains[d]->dark);
        free(r->domains[d]);
    }
    free(r->peers);
    free(r->domains);
    while (r->copies) {
        struct intent_copy *c = r->copies;
        r->copies = c->older;
        arena_drop(&c->arena);
        free(c);
    }
    for (size_t i = 0; i < ARRAY_LEN(r->fx); i++) bgp_effects_drop(&r->fx[i]);
    arena_drop(&r->scratch);
    encoded_drop(&r->encoded);
    rib_drop(&r->rib);
    rov_free(r->vrps);
    rov_free(r->vrps_next);
    free(r);
}

void router_restarting(struct router *r) { r->restarting = true; }

/* --- BFD --- */

static bool bfd_same(const struct intent_bfd *a, const struct intent_bfd *b)
{
    return a->on == b->on && (!a->on || (a->min_tx_us == b->min_tx_us &&
                                         a->min_rx_us == b->min_rx_us && a->mult == b->mult));
}

void peer_bfd_apply(struct router *r, peer_ref ref)
{
    struct peer *p = r->peers[ref];
    struct intent_bfd want = p->conf->bfd;
    if (p->leaving || p->conf->admin_down) want.on = false;
    if (bfd_same(&want, &p->bfd_conf)) return;
    if (want.on && p->bfd_conf.on) {
        p->bfd_conf = want;
        r->sink.bfd_change(r->sink.ctx, ref, &want);
        return;
    }
    if (p->bfd_conf.on && r->sink.bfd_stop) r->sink.bfd_stop(r->sink.ctx, ref);
    p->bfd_conf = want;
    p->bfd = want.on ? BFD_DOWN_STATE : BFD_OFF;
    if (want.on && r->sink.bfd_start) r->sink.bfd_start(r->sink.ctx, ref, &p->conf->bfd);
}

/* --- effects of sessions --- */

static struct bgp_effects *effects_begin(struct router *r)
{
    assert(r->depth < ARRAY_LEN(r->fx));
    return &r->fx[r->depth++];
}

static void effects_end(struct router *r, peer_ref ref, struct bgp_effects *fx, instant now);

static void session_up(struct router *r, peer_ref ref, instant now)
{
    struct peer *p = r->peers[ref];
    struct bgp_view v = bgp_view(p->session);
    p->up = true;
    p->up_since = now;
    p->families = v.families;
    p->add_path_out = v.add_path_send;
    p->caps = v.peer;
    p->eor_got = p->eor_sent = 0;
    p->eor_awaited = true;
    p->refresh_wanted = p->refresh_begin = p->refresh_end = 0;
    p->level[0] = p->level[1] = LIMIT_FINE;
    for (size_t lane = 0; lane < p->lanes_n; lane++)
        r->rib.sources[source_of(ref, lane)].router_id = v.peer_id;
    /* RFC 4724 4.2: without the forwarding bit a family's old routes are worth nothing. */
    uint32_t kept = p->stale & v.families & v.peer.restart_families & v.peer.forwarding_families;
    for (size_t f = 0; f < FAMILIES; f++)
        if (p->stale & ~kept & family_bit(f)) import_drop(r, ref, f, true);
    p->stale = kept;
    p->stale_until = kept ? instant_after(now, duration_s(SWEEP_S)) : NEVER;
    export_open(r, ref);
    struct router_session session;
    if (r->tap.up && router_session_of(r, ref, &session)) r->tap.up(r->tap.ctx, ref, &session);
    char addr[ADDR_TEXT_MAX];
    say(r, p->domain, ref, "session-up", "%s AS %u, hold time %u s",
        addr_text(&p->conf->address, addr), p->conf->asn, v.hold_s);
}

/* Keeps the routes of a neighbour that only lost its connection and promised to come back. */
static bool helps(struct router *r, struct peer *p, bool graceful, instant now)
{
    uint32_t families = p->families & p->caps.restart_families;
    if (!graceful || p->leaving || !families || !p->caps.restart_s) return false;
    int64_t s = p->caps.restart_s < HELPER_MOST_S ? p->caps.restart_s : HELPER_MOST_S;
    p->stale = families;
    p->stale_until = instant_after(now, duration_s(s));
    for (size_t f = 0; f < FAMILIES; f++)
        if (families & family_bit(f)) import_mark_stale(r, source_peer(p->source), f);
    return true;
}

static void session_down(struct router *r, peer_ref ref, const struct bgp_effect *e, instant now)
{
    struct peer *p = r->peers[ref];
    bool was_up = p->up;
    if (was_up && r->tap.down)
        r->tap.down(r->tap.ctx, ref, e->down.why, e->down.code, e->down.subcode);
    p->up = false;
    p->signalled = false;
    p->retelling = 0;
    p->retelling_until = NEVER;
    export_close(r, ref);
    if (was_up) {
        bool kept = helps(r, p, e->down.graceful, now);
        for (size_t f = 0; f < FAMILIES; f++)
            if (!kept || !(p->stale & family_bit(f))) import_drop(r, ref, f, false);
        if (kept) say(r, p->domain, ref, "restart-helper", "routes kept while the neighbour restarts");
    }
    char addr[ADDR_TEXT_MAX];
    const char *name = was_up ? "session-down" : "session-failed";
    say(r, p->domain, ref, name, "%s: %s (%u/%u)", addr_text(&p->conf->address, addr),
        e->down.text ? e->down.text : "", e->down.code, e->down.subcode);
}

/* RFC 7313: what is not said again between begin and end is gone; an end that does not come is
 * waited for no longer than a restart, and an end without its beginning means nothing. Between a
 * restart and its End-of-RIB the old routes are stale for another reason. */
static void retell(struct router *r, peer_ref ref, uint32_t family, bool begins, instant now)
{
    struct peer *p = r->peers[ref];
    size_t f = family_slot((enum bgp_family)family);
    if (begins) {
        if (p->stale & family) return;
        import_mark_stale(r, ref, f);
        p->retelling |= family;
        p->retelling_until = instant_after(now, duration_s(SWEEP_S));
        return;
    }
    if (!(p->retelling & family)) return;
    p->retelling &= ~family;
    if (!p->retelling) p->retelling_until = NEVER;
    import_drop(r, ref, f, true);
}

static void refresh_asked(struct router *r, peer_ref ref, const struct bgp_refresh *q, instant now)
{
    struct peer *p = r->peers[ref];
    if (!p->up || !(q->family & p->families)) return;
    if (q->kind == BGP_REFRESH_REQUEST) export_again(r, ref, q->family, true);
    else retell(r, ref, q->family, q->kind == BGP_REFRESH_BEGIN, now);
}

static void effect(struct router *r, peer_ref ref, const struct bgp_effect *e, instant now)
{
    struct peer *p = r->peers[ref];
    void *ctx = r->sink.ctx;
    switch (e->kind) {
    case BGP_FX_OPEN: r->sink.connect(ctx, ref); break;
    case BGP_FX_CLOSE: r->sink.close(ctx, ref, e->conn); break;
    case BGP_FX_WRITE: r->sink.writable(ctx, ref, e->conn); break;
    case BGP_FX_STATE:
        if (r->tap.state) r->tap.state(r->tap.ctx, ref, e->state.from, e->state.to);
        say(r, p->domain, ref, "state", "%s -> %s", bgp_state_name(e->state.from),
            bgp_state_name(e->state.to));
        break;
    case BGP_FX_UP: session_up(r, ref, now); break;
    case BGP_FX_UPDATE:
        if (p->up) import_update(r, ref, e->update, now);
        break;
    case BGP_FX_REFRESH: refresh_asked(r, ref, &e->refresh, now); break;
    case BGP_FX_DOWN: session_down(r, ref, e, now); break;
    }
}

static void effects_end(struct router *r, peer_ref ref, struct bgp_effects *fx, instant now)
{
    for (size_t i = 0; i < fx->n; i++) {
        struct bgp_effect e = fx->list[i];
        effect(r, ref, &e, now);
    }
    bgp_effects_clear(fx);
    r->depth--;
}

void peer_start(struct router *r, peer_ref ref, instant now)
{
    struct peer *p = r->peers[ref];
    if (p->leaving || p->conf->admin_down || p->limited) return;
    struct bgp_effects *fx = effects_begin(r);
    bgp_start(p->session, now, fx);
    effects_end(r, ref, fx, now);
}

void peer_stop(struct router *r, peer_ref ref, uint8_t subcode, struct span data, bool again,
               instant now)
{
    struct bgp_effects *fx = effects_begin(r);
    bgp_stop(r->peers[ref]->session, 6, subcode, data, again, now, fx);
    effects_end(r, ref, fx, now);
}

/* An end that the operator explains (RFC 9003): a length octet, then UTF-8. */
static void peer_stop_saying(struct router *r, peer_ref ref, uint8_t subcode, const char *words, bool again,
                             instant now)
{
    uint8_t data[1 + UINT8_MAX];
    size_t n = strlen(words) < UINT8_MAX ? strlen(words) : UINT8_MAX;
    data[0] = (uint8_t)n;
    memcpy(data + 1, words, n);
    peer_stop(r, ref, subcode, span_of(data, n ? n + 1 : 0), again, now);
}

void peer_shutdown(struct router *r, peer_ref ref, instant now)
{
    peer_stop_saying(r, ref, 2, r->peers[ref]->conf->admin_text, false, now);
}

/* --- what an operator asks --- */

static peer_ref peer_named(const struct router *r, const char *name)
{
    for (peer_ref i = 0; i < r->peers_n; i++)
        if (r->peers[i]->used && !r->peers[i]->leaving && strcmp(r->peers[i]->conf->name, name) == 0) return i;
    return NO_REF;
}

bool router_reset(struct router *r, const char *name, const char *words, instant now)
{
    peer_ref ref = peer_named(r, name);
    if (ref == NO_REF) return false;
    struct peer *p = r->peers[ref];
    say(r, p->domain, ref, "session-reset", "by an operator");
    if (p->limited) {
        p->limited = false;
        p->limit_times = 0;
        peer_start(r, ref, now);
    } else if (!p->conf->admin_down) {
        peer_stop_saying(r, ref, 4, words, true, now);
    }
    signal_writers(r);
    return true;
}

bool router_refresh(struct router *r, const char *name)
{
    peer_ref ref = peer_named(r, name);
    if (ref == NO_REF) return false;
    struct peer *p = r->peers[ref];
    if (!p->up || !bgp_view(p->session).refresh) return true;
    p->refresh_wanted |= p->families;
    r->domains[p->domain]->noted[0][group_of(p)] = r->domains[p->domain]->any_noted = true;
    signal_writers(r);
    return true;
}

/* --- facts --- */

static void opens_begin(struct peer *p, enum bgp_conn conn)
{
    open_forget(&p->open_sent[conn]);
    open_forget(&p->open_got[conn]);
}

static bool is_from(const struct peer *p, domain_ref domain, const struct addr *remote,
                    const struct addr *local)
{
    if (!p->used || p->leaving || !addr_equal(&p->conf->address, remote)) return false;
    if (domain != NO_REF && p->domain != domain) return false;
    return addr_is_none(&p->conf->local) || !local || addr_equal(&p->conf->local, local);
}

peer_ref router_accept(struct router *r, domain_ref domain, const struct addr *remote,
                       const struct addr *local, instant now)
{
    for (peer_ref i = 0; i < r->peers_n; i++) {
        struct peer *p = r->peers[i];
        if (!is_from(p, domain, remote, local)) continue;
        if (p->limited || p->conf->admin_down) return NO_REF;
        struct bgp_effects *fx = effects_begin(r);
        bool wanted = bgp_accepted(p->session, now, fx);
        if (wanted && local) p->local = *local;
        if (wanted) opens_begin(p, BGP_IN);
        effects_end(r, i, fx, now);
        signal_writers(r);
        return wanted ? i : NO_REF;
    }
    return NO_REF;
}

void router_local(struct router *r, peer_ref ref, const struct addr *local)
{
    struct peer *p = peer_at(r, ref);
    if (p) *(local->family == p->conf->address.family ? &p->local : &p->other) = *local;
}

void router_connected(struct router *r, peer_ref ref, enum bgp_conn conn, instant now)
{
    struct peer *p = peer_at(r, ref);
    if (!p) return;
    if (conn == BGP_OUT) opens_begin(p, BGP_OUT);
    struct bgp_effects *fx = effects_begin(r);
    bgp_connected(p->session, conn, now, fx);
    effects_end(r, ref, fx, now);
    signal_writers(r);
}

void router_input(struct router *r, peer_ref ref, enum bgp_conn conn, struct span bytes, instant now)
{
    struct peer *p = peer_at(r, ref);
    if (p) open_keep(&p->open_got[conn], bytes);
    while (p && bytes.n) {
        size_t n = bytes.n < INPUT_SLICE ? bytes.n : INPUT_SLICE;
        struct bgp_effects *fx = effects_begin(r);
        bgp_input(p->session, conn, span_of(bytes.p, n), now, fx);
        effects_end(r, ref, fx, now);
        bytes = span_of(bytes.p + n, bytes.n - n);
    }
    signal_writers(r);
}

void router_lost(struct router *r, peer_ref ref, enum bgp_conn conn, instant now)
{
    struct peer *p = peer_at(r, ref);
    if (!p) return;
    struct bgp_effects *fx = effects_begin(r);
    bgp_lost(p->session, conn, now, fx);
    effects_end(r, ref, fx, now);
    signal_writers(r);
}

void router_blocked(struct router *r, peer_ref ref, bool blocked, instant now)
{
    struct peer *p = peer_at(r, ref);
    if (p) bgp_blocked(p->session, blocked, now);
}

/* RFC 5882 4.1: down counts only after up; a neighbour that does not speak BFD is left in peace. */
void router_bfd(struct router *r, peer_ref ref, bool up, instant now)
{
    struct peer *p = peer_at(r, ref);
    if (!p || !p->bfd_conf.on) return;
    bool was_up = p->bfd == BFD_UP_STATE;
    p->bfd = up ? BFD_UP_STATE : BFD_DOWN_STATE;
    if (up != was_up) say(r, p->domain, ref, up ? "bfd-up" : "bfd-down", "%s", p->conf->name);
    if (!up && was_up && p->up) peer_stop(r, ref, 10, (struct span){0}, true, now);
    signal_writers(r);
}

/* RFC 5882 4.3.2: a neighbour whose BFD shares the fate of its control plane and that agreed to restart
 * gracefully may be restarting: its routes stay as after a lost connection (RB-082). Only where the operator
 * wants it, because a dead link looks the same, and waiting for it is no fast failover. */
void router_bfd_lost(struct router *r, peer_ref ref, bool independent, instant now)
{
    struct peer *p = peer_at(r, ref);
    bool restarts = p && p->up && p->bfd == BFD_UP_STATE && p->conf->bfd.check_control_plane && !independent &&
                    p->caps.restart_s && (p->families & p->caps.restart_families);
    if (!restarts) {
        router_bfd(r, ref, false, now);
        return;
    }
    enum bgp_conn conn = bgp_view(p->session).conn;
    p->bfd = BFD_DOWN_STATE;
    say(r, p->domain, ref, "bfd-down", "%s: its control plane may be restarting", p->conf->name);
    r->sink.close(r->sink.ctx, ref, conn);
    router_lost(r, ref, conn, now);
}

void router_bfd_off(struct router *r, peer_ref ref)
{
    struct peer *p = peer_at(r, ref);
    if (!p || !p->bfd_conf.on) return;
    p->bfd = BFD_DOWN_STATE;
    say(r, p->domain, ref, "bfd-off", "%s switched BFD off, BGP goes on", p->conf->name);
}

/* --- time --- */

static void free_peer(struct router *r, peer_ref ref)
{
    struct peer *p = r->peers[ref];
    export_close(r, ref);
    for (size_t f = 0; f < FAMILIES; f++)
        if (r->domains[p->domain]->used) import_drop(r, ref, f, false);
    bgp_free(p->session);
    opens_begin(p, BGP_OUT);
    opens_begin(p, BGP_IN);
    *p = (struct peer){0};
}

void free_old_copies(struct router *r)
{
    for (size_t i = 0; i < r->peers_n; i++)
        if (r->peers[i]->used && r->peers[i]->leaving) return;
    if (!r->copies) return;
    while (r->copies->older) {
        struct intent_copy *c = r->copies->older;
        r->copies->older = c->older;
        arena_drop(&c->arena);
        free(c);
    }
}

static void peer_timers(struct router *r, peer_ref ref, instant now)
{
    struct peer *p = r->peers[ref];
    if (instant_reached(bgp_next(p->session), now)) {
        struct bgp_effects *fx = effects_begin(r);
        bgp_tick(p->session, now, fx);
        effects_end(r, ref, fx, now);
    }
    if (p->limited && instant_reached(p->limited_until, now)) {
        p->limited = false;
        say(r, p->domain, ref, "prefix-limit-restart", "%s", p->conf->name);
        peer_start(r, ref, now);
    }
    if (p->stale && instant_reached(p->stale_until, now)) {
        for (size_t f = 0; f < FAMILIES; f++)
            if (p->stale & family_bit(f)) import_drop(r, ref, f, true);
        p->stale = 0;
        p->stale_until = NEVER;
    }
    if (p->retelling && instant_reached(p->retelling_until, now))
        for (size_t f = 0; f < FAMILIES; f++) retell(r, ref, family_bit(f), false, now);
    if (p->leaving && instant_reached(p->leaving_until, now)) {
        free_peer(r, ref);
        free_old_copies(r);
    }
}

static bool told_everything(const struct peer *p, instant now)
{
    if (p->conf->admin_down || p->limited) return true;
    if (!p->up) return false;
    if ((p->eor_got & p->families) == p->families) return true;
    if (p->caps.restarting) return true; /* it waits for us: RFC 4724 4.1 */
    return instant_reached(instant_after(p->up_since, duration_s(EOR_PATIENCE_S)), now);
}

static void settled(struct router *r, domain_ref ref, bool whole)
{
    struct domain *d = r->domains[ref];
    d->settled = true;
    say(r, ref, NO_REF, "routes-settled", "%s",
        whole ? "every neighbour told its routes" : "waited long enough");
    if (r->sink.routes_settled) r->sink.routes_settled(r->sink.ctx, ref);
    for (size_t i = 0; i < r->peers_n; i++) { /* End-of-RIB may have been held back until now */
        const struct peer *p = r->peers[i];
        if (p->used && p->up && p->domain == ref)
            d->any_noted = d->noted[0][group_of(p)] = true;
    }
}

void settle_domains(struct router *r, instant now)
{
    bool any = false;
    for (size_t d = 0; d < r->domains_n; d++) {
        r->domains[d]->waiting = false;
        any = any || (r->domains[d]->used && !r->domains[d]->settled);
    }
    if (!any) return;
    for (size_t i = 0; i < r->peers_n; i++) {
        struct peer *p = r->peers[i];
        if (!p->used || p->leaving || r->domains[p->domain]->settled) continue;
        if (told_everything(p, now)) p->eor_awaited = false;
        else r->domains[p->domain]->waiting = true;
    }
    for (domain_ref i = 0; i < r->domains_n; i++) {
        struct domain *d = r->domains[i];
        if (!d->used || d->settled) continue;
        if (!d->waiting || instant_reached(d->settle_until, now)) settled(r, i, !d->waiting);
    }
}

void router_tick(struct router *r, instant now)
{
    for (peer_ref i = 0; i < r->peers_n; i++)
        if (r->peers[i]->used) peer_timers(r, i, now);
    settle_domains(r, now);
    judge_slice(r, now);
    signal_writers(r);
}

instant router_next(const struct router *r)
{
    instant next = r->judging.on ? r->judging.due : NEVER;
    for (size_t i = 0; i < r->peers_n; i++) {
        const struct peer *p = r->peers[i];
        if (!p->used) continue;
        next = instant_first(next, bgp_next(p->session));
        if (p->limited) next = instant_first(next, p->limited_until);
        if (p->stale) next = instant_first(next, p->stale_until);
        if (p->retelling) next = instant_first(next, p->retelling_until);
        if (p->leaving) next = instant_first(next, p->leaving_until);
        if (p->up && p->eor_awaited && !r->domains[p->domain]->settled)
            next = instant_first(next, instant_after(p->up_since, duration_s(EOR_PATIENCE_S)));
    }
    for (size_t d = 0; d < r->domains_n; d++)
        if (r->domains[d]->used && !r->domains[d]->settled)
            next = instant_first(next, r->domains[d]->settle_until);
    return next;
}

void router_shutdown(struct router *r, instant now)
{
    for (peer_ref i = 0; i < r->peers_n; i++)
        if (r->peers[i]->used && !r->peers[i]->leaving)
            peer_shutdown(r, i, now);
    signal_writers(r);
}

/* --- output --- */

/* Tells the sink about every neighbour that has something new to read, once until it read it all. */
void signal_writers(struct router *r)
{
    for (size_t di = 0; di < r->domains_n; di++) {
        struct domain *d = r->domains[di];
        if (!d->used || !d->any_noted) continue;
        d->any_noted = false;
        for (peer_ref i = 0; i < r->peers_n; i++) {
            struct peer *p = r->peers[i];
            if (!p->used || !p->up || p->signalled || p->domain != di) continue;
            size_t g = group_of(p);
            if (!d->noted[0][g] && !d->noted[1][g]) continue;
            p->signalled = true;
            r->sink.writable(r->sink.ctx, i, bgp_view(p->session).conn);
        }
        memset(d->noted, 0, sizeof d->noted);
    }
}

size_t router_pull(struct router *r, peer_ref ref, enum bgp_conn conn, uint8_t *buf, size_t room,
                   instant now)
{
    struct peer *p = peer_at(r, ref);
    if (!p) return 0;
    size_t n = bgp_pull(p->session, conn, buf, room), control = n;
    open_keep(&p->open_sent[conn], span_of(buf, n));
    if (!p->up || bgp_view(p->session).conn != conn) return n;
    size_t messages = 0;
    n += export_write(r, ref, buf + n, room - n, &messages);
    if (messages) tap_sent(r, ref, span_of(buf + control, n - control));
    if (messages) bgp_sent(p->session, conn, messages, now);
    if (n == 0) p->signalled = false;
    return n;
}

/* --- questions --- */

const struct intent_peer *router_peer(const struct router *r, peer_ref ref)
{
    const struct peer *p = peer_at(r, ref);
    return p ? p->conf : NULL;
}

const struct intent_domain *router_peer_domain(const struct router *r, peer_ref ref)
{
    const struct peer *p = peer_at(r, ref);
    return p ? router_domain(r, p->domain) : NULL;
}

const struct intent *router_intent(const struct router *r) { return running(r); }

const struct intent_domain *router_domain(const struct router *r, domain_ref ref)
{
    const struct domain *d = domain_at(r, ref);
    return d ? d->conf : NULL;
}

domain_ref router_peer_domain_ref(const struct router *r, peer_ref ref)
{
    const struct peer *p = peer_at(r, ref);
    return p ? p->domain : NO_REF;
}
