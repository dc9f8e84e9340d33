/* sys/token.h - bearer tokens: JSON Web Tokens (RFC 7519) signed with RS256. The only user of
 * libjwt. One issuer, one key, one algorithm: whatever the head of a token says about keys and
 * algorithms decides nothing but whether the token is read at all (RFC 8725, RB-151). */
#pragma once
#include "base/text.h"

struct token_key;

enum { TOKEN_BYTES_MAX = 16384, TOKEN_CLAIM_MAX = 512, TOKEN_SKEW_S = 300 };

struct token_claims {
    char issuer[TOKEN_CLAIM_MAX], audience[TOKEN_CLAIM_MAX];
    char object_id[64], tenant_id[64], app_id[64];
    int64_t not_before_s, expires_s;
};

/* From an RSA private key (PEM). NULL with `why`. */
struct token_key *token_key_open(const char *private_pem, struct text *why);
void token_key_drop(struct token_key *k); /* NULL is ignored */

/* Appends the token. */
MUST_USE bool token_issue(const struct token_key *k, const struct token_claims *c,
                          struct text *out);

enum token_verdict { TOKEN_FINE, TOKEN_EXPIRED, TOKEN_REFUSED };
/* EXPIRED only when nothing else is wrong with it. Issuer, audience and tenant are the caller's to
 * judge. *out is set unless it was refused. */
MUST_USE enum token_verdict token_verify(const struct token_key *k, const char *token,
                                         int64_t now_s, struct token_claims *out);

/* Another issuer, whose keys are known by its key set. Its tokens need iss, aud (or one of it),
 * exp, and oid or sub; RS256 or ES256, as the key says that their head names. */
struct token_issuer;
struct token_issuer *token_issuer_new(const char *issuer, const char *audience);
void token_issuer_drop(struct token_issuer *i); /* NULL is ignored */
/* Its keys are those of the set from now on; how many of it can be used, 0 leaves what there was.
 */
size_t token_issuer_keys(struct token_issuer *i, const char *key_set);
/* Whether the token's head names a key that we have not; false for what is no token. */
bool token_issuer_lacks(const struct token_issuer *i, const char *token);
/* *out: issuer, audience and times, and the object id. */
MUST_USE enum token_verdict token_issuer_verify(const struct token_issuer *i, const char *token,
                                                int64_t now_s, struct token_claims *out);

/* The JSON Web Key Set (RFC 7517) by which others check our tokens. */
void token_key_set(const struct token_key *k, struct text *out);
