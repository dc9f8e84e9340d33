#include "patch.h"
#include <stdlib.h>
#include "check.h"

enum { WORD_MAX = 4000, HOUR_MS = 3600000 };

/* ---- the design ---- */

static json_t *step(json_t *at, const char *key, const char *line)
{
    if (json_is_array(at)) return json_array_get(at, (size_t)atoi(key));
    json_t *next = json_object_get(at, key);
    if (!next && json_is_object(at)) {
        json_object_set_new(at, key, json_object());
        next = json_object_get(at, key);
    }
    if (!next) fail_msg("no '%s' in: %s", key, line);
    return next;
}

static void put(json_t *at, const char *key, json_t *value, const char *line)
{
    if (!at) fail_msg("nowhere to set: %s", line);
    if (json_is_array(at) && strcmp(key, "-") == 0) json_array_append_new(at, value);
    else if (json_is_array(at)) json_array_set_new(at, (size_t)atoi(key), value);
    else json_object_set_new(at, key, value);
}

static void take(json_t *at, const char *key, const char *line)
{
    int bad = json_is_array(at) ? json_array_remove(at, (size_t)atoi(key)) : json_object_del(at, key);
    if (bad) fail_msg("nothing to remove: %s", line);
}

static json_t *many_prefixes(int n)
{
    json_t *list = json_array();
    for (int i = 0; i < n; i++) json_array_append_new(list, json_sprintf("10.20.%d.%d/32", i / 256, i % 256));
    return list;
}

static void change_design(char *word, json_t *design, const char *line)
{
    char *equals = strchr(word, '='), *end = word + strlen(word);
    json_t *value = NULL, *at = design;
    if (equals) {
        value = equals[1] == '#' ? many_prefixes(atoi(equals + 2)) : json_loads(equals + 1, JSON_DECODE_ANY, NULL);
        if (!value) fail_msg("no JSON after '=': %s", line);
        *equals = 0;
    } else if (end[-1] == '-') {
        end[-1] = 0;
    } else {
        fail_msg("neither '=' nor '-': %s", line);
    }
    for (char *key = word + 1, *slash; *key; key = slash + 1) {
        slash = strchr(key, '/');
        if (!slash) {
            if (value) put(at, key, value, line);
            else take(at, key, line);
            return;
        }
        *slash = 0;
        if (json_is_object(at) && !json_object_get(at, key) && slash[1] == '-' && !slash[2])
            json_object_set_new(at, key, json_array());
        at = step(at, key, line);
    }
}

/* ---- the evidence ---- */

static bool fits(const char *pattern, const char *s)
{
    if (*pattern == '*') return fits(pattern + 1, s) || (*s && fits(pattern, s + 1));
    return *pattern == *s && (!*s || fits(pattern + 1, s + 1));
}

static int fact_by_name(const char *name, const char *line)
{
    for (int i = 0; i < FACT_NAMES; i++)
        if (strcmp(fact_kinds[i].name, name) == 0) return i;
    fail_msg("no fact '%s': %s", name, line);
    return -1;
}

static void drop_fact(struct facts *fs, size_t i)
{
    memmove(&fs->list[i], &fs->list[i + 1], (fs->n - i - 1) * sizeof *fs->list);
    fs->n--;
}

static void change_facts(char *word, struct facts *fs, const char *line)
{
    char *subject = strchr(word, ' ');
    if (!subject) {
        fail_msg("no subject: %s", line);
        return;
    }
    *subject++ = 0;
    int name = fact_by_name(word + 1, line);
    char *equals = strchr(subject, '='), last = subject[strlen(subject) - 1];
    int64_t at_ms = fs->n ? fs->list[0].at_ms : 0;
    size_t hits = 0;
    if (equals && equals[-1] == '+') {
        equals[-1] = 0;
        facts_add(fs, (enum fact_name)name, subject, equals + 1, "test", at_ms);
        return;
    }
    if (equals) *equals = 0;
    else subject[strlen(subject) - 1] = 0;
    for (size_t i = fs->n; i-- > 0;) {
        struct fact *f = &fs->list[i];
        if ((int)f->name != name || !fits(subject, f->subject)) continue;
        hits++;
        if (last == '~' && !equals) f->at_ms -= HOUR_MS;
        else if (equals) f->value = arena_text(&fs->arena, equals + 1);
        else drop_fact(fs, i);
    }
    if (equals && !hits && !strchr(subject, '*'))
        facts_add(fs, (enum fact_name)name, subject, equals + 1, "test", at_ms);
    else if (!hits) fail_msg("no such fact: %s", line);
}

void patch_apply(const char *line, json_t *design, struct facts *facts)
{
    char word[WORD_MAX];
    while (*line) {
        const char *end = strstr(line, " ;; ");
        size_t n = end ? (size_t)(end - line) : strlen(line);
        assert_true(n < sizeof word);
        memcpy(word, line, n);
        word[n] = 0;
        if (*word == '/') change_design(word, design, line);
        else if (*word == '@') change_facts(word, facts, line);
        else fail_msg("a change begins with / or @: %s", line);
        line = end ? end + 4 : line + n;
    }
}
