/* checklist/judges_operations.c - OPS: alarms, contacts, probes, and the record of it all. */
#include <stdlib.h>
#include <string.h>
#include "checklist/judge.h"

enum { NOTICE_DAYS = 90, BITS_MOST_PERCENT = 80, IDLE_SHARE = 100 };

static bool has_alarm(const struct judging *j, const char *metric, const char *on)
{
    for (size_t i = 0; i < j->d->operations.alarms_n; i++) {
        const struct design_alarm *a = &j->d->operations.alarms[i];
        if (strcmp(a->metric, metric) == 0 && (!*a->on || strcmp(a->on, on) == 0)) return true;
    }
    return false;
}
static void want_alarms(struct judging *j, const char *const *metrics, const char *on)
{
    j->where = "";
    at_key(j, "/operations/alarms");
    if (!j->d->operations.alarms_n) {
        untold(j, "the design lists no alarms");
        return;
    }
    for (; *metrics; metrics++)
        if (!has_alarm(j, *metrics, on)) broken(j, "no alarm on %s for %s", *metrics, on);
    holds(j);
}
static void circuit_alarms_design(struct judging *j)
{
    static const char *const metrics[] = {"arp", "bgp", "drops", "bits", NULL};
    want_alarms(j, metrics, j->c->name);
    for (size_t i = 0; i < j->d->operations.alarms_n; i++) {
        const struct design_alarm *a = &j->d->operations.alarms[i];
        if (strcmp(a->metric, "bits") == 0 && a->threshold > BITS_MOST_PERCENT) {
            at_key(j, say(j, "/operations/alarms/%zu/threshold", i));
            broken(j, "the alarm on bits comes at %u %% only", a->threshold);
        }
    }
}
static void gateway_alarms_design(struct judging *j)
{
    static const char *const metrics[] = {"cpu", "packets", "routes", "flows", "machines", NULL};
    want_alarms(j, metrics, j->g->name);
}

static void notices_design(struct judging *j)
{
    bool found = false;
    j->where = "";
    at_key(j, "/operations/contacts");
    for (size_t i = 0; i < j->d->operations.contacts_n; i++) {
        const struct design_contact *c = &j->d->operations.contacts[i];
        int64_t day;
        if (*c->circuit && strcmp(c->circuit, j->c->name) != 0) continue;
        found = true;
        at_key(j, say(j, "/operations/contacts/%zu/tested", i));
        if (!design_date(c->tested, &day)) untold(j, "the design does not say when a notice last reached %s", c->who);
        else if (today(j) - day > NOTICE_DAYS) broken(j, "a notice last reached %s on %s", c->who, c->tested);
        else holds(j);
    }
    if (found) return;
    if (j->d->operations.contacts_n) broken(j, "nobody is told about maintenance of %s", j->c->name);
    else untold(j, "the design names nobody who hears of maintenance");
}

static void probed_design(struct judging *j)
{
    const char *kind = peering_kind_name(j->kind), *leg = leg_name(j->leg);
    j->where = "";
    at_key(j, "/operations/probes");
    for (size_t i = 0; i < j->d->operations.probes_n; i++) {
        const struct design_probe *p = &j->d->operations.probes[i];
        if ((!*p->circuit || strcmp(p->circuit, j->c->name) == 0) && (!*p->peering || strcmp(p->peering, kind) == 0) &&
            (!*p->leg || strcmp(p->leg, leg) == 0)) {
            holds(j);
            return;
        }
    }
    if (j->d->operations.probes_n) broken(j, "no probe covers %s", j->subject);
    else untold(j, "the design lists no probes");
}

/* Both directions of both legs move. A leg that carries less than a hundredth of the other is idle. */
static void both_carry_live(struct judging *j)
{
    static const struct {
        enum fact_name name;
        const char *from;
    } ways[] = {{FACT_ATTACHMENT_RX, "the customer"}, {FACT_ATTACHMENT_TX, "the cloud"}};
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        uint64_t bytes[LEGS];
        bool good = true;
        for (enum leg leg = LEG_FIRST; leg < LEGS; leg++)
            good = seen_number(j, ways[i].name, leg_subject(j, leg), &bytes[leg]) && good;
        if (!good) continue;
        if (!bytes[LEG_FIRST] && !bytes[LEG_SECOND]) unclear(j, "no traffic from %s yet", ways[i].from);
        for (enum leg leg = LEG_FIRST; leg < LEGS; leg++)
            if (bytes[leg] * IDLE_SHARE < bytes[leg == LEG_FIRST ? LEG_SECOND : LEG_FIRST])
                broken(j, "the %s leg is idle from %s", leg_name(leg), ways[i].from);
        holds(j);
    }
}
static const char *if_active_active(const struct judging *j)
{
    const struct design_edge *e = j->p->edge;
    return e[LEG_FIRST].prepend != e[LEG_SECOND].prepend ? "the legs are active and passive" : NULL;
}

static void recorded_design(struct judging *j)
{
    const struct design_operations *o = &j->d->operations;
    at_key(j, "/operations/record");
    if (!*o->record || !*o->record_version || !*o->owner)
        untold(j, "the design does not give record, record_version and owner");
    else holds(j);
}
static void drift(struct judging *j, enum fact_name name, const char *subject, const char *declared)
{
    const char *live = *declared && strcmp(declared, "0") != 0 ? seen_if(j, name, subject) : NULL;
    if (live && strcmp(live, declared) != 0)
        broken(j, "%s of %s is %s, the record says %s", fact_kinds[name].name, subject, live, declared);
}
static void recorded_live(struct judging *j)
{
    for (size_t i = 0; i < j->d->circuits_n; i++) {
        size_t n;
        j->c = &j->d->circuits[i];
        const char *subject = circuit_subject(j);
        const struct fact *const *list = seen_all(j, FACT_DRIFT, subject, &n);
        for (size_t k = 0; k < n; k++) broken(j, "%s: %s", subject, list[k]->value);
        drift(j, FACT_CIRCUIT_PROVIDER, subject, j->c->provider);
        drift(j, FACT_CIRCUIT_LOCATION, subject, j->c->peering_location);
        j->c = NULL;
    }
}

const struct judge_row judges_operations[] = {
    {"OPS-01", SCOPE_CIRCUIT, NULL, circuit_alarms_design, NULL},
    {"OPS-02", SCOPE_GATEWAY, NULL, gateway_alarms_design, NULL},
    {"OPS-03", SCOPE_CIRCUIT, NULL, notices_design, NULL},
    {"OPS-04", SCOPE_LEG, NULL, probed_design, NULL},
    {"OPS-05", SCOPE_PEERING, if_active_active, NULL, both_carry_live},
    {"OPS-06", SCOPE_DESIGN, NULL, recorded_design, recorded_live},
    {0},
};
