/* m365/prefixes.c - sets of prefixes as sorted arrays. Merging is one pass over the sorted array
 * with the result so far as a stack: whatever contains the next prefix, or is its other half, can
 * only be on top. */
#include "m365/prefixes.h"
#include <stdlib.h>
#include <string.h>

struct prefixes prefixes_in(struct arena *a) { return (struct prefixes){.arena = a}; }

static bool grow(struct prefixes *s, size_t more)
{
    if (s->full) return false;
    if (s->n + more <= s->room) return true;
    size_t room = s->room ? s->room * 2 : 16;
    while (room < s->n + more) room *= 2;
    struct prefix *p = arena_take_array(s->arena, room, sizeof *p);
    if (!p) {
        s->full = true;
        return false;
    }
    if (s->n) memcpy(p, s->p, s->n * sizeof *p);
    s->p = p;
    s->room = room;
    return true;
}

void prefixes_add(struct prefixes *s, const struct prefix *p) { prefixes_add_all(s, p, 1); }

void prefixes_add_all(struct prefixes *s, const struct prefix *p, size_t n)
{
    if (!n || !grow(s, n)) return;
    memcpy(s->p + s->n, p, n * sizeof *p);
    s->n += n;
}

static int by_value(const void *a, const void *b) { return prefix_compare(a, b); }

void prefixes_sort(struct prefixes *s)
{
    if (!s->n) return;
    qsort(s->p, s->n, sizeof *s->p, by_value);
    size_t kept = 1;
    for (size_t i = 1; i < s->n; i++)
        if (!prefix_equal(&s->p[kept - 1], &s->p[i])) s->p[kept++] = s->p[i];
    s->n = kept;
}

/* Are a and b the two halves of *out? */
static bool halves(const struct prefix *a, const struct prefix *b, struct prefix *out)
{
    if (a->len != b->len || a->len == 0 || a->addr.family != b->addr.family) return false;
    struct prefix parent = prefix_of(&a->addr, (uint8_t)(a->len - 1));
    if (!prefix_covers(&parent, b) || prefix_equal(a, b)) return false;
    *out = parent;
    return true;
}

void prefixes_merge(struct prefixes *s)
{
    prefixes_sort(s);
    size_t top = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (top && prefix_covers(&s->p[top - 1], &s->p[i])) continue;
        s->p[top++] = s->p[i];
        struct prefix parent;
        while (top >= 2 && halves(&s->p[top - 2], &s->p[top - 1], &parent))
            s->p[--top - 1] = parent;
    }
    s->n = top;
}

size_t prefixes_count(const struct prefixes *s, enum family f)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) n += s->p[i].addr.family == f;
    return n;
}

/* Index of the first element greater than p. */
static size_t upper_bound(const struct prefixes *s, const struct prefix *p)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (prefix_compare(&s->p[mid], p) <= 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

enum coverage prefixes_coverage(const struct prefixes *merged, const struct prefix *wanted)
{
    size_t at = upper_bound(merged, wanted);
    if (at && prefix_covers(&merged->p[at - 1], wanted)) return COVERED;
    if (at < merged->n && prefix_covers(wanted, &merged->p[at])) return COVERED_PARTLY;
    return COVERED_NOT;
}
