/* lab/topology.h - the lab as data: which nodes there are, how they are cabled, what sits where.
 *
 *   site-host ==+== ce1 --- C-tag --- xchg --- S-tag+C-tag --- edge1 --- tags --- gw --- vnet-host
 *               |                     |  |                                        |
 *               +== ce2 --- C-tag ----+  +---- S-tag+C-tag --- edge2 --- tags ----+
 *
 * site-host carries the bridge of the site's LAN; ce1 runs fairlead-edge, ce2 BIRD or FRR; xchg is
 * the provider's exchange, nothing but a tag switch; edge1, edge2 and gw are fairlead-edge driven
 * by the control plane. Every node is a network namespace `fl-<lab>-<node>`; a router's domains are
 * further namespaces `fl-<lab>-<node>.<domain>`. No interface of the lab is ever in the machine's
 * own namespace. Pure: tables and values only. */
#pragma once
#include "base/arena.h"
#include "net/prefix.h"
#include "net/tags.h"

enum lab_node_id {
    NODE_SITE_HOST,
    NODE_CE1,
    NODE_CE2,
    NODE_XCHG,
    NODE_EDGE1,
    NODE_EDGE2,
    NODE_GW,
    NODE_VNET_HOST,
    LAB_NODES
};
enum lab_leg { LEG_PRIMARY, LEG_SECONDARY, LAB_LEGS };

struct lab_node {
    const char *name, *role;
};
extern const struct lab_node lab_nodes[LAB_NODES];
const char *lab_leg_name(enum lab_leg leg); /* "primary", "secondary" */
/* The node of that name, LAB_NODES if there is none. */
enum lab_node_id lab_node_by_name(const char *name);

struct lab_cable { /* a veth pair */
    enum lab_node_id a;
    const char *a_port;
    enum lab_node_id b;
    const char *b_port;
    uint16_t mtu; /* trunks have room for two tags: 1504 at least */
};
extern const struct lab_cable lab_cables[];
extern const size_t lab_cables_n;

enum { LAB_NAME_MAX = 20, LAB_NAMESPACE_MAX = 80 };
/* Lower-case letters, digits and '-', a letter first, at most LAB_NAME_MAX. */
bool lab_name_valid(const char *name);
/* "fl-demo-ce1"; with a domain "fl-demo-ce1.site". Returns buf. */
const char *lab_namespace(const char *lab, enum lab_node_id node, const char *domain,
                          char buf[static LAB_NAMESPACE_MAX]);
/* Does a namespace of that name belong to the lab? Also those of domains. */
bool lab_owns_namespace(const char *lab, const char *name);

enum lab_ce_kind { LAB_CE_BIRD, LAB_CE_FRR };

struct lab_circuit_leg {
    struct prefix link;          /* the /30 */
    struct addr customer, cloud; /* its first and second host */
};

/* What a lab is built from, taken from a design; texts live in the design's arena. */
struct lab_params {
    const char *lab;
    const char *group, *region;
    const char *circuit, *provider, *location, *tier, *family;
    uint32_t bandwidth_mbps;
    uint32_t site_asn;
    struct prefix site, lan;
    struct addr host, ce[LAB_LEGS]; /* on the LAN */
    enum lab_ce_kind ce2_kind;
    uint16_t vlan, stag;
    const char *shared_key; /* "" none */
    bool bfd;
    struct lab_circuit_leg legs[LAB_LEGS];
    const char *vnet;
    const char *vnet_subnet_name;
    struct prefix vnet_space, vnet_subnet, gateway_subnet;
    struct addr vnet_router, vnet_host;
    const char *gateway, *gateway_sku, *connection;
};

struct lab_address { /* an address a node itself carries (routers' domains come with their intents)
                      */
    enum lab_node_id node;
    const char *port;
    struct addr addr;
    uint8_t len;
};
enum { LAB_ADDRESSES_MAX = 8 };
/* How many; the fixed addresses of hosts and of ce2. */
size_t lab_addresses(const struct lab_params *p, struct lab_address out[static LAB_ADDRESSES_MAX]);

/* Name of ce2's interface for the peering VLAN: "leg0". */
extern const char lab_ce2_leg_port[];
