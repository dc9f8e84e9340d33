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

static bool read_links(const json_t *o, uint8_t len, struct prefix out[static PLAN_LEGS])
{
    return prefix_parse(text(o, "primaryPeerAddressPrefix"), &out[0]) == PREFIX_FINE &&
           prefix_parse(text(o, "secondaryPeerAddressPrefix"), &out[1]) == PREFIX_FINE &&
           out[0].len == len && out[1].len == len;
}

static bool read_peering(const json_t *r, struct plan_peering *out)
{
    const json_t *p = props(r), *v6 = json_object_get(p, "ipv6PeeringConfig");
    *out = (struct plan_peering){.microsoft = text_same_nocase(text(r, "name"), "MicrosoftPeering"),
                                 .disabled = text_same_nocase(text(p, "state"), "Disabled"),
                                 .asn = (uint32_t)json_integer_value(json_object_get(p, "peerASN")),
                                 .vlan = (uint16_t)json_integer_value(json_object_get(p, "vlanId")),
                                 .md5 = text(internal(r), "sharedKey")};
    out->on[0] = read_links(p, 30, out->links[0]);
    out->on[1] = v6 && !text_same_nocase(text(v6, "state"), "Disabled") &&
                 read_links(v6, 126, out->links[1]);
    return (out->on[0] || out->on[1]) && out->vlan >= 1 && out->vlan <= TAG_MAX;
}

static void add_peerings(const json_t *all, struct plan_circuit *c, struct arena *a)
{
    const json_t *r;
    size_t i;
    c->peerings = arena_take_array(a, 2, sizeof *c->peerings);
    json_array_foreach((json_t *)all, i, r)
    {
        const char *key =
            is_type(r, "Microsoft.Network/expressRouteCircuits/peerings") ? key_of(r, a) : "";
        size_t n = strlen(c->key);
        if (!c->peerings || c->peerings_n == 2 || unfinished(r)) continue;
        if (strncmp(key, c->key, n) != 0 || strncmp(key + n, "/peerings/", 10) != 0) continue;
        if (read_peering(r, &c->peerings[c->peerings_n])) c->peerings_n++;
    }
}

static void add_circuit(const json_t *r, const json_t *all, struct arena *a, struct plan_input *in)
{
    const json_t *p = props(r);
    struct plan_circuit *c = &in->circuits[in->circuits_n++];
    *c = (struct plan_circuit){
        .key = key_of(r, a),
        .label = text(internal(r), "label"),
        .location = text(json_object_get(p, "serviceProviderProperties"), "peeringLocation"),
        .provisioned = strcmp(text(p, "serviceProviderProvisioningState"), "Provisioned") == 0 &&
                       strcmp(text(p, "provisioningState"), "Deleting") != 0,
        .premium = strcmp(text(json_object_get(r, "sku"), "tier"), "Premium") == 0,
        .stag = (uint16_t)json_integer_value(json_object_get(internal(r), "stag"))};
    add_peerings(all, c, a);
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

static void add_vnet(const json_t *r, const json_t *all, struct arena *a, struct plan_input *in)
{
    static const char *const values[] = {"virtualNetworkCommunity", "regionalCommunity"};
    const json_t *list =
        json_object_get(json_object_get(props(r), "addressSpace"), "addressPrefixes");
    const json_t *communities = json_object_get(props(r), "bgpCommunities");
    struct plan_vnet *v = &in->vnets[in->vnets_n++];
    (void)all;
    *v = (struct plan_vnet){.key = key_of(r, a),
                            .name = text(r, "name"),
                            .prefixes =
                                arena_take_array(a, json_array_size(list) + 1, sizeof *v->prefixes),
                            .communities = arena_take_array(a, 2, sizeof *v->communities)};
    for (size_t i = 0; v->prefixes && i < json_array_size(list); i++) {
        const char *s = json_string_value(json_array_get(list, i));
        if (s && prefix_parse(s, &v->prefixes[v->prefixes_n]) == PREFIX_FINE) v->prefixes_n++;
    }
    for (size_t i = 0; v->communities && i < ARRAY_LEN(values); i++)
        if (*text(communities, values[i]) &&
            read_community(text(communities, values[i]), &v->communities[v->communities_n]))
            v->communities_n++;
}

static void add_gateway(const json_t *r, const json_t *all, struct arena *a, struct plan_input *in)
{
    (void)all;
    in->gateways[in->gateways_n++] =
        (struct plan_gateway){key_of(r, a), text(internal(r), "label"), text(internal(r), "vnet")};
}

static void add_connection(const json_t *r, const json_t *all, struct arena *a,
                           struct plan_input *in)
{
    const json_t *i = internal(r);
    (void)all;
    in->connections[in->connections_n++] = (struct plan_connection){
        key_of(r, a),
        text(i, "label"),
        text(i, "circuit"),
        text(i, "gateway"),
        (uint16_t)json_integer_value(json_object_get(i, "tag")),
        (uint32_t)json_integer_value(json_object_get(props(r), "routingWeight"))};
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

bool plan_read(const json_t *resources, const json_t *edges, struct arena *a, struct problems *ps,
               struct plan_input *out)
{
    static const struct {
        const char *type;
        void (*add)(const json_t *, const json_t *, struct arena *, struct plan_input *);
    } kinds[] = {{"Microsoft.Network/expressRouteCircuits", add_circuit},
                 {"Microsoft.Network/virtualNetworks", add_vnet},
                 {"Microsoft.Network/virtualNetworkGateways", add_gateway},
                 {"Microsoft.Network/connections", add_connection}};
    size_t n = json_array_size(resources) + 1;
    const json_t *r;
    size_t i;
    *out = (struct plan_input){
        .edges = arena_take_array(a, json_array_size(edges) + 1, sizeof *out->edges),
        .circuits = arena_take_array(a, n, sizeof *out->circuits),
        .vnets = arena_take_array(a, n, sizeof *out->vnets),
        .gateways = arena_take_array(a, n, sizeof *out->gateways),
        .connections = arena_take_array(a, n, sizeof *out->connections)};
    if (!out->edges || !out->circuits || !out->vnets || !out->gateways || !out->connections)
        return false;
    add_edges(edges, a, ps, out);
    json_array_foreach((json_t *)resources, i, r)
    {
        for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
            if (is_type(r, kinds[k].type) && !unfinished(r)) kinds[k].add(r, resources, a, out);
    }
    return true;
}
