/* m365/pattern.c - matching host patterns: the classic walk that remembers the last `*` and retries
 * one character further, linear in memory and at worst quadratic in time on 253 characters. */
#include "m365/pattern.h"
#include <stdint.h>
#include <string.h>

bool pattern_matches(const char *pattern, const char *host)
{
    const char *star = NULL, *retry = NULL;
    while (*host) {
        if (*pattern == '*') {
            star = pattern++;
            retry = host;
        } else if (*pattern == *host) {
            pattern++;
            host++;
        } else if (star) {
            pattern = star + 1;
            host = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*') pattern++;
    return !*pattern;
}

bool pattern_covers(const char *pattern, const char *published)
{
    char sample[HOST_MAX + 1];
    size_t n = strlen(published);
    if (n > HOST_MAX) return false;
    for (size_t i = 0; i <= n; i++) sample[i] = published[i] == '*' ? 'x' : published[i];
    return pattern_matches(pattern, sample);
}

bool pattern_is_wild(const char *pattern) { return strchr(pattern, '*') != NULL; }

size_t pattern_literals(const char *pattern)
{
    size_t n = 0;
    for (; *pattern; pattern++) n += *pattern != '*';
    return n;
}

size_t pattern_rank(const char *pattern)
{
    return pattern_is_wild(pattern) ? pattern_literals(pattern) : SIZE_MAX;
}

static bool sane(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

bool pattern_is_sane(const char *pattern)
{
    size_t n = 0;
    for (; pattern[n]; n++)
        if (n >= HOST_MAX || (!sane(pattern[n]) && pattern[n] != '*')) return false;
    return n > 0;
}

bool host_of_url(const char *url, char out[static HOST_MAX + 1])
{
    const char *p = strstr(url, "://");
    p = p ? p + 3 : url;
    size_t n = strcspn(p, "/?#");
    const char *at = memchr(p, '@', n);
    if (at) {
        n -= (size_t)(at + 1 - p);
        p = at + 1;
    }
    const char *colon = memchr(p, ':', n);
    if (colon) n = (size_t)(colon - p);
    while (n && p[n - 1] == '.') n--; /* the root's dot of a full DNS name */
    if (!n || n > HOST_MAX) return false;
    for (size_t i = 0; i < n; i++) {
        char c = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] - 'A' + 'a') : p[i];
        if (!sane(c)) return false;
        out[i] = c;
    }
    out[n] = 0;
    return true;
}
