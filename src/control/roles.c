/* control/roles.c - an assignment is one key of the store, "role/NAME". */
#include "control/roles.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROLES_BYTES = 32 << 20, TAIL = 3, SCOPE_MAX = 1024 };

#define ROLE_KEY "role/"
#define NAMESPACE "Microsoft.Authorization"

/* The identifiers of the public cloud's built-in roles; the last one is ours. */
static const struct {
    const char *id, *name;
    enum api_role role;
    const char *actions, *not_actions; /* as permissions show them */
} definitions[] = {
    {"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", API_OWNER, "*", NULL},
    {"b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor", API_CONTRIBUTOR, "*", "Microsoft.Authorization/*/Write"},
    {"acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", API_READER, "*/read", NULL},
    {"5d1a5c5e-7c0e-4b8e-9f5a-0e1b7a3c9d21", "ExpressRoute Provider", API_PROVIDER, "Microsoft.Network/expressRouteCrossConnections/*", NULL},
};

static const char *text_at(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

/* --- what is stored --- */

static size_t definition_of(const char *id)
{
    const char *last = strrchr(id, '/');
    size_t i = 0;
    while (i < ARRAY_LEN(definitions) && !text_same_nocase(definitions[i].id, last ? last + 1 : id))
        i++;
    return i;
}

static void take_assignment(struct installation *i, const json_t *v)
{
    size_t d = definition_of(text_at(v, "roleDefinitionId"));
    struct principal *p = principal_by_object(i, text_at(v, "principalId"));
    if (!p) p = principal_foreign(i, text_at(v, "principalId"));
    if (p && d < ARRAY_LEN(definitions))
        principal_grant(p, definitions[d].role, text_at(v, "scope"));
}

bool roles_load(struct control *c)
{
    struct arena a;
    struct store_items items;
    arena_init(&a, ROLES_BYTES);
    bool read = store_list(c->store, ROLE_KEY, "", SIZE_MAX, &a, &items) == STORE_OK;
    if (read) installation_grants_reset(&c->installation);
    for (size_t k = 0; read && k < items.n; k++) {
        json_t *v = json_loads(items.items[k].value, 0, NULL);
        take_assignment(&c->installation, v);
        json_decref(v);
    }
    arena_drop(&a);
    return read;
}

static json_t *rendered(const char *name, const json_t *v)
{
    return json_pack(
        "{s:o, s:s, s:s, s:{s:s, s:s, s:s, s:s}}", "id",
        json_sprintf("%s/providers/" NAMESPACE "/roleAssignments/%s",
                     strcmp(text_at(v, "scope"), "/") == 0 ? "" : text_at(v, "scope"), name),
        "name", name, "type", NAMESPACE "/roleAssignments", "properties", "roleDefinitionId",
        text_at(v, "roleDefinitionId"), "principalId", text_at(v, "principalId"), "principalType",
        "ServicePrincipal", "scope", text_at(v, "scope"));
}

/* --- requests --- */

struct ask { /* one request */
    struct request *r;
    char scope[SCOPE_MAX];
    const char *name; /* NULL: the list */
};

static bool covers(const char *outer, const char *inner)
{
    const struct api_grant g = {API_OWNER, outer};
    return api_may(&(struct api_caller){"", &g, 1}, API_OWNER, inner);
}

static bool allowed(const struct ask *q, unsigned roles)
{
    if (api_may(&q->r->principal->caller, roles, q->scope)) return true;
    reply_error(q->r, 403, "AuthorizationFailed",
                "The client with object id '%s' does not have authorization to perform this action "
                "over the scope.",
                q->r->principal->object_id);
    return false;
}

/* New reference; NULL: there is none of that name at that scope. */
static json_t *load(const struct ask *q)
{
    struct store_item item;
    const char *key = arena_printf(q->r->arena, ROLE_KEY "%s", q->name);
    json_t *v = NULL;
    if (key && store_get(q->r->control->store, key, q->r->arena, &item) == STORE_OK)
        v = json_loads(item.value, 0, NULL);
    if (v && text_same_nocase(text_at(v, "scope"), q->scope)) return v;
    json_decref(v);
    return NULL;
}

static void show_list(const struct ask *q)
{
    struct arena a;
    struct store_items items;
    json_t *list = json_array();
    arena_init(&a, ROLES_BYTES);
    if (store_list(q->r->control->store, ROLE_KEY, "", SIZE_MAX, &a, &items) != STORE_OK)
        items.n = 0;
    for (size_t k = 0; k < items.n; k++) {
        json_t *v = json_loads(items.items[k].value, 0, NULL);
        /* Those at the scope, above and below it. */
        if (covers(q->scope, text_at(v, "scope")) || covers(text_at(v, "scope"), q->scope))
            json_array_append_new(list, rendered(items.items[k].key + strlen(ROLE_KEY), v));
        json_decref(v);
    }
    json_t *body = json_pack("{s:o}", "value", list);
    reply_json(q->r, 200, body);
    json_decref(body);
    arena_drop(&a);
}

static void show(const struct ask *q)
{
    if (!allowed(q, API_READER | API_CONTRIBUTOR | API_OWNER | API_PROVIDER)) return;
    if (!q->name) {
        show_list(q);
        return;
    }
    json_t *v = load(q), *body = v ? rendered(q->name, v) : NULL;
    if (body)
        reply_json(q->r, 200, body);
    else
        reply_error(q->r, 404, "RoleAssignmentNotFound", "There is no such role assignment.");
    json_decref(body), json_decref(v);
}

static void keep(const struct ask *q, const char *definition, const char *principal)
{
    struct control *c = q->r->control;
    json_t *v = json_pack("{s:s, s:s, s:s}", "scope", q->scope, "roleDefinitionId", definition,
                          "principalId", principal);
    char *s = v ? json_dumps(v, JSON_COMPACT) : NULL;
    const char *key = arena_printf(q->r->arena, ROLE_KEY "%s", q->name);
    json_t *old = load(q), *body = v ? rendered(q->name, v) : NULL;
    if (s && key && store_put(c->store, key, s, STORE_ANY, NULL) == STORE_OK && roles_load(c))
        reply_json(q->r, old ? 200 : 201, body);
    else
        reply_error(q->r, 503, "ServiceUnavailable", "The store does not take the assignment.");
    json_decref(body), json_decref(old), json_decref(v);
    free(s);
}

static bool guid_like(const char *s)
{
    return strlen(s) == API_GUID_TEXT - 1 && strspn(s, "0123456789abcdefABCDEF-") == strlen(s);
}

static void put(const struct ask *q)
{
    json_t *body = request_json(q->r);
    const json_t *p = json_object_get(body, "properties");
    const char *definition = text_at(p, "roleDefinitionId"), *principal = text_at(p, "principalId");
    size_t d = definition_of(definition);
    if (!body) return;
    if (!q->name || !guid_like(q->name))
        reply_error(q->r, 400, "InvalidRoleAssignmentId", "The name of an assignment is a GUID.");
    else if (d == ARRAY_LEN(definitions))
        reply_error(
            q->r, 400, "RoleDefinitionDoesNotExist",
            "properties.roleDefinitionId names no role; GET .../roleDefinitions lists them.");
    else if (!*principal || strlen(principal) >= PRINCIPAL_ID_TEXT)
        reply_error(q->r, 400, "InvalidPrincipalId",
                    "properties.principalId is the object id of who gets the role.");
    else if (allowed(q, definitions[d].role == API_PROVIDER ? API_PROVIDER : API_OWNER))
        keep(q, definition, principal);
    json_decref(body);
}

static void remove_it(const struct ask *q)
{
    struct control *c = q->r->control;
    json_t *v = q->name ? load(q) : NULL;
    const char *key = arena_printf(q->r->arena, ROLE_KEY "%s", q->name ? q->name : "");
    size_t d = definition_of(text_at(v, "roleDefinitionId"));
    bool provider = d < ARRAY_LEN(definitions) && definitions[d].role == API_PROVIDER;
    if (!allowed(q, provider ? API_PROVIDER : API_OWNER)) {
        json_decref(v);
        return;
    }
    if (!v)
        reply_empty(q->r, 204);
    else if (key && store_delete(c->store, key, STORE_ANY) == STORE_OK && roles_load(c))
        reply_empty(q->r, 200);
    else
        reply_error(q->r, 503, "ServiceUnavailable", "The store does not take the change.");
    json_decref(v);
}

static void show_definitions(const struct ask *q)
{
    const char *filter = request_param(q->r, "$filter");
    json_t *list = json_array();
    for (size_t i = 0; i < ARRAY_LEN(definitions); i++) {
        bool wanted = !filter || strstr(filter, definitions[i].name) || !strstr(filter, "roleName");
        if (q->name) wanted = text_same_nocase(q->name, definitions[i].id);
        if (!wanted) continue;
        json_array_append_new(
            list, json_pack("{s:o, s:s, s:s, s:{s:s, s:s, s:[s], s:[]}}", "id",
                            json_sprintf(
                                "/subscriptions/%s/providers/" NAMESPACE "/roleDefinitions/%s",
                                q->r->control->installation.subscription_ids[0], definitions[i].id),
                            "name", definitions[i].id, "type", NAMESPACE "/roleDefinitions",
                            "properties", "roleName", definitions[i].name, "type", "BuiltInRole",
                            "assignableScopes", "/", "permissions"));
    }
    json_t *body = json_pack("{s:O}", "value", list);
    json_t *one = json_array_get(list, 0);
    if (q->name && !one)
        reply_error(q->r, 404, "RoleDefinitionDoesNotExist", "There is no such role.");
    else
        reply_json(q->r, 200, q->name ? one : body);
    json_decref(body), json_decref(list);
}

/* What the caller may do at the scope: one entry for each role that it holds there. */
static void show_permissions(const struct ask *q)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ARRAY_LEN(definitions); i++) {
        if (!api_may(&q->r->principal->caller, definitions[i].role, q->scope)) continue;
        json_t *not = json_array();
        if (definitions[i].not_actions) json_array_append_new(not, json_string(definitions[i].not_actions));
        json_array_append_new(list, json_pack("{s:[s], s:o, s:[], s:[]}", "actions", definitions[i].actions, "notActions", not,
                                              "dataActions", "notDataActions"));
    }
    json_t *body = json_pack("{s:o}", "value", list);
    reply_json(q->r, 200, body);
    json_decref(body);
}

/* SCOPE/providers/Microsoft.Authorization/WHAT[/NAME]: where the tail begins, or n. */
static size_t tail_of(const struct target *t)
{
    for (size_t at = t->n; at-- > 0;)
        if (at + 2 < t->n && t->n - at <= TAIL + 1 &&
            text_same_nocase(t->segments[at], "providers") &&
            text_same_nocase(t->segments[at + 1], NAMESPACE))
            return at;
    return t->n;
}

static bool scope_read(struct ask *q, size_t n)
{
    struct text t = {0};
    for (size_t i = 0; i < n; i++) text_addf(&t, "/%s", q->r->target.segments[i]);
    bool fits = snprintf(q->scope, sizeof q->scope, "%s", n ? text_get(&t) : "/") < SCOPE_MAX;
    text_drop(&t);
    return fits && n >= 2 && text_same_nocase(q->r->target.segments[0], "subscriptions");
}

bool roles_serve(struct request *r)
{
    const struct target *t = &r->target;
    size_t at = tail_of(t);
    struct ask q = {.r = r};
    const char *method = http_method(r->exchange);
    if (at == t->n || !scope_read(&q, at)) return false;
    q.name = t->n - at > TAIL ? t->segments[at + TAIL] : NULL;
    if (text_same_nocase(t->segments[at + 2], "roleDefinitions") && strcmp(method, "GET") == 0)
        show_definitions(&q);
    else if (text_same_nocase(t->segments[at + 2], "permissions") && strcmp(method, "GET") == 0)
        show_permissions(&q);
    else if (!text_same_nocase(t->segments[at + 2], "roleAssignments"))
        return false;
    else if (store_sync(r->control->store) != STORE_OK)
        reply_error(r, 503, "ServiceUnavailable", "The store cannot be reached now. Try again.");
    else if (strcmp(method, "GET") == 0)
        show(&q);
    else if (strcmp(method, "PUT") == 0)
        put(&q);
    else if (strcmp(method, "DELETE") == 0)
        remove_it(&q);
    else
        reply_error(r, 405, "MethodNotAllowed", "This method is not served here.");
    return true;
}
