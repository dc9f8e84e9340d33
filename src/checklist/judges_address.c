/* checklist/judges_address.c - NET-IP: addresses of links, sites and virtual networks. */
#include <stdio.h>
#include <string.h>
#include "checklist/judge.h"

enum { NETWORKS_MAX = 128, SPACES_MAX = 512 };

/* ---- shape ---- */

static void shape_of(struct judging *j, const struct design_subnets *s, uint8_t link, uint8_t block)
{
    const struct prefix *legs[LEGS] = {&s->primary, &s->secondary};
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        if (addr_is_none(&legs[leg]->addr)) continue;
        at_key(j, leg == LEG_FIRST ? "/primary_prefix" : "/secondary_prefix");
        if (legs[leg]->len != link)
            broken(j, "%s on the %s leg is a /%u, not a /%u", show_prefix(j, legs[leg]), leg_name(leg),
                   legs[leg]->len, link);
        else holds(j);
    }
    if (addr_is_none(&s->block.addr)) return;
    if (s->block.len != block) {
        at_key(j, "/prefix");
        broken(j, "%s is a /%u; one block for both legs is a /%u", show_prefix(j, &s->block), s->block.len,
               block);
    } else {
        holds(j);
    }
}
static void shape_design(struct judging *j)
{
    shape_of(j, &j->p->ipv4, 30, 29);
    shape_of(j, &j->p->ipv6, 126, 125);
    if (j->f.verdict == VERDICT_NA) unclear(j, "the design gives no link subnets");
}
static void shape_live(struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        size_t n;
        const struct fact *const *list = seen_all(j, FACT_ATTACHMENT_ADDRESS, leg_subject(j, leg), &n);
        if (!n) unclear(j, "no evidence of attachment.address for %s", leg_subject(j, leg));
        for (size_t i = 0; i < n; i++) {
            const char *mask = strchr(list[i]->value, '/');
            const char *wanted = strchr(list[i]->value, ':') ? "/126" : "/30";
            if (mask && strcmp(mask, wanted) == 0) holds(j);
            else broken(j, "%s on the %s leg is no %s", list[i]->value, leg_name(leg), wanted);
        }
    }
}

/* ---- first customer, second cloud ---- */

static void turns_design(struct judging *j)
{
    const struct design_edge *e = &j->p->edge[j->leg];
    struct prefix s[2];
    size_t n = leg_subnets(j, j->leg, s);
    at_key(j, say(j, "/edge/%s", leg_name(j->leg)));
    if (!n) unclear(j, "the design gives no subnet for the %s leg", leg_name(j->leg));
    for (size_t i = 0; i < n; i++) {
        struct addr customer = prefix_host(&s[i], 1), cloud = prefix_host(&s[i], 2);
        if (e->address.family == s[i].addr.family && !addr_equal(&e->address, &customer))
            broken(j, "the %s router uses %s, %s is its address", leg_name(j->leg), show_addr(j, &e->address),
                   show_addr(j, &customer));
        if (e->neighbor.family == s[i].addr.family && !addr_equal(&e->neighbor, &cloud))
            broken(j, "the %s router's neighbour is %s, the cloud has %s", leg_name(j->leg),
                   show_addr(j, &e->neighbor), show_addr(j, &cloud));
        holds(j);
    }
}
static void turns_live(struct judging *j)
{
    struct prefix s;
    const char *peer = seen(j, FACT_SESSION_PEER, j->subject);
    const char *own = seen(j, FACT_ATTACHMENT_ADDRESS, j->subject);
    if (!peer || !own || !design_link_subnet(&j->p->ipv4, j->leg, &s)) return;
    struct addr customer = prefix_host(&s, 1), cloud = prefix_host(&s, 2);
    if (strcmp(peer, show_addr(j, &customer)) != 0)
        broken(j, "the %s session goes to %s, the customer's address is %s", leg_name(j->leg), peer,
               show_addr(j, &customer));
    if (strcmp(own, say(j, "%s/%u", show_addr(j, &cloud), s.len)) != 0)
        broken(j, "the cloud has %s on the %s leg, %s/%u is its address", own, leg_name(j->leg),
               show_addr(j, &cloud), s.len);
    holds(j);
}

/* ---- overlaps ---- */

static void outside_networks(struct judging *j, const struct prefix *link)
{
    const struct design_vnet *networks[NETWORKS_MAX];
    size_t n = linked_networks(j, j->c, networks, NETWORKS_MAX);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < networks[i]->address_spaces_n; k++)
            if (prefix_overlaps(link, &networks[i]->address_spaces[k]))
                broken(j, "%s overlaps %s of %s", show_prefix(j, link),
                       show_prefix(j, &networks[i]->address_spaces[k]), networks[i]->name);
}
static void networks_design(struct judging *j)
{
    struct prefix s[2];
    size_t have = 0;
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        size_t n = leg_subnets(j, leg, s);
        at_key(j, leg == LEG_FIRST ? "/primary_prefix" : "/secondary_prefix");
        for (size_t i = 0; i < n; i++) outside_networks(j, &s[i]);
        have += n;
    }
    if (have) holds(j);
    else unclear(j, "the design gives no link subnets");
}
static void networks_live(struct judging *j)
{
    static const enum fact_name names[] = {FACT_PEERING_PRIMARY_PREFIX, FACT_PEERING_SECONDARY_PREFIX};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct prefix p;
        const char *value = seen(j, names[i], j->subject);
        if (!value) continue;
        if (prefix_parse(value, &p) != PREFIX_FINE) unclear(j, "'%s' is no prefix", value);
        else outside_networks(j, &p), holds(j);
    }
}

static void clashes_of(struct judging *j, const struct prefix *mine, enum leg leg, int family)
{
    const struct link_clash *c = links_clashes(*j->links, j->d, j->p, leg, family);
    for (; c; c = c->next) {
        if (c->peering == j->p && c->leg <= leg) continue; /* already told of the other leg */
        broken(j, "%s and %s overlap", show_prefix(j, mine), c->what);
    }
}
static void unique_design(struct judging *j)
{
    const struct design_subnets *families[] = {&j->p->ipv4, &j->p->ipv6};
    struct prefix s;
    bool have = false;
    if (!*j->links) *j->links = links_make(j->d, j->arena);
    if (!*j->links) {
        unclear(j, "the design is too large");
        return;
    }
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++)
        for (int f = 0; f < 2; f++) {
            if (!design_link_subnet(families[f], leg, &s)) continue;
            at_key(j, leg == LEG_FIRST ? "/primary_prefix" : "/secondary_prefix");
            clashes_of(j, &s, leg, f);
            have = true;
        }
    if (have) holds(j);
    else unclear(j, "the design gives no link subnets");
}
static void unique_live(struct judging *j)
{
    struct prefix a, b;
    const char *x = seen(j, FACT_PEERING_PRIMARY_PREFIX, j->subject);
    const char *y = seen(j, FACT_PEERING_SECONDARY_PREFIX, j->subject);
    if (!x || !y) return;
    if (prefix_parse(x, &a) != PREFIX_FINE || prefix_parse(y, &b) != PREFIX_FINE)
        unclear(j, "'%s' or '%s' is no prefix", x, y);
    else if (prefix_overlaps(&a, &b)) broken(j, "%s and %s overlap", x, y);
    else holds(j);
}

/* ---- Microsoft peering, IPv6 ---- */

static void public_design(struct judging *j)
{
    struct prefix s[2];
    size_t have = 0;
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        size_t n = leg_subnets(j, leg, s);
        at_key(j, leg == LEG_FIRST ? "/primary_prefix" : "/secondary_prefix");
        for (size_t i = 0; i < n; i++)
            if (!prefix_is_public(&s[i], true)) broken(j, "%s is not public", show_prefix(j, &s[i]));
        have += n;
    }
    at_key(j, "/prefix_holder");
    if (!have) unclear(j, "the design gives no link subnets");
    else if (j->p->prefix_holder == PARTY_UNSAID) unclear(j, "the design does not say whose the subnets are");
    else if (j->p->prefix_holder == PARTY_OTHER) broken(j, "the subnets are registered to somebody else");
    else holds(j);
}

static const char *if_ipv6(const struct judging *j)
{
    struct prefix p;
    if (j->kind != PEERING_PRIVATE) return "only for private peering";
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++)
        if (design_link_subnet(&j->p->ipv6, leg, &p)) return NULL;
    return "no IPv6 on this peering";
}
static bool has_ipv6(const struct prefix *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].addr.family == FAMILY_IPV6) return true;
    return false;
}
static bool gateway_ipv6(const struct design_vnet *v)
{
    for (size_t i = 0; i < v->subnets_n; i++)
        if (strcmp(v->subnets[i].name, "GatewaySubnet") == 0 &&
            v->subnets[i].prefix.addr.family == FAMILY_IPV6)
            return true;
    return false;
}
static void dual_design(struct judging *j)
{
    const struct design_vnet *networks[NETWORKS_MAX];
    size_t n = linked_networks(j, j->c, networks, NETWORKS_MAX);
    at_key(j, "/ipv6");
    if (!n) unclear(j, "no virtual network is linked to %s", j->c->name);
    for (size_t i = 0; i < n; i++) {
        if (!has_ipv6(networks[i]->address_spaces, networks[i]->address_spaces_n))
            broken(j, "%s has IPv4 only", networks[i]->name);
        else if (!gateway_ipv6(networks[i])) broken(j, "the gateway subnet of %s has IPv4 only", networks[i]->name);
        holds(j);
    }
}

/* ---- one routing domain ---- */

struct space {
    struct prefix prefix;
    const char *holder;
};

static size_t add_network(const struct design_vnet *v, struct space *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (out[i].holder == v->name) return n; /* linked twice */
    for (size_t i = 0; i < v->address_spaces_n && n < SPACES_MAX; i++)
        out[n++] = (struct space){v->address_spaces[i], v->name};
    return n;
}

static size_t spaces_of(const struct judging *j, struct space *out)
{
    const struct design_vnet *networks[NETWORKS_MAX];
    size_t n = 0, linked = linked_networks(j, j->c, networks, NETWORKS_MAX);
    for (size_t i = 0; i < linked; i++) {
        n = add_network(networks[i], out, n);
        for (size_t k = 0; k < networks[i]->peers_n; k++)
            n = add_network(design_vnet(j->d, networks[i]->peers[k]), out, n);
    }
    return n;
}

/* Prefixes of the sites behind the circuit against the networks; sites of one owner may share theirs. */
static void against_site(struct judging *j, const struct design_site *site, const struct space *all, size_t n)
{
    for (size_t i = 0; i < site->prefixes_n; i++) {
        const struct prefix *p = &site->prefixes[i];
        if (prefix_is_default(p)) continue;
        for (size_t k = 0; k < n; k++)
            if (prefix_overlaps(p, &all[k].prefix))
                broken(j, "%s and %s both hold %s", all[k].holder, site->name,
                       show_prefix(j, p->len > all[k].prefix.len ? p : &all[k].prefix));
    }
}
static void against_sites(struct judging *j, const struct space *all, size_t n)
{
    const struct design_site *last = NULL;
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        const struct design_site *site = NULL;
        design_router(j->d, j->c->links[leg].router, &site);
        if (site && site != last) against_site(j, site, all, n);
        last = site ? site : last;
    }
}

static const char *if_linked(const struct judging *j)
{
    const struct design_vnet *one[1];
    return linked_networks(j, j->c, one, 1) ? NULL : "no virtual network is linked to this circuit";
}
static void domain_design(struct judging *j)
{
    struct space *all = arena_take_array(j->arena, SPACES_MAX, sizeof *all);
    if (!all) return;
    size_t networks = spaces_of(j, all);
    at_key(j, "");
    if (!networks) {
        unclear(j, "the linked virtual networks have no address_spaces");
        return;
    }
    against_sites(j, all, networks);
    for (size_t i = 0; i < networks; i++)
        for (size_t k = i + 1; k < networks; k++)
            if (all[i].holder != all[k].holder && prefix_overlaps(&all[i].prefix, &all[k].prefix))
                broken(j, "%s and %s both hold %s", all[i].holder, all[k].holder,
                       show_prefix(j, all[i].prefix.len > all[k].prefix.len ? &all[i].prefix
                                                                            : &all[k].prefix));
    holds(j);
}
static void domain_live(struct judging *j)
{
    struct space *all = arena_take_array(j->arena, SPACES_MAX, sizeof *all);
    if (!all || !j->c->peerings[PEERING_PRIVATE].there) return;
    size_t networks = spaces_of(j, all);
    j->kind = PEERING_PRIVATE;
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        size_t n;
        const struct fact *const *list = seen_all(j, FACT_ROUTE, leg_subject(j, leg), &n);
        if (!n && !seen(j, FACT_SESSION_STATE, leg_subject(j, leg))) continue;
        for (size_t i = 0; i < n; i++) {
            char text[PREFIX_TEXT_MAX];
            struct prefix p;
            if (sscanf(list[i]->value, "%49s", text) != 1 || prefix_parse(text, &p) != PREFIX_FINE) continue;
            for (size_t k = 0; k < networks && !prefix_is_default(&p); k++)
                if (prefix_overlaps(&p, &all[k].prefix))
                    broken(j, "%s is announced by the site and held by %s", text, all[k].holder);
        }
        holds(j);
    }
}

const struct judge_row judges_address[] = {
    {"NET-IP-01", SCOPE_PEERING, NULL, shape_design, shape_live},
    {"NET-IP-02", SCOPE_LEG, NULL, turns_design, turns_live},
    {"NET-IP-03", SCOPE_PEERING, if_private, networks_design, networks_live},
    {"NET-IP-04", SCOPE_PEERING, NULL, unique_design, unique_live},
    {"NET-IP-05", SCOPE_PEERING, if_microsoft, public_design, NULL},
    {"NET-IP-06", SCOPE_PEERING, if_ipv6, dual_design, NULL},
    {"NET-IP-07", SCOPE_CIRCUIT, if_linked, domain_design, domain_live},
    {0},
};
