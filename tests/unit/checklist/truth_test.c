/* Faults put into the healthy demo design, one at a time: each must be found by exactly the rows named
 * beside it. "!" marks a failed must, "~" a should, "?" a row that can no longer say. */
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include "base/text.h"

static const char healthy[] = "~OPS-03 !NET-DR-01 ~NET-DR-08 !NET-SEC-06"; /* what the demo has wrong on purpose */

static const struct {
    const char *what, *find, *replace, *found;
} faults[] = {
    {"subscription disabled", "state: Enabled", "state: Disabled", "!ACC-01"},
    {"no right to write", "may_write: true", "may_write: false", "!ACC-02"},
    {"provider not registered", "providers: [Microsoft.Network]", "providers: [Microsoft.Compute]", "!ACC-03"},
    {"provider not at the location", "provider: Equinix", "provider: AIS", "!PRV-01"},
    {"provider misspelt", "provider: Equinix", "provider: Equinx", "!PRV-01"},
    {"location of another cloud", "peering_location: Amsterdam", "peering_location: Shanghai",
     "!PRV-01 ?CIR-04"},
    {"bandwidth not sold", "bandwidth_mbps: 200", "bandwidth_mbps: 300", "!PRV-03 !CIR-02"},
    {"an IP VPN run by the customer", "model: exchange ", "model: ipvpn ", "!PRV-04"},
    {"access legs share a duct", "[duct-south,", "[duct-north,", "!PRV-06"},
    {"provider legs meet", "[am5-switch-2]", "[am5-switch-1]", "~NET-RED-05"},
    {"provider throttles below the circuit", "peak_mbps: 120", "peak_mbps: 120\n    provider_policer_mbps: 100",
     "!PRV-07"},
    {"Local with metered data", "sku: Standard_MeteredData", "sku: Local_MeteredData", "!CIR-01"},
    {"no such SKU", "sku: Standard_MeteredData", "sku: Basic_MeteredData", "!CIR-01 ?CIR-04"},
    {"network in another geography", "- name: vnet-demo\n    region: westeurope",
     "- name: vnet-demo\n    region: eastus", "!CIR-04"},
    {"VLAN beyond 4094", "vlan: 100", "vlan: 4095", "!NET-L2-01"},
    {"another VLAN on one leg", "bfd: true", "bfd: true\n        edge: {secondary: {vlan: 210}}",
     "!NET-L2-02 !NET-L2-03"},
    {"another outer tag on one leg", "bfd: true", "bfd: true\n        edge: {primary: {outer_tag: 1009}}",
     "!NET-L2-03"},
    {"one fibre, one outer tag", "peak_mbps: 120", "peak_mbps: 120\n    single_access: true", "!NET-L2-08"},
    {"no secondary subnet", "        secondary_prefix: 192.168.100.132/30\n", "",
     "!NET-RED-01 ?NET-RED-03 ?NET-IP-02"},
    {"a shared first-hop address", "bfd: true",
     "bfd: true\n        edge: {primary: {first_hop_protocol: vrrp}}", "!NET-RED-03"},
    {"both legs on one router", "router: ce2\n        port: wan0", "router: ce1\n        port: wan1", "~NET-RED-04"},
    {"legs announce different prefixes", "bfd: true",
     "bfd: true\n        edge: {secondary: {announce: [10.10.0.0/17]}}", "!NET-RED-06"},
    {"a prepend on one leg", "bfd: true", "bfd: true\n        edge: {secondary: {prepend: 2}}", "~NET-RED-07"},
    {"a MED on one leg", "bfd: true", "bfd: true\n        edge: {primary: {med: 50}}", "~NET-RED-07"},
    {"more load than one leg carries", "peak_mbps: 120", "peak_mbps: 350", "~NET-RED-09"},
    {"a drill long ago", "lab:\n",
     "drills:\n  - {circuit: er-demo, leg: primary, date: 2025-01-10}\n"
     "  - {circuit: er-demo, leg: secondary, date: 2026-11-10}\nlab:\n", "~NET-RED-10"},
    {"a /29 that is not split", "primary_prefix: 192.168.100.128/30", "primary_prefix: 192.168.100.120/29",
     "!NET-IP-01"},
    {"link subnets overlap", "secondary_prefix: 192.168.100.132/30", "secondary_prefix: 192.168.100.128/30",
     "!NET-IP-04"},
    {"a link inside the site", "secondary_prefix: 192.168.100.132/30", "secondary_prefix: 10.10.9.0/30",
     "!NET-IP-04"},
    {"a link inside the virtual network", "secondary_prefix: 192.168.100.132/30",
     "secondary_prefix: 10.20.9.0/30", "!NET-IP-03"},
    {"addresses swapped", "bfd: true",
     "bfd: true\n        edge: {primary: {address: 192.168.100.130, neighbor: 192.168.100.129}}",
     "!NET-IP-02"},
    {"site and network overlap", "prefixes: [10.10.0.0/16]", "prefixes: [10.0.0.0/8]", "!NET-IP-07"},
    {"wrong AS number of the cloud", "bfd: true", "bfd: true\n        edge: {secondary: {remote_asn: 12067}}",
     "!NET-BGP-01"},
    {"reserved AS number", "peer_asn: 65010", "peer_asn: 65515", "!NET-BGP-02"},
    {"documentation AS number", "peer_asn: 65010", "peer_asn: 64500", "!NET-BGP-02"},
    {"somebody else's AS number", "peer_asn: 65010", "peer_asn: 3320\n        asn_holder: other", "!NET-BGP-03"},
    {"key too long", "shared_key: demoKey2026", "shared_key: abcdefghijklmnopqrstuvwxyz", "!NET-BGP-04"},
    {"key with a dash", "shared_key: demoKey2026", "shared_key: demo-Key", "!NET-BGP-04"},
    {"keys differ", "bfd: true", "bfd: true\n        edge: {secondary: {shared_key: other}}", "!NET-BGP-04"},
    {"no key", "        shared_key: demoKey2026\n", "", "~NET-BGP-05"},
    {"timers too short", "bfd: true", "bfd: true\n        edge: {primary: {keepalive: 1, hold: 3}}", "~NET-BGP-06"},
    {"BFD off", "bfd: true", "bfd: false", "~NET-BGP-07"},
    {"BFD off on one leg", "bfd: true", "bfd: true\n        edge: {secondary: {bfd: false}}", "~NET-BGP-07"},
    {"an old peering never reset", "peak_mbps: 120", "peak_mbps: 120\n    created: 2017-03-01", "?NET-BGP-08"},
    {"an old peering reset too early", "    peerings:\n      private:\n",
     "    created: 2017-03-01\n    peerings:\n      private:\n        last_reset: 2018-01-01\n", "!NET-BGP-08"},
    {"AS-path length ignored", "address: 10.10.0.2, ignores_as_path: false",
     "address: 10.10.0.2, ignores_as_path: true", "!NET-BGP-09"},
    {"peering disabled", "bfd: true", "bfd: true\n        disabled: true", "!NET-BGP-10"},
    {"public peering", "source_check: true", "source_check: true\n      public: {vlan: 300, peer_asn: 65010, zone: perimeter, "
     "source_check: true, acl: {inbound_deny: true, outbound_deny: true}, advertised_prefixes: [198.51.100.0/24], "
     "primary_prefix: 203.0.113.0/30, secondary_prefix: 203.0.113.4/30, shared_key: k1, bfd: true}", "!NET-MSP-01 ?NET-SEC-01"},
    {"gateway subnet too small", "10.20.255.0/27", "10.20.255.0/29", "!GWY-03"},
    {"no gateway subnet", "name: GatewaySubnet", "name: gateways", "!GWY-02 ?GWY-03 ?NET-SEC-03"},
    {"gateway without zones", "sku: ErGw1AZ, zones: redundant", "sku: Standard", "~GWY-06"},
    {"weight out of range", "gateway: gw-demo}", "gateway: gw-demo, weight: 40000}", "!GWY-08"},
};

static void add_once(struct text *t, char mark, const char *id)
{
    char word[40];
    snprintf(word, sizeof word, "%c%s", mark, id);
    if (strstr(text_get(t), word)) return;
    text_addf(t, "%s%s", t->n ? " " : "", word);
}

/* What a report finds, one word a row, without rows nobody judges yet. */
static void words_of(const struct report *r, struct text *out)
{
    for (size_t i = 0; i < r->findings_n; i++) {
        const struct finding *f = &r->findings[i];
        if (f->verdict == VERDICT_FAIL) add_once(out, '!', f->row->id);
        if (f->verdict == VERDICT_WARN || f->verdict == VERDICT_NOTE) add_once(out, '~', f->row->id);
        if (f->verdict == VERDICT_UNKNOWN && checklist_is_judged(f->row->id)) add_once(out, '?', f->row->id);
    }
}

static bool has_word(const char *words, const char *word, size_t n)
{
    for (const char *w = words; *w; w += strcspn(w, " "), w += *w == ' ')
        if (strcspn(w, " ") == n && strncmp(w, word, n) == 0) return true;
    return false;
}

static bool within(const char *some, const char *all)
{
    for (const char *w = some; *w; w += strcspn(w, " "), w += *w == ' ')
        if (!has_word(all, w, strcspn(w, " "))) return false;
    return true;
}

static void the_demo_has_its_deliberate_faults_only(void **state)
{
    struct text found = {0};
    char *yaml = bench_demo_with("name: demo", "name: demo");
    words_of(bench_run(*state, bench_design(*state, yaml), NULL), &found);
    assert_string_equal(text_get(&found), healthy);
    text_drop(&found);
    free(yaml);
}

static void each_fault_is_found_by_exactly_its_rows(void **state)
{
    size_t wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        struct text found = {0}, wanted = {0};
        char *yaml = bench_demo_with(faults[i].find, faults[i].replace);
        words_of(bench_run(*state, bench_design(*state, yaml), NULL), &found);
        text_addf(&wanted, "%s %s", faults[i].found, healthy);
        if (!within(text_get(&found), text_get(&wanted)) || !within(text_get(&wanted), text_get(&found)))
            wrong++, print_message("%s: found '%s', wanted '%s'\n", faults[i].what, text_get(&found), text_get(&wanted));
        text_drop(&found);
        text_drop(&wanted);
        free(yaml);
    }
    assert_int_equal(wrong, 0);
}

/* ---- faults of faults.txt: in designs and in evidence of a large, healthy network ---- */

struct tally {
    size_t faults, found, expected, hit, extra;
};

static size_t words_missing(const char *some, const char *all)
{
    size_t n = 0;
    for (const char *w = some; *w; w += strcspn(w, " "), w += *w == ' ')
        n += !has_word(all, w, strcspn(w, " "));
    return n;
}
static size_t words_in(const char *s)
{
    size_t n = 0;
    for (; *s; s += strcspn(s, " "), s += *s == ' ') n++;
    return n;
}

static void try_fault(struct bench *b, const struct bench_line *l, struct tally *t)
{
    struct arena_mark mark = arena_mark(&b->arena);
    struct text found = {0}, wanted = {0};
    const char *changes = strstr(l->rest, " :: ");
    if (!changes) {
        fail_msg("no ' :: ' in %s", l->rest);
        return;
    }
    text_add_n(&wanted, l->rest, (size_t)(changes - l->rest));
    words_of(bench_patched(b, changes + 4, strcmp(l->word[0], "running") == 0), &found);
    size_t missed = words_missing(text_get(&wanted), text_get(&found)), extra = words_missing(text_get(&found), text_get(&wanted));
    t->faults++;
    t->found += missed == 0;
    t->expected += words_in(text_get(&wanted));
    t->hit += words_in(text_get(&wanted)) - missed;
    t->extra += extra;
    if (missed || extra)
        print_message("%s: found '%s', wanted '%s'\n", l->word[1], text_get(&found), text_get(&wanted));
    text_drop(&found);
    text_drop(&wanted);
    arena_rewind(&b->arena, mark);
}

static void each_fault_of_the_table_names_exactly_its_rows(void **state)
{
    struct bench_lines lines = bench_lines("faults.txt");
    struct tally t = {0};
    for (size_t i = 0; i < lines.n; i++) try_fault(*state, &lines.list[i], &t);
    bench_lines_drop(&lines);
    print_message("%zu faults: %zu of %zu expected findings made (%.1f %%), %zu false alarms (%.1f %%)\n", t.faults,
                  t.hit, t.expected, 100.0 * (double)t.hit / (double)t.expected, t.extra,
                  100.0 * (double)t.extra / (double)(t.hit + t.extra));
    assert_true(t.faults >= 60);
    assert_int_equal(t.found, t.faults);
    assert_int_equal(t.extra, 0);
}

static void a_healthy_network_gives_no_finding(void **state)
{
    for (int facts = 0; facts < 2; facts++) {
        struct text found = {0};
        const struct report *r = bench_patched(*state, "", facts);
        words_of(r, &found);
        assert_string_equal(text_get(&found), "");
        assert_int_equal(report_exit_code(r), 0);
        text_drop(&found);
    }
}

static void a_fault_names_the_place_in_the_file(void **state)
{
    char *yaml = bench_demo_with("peer_asn: 65010", "peer_asn: 65515");
    const struct report *r = bench_run(*state, bench_design(*state, yaml), NULL);
    const struct finding *f = bench_finding(r, "NET-BGP-02", "circuit/er-demo/private");
    assert_non_null(f);
    assert_string_equal(f->where, "/circuits/0/peerings/private/peer_asn");
    assert_string_equal(f->owner, "customer");
    assert_true(strlen(f->remedy) > 0);
    free(yaml);
}

static void a_key_is_never_shown(void **state)
{
    char *yaml = bench_demo_with("shared_key: demoKey2026", "shared_key: topSecretTopSecretTopSecret");
    json_t *j = report_to_json(bench_run(*state, bench_design(*state, yaml), NULL));
    char *s = json_dumps(j, 0);
    assert_null(strstr(s, "topSecret"));
    free(s);
    json_decref(j);
    free(yaml);
}

static int open_bench(void **state)
{
    static struct bench b;
    bench_open(&b);
    *state = &b;
    return 0;
}
static int close_bench(void **state) { return bench_close(*state), 0; }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_demo_has_its_deliberate_faults_only),
        cmocka_unit_test(each_fault_is_found_by_exactly_its_rows),
        cmocka_unit_test(a_healthy_network_gives_no_finding),
        cmocka_unit_test(each_fault_of_the_table_names_exactly_its_rows),
        cmocka_unit_test(a_fault_names_the_place_in_the_file),
        cmocka_unit_test(a_key_is_never_shown),
    };
    return cmocka_run_group_tests(tests, open_bench, close_bench);
}
