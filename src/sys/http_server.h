/* sys/http_server.h - an HTTPS server in its owner's loop. The only user of libmicrohttpd.
 * A request comes whole, body and all, as an exchange; its answer may be given at once or later.
 * Limits of size, number and time are kept here (RB-130 to RB-139), before the owner sees anything.
 *     watch http_server_fd; call http_server_turn when it is readable or http_server_next has come.
 */
#pragma once
#include "base/instant.h"
#include "base/text.h"

struct http_server;
struct http_exchange; /* one request, until it is answered */

struct http_limits {                               /* 0: the default */
    size_t body;                                   /* bytes of a request's body; 4 MiB */
    unsigned connections, connections_per_address; /* 4096, 256 */
    unsigned head_s, body_s, idle_s; /* whole head 30, whole body 120, between requests 75 */
};

struct http_hooks {
    void *ctx;
    /* A whole request. Answer it, now or later, with http_reply. */
    void (*serve)(void *ctx, struct http_exchange *x);
    /* An exchange that waits for its answer is over (the server ends): forget it. */
    void (*gone)(void *ctx, struct http_exchange *x);
    /* How long a body may be for this request; 0: as the limits say. May be NULL. */
    size_t (*body_limit)(void *ctx, const char *method, const char *target);
    /* The body of an early refusal (413, 431, ...), added to out. */
    void (*refusal)(void *ctx, unsigned status, const char *what, struct text *out);
};

struct http_server_setup {
    const char *listen;           /* "127.0.0.1:8443", "[::1]:0"; port 0: any that is free */
    const char *key, *cert;       /* PEM, of the server */
    const char *client_authority; /* PEM: whose client certificates are looked at */
    struct http_limits limits;
    struct http_hooks hooks;
};

/* Listens. NULL with `why`. Strings are copied. */
struct http_server *http_server_open(const struct http_server_setup *setup, struct text *why);
void http_server_close(struct http_server *s);
const char *http_server_address(const struct http_server *s); /* "127.0.0.1:8443", the real port */
bool http_server_loopback(const struct http_server *s);
int http_server_fd(const struct http_server *s);
/* Does what is due: takes connections and requests, ends what is too slow. */
void http_server_turn(struct http_server *s, instant now);
instant http_server_next(const struct http_server *s, instant now);
size_t http_server_connections(const struct http_server *s);

/* What was asked. All of it lives until the answer is given. */
const char *http_method(const struct http_exchange *x);
const char *http_target(const struct http_exchange *x); /* as it came: path and query */
const char *http_field(const struct http_exchange *x, const char *name); /* NULL: not there */
size_t http_field_count(const struct http_exchange *x, const char *name);
const char *http_body(const struct http_exchange *x, size_t *n);
const char *http_source(const struct http_exchange *x); /* address of the client */
struct tls_peer;
/* The client's certificate, if it showed one and it is good. */
MUST_USE bool http_peer(const struct http_exchange *x, struct tls_peer *out);
void http_tag(struct http_exchange *x, void *tag); /* the owner's */
void *http_tagged(const struct http_exchange *x);

struct http_reply_field {
    const char *name, *value;
};
struct http_output {
    unsigned status;
    const char *type; /* of the body; NULL when there is none */
    const char *body;
    size_t n;
    const struct http_reply_field *fields; /* ended by one without name; NULL: none */
};
/* Everything is copied. The exchange is gone after it. */
void http_reply(struct http_exchange *x, const struct http_output *o);
