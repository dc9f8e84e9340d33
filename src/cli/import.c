/* cli/import.c - `fairlead import`: prints the commands that export what a field check reads, for the
 * circuits, peerings and routers named (or those of a design file). Runs none of them. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cli/check_input.h"
#include "cli/command.h"
#include "cli/export_steps.h"
#include "cli/options.h"

enum { NAMES_MAX = 64 };

struct routers {
    struct {
        char name[64], kind[16];
    } list[NAMES_MAX];
    size_t n;
};

struct asked {
    const char *group, *into;
    const char *circuits[NAMES_MAX];
    bool peerings[NAMES_MAX][PEERING_KINDS]; /* of each circuit */
    size_t circuits_n;
    struct routers routers;
    const char *sites[NAMES_MAX], *applied;
    size_t sites_n;
    bool office;
    enum export_dialect dialect;
};

static void print_step(const struct export_step *s, const struct asked *a, const struct export_names *n)
{
    struct text t = {0};
    export_step_text(s, a->dialect, n, &t);
    puts(text_get(&t));
    text_drop(&t);
}

static void print_peerings(const struct export_step *s, const struct asked *a, size_t circuit)
{
    for (int k = 0; k < PEERING_KINDS; k++)
        for (enum leg leg = LEG_FIRST; a->peerings[circuit][k] && leg < (s->per == PER_LEG ? LEGS : LEG_SECOND); leg++)
            print_step(s, a, &(struct export_names){a->group, a->circuits[circuit],
                                                    peering_kind_name((enum peering_kind)k), leg_name(leg), ""});
}

static void print_routers(const struct export_step *s, const struct asked *a)
{
    for (size_t i = 0; i < a->routers.n; i++)
        if (strcmp(a->routers.list[i].kind, s->router_kind) == 0)
            print_step(s, a, &(struct export_names){a->group, "", "", "", a->routers.list[i].name});
}

static void print_all(const struct asked *a)
{
    printf("mkdir -p %s && cd %s\n", a->into, a->into);
    if (a->dialect == DIALECT_POWERSHELL) puts("(Get-Date).ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ') | Out-File -Encoding ascii collected-at");
    else puts("date -u +%Y-%m-%dT%H:%M:%SZ > collected-at");
    for (size_t i = 0; i < export_steps_n; i++) {
        const struct export_step *s = &export_steps[i];
        if (s->per == PER_EXPORT) print_step(s, a, &(struct export_names){a->group, "", "", "", ""});
        if (s->per == PER_ROUTER) print_routers(s, a);
        if (s->per == PER_OFFICE && a->office) print_step(s, a, &(struct export_names){.group = a->group, .applied = a->applied});
        for (size_t n = 0; s->per == PER_SITE && a->office && n < a->sites_n; n++)
            print_step(s, a, &(struct export_names){.group = a->group, .site = a->sites[n]});
        for (size_t c = 0; c < a->circuits_n; c++) {
            if (s->per == PER_CIRCUIT) print_step(s, a, &(struct export_names){a->group, a->circuits[c], "", "", ""});
            if (s->per == PER_PEERING || s->per == PER_LEG) print_peerings(s, a, c);
        }
    }
    printf("cd - && fairlead check --import %s\n", a->into);
}

/* ---- what was asked for ---- */

/* "ce1=fairlead,ce2=bird" */
static bool take_routers(struct asked *a, const char *list)
{
    while (*list) {
        size_t n = strcspn(list, ","), name = strcspn(list, "=,");
        if (a->routers.n == NAMES_MAX || name == n || name == 0 || name >= sizeof a->routers.list[0].name ||
            n - name - 1 >= sizeof a->routers.list[0].kind) {
            fprintf(stderr, "fairlead import: --routers %.60s: write NAME=fairlead|frr|bird, with commas between\n", list);
            return false;
        }
        snprintf(a->routers.list[a->routers.n].name, 64, "%.*s", (int)name, list);
        snprintf(a->routers.list[a->routers.n++].kind, 16, "%.*s", (int)(n - name - 1), list + name + 1);
        list += n + (list[n] == ',');
    }
    return true;
}

static void take_design(struct asked *a, const struct design *d)
{
    static const char *const kinds[] = {[ROUTER_FAIRLEAD] = "fairlead", [ROUTER_FRR] = "frr", [ROUTER_BIRD] = "bird", [ROUTER_OTHER] = ""};
    if (*d->resource_group) a->group = d->resource_group;
    for (size_t i = 0; i < d->circuits_n && a->circuits_n < NAMES_MAX; i++) {
        for (int k = 0; k < PEERING_KINDS; k++) a->peerings[a->circuits_n][k] = d->circuits[i].peerings[k].there;
        a->circuits[a->circuits_n++] = d->circuits[i].name;
    }
    a->office = d->m365.enabled == SAID_YES || d->d365.enabled == SAID_YES;
    a->applied = d->m365.feed.version;
    for (size_t i = 0; i < d->sites_n && a->sites_n < NAMES_MAX; i++) a->sites[a->sites_n++] = d->sites[i].name;
    for (size_t i = 0; i < d->sites_n; i++)
        for (size_t k = 0; k < d->sites[i].routers_n && a->routers.n < NAMES_MAX; k++) {
            const struct design_router *r = &d->sites[i].routers[k];
            const char *kind = r->kind < ARRAY_LEN(kinds) && kinds[r->kind] ? kinds[r->kind] : "";
            snprintf(a->routers.list[a->routers.n].name, 64, "%s", r->name);
            snprintf(a->routers.list[a->routers.n++].kind, 16, "%s", kind);
        }
}

static void take_circuit(struct asked *a, const char *circuit, const char *peering)
{
    bool microsoft = peering && strcmp(peering, "microsoft") == 0, both = peering && strcmp(peering, "both") == 0;
    a->peerings[0][PEERING_PRIVATE] = !microsoft;
    a->peerings[0][PEERING_MICROSOFT] = microsoft || both;
    a->circuits[a->circuits_n++] = circuit;
}

static int run(const char *design, const char *circuit, const char *peering, const char *routers, struct asked *a)
{
    struct check k = {0};
    int status = EXIT_FINE;
    if (design) {
        status = check_open_registries(&k);
        if (status == EXIT_FINE) status = check_load_design(&k, design);
        if (status == EXIT_FINE) take_design(a, k.design);
    } else {
        if (!circuit) puts("# fill these in, or name a design file: fairlead import DESIGN.yaml\nGROUP=my-group CIRCUIT=my-circuit");
        take_circuit(a, circuit ? circuit : "$CIRCUIT", peering);
    }
    if (status == EXIT_FINE && routers && !take_routers(a, routers)) status = EXIT_USAGE;
    if (status == EXIT_FINE) print_all(a);
    check_close(&k);
    return status;
}

static int run_import(int argc, char **argv)
{
    const char *words[1] = {NULL}, *group = NULL, *circuit = NULL, *peering = NULL, *routers = NULL, *into = "fairlead-export";
    const char *site = NULL;
    bool powershell = false, office = false;
    const struct option_row rows[] = {
        {"--group", "-g", &group, NULL},       {"--circuit", NULL, &circuit, NULL},
        {"--peering", NULL, &peering, NULL},   {"--routers", NULL, &routers, NULL},
        {"--into", NULL, &into, NULL},         {"--powershell", NULL, NULL, &powershell},
        {"--office", NULL, NULL, &office},     {"--site", NULL, &site, NULL},
        {0},
    };
    int n = options_read(rows, argc, argv, words, 1);
    if (n < 0) return EXIT_USAGE;
    if (peering && strcmp(peering, "private") != 0 && strcmp(peering, "microsoft") != 0 && strcmp(peering, "both") != 0) {
        fprintf(stderr, "fairlead import: --peering is private, microsoft or both\n");
        return EXIT_USAGE;
    }
    struct asked a = {.group = group ? group : "$GROUP", .into = into,
                      .dialect = powershell ? DIALECT_POWERSHELL : DIALECT_AZ,
                      .office = office, .sites = {site ? site : "$SITE"}, .sites_n = n ? 0 : 1};
    return run(n ? words[0] : NULL, circuit, peering, routers, &a);
}

const struct command import_commands[] = {
    {"import", NULL,
     "[DESIGN.yaml] [--group G] [--circuit C] [--peering private|microsoft|both] [--routers NAME=frr,..] [--office [--site S]] [--into DIR] [--powershell]",
     "prints the commands that export what `check --import` reads", run_import},
    {0},
};
