/* model/design_circuit_json.c - the keys of circuits, their peerings and Direct ports. */
#include <assert.h>
#include "model/design_tables_json.h"

const unsigned char design_nothing[DESIGN_NOTHING_SIZE];
static_assert(sizeof(struct design_circuit) <= DESIGN_NOTHING_SIZE, "zeroes for every record");
static_assert(sizeof(struct design_m365) <= DESIGN_NOTHING_SIZE, "zeroes for every record");

static const char *const models[] = {"unsaid", "exchange", "p2p", "ipvpn", "direct", NULL};
const char *const design_parties[] = {"unsaid", "customer", "provider", "other", NULL};
static const char *const taggings[] = {"qinq", "dot1q", NULL};

// clang-format off
static const struct field link_rows[] = {
    TEXT(design_link, router, "router of a site where the link ends"),
    TEXT(design_link, port, "port of that router"),
    NUM16(design_link, outer_tag, "S-tag agreed with the provider"),
    TEXTS(design_link, access_path, "devices, ducts and ports from the site to the exchange"),
    TEXTS(design_link, provider_path, "devices inside the provider"),
    {0},
};
static const struct field links_rows[] = {
    {"primary", OBJECT(LEG_FIRST * sizeof(struct design_link), link_rows), .help = "first link"},
    {"secondary", OBJECT(LEG_SECOND * sizeof(struct design_link), link_rows), .help = "second link"},
    {0},
};
static const struct field bfd_rows[] = {
    {"min_tx_ms", FIELD_U32, AT(design_bfd, min_tx_ms), .min = 10, .max = 60000, .help = "300 when unsaid"},
    {"min_rx_ms", FIELD_U32, AT(design_bfd, min_rx_ms), .min = 10, .max = 60000, .help = "300 when unsaid"},
    {"multiplier", FIELD_U8, AT(design_bfd, multiplier), .min = 1, .max = 50, .help = "3 when unsaid"},
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

static json_t *bfd_schema(void)
{
    return json_pack("{s:[{s:s}, o]}", "anyOf", "type", "boolean", fields_schema(bfd_rows));
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
    NUM16(design_edge, vlan, "inner tag set on the router; the peering's when unsaid"),
    NUM16(design_edge, outer_tag, "outer tag set on the router; the link's when unsaid"),
    ADDRESS(design_edge, address, "the router's address on the link"),
    ADDRESS(design_edge, neighbor, "the neighbour the router is set to"),
    NUM32(design_edge, asn, "the router's AS number; peer_asn when unsaid"),
    NUM32(design_edge, remote_asn, "the AS number it expects; 12076 when unsaid"),
    {"shared_key", FIELD_TEXT, AT(design_edge, shared_key), FIELD_SECRET, .help = "MD5 key set on the router"},
    {"bfd", FIELD_CUSTOM, .read = read_edge_bfd, .write = write_edge_bfd, .schema = bfd_schema,
     .help = "BFD on this leg; the peering's when unsaid"},
    {"keepalive", FIELD_U16, AT(design_edge, keepalive_s), .help = "seconds"},
    {"hold", FIELD_U16, AT(design_edge, hold_s), .help = "seconds"},
    NUM8(design_edge, prepend, "AS numbers prepended to what is announced"),
    NUM32(design_edge, prepend_asn, "which AS number; the router's own when unsaid"),
    NUM32(design_edge, med, "metric sent"),
    NUM32(design_edge, local_pref, "local preference of routes from the cloud"),
    PREFIXES(design_edge, announce, "announced here instead of the site's prefixes"),
    TEXT(design_edge, first_hop_protocol, "vrrp or hsrp, if the address is a shared one"),
    TEXTS(design_edge, communities, "communities set on what is announced"),
    NUM32(design_edge, max_prefixes, "prefixes the router accepts from the cloud"),
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
static const struct field acl_rows[] = {
    MAYBE(design_acl, inbound_deny, "does the inbound list end with a deny?"),
    MAYBE(design_acl, outbound_deny, "does the outbound list end with a deny?"),
    {0},
};
static const struct field record_rows[] = {
    {"prefix", FIELD_PREFIX, AT(design_record, prefix), FIELD_REQUIRED},
    TEXT(design_record, registry, "ARIN, APNIC, AFRINIC, LACNIC, RIPENCC, RADB or ALTDB"),
    NUM32(design_record, asn, "AS number the registry links the prefix to"),
    MAYBE(design_record, letter, "was a letter of authorisation handed in?"),
    {0},
};
const struct field design_peering_rows[] = {
    NUM16(design_peering, vlan, "C-tag of both legs"),
    NUM32(design_peering, peer_asn, "the customer side's AS number"),
    ONE_OF(design_peering, asn_holder, design_parties, "who holds a public peer_asn"),
    {"primary_prefix", FIELD_PREFIX, AT(design_peering, ipv4.primary), .help = "/30 of the primary link"},
    {"secondary_prefix", FIELD_PREFIX, AT(design_peering, ipv4.secondary), .help = "/30 of the secondary link"},
    {"prefix", FIELD_PREFIX, AT(design_peering, ipv4.block), .help = "one /29 for both links instead"},
    {"ipv6", OBJECT(AT(design_peering, ipv6), ipv6_rows), .help = "/126 each, or one /125"},
    ONE_OF(design_peering, prefix_holder, design_parties, "who holds public link subnets"),
    {"shared_key", FIELD_TEXT, AT(design_peering, shared_key), FIELD_SECRET, .help = "MD5 key of both sessions"},
    {"bfd", FIELD_CUSTOM, .read = read_peering_bfd, .write = write_peering_bfd, .schema = bfd_schema,
     .help = "BFD on both legs"},
    MAYBE(design_peering, disabled, "is the peering switched off?"),
    ONE_OF(design_peering, managed_by, design_parties, "who configures it; l3_managed_by when unsaid"),
    DATE(design_peering, last_reset, "when it was last disabled and enabled"),
    TEXTS(design_peering, advertised_prefixes, "public prefixes declared to the cloud"),
    NUM32(design_peering, customer_asn, "holder of the prefixes, when it is not peer_asn"),
    TEXT(design_peering, routing_registry, "registry named in the request"),
    TEXT(design_peering, route_filter, "name of one of route_filters"),
    LIST(design_peering, prefix_records, design_record, record_rows, "what registries say about the prefixes"),
    TEXT(design_peering, validation, "state of the prefix validation: Configured when finished"),
    MAYBE(design_peering, manual_validation, "was a private peer_asn validated by hand?"),
    TEXT(design_peering, zone, "core or perimeter: where the peering lands"),
    TEXT(design_peering, device, "proxy, firewall or NAT device at its edge"),
    INSIDE(design_peering, acl, acl_rows, "access lists of the peering"),
    MAYBE(design_peering, source_check, "are source addresses checked against the declared lists?"),
    MAYBE(design_peering, relies_on_communities, "does a plan expect communities sent to the cloud to act?"),
    TEXTS(design_peering, services, "services planned over Microsoft peering"),
    TEXTS(design_peering, preferred_regions, "regions whose routes get a higher local preference here"),
    {"edge", OBJECT(AT(design_peering, edge), edges_rows), .help = "what the routers are set to, where it differs"},
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
    fields_read(design_peering_rows, v, out, r->arena, r->problems, pointer);
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
    return p->there ? fields_write(design_peering_rows, p, &blank, secrets) : NULL;
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
static json_t *peering_schema(void) { return fields_schema(design_peering_rows); }

// clang-format off
static const struct field peerings_rows[] = {
    {"private", FIELD_CUSTOM, .read = read_private, .write = write_private, .schema = peering_schema},
    {"microsoft", FIELD_CUSTOM, .read = read_microsoft, .write = write_microsoft, .schema = peering_schema},
    {"public", FIELD_CUSTOM, .read = read_public, .write = write_public, .schema = peering_schema},
    {0},
};
const struct field design_circuit_rows[] = {
    NAME(design_circuit),
    TEXT(design_circuit, subscription, "when it is not the design's"),
    TEXT(design_circuit, region, "region of the resource; the design's when unsaid"),
    TEXT(design_circuit, provider, "as the catalogue lists it"),
    TEXT(design_circuit, peering_location, "as the catalogue lists it"),
    TEXT(design_circuit, sku, "Tier_Family: Standard_MeteredData"),
    TEXT(design_circuit, port, "a Direct circuit's entry in ports"),
    TEXT(design_circuit, access_carrier, "carrier to the exchange, when it is not the provider"),
    NUM32(design_circuit, bandwidth_mbps, "bought bandwidth"),
    NUM32(design_circuit, provider_policer_mbps, "what the provider's side limits to, if known"),
    NUM32(design_circuit, peak_mbps, "planned peak of one direction, both links together"),
    ONE_OF(design_circuit, model, models, "connection model"),
    ONE_OF(design_circuit, l3_managed_by, design_parties, "who runs BGP with the cloud"),
    MAYBE(design_circuit, single_access, "does one physical access carry both links?"),
    DATE(design_circuit, created, "when the circuit was made"),
    {"links", OBJECT(AT(design_circuit, links), links_rows), .help = "where both links end"},
    {"peerings", OBJECT(AT(design_circuit, peerings), peerings_rows), .help = "routing domains"},
    TEXTS(design_circuit, authorizations, "names of those issued"),
    {0},
};
static const struct field port_links_rows[] = {
    {"primary", FIELD_MAYBE, LEG_FIRST * sizeof(enum said)},
    {"secondary", FIELD_MAYBE, LEG_SECOND * sizeof(enum said)},
    {0},
};
static const struct field macsec_rows[] = {
    MAYBE(design_macsec, used, "is MACsec used on the pair?"),
    TEXT(design_macsec, cipher, "GcmAes128, GcmAes256, GcmAesXpn128 or GcmAesXpn256"),
    MAYBE(design_macsec, same_keys, "the same CKN and CAK at both ends?"),
    TEXT(design_macsec, vault, "key vault that holds the keys"),
    MAYBE(design_macsec, soft_delete, "is soft delete on in the vault?"),
    MAYBE(design_macsec, link_by_link, "are keys rotated one link at a time, in a window?"),
    {0},
};
const struct field design_port_rows[] = {
    NAME(design_port),
    TEXT(design_port, peering_location, "as the catalogue lists it"),
    NUM32(design_port, bandwidth_gbps, "speed of one port"),
    ONE_OF(design_port, tagging, taggings, "two tags or one"),
    TEXT(design_port, ethertype, "of the outer tag: 0x8100"),
    NUM16(design_port, mtu, "of IP"),
    BOOLEAN(design_port, bundled, "LACP or MLAG over both ports"),
    {"enabled", OBJECT(AT(design_port, link_enabled), port_links_rows), .help = "administrative state of each link"},
    INSIDE(design_port, macsec, macsec_rows, "encryption of the pair"),
    {0},
};
// clang-format on
