/* model/catalogue.h - who offers what where: providers, peering locations, limits, as values.
 * Read from data/providers.json, peering_locations.json, limits.json and gateway_skus.json, which their
 * owner may replace; nothing of them is a constant in code. Names are compared without regard to case,
 * providers also by every spelling that is known. Everything lives in the arena of the reading. */
#pragma once
#include "base/arena.h"

enum { CLOUDS = 3 };
extern const char *const catalogue_clouds[CLOUDS + 1]; /* "global", "usgov", "china" */

struct catalogue_names {
    const char **list;
    size_t n;
};
bool catalogue_has(const struct catalogue_names *names, const char *name);

struct catalogue_provider {
    const char *name;
    struct catalogue_names spellings;
    struct catalogue_names locations[CLOUDS];
    bool is_exchange, is_satellite;
};

struct catalogue_location {
    const char *cloud, *name, *metro, *country, *geography;
    struct catalogue_names local_regions, providers, facilities;
    bool has_local, has_direct;
};

struct catalogue_geography {
    const char *name, *cloud;
    struct catalogue_names regions, locations;
};

struct catalogue_carriers { /* carriers that reach an exchange at a location */
    const char *location;
    struct catalogue_names exchanges, carriers;
};

struct catalogue_premium {
    uint32_t mbps, links;
};

struct catalogue_community { /* a BGP community that a service or region is announced with */
    const char *name, *value; /* "Exchange Online", "12076:5010" */
    const char *region;       /* "Global" or the region's resource-manager name */
    bool authorization;       /* must be allowed first */
};

struct catalogue_gateway {
    const char *sku, *zone_class;
    uint32_t mbps, max_circuits, routes;
    bool fast_path;
};

enum { PREMIUM_SIZES_MAX = 16, BANDWIDTHS_MAX = 16 };
enum catalogue_circuit_kind { KIND_PROVIDER, KIND_DIRECT_10G, KIND_DIRECT_100G, KIND_DIRECT_400G, KINDS };

struct catalogue_limits {
    uint32_t links_standard;
    struct catalogue_premium premium[PREMIUM_SIZES_MAX];
    size_t premium_n;
    uint32_t bandwidths[KINDS][BANDWIDTHS_MAX]; /* Mbps, ended by 0 */
    uint32_t offered[BANDWIDTHS_MAX];           /* what every provider offers, Mbps, ended by 0 */
    uint32_t private_ipv4_standard, private_ipv4_premium, private_ipv6, microsoft_ipv4, microsoft_ipv6;
    uint32_t circuits_same_location;
    uint32_t spaces_at_link; /* address prefixes of a virtual network when it is linked */
    uint32_t key_max, weight_max;
    struct catalogue_names reach_countries;
};

struct catalogue {
    struct catalogue_provider *providers;
    struct catalogue_location *locations;
    struct catalogue_geography *geographies;
    struct catalogue_carriers *carriers;
    struct catalogue_gateway *gateways;
    struct catalogue_community *communities;
    size_t providers_n, locations_n, geographies_n, carriers_n, gateways_n, communities_n;
    struct catalogue_limits limits;
};

/* NULL if there is none. */
const struct catalogue_provider *catalogue_provider(const struct catalogue *c, const char *name);
const struct catalogue_location *catalogue_location(const struct catalogue *c, const char *cloud,
                                                    const char *name);
const struct catalogue_gateway *catalogue_gateway(const struct catalogue *c, const char *sku);
bool catalogue_serves(const struct catalogue_provider *p, const char *cloud, const char *location);
/* The known name most like this one, or NULL. */
const char *catalogue_near_provider(const struct catalogue *c, const char *name);
const char *catalogue_near_location(const struct catalogue *c, const char *cloud, const char *name);
const char *catalogue_near_gateway(const struct catalogue *c, const char *sku);

bool catalogue_region_same(const char *a, const char *b); /* "West Europe" is "westeurope" */
/* The geography a region belongs to, or NULL. */
const struct catalogue_geography *catalogue_geography_of(const struct catalogue *c, const char *region);
bool catalogue_region_local(const struct catalogue_location *l, const char *region);
bool catalogue_carrier_reaches(const struct catalogue *c, const char *carrier, const char *exchange,
                               const char *location);
/* Bandwidths of circuits on ports of that speed, ended by 0; NULL when there are no such ports. */
const uint32_t *catalogue_direct(const struct catalogue_limits *l, uint64_t port_gbps);
bool catalogue_bandwidth_is(const uint32_t *list, uint32_t mbps);
uint32_t catalogue_links(const struct catalogue_limits *l, bool premium, uint32_t mbps);
