/* cli/lg.c - fairlead lg, the looking glass: which path is used and which step of the decision
 * chose it, which were refused and by which rule, what a neighbour sent and what it was told. One
 * router, or all of a lab side by side. A view is a row: the question and the columns of its
 * answer. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/running.h"
#include "cli/table.h"

enum { COLUMNS = 12, CELL_MOST = 60 };

struct column {
    const char *title;
    void (*put)(const json_t *row, struct text *out);
};

/* --- cells --- */

static const json_t *at(const json_t *row, const char *path)
{
    char key[40];
    while (row && *path) {
        size_t n = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)n, path);
        row = json_object_get(row, key);
        path += n + (path[n] == '.');
    }
    return row;
}

static void put_value(const json_t *v, struct text *out)
{
    if (json_is_string(v))
        text_add_escaped(out, json_string_value(v), json_string_length(v), CELL_MOST);
    else if (json_is_integer(v))
        text_addf(out, "%lld", (long long)json_integer_value(v));
}

static bool is(const json_t *row, const char *key)
{
    return json_is_true(json_object_get(row, key));
}

#define CELL(name, path)                                                                           \
    static void name(const json_t *row, struct text *out) { put_value(at(row, path), out); }
CELL(put_name, "name")
CELL(put_domain, "domain")
CELL(put_address, "address")
CELL(put_asn, "asn")
CELL(put_state, "state")
CELL(put_received, "prefixes.received")
CELL(put_accepted, "prefixes.accepted")
CELL(put_sent, "prefixes.advertised")
CELL(put_role, "role")
CELL(put_hold, "hold_s")
CELL(put_bfd, "bfd")
CELL(put_in, "messages.in")
CELL(put_out, "messages.out")
CELL(put_error, "last_error.text")
CELL(put_prefix, "prefix")
CELL(put_next_hop, "next_hop")
CELL(put_as_path, "as_path")
CELL(put_pref, "local_pref")
CELL(put_origin, "origin_validation")

static void put_from(const json_t *row, struct text *out)
{
    const char *peer = json_string_value(json_object_get(row, "peer"));
    text_add(out, peer && *peer ? peer : "(itself)");
}

static void put_up(const json_t *row, struct text *out)
{
    json_int_t s = json_integer_value(json_object_get(row, "uptime_s"));
    if (s >= 86400)
        text_addf(out, "%lldd%02lldh", (long long)(s / 86400), (long long)(s / 3600 % 24));
    else if (s >= 3600)
        text_addf(out, "%lldh%02lldm", (long long)(s / 3600), (long long)(s / 60 % 60));
    else if (s > 0)
        text_addf(out, "%lldm%02llds", (long long)(s / 60), (long long)(s % 60));
}

static void put_list(const json_t *row, const char *key, struct text *out)
{
    size_t i;
    json_t *v;
    json_array_foreach(json_object_get(row, key), i, v)
    {
        if (i) text_add(out, " ");
        put_value(v, out);
    }
}

static void put_communities(const json_t *row, struct text *out)
{
    put_list(row, "communities", out);
}
static void put_told(const json_t *row, struct text *out) { put_list(row, "advertised_to", out); }

/* How full a limit is, of the fuller family. */
static void put_limit(const json_t *row, struct text *out)
{
    static const char *const families[] = {"prefixes.ipv4", "prefixes.ipv6"};
    json_int_t most = -1;
    for (size_t f = 0; f < 2; f++) {
        const json_t *v = at(row, families[f]);
        json_int_t limit = json_integer_value(json_object_get(v, "limit"));
        json_int_t percent =
            limit ? json_integer_value(json_object_get(v, "received")) * 100 / limit : -1;
        if (percent > most) most = percent;
    }
    if (most >= 0) text_addf(out, "%lld %%", (long long)most);
}

static void put_refused(const json_t *row, struct text *out)
{
    const char *key;
    json_t *v;
    json_object_foreach(json_object_get(row, "refused"), key, v)
        text_addf(out, "%s%s %lld", out->n ? ", " : "", key, (long long)json_integer_value(v));
}

static void put_use(const json_t *row, struct text *out)
{
    text_add(out, !is(row, "accepted")    ? "refused"
                  : is(row, "best")       ? "best"
                  : is(row, "equal_cost") ? "shares"
                                          : "reserve");
    if (is(row, "stale")) text_add(out, ", stale");
}

/* The step that decided, or the rule that refused. */
static void put_why(const json_t *row, struct text *out)
{
    const char *reason = json_string_value(json_object_get(row, "reason"));
    const char *rule = json_string_value(json_object_get(row, "rule"));
    if (reason && *reason)
        text_addf(out, "%s: %s", reason, rule ? rule : "");
    else
        put_value(json_object_get(row, "decided_by"), out);
}

static void put_sent_or_why(const json_t *row, struct text *out)
{
    if (is(row, "advertised"))
        text_add(out, "sent");
    else
        text_add(out, "kept back: "), put_why(row, out);
}

/* --- views --- */

struct view {
    const char *verb, *question, *list, *nothing;
    bool word;
    struct column columns[COLUMNS];
};

// clang-format off
static const struct view views[] = {
    {"summary", "bgp", "peers", "no neighbours", false,
     {{"NEIGHBOUR", put_name}, {"DOMAIN", put_domain}, {"ADDRESS", put_address}, {"AS", put_asn}, {"STATE", put_state},
      {"UP", put_up}, {"RECEIVED", put_received}, {"ACCEPTED", put_accepted}, {"SENT", put_sent}, {"LIMIT", put_limit}}},
    {"neighbors", "bgp", "peers", "no neighbours", false,
     {{"NEIGHBOUR", put_name}, {"ROLE", put_role}, {"AS", put_asn}, {"STATE", put_state}, {"HOLD s", put_hold},
      {"BFD", put_bfd}, {"IN", put_in}, {"OUT", put_out}, {"REFUSED SO FAR", put_refused}, {"LAST ERROR", put_error}}},
    {"route", "route", "routes", "no route", true,
     {{"DOMAIN", put_domain}, {"PREFIX", put_prefix}, {"FROM", put_from}, {"NEXT HOP", put_next_hop},
      {"AS PATH", put_as_path}, {"PREF", put_pref}, {"COMMUNITIES", put_communities}, {"ORIGIN", put_origin},
      {"USE", put_use}, {"WHY", put_why}, {"TOLD", put_told}}},
    {"received", "received", "routes", "nothing was received", true,
     {{"PREFIX", put_prefix}, {"NEXT HOP", put_next_hop}, {"AS PATH", put_as_path}, {"PREF", put_pref},
      {"COMMUNITIES", put_communities}, {"ORIGIN", put_origin}, {"USE", put_use}, {"WHY", put_why}}},
    {"advertised", "advertised", "routes", "there is nothing to tell", true,
     {{"PREFIX", put_prefix}, {"NEXT HOP", put_next_hop}, {"AS PATH", put_as_path}, {"COMMUNITIES", put_communities},
      {"TOLD", put_sent_or_why}}},
};
// clang-format on

struct collected {
    const struct view *view;
    json_t *routers; /* for JSON */
    struct table *table;
    size_t rows;
};

static bool column_used(const struct view *v, const struct column *c, const json_t *routers)
{
    size_t i, k;
    json_t *router, *row;
    json_array_foreach(routers, i, router)
        json_array_foreach(json_object_get(router, v->list), k, row)
    {
        struct text t = {0};
        c->put(row, &t);
        bool used = t.n > 0;
        text_drop(&t);
        if (used) return true;
    }
    return false;
}

static void collect(void *ctx, const char *router, const json_t *answer)
{
    struct collected *c = ctx;
    json_t *one = json_pack("{s:s}", "router", router);
    json_object_update(one, (json_t *)answer);
    json_array_append_new(c->routers, one);
    c->rows += json_array_size(json_object_get(answer, c->view->list));
}

static void print_row(struct table *table, const char *router, const json_t *row,
                      const struct column *const *columns, size_t n)
{
    struct text cells[COLUMNS + 1] = {0};
    const char *texts[COLUMNS + 1] = {router};
    for (size_t k = 0; k < n; k++) {
        columns[k]->put(row, &cells[k]);
        texts[k + 1] = text_get(&cells[k]);
    }
    table_row(table, texts);
    for (size_t k = 0; k < n; k++) text_drop(&cells[k]);
}

/* Columns that would be empty all the way down are left out: a wide table is hard to read. */
static void print_table(const struct collected *c)
{
    const struct column *columns[COLUMNS];
    const char *titles[COLUMNS + 2] = {"ROUTER"};
    size_t n = 0, i, k;
    json_t *router, *row;
    for (const struct column *col = c->view->columns; n < COLUMNS && col->title; col++)
        if (column_used(c->view, col, c->routers)) titles[n + 1] = col->title, columns[n++] = col;
    struct table *t = table_new(titles);
    json_array_foreach(c->routers, i, router)
        json_array_foreach(json_object_get(router, c->view->list), k, row)
            print_row(t, json_string_value(json_object_get(router, "router")), row, columns, n);
    table_print(t);
}

static void print_collected(const struct collected *c, enum output output)
{
    if (output == OUTPUT_JSON) {
        json_t *all = json_pack("{s:O}", "routers", c->routers);
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(all);
    } else if (c->rows == 0) {
        puts(c->view->nothing);
    } else {
        print_table(c);
    }
}

static int look(const struct command *command, int argc, char **argv)
{
    if (argc && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0))
        return printf("usage: fairlead lg %s %s\n  %s\n", command->verb, command->args,
                      command->help),
               EXIT_FINE;
    struct running w = {0};
    enum output output;
    const char *words[2] = {NULL};
    char question[200];
    const struct view *v = command->subject;
    int n = running_read(&w, argc, argv, words, 2);
    if (n < 0 || !output_read(w.output, &output)) return EXIT_USAGE;
    if (n != v->word && !(v->word && n == 2 && strcmp(v->verb, "route") == 0)) {
        fprintf(stderr, "usage: fairlead lg %s %s\n", v->verb, command->args);
        return EXIT_USAGE;
    }
    snprintf(question, sizeof question, "show %s%s%.90s%s%.50s", v->question, n ? " " : "",
             n ? words[0] : "", n == 2 ? " " : "", n == 2 ? words[1] : "");
    struct collected c = {.view = v, .routers = json_array()};
    int answered = running_each(&w, question, collect, &c);
    if (answered) print_collected(&c, output);
    json_decref(c.routers);
    return answered ? EXIT_FINE : EXIT_ERROR;
}

#define WHERE "[--socket PATH | --router NAME [--lab LAB] | --lab LAB] [-o table|json]"

#define LG "looks into running routers: sessions, routes, who decided and why"

const struct command lg_commands[] = {
    {"lg", "summary", WHERE, "each neighbour's session and how many routes it brings", NULL, look,
     &views[0], LG},
    {"lg", "neighbors", WHERE, "their messages, refused routes by rule, last errors", NULL, look,
     &views[1], LG},
    {"lg", "route", "PREFIX|ADDRESS [DOMAIN] " WHERE,
     "every path, the step that decided, the rule that refused", NULL, look, &views[2], LG},
    {"lg", "received", "NEIGHBOUR " WHERE, "what it sent, refused routes too", NULL, look,
     &views[3], LG},
    {"lg", "advertised", "NEIGHBOUR " WHERE, "what it was told, and what was kept from it and why",
     NULL, look, &views[4], LG},
    {0},
};
