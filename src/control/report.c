/* control/report.c - one key of the store. */
#include "control/report.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPORT_CEILING = 32 << 20 };

#define REPORT_KEY "report/latest"

json_t *report_load(struct control *c)
{
    struct arena a;
    struct store_item item;
    json_t *v = NULL;
    arena_init(&a, REPORT_CEILING);
    if (store_get(c->store, REPORT_KEY, &a, &item) == STORE_OK) v = json_loads(item.value, 0, NULL);
    arena_drop(&a);
    return v;
}

static bool judge(struct request *r, const json_t *report)
{
    size_t i;
    json_t *row;
    const json_t *rows = json_object_get(report, "rows");
    bool fine = json_is_array(rows) && json_is_object(json_object_get(report, "summary"));
    json_array_foreach((json_t *)rows, i, row)
    {
        fine = fine && json_is_string(json_object_get(row, "id")) &&
               json_is_string(json_object_get(row, "verdict"));
    }
    if (!fine)
        reply_error(r, 400, "InvalidRequestFormat",
                    "A report has a summary, and rows of which each has an id and a verdict: post "
                    "what 'fairlead check -o json' prints.");
    return fine;
}

void report_put(struct request *r)
{
    char at[32];
    time_t now = (time_t)(r->control->now_ms / 1000);
    struct tm tm;
    json_t *report = request_json(r);
    if (!report) return;
    if (!judge(r, report)) {
        json_decref(report);
        return;
    }
    gmtime_r(&now, &tm);
    strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &tm);
    json_t *kept = json_pack("{s:I, s:s, s:s, s:o}", "received_ms", (json_int_t)r->control->now_ms,
                             "received_at", at, "by", r->principal->name, "report", report);
    char *s = json_dumps(kept, JSON_COMPACT);
    bool stored = store_put(r->control->store, REPORT_KEY, s, STORE_ANY, NULL) == STORE_OK;
    free(s);
    json_decref(kept);
    if (stored)
        reply_empty(r, 204);
    else
        reply_error(r, 503, "ServiceUnavailable", "The store does not take the report.");
}

void report_show(struct request *r)
{
    json_t *v = report_load(r->control);
    if (v)
        reply_json(r, 200, v);
    else
        reply_error(r, 404, "ResourceNotFound", "No report was posted yet.");
    json_decref(v);
}
