/* edge/keeper.c - puts the parts together: intents in, kernel side and router process after them,
 * questions answered, children watched. The order of an apply: what is new is made in the kernel, the
 * router is told, and when it has taken the intent, what is gone is removed. An intent that is no good
 * never gets so far: it was rehearsed when it was read. */
#include "edge/keeper.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "edge/child.h"
#include "edge/config.h"
#include "edge/control.h"
#include "edge/exporter.h"
#include "edge/json_out.h"
#include "edge/pulse.h"
#include "edge/spaces.h"
#include "edge/validator.h"
#include "sys/confine.h"
#include "sys/log.h"
#include "sys/netns.h"
#include "sys/peer_socket.h"
#include "sys/process.h"

#define RUN_DIR "/run/fairlead"

enum {
    WATCH_MS = 1000,       /* interfaces: RB-123 */
    RETRY_S = 5,           /* what could not be made */
    RECONCILE_S = 60,      /* RB-121 */
    PING_S = 2,
    STARVED_US = 10000000,
    EVIDENCE_MS = 2000,
    EVIDENCE_SOON_MS = 100,
    ANSWER_MOST = 64 << 20,
    QUESTION_S = 30,
    STOP_S = 4,
    WORD_ROOM = 64,
};

enum question_kind { ASK_CLIENT, ASK_CLIENT_EVIDENCE, ASK_CLIENT_DROPS, ASK_CLIENT_RPKI, ASK_AGENT_EVIDENCE, ASK_EXPORTER_FIGURES };

struct question { /* asked of the router process */
    struct question *next;
    uint32_t id, client;
    enum question_kind kind;
    struct text answer;
    instant until;
};

struct keeper {
    const char *file;
    struct loop *loop;
    struct watch signals, kernel; /* kernel: what the domains forward by changed */
    struct config local, given; /* from the file; from the control plane, empty without one */
    struct spaces *spaces;
    struct control *control;
    struct child router, agent;
    struct validator validator;
    struct exporter exporter;
    struct hash_key key; /* veils session keys from the router process */
    struct question *questions;
    uint32_t last_question;
    struct pulse pulse; /* of the router process: RB-185 */
    struct text given_parts; /* an intent of the control plane being put together */
    uint32_t applying[32];   /* clients who wait for the router's word */
    size_t applying_n;
    bool ready, drained, leaving, stopping, reached, applied, ensure_again;
    char unreached[200], confined[200], intent_from[16];
    instant pulse_at, ping_at, watch_at, retry_at, reconcile_at, evidence_at, stop_by, started;
};

static struct span span_of_text(const char *s) { return span_of(s, strlen(s)); }
static const struct intent *running(const struct keeper *k)
{
    return k->given.intent ? k->given.intent : k->local.intent;
}

/* --- to the router process --- */

static void tell_router(struct keeper *k, const struct link_message *m, int fd)
{
    if (k->router.state == CHILD_RUNNING) link_send(&k->router.link, m, fd);
}

static void hand_on_payloads(void *ctx, const struct link_message *m) { tell_router(ctx, m, -1); }

struct telling {
    struct keeper *k;
    bool again;
};

static void tell_pair(void *ctx, const struct addr *a, const struct addr *b)
{
    struct telling *t = ctx;
    char one[ADDR_TEXT_MAX], two[ADDR_TEXT_MAX];
    tell_router(t->k, &(struct link_message){.type = LINK_ADDRESS, .flag = !t->again,
                                             .text = {span_of_text(addr_text(a, one)),
                                                      span_of_text(addr_text(b, two))}}, -1);
    t->again = true;
}

static void tell_dark(void *ctx, const char *domain, struct span names)
{
    tell_router(ctx, &(struct link_message){.type = LINK_DARK, .text = {span_of_text(domain)}, .rest = names}, -1);
}

static void send_intent(struct keeper *k)
{
    struct text json = {0};
    struct telling pairs = {k, false};
    spaces_each_pair(k->spaces, tell_pair, &pairs);
    config_for_router(running(k), &k->key, k->drained, k->leaving, &json);
    if (k->router.state == CHILD_RUNNING)
        link_send_text(&k->router.link, LINK_INTENT, text_get(&json), json.n);
    spaces_each_dark(k->spaces, running(k), true, tell_dark, k);
    text_drop(&json);
}

static void port_opened(void *ctx, enum port_kind kind, uint32_t id, const char *domain, int fd)
{
    tell_router(ctx, &(struct link_message){.type = kind == PORT_BFD ? LINK_BFD_PORT : LINK_LISTENER,
                                            .token = id, .text = {span_of_text(domain)}}, fd);
}

static void port_closed(void *ctx, enum port_kind kind, uint32_t id)
{
    tell_router(ctx, &(struct link_message){
                         .type = kind == PORT_BFD ? LINK_BFD_PORT_GONE : LINK_LISTENER_GONE, .token = id}, -1);
}

static struct spaces_sink ports_of(struct keeper *k)
{
    return (struct spaces_sink){k, port_opened, port_closed};
}

static void router_ready(struct watch *w, unsigned events, instant now);

static void router_start(struct keeper *k, instant now)
{
    struct spaces_sink sink = ports_of(k);
    uint64_t key[2];
    uint32_t seed;
    k->router.watch.ready = router_ready;
    k->router.watch.ctx = k;
    if (!child_start(&k->router, k->loop, now)) return;
    if (getrandom(key, sizeof key, 0) != sizeof key || getrandom(&seed, sizeof seed, 0) != sizeof seed) abort();
    bool restarting = spaces_have_routes(k->spaces);
    tell_router(k, &(struct link_message){.type = LINK_START, .number = {key[0], key[1]}, .token = seed,
                                          .flag = restarting}, -1);
    spaces_each_port(k->spaces, &sink);
    send_intent(k);
    validator_router_started(&k->validator);
    k->ping_at = instant_after(now, duration_s(PING_S));
    pulse_begin(&k->pulse);
    k->pulse_at = now;
}

/* --- answers --- */

static void answer_fault(struct keeper *k, uint32_t client, const char *what)
{
    struct text t = {0};
    json_put_fault(&t, what);
    control_answer(k->control, client, &t);
}

static void end_question(struct keeper *k, struct question *q)
{
    struct question **at = &k->questions;
    while (*at != q) at = &(*at)->next;
    *at = q->next;
    text_drop(&q->answer);
    free(q);
}

static bool from_client(enum question_kind kind)
{
    return kind != ASK_AGENT_EVIDENCE && kind != ASK_EXPORTER_FIGURES;
}

static void fail_question(struct keeper *k, struct question *q, const char *why)
{
    if (from_client(q->kind)) answer_fault(k, q->client, why);
    end_question(k, q);
}

static void ask_router_with(struct keeper *k, enum question_kind kind, uint32_t client, enum link_type type,
                            const char *words, int fd, instant now)
{
    if (k->router.state != CHILD_RUNNING) {
        if (from_client(kind)) answer_fault(k, client, "the router process is not running");
        return;
    }
    struct question *q = calloc(1, sizeof *q);
    if (!q) abort();
    *q = (struct question){.next = k->questions, .id = ++k->last_question, .client = client, .kind = kind,
                           .until = instant_after(now, duration_s(QUESTION_S))};
    k->questions = q;
    tell_router(k, &(struct link_message){.type = type, .token = q->id, .text = {span_of_text(words)}}, fd);
}

static void ask_router(struct keeper *k, enum question_kind kind, uint32_t client, const char *words,
                       instant now)
{
    ask_router_with(k, kind, client, LINK_ASK, words, -1, now);
}

static void put_now(struct text *out)
{
    char date[40];
    time_t s = time(NULL);
    struct tm tm;
    gmtime_r(&s, &tm);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &tm);
    json_put_key(out, "at", date);
}

static void put_router(const struct intent *i, struct text *out)
{
    char id[ADDR_TEXT_MAX];
    struct addr a = addr_v4(i->router.id);
    text_add(out, "\"router\":{\"name\":");
    json_put(out, i->router.name);
    json_put_key(out, "id", addr_text(&a, id));
    text_addf(out, ",\"asn\":%u},\"revision\":%llu", i->router.asn, (unsigned long long)i->revision);
}

static void put_attachments(struct keeper *k, struct text *out)
{
    text_add(out, "\"attachments\":");
    spaces_show_attachments(k->spaces, running(k), out);
}

static void put_neighbors(struct keeper *k, struct text *out)
{
    text_add(out, "\"neighbors\":");
    spaces_show_neighbors(k->spaces, running(k), out);
}

static void put_unknown(struct keeper *k, struct text *out)
{
    text_add(out, "\"unknown_tags\":");
    spaces_show_unknown_tags(k->spaces, out);
}

/* The router's members with ours beside them. */
static void put_evidence(struct keeper *k, const struct text *share, struct text *out)
{
    text_add(out, "{");
    put_router(running(k), out);
    put_now(out);
    text_add(out, ",");
    text_add_n(out, text_get(share), share->n);
    text_add(out, ",");
    put_attachments(k, out);
    text_add(out, ",");
    put_neighbors(k, out);
    text_add(out, ",");
    put_unknown(k, out);
    text_add(out, ",\"nat\":");
    spaces_show_nat(k->spaces, out);
    text_add(out, ",\"qos\":");
    spaces_show_qos(k->spaces, out);
    text_add(out, ",\"fates\":");
    spaces_show_fates(k->spaces, out);
    text_add(out, "}");
}

static void put_drops(struct keeper *k, const struct text *share, struct text *out)
{
    text_add(out, "{\"drops\":[");
    text_add_n(out, text_get(share), share->n);
    spaces_show_drops(k->spaces, out);
    text_addf(out, "],\"routes_refused\":%zu,", spaces_routes_refused(k->spaces));
    put_unknown(k, out);
    text_add(out, "}");
}

static void put_rpki(struct keeper *k, const struct text *share, struct text *out)
{
    text_add(out, "{");
    validator_show(&k->validator, out);
    text_add(out, ",");
    text_add_n(out, text_get(share), share->n);
    text_add(out, "}");
}

static void answered(struct keeper *k, struct question *q)
{
    struct text out = {0};
    switch (q->kind) {
    case ASK_CLIENT: out = q->answer, q->answer = (struct text){0}; break;
    case ASK_CLIENT_DROPS: put_drops(k, &q->answer, &out); break;
    case ASK_CLIENT_RPKI: put_rpki(k, &q->answer, &out); break;
    case ASK_CLIENT_EVIDENCE: case ASK_AGENT_EVIDENCE: case ASK_EXPORTER_FIGURES: put_evidence(k, &q->answer, &out); break;
    }
    if (q->kind == ASK_EXPORTER_FIGURES)
        exporter_give(&k->exporter, &out);
    else if (from_client(q->kind))
        control_answer(k->control, q->client, &out);
    else if (k->agent.state == CHILD_RUNNING && !link_waiting(&k->agent.link) &&
             out.n <= LINK_TEXT_TOTAL_MAX) /* a slow control plane misses some, never the last */
        link_send_text(&k->agent.link, LINK_EVIDENCE, text_get(&out), out.n);
    text_drop(&out);
    end_question(k, q);
}

static void on_answer(struct keeper *k, const struct link_message *m)
{
    struct question *q = k->questions;
    while (q && q->id != m->token) q = q->next;
    if (!q) return;
    if (q->answer.n + m->rest.n > ANSWER_MOST) {
        fail_question(k, q, "the answer is longer than 64 MiB");
        return;
    }
    text_add_n(&q->answer, (const char *)m->rest.p, m->rest.n);
    if (m->flag) answered(k, q);
}

/* --- applying --- */

static void announce_ready(struct keeper *k)
{
    if (k->ready) return;
    k->ready = true;
    ssize_t n = write(STDOUT_FILENO, "ready\n", 6);
    (void)n;
}

static void ensure(struct keeper *k, instant now)
{
    k->ensure_again = spaces_ensure(k->spaces, running(k)) > 0;
    k->retry_at = k->ensure_again ? instant_after(now, duration_s(RETRY_S)) : NEVER;
}

static void apply_now(struct keeper *k, instant now)
{
    ensure(k, now);
    validator_apply(&k->validator, running(k), now);
    exporter_apply(&k->exporter, running(k), now);
    child_revive(&k->router, now);
    if (k->router.state == CHILD_RUNNING) send_intent(k);
}

static void on_applied(struct keeper *k, const struct link_message *m)
{
    char why[LINK_TEXT_MAX + 1];
    if (!link_text(m->text[0], why, sizeof why)) why[0] = 0;
    if (m->flag)
        spaces_trim(k->spaces, running(k));
    else
        log_line(LOG_LINE_ERROR, "intent-refused", "", "%s", why);
    for (size_t i = 0; i < k->applying_n; i++) {
        struct text t = {0};
        if (m->flag)
            text_addf(&t, "{\"applied\":true,\"revision\":%llu}", (unsigned long long)running(k)->revision);
        else
            json_put_fault(&t, why);
        control_answer(k->control, k->applying[i], &t);
    }
    k->applying_n = 0;
    k->applied = true;
    announce_ready(k);
}

/* What cannot change while we run, because processes and sockets stand on it. */
static bool same_ground(const struct intent *a, const struct intent *b, struct text *why)
{
    const struct {
        const char *key;
        bool same;
    } rows[] = {
        {"/router/name", strcmp(a->router.name, b->router.name) == 0},
        {"/router/namespace", strcmp(a->router.namespace_, b->router.namespace_) == 0},
        {"/dataplane", a->dataplane == b->dataplane},
        {"/control_socket", strcmp(a->control_socket, b->control_socket) == 0},
        {"/control/url", strcmp(a->control.url, b->control.url) == 0},
    };
    bool same = true;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (!rows[i].same) {
            text_addf(why, "%s cannot change while the router runs; restart it\n", rows[i].key);
            same = false;
        }
    return same;
}

/* Reads the whole file again; nothing changes if it is no good. */
static bool reload(struct keeper *k, instant now, struct text *why)
{
    struct config fresh = {0};
    if (!config_read_file(k->file, &fresh, why)) return false;
    if (!same_ground(k->local.intent, fresh.intent, why)) {
        config_drop(&fresh);
        return false;
    }
    struct config old = k->local;
    k->local = fresh;
    apply_now(k, now);
    config_drop(&old);
    return true;
}

static void reload_by_signal(struct keeper *k, instant now)
{
    struct text why = {0};
    if (reload(k, now, &why))
        log_line(LOG_LINE_INFO, "config-read", k->file, "applied");
    else
        log_line(LOG_LINE_ERROR, "config-refused", k->file, "%s", text_get(&why));
    text_drop(&why);
}

static void take_given(struct keeper *k, const struct text *json, const char *from, instant now)
{
    struct config fresh = {0};
    struct text why = {0};
    if (!config_read_given(text_get(json), json->n, k->local.intent, &fresh, &why)) {
        log_line(LOG_LINE_ERROR, "intent-refused", from, "%s", text_get(&why));
        text_drop(&why);
        return;
    }
    if (strcmp(from, "control") == 0 &&
        !config_keep(k->local.intent->state_dir, text_get(json), json->n, &why)) {
        log_line(LOG_LINE_WARN, "intent-not-kept", "", "%s", text_get(&why));
        text_drop(&why);
    }
    log_line(LOG_LINE_INFO, "intent-taken", from, "revision %llu, %zu domains",
             (unsigned long long)fresh.intent->revision, fresh.intent->domains_n);
    struct config old = k->given;
    k->given = fresh;
    snprintf(k->intent_from, sizeof k->intent_from, "%s", from);
    if (k->spaces) apply_now(k, now);
    config_drop(&old);
}

/* --- the router process speaks --- */

static void open_for(struct keeper *k, const struct link_message *m, enum link_type answer,
                     int (*open)(struct spaces *s, const struct intent *i, const char *peer))
{
    char peer[WORD_ROOM];
    int fd = link_text(m->text[0], peer, sizeof peer) ? open(k->spaces, running(k), peer) : -EINVAL;
    tell_router(k, &(struct link_message){.type = answer, .token = m->token,
                                          .number = {fd < 0 ? (uint64_t)-fd : 0}}, fd < 0 ? -1 : fd);
    if (fd >= 0) close(fd);
}

/* Only where the intent says a station is. */
static void on_station(struct keeper *k, const struct link_message *m)
{
    struct cursor c = cursor_of(m->rest);
    struct tcp_peer to = {.md5 = ""};
    bool named = false;
    if (link_endpoint_next(&c, &to.remote, &to.port))
        for (size_t i = 0; i < running(k)->bmp.stations_n; i++)
            named = named || (running(k)->bmp.stations[i].port == to.port &&
                              addr_equal(&running(k)->bmp.stations[i].addr, &to.remote));
    int fd = named ? tcp_connect(&to) : -ENOENT;
    tell_router(k, &(struct link_message){.type = LINK_STATION_CONN, .token = m->token,
                                          .number = {fd < 0 ? (uint64_t)-fd : 0}}, fd < 0 ? -1 : fd);
    if (fd >= 0) close(fd);
}

static void on_rekey(struct keeper *k, const struct link_message *m, int fd)
{
    char peer[WORD_ROOM] = "";
    int fault = link_text(m->text[0], peer, sizeof peer) ? spaces_rekey(k->spaces, running(k), peer, fd) : -EINVAL;
    if (fault) log_line(LOG_LINE_ERROR, "md5-key", peer, "the running session keeps its old key: %s", strerror(-fault));
    else log_line(LOG_LINE_INFO, "md5-key", peer, "the running session has the new key");
}

static void on_routes(struct keeper *k, const struct link_message *m)
{
    char domain[WORD_ROOM];
    if (!link_text(m->text[0], domain, sizeof domain) || !spaces_routes(k->spaces, domain, cursor_of(m->rest)))
        log_line(LOG_LINE_WARN, "routes-ignored", "", "the router process sent routes that are none");
}

static void on_settled(struct keeper *k, const struct link_message *m)
{
    char domain[WORD_ROOM];
    if (link_text(m->text[0], domain, sizeof domain)) spaces_settled(k->spaces, domain);
}

static void on_ready(struct child *c, const struct link_message *m)
{
    if (!link_text(m->text[0], c->confined, sizeof c->confined)) c->confined[0] = 0;
    log_line(LOG_LINE_INFO, "process-ready", c->role, "pid %d: %s", (int)c->pid, c->confined);
}

static void evidence_soon(struct keeper *k, instant now)
{
    k->evidence_at = instant_first(k->evidence_at, instant_after(now, duration_ms(EVIDENCE_SOON_MS)));
}

static void from_router(struct keeper *k, const struct link_message *m, instant now)
{
    switch (m->type) {
    case LINK_READY: on_ready(&k->router, m); break;
    case LINK_APPLIED: on_applied(k, m); break;
    case LINK_CONNECT: open_for(k, m, LINK_CONN, spaces_connect); break;
    case LINK_BFD_OPEN: open_for(k, m, LINK_BFD_CONN, spaces_bfd_sender); break;
    case LINK_STATION_OPEN: on_station(k, m); break;
    case LINK_ROUTES: on_routes(k, m); break;
    case LINK_SETTLED: on_settled(k, m); break;
    case LINK_ANSWER: on_answer(k, m); break;
    case LINK_CHANGED: evidence_soon(k, now); break;
    case LINK_PONG:
        pulse_answer(&k->pulse, m->token);
        break;
    case LINK_STOPPED: case LINK_START: case LINK_INTENT: case LINK_LISTENER: case LINK_LISTENER_GONE:
    case LINK_CONN: case LINK_BFD_PORT: case LINK_BFD_PORT_GONE: case LINK_BFD_CONN: case LINK_ASK:
    case LINK_ADDRESS: case LINK_DARK:
    case LINK_REKEY:
    case LINK_PING: case LINK_STOP: case LINK_CONTROL: case LINK_EVIDENCE: case LINK_REACHED:
    case LINK_RPKI: case LINK_RPKI_ALL:
    case LINK_VRPS: case LINK_RPKI_STATE: case LINK_DUMP: case LINK_STATION_CONN:
    case LINK_TYPES: break;
    }
}

static void router_gone(struct keeper *k, instant now)
{
    child_ended(&k->router, k->loop, now);
    if (k->stopping) return;
    log_line(LOG_LINE_ERROR, "router-gone", "", "its routes keep forwarding; another one starts");
    spaces_router_lost(k->spaces);
    while (k->questions) fail_question(k, k->questions, "the router process ended");
    for (size_t i = 0; i < k->applying_n; i++)
        answer_fault(k, k->applying[i], "the router process ended while it applied the intent");
    k->applying_n = 0;
}

enum { MESSAGES_A_TURN = 256 };

/* False: the process at the other end is gone or not to be trusted any more. */
static bool receive(struct keeper *k, struct child *c,
                    void (*from)(struct keeper *k, const struct link_message *m, instant now), instant now)
{
    struct link_message m;
    const char *why = NULL;
    int fd;
    enum link_got got = LINK_GOT;
    for (int i = 0; i < MESSAGES_A_TURN && c->state == CHILD_RUNNING; i++) {
        got = link_receive(&c->link, &m, &fd, &why);
        if (got != LINK_GOT) break;
        if (m.type == LINK_REKEY) on_rekey(k, &m, fd);
        if (fd >= 0) close(fd);
        from(k, &m, now);
    }
    if (got == LINK_LIED)
        log_line(LOG_LINE_ERROR, "link-broken", c->role, "message %s; the process is ended", why);
    return got == LINK_GOT || got == LINK_NOTHING;
}

static void router_ready(struct watch *w, unsigned events, instant now)
{
    struct keeper *k = w->ctx;
    if (events & LOOP_WRITE) link_flush(&k->router.link);
    if (!receive(k, &k->router, from_router, now)) router_gone(k, now);
}

/* --- the agent speaks --- */

static void from_agent(struct keeper *k, const struct link_message *m, instant now)
{
    if (m->type == LINK_READY) on_ready(&k->agent, m);
    if (m->type == LINK_REACHED) {
        k->reached = m->flag;
        if (!link_text(m->text[0], k->unreached, sizeof k->unreached)) k->unreached[0] = 0;
    }
    if (m->type != LINK_INTENT) return;
    enum link_part part = link_join(m, &k->given_parts);
    if (part == LINK_PART_WHOLE) take_given(k, &k->given_parts, "control", now);
    if (part != LINK_PART_MORE) text_drop(&k->given_parts);
}

static void agent_gone(struct keeper *k, instant now)
{
    child_ended(&k->agent, k->loop, now);
    text_drop(&k->given_parts);
    k->reached = false;
}

static void agent_ready(struct watch *w, unsigned events, instant now)
{
    struct keeper *k = w->ctx;
    if (events & LOOP_WRITE) link_flush(&k->agent.link);
    if (!receive(k, &k->agent, from_agent, now)) agent_gone(k, now);
}

static void agent_start(struct keeper *k, instant now)
{
    const struct intent *i = k->local.intent;
    k->agent.watch.ready = agent_ready;
    k->agent.watch.ctx = k;
    if (!child_start(&k->agent, k->loop, now)) return;
    link_send(&k->agent.link,
              &(struct link_message){.type = LINK_CONTROL,
                                     .number = {k->given.intent ? k->given.intent->revision : 0},
                                     .text = {span_of_text(i->router.name), span_of_text(i->control.url),
                                              span_of_text(i->control.ca_file),
                                              span_of_text(i->control.cert_file),
                                              span_of_text(i->control.key_file)}}, -1);
}

/* --- questions from outside --- */

static void put_child(const struct child *c, struct text *out)
{
    static const char *const states[] = {"off", "waiting", "running", "stopped"};
    text_addf(out, "{\"pid\":%d,\"state\":\"%s\",\"restarts\":%u", (int)c->pid, states[c->state],
              c->starts ? c->starts - 1 : 0);
    json_put_key(out, "confined", c->confined);
    text_add(out, "}");
}

static const char *const dataplane_names[] = {"none", "namespaces", "fast"};

static void show_status(struct keeper *k, struct text *out)
{
    const struct intent *i = running(k);
    text_add(out, "{");
    put_router(i, out);
    text_addf(out, ",\"dataplane\":\"%s\",\"drained\":%s",
              dataplane_names[i->dataplane], k->drained ? "true" : "false");
    json_put_key(out, "intent_from", k->intent_from);
    text_addf(out, ",\"uptime_s\":%lld,\"keeper\":{\"pid\":%d",
              (long long)duration_to_s(instant_since(clock_now(), k->started)), (int)getpid());
    json_put_key(out, "confined", k->confined);
    text_add(out, "},\"router_process\":");
    put_child(&k->router, out);
    text_add(out, ",\"agent\":");
    put_child(&k->agent, out);
    text_addf(out, ",\"control\":{\"reached\":%s", k->reached ? "true" : "false");
    json_put_key(out, "url", k->local.intent->control.url);
    json_put_key(out, "why", k->unreached);
    text_addf(out, "},\"incomplete\":%s}", k->ensure_again ? "true" : "false");
}

static void show_attachments(struct keeper *k, struct text *out)
{
    text_add(out, "{");
    put_attachments(k, out);
    text_add(out, "}");
}

static void show_neighbors(struct keeper *k, struct text *out)
{
    text_add(out, "{");
    put_neighbors(k, out);
    text_add(out, "}");
}

static void show_fast(struct keeper *k, struct text *out) { spaces_show_fast(k->spaces, out); }
static void show_qos(struct keeper *k, struct text *out) { spaces_show_qos(k->spaces, out); }

static void show_nat(struct keeper *k, struct text *out) { spaces_show_nat(k->spaces, out); }

struct view {
    const char *name;
    enum question_kind kind;                             /* asked of the router process ... */
    void (*show)(struct keeper *k, struct text *out);    /* ... unless we know it ourselves */
};
static const struct view views[] = {
    {"bgp", ASK_CLIENT, NULL},
    {"routes", ASK_CLIENT, NULL},
    {"bfd", ASK_CLIENT, NULL},
    {"drops", ASK_CLIENT_DROPS, NULL},
    {"rpki", ASK_CLIENT_RPKI, NULL},
    {"figures", ASK_CLIENT_EVIDENCE, NULL},
    {"bmp", ASK_CLIENT, NULL},
    {"route", ASK_CLIENT, NULL},
    {"received", ASK_CLIENT, NULL},
    {"faults", ASK_CLIENT, NULL},
    {"advertised", ASK_CLIENT, NULL},
    {"evidence", ASK_CLIENT_EVIDENCE, NULL},
    {"attachments", ASK_CLIENT, show_attachments},
    {"neighbors", ASK_CLIENT, show_neighbors},
    {"status", ASK_CLIENT, show_status},
    {"nat", ASK_CLIENT, show_nat},
    {"qos", ASK_CLIENT, show_qos},
    {"fast", ASK_CLIENT, show_fast},
};

static void do_show(struct keeper *k, uint32_t client, const char *words)
{
    size_t n = strcspn(words, " ");
    for (size_t i = 0; i < ARRAY_LEN(views); i++) {
        if (strncmp(views[i].name, words, n) != 0 || views[i].name[n]) continue;
        struct text out = {0};
        if (!views[i].show) {
            ask_router(k, views[i].kind, client, words, clock_now());
            return;
        }
        views[i].show(k, &out);
        control_answer(k->control, client, &out);
        return;
    }
    answer_fault(k, client,
                 "show what? bgp, routes [DOMAIN], route PREFIX|ADDRESS [DOMAIN], received PEER, advertised PEER, "
                 "faults [PEER], bfd, drops, rpki, bmp, evidence, attachments, neighbors, status, nat, qos, fast");
}

static void wait_for_router(struct keeper *k, uint32_t client)
{
    if (k->router.state == CHILD_RUNNING && k->applying_n < ARRAY_LEN(k->applying))
        k->applying[k->applying_n++] = client;
    else
        answer_fault(k, client, "the router process is starting; it will take this intent");
}

static void do_apply(struct keeper *k, uint32_t client, const char *words)
{
    struct text why = {0};
    (void)words;
    if (reload(k, clock_now(), &why))
        wait_for_router(k, client);
    else
        answer_fault(k, client, text_get(&why));
    text_drop(&why);
}

static void do_drain(struct keeper *k, uint32_t client, const char *words)
{
    k->drained = strcmp(words, "off") != 0;
    k->leaving = strcmp(words, "graceful-shutdown") == 0;
    log_line(LOG_LINE_INFO, k->drained ? "drained" : "undrained", "", "paths out are %s",
             k->leaving ? "made longer and marked" : k->drained ? "made longer" : "as configured");
    apply_now(k, clock_now());
    wait_for_router(k, client);
}

static void ask_router_to(struct keeper *k, uint32_t client, const char *order, const char *words)
{
    struct text t = {0};
    text_addf(&t, "%s %.300s", order, words);
    ask_router(k, ASK_CLIENT, client, text_get(&t), clock_now());
    text_drop(&t);
}

static void do_reset(struct keeper *k, uint32_t client, const char *words)
{
    ask_router_to(k, client, "reset", words);
}
static void do_refresh(struct keeper *k, uint32_t client, const char *words)
{
    ask_router_to(k, client, "refresh", words);
}

/* A regular file, made anew or emptied; never through a link somebody left there. */
static int open_dump(const char *path, struct text *why)
{
    struct stat st;
    if (*path != '/') {
        text_add(why, "an absolute path is wanted");
        return -1;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || ftruncate(fd, 0) != 0)) {
        close(fd);
        fd = -1;
        errno = EINVAL;
    }
    if (fd < 0) text_addf(why, "cannot write %.300s: %s", path, strerror(errno));
    return fd;
}

/* "table PATH", "table/DOMAIN PATH", "updates PATH", "stop" */
static void do_mrt(struct keeper *k, uint32_t client, const char *words)
{
    char what[WORD_ROOM];
    struct text why = {0};
    size_t n = strcspn(words, " ");
    snprintf(what, sizeof what, "%.*s", (int)(n < sizeof what ? n : sizeof what - 1), words);
    char *slash = strchr(what, '/');
    if (slash) *slash = ' ';
    int fd = strcmp(what, "stop") == 0 ? -1 : open_dump(words[n] ? words + n + 1 : "", &why);
    if (why.n)
        answer_fault(k, client, text_get(&why));
    else
        ask_router_with(k, ASK_CLIENT, client, LINK_DUMP, what, fd, clock_now());
    if (fd >= 0) close(fd);
    text_drop(&why);
}

static const struct {
    const char *word;
    bool changes; /* only for root and ourselves */
    void (*run)(struct keeper *k, uint32_t client, const char *words);
} orders[] = {{"show", false, do_show}, {"apply", true, do_apply}, {"drain", true, do_drain},
            {"mrt", true, do_mrt}, {"reset", true, do_reset}, {"refresh", true, do_refresh}};

static void asked(void *ctx, uint32_t client, const char *line, int64_t uid)
{
    struct keeper *k = ctx;
    size_t n = strcspn(line, " ");
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        if (strncmp(orders[i].word, line, n) != 0 || orders[i].word[n]) continue;
        if (orders[i].changes && uid != 0 && uid != (int64_t)geteuid())
            answer_fault(k, client, "only root and the router's own user may do this");
        else
            orders[i].run(k, client, line + n + (line[n] == ' '));
        return;
    }
    answer_fault(k, client, "orders: show WHAT, apply, drain [off], reset PEER [WORDS], refresh PEER, "
                 "mrt table|updates PATH, mrt stop");
}

/* --- signals --- */

static bool has_ended(const struct child *c)
{
    siginfo_t i = {0};
    return c->pid > 0 && waitid(P_PID, (id_t)c->pid, &i, WEXITED | WNOHANG | WNOWAIT) == 0 && i.si_pid;
}

static void reap(struct keeper *k, instant now)
{
    if (has_ended(&k->router)) router_gone(k, now);
    if (has_ended(&k->agent)) agent_gone(k, now);
    if (has_ended(&k->validator.child)) validator_ended(&k->validator, now);
    if (has_ended(&k->exporter.child)) exporter_ended(&k->exporter, now);
}

static void stop(struct keeper *k, instant now)
{
    if (k->stopping) return;
    k->stopping = true;
    k->stop_by = instant_after(now, duration_s(STOP_S));
    tell_router(k, &(struct link_message){.type = LINK_STOP}, -1);
    child_kill(&k->agent);
    validator_stop(&k->validator);
    exporter_stop(&k->exporter);
}

static void signalled(struct watch *w, unsigned events, instant now)
{
    struct keeper *k = w->ctx;
    struct signalfd_siginfo s;
    (void)events;
    while (read(w->fd, &s, sizeof s) == sizeof s) switch (s.ssi_signo) {
        case SIGCHLD: reap(k, now); break;
        case SIGHUP: reload_by_signal(k, now); break;
        default: stop(k, now); break;
        }
}

static void watch_signals(struct keeper *k)
{
    sigset_t set;
    sigemptyset(&set);
    static const int signals[] = {SIGCHLD, SIGHUP, SIGTERM, SIGINT};
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) sigaddset(&set, signals[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    k->signals.ready = signalled;
    k->signals.ctx = k;
    loop_watch(k->loop, &k->signals, signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), LOOP_READ);
}

/* --- time --- */

static bool due(instant *at, duration every, instant now)
{
    if (!instant_reached(*at, now)) return false;
    *at = instant_after(now, every);
    return true;
}

/* A router process that does not answer although it could is ended; one that is not run is waited for. */
static void feel_pulse(struct keeper *k, instant now)
{
    struct process_times t;
    if (!process_times(k->router.pid, &t)) return; /* it is gone: SIGCHLD is on its way */
    int64_t starved = k->pulse.starved.us;
    pulse_sample(&k->pulse, &(struct pulse_reading){t.ran_ns, t.waited_ns, t.state == 'R'}, now);
    if (starved / STARVED_US != k->pulse.starved.us / STARVED_US)
        log_line(LOG_LINE_WARN, "router-starved", "", "no answer, but it waited for a processor for %.0f s of this time",
                 (double)k->pulse.starved.us / 1e6);
    if (!pulse_deaf(&k->pulse)) return;
    log_line(LOG_LINE_ERROR, "router-deaf", "", "no answer for %d s in which it could have given one (state %c); it is ended",
             PULSE_DEAF_S, t.state);
    child_kill(&k->router);
    pulse_begin(&k->pulse);
}

static void look_after_router(struct keeper *k, instant now)
{
    if (k->router.state == CHILD_WAITING && instant_reached(k->router.start_at, now) && !k->stopping)
        router_start(k, now);
    if (k->router.state != CHILD_RUNNING) return;
    if (pulse_waits(&k->pulse) && due(&k->pulse_at, duration_ms(PULSE_SAMPLE_MS), now)) feel_pulse(k, now);
    if (due(&k->ping_at, duration_s(PING_S), now))
        tell_router(k, &(struct link_message){.type = LINK_PING, .token = pulse_ask(&k->pulse)}, -1);
    loop_expect(k->loop, &k->router.watch, LOOP_READ | (link_waiting(&k->router.link) ? LOOP_WRITE : 0u));
}

static void look_after_agent(struct keeper *k, instant now)
{
    if (k->agent.state == CHILD_WAITING && instant_reached(k->agent.start_at, now) && !k->stopping)
        agent_start(k, now);
    if (k->agent.state != CHILD_RUNNING) return;
    loop_expect(k->loop, &k->agent.watch, LOOP_READ | (link_waiting(&k->agent.link) ? LOOP_WRITE : 0u));
    if (due(&k->evidence_at, duration_ms(EVIDENCE_MS), now))
        ask_router(k, ASK_AGENT_EVIDENCE, 0, "evidence", now);
}

static void look_after_kernel(struct keeper *k, instant now)
{
    if (running(k)->dataplane == DATAPLANE_NONE && !k->ensure_again) return;
    if (due(&k->watch_at, duration_ms(WATCH_MS), now)) {
        spaces_tick(k->spaces, now);
        spaces_each_dark(k->spaces, running(k), false, tell_dark, k);
        if (spaces_disturbed(k->spaces, running(k))) {
            log_line(LOG_LINE_WARN, "interfaces-changed", "", "attachments are checked");
            ensure(k, now);
        }
    }
    if (instant_reached(k->retry_at, now)) ensure(k, now);
    if (due(&k->reconcile_at, duration_s(RECONCILE_S), now)) {
        ensure(k, now);
        spaces_reconcile(k->spaces);
    } else if (k->reconcile_at.us != NEVER.us) {
        spaces_retry(k->spaces);
    }
}

static void due_now(struct keeper *k, instant now)
{
    look_after_router(k, now);
    look_after_agent(k, now);
    look_after_kernel(k, now);
    if (!k->stopping) validator_tick(&k->validator, now);
    if (!k->stopping && exporter_tick(&k->exporter, now)) ask_router(k, ASK_EXPORTER_FIGURES, 0, "figures", now);
    control_tick(k->control, now);
    for (struct question *q = k->questions, *next; q; q = next) {
        next = q->next;
        if (instant_reached(q->until, now)) fail_question(k, q, "the router process does not answer");
    }
}

static instant next_deadline(const struct keeper *k)
{
    instant next = instant_first(child_next(&k->router), child_next(&k->agent));
    next = instant_first(next, instant_first(validator_next(&k->validator), exporter_next(&k->exporter)));
    if (k->router.state == CHILD_RUNNING)
        next = instant_first(next, instant_first(k->ping_at, pulse_waits(&k->pulse) ? k->pulse_at : NEVER));
    if (k->agent.state == CHILD_RUNNING) next = instant_first(next, k->evidence_at);
    if (intent_forwards(running(k)))
        next = instant_first(next, instant_first(k->watch_at, k->reconcile_at));
    next = instant_first(next, instant_first(k->retry_at, control_next(k->control)));
    return k->stopping ? instant_first(next, k->stop_by) : next;
}

/* --- start and end --- */

static const char *socket_path(const struct intent *i, char buf[static 108])
{
    if (*i->control_socket) return i->control_socket;
    mkdir(RUN_DIR, 0755);
    snprintf(buf, 108, RUN_DIR "/%s.sock", i->router.name);
    return buf;
}

static void kernel_changed(struct watch *w, unsigned events, instant now)
{
    struct keeper *k = w->ctx;
    (void)events;
    spaces_ready(k->spaces, now);
}

static bool begin_kernel(struct keeper *k, struct text *why)
{
    const struct intent *i = k->local.intent;
    struct spaces_sink sink = ports_of(k);
    if (intent_forwards(i) && geteuid() != 0) {
        text_add(why, "'dataplane: namespaces' needs root");
        return false;
    }
    if (*i->router.namespace_ && !netns_move(i->router.namespace_, why)) return false;
    if (!(k->spaces = spaces_new(i, &sink, why))) return false;
    k->kernel = (struct watch){.ready = kernel_changed, .ctx = k};
    if (spaces_fd(k->spaces) >= 0) loop_watch(k->loop, &k->kernel, spaces_fd(k->spaces), LOOP_READ);
    return true;
}

static bool begin(struct keeper *k, struct text *why)
{
    char path[108];
    struct text how = {0};
    const struct intent *i = k->local.intent;
    k->agent.home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    child_program(i->router.name);
    if (!(k->control = control_open(k->loop, socket_path(i, path), asked, k, why))) return false;
    if (!begin_kernel(k, why) || !confine_keeper(&how, why)) return false;
    snprintf(k->confined, sizeof k->confined, "%s", text_get(&how));
    log_line(LOG_LINE_INFO, "process-ready", "keeper", "pid %d: %s", (int)getpid(), k->confined);
    text_drop(&how);
    return true;
}

static void take_kept(struct keeper *k, instant now)
{
    struct text kept = {0};
    if (*k->local.intent->control.url && config_kept(k->local.intent->state_dir, &kept))
        take_given(k, &kept, "state", now);
    text_drop(&kept);
}

static void end(struct keeper *k)
{
    child_kill(&k->router);
    if (k->spaces) {
        loop_forget(k->loop, &k->kernel);
        spaces_remove(k->spaces);
        spaces_free(k->spaces);
    }
    control_close(k->control);
    log_line(LOG_LINE_INFO, "ended", k->local.intent->router.name, "orderly");
}

static void run(struct keeper *k)
{
    while (!(k->stopping && (k->router.state != CHILD_RUNNING || instant_reached(k->stop_by, clock_now()))))
        due_now(k, loop_turn(k->loop, next_deadline(k)));
}

int keeper_process(const char *file)
{
    static struct keeper k;
    struct text why = {0};
    k.file = file;
    if (!config_read_file(file, &k.local, &why)) {
        fputs(text_get(&why), stderr);
        return 1;
    }
    log_as(k.local.intent->router.name);
    k.loop = loop_new();
    k.started = clock_now();
    k.router = (struct child){.role = "router", .link_role = LINK_ROUTER, .home = -1, .state = CHILD_WAITING};
    k.agent = (struct child){.role = "agent", .link_role = LINK_AGENT};
    k.validator.hand_on = hand_on_payloads;
    k.validator.ctx = &k;
    validator_init(&k.validator, k.loop);
    exporter_init(&k.exporter, k.loop);
    k.retry_at = k.evidence_at = NEVER;
    k.reconcile_at = instant_after(k.started, duration_s(RECONCILE_S));
    snprintf(k.intent_from, sizeof k.intent_from, "file");
    if (getrandom(&k.key, sizeof k.key, 0) != sizeof k.key) abort();
    watch_signals(&k);
    if (!begin(&k, &why)) {
        fprintf(stderr, "fairlead-edge: %s\n", text_get(&why));
        control_close(k.control);
        return 1;
    }
    take_kept(&k, k.started);
    ensure(&k, k.started);
    validator_apply(&k.validator, running(&k), k.started);
    exporter_apply(&k.exporter, running(&k), k.started);
    if (*k.local.intent->control.url) {
        k.agent.state = CHILD_WAITING;
        k.evidence_at = k.started;
    }
    run(&k);
    end(&k);
    return 0;
}
