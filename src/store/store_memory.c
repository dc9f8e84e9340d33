/* store/store_memory.c - the store as a sorted array, and the newest deletions beside it. Nothing
 * here is clever: it is the twin that the durable stores are compared with. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "store/store.h"

struct entry {
    char *key, *value;
    int64_t revision;
};

struct entries {
    struct entry *rows;
    size_t n, room;
};

struct memory {
    struct store store;
    struct entries live;    /* by key */
    struct entries deleted; /* by revision; value NULL */
    int64_t revision;
    int64_t compacted; /* deletions up to here are forgotten */
};

static struct memory *memory_of(struct store *s) { return (struct memory *)s; }

static void *must(void *p)
{
    if (!p) abort();
    return p;
}

static char *copy_text(const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(must(malloc(n)), s, n);
}

static void entry_clear(struct entry *e)
{
    free(e->key);
    free(e->value);
}

static struct entry *entries_open(struct entries *es, size_t at)
{
    if (es->n == es->room) {
        es->room = es->room ? es->room * 2 : 64;
        es->rows = must(realloc(es->rows, es->room * sizeof *es->rows));
    }
    memmove(es->rows + at + 1, es->rows + at, (es->n - at) * sizeof *es->rows);
    es->n++;
    es->rows[at] = (struct entry){0};
    return &es->rows[at];
}

static void entries_close(struct entries *es, size_t at)
{
    entry_clear(&es->rows[at]);
    memmove(es->rows + at, es->rows + at + 1, (es->n - at - 1) * sizeof *es->rows);
    es->n--;
}

static void entries_drop(struct entries *es)
{
    for (size_t i = 0; i < es->n; i++) entry_clear(&es->rows[i]);
    free(es->rows);
}

/* The first live entry that is not before the key. */
static size_t place(const struct memory *m, const char *key)
{
    size_t low = 0, high = m->live.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(m->live.rows[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct entry *find(const struct memory *m, const char *key)
{
    size_t at = place(m, key);
    return at < m->live.n && strcmp(m->live.rows[at].key, key) == 0 ? &m->live.rows[at] : NULL;
}

static bool begins_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool item_copy(const struct entry *e, bool values, struct arena *a, struct store_item *out)
{
    bool wanted = values && e->value;
    const char *key = arena_text(a, e->key), *value = wanted ? arena_text(a, e->value) : NULL;
    if (!key || (wanted && !value)) return false;
    *out = (struct store_item){key, value, e->revision};
    return true;
}

static enum store_result memory_get(struct store *s, const char *key, struct arena *a,
                                    struct store_item *out)
{
    const struct entry *e = find(memory_of(s), key);
    if (!e) return STORE_MISSING;
    return item_copy(e, true, a, out) ? STORE_OK : STORE_UNAVAILABLE;
}

static enum store_result memory_list(struct store *s, const char *prefix, const char *after,
                                     size_t limit, bool values, struct arena *a,
                                     struct store_items *out)
{
    const struct memory *m = memory_of(s);
    size_t first = place(m, strcmp(after, prefix) > 0 ? after : prefix), end;
    if (first < m->live.n && strcmp(m->live.rows[first].key, after) == 0) first++;
    for (end = first; end < m->live.n && begins_with(m->live.rows[end].key, prefix);) end++;
    size_t n = end - first < limit ? end - first : limit;
    struct store_item *items = arena_take_array(a, n ? n : 1, sizeof *items);
    if (!items) return STORE_UNAVAILABLE;
    for (size_t i = 0; i < n; i++)
        if (!item_copy(&m->live.rows[first + i], values, a, &items[i])) return STORE_UNAVAILABLE;
    *out = (struct store_items){items, n, n < end - first};
    return STORE_OK;
}

static int by_revision(const void *a, const void *b)
{
    const struct entry *x = *(const struct entry *const *)a, *y = *(const struct entry *const *)b;
    if (x->revision != y->revision) return x->revision < y->revision ? -1 : 1;
    return strcmp(x->key, y->key);
}

static size_t pick(const struct entries *es, const char *prefix, int64_t since,
                   const struct entry **out)
{
    size_t n = 0;
    for (size_t i = 0; i < es->n; i++)
        if (es->rows[i].revision > since && begins_with(es->rows[i].key, prefix))
            out[n++] = &es->rows[i];
    return n;
}

static enum store_result memory_changes(struct store *s, const char *prefix, int64_t since,
                                        size_t limit, struct arena *a, struct store_items *out)
{
    const struct memory *m = memory_of(s);
    if (since < m->compacted) return STORE_COMPACTED;
    const struct entry **found = must(calloc(m->live.n + m->deleted.n + 1, sizeof *found));
    size_t n = pick(&m->live, prefix, since, found);
    n += pick(&m->deleted, prefix, since, found + n);
    qsort(found, n, sizeof *found, by_revision);
    size_t taken = n < limit ? n : limit;
    while (taken > 0 && taken < n && found[taken]->revision == found[taken - 1]->revision) taken++;
    struct store_item *items = arena_take_array(a, taken ? taken : 1, sizeof *items);
    bool fits = items != NULL;
    for (size_t i = 0; fits && i < taken; i++) fits = item_copy(found[i], true, a, &items[i]);
    free(found);
    if (!fits) return STORE_UNAVAILABLE;
    *out = (struct store_items){items, taken, taken < n};
    return STORE_OK;
}

static bool expected_holds(const struct memory *m, const struct store_write *w)
{
    const struct entry *e = find(m, w->key);
    if (w->expected == STORE_ANY) return true;
    return w->expected == STORE_ABSENT ? e == NULL : e && e->revision == w->expected;
}

static void forget_deletion(struct memory *m, const char *key)
{
    for (size_t i = 0; i < m->deleted.n; i++)
        if (strcmp(m->deleted.rows[i].key, key) == 0) {
            entries_close(&m->deleted, i);
            return;
        }
}

static void apply_put(struct memory *m, const struct store_write *w)
{
    struct entry *e = find(m, w->key);
    if (!e) {
        forget_deletion(m, w->key);
        e = entries_open(&m->live, place(m, w->key));
        e->key = copy_text(w->key);
    }
    free(e->value);
    e->value = copy_text(w->value);
    e->revision = m->revision;
}

static void apply_delete(struct memory *m, const struct store_write *w)
{
    struct entry *e = find(m, w->key);
    if (!e) return;
    entries_close(&m->live, (size_t)(e - m->live.rows));
    struct entry *d = entries_open(&m->deleted, m->deleted.n);
    *d = (struct entry){copy_text(w->key), NULL, m->revision};
}

static void compact(struct memory *m)
{
    while (m->deleted.n > 2 * STORE_DELETIONS_KEPT) {
        m->compacted = m->deleted.rows[0].revision;
        entries_close(&m->deleted, 0);
    }
}

static enum store_result memory_batch(struct store *s, const struct store_write *writes, size_t n,
                                      int64_t *out_revision)
{
    struct memory *m = memory_of(s);
    for (size_t i = 0; i < n; i++)
        if (!expected_holds(m, &writes[i])) return STORE_CONFLICT;
    *out_revision = m->revision + 1;
    store_memory_take(s, writes, n, m->revision + 1);
    return STORE_OK;
}

void store_memory_take(struct store *s, const struct store_write *writes, size_t n,
                       int64_t revision)
{
    struct memory *m = memory_of(s);
    assert(revision >= m->revision);
    m->revision = revision;
    for (size_t i = 0; i < n; i++) (writes[i].value ? apply_put : apply_delete)(m, &writes[i]);
    compact(m);
}

void store_memory_compacted(struct store *s)
{
    struct memory *m = memory_of(s);
    m->compacted = m->revision;
}

static int64_t memory_revision(struct store *s) { return memory_of(s)->revision; }

static void memory_drop(struct store *s)
{
    struct memory *m = memory_of(s);
    entries_drop(&m->live);
    entries_drop(&m->deleted);
    free(m);
}

static const struct store_ops memory_ops = {
    .get = memory_get,
    .list = memory_list,
    .changes = memory_changes,
    .batch = memory_batch,
    .revision = memory_revision,
    .drop = memory_drop,
};

struct store *store_memory_new(void)
{
    struct memory *m = must(calloc(1, sizeof *m));
    m->store.ops = &memory_ops;
    return &m->store;
}
