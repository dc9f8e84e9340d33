/* sys/http_client.c - libcurl behind one function. */
#include "sys/http_client.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PATIENCE_S = 30, CONNECT_S = 10, BODY_MAX = 64 << 20 };

struct http_client {
    CURL *curl;
    char *ca, *cert, *key;
};

static char *kept(const char *s)
{
    if (!s || !s[0]) return NULL;
    char *copy = strdup(s);
    if (!copy) abort();
    return copy;
}

struct http_client *http_client_new(const struct http_identity *identity)
{
    struct http_client *c = calloc(1, sizeof *c);
    if (!c || !(c->curl = curl_easy_init())) abort();
    c->ca = kept(identity->ca_file);
    c->cert = kept(identity->cert_file);
    c->key = kept(identity->key_file);
    return c;
}

void http_client_free(struct http_client *c)
{
    if (!c) return;
    curl_easy_cleanup(c->curl);
    free(c->ca), free(c->cert), free(c->key);
    free(c);
}

void http_answer_drop(struct http_answer *a)
{
    text_drop(&a->body);
    *a = (struct http_answer){0};
}

static size_t take_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct text *body = ctx;
    if (body->n + size * n > BODY_MAX) return 0;
    text_add_n(body, bytes, size * n);
    return size * n;
}

/* The value of the header `name`, if the line is that header, trimmed into out. */
static bool header_value(const char *line, size_t n, const char *name, char *out, size_t room)
{
    size_t k = strlen(name);
    if (n <= k || strncasecmp(line, name, k) != 0 || line[k] != ':') return false;
    for (k++; k < n && line[k] == ' ';) k++;
    while (n > k && (line[n - 1] == '\r' || line[n - 1] == '\n' || line[n - 1] == ' ')) n--;
    snprintf(out, room, "%.*s", (int)(n - k), line + k);
    return true;
}

static size_t take_header(char *line, size_t size, size_t n, void *ctx)
{
    struct http_answer *a = ctx;
    char seconds[16];
    header_value(line, size * n, "Location", a->location, sizeof a->location);
    header_value(line, size * n, "Azure-AsyncOperation", a->operation, sizeof a->operation);
    if (header_value(line, size * n, "Retry-After", seconds, sizeof seconds))
        a->retry_after_s = (unsigned)strtoul(seconds, NULL, 10);
    return size * n;
}

static void set_identity(const struct http_client *c)
{
    curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    if (c->ca) curl_easy_setopt(c->curl, CURLOPT_CAINFO, c->ca);
    if (c->cert) curl_easy_setopt(c->curl, CURLOPT_SSLCERT, c->cert);
    if (c->key) curl_easy_setopt(c->curl, CURLOPT_SSLKEY, c->key);
    /* Our servers are on this machine or on a management network; no proxy of the environment. */
    curl_easy_setopt(c->curl, CURLOPT_NOPROXY, "localhost,127.0.0.1");
}

static struct curl_slist *set_request(const struct http_client *c, const struct http_request *r,
                                      struct http_answer *out)
{
    struct curl_slist *headers = NULL;
    int64_t ms = r->patience.us > 0 ? duration_to_ms(r->patience) : PATIENCE_S * 1000;
    curl_easy_reset(c->curl); /* options only; the connection stays */
    set_identity(c);
    for (const char *const *h = r->headers; h && *h; h++) headers = curl_slist_append(headers, *h);
    if (r->body) headers = curl_slist_append(headers, "Expect:");
    curl_easy_setopt(c->curl, CURLOPT_URL, r->url);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, (long)ms);
    curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    if (r->body) {
        curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE, (long)strlen(r->body));
        curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, r->body);
    }
    curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, r->method);
    if (strcmp(r->method, "HEAD") == 0) curl_easy_setopt(c->curl, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &out->body);
    curl_easy_setopt(c->curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(c->curl, CURLOPT_HEADERDATA, out);
    return headers;
}

bool http_send(struct http_client *c, const struct http_request *r, struct http_answer *out,
               struct text *why)
{
    long status = 0;
    *out = (struct http_answer){0};
    struct curl_slist *headers = set_request(c, r, out);
    CURLcode fault = curl_easy_perform(c->curl);
    curl_slist_free_all(headers);
    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
    out->status = (unsigned)status;
    if (fault == CURLE_OK) return true;
    const char *host = strstr(r->url, "://");
    host = host ? host + 3 : r->url;
    text_addf(why, "%s to %.*s: %s", r->method, (int)strcspn(host, "/"), host,
              curl_easy_strerror(fault));
    http_answer_drop(out);
    return false;
}
