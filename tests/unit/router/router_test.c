/* Routers in one process on virtual time. The scene of most tests:
 *
 *     site (AS 65010) --- edge (AS 12076, private peering) --- gw (AS 65515)
 *
 * 10.10/16 at the site, 10.20/16 behind the gateway. */
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
    s.site = world_router(w, "site", 65010, DATAPLANE_NAMESPACES);
    s.edge = world_router(w, "edge", 12076, DATAPLANE_NAMESPACES);
    s.gw = world_router(w, "gw", 65515, DATAPLANE_NAMESPACES);
    world_domain(w, s.site, "wan", DOMAIN_PLAIN);
    world_domain(w, s.edge, "er-private", DOMAIN_PRIVATE)->subject = "circuit/er/private";
    world_domain(w, s.gw, "vnet", DOMAIN_PLAIN);
    world_attach(w, s.site, "wan", "up", "192.168.100.129", 30);
    world_attach(w, s.edge, "er-private", "acc", "192.168.100.130", 30);
    world_attach(w, s.edge, "er-private", "gw1", "169.254.1.1", 30);
    world_attach(w, s.gw, "vnet", "e1", "169.254.1.2", 30);
    world_peer(w, s.site, "wan", "cloud", PEER_CLOUD, 12076, "192.168.100.130", "192.168.100.129", false);
    world_peer(w, s.edge, "er-private", "site", PEER_CUSTOMER, 65010, "192.168.100.129",
               "192.168.100.130", true)->subject = "circuit/er/private/primary";
    world_peer(w, s.edge, "er-private", "gw", PEER_GATEWAY, 65515, "169.254.1.2", "169.254.1.1", true);
    world_peer(w, s.gw, "vnet", "edge", PEER_CLOUD, 12076, "169.254.1.1", "169.254.1.2", false);
    world_network(w, s.site, "wan", "10.10.0.0/16");
    world_network(w, s.site, "wan", "fd00:10:10::/48");
    world_network(w, s.gw, "vnet", "10.20.0.0/16");
    s.leg = world_cable(w, s.site, "cloud", s.edge, "site");
    s.link = world_cable(w, s.gw, "edge", s.edge, "gw");
    for (int i = 0; i < 3; i++) world_apply(w, i);
    return s;
}

static bool hop_is(const struct kernel_route *k, const char *hop)
{
    struct addr a;
    assert_true(addr_parse(hop, &a));
    for (size_t i = 0; k && i < k->hops_n; i++)
        if (addr_equal(&k->hops[i], &a)) return true;
    return false;
}

static void test_routes_flow_between_site_and_gateway_through_the_edge(void **state)
{
    (void)state;
    struct scene s = scene_new();
    world_run(s.w, 5);
    assert_true(world_peer_has(s.w, s.edge, "site", "\"state\":\"Established\""));
    assert_true(hop_is(world_kernel(s.w, s.gw, "vnet", "10.10.0.0/16"), "169.254.1.1"));
    assert_true(hop_is(world_kernel(s.w, s.site, "wan", "10.20.0.0/16"), "192.168.100.130"));
    assert_true(hop_is(world_kernel(s.w, s.edge, "er-private", "10.10.0.0/16"), "192.168.100.129"));
    assert_true(world_said(s.w, s.edge, "session-up site"));
    assert_int_equal(s.w->nodes[s.edge]->settled, 1);
    world_free(s.w);
}

static void test_the_customer_sees_as_path_12076_and_the_gateway_the_whole_path(void **state)
{
    (void)state;
    struct scene s = scene_new();
    world_run(s.w, 5);
    assert_true(world_route_has(s.w, s.site, NULL, "10.20.0.0/16", "\"as_path\":\"12076\""));
    assert_true(world_route_has(s.w, s.gw, NULL, "10.10.0.0/16", "\"as_path\":\"12076 65010\""));
    world_free(s.w);
}

static void test_ipv6_travels_in_multiprotocol_attributes(void **state)
{
    (void)state;
    struct world *w = world_new();
    int a = world_router(w, "a", 65001, DATAPLANE_NONE), b = world_router(w, "b", 65002, DATAPLANE_NONE);
    world_domain(w, a, "d", DOMAIN_PLAIN);
    world_domain(w, b, "d", DOMAIN_PLAIN);
    world_peer(w, a, "d", "b", PEER_PLAIN, 65002, "fd00::2", "fd00::1", false);
    world_peer(w, b, "d", "a", PEER_PLAIN, 65001, "fd00::1", "fd00::2", true);
    world_network(w, a, "d", "2001:db8:1::/48");
    world_network(w, a, "d", "2001:db8:2::/48");
    struct intent_network *n = world_network(w, a, "d", "10.1.0.0/16");
    uint32_t tag = 65001u << 16 | 7;
    n->communities = &tag;
    n->communities_n = 1;
    world_cable(w, a, "b", b, "a");
    world_apply(w, a);
    world_apply(w, b);
    world_run(w, 5);
    assert_true(world_route_has(w, b, "d", "2001:db8:1::/48", "\"next_hop\":\"fd00::1\""));
    assert_true(world_has_route(w, b, "d", "2001:db8:2::/48"));
    assert_true(world_route_has(w, b, "d", "10.1.0.0/16", "\"65001:7\""));
    w->nodes[a]->intent.domains[0].networks_n = 1; /* the others are withdrawn */
    world_apply(w, a);
    world_run(w, 1);
    assert_true(world_has_route(w, b, "d", "2001:db8:1::/48"));
    assert_false(world_has_route(w, b, "d", "2001:db8:2::/48"));
    assert_false(world_has_route(w, b, "d", "10.1.0.0/16"));
    world_free(w);
}

static void test_a_withdrawn_network_disappears_everywhere(void **state)
{
    (void)state;
    struct scene s = scene_new();
    world_run(s.w, 5);
    s.w->nodes[s.site]->intent.domains[0].networks_n = 0;
    world_apply(s.w, s.site);
    world_run(s.w, 1);
    assert_null(world_kernel(s.w, s.edge, "er-private", "10.10.0.0/16"));
    assert_null(world_kernel(s.w, s.gw, "vnet", "10.10.0.0/16"));
    assert_true(world_peer_has(s.w, s.edge, "site", "\"received\":0"));
    world_free(s.w);
}

/* Two edges between the site's router and the gateway: equal legs share the load, one lost leg moves
 * everything to the other. */
static void test_two_legs_share_the_load_and_one_takes_over(void **state)
{
    (void)state;
    struct scene s = scene_new();
    struct world *w = s.w;
    int e2 = world_router(w, "edge2", 12076, DATAPLANE_NAMESPACES);
    world_domain(w, e2, "er-private", DOMAIN_PRIVATE);
    world_attach(w, e2, "er-private", "acc", "192.168.100.134", 30);
    world_attach(w, e2, "er-private", "gw1", "169.254.1.5", 30);
    world_attach(w, s.site, "wan", "up2", "192.168.100.133", 30);
    world_attach(w, s.gw, "vnet", "e2", "169.254.1.6", 30);
    world_peer(w, s.site, "wan", "cloud2", PEER_CLOUD, 12076, "192.168.100.134", "192.168.100.133", false);
    world_peer(w, e2, "er-private", "site2", PEER_CUSTOMER, 65010, "192.168.100.133", "192.168.100.134", true);
    world_peer(w, e2, "er-private", "gw2", PEER_GATEWAY, 65515, "169.254.1.6", "169.254.1.5", true);
    world_peer(w, s.gw, "vnet", "edge2", PEER_CLOUD, 12076, "169.254.1.5", "169.254.1.6", false);
    struct cable *leg2 = world_cable(w, s.site, "cloud2", e2, "site2");
    world_cable(w, s.gw, "edge2", e2, "gw2");
    for (int i = 0; i < 4; i++) world_apply(w, i);
    world_run(w, 5);
    struct kernel_route *up = world_kernel(w, s.site, "wan", "10.20.0.0/16");
    assert_int_equal(up->hops_n, 2);
    assert_int_equal(world_kernel(w, s.gw, "vnet", "10.10.0.0/16")->hops_n, 2);
    /* BFD notices; the session ends with 6/10 and routes move at once. */
    struct intent_bfd bfd = {true, 300000, 300000, 3};
    w->nodes[s.site]->intent.domains[0].peers[0].bfd = bfd;
    world_apply(w, s.site);
    world_run(w, 1);
    assert_true(world_peer_has(w, s.site, "cloud", "\"bfd\":\"down\""));
    assert_true(world_peer_has(w, s.site, "cloud", "\"state\":\"Established\"")); /* never was up */
    router_bfd(w->nodes[s.site]->r, 0, true, w->now);
    s.leg->silent = true;
    router_bfd(w->nodes[s.site]->r, 0, false, w->now);
    world_cut(w, s.leg);
    world_run(w, 1);
    assert_true(world_said(w, s.site, "bfd-down cloud"));
    up = world_kernel(w, s.site, "wan", "10.20.0.0/16");
    assert_int_equal(up->hops_n, 1);
    assert_true(hop_is(up, "192.168.100.134"));
    s.leg->silent = false;
    world_mend(w, s.leg);
    world_run(w, 200);
    assert_int_equal(world_kernel(w, s.site, "wan", "10.20.0.0/16")->hops_n, 2);
    (void)leg2;
    world_free(w);
}

static void test_a_prefix_limit_ends_the_session_and_lets_it_come_back(void **state)
{
    (void)state;
    struct scene s = scene_new();
    struct world *w = s.w;
    w->nodes[s.edge]->intent.domains[0].peers[0].max_ipv4 = 20;
    world_apply(w, s.edge);
    world_run(w, 5);
    char p[32];
    for (int i = 0; i < 15; i++) { /* with 10.10/16: 16 of 20 */
        snprintf(p, sizeof p, "10.11.%d.0/24", i);
        world_network(w, s.site, "wan", p);
    }
    world_apply(w, s.site);
    world_run(w, 1);
    assert_true(world_said(w, s.edge, "prefix-limit-alarm site: 16 of 20 IPv4"));
    assert_true(world_peer_has(w, s.edge, "site", "\"state\":\"Established\""));
    for (int i = 15; i < 20; i++) {
        snprintf(p, sizeof p, "10.11.%d.0/24", i);
        world_network(w, s.site, "wan", p);
    }
    world_apply(w, s.site);
    world_run(w, 60);
    assert_true(world_said(w, s.edge, "prefix-limit-exceeded site: 21 IPv4 prefixes, limit 20"));
    assert_true(world_peer_has(w, s.edge, "site", "\"limited\":true") ||
                world_peer_has(w, s.edge, "site", "limit reached"));
    assert_null(world_kernel(w, s.gw, "vnet", "10.10.0.0/16"));
    assert_true(world_peer_has(w, s.edge, "gw", "\"state\":\"Established\"")); /* the others notice nothing */
    w->nodes[s.site]->intent.domains[0].networks_n = 5;
    world_apply(w, s.site);
    world_run(w, 400); /* hold-down of 300 s and the neighbour's own retry */
    assert_true(world_said(w, s.edge, "prefix-limit-restart site"));
    assert_true(world_peer_has(w, s.edge, "site", "\"state\":\"Established\""));
    assert_non_null(world_kernel(w, s.gw, "vnet", "10.10.0.0/16"));
    world_free(w);
}

static void test_applying_a_change_of_one_of_500_peers_disturbs_no_other(void **state)
{
    (void)state;
    enum { PEERS = 500 };
    struct world *w = world_new();
    int edge = world_router(w, "edge", 12076, DATAPLANE_NONE);
    world_domain(w, edge, "d", DOMAIN_PLAIN);
    char name[16], address[32], local[32];
    for (int i = 0; i < PEERS; i++) {
        snprintf(name, sizeof name, "c%d", i);
        snprintf(address, sizeof address, "10.%d.%d.1", i / 250, i % 250);
        snprintf(local, sizeof local, "10.%d.%d.2", i / 250, i % 250);
        world_peer(w, edge, "d", name, PEER_CUSTOMER, 65010, address, local, true);
        int c = world_router(w, "c", 65010, DATAPLANE_NONE);
        world_domain(w, c, "d", DOMAIN_PLAIN);
        world_peer(w, c, "d", "edge", PEER_CLOUD, 12076, local, address, false);
        snprintf(local, sizeof local, "100.%d.%d.0/24", i / 250, i % 250);
        world_network(w, c, "d", local);
        world_cable(w, c, "edge", edge, name);
        world_apply(w, c);
    }
    world_apply(w, edge);
    world_run(w, 5);
    assert_true(world_peer_has(w, edge, "c499", "\"state\":\"Established\""));
    assert_true(world_has_route(w, edge, "d", "100.1.249.0/24"));
    size_t closes = w->nodes[edge]->closes;
    text_clear(&w->nodes[edge]->events);
    w->nodes[edge]->intent.domains[0].peers[77].hold_s = 30; /* another session */
    w->nodes[edge]->intent.domains[0].peers[78].max_ipv4 = 50; /* no other session */
    world_apply(w, edge);
    world_run(w, 5);
    assert_int_equal(w->nodes[edge]->closes, closes + 1);
    assert_true(world_said(w, edge, "session-up c77:"));
    for (int i = 0; i < PEERS; i++) {
        char event[32];
        snprintf(event, sizeof event, "session-down c%d:", i);
        if (i != 77) assert_false(world_said(w, edge, event));
    }
    assert_true(world_has_route(w, edge, "d", "100.0.77.0/24"));
    w->nodes[edge]->intent.domains[0].peers_n = PEERS - 1; /* the last one leaves */
    world_apply(w, edge);
    world_run(w, 5);
    assert_false(world_peer_has(w, edge, "c499", "name"));
    assert_false(world_has_route(w, edge, "d", "100.1.249.0/24"));
    assert_true(world_peer_has(w, edge, "c498", "\"state\":\"Established\""));
    world_free(w);
}

static void test_the_same_prefixes_and_addresses_in_two_domains_stay_apart(void **state)
{
    (void)state;
    struct world *w = world_new();
    int edge = world_router(w, "edge", 12076, DATAPLANE_NAMESPACES);
    const char *const names[] = {"red", "blue"};
    const uint32_t asns[] = {65010, 65020};
    for (int i = 0; i < 2; i++) {
        world_domain(w, edge, names[i], DOMAIN_PRIVATE);
        world_attach(w, edge, names[i], "acc", i ? "10.0.1.2" : "10.0.0.2", 30);
        world_peer(w, edge, names[i], names[i], PEER_CUSTOMER, asns[i], i ? "10.0.1.1" : "10.0.0.1",
                   i ? "10.0.1.2" : "10.0.0.2", true);
        int site = world_router(w, names[i], asns[i], DATAPLANE_NONE);
        world_domain(w, site, "wan", DOMAIN_PLAIN);
        world_peer(w, site, "wan", "cloud", PEER_CLOUD, 12076, i ? "10.0.1.2" : "10.0.0.2",
                   i ? "10.0.1.1" : "10.0.0.1", false);
        world_network(w, site, "wan", "10.0.0.0/16");
        world_cable(w, site, "cloud", edge, names[i]);
        world_apply(w, site);
    }
    world_apply(w, edge);
    world_run(w, 5);
    assert_true(hop_is(world_kernel(w, edge, "red", "10.0.0.0/16"), "10.0.0.1"));
    assert_true(hop_is(world_kernel(w, edge, "blue", "10.0.0.0/16"), "10.0.1.1"));
    assert_true(world_route_has(w, edge, "red", "10.0.0.0/16", "\"as_path\":\"65010\""));
    assert_true(world_route_has(w, edge, "blue", "10.0.0.0/16", "\"as_path\":\"65020\""));
    world_cut(w, &w->cables[0]);
    world_run(w, 200);
    assert_null(world_kernel(w, edge, "red", "10.0.0.0/16"));
    assert_non_null(world_kernel(w, edge, "blue", "10.0.0.0/16"));
    world_free(w);
}

static void test_changes_a_slow_reader_missed_reach_it_as_one(void **state)
{
    (void)state;
    struct scene s = scene_new();
    struct world *w = s.w;
    world_run(w, 5);
    world_listen(w, s.link, 0, false);
    uint64_t before = w->bytes;
    for (int i = 0; i < 200; i++) {
        w->nodes[s.site]->intent.domains[0].networks_n = i % 2 ? 2 : 0;
        world_apply(w, s.site);
        world_run(w, 1);
    }
    uint64_t leg = w->bytes - before;
    world_listen(w, s.link, 0, true);
    world_run(w, 1);
    assert_true(leg > 5000); /* the flaps did cross the leg ... */
    assert_true(w->bytes - before - leg < 200); /* ... and one message told the gateway */
    assert_non_null(world_kernel(w, s.gw, "vnet", "10.10.0.0/16"));
    world_free(w);
}

static void test_refused_routes_are_shown_with_their_rule(void **state)
{
    (void)state;
    struct scene s = scene_new();
    struct world *w = s.w;
    w->nodes[s.edge]->intent.domains[0].kind = DOMAIN_MICROSOFT;
    world_network(w, s.site, "wan", "0.0.0.0/0");
    world_network(w, s.site, "wan", "198.51.100.0/24");
    world_apply(w, s.site);
    world_apply(w, s.edge);
    world_run(w, 5);
    assert_true(world_route_has(w, s.edge, NULL, "0.0.0.0/0", "\"reason\":\"default-route\""));
    assert_true(world_route_has(w, s.edge, NULL, "10.10.0.0/16", "\"reason\":\"private-prefix\""));
    assert_true(world_has_route(w, s.edge, NULL, "198.51.100.0/24"));
    struct text t = {0};
    router_show_evidence(w->nodes[s.edge]->r, w->now, 0, &t);
    assert_non_null(strstr(text_get(&t), "\"subject\":\"circuit/er/private/primary\""));
    assert_non_null(strstr(text_get(&t), "\"reason\":\"private-prefix\""));
    text_drop(&t);
    world_free(w);
}

static void test_a_customers_route_does_not_reach_another_customer(void **state)
{
    (void)state;
    struct scene s = scene_new();
    struct world *w = s.w;
    int other = world_router(w, "other", 65020, DATAPLANE_NONE);
    world_domain(w, other, "wan", DOMAIN_PLAIN);
    world_attach(w, s.edge, "er-private", "acc2", "192.168.100.138", 30);
    world_peer(w, s.edge, "er-private", "other", PEER_CUSTOMER, 65020, "192.168.100.137", "192.168.100.138", true);
    world_peer(w, other, "wan", "cloud", PEER_CLOUD, 12076, "192.168.100.138", "192.168.100.137", false);
    world_cable(w, other, "cloud", s.edge, "other");
    world_apply(w, s.edge);
    world_apply(w, other);
    world_run(w, 5);
    assert_true(world_has_route(w, other, "wan", "10.20.0.0/16"));
    assert_false(world_has_route(w, other, "wan", "10.10.0.0/16"));
    world_free(w);
}

/* Two routers of one site: what the first learned from the cloud reaches the second by the internal
 * session, but not the cloud again over the second leg. */
static void test_the_sites_other_router_is_a_detour_and_no_echo(void **state)
{
    (void)state;
    struct scene s = scene_new();
    struct world *w = s.w;
    int ce2 = world_router(w, "ce2", 65010, DATAPLANE_NONE);
    world_domain(w, ce2, "wan", DOMAIN_PLAIN);
    world_attach(w, s.site, "wan", "lan", "10.10.0.1", 24);
    world_attach(w, s.edge, "er-private", "acc2", "192.168.100.134", 30);
    world_peer(w, s.site, "wan", "ce2", PEER_INTERNAL, 65010, "10.10.0.2", "10.10.0.1", true)->next_hop_self = true;
    world_peer(w, ce2, "wan", "ce1", PEER_INTERNAL, 65010, "10.10.0.1", "10.10.0.2", false)->next_hop_self = true;
    world_peer(w, ce2, "wan", "leg2", PEER_CLOUD, 12076, "192.168.100.134", "192.168.100.133", false);
    world_peer(w, s.edge, "er-private", "ce2", PEER_CUSTOMER, 65010, "192.168.100.133", "192.168.100.134", true);
    world_cable(w, ce2, "ce1", s.site, "ce2");
    struct cable *leg2 = world_cable(w, ce2, "leg2", s.edge, "ce2");
    leg2->cut = true;
    world_apply(w, s.site);
    world_apply(w, s.edge);
    world_apply(w, ce2);
    world_run(w, 5);
    assert_true(world_route_has(w, ce2, NULL, "10.20.0.0/16", "\"next_hop\":\"10.10.0.1\""));
    world_cut(w, s.leg);
    world_mend(w, leg2);
    world_run(w, 150); /* beyond the helper's patience */
    assert_true(hop_is(world_kernel(w, s.site, "wan", "10.20.0.0/16"), "10.10.0.2"));
    assert_true(hop_is(world_kernel(w, s.gw, "vnet", "10.10.0.0/16"), "169.254.1.1"));
    world_mend(w, s.leg);
    world_run(w, 60);
    assert_true(world_peer_has(w, s.edge, "ce2", "\"received\":2")); /* both of the site, no echo */
    assert_false(world_route_has(w, s.edge, NULL, "10.20.0.0/16", "\"peer\":\"ce2\""));
    world_free(w);
}

static void test_the_drain_prepends_without_touching_the_session(void **state)
{
    (void)state;
    struct scene s = scene_new();
    struct world *w = s.w;
    world_run(w, 5);
    size_t closes = w->nodes[s.edge]->closes;
    w->nodes[s.edge]->intent.domains[0].peers[0].prepend = 3;
    world_apply(w, s.edge);
    world_run(w, 1);
    assert_true(world_route_has(w, s.site, NULL, "10.20.0.0/16", "\"as_path\":\"12076 12076 12076 12076\""));
    assert_int_equal(w->nodes[s.edge]->closes, closes);
    world_free(w);
}

static struct span dark_list(uint8_t *buf, const char *name)
{
    buf[0] = (uint8_t)strlen(name);
    memcpy(buf + 1, name, buf[0]);
    return span_of(buf, buf[0] + 1u);
}

static void test_a_path_whose_next_hop_lies_behind_a_dead_link_is_not_used(void **state)
{
    (void)state;
    struct scene s = scene_new();
    struct world *w = s.w;
    uint8_t buf[32];
    world_run(w, 5);
    struct router *edge = w->nodes[s.edge]->r;
    assert_non_null(world_kernel(w, s.edge, "er-private", "10.10.0.0/16"));
    router_links_down(edge, "er-private", dark_list(buf, "acc"), w->now);
    world_run(w, 1);
    assert_null(world_kernel(w, s.edge, "er-private", "10.10.0.0/16"));
    assert_true(world_route_has(w, s.edge, NULL, "10.10.0.0/16", "\"reason\":\"next-hop-unreachable\""));
    assert_false(world_has_route(w, s.gw, NULL, "10.10.0.0/16"));
    assert_non_null(world_kernel(w, s.edge, "er-private", "10.20.0.0/16")); /* the other link is up */
    router_links_down(edge, "er-private", (struct span){0}, w->now);
    world_run(w, 1);
    assert_non_null(world_kernel(w, s.edge, "er-private", "10.10.0.0/16"));
    assert_true(world_has_route(w, s.gw, NULL, "10.10.0.0/16"));
    world_free(w);
}

static void test_another_local_preference_reaches_every_path_and_the_session_stays(void **state)
{
    (void)state;
    struct scene s = scene_new();
    struct world *w = s.w;
    world_run(w, 5);
    w->nodes[s.site]->intent.domains[0].peers[0].local_pref = 250;
    world_apply(w, s.site);
    world_run(w, 1);
    assert_true(world_route_has(w, s.site, NULL, "10.20.0.0/16", "\"local_pref\":250"));
    assert_int_equal(w->nodes[s.site]->closes, 0);
    world_free(w);
}

static void test_a_neighbour_that_restarts_keeps_its_routes_for_a_while(void **state)
{
    (void)state;
    struct scene s = scene_new();
    struct world *w = s.w;
    world_run(w, 5);
    world_cut(w, s.link); /* the connection is lost without a word */
    world_run(w, 10);
    assert_true(world_said(w, s.edge, "restart-helper gw"));
    assert_true(world_route_has(w, s.edge, NULL, "10.20.0.0/16", "\"stale\":true"));
    assert_non_null(world_kernel(w, s.site, "wan", "10.20.0.0/16"));
    world_mend(w, s.link);
    world_run(w, 60);
    assert_true(world_route_has(w, s.edge, NULL, "10.20.0.0/16", "\"stale\":false"));
    world_cut(w, s.link);
    world_run(w, 130);
    assert_null(world_kernel(w, s.site, "wan", "10.20.0.0/16"));
    world_free(w);
}

static void test_an_impossible_intent_is_refused_whole_with_its_place(void **state)
{
    (void)state;
    struct scene s = scene_new();
    struct world *w = s.w;
    world_run(w, 5);
    struct intent bad = w->nodes[s.edge]->intent;
    struct intent_domain d = bad.domains[0];
    struct intent_peer peers[2] = {d.peers[0], d.peers[1]};
    peers[0].asn = 65515;
    peers[1].name = peers[0].name;
    d.peers = peers;
    bad.domains = &d;
    struct arena arena;
    struct problems ps;
    arena_init(&arena, 1 << 20);
    problems_init(&ps, &arena);
    assert_false(router_apply(w->nodes[s.edge]->r, &bad, w->now, &ps));
    assert_int_equal(ps.count, 2);
    assert_string_equal(ps.first->where, "/domains/0/peers/0/asn");
    assert_true(world_peer_has(w, s.edge, "site", "\"state\":\"Established\""));
    arena_drop(&arena);
    world_free(w);
}

static void test_a_wrong_as_number_is_refused_and_told(void **state)
{
    (void)state;
    struct scene s = scene_new();
    struct world *w = s.w;
    w->nodes[s.edge]->intent.domains[0].peers[0].asn = 65011;
    world_apply(w, s.edge);
    world_run(w, 5);
    assert_false(world_peer_has(w, s.edge, "site", "\"state\":\"Established\""));
    assert_true(world_peer_has(w, s.edge, "site", "\"code\":2,\"subcode\":2"));
    assert_true(world_peer_has(w, s.edge, "gw", "\"state\":\"Established\""));
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes_flow_between_site_and_gateway_through_the_edge),
        cmocka_unit_test(test_the_customer_sees_as_path_12076_and_the_gateway_the_whole_path),
        cmocka_unit_test(test_ipv6_travels_in_multiprotocol_attributes),
        cmocka_unit_test(test_a_withdrawn_network_disappears_everywhere),
        cmocka_unit_test(test_two_legs_share_the_load_and_one_takes_over),
        cmocka_unit_test(test_a_prefix_limit_ends_the_session_and_lets_it_come_back),
        cmocka_unit_test(test_applying_a_change_of_one_of_500_peers_disturbs_no_other),
        cmocka_unit_test(test_the_same_prefixes_and_addresses_in_two_domains_stay_apart),
        cmocka_unit_test(test_changes_a_slow_reader_missed_reach_it_as_one),
        cmocka_unit_test(test_refused_routes_are_shown_with_their_rule),
        cmocka_unit_test(test_a_customers_route_does_not_reach_another_customer),
        cmocka_unit_test(test_the_sites_other_router_is_a_detour_and_no_echo),
        cmocka_unit_test(test_the_drain_prepends_without_touching_the_session),
        cmocka_unit_test(test_a_path_whose_next_hop_lies_behind_a_dead_link_is_not_used),
        cmocka_unit_test(test_another_local_preference_reaches_every_path_and_the_session_stays),
        cmocka_unit_test(test_a_neighbour_that_restarts_keeps_its_routes_for_a_while),
        cmocka_unit_test(test_an_impossible_intent_is_refused_whole_with_its_place),
        cmocka_unit_test(test_a_wrong_as_number_is_refused_and_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
