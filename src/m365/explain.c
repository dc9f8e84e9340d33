/* m365/explain.c - the answer is found in four steps: which sets match, which of them decides (the
 * most specific one decides the circuit flag, the highest category the category), what the flag
 * means, and, where nothing matches, what stands near. */
#include "m365/explain.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"

/* clang-format off */
static const struct { const char *pattern, *why; } never_rows[] = {
    {"officecdn.microsoft.com",  "Office desktop client downloads never use the circuit"},
    {"officecdn-microsoft-com.akamaized.net", "Office desktop client downloads never use the circuit"},
    {"*.azureedge.net",          "content delivery network: static content, no customer data, internet only"},
    {"*.azurefd.net",            "content delivery network: static content, no customer data, internet only"},
    {"*cdn*.office.net",         "content delivery network: internet only"},
    {"*.akamai*.net",            "content delivery network of another company: internet only"},
    {"*.cloudfront.net",         "content delivery network of another company: internet only"},
    {"*crl*.*",                  "certificate revocation lists never use the circuit"},
    {"ocsp.*",                   "certificate status requests never use the circuit"},
    {"*.ocsp.*",                 "certificate status requests never use the circuit"},
    {"*.blob.core.windows.net",  "Azure storage (PST import, eDiscovery export): an Azure regional or storage community, or the internet"},
    {"admin.microsoft.com",      "the admin centre stays on the internet"},
    {"*.yammer.com",             "third-party parts of Yammer stay on the internet"},
    {"*.endpoint.security.microsoft.com", "Defender for Endpoint is not integrated with the circuit"},
};

/* Dynamics 365 and Power Platform names are not in the feed: they come with regional communities. */
static const char *const dynamics_rows[] = {
    "*.crm*.dynamics.com", "*.crm.dynamics.com", "crm.dynamics.com", "dynamics.microsoft.com",
    "*.api.powerplatform.com", "*.powerplatform.com", "*.api.powerplatformusercontent.com",
    "*.powerplatformusercontent.com", "api.admin.powerplatform.microsoft.com",
    "*.crm.microsoftdynamics.us", "*.dod-crm.microsoftdynamics.us", "*.crm.dynamics.cn",
};
/* clang-format on */

const char *explain_path_text(enum explain_path p)
{
    static const char *const names[] = {"circuit", "internet", "circuit, regional community"};
    return names[p];
}

static size_t match_rank(const struct explain_match *m)
{
    return m->pattern ? pattern_rank(m->pattern) : m->prefix.len;
}

/* Most specific first; between equals a set with the flag, then the higher category, then the id.
 */
static int by_rank(const void *a, const void *b)
{
    const struct explain_match *x = a, *y = b;
    size_t rx = match_rank(x), ry = match_rank(y);
    if (rx != ry) return rx > ry ? -1 : 1;
    if (x->set->express_route != y->set->express_route) return x->set->express_route ? -1 : 1;
    if (x->set->category != y->set->category) return (int)x->set->category - (int)y->set->category;
    return x->set->id < y->set->id ? -1 : x->set->id > y->set->id;
}

static void match_add(struct explanation *e, const struct explain_match *m)
{
    if (e->matches < EXPLAIN_MATCHES_MAX) e->match[e->matches++] = *m;
}

static void match_host(const struct feed *f, struct explanation *e)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct endpoint_set *s = &f->sets[i];
        const char *best = NULL;
        for (size_t u = 0; u < s->url_count; u++)
            if (pattern_matches(s->urls[u], e->host) &&
                (!best || pattern_rank(s->urls[u]) > pattern_rank(best)))
                best = s->urls[u];
        if (best) match_add(e, &(struct explain_match){.set = s, .pattern = best});
    }
}

static void match_address(const struct feed *f, struct explanation *e)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct endpoint_set *s = &f->sets[i];
        const struct prefix *best = NULL;
        for (size_t k = 0; k < s->ip_count; k++)
            if (prefix_covers(&s->ips[k], &e->address) && (!best || s->ips[k].len > best->len))
                best = &s->ips[k];
        if (best) match_add(e, &(struct explain_match){.set = s, .prefix = *best});
    }
}

static const char *never_of(const char *host)
{
    for (size_t i = 0; *host && i < ARRAY_LEN(never_rows); i++)
        if (pattern_matches(never_rows[i].pattern, host)) return never_rows[i].why;
    return "";
}

static bool is_dynamics(const char *host)
{
    for (size_t i = 0; i < ARRAY_LEN(dynamics_rows); i++)
        if (pattern_matches(dynamics_rows[i], host)) return true;
    return false;
}

static void judge_supported(struct explanation *e, enum feed_instance instance, struct arena *a)
{
    const struct endpoint_set *s = e->match[0].set;
    e->path = GOES_CIRCUIT;
    e->community = community_of_area(s->area, instance);
    if (!e->community) {
        e->why = arena_printf(a,
                              "set %u is marked as supported over the circuit, but no community "
                              "carries service area %s of this instance",
                              s->id, s->area);
        return;
    }
    e->why = arena_printf(
        a,
        "set %u (%s) is supported over the circuit; its prefixes come with community "
        "12076:%u, which needs Microsoft's authorisation and a Premium circuit%s",
        s->id, s->area, e->community->value,
        s->ip_count ? "" : "; the set has no addresses, so no prefix filter can hold it");
}

static void judge_unsupported(struct explanation *e, struct arena *a)
{
    const struct endpoint_set *s = e->match[0].set;
    e->path = GOES_INTERNET;
    e->never = never_of(e->host);
    if (!*e->never)
        e->never = "the feed marks it expressRoute=false: it may happen to be reachable over the "
                   "circuit and is still not supported there";
    e->why = arena_printf(a, "set %u (%s) is not supported over the circuit", s->id, s->area);
}

static enum category highest_category(const struct explanation *e)
{
    enum category best = CATEGORY_DEFAULT;
    for (size_t i = 0; i < e->matches; i++)
        if (e->match[i].set->category < best) best = e->match[i].set->category;
    return best;
}

/* --- in no set ------------------------------------------------------------------------------- */

static void hint_add(struct explanation *e, const char *text)
{
    for (size_t i = 0; text && i + 1 < EXPLAIN_HINTS_MAX; i++)
        if (!e->hints[i]) {
            e->hints[i] = text;
            return;
        }
}

/* The last two labels: "x.y.example.com" -> "example.com". */
static const char *domain_of(const char *host)
{
    const char *last = strrchr(host, '.');
    if (!last) return host;
    while (last > host && last[-1] != '.') last--;
    return last;
}

static void hint_bare_name(const struct feed *f, struct explanation *e, struct arena *a)
{
    char wild[HOST_MAX + 3];
    struct selection all = {0};
    struct texts urls = feed_urls(f, &all, a);
    snprintf(wild, sizeof wild, "*.%s", e->host);
    if (texts_have(&urls, wild))
        hint_add(
            e, arena_printf(a, "%s is in the feed, but a wildcard does not match the bare name %s",
                            wild, e->host));
}

static void hint_siblings(const struct feed *f, struct explanation *e, struct arena *a)
{
    enum { SIBLINGS_MAX = 4 };
    const char *domain = domain_of(e->host);
    size_t n = strlen(domain), found = 0;
    struct text t = {0};
    struct selection all = {0};
    struct texts urls = feed_urls(f, &all, a);
    for (size_t i = 0; i < urls.n; i++) {
        size_t m = strlen(urls.s[i]);
        if (m < n || strcmp(urls.s[i] + m - n, domain) ||
            (m > n && !strchr(".*", urls.s[i][m - n - 1])))
            continue;
        if (found++ < SIBLINGS_MAX) text_addf(&t, "%s%s", found > 1 ? ", " : "", urls.s[i]);
    }
    if (found)
        hint_add(e, arena_printf(a, "names of %s that are in the feed: %s%s", domain, text_get(&t),
                                 found > SIBLINGS_MAX ? ", ..." : ""));
    text_drop(&t);
}

static void hint_spelling(const struct feed *f, struct explanation *e, struct arena *a)
{
    struct selection all = {0};
    struct texts urls = feed_urls(f, &all, a);
    const char **words = arena_take_array(a, urls.n + 1, sizeof *words);
    if (!words || !urls.n) return;
    memcpy(words, urls.s, urls.n * sizeof *words);
    const char *near = text_nearest(e->host, words);
    if (near) hint_add(e, arena_printf(a, "did you mean %s?", near));
}

static void hint_instance(struct explanation *e, enum feed_instance instance)
{
    size_t n = strlen(e->host);
    const char *ending = n > 3 ? e->host + n - 3 : "";
    bool government = !strcmp(ending, ".us") || !strcmp(ending, "mil");
    if (government && instance != USGOV_DOD && instance != USGOV_GCCHIGH)
        hint_add(e, "names ending in .us and .mil belong to the US Government instances");
    if (!strcmp(ending, ".cn") && instance != CHINA)
        hint_add(e,
                 "names ending in .cn belong to the China instance, which has no circuit support");
}

static void judge_unknown_host(const struct feed *f, enum feed_instance instance,
                               struct explanation *e, struct arena *a)
{
    e->never = never_of(e->host);
    if (is_dynamics(e->host)) {
        e->path = GOES_REGIONAL;
        e->service = "Dynamics 365 / Power Platform";
        e->never = "";
        e->why =
            "Dynamics and Power Platform names are not in the Office feed; they use the regional "
            "communities 12076:51xxx of the environment's two Azure regions (12076:5040 only for "
            "version 8.2 and earlier), without Microsoft's authorisation";
        return;
    }
    e->path = GOES_INTERNET;
    e->why = "it is in no set of this feed, so nothing is promised about it over the circuit";
    hint_bare_name(f, e, a);
    hint_spelling(f, e, a);
    hint_siblings(f, e, a);
    hint_instance(e, instance);
}

static void judge_unknown_address(const struct feed *f, struct explanation *e, struct arena *a)
{
    size_t inside = 0;
    e->path = GOES_INTERNET;
    e->why =
        "it is in no set of this feed; a route may cover it and it is still not supported over "
        "the circuit";
    if (!prefix_is_public(&e->address, false))
        hint_add(e, "this is no public address: nothing of Office 365 is there");
    for (size_t i = 0; i < f->count; i++)
        for (size_t k = 0; k < f->sets[i].ip_count; k++)
            inside += prefix_covers(&e->address, &f->sets[i].ips[k]);
    if (inside)
        hint_add(e, arena_printf(a, "it contains %zu ranges of the feed: ask for a smaller prefix",
                                 inside));
    struct prefix trunk;
    if (prefix_parse("52.120.0.0/15", &trunk) == PREFIX_FINE && prefix_covers(&trunk, &e->address))
        hint_add(e,
                 "52.120.0.0/15 is Microsoft PSTN services, community 12076:5250, restricted use");
}

/* --- the whole ------------------------------------------------------------------------------- */

static bool read_address(const char *query, struct prefix *out)
{
    struct addr addr;
    enum prefix_fault fault = prefix_parse(query, out);
    if (fault == PREFIX_FINE || fault == PREFIX_HOST_BITS) return true;
    if (!addr_parse(query, &addr)) return false;
    *out = prefix_of(&addr, addr_bits((enum family)addr.family));
    return true;
}

bool explain(const struct feed *f, enum feed_instance instance, const char *query, struct arena *a,
             struct explanation *out)
{
    struct explanation *e = out;
    *e = (struct explanation){.category = CATEGORY_DEFAULT, .service = "", .why = "", .never = ""};
    if (read_address(query, &e->address))
        match_address(f, e);
    else if (host_of_url(query, e->host)) {
        if (read_address(e->host, &e->address)) {
            e->host[0] = 0;
            match_address(f, e);
        } else {
            match_host(f, e);
        }
    } else {
        return false;
    }
    if (!e->matches) {
        if (*e->host)
            judge_unknown_host(f, instance, e, a);
        else
            judge_unknown_address(f, e, a);
        return e->why != NULL;
    }
    qsort(e->match, e->matches, sizeof *e->match, by_rank);
    e->category = highest_category(e);
    e->service = *e->match[0].set->area_name ? e->match[0].set->area_name : e->match[0].set->area;
    if (e->match[0].set->express_route)
        judge_supported(e, instance, a);
    else
        judge_unsupported(e, a);
    return e->why != NULL;
}
