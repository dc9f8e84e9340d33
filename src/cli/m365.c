/* cli/m365.c - `fairlead m365`: options, the table of views, and where the feed comes from. */
#include "cli/m365.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cli/command.h"
#include "cli/m365_cache.h"
#include "m365/communities.h"

enum feed_need { NEEDS_NOTHING, NEEDS_FEED };

/* clang-format off */
static const struct m365_row {
    const char *name;
    int least, most; /* words after the name */
    enum feed_need need;
    m365_view *view;
    const char *args, *help;
} views[] = {
    {"stats",        0, 0, NEEDS_FEED,    m365_stats,        "",             "how much is in the feed"},
    {"sets",         0, 1, NEEDS_FEED,    m365_sets,         "[ID]",         "endpoint sets, in the service's own form with -o json"},
    {"prefixes",     0, 0, NEEDS_FEED,    m365_prefixes,     "[--merged] [--by-community]", "address ranges"},
    {"urls",         0, 0, NEEDS_FEED,    m365_urls,         "",             "host patterns"},
    {"explain",      1, 1, NEEDS_FEED,    m365_explain,      "URL|IP",       "which set, which way, why"},
    {"pac",          0, 1, NEEDS_FEED,    m365_pac,          "1|2|er [--proxy TEXT]", "proxy auto-configuration file"},
    {"nft",          0, 0, NEEDS_FEED,    m365_nft,          "",             "nftables sets and rules"},
    {"firewall",     0, 0, NEEDS_FEED,    m365_firewall,     "",             "firewall rows as CSV"},
    {"prefix-list",  1, 1, NEEDS_FEED,    m365_prefix_list,  "frr|bird|ios-xe|junos [--name N]", "prefix lists for routers"},
    {"route-filter", 0, 0, NEEDS_FEED,    m365_route_filter, "[--services L] [--regions L] [--tags FILE] [--communities FILE]", "communities and how many prefixes to expect"},
    {"coverage",     0, 0, NEEDS_FEED,    m365_coverage,     "--tags FILE",  "which service tag covers which range of the feed"},
    {"diff",         2, 2, NEEDS_NOTHING, m365_diff,         "OLD NEW [--today DATE]", "what to change, by when"},
    {"changes",      1, 1, NEEDS_NOTHING, m365_changes,      "FILE [--today DATE]", "a change log, judged"},
    {"replay",       2, 2, NEEDS_NOTHING, m365_replay,       "OLD CHANGES [--expect NEW]", "apply a change log to a feed"},
    {"tags",         1, 2, NEEDS_NOTHING, m365_tags,         "FILE [TAG]",   "a service tag file, or one tag of it"},
    {"sync",         0, 0, NEEDS_NOTHING, m365_sync,         "[--url BASE] [--instance I] [--ca FILE] [--force]", "keep a copy of the feed, at most hourly"},
    {"tags-diff",    2, 2, NEEDS_NOTHING, m365_tags_diff,    "OLD NEW",      "service tags that changed"},
    {"decide",       1, 1, NEEDS_NOTHING, m365_decide,       "DESIGN.yaml",  "shall Office 365 use the circuit, and what must hold then"},
    {"rehearse",     0, 0, NEEDS_FEED,    m365_rehearse,     "[--services L]", "both paths with real packets: circuit, Internet, and the circuit cut (root)"},
    {"dynamics",     0, 0, NEEDS_NOTHING, m365_dynamics,     "--environment E | --regions A,B [--release 9.2] [--cloud C] [--tags FILE]", "what Dynamics 365 needs of a circuit"},
};
/* clang-format on */

static void print_views(FILE *to)
{
    fputs("usage: fairlead m365 [--from FILE | --cache DIR] VIEW [...] [-o table|json]\n", to);
    for (size_t i = 0; i < ARRAY_LEN(views); i++)
        fprintf(to, "  %-13s %-48s %s\n", views[i].name, views[i].args, views[i].help);
    fputs("select: --area A[,B]  --category C[,D]  --er  --required  --ipv4  --ipv6  --instance "
          "NAME\n",
          to);
}

int m365_usage(const char *what)
{
    fprintf(stderr, "fairlead m365: %s\n", what);
    return EXIT_USAGE;
}

/* --- options --------------------------------------------------------------------------------- */

static bool select_areas(const char *list, struct arena *a, struct selection *out, bool services)
{
    char *copy = arena_text(a, list);
    size_t n = 0;
    for (char *word = copy ? strtok(copy, ",") : NULL; word; word = strtok(NULL, ",")) {
        const char *area = area_of_service(word);
        if (!area && services)
            return fprintf(stderr, "fairlead m365: no service of that name; "
                                   "exchange, sharepoint, teams, common\n"),
                   false;
        if (n + 1 >= ARRAY_LEN(out->areas)) return false;
        out->areas[n++] = area && services ? area : word;
    }
    return n > 0;
}

bool m365_select_services(const char *list, struct arena *a, struct selection *out)
{
    return select_areas(list, a, out, true);
}

static bool select_categories(const char *list, struct arena *a, struct selection *out)
{
    char *copy = arena_text(a, list);
    for (char *word = copy ? strtok(copy, ",") : NULL; word; word = strtok(NULL, ",")) {
        enum category c;
        if (!category_parse(word, &c)) return false;
        out->categories |= 1u << c;
    }
    return out->categories != 0;
}

/* Rows of the shared option reader; --area and --category are read from their texts afterwards. */
static int read_words(struct m365_args *a, int argc, char **argv, const char **areas,
                      const char **categories, bool *ipv4, bool *ipv6)
{
    const struct option_row rows[] = {
        {"--from", NULL, &a->from, NULL},
        {"--cache", NULL, &a->cache, NULL},
        {"--url", NULL, &a->url, NULL},
        {"--ca", NULL, &a->ca, NULL},
        {"--client-request-id", NULL, &a->client, NULL},
        {"--force", NULL, NULL, &a->force},
        {"--instance", NULL, &a->instance_text, NULL},
        {"--tags", NULL, &a->tags, NULL},
        {"--communities", NULL, &a->communities, NULL},
        {"--services", NULL, &a->services, NULL},
        {"--regions", NULL, &a->regions, NULL},
        {"--environment", NULL, &a->environment, NULL},
        {"--release", NULL, &a->release, NULL},
        {"--cloud", NULL, &a->cloud, NULL},
        {"--proxy", NULL, &a->proxy, NULL},
        {"--type", NULL, &a->type, NULL},
        {"--name", NULL, &a->name, NULL},
        {"--today", NULL, &a->today, NULL},
        {"--expect", NULL, &a->expect, NULL},
        {"--output", "-o", &a->output_text, NULL},
        {"--area", NULL, areas, NULL},
        {"--category", NULL, categories, NULL},
        {"--er", NULL, NULL, &a->selection.express_route},
        {"--required", NULL, NULL, &a->selection.required},
        {"--merged", NULL, NULL, &a->merged},
        {"--by-community", NULL, NULL, &a->by_community},
        {"--ipv4", NULL, NULL, ipv4},
        {"--ipv6", NULL, NULL, ipv6},
        {0},
    };
    return options_read(rows, argc, argv, a->word, M365_WORDS_MAX);
}

static int read_args(struct m365_run *r, int argc, char **argv)
{
    struct m365_args *a = &r->args;
    const char *areas = NULL, *categories = NULL;
    bool ipv4 = false, ipv6 = false;
    a->words = read_words(a, argc, argv, &areas, &categories, &ipv4, &ipv6);
    if (a->words < 0 || !output_read(a->output_text, &a->output)) return EXIT_USAGE;
    if (areas && !select_areas(areas, &r->arena, &a->selection, false))
        return m365_usage("--area takes A[,B]");
    if (categories && !select_categories(categories, &r->arena, &a->selection))
        return m365_usage("--category takes Optimize, Allow, Default");
    if (ipv4 != ipv6) a->selection.family = ipv4 ? FAMILY_IPV4 : FAMILY_IPV6;
    if (a->instance_text && !instance_parse(a->instance_text, &a->instance))
        return m365_usage("--instance takes Worldwide, USGovDoD, USGovGCCHigh, China, Germany");
    return EXIT_FINE;
}

/* --- input ----------------------------------------------------------------------------------- */

char *m365_read_file(const char *path, size_t most, size_t *out_n)
{
    FILE *f = strcmp(path, "-") ? fopen(path, "rb") : stdin;
    if (!f) return fprintf(stderr, "fairlead m365: %s: %s\n", path, strerror(errno)), NULL;
    size_t room = 1 << 16, n = 0, got;
    char *p = malloc(room);
    while (p && (got = fread(p + n, 1, room - n, f)) > 0) {
        n += got;
        if (n > most) break;
        if (n == room) p = realloc(p, room *= 2);
    }
    bool bad = ferror(f) != 0;
    if (f != stdin) fclose(f);
    if (p && !bad && n <= most) return *out_n = n, p;
    fprintf(stderr, "fairlead m365: %s: %s\n", path,
            bad        ? "cannot be read"
            : n > most ? "is larger than allowed"
                       : "out of memory");
    free(p);
    return NULL;
}

int m365_refuse(const struct m365_run *r, const char *path)
{
    for (const struct problem *p = r->problems.first; p; p = p->next)
        fprintf(stderr, "%s: %s%s%s%s%s%s%s\n", path, p->where, *p->where ? ": " : "", p->what,
                *p->rule ? "; rule: " : "", p->rule, *p->fix ? "; write: " : "", p->fix);
    if (!r->problems.first) fprintf(stderr, "%s: needs more memory than allowed\n", path);
    return EXIT_ERROR;
}

bool m365_read_feed(struct m365_run *r, const char *path, struct feed *out)
{
    size_t n;
    char *bytes = m365_read_file(path, FEED_BYTES_MAX, &n);
    if (!bytes) return false;
    bool fine = feed_parse(bytes, n, &r->arena, &r->problems, out);
    free(bytes);
    if (!fine) m365_refuse(r, path);
    return fine;
}

bool m365_read_tags(struct m365_run *r, const char *path, struct service_tags *out)
{
    size_t n;
    char *bytes = m365_read_file(path, TAGS_BYTES_MAX, &n);
    if (!bytes) return false;
    bool fine = tags_parse(bytes, n, &r->arena, &r->problems, out);
    free(bytes);
    if (!fine) m365_refuse(r, path);
    return fine;
}

/* --- output ---------------------------------------------------------------------------------- */

int m365_print_json(json_t *v)
{
    json_dumpf(v, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    putchar('\n');
    json_decref(v);
    return EXIT_FINE;
}

int m365_print_text(struct text *t)
{
    fputs(text_get(t), stdout);
    text_drop(t);
    return EXIT_FINE;
}

/* --- the command ----------------------------------------------------------------------------- */

static const struct m365_row *view_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(views); i++)
        if (!strcmp(views[i].name, name)) return &views[i];
    return NULL;
}

static int unknown_view(const char *name)
{
    const char *words[ARRAY_LEN(views) + 1] = {0};
    for (size_t i = 0; i < ARRAY_LEN(views); i++) words[i] = views[i].name;
    const char *near = text_nearest(name, words);
    fprintf(stderr, "fairlead m365: no such view%s%s\n", near ? "; did you mean " : "",
            near ? near : "");
    print_views(stderr);
    return EXIT_USAGE;
}

static bool get_feed(struct m365_run *r)
{
    bool fine = r->args.from ? m365_read_feed(r, r->args.from, &r->feed) : m365_cache_feed(r);
    if (fine && !r->args.instance) r->args.instance = feed_guess_instance(&r->feed);
    return fine;
}

static int run_view(struct m365_run *r)
{
    if (!r->args.words || !strcmp(r->args.word[0], "help")) return print_views(stdout), EXIT_USAGE;
    const struct m365_row *row = view_of(r->args.word[0]);
    if (!row) return unknown_view(r->args.word[0]);
    int extra = r->args.words - 1;
    if (extra < row->least || extra > row->most) {
        fprintf(stderr, "usage: fairlead m365 %s %s\n", row->name, row->args);
        return EXIT_USAGE;
    }
    if (row->need == NEEDS_FEED && !get_feed(r)) return EXIT_ERROR;
    return row->view(r);
}

static int m365_run(int argc, char **argv)
{
    struct m365_run r = {.version = "", .fetched = ""};
    arena_init(&r.arena, TAGS_ARENA);
    problems_init(&r.problems, &r.arena);
    int status = read_args(&r, argc, argv);
    if (!status) status = run_view(&r);
    arena_drop(&r.arena);
    return status;
}

const struct command m365_commands[] = {
    {"m365", NULL, "[--from FILE] VIEW [...]",
     "Office 365 endpoints: explained, compared, exported", m365_run},
    {0},
};
