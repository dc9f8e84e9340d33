/* checklist/rows_json.c - tables of the keys of rows and waivers; the report as JSON. */
#include "checklist/rows_json.h"
#include <string.h>
#include "base/text.h"
#include "checklist/resiliency.h"
#include "net/fields_json.h"

static const char *const levels[] = {"must", "should", "may", NULL};

static void skip(const struct fields_reader *r, const json_t *v, void *record, const char *pointer)
{
    (void)r, (void)v, (void)record, (void)pointer;
}

// clang-format off
static const struct field row_rows[] = {
    {"id", FIELD_TEXT, offsetof(struct checklist_row, id), FIELD_REQUIRED},
    {"level", FIELD_ENUM, offsetof(struct checklist_row, level), FIELD_REQUIRED, .names = levels},
    {"seed", FIELD_TEXT, offsetof(struct checklist_row, seed), FIELD_REQUIRED},
    {"owner", FIELD_TEXT, offsetof(struct checklist_row, owner), FIELD_REQUIRED},
    {"title", FIELD_TEXT, offsetof(struct checklist_row, title), FIELD_REQUIRED},
    {"applies", FIELD_TEXT, offsetof(struct checklist_row, applies), FIELD_REQUIRED},
    {"text", FIELD_TEXT, offsetof(struct checklist_row, text), FIELD_REQUIRED},
    {"remedy", FIELD_TEXT, offsetof(struct checklist_row, remedy), FIELD_REQUIRED},
    {"source", FIELD_TEXT, offsetof(struct checklist_row, source), FIELD_REQUIRED},
    {0},
};
static const struct field seed_rows[] = {
    {"code", FIELD_TEXT, offsetof(struct checklist_seed, code), FIELD_REQUIRED},
    {"title", FIELD_TEXT, offsetof(struct checklist_seed, title), FIELD_REQUIRED},
    {0},
};
static const struct field checklist_rows[] = {
    {"source", FIELD_CUSTOM, .read = skip},
    {"date", FIELD_CUSTOM, .read = skip},
    {"freshness_s", FIELD_U32, offsetof(struct checklist, freshness_s), FIELD_REQUIRED, .min = 1},
    {"seeds", FIELD_LIST, offsetof(struct checklist, seeds), FIELD_REQUIRED, .sub = seed_rows,
     .size = sizeof(struct checklist_seed), .count_at = offsetof(struct checklist, seeds_n)},
    {"rows", FIELD_LIST, offsetof(struct checklist, rows), FIELD_REQUIRED, .sub = row_rows,
     .size = sizeof(struct checklist_row), .count_at = offsetof(struct checklist, rows_n)},
    {0},
};
static const struct field waiver_rows[] = {
    {"row", FIELD_TEXT, offsetof(struct waiver, row), FIELD_REQUIRED},
    {"subject", FIELD_TEXT, offsetof(struct waiver, subject)},
    {"owner", FIELD_TEXT, offsetof(struct waiver, owner), FIELD_REQUIRED, .min = 1},
    {"reason", FIELD_TEXT, offsetof(struct waiver, reason), FIELD_REQUIRED, .min = 1},
    {"until", FIELD_TEXT, offsetof(struct waiver, until), FIELD_REQUIRED},
    {0},
};
static const struct waiver waiver_blank = {.subject = ""};
static const struct field waivers_rows[] = {
    {"waivers", FIELD_LIST, offsetof(struct waivers, list), FIELD_REQUIRED, .sub = waiver_rows,
     .size = sizeof(struct waiver), .count_at = offsetof(struct waivers, n), .blank = &waiver_blank},
    {0},
};
// clang-format on

struct checklist *checklist_from_json(const json_t *json, struct arena *arena, struct problems *problems)
{
    size_t before = problems->count;
    struct checklist *c = arena_take(arena, sizeof *c);
    if (!c) return NULL;
    fields_read(checklist_rows, json, c, arena, problems, "");
    return problems->count > before ? NULL : c;
}

static void check_waiver(const struct waiver *w, size_t i, const struct checklist *c, struct arena *arena,
                         struct problems *problems)
{
    const char *row = arena_printf(arena, "/waivers/%zu/row", i);
    const char *until = arena_printf(arena, "/waivers/%zu/until", i);
    int64_t days;
    if (!checklist_row(c, w->row))
        problem_add(problems, row ? row : "", "an id of the checklist", "", "there is no row '%s'", w->row);
    if (!design_date(w->until, &days))
        problem_add(problems, until ? until : "", "year-month-day", "", "'%s' is no date", w->until);
}

struct waivers *waivers_from_json(const json_t *json, const struct checklist *checklist,
                                  struct arena *arena, struct problems *problems)
{
    size_t before = problems->count;
    struct waivers *w = arena_take(arena, sizeof *w);
    if (!w) return NULL;
    fields_read(waivers_rows, json, w, arena, problems, "");
    if (problems->count > before) return NULL;
    for (size_t i = 0; i < w->n; i++) check_waiver(&w->list[i], i, checklist, arena, problems);
    return problems->count > before ? NULL : w;
}

static json_t *evidence_to_json(const struct finding *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i < f->evidence_n; i++) {
        const struct evidence *e = &f->evidence[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o}", "fact", e->fact, "value", e->value,
                                              "source", e->source, "age_s",
                                              e->age_s < 0 ? json_null() : json_integer(e->age_s)));
    }
    return list;
}

static json_t *finding_to_json(const struct finding *f)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "id", f->row->id, "title",
                     f->row->title, "level", level_name(f->row->level), "seed", f->row->seed, "verdict",
                     verdict_name(f->verdict), "subject", f->subject, "message", f->message, "owner",
                     f->owner, "remedy", f->remedy, "where", f->where, "evidence", evidence_to_json(f));
}

static json_t *scores_to_json(const struct resiliency_score *list, size_t n, bool gateway)
{
    json_t *out = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *o = json_pack("{s:s, s:i, s:s}", "subject", list[i].subject, "index", (int)list[i].index, "gap", list[i].gap);
        if (gateway)
            json_object_set_new(o, "parts",
                                json_pack("{s:i, s:f, s:i, s:i}", "route", (int)list[i].route, "multiplier",
                                          list[i].multiplier_halves / 2.0, "zone", (int)list[i].zone, "advisory",
                                          (int)list[i].advisory));
        json_array_append_new(out, o);
    }
    return out;
}

static json_t *losses_to_json(const struct resiliency *r)
{
    json_t *out = json_array();
    for (size_t i = 0; i < r->losses_n; i++) {
        const struct n_minus_one *l = &r->losses[i];
        json_array_append_new(out, json_pack("{s:s, s:o, s:s}", "subject", l->subject, "percent",
                                             l->known ? json_integer(l->percent) : json_null(), "text", l->text));
    }
    return out;
}

json_t *report_to_json(const struct report *r)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < r->findings_n; i++) json_array_append_new(rows, finding_to_json(&r->findings[i]));
    json_t *summary = json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "pass", (json_int_t)r->count[VERDICT_PASS], "warn",
        (json_int_t)r->count[VERDICT_WARN], "fail", (json_int_t)r->count[VERDICT_FAIL], "note",
        (json_int_t)r->count[VERDICT_NOTE], "unknown", (json_int_t)r->count[VERDICT_UNKNOWN], "na",
        (json_int_t)r->count[VERDICT_NA], "waived", (json_int_t)r->count[VERDICT_WAIVED]);
    json_t *resiliency = json_pack(
        "{s:o, s:o, s:o}", "gateways", scores_to_json(r->resiliency->gateways, r->resiliency->gateways_n, true),
        "circuits", scores_to_json(r->resiliency->circuits, r->resiliency->circuits_n, false), "losses",
        losses_to_json(r->resiliency));
    return json_pack("{s:s, s:o, s:i, s:o, s:o}", "mode", r->mode, "summary", summary, "index", (int)r->index,
                     "resiliency", resiliency, "rows", rows);
}
