/* intent/check.c - see check.h. Uniqueness is asked by sorting small records with their places, so
 * that a router with thousands of neighbours is checked in a moment. */
#include "intent/check.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net/asn.h"

enum { WHERE_MAX = 96 };

struct check {
    const struct intent *i;
    struct problems *problems;
    size_t d; /* the domain being looked at */
};

/* --- places --- */

/* "/domains/3/peers/1/address"; `list` NULL: the domain itself. */
static const char *place(const struct check *c, char buf[static WHERE_MAX], const char *list,
                         size_t at, const char *key)
{
    if (list)
        snprintf(buf, WHERE_MAX, "/domains/%zu/%s/%zu/%s", c->d, list, at, key);
    else
        snprintf(buf, WHERE_MAX, "/domains/%zu/%s", c->d, key);
    return buf;
}

static const struct intent_domain *domain(const struct check *c) { return &c->i->domains[c->d]; }

/* --- names --- */

#define NAME_RULE "letters, digits, '-', '_' and '.', starting with a letter or digit"

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Names become names of files, namespaces and interfaces (RB-221). */
static bool name_fine(const char *s)
{
    if (!is_word(*s)) return false;
    for (; *s; s++)
        if (!is_word(*s) && !strchr("-_.", *s)) return false;
    return true;
}

static void check_name(struct check *c, const char *where, const char *name)
{
    if (!name_fine(name))
        problem_add(c->problems, where, NAME_RULE, "", "'%s' cannot be a name here", name);
}

struct keyed { /* a key and where it stands */
    const void *key;
    size_t domain, at;
};

static int by_text(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    return order ? order : x->domain != y->domain ? (x->domain > y->domain) - (x->domain < y->domain)
                                                  : (x->at > y->at) - (x->at < y->at);
}

/* Says `what` for each record that equals the one before it. */
static void find_twins(struct check *c, struct keyed *all, size_t n,
                       int (*order)(const void *, const void *),
                       bool (*same)(const struct check *, const struct keyed *, const struct keyed *),
                       const char *list, const char *key, const char *rule)
{
    char where[WHERE_MAX], first[WHERE_MAX];
    qsort(all, n, sizeof *all, order);
    for (size_t k = 1; k < n; k++) {
        if (!same(c, &all[k - 1], &all[k])) continue;
        c->d = all[k - 1].domain;
        place(c, first, list, all[k - 1].at, key);
        c->d = all[k].domain;
        problem_add(c->problems, place(c, where, list, all[k].at, key), rule, "",
                    "the same stands at %s", first);
    }
}

static bool same_text(const struct check *c, const struct keyed *a, const struct keyed *b)
{
    (void)c;
    return strcmp(a->key, b->key) == 0;
}

static struct keyed *room_for(size_t n)
{
    struct keyed *all = calloc(n + 1, sizeof *all);
    if (!all) abort();
    return all;
}

static void check_domain_names(struct check *c)
{
    char where[WHERE_MAX];
    struct keyed *all = room_for(c->i->domains_n);
    for (size_t d = 0; d < c->i->domains_n; d++) {
        c->d = d;
        check_name(c, place(c, where, NULL, 0, "name"), c->i->domains[d].name);
        all[d] = (struct keyed){c->i->domains[d].name, d, 0};
    }
    qsort(all, c->i->domains_n, sizeof *all, by_text);
    for (size_t k = 1; k < c->i->domains_n; k++) {
        if (!same_text(c, &all[k - 1], &all[k])) continue;
        c->d = all[k].domain;
        problem_add(c->problems, place(c, where, NULL, 0, "name"), "names of domains are unique", "",
                    "a domain called '%s' is there already", domain(c)->name);
    }
    free(all);
}

/* --- peers --- */

static int by_address(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    const struct intent_peer *p = x->key, *q = y->key;
    int order = addr_compare(&p->address, &q->address);
    if (order == 0) order = addr_compare(&p->local, &q->local);
    return order ? order : x->domain != y->domain ? (x->domain > y->domain) - (x->domain < y->domain)
                                                  : (x->at > y->at) - (x->at < y->at);
}

/* Domains have address spaces of their own, unless there is no data plane to keep them apart. */
static bool same_neighbour(const struct check *c, const struct keyed *a, const struct keyed *b)
{
    const struct intent_peer *p = a->key, *q = b->key;
    return addr_equal(&p->address, &q->address) &&
           (a->domain == b->domain || c->i->dataplane == DATAPLANE_NONE);
}

static void check_peers_unique(struct check *c)
{
    size_t n = 0;
    for (size_t d = 0; d < c->i->domains_n; d++) n += c->i->domains[d].peers_n;
    struct keyed *names = room_for(n), *addresses = room_for(n);
    n = 0;
    for (size_t d = 0; d < c->i->domains_n; d++)
        for (size_t p = 0; p < c->i->domains[d].peers_n; p++, n++) {
            names[n] = (struct keyed){c->i->domains[d].peers[p].name, d, p};
            addresses[n] = (struct keyed){&c->i->domains[d].peers[p], d, p};
        }
    find_twins(c, names, n, by_text, same_text, "peers", "name",
               "names of neighbours are unique in a router");
    find_twins(c, addresses, n, by_address, same_neighbour, "peers", "address",
               "one session per neighbour address in a domain");
    free(names), free(addresses);
}

static const struct intent_address *subnet_of(const struct intent_domain *d, const struct addr *a)
{
    for (size_t k = 0; k < d->attachments_n; k++)
        for (size_t n = 0; n < d->attachments[k].addresses_n; n++) {
            const struct intent_address *own = &d->attachments[k].addresses[n];
            struct prefix p = prefix_of(&own->addr, own->len);
            if (own->addr.family == a->family && prefix_has(&p, a)) return own;
        }
    return NULL;
}

static bool is_own(const struct intent_domain *d, const struct addr *a)
{
    for (size_t k = 0; k < d->attachments_n; k++)
        for (size_t n = 0; n < d->attachments[k].addresses_n; n++)
            if (addr_equal(&d->attachments[k].addresses[n].addr, a)) return true;
    return false;
}

static void check_peer_place(struct check *c, size_t at, const struct intent_peer *p)
{
    char where[WHERE_MAX], text[ADDR_TEXT_MAX];
    const struct intent_domain *d = domain(c);
    place(c, where, "peers", at, "address");
    if (addr_is_link_local(&p->address)) return;
    if (!subnet_of(d, &p->address))
        problem_add(c->problems, where, "a neighbour is on the subnet of an attachment", "",
                    "no attachment of '%s' has a subnet with %s", d->name, addr_text(&p->address, text));
    else if (is_own(d, &p->address))
        problem_add(c->problems, where, "the neighbour's address, not ours", "",
                    "%s is an address of this router", addr_text(&p->address, text));
    if (!addr_is_none(&p->local) && !is_own(d, &p->local))
        problem_add(c->problems, place(c, where, "peers", at, "local"), "one of our own addresses", "",
                    "no attachment of '%s' has the address %s", d->name, addr_text(&p->local, text));
}

static void check_peer(struct check *c, size_t at, const struct intent_peer *p)
{
    char where[WHERE_MAX], text[ADDR_TEXT_MAX];
    check_name(c, place(c, where, "peers", at, "name"), p->name);
    place(c, where, "peers", at, "local");
    if (!addr_is_none(&p->local) && p->local.family != p->address.family)
        problem_add(c->problems, where, "both ends of a session speak one family", "",
                    "'local' and 'address' are of different families");
    else if (addr_equal(&p->local, &p->address))
        problem_add(c->problems, where, "two ends of a session have two addresses", "",
                    "'local' and 'address' are both %s", addr_text(&p->local, text));
    if (p->hold_s == 1 || p->hold_s == 2)
        problem_add(c->problems, place(c, where, "peers", at, "hold"), "0, or 3 to 65535 (RFC 4271 4.2)",
                    "3", "a hold time of %u s is too short", p->hold_s);
    if (p->role == PEER_INTERNAL && p->asn != c->i->router.asn)
        problem_add(c->problems, place(c, where, "peers", at, "asn"),
                    "an internal neighbour has the router's own AS", "", "AS %u is not %u", p->asn,
                    c->i->router.asn);
    if (intent_forwards(c->i)) check_peer_place(c, at, p);
}

/* --- attachments --- */

static bool interface_fine(const char *s)
{
    return name_fine(s) && strcmp(s, "lo") != 0;
}

static int by_tags(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    const struct intent_attachment *p = x->key, *q = y->key;
    int order = strcmp(p->port, q->port);
    if (order == 0) order = (p->tags.s > q->tags.s) - (p->tags.s < q->tags.s);
    if (order == 0) order = (p->tags.c > q->tags.c) - (p->tags.c < q->tags.c);
    return order ? order : x->domain != y->domain ? (x->domain > y->domain) - (x->domain < y->domain)
                                                  : (x->at > y->at) - (x->at < y->at);
}

static bool same_tags(const struct check *c, const struct keyed *a, const struct keyed *b)
{
    const struct intent_attachment *p = a->key, *q = b->key;
    (void)c;
    return strcmp(p->port, q->port) == 0 && tags_equal(p->tags, q->tags);
}

static void check_tags_unique(struct check *c)
{
    size_t n = 0;
    for (size_t d = 0; d < c->i->domains_n; d++) n += c->i->domains[d].attachments_n;
    struct keyed *all = room_for(n);
    n = 0;
    for (size_t d = 0; d < c->i->domains_n; d++)
        for (size_t k = 0; k < c->i->domains[d].attachments_n; k++)
            all[n++] = (struct keyed){&c->i->domains[d].attachments[k], d, k};
    find_twins(c, all, n, by_tags, same_tags, "attachments", "ctag",
               "a port's pair of tags belongs to one attachment");
    free(all);
}

static void check_attachment(struct check *c, size_t at, const struct intent_attachment *a)
{
    char where[WHERE_MAX], text[ADDR_TEXT_MAX];
    const struct intent_domain *d = domain(c);
    if (!interface_fine(a->name))
        problem_add(c->problems, place(c, where, "attachments", at, "name"),
                    NAME_RULE ", at most 15, not 'lo'", "", "'%s' cannot be an interface", a->name);
    if (!interface_fine(a->port))
        problem_add(c->problems, place(c, where, "attachments", at, "port"),
                    NAME_RULE ", at most 15, not 'lo'", "", "'%s' cannot be an interface", a->port);
    if (a->ethertype && a->ethertype != ETHERTYPE_CTAG && a->ethertype != ETHERTYPE_STAG)
        problem_add(c->problems, place(c, where, "attachments", at, "ethertype"), "0x8100 or 0x88a8 (IEEE 802.1Q)", "0x8100",
                    "0x%x is no VLAN tag's ethertype", a->ethertype);
    else if (a->ethertype && !a->tags.s)
        problem_add(c->problems, place(c, where, "attachments", at, "ethertype"),
                    "it is the outer tag's, and needs an 'stag'; a single tag has 0x8100", "", "there is no outer tag");
    if (!tags_valid(a->tags))
        problem_add(c->problems, place(c, where, "attachments", at, "stag"),
                    "an outer tag needs an inner one: set ctag as well", "", "S-tag %u stands alone",
                    a->tags.s);
    for (size_t k = 0; k < at; k++)
        if (strcmp(d->attachments[k].name, a->name) == 0)
            problem_add(c->problems, place(c, where, "attachments", at, "name"),
                        "names of attachments are unique in a domain", "", "there are two '%s'", a->name);
    for (size_t n = 0; n < a->addresses_n; n++)
        if (addr_is_martian(&a->addresses[n].addr))
            problem_add(c->problems, place(c, where, "attachments", at, "addresses"),
                        "an address of a host", "", "%s cannot be an address of an interface",
                        addr_text(&a->addresses[n].addr, text));
}

/* --- the fast path --- */

static void check_fast_only(struct check *c, const char *where, const char *key)
{
    if (c->i->dataplane != DATAPLANE_FAST)
        problem_add(c->problems, where, "only with 'dataplane: fast'", "", "'%s' is the fast path's work", key);
}

static void check_ports(struct check *c, const char *where, size_t k, uint16_t from, uint16_t to)
{
    if (to && to < from)
        problem_add(c->problems, where, "port_to is not below port", "", "rule %zu has %u to %u", k, from, to);
}

static void check_rules(struct check *c, const char *where, const struct intent_rule *rules, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        const struct intent_rule *r = &rules[k];
        bool ports = r->protocol == PROTOCOL_TCP || r->protocol == PROTOCOL_UDP;
        if (r->source.addr.family && r->target.addr.family && r->source.addr.family != r->target.addr.family)
            problem_add(c->problems, where, "source and target of one family", "", "rule %zu mixes IPv4 and IPv6", k);
        if ((r->port || r->source_port) && !ports)
            problem_add(c->problems, where, "ports with protocol tcp or udp", "", "rule %zu has a port of no protocol", k);
        if (r->port && r->source_port)
            problem_add(c->problems, where, "ports of the source or of the target", "two rules", "rule %zu has both", k);
        check_ports(c, where, k, r->port, r->port_to);
        check_ports(c, where, k, r->source_port, r->source_port_to);
    }
}

static void check_lists(struct check *c, size_t at, const struct intent_attachment *a)
{
    char where[WHERE_MAX];
    place(c, where, "attachments", at, "acl");
    if (a->acl_n + a->mark_n + (a->mark_n && !a->acl_n) > INTENT_ACL_MAX)
        problem_add(c->problems, where, "at most 32 rules, marks included", "", "there are %zu", a->acl_n + a->mark_n);
    check_rules(c, where, a->acl, a->acl_n);
    check_rules(c, place(c, where, "attachments", at, "mark"), a->mark, a->mark_n);
}

static void check_queues(struct check *c, size_t at, const struct intent_attachment *a)
{
    enum { VOICE_MOST = 90 }; /* the other queues need something to be weighed against each other */
    char where[WHERE_MAX];
    place(c, where, "attachments", at, "queues");
    if (a->queues && !a->rate_mbps)
        problem_add(c->problems, where, "queues with rate_mbps", "", "there is no rate to shape to");
    if (a->queues && a->voice_percent > VOICE_MOST)
        problem_add(c->problems, where, "voice_percent at most 90 with queues", "30", "%u %% for voice leave nothing", a->voice_percent);
}

static void check_forwarding(struct check *c, size_t at, const struct intent_attachment *a)
{
    char where[WHERE_MAX];
    const struct {
        const char *key;
        bool there;
    } rows[] = {{"source", a->source != SOURCE_ANY}, {"sources", a->sources_n > 0}, {"acl", a->acl_n > 0},
                {"mark", a->mark_n > 0},             {"outside", a->outside},
                {"rate_mbps", a->rate_mbps > 0 && !a->queues}};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        if (rows[k].there) check_fast_only(c, place(c, where, "attachments", at, rows[k].key), rows[k].key);
    check_lists(c, at, a);
    check_queues(c, at, a);
}

static void check_statics(struct check *c, const char *where, const struct intent_nat *n)
{
    char text[PREFIX_TEXT_MAX];
    for (size_t k = 0; k < n->statics_n; k++)
        if (n->statics[k].inside.len != n->statics[k].outside.len ||
            n->statics[k].inside.addr.family != FAMILY_IPV4 || n->statics[k].outside.addr.family != FAMILY_IPV4)
            problem_add(c->problems, where, "two IPv4 prefixes of one length", "", "%s has no partner of its size",
                        prefix_text(&n->statics[k].inside, text));
}

static void check_nat(struct check *c)
{
    enum { INSIDES = 4, STATICS = 4, POOL_MOST = 4096 };
    char where[WHERE_MAX];
    const struct intent_nat *n = &domain(c)->nat;
    if (addr_is_none(&n->first)) return;
    place(c, where, NULL, 0, "nat");
    check_fast_only(c, where, "nat");
    if (n->first.family != FAMILY_IPV4 || n->last.family != FAMILY_IPV4 || addr_compare(&n->first, &n->last) > 0)
        problem_add(c->problems, where, "first to last, IPv4", "", "the pool is no range of addresses");
    else if (addr_v4_value(&n->last) - addr_v4_value(&n->first) >= POOL_MOST)
        problem_add(c->problems, where, "at most 4096 addresses", "", "the pool is too large");
    if (n->block_ports && n->block_ports < 16)
        problem_add(c->problems, where, "block_ports 16 to 32256", "512", "%u ports are too few for a host", n->block_ports);
    if (n->side >= (n->sides ? n->sides : 1))
        problem_add(c->problems, where, "side below sides", "", "there is no side %u of %u", n->side, n->sides);
    if (n->inside_n > INSIDES || n->statics_n > STATICS)
        problem_add(c->problems, where, "at most 4 inside prefixes and 4 static pairs", "", "there are more");
    if (!addr_is_none(&n->partner) && (n->sides != 2 || n->partner.family != n->local.family))
        problem_add(c->problems, where, "a partner shares the pool (sides: 2) and is reached from 'local'", "",
                    "the partner cannot be reached");
    check_statics(c, where, n);
}

/* --- networks and routes --- */

static void check_routes(struct check *c)
{
    char where[WHERE_MAX], text[PREFIX_TEXT_MAX];
    const struct intent_domain *d = domain(c);
    for (size_t k = 0; k < d->networks_n; k++)
        for (size_t j = 0; j < k; j++)
            if (prefix_equal(&d->networks[k].prefix, &d->networks[j].prefix))
                problem_add(c->problems, place(c, where, "networks", k, "prefix"),
                            "a network is originated once", "", "%s is there already",
                            prefix_text(&d->networks[k].prefix, text));
    for (size_t k = 0; k < d->routes_n; k++) {
        const struct intent_route *r = &d->routes[k];
        place(c, where, "routes", k, "via");
        if (r->via.family != r->prefix.addr.family)
            problem_add(c->problems, where, "prefix and next hop of one family", "",
                        "%s cannot go by the other family", prefix_text(&r->prefix, text));
        else if (!subnet_of(d, &r->via) || is_own(d, &r->via))
            problem_add(c->problems, where, "a neighbour on the subnet of an attachment", "",
                        "%s is on no attachment of '%s'", addr_text(&r->via, text), d->name);
    }
}

static void check_microsoft(struct check *c)
{
    char where[WHERE_MAX], text[PREFIX_TEXT_MAX];
    const struct intent_domain *d = domain(c);
    const struct {
        const char *key;
        bool there;
    } rows[] = {{"route_filter", d->route_filter_n}, {"advertised_prefixes", d->advertised_n},
                {"holder_asn", d->holder_asn}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].there && d->kind != DOMAIN_MICROSOFT)
            problem_add(c->problems, place(c, where, NULL, 0, rows[i].key), "only with 'kind: microsoft'",
                        "", "no other peering has it");
    for (size_t i = 0; i < d->advertised_n; i++)
        if (!prefix_is_public(&d->advertised[i], true))
            problem_add(c->problems, place(c, where, NULL, 0, "advertised_prefixes"), "public prefixes", "",
                        "%s is not public", prefix_text(&d->advertised[i], text));
    if (asn_is_private(d->holder_asn))
        problem_add(c->problems, place(c, where, NULL, 0, "holder_asn"), "a public AS number", "",
                    "AS %u is private", d->holder_asn);
}

static void check_domain(struct check *c)
{
    char where[WHERE_MAX];
    const struct intent_domain *d = domain(c);
    if (c->i->dataplane == DATAPLANE_NONE && d->attachments_n + d->routes_n > 0)
        problem_add(c->problems, place(c, where, NULL, 0, d->attachments_n ? "attachments" : "routes"),
                    "only with 'dataplane: namespaces' or 'fast'", "", "there is no data plane to put this into");
    for (size_t k = 0; k < d->attachments_n; k++) check_attachment(c, k, &d->attachments[k]);
    for (size_t k = 0; k < d->attachments_n; k++) check_forwarding(c, k, &d->attachments[k]);
    for (size_t k = 0; k < d->peers_n; k++) check_peer(c, k, &d->peers[k]);
    check_nat(c);
    check_microsoft(c);
    if (intent_forwards(c->i)) check_routes(c);
}

/* --- the router --- */

static void check_control(struct check *c)
{
    const struct intent_control *k = &c->i->control;
    if (!*k->url) return;
    if (strncmp(k->url, "https://", 8) != 0)
        problem_add(c->problems, "/control/url", "https://HOST:PORT", "",
                    "edges and control plane speak mutual TLS");
    if (!*k->ca_file || !*k->cert_file || !*k->key_file)
        problem_add(c->problems, "/control", "ca, cert and key name PEM files", "",
                    "'control' lacks a file for mutual TLS");
}

void intent_check(const struct intent *i, struct problems *problems)
{
    struct check c = {i, problems, 0};
    check_name(&c, "/router/name", i->router.name);
    if (*i->router.namespace_) check_name(&c, "/router/namespace", i->router.namespace_);
    if (intent_forwards(i) && i->listen_n)
        problem_add(problems, "/bgp/listen", "only with 'dataplane: none'", "",
                    "every domain listens on port 179 inside its own namespace");
    check_control(&c);
    check_domain_names(&c);
    check_peers_unique(&c);
    check_tags_unique(&c);
    for (c.d = 0; c.d < i->domains_n; c.d++) check_domain(&c);
}
