/* m365/lists.c - writing lists. The router languages differ in four texts per family, kept in a
 * table. */
#include "m365/lists.h"
#include <stdio.h>
#include <string.h>

bool router_language_parse(const char *s, enum router_language *out)
{
    static const char *const names[] = {"frr", "bird", "ios-xe", "junos"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (text_same_nocase(s, names[i])) {
            *out = (enum router_language)i;
            return true;
        }
    return false;
}

void list_prefixes(const struct prefixes *p, struct text *out)
{
    char text[PREFIX_TEXT_MAX];
    for (size_t i = 0; i < p->n; i++) text_addf(out, "%s\n", prefix_text(&p->p[i], text));
}

void list_texts(const struct texts *t, struct text *out)
{
    for (size_t i = 0; i < t->n; i++) text_addf(out, "%s\n", t->s[i]);
}

struct protocol {
    const char *name;
    const struct ports *ports;
};

static void firewall_rows(const struct endpoint_set *s, const struct protocol *proto,
                          struct text *out)
{
    char ports[1024], to[PREFIX_TEXT_MAX];
    if (!proto->ports->n) return;
    ports_text(proto->ports, ports, sizeof ports);
    size_t rows = s->ip_count ? s->ip_count : s->url_count;
    for (size_t i = 0; i < rows; i++)
        text_addf(out, "%u,%s,%s,%s,%s,%s,\"%s\",%s\n", s->id, s->area, category_text(s->category),
                  s->required ? "required" : "optional", s->express_route ? "circuit" : "internet",
                  proto->name, ports, s->ip_count ? prefix_text(&s->ips[i], to) : s->urls[i]);
}

void list_firewall(const struct feed *f, const struct selection *sel, struct text *out)
{
    text_add(out, "set,area,category,required,path,protocol,ports,destination\n");
    for (size_t i = 0; i < f->count; i++) {
        const struct endpoint_set *s = &f->sets[i];
        if (!selection_has(sel, s)) continue;
        firewall_rows(s, &(struct protocol){"tcp", &s->tcp}, out);
        firewall_rows(s, &(struct protocol){"udp", &s->udp}, out);
    }
}

static void nft_set(const struct endpoint_set *s, const struct prefixes *merged, enum family family,
                    struct text *out)
{
    char text[PREFIX_TEXT_MAX];
    size_t n = 0;
    if (!prefixes_count(merged, family)) return;
    text_addf(out,
              "    set s%u_v%d { # %s %s\n        type %s; flags interval;\n        elements = {",
              s->id, (int)family, s->area, category_text(s->category),
              family == FAMILY_IPV6 ? "ipv6_addr" : "ipv4_addr");
    for (size_t i = 0; i < merged->n; i++)
        if (merged->p[i].addr.family == family)
            text_addf(out, "%s%s", n++ ? ", " : " ", prefix_text(&merged->p[i], text));
    text_add(out, " }\n    }\n");
}

static void nft_rules(const struct endpoint_set *s, const struct prefixes *merged,
                      enum family family, struct text *out)
{
    char ports[1024];
    const struct protocol both[] = {{"tcp", &s->tcp}, {"udp", &s->udp}};
    if (!prefixes_count(merged, family)) return;
    for (size_t i = 0; i < ARRAY_LEN(both); i++)
        if (both[i].ports->n)
            text_addf(out, "        %s daddr @s%u_v%d %s dport { %s } accept\n",
                      family == FAMILY_IPV6 ? "ip6" : "ip", s->id, (int)family, both[i].name,
                      ports_text(both[i].ports, ports, sizeof ports));
}

typedef void nft_writer(const struct endpoint_set *s, const struct prefixes *merged,
                        enum family family, struct text *out);

static bool nft_each(const struct feed *f, const struct selection *sel, struct arena *a,
                     nft_writer *write, struct text *out)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct endpoint_set *s = &f->sets[i];
        if (!selection_has(sel, s)) continue;
        struct prefixes merged = prefixes_in(a);
        prefixes_add_all(&merged, s->ips, s->ip_count);
        prefixes_merge(&merged);
        if (merged.full) return false;
        if (sel->family != FAMILY_IPV6) write(s, &merged, FAMILY_IPV4, out);
        if (sel->family != FAMILY_IPV4) write(s, &merged, FAMILY_IPV6, out);
    }
    return true;
}

bool list_nft(const struct feed *f, const struct selection *sel, struct arena *a, struct text *out)
{
    text_add(out, "# Sets without addresses are not here: they need a proxy or a filter by name.\n"
                  "table inet fairlead_m365 {\n");
    if (!nft_each(f, sel, a, nft_set, out)) return false;
    text_add(out, "    chain allow {\n");
    if (!nft_each(f, sel, a, nft_rules, out)) return false;
    text_add(out, "    }\n}\n");
    return true;
}

/* clang-format off */
static const char warning[] =
    "Generated from the endpoint feed, which is made for firewalls and proxies and changes monthly.\n"
    "Good for access lists, NAT classes and verification; as a BGP import filter it cuts off whatever\n"
    "the feed does not name yet.\n";

static const struct {
    const char *comment;
    const char *open[2], *close[2];   /* IPv4, IPv6; %s: the list's name */
} languages[] = {
    [LANGUAGE_FRR]    = {"! ",  {"", ""}, {"", ""}},
    [LANGUAGE_BIRD]   = {"# ",  {"define %s_v4 = [\n", "define %s_v6 = [\n"}, {"\n];\n", "\n];\n"}},
    [LANGUAGE_IOS_XE] = {"! ",  {"", ""}, {"", ""}},
    [LANGUAGE_JUNOS]  = {"# ",  {"policy-options {\n    policy-statement %s-v4 {\n        term feed {\n            from {\n",
                                 "policy-options {\n    policy-statement %s-v6 {\n        term feed {\n            from {\n"},
                                {"            }\n            then accept;\n        }\n    }\n}\n",
                                 "            }\n            then accept;\n        }\n    }\n}\n"}},
};
/* clang-format on */

static void write_warning(const char *comment, struct text *out)
{
    for (const char *line = warning; *line;) {
        size_t n = strcspn(line, "\n");
        text_add(out, comment);
        text_add_n(out, line, n + 1);
        line += n + 1;
    }
}

/* "seq 5 permit 10.0.0.0/8 le 32": the language FRR and IOS-XE share. */
static void sequence_row(const struct prefix *p, const char *name, size_t i, struct text *out)
{
    char text[PREFIX_TEXT_MAX];
    unsigned bits = addr_bits((enum family)p->addr.family);
    text_addf(out, "%s prefix-list %s-v%d seq %zu permit %s",
              p->addr.family == FAMILY_IPV6 ? "ipv6" : "ip", name, (int)p->addr.family, (i + 1) * 5,
              prefix_text(p, text));
    if (p->len < bits) text_addf(out, " le %u", bits);
    text_add(out, "\n");
}

static void router_row(const struct prefix *p, enum router_language l, const char *name, size_t i,
                       struct text *out)
{
    char text[PREFIX_TEXT_MAX];
    if (l == LANGUAGE_BIRD)
        text_addf(out, "%s    %s+", i ? ",\n" : "", prefix_text(p, text));
    else if (l == LANGUAGE_JUNOS)
        text_addf(out, "                route-filter %s orlonger;\n", prefix_text(p, text));
    else
        sequence_row(p, name, i, out);
}

static void replace_name(const char *shape, const char *name, struct text *out)
{
    const char *at = strstr(shape, "%s");
    text_add_n(out, shape, at ? (size_t)(at - shape) : strlen(shape));
    if (!at) return;
    text_add(out, name);
    text_add(out, at + 2);
}

void list_router(const struct prefixes *p, enum router_language l, const char *name,
                 struct text *out)
{
    static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};
    write_warning(languages[l].comment, out);
    for (size_t f = 0; f < ARRAY_LEN(families); f++) {
        size_t rows = 0;
        if (!prefixes_count(p, families[f])) continue;
        replace_name(languages[l].open[f], name, out);
        for (size_t i = 0; i < p->n; i++)
            if (p->p[i].addr.family == families[f]) router_row(&p->p[i], l, name, rows++, out);
        text_add(out, languages[l].close[f]);
    }
}
