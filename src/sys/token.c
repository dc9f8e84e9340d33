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

/* The head of a token; NULL when it is no JSON object in strict base64url. New reference. */
static json_t *head_of(const char *s, size_t n)
{
    enum { HEAD_MAX = 2048 };
    char text[HEAD_MAX];
    size_t used;
    if (!base64_read(BASE64_URL, s, n, text, sizeof text, &used)) return NULL;
    json_t *head = json_loadb(text, used, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(head)) return head;
    json_decref(head);
    return NULL;
}

/* One algorithm, one key, and nothing critical that we do not know. */
static bool head_fine(const char *alg, const char *kid, const char *s, size_t n)
{
    json_t *head = head_of(s, n);
    bool fine = says(head, "alg", alg) && says(head, "kid", kid) && !json_object_get(head, "crit");
    json_decref(head);
    return fine;
}

/* Three parts of strict base64url, and a head that names this key. */
static bool shape_fine(const char *alg, const char *kid, const char *token)
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
           base64_read(BASE64_URL, signature, strlen(signature), rest, sizeof rest, &used) &&
           used > 0 && head_fine(alg, kid, token, head);
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

static bool signature_fine(jwt_alg_t alg, const struct text *pem, const char *token, char **claims)
{
    jwt_t *t = NULL;
    if (jwt_decode(&t, token, (const unsigned char *)pem->s, (int)pem->n) != 0) return false;
    *claims = jwt_get_alg(t) == alg ? jwt_get_grants_json(t, NULL) : NULL;
    jwt_free(t);
    return *claims != NULL;
}

enum token_verdict token_verify(const struct token_key *k, const char *token, int64_t now_s,
                                struct token_claims *out)
{
    char *claims = NULL;
    struct token_claims c = {0};
    if (!shape_fine("RS256", k->kid, token) ||
        !signature_fine(JWT_ALG_RS256, &k->public_pem, token, &claims))
        return TOKEN_REFUSED;
    json_t *json = json_loads(claims, JSON_REJECT_DUPLICATES, NULL);
    free(claims);
    bool read = claims_read(json, &c) && c.not_before_s <= now_s + TOKEN_SKEW_S;
    json_decref(json);
    if (!read) return TOKEN_REFUSED;
    *out = c;
    return now_s >= c.expires_s + TOKEN_SKEW_S ? TOKEN_EXPIRED : TOKEN_FINE;
}

/* --- another issuer --- */

enum { FOREIGN_KEYS_MAX = 16, FOREIGN_KID_MAX = 128, NUMBER_MAX = 1024 };

struct foreign_key {
    char kid[FOREIGN_KID_MAX];
    const char *alg_name;
    jwt_alg_t alg;
    struct text pem;
};

struct token_issuer {
    char issuer[TOKEN_CLAIM_MAX], audience[TOKEN_CLAIM_MAX];
    struct foreign_key keys[FOREIGN_KEYS_MAX];
    size_t n;
};

struct token_issuer *token_issuer_new(const char *issuer, const char *audience)
{
    struct token_issuer *i = calloc(1, sizeof *i);
    if (!i) abort();
    snprintf(i->issuer, sizeof i->issuer, "%s", issuer);
    snprintf(i->audience, sizeof i->audience, "%s", audience);
    return i;
}

static void keys_drop(struct foreign_key *keys, size_t n)
{
    for (size_t k = 0; k < n; k++) text_drop(&keys[k].pem);
}

void token_issuer_drop(struct token_issuer *i)
{
    if (!i) return;
    keys_drop(i->keys, i->n);
    free(i);
}

static bool number_at(const json_t *jwk, const char *name, unsigned char out[static NUMBER_MAX],
                      size_t *n)
{
    const json_t *v = json_object_get(jwk, name);
    return json_is_string(v) &&
           base64_read(BASE64_URL, json_string_value(v), json_string_length(v), out, NUMBER_MAX, n);
}

static bool key_read(const json_t *jwk, struct foreign_key *out)
{
    unsigned char a[NUMBER_MAX], b[NUMBER_MAX];
    size_t an, bn;
    *out = (struct foreign_key){0};
    if (!copy(jwk, "kid", out->kid, sizeof out->kid)) return false;
    if (json_object_get(jwk, "use") && !says(jwk, "use", "sig")) return false;
    if (says(jwk, "kty", "RSA")) {
        out->alg_name = "RS256", out->alg = JWT_ALG_RS256;
        return number_at(jwk, "n", a, &an) && number_at(jwk, "e", b, &bn) &&
               tls_public_rsa(a, an, b, bn, &out->pem);
    }
    out->alg_name = "ES256", out->alg = JWT_ALG_ES256;
    return says(jwk, "kty", "EC") && says(jwk, "crv", "P-256") && number_at(jwk, "x", a, &an) &&
           number_at(jwk, "y", b, &bn) && tls_public_p256(a, an, b, bn, &out->pem);
}

size_t token_issuer_keys(struct token_issuer *i, const char *key_set)
{
    struct foreign_key keys[FOREIGN_KEYS_MAX];
    size_t n = 0, at;
    json_t *set = json_loads(key_set, JSON_REJECT_DUPLICATES, NULL), *jwk;
    json_array_foreach(json_object_get(set, "keys"), at, jwk)
    {
        if (n < FOREIGN_KEYS_MAX && key_read(jwk, &keys[n])) n++;
    }
    json_decref(set);
    if (n == 0) return 0;
    keys_drop(i->keys, i->n);
    memcpy(i->keys, keys, n * sizeof *keys);
    i->n = n;
    return n;
}

static const struct foreign_key *key_of(const struct token_issuer *i, const json_t *head)
{
    for (size_t k = 0; k < i->n; k++)
        if (says(head, "kid", i->keys[k].kid)) return &i->keys[k];
    return NULL;
}

bool token_issuer_lacks(const struct token_issuer *i, const char *token)
{
    json_t *head = head_of(token, strcspn(token, "."));
    bool lacks = json_is_string(json_object_get(head, "kid")) && !key_of(i, head);
    json_decref(head);
    return lacks;
}

static bool audience_holds(const json_t *claims, const char *wanted)
{
    const json_t *v = json_object_get(claims, "aud");
    json_t *one;
    size_t k;
    if (says(claims, "aud", wanted)) return true;
    json_array_foreach((json_t *)(uintptr_t)v, k, one)
    {
        if (json_is_string(one) && strcmp(json_string_value(one), wanted) == 0) return true;
    }
    return false;
}

static bool foreign_claims(const struct token_issuer *i, const json_t *o, struct token_claims *c)
{
    const json_t *from = json_object_get(o, "nbf");
    if (json_is_integer(from)) c->not_before_s = json_integer_value(from);
    snprintf(c->audience, sizeof c->audience, "%s", i->audience);
    return copy(o, "iss", c->issuer, sizeof c->issuer) && strcmp(c->issuer, i->issuer) == 0 &&
           audience_holds(o, i->audience) && copy_time(o, "exp", &c->expires_s) &&
           (!from || json_is_integer(from)) &&
           copy(o, json_object_get(o, "oid") ? "oid" : "sub", c->object_id, sizeof c->object_id);
}

enum token_verdict token_issuer_verify(const struct token_issuer *i, const char *token,
                                       int64_t now_s, struct token_claims *out)
{
    char *text = NULL;
    struct token_claims c = {0};
    json_t *head = head_of(token, strcspn(token, "."));
    const struct foreign_key *k = key_of(i, head);
    json_decref(head);
    if (!k || !shape_fine(k->alg_name, k->kid, token) ||
        !signature_fine(k->alg, &k->pem, token, &text))
        return TOKEN_REFUSED;
    json_t *claims = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    bool read = foreign_claims(i, claims, &c) && c.not_before_s <= now_s + TOKEN_SKEW_S;
    json_decref(claims);
    if (!read) return TOKEN_REFUSED;
    *out = c;
    return now_s >= c.expires_s + TOKEN_SKEW_S ? TOKEN_EXPIRED : TOKEN_FINE;
}
