/* checklist/judge.c - the words judging functions speak, and what several of them ask. */
#include "checklist/judge.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/date.h"
#include "net/asn.h"

enum { MESSAGE_MAX = 500, MS_A_DAY = 86400000, STATEMENT_DAYS = 365 };

static const struct judge_row *const tables[] = {
    judges_account, judges_provider, judges_circuit, judges_layer2,  judges_redundancy,
    judges_address, judges_session,  judges_prefix,  judges_gateway, judges_recovery, judges_routing,
    judges_microsoft, judges_nat, judges_qos, judges_security, judges_operations, judges_m365,
    judges_m365_paths, judges_m365_plan, judges_dynamics, judges_capacity,
};

const struct judge_row *judge_row(const char *id)
{
    for (size_t t = 0; t < ARRAY_LEN(tables); t++)
        for (const struct judge_row *r = tables[t]; r->id; r++)
            if (strcmp(r->id, id) == 0) return r;
    return NULL;
}

bool checklist_is_judged(const char *id) { return judge_row(id) != NULL; }

/* ---- verdicts ---- */

static const char *keep(struct judging *j, const char *s)
{
    const char *copy = arena_text(j->arena, s);
    return copy ? copy : "";
}

static void found(struct judging *j, enum verdict v, const char *message)
{
    if (v == j->f.verdict && *message && *j->f.message && !strstr(j->f.message, message)) {
        j->f.message = say(j, "%s; %s", j->f.message, message);
    } else if (v > j->f.verdict) {
        j->f.verdict = v;
        j->f.where = j->at ? j->at : j->where;
        j->f.message = keep(j, message);
    }
}

void holds(struct judging *j) { found(j, VERDICT_PASS, ""); }

static enum verdict weight(enum level l)
{
    return l == LEVEL_MUST ? VERDICT_FAIL : l == LEVEL_SHOULD ? VERDICT_WARN : VERDICT_NOTE;
}

/* What a caller says in the words of printf, as `text`. */
#define SPOKEN(text)                                                                               \
    char text[MESSAGE_MAX];                                                                        \
    va_list args_;                                                                                 \
    va_start(args_, fmt);                                                                          \
    vsnprintf(text, sizeof text, fmt, args_);                                                      \
    va_end(args_)

void broken(struct judging *j, const char *fmt, ...)
{
    SPOKEN(text);
    found(j, weight(j->row->level), text);
}

void unclear(struct judging *j, const char *fmt, ...)
{
    SPOKEN(text);
    found(j, VERDICT_UNKNOWN, text);
}

void fails(struct judging *j, const char *fmt, ...)
{
    SPOKEN(text);
    found(j, VERDICT_FAIL, text);
}

void warns(struct judging *j, const char *fmt, ...)
{
    SPOKEN(text);
    found(j, VERDICT_WARN, text);
}

void at_key(struct judging *j, const char *key) { j->at = say(j, "%s%s", j->where, key); }

void owned_by(struct judging *j, const char *owner) { j->f.owner = owner; }

const char *say(struct judging *j, const char *fmt, ...)
{
    SPOKEN(text);
    return keep(j, text);
}

const char *show_prefix(struct judging *j, const struct prefix *p)
{
    char text[PREFIX_TEXT_MAX];
    return keep(j, prefix_text(p, text));
}

const char *show_addr(struct judging *j, const struct addr *a)
{
    char text[ADDR_TEXT_MAX];
    return keep(j, addr_text(a, text));
}

int64_t today(const struct judging *j) { return j->in->now_ms / MS_A_DAY; }

/* ---- facts ---- */

static int64_t age_of(const struct judging *j, const struct fact *f)
{
    int64_t age = (j->in->now_ms - f->at_ms) / 1000;
    return age > 0 ? age : 0;
}

static bool fresh(const struct judging *j, const struct fact *f)
{
    return fact_kinds[f->name].lasting || age_of(j, f) <= j->in->checklist->freshness_s;
}

enum { EVIDENCE_MAX = 24 }; /* a finding shows this many facts, however many it rests on */

/* Where the next piece of evidence goes; NULL when enough is shown. */
static struct evidence *evidence_room(struct judging *j)
{
    if (j->f.evidence_n == EVIDENCE_MAX) return NULL;
    if (!j->f.evidence) j->f.evidence = arena_take_array(j->arena, EVIDENCE_MAX, sizeof *j->f.evidence);
    return j->f.evidence ? &j->f.evidence[j->f.evidence_n++] : NULL;
}

static void cite(struct judging *j, const struct fact *f)
{
    struct evidence *e = evidence_room(j);
    if (e) *e = (struct evidence){fact_kinds[f->name].name, f->value, f->source, age_of(j, f)};
}

/* ---- statements ---- */

static const struct design_statement *statement_of(const struct judging *j)
{
    const struct design_statement *best = NULL;
    for (size_t i = 0; i < j->d->statements_n; i++) {
        const struct design_statement *s = &j->d->statements[i];
        if (strcmp(s->row, j->row->id) != 0 || (*s->subject && strcmp(s->subject, j->subject) != 0)) continue;
        if (j->used) j->used[i] = true;
        if (!best || strcmp(s->date, best->date) > 0) best = s; /* dates of this form sort as texts */
    }
    return best;
}

static void take_statement(struct judging *j, const struct design_statement *s, const char *asked)
{
    int64_t day = 0;
    bool dated = date_days(s->date, &day) && day <= today(j);
    struct evidence *e = evidence_room(j);
    if (e)
        *e = (struct evidence){"statement", *s->note ? s->note : s->holds == SAID_YES ? "holds" : "does not hold",
                               say(j, "%s, %s", s->by, s->date), dated ? (today(j) - day) * 86400 : -1};
    if (!dated) unclear(j, "the statement of %s is dated %s", s->by, s->date);
    else if (today(j) - day > STATEMENT_DAYS)
        unclear(j, "%s; the statement of %s is older than a year", asked, s->by);
    else if (s->holds == SAID_YES) holds(j);
    else broken(j, "%s says it does not hold%s%s", s->by, *s->note ? ": " : "", s->note);
}

void untold(struct judging *j, const char *fmt, ...)
{
    const struct design_statement *s = statement_of(j);
    SPOKEN(text);
    if (s) take_statement(j, s, text);
    else j->asks = true, unclear(j, "%s", text);
}

void must_say(struct judging *j, enum said value, enum said good, const char *key, const char *wrong)
{
    if (*key) at_key(j, key);
    if (value == good) holds(j);
    else if (value == UNSAID) untold(j, "the design does not give %s", *key ? key + 1 : "it");
    else broken(j, "%s", wrong);
}

const struct fact *const *seen_all(struct judging *j, enum fact_name name, const char *subject,
                                   size_t *out_n)
{
    struct fact_range r = facts_of(j->in->facts, name, subject);
    const struct fact **list = r.n ? arena_take_array(j->arena, r.n, sizeof *list) : NULL;
    *out_n = 0;
    for (size_t i = 0; list && i < r.n; i++)
        if (fresh(j, &r.first[i])) {
            list[(*out_n)++] = &r.first[i];
            cite(j, &r.first[i]);
        }
    return list;
}

/* Words that say all is well. Of values told at one time (IPv4 and IPv6 of a session, two files of an
 * export) the one that says otherwise counts. */
static bool says_well(const char *value)
{
    static const char *const words[] = {"Established", "up", "true", "Enabled", "Provisioned", "Succeeded", "Configured"};
    return text_in(words, ARRAY_LEN(words), value);
}

static const struct fact *newest(struct fact_range r)
{
    const struct fact *best = NULL;
    for (size_t i = 0; i < r.n; i++) {
        const struct fact *f = &r.first[i];
        bool worse = best && f->at_ms == best->at_ms && says_well(best->value) && !says_well(f->value);
        if (!best || f->at_ms > best->at_ms || worse) best = f;
    }
    return best;
}

const char *seen_if(struct judging *j, enum fact_name name, const char *subject)
{
    const struct fact *f = newest(facts_of(j->in->facts, name, subject));
    if (!f || !fresh(j, f)) return NULL;
    cite(j, f);
    return f->value;
}

const char *seen(struct judging *j, enum fact_name name, const char *subject)
{
    const char *value = seen_if(j, name, subject);
    if (value) return value;
    const struct fact *old = newest(facts_of(j->in->facts, name, subject));
    if (old) cite(j, old);
    if (old)
        unclear(j, "%s of %s is %lld s old", fact_kinds[name].name, subject, (long long)age_of(j, old));
    else
        unclear(j, "no evidence of %s for %s", fact_kinds[name].name, subject);
    return NULL;
}

void wants(struct judging *j, enum fact_name name, const char *subject, const char *wanted)
{
    const char *value = seen(j, name, subject);
    if (!value) return;
    if (strcmp(value, wanted) == 0) holds(j);
    else broken(j, "%s of %s is %s, not %s", fact_kinds[name].name, subject, value, wanted);
}

bool seen_number(struct judging *j, enum fact_name name, const char *subject, uint64_t *out)
{
    const char *value = seen(j, name, subject);
    char *end = NULL;
    if (!value) return false;
    *out = strtoull(value, &end, 10);
    if (*value >= '0' && *value <= '9' && !*end) return true;
    unclear(j, "%s of %s is '%s', which is no number", fact_kinds[name].name, subject, value);
    return false;
}

const struct fact *drill_of(struct judging *j, const char *leg)
{
    if (!j->in->facts) return NULL;
    struct fact_range r = facts_of(j->in->facts, FACT_DRILL, circuit_subject(j));
    const struct fact *best = NULL;
    size_t n = strlen(leg);
    for (size_t i = 0; i < r.n; i++)
        if (strncmp(r.first[i].value, leg, n) == 0 && r.first[i].value[n] == ' ' &&
            (!best || r.first[i].at_ms > best->at_ms))
            best = &r.first[i];
    if (best) cite(j, best);
    return best;
}

/* ---- subjects and conditions ---- */

const char *circuit_subject(struct judging *j) { return say(j, "circuit/%s", j->c->name); }

const char *leg_subject(struct judging *j, enum leg leg)
{
    return say(j, "circuit/%s/%s/%s", j->c->name, peering_kind_name(j->kind), leg_name(leg));
}

const char *if_provider_circuit(const struct judging *j)
{
    return design_is_direct(j->c) ? "a Direct circuit has no provider" : NULL;
}
const char *if_direct(const struct judging *j)
{
    return design_is_direct(j->c) ? NULL : "only for Direct circuits";
}
const char *if_microsoft(const struct judging *j)
{
    return j->kind == PEERING_MICROSOFT ? NULL : "only for Microsoft peering";
}
const char *if_private(const struct judging *j)
{
    return j->kind == PEERING_PRIVATE ? NULL : "only for private peering";
}

size_t leg_subnets(const struct judging *j, enum leg leg, struct prefix out[static 2])
{
    size_t n = 0;
    if (design_link_subnet(&j->p->ipv4, leg, &out[n])) n++;
    if (design_link_subnet(&j->p->ipv6, leg, &out[n])) n++;
    return n;
}

const char *shared_element(const char *const *a, size_t a_n, const char *const *b, size_t b_n)
{
    for (size_t i = 0; i < a_n; i++)
        for (size_t k = 0; k < b_n; k++)
            if (strcmp(a[i], b[k]) == 0) return a[i];
    return NULL;
}

size_t linked_networks(const struct judging *j, const struct design_circuit *c,
                       const struct design_vnet **out, size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < j->d->connections_n && n < most; i++) {
        const struct design_connection *k = &j->d->connections[i];
        if (strcmp(k->circuit, c->name) != 0) continue;
        const struct design_gateway *g = design_gateway(j->d, k->gateway);
        const struct design_vnet *v = g ? design_vnet(j->d, g->virtual_network) : NULL;
        if (v) out[n++] = v;
    }
    return n;
}

/* ---- what several families ask of the design ---- */

bool has_microsoft(const struct design *d)
{
    for (size_t i = 0; i < d->circuits_n; i++)
        if (d->circuits[i].peerings[PEERING_MICROSOFT].there) return true;
    return false;
}
const char *if_any_microsoft(const struct judging *j)
{
    return has_microsoft(j->d) ? NULL : "no Microsoft peering in this design";
}
const char *if_microsoft_circuit(const struct judging *j)
{
    return j->c->peerings[PEERING_MICROSOFT].there ? NULL : "the circuit has no Microsoft peering";
}
const char *if_m365(const struct judging *j)
{
    return j->d->m365.enabled == SAID_YES ? NULL : "Office 365 does not use these circuits";
}
const char *if_gateways(const struct judging *j)
{
    return j->d->gateways_n ? NULL : "no gateway in this design";
}

struct announced announced_on(const struct judging *j, enum leg leg)
{
    struct design_leg l = design_leg_of(j->d, j->c, j->kind, leg);
    return (struct announced){l.announce, l.announce_n};
}

const struct prefix *covered_by(const struct prefix *list, size_t n, const struct prefix *p)
{
    const struct prefix *best = NULL;
    for (size_t i = 0; i < n; i++)
        if (!prefix_is_default(&list[i]) && prefix_covers(&list[i], p) && (!best || list[i].len > best->len)) best = &list[i];
    return best;
}

const struct prefix *circuit_covers(const struct judging *j, const struct design_circuit *c,
                                    const struct prefix *p)
{
    const struct prefix *best = NULL;
    if (!c->peerings[PEERING_MICROSOFT].there) return NULL;
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        struct design_leg l = design_leg_of(j->d, c, PEERING_MICROSOFT, leg);
        const struct prefix *got = covered_by(l.announce, l.announce_n, p);
        if (got && (!best || got->len > best->len)) best = got;
    }
    return best;
}

const struct prefix *internet_covers(const struct design *d, const struct prefix *p)
{
    const struct prefix *best = NULL;
    for (size_t i = 0; i < d->internet_n; i++) {
        const struct prefix *got = covered_by(d->internet[i].prefixes, d->internet[i].prefixes_n, p);
        if (got && (!best || got->len > best->len)) best = got;
    }
    return best;
}

bool text_in(const char *const *list, size_t n, const char *s)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], s) == 0) return true;
    return false;
}

bool route_parse(const char *value, struct route_seen *out)
{
    char text[PREFIX_TEXT_MAX];
    int used = 0;
    if (sscanf(value, "%49s %lu %lu%n", text, &out->med, &out->hops, &used) != 3) return false;
    out->path = value + used;
    return prefix_parse(text, &out->prefix) == PREFIX_FINE;
}

bool path_next(const char **path, uint32_t *out_asn)
{
    const char *s = *path + strcspn(*path, "0123456789");
    char *end = NULL;
    if (!*s) return false;
    *out_asn = (uint32_t)strtoul(s, &end, 10);
    *path = end;
    return true;
}
