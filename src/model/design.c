/* model/design.c - the questions that need more of a design than one field. */
#include "model/design.h"
#include <string.h>
#include "base/date.h"
#include "net/asn.h"

const char *leg_name(enum leg leg) { return leg == LEG_FIRST ? "primary" : "secondary"; }

const char *peering_kind_name(enum peering_kind kind)
{
    static const char *const names[] = {"private", "microsoft", "public"};
    return names[kind];
}

const char *design_party_name(enum design_party p)
{
    static const char *const names[] = {"nobody named", "the customer", "the provider", "somebody else"};
    return names[p];
}

const struct design_circuit *design_circuit(const struct design *d, const char *name)
{
    for (size_t i = 0; i < d->circuits_n; i++)
        if (strcmp(d->circuits[i].name, name) == 0) return &d->circuits[i];
    return NULL;
}

const struct design_vnet *design_vnet(const struct design *d, const char *name)
{
    for (size_t i = 0; i < d->virtual_networks_n; i++)
        if (strcmp(d->virtual_networks[i].name, name) == 0) return &d->virtual_networks[i];
    return NULL;
}

const struct design_gateway *design_gateway(const struct design *d, const char *name)
{
    for (size_t i = 0; i < d->gateways_n; i++)
        if (strcmp(d->gateways[i].name, name) == 0) return &d->gateways[i];
    return NULL;
}

const struct design_port *design_port(const struct design *d, const char *name)
{
    for (size_t i = 0; i < d->ports_n; i++)
        if (strcmp(d->ports[i].name, name) == 0) return &d->ports[i];
    return NULL;
}

const struct design_filter *design_filter(const struct design *d, const char *name)
{
    for (size_t i = 0; i < d->route_filters_n; i++)
        if (strcmp(d->route_filters[i].name, name) == 0) return &d->route_filters[i];
    return NULL;
}

const struct design_site *design_site(const struct design *d, const char *name)
{
    for (size_t i = 0; i < d->sites_n; i++)
        if (strcmp(d->sites[i].name, name) == 0) return &d->sites[i];
    return NULL;
}

const struct design_router *design_router(const struct design *d, const char *name,
                                          const struct design_site **site)
{
    for (size_t i = 0; i < d->sites_n; i++)
        for (size_t j = 0; j < d->sites[i].routers_n; j++)
            if (strcmp(d->sites[i].routers[j].name, name) == 0) {
                if (site) *site = &d->sites[i];
                return &d->sites[i].routers[j];
            }
    return NULL;
}

bool design_is_direct(const struct design_circuit *c)
{
    return *c->port != 0 || c->model == MODEL_DIRECT;
}

bool design_is_premium(const struct design_circuit *c) { return strncmp(c->sku, "Premium_", 8) == 0; }

const char *design_region(const struct design *d, const struct design_circuit *c)
{
    return *c->region ? c->region : d->region;
}

bool design_link_subnet(const struct design_subnets *s, enum leg leg, struct prefix *out)
{
    const struct prefix *own = leg == LEG_FIRST ? &s->primary : &s->secondary;
    if (!addr_is_none(&own->addr)) {
        *out = *own;
        return true;
    }
    if (addr_is_none(&s->block.addr) || s->block.len >= addr_bits((enum family)s->block.addr.family))
        return false;
    struct prefix half[LEGS];
    prefix_split(&s->block, &half[LEG_FIRST], &half[LEG_SECOND]);
    *out = half[leg];
    return true;
}

static struct design_bfd laid_over(struct design_bfd own, struct design_bfd peering)
{
    return own.on == UNSAID ? peering : own;
}

struct design_leg design_leg_of(const struct design *d, const struct design_circuit *c,
                                enum peering_kind kind, enum leg leg)
{
    const struct design_peering *p = &c->peerings[kind];
    const struct design_edge *e = &p->edge[leg];
    const struct design_link *l = &c->links[leg];
    struct design_leg out = {.shared_key = *e->shared_key ? e->shared_key : p->shared_key,
                             .bfd = laid_over(e->bfd, p->bfd),
                             .asn = e->asn ? e->asn : p->peer_asn,
                             .remote_asn = e->remote_asn ? e->remote_asn : ASN_CLOUD,
                             .vlan = e->vlan ? e->vlan : p->vlan,
                             .outer_tag = e->outer_tag ? e->outer_tag : l->outer_tag};
    out.router = *l->router ? design_router(d, l->router, &out.site) : NULL;
    out.announce = e->announce;
    out.announce_n = e->announce_n;
    if (!e->announce_n && kind != PEERING_PRIVATE) {
        out.announce = p->declared;
        out.announce_n = p->declared_n;
    } else if (!e->announce_n && out.site) {
        out.announce = out.site->prefixes;
        out.announce_n = out.site->prefixes_n;
    }
    return out;
}

bool design_date(const char *s, int64_t *out_days) { return date_days(s, out_days); }
