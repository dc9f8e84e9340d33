/* model/design_json.c - the tables of a design's keys, and the pass that follows a reading: names that
 * refer to nothing, names given twice, dates that are none. */
#include "model/design_json.h"
#include <string.h>
#include "base/text.h"
#include "model/design_tables_json.h"

static const char *const router_kinds[] = {"unsaid", "fairlead", "frr", "bird", "other", NULL};
static const char *const zones[] = {"unsaid", "none", "one", "redundant", NULL};
static const char *const clouds[] = {"global", "usgov", "china", NULL};

// clang-format off
static const struct field subscription_rows[] = {
    TEXT(design_subscription, name, "of the subscription that owns the circuits"),
    TEXT(design_subscription, state, "Enabled when active"),
    TEXTS(design_subscription, providers, "registered resource providers"),
    TEXTS(design_subscription, features, "enrolled features"),
    NUM32(design_subscription, circuit_quota, "circuits allowed; 50 when unsaid"),
    NUM32(design_subscription, circuit_region_quota, "circuits allowed in a region; 10 when unsaid"),
    MAYBE(design_subscription, may_write, "may the caller create network resources?"),
    {0},
};
static const struct field host_rows[] = {
    NAME(design_host),
    {"address", FIELD_ADDR, AT(design_host, address), FIELD_REQUIRED},
    {0},
};
static const struct field router_rows[] = {
    NAME(design_router),
    ONE_OF(design_router, kind, router_kinds, "what runs on it"),
    TEXT(design_router, device, "chassis, when several routers share one"),
    ADDRESS(design_router, address, "on the site's LAN"),
    NUM32(design_router, asn, "the site's when unsaid"),
    MAYBE(design_router, ignores_as_path, "does it ignore AS-path length?"),
    MAYBE(design_router, leaks_service_routes, "are routes of Microsoft peering announced into private peering?"),
    MAYBE(design_router, per_flow, "does it balance per flow (true) or per packet (false)?"),
    {0},
};
static const struct field site_rows[] = {
    NAME(design_site),
    TEXT(design_site, metro, "as the catalogue names metros"),
    NUM32(design_site, asn, "of its routers"),
    PREFIXES(design_site, prefixes, "what the site announces"),
    PREFIX(design_site, lan, "where its hosts are"),
    LIST(design_site, hosts, design_host, host_rows, "hosts by name"),
    LIST(design_site, routers, design_router, router_rows, "routers that end links"),
    TEXT(design_site, region, "region of users, for Office 365"),
    TEXT(design_site, continent, "of the site"),
    TEXT(design_site, dns_region, "where its names are resolved"),
    TEXT(design_site, egress_region, "where its Internet traffic leaves"),
    DATE(design_site, measured, "when its demand was measured; unsaid: it is an estimate"),
    LIST(design_site, personas, design_persona, design_persona_rows, "its people by habit"),
    NUM32(design_site, users, "people at the site"),
    NUM32(design_site, up_mbps, "demand towards the cloud at the busy hour"),
    NUM32(design_site, down_mbps, "demand from the cloud at the busy hour"),
    NUM32(design_site, path_to_circuit_ms, "round trip over the circuit"),
    NUM32(design_site, path_to_internet_ms, "round trip over the Internet"),
    NUM32(design_site, session_limit, "sessions its edge devices hold"),
    {0},
};
static const struct field subnet_rows[] = {
    NAME(design_subnet),
    {"prefix", FIELD_PREFIX, AT(design_subnet, prefix), FIELD_REQUIRED},
    TEXT(design_subnet, security_group, "its security group"),
    TEXT(design_subnet, route_table, "its user routes"),
    TEXTS(design_subnet, service_endpoints, "services reached without leaving the cloud"),
    MAYBE(design_subnet, denies_inbound, "do its rules deny by default?"),
    MAYBE(design_subnet, denies_internet, "do its outbound rules deny the Internet?"),
    MAYBE(design_subnet, needs_services, "does it need services that cannot cross the corporate edge?"),
    {0},
};
static const struct field vnet_rows[] = {
    NAME(design_vnet),
    TEXT(design_vnet, region, "as the resource manager names it"),
    TEXT(design_vnet, subscription, "when it is not the circuit's"),
    PREFIXES(design_vnet, address_spaces, "announced to the site"),
    LIST(design_vnet, subnets, design_subnet, subnet_rows, "GatewaySubnet among them"),
    LIST(design_vnet, hosts, design_host, host_rows, "hosts by name"),
    TEXTS(design_vnet, peers, "networks peered with it"),
    TEXTS(design_vnet, isolated_from, "networks it must not reach"),
    TEXT(design_vnet, community, "its own community: 12076:n"),
    DATE(design_vnet, community_set, "since when"),
    {0},
};
static const struct field gateway_rows[] = {
    NAME(design_gateway),
    {"virtual_network", FIELD_TEXT, AT(design_gateway, virtual_network), FIELD_REQUIRED},
    TEXT(design_gateway, sku, "ErGw1AZ, ErGwScale ..."),
    TEXT(design_gateway, type, "ExpressRoute when unsaid"),
    ONE_OF(design_gateway, zones, zones, "how it spans availability zones"),
    {"scale_units", FIELD_U8, AT(design_gateway, scale_units), .max = 40, .help = "of ErGwScale, the minimum"},
    NUM32(design_gateway, peak_mbps, "expected peak"),
    NUM32(design_gateway, peak_pps, "expected packets a second"),
    NUM32(design_gateway, peak_flows, "expected flows"),
    NUM32(design_gateway, resources, "machines and private endpoints behind it"),
    NUM32(design_gateway, mss, "TCP segment size clamped on the way"),
    NUM32(design_gateway, max_packet, "largest IP packet sent through it"),
    MAYBE(design_gateway, private_endpoints, "are private endpoints reached through it?"),
    MAYBE(design_gateway, needs_fragments, "does a flow depend on IP fragments?"),
    MAYBE(design_gateway, basic_balancer, "is a Basic load balancer behind it?"),
    MAYBE(design_gateway, dns_resolver, "is a DNS private resolver behind it?"),
    MAYBE(design_gateway, default_route, "does GatewaySubnet have a user default route?"),
    TEXTS(design_gateway, holds, "other resources in GatewaySubnet"),
    {0},
};
static const struct field connection_rows[] = {
    NAME(design_connection),
    {"circuit", FIELD_TEXT, AT(design_connection, circuit), FIELD_REQUIRED},
    {"gateway", FIELD_TEXT, AT(design_connection, gateway), FIELD_REQUIRED},
    TEXT(design_connection, authorization, "name of one the circuit issued"),
    NUM32(design_connection, weight, "0 to 32000, the highest wins"),
    BOOLEAN(design_connection, fast_path, "data bypass the gateway"),
    NUM32(design_connection, fast_path_addresses, "addresses reached by FastPath"),
    MAYBE(design_connection, new_link, "is it still to be made?"),
    DATE(design_connection, created, "when it was made"),
    {0},
};
static const struct field reach_rows[] = {
    NAME(design_reach),
    {"circuits", FIELD_TEXTS, COUNTED(design_reach, circuits), .flags = FIELD_REQUIRED},
    PREFIX(design_reach, address_prefix, "a /29 used nowhere else"),
    TEXT(design_reach, authorization, "when the circuits are of two subscriptions"),
    {0},
};
static const struct field change_rows[] = {
    {"circuit", FIELD_TEXT, AT(design_change, circuit), FIELD_REQUIRED},
    TEXT(design_change, sku, "wanted"),
    NUM32(design_change, bandwidth_mbps, "wanted"),
    BOOLEAN(design_change, remove, "the circuit is to be deleted"),
    {0},
};
static const struct field drill_rows[] = {
    {"circuit", FIELD_TEXT, AT(design_drill, circuit), FIELD_REQUIRED},
    TEXT(design_drill, leg, "primary or secondary; the whole circuit when unsaid"),
    {"date", FIELD_TEXT, AT(design_drill, date), FIELD_REQUIRED | FIELD_DATE},
    {0},
};
static const struct field lab_rows[] = {
    {"name", FIELD_TEXT, AT(design_lab, name), .max = 20},
    {0},
};
// clang-format on

static const struct design_port port_blank = {.ethertype = "0x8100", .mtu = 1500};
static const struct design_gateway gateway_blank = {.type = "ExpressRoute"};
static const struct design design_blank = {
    .subscription = {.circuit_quota = 50, .circuit_region_quota = 10},
    .operations = {.index_target = 70},
};

static void read_cloud(const struct fields_reader *r, const json_t *v, void *record, const char *pointer)
{
    struct design *d = record;
    for (const char *const *c = clouds; json_is_string(v) && *c; c++)
        if (strcmp(*c, json_string_value(v)) == 0) d->cloud = *c;
    if (!d->cloud)
        problem_add(r->problems, pointer, "one of global, usgov, china", "global",
                    "'cloud' is none of the known ones");
}
static json_t *write_cloud(const void *record, bool secrets)
{
    (void)secrets;
    return json_string(((const struct design *)record)->cloud);
}
static json_t *cloud_schema(void)
{
    json_t *names = json_array();
    for (const char *const *c = clouds; *c; c++) json_array_append_new(names, json_string(*c));
    return json_pack("{s:o}", "enum", names);
}

#define LIST_FROM(key, item, rows, usual, what)                                                     \
    {#key, FIELD_LIST, COUNTED(design, key), .sub = rows, .size = sizeof(struct item), .blank = usual, \
     .help = what}

// clang-format off
static const struct field design_rows[] = {
    {"name", FIELD_TEXT, AT(design, name), .max = DESIGN_NAME_MAX, .help = "of the design"},
    {"cloud", FIELD_CUSTOM, .read = read_cloud, .write = write_cloud, .schema = cloud_schema,
     .help = "global when unsaid"},
    TEXT(design, resource_group, "of the circuits"),
    TEXT(design, region, "of the circuits' resources"),
    {"subscription", FIELD_OBJECT, AT(design, subscription), .sub = subscription_rows,
     .blank = &design_blank.subscription, .help = "the account the circuits are ordered in"},
    LIST(design, sites, design_site, site_rows, "where the customer's people and routers are"),
    LIST(design, circuits, design_circuit, design_circuit_rows, "each two links to one peering location"),
    LIST_FROM(ports, design_port, design_port_rows, &port_blank, "Direct port pairs"),
    LIST(design, virtual_networks, design_vnet, vnet_rows, "networks in the cloud"),
    LIST_FROM(gateways, design_gateway, gateway_rows, &gateway_blank, "between networks and circuits"),
    LIST(design, connections, design_connection, connection_rows, "a circuit linked to a gateway"),
    LIST(design, global_reach, design_reach, reach_rows, "two circuits joined"),
    LIST(design, changes, design_change, change_rows, "requests to be judged before they are made"),
    LIST(design, drills, design_drill, drill_rows, "exercises recorded by hand"),
    INSIDE(design, lab, lab_rows, "what `fairlead lab` calls it"),
    LIST(design, statements, design_statement, design_statement_rows, "what only a person can know"),
    LIST(design, workloads, design_workload, design_workload_rows, "what runs over the circuits"),
    LIST(design, recovery_sets, design_recovery, design_recovery_rows, "circuits that stand in for each other"),
    LIST(design, vpns, design_vpn, design_vpn_rows, "VPN as a backup of private peering"),
    LIST(design, internet, design_internet, design_internet_rows, "Internet egresses"),
    LIST(design, route_filters, design_filter, design_filter_rows, "for Microsoft peering"),
    INSIDE(design, nat, design_nat_rows, "address pools"),
    LIST(design, inbound, design_inbound, design_inbound_rows, "published services that the cloud calls"),
    LIST(design, flows, design_flow, design_flow_rows, "who talks to whom, and by which way"),
    INSIDE(design, qos, design_qos_rows, "marking and queues"),
    INSIDE(design, security, design_security_rows, "zones, roles, logs, encryption"),
    {"operations", FIELD_OBJECT, AT(design, operations), .sub = design_operations_rows,
     .blank = &design_blank.operations, .help = "alarms, contacts, probes, records"},
    INSIDE(design, forced_tunnelling, design_tunnelling_rows, "a default route on private peering"),
    INSIDE(design, m365, design_m365_rows, "Office 365 over the circuits"),
    INSIDE(design, d365, design_d365_rows, "Dynamics 365 over the circuits"),
    {0},
};
// clang-format on

/* ---- after reading ---- */

static void fill_texts(const struct field *rows, uint8_t *record);

static void fill_list(const struct field *f, uint8_t *record)
{
    uint8_t *items;
    size_t n;
    memcpy(&items, record + f->at, sizeof items);
    memcpy(&n, record + f->count_at, sizeof n);
    for (size_t i = 0; i < n; i++) fill_texts(f->sub, items + i * f->size);
}

/* Texts the file does not give are "", so that nobody has to ask for NULL. */
static void fill_texts(const struct field *rows, uint8_t *record)
{
    static const char *const empty = "";
    for (const struct field *f = rows; f->name; f++) {
        const char *s;
        if (f->kind == FIELD_OBJECT) fill_texts(f->sub, record + f->at);
        if (f->kind == FIELD_LIST) fill_list(f, record);
        if (f->kind != FIELD_TEXT) continue;
        memcpy(&s, record + f->at, sizeof s);
        if (!s) memcpy(record + f->at, &empty, sizeof empty);
    }
}

static void read_declared(struct design_peering *p, struct arena *arena)
{
    p->declared = arena_take_array(arena, p->advertised_prefixes_n + 1, sizeof *p->declared);
    for (size_t i = 0; p->declared && i < p->advertised_prefixes_n; i++)
        if (prefix_parse(p->advertised_prefixes[i], &p->declared[p->declared_n]) == PREFIX_FINE)
            p->declared_n++;
}

static void fill_design(struct design *d, struct arena *arena)
{
    fill_texts(design_rows, (uint8_t *)d);
    if (!d->cloud) d->cloud = clouds[0];
    for (size_t i = 0; i < d->circuits_n; i++)
        for (int k = 0; k < PEERING_KINDS; k++) {
            fill_texts(design_peering_rows, (uint8_t *)&d->circuits[i].peerings[k]);
            read_declared(&d->circuits[i].peerings[k], arena);
        }
}

static bool name_valid(const char *s)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return *s && *s != '.' && *s != '-' && s[strspn(s, letters)] == 0;
}

/* Names of one list: every struct in it begins with its name. Ended by NULL. */
static const char **names_of(const struct design_checking *k, const char *list, const void *items, size_t n,
                             size_t size)
{
    const char **names = arena_take_array(k->arena, n + 1, sizeof *names);
    if (!names) return NULL;
    for (size_t i = 0; i < n; i++) {
        memcpy(&names[i], (const uint8_t *)items + i * size, sizeof names[i]);
        const char *where = arena_printf(k->arena, "/%s/%zu/name", list, i);
        if (!name_valid(names[i]))
            problem_add(k->problems, where ? where : "", "letters, digits, '-', '_', '.'", "",
                        "this name cannot be used");
        for (size_t j = 0; j < i; j++)
            if (strcmp(names[i], names[j]) == 0)
                problem_add(k->problems, where ? where : "", "each name once", "",
                            "'%s' stands in '%s' a second time", names[i], list);
    }
    return names;
}

void design_want_name(const struct design_checking *k, const char *name, const char *const *known,
                      const char *what, const char *pointer)
{
    if (!known) return;
    for (const char *const *w = known; *w; w++)
        if (strcmp(*w, name) == 0) return;
    const char *near = text_nearest(name, known);
    problem_add(k->problems, pointer ? pointer : "", "names refer to something in this file",
                near ? near : "", "there is no %s '%s'%s%s%s", what, name,
                near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static const char **router_names(const struct design_checking *k, const struct design *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->sites_n; i++) n += d->sites[i].routers_n;
    const char **names = arena_take_array(k->arena, n + 1, sizeof *names);
    n = 0;
    for (size_t i = 0; names && i < d->sites_n; i++)
        for (size_t j = 0; j < d->sites[i].routers_n; j++) names[n++] = d->sites[i].routers[j].name;
    return names;
}

static void check_circuits(const struct design_checking *k, const struct design *d)
{
    const char **routers = router_names(k, d);
    const char **ports = names_of(k, "ports", d->ports, d->ports_n, sizeof *d->ports);
    for (size_t i = 0; i < d->circuits_n; i++) {
        const struct design_circuit *c = &d->circuits[i];
        for (enum leg leg = LEG_FIRST; leg < LEGS; leg++)
            if (*c->links[leg].router)
                design_want_name(k, c->links[leg].router, routers, "router",
                          arena_printf(k->arena, "/circuits/%zu/links/%s/router", i, leg_name(leg)));
        if (*c->port) design_want_name(k, c->port, ports, "port", arena_printf(k->arena, "/circuits/%zu/port", i));
    }
}

static void check_references(const struct design_checking *k, const struct design *d)
{
    const char **circuits = names_of(k, "circuits", d->circuits, d->circuits_n, sizeof *d->circuits);
    const char **vnets = names_of(k, "virtual_networks", d->virtual_networks, d->virtual_networks_n,
                                  sizeof *d->virtual_networks);
    const char **gateways = names_of(k, "gateways", d->gateways, d->gateways_n, sizeof *d->gateways);
    const char **sites = names_of(k, "sites", d->sites, d->sites_n, sizeof *d->sites);
    names_of(k, "connections", d->connections, d->connections_n, sizeof *d->connections);
    check_circuits(k, d);
    for (size_t i = 0; i < d->gateways_n; i++)
        design_want_name(k, d->gateways[i].virtual_network, vnets, "virtual network",
                  arena_printf(k->arena, "/gateways/%zu/virtual_network", i));
    for (size_t i = 0; i < d->connections_n; i++) {
        design_want_name(k, d->connections[i].circuit, circuits, "circuit",
                  arena_printf(k->arena, "/connections/%zu/circuit", i));
        design_want_name(k, d->connections[i].gateway, gateways, "gateway",
                  arena_printf(k->arena, "/connections/%zu/gateway", i));
    }
    for (size_t i = 0; i < d->virtual_networks_n; i++)
        for (size_t j = 0; j < d->virtual_networks[i].peers_n; j++)
            design_want_name(k, d->virtual_networks[i].peers[j], vnets, "virtual network",
                      arena_printf(k->arena, "/virtual_networks/%zu/peers/%zu", i, j));
    for (size_t i = 0; i < d->global_reach_n; i++)
        for (size_t j = 0; j < d->global_reach[i].circuits_n; j++)
            design_want_name(k, d->global_reach[i].circuits[j], circuits, "circuit",
                      arena_printf(k->arena, "/global_reach/%zu/circuits/%zu", i, j));
    for (size_t i = 0; i < d->changes_n; i++)
        design_want_name(k, d->changes[i].circuit, circuits, "circuit",
                  arena_printf(k->arena, "/changes/%zu/circuit", i));
    for (size_t i = 0; i < d->drills_n; i++)
        design_want_name(k, d->drills[i].circuit, circuits, "circuit",
                  arena_printf(k->arena, "/drills/%zu/circuit", i));
    design_check_use(k, d, circuits, vnets, sites);
}

/* 0 stands for unsaid in these fields; a file that really says 0 is wrong, not silent. */
static void note_zeros(const json_t *json, struct design *d)
{
    for (size_t i = 0; i < d->circuits_n; i++) {
        const json_t *peerings = json_object_get(json_array_get(json_object_get(json, "circuits"), i), "peerings");
        for (int k = 0; k < PEERING_KINDS; k++) {
            const json_t *p = json_object_get(peerings, peering_kind_name((enum peering_kind)k));
            const json_t *vlan = json_object_get(p, "vlan"), *asn = json_object_get(p, "peer_asn");
            d->circuits[i].peerings[k].zero_vlan = json_is_integer(vlan) && json_integer_value(vlan) == 0;
            d->circuits[i].peerings[k].zero_asn = json_is_integer(asn) && json_integer_value(asn) == 0;
        }
    }
}

struct design *design_from_json(const json_t *json, struct arena *arena, struct problems *problems)
{
    size_t before = problems->count;
    struct design *d = arena_take(arena, sizeof *d);
    if (!d || !json_is_object(json)) {
        problem_add(problems, "", "a mapping of sites, circuits and the rest", "", "this is no design");
        return NULL;
    }
    *d = design_blank;
    fields_read(design_rows, json, d, arena, problems, "");
    if (problems->count > before) return NULL;
    fill_design(d, arena);
    note_zeros(json, d);
    check_references(&(struct design_checking){arena, problems}, d);
    return problems->count > before ? NULL : d;
}

json_t *design_schema(void)
{
    json_t *s = fields_schema(design_rows);
    json_object_set_new(s, "$schema", json_string("https://json-schema.org/draft/2020-12/schema"));
    json_object_set_new(s, "title", json_string("Fairlead design file"));
    return s;
}

json_t *design_to_json(const struct design *d, bool secrets)
{
    return fields_write(design_rows, d, &design_blank, secrets);
}
