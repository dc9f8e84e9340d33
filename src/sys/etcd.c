/* sys/etcd.c - see the header. The gateway is grpc-gateway's: POST with a JSON object, bytes as
 * base64, 64-bit numbers as texts, members that are zero left out; a watch is one answer whose
 * lines are objects (etcd 3.4, Documentation/dev-guide/api_grpc_gateway.md). */
#include "sys/etcd.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/base64.h"
#include "sys/http_client.h"
#include "sys/loop.h"

enum {
    ENDPOINTS_MAX = 9,
    PATIENCE_S = 3,
    SILENCE_MS = 1000, /* after all endpoints failed nobody is asked for so long */
    PAGE = 500,
    OPERATIONS = 64, /* of a level: etcd counts a level with those above it, and 64 + 64 <= 128 */
};

struct etcd {
    char *endpoints[ENDPOINTS_MAX];
    size_t endpoints_n, at; /* `at`: the one that answered last */
    char *space;            /* "fairlead/" */
    struct http_client *client;
    instant silent_until;
    struct http_stream *watch;
    struct etcd_watch_hooks hooks;
    bool watch_ended; /* told so by the other side */
};

static const struct http_identity nobody;

/* --- opening --- */

static bool add_endpoint(struct etcd *e, const char *s, size_t n)
{
    static const char scheme[] = "http://";
    size_t head = strlen(scheme);
    if (e->endpoints_n == ENDPOINTS_MAX || n <= head || strncmp(s, scheme, head) != 0) return false;
    if (memchr(s + head, '/', n - head) || !memchr(s + head, ':', n - head)) return false;
    e->endpoints[e->endpoints_n] = strndup(s, n);
    return e->endpoints[e->endpoints_n++] != NULL;
}

/* The slash after the last endpoint, which begins the name space; or the end. */
static const char *space_of(const char *where)
{
    const char *last = strrchr(where, ','), *at = strstr(last ? last : where, "://");
    at = at ? strchr(at + 3, '/') : NULL;
    return at ? at : where + strlen(where);
}

struct etcd *etcd_open(const char *where, struct text *why)
{
    struct etcd *e = calloc(1, sizeof *e);
    const char *end = space_of(where), *space = *end && end[1] ? end + 1 : "fairlead";
    bool fine = true;
    if (!e) abort();
    for (const char *s = where; fine && s < end;) {
        size_t n = strcspn(s, ",");
        if (s + n > end) n = (size_t)(end - s);
        fine = add_endpoint(e, s, n);
        s += n + (s[n] == ',');
    }
    if (asprintf(&e->space, "%s/", space) < 0) abort();
    e->client = http_client_new(&nobody);
    if (fine && e->endpoints_n > 0 && !strchr(space, '/')) return e;
    text_addf(why, "'%s' is no list of etcd's client addresses: http://HOST:PORT[,..][/NAMESPACE]",
              where);
    etcd_close(e);
    return NULL;
}

void etcd_close(struct etcd *e)
{
    if (!e) return;
    http_stream_close(e->watch);
    http_client_free(e->client);
    for (size_t i = 0; i < e->endpoints_n; i++) free(e->endpoints[i]);
    free(e->space);
    free(e);
}

/* --- one call --- */

enum answer { ANSWERED, DECLINED, SILENT };

/* A large batch takes its time, above all on a busy machine. */
static duration patience_for(const char *body)
{
    enum { SECOND_BYTES = 128 << 10 };
    return duration_s(PATIENCE_S + (int64_t)(strlen(body) / SECOND_BYTES));
}

/* 4xx: this endpoint is well and says no (no space, no such lease, too large). */
static enum answer ask_one(struct etcd *e, const char *path, const char *body, json_t **out)
{
    char url[512];
    struct http_answer a;
    struct text why = {0};
    snprintf(url, sizeof url, "%s%s", e->endpoints[e->at], path);
    const struct http_request r = {.method = "POST", .url = url, .body = body, .patience = patience_for(body)};
    bool came = http_send(e->client, &r, &a, &why);
    enum answer answer = came && a.status / 100 == 4 ? DECLINED : SILENT;
    *out = came && a.status == 200 ? json_loadb(text_get(&a.body), a.body.n, 0, NULL) : NULL;
    if (came) http_answer_drop(&a);
    text_drop(&why);
    return *out ? ANSWERED : answer;
}

/* Every endpoint once, beginning with the one that answered last. *out is a new reference. */
static bool ask(struct etcd *e, const char *path, const json_t *body, json_t **out)
{
    enum answer answer = SILENT;
    if (!instant_reached(e->silent_until, clock_now())) return false;
    char *s = json_dumps(body, JSON_COMPACT);
    if (!s) abort();
    for (size_t tries = 0; answer == SILENT && tries < e->endpoints_n; tries++) {
        answer = ask_one(e, path, s, out);
        if (answer == SILENT) e->at = (e->at + 1) % e->endpoints_n;
    }
    if (answer == SILENT) e->silent_until = instant_after(clock_now(), duration_ms(SILENCE_MS));
    free(s);
    return answer == ANSWERED;
}

/* --- values --- */

static json_t *coded(const char *s, size_t n)
{
    struct text t = {0};
    base64_add(BASE64_STANDARD, s, n, &t);
    json_t *v = json_string(text_get(&t));
    text_drop(&t);
    return v;
}

static json_t *coded_key(const struct etcd *e, const char *key)
{
    struct text t = {0};
    text_add(&t, e->space);
    text_add(&t, key);
    json_t *v = coded(t.s, t.n);
    text_drop(&t);
    return v;
}

/* The first key after all that begin with the name space: its slash becomes what follows a slash.
 */
static json_t *coded_end(const struct etcd *e)
{
    char end[256];
    size_t n = strlen(e->space);
    snprintf(end, sizeof end, "%s", e->space);
    end[n - 1]++;
    return coded(end, n);
}

static int64_t number(const json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));
    return s ? strtoll(s, NULL, 10) : 0;
}

static json_t *number_json(int64_t n) { return json_sprintf("%lld", (long long)n); }

static bool decoded(const json_t *o, const char *name, struct text *out)
{
    const json_t *v = json_object_get(o, name);
    size_t n = json_string_length(v), used;
    text_clear(out);
    if (!v) return text_add(out, ""), true;
    char *room = malloc(n + 1);
    if (!room) abort();
    bool fine = base64_read(BASE64_STANDARD, json_string_value(v), n, room, n, &used);
    text_add_n(out, room, fine ? used : 0);
    free(room);
    return fine && (used == 0 || !memchr(out->s, '\0', used));
}

struct scratch {
    struct text key, value;
};

static void scratch_drop(struct scratch *s) { text_drop(&s->key), text_drop(&s->value); }

/* False: no key of ours. */
static bool item_of(const struct etcd *e, const json_t *kv, bool deleted, struct scratch *s,
                    struct etcd_item *out)
{
    size_t n = strlen(e->space);
    if (!decoded(kv, "key", &s->key) || !decoded(kv, "value", &s->value)) return false;
    if (s->key.n <= n || memcmp(s->key.s, e->space, n) != 0) return false;
    *out = (struct etcd_item){s->key.s + n, deleted ? NULL : text_get(&s->value),
                              number(kv, "mod_revision")};
    return true;
}

/* --- ranges --- */

/* One page; *last gets the coded key after which the next one begins, NULL at the end. */
static bool read_page(struct etcd *e, json_t *body, etcd_each *each, void *ctx, int64_t *revision,
                      json_t **last)
{
    json_t *answer, *kv;
    size_t i;
    struct scratch s = {0};
    struct etcd_item item;
    *last = NULL;
    if (!ask(e, "/v3/kv/range", body, &answer)) return false;
    if (*revision == 0) *revision = number(json_object_get(answer, "header"), "revision");
    json_array_foreach(json_object_get(answer, "kvs"), i, kv)
    {
        if (item_of(e, kv, false, &s, &item)) each(ctx, &item);
    }
    if (json_is_true(json_object_get(answer, "more")) && s.key.n > 0)
        *last = coded(s.key.s, s.key.n + 1); /* with its NUL: the next possible key */
    scratch_drop(&s);
    json_decref(answer);
    return true;
}

bool etcd_read_all(struct etcd *e, etcd_each *each, void *ctx, int64_t *out_revision)
{
    int64_t revision = 0;
    json_t *from = coded_key(e, "");
    bool fine = true;
    while (fine && from) {
        json_t *body = json_pack("{s:o, s:o, s:i, s:o}", "key", from, "range_end", coded_end(e),
                                 "limit", PAGE, "revision", number_json(revision));
        fine = read_page(e, body, each, ctx, &revision, &from);
        json_decref(body);
    }
    if (fine) *out_revision = revision;
    return fine;
}

bool etcd_revision_of(struct etcd *e, const char *key, int64_t *out)
{
    json_t *answer, *body = json_pack("{s:o, s:b}", "key", coded_key(e, key), "keys_only", 1);
    bool fine = ask(e, "/v3/kv/range", body, &answer);
    if (fine) {
        *out = number(json_array_get(json_object_get(answer, "kvs"), 0), "mod_revision");
        json_decref(answer);
    }
    json_decref(body);
    return fine;
}

/* --- transactions --- */

struct etcd_txn {
    const struct etcd *etcd;
    json_t *body;  /* what is sent */
    json_t *top;   /* its list of operations */
    json_t *level; /* the nested list that is being filled */
};

struct etcd_txn *etcd_txn_new(const struct etcd *e, const char *guard, int64_t expected)
{
    struct etcd_txn *t = calloc(1, sizeof *t);
    if (!t) abort();
    t->etcd = e;
    t->top = json_array();
    t->body = json_pack("{s:[{s:s, s:s, s:o, s:o}], s:o}", "compare", "target", "MOD", "result",
                        "EQUAL", "key", coded_key(e, guard), "mod_revision", number_json(expected),
                        "success", t->top);
    if (!t->body) abort();
    return t;
}

static void txn_add(struct etcd_txn *t, json_t *operation)
{
    if (!t->level || json_array_size(t->level) == OPERATIONS) {
        t->level = json_array();
        json_array_append_new(t->top, json_pack("{s:{s:o}}", "request_txn", "success", t->level));
    }
    json_array_append_new(t->level, operation);
}

void etcd_txn_put(struct etcd_txn *t, const char *key, const char *value, int64_t lease)
{
    txn_add(t, json_pack("{s:{s:o, s:o, s:o}}", "request_put", "key", coded_key(t->etcd, key),
                         "value", coded(value, strlen(value)), "lease", number_json(lease)));
}

void etcd_txn_delete(struct etcd_txn *t, const char *key)
{
    txn_add(t, json_pack("{s:{s:o}}", "request_delete_range", "key", coded_key(t->etcd, key)));
}

enum etcd_result etcd_txn_run(struct etcd *e, const struct etcd_txn *t, int64_t *out_revision)
{
    json_t *answer;
    if (!ask(e, "/v3/kv/txn", t->body, &answer)) return ETCD_SILENT;
    bool done = json_is_true(json_object_get(answer, "succeeded"));
    if (done) *out_revision = number(json_object_get(answer, "header"), "revision");
    json_decref(answer);
    return done ? ETCD_DONE : ETCD_REFUSED;
}

void etcd_txn_drop(struct etcd_txn *t)
{
    json_decref(t->body);
    free(t);
}

/* --- leases --- */

bool etcd_lease_make(struct etcd *e, unsigned ttl_s, int64_t *out_lease)
{
    json_t *answer, *body = json_pack("{s:o}", "TTL", number_json(ttl_s));
    bool fine = ask(e, "/v3/lease/grant", body, &answer);
    if (fine) {
        *out_lease = number(answer, "ID");
        fine = *out_lease != 0;
        json_decref(answer);
    }
    json_decref(body);
    return fine;
}

bool etcd_lease_keep(struct etcd *e, int64_t lease)
{
    json_t *answer, *body = json_pack("{s:o}", "ID", number_json(lease));
    bool fine = ask(e, "/v3/lease/keepalive", body, &answer);
    if (fine) {
        fine = number(json_object_get(answer, "result"), "TTL") > 0;
        json_decref(answer);
    }
    json_decref(body);
    return fine;
}

void etcd_lease_end(struct etcd *e, int64_t lease)
{
    json_t *answer = NULL, *body = json_pack("{s:o}", "ID", number_json(lease));
    if (ask(e, "/v3/lease/revoke", body, &answer)) json_decref(answer);
    json_decref(body);
}

/* --- the watch --- */

static bool is_deletion(const json_t *event)
{
    const char *type = json_string_value(json_object_get(event, "type"));
    return type && strcmp(type, "DELETE") == 0;
}

static void take_events(struct etcd *e, const json_t *events)
{
    json_t *event;
    size_t i;
    struct scratch s = {0};
    struct etcd_item item;
    int64_t revision = 0;
    json_array_foreach(events, i, event)
    {
        if (!item_of(e, json_object_get(event, "kv"), is_deletion(event), &s, &item)) continue;
        if (revision && item.revision != revision) e->hooks.batch_over(e->hooks.ctx);
        revision = item.revision;
        e->hooks.each(e->hooks.ctx, &item);
    }
    if (revision) e->hooks.batch_over(e->hooks.ctx);
    scratch_drop(&s);
}

static void on_line(void *ctx, const char *line, size_t n)
{
    struct etcd *e = ctx;
    json_t *v = json_loadb(line, n, 0, NULL), *result = json_object_get(v, "result");
    if (number(result, "compact_revision") > 0) e->hooks.lost_past(e->hooks.ctx);
    if (!result || json_is_true(json_object_get(result, "canceled"))) e->watch_ended = true;
    take_events(e, json_object_get(result, "events"));
    json_decref(v);
}

void etcd_watch(struct etcd *e, int64_t revision, const struct etcd_watch_hooks *hooks)
{
    char url[512];
    json_t *body = json_pack("{s:{s:o, s:o, s:o}}", "create_request", "key", coded_key(e, ""),
                             "range_end", coded_end(e), "start_revision", number_json(revision));
    char *s = json_dumps(body, JSON_COMPACT);
    const struct http_stream_hooks lines = {e, on_line};
    const struct http_request r = {
        .method = "POST", .url = url, .body = s, .patience = duration_s(PATIENCE_S)};
    snprintf(url, sizeof url, "%s/v3/watch", e->endpoints[e->at]);
    http_stream_close(e->watch);
    e->hooks = *hooks;
    e->watch_ended = false;
    e->watch = http_stream_open(&nobody, &r, &lines);
    free(s);
    json_decref(body);
}

int etcd_watch_fd(const struct etcd *e) { return e->watch ? http_stream_fd(e->watch) : -1; }

bool etcd_watch_turn(struct etcd *e, duration at_most)
{
    if (e->watch && http_stream_turn(e->watch, at_most) && !e->watch_ended) return true;
    http_stream_close(e->watch);
    e->watch = NULL;
    return false;
}

instant etcd_watch_next(const struct etcd *e, instant now)
{
    return e->watch ? http_stream_next(e->watch, now) : NEVER;
}
