/* intent/facts.c - the vocabulary of evidence, and a sorted array of observations. */
#include "intent/facts.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// clang-format off
const struct fact_kind fact_kinds[FACT_NAMES] = {
    [FACT_SUBSCRIPTION_STATE]       = {"subscription.state", "", "Enabled when active", false},
    [FACT_SUBSCRIPTION_PROVIDER]    = {"subscription.provider", "", "a resource provider and its registration: 'Microsoft.Network Registered'", false},
    [FACT_SUBSCRIPTION_MAY_WRITE]   = {"subscription.may-write", "", "may the caller change network resources: true or false", false},
    [FACT_CIRCUIT_STATE]            = {"circuit.state", "", "the cloud's view: Enabled", false},
    [FACT_CIRCUIT_PROVIDER_STATE]   = {"circuit.provider-state", "", "the provider's view: NotProvisioned, Provisioning, Provisioned", false},
    [FACT_CIRCUIT_OPERATION]        = {"circuit.operation", "", "how the last write ended: Succeeded", false},
    [FACT_CIRCUIT_SKU]              = {"circuit.sku", "", "tier and family as the API has them", false},
    [FACT_CIRCUIT_BANDWIDTH]        = {"circuit.bandwidth", "Mbps", "", false},
    [FACT_CIRCUIT_LOCATION]         = {"circuit.location", "", "peering location as the API has it", false},
    [FACT_CIRCUIT_PROVIDER]         = {"circuit.provider", "", "provider as the API has it", false},
    [FACT_PROVIDER_LISTED]          = {"provider.listed", "", "does the provider list have the provider at the circuit's location: true or false", false},
    [FACT_CIRCUIT_OFFERED]          = {"provider.bandwidth", "Mbps", "one bandwidth the provider list offers at the circuit's location", false},
    [FACT_CIRCUIT_LINKS]            = {"circuit.links", "", "connections on the circuit", false},
    [FACT_CROSS_STATE]              = {"cross-connection.state", "", "provider state on the provider's side", false},
    [FACT_CROSS_BANDWIDTH]          = {"cross-connection.bandwidth", "Mbps", "", false},
    [FACT_CROSS_STAG]               = {"cross-connection.s-tag", "", "outer tag of both legs", false},
    [FACT_PEERING_STATE]            = {"peering.state", "", "Enabled or Disabled", false},
    [FACT_PEERING_OPERATION]        = {"peering.operation", "", "how the last write ended", false},
    [FACT_PEERING_VLAN]             = {"peering.vlan", "", "", false},
    [FACT_PEERING_PEER_ASN]         = {"peering.peer-asn", "", "", false},
    [FACT_PEERING_CLOUD_ASN]        = {"peering.cloud-asn", "", "", false},
    [FACT_PEERING_PRIMARY_PREFIX]   = {"peering.primary-prefix", "", "", false},
    [FACT_PEERING_SECONDARY_PREFIX] = {"peering.secondary-prefix", "", "", false},
    [FACT_PEERING_MANAGED_BY]       = {"peering.last-modified-by", "", "Customer or Provider", false},
    [FACT_SESSION_STATE]            = {"bgp.state", "", "of the cloud side's session; Established when up, None when there is none", false},
    [FACT_SESSION_PEER]             = {"bgp.peer", "", "address of the customer's side", false},
    [FACT_SESSION_ASN]              = {"bgp.peer-asn", "", "the customer's AS number on the session", false},
    [FACT_SESSION_HOLD]             = {"bgp.hold", "s", "negotiated", false},
    [FACT_SESSION_UPTIME]           = {"bgp.uptime", "s", "", false},
    [FACT_SESSION_RECEIVED]         = {"bgp.received", "", "prefixes received from the customer", false},
    [FACT_SESSION_ERROR]            = {"bgp.last-error", "", "why the session last ended", false},
    [FACT_BFD_STATE]                = {"bfd.state", "", "of the cloud side's session: up, down, init, admin-down, off", false},
    [FACT_BFD_TX]                   = {"bfd.tx", "us", "interval in use", false},
    [FACT_BFD_RX]                   = {"bfd.rx", "us", "interval in use", false},
    [FACT_BFD_DETECT]               = {"bfd.detect", "us", "detection time", false},
    [FACT_ATTACHMENT_UP]            = {"attachment.up", "", "is the sub-interface of the leg up: true or false", false},
    [FACT_ATTACHMENT_STAG]          = {"attachment.s-tag", "", "outer tag at the cloud edge", false},
    [FACT_ATTACHMENT_CTAG]          = {"attachment.c-tag", "", "inner tag at the cloud edge", false},
    [FACT_ATTACHMENT_ADDRESS]       = {"attachment.address", "", "the cloud's address and mask on the leg", false},
    [FACT_ATTACHMENT_RX]            = {"attachment.rx", "bytes", "from the customer", false},
    [FACT_ATTACHMENT_TX]            = {"attachment.tx", "bytes", "to the customer", false},
    [FACT_WRONG_TAG]                = {"attachment.wrong-tag", "", "frames of this circuit with an unknown inner tag: 'outer inner packets'", false},
    [FACT_NEIGHBOR]                 = {"arp.entry", "", "'address mac state' of the customer's side, as the cloud edge sees it", false},
    [FACT_ROUTE]                    = {"bgp.route", "", "'prefix med hops as-path' accepted from the customer; from a gateway under 'connection/N/primary'", false},
    [FACT_ROUTE_REFUSED]            = {"bgp.route-refused", "", "'prefix reason' received and not accepted", false},
    [FACT_GATEWAY_ROUTE]            = {"gateway.route", "", "'prefix hops' the gateway learned over the leg: subject 'connection/N/primary'", false},
    [FACT_KEY_FAULT]                = {"bgp.key-fault", "", "'packets reason': segments of the leg whose MD5 signature was refused just now", false},
    [FACT_CUSTOMER_ROUTER]          = {"customer.router", "", "name of the router at the customer's end", false},
    [FACT_CUSTOMER_STATE]           = {"customer.bgp.state", "", "of the customer side's session", false},
    [FACT_CUSTOMER_REMOTE_ASN]      = {"customer.bgp.remote-asn", "", "AS number the customer side talks to", false},
    [FACT_CUSTOMER_HOLD]            = {"customer.bgp.hold", "s", "negotiated", false},
    [FACT_CUSTOMER_BFD]             = {"customer.bfd.state", "", "", false},
    [FACT_CUSTOMER_IMPORTED]        = {"customer.bgp.received", "", "prefixes received from the cloud", false},
    [FACT_LINK_STATE]               = {"connection.state", "", "how the connection's last write ended", false},
    [FACT_PROBE_LOSS]               = {"probe.loss", "%", "over the leg, of the last probe", false},
    [FACT_PROBE_RTT]                = {"probe.rtt", "us", "over the leg, median of the last probe", false},
    [FACT_DRILL]                    = {"drill", "", "'leg sent lost outage-ms restored' of a recorded exercise", true},
    [FACT_FEATURE]                  = {"subscription.feature", "", "an enrolled feature and its state: 'AllowExpressRoutePorts Registered'", false},
    [FACT_ROLE]                     = {"subscription.role", "", "who may do what: 'principal right scope'", false},
    [FACT_PORT_LIGHT]               = {"port.light", "dBm", "received light of a Direct link: subject 'port/P/primary'", false},
    [FACT_PORT_LINE]                = {"port.line", "", "line protocol of a Direct link: up or down", false},
    [FACT_REACH_STATE]              = {"global-reach.state", "", "Connected or Disconnected: subject 'global-reach/N'", false},
    [FACT_AUTHORIZATION_USE]        = {"authorization.use", "", "'name useStatus' of an authorization of the circuit", false},
    [FACT_PEERING_PREFIXES_STATE]   = {"peering.prefixes-state", "", "Configured when the advertised public prefixes are validated", false},
    [FACT_FILTER_RULE]              = {"route-filter.rule", "", "one rule of the peering's filter: 'access community,community'", false},
    [FACT_CUSTOMER_ROUTE]           = {"customer.route", "", "received from the cloud: 'prefix community,community'", false},
    [FACT_CUSTOMER_BEST]            = {"customer.best", "", "where the customer side sends a sample of the peering: circuit or internet", false},
    [FACT_GATEWAY_ROUTES]           = {"gateway.routes", "", "routes the gateway has learned: subject 'gateway/G'", false},
    [FACT_GATEWAY_CPU]              = {"gateway.cpu", "%", "", false},
    [FACT_GATEWAY_MBPS]             = {"gateway.mbps", "Mbps", "", false},
    [FACT_GATEWAY_ZONES]            = {"gateway.zones", "", "availability zones its instances stand in", false},
    [FACT_GATEWAY_BEST]             = {"gateway.best", "", "circuit that carries what several circuits offer", false},
    [FACT_CONNECTION_PREFIXES]      = {"connection.prefixes", "", "prefixes of the network announced over the connection", false},
    [FACT_CONNECTION_WEIGHT]        = {"connection.weight", "", "", false},
    [FACT_CIRCUIT_UTILISATION]      = {"circuit.utilisation", "%", "95th percentile of the busier direction, of the bought bandwidth", false},
    [FACT_CIRCUIT_DROPS]            = {"circuit.drops", "bits", "dropped by the rate limit since the last look", false},
    [FACT_NAT_LEAK]                 = {"nat.untranslated", "packets", "seen on the leg with a source that is not public", false},
    [FACT_NAT_PORTS]                = {"nat.ports", "%", "of the pool's ports in use: subject 'nat/POOL'", false},
    [FACT_NAT_EXHAUSTED]            = {"nat.exhausted", "", "translations refused for want of a port", false},
    [FACT_NAT_FOREIGN]              = {"nat.foreign", "packets", "for the pool that arrived at a device without their state", false},
    [FACT_DSCP_IN]                  = {"qos.from-customer", "", "'dscp packets' seen on the leg from the customer", false},
    [FACT_DSCP_OUT]                 = {"qos.from-cloud", "", "'dscp packets' seen on the leg from the cloud", false},
    [FACT_SPOOF]                    = {"source-check", "", "a packet with a foreign source was sent for a test: dropped or passed", false},
    [FACT_MACSEC_STATE]             = {"macsec.state", "", "of a Direct link: secured when up", false},
    [FACT_DRIFT]                    = {"drift", "", "a property that differs from the record: 'name declared live'", false},
    [FACT_LOG_AGE]                  = {"log.age", "s", "since the newest record: subject 'log/KIND'", false},
    [FACT_M365_UNCOVERED]           = {"m365.uncovered", "", "a range of the endpoint feed no received route covers", false},
    [FACT_M365_AUTHORIZED]          = {"m365.authorized", "", "'community true' if the subscription may select it", false},
    [FACT_M365_ASYMMETRIC]          = {"m365.asymmetric", "", "flows seen one way only", false},
    [FACT_M365_REJECTED]            = {"m365.rejected", "", "an announced prefix the cloud has not accepted: subject the leg", false},
    [FACT_M365_PROBE]               = {"m365.probe", "", "'host verdict' of a host that must be reachable: reached, blocked, intercepted, credentials", false},
    [FACT_FEED_LATEST]              = {"feed.latest", "", "newest version of the endpoint feed", false},
    [FACT_FEED_POLLED]              = {"feed.polled", "s", "since the last successful look at the feed's version", false},
    [FACT_FEED_LATE]                = {"feed.late", "", "a change in force and not applied", false},
    [FACT_FEED_FLAG_CHANGE]         = {"feed.flag-change", "", "a set whose circuit flag changed and nobody has reviewed", false},
    [FACT_SITE_MEDIA]               = {"site.media", "", "'metric value samples' of a client probe: one_way, rtt, burst, loss, jitter, reorder", false},
    [FACT_SITE_EDGE_MEDIA]          = {"site.edge-media", "", "the same from the customer's edge", false},
    [FACT_SITE_DNS]                 = {"site.dns", "ms", "median time of an answer", false},
    [FACT_SITE_DOWNLOAD]            = {"site.download", "kB/s", "from SharePoint", false},
    [FACT_SITE_TCP]                 = {"site.tcp", "", "'scale sack mss' of a handshake: true true 1460", false},
    [FACT_SITE_LOAD]                = {"site.load", "%", "of the busiest edge interface at its peak", false},
    [FACT_EDGE_FILTER]              = {"attachment.filter", "", "'nn action source target protocol from-to': a rule of the cloud edge's access list, in order", false},
    [FACT_EDGE_SOURCE]              = {"attachment.source", "", "a prefix the cloud edge allows as a source, or strict", false},
    [FACT_EDGE_RATE]                = {"attachment.rate", "Mbps", "policed by the cloud edge in each direction", false},
    [FACT_EDGE_KEPT]                = {"attachment.dscp-kept", "", "DSCP values of the customer that the cloud edge keeps: all, or a list", false},
    [FACT_EDGE_DROP]                = {"attachment.drop", "", "'name packets' the cloud edge dropped while it was watched, or none", false},
    [FACT_CUSTOMER_FILTER]          = {"customer.filter", "", "a rule of the customer router's access list, as attachment.filter", false},
    [FACT_CUSTOMER_NAT]             = {"customer.nat", "", "'first last' of the pool the customer's router translates to on the leg, or off", false},
    [FACT_CUSTOMER_DROP]            = {"customer.drop", "", "'name packets' the customer's router dropped while it was watched, or none", false},
    [FACT_SITE_SESSIONS]            = {"site.sessions", "%", "of the edge device's session limit", false},
};
// clang-format on

enum { MOST_BYTES = 256 << 20 };

void facts_init(struct facts *fs)
{
    *fs = (struct facts){0};
    arena_init(&fs->arena, MOST_BYTES);
}

void facts_drop(struct facts *fs)
{
    free(fs->list);
    arena_drop(&fs->arena);
    *fs = (struct facts){0};
}

void facts_add(struct facts *fs, enum fact_name name, const char *subject, const char *value,
               const char *source, int64_t at_ms)
{
    if (fs->n == fs->room) {
        fs->room = fs->room ? fs->room * 2 : 64;
        fs->list = realloc(fs->list, fs->room * sizeof *fs->list);
        if (!fs->list) abort();
    }
    struct fact f = {name, arena_text(&fs->arena, subject),
                     arena_printf(&fs->arena, "%.*s", FACT_VALUE_MAX, value),
                     arena_text(&fs->arena, source), at_ms};
    if (!f.subject || !f.value || !f.source) return;
    fs->list[fs->n++] = f;
    fs->sorted = false;
}

void facts_addf(struct facts *fs, enum fact_name name, const char *subject, const char *source,
                int64_t at_ms, const char *fmt, ...)
{
    char value[FACT_VALUE_MAX + 1];
    va_list args;
    va_start(args, fmt);
    vsnprintf(value, sizeof value, fmt, args);
    va_end(args);
    facts_add(fs, name, subject, value, source, at_ms);
}

static int compare_key(const struct fact *a, const struct fact *b)
{
    if (a->name != b->name) return a->name < b->name ? -1 : 1;
    return strcmp(a->subject, b->subject);
}

static int compare(const void *a, const void *b)
{
    const struct fact *x = a, *y = b;
    int key = compare_key(x, y), value = key ? 0 : strcmp(x->value, y->value);
    if (key || value) return key ? key : value;
    return x->at_ms < y->at_ms ? -1 : x->at_ms > y->at_ms;
}

void facts_sort(struct facts *fs)
{
    if (fs->n) qsort(fs->list, fs->n, sizeof *fs->list, compare);
    fs->sorted = true;
}

struct fact_range facts_of(const struct facts *fs, enum fact_name name, const char *subject)
{
    assert(fs->sorted);
    const struct fact key = {.name = name, .subject = subject};
    size_t low = 0, high = fs->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (compare_key(&fs->list[mid], &key) < 0) low = mid + 1;
        else high = mid;
    }
    if (!fs->n) return (struct fact_range){0};
    struct fact_range r = {fs->list + low, 0};
    while (low + r.n < fs->n && compare_key(&fs->list[low + r.n], &key) == 0) r.n++;
    return r;
}
