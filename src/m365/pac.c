/* m365/pac.c - the direct set, its exceptions, and the function a browser calls. Patterns are sane
 * by construction (feed reader), the proxy text is checked: nothing can leave its quotes. */
#include "m365/pac.h"
#include <string.h>
#include "m365/pattern.h"

static const struct {
    const char *word;
    enum pac_type type;
} words[] = {
    {"1", PAC_OPTIMIZE}, {"2", PAC_OPTIMIZE_ALLOW}, {"er", PAC_CIRCUIT}, {"circuit", PAC_CIRCUIT}};

bool pac_type_parse(const char *s, enum pac_type *out)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (text_same_nocase(s, words[i].word)) {
            *out = words[i].type;
            return true;
        }
    return false;
}

const char *pac_type_text(enum pac_type t)
{
    static const char *const names[] = {"", "Optimize direct", "Optimize and Allow direct",
                                        "circuit (expressRoute=true) direct"};
    return names[t];
}

static struct selection selection_of(enum pac_type type)
{
    struct selection s = {.express_route = type == PAC_CIRCUIT};
    if (type == PAC_OPTIMIZE) s.categories = 1u << CATEGORY_OPTIMIZE;
    if (type == PAC_OPTIMIZE_ALLOW) s.categories = 1u << CATEGORY_OPTIMIZE | 1u << CATEGORY_ALLOW;
    return s;
}

static bool swallowed(const struct texts *direct, const char *url)
{
    for (size_t i = 0; i < direct->n; i++)
        if (pattern_is_wild(direct->s[i]) && pattern_covers(direct->s[i], url)) return true;
    return false;
}

bool pac_compute(const struct feed *f, enum pac_type type, struct arena *a, struct pac_sets *out)
{
    struct selection all = {0}, sel = selection_of(type);
    struct texts urls = feed_urls(f, &all, a);
    struct pac_sets s = {.direct = feed_urls(f, &sel, a)};
    s.exceptions.s = arena_take_array(a, urls.n + 1, sizeof *s.exceptions.s);
    if (!s.exceptions.s) return false;
    for (size_t i = 0; i < urls.n; i++)
        if (!texts_have(&s.direct, urls.s[i]) && swallowed(&s.direct, urls.s[i]))
            s.exceptions.s[s.exceptions.n++] = urls.s[i];
    *out = s;
    return true;
}

bool pac_proxy_is_sane(const char *proxy)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:;-_[] ";
    size_t n = strlen(proxy);
    return n > 0 && n < 400 && strspn(proxy, allowed) == n;
}

static void write_rule(const struct texts *list, const char *answer, const char *comment,
                       struct text *out)
{
    if (!list->n) return;
    text_addf(out, "    // %s\n    if (", comment);
    for (size_t i = 0; i < list->n; i++)
        text_addf(out, "%s%s(host, \"%s\")", i ? " ||\n        " : "",
                  pattern_is_wild(list->s[i]) ? "shExpMatch" : "same", list->s[i]);
    text_addf(out, ")\n        return %s;\n", answer);
}

void pac_write(const struct pac_sets *s, enum pac_type type, const char *proxy, struct text *out)
{
    text_addf(out, "// Fairlead: %s; %zu names direct, %zu exceptions.\n", pac_type_text(type),
              s->direct.n, s->exceptions.n);
    text_add(out,
             "// Names that go direct also need a route and a firewall opening for the same sets.\n"
             "function FindProxyForURL(url, host) {\n"
             "    function same(a, b) { return a === b; }\n");
    text_addf(out, "    var proxy = \"%s\";\n", proxy);
    text_add(out, "    host = host.toLowerCase();\n"
                  "    if (isPlainHostName(host)) return \"DIRECT\";\n");
    write_rule(&s->exceptions, "proxy", "published names that a wildcard below would swallow", out);
    write_rule(&s->direct, "\"DIRECT\"", "the direct set", out);
    text_add(out, "    return proxy;\n}\n");
}
