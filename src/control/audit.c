/* control/audit.c - audit.log in the state directory: a JSON object a line, flushed before the
 * answer goes out (RB-194). No bodies, no queries, no secrets: what was changed is there as digests
 * of the stored record before and after. Each record bears a digest of itself and of the one
 * before, so that a record that was taken out or changed is found by who computes the chain again
 * (RB-195): chain = SHA-256 in hexadecimal of (chain of the record before, the line without its
 * chain). What edges report about themselves is no change by anybody and is not noted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "control/control.h"
#include "model/resource_id.h"
#include "sys/log.h"
#include "sys/whole_file.h"

static bool worth_noting(const struct request *r, unsigned status)
{
    const char *method = http_method(r->exchange);
    bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    if (status == 401 || status == 403 || r->uses_key) return true;
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

static void hex_digest(const char *s, size_t n, char out[static AUDIT_DIGEST_TEXT])
{
    unsigned char d[TLS_DIGEST];
    tls_digest(s, n, d);
    for (size_t i = 0; i < sizeof d; i++) snprintf(out + 2 * i, 3, "%02x", d[i]);
}

/* The chain of the last record in the file. */
static bool read_chain(struct control *c, const char *path, struct text *why)
{
    enum { TRAIL_MAX = 1 << 30 };
    static const char key[] = "\"chain\":\"";
    struct text t = {0};
    bool fine = file_read(path, TRAIL_MAX, &t, why);
    const char *at = fine ? strstr(text_get(&t), key) : NULL, *last = NULL;
    for (; at; at = strstr(at + 1, key)) last = at;
    if (last) snprintf(c->audit_chain, sizeof c->audit_chain, "%s", last + strlen(key));
    text_drop(&t);
    return fine;
}

bool audit_open(struct control *c, struct text *why)
{
    char path[4200];
    if (snprintf(path, sizeof path, "%s/audit.log", c->installation.dir) >= (int)sizeof path)
        return text_addf(why, "the path of the state directory is too long"), false;
    c->audit_fd = file_append_open(path, 0600, why);
    return c->audit_fd >= 0 && read_chain(c, path, why);
}

void audit_digest(struct request *r, char out[static AUDIT_DIGEST_TEXT])
{
    struct text path = {0};
    struct store_item item;
    for (size_t i = 0; i < r->target.n; i++) text_addf(&path, "/%s", r->target.segments[i]);
    const char *key =
        path.n && path.n < STORE_KEY_MAX ? resource_key(text_get(&path), r->arena) : NULL;
    *out = '\0';
    if (key && store_get(r->control->store, key, r->arena, &item) == STORE_OK)
        hex_digest(item.value, strlen(item.value), out);
    text_drop(&path);
}

/* The record with its chain as last member. */
static void add_chained(struct control *c, const char *record, struct text *line)
{
    struct text t = {0};
    text_addf(&t, "%s%s", c->audit_chain, record);
    hex_digest(text_get(&t), t.n, c->audit_chain);
    text_addf(line, "%.*s,\"chain\":\"%s\"}\n", (int)(strlen(record) - 1), record, c->audit_chain);
    text_drop(&t);
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
    if (row && *r->before) json_object_set_new(row, "before", json_string(r->before));
    if (row && *r->after) json_object_set_new(row, "after", json_string(r->after));
    char *s = row ? json_dumps(row, JSON_COMPACT) : NULL;
    add_chained(r->control, s ? s : "{}", &line);
    if (!file_append(r->control->audit_fd, line.s, line.n))
        log_line(LOG_LINE_ERROR, "audit", "", "a record could not be written");
    free(s);
    json_decref(row);
    text_drop(&path), text_drop(&line);
}
