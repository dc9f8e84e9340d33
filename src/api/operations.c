/* api/operations.c - what takes time. An operation is a record in the store, written in one batch
 * with the change it belongs to, so that it survives the process; the list of running ones in
 * memory only says what is busy and when to wake up. The end of an operation is one batch as well:
 * the resource's new state and the operation's. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/api_priv.h"
#include "base/text.h"

enum {
    KEPT_MS = 24 * 3600 * 1000, /* an ended operation stays readable this long */
    PRUNE_EVERY_MS = 3600 * 1000,
    RESUME_WITHIN_MS = 30 * 1000, /* after a restart everything has ended by then */
    RETRY_MS = 1000,
    PRUNE_PAGE = 500,
    ENDS_A_TURN = 8, /* whoever asks meanwhile has a turn between them */
};

static const char *op_key(struct call *c, const char *id)
{
    const char *lower = resource_key(id, &c->arena);
    const char *k = arena_printf(&c->arena, "op/%s", lower ? lower : "");
    return k ? k : "op";
}

static int64_t lasts_ms(const struct api *a, unsigned ms)
{
    return (int64_t)((double)ms * a->world.pace);
}

unsigned operation_wait_s(const struct api *a, unsigned ms)
{
    int64_t s = lasts_ms(a, ms) / 3000;
    return s < 1 ? 1 : s > 10 ? 10 : (unsigned)s;
}

/* Two indexes beside the records: "running/GUID" while one runs, so that a start reads no more than
 * that, and "ended/TIME/GUID" after, so that the oldest come first to be forgotten. */
static const char *running_key(struct call *c, const char *id)
{
    const char *k = arena_printf(&c->arena, "running/%s", id);
    return k ? k : "running";
}

static const char *ended_key(struct call *c, const char *id, int64_t ms)
{
    const char *k = arena_printf(&c->arena, "ended/%015" PRId64 "/%s", ms, id);
    return k ? k : "ended";
}

/* --- start --- */

static json_t *text_list(const char *const *texts, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(list, json_string(texts[i]));
    return list;
}

/* What takes no time ends in the batch it begins in: one write to stable storage, not two. */
static bool ends_at_once(const struct api *a, const struct operation_start *s)
{
    bool simple = strcmp(s->what, "write") == 0 || strcmp(s->what, "delete") == 0;
    return simple && lasts_ms(a, s->ms) == 0;
}

static void end_key(struct call *c, const char *what, const char *key);

const char *operation_add(struct call *c, const struct operation_start *s)
{
    const char *id = call_guid(c);
    bool ended = ends_at_once(c->api, s);
    for (size_t i = 0; ended && i < s->keys_n; i++) end_key(c, s->what, s->keys[i]);
    json_t *op =
        own(c, json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:I, s:I, s:s, s:s, s:s}", "id", id,
                         "what", s->what, "root", s->root, "keys", text_list(s->keys, s->keys_n),
                         "subscription", c->sub->id, "status", ended ? "Succeeded" : "InProgress",
                         "started", (json_int_t)c->now_ms, "due",
                         (json_int_t)(c->now_ms + lasts_ms(c->api, s->ms)), "location",
                         s->location ? s->location : "", "action", s->action ? s->action : "",
                         "argument", s->argument ? s->argument : ""));
    if (!op) abort();
    if (ended) json_object_set_new(op, "ended", json_integer(c->now_ms));
    put_json(c, op_key(c, id), op, STORE_ABSENT);
    put_text(c, ended ? ended_key(c, id, c->now_ms) : running_key(c, id), "{}", STORE_ABSENT);
    return id;
}

static void running_add(struct api *a, const char *id, const char *root, int64_t due_ms)
{
    if (a->running_n == a->running_room) {
        a->running_room = a->running_room ? a->running_room * 2 : 16;
        a->running = realloc(a->running, a->running_room * sizeof *a->running);
        if (!a->running) abort();
    }
    struct running *r = &a->running[a->running_n++];
    size_t n = strlen(root) + 1;
    r->root = malloc(n);
    if (!r->root) abort();
    memcpy(r->root, root, n);
    snprintf(r->id, sizeof r->id, "%s", id);
    r->due_ms = due_ms;
}

void operation_started(struct call *c, const char *id, const struct operation_start *s)
{
    if (ends_at_once(c->api, s)) return;
    running_add(c->api, id, s->root, c->now_ms + lasts_ms(c->api, s->ms));
}

const char *operation_url(struct call *c, const char *id, const char *location, const char *what)
{
    const char *url = arena_printf(
        &c->arena,
        "%s/subscriptions/%s/providers/Microsoft.Network/locations/%s/%s/%s?api-version=%s",
        c->req->base_url, c->sub->id, target_encode(*location ? location : "global", &c->arena),
        what, id, target_encode(c->version && *c->version ? c->version : "2022-01-01", &c->arena));
    return url ? url : "";
}

bool operation_idle(struct call *c, const char *root)
{
    for (size_t i = 0; i < c->api->running_n; i++) {
        const struct running *r = &c->api->running[i];
        if (strcmp(r->root, root) != 0) continue;
        answer_header(c, "Retry-After", "1");
        return FAIL(
            c, AnotherOperationInProgress, "",
            "Another operation on this or a dependent resource is in progress. To retrieve the "
            "status of the operation use uri: %s.",
            operation_url(c, r->id, "global", "operations"));
    }
    return true;
}

/* --- ask --- */

/* The operation, if it is one of the path's subscription and the caller may see its resource. */
static json_t *op_of_caller(struct call *c, const char *id)
{
    json_t *op = strlen(id) < API_GUID_TEXT ? load_json(c, op_key(c, id), NULL) : NULL;
    const char *subscription = json_string_value(json_object_get(op, "subscription"));
    const char *root = json_string_value(json_object_get(op, "root"));
    if (c->faults.n > 0) return NULL;
    if (!subscription || !root || !text_same_nocase(subscription, c->sub->id)) {
        fault_add(&c->faults, FAULT_OperationNotFound, "", "The operation '%s' was not found.", id);
        return NULL;
    }
    return op;
}

static bool has_status(const json_t *op, const char *status)
{
    return strcmp(json_string_value(json_object_get(op, "status")), status) == 0;
}

void operation_show(struct call *c, const char *id)
{
    const json_t *op = op_of_caller(c, id);
    if (!op) return;
    json_t *body = own(c, json_pack("{s:O, s:O}", "name", json_object_get(op, "id"), "status",
                                    json_object_get(op, "status")));
    if (json_object_get(op, "error")) json_object_set(body, "error", json_object_get(op, "error"));
    if (has_status(op, "InProgress")) answer_header(c, "Retry-After", "1");
    answer_json(c, 200, body);
}

static void result_of_ended(struct call *c, const json_t *op)
{
    const char *what = json_string_value(json_object_get(op, "what"));
    const char *key = json_string_value(json_array_get(json_object_get(op, "keys"), 0));
    if (strcmp(what, "action") == 0 && json_is_null(json_object_get(op, "result"))) {
        answer_empty(c, 200);
    } else if (strcmp(what, "action") == 0) {
        answer_json(c, 200, json_object_get(op, "result"));
    } else if (strcmp(what, "delete") == 0) {
        answer_empty(c, 204);
    } else {
        const struct record *r = key && strcmp(what, "write") == 0 ? record_load(c, key) : NULL;
        if (r)
            answer_json(c, 200, resource_render(c, r));
        else
            answer_empty(c, 200);
    }
}

void operation_result(struct call *c, const char *id)
{
    const json_t *op = op_of_caller(c, id);
    if (!op) return;
    const char *location = json_string_value(json_object_get(op, "location"));
    answer_header(c, "Location", "%s",
                  operation_url(c, id, location ? location : "", "operationResults"));
    if (has_status(op, "InProgress")) {
        answer_header(c, "Retry-After", "1");
        answer_empty(c, 202);
    } else if (has_status(op, "Failed")) {
        json_t *body = own(c, json_pack("{s:O}", "error", json_object_get(op, "error")));
        answer_json(c, 409, body);
    } else {
        result_of_ended(c, op);
    }
}

/* --- end --- */

static void end_write(struct call *c, struct record *r, enum resource_event event)
{
    enum resource_state state = record_state(r);
    if (!resource_state_step(&state, event)) return;
    record_state_set(r, state);
    json_object_set_new(r->json, "etag", json_string(call_etag(c)));
    json_object_del(record_internal(r), "new");
    record_save(c, r);
}

static void end_key(struct call *c, const char *what, const char *key)
{
    struct record *r = record_load(c, key);
    if (!r) return;
    if (strcmp(what, "delete") == 0) {
        resource_destroy(c, r);
    } else if (strcmp(what, "write") == 0) {
        if (kind_hooks[r->kind].finish) kind_hooks[r->kind].finish(c, r);
        if (c->faults.n == 0) end_write(c, r, EVENT_DONE);
    }
}

/* A large group goes in parts, each a batch of its own; children come after their parents and go
 * with them. */
static void end_group(struct call *c, const char *key)
{
    enum { PART = STORE_BATCH_MAX / 4 }; /* of the writes in a batch; one resource may need many */
    const char *prefix = arena_printf(&c->arena, "%s/", key);
    struct keys all = keys_under(c, prefix ? prefix : key);
    for (size_t i = 0; i < all.n; i++) {
        const struct record *r = record_load(c, all.keys[i]);
        if (r) resource_destroy(c, r);
        c->part = c->writes_n > PART && i + 1 < all.n;
        if (c->part) return;
    }
    remove_key(c, key);
}

static void end_action(struct call *c, json_t *op, const char *key)
{
    const struct record *r = record_load(c, key);
    const char *action = json_string_value(json_object_get(op, "action"));
    const char *argument = json_string_value(json_object_get(op, "argument"));
    json_t *result = r ? live_make(c, r, action, argument) : NULL;
    json_object_set_new(op, "result", result ? result : json_pack("{s:[]}", "value"));
}

static void end_deployment(struct call *c, json_t *op, const char *key)
{
    json_t *error = deployment_end(c, key);
    if (error) json_object_set_new(op, "error", error);
}

static void end_parts(struct call *c, json_t *op)
{
    const char *what = json_string_value(json_object_get(op, "what"));
    json_t *keys = json_object_get(op, "keys"), *key;
    size_t i;
    json_array_foreach(keys, i, key)
    {
        if (strcmp(what, "group") == 0)
            end_group(c, json_string_value(key));
        else if (strcmp(what, "deployment") == 0)
            end_deployment(c, op, json_string_value(key));
        else if (strcmp(what, "action") == 0)
            end_action(c, op, json_string_value(key));
        else
            end_key(c, what, json_string_value(key));
    }
}

static void end_failed(struct call *c, json_t *op)
{
    struct fault why = c->faults.rows[0];
    json_t *keys = json_object_get(op, "keys"), *key;
    size_t i;
    c->faults.n = 0;
    c->writes_n = 0;
    json_array_foreach(keys, i, key)
    {
        struct record *r = record_load(c, json_string_value(key));
        if (r) end_write(c, r, EVENT_FAILED);
    }
    json_object_set_new(
        op, "error", json_pack("{s:s, s:s}", "code", fault_name(why.code), "message", why.message));
}

static bool is_passing(const struct faults *fs) /* the store's trouble, not the resource's */
{
    for (size_t i = 0; i < fs->n; i++)
        if (fault_status(fs->rows[i].code) >= 500 ||
            fs->rows[i].code == FAULT_AnotherOperationInProgress)
            return true;
    return false;
}

/* True when the operation has ended (or is gone), false when it must be tried again: now, if others
 * outran it, else later. */
static bool end_once(struct api *a, const char *id, int64_t now_ms, bool *outrun)
{
    struct call c;
    int64_t revision = 0;
    call_init(&c, a, now_ms);
    json_t *op = load_json(&c, op_key(&c, id), &revision);
    bool ended = c.faults.n == 0;
    if (op && has_status(op, "InProgress")) {
        end_parts(&c, op);
        if (c.part) {
            bool written = call_commit(&c);
            *outrun = written || c.outrun; /* the next part, or this one again */
            call_drop(&c);
            return false;
        }
        ended = !c.again && !is_passing(&c.faults);
        if (c.faults.n > 0 && ended) end_failed(&c, op);
        bool failed = c.faults.n > 0 || json_object_get(op, "error");
        json_object_set_new(op, "status", json_string(failed ? "Failed" : "Succeeded"));
        json_object_set_new(op, "ended", json_integer(now_ms));
        put_json(&c, op_key(&c, id), op, revision);
        remove_key(&c, running_key(&c, id));
        put_text(&c, ended_key(&c, id, now_ms), "{}", STORE_ANY);
        ended = ended && call_commit(&c);
    }
    *outrun = c.outrun;
    call_drop(&c);
    return ended;
}

static bool operation_end(struct api *a, const char *id, int64_t now_ms)
{
    enum { TRIES = 1000 }; /* the parts of a large group among them */
    bool again = true;
    for (int i = 0; again && i < TRIES; i++) {
        again = false;
        if (store_sync(a->world.store) != STORE_OK) return false;
        if (end_once(a, id, now_ms, &again)) return true;
    }
    return false;
}

static void running_remove(struct api *a, size_t i)
{
    free(a->running[i].root);
    memmove(a->running + i, a->running + i + 1, (a->running_n - i - 1) * sizeof *a->running);
    a->running_n--;
}

static size_t running_place(const struct api *a, const char *id) /* running_n: it is not there */
{
    size_t at = 0;
    while (at < a->running_n && strcmp(a->running[at].id, id) != 0) at++;
    return at;
}

/* Forgets the oldest operations, at most a page at a time. */
static void prune(struct api *a, int64_t now_ms)
{
    struct call c;
    struct store_items page;
    size_t removed = 0;
    call_init(&c, a, now_ms);
    bool read = store_keys(a->world.store, "ended/", "", PRUNE_PAGE, &c.arena, &page) == STORE_OK;
    for (size_t i = 0; read && i < page.n; i++, removed++) {
        const char *key = page.items[i].key, *id = strrchr(key, '/') + 1;
        if (strtoll(key + strlen("ended/"), NULL, 10) + KEPT_MS > now_ms) break;
        remove_key(&c, op_key(&c, id));
        remove_key(&c, key);
    }
    bool written = call_commit(&c);
    if (!written || removed < PRUNE_PAGE) a->pruned_ms = now_ms;
    call_drop(&c);
}

static bool leads(const struct api *a) { return !a->world.leads || a->world.leads(a->world.ctx); }

void api_tick(struct api *a, int64_t now_ms)
{
    if (!leads(a)) return;
    /* In the order they began, because some wait for others. What other processes do meanwhile may
     * change the list. The lead ends those of all processes, which is work without end when they write much. */
    for (size_t i = 0, ends = 0; i < a->running_n && ends < ENDS_A_TURN;) {
        char id[API_GUID_TEXT];
        if (a->running[i].due_ms > now_ms) {
            i++;
            continue;
        }
        memcpy(id, a->running[i].id, sizeof id);
        bool ended = operation_end(a, id, now_ms);
        ends++;
        size_t at = running_place(a, id);
        if (at < a->running_n && !ended) a->running[at].due_ms = now_ms + RETRY_MS;
        if (at < a->running_n && ended) running_remove(a, at);
        i = 0;
    }
    if (now_ms - a->pruned_ms > PRUNE_EVERY_MS) prune(a, now_ms);
}

int64_t api_next(const struct api *a)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; leads(a) && i < a->running_n; i++)
        if (a->running[i].due_ms < next) next = a->running[i].due_ms;
    return next;
}

/* Takes up an operation from its record, or forgets one that has ended. */
static void take_up(struct call *c, const char *id, int64_t due_most)
{
    struct api *a = c->api;
    size_t at = running_place(a, id);
    const json_t *op = load_json(c, op_key(c, id), NULL);
    bool runs = op && has_status(op, "InProgress");
    if (at < a->running_n && !runs) running_remove(a, at);
    if (at < a->running_n || !runs) return;
    int64_t due = json_integer_value(json_object_get(op, "due"));
    running_add(a, id, json_string_value(json_object_get(op, "root")),
                due < due_most ? due : due_most);
}

bool operations_resume(struct api *a, int64_t now_ms)
{
    struct call c;
    call_init(&c, a, now_ms);
    struct keys all = keys_under(&c, "running/");
    for (size_t i = 0; i < all.n && c.faults.n == 0; i++)
        take_up(&c, all.keys[i] + strlen("running/"),
                now_ms + RESUME_WITHIN_MS); /* were the clock set */
    bool fine = c.faults.n == 0;
    call_drop(&c);
    a->pruned_ms = now_ms;
    return fine;
}

void api_noticed(struct api *a, const char *key, int64_t now_ms)
{
    static const char prefix[] = "running/";
    struct call c;
    if (key && strncmp(key, prefix, strlen(prefix)) != 0) return;
    while (!key && a->running_n > 0) running_remove(a, 0);
    if (!key && !operations_resume(a, now_ms)) return;
    if (!key) return;
    call_init(&c, a, now_ms);
    take_up(&c, key + strlen(prefix), INT64_MAX);
    call_drop(&c);
}
