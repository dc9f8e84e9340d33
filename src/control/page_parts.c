/* control/page_parts.c - see the header. */
#include "control/page_parts.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void put(struct page *p, const char *html) { text_add(p->out, html); }

void putf(struct page *p, const char *fmt, ...)
{
    char s[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(s, sizeof s, fmt, args);
    va_end(args);
    text_add(p->out, s);
}

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return (unsigned char)c < 0x20 || c == 0x7f ? " " : NULL;
    }
}

void put_safe(struct page *p, const char *s)
{
    for (; *s; s++) {
        const char *e = entity(*s);
        if (e)
            text_add(p->out, e);
        else
            text_add_n(p->out, s, 1);
    }
}

void put_age(struct page *p, double seconds)
{
    long s = seconds < 0 ? 0 : (long)seconds;
    if (s < 60)
        putf(p, "%ld&#8239;s", s);
    else if (s < 3600)
        putf(p, "%ld&#8239;min %02ld&#8239;s", s / 60, s % 60);
    else if (s < 86400)
        putf(p, "%ld&#8239;h %02ld&#8239;min", s / 3600, s / 60 % 60);
    else
        putf(p, "%ld&#8239;d %ld&#8239;h", s / 86400, s / 3600 % 24);
}

void put_badge(struct page *p, const char *look, const char *text)
{
    put(p, "<span class=\"badge ");
    put(p, look);
    put(p, "\">");
    put_safe(p, text);
    put(p, "</span>");
}

/* --- looking up --- */

const char *text_in(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

const char *prop(const json_t *resource, const char *key)
{
    return text_in(json_object_get(resource, "properties"), key);
}

const char *internal(const json_t *resource, const char *key)
{
    return text_in(json_object_get(resource, "internal"), key);
}

double number_in(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}

bool is_type(const json_t *resource, const char *type)
{
    static const char space[] = "Microsoft.Network/";
    const char *is = text_in(resource, "type");
    return strncmp(is, space, strlen(space)) == 0 && strcmp(is + strlen(space), type) == 0;
}

const json_t *by_key(const struct page *p, const char *key)
{
    size_t i;
    json_t *r;
    json_array_foreach((json_t *)p->resources, i, r)
    {
        if (text_same_nocase(text_in(r, "id"), key)) return r;
    }
    return NULL;
}

bool below(const json_t *child, const json_t *parent)
{
    const char *id = text_in(parent, "id"), *its = text_in(child, "id");
    size_t n = strlen(id);
    return strncmp(its, id, n) == 0 && its[n] == '/';
}

/* --- sessions --- */

static bool under(const char *is, const char *subject)
{
    size_t n = strlen(subject);
    return n > 0 && subject[n - 1] == '/' ? strncmp(is, subject, n) == 0 : strcmp(is, subject) == 0;
}

void each_peer(struct page *p, const char *subject,
               void (*each)(struct page *p, const json_t *edge, const json_t *peer, void *ctx),
               void *ctx)
{
    size_t i, k;
    json_t *edge, *peer;
    json_array_foreach(json_object_get(p->evidence, "edges"), i, edge)
    {
        json_array_foreach(json_object_get(json_object_get(edge, "evidence"), "peers"), k, peer)
        {
            if (under(text_in(peer, "subject"), subject)) each(p, edge, peer, ctx);
        }
    }
}

struct tally {
    unsigned up, down;
};

static void tally_peer(struct page *p, const json_t *edge, const json_t *peer, void *ctx)
{
    struct tally *t = ctx;
    (void)p;
    if (number_in(edge, "age_s") > PAGE_STALE_S) return;
    if (text_same_nocase(text_in(peer, "state"), "established"))
        t->up++;
    else
        t->down++;
}

enum session session_of(const struct page *p, const char *subject)
{
    struct tally t = {0};
    each_peer((struct page *)p, subject, tally_peer, &t);
    if (t.up && t.down) return SESSION_PART;
    return t.up ? SESSION_UP : t.down ? SESSION_DOWN : SESSION_UNKNOWN;
}

const char *session_look(enum session s)
{
    static const char *const looks[] = {"unknown", "bad", "warn", "good"};
    return looks[s];
}

const char *session_word(enum session s)
{
    static const char *const words[] = {"no evidence", "down", "partly up", "up"};
    return words[s];
}
