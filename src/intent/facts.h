/* intent/facts.h - the contract, upwards, as it is judged: one observation each.
 * Collectors turn what routers, the control plane and drills report into facts; whoever judges sees
 * only these, and never learns where they came from except by `source`. The vocabulary is the table
 * in facts.c. A name may have several values for one subject (routes, neighbours). Pure.
 *
 * Subjects: "subscription", "circuit/C", "circuit/C/private", "circuit/C/private/primary",
 * "connection/N", "gateway/G", "router/R", "port/P/primary", "nat/POOL", "site/S", "log/KIND", "m365". */
#pragma once
#include "base/arena.h"

enum fact_name {
    FACT_SUBSCRIPTION_STATE,
    FACT_SUBSCRIPTION_PROVIDER,
    FACT_SUBSCRIPTION_MAY_WRITE,
    FACT_CIRCUIT_STATE,
    FACT_CIRCUIT_PROVIDER_STATE,
    FACT_CIRCUIT_OPERATION,
    FACT_CIRCUIT_SKU,
    FACT_CIRCUIT_BANDWIDTH,
    FACT_CIRCUIT_LOCATION,
    FACT_CIRCUIT_PROVIDER,
    FACT_PROVIDER_LISTED,
    FACT_CIRCUIT_OFFERED,
    FACT_CIRCUIT_LINKS,
    FACT_CROSS_STATE,
    FACT_CROSS_BANDWIDTH,
    FACT_CROSS_STAG,
    FACT_PEERING_STATE,
    FACT_PEERING_OPERATION,
    FACT_PEERING_VLAN,
    FACT_PEERING_PEER_ASN,
    FACT_PEERING_CLOUD_ASN,
    FACT_PEERING_PRIMARY_PREFIX,
    FACT_PEERING_SECONDARY_PREFIX,
    FACT_PEERING_MANAGED_BY,
    FACT_SESSION_STATE,
    FACT_SESSION_PEER,
    FACT_SESSION_ASN,
    FACT_SESSION_HOLD,
    FACT_SESSION_UPTIME,
    FACT_SESSION_RECEIVED,
    FACT_SESSION_ERROR,
    FACT_BFD_STATE,
    FACT_BFD_TX,
    FACT_BFD_RX,
    FACT_BFD_DETECT,
    FACT_ATTACHMENT_UP,
    FACT_ATTACHMENT_STAG,
    FACT_ATTACHMENT_CTAG,
    FACT_ATTACHMENT_ADDRESS,
    FACT_ATTACHMENT_RX,
    FACT_ATTACHMENT_TX,
    FACT_WRONG_TAG,
    FACT_NEIGHBOR,
    FACT_ROUTE,
    FACT_ROUTE_REFUSED,
    FACT_GATEWAY_ROUTE,
    FACT_KEY_FAULT,
    FACT_CUSTOMER_ROUTER,
    FACT_CUSTOMER_STATE,
    FACT_CUSTOMER_REMOTE_ASN,
    FACT_CUSTOMER_HOLD,
    FACT_CUSTOMER_BFD,
    FACT_CUSTOMER_IMPORTED,
    FACT_LINK_STATE,
    FACT_PROBE_LOSS,
    FACT_PROBE_RTT,
    FACT_DRILL,
    FACT_FEATURE,
    FACT_ROLE,
    FACT_PORT_LIGHT,
    FACT_PORT_LINE,
    FACT_REACH_STATE,
    FACT_AUTHORIZATION_USE,
    FACT_PEERING_PREFIXES_STATE,
    FACT_FILTER_RULE,
    FACT_CUSTOMER_ROUTE,
    FACT_CUSTOMER_BEST,
    FACT_GATEWAY_ROUTES,
    FACT_GATEWAY_CPU,
    FACT_GATEWAY_MBPS,
    FACT_GATEWAY_ZONES,
    FACT_GATEWAY_BEST,
    FACT_CONNECTION_PREFIXES,
    FACT_CONNECTION_WEIGHT,
    FACT_CIRCUIT_UTILISATION,
    FACT_CIRCUIT_DROPS,
    FACT_NAT_LEAK,
    FACT_NAT_PORTS,
    FACT_NAT_EXHAUSTED,
    FACT_NAT_FOREIGN,
    FACT_DSCP_IN,
    FACT_DSCP_OUT,
    FACT_SPOOF,
    FACT_MACSEC_STATE,
    FACT_DRIFT,
    FACT_LOG_AGE,
    FACT_M365_UNCOVERED,
    FACT_M365_AUTHORIZED,
    FACT_M365_ASYMMETRIC,
    FACT_M365_REJECTED,
    FACT_M365_PROBE,
    FACT_FEED_LATEST,
    FACT_FEED_POLLED,
    FACT_FEED_LATE,
    FACT_FEED_FLAG_CHANGE,
    FACT_SITE_MEDIA,
    FACT_SITE_EDGE_MEDIA,
    FACT_SITE_DNS,
    FACT_SITE_DOWNLOAD,
    FACT_SITE_TCP,
    FACT_SITE_LOAD,
    FACT_SITE_SESSIONS,
    FACT_EDGE_FILTER,
    FACT_EDGE_SOURCE,
    FACT_EDGE_RATE,
    FACT_EDGE_KEPT,
    FACT_EDGE_DROP,
    FACT_CUSTOMER_FILTER,
    FACT_CUSTOMER_NAT,
    FACT_CUSTOMER_DROP,
    FACT_NAMES
};

struct fact_kind {
    const char *name;  /* as shown: "bgp.state" */
    const char *unit;  /* "", "s", "ms", "Mbps" ... */
    const char *means; /* one sentence */
    bool lasting;      /* true as long as the record stands (drills): no freshness limit */
};
extern const struct fact_kind fact_kinds[FACT_NAMES];

struct fact {
    enum fact_name name;
    const char *subject, *value, *source; /* source: "api", "edge edge1", "router ce2", "drill record" */
    int64_t at_ms;                        /* wall clock, since 1970 */
};

struct facts { /* owns its texts; facts_drop frees */
    struct fact *list;
    size_t n, room;
    bool sorted;
    struct arena arena;
};

void facts_init(struct facts *fs);
void facts_drop(struct facts *fs);
/* Copies the texts. The value is at most FACT_VALUE_MAX bytes; longer ones are cut. */
enum { FACT_VALUE_MAX = 400 };
void facts_add(struct facts *fs, enum fact_name name, const char *subject, const char *value,
               const char *source, int64_t at_ms);
void facts_addf(struct facts *fs, enum fact_name name, const char *subject, const char *source,
                int64_t at_ms, const char *fmt, ...) PRINTF_LIKE(6, 7);
/* To be called once after the last add and before the first look-up. */
void facts_sort(struct facts *fs);

struct fact_range {
    const struct fact *first;
    size_t n;
};
/* All facts of that name and subject, in the order of their values. */
struct fact_range facts_of(const struct facts *fs, enum fact_name name, const char *subject);
