/* policy/limit.c - see the header; numbers from the prefix limits of the peerings. */
#include "policy/limit.h"

static const struct {
    enum policy_domain domain;
    enum family family;
    uint32_t standard, premium;
} rules[] = {
    {POLICY_PRIVATE, FAMILY_IPV4, 4000, 10000},
    {POLICY_PRIVATE, FAMILY_IPV6, 100, 100},
    {POLICY_MICROSOFT, FAMILY_IPV4, 200, 200},
    {POLICY_MICROSOFT, FAMILY_IPV6, 200, 200},
};

uint32_t limit_by_rule(enum policy_domain d, enum policy_peer p, bool premium, enum family f)
{
    if (p != POLICY_PEER_CUSTOMER) return 0;
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (rules[i].domain == d && rules[i].family == f)
            return premium ? rules[i].premium : rules[i].standard;
    return 0;
}

uint32_t limit_effective(uint32_t by_rule, uint32_t configured)
{
    if (!by_rule || !configured) return by_rule | configured;
    return configured < by_rule ? configured : by_rule;
}

enum limit_level limit_level(uint32_t limit, uint32_t count)
{
    if (!limit) return LIMIT_FINE;
    if (count > limit) return LIMIT_EXCEEDED;
    if ((uint64_t)count * 100 >= (uint64_t)limit * 80) return LIMIT_ALARM;
    if ((uint64_t)count * 100 >= (uint64_t)limit * 75) return LIMIT_WARNING;
    return LIMIT_FINE;
}
