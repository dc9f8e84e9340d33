/* model/design_use_json.c - the keys of what runs over the circuits and of what is arranged around
 * them (design_use.h). */
#include "model/design_tables_json.h"

static const char *const paths[] = {"unsaid", "expressroute", "internet", NULL};
static const char *const techniques[] = {"unsaid", "longer_prefix", "weight", "prepend", NULL};
static const char *const returns[] = {"unsaid", "microsoft", "internet", "none", NULL};

static const struct design_class class_blank = {.dscp = DSCP_UNSAID};

// clang-format off
const struct field design_statement_rows[] = {
    {"row", FIELD_TEXT, AT(design_statement, row), FIELD_REQUIRED, .min = 1, .help = "id of a checklist row"},
    TEXT(design_statement, subject, "as the report names it; every subject when unsaid"),
    {"holds", FIELD_MAYBE, AT(design_statement, holds), FIELD_REQUIRED, .help = "is the row fulfilled?"},
    {"by", FIELD_TEXT, AT(design_statement, by), FIELD_REQUIRED, .min = 1, .help = "who says so"},
    {"date", FIELD_TEXT, AT(design_statement, date), FIELD_REQUIRED | FIELD_DATE, .help = "when; older than a year counts as unknown"},
    TEXT(design_statement, note, "how it is known"),
    {0},
};
const struct field design_workload_rows[] = {
    NAME(design_workload),
    MAYBE(design_workload, critical, "does the business stop without it?"),
    MAYBE(design_workload, latency_sensitive, "voice, video, trading"),
    MAYBE(design_workload, bandwidth_heavy, "backups, replication"),
    MAYBE(design_workload, confidential, "are its data confidential?"),
    MAYBE(design_workload, vpn_backup, "shall a VPN carry it when the circuits are lost?"),
    TEXTS(design_workload, circuits, "circuits it can use; all when unsaid"),
    TEXTS(design_workload, encryption, "macsec, ipsec, tls"),
    NUM32(design_workload, mbps, "peak of one direction"),
    {0},
};
const struct field design_recovery_rows[] = {
    NAME(design_recovery),
    {"circuits", FIELD_TEXTS, COUNTED(design_recovery, circuits), .flags = FIELD_REQUIRED, .help = "two or more"},
    TEXT(design_recovery, preferred, "the one that carries traffic when all are up; all alike when unsaid"),
    ONE_OF(design_recovery, technique, techniques, "what states the preference"),
    NUM32(design_recovery, critical_mbps, "load that must survive the loss of a circuit"),
    {0},
};
const struct field design_vpn_rows[] = {
    NAME(design_vpn),
    {"virtual_network", FIELD_TEXT, AT(design_vpn, virtual_network), FIELD_REQUIRED},
    TEXT(design_vpn, protects, "the peering it backs up: private"),
    TEXT(design_vpn, sku, "of the VPN gateway"),
    MAYBE(design_vpn, standby, "used only when the circuits are down?"),
    MAYBE(design_vpn, active_active, "two instances of the VPN gateway?"),
    MAYBE(design_vpn, route_based, "route-based, not policy-based?"),
    MAYBE(design_vpn, internet_route, "static route to the VPN peer by the Internet edge?"),
    NUM32(design_vpn, asn, "of the VPN gateway; 65515 when unsaid"),
    NUM32(design_vpn, peer_asn, "of the site's VPN device"),
    NUM32(design_vpn, local_pref, "of VPN routes at the site; 100 when unsaid"),
    NUM32(design_vpn, mbps, "what the tunnel carries"),
    PREFIXES(design_vpn, prefixes, "announced over the VPN"),
    {0},
};
const struct field design_internet_rows[] = {
    NAME(design_internet),
    TEXT(design_internet, site, "where it leaves; every site when unsaid"),
    TEXT(design_internet, device, "its firewall, proxy or NAT device"),
    PREFIXES(design_internet, prefixes, "announced to the Internet"),
    NUM32(design_internet, local_pref, "of Internet routes; 100 when unsaid"),
    MAYBE(design_internet, failover, "does another egress take over by itself?"),
    MAYBE(design_internet, translates_inbound, "are sources of inbound cloud traffic translated here?"),
    {0},
};
static const struct field rule_rows[] = {
    TEXT(design_filter_rule, access, "Allow"),
    TEXTS(design_filter_rule, communities, "12076:5010 ..."),
    {0},
};
const struct field design_filter_rows[] = {
    NAME(design_filter),
    LIST(design_filter, rules, design_filter_rule, rule_rows, "one, that allows"),
    {0},
};
static const struct field pool_rows[] = {
    NAME(design_pool),
    {"prefix", FIELD_PREFIX, AT(design_pool, prefix), FIELD_REQUIRED, .help = "public addresses"},
    ONE_OF(design_pool, path, paths, "where the pool is used"),
    TEXT(design_pool, circuit, "of a pool on the circuit"),
    TEXT(design_pool, leg, "primary or secondary, for a pool per leg; both when unsaid"),
    PREFIXES(design_pool, sources, "private ranges translated to it"),
    TEXTS(design_pool, shared_with, "other circuits that may use it too"),
    ONE_OF(design_pool, holder, design_parties, "who holds the addresses by the registry"),
    NUM32(design_pool, ports, "usable ports of an address; 64000 when unsaid"),
    NUM32(design_pool, restricted_ports, "kept back"),
    NUM32(design_pool, peak_ports, "ports a device uses at its peak"),
    NUM32(design_pool, peak_factor, "spare ports a device; 4 or more"),
    NUM32(design_pool, devices, "translated to it at most, all circuits but this one lost"),
    DATE(design_pool, measured, "when peak_ports was measured; unsaid: a guess"),
    NUM32(design_pool, measured_places, "places and times it was measured at"),
    MAYBE(design_pool, before_split, "are sources translated before the legs part?"),
    MAYBE(design_pool, shared_state, "do both edges share their translations?"),
    MAYBE(design_pool, publishes, "are servers published from it?"),
    MAYBE(design_pool, alarm, "is there an alarm on its ports?"),
    {0},
};
const struct field design_nat_rows[] = {
    LIST(design_nat, pools, design_pool, pool_rows, "address pools"),
    {0},
};
const struct field design_inbound_rows[] = {
    NAME(design_inbound),
    TEXT(design_inbound, kind, "smtp, adfs, exchange-hybrid, sharepoint-hybrid, skype-hybrid, federation, web, dynamics-callback"),
    TEXT(design_inbound, public_fqdn, "its name in public DNS"),
    ADDRESS(design_inbound, public_ip, "its public address"),
    ONE_OF(design_inbound, path, paths, "by which way the cloud calls it"),
    MAYBE(design_inbound, source_nat, "are the callers' addresses translated on entry?"),
    MAYBE(design_inbound, other_services, "is its subnet also used for other Microsoft traffic?"),
    MAYBE(design_inbound, confined, "is its segment without routes of the circuit?"),
    TEXT(design_inbound, perimeter, "firewall or reverse proxy in front"),
    {0},
};
const struct field design_flow_rows[] = {
    NAME(design_flow),
    {"from", FIELD_TEXT, AT(design_flow, from), FIELD_REQUIRED, .help = "a site or a virtual network"},
    {"to", FIELD_TEXT, AT(design_flow, to), FIELD_REQUIRED, .help = "a site, a virtual network, or a name of its own"},
    TEXT(design_flow, service, "Office service, for the catalogue"),
    ONE_OF(design_flow, path, paths, "by which way"),
    MAYBE(design_flow, supported, "does the endpoint feed support it over the circuit?"),
    MAYBE(design_flow, symmetric, "was the way back proven to be the same?"),
    TEXTS(design_flow, via, "circuits passed, in order"),
    TEXTS(design_flow, out, "stateful devices on the way there"),
    TEXTS(design_flow, back, "stateful devices on the way back"),
    {0},
};
static const struct field class_rows[] = {
    {"workload", FIELD_TEXT, AT(design_class, workload), FIELD_REQUIRED, .help = "voice, video, sharing, files, signalling, other"},
    {"dscp", FIELD_U8, AT(design_class, dscp), .max = 63, .help = "set at the customer's edge"},
    TEXT(design_class, queue, "name of one of queues"),
    TEXT(design_class, peering, "that carries it: microsoft or private"),
    {0},
};
static const struct field queue_rows[] = {
    NAME(design_queue),
    MAYBE(design_queue, strict, "strict priority?"),
    {"percent", FIELD_U8, AT(design_queue, percent), .max = 100, .help = "bound or share of the link"},
    {0},
};
static const struct field rewrite_rows[] = {
    {"at", FIELD_TEXT, AT(design_rewrite, at), FIELD_REQUIRED, .help = "the hop"},
    {"from", FIELD_U8, AT(design_rewrite, from), .max = 63},
    {"to", FIELD_U8, AT(design_rewrite, to), .max = 63},
    {0},
};
const struct field design_qos_rows[] = {
    TEXT(design_qos, profile, "2019-04 or 2015-10"),
    {"classes", FIELD_LIST, COUNTED(design_qos, classes), .sub = class_rows, .size = sizeof(struct design_class),
     .blank = &class_blank, .help = "what is marked how"},
    LIST(design_qos, queues, design_queue, queue_rows, "of the customer's edge"),
    LIST(design_qos, rewrites, design_rewrite, rewrite_rows, "hops that change markings"),
    MAYBE(design_qos, trusted_path, "is it known that no hop rewrites listed markings?"),
    MAYBE(design_qos, zero_others, "does the edge set unlisted markings to 0 towards Microsoft peering?"),
    TEXTS(design_qos, edges, "profile in use on each edge, when they differ"),
    NUM32(design_qos, ef_kbps, "planned voice of one direction"),
    NUM32(design_qos, ef_bought_kbps, "voice class bought from the provider"),
    {0},
};
static const struct field role_rows[] = {
    {"who", FIELD_TEXT, AT(design_role, who), FIELD_REQUIRED},
    TEXT(design_role, right, "owner, contributor, reader, provider"),
    TEXT(design_role, scope, "circuits, cross-connections, filters, subscription"),
    MAYBE(design_role, needed, "does the task need it?"),
    {0},
};
static const struct field log_rows[] = {
    {"kind", FIELD_TEXT, AT(design_log, kind), FIELD_REQUIRED, .help = "activity, bgp, acl, nat"},
    TEXT(design_log, store, "where it goes"),
    NUM32(design_log, retention_days, "how long it is kept"),
    {0},
};
static const struct field ipsec_rows[] = {
    NAME(design_ipsec),
    TEXT(design_ipsec, circuit, "it runs over"),
    TEXT(design_ipsec, peering, "private or microsoft"),
    TEXTS(design_ipsec, legs, "links with a tunnel: primary, secondary"),
    MAYBE(design_ipsec, active_active, "is the gateway active-active?"),
    MAYBE(design_ipsec, route_based, "route-based?"),
    MAYBE(design_ipsec, distinct_asns, "eBGP inside with distinct AS numbers?"),
    MAYBE(design_ipsec, endpoints_only, "over Microsoft peering: are only the tunnel endpoints let through?"),
    {0},
};
const struct field design_security_rows[] = {
    TEXT(design_security, firewall, "between perimeter and core"),
    MAYBE(design_security, internet_to_core, "is there a way from the Internet to the core that avoids it?"),
    TEXT(design_security, secret_store, "where keys are kept"),
    TEXTS(design_security, plain_secrets, "places where a key can be read"),
    LIST(design_security, roles, design_role, role_rows, "who may do what"),
    MAYBE(design_security, separate_admins, "are perimeter and application administrators different people?"),
    LIST(design_security, logs, design_log, log_rows, "kept logs"),
    LIST(design_security, ipsec, design_ipsec, ipsec_rows, "tunnels over circuits"),
    {0},
};
static const struct field alarm_rows[] = {
    {"metric", FIELD_TEXT, AT(design_alarm, metric), FIELD_REQUIRED, .help = "arp, bgp, drops, bits, prefixes, nat-ports; cpu, packets, routes, flows, machines"},
    TEXT(design_alarm, on, "a circuit or gateway; all when unsaid"),
    NUM32(design_alarm, threshold, "percent"),
    {0},
};
static const struct field contact_rows[] = {
    TEXT(design_contact, circuit, "all when unsaid"),
    {"who", FIELD_TEXT, AT(design_contact, who), FIELD_REQUIRED, .min = 1},
    DATE(design_contact, tested, "when a notice last reached them"),
    {0},
};
static const struct field probe_rows[] = {
    TEXT(design_probe, circuit, "all when unsaid"),
    TEXT(design_probe, peering, "all when unsaid"),
    TEXT(design_probe, leg, "both when unsaid"),
    {0},
};
const struct field design_operations_rows[] = {
    LIST(design_operations, alarms, design_alarm, alarm_rows, "what wakes somebody"),
    LIST(design_operations, contacts, design_contact, contact_rows, "who hears of maintenance"),
    LIST(design_operations, probes, design_probe, probe_rows, "end-to-end probes"),
    TEXT(design_operations, record, "where this design is kept"),
    TEXT(design_operations, record_version, "of the record"),
    TEXT(design_operations, owner, "of the record"),
    {"index_target", FIELD_U32, AT(design_operations, index_target), .max = 100, .help = "resiliency index to reach; 70 when unsaid"},
    {0},
};
const struct field design_tunnelling_rows[] = {
    MAYBE(design_tunnelling, internet_exit, "does the corporate edge route cloud traffic to the Internet?"),
    ONE_OF(design_tunnelling, service_return, returns, "by which way traffic to cloud services returns"),
    MAYBE(design_tunnelling, blocks_internet, "is the default route there to block the Internet?"),
    {0},
};
static const struct field authorization_rows[] = {
    TEXT(design_authorization, ref, "Microsoft's reference"),
    TEXT(design_authorization, reason, "regulation or network assessment"),
    DATE(design_authorization, expires, "unsaid: it does not"),
    {0},
};
static const struct field proxy_rows[] = {
    MAYBE(design_proxy, used, "is there a proxy?"),
    MAYBE(design_proxy, names, "does the egress policy admit by name, too?"),
    MAYBE(design_proxy, allows_default, "are all required Default endpoints allowed?"),
    TEXTS(design_proxy, inspects, "host patterns whose TLS is opened"),
    TEXTS(design_proxy, asks_credentials, "host patterns that need proxy credentials"),
    {0},
};
static const struct field pac_rows[] = {
    MAYBE(design_pac, used, "are PAC files used?"),
    TEXT(design_pac, type, "er, 1 or 2"),
    TEXT(design_pac, feed_version, "it was made from"),
    MAYBE(design_pac, ordered, "exceptions first, proxy last?"),
    MAYBE(design_pac, firewall_open, "does the firewall allow its direct ranges?"),
    {0},
};
static const struct field feed_rows[] = {
    TEXT(design_feed, version, "applied"),
    DATE(design_feed, fetched, "last time"),
    NUM32(design_feed, poll_minutes, "60 is right"),
    TEXT(design_feed, client_request_id, "a GUID of your own"),
    {0},
};
const struct field design_m365_rows[] = {
    MAYBE(design_m365, enabled, "shall Office 365 use the circuits?"),
    TEXT(design_m365, instance, "Worldwide, USGovDoD, USGovGCCHigh, China, Germany; Worldwide when unsaid"),
    TEXTS(design_m365, services, "exchange, sharepoint, teams, common"),
    MAYBE(design_m365, subscription_active, "is the Office 365 subscription active?"),
    DATE(design_m365, subscription_date, "when that was attested"),
    INSIDE(design_m365, authorization, authorization_rows, "Microsoft's permission"),
    MAYBE(design_m365, sign_in_on_internet, "without common: is it meant that sign-in stays on the Internet?"),
    TEXT(design_m365, import_policy, "all, supernets or office-feed"),
    NUM32(design_m365, feed_prefixes, "prefixes the feed has for the services (`fairlead m365 route-filter`)"),
    INSIDE(design_m365, proxy, proxy_rows, "egress policy"),
    INSIDE(design_m365, pac, pac_rows, "browser configuration"),
    INSIDE(design_m365, feed, feed_rows, "endpoint feed"),
    MAYBE(design_m365, media_ports, "are UDP 3478-3481, UDP 443 and TCP 80/443 open to the media ranges?"),
    NUM32(design_m365, idle_timeout_s, "of firewalls and proxies for idle TCP"),
    TEXT(design_m365, backup, "circuit or internet"),
    NUM32(design_m365, backup_rtt_ms, "round trip over the backup circuit"),
    MAYBE(design_m365, automatic_failover, "does fail-over need no hand?"),
    MAYBE(design_m365, catalogue, "has each service an outbound row for each site?"),
    MAYBE(design_m365, symmetry_proof, "is there a path-symmetry statement per service and site?"),
    MAYBE(design_m365, stage_plan, "is there a staged roll-out?"),
    MAYBE(design_m365, rollback_plan, "is there a way back?"),
    MAYBE(design_m365, mail_from_new_addresses, "does mail leave from changed addresses?"),
    MAYBE(design_m365, spf_current, "does SPF name them?"),
    MAYBE(design_m365, dns_current, "does DNS name them?"),
    NUM32(design_m365, tcp_window_kb, "of end hosts"),
    {0},
};
const struct field design_d365_rows[] = {
    MAYBE(design_d365, enabled, "shall Dynamics 365 use the circuits?"),
    TEXT(design_d365, version, "8.2, 9.1 ..."),
    TEXT(design_d365, cloud, "commercial, GCC, GCCHigh, DoD or China"),
    TEXTS(design_d365, azure_regions, "both data-centre regions"),
    MAYBE(design_d365, same_geography, "is the environment in the circuit's geography?"),
    MAYBE(design_d365, cdn_on_internet, "are *.azureedge.net and *.azurefd.net reached over the Internet?"),
    MAYBE(design_d365, names_allowed, "are all listed names allowed?"),
    MAYBE(design_d365, acl_by_address, "are access lists made of addresses?"),
    DATE(design_d365, tags_date, "of the service tag file in use"),
    {0},
};
const struct field design_persona_rows[] = {
    NAME(design_persona),
    NUM32(design_persona, users, "of the site"),
    NUM32(design_persona, up_kbps, "a user at the busy hour"),
    NUM32(design_persona, down_kbps, "a user at the busy hour"),
    {0},
};
// clang-format on

/* ---- names that refer to something ---- */

static void want_each(const struct design_checking *k, const char *const *names, size_t n,
                      const char *const *known, const char *what, const char *pointer)
{
    for (size_t i = 0; pointer && i < n; i++)
        design_want_name(k, names[i], known, what, arena_printf(k->arena, "%s/%zu", pointer, i));
}

static void want_if(const struct design_checking *k, const char *name, const char *const *known,
                    const char *what, const char *pointer)
{
    if (*name) design_want_name(k, name, known, what, pointer);
}

void design_check_use(const struct design_checking *k, const struct design *d, const char *const *circuits,
                      const char *const *vnets, const char *const *sites)
{
    struct arena *a = k->arena;
    for (size_t i = 0; i < d->workloads_n; i++)
        want_each(k, d->workloads[i].circuits, d->workloads[i].circuits_n, circuits, "circuit",
                  arena_printf(a, "/workloads/%zu/circuits", i));
    for (size_t i = 0; i < d->recovery_sets_n; i++) {
        const struct design_recovery *r = &d->recovery_sets[i];
        want_each(k, r->circuits, r->circuits_n, circuits, "circuit",
                  arena_printf(a, "/recovery_sets/%zu/circuits", i));
        want_if(k, r->preferred, circuits, "circuit", arena_printf(a, "/recovery_sets/%zu/preferred", i));
    }
    for (size_t i = 0; i < d->vpns_n; i++)
        design_want_name(k, d->vpns[i].virtual_network, vnets, "virtual network",
                         arena_printf(a, "/vpns/%zu/virtual_network", i));
    for (size_t i = 0; i < d->internet_n; i++)
        want_if(k, d->internet[i].site, sites, "site", arena_printf(a, "/internet/%zu/site", i));
    for (size_t i = 0; i < d->nat.pools_n; i++) {
        const struct design_pool *p = &d->nat.pools[i];
        want_if(k, p->circuit, circuits, "circuit", arena_printf(a, "/nat/pools/%zu/circuit", i));
        want_each(k, p->shared_with, p->shared_with_n, circuits, "circuit",
                  arena_printf(a, "/nat/pools/%zu/shared_with", i));
    }
    for (size_t i = 0; i < d->flows_n; i++)
        want_each(k, d->flows[i].via, d->flows[i].via_n, circuits, "circuit",
                  arena_printf(a, "/flows/%zu/via", i));
    for (size_t i = 0; i < d->virtual_networks_n; i++)
        want_each(k, d->virtual_networks[i].isolated_from, d->virtual_networks[i].isolated_from_n, vnets,
                  "virtual network", arena_printf(a, "/virtual_networks/%zu/isolated_from", i));
    for (size_t i = 0; i < d->operations.contacts_n; i++)
        want_if(k, d->operations.contacts[i].circuit, circuits, "circuit",
                arena_printf(a, "/operations/contacts/%zu/circuit", i));
    for (size_t i = 0; i < d->operations.probes_n; i++)
        want_if(k, d->operations.probes[i].circuit, circuits, "circuit",
                arena_printf(a, "/operations/probes/%zu/circuit", i));
    for (size_t i = 0; i < d->security.ipsec_n; i++)
        want_if(k, d->security.ipsec[i].circuit, circuits, "circuit",
                arena_printf(a, "/security/ipsec/%zu/circuit", i));
}
