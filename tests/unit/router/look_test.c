/* The looking glass, walks over the tables and the tap, on routers that speak with each other.
 *
 *     site (AS 65010: 10.10/16, 10.10.1/24, fd00:10::/48, 224/8) --- edge (AS 12076, private) ---
 * gw (AS 65515)
 *
 * The gateway has 10.20/16. */
#include "router/look.h"
#include "world.h"

struct scene {
    struct world *w;
    int site, edge, gw;
    struct cable *leg, *link;
};

static struct scene scene_new(void)
{
    struct scene s = {.w = world_new()};
    struct world *w = s.w;
    s.site = world_router(w, "site", 65010, DATAPLANE_NONE);
    s.edge = world_router(w, "edge", 12076, DATAPLANE_NONE);
    s.gw = world_router(w, "gw", 65515, DATAPLANE_NONE);
    world_domain(w, s.site, "wan", DOMAIN_PLAIN);
    world_domain(w, s.edge, "er", DOMAIN_PRIVATE);
    world_domain(w, s.gw, "vnet", DOMAIN_PLAIN);
    world_peer(w, s.site, "wan", "cloud", PEER_CLOUD, 12076, "192.168.0.2", "192.168.0.1", false);
    world_peer(w, s.edge, "er", "site", PEER_CUSTOMER, 65010, "192.168.0.1", "192.168.0.2", true);
    world_peer(w, s.edge, "er", "gw", PEER_GATEWAY, 65515, "169.254.0.2", "169.254.0.1", true);
    world_peer(w, s.gw, "vnet", "edge", PEER_CLOUD, 12076, "169.254.0.1", "169.254.0.2", false);
    static const char *const networks[] = {"10.10.0.0/16", "10.10.1.0/24", "fd00:10::/48"};
    for (size_t i = 0; i < ARRAY_LEN(networks); i++) world_network(w, s.site, "wan", networks[i]);
    world_network(w, s.gw, "vnet", "10.20.0.0/16");
    s.leg = world_cable(w, s.site, "cloud", s.edge, "site");
    s.link = world_cable(w, s.gw, "edge", s.edge, "gw");
    for (int i = 0; i < 3; i++) world_apply(w, i);
    return s;
}

static struct router *edge_of(struct scene *s) { return s->w->nodes[s->edge]->r; }

static void check_has(struct text *t, const char *part)
{
    if (!strstr(text_get(t), part)) fail_msg("no %s in %s", part, text_get(t));
}

static void check_route(struct scene *s, const char *what, const char *part)
{
    struct text t = {0};
    router_show_route(edge_of(s), what, &t);
    check_has(&t, part);
    text_drop(&t);
}

static void test_a_prefix_or_the_longest_that_covers_an_address(void **state)
{
    (void)state;
    struct scene s = scene_new();
    world_run(s.w, 5);
    check_route(&s, "10.10.0.0/16",
                "{\"match\":\"exact\",\"domain\":\"er\",\"prefix\":\"10.10.0.0/16\"");
    check_route(&s, "10.10.1.7",
                "{\"match\":\"longest\",\"domain\":\"er\",\"prefix\":\"10.10.1.0/24\"");
    check_route(&s, "10.10.2.7 er", "\"prefix\":\"10.10.0.0/16\"");
    check_route(&s, "10.10.1.0/28", "\"prefix\":\"10.10.1.0/24\"");
    check_route(&s, "fd00:10::5", "\"prefix\":\"fd00:10::/48\"");
    check_route(&s, "10.10.2.7", "\"decided_by\":\"only path\"");
    check_route(&s, "10.10.2.7", "\"advertised_to\":[\"gw\"]");
    check_route(&s, "10.30.0.1", "\"routes\":[]");
    check_route(&s, "10.10.2.7 another", "\"routes\":[]");
    check_route(&s, "10.10.2", "\"error\"");
    check_route(&s, "", "\"error\"");
    world_free(s.w);
}

static void test_what_a_neighbour_sent_and_what_it_was_told(void **state)
{
    (void)state;
    struct scene s = scene_new();
    struct text t = {0};
    s.w->nodes[s.edge]->intent.domains[0].kind = DOMAIN_MICROSOFT;
    world_apply(s.w, s.edge);
    world_run(s.w, 5);
    router_show_received(edge_of(&s), "site", &t);
    check_has(&t, "\"neighbor\":\"site\",\"up\":true");
    check_has(
        &t,
        "\"reason\":\"private-prefix\",\"rule\":\"public prefixes only over Microsoft peering\"");
    text_clear(&t);
    router_show_advertised(edge_of(&s), "site", &t);
    check_has(&t,
              "\"prefix\":\"10.20.0.0/16\",\"advertised\":false,\"reason\":\"not-on-microsoft\"");
    text_clear(&t);
    router_show_advertised(edge_of(&s), "gw", &t);
    check_has(&t, "\"reason\":\"learned-from-it\"");
    text_clear(&t);
    router_show_received(edge_of(&s), "nobody", &t);
    check_has(&t, "there is no neighbour called 'nobody'");
    text_clear(&t);
    router_show_advertised(s.w->nodes[s.site]->r, "cloud", &t);
    check_has(&t, "\"prefix\":\"10.10.0.0/16\",\"next_hop\":\"192.168.0.1\",\"as_path\":\"65010\"");
    check_has(&t, "\"advertised\":true,\"reason\":\"\"");
    text_drop(&t);
    world_free(s.w);
}

/* --- walks --- */

struct seen {
    struct text lines;
    size_t n;
};

static void see(void *ctx, const struct router_seen *s)
{
    struct seen *seen = ctx;
    char p[PREFIX_TEXT_MAX], path[200];
    seen->n++;
    text_addf(&seen->lines, "%s from %d by %s;", prefix_text(&s->prefix, p), (int)s->peer,
              as_path_text(s->attrs->as_path, path, sizeof path));
}

static void test_walks_see_each_path_once_however_they_are_cut(void **state)
{
    (void)state;
    struct scene s = scene_new();
    world_run(s.w, 5);
    for (size_t budget = 1; budget < 6; budget++) {
        struct seen seen = {0};
        struct router_walk w = {0};
        while (router_walk_in(edge_of(&s), NO_REF, &w, budget, see, &seen)) continue;
        assert_int_equal(seen.n, 4);
        check_has(&seen.lines, "10.20.0.0/16 from 1 by 65515;");
        text_drop(&seen.lines);
        seen = (struct seen){0};
        w = (struct router_walk){0};
        while (router_walk_out(edge_of(&s), 0, &w, budget, see, &seen)) continue;
        assert_int_equal(seen.n, 1);
        check_has(&seen.lines, "10.20.0.0/16 from 0 by 12076;"); /* as the customer sees it */
        text_drop(&seen.lines);
    }
    struct seen own = {0};
    struct router_walk w = {0};
    assert_false(router_walk_in(s.w->nodes[s.site]->r, 0, &w, 100, see, &own));
    check_has(&own.lines, "10.10.0.0/16 from -1 by ;");
    text_drop(&own.lines);
    w = (struct router_walk){0};
    assert_false(router_walk_in(edge_of(&s), 7, &w, 100, see, &own)); /* there is no such domain */
    world_free(s.w);
}

/* --- the tap --- */

struct heard {
    struct text lines;
    size_t sent;
};

static void on_up(void *ctx, peer_ref peer, const struct router_session *s)
{
    text_addf(&((struct heard *)ctx)->lines, "up %u %s;", peer, s->name);
}
static void on_down(void *ctx, peer_ref peer, enum bgp_down why, uint8_t code, uint8_t subcode)
{
    (void)why, (void)code, (void)subcode;
    text_addf(&((struct heard *)ctx)->lines, "down %u;", peer);
}
static void on_sent(void *ctx, peer_ref peer, struct span update)
{
    (void)peer;
    assert_int_equal(update.p[18], BGP_UPDATE);
    assert_int_equal((size_t)update.p[16] << 8 | update.p[17], update.n);
    ((struct heard *)ctx)->sent++;
}
static void on_path(void *ctx, peer_ref peer, const struct prefix *p, const struct attrs *a)
{
    char text[PREFIX_TEXT_MAX];
    text_addf(&((struct heard *)ctx)->lines, "%c%u %s;", a ? '+' : '-', peer, prefix_text(p, text));
}

static void test_the_tap_tells_sessions_paths_and_messages(void **state)
{
    (void)state;
    struct scene s = scene_new();
    struct heard h = {0};
    const struct router_tap tap = {
        .ctx = &h, .up = on_up, .down = on_down, .sent = on_sent, .path = on_path};
    router_listen(edge_of(&s), &tap);
    world_run(s.w, 5);
    check_has(&h.lines, "up 0 site;");
    check_has(&h.lines, "+0 10.10.1.0/24;");
    check_has(&h.lines, "+1 10.20.0.0/16;");
    assert_true(h.sent >= 2);
    text_clear(&h.lines);
    s.w->nodes[s.site]->intent.domains[0].networks_n = 1;
    world_apply(s.w, s.site);
    world_run(s.w, 1);
    check_has(&h.lines, "-0 10.10.1.0/24;");
    check_has(&h.lines, "-0 fd00:10::/48;");
    assert_null(strstr(text_get(&h.lines), "10.10.0.0/16"));
    text_clear(&h.lines);
    s.w->nodes[s.edge]->intent.domains[0].kind =
        DOMAIN_PLAIN; /* another domain: everybody starts anew */
    world_apply(s.w, s.edge);
    world_run(s.w, 5);
    check_has(&h.lines, "down 0;");
    router_listen(edge_of(&s), NULL);
    text_clear(&h.lines);
    world_cut(s.w, s.leg);
    world_run(s.w, 5);
    assert_int_equal(h.lines.n, 0);
    text_drop(&h.lines);
    world_free(s.w);
}

static void test_a_session_shows_who_it_is_with(void **state)
{
    (void)state;
    struct scene s = scene_new();
    world_run(s.w, 5);
    struct router_session session;
    assert_int_equal(router_peers(edge_of(&s)), 2);
    assert_true(router_session_of(edge_of(&s), 0, &session));
    assert_string_equal(session.name, "site");
    assert_string_equal(session.domain, "er");
    assert_true(session.up);
    assert_int_equal(session.asn, 65010);
    assert_int_equal(session.received, 3);
    assert_int_equal(session.advertised, 1);
    assert_int_equal(router_routes(edge_of(&s), session.domain_ref), 4);
    assert_false(router_session_of(edge_of(&s), 2, &session));
    world_free(s.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_prefix_or_the_longest_that_covers_an_address),
        cmocka_unit_test(test_what_a_neighbour_sent_and_what_it_was_told),
        cmocka_unit_test(test_walks_see_each_path_once_however_they_are_cut),
        cmocka_unit_test(test_the_tap_tells_sessions_paths_and_messages),
        cmocka_unit_test(test_a_session_shows_who_it_is_with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
