/* edge/answers.c - members are cut out of the texts as they are, because a table may have a million rows;
 * only the few rows of stations become JSON values. */
#include "edge/answers.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "edge/shard.h"

enum { MEMBERS_MOST = 32 };
#define FAULT_BEGINS "{\"error\":"

struct members {
    size_t n;
    struct span key[MEMBERS_MOST], value[MEMBERS_MOST];
};

/* Behind the string that begins at `at`. */
static size_t past_string(struct span s, size_t at)
{
    for (at++; at < s.n && s.p[at] != '"'; at++)
        if (s.p[at] == '\\') at++;
    return at < s.n ? at + 1 : s.n;
}

/* Behind the value that begins at `at`: at the comma or the end. */
static size_t past_value(struct span s, size_t at)
{
    for (size_t depth = 0; at < s.n && (depth || s.p[at] != ',');) {
        uint8_t c = s.p[at];
        if (c == '[' || c == '{') depth++;
        if (c == ']' || c == '}') depth--;
        at = c == '"' ? past_string(s, at) : at + 1;
    }
    return at;
}

static struct span inner(const struct text *part)
{
    struct span s = span_of(text_get(part), part->n);
    return s.n >= 2 && s.p[0] == '{' ? span_of(s.p + 1, s.n - 2) : s;
}

static void split(struct span s, struct members *out)
{
    out->n = 0;
    for (size_t at = 0; at < s.n && out->n < MEMBERS_MOST; at++) {
        size_t colon = past_string(s, at), end = colon < s.n ? past_value(s, colon + 1) : s.n;
        if (colon >= s.n) return;
        out->key[out->n] = span_of(s.p + at, colon - at);
        out->value[out->n++] = span_of(s.p + colon + 1, end - colon - 1);
        at = end;
    }
}

static bool same(struct span a, struct span b) { return a.n == b.n && memcmp(a.p, b.p, a.n) == 0; }

static struct span value_of(const struct members *m, struct span key)
{
    for (size_t i = 0; i < m->n; i++)
        if (same(m->key[i], key)) return m->value[i];
    return (struct span){0};
}

static void put_span(struct text *out, struct span s) { text_add_n(out, (const char *)s.p, s.n); }

/* --- values of one key: `v` of `n` parts, some perhaps missing (n 0) --- */

static void put_first(const struct span *v, size_t n, struct text *out)
{
    (void)n;
    put_span(out, v[0]);
}

static void put_lists(const struct span *v, size_t n, struct text *out)
{
    const char *comma = "";
    text_add(out, "[");
    for (size_t i = 0; i < n; i++) {
        if (v[i].n <= 2) continue;
        text_add(out, comma);
        text_add_n(out, (const char *)v[i].p + 1, v[i].n - 2);
        comma = ",";
    }
    text_add(out, "]");
}

static void put_sum(const struct span *v, size_t n, struct text *out)
{
    unsigned long long sum = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0, one = 0; k <= v[i].n; k++) {
            if (k == v[i].n) sum += one;
            else one = one * 10 + (size_t)(v[i].p[k] - '0');
        }
    text_addf(out, "%llu", sum);
}

static void put_any(const struct span *v, size_t n, struct text *out)
{
    bool any = false;
    for (size_t i = 0; i < n; i++) any = any || (v[i].n && v[i].p[0] == 't');
    text_add(out, any ? "true" : "false");
}

/* --- stations: every shard has a connection of its own to each --- */

static void add_member(json_t *row, const char *key, json_t *other)
{
    json_t *own = json_object_get(row, key);
    bool worse = json_is_string(own) && (strcmp(json_string_value(own), "up") == 0 || !*json_string_value(own));
    if (strcmp(key, "port") == 0) return;
    if (json_is_integer(own))
        json_object_set_new(row, key, json_integer(json_integer_value(own) + json_integer_value(other)));
    else if (json_is_true(own) || worse) /* as good as the worst of them */
        json_object_set(row, key, other);
}

static json_t *row_named(json_t *rows, const char *name)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) 
        if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0) return row;
    return NULL;
}

static void add_rows(json_t *rows, json_t *more)
{
    size_t i;
    json_t *row, *value;
    const char *key;
    json_array_foreach(more, i, row) {
        json_t *own = row_named(rows, json_string_value(json_object_get(row, "name")));
        if (!own) json_array_append(rows, row);
        else json_object_foreach(row, key, value) add_member(own, key, value);
    }
}

static void put_stations(const struct span *v, size_t n, struct text *out)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *more = json_loadb((const char *)v[i].p, v[i].n, 0, NULL);
        add_rows(rows, more);
        json_decref(more);
    }
    char *s = json_dumps(rows, JSON_COMPACT);
    if (!s) abort();
    text_add(out, s);
    free(s);
    json_decref(rows);
}

/* --- members --- */

typedef void put_merged(const struct span *v, size_t n, struct text *out);

static put_merged *rule_for(struct span key, struct span first)
{
    static const struct {
        const char *key;
        put_merged *put;
    } rows[] = {{"\"stations\"", put_stations}, {"\"rpki\"", put_first} /* every shard has all payloads */};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (same(key, span_of(rows[i].key, strlen(rows[i].key)))) return rows[i].put;
    uint8_t c = first.n ? first.p[0] : 0;
    if (c == '[') return put_lists;
    if (c == 't' || c == 'f') return put_any;
    return c >= '0' && c <= '9' ? put_sum : put_first;
}

bool answer_is_fault(const struct text *part)
{
    return part->n > strlen(FAULT_BEGINS) && memcmp(part->s, FAULT_BEGINS, strlen(FAULT_BEGINS)) == 0;
}

static void merge(const struct text *const *parts, size_t n, struct text *out)
{
    struct members m[SHARDS_MOST];
    bool braces = parts[0]->n && parts[0]->s[0] == '{';
    for (size_t i = 0; i < n; i++) split(inner(parts[i]), &m[i]);
    text_add(out, braces ? "{" : "");
    for (size_t k = 0; k < m[0].n; k++) {
        struct span v[SHARDS_MOST];
        for (size_t i = 0; i < n; i++) v[i] = value_of(&m[i], m[0].key[k]);
        text_add(out, k ? "," : "");
        put_span(out, m[0].key[k]);
        text_add(out, ":");
        rule_for(m[0].key[k], v[0])(v, n, out);
    }
    text_add(out, braces ? "}" : "");
}

void answers_merge(const struct text *parts, size_t n, struct text *out)
{
    const struct text *good[SHARDS_MOST];
    size_t good_n = 0;
    for (size_t i = 0; i < n && i < SHARDS_MOST; i++)
        if (!answer_is_fault(&parts[i])) good[good_n++] = &parts[i];
    if (good_n == 0) good[good_n++] = &parts[0];
    if (good_n == 1) text_add_n(out, text_get(good[0]), good[0]->n);
    else merge(good, good_n, out);
}
