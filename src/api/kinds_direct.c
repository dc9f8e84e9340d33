/* api/kinds_direct.c - ports of one's own (ExpressRoute Direct), their two links, and the circuits
 * on them. The links are records of their own, made with the ports and changed through them only.
 * Kept beside the ports, out of sight: the number of the pair at its location. */
#include <stdio.h>
#include <string.h>
#include "api/kinds.h"
#include "base/date.h"
#include "base/text.h"

enum { PAIRS_MOST = 999 };

static struct circuit_port port_terms(struct call *c, const struct record *port, const char *self)
{
    struct circuit_port t = {.location = internal_text(port, "location"),
                             .gbps = (uint64_t)json_integer_value(
                                 json_object_get(record_props(port), "bandwidthInGbps"))};
    struct keys users = users_of(c, port->key);
    for (size_t i = 0; i < users.n; i++) {
        const struct record *u = strcmp(users.keys[i], self) ? record_load(c, users.keys[i]) : NULL;
        if (u && u->kind == KIND_CIRCUIT) t.used_mbps += circuit_terms_of(u).mbps;
    }
    return t;
}

const struct record *port_of_circuit(struct write *w, const char *id, struct circuit_port *out,
                                     const char **out_authorization)
{
    struct shared s = {KIND_PORT,
                       KIND_PORT_AUTHORIZATION,
                       id,
                       reference_key(w->c, id, KIND_PORT),
                       "/properties/expressRoutePort/id",
                       internal_text(w->next, "authorizationKey")};
    const struct record *port = shared_reference(w, &s, out_authorization);
    if (port) *out = port_terms(w->c, port, w->next->key);
    return port;
}

/* --- ports --- */

static int word_index(const char *const *words, const char *s)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], s) == 0) return i;
    return -1;
}

static struct record_port port_old(const struct record *r)
{
    return (struct record_port){
        .location = props_text(r, "peeringLocation"),
        .gbps = (uint64_t)json_integer_value(json_object_get(record_props(r), "bandwidthInGbps")),
        .encapsulation = word_index(record_encapsulations, props_text(r, "encapsulation")),
        .billing = -1};
}

/* "Friday, July 1, 2018", as the service writes it. */
static json_t *date_words(int64_t now_ms)
{
    static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    struct date d = date_of_days(now_ms / 86400000);
    return json_sprintf("%s, %s %d, %d", days[d.weekday], months[d.month - 1], d.day, d.year);
}

static const char *pair_pool(struct call *c, const char *location)
{
    const char *place = location_key(location, &c->arena);
    const char *pool = arena_printf(&c->arena, "portpair/%s", place ? place : "");
    return pool ? pool : "portpair";
}

static void port_create(const struct write *w, const struct catalogue_location *at)
{
    struct call *c = w->c;
    json_t *internal = record_internal(w->next);
    unsigned pair = pool_take(c, pair_pool(c, at->name), 1, PAIRS_MOST, w->next->key);
    if (!pair) {
        fault_add(&c->faults, FAULT_ExpressRoutePortsNotAvailable, "/properties/peeringLocation",
                  "No pair of ports is left at '%s'. Use another location.", at->name);
        return;
    }
    json_object_set_new(internal, "location", json_string(at->name));
    json_object_set_new(internal, "pair", json_integer(pair));
    json_object_set_new(internal, "allocated", date_words(c->now_ms));
}

static void keep_words(const struct write *w)
{
    static const struct {
        const char *member, *usual;
    } rows[] = {{"encapsulation", "QinQ"}, {"billingType", "MeteredData"}};
    json_t *props = record_props(w->next);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *old = w->old ? props_text(w->old, rows[i].member) : "";
        if (!json_object_get(props, rows[i].member))
            json_object_set_new(props, rows[i].member, json_string(*old ? old : rows[i].usual));
    }
}

/* The identity may come without a type; it is kept as it came, and gone when it is not sent. */
static void keep_identity(const struct write *w)
{
    const json_t *identity = json_object_get(w->body, "identity");
    if (json_is_object(identity))
        json_object_set_new(w->next->json, "identity", json_deep_copy(identity));
}

void port_write(struct write *w)
{
    struct call *c = w->c;
    struct record_port old = w->old ? port_old(w->old) : (struct record_port){0};
    const struct catalogue_location *at;
    size_t circuits = users_of(c, w->next->key).n;
    if (!port_check(c->api->catalogue, w->record, w->old ? &old : NULL, circuits, &c->faults, &at))
        return;
    keep_words(w);
    keep_identity(w);
    json_object_del(record_props(w->next), "links"); /* records of their own */
    if (!w->old) port_create(w, at);
    guid_once(w);
}

/* --- links --- */

static const char *link_key(struct call *c, const char *port, int i)
{
    const char *key = arena_printf(&c->arena, "%s/links/link%d", port, i + 1);
    return key ? key : "";
}

static void link_place(struct call *c, const struct record *port, int i, json_t *props)
{
    const char *location = internal_text(port, "location");
    json_int_t pair = json_integer_value(json_object_get(record_internal(port), "pair"));
    json_object_set_new(props, "routerName", port_name(c, location, i ? "SEC" : "PRI"));
    json_object_set_new(props, "interfaceName", json_sprintf("HundredGigE0/%d", (int)pair));
    json_object_set_new(props, "patchPanelId", json_sprintf("PP%d:%d", i + 1, (int)pair));
    json_object_set_new(props, "rackId",
                        json_sprintf("%s-R%d", without_spaces(c, location), i + 1));
    json_object_set_new(props, "coloLocation", json_string(props_text(port, "peeringLocation")));
    json_object_set_new(props, "connectorType", json_string("LC"));
    json_object_set_new(props, "adminState", json_string("Disabled"));
    json_object_set_new(props, "macSecConfig",
                        json_pack("{s:s, s:s}", "cipher", "GcmAes256", "sciState", "Disabled"));
}

static struct record *link_open(struct call *c, const struct record *port, int i)
{
    struct record *link = record_load(c, link_key(c, port->key, i));
    char name[8];
    if (link) return link;
    snprintf(name, sizeof name, "link%d", i + 1);
    char *id = arena_printf(&c->arena, "%s/links/%s", record_text(port, "id"), name);
    link = record_new(c, link_key(c, port->key, i), KIND_PORT_LINK, id ? id : "", name);
    link_place(c, port, i, record_props(link));
    record_state_set(link, RESOURCE_Succeeded);
    return link;
}

/* What the body says about a link; the rest of it is ours to say. */
static void link_change(struct record *link, const json_t *said)
{
    const json_t *props = json_object_get(said, "properties");
    json_t *known = record_known(record_rows(KIND_PORT_LINK), props);
    json_t *kept = json_object_get(record_props(link), "macSecConfig");
    json_t *mac = json_object_get(known, "macSecConfig");
    if (mac && kept) {
        json_object_update(kept, mac);
        json_object_del(known, "macSecConfig");
    }
    json_object_update(record_props(link), known);
    json_decref(known);
}

void port_settled(struct write *w)
{
    struct call *c = w->c;
    const json_t *list = json_object_get(w->props, "links");
    for (int i = 0; i < 2; i++) {
        struct record *link = link_open(c, w->next, i);
        for (size_t k = 0; k < json_array_size(list); k++) {
            const json_t *said = json_array_get(list, k);
            const char *name = json_string_value(json_object_get(said, "name"));
            if (name && text_same_nocase(name, record_text(link, "name"))) link_change(link, said);
        }
        json_object_set_new(link->json, "etag", json_string(call_etag(c)));
        record_save(c, link);
    }
}

void port_render(struct call *c, const struct record *r, json_t *out)
{
    json_t *props = json_object_get(out, "properties"), *circuits = json_array();
    struct keys users = users_of(c, r->key);
    for (size_t i = 0; i < users.n; i++) {
        const struct record *u = record_load(c, users.keys[i]);
        if (u && u->kind == KIND_CIRCUIT)
            json_array_append_new(circuits, json_pack("{s:s}", "id", record_text(u, "id")));
    }
    json_object_set_new(props, "provisionedBandwidthInGbps",
                        json_real((double)port_terms(c, r, "").used_mbps / 1000));
    json_object_set_new(props, "circuits", circuits);
    json_object_set_new(props, "mtu", json_string("1500"));
    json_object_set_new(props, "etherType", json_string("0x8100"));
    json_object_set(props, "allocationDate", json_object_get(record_internal(r), "allocated"));
    json_object_set(props, "resourceGuid", json_object_get(record_internal(r), "guid"));
    json_object_set(props, "links", children_render(c, r->key, KIND_PORT_LINK));
}

void port_removed(struct call *c, const struct record *r)
{
    pool_give(c, pair_pool(c, internal_text(r, "location")),
              (unsigned)json_integer_value(json_object_get(record_internal(r), "pair")));
}
