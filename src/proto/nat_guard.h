/* proto/nat_guard.h - whose datagrams of NAT synchronisation are taken: those sealed with a key both edges
 * have, of the partner's present session, each once. No sockets, no clock, no cryptography: the caller
 * brings the HMAC and random numbers. Pure.
 *
 * A session begins with a start of the process. The partner's session is taken up only from a datagram that
 * repeats our present nonce, and every session taken up gives us another nonce: what was recorded earlier
 * begins nothing. Within a session the counter is judged by a sliding window (as in RFC 4303 3.4.3).
 * A key is replaced while both run: each edge knows the new one and the one before, and says which it would
 * like; it seals with the new one as soon as the partner would like that too, and forgets the old one when
 * the partner has used the new one. */
#pragma once
#include "wire/natsync_seal.h"

// clang-format off
#define NAT_GUARD_MAP(X)                                                                           \
    X(TAKEN,     "taken")                                                                          \
    X(GREETED,   "other-session")  /* authentic, but not of sessions that know each other: greeted */ \
    X(PLAIN,     "unsealed")       /* without an envelope */                                       \
    X(MALFORMED, "malformed")                                                                      \
    X(KEY,       "unknown-key")                                                                    \
    X(MAC,       "bad-mac")                                                                        \
    X(REPLAY,    "replayed")                                                                       \
    X(OWN,       "our-own")
// clang-format on
enum nat_fate {
#define X(name, text) NAT_GUARD_##name,
    NAT_GUARD_MAP(X)
#undef X
        NAT_GUARD_FATES
};
extern const char *const nat_guard_names[NAT_GUARD_FATES];

enum { NAT_GUARD_KEYS = 2, NAT_GUARD_WINDOW = 256 };

struct nat_guard_mac { /* the HMAC with key 0 (present) or 1 (before) */
    void *ctx;
    void (*sign)(void *ctx, size_t key, struct span bytes, uint8_t out[static NATSYNC_SEAL_MAC]);
};

struct nat_guard {
    struct nat_guard_mac mac;
    uint32_t tags[NAT_GUARD_KEYS];
    size_t keys_n, sealing, greeting; /* with which of them datagrams and greetings are sealed */
    uint64_t session, nonce, echo, counter;
    uint64_t partner, newest;     /* partner: its session; 0: none */
    uint64_t seen[NAT_GUARD_WINDOW / 64];
    bool owes_greeting;
    uint64_t counts[NAT_GUARD_FATES];
};

/* `session` is random and not 0. */
void nat_guard_init(struct nat_guard *g, const struct nat_guard_mac *mac, uint64_t session, uint64_t nonce);
/* One or two keys, the present first, by their tags. The session goes on. */
void nat_guard_keys(struct nat_guard *g, const uint32_t *tags, size_t n);
/* Of a key's own HMAC, so that the tag tells nothing about it. */
uint32_t nat_guard_tag(const uint8_t mac[static NATSYNC_SEAL_MAC]);

/* A datagram in its envelope, into room for NATSYNC_SEALED_MAX bytes; an empty one is a greeting. */
size_t nat_guard_seal(struct nat_guard *g, struct span datagram, uint8_t *out);
/* What becomes of a datagram; with NAT_GUARD_TAKEN *out is what was in it, empty in a greeting. `fresh` is
 * the nonce to be ours if a session is taken up. */
enum nat_fate nat_guard_open(struct nat_guard *g, struct span sealed, uint64_t fresh, struct span *out);
