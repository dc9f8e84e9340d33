/* control/secrets.c - see the header. */
#include "control/secrets.h"
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/base64.h"
#include "sys/entropy.h"
#include "sys/whole_file.h"

enum { PRIVATE = 0600, FILE_MAX = 1 << 18 };

#define MADE "made "
#define PEM_END "-----END"

/* --- files --- */

static bool path_in(const struct secrets *s, const char *name, char out[static PATH_MAX],
                    struct text *why)
{
    if (snprintf(out, PATH_MAX, "%s/%s", s->dir, name) < PATH_MAX) return true;
    text_addf(why, "the path of %s is too long", name);
    return false;
}

static bool read_in(const struct secrets *s, const char *name, struct text *out, struct text *why)
{
    char path[PATH_MAX];
    return path_in(s, name, path, why) && file_read(path, FILE_MAX, out, why);
}

static bool write_in(const struct secrets *s, const char *name, const struct text *t,
                     struct text *why)
{
    char path[PATH_MAX];
    return path_in(s, name, path, why) && file_write(path, t->s, t->n, PRIVATE, why);
}

static bool has(const struct secrets *s, const char *name)
{
    char path[PATH_MAX];
    return snprintf(path, sizeof path, "%s/%s", s->dir, name) < PATH_MAX && file_exists(path);
}

/* --- the list of token keys --- */

static void tokens_clear(struct secrets *s)
{
    for (size_t i = 0; i < s->tokens_n; i++) token_key_drop(s->tokens[i]);
    s->tokens_n = 0;
}

static bool add_token(struct secrets *s, const char *text, size_t n, struct text *why)
{
    struct text pem = {0};
    text_add_n(&pem, text, n);
    const char *made = strstr(text_get(&pem), MADE);
    struct token_key *k = token_key_open(text_get(&pem), why);
    if (k) {
        s->made_s[s->tokens_n] = made == pem.s ? strtoll(made + strlen(MADE), NULL, 10) : 0;
        s->tokens[s->tokens_n++] = k;
    }
    tls_wipe(&pem);
    return k != NULL;
}

/* Each key reaches to the line of its end. */
static bool tokens_read(struct secrets *s, struct text *why)
{
    const char *at = text_get(&s->token_file);
    bool fine = true;
    tokens_clear(s);
    while (fine && *at && s->tokens_n < TOKEN_KEYS_MAX) {
        const char *end = strstr(at, PEM_END), *next = end ? strchr(end, '\n') : NULL;
        if (!next) next = at + strlen(at) - 1;
        fine = add_token(s, at, (size_t)(next + 1 - at), why);
        at = next + 1;
    }
    if (fine && s->tokens_n == 0) text_add(why, "there is no key for tokens");
    return fine && s->tokens_n > 0;
}

/* A new key before the others; those that are too many go. */
static bool tokens_add(struct secrets *s, int64_t now_s, struct text *why)
{
    struct text pem = {0}, file = {0};
    const char *at = text_get(&s->token_file);
    if (!tls_make_rsa(&pem, why)) return false;
    text_addf(&file, MADE "%lld\n%s", (long long)now_s, text_get(&pem));
    if (file.s[file.n - 1] != '\n') text_add(&file, "\n");
    for (size_t i = 1; i < TOKEN_KEYS_MAX && *at; i++) {
        const char *end = strstr(at, PEM_END), *next = end ? strchr(end, '\n') : NULL;
        size_t n = next ? (size_t)(next + 1 - at) : strlen(at);
        text_add_n(&file, at, n);
        at += n;
    }
    tls_wipe(&pem), tls_wipe(&s->token_file);
    s->token_file = file;
    return tokens_read(s, why);
}

/* --- on their own --- */

/* The certificate is written last: where it is, the key is. */
static bool open_authority(struct secrets *s, int64_t now_s, struct text *why)
{
    char name[64], guid[RANDOM_GUID_TEXT];
    if (!s->shared && has(s, "ca.pem"))
        return read_in(s, "ca.key", &s->authority.key, why) &&
               read_in(s, "ca.pem", &s->authority.cert, why);
    random_guid(guid);
    snprintf(name, sizeof name, "Fairlead authority %.8s", guid);
    return tls_make_authority(name, now_s, &s->authority, why) &&
           (s->shared || (write_in(s, "ca.key", &s->authority.key, why) &&
                          write_in(s, "ca.pem", &s->authority.cert, why)));
}

static bool open_files(struct secrets *s, int64_t now_s, struct text *why)
{
    if (!open_authority(s, now_s, why)) return false;
    if (has(s, "token.key"))
        return read_in(s, "token.key", &s->token_file, why) && tokens_read(s, why);
    return tokens_add(s, now_s, why) && write_in(s, "token.key", &s->token_file, why);
}

/* --- shared --- */

static void seal_record(const struct secrets *s, struct text *out)
{
    struct text sealed = {0};
    json_t *v =
        json_pack("{s:s, s:s, s:s}", "authorityKey", text_get(&s->authority.key), "authorityCert",
                  text_get(&s->authority.cert), "tokenKeys", text_get(&s->token_file));
    char *plain = json_dumps(v, JSON_COMPACT);
    if (!plain) abort();
    tls_seal(s->seal, plain, strlen(plain), &sealed);
    text_addf(out, "{\"sealed\":\"%s\"}", text_get(&sealed));
    explicit_bzero(plain, strlen(plain));
    free(plain);
    json_decref(v);
    text_drop(&sealed);
}

static void take_text(const json_t *v, const char *name, struct text *out)
{
    const char *t = json_string_value(json_object_get(v, name));
    tls_wipe(out);
    text_add(out, t ? t : "");
}

static bool unseal_record(struct secrets *s, const char *record, struct text *why)
{
    struct text plain = {0};
    json_t *v = json_loads(record, 0, NULL), *sealed = json_object_get(v, "sealed");
    bool fine = json_is_string(sealed) &&
                tls_unseal(s->seal, json_string_value(sealed), json_string_length(sealed), &plain);
    json_decref(v);
    v = fine ? json_loads(text_get(&plain), 0, NULL) : NULL;
    tls_wipe(&plain);
    if (!v) {
        text_add(why, "the secrets in the store were sealed with another key than cluster.key");
        return false;
    }
    take_text(v, "authorityKey", &s->authority.key);
    take_text(v, "authorityCert", &s->authority.cert);
    take_text(v, "tokenKeys", &s->token_file);
    json_decref(v);
    return tokens_read(s, why);
}

static bool read_seal(struct secrets *s, struct text *why)
{
    struct text t = {0};
    size_t n = 0;
    bool fine = read_in(s, "cluster.key", &t, why);
    if (fine) {
        size_t length = strcspn(text_get(&t), "\r\n");
        fine = base64_read(BASE64_STANDARD, text_get(&t), length, s->seal, sizeof s->seal, &n) &&
               n == sizeof s->seal;
        if (!fine) text_addf(why, "%s/cluster.key is no key of 32 bytes in base64", s->dir);
    }
    tls_wipe(&t);
    return fine;
}

static bool make_seal(struct secrets *s, struct text *why)
{
    struct text t = {0};
    random_bytes(s->seal, sizeof s->seal);
    base64_add(BASE64_STANDARD, s->seal, sizeof s->seal, &t);
    text_add(&t, "\n");
    bool written = write_in(s, "cluster.key", &t, why);
    tls_wipe(&t);
    return written;
}

/* Writes the record only if it is as it was read, so that of two first starts one makes it. */
static bool keep_record(struct secrets *s, int64_t expected, struct text *why)
{
    struct text record = {0};
    seal_record(s, &record);
    bool kept = store_put(s->shared, SECRETS_KEY, text_get(&record), expected, NULL) == STORE_OK;
    if (!kept) text_add(why, "the store does not take the secrets; is another process starting?");
    text_drop(&record);
    return kept;
}

static bool first_of_cluster(struct secrets *s, int64_t now_s, struct text *why)
{
    bool seal = has(s, "cluster.key") ? read_seal(s, why) : make_seal(s, why);
    return seal && open_authority(s, now_s, why) && tokens_add(s, now_s, why) &&
           keep_record(s, STORE_ABSENT, why) && write_in(s, "ca.pem", &s->authority.cert, why);
}

static bool load_record(struct secrets *s, int64_t *revision, bool *found, struct text *why)
{
    struct arena a;
    struct store_item item;
    arena_init(&a, 4 * FILE_MAX);
    enum store_result r = store_get(s->shared, SECRETS_KEY, &a, &item);
    *found = r == STORE_OK;
    bool fine = r == STORE_MISSING || (r == STORE_OK && unseal_record(s, item.value, why));
    if (*found) *revision = item.revision;
    if (r != STORE_OK && r != STORE_MISSING) text_add(why, "the store cannot be read");
    arena_drop(&a);
    return fine;
}

static bool open_shared(struct secrets *s, int64_t now_s, struct text *why)
{
    int64_t revision;
    bool found, key = has(s, "cluster.key");
    if (key && !read_seal(s, why)) return false;
    if (!load_record(s, &revision, &found, why)) {
        if (!key)
            text_addf(why,
                      "; copy cluster.key from the state directory of a running fairleadd of "
                      "this cluster to %s",
                      s->dir);
        return false;
    }
    return found ? write_in(s, "ca.pem", &s->authority.cert, why) : first_of_cluster(s, now_s, why);
}

/* --- all --- */

bool secrets_open(struct secrets *s, const char *dir, struct store *shared, int64_t now_s,
                  struct text *why)
{
    *s = (struct secrets){.dir = dir, .shared = shared};
    return shared ? open_shared(s, now_s, why) : open_files(s, now_s, why);
}

void secrets_drop(struct secrets *s)
{
    tokens_clear(s);
    tls_pair_drop(&s->authority);
    tls_wipe(&s->token_file);
    explicit_bzero(s->seal, sizeof s->seal);
}

bool secrets_rotate(struct secrets *s, int64_t now_s, struct text *why)
{
    int64_t revision = 0;
    bool found;
    if (!s->shared)
        return tokens_add(s, now_s, why) && write_in(s, "token.key", &s->token_file, why);
    if (store_sync(s->shared) != STORE_OK || !load_record(s, &revision, &found, why)) return false;
    if (tokens_add(s, now_s, why) && keep_record(s, revision, why)) return true;
    secrets_again(s);
    return false;
}

void secrets_again(struct secrets *s)
{
    int64_t revision;
    bool found;
    struct text why = {0};
    if (!load_record(s, &revision, &found, &why))
        fprintf(stderr, "fairleadd: %s\n", text_get(&why));
    text_drop(&why);
}

enum token_verdict secrets_verify(const struct secrets *s, const char *token, int64_t now_s,
                                  struct token_claims *out)
{
    enum token_verdict v = TOKEN_REFUSED;
    for (size_t i = 0; v == TOKEN_REFUSED && i < s->tokens_n; i++)
        v = token_verify(s->tokens[i], token, now_s, out);
    return v;
}
