/* api/deployments.c - template deployments, the part that stock clients use to make connections.
 * The resources of a template are PUT one after the other through the front door, with the caller's
 * own rights; the deployment is an operation that ends when theirs have. What a resource depends on
 * must stand before it in the template and be finished by then. The template and its parameters are
 * not kept, so that secure ones cannot be read back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/template.h"
#include "base/text.h"

enum { DEPLOYMENT_MS = 1000, NAME_MAX_BYTES = 64 };

static const char type_name[] = "Microsoft.Resources/deployments";

struct deployment {
    struct call *c;
    const char *group, *name, *key, *id;
    unsigned calls; /* left to its expressions */
};

static const char *text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

/* --- scope --- */

/* The values of the template's parameters: given ones, else their defaults. */
static json_t *parameters_of(struct call *c, const json_t *template, const json_t *given)
{
    json_t *values = own(c, json_object()), *declared;
    const char *name;
    json_object_foreach(json_object_get(template, "parameters"), name, declared)
    {
        json_t *value = json_object_get(json_object_get(given, name), "value");
        if (!value) value = json_object_get(declared, "defaultValue");
        if (value)
            json_object_set(values, name, value);
        else
            fault_add(&c->faults, FAULT_InvalidTemplate, "/properties/parameters",
                      "The parameter '%s' has neither a value nor a default.", name);
    }
    return values;
}

static struct template_scope scope_of(struct deployment *d, const json_t *template,
                                      const json_t *parameters)
{
    const struct record *g = record_load(d->c, group_key(d->c, d->c->sub->id, d->group));
    return (struct template_scope){.c = d->c,
                                   .parameters = parameters,
                                   .group = d->group,
                                   .variables = json_object_get(template, "variables"),
                                   .location = g ? record_location(g) : "",
                                   .calls = &d->calls};
}

/* --- resources of a template --- */

/* "Microsoft.Network/a/b" named "x/y": /subscriptions/../providers/Microsoft.Network/a/x/b/y */
static const char *resource_path(const struct deployment *d, const char *type, const char *name)
{
    struct arena *a = &d->c->arena;
    const char *slash = strchr(type, '/');
    char *path = arena_printf(a, "/subscriptions/%s/resourceGroups/%s/providers/%.*s",
                              d->c->sub->id, d->group, slash ? (int)(slash - type) : 0, type);
    while (slash && path) {
        size_t t = strcspn(slash + 1, "/"), n = strcspn(name, "/");
        path = arena_printf(a, "%s/%.*s/%.*s", path, (int)t, slash + 1, (int)n, name);
        slash = slash[1 + t] ? slash + 1 + t : NULL;
        name += n + (name[n] == '/');
    }
    return path ? path : "";
}

/* The template's resources with their expressions replaced; NULL after a fault. */
static json_t *resources_of(const struct template_scope *s, const json_t *template)
{
    static const char *const wanted[] = {"type", "name", "location", "tags", "sku", "properties"};
    json_t *list = own(s->c, json_array()), *resource;
    size_t i;
    json_array_foreach(json_object_get(template, "resources"), i, resource)
    {
        json_t *one = own(s->c, json_object());
        char pointer[96];
        for (size_t m = 0; m < ARRAY_LEN(wanted); m++) {
            const json_t *v = json_object_get(resource, wanted[m]);
            snprintf(pointer, sizeof pointer, "/properties/template/resources/%zu/%s", i,
                     wanted[m]);
            json_t *value = v ? template_value(s, v, pointer) : NULL;
            if (value) json_object_set_new(one, wanted[m], value);
        }
        if (!strchr(text(one, "type"), '/') || !*text(one, "name"))
            fault_add(&s->c->faults, FAULT_InvalidTemplate, "/properties/template/resources",
                      "Resource %zu of the template lacks a type or a name.", i);
        json_array_append(list, one);
    }
    return s->c->faults.n == 0 ? list : NULL;
}

/* PUTs one resource as its caller would. NULL when it was accepted, else the error; a new
 * reference. */
static json_t *deploy_one(const struct deployment *d, const json_t *resource, const char *path)
{
    static const char *const members[] = {"location", "tags", "sku", "properties"};
    json_t *body = json_object(), *error = NULL;
    for (size_t m = 0; m < ARRAY_LEN(members); m++)
        if (json_object_get(resource, members[m]))
            json_object_set(body, members[m], json_object_get(resource, members[m]));
    char *sent = json_dumps(body, JSON_COMPACT);
    char *target =
        arena_printf(&d->c->arena, "%s?api-version=2022-01-01", target_encode(path, &d->c->arena));
    struct api_response answer = {0};
    const struct api_request req = {.method = API_PUT,
                                    .target = target ? target : "/",
                                    .base_url = d->c->req->base_url,
                                    .caller = d->c->req->caller,
                                    .body = sent,
                                    .body_n = sent ? strlen(sent) : 0};
    api_handle(d->c->api, &req, d->c->now_ms, &answer);
    if (answer.status >= 300) {
        json_t *said = json_loads(text_get(&answer.body), 0, NULL);
        error = json_incref(json_object_get(said, "error"));
        json_decref(said);
    }
    api_response_drop(&answer);
    free(sent);
    json_decref(body);
    return error;
}

/* --- the record --- */

static struct record *record_of(struct deployment *d, const struct template_scope *s,
                                const json_t *properties)
{
    struct record *old = record_load(d->c, d->key), *r = arena_take(&d->c->arena, sizeof *r);
    json_t *json =
        own(d->c, json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:s}, s:{s:s, s:s, s:[]}}", "id", d->id,
                            "name", d->name, "type", type_name, "properties", "provisioningState",
                            "Accepted", "mode", "Incremental", "correlationId", call_guid(d->c),
                            "internal", "group", d->group, "location", s->location, "resources"));
    const json_t *outputs = json_object_get(json_object_get(properties, "template"), "outputs");
    if (!r || !json) abort();
    *r = (struct record){d->key, KIND_NONE, json, old ? old->revision : STORE_ABSENT};
    if (json_is_object(outputs)) json_object_set(record_internal(r), "outputs", (json_t *)outputs);
    return r;
}

static json_t *failed(json_t *why)
{
    return json_pack("{s:s, s:s, s:[o]}", "code", fault_name(FAULT_DeploymentFailed), "message",
                     "At least one resource deployment operation failed. Please list deployment "
                     "operations for details.",
                     "details", why);
}

static void deploy(struct deployment *d, struct record *r, const json_t *resources)
{
    json_t *kept = json_object_get(record_internal(r), "resources"), *resource;
    size_t i;
    json_array_foreach((json_t *)resources, i, resource)
    {
        const char *path = resource_path(d, text(resource, "type"), text(resource, "name"));
        const char *slash = strrchr(path, '/'), *key = resource_key(path, &d->c->arena);
        json_t *error = deploy_one(d, resource, path);
        json_array_append_new(kept, json_pack("{s:s, s:s, s:s}", "name", slash ? slash + 1 : "",
                                              "key", key ? key : "", "id", path));
        if (!error) continue;
        json_object_set_new(record_internal(r), "error", failed(error));
        return;
    }
}

static json_t *render(struct call *c, const struct record *r)
{
    json_t *out = own(c, json_deep_copy(r->json));
    json_object_del(out, "internal");
    return out;
}

/* --- calls --- */

static void put_or_validate(struct deployment *d, bool validate)
{
    struct call *c = d->c;
    const json_t *body = request_object(c);
    const json_t *properties = json_object_get(body, "properties");
    const json_t *template = json_object_get(properties, "template");
    if (!body || !group_ready(c, c->sub->id, d->group)) return;
    if (!json_is_object(template)) {
        fault_add(&c->faults, FAULT_InvalidTemplate, "/properties/template",
                  "The deployment has no template. Templates by link are not supported.");
        return;
    }
    const json_t *parameters =
        parameters_of(c, template, json_object_get(properties, "parameters"));
    const struct template_scope s = scope_of(d, template, parameters);
    const json_t *resources = resources_of(&s, template);
    if (!resources || c->faults.n > 0) return;
    struct record *r = record_of(d, &s, properties);
    if (validate) {
        json_object_set_new(record_props(r), "provisioningState", json_string("Succeeded"));
        answer_json(c, 200, render(c, r));
        return;
    }
    if (!operation_idle(c, d->key)) return;
    deploy(d, r, resources);
    record_save(c, r);
    const struct operation_start start = {.what = "deployment",
                                          .root = d->key,
                                          .keys = &d->key,
                                          .keys_n = 1,
                                          .ms = DEPLOYMENT_MS,
                                          .location = s.location};
    const char *id = operation_add(c, &start);
    if (!call_commit(c)) return;
    operation_started(c, id, &start);
    answer_header(c, "Azure-AsyncOperation", "%s", operation_url(c, id, s.location, "operations"));
    answer_header(c, "Retry-After", "%u", operation_wait_s(c->api, DEPLOYMENT_MS));
    answer_json(c, r->revision == STORE_ABSENT ? 201 : 200, render(c, r));
}

static void list_operations(struct call *c, const struct record *r)
{
    json_t *list = own(c, json_array()), *one;
    size_t i;
    json_array_foreach(json_object_get(record_internal(r), "resources"), i, one)
    {
        const struct record *made = record_load(c, text(one, "key"));
        char number[24];
        snprintf(number, sizeof number, "%zu", i + 1);
        json_array_append_new(
            list,
            json_pack("{s:s, s:{s:s, s:s, s:{s:s, s:s, s:s}}}", "operationId", number, "properties",
                      "provisioningOperation", "Create", "provisioningState",
                      made ? props_text(made, "provisioningState") : "Failed", "targetResource",
                      "id", text(one, "id"), "resourceName", text(one, "name"), "resourceType",
                      made ? record_text(made, "type") : ""));
    }
    answer_page(c, list, NULL);
}

static void read_one(struct deployment *d, const char *below)
{
    struct call *c = d->c;
    struct record *r = record_load(c, d->key);
    if (c->faults.n > 0) return;
    if (c->req->method == API_HEAD) {
        answer_empty(c, r ? 204 : 404);
    } else if (!r && c->req->method == API_DELETE) {
        answer_empty(c, 204);
    } else if (!r) {
        fault_add(&c->faults, FAULT_DeploymentNotFound, "", "Deployment '%s' could not be found.",
                  d->name);
    } else if (text_same_nocase(below, "operations")) {
        list_operations(c, r);
    } else if (c->req->method == API_DELETE) {
        if (!operation_idle(c, d->key)) return;
        record_remove(c, r);
        if (call_commit(c)) answer_empty(c, 204);
    } else {
        answer_json(c, 200, render(c, r));
    }
}

void deployments_handle(struct call *c, const char *group, const char *name, const char *below)
{
    enum api_method m = c->req->method;
    bool validate = m == API_POST && text_same_nocase(below, "validate");
    bool writes = m == API_PUT || m == API_DELETE || validate;
    char *id = arena_printf(&c->arena, "/subscriptions/%s/resourceGroups/%s/providers/%s/%s",
                            c->sub->id, group, type_name, name);
    const char *key = id ? resource_key(id, &c->arena) : NULL;
    struct deployment d = {c, group, name, key, id, TEMPLATE_CALLS};
    if (!key || !require(c, writes ? ROLES_WRITE : ROLES_READ, id,
                         writes ? "Microsoft.Resources/deployments/write"
                                : "Microsoft.Resources/deployments/read"))
        return;
    if (!resource_name_valid(name) || strlen(name) > NAME_MAX_BYTES)
        fault_add(&c->faults, FAULT_InvalidResourceName, "", "The deployment name '%s' is invalid.",
                  name);
    else if (m == API_PUT || validate)
        put_or_validate(&d, validate);
    else if (m == API_PATCH || m == API_POST)
        fault_add(&c->faults, FAULT_MethodNotAllowed, "", "A deployment has no such method.");
    else
        read_one(&d, below);
}

/* --- the end --- */

static json_t *outputs_of(struct call *c, const struct record *r, const json_t *references)
{
    json_t *outputs = json_object(), *output;
    unsigned calls = TEMPLATE_CALLS;
    const char *name;
    struct template_scope s = {.c = c,
                               .resources = references,
                               .group = internal_text(r, "group"),
                               .location = internal_text(r, "location"),
                               .calls = &calls};
    json_object_foreach(json_object_get(record_internal(r), "outputs"), name, output)
    {
        json_t *value = json_object_get(output, "value");
        json_t *made = value ? template_value(&s, value, "") : NULL;
        if (made)
            json_object_set_new(
                outputs, name,
                json_pack("{s:O, s:o}", "type", json_object_get(output, "type"), "value", made));
    }
    return outputs;
}

/* The error of the first resource that failed, or NULL; notes whether one still runs. */
static json_t *gather(struct call *c, const struct record *r, json_t *references)
{
    json_t *one;
    size_t i;
    json_array_foreach(json_object_get(record_internal(r), "resources"), i, one)
    {
        const struct record *made = record_load(c, text(one, "key"));
        enum resource_state state = made ? record_state(made) : RESOURCE_None;
        if (state == RESOURCE_Updating) c->again = true;
        if (made && state != RESOURCE_Failed) {
            json_t *shown = resource_render(c, made);
            json_object_set(references, text(one, "name"), json_object_get(shown, "properties"));
        } else {
            return failed(json_pack("{s:s, s:o}", "code", "ResourceDeploymentFailure", "message",
                                    json_sprintf("The resource '%s' ended as %s.", text(one, "id"),
                                                 made ? "Failed" : "deleted")));
        }
    }
    return NULL;
}

json_t *deployment_end(struct call *c, const char *key)
{
    struct record *r = record_load(c, key);
    if (!r) return NULL;
    json_t *references = own(c, json_object());
    json_t *error = json_incref(json_object_get(record_internal(r), "error"));
    if (!error) error = gather(c, r, references);
    if (c->again) {
        json_decref(error);
        return NULL;
    }
    json_t *props = record_props(r);
    json_object_set_new(props, "provisioningState", json_string(error ? "Failed" : "Succeeded"));
    if (error)
        json_object_set(props, "error", error);
    else if (json_object_get(record_internal(r), "outputs"))
        json_object_set_new(props, "outputs", outputs_of(c, r, references));
    c->faults.n = 0; /* an output that cannot be evaluated is left out */
    record_save(c, r);
    return error;
}
