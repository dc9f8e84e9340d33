/* router/apply.c - from one intent to the next: copied into memory of our own, checked whole, compared
 * with what runs, and only the difference applied. Sessions whose own settings are the same are not
 * touched; limits, preferences and BFD change in place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net/asn.h"
#include "router/router_priv.h"

enum { COPY_CEILING = 256 << 20, LEAVING_S = 2, SETTLE_S = 120, RESTART_S = 120, RETRY_S = 1 };

/* --- copying --- */

static const char *copy_text(struct arena *a, const char *s)
{
    char *c = arena_text(a, s ? s : "");
    if (!c) abort(); /* the ceiling is far above what any reader lets through */
    return c;
}

static void *copy_array(struct arena *a, const void *src, size_t n, size_t size)
{
    if (n == 0) return NULL;
    void *c = arena_copy(a, src, n * size);
    if (!c) abort();
    return c;
}

static void copy_domain(struct arena *a, struct intent_domain *d)
{
    d->name = copy_text(a, d->name);
    d->subject = copy_text(a, d->subject);
    d->attachments = copy_array(a, d->attachments, d->attachments_n, sizeof *d->attachments);
    d->peers = copy_array(a, d->peers, d->peers_n, sizeof *d->peers);
    d->networks = copy_array(a, d->networks, d->networks_n, sizeof *d->networks);
    d->routes = copy_array(a, d->routes, d->routes_n, sizeof *d->routes);
    d->advertised = copy_array(a, d->advertised, d->advertised_n, sizeof *d->advertised);
    d->route_filter = copy_array(a, d->route_filter, d->route_filter_n, sizeof *d->route_filter);
    for (size_t i = 0; i < d->attachments_n; i++) {
        struct intent_attachment *t = &d->attachments[i];
        t->name = copy_text(a, t->name);
        t->subject = copy_text(a, t->subject);
        t->port = copy_text(a, t->port);
        t->addresses = copy_array(a, t->addresses, t->addresses_n, sizeof *t->addresses);
    }
    for (size_t i = 0; i < d->peers_n; i++) {
        struct intent_peer *p = &d->peers[i];
        p->name = copy_text(a, p->name);
        p->subject = copy_text(a, p->subject);
        p->md5 = copy_text(a, p->md5);
        p->admin_text = copy_text(a, p->admin_text);
    }
    for (size_t i = 0; i < d->networks_n; i++) {
        struct intent_network *n = &d->networks[i];
        n->communities = copy_array(a, n->communities, n->communities_n, sizeof *n->communities);
    }
}

static struct intent_copy *copy_intent(const struct intent *from)
{
    struct intent_copy *c = calloc(1, sizeof *c);
    if (!c) abort();
    arena_init(&c->arena, COPY_CEILING);
    struct arena *a = &c->arena;
    struct intent *i = copy_array(a, from, 1, sizeof *from);
    i->router.name = copy_text(a, i->router.name);
    i->router.namespace_ = copy_text(a, i->router.namespace_);
    i->control_socket = copy_text(a, i->control_socket);
    i->state_dir = copy_text(a, i->state_dir);
    i->control.url = copy_text(a, i->control.url);
    i->control.ca_file = copy_text(a, i->control.ca_file);
    i->control.cert_file = copy_text(a, i->control.cert_file);
    i->control.key_file = copy_text(a, i->control.key_file);
    i->listen = copy_array(a, i->listen, i->listen_n, sizeof *i->listen);
    i->rpki.caches = copy_array(a, i->rpki.caches, i->rpki.caches_n, sizeof *i->rpki.caches);
    i->bmp.stations = copy_array(a, i->bmp.stations, i->bmp.stations_n, sizeof *i->bmp.stations);
    i->metrics.listen = copy_array(a, i->metrics.listen, i->metrics.listen_n, sizeof *i->metrics.listen);
    i->domains = copy_array(a, i->domains, i->domains_n, sizeof *i->domains);
    for (size_t d = 0; d < i->domains_n; d++) copy_domain(a, &i->domains[d]);
    c->intent = i;
    return c;
}

/* --- checking: what no router could do; the readers check shapes and ranges --- */

struct name_at { /* sorted, so that 1,000 peers are not a million comparisons */
    const char *name;
    struct addr address;
    size_t domain, peer;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct name_at *)a)->name, ((const struct name_at *)b)->name);
}

static int by_address(const void *a, const void *b)
{
    return addr_compare(&((const struct name_at *)a)->address, &((const struct name_at *)b)->address);
}

static void check_unique(const struct intent *i, struct problems *ps)
{
    size_t n = 0;
    for (size_t d = 0; d < i->domains_n; d++) n += i->domains[d].peers_n;
    struct name_at *all = calloc(n + 1, sizeof *all);
    if (!all) abort();
    n = 0;
    for (size_t d = 0; d < i->domains_n; d++)
        for (size_t p = 0; p < i->domains[d].peers_n; p++)
            all[n++] = (struct name_at){i->domains[d].peers[p].name, i->domains[d].peers[p].address, d, p};
    char where[96], text[ADDR_TEXT_MAX];
    qsort(all, n, sizeof *all, by_name);
    for (size_t k = 1; k < n; k++)
        if (strcmp(all[k].name, all[k - 1].name) == 0) {
            snprintf(where, sizeof where, "/domains/%zu/peers/%zu/name", all[k].domain, all[k].peer);
            problem_add(ps, where, "names of neighbours are unique in a router", "choose another name",
                        "a neighbour called \"%s\" is there already", all[k].name);
        }
    qsort(all, n, sizeof *all, by_address);
    for (size_t k = 1; k < n; k++) {
        bool together = all[k].domain == all[k - 1].domain || i->dataplane == DATAPLANE_NONE;
        if (!together || !addr_equal(&all[k].address, &all[k - 1].address)) continue;
        snprintf(where, sizeof where, "/domains/%zu/peers/%zu/address", all[k].domain, all[k].peer);
        problem_add(ps, where, "one session per neighbour address in a domain", "",
                    "%s is the address of another neighbour", addr_text(&all[k].address, text));
    }
    free(all);
}

static void check_peer(const struct intent *i, const struct intent_domain *d, size_t di, size_t pi,
                       struct problems *ps)
{
    const struct intent_peer *p = &d->peers[pi];
    char where[96];
    snprintf(where, sizeof where, "/domains/%zu/peers/%zu/asn", di, pi);
    if (p->asn == 0)
        problem_add(ps, where, "1..4294967295 (RFC 7607)", "", "AS 0 is nobody's");
    else if (p->role == PEER_INTERNAL && p->asn != i->router.asn)
        problem_add(ps, where, "an internal neighbour has the router's own AS", "",
                    "AS %u is not %u", p->asn, i->router.asn);
    else if (d->kind != DOMAIN_PLAIN && p->role == PEER_CUSTOMER && asn_check_peer(p->asn) != ASN_USABLE)
        problem_add(ps, where, asn_refusal_text(asn_check_peer(p->asn)), "",
                    "AS %u cannot be a customer's", p->asn);
    snprintf(where, sizeof where, "/domains/%zu/peers/%zu/hold", di, pi);
    if (p->hold_s == 1 || p->hold_s == 2)
        problem_add(ps, where, "0 or 3..65535 (RFC 4271 4.2)", "3", "a hold time of %u s is too short",
                    p->hold_s);
}

bool router_check(const struct intent *i, struct problems *ps)
{
    size_t before = ps->count, peers = 0;
    if (i->router.id == 0)
        problem_add(ps, "/router/id", "any address but 0.0.0.0 (RFC 6286)", "", "the identifier is zero");
    if (i->router.asn == 0)
        problem_add(ps, "/router/asn", "1..4294967295 (RFC 7607)", "", "AS 0 is nobody's");
    for (size_t d = 0; d < i->domains_n; d++) {
        char where[96];
        for (size_t k = 0; k < d; k++)
            if (strcmp(i->domains[k].name, i->domains[d].name) == 0) {
                snprintf(where, sizeof where, "/domains/%zu/name", d);
                problem_add(ps, where, "names of domains are unique", "choose another name",
                            "a domain called \"%s\" is there already", i->domains[d].name);
            }
        peers += i->domains[d].peers_n;
        for (size_t p = 0; p < i->domains[d].peers_n; p++) check_peer(i, &i->domains[d], d, p, ps);
    }
    if (peers > PEERS_MOST / 2)
        problem_add(ps, "/domains", "at most 4095", "", "%zu neighbours are too many", peers);
    check_unique(i, ps);
    return ps->count == before;
}

/* --- what a neighbour's settings become --- */

static enum policy_role role_of(const struct router *r, const struct peer *p)
{
    static const enum policy_role named[] = {
        [ROLE_NONE] = POLICY_ROLE_NONE,           [ROLE_PROVIDER] = POLICY_ROLE_PROVIDER,
        [ROLE_RS] = POLICY_ROLE_RS,               [ROLE_RS_CLIENT] = POLICY_ROLE_RS_CLIENT,
        [ROLE_CUSTOMER] = POLICY_ROLE_CUSTOMER,   [ROLE_PEER] = POLICY_ROLE_PEER};
    static const enum policy_role usual[] = {
        [PEER_PLAIN] = POLICY_ROLE_NONE,       [PEER_CUSTOMER] = POLICY_ROLE_PROVIDER,
        [PEER_GATEWAY] = POLICY_ROLE_PROVIDER, [PEER_CLOUD] = POLICY_ROLE_CUSTOMER,
        [PEER_INTERNAL] = POLICY_ROLE_NONE};
    if (p->conf->asn == running(r)->router.asn) return POLICY_ROLE_NONE; /* external sessions only */
    if (p->conf->bgp_role != ROLE_AUTO) return named[p->conf->bgp_role];
    bool plain = r->domains[p->domain]->conf->kind == DOMAIN_PLAIN;
    return plain ? POLICY_ROLE_NONE : usual[p->conf->role];
}

void peer_rules(const struct router *r, struct peer *p)
{
    const struct intent *i = running(r);
    const struct intent_domain *d = r->domains[p->domain]->conf;
    bool external = p->conf->asn != i->router.asn;
    p->rules = (struct policy_rules){
        .domain = (enum policy_domain)d->kind,
        .peer = external ? (enum policy_peer)p->conf->role : POLICY_PEER_INTERNAL,
        .external = external,
        .local_asn = i->router.asn,
        .peer_asn = p->conf->asn,
        .router_id = i->router.id,
        .local_pref = p->conf->local_pref,
        .prepend = p->conf->prepend,
        .next_hop_self = p->conf->next_hop_self,
        .documentation_is_public = true, /* API rule P: labs and tests use those ranges */
        .graceful_shutdown = p->conf->graceful_shutdown,
        .filter = d->route_filter,
        .filter_n = d->route_filter_n,
        .declared = d->advertised,
        .declared_n = d->advertised_n,
        .holder_asn = d->holder_asn,
        .origin = external ? (enum policy_origin)d->origin_validation : POLICY_ORIGIN_OFF,
        .role = role_of(r, p),
    };
    p->may = policy_export_matrix(&p->rules);
}

static struct bgp_conf session_conf(const struct router *r, const struct peer *peer, peer_ref ref)
{
    const struct intent *i = running(r);
    const struct intent_peer *p = peer->conf;
    enum policy_role role = peer->rules.role;
    return (struct bgp_conf){
        .local_asn = i->router.asn,
        .peer_asn = p->asn,
        .local_id = i->router.id,
        .hold_s = p->hold_s,
        .min_hold_s = p->min_hold_s ? p->min_hold_s : 3,
        .connect_retry_s = RETRY_S,
        .families = p->families ? p->families : BGP_IPV4_UNICAST,
        .passive = p->passive,
        .allow_as_set = p->allow_as_set,
        .add_path_send = p->add_path_send ? p->families : 0,
        .add_path_receive = p->add_path_receive ? p->families : 0,
        .restart = true,
        .restart_s = RESTART_S,
        .restarting = r->restarting,
        .without = p->without,
        .role_set = role != POLICY_ROLE_NONE,
        .role = role ? (uint8_t)(role - 1) : 0,
        .role_strict = p->role_strict,
        .jitter_seed = r->seed + ref * 2654435761u,
    };
}

/* Settings that are part of the session itself: another value is another session. A key in place of
 * another is none of them: the kernel changes it under the running connection. */
static bool same_session(const struct intent_peer *a, const struct intent_peer *b)
{
    return addr_equal(&a->address, &b->address) && addr_equal(&a->local, &b->local) &&
           a->port == b->port && a->asn == b->asn && a->role == b->role && a->passive == b->passive &&
           a->hold_s == b->hold_s && a->families == b->families && !*a->md5 == !*b->md5 &&
           a->ttl_security == b->ttl_security && a->add_path_send == b->add_path_send &&
           a->add_path_receive == b->add_path_receive && a->allow_as_set == b->allow_as_set &&
           a->min_hold_s == b->min_hold_s && a->without == b->without && a->bgp_role == b->bgp_role &&
           a->role_strict == b->role_strict;
}

/* --- peers --- */

static peer_ref peer_slot(struct router *r)
{
    for (peer_ref i = 0; i < r->peers_n; i++)
        if (!r->peers[i]->used) return i;
    r->peers = realloc(r->peers, (r->peers_n + 1) * sizeof(struct peer *));
    struct peer *p = calloc(1, sizeof *p);
    if (!r->peers || !p) abort();
    r->peers[r->peers_n] = p;
    return (peer_ref)r->peers_n++;
}

static void peer_add(struct router *r, domain_ref d, const struct intent_peer *conf, instant now)
{
    peer_ref ref = peer_slot(r);
    struct peer *p = r->peers[ref];
    *p = (struct peer){.used = true, .domain = d, .conf = conf, .source = source_of(ref, 0), .lanes_n = 1,
                       .stale_until = NEVER, .limited_until = NEVER, .leaving_until = NEVER};
    peer_rules(r, p);
    rib_source_set(&r->rib, p->source, p->rules.external, 0, &conf->address);
    struct bgp_conf c = session_conf(r, p, ref);
    p->session = bgp_new(&c);
    peer_bfd_apply(r, ref);
    peer_start(r, ref, now);
}

/* The old session stays for a moment, so that its NOTIFICATION can be pulled. */
static void peer_leave(struct router *r, peer_ref ref, uint8_t subcode, instant now)
{
    struct peer *p = r->peers[ref];
    p->leaving = true;
    p->leaving_until = instant_after(now, duration_s(LEAVING_S));
    p->limited = false;
    peer_bfd_apply(r, ref);
    peer_stop(r, ref, subcode, (struct span){0}, false, now);
    export_close(r, ref);
    for (size_t f = 0; f < FAMILIES; f++) import_drop(r, ref, f, false);
    p->stale = 0;
}

static bool exports_otherwise(const struct policy_rules *a, const struct policy_rules *b)
{
    return a->prepend != b->prepend || a->next_hop_self != b->next_hop_self ||
           a->graceful_shutdown != b->graceful_shutdown || a->filter_n != b->filter_n ||
           (a->filter_n && memcmp(a->filter, b->filter, a->filter_n * sizeof *a->filter) != 0);
}

static bool judges_otherwise(const struct policy_rules *a, const struct policy_rules *b)
{
    if (a->origin != b->origin || a->holder_asn != b->holder_asn || a->declared_n != b->declared_n)
        return true;
    for (size_t i = 0; i < a->declared_n; i++)
        if (!prefix_equal(&a->declared[i], &b->declared[i])) return true;
    return false;
}

static void peer_change(struct router *r, peer_ref ref, const struct intent_peer *conf, instant now)
{
    struct peer *p = r->peers[ref];
    const struct intent_peer old = *p->conf;
    const struct policy_rules rules = p->rules;
    p->conf = conf;
    peer_rules(r, p);
    peer_bfd_apply(r, ref);
    if (strcmp(old.md5, conf->md5) != 0) {
        say(r, p->domain, ref, "md5-key-changed", "%s", conf->name);
        if (r->sink.rekey) r->sink.rekey(r->sink.ctx, ref);
    }
    if (old.admin_down != conf->admin_down) {
        p->limited = false;
        if (conf->admin_down) peer_shutdown(r, ref, now);
        else peer_start(r, ref, now);
        return;
    }
    if (p->limited && (old.max_ipv4 != conf->max_ipv4 || old.max_ipv6 != conf->max_ipv6)) {
        p->limited = false; /* the operator has dealt with it */
        p->limit_times = 0;
        peer_start(r, ref, now);
    }
    if (!p->up) return;
    if (exports_otherwise(&rules, &p->rules)) export_again(r, ref, p->families, false);
    if (judges_otherwise(&rules, &p->rules)) judge_again(r, now);
    bool known = p->rules.external || conf->local_pref; /* else only the neighbour knows what it was */
    if (old.local_pref != conf->local_pref && known) judge_again(r, now);
    if (old.local_pref != conf->local_pref && !known && bgp_view(p->session).refresh) {
        p->refresh_wanted |= p->families;
        r->domains[p->domain]->noted[0][group_of(p)] = true;
        r->domains[p->domain]->any_noted = true;
    }
    (void)limits_hold(r, ref, now);
}

static const struct intent_peer *conf_named(const struct intent_domain *d, const char *name)
{
    for (size_t i = 0; i < d->peers_n; i++)
        if (strcmp(d->peers[i].name, name) == 0) return &d->peers[i];
    return NULL;
}

static bool runs(const struct router *r, domain_ref d, const char *name)
{
    for (size_t i = 0; i < r->peers_n; i++) {
        const struct peer *p = r->peers[i];
        if (p->used && !p->leaving && p->domain == d && strcmp(p->conf->name, name) == 0) return true;
    }
    return false;
}

/* --- networks --- */

static bool same_network(const struct intent_network *a, const struct intent_network *b)
{
    return prefix_equal(&a->prefix, &b->prefix) && a->communities_n == b->communities_n &&
           (a->communities_n == 0 ||
            memcmp(a->communities, b->communities, a->communities_n * sizeof *a->communities) == 0);
}

static bool has_prefix(const struct intent_domain *d, const struct prefix *p)
{
    for (size_t i = 0; i < d->networks_n; i++)
        if (prefix_equal(&d->networks[i].prefix, p)) return true;
    return false;
}

static void networks_apply(struct router *r, domain_ref ref, const struct intent_domain *old,
                           const struct intent_domain *new)
{
    for (size_t i = 0; old && i < old->networks_n; i++)
        if (!has_prefix(new, &old->networks[i].prefix))
            import_network(r, ref, &old->networks[i], false);
    for (size_t i = 0; i < new->networks_n; i++) {
        bool same = false;
        for (size_t k = 0; old && k < old->networks_n; k++)
            same = same || same_network(&old->networks[k], &new->networks[i]);
        if (!same) import_network(r, ref, &new->networks[i], true);
    }
}

/* --- domains --- */

static domain_ref domain_new(struct router *r, const struct intent_domain *conf, instant now)
{
    domain_ref ref = 0;
    while (ref < r->domains_n && r->domains[ref]->used) ref++;
    if (ref == r->domains_n) {
        r->domains = realloc(r->domains, (r->domains_n + 1) * sizeof(struct domain *));
        struct domain *d = calloc(1, sizeof *d);
        if (!r->domains || !d) abort();
        r->domains[r->domains_n++] = d;
    }
    struct domain *d = r->domains[ref];
    *d = (struct domain){.used = true, .conf = conf,
                         .settle_until = instant_after(now, duration_s(SETTLE_S))};
    for (size_t f = 0; f < FAMILIES; f++) {
        table_init(&d->tables[f], &r->rib, f ? FAMILY_IPV6 : FAMILY_IPV4, &r->key);
        for (size_t g = 0; g < GROUPS; g++) journal_init(&d->journals[f][g], &d->tables[f]);
    }
    return ref;
}

static void domain_end(struct router *r, domain_ref ref)
{
    struct domain *d = r->domains[ref];
    for (size_t i = 0; i < d->conf->networks_n; i++)
        import_network(r, ref, &d->conf->networks[i], false);
    for (size_t f = 0; f < FAMILIES; f++) {
        for (size_t g = 0; g < GROUPS; g++) journal_drop(&d->journals[f][g]);
        table_drop(&d->tables[f]);
        path_ids_drop(&d->path_ids[f]);
    }
    free(d->dark);
    d->dark = NULL;
    d->dark_n = 0;
    d->used = false;
}

static domain_ref domain_named(const struct router *r, const char *name)
{
    for (domain_ref i = 0; i < r->domains_n; i++)
        if (r->domains[i]->used && strcmp(r->domains[i]->conf->name, name) == 0) return i;
    return NO_REF;
}

static const struct intent_domain *wanted_domain(const struct intent *i, const struct domain *d)
{
    for (size_t k = 0; k < i->domains_n; k++)
        if (strcmp(i->domains[k].name, d->conf->name) == 0)
            return i->domains[k].kind == d->conf->kind ? &i->domains[k] : NULL;
    return NULL;
}

/* --- the difference --- */

/* Another router identity or data plane is another router: every session starts anew. */
static bool same_router(const struct intent *a, const struct intent *b)
{
    return a && a->router.id == b->router.id && a->router.asn == b->router.asn &&
           a->dataplane == b->dataplane;
}

static void end_what_goes(struct router *r, const struct intent *new, bool keep, instant now)
{
    for (peer_ref i = 0; i < r->peers_n; i++) {
        struct peer *p = r->peers[i];
        if (!p->used || p->leaving) continue;
        const struct intent_domain *d = wanted_domain(new, r->domains[p->domain]);
        const struct intent_peer *c = d ? conf_named(d, p->conf->name) : NULL;
        if (c && keep && same_session(p->conf, c)) continue;
        peer_leave(r, i, c ? 6 : 3, now); /* other configuration change; neighbour removed */
    }
    for (domain_ref i = 0; i < r->domains_n; i++)
        if (r->domains[i]->used && !(keep && wanted_domain(new, r->domains[i]))) domain_end(r, i);
}

/* Other links or static routes: next hops may be reachable now that were not, or the other way round. */
static bool links_differ(const struct intent_domain *a, const struct intent_domain *b)
{
    if (a->attachments_n != b->attachments_n || a->routes_n != b->routes_n) return true;
    for (size_t i = 0; i < a->routes_n; i++)
        if (!prefix_equal(&a->routes[i].prefix, &b->routes[i].prefix) ||
            !addr_equal(&a->routes[i].via, &b->routes[i].via))
            return true;
    for (size_t i = 0; i < a->attachments_n; i++) {
        const struct intent_attachment *x = &a->attachments[i], *y = &b->attachments[i];
        if (strcmp(x->name, y->name) != 0 || x->addresses_n != y->addresses_n) return true;
        for (size_t k = 0; k < x->addresses_n; k++)
            if (x->addresses[k].len != y->addresses[k].len ||
                !addr_equal(&x->addresses[k].addr, &y->addresses[k].addr))
                return true;
    }
    return false;
}

static void change_what_stays(struct router *r, const struct intent *new, instant now)
{
    for (domain_ref i = 0; i < r->domains_n; i++) {
        struct domain *d = r->domains[i];
        if (!d->used) continue;
        const struct intent_domain *old = d->conf;
        d->conf = wanted_domain(new, d);
        networks_apply(r, i, old, d->conf);
        if (links_differ(old, d->conf)) judge_again(r, now);
    }
    for (peer_ref i = 0; i < r->peers_n; i++) {
        struct peer *p = r->peers[i];
        if (!p->used || p->leaving) continue;
        peer_change(r, i, conf_named(r->domains[p->domain]->conf, p->conf->name), now);
    }
}

static void begin_what_comes(struct router *r, const struct intent *new, instant now)
{
    for (size_t k = 0; k < new->domains_n; k++) {
        const struct intent_domain *conf = &new->domains[k];
        domain_ref d = domain_named(r, conf->name);
        if (d == NO_REF) {
            d = domain_new(r, conf, now);
            networks_apply(r, d, NULL, conf);
        }
        for (size_t p = 0; p < conf->peers_n; p++)
            if (!runs(r, d, conf->peers[p].name)) peer_add(r, d, &conf->peers[p], now);
    }
}

bool router_apply(struct router *r, const struct intent *i, instant now, struct problems *problems)
{
    if (!router_check(i, problems)) return false;
    struct intent_copy *c = copy_intent(i);
    bool keep = same_router(running(r), c->intent);
    if (r->copies) end_what_goes(r, c->intent, keep, now);
    c->older = r->copies;
    r->copies = c;
    if (keep) change_what_stays(r, c->intent, now);
    begin_what_comes(r, c->intent, now);
    free_old_copies(r);
    say(r, NO_REF, NO_REF, "intent-applied", "revision %llu", (unsigned long long)i->revision);
    signal_writers(r);
    return true;
}
