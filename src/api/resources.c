/* api/resources.c - what every kind of resource has in common: PUT, GET, PATCH, DELETE, children in
 * the parent's body. What a kind has of its own are the hooks of kinds_*.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/place.h"
#include "base/text.h"

enum { EMBEDDED_MOST = 512 };

static bool not_found(struct call *c, const struct place *p)
{
    return FAIL(c, ResourceNotFound, "",
                "The Resource '%s/%s' under resource group '%s' was not found.",
                resource_type(p->kind)->full, p->name, p->group);
}

static void resource_get(struct call *c, const struct place *p)
{
    const struct record *r = record_load(c, p->key);
    if (c->faults.n > 0) return;
    if (c->req->method == API_HEAD) {
        answer_empty(c, r ? 204 : 404);
        return;
    }
    if (!r && !group_ready(c, c->sub->id, p->group)) return;
    if (r)
        answer_json(c, 200, render_at(c, r, p));
    else
        not_found(c, p);
}

/* --- writing --- */

static bool etag_in(const char *list, const char *etag)
{
    return strcmp(list, "*") == 0 || (*etag && strstr(list, etag) != NULL);
}

static bool preconditions(struct call *c, const struct record *old)
{
    const char *match = c->req->if_match, *none = c->req->if_none_match;
    if (match && (!old || !etag_in(match, record_text(old, "etag"))))
        return FAIL(
            c, PreconditionFailed, "",
            old ? "The resource was changed: If-Match does not name its etag. Read it again."
                : "The resource does not exist, so If-Match cannot hold.");
    if (none && old && etag_in(none, record_text(old, "etag")))
        return FAIL(c, PreconditionFailed, "",
                    "The resource exists, so If-None-Match does not hold.");
    return true;
}

static void targets_under(struct call *c, size_t from, const char *prefix)
{
    for (size_t i = from; *prefix && i < c->faults.n; i++) {
        const char *t = arena_printf(&c->arena, "%s%s", prefix, c->faults.rows[i].target);
        if (t) c->faults.rows[i].target = t;
    }
}

/* Secrets go where no GET looks. One that is absent is kept, since no GET gave it to the client; an
 * empty one is a request to forget it. */
static void hide_secrets(const struct field *rows, const struct record *old, struct record *next)
{
    json_t *props = record_props(next), *internal = record_internal(next);
    for (const struct field *f = rows; f->name; f++) {
        if (!(f->flags & FIELD_SECRET)) continue;
        const json_t *v = json_object_get(props, f->name);
        const char *kept = old ? internal_text(old, f->name) : "";
        if (json_is_string(v) && *json_string_value(v))
            json_object_set(internal, f->name, (json_t *)v);
        else if (v && !json_is_null(v))
            json_object_del(internal, f->name);
        else if (*kept)
            json_object_set_new(internal, f->name, json_string(kept));
        json_object_del(props, f->name);
    }
}

static void drop_nulls(json_t *o)
{
    const char *key;
    json_t *v;
    void *next;
    json_object_foreach_safe(o, next, key, v)
    {
        if (json_is_null(v))
            json_object_del(o, key);
        else if (json_is_object(v))
            drop_nulls(v);
    }
}

/* Properties as they will be stored, before the kind's hook: what we know of them, or all but what
 * is ours to say and what are children of their own. */
static json_t *props_to_store(enum resource_kind kind, const json_t *props)
{
    static const char *const ours[] = {"provisioningState", "resourceGuid", "etag", NULL};
    if (!(resource_type(kind)->flags & KIND_KEEP_UNKNOWN))
        return record_known(record_rows(kind), props);
    json_t *out = json_is_object(props) ? json_deep_copy(props) : json_object();
    for (int i = 0; ours[i]; i++) json_object_del(out, ours[i]);
    for (int k = 0; k < RESOURCE_KINDS; k++)
        if (resource_type((enum resource_kind)k)->parent == kind &&
            resource_type((enum resource_kind)k)->inside)
            json_object_del(out, resource_type((enum resource_kind)k)->inside);
    drop_nulls(out);
    return out;
}

static void common_members(struct write *w)
{
    struct call *c = w->c;
    const json_t *tags = json_object_get(w->body, "tags");
    const char *location = location_key(w->head.location, &c->arena);
    if (!(resource_type(w->kind)->flags & KIND_TRACKED)) return;
    if (!*w->head.location) {
        fault_add(&c->faults, FAULT_LocationRequired, "/location",
                  "The location property is required for this definition.");
        return;
    }
    if (w->old && strcmp(record_location(w->old), location) != 0)
        fault_add(
            &c->faults, FAULT_InvalidResourceLocation, "/location",
            "The resource '%s' already exists in location '%s'. A resource cannot be moved; use "
            "that location or another name.",
            record_text(w->next, "name"), record_location(w->old));
    json_object_set_new(w->next->json, "location", json_string(location));
    if (json_is_object(tags)) {
        json_t *copy = json_deep_copy(tags);
        drop_nulls(copy);
        json_object_set_new(w->next->json, "tags", copy);
    }
}

static bool same_content(const struct record *a, const struct record *b)
{
    json_t *x = json_deep_copy(a->json), *y = json_deep_copy(b->json);
    json_object_del(json_object_get(x, "properties"), "provisioningState");
    json_object_del(json_object_get(y, "properties"), "provisioningState");
    json_object_del(x, "etag");
    json_object_del(y, "etag");
    bool same = json_equal(x, y);
    json_decref(x);
    json_decref(y);
    return same;
}

/* Reads, judges and puts into the batch one resource. NULL when there are faults. */
static struct record *write_one(struct call *c, enum resource_kind kind, const char *key,
                                const char *id, const char *name, const json_t *body,
                                struct record *parent, bool by_provider, bool skip_same,
                                bool *changed)
{
    struct problems ps;
    struct write w = {.c = c,
                      .kind = kind,
                      .body = body,
                      .parent = parent,
                      .props = json_object_get(body, "properties"),
                      .by_provider = by_provider};
    void *record = arena_take(&c->arena, record_size(kind) + 1);
    size_t before = c->faults.n;
    if (!record) abort();
    problems_init(&ps, &c->arena);
    record_head_read(body, &c->arena, &ps, &w.head);
    record_read(kind, w.props, &c->arena, &ps, record);
    faults_from_problems(c, &ps);
    w.record = record;
    w.old = record_load(c, key);
    if (c->faults.n != before) return NULL;
    w.next = record_new(c, key, kind, w.old ? record_text(w.old, "id") : id,
                        w.old ? record_text(w.old, "name") : name);
    if (w.old) {
        w.next->revision = w.old->revision;
        json_object_set_new(w.next->json, "internal", json_deep_copy(record_internal(w.old)));
    } else {
        json_object_set_new(record_internal(w.next), "new", json_true());
    }
    if (*w.head.name && !text_same_nocase(w.head.name, name))
        fault_add(&c->faults, FAULT_InvalidResourceName, "/name",
                  "The name in the body is '%s', the one in the path '%s'. They must be equal.",
                  w.head.name, name);
    common_members(&w);
    json_object_set_new(w.next->json, "properties", props_to_store(kind, w.props));
    hide_secrets(record_rows(kind), w.old, w.next);
    if (kind_hooks[kind].check) kind_hooks[kind].check(&w);
    if (c->faults.n != before) return NULL;
    *changed = !(w.old && skip_same && same_content(w.old, w.next));
    if (!*changed) return w.old;
    enum resource_state state = w.old ? record_state(w.old) : RESOURCE_None;
    if (!resource_state_step(&state, EVENT_WRITE)) {
        fault_add(&c->faults, FAULT_AnotherOperationInProgress, "",
                  "'%s' is changing already. Try again.", name);
        return NULL;
    }
    record_state_set(w.next, state);
    json_object_set_new(w.next->json, "etag", json_string(call_etag(c)));
    record_save(c, w.next);
    return w.next;
}

struct changes { /* keys that an operation will complete */
    const char *write[EMBEDDED_MOST];
    size_t write_n;
};

static bool named(const json_t *list, const char *name)
{
    json_t *v;
    size_t i;
    json_array_foreach((json_t *)list, i, v)
    {
        const char *n = json_string_value(json_object_get(v, "name"));
        if (n && text_same_nocase(n, name)) return true;
    }
    return false;
}

static void may_go(struct call *c, const struct record *r)
{
    struct keys users = users_of(c, r->key);
    if (kind_hooks[r->kind].in_use != FAULT_NONE && users.n > 0)
        fault_add(&c->faults, kind_hooks[r->kind].in_use, "",
                  "%s '%s' is in use by %s and cannot be deleted.", resource_type(r->kind)->segment,
                  record_text(r, "name"), users_text(c, users));
    if (kind_hooks[r->kind].deletable) kind_hooks[r->kind].deletable(c, r);
}

static void children_gone(struct call *c, const char *parent_key, enum resource_kind kind,
                          const json_t *list)
{
    struct keys keys = children_of(c, parent_key, kind);
    for (size_t i = 0; i < keys.n; i++) {
        const struct record *r = record_load(c, keys.keys[i]);
        size_t before = c->faults.n;
        if (!r || named(list, record_text(r, "name"))) continue;
        may_go(c, r);
        if (c->faults.n == before) resource_destroy(c, r);
    }
}

static void write_below(struct call *c, struct record *parent, const json_t *props,
                        bool by_provider, struct changes *out);

/* An element that has gone into the batch, and what its own body lists. */
static void write_child(struct call *c, struct record *parent, enum resource_kind kind,
                        const char *name, const json_t *body, bool by_provider, struct changes *out)
{
    const char *segment = resource_type(kind)->segment;
    bool changed = false;
    char *id = arena_printf(&c->arena, "%s/%s/%s", record_text(parent, "id"), segment, name);
    char *raw = arena_printf(&c->arena, "%s/%s/%s", parent->key, segment, name);
    const char *key = raw ? resource_key(raw, &c->arena) : NULL;
    if (!id || !key) abort();
    struct record *r = write_one(c, kind, key, id, name, body, parent, by_provider, true, &changed);
    if (changed) out->write[out->write_n++] = key;
    if (r) write_below(c, r, json_object_get(body, "properties"), by_provider, out);
}

/* The children in a parent's body. A list says which there are; a missing list says nothing. */
static void write_children(struct call *c, struct record *parent, enum resource_kind kind,
                           const json_t *props, bool by_provider, struct changes *out)
{
    const struct resource_type *type = resource_type(kind);
    const json_t *list = json_object_get(props, type->inside);
    json_t *v;
    size_t i;
    char prefix[96];
    if (!list || json_is_null(list)) return;
    if (!json_is_array(list)) {
        snprintf(prefix, sizeof prefix, "/properties/%s", type->inside);
        fault_add(&c->faults, FAULT_InvalidRequestFormat, prefix, "'%s' is not a list.",
                  type->inside);
        return;
    }
    children_gone(c, parent->key, kind, list);
    json_array_foreach((json_t *)list, i, v)
    {
        const char *name = json_string_value(json_object_get(v, "name"));
        size_t before = c->faults.n;
        snprintf(prefix, sizeof prefix, "/properties/%s/%zu", type->inside, i);
        if (!name || !resource_name_valid(name) || out->write_n == EMBEDDED_MOST) {
            fault_add(&c->faults, FAULT_InvalidResourceName, prefix,
                      "Every element has a valid name, and there are at most %d.",
                      EMBEDDED_MOST - 1);
            return;
        }
        write_child(c, parent, kind, name, v, by_provider, out);
        targets_under(c, before, prefix);
    }
}

/* All lists in a body, down to the last. What stands below a peering is its customer's alone. */
static void write_below(struct call *c, struct record *parent, const json_t *props,
                        bool by_provider, struct changes *out)
{
    if (parent->kind == KIND_CROSS_CONNECTION || (parent->kind == KIND_PEERING && by_provider))
        return;
    for (int k = 0; k < RESOURCE_KINDS; k++) {
        const struct resource_type *type = resource_type((enum resource_kind)k);
        if (type->parent == parent->kind && type->inside && !(type->flags & KIND_READ_ONLY))
            write_children(c, parent, (enum resource_kind)k, props, by_provider, out);
    }
}

static void audit(struct call *c, const char *what, const char *key)
{
    if (!c->api->world.audit) return;
    char *line = arena_printf(&c->arena, "%s %s %d", what, key, c->out->status);
    if (line) c->api->world.audit(c->api->world.ctx, c->req->caller->object_id, line);
}

static void async_headers(struct call *c, const char *id, const char *location, unsigned ms)
{
    answer_header(c, "Azure-AsyncOperation", "%s", operation_url(c, id, location, "operations"));
    answer_header(c, "Retry-After", "%u", operation_wait_s(c->api, ms));
}

static bool put_allowed(struct call *c, const struct place *p, struct record **out_parent)
{
    if (!namespace_registered(c))
        return FAIL(c, MissingSubscriptionRegistration, "",
                    "The subscription is not registered to use namespace 'Microsoft.Network'.");
    if (!group_ready(c, c->sub->id, p->group)) return false;
    if (!resource_name_valid(p->name))
        return FAIL(
            c, InvalidResourceName, "",
            "Resource name '%s' is invalid. It begins with a letter or digit, ends with one or "
            "'_', holds letters, digits, '.', '-', '_', and has at most %d characters.",
            p->name, RESOURCE_NAME_MAX);
    *out_parent = p->parent ? record_load(c, p->parent) : NULL;
    if (p->parent && !*out_parent)
        return FAIL(
            c, ParentResourceNotFound, "",
            "Can not perform requested operation on nested resource. Parent resource of '%s' "
            "not found.",
            p->id);
    return c->faults.n == 0;
}

static void finish_put(struct call *c, const struct place *p, struct record *r, struct changes *ch,
                       bool existed)
{
    const struct resource_type *type = resource_type(p->kind);
    const char *location = record_location(r);
    const struct operation_start start = {.what = "write",
                                          .root = key_root(c, resource_root(c, r)),
                                          .keys = ch->write,
                                          .keys_n = ch->write_n,
                                          .ms = type->write_ms,
                                          .location = location};
    const json_t *body = render_at(c, r, p); /* before the commit: nothing may fail after it */
    const char *id = operation_add(c, &start);
    if (!call_commit(c)) return;
    operation_started(c, id, &start);
    async_headers(c, id, location, type->write_ms);
    if (p->kind == KIND_CIRCUIT) answer_header(c, "Azure-AsyncNotification", "Enabled");
    answer_json(c, existed ? 200 : 201, body);
    audit(c, "PUT", p->key);
}

/* With the spelling that group and parent were created with. */
static const char *canonical_id(struct call *c, const struct place *p, const struct record *parent)
{
    const struct record *g = record_load(c, group_key(c, c->sub->id, p->group));
    const char *segment = resource_type(p->kind)->segment;
    const char *id =
        parent ? arena_printf(&c->arena, "%s/%s/%s", record_text(parent, "id"), segment, p->name)
               : arena_printf(&c->arena, "%s/providers/Microsoft.Network/%s/%s",
                              g ? record_text(g, "id") : "", segment, p->name);
    return id ? id : "";
}

static void resource_put(struct call *c, const struct place *p)
{
    struct record *parent = NULL;
    struct changes *ch = arena_take(&c->arena, sizeof *ch);
    bool changed = false;
    if (!ch || !put_allowed(c, p, &parent)) return;
    const json_t *body = request_object(c);
    const struct record *old = body ? record_load(c, p->key) : NULL;
    if (c->faults.n > 0 || !preconditions(c, old)) return;
    if (!old && resource_type(p->kind)->flags & KIND_NO_CREATE) {
        not_found(c, p);
        return;
    }
    if (!operation_idle(c, old ? resource_root(c, old) : key_root(c, p->key))) return;
    enum resource_kind stored = p->kind == KIND_CROSS_PEERING ? KIND_PEERING : p->kind;
    bool by_provider = p->kind == KIND_CROSS_PEERING;
    ch->write[ch->write_n++] = p->key;
    struct record *r = write_one(c, stored, p->key, canonical_id(c, p, parent), p->name, body,
                                 parent, by_provider, false, &changed);
    const json_t *props = json_object_get(body, "properties");
    if (r) write_below(c, r, props, by_provider, ch);
    if (r && kind_hooks[stored].settled)
        kind_hooks[stored].settled(
            &(struct write){.c = c, .kind = stored, .next = r, .body = body, .props = props});
    if (r && c->faults.n == 0) finish_put(c, p, r, ch, old != NULL);
}

static void resource_patch(struct call *c, const struct place *p)
{
    const json_t *body = request_object(c);
    struct record *r = body ? record_load(c, p->key) : NULL;
    const json_t *tags = json_object_get(body, "tags");
    unsigned flags = resource_type(p->kind)->flags;
    if (c->faults.n > 0) return;
    if (!r) {
        not_found(c, p);
        return;
    }
    if (!preconditions(c, r) || !operation_idle(c, resource_root(c, r))) return;
    struct problems ps;
    struct record_head head;
    problems_init(&ps, &c->arena);
    record_head_read(body, &c->arena, &ps, &head);
    faults_from_problems(c, &ps);
    if (c->faults.n > 0) return;
    if (json_is_object(tags)) json_object_set(r->json, "tags", (json_t *)tags);
    json_object_set_new(r->json, "etag", json_string(call_etag(c)));
    struct changes ch = {.write = {p->key}, .write_n = 1};
    if (flags & KIND_PATCH_ASYNC) {
        enum resource_state state = record_state(r);
        if (resource_state_step(&state, EVENT_WRITE)) record_state_set(r, state);
        record_save(c, r);
        finish_put(c, p, r, &ch, true);
        return;
    }
    record_save(c, r);
    const json_t *shown = resource_render(c, r);
    if (!call_commit(c)) return;
    answer_json(c, 200, shown);
    audit(c, "PATCH", p->key);
}

void resource_destroy(struct call *c, const struct record *r)
{
    const char *prefix = arena_printf(&c->arena, "%s/", r->key);
    struct keys below = keys_under(c, prefix ? prefix : r->key);
    for (size_t i = 0; i < below.n; i++) {
        const struct record *child = record_load(c, below.keys[i]);
        if (child) resource_destroy(c, child);
    }
    if (r->kind != KIND_NONE && kind_hooks[r->kind].removed) kind_hooks[r->kind].removed(c, r);
    struct record copy = *r;
    uses_set(c, &copy, NULL, 0);
    record_remove(c, r);
}

static void resource_delete(struct call *c, const struct place *p)
{
    const struct resource_type *type = resource_type(p->kind);
    struct record *r = record_load(c, p->key);
    if (c->faults.n > 0) return;
    if (type->flags & KIND_NO_CREATE) {
        fault_add(&c->faults, FAULT_MethodNotAllowed, "",
                  "A cross-connection cannot be deleted: it vanishes with its circuit.");
        return;
    }
    if (!r) {
        answer_empty(c, 204);
        return;
    }
    if (!preconditions(c, r) || !operation_idle(c, resource_root(c, r))) return;
    may_go(c, r);
    enum resource_state state = record_state(r);
    if (c->faults.n > 0 || !resource_state_step(&state, EVENT_DELETE)) return;
    record_state_set(r, state);
    json_object_set_new(r->json, "etag", json_string(call_etag(c)));
    record_save(c, r);
    const struct operation_start start = {.what = "delete",
                                          .root = resource_root(c, r),
                                          .keys = &p->key,
                                          .keys_n = 1,
                                          .ms = type->delete_ms,
                                          .location = record_location(r)};
    const char *id = operation_add(c, &start);
    if (!call_commit(c)) return;
    operation_started(c, id, &start);
    async_headers(c, id, record_location(r), type->delete_ms);
    answer_header(c, "Location", "%s",
                  operation_url(c, id, record_location(r), "operationResults"));
    answer_empty(c, 202);
    audit(c, "DELETE", p->key);
}

static void resource_one(struct call *c, const struct place *p)
{
    static const struct {
        void (*handle)(struct call *, const struct place *);
        const char *verb;
        bool writes;
    } rows[API_METHODS] = {
        [API_GET] = {resource_get, "read", false},
        [API_HEAD] = {resource_get, "read", false},
        [API_PUT] = {resource_put, "write", true},
        [API_PATCH] = {resource_patch, "write", true},
        [API_DELETE] = {resource_delete, "delete", true},
    };
    const struct kind_hooks *h = &kind_hooks[p->kind];
    enum api_method m = c->req->method;
    unsigned flags = resource_type(p->kind)->flags;
    bool patch = m == API_PATCH && !(flags & KIND_PATCH_TAGS);
    if (!rows[m].handle || patch || (flags & KIND_READ_ONLY && rows[m].writes)) {
        fault_add(&c->faults, FAULT_MethodNotAllowed, "", "'%s' has no such method.",
                  resource_type(p->kind)->full);
        return;
    }
    char *action = arena_printf(&c->arena, "%s/%s", resource_type(p->kind)->full, rows[m].verb);
    if (require(c, rows[m].writes ? h->write_roles : h->read_roles, p->shown, action ? action : ""))
        rows[m].handle(c, p);
}

void resources_handle(struct call *c, size_t at)
{
    struct place p;
    if (!place_find(c, at, &p)) return;
    if (p.collection) {
        collection_get(c, &p);
    } else if (!p.action) {
        resource_one(c, &p);
    } else {
        struct record *r = record_load(c, p.key);
        c->place_kind = p.kind;
        c->place_key = p.shown;
        if (c->faults.n == 0) action_handle(c, r, p.action, p.argument, p.has_argument);
    }
}
