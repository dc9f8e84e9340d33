/* edge/keeper_children.c - the router process and the agent: started, heard, felt for a pulse, buried. */
#include "edge/keeper_priv.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "sys/log.h"
#include "sys/peer_socket.h"
#include "sys/process.h"

enum { PING_S = 2, STARVED_US = 10000000, EVIDENCE_MS = 2000, EVIDENCE_SOON_MS = 100 };

static void router_ready(struct watch *w, unsigned events, instant now);

/* Each costs memory when there are RPKI payloads, so not every processor of a large machine has one. */
static unsigned workers(const struct keeper *k)
{
    enum { USUALLY_MOST = 4 };
    unsigned wanted = k->local.intent->router.workers;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (wanted) return wanted;
    return processors < 1 ? 1 : processors < USUALLY_MOST ? (unsigned)processors : USUALLY_MOST;
}

static void router_start(struct keeper *k, instant now)
{
    struct spaces_sink sink = keeper_ports(k);
    uint64_t key[2];
    uint32_t seed;
    k->router.workers = workers(k);
    k->router.watch.ready = router_ready;
    k->router.watch.ctx = k;
    if (!child_start(&k->router, k->loop, now)) return;
    if (getrandom(key, sizeof key, 0) != sizeof key || getrandom(&seed, sizeof seed, 0) != sizeof seed) abort();
    bool restarting = spaces_have_routes(k->spaces);
    keeper_tell_router(k, &(struct link_message){.type = LINK_START, .number = {key[0], key[1]}, .token = seed,
                                          .flag = restarting}, -1);
    spaces_each_port(k->spaces, &sink);
    keeper_send_intent(k);
    validator_router_started(&k->validator);
    k->ping_at = instant_after(now, duration_s(PING_S));
    pulse_begin(&k->pulse);
    k->pulse_at = now;
}

/* --- the router process speaks --- */

static void open_for(struct keeper *k, const struct link_message *m, enum link_type answer,
                     int (*open)(struct spaces *s, const struct intent *i, const char *peer))
{
    char peer[WORD_ROOM];
    int fd = link_text(m->text[0], peer, sizeof peer) ? open(k->spaces, keeper_running(k), peer) : -EINVAL;
    keeper_tell_router(k, &(struct link_message){.type = answer, .token = m->token,
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
        for (size_t i = 0; i < keeper_running(k)->bmp.stations_n; i++)
            named = named || (keeper_running(k)->bmp.stations[i].port == to.port &&
                              addr_equal(&keeper_running(k)->bmp.stations[i].addr, &to.remote));
    int fd = named ? tcp_connect(&to) : -ENOENT;
    keeper_tell_router(k, &(struct link_message){.type = LINK_STATION_CONN, .token = m->token,
                                          .number = {fd < 0 ? (uint64_t)-fd : 0}}, fd < 0 ? -1 : fd);
    if (fd >= 0) close(fd);
}

static void on_rekey(struct keeper *k, const struct link_message *m, int fd)
{
    char peer[WORD_ROOM] = "";
    int fault = link_text(m->text[0], peer, sizeof peer) ? spaces_rekey(k->spaces, keeper_running(k), peer, fd) : -EINVAL;
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
    case LINK_APPLIED: keeper_on_applied(k, m); break;
    case LINK_CONNECT: open_for(k, m, LINK_CONN, spaces_connect); break;
    case LINK_BFD_OPEN: open_for(k, m, LINK_BFD_CONN, spaces_bfd_sender); break;
    case LINK_STATION_OPEN: on_station(k, m); break;
    case LINK_ROUTES: on_routes(k, m); break;
    case LINK_SETTLED: on_settled(k, m); break;
    case LINK_ANSWER: keeper_on_answer(k, m); break;
    case LINK_CHANGED: evidence_soon(k, now); break;
    case LINK_PONG:
        pulse_answer(&k->pulse, m->token);
        break;
    case LINK_STOPPED: case LINK_START: case LINK_INTENT: case LINK_LISTENER: case LINK_LISTENER_GONE:
    case LINK_CONN: case LINK_BFD_PORT: case LINK_BFD_PORT_GONE: case LINK_BFD_CONN: case LINK_ASK:
    case LINK_ADDRESS: case LINK_DARK: case LINK_ACCEPTED:
    case LINK_REKEY:
    case LINK_PING: case LINK_STOP: case LINK_CONTROL: case LINK_EVIDENCE: case LINK_REACHED:
    case LINK_RPKI: case LINK_RPKI_ALL:
    case LINK_VRPS: case LINK_RPKI_STATE: case LINK_DUMP: case LINK_STATION_CONN:
    case LINK_NAT_OPEN: case LINK_NAT_KEYS: case LINK_NAT_TELL: case LINK_NAT_WALKED: case LINK_NAT_AGAIN:
    case LINK_NAT_WANT: case LINK_NAT_RECORDS: case LINK_NAT_STATE:
    case LINK_TYPES: break;
    }
}

void keeper_router_gone(struct keeper *k, instant now)
{
    child_ended(&k->router, k->loop, now);
    if (k->stopping) return;
    log_line(LOG_LINE_ERROR, "router-gone", "", "its routes keep forwarding; another one starts");
    spaces_router_lost(k->spaces);
    while (k->questions) keeper_fail_question(k, k->questions, "the router process ended");
    for (size_t i = 0; i < k->applying_n; i++)
        keeper_answer_fault(k, k->applying[i], "the router process ended while it applied the intent");
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
    if (!receive(k, &k->router, from_router, now)) keeper_router_gone(k, now);
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
    if (part == LINK_PART_WHOLE) keeper_take_given(k, &k->given_parts, "control", now);
    if (part != LINK_PART_MORE) text_drop(&k->given_parts);
}

void keeper_agent_gone(struct keeper *k, instant now)
{
    child_ended(&k->agent, k->loop, now);
    text_drop(&k->given_parts);
    k->reached = false;
}

static void agent_ready(struct watch *w, unsigned events, instant now)
{
    struct keeper *k = w->ctx;
    if (events & LOOP_WRITE) link_flush(&k->agent.link);
    if (!receive(k, &k->agent, from_agent, now)) keeper_agent_gone(k, now);
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

/* --- looked after --- */

/* A router process that does not answer although it could is ended; one that is not run is waited for. */
static void feel_pulse(struct keeper *k, instant now)
{
    struct process_times t[PULSE_THREADS_MOST];
    struct pulse_reading readings[PULSE_THREADS_MOST];
    size_t n = process_times(k->router.pid, t, PULSE_THREADS_MOST);
    if (n == 0) return; /* it is gone: SIGCHLD is on its way */
    for (size_t i = 0; i < n; i++) readings[i] = (struct pulse_reading){t[i].ran_ns, t[i].waited_ns, t[i].state == 'R'};
    int64_t starved = k->pulse.starved.us;
    pulse_sample(&k->pulse, readings, n, now);
    if (starved / STARVED_US != k->pulse.starved.us / STARVED_US)
        log_line(LOG_LINE_WARN, "router-starved", "", "no answer, but it waited for a processor for %.0f s of this time",
                 (double)k->pulse.starved.us / 1e6);
    if (!pulse_deaf(&k->pulse)) return;
    log_line(LOG_LINE_ERROR, "router-deaf", "", "no answer for %d s in which it could have given one (state %c); it is ended",
             PULSE_DEAF_S, t->state);
    child_kill(&k->router);
    pulse_begin(&k->pulse);
}

void keeper_look_after_router(struct keeper *k, instant now)
{
    if (k->router.state == CHILD_WAITING && instant_reached(k->router.start_at, now) && !k->stopping)
        router_start(k, now);
    if (k->router.state != CHILD_RUNNING) return;
    if (pulse_waits(&k->pulse) && keeper_due(&k->pulse_at, duration_ms(PULSE_SAMPLE_MS), now)) feel_pulse(k, now);
    if (keeper_due(&k->ping_at, duration_s(PING_S), now))
        keeper_tell_router(k, &(struct link_message){.type = LINK_PING, .token = pulse_ask(&k->pulse)}, -1);
    loop_expect(k->loop, &k->router.watch, LOOP_READ | (link_waiting(&k->router.link) ? LOOP_WRITE : 0u));
}

void keeper_look_after_agent(struct keeper *k, instant now)
{
    if (k->agent.state == CHILD_WAITING && instant_reached(k->agent.start_at, now) && !k->stopping)
        agent_start(k, now);
    if (k->agent.state != CHILD_RUNNING) return;
    loop_expect(k->loop, &k->agent.watch, LOOP_READ | (link_waiting(&k->agent.link) ? LOOP_WRITE : 0u));
    if (keeper_due(&k->evidence_at, duration_ms(EVIDENCE_MS), now))
        keeper_ask_router(k, ASK_AGENT_EVIDENCE, 0, "evidence", now);
}
