/* sys/store_etcd.h - a store that several processes share: store/store.h on an etcd cluster.
 *
 * Each process keeps a copy of everything in memory, which the cluster's watch keeps up to date,
 * and reads from it. A batch is one transaction, guarded by one key, `clock`, that every batch
 * writes: it is done only if the copy was current, so batches of all processes form one sequence,
 * each made from exactly the state that the one before left. That is optimistic: who loses syncs
 * and does it again. The clock's value names its batch, so an answer that got lost is found out by
 * asking again.
 *
 * Beside the store there are live keys: kept by leases, gone when their process is, no part of any
 * revision. And there is a lead: of all processes one has it, by a lease of its own. */
#pragma once
#include "base/instant.h"
#include "base/text.h"
#include "store/store.h"

struct store_etcd_hooks {
    void *ctx;
    /* Others wrote (or deleted) the key; called when the copy already has it. NULL: everything may
     * have changed. */
    void (*changed)(void *ctx, const char *key);
    /* A live key came, changed, or went (value NULL). */
    void (*live)(void *ctx, const char *key, const char *value);
};

/* `where`: as etcd_open takes it. `self` names this process among the others. NULL with `why`. */
struct store *store_etcd_open(const char *where, const char *self, struct text *why);
void store_etcd_hear(struct store *s, const struct store_etcd_hooks *hooks);

/* --- in the owner's loop --- */
int store_etcd_fd(const struct store *s); /* may change with each turn */
void store_etcd_turn(struct store *s, instant now);
instant store_etcd_next(const struct store *s, instant now);

/* Seeks the lead from now on, and holds it while it can. */
void store_etcd_seek_lead(struct store *s);
bool store_etcd_leads(const struct store *s, instant now);

/* --- live keys --- */
/* Written under a lease of `ttl_s`, which each further write of the key extends. */
MUST_USE bool store_etcd_live_put(struct store *s, const char *key, const char *value,
                                  unsigned ttl_s, instant now);
/* All live keys under the prefix, as far as this process knows. */
MUST_USE enum store_result store_etcd_live(struct store *s, const char *prefix, struct arena *a,
                                           struct store_items *out);
