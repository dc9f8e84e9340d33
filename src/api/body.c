/* api/body.c - the body of a request: JSON by RFC 8259, one object, within limits that are checked
 * before a parser sees it. */
#include <string.h>
#include "api/api_priv.h"

enum { DEPTH_MAX = 64, VALUES_MAX = 100000, NUMBER_MAX = 64, STRING_MAX = 1 << 20 };

struct scan {
    size_t depth, values, run; /* run: bytes of the number or string in hand */
    bool in_string, escape;
};

static bool scan_byte(struct scan *s, char c)
{
    if (s->in_string) {
        s->in_string = s->escape || c != '"';
        s->escape = !s->escape && c == '\\';
        return ++s->run <= STRING_MAX;
    }
    switch (c) {
    case '"':
        s->in_string = true;
        s->run = 0;
        return true;
    case '{':
    case '[':
        s->depth++;
        break;
    case '}':
    case ']':
        s->depth -= s->depth > 0;
        break;
    case ',':
    case ':':
        s->values++;
        break;
    default:
        return (c != '-' && (c < '0' || c > '9')) || ++s->run <= NUMBER_MAX;
    }
    s->run = 0;
    return s->depth <= DEPTH_MAX && s->values <= VALUES_MAX;
}

static bool within_limits(const char *body, size_t n)
{
    struct scan s = {0};
    for (size_t i = 0; i < n; i++)
        if (!scan_byte(&s, body[i])) return false;
    return true;
}

void faults_from_problems(struct call *c, const struct problems *ps)
{
    for (const struct problem *p = ps->first; p; p = p->next)
        fault_add(&c->faults, FAULT_InvalidRequestFormat, p->where, "%s. Expected: %s.%s%s",
                  p->what, p->rule, *p->fix ? " Did you mean: " : "", p->fix);
}

json_t *request_object(struct call *c)
{
    json_error_t error = {.text = "there is no body"};
    json_t *body = NULL;
    if (!within_limits(c->req->body, c->req->body_n)) {
        fault_add(
            &c->faults, FAULT_InvalidRequestContent, "",
            "The request content is too deep or too large. At most %d levels, %d values, numbers "
            "of %d and strings of %d characters.",
            DEPTH_MAX, VALUES_MAX, NUMBER_MAX, STRING_MAX);
        return NULL;
    }
    if (c->req->body_n > 0)
        body = own(c, json_loadb(c->req->body, c->req->body_n,
                                 JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error));
    if (!body)
        fault_add(&c->faults, FAULT_InvalidRequestContent, "",
                  "The request content was invalid and could not be read as JSON: %s.", error.text);
    else if (!json_is_object(body))
        fault_add(&c->faults, FAULT_InvalidRequestContent, "",
                  "The request content is not an object.");
    return c->faults.n == 0 ? body : NULL;
}
