/* base/hash.c - SipHash-1-3 (Aumasson, Bernstein 2012), written from the paper's description. */
#include "base/hash.h"
#include <string.h>

struct sip {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotl(uint64_t x, int b) { return x << b | x >> (64 - b); }

static inline void sip_round(struct sip *s)
{
    s->v0 += s->v1, s->v1 = rotl(s->v1, 13), s->v1 ^= s->v0, s->v0 = rotl(s->v0, 32);
    s->v2 += s->v3, s->v3 = rotl(s->v3, 16), s->v3 ^= s->v2;
    s->v0 += s->v3, s->v3 = rotl(s->v3, 21), s->v3 ^= s->v0;
    s->v2 += s->v1, s->v1 = rotl(s->v1, 17), s->v1 ^= s->v2, s->v2 = rotl(s->v2, 32);
}

static struct sip sip_start(const struct hash_key *k)
{
    return (struct sip){k->k0 ^ 0x736f6d6570736575, k->k1 ^ 0x646f72616e646f6d,
                        k->k0 ^ 0x6c7967656e657261, k->k1 ^ 0x7465646279746573};
}

static inline void sip_word(struct sip *s, uint64_t m)
{
    s->v3 ^= m;
    sip_round(s);
    s->v0 ^= m;
}

static uint64_t sip_end(struct sip *s)
{
    s->v2 ^= 0xff;
    sip_round(s), sip_round(s), sip_round(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t n)
{
    const uint8_t *p = data;
    struct sip s = sip_start(key);
    size_t left = n;
    for (; left >= 8; left -= 8, p += 8) {
        uint64_t m;
        memcpy(&m, p, 8);
        sip_word(&s, m);
    }
    uint64_t last = (uint64_t)n << 56;
    for (size_t i = 0; i < left; i++) last |= (uint64_t)p[i] << (8 * i);
    sip_word(&s, last);
    return sip_end(&s);
}

uint64_t hash_few(const struct hash_key *key, uint64_t octets, unsigned n)
{
    struct sip s = sip_start(key);
    sip_word(&s, (uint64_t)n << 56 | octets);
    return sip_end(&s);
}

uint64_t hash_text_nocase(const struct hash_key *key, const char *text)
{
    struct sip s = sip_start(key);
    uint64_t m = 0;
    size_t n = 0;
    for (; text[n]; n++) {
        uint8_t c = (uint8_t)text[n];
        if (c >= 'A' && c <= 'Z') c = (uint8_t)(c - 'A' + 'a');
        m |= (uint64_t)c << (8 * (n % 8));
        if (n % 8 == 7) {
            sip_word(&s, m);
            m = 0;
        }
    }
    sip_word(&s, m | (uint64_t)n << 56);
    return sip_end(&s);
}
