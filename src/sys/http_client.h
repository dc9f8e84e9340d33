/* sys/http_client.h - HTTPS requests, one at a time, waiting for the answer. The only user of
 * libcurl. A client keeps its connection between requests. Secrets travel in headers and bodies,
 * never in messages: `why` names method, host and fault only. */
#pragma once
#include "base/instant.h"
#include "base/text.h"

struct http_client;

struct http_identity {                /* PEM files; empty or NULL where not wanted */
    const char *ca_file;              /* who may vouch for the server */
    const char *cert_file, *key_file; /* ours, for mutual TLS */
};

struct http_request {
    const char *method;
    const char *url;
    const char *const *headers; /* "Name: value", ended by NULL; NULL: none */
    const char *body;           /* NULL: none */
    duration patience;          /* for the whole exchange; 0: 30 s */
};

struct http_answer {
    unsigned status;
    struct text body;
    char location[512], operation[512]; /* Location and Azure-AsyncOperation, "" if absent */
    unsigned retry_after_s;
};

/* Never NULL. The strings are copied. */
struct http_client *http_client_new(const struct http_identity *identity);
void http_client_free(struct http_client *c);
/* Any answer with a status is an answer; false with `why` if there was none. *out is cleared first;
 * its owner calls http_answer_drop. */
MUST_USE bool http_send(struct http_client *c, const struct http_request *r,
                        struct http_answer *out, struct text *why);
void http_answer_drop(struct http_answer *a);

/* An answer that does not end: its body comes line by line, in the owner's loop.
 *     watch http_stream_fd; call http_stream_turn when it is readable or http_stream_next has come.
 */
struct http_stream;

struct http_stream_hooks {
    void *ctx;
    void (*line)(void *ctx, const char *line, size_t n); /* without its line feed */
};

/* Sends the request; its patience bounds the connecting only. Strings are copied. Never NULL. */
struct http_stream *http_stream_open(const struct http_identity *identity,
                                     const struct http_request *r,
                                     const struct http_stream_hooks *hooks);
void http_stream_close(struct http_stream *s); /* NULL is ignored; not from within `line` */
int http_stream_fd(const struct http_stream *s);
/* Takes what is there, waiting for it `at most` long; false when the stream is over, for whatever
 * reason. */
MUST_USE bool http_stream_turn(struct http_stream *s, duration at_most);
instant http_stream_next(const struct http_stream *s, instant now);
