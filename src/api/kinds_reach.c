/* api/kinds_reach.c - Global Reach: two circuits' private peerings joined. It is stored under the
 * peering it was asked for on; the other peering gets a record that shows it from there, made and
 * removed with it. Both circuits are in use by it, and each spends a link. */
#include <string.h>
#include "api/kinds.h"

static const char *const peer_target = "/properties/peerExpressRouteCircuitPeering/id";

/* --- what is taken on a circuit --- */

struct taken {
    struct prefix *list;
    size_t n, room;
};

static void take(struct taken *t, const struct prefix *p)
{
    if (t->n < t->room) t->list[t->n++] = *p;
}

static void take_peerings(struct call *c, const char *circuit, struct taken *t)
{
    struct keys keys = children_of(c, circuit, KIND_PEERING);
    for (size_t i = 0; i < keys.n; i++) {
        const struct record *r = record_load(c, keys.keys[i]);
        struct peering_terms terms;
        if (!r || !peering_terms_of(c, r, &terms)) continue;
        const struct peering_family *families[] = {&terms.v4, &terms.v6};
        for (int f = 0; f < 2; f++) {
            if (!families[f]->on) continue;
            take(t, &families[f]->primary);
            take(t, &families[f]->secondary);
        }
    }
}

static void take_reach(const struct record *link, struct taken *t)
{
    struct prefix p;
    const json_t *v6 = json_object_get(record_props(link), "ipv6CircuitConnectionConfig");
    const char *six = json_string_value(json_object_get(v6, "addressPrefix"));
    if (prefix_parse(props_text(link, "addressPrefix"), &p) == PREFIX_FINE) take(t, &p);
    if (six && prefix_parse(six, &p) <= PREFIX_HOST_BITS && p.addr.family == FAMILY_IPV6)
        take(t, &p);
}

static void take_spaces(struct call *c, const struct record *link, struct taken *t)
{
    const struct record *gw = record_load(c, internal_text(link, "gateway"));
    const struct record *vnet = gw ? record_load(c, internal_text(gw, "vnet")) : NULL;
    size_t n = 0;
    const struct prefix *spaces = vnet ? vnet_spaces(c, vnet, &n) : NULL;
    for (size_t i = 0; i < n; i++) take(t, &spaces[i]);
}

static void take_links(struct call *c, const char *circuit, const char *self, struct taken *t)
{
    struct keys users = users_of(c, circuit);
    for (size_t i = 0; i < users.n; i++) {
        const struct record *u = strcmp(users.keys[i], self) ? record_load(c, users.keys[i]) : NULL;
        if (u && u->kind == KIND_REACH) take_reach(u, t);
        if (u && u->kind != KIND_REACH) take_spaces(c, u, t);
    }
}

/* --- writing --- */

static void twin_check(const struct write *w, const struct record *a, const struct record *b)
{
    struct call *c = w->c;
    struct keys users = users_of(c, a->key);
    for (size_t i = 0; i < users.n; i++) {
        const struct record *u = record_load(c, users.keys[i]);
        if (!u || u->kind != KIND_REACH || strcmp(u->key, w->next->key) == 0) continue;
        if (strcmp(internal_text(u, "circuit"), b->key) == 0 ||
            strcmp(internal_text(u, "peerCircuit"), b->key) == 0)
            fault_add(&c->faults, FAULT_ExpressRouteGlobalReachAlreadyConnected, peer_target,
                      "'%s' joins these circuits already.", record_text(u, "id"));
    }
}

/* The other end's record: named by a GUID, as the service does. */
static void peer_create(const struct write *w, const struct record *circuit,
                        const struct record *peering)
{
    struct call *c = w->c;
    const char *name = call_guid(c);
    char *id = arena_printf(&c->arena, "%s/peerConnections/%s", record_text(peering, "id"), name);
    const char *key = id ? resource_key(id, &c->arena) : NULL;
    if (!key) return;
    struct record *peer = record_new(c, key, KIND_PEER_REACH, id, name);
    unsigned tag = link_tag_take(c, w->next->key);
    if (!tag) return;
    json_object_set_new(record_internal(peer), "link", json_string(w->next->key));
    json_object_set_new(peer->json, "etag", json_string(call_etag(c)));
    record_state_set(peer, RESOURCE_Succeeded);
    record_save(c, peer);
    json_t *internal = record_internal(w->next);
    json_object_set_new(internal, "circuit", json_string(circuit_key_of(c, w->next->key)));
    json_object_set_new(internal, "peerCircuit", json_string(circuit->key));
    json_object_set_new(internal, "peerPeering", json_string(peering->key));
    json_object_set_new(internal, "peerRecord", json_string(key));
    json_object_set_new(internal, "tag", json_integer(tag));
    json_object_set_new(
        internal, "label",
        json_string(label_take(c, "reach", record_text(w->next, "name"), w->next->key)));
}

struct ends {
    struct record *near, *far; /* circuits */
    const struct record *far_peering;
    const char *authorization;
};

static bool ends_find(struct write *w, struct ends *e)
{
    struct call *c = w->c;
    const struct record_reach *r = w->record;
    const char *key = reference_key(c, r->peer.id, KIND_PEERING);
    struct shared far = {KIND_CIRCUIT, KIND_AUTHORIZATION,
                         r->peer.id,   key ? circuit_key_of(c, key) : NULL,
                         peer_target,  internal_text(w->next, "authorizationKey")};
    if (!strstr(w->next->key, "/peerings/azureprivatepeering/") ||
        (key && !strstr(key, "/peerings/azureprivatepeering")))
        fault_add(&c->faults, FAULT_ExpressRoutePeeringTypeInvalid, peer_target,
                  "Global Reach joins private peerings. Use AzurePrivatePeering at both ends.");
    e->near = record_load(c, circuit_key_of(c, w->next->key));
    e->far = shared_reference(w, &far, &e->authorization);
    e->far_peering = e->far && key ? record_load(c, key) : NULL;
    return e->near && e->far && c->faults.n == 0;
}

static void reach_new_check(struct write *w, const struct ends *e)
{
    struct call *c = w->c;
    const char *near_target = "/properties/expressRouteCircuitPeering/id";
    circuit_ready_check(c, e->near, near_target);
    circuit_ready_check(c, e->far, peer_target);
    circuit_limit_check(c, e->near, near_target);
    circuit_limit_check(c, e->far, peer_target);
    twin_check(w, e->near, e->far);
}

void reach_write(struct write *w)
{
    struct call *c = w->c;
    struct ends e;
    enum { MOST = 1024 };
    struct taken taken = {arena_take_array(&c->arena, MOST, sizeof *taken.list), 0, MOST};
    if (!ends_find(w, &e) || !taken.list) return;
    if (w->old && strcmp(internal_text(w->old, "peerCircuit"), e.far->key) != 0) {
        fault_add(&c->faults, FAULT_ExpressRouteGlobalReachCannotBeChanged, peer_target,
                  "What Global Reach joins is fixed. Delete it and create another.");
        return;
    }
    if (!w->old) reach_new_check(w, &e);
    struct circuit_terms a = circuit_terms_of(e.near), b = circuit_terms_of(e.far);
    struct reach_terms terms;
    take_peerings(c, e.near->key, &taken);
    take_peerings(c, e.far->key, &taken);
    take_links(c, e.near->key, w->next->key, &taken);
    take_links(c, e.far->key, w->next->key, &taken);
    if (!reach_check(c->api->catalogue, w->record, &a, &b, taken.list, taken.n, &c->faults,
                     &terms) ||
        c->faults.n > 0)
        return;
    /* As they are spelled where they were created, so that what GET gave is the same when it comes
     * back. */
    json_t *props = record_props(w->next);
    json_object_set_new(props, "expressRouteCircuitPeering",
                        json_pack("{s:s}", "id", record_text(w->parent, "id")));
    json_object_set_new(props, "peerExpressRouteCircuitPeering",
                        json_pack("{s:s}", "id", record_text(e.far_peering, "id")));
    uses_set(c, w->next, (const char *[]){e.near->key, e.far->key, e.authorization}, 3);
    if (!w->old) peer_create(w, e.far, e.far_peering);
}

/* --- showing --- */

static const char *reach_status(struct call *c, const struct record *link)
{
    json_int_t in, out;
    const char *near = live_connection_status(c, internal_text(link, "label"), "reach", &in, &out);
    if (record_state(link) == RESOURCE_Updating) return "Connecting";
    return strcmp(near, "NotConnected") == 0 ? "Disconnected" : near;
}

static void ends_render(struct call *c, const struct record *link, json_t *props, bool from_far)
{
    const char *near_key =
        arena_printf(&c->arena, "%s/peerings/azureprivatepeering", internal_text(link, "circuit"));
    const struct record *near = near_key ? record_load(c, near_key) : NULL;
    const struct record *far = record_load(c, internal_text(link, "peerPeering"));
    const char *ids[] = {near ? record_text(near, "id") : "", far ? record_text(far, "id") : ""};
    json_object_set_new(props, "expressRouteCircuitPeering",
                        json_pack("{s:s}", "id", ids[from_far]));
    json_object_set_new(props, "peerExpressRouteCircuitPeering",
                        json_pack("{s:s}", "id", ids[!from_far]));
    json_object_set_new(props, "circuitConnectionStatus", json_string(reach_status(c, link)));
}

void reach_render(struct call *c, const struct record *r, json_t *out)
{
    json_t *props = json_object_get(out, "properties");
    json_t *v6 = json_object_get(props, "ipv6CircuitConnectionConfig");
    ends_render(c, r, props, false);
    if (json_object_size(v6) == 0)
        json_object_del(props, "ipv6CircuitConnectionConfig");
    else
        json_object_set_new(v6, "circuitConnectionStatus", json_string(reach_status(c, r)));
}

void peer_reach_render(struct call *c, const struct record *r, json_t *out)
{
    json_t *props = json_object_get(out, "properties");
    const struct record *link = record_load(c, internal_text(r, "link"));
    if (!link) return;
    ends_render(c, link, props, true);
    json_object_set_new(props, "addressPrefix", json_string(props_text(link, "addressPrefix")));
    json_object_set_new(props, "connectionName", json_string(record_text(link, "name")));
    json_object_set_new(props, "authResourceGuid", json_string(""));
}

void reach_removed(struct call *c, const struct record *r)
{
    const struct record *peer = record_load(c, internal_text(r, "peerRecord"));
    if (peer) record_remove(c, peer);
    link_tag_give(c, r);
    label_give(c, "reach", internal_text(r, "label"));
}

/* Between request and end a provider may have taken one of the circuits down. */
void reach_finish(struct call *c, struct record *r)
{
    const char *ends[] = {internal_text(r, "circuit"), internal_text(r, "peerCircuit")};
    for (int i = 0; i < 2; i++) {
        const struct record *circuit = record_load(c, ends[i]);
        if (!circuit || !circuit_provisioned(circuit))
            fault_add(&c->faults, FAULT_ExpressRouteCircuitNotProvisioned, peer_target,
                      "A circuit was deprovisioned while Global Reach was being made.");
    }
}

bool reach_stays(struct call *c, const struct record *link, const struct record *circuit,
                 const struct circuit_terms *terms)
{
    bool near = strcmp(internal_text(link, "circuit"), circuit->key) == 0;
    const struct record *other =
        record_load(c, internal_text(link, near ? "peerCircuit" : "circuit"));
    struct record_reach r = {.prefix = props_text(link, "addressPrefix"), .prefix6 = ""};
    struct reach_terms out;
    if (!other) return true;
    struct circuit_terms far = circuit_terms_of(other);
    size_t before = c->faults.n;
    if (reach_check(c->api->catalogue, &r, terms, &far, NULL, 0, &c->faults, &out)) return true;
    if (c->faults.n > before) c->faults.rows[before].target = "/sku/tier";
    return false;
}
