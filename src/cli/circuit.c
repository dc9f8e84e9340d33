/* cli/circuit.c - create, show, list, update, delete, wait for everything in cli/nouns.c, and the
 * live tables of a circuit. A write waits for its operation, tells the state it is in on a
 * terminal, and prints the resource as it is then. Interrupted, it leaves the operation running and
 * says so. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/api_client.h"
#include "cli/command.h"
#include "cli/nouns.h"
#include "cli/options.h"
#include "cli/table.h"

#define NETWORK_VERSION "api-version=2024-03-01"
#define GROUP_VERSION "api-version=2021-04-01"

enum { OPTIONS_MAX = 24, PATH_MAX_LEN = 2048, NOT_FOUND = 404, COLUMNS_MAX = 12 };

struct job { /* one command in hand */
    const struct noun *noun;
    const char *verb;
    const char *name, *group, *parent, *location, *state, *format, *path, *peering, *timeout;
    bool no_wait, created, deleted;
    const char *values[OPTIONS_MAX];
    enum output output;
    struct api_client *client;
    struct text why;
};

/* --- messages --- */

static int fail(struct job *j)
{
    fprintf(stderr, "fairlead: %s\n", text_get(&j->why));
    return EXIT_ERROR;
}

static const char *text_at(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static void print_fault(const json_t *error, const char *indent)
{
    struct text shown = {0};
    const char *message = text_at(error, "message");
    text_add_escaped(&shown, message, strlen(message), 1000);
    fprintf(stderr, "%s(%s) %s\n", indent, text_at(error, "code"), text_get(&shown));
    text_clear(&shown);
    const char *target = text_at(error, "target");
    text_add_escaped(&shown, target, strlen(target), 200);
    if (*target) fprintf(stderr, "    at %s\n", text_get(&shown));
    text_drop(&shown);
}

/* An answer that is an error; what it says, and the exit status. */
static int refused(struct job *j, const struct api_answer *a)
{
    size_t i;
    json_t *detail;
    if (a->status == 0) return fail(j);
    const json_t *error = json_object_get(a->json, "error");
    const json_t *details = json_object_get(error, "details");
    if (!error) fprintf(stderr, "fairlead: the answer was %u\n", a->status);
    if (error) print_fault(error, "fairlead: ");
    json_array_foreach((json_t *)details, i, detail)
    {
        if (i > 0) print_fault(detail, "  also "); /* the first is the error itself */
    }
    return a->status == NOT_FOUND ? EXIT_NOT_FOUND : EXIT_ERROR;
}

static bool is_error(const struct api_answer *a) { return a->status == 0 || a->status >= 400; }

/* --- output --- */

static void print_table(const struct noun *n, const json_t *rows)
{
    size_t i, columns = 0;
    json_t *row;
    const char *titles[COLUMNS_MAX + 1] = {0}, *cells[COLUMNS_MAX];
    while (n->columns[columns].title && columns < COLUMNS_MAX) {
        titles[columns] = n->columns[columns].title;
        columns++;
    }
    struct table *t = table_new(titles);
    json_array_foreach((json_t *)rows, i, row)
    {
        struct text texts[COLUMNS_MAX] = {0};
        for (size_t k = 0; k < columns; k++) {
            noun_member_text(row, n->columns[k].member, &texts[k]);
            cells[k] = text_get(&texts[k]);
        }
        table_row(t, cells);
        for (size_t k = 0; k < columns; k++) text_drop(&texts[k]);
    }
    table_print(t);
}

static void print_json(const json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
}

/* A resource, or a list of them. */
static void print_result(const struct job *j, const json_t *json)
{
    if (j->output == OUTPUT_JSON) {
        print_json(json);
        return;
    }
    json_t *rows = json_is_array(json) ? json_incref((json_t *)json) : json_pack("[O]", json);
    print_table(j->noun, rows);
    json_decref(rows);
}

/* Rows whose columns are their own members (live tables). */
static void print_plain(const struct job *j, const json_t *rows)
{
    size_t i, n = 0;
    json_t *row, *v;
    const char *key, *titles[COLUMNS_MAX + 1] = {0}, *cells[COLUMNS_MAX];
    if (j->output == OUTPUT_JSON || json_array_size(rows) == 0) {
        if (j->output == OUTPUT_JSON)
            print_json(rows);
        else
            fputs("no rows: nothing was reported\n", stderr);
        return;
    }
    json_object_foreach(json_array_get(rows, 0), key, v) if (n < COLUMNS_MAX) titles[n++] = key;
    struct table *t = table_new(titles);
    json_array_foreach((json_t *)rows, i, row)
    {
        struct text texts[COLUMNS_MAX] = {0};
        for (size_t k = 0; k < n; k++) {
            noun_member_text(row, titles[k], &texts[k]);
            cells[k] = text_get(&texts[k]);
        }
        table_row(t, cells);
        for (size_t k = 0; k < n; k++) text_drop(&texts[k]);
    }
    table_print(t);
}

/* --- where things are --- */

static bool is_group(const struct job *j) { return !j->noun->collection; }

/* The directory of providers belongs to the whole subscription. */
static bool in_group(const struct job *j) { return !is_group(j) && j->noun->name_option; }

/* Path with its query. `rest` follows the name ("/stats"). A NULL name: the collection. */
static void path_to(const struct job *j, const char *name, const char *rest,
                    char out[static PATH_MAX_LEN])
{
    const char *sub = api_client_subscription(j->client);
    const struct noun *n = j->noun;
    struct text t = {0};
    text_addf(&t, "/subscriptions/%s", sub);
    if (is_group(j)) {
        text_add(&t, "/resourcegroups");
    } else {
        if (j->group) text_addf(&t, "/resourceGroups/%s", j->group);
        text_add(&t, "/providers/Microsoft.Network");
        if (n->parent_collection) text_addf(&t, "/%s/%s", n->parent_collection, j->parent);
        text_addf(&t, "/%s", n->collection);
    }
    if (name) text_addf(&t, "/%s", name);
    text_addf(&t, "%s?%s", rest, is_group(j) ? GROUP_VERSION : NETWORK_VERSION);
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
        if (is_error(&a)) {
            *status = refused(j, &a);
            api_answer_drop(&a);
            json_decref(all);
            return NULL;
        }
        json_array_extend(all, json_object_get(a.json, "value"));
        const char *link = text_at(a.json, "nextLink");
        const char *host = strstr(link, "://"), *rest = host ? strchr(host + 3, '/') : NULL;
        snprintf(next, sizeof next, "%s", rest ? rest : "");
        api_answer_drop(&a);
    }
    return all;
}

/* A provider does not know the customer's names: a cross-connection is found by its service key. */
static bool find_cross_connection(struct job *j, int *status)
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
        const char *at = strstr(text_at(row, "id"), "/resourceGroups/");
        if (!at || !text_same_nocase(text_at(row, "name"), j->name)) continue;
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
    if (end == API_END_LOST) return fail(j);
    a->status = 500;
    return refused(j, a);
}

/* --- verbs --- */

static int show(struct job *j)
{
    char path[PATH_MAX_LEN];
    struct api_answer a;
    path_to(j, j->name, "", path);
    api_client_send(j->client, "GET", path, NULL, &a, &j->why);
    int status = is_error(&a) ? refused(j, &a) : EXIT_FINE;
    if (status == EXIT_FINE) print_result(j, a.json);
    api_answer_drop(&a);
    return status;
}

static int list(struct job *j)
{
    int status = EXIT_FINE;
    char path[PATH_MAX_LEN];
    path_to(j, NULL, "", path);
    json_t *all = read_list(j, path, &status);
    if (all) print_result(j, all);
    json_decref(all);
    return status;
}

static int write_resource(struct job *j, const json_t *body)
{
    char path[PATH_MAX_LEN];
    struct api_answer a;
    path_to(j, j->name, "", path);
    api_client_send(j->client, "PUT", path, body, &a, &j->why);
    int status = is_error(&a) ? refused(j, &a) : EXIT_FINE;
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
    if (is_group(j)) {
        fputs("fairlead: -l, --location is needed\n", stderr);
        *status = EXIT_USAGE;
        return false;
    }
    snprintf(path, sizeof path, "/subscriptions/%s/resourcegroups/%s?" GROUP_VERSION,
             api_client_subscription(j->client), j->group);
    api_client_send(j->client, "GET", path, NULL, &a, &j->why);
    bool fine = !is_error(&a);
    if (fine)
        json_object_set(body, "location", json_object_get(a.json, "location"));
    else
        *status = refused(j, &a);
    api_answer_drop(&a);
    return fine;
}

static int create(struct job *j)
{
    int status = EXIT_USAGE;
    json_t *body = json_object();
    struct noun_values v = values_of(j);
    if (!is_group(j)) json_object_set_new(body, "properties", json_object());
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
    int status = is_error(&a) ? refused(j, &a) : EXIT_FINE;
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
    int status = is_error(&a) ? refused(j, &a) : EXIT_FINE;
    if (status == EXIT_FINE && !j->no_wait) status = finish(j, &a);
    api_answer_drop(&a);
    return status;
}

/* 1: as wanted; 0: not yet; -1: never. */
static int judge_wait(const struct job *j, const struct api_answer *a)
{
    const char *state = text_at(json_object_get(a->json, "properties"), "provisioningState");
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
                     : is_error(&a) && a.status != NOT_FOUND ? refused(j, &a)
                                                             : -1;
        if (verdict < 0) fprintf(stderr, "fairlead: %s %s failed\n", j->noun->name, j->name);
        tell_waiting(j, text_at(json_object_get(a.json, "properties"), "provisioningState"),
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
    int status = is_error(&a) ? refused(j, &a) : EXIT_FINE;
    json_t *rows = json_pack("[O]", a.json ? a.json : json_null());
    if (status == EXIT_FINE) print_plain(j, rows);
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
    int status = is_error(&a) ? refused(j, &a) : finish(j, &a);
    if (status == EXIT_FINE) print_plain(j, json_object_get(a.json, "value"));
    api_answer_drop(&a);
    return status;
}

static int arp_tables(struct job *j) { return live_table(j, "arpTables"); }
static int route_tables(struct job *j) { return live_table(j, "routeTables"); }
static int summaries(struct job *j) { return live_table(j, "routeTablesSummary"); }

enum needs {
    NEEDS_NAME = 1,
    NEEDS_GROUP = 2,
    NEEDS_SETTINGS = 4,
    TAKES_SETTINGS = 8,
    TAKES_LEG = 16
};

static const struct verb {
    const char *name;
    int (*run)(struct job *j);
    unsigned needs;
} verbs[] = {
    {"create", create, NEEDS_NAME | NEEDS_GROUP | NEEDS_SETTINGS | TAKES_SETTINGS},
    {"show", show, NEEDS_NAME | NEEDS_GROUP},
    {"list", list, 0},
    {"update", update, NEEDS_NAME | NEEDS_GROUP | TAKES_SETTINGS},
    {"delete", delete_resource, NEEDS_NAME | NEEDS_GROUP},
    {"wait", wait_for, NEEDS_NAME | NEEDS_GROUP},
    {"get-stats", stats, NEEDS_NAME | NEEDS_GROUP},
    {"list-arp-tables", arp_tables, NEEDS_NAME | NEEDS_GROUP | TAKES_LEG},
    {"list-route-tables", route_tables, NEEDS_NAME | NEEDS_GROUP | TAKES_LEG},
    {"list-route-tables-summary", summaries, NEEDS_NAME | NEEDS_GROUP | TAKES_LEG},
};

/* --- the command line --- */

static size_t option_rows(struct job *j, const struct verb *v, struct option_row *rows)
{
    const struct noun *n = j->noun;
    size_t k = 0;
    if (n->name_option && v->needs & NEEDS_NAME)
        rows[k++] = (struct option_row){n->name_option, n->name_brief, &j->name, NULL};
    if (in_group(j)) rows[k++] = (struct option_row){"--resource-group", "-g", &j->group, NULL};
    if (n->parent_option) rows[k++] = (struct option_row){n->parent_option, NULL, &j->parent, NULL};
    if (n->located && v->needs & NEEDS_SETTINGS)
        rows[k++] = (struct option_row){"--location", "-l", &j->location, NULL};
    for (size_t i = 0; v->needs & TAKES_SETTINGS && n->settings[i].option; i++)
        rows[k++] = (struct option_row){n->settings[i].option, NULL, &j->values[i], NULL};
    if (v->needs & TAKES_LEG) {
        rows[k++] = (struct option_row){"--path", NULL, &j->path, NULL};
        rows[k++] = (struct option_row){"--peering-name", NULL, &j->peering, NULL};
    }
    if (v->run == create || v->run == update || v->run == delete_resource)
        rows[k++] = (struct option_row){"--no-wait", NULL, NULL, &j->no_wait};
    if (v->run == wait_for) {
        rows[k++] = (struct option_row){"--created", NULL, NULL, &j->created};
        rows[k++] = (struct option_row){"--deleted", NULL, NULL, &j->deleted};
        rows[k++] = (struct option_row){"--timeout", NULL, &j->timeout, NULL};
    }
    rows[k++] = (struct option_row){"--output", "-o", &j->format, NULL};
    rows[k++] = (struct option_row){"--state", NULL, &j->state, NULL};
    rows[k] = (struct option_row){0};
    return k;
}

static void print_option(const char *option, const char *brief, const char *help, bool needed)
{
    char both[64];
    snprintf(both, sizeof both, "%s%s%s", option, brief ? ", " : "", brief ? brief : "");
    printf("  %-34s %s%s\n", both, help, needed ? " (needed)" : "");
}

static int print_help(const struct job *j, const struct verb *v)
{
    const struct noun *n = j->noun;
    printf("fairlead %s %s\n\n", n->name, v->name);
    if (n->name_option && v->needs & NEEDS_NAME)
        print_option(n->name_option, n->name_brief, n->name_example, true);
    if (in_group(j))
        print_option("--resource-group", "-g", "or FAIRLEAD_GROUP in the environment",
                     v->needs & NEEDS_GROUP && n->account == ACCOUNT_CUSTOMER);
    if (n->parent_option) print_option(n->parent_option, NULL, "er-demo", true);
    if (n->located && v->needs & NEEDS_SETTINGS)
        print_option("--location", "-l", "region; that of the group by default", is_group(j));
    for (size_t i = 0; v->needs & TAKES_SETTINGS && n->settings[i].option; i++)
        print_option(n->settings[i].option, NULL, n->settings[i].help,
                     v->needs & NEEDS_SETTINGS && n->settings[i].flags & SETTING_NEEDED);
    if (v->needs & TAKES_LEG) {
        print_option("--path", NULL, "primary (default) or secondary", false);
        print_option("--peering-name", NULL, "AzurePrivatePeering by default", false);
    }
    if (v->run == create || v->run == update || v->run == delete_resource)
        print_option("--no-wait", NULL, "do not wait for the operation", false);
    if (v->run == wait_for) {
        print_option("--deleted", NULL, "until it is gone, instead of until it is ready", false);
        print_option("--timeout", NULL, "seconds; 3600 by default", false);
    }
    print_option("--output", "-o", "table or json", false);
    print_option("--state", NULL,
                 "account file or state directory of fairleadd, or FAIRLEAD_STATE; by default the "
                 "demo lab's",
                 false);
    return EXIT_FINE;
}

static int missing(const char *option)
{
    fprintf(stderr, "fairlead: %s is needed\n", option);
    return EXIT_USAGE;
}

/* Everything that is needed is there, and parts of paths are no paths. */
static int check_words(struct job *j, const struct verb *v)
{
    const struct noun *n = j->noun;
    if (!j->group && in_group(j) && n->account == ACCOUNT_CUSTOMER)
        j->group = getenv("FAIRLEAD_GROUP");
    if (v->needs & NEEDS_NAME && !j->name) return missing(n->name_option);
    if (n->parent_option && !j->parent) return missing(n->parent_option);
    bool group = v->needs & NEEDS_GROUP || n->parent_option;
    if (group && !is_group(j) && n->account == ACCOUNT_CUSTOMER && !j->group)
        return missing("-g, --resource-group");
    for (size_t i = 0; v->needs & NEEDS_SETTINGS && n->settings[i].option; i++)
        if (n->settings[i].flags & SETTING_NEEDED && !j->values[i])
            return missing(n->settings[i].option);
    const char *const parts[] = {j->name, j->group, j->parent, j->path, j->peering};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (parts[i] && (!*parts[i] || strpbrk(parts[i], "/?#% \\\t\n"))) {
            fputs("fairlead: a name is letters, digits, '-', '_' and '.'\n", stderr);
            return EXIT_USAGE;
        }
    return EXIT_FINE;
}

static bool is_directory(const char *path)
{
    struct stat is;
    return stat(path, &is) == 0 && S_ISDIR(is.st_mode);
}

/* A directory stands for the account in it that the noun wants. */
static bool open_client(struct job *j)
{
    char file[PATH_MAX_LEN];
    const char *from = j->state ? j->state : getenv("FAIRLEAD_STATE");
    if (!from || !*from) from = DEFAULT_STATE;
    bool provider = j->noun->account == ACCOUNT_PROVIDER;
    bool directory = is_directory(from) || from[strlen(from) - 1] == '/';
    if (directory || strcmp(from, DEFAULT_STATE) == 0)
        snprintf(file, sizeof file, "%s/%s.json", from, provider ? "provider" : "admin");
    else
        snprintf(file, sizeof file, "%s", from);
    j->client = api_client_open(file, &j->why);
    if (!j->client && strncmp(file, DEFAULT_STATE, strlen(DEFAULT_STATE)) == 0)
        text_add(&j->why, "; is the demo lab up? --state names another account");
    return j->client != NULL;
}

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        if (strcmp(verbs[i].name, name) == 0) return &verbs[i];
    return NULL;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

static int work(struct job *j, const struct verb *v)
{
    int status = EXIT_ERROR;
    if (!open_client(j)) return fail(j);
    if (!find_cross_connection(j, &status)) return status;
    return v->run(j);
}

static int run_noun(const struct command *c, int argc, char **argv)
{
    struct job j = {.noun = c->subject, .verb = c->verb};
    const struct verb *v = find_verb(c->verb);
    struct option_row rows[OPTIONS_MAX + 12];
    if (wants_help(argc, argv)) return print_help(&j, v);
    option_rows(&j, v, rows);
    if (options_read(rows, argc, argv, NULL, 0) < 0 || !output_read(j.format, &j.output))
        return EXIT_USAGE;
    int status = check_words(&j, v);
    if (status == EXIT_FINE) status = work(&j, v);
    api_client_close(j.client);
    text_drop(&j.why);
    return status;
}

/* --- the rows --- */

#define CHILD "-g GROUP --circuit-name C "
#define NAMED "-g GROUP -n NAME "
#define ROWS(i, noun_, about_, where, made)                                                        \
    {noun_, "create", where made, "create it and wait until it is ready",                          \
     NULL,  run_noun, &nouns[i],  about_},                                                         \
        {noun_, "show", where "[-o table|json]", "show it", NULL, run_noun, &nouns[i], about_},    \
        {noun_,     "list", "[-g GROUP] [-o table|json]", "list them", NULL, run_noun,             \
         &nouns[i], about_},                                                                       \
        {noun_,                                                                                    \
         "update",                                                                                 \
         where "[what changes]",                                                                   \
         "change what is named, keep the rest",                                                    \
         NULL,                                                                                     \
         run_noun,                                                                                 \
         &nouns[i],                                                                                \
         about_},                                                                                  \
        {noun_, "delete", where "[--no-wait]", "delete it", NULL, run_noun, &nouns[i], about_},    \
    {                                                                                              \
        noun_, "wait", where "[--deleted]", "wait until it is ready, or gone", NULL, run_noun,     \
            &nouns[i], about_                                                                      \
    }

#define LIVE(verb_, args_, help_)                                                                  \
    {                                                                                              \
        "circuit", verb_, NAMED args_, help_, NULL, run_noun, &nouns[NOUN_CIRCUIT], CIRCUIT_ABOUT  \
    }
#define CIRCUIT_ABOUT "order, look at and change circuits; their live tables"
#define CROSS_ABOUT "the provider's side of circuits, by their service keys"

const struct command circuit_commands[] = {
    ROWS(NOUN_CIRCUIT, "circuit", CIRCUIT_ABOUT, NAMED,
         "--bandwidth B --provider P --peering-location L ..."),
    LIVE("get-stats", "", "bytes of both legs"),
    LIVE("list-arp-tables", "[--path secondary]", "neighbours the cloud's edge sees"),
    LIVE("list-route-tables", "[--path secondary]", "routes of the cloud's edge"),
    LIVE("list-route-tables-summary", "[--path secondary]", "sessions of the cloud's edge"),
    ROWS(NOUN_PEERING, "peering", "the routing of a circuit: AS, VLAN, addresses", CHILD "-n TYPE ",
         "--peer-asn A --vlan-id V ..."),
    ROWS(NOUN_AUTH, "auth", "keys by which others may link to a circuit", CHILD "-n NAME ", ""),
    ROWS(NOUN_CONNECTION, "connection", "links between circuits and gateways", NAMED,
         "--vnet-gateway1 G --express-route-circuit2 C"),
    ROWS(NOUN_GATEWAY, "gateway", "gateways of virtual networks", NAMED, "--vnet V [--sku S] ..."),
    ROWS(NOUN_VNET, "vnet", "virtual networks", NAMED, "--address-prefixes P [--subnets N=P,..]"),
    ROWS(NOUN_PUBLIC_IP, "public-ip", "addresses of gateways", NAMED, ""),
    {"cross-connection", "show", "-n KEY", "show it", NULL, run_noun, &nouns[NOUN_CROSS_CONNECTION],
     CROSS_ABOUT},
    {"cross-connection", "list", "[-o table|json]", "list them", NULL, run_noun,
     &nouns[NOUN_CROSS_CONNECTION], CROSS_ABOUT},
    {"cross-connection", "update", "-n KEY --provisioning-state S", "move the provider's state",
     NULL, run_noun, &nouns[NOUN_CROSS_CONNECTION], CROSS_ABOUT},
    {"cross-connection", "wait", "-n KEY", "wait until it is ready", NULL, run_noun,
     &nouns[NOUN_CROSS_CONNECTION], CROSS_ABOUT},
    ROWS(NOUN_GROUP, "group", "resource groups", "-n NAME ", "-l REGION"),
    {"provider", "list", "[-o table|json]", "who sells circuits, and where", NULL, run_noun,
     &nouns[NOUN_PROVIDER], "who sells circuits, and where"},
    {0},
};
