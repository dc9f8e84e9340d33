/* model/records.h - what a request says about a resource, as structs: read by tables of fields
 * (records_json.h), judged by rules.h. Only what some rule looks at stands here. */
#pragma once
#include "base/defs.h"

struct record_sku {
    const char *name, *tier, *family;
};

struct record_head { /* of every resource */
    const char *id, *name, *location;
    struct record_sku sku;
};

struct record_reference {
    const char *id;
};

struct record_circuit {
    struct {
        const char *name, *location;
        uint64_t mbps;
    } provider;
    struct record_reference port;
    uint64_t gbps_as_mbps; /* bandwidthInGbps times 1000 */
    bool classic, global_reach, rate_limit;
    const char *authorization_key;
};

struct record_microsoft {
    const char **prefixes, **communities;
    size_t prefixes_n, communities_n;
    uint64_t customer_asn;
    int registry; /* index into record_registries */
};

struct record_ipv6 {
    const char *primary, *secondary;
    struct record_microsoft microsoft;
    struct record_reference route_filter;
    int state;
};

enum { RECORD_ENABLED, RECORD_DISABLED }; /* of `state` */

struct record_peering {
    const char *type;
    uint64_t asn, vlan;
    const char *primary, *secondary;
    const char *shared_key;
    int state;
    struct record_microsoft microsoft;
    struct record_reference route_filter;
    struct record_ipv6 ipv6;
};

struct record_cross_connection {
    const char *state, *notes;
    struct record_reference circuit;
};

struct record_vnet {
    const char **prefixes;
    size_t prefixes_n;
};

struct record_subnet {
    const char *prefix;
    const char **prefixes;
    size_t prefixes_n;
};

struct record_ip_config {
    const char *name;
    struct {
        struct record_reference subnet, address;
        const char *allocation;
    } properties;
};

struct record_gateway {
    const char *type, *vpn_type;
    struct record_sku sku;
    struct record_ip_config *configs;
    size_t configs_n;
};

struct record_public_ip {
    const char *allocation, *version;
};

struct record_connection {
    const char *type;
    struct record_reference gateway, peer;
    const char *authorization_key;
    uint64_t weight;
    bool bgp, bypass;
};
