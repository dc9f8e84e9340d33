/* plan/plan_json.c - resources are our own records, checked when they were stored, so what does not
 * read is left out; the registry comes from operators and is read by a table of fields. */
#include "plan/plan_json.h"
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "net/fields_json.h"

/* --- registry --- */

static const char *const roles[] = {"edge", "gateway", NULL};
static const char *const legs[] = {"primary", "secondary", NULL};

static void read_host(const struct fields_reader *r, const json_t *v, const char *where,
                      struct intent_address *out)
{
    const char *s = json_string_value(v), *slash = s ? strchr(s, '/') : NULL;
    char text[ADDR_TEXT_MAX] = "";
    char *end = NULL;
    unsigned long len = slash ? strtoul(slash + 1, &end, 10) : 129;
    if (slash && (size_t)(slash - s) < sizeof text) memcpy(text, s, (size_t)(slash - s));
    if (!addr_parse(text, &out->addr) || *end || end == slash + 1 ||
        len > addr_bits((enum family)out->addr.family)) {
        problem_add(r->problems, where, "an address with its length, such as 10.20.0.1/24", "",
                    "'%s' is no address with a length", s ? s : fields_type_name(v));
        *out = (struct intent_address){0};
        return;
    }
    out->len = (uint8_t)len;
}

static json_t *write_host(const struct intent_address *a)
{
    char text[ADDR_TEXT_MAX];
    return addr_is_none(&a->addr) ? NULL : json_sprintf("%s/%u", addr_text(&a->addr, text), a->len);
}

static void read_address(const struct fields_reader *r, const json_t *v, void *record,
                         const char *where)
{
    read_host(r, v, where, &((struct plan_network *)record)->address);
}

static void read_address6(const struct fields_reader *r, const json_t *v, void *record,
                          const char *where)
{
    read_host(r, v, where, &((struct plan_network *)record)->address6);
}

static json_t *write_address(const void *record, bool secrets)
{
    (void)secrets;
    return write_host(&((const struct plan_network *)record)->address);
}

static json_t *write_address6(const void *record, bool secrets)
{
    (void)secrets;
    return write_host(&((const struct plan_network *)record)->address6);
}

/* {"edge1": "core1", ...}: the keys are names of edges. */
static void read_cores(const struct fields_reader *r, const json_t *v, void *record,
                       const char *where)
{
    struct plan_edge *e = record;
    const char *edge;
    json_t *port;
    if (!json_is_object(v)) {
        problem_add(r->problems, where, "an object: edge name to interface name", "",
                    "'cores' is %s", fields_type_name(v));
        return;
    }
    e->cores = arena_take_array(r->arena, json_object_size(v) + 1, sizeof *e->cores);
    json_object_foreach((json_t *)v, edge, port)
    {
        const char *name = json_string_value(port);
        if (!name || !*name || strlen(name) > 15)
            problem_add(r->problems, fields_pointer(r->arena, where, edge),
                        "the name of an interface, 1 to 15 characters", "",
                        "the port to '%s' is %s", edge,
                        name ? "empty or too long" : fields_type_name(port));
        else if (e->cores)
            e->cores[e->cores_n++] =
                (struct plan_core){arena_text(r->arena, edge), arena_text(r->arena, name)};
    }
}

static json_t *write_cores(const void *record, bool secrets)
{
    const struct plan_edge *e = record;
    (void)secrets;
    if (e->cores_n == 0) return NULL;
    json_t *o = json_object();
    for (size_t i = 0; i < e->cores_n; i++)
        json_object_set_new(o, e->cores[i].edge, json_string(e->cores[i].port));
    return o;
}

static bool read_community(const char *s, uint32_t *out)
{
    char *end;
    unsigned long high = strtoul(s, &end, 10),
                  low = *end == ':' ? strtoul(end + 1, &end, 10) : 65536;
    if (*end || high > 65535 || low > 65535) return false;
    *out = (uint32_t)(high << 16 | low);
    return true;
}

static void read_service_communities(const struct fields_reader *r, const json_t *v, void *record,
                                     const char *where)
{
    struct plan_service *s = record;
    s->communities = arena_take_array(r->arena, json_array_size(v) + 1, sizeof *s->communities);
    if (json_array_size(v) == 0)
        problem_add(r->problems, where, "a list of communities, such as [\"12076:5010\"]", "",
                    "'communities' is %s", json_is_array(v) ? "empty" : fields_type_name(v));
    for (size_t i = 0; s->communities && i < json_array_size(v); i++) {
        const char *one = json_string_value(json_array_get(v, i));
        if (!one || !read_community(one, &s->communities[s->communities_n]))
            problem_add(r->problems, fields_pointer_at(r->arena, where, i),
                        "a community, such as 12076:5010", "", "'%s' is none", one ? one : "this");
        else
            s->communities_n++;
    }
}

static json_t *write_service_communities(const void *record, bool secrets)
{
    const struct plan_service *s = record;
    json_t *list = json_array();
    (void)secrets;
    for (size_t i = 0; i < s->communities_n; i++)
        json_array_append_new(
            list, json_sprintf("%u:%u", s->communities[i] >> 16, s->communities[i] & UINT16_MAX));
    return list;
}

#define INTERFACE_MAX 15

static const struct field port_rows[] = {
    {"access", FIELD_TEXT, offsetof(struct plan_edge, ports.access), .min = 1,
     .max = INTERFACE_MAX},
    {"core", FIELD_TEXT, offsetof(struct plan_edge, ports.core), .min = 1, .max = INTERFACE_MAX},
    {0},
};

static const struct field network_rows[] = {
    {"vnet", FIELD_TEXT, offsetof(struct plan_network, vnet), FIELD_REQUIRED, .min = 1, .max = 400},
    {"port", FIELD_TEXT, offsetof(struct plan_network, port), FIELD_REQUIRED, .min = 1,
     .max = INTERFACE_MAX},
    {"stag", FIELD_U16, offsetof(struct plan_network, stag), FIELD_ALWAYS, .max = TAG_MAX},
    {"ctag", FIELD_U16, offsetof(struct plan_network, ctag), FIELD_ALWAYS, .max = TAG_MAX},
    {"address", FIELD_CUSTOM, 0, FIELD_REQUIRED, .read = read_address, .write = write_address},
    {"address6", FIELD_CUSTOM, 0, .read = read_address6, .write = write_address6},
    {0},
};

static const struct field service_rows[] = {
    {"prefix", FIELD_PREFIX, offsetof(struct plan_service, prefix), FIELD_REQUIRED},
    {"communities", FIELD_CUSTOM, 0, FIELD_REQUIRED, .read = read_service_communities,
     .write = write_service_communities},
    {0},
};

static const struct plan_network network_blank = {.vnet = "", .port = ""};

static const struct field edge_rows[] = {
    {"name", FIELD_TEXT, offsetof(struct plan_edge, name), FIELD_REQUIRED, .min = 1, .max = 40},
    {"role", FIELD_ENUM, offsetof(struct plan_edge, role), FIELD_REQUIRED | FIELD_ALWAYS,
     .names = roles},
    {"location", FIELD_TEXT, offsetof(struct plan_edge, location), .max = 80},
    {"leg", FIELD_ENUM, offsetof(struct plan_edge, leg), FIELD_ALWAYS, .names = legs},
    {"region", FIELD_TEXT, offsetof(struct plan_edge, region), .max = 80},
    {"router_id", FIELD_ID, offsetof(struct plan_edge, router_id), FIELD_REQUIRED},
    {"namespace", FIELD_TEXT, offsetof(struct plan_edge, namespace_), .max = 80},
    {"ports", FIELD_OBJECT, 0, .sub = port_rows},
    {"cores", FIELD_CUSTOM, 0, .read = read_cores, .write = write_cores},
    {"networks", FIELD_LIST, offsetof(struct plan_edge, networks), .sub = network_rows,
     .size = sizeof(struct plan_network), .count_at = offsetof(struct plan_edge, networks_n),
     .blank = &network_blank},
    {"services", FIELD_LIST, offsetof(struct plan_edge, services), .sub = service_rows,
     .size = sizeof(struct plan_service), .count_at = offsetof(struct plan_edge, services_n)},
    {0},
};

static void needed(struct problems *ps, const struct plan_edge *e, const char *key, bool there)
{
    if (!there)
        problem_add(ps, "", e->role == PLAN_EDGE ? "an edge has it" : "a gateway node has it", "",
                    "'%s' is missing", key);
}

void plan_edge_read(const json_t *json, struct arena *a, struct problems *ps, struct plan_edge *out)
{
    size_t before = ps->count;
    *out = (struct plan_edge){
        .name = "", .location = "", .region = "", .namespace_ = "", .ports = {"", ""}};
    if (!json_is_object(json)) {
        problem_add(ps, "", "an object", "", "the entry is %s", fields_type_name(json));
        return;
    }
    fields_read(edge_rows, json, out, a, ps, "");
    if (ps->count != before) return;
    if (out->role == PLAN_EDGE) {
        needed(ps, out, "location", *out->location);
        needed(ps, out, "leg", json_object_get(json, "leg") != NULL);
        needed(ps, out, "ports.access", *out->ports.access);
        needed(ps, out, "ports.core", *out->ports.core);
    } else {
        needed(ps, out, "cores", out->cores_n > 0);
        needed(ps, out, "networks", out->networks_n > 0);
    }
}

json_t *plan_edge_write(const struct plan_edge *e)
{
    static const struct plan_edge blank = {
        .name = "", .location = "", .region = "", .namespace_ = "", .ports = {"", ""}};
    json_t *o = fields_write(edge_rows, e, &blank, true);
    if (e->role == PLAN_GATEWAY) json_object_del(o, "leg");
    return o;
}

/* --- resources --- */

static const char *text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static const json_t *props(const json_t *r) { return json_object_get(r, "properties"); }
static const json_t *internal(const json_t *r) { return json_object_get(r, "internal"); }

static bool is_type(const json_t *r, const char *type)
{
    return text_same_nocase(text(r, "type"), type);
}

/* Not there yet, or on its way out. */
static bool unfinished(const json_t *r)
{
    return json_is_true(json_object_get(internal(r), "new")) ||
           strcmp(text(props(r), "provisioningState"), "Deleting") == 0;
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static const char *key_of(const json_t *r, struct arena *a)
{
    char *key = arena_text(a, text(r, "id"));
    for (char *p = key; p && *p; p++) *p = lower(*p);
    return key ? key : "";
}

struct taken_type;
struct keyed { /* a resource and the key it is stored under */
    const char *key;
    const json_t *json;
    const struct taken_type *type;
};

struct reading {
    struct keyed *all; /* in order of their keys */
    size_t n;
    struct arena *arena;
    struct plan_input *in;
};

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct keyed *)a)->key, ((const struct keyed *)b)->key);
}

/* The first whose key is not before `key`. */
static size_t from_key(const struct reading *r, const char *key)
{
    size_t low = 0, high = r->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(r->all[mid].key, key) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct children { /* what stands below a resource */
    const struct keyed *list;
    size_t n;
};

static struct children children_of(const struct reading *r, const char *key, const char *segment)
{
    const char *prefix = arena_printf(r->arena, "%s/%s/", key, segment);
    size_t at = prefix ? from_key(r, prefix) : r->n, n = 0;
    while (at + n < r->n && strncmp(r->all[at + n].key, prefix, strlen(prefix)) == 0) n++;
    return (struct children){r->all + at, n};
}

static const json_t *find(const struct reading *r, const char *key)
{
    size_t at = from_key(r, key);
    return *key && at < r->n && strcmp(r->all[at].key, key) == 0 ? r->all[at].json : NULL;
}

static bool read_links(const json_t *o, uint8_t len, struct prefix out[static PLAN_LEGS])
{
    return prefix_parse(text(o, "primaryPeerAddressPrefix"), &out[0]) == PREFIX_FINE &&
           prefix_parse(text(o, "secondaryPeerAddressPrefix"), &out[1]) == PREFIX_FINE &&
           out[0].len == len && out[1].len == len;
}

static size_t advertised_count(const json_t *config)
{
    return json_array_size(json_object_get(config, "advertisedPublicPrefixes"));
}

static void add_advertised(const json_t *config, struct plan_peering *out)
{
    const json_t *list = json_object_get(config, "advertisedPublicPrefixes");
    json_int_t holder = json_integer_value(json_object_get(config, "customerASN"));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *s = json_string_value(json_array_get(list, i));
        if (s && prefix_parse(s, &out->advertised[out->advertised_n]) == PREFIX_FINE)
            out->advertised_n++;
    }
    if (holder > 0 && !out->holder_asn) out->holder_asn = (uint32_t)holder;
}

/* Allow rules of one filter. */
static void add_filter(const struct reading *r, const char *id, struct plan_peering *out)
{
    char *key = arena_text(r->arena, id);
    for (char *p = key; p && *p; p++) *p = lower(*p);
    struct children rules = children_of(r, key ? key : "", "routefilterrules");
    for (size_t i = 0; *id && i < rules.n; i++) {
        const json_t *rule = rules.list[i].json, *p = props(rule);
        const json_t *list = json_object_get(p, "communities");
        size_t room = out->communities_n + json_array_size(list) + 1;
        uint32_t *all = arena_take_array(r->arena, room, sizeof *all);
        if (!all || unfinished(rule) || !text_same_nocase(text(p, "access"), "Allow")) continue;
        if (out->communities_n) memcpy(all, out->communities, out->communities_n * sizeof *all);
        out->communities = all;
        for (size_t k = 0; k < json_array_size(list); k++) {
            const char *s = json_string_value(json_array_get(list, k));
            if (s && read_community(s, &all[out->communities_n])) out->communities_n++;
        }
    }
}

static void read_microsoft(const struct reading *r, const json_t *peering, struct plan_peering *out)
{
    const json_t *p = props(peering), *v6 = json_object_get(p, "ipv6PeeringConfig");
    const json_t *config = json_object_get(p, "microsoftPeeringConfig");
    const json_t *config6 = json_object_get(v6, "microsoftPeeringConfig");
    size_t n = advertised_count(config) + advertised_count(config6);
    out->advertised = arena_take_array(r->arena, n + 1, sizeof *out->advertised);
    if (!out->advertised) return;
    if (out->on[0]) add_advertised(config, out);
    if (out->on[1]) add_advertised(config6, out);
    add_filter(r, text(json_object_get(p, "routeFilter"), "id"), out);
    add_filter(r, text(json_object_get(v6, "routeFilter"), "id"), out);
    const char *validated = text(internal(peering), "advertised");
    if (*validated && strcmp(validated, "Configured") != 0) out->down = true;
}

static bool read_peering(const struct reading *r, const json_t *json, struct plan_peering *out)
{
    const json_t *p = props(json), *v6 = json_object_get(p, "ipv6PeeringConfig");
    *out =
        (struct plan_peering){.microsoft = text_same_nocase(text(json, "name"), "MicrosoftPeering"),
                              .down = text_same_nocase(text(p, "state"), "Disabled"),
                              .asn = (uint32_t)json_integer_value(json_object_get(p, "peerASN")),
                              .vlan = (uint16_t)json_integer_value(json_object_get(p, "vlanId")),
                              .md5 = text(internal(json), "sharedKey")};
    out->on[0] = read_links(p, 30, out->links[0]);
    out->on[1] = v6 && !text_same_nocase(text(v6, "state"), "Disabled") &&
                 read_links(v6, 126, out->links[1]);
    if (out->microsoft) read_microsoft(r, json, out);
    return (out->on[0] || out->on[1]) && out->vlan >= 1 && out->vlan <= TAG_MAX;
}

static void add_peerings(const struct reading *r, struct plan_circuit *c)
{
    struct children found = children_of(r, c->key, "peerings");
    c->peerings = arena_take_array(r->arena, found.n + 1, sizeof *c->peerings);
    for (size_t i = 0; c->peerings && i < found.n; i++)
        if (is_type(found.list[i].json, "Microsoft.Network/expressRouteCircuits/peerings") &&
            !unfinished(found.list[i].json) &&
            read_peering(r, found.list[i].json, &c->peerings[c->peerings_n]))
            c->peerings_n++;
}

/* A circuit on ports of one's own is at the ports' location, and its legs are their links. */
static void read_port(const struct reading *r, const json_t *circuit, struct plan_circuit *c)
{
    static const char *const links[PLAN_LEGS] = {"link1", "link2"};
    const char *port = text(internal(circuit), "port");
    if (!*port) return;
    c->location = text(internal(circuit), "location");
    for (int leg = 0; leg < PLAN_LEGS; leg++) {
        const char *key = arena_printf(r->arena, "%s/links/%s", port, links[leg]);
        const json_t *link = key ? find(r, key) : NULL;
        c->link_down[leg] = strcmp(text(props(link), "adminState"), "Enabled") != 0;
    }
}

static void add_circuit(const struct reading *r, const struct keyed *k)
{
    const json_t *p = props(k->json), *i = internal(k->json);
    struct plan_circuit *c = &r->in->circuits[r->in->circuits_n++];
    *c = (struct plan_circuit){
        .key = k->key,
        .label = text(i, "label"),
        .location = text(json_object_get(p, "serviceProviderProperties"), "peeringLocation"),
        .provisioned = strcmp(text(p, "serviceProviderProvisioningState"), "Provisioned") == 0 &&
                       strcmp(text(p, "provisioningState"), "Deleting") != 0,
        .premium = strcmp(text(json_object_get(k->json, "sku"), "tier"), "Premium") == 0,
        .stag = (uint16_t)json_integer_value(json_object_get(i, "stag"))};
    read_port(r, k->json, c);
    if (c->provisioned) add_peerings(r, c);
}

static void add_vnet(const struct reading *r, const struct keyed *k)
{
    static const char *const values[] = {"virtualNetworkCommunity", "regionalCommunity"};
    const json_t *p = props(k->json), *communities = json_object_get(p, "bgpCommunities");
    const json_t *list = json_object_get(json_object_get(p, "addressSpace"), "addressPrefixes");
    struct plan_vnet *v = &r->in->vnets[r->in->vnets_n++];
    *v = (struct plan_vnet){
        .key = k->key,
        .name = text(k->json, "name"),
        .prefixes = arena_take_array(r->arena, json_array_size(list) + 1, sizeof *v->prefixes),
        .communities = arena_take_array(r->arena, 2, sizeof *v->communities)};
    for (size_t i = 0; v->prefixes && i < json_array_size(list); i++) {
        const char *s = json_string_value(json_array_get(list, i));
        if (s && prefix_parse(s, &v->prefixes[v->prefixes_n]) == PREFIX_FINE) v->prefixes_n++;
    }
    for (size_t i = 0; v->communities && i < ARRAY_LEN(values); i++)
        if (*text(communities, values[i]) &&
            read_community(text(communities, values[i]), &v->communities[v->communities_n]))
            v->communities_n++;
}

static void add_gateway(const struct reading *r, const struct keyed *k)
{
    const json_t *i = internal(k->json);
    r->in->gateways[r->in->gateways_n++] =
        (struct plan_gateway){k->key, text(i, "label"), text(i, "vnet")};
}

/* A hub has no address space of its own here: it is a network by its name only. */
static void add_hub_gateway(const struct reading *r, const struct keyed *k)
{
    const char *hub = text(internal(k->json), "vnet"), *slash = strrchr(hub, '/');
    add_gateway(r, k);
    r->in->vnets[r->in->vnets_n++] = (struct plan_vnet){
        .key = hub,
        .name = slash ? slash + 1 : hub,
        .prefixes = arena_take_array(r->arena, 1, sizeof *r->in->vnets->prefixes)};
}

static void add_connection(const struct reading *r, const struct keyed *k)
{
    const json_t *i = internal(k->json);
    r->in->connections[r->in->connections_n++] = (struct plan_connection){
        k->key,
        text(i, "label"),
        text(i, "circuit"),
        text(i, "gateway"),
        (uint16_t)json_integer_value(json_object_get(i, "tag")),
        (uint32_t)json_integer_value(json_object_get(props(k->json), "routingWeight")),
        json_is_true(json_object_get(i, "held"))};
}

/* The links of a Global Reach: a /29, and a /125 if it has IPv6; stock clients give the latter with
 * host bits. */
static void add_reach(const struct reading *r, const struct keyed *k)
{
    const json_t *p = props(k->json), *i = internal(k->json);
    const json_t *v6 = json_object_get(p, "ipv6CircuitConnectionConfig");
    struct plan_reach *to = &r->in->reaches[r->in->reaches_n];
    struct prefix *six = &to->links[1];
    *to = (struct plan_reach){.key = k->key,
                              .label = text(i, "label"),
                              .circuits = {text(i, "circuit"), text(i, "peerCircuit")},
                              .tag = (uint16_t)json_integer_value(json_object_get(i, "tag"))};
    if (prefix_parse(text(p, "addressPrefix"), &to->links[0]) != PREFIX_FINE ||
        to->links[0].addr.family != FAMILY_IPV4 || to->links[0].len != 29)
        return;
    if (prefix_parse(text(v6, "addressPrefix"), six) > PREFIX_HOST_BITS ||
        six->addr.family != FAMILY_IPV6 || six->len != 125)
        *six = (struct prefix){0};
    else
        *six = prefix_of(&six->addr, six->len);
    r->in->reaches_n++;
}

static void add_edges(const json_t *list, struct arena *a, struct problems *ps,
                      struct plan_input *in)
{
    const json_t *e;
    size_t i;
    json_array_foreach((json_t *)list, i, e)
    {
        size_t before = ps->count;
        plan_edge_read(e, a, ps, &in->edges[in->edges_n]);
        if (ps->count == before) in->edges_n++;
    }
}

/* The types that matter here; those without `add` are looked up by others. */
static const struct taken_type {
    const char *type;
    void (*add)(const struct reading *, const struct keyed *);
} taken_types[] = {
    {"Microsoft.Network/expressRouteCircuits", add_circuit},
    {"Microsoft.Network/expressRouteCircuits/peerings", NULL},
    {"Microsoft.Network/expressRouteCircuits/peerings/connections", add_reach},
    {"Microsoft.Network/virtualNetworks", add_vnet},
    {"Microsoft.Network/virtualNetworkGateways", add_gateway},
    {"Microsoft.Network/connections", add_connection},
    {"Microsoft.Network/expressRouteGateways", add_hub_gateway},
    {"Microsoft.Network/expressRouteGateways/expressRouteConnections", add_connection},
    {"Microsoft.Network/routeFilters/routeFilterRules", NULL},
    {"Microsoft.Network/expressRoutePorts/links", NULL},
};

static const struct taken_type *taken_type(const char *type)
{
    for (size_t k = 0; k < ARRAY_LEN(taken_types); k++)
        if (strcmp(type, taken_types[k].type) == 0) return &taken_types[k];
    return NULL;
}

static bool take_rows(struct reading *r, const struct plan_resource *rows, size_t n)
{
    bool in_order = true;
    r->all = arena_take_array(r->arena, n + 1, sizeof *r->all);
    for (size_t i = 0; r->all && i < n; i++) {
        const struct taken_type *t = taken_type(rows[i].type);
        if (!t) continue;
        in_order = in_order && (r->n == 0 || strcmp(r->all[r->n - 1].key, rows[i].key) < 0);
        r->all[r->n++] = (struct keyed){rows[i].key, rows[i].json, t};
    }
    if (r->all && !in_order) qsort(r->all, r->n, sizeof *r->all, by_key);
    return r->all != NULL;
}

bool plan_read_rows(const struct plan_resource *rows, size_t rows_n, const json_t *edges,
                    struct arena *a, struct problems *ps, struct plan_input *out)
{
    struct reading r = {.arena = a, .in = out};
    if (!take_rows(&r, rows, rows_n)) return false;
    size_t n = r.n + 1;
    *out = (struct plan_input){
        .edges = arena_take_array(a, json_array_size(edges) + 1, sizeof *out->edges),
        .circuits = arena_take_array(a, n, sizeof *out->circuits),
        .vnets = arena_take_array(a, n, sizeof *out->vnets),
        .gateways = arena_take_array(a, n, sizeof *out->gateways),
        .connections = arena_take_array(a, n, sizeof *out->connections),
        .reaches = arena_take_array(a, n, sizeof *out->reaches)};
    if (!out->edges || !out->circuits || !out->vnets || !out->gateways || !out->connections ||
        !out->reaches)
        return false;
    add_edges(edges, a, ps, out);
    for (size_t i = 0; i < r.n; i++)
        if (r.all[i].type->add && !unfinished(r.all[i].json)) r.all[i].type->add(&r, &r.all[i]);
    return true;
}

bool plan_read(const json_t *resources, const json_t *edges, struct arena *a, struct problems *ps,
               struct plan_input *out)
{
    size_t n = json_array_size(resources);
    struct plan_resource *rows = arena_take_array(a, n + 1, sizeof *rows);
    for (size_t i = 0; rows && i < n; i++) {
        const json_t *r = json_array_get(resources, i);
        rows[i] = (struct plan_resource){key_of(r, a), text(r, "type"), r};
    }
    return rows && plan_read_rows(rows, n, edges, a, ps, out);
}
