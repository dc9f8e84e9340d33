/* model/catalogue.c - look-ups in the catalogue. The tables are a few hundred rows; they are searched
 * from the front. */
#include "model/catalogue.h"
#include <string.h>
#include "base/text.h"

const char *const catalogue_clouds[CLOUDS + 1] = {"global", "usgov", "china", NULL};

bool catalogue_has(const struct catalogue_names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (text_same_nocase(names->list[i], name)) return true;
    return false;
}

const struct catalogue_provider *catalogue_provider(const struct catalogue *c, const char *name)
{
    for (size_t i = 0; i < c->providers_n; i++) {
        const struct catalogue_provider *p = &c->providers[i];
        if (text_same_nocase(p->name, name) || catalogue_has(&p->spellings, name)) return p;
    }
    return NULL;
}

const struct catalogue_location *catalogue_location(const struct catalogue *c, const char *cloud,
                                                    const char *name)
{
    for (size_t i = 0; i < c->locations_n; i++)
        if (strcmp(c->locations[i].cloud, cloud) == 0 && text_same_nocase(c->locations[i].name, name))
            return &c->locations[i];
    return NULL;
}

const struct catalogue_gateway *catalogue_gateway(const struct catalogue *c, const char *sku)
{
    for (size_t i = 0; i < c->gateways_n; i++)
        if (text_same_nocase(c->gateways[i].sku, sku)) return &c->gateways[i];
    return NULL;
}

bool catalogue_serves(const struct catalogue_provider *p, const char *cloud, const char *location)
{
    for (int i = 0; i < CLOUDS; i++)
        if (strcmp(catalogue_clouds[i], cloud) == 0) return catalogue_has(&p->locations[i], location);
    return false;
}

enum { MOST_NAMES = 1024 };

const char *catalogue_near_provider(const struct catalogue *c, const char *name)
{
    const char *names[MOST_NAMES + 1];
    size_t n = 0;
    for (size_t i = 0; i < c->providers_n && n < MOST_NAMES; i++) names[n++] = c->providers[i].name;
    names[n] = NULL;
    return text_nearest(name, names);
}

const char *catalogue_near_location(const struct catalogue *c, const char *cloud, const char *name)
{
    const char *names[MOST_NAMES + 1];
    size_t n = 0;
    for (size_t i = 0; i < c->locations_n && n < MOST_NAMES; i++)
        if (strcmp(c->locations[i].cloud, cloud) == 0) names[n++] = c->locations[i].name;
    names[n] = NULL;
    return text_nearest(name, names);
}

const char *catalogue_near_gateway(const struct catalogue *c, const char *sku)
{
    const char *names[MOST_NAMES + 1];
    size_t n = 0;
    for (size_t i = 0; i < c->gateways_n && n < MOST_NAMES; i++) names[n++] = c->gateways[i].sku;
    names[n] = NULL;
    return text_nearest(sku, names);
}

bool catalogue_region_same(const char *a, const char *b)
{
    while (*a || *b) {
        while (*a == ' ') a++;
        while (*b == ' ') b++;
        char x[] = {*a, 0}, y[] = {*b, 0};
        if (!text_same_nocase(x, y)) return false;
        if (!*a) return true;
        a++, b++;
    }
    return true;
}

static bool has_region(const struct catalogue_names *names, const char *region)
{
    for (size_t i = 0; i < names->n; i++)
        if (catalogue_region_same(names->list[i], region)) return true;
    return false;
}

const struct catalogue_geography *catalogue_geography_of(const struct catalogue *c, const char *region)
{
    for (size_t i = 0; i < c->geographies_n; i++)
        if (has_region(&c->geographies[i].regions, region)) return &c->geographies[i];
    return NULL;
}

bool catalogue_region_local(const struct catalogue_location *l, const char *region)
{
    return has_region(&l->local_regions, region);
}

bool catalogue_carrier_reaches(const struct catalogue *c, const char *carrier, const char *exchange,
                               const char *location)
{
    for (size_t i = 0; i < c->carriers_n; i++) {
        const struct catalogue_carriers *r = &c->carriers[i];
        if (text_same_nocase(r->location, location) && catalogue_has(&r->exchanges, exchange) &&
            catalogue_has(&r->carriers, carrier))
            return true;
    }
    return false;
}

bool catalogue_bandwidth_is(const uint32_t *list, uint32_t mbps)
{
    for (; *list; list++)
        if (*list == mbps) return true;
    return false;
}

const uint32_t *catalogue_direct(const struct catalogue_limits *l, uint64_t port_gbps)
{
    static const uint32_t speeds[KINDS] = {
        [KIND_DIRECT_10G] = 10, [KIND_DIRECT_100G] = 100, [KIND_DIRECT_400G] = 400};
    for (int k = KIND_DIRECT_10G; k < KINDS; k++)
        if (speeds[k] == port_gbps && l->bandwidths[k][0]) return l->bandwidths[k];
    return NULL;
}

uint32_t catalogue_links(const struct catalogue_limits *l, bool premium, uint32_t mbps)
{
    uint32_t best = l->links_standard;
    for (size_t i = 0; premium && i < l->premium_n; i++)
        if (l->premium[i].mbps <= mbps && l->premium[i].links > best) best = l->premium[i].links;
    return best;
}
