#include <stdio.h>
#include <stdlib.h>
#include "base/text.h"
#include "check.h"
#include "intent/intent_json.h"
#include "plan/plan_json.h"

#define S "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/"
#define K "/subscriptions/s/resourcegroups/rg/providers/microsoft.network/"

#define EDGES                                                                                      \
    "[{\"name\":\"edge2\",\"role\":\"edge\",\"location\":\"Amsterdam\",\"leg\":\"secondary\","      \
    "\"region\":\"westeurope\",\"router_id\":\"192.0.2.12\",\"namespace\":\"fl-demo-edge2\","      \
    "\"ports\":{\"access\":\"acc0\",\"core\":\"core0\"}},"                                         \
    "{\"name\":\"gw\",\"role\":\"gateway\",\"region\":\"westeurope\",\"router_id\":\"192.0.2.20\"," \
    "\"namespace\":\"fl-demo-gw\",\"cores\":{\"edge1\":\"core1\",\"edge2\":\"core2\"},"            \
    "\"networks\":[{\"vnet\":\"vnet-demo\",\"port\":\"vnet0\",\"stag\":0,\"ctag\":0,"              \
    "\"address\":\"10.20.0.1/24\"}]},"                                                             \
    "{\"name\":\"edge1\",\"role\":\"edge\",\"location\":\"amsterdam\",\"leg\":\"primary\","        \
    "\"region\":\"westeurope\",\"router_id\":\"192.0.2.11\",\"namespace\":\"fl-demo-edge1\","      \
    "\"ports\":{\"access\":\"acc0\",\"core\":\"core0\"},\"services\":[{\"prefix\":"              \
    "\"198.51.100.0/24\",\"communities\":[\"12076:5010\",\"12076:51002\"]},{\"prefix\":"          \
    "\"2001:db8:f::/48\",\"communities\":[\"12076:5020\"]}]}]"

#define CIRCUIT_ROW(name, label, state, stag)                                                      \
    "{\"id\":\"" S "expressRouteCircuits/" name "\",\"name\":\"" name "\",\"type\":"               \
    "\"Microsoft.Network/expressRouteCircuits\",\"sku\":{\"tier\":\"Standard\"},\"properties\":{"  \
    "\"provisioningState\":\"Succeeded\",\"serviceProviderProvisioningState\":\"" state "\","      \
    "\"serviceProviderProperties\":{\"peeringLocation\":\"Amsterdam\"}},\"internal\":{\"label\":"  \
    "\"" label "\",\"stag\":" stag "}}"
#define PEERING_ROW(circuit, name, vlan, primary, secondary, more, inner)                          \
    "{\"id\":\"" S "expressRouteCircuits/" circuit "/peerings/" name "\",\"name\":\"" name         \
    "\",\"type\":\"Microsoft.Network/expressRouteCircuits/peerings\",\"properties\":{"             \
    "\"provisioningState\":\"Succeeded\",\"peerASN\":65010,\"vlanId\":" vlan ","                   \
    "\"primaryPeerAddressPrefix\":\"" primary "\",\"secondaryPeerAddressPrefix\":\"" secondary     \
    "\"" more "},\"internal\":{" inner "}}"
#define VNET_ROW(more)                                                                             \
    "{\"id\":\"" S "virtualNetworks/vnet-demo\",\"name\":\"vnet-demo\",\"type\":"                  \
    "\"Microsoft.Network/virtualNetworks\",\"properties\":{\"addressSpace\":{\"addressPrefixes\":" \
    "[\"10.20.0.0/16\"" more "]}}}"
#define GATEWAY_ROW                                                                                \
    "{\"id\":\"" S "virtualNetworkGateways/gw-demo\",\"name\":\"gw-demo\",\"type\":"               \
    "\"Microsoft.Network/virtualNetworkGateways\",\"properties\":{},\"internal\":{\"label\":"      \
    "\"gw-demo\",\"vnet\":\"" K "virtualnetworks/vnet-demo\"}}"
#define CONNECTION_ROW(name, circuit, tag, weight)                                                 \
    "{\"id\":\"" S "connections/" name "\",\"name\":\"" name "\",\"type\":"                        \
    "\"Microsoft.Network/connections\",\"properties\":{\"routingWeight\":" weight "},"             \
    "\"internal\":{\"label\":\"" name "\",\"tag\":" tag ",\"gateway\":\"" K                        \
    "virtualnetworkgateways/gw-demo\",\"circuit\":\"" K "expressroutecircuits/" circuit "\"}}"

#define DEMO_PEERING                                                                               \
    PEERING_ROW("er-demo", "AzurePrivatePeering", "100", "192.168.100.128/30",                     \
                "192.168.100.132/30", "", "\"sharedKey\":\"Abc123\"")
#define DEMO                                                                                       \
    CIRCUIT_ROW("er-demo", "er-demo", "Provisioned", "2") "," DEMO_PEERING "," VNET_ROW("") ","    \
        GATEWAY_ROW "," CONNECTION_ROW("conn-demo", "er-demo", "1", "0")

static void show_addresses(struct text *t, const struct intent_attachment *a)
{
    char s[ADDR_TEXT_MAX];
    for (size_t i = 0; i < a->addresses_n; i++)
        text_addf(t, " %s/%u", addr_text(&a->addresses[i].addr, s), a->addresses[i].len);
}

static void show_domain(struct text *t, const struct intent_domain *d)
{
    static const char *const kinds[] = {"plain", "private", "microsoft"};
    static const char *const roles[] = {"plain", "customer", "gateway", "cloud", "internal"};
    char a[ADDR_TEXT_MAX], b[ADDR_TEXT_MAX], p[PREFIX_TEXT_MAX];
    text_addf(t, "  domain %s %s [%s]%s\n", d->name, kinds[d->kind], d->subject,
              d->premium ? " premium" : "");
    for (size_t i = 0; i < d->attachments_n; i++) {
        const struct intent_attachment *at = &d->attachments[i];
        text_addf(t, "    attachment %s on %s %u.%u [%s]", at->name, at->port, at->tags.s, at->tags.c,
                  at->subject);
        show_addresses(t, at);
        text_add(t, "\n");
    }
    for (size_t i = 0; i < d->peers_n; i++) {
        const struct intent_peer *x = &d->peers[i];
        text_addf(t, "    peer %s %s AS %u from %s as %s [%s]%s%s%s%s", x->name,
                  addr_text(&x->address, a), x->asn, addr_text(&x->local, b), roles[x->role],
                  x->subject, x->families == BGP_IPV6_UNICAST ? " ipv6" : "", *x->md5 ? " md5 " : "",
                  x->md5, x->admin_down ? " down" : "");
        if (x->local_pref) text_addf(t, " pref %u", x->local_pref);
        if (x->passive) text_add(t, " passive");
        text_add(t, x->bfd.on && x->bfd.min_tx_us == 300000 && x->bfd.mult == 3 ? " bfd\n" : "\n");
    }
    for (size_t i = 0; i < d->networks_n; i++) {
        text_addf(t, "    network %s", prefix_text(&d->networks[i].prefix, p));
        for (size_t k = 0; k < d->networks[i].communities_n; k++)
            text_addf(t, " %u:%u", d->networks[i].communities[k] >> 16,
                      d->networks[i].communities[k] & 0xffff);
        text_add(t, "\n");
    }
    if (d->holder_asn) text_addf(t, "    holder %u\n", d->holder_asn);
    for (size_t i = 0; i < d->advertised_n; i++)
        text_addf(t, "    may announce %s\n", prefix_text(&d->advertised[i], p));
    for (size_t i = 0; i < d->route_filter_n; i++)
        text_addf(t, "    lets out %u:%u\n", d->route_filter[i] >> 16, d->route_filter[i] & 0xffff);
}

/* What the control plane writes is what an edge reads: nothing refused, nothing lost. */
static void an_edge_takes(const struct intent *i, struct arena *a)
{
    struct problems ps;
    problems_init(&ps, a);
    json_t *sent = intent_to_json(i, true), *again = NULL;
    struct intent *read = intent_from_json(sent, a, &ps);
    for (const struct problem *p = ps.first; p; p = p->next) print_error("%s: %s\n", p->where, p->what);
    assert_non_null(read);
    again = intent_to_json(read, true);
    assert_true(json_equal(sent, again));
    json_decref(sent), json_decref(again);
}

/* The plan as text; only the intent of `edge` when it is not NULL. */
static char *planned(const char *resources, const char *edges, const char *edge)
{
    struct arena a;
    struct problems ps;
    struct plan_input in;
    struct plan plan;
    struct text t = {0};
    char s[ADDR_TEXT_MAX];
    arena_init(&a, 4 << 20);
    problems_init(&ps, &a);
    json_t *r = json_loads(resources, 0, NULL), *e = json_loads(edges, 0, NULL);
    assert_non_null(r);
    assert_non_null(e);
    assert_true(plan_read(r, e, &a, &ps, &in));
    assert_int_equal(ps.count, 0);
    assert_true(plan_make(&in, &a, &plan));
    for (size_t i = 0; i < plan.n; i++) {
        an_edge_takes(&plan.rows[i].intent, &a);
        const struct intent *n = &plan.rows[i].intent;
        struct addr id = addr_v4(n->router.id);
        if (edge && strcmp(edge, plan.rows[i].edge) != 0) continue;
        assert_int_equal(n->dataplane, DATAPLANE_NAMESPACES);
        text_addf(&t, "%s %s AS %u in %s\n", n->router.name, addr_text(&id, s), n->router.asn,
                  n->router.namespace_);
        for (size_t d = 0; d < n->domains_n; d++) show_domain(&t, &n->domains[d]);
    }
    json_decref(r);
    json_decref(e);
    arena_drop(&a);
    char *copy = strdup(text_get(&t));
    text_drop(&t);
    return copy;
}

static void expect_plan(const char *resources, const char *edge, const char *wanted)
{
    char *got = planned(resources, EDGES, edge);
    assert_string_equal(got, wanted);
    free(got);
}

static const char demo_plan[] =
    "edge1 192.0.2.11 AS 12076 in fl-demo-edge1\n"
    "  domain er-demo-private private [circuit/er-demo/private]\n"
    "    attachment acc on acc0 2.100 [circuit/er-demo/private/primary] 192.168.100.130/30\n"
    "    attachment gw1 on core0 0.1 [connection/conn-demo/primary] 169.254.1.1/30\n"
    "    peer er-demo-private-cust 192.168.100.129 AS 65010 from 192.168.100.130 as customer "
    "[circuit/er-demo/private/primary] md5 Abc123 bfd\n"
    "    peer er-demo-private-gw1 169.254.1.2 AS 65515 from 169.254.1.1 as gateway "
    "[connection/conn-demo/primary] bfd\n"
    "edge2 192.0.2.12 AS 12076 in fl-demo-edge2\n"
    "  domain er-demo-private private [circuit/er-demo/private]\n"
    "    attachment acc on acc0 2.100 [circuit/er-demo/private/secondary] 192.168.100.134/30\n"
    "    attachment gw1 on core0 0.1 [connection/conn-demo/secondary] 169.254.1.5/30\n"
    "    peer er-demo-private-cust 192.168.100.133 AS 65010 from 192.168.100.134 as customer "
    "[circuit/er-demo/private/secondary] md5 Abc123 bfd\n"
    "    peer er-demo-private-gw1 169.254.1.6 AS 65515 from 169.254.1.5 as gateway "
    "[connection/conn-demo/secondary] bfd\n"
    "gw 192.0.2.20 AS 65515 in fl-demo-gw\n"
    "  domain gw-demo plain [gateway/gw-demo]\n"
    "    attachment e1 on core1 0.1 [connection/conn-demo/primary] 169.254.1.2/30\n"
    "    attachment e2 on core2 0.1 [connection/conn-demo/secondary] 169.254.1.6/30\n"
    "    attachment vnet on vnet0 0.0 [network/vnet-demo] 10.20.0.1/24\n"
    "    peer gw-demo-e1 169.254.1.1 AS 12076 from 169.254.1.2 as cloud "
    "[connection/conn-demo/primary] bfd\n"
    "    peer gw-demo-e2 169.254.1.5 AS 12076 from 169.254.1.6 as cloud "
    "[connection/conn-demo/secondary] bfd\n"
    "    network 10.20.0.0/16\n";

static void the_demo_becomes_three_intents(void **state)
{
    (void)state;
    expect_plan("[" DEMO "]", NULL, demo_plan);
}

static void the_order_of_the_input_does_not_matter(void **state)
{
    (void)state;
    expect_plan("[" CONNECTION_ROW("conn-demo", "er-demo", "1", "0") "," GATEWAY_ROW "," VNET_ROW("") ","
                DEMO_PEERING "," CIRCUIT_ROW("er-demo", "er-demo", "Provisioned", "2") "]", NULL,
                demo_plan);
}

static void two_customers_may_use_the_same_addresses(void **state)
{
    (void)state;
    expect_plan("[" CIRCUIT_ROW("a", "a", "Provisioned", "2") ","
                PEERING_ROW("a", "AzurePrivatePeering", "100", "10.0.0.0/30", "10.0.0.4/30", "", "") ","
                CIRCUIT_ROW("b", "b", "Provisioned", "3") ","
                PEERING_ROW("b", "AzurePrivatePeering", "100", "10.0.0.0/30", "10.0.0.4/30", "", "") "]",
                "edge1",
                "edge1 192.0.2.11 AS 12076 in fl-demo-edge1\n"
                "  domain a-private private [circuit/a/private]\n"
                "    attachment acc on acc0 2.100 [circuit/a/private/primary] 10.0.0.2/30\n"
                "    peer a-private-cust 10.0.0.1 AS 65010 from 10.0.0.2 as customer "
                "[circuit/a/private/primary] bfd\n"
                "  domain b-private private [circuit/b/private]\n"
                "    attachment acc on acc0 3.100 [circuit/b/private/primary] 10.0.0.2/30\n"
                "    peer b-private-cust 10.0.0.1 AS 65010 from 10.0.0.2 as customer "
                "[circuit/b/private/primary] bfd\n");
}

static void a_circuit_that_is_not_provisioned_gives_no_domain_and_no_link(void **state)
{
    (void)state;
    static const char *const states[] = {"NotProvisioned", "Provisioning", "Deprovisioning"};
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        char *all = malloc(sizeof "[" DEMO "]" + 32);
        const char *demo = "[" DEMO "]", *at = strstr(demo, "\"Provisioned\"");
        assert_non_null(all);
        sprintf(all, "%.*s\"%s\"%s", (int)(at - demo), demo, states[i], at + strlen("\"Provisioned\""));
        expect_plan(all, NULL,
                    "edge1 192.0.2.11 AS 12076 in fl-demo-edge1\n"
                    "edge2 192.0.2.12 AS 12076 in fl-demo-edge2\n"
                    "gw 192.0.2.20 AS 65515 in fl-demo-gw\n"
                    "  domain gw-demo plain [gateway/gw-demo]\n"
                    "    attachment vnet on vnet0 0.0 [network/vnet-demo] 10.20.0.1/24\n"
                    "    network 10.20.0.0/16\n");
        free(all);
    }
}

/* --- Global Reach --- */

#define FAR_EDGES                                                                                  \
    ",{\"name\":\"edge3\",\"role\":\"edge\",\"location\":\"London\",\"leg\":\"primary\","               \
    "\"router_id\":\"192.0.2.13\",\"namespace\":\"fl-demo-edge3\",\"ports\":{\"access\":\"acc0\","         \
    "\"core\":\"core0\"},\"cores\":{\"edge1\":\"back1\"}}]"
#define FAR_CIRCUIT(state)                                                                         \
    "{\"id\":\"" S "expressRouteCircuits/er-two\",\"name\":\"er-two\",\"type\":"                        \
    "\"Microsoft.Network/expressRouteCircuits\",\"sku\":{\"tier\":\"Standard\"},\"properties\":{"       \
    "\"provisioningState\":\"Succeeded\",\"serviceProviderProvisioningState\":\"" state "\","           \
    "\"serviceProviderProperties\":{\"peeringLocation\":\"London\"}},\"internal\":{\"label\":"          \
    "\"er-two\",\"stag\":7}},"                                                                      \
    PEERING_ROW("er-two", "AzurePrivatePeering", "200", "10.9.0.0/30", "10.9.0.4/30", "", "")
#define REACH_ROW(tag, more)                                                                       \
    "{\"id\":\"" S "expressRouteCircuits/er-demo/peerings/AzurePrivatePeering/connections/gr\","     \
    "\"name\":\"gr\",\"type\":\"Microsoft.Network/expressRouteCircuits/peerings/connections\","         \
    "\"properties\":{\"provisioningState\":\"Succeeded\",\"addressPrefix\":\"10.250.0.0/29\"" more    \
    "},\"internal\":{\"label\":\"gr\",\"tag\":" tag ",\"circuit\":\"" K "expressroutecircuits/er-demo" \
    "\",\"peerCircuit\":\"" K "expressroutecircuits/er-two\"}}"

static char *reach_plan(const char *resources, const char *edge)
{
    char edges[sizeof EDGES + sizeof FAR_EDGES];
    snprintf(edges, sizeof edges, "%.*s%s", (int)strlen(EDGES) - 1, EDGES, FAR_EDGES);
    return planned(resources, edges, edge);
}

static void expect_reach(const char *resources, const char *edge, const char *wanted)
{
    char *got = reach_plan(resources, edge);
    assert_string_equal(got, wanted);
    free(got);
}

static void global_reach_is_an_internal_session_between_the_edges_of_a_leg(void **state)
{
    (void)state;
    static const char all[] = "[" CIRCUIT_ROW("er-demo", "er-demo", "Provisioned", "2") "," DEMO_PEERING
        "," FAR_CIRCUIT("Provisioned") "," REACH_ROW("5", ",\"ipv6CircuitConnectionConfig\":{"
        "\"addressPrefix\":\"fd00:1::1/125\"}") "]";
    expect_reach(all, "edge1",
        "edge1 192.0.2.11 AS 12076 in fl-demo-edge1\n"
        "  domain er-demo-private private [circuit/er-demo/private]\n"
        "    attachment acc on acc0 2.100 [circuit/er-demo/private/primary] 192.168.100.130/30\n"
        "    attachment gr5 on core0 0.5 [reach/gr/primary] 10.250.0.1/30 fd00:1::1/126\n"
        "    peer er-demo-private-cust 192.168.100.129 AS 65010 from 192.168.100.130 as customer "
        "[circuit/er-demo/private/primary] md5 Abc123 bfd\n"
        "    peer er-demo-private-gr5 10.250.0.2 AS 12076 from 10.250.0.1 as internal "
        "[reach/gr/primary] bfd\n"
        "    peer er-demo-private-gr5-6 fd00:1::2 AS 12076 from fd00:1::1 as internal "
        "[reach/gr/primary] ipv6 bfd\n");
    expect_reach(all, "edge3",
        "edge3 192.0.2.13 AS 12076 in fl-demo-edge3\n"
        "  domain er-two-private private [circuit/er-two/private]\n"
        "    attachment acc on acc0 7.200 [circuit/er-two/private/primary] 10.9.0.2/30\n"
        "    attachment gr5 on back1 0.5 [reach/gr/primary] 10.250.0.2/30 fd00:1::2/126\n"
        "    peer er-two-private-cust 10.9.0.1 AS 65010 from 10.9.0.2 as customer "
        "[circuit/er-two/private/primary] bfd\n"
        "    peer er-two-private-gr5 10.250.0.1 AS 12076 from 10.250.0.2 as internal "
        "[reach/gr/primary] passive bfd\n"
        "    peer er-two-private-gr5-6 fd00:1::1 AS 12076 from fd00:1::2 as internal "
        "[reach/gr/primary] ipv6 passive bfd\n");
    char *secondary = reach_plan(all, "edge2"); /* no edge serves that leg in London */
    assert_null(strstr(secondary, "gr5"));
    free(secondary);
}

static void global_reach_waits_for_both_circuits(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "[" CIRCUIT_ROW("er-demo", "er-demo", "Provisioned", "2") "," DEMO_PEERING ","
            FAR_CIRCUIT("Provisioning") "," REACH_ROW("5", "") "]",
        "[" CIRCUIT_ROW("er-demo", "er-demo", "Provisioned", "2") "," DEMO_PEERING ","
            FAR_CIRCUIT("Provisioned") "," REACH_ROW("0", "") "]", /* from before tags were given */
        "[" CIRCUIT_ROW("er-demo", "er-demo", "Provisioned", "2") "," DEMO_PEERING ","
            REACH_ROW("5", "") "]",
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *got = reach_plan(rows[i], "edge1");
        assert_null(strstr(got, " gr"));
        assert_non_null(strstr(got, "er-demo-private-cust"));
        free(got);
    }
}

static void a_disabled_peering_keeps_its_sessions_down(void **state)
{
    (void)state;
    expect_plan("[" CIRCUIT_ROW("a", "a", "Provisioned", "2") ","
                PEERING_ROW("a", "AzurePrivatePeering", "100", "10.0.0.0/30", "10.0.0.4/30",
                            ",\"state\":\"Disabled\"", "") "]", "edge2",
                "edge2 192.0.2.12 AS 12076 in fl-demo-edge2\n"
                "  domain a-private private [circuit/a/private]\n"
                "    attachment acc on acc0 2.100 [circuit/a/private/secondary] 10.0.0.6/30\n"
                "    peer a-private-cust 10.0.0.5 AS 65010 from 10.0.0.6 as customer "
                "[circuit/a/private/secondary] down bfd\n");
}

static void a_peering_that_is_being_made_or_deleted_is_left_out(void **state)
{
    (void)state;
    static const char nothing[] = "edge1 192.0.2.11 AS 12076 in fl-demo-edge1\n";
    expect_plan("[" CIRCUIT_ROW("a", "a", "Provisioned", "2") ","
                PEERING_ROW("a", "AzurePrivatePeering", "100", "10.0.0.0/30", "10.0.0.4/30", "",
                            "\"new\":true") "]", "edge1", nothing);
    expect_plan("[" CIRCUIT_ROW("a", "a", "Provisioned", "2") ","
                PEERING_ROW("a", "AzurePrivatePeering", "100", "10.0.0.0/30", "10.0.0.4/30",
                            ",\"provisioningState\":\"Deleting\"", "") "]", "edge1", nothing);
}

static void ipv6_has_sessions_of_its_own_on_the_same_attachments(void **state)
{
    (void)state;
    expect_plan("[" CIRCUIT_ROW("er-demo", "er-demo", "Provisioned", "2") ","
                PEERING_ROW("er-demo", "AzurePrivatePeering", "100", "10.0.0.0/30", "10.0.0.4/30",
                            ",\"ipv6PeeringConfig\":{\"primaryPeerAddressPrefix\":\"fd00:1::/126\","
                            "\"secondaryPeerAddressPrefix\":\"fd00:1::4/126\"}", "") ","
                VNET_ROW(",\"fd00:20::/48\"") "," GATEWAY_ROW ","
                CONNECTION_ROW("conn-demo", "er-demo", "1", "0") "]", "edge2",
                "edge2 192.0.2.12 AS 12076 in fl-demo-edge2\n"
                "  domain er-demo-private private [circuit/er-demo/private]\n"
                "    attachment acc on acc0 2.100 [circuit/er-demo/private/secondary] 10.0.0.6/30 "
                "fd00:1::6/126\n"
                "    attachment gw1 on core0 0.1 [connection/conn-demo/secondary] 169.254.1.5/30 "
                "fd65:5515:0:1::5/126\n"
                "    peer er-demo-private-cust 10.0.0.5 AS 65010 from 10.0.0.6 as customer "
                "[circuit/er-demo/private/secondary] bfd\n"
                "    peer er-demo-private-cust6 fd00:1::5 AS 65010 from fd00:1::6 as customer "
                "[circuit/er-demo/private/secondary] ipv6 bfd\n"
                "    peer er-demo-private-gw1 169.254.1.6 AS 65515 from 169.254.1.5 as gateway "
                "[connection/conn-demo/secondary] bfd\n"
                "    peer er-demo-private-gw1-6 fd65:5515:0:1::6 AS 65515 from fd65:5515:0:1::5 as "
                "gateway [connection/conn-demo/secondary] ipv6 bfd\n");
}

static void two_connections_have_links_of_their_own_and_the_heavier_is_preferred(void **state)
{
    (void)state;
    expect_plan("[" DEMO "," CIRCUIT_ROW("er-2", "er-2", "Provisioned", "3") ","
                PEERING_ROW("er-2", "AzurePrivatePeering", "100", "10.9.0.0/30", "10.9.0.4/30", "", "") ","
                CONNECTION_ROW("conn-2", "er-2", "256", "50") "]", "gw",
                "gw 192.0.2.20 AS 65515 in fl-demo-gw\n"
                "  domain gw-demo plain [gateway/gw-demo]\n"
                "    attachment e1 on core1 0.1 [connection/conn-demo/primary] 169.254.1.2/30\n"
                "    attachment e2 on core2 0.1 [connection/conn-demo/secondary] 169.254.1.6/30\n"
                "    attachment e511 on core1 0.256 [connection/conn-2/primary] 169.254.2.10/30\n"
                "    attachment e512 on core2 0.256 [connection/conn-2/secondary] 169.254.2.14/30\n"
                "    attachment vnet on vnet0 0.0 [network/vnet-demo] 10.20.0.1/24\n"
                "    peer gw-demo-e1 169.254.1.1 AS 12076 from 169.254.1.2 as cloud "
                "[connection/conn-demo/primary] bfd\n"
                "    peer gw-demo-e2 169.254.1.5 AS 12076 from 169.254.1.6 as cloud "
                "[connection/conn-demo/secondary] bfd\n"
                "    peer gw-demo-e511 169.254.2.9 AS 12076 from 169.254.2.10 as cloud "
                "[connection/conn-2/primary] pref 150 bfd\n"
                "    peer gw-demo-e512 169.254.2.13 AS 12076 from 169.254.2.14 as cloud "
                "[connection/conn-2/secondary] pref 150 bfd\n"
                "    network 10.20.0.0/16\n");
}

static void microsoft_peering_is_a_domain_without_links_to_gateways(void **state)
{
    (void)state;
    expect_plan("[" DEMO "," PEERING_ROW("er-demo", "MicrosoftPeering", "101", "203.0.113.0/30",
                                         "203.0.113.4/30", "", "") "]", "edge1",
                "edge1 192.0.2.11 AS 12076 in fl-demo-edge1\n"
                "  domain er-demo-private private [circuit/er-demo/private]\n"
                "    attachment acc on acc0 2.100 [circuit/er-demo/private/primary] 192.168.100.130/30\n"
                "    attachment gw1 on core0 0.1 [connection/conn-demo/primary] 169.254.1.1/30\n"
                "    peer er-demo-private-cust 192.168.100.129 AS 65010 from 192.168.100.130 as "
                "customer [circuit/er-demo/private/primary] md5 Abc123 bfd\n"
                "    peer er-demo-private-gw1 169.254.1.2 AS 65515 from 169.254.1.1 as gateway "
                "[connection/conn-demo/primary] bfd\n"
                "  domain er-demo-microsoft microsoft [circuit/er-demo/microsoft]\n"
                "    attachment acc on acc0 2.101 [circuit/er-demo/microsoft/primary] 203.0.113.2/30\n"
                "    peer er-demo-microsoft-cust 203.0.113.1 AS 65010 from 203.0.113.2 as customer "
                "[circuit/er-demo/microsoft/primary] bfd\n");
}

#define RULE_ROW(name, access, communities)                                                        \
    "{\"id\":\"" S "routeFilters/rf/routeFilterRules/" name "\",\"name\":\"" name "\",\"type\":"     \
    "\"Microsoft.Network/routeFilters/routeFilterRules\",\"properties\":{\"access\":\"" access      \
    "\",\"communities\":[" communities "]}}"
#define ADVERTISED(state)                                                                          \
    PEERING_ROW("er-demo", "MicrosoftPeering", "101", "203.0.113.0/30", "203.0.113.4/30",           \
                ",\"microsoftPeeringConfig\":{\"advertisedPublicPrefixes\":[\"192.0.2.0/24\"],"    \
                "\"customerASN\":64500},\"routeFilter\":{\"id\":\"" S "RouteFilters/rf\"},"         \
                "\"ipv6PeeringConfig\":{\"primaryPeerAddressPrefix\":\"2001:db8::/126\","           \
                "\"secondaryPeerAddressPrefix\":\"2001:db8::4/126\",\"microsoftPeeringConfig\":{"   \
                "\"advertisedPublicPrefixes\":[\"2001:db8:1::/48\"]}}",                             \
                "\"advertised\":\"" state "\"")

static void microsoft_peering_tells_what_may_come_in_and_go_out(void **state)
{
    (void)state;
    expect_plan("[" CIRCUIT_ROW("er-demo", "er-demo", "Provisioned", "2") ","
                    ADVERTISED("Configured") "," RULE_ROW("a", "Allow", "\"12076:5010\"") ","
                    RULE_ROW("b", "Deny", "\"12076:5020\"") "]", "edge1",
                "edge1 192.0.2.11 AS 12076 in fl-demo-edge1\n"
                "  domain er-demo-microsoft microsoft [circuit/er-demo/microsoft]\n"
                "    attachment acc on acc0 2.101 [circuit/er-demo/microsoft/primary] 203.0.113.2/30 "
                "2001:db8::2/126\n"
                "    peer er-demo-microsoft-cust 203.0.113.1 AS 65010 from 203.0.113.2 as customer "
                "[circuit/er-demo/microsoft/primary] bfd\n"
                "    peer er-demo-microsoft-cust6 2001:db8::1 AS 65010 from 2001:db8::2 as customer "
                "[circuit/er-demo/microsoft/primary] ipv6 bfd\n"
                "    network 198.51.100.0/24 12076:5010 12076:51002\n"
                "    holder 64500\n"
                "    may announce 192.0.2.0/24\n"
                "    may announce 2001:db8:1::/48\n"
                "    lets out 12076:5010\n");
}

static void prefixes_that_nobody_vouches_for_keep_the_sessions_down(void **state)
{
    (void)state;
    char *got = planned("[" CIRCUIT_ROW("er-demo", "er-demo", "Provisioned", "2") ","
                        ADVERTISED("ValidationNeeded") "]", EDGES, "edge1");
    assert_non_null(strstr(got, "primary] down bfd"));
    assert_non_null(strstr(got, "primary] ipv6 down bfd"));
    assert_null(strstr(got, "network"));
    free(got);
}

static void every_link_of_every_tag_has_addresses_of_its_own(void **state)
{
    (void)state;
    static char all[1 << 21];
    struct arena a;
    struct problems ps;
    struct plan_input in;
    struct plan plan;
    size_t n = (size_t)sprintf(all, "[" DEMO);
    for (int tag = 2; tag <= 4094; tag++)
        n += (size_t)sprintf(all + n, "," CONNECTION_ROW("c%d", "er-demo", "%d", "0"), tag, tag, tag, tag);
    sprintf(all + n, "]");
    arena_init(&a, 64 << 20);
    problems_init(&ps, &a);
    json_t *r = json_loads(all, 0, NULL), *e = json_loads(EDGES, 0, NULL);
    assert_true(plan_read(r, e, &a, &ps, &in));
    assert_true(plan_make(&in, &a, &plan));
    static bool seen[2][1 << 16];
    const struct intent_domain *d = &plan.rows[2].intent.domains[0];
    for (size_t i = 0; i < d->peers_n; i++) {
        uint32_t at = addr_v4_value(&d->peers[i].local) & 0xffff;
        assert_int_equal(addr_v4_value(&d->peers[i].local) >> 16, 169 << 8 | 254);
        assert_false(seen[0][at]);
        seen[0][at] = true;
    }
    assert_int_equal(d->peers_n, 2 * 4094);
    json_decref(r);
    json_decref(e);
    arena_drop(&a);
}

static void the_registry_refuses_what_it_does_not_understand(void **state)
{
    (void)state;
    static const struct {
        const char *entry, *where, *what;
    } rows[] = {
        {"{\"name\":\"e\",\"role\":\"edg\",\"router_id\":\"192.0.2.1\"}", "/role", "'role' is 'edg'"},
        {"{\"name\":\"e\",\"role\":\"edge\",\"router_id\":\"192.0.2.1\",\"location\":\"A\",\"leg\":"
         "\"primary\",\"ports\":{\"access\":\"a\"}}", "", "'ports.core' is missing"},
        {"{\"name\":\"e\",\"role\":\"edge\",\"router_id\":\"192.0.2.1\",\"ports\":{\"acess\":\"a\"}}",
         "/ports/acess", "unknown key 'acess', did you mean 'access'?"},
        {"{\"name\":\"g\",\"role\":\"gateway\",\"router_id\":\"192.0.2.1\",\"cores\":{\"edge1\":1},"
         "\"networks\":[]}", "/cores/edge1", "the port to 'edge1' is a whole number"},
        {"{\"name\":\"g\",\"role\":\"gateway\",\"router_id\":\"192.0.2.1\",\"cores\":{\"e\":\"c\"},"
         "\"networks\":[{\"vnet\":\"v\",\"port\":\"p\",\"address\":\"10.0.0.1/33\"}]}",
         "/networks/0/address", "'10.0.0.1/33' is no address with a length"},
        {"{\"name\":\"g\",\"role\":\"gateway\",\"router_id\":\"0.0.0.0\"}", "/router_id",
         "'0.0.0.0' is no identifier"},
        {"[]", "", "the entry is a list"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena a;
        struct problems ps;
        struct plan_edge e;
        arena_init(&a, 1 << 20);
        problems_init(&ps, &a);
        json_t *j = json_loads(rows[i].entry, 0, NULL);
        plan_edge_read(j, &a, &ps, &e);
        assert_true(ps.count >= 1);
        assert_string_equal(ps.first->where, rows[i].where);
        assert_string_equal(ps.first->what, rows[i].what);
        json_decref(j);
        arena_drop(&a);
    }
}

static void a_registry_entry_reads_back_as_it_was_written(void **state)
{
    (void)state;
    json_t *list = json_loads(EDGES, 0, NULL), *v;
    size_t i;
    json_array_foreach(list, i, v)
    {
        struct arena a;
        struct problems ps;
        struct plan_edge e;
        arena_init(&a, 1 << 20);
        problems_init(&ps, &a);
        plan_edge_read(v, &a, &ps, &e);
        assert_int_equal(ps.count, 0);
        json_t *again = plan_edge_write(&e);
        assert_true(json_equal(v, again));
        json_decref(again);
        arena_drop(&a);
    }
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_demo_becomes_three_intents),
        cmocka_unit_test(the_order_of_the_input_does_not_matter),
        cmocka_unit_test(two_customers_may_use_the_same_addresses),
        cmocka_unit_test(a_circuit_that_is_not_provisioned_gives_no_domain_and_no_link),
        cmocka_unit_test(global_reach_is_an_internal_session_between_the_edges_of_a_leg),
        cmocka_unit_test(global_reach_waits_for_both_circuits),
        cmocka_unit_test(a_disabled_peering_keeps_its_sessions_down),
        cmocka_unit_test(a_peering_that_is_being_made_or_deleted_is_left_out),
        cmocka_unit_test(ipv6_has_sessions_of_its_own_on_the_same_attachments),
        cmocka_unit_test(two_connections_have_links_of_their_own_and_the_heavier_is_preferred),
        cmocka_unit_test(microsoft_peering_is_a_domain_without_links_to_gateways),
        cmocka_unit_test(microsoft_peering_tells_what_may_come_in_and_go_out),
        cmocka_unit_test(prefixes_that_nobody_vouches_for_keep_the_sessions_down),
        cmocka_unit_test(every_link_of_every_tag_has_addresses_of_its_own),
        cmocka_unit_test(the_registry_refuses_what_it_does_not_understand),
        cmocka_unit_test(a_registry_entry_reads_back_as_it_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
