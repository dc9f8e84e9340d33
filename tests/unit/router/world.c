/* See the header. */
#include "world.h"

static const struct hash_key world_key = {11, 22};

struct sink_at {
    struct world *w;
    int node;
};

static void push(struct sink_at *s, int what, peer_ref peer)
{
    struct world *w = s->w;
    if (w->todo_n == w->todo_room) {
        w->todo_room = w->todo_room ? w->todo_room * 2 : EVENTS;
        w->todo = realloc(w->todo, w->todo_room * sizeof *w->todo);
    }
    w->todo[w->todo_n++] = (struct todo){what, s->node, peer};
}
static void on_connect(void *ctx, peer_ref p) { push(ctx, TODO_CONNECT, p); }
static void on_close(void *ctx, peer_ref p, enum bgp_conn c)
{
    (void)c;
    struct sink_at *s = ctx;
    s->w->nodes[s->node]->closes++;
    push(ctx, TODO_CLOSE, p);
}
static void on_writable(void *ctx, peer_ref p, enum bgp_conn c)
{
    (void)c;
    push(ctx, TODO_WRITE, p);
}

static void on_route(void *ctx, const struct route_change *c)
{
    struct sink_at *s = ctx;
    struct node *n = s->w->nodes[s->node];
    size_t i = 0;
    while (i < n->kernel_n && !(n->kernel[i].domain == c->domain &&
                                prefix_equal(&n->kernel[i].prefix, &c->prefix)))
        i++;
    if (c->next_hops_n == 0) {
        assert_true(i < n->kernel_n); /* never removes what was not there */
        n->kernel[i] = n->kernel[--n->kernel_n];
        return;
    }
    if (i == n->kernel_n) {
        assert_true(n->kernel_n < KERNEL_ROUTES);
        n->kernel_n++;
    }
    n->kernel[i].domain = c->domain;
    n->kernel[i].prefix = c->prefix;
    n->kernel[i].hops_n = c->next_hops_n;
    memcpy(n->kernel[i].hops, c->next_hops, sizeof c->next_hops);
}
static void on_settled(void *ctx, domain_ref d)
{
    (void)d;
    struct sink_at *s = ctx;
    s->w->nodes[s->node]->settled++;
}
static void on_bfd_start(void *ctx, peer_ref p, const struct intent_bfd *c)
{
    (void)p, (void)c;
    struct sink_at *s = ctx;
    s->w->nodes[s->node]->bfd_started++;
}
static void on_bfd_change(void *ctx, peer_ref p, const struct intent_bfd *c)
{
    (void)p, (void)c;
    struct sink_at *s = ctx;
    s->w->nodes[s->node]->bfd_changed++;
}
static void on_bfd_stop(void *ctx, peer_ref p)
{
    (void)p;
    struct sink_at *s = ctx;
    s->w->nodes[s->node]->bfd_stopped++;
}
static void on_event(void *ctx, domain_ref d, peer_ref p, const char *name, const char *text)
{
    (void)d;
    struct sink_at *s = ctx;
    struct node *n = s->w->nodes[s->node];
    const struct intent_peer *c = n->r ? router_peer(n->r, p) : NULL;
    text_addf(&n->events, "%s %s: %s\n", name, c ? c->name : "-", text);
}

struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof *w);
    w->now = (instant){1000000};
    return w;
}

static struct sink_at sinks[NODES];

int world_router(struct world *w, const char *name, uint32_t asn, enum intent_dataplane dataplane)
{
    int i = w->nodes_n++;
    struct node *n = w->nodes[i] = calloc(1, sizeof *n);
    arena_init(&n->arena, 64 << 20);
    n->intent = (struct intent){.router = {name, 0xc0000200u + (uint32_t)i + 1, asn, ""},
                                .dataplane = dataplane, .control_socket = "", .state_dir = "",
                                .control = {"", "", "", ""}};
    sinks[i] = (struct sink_at){w, i};
    struct router_sink sink = {.ctx = &sinks[i], .connect = on_connect, .close = on_close,
                               .writable = on_writable, .route = on_route,
                               .routes_settled = on_settled, .bfd_start = on_bfd_start,
                               .bfd_change = on_bfd_change, .bfd_stop = on_bfd_stop, .event = on_event};
    n->r = router_new(&sink, &world_key, (uint32_t)i);
    return i;
}

void world_free(struct world *w)
{
    for (int i = 0; i < w->nodes_n; i++) {
        router_free(w->nodes[i]->r);
        arena_drop(&w->nodes[i]->arena);
        text_drop(&w->nodes[i]->events);
        free(w->nodes[i]);
    }
    free(w->todo);
    free(w);
}

/* Arrays of an intent grow by copying: tests are small. */
static void *grow(struct node *n, void *old, size_t count, size_t size)
{
    uint8_t *p = arena_take(&n->arena, (count + 1) * size);
    assert_non_null(p);
    if (count) memcpy(p, old, count * size);
    return p;
}

static struct intent_domain *domain_of(struct world *w, int node, const char *name)
{
    struct intent *i = &w->nodes[node]->intent;
    for (size_t d = 0; d < i->domains_n; d++)
        if (strcmp(i->domains[d].name, name) == 0) return &i->domains[d];
    fail_msg("no domain %s", name);
    return NULL;
}

struct intent_domain *world_domain(struct world *w, int node, const char *name, enum domain_kind kind)
{
    struct node *n = w->nodes[node];
    struct intent *i = &n->intent;
    i->domains = grow(n, i->domains, i->domains_n, sizeof *i->domains);
    i->domains[i->domains_n] = (struct intent_domain){.name = name, .subject = "", .kind = kind};
    return &i->domains[i->domains_n++];
}

struct intent_peer *world_peer(struct world *w, int node, const char *domain, const char *name,
                               enum peer_role role, uint32_t asn, const char *address,
                               const char *local, bool passive)
{
    struct intent_domain *d = domain_of(w, node, domain);
    struct node *n = w->nodes[node];
    d->peers = grow(n, d->peers, d->peers_n, sizeof *d->peers);
    struct intent_peer *p = &d->peers[d->peers_n++];
    *p = (struct intent_peer){.name = arena_text(&n->arena, name), .subject = "", .port = 179,
                              .asn = asn, .role = role, .passive = passive, .hold_s = 90, .md5 = "",
                              .families = BGP_IPV4_UNICAST | BGP_IPV6_UNICAST};
    assert_true(addr_parse(address, &p->address));
    assert_true(addr_parse(local, &p->local));
    return p;
}

struct intent_network *world_network(struct world *w, int node, const char *domain,
                                     const char *prefix)
{
    struct intent_domain *d = domain_of(w, node, domain);
    d->networks = grow(w->nodes[node], d->networks, d->networks_n, sizeof *d->networks);
    struct intent_network *n = &d->networks[d->networks_n++];
    *n = (struct intent_network){0};
    assert_int_equal(prefix_parse(prefix, &n->prefix), PREFIX_FINE);
    return n;
}

void world_attach(struct world *w, int node, const char *domain, const char *name,
                  const char *address, uint8_t len)
{
    struct intent_domain *d = domain_of(w, node, domain);
    struct node *n = w->nodes[node];
    struct intent_address *a = arena_take(&n->arena, sizeof *a);
    assert_true(addr_parse(address, &a->addr));
    a->len = len;
    d->attachments = grow(n, d->attachments, d->attachments_n, sizeof *d->attachments);
    d->attachments[d->attachments_n++] =
        (struct intent_attachment){.name = name, .subject = "", .port = "acc0", .addresses = a,
                                   .addresses_n = 1, .mtu = 1500};
}

struct cable *world_cable(struct world *w, int a, const char *peer_a, int b, const char *peer_b)
{
    assert_true(w->cables_n < CABLES);
    struct cable *c = &w->cables[w->cables_n++];
    *c = (struct cable){.end = {{.node = a, .ref = NO_REF}, {.node = b, .ref = NO_REF}}};
    c->end[0].peer = arena_text(&w->nodes[a]->arena, peer_a);
    c->end[1].peer = arena_text(&w->nodes[b]->arena, peer_b);
    return c;
}

void world_apply(struct world *w, int node)
{
    struct node *n = w->nodes[node];
    struct arena arena;
    arena_init(&arena, 1 << 20);
    struct problems ps;
    problems_init(&ps, &arena);
    n->intent.revision++;
    if (!router_apply(n->r, &n->intent, w->now, &ps)) fail_msg("%s: %s", ps.first->where, ps.first->what);
    arena_drop(&arena);
}

/* --- acting on the queue --- */

static struct cable *cable_by_name(struct world *w, int node, const char *peer, int *end)
{
    for (size_t i = 0; i < w->cables_n; i++)
        for (*end = 0; *end < 2; (*end)++)
            if (w->cables[i].end[*end].node == node && strcmp(w->cables[i].end[*end].peer, peer) == 0)
                return &w->cables[i];
    return NULL;
}

static struct cable *cable_by_ref(struct world *w, int node, peer_ref ref, int *end)
{
    for (size_t i = 0; i < w->cables_n; i++)
        for (*end = 0; *end < 2; (*end)++) {
            struct cable_end *e = &w->cables[i].end[*end];
            if (w->cables[i].up && e->node == node && e->ref == ref) return &w->cables[i];
        }
    return NULL;
}

static void open_cable(struct world *w, int node, peer_ref ref)
{
    const struct intent_peer *p = router_peer(w->nodes[node]->r, ref);
    int end;
    struct cable *c = p ? cable_by_name(w, node, p->name, &end) : NULL;
    if (!p) return;
    if (!c || c->cut || c->up || end != 0) {
        router_lost(w->nodes[node]->r, ref, BGP_OUT, w->now);
        return;
    }
    struct router *other = w->nodes[c->end[1].node]->r;
    peer_ref theirs = router_accept(other, NO_REF, &p->local, &p->address, w->now);
    if (theirs == NO_REF) {
        router_lost(w->nodes[node]->r, ref, BGP_OUT, w->now);
        return;
    }
    assert_string_equal(router_peer(other, theirs)->name, c->end[1].peer);
    c->up = true;
    c->end[0].ref = ref;
    c->end[1].ref = theirs;
    router_connected(w->nodes[node]->r, ref, BGP_OUT, w->now);
}

static void carry(struct world *w, struct cable *c, int from)
{
    struct cable_end *e = &c->end[from], *to = &c->end[!from];
    if (to->deaf) {
        to->waiting = true;
        return;
    }
    static uint8_t buf[65536];
    size_t n;
    enum bgp_conn here = from ? BGP_IN : BGP_OUT, there = from ? BGP_OUT : BGP_IN;
    while (c->up && (n = router_pull(w->nodes[e->node]->r, e->ref, here, buf, sizeof buf, w->now)) > 0) {
        w->bytes += n;
        if (!c->silent)
            router_input(w->nodes[to->node]->r, to->ref, there, span_of(buf, n), w->now);
    }
}

static void end_cable(struct world *w, struct cable *c, int told)
{
    if (!c->up) return;
    carry(w, c, !told);
    c->up = false;
    struct cable_end *e = &c->end[told];
    router_lost(w->nodes[e->node]->r, e->ref, told ? BGP_IN : BGP_OUT, w->now);
}

static void act(struct world *w, struct todo t)
{
    int end;
    struct cable *c = t.what == TODO_CONNECT ? NULL : cable_by_ref(w, t.node, t.peer, &end);
    if (t.what == TODO_CONNECT) open_cable(w, t.node, t.peer);
    else if (c && t.what == TODO_WRITE) carry(w, c, end);
    else if (c) end_cable(w, c, !end);
}

static void drain(struct world *w)
{
    while (w->todo_head < w->todo_n) act(w, w->todo[w->todo_head++]);
    w->todo_head = w->todo_n = 0;
}

void world_run(struct world *w, int64_t seconds)
{
    instant end = instant_after(w->now, duration_s(seconds));
    for (;;) {
        drain(w);
        instant next = end;
        for (int i = 0; i < w->nodes_n; i++)
            next = instant_first(next, router_next(w->nodes[i]->r));
        if (next.us > w->now.us) w->now = next;
        if (instant_reached(end, w->now)) break;
        for (int i = 0; i < w->nodes_n; i++)
            if (instant_reached(router_next(w->nodes[i]->r), w->now))
                router_tick(w->nodes[i]->r, w->now);
    }
    drain(w);
}

void world_cut(struct world *w, struct cable *c)
{
    c->cut = true;
    if (!c->up) return;
    c->up = false;
    for (int i = 0; i < 2; i++)
        router_lost(w->nodes[c->end[i].node]->r, c->end[i].ref, i ? BGP_IN : BGP_OUT, w->now);
}

void world_mend(struct world *w, struct cable *c)
{
    (void)w;
    c->cut = false;
}

void world_listen(struct world *w, struct cable *c, int end, bool reads)
{
    c->end[end].deaf = !reads;
    if (reads && c->end[end].waiting && c->up) carry(w, c, !end);
    c->end[end].waiting = false;
}

/* --- questions --- */

struct kernel_route *world_kernel(struct world *w, int node, const char *domain, const char *prefix)
{
    struct prefix p;
    assert_int_equal(prefix_parse(prefix, &p), PREFIX_FINE);
    struct node *n = w->nodes[node];
    for (size_t i = 0; i < n->kernel_n; i++) {
        const struct intent_domain *d = router_domain(n->r, n->kernel[i].domain);
        if (d && strcmp(d->name, domain) == 0 && prefix_equal(&p, &n->kernel[i].prefix))
            return &n->kernel[i];
    }
    return NULL;
}

bool world_said(struct world *w, int node, const char *event)
{
    return strstr(text_get(&w->nodes[node]->events), event) != NULL;
}

static bool row_has(const char *json, const char *key, const char *part)
{
    for (const char *at = json; (at = strstr(at, key)) != NULL; at++) {
        const char *end = strchr(at, '}'), *hit = strstr(at, part);
        if (hit && end && hit < end) return true;
    }
    return false;
}

bool world_route_has(struct world *w, int node, const char *domain, const char *prefix,
                     const char *part)
{
    struct text t = {0};
    char key[128];
    snprintf(key, sizeof key, "\"prefix\":\"%s\"", prefix);
    router_show_routes(w->nodes[node]->r, domain, &t);
    bool has = row_has(text_get(&t), key, part);
    text_drop(&t);
    return has;
}

bool world_has_route(struct world *w, int node, const char *domain, const char *prefix)
{
    return world_route_has(w, node, domain, prefix, "\"accepted\":true");
}

bool world_peer_has(struct world *w, int node, const char *peer, const char *part)
{
    struct text t = {0};
    char key[128];
    snprintf(key, sizeof key, "{\"name\":\"%s\"", peer);
    router_show_bgp(w->nodes[node]->r, w->now, 0, &t);
    const char *at = strstr(text_get(&t), key), *end = at ? strstr(at, "\"established_count\"") : NULL;
    const char *hit = at ? strstr(at, part) : NULL;
    bool has = hit && end && hit < end;
    text_drop(&t);
    return has;
}
