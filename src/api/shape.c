/* api/shape.c - the answer has the shape of the version that was asked for: members that came later
 * are taken away. What was there at first and is there still needs no row. A version in which a
 * member came is the first of those we know whole that has it. */
#include <stdio.h>
#include <string.h>
#include "api/api_priv.h"

/* clang-format off */
const struct shape_row shape_rows[] = {
    {KIND_CIRCUIT,            "properties.enableDirectPortRateLimit",                             "2024-03-01"},
    {KIND_CIRCUIT,            "properties.authorizationStatus",                                   "2024-03-01"},
    {KIND_CIRCUIT,            "properties.globalReachEnabled",                                    "2018-12-01"},
    {KIND_CIRCUIT,            "properties.stag",                                                  "2018-12-01"},
    {KIND_AUTHORIZATION,      "properties.connectionResourceUri",                                 "2024-03-01"},
    {KIND_PEERING,            "properties.microsoftPeeringConfig.advertisedPublicPrefixInfo",     "2025-05-01"},
    {KIND_PEERING,            "properties.ipv6PeeringConfig.microsoftPeeringConfig.advertisedPublicPrefixInfo", "2025-05-01"},
    {KIND_PEERING,            "properties.peeredConnections",                                     "2019-02-01"},
    {KIND_PEERING,            "properties.connections",                                           "2018-02-01"},
    {KIND_PORT,               "properties.billingType",                                           "2024-03-01"},
    {KIND_PORT_LINK,          "properties.coloLocation",                                          "2024-03-01"},
    {KIND_PORT_LINK,          "properties.macSecConfig",                                          "2019-06-01"},
    {KIND_HUB_GATEWAY,        "properties.allowNonVirtualWanTraffic",                             "2024-03-01"},
    {KIND_HUB_CONNECTION,     "properties.enablePrivateLinkFastPath",                             "2024-03-01"},
    {KIND_PUBLIC_IP,          "properties.ddosSettings",                                          "2022-05-01"},
    {KIND_GATEWAY,            "properties.allowVirtualWanTraffic",                                "2024-03-01"},
    {KIND_GATEWAY,            "properties.allowRemoteVnetTraffic",                                "2024-03-01"},
    {KIND_GATEWAY,            "properties.autoScaleConfiguration",                                "2024-03-01"},
    {KIND_ROUTE_FILTER,       "properties.ipv6Peerings",                                          "2019-04-01"},
    {0},
};
/* clang-format on */

static void member_remove(json_t *v, const char *path)
{
    for (const char *dot; (dot = strchr(path, '.')) != NULL; path = dot + 1) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)(dot - path), path);
        v = json_object_get(v, name);
    }
    json_object_del(v, path);
}

void shape_for_version(const struct call *c, enum resource_kind kind, json_t *out)
{
    if (!c->version || !*c->version) return; /* an operation ends: nobody asked */
    for (const struct shape_row *r = shape_rows; r->path; r++)
        if (r->kind == kind && strcmp(c->version, r->since) < 0) member_remove(out, r->path);
}
