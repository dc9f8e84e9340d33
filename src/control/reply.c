/* control/reply.c - from values to the bytes of an answer, with what every answer carries. Nothing
 * in a header comes from the request (RB-13C); an error names its code and never our insides
 * (RB-13E). */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "control/control.h"
#include "sys/entropy.h"

enum { FIELDS = API_HEADERS_MAX + 6 };

#define JSON_TYPE "application/json; charset=utf-8"

struct fields {
    struct http_reply_field rows[FIELDS];
    size_t n;
};

static void field(struct fields *f, const char *name, const char *value)
{
    if (f->n + 1 < FIELDS) f->rows[f->n++] = (struct http_reply_field){name, value};
}

static void send_reply(struct request *r, struct http_output *o, struct fields *f)
{
    if (o->status >= 100 && o->status < 600) r->control->answers[o->status / 100]++;
    o->fields = f->rows;
    http_reply(r->exchange, o);
}

static struct fields own_fields(const struct request *r)
{
    struct fields f = {0};
    field(&f, "x-ms-request-id", r->id);
    field(&f, "Cache-Control", "no-store");
    return f;
}

static void send_text(struct request *r, unsigned status, const char *type, const char *s, size_t n,
                      struct fields *f)
{
    struct http_output o = {.status = status, .type = n ? type : NULL, .body = s, .n = n};
    send_reply(r, &o, f);
}

static void send_json(struct request *r, unsigned status, const json_t *body, struct fields *f)
{
    char *s = json_dumps(body, JSON_COMPACT);
    if (!s) abort();
    send_text(r, status, JSON_TYPE, s, strlen(s), f);
    free(s);
}

void reply_json(struct request *r, unsigned status, const json_t *body)
{
    struct fields f = own_fields(r);
    audit_note(r, status, "");
    send_json(r, status, body, &f);
}

void reply_text(struct request *r, const char *type, const struct text *body)
{
    struct fields f = own_fields(r);
    field(&f, "Content-Security-Policy",
          "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; "
          "form-action 'none'");
    field(&f, "Referrer-Policy", "no-referrer");
    send_text(r, 200, type, text_get(body), body->n, &f);
}

void reply_document(struct request *r, unsigned status, const char *type, const struct text *body,
                    unsigned max_age_s)
{
    struct fields f = {0};
    field(&f, "x-ms-request-id", r->id);
    const char *age = arena_printf(r->arena, "public, max-age=%u", max_age_s);
    field(&f, "Cache-Control", max_age_s && age ? age : "no-store");
    field(&f, "X-Content-Type-Options", "nosniff");
    send_text(r, status, type, text_get(body), body->n, &f);
}

void reply_empty(struct request *r, unsigned status)
{
    struct fields f = own_fields(r);
    audit_note(r, status, "");
    send_text(r, status, NULL, NULL, 0, &f);
}

static json_t *error_body(const char *code, const char *message)
{
    return json_pack("{s:{s:s, s:s}}", "error", "code", code, "message", message);
}

void reply_busy(struct request *r, unsigned wait_s, const char *what)
{
    struct fields f = own_fields(r);
    json_t *body = error_body("TooManyRequests", what);
    const char *wait = arena_printf(r->arena, "%u", wait_s);
    if (wait) field(&f, "Retry-After", wait);
    audit_note(r, 429, "TooManyRequests");
    send_json(r, 429, body, &f);
    json_decref(body);
}

/* What an error of this status says beside its body. */
static void error_fields(const struct request *r, unsigned status, struct fields *f)
{
    if (status == 401) {
        const char *value = arena_printf(
            r->arena, "Bearer authorization_uri=\"%s/adfs\", error=\"invalid_token\"", r->base_url);
        if (value) field(f, "WWW-Authenticate", value);
    }
    if (status == 429 || status == 503) field(f, "Retry-After", "1");
    if (status == 405) field(f, "Allow", "GET, HEAD, PUT, PATCH, POST, DELETE");
}

void reply_error(struct request *r, unsigned status, const char *code, const char *fmt, ...)
{
    char message[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    struct fields f = own_fields(r);
    json_t *body = error_body(code, message);
    error_fields(r, status, &f);
    audit_note(r, status, code);
    send_json(r, status, body, &f);
    json_decref(body);
}

static json_t *problem_detail(const struct problem *p)
{
    struct text t = {0};
    text_addf(&t, "%s", p->what);
    if (*p->rule) text_addf(&t, "; the rule: %s", p->rule);
    if (*p->fix) text_addf(&t, "; write: %s", p->fix);
    json_t *detail = json_pack("{s:s, s:s, s:s}", "code", "InvalidRequestFormat", "target",
                               p->where, "message", text_get(&t));
    text_drop(&t);
    return detail;
}

void reply_problems(struct request *r, const struct problems *ps)
{
    struct fields f = own_fields(r);
    json_t *details = json_array(), *body;
    for (const struct problem *p = ps->first; p; p = p->next)
        json_array_append_new(details, problem_detail(p));
    json_t *first = json_array_get(details, 0);
    body = json_pack("{s:{s:s, s:O, s:O, s:O}}", "error", "code", "InvalidRequestFormat", "target",
                     json_object_get(first, "target"), "message", json_object_get(first, "message"),
                     "details", details);
    audit_note(r, 400, "InvalidRequestFormat");
    send_json(r, 400, body, &f);
    json_decref(body), json_decref(details);
}

static const char *error_code(const struct api_response *a, json_t **parsed)
{
    *parsed = a->status >= 400 ? json_loads(text_get(&a->body), 0, NULL) : NULL;
    const char *code =
        json_string_value(json_object_get(json_object_get(*parsed, "error"), "code"));
    return code ? code : "";
}

void reply_api(struct request *r, const struct api_response *a)
{
    struct fields f = {0};
    json_t *parsed;
    for (size_t i = 0; i < a->headers_n; i++)
        field(&f, a->headers[i].name, text_get(&a->headers[i].value));
    error_fields(r, (unsigned)a->status, &f);
    audit_note(r, (unsigned)a->status, error_code(a, &parsed));
    json_decref(parsed);
    send_text(r, (unsigned)a->status, JSON_TYPE, text_get(&a->body), a->body.n, &f);
}

void reply_refusal(void *ctx, unsigned status, const char *what, struct text *out)
{
    char id[RANDOM_GUID_TEXT];
    struct control *c = ctx;
    c->answers[status / 100]++;
    random_guid(id);
    text_addf(out, "{\"error\":{\"code\":\"%s\",\"message\":\"%s\",\"requestId\":\"%s\"}}",
              status == 413   ? "RequestTooLarge"
              : status == 415 ? "UnsupportedMediaType"
                              : "BadRequest",
              what, id);
}

/* --- what a request brings --- */

json_t *request_json(struct request *r)
{
    size_t n;
    json_error_t fault;
    const char *body = http_body(r->exchange, &n);
    json_t *json = json_loadb(body, n, JSON_REJECT_DUPLICATES, &fault);
    if (json_is_object(json)) return json;
    reply_error(r, 400, "InvalidRequestContent", "The request content is no JSON object%s%s.",
                json ? "" : ": ", json ? "" : fault.text);
    json_decref(json);
    return NULL;
}

const char *request_param(const struct request *r, const char *name)
{
    return target_param(&r->target, name);
}
