/* model/resource_id.c - identifiers are split at '/', literals compared without case. */
#include "model/resource_id.h"
#include <string.h>
#include "base/text.h"

enum { SEGMENTS_MAX = 6 + 2 * RESOURCE_DEPTH };

static size_t split(char *text, const char *out[static SEGMENTS_MAX])
{
    size_t n = 0;
    while (*text) {
        char *slash = strchr(text, '/');
        if (slash) *slash = '\0';
        if (n == SEGMENTS_MAX || !*text) return 0;
        out[n++] = text;
        if (!slash) break;
        text = slash + 1;
        if (!*text) return 0;
    }
    return n;
}

bool resource_id_parse(const char *text, struct arena *a, struct resource_id *out)
{
    const char *s[SEGMENTS_MAX];
    char *copy = *text == '/' ? arena_text(a, text + 1) : NULL;
    size_t n = copy ? split(copy, s) : 0;
    if (n < 8 || n % 2 != 0) return false;
    if (!text_same_nocase(s[0], "subscriptions") || !text_same_nocase(s[2], "resourceGroups") ||
        !text_same_nocase(s[4], "providers"))
        return false;
    *out = (struct resource_id){s[1], s[3], s[5], {0}, {0}, (n - 6) / 2};
    for (size_t i = 0; i < out->depth; i++) {
        out->types[i] = s[6 + 2 * i];
        out->names[i] = s[7 + 2 * i];
    }
    return true;
}

const char *resource_id_text(const struct resource_id *id, struct arena *a)
{
    char *t = arena_printf(a, "/subscriptions/%s/resourceGroups/%s/providers/%s", id->subscription,
                           id->group, id->provider);
    for (size_t i = 0; t && i < id->depth; i++)
        t = arena_printf(a, "%s/%s/%s", t, id->types[i], id->names[i]);
    return t ? t : "";
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

const char *resource_key(const char *text, struct arena *a)
{
    char *copy = arena_text(a, text);
    for (char *p = copy; p && *p; p++) *p = lower(*p);
    return copy;
}

static bool alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

bool resource_name_valid(const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || n > RESOURCE_NAME_MAX) return false;
    if (!alphanumeric(name[0]) || !(alphanumeric(name[n - 1]) || name[n - 1] == '_')) return false;
    for (const char *p = name; *p; p++)
        if (!alphanumeric(*p) && !strchr(".-_", *p)) return false;
    return true;
}

const char *location_key(const char *location, struct arena *a)
{
    char *copy = arena_text(a, location), *to = copy;
    for (const char *from = copy; from && *from; from++)
        if (*from != ' ') *to++ = lower(*from);
    if (to) *to = '\0';
    return copy;
}
