/* edge/accept_rate.h - how many connections an address may open in a second (RB-093), whoever it is: it is asked
 * before anybody looks up a neighbour. Pure. Memory is fixed: of more addresses than it has room for, the one
 * that was quiet longest is forgotten, so a crowd of them cannot lock a neighbour out. */
#pragma once
#include "base/instant.h"
#include "net/addr.h"

enum { ACCEPT_RATE = 50, ACCEPT_SETS = 64, ACCEPT_WAYS = 4 };

struct accept_rate {
    struct {
        struct addr from;
        instant begun; /* of its second */
        uint32_t n;
    } rows[ACCEPT_SETS][ACCEPT_WAYS];
    uint64_t refused;
};

/* Counts it; false when the address had its share of this second. */
bool accept_rate_take(struct accept_rate *r, const struct addr *from, instant now);
