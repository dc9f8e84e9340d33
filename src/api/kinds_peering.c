/* api/kinds_peering.c - peerings, by the customer or through the cross-connection. Kept beside a
 * Microsoft peering, out of sight: how far the validation of its advertised prefixes came. */
#include <stdio.h>
#include <string.h>
#include "api/kinds.h"
#include "base/text.h"
#include "net/asn.h"

const char *without_spaces(struct call *c, const char *s)
{
    char *copy = arena_text(&c->arena, s), *to = copy;
    for (const char *from = copy; from && *from; from++)
        if (*from != ' ') *to++ = *from;
    if (to) *to = '\0';
    return copy ? copy : "";
}

/* Which machine that is may change. */
json_t *port_name(struct call *c, const char *location, const char *leg)
{
    const char *name = arena_printf(&c->arena, "FL-%s-%s-A", without_spaces(c, location), leg);
    return json_string(name ? name : "");
}

const char *circuit_key_of(struct call *c, const char *below)
{
    const char *end = strstr(below, "/peerings/");
    char *key = end ? arena_printf(&c->arena, "%.*s", (int)(end - below), below) : NULL;
    return key ? key : "";
}

/* --- what a peering must not collide with --- */

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

/* Other circuits on the same ports, where the customer's tag alone tells peerings apart. */
static void around_port(struct call *c, const struct record *circuit, struct peering_around *out)
{
    const struct record *port = record_load(c, internal_text(circuit, "port"));
    if (!port || strcmp(props_text(port, "encapsulation"), "Dot1Q") != 0) return;
    struct keys circuits = users_of(c, port->key);
    uint16_t *vlans = arena_take_array(&c->arena, 3 * circuits.n + 1, sizeof *vlans);
    size_t n = 0;
    for (size_t i = 0; vlans && i < circuits.n; i++) {
        if (strcmp(circuits.keys[i], circuit->key) == 0) continue;
        struct keys peerings = children_of(c, circuits.keys[i], KIND_PEERING);
        for (size_t k = 0; k < peerings.n && k < 3; k++) {
            const struct record *p = record_load(c, peerings.keys[k]);
            if (p)
                vlans[n++] =
                    (uint16_t)json_integer_value(json_object_get(record_props(p), "vlanId"));
        }
    }
    out->vlans = vlans;
    out->vlans_n = n;
}

/* --- route filters --- */

/* The key of the filter, or "" for none. */
static const char *route_filter_check(const struct write *w, enum peering_type kind, const char *id,
                                      const char *target)
{
    struct call *c = w->c;
    struct circuit_terms circuit = circuit_terms_of(w->parent);
    size_t n;
    if (!*id) return "";
    const struct record *filter = reference_of(c, id, KIND_ROUTE_FILTER, ROLES_READ, target);
    if (!filter) return "";
    if (kind != PEERING_TYPE_MICROSOFT)
        fault_add(&c->faults, FAULT_ExpressRoutePeeringTypeInvalid, target,
                  "A route filter is for Microsoft peering only. Leave routeFilter out.");
    const char *const *communities = filter_communities(c, filter->key, &n);
    if (!filter_attach_check(c->api->catalogue, communities, n, &circuit, !c->api->world.no_m365,
                             target, &c->faults))
        return "";
    return filter->key;
}

/* A provider neither sees nor changes the customer's filters. */
static void keep_filters(json_t *props, const json_t *old)
{
    static const char member[] = "routeFilter";
    json_object_del(props, member);
    if (json_object_get(old, member)) json_object_set(props, member, json_object_get(old, member));
    json_t *v6 = json_object_get(props, "ipv6PeeringConfig");
    const json_t *old6 = json_object_get(old, "ipv6PeeringConfig");
    if (v6) {
        json_object_del(v6, member);
        if (json_object_get(old6, member))
            json_object_set(v6, member, json_object_get(old6, member));
    }
}

/* Keys of the filters of a peering as it is stored. */
static void kept_filters(struct call *c, const json_t *props, const char *out[2])
{
    const json_t *at[] = {props, json_object_get(props, "ipv6PeeringConfig")};
    for (int i = 0; i < 2; i++) {
        const json_t *reference = json_object_get(at[i], "routeFilter");
        const char *id = json_string_value(json_object_get(reference, "id"));
        const char *key = id ? reference_key(c, id, KIND_ROUTE_FILTER) : NULL;
        out[i] = key ? key : "";
    }
}

/* --- advertised prefixes --- */

static void add_prefixes(json_t *all, const json_t *config)
{
    json_t *p;
    size_t i;
    json_array_foreach(json_object_get(config, "advertisedPublicPrefixes"), i, p)
        json_array_append(all, p);
}

/* There is no registry to ask, so only what cannot be right is held back: prefixes that nobody but
 * the holder of a private number vouches for. What an operator approved stays approved as long as
 * holder and prefixes are the same. */
static void validate(const struct write *w, const struct record_peering *r)
{
    json_t *internal = record_internal(w->next), *props = record_props(w->next);
    const json_t *v6 = json_object_get(props, "ipv6PeeringConfig");
    json_t *claim = json_array();
    uint64_t holder = r->microsoft.customer_asn        ? r->microsoft.customer_asn
                      : r->ipv6.microsoft.customer_asn ? r->ipv6.microsoft.customer_asn
                                                       : r->asn;
    add_prefixes(claim, json_object_get(props, "microsoftPeeringConfig"));
    add_prefixes(claim, json_object_get(v6, "microsoftPeeringConfig"));
    bool any = json_array_size(claim) > 0;
    json_array_append_new(claim, json_integer((json_int_t)holder));
    bool approved = json_equal(claim, json_object_get(internal, "approved"));
    const char *state = !any                               ? "NotConfigured"
                        : asn_is_private((uint32_t)holder) ? "ValidationNeeded"
                                                           : "Configured";
    json_object_set_new(internal, "claim", claim);
    json_object_set_new(internal, "advertised",
                        json_string(any && approved ? "Configured" : state));
}

/* An operator has seen proof of ownership. */
void peering_approve(struct call *c, struct record *r, const char *proof)
{
    json_t *internal = record_internal(r);
    if (strcmp(internal_text(r, "advertised"), "ValidationNeeded") != 0) {
        fault_add(&c->faults, FAULT_ExpressRoutePeeringTypeInvalid, "",
                  "The peering has no advertised prefixes that need validation.");
        return;
    }
    json_object_set(internal, "approved", json_object_get(internal, "claim"));
    json_object_set_new(internal, "proof", json_string(proof));
    json_object_set_new(internal, "advertised", json_string("Configured"));
    json_object_set_new(r->json, "etag", json_string(call_etag(c)));
    record_save(c, r);
}

/* --- writing --- */

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
    const char *filters[2];
    if (w->by_provider) {
        keep_filters(record_props(w->next), w->old ? record_props(w->old) : NULL);
        kept_filters(c, record_props(w->next), filters);
    } else {
        const char *target6 = "/properties/ipv6PeeringConfig/routeFilter/id";
        filters[0] = route_filter_check(w, kind, r.route_filter.id, "/properties/routeFilter/id");
        filters[1] = route_filter_check(w, kind, r.ipv6.route_filter.id, target6);
    }
    around_port(c, w->parent, &around);
    around_others(c, w->parent->key, w->next->key, &around);
    if (kind == PEERING_TYPE_PRIVATE) around_spaces(c, w->parent->key, &around);
    if (!peering_check(kind, &r, &around, &c->faults, &terms)) return;
    json_t *props = record_props(w->next);
    json_object_set_new(props, "peeringType", json_string(canonical));
    if (!json_object_get(props, "state"))
        json_object_set_new(props, "state", json_string("Enabled"));
    json_object_set_new(props, "lastModifiedBy",
                        json_string(w->by_provider ? "Provider" : "Customer"));
    uses_set(c, w->next, filters, strcmp(filters[0], filters[1]) == 0 ? 1 : 2);
    if (kind == PEERING_TYPE_MICROSOFT) validate(w, &r);
}

/* --- showing --- */

static void announced_info(json_t *config, const char *state)
{
    json_t *list = json_array(), *p;
    size_t i;
    json_array_foreach(json_object_get(config, "advertisedPublicPrefixes"), i, p)
        json_array_append_new(list, json_pack("{s:O, s:s, s:s, s:s}", "prefix", p, "validationId",
                                              "", "signature", "", "validationState", state));
    json_object_set_new(config, "advertisedPublicPrefixInfo", list);
}

static void announced_render(const struct record *r, json_t *config, bool fresh)
{
    bool any = json_array_size(json_object_get(config, "advertisedPublicPrefixes")) > 0;
    const char *kept = internal_text(r, "advertised");
    const char *state = fresh || !any                          ? "NotConfigured"
                        : record_state(r) == RESOURCE_Updating ? "Configuring"
                                                               : kept;
    if (!json_object_get(config, "legacyMode"))
        json_object_set_new(config, "legacyMode", json_integer(0));
    if (!json_object_get(config, "routingRegistryName"))
        json_object_set_new(config, "routingRegistryName", json_string("NONE"));
    json_object_set_new(config, "advertisedPublicPrefixesState",
                        json_string(*state ? state : "NotConfigured"));
    announced_info(config, *state ? state : "NotConfigured");
}

/* The connection of a hub's gateway that uses the circuit, if there is one. */
static void hub_render(struct call *c, const char *circuit, json_t *props)
{
    struct keys users = users_of(c, circuit);
    for (size_t i = 0; i < users.n; i++) {
        const struct record *u = record_load(c, users.keys[i]);
        if (!u || u->kind != KIND_HUB_CONNECTION) continue;
        json_object_set_new(props, "expressRouteConnection",
                            json_pack("{s:s}", "id", record_text(u, "id")));
        return;
    }
}

void peering_render(struct call *c, const struct record *r, json_t *out)
{
    json_t *props = json_object_get(out, "properties");
    bool fresh = json_is_true(json_object_get(record_internal(r), "new"));
    const struct record *circuit = record_load(c, circuit_key_of(c, r->key));
    const char *location = circuit ? circuit_terms_of(circuit).location : "";
    json_t *microsoft = json_object_get(props, "microsoftPeeringConfig");
    json_t *v6 =
        json_object_get(json_object_get(props, "ipv6PeeringConfig"), "microsoftPeeringConfig");
    json_object_set_new(props, "azureASN", json_integer(fresh ? 0 : ASN_CLOUD));
    json_object_set_new(props, "primaryAzurePort",
                        fresh ? json_string("") : port_name(c, location, "PRI"));
    json_object_set_new(props, "secondaryAzurePort",
                        fresh ? json_string("") : port_name(c, location, "SEC"));
    if (fresh) json_object_set_new(props, "lastModifiedBy", json_string(""));
    json_object_set_new(props, "gatewayManagerEtag", json_string(""));
    json_object_set(props, "connections", children_render(c, r->key, KIND_REACH));
    json_object_set(props, "peeredConnections", children_render(c, r->key, KIND_PEER_REACH));
    if (!microsoft && strcmp(record_text(r, "name"), "MicrosoftPeering") != 0)
        hub_render(c, circuit ? circuit->key : "", props);
    json_t *config6 = json_object_get(props, "ipv6PeeringConfig");
    if (config6 && !json_object_get(config6, "state"))
        json_object_set_new(config6, "state", json_string("Enabled"));
    if (microsoft) announced_render(r, microsoft, fresh);
    if (v6) announced_render(r, v6, fresh);
}

void peering_deletable(struct call *c, const struct record *r)
{
    struct keys users = users_of(c, circuit_key_of(c, r->key));
    if (users.n > 0 && strcmp(record_text(r, "name"), peering_type_name(PEERING_TYPE_PRIVATE)) == 0)
        fault_add(
            &c->faults, FAULT_InUseExpressRoutePeeringCannotBeDeleted, "",
            "The private peering carries %s and cannot be deleted. Delete the connections first.",
            users_text(c, users));
}
