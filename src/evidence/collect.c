/* evidence/collect.c - see the header. */
#include "evidence/collect.h"
#include <stdio.h>
#include <string.h>
#include "base/text.h"

static bool side_is(const struct prefix *link, const struct addr *a, enum leg_side side)
{
    struct addr at = prefix_host(link, side == SIDE_CUSTOMER ? 1 : 2);
    return addr_equal(&at, a);
}

static bool leg_has(const struct design_peering *p, enum leg leg, const struct addr *a, enum leg_side side)
{
    struct prefix link;
    return (design_link_subnet(&p->ipv4, leg, &link) && side_is(&link, a, side)) ||
           (design_link_subnet(&p->ipv6, leg, &link) && side_is(&link, a, side));
}

bool leg_of_address(const struct design *d, const struct addr *a, enum leg_side side,
                    char subject[static SUBJECT_MAX])
{
    for (size_t i = 0; d && i < d->circuits_n; i++)
        for (int k = 0; k < PEERING_KINDS; k++)
            for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
                const struct design_circuit *c = &d->circuits[i];
                if (!c->peerings[k].there || !leg_has(&c->peerings[k], leg, a, side)) continue;
                snprintf(subject, SUBJECT_MAX, "circuit/%s/%s/%s", c->name,
                         peering_kind_name((enum peering_kind)k), leg_name(leg));
                return true;
            }
    return false;
}

void put_session_state(const struct collector *c, enum fact_name name, const char *subject,
                       const char *state)
{
    put(c, name, subject, text_same_nocase(state, "established") ? "Established" : state);
}

void put(const struct collector *c, enum fact_name name, const char *subject, const char *value)
{
    if (value && *value) facts_add(c->facts, name, subject, value, c->source, c->at_ms);
}

void put_number(const struct collector *c, enum fact_name name, const char *subject, uint64_t value)
{
    facts_addf(c->facts, name, subject, c->source, c->at_ms, "%llu", (unsigned long long)value);
}
