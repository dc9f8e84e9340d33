/* The ladder on the demo's design and facts made here: whole, broken at each rung in turn, and unknown
 * where nobody tells. */
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include "bench.h"
#include "healthy.h"
#include "model/design_json.h"
#include "checklist/why.h"

#define P "circuit/er-demo/private/primary"
#define S "circuit/er-demo/private/secondary"
#define KP "connection/conn-demo/primary"
#define KS "connection/conn-demo/secondary"

struct told {
    enum fact_name name;
    const char *subject, *value;
};
static const struct told healthy[] = {
    {FACT_ATTACHMENT_UP, P, "true"},          {FACT_ATTACHMENT_UP, S, "true"},
    {FACT_ATTACHMENT_CTAG, P, "100"},         {FACT_ATTACHMENT_CTAG, S, "100"},
    {FACT_ATTACHMENT_STAG, P, "2"},           {FACT_ATTACHMENT_STAG, S, "2"},
    {FACT_CROSS_STAG, "circuit/er-demo", "2"},
    {FACT_ATTACHMENT_ADDRESS, P, "192.168.100.130/30"}, {FACT_ATTACHMENT_ADDRESS, S, "192.168.100.134/30"},
    {FACT_NEIGHBOR, P, "192.168.100.129 02:00:00:00:00:01 reachable"},
    {FACT_NEIGHBOR, S, "192.168.100.133 02:00:00:00:00:02 reachable"},
    {FACT_BFD_STATE, P, "up"},                {FACT_BFD_STATE, S, "up"},
    {FACT_SESSION_STATE, P, "Established"},   {FACT_SESSION_STATE, S, "Established"},
    {FACT_SESSION_RECEIVED, P, "1"},          {FACT_SESSION_RECEIVED, S, "1"},
    {FACT_ROUTE, P, "10.10.0.0/16 0 1 65010"}, {FACT_ROUTE, S, "10.10.0.0/16 0 1 65010"},
    {FACT_ROUTE, KP, "10.20.0.0/16 0 1 65515"}, {FACT_ROUTE, KS, "10.20.0.0/16 0 1 65515"},
    {FACT_CUSTOMER_ROUTE, P, "10.20.0.0/16"}, {FACT_CUSTOMER_ROUTE, S, "10.20.0.0/16"},
    {FACT_GATEWAY_ROUTE, KP, "10.10.0.0/16 2"}, {FACT_GATEWAY_ROUTE, KS, "10.10.0.0/16 2"},
    {FACT_PROBE_LOSS, P, "0.00"},             {FACT_PROBE_LOSS, S, "0.00"},
};

/* One fact changed on the primary leg (NULL: gone) -> the rung that breaks, and a word of its rule. */
static const struct {
    struct told change;
    enum why_step broken; /* WHY_STEPS: none; the leg is then unknown */
    const char *word;
} rows[] = {
    {{FACT_ATTACHMENT_UP, P, "false"}, WHY_LINK, "down"},
    {{FACT_WRONG_TAG, P, "2 101 7"}, WHY_TAG, "C-tag 101"},
    {{FACT_ATTACHMENT_CTAG, P, "200"}, WHY_TAG, "C-tag 200"},
    {{FACT_ATTACHMENT_STAG, P, "9"}, WHY_TAG, "S-tag 9"},
    {{FACT_NEIGHBOR, P, "192.168.100.129 00:00:00:00:00:00 failed"}, WHY_ARP, "does not answer"},
    {{FACT_NEIGHBOR, P, "192.168.100.131 02:00:00:00:00:01 reachable"}, WHY_ARP, "192.168.100.129"},
    {{FACT_BFD_STATE, P, "down"}, WHY_BFD, "without BFD"},
    {{FACT_SESSION_STATE, P, "Idle"}, WHY_BGP, "Idle"},
    {{FACT_ROUTE, P, "10.11.0.0/16 0 1 65010"}, WHY_REPLY, "does not announce 10.10.0.10"},
    {{FACT_CUSTOMER_ROUTE, P, "10.99.0.0/16"}, WHY_ROUTE, "no route to 10.20.0.10"},
    {{FACT_ROUTE, KP, "10.99.0.0/16 0 1 65515"}, WHY_ROUTE, "from the gateway"},
    {{FACT_GATEWAY_ROUTE, KP, "10.99.0.0/16 2"}, WHY_REPLY, "gateway has no route"},
    {{FACT_PROBE_LOSS, P, "12.50"}, WHY_QOS, "12.50 %"},
    {{FACT_EDGE_FILTER, P, "01 deny any 10.20.0.0/16 any 0-0"}, WHY_ROUTE, "by rule 01"},
    {{FACT_EDGE_FILTER, P, "01 permit 10.99.0.0/16 any any 0-0"}, WHY_ROUTE, "no rule of the access list of the cloud edge"},
    {{FACT_EDGE_SOURCE, P, "10.99.0.0/16"}, WHY_ROUTE, "10.10.0.10 as a source"},
    {{FACT_CUSTOMER_FILTER, P, "01 deny any any any 0-0"}, WHY_REPLY, "access list of ce1 denies 10.20.0.10"},
    {{FACT_CUSTOMER_DROP, P, "NAT_POOL_FULL 12"}, WHY_NAT, "12 packets"},
    {{FACT_EDGE_DROP, P, "POLICED 40"}, WHY_QOS, "40 packets above"},
    {{FACT_EDGE_RATE, P, "100"}, WHY_QOS, "polices to 100 Mbps, the circuit has 200"},
    {{FACT_ATTACHMENT_UP, P, NULL}, WHY_STEPS, NULL},
    {{FACT_CUSTOMER_ROUTE, P, NULL}, WHY_STEPS, NULL},
    {{FACT_GATEWAY_ROUTE, KP, NULL}, WHY_STEPS, NULL},
    {{FACT_PROBE_LOSS, P, NULL}, WHY_STEPS, NULL},
};

struct scene {
    struct bench b;
    struct facts facts;
    struct why_input in;
};

static void scene_open(struct scene *s, const struct told *change, int64_t age_s)
{
    bench_open(&s->b);
    char *yaml = bench_demo_with("", "");
    facts_init(&s->facts);
    for (size_t i = 0; i < ARRAY_LEN(healthy); i++) {
        const struct told *t = &healthy[i];
        bool changed = change && change->name == t->name && strcmp(change->subject, t->subject) == 0;
        if (!changed) facts_add(&s->facts, t->name, t->subject, t->value, "test", 1000000 - age_s * 1000);
    }
    if (change && change->value) facts_add(&s->facts, change->name, change->subject, change->value, "test", 1000000);
    facts_sort(&s->facts);
    s->in = (struct why_input){.design = bench_design(&s->b, yaml), .facts = &s->facts, .now_ms = 1000000, .freshness_s = 300};
    free(yaml);
    assert_true(why_address(s->in.design, "site-host", &s->in.src));
    assert_true(why_address(s->in.design, "10.20.0.10", &s->in.dst));
}
static void scene_close(struct scene *s)
{
    facts_drop(&s->facts);
    bench_close(&s->b);
}
static struct why *climb(struct scene *s)
{
    const char *reason = "";
    struct why *w = why_climb(&s->in, &s->b.arena, &reason);
    if (!w) print_error("%s\n", reason);
    assert_non_null(w);
    return w;
}

/* What lets the traffic, or part of it, through breaks nothing. */
static void filters_that_permit_break_nothing(void **state)
{
    (void)state;
    static const struct told rows_fine[] = {
        {FACT_EDGE_FILTER, P, "01 permit 10.10.0.0/16 10.20.0.0/16 any 0-0"}, {FACT_EDGE_FILTER, P, "01 permit any any tcp 443-443"},
        {FACT_EDGE_SOURCE, P, "10.0.0.0/8"}, {FACT_EDGE_SOURCE, P, "strict"}, {FACT_EDGE_RATE, P, "200"}, {FACT_EDGE_DROP, P, "none"},
        {FACT_EDGE_DROP, P, "TTL 3"}, {FACT_CUSTOMER_NAT, P, "off"}, {FACT_CUSTOMER_FILTER, P, "01 permit any any any 0-0"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows_fine); i++) {
        struct scene s;
        scene_open(&s, &rows_fine[i], 0);
        struct why *w = climb(&s);
        if (w->ok != WHY_YES) print_error("%s\n", rows_fine[i].value);
        assert_int_equal(w->ok, WHY_YES);
        scene_close(&s);
    }
}

#define M "circuit/er-ams/microsoft/primary"
/* A private host of the large example to a service: what the edges say of translation and marks. */
static void translation_and_marks_are_what_the_edges_say(void **state)
{
    (void)state;
    static const struct {
        struct told told; /* value NULL: nothing is added */
        enum why_step broken;
        enum why_answer nat;
        const char *word;
    } cases[] = {
        {{FACT_CUSTOMER_NAT, M, NULL}, WHY_STEPS, WHY_UNKNOWN, "translated by pool pool-ams"},
        {{FACT_CUSTOMER_NAT, M, "198.51.100.0 198.51.100.127"}, WHY_STEPS, WHY_YES, "translated by pool pool-ams"},
        {{FACT_NAT_LEAK, M, "0"}, WHY_STEPS, WHY_YES, "translated"},
        {{FACT_NAT_LEAK, M, "4"}, WHY_NAT, WHY_NO, "4 packets"},
        {{FACT_CUSTOMER_NAT, M, "off"}, WHY_NAT, WHY_NO, "translates nothing"},
        {{FACT_CUSTOMER_NAT, M, "203.0.113.1 203.0.113.9"}, WHY_NAT, WHY_NO, "which is not pool pool-ams"},
        {{FACT_CUSTOMER_DROP, M, "NAT_NO_BINDING 3"}, WHY_NAT, WHY_NO, "3 packets"},
        {{FACT_EDGE_DROP, M, "SPOOFED 9"}, WHY_NAT, WHY_NO, "was not declared"},
        {{FACT_EDGE_KEPT, M, "0,10"}, WHY_QOS, WHY_UNKNOWN, "DSCP 46"},
        {{FACT_EDGE_KEPT, M, "0,10,18,34,46"}, WHY_STEPS, WHY_UNKNOWN, NULL},
        {{FACT_EDGE_SOURCE, M, "198.51.100.0/25"}, WHY_STEPS, WHY_UNKNOWN, NULL},
        {{FACT_EDGE_SOURCE, M, "192.0.2.128/28"}, WHY_REPLY, WHY_UNKNOWN, "198.51.100.0 as a source"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bench b;
        struct facts facts;
        struct problems ps;
        const char *reason = "";
        bench_open(&b);
        problems_init(&ps, &b.arena);
        struct why_input in = {.design = design_from_json(bench_resilient(&b), &b.arena, &ps), .facts = &facts, .now_ms = 1000000, .freshness_s = 300};
        facts_init(&facts);
        healthy_facts(in.design, 1000000, &facts);
        if (cases[i].told.value) facts_add(&facts, cases[i].told.name, M, cases[i].told.value, "test", 1000000);
        facts_sort(&facts);
        assert_true(why_address(in.design, "ams-host", &in.dst));
        assert_true(why_address(in.design, "40.92.0.1", &in.src));
        struct why *w = why_climb(&in, &b.arena, &reason);
        assert_non_null(w);
        const struct why_leg *l = &w->legs[LEG_FIRST];
        if (l->broken != cases[i].broken || l->rungs[WHY_NAT].ok != cases[i].nat)
            print_error("case %zu: broken at %d, %s\n", i, l->broken, l->rungs[l->broken == WHY_STEPS ? WHY_NAT : l->broken].rule);
        assert_int_equal(l->broken, cases[i].broken);
        assert_int_equal(l->rungs[WHY_NAT].ok, cases[i].nat);
        if (cases[i].word) assert_non_null(strstr(l->rungs[l->broken == WHY_STEPS ? WHY_NAT : l->broken].rule, cases[i].word));
        facts_drop(&facts);
        bench_close(&b);
    }
}

static void a_whole_ladder_stands_both_ways(void **state)
{
    (void)state;
    struct scene s;
    scene_open(&s, NULL, 0);
    for (int turn = 0; turn < 2; turn++) {
        struct why *w = climb(&s);
        assert_int_equal(w->ok, WHY_YES);
        assert_int_equal(w->reachable, WHY_YES);
        assert_int_equal(w->symmetric, WHY_YES);
        for (enum leg leg = LEG_FIRST; leg < LEGS; leg++)
            for (enum why_step r = 0; r < WHY_STEPS; r++) assert_int_equal(w->legs[leg].rungs[r].ok, WHY_YES);
        struct addr a = s.in.src;
        s.in.src = s.in.dst;
        s.in.dst = a;
    }
    scene_close(&s);
}

static void each_fault_breaks_its_rung_and_no_other_leg(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        scene_open(&s, &rows[i].change, 0);
        struct why *w = climb(&s);
        const struct why_leg *l = &w->legs[LEG_FIRST];
        if (l->broken != rows[i].broken) print_error("row %zu: broken at %d\n", i, (int)l->broken);
        assert_int_equal(l->broken, rows[i].broken);
        assert_int_equal(l->ok, rows[i].broken == WHY_STEPS ? WHY_UNKNOWN : WHY_NO);
        assert_int_equal(w->legs[LEG_SECOND].ok, WHY_YES);
        assert_int_equal(w->reachable, WHY_YES);
        if (rows[i].broken != WHY_STEPS) {
            const struct why_rung *r = &l->rungs[l->broken];
            if (!strstr(r->rule, rows[i].word)) print_error("row %zu: %s\n", i, r->rule);
            assert_non_null(strstr(r->rule, rows[i].word));
            assert_true(*r->owner && *r->remedy && *r->evidence);
            for (enum why_step n = l->broken + 1; n < WHY_STEPS; n++) assert_int_equal(l->rungs[n].ok, WHY_UNKNOWN);
        }
        scene_close(&s);
    }
}

static void a_refused_announcement_is_named_with_its_rule(void **state)
{
    (void)state;
    struct scene s;
    scene_open(&s, &(struct told){FACT_ROUTE, P, NULL}, 0);
    facts_add(&s.facts, FACT_ROUTE_REFUSED, P, "10.10.0.0/16 default route", "edge e", 1000000);
    facts_sort(&s.facts);
    struct why *w = climb(&s);
    assert_int_equal(w->legs[LEG_FIRST].broken, WHY_POLICY);
    assert_non_null(strstr(w->legs[LEG_FIRST].rungs[WHY_POLICY].rule, "default route"));
    scene_close(&s);
}

static void the_way_back_over_one_leg_only_is_not_symmetric(void **state)
{
    (void)state;
    struct scene s;
    scene_open(&s, &(struct told){FACT_GATEWAY_ROUTE, KP, "10.99.0.0/16 2"}, 0);
    assert_int_equal(climb(&s)->symmetric, WHY_NO);
    scene_close(&s);
}

static void old_evidence_is_no_evidence(void **state)
{
    (void)state;
    struct scene s;
    scene_open(&s, NULL, 301);
    struct why *w = climb(&s);
    assert_int_equal(w->ok, WHY_UNKNOWN);
    assert_int_equal(w->reachable, WHY_UNKNOWN);
    scene_close(&s);
}

static void ends_that_nothing_joins_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *src, *dst, *word;
    } ends[] = {{"10.10.0.10", "10.99.0.1", "10.99.0.1 is in no site"},
                {"172.16.0.1", "10.20.0.10", "172.16.0.1 is in no site"},
                {"10.10.0.10", "8.8.8.8", "no Microsoft peering"},
                {"10.10.0.10", "10.10.0.11", "no circuit"}};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct scene s;
        const char *reason = "";
        scene_open(&s, NULL, 0);
        assert_true(why_address(s.in.design, ends[i].src, &s.in.src) && why_address(s.in.design, ends[i].dst, &s.in.dst));
        assert_null(why_climb(&s.in, &s.b.arena, &reason));
        if (!strstr(reason, ends[i].word)) print_error("%s\n", reason);
        assert_non_null(strstr(reason, ends[i].word));
        assert_false(why_address(s.in.design, "nobody", &s.in.src));
        scene_close(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_ladder_stands_both_ways),
        cmocka_unit_test(filters_that_permit_break_nothing),
        cmocka_unit_test(translation_and_marks_are_what_the_edges_say),
        cmocka_unit_test(each_fault_breaks_its_rung_and_no_other_leg),
        cmocka_unit_test(a_refused_announcement_is_named_with_its_rule),
        cmocka_unit_test(the_way_back_over_one_leg_only_is_not_symmetric),
        cmocka_unit_test(old_evidence_is_no_evidence),
        cmocka_unit_test(ends_that_nothing_joins_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
