/* What the API stored is what the plan reads: a life through the API, seen by the edges. */
#include "plan/plan_json.h"
#include "world.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

static const char edges_text[] =
    "[{\"name\":\"edge1\",\"role\":\"edge\",\"location\":\"Amsterdam\",\"leg\":\"primary\",\"region\":"
    "\"westeurope\",\"router_id\":\"192.0.2.11\",\"namespace\":\"n1\",\"ports\":{\"access\":\"acc0\","
    "\"core\":\"core0\"}},{\"name\":\"edge2\",\"role\":\"edge\",\"location\":\"Amsterdam\",\"leg\":"
    "\"secondary\",\"router_id\":\"192.0.2.12\",\"ports\":{\"access\":\"acc0\",\"core\":\"core0\"}},"
    "{\"name\":\"gw\",\"role\":\"gateway\",\"location\":\"Amsterdam\",\"router_id\":\"192.0.2.20\",\"cores\":{"
    "\"edge1\":\"core1\",\"edge2\":\"core2\"},\"networks\":[{\"vnet\":\"vnet-demo\",\"port\":\"vnet0\","
    "\"stag\":0,\"ctag\":0,\"address\":\"10.20.0.1/24\"}]}]";

struct planned {
    struct arena arena;
    json_t *resources, *edges;
    struct plan plan;
};

static void make_plan(struct world *w, struct planned *p)
{
    struct problems ps;
    struct plan_input in;
    api_tick(w->api, w->now_ms);
    arena_init(&p->arena, 1 << 20);
    problems_init(&ps, &p->arena);
    p->resources = api_resources(w->api);
    p->edges = json_loads(edges_text, 0, NULL);
    assert_true(plan_read(p->resources, p->edges, &p->arena, &ps, &in));
    assert_int_equal(ps.count, 0);
    assert_true(plan_make(&in, &p->arena, &p->plan));
    assert_int_equal(p->plan.n, 3);
}

static void drop_plan(struct planned *p)
{
    json_decref(p->resources);
    json_decref(p->edges);
    arena_drop(&p->arena);
}

static size_t domains_on(struct world *w, size_t edge)
{
    struct planned p;
    make_plan(w, &p);
    size_t n = p.plan.rows[edge].intent.domains_n;
    drop_plan(&p);
    return n;
}

static void an_ordered_circuit_reaches_the_edges_when_it_is_provisioned(void **state)
{
    struct world *w = *state;
    make_circuit(w);
    EXPECT(201, put(w, PRIVATE, PEERING_BODY));
    assert_int_equal(domains_on(w, 0), 0);
    provision(w, "Provisioning");
    assert_int_equal(domains_on(w, 0), 0);
    provision(w, "Provisioned");
    assert_int_equal(domains_on(w, 0), 1);
    assert_int_equal(domains_on(w, 1), 1);
    assert_int_equal(domains_on(w, 2), 0);
    provision(w, "NotProvisioned");
    assert_int_equal(domains_on(w, 0), 0);
}

static void the_whole_link_is_planned_with_the_key_and_the_tags(void **state)
{
    struct world *w = *state;
    struct planned p;
    make_link(w);
    make_plan(w, &p);
    const struct intent_domain *d = &p.plan.rows[0].intent.domains[0];
    assert_string_equal(d->name, "er-demo-private");
    assert_int_equal(d->attachments_n, 2);
    assert_int_equal(d->attachments[0].tags.s, 2);
    assert_int_equal(d->attachments[0].tags.c, 100);
    assert_string_equal(d->peers[0].md5, "Abc123");
    assert_int_equal(d->peers[0].asn, 65010);
    assert_string_equal(d->attachments[1].subject, "connection/conn-demo/primary");
    const struct intent_domain *g = &p.plan.rows[2].intent.domains[0];
    assert_string_equal(g->name, "gw-demo");
    assert_int_equal(g->attachments_n, 3);
    assert_int_equal(g->networks_n, 1);
    drop_plan(&p);
}

static void updates_on_their_way_do_not_take_a_session_down(void **state)
{
    struct world *w = *state;
    make_link(w);
    get(w, RG);
    api_drop(w->api);
    w->is.pace = 1;
    world_open(w);
    EXPECT(200, put(w, CIRCUIT, CIRCUIT_BODY));
    assert_int_equal(domains_on(w, 0), 1);
    w->now_ms += 60000;
    EXPECT(200, put(w, PRIVATE, PEERING_BODY));
    EXPECT(200, put(w, CONNECTION, CONNECTION_BODY));
    struct planned p;
    make_plan(w, &p);
    assert_int_equal(p.plan.rows[0].intent.domains[0].attachments_n, 2);
    drop_plan(&p);
    w->now_ms += 60000;
    EXPECT(202, ask(w, &owner, API_DELETE, CONNECTION, NULL));
    make_plan(w, &p);
    assert_int_equal(p.plan.rows[0].intent.domains[0].attachments_n, 1);
    drop_plan(&p);
}

static void a_disabled_peering_stays_with_its_sessions_held_down(void **state)
{
    struct world *w = *state;
    struct planned p;
    make_link(w);
    EXPECT(200, put(w, PRIVATE,
                    "{\"properties\":{\"peerASN\":65010,\"vlanId\":100,\"primaryPeerAddressPrefix\":"
                    "\"192.168.100.128/30\",\"secondaryPeerAddressPrefix\":\"192.168.100.132/30\","
                    "\"state\":\"Disabled\"}}"));
    make_plan(w, &p);
    assert_true(p.plan.rows[0].intent.domains[0].peers[0].admin_down);
    assert_string_equal(p.plan.rows[0].intent.domains[0].peers[0].md5, "Abc123");
    drop_plan(&p);
}

static void two_customers_with_one_name_do_not_meet(void **state)
{
    struct world *w = *state;
    struct planned p;
    make_link(w);
    EXPECT(201, ask(w, &foreigner, API_PUT, "/subscriptions/" FOREIGN_SUB "/resourceGroups/frg",
                    "{\"location\":\"westeurope\"}"));
    EXPECT(201, ask(w, &foreigner, API_PUT, FOREIGN_NET "/expressRouteCircuits/er-demo", CIRCUIT_BODY));
    char target[256], body[700];
    snprintf(target, sizeof target, "/subscriptions/" PROVIDER_SUB "/resourceGroups/CrossConnection-Amsterdam"
             "/providers/Microsoft.Network/expressRouteCrossConnections/%s", says(w, "properties.serviceKey"));
    snprintf(body, sizeof body, "{\"location\":\"westeurope\",\"properties\":{"
             "\"serviceProviderProvisioningState\":\"Provisioned\",\"expressRouteCircuit\":{\"id\":\""
             FOREIGN_NET "/expressRouteCircuits/er-demo\"}}}");
    EXPECT(200, ask(w, &provider, API_PUT, target, body));
    EXPECT(201, ask(w, &foreigner, API_PUT, FOREIGN_NET "/expressRouteCircuits/er-demo/peerings/"
                    "AzurePrivatePeering", PEERING_BODY));
    make_plan(w, &p);
    const struct intent *i = &p.plan.rows[0].intent;
    assert_int_equal(i->domains_n, 2);
    assert_string_equal(i->domains[0].name, "er-demo-private");
    assert_string_equal(i->domains[1].name, "er-demo-2-private");
    assert_int_not_equal(i->domains[0].attachments[0].tags.s, i->domains[1].attachments[0].tags.s);
    drop_plan(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_ordered_circuit_reaches_the_edges_when_it_is_provisioned),
        TEST(the_whole_link_is_planned_with_the_key_and_the_tags),
        TEST(updates_on_their_way_do_not_take_a_session_down),
        TEST(a_disabled_peering_stays_with_its_sessions_held_down),
        TEST(two_customers_with_one_name_do_not_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
