/* rib/table.h - all paths to all prefixes of one family in one routing domain: Adj-RIB-In of every
 * neighbour and Loc-RIB in one structure.
 * A prefix is a node of 32 octets (IPv4) with two paths inside; nodes live in chunks and keep their
 * number for life, and an open-addressing index finds them by prefix. So an update costs one miss in
 * the index and one in the node, both of which a batch can ask for in advance (table_hash), a lost
 * neighbour is one pass over consecutive memory, and a bit or a word per node elsewhere is an array.
 * Longest match is the kernel's business. */
#pragma once
#include "rib/best.h"

typedef uint32_t node_ref; /* 0: none */

enum { TABLE_CHUNK = 4096 /* nodes */ };

struct node {
    union {
        struct path near[2];
        struct path *far; /* more than two */
    };
    uint16_t paths_n;
    uint16_t holders;  /* neighbours that were told this prefix and not yet told otherwise */
    uint8_t equals_n;  /* the first so many paths are the equal-cost set; 0: no usable path */
    uint8_t step;      /* enum best_step */
    uint8_t len;
    uint8_t live;
    uint8_t key[];     /* 4 or 16 octets of address */
};

struct table {
    struct rib *rib;
    struct hash_key key;
    struct index index;
    uint8_t **chunks;
    size_t chunks_n, chunks_room;
    size_t node_size;
    uint32_t fresh; /* numbers below have been used */
    uint32_t free;  /* linked through near[0].attrs */
    uint32_t nodes; /* live ones */
    uint64_t version; /* grows with every change of a path */
    uint8_t family; /* enum family */
    uint8_t slot;   /* which of a source's counters: 0 IPv4, 1 IPv6 */
    size_t far_bytes;
};

/* What one call did to one prefix. */
struct table_change {
    node_ref node;   /* valid during the call that reports it */
    bool best;       /* another best path, or the best path's attributes changed */
    bool next_hops;  /* the set of next hops changed */
};
typedef void table_visit(void *ctx, const struct table_change *change);

void table_init(struct table *t, struct rib *rib, enum family family, const struct hash_key *key);
void table_drop(struct table *t);
size_t table_bytes(const struct table *t);

static inline struct node *table_node(const struct table *t, node_ref n)
{
    return (struct node *)(void *)(t->chunks[n / TABLE_CHUNK] + (n % TABLE_CHUNK) * t->node_size);
}
static inline const struct path *node_paths(const struct node *n)
{
    return n->paths_n > 2 ? n->far : n->near;
}
static inline const struct path *node_best(const struct node *n) /* NULL: none usable */
{
    return n->equals_n ? node_paths(n) : NULL;
}
static inline struct prefix table_prefix(const struct table *t, node_ref n)
{
    const struct node *node = table_node(t, n);
    return (struct prefix){addr_from_bytes((enum family)t->family, node->key), node->len};
}

/* The keyed hash of a prefix; asks the processor to fetch its index slot. */
uint32_t table_hash(const struct table *t, const struct prefix *p);
node_ref table_find(const struct table *t, const struct prefix *p, uint32_t hash);

/* Adds or replaces the source's path. Takes over the caller's reference in path.attrs. False: the
 * very same path was there, nothing changed (a stale mark is cleared all the same). */
bool table_announce(struct table *t, const struct prefix *p, uint32_t hash, struct path path,
                    struct table_change *out);
/* False: the source had no such path. */
bool table_withdraw(struct table *t, const struct prefix *p, uint32_t hash, source_ref source,
                    struct table_change *out);
/* After the caller has dealt with a change: gives the node back if nobody needs it any more. */
void table_settle(struct table *t, node_ref n);

/* Whole-source operations: one pass over the nodes; `visit` sees each change, then it is settled. */
void table_drop_source(struct table *t, source_ref source, bool stale_only, table_visit *visit,
                       void *ctx);
void table_mark_stale(struct table *t, source_ref source);

/* Next live node after `n` (0 to start), 0 at the end. Order of first appearance. */
node_ref table_next(const struct table *t, node_ref n);
const struct path *table_path_of(const struct table *t, node_ref n, source_ref source);
/* Distinct next hops of the equal-cost set, in order; at most `room`. */
size_t table_next_hops(const struct table *t, node_ref n, struct addr *out, size_t room);
