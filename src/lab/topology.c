/* lab/topology.c - the tables of the lab's nodes and cables, and the names made from them. */
#include "lab/topology.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { MTU_LAN = 1500, MTU_TRUNK = 1600 };

const char lab_ce2_leg_port[] = "leg0";

// clang-format off
const struct lab_node lab_nodes[LAB_NODES] = {
    [NODE_SITE_HOST] = {"site-host", "host in the site, and its LAN"},
    [NODE_CE1]       = {"ce1",       "customer router, primary leg (fairlead-edge)"},
    [NODE_CE2]       = {"ce2",       "customer router, secondary leg"},
    [NODE_XCHG]      = {"xchg",      "provider's exchange (tag switch)"},
    [NODE_EDGE1]     = {"edge1",     "cloud edge, primary (fairlead-edge)"},
    [NODE_EDGE2]     = {"edge2",     "cloud edge, secondary (fairlead-edge)"},
    [NODE_GW]        = {"gw",        "virtual network gateway (fairlead-edge)"},
    [NODE_VNET_HOST] = {"vnet-host", "host in the virtual network"},
};

const struct lab_cable lab_cables[] = {
    {NODE_SITE_HOST, "lan1",  NODE_CE1,       "lan0", MTU_LAN},
    {NODE_SITE_HOST, "lan2",  NODE_CE2,       "lan0", MTU_LAN},
    {NODE_CE1,       "wan0",  NODE_XCHG,      "ce1",  MTU_TRUNK},
    {NODE_CE2,       "wan0",  NODE_XCHG,      "ce2",  MTU_TRUNK},
    {NODE_XCHG,      "edge1", NODE_EDGE1,     "acc0", MTU_TRUNK},
    {NODE_XCHG,      "edge2", NODE_EDGE2,     "acc0", MTU_TRUNK},
    {NODE_EDGE1,     "core0", NODE_GW,        "core1", MTU_TRUNK},
    {NODE_EDGE2,     "core0", NODE_GW,        "core2", MTU_TRUNK},
    {NODE_GW,        "vnet0", NODE_VNET_HOST, "eth0", MTU_LAN},
};
// clang-format on
const size_t lab_cables_n = ARRAY_LEN(lab_cables);

const char *lab_leg_name(enum lab_leg leg) { return leg == LEG_PRIMARY ? "primary" : "secondary"; }

enum lab_node_id lab_node_by_name(const char *name)
{
    enum lab_node_id n = 0;
    while (n < LAB_NODES && strcmp(lab_nodes[n].name, name) != 0) n++;
    return n;
}

bool lab_name_valid(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return n > 0 && n <= LAB_NAME_MAX && name[n] == 0 && name[0] >= 'a' && name[0] <= 'z';
}

const char *lab_namespace(const char *lab, enum lab_node_id node, const char *domain,
                          char buf[static LAB_NAMESPACE_MAX])
{
    snprintf(buf, LAB_NAMESPACE_MAX, "fl-%s-%s%s%s", lab, lab_nodes[node].name, domain ? "." : "",
             domain ? domain : "");
    return buf;
}

bool lab_owns_namespace(const char *lab, const char *name)
{
    for (enum lab_node_id n = 0; n < LAB_NODES; n++) {
        char own[LAB_NAMESPACE_MAX];
        size_t len = strlen(lab_namespace(lab, n, NULL, own));
        if (strncmp(name, own, len) == 0 && (name[len] == 0 || name[len] == '.')) return true;
    }
    return false;
}

size_t lab_addresses(const struct lab_params *p, struct lab_address out[static LAB_ADDRESSES_MAX])
{
    const struct lab_address rows[] = {
        {NODE_SITE_HOST, "br0", p->host, p->lan.len},
        {NODE_CE2, "lan0", p->ce[LEG_SECONDARY], p->lan.len},
        {NODE_CE2, lab_ce2_leg_port, p->legs[LEG_SECONDARY].customer,
         p->legs[LEG_SECONDARY].link.len},
        {NODE_VNET_HOST, "eth0", p->vnet_host, p->vnet_subnet.len},
    };
    static_assert(ARRAY_LEN(rows) <= LAB_ADDRESSES_MAX, "room for the fixed addresses");
    memcpy(out, rows, sizeof rows);
    return ARRAY_LEN(rows);
}
