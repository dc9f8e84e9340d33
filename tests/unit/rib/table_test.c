/* The table and the journal against slow twins: a plain array of paths, and per neighbour an array of
 * what it has been told. */
#include "check.h"
#include "random.h"

enum { PREFIXES = 200, SOURCES = 7, KINDS = 12, OUTS = 3 };

static attr_ref kind(struct rib *r, uint32_t k)
{
    uint32_t asns[3] = {65001 + k % 3, 65010, 65020};
    uint8_t bytes[16];
    struct attrs a = {.has = HAS_ORIGIN | HAS_AS_PATH | HAS_MED, .med = k % 4,
                      .next_hop = addr_v4(0x0a000001 + k % 5)};
    a.as_path = span_of(bytes, path_bytes(bytes, asns, 1 + k % 2));
    return attr_intern(&r->attrs, &a);
}

static struct prefix prefix_number(uint32_t i, enum family f)
{
    struct addr a = addr_v4(0x0a000000u + (i << 8));
    if (f == FAMILY_IPV6) a = (struct addr){FAMILY_IPV6, {0x20, 1, 0xd, 0xb8, 0, 0, (uint8_t)i}};
    return prefix_of(&a, f == FAMILY_IPV6 ? 64 : 24);
}

struct slow { /* the twin of the table: what each source said of each prefix, plus one; 0 nothing */
    uint32_t kind[PREFIXES][SOURCES + 1];
    bool refused[PREFIXES][SOURCES + 1];
};

static void fixture(struct rib *r)
{
    rib_init(r, &test_key);
    for (source_ref s = 1; s <= SOURCES; s++) {
        struct addr a = addr_v4(0x0b000000u + s);
        rib_source_set(r, s, s < 6, s, &a);
    }
}

static size_t slow_best(struct rib *r, const struct slow *w, uint32_t i, struct path *out)
{
    size_t n = 0;
    for (source_ref s = 1; s <= SOURCES; s++)
        if (w->kind[i][s])
            out[n++] = (struct path){.attrs = kind(r, w->kind[i][s] - 1), .source = s,
                                     .flags = w->refused[i][s] ? PATH_REFUSED : 0};
    enum best_step step;
    return best_select(r, out, n, &step);
}

static void slow_release(struct rib *r, const struct slow *w, uint32_t i, const struct path *p)
{
    for (size_t n = 0, s = 1; s <= SOURCES; s++)
        if (w->kind[i][s]) attr_release(&r->attrs, p[n++].attrs);
}

static void check_same(struct rib *r, struct table *t, const struct slow *w, enum family f)
{
    uint32_t received[SOURCES + 1] = {0}, accepted[SOURCES + 1] = {0};
    for (uint32_t i = 0; i < PREFIXES; i++) {
        struct path p[SOURCES + 1];
        struct prefix prefix = prefix_number(i, f);
        size_t equals = slow_best(r, w, i, p);
        node_ref n = table_find(t, &prefix, table_hash(t, &prefix));
        if (equals == 0) assert_true(!n || !node_best(table_node(t, n)));
        else {
            assert_true(n != 0);
            const struct node *node = table_node(t, n);
            assert_int_equal(node->equals_n, equals);
            for (size_t k = 0; k < equals; k++) {
                assert_int_equal(node_paths(node)[k].source, p[k].source);
                assert_int_equal(node_paths(node)[k].attrs, p[k].attrs);
            }
        }
        slow_release(r, w, i, p);
        for (size_t s = 1; s <= SOURCES; s++) {
            received[s] += w->kind[i][s] != 0;
            accepted[s] += w->kind[i][s] != 0 && !w->refused[i][s];
        }
    }
    for (size_t s = 1; s <= SOURCES; s++) {
        assert_int_equal(r->sources[s].received[t->slot], received[s]);
        assert_int_equal(r->sources[s].accepted[t->slot], accepted[s]);
    }
}

struct listener { /* twin of an out: what it has been told, 0 nothing */
    struct out *out;
    source_ref self;
    attr_ref told[PREFIXES];
    uint32_t announced;
};

static attr_ref wanted(void *ctx, const struct table *t, node_ref n)
{
    const struct listener *l = ctx;
    const struct path *best = node_best(table_node(t, n));
    return best && best->source != l->self ? best->attrs : 0;
}

static uint32_t number_of(const struct prefix *p)
{
    return p->addr.family == FAMILY_IPV6 ? p->addr.b[6]
                                         : (addr_v4_value(&p->addr) - 0x0a000000u) >> 8;
}

/* Reads at most `most` prefixes. */
static void listen_some(struct rib *r, struct listener *l, uint32_t most)
{
    attr_ref attrs;
    struct prefix p;
    while (most && out_begin(l->out, &attrs))
        while (most && out_take(l->out, &p)) {
            uint32_t i = number_of(&p);
            if (l->told[i]) attr_release(&r->attrs, l->told[i]);
            else assert_true(attrs != 0); /* never withdraws what was not announced */
            l->told[i] = attrs ? attr_hold(&r->attrs, attrs) : 0;
            l->announced += attrs != 0;
            most--;
        }
}

static void check_told(struct table *t, const struct listener *l, enum family f)
{
    for (uint32_t i = 0; i < PREFIXES; i++) {
        struct prefix p = prefix_number(i, f);
        node_ref n = table_find(t, &p, table_hash(t, &p));
        attr_ref should = n ? wanted((void *)(uintptr_t)l, t, n) : 0;
        assert_int_equal(l->told[i], should);
    }
}

static void listener_end(struct rib *r, struct listener *l)
{
    out_free(l->out);
    for (size_t i = 0; i < PREFIXES; i++)
        if (l->told[i]) attr_release(&r->attrs, l->told[i]);
    *l = (struct listener){.self = l->self};
}

struct world {
    struct rib rib;
    struct table table;
    struct journal journal;
    struct slow slow;
    struct listener listeners[OUTS];
};

static void on_change(void *ctx, const struct table_change *c)
{
    struct world *w = ctx;
    if (c->best) journal_note(&w->journal, c->node);
}

static void drop_source(struct world *w, source_ref s)
{
    table_drop_source(&w->table, s, false, on_change, w);
    for (size_t i = 0; i < PREFIXES; i++) w->slow.kind[i][s] = 0;
}

static void one_update(struct world *w, struct rng *rng, enum family f)
{
    uint32_t i = rng_below(rng, PREFIXES), k = rng_below(rng, KINDS);
    source_ref s = (source_ref)(1 + rng_below(rng, SOURCES));
    struct prefix p = prefix_number(i, f);
    uint32_t hash = table_hash(&w->table, &p);
    struct table_change c;
    if (rng_below(rng, 3) == 0) {
        bool had = table_withdraw(&w->table, &p, hash, s, &c);
        assert_int_equal(had, w->slow.kind[i][s] != 0);
        w->slow.kind[i][s] = 0;
        if (!had) return;
    } else {
        bool refused = rng_below(rng, 5) == 0;
        struct path path = {.attrs = kind(&w->rib, k), .source = s,
                            .flags = refused ? PATH_REFUSED : 0};
        table_announce(&w->table, &p, hash, path, &c);
        w->slow.kind[i][s] = k + 1;
        w->slow.refused[i][s] = refused;
    }
    on_change(w, &c);
    table_settle(&w->table, c.node);
}

static void random_life(enum family f, int steps)
{
    struct rng rng = rng_start("table");
    struct world *w = calloc(1, sizeof *w);
    fixture(&w->rib);
    table_init(&w->table, &w->rib, f, &test_key);
    journal_init(&w->journal, &w->table);
    for (size_t i = 0; i < OUTS; i++) w->listeners[i].self = (source_ref)(i + 1);
    for (int step = 0; step < steps; step++) {
        one_update(w, &rng, f);
        struct listener *l = &w->listeners[rng_below(&rng, OUTS)];
        uint32_t what = rng_below(&rng, 1000);
        if (what < 3 && !l->out) l->out = out_new(&w->journal, wanted, l);
        else if (what < 4 && l->out) listener_end(&w->rib, l);
        else if (what < 5 && l->out) out_again(l->out);
        else if (what < 60 && l->out) listen_some(&w->rib, l, rng_below(&rng, 30));
        else if (what < 62) drop_source(w, (source_ref)(1 + rng_below(&rng, SOURCES)));
        if (step % 500 == 0) {
            check_same(&w->rib, &w->table, &w->slow, f);
            for (size_t i = 0; i < OUTS; i++) {
                if (!w->listeners[i].out) continue;
                listen_some(&w->rib, &w->listeners[i], UINT32_MAX);
                assert_false(out_pending(w->listeners[i].out));
                check_told(&w->table, &w->listeners[i], f);
            }
        }
    }
    for (size_t i = 0; i < OUTS; i++)
        if (w->listeners[i].out) listener_end(&w->rib, &w->listeners[i]);
    for (source_ref s = 1; s <= SOURCES; s++) drop_source(w, s);
    assert_int_equal(w->table.nodes, 0);
    assert_int_equal(w->table.far_bytes, 0);
    assert_int_equal(w->rib.attrs.live, 0);
    journal_drop(&w->journal);
    table_drop(&w->table);
    rib_drop(&w->rib);
    free(w);
}

static void test_ipv4_table_and_journal_agree_with_their_slow_twins(void **state)
{
    (void)state;
    random_life(FAMILY_IPV4, 1000000);
}

static void test_ipv6_table_and_journal_agree_with_their_slow_twins(void **state)
{
    (void)state;
    random_life(FAMILY_IPV6, 200000);
}

static void test_flaps_a_neighbour_does_not_read_collapse_and_cost_no_memory(void **state)
{
    (void)state;
    struct world *w = calloc(1, sizeof *w);
    fixture(&w->rib);
    table_init(&w->table, &w->rib, FAMILY_IPV4, &test_key);
    journal_init(&w->journal, &w->table);
    struct listener *l = &w->listeners[0];
    l->out = out_new(&w->journal, wanted, l);
    struct prefix p = prefix_number(1, FAMILY_IPV4);
    uint32_t hash = table_hash(&w->table, &p);
    size_t most = 0;
    for (uint32_t i = 0; i < 60000; i++) {
        struct table_change c;
        struct path path = {.attrs = kind(&w->rib, i % KINDS), .source = 3};
        table_announce(&w->table, &p, hash, path, &c);
        on_change(w, &c);
        if (i == 0) listen_some(&w->rib, l, 1);
        size_t bytes = journal_bytes(&w->journal) + table_bytes(&w->table);
        if (i == 100) most = bytes;
        if (i > 100) assert_true(bytes <= most + 65536);
    }
    l->announced = 0;
    listen_some(&w->rib, l, UINT32_MAX);
    assert_int_equal(l->announced, 1);
    listener_end(&w->rib, l);
    drop_source(w, 3);
    journal_drop(&w->journal);
    table_drop(&w->table);
    rib_drop(&w->rib);
    free(w);
}

static void test_a_stale_path_is_freshened_or_swept(void **state)
{
    (void)state;
    struct world *w = calloc(1, sizeof *w);
    fixture(&w->rib);
    table_init(&w->table, &w->rib, FAMILY_IPV4, &test_key);
    journal_init(&w->journal, &w->table);
    struct table_change c;
    for (uint32_t i = 0; i < 2; i++) {
        struct prefix p = prefix_number(i, FAMILY_IPV4);
        struct path path = {.attrs = kind(&w->rib, 1), .source = 1};
        assert_true(table_announce(&w->table, &p, table_hash(&w->table, &p), path, &c));
    }
    table_mark_stale(&w->table, 1);
    struct prefix p = prefix_number(0, FAMILY_IPV4);
    struct path again = {.attrs = kind(&w->rib, 1), .source = 1};
    assert_false(table_announce(&w->table, &p, table_hash(&w->table, &p), again, &c));
    table_drop_source(&w->table, 1, true, on_change, w);
    assert_int_equal(w->table.nodes, 1);
    assert_int_equal(w->rib.sources[1].received[0], 1);
    drop_source(w, 1);
    journal_drop(&w->journal);
    table_drop(&w->table);
    rib_drop(&w->rib);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipv4_table_and_journal_agree_with_their_slow_twins),
        cmocka_unit_test(test_ipv6_table_and_journal_agree_with_their_slow_twins),
        cmocka_unit_test(test_flaps_a_neighbour_does_not_read_collapse_and_cost_no_memory),
        cmocka_unit_test(test_a_stale_path_is_freshened_or_swept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
