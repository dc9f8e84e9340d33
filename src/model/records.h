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

struct record_reach {
    struct record_reference peering, peer;
    const char *prefix, *prefix6, *authorization_key;
};

enum { RECORD_ALLOW, RECORD_DENY }; /* of `access` */

struct record_filter_rule {
    int access, type;
    const char **communities;
    size_t communities_n;
};

enum { RECORD_LINK_DISABLED, RECORD_LINK_ENABLED }; /* of `adminState` */

struct record_port_link {
    const char *name;
    int admin; /* -1: not said */
    struct {
        const char *ckn, *cak;
        int cipher, sci;
    } macsec;
};

struct record_port {
    const char *location;
    uint64_t gbps;
    int encapsulation, billing; /* -1: not said */
    struct record_port_link *links;
    size_t links_n;
};

struct record_hub_gateway {
    struct record_reference hub;
    uint64_t least, most; /* scale units; 0: not said */
    bool others; /* allowNonVirtualWanTraffic */
};

struct record_hub_connection {
    struct record_reference peering;
    const char *authorization_key;
    uint64_t weight;
    bool internet, bypass, private_link;
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
