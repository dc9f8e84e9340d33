/* checklist/judges_m365.c - M365-ACC and M365-PEER: may Office 365 use the circuits, and does the
 * peering carry what is wanted. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "checklist/judge.h"
#include "checklist/office.h"
#include "m365/explain.h"

enum { LIMIT_TIMES_FEED = 2 };

/* ---- shared with the other Office files (office.h) ---- */

bool office_filter_has(const struct design *d, const struct design_circuit *c, uint32_t value)
{
    const struct design_filter *f = design_filter(d, c->peerings[PEERING_MICROSOFT].route_filter);
    if (!c->peerings[PEERING_MICROSOFT].there) return false;
    for (size_t i = 0; f && i < f->rules_n; i++)
        for (size_t k = 0; k < f->rules[i].communities_n; k++) {
            const char *s = f->rules[i].communities[k];
            if (strncmp(s, "12076:", 6) == 0 && strtoul(s + 6, NULL, 10) == value) return true;
        }
    return false;
}

bool office_selected(const struct design *d, const struct design_circuit *c)
{
    for (const struct service_community *s = service_communities; s->value; s++)
        if (s->approval == APPROVAL_MICROSOFT && office_filter_has(d, c, s->value)) return true;
    return false;
}

enum feed_instance office_instance(const struct design *d)
{
    enum feed_instance i;
    if (!*d->m365.instance) return WORLDWIDE;
    return instance_parse(d->m365.instance, &i) ? i : INSTANCE_UNKNOWN;
}

const struct service_community *office_community(const struct design *d, const char *service)
{
    const char *area = area_of_service(service);
    return area ? community_of_area(area, office_instance(d)) : NULL;
}

const char *if_either(const struct judging *j)
{
    bool either = j->d->m365.enabled == SAID_YES || j->d->d365.enabled == SAID_YES;
    return either ? NULL : "neither Office 365 nor Dynamics 365 uses these circuits";
}

/* ---- ACC ---- */

static void azure_design(struct judging *j)
{
    const char *state = j->d->subscription.state;
    at_key(j, "/subscription/state");
    if (!*state) untold(j, "the design does not say the subscription's state");
    else if (text_same_nocase(state, "Enabled")) holds(j);
    else broken(j, "the Azure subscription for the circuit is %s", state);
}
static void azure_live(struct judging *j)
{
    const char *state = seen_if(j, FACT_SUBSCRIPTION_STATE, "subscription");
    if (state && strcmp(state, "Enabled") != 0) broken(j, "the Azure subscription is %s", state);
}
static void office_design(struct judging *j)
{
    must_say(j, j->d->m365.subscription_active, SAID_YES, "/m365/subscription_active",
             "the Office 365 subscription is not active");
}

static const char *if_office_selected(const struct judging *j)
{
    for (size_t i = 0; i < j->d->circuits_n; i++)
        if (office_selected(j->d, &j->d->circuits[i])) return NULL;
    return "no filter has a community of Office";
}
static void authorised_design(struct judging *j)
{
    const struct design_authorization *a = &j->d->m365.authorization;
    int64_t day;
    at_key(j, "/m365/authorization");
    if (!*a->ref) broken(j, "communities of Office are selected and no authorisation is on record");
    else if (!*a->reason) untold(j, "the authorisation %s has no reason on record", a->ref);
    if (design_date(a->expires, &day) && day < today(j)) broken(j, "the authorisation ended on %s", a->expires);
    holds(j);
}
static void authorised_live(struct judging *j)
{
    size_t n;
    const struct fact *const *list = seen_all(j, FACT_M365_AUTHORIZED, "m365", &n);
    for (size_t i = 0; i < n; i++)
        if (strstr(list[i]->value, " false")) broken(j, "the subscription may not select %s", list[i]->value);
}

static const char *if_office_here(const struct judging *j)
{
    return office_selected(j->d, j->c) ? NULL : "the circuit carries no community of Office";
}
static void premium_design(struct judging *j)
{
    at_key(j, "/sku");
    if (!*j->c->sku) unclear(j, "the design gives no SKU");
    else if (design_is_premium(j->c)) holds(j);
    else broken(j, "%s is %s, Office needs Premium", j->c->name, j->c->sku);
}

static void instance_design(struct judging *j)
{
    enum feed_instance i = office_instance(j->d);
    at_key(j, "/m365/instance");
    if (i == INSTANCE_UNKNOWN) broken(j, "there is no instance '%s'", j->d->m365.instance);
    else if (i == CHINA || instance_is_retired(i))
        broken(j, "instance %s has no endpoint that supports circuits", instance_text(i));
    else if (!*j->d->m365.instance) unclear(j, "the design names no instance");
    else holds(j);
}

/* ---- PEER ---- */

static void enabled_design(struct judging *j)
{
    bool off = false;
    at_key(j, "/circuits");
    for (size_t i = 0; i < j->d->circuits_n; i++) {
        const struct design_peering *p = &j->d->circuits[i].peerings[PEERING_MICROSOFT];
        if (p->there && p->disabled != SAID_YES) {
            holds(j);
            return;
        }
        off = off || p->there;
    }
    if (!j->d->circuits_n) unclear(j, "the design gives no circuits");
    else broken(j, off ? "every Microsoft peering is disabled" : "there is no Microsoft peering");
}

static const char *if_office_peering(const struct judging *j)
{
    const char *why = if_either(j);
    return why ? why : if_microsoft(j);
}
static void validated_design(struct judging *j)
{
    at_key(j, "/validation");
    if (!*j->p->validation) {
        if (!j->in->facts) untold(j, "the design does not give the state of the validation");
    } else if (strcmp(j->p->validation, "Configured") != 0) {
        broken(j, "the prefixes are %s", j->p->validation);
    } else {
        holds(j);
    }
}
static void validated_live(struct judging *j) { wants(j, FACT_PEERING_PREFIXES_STATE, j->subject, "Configured"); }

static void filter_design(struct judging *j)
{
    const struct design_filter *f = design_filter(j->d, j->p->route_filter);
    at_key(j, "/route_filter");
    if (!*j->p->route_filter) broken(j, "no route filter: nothing is advertised");
    else if (!f || !f->rules_n) unclear(j, "the design does not give the rules of route filter '%s'", j->p->route_filter);
    else if (!f->rules[0].communities_n) broken(j, "route filter '%s' selects nothing", f->name);
    else holds(j);
}

static bool filters_known(const struct design *d)
{
    for (size_t i = 0; i < d->circuits_n; i++) {
        const struct design_peering *p = &d->circuits[i].peerings[PEERING_MICROSOFT];
        if (p->there && *p->route_filter && !design_filter(d, p->route_filter)) return false;
    }
    return true;
}
static bool selected_anywhere(const struct design *d, uint32_t value)
{
    for (size_t i = 0; i < d->circuits_n; i++)
        if (office_filter_has(d, &d->circuits[i], value)) return true;
    return false;
}
static void services_design(struct judging *j)
{
    at_key(j, "/m365/services");
    if (!j->d->m365.services_n || !filters_known(j->d)) {
        unclear(j, "the design does not give %s", j->d->m365.services_n ? "the rules of every filter" : "m365/services");
        return;
    }
    for (size_t i = 0; i < j->d->m365.services_n; i++) {
        const char *s = j->d->m365.services[i];
        const struct service_community *c = office_community(j->d, s);
        if (!area_of_service(s)) broken(j, "there is no service '%s'", s);
        else if (c && !selected_anywhere(j->d, c->value)) broken(j, "%s is wanted and 12076:%u is in no filter", s, c->value);
    }
    for (const struct service_community *c = service_communities; c->value; c++)
        if (*c->area && c->government != (office_instance(j->d) != WORLDWIDE) && selected_anywhere(j->d, c->value))
            broken(j, "12076:%u is of another cloud than the instance", c->value);
    holds(j);
}

static bool service_wanted(const struct design *d, const struct service_community *c)
{
    for (size_t i = 0; i < d->m365.services_n; i++)
        if (office_community(d, d->m365.services[i]) == c) return true;
    return false;
}
static void unplanned_design(struct judging *j)
{
    at_key(j, "/route_filters");
    if (!filters_known(j->d)) {
        unclear(j, "the design does not give the rules of every filter");
        return;
    }
    for (const struct service_community *c = service_communities; c->value; c++)
        if (c->approval == APPROVAL_MICROSOFT && !service_wanted(j->d, c) && selected_anywhere(j->d, c->value) &&
            c->government == (office_instance(j->d) != WORLDWIDE))
            broken(j, "12076:%u (%s) brings traffic nobody planned", c->value, c->name);
    if (selected_anywhere(j->d, 5060) && selected_anywhere(j->d, 5100))
        broken(j, "12076:5060 and 12076:5100 bring the same space twice");
    holds(j);
}

static const char *if_without_common(const struct judging *j)
{
    const char *why = if_m365(j);
    if (why) return why;
    return text_in(j->d->m365.services, j->d->m365.services_n, "common") ? "the common services are selected" : NULL;
}
static void sign_in_design(struct judging *j)
{
    must_say(j, j->d->m365.sign_in_on_internet, SAID_YES, "/m365/sign_in_on_internet",
             "sign-in shall use the circuit, and 12076:5100 is not selected");
}

static void prefix_limit_design(struct judging *j)
{
    uint32_t feed = j->d->m365.feed_prefixes;
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        uint32_t most = j->p->edge[leg].max_prefixes;
        at_key(j, say(j, "/edge/%s/max_prefixes", leg_name(leg)));
        if (!most || !feed) untold(j, "the design does not give %s", most ? "m365/feed_prefixes" : "max_prefixes of the edges");
        else if (most < feed * LIMIT_TIMES_FEED)
            broken(j, "the %s router accepts %u prefixes, the feed alone has %u", leg_name(leg), most, feed);
        else holds(j);
    }
}
static void prefix_limit_live(struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        const char *n = seen_if(j, FACT_CUSTOMER_IMPORTED, leg_subject(j, leg));
        uint32_t most = j->p->edge[leg].max_prefixes;
        if (n && most && strtoull(n, NULL, 10) * 125 >= (uint64_t)most * 100)
            broken(j, "%s prefixes received, the %s router accepts %u", n, leg_name(leg), most);
    }
}

static void import_design(struct judging *j)
{
    at_key(j, "/m365/import_policy");
    if (!*j->d->m365.import_policy) untold(j, "the design does not say what the import filter is made of");
    else if (strcmp(j->d->m365.import_policy, "office-feed") == 0) broken(j, "the import filter is made of the endpoint feed");
    else holds(j);
}

static void covered_live(struct judging *j)
{
    size_t n;
    const struct fact *const *list = seen_all(j, FACT_M365_UNCOVERED, "m365", &n);
    if (!n) unclear(j, "no evidence of m365.uncovered for m365");
    else if (n == 1 && strcmp(list[0]->value, "none") == 0) holds(j);
    else broken(j, "%zu ranges of the feed are not received: %s", n, list[0]->value);
}

static const char *if_office_flow(const struct judging *j)
{
    const char *why = if_m365(j);
    if (why) return why;
    return j->flow->path == PATH_CIRCUIT && *j->flow->service ? NULL : "no flow of a service over a circuit";
}
/* With a feed at hand it knows better than the design whether a host may ride the circuit. */
static void relied_design(struct judging *j)
{
    struct explanation e;
    if (j->in->feed && *j->flow->to && explain(j->in->feed, office_instance(j->d), j->flow->to, j->arena, &e) && e.matches) {
        at_key(j, "/to");
        if (e.path == GOES_INTERNET) broken(j, "%s rides the circuit: %s", j->flow->to, e.why);
        else holds(j);
        return;
    }
    must_say(j, j->flow->supported, SAID_YES, "/supported", "the flow rides the circuit and the feed does not support it");
}

const struct judge_row judges_m365[] = {
    {"M365-ACC-01", SCOPE_DESIGN, if_either, azure_design, azure_live},
    {"M365-ACC-02", SCOPE_DESIGN, if_m365, office_design, NULL},
    {"M365-ACC-03", SCOPE_DESIGN, if_office_selected, authorised_design, authorised_live},
    {"M365-ACC-04", SCOPE_CIRCUIT, if_office_here, premium_design, NULL},
    {"M365-ACC-05", SCOPE_DESIGN, if_m365, instance_design, NULL},
    {"M365-PEER-01", SCOPE_DESIGN, if_either, enabled_design, NULL},
    {"M365-PEER-02", SCOPE_PEERING, if_office_peering, validated_design, validated_live},
    {"M365-PEER-03", SCOPE_PEERING, if_office_peering, filter_design, NULL},
    {"M365-PEER-04", SCOPE_DESIGN, if_m365, services_design, NULL},
    {"M365-PEER-05", SCOPE_DESIGN, if_m365, unplanned_design, NULL},
    {"M365-PEER-06", SCOPE_DESIGN, if_without_common, sign_in_design, NULL},
    {"M365-PEER-07", SCOPE_PEERING, if_office_peering, prefix_limit_design, prefix_limit_live},
    {"M365-PEER-08", SCOPE_DESIGN, if_m365, import_design, NULL},
    {"M365-PEER-09", SCOPE_DESIGN, if_m365, NULL, covered_live},
    {"M365-PEER-10", SCOPE_FLOW, if_office_flow, relied_design, NULL},
    {0},
};
