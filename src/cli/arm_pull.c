/* cli/arm_pull.c - see the header. */
#include "cli/arm_pull.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "sys/http_client.h"

#define TOKEN_VARIABLE "FAIRLEAD_ARM_TOKEN"
#define VERSION "api-version=2024-03-01"

enum { URL_LEN = 1400, POLLS_MAX = 40, POLL_MS = 250, KEPT_MAX = 4096, PAGES_MAX = 200 };

struct pull {
    struct arm_pull *p;
    struct http_client *http;
    struct arm_export *out;
    struct text *silent;
    struct text authorization; /* "Authorization: Bearer ..." */
};

static int64_t wall_ms(void) { return (int64_t)time(NULL) * 1000; }

/* ---- one exchange ---- */

static bool send(struct pull *u, const char *method, const char *url, struct http_answer *a, struct text *why)
{
    const char *const headers[] = {text_get(&u->authorization), "Accept: application/json", NULL};
    struct http_request r = {.method = method, .url = url, .headers = headers,
                             .body = strcmp(method, "POST") == 0 ? "" : NULL};
    return http_send(u->http, &r, a, why);
}

/* Only our own server is asked, whatever an answer points to. */
static bool ours(const struct pull *u, const char *url)
{
    size_t n = strlen(u->p->url);
    return strncmp(url, u->p->url, n) == 0 && url[n] == '/';
}

/* The JSON of an answer with status 200, after an operation's polls; NULL with `why`. */
static json_t *fetch(struct pull *u, const char *method, const char *url, struct text *why)
{
    struct http_answer a;
    json_t *v = NULL;
    char next[URL_LEN];
    if (!send(u, method, url, &a, why)) return NULL;
    for (int polls = 0; a.status == 202 && polls < POLLS_MAX && ours(u, a.location); polls++) {
        snprintf(next, sizeof next, "%s", a.location);
        http_answer_drop(&a);
        if (polls) usleep(POLL_MS * 1000);
        if (!send(u, "GET", next, &a, why)) return NULL;
    }
    if (a.status == 200) v = json_loadb(text_get(&a.body), a.body.n, 0, NULL);
    if (!v) text_addf(why, "%s %.*s: %u", method, (int)strcspn(url + strlen(u->p->url), "?"),
                      url + strlen(u->p->url), a.status);
    http_answer_drop(&a);
    return v;
}

static const json_t *keep(struct pull *u, json_t *v)
{
    if (v && u->p->kept_n == KEPT_MAX) json_decref(v), v = NULL;
    if (v) {
        u->p->kept = realloc(u->p->kept, (u->p->kept_n + 1) * sizeof *u->p->kept);
        if (!u->p->kept) abort();
        u->p->kept[u->p->kept_n++] = v;
    }
    return v;
}

static const json_t *ask(struct pull *u, const char *method, const char *url)
{
    struct text why = {0};
    const json_t *v = keep(u, fetch(u, method, url, &why));
    /* A server without such resources (404) has none of them: nothing is missing. */
    bool none = why.n > 5 && strcmp(text_get(&why) + why.n - 5, ": 404") == 0;
    if (!v && !none) text_addf(u->silent, "resource manager: %s\n", text_get(&why));
    text_drop(&why);
    return v;
}

/* A list, page by page. The first page. */
static const json_t *ask_list(struct pull *u, const char *path)
{
    char url[URL_LEN];
    const json_t *first = NULL;
    snprintf(url, sizeof url, "%s%s?" VERSION, u->p->url, path);
    for (int pages = 0; pages < PAGES_MAX; pages++) {
        const json_t *v = ask(u, "GET", url);
        if (!v) break;
        if (!first) first = v;
        arm_export_add(u->out, v, "api", wall_ms());
        const char *next = json_string_value(json_object_get(v, "nextLink"));
        if (!next || !ours(u, next)) break;
        snprintf(url, sizeof url, "%s", next);
    }
    return first;
}

/* ---- what is asked ---- */

static const char *own(struct pull *u, const char *s)
{
    if (u->p->names_n == ARRAY_LEN(u->p->names)) return NULL;
    return u->p->names[u->p->names_n++] = strdup(s);
}

static void ask_tables(struct pull *u, const json_t *circuit, const json_t *peering)
{
    static const struct {
        const char *action;
        enum arm_table_kind kind;
    } rows[] = {{"arpTables", ARM_ARP}, {"routeTables", ARM_ROUTES}, {"routeTablesSummary", ARM_SUMMARY}};
    static const char *const legs[] = {"primary", "secondary"};
    const char *id = arm_text(peering, "id"), *type = arm_text(peering, "peeringType");
    struct arm_table t = {.circuit = own(u, arm_name(circuit)), .source = "api",
                          .peering = own(u, arm_peering_word(*type ? type : arm_name(peering)))};
    char url[URL_LEN];
    if (!*id || !t.circuit || !t.peering) return;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (size_t leg = 0; leg < ARRAY_LEN(legs); leg++) {
            snprintf(url, sizeof url, "%s%s/%s/%s?" VERSION, u->p->url, id, rows[i].action, legs[leg]);
            t.kind = rows[i].kind;
            t.leg = legs[leg];
            t.rows = ask(u, "POST", url);
            t.at_ms = wall_ms();
            if (t.rows) arm_export_add_table(u->out, &t);
        }
    snprintf(url, sizeof url, "%s%s/stats?" VERSION, u->p->url, id);
    t.kind = ARM_STATS;
    t.leg = "";
    t.rows = ask(u, "GET", url);
    t.at_ms = wall_ms();
    if (t.rows) arm_export_add_table(u->out, &t);
}

static void ask_all_tables(struct pull *u)
{
    size_t before = u->out->documents_n, k;
    json_t *peering;
    for (size_t i = 0; i < before; i++) {
        const struct arm_document *d = &u->out->documents[i];
        if (d->kind != ARM_CIRCUIT) continue;
        json_array_foreach(arm_get(d->resource, "peerings"), k, peering) { ask_tables(u, d->resource, peering); }
    }
}

static bool only_subscription(struct pull *u, char out[static 100], struct text *why)
{
    const json_t *list = ask_list(u, "/subscriptions");
    const json_t *rows = json_object_get(list, "value");
    if (json_array_size(rows) == 1) {
        snprintf(out, 100, "%s", arm_text(json_array_get(rows, 0), "subscriptionId"));
        return true;
    }
    if (list) text_addf(why, "the token sees %zu subscriptions; name one: --subscription ID", json_array_size(rows));
    else text_addf(why, "the API was not read: %.300s", text_get(u->silent));
    return false;
}

/* Circuits and gateways live in groups; what can only be listed by group is asked of each group seen. */
static void ask_groups(struct pull *u, const char *subscription)
{
    static const char *const lists[] = {"virtualNetworkGateways", "connections"};
    char path[URL_LEN], seen[64][100];
    size_t n = 0;
    for (size_t i = 0, most = u->out->documents_n; i < most; i++) {
        const char *id = arm_text(u->out->documents[i].resource, "id"), *at = strstr(id, "/resourceGroups/");
        char group[100];
        bool known = false;
        if (!at || at[16] == '/' || n == ARRAY_LEN(seen)) continue; /* providers have an empty one */
        snprintf(group, sizeof group, "%.*s", (int)strcspn(at + 16, "/"), at + 16);
        for (size_t k = 0; k < n; k++) known = known || text_same_nocase(seen[k], group);
        if (known) continue;
        snprintf(seen[n++], sizeof seen[0], "%s", group);
        for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
            snprintf(path, sizeof path, "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/%s",
                     subscription, group, lists[k]);
            ask_list(u, path);
        }
        snprintf(path, sizeof path,
                 "%s/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Authorization/permissions?"
                 "api-version=2022-04-01", u->p->url, subscription, group);
        struct text ignored = {0}; /* not every server tells */
        const json_t *v = keep(u, fetch(u, "GET", path, &ignored));
        if (v) arm_export_add(u->out, v, "api", wall_ms());
        text_drop(&ignored);
    }
}

static bool take_all(struct pull *u, struct text *why)
{
    static const char *const lists[] = {"expressRouteCircuits", "expressRouteServiceProviders", "virtualNetworks",
                                        "routeFilters", "expressRoutePorts"};
    char subscription[100], path[URL_LEN];
    if (u->p->subscription) snprintf(subscription, sizeof subscription, "%s", u->p->subscription);
    else if (!only_subscription(u, subscription, why)) return false;
    snprintf(path, sizeof path, "/subscriptions/%s", subscription);
    if (!ask_list(u, path)) {
        text_addf(why, "the API was not read: %.300s", text_get(u->silent));
        return false;
    }
    snprintf(path, sizeof path, "/subscriptions/%s/providers/Microsoft.Network", subscription);
    ask_list(u, path);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        snprintf(path, sizeof path, "/subscriptions/%s/providers/Microsoft.Network/%s", subscription, lists[i]);
        ask_list(u, path);
    }
    ask_groups(u, subscription);
    ask_all_tables(u);
    return true;
}

bool arm_pull_take(struct arm_pull *p, struct arm_export *out, struct text *silent, struct text *why)
{
    const char *token = getenv(TOKEN_VARIABLE);
    struct pull u = {.p = p, .out = out, .silent = silent};
    if (!token || !*token) {
        text_add(why, "--arm wants a bearer token in the environment variable " TOKEN_VARIABLE
                      "; for example: export " TOKEN_VARIABLE
                      "=$(az account get-access-token --query accessToken -o tsv)");
        return false;
    }
    if (strncmp(p->url, "https://", 8) != 0) {
        text_add(why, "--arm wants an https address; a token goes over nothing else");
        return false;
    }
    text_addf(&u.authorization, "Authorization: Bearer %s", token);
    u.http = http_client_new(&(struct http_identity){.ca_file = p->ca_file});
    bool fine = take_all(&u, why);
    http_client_free(u.http);
    explicit_bzero(u.authorization.s, u.authorization.n);
    text_drop(&u.authorization);
    return fine;
}

void arm_pull_drop(struct arm_pull *p)
{
    for (size_t i = 0; i < p->kept_n; i++) json_decref(p->kept[i]);
    for (size_t i = 0; i < p->names_n; i++) free(p->names[i]);
    free(p->kept);
    p->kept = NULL;
    p->kept_n = p->names_n = 0;
}
