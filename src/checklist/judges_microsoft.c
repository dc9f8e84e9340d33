/* checklist/judges_microsoft.c - NET-MSP: public prefixes, their owners, and the route filter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "checklist/judge.h"
#include "m365/communities.h"
#include "net/asn.h"

enum { DECLARED_MOST = 200, DOC_FIRST = 64496, DOC_LAST = 64511 };

static void declared_design(struct judging *j)
{
    size_t per_family[2] = {0};
    at_key(j, "/advertised_prefixes");
    if (!j->p->advertised_prefixes_n) {
        if (j->c->l3_managed_by == PARTY_PROVIDER) untold(j, "the provider runs the peering; the design does not tell its prefixes");
        else broken(j, "no advertised prefixes are declared");
        return;
    }
    for (size_t i = 0; i < j->p->advertised_prefixes_n; i++) {
        struct prefix p;
        const char *s = j->p->advertised_prefixes[i];
        at_key(j, say(j, "/advertised_prefixes/%zu", i));
        if (prefix_parse(s, &p) != PREFIX_FINE) {
            broken(j, "'%s' is no prefix", s);
            continue;
        }
        if (!prefix_is_public(&p, true)) broken(j, "%s is not public", s);
        if (++per_family[p.addr.family == FAMILY_IPV6] == DECLARED_MOST + 1)
            broken(j, "more than %d prefixes of one family are declared", DECLARED_MOST);
    }
    holds(j);
}

/* ---- whose they are ---- */

static bool registry_known(const char *name)
{
    static const char *const known[] = {"ARIN", "APNIC", "AFRINIC", "LACNIC", "RIPENCC", "RADB", "ALTDB", NULL};
    for (const char *const *k = known; *k; k++)
        if (text_same_nocase(*k, name)) return true;
    return false;
}
static uint32_t holder_asn(const struct judging *j)
{
    return j->p->customer_asn ? j->p->customer_asn : j->p->peer_asn;
}
static const struct design_record *record_for(const struct judging *j, const struct prefix *p)
{
    for (size_t i = 0; i < j->p->prefix_records_n; i++)
        if (prefix_covers(&j->p->prefix_records[i].prefix, p)) return &j->p->prefix_records[i];
    return NULL;
}
static void registered(struct judging *j, const struct prefix *p)
{
    const struct design_record *r = record_for(j, p);
    if (!r) {
        untold(j, "the design has no prefix_records for %s", show_prefix(j, p));
    } else if (r->letter == SAID_YES) {
        holds(j);
    } else if (!registry_known(r->registry)) {
        broken(j, "%s: '%s' is none of the registries that are asked", show_prefix(j, p), r->registry);
    } else if (r->asn != holder_asn(j)) {
        broken(j, "%s is registered to AS %u in %s, not AS %u", show_prefix(j, p), r->asn, r->registry, holder_asn(j));
    } else {
        holds(j);
    }
}
static void registered_design(struct judging *j)
{
    at_key(j, "/prefix_records");
    for (size_t i = 0; i < j->p->declared_n; i++) registered(j, &j->p->declared[i]);
    if (!j->p->declared_n) unclear(j, "there are no declared prefixes to look up");
}

static void validated_design(struct judging *j)
{
    at_key(j, "/validation");
    if (!*j->p->validation) {
        if (!j->in->facts) untold(j, "the design does not give the state of the validation");
    } else if (strcmp(j->p->validation, "Configured") == 0) {
        holds(j);
    } else {
        broken(j, "the validation is %s; sessions stay down until it is Configured", j->p->validation);
    }
}
static void validated_live(struct judging *j)
{
    wants(j, FACT_PEERING_PREFIXES_STATE, j->subject, "Configured");
}

static void numbers_design(struct judging *j)
{
    at_key(j, "/customer_asn");
    if (j->p->customer_asn && (asn_is_private(j->p->customer_asn) || asn_check_peer(j->p->customer_asn) != ASN_USABLE))
        broken(j, "customer AS %u is not public", j->p->customer_asn);
    if (!j->p->peer_asn) unclear(j, "the design gives no peer_asn");
    else if (asn_is_private(j->p->peer_asn))
        must_say(j, j->p->manual_validation, SAID_YES, "/manual_validation",
                 "the peer AS number is private and was not validated by hand");
    holds(j);
}

/* ---- what is announced ---- */

/* Defaults and private prefixes are the business of NET-RTE-01 and -02. */
static void inside(struct judging *j, const struct prefix *p, enum leg leg)
{
    if (prefix_is_default(p) || !prefix_is_public(p, true)) return;
    if (!covered_by(j->p->declared, j->p->declared_n, p))
        broken(j, "%s on the %s leg is announced and not declared: its traffic is dropped", show_prefix(j, p),
               leg_name(leg));
}
static void inside_design(struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        struct announced a = announced_on(j, leg);
        at_key(j, say(j, "/edge/%s/announce", leg_name(leg)));
        for (size_t i = 0; i < a.n; i++) inside(j, &a.list[i], leg);
        if (a.n) holds(j);
        else unclear(j, "the design does not say what the %s leg announces", leg_name(leg));
    }
}
static void inside_live(struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        size_t n;
        struct route_seen r;
        const struct fact *const *list = seen_all(j, FACT_ROUTE, leg_subject(j, leg), &n);
        for (size_t i = 0; i < n; i++)
            if (route_parse(list[i]->value, &r)) inside(j, &r.prefix, leg);
        if (n) holds(j);
        else unclear(j, "no evidence of bgp.route for %s", leg_subject(j, leg));
    }
}

static void path_design(struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        const struct design_edge *e = &j->p->edge[leg];
        uint32_t asn = e->prepend_asn ? e->prepend_asn : e->asn ? e->asn : j->p->peer_asn;
        at_key(j, say(j, "/edge/%s/prepend", leg_name(leg)));
        if (e->prepend && !asn) unclear(j, "the design does not say what is prepended on the %s leg", leg_name(leg));
        else if (e->prepend && asn >= DOC_FIRST && asn <= DOC_LAST)
            broken(j, "AS %u is for documentation and not accepted in a path", asn);
        else if (e->prepend && asn_is_private(asn))
            broken(j, "AS %u is private and is removed: the prepend on the %s leg has no effect", asn, leg_name(leg));
        else holds(j);
    }
}
static void path_live(struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        size_t n;
        struct route_seen r;
        uint32_t asn;
        const struct fact *const *list = seen_all(j, FACT_ROUTE, leg_subject(j, leg), &n);
        for (size_t i = 0; i < n; i++) {
            if (!route_parse(list[i]->value, &r)) continue;
            while (path_next(&r.path, &asn))
                if (asn >= DOC_FIRST && asn <= DOC_LAST)
                    broken(j, "%s has AS %u in its path", show_prefix(j, &r.prefix), asn);
        }
        if (n) holds(j);
        else unclear(j, "no evidence of bgp.route for %s", leg_subject(j, leg));
    }
}

/* ---- the route filter ---- */

static void attached_design(struct judging *j)
{
    const struct design_filter *f = design_filter(j->d, j->p->route_filter);
    size_t communities = 0;
    at_key(j, "/route_filter");
    for (size_t i = 0; f && i < f->rules_n; i++) communities += f->rules[i].communities_n;
    if (!*j->p->route_filter) broken(j, "no route filter is attached: nothing is advertised to you");
    else if (!f) unclear(j, "route filter '%s' is not among the design's route_filters", j->p->route_filter);
    else if (!communities) broken(j, "route filter '%s' lets nothing through", f->name);
    else holds(j);
}
static void attached_live(struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        uint64_t n;
        if (!seen_number(j, FACT_CUSTOMER_IMPORTED, leg_subject(j, leg), &n)) continue;
        if (n) holds(j);
        else broken(j, "the %s session receives nothing", leg_name(leg));
    }
}

static void one_rule_design(struct judging *j)
{
    const struct design_filter *f = j->filter;
    at_key(j, "/rules");
    if (f->rules_n == 0) unclear(j, "the design gives no rules of the filter");
    else if (f->rules_n > 1) broken(j, "the filter has %zu rules", f->rules_n);
    else if (!*f->rules[0].access) unclear(j, "the design does not say whether the rule allows");
    else if (!text_same_nocase(f->rules[0].access, "Allow")) broken(j, "the rule says %s", f->rules[0].access);
    else holds(j);
}

/* Value of "12076:n"; 0 if it is none. */
static uint32_t community_value(const char *s)
{
    char *end = NULL;
    unsigned long n = strncmp(s, "12076:", 6) == 0 ? strtoul(s + 6, &end, 10) : 0;
    return end && !*end && n <= UINT16_MAX ? (uint32_t)n : 0;
}
static const struct region_community *region_of_value(uint32_t value)
{
    for (const struct region_community *r = region_communities; r->value; r++)
        if (r->value == value) return r;
    return NULL;
}
static void in_reach(struct judging *j, const struct region_community *region)
{
    const struct catalogue_location *l = catalogue_location(j->cat, j->d->cloud, j->c->peering_location);
    const struct catalogue_geography *g = catalogue_geography_of(j->cat, region->region);
    if (strncmp(j->c->sku, "Local_", 6) == 0) {
        if (l && !catalogue_region_local(l, region->region))
            broken(j, "12076:%u (%s) is no local region of %s", region->value, region->display, l->name);
    } else if (!design_is_premium(j->c) && l && g && strcmp(l->geography, g->name) != 0) {
        broken(j, "12076:%u (%s) lies outside %s and needs Premium", region->value, region->display, l->geography);
    }
}
static void known_design(struct judging *j)
{
    const struct design_filter *f = design_filter(j->d, j->p->route_filter);
    at_key(j, "/route_filter");
    if (!f || !f->rules_n) {
        unclear(j, "the design does not give the communities of the filter");
        return;
    }
    for (size_t i = 0; i < f->rules_n; i++)
        for (size_t k = 0; k < f->rules[i].communities_n; k++) {
            const char *s = f->rules[i].communities[k];
            uint32_t value = community_value(s);
            const struct region_community *region = region_of_value(value);
            if (region) in_reach(j, region);
            else if (!value || !community_of_value(value)) broken(j, "there is no community '%s'", s);
        }
    holds(j);
}
static const char *if_filtered(const struct judging *j)
{
    if (j->kind != PEERING_MICROSOFT) return "only for Microsoft peering";
    return *j->p->route_filter ? NULL : "no route filter is attached";
}

static bool wanted_by(const struct design_filter *f, const char *communities)
{
    for (size_t i = 0; f && i < f->rules_n; i++)
        for (size_t k = 0; k < f->rules[i].communities_n; k++) {
            const char *w = f->rules[i].communities[k], *at = strstr(communities, w);
            if (at && (at == communities || at[-1] == ',' || at[-1] == ' ') && strspn(at + strlen(w), ", ") + !at[strlen(w)])
                return true;
        }
    return false;
}
static void asked_live(struct judging *j)
{
    const struct design_filter *f = design_filter(j->d, j->p->route_filter);
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        size_t n, foreign = 0, bare = 0;
        const struct fact *const *list = seen_all(j, FACT_CUSTOMER_ROUTE, leg_subject(j, leg), &n);
        for (size_t i = 0; i < n; i++) {
            const char *communities = strchr(list[i]->value, ' ');
            bare += !communities;
            foreign += communities && !wanted_by(f, communities + 1);
        }
        if (!n) unclear(j, "no evidence of customer.route for %s", leg_subject(j, leg));
        else if (!f) unclear(j, "the design does not give the communities of the filter");
        else if (bare) unclear(j, "the evidence of the %s leg has no communities", leg_name(leg));
        if (foreign && f) broken(j, "%zu prefixes on the %s leg carry no selected community", foreign, leg_name(leg));
        else holds(j);
    }
}

/* ---- edges and services ---- */

static void apart_design(struct judging *j)
{
    bool known = false;
    at_key(j, "/device");
    for (size_t i = 0; i < j->d->internet_n; i++) {
        const char *device = j->d->internet[i].device;
        known = known || *device;
        if (*device && strcmp(device, j->p->device) == 0)
            broken(j, "%s serves Microsoft peering and the Internet", device);
    }
    if (!*j->p->device || !known)
        untold(j, "the design does not name the edge device of %s", *j->p->device ? "the Internet" : "this peering");
    else holds(j);
}

static void services_design(struct judging *j)
{
    static const char *const never[] = {"cdn", "front door", "traffic manager", "logic apps", "mfa server", NULL};
    at_key(j, "/services");
    if (!j->p->services_n) untold(j, "the design does not list the services planned over the peering");
    for (size_t i = 0; i < j->p->services_n; i++)
        for (const char *const *n = never; *n; n++)
            if (text_same_nocase(*n, j->p->services[i])) broken(j, "%s is not served here", j->p->services[i]);
    if (j->p->services_n) holds(j);
}

const struct judge_row judges_microsoft[] = {
    {"NET-MSP-02", SCOPE_PEERING, if_microsoft, declared_design, NULL},
    {"NET-MSP-03", SCOPE_PEERING, if_microsoft, registered_design, NULL},
    {"NET-MSP-04", SCOPE_PEERING, if_microsoft, validated_design, validated_live},
    {"NET-MSP-05", SCOPE_PEERING, if_microsoft, numbers_design, NULL},
    {"NET-MSP-06", SCOPE_PEERING, if_microsoft, inside_design, inside_live},
    {"NET-MSP-07", SCOPE_PEERING, if_microsoft, path_design, path_live},
    {"NET-MSP-08", SCOPE_PEERING, if_microsoft, attached_design, attached_live},
    {"NET-MSP-09", SCOPE_FILTER, NULL, one_rule_design, NULL},
    {"NET-MSP-10", SCOPE_PEERING, if_filtered, known_design, NULL},
    {"NET-MSP-11", SCOPE_PEERING, if_filtered, NULL, asked_live},
    {"NET-MSP-12", SCOPE_PEERING, if_microsoft, apart_design, NULL},
    {"NET-MSP-13", SCOPE_PEERING, if_microsoft, services_design, NULL},
    {0},
};
