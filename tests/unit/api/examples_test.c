/* Every example of the API description, of both versions that lie beside the repository, sent as it
 * stands: accepted, or refused as listed in differences.h; and whatever members the description shows
 * in an answer, ours has, with the same JSON type. What an example needs is made first. Placeholders
 * that name no real place or key are replaced. Without the examples there is nothing to run. */
#include "base/arena.h"
#include "differences.h"
#include "world.h"

static const char *const versions[] = {"2022-01-01", "2024-03-01"};

struct replay {
    struct world *w;
    const char *version, *file;
    const json_t *parameters;
    char path[1024];
    char service_key[API_GUID_TEXT]; /* of the circuit whose cross-connection is asked */
    const struct api_caller *who;
};

/* --- making what must be there --- */

static bool starts(const char *s, const char *with) { return strncmp(s, with, strlen(with)) == 0; }

static int send(struct replay *r, const struct api_caller *who, enum api_method m, const char *path,
                const char *body)
{
    char target[1200];
    snprintf(target, sizeof target, "%s?api-version=%s", path, r->version);
    return ask(r->w, who, m, target, body);
}

static void must(struct replay *r, const char *path, const char *body)
{
    int got = send(r, &owner, API_PUT, path, body);
    if (got != 200 && got != 201)
        print_message("%s: %s: %d %s\n", r->file, path, got, text_get(&r->w->out.body));
    assert_true(got == 200 || got == 201);
}

static void ensure(struct replay *r, const char *id);

static bool is_far(const char *path) { return strstr(path, "remote") || strstr(path, "CircuitB"); }

static void make_a_circuit(struct replay *r, const char *path)
{
    char body[512];
    const char *place = is_far(path) ? "London" : "Amsterdam";
    snprintf(body, sizeof body, "{\"location\":\"westeurope\",\"sku\":{\"tier\":\"Standard\",\"family\":"
             "\"MeteredData\"},\"properties\":{\"serviceProviderProperties\":{\"serviceProviderName\":"
             "\"Equinix\",\"peeringLocation\":\"%s\",\"bandwidthInMbps\":200}}}", place);
    must(r, path, body);
    if (strcmp(r->file, "ExpressRouteCircuitDelete") != 0)
        provision_at(r->w, path, place, "Provisioned");
}

#define ANNOUNCED(prefix)                                                                          \
    "\"microsoftPeeringConfig\":{\"advertisedPublicPrefixes\":[\"" prefix "\"],\"customerASN\":200,"   \
    "\"advertisedCommunities\":[],\"routingRegistryName\":\"ARIN\"},\"routeFilter\":{\"id\":\"" NET        \
    "/routeFilters/rf-of-peering\"}"

static void make_a_peering(struct replay *r, const char *path)
{
    char body[1400];
    int net = is_far(path) ? 17 : 16;
    if (strstr(path, "MicrosoftPeering")) {
        ensure(r, NET "/routeFilters/rf-of-peering");
        snprintf(body, sizeof body, "{\"properties\":{\"peerASN\":100,\"vlanId\":300,"
                 "\"primaryPeerAddressPrefix\":\"203.0.113.0/30\",\"secondaryPeerAddressPrefix\":"
                 "\"203.0.113.4/30\"," ANNOUNCED("203.0.112.0/24") ",\"ipv6PeeringConfig\":{"
                 "\"primaryPeerAddressPrefix\":\"2001:db8::/126\",\"secondaryPeerAddressPrefix\":"
                 "\"2001:db8::4/126\"," ANNOUNCED("2001:db8:1::/48") "}}}");
    } else
        snprintf(body, sizeof body, "{\"properties\":{\"peerASN\":200,\"vlanId\":200,"
                 "\"primaryPeerAddressPrefix\":\"172.%d.0.0/30\",\"secondaryPeerAddressPrefix\":"
                 "\"172.%d.0.4/30\",\"ipv6PeeringConfig\":{\"primaryPeerAddressPrefix\":\"fd00:%d::/126\","
                 "\"secondaryPeerAddressPrefix\":\"fd00:%d::4/126\"}}}", net, net, net, net);
    must(r, path, body);
}

static void make_a_reach(struct replay *r, const char *path)
{
    static const char far[] = NET "/expressRouteCircuits/remote/peerings/AzurePrivatePeering";
    ensure(r, far);
    char body[400];
    snprintf(body, sizeof body, "{\"properties\":{\"peerExpressRouteCircuitPeering\":{\"id\":\"%s\"},"
             "\"addressPrefix\":\"10.250.0.0/29\",\"ipv6CircuitConnectionConfig\":{\"addressPrefix\":"
             "\"aa:bb::/125\"}}}", far);
    must(r, path, body);
}

static void make_a_gateway(struct replay *r, const char *path)
{
    char body[600];
    static const char subnet[] = NET "/virtualNetworks/vnet-of-gw/subnets/GatewaySubnet";
    ensure(r, subnet);
    ensure(r, NET "/publicIPAddresses/ip-of-gw");
    snprintf(body, sizeof body, "{\"location\":\"westeurope\",\"properties\":{\"gatewayType\":\"ExpressRoute\","
             "\"enableBgp\":false,\"activeActive\":false,\"sku\":{\"name\":\"%s\"},"
             "\"ipConfigurations\":[{\"name\":\"default\",\"properties\":{\"privateIPAllocationMethod\":"
             "\"Dynamic\",\"subnet\":{\"id\":\"%s\"},\"publicIPAddress\":{\"id\":\"" NET
             "/publicIPAddresses/ip-of-gw\"}}}]}}",
             starts(r->file, "VirtualNetworkScalable") ? "ErGwScale" : "ErGw1AZ", subnet);
    must(r, path, body);
}

static void make_a_connection(struct replay *r, const char *path)
{
    static const char gateway[] = NET "/virtualNetworkGateways/gw-of-connection";
    static const char peering[] = NET "/expressRouteCircuits/er-of-connection/peerings/AzurePrivatePeering";
    char body[600];
    ensure(r, gateway);
    ensure(r, peering);
    snprintf(body, sizeof body, "{\"location\":\"westeurope\",\"properties\":{\"connectionType\":"
             "\"ExpressRoute\",\"virtualNetworkGateway1\":{\"id\":\"%s\"},\"peer\":{\"id\":\"" NET
             "/expressRouteCircuits/er-of-connection\"}}}", gateway);
    must(r, path, body);
    must(r, strcat(strcpy(body, path), "/sharedkey"), "{\"value\":\"AzureAbc123\"}");
}

static void make_a_hub_connection(struct replay *r, const char *path)
{
    ensure(r, NET "/expressRouteCircuits/circuitName/peerings/AzurePrivatePeering");
    must(r, path, "{\"properties\":{\"routingWeight\":1,\"expressRouteCircuitPeering\":{\"id\":\"" NET
                  "/expressRouteCircuits/circuitName/peerings/AzurePrivatePeering\"}}}");
}

static void make_a_filter(struct replay *r, const char *path)
{
    must(r, path, strstr(r->path, "/routeFilterRules")
                      ? "{\"location\":\"westeurope\"}"
                      : "{\"location\":\"westeurope\",\"tags\":{\"key1\":\"value1\"},\"properties\":{\"rules\":[{"
                        "\"name\":\"ruleName\",\"properties\":{\"access\":\"Allow\",\"communities\":["
                        "\"12076:5010\"]}}]}}");
}

static void make_a_subnet(struct replay *r, const char *path)
{
    must(r, path, strstr(path, "GatewaySubnet")
                      ? "{\"properties\":{\"addressPrefix\":\"10.0.255.0/27\"}}"
                      : "{\"properties\":{\"addressPrefix\":\"10.0.1.0/24\"}}");
}

static const struct maker {
    const char *type; /* as in the path, from the top */
    const char *body; /* or */
    void (*make)(struct replay *, const char *path);
} makers[] = {
    {"expressRouteCircuits", NULL, make_a_circuit},
    {"expressRouteCircuits/peerings", NULL, make_a_peering},
    {"expressRouteCircuits/peerings/connections", NULL, make_a_reach},
    {"expressRouteCircuits/authorizations", "{}", NULL},
    {"expressRoutePorts", "{\"location\":\"westeurope\",\"properties\":{\"peeringLocation\":\"Amsterdam\","
                          "\"bandwidthInGbps\":100,\"encapsulation\":\"QinQ\"}}", NULL},
    {"expressRoutePorts/authorizations", "{}", NULL},
    {"routeFilters", NULL, make_a_filter},
    {"routeFilters/routeFilterRules", "{\"properties\":{\"access\":\"Allow\",\"communities\":["
                                      "\"12076:5010\"]}}", NULL},
    {"virtualNetworks", "{\"location\":\"westeurope\",\"properties\":{\"addressSpace\":{\"addressPrefixes\":["
                        "\"10.0.0.0/16\"]}}}", NULL},
    {"virtualNetworks/subnets", NULL, make_a_subnet},
    {"publicIPAddresses", "{\"location\":\"westeurope\",\"properties\":{\"publicIPAllocationMethod\":"
                          "\"Static\"}}", NULL},
    {"virtualNetworkGateways", NULL, make_a_gateway},
    {"connections", NULL, make_a_connection},
    {"expressRouteGateways", "{\"location\":\"westeurope\",\"properties\":{\"virtualHub\":{\"id\":\"" RG
                             "/providers/Microsoft.Network/virtualHubs/h\"}}}", NULL},
    {"expressRouteGateways/expressRouteConnections", NULL, make_a_hub_connection},
};

static const struct maker *maker_of(const char *type)
{
    for (size_t i = 0; i < ARRAY_LEN(makers); i++)
        if (strcasecmp(makers[i].type, type) == 0) return &makers[i];
    return NULL;
}

/* Makes every resource along the path of an identifier; stops at what is none of ours. */
static void ensure(struct replay *r, const char *id)
{
    static const char marker[] = "/providers/Microsoft.Network/";
    char path[1024], type[256] = "", *at;
    snprintf(path, sizeof path, "%s", id);
    at = strstr(path, marker);
    if (!at || !strstr(path, "/resourceGroups/")) return;
    *at = '\0';
    must(r, path, "{\"location\":\"westeurope\"}");
    *at = '/';
    at += strlen(marker);
    while (*at) {
        char *slash = strchr(at, '/'), *end = slash ? strchr(slash + 1, '/') : NULL;
        if (!slash) return; /* a list */
        snprintf(type + strlen(type), sizeof type - strlen(type), "%s%.*s", *type ? "/" : "",
                 (int)(slash - at), at);
        const struct maker *m = maker_of(type);
        if (!m) return;
        if (end) *end = '\0';
        if (send(r, &owner, API_GET, path, NULL) == 404) {
            if (m->make)
                m->make(r, path);
            else
                must(r, path, m->body);
        }
        if (!end) return;
        *end = '/';
        at = end + 1;
    }
}

/* --- the request of an example --- */


static const char *parameter(const struct replay *r, const char *name)
{
    static const char *const ours[][2] = {{"peeringName", "AzurePrivatePeering"},
                                          {"devicePath", "primary"},
                                          {"locationName", "Amsterdam"},
                                          {"providerport", "FL-Amsterdam-A"}};
    const char *v = json_string_value(json_object_get(r->parameters, name));
    if (strcmp(name, "subscriptionId") == 0)
        return r->who == &provider ? PROVIDER_SUB : CUSTOMER_SUB;
    if (strcmp(name, "crossConnectionName") == 0) return r->service_key;
    if (strcmp(name, "resourceGroupName") == 0 && r->who == &provider) return "CrossConnection-Amsterdam";
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        if (strcmp(ours[i][0], name) == 0 &&
            (!v || strcmp(v, name) == 0 || i >= 2)) /* a placeholder */
            return ours[i][1];
    return v ? v : "name";
}

static void fill_path(struct replay *r, const char *pattern)
{
    size_t n = 0;
    while (*pattern && n < sizeof r->path - 200) {
        char name[64];
        size_t len = strcspn(pattern, "}");
        if (*pattern != '{') {
            r->path[n++] = *pattern++;
            continue;
        }
        snprintf(name, sizeof name, "%.*s", (int)len - 1, pattern + 1);
        n += (size_t)snprintf(r->path + n, 200, "%s", parameter(r, name));
        pattern += len + 1;
    }
    r->path[n] = '\0';
}

/* Rewrites the subscriptions of identifiers and makes what they name. */
static void settle_ids(struct replay *r, json_t *v)
{
    const char *key;
    json_t *item;
    size_t i;
    void *next;
    json_object_foreach_safe(v, next, key, item)
    {
        const char *s = json_string_value(item), *rest;
        if (s && starts(s, "/subscriptions/") && (rest = strchr(s + 15, '/')) != NULL) {
            char id[1024];
            snprintf(id, sizeof id, "/subscriptions/" CUSTOMER_SUB "%s", rest);
            json_object_set_new(v, key, json_string(id));
            if (!starts(r->path, id) && !starts(id, r->path)) ensure(r, id); /* not what it makes itself */
        } else {
            settle_ids(r, item);
        }
    }
    if (json_is_array(v)) json_array_foreach(v, i, item) settle_ids(r, item);
}

/* A key that somebody really made, for the placeholder of one. */
static void settle_key(struct replay *r, json_t *props)
{
    static const char *const members[] = {"peerExpressRouteCircuitPeering", "expressRouteCircuitPeering",
                                          "expressRoutePort", "peer"};
    if (!json_object_get(props, "authorizationKey")) return;
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const char *id = json_string_value(json_object_get(json_object_get(props, members[i]), "id"));
        char path[1024];
        if (!id) continue;
        snprintf(path, sizeof path, "%s", id);
        char *below = strstr(path, "/peerings/");
        if (below) *below = '\0';
        must(r, strcat(path, "/authorizations/example"), "{}");
        json_object_set_new(props, "authorizationKey",
                            json_string(says(r->w, "properties.authorizationKey")));
        return;
    }
}

static void settle_places(json_t *props)
{
    const char *at = json_string_value(json_object_get(props, "peeringLocation"));
    if (at && strcmp(at, "peeringLocationName") == 0)
        json_object_set_new(props, "peeringLocation", json_string("Amsterdam"));
}

static char *body_of(struct replay *r)
{
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)r->parameters, key, v)
    {
        if (!json_is_object(v)) continue;
        json_t *copy = json_deep_copy(v), *props = json_object_get(copy, "properties");
        settle_ids(r, copy);
        settle_key(r, props);
        settle_places(props);
        char *text = json_dumps(copy, 0);
        json_decref(copy);
        return text;
    }
    return NULL;
}

/* --- the answer --- */

static bool names(const char *pattern, const char *file)
{
    size_t n = strcspn(pattern, "*");
    return pattern[n] ? strncmp(pattern, file, n) == 0 : strcmp(pattern, file) == 0;
}

static bool is_listed(const struct replay *r, const char *path)
{
    const char *tail = strstr(path, "value.0.") == path ? path + 8 : path;
    for (size_t i = 0; i < ARRAY_LEN(differences); i++) {
        const struct difference *d = &differences[i];
        const char *within = d->path ? strstr(tail, d->path) : NULL;
        if (within && !within[strlen(d->path)] && (within == tail || within[-1] == '.') &&
            names(d->example, r->file))
            return true;
    }
    return false;
}

/* Members that the description shows and we do not, or of another type. */
static size_t lacks(const struct replay *r, const json_t *theirs, const json_t *ours, const char *path)
{
    const char *key;
    json_t *v;
    size_t n = 0;
    char below[512];
    bool number = json_is_number(theirs) && json_is_number(ours);
    if (!ours || (json_typeof(theirs) != json_typeof(ours) && !number &&
                  !(json_is_boolean(theirs) && json_is_boolean(ours)))) {
        if (is_listed(r, path)) return 0;
        print_message("%s (%s): %s %s\n", r->file, r->version, path,
                      ours ? "has another type" : "is missing");
        return 1;
    }
    json_object_foreach((json_t *)theirs, key, v)
    {
        snprintf(below, sizeof below, "%s%s%s", path, *path ? "." : "", key);
        n += lacks(r, v, json_object_get(ours, key), below);
    }
    if (json_is_array(theirs) && json_array_size(theirs) && json_array_size(ours)) {
        snprintf(below, sizeof below, "%s%s0", path, *path ? "." : "");
        n += lacks(r, json_array_get(theirs, 0), json_array_get(ours, 0), below);
    }
    return n;
}

static const struct difference *refusal_of(const char *file)
{
    for (size_t i = 0; i < ARRAY_LEN(differences); i++)
        if (!differences[i].path && names(differences[i].example, file)) return &differences[i];
    return NULL;
}

/* Lists in which the example shows something show something here. */
static void fill_lists(struct replay *r, const json_t *shown)
{
    static const char *const rows[][2] = {{"/peerings", "/AzurePrivatePeering"},
                                          {"/authorizations", "/a"},
                                          {"/routeFilterRules", NULL},
                                          {"/peerConnections", NULL},
                                          {"/links", NULL}};
    const char *last = strrchr(r->path, '/');
    char path[1100];
    if (json_array_size(json_object_get(shown, "value")) == 0 || r->who == &provider) return;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i][0], last) == 0 && !rows[i][1]) return;
    if (strcmp(last, "/connections") == 0 && strstr(r->path, "Gateways/")) return;
    snprintf(path, sizeof path, "%s%s", r->path, strcmp(last, "/peerings") == 0 ? "/MicrosoftPeering" : "/x");
    if (!strstr(path, "/resourceGroups/")) { /* of the subscription */
        const char *tail = strstr(r->path, "/providers/");
        snprintf(path, sizeof path, RG "%s/x", tail);
    }
    ensure(r, path);
}

static size_t compare(struct replay *r, const json_t *example, enum api_method m, int got)
{
    static const char *const statuses[] = {"responses.200.body", "responses.201.body"};
    const json_t *theirs = NULL;
    for (size_t i = 0; i < ARRAY_LEN(statuses) && !theirs; i++) theirs = at(example, statuses[i]);
    if (!theirs || m == API_DELETE) return 0;
    if (got == 202) got = ask(r->w, r->who, API_GET, link_target(header(r->w, "Location")), NULL);
    if ((m == API_PUT || m == API_PATCH) && !strstr(r->path, "sharedkey")) got = send(r, r->who, API_GET, r->path, NULL);
    assert_int_equal(got, 200);
    const char *state = json_string_value(at(r->w->json, "properties.provisioningState"));
    if (state) assert_string_equal(state, "Succeeded");
    return lacks(r, theirs, r->w->json, "");
}

static void prepare(struct replay *r, const char *pattern, enum api_method m)
{
    bool cross = strstr(pattern, "/expressRouteCrossConnections") != NULL;
    r->who = cross || strstr(pattern, "/expressRouteProviderPorts") ? &provider : &owner;
    if (r->who == &provider) {
        ensure(r, NET "/expressRouteCircuits/er1/peerings/AzurePrivatePeering");
        send(r, &owner, API_GET, NET "/expressRouteCircuits/er1", NULL);
        snprintf(r->service_key, sizeof r->service_key, "%s", says(r->w, "properties.serviceKey"));
    }
    fill_path(r, pattern);
    if (r->who == &provider) return;
    char path[1024];
    snprintf(path, sizeof path, "%s", r->path);
    if (m == API_PUT && !strstr(path, "/sharedkey")) { /* all but itself */
        char *last = strrchr(path, '/');
        *last = '\0';
        last = strrchr(path, '/');
        *last = '\0';
    }
    if (strstr(r->path, "/peerConnections"))
        ensure(r, NET "/expressRouteCircuits/ExpressRouteARMCircuitA/peerings/AzurePrivatePeering");
    char group[300];
    const char *rg = strstr(r->path, "/providers/");
    snprintf(group, sizeof group, "%.*s", rg ? (int)(rg - r->path) : 0, r->path);
    if (strstr(group, "/resourceGroups/")) must(r, group, "{\"location\":\"westeurope\"}");
    ensure(r, path);
}

/* The name of the other end's record is ours to choose. */
static void peer_connection(struct replay *r)
{
    char list[600];
    const char *base = strstr(r->path, "/peerConnections");
    if (!base) return;
    ensure(r, NET "/expressRouteCircuits/CircuitB/peerings/AzurePrivatePeering");
    char body[500];
    snprintf(body, sizeof body, "{\"properties\":{\"peerExpressRouteCircuitPeering\":{\"id\":\"%.*s\"},"
             "\"addressPrefix\":\"20.0.0.0/29\"}}", (int)(base - r->path), r->path);
    must(r, NET "/expressRouteCircuits/CircuitB/peerings/AzurePrivatePeering/connections/c", body);
    snprintf(list, sizeof list, "%.*s/peerConnections", (int)(base - r->path), r->path);
    assert_int_equal(send(r, &owner, API_GET, list, NULL), 200);
    if (base[strlen("/peerConnections")])
        snprintf(r->path, sizeof r->path, "%s/%s", list, says(r->w, "value.0.name"));
}

static size_t replay_one(struct world *w, const char *version, const json_t *entry)
{
    const char *file = json_string_value(json_object_get(entry, "file"));
    const json_t *operation = json_array_get(json_object_get(entry, "operations"), 0);
    const char *pattern = json_string_value(json_object_get(operation, "path"));
    char path[1024], name[128];
    enum api_method m;
    snprintf(path, sizeof path, SHARED "/arm/%s/examples/%s", version, file);
    snprintf(name, sizeof name, "%.*s", (int)strcspn(file, "."), file);
    json_t *example = json_load_file(path, 0, NULL);
    assert_non_null(example);
    assert_true(api_method_parse(json_string_value(json_object_get(operation, "method")), &m));
    struct replay r = {w, version, name, json_object_get(example, "parameters"), "", "", &owner};
    prepare(&r, pattern, m);
    peer_connection(&r);
    if (m == API_GET) fill_lists(&r, at(example, "responses.200.body"));
    char *body = body_of(&r);
    int got = send(&r, r.who, m, r.path, body);
    const struct difference *d = refusal_of(name);
    size_t bad = 0;
    if (d) {
        expect_fault(w, 400, d->code);
    } else if (got >= 300) {
        print_message("%s (%s): %s: %d %s\n", name, version, r.path, got, text_get(&w->out.body));
        bad = 1;
    } else {
        bad = compare(&r, example, m, got);
    }
    free(body);
    json_decref(example);
    return bad;
}

static void every_example_is_accepted_and_answered_in_its_shape(void **state)
{
    (void)state;
    size_t bad = 0, all = 0, i;
    json_t *entry;
    for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
        char path[1024];
        snprintf(path, sizeof path, SHARED "/arm/%s/examples/manifest.json", versions[v]);
        json_t *manifest = json_load_file(path, 0, NULL);
        if (!manifest) skip();
        json_array_foreach(json_object_get(manifest, "examples"), i, entry)
        {
            void *world;
            world_setup(&world);
            bad += replay_one(world, versions[v], entry);
            world_teardown(&world);
            all++;
        }
        json_decref(manifest);
    }
    print_message("%zu examples, %zu members or answers differ\n", all, bad);
    assert_true(all > 150);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_is_accepted_and_answered_in_its_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
