/* net/vrp.h - a validated ROA payload as a value (RFC 6811 section 2). Pure. */
#pragma once
#include "net/prefix.h"

struct vrp { /* this AS may originate this prefix and parts of it up to max_len */
    struct prefix prefix;
    uint8_t max_len;
    uint32_t asn;
};

/* A maximum length between the prefix's own and the family's. */
static inline bool vrp_valid(const struct vrp *v)
{
    enum family f = (enum family)v->prefix.addr.family;
    if (f != FAMILY_IPV4 && f != FAMILY_IPV6) return false;
    return v->max_len >= v->prefix.len && v->max_len <= addr_bits(f);
}
