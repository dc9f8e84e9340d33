/* rib/journal.c - see the header. Owns positions, told bits and the batch being sent. A node number
 * in the journal may be given to another prefix meanwhile: harmless, because a note only says "look
 * at this node", and what is sent follows from node and told bit alone. A told node is never given
 * away (node.holders). */
#include "rib/journal.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *p)
{
    if (!p) abort();
    return p;
}

void journal_init(struct journal *j, struct table *t) { *j = (struct journal){.table = t}; }

void journal_drop(struct journal *j)
{
    assert(j->outs_n == 0);
    free(j->entries);
    free(j->place);
    free(j->outs);
    *j = (struct journal){0};
}

size_t journal_bytes(const struct journal *j)
{
    return j->room * sizeof *j->entries + j->place_room * sizeof *j->place;
}

static uint64_t end_of(const struct journal *j) { return j->base + j->n; }

static bool note_is_void(const struct journal *j, size_t i)
{
    return j->place[j->entries[i]] != (uint32_t)(j->base + i) + 1u;
}

static void place_room_for(struct journal *j, node_ref n)
{
    if (n < j->place_room) return;
    size_t room = j->place_room ? j->place_room : 1024;
    while (room <= n) room *= 2;
    j->place = must(realloc(j->place, room * sizeof *j->place));
    memset(j->place + j->place_room, 0, (room - j->place_room) * sizeof *j->place);
    j->place_room = room;
}

static void clear(struct journal *j)
{
    j->base += j->n;
    j->n = 0;
    if (j->room > 4096) { /* a burst is over: give its memory back */
        free(j->entries);
        j->entries = NULL;
        j->room = 0;
    }
}

/* Everybody's position after the void and the everywhere-read notes are gone. */
static void compact(struct journal *j)
{
    uint64_t first = end_of(j);
    for (size_t i = 0; i < j->outs_n; i++)
        if (j->outs[i]->at < first) first = j->outs[i]->at;
    size_t start = (size_t)(first - j->base);
    uint32_t *kept_before = must(malloc((j->n - start + 1) * sizeof *kept_before));
    uint32_t kept = 0;
    for (size_t i = start; i < j->n; i++) {
        kept_before[i - start] = kept;
        bool keep = !note_is_void(j, i) && table_node(j->table, j->entries[i])->live;
        if (keep) j->entries[kept++] = j->entries[i];
    }
    kept_before[j->n - start] = kept;
    /* Positions move on past the old end, so that no old place can be taken for a new one. */
    uint64_t base = end_of(j);
    for (size_t i = 0; i < j->outs_n; i++)
        j->outs[i]->at = base + kept_before[j->outs[i]->at - j->base - start];
    j->base = base;
    j->n = kept;
    for (size_t i = 0; i < kept; i++) j->place[j->entries[i]] = (uint32_t)(base + i) + 1u;
    free(kept_before);
}

static void entry_room(struct journal *j)
{
    if (j->n < j->room) return;
    if (j->n >= 1024 && j->n >= 2 * (size_t)j->table->nodes) compact(j);
    if (j->n < j->room) return;
    j->room = j->room ? j->room * 2 : 256;
    j->entries = must(realloc(j->entries, j->room * sizeof *j->entries));
}

void journal_note(struct journal *j, node_ref n)
{
    if (j->outs_n == 0) return;
    entry_room(j);
    place_room_for(j, n);
    if (j->behind < j->outs_n) {
        for (size_t i = 0; i < j->outs_n; i++) j->outs[i]->caught_up = false;
        j->behind = j->outs_n;
    }
    j->place[n] = (uint32_t)end_of(j) + 1u;
    j->entries[j->n++] = n;
}

/* --- a neighbour's output --- */

struct out *out_new(struct journal *j, out_wanted *wanted, void *ctx)
{
    struct out *o = must(calloc(1, sizeof *o));
    *o = (struct out){.journal = j, .wanted = wanted, .ctx = ctx, .at = end_of(j), .walking = true};
    if (j->outs_n == j->outs_room) {
        j->outs_room = j->outs_room ? j->outs_room * 2 : 4;
        j->outs = must(realloc(j->outs, j->outs_room * sizeof(struct out *)));
    }
    j->outs[j->outs_n++] = o;
    j->behind++;
    return o;
}

static void unstage(struct out *o)
{
    for (uint32_t g = o->group; g < o->groups_n; g++)
        if (o->groups[g].attrs) attr_release(&o->journal->table->rib->attrs, o->groups[g].attrs);
    free(o->staged);
    free(o->groups);
    o->staged = NULL;
    o->groups = NULL;
    o->staged_n = o->groups_n = o->group = o->entry = 0;
}

bool out_told(const struct out *o, node_ref n)
{
    return n / 8 < o->told_room && (o->told[n / 8] >> (n % 8) & 1);
}

static void told_grow(struct out *o, node_ref n)
{
    size_t room = o->told_room ? o->told_room : 64;
    while (room <= n / 8) room *= 2;
    o->told = must(realloc(o->told, room));
    memset(o->told + o->told_room, 0, room - o->told_room);
    o->told_room = room;
}

static void tell(struct out *o, node_ref n, struct node *node)
{
    uint8_t bit = (uint8_t)(1u << (n % 8));
    if (n / 8 >= o->told_room) told_grow(o, n);
    if (o->told[n / 8] & bit) return;
    o->told[n / 8] |= bit;
    o->told_n++;
    node->holders++;
}

static void untell(struct out *o, node_ref n)
{
    o->told[n / 8] &= (uint8_t)~(1u << (n % 8));
    o->told_n--;
    table_node(o->journal->table, n)->holders--;
    table_settle(o->journal->table, n);
}

void out_free(struct out *o)
{
    if (!o) return;
    struct journal *j = o->journal;
    unstage(o);
    for (size_t i = 0; i < o->told_room; i++)
        for (uint32_t bit = 0; o->told[i] >> bit; bit++)
            if (o->told[i] >> bit & 1) untell(o, (node_ref)(i * 8 + bit));
    if (!o->caught_up) j->behind--;
    for (size_t i = 0; i < j->outs_n; i++)
        if (j->outs[i] == o) j->outs[i] = j->outs[--j->outs_n];
    if (j->behind == 0) clear(j);
    free(o->told);
    free(o);
}

void out_again(struct out *o)
{
    o->walk = 0;
    o->walking = true;
}

bool out_pending(const struct out *o) { return o->walking || !o->caught_up || o->group < o->groups_n; }
bool out_walked(const struct out *o) { return !o->walking && o->group >= o->groups_n; }

/* --- staging: the next nodes to look at, sorted by attribute set --- */

static node_ref next_walked(struct out *o)
{
    o->walk = table_next(o->journal->table, o->walk);
    if (!o->walk) o->walking = false;
    return o->walk;
}

static node_ref next_noted(struct out *o)
{
    struct journal *j = o->journal;
    while (o->at < end_of(j)) {
        size_t i = (size_t)(o->at++ - j->base);
        if (!note_is_void(j, i)) return j->entries[i];
    }
    if (!o->caught_up) {
        o->caught_up = true;
        if (--j->behind == 0) {
            clear(j);
            for (size_t k = 0; k < j->outs_n; k++) j->outs[k]->at = j->base;
        }
    }
    return 0;
}

struct packer {
    struct out *o;
    uint32_t run, staged_room, groups_room;
    uint32_t last_withdrawn;
};

static uint32_t group_for(struct packer *p, attr_ref attrs)
{
    struct out *o = p->o;
    if (!attrs) return 0;
    struct attr_set *s = attr_set_of(&o->journal->table->rib->attrs, attrs);
    if (s->packer_run == p->run) return s->packer_group;
    if (o->groups_n == p->groups_room) {
        p->groups_room *= 2;
        o->groups = must(realloc(o->groups, p->groups_room * sizeof *o->groups));
    }
    s->packer_run = p->run;
    s->packer_group = o->groups_n;
    o->groups[o->groups_n] =
        (struct out_group){.attrs = attr_hold(&o->journal->table->rib->attrs, attrs)};
    return o->groups_n++;
}

static void stage_one(struct packer *p, node_ref n)
{
    struct out *o = p->o;
    struct table *t = o->journal->table;
    if (!table_node(t, n)->live) return;
    attr_ref attrs = o->wanted(o->ctx, t, n);
    if (!attrs && !out_told(o, n)) return;
    if (o->staged_n == p->staged_room) {
        p->staged_room *= 2;
        o->staged = must(realloc(o->staged, p->staged_room * sizeof *o->staged));
    }
    uint32_t g = group_for(p, attrs);
    o->staged[o->staged_n] = (struct out_staged){n, o->groups[g].first};
    o->groups[g].first = ++o->staged_n;
}

static void stage(struct out *o)
{
    struct attr_table *attrs = &o->journal->table->rib->attrs;
    struct packer p = {.o = o, .run = ++attrs->packer_runs, .staged_room = 32, .groups_room = 8};
    unstage(o);
    o->staged = must(malloc(p.staged_room * sizeof *o->staged));
    o->groups = must(malloc(p.groups_room * sizeof *o->groups));
    o->groups[0] = (struct out_group){0};
    o->groups_n = 1;
    while (o->staged_n < OUT_BATCH) {
        node_ref n = o->walking ? next_walked(o) : 0;
        if (!n) n = next_noted(o);
        if (!n) break;
        stage_one(&p, n);
    }
    o->version = o->journal->table->version;
    if (o->staged_n == 0) unstage(o);
    else o->entry = o->groups[0].first;
}

static void group_done(struct out *o)
{
    attr_ref attrs = o->groups[o->group].attrs;
    if (attrs) attr_release(&o->journal->table->rib->attrs, attrs);
    if (++o->group < o->groups_n) o->entry = o->groups[o->group].first;
    else unstage(o);
}

/* The staged entry still says what the table says; if not, a later note will. A node can be in a batch
 * twice, from the walk and from the journal, so a withdrawal is checked in any case. */
static bool entry_holds(const struct out *o, node_ref n)
{
    const struct table *t = o->journal->table;
    attr_ref attrs = o->groups[o->group].attrs;
    if (!attrs && !out_told(o, n)) return false;
    if (o->version == t->version) return true;
    return table_node(t, n)->live && o->wanted(o->ctx, t, n) == attrs;
}

/* The next entry of the current group that holds, not yet taken; 0: none. */
static inline node_ref current(struct out *o)
{
    while (o->entry) {
        node_ref n = o->staged[o->entry - 1].node;
        if (entry_holds(o, n)) return n;
        o->entry = o->staged[o->entry - 1].next;
    }
    return 0;
}

bool out_begin(struct out *o, attr_ref *attrs)
{
    for (;;) {
        while (o->group < o->groups_n) {
            if (current(o)) {
                *attrs = o->groups[o->group].attrs;
                return true;
            }
            group_done(o);
        }
        if (!o->walking && o->caught_up) return false;
        stage(o);
    }
}

bool out_take(struct out *o, struct prefix *out)
{
    if (o->group >= o->groups_n) return false;
    node_ref n = current(o);
    if (!n) return false;
    struct node *node = table_node(o->journal->table, n);
    *out = (struct prefix){addr_from_bytes((enum family)o->journal->table->family, node->key), node->len};
    o->entry = o->staged[o->entry - 1].next;
    if (o->groups[o->group].attrs) tell(o, n, node);
    else untell(o, n);
    return true;
}

bool out_void(struct out *o, struct prefix *out, bool *was_told)
{
    if (o->group >= o->groups_n) return false;
    node_ref n = current(o);
    if (!n) return false;
    *out = table_prefix(o->journal->table, n);
    *was_told = out_told(o, n);
    o->entry = o->staged[o->entry - 1].next;
    if (*was_told) untell(o, n);
    return true;
}
