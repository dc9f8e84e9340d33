/* See scenario.h. The sink only takes notes; the stage acts on them afterwards, because a router's
 * sink must not call back into it. Far ends live at 192.0.2.10, .11, ... and 2001:db8::10, ... */
#include "scenario.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "intent/intent_json.h"

enum { BEGUN_S = 1000, ARENA = 4 << 20 };

static void add_item(struct item ***last, struct item *it)
{
    **last = it;
    *last = &it->next;
}

static struct item *item_new(const struct stage *s, char *words)
{
    struct item *it = calloc(1, sizeof *it);
    if (!it) abort();
    it->at = s->now;
    it->words = words;
    return it;
}

static char *copy(const char *t)
{
    char *c = malloc(strlen(t) + 1);
    if (!c) abort();
    return strcpy(c, t);
}

void items_free(struct item *first)
{
    while (first) {
        struct item *next = first->next;
        free(first->words);
        free(first->raw);
        free(first);
        first = next;
    }
}

struct far *stage_far(struct stage *s, const char *name)
{
    for (size_t i = 0; i < s->fars_n; i++)
        if (strcmp(s->fars[i].name, name) == 0) return &s->fars[i];
    return NULL;
}

static struct far *far_of(struct stage *s, peer_ref ref)
{
    const struct intent_peer *p = router_peer(s->r, ref);
    return p ? stage_far(s, p->name) : NULL;
}

/* --- the sink --- */

static void note(struct stage *s, peer_ref ref, enum bgp_conn conn, const char *what, bool quiet)
{
    struct far *f = far_of(s, ref);
    if (!f) return;
    struct item *it = item_new(s, copy(what));
    it->conn = conn;
    it->quiet = quiet;
    add_item(&f->last, it);
}

static void on_connect(void *ctx, peer_ref ref)
{
    struct stage *s = ctx;
    struct far *f = far_of(s, ref);
    if (f) f->ref = ref;
    note(s, ref, BGP_OUT, "connect", !s->show_connects);
}

static void on_close(void *ctx, peer_ref ref, enum bgp_conn conn)
{
    struct stage *s = ctx;
    s->pipes[ref][conn].closing = true;
}

static void on_writable(void *ctx, peer_ref ref, enum bgp_conn conn)
{
    ((struct stage *)ctx)->pipes[ref][conn].pull = true;
}

struct kernel_route *stage_kernel(struct stage *s, const struct prefix *p)
{
    for (size_t i = 0; i < s->kernel_n; i++)
        if (prefix_equal(&s->kernel[i].prefix, p)) return &s->kernel[i];
    return NULL;
}

static void on_route(void *ctx, const struct route_change *c)
{
    struct stage *s = ctx;
    struct kernel_route *k = stage_kernel(s, &c->prefix);
    if (c->next_hops_n == 0) {
        if (k) *k = s->kernel[--s->kernel_n];
        return;
    }
    if (!k && s->kernel_n == KERNEL_ROUTES) return;
    if (!k) k = &s->kernel[s->kernel_n++];
    k->prefix = c->prefix;
    k->hops_n = c->next_hops_n;
    memcpy(k->hops, c->next_hops, sizeof k->hops);
}

static void on_event(void *ctx, domain_ref domain, peer_ref ref, const char *name, const char *text)
{
    struct stage *s = ctx;
    struct text t = {0};
    const struct intent_peer *p = s->r ? router_peer(s->r, ref) : NULL;
    (void)domain;
    text_addf(&t, "%s %s %s", name, p ? p->name : "-", text);
    add_item(&s->last_event, item_new(s, copy(text_get(&t))));
    text_drop(&t);
}

/* A process that took over sweeps what the kernel still holds of the one before. */
static void on_settled(void *ctx, domain_ref domain)
{
    on_event(ctx, domain, NO_REF, "sweep", "");
}

static void on_bfd_start(void *ctx, peer_ref ref, const struct intent_bfd *c)
{
    struct stage *s = ctx;
    struct far *f = far_of(s, ref);
    if (!f) return;
    f->ref = ref;
    f->bfd_on = true;
    bfd_init(&f->bfd, &(struct bfd_conf){.local_discr = 100 + f->number, .min_tx_us = c->min_tx_us,
                                         .min_rx_us = c->min_rx_us, .mult = c->mult,
                                         .jitter_seed = f->number + 1}, s->now);
}

static void on_bfd_change(void *ctx, peer_ref ref, const struct intent_bfd *c)
{
    struct stage *s = ctx;
    struct far *f = far_of(s, ref);
    if (!f) return;
    struct bfd_conf conf = f->bfd.conf;
    conf.min_tx_us = c->min_tx_us, conf.min_rx_us = c->min_rx_us, conf.mult = c->mult;
    bfd_reconfigure(&f->bfd, &conf, s->now);
}

static void on_bfd_stop(void *ctx, peer_ref ref)
{
    struct far *f = far_of(ctx, ref);
    if (f) f->bfd_on = false;
}

static void new_router(struct stage *s)
{
    static const struct hash_key key = {11, 22};
    struct router_sink sink = {.ctx = s, .connect = on_connect, .close = on_close,
                               .writable = on_writable, .route = on_route,
                               .routes_settled = on_settled, .bfd_start = on_bfd_start,
                               .bfd_change = on_bfd_change, .bfd_stop = on_bfd_stop, .event = on_event};
    s->r = router_new(&sink, &key, 0); /* seed 0: the first neighbour's timers have no jitter */
}

void stage_begin(struct stage *s)
{
    *s = (struct stage){.now = {BEGUN_S * 1000000ll}, .begun = {BEGUN_S * 1000000ll}};
    s->router = json_pack("{s:s,s:s,s:i}", "name", "r", "id", "192.0.2.1", "asn", 12076);
    s->domain = json_pack("{s:s,s:s}", "name", "d", "kind", "plain");
    s->networks = json_array();
    s->last_event = &s->events;
    new_router(s);
}

void stage_end(struct stage *s)
{
    router_free(s->r);
    s->r = NULL;
    for (size_t i = 0; i < s->fars_n; i++) {
        items_free(s->fars[i].first);
        json_decref(s->fars[i].conf);
    }
    items_free(s->events);
    json_decref(s->router);
    json_decref(s->domain);
    json_decref(s->networks);
    text_drop(&s->why);
}

/* --- the intent --- */

static json_t *document(const struct stage *s)
{
    json_t *domain = json_deep_copy(s->domain), *router = json_deep_copy(s->router), *peers = json_array();
    json_t *plane = json_object_get(router, "dataplane");
    bool forwards = plane && strcmp(json_string_value(plane), "namespaces") == 0;
    for (size_t i = 0; i < s->fars_n; i++)
        if (!s->fars[i].gone) json_array_append(peers, s->fars[i].conf);
    json_object_set_new(domain, "peers", peers);
    json_object_set(domain, "networks", s->networks);
    if (forwards)
        json_object_set_new(domain, "attachments",
                            json_pack("[{s:s,s:s,s:i,s:[s,s]}]", "name", "acc", "port", "acc0", "ctag", 10,
                                      "addresses", "192.0.2.1/24", "2001:db8::1/64"));
    json_t *all = json_pack("{s:O?,s:[o]}", "dataplane", plane, "domains", domain);
    json_object_del(router, "dataplane");
    json_object_set_new(all, "router", router);
    return all;
}

bool stage_apply(struct stage *s)
{
    struct arena arena;
    struct problems ps;
    arena_init(&arena, ARENA);
    problems_init(&ps, &arena);
    json_t *json = document(s);
    struct intent *i = intent_from_json(json, &arena, &ps);
    bool fine = i && router_apply(s->r, i, s->now, &ps);
    for (const struct problem *p = ps.first; p; p = p->next)
        text_addf(&s->why, "%s: %s; %s. ", p->where, p->what, p->rule);
    for (size_t k = 0; k < s->fars_n; k++) /* a neighbour that waits is found by its name */
        for (peer_ref ref = 0; ref < REFS; ref++) {
            const struct intent_peer *p = router_peer(s->r, ref);
            if (p && strcmp(p->name, s->fars[k].name) == 0) s->fars[k].ref = ref;
        }
    json_decref(json);
    arena_drop(&arena);
    s->started = true;
    stage_tick(s, s->now);
    return fine;
}

void stage_restart(struct stage *s)
{
    struct router *old = s->r;
    s->r = NULL;
    router_free(old);
    memset(s->pipes, 0, sizeof s->pipes);
    for (size_t i = 0; i < s->fars_n; i++) s->fars[i].bfd_on = false;
    new_router(s);
    router_restarting(s->r);
    (void)stage_apply(s);
}

/* --- bytes out --- */

static bool is_quiet(const struct stage *s, const char *words)
{
    if (strcmp(words, "KEEPALIVE") == 0) return !s->show_keepalives;
    return strncmp(words, "UPDATE eor=", 11) == 0 && !s->show_eor;
}

static void take_messages(struct stage *s, struct far *f, enum bgp_conn conn, struct span bytes, bool as4)
{
    struct bgp_frame frame;
    struct bgp_fault fault;
    while (bytes.n) {
        bool whole = bgp_frame_next(bytes, BGP_MESSAGE_EXTENDED_MAX, &frame, &fault) == BGP_FRAME_WHOLE;
        size_t n = whole ? frame.message.n : bytes.n;
        struct item *it = item_new(s, whole ? words_of_message(frame.message, as4) : copy("RUBBISH"));
        it->conn = conn;
        it->quiet = is_quiet(s, it->words);
        it->raw = malloc(n);
        it->raw_n = n;
        memcpy(it->raw, bytes.p, n);
        add_item(&f->last, it);
        bytes = span_of(bytes.p + n, bytes.n - n);
    }
}

static bool pull(struct stage *s, peer_ref ref, enum bgp_conn conn)
{
    static uint8_t buf[4 * MESSAGE_ROOM];
    struct far *f = far_of(s, ref);
    struct pipe *p = &s->pipes[ref][conn];
    p->pull = false;
    if (!f || (f->blocked && !p->closing)) return false;
    size_t n, all = 0;
    while ((n = router_pull(s->r, ref, conn, buf, sizeof buf, s->now)) > 0) {
        take_messages(s, f, conn, span_of(buf, n), p->as4);
        all += n;
    }
    return all > 0;
}

static void settle_one(struct stage *s, peer_ref ref, enum bgp_conn conn, bool *moved)
{
    struct pipe *p = &s->pipes[ref][conn];
    if (p->pull && p->open) *moved |= pull(s, ref, conn);
    if (!p->closing) return;
    if (p->open) pull(s, ref, conn);
    *p = (struct pipe){0};
    note(s, ref, conn, conn == BGP_OUT ? "close out" : "close in", !s->show_connects);
    *moved = true;
}

static void settle(struct stage *s)
{
    for (bool moved = true; moved;) {
        moved = false;
        for (peer_ref ref = 0; ref < REFS; ref++)
            for (enum bgp_conn c = BGP_OUT; c < BGP_CONNS; c++) settle_one(s, ref, c, &moved);
    }
}

/* --- BFD --- */

static void bfd_effects(struct stage *s, struct far *f, const struct bfd_effects *fx)
{
    if (fx->send) {
        struct item *it = item_new(s, words_of_bfd(span_of(fx->packet, sizeof fx->packet)));
        it->quiet = !s->show_bfd;
        add_item(&f->last, it);
    }
    if (fx->off) router_bfd_off(s->r, f->ref);
    else if (fx->rose) router_bfd(s->r, f->ref, true, s->now);
    else if (fx->fell) router_bfd_lost(s->r, f->ref, f->bfd.remote_c_bit, s->now);
}

void stage_bfd_packet(struct stage *s, struct far *f, struct span packet, uint8_t ttl)
{
    struct bfd_effects fx;
    (void)bfd_input(&f->bfd, packet, ttl, s->now, &fx);
    bfd_effects(s, f, &fx);
    settle(s);
}

/* --- time --- */

instant stage_next(const struct stage *s)
{
    instant next = s->started ? router_next(s->r) : NEVER;
    for (size_t i = 0; i < s->fars_n; i++)
        if (s->fars[i].bfd_on) next = instant_first(next, bfd_next(&s->fars[i].bfd));
    return next;
}

void stage_tick(struct stage *s, instant t)
{
    s->now = t;
    for (size_t i = 0; i < s->fars_n; i++) {
        struct far *f = &s->fars[i];
        struct bfd_effects fx;
        if (!f->bfd_on || !instant_reached(bfd_next(&f->bfd), t)) continue;
        bfd_tick(&f->bfd, t, &fx);
        bfd_effects(s, f, &fx);
    }
    if (instant_reached(router_next(s->r), t)) router_tick(s->r, t);
    settle(s);
}

/* --- what far ends do --- */

void stage_connected(struct stage *s, struct far *f)
{
    s->pipes[f->ref][BGP_OUT] = (struct pipe){.open = true, .as4 = true};
    f->talking = BGP_OUT;
    router_local(s->r, f->ref, &(struct addr){.family = FAMILY_IPV4, .b = {192, 0, 2, 1}});
    router_connected(s->r, f->ref, BGP_OUT, s->now);
    settle(s);
}

bool stage_opens(struct stage *s, struct far *f)
{
    struct addr remote, local = addr_v4(0xc0000201);
    const char *text = json_string_value(json_object_get(f->conf, "address"));
    if (!addr_parse(text, &remote)) return false;
    if (remote.family == FAMILY_IPV6 && !addr_parse("2001:db8::1", &local)) return false;
    peer_ref ref = router_accept(s->r, NO_REF, &remote, &local, s->now);
    if (ref != NO_REF) {
        if (s->pipes[ref][BGP_IN].closing) note(s, ref, BGP_IN, "close in", !s->show_connects);
        s->pipes[ref][BGP_IN] = (struct pipe){.open = true, .pull = true, .as4 = true};
        f->ref = ref;
        f->talking = BGP_IN;
    }
    settle(s);
    return ref != NO_REF;
}

void stage_lost(struct stage *s, struct far *f, enum bgp_conn conn)
{
    s->pipes[f->ref][conn] = (struct pipe){0};
    router_lost(s->r, f->ref, conn, s->now);
    settle(s);
}

/* An OPEN without four-octet AS numbers changes how the connection is read from then on. */
static void watch_open(struct pipe *p, struct span bytes)
{
    struct bgp_frame frame;
    struct bgp_fault fault = {0};
    struct bgp_open o;
    if (bgp_frame_next(bytes, BGP_MESSAGE_MAX, &frame, &fault) != BGP_FRAME_WHOLE) return;
    if (frame.type == BGP_OPEN && bgp_open_decode(frame.message, &o, &fault)) p->as4 = o.caps.as4;
}

void stage_bytes(struct stage *s, struct far *f, enum bgp_conn conn, struct span bytes)
{
    size_t step = s->segment ? s->segment : bytes.n;
    watch_open(&s->pipes[f->ref][conn], bytes);
    while (bytes.n && s->pipes[f->ref][conn].open) {
        size_t n = bytes.n < step ? bytes.n : step;
        router_input(s->r, f->ref, conn, span_of(bytes.p, n), s->now);
        settle(s);
        bytes = span_of(bytes.p + n, bytes.n - n);
    }
}

void stage_block(struct stage *s, struct far *f, bool blocked)
{
    f->blocked = blocked;
    router_blocked(s->r, f->ref, blocked, s->now);
    if (!blocked) s->pipes[f->ref][f->talking].pull = true;
    settle(s);
}

void stage_shutdown(struct stage *s)
{
    router_shutdown(s->r, s->now);
    settle(s);
}
