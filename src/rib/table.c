/* rib/table.c - see the header. Owns the nodes and the path lists that do not fit into them; holds
 * one attribute reference per path. */
#include "rib/table.h"
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(struct path) == 8, "two paths stand in a node");
static_assert(offsetof(struct node, key) == 24, "an IPv4 node is 32 octets");

static void *must(void *p)
{
    if (!p) abort();
    return p;
}

/* --- the shared part --- */

void rib_init(struct rib *r, const struct hash_key *key)
{
    *r = (struct rib){0};
    attr_table_init(&r->attrs, key);
    rib_source_set(r, SOURCE_LOCAL, false, 0, &(struct addr){0});
}

void rib_drop(struct rib *r)
{
    attr_table_drop(&r->attrs);
    free(r->sources);
    *r = (struct rib){0};
}

struct rib_source *rib_source_set(struct rib *r, source_ref ref, bool external, uint32_t router_id,
                                  const struct addr *address)
{
    if (ref >= r->sources_room) {
        size_t room = r->sources_room ? r->sources_room : 16;
        while (room <= ref) room *= 2;
        r->sources = must(realloc(r->sources, room * sizeof *r->sources));
        memset(r->sources + r->sources_room, 0, (room - r->sources_room) * sizeof *r->sources);
        r->sources_room = room;
    }
    r->sources[ref] =
        (struct rib_source){.external = external, .router_id = router_id, .address = *address};
    return &r->sources[ref];
}

/* --- nodes --- */

void table_init(struct table *t, struct rib *rib, enum family family, const struct hash_key *key)
{
    size_t unit = sizeof(void *), size = sizeof(struct node) + addr_bytes(family);
    *t = (struct table){
        .rib = rib,
        .key = *key,
        .node_size = (size + unit - 1) / unit * unit,
        .fresh = 1,
        .family = (uint8_t)family,
        .slot = family == FAMILY_IPV6,
    };
    index_init(&t->index);
}

static uint16_t far_room(uint16_t n)
{
    uint16_t room = 4;
    while (room < n) room = (uint16_t)(room * 2u);
    return room;
}

void table_drop(struct table *t)
{
    for (node_ref n = 0; (n = table_next(t, n)) != 0;) {
        struct node *node = table_node(t, n);
        const struct path *paths = node_paths(node);
        for (size_t i = 0; i < node->paths_n; i++) attr_release(&t->rib->attrs, paths[i].attrs);
        if (node->paths_n > 2) free(node->far);
    }
    for (size_t i = 0; i < t->chunks_n; i++) free(t->chunks[i]);
    free(t->chunks);
    index_drop(&t->index);
    *t = (struct table){0};
}

size_t table_bytes(const struct table *t)
{
    return t->chunks_n * TABLE_CHUNK * t->node_size + index_bytes(&t->index) + t->far_bytes;
}

uint32_t table_hash(const struct table *t, const struct prefix *p)
{
    uint8_t key[17] = {p->len};
    const uint8_t *b = p->addr.b;
    uint32_t h;
    if (t->family == FAMILY_IPV6) {
        memcpy(key + 1, b, 16);
        h = (uint32_t)hash_bytes(&t->key, key, 17);
    } else {
        uint64_t octets = p->len | (uint64_t)b[0] << 8 | (uint64_t)b[1] << 16 | (uint64_t)b[2] << 24 | (uint64_t)b[3] << 32;
        h = (uint32_t)hash_few(&t->key, octets, 5);
    }
    index_prefetch(&t->index, h);
    return h;
}

node_ref table_find(const struct table *t, const struct prefix *p, uint32_t hash)
{
    node_ref n;
    for (uint32_t at = index_start(&t->index, hash); (n = index_next(&t->index, hash, &at)) != 0;) {
        const struct node *node = table_node(t, n);
        if (node->len == p->len && memcmp(node->key, p->addr.b, addr_bytes(t->family)) == 0) return n;
    }
    return 0;
}

static node_ref node_number(struct table *t)
{
    if (t->free) {
        node_ref n = t->free;
        t->free = table_node(t, n)->near[0].attrs;
        return n;
    }
    if (t->fresh / TABLE_CHUNK >= t->chunks_n) {
        if (t->chunks_n == t->chunks_room) {
            t->chunks_room = t->chunks_room ? t->chunks_room * 2 : 16;
            t->chunks = must(realloc(t->chunks, t->chunks_room * sizeof *t->chunks));
        }
        t->chunks[t->chunks_n++] = must(calloc(TABLE_CHUNK, t->node_size));
    }
    return t->fresh++;
}

static node_ref node_new(struct table *t, const struct prefix *p, uint32_t hash)
{
    node_ref n = node_number(t);
    struct node *node = table_node(t, n);
    memset(node, 0, sizeof *node);
    node->live = 1;
    node->len = p->len;
    memcpy(node->key, p->addr.b, addr_bytes(t->family));
    index_put(&t->index, hash, n);
    t->nodes++;
    return n;
}

void table_settle(struct table *t, node_ref n)
{
    struct node *node = table_node(t, n);
    if (!node->live || node->paths_n || node->holders) return;
    struct prefix p = table_prefix(t, n);
    index_remove(&t->index, table_hash(t, &p), n);
    node->live = 0;
    node->near[0].attrs = t->free;
    t->free = n;
    t->nodes--;
}

node_ref table_next(const struct table *t, node_ref n)
{
    while (++n < t->fresh)
        if (table_node(t, n)->live) return n;
    return 0;
}

/* --- the list of a node's paths --- */

static struct path *list_of(struct node *node) { return node->paths_n > 2 ? node->far : node->near; }

static struct path *list_add(struct table *t, struct node *node, struct path p)
{
    uint16_t n = node->paths_n;
    if (n < 2) {
        node->near[n] = p;
    } else if (n == 2) {
        struct path *far = must(malloc(far_room(3) * sizeof *far));
        memcpy(far, node->near, sizeof node->near);
        far[2] = p;
        node->far = far;
        t->far_bytes += far_room(3) * sizeof *far;
    } else {
        uint16_t room = far_room((uint16_t)(n + 1u));
        if (room != far_room(n)) {
            node->far = must(realloc(node->far, room * sizeof *node->far));
            t->far_bytes += (room - far_room(n)) * sizeof *node->far;
        }
        node->far[n] = p;
    }
    node->paths_n = (uint16_t)(n + 1u);
    return &list_of(node)[n];
}

static void list_remove(struct table *t, struct node *node, struct path *at)
{
    struct path *list = list_of(node);
    uint16_t n = node->paths_n;
    *at = list[n - 1u];
    node->paths_n = (uint16_t)(n - 1u);
    if (n == 3) {
        struct path two[2] = {list[0], list[1]};
        free(list);
        memcpy(node->near, two, sizeof two);
        t->far_bytes -= far_room(3) * sizeof *list;
    } else if (n > 3 && far_room((uint16_t)(n - 1u)) != far_room(n)) {
        uint16_t room = far_room((uint16_t)(n - 1u));
        node->far = must(realloc(list, room * sizeof *list));
        t->far_bytes -= (far_room(n) - room) * sizeof *list;
    }
}

static struct path *list_find(struct node *node, source_ref source)
{
    struct path *list = list_of(node);
    for (size_t i = 0; i < node->paths_n; i++)
        if (list[i].source == source) return &list[i];
    return NULL;
}

const struct path *table_path_of(const struct table *t, node_ref n, source_ref source)
{
    return list_find(table_node(t, n), source);
}

/* --- what was best before and is now --- */

struct before {
    struct path equals[BEST_EQUALS_MAX];
    size_t n;
};

static struct before before_of(const struct node *node)
{
    struct before b;
    b.n = node->equals_n;
    const struct path *paths = node_paths(node);
    for (size_t i = 0; i < b.n; i++) b.equals[i] = paths[i];
    return b;
}

static size_t distinct_hops(const struct table *t, const struct path *paths, size_t n,
                            struct addr *out, size_t room)
{
    size_t got = 0;
    for (size_t i = 0; i < n && got < room; i++) {
        if (paths[i].source == SOURCE_LOCAL) continue; /* ours: the kernel knows it already */
        struct addr a = attr_next_hop(&t->rib->attrs, paths[i].attrs);
        bool seen = false;
        for (size_t k = 0; k < got; k++) seen = seen || addr_equal(&out[k], &a);
        if (!seen) out[got++] = a;
    }
    return got;
}

size_t table_next_hops(const struct table *t, node_ref n, struct addr *out, size_t room)
{
    const struct node *node = table_node(t, n);
    return distinct_hops(t, node_paths(node), node->equals_n, out, room);
}

static bool hops_differ(const struct table *t, const struct before *b, const struct node *node)
{
    /* Nearly always there is one path or none on either side. */
    const struct path *old_best = b->equals, *best = node_paths(node);
    bool had = b->n && old_best->source != SOURCE_LOCAL;
    bool has = node->equals_n && best->source != SOURCE_LOCAL;
    if (b->n <= 1 && node->equals_n <= 1) {
        if (!had || !has) return had != has;
        return !attr_same_next_hop(&t->rib->attrs, old_best->attrs, best->attrs);
    }
    struct addr old[BEST_EQUALS_MAX], now[BEST_EQUALS_MAX];
    size_t old_n = distinct_hops(t, b->equals, b->n, old, BEST_EQUALS_MAX);
    size_t now_n = distinct_hops(t, node_paths(node), node->equals_n, now, BEST_EQUALS_MAX);
    if (old_n != now_n) return true;
    for (size_t i = 0; i < now_n; i++)
        if (!addr_equal(&old[i], &now[i])) return true;
    return false;
}

/* The old attribute sets must still be alive here. */
static void reselect(struct table *t, node_ref n, const struct before *b, struct table_change *out)
{
    struct node *node = table_node(t, n);
    enum best_step step;
    node->equals_n = (uint8_t)best_select(t->rib, list_of(node), node->paths_n, &step);
    node->step = (uint8_t)step;
    const struct path *best = node_best(node);
    bool had = b->n > 0;
    out->node = n;
    out->best = had != (best != NULL) || (best && (best->attrs != b->equals[0].attrs ||
                                                   best->source != b->equals[0].source));
    out->next_hops = hops_differ(t, b, node);
}

/* --- facts --- */

/* Every change of a path passes here, once or twice. */
static void count(struct table *t, const struct path *p, bool more)
{
    struct rib_source *s = &t->rib->sources[p->source];
    t->version++;
    uint32_t one = more ? 1u : UINT32_MAX; /* minus one, modulo 2^32 */
    s->received[t->slot] += one;
    if (!(p->flags & PATH_REFUSED)) s->accepted[t->slot] += one;
}

/* The first path of a new node, without looking at what it could have been before. */
static void announce_first(struct table *t, node_ref n, struct path path, struct table_change *out)
{
    struct node *node = table_node(t, n);
    bool usable = !(path.flags & PATH_REFUSED);
    node->near[0] = path;
    node->paths_n = 1;
    node->equals_n = usable;
    node->step = (uint8_t)(usable ? BEST_ONLY : BEST_NONE);
    count(t, &path, true);
    *out = (struct table_change){.node = n, .best = usable,
                                 .next_hops = usable && path.source != SOURCE_LOCAL};
}

bool table_announce(struct table *t, const struct prefix *p, uint32_t hash, struct path path,
                    struct table_change *out)
{
    node_ref n = table_find(t, p, hash);
    if (!n) {
        announce_first(t, node_new(t, p, hash), path, out);
        return true;
    }
    struct node *node = table_node(t, n);
    struct before b = before_of(node);
    struct path *old = list_find(node, path.source);
    attr_ref gone = 0;
    if (old) {
        bool same = old->attrs == path.attrs && old->reason == path.reason &&
                    ((old->flags ^ path.flags) & ~PATH_STALE) == 0;
        if (same) {
            old->flags = path.flags;
            attr_release(&t->rib->attrs, path.attrs);
            *out = (struct table_change){.node = n};
            return false;
        }
        gone = old->attrs;
        count(t, old, false);
        *old = path;
    } else {
        list_add(t, node, path);
    }
    count(t, &path, true);
    reselect(t, n, &b, out);
    if (gone) attr_release(&t->rib->attrs, gone);
    return true;
}

static void take_out(struct table *t, node_ref n, struct path *at, struct table_change *out)
{
    struct node *node = table_node(t, n);
    struct before b = before_of(node);
    struct path gone = *at;
    count(t, at, false);
    list_remove(t, node, at);
    reselect(t, n, &b, out);
    attr_release(&t->rib->attrs, gone.attrs);
}

bool table_withdraw(struct table *t, const struct prefix *p, uint32_t hash, source_ref source,
                    struct table_change *out)
{
    node_ref n = table_find(t, p, hash);
    struct path *at = n ? list_find(table_node(t, n), source) : NULL;
    if (!at) return false;
    take_out(t, n, at, out);
    return true;
}

void table_drop_source(struct table *t, source_ref source, bool stale_only, table_visit *visit,
                       void *ctx)
{
    for (node_ref n = 0; (n = table_next(t, n)) != 0;) {
        struct path *at = list_find(table_node(t, n), source);
        if (!at || (stale_only && !(at->flags & PATH_STALE))) continue;
        struct table_change change;
        take_out(t, n, at, &change);
        visit(ctx, &change);
        table_settle(t, n);
        if (t->rib->sources[source].received[t->slot] == 0) return;
    }
}

void table_mark_stale(struct table *t, source_ref source)
{
    for (node_ref n = 0; (n = table_next(t, n)) != 0;) {
        struct path *at = list_find(table_node(t, n), source);
        if (at) at->flags |= PATH_STALE;
    }
}
