/* api/kinds_network.c - virtual networks with subnets, public addresses, gateways. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api/kinds.h"
#include "base/text.h"
#include "net/asn.h"

/* --- virtual networks and subnets --- */

struct prefix *vnet_spaces(struct call *c, const struct record *vnet, size_t *out_n)
{
    struct problems ps;
    struct faults fs;
    struct record_vnet r;
    problems_init(&ps, &c->arena);
    faults_init(&fs, &c->arena);
    record_read(KIND_VNET, record_props(vnet), &c->arena, &ps, &r);
    struct prefix *out = arena_take_array(&c->arena, r.prefixes_n + 1, sizeof *out);
    *out_n = 0;
    if (out && spaces_check(r.prefixes, r.prefixes_n, "", &fs, out)) *out_n = r.prefixes_n;
    return out;
}

static void gateway_links_check(struct call *c, const char *gateway_key,
                                const struct prefix *spaces, size_t n)
{
    struct keys links = users_of(c, gateway_key);
    for (size_t i = 0; i < links.n; i++) {
        const struct record *link = record_load(c, links.keys[i]);
        if (link && links_overlap(c, internal_text(link, "circuit"), spaces, n))
            fault_add(
                &c->faults, FAULT_NetcfgAddressSpaceOverlap,
                "/properties/addressSpace/addressPrefixes",
                "The address space overlaps a link prefix of the circuit that connection '%s' "
                "uses.",
                record_text(link, "name"));
    }
}

/* A network that is linked must not grow over the link prefixes of its circuits' peerings. */
static void linked_check(struct call *c, const char *vnet_key, const struct prefix *spaces,
                         size_t n)
{
    struct keys subnets = children_of(c, vnet_key, KIND_SUBNET);
    for (size_t s = 0; s < subnets.n; s++) {
        struct keys users = users_of(c, subnets.keys[s]);
        for (size_t u = 0; u < users.n; u++) gateway_links_check(c, users.keys[u], spaces, n);
    }
}

/* "12076:n" of the network itself brings the region's value with it: Microsoft's regional value
 * less the distance of the two families. */
static void community_check(struct write *w)
{
    enum { DISTANCE = 51000 - 50000 };
    struct call *c = w->c;
    json_t *set = json_object_get(record_props(w->next), "bgpCommunities");
    const char *own_value = json_string_value(json_object_get(set, "virtualNetworkCommunity"));
    const struct catalogue *cat = c->api->catalogue;
    unsigned long n = 0;
    if (!own_value) return;
    if (strncmp(own_value, "12076:", 6) == 0 &&
        strspn(own_value + 6, "0123456789") == strlen(own_value + 6))
        n = strtoul(own_value + 6, NULL, 10);
    if (n == 0 || n > 65535) {
        fault_add(&c->faults, FAULT_InvalidRequestFormat,
                  "/properties/bgpCommunities/virtualNetworkCommunity",
                  "'%s' is no community of a network. Use 12076:n with n from 1 to 65535.",
                  own_value);
        return;
    }
    json_object_del(set, "regionalCommunity");
    for (size_t i = 0; i < cat->communities_n; i++) {
        const struct catalogue_community *k = &cat->communities[i];
        unsigned long regional =
            strncmp(k->value, "12076:51", 8) ? 0 : strtoul(k->value + 6, NULL, 10);
        if (!regional || strcmp(k->region, record_location(w->next)) != 0) continue;
        json_object_set_new(set, "regionalCommunity",
                            json_sprintf("12076:%lu", regional - DISTANCE));
    }
}

void vnet_write(struct write *w)
{
    struct call *c = w->c;
    const struct record_vnet *r = w->record;
    const char *pointer = "/properties/addressSpace/addressPrefixes";
    struct prefix *spaces = arena_take_array(&c->arena, r->prefixes_n + 1, sizeof *spaces);
    if (!spaces) return;
    if (r->prefixes_n == 0)
        fault_add(
            &c->faults, FAULT_InvalidAddressPrefixFormat, pointer,
            "The network has no address space. Give at least one prefix, such as 10.0.0.0/16.");
    if (spaces_check(r->prefixes, r->prefixes_n, pointer, &c->faults, spaces) && w->old)
        linked_check(c, w->old->key, spaces, r->prefixes_n);
    community_check(w);
    guid_once(w);
}

static bool subnet_terms_of(struct call *c, const struct record *subnet, struct subnet_terms *out)
{
    struct problems ps;
    struct faults fs;
    struct record_subnet r;
    const struct prefix everywhere[] = {{addr_v4(0), 0}, {{.family = FAMILY_IPV6}, 0}};
    problems_init(&ps, &c->arena);
    faults_init(&fs, &c->arena);
    record_read(KIND_SUBNET, record_props(subnet), &c->arena, &ps, &r);
    return subnet_check(record_text(subnet, "name"), &r, "", everywhere, 2, NULL, 0, &fs, out);
}

static bool all_inside(const struct subnet_terms *t, const struct prefix *spaces, size_t n)
{
    for (size_t p = 0; p < t->prefixes_n; p++) {
        bool inside = false;
        for (size_t k = 0; k < n; k++)
            inside = inside || prefix_covers(&spaces[k], &t->prefixes[p]);
        if (!inside) return false;
    }
    return true;
}

/* Subnets that the body did not name must still lie inside. */
void vnet_settled(struct write *w)
{
    struct call *c = w->c;
    size_t n;
    struct prefix *spaces = vnet_spaces(c, w->next, &n);
    struct keys subnets = children_of(c, w->next->key, KIND_SUBNET);
    for (size_t i = 0; i < subnets.n; i++) {
        const struct record *s = record_load(c, subnets.keys[i]);
        struct subnet_terms t;
        if (s && subnet_terms_of(c, s, &t) && !all_inside(&t, spaces, n))
            fault_add(&c->faults, FAULT_NetcfgSubnetRangeOutsideVnet,
                      "/properties/addressSpace/addressPrefixes",
                      "Subnet '%s' would lie outside the address space. Delete it first.", t.name);
    }
}

void vnet_render(struct call *c, const struct record *r, json_t *out)
{
    json_t *props = json_object_get(out, "properties");
    json_object_set(props, "resourceGuid", json_object_get(record_internal(r), "guid"));
    json_object_set(props, "subnets", children_render(c, r->key, KIND_SUBNET));
    if (!json_object_get(props, "virtualNetworkPeerings"))
        json_object_set_new(props, "virtualNetworkPeerings", json_array());
    if (!json_object_get(props, "dhcpOptions"))
        json_object_set_new(props, "dhcpOptions", json_pack("{s:[]}", "dnsServers"));
    if (!json_object_get(props, "enableDdosProtection"))
        json_object_set_new(props, "enableDdosProtection", json_false());
}

void vnet_deletable(struct call *c, const struct record *r)
{
    struct keys subnets = children_of(c, r->key, KIND_SUBNET);
    for (size_t i = 0; i < subnets.n; i++) {
        struct keys users = users_of(c, subnets.keys[i]);
        if (users.n > 0)
            fault_add(&c->faults, FAULT_InUseSubnetCannotBeDeleted, "",
                      "Subnet %s is in use by %s and cannot be deleted.", subnets.keys[i],
                      users_text(c, users));
    }
}

void subnet_write(struct write *w)
{
    struct call *c = w->c;
    const struct record_subnet *r = w->record;
    struct keys keys = children_of(c, w->parent->key, KIND_SUBNET);
    struct subnet_terms *others = arena_take_array(&c->arena, keys.n + 1, sizeof *others), terms;
    size_t n = 0, spaces_n;
    struct prefix *spaces = vnet_spaces(c, w->parent, &spaces_n);
    for (size_t i = 0; others && i < keys.n; i++) {
        const struct record *s =
            strcmp(keys.keys[i], w->next->key) ? record_load(c, keys.keys[i]) : NULL;
        if (s && subnet_terms_of(c, s, &others[n])) n++;
    }
    const char *name = record_text(w->next, "name");
    if (!subnet_check(name, r, "/properties", spaces, spaces_n, others, n, &c->faults, &terms))
        return;
    if (w->old && users_of(c, w->old->key).n > 0 && text_same_nocase(name, "GatewaySubnet") &&
        !gateway_subnet_check(name, terms.prefixes, terms.prefixes_n, "/properties", &c->faults))
        return;
}

static void delegation_render(const struct record *subnet, json_t *d)
{
    json_t *props = json_object_get(d, "properties");
    const char *name = json_string_value(json_object_get(d, "name"));
    if (!json_is_object(props)) return;
    json_object_set_new(
        d, "id",
        json_sprintf("%s/delegations/%s", record_text(subnet, "id"), name ? name : "delegation"));
    json_object_set(d, "etag", json_object_get(subnet->json, "etag"));
    json_object_set_new(props, "provisioningState", json_string("Succeeded"));
    if (!json_object_get(props, "actions")) json_object_set_new(props, "actions", json_array());
}

/* What the service adds to endpoints and shows even when there is none. */
void subnet_render(struct call *c, const struct record *r, json_t *out)
{
    json_t *props = json_object_get(out, "properties"), *e;
    struct keys users = users_of(c, r->key);
    size_t i;
    json_array_foreach(json_object_get(props, "serviceEndpoints"), i, e)
    {
        if (!json_is_object(e)) continue;
        json_object_set_new(e, "provisioningState", json_string("Succeeded"));
        if (!json_object_get(e, "locations"))
            json_object_set_new(e, "locations", json_pack("[s]", "*"));
    }
    if (!json_object_get(props, "delegations"))
        json_object_set_new(props, "delegations", json_array());
    json_array_foreach(json_object_get(props, "delegations"), i, e) delegation_render(r, e);
    json_t *configs = json_array();
    for (i = 0; i < users.n; i++) {
        const struct record *u = record_load(c, users.keys[i]);
        if (u)
            json_array_append_new(configs, json_pack("{s:o}", "id",
                                                     json_sprintf("%s/ipConfigurations/default",
                                                                  record_text(u, "id"))));
    }
    if (json_array_size(configs)) json_object_set(props, "ipConfigurations", configs);
    json_decref(configs);
}

/* --- public addresses --- */

void public_ip_write(struct write *w)
{
    const struct record_public_ip *r = w->record;
    json_t *props = record_props(w->next);
    const json_t *sku = json_object_get(w->body, "sku");
    if (*r->allocation && !text_same_nocase(r->allocation, "Static") &&
        !text_same_nocase(r->allocation, "Dynamic"))
        fault_add(&w->c->faults, FAULT_InvalidRequestFormat, "/properties/publicIPAllocationMethod",
                  "The allocation method '%s' is unknown. Use Static or Dynamic.", r->allocation);
    if (!*r->allocation)
        json_object_set_new(props, "publicIPAllocationMethod", json_string("Dynamic"));
    if (!*r->version) json_object_set_new(props, "publicIPAddressVersion", json_string("IPv4"));
    if (!json_object_get(props, "idleTimeoutInMinutes"))
        json_object_set_new(props, "idleTimeoutInMinutes", json_integer(4));
    json_object_set_new(w->next->json, "sku",
                        json_is_object(sku)
                            ? json_deep_copy(sku)
                            : json_pack("{s:s, s:s}", "name", "Basic", "tier", "Regional"));
    const json_t *zones = json_object_get(w->body, "zones");
    if (json_is_array(zones)) json_object_set_new(w->next->json, "zones", json_deep_copy(zones));
    guid_once(w);
}

/* Who uses it, and the name that its label makes. */
void public_ip_render(struct call *c, const struct record *r, json_t *out)
{
    json_t *props = json_object_get(out, "properties");
    json_t *dns = json_object_get(props, "dnsSettings");
    const char *label = json_string_value(json_object_get(dns, "domainNameLabel"));
    struct keys users = users_of(c, r->key);
    const struct record *user = users.n ? record_load(c, users.keys[0]) : NULL;
    if (user)
        json_object_set_new(
            props, "ipConfiguration",
            json_pack("{s:o}", "id",
                      json_sprintf("%s/ipConfigurations/default", record_text(user, "id"))));
    if (!json_object_get(props, "ddosSettings"))
        json_object_set_new(props, "ddosSettings",
                            json_pack("{s:s}", "protectionMode", "VirtualNetworkInherited"));
    if (label)
        json_object_set_new(dns, "fqdn",
                            json_sprintf("%s.%s.fairlead.internal", label, record_location(r)));
    json_object_set(props, "resourceGuid", json_object_get(record_internal(r), "guid"));
}

/* --- gateways --- */

static const char *const config_pointer = "/properties/ipConfigurations/0/properties";

static const char *parent_key(struct call *c, const char *key)
{
    const char *end = strstr(key, "/subnets/");
    char *k = end ? arena_printf(&c->arena, "%.*s", (int)(end - key), key) : NULL;
    return k ? k : "";
}

static void taken_check(struct write *w, const char *key, const char *target, enum fault_code code,
                        const char *what)
{
    struct call *c = w->c;
    struct keys users = users_of(c, key);
    for (size_t i = 0; i < users.n; i++)
        if (strcmp(users.keys[i], w->next->key) != 0)
            fault_add(&c->faults, code, target, "The %s is used by %s already.", what,
                      users_text(c, users));
}

static const char *gateway_subnet(struct write *w, const char *id)
{
    char target[96];
    struct subnet_terms t;
    snprintf(target, sizeof target, "%s/subnet/id", config_pointer);
    const struct record *subnet = reference_of(w->c, id, KIND_SUBNET, ROLES_WRITE, target);
    if (!subnet || !subnet_terms_of(w->c, subnet, &t)) return "";
    if (!gateway_subnet_check(t.name, t.prefixes, t.prefixes_n, target, &w->c->faults)) return "";
    taken_check(w, subnet->key, target, FAULT_VirtualNetworkGatewaySubnetInvalid, "GatewaySubnet");
    return subnet->key;
}

static const char *gateway_address(struct write *w, const char *id)
{
    char target[96];
    snprintf(target, sizeof target, "%s/publicIPAddress/id", config_pointer);
    if (!*id) return "";
    const struct record *ip = reference_of(w->c, id, KIND_PUBLIC_IP, ROLES_WRITE, target);
    if (ip) taken_check(w, ip->key, target, FAULT_PublicIPAddressInUse, "public address");
    return ip ? ip->key : "";
}

static void gateway_create(struct write *w, const char *vnet)
{
    json_t *internal = record_internal(w->next);
    json_object_set_new(internal, "vnet", json_string(vnet));
    json_object_set_new(
        internal, "label",
        json_string(label_take(w->c, "gateway", record_text(w->next, "name"), w->next->key)));
}

void gateway_write(struct write *w)
{
    struct call *c = w->c;
    const struct record_gateway *r = w->record;
    const struct catalogue_gateway *sku;
    json_t *props = record_props(w->next);
    const char *old_sku = w->old ? json_string_value(json_object_get(
                                       json_object_get(record_props(w->old), "sku"), "name"))
                                 : "";
    if (!gateway_check(c->api->catalogue, r, old_sku ? old_sku : "", &c->faults, &sku)) return;
    const char *subnet = gateway_subnet(w, r->configs[0].properties.subnet.id);
    const char *address = gateway_address(w, r->configs[0].properties.address.id);
    if (c->faults.n > 0) return;
    const char *vnet = parent_key(c, subnet);
    if (w->old && strcmp(internal_text(w->old, "vnet"), vnet) != 0) {
        fault_add(&c->faults, FAULT_VirtualNetworkGatewayCannotBeChanged, config_pointer,
                  "A gateway cannot move to another network. Delete and create it anew.");
        return;
    }
    if (!w->old) gateway_create(w, vnet);
    guid_once(w);
    uses_set(c, w->next, (const char *[]){subnet, address}, 2);
    json_object_set_new(props, "gatewayType", json_string("ExpressRoute"));
    json_object_set_new(
        props, "sku",
        json_pack("{s:s, s:s, s:i}", "name", sku->sku, "tier", sku->sku, "capacity", 2));
    if (!json_object_get(props, "vpnType"))
        json_object_set_new(props, "vpnType", json_string("RouteBased"));
}

void gateway_render(struct call *c, const struct record *r, json_t *out)
{
    json_t *props = json_object_get(out, "properties"), *config;
    size_t i;
    static const char *const flags[] = {"enablePrivateIpAddress", "enableBgp", "activeActive",
                                        "allowVirtualWanTraffic", "allowRemoteVnetTraffic"};
    for (i = 0; i < ARRAY_LEN(flags); i++)
        if (!json_object_get(props, flags[i])) json_object_set_new(props, flags[i], json_false());
    const char *size = json_string_value(json_object_get(json_object_get(props, "sku"), "name"));
    if (size && strcmp(size, "ErGwScale") == 0 && !json_object_get(props, "autoScaleConfiguration"))
        json_object_set_new(props, "autoScaleConfiguration",
                            json_pack("{s:{s:i, s:i}}", "bounds", "min", 1, "max", 1));
    json_object_set(props, "resourceGuid", json_object_get(record_internal(r), "guid"));
    json_object_set_new(
        props, "bgpSettings",
        json_pack("{s:i, s:s, s:i}", "asn", ASN_GATEWAY, "bgpPeeringAddress", "", "peerWeight", 0));
    json_array_foreach(json_object_get(props, "ipConfigurations"), i, config)
    {
        const char *name = json_string_value(json_object_get(config, "name"));
        char *id = arena_printf(&c->arena, "%s/ipConfigurations/%s", record_text(r, "id"),
                                name ? name : "default");
        json_object_set_new(config, "id", json_string(id ? id : ""));
        json_object_set(config, "etag", json_object_get(out, "etag"));
        json_t *inner = json_object_get(config, "properties");
        if (inner)
            json_object_set_new(inner, "provisioningState",
                                json_string(props_text(r, "provisioningState")));
    }
}

void gateway_removed(struct call *c, const struct record *r)
{
    label_give(c, "gateway", internal_text(r, "label"));
}

/* --- gateways of hubs --- */

static void only_gateway_check(struct write *w, const char *hub)
{
    struct call *c = w->c;
    struct keys users = users_of(c, hub);
    for (size_t i = 0; i < users.n; i++)
        if (strcmp(users.keys[i], w->next->key) != 0)
            fault_add(&c->faults, FAULT_ExpressRouteGatewayCannotBeChanged,
                      "/properties/virtualHub/id", "The hub has the gateway '%s' already.",
                      users_text(c, users));
}

void hub_gateway_write(struct write *w)
{
    struct call *c = w->c;
    const struct record_hub_gateway *r = w->record;
    json_t *props = record_props(w->next);
    const char *hub = resource_key(r->hub.id, &c->arena);
    if (!hub || !hub_gateway_check(r, &c->faults)) return;
    if (!may(c, ROLES_WRITE, hub)) {
        fault_add(&c->faults, FAULT_LinkedAuthorizationFailed, "/properties/virtualHub/id",
                  "The client has no write access to the hub '%s'.", r->hub.id);
        return;
    }
    if (w->old && strcmp(internal_text(w->old, "vnet"), hub) != 0)
        fault_add(&c->faults, FAULT_ExpressRouteGatewayCannotBeChanged, "/properties/virtualHub/id",
                  "A gateway cannot move to another hub. Delete and create it anew.");
    only_gateway_check(w, hub);
    if (c->faults.n > 0) return;
    if (!w->old) gateway_create(w, hub);
    guid_once(w);
    uses_set(c, w->next, (const char *[]){hub}, 1);
    json_t *scale = json_object_get(props, "autoScaleConfiguration");
    if (json_object_size(json_object_get(scale, "bounds")) == 0)
        json_object_set_new(props, "autoScaleConfiguration",
                            json_pack("{s:{s:i}}", "bounds", "min", 1));
    json_object_set_new(props, "allowNonVirtualWanTraffic", json_boolean(r->others));
}

void hub_gateway_render(struct call *c, const struct record *r, json_t *out)
{
    json_object_set(json_object_get(out, "properties"), "expressRouteConnections",
                    children_render(c, r->key, KIND_HUB_CONNECTION));
}
