/* sys/token.c - signing and checking by libjwt; the head of a token is judged here before, because
 * that library takes the algorithm from it. */
#include "sys/token.h"
#include <jansson.h>
#include <jwt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/base64.h"
#include "sys/tls.h"

enum { KID_BYTES = 8, KID_TEXT = 2 * KID_BYTES + 1 };

struct token_key {
    struct text private_pem, public_pem, modulus, exponent;
    char kid[KID_TEXT];
};

struct token_key *token_key_open(const char *private_pem, struct text *why)
{
    unsigned char digest[TLS_DIGEST];
    struct token_key *k = calloc(1, sizeof *k);
    if (!k) abort();
    text_add(&k->private_pem, private_pem);
    if (!tls_rsa_public(private_pem, &k->public_pem, &k->modulus, &k->exponent, why)) {
        token_key_drop(k);
        return NULL;
    }
    tls_digest(k->public_pem.s, k->public_pem.n, digest);
    for (size_t i = 0; i < KID_BYTES; i++) snprintf(k->kid + 2 * i, 3, "%02x", digest[i]);
    return k;
}

void token_key_drop(struct token_key *k)
{
    if (!k) return;
    tls_wipe(&k->private_pem);
    text_drop(&k->public_pem), text_drop(&k->modulus), text_drop(&k->exponent);
    free(k);
}

void token_key_set(const struct token_key *k, struct text *out)
{
    json_t *set =
        json_pack("{s:[{s:s, s:s, s:s, s:s, s:s, s:s}]}", "keys", "kty", "RSA", "use", "sig", "alg",
                  "RS256", "kid", k->kid, "n", text_get(&k->modulus), "e", text_get(&k->exponent));
    char *s = json_dumps(set, JSON_COMPACT);
    text_add(out, s);
    free(s);
    json_decref(set);
}

/* --- issuing --- */

static json_t *claims_write(const struct token_claims *c)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s}", "aud", c->audience,
                     "iss", c->issuer, "iat", (json_int_t)c->not_before_s, "nbf",
                     (json_int_t)c->not_before_s, "exp", (json_int_t)c->expires_s, "oid",
                     c->object_id, "sub", c->object_id, "tid", c->tenant_id, "appid", c->app_id,
                     "idtyp", "app", "ver", "1.0");
}

static bool sign(const struct token_key *k, jwt_t *t, const char *claims, struct text *out)
{
    const unsigned char *key = (const unsigned char *)k->private_pem.s;
    if (jwt_set_alg(t, JWT_ALG_RS256, key, (int)k->private_pem.n) != 0 ||
        jwt_add_header(t, "kid", k->kid) != 0 || jwt_add_grants_json(t, claims) != 0)
        return false;
    char *s = jwt_encode_str(t);
    if (s) text_add(out, s);
    bool made = s != NULL;
    free(s);
    return made;
}

bool token_issue(const struct token_key *k, const struct token_claims *c, struct text *out)
{
    jwt_t *t;
    json_t *json = claims_write(c);
    char *claims = json ? json_dumps(json, JSON_COMPACT) : NULL;
    bool made = false;
    if (claims && jwt_new(&t) == 0) {
        made = sign(k, t, claims, out);
        jwt_free(t);
    }
    free(claims);
    json_decref(json);
    return made;
}

/* --- the head --- */

static bool says(const json_t *o, const char *key, const char *value)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s && strcmp(s, value) == 0;
}

/* Only what we write ourselves: our algorithm, our key, and nothing critical that we do not know.
 */
static bool head_fine(const struct token_key *k, const char *s, size_t n)
{
    enum { HEAD_MAX = 512 };
    char text[HEAD_MAX];
    size_t used;
    if (!base64_read(BASE64_URL, s, n, text, sizeof text, &used)) return false;
    json_t *head = json_loadb(text, used, JSON_REJECT_DUPLICATES, NULL);
    bool fine = json_is_object(head) && says(head, "alg", "RS256") && says(head, "kid", k->kid) &&
                !json_object_get(head, "crit");
    json_decref(head);
    return fine;
}

/* Three parts of strict base64url, and a head that is ours. */
static bool shape_fine(const struct token_key *k, const char *token)
{
    size_t n = strlen(token), head = strcspn(token, ".");
    char rest[TOKEN_BYTES_MAX];
    size_t used;
    if (n > TOKEN_BYTES_MAX || head == n) return false;
    const char *body = token + head + 1;
    size_t body_n = strcspn(body, ".");
    if (!body[body_n]) return false;
    const char *signature = body + body_n + 1;
    return base64_read(BASE64_URL, body, body_n, rest, sizeof rest, &used) &&
           base64_read(BASE64_URL, signature, strlen(signature), rest, sizeof rest, &used) && used > 0 &&
           head_fine(k, token, head);
}

/* --- checking --- */

static bool copy(const json_t *o, const char *key, char *out, size_t room)
{
    const json_t *v = json_object_get(o, key);
    const char *s = json_string_value(v);
    if (!s || json_string_length(v) != strlen(s)) return false;
    return snprintf(out, room, "%s", s) < (int)room;
}

static bool copy_time(const json_t *o, const char *key, int64_t *out)
{
    const json_t *v = json_object_get(o, key);
    *out = json_integer_value(v);
    return json_is_integer(v) && *out > 0;
}

static bool claims_read(const json_t *o, struct token_claims *c)
{
    return copy(o, "iss", c->issuer, sizeof c->issuer) &&
           copy(o, "aud", c->audience, sizeof c->audience) &&
           copy(o, "oid", c->object_id, sizeof c->object_id) &&
           copy(o, "tid", c->tenant_id, sizeof c->tenant_id) &&
           copy(o, "appid", c->app_id, sizeof c->app_id) && copy_time(o, "nbf", &c->not_before_s) &&
           copy_time(o, "exp", &c->expires_s);
}

static bool signature_fine(const struct token_key *k, const char *token, char **claims)
{
    jwt_t *t = NULL;
    const unsigned char *key = (const unsigned char *)k->public_pem.s;
    if (jwt_decode(&t, token, key, (int)k->public_pem.n) != 0) return false;
    *claims = jwt_get_alg(t) == JWT_ALG_RS256 ? jwt_get_grants_json(t, NULL) : NULL;
    jwt_free(t);
    return *claims != NULL;
}

enum token_verdict token_verify(const struct token_key *k, const char *token, int64_t now_s,
                                struct token_claims *out)
{
    char *claims = NULL;
    struct token_claims c = {0};
    if (!shape_fine(k, token) || !signature_fine(k, token, &claims)) return TOKEN_REFUSED;
    json_t *json = json_loads(claims, JSON_REJECT_DUPLICATES, NULL);
    free(claims);
    bool read = claims_read(json, &c) && c.not_before_s <= now_s + TOKEN_SKEW_S;
    json_decref(json);
    if (!read) return TOKEN_REFUSED;
    *out = c;
    return now_s >= c.expires_s + TOKEN_SKEW_S ? TOKEN_EXPIRED : TOKEN_FINE;
}
