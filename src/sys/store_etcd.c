/* sys/store_etcd.c - see the header. Keys in etcd: clock, data/KEY, live/KEY, and lead. */
#include "sys/store_etcd.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sys/entropy.h"
#include "sys/etcd.h"
#include "sys/log.h"
#include "sys/loop.h"

enum {
    SYNC_MS = 2000,  /* the watch delivers within, or is opened anew */
    REOPEN_MS = 500, /* between two attempts to watch */
    LEAD_TTL_S = 6,  /* a lead that nobody keeps is free after so long */
    LEAD_EVERY_MS = 1500,
    LEAD_TRUST_MS = 4500, /* after the last success: less than the lease lasts */
    LIVE_CEILING = 64 << 20,
};

#define CLOCK_KEY "clock"
#define LEAD_KEY "lead"
#define DATA "data/"
#define LIVE "live/"

struct lease { /* of a live key */
    char *key;
    int64_t id;
    unsigned ttl_s;
    instant kept;
};

struct writes { /* of one revision, as the watch tells them */
    struct store_write *rows;
    size_t n, room;
    int64_t revision;
    char *clock; /* value that the clock got, if it is among them */
};

struct shared {
    struct store store;
    struct etcd *etcd;
    struct store *copy, *live;
    struct store_etcd_hooks hooks;
    struct writes incoming;
    int64_t next;      /* revision from which the watch goes on */
    int64_t sought;    /* a batch of ours whose answer got lost came at this revision, or 0 */
    char batch_id[96]; /* its name */
    char self[RANDOM_GUID_TEXT];
    uint64_t batches;
    bool stale; /* the copy must be read anew */
    instant reopen;
    struct lease *leases;
    size_t leases_n, leases_room;
    bool seeks, lead_taken; /* the key `lead` is there, whoever's */
    int64_t lead_lease;     /* ours; 0: none */
    instant lead_trusted, lead_due;
};

static struct shared *shared_of(const struct store *s) { return (struct shared *)(uintptr_t)s; }

static void *must(void *p)
{
    if (!p) abort();
    return p;
}

/* "data/x" -> "x"; NULL when it does not begin so. */
static const char *below(const char *key, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(key, prefix, n) == 0 ? key + n : NULL;
}

/* --- what comes in --- */

static void writes_add(struct writes *w, const char *key, const char *value)
{
    if (w->n == w->room) {
        w->room = w->room ? 2 * w->room : 16;
        w->rows = must(realloc(w->rows, w->room * sizeof *w->rows));
    }
    w->rows[w->n++] =
        (struct store_write){must(strdup(key)), value ? must(strdup(value)) : NULL, STORE_ANY};
}

static void writes_clear(struct writes *w)
{
    for (size_t i = 0; i < w->n; i++) free((char *)w->rows[i].key), free((char *)w->rows[i].value);
    free(w->clock);
    w->n = 0;
    w->clock = NULL;
}

static void take_live(struct shared *s, const char *key, const char *value)
{
    int64_t unused;
    const struct store_write w = {key, value, STORE_ANY};
    if (s->live->ops->batch(s->live, &w, 1, &unused) == STORE_OK && s->hooks.live)
        s->hooks.live(s->hooks.ctx, key, value);
}

/* A key as the cluster has it. */
static void take_item(void *ctx, const struct etcd_item *item)
{
    struct shared *s = ctx;
    const char *data = below(item->key, DATA), *live = below(item->key, LIVE);
    s->incoming.revision = item->revision;
    if (data) writes_add(&s->incoming, data, item->value);
    if (live) take_live(s, live, item->value);
    if (strcmp(item->key, LEAD_KEY) == 0) s->lead_taken = item->value != NULL;
    if (strcmp(item->key, CLOCK_KEY) == 0 && item->value) {
        free(s->incoming.clock);
        s->incoming.clock = must(strdup(item->value));
    }
}

/* The copy takes a batch; what we wrote ourselves it has already. */
static void batch_over(void *ctx)
{
    struct shared *s = ctx;
    struct writes *w = &s->incoming;
    s->next = w->revision + 1;
    if (w->clock && strcmp(w->clock, s->batch_id) == 0) s->sought = w->revision;
    if (w->clock && w->revision > store_revision(s->copy)) {
        store_memory_take(s->copy, w->rows, w->n, w->revision);
        for (size_t i = 0; s->hooks.changed && i < w->n; i++)
            s->hooks.changed(s->hooks.ctx, w->rows[i].key);
    }
    writes_clear(w);
}

static void lost_past(void *ctx) { ((struct shared *)ctx)->stale = true; }

static void watch(struct shared *s)
{
    const struct etcd_watch_hooks hooks = {s, take_item, batch_over, lost_past};
    etcd_watch(s->etcd, s->next, &hooks);
}

/* --- reading everything --- */

struct loading {
    struct shared *shared;
    struct store_write *rows;
    int64_t *revisions;
    size_t n, room;
    int64_t clock;
};

static void load_item(void *ctx, const struct etcd_item *item)
{
    struct loading *l = ctx;
    const char *data = below(item->key, DATA);
    if (strcmp(item->key, CLOCK_KEY) == 0) l->clock = item->revision;
    if (!data) {
        take_item(l->shared, item);
        return;
    }
    if (l->n == l->room) {
        l->room = l->room ? 2 * l->room : 1024;
        l->rows = must(realloc(l->rows, l->room * sizeof *l->rows));
        l->revisions = must(realloc(l->revisions, l->room * sizeof *l->revisions));
    }
    l->revisions[l->n] = item->revision;
    l->rows[l->n++] =
        (struct store_write){must(strdup(data)), must(strdup(item->value)), STORE_ANY};
}

static int by_revision(const void *a, const void *b, void *revisions)
{
    const int64_t *r = revisions;
    int64_t x = r[*(const size_t *)a], y = r[*(const size_t *)b];
    return x < y ? -1 : x > y;
}

/* Into a fresh copy in the order they were written, because its revisions only rise. */
static void fill(struct shared *s, const struct loading *l)
{
    size_t *order = must(calloc(l->n + 1, sizeof *order));
    for (size_t i = 0; i < l->n; i++) order[i] = i;
    qsort_r(order, l->n, sizeof *order, by_revision, l->revisions);
    store_drop(s->copy);
    s->copy = store_memory_new();
    for (size_t i = 0; i < l->n; i++)
        store_memory_take(s->copy, &l->rows[order[i]], 1, l->revisions[order[i]]);
    store_memory_take(s->copy, NULL, 0, l->clock);
    store_memory_compacted(s->copy);
    free(order);
}

static bool load(struct shared *s)
{
    struct loading l = {.shared = s};
    int64_t revision = 0;
    store_drop(s->live);
    s->live = store_memory_new();
    s->lead_taken = false;
    bool fine = etcd_read_all(s->etcd, load_item, &l, &revision);
    writes_clear(&s->incoming);
    if (fine) {
        fill(s, &l);
        s->next = revision + 1;
        s->stale = false;
        watch(s);
    }
    for (size_t i = 0; i < l.n; i++) free((char *)l.rows[i].key), free((char *)l.rows[i].value);
    free(l.rows), free(l.revisions);
    return fine;
}

static bool load_again(struct shared *s)
{
    if (!load(s)) return false;
    if (s->hooks.changed) s->hooks.changed(s->hooks.ctx, NULL);
    return true;
}

/* --- being current --- */

/* Takes what the watch has, waiting at most so long; a broken one is opened anew. */
static void follow(struct shared *s, duration at_most)
{
    if (!etcd_watch_turn(s->etcd, at_most)) watch(s);
}

static enum store_result shared_sync(struct store *store)
{
    struct shared *s = shared_of(store);
    int64_t clock;
    if (s->stale && !load_again(s)) return STORE_UNAVAILABLE;
    if (!etcd_revision_of(s->etcd, CLOCK_KEY, &clock)) return STORE_UNAVAILABLE;
    instant over = instant_after(clock_now(), duration_ms(SYNC_MS));
    while (!s->stale && store_revision(s->copy) < clock && !instant_reached(over, clock_now()))
        follow(s, duration_ms(50));
    if (!s->stale && store_revision(s->copy) >= clock) return STORE_OK;
    return load_again(s) ? STORE_OK : STORE_UNAVAILABLE;
}

/* --- store/store.h --- */

static enum store_result shared_get(struct store *s, const char *key, struct arena *a,
                                    struct store_item *out)
{
    return store_get(shared_of(s)->copy, key, a, out);
}

static enum store_result shared_list(struct store *s, const char *prefix, const char *after,
                                     size_t limit, bool values, struct arena *a,
                                     struct store_items *out)
{
    struct store *copy = shared_of(s)->copy;
    return copy->ops->list(copy, prefix, after, limit, values, a, out);
}

static enum store_result shared_changes(struct store *s, const char *prefix, int64_t since,
                                        size_t limit, struct arena *a, struct store_items *out)
{
    return store_changes(shared_of(s)->copy, prefix, since, limit, a, out);
}

static bool expectations_hold(struct store *copy, const struct store_write *writes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct arena a;
        struct store_items found = {0};
        int64_t is = STORE_ABSENT;
        if (writes[i].expected == STORE_ANY) continue;
        arena_init(&a, LIVE_CEILING);
        if (copy->ops->list(copy, writes[i].key, "", 1, false, &a, &found) == STORE_OK && found.n &&
            strcmp(found.items[0].key, writes[i].key) == 0)
            is = found.items[0].revision;
        arena_drop(&a);
        if (is != writes[i].expected) return false;
    }
    return true;
}

/* An answer may get lost on the way to one endpoint, and the question be asked again at the next:
 * then the refusal is of the second asking, and the clock bears the name of the first. */
static enum etcd_result run_surely(struct shared *s, const struct etcd_txn *t, int64_t *out)
{
    enum etcd_result r = etcd_txn_run(s->etcd, t, out);
    if (r != ETCD_REFUSED) return r;
    if (shared_sync(&s->store) != STORE_OK) return ETCD_SILENT;
    *out = s->sought;
    return s->sought ? ETCD_DONE : ETCD_REFUSED;
}

static enum store_result shared_batch(struct store *store, const struct store_write *writes,
                                      size_t n, int64_t *out_revision)
{
    struct shared *s = shared_of(store);
    int64_t revision = 0;
    if (!expectations_hold(s->copy, writes, n)) return STORE_CONFLICT;
    struct etcd_txn *t = etcd_txn_new(s->etcd, CLOCK_KEY, store_revision(s->copy));
    char key[sizeof DATA + STORE_KEY_MAX];
    s->sought = 0;
    snprintf(s->batch_id, sizeof s->batch_id, "%s/%llu", s->self, (unsigned long long)++s->batches);
    etcd_txn_put(t, CLOCK_KEY, s->batch_id, 0);
    for (size_t i = 0; i < n; i++) {
        snprintf(key, sizeof key, DATA "%s", writes[i].key);
        if (writes[i].value)
            etcd_txn_put(t, key, writes[i].value, 0);
        else
            etcd_txn_delete(t, key);
    }
    enum etcd_result r = run_surely(s, t, &revision);
    etcd_txn_drop(t);
    if (r == ETCD_SILENT) return STORE_UNAVAILABLE;
    if (r == ETCD_REFUSED) return STORE_CONFLICT;
    if (revision > store_revision(s->copy)) store_memory_take(s->copy, writes, n, revision);
    *out_revision = revision;
    return STORE_OK;
}

static int64_t shared_revision(struct store *s) { return store_revision(shared_of(s)->copy); }

static void shared_drop(struct store *store)
{
    struct shared *s = shared_of(store);
    if (s->lead_lease) etcd_lease_end(s->etcd, s->lead_lease);
    for (size_t i = 0; i < s->leases_n; i++) free(s->leases[i].key);
    free(s->leases);
    etcd_close(s->etcd);
    store_drop(s->copy), store_drop(s->live);
    writes_clear(&s->incoming);
    free(s->incoming.rows);
    free(s);
}

static const struct store_ops shared_ops = {
    .get = shared_get,
    .list = shared_list,
    .changes = shared_changes,
    .batch = shared_batch,
    .revision = shared_revision,
    .sync = shared_sync,
    .drop = shared_drop,
};

struct store *store_etcd_open(const char *where, const char *self, struct text *why)
{
    struct shared *s = must(calloc(1, sizeof *s));
    s->store.ops = &shared_ops;
    s->lead_due = NEVER;
    snprintf(s->self, sizeof s->self, "%s", self);
    s->etcd = etcd_open(where, why);
    if (s->etcd && load(s)) return &s->store;
    if (s->etcd) text_addf(why, "no etcd answers at %s", where);
    shared_drop(&s->store);
    return NULL;
}

void store_etcd_hear(struct store *store, const struct store_etcd_hooks *hooks)
{
    shared_of(store)->hooks = *hooks;
}

/* --- the lead --- */

static void take_lead(struct shared *s, instant now)
{
    int64_t unused;
    struct etcd_txn *t = etcd_txn_new(s->etcd, LEAD_KEY, 0);
    etcd_txn_put(t, LEAD_KEY, s->self, s->lead_lease);
    bool got = etcd_txn_run(s->etcd, t, &unused) == ETCD_DONE;
    etcd_txn_drop(t);
    if (got) {
        s->lead_trusted = instant_after(now, duration_ms(LEAD_TRUST_MS));
        s->lead_taken = true;
        log_line(LOG_LINE_INFO, "replica", s->self, "leads now");
        return;
    }
    etcd_lease_end(s->etcd, s->lead_lease);
    s->lead_lease = 0;
}

static void lead_turn(struct shared *s, instant now)
{
    if (!s->seeks || !instant_reached(s->lead_due, now)) return;
    s->lead_due = instant_after(now, duration_ms(LEAD_EVERY_MS));
    if (s->lead_lease && etcd_lease_keep(s->etcd, s->lead_lease)) {
        s->lead_trusted = instant_after(now, duration_ms(LEAD_TRUST_MS));
    } else if (s->lead_lease && instant_reached(s->lead_trusted, now)) {
        log_line(LOG_LINE_WARN, "replica", s->self, "leads no more: its lease was not kept");
        s->lead_lease = 0;
    } else if (!s->lead_lease && !s->lead_taken &&
               etcd_lease_make(s->etcd, LEAD_TTL_S, &s->lead_lease)) {
        take_lead(s, now);
    }
}

void store_etcd_seek_lead(struct store *store)
{
    struct shared *s = shared_of(store);
    s->seeks = true;
    s->lead_due = clock_now();
    lead_turn(s, s->lead_due);
}

bool store_etcd_leads(const struct store *store, instant now)
{
    const struct shared *s = shared_of(store);
    return s->lead_lease && !instant_reached(s->lead_trusted, now);
}

/* --- the loop --- */

int store_etcd_fd(const struct store *store) { return etcd_watch_fd(shared_of(store)->etcd); }

void store_etcd_turn(struct store *store, instant now)
{
    struct shared *s = shared_of(store);
    bool taken = s->lead_taken;
    if (s->stale && instant_reached(s->reopen, now)) {
        s->reopen = instant_after(now, duration_ms(REOPEN_MS));
        if (!load_again(s)) return;
    }
    if (etcd_watch_fd(s->etcd) >= 0) {
        if (!etcd_watch_turn(s->etcd, duration_ms(0)))
            s->reopen = instant_after(now, duration_ms(REOPEN_MS));
    } else if (instant_reached(s->reopen, now)) {
        watch(s);
    }
    if (taken && !s->lead_taken) s->lead_due = now; /* whoever had it is gone */
    lead_turn(s, now);
}

instant store_etcd_next(const struct store *store, instant now)
{
    const struct shared *s = shared_of(store);
    instant next = etcd_watch_next(s->etcd, now);
    if (etcd_watch_fd(s->etcd) < 0 || s->stale) next = instant_first(next, s->reopen);
    return s->seeks ? instant_first(next, s->lead_due) : next;
}

/* --- live keys --- */

static struct lease *lease_of(struct shared *s, const char *key)
{
    for (size_t i = 0; i < s->leases_n; i++)
        if (strcmp(s->leases[i].key, key) == 0) return &s->leases[i];
    if (s->leases_n == s->leases_room) {
        s->leases_room = s->leases_room ? 2 * s->leases_room : 16;
        s->leases = must(realloc(s->leases, s->leases_room * sizeof *s->leases));
    }
    s->leases[s->leases_n] = (struct lease){.key = must(strdup(key))};
    return &s->leases[s->leases_n++];
}

/* A lease that is kept often is not asked about each time. */
static bool lease_fresh(struct shared *s, struct lease *l, unsigned ttl_s, instant now)
{
    bool same = l->id && l->ttl_s == ttl_s;
    if (same && instant_since(now, l->kept).us < (int64_t)ttl_s * 1000000 / 3) return true;
    if (!same || !etcd_lease_keep(s->etcd, l->id)) {
        l->id = 0;
        if (!etcd_lease_make(s->etcd, ttl_s, &l->id)) return false;
    }
    l->ttl_s = ttl_s;
    l->kept = now;
    return true;
}

static bool live_put_once(struct shared *s, const char *key, const char *value, int64_t lease)
{
    int64_t unused;
    char full[sizeof LIVE + STORE_KEY_MAX];
    struct etcd_txn *t = etcd_txn_new(s->etcd, LIVE, 0); /* a guard that is never there */
    snprintf(full, sizeof full, LIVE "%s", key);
    etcd_txn_put(t, full, value, lease);
    bool done = etcd_txn_run(s->etcd, t, &unused) == ETCD_DONE;
    etcd_txn_drop(t);
    return done;
}

bool store_etcd_live_put(struct store *store, const char *key, const char *value, unsigned ttl_s,
                         instant now)
{
    struct shared *s = shared_of(store);
    struct lease *l = lease_of(s, key);
    if (!lease_fresh(s, l, ttl_s, now)) return false;
    if (live_put_once(s, key, value, l->id)) return true;
    l->id = 0; /* it may have run out meanwhile */
    return lease_fresh(s, l, ttl_s, now) && live_put_once(s, key, value, l->id);
}

enum store_result store_etcd_live(struct store *store, const char *prefix, struct arena *a,
                                  struct store_items *out)
{
    return store_list(shared_of(store)->live, prefix, "", SIZE_MAX, a, out);
}
