/* model/catalog_json.c - reads the data files. They hold more than the product needs; only what is
 * used is looked at, and a file that lacks it is refused by name. */
#include "model/catalog_json.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "model/resource_id.h"

enum { CATALOG_BYTES = 16 << 20 };

struct reading {
    struct catalog *c;
    struct problems *problems;
    const char *file;
};

static void missing(const struct reading *r, const char *what)
{
    problem_add(r->problems, r->file, "the shape of the project's data files", "",
                "data file '%s' lacks %s", r->file, what);
}

static const char *text_of(const struct reading *r, const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    if (!s) missing(r, key);
    s = arena_text(&r->c->arena, s ? s : "");
    return s ? s : "";
}

static uint32_t number_of(const struct reading *r, const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    if (!json_is_integer(v)) missing(r, key);
    return (uint32_t)json_integer_value(v);
}

static const char **texts_of(const struct reading *r, const json_t *list, size_t *out_n)
{
    size_t n = json_array_size(list);
    const char **texts = arena_take_array(&r->c->arena, n + 1, sizeof *texts);
    for (size_t i = 0; texts && i < n; i++) {
        const char *s = json_string_value(json_array_get(list, i));
        texts[i] = arena_text(&r->c->arena, s ? s : "");
    }
    *out_n = texts ? n : 0;
    return texts;
}

/* Room for every element of the list called `key`. */
static void *rows_of(const struct reading *r, const json_t *file, const char *key, size_t size,
                     const json_t **out_list)
{
    const json_t *list = json_object_get(file, key);
    if (!json_is_array(list)) missing(r, key);
    *out_list = list;
    void *rows = arena_take_array(&r->c->arena, json_array_size(list) + 1, size);
    if (!rows) missing(r, "memory");
    return rows;
}

static void read_providers(const struct reading *r, const json_t *file)
{
    const json_t *list, *offers;
    struct catalog *c = r->c;
    c->providers = rows_of(r, file, "providers", sizeof *c->providers, &list);
    c->offers = rows_of(r, file, "bandwidths_offered_default", sizeof *c->offers, &offers);
    for (size_t i = 0; c->providers && i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        const json_t *at = json_object_get(json_object_get(o, "clouds"), "global");
        struct catalog_provider *p = &c->providers[c->providers_n];
        if (!at) continue; /* serves a national cloud only */
        p->name = text_of(r, o, "name");
        p->spellings = texts_of(r, json_object_get(o, "spellings"), &p->spellings_n);
        p->locations = texts_of(r, at, &p->locations_n);
        c->providers_n++;
    }
    for (size_t i = 0; c->offers && i < json_array_size(offers); i++) {
        const json_t *o = json_array_get(offers, i);
        c->offers[c->offers_n++] =
            (struct catalog_offer){text_of(r, o, "offerName"), number_of(r, o, "valueInMbps")};
    }
}

static void read_locations(const struct reading *r, const json_t *file)
{
    const json_t *list;
    struct catalog *c = r->c;
    c->locations = rows_of(r, file, "locations", sizeof *c->locations, &list);
    for (size_t i = 0; c->locations && i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        const char *cloud = json_string_value(json_object_get(o, "cloud"));
        if (!cloud || strcmp(cloud, "global") != 0) continue;
        c->locations[c->locations_n++] = (struct catalog_location){
            text_of(r, o, "name"), text_of(r, o, "geopolitical_region"), text_of(r, o, "metro"),
            json_is_true(json_object_get(o, "local_sku_available"))};
    }
}

static void read_limits(const struct reading *r, const json_t *file)
{
    struct catalog *c = r->c;
    const json_t *links = json_object_get(file, "vnet_links"), *v;
    const json_t *by_size = json_object_get(links, "premium_by_mbps");
    const char *mbps;
    c->links_standard = number_of(r, links, "local_standard");
    c->circuits_same_place =
        number_of(r, json_object_get(file, "vnet"), "circuits_same_peering_location");
    c->spaces_at_link = number_of(r, json_object_get(file, "routes"), "address_spaces_at_link_creation");
    c->weight_max = number_of(r, json_object_get(file, "connection_weight"), "max");
    c->link_limits = arena_take_array(&c->arena, json_object_size(by_size) + 1, sizeof *c->link_limits);
    if (json_object_size(by_size) == 0) missing(r, "premium_by_mbps");
    json_object_foreach((json_t *)by_size, mbps, v)
    {
        if (c->link_limits)
            c->link_limits[c->link_limits_n++] = (struct catalog_link_limit){
                (uint32_t)strtoul(mbps, NULL, 10), (uint32_t)json_integer_value(v)};
    }
}

static void read_gateways(const struct reading *r, const json_t *file)
{
    const json_t *list;
    struct catalog *c = r->c;
    c->gateways = rows_of(r, file, "skus", sizeof *c->gateways, &list);
    for (size_t i = 0; c->gateways && i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i), *unit = json_object_get(o, "per_unit");
        /* A scalable gateway is taken at its smallest size until scale units are settable. */
        const json_t *least = json_object_get(json_object_get(o, "max_circuits_by_min_units"), "1");
        const char *zones = json_string_value(json_object_get(o, "zone_class"));
        struct catalog_gateway_sku *g = &c->gateways[c->gateways_n++];
        g->name = text_of(r, o, "sku");
        g->zonal = zones && strcmp(zones, "none") != 0;
        g->fastpath = json_is_true(json_object_get(o, "fastpath"));
        g->mbps = number_of(r, unit ? unit : o, "mbps");
        g->max_circuits = least ? (uint32_t)json_integer_value(least) : number_of(r, o, "max_circuits");
    }
}

static void add_community(struct catalog *c, const char *name, const char *value, const char *region,
                          bool authorization)
{
    c->communities[c->communities_n++] = (struct catalog_community){name, value, region, authorization};
}

static void add_region(const struct reading *r, const json_t *o)
{
    static const struct {
        const char *key, *what;
    } families[] = {{"microsoft_peering", ""}, {"storage", " Storage"}, {"sql", " SQL"},
                    {"cosmosdb", " Cosmos DB"}, {"backup", " Backup"}};
    struct catalog *c = r->c;
    struct catalog_region region = {text_of(r, o, "arm_location"), text_of(r, o, "region")};
    c->regions[c->regions_n++] = region;
    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        const char *value = json_string_value(json_object_get(o, families[i].key));
        if (!value) continue;
        add_community(c, arena_printf(&c->arena, "Azure %s%s", region.display, families[i].what),
                      arena_text(&c->arena, value), region.name, false);
    }
}

static void read_communities(const struct reading *r, const json_t *file)
{
    const json_t *regions, *services;
    struct catalog *c = r->c;
    c->regions = rows_of(r, file, "regions", sizeof *c->regions, &regions);
    services = json_object_get(file, "services");
    c->communities = arena_take_array(
        &c->arena, 5 * json_array_size(regions) + json_array_size(services) + 1, sizeof *c->communities);
    if (!json_is_array(services)) missing(r, "services");
    if (!c->regions || !c->communities) return;
    for (size_t i = 0; i < json_array_size(services); i++) {
        const json_t *o = json_array_get(services, i);
        add_community(c, text_of(r, o, "name"), text_of(r, o, "community"), "Global",
                      json_is_true(json_object_get(o, "needs_m365_authorisation")));
    }
    for (size_t i = 0; i < json_array_size(regions); i++) add_region(r, json_array_get(regions, i));
}

static void read_file(struct catalog *c, struct problems *problems, const char *file, const char *text,
                      void (*read)(const struct reading *, const json_t *))
{
    const struct reading r = {c, problems, file};
    json_error_t error;
    json_t *json = text ? json_loads(text, JSON_REJECT_DUPLICATES, &error) : NULL;
    if (json) read(&r, json);
    else missing(&r, text ? error.text : "everything: it was not given");
    json_decref(json);
}

struct catalog *catalog_read(const struct catalog_texts *t, struct problems *problems)
{
    struct catalog *c = calloc(1, sizeof *c);
    size_t before = problems->count;
    if (!c) abort();
    arena_init(&c->arena, CATALOG_BYTES);
    read_file(c, problems, "providers", t->providers, read_providers);
    read_file(c, problems, "peering_locations", t->peering_locations, read_locations);
    read_file(c, problems, "limits", t->limits, read_limits);
    read_file(c, problems, "gateway_skus", t->gateway_skus, read_gateways);
    read_file(c, problems, "bgp_communities", t->bgp_communities, read_communities);
    if (problems->count == before) return c;
    catalog_drop(c);
    return NULL;
}
