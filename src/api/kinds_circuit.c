/* api/kinds_circuit.c - circuits, their authorizations, and the provider's side of them. Kept
 * beside a circuit, out of sight: its S-tag (a number per peering location, so per edge pair), a
 * label that names it to edges, and the key of its cross-connection, which appears and vanishes
 * with it. The provider's state lives in the circuit; the cross-connection shows it. */
#include <stdio.h>
#include <string.h>
#include "api/kinds.h"
#include "base/text.h"

enum { STAG_FIRST = 2, STAG_LAST = 4094, NOTES_MAX = 4096 };

/* --- circuit --- */

static const json_t *provider_block(const struct record *circuit)
{
    return json_object_get(record_props(circuit), "serviceProviderProperties");
}

static const char *member(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

struct circuit_terms circuit_terms_of(const struct record *circuit)
{
    const json_t *sku = json_object_get(circuit->json, "sku"), *p = provider_block(circuit);
    const json_t *gbps = json_object_get(record_props(circuit), "bandwidthInGbps");
    bool port = circuit_on_port(circuit);
    struct circuit_terms t = {
        .tier = TIER_Standard,
        .family = FAMILY_MeteredData,
        .provider = port ? "" : member(p, "serviceProviderName"),
        .location = port ? internal_text(circuit, "location") : member(p, "peeringLocation"),
        .mbps = port ? (uint64_t)(json_number_value(gbps) * 1000 + 0.5)
                     : (uint64_t)json_integer_value(json_object_get(p, "bandwidthInMbps"))};
    for (int i = TIER_Basic; i <= TIER_Premium; i++)
        if (strcmp(circuit_tier_name((enum circuit_tier)i), member(sku, "tier")) == 0)
            t.tier = (enum circuit_tier)i;
    if (strcmp(member(sku, "family"), circuit_family_name(FAMILY_UnlimitedData)) == 0)
        t.family = FAMILY_UnlimitedData;
    return t;
}

bool circuit_on_port(const struct record *circuit) { return *internal_text(circuit, "port"); }

bool circuit_provisioned(const struct record *circuit)
{
    return strcmp(props_text(circuit, "serviceProviderProvisioningState"), "Provisioned") == 0;
}

/* What the body leaves out of an existing circuit stays: stock clients drop the provider block from
 * every update, and put a new bandwidth in Gbps in its place. */
static void keep_provider(const struct write *w, struct record_circuit *r)
{
    struct circuit_terms old;
    const json_t *given = json_object_get(w->props, "serviceProviderProperties");
    bool says_provider = given && !json_is_null(given);
    if (!w->old || says_provider || *r->port.id) return;
    old = circuit_terms_of(w->old);
    if (circuit_on_port(w->old)) {
        const json_t *port = json_object_get(record_props(w->old), "expressRoutePort");
        r->port.id = member(port, "id");
        if (!r->gbps_as_mbps) r->gbps_as_mbps = old.mbps;
        return;
    }
    r->provider.name = old.provider;
    r->provider.location = old.location;
    r->provider.mbps = r->gbps_as_mbps ? r->gbps_as_mbps : old.mbps;
}

static void store_bandwidth(json_t *props, const struct circuit_terms *t, const struct record *port)
{
    if (!port) {
        json_object_set_new(props, "serviceProviderProperties",
                            json_pack("{s:s, s:s, s:I}", "serviceProviderName", t->provider,
                                      "peeringLocation", t->location, "bandwidthInMbps",
                                      (json_int_t)t->mbps));
        json_object_del(props, "bandwidthInGbps");
        json_object_del(props, "expressRoutePort");
        return;
    }
    json_object_del(props, "serviceProviderProperties");
    json_object_set_new(props, "expressRoutePort",
                        json_pack("{s:s}", "id", record_text(port, "id")));
    json_object_set_new(props, "bandwidthInGbps",
                        t->mbps % 1000 ? json_real((double)t->mbps / 1000)
                                       : json_integer((json_int_t)(t->mbps / 1000)));
}

static void circuit_store(const struct write *w, const struct circuit_terms *t,
                          const struct record *port)
{
    struct record *n = w->next;
    json_t *props = record_props(n);
    const char *tier = circuit_tier_name(t->tier), *family = circuit_family_name(t->family);
    char name[64];
    snprintf(name, sizeof name, "%s_%s", tier, family);
    json_object_set_new(n->json, "sku",
                        json_pack("{s:s, s:s, s:s}", "name", name, "tier", tier, "family", family));
    store_bandwidth(props, t, port);
    static const char *const flags[] = {"allowClassicOperations", "globalReachEnabled",
                                        "enableDirectPortRateLimit"};
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        if (!json_object_get(props, flags[i])) json_object_set_new(props, flags[i], json_false());
}

/* The provider subscription in which a provider's circuits appear: its own, or one for all. */
static const struct api_subscription *provider_side(const struct call *c, const char *provider)
{
    const struct api_subscription *common = NULL;
    for (size_t i = 0; i < c->api->world.subscriptions_n; i++) {
        const struct api_subscription *s = &c->api->world.subscriptions[i];
        if (s->kind == API_CUSTOMER) continue;
        if (s->provider && *s->provider && text_same_nocase(s->provider, provider)) return s;
        if (!common && (!s->provider || !*s->provider)) common = s;
    }
    return common;
}

static void cross_create(struct call *c, struct record *circuit, const struct circuit_terms *t,
                         const char *service_key)
{
    const struct api_subscription *side = provider_side(c, t->provider);
    if (!side) return;
    char *group = arena_printf(&c->arena, "CrossConnection-%s", without_spaces(c, t->location));
    char *id =
        arena_printf(&c->arena, "/subscriptions/%s/resourceGroups/%s/providers/%s/%s", side->id,
                     group ? group : "", resource_type(KIND_CROSS_CONNECTION)->full, service_key);
    const char *key = id ? resource_key(id, &c->arena) : NULL;
    if (!group || !key) return;
    group_ensure(c, side->id, group, record_location(circuit));
    struct record *cross = record_new(c, key, KIND_CROSS_CONNECTION, id, service_key);
    json_object_set_new(cross->json, "location", json_string(record_location(circuit)));
    json_object_set_new(cross->json, "etag", json_string(call_etag(c)));
    json_object_set_new(record_internal(cross), "circuit", json_string(circuit->key));
    record_state_set(cross, RESOURCE_Succeeded);
    record_save(c, cross);
    json_object_set_new(record_internal(circuit), "cross", json_string(key));
}

static const char *stag_pool(struct call *c, const char *location)
{
    const char *place = location_key(location, &c->arena);
    const char *pool = arena_printf(&c->arena, "stag/%s", place ? place : "");
    return pool ? pool : "stag";
}

/* A service key is made once and never again, so its mark stays when the circuit is gone. */
static const char *service_key_new(struct call *c, const char *owner)
{
    const char *key = call_guid(c);
    char *mark = arena_printf(&c->arena, "servicekey/%s", key);
    if (mark) put_json(c, mark, own(c, json_pack("{s:s}", "circuit", owner)), STORE_ABSENT);
    return key;
}

/* Circuits of one subscription, for its quota: "quota/SUBSCRIPTION/REGION<key>". region NULL: what
 * those of all regions begin with; whole false: those of one region. */
static const char *quota_key(struct call *c, const char *region, const struct record *circuit,
                             bool whole)
{
    const char *subscription = circuit->key + strlen("/subscriptions/");
    const char *k =
        arena_printf(&c->arena, "quota/%.*s/%s%s%s", (int)strcspn(subscription, "/"), subscription,
                     region ? region : "", region ? "/" : "", whole ? circuit->key : "");
    return k ? k : "quota";
}

static void quota_check_one(struct call *c, const char *region, const struct record *circuit,
                            unsigned most)
{
    size_t n = most ? keys_under(c, quota_key(c, region, circuit, false)).n : 0;
    if (!most || n < most) return;
    fault_add(
        &c->faults, FAULT_ExpressRouteCircuitQuotaReached, "",
        "The subscription has %zu circuits%s%s and a quota of %u. Delete one or have the quota "
        "raised.",
        n, region ? " in " : "", region ? region : "", most);
}

static void quota_check(struct call *c, const struct record *circuit)
{
    const struct api_quota *q = &c->api->world.quota;
    quota_check_one(c, NULL, circuit, q->circuits);
    quota_check_one(c, record_location(circuit), circuit, q->circuits_per_region);
}

/* On ports with one tag only the customer's tag tells circuits apart. */
static bool stag_take(const struct write *w, const struct circuit_terms *t,
                      const struct record *port)
{
    struct call *c = w->c;
    unsigned stag = 0;
    if (!port || strcmp(props_text(port, "encapsulation"), "Dot1Q") != 0) {
        stag = pool_take(c, stag_pool(c, t->location), STAG_FIRST, STAG_LAST, w->next->key);
        if (!stag) return false;
    }
    json_object_set_new(record_internal(w->next), "stag", json_integer(stag));
    return true;
}

static void circuit_create(const struct write *w, const struct circuit_terms *t,
                           const struct record *port)
{
    struct call *c = w->c;
    json_t *internal = record_internal(w->next), *props = record_props(w->next);
    quota_check(c, w->next);
    const char *service_key = service_key_new(c, w->next->key);
    if (!stag_take(w, t, port)) {
        fault_add(&c->faults, FAULT_ServiceUnavailable,
                  "/properties/serviceProviderProperties/peeringLocation",
                  "No S-tag is left at '%s'. Use another peering location.", t->location);
        return;
    }
    json_object_set_new(internal, "guid", json_string(call_guid(c)));
    json_object_set_new(
        internal, "label",
        json_string(label_take(c, "circuit", record_text(w->next, "name"), w->next->key)));
    json_object_set_new(props, "serviceKey", json_string(service_key));
    json_object_set_new(
        props, "serviceProviderProvisioningState",
        json_string(provider_state_name(port ? PROVIDER_Provisioned : PROVIDER_NotProvisioned)));
    put_text(c, quota_key(c, record_location(w->next), w->next, true), "{}", STORE_ANY);
    if (!port) {
        cross_create(c, w->next, t, service_key);
        return;
    }
    json_object_set_new(internal, "port", json_string(port->key));
    json_object_set_new(internal, "location", json_string(t->location));
}

static void fixed_carrier_check(const struct write *w, const struct record *port)
{
    if (w->old && strcmp(internal_text(w->old, "port"), port ? port->key : "") != 0)
        fault_add(&w->c->faults, FAULT_ExpressRouteServiceProviderCannotBeChanged,
                  "/properties/expressRoutePort/id",
                  "A circuit stays at its provider, or on its ports. Create a new circuit and move "
                  "to it.");
}

/* Would a link be out of reach of the new terms? */
static void links_reach_check(const struct write *w, const struct circuit_terms *terms)
{
    struct call *c = w->c;
    struct keys users = users_of(c, w->old->key);
    for (size_t i = 0; i < users.n; i++) {
        const struct record *u = record_load(c, users.keys[i]);
        const struct record *gw = u ? record_load(c, internal_text(u, "gateway")) : NULL;
        if (gw &&
            !region_check(c->api->catalogue, terms, record_location(gw), "/sku/tier", &c->faults))
            return;
        if (u && u->kind == KIND_REACH && !reach_stays(c, u, w->old, terms)) return;
    }
}

void circuit_write(struct write *w)
{
    struct call *c = w->c;
    struct record_circuit r = *(const struct record_circuit *)w->record;
    struct circuit_terms old, terms;
    struct circuit_port port;
    const struct record *carrier = NULL;
    const char *authorization = "";
    keep_provider(w, &r);
    if (*r.port.id) {
        carrier = port_of_circuit(w, r.port.id, &port, &authorization);
        if (!carrier) return;
    }
    fixed_carrier_check(w, carrier);
    if (w->old) old = circuit_terms_of(w->old);
    size_t links = w->old ? users_of(c, w->old->key).n : 0;
    if (!circuit_check(c->api->catalogue, &w->head.sku, &r, carrier ? &port : NULL,
                       w->old ? &old : NULL, links, &c->faults, &terms))
        return;
    if (w->old && terms.tier != old.tier) links_reach_check(w, &terms);
    if (c->faults.n > 0) return;
    circuit_store(w, &terms, carrier);
    if (carrier) uses_set(c, w->next, (const char *[]){carrier->key, authorization}, 2);
    if (!w->old) {
        circuit_create(w, &terms, carrier);
        return;
    }
    static const char *const ours[] = {"serviceKey", "serviceProviderProvisioningState"};
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        json_object_set_new(record_props(w->next), ours[i],
                            json_string(props_text(w->old, ours[i])));
}

void circuit_render(struct call *c, const struct record *r, json_t *out)
{
    json_t *props = json_object_get(out, "properties"), *internal = record_internal(r);
    bool updating = record_state(r) == RESOURCE_Updating;
    json_object_set(props, "stag", json_object_get(internal, "stag"));
    json_object_set(props, "resourceGuid", json_object_get(internal, "guid"));
    if (*internal_text(r, "authorizationKey"))
        json_object_set_new(props, "authorizationStatus", json_string("Valid"));
    json_object_set_new(props, "gatewayManagerEtag", json_string(""));
    json_object_set_new(props, "circuitProvisioningState",
                        json_string(updating ? "Disabled" : "Enabled"));
    json_object_set(props, "peerings", children_render(c, r->key, KIND_PEERING));
    json_object_set(props, "authorizations", children_render(c, r->key, KIND_AUTHORIZATION));
}

void circuit_deletable(struct call *c, const struct record *r)
{
    const char *state = props_text(r, "serviceProviderProvisioningState");
    if (!circuit_on_port(r) && strcmp(state, provider_state_name(PROVIDER_NotProvisioned)) != 0)
        fault_add(
            &c->faults, FAULT_ExpressRouteCircuitProvisionedCannotBeDeleted, "",
            "The circuit '%s' is %s by its provider and cannot be deleted. Ask the provider to "
            "deprovision it first.",
            record_text(r, "name"), state);
}

void circuit_removed(struct call *c, const struct record *r)
{
    const struct record *cross = record_load(c, internal_text(r, "cross"));
    struct circuit_terms t = circuit_terms_of(r);
    pool_give(c, stag_pool(c, t.location),
              (unsigned)json_integer_value(json_object_get(record_internal(r), "stag")));
    label_give(c, "circuit", internal_text(r, "label"));
    remove_key(c, quota_key(c, record_location(r), r, true));
    if (cross) record_remove(c, cross);
}

/* --- authorizations --- */

void authorization_write(struct write *w)
{
    json_t *internal = record_internal(w->next);
    if (!json_object_get(internal, "key"))
        json_object_set_new(internal, "key", json_string(call_guid(w->c)));
}

/* The key is shown to whoever may write to the circuit, and to nobody else (RB-157). */
void authorization_render(struct call *c, const struct record *r, json_t *out)
{
    json_t *props = json_object_get(out, "properties");
    if (may(c, ROLES_WRITE, r->key))
        json_object_set_new(props, "authorizationKey", json_string(internal_text(r, "key")));
    struct keys users = users_of(c, r->key);
    json_object_set_new(props, "authorizationUseStatus",
                        json_string(users.n ? "InUse" : "Available"));
    json_object_set_new(
        props, r->kind == KIND_AUTHORIZATION ? "connectionResourceUri" : "circuitResourceUri",
        json_string(users_text(c, users)));
}

void authorization_removed(struct call *c, const struct record *r)
{
    struct keys users = users_of(c, r->key); /* revoking it takes away what was made with it */
    for (size_t i = 0; i < users.n; i++) {
        const struct record *u = record_load(c, users.keys[i]);
        if (u) resource_destroy(c, u);
    }
}

/* --- the provider's side --- */

static struct record *circuit_of(struct call *c, const struct record *cross)
{
    return record_load(c, internal_text(cross, "circuit"));
}

static void cross_move(const struct write *w, struct record *circuit, const char *wanted)
{
    struct call *c = w->c;
    enum provider_state from = PROVIDER_NotProvisioned, to;
    const char *now = props_text(circuit, "serviceProviderProvisioningState");
    const char *target = "/properties/serviceProviderProvisioningState";
    if (!*wanted) return;
    if (!provider_state_parse(wanted, &to) || !provider_state_parse(now, &from)) {
        fault_add(&c->faults, FAULT_InvalidRequestFormat, target,
                  "The state '%s' is unknown. Use NotProvisioned, Provisioning, Provisioned or "
                  "Deprovisioning.",
                  wanted);
        return;
    }
    switch (provider_state_move(from, to)) {
    case MOVE_SAME:
        return;
    case MOVE_REFUSED:
        fault_add(&c->faults, FAULT_ExpressRouteCrossConnectionStateInvalid, target,
                  "A circuit cannot go from %s to %s.", now, wanted);
        return;
    case MOVE_DONE:
        json_object_set_new(record_props(circuit), "serviceProviderProvisioningState",
                            json_string(provider_state_name(to)));
        json_object_set_new(circuit->json, "etag", json_string(call_etag(c)));
        record_save(c, circuit);
        return;
    }
}

void cross_write(struct write *w)
{
    struct call *c = w->c;
    const struct record_cross_connection *r = w->record;
    struct record *circuit = w->old ? circuit_of(c, w->old) : NULL;
    if (!circuit) return;
    const char *named = reference_key(c, r->circuit.id, KIND_CIRCUIT);
    if (!named || strcmp(named, circuit->key) != 0)
        fault_add(
            &c->faults, FAULT_ExpressRouteCircuitReferenceInCrossConnectionCannotBeModified,
            "/properties/expressRouteCircuit/id",
            "The circuit of a cross-connection is fixed. Repeat '%s' as expressRouteCircuit.id.",
            record_text(circuit, "id"));
    if (strlen(r->notes) > NOTES_MAX)
        fault_add(&c->faults, FAULT_InvalidRequestFormat, "/properties/serviceProviderNotes",
                  "The notes are longer than %d bytes.", NOTES_MAX);
    cross_move(w, circuit, r->state);
    json_t *props = record_props(w->next);
    json_object_del(props, "serviceProviderProvisioningState");
    json_object_del(props, "expressRouteCircuit");
}

static json_t *child_views(struct call *c, const struct record *cross)
{
    return children_render(c, cross->key, KIND_CROSS_PEERING);
}

void cross_render(struct call *c, const struct record *r, json_t *out)
{
    json_t *props = json_object_get(out, "properties");
    const struct record *circuit = circuit_of(c, r);
    if (!circuit) return;
    struct circuit_terms t = circuit_terms_of(circuit);
    json_object_set_new(props, "expressRouteCircuit",
                        json_pack("{s:s}", "id", record_text(circuit, "id")));
    json_object_set_new(props, "peeringLocation", json_string(t.location));
    json_object_set_new(props, "bandwidthInMbps", json_integer((json_int_t)t.mbps));
    json_object_set_new(props, "primaryAzurePort", port_name(c, t.location, "PRI"));
    json_object_set_new(props, "secondaryAzurePort", port_name(c, t.location, "SEC"));
    json_object_set(props, "sTag", json_object_get(record_internal(circuit), "stag"));
    json_object_set_new(props, "serviceProviderProvisioningState",
                        json_string(props_text(circuit, "serviceProviderProvisioningState")));
    json_object_set(props, "peerings", child_views(c, r));
}
