/* m365/feed.c - questions about a feed: what is in it, selected how, and how much of it. */
#include "m365/feed.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"

static const char *const category_names[CATEGORIES] = {"Optimize", "Allow", "Default"};
static const char *const instance_names[INSTANCES] = {"unknown",      "Worldwide", "USGovDoD",
                                                      "USGovGCCHigh", "China",     "Germany"};

const char *category_text(enum category c) { return category_names[c]; }

bool category_parse(const char *s, enum category *out)
{
    for (int i = 0; i < CATEGORIES; i++)
        if (text_same_nocase(s, category_names[i])) {
            *out = (enum category)i;
            return true;
        }
    return false;
}

const char *instance_text(enum feed_instance i) { return instance_names[i]; }

bool instance_parse(const char *s, enum feed_instance *out)
{
    for (int i = WORLDWIDE; i < INSTANCES; i++)
        if (text_same_nocase(s, instance_names[i])) {
            *out = (enum feed_instance)i;
            return true;
        }
    return false;
}

bool instance_is_retired(enum feed_instance i) { return i == GERMANY; }

static int by_first_port(const void *a, const void *b)
{
    const struct port_range *x = a, *y = b;
    return (int)x->first - (int)y->first;
}

static const char *skip_blanks(const char *s) { return s + strspn(s, " \t"); }

static const char *read_port(const char *s, uint16_t *out)
{
    char *end;
    if (*s < '0' || *s > '9') return NULL;
    unsigned long v = strtoul(s, &end, 10);
    if (v > 65535 || end - s > 5) return NULL;
    *out = (uint16_t)v;
    return skip_blanks(end);
}

static const char *read_range(const char *s, struct port_range *out)
{
    s = read_port(skip_blanks(s), &out->first);
    if (!s) return NULL;
    out->last = out->first;
    if (*s == '-') s = read_port(skip_blanks(s + 1), &out->last);
    return s && out->last >= out->first ? s : NULL;
}

static void ports_merge(struct ports *p)
{
    qsort(p->r, p->n, sizeof *p->r, by_first_port);
    size_t kept = 0;
    for (size_t i = 1; i < p->n; i++) {
        struct port_range *top = &p->r[kept];
        if (p->r[i].first > top->last + 1)
            p->r[++kept] = p->r[i];
        else if (p->r[i].last > top->last)
            top->last = p->r[i].last;
    }
    p->n = kept + 1;
}

bool ports_parse(const char *s, struct arena *a, struct ports *out)
{
    struct ports p = {.n = 1};
    for (const char *c = s; *c; c++) p.n += *c == ',';
    p.r = arena_take_array(a, p.n, sizeof *p.r);
    if (!p.r) return false;
    for (size_t i = 0; i < p.n; i++) {
        s = read_range(s, &p.r[i]);
        if (!s || *s != (i + 1 < p.n ? ',' : 0)) return false;
        s++;
    }
    ports_merge(&p);
    *out = p;
    return true;
}

const char *ports_text(const struct ports *p, char *buf, size_t room)
{
    size_t at = 0;
    buf[0] = 0;
    for (size_t i = 0; i < p->n && at < room; i++) {
        const struct port_range *r = &p->r[i];
        const char *comma = i ? "," : "";
        int n = r->first == r->last
                    ? snprintf(buf + at, room - at, "%s%u", comma, r->first)
                    : snprintf(buf + at, room - at, "%s%u-%u", comma, r->first, r->last);
        at += (size_t)n;
    }
    return buf;
}

bool ports_equal(const struct ports *a, const struct ports *b)
{
    return a->n == b->n && (!a->n || !memcmp(a->r, b->r, a->n * sizeof *a->r));
}

const struct endpoint_set *feed_find(const struct feed *f, uint32_t id)
{
    size_t low = 0, high = f->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (f->sets[mid].id == id) return &f->sets[mid];
        if (f->sets[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

bool set_has_url(const struct endpoint_set *s, const char *url)
{
    for (size_t i = 0; i < s->url_count; i++)
        if (!strcmp(s->urls[i], url)) return true;
    return false;
}

bool set_has_ip(const struct endpoint_set *s, const struct prefix *p)
{
    for (size_t i = 0; i < s->ip_count; i++)
        if (prefix_equal(&s->ips[i], p)) return true;
    return false;
}

static bool same_scalars(const struct endpoint_set *a, const struct endpoint_set *b)
{
    return a->id == b->id && a->express_route == b->express_route && a->required == b->required &&
           a->category == b->category && !strcmp(a->area, b->area) && !strcmp(a->notes, b->notes) &&
           ports_equal(&a->tcp, &b->tcp) && ports_equal(&a->udp, &b->udp);
}

bool set_equal(const struct endpoint_set *a, const struct endpoint_set *b)
{
    if (!same_scalars(a, b) || a->url_count != b->url_count || a->ip_count != b->ip_count)
        return false;
    for (size_t i = 0; i < a->url_count; i++)
        if (!set_has_url(b, a->urls[i])) return false;
    for (size_t i = 0; i < a->ip_count; i++)
        if (!set_has_ip(b, &a->ips[i])) return false;
    return true;
}

bool feed_equal(const struct feed *a, const struct feed *b)
{
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++)
        if (!set_equal(&a->sets[i], &b->sets[i])) return false;
    return true;
}

/* Name endings that stand in one instance only (seen in the captures of 2020 and 2025). */
static const struct {
    const char *ending;
    enum feed_instance instance;
} tells[] = {
    {".partner.outlook.cn", CHINA},    {".sharepoint.cn", CHINA},
    {".dps.mil", USGOV_DOD},           {".sharepoint-mil.us", USGOV_DOD},
    {".sharepoint.us", USGOV_GCCHIGH}, {".gov.teams.microsoft.us", USGOV_GCCHIGH},
    {".sharepoint.de", GERMANY},       {".protection.outlook.de", GERMANY},
    {".sharepoint.com", WORLDWIDE},    {".protection.outlook.com", WORLDWIDE},
};

static bool ends_with(const char *s, const char *ending)
{
    size_t n = strlen(s), m = strlen(ending);
    return n >= m && !strcmp(s + n - m, ending);
}

enum feed_instance feed_guess_instance(const struct feed *f)
{
    size_t votes[INSTANCES] = {0};
    for (size_t i = 0; i < f->count; i++)
        for (size_t u = 0; u < f->sets[i].url_count; u++)
            for (size_t t = 0; t < ARRAY_LEN(tells); t++)
                votes[tells[t].instance] += ends_with(f->sets[i].urls[u], tells[t].ending);
    enum feed_instance best = INSTANCE_UNKNOWN;
    for (int i = WORLDWIDE; i < INSTANCES; i++)
        if (votes[i] > votes[best]) best = (enum feed_instance)i;
    return best;
}

static bool area_selected(const struct selection *sel, const char *area)
{
    if (!sel->areas[0]) return true;
    for (size_t i = 0; i < ARRAY_LEN(sel->areas) && sel->areas[i]; i++)
        if (text_same_nocase(sel->areas[i], area)) return true;
    return false;
}

bool selection_has(const struct selection *sel, const struct endpoint_set *s)
{
    if (sel->express_route && !s->express_route) return false;
    if (sel->required && !s->required) return false;
    if (sel->categories && !(sel->categories & 1u << s->category)) return false;
    return area_selected(sel, s->area);
}

struct prefixes feed_prefixes(const struct feed *f, const struct selection *sel, struct arena *a)
{
    struct prefixes out = prefixes_in(a);
    for (size_t i = 0; i < f->count; i++) {
        const struct endpoint_set *s = &f->sets[i];
        if (!selection_has(sel, s)) continue;
        for (size_t k = 0; k < s->ip_count; k++)
            if (!sel->family || s->ips[k].addr.family == sel->family)
                prefixes_add(&out, &s->ips[k]);
    }
    prefixes_sort(&out);
    return out;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct texts feed_urls(const struct feed *f, const struct selection *sel, struct arena *a)
{
    struct texts out = {0};
    size_t all = 0;
    for (size_t i = 0; i < f->count; i++) all += f->sets[i].url_count;
    if (!all || !(out.s = arena_take_array(a, all, sizeof *out.s))) return out;
    for (size_t i = 0; i < f->count; i++) {
        const struct endpoint_set *s = &f->sets[i];
        if (!selection_has(sel, s) || !s->url_count) continue;
        memcpy(out.s + out.n, s->urls, s->url_count * sizeof *out.s);
        out.n += s->url_count;
    }
    if (!out.n) return out;
    qsort(out.s, out.n, sizeof *out.s, by_text);
    size_t kept = 1;
    for (size_t i = 1; i < out.n; i++)
        if (strcmp(out.s[kept - 1], out.s[i])) out.s[kept++] = out.s[i];
    out.n = kept;
    return out;
}

bool texts_have(const struct texts *sorted, const char *s)
{
    return sorted->n && bsearch(&s, sorted->s, sorted->n, sizeof *sorted->s, by_text);
}

static struct area_stats *area_of(struct feed_stats *st, const char *area)
{
    for (size_t i = 0; i < st->area_count; i++)
        if (!strcmp(st->areas[i].area, area)) return &st->areas[i];
    if (st->area_count == FEED_AREAS_MAX) return NULL;
    st->areas[st->area_count].area = area;
    return &st->areas[st->area_count++];
}

static void count_sets(const struct feed *f, struct feed_stats *st)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct endpoint_set *s = &f->sets[i];
        struct area_stats *area = area_of(st, s->area);
        st->sets++;
        st->required += s->required;
        st->er_sets += s->express_route;
        st->by_category[s->category]++;
        if (!area) continue;
        area->sets++;
        area->er_sets += s->express_route;
    }
}

static void count_ips(const struct feed *f, const struct selection *sel, struct arena *a,
                      bool merge, size_t *ipv4, size_t *ipv6)
{
    struct arena_mark mark = arena_mark(a);
    struct prefixes p = feed_prefixes(f, sel, a);
    if (merge) prefixes_merge(&p);
    *ipv4 = prefixes_count(&p, FAMILY_IPV4);
    *ipv6 = prefixes_count(&p, FAMILY_IPV6);
    arena_rewind(a, mark);
}

struct feed_stats feed_stats(const struct feed *f, struct arena *scratch)
{
    struct feed_stats st = {0};
    struct selection all = {0}, er = {.express_route = true},
                     optimize = {.categories = 1u << CATEGORY_OPTIMIZE};
    count_sets(f, &st);
    struct arena_mark mark = arena_mark(scratch);
    st.urls = feed_urls(f, &all, scratch).n;
    arena_rewind(scratch, mark);
    count_ips(f, &all, scratch, false, &st.ipv4, &st.ipv6);
    count_ips(f, &er, scratch, false, &st.er_ipv4, &st.er_ipv6);
    count_ips(f, &er, scratch, true, &st.er_merged_ipv4, &st.er_merged_ipv6);
    count_ips(f, &optimize, scratch, false, &st.optimize_ipv4, &st.optimize_ipv6);
    for (size_t i = 0; i < st.area_count; i++) {
        struct selection area = {.areas = {st.areas[i].area}, .express_route = true};
        count_ips(f, &area, scratch, false, &st.areas[i].er_ipv4, &st.areas[i].er_ipv6);
    }
    return st;
}
