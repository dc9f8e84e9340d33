/* edge/conns.c - reading, writing, connecting, taking what was accepted. A connection whose session ended leaves its
 * slot at once and becomes a farewell: its last bytes are written, its reading side is emptied (an
 * unread byte would turn the NOTIFICATION into a reset), and it is closed after two seconds at most. */
#include "edge/conns.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "edge/shard.h"
#include "sys/peer_socket.h"

enum {
    READ_ROOM = 256 << 10,
    WRITE_ROOM = 256 << 10,  /* several of the largest messages */
    WRITES_A_TURN = 2,       /* then the others have their turn, while what was encoded is still at hand */
    FAREWELLS_MAX = 256,
    FAREWELL_S = 2,
    PEER_BITS = 16,          /* of a token: the neighbour; the rest counts, in SHARD_TOKEN_BITS all in all */
    DOMAINS_LOOKED_AT = 1 << 16,
};

enum conn_state { CONN_NONE, CONN_ASKED, CONN_CONNECTING, CONN_OPEN };

struct conn {
    struct conns *all;
    peer_ref peer;
    enum bgp_conn which;
    enum conn_state state;
    struct watch watch;
    uint32_t token;
    uint8_t *left; /* bytes the socket did not take yet */
    size_t left_n, left_at;
    bool want_open, want_close, want_pull, listed;
    struct conn *next_listed;
};

struct farewell {
    struct farewell *next;
    struct conns *all;
    struct watch watch;
    uint8_t *bytes;
    size_t n, at;
    instant until;
};

struct conns {
    struct loop *loop;
    struct router *router;
    void (*ask)(void *ctx, uint32_t token, const char *peer);
    void *ctx;
    struct conn **peers; /* BGP_CONNS of them each */
    size_t peers_n;
    struct conn *listed; /* something is wanted */
    struct farewell *farewells;
    size_t farewells_n;
    uint32_t serial, own_asn;
    struct addr (*pairs)[2];
    size_t pairs_n;
    uint8_t read_buf[READ_ROOM], write_buf[WRITE_ROOM];
};

struct conns *conns_new(struct loop *l, struct router *r,
                        void (*ask)(void *ctx, uint32_t token, const char *peer), void *ctx)
{
    struct conns *c = calloc(1, sizeof *c);
    if (!c) abort();
    c->loop = l;
    c->router = r;
    c->ask = ask;
    c->ctx = ctx;
    return c;
}

void conns_own_asn(struct conns *c, uint32_t asn) { c->own_asn = asn; }

void conns_pair(struct conns *c, bool first, const struct addr *a, const struct addr *b)
{
    if (first) c->pairs_n = 0;
    c->pairs = realloc(c->pairs, (c->pairs_n + 1) * sizeof *c->pairs);
    if (!c->pairs) abort();
    c->pairs[c->pairs_n][0] = *a;
    c->pairs[c->pairs_n++][1] = *b;
}

/* Our end of a connection, and the address of the other family beside it. */
static void tell_local(struct conns *c, peer_ref peer, const struct addr *local)
{
    router_local(c->router, peer, local);
    for (size_t k = 0; k < c->pairs_n; k++)
        if (addr_equal(&c->pairs[k][0], local)) {
            router_local(c->router, peer, &c->pairs[k][1]);
            return;
        }
}

static struct conn *slot(struct conns *c, peer_ref peer, enum bgp_conn which)
{
    while (peer >= c->peers_n) {
        c->peers = realloc(c->peers, (c->peers_n + 1) * sizeof *c->peers);
        struct conn *pair = calloc(BGP_CONNS, sizeof *pair);
        if (!c->peers || !pair) abort();
        for (enum bgp_conn k = 0; k < BGP_CONNS; k++)
            pair[k] = (struct conn){.all = c, .peer = (peer_ref)c->peers_n, .which = k};
        c->peers[c->peers_n++] = pair;
    }
    return &c->peers[peer][which];
}

static void list(struct conn *k)
{
    if (k->listed) return;
    k->listed = true;
    k->next_listed = k->all->listed;
    k->all->listed = k;
}

int conns_socket(const struct conns *c, peer_ref peer, enum bgp_conn conn)
{
    if (peer >= c->peers_n) return -1;
    const struct conn *k = &c->peers[peer][conn];
    return k->state >= CONN_CONNECTING ? k->watch.fd : -1;
}

void conns_want_open(struct conns *c, peer_ref peer)
{
    struct conn *k = slot(c, peer, BGP_OUT);
    k->want_open = true;
    list(k);
}

void conns_want_close(struct conns *c, peer_ref peer, enum bgp_conn conn)
{
    struct conn *k = slot(c, peer, conn);
    if (k->state == CONN_NONE && !k->want_open) return;
    k->want_close = k->state != CONN_NONE;
    k->want_open = false;
    list(k);
}

void conns_want_pull(struct conns *c, peer_ref peer, enum bgp_conn conn)
{
    struct conn *k = slot(c, peer, conn);
    k->want_pull = true;
    list(k);
}

/* --- farewells --- */

static void farewell_end(struct farewell *f)
{
    struct farewell **at = &f->all->farewells;
    while (*at != f) at = &(*at)->next;
    *at = f->next;
    f->all->farewells_n--;
    loop_forget(f->all->loop, &f->watch);
    close(f->watch.fd);
    free(f->bytes);
    free(f);
}

static void farewell_ready(struct watch *w, unsigned events, instant now)
{
    struct farewell *f = w->ctx;
    (void)events, (void)now;
    if (f->at < f->n) {
        ssize_t n = send(w->fd, f->bytes + f->at, f->n - f->at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN) {
            farewell_end(f);
            return;
        }
        if (n > 0) f->at += (size_t)n;
        if (f->at == f->n) {
            shutdown(w->fd, SHUT_WR);
            loop_expect(f->all->loop, &f->watch, LOOP_READ);
        }
    }
    ssize_t n = recv(w->fd, f->all->read_buf, READ_ROOM, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN)) farewell_end(f);
}

static void farewell_begin(struct conns *c, int fd, uint8_t *bytes, size_t n, instant now)
{
    if (c->farewells_n >= FAREWELLS_MAX) {
        free(bytes);
        close(fd);
        return;
    }
    struct farewell *f = calloc(1, sizeof *f);
    if (!f) abort();
    *f = (struct farewell){.next = c->farewells, .all = c, .bytes = bytes, .n = n,
                           .until = instant_after(now, duration_s(FAREWELL_S))};
    f->watch.ready = farewell_ready;
    f->watch.ctx = f;
    c->farewells = f;
    c->farewells_n++;
    if (n == 0) shutdown(fd, SHUT_WR);
    loop_watch(c->loop, &f->watch, fd, LOOP_READ | (n ? LOOP_WRITE : 0u));
    if (n) farewell_ready(&f->watch, LOOP_WRITE, now);
}

/* --- one connection --- */

static void slot_free(struct conn *k)
{
    loop_forget(k->all->loop, &k->watch);
    free(k->left);
    k->left = NULL;
    k->left_n = k->left_at = 0;
    k->state = CONN_NONE;
    k->token = 0;
    k->want_close = k->want_pull = false;
}

static void lose(struct conn *k, instant now)
{
    int fd = k->watch.fd;
    slot_free(k);
    close(fd);
    router_lost(k->all->router, k->peer, k->which, now);
}

static void keep_rest(struct conn *k, const uint8_t *bytes, size_t n, instant now)
{
    k->left = malloc(n);
    if (!k->left) abort();
    memcpy(k->left, bytes, n);
    k->left_n = n;
    k->left_at = 0;
    loop_expect(k->all->loop, &k->watch, LOOP_READ | LOOP_WRITE);
    router_blocked(k->all->router, k->peer, true, now);
}

/* False when the connection is gone. */
static bool write_out(struct conn *k, const uint8_t *bytes, size_t n, instant now)
{
    ssize_t done = send(k->watch.fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done < 0 && errno != EAGAIN) {
        lose(k, now);
        return false;
    }
    size_t at = done > 0 ? (size_t)done : 0;
    if (at < n) keep_rest(k, bytes + at, n - at, now);
    return true;
}

static void pull(struct conn *k, instant now)
{
    struct conns *c = k->all;
    k->want_pull = false;
    for (int i = 0; i < WRITES_A_TURN && k->state == CONN_OPEN && !k->left; i++) {
        size_t n = router_pull(c->router, k->peer, k->which, c->write_buf, WRITE_ROOM, now);
        if (n == 0) return;
        if (!write_out(k, c->write_buf, n, now)) return;
    }
    if (k->state == CONN_OPEN && !k->left) {
        k->want_pull = true;
        list(k);
    }
}

static void flush_rest(struct conn *k, instant now)
{
    ssize_t n = send(k->watch.fd, k->left + k->left_at, k->left_n - k->left_at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) {
        lose(k, now);
        return;
    }
    k->left_at += (size_t)n;
    if (k->left_at < k->left_n) return;
    free(k->left);
    k->left = NULL;
    loop_expect(k->all->loop, &k->watch, LOOP_READ);
    router_blocked(k->all->router, k->peer, false, now);
    k->want_pull = true;
    list(k);
}

/* What is left of the output, the NOTIFICATION last, goes on without the slot. */
static void close_slot(struct conn *k, instant now)
{
    struct conns *c = k->all;
    int fd = k->watch.fd;
    bool open = k->state == CONN_OPEN;
    if (k->state == CONN_ASKED) {
        slot_free(k);
        return;
    }
    size_t rest = k->left_n - k->left_at;
    size_t more = open ? router_pull(c->router, k->peer, k->which, c->write_buf, WRITE_ROOM, now) : 0;
    uint8_t *bytes = malloc(rest + more + 1);
    if (!bytes) abort();
    if (rest) memcpy(bytes, k->left + k->left_at, rest);
    memcpy(bytes + rest, c->write_buf, more);
    slot_free(k);
    if (open) {
        farewell_begin(c, fd, bytes, rest + more, now);
    } else {
        free(bytes);
        close(fd);
    }
}

static void read_in(struct conn *k, instant now)
{
    struct conns *c = k->all;
    ssize_t n = recv(k->watch.fd, c->read_buf, READ_ROOM, MSG_DONTWAIT);
    if (n > 0)
        router_input(c->router, k->peer, k->which, span_of(c->read_buf, (size_t)n), now);
    else if (n == 0 || errno != EAGAIN)
        lose(k, now);
}

static void connected(struct conn *k, instant now)
{
    struct conns *c = k->all;
    struct addr local, remote;
    if (tcp_error(k->watch.fd) != 0 || !tcp_ends(k->watch.fd, &local, &remote)) {
        lose(k, now);
        return;
    }
    k->state = CONN_OPEN;
    loop_expect(c->loop, &k->watch, LOOP_READ);
    tell_local(c, k->peer, &local);
    router_connected(c->router, k->peer, k->which, now);
}

static void conn_ready(struct watch *w, unsigned events, instant now)
{
    struct conn *k = w->ctx;
    if (k->state == CONN_CONNECTING) {
        connected(k, now);
    } else {
        if (events & LOOP_WRITE && k->left) flush_rest(k, now);
        if (k->state == CONN_OPEN && events & (LOOP_READ | LOOP_LOST)) read_in(k, now);
    }
    conns_work(k->all, now);
}

static void take(struct conn *k, int fd, enum conn_state state)
{
    k->state = state;
    k->watch.ready = conn_ready;
    k->watch.ctx = k;
    loop_watch(k->all->loop, &k->watch, fd, state == CONN_OPEN ? LOOP_READ : LOOP_WRITE);
}

/* --- opening --- */

static void open_slot(struct conn *k)
{
    struct conns *c = k->all;
    const struct intent_peer *p = router_peer(c->router, k->peer);
    k->want_open = false;
    if (!p || k->state != CONN_NONE) return;
    k->state = CONN_ASKED;
    k->token = (++c->serial << PEER_BITS | (k->peer & ((1u << PEER_BITS) - 1))) & SHARD_TOKEN_MASK;
    c->ask(c->ctx, k->token, p->name);
}

void conns_opened(struct conns *c, uint32_t token, int fault, int fd, instant now)
{
    peer_ref peer = token & ((1u << PEER_BITS) - 1);
    struct conn *k = peer < c->peers_n ? &c->peers[peer][BGP_OUT] : NULL;
    if (!k || k->state != CONN_ASKED || k->token != token) { /* not wanted any more */
        if (fd >= 0) close(fd);
        return;
    }
    if (fault || fd < 0) {
        if (fd >= 0) close(fd);
        slot_free(k);
        router_lost(c->router, peer, BGP_OUT, now);
    } else {
        take(k, fd, CONN_CONNECTING);
    }
    conns_work(c, now);
}

/* --- accepting --- */

/* The name is looked up anew each time, because the numbers of domains are given again. */
static domain_ref domain_of(const struct conns *c, const char *name)
{
    for (domain_ref d = 0; d < DOMAINS_LOOKED_AT; d++) {
        const struct intent_domain *conf = router_domain(c->router, d);
        if (conf && strcmp(conf->name, name) == 0) return d;
    }
    return NO_REF;
}

static void forget_older(struct conn *k) /* what waits in the session is for the new one */
{
    int older = k->watch.fd;
    if (k->state == CONN_NONE) return;
    slot_free(k);
    close(older);
}

static void accepted(struct conns *c, const char *domain, int fd, instant now)
{
    struct addr local, remote;
    domain_ref d = *domain ? domain_of(c, domain) : NO_REF;
    bool fine = tcp_ends(fd, &local, &remote) && (d != NO_REF || !*domain);
    peer_ref peer = fine ? router_accept(c->router, d, &remote, &local, now) : NO_REF;
    const struct intent_peer *conf = router_peer(c->router, peer);
    if (peer == NO_REF || !conf) {
        close(fd);
        return;
    }
    tell_local(c, peer, &local);
    struct conn *k = slot(c, peer, BGP_IN);
    forget_older(k);
    tcp_accepted(fd, conf->ttl_security, conf->asn != c->own_asn);
    take(k, fd, CONN_OPEN);
    k->want_pull = true;
    list(k);
}

void conns_accepted(struct conns *c, const char *domain, int fd, instant now)
{
    conns_work(c, now); /* what ended before has its last words out */
    accepted(c, domain, fd, now);
    conns_work(c, now);
}

/* --- what was wanted --- */

static void serve(struct conn *k, instant now)
{
    if (k->want_close) close_slot(k, now);
    if (k->want_open) open_slot(k);
    if (k->want_pull && k->state == CONN_OPEN && !k->left) pull(k, now);
}

/* One round over what is wanted now. What comes up meanwhile waits for the next call; conns_next says
 * that there is some. */
void conns_work(struct conns *c, instant now)
{
    struct conn *k = c->listed;
    c->listed = NULL;
    while (k) {
        struct conn *next = k->next_listed;
        k->listed = false;
        serve(k, now);
        k = next;
    }
}

void conns_tick(struct conns *c, instant now)
{
    conns_work(c, now);
    for (struct farewell *f = c->farewells, *next; f; f = next) {
        next = f->next;
        if (instant_reached(f->until, now)) farewell_end(f);
    }
}

instant conns_next(const struct conns *c)
{
    instant next = c->listed ? (instant){0} : NEVER;
    for (const struct farewell *f = c->farewells; f; f = f->next) next = instant_first(next, f->until);
    return next;
}

bool conns_quiet(const struct conns *c) { return !c->listed && !c->farewells; }
