/* Namespaces, interfaces, addresses, routes and neighbours of a real kernel, through sys/.
 *
 *   fl-t-kern-PID.a  near 10.0.0.1/24 fd00::1/64 ---- far 10.0.0.2/24  fl-t-kern-PID.b
 */
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "sys/netlink.h"
#include "sys/netns.h"
#include "sys/peer_socket.h"

static char a_name[40], b_name[40];
static struct netlink *nl;
static struct netns_visit visit;
static struct text why;

#define FINE(x)                                                                                    \
    do                                                                                             \
        if (!(x)) fail_msg("%s", text_get(&why));                                                  \
    while (0)

static struct addr address(const char *s)
{
    struct addr a;
    assert_true(addr_parse(s, &a));
    return a;
}

static int up(void **state)
{
    (void)state;
    char path[NETNS_PATH_LONGEST];
    struct netlink_link l;
    snprintf(a_name, sizeof a_name, "fl-t-kern-%d.a", getpid());
    snprintf(b_name, sizeof b_name, "fl-t-kern-%d.b", getpid());
    FINE(netns_make(a_name, &why) && netns_make(b_name, &why));
    FINE(netns_make(a_name, &why)); /* again is fine */
    FINE(netns_enter(&visit, netns_path(a_name, path), &why));
    FINE(nl = netlink_open(&why));
    int far = netns_open(b_name);
    assert_true(far >= 0);
    FINE(netlink_veth_make(nl, "near", "far", far, 1508, &why));
    close(far);
    assert_true(netlink_link_find(nl, "near", &l));
    assert_int_equal(l.mtu, 1508);
    FINE(netlink_link_set(nl, l.index, true, 1400, "what it is for", &why));
    struct addr four = address("10.0.0.1"), six = address("fd00::1");
    FINE(netlink_address_add(nl, l.index, &four, 24, &why));
    FINE(netlink_address_add(nl, l.index, &six, 64, &why));
    FINE(netlink_address_add(nl, l.index, &six, 64, &why)); /* converges */
    return 0;
}

static int down(void **state)
{
    (void)state;
    netlink_close(nl);
    netns_leave(&visit);
    netns_delete(a_name);
    netns_delete(b_name);
    text_drop(&why);
    return netns_exists(a_name) || netns_exists(b_name);
}

static void in_b(const char *command)
{
    char line[200];
    snprintf(line, sizeof line, "ip netns exec %s %s", b_name, command);
    assert_int_equal(system(line), 0);
}

static void count(void *ctx, const struct netlink_route *r) { *(int *)ctx += r->next_hops_n > 0; }

static void an_interface_is_found_as_it_was_made(void **state)
{
    (void)state;
    struct netlink_link l;
    assert_true(netlink_link_find(nl, "near", &l));
    assert_true(l.enabled);
    assert_int_equal(l.mtu, 1400);
    assert_string_equal(l.alias, "what it is for");
    assert_false(netlink_link_find(nl, "nothing", &l));
}

struct seen_address {
    int n;
    bool six;
};

static void see_address(void *ctx, const struct addr *a, uint8_t len)
{
    struct seen_address *s = ctx;
    s->n++;
    if (a->family == FAMILY_IPV6 && len == 64) s->six = true;
}

static void addresses_are_listed_without_those_the_kernel_made(void **state)
{
    (void)state;
    struct netlink_link l;
    struct seen_address s = {0};
    assert_true(netlink_link_find(nl, "near", &l));
    netlink_each_address(nl, l.index, see_address, &s);
    assert_int_equal(s.n, 2);
    assert_true(s.six);
}

enum { MANY = 1000 };

static void many_routes_go_in_and_out_and_twice_is_fine(void **state)
{
    (void)state;
    struct netlink_route *routes = calloc(MANY, sizeof *routes);
    in_b("ip link set dev far up");
    for (int round = 0; round < 4; round++) {
        bool add = round < 2;
        for (uint32_t i = 0; i < MANY; i++) {
            struct addr a = addr_v4(0x0b000000 + (i << 8));
            routes[i] = (struct netlink_route){prefix_of(&a, 24), add ? 2 : 0,
                                               {address("10.0.0.2"), address("10.0.0.3")}, 0};
        }
        netlink_routes_put(nl, routes, MANY);
        for (uint32_t i = 0; i < MANY; i++) assert_int_equal(routes[i].fault, 0);
        int n = 0;
        assert_true(netlink_each_route(nl, count, &n));
        assert_int_equal(n, add ? MANY : 0);
    }
    free(routes);
}

static void a_route_without_a_way_is_refused_and_the_others_go_in(void **state)
{
    (void)state;
    struct netlink_route routes[] = {
        {.next_hops_n = 1, .next_hops = {address("172.31.0.1")}},
        {.next_hops_n = 1, .next_hops = {address("fd00::2")}},
    };
    assert_int_equal(prefix_parse("192.0.2.0/24", &routes[0].prefix), PREFIX_FINE);
    assert_int_equal(prefix_parse("2001:db8::/32", &routes[1].prefix), PREFIX_FINE);
    netlink_routes_put(nl, routes, 2);
    assert_int_not_equal(routes[0].fault, 0);
    assert_int_equal(routes[1].fault, 0);
    int n = 0;
    assert_true(netlink_each_route(nl, count, &n));
    assert_int_equal(n, 1);
}

static void see_neighbour(void *ctx, const struct netlink_neighbour *n)
{
    struct addr other = address("10.0.0.2");
    if (addr_equal(&n->addr, &other) && strcmp(n->state, "failed") != 0 && n->mac[5] + n->mac[4] > 0)
        *(bool *)ctx = true;
}

static void a_neighbour_is_seen_after_a_ping(void **state)
{
    (void)state;
    bool seen = false;
    in_b("ip link set dev far up");
    in_b("ip address replace 10.0.0.2/24 dev far");
    in_b("ping -c 1 -W 5 10.0.0.1 >/dev/null");
    char line[] = "ping -c 1 -W 5 10.0.0.2 >/dev/null";
    assert_int_equal(system(line), 0);
    netlink_each_neighbour(nl, see_neighbour, &seen);
    assert_true(seen);
}

static void sockets_stay_in_the_namespace_they_were_made_in(void **state)
{
    (void)state;
    struct addr own = address("10.0.0.1"), elsewhere = address("10.0.0.99");
    int fd = tcp_bound(&own, 179);
    assert_true(fd >= 0);
    assert_int_equal(tcp_md5(fd, &elsewhere, "a key"), 0);
    assert_int_equal(tcp_md5(fd, &elsewhere, ""), 0);
    assert_int_equal(tcp_listen(fd), 0);
    assert_true(tcp_bound(&elsewhere, 179) < 0);
    close(fd);
}

int main(void)
{
    if (geteuid() != 0) {
        puts("skipped: needs root");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interface_is_found_as_it_was_made),
        cmocka_unit_test(addresses_are_listed_without_those_the_kernel_made),
        cmocka_unit_test(many_routes_go_in_and_out_and_twice_is_fine),
        cmocka_unit_test(a_route_without_a_way_is_refused_and_the_others_go_in),
        cmocka_unit_test(a_neighbour_is_seen_after_a_ping),
        cmocka_unit_test(sockets_stay_in_the_namespace_they_were_made_in),
    };
    return cmocka_run_group_tests(tests, up, down);
}
