/* checklist/resiliency.c - the index of resiliency.h. */
#include "checklist/resiliency.h"
#include <string.h>

static bool is_down(const struct checklist_input *in, const char *circuit)
{
    size_t n = strlen(circuit);
    for (size_t i = 0; in->facts && i < in->facts->n; i++) {
        const struct fact *f = &in->facts->list[i];
        if (f->name == FACT_SESSION_STATE && strncmp(f->subject, "circuit/", 8) == 0 &&
            strncmp(f->subject + 8, circuit, n) == 0 && f->subject[8 + n] == '/' &&
            strcmp(f->value, "Established") != 0)
            return true;
    }
    return false;
}

/* Days since the last drill of a whole circuit, by the design's record or by a fact; -1 never. */
static int64_t drill_age(const struct checklist_input *in, const struct design_circuit *c, struct arena *arena)
{
    int64_t today = in->now_ms / 86400000, best = -1, days;
    for (size_t i = 0; i < in->design->drills_n; i++) {
        const struct design_drill *d = &in->design->drills[i];
        if (*d->leg || strcmp(d->circuit, c->name) != 0 || !design_date(d->date, &days) || days > today) continue;
        if (best < 0 || today - days < best) best = today - days;
    }
    const char *subject = arena_printf(arena, "circuit/%s", c->name);
    struct fact_range r = {0};
    if (in->facts && subject) r = facts_of(in->facts, FACT_DRILL, subject);
    for (size_t i = 0; i < r.n; i++) {
        int64_t age = (in->now_ms - r.first[i].at_ms) / 86400000;
        if (strncmp(r.first[i].value, "circuit ", 8) != 0 || !strstr(r.first[i].value, "restored")) continue;
        if (best < 0 || age < best) best = age < 0 ? 0 : age;
    }
    return best;
}

static uint32_t multiplier_of(int64_t age)
{
    return age < 0 ? 1 : age <= 30 ? 4 : age <= 60 ? 3 : age <= 90 ? 2 : 1;
}

static bool is_metro(const char *location)
{
    size_t n = strlen(location);
    return n > 6 && strcmp(location + n - 6, " Metro") == 0;
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
        r.down = r.down || is_down(in, c->name);
        if (!r.first) r.first = c;
        else if (strcmp(c->peering_location, r.first->peering_location) != 0) r.second = c;
    }
    return r;
}

static void route_part(const struct checklist_input *in, const struct reach *r, struct arena *arena,
                       struct resiliency_score *out)
{
    out->multiplier_halves = 2;
    if (!r->first) return;
    if (!r->second) {
        out->route = r->down ? 0 : is_metro(r->first->peering_location) ? ROUTE_METRO : ROUTE_ONE_LOCATION;
        return;
    }
    int64_t a = drill_age(in, r->first, arena), b = drill_age(in, r->second, arena);
    out->route = ROUTE_TWO_LOCATIONS;
    if (a < 0 && b < 0) return;
    if (a < 0 || b < 0) out->multiplier_halves = multiplier_of(a < 0 ? b : a);
    else out->multiplier_halves = 2 * multiplier_of(a > b ? a : b);
    if (out->multiplier_halves < 2) out->multiplier_halves = 2; /* a drill never costs points */
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

static const char *gap_of(const struct reach *r, const struct resiliency_score *s)
{
    uint32_t drill = s->route * (8 - s->multiplier_halves) / 2;
    if (!r->first) return "no circuit";
    if (r->down && !s->route) return "a leg is down";
    if (!r->second) return "a second location";
    if (drill > 10) return "a drill of both locations within 30 days";
    if (s->advisory == 0) return "open findings";
    if (drill) return "a drill of both locations within 30 days";
    return s->zone < ZONE_REDUNDANT ? "a zone-redundant gateway" : "";
}

static void score_gateways(const struct checklist_input *in, bool advice, struct arena *arena,
                           struct resiliency *out)
{
    out->index = 100;
    for (size_t i = 0; i < out->gateways_n; i++) {
        const struct design_gateway *g = &in->design->gateways[i];
        struct resiliency_score *s = &out->gateways[i];
        struct reach r = reach_of(in, g);
        const char *subject = arena_printf(arena, "gateway/%s", g->name);
        s->subject = subject ? subject : "";
        route_part(in, &r, arena, s);
        s->zone = zone_part(g);
        s->advisory = advice ? 0 : ADVISORY_CLEAR;
        s->index = s->route * s->multiplier_halves / 2 + s->zone + s->advisory;
        s->gap = gap_of(&r, s);
        if (s->index < out->index) out->index = s->index;
    }
    if (!out->gateways_n) out->index = 0;
}

/* ---- circuits ---- */

const struct circuit_weight circuit_weights[] = {
    {"NET-RED-01", "two sessions for every peering", 25},
    {"NET-RED-04", "legs on different devices", 15},
    {"NET-RED-05", "legs apart at the provider", 15},
    {"NET-RED-06", "the same prefixes on both legs", 10},
    {"NET-BGP-07", "BFD on both legs", 10},
    {"NET-RED-09", "one leg carries the load", 15},
    {"NET-RED-10", "the loss of a leg rehearsed", 10},
    {0},
};

struct marks { /* of one circuit, a bit for each weight */
    uint32_t seen, bad;
};

static size_t weight_of(const char *row)
{
    size_t i = 0;
    while (circuit_weights[i].row && strcmp(circuit_weights[i].row, row) != 0) i++;
    return i;
}

/* The circuit a subject "circuit/C[/...]" belongs to; findings come in the design's order, so `near` is a
 * good guess. */
static size_t circuit_at(const struct design *d, const char *subject, size_t near)
{
    if (strncmp(subject, "circuit/", 8) != 0) return d->circuits_n;
    for (size_t step = 0; step < d->circuits_n; step++) {
        size_t i = (near + step) % d->circuits_n, n = strlen(d->circuits[i].name);
        if (strncmp(subject + 8, d->circuits[i].name, n) == 0 && (subject[8 + n] == 0 || subject[8 + n] == '/')) return i;
    }
    return d->circuits_n;
}

/* A row that does not apply to a circuit counts as passed, except the drill: what was not done was not. */
static void mark_all(const struct checklist_input *in, const struct finding *findings, size_t n, struct marks *marks)
{
    size_t near = 0;
    for (size_t i = 0; i < n; i++) {
        size_t w = weight_of(findings[i].row->id);
        if (!circuit_weights[w].row) continue;
        size_t c = circuit_at(in->design, findings[i].subject, near);
        if (c == in->design->circuits_n) continue;
        bool drill = strcmp(circuit_weights[w].row, "NET-RED-10") == 0;
        enum verdict v = findings[i].verdict;
        near = c;
        marks[c].seen |= 1u << w;
        if (v != VERDICT_PASS && (v != VERDICT_NA || drill)) marks[c].bad |= 1u << w;
    }
}

static void score_circuits(const struct checklist_input *in, const struct finding *findings, size_t n,
                           struct arena *arena, struct resiliency *out)
{
    struct marks *marks = arena_take_array(arena, out->circuits_n + 1, sizeof *marks);
    if (marks) mark_all(in, findings, n, marks);
    for (size_t i = 0; marks && i < out->circuits_n; i++) {
        struct resiliency_score *s = &out->circuits[i];
        uint32_t worst = 0;
        const char *subject = arena_printf(arena, "circuit/%s", in->design->circuits[i].name);
        *s = (struct resiliency_score){.subject = subject ? subject : "", .gap = ""};
        for (size_t w = 0; circuit_weights[w].row; w++) {
            const struct circuit_weight *weight = &circuit_weights[w];
            if ((marks[i].seen & ~marks[i].bad) >> w & 1) s->index += weight->weight;
            else if (weight->weight > worst) worst = weight->weight, s->gap = weight->what;
        }
        if (is_down(in, in->design->circuits[i].name)) s->index = 0, s->gap = "a leg is down";
    }
}

/* ---- the loss of one ---- */

static struct n_minus_one loss(struct arena *arena, const char *kind, const char *name, const char *one,
                               uint64_t left, uint64_t load)
{
    const char *subject = arena_printf(arena, "%s/%s", kind, name), *text = NULL;
    struct n_minus_one out = {.known = load > 0};
    if (load) out.percent = left >= load ? 100 : (uint32_t)(left * 100 / load);
    if (load && left < load && strcmp(kind, "circuit") == 0)
        text = arena_printf(arena, "one leg carries %u %% of both", out.percent);
    else if (load) text = arena_printf(arena, "%s carries %u %% of the load", one, out.percent);
    else text = arena_printf(arena, "%s: the planned load is not known", one);
    out.subject = subject ? subject : "";
    out.text = text ? text : "";
    return out;
}

static uint64_t least_left(const struct design *d, const struct design_recovery *set)
{
    uint64_t sum = 0, largest = 0;
    for (size_t i = 0; i < set->circuits_n; i++) {
        uint32_t mbps = design_circuit(d, set->circuits[i])->bandwidth_mbps;
        sum += mbps;
        if (mbps > largest) largest = mbps;
    }
    return sum - largest;
}

static void losses_of(const struct design *d, struct arena *arena, struct resiliency *out)
{
    size_t n = 0;
    for (size_t i = 0; i < d->circuits_n; i++) {
        const struct design_circuit *c = &d->circuits[i];
        out->losses[n++] = loss(arena, "circuit", c->name, "one leg", c->bandwidth_mbps, c->peak_mbps);
    }
    for (size_t i = 0; i < d->recovery_sets_n; i++)
        out->losses[n++] = loss(arena, "recovery", d->recovery_sets[i].name, "the rest without its largest circuit",
                                least_left(d, &d->recovery_sets[i]), d->recovery_sets[i].critical_mbps);
    out->losses_n = n;
}

struct resiliency resiliency_of(const struct checklist_input *in, const struct finding *findings, size_t n,
                                struct arena *arena)
{
    const struct design *d = in->design;
    struct resiliency out = {.gateways_n = d->gateways_n, .circuits_n = d->circuits_n};
    out.gateways = arena_take_array(arena, d->gateways_n + 1, sizeof *out.gateways);
    out.circuits = arena_take_array(arena, d->circuits_n + 1, sizeof *out.circuits);
    out.losses = arena_take_array(arena, d->circuits_n + d->recovery_sets_n + 1, sizeof *out.losses);
    if (!out.gateways || !out.circuits || !out.losses) return (struct resiliency){0};
    score_gateways(in, advice_open(findings, n), arena, &out);
    score_circuits(in, findings, n, arena, &out);
    losses_of(d, arena, &out);
    return out;
}
