/* api/kinds.c - the table of hooks, one row a kind. */
#include "api/kinds.h"

/* clang-format off */
const struct kind_hooks kind_hooks[RESOURCE_KINDS] = {
    [KIND_CIRCUIT] = {ROLES_READ, ROLES_WRITE, circuit_write, NULL, circuit_render, circuit_deletable, circuit_removed, NULL, FAULT_InUseExpressRouteCircuitCannotBeDeleted},
    [KIND_PEERING] = {ROLES_READ, ROLES_WRITE, peering_write, NULL, peering_render, peering_deletable, NULL, NULL, FAULT_InUseExpressRoutePeeringCannotBeDeleted},
    [KIND_AUTHORIZATION] = {ROLES_READ, ROLES_WRITE, authorization_write, NULL, authorization_render, NULL, authorization_removed, NULL, FAULT_NONE},
    [KIND_CROSS_CONNECTION] = {ROLES_ANY, API_PROVIDER, cross_write, NULL, cross_render, NULL, NULL, NULL, FAULT_NONE},
    [KIND_CROSS_PEERING] = {ROLES_ANY, API_PROVIDER, peering_write, NULL, peering_render, peering_deletable, NULL, NULL, FAULT_InUseExpressRoutePeeringCannotBeDeleted},
    [KIND_VNET] = {ROLES_READ, ROLES_WRITE, vnet_write, vnet_settled, vnet_render, vnet_deletable, NULL, NULL, FAULT_InUseVirtualNetworkCannotBeDeleted},
    [KIND_SUBNET] = {ROLES_READ, ROLES_WRITE, subnet_write, NULL, subnet_render, NULL, NULL, NULL, FAULT_InUseSubnetCannotBeDeleted},
    [KIND_PUBLIC_IP] = {ROLES_READ, ROLES_WRITE, public_ip_write, NULL, public_ip_render, NULL, NULL, NULL, FAULT_PublicIPAddressCannotBeDeleted},
    [KIND_GATEWAY] = {ROLES_READ, ROLES_WRITE, gateway_write, NULL, gateway_render, NULL, gateway_removed, NULL, FAULT_InUseVirtualNetworkGatewayCannotBeDeleted},
    [KIND_CONNECTION] = {ROLES_READ, ROLES_WRITE, connection_write, NULL, connection_render, NULL, connection_removed, connection_finish, FAULT_NONE},
    [KIND_REACH] = {ROLES_READ, ROLES_WRITE, reach_write, NULL, reach_render, NULL, reach_removed, reach_finish, FAULT_NONE},
    [KIND_PEER_REACH] = {ROLES_READ, ROLES_WRITE, NULL, NULL, peer_reach_render, NULL, NULL, NULL, FAULT_NONE},
    [KIND_ROUTE_FILTER] = {ROLES_READ, ROLES_WRITE, filter_write, NULL, filter_render, NULL, NULL, NULL, FAULT_InUseRouteFilterCannotBeDeleted},
    [KIND_ROUTE_FILTER_RULE] = {ROLES_READ, ROLES_WRITE, filter_rule_write, NULL, NULL, NULL, NULL, NULL, FAULT_NONE},
    [KIND_PORT] = {ROLES_READ, ROLES_WRITE, port_write, port_settled, port_render, NULL, port_removed, NULL, FAULT_InUseExpressRoutePortCannotBeDeleted},
    [KIND_PORT_LINK] = {ROLES_READ, ROLES_WRITE, NULL, NULL, NULL, NULL, NULL, NULL, FAULT_NONE},
    [KIND_PORT_AUTHORIZATION] = {ROLES_READ, ROLES_WRITE, authorization_write, NULL, authorization_render, NULL, authorization_removed, NULL, FAULT_NONE},
    [KIND_HUB_GATEWAY] = {ROLES_READ, ROLES_WRITE, hub_gateway_write, NULL, hub_gateway_render, NULL, gateway_removed, NULL, FAULT_InUseExpressRouteGatewayCannotBeDeleted},
    [KIND_HUB_CONNECTION] = {ROLES_READ, ROLES_WRITE, hub_connection_write, NULL, hub_connection_render, NULL, connection_removed, connection_finish, FAULT_NONE},
};
/* clang-format on */

const char *reference_key(struct call *c, const char *id, enum resource_kind kind)
{
    struct resource_id r;
    enum resource_kind k = KIND_NONE;
    if (!resource_id_parse(id, &c->arena, &r)) return NULL;
    for (size_t i = 0; i < r.depth; i++) {
        k = resource_kind_find(k, r.types[i]);
        if (k == KIND_NONE) return NULL;
    }
    return k == kind ? resource_key(id, &c->arena) : NULL;
}

struct record *reference(struct call *c, const char *id, enum resource_kind kind,
                         const char *target)
{
    const char *key = reference_key(c, id, kind);
    struct record *r = key ? record_load(c, key) : NULL;
    if (!r)
        fault_add(&c->faults, FAULT_InvalidResourceReference, target,
                  "'%s' names no %s. Create it first, or correct the identifier.", id,
                  resource_type(kind)->full);
    return r;
}

/* Whether it is there is told only to those who may know. */
struct record *reference_of(struct call *c, const char *id, enum resource_kind kind, unsigned roles,
                            const char *target)
{
    const char *key = reference_key(c, id, kind);
    if (!key || may(c, roles, key)) return reference(c, id, kind, target);
    fault_add(&c->faults, FAULT_LinkedAuthorizationFailed, target,
              "The client has no access to '%s'. Ask its owner for a role on it.", id);
    return NULL;
}
