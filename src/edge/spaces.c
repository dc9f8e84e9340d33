/* edge/spaces.c - namespaces of routing domains and the sockets in them. */
#include "edge/spaces_priv.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "sys/log.h"
#include "sys/peer_socket.h"

/* What makes a namespace a router. Reverse path filters are off because the legs of a circuit are
 * used asymmetrically; redirects would betray the other leg; hashing takes ports into account. */
static const struct {
    const char *key, *value;
} sysctls[] = {
    {"ipv4/ip_forward", "1"},
    {"ipv6/conf/all/forwarding", "1"},
    {"ipv4/conf/all/rp_filter", "0"},
    {"ipv4/conf/default/rp_filter", "0"},
    {"ipv4/conf/all/send_redirects", "0"},
    {"ipv4/conf/default/send_redirects", "0"},
    {"ipv6/conf/all/accept_ra", "0"},
    {"ipv6/conf/default/accept_ra", "0"},
    {"ipv4/fib_multipath_hash_policy", "1"},
    {"ipv6/fib_multipath_hash_policy", "1"},
};

void fault(struct spaces *s, const char *name, const char *subject, struct text *why)
{
    s->faults++;
    log_line(LOG_LINE_ERROR, name, subject, "%s", text_get(why));
    text_drop(why);
}

struct space *space_named(const struct spaces *s, const char *name)
{
    struct space *sp = s->first;
    while (sp && strcmp(sp->name, name) != 0) sp = sp->next;
    return sp;
}

static const char *ns_name(const struct spaces *s, const char *domain, char buf[static NS_ROOM])
{
    snprintf(buf, NS_ROOM, "%.80s.%.40s", s->prefix, domain);
    return buf;
}

/* --- life --- */

struct spaces *spaces_new(const struct intent *i, const struct spaces_sink *sink, struct natsync *natsync, struct text *why)
{
    struct spaces *s = calloc(1, sizeof *s);
    if (!s || getrandom(&s->key, sizeof s->key, 0) != sizeof s->key) abort();
    s->sink = *sink;
    s->forwards = intent_forwards(i);
    if (i->dataplane == DATAPLANE_FAST) s->fast = fast_new(natsync);
    if (*i->router.namespace_)
        snprintf(s->prefix, sizeof s->prefix, "%s", i->router.namespace_);
    else
        snprintf(s->prefix, sizeof s->prefix, "fl-%s", i->router.name);
    if (!(s->nl = netlink_open(why))) {
        fast_free(s->fast);
        free(s);
        return NULL;
    }
    return s;
}

static void port_close(struct spaces *s, struct port *p)
{
    s->sink.closed(s->sink.ctx, p->kind, p->id);
    close(p->fd);
    free(p->keyed);
    free(p);
}

static void space_close(struct spaces *s, struct space *sp)
{
    while (sp->ports) {
        struct port *p = sp->ports;
        sp->ports = p->next;
        port_close(s, p);
    }
    netlink_close(sp->nl);
    fib_free(sp->fib);
    if (sp->ns >= 0) close(sp->ns);
    text_drop(&sp->dark);
    free(sp->queued);
    free(sp);
}

void spaces_free(struct spaces *s)
{
    while (s->first) {
        struct space *sp = s->first;
        s->first = sp->next;
        space_close(s, sp);
    }
    fast_free(s->fast);
    tagmux_close(s->mux);
    netlink_close(s->nl);
    free(s->attached);
    free(s->mappings);
    free(s);
}

/* --- namespaces --- */

static bool set_up_inside(struct space *sp, struct text *why)
{
    struct netns_visit v;
    struct netlink_link lo;
    struct text minor = {0};
    if (!netns_enter_fd(&v, sp->ns, why)) return false;
    sp->nl = netlink_open(why);
    bool fine = sp->nl && netlink_link_find(sp->nl, "lo", &lo) &&
                netlink_link_set(sp->nl, lo.index, true, 0, NULL, why);
    for (size_t k = 0; fine && k < ARRAY_LEN(sysctls); k++)
        if (!netns_sysctl(sysctls[k].key, sysctls[k].value, &minor)) { /* a kernel without IPv6, say */
            log_line(LOG_LINE_WARN, "sysctl", sp->name, "%s", text_get(&minor));
            text_drop(&minor);
        }
    netns_leave(&v);
    return fine;
}

static struct space *space_make(struct spaces *s, const char *domain, struct text *why)
{
    char ns[NS_ROOM];
    struct space *sp = calloc(1, sizeof *sp);
    if (!sp) abort();
    snprintf(sp->name, sizeof sp->name, "%s", domain);
    sp->ns = -1;
    sp->fib = fib_new(&s->key);
    if (s->forwards) {
        bool fine = netns_make(ns_name(s, domain, ns), why);
        if (fine && (sp->ns = netns_open(ns)) < 0) {
            text_addf(why, "cannot open namespace %s: %s", ns, strerror(errno));
            fine = false;
        }
        if (!fine || !set_up_inside(sp, why)) {
            space_close(s, sp);
            return NULL;
        }
        routes_load(sp);
    }
    sp->next = s->first;
    s->first = sp;
    return sp;
}

/* --- sockets --- */

static const struct intent_domain *domain_of(const struct intent *i, const struct space *sp)
{
    for (size_t d = 0; d < i->domains_n; d++)
        if (strcmp(i->domains[d].name, sp->name) == 0) return &i->domains[d];
    return NULL;
}

/* Calls `each` for the neighbours that live in this space: a domain's, or all. */
struct peer_walk {
    const struct intent *i;
    const struct space *sp;
    size_t d, p;
};

static const struct intent_peer *next_peer(struct peer_walk *w)
{
    for (; w->d < w->i->domains_n; w->d++, w->p = 0) {
        const struct intent_domain *d = &w->i->domains[w->d];
        if (*w->sp->name && strcmp(d->name, w->sp->name) != 0) continue;
        if (w->p < d->peers_n) return &d->peers[w->p++];
    }
    return NULL;
}

static void set_keys(struct spaces *s, const struct space *sp, struct port *port, const struct intent *i)
{
    struct addr *old = port->keyed;
    size_t old_n = port->keyed_n, n = 0;
    struct peer_walk w = {i, sp, 0, 0};
    bool strict = true, any = false;
    for (const struct intent_peer *p; (p = next_peer(&w)); n++) continue;
    port->keyed = calloc(n + 1, sizeof *port->keyed);
    if (!port->keyed) abort();
    port->keyed_n = 0;
    w = (struct peer_walk){i, sp, 0, 0};
    for (const struct intent_peer *p; (p = next_peer(&w));) {
        if (p->address.family != port->local.family) continue;
        any = true;
        strict = strict && p->ttl_security;
        if (!*p->md5) continue;
        int failed = tcp_md5(port->fd, &p->address, p->md5);
        if (failed) {
            struct text why = {0};
            text_addf(&why, "cannot set the MD5 key: %s", strerror(-failed));
            fault(s, "md5-key", p->name, &why);
        }
        port->keyed[port->keyed_n++] = p->address;
    }
    tcp_listener_strict(port->fd, any && strict);
    for (size_t k = 0; k < old_n; k++) {
        bool kept = false;
        for (size_t j = 0; j < port->keyed_n; j++) kept = kept || addr_equal(&old[k], &port->keyed[j]);
        if (!kept && tcp_md5(port->fd, &old[k], "") != 0)
            log_line(LOG_LINE_WARN, "md5-key", sp->name, "an old key could not be removed");
    }
    free(old);
}

static int socket_here(const struct port *p)
{
    struct addr none = {0};
    if (p->kind == PORT_LISTENER) return tcp_bound(&p->local, p->port);
    return bfd_receiver(addr_is_zero(&p->local) ? &none : &p->local, (enum family)p->local.family);
}

static int port_open(struct spaces *s, const struct space *sp, struct port *p, const struct intent *i)
{
    struct netns_visit v;
    struct text why = {0};
    bool visits = sp->ns >= 0;
    p->fd = -ENETDOWN;
    if (!visits || netns_enter_fd(&v, sp->ns, &why)) {
        p->fd = socket_here(p);
        if (visits) netns_leave(&v);
    }
    text_drop(&why);
    if (p->fd < 0 || p->kind == PORT_BFD) return p->fd;
    set_keys(s, sp, p, i); /* before anybody can connect: RB-100 */
    return tcp_listen(p->fd);
}

static void want_port(struct spaces *s, struct space *sp, const struct intent *i, enum port_kind kind,
                      const struct addr *local, uint16_t number)
{
    char addr[ADDR_TEXT_MAX];
    for (struct port *p = sp->ports; p; p = p->next)
        if (p->kind == kind && p->port == number && addr_equal(&p->local, local)) {
            if (kind == PORT_LISTENER && !p->wanted) set_keys(s, sp, p, i);
            p->wanted = true;
            return;
        }
    struct port *p = calloc(1, sizeof *p);
    if (!p) abort();
    *p = (struct port){.kind = kind, .id = ++s->next_id, .local = *local, .port = number, .wanted = true};
    int opened = port_open(s, sp, p, i);
    if (opened < 0) {
        struct text why = {0};
        text_addf(&why, "cannot listen on %s port %u: %s", addr_text(local, addr), number,
                  strerror(-opened));
        fault(s, "listen", sp->name, &why);
        if (p->fd >= 0) close(p->fd);
        free(p->keyed);
        free(p);
        return;
    }
    p->next = sp->ports;
    sp->ports = p;
    s->sink.opened(s->sink.ctx, kind, p->id, sp->name, p->fd);
}

static void want_ports(struct spaces *s, struct space *sp, const struct intent *i)
{
    enum { BFD_CONTROL_PORT = 3784 };
    struct peer_walk w = {i, sp, 0, 0};
    for (struct port *p = sp->ports; p; p = p->next) p->wanted = false;
    for (size_t k = 0; !s->forwards && k < i->listen_n; k++)
        want_port(s, sp, i, PORT_LISTENER, &i->listen[k].addr, i->listen[k].port);
    for (const struct intent_peer *p; (p = next_peer(&w));) {
        struct addr any = {.family = p->address.family};
        const struct addr *bfd = s->forwards || addr_is_none(&p->local) ? &any : &p->local;
        if (s->forwards) want_port(s, sp, i, PORT_LISTENER, &any, BGP_PORT);
        if (p->bfd.on) want_port(s, sp, i, PORT_BFD, bfd, BFD_CONTROL_PORT);
    }
}

/* --- ensure, trim, remove --- */

static void ensure_one(struct spaces *s, const struct intent *i, const char *name)
{
    struct text why = {0};
    struct space *sp = space_named(s, name);
    if (!sp && !(sp = space_make(s, name, &why))) {
        fault(s, "namespace", name, &why);
        return;
    }
    const struct intent_domain *d = domain_of(i, sp);
    if (s->forwards && d) {
        if (s->fast) fast_domain(s->fast, d, sp->ns);
        attachments_ensure(s, sp, d);
        routes_static(sp, d);
    }
    want_ports(s, sp, i);
}

static void commit_fast(struct spaces *s)
{
    struct text why = {0};
    if (!fast_commit(s->fast, &why)) fault(s, "fast-path", "", &why);
    text_drop(&why);
}

int spaces_fd(const struct spaces *s) { return s->fast ? fast_fd(s->fast) : -1; }

void spaces_ready(struct spaces *s)
{
    if (s->fast) fast_ready(s->fast);
}

void spaces_tick(struct spaces *s, instant now)
{
    if (s->fast) fast_tick(s->fast, now);
}

size_t spaces_ensure(struct spaces *s, const struct intent *i)
{
    s->faults = 0;
    s->mappings_n = 0;
    s->profile = i->qos_profile;
    if (s->fast) fast_begin(s->fast, i);
    if (!s->forwards) ensure_one(s, i, "");
    for (size_t d = 0; s->forwards && d < i->domains_n; d++) ensure_one(s, i, i->domains[d].name);
    if (s->fast) commit_fast(s);
    if (s->forwards) s->shape = attachments_shape(s, i);
    return s->faults;
}

static void trim_ports(struct spaces *s, struct space *sp)
{
    for (struct port **at = &sp->ports; *at;) {
        struct port *p = *at;
        if (p->wanted) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        port_close(s, p);
    }
}

struct names {
    char (*list)[NS_ROOM];
    size_t n;
};

static void collect_name(void *ctx, const char *name)
{
    struct names *n = ctx;
    n->list = realloc(n->list, (n->n + 1) * sizeof *n->list);
    if (!n->list) abort();
    snprintf(n->list[n->n++], sizeof *n->list, "%s", name);
}

/* Namespaces with our prefix whose domain nobody wants; `i` NULL: all of them. */
static void delete_namespaces(struct spaces *s, const struct intent *i)
{
    char prefix[NS_ROOM];
    struct names found = {0};
    snprintf(prefix, sizeof prefix, "%.120s.", s->prefix);
    netns_each(prefix, collect_name, &found);
    for (size_t k = 0; k < found.n; k++) {
        bool wanted = false;
        for (size_t d = 0; i && d < i->domains_n; d++)
            wanted = wanted || strcmp(found.list[k] + strlen(prefix), i->domains[d].name) == 0;
        if (!wanted) netns_delete(found.list[k]);
    }
    free(found.list);
}

void spaces_trim(struct spaces *s, const struct intent *i)
{
    for (struct space **at = &s->first; *at;) {
        struct space *sp = *at;
        if (!*sp->name || domain_of(i, sp)) {
            trim_ports(s, sp);
            at = &sp->next;
            continue;
        }
        *at = sp->next;
        space_close(s, sp);
    }
    if (!s->forwards) return;
    attachments_trim(s, i);
    delete_namespaces(s, i);
}

void spaces_remove(struct spaces *s)
{
    if (s->fast) fast_remove(s->fast);
    if (s->forwards) attachments_remove(s);
    while (s->first) {
        struct space *sp = s->first;
        s->first = sp->next;
        space_close(s, sp);
    }
    if (s->forwards) delete_namespaces(s, NULL);
}

bool spaces_disturbed(struct spaces *s, const struct intent *i)
{
    return s->forwards && (attachments_shape(s, i) != s->shape || (s->fast && fast_disturbed(s->fast)));
}

void spaces_each_port(struct spaces *s, const struct spaces_sink *to)
{
    for (struct space *sp = s->first; sp; sp = sp->next)
        for (struct port *p = sp->ports; p; p = p->next)
            to->opened(to->ctx, p->kind, p->id, sp->name, p->fd);
}

/* --- addresses where we have no attachments --- */

struct pairing {
    struct spaces *s;
    void (*seen)(void *ctx, const struct addr *a, const struct addr *b);
    void *ctx;
    unsigned links[64];
    struct addr addrs[16];
    size_t links_n, addrs_n;
};

static void collect_link(void *ctx, const struct netlink_link *l)
{
    struct pairing *p = ctx;
    if (p->links_n < ARRAY_LEN(p->links)) p->links[p->links_n++] = l->index;
}

static void collect_address(void *ctx, const struct addr *a, uint8_t len)
{
    struct pairing *p = ctx;
    (void)len;
    if (p->addrs_n < ARRAY_LEN(p->addrs) && !addr_is_martian(a)) p->addrs[p->addrs_n++] = *a;
}

void spaces_each_pair(struct spaces *s, void (*seen)(void *ctx, const struct addr *a, const struct addr *b),
                      void *ctx)
{
    struct pairing p = {.s = s};
    if (s->forwards) return;
    netlink_each_link(s->nl, collect_link, &p);
    for (size_t l = 0; l < p.links_n; l++) {
        p.addrs_n = 0;
        netlink_each_address(s->nl, p.links[l], collect_address, &p);
        for (size_t a = 0; a < p.addrs_n; a++)
            for (size_t b = 0; b < p.addrs_n; b++)
                if (p.addrs[a].family != p.addrs[b].family) seen(ctx, &p.addrs[a], &p.addrs[b]);
    }
}

/* --- sockets on demand --- */

static const struct intent_peer *peer_named(const struct spaces *s, const struct intent *i,
                                            const char *name, struct space **sp)
{
    for (size_t d = 0; d < i->domains_n; d++)
        for (size_t p = 0; p < i->domains[d].peers_n; p++)
            if (strcmp(i->domains[d].peers[p].name, name) == 0) {
                *sp = space_named(s, s->forwards ? i->domains[d].name : "");
                return *sp ? &i->domains[d].peers[p] : NULL;
            }
    return NULL;
}

/* Makes a socket where the space is. */
static int inside(struct space *sp, int (*make)(const struct intent_peer *p, uint32_t asn),
                  const struct intent_peer *p, uint32_t asn)
{
    struct netns_visit v;
    struct text why = {0};
    if (sp->ns < 0) return make(p, asn);
    if (!netns_enter_fd(&v, sp->ns, &why)) {
        text_drop(&why);
        return -ENETDOWN;
    }
    int fd = make(p, asn);
    netns_leave(&v);
    return fd;
}

static int make_connection(const struct intent_peer *p, uint32_t asn)
{
    return tcp_connect(&(struct tcp_peer){.local = p->local, .remote = p->address, .port = p->port,
                                          .md5 = p->md5, .ttl_security = p->ttl_security,
                                          .external = p->asn != asn});
}

static int make_bfd(const struct intent_peer *p, uint32_t asn)
{
    uint32_t seed = asn;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed) seed = p->asn;
    return bfd_sender(&p->local, &p->address, seed);
}

int spaces_rekey(struct spaces *s, const struct intent *i, const char *peer, int fd)
{
    struct space *sp = NULL;
    const struct intent_peer *p = peer_named(s, i, peer, &sp);
    return p && fd >= 0 ? tcp_md5(fd, &p->address, p->md5) : -ENOENT;
}

int spaces_connect(struct spaces *s, const struct intent *i, const char *peer)
{
    struct space *sp = NULL;
    const struct intent_peer *p = peer_named(s, i, peer, &sp);
    return p ? inside(sp, make_connection, p, i->router.asn) : -ENOENT;
}

int spaces_bfd_sender(struct spaces *s, const struct intent *i, const char *peer)
{
    struct space *sp = NULL;
    const struct intent_peer *p = peer_named(s, i, peer, &sp);
    return p ? inside(sp, make_bfd, p, i->router.asn) : -ENOENT;
}
