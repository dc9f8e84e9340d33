/* edge/routes.c - routes of domains into the kernel. The fib says what differs; netlink carries it in
 * batches; what the kernel refuses raises an alarm with prefix and domain and is tried again. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "edge/spaces_priv.h"
#include "sys/log.h"
#include "wire/link.h"

enum { BATCH = 512 };

struct batch {
    struct space *sp;
    struct netlink_route routes[BATCH];
    size_t n;
};

/* Only what was fine and is not any more is news; retries of a refused route are silent. */
static void judge(struct space *sp, const struct netlink_route *r)
{
    char text[PREFIX_TEXT_MAX];
    const struct fib_entry *e = fib_find(sp->fib, &r->prefix);
    bool failed_before = e && e->failed;
    fib_set_failed(sp->fib, &r->prefix, r->fault != 0);
    if (r->fault && !failed_before)
        log_line(LOG_LINE_ERROR, "route-refused", sp->name, "%s: %s", prefix_text(&r->prefix, text),
                 strerror(r->fault));
    if (!r->fault && failed_before)
        log_line(LOG_LINE_INFO, "route-accepted", sp->name, "%s", prefix_text(&r->prefix, text));
}

static void flush(struct batch *b)
{
    if (b->n && b->sp->nl) {
        netlink_routes_put(b->sp->nl, b->routes, b->n);
        for (size_t k = 0; k < b->n; k++) judge(b->sp, &b->routes[k]);
    }
    b->n = 0;
}

static void add(struct batch *b, const struct prefix *p, const struct addr *next_hops, size_t n)
{
    static_assert((int)FIB_NEXT_HOPS_MAX == (int)NETLINK_NEXT_HOPS_MAX, "what is kept can be said");
    if (b->n == BATCH) flush(b);
    struct netlink_route *r = &b->routes[b->n++];
    *r = (struct netlink_route){.prefix = *p, .next_hops_n = (uint8_t)n};
    memcpy(r->next_hops, next_hops, n * sizeof *next_hops);
}

/* One at a time is enough for all users: they run to their end. */
static struct batch *batch_of(struct space *sp)
{
    static struct batch b;
    b.sp = sp;
    b.n = 0;
    return &b;
}

static void put(struct batch *b, const struct prefix *p, const struct addr *next_hops, size_t n, bool fixed)
{
    const struct fib_entry *e;
    if (n == 0) {
        if (fib_remove(b->sp->fib, p, fixed)) add(b, p, NULL, 0);
    } else if (fib_put(b->sp->fib, p, next_hops, n, fixed, &e)) {
        add(b, p, e->next_hops, e->next_hops_n);
    }
}

bool spaces_routes(struct spaces *s, const char *domain, struct cursor c)
{
    struct space *sp = space_named(s, domain);
    struct link_route r;
    if (!sp || !sp->nl) return false;
    struct batch *b = batch_of(sp);
    while (link_route_next(&c, &r)) put(b, &r.prefix, r.next_hops, r.next_hops_n, false);
    flush(b);
    return !c.bad;
}

/* --- static routes --- */

static bool still_static(const struct intent_domain *d, const struct prefix *p)
{
    for (size_t k = 0; k < d->routes_n; k++)
        if (prefix_equal(&d->routes[k].prefix, p)) return true;
    return false;
}

/* Entries the test says yes to, as prefixes: a table is not changed while it is walked. */
static struct prefix *pick(const struct space *sp, bool (*want)(const struct fib_entry *e, const void *arg),
                           const void *arg, size_t *n)
{
    struct prefix *list = calloc(fib_count(sp->fib) + 1, sizeof *list);
    size_t at = 0;
    if (!list) abort();
    *n = 0;
    for (const struct fib_entry *e; (e = fib_walk(sp->fib, &at));)
        if (want(e, arg)) list[(*n)++] = e->prefix;
    return list;
}

static bool is_old_static(const struct fib_entry *e, const void *d)
{
    return e->fixed && !still_static(d, &e->prefix);
}

void routes_static(struct space *sp, const struct intent_domain *d)
{
    size_t n;
    struct prefix *old = pick(sp, is_old_static, d, &n);
    struct batch *b = batch_of(sp);
    for (size_t k = 0; k < n; k++) put(b, &old[k], NULL, 0, true);
    for (size_t k = 0; k < d->routes_n; k++) put(b, &d->routes[k].prefix, &d->routes[k].via, 1, true);
    flush(b);
    free(old);
}

/* --- over restarts --- */

static void load_one(void *ctx, const struct netlink_route *r)
{
    struct space *sp = ctx;
    const struct fib_entry *e;
    if (r->next_hops_n) (void)!fib_put(sp->fib, &r->prefix, r->next_hops, r->next_hops_n, false, &e);
}

void routes_load(struct space *sp)
{
    if (!netlink_each_route(sp->nl, load_one, sp))
        log_line(LOG_LINE_WARN, "fib-unread", sp->name, "the kernel's routes could not be read");
    fib_mark_stale(sp->fib);
    if (fib_count(sp->fib))
        log_line(LOG_LINE_INFO, "fib-found", sp->name, "%zu routes of an earlier run keep forwarding",
                 fib_count(sp->fib));
}

bool spaces_have_routes(const struct spaces *s)
{
    for (const struct space *sp = s->first; sp; sp = sp->next)
        if (fib_count(sp->fib)) return true;
    return false;
}

void spaces_router_lost(struct spaces *s)
{
    for (struct space *sp = s->first; sp; sp = sp->next) fib_mark_stale(sp->fib);
}

static bool is_stale(const struct fib_entry *e, const void *arg)
{
    (void)arg;
    return e->stale;
}

void spaces_settled(struct spaces *s, const char *domain)
{
    size_t n;
    struct space *sp = space_named(s, domain);
    if (!sp || !sp->nl) return;
    struct prefix *stale = pick(sp, is_stale, NULL, &n);
    struct batch *b = batch_of(sp);
    for (size_t k = 0; k < n; k++) put(b, &stale[k], NULL, 0, false);
    flush(b);
    if (n) log_line(LOG_LINE_INFO, "fib-swept", sp->name, "%zu routes nobody named again", n);
    free(stale);
}

/* --- repair --- */

static bool is_failed(const struct fib_entry *e, const void *arg)
{
    (void)arg;
    return e->failed;
}

static void say_again(struct space *sp, const struct prefix *list, size_t n)
{
    struct batch *b = batch_of(sp);
    for (size_t k = 0; k < n; k++) {
        const struct fib_entry *e = fib_find(sp->fib, &list[k]);
        if (e) add(b, &e->prefix, e->next_hops, e->next_hops_n);
    }
    flush(b);
}

void spaces_retry(struct spaces *s)
{
    for (struct space *sp = s->first; sp; sp = sp->next) {
        size_t n;
        struct prefix *failed = pick(sp, is_failed, NULL, &n);
        if (n && sp->nl) say_again(sp, failed, n);
        free(failed);
    }
}

size_t spaces_routes_refused(const struct spaces *s)
{
    size_t all = 0;
    for (const struct space *sp = s->first; sp; sp = sp->next) {
        size_t n;
        free(pick(sp, is_failed, NULL, &n));
        all += n;
    }
    return all;
}

static bool is_missing(const struct fib_entry *e, const void *kernel)
{
    const struct fib_entry *there = fib_find(kernel, &e->prefix);
    return !e->failed && !(there && fib_same_next_hops(there, e->next_hops, e->next_hops_n));
}

static bool is_foreign(const struct fib_entry *e, const void *ours) { return !fib_find(ours, &e->prefix); }

static void reconcile(struct space *sp, const struct hash_key *key)
{
    struct space kernel = {.nl = sp->nl, .fib = fib_new(key)};
    size_t missing_n, extra_n;
    if (netlink_each_route(sp->nl, load_one, &kernel)) { /* else nothing is changed: RB-120 */
        struct prefix *missing = pick(sp, is_missing, kernel.fib, &missing_n);
        struct prefix *extra = pick(&kernel, is_foreign, sp->fib, &extra_n);
        if (missing_n + extra_n)
            log_line(LOG_LINE_WARN, "fib-drift", sp->name, "%zu routes were missing, %zu too many",
                     missing_n, extra_n);
        say_again(sp, missing, missing_n);
        struct batch *b = batch_of(sp);
        for (size_t k = 0; k < extra_n; k++) add(b, &extra[k], NULL, 0);
        flush(b);
        free(missing), free(extra);
    }
    fib_free(kernel.fib);
}

void spaces_reconcile(struct spaces *s)
{
    for (struct space *sp = s->first; sp; sp = sp->next)
        if (sp->nl) reconcile(sp, &s->key);
}
