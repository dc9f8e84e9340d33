/* lab/people.c - order, provisioning, peering and link, as requests.
 * Paths and bodies follow the resource manager's public description. A write is finished when the
 * resource's provisioningState says so; each wait has a deadline and names who is waited for. */
#include "lab/people.h"
#include <stdio.h>
#include <string.h>
#include "lab/routers.h"

#define NETWORK_VERSION "api-version=2024-03-01"
#define GROUP_VERSION "api-version=2021-04-01"

enum { PATH_MAX_LEN = 1024, WAIT_S = 60, POLL_MS = 50 };

static const char *const person_names[LAB_PERSONS] = {"operator", "customer", "provider"};

void lab_credentials_drop(struct lab_credentials *c)
{
    text_drop(&c->cert), text_drop(&c->key), text_drop(&c->ca);
}

/* --- requests --- */

static const char *text_at(const json_t *o, const char *a, const char *b)
{
    const json_t *v = json_object_get(o, a);
    if (b) v = json_object_get(v, b);
    const char *s = json_string_value(v);
    return s ? s : "";
}

static void refused(enum lab_person who, const char *method, const char *path, unsigned status,
                    const json_t *answer, struct text *why)
{
    const json_t *error = json_object_get(answer, "error");
    const char *message = text_at(error, "message", NULL);
    text_addf(why, "%s: %s %.*s: ", person_names[who], method, (int)strcspn(path, "?"), path);
    text_addf(why, "%u %s%s", status, text_at(error, "code", NULL), message[0] ? ": " : "");
    text_add_escaped(why, message, strlen(message), 400);
}

/* Any answer below 300 is good. *out may be NULL if the answer does not matter; body is consumed.
 */
static bool request(struct people *p, enum lab_person who, const char *method, const char *path,
                    json_t *body, json_t **out, struct text *why)
{
    json_t *answer = NULL;
    unsigned status = p->api->call(p->api->ctx, who, method, path, body, &answer, why);
    json_decref(body);
    bool good = status >= 200 && status < 300;
    if (!good && status) refused(who, method, path, status, answer, why);
    if (good && out) {
        *out = answer;
        return true;
    }
    json_decref(answer);
    return good;
}

static void group_path(const struct people *p, const char *rest, char out[static PATH_MAX_LEN])
{
    snprintf(out, PATH_MAX_LEN,
             "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/%s?" NETWORK_VERSION,
             p->api->subscription(p->api->ctx, PERSON_CUSTOMER), p->params->group, rest);
}

static json_t *reference(const struct people *p, const char *rest)
{
    return json_pack(
        "{s:o}", "id",
        json_sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/%s",
                     p->api->subscription(p->api->ctx, PERSON_CUSTOMER), p->params->group, rest));
}

/* Reads until `done` says 1 (or -1: it never will). What was read last is returned. */
static json_t *wait_for(struct people *p, enum lab_person reader, const char *path,
                        int (*done)(const json_t *resource), const char *whom, const char *what,
                        struct text *why)
{
    instant deadline = instant_after(now(), duration_s(WAIT_S));
    for (;;) {
        json_t *seen = NULL;
        if (!request(p, reader, "GET", path, NULL, &seen, why)) return NULL;
        int verdict = done(seen);
        if (verdict > 0) return seen;
        if (verdict < 0 || interrupted() || instant_reached(deadline, now())) {
            text_addf(why, "%s; last seen: %s",
                      verdict < 0 ? "it failed" : "nothing more was waited for",
                      text_at(json_object_get(seen, "properties"), "provisioningState", NULL));
            json_decref(seen);
            return NULL;
        }
        json_decref(seen);
        progress_waiting(p->progress, whom, what);
        pause_for(duration_ms(POLL_MS));
    }
}

static int is_finished(const json_t *resource)
{
    const char *state = text_at(resource, "properties", "provisioningState");
    if (strcmp(state, "Succeeded") == 0) return 1;
    return strcmp(state, "Failed") == 0 || strcmp(state, "Canceled") == 0 ? -1 : 0;
}

/* PUT by the customer, then wait until it is finished. */
static bool put(struct people *p, const char *rest, json_t *body, const char *what,
                struct text *why)
{
    char path[PATH_MAX_LEN];
    group_path(p, rest, path);
    if (!request(p, PERSON_CUSTOMER, "PUT", path, body, NULL, why)) return false;
    json_t *done = wait_for(p, PERSON_CUSTOMER, path, is_finished, "cloud", what, why);
    json_decref(done);
    return done != NULL;
}

/* --- operator --- */

static json_t *edge_body(const struct lab_params *p, enum lab_node_id node)
{
    struct addr id = router_id_of(node);
    char text[ADDR_TEXT_MAX], ns[LAB_NAMESPACE_MAX];
    json_t *body = json_pack("{s:s, s:s, s:s, s:s}", "name", lab_nodes[node].name, "region",
                             p->region, "router_id", addr_text(&id, text), "namespace",
                             lab_namespace(p->lab, node, NULL, ns));
    json_object_set_new(body, "location", json_string(p->location));
    return body;
}

static void edge_body_edge(json_t *body, enum lab_node_id node)
{
    json_object_set_new(body, "role", json_string("edge"));
    json_object_set_new(
        body, "leg", json_string(lab_leg_name(node == NODE_EDGE1 ? LEG_PRIMARY : LEG_SECONDARY)));
    json_object_set_new(body, "ports", json_pack("{s:s, s:s}", "access", "acc0", "core", "core0"));
}

static void edge_body_gateway(json_t *body, const struct lab_params *p)
{
    char router[ADDR_TEXT_MAX];
    json_object_set_new(body, "role", json_string("gateway"));
    json_object_set_new(body, "cores", json_pack("{s:s, s:s}", "edge1", "core1", "edge2", "core2"));
    json_object_set_new(
        body, "networks",
        json_pack("[{s:s, s:s, s:i, s:i, s:o}]", "vnet", p->vnet, "port", "vnet0", "stag", 0,
                  "ctag", 0, "address",
                  json_sprintf("%s/%u", addr_text(&p->vnet_router, router), p->vnet_subnet.len)));
}

bool people_register(struct people *p, enum lab_node_id node, struct lab_credentials *out,
                     struct text *why)
{
    char path[PATH_MAX_LEN];
    json_t *body = edge_body(p->params, node), *answer = NULL;
    if (node == NODE_GW)
        edge_body_gateway(body, p->params);
    else
        edge_body_edge(body, node);
    snprintf(path, sizeof path, "/fairlead/v1/edges/%s", lab_nodes[node].name);
    if (!request(p, PERSON_OPERATOR, "PUT", path, body, &answer, why)) return false;
    const json_t *credentials = json_object_get(answer, "credentials");
    text_add(&out->cert, text_at(credentials, "cert", NULL));
    text_add(&out->key, text_at(credentials, "key", NULL));
    text_add(&out->ca, text_at(credentials, "ca", NULL));
    json_decref(answer);
    if (out->cert.n && out->key.n && out->ca.n) return true;
    text_addf(why, "the control plane gave no credentials for %s", lab_nodes[node].name);
    return false;
}

/* --- customer orders --- */

bool people_order(struct people *p, struct text *why)
{
    const struct lab_params *o = p->params;
    char path[PATH_MAX_LEN], rest[256];
    snprintf(path, sizeof path, "/subscriptions/%s/resourceGroups/%s?" GROUP_VERSION,
             p->api->subscription(p->api->ctx, PERSON_CUSTOMER), o->group);
    if (!request(p, PERSON_CUSTOMER, "PUT", path, json_pack("{s:s}", "location", o->region), NULL,
                 why))
        return false;
    snprintf(rest, sizeof rest, "expressRouteCircuits/%s", o->circuit);
    json_t *body = json_pack(
        "{s:s, s:{s:o, s:s, s:s}, s:{s:{s:s, s:s, s:i}}}", "location", o->region, "sku", "name",
        json_sprintf("%s_%s", o->tier, o->family), "tier", o->tier, "family", o->family,
        "properties", "serviceProviderProperties", "serviceProviderName", o->provider,
        "peeringLocation", o->location, "bandwidthInMbps", (int)o->bandwidth_mbps);
    if (!put(p, rest, body, "the circuit is being created", why)) return false;
    json_t *circuit = NULL;
    group_path(p, rest, path);
    if (!request(p, PERSON_CUSTOMER, "GET", path, NULL, &circuit, why)) return false;
    snprintf(p->service_key, sizeof p->service_key, "%s",
             text_at(circuit, "properties", "serviceKey"));
    json_decref(circuit);
    if (p->service_key[0]) return true;
    text_add(why, "the circuit has no service key");
    return false;
}

/* --- provider --- */

/* The provider finds the order in the list of its subscription: the name is the service key. */
static json_t *cross_connection(struct people *p, char path[static PATH_MAX_LEN], struct text *why)
{
    json_t *list = NULL, *found = NULL, *row;
    size_t i;
    snprintf(path, PATH_MAX_LEN,
             "/subscriptions/%s/providers/Microsoft.Network/"
             "expressRouteCrossConnections?" NETWORK_VERSION,
             p->api->subscription(p->api->ctx, PERSON_PROVIDER));
    if (!request(p, PERSON_PROVIDER, "GET", path, NULL, &list, why)) return NULL;
    json_array_foreach(json_object_get(list, "value"), i,
                       row) if (strcmp(text_at(row, "name", NULL), p->service_key) == 0) found =
        row;
    snprintf(path, PATH_MAX_LEN, "%s?" NETWORK_VERSION, found ? text_at(found, "id", NULL) : "");
    json_decref(list);
    if (!found) {
        text_addf(why, "the provider sees no cross-connection named %s", p->service_key);
        return NULL;
    }
    json_t *one = NULL;
    return request(p, PERSON_PROVIDER, "GET", path, NULL, &one, why) ? one : NULL;
}

/* The whole object goes back with one field changed, as the documentation asks. */
static bool move_provider_state(struct people *p, const char *state, struct text *why)
{
    char path[PATH_MAX_LEN];
    json_t *cross = cross_connection(p, path, why);
    if (!cross) return false;
    json_object_set_new(json_object_get(cross, "properties"), "serviceProviderProvisioningState",
                        json_string(state));
    if (!request(p, PERSON_PROVIDER, "PUT", path, cross, NULL, why)) return false;
    json_t *done = wait_for(p, PERSON_PROVIDER, path, is_finished, "cloud",
                            "the cross-connection is being updated", why);
    if (!done) return false;
    const json_t *stag = json_object_get(json_object_get(done, "properties"), "sTag");
    p->stag = (uint16_t)json_integer_value(stag);
    json_decref(done);
    return true;
}

bool people_accept(struct people *p, struct text *why)
{
    return move_provider_state(p, "Provisioning", why);
}

bool people_provision(struct people *p, struct text *why)
{
    if (!move_provider_state(p, "Provisioned", why)) return false;
    if (p->stag) return true;
    text_add(why, "the cross-connection has no S-tag");
    return false;
}

/* --- customer configures --- */

bool people_peer(struct people *p, struct text *why)
{
    const struct lab_params *o = p->params;
    char rest[256], first[PREFIX_TEXT_MAX], second[PREFIX_TEXT_MAX];
    snprintf(rest, sizeof rest, "expressRouteCircuits/%s/peerings/AzurePrivatePeering", o->circuit);
    json_t *properties =
        json_pack("{s:s, s:I, s:s, s:s, s:i}", "peeringType", "AzurePrivatePeering", "peerASN",
                  (json_int_t)o->site_asn, "primaryPeerAddressPrefix",
                  prefix_text(&o->legs[LEG_PRIMARY].link, first), "secondaryPeerAddressPrefix",
                  prefix_text(&o->legs[LEG_SECONDARY].link, second), "vlanId", (int)o->vlan);
    if (o->shared_key[0]) json_object_set_new(properties, "sharedKey", json_string(o->shared_key));
    return put(p, rest, json_pack("{s:o}", "properties", properties),
               "the peering is being configured", why);
}

static json_t *vnet_body(const struct lab_params *o)
{
    char space[PREFIX_TEXT_MAX], subnet[PREFIX_TEXT_MAX], gateway[PREFIX_TEXT_MAX];
    return json_pack("{s:s, s:{s:{s:[s]}, s:[{s:s, s:{s:s}}, {s:s, s:{s:s}}]}}", "location",
                     o->region, "properties", "addressSpace", "addressPrefixes",
                     prefix_text(&o->vnet_space, space), "subnets", "name", o->vnet_subnet_name,
                     "properties", "addressPrefix", prefix_text(&o->vnet_subnet, subnet), "name",
                     "GatewaySubnet", "properties", "addressPrefix",
                     prefix_text(&o->gateway_subnet, gateway));
}

static json_t *gateway_body(const struct people *p)
{
    const struct lab_params *o = p->params;
    char subnet[256], address[256];
    snprintf(subnet, sizeof subnet, "virtualNetworks/%s/subnets/GatewaySubnet", o->vnet);
    snprintf(address, sizeof address, "publicIPAddresses/%s-ip", o->gateway);
    return json_pack("{s:s, s:{s:s, s:{s:s, s:s}, s:[{s:s, s:{s:o, s:o, s:s}}]}}", "location",
                     o->region, "properties", "gatewayType", "ExpressRoute", "sku", "name",
                     o->gateway_sku, "tier", o->gateway_sku, "ipConfigurations", "name", "default",
                     "properties", "subnet", reference(p, subnet), "publicIPAddress",
                     reference(p, address), "privateIPAllocationMethod", "Dynamic");
}

static json_t *connection_body(const struct people *p)
{
    const struct lab_params *o = p->params;
    char gateway[256], circuit[256];
    snprintf(gateway, sizeof gateway, "virtualNetworkGateways/%s", o->gateway);
    snprintf(circuit, sizeof circuit, "expressRouteCircuits/%s", o->circuit);
    return json_pack("{s:s, s:{s:s, s:o, s:o, s:i}}", "location", o->region, "properties",
                     "connectionType", "ExpressRoute", "virtualNetworkGateway1",
                     reference(p, gateway), "peer", reference(p, circuit), "routingWeight", 0);
}

static json_t *public_address_body(const struct lab_params *o)
{
    return json_pack("{s:s, s:{s:s, s:s}, s:{s:s}}", "location", o->region, "sku", "name",
                     "Standard", "tier", "Regional", "properties", "publicIPAllocationMethod",
                     "Static");
}

bool people_link(struct people *p, struct text *why)
{
    const struct lab_params *o = p->params;
    char rest[256];
    snprintf(rest, sizeof rest, "virtualNetworks/%s", o->vnet);
    if (!put(p, rest, vnet_body(o), "the virtual network is being created", why)) return false;
    snprintf(rest, sizeof rest, "publicIPAddresses/%s-ip", o->gateway);
    if (!put(p, rest, public_address_body(o), "the gateway's address is being created", why))
        return false;
    snprintf(rest, sizeof rest, "virtualNetworkGateways/%s", o->gateway);
    if (!put(p, rest, gateway_body(p), "the gateway is being created", why)) return false;
    snprintf(rest, sizeof rest, "connections/%s", o->connection);
    return put(p, rest, connection_body(p), "the circuit is being linked", why);
}

json_t *people_evidence(struct people *p, struct text *why)
{
    json_t *answer = NULL;
    return request(p, PERSON_CUSTOMER, "GET", "/fairlead/v1/evidence", NULL, &answer, why) ? answer
                                                                                           : NULL;
}
