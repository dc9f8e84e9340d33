/* rib/journal.h - what neighbours still have to be told: Adj-RIB-Out without a copy per neighbour.
 * Neighbours that get the same routes form a group; a group has a journal: the list of prefixes whose
 * best path changed, each at most once (a later note makes the earlier void). A neighbour's output
 * is a position in it, plus one bit per prefix it was told. What to send is decided when the
 * neighbour can take it, from the table as it is then: a slow reader costs no memory, and any number
 * of changes to a prefix it has not read become one. A new neighbour first walks the table. */
#pragma once
#include "rib/table.h"

enum { OUT_BATCH = 8192 }; /* prefixes sorted by attribute set at a time */

struct journal {
    struct table *table;
    node_ref *entries;
    size_t n, room;
    uint64_t base;   /* position of entries[0] */
    uint32_t *place; /* by node: low bits of the position of its last note, plus one; 0: never */
    size_t place_room;
    struct out **outs;
    size_t outs_n, outs_room;
    size_t behind;   /* outs that have not read to the end */
};

/* What of this node, as it is now, the neighbour may have: the best path's attributes, 0 nothing.
 * Must answer alike for all neighbours of the group but for split horizon. */
typedef attr_ref out_wanted(void *ctx, const struct table *t, node_ref n);

struct out_group {
    attr_ref attrs; /* held; 0: withdrawals */
    uint32_t first; /* staged entry */
};
struct out_staged {
    node_ref node;
    uint32_t next; /* entry number + 1 */
};

struct out { /* one neighbour, one family */
    struct journal *journal;
    out_wanted *wanted;
    void *ctx;
    uint32_t path_id;   /* the caller's */
    uint64_t at;        /* position read up to */
    node_ref walk;      /* last node of the first walk; only while walking */
    bool walking;
    bool caught_up;     /* at the end of the journal */
    uint8_t *told;      /* bit per node */
    size_t told_room;   /* octets */
    uint32_t told_n;
    struct out_staged *staged;
    struct out_group *groups;
    uint32_t staged_n, groups_n, group, entry;
    uint64_t version; /* of the table when the batch was staged: as long as it is, all entries hold */
};

void journal_init(struct journal *j, struct table *t);
void journal_drop(struct journal *j); /* no outs may be left */
/* The node's best path changed. Notes it if there is anybody to be told. */
void journal_note(struct journal *j, node_ref n);
size_t journal_bytes(const struct journal *j);

struct out *out_new(struct journal *j, out_wanted *wanted, void *ctx);
void out_free(struct out *o);
/* Walk everything again (route refresh); what was told before stays known. */
void out_again(struct out *o);
/* True while anything may be left to say; false is certain. */
bool out_pending(const struct out *o);
/* The first walk is over and all it found was taken: time for End-of-RIB. */
bool out_walked(const struct out *o);

/* Was the neighbour told a path to this node, and not yet told otherwise? */
bool out_told(const struct out *o, node_ref n);

/* Output, one attribute set at a time. out_begin: the next set, withdrawals (attrs 0) first; false:
 * nothing to say. out_take: its next prefix, marks it told; false: the set is exhausted, out_begin
 * again. out_void: takes the prefix the neighbour cannot have after all (its attributes do not fit):
 * true with *out set if it has to be withdrawn. */
bool out_begin(struct out *o, attr_ref *attrs);
bool out_take(struct out *o, struct prefix *out);
bool out_void(struct out *o, struct prefix *out, bool *was_told);
