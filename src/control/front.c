/* control/front.c - a table of paths. What stands in no row is the resource manager's. Who asks is
 * settled before anything is looked up (RB-154). */
#include "control/front.h"
#include <stdio.h>
#include <string.h>
#include "control/edges.h"
#include "control/metrics.h"
#include "control/mirror.h"
#include "control/page.h"
#include "control/report.h"
#include "control/roles.h"
#include "control/service_keys.h"
#include "control/sign_in.h"
#include "sys/entropy.h"

enum {
    ARENA = 32 << 20,
    EVIDENCE_MAX = 32 << 20,
    ROLES_READ = API_READER | API_CONTRIBUTOR | API_OWNER,
    ROLES_WRITE = API_CONTRIBUTOR | API_OWNER
};

/* --- the paths of our own --- */

static void health(struct request *r)
{
    json_t *body = json_pack("{s:s}", "status", "ok");
    reply_json(r, 200, body);
    json_decref(body);
}

/* clang-format off */
static const struct route {
    const char *method, *path; /* '*' stands for one segment */
    enum access access;
    void (*serve)(struct request *r);
} routes[] = {
    {"GET",    "",                             ACCESS_PAGE,        page_serve},
    {"GET",    "healthz",                      ACCESS_OPEN,        health},
    {"GET",    "metrics",                      ACCESS_PAGE,        metrics_serve},
    {"GET",    "metadata/endpoints",           ACCESS_OPEN,        sign_in_metadata},
    {"GET",    "fairlead/v1/edges",            ACCESS_READER,      edges_list},
    {"GET",    "fairlead/v1/edges/*",          ACCESS_READER,      edges_show},
    {"PUT",    "fairlead/v1/edges/*",          ACCESS_OPERATOR,    edges_register},
    {"DELETE", "fairlead/v1/edges/*",          ACCESS_OPERATOR,    edges_remove},
    {"GET",    "fairlead/v1/edges/*/intent",   ACCESS_CERTIFICATE, edges_intent},
    {"POST",   "fairlead/v1/edges/*/evidence", ACCESS_CERTIFICATE, edges_report},
    {"GET",    "fairlead/v1/evidence",         ACCESS_READER,      edges_evidence},
    {"POST",   "fairlead/v1/token-keys",       ACCESS_OPERATOR,    sign_in_new_key},
    {"GET",    "fairlead/v1/report",           ACCESS_READER,      report_show},
    {"PUT",    "fairlead/v1/report",           ACCESS_WRITER,      report_put},
};
/* clang-format on */

static bool path_matches(const struct target *t, const char *path)
{
    for (size_t i = 0; i < t->n; i++) {
        size_t n = strcspn(path, "/");
        char segment[32] = "";
        if (n == 0) return false;
        memcpy(segment, path, n < sizeof segment ? n : sizeof segment - 1);
        if (strcmp(segment, "*") != 0 && !text_same_nocase(segment, t->segments[i])) return false;
        path += n + (path[n] == '/');
    }
    return *path == '\0';
}

/* The route; NULL and *known when only the method is wrong. HEAD is asked for as GET. */
static const struct route *find_route(const struct target *t, const char *method, bool *known)
{
    if (strcmp(method, "HEAD") == 0) method = "GET";
    *known = false;
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        if (!path_matches(t, routes[i].path)) continue;
        *known = true;
        if (strcmp(routes[i].method, method) == 0) return &routes[i];
    }
    return NULL;
}

/* --- who may --- */

/* What edges say is about all customers: a role on a part, or on somebody else's subscription, is
 * not enough. */
static bool holds(const struct request *r, unsigned roles)
{
    char scope[64];
    snprintf(scope, sizeof scope, "/subscriptions/%s",
             r->control->installation.subscription_ids[0]);
    return api_may(&r->principal->caller, roles, scope);
}

static bool allowed(struct request *r, unsigned roles)
{
    if (!sign_in_check(r)) return false;
    if (holds(r, roles)) return true;
    reply_error(
        r, 403, "AuthorizationFailed",
        "The client with object id '%s' does not have authorization to perform this action.",
        r->principal->object_id);
    return false;
}

static bool come_in(struct request *r)
{
    switch (r->access) {
    case ACCESS_OPEN:
        return true;
    case ACCESS_PAGE:
        return http_server_loopback(r->control->http) || allowed(r, ROLES_READ | API_OPERATOR);
    case ACCESS_READER:
        return allowed(r, ROLES_READ | API_OPERATOR);
    case ACCESS_WRITER:
        return allowed(r, ROLES_WRITE | API_OPERATOR);
    case ACCESS_OPERATOR:
        return allowed(r, API_OPERATOR);
    case ACCESS_CERTIFICATE:
        return edges_check_certificate(r);
    case ACCESS_API:
        return sign_in_check(r);
    }
    return false;
}

/* --- the resource manager --- */

/* RB-13F: what comes with a body says that it is JSON. */
static bool content_fine(struct request *r)
{
    static const char json[] = "application/json";
    size_t n;
    char head[sizeof json] = "";
    const char *type = http_field(r->exchange, "Content-Type");
    http_body(r->exchange, &n);
    if (n == 0) return true;
    if (type) memcpy(head, type, strnlen(type, sizeof head - 1));
    if (type && text_same_nocase(head, json) && strchr("; \t", type[strlen(json)])) return true;
    reply_error(r, 415, "UnsupportedMediaType", "The content type of a body is application/json.");
    return false;
}

static void serve_api(struct request *r)
{
    struct control *c = r->control;
    struct api_response out = {0};
    struct api_request q = {.target = http_target(r->exchange),
                            .base_url = r->base_url,
                            .if_match = http_field(r->exchange, "If-Match"),
                            .if_none_match = http_field(r->exchange, "If-None-Match"),
                            .caller = &r->principal->caller};
    if (!api_method_parse(http_method(r->exchange), &q.method)) {
        reply_error(r, 405, "MethodNotAllowed", "This method is not served.");
        return;
    }
    if (!content_fine(r) || !service_key_may_try(r)) return;
    q.body = http_body(r->exchange, &q.body_n);
    bool writes = q.method != API_GET && q.method != API_HEAD;
    if (writes && store_sync(c->store) == STORE_OK) audit_digest(r, r->before);
    api_handle(c->api, &q, c->now_ms, &out);
    if (writes) audit_digest(r, r->after);
    service_key_judge(r, (unsigned)out.status);
    reply_api(r, &out);
    api_response_drop(&out);
}

/* --- one request --- */

static bool serve_own(struct request *r)
{
    bool known;
    const struct route *route = find_route(&r->target, http_method(r->exchange), &known);
    if (route) {
        r->access = route->access;
        if (come_in(r) && (r->access == ACCESS_CERTIFICATE || content_fine(r))) route->serve(r);
        return true;
    }
    if (known) reply_error(r, 405, "MethodNotAllowed", "This method is not served here.");
    return known;
}

static void serve_request(struct request *r)
{
    if (!target_parse(http_target(r->exchange), r->arena, &r->target)) {
        reply_error(r, 400, "InvalidRequestUri",
                    "The request URI is malformed, too long, or escapes a separator.");
        return;
    }
    r->access = ACCESS_OPEN;
    if (serve_own(r) || mirror_serve(r) || sign_in_serve(r)) return;
    r->access = ACCESS_API;
    if (come_in(r) && !roles_serve(r)) serve_api(r);
}

static void serve(void *ctx, struct http_exchange *x)
{
    struct control *c = ctx;
    struct arena arena;
    char id[RANDOM_GUID_TEXT];
    arena_init(&arena, ARENA);
    random_guid(id);
    struct request r = {.control = c, .exchange = x, .arena = &arena, .id = id};
    r.base_url = sign_in_base_url(c, http_field(x, "Host"), &arena);
    serve_request(&r);
    arena_drop(&arena);
}

static void gone(void *ctx, struct http_exchange *x)
{
    struct control *c = ctx;
    edges_gone(c->edges, x);
    later_gone(c->later, x);
}

/* Evidence of an edge with large tables is longer than anything people send. */
static size_t body_limit(void *ctx, const char *method, const char *target)
{
    static const char edges[] = "/fairlead/v1/edges/";
    (void)ctx;
    bool evidence = strcmp(method, "POST") == 0 && strncmp(target, edges, strlen(edges)) == 0;
    return evidence ? EVIDENCE_MAX : 0;
}

struct http_hooks front_hooks(struct control *c)
{
    return (struct http_hooks){
        .ctx = c, .serve = serve, .gone = gone, .body_limit = body_limit, .refusal = reply_refusal};
}
