/* control/metrics.c - counters of our own, and gauges from what the edges reported last. Labels are
 * escaped as the text format asks; base units. The rows for what edges report are intent's. */
#include "control/metrics.h"
#include <stdlib.h>
#include "control/edges.h"
#include "control/report.h"
#include "intent/metrics_json.h"

static const char *text_at(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static double number_at(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}

/* --- what the edges reported last --- */

static void live(struct text *t, struct control *c)
{
    size_t k;
    json_t *edge;
    const json_t *edges = json_object_get(edges_all_evidence(c), "edges");
    struct metrics_source *sources = calloc(json_array_size(edges) + 1, sizeof *sources);
    if (!sources) abort();
    json_array_foreach((json_t *)edges, k, edge) sources[k] =
        (struct metrics_source){text_at(edge, "name"), json_object_get(edge, "evidence")};
    metrics_of_evidence(sources, json_array_size(edges), t);
    free(sources);
    metrics_head(t, "fairlead_evidence_age_seconds", "gauge", "Since the edge reported last.");
    json_array_foreach((json_t *)edges, k, edge)
    {
        text_add(t, "fairlead_evidence_age_seconds");
        metrics_label(t, "router", text_at(edge, "name"), true);
        metrics_value(t, number_at(edge, "age_s"));
    }
}

/* --- our own --- */

static void own(struct text *t, const struct control *c)
{
    static const char *const classes[STATUS_CLASSES] = {"", "1xx", "2xx", "3xx", "4xx", "5xx"};
    metrics_head(t, "fairlead_http_answers_total", "counter",
                 "Answers by the class of their status.");
    for (size_t i = 2; i < STATUS_CLASSES; i++)
        text_addf(t, "fairlead_http_answers_total{class=\"%s\"} %llu\n", classes[i],
                  (unsigned long long)c->answers[i]);
    metrics_head(t, "fairlead_service_keys_total", "counter",
                 "Service keys that opened nothing, and tries that were not made for that.");
    text_addf(t, "fairlead_service_keys_total{result=\"wrong\"} %llu\n",
              (unsigned long long)c->keys_wrong);
    text_addf(t, "fairlead_service_keys_total{result=\"held up\"} %llu\n",
              (unsigned long long)c->keys_held_up);
    metrics_head(t, "fairlead_http_connections", "gauge", "Open connections.");
    text_addf(t, "fairlead_http_connections %zu\n", http_server_connections(c->http));
    metrics_head(t, "fairlead_store_revision", "counter", "Accepted batches of writes.");
    text_addf(t, "fairlead_store_revision %lld\n", (long long)store_revision(c->store));
    metrics_head(t, "fairlead_uptime_seconds", "gauge", "Since fairleadd started.");
    text_addf(t, "fairlead_uptime_seconds %lld\n",
              (long long)duration_to_s(instant_since(c->now, c->started)));
}

static void checks(struct text *t, struct control *c)
{
    size_t i;
    json_t *row, *kept = report_load(c);
    if (!kept) return;
    metrics_head(t, "fairlead_check_status", "gauge", "1 for the verdict of each checklist row.");
    json_array_foreach(json_object_get(json_object_get(kept, "report"), "rows"), i, row)
    {
        text_add(t, "fairlead_check_status");
        metrics_label(t, "id", text_at(row, "id"), true);
        metrics_label(t, "subject", text_at(row, "subject"), false);
        metrics_label(t, "verdict", text_at(row, "verdict"), false);
        metrics_value(t, 1);
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
