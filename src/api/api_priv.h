/* api/api_priv.h - what the files of this folder share: one request in hand, stored records, and
 * the hooks of a kind of resource.
 *
 * A request is worked on in a `struct call`. Everything it allocates dies with it: texts in the
 * arena, JSON values by `own`. What it wants written is collected and seen by its own later reads,
 * and written in one batch by call_commit, or, when a fault was added, not at all. */
#pragma once
#include "api/api.h"
#include "api/target.h"
#include "model/catalogue.h"
#include "model/fault.h"
#include "model/records_json.h"
#include "model/resource_id.h"
#include "model/states.h"

struct running { /* an operation that has not ended */
    char id[API_GUID_TEXT];
    char *root; /* key of the top-level resource it holds */
    int64_t due_ms;
};

struct pool_hint { /* no number below `next` is free, as far as this process knows */
    char *pool;
    unsigned next;
};

struct api {
    struct api_world world;
    struct arena arena; /* of the catalogue */
    struct catalogue *catalogue;
    struct running *running;
    size_t running_n, running_room;
    int64_t pruned_ms;
    struct pool_hint *hints;
    size_t hints_n;
    struct snapshot *snapshot; /* NULL: nobody asked yet */
};

struct record { /* a stored resource */
    const char *key;
    enum resource_kind kind;
    json_t *json;     /* owned by the call; changed in place and given to record_save */
    int64_t revision; /* STORE_ABSENT: not stored yet */
};

struct pending {
    const char *key, *value;
    int64_t expected;
};

struct call {
    struct api *api;
    const struct api_request *req; /* NULL while operations are finished */
    struct api_response *out;
    int64_t now_ms;
    struct arena arena;
    struct faults faults;
    json_t *owned;
    struct pending *writes;
    size_t writes_n, writes_room;
    struct record **seen; /* records that a read has loaded, by hash; NULL: not a read, or none yet */
    struct target target;
    const char *version;                /* api-version */
    const struct api_subscription *sub; /* of the path */
    enum resource_kind place_kind;      /* what the path names, and the key of its identifier */
    const char *place_key;
    bool again; /* the end of an operation must be tried later */
    bool outrun;                        /* others wrote to the store since it was read */
    bool part;  /* so far it is done: to be written, and gone on with */
};

void call_init(struct call *c, struct api *a, int64_t now_ms);
void call_drop(struct call *c);
json_t *own(struct call *c, json_t *v); /* the call owns the reference now; returns v */
const char *call_guid(struct call *c);
const char *call_etag(struct call *c);
/* False and a fault when it was not written. */
MUST_USE bool call_commit(struct call *c);
#define FAIL(c, code, target, ...)                                                                 \
    (fault_add(&(c)->faults, FAULT_##code, target, __VA_ARGS__), false)

/* --- answers (answer.c) --- */
void answer_json(struct call *c, int status, const json_t *body);
void answer_empty(struct call *c, int status);
void answer_header(struct call *c, const char *name, const char *value, ...) PRINTF_LIKE(3, 4);
void answer_faults(struct call *c);

/* --- stored things (records.c) --- */
struct record *record_load(struct call *c, const char *key); /* NULL: there is none */
struct record *record_new(struct call *c, const char *key, enum resource_kind kind, const char *id,
                          const char *name);
void record_save(struct call *c, struct record *r);
void record_remove(struct call *c, const struct record *r);
void put_text(struct call *c, const char *key, const char *value, int64_t expected);
void put_json(struct call *c, const char *key, const json_t *value, int64_t expected);
void remove_key(struct call *c, const char *key);
/* JSON of a key that is no resource; *revision may be NULL. NULL: there is none. */
json_t *load_json(struct call *c, const char *key, int64_t *revision);

/* Keys under a prefix as this call sees them, in order, all of them. */
struct keys {
    const char **keys;
    size_t n;
};
struct keys keys_under(struct call *c, const char *prefix);
/* The direct children of one kind. */
struct keys children_of(struct call *c, const char *parent_key, enum resource_kind kind);
/* Who holds a resource in use: keys of the users. A user lists what it uses in internal.uses. */
struct keys users_of(struct call *c, const char *key);
void uses_set(struct call *c, struct record *r, const char *const *keys, size_t n);
const char *users_text(struct call *c, struct keys users); /* their identifiers, for messages */

json_t *record_props(const struct record *r);                        /* borrowed, never NULL */
json_t *record_internal(const struct record *r);                     /* borrowed, never NULL */
const char *record_text(const struct record *r, const char *member); /* "" when absent */
const char *internal_text(const struct record *r, const char *member);
const char *props_text(const struct record *r, const char *member);
const char *record_location(const struct record *r);
enum resource_state record_state(const struct record *r);
void record_state_set(struct record *r, enum resource_state s);

/* Lowest free number in first..last of the pool called `pool`, reserved for `owner`; 0: none. */
unsigned pool_take(struct call *c, const char *pool, unsigned first, unsigned last,
                   const char *owner);
void pool_give(struct call *c, const char *pool, unsigned number);
void pool_hints_drop(struct api *a);
/* A short unique word for a resource, made of its name; reserved until given back. */
const char *label_take(struct call *c, const char *pool, const char *name, const char *owner);
void label_give(struct call *c, const char *pool, const char *label);

/* --- all resources, as the store has them now (snapshot.c) --- */
struct snapshot;
void snapshot_drop(struct snapshot *s); /* NULL is ignored */

/* --- who may (access.c) --- */
enum {
    ROLES_READ = API_READER | API_CONTRIBUTOR | API_OWNER,
    ROLES_WRITE = API_CONTRIBUTOR | API_OWNER,
    ROLES_ANY = ROLES_READ | API_PROVIDER
};
MUST_USE bool may(struct call *c, unsigned roles, const char *scope); /* a question */
MUST_USE bool require(struct call *c, unsigned roles, const char *scope, const char *action);

/* --- operations (operations.c) --- */
struct operation_start {
    const char *what; /* "write", "delete", "group", "action" */
    const char *root; /* what is busy meanwhile */
    const char *const *keys;
    size_t keys_n; /* resources that change state when it ends */
    unsigned ms;   /* how long it takes in life */
    const char *location, *action, *argument;
};
/* Adds the record to the batch; the caller commits, then calls operation_started. Its id. What
 * takes no time has ended with it: the resources are in the batch as they are afterwards, so what
 * is to be shown of them as they are meanwhile is made before. */
const char *operation_add(struct call *c, const struct operation_start *s);
void operation_started(struct call *c, const char *id, const struct operation_start *s);
/* The url of its state ("operations") or its result ("operationResults"). */
const char *operation_url(struct call *c, const char *id, const char *location, const char *what);
/* False, a fault and Retry-After when an operation runs on that root. */
MUST_USE bool operation_idle(struct call *c, const char *root);
void operation_show(struct call *c, const char *id);
void operation_result(struct call *c, const char *id);
bool operations_resume(struct api *a, int64_t now_ms);
enum { OUTRUN_TRIES = 50 }; /* how often a call that others outran is made anew */
unsigned operation_wait_s(const struct api *a, unsigned ms);

/* --- resources (resources.c) --- */
struct write { /* a PUT of one resource, alone or inside its parent's */
    struct call *c;
    enum resource_kind kind;
    struct record *old;    /* NULL: new */
    struct record *next;   /* what will be stored: id, name, type are set, the rest is the hook's */
    struct record *parent; /* of a child */
    const json_t *body, *props; /* props may be NULL */
    struct record_head head;
    const void *record; /* struct of the kind, read and type-checked */
    bool by_provider;   /* through the cross-connection */
    bool *changed;
};

struct kind_hooks {
    unsigned read_roles, write_roles;
    /* Judges the write and completes w->next (properties, internal). Adds faults. */
    void (*check)(struct write *w);
    /* After the children in the body were written: what concerns them together. Of `w` the call,
     * the kind, `next`, `body` and `props` are set. */
    void (*settled)(struct write *w);
    /* Completes what is shown: `out` is a copy of the stored record without internal. */
    void (*render)(struct call *c, const struct record *r, json_t *out);
    /* Adds a fault when it must not be deleted. */
    void (*deletable)(struct call *c, const struct record *r);
    /* What goes with it. */
    void (*removed)(struct call *c, const struct record *r);
    /* The operation ends: a last check; a fault fails the operation. */
    void (*finish)(struct call *c, struct record *r);
    enum fault_code in_use; /* why it cannot be deleted while something uses it */
};
extern const struct kind_hooks kind_hooks[RESOURCE_KINDS];

void resources_handle(struct call *c, size_t at);             /* segments[at] is the type */
void resources_list(struct call *c, enum resource_kind kind); /* of a subscription */
/* Identifiers and tags of all kinds; group NULL: of a subscription; type NULL: of all types. */
void resources_brief(struct call *c, const char *group, const char *type);
void groups_list(struct call *c);
json_t *resource_render(struct call *c, const struct record *r); /* owned by the call */
json_t *children_render(struct call *c, const char *parent_key, enum resource_kind kind);
void resource_destroy(struct call *c, const struct record *r); /* with children and index entries */
const char *resource_root(struct call *c, const struct record *r);
void answer_page(struct call *c, json_t *list, const char *next_after);
json_t *request_object(struct call *c); /* the body; NULL and a fault when it is none */
void faults_from_problems(struct call *c, const struct problems *ps);

/* --- groups and what is above them (groups.c) --- */
extern const char *const api_versions[]; /* ended by NULL, oldest first (api.c) */
bool namespace_registered(struct call *c);
json_t *group_render(struct call *c, const struct record *g); /* owned by the call */
void groups_handle(struct call *c);
const char *group_key(struct call *c, const char *subscription, const char *group);
bool group_ready(struct call *c, const char *subscription, const char *group);
void group_ensure(struct call *c, const char *subscription, const char *group,
                  const char *location);

/* --- what there is to have (offers.c) --- */
/* False when there is no list called `what`, or no single one in it. name NULL: the list. */
bool offers_handle(struct call *c, const char *what, const char *name);
const char *offers_at(size_t i, bool *out_has_one); /* for the reference; NULL at the end */
void operations_list(struct call *c, const char *namespace_);

/* --- answers of older versions (shape.c) --- */
/* Takes away from `out`, one shown resource, what the asked api-version did not have yet. */
void shape_for_version(const struct call *c, enum resource_kind kind, json_t *out);
struct shape_row { /* for the reference: rows in order, ended by one without path */
    enum resource_kind kind;
    const char *path;  /* members from the resource down, by dots */
    const char *since; /* api-version */
};
extern const struct shape_row shape_rows[];

/* --- template deployments (deployments.c) --- */
/* below: "", "operations" or "validate" */
void deployments_handle(struct call *c, const char *group, const char *name, const char *below);
/* Completes the record; returns the error it ends with, a new reference, or NULL. Sets c->again
 * when one of its resources is not ready. */
json_t *deployment_end(struct call *c, const char *key);

/* --- calls below a resource (actions.c) --- */
struct action { /* one row; those that take time are operations, computed when they end */
    enum resource_kind kind;
    const char *name;
    enum api_method method;
    const char *const *arguments; /* what may follow in the path; NULL: nothing may */
    unsigned ms;                  /* 0: answered at once */
    unsigned roles;               /* 0: those that may read the resource */
    const char *since;            /* first api-version that has it; NULL: all */
    /* At once: answers. Later: judges the request before the operation starts; may be NULL. */
    void (*handle)(struct call *c, struct record *r, const char *argument);
};
/* Rows in the order of the table, for the reference; NULL at the end. */
const struct action *action_at(size_t i);
bool action_known(enum resource_kind k, const char *name, bool has_argument);
void action_handle(struct call *c, struct record *r, const char *name, const char *argument,
                   bool has_argument);

/* --- live tables (live.c): answers from evidence, new references --- */
json_t *live_stats(struct call *c, const struct record *r);
json_t *live_make(struct call *c, const struct record *r, const char *action, const char *argument);
/* what: "connection" or "reach", as the subjects of evidence begin. */
const char *live_connection_status(struct call *c, const char *label, const char *what,
                                   json_int_t *in, json_int_t *out);
/* Calls `each` for every row of one list of every edge's evidence. */
void live_rows(const struct call *c, const char *list,
               void (*each)(const json_t *evidence, const json_t *row, void *ctx), void *ctx);

/* --- a gateway's resilience (resilience.c) --- */
void failover_start(struct call *c, struct record *gateway, const char *argument);
void failover_stop(struct call *c, struct record *gateway, const char *argument);
/* A new reference, or NULL when the action is another file's. */
json_t *resilience_make(struct call *c, const struct record *gateway, const char *action,
                        const char *argument);

/* --- letters of authorisation (letter.c): base64 of a PDF, a new reference --- */
json_t *letter_make(struct call *c, const struct record *port, const char *customer);
