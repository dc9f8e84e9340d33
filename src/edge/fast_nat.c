/* edge/fast_nat.c - the NAT of domains: pools into rows. */
#include "edge/fast_priv.h"

enum { PORTS = 64512, FIRST_PORT = 1024, BLOCK_PORTS = 512, FLOWS = 65536 };

static uint32_t block_ports(const struct intent_nat *n) { return n->block_ports ? n->block_ports : BLOCK_PORTS; }
uint32_t nat_flows(const struct intent_nat *n) { return n->flows ? n->flows : FLOWS; }

uint32_t nat_blocks(const struct intent_nat *n)
{
    return (addr_v4_value(&n->last) - addr_v4_value(&n->first) + 1) * (PORTS / block_ports(n));
}
