/* forward/trie.c - see trie.h. An entry belongs to the longest prefix that covers it; the shadow keeps
 * that prefix's length, so that putting a shorter one does not overwrite a longer one, and removing one
 * gives exactly its own entries back to the next shorter one. A block counts the prefixes that end in it
 * or below; with the last of them it is folded into the entry that names it. */
#include "forward/trie.h"
#include <stdlib.h>
#include <string.h>
#include "forward/stage_route.h"

enum { STRIDE = 8, ROOT_BITS = 32, FIRST_ROOM = 1024, NO_LENGTH = 0 };

struct shadow { /* of a block; lengths are stored plus one, 0: nobody */
    uint8_t length[FAST_BLOCK_ENTRIES];
    uint32_t prefixes;
};

struct held { /* a prefix there is */
    struct {
        struct prefix prefix;
        uint32_t table;
    } key;
    uint32_t hop; /* 0: free slot */
};

struct trie {
    struct fast_tables *tables;
    struct hash_key key;
    struct shadow **shadows;          /* by block */
    uint32_t *free, *retired;         /* blocks */
    uint32_t free_n, retired_n;
    struct { uint8_t length; uint32_t prefixes; } *roots; /* beside the rows of fast_root */
    struct held *held;
    size_t held_n, held_room;
};

struct cell { /* an entry with its shadow */
    uint32_t *entry;
    uint8_t *length;
};

static void store(uint32_t *at, uint32_t value) { __atomic_store_n(at, value, __ATOMIC_RELEASE); }

static void *must(void *p)
{
    if (!p) abort();
    return p;
}

struct trie *trie_new(struct fast_tables *tables, const struct hash_key *key)
{
    struct trie *t = must(calloc(1, sizeof *t));
    t->tables = tables;
    t->key = *key;
    t->shadows = must(calloc(tables->blocks_n, sizeof *t->shadows));
    t->free = must(calloc(tables->blocks_n, sizeof *t->free));
    t->retired = must(calloc(tables->blocks_n, sizeof *t->retired));
    t->roots = must(calloc(tables->roots_n, sizeof *t->roots));
    for (uint32_t b = tables->blocks_n; b-- > 1;) t->free[t->free_n++] = b;
    t->held_room = FIRST_ROOM;
    t->held = must(calloc(t->held_room, sizeof *t->held));
    return t;
}

void trie_free(struct trie *t)
{
    if (!t) return;
    for (uint32_t b = 0; b < t->tables->blocks_n; b++) free(t->shadows[b]);
    free(t->shadows), free(t->free), free(t->retired), free(t->roots), free(t->held);
    free(t);
}

size_t trie_count(const struct trie *t) { return t->held_n; }
size_t trie_blocks_free(const struct trie *t) { return t->free_n; }
bool trie_unsettled(const struct trie *t) { return t->retired_n > 0; }

void trie_settled(struct trie *t)
{
    while (t->retired_n) t->free[t->free_n++] = t->retired[--t->retired_n];
}

/* --- prefixes there are: open addressing --- */

static struct held held_key(uint32_t table, const struct prefix *p)
{
    struct held h;
    memset(&h, 0, sizeof h); /* padding is hashed too */
    memcpy(h.key.prefix.addr.b, p->addr.b, sizeof p->addr.b);
    h.key.prefix.addr.family = p->addr.family;
    h.key.prefix.len = p->len;
    h.key.table = table;
    return h;
}

static size_t held_slot(const struct trie *t, const struct held *h)
{
    size_t mask = t->held_room - 1, at = (size_t)hash_bytes(&t->key, &h->key, sizeof h->key) & mask;
    while (t->held[at].hop && memcmp(&t->held[at].key, &h->key, sizeof h->key) != 0) at = (at + 1) & mask;
    return at;
}

static void held_grow(struct trie *t)
{
    struct held *old = t->held;
    size_t n = t->held_room;
    t->held_room *= 2;
    t->held = must(calloc(t->held_room, sizeof *t->held));
    for (size_t i = 0; i < n; i++)
        if (old[i].hop) t->held[held_slot(t, &old[i])] = old[i];
    free(old);
}

static void held_put(struct trie *t, uint32_t table, const struct prefix *p, uint32_t hop)
{
    if (t->held_n * 4 >= t->held_room * 3) held_grow(t);
    struct held h = held_key(table, p);
    size_t at = held_slot(t, &h);
    if (!t->held[at].hop) t->held_n++;
    h.hop = hop;
    t->held[at] = h;
}

static void held_remove(struct trie *t, uint32_t table, const struct prefix *p)
{
    struct held h = held_key(table, p);
    size_t at = held_slot(t, &h), mask = t->held_room - 1;
    if (!t->held[at].hop) return;
    t->held_n--;
    for (size_t next = (at + 1) & mask; t->held[next].hop; next = (next + 1) & mask) {
        size_t home = (size_t)hash_bytes(&t->key, &t->held[next].key, sizeof h.key) & mask;
        if (((next - home) & mask) < ((next - at) & mask)) continue; /* reachable without the hole */
        t->held[at] = t->held[next];
        at = next;
    }
    t->held[at].hop = 0;
}

uint32_t trie_get(const struct trie *t, uint32_t table, const struct prefix *p)
{
    struct held h = held_key(table, p);
    return t->held[held_slot(t, &h)].hop;
}

/* --- blocks --- */

static uint32_t block_take(struct trie *t)
{
    if (!t->free_n) return 0;
    uint32_t b = t->free[--t->free_n];
    if (!t->shadows[b]) t->shadows[b] = must(calloc(1, sizeof **t->shadows));
    memset(t->shadows[b], 0, sizeof **t->shadows);
    memset(&t->tables->blocks[b], 0, sizeof t->tables->blocks[b]);
    return b;
}

static uint32_t block_of(const struct cell *c) { return *c->entry & FAST_CHILD ? *c->entry & ~FAST_CHILD : 0; }

static struct cell cell_at(const struct trie *t, uint32_t block, uint32_t at)
{
    return (struct cell){&t->tables->blocks[block].entry[at], &t->shadows[block]->length[at]};
}

/* The block below a cell, made if need be, full of what the cell says. 0: no room. */
static uint32_t block_below(struct trie *t, const struct cell *c)
{
    uint32_t b = block_of(c);
    if (b || !(b = block_take(t))) return b;
    for (uint32_t k = 0; k < FAST_BLOCK_ENTRIES; k++) t->tables->blocks[b].entry[k] = *c->entry;
    memset(t->shadows[b]->length, *c->length, FAST_BLOCK_ENTRIES);
    store(c->entry, FAST_CHILD | b);
    return b;
}

uint32_t trie_table_make(struct trie *t) { return block_take(t); }

/* Entries of a cell, and below it, that belong to a length between `from` and `to` (plus one) get `hop`
 * and `length`. */
struct painting {
    uint32_t hop;
    uint8_t length, from, to;
};

static void paint(const struct trie *t, const struct cell *c, const struct painting *p)
{
    uint32_t b = block_of(c);
    if (b) {
        for (uint32_t k = 0; k < FAST_BLOCK_ENTRIES; k++) {
            struct cell below = cell_at(t, b, k);
            paint(t, &below, p);
        }
    } else if (*c->length >= p->from && *c->length <= p->to) {
        *c->length = p->length;
        store(c->entry, p->hop);
    }
}

/* --- the way to a prefix --- */

struct way {
    uint32_t blocks[16]; /* passed, the last one holds the prefix's entries; 0: it is the root cell's own */
    struct cell cells[16]; /* that name them; of the first: nothing, or the root's */
    size_t n;
    uint32_t root;       /* row of fast_root; only with `rooted` */
    bool rooted;
    uint32_t first, count; /* entries of the last block */
};

static uint32_t top_of(const struct prefix *p)
{
    uint32_t top;
    memcpy(&top, p->addr.b, sizeof top);
    return top;
}

/* The row for an address's first 32 bits, or where it would go; false: the neighbourhood is full. */
static bool root_find(const struct trie *t, uint32_t table, uint32_t top, uint32_t *row, bool *there)
{
    const struct fast_config *c = t->tables->config;
    uint32_t home = fast_root_home(c, table, top);
    bool have = false;
    *there = false;
    for (uint32_t i = 0; i < FAST_PROBES; i++) {
        uint32_t at = (home + i) & c->root_mask;
        const struct fast_root *r = &t->tables->roots[at];
        bool used = t->roots[at].prefixes > 0;
        if (used && r->table == table && r->top == top) {
            *row = at;
            return *there = true;
        }
        if (!used && !have) *row = at, have = true;
        if (!used && !r->gone) break;
    }
    return have;
}

static struct cell root_cell(const struct trie *t, uint32_t row)
{
    return (struct cell){&t->tables->roots[row].entry, &t->roots[row].length};
}

/* Goes down from a cell (or a table's own block) to where a prefix of `len` bits has its entries; makes
 * blocks if `make`. */
static bool descend(struct trie *t, struct way *w, const struct prefix *p, uint32_t depth, bool make)
{
    while (p->len > depth + STRIDE) {
        struct cell c = cell_at(t, w->blocks[w->n - 1], p->addr.b[depth / STRIDE]);
        uint32_t b = make ? block_below(t, &c) : block_of(&c);
        if (!b) return false;
        w->cells[w->n] = c;
        w->blocks[w->n++] = b;
        depth += STRIDE;
    }
    uint32_t bits = p->len - depth;
    w->count = 1u << (STRIDE - bits);
    w->first = p->addr.b[depth / STRIDE] & ~(w->count - 1) & (FAST_BLOCK_ENTRIES - 1);
    return true;
}

/* A row that stays hidden from look-ups until it has an entry. */
static void root_begin(struct trie *t, uint32_t row, uint32_t table, uint32_t top)
{
    struct fast_root *r = &t->tables->roots[row];
    store(&r->gone, 1);
    store(&r->entry, 0);
    r->table = table;
    r->top = top;
    t->roots[row].length = NO_LENGTH;
}

static bool find_way(struct trie *t, uint32_t table, const struct prefix *p, bool make, struct way *w)
{
    bool there;
    *w = (struct way){.rooted = p->addr.family == FAMILY_IPV6 && p->len >= ROOT_BITS};
    if (!w->rooted) {
        w->blocks[0] = table;
        w->n = 1;
        return descend(t, w, p, 0, make);
    }
    if (!root_find(t, table, top_of(p), &w->root, &there) || (!there && !make)) return false;
    if (!there) root_begin(t, w->root, table, top_of(p));
    w->cells[0] = root_cell(t, w->root);
    w->n = 1;
    if (p->len == ROOT_BITS) return true;
    w->blocks[0] = make ? block_below(t, &w->cells[0]) : block_of(&w->cells[0]);
    return w->blocks[0] && descend(t, w, p, ROOT_BITS, make);
}

static void paint_way(const struct trie *t, const struct way *w, const struct painting *p)
{
    if (!w->blocks[w->n - 1]) {
        paint(t, &w->cells[w->n - 1], p);
        return;
    }
    for (uint32_t k = 0; k < w->count; k++) {
        struct cell c = cell_at(t, w->blocks[w->n - 1], w->first + k);
        paint(t, &c, p);
    }
}

static void count_way(const struct trie *t, const struct way *w, int by)
{
    if (w->rooted) t->roots[w->root].prefixes += (uint32_t)by;
    for (size_t k = 0; k < w->n; k++)
        if (w->blocks[k]) t->shadows[w->blocks[k]]->prefixes += (uint32_t)by;
}

/* Blocks nobody needs any more go, the deepest first. Their entries are all the same then. */
static void fold(struct trie *t, const struct way *w)
{
    for (size_t k = w->n; k-- > 0;) {
        uint32_t b = w->blocks[k];
        if (!b || (k == 0 && !w->rooted) || t->shadows[b]->prefixes) continue;
        *w->cells[k].length = t->shadows[b]->length[0];
        store(w->cells[k].entry, t->tables->blocks[b].entry[0]);
        t->retired[t->retired_n++] = b;
    }
    if (w->rooted && !t->roots[w->root].prefixes) store(&t->tables->roots[w->root].entry, 0);
}

/* --- in and out --- */

/* The next shorter prefix that covers p, within what its trie holds. */
static void cover_of(const struct trie *t, uint32_t table, const struct prefix *p, struct painting *out)
{
    bool rooted = p->addr.family == FAMILY_IPV6 && p->len >= ROOT_BITS;
    uint8_t least = rooted ? ROOT_BITS : 0;
    *out = (struct painting){0};
    for (uint8_t len = p->len; len-- > least;) {
        struct prefix wider = prefix_of(&p->addr, len);
        uint32_t hop = trie_get(t, table, &wider);
        if (!hop) continue;
        out->hop = hop;
        out->length = (uint8_t)(len + 1);
        return;
    }
}

static void take_out(struct trie *t, uint32_t table, const struct prefix *p)
{
    struct way w;
    struct painting paint_back;
    if (!trie_get(t, table, p) || !find_way(t, table, p, false, &w)) return;
    held_remove(t, table, p);
    cover_of(t, table, p, &paint_back);
    paint_back.from = paint_back.to = (uint8_t)(p->len + 1);
    paint_way(t, &w, &paint_back);
    count_way(t, &w, -1);
    fold(t, &w);
}

bool trie_put(struct trie *t, uint32_t table, const struct prefix *p, uint32_t hop)
{
    struct way w;
    if (!hop) {
        take_out(t, table, p);
        return true;
    }
    bool new = trie_get(t, table, p) == 0;
    if (!find_way(t, table, p, true, &w)) {
        fold(t, &w); /* blocks that were made on the way */
        return false;
    }
    if (new) count_way(t, &w, 1);
    held_put(t, table, p, hop);
    paint_way(t, &w, &(struct painting){hop, (uint8_t)(p->len + 1), 0, (uint8_t)(p->len + 1)});
    if (w.rooted) store(&t->tables->roots[w.root].gone, 1); /* stays a stone to step on */
    return true;
}

void trie_table_drop(struct trie *t, uint32_t table, enum family family)
{
    for (size_t i = 0; i < t->held_room;) {
        const struct held *h = &t->held[i];
        if (h->hop && h->key.table == table && h->key.prefix.addr.family == family) {
            struct prefix p = h->key.prefix;
            take_out(t, table, &p); /* another one may move here */
        } else {
            i++;
        }
    }
    t->retired[t->retired_n++] = table;
}
