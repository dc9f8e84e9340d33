/* cli/m365_decide.c - two questions before anything is ordered: shall Office 365 use the circuit (of a
 * design file), and what does Dynamics 365 need of it? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "cli/command.h"
#include "cli/m365.h"
#include "m365/decision.h"
#include "m365/dynamics.h"
#include "model/design_json.h"
#include "sys/yaml.h"

enum { FILTER_MAX = 256 };

/* ---- a design as the facts of the decision ---- */

static enum fact fact_of(enum said s) { return s == SAID_YES ? FACT_YES : s == SAID_NO ? FACT_NO : FACT_UNSAID; }

static enum fact fact_if(bool known, bool yes) { return !known ? FACT_UNSAID : yes ? FACT_YES : FACT_NO; }

/* Dates are "2026-01-31": text order is the order of days. */
static enum fact past(const char *date, const char *today)
{
    return fact_if(date && *date, date && strcmp(date, today) < 0);
}

static void take_filter(const struct design *d, const char *name, uint16_t *values, struct decision_input *in)
{
    const struct design_filter *f = name ? design_filter(d, name) : NULL;
    for (size_t i = 0; f && i < f->rules_n; i++)
        for (size_t k = 0; k < f->rules[i].communities_n; k++) {
            const char *colon = strchr(f->rules[i].communities[k], ':');
            unsigned long value = colon ? strtoul(colon + 1, NULL, 10) : 0;
            if (value && value <= UINT16_MAX && in->filter_n < FILTER_MAX)
                values[in->filter_n++] = (uint16_t)value;
        }
    if (f) in->filter_known = FACT_YES;
}

static void take_circuits(const struct design *d, uint16_t *values, struct decision_input *in)
{
    const char *first = NULL;
    bool premium = true, second = false;
    for (size_t i = 0; i < d->circuits_n; i++) {
        const struct design_circuit *c = &d->circuits[i];
        const struct design_peering *p = &c->peerings[PEERING_MICROSOFT];
        if (!p->there) continue;
        premium = premium && design_is_premium(c);
        second = second || (first && c->peering_location && strcmp(first, c->peering_location) != 0);
        if (!first) first = c->peering_location;
        take_filter(d, p->route_filter, values, in);
    }
    in->microsoft_peering = fact_if(d->circuits_n > 0, first != NULL);
    in->premium = fact_if(first != NULL, premium);
    in->second_location = fact_if(first != NULL, second);
    if (first && in->filter_known != FACT_YES) in->filter_known = FACT_NO;
}

static bool take_services(const struct design_m365 *m, const char **areas, struct decision_input *in)
{
    for (size_t i = 0; i < m->services_n && i < M365_WORDS_MAX; i++) {
        const char *area = area_of_service(m->services[i]);
        if (!area) {
            fprintf(stderr, "fairlead m365 decide: m365.services: no service '%s'; exchange, sharepoint, teams, "
                            "common\n", m->services[i]);
            return false;
        }
        areas[in->areas_n++] = area;
    }
    in->areas = areas;
    return true;
}

static bool take_inbound(const struct design *d, struct arena *a, struct decision_input *in)
{
    struct decision_inbound *rows = arena_take_array(a, d->inbound_n + 1, sizeof *rows);
    for (size_t i = 0; rows && i < d->inbound_n; i++) {
        const struct design_inbound *b = &d->inbound[i];
        rows[i] = (struct decision_inbound){
            .name = b->name, .kind = b->kind,
            .way = b->path == PATH_CIRCUIT ? INBOUND_CIRCUIT : b->path == PATH_UNSAID ? INBOUND_UNSAID
                                                                                      : INBOUND_INTERNET,
            .public_address = fact_if(true, b->public_ip.family != FAMILY_NONE),
            .public_name = fact_if(true, b->public_fqdn && *b->public_fqdn),
            .source_nat = fact_of(b->source_nat),
            .own_subnet = b->other_services == UNSAID ? FACT_UNSAID
                                                           : fact_if(true, b->other_services == SAID_NO)};
    }
    in->inbound = rows;
    in->inbound_n = rows ? d->inbound_n : 0;
    return rows != NULL;
}

static void print_decision(const struct decision *d)
{
    printf("Office 365 goes over the %s. %s\n\n", decision_way_text(d->way), d->why);
    for (size_t i = 0; i < d->rows; i++) {
        const struct decision_row *r = &d->row[i];
        printf("  %-5s  %s\n         %s\n", answer_text(r->answer), r->question, r->says);
        if (*r->action) printf("         do: %s\n", r->action);
    }
    puts("\nNever over a circuit:");
    for (size_t i = 0; decision_never[i]; i++) printf("  - %s\n", decision_never[i]);
}

static json_t *decision_write(const struct decision *d)
{
    json_t *rows = json_array(), *never = json_array();
    for (size_t i = 0; i < d->rows; i++) {
        const struct decision_row *r = &d->row[i];
        json_array_append_new(rows, json_pack("{s:s,s:s,s:s,s:s,s:s}", "question", r->question, "answer",
                                              answer_text(r->answer), "says", r->says, "do", r->action,
                                              "source", r->source));
    }
    for (size_t i = 0; decision_never[i]; i++) json_array_append_new(never, json_string(decision_never[i]));
    return json_pack("{s:s,s:s,s:o,s:o}", "path", decision_way_text(d->way), "why", d->why, "rows", rows,
                     "neverOverCircuit", never);
}

static int decide_design(struct m365_run *r, const struct design *d)
{
    char today[11];
    const char *areas[M365_WORDS_MAX];
    uint16_t values[FILTER_MAX];
    struct decision_input in = {.wanted = fact_of(d->m365.enabled),
                                .authorization = d->m365.authorization.ref,
                                .regulation = d->m365.authorization.reason,
                                .internet_egress = fact_if(true, d->internet_n > 0)};
    struct decision out;
    time_t now = time(NULL);
    struct tm tm;
    strftime(today, sizeof today, "%Y-%m-%d", gmtime_r(&now, &tm));
    in.expired = past(d->m365.authorization.expires, r->args.today ? r->args.today : today);
    if (!instance_parse(d->m365.instance && *d->m365.instance ? d->m365.instance : "Worldwide", &in.instance)) {
        fprintf(stderr, "fairlead m365 decide: m365.instance: '%s' is none; Worldwide, USGovDoD, USGovGCCHigh, "
                        "China, Germany\n", d->m365.instance);
        return EXIT_ERROR;
    }
    take_circuits(d, values, &in);
    in.filter = values;
    if (!take_services(&d->m365, areas, &in)) return EXIT_ERROR;
    if (!take_inbound(d, &r->arena, &in) || !decide(&in, &r->arena, &out))
        return fputs("fairlead m365 decide: the design has too many inbound services\n", stderr), EXIT_ERROR;
    if (m365_json(r)) return m365_print_json(decision_write(&out));
    print_decision(&out);
    return EXIT_FINE;
}

int m365_decide(struct m365_run *r)
{
    struct yaml_doc *doc = yaml_read_file(r->args.word[1], &r->problems);
    struct design *d = yaml_root(doc) ? design_from_json(yaml_root(doc), &r->arena, &r->problems) : NULL;
    yaml_print_problems(doc, &r->problems, stderr);
    int status = d ? decide_design(r, d) : EXIT_ERROR;
    yaml_drop(doc);
    return status;
}

/* ---- Dynamics 365 ---- */

static void print_dynamics(const struct dynamics_plan *p, bool names)
{
    puts("COMMUNITY     CARRIES");
    for (size_t i = 0; i < p->communities; i++) printf("12076:%-6u  %s\n", p->community[i], p->community_name[i]);
    for (size_t i = 0; i < p->tags; i++) printf("service tag   %s\n", p->tag[i]);
    for (size_t i = 0; i < p->notes; i++) printf("note: %s\n", p->note[i]);
    if (names) puts("");
    for (const struct dynamics_name *n = dynamics_names; names && n->pattern; n++)
        printf("%-36s %-36s %s\n", n->pattern, dynamics_way_text(n->way), n->what);
}

/* How many addresses each of the plan's tags has in the file; false: it lacks one. */
static bool count_tags(struct m365_run *r, const struct dynamics_plan *p, size_t counts[DYNAMICS_TAGS_MAX])
{
    struct service_tags tags;
    if (!m365_read_tags(r, r->args.tags, &tags)) return false;
    for (size_t i = 0; i < p->tags; i++) {
        const struct service_tag *t = tags_find(&tags, p->tag[i]);
        if (!t) {
            fprintf(stderr, "fairlead m365 dynamics: %s has no tag %s\n", r->args.tags, p->tag[i]);
            return false;
        }
        counts[i] = t->prefixes.n;
    }
    return true;
}

static json_t *dynamics_write(const struct dynamics_plan *p, const size_t *counts)
{
    json_t *communities = json_array(), *tags = json_array(), *notes = json_array(), *names = json_array();
    for (size_t i = 0; i < p->communities; i++) {
        char value[16];
        snprintf(value, sizeof value, "12076:%u", p->community[i]);
        json_array_append_new(communities, json_pack("{s:s,s:s}", "value", value, "name", p->community_name[i]));
    }
    for (size_t i = 0; i < p->tags; i++) {
        json_t *o = json_pack("{s:s}", "name", p->tag[i]);
        if (counts) json_object_set_new(o, "prefixes", json_integer((json_int_t)counts[i]));
        json_array_append_new(tags, o);
    }
    for (size_t i = 0; i < p->notes; i++) json_array_append_new(notes, json_string(p->note[i]));
    for (const struct dynamics_name *n = dynamics_names; n->pattern; n++)
        json_array_append_new(names, json_pack("{s:s,s:s,s:s}", "pattern", n->pattern, "path",
                                               dynamics_way_text(n->way), "what", n->what));
    return json_pack("{s:o,s:o,s:o,s:o}", "communities", communities, "serviceTags", tags, "notes", notes,
                     "names", names);
}

/* --regions as given, or those of --environment. */
static size_t wanted_regions(struct m365_run *r, const char *out[M365_WORDS_MAX])
{
    const struct dynamics_pair *pair = r->args.environment ? dynamics_pair(r->args.environment) : NULL;
    size_t n = 0;
    for (size_t i = 0; pair && i < 2; i++) out[n++] = pair->region[i];
    char *copy = arena_text(&r->arena, r->args.regions ? r->args.regions : "");
    for (char *word = copy ? strtok(copy, ",") : NULL; word && n < M365_WORDS_MAX; word = strtok(NULL, ","))
        out[n++] = word;
    return n;
}

int m365_dynamics(struct m365_run *r)
{
    const char *regions[M365_WORDS_MAX];
    size_t counts[DYNAMICS_TAGS_MAX] = {0};
    struct dynamics_plan p;
    if (r->args.environment && !dynamics_pair(r->args.environment))
        return m365_usage("--environment takes europe or unitedstates; for others give both --regions");
    struct dynamics_need need = {.version = r->args.release, .cloud = r->args.cloud, .region = regions,
                                 .regions = wanted_regions(r, regions)};
    if (!dynamics_plan(&need, &r->problems, &p)) return m365_refuse(r, "dynamics");
    if (r->args.tags && !count_tags(r, &p, counts)) return EXIT_ERROR;
    if (m365_json(r)) return m365_print_json(dynamics_write(&p, r->args.tags ? counts : NULL));
    print_dynamics(&p, true);
    for (size_t i = 0; r->args.tags && i < p.tags; i++) printf("%s: %zu prefixes\n", p.tag[i], counts[i]);
    return EXIT_FINE;
}
