/* tests/unit/rib/random.h - small reproducible random numbers (xorshift), and values made of them. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include "rib/journal.h"

struct rng { uint64_t s; };

static inline uint32_t rng_next(struct rng *r)
{
    r->s ^= r->s << 13;
    r->s ^= r->s >> 7;
    r->s ^= r->s << 17;
    return (uint32_t)(r->s >> 16);
}
static inline uint32_t rng_below(struct rng *r, uint32_t n) { return rng_next(r) % n; }

/* Seed from FL_SEED, or fixed; printed, so that a failure can be repeated. */
static inline struct rng rng_start(const char *what)
{
    const char *s = getenv("FL_SEED");
    uint64_t seed = s ? strtoull(s, NULL, 0) : 0x5eed2026;
    print_message("%s: seed %llu\n", what, (unsigned long long)seed);
    return (struct rng){seed ? seed : 1};
}

static const struct hash_key test_key = {1, 2};

static inline size_t path_bytes(uint8_t *out, const uint32_t *asns, size_t n)
{
    if (n == 0) return 0;
    out[0] = AS_SEQUENCE;
    out[1] = (uint8_t)n;
    for (size_t i = 0; i < n; i++)
        for (size_t b = 0; b < 4; b++) out[2 + 4 * i + b] = (uint8_t)(asns[i] >> (24 - 8 * b));
    return 2 + 4 * n;
}
