/* checklist/judges_recovery.c - the first of NET-DR: a second circuit, elsewhere. */
#include <string.h>
#include "checklist/judge.h"

static void two_locations_design(struct judging *j)
{
    const char *first = NULL;
    at_key(j, "/circuits");
    for (size_t i = 0; i < j->d->circuits_n; i++) {
        const char *at = j->d->circuits[i].peering_location;
        if (!*at) continue;
        if (first && strcmp(first, at) != 0) {
            holds(j);
            return;
        }
        first = at;
    }
    if (first) broken(j, "everything depends on %s", first);
    else unclear(j, "the design gives no peering location");
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
static void differ_design(struct judging *j)
{
    at_key(j, "/circuits");
    for (size_t i = 0; i < j->d->circuits_n; i++) {
        const struct design_circuit *a = &j->d->circuits[i];
        if (!*a->provider || !site_of(j, a)) unclear(j, "provider or site of %s is not known", a->name);
        for (size_t k = 0; k < i; k++) {
            const struct design_circuit *b = &j->d->circuits[k];
            if (strcmp(a->peering_location, b->peering_location) == 0) continue;
            if (*a->provider && strcmp(a->provider, b->provider) != 0 && site_of(j, a) != site_of(j, b)) {
                j->f.verdict = VERDICT_NA; /* one good pair is what is asked for */
                holds(j);
                return;
            }
        }
    }
    broken(j, "no two circuits of different locations differ in provider and site");
}

const struct judge_row judges_recovery[] = {
    {"NET-DR-01", SCOPE_DESIGN, NULL, two_locations_design, NULL},
    {"NET-DR-02", SCOPE_DESIGN, if_two_circuits, differ_design, NULL},
    {0},
};
