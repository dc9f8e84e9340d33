/* rib/attr_table.h - interned attribute sets: equal sets are one set.
 * A set is one block: a header with what path selection asks for all the time, then the whole value
 * in a flat form that is hashed and compared as bytes. Sets are named by a number that fits into a
 * path; each holder of a number owns one reference. */
#pragma once
#include "base/hash.h"
#include "net/attrs.h"
#include "rib/index.h"

typedef uint32_t attr_ref; /* 0: none */

enum attr_mark { /* well-known communities a set carries, so that exporting need not look */
    MARK_NO_EXPORT = 1 << 0,
    MARK_NO_ADVERTISE = 1 << 1,
    MARK_NO_EXPORT_SUBCONFED = 1 << 2,
    MARK_GRACEFUL_SHUTDOWN = 1 << 3,
    MARK_BLACKHOLE = 1 << 4,
};

struct attr_set {
    uint32_t refs, hash;
    uint32_t born;          /* counts the sets ever made: a number given again is another set */
    uint32_t local_pref;    /* 100 when the set has none */
    uint32_t med;           /* 0 when the set has none (RFC 4271 9.1.2.2 c) */
    uint32_t first_as;      /* the neighbour whose MEDs compare, 0 for an empty path */
    uint32_t originator_id; /* 0: none */
    uint32_t packer_run, packer_group; /* scratch of rib/journal.c */
    uint32_t flat_n;
    uint16_t hops, cluster_n;
    uint8_t origin, marks;
    uint8_t flat[];
};

struct attr_table {
    struct hash_key key;
    struct index index;
    struct attr_set **sets; /* by attr_ref; a free entry holds the next free number */
    uint32_t sets_n, sets_room, free, live;
    size_t bytes;
    uint32_t births;
    uint32_t packer_runs; /* how often rib/journal.c sorted by set */
    uint8_t *scratch;
    size_t scratch_room;
};

void attr_table_init(struct attr_table *t, const struct hash_key *key);
void attr_table_drop(struct attr_table *t);

/* Copies the value; the caller owns one reference. */
attr_ref attr_intern(struct attr_table *t, const struct attrs *a);
void attr_release(struct attr_table *t, attr_ref ref);

static inline struct attr_set *attr_set_of(const struct attr_table *t, attr_ref ref)
{
    return t->sets[ref];
}
static inline attr_ref attr_hold(struct attr_table *t, attr_ref ref)
{
    t->sets[ref]->refs++;
    return ref;
}
/* The value; its spans point into the set and live as long as a reference is held. */
struct attrs attr_view(const struct attr_table *t, attr_ref ref);
/* Next hops stand first in the flat form. */
bool attr_same_next_hop(const struct attr_table *t, attr_ref a, attr_ref b);
struct addr attr_next_hop(const struct attr_table *t, attr_ref ref);
