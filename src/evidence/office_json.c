/* evidence/office_json.c - see the header. */
#include "evidence/office_json.h"
#include <stdio.h>
#include <string.h>
#include "base/date.h"
#include "base/text.h"
#include "evidence/fields_json.h"
#include "m365/communities.h"
#include "m365/sync.h"

enum { UNCOVERED_TOLD = 40, LINE_LEN = 600 };

/* ---- the feed ---- */

static bool adds_anything(const struct change *c)
{
    return c->disposition == DISPOSITION_ADD || c->add.url_count || c->add.ip_count;
}

/* In force and to be applied: at once, or its day has come. A day that cannot be read has come. */
static bool is_late(const struct change *c, int64_t today)
{
    enum urgency u = impact_of(c)->urgency;
    int64_t day;
    if (u == URGENT_NOW) return true;
    if (u != URGENT_BY_DATE) return false;
    return !date_parse(c->effective, &day) || day <= today;
}

static void tell_change(const struct collector *c, enum fact_name name, const struct change *r)
{
    facts_addf(c->facts, name, "m365", c->source, c->at_ms, "set %u: %.60s%s%.10s", r->set_id,
               *r->impact ? r->impact : "changed", *r->effective ? ", in force " : "", r->effective);
}

/* What came after the applied version. `dated`: the records say when they come into force. */
static void tell_changes(const struct collector *c, const struct changes *log, const char *applied, bool dated)
{
    int64_t today = c->at_ms / 86400000;
    size_t late = 0, flags = 0;
    bool undated_additions = false;
    for (size_t i = 0; i < log->n; i++) {
        const struct change *r = &log->c[i];
        if (*r->version && strcmp(r->version, applied) <= 0) continue;
        if (dated && is_late(r, today)) late++, tell_change(c, FACT_FEED_LATE, r);
        undated_additions = undated_additions || (!dated && adds_anything(r));
        if (change_turns_express_route(r)) flags++, tell_change(c, FACT_FEED_FLAG_CHANGE, r);
    }
    if (!late && !undated_additions) put(c, FACT_FEED_LATE, "m365", "none");
    if (!flags) put(c, FACT_FEED_FLAG_CHANGE, "m365", "none");
}

void office_feed_facts(const struct collector *c, const struct office_papers *p, struct arena *scratch)
{
    const char *applied = c->design ? c->design->m365.feed.version : "";
    struct changes computed;
    bool recent = false;
    if (p->newest && *p->newest->version) {
        int64_t age_s = c->at_ms / 1000 - p->newest->checked_s;
        put_number(c, FACT_FEED_POLLED, "m365", age_s > 0 ? (uint64_t)age_s : 0);
        recent = age_s <= SYNC_STALE_S;
        if (recent) put(c, FACT_FEED_LATEST, "m365", p->newest->version);
    }
    if (!*applied) return;
    if (p->changes) {
        tell_changes(c, p->changes, applied, true);
    } else if (recent && strcmp(p->newest->version, applied) == 0) {
        put(c, FACT_FEED_LATE, "m365", "none");
        put(c, FACT_FEED_FLAG_CHANGE, "m365", "none");
    } else if (recent && p->applied &&
               changes_between(&p->applied->feed, &p->newest->feed, p->newest->version, scratch, &computed)) {
        tell_changes(c, &computed, applied, false);
    }
}

/* ---- what the circuits carry of it ---- */

/* Each leg of Microsoft peering. */
static void each_leg(const struct design *d, void (*see)(void *ctx, const struct design_circuit *, enum leg, const char *subject),
                     void *ctx)
{
    char subject[SUBJECT_MAX];
    for (size_t i = 0; d && i < d->circuits_n; i++)
        for (enum leg leg = LEG_FIRST; d->circuits[i].peerings[PEERING_MICROSOFT].there && leg < LEGS; leg++) {
            snprintf(subject, sizeof subject, "circuit/%.100s/microsoft/%s", d->circuits[i].name, leg_name(leg));
            see(ctx, &d->circuits[i], leg, subject);
        }
}

struct received { /* by community; `all` where the router does not tell communities */
    const struct collector *c;
    struct arena *scratch;
    uint32_t community; /* wanted now */
    struct prefixes routes;
    bool any, six;
};

/* "40.92.0.0/15 12076:5010,12076:51002" */
static void take_received(struct received *r, const char *value)
{
    char text[PREFIX_TEXT_MAX], wanted[24];
    struct prefix p;
    const char *communities = strchr(value, ' ');
    if (sscanf(value, "%49s", text) != 1 || prefix_parse(text, &p) != PREFIX_FINE) return;
    r->any = true;
    snprintf(wanted, sizeof wanted, "12076:%u", r->community);
    const char *at = communities ? strstr(communities, wanted) : NULL;
    if (communities && !(at && (at[strlen(wanted)] == 0 || at[strlen(wanted)] == ','))) return;
    if (!prefix_is_default(&p)) prefixes_add(&r->routes, &p);
}

static void see_received(void *ctx, const struct design_circuit *circuit, enum leg leg, const char *subject)
{
    struct received *r = ctx;
    struct prefix six;
    struct fact_range f = facts_of(r->c->facts, FACT_CUSTOMER_ROUTE, subject);
    for (size_t i = 0; i < f.n; i++) take_received(r, f.first[i].value);
    r->six = r->six || design_link_subnet(&circuit->peerings[PEERING_MICROSOFT].ipv6, leg, &six);
}

/* The parts of one service area; IPv6 only where a leg carries it. */
static size_t tell_uncovered(struct received *r, const struct feed *feed, const char *area, struct text *out)
{
    size_t n = 0;
    for (size_t i = 0; i < feed->count; i++) {
        const struct endpoint_set *s = &feed->sets[i];
        char text[PREFIX_TEXT_MAX];
        if (!s->express_route || !text_same_nocase(s->area, area)) continue;
        for (size_t k = 0; k < s->ip_count; k++) {
            if (s->ips[k].addr.family == FAMILY_IPV6 && !r->six) continue;
            if (prefixes_coverage(&r->routes, &s->ips[k]) == COVERED) continue;
            n++;
            if (out->n < 8000) text_addf(out, "%s set %u\n", prefix_text(&s->ips[k], text), s->id);
        }
    }
    return n;
}

/* Facts are added when all have been read: adding unsorts them. */
static void add_lines(const struct collector *c, enum fact_name name, const char *subject, const char *lines, size_t most)
{
    for (size_t n = 0; *lines && n < most; n++) {
        size_t len = strcspn(lines, "\n");
        facts_addf(c->facts, name, subject, c->source, c->at_ms, "%.*s", (int)len, lines);
        lines += len + 1;
    }
}

static void tell_coverage(const struct collector *c, const struct feed *feed, enum feed_instance instance,
                          struct arena *scratch, struct text *out)
{
    const struct design_m365 *m = &c->design->m365;
    bool any = false;
    size_t missing = 0;
    for (size_t i = 0; i < m->services_n; i++) {
        const char *area = area_of_service(m->services[i]);
        const struct service_community *s = area ? community_of_area(area, instance) : NULL;
        struct received r = {.c = c, .scratch = scratch, .routes = prefixes_in(scratch), .community = s ? s->value : 0};
        if (!s) continue;
        each_leg(c->design, see_received, &r);
        prefixes_merge(&r.routes);
        any = any || r.any;
        missing += tell_uncovered(&r, feed, area, out);
    }
    if (!any) text_clear(out); /* nobody told any route */
    else if (!missing) text_add(out, "none\n");
}

struct refusals {
    const struct collector *c;
    struct text told; /* "SUBJECT\tVALUE\n" */
};

static bool accepted(const struct fact_range *f, const struct prefix *p)
{
    for (size_t i = 0; i < f->n; i++) {
        char text[PREFIX_TEXT_MAX];
        struct prefix seen;
        if (sscanf(f->first[i].value, "%49s", text) == 1 && prefix_parse(text, &seen) == PREFIX_FINE && prefix_equal(&seen, p))
            return true;
    }
    return false;
}

/* What the design announces on the leg and the cloud's side does not have. A session that is down tells
 * nothing of acceptance; one that is up without a table tells only when it received nothing at all. */
static void see_accepted(void *ctx, const struct design_circuit *circuit, enum leg leg, const char *subject)
{
    struct refusals *r = ctx;
    struct fact_range routes = facts_of(r->c->facts, FACT_ROUTE, subject);
    struct fact_range state = facts_of(r->c->facts, FACT_SESSION_STATE, subject);
    struct fact_range count = facts_of(r->c->facts, FACT_SESSION_RECEIVED, subject);
    struct design_leg l = design_leg_of(r->c->design, circuit, PEERING_MICROSOFT, leg);
    char text[PREFIX_TEXT_MAX];
    size_t missing = 0;
    bool up = state.n && strcmp(state.first[state.n - 1].value, "Established") == 0;
    bool silent = count.n && strcmp(count.first[count.n - 1].value, "0") == 0;
    if (!up || !l.announce_n || (!routes.n && !silent)) return;
    for (size_t i = 0; i < l.announce_n; i++)
        if (!accepted(&routes, &l.announce[i]))
            missing++, text_addf(&r->told, "%s\t%s\n", subject, prefix_text(&l.announce[i], text));
    if (!missing) text_addf(&r->told, "%s\tnone\n", subject);
}

static void add_refusals(const struct collector *c, const char *lines)
{
    while (*lines) {
        char subject[SUBJECT_MAX];
        size_t len = strcspn(lines, "\n"), tab = strcspn(lines, "\t");
        snprintf(subject, sizeof subject, "%.*s", (int)tab, lines);
        facts_addf(c->facts, FACT_M365_REJECTED, subject, c->source, c->at_ms, "%.*s", (int)(len - tab - 1), lines + tab + 1);
        lines += len + 1;
    }
}

void office_route_facts(const struct collector *c, const struct feed *feed, enum feed_instance instance,
                        struct arena *scratch)
{
    struct text uncovered = {0};
    struct refusals r = {.c = c};
    if (feed) tell_coverage(c, feed, instance, scratch, &uncovered);
    each_leg(c->design, see_accepted, &r);
    add_lines(c, FACT_M365_UNCOVERED, "m365", text_get(&uncovered), UNCOVERED_TOLD);
    add_refusals(c, text_get(&r.told));
    text_drop(&uncovered);
    text_drop(&r.told);
}

/* ---- rehearsals ---- */

bool rehearsal_is(const json_t *document)
{
    return json_is_boolean(json_object_get(document, "expected")) && json_is_array(json_object_get(document, "services")) &&
           json_object_get(document, "routesGoneAfterMs");
}

void rehearsal_take(const struct collector *c, const json_t *document)
{
    size_t i;
    json_t *row;
    uint64_t astray = 0;
    json_array_foreach(json_object_get(document, "services"), i, row)
    {
        const json_t *before = json_object_get(row, "before");
        astray += strcmp(field_text(before, "path"), field_text(before, "expected")) != 0;
    }
    if (i) put_number(c, FACT_M365_ASYMMETRIC, "m365", astray);
}

/* ---- flows of a router ---- */

static bool line_of(const char **at, char line[static LINE_LEN])
{
    size_t n = strcspn(*at, "\n");
    if (!**at) return false;
    snprintf(line, LINE_LEN, "%.*s", (int)n, *at);
    *at += n + ((*at)[n] == '\n');
    return true;
}

bool conntrack_text_is(const char *text)
{
    char line[LINE_LEN];
    return line_of(&text, line) && strstr(line, " src=") && strstr(line, " dst=") && strstr(line, " sport=");
}

static bool of_service(const struct feed *feed, const char *line)
{
    char text[ADDR_TEXT_MAX];
    const char *at = strstr(line, " dst=");
    struct addr a;
    if (!at || sscanf(at + 5, "%45s", text) != 1 || !addr_parse(text, &a)) return false;
    for (size_t i = 0; i < feed->count; i++)
        for (size_t k = 0; feed->sets[i].express_route && k < feed->sets[i].ip_count; k++)
            if (prefix_has(&feed->sets[i].ips[k], &a)) return true;
    return false;
}

/* Without a feed nobody can tell which flows are the service's, so nothing is told. */
void conntrack_take(const struct collector *c, const struct feed *feed, const char *text)
{
    char line[LINE_LEN];
    uint64_t sampled = 0, one_way = 0;
    while (feed && line_of(&text, line)) {
        if (!strstr(line, "tcp") || !strstr(line, " ESTABLISHED ") || !of_service(feed, line)) continue;
        sampled++;
        one_way += strstr(line, "[UNREPLIED]") != NULL;
    }
    if (sampled) put_number(c, FACT_M365_ASYMMETRIC, "m365", one_way);
}
