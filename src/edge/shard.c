/* edge/shard.c - carries facts into a router object and its effects out: TCP by conns, BFD by the
 * engine's thread, routes and requests by messages. It does not know that there are other shards. */
#include "edge/shard.h"
#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "edge/bfd_engine.h"
#include "edge/conns.h"
#include "edge/json_out.h"
#include "edge/recorder.h"
#include "edge/stations.h"
#include "intent/intent_json.h"
#include "sys/link.h"
#include "sys/log.h"
#include "sys/loop.h"

enum { INTENT_CEILING = 256 << 20, BFD_RETRY_MS = 1000, STOP_S = 2, ROUTES_ROOM = 16 << 10, KEY_ROOM = 41 };

struct bfd_want { /* a session whose socket has not come yet */
    struct bfd_want *next;
    peer_ref peer;
    struct intent_bfd conf;
    instant ask_at;
};

struct shard {
    unsigned number;
    struct loop *loop;
    struct link link; /* to the front, which speaks to us as the keeper would */
    struct watch link_watch, bfd_watch;
    struct router *router;
    struct conns *conns;
    struct bfd_user *bfd;
    struct recorder *recorder;
    struct stations *stations;
    struct bfd_want *wants;
    struct text intent; /* being put together */
    bool forwards;      /* there is a kernel table to fill */
    bool changed, stopping, stopped;
    bool payloads;      /* more of them are coming */
    instant stop_by;
    domain_ref routes_of; /* routes waiting to be sent, and their domain's name when they came up */
    char routes_name[KEY_ROOM];
    struct writer routes;
    uint8_t routes_buf[ROUTES_ROOM];
};

static void say(struct shard *sh, const struct link_message *m) { link_send(&sh->link, m, -1); }

static struct span span_of_text(const char *s) { return span_of(s, strlen(s)); }

/* --- effects of the router --- */

static void ask_connect(void *ctx, uint32_t token, const char *peer)
{
    say(ctx, &(struct link_message){.type = LINK_CONNECT, .token = token, .text = {span_of_text(peer)}});
}

static void sink_connect(void *ctx, peer_ref peer) { conns_want_open(((struct shard *)ctx)->conns, peer); }

static void sink_close(void *ctx, peer_ref peer, enum bgp_conn conn)
{
    conns_want_close(((struct shard *)ctx)->conns, peer, conn);
}

/* The key itself is the keeper's: it gets the sockets. */
static void sink_rekey(void *ctx, peer_ref peer)
{
    struct shard *sh = ctx;
    const struct intent_peer *conf = router_peer(sh->router, peer);
    for (enum bgp_conn c = BGP_OUT; conf && c < BGP_CONNS; c++) {
        int fd = conns_socket(sh->conns, peer, c);
        struct link_message m = {.type = LINK_REKEY, .text = {span_of_text(conf->name)}};
        if (fd >= 0) link_send(&sh->link, &m, fd);
    }
}

static void sink_writable(void *ctx, peer_ref peer, enum bgp_conn conn)
{
    conns_want_pull(((struct shard *)ctx)->conns, peer, conn);
}

static void send_routes(struct shard *sh)
{
    if (writer_len(&sh->routes) > 0)
        say(sh, &(struct link_message){.type = LINK_ROUTES, .text = {span_of_text(sh->routes_name)},
                                      .rest = writer_span(&sh->routes)});
    sh->routes = writer_on(sh->routes_buf, sizeof sh->routes_buf);
}

static void sink_route(void *ctx, const struct route_change *c)
{
    struct shard *sh = ctx;
    enum { ROUTE_LONGEST = 3 + 16 + LINK_NEXT_HOPS_MAX * 16 };
    struct link_route r = {.prefix = c->prefix, .next_hops_n = c->next_hops_n};
    const struct intent_domain *d = router_domain(sh->router, c->domain);
    if (!sh->forwards || !d) return;
    if (sh->routes_of != c->domain || writer_room(&sh->routes) < ROUTE_LONGEST ||
        strcmp(d->name, sh->routes_name) != 0) { /* numbers of domains are given again */
        send_routes(sh);
        sh->routes_of = c->domain;
        snprintf(sh->routes_name, sizeof sh->routes_name, "%s", d->name);
    }
    static_assert((int)LINK_NEXT_HOPS_MAX >= (int)ROUTE_NEXT_HOPS_MAX, "a change fits into a message");
    memcpy(r.next_hops, c->next_hops, c->next_hops_n * sizeof *r.next_hops);
    link_route_put(&sh->routes, &r);
}

static void sink_settled(void *ctx, domain_ref domain)
{
    struct shard *sh = ctx;
    const struct intent_domain *d = router_domain(sh->router, domain);
    send_routes(sh);
    if (d && sh->forwards)
        say(sh, &(struct link_message){.type = LINK_SETTLED, .text = {span_of_text(d->name)}});
}

static void sink_bfd_start(void *ctx, peer_ref peer, const struct intent_bfd *conf)
{
    struct shard *sh = ctx;
    struct bfd_want *w = calloc(1, sizeof *w);
    if (!w) abort();
    *w = (struct bfd_want){sh->wants, peer, *conf, {0}};
    sh->wants = w;
}

static void forget_want(struct shard *sh, peer_ref peer)
{
    for (struct bfd_want **at = &sh->wants; *at; at = &(*at)->next) {
        struct bfd_want *w = *at;
        if (w->peer != peer) continue;
        *at = w->next;
        free(w);
        return;
    }
}

static void sink_bfd_change(void *ctx, peer_ref peer, const struct intent_bfd *conf)
{
    struct shard *sh = ctx;
    for (struct bfd_want *w = sh->wants; w; w = w->next)
        if (w->peer == peer) w->conf = *conf;
    (void)bfd_user_change(sh->bfd, peer, conf, clock_now());
}

static void sink_bfd_stop(void *ctx, peer_ref peer)
{
    struct shard *sh = ctx;
    forget_want(sh, peer);
    bfd_user_remove(sh->bfd, peer, clock_now());
}

static bool is_bad_news(const char *name)
{
    static const char *const bad[] = {
        "session-down", "session-failed", "bfd-down", "prefix-limit-exceeded", "prefix-limit-warning",
        "prefix-limit-alarm", "treat-as-withdraw", "attribute-discarded", "route-too-long", NULL};
    for (size_t i = 0; bad[i]; i++)
        if (strcmp(bad[i], name) == 0) return true;
    return false;
}

static void sink_event(void *ctx, domain_ref domain, peer_ref peer, const char *name, const char *text)
{
    struct shard *sh = ctx;
    const struct intent_domain *d = router_domain(sh->router, domain);
    const struct intent_peer *n = router_peer(sh->router, peer);
    char subject[100];
    snprintf(subject, sizeof subject, "%s%s%s", d ? d->name : "", n ? "/" : "", n ? n->name : "");
    log_line(is_bad_news(name) ? LOG_LINE_WARN : LOG_LINE_INFO, name, subject, "%s", text);
    sh->changed = true;
}

static const struct router_sink sink_rows = {
    .connect = sink_connect, .close = sink_close, .rekey = sink_rekey, .writable = sink_writable, .route = sink_route,
    .routes_settled = sink_settled, .bfd_start = sink_bfd_start, .bfd_change = sink_bfd_change,
    .bfd_stop = sink_bfd_stop, .event = sink_event,
};

/* --- BFD --- */

static void log_bfd_story(const struct shard *sh, uint32_t ref, const struct bfd_story *how)
{
    const struct intent_peer *n = router_peer(sh->router, ref);
    const struct intent_domain *d = router_peer_domain(sh->router, ref);
    if (!n || !d) return;
    char subject[100];
    snprintf(subject, sizeof subject, "%s/%s", d->name, n->name);
    log_line(LOG_LINE_WARN, "bfd-lost", subject,
             "%s: last packet of theirs %.1f ms ago (%.1f ms allowed), ours at most %.1f ms apart, our thread at "
             "most %.1f ms late; noticed %.1f ms before this line", how->why, (double)how->silent_us / 1e3, (double)how->detect_us / 1e3,
             (double)how->gap_us / 1e3, (double)how->late_us / 1e3, (double)(clock_now().us - how->at.us) / 1e3);
}

static void bfd_report(void *ctx, uint32_t ref, enum bfd_news what, const struct bfd_story *how)
{
    struct shard *sh = ctx;
    if (what == BFD_NEWS_DOWN) log_bfd_story(sh, ref, how);
    if (what == BFD_NEWS_OFF) router_bfd_off(sh->router, ref);
    else if (what == BFD_NEWS_UP) router_bfd(sh->router, ref, true, clock_now());
    else router_bfd_lost(sh->router, ref, how->independent, clock_now());
    sh->changed = true;
}

static void bfd_ready(struct watch *w, unsigned events, instant now)
{
    struct shard *sh = w->ctx;
    (void)events;
    bfd_user_reports(sh->bfd, bfd_report, sh);
    conns_work(sh->conns, now);
}

static void ask_for_bfd(struct shard *sh, instant now)
{
    for (struct bfd_want *w = sh->wants; w; w = w->next) {
        const struct intent_peer *n = router_peer(sh->router, w->peer);
        if (!n || !instant_reached(w->ask_at, now)) continue;
        w->ask_at = instant_after(now, duration_ms(BFD_RETRY_MS));
        say(sh, &(struct link_message){.type = LINK_BFD_OPEN, .token = w->peer,
                                      .text = {span_of_text(n->name)}});
    }
}

static void on_bfd_conn(struct shard *sh, const struct link_message *m, int fd, instant now)
{
    const struct intent_peer *n = router_peer(sh->router, m->token);
    const struct intent_domain *d = router_peer_domain(sh->router, m->token);
    struct bfd_want *w = sh->wants;
    while (w && w->peer != m->token) w = w->next;
    if (!w || !n || !d || m->number[0] || fd < 0) { /* asked again after a while, if still wanted */
        if (fd >= 0) close(fd);
        return;
    }
    bfd_user_add(sh->bfd, &(struct bfd_wanted){.ref = w->peer, .peer = n->name, .domain = d->name,
                                                .subject = n->subject, .address = n->address,
                                                .conf = w->conf, .fd = fd}, now);
    forget_want(sh, m->token);
}

/* --- those who watch --- */

static void tap_state(void *ctx, peer_ref peer, enum bgp_state from, enum bgp_state to)
{
    recorder_state(((struct shard *)ctx)->recorder, peer, from, to);
}

static void tap_up(void *ctx, peer_ref peer, const struct router_session *s)
{
    stations_up(((struct shard *)ctx)->stations, peer, s);
}

static void tap_down(void *ctx, peer_ref peer, enum bgp_down why, uint8_t code, uint8_t subcode)
{
    stations_down(((struct shard *)ctx)->stations, peer, why, code, subcode);
}

static void tap_received(void *ctx, peer_ref peer, const struct bgp_update *u)
{
    struct shard *sh = ctx;
    recorder_message(sh->recorder, peer, false, u->message);
    stations_received(sh->stations, peer, u);
}

static void tap_best(void *ctx, domain_ref domain, const struct prefix *prefix, const struct attrs *a)
{
    stations_best(((struct shard *)ctx)->stations, domain, prefix, a);
}

static void tap_sent(void *ctx, peer_ref peer, struct span update)
{
    struct shard *sh = ctx;
    recorder_message(sh->recorder, peer, true, update);
    stations_sent(sh->stations, peer, update);
}

static void tap_path(void *ctx, peer_ref peer, const struct prefix *prefix, const struct attrs *a)
{
    stations_path(((struct shard *)ctx)->stations, peer, prefix, a);
}

/* Nobody watches: then the router is not slowed down by a single call. */
static void listen_as_needed(struct shard *sh)
{
    bool records = recorder_records(sh->recorder), mirrors = stations_any(sh->stations);
    struct router_tap tap = {.ctx = sh};
    if (records) tap.state = tap_state;
    if (mirrors) tap.up = tap_up, tap.down = tap_down, tap.path = tap_path, tap.best = tap_best;
    if (records || mirrors) tap.sent = tap_sent, tap.received = tap_received;
    router_listen(sh->router, &tap);
}

static void ask_station(void *ctx, uint32_t token, const struct intent_endpoint *at)
{
    uint8_t buf[1 + 16 + 2];
    struct writer w = writer_on(buf, sizeof buf);
    link_endpoint_put(&w, &at->addr, at->port);
    say(ctx, &(struct link_message){.type = LINK_STATION_OPEN, .token = token, .rest = writer_span(&w)});
}

/* --- questions --- */

static void show_bgp(struct shard *sh, const char *arg, struct text *out)
{
    (void)arg;
    router_show_bgp(sh->router, clock_now(), clock_wall_us() - clock_now().us, out);
}

static void show_routes(struct shard *sh, const char *arg, struct text *out)
{
    router_show_routes(sh->router, *arg ? arg : NULL, out);
}

static void show_bfd(struct shard *sh, const char *arg, struct text *out)
{
    (void)arg;
    text_add(out, "{\"bfd\":");
    bfd_user_show(sh->bfd, out);
    text_add(out, "}");
}

/* Shares of documents the keeper completes: what stands between its brackets. */
static void share_evidence(struct shard *sh, const char *arg, struct text *out)
{
    (void)arg;
    router_show_evidence(sh->router, clock_now(), clock_wall_us() - clock_now().us, out);
    text_add(out, ",\"bfd\":");
    bfd_user_show(sh->bfd, out);
}

static void share_figures(struct shard *sh, const char *arg, struct text *out)
{
    (void)arg;
    router_show_peers(sh->router, clock_now(), clock_wall_us() - clock_now().us, out);
    text_add(out, ",\"bfd\":");
    bfd_user_show(sh->bfd, out);
    text_add(out, ",");
    router_show_payloads(sh->router, out);
    text_add(out, ",");
    stations_show(sh->stations, out);
}

static void share_rpki(struct shard *sh, const char *arg, struct text *out)
{
    (void)arg;
    router_show_rpki(sh->router, out);
}

static void share_drops(struct shard *sh, const char *arg, struct text *out)
{
    (void)arg;
    bfd_user_show_drops(sh->bfd, out);
}

static void show_bmp(struct shard *sh, const char *arg, struct text *out)
{
    (void)arg;
    text_add(out, "{");
    stations_show(sh->stations, out);
    text_add(out, "}");
}

static void show_faults(struct shard *sh, const char *arg, struct text *out)
{
    router_show_faults(sh->router, arg, clock_wall_us() - clock_now().us, out);
}

static void show_one_route(struct shard *sh, const char *arg, struct text *out)
{
    router_show_route(sh->router, arg, out);
}

static void show_received(struct shard *sh, const char *arg, struct text *out)
{
    router_show_received(sh->router, arg, out);
}

static void show_advertised(struct shard *sh, const char *arg, struct text *out)
{
    router_show_advertised(sh->router, arg, out);
}

/* "PEER words for the neighbour" */
static void do_reset(struct shard *sh, const char *arg, struct text *out)
{
    char name[KEY_ROOM];
    size_t n = strcspn(arg, " ");
    snprintf(name, sizeof name, "%.*s", (int)n, arg);
    if (router_reset(sh->router, name, arg[n] ? arg + n + 1 : "", clock_now())) text_add(out, "{\"reset\":true}");
    else json_put_fault(out, "there is no such neighbour");
}

static void do_refresh(struct shard *sh, const char *arg, struct text *out)
{
    if (router_refresh(sh->router, arg)) text_add(out, "{\"refresh\":true}");
    else json_put_fault(out, "there is no such neighbour");
}

static const struct {
    const char *name;
    void (*show)(struct shard *sh, const char *arg, struct text *out);
} questions[] = {
    {"bgp", show_bgp},           {"routes", show_routes}, {"bfd", show_bfd},
    {"evidence", share_evidence}, {"drops", share_drops},
    {"rpki", share_rpki}, {"figures", share_figures},           {"bmp", show_bmp},         {"route", show_one_route},
    {"reset", do_reset}, {"refresh", do_refresh}, {"faults", show_faults}, {"received", show_received},    {"advertised", show_advertised},
};

static void send_answer(void *ctx, uint32_t token, struct text *out)
{
    for (size_t at = 0; at < out->n; at += LINK_PART_MAX) {
        size_t n = out->n - at < LINK_PART_MAX ? out->n - at : LINK_PART_MAX;
        say(ctx, &(struct link_message){.type = LINK_ANSWER, .token = token, .flag = at + n == out->n,
                                        .rest = span_of(out->s + at, n)});
    }
    text_drop(out);
}

static void on_dump(struct shard *sh, const struct link_message *m, int fd, instant now)
{
    char what[100];
    if (!link_text(m->text[0], what, sizeof what)) what[0] = 0;
    recorder_order(sh->recorder, m->token, what, fd, now);
}

static void on_ask(struct shard *sh, const struct link_message *m)
{
    char question[400];
    struct text out = {0};
    if (!link_text(m->text[0], question, sizeof question)) question[0] = 0;
    size_t word = strcspn(question, " ");
    const char *arg = question[word] ? question + word + 1 : "";
    for (size_t i = 0; i < ARRAY_LEN(questions); i++)
        if (strncmp(questions[i].name, question, word) == 0 && !questions[i].name[word])
            questions[i].show(sh, arg, &out);
    if (out.n == 0) json_put_fault(&out, "the router does not know this question");
    send_answer(sh, m->token, &out);
}

/* --- the front speaks --- */

static void on_start(struct shard *sh, const struct link_message *m)
{
    struct hash_key key = {m->number[0], m->number[1]};
    struct router_sink sink = sink_rows;
    if (sh->router) return;
    sink.ctx = sh;
    sh->router = router_new(&sink, &key, m->token);
    sh->conns = conns_new(sh->loop, sh->router, ask_connect, sh);
    sh->recorder = recorder_new(sh->router, send_answer, sh);
    sh->stations = stations_new(sh->loop, sh->router, sh->number << DOMAIN_BITS | 1, ask_station, sh);
    if (m->flag) router_restarting(sh->router);
}

void shard_describe(const struct problems *problems, struct text *out)
{
    for (const struct problem *x = problems->first; x && out->n < LINK_TEXT_MAX; x = x->next)
        text_addf(out, "%s%s: %s (%s)", out->n ? "; " : "", x->where, x->what, x->rule);
    if (out->n > LINK_TEXT_MAX) out->n = LINK_TEXT_MAX;
}

static void apply(struct shard *sh, instant now)
{
    struct arena arena;
    struct problems problems;
    struct text why = {0};
    arena_init(&arena, INTENT_CEILING);
    problems_init(&problems, &arena);
    json_t *json = json_loadb(text_get(&sh->intent), sh->intent.n, JSON_REJECT_DUPLICATES, NULL);
    struct intent *i = intent_from_json(json, &arena, &problems);
    if (i) sh->forwards = intent_forwards(i);
    if (i) conns_own_asn(sh->conns, i->router.asn);
    bool taken = i && router_apply(sh->router, i, now, &problems);
    if (taken) stations_apply(sh->stations, i, now);
    shard_describe(&problems, &why);
    send_routes(sh); /* those of domains that go, before the keeper lets go of them */
    say(sh, &(struct link_message){.type = LINK_APPLIED, .number = {i ? i->revision : 0}, .flag = taken,
                                  .text = {span_of(text_get(&why), why.n)}});
    text_drop(&why);
    json_decref(json);
    arena_drop(&arena);
    ask_for_bfd(sh, now);
}

static void on_intent(struct shard *sh, const struct link_message *m, instant now)
{
    switch (link_join(m, &sh->intent)) {
    case LINK_PART_MORE: return;
    case LINK_PART_WHOLE: apply(sh, now); break;
    case LINK_PART_BAD: log_line(LOG_LINE_ERROR, "intent-lost", "", "parts do not fit together"); break;
    }
    if (sh->intent.s) explicit_bzero(sh->intent.s, sh->intent.n);
    text_drop(&sh->intent);
}

static void on_payloads(struct shard *sh, const struct link_message *m, instant now)
{
    struct cursor c = cursor_of(m->rest);
    struct link_vrp v;
    if (!sh->payloads || (m->token & LINK_VRPS_WHOLE)) router_vrps_begin(sh->router, m->token & LINK_VRPS_WHOLE);
    sh->payloads = !(m->token & LINK_VRPS_END);
    while (link_vrp_next(&c, &v)) router_vrp(sh->router, v.add, &v.vrp);
    if (m->token & LINK_VRPS_END) router_vrps_end(sh->router, now);
}

static void on_stop(struct shard *sh, instant now)
{
    sh->stopping = true;
    stations_end(sh->stations);
    sh->stop_by = instant_after(now, duration_s(STOP_S));
    router_shutdown(sh->router, now);
}

static const char *domain_text(const struct link_message *m, char buf[static KEY_ROOM])
{
    if (!link_text(m->text[0], buf, KEY_ROOM)) buf[0] = 0;
    return buf;
}

static void on_address(struct shard *sh, const struct link_message *m)
{
    char one[ADDR_TEXT_MAX], two[ADDR_TEXT_MAX];
    struct addr a, b;
    if (link_text(m->text[0], one, sizeof one) && link_text(m->text[1], two, sizeof two) &&
        addr_parse(one, &a) && addr_parse(two, &b))
        conns_pair(sh->conns, m->flag, &a, &b);
}

static void on_dark(struct shard *sh, const struct link_message *m, instant now)
{
    char domain[KEY_ROOM];
    router_links_down(sh->router, domain_text(m, domain), m->rest, now);
}

static void dispatch(struct shard *sh, const struct link_message *m, int fd, instant now)
{
    char domain[KEY_ROOM];
    switch (m->type) {
    case LINK_START: on_start(sh, m); break;
    case LINK_INTENT: on_intent(sh, m, now); break;
    case LINK_ACCEPTED: conns_accepted(sh->conns, domain_text(m, domain), fd, now); break;
    case LINK_CONN: conns_opened(sh->conns, m->token, (int)m->number[0], fd, now); break;
    case LINK_BFD_CONN: on_bfd_conn(sh, m, fd, now); break;
    case LINK_ADDRESS: on_address(sh, m); break;
    case LINK_DARK: on_dark(sh, m, now); break;
    case LINK_ASK: on_ask(sh, m); break;
    case LINK_PING: say(sh, &(struct link_message){.type = LINK_PONG, .token = m->token}); break;
    case LINK_STOP: on_stop(sh, now); break;
    case LINK_VRPS: on_payloads(sh, m, now); break;
    case LINK_DUMP: on_dump(sh, m, fd, now); break;
    case LINK_STATION_CONN: stations_opened(sh->stations, m->token, (int)m->number[0], fd, now); break;
    case LINK_LISTENER: case LINK_LISTENER_GONE: case LINK_BFD_PORT: case LINK_BFD_PORT_GONE:
    case LINK_CONTROL: case LINK_EVIDENCE: case LINK_READY: case LINK_APPLIED: case LINK_CONNECT:
    case LINK_BFD_OPEN: case LINK_ROUTES: case LINK_SETTLED: case LINK_ANSWER: case LINK_CHANGED:
    case LINK_PONG: case LINK_STOPPED: case LINK_REACHED: case LINK_RPKI: case LINK_RPKI_ALL:
    case LINK_NAT_OPEN: case LINK_NAT_KEYS: case LINK_NAT_TELL: case LINK_NAT_WALKED: case LINK_NAT_AGAIN:
    case LINK_NAT_WANT: case LINK_NAT_RECORDS: case LINK_NAT_STATE:
    case LINK_RPKI_STATE: case LINK_STATION_OPEN: case LINK_REKEY: case LINK_TYPES: break;
    }
}

static void link_ready(struct watch *w, unsigned events, instant now)
{
    struct shard *sh = w->ctx;
    struct link_message m;
    const char *why = NULL;
    int fd;
    if (events & LOOP_WRITE) link_flush(&sh->link);
    enum link_got got;
    while ((got = link_receive(&sh->link, &m, &fd, &why)) == LINK_GOT) {
        if (!sh->router && m.type != LINK_START) abort(); /* nothing makes sense before that */
        dispatch(sh, &m, fd, now);
        conns_work(sh->conns, now);
    }
    if (got != LINK_NOTHING) abort(); /* the front lives as long as we do, and is one of us */
}

/* --- the thread --- */

static instant next_deadline(const struct shard *sh)
{
    if (!sh->router) return NEVER;
    instant next = instant_first(router_next(sh->router), conns_next(sh->conns));
    next = instant_first(next, instant_first(recorder_next(sh->recorder), stations_next(sh->stations)));
    for (const struct bfd_want *w = sh->wants; w; w = w->next) next = instant_first(next, w->ask_at);
    return sh->stopping && !sh->stopped ? instant_first(next, sh->stop_by) : next;
}

static void due(struct shard *sh, instant now)
{
    if (!sh->router) return;
    if (instant_reached(router_next(sh->router), now)) router_tick(sh->router, now);
    conns_tick(sh->conns, now);
    ask_for_bfd(sh, now);
    recorder_tick(sh->recorder, now);
    stations_tick(sh->stations, now);
    listen_as_needed(sh);
    send_routes(sh);
    if (sh->changed) say(sh, &(struct link_message){.type = LINK_CHANGED});
    sh->changed = false;
    if (sh->stopping && !sh->stopped && (conns_quiet(sh->conns) || instant_reached(sh->stop_by, now))) {
        say(sh, &(struct link_message){.type = LINK_STOPPED});
        sh->stopped = true; /* the process ends when all have */
    }
    loop_expect(sh->loop, &sh->link_watch, LOOP_READ | (link_waiting(&sh->link) ? LOOP_WRITE : 0u));
}

struct shard *shard_new(unsigned number, int fd, struct bfd_engine *bfd)
{
    struct shard *sh = calloc(1, sizeof *sh);
    if (!sh) abort();
    sh->number = number;
    sh->loop = loop_new();
    sh->bfd = bfd_user_new(bfd);
    sh->routes_of = NO_REF;
    sh->routes = writer_on(sh->routes_buf, sizeof sh->routes_buf);
    link_init(&sh->link, fd, LINK_KEEPER);
    sh->link_watch.ready = link_ready;
    sh->bfd_watch.ready = bfd_ready;
    sh->link_watch.ctx = sh->bfd_watch.ctx = sh;
    loop_watch(sh->loop, &sh->link_watch, fd, LOOP_READ);
    loop_watch(sh->loop, &sh->bfd_watch, bfd_user_wake(sh->bfd), LOOP_READ);
    return sh;
}

void shard_run(struct shard *sh)
{
    for (;;) due(sh, loop_turn(sh->loop, next_deadline(sh)));
}
