/* edge/front.c - see front.h. Requests of shards carry their number in the upper bits of their token on
 * the way to the keeper, so that the answer finds back without a table. */
#include "edge/front.h"
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "edge/accept_rate.h"
#include "edge/answers.h"
#include "edge/shard.h"
#include "edge/spread.h"
#include "intent/intent_json.h"
#include "router/router.h"
#include "sys/link.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/peer_socket.h"

enum { INTENT_CEILING = 256 << 20, ACCEPTS_A_TURN = 16, MESSAGES_A_TURN = 256, WORD_ROOM = 41, QUESTION_ROOM = 400 };
static_assert(SHARDS_MOST <= 1u << (32 - SHARD_TOKEN_BITS), "a token has room for the shard's number");

struct worker {
    struct front *front;
    unsigned number;
    struct link link;
    struct watch watch;
    bool used, stopped; /* used: it was given an intent */
    uint32_t ponged;
};

struct listener {
    struct listener *next;
    struct front *front;
    struct watch watch;
    uint32_t id;
    char domain[WORD_ROOM]; /* "" of any */
};

struct round { /* an intent that is being applied */
    struct round *next;
    uint64_t revision;
    unsigned waiting; /* bits: shards */
    bool taken;
    struct text why;
};

struct question {
    struct question *next;
    uint32_t token;
    unsigned waiting; /* bits: shards */
    bool drops;       /* what shards share, and what the front refused */
    bool in_turn;     /* one shard after the other writes into one file */
    enum link_type type;
    int fd;
    char words[QUESTION_ROOM];
    struct text parts[SHARDS_MOST];
};

struct front {
    struct loop *loop;
    struct link keeper;
    struct watch watch;
    struct bfd_engine *bfd;
    struct worker workers[SHARDS_MOST];
    unsigned n;
    struct spread *spread;
    struct listener *listeners;
    struct accept_rate rate;
    struct round *rounds, **rounds_tail;
    struct question *questions;
    struct text intent; /* being put together */
    uint32_t ponged;
};

static void tell_keeper(struct front *f, const struct link_message *m) { link_send(&f->keeper, m, -1); }

static void tell_all(struct front *f, const struct link_message *m)
{
    for (unsigned i = 0; i < f->n; i++) link_send(&f->workers[i].link, m, -1);
}

static unsigned all_of(const struct front *f) { return (1u << f->n) - 1; }

/* --- connections that come --- */

static bool may_come(struct front *f, const struct addr *from, instant now)
{
    char text[ADDR_TEXT_MAX];
    if (accept_rate_take(&f->rate, from, now)) return true;
    log_line(LOG_LINE_WARN, "accept-limited", addr_text(from, text), "more than %d connections in a second", ACCEPT_RATE);
    return false;
}

/* Whose the connection is that a listener got. */
static int shard_of(const struct listener *l, int fd, instant now)
{
    struct addr local, remote;
    if (!tcp_ends(fd, &local, &remote) || !may_come(l->front, &remote, now)) return SPREAD_NOWHERE;
    return *l->domain ? spread_domain(l->front->spread, l->domain) : spread_address(l->front->spread, &remote);
}

static void listener_ready(struct watch *w, unsigned events, instant now)
{
    struct listener *l = w->ctx;
    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        int shard = shard_of(l, fd, now);
        if (shard != SPREAD_NOWHERE)
            link_send(&l->front->workers[shard].link,
                      &(struct link_message){.type = LINK_ACCEPTED,
                                             .text = {span_of(l->domain, strlen(l->domain))}}, fd);
        close(fd);
    }
}

static void on_listener(struct front *f, const struct link_message *m, int fd)
{
    struct listener *l = calloc(1, sizeof *l);
    if (!l) abort();
    *l = (struct listener){.next = f->listeners, .front = f, .id = m->token};
    if (!link_text(m->text[0], l->domain, sizeof l->domain)) l->domain[0] = 0;
    l->watch.ready = listener_ready;
    l->watch.ctx = l;
    f->listeners = l;
    loop_watch(f->loop, &l->watch, fd, LOOP_READ);
}

static void on_listener_gone(struct front *f, uint32_t id)
{
    for (struct listener **at = &f->listeners; *at; at = &(*at)->next) {
        struct listener *l = *at;
        if (l->id != id) continue;
        *at = l->next;
        loop_forget(f->loop, &l->watch);
        close(l->watch.fd);
        free(l);
        return;
    }
}

static void on_bfd_port(struct front *f, const struct link_message *m, int fd)
{
    char domain[WORD_ROOM];
    if (!link_text(m->text[0], domain, sizeof domain)) domain[0] = 0;
    bfd_engine_port(f->bfd, m->token, domain, fd);
}

/* --- intents --- */

static struct round *round_begin(struct front *f, uint64_t revision, bool taken)
{
    struct round *r = calloc(1, sizeof *r);
    if (!r) abort();
    *r = (struct round){.revision = revision, .taken = taken};
    *f->rounds_tail = r;
    f->rounds_tail = &r->next;
    return r;
}

/* In the order in which they came. */
static void rounds_end(struct front *f)
{
    for (struct round *r = f->rounds; r && !r->waiting; r = f->rounds) {
        tell_keeper(f, &(struct link_message){.type = LINK_APPLIED, .number = {r->revision}, .flag = r->taken,
                                              .text = {span_of(text_get(&r->why), r->why.n)}});
        f->rounds = r->next;
        if (!f->rounds) f->rounds_tail = &f->rounds;
        text_drop(&r->why);
        free(r);
    }
}

static void on_applied(struct front *f, const struct worker *w, const struct link_message *m)
{
    struct round *r = f->rounds;
    while (r && !(r->waiting & 1u << w->number)) r = r->next;
    if (!r) return;
    r->waiting &= ~(1u << w->number);
    r->taken = r->taken && m->flag;
    if (m->text[0].n && r->why.n == 0) text_add_n(&r->why, (const char *)m->text[0].p, m->text[0].n);
    rounds_end(f);
}

/* The intent with the domains of one shard. Stations are not called by a shard that has nothing to tell. */
static void send_share(struct worker *w, const json_t *whole)
{
    const struct spread *spread = w->front->spread;
    json_t *share = json_copy((json_t *)(uintptr_t)whole), *mine = json_array(), *domain;
    size_t i;
    json_array_foreach(json_object_get(whole, "domains"), i, domain) 
        if (spread_domain(spread, json_string_value(json_object_get(domain, "name"))) == (int)w->number)
            json_array_append(mine, domain);
    json_object_set_new(share, "domains", mine);
    if (spread_count(spread, w->number) == 0 && w->number) json_object_del(share, "bmp");
    char *s = json_dumps(share, JSON_COMPACT);
    if (!s) abort();
    link_send_text(&w->link, LINK_INTENT, s, strlen(s));
    explicit_bzero(s, strlen(s));
    free(s);
    json_decref(share);
    w->used = true;
}

static void hand_out(struct front *f, const struct intent *i, const json_t *whole)
{
    spread_plan(f->spread, i, f->rounds == NULL);
    struct round *r = round_begin(f, i->revision, true);
    for (unsigned k = 0; k < f->n; k++) {
        if (k && !f->workers[k].used && spread_count(f->spread, k) == 0) continue;
        r->waiting |= 1u << k;
        send_share(&f->workers[k], whole);
    }
}

static void apply(struct front *f)
{
    struct arena arena;
    struct problems problems;
    arena_init(&arena, INTENT_CEILING);
    problems_init(&problems, &arena);
    json_t *json = json_loadb(text_get(&f->intent), f->intent.n, JSON_REJECT_DUPLICATES, NULL);
    struct intent *i = intent_from_json(json, &arena, &problems);
    if (i && router_check(i, &problems)) hand_out(f, i, json);
    else shard_describe(&problems, &round_begin(f, i ? i->revision : 0, false)->why);
    rounds_end(f);
    json_decref(json);
    arena_drop(&arena);
}

static void on_intent(struct front *f, const struct link_message *m)
{
    switch (link_join(m, &f->intent)) {
    case LINK_PART_MORE: return;
    case LINK_PART_WHOLE: apply(f); break;
    case LINK_PART_BAD: log_line(LOG_LINE_ERROR, "intent-lost", "", "parts do not fit together"); break;
    }
    if (f->intent.s) explicit_bzero(f->intent.s, f->intent.n);
    text_drop(&f->intent);
}

/* --- questions --- */

static void ask_shard(struct front *f, const struct question *q, unsigned shard)
{
    link_send(&f->workers[shard].link,
              &(struct link_message){.type = q->type, .token = q->token,
                                     .text = {span_of(q->words, strlen(q->words))}}, q->fd);
}

static struct question *question_new(struct front *f, const struct link_message *m, int fd)
{
    struct question *q = calloc(1, sizeof *q);
    if (!q) abort();
    *q = (struct question){.next = f->questions, .token = m->token, .waiting = all_of(f), .type = m->type, .fd = fd};
    if (!link_text(m->text[0], q->words, sizeof q->words)) q->words[0] = 0;
    f->questions = q;
    return q;
}

static void on_ask(struct front *f, const struct link_message *m)
{
    struct question *q = question_new(f, m, -1);
    q->drops = strcmp(q->words, "drops") == 0;
    for (unsigned i = 0; i < f->n; i++) ask_shard(f, q, i);
}

/* Tables stand in the file one after the other; recordings of all shards go on side by side. */
static void on_dump(struct front *f, const struct link_message *m, int fd)
{
    struct question *q = question_new(f, m, fd);
    q->in_turn = strncmp(q->words, "table", 5) == 0;
    for (unsigned i = 0; i < (q->in_turn ? 1 : f->n); i++)
        ask_shard(f, q, i);
}

static void answer(struct front *f, uint32_t token, const struct text *t)
{
    for (size_t at = 0; at < t->n; at += LINK_PART_MAX) {
        size_t n = t->n - at < LINK_PART_MAX ? t->n - at : LINK_PART_MAX;
        tell_keeper(f, &(struct link_message){.type = LINK_ANSWER, .token = token, .flag = at + n == t->n,
                                              .rest = span_of(t->s + at, n)});
    }
}

static void question_end(struct front *f, struct question *q)
{
    struct question **at = &f->questions;
    while (*at != q) at = &(*at)->next;
    *at = q->next;
    if (q->fd >= 0) close(q->fd);
    for (unsigned i = 0; i < f->n; i++) text_drop(&q->parts[i]);
    free(q);
}

static void answered(struct front *f, struct question *q)
{
    struct text out = {0};
    answers_merge(q->parts, q->drops ? 1 : f->n, &out);
    if (q->drops)
        text_addf(&out, ",{\"where\":\"listener\",\"reason\":\"too many connections from an address\",\"packets\":%llu}",
                  (unsigned long long)f->rate.refused);
    answer(f, q->token, &out);
    text_drop(&out);
    question_end(f, q);
}

/* The next shard goes on with the file, unless this one could not. */
static void part_whole(struct front *f, struct question *q, unsigned shard)
{
    q->waiting &= ~(1u << shard);
    if (q->in_turn && answer_is_fault(&q->parts[shard])) {
        answer(f, q->token, &q->parts[shard]);
        question_end(f, q);
    } else if (!q->waiting) {
        answered(f, q);
    } else if (q->in_turn) {
        ask_shard(f, q, shard + 1);
    }
}

static void on_answer(struct front *f, const struct worker *w, const struct link_message *m)
{
    struct question *q = f->questions;
    while (q && q->token != m->token) q = q->next;
    if (!q) return;
    text_add_n(&q->parts[w->number], (const char *)m->rest.p, m->rest.n);
    if (m->flag) part_whole(f, q, w->number);
}

/* --- the keeper speaks --- */

static void on_start(struct front *f, const struct link_message *m)
{
    for (unsigned i = 0; i < f->n; i++) {
        struct link_message own = *m;
        own.token += i; /* jitter of their own */
        link_send(&f->workers[i].link, &own, -1);
    }
}

static void give_back(struct front *f, const struct link_message *m, int fd)
{
    unsigned shard = m->token >> SHARD_TOKEN_BITS;
    struct link_message own = *m;
    own.token &= SHARD_TOKEN_MASK;
    if (shard < f->n) link_send(&f->workers[shard].link, &own, fd);
    if (fd >= 0) close(fd);
}

static void from_keeper(struct front *f, const struct link_message *m, int fd)
{
    switch (m->type) {
    case LINK_START: on_start(f, m); break;
    case LINK_INTENT: on_intent(f, m); break;
    case LINK_LISTENER: on_listener(f, m, fd); break;
    case LINK_LISTENER_GONE: on_listener_gone(f, m->token); break;
    case LINK_BFD_PORT: on_bfd_port(f, m, fd); break;
    case LINK_BFD_PORT_GONE: bfd_engine_port_gone(f->bfd, m->token); break;
    case LINK_CONN: case LINK_BFD_CONN: case LINK_STATION_CONN: give_back(f, m, fd); break;
    case LINK_ASK: on_ask(f, m); break;
    case LINK_DUMP: on_dump(f, m, fd); break;
    case LINK_ADDRESS: case LINK_DARK: case LINK_PING: case LINK_STOP: case LINK_VRPS: tell_all(f, m); break;
    case LINK_ACCEPTED: if (fd >= 0) close(fd); break;
    case LINK_CONTROL: case LINK_EVIDENCE: case LINK_READY: case LINK_APPLIED: case LINK_CONNECT:
    case LINK_BFD_OPEN: case LINK_ROUTES: case LINK_SETTLED: case LINK_ANSWER: case LINK_CHANGED:
    case LINK_PONG: case LINK_STOPPED: case LINK_REACHED: case LINK_RPKI: case LINK_RPKI_ALL:
    case LINK_NAT_OPEN: case LINK_NAT_KEYS: case LINK_NAT_TELL: case LINK_NAT_WALKED: case LINK_NAT_AGAIN:
    case LINK_NAT_WANT: case LINK_NAT_RECORDS: case LINK_NAT_STATE:
    case LINK_RPKI_STATE: case LINK_STATION_OPEN: case LINK_REKEY: case LINK_TYPES: break;
    }
}

static void keeper_ready(struct watch *w, unsigned events, instant now)
{
    struct front *f = w->ctx;
    struct link_message m;
    const char *why = NULL;
    int fd;
    enum link_got got;
    (void)now;
    if (events & LOOP_WRITE) link_flush(&f->keeper);
    while ((got = link_receive(&f->keeper, &m, &fd, &why)) == LINK_GOT) from_keeper(f, &m, fd);
    if (got == LINK_LIED) log_line(LOG_LINE_ERROR, "link-broken", "", "message %s", why);
    if (got != LINK_NOTHING) _exit(1);
}

/* --- a shard speaks --- */

static void pass_on(struct front *f, const struct worker *w, const struct link_message *m)
{
    struct link_message own = *m;
    own.token |= w->number << SHARD_TOKEN_BITS;
    tell_keeper(f, &own);
}

/* The process is as alive as the slowest of its shards. */
static void on_pong(struct front *f, struct worker *w, const struct link_message *m)
{
    uint32_t least = w->ponged = m->token;
    for (unsigned i = 0; i < f->n; i++)
        if ((int32_t)(f->workers[i].ponged - least) < 0) least = f->workers[i].ponged;
    if (least == f->ponged) return;
    f->ponged = least;
    tell_keeper(f, &(struct link_message){.type = LINK_PONG, .token = least});
}

static void on_stopped(struct front *f, struct worker *w)
{
    w->stopped = true;
    for (unsigned i = 0; i < f->n; i++)
        if (!f->workers[i].stopped) return;
    tell_keeper(f, &(struct link_message){.type = LINK_STOPPED});
    _exit(0);
}

static void from_shard(struct front *f, struct worker *w, const struct link_message *m, int fd)
{
    switch (m->type) {
    case LINK_CONNECT: case LINK_BFD_OPEN: case LINK_STATION_OPEN: pass_on(f, w, m); break;
    case LINK_REKEY: link_send(&f->keeper, m, fd); break;
    case LINK_ROUTES: case LINK_SETTLED: case LINK_CHANGED: tell_keeper(f, m); break;
    case LINK_APPLIED: on_applied(f, w, m); break;
    case LINK_ANSWER: on_answer(f, w, m); break;
    case LINK_PONG: on_pong(f, w, m); break;
    case LINK_STOPPED: on_stopped(f, w); break;
    case LINK_READY: case LINK_START: case LINK_INTENT: case LINK_LISTENER: case LINK_LISTENER_GONE:
    case LINK_ACCEPTED: case LINK_CONN: case LINK_BFD_PORT: case LINK_BFD_PORT_GONE: case LINK_BFD_CONN:
    case LINK_ADDRESS: case LINK_DARK: case LINK_ASK: case LINK_DUMP: case LINK_STATION_CONN:
    case LINK_PING: case LINK_STOP: case LINK_CONTROL: case LINK_EVIDENCE: case LINK_RPKI:
    case LINK_NAT_OPEN: case LINK_NAT_KEYS: case LINK_NAT_TELL: case LINK_NAT_WALKED: case LINK_NAT_AGAIN:
    case LINK_NAT_WANT: case LINK_NAT_RECORDS: case LINK_NAT_STATE:
    case LINK_RPKI_ALL: case LINK_VRPS: case LINK_RPKI_STATE: case LINK_REACHED: case LINK_TYPES: break;
    }
    if (fd >= 0) close(fd);
}

static void shard_ready(struct watch *w, unsigned events, instant now)
{
    struct worker *k = w->ctx;
    struct link_message m;
    const char *why = NULL;
    int fd;
    enum link_got got = LINK_GOT;
    (void)now;
    if (events & LOOP_WRITE) link_flush(&k->link);
    for (int i = 0; i < MESSAGES_A_TURN && got == LINK_GOT; i++) {
        got = link_receive(&k->link, &m, &fd, &why);
        if (got == LINK_GOT) from_shard(k->front, k, &m, fd);
    }
    if (got == LINK_LIED || got == LINK_GONE) abort(); /* it is one of us */
}

/* --- the thread --- */

static void watch_link(struct front *f, struct watch *w, struct link *l, int fd, enum link_role other)
{
    link_init(l, fd, other);
    loop_watch(f->loop, w, fd, LOOP_READ);
}

struct front *front_new(int keeper, const int *shards, unsigned n, struct bfd_engine *bfd)
{
    struct front *f = calloc(1, sizeof *f);
    if (!f) abort();
    *f = (struct front){.loop = loop_new(), .bfd = bfd, .n = n, .spread = spread_new(n)};
    f->rounds_tail = &f->rounds;
    f->watch = (struct watch){.ready = keeper_ready, .ctx = f};
    watch_link(f, &f->watch, &f->keeper, keeper, LINK_KEEPER);
    for (unsigned i = 0; i < n; i++) {
        struct worker *w = &f->workers[i];
        w->front = f;
        w->number = i;
        w->watch = (struct watch){.ready = shard_ready, .ctx = w};
        watch_link(f, &w->watch, &w->link, shards[i], LINK_ROUTER);
    }
    return f;
}

void front_ready(struct front *f, const char *how)
{
    tell_keeper(f, &(struct link_message){.type = LINK_READY, .text = {span_of(how, strlen(how))}});
}

static unsigned wanted_events(const struct link *l) { return LOOP_READ | (link_waiting(l) ? LOOP_WRITE : 0u); }

void front_run(struct front *f)
{
    for (;;) {
        loop_turn(f->loop, NEVER);
        loop_expect(f->loop, &f->watch, wanted_events(&f->keeper));
        for (unsigned i = 0; i < f->n; i++)
            loop_expect(f->loop, &f->workers[i].watch, wanted_events(&f->workers[i].link));
    }
}
