/* control/sign_in.c - OAuth 2.0 client credentials (RFC 6749 4.4) with the addresses and error
 * texts that stock clients of the resource manager know. A token's audience is whatever was asked
 * for; the API takes only tokens made for it. */
#include "control/sign_in.h"
#include "control/rates.h"
#include "control/issuer.h"
#include "control/replicas.h"
#include "sys/log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TOKEN_LIFE_S = 3599,
    FAILURES_FREE = 5,
    FAILURE_WINDOW_S = 60,
    FORM_MAX = 65536,
};

/* --- our names --- */

static bool host_ours(const struct control *c, const char *host)
{
    const char *address = http_server_address(c->http), *port = strrchr(address, ':');
    const char *own[] = {address, "localhost", "127.0.0.1"};
    char full[300];
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        snprintf(full, sizeof full, "%s%s", own[i], i ? port : "");
        if (text_same_nocase(host, full)) return true;
    }
    for (size_t i = 0; i < c->settings->public_names_n; i++) {
        const char *name = c->settings->public_names[i];
        snprintf(full, sizeof full, "%s%s", name, port);
        if (text_same_nocase(host, name) || text_same_nocase(host, full)) return true;
    }
    return replicas_know(c, host);
}

const char *sign_in_base_url(struct control *c, const char *host, struct arena *a)
{
    bool ours = host && host_ours(c, host);
    const char *url = arena_printf(a, "https://%s", ours ? host : http_server_address(c->http));
    return url ? url : "";
}

/* "https://HOST" + `rest`, with one of our names for a host. */
static bool url_ours(const struct control *c, const char *url, const char *rest)
{
    static const char scheme[] = "https://";
    char host[300];
    if (strncmp(url, scheme, strlen(scheme)) != 0) return false;
    const char *at = url + strlen(scheme);
    size_t n = strcspn(at, "/");
    if (n >= sizeof host) return false;
    memcpy(host, at, n);
    host[n] = '\0';
    return strcmp(at + n, rest) == 0 && host_ours(c, host);
}

/* --- checking a token --- */

static bool audience_fine(const struct control *c, const char *audience)
{
    static const char *const rests[] = {"", "/", "/arm", "/arm/"};
    for (size_t i = 0; i < ARRAY_LEN(rests); i++)
        if (url_ours(c, audience, rests[i])) return true;
    return false;
}

static bool issuer_fine(const struct control *c, const char *issuer)
{
    char rest[64];
    if (url_ours(c, issuer, "/adfs")) return true;
    snprintf(rest, sizeof rest, "/%s/v2.0", c->installation.tenant);
    return url_ours(c, issuer, rest);
}

/* The token of the one Authorization field; NULL: there is none. */
static const char *bearer(const struct request *r)
{
    static const char scheme[] = "Bearer ";
    const char *value = http_field(r->exchange, "Authorization");
    char head[sizeof scheme] = "";
    if (!value || http_field_count(r->exchange, "Authorization") != 1) return NULL;
    snprintf(head, sizeof head, "%s", value);
    return text_same_nocase(head, scheme) ? value + strlen(scheme) : NULL;
}

/* RB-138: requests of one principal. */
static bool within_rate(struct request *r)
{
    const struct settings *s = r->control->settings;
    struct principal *p = r->principal;
    const char *method = http_method(r->exchange);
    bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    bool fine =
        (!s->requests_per_second || rate_take(&p->requests, s->requests_per_second,
                                         2.0 * s->requests_per_second, r->control->now)) &&
        (reads || !s->writes_per_second ||
         rate_take(&p->writes, s->writes_per_second, 10.0 * s->writes_per_second, r->control->now));
    if (!fine)
        reply_error(r, 429, "TooManyRequests",
                    "The number of requests of this client has exceeded its limit.");
    return fine;
}

bool sign_in_check(struct request *r)
{
    struct control *c = r->control;
    struct token_claims claims;
    const char *token = bearer(r);
    if (!token) {
        reply_error(r, 401, "AuthenticationFailed",
                    "Authentication failed. The 'Authorization' header is missing or is no bearer "
                    "token.");
        return false;
    }
    enum token_verdict v =
        secrets_verify(&c->installation.secrets, token, c->now_ms / 1000, &claims);
    bool fine = v != TOKEN_REFUSED && issuer_fine(c, claims.issuer) &&
                audience_fine(c, claims.audience) &&
                strcmp(claims.tenant_id, c->installation.tenant) == 0;
    bool foreign = v == TOKEN_REFUSED;
    if (foreign) v = issuer_verify(c, token, &claims);
    fine = foreign ? v != TOKEN_REFUSED : fine;
    struct principal *p = fine ? principal_by_object(&c->installation, claims.object_id) : NULL;
    if (p && p->foreign != foreign) p = NULL; /* nobody vouches for somebody else's people */
    if (!p) {
        reply_error(r, 401, "InvalidAuthenticationToken", "The access token is invalid.");
        return false;
    }
    r->who = p->name;
    if (v == TOKEN_EXPIRED) {
        reply_error(r, 401, "ExpiredAuthenticationToken", "The access token expired.");
        return false;
    }
    r->principal = p;
    return within_rate(r);
}

/* --- the token endpoint --- */

/* application/x-www-form-urlencoded is what a query is. */
static bool form_read(struct request *r, struct target *out)
{
    size_t n;
    const char *body = http_body(r->exchange, &n);
    if (n > FORM_MAX || memchr(body, '\0', n)) return false;
    const char *query = arena_printf(r->arena, "/?%.*s", (int)n, body);
    return query && target_parse(query, r->arena, out);
}

static void refuse_delayed(struct request *r, duration delay, unsigned status, const char *error,
                           int code, const char *text)
{
    char description[256];
    snprintf(description, sizeof description, "AADSTS%d: %s", code, text);
    json_t *body = json_pack("{s:s, s:s, s:[i], s:s}", "error", error, "error_description",
                             description, "error_codes", code, "trace_id", r->id);
    later_error(r, delay, status, body);
    json_decref(body);
}

static void refuse(struct request *r, unsigned status, const char *error, int code,
                   const char *text)
{
    refuse_delayed(r, duration_s(0), status, error, code, text);
}

/* RB-158: after five failures in a minute every further one waits a second; the right secret never
 * does, so nobody can lock somebody else out. */
static duration failure_delay(struct principal *p, instant now)
{
    static struct principal nobody;
    if (!p) p = &nobody;
    if (instant_since(now, p->failures_since).us > FAILURE_WINDOW_S * 1000000LL) {
        p->failures = 0;
        p->failures_since = now;
    }
    return duration_s(++p->failures > FAILURES_FREE ? 1 : 0);
}

/* "https://x/.default openid" -> "https://x" */
static void audience_of(const struct target *form, const char *base, char *out, size_t room)
{
    static const char suffix[] = "/.default";
    const char *scope = target_param(form, "scope"), *resource = target_param(form, "resource");
    if (!scope || !*scope) {
        snprintf(out, room, "%s", resource && *resource ? resource : base);
        return;
    }
    size_t n = strcspn(scope, " "), m = strlen(suffix);
    if (n > m && strncmp(scope + n - m, suffix, m) == 0) n -= m;
    snprintf(out, room, "%.*s", (int)n, scope);
}

static void give_token(struct request *r, const struct target *form, const struct principal *p,
                       const char *issuer)
{
    struct control *c = r->control;
    struct text token = {0};
    struct token_claims claims = {.not_before_s = c->now_ms / 1000};
    claims.expires_s = claims.not_before_s + TOKEN_LIFE_S;
    snprintf(claims.issuer, sizeof claims.issuer, "%s", issuer);
    audience_of(form, r->base_url, claims.audience, sizeof claims.audience);
    snprintf(claims.object_id, sizeof claims.object_id, "%s", p->object_id);
    snprintf(claims.tenant_id, sizeof claims.tenant_id, "%s", c->installation.tenant);
    snprintf(claims.app_id, sizeof claims.app_id, "%s", p->client_id);
    if (!token_issue(c->installation.secrets.tokens[0], &claims, &token)) {
        refuse(r, 400, "invalid_scope", 70011, "The scope is not valid.");
    } else {
        json_t *body =
            json_pack("{s:s, s:i, s:i, s:s}", "token_type", "Bearer", "expires_in", TOKEN_LIFE_S,
                      "ext_expires_in", TOKEN_LIFE_S, "access_token", text_get(&token));
        reply_json(r, 200, body);
        json_decref(body);
    }
    tls_wipe(&token);
}

static bool is_form(const struct request *r)
{
    static const char form[] = "application/x-www-form-urlencoded";
    const char *type = http_field(r->exchange, "Content-Type");
    char head[sizeof form] = "";
    snprintf(head, sizeof head, "%s", type ? type : "");
    return text_same_nocase(head, form);
}

static void token_endpoint(struct request *r, const char *issuer)
{
    struct target form;
    if (strcmp(http_method(r->exchange), "POST") != 0) {
        reply_error(r, 405, "MethodNotAllowed", "Tokens are asked for with POST.");
        return;
    }
    if (!is_form(r) || !form_read(r, &form)) {
        refuse(r, 400, "invalid_request", 900144, "The request body must be a form.");
        return;
    }
    const char *grant = target_param(&form, "grant_type"), *id = target_param(&form, "client_id");
    const char *secret = target_param(&form, "client_secret");
    r->who = id && principal_by_client(&r->control->installation, id)
                 ? principal_by_client(&r->control->installation, id)->name
                 : "";
    if (!grant || strcmp(grant, "client_credentials") != 0) {
        refuse(r, 400, "unsupported_grant_type", 70003,
               "The grant type must be client_credentials.");
        return;
    }
    if (!id || !secret) {
        refuse(r, 401, "invalid_client", 7000216, "client_id and client_secret are needed.");
        return;
    }
    struct principal *p = principal_by_client(&r->control->installation, id);
    if (principal_secret_fine(&r->control->installation, p, secret))
        give_token(r, &form, p, issuer);
    else
        refuse_delayed(r, failure_delay(p, r->control->now), 401, "invalid_client", 7000215,
                       "Invalid client or invalid client secret is provided.");
}

/* --- documents --- */

static json_t *joined(const char *base, const char *rest)
{
    return json_sprintf("%s%s", base, rest);
}

/* `authority`: "BASE/adfs" or "BASE/TENANT"; `v2` comes before the endpoints of the latter. */
static void discovery(struct request *r, const char *authority, bool adfs, const char *issuer)
{
    json_t *body = json_pack(
        "{s:o, s:o, s:s, s:o, s:[s], s:[s, s], s:[s], s:[s], s:[s], s:s}", "authorization_endpoint",
        joined(authority, adfs ? "/oauth2/authorize" : "/oauth2/v2.0/authorize"), "token_endpoint",
        joined(authority, adfs ? "/oauth2/token" : "/oauth2/v2.0/token"), "issuer", issuer,
        "jwks_uri", joined(authority, adfs ? "/discovery/keys" : "/discovery/v2.0/keys"),
        "token_endpoint_auth_methods_supported", "client_secret_post", "response_types_supported",
        "token", "code", "subject_types_supported", "pairwise",
        "id_token_signing_alg_values_supported", "RS256", "grant_types_supported",
        "client_credentials", "tenant", r->control->installation.tenant);
    reply_json(r, 200, body);
    json_decref(body);
}

static void key_set(struct request *r)
{
    const struct secrets *s = &r->control->installation.secrets;
    json_t *body = json_pack("{s:[]}", "keys");
    for (size_t i = 0; i < s->tokens_n; i++) {
        struct text t = {0};
        token_key_set(s->tokens[i], &t);
        json_t *one = json_loads(text_get(&t), 0, NULL);
        json_array_extend(json_object_get(body, "keys"), json_object_get(one, "keys"));
        json_decref(one);
        text_drop(&t);
    }
    reply_json(r, 200, body);
    json_decref(body);
}

void sign_in_new_key(struct request *r)
{
    struct text why = {0};
    if (secrets_rotate(&r->control->installation.secrets, r->control->now_ms / 1000, &why)) {
        json_t *body = json_pack("{s:i}", "keys", (int)r->control->installation.secrets.tokens_n);
        reply_json(r, 201, body);
        json_decref(body);
    } else {
        log_line(LOG_LINE_ERROR, "tokens", "", "no new key: %s", text_get(&why));
        reply_error(r, 503, "ServiceUnavailable", "The new key could not be kept. Try again.");
    }
    text_drop(&why);
}

/* The rest of a path after its first segment (and after "adfs/TENANT"). */
static const struct {
    const char *rest;
    enum { TOKEN, DISCOVERY, KEYS } what;
} places[] = {
    {"oauth2/token", TOKEN},
    {"oauth2/v2.0/token", TOKEN},
    {".well-known/openid-configuration", DISCOVERY},
    {"v2.0/.well-known/openid-configuration", DISCOVERY},
    {"discovery/keys", KEYS},
    {"discovery/v2.0/keys", KEYS},
};

static const char *rest_of(const struct request *r, size_t from)
{
    struct text t = {0};
    for (size_t i = from; i < r->target.n; i++)
        text_addf(&t, "%s%s", i > from ? "/" : "", r->target.segments[i]);
    const char *rest = arena_text(r->arena, text_get(&t));
    text_drop(&t);
    return rest ? rest : "";
}

bool sign_in_serve(struct request *r)
{
    const char *tenant = r->control->installation.tenant;
    if (r->target.n < 2) return false;
    bool adfs = text_same_nocase(r->target.segments[0], "adfs");
    if (!adfs && !text_same_nocase(r->target.segments[0], tenant)) return false;
    bool both = adfs && text_same_nocase(r->target.segments[1], tenant);
    const char *rest = rest_of(r, both ? 2 : 1);
    const char *authority = arena_printf(r->arena, "%s/%s%s%s", r->base_url, adfs ? "adfs" : tenant,
                                         both ? "/" : "", both ? tenant : "");
    const char *issuer = adfs ? arena_printf(r->arena, "%s/adfs", r->base_url)
                              : arena_printf(r->arena, "%s/%s/v2.0", r->base_url, tenant);
    if (!authority || !issuer) return false;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (!text_same_nocase(places[i].rest, rest)) continue;
        if (places[i].what == TOKEN) token_endpoint(r, issuer);
        if (places[i].what == DISCOVERY) discovery(r, authority, adfs && !both, issuer);
        if (places[i].what == KEYS) key_set(r);
        return true;
    }
    return false;
}

/* --- where everything is --- */

static json_t *metadata_2015(const struct request *r)
{
    const char *b = r->base_url;
    return json_pack("{s:o, s:o, s:o, s:{s:o, s:[o]}}", "galleryEndpoint", joined(b, "/gallery"),
                     "graphEndpoint", joined(b, "/graph"), "portalEndpoint", joined(b, "/"),
                     "authentication", "loginEndpoint", joined(b, "/adfs"), "audiences",
                     joined(b, "/arm"));
}

static json_t *metadata_2018(const struct request *r)
{
    const char *host = r->base_url + strlen("https://");
    return json_pack("{s:{s:{s:s, s:[s]}}}", "cloudEndpoint", "Fairlead", "endpoint", host,
                     "locations", "westus");
}

static json_t *metadata_cloud(const struct request *r)
{
    const char *b = r->base_url;
    return json_pack(
        "{s:s, s:o, s:{s:o, s:[o, s], s:s, s:s}, s:s, s:o, s:o, s:o, s:s, s:s, s:s, "
        "s:{s:s, s:s, s:s, s:s, s:s}}",
        "name", "Fairlead", "portal", joined(b, "/"), "authentication", "loginEndpoint",
        joined(b, "/adfs"), "audiences", joined(b, "/arm"), b, "tenant",
        r->control->installation.tenant, "identityProvider", "ADFS", "resourceManager", b,
        "microsoftGraphResourceId", joined(b, "/graph"), "graph", joined(b, "/graph"),
        "graphAudience", joined(b, "/graph"), "batch", "", "media", "", "vmImageAliasDoc", "",
        "suffixes", "storage", "core.fairlead.invalid", "keyVaultDns", "vault.fairlead.invalid",
        "sqlServerHostname", "database.fairlead.invalid", "acrLoginServer", "cr.fairlead.invalid",
        "azureDataLakeStoreFileSystem", "datalake.fairlead.invalid");
}

static json_t *metadata_2019(const struct request *r)
{
    return json_pack("[o]", metadata_cloud(r));
}

void sign_in_metadata(struct request *r)
{
    static const struct {
        const char *version;
        json_t *(*make)(const struct request *r);
    } rows[] = {
        {"2015-01-01", metadata_2015},
        {"2018-01-01", metadata_2018},
        {"2019-05-01", metadata_2019},
        {"2022-09-01", metadata_cloud},
    };
    const char *version = request_param(r, "api-version");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!version || strcmp(rows[i].version, version) != 0) continue;
        json_t *body = rows[i].make(r);
        reply_json(r, 200, body);
        json_decref(body);
        return;
    }
    reply_error(r, 400, version ? "NoRegisteredProviderFound" : "MissingApiVersionParameter",
                "The metadata have versions 2015-01-01, 2018-01-01, 2019-05-01 and 2022-09-01.");
}
