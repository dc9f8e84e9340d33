/* edge/router_process.c - carries facts into a router object and its effects out: TCP by conns, BFD
 * by its own thread, routes and requests by messages to the keeper. It is confined before it reads
 * its first byte. When the keeper goes, it goes too, without a word to the neighbours: a new keeper
 * starts a new router, and their graceful restart keeps the routes meanwhile. */
#include "edge/router_process.h"
#include <assert.h>
#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "edge/bfd_engine.h"
#include "edge/conns.h"
#include "edge/json_out.h"
#include "edge/recorder.h"
#include "edge/stations.h"
#include "intent/intent_json.h"
#include "sys/confine.h"
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

struct process {
    struct loop *loop;
    struct link link;
    struct watch link_watch, bfd_watch;
    struct router *router;
    struct conns *conns;
    struct bfd_engine *bfd;
    struct recorder *recorder;
    struct stations *stations;
    struct bfd_want *wants;
    struct text intent; /* being put together */
    bool forwards;      /* there is a kernel table to fill */
    bool changed, stopping;
    bool payloads;      /* more of them are coming */
    instant stop_by;
    domain_ref routes_of; /* routes waiting to be sent, and their domain's name when they came up */
    char routes_name[KEY_ROOM];
    struct writer routes;
    uint8_t routes_buf[ROUTES_ROOM];
};

static void say(struct process *p, const struct link_message *m) { link_send(&p->link, m, -1); }

static struct span span_of_text(const char *s) { return span_of(s, strlen(s)); }

/* --- effects of the router --- */

static void ask_connect(void *ctx, uint32_t token, const char *peer)
{
    say(ctx, &(struct link_message){.type = LINK_CONNECT, .token = token, .text = {span_of_text(peer)}});
}

static void sink_connect(void *ctx, peer_ref peer) { conns_want_open(((struct process *)ctx)->conns, peer); }

static void sink_close(void *ctx, peer_ref peer, enum bgp_conn conn)
{
    conns_want_close(((struct process *)ctx)->conns, peer, conn);
}

/* The key itself is the keeper's: it gets the sockets. */
static void sink_rekey(void *ctx, peer_ref peer)
{
    struct process *p = ctx;
    const struct intent_peer *conf = router_peer(p->router, peer);
    for (enum bgp_conn c = BGP_OUT; conf && c < BGP_CONNS; c++) {
        int fd = conns_socket(p->conns, peer, c);
        struct link_message m = {.type = LINK_REKEY, .text = {span_of_text(conf->name)}};
        if (fd >= 0) link_send(&p->link, &m, fd);
    }
}

static void sink_writable(void *ctx, peer_ref peer, enum bgp_conn conn)
{
    conns_want_pull(((struct process *)ctx)->conns, peer, conn);
}

static void send_routes(struct process *p)
{
    if (writer_len(&p->routes) > 0)
        say(p, &(struct link_message){.type = LINK_ROUTES, .text = {span_of_text(p->routes_name)},
                                      .rest = writer_span(&p->routes)});
    p->routes = writer_on(p->routes_buf, sizeof p->routes_buf);
}

static void sink_route(void *ctx, const struct route_change *c)
{
    struct process *p = ctx;
    enum { ROUTE_LONGEST = 3 + 16 + LINK_NEXT_HOPS_MAX * 16 };
    struct link_route r = {.prefix = c->prefix, .next_hops_n = c->next_hops_n};
    const struct intent_domain *d = router_domain(p->router, c->domain);
    if (!p->forwards || !d) return;
    if (p->routes_of != c->domain || writer_room(&p->routes) < ROUTE_LONGEST ||
        strcmp(d->name, p->routes_name) != 0) { /* numbers of domains are given again */
        send_routes(p);
        p->routes_of = c->domain;
        snprintf(p->routes_name, sizeof p->routes_name, "%s", d->name);
    }
    static_assert((int)LINK_NEXT_HOPS_MAX >= (int)ROUTE_NEXT_HOPS_MAX, "a change fits into a message");
    memcpy(r.next_hops, c->next_hops, c->next_hops_n * sizeof *r.next_hops);
    link_route_put(&p->routes, &r);
}

static void sink_settled(void *ctx, domain_ref domain)
{
    struct process *p = ctx;
    const struct intent_domain *d = router_domain(p->router, domain);
    send_routes(p);
    if (d && p->forwards)
        say(p, &(struct link_message){.type = LINK_SETTLED, .text = {span_of_text(d->name)}});
}

static void sink_bfd_start(void *ctx, peer_ref peer, const struct intent_bfd *conf)
{
    struct process *p = ctx;
    struct bfd_want *w = calloc(1, sizeof *w);
    if (!w) abort();
    *w = (struct bfd_want){p->wants, peer, *conf, {0}};
    p->wants = w;
}

static void forget_want(struct process *p, peer_ref peer)
{
    for (struct bfd_want **at = &p->wants; *at; at = &(*at)->next) {
        struct bfd_want *w = *at;
        if (w->peer != peer) continue;
        *at = w->next;
        free(w);
        return;
    }
}

static void sink_bfd_change(void *ctx, peer_ref peer, const struct intent_bfd *conf)
{
    struct process *p = ctx;
    for (struct bfd_want *w = p->wants; w; w = w->next)
        if (w->peer == peer) w->conf = *conf;
    (void)bfd_engine_change(p->bfd, peer, conf, clock_now());
}

static void sink_bfd_stop(void *ctx, peer_ref peer)
{
    struct process *p = ctx;
    forget_want(p, peer);
    bfd_engine_remove(p->bfd, peer, clock_now());
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
    struct process *p = ctx;
    const struct intent_domain *d = router_domain(p->router, domain);
    const struct intent_peer *n = router_peer(p->router, peer);
    char subject[100];
    snprintf(subject, sizeof subject, "%s%s%s", d ? d->name : "", n ? "/" : "", n ? n->name : "");
    log_line(is_bad_news(name) ? LOG_LINE_WARN : LOG_LINE_INFO, name, subject, "%s", text);
    p->changed = true;
}

static const struct router_sink sink_rows = {
    .connect = sink_connect, .close = sink_close, .rekey = sink_rekey, .writable = sink_writable, .route = sink_route,
    .routes_settled = sink_settled, .bfd_start = sink_bfd_start, .bfd_change = sink_bfd_change,
    .bfd_stop = sink_bfd_stop, .event = sink_event,
};

/* --- BFD --- */

static void log_bfd_story(const struct process *p, uint32_t ref, const struct bfd_story *how)
{
    const struct intent_peer *n = router_peer(p->router, ref);
    const struct intent_domain *d = router_peer_domain(p->router, ref);
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
    struct process *p = ctx;
    if (what == BFD_NEWS_DOWN) log_bfd_story(p, ref, how);
    if (what == BFD_NEWS_OFF) router_bfd_off(p->router, ref);
    else if (what == BFD_NEWS_UP) router_bfd(p->router, ref, true, clock_now());
    else router_bfd_lost(p->router, ref, how->independent, clock_now());
    p->changed = true;
}

static void bfd_ready(struct watch *w, unsigned events, instant now)
{
    struct process *p = w->ctx;
    (void)events;
    bfd_engine_reports(p->bfd, bfd_report, p);
    conns_work(p->conns, now);
}

static void ask_for_bfd(struct process *p, instant now)
{
    for (struct bfd_want *w = p->wants; w; w = w->next) {
        const struct intent_peer *n = router_peer(p->router, w->peer);
        if (!n || !instant_reached(w->ask_at, now)) continue;
        w->ask_at = instant_after(now, duration_ms(BFD_RETRY_MS));
        say(p, &(struct link_message){.type = LINK_BFD_OPEN, .token = w->peer,
                                      .text = {span_of_text(n->name)}});
    }
}

static void on_bfd_conn(struct process *p, const struct link_message *m, int fd, instant now)
{
    const struct intent_peer *n = router_peer(p->router, m->token);
    const struct intent_domain *d = router_peer_domain(p->router, m->token);
    struct bfd_want *w = p->wants;
    while (w && w->peer != m->token) w = w->next;
    if (!w || !n || !d || m->number[0] || fd < 0) { /* asked again after a while, if still wanted */
        if (fd >= 0) close(fd);
        return;
    }
    bfd_engine_add(p->bfd, &(struct bfd_wanted){.ref = w->peer, .peer = n->name, .domain = d->name,
                                                .subject = n->subject, .address = n->address,
                                                .conf = w->conf, .fd = fd}, now);
    forget_want(p, m->token);
}

/* --- those who watch --- */

static void tap_state(void *ctx, peer_ref peer, enum bgp_state from, enum bgp_state to)
{
    recorder_state(((struct process *)ctx)->recorder, peer, from, to);
}

static void tap_up(void *ctx, peer_ref peer, const struct router_session *s)
{
    stations_up(((struct process *)ctx)->stations, peer, s);
}

static void tap_down(void *ctx, peer_ref peer, enum bgp_down why, uint8_t code, uint8_t subcode)
{
    stations_down(((struct process *)ctx)->stations, peer, why, code, subcode);
}

static void tap_received(void *ctx, peer_ref peer, const struct bgp_update *u)
{
    struct process *p = ctx;
    recorder_message(p->recorder, peer, false, u->message);
    stations_received(p->stations, peer, u);
}

static void tap_best(void *ctx, domain_ref domain, const struct prefix *prefix, const struct attrs *a)
{
    stations_best(((struct process *)ctx)->stations, domain, prefix, a);
}

static void tap_sent(void *ctx, peer_ref peer, struct span update)
{
    struct process *p = ctx;
    recorder_message(p->recorder, peer, true, update);
    stations_sent(p->stations, peer, update);
}

static void tap_path(void *ctx, peer_ref peer, const struct prefix *prefix, const struct attrs *a)
{
    stations_path(((struct process *)ctx)->stations, peer, prefix, a);
}

/* Nobody watches: then the router is not slowed down by a single call. */
static void listen_as_needed(struct process *p)
{
    bool records = recorder_records(p->recorder), mirrors = stations_any(p->stations);
    struct router_tap tap = {.ctx = p};
    if (records) tap.state = tap_state;
    if (mirrors) tap.up = tap_up, tap.down = tap_down, tap.path = tap_path, tap.best = tap_best;
    if (records || mirrors) tap.sent = tap_sent, tap.received = tap_received;
    router_listen(p->router, &tap);
}

static void ask_station(void *ctx, uint32_t token, const struct intent_endpoint *at)
{
    uint8_t buf[1 + 16 + 2];
    struct writer w = writer_on(buf, sizeof buf);
    link_endpoint_put(&w, &at->addr, at->port);
    say(ctx, &(struct link_message){.type = LINK_STATION_OPEN, .token = token, .rest = writer_span(&w)});
}

/* --- questions --- */

static void show_bgp(struct process *p, const char *arg, struct text *out)
{
    (void)arg;
    router_show_bgp(p->router, clock_now(), clock_wall_us() - clock_now().us, out);
}

static void show_routes(struct process *p, const char *arg, struct text *out)
{
    router_show_routes(p->router, *arg ? arg : NULL, out);
}

static void show_bfd(struct process *p, const char *arg, struct text *out)
{
    (void)arg;
    text_add(out, "{\"bfd\":");
    bfd_engine_show(p->bfd, out);
    text_add(out, "}");
}

/* Shares of documents the keeper completes: what stands between its brackets. */
static void share_evidence(struct process *p, const char *arg, struct text *out)
{
    (void)arg;
    router_show_evidence(p->router, clock_now(), clock_wall_us() - clock_now().us, out);
    text_add(out, ",\"bfd\":");
    bfd_engine_show(p->bfd, out);
}

static void share_figures(struct process *p, const char *arg, struct text *out)
{
    (void)arg;
    router_show_peers(p->router, clock_now(), clock_wall_us() - clock_now().us, out);
    text_add(out, ",\"bfd\":");
    bfd_engine_show(p->bfd, out);
    text_add(out, ",");
    router_show_payloads(p->router, out);
    text_add(out, ",");
    stations_show(p->stations, out);
}

static void share_rpki(struct process *p, const char *arg, struct text *out)
{
    (void)arg;
    router_show_rpki(p->router, out);
}

static void share_drops(struct process *p, const char *arg, struct text *out)
{
    (void)arg;
    bfd_engine_show_drops(p->bfd, out);
    text_addf(out, ",{\"where\":\"listener\",\"reason\":\"too many connections from an address\",\"packets\":%llu}",
              (unsigned long long)conns_refused(p->conns));
}

static void show_bmp(struct process *p, const char *arg, struct text *out)
{
    (void)arg;
    text_add(out, "{");
    stations_show(p->stations, out);
    text_add(out, "}");
}

static void show_faults(struct process *p, const char *arg, struct text *out)
{
    router_show_faults(p->router, arg, clock_wall_us() - clock_now().us, out);
}

static void show_one_route(struct process *p, const char *arg, struct text *out)
{
    router_show_route(p->router, arg, out);
}

static void show_received(struct process *p, const char *arg, struct text *out)
{
    router_show_received(p->router, arg, out);
}

static void show_advertised(struct process *p, const char *arg, struct text *out)
{
    router_show_advertised(p->router, arg, out);
}

/* "PEER words for the neighbour" */
static void do_reset(struct process *p, const char *arg, struct text *out)
{
    char name[KEY_ROOM];
    size_t n = strcspn(arg, " ");
    snprintf(name, sizeof name, "%.*s", (int)n, arg);
    if (router_reset(p->router, name, arg[n] ? arg + n + 1 : "", clock_now())) text_add(out, "{\"reset\":true}");
    else json_put_fault(out, "there is no such neighbour");
}

static void do_refresh(struct process *p, const char *arg, struct text *out)
{
    if (router_refresh(p->router, arg)) text_add(out, "{\"refresh\":true}");
    else json_put_fault(out, "there is no such neighbour");
}

static const struct {
    const char *name;
    void (*show)(struct process *p, const char *arg, struct text *out);
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

static void on_dump(struct process *p, const struct link_message *m, int fd, instant now)
{
    char what[100];
    if (!link_text(m->text[0], what, sizeof what)) what[0] = 0;
    recorder_order(p->recorder, m->token, what, fd, now);
}

static void on_ask(struct process *p, const struct link_message *m)
{
    char question[400];
    struct text out = {0};
    if (!link_text(m->text[0], question, sizeof question)) question[0] = 0;
    size_t word = strcspn(question, " ");
    const char *arg = question[word] ? question + word + 1 : "";
    for (size_t i = 0; i < ARRAY_LEN(questions); i++)
        if (strncmp(questions[i].name, question, word) == 0 && !questions[i].name[word])
            questions[i].show(p, arg, &out);
    if (out.n == 0) json_put_fault(&out, "the router does not know this question");
    send_answer(p, m->token, &out);
}

/* --- the keeper speaks --- */

static void on_start(struct process *p, const struct link_message *m)
{
    struct hash_key key = {m->number[0], m->number[1]};
    struct router_sink sink = sink_rows;
    if (p->router) return;
    sink.ctx = p;
    p->router = router_new(&sink, &key, m->token);
    p->conns = conns_new(p->loop, p->router, ask_connect, p);
    p->recorder = recorder_new(p->router, send_answer, p);
    p->stations = stations_new(p->loop, p->router, ask_station, p);
    if (m->flag) router_restarting(p->router);
}

static void describe(const struct problems *problems, struct text *out)
{
    for (const struct problem *x = problems->first; x && out->n < LINK_TEXT_MAX; x = x->next)
        text_addf(out, "%s%s: %s (%s)", out->n ? "; " : "", x->where, x->what, x->rule);
    if (out->n > LINK_TEXT_MAX) out->n = LINK_TEXT_MAX;
}

static void apply(struct process *p, instant now)
{
    struct arena arena;
    struct problems problems;
    struct text why = {0};
    arena_init(&arena, INTENT_CEILING);
    problems_init(&problems, &arena);
    json_t *json = json_loadb(text_get(&p->intent), p->intent.n, JSON_REJECT_DUPLICATES, NULL);
    struct intent *i = intent_from_json(json, &arena, &problems);
    if (i) p->forwards = intent_forwards(i);
    if (i) conns_own_asn(p->conns, i->router.asn);
    bool taken = i && router_apply(p->router, i, now, &problems);
    if (taken) stations_apply(p->stations, i, now);
    describe(&problems, &why);
    send_routes(p); /* those of domains that go, before the keeper lets go of them */
    say(p, &(struct link_message){.type = LINK_APPLIED, .number = {i ? i->revision : 0}, .flag = taken,
                                  .text = {span_of(text_get(&why), why.n)}});
    text_drop(&why);
    json_decref(json);
    arena_drop(&arena);
    ask_for_bfd(p, now);
}

static void on_intent(struct process *p, const struct link_message *m, instant now)
{
    switch (link_join(m, &p->intent)) {
    case LINK_PART_MORE: return;
    case LINK_PART_WHOLE: apply(p, now); break;
    case LINK_PART_BAD: log_line(LOG_LINE_ERROR, "intent-lost", "", "parts do not fit together"); break;
    }
    if (p->intent.s) explicit_bzero(p->intent.s, p->intent.n);
    text_drop(&p->intent);
}

static void on_payloads(struct process *p, const struct link_message *m, instant now)
{
    struct cursor c = cursor_of(m->rest);
    struct link_vrp v;
    if (!p->payloads || (m->token & LINK_VRPS_WHOLE)) router_vrps_begin(p->router, m->token & LINK_VRPS_WHOLE);
    p->payloads = !(m->token & LINK_VRPS_END);
    while (link_vrp_next(&c, &v)) router_vrp(p->router, v.add, &v.vrp);
    if (m->token & LINK_VRPS_END) router_vrps_end(p->router, now);
}

static void on_stop(struct process *p, instant now)
{
    p->stopping = true;
    stations_end(p->stations);
    p->stop_by = instant_after(now, duration_s(STOP_S));
    router_shutdown(p->router, now);
}

static const char *domain_text(const struct link_message *m, char buf[static KEY_ROOM])
{
    if (!link_text(m->text[0], buf, KEY_ROOM)) buf[0] = 0;
    return buf;
}

static void on_address(struct process *p, const struct link_message *m)
{
    char one[ADDR_TEXT_MAX], two[ADDR_TEXT_MAX];
    struct addr a, b;
    if (link_text(m->text[0], one, sizeof one) && link_text(m->text[1], two, sizeof two) &&
        addr_parse(one, &a) && addr_parse(two, &b))
        conns_pair(p->conns, m->flag, &a, &b);
}

static void on_dark(struct process *p, const struct link_message *m, instant now)
{
    char domain[KEY_ROOM];
    router_links_down(p->router, domain_text(m, domain), m->rest, now);
}

static void dispatch(struct process *p, const struct link_message *m, int fd, instant now)
{
    char domain[KEY_ROOM];
    switch (m->type) {
    case LINK_START: on_start(p, m); break;
    case LINK_INTENT: on_intent(p, m, now); break;
    case LINK_LISTENER: conns_listener(p->conns, m->token, domain_text(m, domain), fd); break;
    case LINK_LISTENER_GONE: conns_listener_gone(p->conns, m->token); break;
    case LINK_CONN: conns_opened(p->conns, m->token, (int)m->number[0], fd, now); break;
    case LINK_BFD_PORT: bfd_engine_port(p->bfd, m->token, domain_text(m, domain), fd); break;
    case LINK_BFD_PORT_GONE: bfd_engine_port_gone(p->bfd, m->token); break;
    case LINK_BFD_CONN: on_bfd_conn(p, m, fd, now); break;
    case LINK_ADDRESS: on_address(p, m); break;
    case LINK_DARK: on_dark(p, m, now); break;
    case LINK_ASK: on_ask(p, m); break;
    case LINK_PING: say(p, &(struct link_message){.type = LINK_PONG, .token = m->token}); break;
    case LINK_STOP: on_stop(p, now); break;
    case LINK_VRPS: on_payloads(p, m, now); break;
    case LINK_DUMP: on_dump(p, m, fd, now); break;
    case LINK_STATION_CONN: stations_opened(p->stations, m->token, (int)m->number[0], fd, now); break;
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
    struct process *p = w->ctx;
    struct link_message m;
    const char *why = NULL;
    int fd;
    if (events & LOOP_WRITE) link_flush(&p->link);
    enum link_got got;
    while ((got = link_receive(&p->link, &m, &fd, &why)) == LINK_GOT) {
        if (!p->router && m.type != LINK_START) _exit(1); /* nothing makes sense before that */
        dispatch(p, &m, fd, now);
        conns_work(p->conns, now);
    }
    if (got == LINK_LIED) log_line(LOG_LINE_ERROR, "link-broken", "", "message %s", why);
    if (got != LINK_NOTHING) _exit(1);
}

/* --- the process --- */

static instant next_deadline(const struct process *p)
{
    if (!p->router) return NEVER;
    instant next = instant_first(router_next(p->router), conns_next(p->conns));
    next = instant_first(next, instant_first(recorder_next(p->recorder), stations_next(p->stations)));
    for (const struct bfd_want *w = p->wants; w; w = w->next) next = instant_first(next, w->ask_at);
    return p->stopping ? instant_first(next, p->stop_by) : next;
}

static void due(struct process *p, instant now)
{
    if (!p->router) return;
    if (instant_reached(router_next(p->router), now)) router_tick(p->router, now);
    conns_tick(p->conns, now);
    ask_for_bfd(p, now);
    recorder_tick(p->recorder, now);
    stations_tick(p->stations, now);
    listen_as_needed(p);
    send_routes(p);
    if (p->changed) say(p, &(struct link_message){.type = LINK_CHANGED});
    p->changed = false;
    if (p->stopping && (conns_quiet(p->conns) || instant_reached(p->stop_by, now))) {
        say(p, &(struct link_message){.type = LINK_STOPPED});
        _exit(0);
    }
    loop_expect(p->loop, &p->link_watch, LOOP_READ | (link_waiting(&p->link) ? LOOP_WRITE : 0u));
}

static int compare_octets(const void *a, const void *b) { return *(const char *)a - *(const char *)b; }

/* Libraries that would open files or ask the system later do it now, before that is forbidden. */
static void settle_libraries(void)
{
    size_t seed = 0;
    char many[2048] = {0};
    qsort(many, sizeof many, 1, compare_octets); /* asks once how much memory there is: sysinfo */
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) abort();
    json_object_seed(seed | 1);    /* else from /dev/urandom */
    mallopt(M_ARENA_MAX, 2);       /* else by the number of processors, from /sys */
}

int router_process(int fd)
{
    static struct process p;
    struct text how = {0}, why = {0};
    p.loop = loop_new();
    p.routes_of = NO_REF;
    p.routes = writer_on(p.routes_buf, sizeof p.routes_buf);
    link_init(&p.link, fd, LINK_KEEPER);
    settle_libraries();
    bool confined = confine_router_rights(&how, &why);
    if (confined) {
        p.bfd = bfd_engine_start();
        confine_router_share_time();
        confined = confine_router_calls(&how, &why);
    }
    if (!confined) {
        log_line(LOG_LINE_ERROR, "not-confined", "", "%s", text_get(&why));
        return 1;
    }
    say(&p, &(struct link_message){.type = LINK_READY, .text = {span_of(text_get(&how), how.n)}});
    text_drop(&how);
    p.link_watch.ready = link_ready;
    p.link_watch.ctx = &p;
    loop_watch(p.loop, &p.link_watch, fd, LOOP_READ);
    p.bfd_watch.ready = bfd_ready;
    p.bfd_watch.ctx = &p;
    loop_watch(p.loop, &p.bfd_watch, bfd_engine_wake(p.bfd), LOOP_READ);
    for (;;) due(&p, loop_turn(p.loop, next_deadline(&p)));
}
