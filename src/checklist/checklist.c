/* checklist/checklist.c - runs the rows over the subjects of a design, lays waivers over what was
 * found, and counts. */
#include "checklist/checklist.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "checklist/judge.h"
#include "checklist/resiliency.h"
#include "checklist/unused.h"

const char *verdict_name(enum verdict v)
{
    static const char *const names[VERDICTS] = {
        [VERDICT_NA] = "n/a",         [VERDICT_PASS] = "pass", [VERDICT_WAIVED] = "waived",
        [VERDICT_UNKNOWN] = "unknown", [VERDICT_NOTE] = "note", [VERDICT_WARN] = "warn",
        [VERDICT_FAIL] = "fail"};
    return names[v];
}

const char *level_name(enum level l)
{
    static const char *const names[] = {"must", "should", "may"};
    return names[l];
}

const struct checklist_row *checklist_row(const struct checklist *c, const char *id)
{
    for (size_t i = 0; i < c->rows_n; i++)
        if (strcmp(c->rows[i].id, id) == 0) return &c->rows[i];
    return NULL;
}

struct run {
    const struct checklist_input *in;
    struct arena *arena;
    struct finding *list; /* grows by malloc, copied at the end */
    size_t n, room;
    struct links **links;
    bool *used; /* statements */
};

static void keep(struct run *r, const struct finding *f)
{
    if (r->n == r->room) {
        r->room = r->room ? r->room * 2 : 256;
        r->list = realloc(r->list, r->room * sizeof *r->list);
        if (!r->list) abort();
    }
    r->list[r->n++] = *f;
}

static const char *rstrip_message(enum verdict v, const char *message)
{
    return v == VERDICT_PASS ? "" : message;
}

/* Who must act and how, once it is known that somebody must. */
static void settle(struct judging *j)
{
    bool nothing = j->f.verdict == VERDICT_PASS || j->f.verdict == VERDICT_NA;
    j->f.message = rstrip_message(j->f.verdict, j->f.message);
    if (nothing) j->f.owner = "";
    else if (!*j->f.owner) j->f.owner = j->row->owner;
    bool asked = j->f.verdict == VERDICT_UNKNOWN && j->asks;
    j->f.remedy = nothing ? "" : asked ? "Say it in the design, or let somebody state it under `statements`." : j->row->remedy;
    if (!*j->f.where) j->f.where = j->where;
}

/* Rows whose evidence is only part of the proof: the rest is what somebody intends or keeps. */
static bool needs_words(const char *id)
{
    static const char *const ids[] = {"PRV-04", "OPS-06", "NET-SEC-05", "NET-PFX-03"};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        if (strcmp(id, ids[i]) == 0) return true;
    return false;
}

/* A design that nobody wrote is silent about everything an export does not hold. Where the evidence alone
 * shows that a row is fulfilled, that silence does not count. */
static bool seen_suffices(const struct run *r, struct judging *j, const struct judge_row *row)
{
    const struct finding silent = j->f;
    if (!r->in->derived || silent.verdict != VERDICT_UNKNOWN || needs_words(row->id)) return false;
    j->f = (struct finding){.row = j->row, .subject = j->subject, .message = "", .owner = "", .remedy = "", .where = ""};
    bool asks = j->asks;
    j->asks = false;
    row->live(j);
    if (j->f.verdict == VERDICT_PASS) return true;
    j->f = silent;
    j->asks = asks;
    return false;
}

static void judge(struct run *r, struct judging *j, const struct judge_row *row)
{
    bool live = r->in->facts != NULL;
    const char *why = row->applies ? row->applies(j) : NULL;
    j->f = (struct finding){.row = j->row, .subject = j->subject, .message = "", .owner = "",
                            .remedy = "", .where = ""};
    if (why) {
        j->f.message = why;
    } else if (!live && !row->design) {
        j->f.message = "judged on a running system only";
    } else {
        if (row->design) row->design(j);
        if (live && row->live && !seen_suffices(r, j, row)) row->live(j);
    }
    settle(j);
    keep(r, &j->f);
}

/* ---- subjects ---- */

static struct judging fresh(const struct run *r, const struct checklist_row *row)
{
    return (struct judging){.in = r->in, .arena = r->arena, .row = row, .d = r->in->design,
                            .cat = r->in->catalogue, .links = r->links, .used = r->used, .subject = "", .where = ""};
}

static void each_leg(struct run *r, struct judging *j, const struct judge_row *row)
{
    const char *peering_subject = j->subject, *peering_where = j->where;
    for (j->leg = LEG_FIRST; j->leg < LEGS; j->leg++) {
        j->subject = say(j, "%s/%s", peering_subject, leg_name(j->leg));
        j->where = peering_where;
        judge(r, j, row);
    }
}

static void each_peering(struct run *r, struct judging *j, const struct judge_row *row)
{
    const char *circuit = j->subject, *where = j->where;
    for (int k = 0; k < PEERING_KINDS; k++) {
        j->kind = (enum peering_kind)k;
        j->p = &j->c->peerings[k];
        if (!j->p->there) continue;
        j->subject = say(j, "%s/%s", circuit, peering_kind_name(j->kind));
        j->where = say(j, "%s/peerings/%s", where, peering_kind_name(j->kind));
        if (row->scope == SCOPE_PEERING) judge(r, j, row);
        else each_leg(r, j, row);
    }
}

static void each_circuit(struct run *r, const struct checklist_row *text, const struct judge_row *row)
{
    for (size_t i = 0; i < r->in->design->circuits_n; i++) {
        struct judging j = fresh(r, text);
        j.c = &j.d->circuits[i];
        j.subject = say(&j, "circuit/%s", j.c->name);
        j.where = say(&j, "/circuits/%zu", i);
        if (row->scope == SCOPE_CIRCUIT) judge(r, &j, row);
        else each_peering(r, &j, row);
    }
}

static void each_connection(struct run *r, const struct checklist_row *text, const struct judge_row *row)
{
    for (size_t i = 0; i < r->in->design->connections_n; i++) {
        struct judging j = fresh(r, text);
        j.k = &j.d->connections[i];
        j.c = design_circuit(j.d, j.k->circuit);
        j.g = design_gateway(j.d, j.k->gateway);
        j.v = j.g ? design_vnet(j.d, j.g->virtual_network) : NULL;
        assert(j.c && j.g && j.v); /* the reader refuses names that refer to nothing */
        j.subject = say(&j, "connection/%s", j.k->name);
        j.where = say(&j, "/connections/%zu", i);
        judge(r, &j, row);
    }
}

static void each_gateway(struct run *r, const struct checklist_row *text, const struct judge_row *row)
{
    for (size_t i = 0; i < r->in->design->gateways_n; i++) {
        struct judging j = fresh(r, text);
        j.g = &j.d->gateways[i];
        j.v = design_vnet(j.d, j.g->virtual_network);
        assert(j.v);
        j.subject = say(&j, "gateway/%s", j.g->name);
        j.where = say(&j, "/gateways/%zu", i);
        judge(r, &j, row);
    }
}

static void each_change(struct run *r, const struct checklist_row *text, const struct judge_row *row)
{
    for (size_t i = 0; i < r->in->design->changes_n; i++) {
        struct judging j = fresh(r, text);
        j.change = &j.d->changes[i];
        j.c = design_circuit(j.d, j.change->circuit);
        assert(j.c);
        j.subject = say(&j, "circuit/%s", j.c->name);
        j.where = say(&j, "/changes/%zu", i);
        judge(r, &j, row);
    }
}

static void whole_design(struct run *r, const struct checklist_row *text, const struct judge_row *row)
{
    struct judging j = fresh(r, text);
    judge(r, &j, row);
}

/* Scopes that are a list of the design, each item a struct that begins with its name. */
#define ITEMS(member, word, place, to, none)                                                       \
    {NULL, none, offsetof(struct design, member), offsetof(struct design, member##_n),             \
     sizeof(*((struct design *)0)->member), offsetof(struct judging, to), word, place}

static const struct scope_row {
    void (*each)(struct run *, const struct checklist_row *, const struct judge_row *);
    const char *nothing; /* why the row does not apply when there is no subject */
    size_t list, count, size, to;
    const char *word, *place;
} scopes[SCOPES] = {
    [SCOPE_DESIGN] = {whole_design, ""},
    [SCOPE_CIRCUIT] = {each_circuit, "no circuit in this design"},
    [SCOPE_PEERING] = {each_circuit, "no peering in this design"},
    [SCOPE_LEG] = {each_circuit, "no peering in this design"},
    [SCOPE_CONNECTION] = {each_connection, "no connection in this design"},
    [SCOPE_GATEWAY] = {each_gateway, "no gateway in this design"},
    [SCOPE_CHANGE] = {each_change, "no change is asked for in this design"},
    [SCOPE_NETWORK] = ITEMS(virtual_networks, "network", "/virtual_networks", v,
                            "no virtual network in this design"),
    [SCOPE_PORT] = ITEMS(ports, "port", "/ports", port, "no Direct port in this design"),
    [SCOPE_REACH] = ITEMS(global_reach, "global-reach", "/global_reach", reach,
                          "no Global Reach in this design"),
    [SCOPE_SITE] = ITEMS(sites, "site", "/sites", site, "no site in this design"),
    [SCOPE_WORKLOAD] = ITEMS(workloads, "workload", "/workloads", work, "no workload in this design"),
    [SCOPE_RECOVERY] = ITEMS(recovery_sets, "recovery", "/recovery_sets", set,
                             "no recovery set in this design"),
    [SCOPE_VPN] = ITEMS(vpns, "vpn", "/vpns", vpn, "no VPN backup in this design"),
    [SCOPE_POOL] = ITEMS(nat.pools, "nat", "/nat/pools", pool, "no NAT pool in this design"),
    [SCOPE_INBOUND] = ITEMS(inbound, "inbound", "/inbound", inbound, "no published service in this design"),
    [SCOPE_FLOW] = ITEMS(flows, "flow", "/flows", flow, "no flow in this design"),
    [SCOPE_FILTER] = ITEMS(route_filters, "route-filter", "/route_filters", filter,
                           "no route filter in this design"),
    [SCOPE_IPSEC] = ITEMS(security.ipsec, "ipsec", "/security/ipsec", ipsec, "no IPsec in this design"),
};

static void each_item(struct run *r, const struct checklist_row *text, const struct judge_row *row,
                      const struct scope_row *scope)
{
    const uint8_t *design = (const uint8_t *)r->in->design;
    const uint8_t *items;
    size_t n;
    memcpy(&items, design + scope->list, sizeof items);
    memcpy(&n, design + scope->count, sizeof n);
    for (size_t i = 0; i < n; i++) {
        struct judging j = fresh(r, text);
        const uint8_t *item = items + i * scope->size;
        const char *name;
        memcpy(&name, item, sizeof name);
        memcpy((uint8_t *)&j + scope->to, &item, sizeof item);
        j.subject = say(&j, "%s/%s", scope->word, name);
        j.where = say(&j, "%s/%zu", scope->place, i);
        judge(r, &j, row);
    }
}

static void run_row(struct run *r, const struct checklist_row *text)
{
    const struct judge_row *row = judge_row(text->id);
    struct finding f = {.row = text, .verdict = VERDICT_UNKNOWN, .subject = "",
                        .message = "not yet judged", .owner = "", .remedy = "", .where = ""};
    size_t before = r->n;
    if (row && scopes[row->scope].each) scopes[row->scope].each(r, text, row);
    else if (row) each_item(r, text, row, &scopes[row->scope]);
    if (r->n > before) return;
    if (row) {
        f.verdict = VERDICT_NA;
        f.message = scopes[row->scope].nothing;
    }
    keep(r, &f);
}

/* ---- after the judging ---- */

static bool waiver_fits(const struct waiver *w, const struct finding *f, int64_t today_days)
{
    int64_t until;
    return strcmp(w->row, f->row->id) == 0 && (!*w->subject || strcmp(w->subject, f->subject) == 0) &&
           design_date(w->until, &until) && until >= today_days;
}

static void waive(struct run *r, struct finding *f)
{
    const struct waivers *ws = r->in->waivers;
    for (size_t i = 0; ws && i < ws->n; i++) {
        const struct waiver *w = &ws->list[i];
        if (f->verdict <= VERDICT_WAIVED || !waiver_fits(w, f, r->in->now_ms / 86400000)) continue;
        const char *text = arena_printf(r->arena, "%s (waived by %s until %s: %s)", f->message, w->owner,
                                        w->until, w->reason);
        f->verdict = VERDICT_WAIVED;
        f->message = text ? text : f->message;
    }
}

static bool wanted(const struct checklist_input *in, const char *id)
{
    if (!in->only) return true;
    for (const char *const *p = in->only; *p; p++)
        if (strncmp(id, *p, strlen(*p)) == 0) return true;
    return false;
}

/* All rows are judged even if few are asked for: index and scores rest on all of them. */
static size_t keep_wanted(const struct checklist_input *in, struct finding *list, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (wanted(in, list[i].row->id)) list[kept++] = list[i];
    return kept;
}

/* NET-DR-08 rests on all the others, so it gets its verdict last. */
static void judge_index(struct finding *list, size_t n, const struct resiliency *r, struct arena *arena,
                        const struct design *d)
{
    const struct resiliency_score *worst = NULL;
    for (size_t i = 0; i < r->gateways_n; i++)
        if (!worst || r->gateways[i].index < worst->index) worst = &r->gateways[i];
    for (size_t i = 0; worst && i < n; i++) {
        struct finding *f = &list[i];
        if (strcmp(f->row->id, "NET-DR-08") != 0 || f->verdict != VERDICT_PASS || r->index >= d->operations.index_target)
            continue;
        const char *text = arena_printf(arena, "the index of %s is %u, the target %u; most is won by %s",
                                        worst->subject, worst->index, d->operations.index_target, worst->gap);
        f->verdict = VERDICT_NOTE;
        f->message = text ? text : "";
        f->owner = f->row->owner;
        f->remedy = f->row->remedy;
    }
}

struct report *checklist_run(const struct checklist_input *in, struct arena *arena)
{
    struct links *links = NULL;
    struct run r = {.in = in, .arena = arena, .links = &links, .used = arena_take_array(arena, in->design->statements_n + 1, sizeof(bool))};
    struct report *out = arena_take(arena, sizeof *out);
    for (size_t s = 0; s < in->checklist->seeds_n; s++)
        for (size_t i = 0; i < in->checklist->rows_n; i++) {
            const struct checklist_row *row = &in->checklist->rows[i];
            if (strcmp(row->seed, in->checklist->seeds[s].code) == 0) run_row(&r, row);
        }
    for (size_t i = 0; i < r.n; i++) waive(&r, &r.list[i]);
    struct finding *list = arena_copy(arena, r.list ? (void *)r.list : (void *)"", r.n * sizeof *list);
    free(r.list);
    struct resiliency *resiliency = arena_take(arena, sizeof *resiliency);
    if (!out || !list || !resiliency || !r.used) return NULL;
    struct unused_list unused = unused_statements(in, list, r.n, r.used, arena);
    *resiliency = resiliency_of(in, list, r.n, arena);
    judge_index(list, r.n, resiliency, arena, in->design);
    r.n = keep_wanted(in, list, r.n);
    *out = (struct report){.mode = in->mode, .findings = list, .findings_n = r.n, .at_ms = in->now_ms,
                           .index = resiliency->index, .resiliency = resiliency, .unused = unused.list, .unused_n = unused.n};
    for (size_t i = 0; i < r.n; i++) out->count[list[i].verdict]++;
    return out;
}

int report_exit_code(const struct report *r)
{
    return r->count[VERDICT_FAIL] ? 4 : r->count[VERDICT_UNKNOWN] ? 5 : 0;
}
