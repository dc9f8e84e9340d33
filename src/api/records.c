/* api/records.c - stored records as a call sees them: the store, overlaid with what the call itself
 * is about to write; and the small indexes beside them (who uses what, numbers and words taken). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/api_priv.h"
#include "base/hash.h"

enum { CALL_BYTES = 64 << 20, LIST_PAGE = 500, LABEL_MAX = 26 };

void call_init(struct call *c, struct api *a, int64_t now_ms)
{
    *c = (struct call){.api = a, .now_ms = now_ms, .owned = json_array()};
    if (!c->owned) abort();
    arena_init(&c->arena, CALL_BYTES);
    faults_init(&c->faults, &c->arena);
}

void call_drop(struct call *c)
{
    json_decref(c->owned);
    free(c->writes);
    arena_drop(&c->arena);
}

json_t *own(struct call *c, json_t *v)
{
    if (v && json_array_append_new(c->owned, v) != 0) abort();
    return v;
}

const char *call_guid(struct call *c)
{
    char guid[API_GUID_TEXT];
    c->api->world.guid(c->api->world.ctx, guid);
    const char *copy = arena_text(&c->arena, guid);
    return copy ? copy : "";
}

const char *call_etag(struct call *c)
{
    const char *t = arena_printf(&c->arena, "W/\"%s\"", call_guid(c));
    return t ? t : "";
}

static bool store_says(struct call *c, enum store_result r)
{
    if (r == STORE_OK || r == STORE_MISSING) return true;
    if (r == STORE_CONFLICT) c->outrun = true;
    if (r == STORE_CONFLICT)
        return FAIL(c, AnotherOperationInProgress, "",
                    "Another request changed the same resource at this moment. Try again.");
    return FAIL(c, ServiceUnavailable, "", "The store cannot be read or written now. Try again.");
}

static struct pending *pending_find(const struct call *c, const char *key)
{
    for (size_t i = 0; i < c->writes_n; i++)
        if (strcmp(c->writes[i].key, key) == 0) return &c->writes[i];
    return NULL;
}

static void pend(struct call *c, const char *key, const char *value, int64_t expected)
{
    struct pending *p = pending_find(c, key);
    if (p) { /* the first expectation stands: it is about what the store holds */
        p->value = value;
        return;
    }
    if (c->writes_n == c->writes_room) {
        c->writes_room = c->writes_room ? c->writes_room * 2 : 16;
        c->writes = realloc(c->writes, c->writes_room * sizeof *c->writes);
        if (!c->writes) abort();
    }
    c->writes[c->writes_n++] = (struct pending){key, value, expected};
}

bool call_commit(struct call *c)
{
    if (c->faults.n > 0) return false;
    if (c->writes_n == 0) return true;
    if (c->writes_n > STORE_BATCH_MAX)
        return FAIL(c, ServiceUnavailable, "", "The change is too large to be made at once.");
    struct store_write *w = arena_take_array(&c->arena, c->writes_n, sizeof *w);
    if (!w) return FAIL(c, ServiceUnavailable, "", "The request needs too much memory.");
    for (size_t i = 0; i < c->writes_n; i++)
        w[i] = (struct store_write){c->writes[i].key, c->writes[i].value, c->writes[i].expected};
    return store_says(c, store_batch(c->api->world.store, w, c->writes_n, NULL));
}

void put_text(struct call *c, const char *key, const char *value, int64_t expected)
{
    const char *k = arena_text(&c->arena, key), *v = arena_text(&c->arena, value);
    if (k && v)
        pend(c, k, v, expected);
    else
        fault_add(&c->faults, FAULT_ServiceUnavailable, "", "The request needs too much memory.");
}

void put_json(struct call *c, const char *key, const json_t *value, int64_t expected)
{
    char *text = json_dumps(value, JSON_COMPACT);
    if (!text) abort();
    put_text(c, key, text, expected);
    free(text);
}

void remove_key(struct call *c, const char *key)
{
    const char *k = arena_text(&c->arena, key);
    if (k) pend(c, k, NULL, STORE_ANY);
}

/* What a client names may be longer than any key: then it is not there. */
static bool can_be_key(const char *key) { return *key && strlen(key) <= STORE_KEY_MAX; }

json_t *load_json(struct call *c, const char *key, int64_t *revision)
{
    struct store_item item = {0};
    if (!can_be_key(key)) return NULL;
    const struct pending *p = pending_find(c, key);
    if (p && !p->value) return NULL;
    if (p) {
        item = (struct store_item){key, p->value, p->expected};
    } else {
        enum store_result r = store_get(c->api->world.store, key, &c->arena, &item);
        if (!store_says(c, r) || r == STORE_MISSING) return NULL;
    }
    json_t *json = own(c, json_loads(item.value, 0, NULL));
    if (!json) fault_add(&c->faults, FAULT_InternalServerError, "", "A stored record is damaged.");
    if (revision) *revision = item.revision;
    return json;
}

static json_t *member_object(json_t *o, const char *name)
{
    json_t *v = json_object_get(o, name);
    if (v) return v;
    v = json_object();
    json_object_set_new(o, name, v);
    return v;
}

json_t *record_props(const struct record *r) { return member_object(r->json, "properties"); }
json_t *record_internal(const struct record *r) { return member_object(r->json, "internal"); }

static const char *text_or_empty(const json_t *v)
{
    return json_is_string(v) ? json_string_value(v) : "";
}

const char *record_text(const struct record *r, const char *member)
{
    return text_or_empty(json_object_get(r->json, member));
}

const char *internal_text(const struct record *r, const char *member)
{
    return text_or_empty(json_object_get(record_internal(r), member));
}

const char *props_text(const struct record *r, const char *member)
{
    return text_or_empty(json_object_get(record_props(r), member));
}

const char *record_location(const struct record *r)
{
    const char *l = record_text(r, "location");
    return *l ? l : "global";
}

enum resource_state record_state(const struct record *r)
{
    enum resource_state s;
    return resource_state_parse(props_text(r, "provisioningState"), &s) ? s : RESOURCE_None;
}

void record_state_set(struct record *r, enum resource_state s)
{
    json_object_set_new(record_props(r), "provisioningState", json_string(resource_state_name(s)));
}

/* A list shows children of parents of children, so a read meets the same records again and again;
 * parsing them is most of its work. Reads change nothing, so one copy serves. */
static struct record **seen_slot(struct call *c, const char *key)
{
    enum { SLOTS = 1024 };
    const struct hash_key any = {0};
    if (!c->req || (c->req->method != API_GET && c->req->method != API_HEAD)) return NULL;
    if (!c->seen) c->seen = arena_take_array(&c->arena, SLOTS, sizeof *c->seen);
    return c->seen ? &c->seen[hash_bytes(&any, key, strlen(key)) % SLOTS] : NULL;
}

struct record *record_load(struct call *c, const char *key)
{
    int64_t revision;
    struct record **slot = seen_slot(c, key);
    if (slot && *slot && strcmp((*slot)->key, key) == 0) return *slot;
    json_t *json = load_json(c, key, &revision);
    struct record *r = json ? arena_take(&c->arena, sizeof *r) : NULL;
    if (!r) return NULL;
    *r = (struct record){arena_text(&c->arena, key), KIND_NONE, json, revision};
    r->kind = resource_kind_of_type(record_text(r, "type"));
    if (slot && r->key) *slot = r;
    return r;
}

struct record *record_new(struct call *c, const char *key, enum resource_kind kind, const char *id,
                          const char *name)
{
    struct record *r = arena_take(&c->arena, sizeof *r);
    json_t *json =
        json_pack("{s:s, s:s, s:s}", "name", name, "id", id, "type", resource_type(kind)->full);
    if (!r || !json) abort();
    *r = (struct record){arena_text(&c->arena, key), kind, own(c, json), STORE_ABSENT};
    return r;
}

void record_save(struct call *c, struct record *r) { put_json(c, r->key, r->json, r->revision); }

void record_remove(struct call *c, const struct record *r)
{
    const char *k = arena_text(&c->arena, r->key);
    if (k) pend(c, k, NULL, r->revision);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t stored_keys(struct call *c, const char *prefix, const char ***out, size_t *room)
{
    size_t n = 0;
    struct store_items page = {.more = true};
    const char *after = "";
    while (page.more) {
        if (!store_says(
                c, store_keys(c->api->world.store, prefix, after, LIST_PAGE, &c->arena, &page)))
            return n;
        for (size_t i = 0; i < page.n; i++) {
            const struct pending *p = pending_find(c, page.items[i].key);
            after = page.items[i].key;
            if (p) continue; /* counted with the pending ones */
            if (n == *room) {
                *room = *room ? *room * 2 : 64;
                *out = realloc(*out, *room * sizeof **out);
                if (!*out) abort();
            }
            (*out)[n++] = page.items[i].key;
        }
    }
    return n;
}

struct keys keys_under(struct call *c, const char *prefix)
{
    size_t room = 0, n = 0;
    const char **stored = NULL;
    if (!can_be_key(prefix)) return (struct keys){NULL, 0};
    n = stored_keys(c, prefix, &stored, &room);
    const char **keys = arena_take_array(&c->arena, n + c->writes_n + 1, sizeof *keys);
    if (keys && n) memcpy(keys, stored, n * sizeof *keys);
    free(stored);
    if (!keys) return (struct keys){NULL, 0};
    for (size_t i = 0; i < c->writes_n; i++)
        if (c->writes[i].value && strncmp(c->writes[i].key, prefix, strlen(prefix)) == 0)
            keys[n++] = c->writes[i].key;
    qsort(keys, n, sizeof *keys, by_text);
    return (struct keys){keys, n};
}

struct keys children_of(struct call *c, const char *parent_key, enum resource_kind kind)
{
    const char *segment = resource_key(resource_type(kind)->segment, &c->arena);
    const char *prefix = arena_printf(&c->arena, "%s/%s/", parent_key, segment ? segment : "");
    struct keys all = keys_under(c, prefix ? prefix : parent_key), out = {all.keys, 0};
    for (size_t i = 0; i < all.n; i++)
        if (!strchr(all.keys[i] + strlen(prefix), '/')) out.keys[out.n++] = all.keys[i];
    return out;
}

static const char *use_key(struct call *c, const char *used, const char *user)
{
    const char *k = arena_printf(&c->arena, "use%s#%s", used, user);
    return k ? k : "use";
}

struct keys users_of(struct call *c, const char *key)
{
    const char *prefix = use_key(c, key, "");
    struct keys all = keys_under(c, prefix);
    for (size_t i = 0; i < all.n; i++) all.keys[i] += strlen(prefix);
    return all;
}

void uses_set(struct call *c, struct record *r, const char *const *keys, size_t n)
{
    json_t *old = json_object_get(record_internal(r), "uses"), *now = json_array(), *v;
    size_t i;
    json_array_foreach(old, i, v) remove_key(c, use_key(c, text_or_empty(v), r->key));
    for (i = 0; i < n; i++) {
        if (!*keys[i]) continue;
        json_array_append_new(now, json_string(keys[i]));
        put_text(c, use_key(c, keys[i], r->key), "{}", STORE_ANY);
    }
    json_object_set_new(record_internal(r), "uses", now);
}

const char *users_text(struct call *c, struct keys users)
{
    const char *t = "";
    for (size_t i = 0; i < users.n && t; i++) {
        const struct record *r = record_load(c, users.keys[i]);
        t = arena_printf(&c->arena, "%s%s%s", t, i ? ", " : "",
                         r ? record_text(r, "id") : users.keys[i]);
    }
    return t ? t : "";
}

static const char *pool_key(struct call *c, const char *pool, unsigned number)
{
    const char *k = arena_printf(&c->arena, "pool/%s/%04u", pool, number);
    return k ? k : "pool";
}

static bool is_taken(struct call *c, const char *pool, unsigned number)
{
    return load_json(c, pool_key(c, pool, number), NULL) != NULL;
}

static struct pool_hint *hint_of(struct call *c, const char *pool)
{
    struct api *a = c->api;
    size_t n = strlen(pool) + 1;
    for (size_t i = 0; i < a->hints_n; i++)
        if (strcmp(a->hints[i].pool, pool) == 0) return &a->hints[i];
    a->hints = realloc(a->hints, (a->hints_n + 1) * sizeof *a->hints);
    char *copy = malloc(n);
    if (!a->hints || !copy) abort();
    a->hints[a->hints_n] = (struct pool_hint){memcpy(copy, pool, n), 0};
    return &a->hints[a->hints_n++];
}

void pool_hints_drop(struct api *a)
{
    for (size_t i = 0; i < a->hints_n; i++) free(a->hints[i].pool);
    free(a->hints);
}

/* The lowest number that no key stands for. */
static unsigned lowest_free(struct call *c, const char *pool, unsigned first)
{
    const char *prefix = arena_printf(&c->arena, "pool/%s/", pool);
    struct keys taken = keys_under(c, prefix ? prefix : pool);
    for (size_t i = 0; i < taken.n; i++) /* in order */
        if (strtoul(taken.keys[i] + strlen(prefix), NULL, 10) == first) first++;
    return first;
}

/* Looks upwards from where the last one was found. All keys are read only at the start, and when
 * the end is reached: somebody else may have given one back. */
unsigned pool_take(struct call *c, const char *pool, unsigned first, unsigned last,
                   const char *owner)
{
    struct pool_hint *hint = hint_of(c, pool);
    unsigned number = hint->next >= first ? hint->next : lowest_free(c, pool, first);
    while (number <= last && is_taken(c, pool, number)) number++;
    if (number > last) number = lowest_free(c, pool, first);
    if (number > last) return 0;
    hint->next = number;
    json_t *value = own(c, json_pack("{s:s}", "owner", owner));
    put_json(c, pool_key(c, pool, number), value, STORE_ABSENT);
    return number;
}

void pool_give(struct call *c, const char *pool, unsigned number)
{
    struct pool_hint *hint = hint_of(c, pool);
    if (!number) return;
    if (number < hint->next) hint->next = number;
    remove_key(c, pool_key(c, pool, number));
}

static const char *label_key(struct call *c, const char *pool, const char *label)
{
    const char *lower = resource_key(label, &c->arena);
    const char *k = arena_printf(&c->arena, "label/%s/%s", pool, lower ? lower : "");
    return k ? k : "label";
}

const char *label_take(struct call *c, const char *pool, const char *name, const char *owner)
{
    const char *label = arena_printf(&c->arena, "%.*s", LABEL_MAX, name);
    for (unsigned i = 2; label && load_json(c, label_key(c, pool, label), NULL); i++)
        label = arena_printf(&c->arena, "%.*s-%u", LABEL_MAX - 5, name, i);
    if (!label) return "";
    json_t *value = own(c, json_pack("{s:s}", "owner", owner));
    put_json(c, label_key(c, pool, label), value, STORE_ABSENT);
    return label;
}

void label_give(struct call *c, const char *pool, const char *label)
{
    if (*label) remove_key(c, label_key(c, pool, label));
}
