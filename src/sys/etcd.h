/* sys/etcd.h - what we need of etcd, by the JSON gateway of its version 3 API: ranges,
 * transactions, leases and a watch. Keys and values are texts; every key lies in the name space
 * given at opening, and is handed in and out without it. Calls wait for their answer, at most a few
 * seconds; when no endpoint answers, further calls fail at once for a while. One user at a time. */
#pragma once
#include <jansson.h>
#include "base/instant.h"
#include "base/text.h"

struct etcd;

struct etcd_item {
    const char *key, *value; /* value NULL: deleted */
    int64_t revision;        /* of its last write; of the deletion */
};

enum etcd_result {
    ETCD_DONE,
    ETCD_REFUSED, /* transaction: the comparison does not hold, nothing was written */
    ETCD_SILENT,  /* no useful answer: nobody knows whether a transaction was done */
};

/* "http://HOST:PORT[,http://HOST:PORT..][/NAMESPACE]". NULL with `why` when that is no such text.
 * Nothing is connected yet. */
struct etcd *etcd_open(const char *where, struct text *why);
void etcd_close(struct etcd *e);

typedef void etcd_each(void *ctx, const struct etcd_item *item);

/* All keys, page by page, as they were at one revision, which goes to *out_revision. */
MUST_USE bool etcd_read_all(struct etcd *e, etcd_each *each, void *ctx, int64_t *out_revision);
/* Revision of the last write of one key, as the whole cluster knows it; 0: there is no such key. */
MUST_USE bool etcd_revision_of(struct etcd *e, const char *key, int64_t *out);

/* A transaction: if `guard` was last written at `expected` (0: it is not there), everything that
 * was added is written. However many writes: they are nested so that etcd's limit of 128 operations
 * a transaction holds for each level. */
struct etcd_txn;
struct etcd_txn *etcd_txn_new(const struct etcd *e, const char *guard, int64_t expected);
void etcd_txn_put(struct etcd_txn *t, const char *key, const char *value, int64_t lease);
void etcd_txn_delete(struct etcd_txn *t, const char *key);
/* *out_revision is set when it was done. The transaction may be run again. */
MUST_USE enum etcd_result etcd_txn_run(struct etcd *e, const struct etcd_txn *t,
                                       int64_t *out_revision);
void etcd_txn_drop(struct etcd_txn *t);

/* Leases: what was put with one goes when nobody has kept it for `ttl_s`. */
MUST_USE bool etcd_lease_make(struct etcd *e, unsigned ttl_s, int64_t *out_lease);
/* False: it has run out, or nobody answers. */
MUST_USE bool etcd_lease_keep(struct etcd *e, int64_t lease);
void etcd_lease_end(struct etcd *e, int64_t lease);

struct etcd_watch_hooks {
    void *ctx;
    etcd_each *each;               /* in order of revisions */
    void (*batch_over)(void *ctx); /* after the last item of one revision */
    void (*lost_past)(void *ctx);  /* what was asked for is compacted: read all again */
};
/* Watches the whole name space from `revision` on; an open watch is ended first. */
void etcd_watch(struct etcd *e, int64_t revision, const struct etcd_watch_hooks *hooks);
int etcd_watch_fd(const struct etcd *e); /* -1: there is none */
/* Takes what is there, waiting at most so long. False: the watch ended. */
MUST_USE bool etcd_watch_turn(struct etcd *e, duration at_most);
instant etcd_watch_next(const struct etcd *e, instant now);
