/* api/lists.c - how resources are shown, one by one and in pages. A page costs what is on it,
 * however much there is: keys are read from the store in order, beginning after the last one shown,
 * and what lies below other groups is stepped over. */
#include <stdlib.h>
#include <string.h>
#include "api/place.h"
#include "base/text.h"

enum { LIST_PAGE = 100, BRIEF_PAGE = 1000, WALK_PAGE = 256 };

json_t *resource_render(struct call *c, const struct record *r)
{
    json_t *out = own(c, json_deep_copy(r->json));
    json_object_del(out, "internal");
    if (kind_hooks[r->kind].render) kind_hooks[r->kind].render(c, r, out);
    shape_for_version(c, r->kind, out);
    return out;
}

/* A peering as its provider sees it: its properties under the cross-connection's identifier. */
static json_t *render_as(struct call *c, const struct record *r, enum resource_kind kind,
                         const char *parent_id)
{
    json_t *out = resource_render(c, r);
    if (kind != KIND_CROSS_PEERING) return out;
    char *id = arena_printf(&c->arena, "%s/%s/%s", parent_id, resource_type(kind)->segment,
                            record_text(r, "name"));
    json_object_set_new(out, "id", json_string(id ? id : ""));
    json_object_set_new(out, "type", json_string(resource_type(kind)->full));
    static const char *const customers[] = {"connections", "peeredConnections", "routeFilter",
                                            "expressRouteConnection"};
    for (size_t i = 0; i < ARRAY_LEN(customers); i++)
        json_object_del(json_object_get(out, "properties"), customers[i]);
    return out;
}

json_t *render_at(struct call *c, const struct record *r, const struct place *p)
{
    const struct record *view = p->kind == KIND_CROSS_PEERING ? record_load(c, p->view) : NULL;
    return render_as(c, r, p->kind, view ? record_text(view, "id") : "");
}

json_t *children_render(struct call *c, const char *parent_key, enum resource_kind kind)
{
    json_t *list = own(c, json_array());
    enum resource_kind parent_kind = resource_type(kind)->parent;
    const struct record *parent = record_load(c, parent_key);
    enum resource_kind stored = kind == KIND_CROSS_PEERING ? KIND_PEERING : kind;
    struct keys keys = children_of(c, stored_parent(c, parent_kind, parent_key), stored);
    for (size_t i = 0; i < keys.n; i++) {
        const struct record *r = record_load(c, keys.keys[i]);
        if (r)
            json_array_append(list, render_as(c, r, kind, parent ? record_text(parent, "id") : ""));
    }
    return list;
}

void answer_page(struct call *c, json_t *list, const char *next_after)
{
    json_t *body = own(c, json_pack("{s:O}", "value", list));
    struct text link = {0};
    if (next_after) {
        text_addf(&link, "%s", c->req->base_url);
        for (size_t i = 0; i < c->target.n; i++)
            text_addf(&link, "/%s", target_encode(c->target.segments[i], &c->arena));
        text_addf(&link, "?api-version=%s", target_encode(c->version, &c->arena));
        const char *top = target_param(&c->target, "$top");
        if (top) text_addf(&link, "&%%24top=%s", target_encode(top, &c->arena));
        text_addf(&link, "&%%24skiptoken=%s", target_encode(next_after, &c->arena));
        json_object_set_new(body, "nextLink", json_string(text_get(&link)));
        text_drop(&link);
    }
    answer_json(c, 200, body);
}

/* --- walking over keys --- */

struct walk {
    struct call *c;
    const char *prefix, *after;
    struct store_items page;
    size_t at;
    bool ended;
};

static struct walk walk_from(struct call *c, const char *prefix, const char *after)
{
    return (struct walk){
        .c = c, .prefix = prefix, .after = after ? after : "", .page = {.more = true}};
}

/* The next key, or NULL at the end or when the store fails (then there is a fault). */
static const char *walk_next(struct walk *w)
{
    while (w->at == w->page.n) {
        if (w->ended || !w->page.more || !*w->prefix) return NULL;
        w->at = 0;
        if (strlen(w->prefix) > STORE_KEY_MAX || strlen(w->after) > STORE_KEY_MAX ||
            store_keys(w->c->api->world.store, w->prefix, w->after, WALK_PAGE, &w->c->arena,
                       &w->page) != STORE_OK) {
            fault_add(&w->c->faults, FAULT_ServiceUnavailable, "",
                      "The store cannot be read now. Try again.");
            w->ended = true;
            w->page = (struct store_items){0};
            return NULL;
        }
    }
    return w->after = w->page.items[w->at++].key;
}

/* Goes on after everything below `key`. */
static void walk_over(struct walk *w, const char *key)
{
    char *end = arena_printf(&w->c->arena, "%s/\x7f", key); /* keys are printable ASCII */
    if (!end) {
        w->ended = true;
        return;
    }
    w->after = end;
    w->page = (struct store_items){.more = true};
    w->at = 0;
}

static size_t slashes(const char *s)
{
    size_t n = 0;
    for (; *s; s++) n += *s == '/';
    return n;
}

enum { GROUP_SLASHES = 4 }; /* in "/subscriptions/S/resourcegroups/G" */

static const char *group_of(struct call *c, const char *key)
{
    size_t n = 0, found = 0;
    while (key[n] && (key[n] != '/' || ++found <= GROUP_SLASHES)) n++;
    const char *group = arena_printf(&c->arena, "%.*s", (int)n, key);
    return group ? group : "";
}

static struct walk groups_walk(struct call *c)
{
    return walk_from(c, group_key(c, c->sub->id, ""), NULL);
}

/* The key of the next group of the subscription. */
static const char *groups_next(struct walk *w)
{
    const char *key;
    while ((key = walk_next(w)) != NULL) {
        if (slashes(key) == GROUP_SLASHES) return key;
        walk_over(w, group_of(w->c, key));
    }
    return NULL;
}

/* --- pages --- */

struct listing {
    struct call *c;
    json_t *items;
    size_t most;
    const char *after, *last; /* keys: begin after this one; the last one on the page */
    bool full;                /* there is more than the page holds */
};

static struct listing listing_open(struct call *c, size_t most)
{
    const char *top = target_param(&c->target, "$top");
    const char *after = target_param(&c->target, "$skiptoken");
    long wanted = top ? strtol(top, NULL, 10) : 0;
    return (struct listing){.c = c,
                            .items = own(c, json_array()),
                            .most = wanted > 0 && (size_t)wanted < most ? (size_t)wanted : most,
                            .after = after ? after : ""};
}

/* Is this key to be shown? Sets `full` when it would be the first one too many. */
static bool listing_wants(struct listing *l, const char *key)
{
    if (strcmp(key, l->after) <= 0) return false;
    l->full = json_array_size(l->items) == l->most;
    return !l->full;
}

static void listing_add(struct listing *l, const char *key, json_t *item)
{
    json_array_append(l->items, item);
    l->last = key;
}

static void listing_answer(struct listing *l)
{
    if (l->c->faults.n == 0) answer_page(l->c, l->items, l->full ? l->last : NULL);
}

/* Those of one kind that stand directly below the prefix. */
static void list_below(struct listing *l, enum resource_kind kind, const char *prefix)
{
    struct call *c = l->c;
    bool inside = strncmp(l->after, prefix, strlen(prefix)) == 0;
    struct walk w = walk_from(c, prefix, inside ? l->after : NULL);
    const char *key;
    while (!l->full && (key = walk_next(&w)) != NULL) {
        if (strchr(key + strlen(prefix), '/')) continue;
        if (!may(c, kind_hooks[kind].read_roles, key) || !listing_wants(l, key)) continue;
        const struct record *r = record_load(c, key);
        if (r) listing_add(l, key, resource_render(c, r));
    }
}

static const char *type_prefix(struct call *c, const char *group, enum resource_kind kind)
{
    const char *p = arena_printf(&c->arena, "%s/providers/Microsoft.Network/%s/", group,
                                 resource_type(kind)->segment);
    const char *key = p ? resource_key(p, &c->arena) : NULL;
    return key ? key : "";
}

void resources_list(struct call *c, enum resource_kind kind)
{
    struct listing l = listing_open(c, LIST_PAGE);
    struct walk groups = groups_walk(c);
    const char *group, *first = *l.after ? group_of(c, l.after) : "";
    while (!l.full && (group = groups_next(&groups)) != NULL)
        if (strcmp(group, first) >= 0) {
            if (strcmp(group, first) > 0) l.after = "";
            list_below(&l, kind, type_prefix(c, group, kind));
        }
    listing_answer(&l);
}

/* --- brief lists over kinds --- */

static void add_brief(struct listing *l, const char *key, const char *type)
{
    static const char *const members[] = {"id", "name", "type", "location", "tags", "sku"};
    const struct record *r = record_load(l->c, key);
    if (!r || r->kind == KIND_NONE || !(resource_type(r->kind)->flags & KIND_TRACKED)) return;
    if (type && !text_same_nocase(type, resource_type(r->kind)->full)) return;
    if (!may(l->c, kind_hooks[r->kind].read_roles, r->key) || !listing_wants(l, key)) return;
    json_t *item = own(l->c, json_object());
    for (size_t m = 0; m < ARRAY_LEN(members); m++)
        if (json_object_get(r->json, members[m]))
            json_object_set(item, members[m], json_object_get(r->json, members[m]));
    listing_add(l, key, item);
}

enum { TOP_LEVEL_SLASHES = 8 }; /* in ".../providers/microsoft.network/type/name" */

static void brief_below(struct listing *l, const char *group, const char *type)
{
    const char *prefix = arena_printf(&l->c->arena, "%s/", group);
    bool inside = prefix && strncmp(l->after, prefix, strlen(prefix)) == 0;
    struct walk w = walk_from(l->c, prefix ? prefix : "", inside ? l->after : NULL);
    const char *key;
    while (!l->full && (key = walk_next(&w)) != NULL)
        if (slashes(key) == TOP_LEVEL_SLASHES) add_brief(l, key, type);
}

void resources_brief(struct call *c, const char *group, const char *type)
{
    struct listing l = listing_open(c, BRIEF_PAGE);
    struct walk groups = groups_walk(c);
    const char *key, *first = *l.after ? group_of(c, l.after) : "";
    if (group) {
        brief_below(&l, group_key(c, c->sub->id, group), type);
        listing_answer(&l);
        return;
    }
    while (!l.full && (key = groups_next(&groups)) != NULL)
        if (strcmp(key, first) >= 0) {
            if (strcmp(key, first) > 0) l.after = "";
            brief_below(&l, key, type);
        }
    listing_answer(&l);
}

void groups_list(struct call *c)
{
    struct listing l = listing_open(c, BRIEF_PAGE);
    struct walk w = groups_walk(c);
    const char *key;
    while (!l.full && (key = groups_next(&w)) != NULL) {
        if (!may(c, ROLES_ANY, key) || !listing_wants(&l, key)) continue;
        const struct record *g = record_load(c, key);
        if (g) listing_add(&l, key, group_render(c, g));
    }
    listing_answer(&l);
}

/* --- lists as the path names them --- */

static void children_list(struct call *c, const struct place *p)
{
    struct listing l = listing_open(c, LIST_PAGE);
    const struct record *parent = record_load(c, p->parent);
    enum resource_kind stored = p->kind == KIND_CROSS_PEERING ? KIND_PEERING : p->kind;
    struct keys keys =
        children_of(c, stored_parent(c, resource_type(p->kind)->parent, p->parent), stored);
    for (size_t i = 0; parent && !l.full && i < keys.n; i++) {
        if (!listing_wants(&l, keys.keys[i])) continue;
        const struct record *r = record_load(c, keys.keys[i]);
        if (r) listing_add(&l, keys.keys[i], render_as(c, r, p->kind, record_text(parent, "id")));
    }
    listing_answer(&l);
}

static void group_list(struct call *c, const struct place *p, const char *group)
{
    struct listing l = listing_open(c, LIST_PAGE);
    list_below(&l, p->kind, type_prefix(c, group, p->kind));
    listing_answer(&l);
}

void collection_get(struct call *c, const struct place *p)
{
    const struct record *parent = p->parent ? record_load(c, p->parent) : NULL;
    const char *scope = p->parent ? p->parent : group_key(c, c->sub->id, p->group);
    if (!require(c, kind_hooks[p->kind].read_roles, scope, "Microsoft.Network/*/read")) return;
    if (c->req->method != API_GET) {
        fault_add(&c->faults, FAULT_MethodNotAllowed, "", "A list can only be read.");
    } else if (p->parent && !parent) {
        fault_add(&c->faults, FAULT_ResourceNotFound, "", "The Resource '%s' was not found.",
                  p->id);
    } else if (p->parent) {
        children_list(c, p);
    } else if (group_ready(c, c->sub->id, p->group) ||
               c->faults.rows[0].code == FAULT_ResourceGroupBeingDeleted) {
        c->faults.n = 0;
        group_list(c, p, scope);
    }
}
