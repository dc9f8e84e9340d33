/* model/catalog.c - look-ups in what was read. The lists are short and requests are rare next to
 * packets, so a linear search is all there is. */
#include "model/catalog.h"
#include <stdlib.h>
#include "base/text.h"

static bool listed(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text_same_nocase(name, names[i])) return true;
    return false;
}

const struct catalog_provider *catalog_provider(const struct catalog *c, const char *name)
{
    for (size_t i = 0; i < c->providers_n; i++) {
        const struct catalog_provider *p = &c->providers[i];
        if (text_same_nocase(p->name, name) || listed(name, p->spellings, p->spellings_n)) return p;
    }
    return NULL;
}

const struct catalog_location *catalog_location(const struct catalog *c, const char *name)
{
    for (size_t i = 0; i < c->locations_n; i++)
        if (text_same_nocase(c->locations[i].name, name)) return &c->locations[i];
    return NULL;
}

const struct catalog_gateway_sku *catalog_gateway(const struct catalog *c, const char *name)
{
    for (size_t i = 0; i < c->gateways_n; i++)
        if (text_same_nocase(c->gateways[i].name, name)) return &c->gateways[i];
    return NULL;
}

bool catalog_provider_at(const struct catalog_provider *p, const char *location)
{
    return listed(location, p->locations, p->locations_n);
}

bool catalog_offers(const struct catalog *c, uint64_t mbps)
{
    for (size_t i = 0; i < c->offers_n; i++)
        if (c->offers[i].mbps == mbps) return true;
    return false;
}

uint32_t catalog_links(const struct catalog *c, bool premium, uint64_t mbps)
{
    uint32_t most = c->links_standard;
    for (size_t i = 0; premium && i < c->link_limits_n; i++)
        if (c->link_limits[i].mbps <= mbps && c->link_limits[i].premium > most)
            most = c->link_limits[i].premium;
    return most;
}

const char *catalog_offers_text(const struct catalog *c, struct arena *a)
{
    const char *t = "";
    for (size_t i = 0; i < c->offers_n && t; i++)
        t = arena_printf(a, "%s%s%u", t, i ? ", " : "", c->offers[i].mbps);
    return t ? t : "";
}

/* `names` is filled from `n` records of `size` bytes whose first member is their name. */
static const char *near(const char *name, const void *records, size_t n, size_t size, struct arena *a)
{
    const char **names = arena_take_array(a, n + 1, sizeof *names);
    for (size_t i = 0; names && i < n; i++)
        names[i] = *(const char *const *)((const uint8_t *)records + i * size);
    return names ? text_nearest(name, names) : NULL;
}

const char *catalog_provider_near(const struct catalog *c, const char *name, struct arena *a)
{
    return near(name, c->providers, c->providers_n, sizeof *c->providers, a);
}

const char *catalog_location_near(const struct catalog *c, const char *name, struct arena *a)
{
    return near(name, c->locations, c->locations_n, sizeof *c->locations, a);
}

const char *catalog_gateway_near(const struct catalog *c, const char *name, struct arena *a)
{
    return near(name, c->gateways, c->gateways_n, sizeof *c->gateways, a);
}

void catalog_drop(struct catalog *c)
{
    if (!c) return;
    arena_drop(&c->arena);
    free(c);
}
