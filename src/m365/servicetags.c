/* m365/servicetags.c - lookups in, and differences between, service tag files. Tags are compared
 * one by one: the file's own change number says nothing about them. */
#include "m365/servicetags.h"
#include <string.h>
#include "base/text.h"

const struct service_tag *tags_find(const struct service_tags *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++)
        if (text_same_nocase(t->tag[i].name, name)) return &t->tag[i];
    return NULL;
}

struct prefixes tags_unique(const struct service_tags *t, struct arena *a)
{
    struct prefixes all = prefixes_in(a);
    for (size_t i = 0; i < t->n; i++)
        prefixes_add_all(&all, t->tag[i].prefixes.p, t->tag[i].prefixes.n);
    prefixes_sort(&all);
    return all;
}

/* Both sorted: what is in a and not in b. */
static void subtract(const struct prefixes *a, const struct prefixes *b, struct prefixes *out)
{
    for (size_t i = 0, k = 0; i < a->n; i++) {
        while (k < b->n && prefix_compare(&b->p[k], &a->p[i]) < 0) k++;
        if (k == b->n || !prefix_equal(&b->p[k], &a->p[i])) prefixes_add(out, &a->p[i]);
    }
}

static bool tag_diff(const struct service_tag *before, const struct service_tag *after,
                     struct arena *a, struct tag_change *out)
{
    static const struct service_tag nothing = {.name = ""};
    const struct service_tag *from = before ? before : &nothing, *to = after ? after : &nothing;
    *out = (struct tag_change){before, after, prefixes_in(a), prefixes_in(a)};
    subtract(&to->prefixes, &from->prefixes, &out->added);
    subtract(&from->prefixes, &to->prefixes, &out->removed);
    return !before || !after || out->added.n || out->removed.n ||
           before->change_number != after->change_number;
}

bool tags_diff(const struct service_tags *before, const struct service_tags *after, struct arena *a,
               struct tag_changes *out)
{
    struct tag_changes d = {.c = arena_take_array(a, before->n + after->n + 1, sizeof *d.c)};
    if (!d.c) return false;
    for (size_t i = 0, k = 0; i < before->n || k < after->n;) {
        int order = i == before->n  ? 1
                    : k == after->n ? -1
                                    : strcmp(before->tag[i].name, after->tag[k].name);
        const struct service_tag *old = order <= 0 ? &before->tag[i++] : NULL;
        const struct service_tag *new = order >= 0 ? &after->tag[k++] : NULL;
        struct tag_change *c = &d.c[d.n];
        if (tag_diff(old, new, a, c)) d.n++;
        if (c->added.full || c->removed.full) return false;
    }
    *out = d;
    return true;
}

static void cover_by(const struct service_tag *tag, const struct prefixes *wanted, struct arena *a,
                     struct tag_hit *out, bool *full)
{
    struct arena_mark mark = arena_mark(a);
    struct prefixes merged = prefixes_in(a);
    prefixes_add_all(&merged, tag->prefixes.p, tag->prefixes.n);
    prefixes_merge(&merged);
    *full |= merged.full;
    for (size_t i = 0; i < wanted->n; i++) {
        enum coverage c = prefixes_coverage(&merged, &wanted->p[i]);
        bool smaller = !out[i].tag || tag->prefixes.n < out[i].tag->prefixes.n;
        if (c > out[i].coverage || (c && c == out[i].coverage && smaller)) {
            out[i].coverage = c;
            out[i].tag = tag;
        }
    }
    arena_rewind(a, mark);
}

bool tags_cover(const struct service_tags *t, const struct prefixes *wanted, struct arena *a,
                struct tag_hit *out)
{
    bool full = false;
    for (size_t i = 0; i < wanted->n; i++) out[i] = (struct tag_hit){.wanted = wanted->p[i]};
    for (size_t i = 0; i < t->n; i++) cover_by(&t->tag[i], wanted, a, out, &full);
    return !full;
}
