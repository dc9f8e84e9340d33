#include "check.h"
#include <stdlib.h>
#include "model/design_json.h"
#include "sys/yaml.h"

struct fixture {
    struct arena arena;
    struct problems problems;
    struct yaml_doc *doc;
    struct design *design;
};

static void finish(struct fixture *f)
{
    assert_non_null(yaml_root(f->doc));
    f->design = design_from_json(yaml_root(f->doc), &f->arena, &f->problems);
}

static void begin(struct fixture *f)
{
    arena_init(&f->arena, 8 << 20);
    problems_init(&f->problems, &f->arena);
}

static void drop(struct fixture *f)
{
    yaml_drop(f->doc);
    arena_drop(&f->arena);
}

static void the_demo_reads_and_writes_back_the_same(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    f.doc = yaml_read_file(EXAMPLES "/demo.yaml", &f.problems);
    finish(&f);
    yaml_print_problems(f.doc, &f.problems, stderr);
    assert_non_null(f.design);
    const struct design_circuit *c = design_circuit(f.design, "er-demo");
    assert_non_null(c);
    assert_true(c->peerings[PEERING_PRIVATE].there);
    assert_false(c->peerings[PEERING_MICROSOFT].there);
    struct design_leg leg = design_leg_of(f.design, c, PEERING_PRIVATE, LEG_SECOND);
    assert_string_equal(leg.router->name, "ce2");
    assert_string_equal(leg.site->name, "hq");
    assert_int_equal(leg.vlan, 100);
    assert_int_equal(leg.bfd.min_tx_ms, 300);
    assert_int_equal(leg.announce_n, 1);
    json_t *back = design_to_json(f.design, true);
    if (!json_equal(back, yaml_root(f.doc))) json_dumpf(back, stderr, JSON_INDENT(1));
    assert_true(json_equal(back, yaml_root(f.doc)));
    json_decref(back);
    drop(&f);
}

static void keys_are_left_out_when_secrets_are_not_asked_for(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    f.doc = yaml_read_file(EXAMPLES "/demo.yaml", &f.problems);
    finish(&f);
    json_t *back = design_to_json(f.design, false);
    char *s = json_dumps(back, 0);
    assert_null(strstr(s, "demoKey2026"));
    free(s);
    json_decref(back);
    drop(&f);
}

static void what_refers_to_nothing_is_a_problem_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *said;
    } rows[] = {
        {"sites: [{name: hq, routers: [{name: ce1}]}]\n"
         "circuits:\n- name: er\n  links: {primary: {router: ce9}}\n",
         "d.yaml:4:21: there is no router 'ce9', did you mean 'ce1'?; names refer to something in this file\n"},
        {"circuits: [{name: er, peering: {}}]\n",
         "d.yaml:1:23: unknown key 'peering', did you mean 'peerings'?; known keys: name, subscription, "
         "region, provider, peering_location, sku, port, access_carrier, bandwidth_mbps, "
         "provider_policer_mbps, peak_mbps, model, l3_managed_by, single_access, created, links, peerings, "
         "authorizations\n"},
        {"circuits: [{name: er}, {name: er}]\n",
         "d.yaml:1:25: 'er' stands in 'circuits' a second time; each name once\n"},
        {"circuits: [{name: '../x'}]\n",
         "d.yaml:1:13: this name cannot be used; letters, digits, '-', '_', '.'\n"},
        {"circuits:\n- name: er\n  model: ipvnp\n",
         "d.yaml:3:3: 'model' is 'ipvnp'; one of unsaid, exchange, p2p, ipvpn, direct; write: ipvpn\n"},
        {"circuits:\n- name: er\n  peerings: {private: {primary_prefix: 10.0.0.1/30}}\n",
         "d.yaml:3:24: '10.0.0.1/30' has bits set beyond its length; bits beyond the length are zero; "
         "write: 10.0.0.0/30\n"},
        {"circuits:\n- name: er\n  created: 2026-02-30\n",
         "d.yaml:3:3: '2026-02-30' is no date; year-month-day\n"},
        {"circuits:\n- name: er\n  peerings: {private: {shared_key: 12345}}\n",
         "d.yaml:3:24: 'shared_key' is a whole number; must be a string\n"},
        {"[1]\n", "d.yaml:1:1: this is no design; a mapping of sites, circuits and the rest\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fixture f;
        char said[2000] = "";
        begin(&f);
        f.doc = yaml_read("d.yaml", rows[i].yaml, strlen(rows[i].yaml), &f.problems);
        finish(&f);
        assert_null(f.design);
        FILE *out = fmemopen(said, sizeof said, "w");
        yaml_print_problems(f.doc, &f.problems, out);
        fclose(out);
        assert_string_equal(said, rows[i].said);
        drop(&f);
    }
}

static void bfd_is_a_switch_or_its_intervals(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        enum said on;
        unsigned ms;
    } rows[] = {
        {"circuits: [{name: er, peerings: {private: {bfd: true}}}]", SAID_YES, 300},
        {"circuits: [{name: er, peerings: {private: {bfd: false}}}]", SAID_NO, 0},
        {"circuits: [{name: er, peerings: {private: {bfd: {min_tx_ms: 750}}}}]", SAID_YES, 750},
        {"circuits: [{name: er, peerings: {private: {}}}]", UNSAID, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fixture f;
        begin(&f);
        f.doc = yaml_read("d.yaml", rows[i].yaml, strlen(rows[i].yaml), &f.problems);
        finish(&f);
        assert_non_null(f.design);
        const struct design_bfd *b = &f.design->circuits[0].peerings[PEERING_PRIVATE].bfd;
        assert_int_equal(b->on, rows[i].on);
        assert_int_equal(b->min_tx_ms, rows[i].ms);
        drop(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_demo_reads_and_writes_back_the_same),
        cmocka_unit_test(keys_are_left_out_when_secrets_are_not_asked_for),
        cmocka_unit_test(what_refers_to_nothing_is_a_problem_with_its_place),
        cmocka_unit_test(bfd_is_a_switch_or_its_intervals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
