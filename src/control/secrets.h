/* control/secrets.h - the two secrets an installation stands on: the key of its authority and the
 * keys that sign tokens.
 *
 * With a store of its own they are files of the state directory: ca.key, token.key. Processes that
 * share a store share them through it, sealed (AES-256-GCM) under cluster.key, which is made by the
 * first of them and carried to the state directory of each other one by its operator: whoever can
 * read the store alone can neither issue a certificate nor sign a token. ca.pem is written
 * everywhere.
 *
 * The newest token key signs; two older ones are still believed, longer than any token of theirs
 * lives. */
#pragma once
#include "store/store.h"
#include "sys/tls.h"
#include "sys/token.h"

enum { TOKEN_KEYS_MAX = 3 };

struct secrets {
    const char *dir;      /* the state directory, borrowed */
    struct store *shared; /* NULL: they are files */
    unsigned char seal[TLS_DIGEST];
    struct tls_pair authority;
    struct token_key *tokens[TOKEN_KEYS_MAX]; /* newest first */
    int64_t made_s[TOKEN_KEYS_MAX];
    size_t tokens_n;
    struct text token_file; /* "made SECONDS" and a PEM, for each */
};

#define SECRETS_KEY "system/secrets"

/* Reads them, or makes them when there are none. False with `why`. */
MUST_USE bool secrets_open(struct secrets *s, const char *dir, struct store *shared, int64_t now_s,
                           struct text *why);
void secrets_drop(struct secrets *s);
/* A new key signs from now on. */
MUST_USE bool secrets_rotate(struct secrets *s, int64_t now_s, struct text *why);
/* Somebody else may have: what the store has now. What cannot be read changes nothing. */
void secrets_again(struct secrets *s);

/* By whichever of our keys it names. As token_verify. */
MUST_USE enum token_verdict secrets_verify(const struct secrets *s, const char *token,
                                           int64_t now_s, struct token_claims *out);
