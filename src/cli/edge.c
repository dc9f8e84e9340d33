/* cli/edge.c - fairlead edge show, apply, drain: questions to a running router's control socket.
 * A view is a row: the list in the answer and its columns; JSON goes through as it came. */
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/instant.h"
#include "cli/command.h"
#include "cli/options.h"
#include "sys/control_client.h"

#define RUN_DIR "/run/fairlead"

enum { PATH_ROOM = 300, COLUMNS = 9, CELL_MOST = 48, PATIENCE_S = 40 };

struct column {
    const char *title, *path; /* "prefixes.accepted" in a row of the list */
};

struct view {
    const char *name, *list; /* list NULL: the whole answer is one row */
    const char *nothing;
    struct column columns[COLUMNS];
};

// clang-format off
static const struct view views[] = {
    {"bgp", "peers", "no neighbours",
     {{"NEIGHBOUR", "name"}, {"DOMAIN", "domain"}, {"ADDRESS", "address"}, {"AS", "asn"}, {"STATE", "state"},
      {"UP s", "uptime_s"}, {"ACCEPTED", "prefixes.accepted"}, {"SENT", "prefixes.advertised"},
      {"LAST ERROR", "last_error.text"}}},
    {"routes", "routes", "no routes",
     {{"PREFIX", "prefix"}, {"DOMAIN", "domain"}, {"NEXT HOP", "next_hop"}, {"FROM", "peer"},
      {"AS PATH", "as_path"}, {"BEST", "best"}, {"ACCEPTED", "accepted"}, {"REASON", "reason"},
      {"DECIDED BY", "decided_by"}}},
    {"bfd", "bfd", "no BFD sessions",
     {{"NEIGHBOUR", "peer"}, {"DOMAIN", "domain"}, {"ADDRESS", "address"}, {"STATE", "state"}, {"TX us", "tx_us"},
      {"DETECT us", "detect_us"}, {"UP", "times_up"}, {"DOWN", "times_down"}}},
    {"attachments", "attachments", "no attachments",
     {{"DOMAIN", "domain"}, {"NAME", "name"}, {"PORT", "port"}, {"S-TAG", "stag"}, {"C-TAG", "ctag"}, {"UP", "up"},
      {"MAC", "mac"}, {"RX PACKETS", "rx_packets"}, {"TX PACKETS", "tx_packets"}}},
    {"neighbors", "neighbors", "nobody was seen",
     {{"DOMAIN", "domain"}, {"ATTACHMENT", "attachment"}, {"ADDRESS", "address"}, {"MAC", "mac"}, {"STATE", "state"},
      {"AGE s", "age_s"}}},
    {"drops", "drops", "nothing was dropped",
     {{"WHERE", "where"}, {"REASON", "reason"}, {"PACKETS", "packets"}}},
    {"nat", NULL, "", {{"CONFIGURED", "configured"}}},
    {"qos", NULL, "", {{"CONFIGURED", "configured"}}},
    {"status", NULL, "",
     {{"ROUTER", "router.name"}, {"AS", "router.asn"}, {"REVISION", "revision"}, {"DATA PLANE", "dataplane"},
      {"UP s", "uptime_s"}, {"INTENT FROM", "intent_from"}, {"ROUTER PROCESS", "router_process.state"},
      {"RESTARTS", "router_process.restarts"}, {"DRAINED", "drained"}}},
    {"evidence", "peers", "no neighbours",
     {{"NEIGHBOUR", "name"}, {"SUBJECT", "subject"}, {"STATE", "state"}, {"BFD", "bfd"}}},
};
// clang-format on

/* --- tables --- */

static void cell_text(const json_t *v, struct text *out)
{
    if (json_is_string(v)) {
        text_add_escaped(out, json_string_value(v), json_string_length(v), CELL_MOST);
    } else if (v) {
        char *s = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
        text_add_escaped(out, s ? s : "", s ? strlen(s) : 0, CELL_MOST);
        free(s);
    }
    if (out->n == 0) text_add(out, "-");
}

static void cell(const json_t *row, const char *path, struct text *out)
{
    char key[64];
    const json_t *v = row;
    while (v && *path) {
        size_t n = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)n, path);
        v = json_object_get(v, key);
        path += n + (path[n] == '.');
    }
    cell_text(v, out);
}

static void print_rows(const struct view *w, const json_t *rows)
{
    size_t widths[COLUMNS] = {0}, i;
    json_t *row;
    for (size_t c = 0; c < COLUMNS && w->columns[c].title; c++) {
        widths[c] = strlen(w->columns[c].title);
        json_array_foreach(rows, i, row)
        {
            struct text t = {0};
            cell(row, w->columns[c].path, &t);
            if (t.n > widths[c]) widths[c] = t.n;
            text_drop(&t);
        }
    }
    for (size_t c = 0; c < COLUMNS && w->columns[c].title; c++)
        printf("%-*s  ", (int)widths[c], w->columns[c].title);
    putchar('\n');
    json_array_foreach(rows, i, row)
    {
        for (size_t c = 0; c < COLUMNS && w->columns[c].title; c++) {
            struct text t = {0};
            cell(row, w->columns[c].path, &t);
            printf("%-*s  ", (int)widths[c], text_get(&t));
            text_drop(&t);
        }
        putchar('\n');
    }
}

static void print_view(const struct view *w, json_t *answer)
{
    json_t *rows = w->list ? json_incref(json_object_get(answer, w->list)) : json_pack("[O]", answer);
    if (json_array_size(rows) == 0)
        puts(w->nothing);
    else
        print_rows(w, rows);
    json_decref(rows);
}

/* --- which router --- */

static bool only_socket(char path[static PATH_ROOM])
{
    size_t found = 0;
    DIR *d = opendir(RUN_DIR);
    for (struct dirent *e; d && (e = readdir(d));) {
        size_t n = strlen(e->d_name);
        if (n < 6 || strcmp(e->d_name + n - 5, ".sock") != 0) continue;
        snprintf(path, PATH_ROOM, RUN_DIR "/%s", e->d_name);
        found++;
    }
    if (d) closedir(d);
    if (found != 1)
        fprintf(stderr, "fairlead: %s control sockets in " RUN_DIR "; name one: --socket PATH, or --router NAME"
                        " [--lab LAB]\n", found ? "several" : "no");
    return found == 1;
}

struct where {
    const char *socket, *router, *lab, *output;
};

static bool find_socket(const struct where *w, char path[static PATH_ROOM])
{
    if (w->socket)
        snprintf(path, PATH_ROOM, "%s", w->socket);
    else if (w->router && w->lab)
        snprintf(path, PATH_ROOM, RUN_DIR "/lab/%s/%s/control.sock", w->lab, w->router);
    else if (w->router)
        snprintf(path, PATH_ROOM, RUN_DIR "/%s.sock", w->router);
    else
        return only_socket(path);
    return true;
}

/* The answer as a value, NULL after a message. */
static json_t *ask(const struct where *w, const char *question)
{
    char path[PATH_ROOM];
    struct text answer = {0}, why = {0};
    json_t *json = NULL;
    if (!find_socket(w, path)) return NULL;
    if (control_ask(path, question, duration_s(PATIENCE_S), &answer, &why)) {
        json = json_loadb(text_get(&answer), answer.n, 0, NULL);
        if (!json) text_addf(&why, "%s gave an answer that is no JSON", path);
    }
    const char *fault = json_string_value(json_object_get(json, "error"));
    if (fault) text_add(&why, fault);
    if (why.n) fprintf(stderr, "fairlead: %s\n", text_get(&why));
    text_drop(&answer);
    bool good = why.n == 0;
    text_drop(&why);
    if (good) return json;
    json_decref(json);
    return NULL;
}

static int read_where(struct where *w, int argc, char **argv, const char **words, int most)
{
    const struct option_row rows[] = {{"--socket", "-s", &w->socket, NULL}, {"--router", "-r", &w->router, NULL},
                                      {"--lab", "-l", &w->lab, NULL},       {"--output", "-o", &w->output, NULL},
                                      {0}};
    return options_read(rows, argc, argv, words, most);
}

/* --- commands --- */

static const struct view *view_named(const char *name)
{
    const char *names[ARRAY_LEN(views) + 1] = {0};
    for (size_t i = 0; i < ARRAY_LEN(views); i++) {
        if (strcmp(views[i].name, name) == 0) return &views[i];
        names[i] = views[i].name;
    }
    const char *near = text_nearest(name, names);
    fprintf(stderr, "fairlead: there is nothing called '%.40s' to show%s%s%s\n", name,
            near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return NULL;
}

static int show(int argc, char **argv)
{
    struct where w = {0};
    enum output output;
    const char *words[2] = {"status"};
    char question[200];
    int n = read_where(&w, argc, argv, words, 2);
    if (n < 0 || !output_read(w.output, &output)) return EXIT_USAGE;
    const struct view *view = view_named(words[0]);
    if (!view) return EXIT_USAGE;
    snprintf(question, sizeof question, "show %s%s%.100s", view->name, n == 2 ? " " : "", n == 2 ? words[1] : "");
    json_t *answer = ask(&w, question);
    if (!answer) return EXIT_ERROR;
    if (output == OUTPUT_TABLE) {
        print_view(view, answer);
    } else {
        json_dumpf(answer, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(answer);
    return EXIT_FINE;
}

static int order(const char *question, const char *done, int argc, char **argv)
{
    struct where w = {0};
    if (read_where(&w, argc, argv, NULL, 0) < 0) return EXIT_USAGE;
    json_t *answer = ask(&w, question);
    if (!answer) return EXIT_ERROR;
    puts(done);
    json_decref(answer);
    return EXIT_FINE;
}

static int apply(int argc, char **argv) { return order("apply", "applied", argc, argv); }
static int drain(int argc, char **argv) { return order("drain", "drained: every path out is longer", argc, argv); }
static int undrain(int argc, char **argv)
{
    return order("drain off", "paths out are as configured", argc, argv);
}

#define WHERE "[--socket PATH | --router NAME [--lab LAB]]"

const struct command edge_commands[] = {
    {"edge", "show",
     "[bgp|routes [DOMAIN]|bfd|attachments|neighbors|drops|nat|qos|evidence|status] " WHERE " [-o table|json]",
     "what a running router knows", show},
    {"edge", "apply", WHERE, "it reads its configuration file again, whole or not at all", apply},
    {"edge", "drain", WHERE, "traffic moves away: its paths are made longer, sessions stay", drain},
    {"edge", "undrain", WHERE, "the end of a drain", undrain},
    {0},
};
