/* control/control.h - fairleadd as one object: what its parts know of each other.
 * One thread: everything happens in turns of one loop, so nothing here is ever half done when
 * somebody else looks. */
#pragma once
#include "api/api.h"
#include "api/target.h"
#include "base/instant.h"
#include "control/installation.h"
#include "control/settings.h"
#include "sys/http_server.h"

struct edges;
struct later;
struct audit;
struct mirror_files;
struct issuer;

enum { STATUS_CLASSES = 6, AUDIT_DIGEST_TEXT = 2 * TLS_DIGEST + 1 };

struct control {
    const struct settings *settings;
    struct installation installation;
    struct store *store;
    struct api *api;
    struct http_server *http;
    struct edges *edges;
    struct later *later;
    struct issuer *issuer;       /* NULL: only we issue tokens */
    struct mirror_files *mirror; /* NULL: none */
    char replica[API_GUID_TEXT]; /* this process among those on one store */
    bool roles_stale;            /* another process changed who may what */
    bool secrets_stale;          /* another process changed them */
    instant keys_due;            /* when the age of the token key is looked at */
    int audit_fd;
    char audit_chain[AUDIT_DIGEST_TEXT]; /* of the newest record */
    uint64_t answers[STATUS_CLASSES];    /* by the hundreds of the status */
    uint64_t keys_wrong, keys_held_up;   /* service keys that opened nothing; tries not even made */
    instant started, now;                /* of this turn */
    int64_t now_ms;                      /* wall clock, since 1970 */
};

enum access {
    ACCESS_OPEN,        /* nobody is asked for */
    ACCESS_PAGE,        /* open while we listen on loopback only, else as READER */
    ACCESS_READER,      /* who may read anything of a customer, or runs the edges */
    ACCESS_WRITER,      /* who may write anything of a customer, or runs the edges */
    ACCESS_OPERATOR,    /* who runs the edges */
    ACCESS_CERTIFICATE, /* the edge named in the path, by its certificate */
    ACCESS_API,         /* any principal: the resource manager judges */
};

struct request { /* one request in hand; everything dies with it but the exchange */
    struct control *control;
    struct http_exchange *exchange;
    struct arena *arena;
    struct target target;
    const char *base_url;        /* "https://localhost:8443": what links in answers begin with */
    const char *id;              /* of the request, a GUID */
    struct principal *principal; /* NULL: none */
    const char *who;             /* for the audit trail */
    enum access access;
    bool uses_key; /* a service key stands in the path: worth a line in the trail */
    char before[AUDIT_DIGEST_TEXT], after[AUDIT_DIGEST_TEXT]; /* of a stored record; "": none */
};

/* --- answers (reply.c); each ends the exchange --- */
void reply_json(struct request *r, unsigned status, const json_t *body); /* body borrowed */
void reply_text(struct request *r, const char *type, const struct text *body);
void reply_empty(struct request *r, unsigned status);
/* A document that may be kept for max_age_s seconds. */
void reply_document(struct request *r, unsigned status, const char *type, const struct text *body,
                    unsigned max_age_s);
/* 429 with the seconds to wait. */
void reply_busy(struct request *r, unsigned wait_s, const char *what);
void reply_error(struct request *r, unsigned status, const char *code, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
void reply_problems(struct request *r, const struct problems *ps); /* 400, all of them */
void reply_api(struct request *r, const struct api_response *a);
/* For http_hooks.refusal. */
void reply_refusal(void *ctx, unsigned status, const char *what, struct text *out);

/* The body as a JSON object; NULL after an answer that says what is wrong. New reference. */
json_t *request_json(struct request *r);
const char *request_param(const struct request *r, const char *name); /* NULL: absent */

/* --- answers that wait (later.c) --- */
struct later *later_new(void);
void later_drop(struct later *l);
/* An error after a delay; at once when too many wait already. */
void later_error(struct request *r, duration delay, unsigned status, const json_t *body);
void later_turn(struct later *l, instant now);
instant later_next(const struct later *l);
void later_gone(struct later *l, const struct http_exchange *x);

/* --- the audit trail (audit.c): one flushed line for each write and each refused access --- */
/* Opens the trail and takes up its chain. False with `why`. */
MUST_USE bool audit_open(struct control *c, struct text *why);
/* Digest of what the store has under the path of the request; "" for nothing. */
void audit_digest(struct request *r, char out[static AUDIT_DIGEST_TEXT]);
void audit_note(const struct request *r, unsigned status, const char *code);
