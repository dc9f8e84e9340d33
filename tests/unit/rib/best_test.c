/* Path selection: each step by name, and independence of the order of arrival. */
#include "check.h"
#include "random.h"

struct quick { /* a path in a few numbers */
    uint32_t local_pref, path[4], path_n, origin, med, originator, cluster_n;
    source_ref source;
    bool refused;
};

static void fixture(struct rib *r)
{
    rib_init(r, &test_key);
    for (source_ref s = 1; s <= 12; s++) {
        struct addr a = addr_v4(0x0a000000u + s);
        rib_source_set(r, s, s <= 8, s == 2 ? 1u : s, &a); /* 1 and 2 share a router identifier */
    }
}

static struct path path_from(struct rib *r, const struct quick *q)
{
    uint8_t bytes[32], clusters[16] = {0};
    struct attrs a = {.has = HAS_ORIGIN | HAS_AS_PATH | HAS_LOCAL_PREF | HAS_MED,
                      .origin = (uint8_t)q->origin,
                      .local_pref = q->local_pref,
                      .med = q->med,
                      .next_hop = addr_v4(0x0a000000u + q->source)};
    a.as_path = span_of(bytes, path_bytes(bytes, q->path, q->path_n));
    if (q->originator) a.has |= HAS_ORIGINATOR_ID, a.originator_id = q->originator;
    a.cluster_list = span_of(clusters, q->cluster_n * 4);
    return (struct path){.attrs = attr_intern(&r->attrs, &a),
                         .source = q->source,
                         .flags = q->refused ? PATH_REFUSED : 0};
}

static const struct quick reference = {.local_pref = 100, .path = {65001, 65100}, .path_n = 2,
                                       .med = 10, .source = 1, .origin = ORIGIN_IGP};

/* clang-format off */
static const struct { enum best_step step; struct quick loser; } losers[] = {
    {BEST_LOCAL_PREF, {.local_pref = 99,  .path = {65001}, .path_n = 1, .source = 3}},
    {BEST_AS_PATH,    {.local_pref = 100, .path = {65001, 65002, 65003}, .path_n = 3, .source = 3}},
    {BEST_ORIGIN,     {.local_pref = 100, .path = {65001, 65100}, .path_n = 2, .origin = 2, .source = 3}},
    {BEST_MED,        {.local_pref = 100, .path = {65001, 65200}, .path_n = 2, .med = 11, .source = 3}},
    {BEST_EXTERNAL,   {.local_pref = 100, .path = {65007, 65100}, .path_n = 2, .source = 9}},
    {BEST_ROUTER_ID,  {.local_pref = 100, .path = {65007, 65100}, .path_n = 2, .med = 0, .source = 3}},
    {BEST_ROUTER_ID,  {.local_pref = 100, .path = {65007, 65100}, .path_n = 2, .originator = 9, .source = 2}},
    {BEST_CLUSTER,    {.local_pref = 100, .path = {65007, 65100}, .path_n = 2, .cluster_n = 2, .source = 2}},
    {BEST_ADDRESS,    {.local_pref = 100, .path = {65007, 65100}, .path_n = 2, .source = 2}},
    {BEST_ONLY,       {.local_pref = 900, .path = {65001}, .path_n = 1, .source = 3, .refused = true}},
};
/* clang-format on */

static void test_each_step_decides_against_its_loser(void **state)
{
    (void)state;
    struct rib r;
    fixture(&r);
    for (size_t i = 0; i < ARRAY_LEN(losers); i++)
        for (int turned = 0; turned < 2; turned++) {
            struct path p[2];
            p[turned] = path_from(&r, &reference);
            p[!turned] = path_from(&r, &losers[i].loser);
            enum best_step step;
            size_t equals = best_select(&r, p, 2, &step);
            print_message("%s\n", best_step_text(losers[i].step));
            assert_int_equal(step, losers[i].step);
            assert_int_equal(p[0].source, reference.source);
            assert_int_equal(equals, losers[i].step >= BEST_ROUTER_ID ? 2 : 1);
            if (!losers[i].loser.refused)
                assert_int_equal(best_explain(&r, &p[0], &p[1]), losers[i].step);
        }
    rib_drop(&r);
}

static void test_med_does_not_compare_between_neighbour_ases(void **state)
{
    (void)state;
    struct rib r;
    fixture(&r);
    /* The classic triangle: a beats b by identifier, b beats c by MED, c beats a by identifier. */
    struct quick a = {.local_pref = 100, .path = {65001}, .path_n = 1, .med = 0, .source = 4};
    struct quick b = {.local_pref = 100, .path = {65002}, .path_n = 1, .med = 5, .source = 5};
    struct quick c = {.local_pref = 100, .path = {65002}, .path_n = 1, .med = 9, .source = 3};
    const struct quick *all[] = {&a, &b, &c};
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (size_t o = 0; o < 6; o++) {
        struct path p[3];
        for (size_t i = 0; i < 3; i++) p[i] = path_from(&r, all[orders[o][i]]);
        enum best_step step;
        assert_int_equal(best_select(&r, p, 3, &step), 2);
        assert_int_equal(p[0].source, 4);
        assert_int_equal(p[1].source, 5);
    }
    rib_drop(&r);
}

static void test_what_we_originate_wins_and_is_not_shared(void **state)
{
    (void)state;
    struct rib r;
    fixture(&r);
    struct quick own = {.local_pref = 100, .source = SOURCE_LOCAL};
    struct quick other = {.local_pref = 100, .source = 9};
    struct path p[2] = {path_from(&r, &other), path_from(&r, &own)};
    enum best_step step;
    assert_int_equal(best_select(&r, p, 2, &step), 1);
    assert_int_equal(p[0].source, SOURCE_LOCAL);
    assert_int_equal(step, BEST_LOCAL);
    rib_drop(&r);
}

static void test_nothing_usable_is_no_best_path(void **state)
{
    (void)state;
    struct rib r;
    fixture(&r);
    struct quick q = reference;
    q.refused = true;
    struct path p = path_from(&r, &q);
    enum best_step step;
    assert_int_equal(best_select(&r, &p, 1, &step), 0);
    assert_int_equal(step, BEST_NONE);
    rib_drop(&r);
}

static void test_internal_paths_do_not_share_load(void **state)
{
    (void)state;
    struct rib r;
    fixture(&r);
    struct quick a = {.local_pref = 100, .source = 9}, b = {.local_pref = 100, .source = 10};
    struct path p[2] = {path_from(&r, &b), path_from(&r, &a)};
    enum best_step step;
    assert_int_equal(best_select(&r, p, 2, &step), 1);
    assert_int_equal(p[0].source, 9);
    rib_drop(&r);
}

static struct quick quick_random(struct rng *rng, source_ref source)
{
    struct quick q = {.local_pref = 100 + rng_below(rng, 2), .med = rng_below(rng, 3),
                      .origin = rng_below(rng, 2), .source = source,
                      .path_n = 1 + rng_below(rng, 2), .cluster_n = rng_below(rng, 2),
                      .originator = rng_below(rng, 3) == 0 ? 1 + rng_below(rng, 4) : 0,
                      .refused = rng_below(rng, 8) == 0};
    for (size_t i = 0; i < q.path_n; i++) q.path[i] = 65001 + rng_below(rng, 3);
    return q;
}

static void shuffle(struct rng *rng, struct path *p, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t k = rng_below(rng, (uint32_t)i);
        struct path t = p[i - 1];
        p[i - 1] = p[k];
        p[k] = t;
    }
}

/* RB-076: any order of the same paths ends in the same winner, the same equal-cost set in the same
 * order, and the same deciding step. */
static void test_any_of_20000_orders_ends_the_same(void **state)
{
    (void)state;
    struct rib r;
    fixture(&r);
    struct rng rng = rng_start("orders");
    for (int set = 0; set < 500; set++) {
        struct path given[12], first[12], p[12];
        size_t n = 2 + rng_below(&rng, 11), first_equals = 0;
        enum best_step first_step = BEST_NONE;
        for (size_t i = 0; i < n; i++) {
            struct quick q = quick_random(&rng, (source_ref)(1 + i));
            given[i] = path_from(&r, &q);
        }
        for (int order = 0; order < 40; order++) {
            memcpy(p, given, n * sizeof *p);
            shuffle(&rng, p, n);
            enum best_step step;
            size_t equals = best_select(&r, p, n, &step);
            if (order == 0) {
                memcpy(first, p, sizeof first);
                first_equals = equals;
                first_step = step;
            }
            assert_int_equal(equals, first_equals);
            assert_int_equal(step, first_step);
            for (size_t i = 0; i < equals; i++) assert_int_equal(p[i].source, first[i].source);
        }
    }
    rib_drop(&r);
}

/* --- the naive twin: RFC 4271 9.1.2.2 word for word, on the plain numbers, one comparison at a time --- */

struct naive {
    const struct quick *in[12];
    size_t n;
};

typedef bool beats(const struct quick *a, const struct quick *b);

static uint32_t naive_id(const struct quick *q) { return q->originator ? q->originator : q->source == 2 ? 1u : q->source; }
static bool external(const struct quick *q) { return q->source <= 8; }
static bool by_pref(const struct quick *a, const struct quick *b) { return a->local_pref > b->local_pref; }
static bool by_path(const struct quick *a, const struct quick *b) { return a->path_n < b->path_n; }
static bool by_origin(const struct quick *a, const struct quick *b) { return a->origin < b->origin; }
static bool by_med(const struct quick *a, const struct quick *b) { return a->path[0] == b->path[0] && a->med < b->med; }
static bool by_kind(const struct quick *a, const struct quick *b) { return external(a) && !external(b); }
static bool by_id(const struct quick *a, const struct quick *b) { return naive_id(a) < naive_id(b); }
static bool by_cluster(const struct quick *a, const struct quick *b) { return a->cluster_n < b->cluster_n; }
static bool by_address(const struct quick *a, const struct quick *b) { return a->source < b->source; }

/* Who is beaten by anybody goes; all at once, so that the order of looking does not matter. */
static void naive_step(struct naive *c, beats *better)
{
    const struct quick *left[12];
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        bool beaten = false;
        for (size_t k = 0; k < c->n; k++) beaten = beaten || better(c->in[k], c->in[i]);
        if (!beaten) left[n++] = c->in[i];
    }
    memcpy(c->in, left, n * sizeof *left);
    c->n = n;
}

/* The winner's source, and how many share the load with it. */
static size_t naive_best(const struct quick *q, const bool *there, source_ref *winner)
{
    static beats *const first[] = {by_pref, by_path, by_origin, by_med, by_kind};
    static beats *const ties[] = {by_id, by_cluster, by_address};
    struct naive c = {.n = 0};
    for (size_t i = 0; i < 12; i++)
        if (there[i] && !q[i].refused) c.in[c.n++] = &q[i];
    if (c.n == 0) return 0;
    for (size_t i = 0; i < ARRAY_LEN(first); i++) naive_step(&c, first[i]);
    size_t equals = c.n < BEST_EQUALS_MAX ? c.n : BEST_EQUALS_MAX;
    if (!external(c.in[0])) equals = 1;
    for (size_t i = 0; i < ARRAY_LEN(ties); i++) naive_step(&c, ties[i]);
    assert_int_equal(c.n, 1);
    *winner = c.in[0]->source;
    return equals;
}

static void test_a_million_random_changes_agree_with_the_naive_twin(void **state)
{
    (void)state;
    enum { CHANGES = 1000000 };
    struct rib r;
    fixture(&r);
    struct rng rng = rng_start("best");
    struct quick q[12] = {0};
    struct path held[12];
    bool there[12] = {false};
    for (int change = 0; change < CHANGES; change++) {
        uint32_t i = rng_below(&rng, rng_below(&rng, 2) ? 4 : 12); /* often few paths, as in life */
        if (there[i]) attr_release(&r.attrs, held[i].attrs);
        there[i] = rng_below(&rng, 3) != 0;
        q[i] = quick_random(&rng, (source_ref)(1 + i));
        if (there[i]) held[i] = path_from(&r, &q[i]);
        struct path p[12];
        size_t n = 0;
        for (size_t k = 0; k < 12; k++)
            if (there[k]) p[n++] = held[k];
        shuffle(&rng, p, n);
        enum best_step step;
        source_ref winner = 0;
        size_t equals = best_select(&r, p, n, &step), expected = naive_best(q, there, &winner);
        if (equals != expected || (equals && p[0].source != winner))
            fail_msg("change %d: %zu equal, source %u first; the twin says %zu, %u", change, equals,
                     equals ? p[0].source : 0, expected, winner);
    }
    rib_drop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_step_decides_against_its_loser),
        cmocka_unit_test(test_med_does_not_compare_between_neighbour_ases),
        cmocka_unit_test(test_what_we_originate_wins_and_is_not_shared),
        cmocka_unit_test(test_nothing_usable_is_no_best_path),
        cmocka_unit_test(test_internal_paths_do_not_share_load),
        cmocka_unit_test(test_any_of_20000_orders_ends_the_same),
        cmocka_unit_test(test_a_million_random_changes_agree_with_the_naive_twin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
