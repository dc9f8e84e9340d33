/* checklist/judges_redundancy.c - NET-RED: two of everything at one peering location. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "checklist/judge.h"

enum { DRILL_DAYS = 90, RTT_APART_US = 5000 };

static bool both_subnets(struct judging *j, const struct design_subnets *s, const char *family)
{
    struct prefix p;
    bool have[LEGS];
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) have[leg] = design_link_subnet(s, leg, &p);
    if (have[LEG_FIRST] != have[LEG_SECOND])
        broken(j, "no %s subnet for the %s leg", family, leg_name(have[LEG_FIRST] ? LEG_SECOND : LEG_FIRST));
    return have[LEG_FIRST] || have[LEG_SECOND];
}
static void pair_design(struct judging *j)
{
    bool v4 = both_subnets(j, &j->p->ipv4, "IPv4"), v6 = both_subnets(j, &j->p->ipv6, "IPv6");
    if (v4 || v6) holds(j);
    else unclear(j, "the design gives no link subnets");
}
static void pair_live(struct judging *j)
{
    const char *state[LEGS];
    bool there[LEGS];
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        state[leg] = seen(j, FACT_SESSION_STATE, leg_subject(j, leg)); /* not seen is not the same as not there */
        there[leg] = state[leg] && strcmp(state[leg], "None") != 0;
    }
    if (!state[LEG_FIRST] || !state[LEG_SECOND]) return;
    if (there[LEG_FIRST] && there[LEG_SECOND]) holds(j);
    else if (!there[LEG_FIRST] && !there[LEG_SECOND]) broken(j, "there is no session on either leg");
    else broken(j, "there is a session on the %s leg only", leg_name(there[LEG_FIRST] ? LEG_FIRST : LEG_SECOND));
}

static void up_live(struct judging *j)
{
    const char *state = seen(j, FACT_SESSION_STATE, j->subject);
    if (!state) return;
    if (strcmp(state, "Established") == 0) {
        seen_if(j, FACT_SESSION_UPTIME, j->subject);
        holds(j);
        return;
    }
    const char *why = seen_if(j, FACT_SESSION_ERROR, j->subject);
    broken(j, "the %s session is %s%s%s", leg_name(j->leg), state, why && *why ? ": " : "", why ? why : "");
}

static void first_hop_design(struct judging *j)
{
    const char *protocol = j->p->edge[j->leg].first_hop_protocol;
    struct prefix subnets[2];
    at_key(j, say(j, "/edge/%s/first_hop_protocol", leg_name(j->leg)));
    if (*protocol) broken(j, "the %s leg ends on a shared %s address", leg_name(j->leg), protocol);
    else if (leg_subnets(j, j->leg, subnets)) holds(j);
    else unclear(j, "the design gives no subnet for the %s leg", leg_name(j->leg));
}

/* MAC ranges of VRRP (RFC 9568) and of HSRP versions 1 and 2. */
static bool shared_mac(const char *mac)
{
    static const char *const ranges[] = {"00:00:5e:00:01:", "00:00:5e:00:02:", "00:00:0c:07:ac:",
                                         "00:00:0c:9f:f"};
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
        if (strncmp(mac, ranges[i], strlen(ranges[i])) == 0) return true;
    return false;
}
static void first_hop_live(struct judging *j)
{
    size_t n;
    char mac[32];
    const struct fact *const *list = seen_all(j, FACT_NEIGHBOR, j->subject, &n);
    for (size_t i = 0; i < n; i++)
        if (sscanf(list[i]->value, "%*s %31s", mac) == 1 && shared_mac(mac))
            broken(j, "%s is the MAC of a shared first-hop address", mac);
    if (n) holds(j);
    else unclear(j, "no evidence of arp.entry for %s", j->subject);
}

static const char *if_own_ends(const struct judging *j)
{
    return j->c->l3_managed_by == PARTY_PROVIDER ? "the provider terminates the legs" : NULL;
}
static const char *device_of(const struct judging *j, enum leg leg)
{
    const struct design_router *r = design_router(j->d, j->c->links[leg].router, NULL);
    return r && *r->device ? r->device : j->c->links[leg].router;
}
static void devices_design(struct judging *j)
{
    const char *a = device_of(j, LEG_FIRST), *b = device_of(j, LEG_SECOND);
    const char *x = j->c->links[LEG_FIRST].port, *y = j->c->links[LEG_SECOND].port;
    at_key(j, "/links");
    if (!*a || !*b) unclear(j, "the design does not say on which routers the legs end");
    else if (strcmp(a, b) != 0) holds(j);
    else if (*x && strcmp(x, y) == 0) broken(j, "both legs end on port %s of %s", x, a);
    else broken(j, "both legs end on %s", a);
}
static void devices_live(struct judging *j)
{
    for (int k = 0; k < PEERING_KINDS; k++) {
        if (!j->c->peerings[k].there) continue;
        j->kind = (enum peering_kind)k;
        const char *a = seen(j, FACT_CUSTOMER_ROUTER, leg_subject(j, LEG_FIRST));
        const char *b = seen(j, FACT_CUSTOMER_ROUTER, leg_subject(j, LEG_SECOND));
        if (!a || !b) continue;
        if (strcmp(a, b) == 0) broken(j, "both sessions end on %s", a);
        else holds(j);
    }
}

static void apart_design(struct judging *j)
{
    const struct design_link *a = &j->c->links[LEG_FIRST], *b = &j->c->links[LEG_SECOND];
    const char *both =
        shared_element(a->provider_path, a->provider_path_n, b->provider_path, b->provider_path_n);
    at_key(j, "/links");
    if (both) broken(j, "both legs pass %s at the provider", both);
    else if (!a->provider_path_n || !b->provider_path_n)
        unclear(j, "the design does not give the provider_path of the %s leg",
                leg_name(a->provider_path_n ? LEG_SECOND : LEG_FIRST));
    else holds(j);
}

/* ---- what the legs announce ---- */

/* A NAT pool of one leg is announced on that leg only (NET-NAT-11). */
static bool of_one_leg(const struct judging *j, const struct prefix *p)
{
    for (size_t i = 0; i < j->d->nat.pools_n; i++) {
        const struct design_pool *pool = &j->d->nat.pools[i];
        if (*pool->leg && strcmp(pool->circuit, j->c->name) == 0 && prefix_equal(&pool->prefix, p)) return true;
    }
    return false;
}

static int by_prefix(const void *a, const void *b) { return prefix_compare(a, b); }

static struct prefix *sorted_copy(struct judging *j, const struct prefix *list, size_t n)
{
    struct prefix *out = arena_copy(j->arena, list, n * sizeof *out);
    if (out) qsort(out, n, sizeof *out, by_prefix);
    return out;
}

/* Both lists sorted: how many of `a` are not in `b`. */
static size_t missing_in(const struct judging *j, const struct prefix *a, size_t a_n, const struct prefix *b, size_t b_n,
                         const struct prefix **sample)
{
    size_t missing = 0, k = 0;
    for (size_t i = 0; i < a_n; i++) {
        while (k < b_n && prefix_compare(&b[k], &a[i]) < 0) k++;
        bool found = (k < b_n && prefix_equal(&a[i], &b[k])) || of_one_leg(j, &a[i]);
        if (!found && !missing++) *sample = &a[i];
    }
    return missing;
}

static void same_prefixes(struct judging *j, const struct prefix *a, size_t a_n, const struct prefix *b,
                          size_t b_n)
{
    const struct prefix *sample = NULL;
    holds(j);
    if (a == b && a_n == b_n) return; /* both legs announce the list of one site */
    const struct prefix *x = sorted_copy(j, a, a_n), *y = sorted_copy(j, b, b_n);
    size_t n = x && y ? missing_in(j, x, a_n, y, b_n, &sample) : 0;
    if (n) broken(j, "%zu prefixes on the primary leg only: %s", n, show_prefix(j, sample));
    n = x && y ? missing_in(j, y, b_n, x, a_n, &sample) : 0;
    if (n) broken(j, "%zu prefixes on the secondary leg only: %s", n, show_prefix(j, sample));
}

static void same_announced_design(struct judging *j)
{
    struct design_leg a = design_leg_of(j->d, j->c, j->kind, LEG_FIRST);
    struct design_leg b = design_leg_of(j->d, j->c, j->kind, LEG_SECOND);
    at_key(j, "/edge");
    if (!a.announce_n || !b.announce_n)
        unclear(j, "the design does not say what the %s leg announces",
                leg_name(a.announce_n ? LEG_SECOND : LEG_FIRST));
    else same_prefixes(j, a.announce, a.announce_n, b.announce, b.announce_n);
}

struct heard { /* one path a leg announces */
    struct prefix prefix;
    unsigned long med, hops;
};

static int by_heard(const void *a, const void *b)
{
    const struct heard *x = a, *y = b;
    return prefix_compare(&x->prefix, &y->prefix);
}

/* Routes of a leg by prefix; NULL and *out_n 0 if there are none. The same path may be told twice. */
static struct heard *heard_on(struct judging *j, enum leg leg, size_t *out_n)
{
    size_t n, kept = 0;
    const struct fact *const *list = seen_all(j, FACT_ROUTE, leg_subject(j, leg), &n);
    struct heard *out = n ? arena_take_array(j->arena, n, sizeof *out) : NULL;
    for (size_t i = 0; out && i < n; i++) {
        char text[PREFIX_TEXT_MAX];
        struct heard *h = &out[kept];
        if (sscanf(list[i]->value, "%49s %lu %lu", text, &h->med, &h->hops) == 3 &&
            prefix_parse(text, &h->prefix) == PREFIX_FINE)
            kept++;
    }
    if (out) qsort(out, kept, sizeof *out, by_heard);
    *out_n = kept;
    return out;
}

/* Both sessions up, so that their routes can be compared; says so if not. */
static bool comparable(struct judging *j)
{
    bool good = true;
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        const char *state = seen(j, FACT_SESSION_STATE, leg_subject(j, leg));
        if (state && strcmp(state, "Established") != 0)
            unclear(j, "the %s session is %s: nothing to compare", leg_name(leg), state);
        good = good && state && strcmp(state, "Established") == 0;
    }
    return good;
}

static struct prefix *prefixes_of(struct judging *j, const struct heard *h, size_t n)
{
    struct prefix *out = arena_take_array(j->arena, n + 1, sizeof *out);
    for (size_t i = 0; out && i < n; i++) out[i] = h[i].prefix;
    return out;
}

static void same_announced_live(struct judging *j)
{
    size_t a_n, b_n;
    if (!comparable(j)) return;
    const struct heard *a = heard_on(j, LEG_FIRST, &a_n), *b = heard_on(j, LEG_SECOND, &b_n);
    const struct prefix *x = prefixes_of(j, a, a_n), *y = prefixes_of(j, b, b_n);
    if (!a_n && !b_n) unclear(j, "neither leg announces anything");
    else if (x && y) same_prefixes(j, x, a_n, y, b_n);
}

static void active_design(struct judging *j)
{
    const struct design_edge *a = &j->p->edge[LEG_FIRST], *b = &j->p->edge[LEG_SECOND];
    struct design_leg x = design_leg_of(j->d, j->c, j->kind, LEG_FIRST);
    at_key(j, "/edge");
    if (!x.router) {
        unclear(j, "the design does not say on which router the legs end");
        return;
    }
    if (a->prepend != b->prepend)
        broken(j, "the %s leg is %d hops longer", leg_name(a->prepend > b->prepend ? LEG_FIRST : LEG_SECOND),
               abs((int)a->prepend - (int)b->prepend));
    if (a->med != b->med) broken(j, "MED is %u on primary, %u on secondary", a->med, b->med);
    holds(j);
}

/* In a sorted list. */
static const struct heard *heard_prefix(const struct heard *list, size_t n, const struct prefix *p)
{
    const struct heard key = {.prefix = *p};
    return n ? bsearch(&key, list, n, sizeof *list, by_heard) : NULL;
}

static void active_live(struct judging *j)
{
    size_t a_n, b_n, common = 0;
    if (!comparable(j)) return;
    const struct heard *a = heard_on(j, LEG_FIRST, &a_n), *b = heard_on(j, LEG_SECOND, &b_n);
    for (size_t i = 0; i < a_n; i++) {
        const struct heard *o = heard_prefix(b, b_n, &a[i].prefix);
        if (!o) continue;
        common++;
        if (a[i].hops != o->hops)
            broken(j, "%s has %lu hops on primary, %lu on secondary", show_prefix(j, &a[i].prefix), a[i].hops,
                   o->hops);
        else if (a[i].med != o->med)
            broken(j, "%s has MED %lu on primary, %lu on secondary", show_prefix(j, &a[i].prefix), a[i].med,
                   o->med);
    }
    if (common) holds(j);
    else unclear(j, "the legs announce no prefix in common");
}

/* ---- load, distance, drills ---- */

static const char *if_two_sites(const struct judging *j)
{
    const struct design_site *a = NULL, *b = NULL;
    design_router(j->d, j->c->links[LEG_FIRST].router, &a);
    design_router(j->d, j->c->links[LEG_SECOND].router, &b);
    return a && a == b ? "both legs end at one site" : NULL;
}
static void near_live(struct judging *j)
{
    uint64_t a, b;
    j->kind = j->c->peerings[PEERING_PRIVATE].there ? PEERING_PRIVATE : PEERING_MICROSOFT;
    if (!seen_number(j, FACT_PROBE_RTT, leg_subject(j, LEG_FIRST), &a)) return;
    if (!seen_number(j, FACT_PROBE_RTT, leg_subject(j, LEG_SECOND), &b)) return;
    uint64_t apart = a > b ? a - b : b - a;
    if (apart > RTT_APART_US) broken(j, "the legs differ by %llu us", (unsigned long long)apart);
    else holds(j);
}

static void load_design(struct judging *j)
{
    at_key(j, "/peak_mbps");
    if (!j->c->peak_mbps) unclear(j, "the design gives no peak_mbps");
    else if (j->c->peak_mbps > j->c->bandwidth_mbps)
        broken(j, "the peak of %u Mbps exceeds the %u that survive the loss of a leg", j->c->peak_mbps,
               j->c->bandwidth_mbps);
    else holds(j);
}

static void load_live(struct judging *j)
{
    const char *drops = seen_if(j, FACT_CIRCUIT_DROPS, j->subject);
    const char *used = seen_if(j, FACT_CIRCUIT_UTILISATION, j->subject);
    if (drops && strtoull(drops, NULL, 10)) broken(j, "the rate limit dropped %s bits", drops);
    if (used && strtoul(used, NULL, 10) > 100) broken(j, "both legs carry %s %% of what one can", used);
}

/* Days since a leg was last drilled, by the design's own record; -1 never. */
static int64_t declared_age(const struct judging *j, enum leg leg)
{
    int64_t best = -1, days;
    for (size_t i = 0; i < j->d->drills_n; i++) {
        const struct design_drill *d = &j->d->drills[i];
        if (strcmp(d->circuit, j->c->name) != 0 || strcmp(d->leg, leg_name(leg)) != 0) continue;
        if (!design_date(d->date, &days) || days > today(j)) continue;
        if (best < 0 || today(j) - days < best) best = today(j) - days;
    }
    return best;
}

static int64_t recorded_age(struct judging *j, enum leg leg)
{
    const struct fact *f = drill_of(j, leg_name(leg));
    if (!f || !strstr(f->value, "restored")) return -1;
    int64_t age = (j->in->now_ms - f->at_ms) / 86400000;
    return age < 0 ? 0 : age;
}

static void drilled_design(struct judging *j)
{
    at_key(j, "");
    if (!j->in->facts && declared_age(j, LEG_FIRST) < 0 && declared_age(j, LEG_SECOND) < 0) {
        j->f.message = "rehearsed once it runs";
        return;
    }
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        int64_t declared = declared_age(j, leg), recorded = recorded_age(j, leg);
        int64_t age = declared < 0 || (recorded >= 0 && recorded < declared) ? recorded : declared;
        if (age > DRILL_DAYS)
            broken(j, "the %s leg was last drilled %lld days ago", leg_name(leg), (long long)age);
        else if (age >= 0) holds(j);
        else unclear(j, "no drill of the %s leg is recorded", leg_name(leg));
    }
}

const struct judge_row judges_redundancy[] = {
    {"NET-RED-01", SCOPE_PEERING, NULL, pair_design, pair_live},
    {"NET-RED-02", SCOPE_LEG, NULL, NULL, up_live},
    {"NET-RED-03", SCOPE_LEG, NULL, first_hop_design, first_hop_live},
    {"NET-RED-04", SCOPE_CIRCUIT, if_own_ends, devices_design, devices_live},
    {"NET-RED-05", SCOPE_CIRCUIT, if_provider_circuit, apart_design, NULL},
    {"NET-RED-06", SCOPE_PEERING, NULL, same_announced_design, same_announced_live},
    {"NET-RED-07", SCOPE_PEERING, NULL, active_design, active_live},
    {"NET-RED-08", SCOPE_CIRCUIT, if_two_sites, NULL, near_live},
    {"NET-RED-09", SCOPE_CIRCUIT, NULL, load_design, load_live},
    {"NET-RED-10", SCOPE_CIRCUIT, NULL, drilled_design, NULL},
    {0},
};
