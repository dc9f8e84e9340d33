/* store/store.h - what persistence must do for the control plane, whoever does it.
 * Keys are texts in byte order: a resource is kept under its lower-cased identifier (it begins with
 * '/'), everything else under a word of its own ("op/...", "edge/..."). Values are JSON texts,
 * opaque here. Every batch that is accepted raises one revision for the whole store, and every key
 * it wrote carries that revision: it is the compare-and-set token. Keys of a batch are written
 * together or not at all, and a batch that was accepted is on stable storage when the call returns.
 * Callers never run two calls on one store at once.
 * A shared store has several such callers in different processes. What one reads is the state of
 * one instant, made new by store_sync; a batch is written only if nobody wrote since that instant,
 * so whatever was decided from what was read still holds. On a store of one process syncing is
 * nothing. tests/unit/store/store_suite.h is the suite that every implementation passes. */
#pragma once
#include "base/arena.h"

enum {
    STORE_KEY_MAX = 2048,        /* bytes of a key, without its NUL */
    STORE_BATCH_MAX = 4000,      /* writes in one batch */
    STORE_DELETIONS_KEPT = 1024, /* deleted keys a watcher may still be told about, at least */
};

#define STORE_ABSENT ((int64_t)0) /* expected revision: the key must not exist */
#define STORE_ANY ((int64_t)-1)   /* expected revision: whatever is there */

enum store_result {
    STORE_OK,
    STORE_MISSING,   /* get: no such key */
    STORE_CONFLICT,  /* batch: an expected revision does not hold, or others wrote to a shared store
                        since it was read last; nothing was written */
    STORE_COMPACTED, /* changes: `since` is too old, list again */
    STORE_UNAVAILABLE, /* the medium refused (full, read-only, unreachable); nothing was written,
                          but of a shared store that fell silent in the middle nobody knows */
};

struct store_item {
    const char *key;
    const char *value; /* NULL in `changes`: the key was deleted; in `keys`: not read */
    int64_t revision;  /* of its last write, from 1 */
};

struct store_items {
    struct store_item *items; /* in key order; in revision order from `changes` */
    size_t n;
    bool more; /* the limit cut the answer: ask again after the last key (or revision) */
};

struct store_write {
    const char *key;
    const char *value; /* NULL deletes; deleting what is not there is fine unless expected */
    int64_t expected;  /* STORE_ABSENT, STORE_ANY or the revision the key must have */
};

struct store;

struct store_ops {
    enum store_result (*get)(struct store *s, const char *key, struct arena *a,
                             struct store_item *out);
    enum store_result (*list)(struct store *s, const char *prefix, const char *after, size_t limit,
                              bool values, struct arena *a, struct store_items *out);
    enum store_result (*changes)(struct store *s, const char *prefix, int64_t since, size_t limit,
                                 struct arena *a, struct store_items *out);
    enum store_result (*batch)(struct store *s, const struct store_write *writes, size_t n,
                               int64_t *out_revision);
    int64_t (*revision)(struct store *s);
    void (*drop)(struct store *s);
    enum store_result (*sync)(struct store *s); /* NULL: not shared */
};

struct store { /* first member of every implementation */
    const struct store_ops *ops;
};

/* All texts handed out are copies in `a`. */
MUST_USE enum store_result store_get(struct store *s, const char *key, struct arena *a,
                                     struct store_item *out);
/* Keys that begin with `prefix` and come after `after` ("" for the first page), at most `limit`. */
MUST_USE enum store_result store_list(struct store *s, const char *prefix, const char *after,
                                      size_t limit, struct arena *a, struct store_items *out);
/* The same without reading the values: they are NULL. */
MUST_USE enum store_result store_keys(struct store *s, const char *prefix, const char *after,
                                      size_t limit, struct arena *a, struct store_items *out);
/* The watch: keys under `prefix` whose last write or deletion is newer than `since`, oldest first,
 * at most `limit` of them but never half a batch. */
MUST_USE enum store_result store_changes(struct store *s, const char *prefix, int64_t since,
                                         size_t limit, struct arena *a, struct store_items *out);
/* No key may stand in a batch twice. *out_revision (may be NULL) is set on success only. */
MUST_USE enum store_result store_batch(struct store *s, const struct store_write *writes, size_t n,
                                       int64_t *out_revision);
MUST_USE enum store_result store_put(struct store *s, const char *key, const char *value,
                                     int64_t expected, int64_t *out_revision);
MUST_USE enum store_result store_delete(struct store *s, const char *key, int64_t expected);
/* Takes up what everybody had written to a shared store when it was called. OK or UNAVAILABLE. */
MUST_USE enum store_result store_sync(struct store *s);
/* Of the newest accepted batch; 0 in a fresh store. */
int64_t store_revision(struct store *s);
void store_drop(struct store *s); /* NULL is ignored */

/* Kept in memory only: for tests, as the twin of the durable ones, and as what a process knows of a
 * shared store. */
struct store *store_memory_new(void);
/* The same writes as somebody else made them, at the revision they got there; the expected
 * revisions are not looked at. Revisions rise from call to call. */
void store_memory_take(struct store *memory, const struct store_write *writes, size_t n,
                       int64_t revision);
/* Deletions up to the newest revision are not known. */
void store_memory_compacted(struct store *memory);
