/* model/design_json.c - the tables of a design's keys, and the pass that follows a reading: names that
 * refer to nothing, names given twice, dates that are none. */
#include "model/design_json.h"
#include <assert.h>
#include <string.h>
#include "base/text.h"
#include "net/fields_json.h"

#define AT(type, member) offsetof(struct type, member)
#define COUNTED(type, list) AT(type, list), .count_at = AT(type, list##_n)
#define LIST_FROM(type, list, item, rows, usual)                                                     \
    COUNTED(type, list), .sub = rows, .size = sizeof(struct item), .blank = usual
#define LIST_OF(type, list, item, rows) LIST_FROM(type, list, item, rows, &nothing)
#define OBJECT(place, rows) FIELD_OBJECT, place, .sub = rows, .blank = &nothing

/* Zeroes enough for any record below: what a file that says nothing means. */
static const struct design_circuit nothing;
static_assert(sizeof nothing >= sizeof(struct design_vnet), "zeroes for every record");
static_assert(sizeof nothing >= sizeof(struct design_site), "zeroes for every record");

static const char *const models[] = {"unsaid", "exchange", "p2p", "ipvpn", "direct", NULL};
static const char *const parties[] = {"unsaid", "customer", "provider", "other", NULL};
static const char *const router_kinds[] = {"unsaid", "fairlead", "frr", "bird", "other", NULL};
static const char *const zones[] = {"unsaid", "none", "one", "redundant", NULL};
static const char *const taggings[] = {"qinq", "dot1q", NULL};
static const char *const clouds[] = {"global", "usgov", "china", NULL};

enum { NAME_MAX_LENGTH = 80 };
#define NAME(type) {"name", FIELD_TEXT, AT(type, name), FIELD_REQUIRED, .min = 1, .max = NAME_MAX_LENGTH}

// clang-format off
static const struct field subscription_rows[] = {
    {"name", FIELD_TEXT, AT(design_subscription, name)},
    {"state", FIELD_TEXT, AT(design_subscription, state)},
    {"providers", FIELD_TEXTS, COUNTED(design_subscription, providers)},
    {"features", FIELD_TEXTS, COUNTED(design_subscription, features)},
    {"circuit_quota", FIELD_U32, AT(design_subscription, circuit_quota)},
    {"circuit_region_quota", FIELD_U32, AT(design_subscription, circuit_region_quota)},
    {"may_write", FIELD_MAYBE, AT(design_subscription, may_write)},
    {0},
};
static const struct field host_rows[] = {
    NAME(design_host),
    {"address", FIELD_ADDR, AT(design_host, address), FIELD_REQUIRED},
    {0},
};
static const struct field router_rows[] = {
    NAME(design_router),
    {"kind", FIELD_ENUM, AT(design_router, kind), .names = router_kinds},
    {"device", FIELD_TEXT, AT(design_router, device)},
    {"address", FIELD_ADDR, AT(design_router, address)},
    {"asn", FIELD_U32, AT(design_router, asn)},
    {"ignores_as_path", FIELD_MAYBE, AT(design_router, ignores_as_path)},
    {0},
};
static const struct field site_rows[] = {
    NAME(design_site),
    {"metro", FIELD_TEXT, AT(design_site, metro)},
    {"asn", FIELD_U32, AT(design_site, asn)},
    {"prefixes", FIELD_PREFIXES, COUNTED(design_site, prefixes)},
    {"lan", FIELD_PREFIX, AT(design_site, lan)},
    {"hosts", FIELD_LIST, LIST_OF(design_site, hosts, design_host, host_rows)},
    {"routers", FIELD_LIST, LIST_OF(design_site, routers, design_router, router_rows)},
    {0},
};
static const struct field link_rows[] = {
    {"router", FIELD_TEXT, AT(design_link, router)},
    {"port", FIELD_TEXT, AT(design_link, port)},
    {"outer_tag", FIELD_U16, AT(design_link, outer_tag)},
    {"access_path", FIELD_TEXTS, COUNTED(design_link, access_path)},
    {"provider_path", FIELD_TEXTS, COUNTED(design_link, provider_path)},
    {0},
};
static const struct field links_rows[] = {
    {"primary", OBJECT(LEG_FIRST * sizeof(struct design_link), link_rows)},
    {"secondary", OBJECT(LEG_SECOND * sizeof(struct design_link), link_rows)},
    {0},
};
static const struct field bfd_rows[] = {
    {"min_tx_ms", FIELD_U32, AT(design_bfd, min_tx_ms), .min = 10, .max = 60000},
    {"min_rx_ms", FIELD_U32, AT(design_bfd, min_rx_ms), .min = 10, .max = 60000},
    {"multiplier", FIELD_U8, AT(design_bfd, multiplier), .min = 1, .max = 50},
    {0},
};
// clang-format on

enum { BFD_MS = 300, BFD_MULTIPLIER = 3 };
static const struct design_bfd bfd_usual = {SAID_YES, BFD_MS, BFD_MS, BFD_MULTIPLIER};

static void read_bfd(const struct fields_reader *r, const json_t *v, struct design_bfd *out,
                     const char *pointer)
{
    if (json_is_boolean(v)) {
        *out = json_is_true(v) ? bfd_usual : (struct design_bfd){.on = SAID_NO};
    } else if (json_is_object(v)) {
        *out = bfd_usual;
        fields_read(bfd_rows, v, out, r->arena, r->problems, pointer);
    } else {
        problem_add(r->problems, pointer, "true, false, or {min_tx_ms, min_rx_ms, multiplier}", "",
                    "'bfd' is %s", fields_type_name(v));
    }
}

static json_t *write_bfd(const struct design_bfd *b)
{
    if (b->on == UNSAID) return NULL;
    if (b->on == SAID_NO) return json_false();
    json_t *o = fields_write(bfd_rows, b, &bfd_usual, false);
    if (json_object_size(o) > 0) return o;
    json_decref(o);
    return json_true();
}

static void read_edge_bfd(const struct fields_reader *r, const json_t *v, void *record, const char *pointer)
{
    read_bfd(r, v, &((struct design_edge *)record)->bfd, pointer);
}
static json_t *write_edge_bfd(const void *record, bool secrets)
{
    (void)secrets;
    return write_bfd(&((const struct design_edge *)record)->bfd);
}
static void read_peering_bfd(const struct fields_reader *r, const json_t *v, void *record,
                             const char *pointer)
{
    read_bfd(r, v, &((struct design_peering *)record)->bfd, pointer);
}
static json_t *write_peering_bfd(const void *record, bool secrets)
{
    (void)secrets;
    return write_bfd(&((const struct design_peering *)record)->bfd);
}

// clang-format off
static const struct field edge_rows[] = {
    {"vlan", FIELD_U16, AT(design_edge, vlan)},
    {"outer_tag", FIELD_U16, AT(design_edge, outer_tag)},
    {"address", FIELD_ADDR, AT(design_edge, address)},
    {"neighbor", FIELD_ADDR, AT(design_edge, neighbor)},
    {"asn", FIELD_U32, AT(design_edge, asn)},
    {"remote_asn", FIELD_U32, AT(design_edge, remote_asn)},
    {"shared_key", FIELD_TEXT, AT(design_edge, shared_key), FIELD_SECRET},
    {"bfd", FIELD_CUSTOM, .read = read_edge_bfd, .write = write_edge_bfd},
    {"keepalive", FIELD_U16, AT(design_edge, keepalive_s)},
    {"hold", FIELD_U16, AT(design_edge, hold_s)},
    {"prepend", FIELD_U8, AT(design_edge, prepend)},
    {"med", FIELD_U32, AT(design_edge, med)},
    {"local_pref", FIELD_U32, AT(design_edge, local_pref)},
    {"announce", FIELD_PREFIXES, COUNTED(design_edge, announce)},
    {"first_hop_protocol", FIELD_TEXT, AT(design_edge, first_hop_protocol)},
    {0},
};
static const struct field edges_rows[] = {
    {"primary", OBJECT(LEG_FIRST * sizeof(struct design_edge), edge_rows)},
    {"secondary", OBJECT(LEG_SECOND * sizeof(struct design_edge), edge_rows)},
    {0},
};
static const struct field ipv6_rows[] = {
    {"primary_prefix", FIELD_PREFIX, AT(design_subnets, primary)},
    {"secondary_prefix", FIELD_PREFIX, AT(design_subnets, secondary)},
    {"prefix", FIELD_PREFIX, AT(design_subnets, block)},
    {0},
};
static const struct field peering_rows[] = {
    {"vlan", FIELD_U16, AT(design_peering, vlan)},
    {"peer_asn", FIELD_U32, AT(design_peering, peer_asn)},
    {"asn_holder", FIELD_ENUM, AT(design_peering, asn_holder), .names = parties},
    {"primary_prefix", FIELD_PREFIX, AT(design_peering, ipv4.primary)},
    {"secondary_prefix", FIELD_PREFIX, AT(design_peering, ipv4.secondary)},
    {"prefix", FIELD_PREFIX, AT(design_peering, ipv4.block)},
    {"ipv6", OBJECT(AT(design_peering, ipv6), ipv6_rows)},
    {"prefix_holder", FIELD_ENUM, AT(design_peering, prefix_holder), .names = parties},
    {"shared_key", FIELD_TEXT, AT(design_peering, shared_key), FIELD_SECRET},
    {"bfd", FIELD_CUSTOM, .read = read_peering_bfd, .write = write_peering_bfd},
    {"disabled", FIELD_MAYBE, AT(design_peering, disabled)},
    {"managed_by", FIELD_ENUM, AT(design_peering, managed_by), .names = parties},
    {"last_reset", FIELD_TEXT, AT(design_peering, last_reset)},
    {"advertised_prefixes", FIELD_TEXTS, COUNTED(design_peering, advertised_prefixes)},
    {"customer_asn", FIELD_U32, AT(design_peering, customer_asn)},
    {"routing_registry", FIELD_TEXT, AT(design_peering, routing_registry)},
    {"route_filter", FIELD_TEXT, AT(design_peering, route_filter)},
    {"edge", OBJECT(AT(design_peering, edge), edges_rows)},
    {0},
};
// clang-format on

static void read_peering(const struct fields_reader *r, const json_t *v, struct design_peering *out,
                         const char *pointer)
{
    if (!json_is_object(v)) {
        problem_add(r->problems, pointer, "must be an object", "", "a peering is %s", fields_type_name(v));
        return;
    }
    out->there = true;
    fields_read(peering_rows, v, out, r->arena, r->problems, pointer);
}
static void read_private(const struct fields_reader *r, const json_t *v, void *record, const char *pointer)
{
    read_peering(r, v, (struct design_peering *)record + PEERING_PRIVATE, pointer);
}
static void read_microsoft(const struct fields_reader *r, const json_t *v, void *record,
                           const char *pointer)
{
    read_peering(r, v, (struct design_peering *)record + PEERING_MICROSOFT, pointer);
}
static void read_public(const struct fields_reader *r, const json_t *v, void *record, const char *pointer)
{
    read_peering(r, v, (struct design_peering *)record + PEERING_PUBLIC, pointer);
}

static json_t *write_peering(const struct design_peering *p, bool secrets)
{
    static const struct design_peering blank = {0};
    return p->there ? fields_write(peering_rows, p, &blank, secrets) : NULL;
}
static json_t *write_private(const void *record, bool secrets)
{
    return write_peering((const struct design_peering *)record + PEERING_PRIVATE, secrets);
}
static json_t *write_microsoft(const void *record, bool secrets)
{
    return write_peering((const struct design_peering *)record + PEERING_MICROSOFT, secrets);
}
static json_t *write_public(const void *record, bool secrets)
{
    return write_peering((const struct design_peering *)record + PEERING_PUBLIC, secrets);
}

// clang-format off
static const struct field peerings_rows[] = {
    {"private", FIELD_CUSTOM, .read = read_private, .write = write_private},
    {"microsoft", FIELD_CUSTOM, .read = read_microsoft, .write = write_microsoft},
    {"public", FIELD_CUSTOM, .read = read_public, .write = write_public},
    {0},
};
static const struct field circuit_rows[] = {
    NAME(design_circuit),
    {"subscription", FIELD_TEXT, AT(design_circuit, subscription)},
    {"region", FIELD_TEXT, AT(design_circuit, region)},
    {"provider", FIELD_TEXT, AT(design_circuit, provider)},
    {"peering_location", FIELD_TEXT, AT(design_circuit, peering_location)},
    {"sku", FIELD_TEXT, AT(design_circuit, sku)},
    {"port", FIELD_TEXT, AT(design_circuit, port)},
    {"access_carrier", FIELD_TEXT, AT(design_circuit, access_carrier)},
    {"bandwidth_mbps", FIELD_U32, AT(design_circuit, bandwidth_mbps)},
    {"provider_policer_mbps", FIELD_U32, AT(design_circuit, provider_policer_mbps)},
    {"peak_mbps", FIELD_U32, AT(design_circuit, peak_mbps)},
    {"model", FIELD_ENUM, AT(design_circuit, model), .names = models},
    {"l3_managed_by", FIELD_ENUM, AT(design_circuit, l3_managed_by), .names = parties},
    {"single_access", FIELD_MAYBE, AT(design_circuit, single_access)},
    {"created", FIELD_TEXT, AT(design_circuit, created)},
    {"links", OBJECT(AT(design_circuit, links), links_rows)},
    {"peerings", OBJECT(AT(design_circuit, peerings), peerings_rows)},
    {"authorizations", FIELD_TEXTS, COUNTED(design_circuit, authorizations)},
    {0},
};
static const struct field port_links_rows[] = {
    {"primary", FIELD_MAYBE, LEG_FIRST * sizeof(enum said)},
    {"secondary", FIELD_MAYBE, LEG_SECOND * sizeof(enum said)},
    {0},
};
static const struct field port_rows[] = {
    NAME(design_port),
    {"peering_location", FIELD_TEXT, AT(design_port, peering_location)},
    {"bandwidth_gbps", FIELD_U32, AT(design_port, bandwidth_gbps)},
    {"tagging", FIELD_ENUM, AT(design_port, tagging), .names = taggings},
    {"ethertype", FIELD_TEXT, AT(design_port, ethertype)},
    {"mtu", FIELD_U16, AT(design_port, mtu)},
    {"bundled", FIELD_BOOL, AT(design_port, bundled)},
    {"enabled", OBJECT(AT(design_port, link_enabled), port_links_rows)},
    {0},
};
static const struct field subnet_rows[] = {
    NAME(design_subnet),
    {"prefix", FIELD_PREFIX, AT(design_subnet, prefix), FIELD_REQUIRED},
    {"security_group", FIELD_TEXT, AT(design_subnet, security_group)},
    {"route_table", FIELD_TEXT, AT(design_subnet, route_table)},
    {0},
};
static const struct field vnet_rows[] = {
    NAME(design_vnet),
    {"region", FIELD_TEXT, AT(design_vnet, region)},
    {"subscription", FIELD_TEXT, AT(design_vnet, subscription)},
    {"address_spaces", FIELD_PREFIXES, COUNTED(design_vnet, address_spaces)},
    {"subnets", FIELD_LIST, LIST_OF(design_vnet, subnets, design_subnet, subnet_rows)},
    {"hosts", FIELD_LIST, LIST_OF(design_vnet, hosts, design_host, host_rows)},
    {"peers", FIELD_TEXTS, COUNTED(design_vnet, peers)},
    {0},
};
static const struct field gateway_rows[] = {
    NAME(design_gateway),
    {"virtual_network", FIELD_TEXT, AT(design_gateway, virtual_network), FIELD_REQUIRED},
    {"sku", FIELD_TEXT, AT(design_gateway, sku)},
    {"type", FIELD_TEXT, AT(design_gateway, type)},
    {"zones", FIELD_ENUM, AT(design_gateway, zones), .names = zones},
    {"scale_units", FIELD_U8, AT(design_gateway, scale_units), .max = 40},
    {0},
};
static const struct field connection_rows[] = {
    NAME(design_connection),
    {"circuit", FIELD_TEXT, AT(design_connection, circuit), FIELD_REQUIRED},
    {"gateway", FIELD_TEXT, AT(design_connection, gateway), FIELD_REQUIRED},
    {"authorization", FIELD_TEXT, AT(design_connection, authorization)},
    {"weight", FIELD_U32, AT(design_connection, weight)},
    {"fast_path", FIELD_BOOL, AT(design_connection, fast_path)},
    {0},
};
static const struct field reach_rows[] = {
    NAME(design_reach),
    {"circuits", FIELD_TEXTS, COUNTED(design_reach, circuits), .flags = FIELD_REQUIRED},
    {"address_prefix", FIELD_PREFIX, AT(design_reach, address_prefix)},
    {"authorization", FIELD_TEXT, AT(design_reach, authorization)},
    {0},
};
static const struct field change_rows[] = {
    {"circuit", FIELD_TEXT, AT(design_change, circuit), FIELD_REQUIRED},
    {"sku", FIELD_TEXT, AT(design_change, sku)},
    {"bandwidth_mbps", FIELD_U32, AT(design_change, bandwidth_mbps)},
    {"remove", FIELD_BOOL, AT(design_change, remove)},
    {0},
};
static const struct field drill_rows[] = {
    {"circuit", FIELD_TEXT, AT(design_drill, circuit), FIELD_REQUIRED},
    {"leg", FIELD_TEXT, AT(design_drill, leg)},
    {"date", FIELD_TEXT, AT(design_drill, date), FIELD_REQUIRED},
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

// clang-format off
static const struct field design_rows[] = {
    {"name", FIELD_TEXT, AT(design, name), .max = NAME_MAX_LENGTH},
    {"cloud", FIELD_CUSTOM, .read = read_cloud, .write = write_cloud},
    {"resource_group", FIELD_TEXT, AT(design, resource_group)},
    {"region", FIELD_TEXT, AT(design, region)},
    {"subscription", FIELD_OBJECT, AT(design, subscription), .sub = subscription_rows,
     .blank = &design_blank.subscription},
    {"sites", FIELD_LIST, LIST_OF(design, sites, design_site, site_rows)},
    {"circuits", FIELD_LIST, LIST_OF(design, circuits, design_circuit, circuit_rows)},
    {"ports", FIELD_LIST, LIST_FROM(design, ports, design_port, port_rows, &port_blank)},
    {"virtual_networks", FIELD_LIST, LIST_OF(design, virtual_networks, design_vnet, vnet_rows)},
    {"gateways", FIELD_LIST, LIST_FROM(design, gateways, design_gateway, gateway_rows, &gateway_blank)},
    {"connections", FIELD_LIST, LIST_OF(design, connections, design_connection, connection_rows)},
    {"global_reach", FIELD_LIST, LIST_OF(design, global_reach, design_reach, reach_rows)},
    {"changes", FIELD_LIST, LIST_OF(design, changes, design_change, change_rows)},
    {"drills", FIELD_LIST, LIST_OF(design, drills, design_drill, drill_rows)},
    {"lab", OBJECT(AT(design, lab), lab_rows)},
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

static void fill_design(struct design *d)
{
    fill_texts(design_rows, (uint8_t *)d);
    if (!d->cloud) d->cloud = clouds[0];
    for (size_t i = 0; i < d->circuits_n; i++)
        for (int k = 0; k < PEERING_KINDS; k++)
            fill_texts(peering_rows, (uint8_t *)&d->circuits[i].peerings[k]);
}

struct checking {
    struct arena *arena;
    struct problems *problems;
};

static bool name_valid(const char *s)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return *s && *s != '.' && *s != '-' && s[strspn(s, letters)] == 0;
}

/* Names of one list: every struct in it begins with its name. Ended by NULL. */
static const char **names_of(const struct checking *k, const char *list, const void *items, size_t n,
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

static void want_name(const struct checking *k, const char *name, const char *const *known,
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

static void want_date(const struct checking *k, const char *date, const char *pointer)
{
    int64_t days;
    if (*date && !design_date(date, &days))
        problem_add(k->problems, pointer ? pointer : "", "year-month-day", "", "'%s' is no date", date);
}

static const char **router_names(const struct checking *k, const struct design *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->sites_n; i++) n += d->sites[i].routers_n;
    const char **names = arena_take_array(k->arena, n + 1, sizeof *names);
    n = 0;
    for (size_t i = 0; names && i < d->sites_n; i++)
        for (size_t j = 0; j < d->sites[i].routers_n; j++) names[n++] = d->sites[i].routers[j].name;
    return names;
}

static void check_circuits(const struct checking *k, const struct design *d)
{
    const char **routers = router_names(k, d);
    const char **ports = names_of(k, "ports", d->ports, d->ports_n, sizeof *d->ports);
    for (size_t i = 0; i < d->circuits_n; i++) {
        const struct design_circuit *c = &d->circuits[i];
        for (enum leg leg = LEG_FIRST; leg < LEGS; leg++)
            if (*c->links[leg].router)
                want_name(k, c->links[leg].router, routers, "router",
                          arena_printf(k->arena, "/circuits/%zu/links/%s/router", i, leg_name(leg)));
        if (*c->port) want_name(k, c->port, ports, "port", arena_printf(k->arena, "/circuits/%zu/port", i));
        want_date(k, c->created, arena_printf(k->arena, "/circuits/%zu/created", i));
        for (int p = 0; p < PEERING_KINDS; p++)
            want_date(k, c->peerings[p].there ? c->peerings[p].last_reset : "",
                      arena_printf(k->arena, "/circuits/%zu/peerings/%s/last_reset", i,
                                   peering_kind_name((enum peering_kind)p)));
    }
}

static void check_references(const struct checking *k, const struct design *d)
{
    const char **circuits = names_of(k, "circuits", d->circuits, d->circuits_n, sizeof *d->circuits);
    const char **vnets = names_of(k, "virtual_networks", d->virtual_networks, d->virtual_networks_n,
                                  sizeof *d->virtual_networks);
    const char **gateways = names_of(k, "gateways", d->gateways, d->gateways_n, sizeof *d->gateways);
    names_of(k, "sites", d->sites, d->sites_n, sizeof *d->sites);
    names_of(k, "connections", d->connections, d->connections_n, sizeof *d->connections);
    check_circuits(k, d);
    for (size_t i = 0; i < d->gateways_n; i++)
        want_name(k, d->gateways[i].virtual_network, vnets, "virtual network",
                  arena_printf(k->arena, "/gateways/%zu/virtual_network", i));
    for (size_t i = 0; i < d->connections_n; i++) {
        want_name(k, d->connections[i].circuit, circuits, "circuit",
                  arena_printf(k->arena, "/connections/%zu/circuit", i));
        want_name(k, d->connections[i].gateway, gateways, "gateway",
                  arena_printf(k->arena, "/connections/%zu/gateway", i));
    }
    for (size_t i = 0; i < d->virtual_networks_n; i++)
        for (size_t j = 0; j < d->virtual_networks[i].peers_n; j++)
            want_name(k, d->virtual_networks[i].peers[j], vnets, "virtual network",
                      arena_printf(k->arena, "/virtual_networks/%zu/peers/%zu", i, j));
    for (size_t i = 0; i < d->global_reach_n; i++)
        for (size_t j = 0; j < d->global_reach[i].circuits_n; j++)
            want_name(k, d->global_reach[i].circuits[j], circuits, "circuit",
                      arena_printf(k->arena, "/global_reach/%zu/circuits/%zu", i, j));
    for (size_t i = 0; i < d->changes_n; i++)
        want_name(k, d->changes[i].circuit, circuits, "circuit",
                  arena_printf(k->arena, "/changes/%zu/circuit", i));
    for (size_t i = 0; i < d->drills_n; i++) {
        want_name(k, d->drills[i].circuit, circuits, "circuit",
                  arena_printf(k->arena, "/drills/%zu/circuit", i));
        want_date(k, d->drills[i].date, arena_printf(k->arena, "/drills/%zu/date", i));
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
    fill_design(d);
    check_references(&(struct checking){arena, problems}, d);
    return problems->count > before ? NULL : d;
}

json_t *design_to_json(const struct design *d, bool secrets)
{
    return fields_write(design_rows, d, &design_blank, secrets);
}
