/* router/look.c - see look.h. */
#include "router/look.h"
#include <stdio.h>
#include <stdlib.h>
#include "router/router_priv.h"

enum { PLACE_MOST = 100 };

/* --- neighbours --- */

static size_t open_wanted(const struct open_copy *o)
{
    if (o->n < BGP_HEADER) return BGP_HEADER;
    size_t n = (size_t)o->p[16] << 8 | o->p[17];
    return o->p[18] == BGP_OPEN && n > BGP_HEADER && n <= BGP_MESSAGE_MAX ? n : o->n;
}

void open_keep(struct open_copy *o, struct span bytes)
{
    if (o->whole) return;
    while (bytes.n && o->n < open_wanted(o)) {
        size_t lacks = open_wanted(o) - o->n, n = bytes.n < lacks ? bytes.n : lacks;
        o->p = realloc(o->p, o->n + n);
        if (!o->p) abort();
        memcpy(o->p + o->n, bytes.p, n);
        o->n += n;
        bytes = span_of(bytes.p + n, bytes.n - n);
    }
    o->whole = o->n >= BGP_HEADER && o->n == open_wanted(o);
}

void open_forget(struct open_copy *o)
{
    free(o->p);
    *o = (struct open_copy){0};
}

static struct span open_span(const struct open_copy *o)
{
    return o->whole ? span_of(o->p, o->n) : (struct span){0};
}

bool router_session_of(const struct router *r, peer_ref ref, struct router_session *out)
{
    const struct peer *p = peer_at(r, ref);
    if (!p) return false;
    struct bgp_view v = bgp_view(p->session);
    *out = (struct router_session){.name = p->conf->name,
                                   .domain = r->domains[p->domain]->conf->name,
                                   .domain_ref = p->domain,
                                   .address = p->conf->address,
                                   .local = p->local,
                                   .asn = p->conf->asn,
                                   .local_asn = running(r)->router.asn,
                                   .id = p->up ? v.peer_id : 0,
                                   .up = p->up,
                                   .as4 = v.as4,
                                   .up_since = p->up_since,
                                   .families = p->up ? p->families : 0,
                                   .open_sent = open_span(&p->open_sent[v.conn]),
                                   .open_received = open_span(&p->open_got[v.conn]),
                                   .treated_as_withdraw = v.treated_as_withdraw,
                                   .received = peer_received(r, p, 0) + peer_received(r, p, 1),
                                   .advertised = (p->out[0] ? p->out[0]->told_n : 0) +
                                                 (p->out[1] ? p->out[1]->told_n : 0)};
    for (size_t i = POLICY_FINE + 1; i < POLICY_REASONS_N; i++) out->refused += p->refused[i];
    return true;
}

size_t router_peers(const struct router *r) { return r->peers_n; }
size_t router_domains(const struct router *r) { return r->domains_n; }

size_t router_routes(const struct router *r, domain_ref ref)
{
    const struct domain *d = domain_at(r, ref);
    return d ? d->tables[0].nodes + d->tables[1].nodes : 0;
}

/* --- walks --- */

/* The next node of the tables of one domain or all; false at the end. */
static bool walk_next(const struct router *r, domain_ref only, struct router_walk *w)
{
    if (only != NO_REF && w->domain < only) *w = (struct router_walk){.domain = only};
    while (w->domain < r->domains_n && (only == NO_REF || w->domain == only)) {
        const struct domain *d = r->domains[w->domain];
        if (d->used && (w->node = table_next(&d->tables[w->slot], w->node)) != 0) return true;
        w->node = 0;
        if (++w->slot == FAMILIES || !d->used) {
            w->slot = 0;
            w->domain++;
        }
    }
    return false;
}

static void visit_paths(const struct router *r, const struct router_walk *w, router_visit *visit,
                        void *ctx)
{
    const struct table *t = &r->domains[w->domain]->tables[w->slot];
    const struct node *n = table_node(t, w->node);
    for (size_t k = 0; k < n->paths_n; k++) {
        const struct path *p = &node_paths(n)[k];
        if (p->flags & PATH_REFUSED) continue;
        struct attrs a = attr_view(&r->rib.attrs, p->attrs);
        visit(ctx, &(struct router_seen){source_peer(p->source),
                                         w->domain, table_prefix(t, w->node), &a, p->attrs});
    }
}

/* What has no next hop is ours: the table says so by an address of zeros. */
static struct attrs best_view(const struct router *r, const struct table *t, const struct path *p)
{
    struct attrs a = attr_view(&r->rib.attrs, p->attrs);
    if (addr_is_none(&a.next_hop))
        a.next_hop = (struct addr){.family = (uint8_t)(t->slot ? FAMILY_IPV6 : FAMILY_IPV4)};
    a.has |= HAS_NEXT_HOP;
    return a;
}

bool router_walk_best(const struct router *r, domain_ref domain, struct router_walk *w, size_t budget,
                      router_visit *visit, void *ctx)
{
    for (; budget; budget--) {
        if (!walk_next(r, domain, w)) return false;
        const struct table *t = &r->domains[w->domain]->tables[w->slot];
        const struct path *best = node_best(table_node(t, w->node));
        if (!best) continue;
        struct attrs a = best_view(r, t, best);
        visit(ctx, &(struct router_seen){source_peer(best->source), w->domain, table_prefix(t, w->node), &a, best->attrs});
    }
    return true;
}

static void count_best(void *ctx, const struct router_seen *s)
{
    uint64_t *n = ctx;
    n[s->prefix.addr.family == FAMILY_IPV6]++;
}

void router_best_routes(const struct router *r, domain_ref ref, uint64_t out[static 2])
{
    struct router_walk w = {0};
    out[0] = out[1] = 0;
    router_walk_best(r, ref, &w, SIZE_MAX, count_best, out);
}

bool router_walk_in(const struct router *r, domain_ref domain, struct router_walk *w, size_t budget,
                    router_visit *visit, void *ctx)
{
    for (; budget; budget--) {
        if (!walk_next(r, domain, w)) return false;
        visit_paths(r, w, visit, ctx);
    }
    return true;
}

/* The path as the neighbour got it; the lists live in the router's scratch arena. */
static bool as_told(struct router *r, const struct peer *p, size_t slot, node_ref n,
                    struct attrs *out)
{
    const struct path *best = node_best(table_node(&r->domains[p->domain]->tables[slot], n));
    if (!p->out[slot] || !out_told(p->out[slot], n) || !best) return false;
    struct attrs in = attr_view(&r->rib.attrs, best->attrs);
    bool from_self = addr_is_none(&in.next_hop);
    if (!policy_export_attrs(&p->rules, &in, from_self, &p->next_hop[slot], &p->next_hop_link,
                             &r->scratch, out))
        return false;
    out->has |= HAS_NEXT_HOP;
    return true;
}

bool router_walk_out(struct router *r, peer_ref ref, struct router_walk *w, size_t budget,
                     router_visit *visit, void *ctx)
{
    const struct peer *p = peer_at(r, ref);
    if (!p || !p->up) return false;
    for (; budget; budget--) {
        if (!walk_next(r, p->domain, w)) return false;
        struct arena_mark mark = arena_mark(&r->scratch);
        struct attrs a;
        if (as_told(r, p, w->slot, w->node, &a))
            visit(ctx, &(struct router_seen){
                           ref, p->domain,
                           table_prefix(&r->domains[p->domain]->tables[w->slot], w->node), &a});
        arena_rewind(&r->scratch, mark);
    }
    return true;
}

/* --- the tap --- */

void router_listen(struct router *r, const struct router_tap *tap)
{
    r->tap = tap ? *tap : (struct router_tap){0};
}

void tap_path_told(struct router *r, peer_ref ref, const struct table *t, node_ref n)
{
    const struct peer *p = r->peers[ref];
    if (!p->up) return;
    struct prefix prefix = table_prefix(t, n);
    const struct path *path = table_path_of(t, n, p->source);
    if (!path || (path->flags & PATH_REFUSED)) {
        r->tap.path(r->tap.ctx, ref, &prefix, NULL);
        return;
    }
    struct attrs a = attr_view(&r->rib.attrs, path->attrs);
    r->tap.path(r->tap.ctx, ref, &prefix, &a);
}

void tap_best_told(struct router *r, domain_ref ref, const struct table *t, node_ref n)
{
    struct prefix prefix = table_prefix(t, n);
    const struct path *best = node_best(table_node(t, n));
    struct attrs a = {0};
    if (best) a = best_view(r, t, best);
    r->tap.best(r->tap.ctx, ref, &prefix, best ? &a : NULL);
}

void tap_sent(struct router *r, peer_ref ref, struct span bytes)
{
    while (r->tap.sent && bytes.n >= BGP_HEADER) {
        size_t n = (size_t)bytes.p[16] << 8 | bytes.p[17];
        if (n < BGP_HEADER || n > bytes.n) return;
        if (bytes.p[18] == BGP_UPDATE) r->tap.sent(r->tap.ctx, ref, span_of(bytes.p, n));
        bytes = span_of(bytes.p + n, bytes.n - n);
    }
}

/* --- the looking glass: one prefix --- */

static void put_fault(struct text *out, const char *what, const char *word)
{
    struct text t = {0};
    text_addf(&t, "%s '%.60s'", what, word);
    text_add(out, "{\"error\":");
    show_string(out, text_get(&t));
    text_add(out, "}");
    text_drop(&t);
}

static void put_told(struct text *out, const struct router *r, const struct domain *d, size_t slot,
                     node_ref n)
{
    const char *comma = "";
    text_add(out, ",\"advertised_to\":[");
    for (size_t i = 0; i < r->peers_n; i++) {
        const struct peer *p = r->peers[i];
        if (!p->used || !p->up || r->domains[p->domain] != d || !p->out[slot]) continue;
        if (!out_told(p->out[slot], n)) continue;
        text_add(out, comma);
        show_string(out, p->conf->name);
        comma = ",";
    }
    text_add(out, "]");
}

struct asked {
    struct prefix prefix;
    bool address;
    const char *domain; /* NULL: every one */
};

static bool understand(const char *what, char word[static PLACE_MOST], struct asked *out)
{
    struct addr a;
    size_t n = strcspn(what, " ");
    if (n == 0 || n >= PLACE_MOST) return false;
    memcpy(word, what, n);
    word[n] = 0;
    *out = (struct asked){.domain = what[n] && what[n + 1] ? what + n + 1 : NULL};
    if (!addr_parse(word, &a)) return prefix_parse(word, &out->prefix) == PREFIX_FINE;
    out->prefix = prefix_of(&a, addr_bits((enum family)a.family));
    out->address = true;
    return true;
}

static node_ref longest(const struct table *t, const struct asked *q)
{
    for (int len = q->prefix.len; len >= 0; len--) {
        struct prefix p = prefix_of(&q->prefix.addr, (uint8_t)len);
        node_ref n = table_find(t, &p, table_hash(t, &p));
        if (n && table_node(t, n)->paths_n) return n;
    }
    return 0;
}

static void put_found(struct text *out, const struct router *r, const struct domain *d, size_t slot,
                      const struct asked *q, const char **comma)
{
    const struct table *t = &d->tables[slot];
    node_ref n = longest(t, q);
    if (!n) return;
    struct prefix p = table_prefix(t, n);
    bool exact = !q->address && prefix_equal(&p, &q->prefix);
    for (size_t k = 0; k < table_node(t, n)->paths_n; k++) {
        text_addf(out, "%s{\"match\":\"%s\",", *comma, exact ? "exact" : "longest");
        show_route(out, r, d, t, n, k);
        if (k == 0 && table_node(t, n)->equals_n) put_told(out, r, d, slot, n);
        text_add(out, "}");
        *comma = ",";
    }
}

void router_show_route(struct router *r, const char *what, struct text *out)
{
    char word[PLACE_MOST] = "";
    struct asked q;
    const char *comma = "";
    if (!understand(what, word, &q)) {
        put_fault(out, "a prefix or an address, such as 10.0.0.0/8 or 2001:db8::1, and not", word);
        return;
    }
    text_add(out, "{\"query\":");
    show_string(out, word);
    text_add(out, ",\"routes\":[");
    for (size_t i = 0; i < r->domains_n; i++) {
        const struct domain *d = r->domains[i];
        if (!d->used || (q.domain && strcmp(q.domain, d->conf->name) != 0)) continue;
        put_found(out, r, d, q.prefix.addr.family == FAMILY_IPV6, &q, &comma);
    }
    text_add(out, "]}");
}

/* --- the looking glass: one neighbour --- */

static peer_ref named(const struct router *r, const char *name)
{
    for (peer_ref i = 0; i < r->peers_n; i++)
        if (r->peers[i]->used && !r->peers[i]->leaving &&
            strcmp(r->peers[i]->conf->name, name) == 0)
            return i;
    return NO_REF;
}

static bool begin_view(const struct router *r, const char *name, struct text *out, peer_ref *ref)
{
    *ref = named(r, name);
    if (*ref == NO_REF) {
        put_fault(out, "there is no neighbour called", name);
        return false;
    }
    text_add(out, "{\"neighbor\":");
    show_string(out, name);
    text_addf(out, ",\"up\":%s,\"routes\":[", r->peers[*ref]->up ? "true" : "false");
    return true;
}

void router_show_received(const struct router *r, const char *name, struct text *out)
{
    struct router_walk w = {0};
    const char *comma = "";
    peer_ref ref;
    if (!begin_view(r, name, out, &ref)) return;
    const struct peer *p = r->peers[ref];
    const struct domain *d = r->domains[p->domain];
    while (walk_next(r, p->domain, &w)) {
        const struct table *t = &d->tables[w.slot];
        for (size_t k = 0; k < table_node(t, w.node)->paths_n; k++) {
            if (source_peer(node_paths(table_node(t, w.node))[k].source) != ref) continue;
            text_addf(out, "%s{", comma);
            show_route(out, r, d, t, w.node, k);
            text_add(out, "}");
            comma = ",";
        }
    }
    text_add(out, "]}");
}

/* Why the best path was not told to this neighbour. */
static void put_kept_back(struct text *out, const struct router *r, const struct peer *p,
                          const struct path *best)
{
    bool echo = source_peer(best->source) == source_peer(p->source);
    enum policy_reason reason = export_verdict(r, &p->may, best);
    if (reason == POLICY_FINE && policy_looks_at_path(&p->rules)) {
        struct attrs a = attr_view(&r->rib.attrs, best->attrs);
        reason = policy_export_path(&p->rules, &a);
    }
    const char *name = echo                    ? "learned-from-it"
                       : reason == POLICY_FINE ? "not-yet-sent"
                                               : policy_reason_name(reason);
    show_key(out, "reason", name);
    show_key(out, "rule",
             echo                    ? "a neighbour is not told its own routes"
             : reason == POLICY_FINE ? "it is waiting to be written"
                                     : policy_reason_text(reason));
}

void router_show_advertised(struct router *r, const char *name, struct text *out)
{
    struct router_walk w = {0};
    const char *comma = "";
    peer_ref ref;
    if (!begin_view(r, name, out, &ref)) return;
    const struct peer *p = r->peers[ref];
    while (p->up && walk_next(r, p->domain, &w)) {
        const struct table *t = &r->domains[p->domain]->tables[w.slot];
        const struct path *best = node_best(table_node(t, w.node));
        struct arena_mark mark = arena_mark(&r->scratch);
        struct attrs a;
        if (!p->out[w.slot] || !best) continue;
        text_addf(out, "%s{", comma);
        comma = ",";
        show_prefix(out, t, w.node);
        bool told = as_told(r, p, w.slot, w.node, &a);
        if (told) show_attrs(out, &a);
        text_addf(out, ",\"advertised\":%s", told ? "true" : "false");
        if (told)
            show_key(out, "reason", "");
        else
            put_kept_back(out, r, p, best);
        text_add(out, "}");
        arena_rewind(&r->scratch, mark);
    }
    text_add(out, "]}");
}
