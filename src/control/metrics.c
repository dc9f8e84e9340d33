/* control/metrics.c - counters of our own, and gauges from what the edges reported last. Labels are
 * escaped as the text format asks; base units; names as in docs/control.md. */
#include "control/metrics.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "control/edges.h"
#include "control/report.h"

static const char *text_at(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static double number_at(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}

static void head(struct text *t, const char *name, const char *type, const char *help)
{
    text_addf(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Control characters of somebody's text become '?'; UTF-8 stays. */
static void label(struct text *t, const char *name, const char *value, bool first)
{
    text_addf(t, "%s%s=\"", first ? "{" : ",", name);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            text_addf(t, "\\%c", *value);
        else if ((unsigned char)*value < 0x20 || *value == 0x7f)
            text_add(t, "?");
        else
            text_add_n(t, value, 1);
    }
    text_add(t, "\"");
}

static void value(struct text *t, double v) { text_addf(t, "} %.15g\n", v); }

/* --- gauges of rows --- */

static void bgp_up(struct text *t, const json_t *row)
{
    value(t, strcmp(text_at(row, "state"), "established") == 0 ||
                 text_same_nocase(text_at(row, "state"), "established"));
}
static void received(struct text *t, const json_t *row)
{
    value(t, number_at(json_object_get(row, "prefixes"), "received"));
}
static void accepted(struct text *t, const json_t *row)
{
    value(t, number_at(json_object_get(row, "prefixes"), "accepted"));
}
static void advertised(struct text *t, const json_t *row)
{
    value(t, number_at(json_object_get(row, "prefixes"), "advertised"));
}
static void uptime(struct text *t, const json_t *row) { value(t, number_at(row, "uptime_s")); }
static void bfd_up(struct text *t, const json_t *row)
{
    value(t, text_same_nocase(text_at(row, "state"), "up"));
}
static void bytes_in(struct text *t, const json_t *row)
{
    label(t, "direction", "in", false);
    value(t, number_at(row, "rx_bytes"));
}
static void bytes_out(struct text *t, const json_t *row)
{
    label(t, "direction", "out", false);
    value(t, number_at(row, "tx_bytes"));
}

/* "circuit/er-demo/private/primary" -> labels circuit, domain, leg. */
static void subject_labels(struct text *t, const char *subject)
{
    static const char *const names[] = {"circuit", "domain", "leg"};
    char part[128];
    if (strncmp(subject, "circuit/", 8) != 0) return;
    subject += 8;
    for (size_t i = 0; i < ARRAY_LEN(names) && *subject; i++) {
        size_t n = strcspn(subject, "/");
        snprintf(part, sizeof part, "%.*s", (int)n, subject);
        label(t, names[i], part, false);
        subject += n + (subject[n] == '/');
    }
}

static const struct {
    const char *name, *type, *help, *list;
    void (*put)(struct text *t, const json_t *row);
} gauges[] = {
    {"fairlead_bgp_peer_up", "gauge", "1 when the session is established.", "peers", bgp_up},
    {"fairlead_bgp_peer_prefixes_received", "gauge", "Prefixes the peer sends.", "peers", received},
    {"fairlead_bgp_peer_prefixes_accepted", "gauge", "Of these, accepted.", "peers", accepted},
    {"fairlead_bgp_peer_prefixes_advertised", "gauge", "Prefixes sent to the peer.", "peers",
     advertised},
    {"fairlead_bgp_peer_uptime_seconds", "gauge", "Age of the session.", "peers", uptime},
    {"fairlead_bfd_session_up", "gauge", "1 when the BFD session is up.", "bfd", bfd_up},
    {"fairlead_link_bytes_total", "counter", "Bytes over an attachment.", "attachments", bytes_in},
    {NULL, NULL, NULL, "attachments", bytes_out},
};

static void rows_of(struct text *t, const json_t *edge, size_t gauge, const char *metric)
{
    size_t i;
    json_t *row;
    const json_t *evidence = json_object_get(edge, "evidence");
    json_array_foreach(json_object_get(evidence, gauges[gauge].list), i, row)
    {
        text_add(t, metric);
        label(t, "router", text_at(edge, "name"), true);
        label(t, "name", text_at(row, *text_at(row, "name") ? "name" : "peer"), false);
        subject_labels(t, text_at(row, "subject"));
        gauges[gauge].put(t, row);
    }
}

static void live(struct text *t, struct control *c)
{
    size_t k;
    json_t *edge;
    const char *metric = "";
    const json_t *edges = json_object_get(edges_all_evidence(c), "edges");
    for (size_t g = 0; g < ARRAY_LEN(gauges); g++) {
        if (gauges[g].name) {
            metric = gauges[g].name;
            head(t, metric, gauges[g].type, gauges[g].help);
        }
        json_array_foreach((json_t *)edges, k, edge) rows_of(t, edge, g, metric);
    }
    head(t, "fairlead_evidence_age_seconds", "gauge", "Since the edge reported last.");
    json_array_foreach((json_t *)edges, k, edge)
    {
        text_add(t, "fairlead_evidence_age_seconds");
        label(t, "router", text_at(edge, "name"), true);
        value(t, number_at(edge, "age_s"));
    }
}

/* --- our own --- */

static void own(struct text *t, const struct control *c)
{
    static const char *const classes[STATUS_CLASSES] = {"", "1xx", "2xx", "3xx", "4xx", "5xx"};
    head(t, "fairlead_http_answers_total", "counter", "Answers by the class of their status.");
    for (size_t i = 2; i < STATUS_CLASSES; i++)
        text_addf(t, "fairlead_http_answers_total{class=\"%s\"} %llu\n", classes[i],
                  (unsigned long long)c->answers[i]);
    head(t, "fairlead_http_connections", "gauge", "Open connections.");
    text_addf(t, "fairlead_http_connections %zu\n", http_server_connections(c->http));
    head(t, "fairlead_store_revision", "counter", "Accepted batches of writes.");
    text_addf(t, "fairlead_store_revision %lld\n", (long long)store_revision(c->store));
    head(t, "fairlead_uptime_seconds", "gauge", "Since fairleadd started.");
    text_addf(t, "fairlead_uptime_seconds %lld\n",
              (long long)duration_to_s(instant_since(c->now, c->started)));
}

static void checks(struct text *t, struct control *c)
{
    size_t i;
    json_t *row, *kept = report_load(c);
    if (!kept) return;
    head(t, "fairlead_check_status", "gauge", "1 for the verdict of each checklist row.");
    json_array_foreach(json_object_get(json_object_get(kept, "report"), "rows"), i, row)
    {
        text_add(t, "fairlead_check_status");
        label(t, "id", text_at(row, "id"), true);
        label(t, "subject", text_at(row, "subject"), false);
        label(t, "verdict", text_at(row, "verdict"), false);
        value(t, 1);
    }
    json_decref(kept);
}

void metrics_serve(struct request *r)
{
    struct text t = {0};
    own(&t, r->control);
    live(&t, r->control);
    checks(&t, r->control);
    reply_text(r, "text/plain; version=0.0.4; charset=utf-8", &t);
    text_drop(&t);
}
