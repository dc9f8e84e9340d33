/* api/api.h - resource-manager semantics: a request value in, a response value out.
 * No socket, no clock, no random numbers: the program that owns this object reads HTTP, checks the
 * token, and passes the wall clock; whatever else the API wants from the world is a hook below.
 * Every answer to a write was on the store before it came out. Not for use by two threads at once.
 * Source of the rules: docs/api.md; the tables of errors and roles are code. */
#pragma once
#include <jansson.h>
#include "base/problem.h"
#include "base/text.h"
#include "store/store.h"

enum { API_GUID_TEXT = 37 }; /* room for a GUID and its NUL */

enum api_role {
    API_READER = 1 << 0,
    API_CONTRIBUTOR = 1 << 1,
    API_OWNER = 1 << 2,
    API_PROVIDER =
        1 << 3, /* sees and provisions the cross-connections of a provider subscription */
    API_OPERATOR = 1 << 4, /* runs the edges; nothing of customers' resources */
};

struct api_grant {
    enum api_role role;
    const char
        *scope; /* "/subscriptions/GUID", "/subscriptions/GUID/resourceGroups/NAME", "/" (all) */
};

struct api_caller { /* who asks, as the verified token and the role assignments say */
    const char *object_id;
    const struct api_grant *grants;
    size_t grants_n;
};
/* Does the caller hold one of `roles` (a set) on the scope or on one that contains it? */
bool api_may(const struct api_caller *c, unsigned roles, const char *scope);

enum api_method { API_GET, API_HEAD, API_PUT, API_PATCH, API_POST, API_DELETE, API_METHODS };
bool api_method_parse(const char *s, enum api_method *out);

struct api_request {
    enum api_method method;
    const char *target;   /* raw: path and query as they came, still percent-encoded */
    const char *base_url; /* "https://host:port", what links in answers begin with */
    const char *if_match; /* header values; NULL when absent */
    const char *if_none_match;
    const char *body; /* need not end in NUL */
    size_t body_n;
    const struct api_caller
        *caller; /* never NULL: a request without a good token does not get here */
};

struct api_header {
    const char *name;
    struct text value;
};

enum { API_HEADERS_MAX = 10 };

struct api_response { /* zeroed by the caller before, given to api_response_drop after */
    int status;
    struct text body; /* application/json; empty: no body */
    struct api_header headers[API_HEADERS_MAX];
    size_t headers_n;
};
void api_response_drop(struct api_response *r);
/* An error answer in the one shape all of them have; for refusals before api_handle (401, 413,
 * ...). */
void api_response_error(struct api_response *r, int status, const char *code, const char *target,
                        const char *message);

enum api_subscription_kind {
    API_CUSTOMER,      /* circuits and networks */
    API_PROVIDER_SIDE, /* cross-connections */
    API_BOTH,          /* one subscription plays both parts */
};

struct api_subscription {
    const char *id; /* GUID */
    const char *name;
    enum api_subscription_kind kind;
    const char
        *provider; /* provider side: whose circuits appear here; NULL or "": every provider's */
    bool no_m365;  /* not authorised to get Microsoft 365's routes over a circuit */
};

struct api_quota { /* of every subscription; 0: no limit */
    unsigned circuits, circuits_per_region;
};

struct api_catalogues { /* texts of data/<name>.json */
    const char *providers, *peering_locations, *limits, *gateway_skus, *bgp_communities;
};

struct api_world {
    struct store *store; /* borrowed */
    const char *tenant_id;
    const struct api_subscription *subscriptions; /* borrowed for the life of the api */
    size_t subscriptions_n;
    struct api_catalogues catalogues; /* read at api_new only */
    struct api_quota quota;
    bool no_m365; /* nobody is authorised to get Microsoft 365's routes over a circuit */
    double pace; /* how long operations take: 0 at once, 1 as in life, between as given */
    void *ctx;   /* of the hooks */
    void (*guid)(void *ctx, char out[API_GUID_TEXT]); /* 122 random bits, lower case */
    /* All evidence now: {"edges":[{"name","received_at","age_s","evidence":{..}}]}, or NULL when
     * there is none. Borrowed until the next call of any kind. */
    const json_t *(*evidence)(void *ctx);
    /* One line for the audit trail: object id, method, key, outcome. May be NULL. */
    void (*audit)(void *ctx, const char *object_id, const char *line);
    /* Of several processes on one store one ends the operations. NULL: there is only one. */
    bool (*leads)(void *ctx);
};

struct api;

/* Copies the struct, not what it points to. Takes up operations that were running when the last
 * process ended. NULL and a problem when a catalogue or the store cannot be read. */
MUST_USE struct api *api_new(const struct api_world *w, int64_t now_ms, struct problems *problems);
void api_drop(struct api *a); /* NULL is ignored */

/* now_ms: wall clock, milliseconds since 1970. Operations that are due are finished first. */
void api_handle(struct api *a, const struct api_request *req, int64_t now_ms,
                struct api_response *out);

/* Another process wrote the key (NULL: any of them) to the store that it shares with this one. */
void api_noticed(struct api *a, const char *key, int64_t now_ms);

/* When api_tick has something to do (wall clock, ms); INT64_MAX when no operation runs. */
int64_t api_next(const struct api *a);
/* Finishes what is due. What the store refuses stays due and is tried again at api_next. */
void api_tick(struct api *a, int64_t now_ms);

/* Every stored resource with its internal properties (tags, secrets). A new
 * reference to a list in key order, or NULL when the store cannot be read. The list is the
 * caller's; what is in it is shared and must not be changed. */
MUST_USE json_t *api_resources(struct api *a);

struct api_resource {
    const char *key, *type;
    const json_t *json;
};
/* The same without a list: rows in key order, borrowed until the next call of any kind. */
MUST_USE bool api_rows(struct api *a, const struct api_resource **out, size_t *out_n);
