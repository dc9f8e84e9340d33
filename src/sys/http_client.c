/* sys/http_client.c - libcurl behind one function. */
#include "sys/http_client.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

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

static long patience_ms(const struct http_request *r)
{
    return r->patience.us > 0 ? (long)duration_to_ms(r->patience) : PATIENCE_S * 1000L;
}

static struct curl_slist *set_request(const struct http_client *c, const struct http_request *r)
{
    struct curl_slist *headers = NULL;
    long ms = patience_ms(r);
    curl_easy_reset(c->curl); /* options only; the connection stays */
    set_identity(c);
    for (const char *const *h = r->headers; h && *h; h++) headers = curl_slist_append(headers, *h);
    if (r->body) headers = curl_slist_append(headers, "Expect:");
    curl_easy_setopt(c->curl, CURLOPT_URL, r->url);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT_MS,
                     ms < CONNECT_S * 1000L ? ms : CONNECT_S * 1000L);
    if (r->body) {
        curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE, (long)strlen(r->body));
        curl_easy_setopt(c->curl, CURLOPT_COPYPOSTFIELDS, r->body);
    }
    curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, r->method);
    if (strcmp(r->method, "HEAD") == 0) curl_easy_setopt(c->curl, CURLOPT_NOBODY, 1L);
    return headers;
}

static void set_answer(const struct http_client *c, const struct http_request *r,
                       struct http_answer *out)
{
    curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, patience_ms(r));
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &out->body);
    curl_easy_setopt(c->curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(c->curl, CURLOPT_HEADERDATA, out);
}

bool http_send(struct http_client *c, const struct http_request *r, struct http_answer *out,
               struct text *why)
{
    long status = 0;
    *out = (struct http_answer){0};
    struct curl_slist *headers = set_request(c, r);
    set_answer(c, r, out);
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

/* --- streams --- */

/* The library's sockets in an epoll set of our own: one descriptor for the owner to watch. */
struct http_stream {
    struct http_client *client;
    CURLM *multi;
    struct curl_slist *headers;
    struct http_stream_hooks hooks;
    struct text rest; /* of a line that is not whole yet */
    int epoll;
};

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *known)
{
    const struct http_stream *s = ctx;
    struct epoll_event e = {.data.fd = fd};
    (void)easy;
    if (what & CURL_POLL_IN) e.events |= EPOLLIN;
    if (what & CURL_POLL_OUT) e.events |= EPOLLOUT;
    if (what == CURL_POLL_REMOVE)
        epoll_ctl(s->epoll, EPOLL_CTL_DEL, fd, NULL);
    else if (epoll_ctl(s->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e) == 0)
        curl_multi_assign(s->multi, fd, ctx);
    return 0;
}

static size_t take_lines(char *bytes, size_t size, size_t n, void *ctx)
{
    struct http_stream *s = ctx;
    size_t used = 0;
    if (s->rest.n + size * n > BODY_MAX) return 0;
    text_add_n(&s->rest, bytes, size * n);
    for (char *end; (end = memchr(s->rest.s + used, '\n', s->rest.n - used)) != NULL;) {
        s->hooks.line(s->hooks.ctx, s->rest.s + used, (size_t)(end - s->rest.s) - used);
        used = (size_t)(end - s->rest.s) + 1;
    }
    memmove(s->rest.s, s->rest.s + used, s->rest.n - used);
    s->rest.n -= used;
    return size * n;
}

struct http_stream *http_stream_open(const struct http_identity *identity,
                                     const struct http_request *r,
                                     const struct http_stream_hooks *hooks)
{
    struct http_stream *s = calloc(1, sizeof *s);
    if (!s || !(s->multi = curl_multi_init())) abort();
    s->hooks = *hooks;
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (s->epoll < 0) abort();
    s->client = http_client_new(identity);
    s->headers = set_request(s->client, r);
    curl_easy_setopt(s->client->curl, CURLOPT_WRITEFUNCTION, take_lines);
    curl_easy_setopt(s->client->curl, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(s->client->curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(s->client->curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(s->multi, CURLMOPT_SOCKETDATA, s);
    curl_multi_add_handle(s->multi, s->client->curl);
    return s;
}

void http_stream_close(struct http_stream *s)
{
    if (!s) return;
    curl_multi_remove_handle(s->multi, s->client->curl);
    curl_multi_cleanup(s->multi);
    curl_slist_free_all(s->headers);
    http_client_free(s->client);
    close(s->epoll);
    text_drop(&s->rest);
    free(s);
}

int http_stream_fd(const struct http_stream *s) { return s->epoll; }

/* All sockets that are ready, and the library's own timers; how many transfers go on. */
static int drive(const struct http_stream *s, int wait_ms)
{
    enum { READY = 8 };
    struct epoll_event ready[READY];
    int running = 0;
    curl_multi_socket_action(s->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    int n = running ? epoll_wait(s->epoll, ready, READY, wait_ms) : 0;
    for (int i = 0; i < n; i++) {
        int what = (ready[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                   (ready[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                   (ready[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        curl_multi_socket_action(s->multi, ready[i].data.fd, what, &running);
    }
    return running;
}

bool http_stream_turn(struct http_stream *s, duration at_most)
{
    long timer_ms = -1;
    int wait_ms = (int)duration_to_ms(at_most);
    curl_multi_timeout(s->multi, &timer_ms);
    if (timer_ms >= 0 && timer_ms < wait_ms) wait_ms = (int)timer_ms;
    return drive(s, wait_ms) > 0;
}

instant http_stream_next(const struct http_stream *s, instant now)
{
    long timer_ms = -1;
    curl_multi_timeout(s->multi, &timer_ms);
    return timer_ms < 0 ? NEVER : instant_after(now, duration_ms(timer_ms));
}
