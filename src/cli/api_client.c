/* cli/api_client.c - OAuth 2.0 client credentials (RFC 6749 4.4) and JSON over HTTPS. */
#include "cli/api_client.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "sys/http_client.h"
#include "sys/loop.h"

struct api_client {
    json_t *account;
    struct http_client *http;
    struct text authorization; /* header "Authorization: Bearer ..."; empty: no token yet */
};

static const char *account_text(const struct api_client *c, const char *key)
{
    const char *s = json_string_value(json_object_get(c->account, key));
    return s ? s : "";
}

struct api_client *api_client_open(const char *account_file, struct text *why)
{
    json_error_t fault;
    json_t *account = json_load_file(account_file, 0, &fault);
    if (!account) {
        text_addf(why, "cannot read the account %s: %s", account_file, fault.text);
        return NULL;
    }
    struct api_client *c = calloc(1, sizeof *c);
    if (!c) abort();
    c->account = account;
    c->http = http_client_new(&(struct http_identity){.ca_file = account_text(c, "caFile")});
    return c;
}

void api_client_close(struct api_client *c)
{
    if (!c) return;
    http_client_free(c->http);
    text_drop(&c->authorization);
    json_decref(c->account);
    free(c);
}

const char *api_client_subscription(const struct api_client *c)
{
    return account_text(c, "subscriptionId");
}
const char *api_client_endpoint(const struct api_client *c) { return account_text(c, "endpoint"); }

/* Form encoding of RFC 3986's unreserved set; all else as %XX. */
static void add_form(struct text *t, const char *key, const char *value)
{
    static const char *const plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    text_addf(t, "%s%s=", t->n ? "&" : "", key);
    for (; *value; value++) {
        if (strchr(plain, *value))
            text_add_n(t, value, 1);
        else
            text_addf(t, "%%%02X", (unsigned char)*value);
    }
}

static bool take_token(struct api_client *c, const struct http_answer *a, struct text *why)
{
    json_t *answer = json_loads(text_get(&a->body), 0, NULL);
    const char *token = json_string_value(json_object_get(answer, "access_token"));
    const char *error = json_string_value(json_object_get(answer, "error"));
    text_clear(&c->authorization);
    if (a->status == 200 && token)
        text_addf(&c->authorization, "Authorization: Bearer %s", token);
    else
        text_addf(why, "signing in at %s: %u %s", api_client_endpoint(c), a->status,
                  error ? error : "");
    json_decref(answer);
    return c->authorization.n > 0;
}

static bool sign_in(struct api_client *c, struct text *why)
{
    struct text url = {0}, form = {0}, scope = {0};
    struct http_answer a;
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
    text_addf(&url, "%s/%s/oauth2/v2.0/token", api_client_endpoint(c), account_text(c, "tenantId"));
    text_addf(&scope, "%s/.default", api_client_endpoint(c));
    add_form(&form, "grant_type", "client_credentials");
    add_form(&form, "client_id", account_text(c, "clientId"));
    add_form(&form, "client_secret", account_text(c, "clientSecret"));
    add_form(&form, "scope", text_get(&scope));
    struct http_request r = {
        .method = "POST", .url = text_get(&url), .headers = headers, .body = text_get(&form)};
    bool signed_in = http_send(c->http, &r, &a, why) && take_token(c, &a, why);
    http_answer_drop(&a);
    text_drop(&url), text_drop(&form), text_drop(&scope);
    return signed_in;
}

static bool send_once(struct api_client *c, const char *method, const char *path, const char *body,
                      struct http_answer *a, struct text *why)
{
    struct text url = {0};
    const char *const headers[] = {text_get(&c->authorization), "Content-Type: application/json",
                                   "Accept: application/json", NULL};
    text_addf(&url, "%s%s", api_client_endpoint(c), path);
    struct http_request r = {
        .method = method, .url = text_get(&url), .headers = headers, .body = body};
    bool answered = http_send(c->http, &r, a, why);
    text_drop(&url);
    return answered;
}

/* "https://host:port/path?query" -> "/path?query": polls go to the endpoint we know (RB-212). */
static void path_of(const char *url, char *out, size_t room)
{
    const char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL;
    snprintf(out, room, "%s", path ? path : "");
}

static void take_answer(const struct http_answer *a, struct api_answer *out)
{
    out->status = a->status;
    out->retry_after_s = a->retry_after_s;
    out->json = json_loads(text_get(&a->body), JSON_DECODE_ANY, NULL);
    path_of(a->operation, out->operation, sizeof out->operation);
    path_of(a->location, out->location, sizeof out->location);
}

void api_answer_drop(struct api_answer *a)
{
    json_decref(a->json);
    *a = (struct api_answer){0};
}

void api_client_send(struct api_client *c, const char *method, const char *path, const json_t *body,
                     struct api_answer *out, struct text *why)
{
    enum { UNAUTHORIZED = 401 };
    struct http_answer a = {0};
    bool fresh = c->authorization.n == 0;
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    *out = (struct api_answer){0};
    bool answered = (!fresh || sign_in(c, why)) && send_once(c, method, path, text, &a, why);
    if (answered && a.status == UNAUTHORIZED && !fresh) {
        http_answer_drop(&a);
        answered = sign_in(c, why) && send_once(c, method, path, text, &a, why);
    }
    if (answered) take_answer(&a, out);
    http_answer_drop(&a);
    free(text);
}

unsigned api_client_call(struct api_client *c, const char *method, const char *path,
                         const json_t *body, json_t **out, struct text *why)
{
    struct api_answer a;
    api_client_send(c, method, path, body, &a, why);
    *out = a.json;
    return a.status;
}

/* --- long operations --- */

static const char *state_in(const json_t *json)
{
    const char *s = json_string_value(json_object_get(json, "status"));
    return s ? s : "InProgress";
}

static duration pause_between(const struct api_answer *a, unsigned polls)
{
    unsigned asked = a->retry_after_s ? a->retry_after_s : 1;
    return polls == 0 ? duration_ms(100) : duration_s(asked);
}

static void sleep_for(duration d)
{
    struct timespec t = {d.us / 1000000, d.us % 1000000 * 1000};
    while (nanosleep(&t, &t) != 0 && errno == EINTR) {
    }
}

enum poll { POLL_AGAIN, POLL_DONE, POLL_FAILED, POLL_LOST };

/* `operation`: the path tells a state; else it is a Location, which answers 202 until it is done.
 */
static enum poll poll_once(struct api_client *c, const char *path, bool operation,
                           struct api_answer *got, struct text *why)
{
    enum { ACCEPTED = 202, BAD = 400 };
    api_client_send(c, "GET", path, NULL, got, why);
    if (got->status == 0) return POLL_LOST;
    if (got->status >= BAD) return POLL_FAILED;
    if (!operation) return got->status == ACCEPTED ? POLL_AGAIN : POLL_DONE;
    const char *state = state_in(got->json);
    if (strcmp(state, "Succeeded") == 0) return POLL_DONE;
    bool failed = strcmp(state, "Failed") == 0 || strcmp(state, "Canceled") == 0;
    return failed ? POLL_FAILED : POLL_AGAIN;
}

static void replace_json(struct api_answer *a, struct api_answer *by)
{
    json_decref(a->json);
    a->json = by->json;
    by->json = NULL;
}

enum api_end api_client_finish(struct api_client *c, struct api_answer *a,
                               const struct api_patience *p, struct text *why)
{
    bool operation = a->operation[0] != 0;
    const char *path = operation ? a->operation : a->location;
    instant begun = clock_now();
    if (!path[0]) return API_END_DONE;
    for (unsigned polls = 0;; polls++) {
        struct api_answer got;
        enum poll is = poll_once(c, path, operation, &got, why);
        duration elapsed = instant_since(clock_now(), begun), pause = pause_between(&got, polls);
        if (is == POLL_FAILED || (is == POLL_DONE && !operation)) replace_json(a, &got);
        if (is == POLL_AGAIN && p->waiting) p->waiting(p->ctx, state_in(got.json), elapsed);
        api_answer_drop(&got);
        if (is == POLL_DONE) return API_END_DONE;
        if (is == POLL_FAILED) return API_END_FAILED;
        if (is == POLL_LOST) return API_END_LOST;
        if (p->limit.us > 0 && elapsed.us >= p->limit.us) return API_END_LATE;
        sleep_for(pause);
    }
}
