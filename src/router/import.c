/* router/import.c - decoded UPDATEs into tables: attributes once per message, then each prefix; what
 * changed goes to the kernel's sink and into the journals of those who may be told. RB-055, RB-06A,
 * RB-06B, RB-070, RB-090. */
#include <stdlib.h>
#include <string.h>
#include "router/router_priv.h"

enum {
    BATCH = 16,            /* prefixes whose index slots are fetched together */
    LIMIT_RESTART_S = 300, /* RB-091 */
    LIMIT_LONGEST_S = 3600, /* unless more is configured */
    LIMIT_DOUBLINGS = 6,
};

struct batch {
    struct prefix prefix[BATCH];
    uint32_t hash[BATCH], path_id[BATCH];
    size_t n;
};

static bool batch_fill(struct batch *b, const struct table *t, struct cursor *c,
                       const struct bgp_nlri *n)
{
    b->n = 0;
    while (b->n < BATCH && bgp_nlri_next(c, n, &b->prefix[b->n], &b->path_id[b->n])) {
        b->hash[b->n] = table_hash(t, &b->prefix[b->n]);
        b->n++;
    }
    return b->n > 0;
}

/* --- what a change means for others --- */

static void kernel_change(struct router *r, domain_ref ref, size_t slot, node_ref node)
{
    const struct table *t = &r->domains[ref]->tables[slot];
    struct route_change c = {.domain = ref, .prefix = table_prefix(t, node)};
    c.next_hops_n = (uint8_t)table_next_hops(t, node, c.next_hops, ROUTE_NEXT_HOPS_MAX);
    r->sink.route(r->sink.ctx, &c);
}

static void note_for_groups(struct router *r, struct domain *d, size_t slot, node_ref node, bool best_changed)
{
    const struct node *n = table_node(&d->tables[slot], node);
    const struct path *best = node_best(n);
    for (size_t g = 0; d->listening[slot] >> g; g++) {
        if (!(d->listening[slot] >> g & 1)) continue;
        bool many = group_gets_many(g);
        if (!best_changed && !many) continue;
        bool may = many || (best && export_verdict(r, &d->may[g], best) == POLICY_FINE);
        if (!may && n->holders == 0) continue; /* nobody was told, nobody will be */
        journal_note(&d->journals[slot][g], node);
        d->noted[slot][g] = d->any_noted = true;
    }
}

void import_changed(struct router *r, domain_ref ref, size_t slot, const struct table_change *c)
{
    struct domain *d = r->domains[ref];
    if (c->next_hops && running(r)->dataplane != DATAPLANE_NONE) kernel_change(r, ref, slot, c->node);
    r->changes += c->best;
    if (c->best && r->tap.best) tap_best_told(r, ref, &d->tables[slot], c->node);
    if (c->best || d->listening[slot] & GROUPS_THAT_GET_MANY)
        note_for_groups(r, d, slot, c->node, c->best);
}

struct visit {
    struct router *r;
    domain_ref domain;
    size_t slot;
    peer_ref peer;
    source_ref source;
};

static void on_change(void *ctx, const struct table_change *c)
{
    const struct visit *v = ctx;
    import_changed(v->r, v->domain, v->slot, c);
    path_ids_remove(&v->r->domains[v->domain]->path_ids[v->slot], c->node, v->source);
    tap_path(v->r, v->peer, &v->r->domains[v->domain]->tables[v->slot], c->node);
}

void import_drop(struct router *r, peer_ref ref, size_t slot, bool stale_only)
{
    struct peer *p = r->peers[ref];
    for (size_t lane = 0; lane < p->lanes_n; lane++) {
        struct visit v = {r, p->domain, slot, ref, source_of(ref, lane)};
        if (r->rib.sources[v.source].received[slot] == 0) continue;
        table_drop_source(&r->domains[p->domain]->tables[slot], v.source, stale_only, on_change, &v);
    }
}

void import_mark_stale(struct router *r, peer_ref ref, size_t slot)
{
    const struct peer *p = r->peers[ref];
    for (size_t lane = 0; lane < p->lanes_n; lane++)
        table_mark_stale(&r->domains[p->domain]->tables[slot], source_of(ref, lane));
}

uint32_t peer_received(const struct router *r, const struct peer *p, size_t slot)
{
    uint32_t n = 0;
    for (size_t lane = 0; lane < p->lanes_n; lane++)
        n += r->rib.sources[source_of(source_peer(p->source), lane)].received[slot];
    return n;
}

uint32_t peer_accepted(const struct router *r, const struct peer *p, size_t slot)
{
    uint32_t n = 0;
    for (size_t lane = 0; lane < p->lanes_n; lane++)
        n += r->rib.sources[source_of(source_peer(p->source), lane)].accepted[slot];
    return n;
}

/* --- path identifiers (RFC 7911): which of a neighbour's lanes a path is in --- */

static void open_lanes(struct router *r, struct peer *p, size_t n)
{
    peer_ref ref = source_peer(p->source);
    for (; p->lanes_n < n; p->lanes_n++)
        rib_source_set(&r->rib, source_of(ref, p->lanes_n), p->rules.external,
                       r->rib.sources[p->source].router_id, &p->conf->address);
}

/* The lane of the path with this identifier, or of a stale one that makes room, or a free one:
 * ADD_PATH_IN when there is none. `known`: only a path that is there. */
static size_t lane_for(const struct router *r, const struct peer *p, size_t slot, node_ref n, uint32_t path_id,
                       bool known)
{
    const struct domain *d = r->domains[p->domain];
    peer_ref ref = source_peer(p->source);
    uint32_t id, taken = 0;
    size_t stale = ADD_PATH_IN;
    const struct node *node = n ? table_node(&d->tables[slot], n) : NULL;
    for (size_t i = 0; node && i < node->paths_n; i++) {
        const struct path *path = &node_paths(node)[i];
        if (source_peer(path->source) != ref) continue;
        size_t lane = source_lane(path->source);
        if (path_ids_get(&d->path_ids[slot], n, path->source, &id) && id == path_id) return lane;
        if (path->flags & PATH_STALE) stale = lane;
        taken |= 1u << lane;
    }
    if (known) return ADD_PATH_IN;
    for (size_t lane = 0; lane < ADD_PATH_IN; lane++)
        if (!(taken >> lane & 1)) return lane;
    return stale;
}

/* False: not known, or more than are kept. */
static bool find_source(struct router *r, struct peer *p, const struct bgp_nlri *nlri, const struct batch *b,
                        size_t i, bool known, source_ref *out)
{
    *out = p->source;
    if (!nlri->add_path) return true;
    size_t slot = family_slot(nlri->family);
    node_ref n = table_find(&r->domains[p->domain]->tables[slot], &b->prefix[i], b->hash[i]);
    size_t lane = lane_for(r, p, slot, n, b->path_id[i], known);
    if (lane == ADD_PATH_IN) return false;
    open_lanes(r, p, lane + 1);
    *out = source_of(source_peer(p->source), lane);
    return true;
}

static void too_many_paths(struct router *r, struct peer *p, const struct prefix *prefix)
{
    char text[PREFIX_TEXT_MAX];
    if (p->ignored_prefixes++ == 0)
        say(r, p->domain, source_peer(p->source), "too-many-paths", "%s: more than %d paths",
            prefix_text(prefix, text), ADD_PATH_IN);
}

/* --- one UPDATE --- */

static void withdraw(struct router *r, struct peer *p, const struct bgp_nlri *nlri)
{
    size_t slot = family_slot(nlri->family);
    struct table *t = &r->domains[p->domain]->tables[slot];
    struct cursor c = cursor_of(nlri->bytes);
    struct batch b;
    while (batch_fill(&b, t, &c, nlri))
        for (size_t i = 0; i < b.n; i++) {
            struct table_change change;
            source_ref source;
            if (!find_source(r, p, nlri, &b, i, true, &source)) continue;
            if (!table_withdraw(t, &b.prefix[i], b.hash[i], source, &change)) continue;
            import_changed(r, p->domain, slot, &change);
            path_ids_remove(&r->domains[p->domain]->path_ids[slot], change.node, source);
            tap_path(r, p->source - 1u, t, change.node);
            table_settle(t, change.node);
        }
}

static bool is_dark(const struct domain *d, const char *attachment)
{
    struct cursor c = cursor_of(span_of(d->dark, d->dark_n));
    size_t n = strlen(attachment);
    while (cursor_left(&c)) {
        struct span name = cursor_span(&c, cursor_u8(&c));
        if (name.n == n && memcmp(name.p, attachment, n) == 0) return true;
    }
    return false;
}

static bool on_link(const struct domain *d, const struct addr *a)
{
    for (size_t i = 0; i < d->conf->attachments_n; i++) {
        const struct intent_attachment *link = &d->conf->attachments[i];
        for (size_t k = 0; k < link->addresses_n; k++) {
            const struct intent_address *own = &link->addresses[k];
            struct prefix net = prefix_of(&own->addr, own->len);
            if (own->addr.family == a->family && prefix_has(&net, a) && !is_dark(d, link->name)) return true;
        }
    }
    return false;
}

/* Without a data plane nobody knows. */
bool next_hop_reachable(const struct router *r, const struct domain *d, const struct addr *a)
{
    if (running(r)->dataplane == DATAPLANE_NONE || addr_is_link_local(a)) return true;
    if (on_link(d, a)) return true;
    for (size_t i = 0; i < d->conf->routes_n; i++)
        if (d->conf->routes[i].prefix.addr.family == a->family &&
            prefix_has(&d->conf->routes[i].prefix, a) && on_link(d, &d->conf->routes[i].via))
            return true;
    return false;
}

void router_links_down(struct router *r, const char *domain, struct span names, instant now)
{
    for (domain_ref i = 0; i < r->domains_n; i++) {
        struct domain *d = r->domains[i];
        if (!d->used || strcmp(d->conf->name, domain) != 0) continue;
        if (d->dark_n == names.n && (names.n == 0 || memcmp(d->dark, names.p, names.n) == 0)) return;
        free(d->dark);
        d->dark = names.n ? malloc(names.n) : NULL;
        if (names.n && !d->dark) abort();
        if (names.n) memcpy(d->dark, names.p, names.n);
        d->dark_n = names.n;
        say(r, i, NO_REF, "links-changed", names.n ? "some attachments are down" : "every attachment is up");
        judge_again(r, now);
        return;
    }
}

struct offer { /* what one UPDATE says about each of its prefixes */
    const struct bgp_nlri *nlri;
    attr_ref attrs;
    enum policy_reason reason; /* of the attributes alone */
    uint32_t origin;           /* AS that answers for the prefixes */
};

static void announce_one(struct router *r, struct peer *p, struct table *t, const struct batch *b,
                         size_t i, const struct offer *o)
{
    enum policy_reason reason = o->reason;
    if (reason == POLICY_FINE) reason = judge(r, p, &b->prefix[i], o->origin);
    if (reason != POLICY_FINE) p->refused[reason]++;
    if (reason == POLICY_MARTIAN_PREFIX) { /* not even kept; an earlier one cannot be there */
        p->ignored_prefixes++;
        return;
    }
    source_ref source;
    if (!find_source(r, p, o->nlri, b, i, false, &source)) {
        too_many_paths(r, p, &b->prefix[i]);
        return;
    }
    struct path path = {.attrs = reason == POLICY_RPKI_LOWERED ? lowered_attrs(r, o->attrs)
                                                               : attr_hold(&r->rib.attrs, o->attrs),
                        .source = source,
                        .flags = policy_refuses(reason) ? PATH_REFUSED : 0,
                        .reason = (uint8_t)reason};
    struct table_change change;
    bool changed = table_announce(t, &b->prefix[i], b->hash[i], path, &change);
    if (o->nlri->add_path)
        path_ids_put(&r->domains[p->domain]->path_ids[t->slot], change.node, source, b->path_id[i]);
    tap_path(r, p->source - 1u, t, change.node); /* also what was only said again: it may have been lost */
    if (!changed) return;
    import_changed(r, p->domain, t->slot, &change);
    table_settle(t, change.node);
}

static void announce(struct router *r, struct peer *p, const struct bgp_nlri *nlri,
                     const struct attrs *attrs)
{
    struct domain *d = r->domains[p->domain];
    struct table *t = &d->tables[family_slot(nlri->family)];
    struct arena_mark mark = arena_mark(&r->scratch);
    struct attrs in;
    const struct addr *local = addr_is_none(&p->local) ? NULL : &p->local;
    enum policy_reason reason = policy_import(&p->rules, attrs, local, &r->scratch, &in);
    if (reason == POLICY_FINE && !next_hop_reachable(r, d, &in.next_hop)) reason = POLICY_NEXT_HOP_UNREACHABLE;
    const struct offer o = {nlri, attr_intern(&r->rib.attrs, &in), reason, policy_origin_asn(&p->rules, &in)};
    arena_rewind(&r->scratch, mark);
    struct cursor c = cursor_of(nlri->bytes);
    struct batch b;
    while (batch_fill(&b, t, &c, nlri))
        for (size_t i = 0; i < b.n; i++) announce_one(r, p, t, &b, i, &o);
    attr_release(&r->rib.attrs, o.attrs);
}

/* The IPv4 field uses NEXT_HOP, MP_REACH_NLRI brings its own. */
static struct attrs attrs_for(const struct bgp_update *u, size_t i)
{
    struct attrs a = u->attrs;
    bool multiprotocol = u->announced[i].family != BGP_IPV4_UNICAST || i > 0 ||
                         !(u->attrs.has & HAS_NEXT_HOP);
    if (multiprotocol && !addr_is_none(&u->mp_next_hop)) {
        a.has |= HAS_NEXT_HOP;
        a.next_hop = u->mp_next_hop;
        a.next_hop_link = u->mp_next_hop_link;
    }
    return a;
}

static void say_faults(struct router *r, peer_ref ref, const struct bgp_update *u)
{
    for (const struct bgp_attr_fault *f = u->faults; f; f = f->next)
        say(r, r->peers[ref]->domain, ref, f->withdraw ? "treat-as-withdraw" : "attribute-discarded",
            "attribute %u at offset %zu: %s", f->type, f->offset, f->what);
}

static void end_of_rib(struct router *r, peer_ref ref, uint32_t families, instant now)
{
    struct peer *p = r->peers[ref];
    p->eor_got |= families;
    for (size_t f = 0; f < FAMILIES; f++)
        if (families & p->stale & family_bit(f)) import_drop(r, ref, f, true);
    p->stale &= ~families;
    if (!p->stale) p->stale_until = NEVER;
    settle_domains(r, now);
}

void import_update(struct router *r, peer_ref ref, const struct bgp_update *u, instant now)
{
    struct peer *p = r->peers[ref];
    say_faults(r, ref, u);
    faults_note(&p->faults, u, now);
    if (r->tap.received) r->tap.received(r->tap.ctx, ref, u);
    for (size_t i = 0; i < u->withdrawn_n; i++)
        if (u->withdrawn[i].family & p->families) withdraw(r, p, &u->withdrawn[i]);
    for (size_t i = 0; i < u->announced_n; i++) {
        if (!(u->announced[i].family & p->families)) continue; /* RB-06C */
        if (u->verdict == BGP_UPDATE_WITHDRAW) {
            withdraw(r, p, &u->announced[i]);
            continue;
        }
        struct attrs a = attrs_for(u, i);
        announce(r, p, &u->announced[i], &a);
    }
    if (u->announced_n && !limits_hold(r, ref, now)) return;
    if (u->end_of_rib) end_of_rib(r, ref, u->end_of_rib, now);
}

/* --- prefix limits --- */

uint32_t peer_limit(const struct router *r, const struct peer *p, size_t slot)
{
    bool premium = r->domains[p->domain]->conf->premium;
    enum family f = slot ? FAMILY_IPV6 : FAMILY_IPV4;
    return limit_effective(limit_by_rule(p->rules.domain, p->rules.peer, premium, f),
                           slot ? p->conf->max_ipv6 : p->conf->max_ipv4);
}

/* Twice as long each time: a table that does not fit now will not fit at once. */
static duration limit_pause(struct peer *p, instant now)
{
    int64_t first = p->conf->limit_restart_s ? p->conf->limit_restart_s : LIMIT_RESTART_S;
    if (instant_since(now, p->up_since).us >= p->limit_pause.us) p->limit_times = 0; /* it kept to it for as long */
    int64_t s = first << p->limit_times, most = first > LIMIT_LONGEST_S ? first : LIMIT_LONGEST_S;
    if (p->limit_times < LIMIT_DOUBLINGS) p->limit_times++;
    p->limit_pause = duration_s(s < most ? s : most);
    return p->limit_pause;
}

static void limit_exceeded(struct router *r, peer_ref ref, size_t slot, uint32_t limit, instant now)
{
    struct peer *p = r->peers[ref];
    uint8_t data[7] = {0, (uint8_t)(slot ? 2 : 1), 1}; /* AFI, SAFI, limit (RFC 4486 4) */
    for (size_t i = 0; i < 4; i++) data[3 + i] = (uint8_t)(limit >> (24 - 8 * i));
    uint32_t count = peer_received(r, p, slot);
    duration wait = limit_pause(p, now);
    say(r, p->domain, ref, "prefix-limit-exceeded", "%u IPv%c prefixes, limit %u; down for %lld s", count,
        slot ? '6' : '4', limit, (long long)duration_to_s(wait));
    p->limited = true;
    p->limited_until = instant_after(now, wait);
    peer_stop(r, ref, 1, span_of(data, sizeof data), false, now);
}

bool limits_hold(struct router *r, peer_ref ref, instant now)
{
    struct peer *p = r->peers[ref];
    for (size_t f = 0; f < FAMILIES; f++) {
        uint32_t limit = peer_limit(r, p, f), count = peer_received(r, p, f);
        enum limit_level level = limit_level(limit, count), before = p->level[f];
        p->level[f] = level;
        if (level == LIMIT_EXCEEDED) {
            limit_exceeded(r, ref, f, limit, now);
            return false;
        }
        if (level <= before) continue;
        say(r, p->domain, ref, level == LIMIT_WARNING ? "prefix-limit-warning" : "prefix-limit-alarm",
            "%u of %u IPv%c prefixes", count, limit, f ? '6' : '4');
    }
    return true;
}

/* --- what we originate --- */

void import_network(struct router *r, domain_ref ref, const struct intent_network *n, bool present)
{
    struct domain *d = r->domains[ref];
    size_t slot = n->prefix.addr.family == FAMILY_IPV6;
    struct table *t = &d->tables[slot];
    uint32_t hash = table_hash(t, &n->prefix);
    struct table_change change;
    bool changed;
    if (present) {
        struct arena_mark mark = arena_mark(&r->scratch);
        uint8_t *bytes = arena_take(&r->scratch, n->communities_n * 4);
        struct attrs a = {.has = HAS_ORIGIN | HAS_AS_PATH, .origin = ORIGIN_IGP};
        for (size_t i = 0; bytes && i < n->communities_n * 4; i++)
            bytes[i] = (uint8_t)(n->communities[i / 4] >> (24 - 8 * (i % 4)));
        if (bytes && n->communities_n) a.communities = span_of(bytes, n->communities_n * 4);
        struct path path = {.attrs = attr_intern(&r->rib.attrs, &a), .source = SOURCE_LOCAL};
        arena_rewind(&r->scratch, mark);
        changed = table_announce(t, &n->prefix, hash, path, &change);
    } else {
        changed = table_withdraw(t, &n->prefix, hash, SOURCE_LOCAL, &change);
    }
    if (!changed) return;
    import_changed(r, ref, slot, &change);
    table_settle(t, change.node);
}
