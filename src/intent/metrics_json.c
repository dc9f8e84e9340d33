/* intent/metrics_json.c - rows: a metric, the list of the document it walks, and what it makes of
 * an entry. An entry may give several lines, by family, direction or reason. */
#include "intent/metrics_json.h"
#include <stdio.h>
#include <string.h>

void metrics_head(struct text *t, const char *name, const char *type, const char *help)
{
    text_addf(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_label(struct text *t, const char *name, const char *value, bool first)
{
    text_addf(t, "%s%s=\"", first ? "{" : ",", name);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            text_addf(t, "\\%c", *value);
        else if ((unsigned char)*value < 0x20 || *value == 0x7f)
            text_add(t, "?");
        else
            text_add_n(t, value, 1);
    }
    text_add(t, "\"");
}

void metrics_value(struct text *t, double v) { text_addf(t, "} %.15g\n", v); }

/* --- entries --- */

static const char *text_at(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static double number_at(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}

struct line { /* where the lines of an entry go */
    struct text *t;
    const char *metric, *router;
};

/* "circuit/er-demo/private/primary" -> labels circuit, domain, leg. */
static void subject_labels(struct text *t, const char *subject)
{
    static const char *const names[] = {"circuit", "domain", "leg"};
    char part[128];
    if (strncmp(subject, "circuit/", 8) != 0) return;
    subject += 8;
    for (size_t i = 0; i < ARRAY_LEN(names) && *subject; i++) {
        size_t n = strcspn(subject, "/");
        snprintf(part, sizeof part, "%.*s", (int)n, subject);
        metrics_label(t, names[i], part, false);
        subject += n + (subject[n] == '/');
    }
}

static void put(const struct line *l, const json_t *row, const char *label, const char *word,
                double value)
{
    text_add(l->t, l->metric);
    metrics_label(l->t, "router", l->router, true);
    metrics_label(l->t, "name", text_at(row, *text_at(row, "name") ? "name" : "peer"), false);
    subject_labels(l->t, text_at(row, "subject"));
    if (label) metrics_label(l->t, label, word, false);
    metrics_value(l->t, value);
}

static void bgp_up(const struct line *l, const json_t *row)
{
    put(l, row, NULL, NULL, text_same_nocase(text_at(row, "state"), "established"));
}

#define PREFIXES(what)                                                                             \
    static void what(const struct line *l, const json_t *row)                                      \
    {                                                                                              \
        put(l, row, NULL, NULL, number_at(json_object_get(row, "prefixes"), #what));               \
    }
PREFIXES(received)
PREFIXES(accepted)
PREFIXES(advertised)

static void uptime(const struct line *l, const json_t *row)
{
    put(l, row, NULL, NULL, number_at(row, "uptime_s"));
}

static void times_up(const struct line *l, const json_t *row)
{
    put(l, row, NULL, NULL, number_at(row, "established_count"));
}

static void limit_ratio(const struct line *l, const json_t *row)
{
    static const char *const families[] = {"ipv4", "ipv6"};
    for (size_t f = 0; f < ARRAY_LEN(families); f++) {
        const json_t *v = json_object_get(json_object_get(row, "prefixes"), families[f]);
        double limit = number_at(v, "limit");
        if (limit > 0) put(l, row, "family", families[f], number_at(v, "received") / limit);
    }
}

static void refused(const struct line *l, const json_t *row)
{
    const char *reason;
    json_t *v;
    json_object_foreach(json_object_get(row, "refused"), reason, v)
        put(l, row, "reason", reason, json_number_value(v));
}

static void messages(const struct line *l, const json_t *row)
{
    const json_t *m = json_object_get(row, "messages");
    put(l, row, "direction", "in", number_at(m, "in"));
    put(l, row, "direction", "out", number_at(m, "out"));
}

static void malformed(const struct line *l, const json_t *row)
{
    const json_t *f = json_object_get(row, "faults");
    put(l, row, "reaction", "treat-as-withdraw", number_at(f, "treated_as_withdraw"));
    put(l, row, "reaction", "attribute-discard", number_at(f, "attributes_discarded"));
}

static void bfd_up(const struct line *l, const json_t *row)
{
    put(l, row, NULL, NULL, text_same_nocase(text_at(row, "state"), "up"));
}

static void payloads(const struct line *l, const json_t *row)
{
    put(l, row, NULL, NULL, number_at(row, "payloads"));
}

static void station_up(const struct line *l, const json_t *row)
{
    put(l, row, NULL, NULL, text_same_nocase(text_at(row, "state"), "up"));
}

static void overruns(const struct line *l, const json_t *row) { put(l, row, NULL, NULL, number_at(row, "overruns")); }

static void put_two(const struct line *l, const json_t *row, const char *direction, const char *class, double value)
{
    text_add(l->t, l->metric);
    metrics_label(l->t, "router", l->router, true);
    metrics_label(l->t, "name", text_at(row, "name"), false);
    subject_labels(l->t, text_at(row, "subject"));
    metrics_label(l->t, "direction", direction, false);
    if (class) metrics_label(l->t, "class", class, false);
    metrics_value(l->t, value);
}

/* By class where something tells them apart; what nobody classed is there too, so that the sum is the whole. */
static void bytes_of(const struct line *l, const json_t *row, const char *direction, const char *key)
{
    size_t i;
    json_t *class;
    const json_t *classes = json_object_get(row, "classes");
    double rest = number_at(row, key);
    json_array_foreach((json_t *)classes, i, class)
    {
        put_two(l, row, direction, text_at(class, "class"), number_at(class, key));
        rest -= number_at(class, key);
    }
    put_two(l, row, direction, json_array_size(classes) ? "none" : NULL, rest);
}

static void bytes(const struct line *l, const json_t *row)
{
    bytes_of(l, row, "in", "rx_bytes");
    bytes_of(l, row, "out", "tx_bytes");
}

static void policed(const struct line *l, const json_t *row)
{
    size_t i;
    json_t *class;
    json_array_foreach(json_object_get(row, "classes"), i, class)
    {
        put_two(l, row, "in", text_at(class, "class"), number_at(class, "rx_dropped"));
        put_two(l, row, "out", text_at(class, "class"), number_at(class, "tx_dropped"));
    }
}

/* --- of a domain --- */

static void put_domain(const struct line *l, const char *domain, const char *label, const char *word, double value)
{
    text_add(l->t, l->metric);
    metrics_label(l->t, "router", l->router, true);
    metrics_label(l->t, "domain", domain, false);
    if (label) metrics_label(l->t, label, word, false);
    metrics_value(l->t, value);
}

#define POOL(what, key)                                                                            \
    static void what(const struct line *l, const json_t *row)                                      \
    {                                                                                              \
        put_domain(l, text_at(row, "domain"), NULL, NULL, number_at(row, key));                    \
    }
POOL(ports_in_use, "bindings")
POOL(blocks_in_use, "blocks_used")
POOL(blocks_ours, "blocks_ours")
POOL(pool_refused, "refused")

static void pool_ports(const struct line *l, const json_t *row)
{
    put_domain(l, text_at(row, "domain"), NULL, NULL, number_at(row, "blocks_ours") * number_at(row, "block_ports"));
}

/* No line while the pool does not fill up. */
static void full_in(const struct line *l, const json_t *row)
{
    const json_t *v = json_object_get(row, "full_in_s");
    if (json_is_number(v)) put_domain(l, text_at(row, "domain"), NULL, NULL, json_number_value(v));
}

static void dropped(const struct line *l, const json_t *row)
{
    const char *where = text_at(row, "where"), *name = text_at(row, *text_at(row, "name") ? "name" : "reason");
    put_domain(l, strncmp(where, "domain ", 7) == 0 ? where + 7 : where, "reason", name, number_at(row, "packets"));
}

static const struct {
    const char *name, *type, *help;
    const char *list; /* a member, or "outer.inner" */
    void (*put)(const struct line *l, const json_t *row);
} rows[] = {
    {"fairlead_bgp_peer_up", "gauge", "1 when the session is established.", "peers", bgp_up},
    {"fairlead_bgp_peer_prefixes_received", "gauge", "Prefixes the peer sends.", "peers", received},
    {"fairlead_bgp_peer_prefixes_accepted", "gauge", "Of these, accepted.", "peers", accepted},
    {"fairlead_bgp_peer_prefixes_advertised", "gauge", "Prefixes sent to the peer.", "peers",
     advertised},
    {"fairlead_bgp_peer_uptime_seconds", "gauge", "Age of the session.", "peers", uptime},
    {"fairlead_bgp_peer_established_total", "counter", "How often the session came up.", "peers",
     times_up},
    {"fairlead_bgp_peer_messages_total", "counter", "BGP messages.", "peers", messages},
    {"fairlead_bgp_peer_malformed_total", "counter", "Malformed UPDATEs by reaction (RFC 7606).",
     "peers", malformed},
    {"fairlead_bgp_peer_refused_total", "counter",
     "Announcements refused or lowered by the rules, by reason.", "peers", refused},
    {"fairlead_prefix_limit_ratio", "gauge",
     "Prefixes received to prefixes allowed; above 1 the session ends.", "peers", limit_ratio},
    {"fairlead_bfd_session_up", "gauge", "1 when the BFD session is up.", "bfd", bfd_up},
    {"fairlead_rpki_payloads", "gauge", "Validated ROA payloads of a family.", "rpki", payloads},
    {"fairlead_bmp_station_up", "gauge", "1 when the monitoring station is connected.", "stations", station_up},
    {"fairlead_bmp_overruns_total", "counter", "How often a station read too slowly and began anew.", "stations", overruns},
    {"fairlead_link_bytes_total", "counter", "Bytes over an attachment.", "attachments", bytes},
    {"fairlead_policer_dropped_bytes_total", "counter", "Bytes above the rate, by class.", "attachments", policed},
    {"fairlead_nat_ports_in_use", "gauge", "Ports of the pool that a binding holds.", "nat.pools", ports_in_use},
    {"fairlead_nat_ports", "gauge", "Ports of the pool that this router may give out.", "nat.pools", pool_ports},
    {"fairlead_nat_blocks_in_use", "gauge", "Blocks of ports that inside hosts hold.", "nat.pools", blocks_in_use},
    {"fairlead_nat_blocks", "gauge", "Blocks that this router may give out.", "nat.pools", blocks_ours},
    {"fairlead_nat_refused_total", "counter", "Flows that got no port.", "nat.pools", pool_refused},
    {"fairlead_nat_full_in_seconds", "gauge", "Until the pool is full, at its present growth.", "nat.pools", full_in},
    {"fairlead_dropped_packets_total", "counter", "Packets dropped, by reason.", "fates", dropped},
};

static json_t *list_at(const json_t *evidence, const char *path)
{
    char outer[32];
    const char *dot = strchr(path, '.');
    if (!dot) return json_object_get(evidence, path);
    snprintf(outer, sizeof outer, "%.*s", (int)(dot - path), path);
    return json_object_get(json_object_get(evidence, outer), dot + 1);
}

void metrics_of_evidence(const struct metrics_source *sources, size_t n, struct text *out)
{
    for (size_t m = 0; m < ARRAY_LEN(rows); m++) {
        metrics_head(out, rows[m].name, rows[m].type, rows[m].help);
        for (size_t k = 0; k < n; k++) {
            const struct line l = {out, rows[m].name, sources[k].router};
            size_t i;
            json_t *row;
            json_array_foreach(list_at(sources[k].evidence, rows[m].list), i, row) rows[m]
                .put(&l, row);
        }
    }
}
