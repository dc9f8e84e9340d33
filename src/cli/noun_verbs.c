/* cli/noun_verbs.c - create, show, list, update, delete, wait for everything in cli/nouns.c, and the
 * live tables of a circuit. A write waits for its operation, tells the state it is in on a
 * terminal, and prints the resource as it is then. Interrupted, it leaves the operation running and
 * says so. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/noun_job.h"

#define NETWORK_VERSION "api-version=2024-03-01"
#define GROUP_VERSION "api-version=2021-04-01"

/* --- where things are --- */

bool noun_is_group(const struct job *j) { return !j->noun->collection; }

/* The directory of providers belongs to the whole subscription. */
bool noun_in_group(const struct job *j) { return !noun_is_group(j) && j->noun->name_option; }

/* Path with its query. `rest` follows the name ("/stats"). A NULL name: the collection. */
static void path_to(const struct job *j, const char *name, const char *rest,
                    char out[static PATH_MAX_LEN])
{
    const char *sub = api_client_subscription(j->client);
    const struct noun *n = j->noun;
    struct text t = {0};
    text_addf(&t, "/subscriptions/%s", sub);
    if (noun_is_group(j)) {
        text_add(&t, "/resourcegroups");
    } else {
        if (j->group) text_addf(&t, "/resourceGroups/%s", j->group);
        text_add(&t, "/providers/Microsoft.Network");
        if (n->parent_collection) text_addf(&t, "/%s/%s", n->parent_collection, j->parent);
        text_addf(&t, "/%s", n->collection);
    }
    if (name) text_addf(&t, "/%s", name);
    text_addf(&t, "%s?%s", rest, noun_is_group(j) ? GROUP_VERSION : NETWORK_VERSION);
    snprintf(out, PATH_MAX_LEN, "%s", text_get(&t));
    text_drop(&t);
}

/* Follows nextLink. New reference; NULL after a message, with *status. */
static json_t *read_list(struct job *j, const char *path, int *status)
{
    json_t *all = json_array();
    char next[PATH_MAX_LEN];
    snprintf(next, sizeof next, "%s", path);
    while (next[0]) {
        struct api_answer a;
        api_client_send(j->client, "GET", next, NULL, &a, &j->why);
        if (answer_is_error(&a)) {
            *status = noun_refused(j, &a);
            api_answer_drop(&a);
            json_decref(all);
            return NULL;
        }
        json_array_extend(all, json_object_get(a.json, "value"));
        const char *link = noun_text(a.json, "nextLink");
        const char *host = strstr(link, "://"), *rest = host ? strchr(host + 3, '/') : NULL;
        snprintf(next, sizeof next, "%s", rest ? rest : "");
        api_answer_drop(&a);
    }
    return all;
}

/* A provider does not know the customer's names: a cross-connection is found by its service key. */
bool noun_find_cross_connection(struct job *j, int *status)
{
    size_t i;
    json_t *row;
    static char group[200];
    char path[PATH_MAX_LEN];
    if (j->group || j->noun->account != ACCOUNT_PROVIDER || !j->name) return true;
    path_to(j, NULL, "", path);
    json_t *all = read_list(j, path, status);
    if (!all) return false;
    json_array_foreach(all, i, row)
    {
        const char *at = strstr(noun_text(row, "id"), "/resourceGroups/");
        if (!at || !text_same_nocase(noun_text(row, "name"), j->name)) continue;
        at += strlen("/resourceGroups/");
        snprintf(group, sizeof group, "%.*s", (int)strcspn(at, "/"), at);
        j->group = group;
    }
    json_decref(all);
    if (j->group) return true;
    fprintf(stderr, "fairlead: no cross-connection has the service key '%s'\n", j->name);
    *status = EXIT_NOT_FOUND;
    return false;
}

/* --- waiting --- */

static char resume_hint[512];

static void on_interrupt(int sig)
{
    (void)sig;
    if (write(STDERR_FILENO, resume_hint, strlen(resume_hint)) < 0) _exit(EXIT_ERROR);
    _exit(130);
}

static void prepare_hint(const struct job *j)
{
    snprintf(resume_hint, sizeof resume_hint,
             "\nfairlead: the operation goes on; 'fairlead %s wait %s%s%s%s%s %s %s %s' waits for "
             "it\n",
             j->noun->name, j->group ? "-g " : "", j->group ? j->group : "", j->parent ? " " : "",
             j->parent ? j->noun->parent_option : "", j->parent ? " " : "",
             j->parent ? j->parent : "", j->noun->name_option, j->name);
    signal(SIGINT, on_interrupt);
}

static void tell_waiting(void *ctx, const char *state, duration elapsed)
{
    const struct job *j = ctx;
    if (!isatty(STDERR_FILENO)) return;
    fprintf(stderr, "\r\033[K%s %s: %s, %lld s; waiting for the cloud", j->noun->name, j->name,
            state, (long long)duration_to_s(elapsed));
}

static void end_waiting(void)
{
    if (isatty(STDERR_FILENO)) fputs("\r\033[K", stderr);
}

static int finish(struct job *j, struct api_answer *a)
{
    const struct api_patience patience = {.waiting = tell_waiting, .ctx = j};
    prepare_hint(j);
    enum api_end end = api_client_finish(j->client, a, &patience, &j->why);
    end_waiting();
    signal(SIGINT, SIG_DFL);
    if (end == API_END_DONE) return EXIT_FINE;
    if (end == API_END_LOST) return noun_fail(j);
    a->status = 500;
    return noun_refused(j, a);
}

/* --- verbs --- */

static int show(struct job *j)
{
    char path[PATH_MAX_LEN];
    struct api_answer a;
    path_to(j, j->name, "", path);
    api_client_send(j->client, "GET", path, NULL, &a, &j->why);
    int status = answer_is_error(&a) ? noun_refused(j, &a) : EXIT_FINE;
    if (status == EXIT_FINE) noun_print(j, a.json);
    api_answer_drop(&a);
    return status;
}

static int list(struct job *j)
{
    int status = EXIT_FINE;
    char path[PATH_MAX_LEN];
    path_to(j, NULL, "", path);
    json_t *all = read_list(j, path, &status);
    if (all) noun_print(j, all);
    json_decref(all);
    return status;
}

static int write_resource(struct job *j, const json_t *body)
{
    char path[PATH_MAX_LEN];
    struct api_answer a;
    path_to(j, j->name, "", path);
    api_client_send(j->client, "PUT", path, body, &a, &j->why);
    int status = answer_is_error(&a) ? noun_refused(j, &a) : EXIT_FINE;
    if (status == EXIT_FINE && !j->no_wait) status = finish(j, &a);
    api_answer_drop(&a);
    return status == EXIT_FINE ? show(j) : status;
}

static struct noun_values values_of(const struct job *j)
{
    return (struct noun_values){j->noun, api_client_subscription(j->client), j->group, j->values};
}

/* Where the group is, when nobody said where the resource shall be. */
static bool locate(struct job *j, json_t *body, int *status)
{
    char path[PATH_MAX_LEN];
    struct api_answer a;
    if (j->location) {
        json_object_set_new(body, "location", json_string(j->location));
        return true;
    }
    if (!j->noun->located) return true;
    if (noun_is_group(j)) {
        fputs("fairlead: -l, --location is needed\n", stderr);
        *status = EXIT_USAGE;
        return false;
    }
    snprintf(path, sizeof path, "/subscriptions/%s/resourcegroups/%s?" GROUP_VERSION,
             api_client_subscription(j->client), j->group);
    api_client_send(j->client, "GET", path, NULL, &a, &j->why);
    bool fine = !answer_is_error(&a);
    if (fine)
        json_object_set(body, "location", json_object_get(a.json, "location"));
    else
        *status = noun_refused(j, &a);
    api_answer_drop(&a);
    return fine;
}

static int create(struct job *j)
{
    int status = EXIT_USAGE;
    json_t *body = json_object();
    struct noun_values v = values_of(j);
    if (!noun_is_group(j)) json_object_set_new(body, "properties", json_object());
    if (noun_apply(&v, body) && locate(j, body, &status)) status = write_resource(j, body);
    json_decref(body);
    return status;
}

/* Read, changed, written back whole. */
static int update(struct job *j)
{
    char path[PATH_MAX_LEN];
    struct api_answer a;
    struct noun_values v = values_of(j);
    path_to(j, j->name, "", path);
    api_client_send(j->client, "GET", path, NULL, &a, &j->why);
    int status = answer_is_error(&a) ? noun_refused(j, &a) : EXIT_FINE;
    if (status == EXIT_FINE) status = noun_apply(&v, a.json) ? EXIT_FINE : EXIT_USAGE;
    if (status == EXIT_FINE) status = write_resource(j, a.json);
    api_answer_drop(&a);
    return status;
}

static int delete_resource(struct job *j)
{
    char path[PATH_MAX_LEN];
    struct api_answer a;
    path_to(j, j->name, "", path);
    api_client_send(j->client, "DELETE", path, NULL, &a, &j->why);
    int status = answer_is_error(&a) ? noun_refused(j, &a) : EXIT_FINE;
    if (status == EXIT_FINE && !j->no_wait) status = finish(j, &a);
    api_answer_drop(&a);
    return status;
}

/* 1: as wanted; 0: not yet; -1: never. */
static int judge_wait(const struct job *j, const struct api_answer *a)
{
    const char *state = noun_text(json_object_get(a->json, "properties"), "provisioningState");
    if (j->deleted) return a->status == NOT_FOUND;
    if (a->status == NOT_FOUND) return 0;
    if (strcmp(state, "Succeeded") == 0) return 1;
    return strcmp(state, "Failed") == 0 || strcmp(state, "Canceled") == 0 ? -1 : 0;
}

static int wait_for(struct job *j)
{
    enum { USUAL_S = 3600 };
    char path[PATH_MAX_LEN];
    long limit_s = j->timeout ? strtol(j->timeout, NULL, 10) : USUAL_S;
    path_to(j, j->name, "", path);
    for (long waited_ms = 0;; waited_ms += 250) {
        struct api_answer a;
        api_client_send(j->client, "GET", path, NULL, &a, &j->why);
        int verdict = judge_wait(j, &a);
        int status = verdict > 0                             ? EXIT_FINE
                     : verdict < 0                           ? EXIT_ERROR
                     : answer_is_error(&a) && a.status != NOT_FOUND ? noun_refused(j, &a)
                                                             : -1;
        if (verdict < 0) fprintf(stderr, "fairlead: %s %s failed\n", j->noun->name, j->name);
        tell_waiting(j, noun_text(json_object_get(a.json, "properties"), "provisioningState"),
                     duration_ms(waited_ms));
        api_answer_drop(&a);
        if (status >= 0) return end_waiting(), status;
        if (waited_ms >= limit_s * 1000) {
            end_waiting();
            fprintf(stderr, "fairlead: %s %s is not ready after %ld s; it goes on\n", j->noun->name,
                    j->name, limit_s);
            return EXIT_ERROR;
        }
        usleep(250000);
    }
}

/* --- live tables of a circuit --- */

static int stats(struct job *j)
{
    char path[PATH_MAX_LEN];
    struct api_answer a;
    path_to(j, j->name, "/stats", path);
    api_client_send(j->client, "GET", path, NULL, &a, &j->why);
    int status = answer_is_error(&a) ? noun_refused(j, &a) : EXIT_FINE;
    json_t *rows = json_pack("[O]", a.json ? a.json : json_null());
    if (status == EXIT_FINE) noun_print_rows(j, rows);
    json_decref(rows);
    api_answer_drop(&a);
    return status;
}

static int live_table(struct job *j, const char *which)
{
    char path[PATH_MAX_LEN], rest[200];
    struct api_answer a;
    snprintf(rest, sizeof rest, "/peerings/%s/%s/%s",
             j->peering ? j->peering : "AzurePrivatePeering", which, j->path ? j->path : "primary");
    path_to(j, j->name, rest, path);
    api_client_send(j->client, "POST", path, NULL, &a, &j->why);
    int status = answer_is_error(&a) ? noun_refused(j, &a) : finish(j, &a);
    if (status == EXIT_FINE) noun_print_rows(j, json_object_get(a.json, "value"));
    api_answer_drop(&a);
    return status;
}

static int arp_tables(struct job *j) { return live_table(j, "arpTables"); }
static int route_tables(struct job *j) { return live_table(j, "routeTables"); }
static int summaries(struct job *j) { return live_table(j, "routeTablesSummary"); }

static const struct verb verbs[] = {
    {"create", create, NEEDS_NAME | NEEDS_GROUP | NEEDS_SETTINGS | TAKES_SETTINGS | WRITES},
    {"show", show, NEEDS_NAME | NEEDS_GROUP},
    {"list", list, 0},
    {"update", update, NEEDS_NAME | NEEDS_GROUP | TAKES_SETTINGS | WRITES},
    {"delete", delete_resource, NEEDS_NAME | NEEDS_GROUP | WRITES},
    {"wait", wait_for, NEEDS_NAME | NEEDS_GROUP | WAITS},
    {"get-stats", stats, NEEDS_NAME | NEEDS_GROUP},
    {"list-arp-tables", arp_tables, NEEDS_NAME | NEEDS_GROUP | TAKES_LEG},
    {"list-route-tables", route_tables, NEEDS_NAME | NEEDS_GROUP | TAKES_LEG},
    {"list-route-tables-summary", summaries, NEEDS_NAME | NEEDS_GROUP | TAKES_LEG},
};

const struct verb *noun_verb(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        if (strcmp(verbs[i].name, name) == 0) return &verbs[i];
    return NULL;
}
