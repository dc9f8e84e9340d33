/* api/groups.c - what lies above the resources: tenants, subscriptions, locations, namespaces,
 * resource groups. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/api_priv.h"
#include "base/text.h"

static bool is(const struct call *c, size_t at, const char *word)
{
    return at < c->target.n && text_same_nocase(c->target.segments[at], word);
}

/* --- groups --- */

const char *group_key(struct call *c, const char *subscription, const char *group)
{
    const char *text =
        arena_printf(&c->arena, "/subscriptions/%s/resourcegroups/%s", subscription, group);
    const char *key = text ? resource_key(text, &c->arena) : NULL;
    return key ? key : "";
}

bool group_ready(struct call *c, const char *subscription, const char *group)
{
    const struct record *g = record_load(c, group_key(c, subscription, group));
    if (c->faults.n > 0) return false;
    if (!g)
        return FAIL(c, ResourceGroupNotFound, "", "Resource group '%s' could not be found.", group);
    if (record_state(g) == RESOURCE_Deleting)
        return FAIL(c, ResourceGroupBeingDeleted, "",
                    "The resource group '%s' is being deleted and cannot be written to.", group);
    return true;
}

static struct record *group_new(struct call *c, const char *subscription, const char *group,
                                const char *location)
{
    struct record *r = arena_take(&c->arena, sizeof *r);
    char *id = arena_printf(&c->arena, "/subscriptions/%s/resourceGroups/%s", subscription, group);
    if (!r || !id) abort();
    *r = (struct record){
        group_key(c, subscription, group), KIND_NONE,
        own(c, json_pack("{s:s, s:s, s:s, s:s}", "id", id, "name", group, "type",
                         "Microsoft.Resources/resourceGroups", "location", location)),
        STORE_ABSENT};
    record_state_set(r, RESOURCE_Succeeded);
    return r;
}

void group_ensure(struct call *c, const char *subscription, const char *group, const char *location)
{
    if (!record_load(c, group_key(c, subscription, group)))
        record_save(c, group_new(c, subscription, group, location));
}

json_t *group_render(struct call *c, const struct record *g)
{
    json_t *out = own(c, json_deep_copy(g->json));
    json_object_del(out, "internal");
    return out;
}

static void group_put(struct call *c, const char *name)
{
    struct problems ps;
    struct record_head head;
    const json_t *body = request_object(c);
    if (!body) return;
    problems_init(&ps, &c->arena);
    record_head_read(body, &c->arena, &ps, &head);
    faults_from_problems(c, &ps);
    struct record *old = record_load(c, group_key(c, c->sub->id, name));
    const char *location = location_key(head.location, &c->arena);
    if (!resource_name_valid(name))
        fault_add(&c->faults, FAULT_InvalidResourceName, "", "The group name '%s' is invalid.",
                  name);
    if (!*head.location)
        fault_add(&c->faults, FAULT_LocationRequired, "/location",
                  "The location of the resource group is missing.");
    else if (old && strcmp(record_location(old), location) != 0)
        fault_add(&c->faults, FAULT_InvalidResourceLocation, "/location",
                  "The resource group '%s' already exists in location '%s'.", name,
                  record_location(old));
    if (c->faults.n > 0 || !operation_idle(c, group_key(c, c->sub->id, name))) return;
    struct record *next = old ? old : group_new(c, c->sub->id, name, location);
    const json_t *tags = json_object_get(body, "tags");
    if (json_is_object(tags)) json_object_set(next->json, "tags", (json_t *)tags);
    record_save(c, next);
    if (call_commit(c)) answer_json(c, old ? 200 : 201, group_render(c, next));
}

static void group_patch(struct call *c, const char *name)
{
    const json_t *body = request_object(c);
    if (!body || !group_ready(c, c->sub->id, name)) return;
    struct record *g = record_load(c, group_key(c, c->sub->id, name));
    const json_t *tags = json_object_get(body, "tags");
    if (json_is_object(tags)) json_object_set(g->json, "tags", (json_t *)tags);
    record_save(c, g);
    if (call_commit(c)) answer_json(c, 200, group_render(c, g));
}

/* A group is deleted whole or not at all: what outside it, or a provider, still holds is named. */
static void group_delete_check(struct call *c, const char *name, const char *key)
{
    const char *prefix = arena_printf(&c->arena, "%s/", key);
    struct keys all = keys_under(c, prefix ? prefix : key);
    for (size_t i = 0; i < all.n; i++) {
        const struct record *r = record_load(c, all.keys[i]);
        if (!r || r->kind == KIND_NONE || c->faults.n > 0) continue;
        if (!operation_idle(c, resource_root(c, r))) return;
        struct keys users = users_of(c, all.keys[i]);
        for (size_t u = 0; u < users.n; u++)
            if (strncmp(users.keys[u], prefix, strlen(prefix)) != 0)
                fault_add(&c->faults, FAULT_ResourceGroupDeletionBlocked, "",
                          "The group '%s' cannot be deleted: '%s' is in use by %s.", name,
                          record_text(r, "id"), users_text(c, users));
        if ((r->kind == KIND_CIRCUIT && !*internal_text(r, "port")) ||
            r->kind == KIND_CROSS_CONNECTION)
            if (strcmp(props_text(r, "serviceProviderProvisioningState"), "NotProvisioned") != 0)
                fault_add(&c->faults, FAULT_ResourceGroupDeletionBlocked, "",
                          "The group '%s' cannot be deleted: '%s' is held by its provider. Ask the "
                          "provider to deprovision it first.",
                          name, record_text(r, "id"));
    }
}

static void group_delete(struct call *c, const char *name)
{
    const char *key = group_key(c, c->sub->id, name);
    struct record *g = record_load(c, key);
    if (!g || c->faults.n > 0) {
        if (c->faults.n == 0) group_ready(c, c->sub->id, name);
        return;
    }
    if (!operation_idle(c, key)) return;
    group_delete_check(c, name, key);
    if (c->faults.n > 0) return;
    record_state_set(g, RESOURCE_Deleting);
    record_save(c, g);
    const struct operation_start start = {.what = "group",
                                          .root = key,
                                          .keys = &key,
                                          .keys_n = 1,
                                          .ms = 5000,
                                          .location = record_location(g)};
    const char *id = operation_add(c, &start);
    if (!call_commit(c)) return;
    operation_started(c, id, &start);
    answer_header(c, "Location", "%s",
                  operation_url(c, id, record_location(g), "operationResults"));
    answer_header(c, "Retry-After", "%u", operation_wait_s(c->api, 5000));
    answer_empty(c, 202);
}

static void group_get(struct call *c, const char *name)
{
    const struct record *g = record_load(c, group_key(c, c->sub->id, name));
    bool head = c->req->method == API_HEAD;
    if (c->faults.n > 0) return;
    if (head)
        answer_empty(c, g ? 204 : 404);
    else if (g)
        answer_json(c, 200, group_render(c, g));
    else
        fault_add(&c->faults, FAULT_ResourceGroupNotFound, "",
                  "Resource group '%s' could not be found.", name);
}

static void group_one(struct call *c, const char *name)
{
    static const struct {
        void (*handle)(struct call *, const char *);
        unsigned roles;
        const char *action;
    } rows[API_METHODS] = {
        [API_GET] = {group_get, ROLES_ANY, "Microsoft.Resources/subscriptions/resourceGroups/read"},
        [API_HEAD] = {group_get, ROLES_ANY,
                      "Microsoft.Resources/subscriptions/resourceGroups/read"},
        [API_PUT] = {group_put, ROLES_WRITE,
                     "Microsoft.Resources/subscriptions/resourceGroups/write"},
        [API_PATCH] = {group_patch, ROLES_WRITE,
                       "Microsoft.Resources/subscriptions/resourceGroups/write"},
        [API_DELETE] = {group_delete, ROLES_WRITE,
                        "Microsoft.Resources/subscriptions/resourceGroups/delete"},
    };
    const char *scope =
        arena_printf(&c->arena, "/subscriptions/%s/resourceGroups/%s", c->sub->id, name);
    if (!rows[c->req->method].handle) {
        fault_add(&c->faults, FAULT_MethodNotAllowed, "", "A resource group has no such method.");
        return;
    }
    if (require(c, rows[c->req->method].roles, scope ? scope : "", rows[c->req->method].action))
        rows[c->req->method].handle(c, name);
}

/* --- generic lists of resources --- */

/* The value in "name eq 'value'" of a filter, or NULL. */
static const char *filter_value(struct call *c, const char *filter, const char *name)
{
    const char *copy = filter ? resource_key(filter, &c->arena) : NULL;
    const char *wanted = arena_printf(&c->arena, "%s eq '", name);
    const char *at = copy && wanted ? strstr(copy, wanted) : NULL;
    if (!at) return NULL;
    at += strlen(wanted);
    return arena_printf(&c->arena, "%.*s", (int)strcspn(at, "'"), at);
}

static void resources_of(struct call *c, const char *group)
{
    const char *filter = target_param(&c->target, "$filter");
    const char *in = group ? group : filter_value(c, filter, "resourcegroup");
    const char *type = filter_value(c, filter, "resourcetype");
    resources_brief(c, in, type);
}

static void groups_path(struct call *c)
{
    if (c->target.n == 3)
        groups_list(c);
    else if (c->target.n == 4)
        group_one(c, c->target.segments[3]);
    else if (c->target.n == 5 && is(c, 4, "resources")) {
        if (require(c, ROLES_ANY, group_key(c, c->sub->id, c->target.segments[3]),
                    "Microsoft.Resources/subscriptions/resourceGroups/resources/read") &&
            group_ready(c, c->sub->id, c->target.segments[3]))
            resources_of(c, c->target.segments[3]);
    } else if (c->target.n >= 7 && is(c, 4, "providers") && is(c, 5, "Microsoft.Network"))
        resources_handle(c, 6);
    else if ((c->target.n == 8 || c->target.n == 9) && is(c, 5, "Microsoft.Resources") &&
             is(c, 6, "deployments"))
        deployments_handle(c, c->target.segments[3], c->target.segments[7],
                           c->target.n == 9 ? c->target.segments[8] : "");
    else
        fault_add(&c->faults, FAULT_InvalidResourceType, "",
                  "The resource type could not be found. Use providers/Microsoft.Network/...");
}

/* --- subscriptions, tenants, locations --- */

static json_t *subscription_render(struct call *c, const struct api_subscription *s)
{
    char id[64];
    snprintf(id, sizeof id, "/subscriptions/%.37s", s->id);
    return own(c, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:[], s:{s:s, s:s, s:s}}", "id", id,
                            "subscriptionId", s->id, "tenantId", c->api->world.tenant_id,
                            "displayName", s->name, "state", "Enabled", "authorizationSource",
                            "RoleBased", "managedByTenants", "subscriptionPolicies",
                            "locationPlacementId", "Public_2014-09-01", "quotaId", "Fairlead_2026",
                            "spendingLimit", "Off"));
}

/* Any grant on the subscription, or on a group in it, lets its name be seen. */
static bool sees_subscription(const struct call *c, const struct api_subscription *s)
{
    char scope[64];
    int n = snprintf(scope, sizeof scope, "/subscriptions/%.37s", s->id);
    const struct api_caller *who = c->req->caller;
    if (api_may(who, ROLES_ANY, scope)) return true;
    for (size_t i = 0; i < who->grants_n; i++) {
        char head[64];
        snprintf(head, sizeof head, "%.*s", n, who->grants[i].scope);
        if (who->grants[i].role & ROLES_ANY && text_same_nocase(head, scope)) return true;
    }
    return false;
}

static void subscriptions_list(struct call *c)
{
    json_t *list = own(c, json_array());
    const struct api_world *w = &c->api->world;
    for (size_t i = 0; i < w->subscriptions_n; i++)
        if (sees_subscription(c, &w->subscriptions[i]))
            json_array_append(list, subscription_render(c, &w->subscriptions[i]));
    json_t *body = own(c, json_pack("{s:O, s:{s:s, s:I}}", "value", list, "count", "type", "Total",
                                    "value", (json_int_t)json_array_size(list)));
    answer_json(c, 200, body);
}

static void tenants_list(struct call *c)
{
    char id[64];
    snprintf(id, sizeof id, "/tenants/%.37s", c->api->world.tenant_id);
    answer_json(c, 200,
                own(c, json_pack("{s:[{s:s, s:s, s:s, s:s}]}", "value", "id", id, "tenantId",
                                 c->api->world.tenant_id, "displayName", "Fairlead",
                                 "tenantCategory", "Home")));
}

/* Calls `each` for every region of the public cloud, by its name as people write it. */
static void for_regions(struct call *c,
                        void (*each)(struct call *c, const char *display, json_t *list),
                        json_t *list)
{
    for (size_t g = 0; g < c->api->catalogue->geographies_n; g++) {
        const struct catalogue_geography *geo = &c->api->catalogue->geographies[g];
        for (size_t i = 0; strcmp(geo->cloud, "global") == 0 && i < geo->regions.n; i++)
            each(c, geo->regions.list[i], list);
    }
}

static void add_location(struct call *c, const char *display, json_t *list)
{
    const char *name = location_key(display, &c->arena);
    char *id =
        name ? arena_printf(&c->arena, "/subscriptions/%s/locations/%s", c->sub->id, name) : NULL;
    if (!id) return;
    json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s}}", "id", id,
                                          "name", name, "type", "Region", "displayName", display,
                                          "regionalDisplayName", display, "metadata", "regionType",
                                          "Physical", "regionCategory", "Recommended"));
}

static void locations_list(struct call *c)
{
    json_t *list = own(c, json_array());
    for_regions(c, add_location, list);
    answer_page(c, list, NULL);
}

/* --- namespaces --- */

bool namespace_registered(struct call *c)
{
    const char *key = arena_printf(&c->arena, "registration/%s", c->sub->id);
    const json_t *v = key ? load_json(c, resource_key(key, &c->arena), NULL) : NULL;
    const char *state = json_string_value(json_object_get(v, "state"));
    return !state || strcmp(state, "Registered") == 0;
}

static void add_region_name(struct call *c, const char *display, json_t *list)
{
    (void)c;
    json_array_append_new(list, json_string(display));
}

static json_t *namespace_render(struct call *c, const char *name)
{
    json_t *types = json_array();
    char id[128];
    snprintf(id, sizeof id, "/subscriptions/%.37s/providers/%.60s", c->sub->id, name);
    for (int k = 0; k < RESOURCE_KINDS && strcmp(name, "Microsoft.Network") == 0; k++) {
        json_t *versions = json_array(), *places = json_array();
        const char *type =
            resource_type((enum resource_kind)k)->full + strlen("Microsoft.Network/");
        size_t n = 0;
        while (api_versions[n]) n++;
        while (n-- > 0) json_array_append_new(versions, json_string(api_versions[n]));
        for_regions(c, add_region_name, places);
        json_array_append_new(types, json_pack("{s:s, s:o, s:o}", "resourceType", type, "locations",
                                               places, "apiVersions", versions));
    }
    return own(c, json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", id, "namespace", name,
                            "registrationPolicy", "RegistrationRequired", "registrationState",
                            strcmp(name, "Microsoft.Network") != 0 || namespace_registered(c)
                                ? "Registered"
                                : "NotRegistered",
                            "resourceTypes", types));
}

static void namespace_register(struct call *c, const char *name, bool on)
{
    char scope[64];
    snprintf(scope, sizeof scope, "/subscriptions/%.37s", c->sub->id);
    const char *key = arena_printf(&c->arena, "registration/%s", c->sub->id);
    if (!require(c, ROLES_WRITE, scope, "Microsoft.Network/register/action") || !key) return;
    json_t *v = own(c, json_pack("{s:s}", "state", on ? "Registered" : "NotRegistered"));
    put_json(c, resource_key(key, &c->arena), v, STORE_ANY);
    if (call_commit(c)) answer_json(c, 200, namespace_render(c, name));
}

static void namespaces(struct call *c)
{
    static const char *const names[] = {"Microsoft.Network", "Microsoft.Resources"};
    if (c->target.n == 3) {
        json_t *list = own(c, json_array());
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
            json_array_append(list, namespace_render(c, names[i]));
        answer_page(c, list, NULL);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!is(c, 3, names[i])) continue;
        bool on = is(c, 4, "register"), off = is(c, 4, "unregister");
        if (c->target.n == 4)
            answer_json(c, 200, namespace_render(c, names[i]));
        else if (c->target.n == 5 && c->req->method == API_POST && (on || off))
            namespace_register(c, names[i], on);
        else
            fault_add(&c->faults, FAULT_NotFound, "", "There is nothing at this path.");
        return;
    }
    fault_add(&c->faults, FAULT_NotFound, "", "The resource namespace '%s' is unknown.",
              c->target.segments[3]);
}

/* --- what lies below a namespace --- */

static void network_operations(struct call *c) /* .../locations/L/operations|operationResults/ID */
{
    if (c->req->method != API_GET)
        fault_add(&c->faults, FAULT_MethodNotAllowed, "", "Operations can only be read.");
    else if (c->target.n == 8 && is(c, 6, "operations"))
        operation_show(c, c->target.segments[7]);
    else if (c->target.n == 8 && is(c, 6, "operationResults"))
        operation_result(c, c->target.segments[7]);
    else
        fault_add(&c->faults, FAULT_NotFound, "", "There is nothing at this path.");
}

static void network_path(struct call *c) /* /subscriptions/S/providers/Microsoft.Network/... */
{
    if (c->target.n >= 6 && is(c, 4, "locations")) {
        network_operations(c);
        return;
    }
    enum resource_kind k = resource_kind_find(KIND_NONE, c->target.segments[4]);
    if (c->req->method != API_GET) {
        fault_add(&c->faults, FAULT_MethodNotAllowed, "", "This list can only be read.");
    } else if (c->target.n <= 6 && offers_handle(c, c->target.segments[4],
                                                 c->target.n == 6 ? c->target.segments[5] : NULL)) {
        return;
    } else if (c->target.n == 5 && k != KIND_NONE &&
               resource_type(k)->flags & KIND_BY_SUBSCRIPTION) {
        resources_list(c, k);
    } else {
        fault_add(&c->faults, FAULT_InvalidResourceType, "",
                  "The resource type '%s' could not be found in the namespace 'Microsoft.Network'.",
                  c->target.segments[4]);
    }
}

static const struct api_subscription *subscription_find(const struct call *c, const char *id)
{
    for (size_t i = 0; i < c->api->world.subscriptions_n; i++)
        if (text_same_nocase(c->api->world.subscriptions[i].id, id))
            return &c->api->world.subscriptions[i];
    return NULL;
}

static bool subscription_open(struct call *c)
{
    char scope[64];
    c->sub = subscription_find(c, c->target.segments[1]);
    if (!c->sub)
        return FAIL(c, SubscriptionNotFound, "", "The subscription '%s' could not be found.",
                    c->target.segments[1]);
    snprintf(scope, sizeof scope, "/subscriptions/%.37s", c->sub->id);
    if (sees_subscription(c, c->sub)) return true;
    if (c->req->method == API_POST && may(c, API_OPERATOR, scope)) return true; /* approvals */
    return require(c, ROLES_ANY, scope, "Microsoft.Resources/subscriptions/read");
}

static void subscription_path(struct call *c)
{
    bool network = is(c, 2, "providers") && is(c, 3, "Microsoft.Network") && c->target.n >= 5 &&
                   !is(c, 4, "register") && !is(c, 4, "unregister");
    if (!subscription_open(c)) return;
    if (is(c, 2, "resourceGroups"))
        groups_path(c);
    else if (network)
        network_path(c);
    else if (is(c, 2, "providers"))
        namespaces(c);
    else if (c->req->method != API_GET)
        fault_add(&c->faults, FAULT_MethodNotAllowed, "", "This can only be read.");
    else if (c->target.n == 2)
        answer_json(c, 200, subscription_render(c, c->sub));
    else if (c->target.n == 3 && is(c, 2, "locations"))
        locations_list(c);
    else if (c->target.n == 3 && is(c, 2, "resources"))
        resources_of(c, NULL);
    else
        fault_add(&c->faults, FAULT_NotFound, "", "There is nothing at this path.");
}

void groups_handle(struct call *c)
{
    bool read = c->req->method == API_GET;
    if (is(c, 0, "subscriptions") && c->target.n >= 2)
        subscription_path(c);
    else if (is(c, 0, "subscriptions") && read)
        subscriptions_list(c);
    else if (is(c, 0, "tenants") && c->target.n == 1 && read)
        tenants_list(c);
    else if (is(c, 0, "providers") && is(c, 2, "operations") && c->target.n == 3 && read)
        operations_list(c, c->target.segments[1]);
    else
        fault_add(&c->faults, FAULT_NotFound, "", "There is nothing at this path.");
}
