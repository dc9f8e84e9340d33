/* plan/plan.c - see plan.h. Each intent is filled by walking the sorted lists twice over: circuits
 * and their connections for edges, gateways and their connections for gateway nodes. */
#include "plan/plan.h"
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "net/asn.h"

#define LINK_ADDRESS_IPV4 0xa9fe0000u /* links to gateways: 169.254/16, RFC 3927 */

enum {
    LINKS_PER_ROUND = 254,
    BFD_INTERVAL_US = 300000,
    BFD_MULTIPLIER = 3,
    HOLD_S = 180,
    MTU = 1500,
    LIMIT_RESTART_S = 300,
    PORT_BGP = 179,
    LOCAL_PREF_USUAL = 100,
};

const char *plan_leg_name(enum plan_leg leg)
{
    return leg == PLAN_PRIMARY ? "primary" : "secondary";
}

struct making {
    const struct plan_input *in;
    struct arena *arena;
    bool full; /* the arena is: the plan is thrown away */
    /* every list again, as pointers in order of the key that it is asked for by */
    const struct plan_circuit **circuits;
    const struct plan_gateway **gateways;
    const struct plan_vnet **vnets;
    const struct plan_connection **by_circuit, **by_gateway;
    struct reach_end *ends; /* two for each Global Reach, in order of the circuits' keys */
    size_t ends_n;
};

struct reach_end {       /* Global Reach as one of its circuits sees it */
    const char *circuit; /* key */
    const struct plan_reach *reach;
    int side; /* of reach->circuits */
};

struct links { /* some connections, in the order of their tags */
    const struct plan_connection *const *list;
    size_t n;
};

static const char *text(struct making *m, char *made)
{
    if (!made) m->full = true;
    return made ? made : "";
}

static void *list(struct making *m, size_t n, size_t size)
{
    void *p = arena_take_array(m->arena, n ? n : 1, size);
    if (!p) m->full = true;
    return p;
}

/* --- addresses --- */

/* The link of a connection at one leg. 254 of them fill the third octet, the next ones go on in the
 * fourth; IPv6 takes the tag as its fourth group. */
static struct prefix link_prefix(enum family family, uint16_t tag, enum plan_leg leg)
{
    uint32_t round = (uint32_t)(tag - 1) / LINKS_PER_ROUND,
             third = (uint32_t)(tag - 1) % LINKS_PER_ROUND + 1;
    if (family == FAMILY_IPV4) {
        struct addr a = addr_v4(LINK_ADDRESS_IPV4 | third << 8 | round * 8 | (uint32_t)leg * 4);
        return prefix_of(&a, 30);
    }
    struct addr a = {.family = FAMILY_IPV6, .b = {0xfd, 0x65, 0x55, 0x15}};
    a.b[6] = (uint8_t)(tag >> 8);
    a.b[7] = (uint8_t)tag;
    a.b[15] = (uint8_t)(leg * 4);
    return prefix_of(&a, 126);
}

static struct intent_address host(const struct prefix *p, uint32_t n)
{
    return (struct intent_address){prefix_host(p, n), p->len};
}

/* --- parts of a domain --- */

struct building { /* a domain being filled; lists have room for all that may come */
    struct making *m;
    struct intent_domain *d;
};

static struct intent_attachment *add_attachment(struct building *b, const char *name,
                                                const char *subject, const char *port,
                                                uint16_t stag, uint16_t ctag)
{
    struct intent_attachment *a = &b->d->attachments[b->d->attachments_n++];
    *a = (struct intent_attachment){.name = name,
                                    .subject = subject,
                                    .port = port,
                                    .tags = {stag, ctag},
                                    .mtu = MTU,
                                    .addresses = list(b->m, 2, sizeof *a->addresses)};
    return a;
}

static void add_address(struct intent_attachment *a, struct intent_address address)
{
    if (a->addresses) a->addresses[a->addresses_n++] = address;
}

static struct intent_peer *add_peer(struct building *b, const char *name, const char *subject,
                                    enum peer_role role, const struct prefix *link, bool cloud_side)
{
    struct intent_peer *p = &b->d->peers[b->d->peers_n++];
    bool v4 = link->addr.family == FAMILY_IPV4;
    *p = (struct intent_peer){.name = name,
                              .subject = subject,
                              .role = role,
                              .port = PORT_BGP,
                              .hold_s = HOLD_S,
                              .address = prefix_host(link, cloud_side ? 1 : 2),
                              .local = prefix_host(link, cloud_side ? 2 : 1),
                              .families = v4 ? BGP_IPV4_UNICAST : BGP_IPV6_UNICAST,
                              .md5 = "",
                              .limit_restart_s = LIMIT_RESTART_S,
                              .bfd = {true, BFD_INTERVAL_US, BFD_INTERVAL_US, BFD_MULTIPLIER}};
    return p;
}

/* --- what belongs together --- */

#define ORDER(name, type, member)                                                                  \
    static int name(const void *a, const void *b)                                                  \
    {                                                                                              \
        const struct type *const *x = a, *const *y = b;                                            \
        return strcmp((*x)->member, (*y)->member);                                                 \
    }
ORDER(by_circuit_key, plan_circuit, key)
ORDER(by_gateway_key, plan_gateway, key)
ORDER(by_vnet_key, plan_vnet, key)

#define ORDER_LINKS(name, member)                                                                  \
    static int name(const void *a, const void *b)                                                  \
    {                                                                                              \
        const struct plan_connection *const *x = a, *const *y = b;                                 \
        int order = strcmp((*x)->member, (*y)->member);                                            \
        return order ? order : (int)(*x)->tag - (int)(*y)->tag;                                    \
    }
ORDER_LINKS(by_link_circuit, circuit)
ORDER_LINKS(by_link_gateway, gateway)

#define INDEX(m, to, rows, count, order)                                                           \
    do {                                                                                           \
        (to) = list(m, count, sizeof *(to));                                                       \
        for (size_t i_ = 0; (to) && i_ < (count); i_++) (to)[i_] = &(rows)[i_];                    \
        if ((to) && (count) > 1) qsort((void *)(to), count, sizeof *(to), order);                  \
    } while (0)

static int by_end(const void *a, const void *b)
{
    const struct reach_end *x = a, *y = b;
    int order = strcmp(x->circuit, y->circuit);
    return order ? order : (int)x->reach->tag - (int)y->reach->tag;
}

static void index_reaches(struct making *m)
{
    m->ends = list(m, 2 * m->in->reaches_n, sizeof *m->ends);
    for (size_t i = 0; m->ends && i < m->in->reaches_n; i++)
        for (int side = 0; m->in->reaches[i].tag && side < 2; side++)
            m->ends[m->ends_n++] =
                (struct reach_end){m->in->reaches[i].circuits[side], &m->in->reaches[i], side};
    if (m->ends_n > 1) qsort(m->ends, m->ends_n, sizeof *m->ends, by_end);
}

static void make_indexes(struct making *m)
{
    const struct plan_input *in = m->in;
    index_reaches(m);
    INDEX(m, m->circuits, in->circuits, in->circuits_n, by_circuit_key);
    INDEX(m, m->gateways, in->gateways, in->gateways_n, by_gateway_key);
    INDEX(m, m->vnets, in->vnets, in->vnets_n, by_vnet_key);
    INDEX(m, m->by_circuit, in->connections, in->connections_n, by_link_circuit);
    INDEX(m, m->by_gateway, in->connections, in->connections_n, by_link_gateway);
}

#define FIND(name, type, index, count, order)                                                      \
    static const struct type *name(const struct making *m, const char *key)                        \
    {                                                                                              \
        const struct type wanted = {.key = key}, *p = &wanted;                                     \
        const struct type **found =                                                                \
            bsearch(&p, (void *)m->index, m->in->count, sizeof *m->index, order);                  \
        return found ? *found : NULL;                                                              \
    }
FIND(find_circuit, plan_circuit, circuits, circuits_n, by_circuit_key)
FIND(find_gateway, plan_gateway, gateways, gateways_n, by_gateway_key)
FIND(find_vnet, plan_vnet, vnets, vnets_n, by_vnet_key)

static const struct plan_circuit *circuit_of(const struct making *m,
                                             const struct plan_connection *c)
{
    return find_circuit(m, c->circuit);
}

static const struct plan_gateway *gateway_of(const struct making *m,
                                             const struct plan_connection *c)
{
    return find_gateway(m, c->gateway);
}

static const struct plan_vnet *vnet_of(const struct making *m, const struct plan_gateway *g)
{
    return find_vnet(m, g->vnet);
}

/* The run of those whose member at `at` (a text) is `key`. */
static struct links links_where(const struct plan_connection *const *all, size_t n, size_t at,
                                const char *key)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const char *k = *(const char *const *)((const char *)all[mid] + at);
        if (strcmp(k, key) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    struct links out = {all + low, 0};
    while (low + out.n < n &&
           strcmp(*(const char *const *)((const char *)all[low + out.n] + at), key) == 0)
        out.n++;
    return out;
}

static struct links links_of_circuit(const struct making *m, const struct plan_circuit *c)
{
    return links_where(m->by_circuit, m->in->connections_n,
                       offsetof(struct plan_connection, circuit), c->key);
}

static struct links links_of_gateway(const struct making *m, const struct plan_gateway *g)
{
    return links_where(m->by_gateway, m->in->connections_n,
                       offsetof(struct plan_connection, gateway), g->key);
}

struct ends {
    const struct reach_end *list;
    size_t n;
};

static struct ends ends_of_circuit(const struct making *m, const struct plan_circuit *c)
{
    size_t low = 0, high = m->ends_n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(m->ends[mid].circuit, c->key) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    struct ends out = {m->ends + low, 0};
    while (low + out.n < m->ends_n && strcmp(out.list[out.n].circuit, c->key) == 0) out.n++;
    return out;
}

static const struct plan_peering *private_of(const struct plan_circuit *c)
{
    for (size_t i = 0; i < c->peerings_n; i++)
        if (!c->peerings[i].microsoft) return &c->peerings[i];
    return NULL;
}

static bool has_ipv6(const struct plan_vnet *v)
{
    for (size_t i = 0; v && i < v->prefixes_n; i++)
        if (v->prefixes[i].addr.family == FAMILY_IPV6) return true;
    return false;
}

/* A link carries IPv6 when both of its ends have some. */
static bool link_has_ipv6(const struct making *m, const struct plan_connection *c)
{
    const struct plan_circuit *circuit = circuit_of(m, c);
    const struct plan_gateway *g = gateway_of(m, c);
    const struct plan_peering *p = circuit ? private_of(circuit) : NULL;
    return p && g && p->on[1] && has_ipv6(vnet_of(m, g));
}

/* The edge that serves a leg at a location: the first by name. */
static const struct plan_edge *edge_at(const struct plan_input *in, const char *location, int leg)
{
    for (size_t i = 0; i < in->edges_n; i++) {
        const struct plan_edge *e = &in->edges[i];
        if (e->role == PLAN_EDGE && e->leg == leg && text_same_nocase(e->location, location))
            return e;
    }
    return NULL;
}

static const char *core_port(const struct plan_edge *node, const struct plan_edge *edge)
{
    for (size_t i = 0; edge && i < node->cores_n; i++)
        if (strcmp(node->cores[i].edge, edge->name) == 0) return node->cores[i].port;
    return NULL;
}

/* A network is named by its name, or by its identifier where several have that name. */
static bool is_network(const struct plan_input *in, const char *said, const struct plan_vnet *v)
{
    size_t same = 0;
    if (text_same_nocase(said, v->key)) return true;
    for (size_t i = 0; i < in->vnets_n; i++) same += text_same_nocase(in->vnets[i].name, said);
    return same == 1 && text_same_nocase(said, v->name);
}

static bool holds(const struct making *m, const struct plan_edge *node,
                  const struct plan_gateway *g)
{
    const struct plan_vnet *v = vnet_of(m, g);
    for (size_t i = 0; v && i < node->networks_n; i++)
        if (is_network(m->in, node->networks[i].vnet, v)) return true;
    return false;
}

static struct intent_domain *open_domain(struct making *m, struct intent *i, size_t attachments,
                                         size_t peers, size_t networks)
{
    struct intent_domain *d = &i->domains[i->domains_n++];
    *d = (struct intent_domain){.attachments = list(m, attachments, sizeof *d->attachments),
                                .peers = list(m, peers, sizeof *d->peers),
                                .networks = list(m, networks, sizeof *d->networks)};
    return d;
}

/* --- an edge of a location --- */

static void customer_side(struct building *b, const struct plan_edge *e,
                          const struct plan_circuit *c, const struct plan_peering *p)
{
    struct making *m = b->m;
    enum plan_leg leg = (enum plan_leg)e->leg;
    const char *subject =
        text(m, arena_printf(m->arena, "%s/%s", b->d->subject, plan_leg_name(leg)));
    struct intent_attachment *acc =
        add_attachment(b, "acc", subject, e->ports.access, c->stag, p->vlan);
    for (int f = 0; f < 2; f++) {
        if (!p->on[f]) continue;
        const struct prefix *link = &p->links[f][leg];
        const char *name =
            text(m, arena_printf(m->arena, "%s-cust%s", b->d->name, f == 0 ? "" : "6"));
        add_address(acc, host(link, 2));
        struct intent_peer *peer = add_peer(b, name, subject, PEER_CUSTOMER, link, true);
        peer->asn = p->asn;
        peer->md5 = p->md5;
        peer->admin_down = p->down || c->link_down[leg];
    }
}

static void gateway_side(struct building *b, const struct plan_edge *e,
                         const struct plan_connection *c)
{
    struct making *m = b->m;
    enum plan_leg leg = (enum plan_leg)e->leg;
    const char *subject =
        text(m, arena_printf(m->arena, "connection/%s/%s", c->label, plan_leg_name(leg)));
    const char *name = text(m, arena_printf(m->arena, "gw%u", c->tag));
    struct intent_attachment *a = add_attachment(b, name, subject, e->ports.core, 0, c->tag);
    for (int f = 0; f < (link_has_ipv6(m, c) ? 2 : 1); f++) {
        struct prefix link = link_prefix(f == 0 ? FAMILY_IPV4 : FAMILY_IPV6, c->tag, leg);
        const char *peer_name =
            text(m, arena_printf(m->arena, "%s-gw%u%s", b->d->name, c->tag, f == 0 ? "" : "-6"));
        add_address(a, host(&link, 1));
        struct intent_peer *p = add_peer(b, peer_name, subject, PEER_GATEWAY, &link, false);
        p->asn = ASN_GATEWAY;
        p->admin_down = c->down;
    }
}

/* The half of the range that is this leg's; none when the range has not that family. */
static bool reach_link(const struct plan_reach *r, int family, enum plan_leg leg,
                       struct prefix *out)
{
    const struct prefix *whole = &r->links[family];
    if (whole->addr.family == FAMILY_NONE) return false;
    struct addr first = prefix_host(whole, leg == PLAN_PRIMARY ? 0 : 4);
    *out = prefix_of(&first, (uint8_t)(whole->len + 1));
    return true;
}

/* To the edge of the other circuit that serves the same leg. The two are one AS, so what one side
 * learns from its customer goes to the other's and no further; the first address of a link is that
 * of the side where Global Reach was asked for. */
static void reach_side(struct building *b, const struct plan_edge *e,
                       const struct plan_peering *here, const struct reach_end *end)
{
    struct making *m = b->m;
    enum plan_leg leg = (enum plan_leg)e->leg;
    const struct plan_reach *r = end->reach;
    const struct plan_circuit *far = find_circuit(m, r->circuits[1 - end->side]);
    const struct plan_peering *there = far && far->provisioned ? private_of(far) : NULL;
    const struct plan_edge *other = there ? edge_at(m->in, far->location, e->leg) : NULL;
    if (!other || other == e) return;
    const char *port = core_port(e, other);
    const char *subject =
        text(m, arena_printf(m->arena, "reach/%s/%s", r->label, plan_leg_name(leg)));
    const char *name = text(m, arena_printf(m->arena, "gr%u", r->tag));
    struct intent_attachment *a =
        add_attachment(b, name, subject, port ? port : e->ports.core, 0, r->tag);
    for (int f = 0; f < 2; f++) {
        struct prefix link;
        if (!reach_link(r, f, leg, &link)) continue;
        const char *peer_name =
            text(m, arena_printf(m->arena, "%s-gr%u%s", b->d->name, r->tag, f == 0 ? "" : "-6"));
        add_address(a, host(&link, end->side == 0 ? 1 : 2));
        struct intent_peer *p =
            add_peer(b, peer_name, subject, PEER_INTERNAL, &link, end->side != 0);
        p->asn = ASN_CLOUD;
        p->next_hop_self = true;
        p->passive = end->side != 0; /* both are ours: one calls, so that no two calls collide */
        p->admin_down = here->down || there->down;
    }
}

static bool lets_out(const struct plan_peering *p, const struct plan_service *s)
{
    for (size_t i = 0; i < s->communities_n; i++)
        for (size_t k = 0; k < p->communities_n; k++)
            if (s->communities[i] == p->communities[k]) return true;
    return false;
}

/* What may come in, what may go out, and what there is to go out. */
static void microsoft_side(struct building *b, const struct plan_edge *e,
                           const struct plan_peering *p)
{
    struct intent_domain *d = b->d;
    d->advertised = p->advertised;
    d->advertised_n = p->advertised_n;
    d->route_filter = p->communities;
    d->route_filter_n = p->communities_n;
    d->holder_asn = p->holder_asn;
    for (size_t i = 0; i < e->services_n; i++) {
        const struct plan_service *s = &e->services[i];
        if (lets_out(p, s))
            d->networks[d->networks_n++] =
                (struct intent_network){s->prefix, s->communities, s->communities_n};
    }
}

static void peering_domain(struct making *m, struct intent *i, const struct plan_edge *e,
                           const struct plan_circuit *c, const struct plan_peering *p)
{
    const char *word = p->microsoft ? "microsoft" : "private";
    struct links links = p->microsoft ? (struct links){NULL, 0} : links_of_circuit(m, c);
    struct ends ends = p->microsoft ? (struct ends){NULL, 0} : ends_of_circuit(m, c);
    size_t most = 1 + links.n + ends.n;
    struct building b = {m, open_domain(m, i, most, 2 * most, e->services_n)};
    if (m->full) return;
    b.d->name = text(m, arena_printf(m->arena, "%s-%s", c->label, word));
    b.d->subject = text(m, arena_printf(m->arena, "circuit/%s/%s", c->label, word));
    b.d->kind = p->microsoft ? DOMAIN_MICROSOFT : DOMAIN_PRIVATE;
    b.d->premium = c->premium;
    customer_side(&b, e, c, p);
    if (p->microsoft) microsoft_side(&b, e, p);
    for (size_t k = 0; k < links.n; k++)
        if (gateway_of(m, links.list[k])) gateway_side(&b, e, links.list[k]);
    for (size_t k = 0; k < ends.n; k++) reach_side(&b, e, p, &ends.list[k]);
}

static void edge_domains(struct making *m, const struct plan_edge *e, struct intent *i)
{
    size_t most = 0;
    for (size_t k = 0; k < m->in->circuits_n; k++) most += m->in->circuits[k].peerings_n;
    i->domains = list(m, most, sizeof *i->domains);
    for (size_t k = 0; k < m->in->circuits_n && !m->full; k++) {
        const struct plan_circuit *c = &m->in->circuits[k];
        if (!c->provisioned || edge_at(m->in, c->location, e->leg) != e) continue;
        for (size_t p = 0; p < c->peerings_n && !m->full; p++)
            peering_domain(m, i, e, c, &c->peerings[p]);
    }
}

/* --- a gateway node --- */

static void cloud_side(struct building *b, const struct plan_edge *node,
                       const struct plan_connection *c, enum plan_leg leg)
{
    struct making *m = b->m;
    const struct plan_circuit *circuit = circuit_of(m, c);
    const char *port = circuit ? core_port(node, edge_at(m->in, circuit->location, leg)) : NULL;
    unsigned number = 2u * c->tag - (leg == PLAN_PRIMARY ? 1 : 0);
    if (!port || !circuit->provisioned || !private_of(circuit)) return;
    const char *subject =
        text(m, arena_printf(m->arena, "connection/%s/%s", c->label, plan_leg_name(leg)));
    const char *name = text(m, arena_printf(m->arena, "e%u", number));
    struct intent_attachment *a = add_attachment(b, name, subject, port, 0, c->tag);
    for (int f = 0; f < (link_has_ipv6(m, c) ? 2 : 1); f++) {
        struct prefix link = link_prefix(f == 0 ? FAMILY_IPV4 : FAMILY_IPV6, c->tag, leg);
        const char *peer_name =
            text(m, arena_printf(m->arena, "%s-%s%s", b->d->name, name, f == 0 ? "" : "-6"));
        add_address(a, host(&link, 2));
        struct intent_peer *p = add_peer(b, peer_name, subject, PEER_CLOUD, &link, true);
        p->asn = ASN_CLOUD;
        p->admin_down = c->down;
        /* The weight decides before the path does, and the heavier connection wins. */
        if (c->weight) p->local_pref = LOCAL_PREF_USUAL + c->weight;
    }
}

static void network_side(struct building *b, const struct plan_edge *node,
                         const struct plan_vnet *v)
{
    struct making *m = b->m;
    const char *subject = text(m, arena_printf(m->arena, "network/%s", v->name));
    size_t count = 0;
    for (size_t i = 0; i < node->networks_n; i++) {
        const struct plan_network *n = &node->networks[i];
        if (!is_network(m->in, n->vnet, v)) continue;
        const char *name =
            ++count == 1 ? "vnet" : text(m, arena_printf(m->arena, "vnet%zu", count));
        struct intent_attachment *a = add_attachment(b, name, subject, n->port, n->stag, n->ctag);
        if (!addr_is_none(&n->address.addr)) add_address(a, n->address);
        if (!addr_is_none(&n->address6.addr)) add_address(a, n->address6);
    }
    for (size_t i = 0; i < v->prefixes_n; i++)
        b->d->networks[b->d->networks_n++] =
            (struct intent_network){v->prefixes[i], v->communities, v->communities_n};
}

static void gateway_domain(struct making *m, struct intent *i, const struct plan_edge *node,
                           const struct plan_gateway *g)
{
    const struct plan_vnet *v = vnet_of(m, g);
    struct links all = links_of_gateway(m, g);
    size_t links = PLAN_LEGS * all.n;
    struct building b = {m, open_domain(m, i, links + node->networks_n, 2 * links, v->prefixes_n)};
    if (m->full) return;
    b.d->name = g->label;
    b.d->subject = text(m, arena_printf(m->arena, "gateway/%s", g->label));
    b.d->kind = DOMAIN_PLAIN;
    for (size_t k = 0; k < all.n && !m->full; k++) {
        cloud_side(&b, node, all.list[k], PLAN_PRIMARY);
        cloud_side(&b, node, all.list[k], PLAN_SECONDARY);
    }
    network_side(&b, node, v);
}

static void gateway_domains(struct making *m, const struct plan_edge *node, struct intent *i)
{
    i->domains = list(m, m->in->gateways_n, sizeof *i->domains);
    for (size_t k = 0; k < m->in->gateways_n && !m->full; k++)
        if (holds(m, node, &m->in->gateways[k])) gateway_domain(m, i, node, &m->in->gateways[k]);
}

/* --- all of them --- */

#define BY(type, member)                                                                           \
    static int type##_by_##member(const void *a, const void *b)                                    \
    {                                                                                              \
        return strcmp(((const struct plan_##type *)a)->member,                                     \
                      ((const struct plan_##type *)b)->member);                                    \
    }
BY(edge, name)
BY(circuit, label)
BY(vnet, key)
BY(gateway, label)
BY(reach, key)

static int connection_by_tag(const void *a, const void *b)
{
    return (int)((const struct plan_connection *)a)->tag -
           (int)((const struct plan_connection *)b)->tag;
}

static void sort(void *rows, size_t n, size_t size, int (*by)(const void *, const void *))
{
    if (n > 1) qsort(rows, n, size, by);
}

static void sort_input(struct plan_input *in)
{
    sort(in->edges, in->edges_n, sizeof *in->edges, edge_by_name);
    sort(in->circuits, in->circuits_n, sizeof *in->circuits, circuit_by_label);
    sort(in->vnets, in->vnets_n, sizeof *in->vnets, vnet_by_key);
    sort(in->gateways, in->gateways_n, sizeof *in->gateways, gateway_by_label);
    sort(in->connections, in->connections_n, sizeof *in->connections, connection_by_tag);
    sort(in->reaches, in->reaches_n, sizeof *in->reaches, reach_by_key);
}

bool plan_make(struct plan_input *in, struct arena *a, struct plan *out)
{
    struct making m = {.in = in, .arena = a};
    sort_input(in);
    make_indexes(&m);
    out->n = 0;
    out->rows = list(&m, in->edges_n, sizeof *out->rows);
    for (size_t k = 0; k < in->edges_n && !m.full; k++) {
        const struct plan_edge *e = &in->edges[k];
        struct plan_row *row = &out->rows[out->n++];
        *row = (struct plan_row){e->name, intent_blank};
        row->intent.dataplane = DATAPLANE_NAMESPACES;
        row->intent.router.name = e->name;
        row->intent.router.id = e->router_id;
        row->intent.router.asn = e->role == PLAN_EDGE ? ASN_CLOUD : ASN_GATEWAY;
        row->intent.router.namespace_ = e->namespace_;
        (e->role == PLAN_EDGE ? edge_domains : gateway_domains)(&m, e, &row->intent);
    }
    return !m.full;
}
