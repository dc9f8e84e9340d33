/* checklist/why_json.c - see the header. */
#include "checklist/why_json.h"

static json_t *answer_json(enum why_answer a)
{
    return a == WHY_UNKNOWN ? json_null() : json_boolean(a == WHY_YES);
}

static json_t *leg_json(const struct why_leg *l)
{
    json_t *rungs = json_array();
    for (enum why_step s = 0; s < WHY_STEPS; s++) {
        const struct why_rung *r = &l->rungs[s];
        json_array_append_new(rungs, json_pack("{s:s, s:o, s:s, s:s, s:s, s:s}", "rung", why_step_name(s), "ok",
                                               answer_json(r->ok), "rule", r->rule, "evidence", r->evidence, "owner",
                                               r->owner, "remedy", r->remedy));
    }
    return json_pack("{s:s, s:o, s:o, s:o}", "leg", leg_name(l->leg), "ok", answer_json(l->ok), "broken",
                     l->broken == WHY_STEPS ? json_null() : json_string(why_step_name(l->broken)), "rungs", rungs);
}

json_t *why_to_json(const struct why *w)
{
    char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];
    json_t *legs = json_array();
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) json_array_append_new(legs, leg_json(&w->legs[leg]));
    return json_pack("{s:o, s:o, s:o, s:s, s:s, s:o, s:o}", "ok", answer_json(w->ok), "reachable",
                     answer_json(w->reachable), "symmetric", answer_json(w->symmetric), "src", addr_text(&w->src, src),
                     "dst", addr_text(&w->dst, dst), "subject", json_sprintf("circuit/%s/%s", w->circuit, w->peering),
                     "legs", legs);
}
