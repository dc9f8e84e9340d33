/* api/kinds_circuit.c - circuits, their authorizations and peerings, and the provider's side of
 * them. Kept beside a circuit, out of sight: its S-tag (a number per peering location, so per edge
 * pair), a label that names it to edges, and the key of its cross-connection, which appears and
 * vanishes with it. The provider's state lives in the circuit; the cross-connection shows it. */
#include <stdio.h>
#include <string.h>
#include "api/kinds.h"
#include "base/text.h"
#include "net/asn.h"

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
    struct circuit_terms t = {TIER_Standard, FAMILY_MeteredData, member(p, "serviceProviderName"),
                              member(p, "peeringLocation"),
                              (uint64_t)json_integer_value(json_object_get(p, "bandwidthInMbps"))};
    for (int i = TIER_Basic; i <= TIER_Premium; i++)
        if (strcmp(circuit_tier_name((enum circuit_tier)i), member(sku, "tier")) == 0)
            t.tier = (enum circuit_tier)i;
    if (strcmp(member(sku, "family"), circuit_family_name(FAMILY_UnlimitedData)) == 0)
        t.family = FAMILY_UnlimitedData;
    return t;
}

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
    if (!w->old || (given && !json_is_null(given)) || *r->port.id) return;
    old = circuit_terms_of(w->old);
    r->provider.name = old.provider;
    r->provider.location = old.location;
    r->provider.mbps = r->gbps_as_mbps ? r->gbps_as_mbps : old.mbps;
}

static void circuit_store(const struct write *w, const struct circuit_terms *t)
{
    struct record *n = w->next;
    json_t *props = record_props(n);
    const char *tier = circuit_tier_name(t->tier), *family = circuit_family_name(t->family);
    char name[64];
    snprintf(name, sizeof name, "%s_%s", tier, family);
    json_object_set_new(n->json, "sku",
                        json_pack("{s:s, s:s, s:s}", "name", name, "tier", tier, "family", family));
    json_object_set_new(props, "serviceProviderProperties",
                        json_pack("{s:s, s:s, s:I}", "serviceProviderName", t->provider,
                                  "peeringLocation", t->location, "bandwidthInMbps",
                                  (json_int_t)t->mbps));
    json_object_del(props, "bandwidthInGbps");
    json_object_del(props, "expressRoutePort");
    static const char *const flags[] = {"allowClassicOperations", "globalReachEnabled"};
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

static const char *without_spaces(struct call *c, const char *s)
{
    char *copy = arena_text(&c->arena, s), *to = copy;
    for (const char *from = copy; from && *from; from++)
        if (*from != ' ') *to++ = *from;
    if (to) *to = '\0';
    return copy ? copy : "";
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

static void circuit_create(const struct write *w, const struct circuit_terms *t)
{
    struct call *c = w->c;
    json_t *internal = record_internal(w->next), *props = record_props(w->next);
    const char *service_key = service_key_new(c, w->next->key);
    unsigned stag = pool_take(c, stag_pool(c, t->location), STAG_FIRST, STAG_LAST, w->next->key);
    if (!stag) {
        fault_add(&c->faults, FAULT_ServiceUnavailable,
                  "/properties/serviceProviderProperties/peeringLocation",
                  "No S-tag is left at '%s'. Use another peering location.", t->location);
        return;
    }
    json_object_set_new(internal, "stag", json_integer(stag));
    json_object_set_new(internal, "guid", json_string(call_guid(c)));
    json_object_set_new(
        internal, "label",
        json_string(label_take(c, "circuit", record_text(w->next, "name"), w->next->key)));
    json_object_set_new(props, "serviceKey", json_string(service_key));
    json_object_set_new(props, "serviceProviderProvisioningState",
                        json_string(provider_state_name(PROVIDER_NotProvisioned)));
    cross_create(c, w->next, t, service_key);
}

void circuit_write(struct write *w)
{
    struct call *c = w->c;
    struct record_circuit r = *(const struct record_circuit *)w->record;
    struct circuit_terms old, terms;
    keep_provider(w, &r);
    if (*r.port.id) {
        fault_add(
            &c->faults, FAULT_InvalidResourceReference, "/properties/expressRoutePort/id",
            "'%s' names no port. Circuits on ports of one's own are not offered here yet; give "
            "serviceProviderProperties.",
            r.port.id);
        return;
    }
    if (w->old) old = circuit_terms_of(w->old);
    size_t links = w->old ? users_of(c, w->old->key).n : 0;
    if (!circuit_check(c->api->catalogue, &w->head.sku, &r, w->old ? &old : NULL, links, &c->faults,
                       &terms))
        return;
    circuit_store(w, &terms);
    if (!w->old) {
        circuit_create(w, &terms);
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
    json_object_set_new(props, "gatewayManagerEtag", json_string(""));
    json_object_set_new(props, "circuitProvisioningState",
                        json_string(updating ? "Disabled" : "Enabled"));
    json_object_set(props, "peerings", children_render(c, r->key, KIND_PEERING));
    json_object_set(props, "authorizations", children_render(c, r->key, KIND_AUTHORIZATION));
}

void circuit_deletable(struct call *c, const struct record *r)
{
    const char *state = props_text(r, "serviceProviderProvisioningState");
    if (strcmp(state, provider_state_name(PROVIDER_NotProvisioned)) != 0)
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
    json_object_set_new(props, "authorizationUseStatus",
                        json_string(users_of(c, r->key).n ? "InUse" : "Available"));
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

/* The logical name of one of the two ports at a location; which machine that is may change. */
static json_t *port_name(struct call *c, const char *location, const char *leg)
{
    const char *name = arena_printf(&c->arena, "FL-%s-%s-A", without_spaces(c, location), leg);
    return json_string(name ? name : "");
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

/* --- peerings --- */

static const char *circuit_key_of(struct call *c, const struct record *peering)
{
    const char *end = strstr(peering->key, "/peerings/");
    char *key =
        end ? arena_printf(&c->arena, "%.*s", (int)(end - peering->key), peering->key) : NULL;
    return key ? key : "";
}

bool peering_terms_of(struct call *c, const struct record *peering, struct peering_terms *out)
{
    struct problems ps;
    struct faults fs;
    struct record_peering r;
    enum peering_type kind;
    problems_init(&ps, &c->arena);
    faults_init(&fs, &c->arena);
    record_read(KIND_PEERING, record_props(peering), &c->arena, &ps, &r);
    return peering_type_parse(record_text(peering, "name"), &kind) &&
           peering_check(kind, &r, &(struct peering_around){0}, &fs, out);
}

static void around_others(struct call *c, const char *circuit, const char *self,
                          struct peering_around *out)
{
    struct keys keys = children_of(c, circuit, KIND_PEERING);
    struct peering_terms *others = arena_take_array(&c->arena, keys.n + 1, sizeof *others);
    size_t n = 0;
    for (size_t i = 0; others && i < keys.n; i++) {
        const struct record *r = strcmp(keys.keys[i], self) ? record_load(c, keys.keys[i]) : NULL;
        if (r && peering_terms_of(c, r, &others[n])) n++;
    }
    out->others = others;
    out->others_n = others ? n : 0;
}

static void around_spaces(struct call *c, const char *circuit, struct peering_around *out)
{
    struct keys users = users_of(c, circuit);
    struct prefix *all = NULL;
    size_t n = 0;
    for (size_t i = 0; i < users.n; i++) {
        const struct record *link = record_load(c, users.keys[i]);
        const struct record *gw = link ? record_load(c, internal_text(link, "gateway")) : NULL;
        const struct record *vnet = gw ? record_load(c, internal_text(gw, "vnet")) : NULL;
        size_t more = 0;
        struct prefix *spaces = vnet ? vnet_spaces(c, vnet, &more) : NULL;
        struct prefix *joined = arena_take_array(&c->arena, n + more + 1, sizeof *joined);
        if (!joined) return;
        if (n) memcpy(joined, all, n * sizeof *all);
        if (more) memcpy(joined + n, spaces, more * sizeof *spaces);
        all = joined;
        n += more;
    }
    out->spaces = all;
    out->spaces_n = n;
}

/* An update that names an IPv6 side only, as stock clients send it, keeps the IPv4 side. */
static void keep_ipv4(struct write *w, struct record_peering *r)
{
    static const char *const members[] = {"primaryPeerAddressPrefix", "secondaryPeerAddressPrefix"};
    const json_t *v6 = json_object_get(w->props, "ipv6PeeringConfig");
    if (!w->old || !json_is_object(v6) || *r->primary || *r->secondary) return;
    r->primary = props_text(w->old, members[0]);
    r->secondary = props_text(w->old, members[1]);
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (*props_text(w->old, members[i]))
            json_object_set_new(record_props(w->next), members[i],
                                json_string(props_text(w->old, members[i])));
    const json_t *microsoft = json_object_get(record_props(w->old), "microsoftPeeringConfig");
    const json_t *now = json_object_get(record_props(w->next), "microsoftPeeringConfig");
    if (microsoft && json_object_size(now) == 0)
        json_object_set(record_props(w->next), "microsoftPeeringConfig", (json_t *)microsoft);
}

static void owner_check(const struct write *w)
{
    if (w->old && !w->by_provider && strcmp(props_text(w->old, "lastModifiedBy"), "Provider") == 0)
        fault_add(
            &w->c->faults, FAULT_ExpressRoutePeeringManagedByProvider, "",
            "This peering was made by the connectivity provider. Ask the provider to change it, "
            "or delete it first.");
}

static void route_filter_check(struct call *c, const char *id, const char *target)
{
    if (*id)
        fault_add(&c->faults, FAULT_InvalidResourceReference, target, "'%s' names no route filter.",
                  id);
}

void peering_write(struct write *w)
{
    struct call *c = w->c;
    struct record_peering r = *(const struct record_peering *)w->record;
    struct peering_around around = {0};
    struct peering_terms terms;
    enum peering_type kind;
    const char *name = record_text(w->next, "name");
    if (!peering_type_parse(name, &kind)) {
        fault_add(&c->faults, FAULT_ExpressRoutePeeringTypeInvalid, "/name",
                  "A peering cannot be called '%s'. Use AzurePrivatePeering or MicrosoftPeering.",
                  name);
        return;
    }
    const char *canonical = peering_type_name(kind);
    char *id = arena_printf(&c->arena, "%s/peerings/%s", record_text(w->parent, "id"), canonical);
    if (w->parent->kind == KIND_CIRCUIT && id)
        json_object_set_new(w->next->json, "id", json_string(id));
    json_object_set_new(w->next->json, "name", json_string(canonical));
    keep_ipv4(w, &r);
    owner_check(w);
    route_filter_check(c, r.route_filter.id, "/properties/routeFilter/id");
    route_filter_check(c, r.ipv6.route_filter.id, "/properties/ipv6PeeringConfig/routeFilter/id");
    around_others(c, w->parent->key, w->next->key, &around);
    if (kind == PEERING_TYPE_PRIVATE) around_spaces(c, w->parent->key, &around);
    if (!peering_check(kind, &r, &around, &c->faults, &terms)) return;
    json_t *props = record_props(w->next);
    json_object_set_new(props, "peeringType", json_string(canonical));
    if (!json_object_get(props, "state"))
        json_object_set_new(props, "state", json_string("Enabled"));
    json_object_set_new(props, "lastModifiedBy",
                        json_string(w->by_provider ? "Provider" : "Customer"));
}

/* Automatic validation knows no registry yet, so only what cannot be right is held back: prefixes
 * that nobody but the holder of a private number vouches for. */
static void announced_render(json_t *config, json_int_t peer_asn, bool fresh)
{
    json_int_t holder = json_integer_value(json_object_get(config, "customerASN"));
    bool unknown = asn_is_private((uint32_t)(holder ? holder : peer_asn));
    bool any = json_array_size(json_object_get(config, "advertisedPublicPrefixes")) > 0;
    if (!json_object_get(config, "legacyMode"))
        json_object_set_new(config, "legacyMode", json_integer(0));
    if (!json_object_get(config, "routingRegistryName"))
        json_object_set_new(config, "routingRegistryName", json_string("NONE"));
    json_object_set_new(config, "advertisedPublicPrefixesState",
                        json_string(fresh || !any ? "NotConfigured"
                                    : unknown     ? "ValidationNeeded"
                                                  : "Configured"));
}

void peering_render(struct call *c, const struct record *r, json_t *out)
{
    json_t *props = json_object_get(out, "properties");
    bool fresh = json_is_true(json_object_get(record_internal(r), "new"));
    const struct record *circuit = record_load(c, circuit_key_of(c, r));
    const char *location = circuit ? circuit_terms_of(circuit).location : "";
    json_t *microsoft = json_object_get(props, "microsoftPeeringConfig");
    json_t *v6 =
        json_object_get(json_object_get(props, "ipv6PeeringConfig"), "microsoftPeeringConfig");
    json_int_t asn = json_integer_value(json_object_get(props, "peerASN"));
    json_object_set_new(props, "azureASN", json_integer(fresh ? 0 : ASN_CLOUD));
    json_object_set_new(props, "primaryAzurePort",
                        fresh ? json_string("") : port_name(c, location, "PRI"));
    json_object_set_new(props, "secondaryAzurePort",
                        fresh ? json_string("") : port_name(c, location, "SEC"));
    if (fresh) json_object_set_new(props, "lastModifiedBy", json_string(""));
    json_object_set_new(props, "gatewayManagerEtag", json_string(""));
    json_object_set_new(props, "connections", json_array());
    json_object_set_new(props, "peeredConnections", json_array());
    if (microsoft) announced_render(microsoft, asn, fresh);
    if (v6) announced_render(v6, asn, fresh);
}

void peering_deletable(struct call *c, const struct record *r)
{
    struct keys users = users_of(c, circuit_key_of(c, r));
    if (users.n > 0 && strcmp(record_text(r, "name"), peering_type_name(PEERING_TYPE_PRIVATE)) == 0)
        fault_add(
            &c->faults, FAULT_InUseExpressRoutePeeringCannotBeDeleted, "",
            "The private peering carries %s and cannot be deleted. Delete the connections first.",
            users_text(c, users));
}
