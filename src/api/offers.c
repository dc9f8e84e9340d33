/* api/offers.c - what can be asked for without owning anything: who offers what where, and what
 * operations there are. All of it comes from the catalogue and the tables of kinds and actions. */
#include <stdio.h>
#include <string.h>
#include "api/kinds.h"
#include "base/text.h"

static json_t *offer(uint32_t mbps)
{
    char name[24];
    bool whole = mbps >= 1000 && mbps % 1000 == 0;
    snprintf(name, sizeof name, whole ? "%uGbps" : "%uMbps", whole ? mbps / 1000 : mbps);
    return json_pack("{s:s, s:I}", "offerName", name, "valueInMbps", (json_int_t)mbps);
}

static void service_providers(struct call *c, const char *name)
{
    json_t *list = own(c, json_array());
    const struct catalogue *cat = c->api->catalogue;
    (void)name;
    for (size_t i = 0; i < cat->providers_n; i++) {
        const struct catalogue_provider *p = &cat->providers[i];
        const struct catalogue_names *at = &p->locations[0];
        json_t *places = json_array(), *offers = json_array();
        for (size_t l = 0; l < at->n; l++) json_array_append_new(places, json_string(at->list[l]));
        for (size_t o = 0; cat->limits.offered[o]; o++)
            json_array_append_new(offers, offer(cat->limits.offered[o]));
        json_t *row = json_pack("{s:s, s:s, s:s, s:{s:s, s:o, s:o}}", "name", p->name, "id",
                                "/subscriptions//resourceGroups//providers/Microsoft.Network/"
                                "expressRouteServiceProviders/",
                                "type", "Microsoft.Network/expressRouteServiceProviders",
                                "properties", "provisioningState", "Succeeded", "peeringLocations",
                                places, "bandwidthsOffered", offers);
        if (at->n > 0) json_array_append(list, row); /* else it serves a national cloud only */
        json_decref(row);
    }
    answer_page(c, list, NULL);
}

static void service_communities(struct call *c, const char *name)
{
    json_t *list = own(c, json_array());
    (void)name;
    for (size_t i = 0; i < c->api->catalogue->communities_n; i++) {
        const struct catalogue_community *k = &c->api->catalogue->communities[i];
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:{s:s, s:[{s:s, s:s, s:s, s:b, s:[], s:s}]}}", "name",
                            k->name, "id",
                            "/subscriptions//resourceGroups//providers/Microsoft.Network/"
                            "bgpServiceCommunities/",
                            "type", "Microsoft.Network/bgpServiceCommunities", "properties",
                            "serviceName", k->name, "bgpCommunities", "serviceSupportedRegion",
                            k->region, "communityName", k->name, "communityValue", k->value,
                            "isAuthorizedToUse", !(k->authorization && c->api->world.no_m365),
                            "communityPrefixes", "serviceGroup", k->name));
    }
    answer_page(c, list, NULL);
}

/* --- ports --- */

static json_t *speeds(const struct catalogue *cat)
{
    static const unsigned gbps[] = {10, 100, 400};
    json_t *list = json_array();
    for (size_t i = 0; i < ARRAY_LEN(gbps); i++)
        if (catalogue_direct(&cat->limits, gbps[i]))
            json_array_append_new(list, json_pack("{s:o, s:i}", "offerName",
                                                  json_sprintf("%u Gbps", gbps[i]), "valueInGbps",
                                                  (int)gbps[i]));
    return list;
}

static json_t *port_location(struct call *c, const struct catalogue_location *l, size_t facility)
{
    const char *name = port_location_name(l, facility, &c->arena);
    const char *address = facility < l->facilities.n ? l->facilities.list[facility] : l->name;
    return json_pack("{s:s, s:o, s:s, s:s, s:{s:s, s:o, s:s, s:o}}", "name", name, "id",
                     json_sprintf("/subscriptions/%s/providers/Microsoft.Network/"
                                  "expressRoutePortsLocations/%s",
                                  c->sub->id, name),
                     "type", "Microsoft.Network/expressRoutePortsLocations", "location", "global",
                     "properties", "provisioningState", "Succeeded", "address",
                     json_sprintf("%s, %s", address, l->name), "contact", "", "availableBandwidths",
                     speeds(c->api->catalogue));
}

/* The list says where; what can be had there only one location does (as the service: S). */
static void port_locations(struct call *c, const char *name)
{
    const struct catalogue *cat = c->api->catalogue;
    json_t *list = own(c, json_array());
    for (size_t i = 0; i < cat->locations_n; i++) {
        const struct catalogue_location *l = &cat->locations[i];
        for (size_t f = 0; f < (l->facilities.n ? l->facilities.n : 1); f++) {
            if (!l->has_direct || strcmp(l->cloud, "global") != 0) continue;
            json_t *row = own(c, port_location(c, l, f));
            const char *own_name = json_string_value(json_object_get(row, "name"));
            if (name && (text_same_nocase(name, own_name) || text_same_nocase(name, l->name))) {
                answer_json(c, 200, row);
                return;
            }
            json_array_append(list, row);
        }
    }
    if (name)
        fault_add(&c->faults, FAULT_ResourceNotFound, "",
                  "The Resource 'Microsoft.Network/expressRoutePortsLocations/%s' was not found. "
                  "See the list of ports locations.",
                  name);
    else
        answer_page(c, list, NULL);
}

/* A provider's pair of ports at a location, as full as its circuits there make it. */
struct pair {
    const char *location, *region;
    json_int_t used;
};

enum { PAIRS_MOST = 200, PAIR_MBPS = 100000, OVERPROVISION = 4 };

static json_t *pair_render(struct call *c, const struct pair *p)
{
    char *name = arena_printf(&c->arena, "FL-%s-A", without_spaces(c, p->location));
    const char *n = name ? name : "";
    return json_pack(
        "{s:s, s:o, s:s, s:s, s:s, s:{s:s, s:o, s:o, s:s, s:i, s:I, s:I, s:I}}", "name", n, "id",
        json_sprintf("/subscriptions/%s/providers/Microsoft.Network/expressRouteProviderPorts/%s",
                     c->sub->id, n),
        "type", "Microsoft.Network/expressRouteProviderPorts", "location", p->region, "etag",
        call_etag(c), "properties", "portPairDescriptor", n, "primaryAzurePort",
        port_name(c, p->location, "PRI"), "secondaryAzurePort", port_name(c, p->location, "SEC"),
        "peeringLocation", p->location, "overprovisionFactor", (int)OVERPROVISION,
        "portBandwidthInMbps", (json_int_t)PAIR_MBPS, "usedBandwidthInMbps", p->used,
        "remainingBandwidthInMbps", (json_int_t)PAIR_MBPS * OVERPROVISION - p->used);
}

static void pair_add(struct call *c, const char *cross_key, struct pair *pairs, size_t *n)
{
    const struct record *cross = record_load(c, cross_key);
    const struct record *circuit = cross && cross->kind == KIND_CROSS_CONNECTION
                                       ? record_load(c, internal_text(cross, "circuit"))
                                       : NULL;
    size_t i = 0;
    if (!circuit || !may(c, ROLES_ANY, cross_key)) return;
    struct circuit_terms t = circuit_terms_of(circuit);
    while (i < *n && strcmp(pairs[i].location, t.location) != 0) i++;
    if (i == PAIRS_MOST) return;
    if (i == *n) pairs[(*n)++] = (struct pair){t.location, record_location(cross), 0};
    pairs[i].used += (json_int_t)t.mbps;
}

static void provider_ports(struct call *c, const char *name)
{
    struct pair *pairs = arena_take_array(&c->arena, PAIRS_MOST, sizeof *pairs);
    json_t *list = own(c, json_array());
    struct keys all = keys_under(c, group_key(c, c->sub->id, ""));
    size_t n = 0;
    for (size_t i = 0; pairs && i < all.n; i++)
        if (strstr(all.keys[i], "/expressroutecrossconnections/"))
            pair_add(c, all.keys[i], pairs, &n);
    for (size_t i = 0; i < n; i++) {
        json_t *row = own(c, pair_render(c, &pairs[i]));
        const char *own_name = json_string_value(json_object_get(row, "name"));
        if (name && text_same_nocase(name, own_name)) {
            answer_json(c, 200, row);
            return;
        }
        json_array_append(list, row);
    }
    if (name)
        fault_add(&c->faults, FAULT_ResourceNotFound, "",
                  "The Resource 'Microsoft.Network/expressRouteProviderPorts/%s' was not found.",
                  name);
    else
        answer_page(c, list, NULL);
}

static const struct offer {
    const char *what;
    bool has_one; /* one can be asked for by name */
    void (*handle)(struct call *, const char *name);
} offers[] = {{"expressRouteServiceProviders", false, service_providers},
              {"bgpServiceCommunities", false, service_communities},
              {"expressRoutePortsLocations", true, port_locations},
              {"expressRouteProviderPorts", true, provider_ports}};

const char *offers_at(size_t i, bool *out_has_one)
{
    if (i >= ARRAY_LEN(offers)) return NULL;
    *out_has_one = offers[i].has_one;
    return offers[i].what;
}

bool offers_handle(struct call *c, const char *what, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(offers); i++)
        if (text_same_nocase(offers[i].what, what) && (!name || offers[i].has_one)) {
            offers[i].handle(c, name);
            return true;
        }
    return false;
}

/* --- operations --- */

static void add_operation(json_t *list, const char *type, const char *verb, const char *what)
{
    json_array_append_new(list, json_pack("{s:o, s:b, s:{s:s, s:s, s:o, s:s}}", "name",
                                          json_sprintf("%s/%s", type, verb), "isDataAction", 0,
                                          "display", "provider", "Microsoft Network", "resource",
                                          type + strlen("Microsoft.Network/"), "operation",
                                          json_sprintf("%s %s", what, strrchr(type, '/') + 1),
                                          "description", ""));
}

void operations_list(struct call *c, const char *namespace_)
{
    json_t *list = own(c, json_array());
    const struct action *a;
    if (!text_same_nocase(namespace_, "Microsoft.Network")) {
        fault_add(&c->faults, FAULT_NotFound, "", "The resource namespace '%s' is unknown.",
                  namespace_);
        return;
    }
    for (int k = 0; k < RESOURCE_KINDS; k++) {
        const struct resource_type *t = resource_type((enum resource_kind)k);
        add_operation(list, t->full, "read", "Get");
        if (!(t->flags & KIND_READ_ONLY)) add_operation(list, t->full, "write", "Create or update");
        if (!(t->flags & KIND_NO_CREATE)) add_operation(list, t->full, "delete", "Delete");
    }
    for (size_t i = 0; (a = action_at(i)) != NULL; i++) {
        char *verb = arena_printf(&c->arena, "%s/action", a->name);
        add_operation(list, resource_type(a->kind)->full, verb ? verb : "", a->name);
    }
    answer_page(c, list, NULL);
}
