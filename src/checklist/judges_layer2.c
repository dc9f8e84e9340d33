/* checklist/judges_layer2.c - NET-L2: tags, ports, and who answers on the wire. */
#include <stdio.h>
#include <string.h>
#include "checklist/judge.h"
#include "net/tags.h"

static void own_vlan_design(struct judging *j)
{
    at_key(j, "/vlan");
    if (j->p->zero_vlan) broken(j, "VLAN 0 is not in 1 to 4094");
    if (!j->p->vlan) {
        unclear(j, "the design gives no VLAN id");
        return;
    }
    if (j->p->vlan > TAG_MAX) broken(j, "VLAN %u is not in 1 to 4094", j->p->vlan);
    for (int k = 0; k < PEERING_KINDS; k++) {
        const struct design_peering *o = &j->c->peerings[k];
        if (o != j->p && o->there && o->vlan == j->p->vlan)
            broken(j, "%s peering has VLAN %u too", peering_kind_name((enum peering_kind)k), j->p->vlan);
    }
    holds(j);
}
static void own_vlan_live(struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++)
        wants(j, FACT_ATTACHMENT_CTAG, leg_subject(j, leg), say(j, "%u", j->p->vlan));
}

static void same_vlan_design(struct judging *j)
{
    struct design_leg a = design_leg_of(j->d, j->c, j->kind, LEG_FIRST);
    struct design_leg b = design_leg_of(j->d, j->c, j->kind, LEG_SECOND);
    at_key(j, "/vlan");
    if (!a.vlan || !b.vlan) unclear(j, "the design gives no VLAN id");
    else if (a.vlan != b.vlan) broken(j, "VLAN %u on primary, %u on secondary", a.vlan, b.vlan);
    else if (a.vlan != j->p->vlan) broken(j, "the peering says VLAN %u, the routers %u", j->p->vlan, a.vlan);
    else holds(j);
}
static void same_vlan_live(struct judging *j)
{
    const char *a = seen(j, FACT_ATTACHMENT_CTAG, leg_subject(j, LEG_FIRST));
    const char *b = seen(j, FACT_ATTACHMENT_CTAG, leg_subject(j, LEG_SECOND));
    if (!a || !b) return;
    if (strcmp(a, b) == 0) holds(j);
    else broken(j, "C-tag %s on primary, %s on secondary", a, b);
}

static const char *if_qinq(const struct judging *j)
{
    const struct design_port *p = *j->c->port ? design_port(j->d, j->c->port) : NULL;
    return p && p->tagging == TAGGING_DOT1Q ? "this hand-off has one tag only" : NULL;
}
static const char *if_dot1q(const struct judging *j)
{
    const struct design_port *p = *j->c->port ? design_port(j->d, j->c->port) : NULL;
    return p && p->tagging == TAGGING_DOT1Q ? NULL : "only for Direct ports with one tag";
}

static void tags_design(struct judging *j)
{
    const struct design_link *l = &j->c->links[j->leg];
    struct design_leg leg = design_leg_of(j->d, j->c, j->kind, j->leg);
    at_key(j, say(j, "/edge/%s", leg_name(j->leg)));
    if (leg.outer_tag != l->outer_tag && l->outer_tag)
        broken(j, "the router uses S-tag %u, %u is agreed", leg.outer_tag, l->outer_tag);
    if (leg.vlan != j->p->vlan)
        broken(j, "the router uses C-tag %u, the peering says %u", leg.vlan, j->p->vlan);
    if (!l->outer_tag) unclear(j, "the design does not give the outer_tag of the %s link", leg_name(j->leg));
    holds(j);
}

/* An ARP entry of the customer's side that is good: "address mac state". */
static bool resolved(const char *entry)
{
    char mac[32], state[32];
    if (sscanf(entry, "%*s %31s %31s", mac, state) != 2) return false;
    return strlen(mac) == 17 && strcmp(mac, "00:00:00:00:00:00") != 0 && strcmp(state, "failed") != 0 &&
           strcmp(state, "incomplete") != 0;
}

static bool any_resolved(struct judging *j)
{
    size_t n;
    const struct fact *const *list = seen_all(j, FACT_NEIGHBOR, j->subject, &n);
    for (size_t i = 0; i < n; i++)
        if (resolved(list[i]->value)) return true;
    return false;
}

/* Counters of unknown tags keep what a mistake left behind; they accuse only while nobody answers. */
static void tags_live(struct judging *j)
{
    unsigned outer, inner;
    const char *wrong = seen_if(j, FACT_WRONG_TAG, j->subject);
    const char *stag = seen(j, FACT_ATTACHMENT_STAG, j->subject);
    const char *cross = design_is_direct(j->c) ? stag : seen(j, FACT_CROSS_STAG, circuit_subject(j));
    bool answered = any_resolved(j);
    if (stag && cross && strcmp(stag, cross) != 0)
        broken(j, "the edge uses S-tag %s, the cross-connection says %s", stag, cross);
    else if (wrong && !answered && sscanf(wrong, "%u %u", &outer, &inner) == 2)
        broken(j, "%s: frames arrive with C-tag %u, the peering says %u", leg_name(j->leg), inner,
               j->p->vlan);
    else if (answered && stag && cross)
        holds(j);
    else if (stag && cross)
        unclear(j, "nobody answers on the %s leg, and no foreign tag was seen", leg_name(j->leg));
}

static void port_vlan_design(struct judging *j)
{
    at_key(j, "/vlan");
    if (!j->p->vlan) {
        unclear(j, "the design gives no VLAN id");
        return;
    }
    for (size_t i = 0; i < j->d->circuits_n; i++) {
        const struct design_circuit *c = &j->d->circuits[i];
        if (strcmp(c->port, j->c->port) != 0) continue;
        for (int k = 0; k < PEERING_KINDS; k++)
            if (c->peerings[k].there && &c->peerings[k] != j->p && c->peerings[k].vlan == j->p->vlan)
                broken(j, "VLAN %u is used by %s/%s too", j->p->vlan, c->name,
                       peering_kind_name((enum peering_kind)k));
    }
    holds(j);
}

static void hygiene_design(struct judging *j)
{
    const struct design_port *p = j->port;
    if (!p->mtu || !*p->ethertype) {
        unclear(j, "the design does not give MTU and ethertype of the port");
        return;
    }
    if (p->bundled) broken(j, "the ports are bundled");
    if (p->mtu < 1500) broken(j, "the IP MTU is %u", p->mtu);
    if (strcmp(p->ethertype, "0x8100") != 0) broken(j, "the ethertype is %s", p->ethertype);
    holds(j);
}

static void routed_design(struct judging *j)
{
    struct prefix subnets[2];
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        size_t n = leg_subnets(j, leg, subnets);
        if (!n) continue; /* NET-RED-01 asks for it */
        at_key(j, "");
        if (!*j->c->links[leg].router)
            unclear(j, "the design does not say on which router the %s leg ends", leg_name(leg));
        else if (subnets[0].addr.family == FAMILY_IPV4 && subnets[0].len < 29)
            broken(j, "%s on the %s leg has room for bridged hosts", show_prefix(j, &subnets[0]),
                   leg_name(leg));
        else holds(j);
    }
}
static void routed_live(struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        size_t n, foreign = 0;
        struct prefix subnet;
        const struct fact *const *list = seen_all(j, FACT_NEIGHBOR, leg_subject(j, leg), &n);
        if (!design_link_subnet(&j->p->ipv4, leg, &subnet)) continue;
        for (size_t i = 0; i < n; i++) {
            char text[ADDR_TEXT_MAX];
            struct addr a, customer = prefix_host(&subnet, 1), cloud = prefix_host(&subnet, 2); /* swapped ends are NET-IP-02 */
            if (sscanf(list[i]->value, "%45s", text) == 1 && addr_parse(text, &a) &&
                a.family == FAMILY_IPV4 && resolved(list[i]->value) && !addr_equal(&a, &customer) && !addr_equal(&a, &cloud))
                foreign++;
        }
        if (foreign) broken(j, "%zu hosts besides the routers are seen on the %s leg", foreign, leg_name(leg));
        else if (n) holds(j);
        else unclear(j, "no evidence of arp.entry for %s", leg_subject(j, leg));
    }
}

static void arp_live(struct judging *j)
{
    struct prefix subnet;
    size_t n;
    const struct fact *const *list = seen_all(j, FACT_NEIGHBOR, j->subject, &n);
    const char *address = seen(j, FACT_ATTACHMENT_ADDRESS, j->subject);
    if (!address || !design_link_subnet(&j->p->ipv4, j->leg, &subnet)) return;
    struct addr customer = prefix_host(&subnet, 1);
    const char *want = show_addr(j, &customer);
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(want);
        if (strncmp(list[i]->value, want, len) != 0 || list[i]->value[len] != ' ') continue;
        if (resolved(list[i]->value)) {
            holds(j);
        } else {
            broken(j, "%s: %s does not answer ARP", leg_name(j->leg), want);
        }
        return;
    }
    if (n) broken(j, "%s: no ARP entry for %s", leg_name(j->leg), want);
    else unclear(j, "%s: the ARP table is empty, which some edges show although all is well", leg_name(j->leg));
}

static const char *if_one_fibre(const struct judging *j)
{
    const struct design_link *a = &j->c->links[LEG_FIRST], *b = &j->c->links[LEG_SECOND];
    bool same = *a->router && *a->port && strcmp(a->router, b->router) == 0 && strcmp(a->port, b->port) == 0;
    if (j->c->single_access == SAID_YES || (same && j->c->single_access == UNSAID)) return NULL;
    return "each leg has an access of its own";
}
static void two_circuits_design(struct judging *j)
{
    uint16_t a = j->c->links[LEG_FIRST].outer_tag, b = j->c->links[LEG_SECOND].outer_tag;
    at_key(j, "/links");
    if (!a || !b) unclear(j, "the design does not give the outer_tag of both links");
    else if (a == b) broken(j, "both legs use outer tag %u on one access", a);
    else holds(j);
}

const struct judge_row judges_layer2[] = {
    {"NET-L2-01", SCOPE_PEERING, NULL, own_vlan_design, own_vlan_live},
    {"NET-L2-02", SCOPE_PEERING, NULL, same_vlan_design, same_vlan_live},
    {"NET-L2-03", SCOPE_LEG, if_qinq, tags_design, tags_live},
    {"NET-L2-04", SCOPE_PEERING, if_dot1q, port_vlan_design, NULL},
    {"NET-L2-05", SCOPE_PORT, NULL, hygiene_design, NULL},
    {"NET-L2-06", SCOPE_PEERING, NULL, routed_design, routed_live},
    {"NET-L2-07", SCOPE_LEG, NULL, NULL, arp_live},
    {"NET-L2-08", SCOPE_CIRCUIT, if_one_fibre, two_circuits_design, NULL},
    {0},
};
