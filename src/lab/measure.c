/* lab/measure.c - pings over the legs' own subnets, STAMP probes to the far host.
 * A probe from a customer router leaves over that router's own leg; the answer may come back over
 * either, as the cloud balances by flow. */
#include "lab/measure.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lab/routers.h"
#include "lab/wiring.h"

enum { PINGS = 50, PINGS_QUICK = 15, PROBES = 200, PROBE_RATE = 500, LIMIT_S = 15 };

/* "50 packets transmitted, 50 received, ..." and "rtt min/avg/max/mdev = 0.1/0.2/0.3/0.0 ms". */
static bool read_ping(const char *said, struct measure_row *row)
{
    long long sent, received;
    double least, average;
    const char *counts = strstr(said, "packets transmitted"), *rtt = strstr(said, "min/avg/max");
    if (!counts) return false;
    while (counts > said && counts[-1] != '\n') counts--;
    if (sscanf(counts, "%lld packets transmitted, %lld", &sent, &received) != 2) return false;
    row->sent = sent;
    row->lost = sent - received;
    rtt = rtt ? strchr(rtt, '=') : NULL;
    row->rtt_us =
        rtt && sscanf(rtt + 1, "%lf/%lf", &least, &average) == 2 ? (int64_t)(average * 1000) : 0;
    return true;
}

static bool read_probe(const char *said, struct measure_row *row)
{
    json_t *json = json_loads(said, 0, NULL);
    row->sent = json_integer_value(json_object_get(json, "sent"));
    row->lost = json_integer_value(json_object_get(json, "lost"));
    row->rtt_us = json_integer_value(json_object_get(json_object_get(json, "rtt_us"), "median"));
    bool good = row->sent > 0;
    json_decref(json);
    return good;
}

static bool run_in(const struct lab *lab, enum lab_node_id node, const char *const *argv,
                   bool (*read)(const char *said, struct measure_row *row), struct measure_row *row,
                   struct text *why)
{
    char ns[NETNS_PATH_MAX];
    struct text said = {0};
    const char *domain = node == NODE_CE1 ? lab_site_domain : NULL;
    snprintf(row->from, sizeof row->from, "%s", lab_nodes[node].name);
    struct process_spec spec = {.argv = argv,
                                .namespace_path = wiring_path(lab->state.lab, node, domain, ns)};
    int status = process_run(&spec, NULL, duration_s(LIMIT_S), &said, why);
    bool good = status >= 0 && read(text_get(&said), row);
    if (!good && status >= 0)
        text_addf(why, "%s: no figures from: %.200s", row->what, text_get(&said));
    text_drop(&said);
    return good;
}

static bool ping(const struct lab *lab, enum lab_node_id node, const struct addr *to, int pings,
                 struct measure_row *row, struct text *why)
{
    char count[16];
    snprintf(count, sizeof count, "%d", pings);
    const char *const argv[] = {
        "ping", "-n", "-q", "-i", "0.01", "-W", "1", "-c", count, addr_text(to, row->to), NULL};
    return run_in(lab, node, argv, read_ping, row, why);
}

static bool probe(const struct lab *lab, enum lab_node_id node, const struct addr *from,
                  struct measure_row *row, struct text *why)
{
    char program[LAB_PATH_MAX], source[ADDR_TEXT_MAX], count[16], rate[16];
    snprintf(count, sizeof count, "%d", PROBES);
    snprintf(rate, sizeof rate, "%d", PROBE_RATE);
    const char *const argv[] = {lab_program("fairlead", program),
                                "probe",
                                "send",
                                addr_text(&lab->params->vnet_host, row->to),
                                "--count",
                                count,
                                "--rate",
                                rate,
                                "--source",
                                addr_text(from, source),
                                "-o",
                                "json",
                                NULL};
    return run_in(lab, node, argv, read_probe, row, why);
}

bool measure_all(const struct lab *lab, struct measure_row out[static MEASURE_ROWS],
                 struct text *why)
{
    static const char *const names[MEASURE_ROWS] = {
        "primary leg", "secondary leg", "through primary", "through secondary", "host to host"};
    const struct lab_params *p = lab->params;
    for (size_t i = 0; i < MEASURE_ROWS; i++) out[i] = (struct measure_row){.what = names[i]};
    return ping(lab, NODE_CE1, &p->legs[LEG_PRIMARY].cloud, PINGS, &out[0], why) &&
           ping(lab, NODE_CE2, &p->legs[LEG_SECONDARY].cloud, PINGS, &out[1], why) &&
           probe(lab, NODE_CE1, &p->ce[LEG_PRIMARY], &out[2], why) &&
           probe(lab, NODE_CE2, &p->ce[LEG_SECONDARY], &out[3], why) &&
           probe(lab, NODE_SITE_HOST, &p->host, &out[4], why);
}

bool measure_legs(const struct lab *lab, struct measure_row out[static LAB_LEGS], struct text *why)
{
    const struct lab_circuit_leg *legs = lab->params->legs;
    out[LEG_PRIMARY] = (struct measure_row){.what = "primary leg"};
    out[LEG_SECONDARY] = (struct measure_row){.what = "secondary leg"};
    return ping(lab, NODE_CE1, &legs[LEG_PRIMARY].cloud, PINGS_QUICK, &out[LEG_PRIMARY], why) &&
           ping(lab, NODE_CE2, &legs[LEG_SECONDARY].cloud, PINGS_QUICK, &out[LEG_SECONDARY], why);
}

json_t *measure_json(const struct measure_row rows[static MEASURE_ROWS])
{
    return measure_rows_json(rows, MEASURE_ROWS);
}

json_t *measure_rows_json(const struct measure_row *rows, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "what", rows[i].what,
                                        "from", rows[i].from, "to", rows[i].to, "sent",
                                        (json_int_t)rows[i].sent, "lost", (json_int_t)rows[i].lost,
                                        "rtt_us", (json_int_t)rows[i].rtt_us));
    return list;
}

void measure_print(const struct measure_row rows[static MEASURE_ROWS], struct text *out)
{
    for (size_t i = 0; i < MEASURE_ROWS; i++)
        text_addf(out, "  %-18s %-9s -> %-16s %4lld sent %3lld lost   round trip %lld.%02lld ms\n",
                  rows[i].what, rows[i].from, rows[i].to, (long long)rows[i].sent,
                  (long long)rows[i].lost, (long long)(rows[i].rtt_us / 1000),
                  (long long)(rows[i].rtt_us % 1000 / 10));
}
