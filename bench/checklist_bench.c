/* bench/checklist_bench.c - a large design, judged: CIRCUITS circuits, PREFIXES announced on each, alone
 * and with evidence of every leg. Prints milliseconds of processor time a run (other work on the machine
 * does not count).
 *   checklist_bench [CIRCUITS [PREFIXES]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/text.h"
#include "checklist/rows_json.h"
#include "model/catalogue_json.h"
#include "model/design_json.h"
#include "sys/data_files.h"

enum { RUNS = 5, NOW_S = 1795564800 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static json_t *circuit_of(unsigned i)
{
    unsigned net = i * 16;
    json_t *p = json_pack("{s:i, s:i, s:o, s:o, s:s, s:b, s:s, s:b, s:{s:b, s:b}}", "vlan", 100, "peer_asn", 65010, "primary_prefix",
                          json_sprintf("172.%u.%u.%u/30", 16 + (net >> 16), net >> 8 & 255, net & 255), "secondary_prefix",
                          json_sprintf("172.%u.%u.%u/30", 16 + (net >> 16), net >> 8 & 255, (net & 255) + 4), "shared_key",
                          "benchKey", "bfd", 1, "zone", "core", "source_check", 1, "acl", "inbound_deny", 1, "outbound_deny", 1);
    return json_pack("{s:o, s:s, s:s, s:i, s:s, s:s, s:s, s:i, s:{s:{s:o, s:s, s:i}, s:{s:o, s:s, s:i}}, s:{s:o}}", "name",
                     json_sprintf("er-%u", i), "provider", "Equinix", "peering_location", i % 2 ? "Amsterdam" : "Frankfurt",
                     "bandwidth_mbps", 1000, "sku", "Premium_UnlimitedData", "model", "exchange", "l3_managed_by", "customer",
                     "peak_mbps", 700, "links", "primary", "router", json_sprintf("ce-%u-1", i), "port", "wan0", "outer_tag",
                     (int)(i % 4000 + 1), "secondary", "router", json_sprintf("ce-%u-2", i), "port", "wan0", "outer_tag",
                     (int)(i % 4000 + 1), "peerings", "private", p);
}

static json_t *site_of(unsigned i, unsigned prefixes)
{
    json_t *list = json_array();
    for (unsigned k = 0; k < prefixes; k++) { /* /32s out of 10/8, each site its own */
        unsigned a = (i * prefixes + k) & 0xffffff;
        json_array_append_new(list, json_sprintf("10.%u.%u.%u/32", a >> 16, a >> 8 & 255, a & 255));
    }
    return json_pack("{s:o, s:i, s:o, s:[{s:o, s:b}, {s:o, s:b}]}", "name", json_sprintf("site-%u", i), "asn", 65010, "prefixes", list,
                     "routers", "name", json_sprintf("ce-%u-1", i), "ignores_as_path", 0, "name", json_sprintf("ce-%u-2", i),
                     "ignores_as_path", 0);
}

static json_t *design_json(unsigned circuits, unsigned prefixes)
{
    json_t *cs = json_array(), *sites = json_array(), *vnets = json_array(), *gateways = json_array(), *links = json_array();
    for (unsigned i = 0; i < circuits; i++) {
        json_array_append_new(cs, circuit_of(i));
        json_array_append_new(sites, site_of(i, prefixes));
        json_array_append_new(vnets, json_pack("{s:o, s:s, s:[o]}", "name", json_sprintf("vnet-%u", i), "region", "westeurope",
                                               "address_spaces", json_sprintf("100.64.%u.%u/32", i >> 8, i & 255)));
        json_array_append_new(gateways, json_pack("{s:o, s:o, s:s, s:s}", "name", json_sprintf("gw-%u", i), "virtual_network",
                                                  json_sprintf("vnet-%u", i), "sku", "ErGw2AZ", "zones", "redundant"));
        json_array_append_new(links, json_pack("{s:o, s:o, s:o}", "name", json_sprintf("conn-%u", i), "circuit",
                                               json_sprintf("er-%u", i), "gateway", json_sprintf("gw-%u", i)));
    }
    return json_pack("{s:s, s:{s:s, s:i, s:i}, s:o, s:o, s:o, s:o, s:o}", "name", "bench", "subscription", "state", "Enabled",
                     "circuit_quota", 10000, "circuit_region_quota", 10000, "circuits", cs, "sites", sites, "virtual_networks", vnets,
                     "gateways", gateways, "connections", links);
}

static void evidence_of(const struct design *d, struct facts *fs)
{
    char subject[120];
    facts_init(fs);
    for (size_t i = 0; i < d->circuits_n; i++)
        for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
            struct design_leg l = design_leg_of(d, &d->circuits[i], PEERING_PRIVATE, leg);
            snprintf(subject, sizeof subject, "circuit/%s/private/%s", d->circuits[i].name, leg_name(leg));
            facts_add(fs, FACT_SESSION_STATE, subject, "Established", "bench", NOW_S * INT64_C(1000));
            facts_addf(fs, FACT_SESSION_RECEIVED, subject, "bench", NOW_S * INT64_C(1000), "%zu", l.announce_n);
        }
    facts_sort(fs);
}

static double median_of(struct checklist_input *in, const struct report **last)
{
    double ms[RUNS];
    struct arena arena;
    for (int i = 0; i < RUNS; i++) {
        arena_init(&arena, (size_t)2 << 30);
        double before = now_ms();
        *last = checklist_run(in, &arena);
        ms[i] = now_ms() - before;
        if (!*last) fputs("too large\n", stderr), exit(1);
        if (i + 1 < RUNS) arena_drop(&arena);
        for (int k = i; k > 0 && ms[k] < ms[k - 1]; k--) {
            double t = ms[k];
            ms[k] = ms[k - 1], ms[k - 1] = t;
        }
    }
    return ms[RUNS / 2];
}

static json_t *registry(const char *name)
{
    struct text why = {0};
    json_t *v = data_file_json(name, &why);
    if (!v) fputs(text_get(&why), stderr), exit(1);
    text_drop(&why);
    return v;
}

int main(int argc, char **argv)
{
    unsigned circuits = argc > 1 ? (unsigned)atoi(argv[1]) : 500, prefixes = argc > 2 ? (unsigned)atoi(argv[2]) : 4000;
    struct arena arena;
    struct problems ps;
    struct facts facts;
    const struct report *r;
    arena_init(&arena, (size_t)2 << 30);
    problems_init(&ps, &arena);
    struct catalogue_files files = {registry("providers.json"), registry("peering_locations.json"), registry("limits.json"),
                                    registry("gateway_skus.json"), NULL};
    struct checklist *rows = checklist_from_json(registry("checklist.json"), &arena, &ps);
    double before = now_ms();
    json_t *json = design_json(circuits, prefixes);
    struct design *d = design_from_json(json, &arena, &ps);
    for (const struct problem *p = ps.first; p; p = p->next) printf("%s: %s\n", p->where, p->what);
    if (!d) return 1;
    printf("%u circuits, %u prefixes each: design made and read in %.0f ms\n", circuits, prefixes, now_ms() - before);
    struct checklist_input in = {.checklist = rows, .catalogue = catalogue_from_json(&files, &arena, &ps), .design = d,
                                 .mode = "design", .now_ms = NOW_S * INT64_C(1000)};
    double ms = median_of(&in, &r);
    printf("judged in %.0f ms (median of %d), %zu findings, %zu fail\n", ms, RUNS, r->findings_n, r->count[VERDICT_FAIL]);
    evidence_of(d, &facts);
    in.facts = &facts;
    in.mode = "lab";
    ms = median_of(&in, &r);
    printf("with evidence of %zu facts in %.0f ms, %zu findings\n", facts.n, ms, r->findings_n);
    json_decref(json);
    return 0;
}
