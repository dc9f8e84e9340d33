/* model/design.h - what its owner intends: the file `design.yaml` as one value.
 * One shape for offline checks, the lab, and generated configuration; keys are the names below (see
 * docs/design-file.md). Texts are "" and lists empty when the file does not say; whether that matters
 * is the business of whoever reads. Values the checklist judges (SKU, VLAN, AS number, key, subnets)
 * are kept as written, so that a wrong one becomes a verdict with a remedy and not a refused file.
 * Everything lives in the arena the design was read into. */
#pragma once
#include "model/design_use.h"

enum leg { LEG_FIRST, LEG_SECOND, LEGS }; /* primary and secondary */
const char *leg_name(enum leg leg);

enum peering_kind { PEERING_PRIVATE, PEERING_MICROSOFT, PEERING_PUBLIC, PEERING_KINDS };
const char *peering_kind_name(enum peering_kind kind); /* "private", "microsoft", "public" */

enum design_model { MODEL_UNSAID, MODEL_EXCHANGE, MODEL_P2P, MODEL_IPVPN, MODEL_DIRECT };
const char *design_party_name(enum design_party p);
enum design_router_kind { ROUTER_UNSAID, ROUTER_FAIRLEAD, ROUTER_FRR, ROUTER_BIRD, ROUTER_OTHER };
enum design_zones { ZONES_UNSAID, ZONES_NONE, ZONES_ONE, ZONES_REDUNDANT };
enum design_tagging { TAGGING_QINQ, TAGGING_DOT1Q };

struct design_subscription {
    const char *name, *state; /* state: "Enabled" when active */
    const char **providers;   /* registered resource providers */
    const char **features;    /* enrolled features */
    size_t providers_n, features_n;
    uint32_t circuit_quota, circuit_region_quota; /* 50 and 10 by default */
    enum said may_write;      /* may the caller create network resources? */
};

struct design_host {
    const char *name;
    struct addr address;
};

struct design_router { /* of the customer, or the provider's where the provider runs layer 3 */
    const char *name;
    enum design_router_kind kind;
    const char *device;   /* chassis, when several routers share one; "" the router itself */
    struct addr address;  /* on the site's LAN */
    uint32_t asn;         /* 0: the site's */
    enum said ignores_as_path, leaks_service_routes, per_flow;
};

struct design_site {
    const char *name, *metro;
    uint32_t asn;
    struct prefix *prefixes; /* what the site announces */
    struct prefix lan;
    struct design_host *hosts;
    struct design_router *routers;
    size_t prefixes_n, hosts_n, routers_n;
    /* its people, for Office 365 and capacity */
    const char *region, *continent, *dns_region, *egress_region, *measured;
    struct design_persona *personas;
    size_t personas_n;
    uint32_t users, up_mbps, down_mbps, path_to_circuit_ms, path_to_internet_ms, session_limit;
};

struct design_link { /* one of the two virtual circuits of a circuit */
    const char *router, *port; /* where it ends on the customer's (or provider's) side */
    uint16_t outer_tag;        /* S-tag agreed with the provider; 0: unsaid */
    const char **access_path;   /* devices and ducts from site to exchange */
    const char **provider_path; /* devices inside the provider */
    size_t access_path_n, provider_path_n;
};

struct design_bfd {
    enum said on;
    uint32_t min_tx_ms, min_rx_ms; /* 300 by default */
    uint8_t multiplier;            /* 3 by default */
};

struct design_edge { /* how the router at one leg is set for a peering; unsaid keys follow the peering */
    uint16_t vlan, outer_tag;
    struct addr address, neighbor;
    uint32_t asn, remote_asn;
    const char *shared_key;
    struct design_bfd bfd;
    uint16_t keepalive_s, hold_s; /* 0: the peer's default */
    uint8_t prepend;
    uint32_t prepend_asn, med, local_pref; /* prepend_asn 0: the router's own */
    struct prefix *announce;      /* instead of the site's prefixes */
    size_t announce_n;
    const char *first_hop_protocol; /* "vrrp" or "hsrp" if the address is a shared one */
    const char **communities;       /* set on what is announced */
    size_t communities_n;
    uint32_t max_prefixes;          /* accepted from the cloud; 0: unsaid */
};

struct design_acl { /* does the access list of a direction end with a deny? */
    enum said inbound_deny, outbound_deny;
};

struct design_record { /* a registry's word about a prefix */
    struct prefix prefix;
    const char *registry;
    uint32_t asn;
    enum said letter; /* letter of authorisation handed in */
};

struct design_subnets { /* of the links: two, or one block of twice the size */
    struct prefix primary, secondary, block;
};

struct design_peering {
    bool there;
    uint16_t vlan;
    bool zero_vlan, zero_asn; /* the file says 0, which is not the same as saying nothing */
    uint32_t peer_asn;
    enum design_party asn_holder;    /* registry holder of a public peer ASN */
    struct design_subnets ipv4, ipv6; /* the keys of ipv4 stand in the peering itself */
    enum design_party prefix_holder; /* registry holder of public link subnets */
    const char *shared_key;
    struct design_bfd bfd;
    enum said disabled;
    enum design_party managed_by;    /* unsaid: the circuit's l3_managed_by */
    const char *last_reset;          /* "2026-01-31" */
    const char **advertised_prefixes;
    struct prefix *declared; /* those of them that can be read */
    size_t advertised_prefixes_n, declared_n;
    uint32_t customer_asn;
    const char *routing_registry, *route_filter;
    struct design_edge edge[LEGS];
    struct design_acl acl;
    struct design_record *prefix_records;
    const char *validation, *zone, *device; /* zone: core or perimeter; device: proxy or firewall behind it */
    const char **services, **preferred_regions;
    size_t prefix_records_n, services_n, preferred_regions_n;
    enum said manual_validation, source_check, relies_on_communities;
};

struct design_circuit {
    const char *name, *subscription, *region;
    const char *provider, *peering_location, *sku, *port; /* port: a Direct circuit's port pair */
    const char *access_carrier;      /* carrier to the exchange, when it is not the provider */
    uint32_t bandwidth_mbps;
    uint32_t provider_policer_mbps;  /* 0: unsaid */
    uint32_t peak_mbps;              /* planned peak of one direction; 0: unsaid */
    enum design_model model;
    enum design_party l3_managed_by;
    enum said single_access;         /* one physical access carries both links */
    const char *created;             /* "2026-01-31" */
    struct design_link links[LEGS];
    struct design_peering peerings[PEERING_KINDS];
    const char **authorizations;     /* names of those issued */
    size_t authorizations_n;
};

struct design_port { /* Direct */
    const char *name, *peering_location;
    uint32_t bandwidth_gbps;
    enum design_tagging tagging;
    const char *ethertype; /* "0x8100" */
    uint16_t mtu;          /* IP */
    bool bundled;          /* LACP or MLAG */
    enum said link_enabled[LEGS];
    struct design_macsec {
        enum said used, same_keys, soft_delete, link_by_link;
        const char *cipher, *vault;
    } macsec;
};

struct design_subnet {
    const char *name;
    struct prefix prefix;
    const char *security_group, *route_table;
    const char **service_endpoints;
    size_t service_endpoints_n;
    enum said denies_inbound, denies_internet, needs_services;
};

struct design_vnet {
    const char *name, *region, *subscription;
    struct prefix *address_spaces;
    struct design_subnet *subnets;
    struct design_host *hosts;
    const char **peers; /* virtual networks peered with it */
    const char **isolated_from;
    const char *community, *community_set; /* "12076:20001", and since when */
    size_t address_spaces_n, subnets_n, hosts_n, peers_n, isolated_from_n;
};

struct design_gateway {
    const char *name, *virtual_network, *sku, *type;
    enum design_zones zones;
    uint8_t scale_units;
    uint32_t peak_mbps, peak_pps, peak_flows, resources, mss, max_packet;
    enum said private_endpoints, needs_fragments, basic_balancer, dns_resolver, default_route;
    const char **holds; /* other resources in its subnet */
    size_t holds_n;
};

struct design_connection {
    const char *name, *circuit, *gateway, *authorization;
    uint32_t weight, fast_path_addresses;
    bool fast_path;
    enum said new_link; /* still to be made */
    const char *created;
};

struct design_reach { /* two circuits joined */
    const char *name;
    const char **circuits;
    size_t circuits_n;
    struct prefix address_prefix;
    const char *authorization;
};

struct design_change { /* a request to be judged before it is made */
    const char *circuit, *sku;
    uint32_t bandwidth_mbps;
    bool remove;
};

struct design_drill { /* an exercise somebody recorded by hand */
    const char *circuit, *leg, *date; /* leg "": the whole circuit */
};

struct design_lab {
    const char *name;
};

struct design {
    const char *name, *cloud, *resource_group, *region;
    struct design_subscription subscription;
    struct design_site *sites;
    struct design_circuit *circuits;
    struct design_port *ports;
    struct design_vnet *virtual_networks;
    struct design_gateway *gateways;
    struct design_connection *connections;
    struct design_reach *global_reach;
    struct design_change *changes;
    struct design_drill *drills;
    size_t sites_n, circuits_n, ports_n, virtual_networks_n, gateways_n, connections_n, global_reach_n,
        changes_n, drills_n;
    struct design_lab lab;
    struct design_statement *statements;
    struct design_workload *workloads;
    struct design_recovery *recovery_sets;
    struct design_vpn *vpns;
    struct design_internet *internet;
    struct design_filter *route_filters;
    struct design_inbound *inbound;
    struct design_flow *flows;
    size_t statements_n, workloads_n, recovery_sets_n, vpns_n, internet_n, route_filters_n, inbound_n, flows_n;
    struct design_nat nat;
    struct design_qos qos;
    struct design_security security;
    struct design_operations operations;
    struct design_tunnelling forced_tunnelling;
    struct design_m365 m365;
    struct design_d365 d365;
};

/* Look-ups by name; NULL if there is none. */
const struct design_circuit *design_circuit(const struct design *d, const char *name);
const struct design_vnet *design_vnet(const struct design *d, const char *name);
const struct design_gateway *design_gateway(const struct design *d, const char *name);
const struct design_port *design_port(const struct design *d, const char *name);
const struct design_filter *design_filter(const struct design *d, const char *name);
const struct design_site *design_site(const struct design *d, const char *name);
/* The router of that name and, if `site` is not NULL, the site it stands in. */
const struct design_router *design_router(const struct design *d, const char *name,
                                          const struct design_site **site);

bool design_is_direct(const struct design_circuit *c);
bool design_is_premium(const struct design_circuit *c);
const char *design_region(const struct design *d, const struct design_circuit *c);

/* The two link subnets as the peering declares them: a block is split, lower half primary. False if a
 * leg's subnet is missing. */
bool design_link_subnet(const struct design_subnets *s, enum leg leg, struct prefix *out);

/* What holds at one leg once the edge's own keys are laid over the peering's. */
struct design_leg {
    const struct design_router *router; /* NULL: unsaid */
    const struct design_site *site;
    const struct prefix *announce;
    size_t announce_n;
    const char *shared_key;
    struct design_bfd bfd;
    uint32_t asn, remote_asn;
    uint16_t vlan, outer_tag;
};
struct design_leg design_leg_of(const struct design *d, const struct design_circuit *c,
                                enum peering_kind kind, enum leg leg);

/* "2026-01-31" as days since 1970-01-01; false if it is no date. */
bool design_date(const char *s, int64_t *out_days);
