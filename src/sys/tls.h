/* sys/tls.h - keys and certificates. The only user of GnuTLS.
 * Keys and certificates are PEM texts. Keys of certificates are EC P-256; the key that signs tokens
 * is RSA, because that is what every reader of tokens can check. Times are seconds since 1970. */
#pragma once
#include "base/text.h"

struct tls_pair {
    struct text key, cert;
};
void tls_pair_drop(struct tls_pair *p); /* the key is wiped */

enum { TLS_NAME_MAX = 64, TLS_SERIAL_TEXT = 41, TLS_DIGEST = 32 };

struct tls_subject {
    const char *name; /* common name */
    const char *const
        *hosts;  /* names and addresses a server answers to, ended by NULL; NULL: none */
    bool client; /* for showing to a server; else for being one */
    unsigned days;
};

MUST_USE bool tls_make_authority(const char *name, int64_t now_s, struct tls_pair *out,
                                 struct text *why);
/* Signed by the authority. `serial` gets the serial number in hexadecimal. */
MUST_USE bool tls_issue(const struct tls_pair *authority, const struct tls_subject *who,
                        int64_t now_s, struct tls_pair *out, char serial[static TLS_SERIAL_TEXT],
                        struct text *why);

/* Who is at the other end of a server's session (gnutls_session_t): false unless it showed a
 * certificate that our authority signed, that is valid now and made for clients. */
struct tls_peer {
    char name[TLS_NAME_MAX], serial[TLS_SERIAL_TEXT];
};
MUST_USE bool tls_peer(void *session, struct tls_peer *out);
/* The protocol versions and ciphers of our servers (RB-160), for their TLS library. */
extern const char tls_server_priorities[];

/* An RSA key of 2048 bits; its public half; and that one's numbers for a JSON Web Key, base64url.
 */
MUST_USE bool tls_make_rsa(struct text *key, struct text *why);
MUST_USE bool tls_rsa_public(const char *key, struct text *public_pem, struct text *modulus,
                             struct text *exponent, struct text *why);

/* Public keys from the numbers of a JSON Web Key, as PEM: RSA of at least 2048 bits, and P-256. */
MUST_USE bool tls_public_rsa(const void *modulus, size_t modulus_n, const void *exponent,
                             size_t exponent_n, struct text *pem);
MUST_USE bool tls_public_p256(const void *x, size_t x_n, const void *y, size_t y_n,
                              struct text *pem);

void tls_digest(const void *bytes, size_t n, unsigned char out[static TLS_DIGEST]); /* SHA-256 */
/* HMAC-SHA-256 (RFC 2104) under a secret, ready to be used again and again. */
struct tls_mac;
struct tls_mac *tls_mac_new(const char *secret);
void tls_mac_free(struct tls_mac *m); /* or NULL */
void tls_mac(struct tls_mac *m, const void *bytes, size_t n, unsigned char out[static TLS_DIGEST]);
/* PBKDF2 with HMAC-SHA-256 (RFC 8018): as slow as `rounds`. */
void tls_slow_hash(const char *secret, const unsigned char *salt, size_t salt_n, unsigned rounds,
                   unsigned char out[static TLS_DIGEST]);
/* Gone for good, whatever the compiler thinks of it (RB-192). */
void tls_wipe(struct text *t);

/* AES-256-GCM under `key`, as base64 of nonce, text and tag. Unsealing is false for anything that
 * was not sealed under the same key, or was changed since. */
void tls_seal(const unsigned char key[static TLS_DIGEST], const char *plain, size_t n,
              struct text *out);
MUST_USE bool tls_unseal(const unsigned char key[static TLS_DIGEST], const char *sealed, size_t n,
                         struct text *out);
