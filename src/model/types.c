/* model/types.c - the table of resource kinds. */
#include "model/types.h"
#include "base/text.h"

#define NS "Microsoft.Network/"

/* clang-format off */
static const struct resource_type types[RESOURCE_KINDS] = {
    [KIND_CIRCUIT] = {"expressRouteCircuits", NS "expressRouteCircuits", KIND_NONE, NULL,
        KIND_TRACKED | KIND_BY_SUBSCRIPTION | KIND_PATCH_TAGS, 4000, 4000},
    [KIND_PEERING] = {"peerings", NS "expressRouteCircuits/peerings", KIND_CIRCUIT, "peerings", 0, 4000, 3000},
    [KIND_AUTHORIZATION] = {"authorizations", NS "expressRouteCircuits/authorizations", KIND_CIRCUIT,
        "authorizations", 0, 1500, 1500},
    [KIND_CROSS_CONNECTION] = {"expressRouteCrossConnections", NS "expressRouteCrossConnections", KIND_NONE, NULL,
        KIND_TRACKED | KIND_BY_SUBSCRIPTION | KIND_NO_CREATE | KIND_PATCH_TAGS, 2000, 0},
    [KIND_CROSS_PEERING] = {"peerings", NS "expressRouteCrossConnections/peerings", KIND_CROSS_CONNECTION,
        "peerings", 0, 4000, 3000},
    [KIND_VNET] = {"virtualNetworks", NS "virtualNetworks", KIND_NONE, NULL,
        KIND_TRACKED | KIND_BY_SUBSCRIPTION | KIND_PATCH_TAGS | KIND_KEEP_UNKNOWN, 2000, 2000},
    [KIND_SUBNET] = {"subnets", NS "virtualNetworks/subnets", KIND_VNET, "subnets", KIND_KEEP_UNKNOWN, 1500, 1500},
    [KIND_PUBLIC_IP] = {"publicIPAddresses", NS "publicIPAddresses", KIND_NONE, NULL,
        KIND_TRACKED | KIND_BY_SUBSCRIPTION | KIND_PATCH_TAGS | KIND_KEEP_UNKNOWN, 1500, 1500},
    [KIND_GATEWAY] = {"virtualNetworkGateways", NS "virtualNetworkGateways", KIND_NONE, NULL,
        KIND_TRACKED | KIND_PATCH_TAGS | KIND_PATCH_ASYNC | KIND_KEEP_UNKNOWN, 20000, 15000},
    [KIND_CONNECTION] = {"connections", NS "connections", KIND_NONE, NULL,
        KIND_TRACKED | KIND_PATCH_TAGS | KIND_PATCH_ASYNC, 5000, 4000},
    [KIND_REACH] = {"connections", NS "expressRouteCircuits/peerings/connections", KIND_PEERING, "connections",
        0, 5000, 4000},
    [KIND_PEER_REACH] = {"peerConnections", NS "expressRouteCircuits/peerings/peerConnections", KIND_PEERING,
        "peeredConnections", KIND_NO_CREATE | KIND_READ_ONLY, 0, 0},
    [KIND_ROUTE_FILTER] = {"routeFilters", NS "routeFilters", KIND_NONE, NULL,
        KIND_TRACKED | KIND_BY_SUBSCRIPTION | KIND_PATCH_TAGS, 2000, 2000},
    [KIND_ROUTE_FILTER_RULE] = {"routeFilterRules", NS "routeFilters/routeFilterRules", KIND_ROUTE_FILTER, "rules",
        0, 2000, 2000},
    [KIND_PORT] = {"expressRoutePorts", NS "expressRoutePorts", KIND_NONE, NULL,
        KIND_TRACKED | KIND_BY_SUBSCRIPTION | KIND_PATCH_TAGS, 4000, 3000},
    [KIND_PORT_LINK] = {"links", NS "expressRoutePorts/links", KIND_PORT, "links",
        KIND_NO_CREATE | KIND_READ_ONLY, 0, 0},
    [KIND_PORT_AUTHORIZATION] = {"authorizations", NS "expressRoutePorts/authorizations", KIND_PORT, NULL,
        0, 1500, 1500},
    [KIND_HUB_GATEWAY] = {"expressRouteGateways", NS "expressRouteGateways", KIND_NONE, NULL,
        KIND_TRACKED | KIND_BY_SUBSCRIPTION | KIND_PATCH_TAGS | KIND_PATCH_ASYNC, 20000, 15000},
    [KIND_HUB_CONNECTION] = {"expressRouteConnections", NS "expressRouteGateways/expressRouteConnections",
        KIND_HUB_GATEWAY, "expressRouteConnections", KIND_KEEP_UNKNOWN, 5000, 4000},
};
/* clang-format on */

const struct resource_type *resource_type(enum resource_kind k) { return &types[k]; }

enum resource_kind resource_kind_find(enum resource_kind parent, const char *segment)
{
    for (int k = 0; k < RESOURCE_KINDS; k++)
        if (types[k].parent == parent && text_same_nocase(types[k].segment, segment))
            return (enum resource_kind)k;
    return KIND_NONE;
}

enum resource_kind resource_kind_of_type(const char *full)
{
    for (int k = 0; k < RESOURCE_KINDS; k++)
        if (text_same_nocase(types[k].full, full)) return (enum resource_kind)k;
    return KIND_NONE;
}
