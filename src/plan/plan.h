/* plan/plan.h - from resources and the registry of edges to one intent per edge. Pure: the same
 * resources give the same intents, whatever their order.
 *
 * Where things go. A circuit that its provider has provisioned becomes a domain for each of its
 * peerings, on the two edges of its location: the customer at network + 1, the cloud at network
 * + 2. A connection becomes a link between both of those edges and the node that holds the gateway,
 * told apart by the connection's tag. A gateway becomes a domain on that node, with a link for
 * every edge of every circuit, its network's attachment, and the network's prefixes. Global Reach
 * becomes a link between the edges of its two circuits, leg by leg, with an internal session over it:
 * what one customer announces is told to the other. What is not
 * finished (a circuit that is not provisioned, a peering being made or deleted, an edge that is not
 * registered) is left out. On Microsoft peering an edge announces its services, as far as a
 * community of theirs is in a route filter of the peering. docs/plan.md draws it. */
#pragma once
#include "intent/intent.h"

enum plan_leg { PLAN_PRIMARY, PLAN_SECONDARY, PLAN_LEGS };
const char *plan_leg_name(enum plan_leg leg);

enum plan_role { PLAN_EDGE, PLAN_GATEWAY };

struct plan_core { /* a gateway node's, or an edge's, trunk towards one edge */
    const char *edge, *port;
};

struct plan_network { /* where a virtual network hangs on a gateway node */
    const char *vnet; /* its name, or its identifier when the name is not unique */
    const char *port;
    uint16_t stag, ctag;
    struct intent_address address, address6; /* of the gateway in it; address6 may be none */
};

struct plan_service { /* what the cloud announces at an edge on Microsoft peering */
    struct prefix prefix;
    uint32_t *communities;
    size_t communities_n;
};

struct plan_edge { /* one entry of the registry */
    const char *name;
    int role; /* enum plan_role */
    const char *location, *region, *namespace_;
    int leg; /* enum plan_leg */
    uint32_t router_id;
    struct {
        const char *access, *core;
    } ports;
    struct plan_core *cores; /* of an edge: where Global Reach leaves, else by ports.core */
    struct plan_network *networks;
    struct plan_service *services;
    size_t cores_n, networks_n, services_n;
};

struct plan_peering {
    bool microsoft;
    bool down; /* disabled, or its advertised prefixes are not validated */
    bool on[2]; /* IPv4, IPv6 */
    struct prefix links[2][PLAN_LEGS];
    uint32_t asn;
    uint16_t vlan;
    const char *md5;
    /* Microsoft peering only */
    struct prefix *advertised;
    uint32_t *communities; /* that its route filters let out */
    uint32_t holder_asn;
    size_t advertised_n, communities_n;
};

struct plan_circuit {
    const char *key, *label, *location;
    bool provisioned, premium;
    bool link_down[PLAN_LEGS]; /* a port of one's own whose link is not enabled */
    uint16_t stag;
    struct plan_peering *peerings;
    size_t peerings_n;
};

struct plan_vnet {
    const char *key, *name;
    struct prefix *prefixes;
    uint32_t *communities;
    size_t prefixes_n, communities_n;
};

struct plan_gateway {
    const char *key, *label, *vnet; /* vnet: key */
};

struct plan_connection {
    const char *key, *label, *circuit, *gateway; /* the last two: keys */
    uint16_t tag;
    uint32_t weight;
    bool down; /* held down by a failover test */
};

struct plan_reach { /* Global Reach: the private peerings of two circuits joined */
    const char *key, *label, *circuits[2]; /* keys: where it was asked for, and the other */
    uint16_t tag;                          /* of the links between the edges; 0: none was given out */
    struct prefix links[2];                /* a /29, and a /125 or of no family */
};

struct plan_input {
    struct plan_edge *edges;
    struct plan_circuit *circuits;
    struct plan_vnet *vnets;
    struct plan_gateway *gateways;
    struct plan_connection *connections;
    struct plan_reach *reaches;
    size_t edges_n, circuits_n, vnets_n, gateways_n, connections_n, reaches_n;
};

struct plan_row {
    const char *edge;
    struct intent intent; /* revision 0: whoever hands it out counts */
};

struct plan {
    struct plan_row *rows; /* by name of the edge, one for every edge */
    size_t n;
};

/* Everything lives in the arena, or is borrowed from the input. Sorts the input's lists. False at
 * the arena's ceiling. */
MUST_USE bool plan_make(struct plan_input *in, struct arena *a, struct plan *out);
