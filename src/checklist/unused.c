/* checklist/unused.c - see the header. */
#include "checklist/unused.h"
#include <string.h>
#include "base/text.h"

enum { NAMES_MAX = 4096 };

struct looking {
    const struct checklist_input *in;
    const struct finding *findings;
    size_t n;
    struct arena *arena;
};

static const char *with_nearest(const struct looking *l, const char *what, const char *given, const char *const *names)
{
    const char *near = text_nearest(given, names);
    return arena_printf(l->arena, "%s%s%s%s", what, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static const char *no_row(const struct looking *l, const struct design_statement *s)
{
    const struct checklist *c = l->in->checklist;
    const char **names = arena_take_array(l->arena, c->rows_n + 1, sizeof *names);
    for (size_t i = 0; names && i < c->rows_n; i++) names[i] = c->rows[i].id;
    return names ? with_nearest(l, arena_printf(l->arena, "there is no row '%s'", s->row), s->row, names) : NULL;
}

static const char *no_subject(const struct looking *l, const struct design_statement *s)
{
    const char **names = arena_take_array(l->arena, NAMES_MAX + 1, sizeof *names);
    size_t n = 0;
    for (size_t i = 0; names && i < l->n && n < NAMES_MAX; i++)
        if (strcmp(l->findings[i].row->id, s->row) == 0 && *l->findings[i].subject) names[n++] = l->findings[i].subject;
    if (names && !n) return arena_printf(l->arena, "%s is about the whole design and has no subject '%s'", s->row, s->subject);
    return names ? with_nearest(l, arena_printf(l->arena, "%s has no subject '%s'", s->row, s->subject), s->subject, names) : NULL;
}

/* The finding it would speak of; NULL if there is none. */
static const struct finding *finding_of(const struct looking *l, const struct design_statement *s)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->findings[i].row->id, s->row) == 0 && (!*s->subject || strcmp(s->subject, l->findings[i].subject) == 0))
            return &l->findings[i];
    return NULL;
}

static const char *why_unused(const struct looking *l, const struct design_statement *s)
{
    const struct finding *f = finding_of(l, s);
    if (!checklist_row(l->in->checklist, s->row)) return no_row(l, s);
    if (!f) return no_subject(l, s);
    if (f->verdict == VERDICT_NA) return arena_printf(l->arena, "%s does not apply: %s", s->row, f->message);
    return arena_printf(l->arena, "%s asks nobody here: design and evidence decide it (%s)", s->row, verdict_name(f->verdict));
}

struct unused_list unused_statements(const struct checklist_input *in, const struct finding *findings, size_t n,
                                     const bool *used, struct arena *arena)
{
    const struct looking l = {in, findings, n, arena};
    struct unused_list out = {arena_take_array(arena, in->design->statements_n + 1, sizeof *out.list), 0};
    for (size_t i = 0; out.list && i < in->design->statements_n; i++) {
        const char *why = used[i] ? NULL : why_unused(&l, &in->design->statements[i]);
        if (why) out.list[out.n++] = (struct unused_statement){i, why};
    }
    return out;
}
