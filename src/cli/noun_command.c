/* cli/noun_command.c - the command line of the nouns: options, help, whose account, and the rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cli/noun_job.h"

static size_t option_rows(struct job *j, const struct verb *v, struct option_row *rows)
{
    const struct noun *n = j->noun;
    size_t k = 0;
    if (n->name_option && v->needs & NEEDS_NAME)
        rows[k++] = (struct option_row){n->name_option, n->name_brief, &j->name, NULL};
    if (noun_in_group(j)) rows[k++] = (struct option_row){"--resource-group", "-g", &j->group, NULL};
    if (n->parent_option) rows[k++] = (struct option_row){n->parent_option, NULL, &j->parent, NULL};
    if (n->located && v->needs & NEEDS_SETTINGS)
        rows[k++] = (struct option_row){"--location", "-l", &j->location, NULL};
    for (size_t i = 0; v->needs & TAKES_SETTINGS && n->settings[i].option; i++)
        rows[k++] = (struct option_row){n->settings[i].option, NULL, &j->values[i], NULL};
    if (v->needs & TAKES_LEG) {
        rows[k++] = (struct option_row){"--path", NULL, &j->path, NULL};
        rows[k++] = (struct option_row){"--peering-name", NULL, &j->peering, NULL};
    }
    if (v->needs & WRITES)
        rows[k++] = (struct option_row){"--no-wait", NULL, NULL, &j->no_wait};
    if (v->needs & WAITS) {
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
    if (noun_in_group(j))
        print_option("--resource-group", "-g", "or FAIRLEAD_GROUP in the environment",
                     v->needs & NEEDS_GROUP && n->account == ACCOUNT_CUSTOMER);
    if (n->parent_option) print_option(n->parent_option, NULL, "er-demo", true);
    if (n->located && v->needs & NEEDS_SETTINGS)
        print_option("--location", "-l", "region; that of the group by default", noun_is_group(j));
    for (size_t i = 0; v->needs & TAKES_SETTINGS && n->settings[i].option; i++)
        print_option(n->settings[i].option, NULL, n->settings[i].help,
                     v->needs & NEEDS_SETTINGS && n->settings[i].flags & SETTING_NEEDED);
    if (v->needs & TAKES_LEG) {
        print_option("--path", NULL, "primary (default) or secondary", false);
        print_option("--peering-name", NULL, "AzurePrivatePeering by default", false);
    }
    if (v->needs & WRITES)
        print_option("--no-wait", NULL, "do not wait for the operation", false);
    if (v->needs & WAITS) {
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
    if (!j->group && noun_in_group(j) && n->account == ACCOUNT_CUSTOMER)
        j->group = getenv("FAIRLEAD_GROUP");
    if (v->needs & NEEDS_NAME && !j->name) return missing(n->name_option);
    if (n->parent_option && !j->parent) return missing(n->parent_option);
    bool group = v->needs & NEEDS_GROUP || n->parent_option;
    if (group && !noun_is_group(j) && n->account == ACCOUNT_CUSTOMER && !j->group)
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

static bool wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

static int work(struct job *j, const struct verb *v)
{
    int status = EXIT_ERROR;
    if (!open_client(j)) return noun_fail(j);
    if (!noun_find_cross_connection(j, &status)) return status;
    return v->run(j);
}

static int run_noun(const struct command *c, int argc, char **argv)
{
    struct job j = {.noun = c->subject, .verb = c->verb};
    const struct verb *v = noun_verb(c->verb);
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
