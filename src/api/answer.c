/* api/answer.c - how answers look: one shape for errors, links and headers from validated parts
 * only. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/api_priv.h"

void api_response_drop(struct api_response *r)
{
    text_drop(&r->body);
    for (size_t i = 0; i < r->headers_n; i++) text_drop(&r->headers[i].value);
    *r = (struct api_response){0};
}

static struct text *header_slot(struct api_response *r, const char *name)
{
    for (size_t i = 0; i < r->headers_n; i++)
        if (strcmp(r->headers[i].name, name) == 0) {
            text_clear(&r->headers[i].value);
            return &r->headers[i].value;
        }
    if (r->headers_n == API_HEADERS_MAX) return NULL;
    r->headers[r->headers_n].name = name;
    return &r->headers[r->headers_n++].value;
}

static void header_set(struct api_response *r, const char *name, const char *value)
{
    struct text *slot = header_slot(r, name);
    if (slot) text_add(slot, value);
}

static void body_set(struct api_response *r, int status, const json_t *body)
{
    char *text = body ? json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    r->status = status;
    text_clear(&r->body);
    if (!text) return;
    text_add(&r->body, text);
    header_set(r, "Content-Type", "application/json; charset=utf-8");
    free(text);
}

static json_t *error_body(const char *code, const char *message, const char *target)
{
    json_t *error = json_pack("{s:s, s:s}", "code", code, "message", message);
    if (error && target && *target) json_object_set_new(error, "target", json_string(target));
    return error ? error : json_pack("{s:s, s:s}", "code", code, "message", "");
}

void api_response_error(struct api_response *r, int status, const char *code, const char *target,
                        const char *message)
{
    json_t *body = json_pack("{s:o}", "error", error_body(code, message, target));
    body_set(r, status, body);
    json_decref(body);
}

void answer_json(struct call *c, int status, const json_t *body) { body_set(c->out, status, body); }

void answer_empty(struct call *c, int status) { body_set(c->out, status, NULL); }

void answer_header(struct call *c, const char *name, const char *value, ...)
{
    char text[1024];
    va_list args;
    va_start(args, value);
    vsnprintf(text, sizeof text, value, args);
    va_end(args);
    header_set(c->out, name, text);
}

/* What a client wrote may stand in a message, but only as printable text. */
static const char *safe(struct call *c, const char *message)
{
    struct text t = {0};
    text_add_escaped(&t, message, strlen(message), 1000);
    const char *copy = arena_text(&c->arena, text_get(&t));
    text_drop(&t);
    return copy ? copy : "";
}

void answer_faults(struct call *c)
{
    const struct fault *f = &c->faults.rows[0];
    json_t *error = error_body(fault_name(f->code), safe(c, f->message), safe(c, f->target));
    json_t *details = json_array();
    for (size_t i = 0; i < c->faults.n && c->faults.n > 1; i++) {
        const struct fault *d = &c->faults.rows[i];
        json_array_append_new(
            details, error_body(fault_name(d->code), safe(c, d->message), safe(c, d->target)));
    }
    if (json_array_size(details)) json_object_set(error, "details", details);
    json_decref(details);
    json_t *body = json_pack("{s:o}", "error", error);
    answer_json(c, fault_status(f->code), body);
    json_decref(body);
}
