/* sys/rpki.c - librtr's manager with a group for each cache, so that they replace each other in
 * order. librtr calls back without a word of whose table it is: hence the one object. A queue of
 * changes with a lock and an eventfd stands between its threads and ours. */
#include "sys/rpki.h"
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <rtrlib/rtrlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { CACHES_MOST = 8, PORT_ROOM = 6, CONNECT_S = 10 };

struct cache {
    char host[ADDR_TEXT_MAX], port[PORT_ROOM];
    struct tr_socket transport;
    struct rtr_socket socket, *sockets[1];
    enum rtr_mgr_status status;
};

struct change {
    bool add;
    struct vrp vrp;
};

struct rpki {
    pthread_mutex_t lock; /* of the queue and of each status */
    struct rtr_mgr_config *manager;
    struct cache caches[CACHES_MOST];
    size_t caches_n;
    struct change *queue;
    size_t at, n, room;
    int event;
};

static struct rpki one = {.lock = PTHREAD_MUTEX_INITIALIZER, .event = -1};

/* --- librtr's values --- */

static struct vrp vrp_of(const struct pfx_record *p)
{
    uint8_t bytes[16] = {0};
    bool six = p->prefix.ver == LRTR_IPV6;
    for (size_t i = 0; i < (six ? 4 : 1); i++) {
        uint32_t word = htonl(six ? p->prefix.u.addr6.addr[i] : p->prefix.u.addr4.addr);
        memcpy(bytes + 4 * i, &word, 4);
    }
    struct addr a = addr_from_bytes(six ? FAMILY_IPV6 : FAMILY_IPV4, bytes);
    uint8_t len = p->min_len <= addr_bits((enum family)a.family) ? p->min_len : 0;
    return (struct vrp){prefix_of(&a, len), p->max_len, p->asn};
}

/* --- librtr's threads --- */

static void wake(void)
{
    uint64_t more = 1;
    ssize_t n = write(one.event, &more, sizeof more);
    (void)n;
}

static void on_change(struct pfx_table *table, const struct pfx_record record, const bool added)
{
    (void)table;
    pthread_mutex_lock(&one.lock);
    if (one.n == one.room) {
        one.room = one.room ? one.room * 2 : 1024;
        one.queue = realloc(one.queue, one.room * sizeof *one.queue);
        if (!one.queue) abort();
    }
    one.queue[one.n++] = (struct change){added, vrp_of(&record)};
    bool first = one.n == one.at + 1;
    pthread_mutex_unlock(&one.lock);
    if (first) wake();
}

static void on_status(const struct rtr_mgr_group *group, enum rtr_mgr_status status,
                      const struct rtr_socket *socket, void *ctx)
{
    (void)socket, (void)ctx;
    pthread_mutex_lock(&one.lock);
    if (group->preference >= 1 && group->preference <= one.caches_n)
        one.caches[group->preference - 1].status = status;
    pthread_mutex_unlock(&one.lock);
    wake();
}

/* --- ours --- */

static const char *status_word(enum rtr_mgr_status s)
{
    switch (s) {
    case RTR_MGR_CLOSED:
        return "closed";
    case RTR_MGR_CONNECTING:
        return "connecting";
    case RTR_MGR_ESTABLISHED:
        return "followed";
    case RTR_MGR_ERROR:
        return "not reached, or it spoke nonsense";
    }
    return "?";
}

static bool add_cache(struct rpki *r, const struct rpki_cache *c, struct rtr_mgr_group *group)
{
    struct cache *k = &r->caches[r->caches_n++];
    addr_text(&c->addr, k->host);
    snprintf(k->port, sizeof k->port, "%u", c->port);
    struct tr_tcp_config tcp = {.host = k->host, .port = k->port, .connect_timeout = CONNECT_S};
    k->socket.tr_socket = &k->transport;
    k->sockets[0] = &k->socket;
    *group = (struct rtr_mgr_group){
        .sockets = k->sockets, .sockets_len = 1, .preference = (uint8_t)r->caches_n};
    return tr_tcp_init(&tcp, &k->transport) == TR_SUCCESS;
}

struct rpki *rpki_start(const struct rpki_conf *c, struct text *why)
{
    struct rtr_mgr_group groups[CACHES_MOST];
    if (one.manager || c->caches_n == 0 || c->caches_n > CACHES_MOST) {
        text_addf(why, "1 to %d caches can be followed", CACHES_MOST);
        return NULL;
    }
    one.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    one.caches_n = 0;
    for (size_t i = 0; i < c->caches_n; i++)
        if (!add_cache(&one, &c->caches[i], &groups[i])) {
            text_addf(why, "cache %zu cannot be used", i + 1);
            return NULL;
        }
    if (rtr_mgr_init(&one.manager, groups, (unsigned)c->caches_n, c->refresh_s, c->expire_s,
                     c->retry_s, on_change, NULL, on_status, NULL) != RTR_SUCCESS ||
        rtr_mgr_start(one.manager) != RTR_SUCCESS) {
        text_add(why, "the caches cannot be followed: intervals out of range (RFC 8210 section 6)");
        return NULL;
    }
    return &one;
}

void rpki_stop(struct rpki *r)
{
    rtr_mgr_stop(r->manager);
    rtr_mgr_free(r->manager);
    r->manager = NULL;
    close(r->event);
    free(r->queue);
    r->queue = NULL;
    r->at = r->n = r->room = 0;
}

int rpki_fd(const struct rpki *r) { return r->event; }

bool rpki_take(struct rpki *r, bool *add, struct vrp *out)
{
    uint64_t times;
    pthread_mutex_lock(&r->lock);
    bool there = r->at < r->n;
    if (there) {
        *add = r->queue[r->at].add;
        *out = r->queue[r->at++].vrp;
    } else {
        r->at = r->n = 0;
        ssize_t n = read(r->event, &times, sizeof times);
        (void)n;
    }
    pthread_mutex_unlock(&r->lock);
    return there;
}

bool rpki_state(struct rpki *r, struct text *out)
{
    bool followed = false;
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < r->caches_n; i++) {
        const struct cache *c = &r->caches[i];
        text_addf(out, "%s%s port %s: %s", i ? "; " : "", c->host, c->port, status_word(c->status));
        followed = followed || c->status == RTR_MGR_ESTABLISHED;
    }
    pthread_mutex_unlock(&r->lock);
    return followed;
}
