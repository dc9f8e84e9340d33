#include "healthy.h"
#include <stdio.h>
#include <string.h>

struct teller {
    struct facts *fs;
    int64_t at_ms;
    char subject[200];
};

static void tell(struct teller *t, enum fact_name name, const char *value)
{
    facts_add(t->fs, name, t->subject, value, "test", t->at_ms);
}
static void tell_number(struct teller *t, enum fact_name name, uint32_t n)
{
    facts_addf(t->fs, name, t->subject, "test", t->at_ms, "%u", n);
}

struct told {
    enum fact_name name;
    const char *value;
};
static void tell_all(struct teller *t, const struct told *list, size_t n)
{
    for (size_t i = 0; i < n; i++) tell(t, list[i].name, list[i].value);
}
#define TELL(t, list) tell_all(t, list, ARRAY_LEN(list))

static const struct told of_leg[] = {
    {FACT_SESSION_STATE, "Established"}, {FACT_SESSION_HOLD, "180"},    {FACT_SESSION_UPTIME, "86400"},
    {FACT_BFD_STATE, "up"},              {FACT_BFD_TX, "300000"},       {FACT_BFD_RX, "300000"},
    {FACT_BFD_DETECT, "900000"},         {FACT_ATTACHMENT_UP, "true"},  {FACT_ATTACHMENT_RX, "5000000"},
    {FACT_ATTACHMENT_TX, "6000000"},     {FACT_CUSTOMER_STATE, "Established"},
    {FACT_CUSTOMER_REMOTE_ASN, "12076"}, {FACT_CUSTOMER_HOLD, "180"},   {FACT_CUSTOMER_BFD, "up"},
    {FACT_CUSTOMER_IMPORTED, "180"},     {FACT_PROBE_LOSS, "0"},        {FACT_PROBE_RTT, "900"},
};
static const struct told of_microsoft_leg[] = {
    {FACT_CUSTOMER_ROUTE, "40.92.0.0/15 12076:5010"}, {FACT_CUSTOMER_ROUTE, "52.104.0.0/14 12076:5020"},
    {FACT_DSCP_OUT, "46 1000"}, {FACT_DSCP_OUT, "0 5000"}, {FACT_DSCP_IN, "46 900"}, {FACT_M365_REJECTED, "none"},
};
static const struct told of_circuit[] = {
    {FACT_CIRCUIT_STATE, "Enabled"},   {FACT_CIRCUIT_PROVIDER_STATE, "Provisioned"},
    {FACT_CIRCUIT_OPERATION, "Succeeded"}, {FACT_PROVIDER_LISTED, "true"},
    {FACT_CROSS_STATE, "Provisioned"}, {FACT_DRILL, "primary 500 2 40 restored"},
    {FACT_DRILL, "secondary 500 2 45 restored"},
};
static const struct told of_m365[] = {
    {FACT_M365_UNCOVERED, "none"}, {FACT_M365_ASYMMETRIC, "0"}, {FACT_FEED_LATEST, "2026102900"},
    {FACT_FEED_POLLED, "1200"}, {FACT_FEED_LATE, "none"}, {FACT_FEED_FLAG_CHANGE, "none"},
    {FACT_M365_PROBE, "outlook.office365.com reached"},
};
static const struct told of_site[] = {
    {FACT_SITE_LOAD, "30"}, {FACT_SITE_SESSIONS, "20"}, {FACT_SITE_DNS, "20"}, {FACT_SITE_DOWNLOAD, "4000"},
    {FACT_SITE_TCP, "true true 1460"},
    {FACT_SITE_MEDIA, "one_way 12 1008"}, {FACT_SITE_MEDIA, "rtt 24 1008"}, {FACT_SITE_MEDIA, "burst 0.5 1008"},
    {FACT_SITE_MEDIA, "loss 0.1 1008"}, {FACT_SITE_MEDIA, "jitter 4 1008"}, {FACT_SITE_MEDIA, "reorder 0.001 1008"},
    {FACT_SITE_EDGE_MEDIA, "one_way 6 1008"}, {FACT_SITE_EDGE_MEDIA, "rtt 12 1008"},
    {FACT_SITE_EDGE_MEDIA, "burst 0.2 1008"}, {FACT_SITE_EDGE_MEDIA, "loss 0.05 1008"},
    {FACT_SITE_EDGE_MEDIA, "jitter 2 1008"}, {FACT_SITE_EDGE_MEDIA, "reorder 0.001 1008"},
};

static void tell_leg(struct teller *t, const struct design *d, const struct design_circuit *c, enum peering_kind k,
                     enum leg leg)
{
    const struct design_peering *p = &c->peerings[k];
    struct design_leg l = design_leg_of(d, c, k, leg);
    char customer[ADDR_TEXT_MAX], cloud[ADDR_TEXT_MAX], text[PREFIX_TEXT_MAX];
    struct prefix s;
    snprintf(t->subject, sizeof t->subject, "circuit/%s/%s/%s", c->name, peering_kind_name(k), leg_name(leg));
    TELL(t, of_leg);
    if (k == PEERING_MICROSOFT) TELL(t, of_microsoft_leg);
    tell_number(t, FACT_SESSION_ASN, p->peer_asn);
    tell_number(t, FACT_SESSION_RECEIVED, (uint32_t)l.announce_n);
    tell_number(t, FACT_ATTACHMENT_STAG, l.outer_tag);
    tell_number(t, FACT_ATTACHMENT_CTAG, p->vlan);
    tell(t, FACT_CUSTOMER_ROUTER, c->links[leg].router);
    for (size_t i = 0; i < l.announce_n; i++)
        facts_addf(t->fs, FACT_ROUTE, t->subject, "test", t->at_ms, "%s 0 1 %u", prefix_text(&l.announce[i], text), p->peer_asn);
    if (!design_link_subnet(&p->ipv4, leg, &s)) return;
    struct addr a = prefix_host(&s, 1), b = prefix_host(&s, 2);
    addr_text(&a, customer);
    addr_text(&b, cloud);
    tell(t, FACT_SESSION_PEER, customer);
    facts_addf(t->fs, FACT_ATTACHMENT_ADDRESS, t->subject, "test", t->at_ms, "%s/30", cloud);
    facts_addf(t->fs, FACT_NEIGHBOR, t->subject, "test", t->at_ms, "%s 52:54:00:12:34:56 reachable", customer);
}

static void tell_peering(struct teller *t, const struct design *d, const struct design_circuit *c, enum peering_kind k)
{
    const struct design_peering *p = &c->peerings[k];
    static const enum fact_name names[LEGS] = {FACT_PEERING_PRIMARY_PREFIX, FACT_PEERING_SECONDARY_PREFIX};
    char text[PREFIX_TEXT_MAX];
    struct prefix s;
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        tell_leg(t, d, c, k, leg);
        snprintf(t->subject, sizeof t->subject, "circuit/%s/%s", c->name, peering_kind_name(k));
        if (design_link_subnet(&p->ipv4, leg, &s)) tell(t, names[leg], prefix_text(&s, text));
    }
    tell(t, FACT_PEERING_STATE, "Enabled");
    tell(t, FACT_PEERING_OPERATION, "Succeeded");
    tell(t, FACT_PEERING_CLOUD_ASN, "12076");
    tell(t, FACT_PEERING_MANAGED_BY, "Customer");
    tell_number(t, FACT_PEERING_VLAN, p->vlan);
    tell_number(t, FACT_PEERING_PEER_ASN, p->peer_asn);
    if (k == PEERING_MICROSOFT) tell(t, FACT_PEERING_PREFIXES_STATE, "Configured");
}

static void tell_circuit(struct teller *t, const struct design *d, const struct design_circuit *c)
{
    uint32_t links = 0;
    for (int k = 0; k < PEERING_KINDS; k++)
        if (c->peerings[k].there) tell_peering(t, d, c, (enum peering_kind)k);
    for (size_t i = 0; i < d->connections_n; i++) links += strcmp(d->connections[i].circuit, c->name) == 0;
    snprintf(t->subject, sizeof t->subject, "circuit/%s", c->name);
    TELL(t, of_circuit);
    tell(t, FACT_CIRCUIT_SKU, c->sku);
    tell(t, FACT_CIRCUIT_LOCATION, c->peering_location);
    tell(t, FACT_CIRCUIT_PROVIDER, c->provider);
    tell_number(t, FACT_CIRCUIT_BANDWIDTH, c->bandwidth_mbps);
    tell_number(t, FACT_CIRCUIT_OFFERED, c->bandwidth_mbps);
    tell_number(t, FACT_CROSS_BANDWIDTH, c->bandwidth_mbps);
    tell_number(t, FACT_CROSS_STAG, c->links[LEG_FIRST].outer_tag);
    tell_number(t, FACT_CIRCUIT_LINKS, links);
}

void healthy_facts(const struct design *d, int64_t now_ms, struct facts *out)
{
    struct teller t = {.fs = out, .at_ms = now_ms - 5000};
    static const struct told account[] = {
        {FACT_SUBSCRIPTION_STATE, "Enabled"}, {FACT_SUBSCRIPTION_PROVIDER, "Microsoft.Network Registered"},
        {FACT_SUBSCRIPTION_MAY_WRITE, "true"},
    };
    snprintf(t.subject, sizeof t.subject, "subscription");
    TELL(&t, account);
    for (size_t i = 0; i < d->circuits_n; i++) tell_circuit(&t, d, &d->circuits[i]);
    for (size_t i = 0; i < d->connections_n; i++) {
        snprintf(t.subject, sizeof t.subject, "connection/%s", d->connections[i].name);
        tell(&t, FACT_LINK_STATE, "Succeeded");
    }
    snprintf(t.subject, sizeof t.subject, "m365");
    TELL(&t, of_m365);
    for (size_t i = 0; i < d->sites_n; i++) {
        snprintf(t.subject, sizeof t.subject, "site/%s", d->sites[i].name);
        TELL(&t, of_site);
    }
}
