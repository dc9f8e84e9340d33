/* policy/limit.h - how many prefixes a session may bring, and when to say so (RB-090). Pure. */
#pragma once
#include "policy/policy.h"

enum limit_level {
    LIMIT_FINE,
    LIMIT_WARNING, /* 75 % */
    LIMIT_ALARM,   /* 80 % */
    LIMIT_EXCEEDED /* the first prefix above: the session ends with 6/1 */
};

/* What the service allows a customer of this kind; 0: no limit. */
uint32_t limit_by_rule(enum policy_domain d, enum policy_peer p, bool premium, enum family f);
/* The stricter of the rule and the configured number; 0 is no limit on either side. */
uint32_t limit_effective(uint32_t by_rule, uint32_t configured);
enum limit_level limit_level(uint32_t limit, uint32_t count);
