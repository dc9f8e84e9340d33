/* edge/bfd_engine.c - the thread that sends and receives BFD packets (RFC 5880, 5881).
 * It waits outside the lock and works inside. Silence is measured between the times at which the kernel took
 * packets in, and nobody is declared down before the sockets are empty: a thread that was kept waiting does not
 * take its own delay for the neighbour's. Sessions and ports belong to the thread once they are
 * added; a port is closed by the thread, because its watch is in the thread's loop. */
#include "edge/bfd_engine.h"
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#include "edge/json_out.h"
#include "sys/loop.h"
#include "sys/peer_socket.h"

enum { SESSIONS_MAX = 1024, PACKETS_A_TURN = 64, NAME_ROOM = 41, SUBJECT_ROOM = 401, KEPT = 16, WORTH_US = 1000 };

struct session {
    struct session *next;
    struct bfd_session s;
    struct bfd_user *user;
    uint32_t ref;
    int fd;
    char peer[NAME_ROOM], domain[NAME_ROOM], subject[SUBJECT_ROOM];
    struct addr address;
    instant forget_at; /* NEVER while it is wanted */
    instant heard, sent[KEPT]; /* the last packet of theirs; the last of ours, a ring */
    size_t sent_n;
    uint32_t spared; /* times an alarm was put off because the delay was our own */
};

struct port {
    struct port *next;
    struct bfd_engine *engine;
    struct watch watch;
    uint32_t id;
    char domain[NAME_ROOM];
    instant emptied; /* nothing waited then: what is read later came later */
    bool fresh, gone;
};

struct report {
    struct report *next;
    uint32_t ref;
    enum bfd_news what;
    struct bfd_story how;
};

struct delay { /* of this thread: when it ran, after it should have */
    instant at;
    int64_t us;
};

struct bfd_user { /* whoever has sessions: they are its, and only it hears of them */
    struct bfd_engine *engine;
    int wakes[2]; /* [0] is read */
    struct report *reports, **reports_tail;
};

struct bfd_engine {
    pthread_mutex_t lock;
    pthread_cond_t runs_now;
    pthread_t thread;
    bool runs;
    struct loop *loop;
    struct watch woken;
    int to_thread[2]; /* [0] is read */
    struct session *sessions;
    size_t sessions_n;
    struct port *ports;
    uint64_t stray, drops[BFD_DROPS];
    struct delay delays[KEPT]; /* of WORTH_US and more, a ring */
    size_t delays_n;
    int64_t worst_us;
    instant due; /* when the thread asked to be woken; NEVER once its delay is noted */
    duration late;
};

static void lock(struct bfd_engine *e) { pthread_mutex_lock(&e->lock); }
static void unlock(struct bfd_engine *e) { pthread_mutex_unlock(&e->lock); }

static void wake(int fd)
{
    ssize_t n = send(fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)n; /* full: somebody is being woken already */
}

static void drain(int fd)
{
    char bytes[64];
    while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
}

static uint32_t random32(void)
{
    uint32_t v = 0;
    while (v == 0)
        if (getrandom(&v, sizeof v, 0) != sizeof v) abort();
    return v;
}

/* --- inside the thread, under the lock --- */

static int64_t longest_delay(const struct bfd_engine *e, instant since)
{
    int64_t worst = 0;
    for (size_t i = 0; i < KEPT; i++)
        if (e->delays[i].at.us >= since.us && e->delays[i].us > worst) worst = e->delays[i].us;
    return worst;
}

/* Over the packets kept, which is more than a detection time for multipliers below KEPT. */
static int64_t longest_gap(const struct session *s, instant now)
{
    instant after = now;
    int64_t worst = 0;
    for (size_t i = 1; i <= KEPT && i <= s->sent_n; i++) {
        instant at = s->sent[(s->sent_n - i) % KEPT];
        if (after.us - at.us > worst) worst = after.us - at.us;
        after = at;
    }
    return worst;
}

static struct bfd_story story_of(const struct bfd_engine *e, const struct session *s, uint8_t why)
{
    instant now = clock_now();
    instant since = {now.us - 2 * (int64_t)s->s.detect_us};
    return (struct bfd_story){bfd_diag_name(why), s->s.remote_c_bit, now, now.us - s->heard.us, s->s.detect_us, longest_delay(e, since),
                              longest_gap(s, now)};
}

static void report(const struct session *s, const struct bfd_effects *fx)
{
    struct bfd_user *u = s->user;
    struct report *r = malloc(sizeof *r);
    if (!r) abort();
    *r = (struct report){NULL, s->ref, fx->rose ? BFD_NEWS_UP : fx->off ? BFD_NEWS_OFF : BFD_NEWS_DOWN,
                         story_of(u->engine, s, fx->why)};
    *u->reports_tail = r;
    u->reports_tail = &r->next;
    wake(u->wakes[1]);
}

static void carry_out(struct session *s, const struct bfd_effects *fx)
{
    bool leaving = s->forget_at.us != INT64_MAX;
    if (!leaving && (fx->rose || fx->fell)) report(s, fx);
    if (fx->send) {
        s->sent[s->sent_n++ % KEPT] = clock_now();
        ssize_t n = send(s->fd, fx->packet, sizeof fx->packet, MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)n; /* no way there now: the neighbour's detection time is what judges */
    }
}

static struct session *session_for(struct bfd_engine *e, const struct port *p,
                                   const struct bfd_datagram *d, uint32_t discr)
{
    struct session *found = NULL;
    for (struct session *s = e->sessions; s; s = s->next) {
        if (*p->domain && strcmp(p->domain, s->domain) != 0) continue;
        if (!addr_equal(&s->address, &d->from)) continue;
        if (discr ? s->s.conf.local_discr == discr : s->forget_at.us == INT64_MAX) found = s;
    }
    return found;
}

static void datagram(struct bfd_engine *e, const struct port *p, const struct bfd_datagram *d, instant heard)
{
    struct span bytes = span_of(d->bytes, d->n);
    uint32_t discr = 0;
    if (!bfd_peek_discr(bytes, &discr)) {
        e->drops[BFD_BAD_LENGTH]++;
        return;
    }
    struct session *s = session_for(e, p, d, discr);
    if (!s) {
        if (discr)
            e->drops[BFD_UNKNOWN_YOUR_DISCR]++;
        else
            e->stray++;
        return;
    }
    struct bfd_effects fx = {0};
    enum bfd_drop drop = bfd_input(&s->s, bytes, d->ttl, heard, &fx);
    carry_out(s, &fx);
    if (drop == BFD_ACCEPTED)
        s->heard = heard;
    else
        e->drops[drop]++;
}

/* Once a turn, before anything is judged in it. */
static void note_delay(struct bfd_engine *e, instant now)
{
    int64_t late = now.us > e->due.us ? now.us - e->due.us : 0;
    e->due = NEVER;
    if (late <= e->late.us) return;
    e->late = duration_us(late);
    if (late > e->worst_us) e->worst_us = late;
    if (late >= WORTH_US) e->delays[e->delays_n++ % KEPT] = (struct delay){now, late};
}

/* The kernel's stamp is of the wall clock, which may jump: it never says earlier than when we last looked. */
static instant heard_at(const struct port *p, const struct bfd_datagram *d)
{
    instant at = {clock_now().us - d->age_us};
    return at.us < p->emptied.us ? p->emptied : at;
}

static void take_packets(struct port *p)
{
    struct bfd_datagram d;
    instant begun = clock_now();
    int n = 0;
    while (n < PACKETS_A_TURN && !p->gone && bfd_receive(p->watch.fd, &d)) {
        n++;
        datagram(p->engine, p, &d, heard_at(p, &d));
    }
    if (n < PACKETS_A_TURN) p->emptied = begun;
}

static void port_ready(struct watch *w, unsigned events, instant now)
{
    struct port *p = w->ctx;
    (void)events;
    lock(p->engine);
    note_delay(p->engine, now);
    take_packets(p);
    unlock(p->engine);
}

static void forget_sessions(struct bfd_engine *e, instant now)
{
    for (struct session **at = &e->sessions; *at;) {
        struct session *s = *at;
        if (!instant_reached(s->forget_at, now)) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        close(s->fd);
        free(s);
        e->sessions_n--;
    }
}

static void settle_ports(struct bfd_engine *e)
{
    for (struct port **at = &e->ports; *at;) {
        struct port *p = *at;
        if (p->fresh) loop_watch(e->loop, &p->watch, p->watch.fd, LOOP_READ);
        p->fresh = false;
        if (!p->gone) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        loop_forget(e->loop, &p->watch);
        close(p->watch.fd);
        free(p);
    }
}

/* Before anybody is declared down: what came while we waited for the processor or the lock, and whether it
 * was us who were late. */
static void hear_everybody(struct bfd_engine *e, instant now)
{
    bool silent = false;
    for (const struct session *s = e->sessions; s; s = s->next) silent |= instant_reached(s->s.expires, now);
    if (!silent) return;
    for (struct port *p = e->ports; p; p = p->next) take_packets(p);
    for (struct session *s = e->sessions; s; s = s->next)
        if (e->late.us >= WORTH_US) s->spared += bfd_woke_late(&s->s, e->late, now);
}

/* What is due, and when to look again. */
static instant work(struct bfd_engine *e, instant now)
{
    instant next = NEVER;
    settle_ports(e);
    forget_sessions(e, now);
    note_delay(e, now);
    hear_everybody(e, now);
    for (struct session *s = e->sessions; s; s = s->next) {
        struct bfd_effects fx = {0};
        if (instant_reached(bfd_next(&s->s), now)) {
            bfd_tick(&s->s, now, &fx);
            carry_out(s, &fx);
        }
        next = instant_first(next, instant_first(bfd_next(&s->s), s->forget_at));
    }
    return next;
}

static void woken(struct watch *w, unsigned events, instant now)
{
    (void)events, (void)now;
    drain(w->fd);
}

static void *run(void *ctx)
{
    struct bfd_engine *e = ctx;
    lock(e);
    e->runs = true;
    pthread_cond_signal(&e->runs_now);
    unlock(e);
    for (instant now = clock_now();;) {
        lock(e);
        instant next = work(e, now);
        e->due = next;
        e->late = (duration){0};
        unlock(e);
        now = loop_turn(e->loop, next);
    }
    return NULL;
}

/* --- the users' side --- */

static void make_pair(int fds[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0) abort();
}

struct bfd_engine *bfd_engine_start(void)
{
    struct bfd_engine *e = calloc(1, sizeof *e);
    if (!e) abort();
    pthread_mutexattr_t inherits; /* else whoever holds the lock at common priority could be kept waiting */
    pthread_mutexattr_init(&inherits);
    pthread_mutexattr_setprotocol(&inherits, PTHREAD_PRIO_INHERIT);
    pthread_mutex_init(&e->lock, &inherits);
    pthread_mutexattr_destroy(&inherits);
    pthread_cond_init(&e->runs_now, NULL);
    e->due = NEVER;
    e->loop = loop_new();
    make_pair(e->to_thread);
    e->woken.ready = woken;
    loop_watch(e->loop, &e->woken, e->to_thread[0], LOOP_READ);
    if (pthread_create(&e->thread, NULL, run, e) != 0) abort();
    lock(e);
    while (!e->runs) pthread_cond_wait(&e->runs_now, &e->lock);
    unlock(e);
    return e;
}

struct bfd_user *bfd_user_new(struct bfd_engine *e)
{
    struct bfd_user *u = calloc(1, sizeof *u);
    if (!u) abort();
    u->engine = e;
    u->reports_tail = &u->reports;
    make_pair(u->wakes);
    return u;
}

int bfd_user_wake(const struct bfd_user *u) { return u->wakes[0]; }

static void changed(struct bfd_engine *e)
{
    unlock(e);
    wake(e->to_thread[1]);
}

void bfd_engine_port(struct bfd_engine *e, uint32_t id, const char *domain, int fd)
{
    struct port *p = calloc(1, sizeof *p);
    if (!p) abort();
    *p = (struct port){.engine = e, .id = id, .fresh = true};
    p->watch = (struct watch){.fd = fd, .ready = port_ready, .ctx = p};
    p->emptied = clock_now();
    snprintf(p->domain, sizeof p->domain, "%s", domain);
    lock(e);
    p->next = e->ports;
    e->ports = p;
    changed(e);
}

void bfd_engine_port_gone(struct bfd_engine *e, uint32_t id)
{
    lock(e);
    for (struct port *p = e->ports; p; p = p->next)
        if (p->id == id) p->gone = true;
    changed(e);
}

void bfd_user_add(struct bfd_user *u, const struct bfd_wanted *w, instant now)
{
    struct bfd_engine *e = u->engine;
    lock(e);
    bool full = e->sessions_n >= SESSIONS_MAX; /* RB-11C */
    unlock(e);
    if (full) {
        close(w->fd);
        return;
    }
    struct session *s = calloc(1, sizeof *s);
    if (!s) abort();
    *s = (struct session){.user = u, .ref = w->ref, .fd = w->fd, .address = w->address, .heard = now, .forget_at = NEVER};
    snprintf(s->peer, sizeof s->peer, "%s", w->peer);
    snprintf(s->domain, sizeof s->domain, "%s", w->domain);
    snprintf(s->subject, sizeof s->subject, "%s", w->subject);
    bfd_init(&s->s, &(struct bfd_conf){.local_discr = random32(), .min_tx_us = w->conf.min_tx_us,
                                       .min_rx_us = w->conf.min_rx_us, .mult = w->conf.mult,
                                       .jitter_seed = random32()}, now);
    lock(e);
    s->next = e->sessions;
    e->sessions = s;
    e->sessions_n++;
    changed(e);
}

bool bfd_user_change(struct bfd_user *u, uint32_t ref, const struct intent_bfd *conf, instant now)
{
    struct bfd_engine *e = u->engine;
    bool found = false;
    lock(e);
    for (struct session *s = e->sessions; s; s = s->next) {
        if (s->user != u || s->ref != ref || s->forget_at.us != INT64_MAX) continue;
        struct bfd_conf c = s->s.conf;
        c.min_tx_us = conf->min_tx_us, c.min_rx_us = conf->min_rx_us, c.mult = conf->mult;
        bfd_reconfigure(&s->s, &c, now);
        found = true;
    }
    changed(e);
    return found;
}

void bfd_user_remove(struct bfd_user *u, uint32_t ref, instant now)
{
    struct bfd_engine *e = u->engine;
    lock(e);
    for (struct session *s = e->sessions; s; s = s->next) {
        struct bfd_effects fx = {0};
        if (s->user != u || s->ref != ref || s->forget_at.us != INT64_MAX) continue;
        int64_t wait = s->s.detect_us ? (int64_t)s->s.detect_us : BFD_DEFAULT_US * BFD_DEFAULT_MULT;
        bfd_shutdown(&s->s, now, &fx);
        s->forget_at = instant_after(now, duration_us(wait));
        carry_out(s, &fx);
    }
    changed(e);
}

void bfd_user_reports(struct bfd_user *u,
                      void (*seen)(void *ctx, uint32_t ref, enum bfd_news what, const struct bfd_story *how),
                      void *ctx)
{
    drain(u->wakes[0]);
    lock(u->engine);
    struct report *r = u->reports;
    u->reports = NULL;
    u->reports_tail = &u->reports;
    unlock(u->engine);
    while (r) {
        struct report *next = r->next;
        seen(ctx, r->ref, r->what, &r->how);
        free(r);
        r = next;
    }
}

/* --- showing --- */

static void show_one(const struct bfd_engine *e, const struct session *s, bool first, struct text *out)
{
    char addr[ADDR_TEXT_MAX];
    text_addf(out, "%s{\"peer\":", first ? "" : ",");
    json_put(out, s->peer);
    json_put_key(out, "domain", s->domain);
    json_put_key(out, "subject", s->subject);
    json_put_key(out, "address", addr_text(&s->address, addr));
    json_put_key(out, "state", bfd_state_name(s->s.state));
    text_addf(out, ",\"tx_us\":%u,\"rx_us\":%u,\"detect_us\":%u,\"multiplier\":%u,\"diag\":%u,\"remote_diag\":%u",
              s->s.tx_us, s->s.conf.min_rx_us, s->s.detect_us, s->s.conf.mult, s->s.diag,
              s->s.remote_diag);
    text_addf(out, ",\"spared\":%u,\"late_us\":%lld", s->spared, (long long)e->worst_us);
    text_addf(out, ",\"times_up\":%u,\"times_down\":%u,\"packets\":{\"in\":%llu,\"out\":%llu}}",
              s->s.times_up, s->s.times_down, (unsigned long long)s->s.received,
              (unsigned long long)s->s.sent);
}

void bfd_user_show(struct bfd_user *u, struct text *out)
{
    struct bfd_engine *e = u->engine;
    bool first = true;
    text_add(out, "[");
    lock(e);
    for (const struct session *s = e->sessions; s; s = s->next) {
        if (s->user != u || s->forget_at.us != INT64_MAX) continue;
        show_one(e, s, first, out);
        first = false;
    }
    unlock(e);
    text_add(out, "]");
}

void bfd_user_show_drops(struct bfd_user *u, struct text *out)
{
    struct bfd_engine *e = u->engine;
    lock(e);
    text_addf(out, "{\"where\":\"bfd\",\"reason\":\"no session with that neighbour\",\"packets\":%llu}",
              (unsigned long long)e->stray);
    for (enum bfd_drop d = BFD_ACCEPTED + 1; d < BFD_DROPS; d++) {
        text_add(out, ",{\"where\":\"bfd\"");
        json_put_key(out, "reason", bfd_drop_name(d));
        text_addf(out, ",\"packets\":%llu}", (unsigned long long)e->drops[d]);
    }
    unlock(e);
}
