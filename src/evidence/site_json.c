/* evidence/site_json.c - see the header. */
#include "evidence/site_json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "capacity/media.h"
#include "evidence/fields_json.h"
#include "evidence/records_json.h"

enum {
    APART_SLACK_S = 10,          /* a sample every ten minutes starts a few seconds early or late */
    CURRENT_S = 1200,            /* the newest sample is of now if it is no older than two turns */
    DOWNLOAD_LEAST = 1000000,    /* bytes: less tells nothing of speed */
    BURST_PACKETS = 10,          /* 200 ms of 50 packets a second */
    RATE = 50, WINDOW_LEAST = 750, /* 15 s of them */
    TIMESTAMP_OPTION = 12,       /* ss shows the segment size without it */
};

static bool is_request(const json_t *v) { return json_object_get(v, "speed_download") && json_object_get(v, "time_namelookup"); }
static bool is_sample(const json_t *v) { return json_object_get(v, "longest_loss") && json_is_object(json_object_get(v, "rtt_us")); }
static bool is_load(const json_t *v)
{
    return json_is_number(json_object_get(v, "interface_percent")) || json_is_number(json_object_get(v, "sessions_percent"));
}

static const json_t *first_of(const json_t *documents)
{
    return json_is_array(documents) ? json_array_get(documents, 0) : documents;
}

bool site_document_is(const json_t *documents)
{
    const json_t *v = first_of(documents);
    return is_request(v) || is_sample(v) || is_load(v);
}

static void on_site(char out[static SUBJECT_MAX], const char *site) { snprintf(out, SUBJECT_MAX, "site/%.100s", site); }

/* ---- requests ---- */

static double real_of(const json_t *o, const char *key) { return json_number_value(json_object_get(o, key)); }

/* curl's exit status 60: the certificate is of nobody it trusts. 407 comes from a proxy, at CONNECT or later. */
static const char *verdict_of(const json_t *v)
{
    uint64_t code = field_number(v, "http_code"), connect = field_number(v, "http_connect");
    if (code == 407 || connect == 407) return "credentials";
    if (field_number(v, "exitcode") == 60 || json_integer_value(json_object_get(v, "ssl_verify_result")) != 0) return "intercepted";
    return field_number(v, "exitcode") || !code ? "blocked" : "reached";
}

static void host_of(const json_t *v, char out[static 120])
{
    const char *url = field_text(v, "url"), *host = strstr(url, "://");
    host = host ? host + 3 : url;
    snprintf(out, 120, "%.*s", (int)strcspn(host, "/:?"), host);
}

static bool is_sharepoint(const char *host)
{
    const char *end = strstr(host, ".sharepoint.");
    return end != NULL;
}

/* Where the requests went to the address itself nothing was resolved. */
static bool resolved(const json_t *v, const char *host)
{
    struct addr a;
    return !addr_parse(host, &a) && real_of(v, "time_namelookup") > 0 && field_number(v, "exitcode") != 6;
}

static void take_requests(const struct collector *c, const char *site, const json_t *list, struct arena *scratch)
{
    size_t n = json_array_size(list), names = 0, downloads = 0, i;
    double *name_ms = arena_take_array(scratch, n, sizeof *name_ms), *kb_s = arena_take_array(scratch, n, sizeof *kb_s);
    char subject[SUBJECT_MAX], host[120];
    json_t *v;
    if (!name_ms || !kb_s) return;
    json_array_foreach((json_t *)list, i, v)
    {
        if (!is_request(v)) continue;
        host_of(v, host);
        facts_addf(c->facts, FACT_M365_PROBE, "m365", c->source, c->at_ms, "%s %s", host, verdict_of(v));
        if (resolved(v, host)) name_ms[names++] = real_of(v, "time_namelookup") * 1000;
        if (is_sharepoint(host) && field_number(v, "exitcode") == 0 && real_of(v, "size_download") >= DOWNLOAD_LEAST)
            kb_s[downloads++] = real_of(v, "speed_download") / 1000;
    }
    on_site(subject, site);
    if (names) put_number(c, FACT_SITE_DNS, subject, (uint64_t)percentile(name_ms, names, 50));
    if (downloads) put_number(c, FACT_SITE_DOWNLOAD, subject, (uint64_t)percentile(kb_s, downloads, 50));
}

/* ---- samples ---- */

/* The figures of one sample; false where it has none of that metric. */
static bool figure_of(const json_t *v, enum media_metric m, double *out)
{
    const json_t *rtt = json_object_get(v, "rtt_us");
    double sent = real_of(v, "sent"), received = real_of(v, "received"), longest = real_of(v, "longest_loss");
    bool steady = real_of(v, "rate") == RATE;
    switch (m) {
    case METRIC_RTT: return *out = real_of(rtt, "median") / 1000, received > 0;
    case METRIC_ONE_WAY: return *out = real_of(rtt, "median") / 2000, received > 0;
    case METRIC_LOSS: return *out = 100 * real_of(v, "lost") / (sent > 0 ? sent : 1), steady && sent >= WINDOW_LEAST;
    case METRIC_BURST: return *out = longest >= BURST_PACKETS ? 100 : 100 * longest / BURST_PACKETS, steady && sent >= BURST_PACKETS;
    case METRIC_JITTER: return *out = real_of(v, "jitter_us") / 1000, received > 1 && json_object_get(v, "jitter_us");
    case METRIC_REORDER:
        return *out = 100 * real_of(v, "reordered") / (received > 0 ? received : 1), received > 0 && json_object_get(v, "reordered");
    case METRICS: break;
    }
    return false;
}

/* Samples that are ten minutes apart, by their own times; without a time nobody knows. */
static size_t apart(const json_t *list, const json_t **out, int64_t *newest_ms)
{
    size_t i, n = 0;
    json_t *v;
    int64_t at, last = INT64_MIN / 2;
    *newest_ms = 0;
    json_array_foreach((json_t *)list, i, v)
    {
        if (!is_sample(v) || !record_time(field_text(v, "at"), &at)) continue;
        if (at > *newest_ms) *newest_ms = at;
        if (at - last < (SAMPLES_APART_S - APART_SLACK_S) * 1000) continue;
        last = at;
        out[n++] = v;
    }
    return n;
}

static void take_samples(const struct collector *c, const char *site, bool edge, const json_t *list, struct arena *scratch)
{
    size_t room = json_array_size(list);
    const json_t **samples = arena_take_array(scratch, room, sizeof(json_t *));
    double *figures = arena_take_array(scratch, room, sizeof *figures);
    char subject[SUBJECT_MAX];
    int64_t newest_ms;
    if (!samples || !figures) return;
    size_t n = apart(list, samples, &newest_ms);
    int64_t at_ms = c->at_ms - newest_ms <= CURRENT_S * 1000 ? c->at_ms : newest_ms;
    on_site(subject, site);
    for (enum media_metric m = 0; m < METRICS; m++) {
        size_t have = 0;
        for (size_t i = 0; i < n; i++) have += figure_of(samples[i], m, &figures[have]);
        if (!have) continue;
        facts_addf(c->facts, edge ? FACT_SITE_EDGE_MEDIA : FACT_SITE_MEDIA, subject, c->source, at_ms, "%s %.4g %zu",
                   metric_rows[m].name, percentile(figures, have, SAMPLE_PERCENTILE), have);
    }
}

static void take_load(const struct collector *c, const char *site, const json_t *v)
{
    char subject[SUBJECT_MAX];
    on_site(subject, site);
    if (json_object_get(v, "interface_percent")) put_number(c, FACT_SITE_LOAD, subject, (uint64_t)real_of(v, "interface_percent"));
    if (json_object_get(v, "sessions_percent")) put_number(c, FACT_SITE_SESSIONS, subject, (uint64_t)real_of(v, "sessions_percent"));
}

void site_take(const struct collector *c, const char *site, bool edge, const json_t *documents, struct arena *scratch)
{
    json_t *list = json_is_array(documents) ? json_incref((json_t *)documents) : json_pack("[O]", documents);
    const json_t *first = json_array_get(list, 0);
    if (is_request(first)) take_requests(c, site, list, scratch);
    else if (is_sample(first)) take_samples(c, site, edge, list, scratch);
    else if (is_load(first)) take_load(c, site, first);
    json_decref(list);
}

/* ---- texts ---- */

bool site_text_is(const char *text)
{
    return strstr(text, "nf_conntrack_max") || (strstr(text, " mss:") && strstr(text, " rto:"));
}

static bool value_after(const char *text, const char *key, unsigned long *out)
{
    const char *at = strstr(text, key);
    char *end;
    if (!at) return false;
    at += strlen(key) + strspn(at + strlen(key), " \t=:");
    *out = strtoul(at, &end, 10);
    return end != at;
}

static void take_sessions(const struct collector *c, const char *subject, const char *text)
{
    unsigned long count, most;
    if (value_after(text, "nf_conntrack_count", &count) && value_after(text, "nf_conntrack_max", &most) && most)
        put_number(c, FACT_SITE_SESSIONS, subject, count * 100 / most);
}

/* "\t ts sack cubic wscale:7,10 rto:204 ... mss:1448 pmtu:1500 ...": the worst of all connections. */
static void take_handshakes(const struct collector *c, const char *subject, const char *text)
{
    bool scale = true, sack = true;
    unsigned long least = 0, mss;
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        char info[1000];
        snprintf(info, sizeof info, " %.*s ", (int)strcspn(line, "\n"), line);
        for (char *p = info; *p; p++)
            if (*p == '\t') *p = ' ';
        if (!value_after(info, " mss:", &mss) || !strstr(info, " rto:")) continue;
        mss += strstr(info, " ts ") ? TIMESTAMP_OPTION : 0;
        least = !least || mss < least ? mss : least;
        scale = scale && strstr(info, " wscale:");
        sack = sack && strstr(info, " sack ");
    }
    if (least)
        facts_addf(c->facts, FACT_SITE_TCP, subject, c->source, c->at_ms, "%s %s %lu", scale ? "true" : "false",
                   sack ? "true" : "false", least);
}

void site_text_take(const struct collector *c, const char *site, const char *text)
{
    char subject[SUBJECT_MAX];
    on_site(subject, site);
    take_sessions(c, subject, text);
    take_handshakes(c, subject, text);
}
