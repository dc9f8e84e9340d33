/* Domains stay where they are, and new ones go where there is least to do. */
#include "edge/spread.h"
#include "check.h"
#include <stdio.h>
#include <string.h>

enum { SHARDS = 3, DOMAINS = 12, PEERS = 8, TURNS = 2000 };

struct made { /* an intent with some of the domains */
    struct intent intent;
    struct intent_domain domains[DOMAINS];
    struct intent_peer peers[DOMAINS][PEERS];
    char names[DOMAINS][8];
};

static void add(struct made *m, unsigned d, size_t peers)
{
    size_t at = m->intent.domains_n++;
    snprintf(m->names[d], sizeof m->names[d], "d%u", d);
    m->intent.domains = m->domains;
    m->domains[at] = (struct intent_domain){.name = m->names[d], .peers = m->peers[d], .peers_n = peers};
    for (unsigned p = 0; p < PEERS; p++) m->peers[d][p].address = addr_v4(0xc6336400u + d * PEERS + p);
}

static void new_domains_go_where_the_fewest_sessions_are(void **state)
{
    (void)state;
    struct made m = {0};
    struct spread *s = spread_new(2);
    add(&m, 0, 5), add(&m, 1, 1), add(&m, 2, 2), add(&m, 3, 1);
    spread_plan(s, &m.intent, true);
    assert_int_equal(spread_domain(s, "d0"), 0);
    assert_int_equal(spread_domain(s, "d1"), 1);
    assert_int_equal(spread_domain(s, "d2"), 1);
    assert_int_equal(spread_domain(s, "d3"), 1);
    assert_int_equal(spread_count(s, 1), 3);
    spread_free(s);
}

static void neighbors_are_found_by_address(void **state)
{
    (void)state;
    struct made m = {0};
    struct spread *s = spread_new(2);
    struct addr nobody = addr_v4(1);
    assert_int_equal(spread_address(s, &nobody), SPREAD_NOWHERE);
    add(&m, 0, PEERS), add(&m, 1, 3);
    spread_plan(s, &m.intent, true);
    for (unsigned p = 0; p < PEERS; p++) assert_int_equal(spread_address(s, &m.peers[0][p].address), 0);
    for (unsigned p = 0; p < PEERS; p++)
        assert_int_equal(spread_address(s, &m.peers[1][p].address), p < 3 ? 1 : SPREAD_NOWHERE);
    spread_free(s);
}

static void a_domain_that_went_keeps_its_shard_until_it_is_forgotten(void **state)
{
    (void)state;
    struct made both = {0}, first = {0}, heavy = {0};
    struct spread *s = spread_new(2);
    add(&both, 0, 1), add(&both, 1, 1), add(&first, 0, 1), add(&heavy, 0, 1), add(&heavy, 2, 6);
    spread_plan(s, &both.intent, true);
    spread_plan(s, &first.intent, false);
    assert_int_equal(spread_domain(s, "d1"), 1);
    assert_int_equal(spread_count(s, 1), 0);
    spread_plan(s, &heavy.intent, true);
    assert_int_equal(spread_domain(s, "d1"), SPREAD_NOWHERE);
    assert_int_equal(spread_domain(s, "d2"), 1);
    add(&heavy, 1, 1);
    spread_plan(s, &heavy.intent, true);
    assert_int_equal(spread_domain(s, "d1"), 0);
    spread_free(s);
}

/* Whatever comes and goes: who stays does not move. */
static void nobody_moves(void **state)
{
    (void)state;
    struct spread *s = spread_new(SHARDS);
    int before[DOMAINS];
    uint32_t seed = 7;
    for (unsigned d = 0; d < DOMAINS; d++) before[d] = SPREAD_NOWHERE;
    for (int turn = 0; turn < TURNS; turn++) {
        struct made m = {0};
        bool wanted[DOMAINS];
        for (unsigned d = 0; d < DOMAINS; d++) {
            seed = seed * 1664525 + 1013904223;
            wanted[d] = seed >> 31;
            if (wanted[d]) add(&m, d, seed >> 20 & (PEERS - 1));
        }
        spread_plan(s, &m.intent, turn % 3 != 0);
        for (unsigned d = 0; d < DOMAINS; d++) {
            char name[8];
            snprintf(name, sizeof name, "d%u", d);
            int now = spread_domain(s, name);
            if (wanted[d]) assert_in_range(now, 0, SHARDS - 1);
            if (wanted[d] && before[d] != SPREAD_NOWHERE) assert_int_equal(now, before[d]);
            before[d] = wanted[d] ? now : SPREAD_NOWHERE;
        }
    }
    spread_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_domains_go_where_the_fewest_sessions_are),
        cmocka_unit_test(neighbors_are_found_by_address),
        cmocka_unit_test(a_domain_that_went_keeps_its_shard_until_it_is_forgotten),
        cmocka_unit_test(nobody_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
