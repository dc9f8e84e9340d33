/* checklist/judges_account.c - ACC: the subscription a circuit is ordered in. */
#include <string.h>
#include "base/text.h"
#include "checklist/judge.h"

static const char subscription[] = "subscription";
static const char network_provider[] = "Microsoft.Network";

static void active_design(struct judging *j)
{
    const char *state = j->d->subscription.state;
    at_key(j, "/subscription/state");
    if (!*state) unclear(j, "the design does not say the subscription's state");
    else if (text_same_nocase(state, "Enabled")) holds(j);
    else broken(j, "the subscription is %s", state);
}
static void active_live(struct judging *j) { wants(j, FACT_SUBSCRIPTION_STATE, subscription, "Enabled"); }

static void may_write_design(struct judging *j)
{
    at_key(j, "/subscription/may_write");
    switch (j->d->subscription.may_write) {
    case UNSAID: unclear(j, "the design does not say whether the caller may write"); break;
    case SAID_YES: holds(j); break;
    case SAID_NO: broken(j, "the caller has no right to write network resources"); break;
    }
}
static void may_write_live(struct judging *j)
{
    wants(j, FACT_SUBSCRIPTION_MAY_WRITE, subscription, "true");
}

static void registered_design(struct judging *j)
{
    const struct design_subscription *s = &j->d->subscription;
    at_key(j, "/subscription/providers");
    for (size_t i = 0; i < s->providers_n; i++)
        if (text_same_nocase(s->providers[i], network_provider)) {
            holds(j);
            return;
        }
    if (s->providers_n) broken(j, "%s is not among the registered providers", network_provider);
    else unclear(j, "the design does not list the registered providers");
}

static void registered_live(struct judging *j)
{
    size_t n;
    const struct fact *const *list = seen_all(j, FACT_SUBSCRIPTION_PROVIDER, subscription, &n);
    for (size_t i = 0; i < n; i++) {
        const char *state = strchr(list[i]->value, ' ');
        if (!state || !text_same_nocase(say(j, "%.*s", (int)(state - list[i]->value), list[i]->value), network_provider)) continue;
        if (text_same_nocase(state + 1, "Registered")) holds(j);
        else broken(j, "%s is %s", network_provider, state + 1);
        return;
    }
    unclear(j, "no evidence of the registration of %s", network_provider);
}

static const char *if_any_direct(const struct judging *j)
{
    for (size_t i = 0; i < j->d->circuits_n; i++)
        if (design_is_direct(&j->d->circuits[i])) return NULL;
    return "no Direct circuit in this design";
}

static bool any_400g(const struct design *d)
{
    for (size_t i = 0; i < d->ports_n; i++)
        if (d->ports[i].bandwidth_gbps == 400) return true;
    return false;
}
static bool lists_part(const char *const *list, size_t n, const char *part)
{
    for (size_t i = 0; i < n; i++)
        if (strstr(list[i], part)) return true;
    return false;
}

static void enrolled_design(struct judging *j)
{
    const struct design_subscription *s = &j->d->subscription;
    at_key(j, "/subscription/features");
    if (any_400g(j->d) && s->features_n && !lists_part(s->features, s->features_n, "400"))
        broken(j, "a port pair of 400 Gbps needs an enrolment of its own");
    for (size_t i = 0; i < s->features_n; i++)
        if (strcmp(s->features[i], "AllowExpressRoutePorts") == 0) {
            holds(j);
            return;
        }
    if (s->features_n) broken(j, "AllowExpressRoutePorts is not among the enrolled features");
    else unclear(j, "the design does not list the enrolled features");
}

static void quota_design(struct judging *j)
{
    const struct design *d = j->d;
    const struct design_subscription *s = &d->subscription;
    at_key(j, "/circuits");
    if (d->circuits_n == 0) {
        unclear(j, "the design has no circuits to count");
        return;
    }
    if (d->circuits_n > s->circuit_quota)
        broken(j, "%zu circuits, the quota is %u", d->circuits_n, s->circuit_quota);
    for (size_t i = 0; i < d->circuits_n; i++) {
        const char *region = design_region(d, &d->circuits[i]);
        size_t same = 0, before = 0;
        for (size_t k = 0; k < d->circuits_n; k++) {
            bool here = catalogue_region_same(design_region(d, &d->circuits[k]), region);
            same += here;
            before += here && k < i;
        }
        if (before == 0 && same > s->circuit_region_quota)
            broken(j, "%zu circuits in %s, the quota of a region is %u", same,
                   *region ? region : "no region", s->circuit_region_quota);
    }
    holds(j);
}

const struct judge_row judges_account[] = {
    {"ACC-01", SCOPE_DESIGN, NULL, active_design, active_live},
    {"ACC-02", SCOPE_DESIGN, NULL, may_write_design, may_write_live},
    {"ACC-03", SCOPE_DESIGN, NULL, registered_design, registered_live},
    {"ACC-04", SCOPE_DESIGN, if_any_direct, enrolled_design, NULL},
    {"ACC-05", SCOPE_DESIGN, NULL, quota_design, NULL},
    {0},
};
