/* checklist/judges_dynamics.c - D365: Dynamics 365 over Microsoft peering. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "checklist/judge.h"
#include "checklist/office.h"

enum { OLD_COMMUNITY = 5040, TAGS_DAYS = 14 };

static const char *if_d365(const struct judging *j)
{
    return j->d->d365.enabled == SAID_YES ? NULL : "Dynamics 365 does not use these circuits";
}

static void peering_design(struct judging *j)
{
    bool there = false, filtered = false, unknown = false;
    at_key(j, "/circuits");
    for (size_t i = 0; i < j->d->circuits_n; i++) {
        const struct design_peering *p = &j->d->circuits[i].peerings[PEERING_MICROSOFT];
        const struct design_filter *f = p->there ? design_filter(j->d, p->route_filter) : NULL;
        there = there || (p->there && p->disabled != SAID_YES);
        filtered = filtered || (f && f->rules_n && f->rules[0].communities_n);
        unknown = unknown || (p->there && *p->route_filter && !f);
    }
    if (!j->d->circuits_n) unclear(j, "the design gives no circuits");
    else if (!there) broken(j, "there is no Microsoft peering");
    else if (filtered) holds(j);
    else if (unknown) unclear(j, "the design does not give the rules of the filter");
    else broken(j, "no route filter is attached");
}

/* Up to version 8.2 the service had a community of its own. */
static bool is_old(const char *version)
{
    char *end = NULL;
    unsigned long major = strtoul(version, &end, 10), minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
    return major < 8 || (major == 8 && minor <= 2);
}
static bool selected(const struct design *d, uint32_t value)
{
    for (size_t i = 0; i < d->circuits_n; i++)
        if (office_filter_has(d, &d->circuits[i], value)) return true;
    return false;
}
static void communities_design(struct judging *j)
{
    const struct design_d365 *x = &j->d->d365;
    at_key(j, "/d365/azure_regions");
    if (!*x->version) {
        at_key(j, "/d365/version");
        untold(j, "the design does not give the version of Dynamics 365");
        return;
    }
    if (is_old(x->version)) {
        if (selected(j->d, OLD_COMMUNITY)) holds(j);
        else broken(j, "version %s needs 12076:%d", x->version, OLD_COMMUNITY);
        return;
    }
    if (x->azure_regions_n < 2) broken(j, "%zu of the two data-centre regions is named", x->azure_regions_n);
    for (size_t i = 0; i < x->azure_regions_n; i++) {
        const struct region_community *r = community_of_region(x->azure_regions[i]);
        if (!r) broken(j, "no community is known for region '%s'", x->azure_regions[i]);
        else if (!selected(j->d, r->value)) broken(j, "12076:%u of %s is in no filter", r->value, r->display);
    }
    holds(j);
}

static const char *if_no_office(const struct judging *j)
{
    const char *why = if_d365(j);
    if (why) return why;
    if (!j->c->peerings[PEERING_MICROSOFT].there) return "the circuit has no Microsoft peering";
    return office_selected(j->d, j->c) ? "the circuit carries Office too, which needs Premium anyway" : NULL;
}
static void tier_design(struct judging *j)
{
    at_key(j, "/sku");
    if (design_is_premium(j->c) || j->d->d365.same_geography == SAID_YES) holds(j);
    else if (j->d->d365.same_geography == UNSAID) untold(j, "the design does not say whether the environment is in the circuit's geography");
    else broken(j, "%s is %s, and the environment is outside its geography", j->c->name, j->c->sku);
}

static const char *cloud_wanted(const char *cloud)
{
    if (strncmp(cloud, "GCC", 3) == 0 || strcmp(cloud, "DoD") == 0) return "usgov";
    return strcmp(cloud, "China") == 0 ? "china" : "global";
}
static void cloud_design(struct judging *j)
{
    at_key(j, "/d365/cloud");
    if (!*j->d->d365.cloud) untold(j, "the design does not say in which cloud Dynamics 365 is");
    else if (strcmp(cloud_wanted(j->d->d365.cloud), j->d->cloud) == 0) holds(j);
    else broken(j, "the circuits are in cloud %s, Dynamics 365 in %s", j->d->cloud, j->d->d365.cloud);
}

static void cdn_design(struct judging *j)
{
    must_say(j, j->d->d365.cdn_on_internet, SAID_YES, "/d365/cdn_on_internet", "static content is not reached over the Internet");
}
static void names_design(struct judging *j)
{
    must_say(j, j->d->d365.names_allowed, SAID_YES, "/d365/names_allowed", "a listed name is blocked");
}

static const char *if_by_address(const struct judging *j)
{
    const char *why = if_d365(j);
    return why ? why : j->d->d365.acl_by_address == SAID_YES ? NULL : "no access list is made of addresses";
}
static void tags_design(struct judging *j)
{
    int64_t day;
    at_key(j, "/d365/tags_date");
    if (!design_date(j->d->d365.tags_date, &day)) untold(j, "the design does not date the service tag file");
    else if (today(j) - day > TAGS_DAYS) broken(j, "the service tag file is of %s", j->d->d365.tags_date);
    else holds(j);
}

static const char *if_callback(const struct judging *j)
{
    const char *why = if_d365(j);
    return why ? why : strcmp(j->inbound->kind, "dynamics-callback") == 0 ? NULL : "the service is no callback of Dynamics";
}
static void callback_design(struct judging *j)
{
    const struct design_inbound *in = j->inbound;
    at_key(j, "/public_fqdn");
    if (!*in->public_fqdn) broken(j, "%s has no name in public DNS", in->name);
    at_key(j, "/public_ip");
    if (addr_is_none(&in->public_ip)) {
        unclear(j, "the design gives no public_ip of %s", in->name);
    } else if (in->path == PATH_CIRCUIT) {
        struct prefix host = prefix_of(&in->public_ip, addr_bits((enum family)in->public_ip.family));
        bool there = false;
        for (size_t i = 0; i < j->d->circuits_n; i++) there = there || circuit_covers(j, &j->d->circuits[i], &host);
        if (!there) broken(j, "the address of %s is announced on no circuit", in->name);
    }
    at_key(j, "/perimeter");
    if (!*in->perimeter) broken(j, "%s is open to the whole Microsoft network", in->name);
    holds(j);
}

const struct judge_row judges_dynamics[] = {
    {"D365-01", SCOPE_DESIGN, if_d365, peering_design, NULL},
    {"D365-02", SCOPE_DESIGN, if_d365, communities_design, NULL},
    {"D365-03", SCOPE_CIRCUIT, if_no_office, tier_design, NULL},
    {"D365-04", SCOPE_DESIGN, if_d365, cloud_design, NULL},
    {"D365-05", SCOPE_DESIGN, if_d365, cdn_design, NULL},
    {"D365-06", SCOPE_DESIGN, if_d365, names_design, NULL},
    {"D365-07", SCOPE_DESIGN, if_by_address, tags_design, NULL},
    {"D365-08", SCOPE_INBOUND, if_callback, callback_design, NULL},
    {0},
};
