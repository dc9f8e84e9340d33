/* cli/api_client.h - an account at the control plane: signs in with the file fairleadd wrote and
 * sends JSON. A token is fetched with the first request and again when it is refused as expired. */
#pragma once
#include <jansson.h>
#include "base/instant.h"
#include "base/text.h"

struct api_client;

/* Reads {"endpoint","caFile","tenantId","subscriptionId","clientId","clientSecret"}. NULL with
 * `why`. */
struct api_client *api_client_open(const char *account_file, struct text *why);
void api_client_close(struct api_client *c);
const char *api_client_subscription(const struct api_client *c);
const char *api_client_endpoint(const struct api_client *c);

/* `path` begins with '/'. `body` NULL: none; borrowed. *out: new reference, NULL if the answer had
 * no JSON. The status, or 0 with `why` if there was no answer. */
unsigned api_client_call(struct api_client *c, const char *method, const char *path,
                         const json_t *body, json_t **out, struct text *why);

/* The same with what a long operation needs. */
struct api_answer {
    unsigned status;                    /* 0: there was no answer */
    json_t *json;                       /* NULL: none; the caller's */
    char operation[512], location[512]; /* paths to poll, "" if the work is done */
    unsigned retry_after_s;
};
void api_answer_drop(struct api_answer *a);
void api_client_send(struct api_client *c, const char *method, const char *path, const json_t *body,
                     struct api_answer *out, struct text *why);

struct api_patience {
    duration limit; /* 0: as long as it takes */
    /* Between polls: the operation's state and how long it was waited for. May be NULL. */
    void (*waiting)(void *ctx, const char *state, duration elapsed);
    void *ctx;
};
enum api_end {
    API_END_DONE,
    API_END_FAILED, /* a->json is the body with its "error" */
    API_END_LATE,   /* the limit came first; the operation goes on */
    API_END_LOST,   /* no answer, with `why` */
};
/* Follows an answer's operation to its end. The result of an action replaces a->json. */
MUST_USE enum api_end api_client_finish(struct api_client *c, struct api_answer *a,
                                        const struct api_patience *p, struct text *why);
