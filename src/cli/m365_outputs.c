/* cli/m365_outputs.c - a feed for other devices, and what to expect from the cloud side. */
#include <stdlib.h>
#include <string.h>
#include "cli/command.h"
#include "cli/m365.h"
#include "m365/explain.h"
#include "m365/lists.h"
#include "m365/pac.h"
#include "m365/preview_json.h"

static const char *pac_word(const struct m365_run *r)
{
    return r->args.words > 1 ? r->args.word[1] : r->args.type ? r->args.type : "2";
}

int m365_pac(struct m365_run *r)
{
    enum pac_type type;
    struct pac_sets s;
    const char *proxy = r->args.proxy ? r->args.proxy : "PROXY proxy.example.com:8080";
    if (!pac_type_parse(pac_word(r), &type)) return m365_usage("pac takes 1, 2 or er");
    if (!pac_proxy_is_sane(proxy))
        return m365_usage("--proxy takes letters, digits and . : ; - _ [ ] only");
    if (!pac_compute(&r->feed, type, &r->arena, &s)) return m365_refuse(r, "pac");
    struct text t = {0};
    pac_write(&s, type, proxy, &t);
    if (!r->args.output_text || !m365_json(r)) return m365_print_text(&t);
    json_t *o = json_pack("{s:s,s:s,s:o,s:o,s:s}", "type", pac_type_text(type), "proxy", proxy,
                          "direct", texts_write(s.direct.s, s.direct.n), "exceptions",
                          texts_write(s.exceptions.s, s.exceptions.n), "pac", text_get(&t));
    text_drop(&t);
    return m365_print_json(o);
}

int m365_nft(struct m365_run *r)
{
    struct text t = {0};
    if (!list_nft(&r->feed, &r->args.selection, &r->arena, &t))
        return text_drop(&t), m365_refuse(r, "nft");
    return m365_print_text(&t);
}

int m365_firewall(struct m365_run *r)
{
    struct text t = {0};
    list_firewall(&r->feed, &r->args.selection, &t);
    return m365_print_text(&t);
}

static bool name_is_sane(const char *s)
{
    size_t n = strlen(s);
    return n > 0 && n <= 40 &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == n;
}

int m365_prefix_list(struct m365_run *r)
{
    enum router_language l;
    const char *name = r->args.name ? r->args.name : "M365";
    if (!router_language_parse(r->args.word[1], &l))
        return m365_usage("prefix-list takes frr, bird, ios-xe or junos");
    if (!name_is_sane(name)) return m365_usage("--name takes letters, digits and _");
    struct selection sel = r->args.selection;
    sel.express_route = true; /* a router's list is about the circuit */
    struct prefixes p = feed_prefixes(&r->feed, &sel, &r->arena);
    struct text t = {0};
    prefixes_merge(&p);
    list_router(&p, l, name, &t);
    return m365_print_text(&t);
}

/* --- what the cloud side would send ---------------------------------------------------------- */

static bool preview_regions(struct m365_run *r, struct preview *p)
{
    char *copy = arena_text(&r->arena, r->args.regions);
    for (char *word = strtok(copy, ","); word; word = strtok(NULL, ",")) {
        const struct region_community *region = community_of_region(word);
        if (!region) {
            fprintf(stderr, "fairlead m365: no community is known for region '%s'\n", word);
            return false;
        }
        preview_region(p, region);
    }
    return true;
}

static void print_preview(const struct preview *p)
{
    printf("%-12s %-32s %6s %6s  %s\n", "COMMUNITY", "SERVICE", "IPV4", "IPV6", "COUNTED FROM");
    for (size_t i = 0; i < p->n; i++) {
        const struct preview_row *row = &p->row[i];
        char v4[24] = "?", v6[24] = "?";
        if (row->known) {
            snprintf(v4, sizeof v4, "%zu", row->ipv4);
            snprintf(v6, sizeof v6, "%zu", row->ipv6);
        }
        printf("12076:%-6u %-32s %6s %6s  %s\n", row->value, row->name, v4, v6, row->source);
    }
    printf("you would receive about %zu IPv4 and %zu IPv6 prefixes; give the session a limit of at "
           "least "
           "%zu and %zu\n",
           p->ipv4, p->ipv6, p->ipv4 * 2, p->ipv6 * 2);
    for (size_t i = 0; i < p->notes; i++) printf("note: %s\n", p->note[i]);
}

int m365_route_filter(struct m365_run *r)
{
    struct preview p = {.feed = &r->feed, .instance = r->args.instance, .arena = &r->arena};
    struct service_tags tags;
    struct selection services = {0};
    if (r->args.tags && !m365_read_tags(r, r->args.tags, &tags)) return EXIT_ERROR;
    if (r->args.tags) p.tags = &tags;
    if (r->args.communities) {
        size_t n;
        char *bytes = m365_read_file(r->args.communities, TAGS_BYTES_MAX, &n);
        if (!bytes) return EXIT_ERROR;
        bool fine = preview_communities(bytes, n, &p, &r->problems);
        free(bytes);
        if (!fine) return m365_refuse(r, r->args.communities);
    }
    const char *list = r->args.services  ? r->args.services
                       : r->args.regions ? NULL
                                         : "exchange,sharepoint,teams,common";
    if (list && !m365_select_services(list, &r->arena, &services)) return EXIT_USAGE;
    for (size_t i = 0; list && services.areas[i]; i++) preview_area(&p, services.areas[i]);
    if (r->args.regions && !preview_regions(r, &p)) return EXIT_USAGE;
    preview_finish(&p);
    if (m365_json(r)) return m365_print_json(preview_write(&p));
    print_preview(&p);
    return EXIT_FINE;
}

/* --- service tags ---------------------------------------------------------------------------- */

int m365_tags(struct m365_run *r)
{
    struct service_tags t;
    if (!m365_read_tags(r, r->args.word[1], &t)) return EXIT_ERROR;
    if (r->args.words == 2) return m365_print_json(tags_stats_write(&t, &r->arena));
    const struct service_tag *tag = tags_find(&t, r->args.word[2]);
    if (!tag) return fputs("fairlead m365: no such tag in this file\n", stderr), EXIT_NOT_FOUND;
    return m365_print_json(json_pack("{s:s,s:s,s:s,s:I,s:o}", "name", tag->name, "region",
                                     tag->region, "systemService", tag->service, "changeNumber",
                                     (json_int_t)tag->change_number, "addressPrefixes",
                                     prefixes_write(&tag->prefixes, FAMILY_NONE)));
}

int m365_tags_diff(struct m365_run *r)
{
    struct service_tags old, new;
    struct tag_changes d;
    if (!m365_read_tags(r, r->args.word[1], &old) || !m365_read_tags(r, r->args.word[2], &new))
        return EXIT_ERROR;
    if (!tags_diff(&old, &new, &r->arena, &d)) return m365_refuse(r, r->args.word[2]);
    if (m365_json(r)) return m365_print_json(tag_changes_write(&d));
    for (size_t i = 0; i < d.n; i++) {
        const struct tag_change *c = &d.c[i];
        printf("%-40s %s +%zu -%zu\n", c->after ? c->after->name : c->before->name,
               !c->before  ? "added"
               : !c->after ? "removed"
                           : "changed",
               c->added.n, c->removed.n);
    }
    printf("file %u -> %u, %zu tags differ\n", old.change_number, new.change_number, d.n);
    return EXIT_FINE;
}

static const char *const coverage_words[] = {"not covered", "partly", "covered"};

int m365_coverage(struct m365_run *r)
{
    struct service_tags t;
    char text[PREFIX_TEXT_MAX];
    size_t counts[3] = {0};
    if (!r->args.tags) return m365_usage("coverage needs --tags FILE");
    if (!m365_read_tags(r, r->args.tags, &t)) return EXIT_ERROR;
    struct prefixes wanted = feed_prefixes(&r->feed, &r->args.selection, &r->arena);
    struct tag_hit *hit = arena_take_array(&r->arena, wanted.n + 1, sizeof *hit);
    if (!hit || !tags_cover(&t, &wanted, &r->arena, hit)) return m365_refuse(r, r->args.tags);
    json_t *list = json_array();
    for (size_t i = 0; i < wanted.n; i++) {
        const char *tag = hit[i].tag ? hit[i].tag->name : "";
        counts[hit[i].coverage]++;
        json_array_append_new(list,
                              json_pack("{s:s,s:s,s:s}", "prefix", prefix_text(&wanted.p[i], text),
                                        "coverage", coverage_words[hit[i].coverage], "tag", tag));
        if (!m365_json(r))
            printf("%-44s %-12s %s\n", prefix_text(&wanted.p[i], text),
                   coverage_words[hit[i].coverage], tag);
    }
    if (m365_json(r))
        return m365_print_json(json_pack("{s:I,s:I,s:I,s:o}", "covered",
                                         (json_int_t)counts[COVERED], "partly",
                                         (json_int_t)counts[COVERED_PARTLY], "notCovered",
                                         (json_int_t)counts[COVERED_NOT], "prefixes", list));
    json_decref(list);
    printf("%zu covered, %zu partly, %zu not covered\n", counts[COVERED], counts[COVERED_PARTLY],
           counts[COVERED_NOT]);
    return EXIT_FINE;
}
