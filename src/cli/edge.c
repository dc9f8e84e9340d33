/* cli/edge.c - fairlead edge show, apply, drain: questions to a running router's control socket.
 * A view is a row: the list in the answer and its columns; JSON goes through as it came. */
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/running.h"
#include "intent/metrics_json.h"

enum { COLUMNS = 9, CELL_MOST = 48 };

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
    {"faults", "faults", "no message with faults was taken",
     {{"NEIGHBOUR", "peer"}, {"AT", "at"}, {"ATTRIBUTE", "attribute"}, {"ACTION", "action"}, {"RULE", "reason"},
      {"OFFSET", "offset"}}},
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
    {"rpki", NULL, "",
     {{"FOLLOWED", "followed"}, {"STATE", "state"}, {"IPV4", "payloads.ipv4"}, {"IPV6", "payloads.ipv6"},
      {"CHANGES", "changes"}, {"DOMAINS", "domains"}}},
    {"bmp", "stations", "no stations",
     {{"STATION", "address"}, {"PORT", "port"}, {"STATE", "state"}, {"COMPLETE", "complete"}, {"MESSAGES", "messages"},
      {"BUFFERED", "buffered"}, {"OVERRUNS", "overruns"}, {"LAST ERROR", "last_error"}}},
    {"nat", "pools", "no NAT",
     {{"DOMAIN", "domain"}, {"FIRST", "first"}, {"LAST", "last"}, {"BLOCKS", "blocks_ours"}, {"USED", "blocks_used"},
      {"USED %", "used_percent"}, {"BINDINGS", "bindings"}, {"REFUSED", "refused"}, {"FULL IN s", "full_in_s"}}},
    {"qos", "classes", "no fast path, or nothing is policed",
     {{"DOMAIN", "domain"}, {"ATTACHMENT", "attachment"}, {"DIRECTION", "direction"}, {"CLASS", "class"},
      {"PASSED", "passed"}, {"DROPPED", "dropped"}}},
    {"qos", "queues", "", /* a second table of the same answer */
     {{"DOMAIN", "domain"}, {"ATTACHMENT", "attachment"}, {"QUEUE", "queue"}, {"PACKETS", "packets"}, {"BYTES", "bytes"},
      {"DROPPED", "dropped"}, {"WAITED", "waited"}, {"BACKLOG", "backlog"}}},
    {"fast", "fates", "no fast path, or no frames yet",
     {{"DOMAIN", "domain"}, {"KIND", "kind"}, {"NAME", "name"}, {"WHAT", "text"}, {"PACKETS", "packets"}, {"BYTES", "bytes"}}},
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
    if (json_array_size(rows) > 0)
        print_rows(w, rows);
    else if (*w->nothing)
        puts(w->nothing);
    json_decref(rows);
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
    struct running w = {0};
    enum output output;
    const char *words[2] = {"status"};
    char question[200];
    int n = running_read(&w, argc, argv, words, 2);
    if (n < 0 || !output_read(w.output, &output)) return EXIT_USAGE;
    const struct view *view = view_named(words[0]);
    if (!view) return EXIT_USAGE;
    snprintf(question, sizeof question, "show %s%s%.100s", view->name, n == 2 ? " " : "", n == 2 ? words[1] : "");
    json_t *answer = running_ask(&w, question);
    if (!answer) return EXIT_ERROR;
    if (output == OUTPUT_TABLE) {
        for (const struct view *v = view; v < views + ARRAY_LEN(views) && strcmp(v->name, view->name) == 0; v++)
            print_view(v, answer);
    } else {
        json_dumpf(answer, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(answer);
    return EXIT_FINE;
}

static int order(const char *question, const char *done, int argc, char **argv)
{
    struct running w = {0};
    if (running_read(&w, argc, argv, NULL, 0) < 0) return EXIT_USAGE;
    json_t *answer = running_ask(&w, question);
    if (!answer) return EXIT_ERROR;
    puts(done);
    json_decref(answer);
    return EXIT_FINE;
}

static int apply(int argc, char **argv) { return order("apply", "applied", argc, argv); }

static int drain(int argc, char **argv)
{
    struct running w = {0};
    const char *words[1] = {""};
    if (running_read(&w, argc, argv, words, 1) < 0) return EXIT_USAGE;
    bool graceful = strcmp(words[0], "graceful-shutdown") == 0;
    if (*words[0] && !graceful) {
        fprintf(stderr, "fairlead: a drain is plain, or 'graceful-shutdown', not '%.40s'\n", words[0]);
        return EXIT_USAGE;
    }
    json_t *answer = running_ask(&w, graceful ? "drain graceful-shutdown" : "drain");
    if (!answer) return EXIT_ERROR;
    printf("drained: every path out is longer%s\n", graceful ? " and marked with graceful shutdown" : "");
    json_decref(answer);
    return EXIT_FINE;
}
/* "fairlead edge reset PEER [WORDS]" and "refresh PEER": one neighbour of a running router. */
static int to_peer(const char *order_, const char *done, int most, int argc, char **argv)
{
    struct running w = {0};
    const char *words[2] = {"", ""};
    char question[400];
    if (running_read(&w, argc, argv, words, most) < 1) {
        fprintf(stderr, "fairlead: which neighbour? Name it as 'fairlead edge show bgp' does\n");
        return EXIT_USAGE;
    }
    snprintf(question, sizeof question, "%s %.60s%s%.255s", order_, words[0], *words[1] ? " " : "", words[1]);
    json_t *answer = running_ask(&w, question);
    if (!answer) return EXIT_ERROR;
    puts(done);
    json_decref(answer);
    return EXIT_FINE;
}
static int reset(int argc, char **argv) { return to_peer("reset", "reset: the session comes again", 2, argc, argv); }
static int refresh(int argc, char **argv) { return to_peer("refresh", "asked for its routes again", 1, argc, argv); }

static int undrain(int argc, char **argv)
{
    return order("drain off", "paths out are as configured", argc, argv);
}

/* --- MRT files --- */

/* The router opens the file itself, so its path must mean the same to it. */
static bool absolute(const char *path, char out[static PATH_MAX])
{
    char here[PATH_MAX] = "";
    if (*path != '/' && !getcwd(here, sizeof here)) return false;
    int n = snprintf(out, PATH_MAX, "%s%s%s", here, *here ? "/" : "", path);
    return n > 0 && n < PATH_MAX && !strpbrk(out, "\r\n");
}

static int mrt(int argc, char **argv)
{
    struct running w = {0};
    const char *words[3] = {"", "", ""}, *domain;
    char path[PATH_MAX] = "", question[PATH_MAX + 100];
    int n = running_read(&w, argc, argv, words, 3);
    bool table = strcmp(words[0], "table") == 0, stop = strcmp(words[0], "stop") == 0;
    if (n < 0) return EXIT_USAGE;
    if ((!table && !stop && strcmp(words[0], "updates") != 0) || n != (stop ? 1 : table && n == 3 ? 3 : 2) ||
        (!stop && !absolute(words[1], path))) {
        fputs("usage: fairlead edge mrt table FILE [DOMAIN] | updates FILE | stop\n", stderr);
        return EXIT_USAGE;
    }
    domain = n == 3 ? words[2] : "";
    snprintf(question, sizeof question, "mrt %s%s%.48s%s%s", words[0], *domain ? "/" : "", domain, *path ? " " : "", path);
    json_t *answer = running_ask(&w, question);
    if (!answer) return EXIT_ERROR;
    if (table)
        printf("%lld prefixes, %lld paths, %lld bytes in %s\n",
               (long long)json_integer_value(json_object_get(answer, "prefixes")),
               (long long)json_integer_value(json_object_get(answer, "paths")),
               (long long)json_integer_value(json_object_get(answer, "bytes")), path);
    else if (stop)
        printf("%lld records, %lld bytes\n", (long long)json_integer_value(json_object_get(answer, "records")),
               (long long)json_integer_value(json_object_get(answer, "bytes")));
    else
        printf("recording into %s until `fairlead edge mrt stop`\n", path);
    json_decref(answer);
    return EXIT_FINE;
}

/* --- figures --- */

static int metrics(int argc, char **argv)
{
    struct running w = {0};
    struct text out = {0};
    if (running_read(&w, argc, argv, NULL, 0) < 0) return EXIT_USAGE;
    json_t *answer = running_ask(&w, "show figures");
    if (!answer) return EXIT_ERROR;
    const char *name = json_string_value(json_object_get(json_object_get(answer, "router"), "name"));
    metrics_of_evidence(&(struct metrics_source){name ? name : "", answer}, 1, &out);
    fwrite(text_get(&out), 1, out.n, stdout);
    text_drop(&out);
    json_decref(answer);
    return EXIT_FINE;
}

#define WHERE RUNNING_ARGS

const struct command edge_commands[] = {
    {"edge", "show",
     "[bgp|routes [DOMAIN]|faults [PEER]|bfd|attachments|neighbors|drops|rpki|bmp|nat|qos|evidence|status] " WHERE " [-o table|json]",
     "what a running router knows", show},
    {"edge", "apply", WHERE, "it reads its configuration file again, whole or not at all", apply},
    {"edge", "drain", "[graceful-shutdown] " WHERE, "traffic moves away: its paths are made longer, sessions stay", drain},
    {"edge", "undrain", WHERE, "the end of a drain", undrain},
    {"edge", "reset", "PEER [WORDS] " WHERE, "ends a session with words for the neighbour and lets it come again", reset},
    {"edge", "refresh", "PEER " WHERE, "asks a neighbour for its routes again", refresh},
    {"edge", "mrt", "table FILE [DOMAIN] | updates FILE | stop " WHERE, "routes, or sessions as they go on, as MRT files", mrt},
    {"edge", "metrics", WHERE, "its figures as Prometheus text", metrics},
    {0},
};
