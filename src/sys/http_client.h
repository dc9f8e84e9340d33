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
