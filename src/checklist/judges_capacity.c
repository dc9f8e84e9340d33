/* checklist/judges_capacity.c - CAP: demand, circuit size, NAT ports, and the quality of the path. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "capacity/formulas.h"
#include "capacity/media.h"
#include "checklist/judge.h"
#include "checklist/office.h"

enum {
    MEASURED_DAYS = 180,
    BUSY_PERCENT = 80,
    INTERFACE_PERCENT = 75,
    MANY_USERS = 2000,
    PEAK_FACTOR_LEAST = 4,
    MSS_V4 = 1460,
    DNS_MS = 100,
    DOWNLOAD_KB_S = 1000,
};

/* ---- demand ---- */

struct demand {
    uint64_t up_kbps, down_kbps;
    bool known;
};
static struct demand demand_of(const struct design_site *s)
{
    struct demand d = {(uint64_t)s->up_mbps * 1000, (uint64_t)s->down_mbps * 1000, s->up_mbps || s->down_mbps};
    if (d.known) return d;
    for (size_t i = 0; i < s->personas_n; i++) {
        d.up_kbps += (uint64_t)s->personas[i].users * s->personas[i].up_kbps;
        d.down_kbps += (uint64_t)s->personas[i].users * s->personas[i].down_kbps;
    }
    d.known = s->personas_n > 0;
    return d;
}
static void known_design(struct judging *j)
{
    at_key(j, "");
    if (demand_of(j->site).known) holds(j);
    else if (j->site->users) broken(j, "%s has %u users and no demand figure", j->site->name, j->site->users);
    else untold(j, "the design gives neither measured figures nor personas of %s", j->site->name);
}
static void confirmed_design(struct judging *j)
{
    int64_t day;
    at_key(j, "/measured");
    if (!*j->site->measured && !j->site->up_mbps && !j->site->down_mbps) {
        if (j->site->personas_n) broken(j, "the estimate of %s was never measured", j->site->name);
        else untold(j, "the design gives no figures of %s", j->site->name);
    } else if (!design_date(j->site->measured, &day)) {
        untold(j, "the design does not say when the demand of %s was measured", j->site->name);
    } else if (today(j) - day > MEASURED_DAYS) {
        broken(j, "the demand of %s was measured on %s", j->site->name, j->site->measured);
    } else {
        holds(j);
    }
}

static const struct design_site *site_on(const struct judging *j, const struct design_circuit *c)
{
    const struct design_site *s = NULL;
    if (*c->links[LEG_FIRST].router) design_router(j->d, c->links[LEG_FIRST].router, &s);
    return s;
}
/* Demand in kbps of the sites that a circuit serves, the larger direction. False if it is not known. */
static bool demand_on(const struct judging *j, const struct design_circuit *c, uint64_t *out_kbps)
{
    const struct design_site *s = site_on(j, c);
    struct demand d = s ? demand_of(s) : (struct demand){0};
    *out_kbps = d.up_kbps > d.down_kbps ? d.up_kbps : d.down_kbps;
    return d.known;
}
static const char *if_sized(const struct judging *j)
{
    const char *why = if_either(j);
    return why ? why : if_microsoft_circuit(j);
}
static void headroom_design(struct judging *j)
{
    uint64_t kbps, bought = (uint64_t)j->c->bandwidth_mbps * 1000;
    at_key(j, "/bandwidth_mbps");
    if (!demand_on(j, j->c, &kbps) || !bought) {
        untold(j, "the design does not tell the demand on %s", j->c->name);
    } else if (kbps > bought) {
        broken(j, "%s has %u Mbps, the demand is %llu kbps", j->c->name, j->c->bandwidth_mbps, (unsigned long long)kbps);
    } else if (bought * (100 - HEADROOM_LEAST) < kbps * 100) {
        warns(j, "less than %d %% of %u Mbps are spare", HEADROOM_LEAST, j->c->bandwidth_mbps);
    } else {
        holds(j);
    }
}
static void headroom_live(struct judging *j)
{
    const char *used = seen_if(j, FACT_CIRCUIT_UTILISATION, j->subject);
    if (used && strtoul(used, NULL, 10) > BUSY_PERCENT) broken(j, "%s %% of the bandwidth are used", used);
}

static const char *if_several(const struct judging *j)
{
    size_t n = 0;
    const char *why = if_either(j);
    for (size_t i = 0; i < j->d->circuits_n; i++) n += j->d->circuits[i].peerings[PEERING_MICROSOFT].there;
    return why ? why : n > 1 ? NULL : "fewer than two circuits with Microsoft peering";
}
static void without_one_design(struct judging *j)
{
    uint64_t sum = 0, kbps;
    const struct design_site *counted[64];
    size_t n = 0;
    at_key(j, "/circuits");
    for (size_t i = 0; i < j->d->circuits_n; i++) {
        const struct design_circuit *c = &j->d->circuits[i];
        const struct design_site *s = site_on(j, c);
        bool known = false;
        if (!c->peerings[PEERING_MICROSOFT].there) continue;
        for (size_t k = 0; k < n; k++) known = known || counted[k] == s;
        if (known || n == ARRAY_LEN(counted)) continue;
        counted[n++] = s;
        if (demand_on(j, c, &kbps)) sum += kbps;
        else untold(j, "the design does not tell the demand on %s", c->name);
    }
    for (size_t i = 0; sum && i < j->d->circuits_n; i++) {
        const struct design_circuit *c = &j->d->circuits[i];
        if (c->peerings[PEERING_MICROSOFT].there && (uint64_t)c->bandwidth_mbps * 1000 * (100 - HEADROOM_LEAST) < sum * 100)
            broken(j, "%s alone has %u Mbps for %llu kbps", c->name, c->bandwidth_mbps, (unsigned long long)sum);
    }
    holds(j);
}

static const char *if_calls(const struct judging *j)
{
    const char *why = if_m365(j);
    if (why) return why;
    if (!text_in(j->d->m365.services, j->d->m365.services_n, "teams")) return "no calls are planned";
    return j->d->qos.classes_n ? if_microsoft_circuit(j) : "the design declares no QoS";
}
static void voice_design(struct judging *j)
{
    const struct design_qos *q = &j->d->qos;
    j->where = "";
    at_key(j, "/qos/ef_kbps");
    if (!q->ef_kbps) untold(j, "the design does not give qos/ef_kbps");
    else if ((uint64_t)q->ef_kbps * 100 > (uint64_t)j->c->bandwidth_mbps * 1000 * EF_SHARE_MOST)
        broken(j, "%u kbps of voice are over %d %% of %u Mbps", q->ef_kbps, EF_SHARE_MOST, j->c->bandwidth_mbps);
    else if (q->ef_bought_kbps && q->ef_kbps > q->ef_bought_kbps)
        broken(j, "%u kbps of voice, %u are bought", q->ef_kbps, q->ef_bought_kbps);
    else holds(j);
}

/* ---- NAT ---- */

static const char *if_circuit_pool(const struct judging *j)
{
    const char *why = if_either(j);
    return why ? why : j->pool->path == PATH_INTERNET ? "the pool is for the Internet" : NULL;
}
static int64_t addresses_of(const struct design_pool *p)
{
    return p->prefix.addr.family == FAMILY_IPV4 ? INT64_C(1) << (32 - p->prefix.len) : 0;
}
static void nat_ports_design(struct judging *j)
{
    const struct design_pool *p = j->pool;
    at_key(j, "/peak_ports");
    if (!p->devices || !p->peak_ports) {
        untold(j, "the design does not give devices and peak_ports of the pool");
        return;
    }
    if (p->peak_factor && p->peak_factor < PEAK_FACTOR_LEAST) broken(j, "a peak factor of %u, %d is the least", p->peak_factor, PEAK_FACTOR_LEAST);
    int64_t each = nat_devices_per_address(p->ports ? p->ports : NAT_PORTS, p->restricted_ports, p->peak_ports,
                                           p->peak_factor ? p->peak_factor : NAT_PEAK_FACTOR);
    if (p->devices > each * addresses_of(p))
        broken(j, "the pool serves %u devices and fits %lld", p->devices, (long long)(each * addresses_of(p)));
    holds(j);
}
static const char *if_crowded(const struct judging *j)
{
    const char *why = if_circuit_pool(j);
    if (why) return why;
    return j->pool->devices > (uint64_t)NAT_CLIENTS_OLD_RULE * (uint64_t)addresses_of(j->pool) ? NULL
                                                                                             : "at most 2,000 devices an address";
}
static void measured_design(struct judging *j)
{
    int64_t day;
    at_key(j, "/measured");
    if (!*j->pool->measured) broken(j, "the port figure is a guess");
    else if (!design_date(j->pool->measured, &day)) unclear(j, "the date of the measurement is not known");
    else if (!j->pool->measured_places) untold(j, "the design does not say at how many places it was measured");
    else if (j->pool->measured_places < 2) broken(j, "it was measured at one place only");
    else holds(j);
}

/* ---- what is measured ---- */

static void room_live(struct judging *j)
{
    uint64_t load;
    if (!seen_number(j, FACT_SITE_LOAD, j->subject, &load)) return;
    if (load >= INTERFACE_PERCENT) broken(j, "an interface is at %llu %%", (unsigned long long)load);
    const char *sessions = seen_if(j, FACT_SITE_SESSIONS, j->subject);
    if (sessions && strtoul(sessions, NULL, 10) >= BUSY_PERCENT) broken(j, "sessions are at %s %% of the limit", sessions);
    if (j->site->users > MANY_USERS && !j->site->session_limit) unclear(j, "the session limit of the edge is not declared");
    holds(j);
}

static void one_target(struct judging *j, const char *value, enum media_segment s, size_t *seen_targets)
{
    char metric[16];
    double v;
    unsigned samples;
    if (sscanf(value, "%15s %lf %u", metric, &v, &samples) != 3) return;
    for (enum media_metric m = 0; m < METRICS; m++) {
        double most = metric_rows[m].limit[s];
        if (strcmp(metric_rows[m].name, metric) != 0) continue;
        ++*seen_targets;
        if (samples < SAMPLES_LEAST) unclear(j, "%s has %u samples, %d are needed", metric, samples, SAMPLES_LEAST);
        else if (v < most) holds(j);
        else broken(j, "%s is %g %s, it must be under %g", metric, v, metric_rows[m].unit, most);
    }
}
static void media(struct judging *j, enum fact_name name, enum media_segment s)
{
    size_t n, seen_targets = 0;
    const struct fact *const *list = seen_all(j, name, j->subject, &n);
    for (size_t i = 0; i < n; i++) one_target(j, list[i]->value, s, &seen_targets);
    if (!n) unclear(j, "no evidence of %s for %s", fact_kinds[name].name, j->subject);
    else if (seen_targets < METRICS) unclear(j, "%zu of %d media figures were seen", seen_targets, METRICS);
}
static const char *if_teams(const struct judging *j)
{
    const char *why = if_m365(j);
    return why ? why : text_in(j->d->m365.services, j->d->m365.services_n, "teams") ? NULL : "no calls are planned";
}
static void client_media_live(struct judging *j) { media(j, FACT_SITE_MEDIA, SEGMENT_CLIENT); }
static void edge_media_live(struct judging *j) { media(j, FACT_SITE_EDGE_MEDIA, SEGMENT_EDGE); }

static void tcp_live(struct judging *j)
{
    char scale[8], sack[8];
    unsigned mss;
    const char *value = seen(j, FACT_SITE_TCP, j->subject);
    if (!value) return;
    if (sscanf(value, "%7s %7s %u", scale, sack, &mss) != 3) {
        unclear(j, "'%s' tells nothing of a handshake", value);
        return;
    }
    if (strcmp(scale, "true") != 0) broken(j, "window scaling is stripped");
    if (strcmp(sack, "true") != 0) broken(j, "selective acknowledgement is stripped");
    if (mss < MSS_V4 - 20) broken(j, "the segment size is %u", mss);
    holds(j);
}
static void fast_live(struct judging *j)
{
    uint64_t dns, kb;
    if (seen_number(j, FACT_SITE_DNS, j->subject, &dns) && dns >= DNS_MS) broken(j, "an answer of DNS takes %llu ms", (unsigned long long)dns);
    if (seen_number(j, FACT_SITE_DOWNLOAD, j->subject, &kb) && kb < DOWNLOAD_KB_S)
        broken(j, "a download runs at %llu kB/s", (unsigned long long)kb);
    holds(j);
}

static void nearest_design(struct judging *j)
{
    at_key(j, "/path_to_circuit_ms");
    if (!j->site->path_to_circuit_ms || !j->site->path_to_internet_ms)
        untold(j, "the design does not give both path_to_circuit_ms and path_to_internet_ms of %s", j->site->name);
    else if (j->site->path_to_circuit_ms > j->site->path_to_internet_ms)
        broken(j, "%s: %u ms over the circuit, %u ms over the Internet", j->site->name, j->site->path_to_circuit_ms,
               j->site->path_to_internet_ms);
    else holds(j);
}

const struct judge_row judges_capacity[] = {
    {"CAP-01", SCOPE_SITE, if_either, known_design, NULL},
    {"CAP-02", SCOPE_SITE, if_either, confirmed_design, NULL},
    {"CAP-03", SCOPE_CIRCUIT, if_sized, headroom_design, headroom_live},
    {"CAP-04", SCOPE_DESIGN, if_several, without_one_design, NULL},
    {"CAP-05", SCOPE_CIRCUIT, if_calls, voice_design, NULL},
    {"CAP-06", SCOPE_POOL, if_circuit_pool, nat_ports_design, NULL},
    {"CAP-07", SCOPE_POOL, if_crowded, measured_design, NULL},
    {"CAP-08", SCOPE_SITE, if_either, NULL, room_live},
    {"CAP-09", SCOPE_SITE, if_teams, NULL, client_media_live},
    {"CAP-10", SCOPE_SITE, if_teams, NULL, edge_media_live},
    {"CAP-11", SCOPE_SITE, if_either, NULL, tcp_live},
    {"CAP-12", SCOPE_SITE, if_either, NULL, fast_live},
    {"CAP-13", SCOPE_SITE, if_either, nearest_design, NULL},
    {0},
};
