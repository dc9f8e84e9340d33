/* checklist/judges_recovery.c - NET-DR: a second circuit, elsewhere; which one is preferred, and what a
 * VPN may stand in for. */
#include <string.h>
#include "checklist/judge.h"
#include "checklist/resiliency.h"

enum { DRILL_DAYS = 90, LOCAL_PREF_USUAL = 100 };

/* ---- two of them ---- */

static bool uses(const struct design_workload *w, const struct design_circuit *c)
{
    return !w->circuits_n || text_in(w->circuits, w->circuits_n, c->name);
}

/* Locations a workload can use: the first is given back, the number returned. */
static size_t locations_of(const struct judging *j, const struct design_workload *w, const char **out_first)
{
    size_t n = 0;
    for (size_t i = 0; i < j->d->circuits_n; i++) {
        const char *at = j->d->circuits[i].peering_location;
        bool known = !*at || !(w == NULL || uses(w, &j->d->circuits[i]));
        for (size_t k = 0; k < i && !known; k++)
            known = (w == NULL || uses(w, &j->d->circuits[k])) &&
                    strcmp(j->d->circuits[k].peering_location, at) == 0;
        if (known) continue;
        if (!n++) *out_first = at;
    }
    return n;
}
static void two_locations_design(struct judging *j)
{
    const char *first = "";
    size_t n = locations_of(j, NULL, &first);
    at_key(j, "/circuits");
    if (n > 1) holds(j);
    else if (n) broken(j, "everything depends on %s", first);
    else unclear(j, "the design gives no peering location");
    for (size_t i = 0; i < j->d->workloads_n; i++) {
        const struct design_workload *w = &j->d->workloads[i];
        if (w->critical != SAID_YES || locations_of(j, w, &first) != 1) continue;
        at_key(j, say(j, "/workloads/%zu", i));
        fails(j, "%s is critical and depends on %s alone", w->name, first);
    }
}

static const char *if_two_circuits(const struct judging *j)
{
    return j->d->circuits_n > 1 ? NULL : "only for two circuits or more";
}
static const struct design_site *site_of(const struct judging *j, const struct design_circuit *c)
{
    const struct design_site *s = NULL;
    if (*c->links[LEG_FIRST].router) design_router(j->d, c->links[LEG_FIRST].router, &s);
    return s;
}

/* Do two circuits differ in provider and site? Unsaid where one does not tell. */
static enum said differ(const struct judging *j, const struct design_circuit *a, const struct design_circuit *b)
{
    if (strcmp(a->provider, b->provider) == 0 && *a->provider) return SAID_NO;
    if (!site_of(j, a) || !site_of(j, b) || (!*a->provider && !design_is_direct(a)) ||
        (!*b->provider && !design_is_direct(b)))
        return UNSAID;
    return site_of(j, a) == site_of(j, b) ? SAID_NO : SAID_YES;
}
static void differ_design(struct judging *j)
{
    bool doubt = false;
    at_key(j, "/circuits");
    for (size_t i = 0; i < j->d->circuits_n; i++)
        for (size_t k = 0; k < i; k++) {
            enum said s = differ(j, &j->d->circuits[i], &j->d->circuits[k]);
            if (s == SAID_YES) {
                holds(j); /* one good pair is what is asked for */
                return;
            }
            doubt = doubt || s == UNSAID;
        }
    if (doubt) unclear(j, "provider or site of a circuit is not known");
    else broken(j, "no two circuits differ in provider and site");
}

/* ---- a set of circuits ---- */

static const struct design_circuit *member(const struct judging *j, size_t i)
{
    return design_circuit(j->d, j->set->circuits[i]);
}

static bool announces_cover(const struct judging *j, const struct design_circuit *c, const struct prefix *p)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        struct design_leg l = design_leg_of(j->d, c, PEERING_PRIVATE, leg);
        if (covered_by(l.announce, l.announce_n, p)) return true;
    }
    return false;
}

/* Is everything that `a` announces on private peering reachable through `b` too? */
static void covered_there(struct judging *j, const struct design_circuit *a, const struct design_circuit *b)
{
    struct design_leg l = design_leg_of(j->d, a, PEERING_PRIVATE, LEG_FIRST);
    size_t missing = 0;
    const struct prefix *sample = NULL;
    for (size_t i = 0; i < l.announce_n; i++)
        if (!announces_cover(j, b, &l.announce[i]) && !missing++) sample = &l.announce[i];
    if (missing)
        broken(j, "%zu prefixes are reachable through %s only, not %s: %s", missing, a->name, b->name,
               show_prefix(j, sample));
}
static bool same_private(const struct judging *j, const struct design_circuit *a, const struct design_circuit *b)
{
    struct design_leg x = design_leg_of(j->d, a, PEERING_PRIVATE, LEG_FIRST);
    struct design_leg y = design_leg_of(j->d, b, PEERING_PRIVATE, LEG_FIRST);
    return x.announce == y.announce && x.announce_n == y.announce_n;
}
static void offered_everywhere_design(struct judging *j)
{
    at_key(j, "/circuits");
    for (size_t i = 0; i < j->set->circuits_n; i++) {
        struct design_leg l = design_leg_of(j->d, member(j, i), PEERING_PRIVATE, LEG_FIRST);
        if (!member(j, i)->peerings[PEERING_PRIVATE].there) continue;
        if (!l.announce_n) unclear(j, "the design does not say what %s announces", member(j, i)->name);
        for (size_t k = 0; k < j->set->circuits_n; k++)
            if (k != i && member(j, k)->peerings[PEERING_PRIVATE].there && !same_private(j, member(j, i), member(j, k)))
                covered_there(j, member(j, i), member(j, k));
    }
    if (j->set->circuits_n < 2) broken(j, "a set of one circuit has nothing to fall back to");
    holds(j);
}

/* ---- preference ---- */

static const char *if_preferred(const struct judging *j)
{
    return *j->set->preferred ? NULL : "no circuit of the set is preferred";
}

/* By each technique: +1 the preferred circuit wins, -1 another one does, 0 it does not tell. */
static int by_weight(const struct judging *j, const struct design_circuit *a, const struct design_circuit *b)
{
    int said = 0;
    for (size_t i = 0; i < j->d->connections_n; i++)
        for (size_t k = 0; k < j->d->connections_n; k++) {
            const struct design_connection *x = &j->d->connections[i], *y = &j->d->connections[k];
            if (strcmp(x->circuit, a->name) != 0 || strcmp(y->circuit, b->name) != 0 ||
                strcmp(x->gateway, y->gateway) != 0 || x->weight == y->weight)
                continue;
            said = x->weight > y->weight && said >= 0 ? 1 : -1;
        }
    return said;
}
static int by_path(const struct design_circuit *a, const struct design_circuit *b)
{
    uint8_t x = a->peerings[PEERING_PRIVATE].edge[LEG_FIRST].prepend;
    uint8_t y = b->peerings[PEERING_PRIVATE].edge[LEG_FIRST].prepend;
    return x == y ? 0 : x < y ? 1 : -1;
}
static bool has_longer(const struct judging *j, const struct design_circuit *a, const struct design_circuit *b)
{
    struct design_leg x = design_leg_of(j->d, a, PEERING_PRIVATE, LEG_FIRST);
    struct design_leg y = design_leg_of(j->d, b, PEERING_PRIVATE, LEG_FIRST);
    if (same_private(j, a, b)) return false;
    for (size_t i = 0; i < x.announce_n; i++) {
        const struct prefix *over = covered_by(y.announce, y.announce_n, &x.announce[i]);
        if (over && over->len < x.announce[i].len) return true;
    }
    return false;
}
static int by_length(const struct judging *j, const struct design_circuit *a, const struct design_circuit *b)
{
    bool x = has_longer(j, a, b), y = has_longer(j, b, a);
    return x == y ? 0 : x ? 1 : -1;
}

static void technique_against(struct judging *j, const struct design_circuit *a, const struct design_circuit *b)
{
    static const char *const names[] = {"prefix length", "connection weight", "AS-path length"};
    static const enum design_technique kinds[] = {TECHNIQUE_LONGER, TECHNIQUE_WEIGHT, TECHNIQUE_PREPEND};
    const int said[] = {by_length(j, a, b), by_weight(j, a, b), by_path(a, b)}; /* in order of effect */
    size_t used = 0, first = ARRAY_LEN(said);
    for (size_t i = 0; i < ARRAY_LEN(said); i++)
        if (said[i] && !used++) first = i;
    if (!used) {
        broken(j, "nothing in the design makes %s win over %s", a->name, b->name);
    } else if (said[first] < 0) {
        broken(j, "%s is declared as preferred, %s wins by %s", a->name, b->name, names[first]);
    } else if (used > 1) {
        for (size_t i = first + 1; i < ARRAY_LEN(said); i++)
            if (said[i])
                broken(j, "%s and %s both speak about %s and %s", names[first], names[i], a->name, b->name);
    } else if (j->set->technique != TECHNIQUE_UNSAID && j->set->technique != kinds[first]) {
        broken(j, "the preference comes from %s, another technique is declared", names[first]);
    } else {
        holds(j);
    }
}
static void technique_design(struct judging *j)
{
    const struct design_circuit *a = design_circuit(j->d, j->set->preferred);
    at_key(j, "/technique");
    for (size_t i = 0; i < j->set->circuits_n; i++)
        if (member(j, i) != a) technique_against(j, a, member(j, i));
    if (j->set->circuits_n < 2) unclear(j, "there is no other circuit in the set");
}
static void technique_live(struct judging *j)
{
    const char *best = seen_if(j, FACT_GATEWAY_BEST, j->subject);
    if (best && strcmp(best, j->set->preferred) != 0)
        broken(j, "%s is declared as preferred, the gateway sends through %s", j->set->preferred, best);
}

static void mirrored_design(struct judging *j)
{
    const struct design_circuit *a = design_circuit(j->d, j->set->preferred);
    at_key(j, "/preferred");
    for (size_t i = 0; i < j->set->circuits_n; i++)
        for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
            const struct design_circuit *b = member(j, i);
            uint32_t x = a->peerings[PEERING_PRIVATE].edge[leg].local_pref;
            uint32_t y = b->peerings[PEERING_PRIVATE].edge[leg].local_pref;
            if (a == b) continue;
            if (!x && !y) untold(j, "the design gives no local_pref for the edges of %s and %s", a->name, b->name);
            else if ((x ? x : LOCAL_PREF_USUAL) > (y ? y : LOCAL_PREF_USUAL)) holds(j);
            else
                broken(j, "local preference on the %s leg is %u for %s, %u for %s", leg_name(leg),
                       x ? x : LOCAL_PREF_USUAL, a->name, y ? y : LOCAL_PREF_USUAL, b->name);
        }
}

static const char *if_longer(const struct judging *j)
{
    const struct design_circuit *a = design_circuit(j->d, j->set->preferred);
    if (j->set->technique == TECHNIQUE_LONGER) return NULL;
    for (size_t i = 0; a && i < j->set->circuits_n; i++)
        if (member(j, i) != a && has_longer(j, a, member(j, i))) return NULL;
    return "the set does not use longer prefixes";
}
static void covered_design(struct judging *j)
{
    const struct design_circuit *a = design_circuit(j->d, j->set->preferred);
    at_key(j, "/preferred");
    if (!a) {
        unclear(j, "the design does not say which circuit has the longer prefixes");
        return;
    }
    struct design_leg l = design_leg_of(j->d, a, PEERING_PRIVATE, LEG_FIRST);
    if (!l.announce_n) unclear(j, "the design does not say what %s announces", a->name);
    for (size_t i = 0; i < l.announce_n; i++)
        for (size_t k = 0; k < j->set->circuits_n; k++)
            if (member(j, k) != a && !announces_cover(j, member(j, k), &l.announce[i]))
                broken(j, "%s has no cover on %s", show_prefix(j, &l.announce[i]), member(j, k)->name);
    holds(j);
}

/* ---- rehearsal, load, index ---- */

static int64_t declared_age(const struct judging *j, const char *circuit)
{
    int64_t best = -1, days;
    for (size_t i = 0; i < j->d->drills_n; i++) {
        const struct design_drill *d = &j->d->drills[i];
        if (strcmp(d->circuit, circuit) != 0 || *d->leg || !design_date(d->date, &days) || days > today(j)) continue;
        if (best < 0 || today(j) - days < best) best = today(j) - days;
    }
    return best;
}
static int64_t recorded_age(struct judging *j, const struct design_circuit *c)
{
    j->c = c;
    const struct fact *f = drill_of(j, "circuit");
    j->c = NULL;
    return f && strstr(f->value, "restored") ? (j->in->now_ms - f->at_ms) / 86400000 : -1;
}
static void rehearsed_design(struct judging *j)
{
    at_key(j, "/circuits");
    for (size_t i = 0; i < j->set->circuits_n; i++) {
        const struct design_circuit *c = member(j, i);
        int64_t age = declared_age(j, c->name), recorded = recorded_age(j, c);
        if (age < 0 || (recorded >= 0 && recorded < age)) age = recorded;
        if (age > DRILL_DAYS)
            broken(j, "%s (%s) was last drilled %lld days ago", c->peering_location, c->name, (long long)age);
        else if (age >= 0) holds(j);
        else untold(j, "no drill of %s (%s) is recorded", c->peering_location, c->name);
    }
}

static const char *if_connections(const struct judging *j)
{
    return j->d->connections_n ? NULL : "no gateway with a circuit in this design";
}
/* The row is judged once all others are: checklist_run writes the index here. */
static void index_design(struct judging *j)
{
    at_key(j, "/operations/index_target");
    if (!j->d->operations.index_target) unclear(j, "the design wants no index");
    else holds(j);
}

static uint64_t gateway_left(const struct judging *j)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < j->d->gateways_n; i++) {
        const struct catalogue_gateway *sku = catalogue_gateway(j->cat, j->d->gateways[i].sku);
        uint32_t units = j->d->gateways[i].scale_units;
        if (sku) sum += sku->mbps ? sku->mbps : (uint64_t)(units ? units : 1) * 1000;
    }
    return sum;
}
static void loss_design(struct judging *j)
{
    at_key(j, "/critical_mbps");
    if (!j->set->critical_mbps) {
        untold(j, "the design gives no critical_mbps");
        return;
    }
    for (size_t lost = 0; lost < j->set->circuits_n; lost++) {
        uint64_t left = 0;
        for (size_t i = 0; i < j->set->circuits_n; i++) left += i == lost ? 0 : member(j, i)->bandwidth_mbps;
        if (left < j->set->critical_mbps)
            broken(j, "the loss of %s leaves %llu of %u Mbps", member(j, lost)->name, (unsigned long long)left,
                   j->set->critical_mbps);
    }
    if (j->d->gateways_n && gateway_left(j) && gateway_left(j) < j->set->critical_mbps)
        broken(j, "the gateways carry %llu of %u Mbps", (unsigned long long)gateway_left(j), j->set->critical_mbps);
    holds(j);
}

/* ---- VPN as a backup ---- */

static void vpn_design(struct judging *j)
{
    at_key(j, "/protects");
    if (!*j->vpn->protects) untold(j, "the design does not say which peering the VPN backs up");
    else if (strcmp(j->vpn->protects, "private") != 0) broken(j, "a VPN backs up %s peering", j->vpn->protects);
    must_say(j, j->vpn->standby, SAID_YES, "/standby", "the VPN is used beside the circuit");
}

/* Circuits that lead to the VPN's network. */
static const struct design_circuit *circuit_of_network(const struct judging *j, const char *network, size_t *from)
{
    for (; *from < j->d->connections_n; ++*from) {
        const struct design_connection *k = &j->d->connections[*from];
        const struct design_gateway *g = design_gateway(j->d, k->gateway);
        if (!g || strcmp(g->virtual_network, network) != 0) continue;
        ++*from;
        return design_circuit(j->d, k->circuit);
    }
    return NULL;
}
static void vpn_against(struct judging *j, const struct design_circuit *c)
{
    struct design_leg l = design_leg_of(j->d, c, PEERING_PRIVATE, LEG_FIRST);
    uint32_t vpn = j->vpn->local_pref ? j->vpn->local_pref : LOCAL_PREF_USUAL;
    for (size_t i = 0; i < j->vpn->prefixes_n; i++) {
        const struct prefix *p = covered_by(l.announce, l.announce_n, &j->vpn->prefixes[i]);
        at_key(j, say(j, "/prefixes/%zu", i));
        if (p && p->len < j->vpn->prefixes[i].len)
            broken(j, "%s over the VPN is longer than %s on %s", show_prefix(j, &j->vpn->prefixes[i]),
                   show_prefix(j, p), c->name);
    }
    at_key(j, "/local_pref");
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        uint32_t own = c->peerings[PEERING_PRIVATE].edge[leg].local_pref;
        if (!own && !j->vpn->local_pref)
            untold(j, "the design gives no local_pref for %s and the VPN", c->name);
        else if ((own ? own : LOCAL_PREF_USUAL) <= vpn)
            broken(j, "local preference is %u on the %s leg of %s, %u for the VPN", own ? own : LOCAL_PREF_USUAL,
                   leg_name(leg), c->name, vpn);
    }
}
static void never_wins_design(struct judging *j)
{
    size_t from = 0, n = 0;
    for (const struct design_circuit *c; (c = circuit_of_network(j, j->vpn->virtual_network, &from)); n++)
        vpn_against(j, c);
    if (!n) unclear(j, "no circuit leads to %s", j->vpn->virtual_network);
    if (!j->vpn->prefixes_n) untold(j, "the design does not say what is announced over the VPN");
    holds(j);
}

static void suits_design(struct judging *j)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < j->d->workloads_n; i++) {
        const struct design_workload *w = &j->d->workloads[i];
        if (w->vpn_backup != SAID_YES) continue;
        at_key(j, "");
        sum += w->mbps;
        if (w->critical == SAID_YES) broken(j, "%s is critical", w->name);
        else if (w->latency_sensitive == SAID_YES) broken(j, "%s is sensitive to latency", w->name);
        else if (w->bandwidth_heavy == SAID_YES) broken(j, "%s needs much bandwidth", w->name);
    }
    at_key(j, "/mbps");
    if (j->vpn->mbps && sum > j->vpn->mbps)
        broken(j, "the workloads need %llu Mbps, the VPN carries %u", (unsigned long long)sum, j->vpn->mbps);
    must_say(j, j->vpn->active_active, SAID_YES, "/active_active", "the VPN gateway has one instance");
}

const struct judge_row judges_recovery[] = {
    {"NET-DR-01", SCOPE_DESIGN, NULL, two_locations_design, NULL},
    {"NET-DR-02", SCOPE_DESIGN, if_two_circuits, differ_design, NULL},
    {"NET-DR-03", SCOPE_RECOVERY, NULL, offered_everywhere_design, NULL},
    {"NET-DR-04", SCOPE_RECOVERY, if_preferred, technique_design, technique_live},
    {"NET-DR-05", SCOPE_RECOVERY, if_preferred, mirrored_design, NULL},
    {"NET-DR-06", SCOPE_RECOVERY, if_longer, covered_design, NULL},
    {"NET-DR-07", SCOPE_RECOVERY, NULL, rehearsed_design, NULL},
    {"NET-DR-08", SCOPE_DESIGN, if_connections, index_design, NULL},
    {"NET-DR-09", SCOPE_RECOVERY, NULL, loss_design, NULL},
    {"NET-DR-10", SCOPE_VPN, NULL, vpn_design, NULL},
    {"NET-DR-11", SCOPE_VPN, NULL, never_wins_design, NULL},
    {"NET-DR-12", SCOPE_VPN, NULL, suits_design, NULL},
    {0},
};
