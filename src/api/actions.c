/* api/actions.c - calls below a resource that are no resource of their own: counters, live tables,
 * keys, letters, resets, failover tests. */
#include <stdio.h>
#include <string.h>
#include "api/api_priv.h"
#include "api/kinds.h"
#include "base/text.h"

static void stats(struct call *c, struct record *r, const char *argument)
{
    (void)argument;
    answer_json(c, 200, own(c, live_stats(c, r)));
}

static void connections(struct call *c, struct record *r, const char *argument)
{
    json_t *list = own(c, json_array());
    struct keys users = users_of(c, r->key);
    (void)argument;
    for (size_t i = 0; i < users.n; i++) {
        const struct record *u = record_load(c, users.keys[i]);
        if (u && u->kind == KIND_CONNECTION) json_array_append(list, resource_render(c, u));
    }
    answer_page(c, list, NULL);
}

/* --- keys of a connection: kept for clients that ask, used by nothing on a circuit --- */

static void key_answer(struct call *c, const struct record *r, const char *key)
{
    json_t *body = own(c, json_pack("{s:s}", "value", key));
    if (strcmp(c->version, "2024-03-01") >= 0)
        json_object_set_new(body, "id", json_sprintf("%s/sharedKey", record_text(r, "id")));
    answer_json(c, 200, body);
}

static void key_show(struct call *c, struct record *r, const char *argument)
{
    (void)argument;
    key_answer(c, r, internal_text(r, "ipsecKey"));
}

static void key_store(struct call *c, struct record *r, const char *key)
{
    json_object_set_new(record_internal(r), "ipsecKey", json_string(key));
    json_object_set_new(r->json, "etag", json_string(call_etag(c)));
    record_save(c, r);
}

static void key_set(struct call *c, struct record *r, const char *argument)
{
    enum { KEY_MAX = 128 };
    const json_t *body = request_object(c);
    const char *key = json_string_value(json_object_get(body, "value"));
    (void)argument;
    if (!body) return;
    if (!key || !*key || strlen(key) > KEY_MAX) {
        fault_add(&c->faults, FAULT_InvalidRequestFormat, "/value",
                  "The shared key is missing or too long. Give 1 to %d characters.", KEY_MAX);
        return;
    }
    key_store(c, r, key);
    if (call_commit(c)) key_answer(c, r, key);
}

static void key_reset(struct call *c, struct record *r, const char *argument)
{
    const json_t *body = request_object(c);
    json_int_t n = json_integer_value(json_object_get(body, "keyLength"));
    struct text key = {0};
    (void)argument;
    if (!body) return;
    if (n < 1 || n > 128) {
        fault_add(&c->faults, FAULT_InvalidRequestFormat, "/keyLength",
                  "The length %lld is out of range. Use 1 to 128.", (long long)n);
        return;
    }
    while ((json_int_t)key.n < n) /* hexadecimal digits of random GUIDs */
        for (const char *g = call_guid(c); *g && (json_int_t)key.n < n; g++)
            if (*g != '-') text_addf(&key, "%c", *g);
    key_store(c, r, text_get(&key));
    text_drop(&key);
    if (call_commit(c)) answer_json(c, 200, own(c, json_pack("{s:I}", "keyLength", n)));
}

/* --- ports, advertised prefixes --- */

static void loa(struct call *c, struct record *r, const char *argument)
{
    const json_t *body = request_object(c);
    const char *customer = json_string_value(json_object_get(body, "customerName"));
    (void)argument;
    if (!body) return;
    if (!customer || !*customer)
        fault_add(&c->faults, FAULT_InvalidRequestFormat, "/customerName",
                  "The letter needs a name. Give customerName.");
    else
        answer_json(c, 200, own(c, letter_make(c, r, customer)));
}

static void approve(struct call *c, struct record *r, const char *argument)
{
    const json_t *body = request_object(c);
    const char *proof = json_string_value(json_object_get(body, "proof"));
    (void)argument;
    if (!body) return;
    if (!proof || !*proof) {
        fault_add(&c->faults, FAULT_InvalidRequestFormat, "/proof",
                  "Say what shows that the prefixes are the customer's. Give proof.");
        return;
    }
    peering_approve(c, r, proof);
    const json_t *shown = c->faults.n == 0 ? resource_render(c, r) : NULL;
    if (shown && call_commit(c)) answer_json(c, 200, shown);
}

/* --- the table --- */

static const char *const legs[] = {"primary", "secondary", NULL};
static const char *const reset_word[] = {"reset", NULL};
#define TESTS_SINCE "2025-05-01"

/* clang-format off */
static const struct action actions[] = {
    {KIND_CIRCUIT,       "stats",               API_GET,  NULL, 0,    0, NULL, stats},
    {KIND_PEERING,       "stats",               API_GET,  NULL, 0,    0, NULL, stats},
    {KIND_PEERING,       "arpTables",           API_POST, legs, 1000, 0, NULL, NULL},
    {KIND_PEERING,       "routeTables",         API_POST, legs, 1000, 0, NULL, NULL},
    {KIND_PEERING,       "routeTablesSummary",  API_POST, legs, 1000, 0, NULL, NULL},
    {KIND_PEERING,       "approveAdvertisedPrefixes", API_POST, NULL, 0, API_OPERATOR, NULL, approve},
    {KIND_CROSS_PEERING, "arpTables",           API_POST, legs, 1000, 0, NULL, NULL},
    {KIND_CROSS_PEERING, "routeTables",         API_POST, legs, 1000, 0, NULL, NULL},
    {KIND_CROSS_PEERING, "routeTablesSummary",  API_POST, legs, 1000, 0, NULL, NULL},
    {KIND_PORT,          "generateLoa",         API_POST, NULL, 0,    0, NULL, loa},
    {KIND_GATEWAY,       "connections",         API_GET,  NULL, 0,    0, NULL, connections},
    {KIND_GATEWAY,       "getBgpPeerStatus",    API_POST, NULL, 1000, 0, NULL, NULL},
    {KIND_GATEWAY,       "getLearnedRoutes",    API_POST, NULL, 1000, 0, NULL, NULL},
    {KIND_GATEWAY,       "getAdvertisedRoutes", API_POST, NULL, 1000, 0, NULL, NULL},
    {KIND_GATEWAY,       "reset",               API_POST, NULL, 3000, ROLES_WRITE, NULL, NULL},
    {KIND_GATEWAY,       "getResiliencyInformation",     API_POST, NULL, 1000, 0, TESTS_SINCE, NULL},
    {KIND_GATEWAY,       "getRoutesInformation",         API_POST, NULL, 1000, 0, TESTS_SINCE, NULL},
    {KIND_GATEWAY,       "startSiteFailoverTest",        API_POST, NULL, 2000, ROLES_WRITE, TESTS_SINCE, failover_start},
    {KIND_GATEWAY,       "stopSiteFailoverTest",         API_POST, NULL, 2000, ROLES_WRITE, TESTS_SINCE, failover_stop},
    {KIND_GATEWAY,       "getFailoverAllTestsDetails",   API_POST, NULL, 1000, 0, TESTS_SINCE, NULL},
    {KIND_GATEWAY,       "getFailoverSingleTestDetails", API_POST, NULL, 1000, 0, TESTS_SINCE, NULL},
    {KIND_CONNECTION,    "sharedkey",           API_GET,  NULL, 0,    ROLES_WRITE, NULL, key_show},
    {KIND_CONNECTION,    "sharedkey",           API_PUT,  NULL, 0,    ROLES_WRITE, NULL, key_set},
    {KIND_CONNECTION,    "sharedkey",           API_POST, reset_word, 0, ROLES_WRITE, NULL, key_reset},
    {KIND_CONNECTION,    "resetconnection",     API_POST, NULL, 3000, ROLES_WRITE, NULL, NULL},
};
/* clang-format on */

const struct action *action_at(size_t i) { return i < ARRAY_LEN(actions) ? &actions[i] : NULL; }

static bool is_row(const struct action *a, enum resource_kind k, const char *name,
                   bool has_argument)
{
    return a->kind == k && (a->arguments != NULL) == has_argument &&
           text_same_nocase(a->name, name);
}

bool action_known(enum resource_kind k, const char *name, bool has_argument)
{
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (is_row(&actions[i], k, name, has_argument)) return true;
    return false;
}

static const struct action *action_find(struct call *c, enum resource_kind k, const char *name,
                                        bool has_argument)
{
    const struct action *other = NULL;
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        if (!is_row(&actions[i], k, name, has_argument)) continue;
        other = &actions[i];
        if (other->method == c->req->method) return other;
    }
    fault_add(&c->faults, FAULT_MethodNotAllowed, "", "'%s' is called by %s.", name,
              other && other->method == API_GET ? "GET" : "POST");
    return NULL;
}

static bool argument_fine(struct call *c, const struct action *a, const char *argument)
{
    for (int i = 0; a->arguments && a->arguments[i]; i++)
        if (text_same_nocase(a->arguments[i], argument)) return true;
    if (a->arguments)
        fault_add(&c->faults, FAULT_InvalidRequestFormat, "",
                  "The device path '%s' is unknown. Use %s%s%s.", argument, a->arguments[0],
                  a->arguments[1] ? " or " : "", a->arguments[1] ? a->arguments[1] : "");
    return !a->arguments;
}

static bool version_fine(struct call *c, const struct action *a)
{
    if (!a->since || strcmp(c->version, a->since) >= 0) return true;
    return FAIL(c, NoRegisteredProviderFound, "api-version",
                "'%s' came with api-version %s. Ask with that one or a later one.", a->name,
                a->since);
}

static void action_later(struct call *c, const struct action *a, struct record *r,
                         const char *argument)
{
    const char *location = record_location(r);
    char name[48]; /* what the provider is shown differs in one table */
    snprintf(name, sizeof name, "%s%s", a->name, a->kind == KIND_CROSS_PEERING ? "!" : "");
    if (a->handle) a->handle(c, r, argument);
    if (c->faults.n > 0) return;
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

/* What an action is told beside the path: the leg, or one of the query's words. */
static const char *told(struct call *c, const struct action *a, const char *argument)
{
    static const char *const words[] = {"peer", "peeringLocation", "failoverTestId"};
    for (size_t i = 0; !a->arguments && i < ARRAY_LEN(words); i++) {
        const char *v = target_param(&c->target, words[i]);
        if (v) return v;
    }
    return argument;
}

void action_handle(struct call *c, struct record *r, const char *name, const char *argument,
                   bool has_argument)
{
    enum resource_kind kind = c->place_kind;
    const struct action *a = action_find(c, kind, name, has_argument);
    if (!a || !version_fine(c, a)) return;
    unsigned roles = a->roles ? a->roles : kind_hooks[kind].read_roles;
    char *action = arena_printf(&c->arena, "%s/%s/action", resource_type(kind)->full, a->name);
    if (!require(c, roles, c->place_key, action ? action : "")) return;
    if (!r) {
        fault_add(&c->faults, FAULT_ResourceNotFound, "", "The Resource '%s' was not found.",
                  c->place_key);
    } else if (argument_fine(c, a, argument)) {
        if (a->ms == 0)
            a->handle(c, r, argument);
        else
            action_later(c, a, r, told(c, a, argument));
    }
}
