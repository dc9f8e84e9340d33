/* model/fault.h - why a request is refused: one code each, with its HTTP status, in one table.
 * A fault is the customer's nonsense as a value: code, JSON pointer (or parameter name), and one or
 * two sentences that name the rule and the fix. Checks collect them; the first one is the answer,
 * the others are its details. Codes are those of the resource manager, or our own where no public
 * source has one. */
#pragma once
#include "base/arena.h"

/* clang-format off */
#define FAULT_MAP(ROW)                                                                             \
    ROW(400, MissingApiVersionParameter)                                                           \
    ROW(400, NoRegisteredProviderFound)                                                            \
    ROW(404, InvalidResourceType)                                                                  \
    ROW(400, InvalidRequestContent)                                                                \
    ROW(400, InvalidRequestFormat)                                                                 \
    ROW(400, InvalidRequestUri)                                                                    \
    ROW(400, LocationRequired)                                                                     \
    ROW(409, InvalidResourceLocation)                                                              \
    ROW(400, InvalidResourceName)                                                                  \
    ROW(403, AuthorizationFailed)                                                                  \
    ROW(403, LinkedAuthorizationFailed)                                                            \
    ROW(404, SubscriptionNotFound)                                                                 \
    ROW(404, ResourceGroupNotFound)                                                                \
    ROW(404, ResourceNotFound)                                                                     \
    ROW(404, NotFound)                                                                             \
    ROW(404, ParentResourceNotFound)                                                               \
    ROW(404, OperationNotFound)                                                                    \
    ROW(405, MethodNotAllowed)                                                                     \
    ROW(400, InvalidResourceReference)                                                             \
    ROW(409, AnotherOperationInProgress)                                                           \
    ROW(409, MissingSubscriptionRegistration)                                                      \
    ROW(409, ResourceGroupDeletionBlocked)                                                         \
    ROW(409, ResourceGroupBeingDeleted)                                                            \
    ROW(400, InvalidTemplate)                                                                      \
    ROW(409, DeploymentFailed)                                                                     \
    ROW(404, DeploymentNotFound)                                                                   \
    ROW(412, PreconditionFailed)                                                                   \
    ROW(429, TooManyRequests)                                                                      \
    ROW(500, InternalServerError)                                                                  \
    ROW(503, ServiceUnavailable)                                                                   \
    ROW(400, InUseSubnetCannotBeDeleted)                                                           \
    ROW(400, PublicIPAddressCannotBeDeleted)                                                       \
    ROW(400, InUseExpressRouteCircuitCannotBeDeleted)                                              \
    ROW(400, InUseExpressRoutePeeringCannotBeDeleted)                                              \
    ROW(400, InUseVirtualNetworkGatewayCannotBeDeleted)                                            \
    ROW(400, InUseVirtualNetworkCannotBeDeleted)                                                   \
    ROW(400, InUseRouteFilterCannotBeDeleted)                                                      \
    ROW(400, InUseExpressRoutePortCannotBeDeleted)                                                 \
    ROW(400, InUseExpressRouteGatewayCannotBeDeleted)                                              \
    ROW(409, ExpressRouteCircuitProvisionedCannotBeDeleted)                                        \
    ROW(400, ExpressRouteCircuitReferenceInCrossConnectionCannotBeModified)                        \
    ROW(400, ExpressRouteCrossConnectionStateInvalid)                                              \
    ROW(400, ExpressRouteServiceProviderNotFound)                                                  \
    ROW(400, ExpressRoutePeeringLocationNotFound)                                                  \
    ROW(400, ExpressRouteBandwidthNotOffered)                                                      \
    ROW(400, ExpressRouteSkuInvalid)                                                               \
    ROW(400, ExpressRouteBandwidthDecreaseNotSupported)                                            \
    ROW(400, ExpressRouteUnlimitedToMeteredNotSupported)                                           \
    ROW(400, ExpressRouteServiceProviderCannotBeChanged)                                           \
    ROW(400, ExpressRoutePeeringTypeInvalid)                                                       \
    ROW(400, ExpressRoutePeeringVlanIdInvalid)                                                     \
    ROW(400, ExpressRoutePeeringVlanIdInUse)                                                       \
    ROW(400, ExpressRoutePeeringPrefixInvalid)                                                     \
    ROW(400, ExpressRoutePeeringPrefixOverlap)                                                     \
    ROW(400, ExpressRoutePeeringAsnInvalid)                                                        \
    ROW(400, ExpressRoutePeeringSharedKeyInvalid)                                                  \
    ROW(409, ExpressRoutePeeringManagedByProvider)                                                 \
    ROW(400, ExpressRouteAdvertisedPrefixNotPublic)                                                \
    ROW(400, ExpressRouteCircuitNotProvisioned)                                                    \
    ROW(400, ExpressRouteCircuitPeeringNotConfigured)                                              \
    ROW(400, ExpressRouteCircuitAlreadyConnected)                                                  \
    ROW(400, ExpressRouteCircuitLinkLimitReached)                                                  \
    ROW(400, ExpressRouteCircuitRegionNotReachable)                                                \
    ROW(400, ExpressRouteAuthorizationInvalid)                                                     \
    ROW(400, ExpressRouteAuthorizationInUse)                                                       \
    ROW(400, ExpressRouteCircuitQuotaReached)                                                      \
    ROW(400, ExpressRouteGlobalReachNotSupported)                                                  \
    ROW(400, ExpressRouteGlobalReachAlreadyConnected)                                              \
    ROW(400, ExpressRouteGlobalReachCannotBeChanged)                                               \
    ROW(400, ExpressRoutePortsNotAvailable)                                                        \
    ROW(400, ExpressRoutePortCannotBeChanged)                                                      \
    ROW(400, ExpressRoutePortLinkInvalid)                                                          \
    ROW(400, ExpressRoutePortMacSecInvalid)                                                        \
    ROW(400, ExpressRoutePortBandwidthExceeded)                                                    \
    ROW(400, RouteFilterCommunityInvalid)                                                          \
    ROW(400, RouteFilterRuleLimitReached)                                                          \
    ROW(400, RouteFilterNotAuthorized)                                                             \
    ROW(400, RouteFilterNeedsPremium)                                                              \
    ROW(400, ExpressRouteGatewayScaleInvalid)                                                      \
    ROW(400, ExpressRouteGatewayCannotBeChanged)                                                   \
    ROW(409, SiteFailoverTestRunning)                                                              \
    ROW(400, SiteFailoverTestInvalid)                                                              \
    ROW(400, InvalidAddressPrefixFormat)                                                           \
    ROW(400, InvalidCIDRNotation)                                                                  \
    ROW(400, NetcfgAddressSpaceOverlap)                                                            \
    ROW(400, NetcfgSubnetRangeOutsideVnet)                                                         \
    ROW(400, NetcfgSubnetRangesOverlap)                                                            \
    ROW(400, VirtualNetworkAddressSpaceLimitReached)                                               \
    ROW(400, VirtualNetworkGatewayTypeNotSupported)                                                \
    ROW(400, VirtualNetworkGatewaySkuInvalid)                                                      \
    ROW(400, VirtualNetworkGatewaySkuChangeNotSupported)                                           \
    ROW(400, VirtualNetworkGatewaySubnetInvalid)                                                   \
    ROW(400, VirtualNetworkGatewayNotReady)                                                        \
    ROW(400, VirtualNetworkGatewayCannotBeChanged)                                                 \
    ROW(400, PublicIPAddressInUse)                                                                 \
    ROW(400, ConnectionTypeNotSupported)                                                           \
    ROW(400, ConnectionRoutingWeightInvalid)                                                       \
    ROW(400, ConnectionGatewayBypassNotSupported)                                                  \
    ROW(400, ConnectionCannotBeChanged)
/* clang-format on */

/* clang-format off */
enum fault_code {
    FAULT_NONE,
#define ROW(status, name) FAULT_##name,
    FAULT_MAP(ROW)
#undef ROW
    FAULT_CODES,
};
/* clang-format on */

const char *fault_name(enum fault_code c);
int fault_status(enum fault_code c);

struct fault {
    enum fault_code code;
    const char *target; /* JSON pointer into the body, or "" */
    const char *message;
};

enum { FAULTS_MOST = 16 }; /* further ones are dropped: nobody reads them */

struct faults {
    struct arena *arena; /* the texts live here */
    struct fault rows[FAULTS_MOST];
    size_t n;
};

void faults_init(struct faults *fs, struct arena *a);
void fault_add(struct faults *fs, enum fault_code code, const char *target, const char *message,
               ...) PRINTF_LIKE(4, 5);
