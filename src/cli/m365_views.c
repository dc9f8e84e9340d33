/* cli/m365_views.c - looking at a feed and at what changed in it. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "cli/command.h"
#include "cli/m365.h"
#include "m365/changes_json.h"
#include "m365/explain_json.h"

static void label_cache(const struct m365_run *r, json_t *o)
{
    if (!*r->version) return;
    json_object_set_new(o, "version", json_string(r->version));
    json_object_set_new(o, "fetchedAt", json_string(r->fetched));
    json_object_set_new(o, "stale", json_boolean(r->stale));
}

int m365_stats(struct m365_run *r)
{
    struct feed_stats st = feed_stats(&r->feed, &r->arena);
    json_t *o = feed_stats_write(&st);
    json_object_set_new(o, "instance", json_string(instance_text(r->args.instance)));
    label_cache(r, o);
    if (m365_json(r)) return m365_print_json(o);
    json_decref(o);
    printf("instance    %s%s%s%s\n", instance_text(r->args.instance),
           *r->version ? ", version " : "", r->version, r->stale ? " (stale)" : "");
    printf("sets        %zu: %zu Optimize, %zu Allow, %zu Default; %zu required\n", st.sets,
           st.by_category[0], st.by_category[1], st.by_category[2], st.required);
    printf("names       %zu\n", st.urls);
    printf("prefixes    %zu IPv4, %zu IPv6\n", st.ipv4, st.ipv6);
    printf("circuit     %zu sets, %zu IPv4, %zu IPv6 (merged %zu, %zu)\n", st.er_sets, st.er_ipv4,
           st.er_ipv6, st.er_merged_ipv4, st.er_merged_ipv6);
    for (size_t i = 0; i < st.area_count; i++)
        printf("  %-10s  %zu sets; over the circuit %zu sets, %zu IPv4, %zu IPv6\n",
               st.areas[i].area, st.areas[i].sets, st.areas[i].er_sets, st.areas[i].er_ipv4,
               st.areas[i].er_ipv6);
    return EXIT_FINE;
}

int m365_sets(struct m365_run *r)
{
    if (r->args.words == 2) {
        const struct endpoint_set *s =
            feed_find(&r->feed, (uint32_t)strtoul(r->args.word[1], NULL, 10));
        if (!s) return fputs("fairlead m365: no such set in this feed\n", stderr), EXIT_NOT_FOUND;
        return m365_print_json(set_write(s));
    }
    if (m365_json(r)) return m365_print_json(feed_write(&r->feed, &r->args.selection));
    printf("%5s  %-10s %-8s %-8s %-8s %5s %5s  %s\n", "SET", "AREA", "CATEGORY", "PATH", "NEEDED",
           "NAMES", "IPS", "PORTS");
    for (size_t i = 0; i < r->feed.count; i++) {
        const struct endpoint_set *s = &r->feed.sets[i];
        char tcp[256], udp[256];
        if (!selection_has(&r->args.selection, s)) continue;
        printf("%5u  %-10s %-8s %-8s %-8s %5zu %5zu  tcp %s%s%s\n", s->id, s->area,
               category_text(s->category), s->express_route ? "circuit" : "internet",
               s->required ? "yes" : "optional", s->url_count, s->ip_count,
               s->tcp.n ? ports_text(&s->tcp, tcp, sizeof tcp) : "-", s->udp.n ? ", udp " : "",
               s->udp.n ? ports_text(&s->udp, udp, sizeof udp) : "");
    }
    return EXIT_FINE;
}

static json_t *prefixes_object(struct prefixes *p)
{
    return json_pack("{s:o,s:o}", "ipv4", prefixes_write(p, FAMILY_IPV4), "ipv6",
                     prefixes_write(p, FAMILY_IPV6));
}

static int print_by_community(struct m365_run *r)
{
    json_t *list = json_array();
    for (const struct service_community *c = service_communities; c->value; c++) {
        char value[16];
        if (!*c->area || community_of_area(c->area, r->args.instance) != c) continue;
        struct selection sel = {
            .areas = {c->area}, .express_route = true, .family = r->args.selection.family};
        struct prefixes p = feed_prefixes(&r->feed, &sel, &r->arena);
        if (r->args.merged) prefixes_merge(&p);
        snprintf(value, sizeof value, "12076:%u", c->value);
        json_t *o = prefixes_object(&p);
        json_object_set_new(o, "community", json_string(value));
        json_object_set_new(o, "name", json_string(c->name));
        json_array_append_new(list, o);
        if (m365_json(r)) continue;
        printf("# %s %s\n", value, c->name);
        struct text t = {0};
        for (size_t i = 0; i < p.n; i++) {
            char text[PREFIX_TEXT_MAX];
            text_addf(&t, "%s\n", prefix_text(&p.p[i], text));
        }
        m365_print_text(&t);
    }
    if (m365_json(r)) return m365_print_json(list);
    json_decref(list);
    return EXIT_FINE;
}

int m365_prefixes(struct m365_run *r)
{
    if (r->args.by_community) return print_by_community(r);
    struct prefixes p = feed_prefixes(&r->feed, &r->args.selection, &r->arena);
    if (r->args.merged) prefixes_merge(&p);
    if (m365_json(r)) return m365_print_json(prefixes_object(&p));
    char text[PREFIX_TEXT_MAX];
    for (size_t i = 0; i < p.n; i++) puts(prefix_text(&p.p[i], text));
    return EXIT_FINE;
}

int m365_urls(struct m365_run *r)
{
    struct texts t = feed_urls(&r->feed, &r->args.selection, &r->arena);
    if (m365_json(r)) return m365_print_json(json_pack("{s:o}", "urls", texts_write(t.s, t.n)));
    for (size_t i = 0; i < t.n; i++) puts(t.s[i]);
    return EXIT_FINE;
}

static void print_explanation(const struct explanation *e)
{
    char text[PREFIX_TEXT_MAX];
    printf("%s: %s\n", *e->host ? e->host : prefix_text(&e->address, text),
           explain_path_text(e->path));
    printf("  why        %s\n", e->why);
    if (*e->service) printf("  service    %s\n", e->service);
    if (e->matches) printf("  category   %s\n", category_text(e->category));
    if (e->community) printf("  community  12076:%u %s\n", e->community->value, e->community->name);
    if (*e->never) printf("  never      %s\n", e->never);
    for (size_t i = 0; i < e->matches; i++) {
        const struct explain_match *m = &e->match[i];
        char tcp[256], udp[256];
        printf("  set %-5u  %s by %s: %s, %s, %s, tcp %s, udp %s%s%s\n", m->set->id, m->set->area,
               m->pattern ? m->pattern : prefix_text(&m->prefix, text),
               category_text(m->set->category), m->set->express_route ? "circuit" : "internet",
               m->set->required ? "required" : "optional",
               m->set->tcp.n ? ports_text(&m->set->tcp, tcp, sizeof tcp) : "-",
               m->set->udp.n ? ports_text(&m->set->udp, udp, sizeof udp) : "-",
               *m->set->notes ? ": " : "", m->set->notes);
    }
    for (size_t i = 0; e->hints[i]; i++) printf("  note       %s\n", e->hints[i]);
}

int m365_explain(struct m365_run *r)
{
    struct explanation e;
    if (!explain(&r->feed, r->args.instance, r->args.word[1], &r->arena, &e))
        return m365_usage("explain takes a URL, a host name, an address or a prefix");
    if (m365_json(r)) return m365_print_json(explanation_write(&e, r->args.word[1]));
    print_explanation(&e);
    return EXIT_FINE;
}

/* --- changes --------------------------------------------------------------------------------- */

static int64_t today_of(const struct m365_run *r)
{
    int64_t days;
    if (r->args.today && date_parse(r->args.today, &days)) return days;
    return r->args.today ? -1 : (int64_t)time(NULL) / 86400;
}

static void print_change(const struct change *c, int64_t today)
{
    const struct impact_row *row = impact_of(c);
    int64_t due;
    char text[PREFIX_TEXT_MAX];
    printf("%s set %u %s %s: %s", c->version, c->set_id, disposition_text(c->disposition),
           *c->impact ? c->impact : "(no impact)", row->action);
    if (today >= 0 && date_parse(c->effective, &due))
        printf(" (%lld days left)", (long long)(due - today));
    if (change_turns_express_route(c))
        printf("\n    the circuit flag turned: plan routes, PAC and ACL again");
    putchar('\n');
    for (size_t i = 0; i < c->add.url_count; i++) printf("    + %s\n", c->add.urls[i]);
    for (size_t i = 0; i < c->add.ip_count; i++)
        printf("    + %s\n", prefix_text(&c->add.ips[i], text));
    for (size_t i = 0; i < c->remove.url_count; i++) printf("    - %s\n", c->remove.urls[i]);
    for (size_t i = 0; i < c->remove.ip_count; i++)
        printf("    - %s\n", prefix_text(&c->remove.ips[i], text));
}

static int print_changes(struct m365_run *r, const struct changes *c)
{
    int64_t today = today_of(r);
    if (r->args.today && today < 0) return m365_usage("--today takes YYYY-MM-DD");
    if (m365_json(r)) return m365_print_json(changes_report(c, today));
    for (size_t i = 0; i < c->n; i++) print_change(&c->c[i], today);
    printf("%zu changes\n", c->n);
    return EXIT_FINE;
}

int m365_diff(struct m365_run *r)
{
    struct feed old, new;
    struct changes c;
    if (!m365_read_feed(r, r->args.word[1], &old) || !m365_read_feed(r, r->args.word[2], &new))
        return EXIT_ERROR;
    if (!changes_between(&old, &new, "", &r->arena, &c)) return m365_refuse(r, r->args.word[2]);
    return print_changes(r, &c);
}

static bool read_changes(struct m365_run *r, const char *path, struct changes *out)
{
    size_t n;
    char *bytes = m365_read_file(path, FEED_BYTES_MAX, &n);
    if (!bytes) return false;
    bool fine = changes_parse(bytes, n, &r->arena, &r->problems, out);
    free(bytes);
    if (!fine) m365_refuse(r, path);
    return fine;
}

int m365_changes(struct m365_run *r)
{
    struct changes c;
    return read_changes(r, r->args.word[1], &c) ? print_changes(r, &c) : EXIT_ERROR;
}

int m365_replay(struct m365_run *r)
{
    struct feed old, got, want;
    struct changes c;
    size_t orphans;
    struct selection all = {0};
    if (!m365_read_feed(r, r->args.word[1], &old) || !read_changes(r, r->args.word[2], &c))
        return EXIT_ERROR;
    if (!changes_apply(&old, &c, &r->arena, &got, &orphans)) return m365_refuse(r, r->args.word[2]);
    if (orphans)
        fprintf(stderr, "fairlead m365: %zu records are for sets that are not there\n", orphans);
    if (!r->args.expect) return m365_print_json(feed_write(&got, &all));
    if (!m365_read_feed(r, r->args.expect, &want)) return EXIT_ERROR;
    bool same = feed_equal(&got, &want);
    if (m365_json(r))
        m365_print_json(json_pack("{s:b,s:I}", "equal", same, "orphans", (json_int_t)orphans));
    else
        puts(same ? "equal" : "different: the fresh feed wins");
    return same ? EXIT_FINE : EXIT_ERROR;
}
