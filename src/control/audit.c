/* control/audit.c - audit.log in the state directory: a JSON object a line, flushed before the
 * answer goes out (RB-194). No bodies, no queries, no secrets. What edges report about themselves
 * is no change by anybody and is not noted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "control/control.h"
#include "sys/log.h"
#include "sys/whole_file.h"

static bool worth_noting(const struct request *r, unsigned status)
{
    const char *method = http_method(r->exchange);
    bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    if (status == 401 || status == 403) return true;
    return !reads && r->access != ACCESS_CERTIFICATE;
}

static void stamp(int64_t ms, char out[static 32])
{
    time_t s = (time_t)(ms / 1000);
    struct tm tm;
    gmtime_r(&s, &tm);
    size_t n = strftime(out, 24, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + n, 32 - n, ".%03dZ", (int)(ms % 1000));
}

void audit_note(const struct request *r, unsigned status, const char *code)
{
    if (r->control->audit_fd < 0 || !worth_noting(r, status)) return;
    char at[32];
    struct text path = {0}, line = {0};
    const char *target = http_target(r->exchange);
    stamp(r->control->now_ms, at);
    text_add_escaped(&path, target, strcspn(target, "?"), 1024);
    json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s}", "at", at, "request", r->id,
                            "who", r->who ? r->who : "", "from", http_source(r->exchange), "method",
                            http_method(r->exchange), "path", text_get(&path), "status",
                            (int)status, "code", code);
    char *s = row ? json_dumps(row, JSON_COMPACT) : NULL;
    text_addf(&line, "%s\n", s ? s : "{}");
    if (!file_append(r->control->audit_fd, line.s, line.n))
        log_line(LOG_LINE_ERROR, "audit", "", "a record could not be written");
    free(s);
    json_decref(row);
    text_drop(&path), text_drop(&line);
}
