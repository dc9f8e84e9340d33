/* model/catalog.h - what can be ordered and how much of it: providers, peering locations, bandwidths,
 * gateway sizes, limits, regions and communities, read from the project's data files. Facts of the
 * market change monthly, so nothing of this is a constant in code. Pure once read. */
#pragma once
#include "base/problem.h"

struct catalog_provider {
    const char *name;
    const char **spellings; /* other ways the name is written */
    const char **locations; /* peering locations of the public cloud */
    size_t spellings_n, locations_n;
};

struct catalog_location {
    const char *name;
    const char *geography, *metro;
    bool local; /* the Local tier is offered here */
};

struct catalog_offer {
    const char *name; /* "1Gbps" */
    uint32_t mbps;
};

struct catalog_gateway_sku {
    const char *name;
    bool zonal;           /* of the AZ family */
    bool fastpath;
    uint32_t mbps;
    uint32_t max_circuits;
};

struct catalog_region {
    const char *name, *display; /* "westeurope", "West Europe" */
};

struct catalog_community {
    const char *name, *value; /* "Exchange Online", "12076:5010" */
    const char *region;       /* "Global" or the region's name */
    bool authorization;       /* needs to be allowed first */
};

struct catalog_link_limit { /* how many links a circuit may have, by size */
    uint32_t mbps, premium;
};

struct catalog {
    struct arena arena;
    struct catalog_provider *providers;
    struct catalog_location *locations;
    struct catalog_offer *offers;
    struct catalog_gateway_sku *gateways;
    struct catalog_region *regions;
    struct catalog_community *communities;
    struct catalog_link_limit *link_limits;
    size_t providers_n, locations_n, offers_n, gateways_n, regions_n, communities_n, link_limits_n;
    uint32_t links_standard;      /* of a Local or Standard circuit */
    uint32_t circuits_same_place; /* of one location on one virtual network */
    uint32_t spaces_at_link;      /* address spaces of a network when it is linked */
    uint32_t weight_max;          /* of a connection */
};

/* All look-ups: any case; NULL when there is none. A provider is also found by its other spellings. */
const struct catalog_provider *catalog_provider(const struct catalog *c, const char *name);
const struct catalog_location *catalog_location(const struct catalog *c, const char *name);
const struct catalog_gateway_sku *catalog_gateway(const struct catalog *c, const char *name);
bool catalog_provider_at(const struct catalog_provider *p, const char *location);
bool catalog_offers(const struct catalog *c, uint64_t mbps);
/* Links (connections and Global Reach) a circuit of this tier and size may have. */
uint32_t catalog_links(const struct catalog *c, bool premium, uint64_t mbps);
/* "50, 100, 200 ..." and the like, for messages. In the arena `a`. */
const char *catalog_offers_text(const struct catalog *c, struct arena *a);
/* The name nearest to a misspelt one, or NULL. */
const char *catalog_provider_near(const struct catalog *c, const char *name, struct arena *a);
const char *catalog_location_near(const struct catalog *c, const char *name, struct arena *a);
const char *catalog_gateway_near(const struct catalog *c, const char *name, struct arena *a);

void catalog_drop(struct catalog *c); /* frees what catalog_read made; NULL is ignored */
