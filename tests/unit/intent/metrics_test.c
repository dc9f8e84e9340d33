/* Figures for Prometheus from what routers report: each metric once, rows below it, labels escaped. */
#include <stdio.h>
#include "check.h"
#include "intent/metrics_json.h"

static const char one[] =
    "{\"peers\":[{\"name\":\"a\\\"b\\n\",\"subject\":\"circuit/er/private/primary\",\"state\":\"Established\",\"uptime_s\":7,"
    "\"established_count\":2,\"prefixes\":{\"received\":5,\"accepted\":4,\"advertised\":3,\"ipv4\":{\"received\":5,"
    "\"limit\":20},\"ipv6\":{\"received\":0,\"limit\":0}},\"refused\":{\"default-route\":1},\"messages\":{\"in\":9,"
    "\"out\":8},\"faults\":{\"treated_as_withdraw\":1,\"attributes_discarded\":0}}],\"bfd\":[{\"peer\":\"p\",\"state\":"
    "\"Down\"}],\"attachments\":[{\"name\":\"acc\",\"rx_bytes\":100,\"tx_bytes\":5000000000},"
    "{\"name\":\"leg\",\"subject\":\"circuit/er/microsoft/secondary\",\"rx_bytes\":70,\"tx_bytes\":9,\"classes\":[{\"class\":"
    "\"voice\",\"rx_bytes\":40,\"tx_bytes\":1,\"rx_dropped\":3,\"tx_dropped\":0},{\"class\":\"default\",\"rx_bytes\":20,"
    "\"tx_bytes\":8,\"rx_dropped\":0,\"tx_dropped\":6}]}],\"nat\":{\"pools\":[{\"domain\":\"office\",\"bindings\":12,"
    "\"block_ports\":512,\"blocks_ours\":4,\"blocks_used\":2,\"refused\":5,\"full_in_s\":90},{\"domain\":\"calm\","
    "\"full_in_s\":null}]},\"fates\":[{\"where\":\"domain office\",\"reason\":\"in words\",\"name\":\"ACL\",\"packets\":8}],\"rpki\":[{\"name\":"
    "\"ipv4\",\"payloads\":12}],\"stations\":[{\"name\":\"s\",\"state\":\"up\",\"overruns\":1}]}";

static void check_line(const struct text *t, const char *line)
{
    char whole[300];
    snprintf(whole, sizeof whole, "\n%s\n", line);
    if (!strstr(text_get(t), whole)) fail_msg("no line '%s' in:\n%s", line, text_get(t));
}

static void each_figure_has_its_name_labels_and_unit(void **state)
{
    (void)state;
    json_t *json = json_loads(one, 0, NULL);
    assert_non_null(json);
    const struct metrics_source s = {"e1", json};
    struct text t = {0};
    metrics_of_evidence(&s, 1, &t);
#define PEER "{router=\"e1\",name=\"a\\\"b?\",circuit=\"er\",domain=\"private\",leg=\"primary\""
#define LEG "{router=\"e1\",name=\"leg\",circuit=\"er\",domain=\"microsoft\",leg=\"secondary\""
    static const char *const lines[] = {
        "fairlead_bgp_peer_up" PEER "} 1",
        "fairlead_bgp_peer_prefixes_received" PEER "} 5",
        "fairlead_bgp_peer_prefixes_accepted" PEER "} 4",
        "fairlead_bgp_peer_prefixes_advertised" PEER "} 3",
        "fairlead_bgp_peer_uptime_seconds" PEER "} 7",
        "fairlead_bgp_peer_established_total" PEER "} 2",
        "fairlead_bgp_peer_messages_total" PEER ",direction=\"in\"} 9",
        "fairlead_bgp_peer_malformed_total" PEER ",reaction=\"treat-as-withdraw\"} 1",
        "fairlead_bgp_peer_refused_total" PEER ",reason=\"default-route\"} 1",
        "fairlead_prefix_limit_ratio" PEER ",family=\"ipv4\"} 0.25",
        "fairlead_bfd_session_up{router=\"e1\",name=\"p\"} 0",
        "fairlead_link_bytes_total{router=\"e1\",name=\"acc\",direction=\"out\"} 5000000000",
        "fairlead_link_bytes_total" LEG ",direction=\"in\",class=\"voice\"} 40",
        "fairlead_link_bytes_total" LEG ",direction=\"in\",class=\"none\"} 10",
        "fairlead_link_bytes_total" LEG ",direction=\"out\",class=\"none\"} 0",
        "fairlead_policer_dropped_bytes_total" LEG ",direction=\"in\",class=\"voice\"} 3",
        "fairlead_policer_dropped_bytes_total" LEG ",direction=\"out\",class=\"default\"} 6",
        "fairlead_nat_ports_in_use{router=\"e1\",domain=\"office\"} 12",
        "fairlead_nat_ports{router=\"e1\",domain=\"office\"} 2048",
        "fairlead_nat_blocks_in_use{router=\"e1\",domain=\"office\"} 2",
        "fairlead_nat_refused_total{router=\"e1\",domain=\"office\"} 5",
        "fairlead_nat_full_in_seconds{router=\"e1\",domain=\"office\"} 90",
        "fairlead_dropped_packets_total{router=\"e1\",domain=\"office\",reason=\"ACL\"} 8",
        "fairlead_rpki_payloads{router=\"e1\",name=\"ipv4\"} 12",
        "fairlead_bmp_station_up{router=\"e1\",name=\"s\"} 1",
        "fairlead_bmp_overruns_total{router=\"e1\",name=\"s\"} 1",
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) check_line(&t, lines[i]);
    assert_null(strstr(text_get(&t), "family=\"ipv6\"")); /* no limit, no ratio */
    assert_null(strstr(text_get(&t), "full_in_seconds{router=\"e1\",domain=\"calm\"")); /* it does not fill up */
    text_drop(&t);
    json_decref(json);
}

static void rows_of_several_routers_stand_below_one_head(void **state)
{
    (void)state;
    json_t *json = json_loads(one, 0, NULL);
    const struct metrics_source s[] = {{"e1", json}, {"e2", json}, {"none", NULL}};
    struct text t = {0};
    metrics_of_evidence(s, 3, &t);
    const char *head = strstr(text_get(&t), "# TYPE fairlead_bgp_peer_up gauge\n");
    assert_non_null(head);
    assert_null(strstr(head + 1, "# TYPE fairlead_bgp_peer_up gauge\n"));
    const char *first = strstr(head, "router=\"e1\""), *second = strstr(head, "router=\"e2\"");
    assert_true(first && second && first < second && second < strstr(head + 1, "# HELP"));
    text_drop(&t);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_figure_has_its_name_labels_and_unit),
        cmocka_unit_test(rows_of_several_routers_stand_below_one_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
