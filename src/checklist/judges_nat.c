/* checklist/judges_nat.c - NET-NAT: which addresses enter Microsoft peering, and where they answer. */
#include <stdlib.h>
#include <string.h>
#include "capacity/formulas.h"
#include "checklist/judge.h"

enum { PORTS_FULL_PERCENT = 80 };

static bool pool_on(const struct design_pool *p, const struct design_circuit *c)
{
    if (p->path == PATH_INTERNET) return false;
    return strcmp(p->circuit, c->name) == 0 || text_in(p->shared_with, p->shared_with_n, c->name);
}

/* ---- sources ---- */

static bool translated(const struct judging *j, const struct prefix *source)
{
    for (size_t i = 0; i < j->d->nat.pools_n; i++) {
        const struct design_pool *p = &j->d->nat.pools[i];
        if (pool_on(p, j->c) && covered_by(p->sources, p->sources_n, source)) return true;
    }
    return false;
}
static bool any_pool(const struct judging *j)
{
    for (size_t i = 0; i < j->d->nat.pools_n; i++)
        if (pool_on(&j->d->nat.pools[i], j->c)) return true;
    return false;
}
static void site_sources(struct judging *j, const struct design_site *s)
{
    for (size_t i = 0; i < s->prefixes_n; i++) {
        const struct prefix *p = &s->prefixes[i];
        if (prefix_is_default(p) || prefix_is_public(p, true)) continue;
        if (!any_pool(j)) untold(j, "the design has no NAT pool on %s for %s", j->c->name, show_prefix(j, p));
        else if (!translated(j, p)) broken(j, "%s of %s enters Microsoft peering untranslated", show_prefix(j, p), s->name);
    }
}
static void sources_design(struct judging *j)
{
    const struct design_site *last = NULL;
    at_key(j, "/peerings/microsoft");
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        const struct design_site *s = NULL;
        design_router(j->d, j->c->links[leg].router, &s);
        if (!s) untold(j, "the design does not say which site the %s leg serves", leg_name(leg));
        else if (s != last) site_sources(j, s);
        last = s;
    }
    holds(j);
}
static void sources_live(struct judging *j)
{
    j->kind = PEERING_MICROSOFT;
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        const char *n = seen_if(j, FACT_NAT_LEAK, leg_subject(j, leg));
        if (n && strtoul(n, NULL, 10)) broken(j, "%s packets with a private source on the %s leg", n, leg_name(leg));
    }
}

/* ---- pools on circuits ---- */

static const char *if_circuit_pool(const struct judging *j)
{
    if (j->pool->path == PATH_INTERNET) return "the pool is for the Internet";
    return if_any_microsoft(j);
}
static const struct design_circuit *circuit_of(const struct judging *j)
{
    return *j->pool->circuit ? design_circuit(j->d, j->pool->circuit) : NULL;
}

static void public_pool_design(struct judging *j)
{
    at_key(j, "/prefix");
    if (j->pool->prefix.addr.family != FAMILY_IPV4 || !prefix_is_public(&j->pool->prefix, true))
        broken(j, "%s is no public IPv4 space", show_prefix(j, &j->pool->prefix));
    at_key(j, "/holder");
    if (j->pool->holder == PARTY_UNSAID) untold(j, "the design does not say whose %s is", show_prefix(j, &j->pool->prefix));
    else if (j->pool->holder == PARTY_OTHER) broken(j, "%s is registered to somebody else", show_prefix(j, &j->pool->prefix));
    else holds(j);
}

static void announced_design(struct judging *j)
{
    const struct design_circuit *c = circuit_of(j);
    at_key(j, "/prefix");
    if (!c) unclear(j, "the design does not say on which circuit the pool is used");
    else if (!prefix_is_public(&j->pool->prefix, true)) return; /* NET-NAT-02 */
    else if (circuit_covers(j, c, &j->pool->prefix)) holds(j);
    else broken(j, "%s has no route back: %s does not announce it", show_prefix(j, &j->pool->prefix), c->name);
}

static void not_internet_design(struct judging *j)
{
    const struct design_circuit *c = circuit_of(j);
    const struct prefix *outside = internet_covers(j->d, &j->pool->prefix);
    const struct prefix *here = c ? circuit_covers(j, c, &j->pool->prefix) : NULL;
    at_key(j, "/prefix");
    if (!j->d->internet_n) untold(j, "the design does not say what is announced to the Internet");
    else if (outside && !(here && here->len > outside->len))
        broken(j, "%s is also announced to the Internet as %s", show_prefix(j, &j->pool->prefix), show_prefix(j, outside));
    else holds(j);
}

/* ---- servers ---- */

static const char *if_server(const struct judging *j)
{
    if (j->inbound->path != PATH_CIRCUIT) return "the service is not reached over a circuit";
    return if_any_microsoft(j);
}
static struct prefix host_prefix(const struct addr *a)
{
    return prefix_of(a, addr_bits((enum family)a->family));
}
static const struct prefix *some_circuit(const struct judging *j, const struct prefix *p)
{
    const struct prefix *best = NULL;
    for (size_t i = 0; i < j->d->circuits_n; i++) {
        const struct prefix *got = circuit_covers(j, &j->d->circuits[i], p);
        if (got && (!best || got->len > best->len)) best = got;
    }
    return best;
}
static void once_design(struct judging *j)
{
    at_key(j, "/public_ip");
    if (addr_is_none(&j->inbound->public_ip)) {
        unclear(j, "the design gives no public_ip of %s", j->inbound->name);
        return;
    }
    struct prefix host = host_prefix(&j->inbound->public_ip);
    const struct prefix *here = some_circuit(j, &host), *outside = internet_covers(j->d, &host);
    if (!j->d->internet_n) untold(j, "the design does not say what is announced to the Internet");
    else if (here && outside && here->len <= outside->len)
        broken(j, "%s is announced on the circuit as %s and to the Internet as %s", j->inbound->name,
               show_prefix(j, here), show_prefix(j, outside));
    else holds(j);
}
static void reachable_design(struct judging *j)
{
    at_key(j, "/public_ip");
    if (addr_is_none(&j->inbound->public_ip)) {
        unclear(j, "the design gives no public_ip of %s", j->inbound->name);
        return;
    }
    struct prefix host = host_prefix(&j->inbound->public_ip);
    if (some_circuit(j, &host)) holds(j);
    else broken(j, "%s (%s) is not announced into Microsoft peering", j->inbound->name, show_addr(j, &j->inbound->public_ip));
}

static const char *if_called_over_internet(const struct judging *j)
{
    if (j->inbound->path != PATH_INTERNET) return "the service is not reached over the Internet";
    return if_any_microsoft(j);
}
static bool internet_translates(const struct design *d)
{
    for (size_t i = 0; i < d->internet_n; i++)
        if (d->internet[i].translates_inbound == SAID_YES) return true;
    return false;
}
static void goes_back_design(struct judging *j)
{
    at_key(j, "/public_ip");
    if (!addr_is_none(&j->inbound->public_ip)) {
        struct prefix host = host_prefix(&j->inbound->public_ip);
        if (some_circuit(j, &host))
            broken(j, "%s is called over the Internet and announced on a circuit", j->inbound->name);
    }
    if (j->inbound->confined == SAID_YES || internet_translates(j->d)) holds(j);
    else must_say(j, j->inbound->source_nat, SAID_YES, "/source_nat", "replies leave over the circuit");
}

/* ---- pools of several circuits ---- */

static void pool_against_circuit(struct judging *j, const struct design_circuit *c)
{
    const struct design_pool *p = j->pool;
    if (strcmp(c->name, p->circuit) == 0 || text_in(p->shared_with, p->shared_with_n, c->name)) return;
    const struct prefix *there = circuit_covers(j, c, &p->prefix);
    if (there) broken(j, "%s announces %s, the pool of %s", c->name, show_prefix(j, &p->prefix), p->circuit);
    struct prefix subnet;
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++)
        if (c->peerings[PEERING_MICROSOFT].there &&
            design_link_subnet(&c->peerings[PEERING_MICROSOFT].ipv4, leg, &subnet) && prefix_overlaps(&subnet, &p->prefix))
            broken(j, "%s overlaps the link %s of %s", show_prefix(j, &p->prefix), show_prefix(j, &subnet), c->name);
}
static void pool_against_pool(struct judging *j, const struct design_pool *o)
{
    const struct design_pool *p = j->pool;
    bool same_circuit = strcmp(o->circuit, p->circuit) == 0;
    bool shared = text_in(p->shared_with, p->shared_with_n, o->circuit) ||
                  text_in(o->shared_with, o->shared_with_n, p->circuit);
    bool own_leg = same_circuit && strcmp(o->leg, p->leg) == 0;
    if (o == p || o->path == PATH_INTERNET || shared || own_leg || !prefix_overlaps(&o->prefix, &p->prefix)) return;
    broken(j, "%s overlaps pool %s of %s%s%s", show_prefix(j, &p->prefix), o->name, o->circuit, *o->leg ? "/" : "", o->leg);
}
static void own_design(struct judging *j)
{
    at_key(j, "/prefix");
    if (!circuit_of(j)) {
        unclear(j, "the design does not say on which circuit the pool is used");
        return;
    }
    for (size_t i = 0; i < j->d->circuits_n; i++) pool_against_circuit(j, &j->d->circuits[i]);
    for (size_t i = 0; i < j->d->nat.pools_n; i++) pool_against_pool(j, &j->d->nat.pools[i]);
    holds(j);
}

/* ---- ports, legs ---- */

static uint64_t addresses_of(const struct design_pool *p)
{
    return p->prefix.addr.family == FAMILY_IPV4 ? UINT64_C(1) << (32 - p->prefix.len) : 0;
}
static void ports_design(struct judging *j)
{
    const struct design_pool *p = j->pool;
    uint64_t ports = p->ports ? p->ports : NAT_PORTS;
    ports -= p->restricted_ports < ports ? p->restricted_ports : ports;
    uint64_t room = addresses_of(p) * ports, peak = (uint64_t)p->devices * p->peak_ports;
    at_key(j, "/peak_ports");
    if (!peak) untold(j, "the design does not give devices and peak_ports of the pool");
    else if (peak * 100 > room * PORTS_FULL_PERCENT)
        broken(j, "%llu of %llu ports are used at the peak", (unsigned long long)peak, (unsigned long long)room);
    must_say(j, p->alarm, SAID_YES, "/alarm", "no alarm tells when ports run out");
}
static void ports_live(struct judging *j)
{
    const char *full = seen_if(j, FACT_NAT_PORTS, j->subject), *refused = seen_if(j, FACT_NAT_EXHAUSTED, j->subject);
    if (full && strtoul(full, NULL, 10) > PORTS_FULL_PERCENT) broken(j, "%s %% of the ports are in use", full);
    if (refused && strtoul(refused, NULL, 10)) broken(j, "%s translations were refused", refused);
}

static void survives_design(struct judging *j)
{
    const struct design_pool *p = j->pool;
    at_key(j, *p->leg ? "/leg" : "/before_split");
    if (*p->leg && p->shared_state != SAID_YES) broken(j, "flows on the %s leg die with it", p->leg);
    else if (p->shared_state == SAID_YES || p->before_split == SAID_YES) holds(j);
    else if (p->before_split == SAID_NO)
        broken(j, "sources are translated after the legs part, and the edges share no state");
    else untold(j, "the design does not say whether sources are translated before the legs part");
}

static const char *if_leg_pool(const struct judging *j)
{
    const char *why = if_circuit_pool(j);
    return why ? why : *j->pool->leg ? NULL : "the pool serves both legs";
}
static void kept_apart_design(struct judging *j)
{
    const struct design_circuit *c = circuit_of(j);
    at_key(j, "/leg");
    if (!c || !c->peerings[PEERING_MICROSOFT].there) {
        unclear(j, "the design does not say on which circuit the pool is used");
        return;
    }
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        struct design_leg l = design_leg_of(j->d, c, PEERING_MICROSOFT, leg);
        const struct prefix *there = covered_by(l.announce, l.announce_n, &j->pool->prefix);
        if (strcmp(j->pool->leg, leg_name(leg)) != 0 && there && prefix_equal(there, &j->pool->prefix))
            broken(j, "%s attracts traffic on the %s leg too", show_prefix(j, &j->pool->prefix), leg_name(leg));
    }
    must_say(j, j->pool->publishes, SAID_NO, "/publishes", "servers are published from a pool of one leg");
}
static void kept_apart_live(struct judging *j)
{
    const char *n = seen_if(j, FACT_NAT_FOREIGN, j->subject);
    if (n && strtoul(n, NULL, 10)) broken(j, "%s packets came back to a device without their state", n);
}

const struct judge_row judges_nat[] = {
    {"NET-NAT-01", SCOPE_CIRCUIT, if_microsoft_circuit, sources_design, sources_live},
    {"NET-NAT-02", SCOPE_POOL, if_circuit_pool, public_pool_design, NULL},
    {"NET-NAT-03", SCOPE_POOL, if_circuit_pool, announced_design, NULL},
    {"NET-NAT-04", SCOPE_POOL, if_circuit_pool, not_internet_design, NULL},
    {"NET-NAT-05", SCOPE_INBOUND, if_server, once_design, NULL},
    {"NET-NAT-06", SCOPE_POOL, if_circuit_pool, own_design, NULL},
    {"NET-NAT-07", SCOPE_INBOUND, if_server, reachable_design, NULL},
    {"NET-NAT-08", SCOPE_INBOUND, if_called_over_internet, goes_back_design, NULL},
    {"NET-NAT-09", SCOPE_POOL, if_circuit_pool, ports_design, ports_live},
    {"NET-NAT-10", SCOPE_POOL, if_circuit_pool, survives_design, NULL},
    {"NET-NAT-11", SCOPE_POOL, if_leg_pool, kept_apart_design, kept_apart_live},
    {0},
};
