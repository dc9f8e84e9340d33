/* evidence/arm_tables_json.c - ARP, route and counter tables of a circuit's leg.
 * The tables name neither circuit nor mask, so the customer's and the cloud's address come from the
 * design's subnet of the leg; a table is not read when the design has none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "evidence/arm_priv.h"

struct leg_place {
    char subject[SUBJECT_MAX];
    const char *circuit, *leg;
    struct prefix link;
    struct addr customer, cloud, customer6;
};

static bool place_of(const struct collector *c, const struct arm_table *t, struct leg_place *out)
{
    enum leg leg = strcmp(t->leg, "secondary") == 0 ? LEG_SECOND : LEG_FIRST;
    const struct design_circuit *d = c->design ? design_circuit(c->design, t->circuit) : NULL;
    out->circuit = t->circuit;
    out->leg = leg_name(leg);
    snprintf(out->subject, sizeof out->subject, "circuit/%.80s/%.20s/%.20s", t->circuit, t->peering, t->leg);
    for (int k = 0; d && k < PEERING_KINDS; k++) {
        if (strcmp(peering_kind_name((enum peering_kind)k), t->peering) != 0) continue;
        struct prefix six;
        bool has_six = design_link_subnet(&d->peerings[k].ipv6, leg, &six);
        if (!design_link_subnet(&d->peerings[k].ipv4, leg, &out->link) && !has_six) continue;
        out->customer = prefix_host(&out->link, 1);
        out->cloud = prefix_host(&out->link, 2);
        out->customer6 = has_six ? prefix_host(&six, 1) : (struct addr){0};
        return true;
    }
    return false;
}

const json_t *arm_rows(const json_t *document)
{
    const json_t *list = json_is_array(document) ? document : arm_get(document, "value");
    return list ? list : document; /* PowerShell prints a list of one as that one */
}

/* "885a.9269.9110" -> "88:5a:92:69:91:10"; false if it is no MAC address. */
static bool mac_text(const char *dotted, char out[static 18])
{
    size_t digits = 0, n = 0;
    for (; *dotted; dotted++) {
        if (*dotted == '.' || *dotted == ':' || *dotted == '-') continue;
        if (!strchr("0123456789abcdefABCDEF", *dotted) || digits == 12) return false;
        if (digits && digits % 2 == 0) out[n++] = ':';
        out[n++] = (char)(*dotted >= 'A' && *dotted <= 'F' ? *dotted | 32 : *dotted);
        digits++;
    }
    out[n] = 0;
    return digits == 12;
}

static const char *either(const json_t *row, const char *a, const char *b)
{
    const char *s = arm_text(row, a);
    return *s ? s : arm_text(row, b);
}

static void take_arp_row(const struct collector *c, const struct leg_place *at, const json_t *row)
{
    char mac[18];
    struct addr a;
    const char *ip = arm_text(row, "ipAddress");
    bool resolved = mac_text(arm_text(row, "macAddress"), mac);
    if (!addr_parse(ip, &a)) return;
    const char *side = either(row, "interface", "interfaceProperty");
    if (*side ? text_same_nocase(side, "Microsoft") : addr_equal(&a, &at->cloud))
        facts_addf(c->facts, FACT_ATTACHMENT_ADDRESS, at->subject, c->source, c->at_ms, "%s/%u", ip, at->link.len);
    else
        facts_addf(c->facts, FACT_NEIGHBOR, at->subject, c->source, c->at_ms, "%s %s %s", ip,
                   resolved ? mac : "00:00:00:00:00:00", resolved ? "reachable" : "incomplete");
}

/* "65010 65020 i" and "65010-65020" have two hops. */
static unsigned hops_of(const char *path)
{
    unsigned n = 0;
    for (const char *p = path; *p; p++)
        if (*p >= '0' && *p <= '9' && (p == path || p[-1] < '0' || p[-1] > '9')) n++;
    return n;
}

/* A route of a gateway; of which connection is known only where the circuit has one. */
static void take_gateway_route(const struct collector *c, const struct leg_place *at, const json_t *row)
{
    const struct design *d = c->design;
    const struct design_connection *only = NULL;
    char subject[SUBJECT_MAX];
    for (size_t i = 0; i < d->connections_n; i++) {
        if (strcmp(d->connections[i].circuit, at->circuit) != 0) continue;
        if (only) return;
        only = &d->connections[i];
    }
    if (!only) return;
    snprintf(subject, sizeof subject, "connection/%.100s/%s", only->name, at->leg);
    facts_addf(c->facts, FACT_ROUTE, subject, c->source, c->at_ms, "%s 0 %u %s", arm_text(row, "network"),
               hops_of(arm_text(row, "path")), arm_text(row, "path"));
}

/* The table holds the gateways' routes too; the customer's have the customer's next hop. MED is not
 * shown by the service and counts as 0. */
static void take_route_row(const struct collector *c, const struct leg_place *at, const json_t *row)
{
    struct addr next_hop;
    const char *path = arm_text(row, "path");
    if (!addr_parse(arm_text(row, "nextHop"), &next_hop)) return;
    if (!addr_equal(&next_hop, &at->customer) && !addr_equal(&next_hop, &at->customer6)) {
        take_gateway_route(c, at, row);
        return;
    }
    facts_addf(c->facts, FACT_ROUTE, at->subject, c->source, c->at_ms, "%s 0 %u %s", arm_text(row, "network"),
               hops_of(path), path);
}

/* "00:41:02", "3d04h", "never". */
static bool seconds_of(const char *s, uint64_t *out)
{
    unsigned long long a, b, d;
    if (sscanf(s, "%llu:%llu:%llu", &a, &b, &d) == 3) return *out = a * 3600 + b * 60 + d, true;
    if (sscanf(s, "%lluy%lluw", &a, &b) == 2) return *out = (a * 52 + b) * 7 * 86400, true;
    if (sscanf(s, "%lluw%llud", &a, &b) == 2) return *out = (a * 7 + b) * 86400, true;
    if (sscanf(s, "%llud%lluh", &a, &b) == 2) return *out = a * 86400 + b * 3600, true;
    return false;
}

static void take_summary_row(const struct collector *c, const struct leg_place *at, const json_t *row)
{
    struct addr neighbor;
    uint64_t up_s, asn = arm_number(row, "as");
    const json_t *as_number = arm_get(row, "statePfxRcd");
    char count[24] = "";
    const char *state = either(row, "statePfxRcd", "stateOrPrefixesReceived");
    if (json_is_integer(as_number))
        snprintf(count, sizeof count, "%lld", (long long)json_integer_value(as_number)), state = count;
    if (!addr_parse(arm_text(row, "neighbor"), &neighbor) || !(addr_equal(&neighbor, &at->customer) || addr_equal(&neighbor, &at->customer6))) return;
    bool up = *state >= '0' && *state <= '9';
    put(c, FACT_SESSION_PEER, at->subject, arm_text(row, "neighbor"));
    put_number(c, FACT_SESSION_ASN, at->subject, asn ? asn : arm_number(row, "asn"));
    put_session_state(c, FACT_SESSION_STATE, at->subject, up ? "Established" : state);
    if (!up) return;
    put_number(c, FACT_SESSION_RECEIVED, at->subject, strtoull(state, NULL, 10));
    if (seconds_of(arm_text(row, "upDown"), &up_s)) put_number(c, FACT_SESSION_UPTIME, at->subject, up_s);
}

static void take_stats(const struct collector *c, const struct arm_table *t)
{
    static const struct {
        const char *key;
        enum fact_name name;
        enum leg leg;
    } rows[] = {{"primarybytesIn", FACT_ATTACHMENT_RX, LEG_FIRST},
                {"primarybytesOut", FACT_ATTACHMENT_TX, LEG_FIRST},
                {"secondarybytesIn", FACT_ATTACHMENT_RX, LEG_SECOND},
                {"secondarybytesOut", FACT_ATTACHMENT_TX, LEG_SECOND}};
    char subject[SUBJECT_MAX];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        snprintf(subject, sizeof subject, "circuit/%.80s/%.20s/%s", t->circuit, t->peering, leg_name(rows[i].leg));
        if (arm_get(t->rows, rows[i].key)) put_number(c, rows[i].name, subject, arm_number(t->rows, rows[i].key));
    }
}

/* A table that has rows and none of the customer's address says that nobody answers for it. */
static void tell_missing(const struct collector *c, const struct leg_place *at, const json_t *rows)
{
    char want[ADDR_TEXT_MAX];
    size_t i, n = json_is_object(rows) ? 1 : json_array_size(rows);
    bool found = false, any = false;
    for (i = 0; i < n; i++) {
        struct addr a;
        const json_t *row = json_is_object(rows) ? rows : json_array_get(rows, i);
        if (!addr_parse(arm_text(row, "ipAddress"), &a)) continue;
        any = true;
        found = found || addr_equal(&a, &at->customer);
    }
    if (any && !found && !addr_is_none(&at->customer))
        facts_addf(c->facts, FACT_NEIGHBOR, at->subject, c->source, c->at_ms, "%s 00:00:00:00:00:00 missing",
                   addr_text(&at->customer, want));
}

void arm_table_facts(const struct collector *c, const struct arm_table *t)
{
    static void (*const takes[ARM_TABLES])(const struct collector *, const struct leg_place *, const json_t *) = {
        [ARM_ARP] = take_arp_row, [ARM_ROUTES] = take_route_row, [ARM_SUMMARY] = take_summary_row};
    struct leg_place at;
    size_t i;
    json_t *row;
    if (t->kind == ARM_STATS) {
        take_stats(c, t);
        return;
    }
    if (!place_of(c, t, &at)) return;
    const json_t *rows = arm_rows(t->rows);
    if (json_is_object(rows)) takes[t->kind](c, &at, rows);
    json_array_foreach((json_t *)rows, i, row) { takes[t->kind](c, &at, row); }
    if (t->kind == ARM_ARP) tell_missing(c, &at, rows);
}
