/* edge/fast.c - the configuration of the fast path. An attachment keeps its number over all changes; its
 * row exists twice, and the word `slot` of the configuration says which of the two is read, by every
 * packet once. A round writes the rows not in force and turns the word. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>
#include "edge/fast_priv.h"
#include "forward/stage_frame.h"
#include "sys/log.h"
#include "sys/xdp_features.h"

enum {
    FLOWS_MOST = 1 << 24, /* rows: half a GiB, as far as the kernel lets a program reach into one table */
    PROBE_S = 30, /* idle neighbours are asked whether they are still there */
};

struct fast *fast_new(struct natsync *natsync)
{
    struct fast *f = calloc(1, sizeof *f);
    if (!f || getrandom(&f->key, sizeof f->key, 0) != sizeof f->key) abort();
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    f->rivals = rivals_new(&f->key);
    f->natsync = natsync;
    f->numbers[0] = f->ids[0] = f->policers[0] = true; /* never given out */
    return f;
}

static void free_domain(struct fast_dom *d)
{
    fib_follow_close(d->follow);
    free(d);
}

static void leave_path(struct fast *f)
{
    hops_free(f);
    trie_free(f->trie);
    f->path = NULL;
    f->trie = NULL;
}

static void close_path(struct fast *f)
{
    struct fastpath *path = f->path;
    leave_path(f);
    fastpath_close(path);
}

void fast_free(struct fast *f)
{
    if (!f) return;
    nat_close(f);
    close_path(f);
    for (struct fast_dom *d = f->domains, *next; d; d = next) next = d->next, free_domain(d);
    for (struct fast_att *a = f->atts, *next; a; a = next) next = a->next, free(a);
    free(f->old_rules);
    rivals_free(f->rivals);
    close(f->epoll);
    free(f);
}

/* --- what is wanted --- */

static uint32_t take_number(bool *taken, uint32_t n)
{
    for (uint32_t k = 1; k < n; k++)
        if (!taken[k]) return taken[k] = true, k;
    return 0;
}

static struct fast_dom *domain_named(const struct fast *f, const char *name)
{
    struct fast_dom *d = f->domains;
    while (d && strcmp(d->name, name) != 0) d = d->next;
    return d;
}

static struct fast_att *attachment_named(const struct fast *f, const struct fast_dom *d, const char *name)
{
    struct fast_att *a = f->atts;
    while (a && !(a->domain == d && strcmp(a->name, name) == 0)) a = a->next;
    return a;
}

static struct fast_port *port_of(struct fast *f, unsigned ifindex, const char *name)
{
    for (size_t k = 0; k < f->ports_n; k++)
        if (f->ports[k].ifindex == ifindex) return &f->ports[k];
    if (f->ports_n == ARRAY_LEN(f->ports)) return NULL;
    struct fast_port *p = &f->ports[f->ports_n++];
    *p = (struct fast_port){.ifindex = ifindex};
    snprintf(p->name, sizeof p->name, "%s", name);
    return p;
}

void fast_begin(struct fast *f, const struct intent *i)
{
    f->intent = i;
    for (struct fast_dom *d = f->domains; d; d = d->next) d->wanted = false;
    for (struct fast_att *a = f->atts; a; a = a->next) a->wanted = false;
    for (size_t k = 0; k < f->ports_n; k++) f->ports[k].wanted = false;
}

/* --- numbers of domains --- */

static bool number_free(const struct fast *f, uint32_t n) { return n && !f->numbers[n]; }

/* Whoever had a number before gets it again; the others, one nobody had. */
static void number_domain(struct fast *f, struct fast_dom *d)
{
    uint32_t free_one = 0;
    for (uint32_t n = 1; n < FAST_DOMAINS && !d->number; n++) {
        if (!number_free(f, n)) continue;
        if (strncmp(f->tables.names[n].text, d->name, FAST_NAME_BYTES) == 0) d->number = n;
        if (!free_one && !f->tables.names[n].text[0]) free_one = n;
    }
    if (!d->number) d->number = free_one;
    if (!d->number) return; /* a thousand domains; this one takes the slow path */
    f->numbers[d->number] = true;
    snprintf(f->tables.names[d->number].text, FAST_NAME_BYTES, "%s", d->name);
}

/* --- the program --- */

static uint32_t power_of_two(uint32_t n)
{
    uint32_t p = 64;
    while (p < n) p *= 2;
    return p;
}

/* Twice as many rows as bindings keep the way to each of them short. */
static struct fast_sizes sizes_for(const struct intent *i)
{
    struct fast_sizes z = fast_sizes_small;
    uint32_t flows = 0, blocks = 0;
    for (size_t d = 0; d < i->domains_n; d++) {
        const struct intent_nat *n = &i->domains[d].nat;
        if (addr_is_none(&n->first)) continue;
        flows += nat_flows(n);
        blocks += nat_blocks(n);
    }
    if (flows > FLOWS_MOST / 2) flows = FLOWS_MOST / 2;
    if (flows) z.flows = power_of_two(2 * flows);
    if (blocks) z.port_blocks = blocks;
    return z;
}

/* Bindings that are taken over were put where the earlier seed said; it stands in the name nobody has. */
static uint64_t keep_seed(struct fast *f, uint64_t fresh)
{
    uint64_t before;
    memcpy(&before, f->tables.names[0].text, sizeof before);
    if (fastpath_took_over(f->path) && before) return before;
    memcpy(f->tables.names[0].text, &fresh, sizeof fresh);
    return fresh;
}

/* Numbers that an earlier run gave to domains there are no more. */
static void forget_strangers(struct fast *f)
{
    for (uint32_t n = 1; n < FAST_DOMAINS; n++) {
        if (f->numbers[n] || !f->tables.names[n].text[0]) continue;
        nat_forget(f, n);
        memset(&f->tables.names[n], 0, sizeof *f->tables.names);
        fastpath_count_clear(f->path, n);
    }
}

static bool open_path(struct fast *f, struct text *why)
{
    struct fast_sizes z = sizes_for(f->intent);
    uint64_t seed;
    unsigned heir = 0;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) abort();
    for (size_t k = 0; k < f->ports_n && !heir; k++)
        if (f->ports[k].wanted && fastpath_attached(f->ports[k].ifindex)) heir = f->ports[k].ifindex;
    if (!(f->path = fastpath_open(&z, heir, &f->tables, why))) return false;
    if (heir)
        log_line(LOG_LINE_INFO, "fast-found", "", "%s", fastpath_took_over(f->path) ?
                 "bindings and counters of an earlier run go on" : "an earlier run's layout is replaced");
    seed = keep_seed(f, seed);
    fast_config_begin(&f->tables, seed);
    f->trie = trie_new(&f->tables, &f->key);
    f->nowhere = trie_table_make(f->trie);
    hops_init(f);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = &f->path};
    epoll_ctl(f->epoll, EPOLL_CTL_ADD, fastpath_events_fd(f->path), &e);
    return true;
}

/* --- domains --- */

void fast_domain(struct fast *f, const struct intent_domain *d, int ns)
{
    struct fast_dom *x = domain_named(f, d->name);
    if (!x) {
        if (!(x = calloc(1, sizeof *x))) abort();
        *x = (struct fast_dom){.next = f->domains, .fast = f};
        snprintf(x->name, sizeof x->name, "%s", d->name);
        f->domains = x;
    }
    x->wanted = true;
    x->ns = ns;
    x->wish = d;
}

/* --- rows --- */

static const struct intent_peer *leg_peer(const struct intent_domain *d, const struct intent_attachment *a)
{
    for (size_t p = 0; p < d->peers_n; p++)
        for (size_t k = 0; k < a->addresses_n; k++) {
            struct prefix subnet = prefix_of(&a->addresses[k].addr, a->addresses[k].len);
            if (subnet.addr.family == d->peers[p].address.family && prefix_has(&subnet, &d->peers[p].address))
                return &d->peers[p];
        }
    return NULL;
}

struct marking {
    uint64_t in, out;
};

/* The values of the two profiles; data/qos_classes.json has their workloads. */
static uint64_t listed_values(enum intent_profile profile)
{
    uint64_t listed = 1ULL << 46 | 1ULL << 34 | 1ULL << 18 | 1ULL << 10 | 1ULL;
    return profile == PROFILE_2015_10 ? listed | 1ULL << 24 : listed;
}

/* Which DSCP values an attachment keeps, by the kind of domain and who sits behind it. */
static struct marking marking_of(const struct intent *i, const struct intent_domain *d, const struct intent_attachment *a)
{
    const struct intent_peer *p = leg_peer(d, a);
    struct marking all = {~0ULL, ~0ULL};
    uint64_t listed = listed_values(i->qos_profile);
    if (!p || d->kind == DOMAIN_PLAIN) return all;
    if (p->role == PEER_CUSTOMER) return d->kind == DOMAIN_MICROSOFT ? (struct marking){listed, listed} : (struct marking){1, 1};
    if (p->role == PEER_CLOUD && d->kind == DOMAIN_MICROSOFT) all.out = listed;
    return all;
}

static void fill_row(struct fast *f, struct fast_att *x, const struct fast_want *w)
{
    const struct intent_attachment *a = w->attachment;
    struct marking m = marking_of(f->intent, w->domain, a);
    x->row = (struct fast_attachment){
        .flags = (a->source == SOURCE_STRICT ? FAST_STRICT : 0u) | (a->outside ? FAST_OUTSIDE : 0u),
        .dscp_in = m.in, .dscp_out = m.out, .mtu = (uint16_t)a->mtu, .punt = x->id, .port = w->port,
        .outer = a->tags.s, .inner = a->tags.c, .ethertype = FAST_BE16(a->ethertype ? a->ethertype : FAST_TYPE_CTAG)};
    memcpy(x->row.mac, w->inside->mac, sizeof x->row.mac);
    x->wish = a;
    x->queues = a->queues;
}

void fast_attachment(struct fast *f, const struct fast_want *w)
{
    struct fast_dom *d = domain_named(f, w->domain->name);
    struct fast_port *p = port_of(f, w->port, w->attachment->port);
    if (!d || !p) return;
    struct fast_att *x = attachment_named(f, d, w->attachment->name);
    if (!x) {
        uint32_t id = take_number(f->ids, FAST_ATTACHMENTS);
        if (!id) return;
        if (!(x = calloc(1, sizeof *x))) abort();
        *x = (struct fast_att){.next = f->atts, .domain = d, .id = id};
        snprintf(x->name, sizeof x->name, "%s", w->attachment->name);
        f->atts = x;
    }
    if (x->inside != w->inside->index) d->lost = true; /* its routes may have been seen before */
    x->wanted = p->wanted = true;
    x->port = w->port;
    x->inside = w->inside->index;
    fill_row(f, x, w);
}

static struct fast_attachment row_of(struct fast *f, const struct fast_att *a)
{
    struct fast_attachment row = a->row;
    const struct fast_dom *d = a->domain;
    const struct fast_port *p = port_of(f, a->port, "");
    bool usable = d->follow && !d->overflowed;
    row.domain = d->number;
    row.pool = d->has_pool ? d->number : 0;
    row.root4 = usable ? d->root4 : f->nowhere;
    row.root6 = usable ? d->root6 : f->nowhere;
    if (p && p->takes && !a->queues) row.flags |= FAST_TX;
    return row;
}

/* --- commit --- */

static void look_at_ports(struct fast *f)
{
    for (size_t k = 0; k < f->ports_n; k++) f->ports[k].takes = xdp_takes_redirects(f->ports[k].ifindex);
}

static uint64_t shape_of(struct fast *f)
{
    uint64_t sum = 1;
    for (const struct fast_att *a = f->atts; a; a = a->next) {
        struct fast_attachment row = row_of(f, a);
        if (a->wanted) sum += hash_bytes(&f->key, &row, sizeof row) * (2 * (uint64_t)a->id + 1);
    }
    return sum;
}

/* The rows that nobody reads, then the word that makes everybody read them. */
static void switch_over(struct fast *f)
{
    struct fast_config *c = f->tables.config;
    uint32_t slot = !c->slot;
    fast_slot_clear(&f->tables, slot);
    for (const struct fast_att *a = f->atts; a; a = a->next) {
        if (!a->wanted) continue;
        struct fast_attachment row = row_of(f, a);
        f->tables.attachments[2 * a->id + slot] = row;
        if (!fast_place_put(&f->tables, slot, a->port, row.outer, row.inner, a->id))
            log_line(LOG_LINE_WARN, "fast-place", a->name, "no place in the table of tags; it takes the slow path");
    }
    __atomic_store_n(&c->slot, slot, __ATOMIC_RELEASE);
    __atomic_store_n(&c->ready, 1, __ATOMIC_RELEASE);
    fastpath_grace(); /* nobody reads the old rows any more */
    trie_settled(f->trie);
    f->commits++;
}

/* All ways out are there before any port lets packets in: a frame that a program redirects to a port it does
 * not know is gone without a trace. */
static bool attach_ports(struct fast *f, struct text *why)
{
    bool fine = true;
    for (size_t k = 0; k < f->ports_n; k++) {
        struct fast_port *p = &f->ports[k];
        if (!p->wanted || p->attached) continue;
        if (!netlink_offloads_off(p->name))
            log_line(LOG_LINE_WARN, "port-offloads", p->name, "checksums cannot be written by software");
        p->known = fastpath_output(f->path, p->ifindex, why);
    }
    for (size_t k = 0; k < f->ports_n; k++) {
        struct fast_port *p = &f->ports[k];
        if (!p->wanted || p->attached) continue;
        p->attached = p->known && fastpath_attach(f->path, p->ifindex, why);
        fine = fine && p->attached;
    }
    return fine;
}

static void drop_port(struct fast *f, size_t k)
{
    fastpath_detach(f->ports[k].ifindex);
    if (f->path) fastpath_output_remove(f->path, f->ports[k].ifindex);
    f->ports[k] = f->ports[--f->ports_n];
}

static void drop_attachments(struct fast *f)
{
    for (struct fast_att **at = &f->atts, *a; (a = *at);) {
        if (a->wanted) {
            at = &a->next;
            continue;
        }
        rules_drop(f, a);
        hops_rewrite(f, a->domain, a->inside); /* before somebody else gets the number */
        *at = a->next;
        f->ids[a->id] = false;
        free(a);
    }
}

static void drop_domains(struct fast *f)
{
    for (struct fast_dom **at = &f->domains, *d; (d = *at);) {
        if (d->wanted) {
            at = &d->next;
            continue;
        }
        *at = d->next;
        routes_forget(d);
        nat_forget(f, d->number);
        fastpath_count_clear(f->path, d->number);
        memset(&f->tables.names[d->number], 0, sizeof *f->tables.names);
        f->numbers[d->number] = false;
        free_domain(d);
    }
}

static void drop_unwanted(struct fast *f)
{
    drop_attachments(f);
    drop_domains(f);
    for (size_t k = f->ports_n; k-- > 0;)
        if (!f->ports[k].wanted) drop_port(f, k);
}

static bool follow_domain(struct fast_dom *d, struct text *why)
{
    struct fast *f = d->fast;
    if (d->follow) {
        routes_read(d);
        return true;
    }
    if (!d->number) number_domain(f, d);
    if (!d->root4) d->root4 = trie_table_make(f->trie);
    if (!d->root6) d->root6 = trie_table_make(f->trie);
    if (d->number && d->root4 && d->root6) return routes_follow(d, why);
    text_addf(why, "no room for the tables of domain %s", d->name);
    return false;
}

/* The tables are too small for the intent: they are made anew beside the old ones, filled, and replace
 * them port by port. The bindings of the old ones, which are in force until then, are put into the new ones
 * before and once more after that (nat_carry). */
static void outgrow(struct fast *f)
{
    struct fast_sizes z = sizes_for(f->intent);
    if (!f->path || (z.flows <= f->tables.flows_out_n && z.port_blocks <= f->tables.port_blocks_n)) return;
    log_line(LOG_LINE_WARN, "fast-outgrown", "", "NAT needs larger tables: bindings are put into new ones");
    nat_close(f);
    for (struct fast_dom *d = f->domains; d; d = d->next) {
        routes_leave(d);
        d->root4 = d->root6 = d->number = 0;
        d->has_pool = d->overflowed = false;
    }
    for (struct fast_att *a = f->atts; a; a = a->next) a->rules = (struct att_rules){0}, a->punt_pps = 0;
    for (size_t k = 0; k < f->ports_n; k++) f->ports[k].attached = false;
    memset(f->numbers + 1, 0, sizeof f->numbers - sizeof *f->numbers);
    memset(f->acls, 0, sizeof f->acls);
    memset(f->policers + 1, 0, sizeof f->policers - sizeof *f->policers);
    memset(f->buckets, 0, sizeof f->buckets);
    f->free_rows_n = f->retired_rows_n = 0;
    f->shape = 0;
    rivals_free(f->rivals);
    f->rivals = rivals_new(&f->key);
    f->old = f->path;
    f->old_tables = f->tables;
    leave_path(f);
}

static void end_outgrown(struct fast *f)
{
    if (!f->old) return;
    log_line(LOG_LINE_INFO, "fast-outgrown", "", "%u bindings are in the new tables", nat_carry(f));
    fastpath_close(f->old);
    f->old = NULL;
}

bool fast_commit(struct fast *f, struct text *why)
{
    bool fine = true;
    if (f->failed) return true; /* said once */
    outgrow(f);
    if (!f->path && !open_path(f, why)) {
        fastpath_close(f->old);
        f->old = NULL;
        f->failed = true;
        return false;
    }
    for (struct fast_dom *d = f->domains; d; d = d->next)
        if (d->wanted) fine = follow_domain(d, why) && fine;
    for (struct fast_dom *d = f->domains; d; d = d->next)
        if (d->wanted && d->number) fine = nat_write(f, d, why) && fine;
    if (f->old) nat_carry(f);
    look_at_ports(f);
    classes_write(f);
    for (struct fast_att *a = f->atts; a; a = a->next)
        if (a->wanted) fine = rules_write(f, a, why) && fine;
    uint64_t shape = shape_of(f);
    if (shape != f->shape) switch_over(f);
    f->shape = shape;
    rules_settled(f);
    fine = attach_ports(f, why) && fine;
    end_outgrown(f);
    drop_unwanted(f);
    if (f->commits == 1) forget_strangers(f);
    nat_partner(f);
    return fine;
}

void fast_remove(struct fast *f)
{
    nat_close(f);
    for (size_t k = f->ports_n; k-- > 0;) drop_port(f, k);
}

/* --- as time goes by --- */

int fast_fd(const struct fast *f) { return f->epoll; }

static void on_event(void *ctx, const struct fast_event *e) { nat_event(ctx, e); }

void fast_ready(struct fast *f)
{
    struct epoll_event events[32];
    int n = epoll_wait(f->epoll, events, ARRAY_LEN(events), 0);
    for (int k = 0; k < n; k++)
        if (events[k].data.ptr == &f->path)
            fastpath_events(f->path, on_event, f);
        else
            routes_read(events[k].data.ptr);
    natsync_flush(f->natsync);
}

void fast_tick(struct fast *f, instant now)
{
    if (!f->path) return;
    for (struct fast_dom *d = f->domains; d; d = d->next)
        if (d->lost) routes_read(d);
    fast_settle(f);
    routes_resolve(f);
    nat_tick(f);
    if (!instant_reached(f->probe_at, now)) return;
    f->probe_at = instant_after(now, duration_s(PROBE_S));
    routes_probe_idle(f);
}

bool fast_disturbed(struct fast *f)
{
    if (!f->path) return false;
    for (size_t k = 0; k < f->ports_n; k++)
        if (f->ports[k].takes != xdp_takes_redirects(f->ports[k].ifindex)) return true;
    return shape_of(f) != f->shape;
}
