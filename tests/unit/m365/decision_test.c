/* Shall Office 365 use the circuit, and what does Dynamics 365 need of it? */
#include "check.h"
#include <string.h>
#include "base/problem.h"
#include "m365/decision.h"
#include "m365/dynamics.h"

static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}
static int end(void **state)
{
    (void)state;
    arena_drop(&arena);
    return 0;
}

static const char *const exchange_and_teams[] = {"Exchange", "Skype"};
static const uint16_t their_communities[] = {5010, 5030};

/* All that has to hold, holds. */
static struct decision_input healthy(void)
{
    return (struct decision_input){
        .instance = WORLDWIDE, .wanted = FACT_YES, .authorization = "MS-1", .regulation = "a law",
        .microsoft_peering = FACT_YES, .premium = FACT_YES, .internet_egress = FACT_YES,
        .second_location = FACT_YES, .areas = exchange_and_teams, .areas_n = 2, .filter = their_communities,
        .filter_n = 2, .filter_known = FACT_YES};
}

static struct decision ask(const struct decision_input *in)
{
    struct decision d;
    assert_true(decide(in, &arena, &d));
    return d;
}

/* The first row of that answer whose question begins so; NULL. */
static const struct decision_row *row(const struct decision *d, enum answer a, const char *question)
{
    for (size_t i = 0; i < d->rows; i++)
        if (d->row[i].answer == a && strncmp(d->row[i].question, question, strlen(question)) == 0)
            return &d->row[i];
    return NULL;
}

static void an_authorised_design_goes_over_the_circuit(void **state)
{
    (void)state;
    struct decision_input in = healthy();
    struct decision d = ask(&in);
    assert_int_equal(d.way, DECISION_CIRCUIT);
    for (size_t i = 0; i < d.rows; i++) assert_int_not_equal(d.row[i].answer, ANSWER_WRONG);
    assert_non_null(row(&d, ANSWER_CARE, "Which way does sign-in go?")); /* common is not among them */
}

static void without_permission_it_stays_on_the_internet(void **state)
{
    (void)state;
    struct decision_input in = healthy();
    in.authorization = "";
    assert_int_equal(ask(&in).way, DECISION_INTERNET);
    in = healthy();
    in.expired = FACT_YES;
    assert_int_equal(ask(&in).way, DECISION_INTERNET);
}

static void no_circuit_carries_china(void **state)
{
    (void)state;
    struct decision_input in = healthy();
    in.instance = CHINA;
    assert_int_equal(ask(&in).way, DECISION_INTERNET);
}

static void what_is_not_said_is_open_and_not_answered(void **state)
{
    (void)state;
    struct decision_input in = {.instance = WORLDWIDE, .authorization = "MS-1"};
    struct decision d = ask(&in);
    assert_int_equal(d.way, DECISION_OPEN);
    assert_non_null(row(&d, ANSWER_OPEN, "Is the circuit Premium?"));
    assert_non_null(row(&d, ANSWER_OPEN, "Does the route filter"));
}

static void each_thing_that_must_hold_is_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *question;
        size_t offset;
    } rows[] = {{"Is there a Microsoft peering?", offsetof(struct decision_input, microsoft_peering)},
                {"Is the circuit Premium?", offsetof(struct decision_input, premium)},
                {"Does the Internet path stay?", offsetof(struct decision_input, internet_egress)},
                {"Does the route filter", offsetof(struct decision_input, filter_known)}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct decision_input in = healthy();
        *(enum fact *)(void *)((char *)&in + rows[i].offset) = FACT_NO;
        struct decision d = ask(&in);
        assert_non_null(row(&d, ANSWER_WRONG, rows[i].question));
    }
}

static void a_filter_that_lets_in_more_or_less_is_seen(void **state)
{
    (void)state;
    static const uint16_t other[] = {5010, 5020};
    struct decision_input in = healthy();
    in.filter = other;
    struct decision d = ask(&in);
    assert_non_null(strstr(row(&d, ANSWER_WRONG, "Does the route filter")->says, "12076:5030"));
    assert_non_null(strstr(row(&d, ANSWER_CARE, "Does the route filter")->says, "12076:5020"));
}

static void mail_never_comes_in_over_the_circuit(void **state)
{
    (void)state;
    const struct decision_inbound rows[] = {
        {"mx", "smtp", INBOUND_CIRCUIT, FACT_YES, FACT_YES, FACT_YES, FACT_YES},
        {"sts", "adfs", INBOUND_INTERNET, FACT_YES, FACT_YES, FACT_YES, FACT_YES},
        {"ews", "exchange-hybrid", INBOUND_CIRCUIT, FACT_YES, FACT_YES, FACT_YES, FACT_YES},
        {"web", "web", INBOUND_CIRCUIT, FACT_YES, FACT_YES, FACT_NO, FACT_YES},
        {"rest", "web", INBOUND_UNSAID, FACT_YES, FACT_YES, FACT_NO, FACT_YES}};
    struct decision_input in = healthy();
    in.inbound = rows;
    in.inbound_n = ARRAY_LEN(rows);
    struct decision d = ask(&in);
    assert_non_null(row(&d, ANSWER_WRONG, "Which way comes mx"));
    assert_non_null(row(&d, ANSWER_FINE, "Which way comes sts"));
    assert_non_null(row(&d, ANSWER_CARE, "Which way comes ews"));
    assert_non_null(row(&d, ANSWER_WRONG, "Which way comes web"));
    assert_non_null(row(&d, ANSWER_OPEN, "Which way comes rest"));
}

/* ---- Dynamics 365 ---- */

static size_t faults(const struct dynamics_need *need, struct dynamics_plan *out)
{
    struct problems ps;
    problems_init(&ps, &arena);
    bool fine = dynamics_plan(need, &ps, out);
    assert_int_equal(fine, ps.count == 0);
    return ps.count;
}

static void current_versions_need_both_regional_communities(void **state)
{
    (void)state;
    struct dynamics_plan p;
    const struct dynamics_pair *europe = dynamics_pair("Europe");
    assert_non_null(europe);
    assert_int_equal(faults(&(struct dynamics_need){.region = europe->region, .regions = 2}, &p), 0);
    assert_int_equal(p.communities, 2);
    assert_int_equal(p.community[0], 51002);
    assert_int_equal(p.community[1], 51003);
    assert_int_equal(p.tags, 3); /* two regions and the relay */
    assert_null(dynamics_pair("japan"));
}

static void the_old_service_has_one_of_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        size_t communities, problems;
    } rows[] = {{"8.2", 1, 0}, {"7", 1, 0}, {"8.2.1.4", 1, 0}, {"8.3", 0, 1}, {"9.2", 0, 1}, {"new", 0, 1}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct dynamics_plan p;
        assert_int_equal(faults(&(struct dynamics_need){.version = rows[i].version}, &p), rows[i].problems);
        assert_int_equal(p.communities, rows[i].communities);
        if (p.communities) assert_int_equal(p.community[0], 5040);
    }
}

static void regions_are_known_and_of_the_environments_cloud(void **state)
{
    (void)state;
    static const char *const strange[] = {"westeurope", "atlantis"}, *const mixed[] = {"westus", "usgovtexas"},
                             *const government[] = {"US Gov Virginia", "51108"};
    struct dynamics_plan p;
    assert_int_equal(faults(&(struct dynamics_need){.region = strange, .regions = 2}, &p), 1);
    assert_int_equal(faults(&(struct dynamics_need){.region = mixed, .regions = 2}, &p), 1);
    assert_int_equal(faults(&(struct dynamics_need){.cloud = "gcc", .region = government, .regions = 2}, &p), 0);
    assert_int_equal(p.community[0], 51105);
    assert_int_equal(faults(&(struct dynamics_need){.cloud = "mars", .region = government, .regions = 2}, &p), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_authorised_design_goes_over_the_circuit, start, end),
        cmocka_unit_test_setup_teardown(without_permission_it_stays_on_the_internet, start, end),
        cmocka_unit_test_setup_teardown(no_circuit_carries_china, start, end),
        cmocka_unit_test_setup_teardown(what_is_not_said_is_open_and_not_answered, start, end),
        cmocka_unit_test_setup_teardown(each_thing_that_must_hold_is_asked_for, start, end),
        cmocka_unit_test_setup_teardown(a_filter_that_lets_in_more_or_less_is_seen, start, end),
        cmocka_unit_test_setup_teardown(mail_never_comes_in_over_the_circuit, start, end),
        cmocka_unit_test_setup_teardown(current_versions_need_both_regional_communities, start, end),
        cmocka_unit_test_setup_teardown(the_old_service_has_one_of_its_own, start, end),
        cmocka_unit_test_setup_teardown(regions_are_known_and_of_the_environments_cloud, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
