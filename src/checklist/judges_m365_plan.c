/* checklist/judges_m365_plan.c - M365-NET, -PAC, -FEED, -HA, -IMP: the network around Office 365. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "checklist/judge.h"
#include "checklist/office.h"
#include "m365/changes.h"
#include "m365/pattern.h"

enum {
    IDLE_LEAST_S = 300,
    POLL_LEAST_MIN = 60,
    POLL_MOST_MIN = 1440,
    POLLED_MOST_S = 7200,
    DRILL_DAYS = 365,
    BACKUP_RTT_MS = 100,
    GUID_LENGTH = 36,
};

/* ---- NET ---- */

static void internet_remains_design(struct judging *j)
{
    at_key(j, "/internet");
    for (size_t i = 0; i < j->d->sites_n; i++) {
        bool has = false;
        for (size_t k = 0; k < j->d->internet_n && !has; k++)
            has = !*j->d->internet[k].site || strcmp(j->d->internet[k].site, j->d->sites[i].name) == 0;
        if (j->d->internet_n && !has) broken(j, "%s has no way to the Internet", j->d->sites[i].name);
    }
    if (!j->d->internet_n) untold(j, "the design gives no Internet egress");
    else holds(j);
}

static bool any_probe(struct judging *j, const char *bad, const char *what)
{
    size_t n;
    const struct fact *const *list = seen_all(j, FACT_M365_PROBE, "m365", &n);
    for (size_t i = 0; i < n; i++) {
        const char *verdict = strchr(list[i]->value, ' ');
        if (verdict && strcmp(verdict + 1, bad) == 0)
            broken(j, "%.*s %s", (int)(verdict - list[i]->value), list[i]->value, what);
    }
    return n > 0;
}
static void default_design(struct judging *j)
{
    must_say(j, j->d->m365.proxy.allows_default, SAID_YES, "/m365/proxy/allows_default", "required endpoints are blocked");
}
static void default_live(struct judging *j) { any_probe(j, "blocked", "is blocked"); }
static void by_name_design(struct judging *j)
{
    must_say(j, j->d->m365.proxy.names, SAID_YES, "/m365/proxy/names", "the egress policy knows addresses only");
}

static const char *if_proxy(const struct judging *j)
{
    const char *why = if_m365(j);
    return why ? why : j->d->m365.proxy.used == SAID_NO ? "no proxy is used" : NULL;
}
/* The names of the Optimize category, which have stayed since 2018; with a feed at hand the Allow ones too. */
static const char *optimize_hit(const char *pattern)
{
    static const char *const hosts[] = {"outlook.office365.com", "outlook.office.com", "*.sharepoint.com",
                                        "teams.microsoft.com", "*.teams.microsoft.com", "*.lync.com"};
    for (size_t k = 0; k < ARRAY_LEN(hosts); k++)
        if (pattern_covers(pattern, hosts[k]) || pattern_covers(hosts[k], pattern)) return hosts[k];
    return NULL;
}
/* A pattern of the proxy meets one of the feed if either has a name in common with the other. */
static const char *feed_hit(const struct feed *f, const char *pattern)
{
    for (size_t i = 0; f && i < f->count; i++)
        for (size_t k = 0; f->sets[i].category != CATEGORY_DEFAULT && k < f->sets[i].url_count; k++)
            if (pattern_covers(pattern, f->sets[i].urls[k]) || pattern_covers(f->sets[i].urls[k], pattern))
                return f->sets[i].urls[k];
    return NULL;
}
static void against_optimize(struct judging *j, const char *const *patterns, size_t n, const char *what)
{
    for (size_t i = 0; i < n; i++) {
        char folded[HOST_MAX + 1];
        size_t len = strlen(patterns[i]);
        for (size_t k = 0; k <= len && k < sizeof folded; k++)
            folded[k] = (char)(patterns[i][k] >= 'A' && patterns[i][k] <= 'Z' ? patterns[i][k] | 32 : patterns[i][k]);
        folded[sizeof folded - 1] = 0;
        const char *hit = optimize_hit(folded);
        if (!hit) hit = feed_hit(j->in->feed, folded);
        if (hit) broken(j, "%s of %s, which is %s of the service", what, patterns[i], hit);
    }
}
static void inspected_design(struct judging *j)
{
    const struct design_proxy *p = &j->d->m365.proxy;
    at_key(j, "/m365/proxy");
    if (p->used == UNSAID) {
        untold(j, "the design does not say whether a proxy is used");
        return;
    }
    against_optimize(j, p->inspects, p->inspects_n, "the proxy opens the TLS");
    against_optimize(j, p->asks_credentials, p->asks_credentials_n, "the proxy asks for credentials");
    holds(j);
}
static void inspected_live(struct judging *j)
{
    any_probe(j, "intercepted", "has a certificate of the proxy");
    any_probe(j, "credentials", "needs credentials of the proxy");
}

static const char *if_teams(const struct judging *j)
{
    const char *why = if_m365(j);
    return why ? why : text_in(j->d->m365.services, j->d->m365.services_n, "teams") ? NULL : "no calls are planned";
}
static void media_ports_design(struct judging *j)
{
    must_say(j, j->d->m365.media_ports, SAID_YES, "/m365/media_ports", "ports of calls are closed: media fall back to TCP");
}

static const char *if_office_site(const struct judging *j)
{
    return if_m365(j);
}
static void local_names_design(struct judging *j)
{
    at_key(j, "/dns_region");
    if (!*j->site->dns_region || !*j->site->egress_region) untold(j, "the design gives no dns_region or egress_region of %s", j->site->name);
    else if (catalogue_region_same(j->site->dns_region, j->site->egress_region)) holds(j);
    else
        broken(j, "%s resolves in %s and leaves in %s", j->site->name, j->site->dns_region, j->site->egress_region);
}
static void idle_design(struct judging *j)
{
    at_key(j, "/m365/idle_timeout_s");
    if (!j->d->m365.idle_timeout_s) untold(j, "the design does not give m365/idle_timeout_s");
    else if (j->d->m365.idle_timeout_s <= IDLE_LEAST_S) broken(j, "idle sessions are cut after %u s", j->d->m365.idle_timeout_s);
    else holds(j);
}

/* ---- PAC, feed ---- */

static const char *if_pac(const struct judging *j)
{
    const char *why = if_m365(j);
    return why ? why : j->d->m365.pac.used == SAID_YES ? NULL : "no PAC file is used";
}
static void pac_design(struct judging *j)
{
    const struct design_pac *p = &j->d->m365.pac;
    at_key(j, "/m365/pac/type");
    if (!*p->type) untold(j, "the design does not say what the PAC file is made of");
    else if (strcmp(p->type, "er") != 0) broken(j, "the PAC file is of type %s, the circuit needs er", p->type);
    at_key(j, "/m365/pac/feed_version");
    if (!*p->feed_version || !*j->d->m365.feed.version) untold(j, "the design does not give the versions of feed and PAC file");
    else if (strcmp(p->feed_version, j->d->m365.feed.version) != 0)
        broken(j, "the PAC file is of feed %s, %s is applied", p->feed_version, j->d->m365.feed.version);
    must_say(j, p->ordered, SAID_YES, "/m365/pac/ordered", "exceptions do not come before wildcards");
}
static void opening_design(struct judging *j)
{
    must_say(j, j->d->m365.pac.firewall_open, SAID_YES, "/m365/pac/firewall_open", "the firewall drops what the PAC file sends direct");
}

static void polled_design(struct judging *j)
{
    uint32_t every = j->d->m365.feed.poll_minutes;
    at_key(j, "/m365/feed/poll_minutes");
    if (!every) untold(j, "the design does not give m365/feed/poll_minutes");
    else if (every < POLL_LEAST_MIN || every > POLL_MOST_MIN) broken(j, "the feed is polled every %u minutes", every);
    else holds(j);
}
static void polled_live(struct judging *j)
{
    const char *age = seen_if(j, FACT_FEED_POLLED, "m365");
    if (age && strtoul(age, NULL, 10) > POLLED_MOST_S) broken(j, "the feed was last polled %s s ago", age);
}
static const char *if_feed(const struct judging *j)
{
    const char *why = if_m365(j);
    if (why) return why;
    const struct design_feed *f = &j->d->m365.feed;
    return *f->version || f->poll_minutes || *f->client_request_id ? NULL : "the design does not tell of the feed";
}
static void own_id_design(struct judging *j)
{
    static const char example[] = "b10c5ed1-bad1-445f-b386-b919946339a7";
    const char *id = j->d->m365.feed.client_request_id;
    at_key(j, "/m365/feed/client_request_id");
    if (!*id) untold(j, "the design does not give m365/feed/client_request_id");
    else if (text_same_nocase(id, example)) broken(j, "the id is the one of the documentation");
    else if (strlen(id) != GUID_LENGTH || strspn(id, "0123456789abcdefABCDEF-") != GUID_LENGTH) broken(j, "'%s' is no GUID", id);
    else holds(j);
}
/* A version begins with its day: one of today is younger than the day that there is to apply it. */
static bool version_day(const char *version, int64_t *out_day)
{
    char day[9];
    snprintf(day, sizeof day, "%.8s", version);
    return date_parse(day, out_day);
}
static void current_live(struct judging *j)
{
    const char *latest = seen(j, FACT_FEED_LATEST, "m365");
    const char *applied = j->d->m365.feed.version;
    int64_t day;
    if (!latest) return;
    if (!*applied) unclear(j, "the design does not say which version is applied");
    else if (strcmp(latest, applied) == 0 || (version_day(latest, &day) && day >= today(j))) holds(j);
    else if (version_day(latest, &day) && day == today(j) - 1)
        unclear(j, "%s is applied; %s is the newest and may be younger than a day", applied, latest);
    else broken(j, "%s is applied, %s is the newest", applied, latest);
}
static void none_of(struct judging *j, enum fact_name name, const char *what)
{
    size_t n;
    const struct fact *const *list = seen_all(j, name, "m365", &n);
    if (!n) unclear(j, "no evidence of %s for m365", fact_kinds[name].name);
    else if (n == 1 && strcmp(list[0]->value, "none") == 0) holds(j);
    else broken(j, "%zu %s: %s", n, what, list[0]->value);
}
static void in_time_live(struct judging *j) { none_of(j, FACT_FEED_LATE, "changes are in force and not applied"); }
static void reviewed_live(struct judging *j) { none_of(j, FACT_FEED_FLAG_CHANGE, "sets changed their circuit flag"); }

/* ---- HA ---- */

static size_t office_locations(const struct design *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->circuits_n; i++) {
        bool known = !d->circuits[i].peerings[PEERING_MICROSOFT].there;
        for (size_t k = 0; k < i && !known; k++)
            known = d->circuits[k].peerings[PEERING_MICROSOFT].there &&
                    strcmp(d->circuits[k].peering_location, d->circuits[i].peering_location) == 0;
        n += !known;
    }
    return n;
}
static void two_active_design(struct judging *j)
{
    size_t n = office_locations(j->d);
    at_key(j, "/circuits");
    if (n >= 2) holds(j);
    else if (n == 1) broken(j, "Microsoft peering is at one location only");
    else unclear(j, "the design has no Microsoft peering");
}
static void backup_design(struct judging *j)
{
    at_key(j, "/m365/backup");
    if (!*j->d->m365.backup) untold(j, "the design does not say what backs the circuit up");
    else if (strcmp(j->d->m365.backup, "circuit") == 0) holds(j);
    else broken(j, "the backup of the circuit is the %s", j->d->m365.backup);
}
static void two_egresses_design(struct judging *j)
{
    at_key(j, "/internet");
    if (!j->d->internet_n) untold(j, "the design gives no Internet egress");
    else if (j->d->internet_n < 2) broken(j, "there is one Internet egress");
    for (size_t i = 0; i < j->d->internet_n; i++)
        must_say(j, j->d->internet[i].failover, SAID_YES, say(j, "/internet/%zu/failover", i), "fail-over between Internet egresses needs a hand");
}
static const char *if_office_peering(const struct judging *j)
{
    const char *why = if_m365(j);
    return why ? why : if_microsoft(j);
}
static void sessions_design(struct judging *j)
{
    struct prefix p;
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        bool any = design_link_subnet(&j->p->ipv4, leg, &p) || design_link_subnet(&j->p->ipv6, leg, &p);
        bool other = design_link_subnet(&j->p->ipv4, leg == LEG_FIRST ? LEG_SECOND : LEG_FIRST, &p) ||
                     design_link_subnet(&j->p->ipv6, leg == LEG_FIRST ? LEG_SECOND : LEG_FIRST, &p);
        if (any) holds(j);
        else if (other) broken(j, "the %s session is not configured", leg_name(leg));
        else unclear(j, "the design gives no link subnets");
    }
}
static void sessions_live(struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++)
        wants(j, FACT_SESSION_STATE, leg_subject(j, leg), "Established");
}
static void tested_design(struct judging *j)
{
    int64_t best = -1, days;
    for (size_t i = 0; i < j->d->drills_n; i++) {
        const struct design_circuit *c = design_circuit(j->d, j->d->drills[i].circuit);
        if (!c || !c->peerings[PEERING_MICROSOFT].there || !design_date(j->d->drills[i].date, &days) || days > today(j)) continue;
        if (best < 0 || today(j) - days < best) best = today(j) - days;
    }
    at_key(j, "/drills");
    if (best < 0) untold(j, "no drill of a circuit with Microsoft peering is recorded");
    else if (best > DRILL_DAYS) broken(j, "the last drill was %lld days ago", (long long)best);
    must_say(j, j->d->m365.automatic_failover, SAID_YES, "/m365/automatic_failover", "fail-over needs a hand");
}
static void near_design(struct judging *j)
{
    at_key(j, "/m365/backup_rtt_ms");
    if (!j->d->m365.backup_rtt_ms) untold(j, "the design does not give m365/backup_rtt_ms");
    else if (j->d->m365.backup_rtt_ms >= BACKUP_RTT_MS) broken(j, "the backup circuit takes %u ms", j->d->m365.backup_rtt_ms);
    else holds(j);
}

/* ---- IMP ---- */

static void plan_design(struct judging *j)
{
    const struct design_m365 *m = &j->d->m365;
    must_say(j, m->catalogue, SAID_YES, "/m365/catalogue", "a service has no row in the catalogue");
    must_say(j, m->symmetry_proof, SAID_YES, "/m365/symmetry_proof", "a path has no proof of symmetry");
    must_say(j, m->stage_plan, SAID_YES, "/m365/stage_plan", "there is no staged roll-out");
    must_say(j, m->rollback_plan, SAID_YES, "/m365/rollback_plan", "there is no way back");
}
static const char *if_mail_moves(const struct judging *j)
{
    const char *why = if_m365(j);
    return why ? why : j->d->m365.mail_from_new_addresses == SAID_YES ? NULL : "mail leaves from the same addresses as before";
}
static void names_follow_design(struct judging *j)
{
    must_say(j, j->d->m365.spf_current, SAID_YES, "/m365/spf_current", "SPF lacks the new addresses");
    must_say(j, j->d->m365.dns_current, SAID_YES, "/m365/dns_current", "DNS lacks the new addresses");
}

const struct judge_row judges_m365_plan[] = {
    {"M365-NET-01", SCOPE_DESIGN, if_m365, internet_remains_design, NULL},
    {"M365-NET-02", SCOPE_DESIGN, if_m365, default_design, default_live},
    {"M365-NET-03", SCOPE_DESIGN, if_m365, by_name_design, NULL},
    {"M365-NET-04", SCOPE_DESIGN, if_proxy, inspected_design, inspected_live},
    {"M365-NET-05", SCOPE_DESIGN, if_teams, media_ports_design, NULL},
    {"M365-NET-06", SCOPE_SITE, if_office_site, local_names_design, NULL},
    {"M365-NET-07", SCOPE_DESIGN, if_m365, idle_design, NULL},
    {"M365-PAC-01", SCOPE_DESIGN, if_pac, pac_design, NULL},
    {"M365-PAC-02", SCOPE_DESIGN, if_pac, opening_design, NULL},
    {"M365-FEED-01", SCOPE_DESIGN, if_m365, polled_design, polled_live},
    {"M365-FEED-02", SCOPE_DESIGN, if_feed, own_id_design, NULL},
    {"M365-FEED-03", SCOPE_DESIGN, if_m365, NULL, current_live},
    {"M365-FEED-04", SCOPE_DESIGN, if_m365, NULL, in_time_live},
    {"M365-FEED-05", SCOPE_DESIGN, if_m365, NULL, reviewed_live},
    {"M365-HA-01", SCOPE_DESIGN, if_m365, two_active_design, NULL},
    {"M365-HA-02", SCOPE_DESIGN, if_m365, backup_design, NULL},
    {"M365-HA-03", SCOPE_DESIGN, if_m365, two_egresses_design, NULL},
    {"M365-HA-04", SCOPE_PEERING, if_office_peering, sessions_design, sessions_live},
    {"M365-HA-05", SCOPE_DESIGN, if_m365, tested_design, NULL},
    {"M365-HA-06", SCOPE_DESIGN, if_teams, near_design, NULL},
    {"M365-IMP-01", SCOPE_DESIGN, if_m365, plan_design, NULL},
    {"M365-IMP-02", SCOPE_DESIGN, if_mail_moves, names_follow_design, NULL},
    {0},
};
