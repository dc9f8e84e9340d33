/* checklist/judges_m365_paths.c - M365-SYM and M365-INB: every flow one way in both directions, and what
 * Microsoft calls. */
#include <stdlib.h>
#include <string.h>
#include "checklist/judge.h"
#include "checklist/office.h"

/* ---- symmetry ---- */

static const char *if_office_peering(const struct judging *j)
{
    const char *why = if_either(j);
    return why ? why : if_microsoft(j);
}
static const char *if_office_pool(const struct judging *j)
{
    return if_either(j);
}
static const char *if_office_circuit_pool(const struct judging *j)
{
    const char *why = if_either(j);
    return why ? why : j->pool->path == PATH_INTERNET ? "the pool is for the Internet" : NULL;
}

static void against_internet(struct judging *j, const struct prefix *e)
{
    for (size_t i = 0; i < j->d->internet_n; i++)
        for (size_t k = 0; k < j->d->internet[i].prefixes_n; k++) {
            const struct prefix *o = &j->d->internet[i].prefixes[k];
            if (prefix_covers(e, o))
                broken(j, "%s on the circuit is %s %s on the Internet", show_prefix(j, e),
                       prefix_equal(e, o) ? "the same as" : "shorter than", show_prefix(j, o));
        }
}
static void longer_design(struct judging *j)
{
    at_key(j, "/advertised_prefixes");
    if (!j->d->internet_n) untold(j, "the design does not say what is announced to the Internet");
    for (size_t i = 0; i < j->p->declared_n; i++) {
        at_key(j, say(j, "/advertised_prefixes/%zu", i));
        against_internet(j, &j->p->declared[i]);
    }
    if (j->p->declared_n) holds(j);
    else unclear(j, "the design declares no prefixes");
}

static void separate_design(struct judging *j)
{
    const struct design_pool *p = j->pool;
    at_key(j, "/prefix");
    if (p->path == PATH_UNSAID) untold(j, "the design does not say on which path the pool is used");
    for (size_t i = 0; i < j->d->nat.pools_n; i++) {
        const struct design_pool *o = &j->d->nat.pools[i];
        bool one_internet = o->path == PATH_INTERNET && p->path == PATH_INTERNET;
        bool shared = text_in(p->shared_with, p->shared_with_n, o->circuit) ||
                      text_in(o->shared_with, o->shared_with_n, p->circuit);
        if (o == p || one_internet || (shared && o->path == p->path) || !prefix_overlaps(&p->prefix, &o->prefix)) continue;
        broken(j, "%s is also in pool %s%s", show_prefix(j, &p->prefix), o->name,
               o->path == PATH_INTERNET ? ", which is for the Internet" : "");
    }
    holds(j);
}

static void own_sources_design(struct judging *j)
{
    const struct design_circuit *c = *j->pool->circuit ? design_circuit(j->d, j->pool->circuit) : NULL;
    at_key(j, "/prefix");
    if (!c) unclear(j, "the design does not say on which circuit the pool is used");
    else if (!prefix_is_public(&j->pool->prefix, true)) broken(j, "%s is not public", show_prefix(j, &j->pool->prefix));
    else if (!covered_by(c->peerings[PEERING_MICROSOFT].declared, c->peerings[PEERING_MICROSOFT].declared_n, &j->pool->prefix))
        broken(j, "%s is not among the prefixes %s declares", show_prefix(j, &j->pool->prefix), c->name);
    else holds(j);
}

static bool has_purpose(const struct judging *j, const struct prefix *p)
{
    for (size_t i = 0; i < j->d->nat.pools_n; i++)
        if (j->d->nat.pools[i].path != PATH_INTERNET && prefix_covers(p, &j->d->nat.pools[i].prefix)) return true;
    for (size_t i = 0; i < j->d->inbound_n; i++)
        if (j->d->inbound[i].path == PATH_CIRCUIT && !addr_is_none(&j->d->inbound[i].public_ip) &&
            prefix_has(p, &j->d->inbound[i].public_ip))
            return true;
    for (size_t i = 0; i < j->d->sites_n; i++) /* public addresses of a site need no translation */
        for (size_t k = 0; k < j->d->sites[i].prefixes_n; k++)
            if (prefix_overlaps(p, &j->d->sites[i].prefixes[k]) && !prefix_is_default(&j->d->sites[i].prefixes[k])) return true;
    return false;
}
static void purpose_design(struct judging *j)
{
    at_key(j, "/advertised_prefixes");
    if (!j->p->declared_n) unclear(j, "the design declares no prefixes");
    else if (!j->d->nat.pools_n && !j->d->inbound_n) untold(j, "the design gives neither NAT pools nor published services");
    else {
        for (size_t i = 0; i < j->p->declared_n; i++)
            if (!has_purpose(j, &j->p->declared[i]))
                broken(j, "%s has no purpose and attracts all traffic of Microsoft", show_prefix(j, &j->p->declared[i]));
        holds(j);
    }
}

static void one_way_live(struct judging *j)
{
    size_t n;
    const struct fact *const *list = seen_all(j, FACT_M365_ASYMMETRIC, "m365", &n);
    if (!n) unclear(j, "no evidence of m365.asymmetric for m365");
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i]->value, "0") != 0) broken(j, "%s flows are seen one way only (%s)", list[i]->value, list[i]->source);
    if (n) holds(j);
}

static const char *if_office_leg(const struct judging *j) { return if_office_peering(j); }
static void accepted_live(struct judging *j)
{
    size_t n;
    const struct fact *const *list = seen_all(j, FACT_M365_REJECTED, j->subject, &n);
    if (!n) unclear(j, "no evidence of m365.rejected for %s", j->subject);
    else if (n == 1 && strcmp(list[0]->value, "none") == 0) holds(j);
    else broken(j, "%s is not accepted on the %s leg", list[0]->value, leg_name(j->leg));
}

/* ---- what Microsoft calls ---- */

static bool mail(const struct design_inbound *in) { return strcmp(in->kind, "smtp") == 0; }

static const struct prefix *on_a_circuit(const struct judging *j, size_t *out_circuits)
{
    const struct prefix *best = NULL;
    *out_circuits = 0;
    if (addr_is_none(&j->inbound->public_ip)) return NULL;
    struct prefix host = prefix_of(&j->inbound->public_ip, addr_bits((enum family)j->inbound->public_ip.family));
    for (size_t i = 0; i < j->d->circuits_n; i++) {
        const struct prefix *p = circuit_covers(j, &j->d->circuits[i], &host);
        *out_circuits += p != NULL;
        best = p ? p : best;
    }
    return best;
}

static const char *if_mail(const struct judging *j)
{
    const char *why = if_m365(j);
    return why ? why : mail(j->inbound) ? NULL : "the service is not mail";
}
static void mail_design(struct judging *j)
{
    size_t circuits;
    at_key(j, "/path");
    if (j->inbound->path == PATH_CIRCUIT) broken(j, "mail host %s is reached over a circuit", j->inbound->name);
    else if (on_a_circuit(j, &circuits)) broken(j, "mail host %s is announced on a circuit", j->inbound->name);
    else if (j->inbound->path == PATH_UNSAID) untold(j, "the design does not say how mail arrives");
    else holds(j);
}

static const char *if_other_inbound(const struct judging *j)
{
    static const char *const kinds[] = {"adfs", "exchange-hybrid", "sharepoint-hybrid", "skype-hybrid", "federation"};
    const char *why = if_m365(j);
    return why ? why : text_in(kinds, ARRAY_LEN(kinds), j->inbound->kind) ? NULL : "no inbound flow of Office";
}
static void default_path_design(struct judging *j)
{
    at_key(j, "/path");
    if (j->inbound->path == PATH_UNSAID) untold(j, "the design does not say how %s is reached", j->inbound->name);
    else if (j->inbound->path == PATH_CIRCUIT) broken(j, "%s over a circuit adds complexity", j->inbound->name);
    else holds(j);
}

static const char *if_inbound_circuit(const struct judging *j)
{
    const char *why = if_either(j);
    return why ? why : j->inbound->path == PATH_CIRCUIT ? NULL : "the service is not reached over a circuit";
}
static void dedicated_design(struct judging *j)
{
    size_t circuits;
    at_key(j, "/public_ip");
    if (addr_is_none(&j->inbound->public_ip)) unclear(j, "the design gives no public_ip of %s", j->inbound->name);
    else if (!on_a_circuit(j, &circuits)) broken(j, "the address of %s is announced on no circuit", j->inbound->name);
    at_key(j, "/public_fqdn");
    if (!*j->inbound->public_fqdn) broken(j, "%s has no name in public DNS", j->inbound->name);
    must_say(j, j->inbound->other_services, SAID_NO, "/other_services", "its subnet also serves other traffic of Microsoft");
}
static void survives_design(struct judging *j)
{
    size_t circuits;
    at_key(j, "/public_ip");
    if (addr_is_none(&j->inbound->public_ip)) unclear(j, "the design gives no public_ip of %s", j->inbound->name);
    else if (on_a_circuit(j, &circuits), circuits < 2)
        broken(j, "%s is announced on %zu circuit%s only", j->inbound->name, circuits, circuits == 1 ? "" : "s");
    else holds(j);
}
static const char *if_office_inbound(const struct judging *j) { return if_m365(j); }
static void translated_design(struct judging *j)
{
    if (j->inbound->confined == SAID_YES) holds(j);
    else must_say(j, j->inbound->source_nat, SAID_YES, "/source_nat", "replies may leave by the circuit");
}
static void filtered_design(struct judging *j)
{
    at_key(j, "/perimeter");
    if (*j->inbound->perimeter) holds(j);
    else untold(j, "the design names no firewall or proxy in front of %s", j->inbound->name);
}

const struct judge_row judges_m365_paths[] = {
    {"M365-SYM-01", SCOPE_PEERING, if_office_peering, longer_design, NULL},
    {"M365-SYM-02", SCOPE_POOL, if_office_pool, separate_design, NULL},
    {"M365-SYM-03", SCOPE_POOL, if_office_circuit_pool, own_sources_design, NULL},
    {"M365-SYM-04", SCOPE_PEERING, if_office_peering, purpose_design, NULL},
    {"M365-SYM-05", SCOPE_DESIGN, if_m365, NULL, one_way_live},
    {"M365-SYM-06", SCOPE_LEG, if_office_leg, NULL, accepted_live},
    {"M365-INB-01", SCOPE_INBOUND, if_mail, mail_design, NULL},
    {"M365-INB-02", SCOPE_INBOUND, if_other_inbound, default_path_design, NULL},
    {"M365-INB-03", SCOPE_INBOUND, if_inbound_circuit, dedicated_design, NULL},
    {"M365-INB-04", SCOPE_INBOUND, if_inbound_circuit, survives_design, NULL},
    {"M365-INB-05", SCOPE_INBOUND, if_office_inbound, translated_design, NULL},
    {"M365-INB-06", SCOPE_INBOUND, if_inbound_circuit, filtered_design, NULL},
    {0},
};
