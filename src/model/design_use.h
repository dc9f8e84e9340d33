/* model/design_use.h - the second half of a design: what runs over the circuits and what its owner has
 * arranged around them. These keys exist for the checklist; nothing is built from them. "unsaid" is a
 * value of its own everywhere: a row that needs the key says unknown and names it. */
#pragma once
#include "net/prefix.h"

enum said { UNSAID, SAID_YES, SAID_NO };
enum design_party { PARTY_UNSAID, PARTY_CUSTOMER, PARTY_PROVIDER, PARTY_OTHER };
enum design_path { PATH_UNSAID, PATH_CIRCUIT, PATH_INTERNET };

struct design_statement { /* what only a person can know, with a name and a day */
    const char *row, *subject, *by, *date, *note;
    enum said holds;
};

struct design_workload {
    const char *name;
    enum said critical, latency_sensitive, bandwidth_heavy, confidential, vpn_backup;
    const char **circuits, **encryption; /* encryption: macsec, ipsec, tls */
    size_t circuits_n, encryption_n;
    uint32_t mbps;
};

enum design_technique { TECHNIQUE_UNSAID, TECHNIQUE_LONGER, TECHNIQUE_WEIGHT, TECHNIQUE_PREPEND };
struct design_recovery { /* circuits that stand in for each other */
    const char *name, *preferred;
    const char **circuits;
    size_t circuits_n;
    enum design_technique technique;
    uint32_t critical_mbps;
};

struct design_vpn {
    const char *name, *virtual_network, *protects, *sku;
    enum said standby, active_active, route_based, internet_route;
    uint32_t asn, peer_asn, local_pref, mbps;
    struct prefix *prefixes;
    size_t prefixes_n;
};

struct design_internet { /* one Internet egress */
    const char *name, *site, *device;
    struct prefix *prefixes; /* announced there */
    size_t prefixes_n;
    uint32_t local_pref;     /* 0: unsaid */
    enum said failover, translates_inbound;
};

struct design_filter_rule {
    const char *access; /* "Allow" */
    const char **communities;
    size_t communities_n;
};
struct design_filter {
    const char *name;
    struct design_filter_rule *rules;
    size_t rules_n;
};

struct design_pool { /* NAT */
    const char *name, *circuit, *leg, *measured;
    enum design_path path;
    struct prefix prefix;
    struct prefix *sources; /* private ranges translated to it */
    const char **shared_with;
    size_t sources_n, shared_with_n;
    enum design_party holder;
    uint32_t ports, restricted_ports, peak_ports, peak_factor, devices;
    uint32_t measured_places;
    enum said before_split, shared_state, publishes, alarm;
};
struct design_nat {
    struct design_pool *pools;
    size_t pools_n;
};

struct design_inbound { /* a published service that the cloud calls */
    const char *name, *kind, *public_fqdn, *perimeter;
    struct addr public_ip;
    enum design_path path;
    enum said source_nat, other_services, confined;
};

struct design_flow { /* who talks to whom, and by which way */
    const char *name, *from, *to, *service;
    enum design_path path;
    enum said supported, symmetric;
    const char **via, **out, **back; /* circuits passed; stateful devices in each direction */
    size_t via_n, out_n, back_n;
};

enum { DSCP_UNSAID = 255 };
struct design_class {
    const char *workload, *queue, *peering; /* voice, video, sharing, files, signalling */
    uint8_t dscp;
};
struct design_queue {
    const char *name;
    enum said strict;
    uint8_t percent; /* 0: unbounded */
};
struct design_rewrite {
    const char *at;
    uint8_t from, to;
};
struct design_qos {
    const char *profile;
    struct design_class *classes;
    struct design_queue *queues;
    struct design_rewrite *rewrites;
    size_t classes_n, queues_n, rewrites_n;
    enum said zero_others, trusted_path;
    const char **edges; /* QoS profile of each edge, when they differ */
    size_t edges_n;
    uint32_t ef_kbps, ef_bought_kbps;
};

struct design_role {
    const char *who, *right, *scope; /* right: owner, contributor, reader, provider */
    enum said needed;
};
struct design_log {
    const char *kind, *store; /* activity, bgp, acl, nat */
    uint32_t retention_days;
};
struct design_ipsec {
    const char *name, *circuit, *peering;
    const char **legs;
    size_t legs_n;
    enum said active_active, route_based, distinct_asns, endpoints_only;
};
struct design_security {
    const char *firewall, *secret_store;
    const char **plain_secrets; /* places where a secret can be read */
    struct design_role *roles;
    struct design_log *logs;
    struct design_ipsec *ipsec;
    size_t plain_secrets_n, roles_n, logs_n, ipsec_n;
    enum said separate_admins, internet_to_core;
};

struct design_alarm {
    const char *metric, *on;
    uint32_t threshold;
};
struct design_contact {
    const char *circuit, *who, *tested;
};
struct design_probe {
    const char *circuit, *peering, *leg;
};
struct design_operations {
    struct design_alarm *alarms;
    struct design_contact *contacts;
    struct design_probe *probes;
    size_t alarms_n, contacts_n, probes_n;
    const char *record, *record_version, *owner;
    uint32_t index_target; /* of the resiliency index; 70 */
};

enum design_return { RETURN_UNSAID, RETURN_MICROSOFT, RETURN_INTERNET, RETURN_NONE };
struct design_tunnelling { /* a default route on private peering */
    enum said internet_exit, blocks_internet;
    enum design_return service_return;
};

/* ---- Office 365 and Dynamics 365 ---- */

struct design_authorization {
    const char *ref, *reason, *expires;
};
struct design_proxy {
    enum said used, names, allows_default;
    const char **inspects, **asks_credentials; /* host patterns */
    size_t inspects_n, asks_credentials_n;
};
struct design_pac {
    const char *type, *feed_version;
    enum said used, ordered, firewall_open;
};
struct design_feed {
    const char *version, *fetched, *client_request_id;
    uint32_t poll_minutes;
};
struct design_m365 {
    enum said enabled, subscription_active, sign_in_on_internet, media_ports, mail_from_new_addresses, spf_current,
        dns_current, catalogue, symmetry_proof, stage_plan, rollback_plan, automatic_failover;
    const char *instance, *subscription_date, *import_policy, *backup;
    const char **services;
    size_t services_n;
    struct design_authorization authorization;
    struct design_proxy proxy;
    struct design_pac pac;
    struct design_feed feed;
    uint32_t idle_timeout_s, feed_prefixes, backup_rtt_ms, tcp_window_kb;
};
struct design_d365 {
    enum said enabled, same_geography, cdn_on_internet, names_allowed, acl_by_address;
    const char *version, *cloud, *tags_date;
    const char **azure_regions;
    size_t azure_regions_n;
};

struct design_persona {
    const char *name;
    uint32_t users, up_kbps, down_kbps; /* a user, at the busy hour */
};
