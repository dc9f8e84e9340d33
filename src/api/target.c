/* api/target.c - RFC 3986 as far as a resource manager needs it. */
#include "api/target.h"
#include <string.h>
#include "base/text.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that "%XY" at s stands for, or -1; n bytes are there. */
static int escaped(const char *s, size_t n)
{
    int high = n >= 3 ? hex(s[1]) : -1, low = n >= 3 ? hex(s[2]) : -1;
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* NULL when it is malformed, or an escape stands for a control character or one of `refused`. */
static const char *decode(const char *s, size_t n, const char *refused, bool plus, struct arena *a)
{
    char *out = arena_take(a, n + 1), *to = out;
    for (size_t i = 0; out && i < n; i++) {
        int c = (unsigned char)s[i];
        if (c == '%') {
            c = escaped(s + i, n - i);
            i += 2;
            if (c < 0 || (c > 0 && strchr(refused, c))) return NULL;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c < 0x20 || c == 0x7f) return NULL;
        *to++ = (char)c;
    }
    return out;
}

static bool parse_path(const char *s, size_t n, struct arena *a, struct target *out)
{
    while (n > 0) {
        const char *slash = memchr(s, '/', n);
        size_t part = slash ? (size_t)(slash - s) : n;
        if (part > 0) {
            if (out->n == TARGET_SEGMENTS) return false;
            const char *segment = decode(s, part, "/\\", false, a);
            if (!segment) return false;
            out->segments[out->n++] = segment;
        }
        if (!slash) break;
        n -= part + 1;
        s = slash + 1;
    }
    return true;
}

static bool parse_query(const char *s, struct arena *a, struct target *out)
{
    while (*s && out->params_n < TARGET_PARAMS) {
        size_t n = strcspn(s, "&"), name = strcspn(s, "=&");
        const char *key = decode(s, name, "", true, a);
        const char *value = name < n ? decode(s + name + 1, n - name - 1, "", true, a) : "";
        if (!key || !value) return false;
        if (*key) {
            out->params[out->params_n].name = key;
            out->params[out->params_n++].value = value;
        }
        s += n + (s[n] == '&');
    }
    return true;
}

bool target_parse(const char *raw, struct arena *a, struct target *out)
{
    size_t path = strcspn(raw, "?");
    *out = (struct target){0};
    return *raw == '/' && parse_path(raw, path, a, out) &&
           (!raw[path] || parse_query(raw + path + 1, a, out));
}

const char *target_param(const struct target *t, const char *name)
{
    for (size_t i = 0; i < t->params_n; i++)
        if (text_same_nocase(t->params[i].name, name)) return t->params[i].value;
    return NULL;
}

const char *target_encode(const char *s, struct arena *a)
{
    static const char plain[] = "-._~/", digits[] = "0123456789ABCDEF";
    char *out = arena_take(a, 3 * strlen(s) + 1), *to = out;
    for (; out && *s; s++) {
        unsigned char c = (unsigned char)*s;
        if ((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || strchr(plain, c)) {
            *to++ = (char)c;
        } else {
            *to++ = '%';
            *to++ = digits[c >> 4];
            *to++ = digits[c & 15];
        }
    }
    return out ? out : "";
}
