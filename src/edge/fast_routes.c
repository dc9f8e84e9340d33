/* edge/fast_routes.c - what the kernel of a domain forwards by, into the tries. A next hop has one row,
 * shared by all routes that use it, so that a neighbour that is found or lost is one write; a set of next
 * hops has one row as well. Neighbours that are known get a host route of the last rank, so that a subnet
 * is forwarded host by host, and the kernel resolves the others. */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include "edge/fast_priv.h"
#include "sys/log.h"
#include "sys/netns.h"

enum { NEIGHBOUR_RANK = 0xffffffff };

/* --- rows of next hops --- */

void hops_init(struct fast *f)
{
    f->by_row = calloc(FAST_HOPS, sizeof *f->by_row);
    f->free_rows = calloc(FAST_HOPS, sizeof *f->free_rows);
    f->retired_rows = calloc(FAST_HOPS, sizeof *f->retired_rows);
    if (!f->by_row || !f->free_rows || !f->retired_rows) abort();
    for (uint32_t row = FAST_HOPS; row-- > HOPS_FIXED;) f->free_rows[f->free_rows_n++] = (uint16_t)row;
    f->tables.hops[HOP_LOCAL].kind = FAST_HOP_LOCAL;
    f->tables.hops[HOP_DISCARD].kind = FAST_HOP_DISCARD;
}

void hops_free(struct fast *f)
{
    for (uint32_t row = 0; f->by_row && row < FAST_HOPS; row++) free(f->by_row[row]);
    free(f->by_row), free(f->free_rows), free(f->retired_rows);
}

void fast_settle(struct fast *f)
{
    if (!f->retired_rows_n && !trie_unsettled(f->trie)) return;
    fastpath_grace();
    trie_settled(f->trie);
    while (f->retired_rows_n) f->free_rows[f->free_rows_n++] = f->retired_rows[--f->retired_rows_n];
}

static struct known_hop **bucket_of(struct fast *f, const struct known_hop *h)
{
    struct {
        const struct fast_dom *domain;
        uint8_t via[16];
        uint32_t ifindex;
        uint16_t members[8];
        uint32_t members_n;
    } key;
    memset(&key, 0, sizeof key);
    key.domain = h->domain;
    memcpy(key.via, h->via.b, sizeof key.via);
    key.ifindex = h->ifindex;
    memcpy(key.members, h->members, sizeof key.members);
    key.members_n = h->members_n;
    return &f->buckets[hash_bytes(&f->key, &key, sizeof key) % HOP_BUCKETS];
}

static bool same_hop(const struct known_hop *a, const struct known_hop *b)
{
    return a->domain == b->domain && a->ifindex == b->ifindex && addr_equal(&a->via, &b->via) &&
           a->members_n == b->members_n && memcmp(a->members, b->members, sizeof a->members) == 0;
}

static struct known_hop *hop_find(struct fast *f, const struct known_hop *wanted)
{
    struct known_hop *h = *bucket_of(f, wanted);
    while (h && !same_hop(h, wanted)) h = h->next;
    return h;
}

const struct fast_att *fast_att_inside(const struct fast_dom *d, unsigned ifindex)
{
    for (const struct fast_att *a = d->fast->atts; a; a = a->next)
        if (a->domain == d && a->inside == ifindex && a->wanted) return a;
    return NULL;
}

/* A reference to the row for `wanted`; its content is the caller's business if it is new. NULL: no row. */
static struct known_hop *hop_take(struct fast *f, const struct known_hop *wanted, bool *new)
{
    struct known_hop *h = hop_find(f, wanted);
    *new = !h;
    if (!h) {
        if (!f->free_rows_n) fast_settle(f);
        if (!f->free_rows_n) return NULL;
        if (!(h = calloc(1, sizeof *h))) abort();
        *h = *wanted;
        h->row = f->free_rows[--f->free_rows_n];
        h->refs = 0;
        struct known_hop **at = bucket_of(f, h);
        h->next = *at;
        *at = f->by_row[h->row] = h;
    }
    h->refs++;
    return h;
}

static void hop_release(struct fast *f, uint32_t row)
{
    struct known_hop *h = row < FAST_HOPS ? f->by_row[row] : NULL;
    if (!h || --h->refs) return;
    struct known_hop **at = bucket_of(f, h);
    while (*at != h) at = &(*at)->next;
    *at = h->next;
    f->by_row[row] = NULL;
    f->retired_rows[f->retired_rows_n++] = (uint16_t)row;
    for (int k = 0; k < h->members_n; k++) hop_release(f, h->members[k]);
    free(h);
}

static void hop_write(struct fast *f, const struct known_hop *h, const uint8_t mac[6])
{
    const struct fast_att *a = fast_att_inside(h->domain, h->ifindex);
    struct fast_hop *row = &f->tables.hops[h->row];
    row->attachment = a ? a->id : 0;
    if (mac) memcpy(row->mac, mac, 6);
    __atomic_store_n(&row->kind, (uint16_t)(!a ? FAST_HOP_LOCAL : mac ? FAST_HOP_VIA : FAST_HOP_UNRESOLVED), __ATOMIC_RELEASE);
}

void hops_rewrite(struct fast *f, const struct fast_dom *d, unsigned ifindex)
{
    for (uint32_t row = HOPS_FIXED; row < FAST_HOPS; row++) {
        const struct known_hop *h = f->by_row[row];
        if (h && h->domain == d && h->ifindex == ifindex && !h->members_n) hop_write(f, h, NULL);
    }
}

static uint32_t hop_single(struct fast_dom *d, const struct addr *via, unsigned ifindex)
{
    bool new;
    if (!fast_att_inside(d, ifindex)) return HOP_LOCAL; /* leads to where we do not forward: the kernel's */
    struct known_hop *h = hop_take(d->fast, &(struct known_hop){.domain = d, .via = *via, .ifindex = ifindex}, &new);
    if (!h) return HOP_LOCAL;
    if (new) hop_write(d->fast, h, NULL);
    return h->row;
}

static uint32_t hop_group(struct fast_dom *d, const struct fib_route *r)
{
    struct known_hop g = {.domain = d};
    bool new, all = true;
    for (int k = 0; k < r->hops_n && g.members_n < 8; k++) {
        uint32_t row = hop_single(d, &r->hops[k].via, r->hops[k].ifindex);
        all = all && row != HOP_LOCAL;
        g.members[g.members_n++] = (uint16_t)row;
    }
    struct known_hop *h = all ? hop_take(d->fast, &g, &new) : NULL;
    if (!h || !new) /* the group holds its members already, or there is none */
        for (int k = 0; k < g.members_n; k++) hop_release(d->fast, g.members[k]);
    if (!h) return HOP_LOCAL;
    if (new) {
        struct fast_hop *row = &d->fast->tables.hops[h->row];
        row->members_n = g.members_n;
        memcpy(row->members, g.members, sizeof row->members);
        __atomic_store_n(&row->kind, FAST_HOP_GROUP, __ATOMIC_RELEASE);
    }
    return h->row;
}

static uint32_t hop_of(struct fast_dom *d, const struct fib_route *r)
{
    switch (r->kind) {
    case FIB_DISCARD: return HOP_DISCARD;
    case FIB_LOCAL: case FIB_REFUSE: return HOP_LOCAL;
    case FIB_VIA: break;
    }
    if (r->hops_n == 0) return HOP_LOCAL;
    return r->hops_n == 1 ? hop_single(d, &r->hops[0].via, r->hops[0].ifindex) : hop_group(d, r);
}

/* --- routes --- */

/* Link-local and multicast destinations never get as far as a look-up. */
static bool never_asked(const struct prefix *p)
{
    if (p->addr.family == FAMILY_IPV6) return p->addr.b[0] == 0xff || (p->addr.b[0] == 0xfe && p->addr.b[1] >> 6 == 2);
    return p->addr.b[0] >= 224 || (p->addr.b[0] == 127 && p->len >= 8);
}

static void set_best(struct fast_dom *d, const struct prefix *p, uint32_t best)
{
    uint32_t root = p->addr.family == FAMILY_IPV6 ? d->root6 : d->root4;
    if (trie_put(d->fast->trie, root, p, best)) return;
    fast_settle(d->fast);
    if (trie_put(d->fast->trie, root, p, best)) return;
    if (!d->overflowed)
        log_line(LOG_LINE_ERROR, "fast-full", d->name, "no room for more routes; the domain takes the slow path");
    d->overflowed = true;
}

/* True: what stood there was a group. */
static bool change(struct fast_dom *d, const struct prefix *p, uint32_t rank, uint32_t hop)
{
    uint32_t old, best = rivals_put(d->fast->rivals, d->number, p, rank, hop, &old);
    bool group = old && d->fast->by_row[old] && d->fast->by_row[old]->members_n;
    set_best(d, p, best);
    if (old) hop_release(d->fast, old);
    return group;
}

static void on_route(void *ctx, const struct fib_route *r)
{
    struct fast_dom *d = ctx;
    if (never_asked(&r->prefix)) return;
    bool group = change(d, &r->prefix, r->rank, r->gone ? 0 : hop_of(d, r));
    /* One of several equal IPv6 next hops went; the message does not say which ones are left. */
    if (group && r->gone && r->prefix.addr.family == FAMILY_IPV6 && r->hops_n == 1) d->lost = true;
}

static void on_neighbour(void *ctx, const struct fib_neighbour *n)
{
    struct fast_dom *d = ctx;
    struct known_hop wanted = {.domain = d, .via = n->addr, .ifindex = n->ifindex};
    struct prefix host = prefix_of(&n->addr, addr_bits((enum family)n->addr.family));
    if (!fast_att_inside(d, n->ifindex)) return;
    if (n->usable) {
        uint32_t row = never_asked(&host) ? 0 : hop_single(d, &n->addr, n->ifindex);
        struct known_hop *h = hop_find(d->fast, &wanted);
        if (h) {
            h->idle = n->idle;
            hop_write(d->fast, h, n->mac);
        }
        if (row) change(d, &host, NEIGHBOUR_RANK, row);
        return;
    }
    struct known_hop *h = hop_find(d->fast, &wanted);
    if (h) hop_write(d->fast, h, NULL);
    if (!never_asked(&host)) change(d, &host, NEIGHBOUR_RANK, 0);
}

static struct fib_sink sink_of(struct fast_dom *d) { return (struct fib_sink){d, on_route, on_neighbour}; }

static void on_swept(void *ctx, const struct prefix *p, uint32_t value, uint32_t best)
{
    struct fast_dom *d = ctx;
    set_best(d, p, best);
    hop_release(d->fast, value);
}

/* Everything anew; what is not seen again goes. Nothing is missing in between. */
static void read_all(struct fast_dom *d)
{
    struct fib_sink to = sink_of(d);
    rivals_mark(d->fast->rivals, d->number);
    d->lost = false;
    if (fib_follow_all(d->follow, &to)) {
        rivals_sweep(d->fast->rivals, d->number, on_swept, d);
    } else {
        log_line(LOG_LINE_WARN, "fast-unread", d->name, "the kernel's routes could not be read; tried again");
        d->lost = true;
    }
    d->fast->resyncs++;
}

void routes_read(struct fast_dom *d)
{
    struct fib_sink to = sink_of(d);
    if (!d->follow) return;
    if (!fib_follow_changes(d->follow, &to)) d->lost = true;
    if (d->lost) read_all(d);
}

bool routes_follow(struct fast_dom *d, struct text *why)
{
    struct netns_visit v;
    if (!netns_enter_fd(&v, d->ns, why)) return false;
    d->follow = fib_follow_open(why);
    netns_leave(&v);
    if (!d->follow) return false;
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = d};
    epoll_ctl(d->fast->epoll, EPOLL_CTL_ADD, fib_follow_fd(d->follow), &e);
    read_all(d);
    return true;
}

void routes_leave(struct fast_dom *d)
{
    if (d->follow) epoll_ctl(d->fast->epoll, EPOLL_CTL_DEL, fib_follow_fd(d->follow), NULL);
    fib_follow_close(d->follow);
    d->follow = NULL;
}

void routes_forget(struct fast_dom *d)
{
    routes_leave(d);
    rivals_mark(d->fast->rivals, d->number);
    rivals_sweep(d->fast->rivals, d->number, on_swept, d);
    trie_table_drop(d->fast->trie, d->root4, FAMILY_IPV4);
    trie_table_drop(d->fast->trie, d->root6, FAMILY_IPV6);
}

/* A next hop is looked for before there is traffic to it: of a burst that meets an unknown neighbour the
 * kernel keeps some hundred packets and drops the rest. */
void routes_resolve(struct fast *f)
{
    for (uint32_t row = HOPS_FIXED; row < FAST_HOPS; row++) {
        const struct known_hop *h = f->by_row[row];
        if (!h || addr_is_none(&h->via) || !h->domain->follow || f->tables.hops[row].kind != FAST_HOP_UNRESOLVED) continue;
        fib_follow_resolve(h->domain->follow, &(struct fib_neighbour){.ifindex = h->ifindex, .addr = h->via});
    }
}

/* Frames that pass by the kernel do not confirm its neighbours: it is asked to look for itself. */
void routes_probe_idle(struct fast *f)
{
    for (uint32_t row = HOPS_FIXED; row < FAST_HOPS; row++) {
        const struct known_hop *h = f->by_row[row];
        if (!h || !h->idle || !h->domain->follow || f->tables.hops[row].kind != FAST_HOP_VIA) continue;
        struct fib_neighbour n = {.ifindex = h->ifindex, .addr = h->via};
        memcpy(n.mac, f->tables.hops[row].mac, sizeof n.mac);
        fib_follow_probe(h->domain->follow, &n);
    }
}
