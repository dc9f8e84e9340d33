/* Several paths to one prefix on one session (RFC 7911):
 *
 *     s1, s2, s3 (AS 6500x) --- hub (AS 65100) --- reader (AS 65100, or 65200)
 *
 * All of them announce 10.0.0.0/24; the hub tells the reader up to `most` of the paths. */
#include "world.h"

enum { SITES = 3 };

struct scene {
    struct world *w;
    int site[SITES], hub, reader;
    struct cable *leg[SITES], *link;
};

static struct scene scene_new(uint8_t most, bool receives)
{
    struct scene s = {.w = world_new()};
    struct world *w = s.w;
    s.hub = world_router(w, "hub", 65100, DATAPLANE_NONE);
    s.reader = world_router(w, "reader", 65200, DATAPLANE_NONE);
    world_domain(w, s.hub, "d", DOMAIN_PLAIN);
    world_domain(w, s.reader, "d", DOMAIN_PLAIN);
    for (int i = 0; i < SITES; i++) {
        static const char *const names[SITES] = {"s1", "s2", "s3"};
        const char *name = names[i];
        char theirs[20], ours[20];
        snprintf(theirs, sizeof theirs, "10.9.%d.1", i);
        snprintf(ours, sizeof ours, "10.9.%d.2", i);
        s.site[i] = world_router(w, name, 65001 + (uint32_t)i, DATAPLANE_NONE);
        world_domain(w, s.site[i], "d", DOMAIN_PLAIN);
        world_network(w, s.site[i], "d", "10.0.0.0/24");
        world_peer(w, s.site[i], "d", "hub", PEER_PLAIN, 65100, ours, theirs, false);
        world_peer(w, s.hub, "d", name, PEER_PLAIN, 65001 + (uint32_t)i, theirs, ours, true);
        s.leg[i] = world_cable(w, s.site[i], "hub", s.hub, name);
    }
    world_peer(w, s.hub, "d", "reader", PEER_PLAIN, 65200, "10.8.0.1", "10.8.0.2", true)->add_path_send = most;
    world_peer(w, s.reader, "d", "hub", PEER_PLAIN, 65100, "10.8.0.2", "10.8.0.1", false)->add_path_receive =
        receives;
    s.link = world_cable(w, s.reader, "hub", s.hub, "reader");
    for (int i = 0; i < s.w->nodes_n; i++) world_apply(w, i);
    world_run(w, 5);
    return s;
}

static size_t paths(const struct scene *s, const char *part)
{
    struct text t = {0};
    size_t n = 0;
    router_show_routes(s->w->nodes[s->reader]->r, "d", &t);
    for (const char *at = text_get(&t); (at = strstr(at, part)) != NULL; at++) n++;
    text_drop(&t);
    return n;
}
static size_t all(const struct scene *s) { return paths(s, "\"prefix\":\"10.0.0.0/24\""); }

static void test_every_path_arrives_and_goes_with_its_origin(void **state)
{
    (void)state;
    struct scene s = scene_new(4, true);
    assert_true(world_peer_has(s.w, s.hub, "reader", "\"add_path\":{\"send\":4,\"receive\":false}"));
    assert_int_equal(all(&s), 3);
    for (int i = 0; i < SITES; i++) {
        char path[40];
        snprintf(path, sizeof path, "\"as_path\":\"65100 %d\"", 65001 + i);
        assert_int_equal(paths(&s, path), 1);
    }
    world_cut(s.w, s.leg[1]);
    world_run(s.w, 5);
    world_run(s.w, 200); /* a site that may come back keeps its routes for a while */
    assert_int_equal(all(&s), 2);
    assert_int_equal(paths(&s, "\"as_path\":\"65100 65002\""), 0);
    world_mend(s.w, s.leg[1]);
    world_run(s.w, 20);
    assert_int_equal(all(&s), 3);
    world_free(s.w);
}

static void test_no_more_than_asked_for_and_none_that_is_not_understood(void **state)
{
    (void)state;
    struct scene two = scene_new(2, true), one = scene_new(4, false);
    assert_int_equal(all(&two), 2);
    assert_int_equal(all(&one), 1);
    assert_true(world_peer_has(one.w, one.hub, "reader", "\"add_path\":{\"send\":0,\"receive\":false}"));
    world_free(two.w);
    world_free(one.w);
}

static void test_a_lost_session_takes_all_its_paths(void **state)
{
    (void)state;
    struct scene s = scene_new(8, true);
    assert_true(world_peer_has(s.w, s.reader, "hub", "\"received\":3"));
    struct intent_domain *d = &s.w->nodes[s.reader]->intent.domains[0];
    d->peers[0].admin_down = true;
    world_apply(s.w, s.reader);
    world_run(s.w, 5);
    assert_int_equal(all(&s), 0);
    assert_true(world_peer_has(s.w, s.reader, "hub", "\"received\":0"));
    d->peers[0].admin_down = false;
    world_apply(s.w, s.reader);
    world_run(s.w, 20);
    assert_int_equal(all(&s), 3);
    world_free(s.w);
}

static void test_a_refresh_says_every_path_again(void **state)
{
    (void)state;
    struct scene s = scene_new(8, true);
    s.w->nodes[s.reader]->intent.domains[0].peers[0].local_pref = 200;
    world_apply(s.w, s.reader);
    world_run(s.w, 5);
    assert_int_equal(paths(&s, "\"local_pref\":200"), 3);
    world_free(s.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_path_arrives_and_goes_with_its_origin),
        cmocka_unit_test(test_no_more_than_asked_for_and_none_that_is_not_understood),
        cmocka_unit_test(test_a_lost_session_takes_all_its_paths),
        cmocka_unit_test(test_a_refresh_says_every_path_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
