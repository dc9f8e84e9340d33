/* render/gather.c - from a design to what ends on one router. */
#include <stdio.h>
#include "render/render_priv.h"

enum { KEEPALIVE_S = 60, HOLD_S = 180, BFD_MS = 300, BFD_MULTIPLIER = 3, FROM_CLOUD_PRIVATE = 1000, FROM_CLOUD_MICROSOFT = 4000 };

const char *render_name(enum render_for f)
{
    static const char *const names[RENDER_DIALECTS] = {"fairlead", "frr", "bird", "ios-xe", "junos"};
    return names[f];
}

/* ---- words of the design that would be syntax in a router's file ---- */

static bool plain(const char *s, const char *also)
{
    for (; *s; s++) {
        bool letter = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9');
        if (!letter && !strchr(also, *s)) return false;
    }
    return true;
}

/* A port's name, or what stands in for it. */
static const char *port_name(const char *s) { return *s && plain(s, "-_./:") ? s : "wan0"; }

/* ---- prefixes ---- */

static void add_prefix(struct prefix *list, size_t *n, const struct prefix *p)
{
    for (size_t i = 0; i < *n; i++)
        if (prefix_equal(&list[i], p)) return;
    if (*n < RENDER_PREFIXES_MAX) list[(*n)++] = *p;
}

/* Microsoft peering announces what the customer said, private peering what the site has. */
static void gather_announce(const struct design_peering *p, const struct design_leg *leg, enum peering_kind kind,
                            const struct design_edge *e, struct render_session *s)
{
    struct prefix parsed;
    for (size_t i = 0; kind == PEERING_MICROSOFT && !e->announce_n && i < p->advertised_prefixes_n; i++)
        if (prefix_parse(p->advertised_prefixes[i], &parsed) == PREFIX_FINE)
            add_prefix(s->announce, &s->announce_n, &parsed);
    if (kind == PEERING_MICROSOFT && !e->announce_n) return;
    for (size_t i = 0; i < leg->announce_n; i++) add_prefix(s->announce, &s->announce_n, &leg->announce[i]);
}

static void accept_network(const struct design_vnet *v, struct render_session *s)
{
    for (size_t i = 0; v && i < v->address_spaces_n; i++) add_prefix(s->accept, &s->accept_n, &v->address_spaces[i]);
}

/* Private peering: the address spaces of linked networks and of those peered with them. */
static void gather_accept(const struct design *d, const struct design_circuit *c, struct render_session *s)
{
    for (size_t i = 0; i < d->connections_n; i++) {
        const struct design_connection *k = &d->connections[i];
        const struct design_gateway *g = strcmp(k->circuit, c->name) == 0 ? design_gateway(d, k->gateway) : NULL;
        const struct design_vnet *v = g ? design_vnet(d, g->virtual_network) : NULL;
        accept_network(v, s);
        for (size_t n = 0; v && n < v->peers_n; n++) accept_network(design_vnet(d, v->peers[n]), s);
    }
}

static void gather_communities(const struct design *d, const struct design_peering *p, struct render_session *s)
{
    for (size_t i = 0; i < d->route_filters_n; i++) {
        const struct design_filter *f = &d->route_filters[i];
        if (strcmp(f->name, p->route_filter) != 0) continue;
        for (size_t k = 0; k < f->rules_n; k++)
            for (size_t n = 0; n < f->rules[k].communities_n && s->communities_n < RENDER_COMMUNITIES_MAX; n++)
                if (plain(f->rules[k].communities[n], ":")) s->communities[s->communities_n++] = f->rules[k].communities[n];
    }
}

/* ---- a session ---- */

static void gather_addresses(const struct design_peering *p, enum leg leg, struct render_session *s)
{
    if (design_link_subnet(&p->ipv4, leg, &s->link)) {
        s->customer = prefix_host(&s->link, 1);
        s->cloud = prefix_host(&s->link, 2);
    }
    if (design_link_subnet(&p->ipv6, leg, &s->link6)) {
        s->customer6 = prefix_host(&s->link6, 1);
        s->cloud6 = prefix_host(&s->link6, 2);
    }
}

/* On a Direct pair with two tags the customer writes both; elsewhere the provider adds the outer one,
 * unless the design sets one for the router. */
static uint16_t own_stag(const struct design *d, const struct design_circuit *c, const struct design_edge *e,
                         const struct design_leg *leg)
{
    const struct design_port *port = *c->port ? design_port(d, c->port) : NULL;
    if (e->outer_tag) return e->outer_tag;
    return port && port->tagging == TAGGING_QINQ ? leg->outer_tag : 0;
}

/* PORT.TAG, with the port cut so that the whole has the 15 characters of an interface on Linux. */
static void sub_interface(char out[static 16], const char *port, unsigned tag)
{
    char end[8];
    int n = snprintf(end, sizeof end, ".%u", tag & 0xfff);
    snprintf(out, 16, "%.*s%.7s", 15 - n, port, end);
}

/* "et-0/0/0" is "et-0-0-0" on Linux. */
static void name_interfaces(struct render_session *s)
{
    char outer[16];
    snprintf(s->linux_port, sizeof s->linux_port, "%.15s", s->port);
    for (char *p = s->linux_port; *p; p++)
        if (*p == '/' || *p == ':') *p = '-';
    sub_interface(outer, s->linux_port, s->stag);
    sub_interface(s->interface, s->stag ? outer : s->linux_port, s->vlan);
}

static void gather_session(const struct design *d, const struct design_circuit *c, enum peering_kind kind, enum leg leg,
                           struct render_router *r)
{
    const struct design_peering *p = &c->peerings[kind];
    const struct design_edge *e = &p->edge[leg];
    struct design_leg l = design_leg_of(d, c, kind, leg);
    if (r->sessions_n == RENDER_SESSIONS_MAX) return;
    struct render_session *s = &r->sessions[r->sessions_n++];
    *s = (struct render_session){.circuit = c->name, .kind = kind, .leg = leg, .vlan = l.vlan, .remote_asn = l.remote_asn,
                                 .port = port_name(c->links[leg].port),
                                 .key = plain(l.shared_key, "-_.") ? l.shared_key : "",
                                 .key_left_out = !plain(l.shared_key, "-_."),
                                 .bfd = l.bfd, .keepalive_s = e->keepalive_s ? e->keepalive_s : KEEPALIVE_S,
                                 .hold_s = e->hold_s ? e->hold_s : HOLD_S, .prepend = e->prepend, .med = e->med,
                                 .local_pref = e->local_pref, .bandwidth_mbps = c->bandwidth_mbps, .inbound_deny = p->acl.inbound_deny == SAID_YES,
                                 .max_prefixes = kind == PEERING_MICROSOFT ? FROM_CLOUD_MICROSOFT : FROM_CLOUD_PRIVATE};
    if (!s->bfd.min_tx_ms) s->bfd.min_tx_ms = BFD_MS;
    if (!s->bfd.min_rx_ms) s->bfd.min_rx_ms = BFD_MS;
    if (!s->bfd.multiplier) s->bfd.multiplier = BFD_MULTIPLIER;
    snprintf(s->name, sizeof s->name, "%.36s-%s-%s", c->name, peering_kind_name(kind), leg_name(leg));
    s->stag = own_stag(d, c, e, &l);
    name_interfaces(s);
    gather_addresses(p, leg, s);
    gather_announce(p, &l, kind, e, s);
    if (kind == PEERING_PRIVATE) gather_accept(d, c, s);
    else gather_communities(d, p, s);
    for (size_t i = 0; i < s->announce_n; i++) add_prefix(r->own, &r->own_n, &s->announce[i]);
}

/* ---- NAT, QoS, neighbours ---- */

static bool has_microsoft(const struct render_router *r)
{
    for (size_t i = 0; i < r->sessions_n; i++)
        if (r->sessions[i].kind == PEERING_MICROSOFT) return true;
    return false;
}

/* A pool of a circuit, or of a leg, that ends elsewhere is another router's. */
static bool pool_ends_here(const struct render_router *r, const struct design_pool *p)
{
    for (size_t i = 0; i < r->sessions_n; i++) {
        const struct render_session *s = &r->sessions[i];
        if (s->kind != PEERING_MICROSOFT || (*p->circuit && strcmp(p->circuit, s->circuit) != 0)) continue;
        if (!*p->leg || strcmp(p->leg, leg_name(s->leg)) == 0) return true;
    }
    return false;
}

static void gather_rest(const struct design *d, const struct design_site *site, struct render_router *r)
{
    for (size_t i = 0; has_microsoft(r) && i < d->nat.pools_n && r->pools_n < RENDER_POOLS_MAX; i++)
        if (d->nat.pools[i].path == PATH_CIRCUIT && pool_ends_here(r, &d->nat.pools[i]) && plain(d->nat.pools[i].name, "-_.")) r->pools[r->pools_n++] = &d->nat.pools[i];
    for (size_t i = 0; i < d->qos.classes_n && r->classes_n < RENDER_CLASSES_MAX; i++)
        if (plain(d->qos.classes[i].workload, "-_.")) r->classes[r->classes_n++] = &d->qos.classes[i];
    for (size_t i = 0; i < site->routers_n && r->near_n < RENDER_NEAR_MAX; i++) {
        const struct design_router *o = &site->routers[i];
        if (strcmp(o->name, r->name) == 0 || addr_is_none(&o->address) || addr_is_none(&r->lan)) continue;
        r->near[r->near_n].name = o->name;
        r->near[r->near_n++].address = o->address;
    }
}

bool render_gather(const struct design *d, const char *router, struct render_router *out)
{
    const struct design_site *site = NULL;
    const struct design_router *r = design_router(d, router, &site);
    if (!r || !site) return false;
    *out = (struct render_router){.name = r->name, .site = site->name, .lan = r->address, .lan_len = site->lan.len,
                                  .asn = r->asn ? r->asn : site->asn};
    for (size_t c = 0; c < d->circuits_n; c++)
        for (enum leg leg = LEG_FIRST; leg < LEGS; leg++)
            for (int k = 0; k < PEERING_KINDS; k++)
                if (strcmp(d->circuits[c].links[leg].router, router) == 0 && d->circuits[c].peerings[k].there && k != PEERING_PUBLIC)
                    gather_session(d, &d->circuits[c], (enum peering_kind)k, leg, out);
    if (!out->sessions_n) return false;
    if (!out->asn) out->asn = design_leg_of(d, design_circuit(d, out->sessions[0].circuit), out->sessions[0].kind, out->sessions[0].leg).asn;
    out->id = out->lan.family == FAMILY_IPV4 ? out->lan : out->sessions[0].customer;
    gather_rest(d, site, out);
    return true;
}

/* ---- what dialects share ---- */

bool has_six(const struct prefix *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_six(&list[i])) return true;
    return false;
}

const char *dscp_class(uint8_t dscp, char buf[static 8])
{
    unsigned class = dscp / 8, drop = dscp % 8 / 2;
    if (dscp == 46) return "ef";
    if (dscp % 8 == 0) snprintf(buf, 8, "cs%u", class);
    else if (class >= 1 && class <= 4 && dscp % 2 == 0 && drop >= 1) snprintf(buf, 8, "af%u%u", class, drop);
    else snprintf(buf, 8, "%u", dscp);
    return buf;
}

void render_head(const struct render_router *r, const char *mark, struct text *out)
{
    text_addf(out, "%s %s of site %s, made from the design by fairlead config render\n", mark, r->name, r->site);
    for (size_t i = 0; i < r->sessions_n; i++) {
        const struct render_session *s = &r->sessions[i];
        text_addf(out, "%s   %s leg of %s, %s peering: VLAN %u on %s%s\n", mark, leg_name(s->leg), s->circuit,
                  peering_kind_name(s->kind), s->vlan, s->port,
                  s->stag ? " inside an outer tag" : "; the provider adds its outer tag");
        if (s->key_left_out)
            text_addf(out, "%s   its key is left out: it has characters that a router's file would read as syntax\n", mark);
    }
}

static void linux_interface(const struct render_session *s, const char *mark, struct text *out)
{
    char outer[16];
    sub_interface(outer, s->linux_port, s->stag);
    if (s->stag)
        text_addf(out, "%s   ip link add link %s name %s type vlan proto 802.1Q id %u && ip link set %s up\n", mark, s->linux_port,
                  outer, s->stag, outer);
    text_addf(out, "%s   ip link add link %s name %s type vlan id %u && ip link set %s up\n", mark, s->stag ? outer : s->linux_port,
              s->interface, s->vlan, s->interface);
    if (has_addr(&s->customer))
        text_addf(out, "%s   ip addr add %s/%u dev %s\n", mark, ADDR(&s->customer), s->link.len, s->interface);
    if (has_addr(&s->customer6))
        text_addf(out, "%s   ip addr add %s/%u dev %s\n", mark, ADDR(&s->customer6), s->link6.len, s->interface);
}

static void linux_nat(const struct render_router *r, const char *mark, struct text *out)
{
    for (size_t i = 0; i < r->sessions_n; i++) {
        if (r->sessions[i].kind != PEERING_MICROSOFT) continue;
        for (size_t p = 0; p < r->pools_n; p++)
            for (size_t k = 0; k < r->pools[p]->sources_n; k++)
                text_addf(out, "%s   nft add rule ip nat postrouting oifname \"%s\" ip saddr %s snat to %s comment \"%s\"\n",
                          mark, r->sessions[i].interface, PREFIX(&r->pools[p]->sources[k]), PREFIX(&r->pools[p]->prefix),
                          r->pools[p]->name);
    }
}

static void linux_qos(const struct render_router *r, const char *mark, struct text *out)
{
    for (size_t i = 0; i < r->sessions_n; i++) {
        const struct render_session *s = &r->sessions[i];
        if (!s->bandwidth_mbps) continue;
        text_addf(out, "%s   tc qdisc replace dev %s root handle 1: htb default 9\n", mark, s->interface);
        text_addf(out, "%s   tc class replace dev %s parent 1: classid 1:1 htb rate %umbit\n", mark, s->interface, s->bandwidth_mbps);
        text_addf(out, "%s   tc class replace dev %s parent 1:1 classid 1:9 htb rate 1mbit ceil %umbit prio 7\n", mark, s->interface, s->bandwidth_mbps);
        for (size_t k = 0; k < r->classes_n; k++) {
            const struct design_class *c = r->classes[k];
            text_addf(out, "%s   tc class replace dev %s parent 1:1 classid 1:%zu htb rate 1mbit ceil %umbit prio %zu\n", mark,
                      s->interface, k + 10, s->bandwidth_mbps, k);
            text_addf(out, "%s   tc filter replace dev %s parent 1: protocol ip prio %zu u32 match ip tos 0x%02x 0xfc flowid 1:%zu\n",
                      mark, s->interface, k + 1, c->dscp << 2, k + 10);
        }
    }
}

void render_linux(const struct render_router *r, const char *mark, struct text *out)
{
    text_addf(out, "%s Linux needs these besides (interfaces, translation, the circuit's rate):\n", mark);
    for (size_t i = 0; i < r->sessions_n; i++) linux_interface(&r->sessions[i], mark, out);
    linux_nat(r, mark, out);
    linux_qos(r, mark, out);
}

void render_text(enum render_for f, const struct render_router *r, struct text *out)
{
    static void (*const writers[RENDER_DIALECTS])(const struct render_router *, struct text *) = {
        render_fairlead, render_frr, render_bird, render_ios_xe, render_junos};
    writers[f](r, out);
}
