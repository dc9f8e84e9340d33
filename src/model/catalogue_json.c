/* model/catalogue_json.c - the tables of the catalogue files' keys. Keys that nobody asks for yet are
 * named and skipped, so that a slip in a replaced file is still found. */
#include "model/catalogue_json.h"
#include <stdlib.h>
#include <string.h>
#include "net/fields_json.h"

#define AT(type, member) offsetof(struct type, member)
#define NAMES(type, member) FIELD_TEXTS, AT(type, member.list), .count_at = AT(type, member.n)
#define LIST_OF(type, list, item, rows)                                                              \
    FIELD_LIST, AT(type, list), .count_at = AT(type, list##_n), .sub = rows, .size = sizeof(struct item)

static void skip(const struct fields_reader *r, const json_t *v, void *record, const char *pointer)
{
    (void)r, (void)v, (void)record, (void)pointer;
}
/* A gateway that scales is taken at its smallest until its units can be set. */
static void read_least(const struct fields_reader *r, const json_t *v, void *record, const char *pointer)
{
    (void)r, (void)pointer;
    ((struct catalogue_gateway *)record)->max_circuits =
        (uint32_t)json_integer_value(json_object_get(v, "1"));
}
#define SKIP(name) {name, FIELD_CUSTOM, .read = skip}

// clang-format off
static const struct field clouds_rows[] = {
    {"global", FIELD_TEXTS, AT(catalogue_provider, locations[0].list), .count_at = AT(catalogue_provider, locations[0].n)},
    {"usgov", FIELD_TEXTS, AT(catalogue_provider, locations[1].list), .count_at = AT(catalogue_provider, locations[1].n)},
    {"china", FIELD_TEXTS, AT(catalogue_provider, locations[2].list), .count_at = AT(catalogue_provider, locations[2].n)},
    {0},
};
static const struct field provider_rows[] = {
    {"name", FIELD_TEXT, AT(catalogue_provider, name), FIELD_REQUIRED},
    {"spellings", NAMES(catalogue_provider, spellings)},
    {"clouds", FIELD_OBJECT, 0, .sub = clouds_rows},
    {"is_exchange", FIELD_BOOL, AT(catalogue_provider, is_exchange)},
    {"is_satellite", FIELD_BOOL, AT(catalogue_provider, is_satellite)},
    {0},
};
static const struct field carriers_rows[] = {
    {"location", FIELD_TEXT, AT(catalogue_carriers, location), FIELD_REQUIRED},
    {"exchanges", NAMES(catalogue_carriers, exchanges)},
    {"carriers", NAMES(catalogue_carriers, carriers)},
    {0},
};
static const struct field location_rows[] = {
    {"cloud", FIELD_TEXT, AT(catalogue_location, cloud), FIELD_REQUIRED},
    {"name", FIELD_TEXT, AT(catalogue_location, name), FIELD_REQUIRED},
    {"metro", FIELD_TEXT, AT(catalogue_location, metro)},
    {"country", FIELD_TEXT, AT(catalogue_location, country)},
    {"geopolitical_region", FIELD_TEXT, AT(catalogue_location, geography)},
    {"local_azure_regions", NAMES(catalogue_location, local_regions)},
    {"local_sku_available", FIELD_BOOL, AT(catalogue_location, has_local)},
    {"expressroute_direct", FIELD_BOOL, AT(catalogue_location, has_direct)},
    {"providers", NAMES(catalogue_location, providers)},
    {"facilities", NAMES(catalogue_location, facilities)},
    SKIP("pricing_zone"),
    {0},
};
static const struct field geography_rows[] = {
    {"name", FIELD_TEXT, AT(catalogue_geography, name), FIELD_REQUIRED},
    {"cloud", FIELD_TEXT, AT(catalogue_geography, cloud), FIELD_REQUIRED},
    {"azure_regions", NAMES(catalogue_geography, regions)},
    {"locations", NAMES(catalogue_geography, locations)},
    {0},
};
static const struct field gateway_rows[] = {
    {"sku", FIELD_TEXT, AT(catalogue_gateway, sku), FIELD_REQUIRED},
    {"zone_class", FIELD_TEXT, AT(catalogue_gateway, zone_class)},
    {"mbps", FIELD_U32, AT(catalogue_gateway, mbps)},
    {"max_circuits", FIELD_U32, AT(catalogue_gateway, max_circuits)},
    {"routes_learned", FIELD_U32, AT(catalogue_gateway, routes)},
    {"fastpath", FIELD_BOOL, AT(catalogue_gateway, fast_path)},
    SKIP("pps"), SKIP("vms"), SKIP("flows"), SKIP("coexist"), SKIP("public_ip"), SKIP("scale_units"),
    SKIP("per_unit"), SKIP("routes_learned_2024_07"), {"max_circuits_by_min_units", FIELD_CUSTOM, .read = read_least},
    SKIP("fastpath_min_units"), SKIP("scale_time_minutes_max"), SKIP("pps_units_11_up_in_later_limits_copy"),
    {0},
};
// clang-format on

static void read_bandwidths(const struct fields_reader *r, const json_t *v, uint32_t *out,
                            const char *pointer)
{
    size_t n = json_array_size(v);
    if (n == 0 || n >= BANDWIDTHS_MAX) {
        problem_add(r->problems, pointer, "a list of 1 to 15 numbers", "", "bandwidths");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_array_get(v, i);
        if (json_is_object(one)) one = json_object_get(one, "valueInMbps");
        out[i] = (uint32_t)json_integer_value(one);
    }
}

static void read_offered(const struct fields_reader *r, const json_t *v, void *record, const char *pointer)
{
    read_bandwidths(r, v, ((struct catalogue *)record)->limits.offered, pointer);
}

static void read_kinds(const struct fields_reader *r, const json_t *v, void *record, const char *pointer)
{
    static const char *const kinds[KINDS] = {"provider", "direct_10g", "direct_100g", "direct_400g"};
    for (int i = 0; i < KINDS; i++)
        read_bandwidths(r, json_object_get(v, kinds[i]), ((struct catalogue_limits *)record)->bandwidths[i],
                        fields_pointer(r->arena, pointer, kinds[i]));
}

static void read_premium(const struct fields_reader *r, const json_t *v, void *record, const char *pointer)
{
    struct catalogue_limits *l = record;
    const char *mbps;
    json_t *links;
    json_object_foreach((json_t *)v, mbps, links)
    {
        if (l->premium_n == PREMIUM_SIZES_MAX || !json_is_integer(links)) {
            problem_add(r->problems, pointer, "at most 16 sizes, whole numbers", "", "links by size");
            return;
        }
        l->premium[l->premium_n++] = (struct catalogue_premium){(uint32_t)strtoul(mbps, NULL, 10),
                                                                (uint32_t)json_integer_value(links)};
    }
}

static uint32_t number(const json_t *o, const char *key)
{
    return (uint32_t)json_integer_value(json_object_get(o, key));
}

static void read_routes(const struct fields_reader *r, const json_t *v, void *record, const char *pointer)
{
    (void)r, (void)pointer;
    struct catalogue_limits *l = record;
    const json_t *v4 = json_object_get(v, "private_in_v4");
    l->private_ipv4_standard = number(v4, "Standard");
    l->private_ipv4_premium = number(v4, "Premium");
    l->private_ipv6 = number(json_object_get(v, "private_in_v6"), "Standard");
    l->microsoft_ipv4 = number(v, "microsoft_in_v4");
    l->microsoft_ipv6 = number(v, "microsoft_in_v6");
    l->spaces_at_link = number(v, "address_spaces_at_link_creation");
}

static void read_bgp(const struct fields_reader *r, const json_t *v, void *record, const char *pointer)
{
    (void)r, (void)pointer;
    ((struct catalogue_limits *)record)->key_max = number(v, "md5_max_chars");
}
static void read_vnet(const struct fields_reader *r, const json_t *v, void *record, const char *pointer)
{
    (void)r, (void)pointer;
    ((struct catalogue_limits *)record)->circuits_same_location = number(v, "circuits_same_peering_location");
}
static void read_weight(const struct fields_reader *r, const json_t *v, void *record, const char *pointer)
{
    (void)r, (void)pointer;
    ((struct catalogue_limits *)record)->weight_max = number(v, "max");
}

// clang-format off
static const struct field links_rows[] = {
    {"local_standard", FIELD_U32, AT(catalogue_limits, links_standard), FIELD_REQUIRED, .min = 1},
    {"premium_by_mbps", FIELD_CUSTOM, .flags = FIELD_REQUIRED, .read = read_premium},
    SKIP("global_reach_counts"),
    {0},
};
static const struct field limits_rows[] = {
    {"vnet_links", FIELD_OBJECT, 0, FIELD_REQUIRED, .sub = links_rows},
    {"bandwidths_mbps", FIELD_CUSTOM, .flags = FIELD_REQUIRED, .read = read_kinds},
    {"routes", FIELD_CUSTOM, .flags = FIELD_REQUIRED, .read = read_routes},
    {"bgp", FIELD_CUSTOM, .flags = FIELD_REQUIRED, .read = read_bgp},
    {"vnet", FIELD_CUSTOM, .flags = FIELD_REQUIRED, .read = read_vnet},
    {"connection_weight", FIELD_CUSTOM, .flags = FIELD_REQUIRED, .read = read_weight},
    {"global_reach_countries", NAMES(catalogue_limits, reach_countries)},
    SKIP("source"), SKIP("date"), SKIP("subscription"), SKIP("fastpath_ips"), SKIP("bfd"), SKIP("mtu"),
    SKIP("vlan"), SKIP("traffic_collector_flows_per_minute"),
    {0},
};
static const struct field providers_file[] = {
    {"providers", LIST_OF(catalogue, providers, catalogue_provider, provider_rows), .flags = FIELD_REQUIRED},
    {"carriers_reachable_through_exchanges", LIST_OF(catalogue, carriers, catalogue_carriers, carriers_rows)},
    {"bandwidths_offered_default", FIELD_CUSTOM, .flags = FIELD_REQUIRED, .read = read_offered},
    SKIP("source"), SKIP("date"), SKIP("exchange_providers"), SKIP("satellite_operators"),
    {0},
};
static const struct field locations_file[] = {
    {"locations", LIST_OF(catalogue, locations, catalogue_location, location_rows), .flags = FIELD_REQUIRED},
    {"geopolitical_regions", LIST_OF(catalogue, geographies, catalogue_geography, geography_rows)},
    SKIP("source"), SKIP("date"), SKIP("metro_pairs"),
    {0},
};
static const struct field gateways_file[] = {
    {"skus", LIST_OF(catalogue, gateways, catalogue_gateway, gateway_rows), .flags = FIELD_REQUIRED},
    SKIP("source"), SKIP("date"), SKIP("gateway_subnet"), SKIP("upgrades_2023"), SKIP("downgrades_2023"),
    {0},
};
// clang-format on

static void add_community(struct catalogue *c, struct arena *a, const char *name, const char *value,
                          const char *region, bool authorization)
{
    if (!name || !value || !c->communities) return;
    c->communities[c->communities_n++] = (struct catalogue_community){
        arena_text(a, name), arena_text(a, value), arena_text(a, region), authorization};
}

static const char *text(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static void add_region(struct catalogue *c, struct arena *a, const json_t *o)
{
    static const struct {
        const char *key, *what;
    } families[] = {{"microsoft_peering", ""}, {"storage", " Storage"}, {"sql", " SQL"},
                    {"cosmosdb", " Cosmos DB"}, {"backup", " Backup"}};
    const char *region = text(o, "arm_location"), *display = text(o, "region");
    for (size_t i = 0; region && display && i < sizeof families / sizeof *families; i++)
        add_community(c, a, arena_printf(a, "Azure %s%s", display, families[i].what),
                      text(o, families[i].key), region, false);
}

static void read_communities(struct catalogue *c, struct arena *a, const json_t *file)
{
    const json_t *services = json_object_get(file, "services"), *regions = json_object_get(file, "regions");
    size_t most = json_array_size(services) + 5 * json_array_size(regions);
    c->communities = arena_take_array(a, most + 1, sizeof *c->communities);
    for (size_t i = 0; i < json_array_size(services); i++) {
        const json_t *o = json_array_get(services, i);
        add_community(c, a, text(o, "name"), text(o, "community"), "Global",
                      json_is_true(json_object_get(o, "needs_m365_authorisation")));
    }
    for (size_t i = 0; i < json_array_size(regions); i++) add_region(c, a, json_array_get(regions, i));
}

struct catalogue *catalogue_from_json(const struct catalogue_files *files, struct arena *arena,
                                      struct problems *problems)
{
    size_t before = problems->count;
    struct catalogue *c = arena_take(arena, sizeof *c);
    if (!c) return NULL;
    fields_read(providers_file, files->providers, c, arena, problems, "");
    fields_read(locations_file, files->locations, c, arena, problems, "");
    fields_read(gateways_file, files->gateways, c, arena, problems, "");
    fields_read(limits_rows, files->limits, &c->limits, arena, problems, "");
    read_communities(c, arena, files->communities);
    return problems->count > before ? NULL : c;
}
