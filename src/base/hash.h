/* base/hash.h - SipHash-1-3 with a key, for every table whose keys somebody else chooses (RB-145). */
#pragma once
#include "base/defs.h"

struct hash_key {
    uint64_t k0, k1;
};

uint64_t hash_bytes(const struct hash_key *key, const void *p, size_t n);
/* The same for up to seven octets, the first one lowest: no loop where a million keys are hashed. */
uint64_t hash_few(const struct hash_key *key, uint64_t octets, unsigned n);
uint64_t hash_text_nocase(const struct hash_key *key, const char *s); /* ASCII case folded */
