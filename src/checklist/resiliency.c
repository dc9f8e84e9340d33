/* checklist/resiliency.c - the index of resiliency.h. */
#include "checklist/resiliency.h"
#include <string.h>

static bool leg_down(const struct checklist_input *in, const struct design_circuit *c)
{
    if (!in->facts) return false;
    for (size_t i = 0; i < in->facts->n; i++) {
        const struct fact *f = &in->facts->list[i];
        size_t n = strlen(c->name);
        if (f->name == FACT_SESSION_STATE && strncmp(f->subject, "circuit/", 8) == 0 &&
            strncmp(f->subject + 8, c->name, n) == 0 && f->subject[8 + n] == '/' &&
            strcmp(f->value, "Established") != 0)
            return true;
    }
    return false;
}

/* Days since the last drill of a circuit by record or by the design; -1 never. */
static int64_t drill_age(const struct checklist_input *in, const struct design_circuit *c)
{
    int64_t today = in->now_ms / 86400000, best = -1, days;
    for (size_t i = 0; i < in->design->drills_n; i++) {
        const struct design_drill *d = &in->design->drills[i];
        if (!*d->leg && strcmp(d->circuit, c->name) == 0 && design_date(d->date, &days) && today - days >= 0 &&
            (best < 0 || today - days < best))
            best = today - days;
    }
    return best;
}

static uint32_t multiplier_of(int64_t age)
{
    return age < 0 ? 1 : age <= 30 ? 4 : age <= 60 ? 3 : age <= 90 ? 2 : 1;
}

struct reach {
    const struct design_circuit *first, *second; /* two circuits of different locations, if any */
    bool down;
};

static struct reach reach_of(const struct checklist_input *in, const struct design_gateway *g)
{
    struct reach r = {0};
    for (size_t i = 0; i < in->design->connections_n; i++) {
        const struct design_connection *k = &in->design->connections[i];
        const struct design_circuit *c =
            strcmp(k->gateway, g->name) == 0 ? design_circuit(in->design, k->circuit) : NULL;
        if (!c) continue;
        r.down = r.down || leg_down(in, c);
        if (!r.first) r.first = c;
        else if (strcmp(c->peering_location, r.first->peering_location) != 0) r.second = c;
    }
    return r;
}

/* Route part times multiplier; the half of a multiplier is taken of the product, which is even. */
static uint32_t route_part(const struct checklist_input *in, const struct design_gateway *g)
{
    struct reach r = reach_of(in, g);
    if (!r.first) return 0;
    if (!r.second) return r.down ? 0 : ROUTE_ONE_LOCATION;
    int64_t a = drill_age(in, r.first), b = drill_age(in, r.second);
    if (a < 0 && b < 0) return ROUTE_TWO_LOCATIONS;
    if (a < 0 || b < 0) return ROUTE_TWO_LOCATIONS * multiplier_of(a < 0 ? b : a) / 2;
    return ROUTE_TWO_LOCATIONS * multiplier_of(a > b ? a : b);
}

static uint32_t zone_part(const struct design_gateway *g)
{
    size_t n = strlen(g->sku);
    bool zonal = n > 2 && strcmp(g->sku + n - 2, "AZ") == 0;
    if (strcmp(g->sku, "ErGwScale") == 0) return g->scale_units > 2 ? ZONE_REDUNDANT : ZONE_PINNED;
    if (zonal) return g->zones == ZONES_ONE ? ZONE_PINNED : ZONE_REDUNDANT;
    return strcmp(g->sku, "UltraPerformance") == 0 ? ZONE_ULTRA : 0;
}

static bool advice_open(const struct finding *findings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *id = findings[i].row->id;
        if (findings[i].verdict < VERDICT_WARN) continue;
        if (strncmp(id, "NET-DR-", 7) != 0 && strcmp(id, "GWY-06") != 0) return true;
    }
    return false;
}

uint32_t resiliency_index(const struct checklist_input *in, const struct finding *findings, size_t n)
{
    uint32_t worst = 100, advisory = advice_open(findings, n) ? 0 : ADVISORY_CLEAR;
    for (size_t i = 0; i < in->design->gateways_n; i++) {
        const struct design_gateway *g = &in->design->gateways[i];
        uint32_t index = route_part(in, g) + zone_part(g) + advisory;
        if (index < worst) worst = index;
    }
    return in->design->gateways_n ? worst : 0;
}
