/* lab/design.c - from a design file to a lab's parameters.
 * The lab builds one circuit: the first of the design, with its private peering, the site its two
 * links end in, and the first connection's gateway and virtual network. A design may say less than
 * that (for an offline check); then the sentence names the key that is missing. */
#include "lab/design.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lab/state.h"
#include "model/design.h"
#include "model/design_json.h"
#include "sys/yaml.h"

const char *lab_demo_design(char buf[static 512])
{
    char self[384];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = 0;
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(self, '/');
        if (slash) *slash = 0;
    }
    snprintf(buf, 512, "%s/examples/demo.yaml", self);
    if (access(buf, R_OK) != 0) snprintf(buf, 512, "%s/share/fairlead/examples/demo.yaml", self);
    return buf;
}

/* --- picking --- */

static bool missing(struct text *why, const char *what)
{
    text_addf(why, "the design cannot be built as a lab: %s", what);
    return false;
}

static bool take_link(const struct design *d, const struct design_circuit *c, enum lab_leg leg,
                      struct lab_params *out, struct text *why)
{
    enum leg at = leg == LEG_PRIMARY ? LEG_FIRST : LEG_SECOND;
    struct design_leg l = design_leg_of(d, c, PEERING_PRIVATE, at);
    struct lab_circuit_leg *to = &out->legs[leg];
    if (!l.router || !l.site)
        return missing(why, "each link of the circuit needs a router of a site");
    if (l.router->address.family != FAMILY_IPV4)
        return missing(why, "a router has no IPv4 address on its LAN");
    if (!design_link_subnet(&c->peerings[PEERING_PRIVATE].ipv4, at, &to->link))
        return missing(why, "the private peering lacks primary_prefix or secondary_prefix");
    to->customer = prefix_host(&to->link, 1);
    to->cloud = prefix_host(&to->link, 2);
    out->ce[leg] = l.router->address;
    if (leg == LEG_PRIMARY && l.router->kind != ROUTER_FAIRLEAD)
        return missing(why, "the primary link's router must be of kind fairlead");
    if (leg == LEG_SECONDARY && l.router->kind != ROUTER_BIRD && l.router->kind != ROUTER_FRR)
        return missing(why, "the secondary link's router must be of kind bird or frr");
    out->ce2_kind = l.router->kind == ROUTER_FRR ? LAB_CE_FRR : LAB_CE_BIRD;
    return true;
}

/* A key goes into configuration files of other programs: only what none of them reads as syntax. */
static bool plain_key(const char *s)
{
    static const char *const allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return s[strspn(s, allowed)] == 0;
}

static bool take_circuit(const struct design *d, const struct design_circuit *c,
                         struct arena *arena, struct lab_params *out, struct text *why)
{
    const struct design_peering *p = &c->peerings[PEERING_PRIVATE];
    if (!p->there) return missing(why, "the circuit has no private peering");
    if (!plain_key(p->shared_key))
        return missing(why, "the shared key has other characters than letters, digits and -_.");
    char *tier = arena_text(arena, c->sku), *underscore = tier ? strchr(tier, '_') : NULL;
    if (!underscore) return missing(why, "the circuit's sku is not of the form Tier_Family");
    *underscore = 0;
    out->circuit = c->name;
    out->provider = c->provider;
    out->location = c->peering_location;
    out->tier = tier;
    out->family = underscore + 1;
    out->bandwidth_mbps = c->bandwidth_mbps;
    out->region = design_region(d, c);
    out->vlan = p->vlan;
    out->shared_key = p->shared_key;
    out->bfd = p->bfd.on == SAID_YES;
    return take_link(d, c, LEG_PRIMARY, out, why) && take_link(d, c, LEG_SECONDARY, out, why);
}

static bool take_site(const struct design *d, const struct design_circuit *c,
                      struct lab_params *out, struct text *why)
{
    const struct design_site *s = NULL;
    design_router(d, c->links[LEG_FIRST].router, &s);
    if (!s || s->prefixes_n == 0 || s->prefixes[0].addr.family != FAMILY_IPV4)
        return missing(why, "the site announces no IPv4 prefix");
    if (s->lan.addr.family != FAMILY_IPV4) return missing(why, "the site has no IPv4 lan");
    if (s->hosts_n == 0) return missing(why, "the site has no host");
    out->site_asn = s->asn ? s->asn : c->peerings[PEERING_PRIVATE].peer_asn;
    out->site = s->prefixes[0];
    out->lan = s->lan;
    out->host = s->hosts[0].address;
    return true;
}

static bool take_vnet(const struct design_vnet *v, struct lab_params *out, struct text *why)
{
    if (v->address_spaces_n == 0 || v->address_spaces[0].addr.family != FAMILY_IPV4)
        return missing(why, "the virtual network has no IPv4 address space");
    if (v->hosts_n == 0) return missing(why, "the virtual network has no host");
    out->vnet = v->name;
    out->vnet_space = v->address_spaces[0];
    out->vnet_host = v->hosts[0].address;
    for (size_t i = 0; i < v->subnets_n; i++) {
        const struct design_subnet *s = &v->subnets[i];
        if (strcmp(s->name, "GatewaySubnet") == 0)
            out->gateway_subnet = s->prefix;
        else if (prefix_has(&s->prefix, &out->vnet_host))
            out->vnet_subnet = s->prefix, out->vnet_subnet_name = s->name;
    }
    if (!out->vnet_subnet_name) return missing(why, "no subnet holds the virtual network's host");
    if (out->gateway_subnet.len == 0)
        return missing(why, "the virtual network has no GatewaySubnet");
    out->vnet_router = prefix_host(&out->vnet_subnet, 1);
    return true;
}

static bool take_connection(const struct design *d, const struct design_circuit *c,
                            struct lab_params *out, struct text *why)
{
    const struct design_connection *found = NULL;
    for (size_t i = 0; i < d->connections_n && !found; i++)
        if (strcmp(d->connections[i].circuit, c->name) == 0) found = &d->connections[i];
    const struct design_gateway *g = found ? design_gateway(d, found->gateway) : NULL;
    const struct design_vnet *v = g ? design_vnet(d, g->virtual_network) : NULL;
    if (!v) return missing(why, "no connection links the circuit to a virtual network's gateway");
    out->connection = found->name;
    out->gateway = g->name;
    out->gateway_sku = g->sku;
    return take_vnet(v, out, why);
}

static bool take_design(const struct design *d, const char *lab, struct arena *arena,
                        struct lab_params *out, struct text *why)
{
    *out = (struct lab_params){.lab = lab};
    if (d->circuits_n == 0) return missing(why, "it has no circuit");
    const struct design_circuit *c = &d->circuits[0];
    out->group = d->resource_group[0] ? d->resource_group : "rg-lab";
    return take_circuit(d, c, arena, out, why) && take_site(d, c, out, why) &&
           take_connection(d, c, out, why);
}

/* --- reading --- */

static void quote_problems(const struct yaml_doc *doc, const struct problems *problems,
                           struct text *why)
{
    char *s = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&s, &n);
    if (!f) return;
    yaml_print_problems(doc, problems, f);
    fclose(f);
    while (n > 0 && s[n - 1] == '\n') n--;
    text_add_n(why, s, n);
    free(s);
}

bool lab_params_read(const char *file, const char *lab, struct arena *arena, struct lab_params *out,
                     struct text *why)
{
    struct problems problems;
    problems_init(&problems, arena);
    struct yaml_doc *doc = yaml_read_file(file, &problems);
    const json_t *root = yaml_root(doc);
    struct design *d = root ? design_from_json(root, arena, &problems) : NULL;
    if (!d || problems.count) quote_problems(doc, &problems, why);
    bool good = d && !problems.count && take_design(d, lab, arena, out, why);
    yaml_drop(doc);
    return good;
}
