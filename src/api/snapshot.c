/* api/snapshot.c - every stored resource, parsed, kept from one question to the next: what changed
 * in the store since is read, not all of it. The plan asks after every write, so this is what keeps
 * a large store from slowing it down. */
#include <stdlib.h>
#include <string.h>
#include "api/api_priv.h"

enum { PAGE = 500, PAGE_BYTES = 64 << 20 };

struct snapshot {
    struct api_resource *rows; /* by key; keys and values are ours */
    size_t n, room;
    int64_t revision;
};

static void rows_clear(struct snapshot *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free((void *)s->rows[i].key);
        json_decref((json_t *)s->rows[i].json);
    }
    s->n = 0;
}

void snapshot_drop(struct snapshot *s)
{
    if (!s) return;
    rows_clear(s);
    free(s->rows);
    free(s);
}

static size_t place_for(const struct snapshot *s, const char *key, bool *found)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(s->rows[mid].key, key);
        if (order == 0) {
            *found = true;
            return mid;
        }
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *found = false;
    return low;
}

static void row_remove(struct snapshot *s, size_t at)
{
    free((void *)s->rows[at].key);
    json_decref((json_t *)s->rows[at].json);
    memmove(s->rows + at, s->rows + at + 1, (s->n - at - 1) * sizeof *s->rows);
    s->n--;
}

static void row_insert(struct snapshot *s, size_t at, const char *key, json_t *json,
                       enum resource_kind kind)
{
    size_t n = strlen(key) + 1;
    char *copy = malloc(n);
    if (s->n == s->room) {
        s->room = s->room ? 2 * s->room : 256;
        s->rows = realloc(s->rows, s->room * sizeof *s->rows);
    }
    if (!s->rows || !copy) abort();
    memmove(s->rows + at + 1, s->rows + at, (s->n - at) * sizeof *s->rows);
    s->rows[at] = (struct api_resource){memcpy(copy, key, n), resource_type(kind)->full, json};
    s->n++;
}

/* Groups and deployments are no resources of a kind. False when the record is damaged. */
static bool take_item(struct snapshot *s, const struct store_item *item)
{
    bool found;
    size_t at = place_for(s, item->key, &found);
    json_t *json = item->value ? json_loads(item->value, 0, NULL) : NULL;
    const char *type = json_string_value(json_object_get(json, "type"));
    if (found) row_remove(s, at);
    if (item->value && !json) return false;
    enum resource_kind kind = type ? resource_kind_of_type(type) : KIND_NONE;
    if (kind != KIND_NONE)
        row_insert(s, at, item->key, json, kind);
    else
        json_decref(json);
    return true;
}

static bool read_all(struct snapshot *s, struct store *store)
{
    struct store_items page = {.more = true};
    char *after = NULL;
    bool fine = true;
    rows_clear(s);
    s->revision = store_revision(store);
    while (fine && page.more) {
        struct arena a;
        arena_init(&a, PAGE_BYTES);
        fine = store_list(store, "/", after ? after : "", PAGE, &a, &page) == STORE_OK;
        for (size_t i = 0; fine && i < page.n; i++) fine = take_item(s, &page.items[i]);
        free(after);
        after = NULL;
        if (fine && page.n > 0) {
            size_t n = strlen(page.items[page.n - 1].key) + 1;
            after = malloc(n);
            if (!after) abort();
            memcpy(after, page.items[page.n - 1].key, n);
        }
        arena_drop(&a);
    }
    free(after);
    return fine;
}

static enum store_result read_changes(struct snapshot *s, struct store *store)
{
    struct store_items page = {.more = true};
    enum store_result r = STORE_OK;
    while (r == STORE_OK && page.more) {
        struct arena a;
        arena_init(&a, PAGE_BYTES);
        r = store_changes(store, "/", s->revision, PAGE, &a, &page);
        for (size_t i = 0; r == STORE_OK && i < page.n; i++) {
            if (!take_item(s, &page.items[i])) r = STORE_UNAVAILABLE;
            if (page.items[i].revision > s->revision) s->revision = page.items[i].revision;
        }
        arena_drop(&a);
    }
    return r;
}

static bool refresh(struct snapshot *s, struct store *store)
{
    int64_t now = store_revision(store);
    if (s->revision == now) return true;
    if (s->revision < now && s->revision > 0 && read_changes(s, store) == STORE_OK) {
        s->revision = now;
        return true;
    }
    if (read_all(s, store)) return true;
    rows_clear(s);
    s->revision = 0;
    return false;
}

bool api_rows(struct api *a, const struct api_resource **out, size_t *out_n)
{
    if (!a->snapshot) a->snapshot = calloc(1, sizeof *a->snapshot);
    if (!a->snapshot) abort();
    if (!refresh(a->snapshot, a->world.store)) return false;
    *out = a->snapshot->rows;
    *out_n = a->snapshot->n;
    return true;
}

json_t *api_resources(struct api *a)
{
    const struct api_resource *rows;
    size_t n;
    if (!api_rows(a, &rows, &n)) return NULL;
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) json_array_append(list, (json_t *)rows[i].json);
    return list;
}
