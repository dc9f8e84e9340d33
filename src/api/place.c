/* api/place.c - a path, segment by segment, against the table of kinds. */
#include "api/place.h"
#include <string.h>

const char *stored_parent(struct call *c, enum resource_kind kind, const char *key)
{
    const struct record *cross = kind == KIND_CROSS_CONNECTION ? record_load(c, key) : NULL;
    const char *circuit = cross ? internal_text(cross, "circuit") : "";
    return *circuit ? arena_text(&c->arena, circuit) : key;
}

static bool step_into(struct call *c, struct place *p, enum resource_kind kind, const char *name)
{
    const char *segment = resource_type(kind)->segment;
    bool top = p->kind == KIND_NONE;
    p->parent = top ? NULL : stored_parent(c, p->kind, p->key);
    p->view = top ? NULL : p->key;
    char *id = arena_printf(&c->arena, "%s/%s/%s", p->id, segment, name);
    const char *shown = id ? resource_key(id, &c->arena) : NULL;
    const char *stored = top ? id : arena_printf(&c->arena, "%s/%s/%s", p->parent, segment, name);
    if (!shown || !stored)
        return FAIL(c, ServiceUnavailable, "", "The request needs too much memory.");
    p->id = id;
    p->shown = shown;
    p->key = resource_key(stored, &c->arena);
    p->kind = kind;
    p->name = name;
    return true;
}

bool place_find(struct call *c, size_t at, struct place *p)
{
    const char *const *s = c->target.segments;
    size_t n = c->target.n;
    *p = (struct place){.kind = KIND_NONE, .group = s[3]};
    p->id =
        arena_printf(&c->arena, "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network",
                     c->sub->id, p->group);
    while (at < n && c->faults.n == 0) {
        enum resource_kind kind = resource_kind_find(p->kind, s[at]);
        if (kind == KIND_NONE && p->kind != KIND_NONE && n - at <= 2) {
            p->has_argument = n - at == 2;
            p->action = action_known(p->kind, s[at], p->has_argument) ? s[at] : NULL;
            p->argument = p->has_argument ? s[at + 1] : "";
            if (p->action) return true;
        }
        if (kind == KIND_NONE)
            return FAIL(c, InvalidResourceType, "",
                        "The resource type '%s' could not be found in the namespace "
                        "'Microsoft.Network'.",
                        s[at]);
        if (at + 1 == n) {
            p->collection = true;
            p->parent = p->kind == KIND_NONE ? NULL : p->key;
            p->kind = kind;
            return true;
        }
        if (!step_into(c, p, kind, s[at + 1])) return false;
        at += 2;
    }
    return c->faults.n == 0;
}

const char *key_root(struct call *c, const char *key)
{
    size_t slashes = 0, n = 0;
    for (; key[n] && slashes < 9; n++) slashes += key[n] == '/';
    const char *root = arena_printf(&c->arena, "%.*s", (int)(slashes == 9 ? n - 1 : n), key);
    return root ? root : key;
}

/* What is busy while an operation runs: the top-level resource, for the provider's side the
 * circuit. */
const char *resource_root(struct call *c, const struct record *r)
{
    const char *circuit = r->kind == KIND_CROSS_CONNECTION ? internal_text(r, "circuit") : "";
    return key_root(c, *circuit ? circuit : r->key);
}
