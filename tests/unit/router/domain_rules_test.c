/* The rules of a Microsoft peering on a whole router: route filters, declared prefixes and origin
 * validation, when they are there from the start and when they change under routes that are in use.
 *
 *     site (AS 65010, 198.51.100/24, 203.0.113/24) --- edge (AS 12076, originates 192.0.2/24)
 */
#include "world.h"

struct scene {
    struct world *w;
    int site, edge;
};

static uint32_t exchange = 12076u << 16 | 5010, sharepoint = 12076u << 16 | 5020;

static struct intent_domain *edge_domain(struct scene *s)
{
    return s->w->nodes[s->edge]->intent.domains;
}

static struct scene scene_new(void)
{
    struct scene s = {.w = world_new()};
    struct world *w = s.w;
    s.site = world_router(w, "site", 65010, DATAPLANE_NONE);
    s.edge = world_router(w, "edge", 12076, DATAPLANE_NONE);
    world_domain(w, s.site, "wan", DOMAIN_PLAIN);
    world_domain(w, s.edge, "ms", DOMAIN_MICROSOFT);
    world_peer(w, s.site, "wan", "cloud", PEER_CLOUD, 12076, "192.0.2.130", "192.0.2.129", false);
    world_peer(w, s.edge, "ms", "site", PEER_CUSTOMER, 65010, "192.0.2.129", "192.0.2.130", true);
    world_network(w, s.site, "wan", "198.51.100.0/24");
    world_network(w, s.site, "wan", "203.0.113.0/24");
    struct intent_network *n = world_network(w, s.edge, "ms", "192.0.2.0/25");
    n->communities = &exchange, n->communities_n = 1;
    world_cable(w, s.site, "cloud", s.edge, "site");
    world_apply(w, s.site);
    world_apply(w, s.edge);
    return s;
}

static void filter(struct scene *s, uint32_t *list)
{
    struct intent_domain *d = edge_domain(s);
    d->route_filter = list, d->route_filter_n = list != NULL;
    world_apply(s->w, s->edge);
    world_run(s->w, 2);
}

static void
test_without_a_filter_nothing_is_announced_and_attaching_one_needs_no_new_session(void **state)
{
    (void)state;
    struct scene s = scene_new();
    world_run(s.w, 5);
    assert_true(world_peer_has(s.w, s.edge, "site", "\"state\":\"Established\""));
    assert_false(world_has_route(s.w, s.site, "wan", "192.0.2.0/25"));
    filter(&s, &sharepoint);
    assert_false(world_has_route(s.w, s.site, "wan", "192.0.2.0/25"));
    filter(&s, &exchange);
    assert_true(world_has_route(s.w, s.site, "wan", "192.0.2.0/25"));
    assert_true(world_route_has(s.w, s.site, "wan", "192.0.2.0/25", "\"12076:5010\""));
    filter(&s, NULL); /* detached: everything is withdrawn */
    assert_false(world_has_route(s.w, s.site, "wan", "192.0.2.0/25"));
    assert_false(world_said(s.w, s.edge, "session-down"));
    world_free(s.w);
}

static void test_a_change_of_declared_prefixes_counts_for_routes_that_are_there(void **state)
{
    (void)state;
    struct scene s = scene_new();
    struct prefix declared;
    assert_int_equal(prefix_parse("198.51.100.0/24", &declared), PREFIX_FINE);
    edge_domain(&s)->advertised = &declared;
    edge_domain(&s)->advertised_n = 1;
    world_apply(s.w, s.edge);
    world_run(s.w, 5);
    assert_true(world_has_route(s.w, s.edge, "ms", "198.51.100.0/24"));
    assert_true(
        world_route_has(s.w, s.edge, "ms", "203.0.113.0/24", "\"reason\":\"not-declared\""));
    assert_true(world_peer_has(s.w, s.edge, "site", "\"refused\":{\"not-declared\":1}"));
    edge_domain(&s)->advertised_n = 0;
    world_apply(s.w, s.edge);
    world_run(s.w, 2);
    assert_true(world_route_has(s.w, s.edge, "ms", "203.0.113.0/24", "\"accepted\":true"));
    assert_true(world_said(s.w, s.edge, "routes-judged-again"));
    assert_false(world_said(s.w, s.edge, "session-down"));
    world_free(s.w);
}

static struct router *router_of(struct scene *s) { return s->w->nodes[s->edge]->r; }

static void payload(struct scene *s, bool add, const char *prefix, uint8_t max_len, uint32_t asn)
{
    struct vrp v = {.max_len = max_len, .asn = asn};
    assert_int_equal(prefix_parse(prefix, &v.prefix), PREFIX_FINE);
    router_vrp(router_of(s), add, &v);
}

static void end_payloads(struct scene *s)
{
    router_vrps_end(router_of(s), s->w->now);
    world_run(s->w, 1);
}

static struct scene validating(enum origin_validation how)
{
    struct scene s = scene_new();
    edge_domain(&s)->origin_validation = how;
    edge_domain(&s)->holder_asn = 64999;
    world_apply(s.w, s.edge);
    world_run(s.w, 5);
    router_vrps_begin(router_of(&s), true);
    payload(&s, true, "198.51.100.0/24", 24,
            64999); /* the private number is gone, the holder answers */
    payload(&s, true, "203.0.113.0/24", 24, 3356);
    end_payloads(&s);
    return s;
}

static void test_an_invalid_origin_is_dropped_and_comes_back_when_the_cache_says_so(void **state)
{
    (void)state;
    struct scene s = validating(ORIGIN_VALIDATION_DROP);
    const char *wrong = "203.0.113.0/24";
    assert_true(
        world_route_has(s.w, s.edge, "ms", "198.51.100.0/24", "\"origin_validation\":\"valid\""));
    assert_true(world_route_has(s.w, s.edge, "ms", "198.51.100.0/24", "\"best\":true"));
    assert_true(world_route_has(s.w, s.edge, "ms", wrong, "\"reason\":\"rpki-invalid\""));
    assert_true(world_route_has(s.w, s.edge, "ms", wrong, "\"best\":false"));
    router_vrps_begin(router_of(&s), false); /* a change */
    payload(&s, false, wrong, 24, 3356);
    end_payloads(&s);
    assert_true(world_route_has(s.w, s.edge, "ms", wrong, "\"origin_validation\":\"not-found\""));
    assert_true(world_route_has(s.w, s.edge, "ms", wrong, "\"best\":true"));
    router_vrps_begin(router_of(&s), true); /* a whole new set, empty: the cache expired */
    end_payloads(&s);
    assert_true(world_route_has(s.w, s.edge, "ms", "198.51.100.0/24",
                                "\"origin_validation\":\"not-found\""));
    assert_true(world_peer_has(s.w, s.edge, "site", "\"accepted\":2"));
    world_free(s.w);
}

static void test_an_invalid_origin_is_used_last_where_it_is_only_lowered(void **state)
{
    (void)state;
    struct scene s = validating(ORIGIN_VALIDATION_DEPREF);
    assert_true(world_route_has(s.w, s.edge, "ms", "203.0.113.0/24", "\"local_pref\":0"));
    assert_true(world_route_has(s.w, s.edge, "ms", "203.0.113.0/24", "\"best\":true"));
    assert_true(
        world_route_has(s.w, s.edge, "ms", "203.0.113.0/24", "\"reason\":\"rpki-lowered\""));
    assert_true(world_route_has(s.w, s.edge, "ms", "198.51.100.0/24", "\"local_pref\":100"));
    world_cut(s.w, &s.w->cables[0]); /* said anew, and judged as it comes in */
    world_run(s.w, 200);
    world_mend(s.w, &s.w->cables[0]);
    world_run(s.w, 200);
    assert_true(world_route_has(s.w, s.edge, "ms", "203.0.113.0/24", "\"local_pref\":0"));
    edge_domain(&s)->origin_validation = ORIGIN_VALIDATION_REPORT;
    world_apply(s.w, s.edge);
    world_run(s.w, 1);
    assert_true(world_route_has(s.w, s.edge, "ms", "203.0.113.0/24", "\"local_pref\":100"));
    assert_true(
        world_route_has(s.w, s.edge, "ms", "203.0.113.0/24", "\"origin_validation\":\"invalid\""));
    edge_domain(&s)->origin_validation = ORIGIN_VALIDATION_OFF;
    world_apply(s.w, s.edge);
    world_run(s.w, 1);
    assert_false(world_route_has(s.w, s.edge, "ms", "203.0.113.0/24", "origin_validation"));
    world_free(s.w);
}

static void test_graceful_shutdown_empties_a_link_without_touching_the_session(void **state)
{
    (void)state;
    struct scene s = scene_new();
    filter(&s, &exchange);
    world_run(s.w, 5);
    assert_true(world_route_has(s.w, s.site, "wan", "192.0.2.0/25", "\"local_pref\":100"));
    edge_domain(&s)->peers[0].graceful_shutdown = true;
    world_apply(s.w, s.edge);
    world_run(s.w, 2);
    assert_true(world_route_has(s.w, s.site, "wan", "192.0.2.0/25", "\"local_pref\":0"));
    assert_true(world_route_has(s.w, s.site, "wan", "192.0.2.0/25", "\"65535:0\""));
    assert_false(world_said(s.w, s.edge, "session-down"));
    world_free(s.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_without_a_filter_nothing_is_announced_and_attaching_one_needs_no_new_session),
        cmocka_unit_test(test_a_change_of_declared_prefixes_counts_for_routes_that_are_there),
        cmocka_unit_test(test_an_invalid_origin_is_dropped_and_comes_back_when_the_cache_says_so),
        cmocka_unit_test(test_an_invalid_origin_is_used_last_where_it_is_only_lowered),
        cmocka_unit_test(test_graceful_shutdown_empties_a_link_without_touching_the_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
