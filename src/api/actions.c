/* api/actions.c - calls below a resource that are no resource of their own: counters, live tables,
 * resets. One row each; those that take time are operations, computed when they end. */
#include <stdio.h>
#include <string.h>
#include "api/api_priv.h"
#include "base/text.h"

struct action {
    enum resource_kind kind;
    const char *name;
    enum api_method method;
    bool has_argument; /* the leg */
    unsigned ms;       /* 0: answered at once */
    bool writes;       /* wants the right to change the resource */
};

/* clang-format off */
static const struct action actions[] = {
    {KIND_CIRCUIT,       "stats",               API_GET,  false, 0},
    {KIND_PEERING,       "stats",               API_GET,  false, 0},
    {KIND_PEERING,       "arpTables",           API_POST, true,  1000},
    {KIND_PEERING,       "routeTables",         API_POST, true,  1000},
    {KIND_PEERING,       "routeTablesSummary",  API_POST, true,  1000},
    {KIND_PEERING,       "connections",         API_GET,  false, 0},
    {KIND_PEERING,       "peerConnections",     API_GET,  false, 0},
    {KIND_CROSS_PEERING, "arpTables",           API_POST, true,  1000},
    {KIND_CROSS_PEERING, "routeTables",         API_POST, true,  1000},
    {KIND_CROSS_PEERING, "routeTablesSummary",  API_POST, true,  1000},
    {KIND_GATEWAY,       "connections",         API_GET,  false, 0},
    {KIND_GATEWAY,       "getBgpPeerStatus",    API_POST, false, 1000},
    {KIND_GATEWAY,       "getLearnedRoutes",    API_POST, false, 1000},
    {KIND_GATEWAY,       "getAdvertisedRoutes", API_POST, false, 1000},
    {KIND_GATEWAY,       "reset",               API_POST, false, 3000, true},
};
/* clang-format on */

const struct action *action_find(enum resource_kind k, const char *name, bool has_argument)
{
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (actions[i].kind == k && actions[i].has_argument == has_argument &&
            text_same_nocase(actions[i].name, name))
            return &actions[i];
    return NULL;
}

static void action_now(struct call *c, const struct action *a, const struct record *r)
{
    if (strcmp(a->name, "stats") == 0) {
        answer_json(c, 200, own(c, live_stats(c, r)));
        return;
    }
    json_t *list = own(c, json_array());
    struct keys users = users_of(c, r->key);
    for (size_t i = 0; a->kind == KIND_GATEWAY && i < users.n; i++) {
        const struct record *u = record_load(c, users.keys[i]);
        if (u && u->kind == KIND_CONNECTION) json_array_append(list, resource_render(c, u));
    }
    answer_page(c, list, NULL);
}

static void action_later(struct call *c, const struct action *a, const struct record *r,
                         const char *argument)
{
    const char *location = record_location(r);
    char name[48]; /* what the provider is shown differs in one table */
    snprintf(name, sizeof name, "%s%s", a->name, a->kind == KIND_CROSS_PEERING ? "!" : "");
    const struct operation_start start = {.what = "action",
                                          .root = "",
                                          .keys = (const char *[]){r->key},
                                          .keys_n = 1,
                                          .ms = a->ms,
                                          .location = location,
                                          .action = name,
                                          .argument = argument};
    const char *id = operation_add(c, &start);
    if (!call_commit(c)) return;
    operation_started(c, id, &start);
    answer_header(c, "Location", "%s", operation_url(c, id, location, "operationResults"));
    answer_header(c, "Retry-After", "%u", operation_wait_s(c->api, a->ms));
    answer_json(c, 202, own(c, json_null()));
}

void action_handle(struct call *c, const struct action *a, const struct record *r,
                   const char *argument)
{
    const char *peer = target_param(&c->target, "peer");
    if (a->writes && !require(c, kind_hooks[a->kind].write_roles, r->key, a->name)) return;
    if (c->req->method != a->method)
        fault_add(&c->faults, FAULT_MethodNotAllowed, "", "'%s' is called by %s.", a->name,
                  a->method == API_GET ? "GET" : "POST");
    else if (a->has_argument && !text_same_nocase(argument, "primary") &&
             !text_same_nocase(argument, "secondary"))
        fault_add(&c->faults, FAULT_InvalidRequestFormat, "",
                  "The device path '%s' is unknown. Use primary or secondary.", argument);
    else if (a->ms == 0)
        action_now(c, a, r);
    else
        action_later(c, a, r, a->has_argument ? argument : peer ? peer : "");
}
