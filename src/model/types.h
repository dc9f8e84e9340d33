/* model/types.h - the kinds of resources, one row each. A new kind is a row here, a table of fields
 * in records_json.c, and its hooks in api/. Pure. */
#pragma once
#include "base/defs.h"

enum resource_kind {
    KIND_CIRCUIT,
    KIND_PEERING,
    KIND_AUTHORIZATION,
    KIND_CROSS_CONNECTION,
    KIND_CROSS_PEERING, /* the provider's view of a circuit's peering: same record, other identifier
                         */
    KIND_VNET,
    KIND_SUBNET,
    KIND_PUBLIC_IP,
    KIND_GATEWAY,
    KIND_CONNECTION,
    KIND_REACH,      /* Global Reach, from the circuit on which it was asked for */
    KIND_PEER_REACH, /* the same from the other circuit */
    KIND_ROUTE_FILTER,
    KIND_ROUTE_FILTER_RULE,
    KIND_PORT, /* ExpressRoute Direct */
    KIND_PORT_LINK,
    KIND_PORT_AUTHORIZATION,
    KIND_HUB_GATEWAY,
    KIND_HUB_CONNECTION,
    RESOURCE_KINDS,
    KIND_NONE = RESOURCE_KINDS,
};

enum resource_kind_flags {
    KIND_TRACKED = 1 << 0,         /* has a location and tags, and stands in a group */
    KIND_BY_SUBSCRIPTION = 1 << 1, /* can be listed over a subscription */
    KIND_NO_CREATE = 1 << 2,       /* appears and vanishes by itself */
    KIND_PATCH_TAGS = 1 << 3,
    KIND_PATCH_ASYNC = 1 << 4,  /* PATCH of tags is an operation as in the API description */
    KIND_KEEP_UNKNOWN = 1 << 5, /* properties we have no rule for are kept as they came */
    KIND_READ_ONLY = 1 << 6,    /* made and changed through another resource */
};

struct resource_type {
    const char *segment;       /* in the path: "peerings" */
    const char *full;          /* "Microsoft.Network/expressRouteCircuits/peerings" */
    enum resource_kind parent; /* KIND_NONE: top level */
    const char *inside;        /* property of the parent that lists these, NULL: not shown there */
    unsigned flags;
    unsigned write_ms, delete_ms; /* how long an operation takes in life */
};

const struct resource_type *resource_type(enum resource_kind k);
/* The kind called `segment` (any case) under `parent` (KIND_NONE: top level), or KIND_NONE. */
enum resource_kind resource_kind_find(enum resource_kind parent, const char *segment);
/* By full type name, any case. */
enum resource_kind resource_kind_of_type(const char *full);
