/* store/store.c - the calls that every implementation shares: checks that would be our own
 * mistakes, and the one-key forms of a batch. */
#include "store/store.h"
#include <assert.h>
#include <string.h>

static void check_key(const char *key) { assert(key && *key && strlen(key) <= STORE_KEY_MAX); }

enum store_result store_get(struct store *s, const char *key, struct arena *a,
                            struct store_item *out)
{
    check_key(key);
    return s->ops->get(s, key, a, out);
}

enum store_result store_list(struct store *s, const char *prefix, const char *after, size_t limit,
                             struct arena *a, struct store_items *out)
{
    assert(prefix && after && limit > 0);
    return s->ops->list(s, prefix, after, limit, true, a, out);
}

enum store_result store_keys(struct store *s, const char *prefix, const char *after, size_t limit,
                             struct arena *a, struct store_items *out)
{
    assert(prefix && after && limit > 0);
    return s->ops->list(s, prefix, after, limit, false, a, out);
}

enum store_result store_changes(struct store *s, const char *prefix, int64_t since, size_t limit,
                                struct arena *a, struct store_items *out)
{
    assert(prefix && since >= 0 && limit > 0);
    return s->ops->changes(s, prefix, since, limit, a, out);
}

enum store_result store_batch(struct store *s, const struct store_write *writes, size_t n,
                              int64_t *out_revision)
{
    int64_t revision;
    assert(n > 0 && n <= STORE_BATCH_MAX);
    for (size_t i = 0; i < n; i++) check_key(writes[i].key);
    enum store_result r = s->ops->batch(s, writes, n, &revision);
    if (r == STORE_OK && out_revision) *out_revision = revision;
    return r;
}

/* One key with no expectations of it meets no conflict but that others wrote something else. */
static enum store_result write_one(struct store *s, const struct store_write *w,
                                   int64_t *out_revision)
{
    enum { TRIES = 100 };
    enum store_result r = store_batch(s, w, 1, out_revision);
    for (int i = 0; i < TRIES && r == STORE_CONFLICT && w->expected == STORE_ANY; i++) {
        r = store_sync(s);
        if (r == STORE_OK) r = store_batch(s, w, 1, out_revision);
    }
    return r;
}

enum store_result store_put(struct store *s, const char *key, const char *value, int64_t expected,
                            int64_t *out_revision)
{
    return write_one(s, &(struct store_write){key, value, expected}, out_revision);
}

enum store_result store_delete(struct store *s, const char *key, int64_t expected)
{
    return write_one(s, &(struct store_write){key, NULL, expected}, NULL);
}

enum store_result store_sync(struct store *s) { return s->ops->sync ? s->ops->sync(s) : STORE_OK; }

int64_t store_revision(struct store *s) { return s->ops->revision(s); }

void store_drop(struct store *s)
{
    if (s) s->ops->drop(s);
}
