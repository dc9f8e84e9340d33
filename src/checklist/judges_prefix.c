/* checklist/judges_prefix.c - NET-PFX and the first of NET-MSP: how many prefixes, and which peering. */
#include <stdlib.h>
#include "checklist/judge.h"

enum { HEADROOM_PERCENT = 80 };

struct limits {
    uint32_t ipv4, ipv6;
};

static struct limits limits_of(const struct judging *j)
{
    const struct catalogue_limits *l = &j->cat->limits;
    if (j->kind != PEERING_PRIVATE) return (struct limits){l->microsoft_ipv4, l->microsoft_ipv6};
    return (struct limits){design_is_premium(j->c) ? l->private_ipv4_premium : l->private_ipv4_standard,
                           l->private_ipv6};
}

static void count_design(struct judging *j, uint32_t percent)
{
    struct design_leg leg = design_leg_of(j->d, j->c, j->kind, j->leg);
    struct limits most = limits_of(j);
    size_t v4 = 0, v6 = 0;
    at_key(j, say(j, "/edge/%s", leg_name(j->leg)));
    if (!leg.announce_n) {
        unclear(j, "the design does not say what the %s leg announces", leg_name(j->leg));
        return;
    }
    for (size_t i = 0; i < leg.announce_n; i++)
        if (leg.announce[i].addr.family == FAMILY_IPV6) v6++;
        else v4++;
    if (v4 * 100 > (uint64_t)most.ipv4 * percent)
        broken(j, "%zu IPv4 prefixes on the %s leg, the limit is %u", v4, leg_name(j->leg), most.ipv4);
    if (v6 * 100 > (uint64_t)most.ipv6 * percent)
        broken(j, "%zu IPv6 prefixes on the %s leg, the limit is %u", v6, leg_name(j->leg), most.ipv6);
    holds(j);
}

/* The edges report one number for all families of a session, so it is held against the IPv4 limit. */
static void count_live(struct judging *j, uint32_t percent)
{
    uint64_t n;
    struct limits most = limits_of(j);
    if (!seen_number(j, FACT_SESSION_RECEIVED, j->subject, &n)) return;
    if (n * 100 > (uint64_t)most.ipv4 * percent)
        broken(j, "%llu prefixes on the %s leg, the limit is %u", (unsigned long long)n, leg_name(j->leg),
               most.ipv4);
    else holds(j);
}

static void limit_design(struct judging *j) { count_design(j, 100); }
static void limit_live(struct judging *j) { count_live(j, 100); }
static void headroom_design(struct judging *j) { count_design(j, HEADROOM_PERCENT); }
static void headroom_live(struct judging *j) { count_live(j, HEADROOM_PERCENT); }

static void no_public_design(struct judging *j)
{
    at_key(j, "/peerings");
    if (j->c->peerings[PEERING_PUBLIC].there) broken(j, "public peering is retired");
    else if (j->c->peerings[PEERING_PRIVATE].there || j->c->peerings[PEERING_MICROSOFT].there) holds(j);
    else unclear(j, "the design gives no peering");
}

const struct judge_row judges_prefix[] = {
    {"NET-PFX-01", SCOPE_LEG, if_private, limit_design, limit_live},
    {"NET-PFX-02", SCOPE_LEG, if_microsoft, limit_design, limit_live},
    {"NET-PFX-03", SCOPE_LEG, NULL, headroom_design, headroom_live},
    {"NET-MSP-01", SCOPE_CIRCUIT, NULL, no_public_design, NULL},
    {0},
};
