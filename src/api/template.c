/* api/template.c - a recursive descent over one expression at a time. */
#include "api/template.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"

enum { DEPTH_MAX = 16, ARGS_MAX = 16, WORD_MAX = 64, VARIABLES_DEPTH_MAX = 8, TEXT_MAX = 16384 };

struct reading {
    const struct template_scope *s;
    const char *p;
    int depth;
};

static json_t *read_value(struct reading *r);

static void skip_spaces(struct reading *r)
{
    while (*r->p == ' ') r->p++;
}

static bool take(struct reading *r, char c)
{
    skip_spaces(r);
    if (*r->p != c) return false;
    r->p++;
    return true;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c == '$';
}

static bool take_word(struct reading *r, char out[static WORD_MAX])
{
    size_t n = 0;
    skip_spaces(r);
    while (is_word(r->p[n])) n++;
    if (n == 0 || n >= WORD_MAX) return false;
    memcpy(out, r->p, n);
    out[n] = '\0';
    r->p += n;
    return true;
}

static json_t *read_literal(struct reading *r) /* after the opening quote; '' is a quote */
{
    struct text t = {0};
    while (*r->p && (*r->p != '\'' || r->p[1] == '\'')) {
        r->p += *r->p == '\'';
        text_add_n(&t, r->p++, 1);
    }
    bool closed = *r->p == '\'';
    r->p += closed;
    json_t *v = closed ? json_string(text_get(&t)) : NULL;
    text_drop(&t);
    return v;
}

/* --- functions --- */

static const char *text_of(const json_t *v)
{
    const char *s = json_string_value(v);
    return s ? s : "";
}

static json_t *named(const json_t *table, const json_t *args)
{
    const char *wanted = text_of(json_array_get(args, 0)), *key;
    json_t *v;
    json_object_foreach((json_t *)table, key, v)
    {
        if (text_same_nocase(key, wanted)) return json_incref(v);
    }
    return NULL;
}

static json_t *fn_parameters(const struct template_scope *s, const json_t *args)
{
    return named(s->parameters, args);
}

static json_t *fn_variables(const struct template_scope *s, const json_t *args)
{
    struct template_scope inner = *s;
    if (++inner.variables_depth > VARIABLES_DEPTH_MAX) return NULL; /* it refers to itself */
    json_t *v = named(s->variables, args), *value = v ? template_value(&inner, v, "") : NULL;
    json_decref(v);
    return value;
}

static json_t *fn_reference(const struct template_scope *s, const json_t *args)
{
    const char *last = strrchr(text_of(json_array_get(args, 0)), '/');
    if (!last) return named(s->resources, args);
    json_t *name = json_pack("[s]", last + 1), *v = named(s->resources, name);
    json_decref(name);
    return v;
}

static json_t *fn_concat(const struct template_scope *s, const json_t *args)
{
    struct text t = {0};
    (void)s;
    for (size_t i = 0; i < json_array_size(args); i++) {
        const json_t *v = json_array_get(args, i);
        if (json_is_integer(v))
            text_addf(&t, "%lld", (long long)json_integer_value(v));
        else
            text_add(&t, text_of(v));
    }
    json_t *v = t.n <= TEXT_MAX ? json_string(text_get(&t)) : NULL;
    text_drop(&t);
    return v;
}

/* resourceId('Microsoft.Network/type[/child]', 'name'[, 'child name']) */
static json_t *fn_resource_id(const struct template_scope *s, const json_t *args)
{
    const char *type = text_of(json_array_get(args, 0)), *slash = strchr(type, '/');
    struct text t = {0};
    if (!slash) return NULL;
    text_addf(&t, "/subscriptions/%s/resourceGroups/%s/providers/%.*s", s->c->sub->id, s->group,
              (int)(slash - type), type);
    for (size_t i = 1; slash && i < json_array_size(args); i++) {
        size_t n = strcspn(slash + 1, "/");
        text_addf(&t, "/%.*s/%s", (int)n, slash + 1, text_of(json_array_get(args, i)));
        slash = slash[1 + n] ? slash + 1 + n : NULL;
    }
    json_t *v = json_string(text_get(&t));
    text_drop(&t);
    return v;
}

static json_t *fn_group(const struct template_scope *s, const json_t *args)
{
    (void)args;
    return json_pack("{s:s, s:s, s:o}", "name", s->group, "location", s->location, "id",
                     json_sprintf("/subscriptions/%s/resourceGroups/%s", s->c->sub->id, s->group));
}

static json_t *fn_subscription(const struct template_scope *s, const json_t *args)
{
    (void)args;
    return json_pack("{s:s, s:s, s:o}", "subscriptionId", s->c->sub->id, "tenantId",
                     s->c->api->world.tenant_id, "id",
                     json_sprintf("/subscriptions/%s", s->c->sub->id));
}

static const struct function {
    const char *name;
    json_t *(*call)(const struct template_scope *, const json_t *);
} functions[] = {{"parameters", fn_parameters},    {"variables", fn_variables},
                 {"reference", fn_reference},      {"concat", fn_concat},
                 {"resourceId", fn_resource_id},   {"resourceGroup", fn_group},
                 {"subscription", fn_subscription}};

static json_t *call_function(const struct template_scope *s, const char *name, const json_t *args)
{
    if (*s->calls == 0) return NULL;
    --*s->calls;
    for (size_t i = 0; i < ARRAY_LEN(functions); i++)
        if (text_same_nocase(functions[i].name, name)) return functions[i].call(s, args);
    return NULL;
}

static json_t *read_args(struct reading *r) /* after '(' */
{
    json_t *args = json_array();
    if (take(r, ')')) return args;
    do {
        json_t *v = read_value(r);
        if (!v || json_array_append_new(args, v) != 0 || json_array_size(args) > ARGS_MAX) goto bad;
    } while (take(r, ','));
    if (take(r, ')')) return args;
bad:
    json_decref(args);
    return NULL;
}

/* ".member" behind a value, as often as it stands there. */
static json_t *read_members(struct reading *r, json_t *v)
{
    char word[WORD_MAX];
    while (v && take(r, '.')) {
        json_t *inner = take_word(r, word) ? json_incref(json_object_get(v, word)) : NULL;
        json_decref(v);
        v = inner;
    }
    return v;
}

static json_t *read_value(struct reading *r)
{
    char word[WORD_MAX];
    json_t *v = NULL;
    if (++r->depth > DEPTH_MAX) return NULL;
    skip_spaces(r);
    if (*r->p >= '0' && *r->p <= '9') {
        char *end;
        v = json_integer(strtol(r->p, &end, 10));
        r->p = end;
    } else if (take(r, '\'')) {
        v = read_literal(r);
    } else if (take_word(r, word) && take(r, '(')) {
        json_t *args = read_args(r);
        v = args ? read_members(r, call_function(r->s, word, args)) : NULL;
        json_decref(args);
    }
    r->depth--;
    return v;
}

static json_t *text_value(const struct template_scope *s, const char *text, const char *pointer)
{
    size_t n = strlen(text);
    if (n < 2 || text[0] != '[' || text[n - 1] != ']') return json_string(text);
    if (text[1] == '[') return json_string(text + 1);
    struct reading r = {s, text + 1, 0};
    json_t *v = read_value(&r);
    skip_spaces(&r);
    if (v && strcmp(r.p, "]") == 0) return v;
    json_decref(v);
    fault_add(
        &s->c->faults, FAULT_InvalidTemplate, pointer,
        "The expression '%s' cannot be evaluated. Known are parameters, variables, reference, "
        "resourceId, concat, resourceGroup and subscription.",
        text);
    return NULL;
}

json_t *template_value(const struct template_scope *s, const json_t *v, const char *pointer)
{
    const char *key;
    json_t *item, *out, *made;
    size_t i;
    if (json_is_string(v)) return text_value(s, json_string_value(v), pointer);
    if (!json_is_object(v) && !json_is_array(v)) return json_incref((json_t *)v);
    out = json_is_object(v) ? json_object() : json_array();
    json_object_foreach((json_t *)v, key, item)
    {
        made = template_value(s, item, fields_pointer(&s->c->arena, pointer, key));
        if (!made) goto bad;
        json_object_set_new(out, key, made);
    }
    json_array_foreach((json_t *)v, i, item)
    {
        made = template_value(s, item, fields_pointer_at(&s->c->arena, pointer, i));
        if (!made) goto bad;
        json_array_append_new(out, made);
    }
    return out;
bad:
    json_decref(out);
    return NULL;
}
