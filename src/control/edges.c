/* control/edges.c - see the header. Planning is put off for a moment after a change, and for longer
 * when it takes long, so that many changes in a row cost one plan. A poll waits in a list with its
 * deadline; the plan that raises the revision answers it. */
#include "control/edges.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "control/replicas.h"
#include "intent/intent_json.h"
#include "plan/plan_json.h"
#include "sys/log.h"
#include "sys/loop.h"

enum {
    NAME_MAX_LEN = 40,
    PLAN_DELAY_MS = 5,
    PLAN_SHARE = 4, /* planning takes at most a quarter of the time */
    PLAN_RETRY_S = 1,
    PLAN_AGAIN_MS = 50, /* another process wrote while this one planned */
    PLAN_CEILING = 1 << 30,
    REGISTRY_CEILING = 64 << 20,
    REQUEST_CEILING = 8 << 20,
    WAIT_MAX_S = 60,
    CERTIFICATE_DAYS = 365,
    POLLS_MAX = 2048,
    PATH_NAME = 3, /* segment of the name in /fairlead/v1/edges/NAME */
};

#define EDGE_KEY "edge/"
#define INTENT_KEY "intent/"

struct edge {
    char name[NAME_MAX_LEN + 1];
    json_t *registration;
    char serial[TLS_SERIAL_TEXT]; /* of the only certificate that is good */
    json_t *intent;               /* with its revision; NULL: none was made yet */
    char digest[2 * TLS_DIGEST + 1];
    int64_t revision;
    json_t *evidence; /* NULL: none yet */
    int64_t received_ms;
    instant received;
};

struct poll {
    struct http_exchange *exchange;
    char name[NAME_MAX_LEN + 1], id[API_GUID_TEXT];
    int64_t revision;
    instant due;
};

struct edges {
    struct edge *rows; /* by name */
    size_t n, room;
    struct poll *polls;
    size_t polls_n, polls_room;
    json_t *all;     /* what edges_all_evidence gave last */
    int64_t planned; /* revision of the store that the intents are made from */
    bool dirty;
    bool unread; /* another process changed the registry */
    instant due;
};

struct edges *edges_new(void)
{
    struct edges *e = calloc(1, sizeof *e);
    if (!e) abort();
    e->planned = -1;
    e->due = NEVER;
    return e;
}

static void edge_clear(struct edge *e)
{
    json_decref(e->registration), json_decref(e->intent), json_decref(e->evidence);
}

void edges_drop(struct edges *e)
{
    if (!e) return;
    for (size_t i = 0; i < e->n; i++) edge_clear(&e->rows[i]);
    json_decref(e->all);
    free(e->rows), free(e->polls);
    free(e);
}

/* --- the registry --- */

static size_t place_of(const struct edges *e, const char *name)
{
    size_t at = 0;
    while (at < e->n && strcmp(e->rows[at].name, name) < 0) at++;
    return at;
}

static struct edge *find(struct edges *e, const char *name)
{
    size_t at = place_of(e, name);
    return at < e->n && strcmp(e->rows[at].name, name) == 0 ? &e->rows[at] : NULL;
}

static struct edge *find_or_add(struct edges *e, const char *name)
{
    size_t at = place_of(e, name);
    if (at < e->n && strcmp(e->rows[at].name, name) == 0) return &e->rows[at];
    if (e->n == e->room) {
        e->room = e->room ? 2 * e->room : 16;
        e->rows = realloc(e->rows, e->room * sizeof *e->rows);
        if (!e->rows) abort();
    }
    memmove(e->rows + at + 1, e->rows + at, (e->n - at) * sizeof *e->rows);
    e->n++;
    e->rows[at] = (struct edge){0};
    snprintf(e->rows[at].name, sizeof e->rows[at].name, "%s", name);
    return &e->rows[at];
}

static const char *text_at(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static void load_edge(struct edges *e, const struct store_item *item)
{
    json_t *v = json_loads(item->value, 0, NULL);
    if (v) {
        struct edge *edge = find_or_add(e, item->key + strlen(EDGE_KEY));
        json_decref(edge->registration);
        edge->registration = json_incref(json_object_get(v, "registration"));
        snprintf(edge->serial, sizeof edge->serial, "%s", text_at(v, "serial"));
    }
    json_decref(v);
}

/* An intent's revision outlives the registration: it only ever rises. Returns the store's revision
 * of it, for who wants to write the next. */
static int64_t load_revision(struct control *c, const char *name, int64_t *revision,
                             char digest[static 2 * TLS_DIGEST + 1])
{
    char key[sizeof INTENT_KEY + NAME_MAX_LEN];
    struct arena a;
    struct store_item item = {.revision = STORE_ABSENT};
    snprintf(key, sizeof key, INTENT_KEY "%s", name);
    arena_init(&a, 1 << 20);
    if (store_get(c->store, key, &a, &item) == STORE_OK) {
        json_t *v = json_loads(item.value, 0, NULL);
        *revision = json_integer_value(json_object_get(v, "revision"));
        snprintf(digest, 2 * TLS_DIGEST + 1, "%s", text_at(v, "digest"));
        json_decref(v);
    }
    arena_drop(&a);
    return item.revision;
}

/* An edge that another process registered, or removed. */
static void read_registry_again(struct control *c)
{
    struct edges *e = c->edges;
    struct arena a;
    struct store_items items;
    arena_init(&a, REGISTRY_CEILING);
    if (store_list(c->store, EDGE_KEY, "", SIZE_MAX, &a, &items) == STORE_OK) {
        size_t kept = 0;
        for (size_t i = 0, k = 0; i < e->n; i++) { /* both are in the order of names */
            while (k < items.n &&
                   strcmp(items.items[k].key + strlen(EDGE_KEY), e->rows[i].name) < 0)
                k++;
            if (k < items.n && strcmp(items.items[k].key + strlen(EDGE_KEY), e->rows[i].name) == 0)
                e->rows[kept++] = e->rows[i];
            else
                edge_clear(&e->rows[i]);
        }
        e->n = kept;
        for (size_t i = 0; i < items.n; i++) load_edge(e, &items.items[i]);
        e->unread = false;
        e->dirty = true;
    }
    arena_drop(&a);
}

void edges_noticed(struct edges *e, const char *key)
{
    if (!key || strncmp(key, EDGE_KEY, strlen(EDGE_KEY)) == 0) e->unread = true;
}

bool edges_open(struct control *c, struct text *why)
{
    struct arena a;
    struct store_items items;
    arena_init(&a, REGISTRY_CEILING);
    bool read = store_list(c->store, EDGE_KEY, "", SIZE_MAX, &a, &items) == STORE_OK;
    for (size_t i = 0; read && i < items.n; i++) load_edge(c->edges, &items.items[i]);
    for (size_t i = 0; read && i < c->edges->n; i++)
        load_revision(c, c->edges->rows[i].name, &c->edges->rows[i].revision,
                      c->edges->rows[i].digest);
    if (!read) text_add(why, "the registry of edges cannot be read");
    arena_drop(&a);
    return read;
}

/* --- planning --- */

static void digest_of(const char *s, char out[static 2 * TLS_DIGEST + 1])
{
    unsigned char d[TLS_DIGEST];
    tls_digest(s, strlen(s), d);
    for (size_t i = 0; i < sizeof d; i++) snprintf(out + 2 * i, 3, "%02x", d[i]);
}

static json_t *registrations(const struct edges *e)
{
    json_t *list = json_array();
    for (size_t i = 0; i < e->n; i++) json_array_append(list, e->rows[i].registration);
    return list;
}

/* A new revision is on the store before anybody sees it. */
static bool keep_revision(struct control *c, const struct edge *edge, int64_t revision,
                          const char *digest, int64_t expected)
{
    char key[sizeof INTENT_KEY + NAME_MAX_LEN], value[160];
    snprintf(key, sizeof key, INTENT_KEY "%s", edge->name);
    snprintf(value, sizeof value, "{\"revision\":%lld,\"digest\":\"%s\"}", (long long)revision,
             digest);
    return store_put(c->store, key, value, expected, NULL) == STORE_OK;
}

static bool take_intent(struct control *c, struct edge *edge, const struct intent *intent)
{
    char digest[2 * TLS_DIGEST + 1];
    json_t *json = intent_to_json(intent, true);
    char *bytes = json_dumps(json, JSON_COMPACT);
    if (!bytes) abort();
    digest_of(bytes, digest);
    free(bytes);
    /* Another process may have planned the same already: its revision is ours then. */
    int64_t revision = edge->revision;
    char kept[sizeof edge->digest] = "";
    int64_t expected = load_revision(c, edge->name, &revision, kept);
    if (strcmp(digest, kept) != 0 &&
        !keep_revision(c, edge, ++revision, digest, c->settings->etcd ? expected : STORE_ANY)) {
        json_decref(json);
        return false;
    }
    edge->revision = revision;
    memcpy(edge->digest, digest, sizeof digest);
    json_object_set_new(json, "revision", json_integer(edge->revision));
    json_decref(edge->intent);
    edge->intent = json;
    return true;
}

static void log_problems(const struct problems *ps)
{
    for (const struct problem *p = ps->first; p; p = p->next)
        log_line(LOG_LINE_WARN, "plan", p->where, "%s", p->what);
}

static bool read_resources(struct control *c, const json_t *edges, struct arena *a,
                           struct problems *ps, struct plan_input *out)
{
    const struct api_resource *all;
    size_t n;
    if (!api_rows(c->api, &all, &n)) return false;
    struct plan_resource *rows = arena_take_array(a, n + 1, sizeof *rows);
    for (size_t i = 0; rows && i < n; i++)
        rows[i] = (struct plan_resource){all[i].key, all[i].type, all[i].json};
    return rows && plan_read_rows(rows, n, edges, a, ps, out);
}

static bool plan_now(struct control *c)
{
    struct arena a;
    struct problems ps;
    struct plan_input in;
    struct plan plan = {0};
    if (c->edges->n == 0) return true; /* nobody to plan for */
    json_t *edges = registrations(c->edges);
    arena_init(&a, PLAN_CEILING);
    problems_init(&ps, &a);
    bool fine = read_resources(c, edges, &a, &ps, &in) && plan_make(&in, &a, &plan);
    log_problems(&ps);
    for (size_t i = 0; fine && i < plan.n; i++) {
        struct edge *edge = find(c->edges, plan.rows[i].edge);
        fine = !edge || take_intent(c, edge, &plan.rows[i].intent);
    }
    arena_drop(&a);
    json_decref(edges);
    return fine;
}

static void plan_if_due(struct control *c)
{
    struct edges *e = c->edges;
    if (store_revision(c->store) != e->planned) e->dirty = true;
    if (!e->dirty) return;
    if (e->due.us == INT64_MAX) e->due = instant_after(c->now, duration_ms(PLAN_DELAY_MS));
    if (!instant_reached(e->due, c->now)) return;
    instant begun = clock_now();
    bool fine = plan_now(c);
    int64_t took_us = instant_since(clock_now(), begun).us;
    e->planned = store_revision(c->store);
    e->dirty = !fine;
    e->due = NEVER;
    if (!fine) {
        e->due = instant_after(c->now, c->settings->etcd ? duration_ms(PLAN_AGAIN_MS)
                                                         : duration_s(PLAN_RETRY_S));
        if (!c->settings->etcd)
            log_line(LOG_LINE_ERROR, "plan", "", "intents could not be made; trying again");
    } else if (took_us > PLAN_DELAY_MS * 1000) {
        e->due = instant_after(c->now, duration_us(PLAN_SHARE * took_us));
    }
}

/* --- polls --- */

static void answer_poll(struct control *c, const struct poll *p, const struct edge *edge)
{
    static const char json[] = "application/json; charset=utf-8";
    const struct http_reply_field fields[] = {
        {"x-ms-request-id", p->id}, {"Cache-Control", "no-store"}, {0}};
    bool newer = edge && edge->intent && edge->revision > p->revision;
    char *s = newer ? json_dumps(edge->intent, JSON_COMPACT) : NULL;
    c->answers[2]++;
    http_reply(p->exchange,
               &(struct http_output){s ? 200 : 204, s ? json : NULL, s, s ? strlen(s) : 0, fields});
    free(s);
}

static bool poll_over(const struct poll *p, const struct edge *edge, instant now)
{
    return !edge || (edge->intent && edge->revision > p->revision) || instant_reached(p->due, now);
}

static void end_polls(struct control *c)
{
    struct edges *e = c->edges;
    for (size_t i = 0; i < e->polls_n;) {
        const struct edge *edge = find(e, e->polls[i].name);
        if (!poll_over(&e->polls[i], edge, c->now)) {
            i++;
            continue;
        }
        struct poll p = e->polls[i];
        e->polls[i] = e->polls[--e->polls_n];
        answer_poll(c, &p, edge);
    }
}

static void add_poll(struct control *c, const struct poll *p)
{
    struct edges *e = c->edges;
    if (e->polls_n == POLLS_MAX) {
        answer_poll(c, p, find(e, p->name));
        return;
    }
    if (e->polls_n == e->polls_room) {
        e->polls_room = e->polls_room ? 2 * e->polls_room : 16;
        e->polls = realloc(e->polls, e->polls_room * sizeof *e->polls);
        if (!e->polls) abort();
    }
    e->polls[e->polls_n++] = *p;
}

void edges_gone(struct edges *e, const struct http_exchange *x)
{
    for (size_t i = 0; i < e->polls_n; i++)
        if (e->polls[i].exchange == x) {
            e->polls[i] = e->polls[--e->polls_n];
            return;
        }
}

void edges_turn(struct control *c)
{
    if (c->edges->unread) read_registry_again(c);
    plan_if_due(c);
    end_polls(c);
}

instant edges_next(const struct control *c)
{
    const struct edges *e = c->edges;
    if (e->unread) return c->now;
    bool plan = e->dirty || store_revision(c->store) != e->planned;
    instant next = !plan ? NEVER : e->due.us == INT64_MAX ? c->now : e->due;
    for (size_t i = 0; i < e->polls_n; i++) next = instant_first(next, e->polls[i].due);
    return next;
}

/* --- what an edge asks and tells --- */

static const char *name_in_path(const struct request *r) { return r->target.segments[PATH_NAME]; }

bool edges_check_certificate(struct request *r)
{
    struct tls_peer peer;
    const char *name = name_in_path(r);
    const struct edge *edge = find(r->control->edges, name);
    if (!http_peer(r->exchange, &peer)) {
        reply_error(r, 401, "ClientCertificateRequired",
                    "An edge shows the certificate it got when it was registered.");
        return false;
    }
    r->who = arena_text(r->arena, peer.name);
    if (edge && strcmp(peer.name, name) == 0 && strcmp(peer.serial, edge->serial) == 0) return true;
    reply_error(r, 403, "AuthorizationFailed",
                "This certificate is not the newest one of the edge that the path names.");
    return false;
}

/* A number from `low` to `high`; `absent` when the parameter is not there. */
static bool number_param(const struct request *r, const char *name, int64_t absent, int64_t high,
                         int64_t *out)
{
    const char *s = request_param(r, name);
    char *end;
    *out = absent;
    if (!s) return true;
    *out = strtoll(s, &end, 10);
    return *s >= '0' && *s <= '9' && !*end && *out <= high;
}

void edges_intent(struct request *r)
{
    int64_t wait_s;
    struct poll p = {.exchange = r->exchange};
    if (!number_param(r, "revision", 0, INT64_MAX - 1, &p.revision) ||
        !number_param(r, "wait", 0, WAIT_MAX_S, &wait_s)) {
        reply_error(r, 400, "InvalidRequestUri",
                    "revision is a number, and wait a number of seconds from 0 to %d.", WAIT_MAX_S);
        return;
    }
    snprintf(p.name, sizeof p.name, "%s", name_in_path(r));
    snprintf(p.id, sizeof p.id, "%s", r->id);
    p.due = instant_after(r->control->now, duration_s(wait_s));
    const struct edge *edge = find(r->control->edges, p.name);
    if (poll_over(&p, edge, r->control->now))
        answer_poll(r->control, &p, edge);
    else
        add_poll(r->control, &p);
}

void edges_report(struct request *r)
{
    json_t *evidence = request_json(r);
    if (!evidence) return;
    struct edge *edge = find(r->control->edges, name_in_path(r));
    json_decref(edge->evidence);
    edge->evidence = evidence;
    edge->received = r->control->now;
    edge->received_ms = r->control->now_ms;
    replicas_tell_evidence(r->control, edge->name, evidence);
    reply_empty(r, 204);
}

void edges_take_evidence(struct control *c, const char *name, json_t *evidence, int64_t received_ms)
{
    struct edge *edge = find(c->edges, name);
    if (!edge || !evidence || received_ms < edge->received_ms) return;
    json_decref(edge->evidence);
    edge->evidence = json_incref(evidence);
    edge->received_ms = received_ms;
    edge->received = instant_after(c->now, duration_ms(received_ms - c->now_ms));
}

/* --- what people ask and tell --- */

static double age_s(const struct control *c, const struct edge *edge)
{
    return (double)(instant_since(c->now, edge->received).us / 1000) / 1000.0;
}

static json_t *time_json(int64_t ms)
{
    char s[32];
    time_t t = (time_t)(ms / 1000);
    struct tm tm;
    gmtime_r(&t, &tm);
    strftime(s, sizeof s, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return json_string(s);
}

static json_t *edge_render(const struct control *c, const struct edge *edge)
{
    json_t *o = json_deep_copy(edge->registration);
    json_object_set_new(o, "revision", json_integer(edge->revision));
    if (!edge->evidence) return o;
    json_object_set_new(o, "received_at", time_json(edge->received_ms));
    json_object_set_new(o, "age_s", json_real(age_s(c, edge)));
    json_t *applied = json_object_get(edge->evidence, "revision");
    if (json_is_integer(applied)) json_object_set(o, "applied_revision", applied);
    return o;
}

json_t *edges_all(struct control *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->edges->n; i++)
        json_array_append_new(list, edge_render(c, &c->edges->rows[i]));
    return list;
}

const json_t *edges_all_evidence(struct control *c)
{
    struct edges *e = c->edges;
    json_t *list = json_array();
    for (size_t i = 0; i < e->n; i++)
        if (e->rows[i].evidence)
            json_array_append_new(list, json_pack("{s:s, s:o, s:f, s:O}", "name", e->rows[i].name,
                                                  "received_at", time_json(e->rows[i].received_ms),
                                                  "age_s", age_s(c, &e->rows[i]), "evidence",
                                                  e->rows[i].evidence));
    json_decref(e->all);
    e->all = json_pack("{s:o}", "edges", list);
    return e->all;
}

void edges_evidence(struct request *r) { reply_json(r, 200, edges_all_evidence(r->control)); }

void edges_list(struct request *r)
{
    json_t *body = json_pack("{s:o}", "edges", edges_all(r->control));
    reply_json(r, 200, body);
    json_decref(body);
}

static void not_registered(struct request *r)
{
    reply_error(r, 404, "ResourceNotFound", "No edge of that name is registered.");
}

void edges_show(struct request *r)
{
    const struct edge *edge = find(r->control->edges, name_in_path(r));
    if (!edge) {
        not_registered(r);
        return;
    }
    json_t *body = edge_render(r->control, edge);
    reply_json(r, 200, body);
    json_decref(body);
}

static bool name_fine(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    return n > 0 && n <= NAME_MAX_LEN && !s[n] && s[0] != '-' && s[0] != '.';
}

/* The entry as it will be kept; NULL after an answer. */
static json_t *read_registration(struct request *r, const char *name)
{
    struct problems ps;
    struct plan_edge edge = {0};
    json_t *body = request_json(r), *kept = NULL;
    if (!body) return NULL;
    if (!json_object_get(body, "name")) json_object_set_new(body, "name", json_string(name));
    problems_init(&ps, r->arena);
    plan_edge_read(body, r->arena, &ps, &edge);
    if (ps.count == 0 && strcmp(edge.name, name) != 0)
        problem_add(&ps, "/name", "the name of the path", name, "the name differs from the path's");
    if (ps.count == 0)
        kept = plan_edge_write(&edge);
    else
        reply_problems(r, &ps);
    json_decref(body);
    return kept;
}

static bool keep_registration(struct control *c, const char *name, const json_t *registration,
                              const char *serial)
{
    char key[sizeof EDGE_KEY + NAME_MAX_LEN];
    json_t *v = json_pack("{s:O, s:s}", "registration", registration, "serial", serial);
    char *s = json_dumps(v, JSON_COMPACT);
    snprintf(key, sizeof key, EDGE_KEY "%s", name);
    bool kept = store_put(c->store, key, s, STORE_ANY, NULL) == STORE_OK;
    free(s);
    json_decref(v);
    return kept;
}

static void registered(struct request *r, const char *name, json_t *registration,
                       const struct tls_pair *pair, const char *serial)
{
    struct control *c = r->control;
    bool fresh = !find(c->edges, name);
    struct edge *edge = find_or_add(c->edges, name);
    json_decref(edge->registration);
    edge->registration = json_incref(registration);
    snprintf(edge->serial, sizeof edge->serial, "%s", serial);
    if (fresh) load_revision(c, edge->name, &edge->revision, edge->digest);
    json_t *body = edge_render(c, edge);
    json_object_set_new(body, "credentials",
                        json_pack("{s:s, s:s, s:s}", "cert", text_get(&pair->cert), "key",
                                  text_get(&pair->key), "ca",
                                  text_get(&c->installation.secrets.authority.cert)));
    reply_json(r, fresh ? 201 : 200, body);
    json_decref(body);
}

void edges_register(struct request *r)
{
    struct control *c = r->control;
    const char *name = name_in_path(r);
    char serial[TLS_SERIAL_TEXT];
    struct tls_pair pair = {0};
    struct text why = {0};
    if (!name_fine(name)) {
        reply_error(r, 400, "InvalidResourceName",
                    "The name of an edge is at most %d letters, digits, '-', '_' and '.', and "
                    "begins with none of the last two signs.",
                    NAME_MAX_LEN);
        return;
    }
    json_t *registration = read_registration(r, name);
    if (!registration) return;
    const struct tls_subject who = {.name = name, .client = true, .days = CERTIFICATE_DAYS};
    if (!tls_issue(&c->installation.secrets.authority, &who, c->now_ms / 1000, &pair, serial,
                   &why)) {
        log_line(LOG_LINE_ERROR, "certificate", name, "%s", text_get(&why));
        reply_error(r, 500, "InternalServerError", "No certificate could be made.");
    } else if (!keep_registration(c, name, registration, serial)) {
        reply_error(r, 503, "ServiceUnavailable", "The store does not take the registration.");
    } else {
        registered(r, name, registration, &pair, serial);
    }
    tls_pair_drop(&pair);
    text_drop(&why);
    json_decref(registration);
}

void edges_remove(struct request *r)
{
    struct edges *e = r->control->edges;
    char key[sizeof EDGE_KEY + NAME_MAX_LEN];
    struct edge *edge = find(e, name_in_path(r));
    if (!edge) {
        reply_empty(r, 204);
        return;
    }
    snprintf(key, sizeof key, EDGE_KEY "%s", edge->name);
    if (store_delete(r->control->store, key, STORE_ANY) != STORE_OK) {
        reply_error(r, 503, "ServiceUnavailable", "The store does not take the change.");
        return;
    }
    edge_clear(edge);
    size_t at = (size_t)(edge - e->rows);
    memmove(edge, edge + 1, (e->n - at - 1) * sizeof *edge);
    e->n--;
    reply_empty(r, 200);
}
