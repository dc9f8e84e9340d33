/* tests/unit/api/differences.h - where we differ from the examples of the API description on purpose:
 * the replay of the examples checks that there are no others, the reference prints them. */
#pragma once
#include <stddef.h>

struct difference {
    const char *example; /* its name, or a prefix of it followed by '*' */
    const char *path;    /* member of the answer by dots; NULL: the request is refused */
    const char *code;    /* of the refusal */
    const char *why;
};

static const struct difference differences[] = {
    {"VirtualNetworkGatewayUpdate", NULL, "VirtualNetworkGatewayTypeNotSupported",
     "The gateway is a VPN gateway; only ExpressRoute gateways are offered."},
    {"VirtualNetworkGatewayConnectionCreate", NULL, "ConnectionTypeNotSupported",
     "The connection is IPsec; only ExpressRoute connections are offered."},
    {"ExpressRouteCrossConnectionUpdate", NULL, "LocationRequired",
     "The example leaves out location and circuit; the service itself refuses that."},
    {"*", "properties.authorizationKey", NULL,
     "Keys that were used are never shown again; a key made for others is shown to those who may write."},
    {"ExpressRouteCircuitPeering*", "properties.expressRouteConnection", NULL,
     "Shown when the gateway of a hub is connected to the peering."},
    {"ExpressRouteCircuitPeeringCreate", "properties.ipv6PeeringConfig", NULL,
     "Shown when there is one; the example did not ask for it."},
    {"PublicIpAddress*", "properties.ipConfiguration", NULL, "Shown when a gateway uses the address."},
    {"VirtualNetworkScalable*", "properties.bgpSettings", NULL,
     "The gateway's AS number is shown, not null."},
    {"ExpressRouteConnection*", "properties.routingConfiguration.inboundRouteMap", NULL,
     "Shown as they were given."},
    {"ExpressRouteConnection*", "properties.routingConfiguration.outboundRouteMap", NULL,
     "Shown as they were given."},
    {"Subnet*", "properties.sharingScope", NULL, "Shown as it was given."},
    {"Subnet*", "properties.defaultOutboundAccess", NULL, "Shown as it was given."},
    {"PublicIpAddress*", "zones", NULL, "Shown as they were given."},
    {"Subnet*", "properties.purpose", NULL, "Nothing here gives a subnet a purpose."},
    {"VirtualNetwork*", "properties.subnets.0.properties.ipConfigurations", NULL,
     "Shown when a gateway stands in the subnet."},
    {"VirtualNetwork*", "properties.subnets.0.properties.resourceNavigationLinks", NULL,
     "No other service's resources are in subnets here."},
    {"VirtualNetwork*", "properties.subnets.0.properties.serviceAssociationLinks", NULL,
     "No other service's resources are in subnets here."},
    {"PublicIpAddress*", "properties.ipTags", NULL, "Shown as they were given."},
    {"PublicIpAddress*", "properties.ipAddress", NULL,
     "Addresses of gateways are for their management only; none is given out."},
    {"VirtualNetwork*", "properties.connectionProtocol", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.dpdTimeoutSeconds", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.connectionMode", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.sharedKey", NULL, "VPN only, and a secret."},
    {"VirtualNetwork*", "properties.localNetworkGateway2", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.virtualNetworkGateway2", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.ingressNatRules", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.egressNatRules", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.gatewayCustomBgpIpAddresses", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.useLocalAzureIpAddress", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.usePolicyBasedTrafficSelectors", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.ipsecPolicies", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.trafficSelectorPolicies", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.tunnelConnectionStatus", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.natRules", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.enableBgpRouteTranslationForNat", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.vpnGatewayGeneration", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.disableIPSecReplayProtection", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.enableDnsForwarding", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.inboundDnsForwardingEndpoint", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.vpnClientConfiguration", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.customRoutes", NULL, "VPN only."},
    {"VirtualNetwork*", "properties.bgpSettings.bgpPeeringAddresses", NULL, "VPN only."},
};
