/* control/issuer.c - OpenID Connect Discovery 1.0, section 4: the issuer's address plus
 * "/.well-known/openid-configuration" leads to its key set. Only addresses from the settings, and
 * the one that its own document names, are ever fetched (RB-212). */
#include "control/issuer.h"
#include <stdlib.h>
#include <string.h>
#include "sys/http_client.h"
#include "sys/log.h"

enum { PATIENCE_S = 3, FETCH_EVERY_S = 60 };

struct issuer {
    struct token_issuer *tokens;
    struct http_client *http;
    const char *url; /* borrowed from the settings */
    instant fetch_after;
};

struct issuer *issuer_open(const struct settings *s)
{
    if (!s->issuer_url) return NULL;
    struct issuer *i = calloc(1, sizeof *i);
    if (!i) abort();
    i->url = s->issuer_url;
    i->tokens = token_issuer_new(s->issuer_url, s->issuer_audience);
    i->http = http_client_new(&(struct http_identity){.ca_file = s->issuer_ca_file});
    return i;
}

void issuer_close(struct issuer *i)
{
    if (!i) return;
    token_issuer_drop(i->tokens);
    http_client_free(i->http);
    free(i);
}

/* The body of a document; false with `why`. */
static bool fetch(struct issuer *i, const char *url, struct text *out, struct text *why)
{
    struct http_answer a;
    const struct http_request r = {.method = "GET", .url = url, .patience = duration_s(PATIENCE_S)};
    if (strncmp(url, "https://", 8) != 0) return text_add(why, "its address is not https"), false;
    if (!http_send(i->http, &r, &a, why)) return false;
    bool fine = a.status == 200;
    if (fine)
        text_add(out, text_get(&a.body));
    else
        text_addf(why, "status %u", a.status);
    http_answer_drop(&a);
    return fine;
}

static bool fetch_keys(struct issuer *i, struct text *why)
{
    struct text url = {0}, document = {0}, keys = {0};
    size_t n = strlen(i->url);
    text_addf(&url, "%.*s/.well-known/openid-configuration", (int)(n - (i->url[n - 1] == '/')),
              i->url);
    bool fine = fetch(i, text_get(&url), &document, why);
    json_t *v = fine ? json_loads(text_get(&document), 0, NULL) : NULL;
    const char *issuer = json_string_value(json_object_get(v, "issuer"));
    const char *at = json_string_value(json_object_get(v, "jwks_uri"));
    if (fine && !(issuer && at && strcmp(issuer, i->url) == 0)) {
        text_add(why, "its document names another issuer, or no key set");
        fine = false;
    }
    fine = fine && fetch(i, at, &keys, why);
    if (fine && token_issuer_keys(i->tokens, text_get(&keys)) == 0) {
        text_add(why, "its key set has no key for RS256 or ES256");
        fine = false;
    }
    json_decref(v);
    text_drop(&url), text_drop(&document), text_drop(&keys);
    return fine;
}

enum token_verdict issuer_verify(struct control *c, const char *token, struct token_claims *out)
{
    struct issuer *i = c->issuer;
    struct text why = {0};
    if (!i) return TOKEN_REFUSED;
    if (token_issuer_lacks(i->tokens, token) && instant_reached(i->fetch_after, c->now)) {
        i->fetch_after = instant_after(c->now, duration_s(FETCH_EVERY_S));
        if (!fetch_keys(i, &why))
            log_line(LOG_LINE_WARN, "issuer", i->url, "no keys: %s", text_get(&why));
    }
    text_drop(&why);
    return token_issuer_verify(i->tokens, token, c->now_ms / 1000, out);
}
