/* wire/natsync_seal.h - the authenticated envelope of NAT synchronisation: a head, a datagram of natsync.h
 * or nothing, and the first 16 bytes of an HMAC-SHA-256 over both (RFC 2104; truncation as RFC 4868 has it).
 * 64 bytes for up to 48 bindings. Big-endian. Pure.
 *
 * head (48 bytes)  magic "FLNA", version 1, 24 bits 0, tag of the key it is sealed with, tag of the key the
 *                  sender would like best, session of the sender (new with every start), its nonce, the
 *                  nonce it heard last, counter (64 bits each) */
#pragma once
#include "wire/natsync.h"

enum {
    NATSYNC_SEAL_HEAD = 48,
    NATSYNC_SEAL_MAC = 16,
    NATSYNC_SEALED_MAX = NATSYNC_SEAL_HEAD + NATSYNC_MESSAGE_MAX + NATSYNC_SEAL_MAC,
    NATSYNC_SEAL_MAGIC = 0x464c4e41,
    NATSYNC_SEAL_VERSION = 1,
};

struct natsync_seal {
    uint32_t key, wish;
    uint64_t session, nonce, echo, counter;
};

void natsync_put_seal(struct writer *w, const struct natsync_seal *s);
/* NULL, or what is wrong with the head. */
const char *natsync_read_seal(struct cursor *c, struct natsync_seal *out);
