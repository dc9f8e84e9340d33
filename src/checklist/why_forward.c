/* checklist/why_forward.c - translation, marking, rates and filters as the edges report them. A rule that
 * names a protocol or a port decides about part of the traffic only, so it breaks nothing by itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "checklist/why_priv.h"

enum { EF = 46 };

static const struct design_pool *pool_of(const struct climb *k)
{
    const struct design_nat *nat = &k->in->design->nat;
    for (size_t i = 0; i < nat->pools_n; i++) {
        const struct design_pool *p = &nat->pools[i];
        if (p->path != PATH_CIRCUIT || (*p->circuit && strcmp(p->circuit, k->circuit->name) != 0)) continue;
        if (*p->leg && strcmp(p->leg, leg_name(k->leg)) != 0) continue;
        for (size_t s = 0; s < p->sources_n; s++)
            if (prefix_has(&p->sources[s], &k->site)) return p;
    }
    return NULL;
}

struct addr why_outer(const struct climb *k)
{
    const struct design_pool *pool = k->kind == PEERING_MICROSOFT && !why_public(&k->site) ? pool_of(k) : NULL;
    return pool ? pool->prefix.addr : k->site;
}

/* ---- filters ---- */

static bool any_or_has(const char *text, const struct addr *a)
{
    struct prefix p;
    if (strcmp(text, "any") == 0) return true;
    return prefix_parse(text, &p) == PREFIX_FINE && prefix_has(&p, a);
}

/* The rule that decides about every packet between two addresses: *out_part when another lets a part
 * through before it. NULL: there is no list. */
static const struct fact *deciding(struct climb *k, enum fact_name name, const struct addr *from, const struct addr *to,
                                   const struct fact **out_last, bool *out_part)
{
    struct fact_range r = facts_of(k->in->facts, name, k->subject);
    *out_last = NULL;
    *out_part = false;
    for (size_t i = 0; i < r.n; i++) {
        char action[10], source[PREFIX_TEXT_MAX], target[PREFIX_TEXT_MAX], protocol[10];
        unsigned first;
        if (!why_fresh(k, &r.first[i])) continue;
        *out_last = &r.first[i];
        if (sscanf(r.first[i].value, "%*u %9s %49s %49s %9s %u", action, source, target, protocol, &first) != 5) continue;
        if (strcmp(action, "count") == 0 || !any_or_has(source, from) || !any_or_has(target, to)) continue;
        bool whole = strcmp(protocol, "any") == 0 && first == 0;
        if (whole) return &r.first[i];
        *out_part = *out_part || strcmp(action, "permit") == 0;
    }
    return NULL;
}

static bool source_allowed(struct climb *k, const struct addr *a, bool *out_told)
{
    struct fact_range r = facts_of(k->in->facts, FACT_EDGE_SOURCE, k->subject);
    struct prefix p, link;
    *out_told = false;
    for (size_t i = 0; i < r.n; i++) {
        if (!why_fresh(k, &r.first[i]) || prefix_parse(r.first[i].value, &p) != PREFIX_FINE) continue;
        *out_told = true;
        if (prefix_has(&p, a)) return true;
    }
    return design_link_subnet(&k->peering->ipv4, k->leg, &link) && prefix_has(&link, a); /* its own subnet always */
}

static void filter_of(struct climb *k, bool towards_cloud, const struct addr *from, const struct addr *to)
{
    const struct fact *last;
    bool part;
    const struct fact *rule = deciding(k, towards_cloud ? FACT_EDGE_FILTER : FACT_CUSTOMER_FILTER, from, to, &last, &part);
    const char *who = towards_cloud ? "the cloud edge" : why_router(k), *owner = towards_cloud ? "cloud" : why_party(k);
    if (!last || (rule && strstr(rule->value, " permit ")) || part) return;
    why_cite(k, rule ? rule : last);
    why_say(k, WHY_NO, owner, "Add a rule that permits this traffic before the one that denies it.",
            rule ? "the access list of %s denies %s to %s by rule %.2s" : "no rule of the access list of %s permits %s to %s%.0s", who,
            why_show(k, from), why_show(k, to), rule ? rule->value : "");
}

void why_filters(struct climb *k, bool towards_cloud)
{
    struct addr site = k->outer;
    bool told;
    if (k->kind == PEERING_MICROSOFT && !why_public(&site)) return; /* the rung of translation tells */
    filter_of(k, towards_cloud, towards_cloud ? &site : &k->cloud, towards_cloud ? &k->cloud : &site);
    if (k->rung->ok == WHY_NO || !towards_cloud || source_allowed(k, &site, &told) || !told) return;
    why_say(k, WHY_NO, why_party(k), "Declare the prefix for this peering, or send from one that is declared.",
            "the cloud edge does not allow %s as a source", why_show(k, &site));
}

/* ---- translation ---- */

static uint64_t dropped(struct climb *k, enum fact_name name, const char *word)
{
    struct fact_range r = facts_of(k->in->facts, name, k->subject);
    uint64_t n = 0;
    for (size_t i = 0; i < r.n; i++) {
        const char *space = strchr(r.first[i].value, ' ');
        if (!space || !why_fresh(k, &r.first[i]) || strncmp(r.first[i].value, word, strlen(word)) != 0) continue;
        n += strtoull(space + 1, NULL, 10);
        why_cite(k, &r.first[i]);
    }
    return n;
}

/* "first last" of the router's pool lies inside the design's. */
static bool same_pool(const char *seen, const struct prefix *p)
{
    char first[ADDR_TEXT_MAX], last[ADDR_TEXT_MAX];
    struct addr a, b;
    return sscanf(seen, "%45s %45s", first, last) == 2 && addr_parse(first, &a) && addr_parse(last, &b) && prefix_has(p, &a) &&
           prefix_has(p, &b);
}

static void translated(struct climb *k, const struct design_pool *pool)
{
    const char *seen = why_seen(k, FACT_CUSTOMER_NAT, k->subject);
    if (!pool)
        why_say(k, WHY_NO, why_party(k), "Add a NAT pool for this source in front of the Microsoft peering.",
                "no pool of the design translates %s", why_show(k, &k->site));
    else if (seen && strcmp(seen, "off") == 0)
        why_say(k, WHY_NO, why_party(k), "Configure the pool on the router: fairlead config render writes it.",
                "%s translates nothing on this leg, the design says pool %s", why_router(k), pool->name);
    else if (seen && !same_pool(seen, &pool->prefix))
        why_say(k, WHY_NO, why_party(k), "Give router and design one pool.", "%s translates to %s, which is not pool %s", why_router(k), seen,
                pool->name);
    else
        why_say(k, seen || why_seen(k, FACT_NAT_LEAK, k->subject) ? WHY_YES : WHY_UNKNOWN, "", "", "%s is translated by pool %s",
                why_show(k, &k->site), pool->name);
}

void why_rung_nat(struct climb *k)
{
    const char *leak = why_seen(k, FACT_NAT_LEAK, k->subject);
    uint64_t full = dropped(k, FACT_CUSTOMER_DROP, "NAT_");
    if (full)
        why_say(k, WHY_NO, why_party(k), "Look at the pool: its size, the limit of a host, and which edge owns the binding.",
                "%s dropped %llu packets for want of a translation while it was watched", why_router(k), (unsigned long long)full);
    else if (k->kind != PEERING_MICROSOFT) why_say(k, WHY_YES, "", "", "private peering carries private addresses as they are");
    else if (leak && strtoull(leak, NULL, 10) > 0)
        why_say(k, WHY_NO, why_party(k), "Translate every source before the Microsoft peering.",
                "%s packets left with a source that is not public", leak);
    else if (dropped(k, FACT_EDGE_DROP, "SPOOFED"))
        why_say(k, WHY_NO, why_party(k), "Translate every source before the peering, to a prefix that is declared.",
                "the cloud edge drops packets whose source was not declared");
    else if (why_public(&k->site)) why_say(k, WHY_YES, "", "", "%s is public and needs no translation", why_show(k, &k->site));
    else translated(k, pool_of(k));
}

/* ---- marks and rates ---- */

static bool voice_planned(const struct design *d)
{
    for (size_t i = 0; i < d->qos.classes_n; i++)
        if (strcmp(d->qos.classes[i].workload, "voice") == 0) return true;
    return false;
}

static bool keeps(const char *list, unsigned dscp)
{
    if (strcmp(list, "all") == 0) return true;
    for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',')
        if (strtoul(p, NULL, 10) == dscp) return true;
    return false;
}

void why_rung_qos(struct climb *k)
{
    const char *drops = why_seen(k, FACT_CIRCUIT_DROPS, k->on_circuit), *rate = why_seen(k, FACT_EDGE_RATE, k->subject);
    const char *kept = k->kind == PEERING_MICROSOFT ? why_seen(k, FACT_EDGE_KEPT, k->subject) : NULL;
    uint64_t policed = dropped(k, FACT_EDGE_DROP, "POLICED");
    const char *loss = why_seen(k, FACT_PROBE_LOSS, k->subject);
    if (drops && strtoull(drops, NULL, 10) > 0)
        why_say(k, WHY_NO, why_party(k), "Mark and queue at the site so that the circuit's rate is not exceeded, or order more.",
                "the circuit's rate limit dropped %s bits lately", drops);
    else if (policed)
        why_say(k, WHY_NO, why_party(k), "Mark and queue at the site so that the circuit's rate is not exceeded, or order more.",
                "the cloud edge dropped %llu packets above the circuit's rate while it was watched", (unsigned long long)policed);
    else if (rate && k->circuit->bandwidth_mbps && strtoul(rate, NULL, 10) < k->circuit->bandwidth_mbps)
        why_say(k, WHY_NO, "cloud", "Set the edge's rate to the circuit's bandwidth.", "the cloud edge polices to %s Mbps, the circuit has %u",
                rate, k->circuit->bandwidth_mbps);
    else if (kept && voice_planned(k->in->design) && !keeps(kept, EF))
        why_say(k, WHY_NO, "cloud", "Put DSCP 46 into the edge's profile.", "the cloud edge does not keep the mark of voice, DSCP 46");
    else if (!loss) why_say(k, WHY_UNKNOWN, "", "", "no probe was sent over the leg");
    else if (strtod(loss, NULL) > 0)
        why_say(k, WHY_NO, why_party(k), "Look at queues and rate limits on both routers and at the provider.",
                "%s %% of the probes over the leg are lost", loss);
    else why_say(k, WHY_YES, "", "", "probes over the leg lose nothing%s", rate ? ", and the edge's rate is the circuit's" : "");
}
