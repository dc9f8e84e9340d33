/* api/kinds_link.c - what joins circuits and gateways: connections, and those of a hub's gateway.
 * Kept beside one, out of sight: the tag of its link between edges and gateway, from which the plan
 * derives the link's addresses, and the keys of what it joins. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "api/kinds.h"
#include "base/text.h"

enum { LINK_TAG_FIRST = 1, LINK_TAG_LAST = 4094 };

bool links_overlap(struct call *c, const char *circuit_key, const struct prefix *spaces, size_t n)
{
    char *key = arena_printf(&c->arena, "%s/peerings/azureprivatepeering", circuit_key);
    const struct record *peering = key ? record_load(c, key) : NULL;
    struct peering_terms t;
    if (!peering || !peering_terms_of(c, peering, &t)) return false;
    const struct prefix *links[] = {&t.v4.primary, &t.v4.secondary, &t.v6.primary, &t.v6.secondary};
    for (size_t l = 0; l < ARRAY_LEN(links); l++)
        for (size_t i = 0; i < n; i++)
            if ((l < 2 ? t.v4.on : t.v6.on) && prefix_overlaps(links[l], &spaces[i])) return true;
    return false;
}

const char *guid_once(struct write *w)
{
    json_t *internal = record_internal(w->next);
    if (!json_object_get(internal, "guid"))
        json_object_set_new(internal, "guid", json_string(call_guid(w->c)));
    return internal_text(w->next, "guid");
}

/* --- connections --- */

static void gateway_ready_check(struct call *c, const struct record *gw, const char *target)
{
    if (record_state(gw) != RESOURCE_Succeeded)
        fault_add(&c->faults, FAULT_VirtualNetworkGatewayNotReady, target,
                  "The gateway '%s' is %s. Wait until it is Succeeded.", record_text(gw, "name"),
                  props_text(gw, "provisioningState"));
}

/* --- what may be another customer's --- */

/* All bytes are looked at whether or not one differs: the key is a secret (RB-156). */
static bool same_secret(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    unsigned char differ = n != m;
    for (size_t i = 0; i < n; i++) differ |= (unsigned char)(a[i] ^ b[m ? i % m : 0]);
    return !differ && n > 0;
}

static const struct record *authorization_by_key(struct call *c, const struct shared *s)
{
    const struct record *found = NULL;
    struct keys all = children_of(c, s->key, s->authorization);
    for (size_t i = 0; i < all.n; i++) {
        const struct record *r = record_load(c, all.keys[i]);
        if (r && same_secret(s->secret, internal_text(r, "key"))) found = r;
    }
    return found;
}

/* An unknown thing of somebody else looks just like one without a key. */
struct record *shared_reference(struct write *w, const struct shared *s,
                                const char **out_authorization)
{
    struct call *c = w->c;
    struct record *thing = s->key ? record_load(c, s->key) : NULL;
    bool ours = s->key && may(c, ROLES_WRITE, s->key);
    *out_authorization = "";
    if (!s->key || (ours && !thing)) return reference(c, s->id, s->kind, s->target);
    if (!ours && (!thing || !*s->secret)) {
        fault_add(&c->faults, FAULT_LinkedAuthorizationFailed, s->target,
                  "The client has no access to '%s'. Give the authorizationKey that its owner made "
                  "for you.",
                  s->id);
        return NULL;
    }
    if (!*s->secret) return thing;
    const struct record *a = authorization_by_key(c, s);
    if (!a || record_state(a) == RESOURCE_Deleting) {
        fault_add(&c->faults, FAULT_ExpressRouteAuthorizationInvalid,
                  "/properties/authorizationKey",
                  "The authorization key is unknown there. Ask the owner for another.");
        return NULL;
    }
    struct keys users = users_of(c, a->key);
    if (users.n > 0 && strcmp(users.keys[0], w->next->key) != 0)
        fault_add(
            &c->faults, FAULT_ExpressRouteAuthorizationInUse, "/properties/authorizationKey",
            "The authorization key is spent: it serves one connection. Ask its owner for another.");
    *out_authorization = a->key;
    return thing;
}

/* --- what a circuit and a gateway must be --- */

void circuit_ready_check(struct call *c, const struct record *circuit, const char *target)
{
    char *key = arena_printf(&c->arena, "%s/peerings/azureprivatepeering", circuit->key);
    if (!circuit_provisioned(circuit))
        fault_add(&c->faults, FAULT_ExpressRouteCircuitNotProvisioned, target,
                  "The circuit '%s' is %s by its provider. It must be Provisioned first.",
                  record_text(circuit, "name"),
                  props_text(circuit, "serviceProviderProvisioningState"));
    else if (!key || !record_load(c, key))
        fault_add(&c->faults, FAULT_ExpressRouteCircuitPeeringNotConfigured, target,
                  "The circuit '%s' has no private peering. Configure it first.",
                  record_text(circuit, "name"));
}

void circuit_limit_check(struct call *c, const struct record *circuit, const char *target)
{
    struct circuit_terms t = circuit_terms_of(circuit);
    size_t links = users_of(c, circuit->key).n;
    uint32_t most =
        catalogue_links(&c->api->catalogue->limits, t.tier == TIER_Premium, (uint32_t)t.mbps);
    if (links >= most)
        fault_add(
            &c->faults, FAULT_ExpressRouteCircuitLinkLimitReached, target,
            "The circuit '%s' has %zu links, the most for %s at %llu Mbps. Use Premium or another "
            "circuit.",
            record_text(circuit, "name"), links, circuit_tier_name(t.tier),
            (unsigned long long)t.mbps);
}

static void gateway_limit_check(struct write *w, const struct record *gw,
                                const struct catalogue_gateway *sku, const struct record *circuit)
{
    struct call *c = w->c;
    struct keys links = users_of(c, gw->key);
    const char *location = circuit_terms_of(circuit).location;
    size_t same_place = 0;
    for (size_t i = 0; i < links.n; i++) {
        const struct record *l = record_load(c, links.keys[i]);
        const struct record *other = l ? record_load(c, internal_text(l, "circuit")) : NULL;
        if (!other) continue;
        same_place += strcmp(circuit_terms_of(other).location, location) == 0;
        if (strcmp(other->key, circuit->key) == 0)
            fault_add(&c->faults, FAULT_ExpressRouteCircuitAlreadyConnected, "/properties/peer/id",
                      "Connection '%s' joins this circuit and gateway already.",
                      record_text(l, "name"));
    }
    if ((sku && links.n >= sku->max_circuits) ||
        same_place >= c->api->catalogue->limits.circuits_same_location)
        fault_add(
            &c->faults, FAULT_ExpressRouteCircuitLinkLimitReached,
            "/properties/virtualNetworkGateway1/id",
            "The gateway '%s' has %zu circuits, %zu of them at %s. A gateway of its size takes "
            "%u, and %u of one location.",
            record_text(gw, "name"), links.n, same_place, location, sku ? sku->max_circuits : 0,
            c->api->catalogue->limits.circuits_same_location);
}

static void space_check(struct write *w, const struct record *gw, const struct record *circuit)
{
    struct call *c = w->c;
    const struct record *vnet = record_load(c, internal_text(gw, "vnet"));
    uint32_t most = c->api->catalogue->limits.spaces_at_link;
    size_t n = 0;
    struct prefix *spaces = vnet ? vnet_spaces(c, vnet, &n) : NULL;
    if (n > most)
        fault_add(&c->faults, FAULT_VirtualNetworkAddressSpaceLimitReached,
                  "/properties/virtualNetworkGateway1/id",
                  "The network has %zu address prefixes. At most %u when it is linked.", n, most);
    if (links_overlap(c, circuit->key, spaces, n))
        fault_add(
            &c->faults, FAULT_ExpressRoutePeeringPrefixOverlap, "/properties/peer/id",
            "The network's address space overlaps a link prefix of the circuit's private peering.");
}

/* --- tags --- */

unsigned link_tag_take(struct call *c, const char *owner)
{
    unsigned tag = pool_take(c, "link", LINK_TAG_FIRST, LINK_TAG_LAST, owner);
    if (!tag)
        fault_add(&c->faults, FAULT_ServiceUnavailable, "",
                  "No tag is left for another link of the edges.");
    return tag;
}

void link_tag_give(struct call *c, const struct record *r)
{
    pool_give(c, "link", (unsigned)json_integer_value(json_object_get(record_internal(r), "tag")));
}

/* --- making one --- */

struct joint { /* what a connection joins */
    struct record *gateway, *circuit;
    const struct catalogue_gateway *size; /* NULL: a hub's */
    const char *gateway_target, *circuit_target, *authorization;
};

static void link_new(struct write *w, const struct joint *j)
{
    struct call *c = w->c;
    gateway_ready_check(c, j->gateway, j->gateway_target);
    circuit_ready_check(c, j->circuit, j->circuit_target);
    circuit_limit_check(c, j->circuit, j->circuit_target);
    gateway_limit_check(w, j->gateway, j->size, j->circuit);
    space_check(w, j->gateway, j->circuit);
    struct circuit_terms terms = circuit_terms_of(j->circuit);
    if (!region_check(c->api->catalogue, &terms, record_location(j->gateway), j->circuit_target,
                      &c->faults) ||
        c->faults.n > 0)
        return;
    json_t *internal = record_internal(w->next);
    unsigned tag = link_tag_take(c, w->next->key);
    if (!tag) return;
    json_object_set_new(internal, "tag", json_integer(tag));
    json_object_set_new(internal, "gateway", json_string(j->gateway->key));
    json_object_set_new(internal, "circuit", json_string(j->circuit->key));
    json_object_set_new(
        internal, "label",
        json_string(label_take(c, "connection", record_text(w->next, "name"), w->next->key)));
}

static void link_write(struct write *w, const struct joint *j)
{
    struct call *c = w->c;
    if (w->old && (strcmp(internal_text(w->old, "gateway"), j->gateway->key) != 0 ||
                   strcmp(internal_text(w->old, "circuit"), j->circuit->key) != 0)) {
        fault_add(&c->faults, FAULT_ConnectionCannotBeChanged, j->circuit_target,
                  "What a connection joins is fixed. Delete it and create another.");
        return;
    }
    if (!w->old) link_new(w, j);
    if (c->faults.n > 0) return;
    guid_once(w);
    uses_set(c, w->next, (const char *[]){j->gateway->key, j->circuit->key, j->authorization}, 3);
}

void connection_write(struct write *w)
{
    struct call *c = w->c;
    const struct record_connection *r = w->record;
    struct shared circuit = {KIND_CIRCUIT,
                             KIND_AUTHORIZATION,
                             r->peer.id,
                             reference_key(c, r->peer.id, KIND_CIRCUIT),
                             "/properties/peer/id",
                             internal_text(w->next, "authorizationKey")};
    struct joint j = {.gateway_target = "/properties/virtualNetworkGateway1/id",
                      .circuit_target = circuit.target};
    if (!text_same_nocase(r->type, "ExpressRoute")) { /* then nothing else in it is as expected */
        if (connection_check(c->api->catalogue, r, NULL, &c->faults)) assert(false);
        return;
    }
    j.gateway = reference_of(c, r->gateway.id, KIND_GATEWAY, ROLES_WRITE, j.gateway_target);
    j.circuit = shared_reference(w, &circuit, &j.authorization);
    const json_t *size = j.gateway ? json_object_get(record_props(j.gateway), "sku") : NULL;
    const char *size_name = json_string_value(json_object_get(size, "name"));
    if (size_name) j.size = catalogue_gateway(c->api->catalogue, size_name);
    bool fine = connection_check(c->api->catalogue, r, j.size, &c->faults);
    if (!j.gateway || !j.circuit || !fine || c->faults.n > 0) return;
    link_write(w, &j);
    if (c->faults.n > 0) return;
    json_t *props = record_props(w->next);
    json_object_set_new(props, "connectionType", json_string("ExpressRoute"));
    json_object_set_new(props, "routingWeight", json_integer((json_int_t)r->weight));
    json_object_set_new(props, "enableBgp", json_boolean(r->bgp));
    json_object_set_new(props, "expressRouteGatewayBypass", json_boolean(r->bypass));
}

void hub_connection_write(struct write *w)
{
    struct call *c = w->c;
    const struct record_hub_connection *r = w->record;
    const char *peering = reference_key(c, r->peering.id, KIND_PEERING);
    struct shared circuit = {KIND_CIRCUIT,
                             KIND_AUTHORIZATION,
                             r->peering.id,
                             peering ? circuit_key_of(c, peering) : NULL,
                             "/properties/expressRouteCircuitPeering/id",
                             internal_text(w->next, "authorizationKey")};
    struct joint j = {.gateway = w->parent, .gateway_target = "", .circuit_target = circuit.target};
    if (r->weight > c->api->catalogue->limits.weight_max)
        fault_add(&c->faults, FAULT_ConnectionRoutingWeightInvalid, "/properties/routingWeight",
                  "The routing weight %llu is out of range. Use 0 to %u.",
                  (unsigned long long)r->weight, c->api->catalogue->limits.weight_max);
    if (peering && !strstr(peering, "/peerings/azureprivatepeering"))
        fault_add(&c->faults, FAULT_ExpressRoutePeeringTypeInvalid, circuit.target,
                  "A hub is connected to the private peering. Name AzurePrivatePeering.");
    j.circuit = shared_reference(w, &circuit, &j.authorization);
    if (!j.circuit || c->faults.n > 0) return;
    link_write(w, &j);
    if (c->faults.n > 0) return;
    json_t *props = record_props(w->next);
    json_object_set_new(props, "routingWeight", json_integer((json_int_t)r->weight));
    json_object_set_new(props, "enableInternetSecurity", json_boolean(r->internet));
    json_object_set_new(props, "expressRouteGatewayBypass", json_boolean(r->bypass));
    json_object_set_new(props, "enablePrivateLinkFastPath", json_boolean(r->private_link));
}

/* --- showing and ending --- */

/* The hub's default table, as the service fills in what nobody chose. */
static json_t *usual_routing(const struct record *gateway)
{
    const json_t *hub = json_object_get(record_props(gateway), "virtualHub");
    const char *id = json_string_value(json_object_get(hub, "id"));
    json_t *table = json_sprintf("%s/hubRouteTables/defaultRouteTable", id ? id : "");
    return json_pack("{s:{s:o}, s:{s:[s], s:[{s:O}]}, s:{s:[]}}", "associatedRouteTable", "id",
                     table, "propagatedRouteTables", "labels", "default", "ids", "id", table,
                     "vnetRoutes", "staticRoutes");
}

void hub_connection_render(struct call *c, const struct record *r, json_t *out)
{
    json_t *props = json_object_get(out, "properties");
    const struct record *gateway = record_load(c, internal_text(r, "gateway"));
    if (gateway && !json_object_get(props, "routingConfiguration"))
        json_object_set_new(props, "routingConfiguration", usual_routing(gateway));
}

void connection_render(struct call *c, const struct record *r, json_t *out)
{
    json_t *props = json_object_get(out, "properties");
    json_int_t in, sent;
    const char *status =
        live_connection_status(c, internal_text(r, "label"), "connection", &in, &sent);
    json_t *gateway = json_object_get(props, "virtualNetworkGateway1");
    if (gateway) json_object_set_new(gateway, "properties", json_object());
    json_object_set_new(props, "connectionStatus", json_string(status));
    json_object_set_new(props, "ingressBytesTransferred", json_integer(in));
    json_object_set_new(props, "egressBytesTransferred", json_integer(sent));
    json_object_set(props, "resourceGuid", json_object_get(record_internal(r), "guid"));
}

void connection_removed(struct call *c, const struct record *r)
{
    link_tag_give(c, r);
    label_give(c, "connection", internal_text(r, "label"));
}

/* Between request and end the provider may have taken the circuit down. */
void connection_finish(struct call *c, struct record *r)
{
    const struct record *circuit = record_load(c, internal_text(r, "circuit"));
    if (!circuit || !circuit_provisioned(circuit))
        fault_add(&c->faults, FAULT_ExpressRouteCircuitNotProvisioned, "/properties/peer/id",
                  "The circuit was deprovisioned while the connection was being made.");
}
