/* Figures for Prometheus from what routers report: each metric once, rows below it, labels escaped. */
#include <stdio.h>
#include "check.h"
#include "intent/metrics_json.h"

static const char one[] =
    "{\"peers\":[{\"name\":\"a\\\"b\\n\",\"subject\":\"circuit/er/private/primary\",\"state\":\"Established\",\"uptime_s\":7,"
    "\"established_count\":2,\"prefixes\":{\"received\":5,\"accepted\":4,\"advertised\":3,\"ipv4\":{\"received\":5,"
    "\"limit\":20},\"ipv6\":{\"received\":0,\"limit\":0}},\"refused\":{\"default-route\":1},\"messages\":{\"in\":9,"
    "\"out\":8},\"faults\":{\"treated_as_withdraw\":1,\"attributes_discarded\":0}}],\"bfd\":[{\"peer\":\"p\",\"state\":"
    "\"Down\"}],\"attachments\":[{\"name\":\"acc\",\"rx_bytes\":100,\"tx_bytes\":5000000000}],\"rpki\":[{\"name\":"
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
        "fairlead_rpki_payloads{router=\"e1\",name=\"ipv4\"} 12",
        "fairlead_bmp_station_up{router=\"e1\",name=\"s\"} 1",
        "fairlead_bmp_overruns_total{router=\"e1\",name=\"s\"} 1",
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) check_line(&t, lines[i]);
    assert_null(strstr(text_get(&t), "family=\"ipv6\"")); /* no limit, no ratio */
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
