/* capacity/plan.c - the method of the planning guides: people -> streams -> rates -> sites ->
 * regions
 * -> circuits, each step leaving figures behind. Each circuit of a region must carry the region
 * alone (N-1); two circuits' rates are never added, and burst above the bought rate never counts.
 */
#include "capacity/plan.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *judgement_text(enum judgement j)
{
    static const char *const names[] = {"pass", "fail", "warn", "note", "unknown"};
    return names[j];
}

/* --- leaving figures behind ------------------------------------------------------------------ */

static void *grow(struct capacity_report *r, void *rows, size_t n, size_t *room, size_t size)
{
    if (n < *room) return rows;
    size_t more = *room ? *room * 2 : 64;
    void *p = arena_take_array(r->arena, more, size);
    if (!p) {
        r->full = true;
        return NULL;
    }
    if (n) memcpy(p, rows, n * size);
    *room = more;
    return p;
}

struct facts { /* the constant half of a figure */
    const char *name, *unit;
    unsigned decimals;
    const char *assumption, *source;
};

static void figure_add(struct capacity_report *r, const char *subject, const struct facts *f,
                       struct exact value, const char *formula, ...) PRINTF_LIKE(5, 6);
static void figure_add(struct capacity_report *r, const char *subject, const struct facts *f,
                       struct exact value, const char *formula, ...)
{
    char text[EXACT_TEXT_MAX], how[300];
    struct figure *rows = grow(r, r->figures, r->figure_count, &r->figure_room, sizeof *rows);
    if (!rows) return;
    va_list args;
    va_start(args, formula);
    vsnprintf(how, sizeof how, formula, args);
    va_end(args);
    r->figures = rows;
    rows[r->figure_count] =
        (struct figure){.subject = subject,
                        .name = f->name,
                        .unit = f->unit,
                        .assumption = f->assumption,
                        .source = f->source,
                        .value = arena_text(r->arena, exact_text(value, f->decimals, true, text)),
                        .formula = arena_text(r->arena, how)};
    if (!rows[r->figure_count].value || !rows[r->figure_count].formula)
        r->full = true;
    else
        r->figure_count++;
}

static void verdict_add(struct capacity_report *r, const char *row, const char *subject,
                        enum judgement j, const char *message, ...) PRINTF_LIKE(5, 6);
static void verdict_add(struct capacity_report *r, const char *row, const char *subject,
                        enum judgement j, const char *message, ...)
{
    char text[300];
    struct verdict *rows = grow(r, r->verdicts, r->verdict_count, &r->verdict_room, sizeof *rows);
    if (!rows) return;
    va_list args;
    va_start(args, message);
    vsnprintf(text, sizeof text, message, args);
    va_end(args);
    r->verdicts = rows;
    const char *copy = arena_text(r->arena, text);
    if (copy)
        rows[r->verdict_count++] = (struct verdict){row, subject, copy, j};
    else
        r->full = true;
}

static const char *mbps(int64_t bps, char buf[static EXACT_TEXT_MAX])
{
    return exact_text(exact_of(bps, 1000000), 6, true, buf);
}
static const char *kbps(int64_t bps, char buf[static EXACT_TEXT_MAX])
{
    return exact_text(exact_of(bps, 1000), 3, true, buf);
}

/* --- one site -------------------------------------------------------------------------------- */

static const struct persona *persona_of(const struct capacity_input *in, const char *name)
{
    for (size_t i = 0; i < in->persona_count; i++)
        if (!strcmp(in->personas[i].name, name)) return &in->personas[i];
    return NULL;
}

static int64_t streams_of_site(const struct capacity_input *in, const struct plan_site *s,
                               enum workload w)
{
    struct exact sum = exact_whole(0);
    if (s->streams_given) return s->streams[w];
    for (size_t i = 0; i < s->user_kinds; i++) {
        const struct persona *p = persona_of(in, s->users[i].persona);
        if (p)
            sum = exact_plus(sum, exact_times(exact_whole(s->users[i].count), p->concurrency[w]));
    }
    return exact_ceil(sum);
}

static int64_t rate_bps(struct exact given_kbps, int64_t fallback)
{
    return given_kbps.num ? exact_ceil(exact_times(given_kbps, exact_whole(1000))) : fallback;
}

static void load_media(struct capacity_report *r, struct site_load *l)
{
    static const struct facts streams = {
        "streams", "streams", 0,
        "peak concurrency per user: light 1/15, medium 1/10, heavy 1/5 unless given",
        "HP-LYNC, SFB-CALC"};
    static const struct facts rate = {"rate one way", "kbps", 3,
                                      "every stream at its planning rate at the same time",
                                      "SFB-NET, TM-BW"};
    for (int w = 0; w < WORKLOADS; w++) {
        const struct workload_row *row = &workload_rows[w];
        char a[EXACT_TEXT_MAX], label[80];
        int64_t n = streams_of_site(r->in, l->site, (enum workload)w);
        int64_t up = rate_bps(l->site->rate_kbps[w], row->rate[r->in->edition].up_bps);
        int64_t down = rate_bps(l->site->rate_kbps[w], row->rate[r->in->edition].down_bps);
        int64_t larger = up > down ? up : down;
        l->streams[w] = n;
        l->up_bps[w] = n * up;
        l->down_bps[w] = n * down;
        l->class_bps[row->class] += n * larger;
        if (row->on_circuit) {
            l->circuit_up_bps += n * up;
            l->circuit_down_bps += n * down;
        } else {
            l->wan_bps += n * larger;
        }
        if (!n) continue;
        snprintf(label, sizeof label, "%s/%s", l->site->name, row->name);
        const char *subject = arena_text(r->arena, label);
        if (!subject) continue;
        if (!l->site->streams_given)
            figure_add(r, subject, &streams, exact_whole(n),
                       "ceil(sum of users x concurrency) = %lld", (long long)n);
        figure_add(r, subject, &rate, exact_of(n * larger, 1000), "%lld streams x %s kbps",
                   (long long)n, kbps(larger, a));
    }
}

static void load_mail(struct capacity_report *r, struct site_load *l, const struct persona *p,
                      int64_t users)
{
    static const struct facts average = {"mail average", "KB/s", 4, "8 working hours",
                                         "EX-PROF, EX-BPOS"};
    static const struct facts peak = {"mail peak", "kbps", 3, "peak = 2 x average", "EX-BPOS"};
    char day[EXACT_TEXT_MAX], avg[EXACT_TEXT_MAX];
    if (!p->mail || !users) return;
    struct exact kb_day = mail_kb_per_day(p->mail_client, p->mail_profile, p->message_kb);
    struct exact kb_s = mail_average_kb_s(users, kb_day);
    struct exact bps = exact_times(kb_s_to_bps(kb_s), exact_whole(PEAK_TIMES));
    figure_add(r, l->site->name, &average, kb_s,
               "%lld users x %s KB a day / 28800 s (%s, %s, %u KB messages)", (long long)users,
               exact_text(kb_day, 3, true, day), mail_client_names[p->mail_client],
               mail_profile_names[p->mail_profile], p->message_kb);
    figure_add(r, l->site->name, &peak, exact_times(bps, exact_of(1, 1000)),
               "2 x %s KB/s x 1024 x 8 / 1000", exact_text(kb_s, 4, true, avg));
    l->mail_bps += exact_ceil(bps);
}

static void load_files(struct capacity_report *r, struct site_load *l, const struct persona *p,
                       int64_t users)
{
    static const struct facts peak = {
        "files peak", "Mbps", 4,
        "peak = 2 x average of 8 working hours; the first synchronisation is a spike of its own",
        "OD"};
    int64_t installs = users * p->installs;
    if (!p->files_mb_day || !installs) return;
    struct exact bps =
        exact_times(files_average_bps(installs, p->files_mb_day), exact_whole(PEAK_TIMES));
    figure_add(r, l->site->name, &peak, exact_times(bps, exact_of(1, 1000000)),
               "%lld installations x %u MB a day x 8 / 28800 s x 2", (long long)installs,
               p->files_mb_day);
    l->files_bps += exact_ceil(bps);
}

static void use_measurement(struct capacity_report *r, struct site_load *l)
{
    static const struct facts measured = {"measured demand", "kbps", 3,
                                          "a measured pilot replaces the estimate", "NMP, ER-NP"};
    struct exact thousand = exact_whole(1000);
    const struct plan_site *s = l->site;
    if (!s->measured_up_kbps.num && !s->measured_down_kbps.num) return;
    l->measured = true;
    l->circuit_up_bps = exact_ceil(exact_times(s->measured_up_kbps, thousand));
    l->circuit_down_bps = exact_ceil(exact_times(s->measured_down_kbps, thousand));
    struct exact larger = exact_compare(s->measured_up_kbps, s->measured_down_kbps) > 0
                              ? s->measured_up_kbps
                              : s->measured_down_kbps;
    figure_add(r, s->name, &measured, larger, "declared as measured");
}

static void load_site(struct capacity_report *r, const struct plan_site *s, struct site_load *l)
{
    static const struct facts circuit = {
        "over the circuit", "kbps", 3,
        "peer-to-peer media stays between sites; conferences, telephone, signalling, "
        "sharing, mail and files cross",
        "SFB-QOS"};
    char up[EXACT_TEXT_MAX], down[EXACT_TEXT_MAX];
    *l = (struct site_load){.site = s};
    load_media(r, l);
    for (size_t i = 0; i < s->user_kinds; i++) {
        const struct persona *p = persona_of(r->in, s->users[i].persona);
        if (!p) continue;
        l->users += s->users[i].count;
        l->devices += (int64_t)s->users[i].count * p->devices;
        load_mail(r, l, p, s->users[i].count);
        load_files(r, l, p, s->users[i].count);
    }
    l->circuit_up_bps += l->mail_bps + l->files_bps;
    l->circuit_down_bps += l->mail_bps + l->files_bps;
    use_measurement(r, l);
    int64_t larger =
        l->circuit_up_bps > l->circuit_down_bps ? l->circuit_up_bps : l->circuit_down_bps;
    figure_add(r, s->name, &circuit, exact_of(larger, 1000), "larger of %s up and %s down",
               kbps(l->circuit_up_bps, up), kbps(l->circuit_down_bps, down));
}

static void judge_site_demand(struct capacity_report *r, const struct site_load *l)
{
    const char *name = l->site->name;
    if (l->measured)
        verdict_add(r, "CAP-01", name, JUDGED_PASS, "demand is measured");
    else if (l->circuit_up_bps || l->circuit_down_bps)
        verdict_add(r, "CAP-02", name, JUDGED_WARN,
                    "an estimate only: calculators are a cross-check, measure a pilot group");
    else
        verdict_add(r, "CAP-01", name, JUDGED_FAIL,
                    "no demand figure: give personas or a measurement");
    if (l->site->remote_users)
        verdict_add(
            r, "CAP-01", name, JUDGED_NOTE,
            "%u travelling users without VPN are not counted: they do not cross the circuit",
            l->site->remote_users);
}

static void judge_access(struct capacity_report *r, const struct site_load *l)
{
    static const struct facts facts = {"access link needed for voice", "Mbps", 3,
                                       "voice gets at most 30 % of any link", "SFB-QOS"};
    char need[EXACT_TEXT_MAX], have[EXACT_TEXT_MAX], text[EXACT_TEXT_MAX];
    int64_t ef = l->class_bps[MEDIA_EF];
    struct exact voice = link_for_ef_bps(ef);
    if (ef)
        figure_add(r, l->site->name, &facts, exact_times(voice, exact_of(1, 1000000)),
                   "EF %s kbps / 30 %%", kbps(ef, text));
    if (!l->site->access_mbps.num) return;
    int64_t demand =
        (l->circuit_up_bps > l->circuit_down_bps ? l->circuit_up_bps : l->circuit_down_bps) +
        l->wan_bps;
    struct exact million = exact_whole(1000000),
                 access = exact_times(l->site->access_mbps, million);
    struct exact wanted = need_bps(demand, r->in->headroom);
    exact_text(l->site->access_mbps, 3, true, have);
    bool fits = exact_compare(access, wanted) >= 0;
    verdict_add(
        r, "CAP-03", l->site->name, fits ? JUDGED_PASS : JUDGED_FAIL,
        "access link of %s Mbps, needed %s Mbps with %u %% spare, peer-to-peer media included",
        have, exact_text(exact_times(wanted, exact_of(1, 1000000)), 3, true, need),
        r->in->headroom);
    if (ef)
        verdict_add(r, "CAP-05", l->site->name,
                    exact_compare(access, voice) >= 0 ? JUDGED_PASS : JUDGED_FAIL,
                    "voice of %s kbps on an access link of %s Mbps: at most 30 %% allowed",
                    kbps(ef, text), have);
}

/* --- TCP ------------------------------------------------------------------------------------- */

static void judge_window(struct capacity_report *r, const struct plan_site *s, int64_t flow)
{
    static const struct facts bdp = {"window needed for one flow", "bytes", 0,
                                     "rate x round trip / 8", "PERF, RFC 7323"};
    char limit[EXACT_TEXT_MAX], rate[EXACT_TEXT_MAX];
    int scale = window_scale_for(flow, s->rtt_us);
    struct exact needed = bdp_bytes(flow, s->rtt_us);
    figure_add(r, s->name, &bdp, needed, "%s Mbps x %u us / 8", mbps(flow, rate), s->rtt_us);
    if (scale < 0)
        verdict_add(r, "CAP-11", s->name, JUDGED_FAIL,
                    "even window scale 14 is too small for this flow");
    else
        verdict_add(
            r, "CAP-11", s->name, JUDGED_NOTE,
            "needs window scale %d on both sides; proxy and NAT legs are sessions of their own",
            scale);
    if (!s->window_bytes) return;
    bool enough = exact_compare(exact_whole(s->window_bytes), needed) >= 0;
    struct exact most =
        exact_times(window_limit_bps(s->window_bytes, s->rtt_us), exact_of(1, 1000000));
    verdict_add(r, "CAP-11", s->name, enough ? JUDGED_PASS : JUDGED_FAIL,
                "a window of %u bytes limits one flow to %s Mbps", s->window_bytes,
                exact_text(most, 4, true, limit));
}

static void judge_tcp(struct capacity_report *r, const struct plan_site *s)
{
    static const struct facts unscaled = {"one flow without window scaling", "Mbps", 4,
                                          "65,535 byte window", "PERF"};
    char rate[EXACT_TEXT_MAX];
    if (!s->rtt_us) return;
    figure_add(r, s->name, &unscaled,
               exact_times(window_limit_bps(TCP_WINDOW, s->rtt_us), exact_of(1, 1000000)),
               "65535 x 8 / %u us", s->rtt_us);
    int64_t flow = exact_ceil(exact_times(s->flow_mbps, exact_whole(1000000)));
    if (flow > 0) judge_window(r, s, flow);
    if (!s->loss_percent.num) return;
    double most = mathis_bps(1460, s->rtt_us, exact_double(s->loss_percent) / 100);
    verdict_add(r, "CAP-11", s->name, flow && most < (double)flow ? JUDGED_WARN : JUDGED_NOTE,
                "loss of %s %% limits one flow of classic congestion control to %.4f Mbps (1460 x "
                "8 / RTT x sqrt(1.5) / sqrt(p))",
                exact_text(s->loss_percent, 6, true, rate), most / 1e6);
}

/* --- regions and circuits -------------------------------------------------------------------- */

static struct region_load *region_of(struct capacity_report *r, const char *name)
{
    for (size_t i = 0; i < r->region_count; i++)
        if (!strcmp(r->regions[i].region, name)) return &r->regions[i];
    r->regions[r->region_count] = (struct region_load){.region = name};
    return &r->regions[r->region_count++];
}

static int64_t ef_over_circuit(const struct site_load *l)
{
    int64_t sum = 0;
    for (int w = 0; w < WORKLOADS; w++)
        if (workload_rows[w].class == MEDIA_EF && workload_rows[w].on_circuit)
            sum += l->up_bps[w] > l->down_bps[w] ? l->up_bps[w] : l->down_bps[w];
    return sum;
}

static void add_to_region(struct capacity_report *r, const struct site_load *l)
{
    struct region_load *g = region_of(r, l->site->region);
    int64_t copies = l->site->copies;
    g->up_bps += l->circuit_up_bps * copies;
    g->down_bps += l->circuit_down_bps * copies;
    g->ef_bps += ef_over_circuit(l) * copies;
    g->devices += l->devices * copies;
}

static int64_t region_demand(const struct region_load *g)
{
    return g->up_bps > g->down_bps ? g->up_bps : g->down_bps;
}

static void size_region(struct capacity_report *r, struct region_load *g)
{
    static const struct facts demand = {"demand of the region", "kbps", 3,
                                        "all sites at their peak together", "SFB-QOS, ER-IM"};
    static const struct facts need = {
        "circuit needed", "Mbps", 6,
        "one circuit alone carries the region (N-1); burst above the bought rate is not counted",
        "NMP, ER-NP"};
    static const struct facts sku = {"circuit to order", "Mbps", 0,
                                     "smallest of 50 100 200 500 1000 2000 5000 10000",
                                     "provider SKU list"};
    char up[EXACT_TEXT_MAX], down[EXACT_TEXT_MAX], text[EXACT_TEXT_MAX];
    int64_t d = region_demand(g);
    g->sku_mbps = sku_for(d, r->in->headroom);
    figure_add(r, g->region, &demand, exact_of(d, 1000), "sum over sites x copies: %s up, %s down",
               kbps(g->up_bps, up), kbps(g->down_bps, down));
    figure_add(r, g->region, &need, exact_times(need_bps(d, r->in->headroom), exact_of(1, 1000000)),
               "%s / (1 - %u %%)", mbps(d, text), r->in->headroom);
    if (g->sku_mbps)
        figure_add(r, g->region, &sku, exact_whole(g->sku_mbps), "smallest size >= needed");
    else
        verdict_add(r, "CAP-03", g->region, JUDGED_FAIL,
                    "no single circuit is large enough: split the region over circuits");
}

static void judge_circuit(struct capacity_report *r, const struct plan_circuit *c,
                          const struct region_load *g)
{
    char spare[EXACT_TEXT_MAX], demand[EXACT_TEXT_MAX];
    int64_t bought = (int64_t)c->mbps * 1000000, d = region_demand(g);
    struct exact left = spare_percent(bought, d);
    enum judgement j = left.num < 0                                           ? JUDGED_FAIL
                       : exact_compare(left, exact_whole(HEADROOM_LEAST)) < 0 ? JUDGED_WARN
                       : exact_compare(left, exact_whole(HEADROOM_WASTE)) > 0 ? JUDGED_NOTE
                                                                              : JUDGED_PASS;
    verdict_add(
        r, "CAP-03", c->name, j,
        "%u Mbps for %s Mbps of region %s alone: %s %% spare (at least 20; above 80 is waste)",
        c->mbps, mbps(d, demand), c->region, exact_text(left, 1, true, spare));
    if (!c->ef_mbps.num) return;
    struct exact ef = exact_times(c->ef_mbps, exact_whole(1000000));
    bool fits =
        exact_compare(ef, exact_whole(g->ef_bps)) >= 0 && g->ef_bps * 100 <= bought * EF_SHARE_MOST;
    verdict_add(r, "CAP-05", c->name, fits ? JUDGED_PASS : JUDGED_FAIL,
                "voice of %s kbps in a bought class of %s Mbps; at most 30 %% of the circuit",
                kbps(g->ef_bps, demand), exact_text(c->ef_mbps, 3, true, spare));
}

static void judge_pair(struct capacity_report *r, const struct region_load *g)
{
    size_t n = 0, small = 0;
    if (!r->in->circuit_count) return;
    for (size_t i = 0; i < r->in->circuit_count; i++) {
        const struct plan_circuit *c = &r->in->circuits[i];
        if (strcmp(c->region, g->region)) continue;
        n++;
        small +=
            (int64_t)c->mbps * 1000000 * (100 - (int64_t)r->in->headroom) < region_demand(g) * 100;
    }
    if (n < 2)
        verdict_add(r, "CAP-04", g->region, JUDGED_WARN,
                    "%zu circuit: the region has nothing to fail over to", n);
    else
        verdict_add(r, "CAP-04", g->region, small ? JUDGED_FAIL : JUDGED_PASS,
                    "%zu circuits, %zu of them too small to carry the region alone", n, small);
}

/* --- NAT, prefixes, media -------------------------------------------------------------------- */

static int64_t pool_devices(struct capacity_report *r, const struct plan_pool *p)
{
    if (p->devices) return p->devices;
    for (size_t i = 0; i < r->in->circuit_count; i++)
        if (!strcmp(r->in->circuits[i].name, p->circuit))
            return region_of(r, r->in->circuits[i].region)->devices;
    return 0;
}

static void judge_pool(struct capacity_report *r, const struct plan_pool *p)
{
    static const struct facts per = {
        "devices per public address", "devices", 0,
        "ports are not used again for another destination (the strict reading)", "NAT"};
    static const struct facts addresses = {"public addresses needed", "addresses", 0,
                                           "the pool alone serves all devices of its region (N-1)",
                                           "NAT, ER-NP"};
    int64_t devices = pool_devices(r, p);
    int64_t each = nat_devices_per_address(p->ports, p->restricted, p->peak_ports, p->peak_factor);
    if (!each) {
        verdict_add(r, "CAP-06", p->name, JUDGED_FAIL, "no port is left for a device");
        return;
    }
    int64_t needed = nat_addresses(devices, each);
    figure_add(r, p->name, &per, exact_whole(each), "floor((%u - %u) / (%u + %u))", p->ports,
               p->restricted, p->peak_ports, p->peak_factor);
    figure_add(r, p->name, &addresses, exact_whole(needed), "ceil(%lld devices / %lld)",
               (long long)devices, (long long)each);
    if (p->peak_factor < NAT_PEAK_FACTOR)
        verdict_add(r, "CAP-06", p->name, JUDGED_FAIL, "peak factor %u is below 4", p->peak_factor);
    verdict_add(r, "CAP-06", p->name, p->addresses >= needed ? JUDGED_PASS : JUDGED_FAIL,
                "%u addresses for %lld devices, %lld needed", p->addresses, (long long)devices,
                (long long)needed);
    if (p->addresses && !p->measured && devices > (int64_t)p->addresses * NAT_CLIENTS_OLD_RULE)
        verdict_add(r, "CAP-07", p->name, JUDGED_WARN,
                    "more than 2,000 devices per address on a guessed port figure: measure it");
}

static void judge_prefixes(struct capacity_report *r, const struct plan_prefixes *p)
{
    const struct {
        const char *row, *what;
        uint32_t have, most;
    } rows[] = {
        {"NET-PFX-01", "IPv4 prefixes on private peering", p->private_ipv4,
         p->premium ? PRIVATE_IPV4_PREMIUM : PRIVATE_IPV4_STANDARD},
        {"NET-PFX-01", "IPv6 prefixes on private peering", p->private_ipv6, PRIVATE_IPV6},
        {"NET-PFX-02", "prefixes on Microsoft peering", p->microsoft, MICROSOFT_PREFIXES},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!rows[i].have) continue;
        enum judgement j = rows[i].have > rows[i].most           ? JUDGED_FAIL
                           : rows[i].have * 5 > rows[i].most * 4 ? JUDGED_WARN
                                                                 : JUDGED_PASS;
        verdict_add(r, rows[i].row, p->circuit, j,
                    "%u %s of %u allowed: above the limit the session is dropped", rows[i].have,
                    rows[i].what, rows[i].most);
    }
}

static void judge_samples(struct capacity_report *r, const struct plan_samples *s)
{
    static const enum judgement judged[] = {
        [MEDIA_PASS] = JUDGED_PASS, [MEDIA_FAIL] = JUDGED_FAIL, [MEDIA_UNKNOWN] = JUDGED_UNKNOWN};
    for (int m = 0; m < METRICS; m++) {
        const struct metric_row *row = &metric_rows[m];
        double value;
        if (!s->n[m]) continue;
        enum media_verdict v =
            media_judge((enum media_metric)m, s->segment, s->v[m], s->n[m], &value);
        verdict_add(
            r, s->segment == SEGMENT_EDGE ? "CAP-10" : "CAP-09", s->name, judged[v],
            "%s: 90th percentile %g %s of %zu samples, must be below %g%s%s%s", row->name, value,
            row->unit, s->n[m], row->limit[s->segment], *row->window ? " over " : "", row->window,
            v == MEDIA_UNKNOWN ? "; 1008 samples are needed (every ten minutes for a week)" : "");
    }
}

bool capacity_plan(const struct capacity_input *in, struct arena *a, struct capacity_report *out)
{
    struct capacity_report *r = out;
    *r = (struct capacity_report){.in = in, .arena = a};
    r->sites = arena_take_array(a, in->site_count + 1, sizeof *r->sites);
    r->regions = arena_take_array(a, in->site_count + in->circuit_count + 1, sizeof *r->regions);
    if (!r->sites || !r->regions) return false;
    for (size_t i = 0; i < in->site_count; i++) {
        load_site(r, &in->sites[i], &r->sites[i]);
        add_to_region(r, &r->sites[i]);
        judge_site_demand(r, &r->sites[i]);
        judge_access(r, &r->sites[i]);
        judge_tcp(r, &in->sites[i]);
    }
    for (size_t i = 0; i < r->region_count; i++) {
        size_region(r, &r->regions[i]);
        judge_pair(r, &r->regions[i]);
    }
    for (size_t i = 0; i < in->circuit_count; i++)
        judge_circuit(r, &in->circuits[i], region_of(r, in->circuits[i].region));
    for (size_t i = 0; i < in->pool_count; i++) judge_pool(r, &in->pools[i]);
    for (size_t i = 0; i < in->prefix_count; i++) judge_prefixes(r, &in->prefixes[i]);
    for (size_t i = 0; i < in->sample_count; i++) judge_samples(r, &in->samples[i]);
    return !r->full;
}
