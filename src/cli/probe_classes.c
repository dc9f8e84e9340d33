/* cli/probe_classes.c - fairlead probe classes: every DSCP value of the profile, and some that are not in
 * it, through a path and back. The reflector says how a probe arrived and marks its answer as it was sent
 * (RFC 8972 4.4, Class of Service), so one probe tells about both directions. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cli/command.h"
#include "cli/options.h"
#include "cli/probe.h"
#include "cli/table.h"
#include "lab/pause.h"
#include "sys/data_files.h"

enum { VALUES = 64, RATE = 100, NOT_AS_EXPECTED = 4 };

enum peering { PEERING_ANY, PEERING_PRIVATE, PEERING_MICROSOFT };

struct class_row {
    uint8_t dscp;
    char name[24];
    bool listed;
    struct stamp_report report;
    uint64_t there, back; /* values that arrived at the reflector, and here */
};

struct classes {
    struct probe_target target;
    uint32_t count;
    enum peering peering;
    enum output output;
    struct class_row rows[VALUES];
    size_t n;
};

/* --- which values --- */

static void add(struct classes *c, unsigned dscp, const char *name, bool listed)
{
    for (size_t k = 0; k < c->n; k++)
        if (c->rows[k].dscp == dscp) return;
    if (c->n == VALUES || dscp >= VALUES) return;
    c->rows[c->n] = (struct class_row){.dscp = (uint8_t)dscp, .listed = listed};
    snprintf(c->rows[c->n++].name, sizeof c->rows->name, "%s", name);
}

/* Values that networks use and the profiles do not list: they have to become 0. */
static void add_strangers(struct classes *c)
{
    static const struct {
        unsigned dscp;
        const char *name;
    } strangers[] = {{24, "CS3"}, {26, "AF31"}, {40, "CS5"}, {48, "CS6"}, {63, "63"}};
    for (size_t k = 0; k < ARRAY_LEN(strangers); k++) add(c, strangers[k].dscp, strangers[k].name, false);
}

static bool read_profile(struct classes *c, const char *profile)
{
    struct text why = {0};
    size_t k;
    json_t *one, *file = data_file_json("qos_classes.json", &why);
    json_t *list = json_object_get(json_object_get(file, "profiles"), profile);
    if (!json_is_array(list)) fprintf(stderr, "fairlead: --profile takes 2019-04 or 2015-10%s%s\n", why.n ? ": " : "", text_get(&why));
    json_array_foreach(list, k, one)
    {
        const char *name = json_string_value(json_object_get(one, "phb"));
        add(c, (unsigned)json_integer_value(json_object_get(one, "dscp")), name ? name : "", true);
    }
    text_drop(&why);
    json_decref(file);
    add_strangers(c);
    return c->n > 5;
}

static bool options_take(int argc, char **argv, struct classes *c)
{
    const char *to = NULL, *port = "862", *count = "10", *source = NULL, *format = NULL, *profile = "2019-04", *peering = NULL;
    const struct option_row rows[] = {
        {"--port", "-p", &port, NULL},     {"--count", "-c", &count, NULL},      {"--source", "-s", &source, NULL},
        {"--output", "-o", &format, NULL}, {"--profile", NULL, &profile, NULL}, {"--peering", NULL, &peering, NULL}, {0}};
    long long n[2] = {0};
    if (options_read(rows, argc, argv, &to, 1) < 0 || !output_read(format, &c->output)) return false;
    if (!to) return fprintf(stderr, "fairlead: probe whom? fairlead probe classes ADDRESS\n"), false;
    if (!probe_address("probe classes", to, &c->target.to)) return false;
    if (source && !probe_address("--source", source, &c->target.source)) return false;
    if (!probe_number("--port", port, 1, UINT16_MAX, &n[0]) || !probe_number("--count", count, 1, 10000, &n[1])) return false;
    if (peering && strcmp(peering, "microsoft") != 0 && strcmp(peering, "private") != 0)
        return fprintf(stderr, "fairlead: --peering takes microsoft or private\n"), false;
    c->peering = !peering ? PEERING_ANY : *peering == 'm' ? PEERING_MICROSOFT : PEERING_PRIVATE;
    c->target.port = (uint16_t)n[0];
    c->count = (uint32_t)n[1];
    return read_profile(c, profile);
}

/* --- verdicts --- */

/* What the service makes of a value, each way: Microsoft peering keeps what is listed, the rest becomes
 * 0; private peering resets everything. */
static uint8_t expected(const struct classes *c, const struct class_row *r)
{
    return c->peering == PEERING_MICROSOFT && r->listed ? r->dscp : 0;
}

static const char *verdict(const struct classes *c, const struct class_row *r)
{
    uint64_t same = 1ULL << r->dscp;
    if (!r->report.answered) return "no answer";
    if (!r->there) return "reflector does not tell";
    if (c->peering != PEERING_ANY)
        return r->there == 1ULL << expected(c, r) && r->back == r->there ? "as expected" : "not as expected";
    return r->there == same && r->back == same ? "kept" : "rewritten";
}

static bool as_expected(const struct classes *c)
{
    for (size_t k = 0; k < c->n; k++)
        if (c->peering == PEERING_ANY ? !c->rows[k].report.answered : strcmp(verdict(c, &c->rows[k]), "as expected") != 0)
            return false;
    return true;
}

/* --- what is shown --- */

static json_t *values_json(uint64_t values)
{
    json_t *list = json_array();
    for (unsigned d = 0; d < VALUES; d++)
        if (values >> d & 1) json_array_append_new(list, json_integer(d));
    return list;
}

static void print_json(const struct classes *c)
{
    json_t *list = json_array();
    for (size_t k = 0; k < c->n; k++) {
        const struct class_row *r = &c->rows[k];
        json_array_append_new(list, json_pack("{s:i, s:s, s:b, s:I, s:I, s:o, s:o, s:I, s:s}", "dscp", r->dscp, "name", r->name,
                                              "listed", r->listed, "sent", (json_int_t)r->report.sent, "received",
                                              (json_int_t)r->report.answered, "at_reflector", values_json(r->there),
                                              "on_return", values_json(r->back), "rtt_p99_us",
                                              (json_int_t)r->report.rtt_p99_us, "verdict", verdict(c, r)));
    }
    json_t *all = json_pack("{s:b, s:o}", "as_expected", as_expected(c), "classes", list);
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

static const char *values_text(uint64_t values, char buf[static VALUES * 3])
{
    size_t n = 0;
    buf[0] = 0;
    for (unsigned d = 0; d < VALUES; d++)
        if (values >> d & 1) n += (size_t)snprintf(buf + n, VALUES * 3 - n, n ? " %u" : "%u", d);
    return n ? buf : "-";
}

static void print_table(const struct classes *c)
{
    struct table *t = table_new((const char *const[]){"DSCP", "NAME", "LISTED", "SENT", "LOST", "AT THE REFLECTOR", "ON RETURN", "VERDICT", NULL});
    for (size_t k = 0; k < c->n; k++) {
        const struct class_row *r = &c->rows[k];
        char dscp[4], sent[12], lost[12], there[VALUES * 3], back[VALUES * 3];
        snprintf(dscp, sizeof dscp, "%u", r->dscp);
        snprintf(sent, sizeof sent, "%u", r->report.sent);
        snprintf(lost, sizeof lost, "%u", r->report.lost);
        table_row(t, (const char *const[]){dscp, r->name, r->listed ? "yes" : "no", sent, lost, values_text(r->there, there),
                                           values_text(r->back, back), verdict(c, r), NULL});
    }
    table_print(t);
}

static bool probe_one(const struct classes *c, struct class_row *r)
{
    struct stamp_sender s;
    struct stamp_conf conf = {.rate = RATE, .count = c->count, .dscp = r->dscp, .ssid = (uint16_t)(getpid() + r->dscp),
                              .patience = duration_ms(PROBE_PATIENCE_MS)};
    if (!probe_run(&c->target, &conf, &s)) return false;
    stamp_sender_report(&s, &r->report);
    r->there = s.seen_values;
    r->back = s.back_values;
    stamp_sender_drop(&s);
    return true;
}

int probe_classes_command(int argc, char **argv)
{
    static struct classes c;
    if (!options_take(argc, argv, &c)) return EXIT_USAGE;
    interrupts_catch();
    for (size_t k = 0; k < c.n && !interrupted(); k++)
        if (!probe_one(&c, &c.rows[k])) return EXIT_ERROR;
    if (c.output == OUTPUT_JSON)
        print_json(&c);
    else
        print_table(&c);
    return as_expected(&c) ? EXIT_FINE : NOT_AS_EXPECTED;
}
