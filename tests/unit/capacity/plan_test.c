#include <stdio.h>
#include "check.h"
#include "capacity/plan_json.h"

static struct arena arena;
static struct problems ps;
static struct capacity_input in;
static struct capacity_report report;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, CAPACITY_ARENA);
    problems_init(&ps, &arena);
    return 0;
}
static int end(void **state)
{
    (void)state;
    arena_drop(&arena);
    return 0;
}

static bool read_plan(const char *text)
{
    json_t *doc = json_loads(text, 0, NULL);
    if (!doc) fail_msg("bad JSON in the test");
    bool fine = capacity_read(doc, &arena, &ps, &in);
    json_decref(doc);
    return fine;
}

static void plan(const char *text)
{
    if (!read_plan(text)) fail_msg("%s: %s", ps.first->where, ps.first->what);
    assert_true(capacity_plan(&in, &arena, &report));
}

static const struct verdict *verdict_of(const char *row, const char *subject)
{
    for (size_t i = 0; i < report.verdict_count; i++)
        if (!strcmp(report.verdicts[i].row, row) && !strcmp(report.verdicts[i].subject, subject))
            return &report.verdicts[i];
    fail_msg("no verdict %s for %s", row, subject);
    return NULL;
}

static const char *figure_of(const char *name, const char *subject)
{
    for (size_t i = 0; i < report.figure_count; i++)
        if (!strcmp(report.figures[i].name, name) && !strcmp(report.figures[i].subject, subject))
            return report.figures[i].value;
    fail_msg("no figure %s for %s", name, subject);
    return NULL;
}

#define RATES(p2p)                                                                                 \
    "\"rates_kbps\":{\"p2p-audio\":" p2p ",\"p2p-video\":280,\"conference-audio\":25.5,"           \
    "\"conference-video\":120,\"sharing\":384,\"pstn\":30.9,\"sip\":1}"
#define LAW_SITE(name, n, a, v, ca, cv, sh, ps, sip, p2p)                                          \
    "{\"name\":\"" name "\",\"copies\":" #n                                                        \
    "," RATES(p2p) ",\"streams\":{\"p2p-audio\":" #a ",\"p2p-video\":" #v                          \
                   ",\"conference-audio\":" #ca ",\"conference-video\":" #cv ",\"sharing\":" #sh   \
                   ",\"pstn\":" #ps ",\"sip\":" #sip "}}"

static void the_law_firm_comes_out_to_the_last_digit(void **state)
{
    (void)state;
    plan("{\"sites\":[" LAW_SITE("hq", 1, 17, 2, 29, 22, 11, 87, 1070, "30.9") "," LAW_SITE(
        "regional", 3, 6, 2, 10, 11, 4, 29, 345,
        "30.9") "," LAW_SITE("large", 24, 3, 2, 4, 5, 1, 7, 70,
                             "30.9") "," LAW_SITE("small", 50, 3, 2, 3, 5, 1, 4, 36,
                                                  "39.8") "],"
                                                          "\"circuits\":[{\"name\":\"a\",\"mbps\":"
                                                          "200},{\"name\":\"b\",\"mbps\":100}]}");
    static const int64_t circuit[] = {11361800, 4352100, 1372300, 1220100};
    static const int64_t ef[] = {3953100, 1336500, 411000, 319500},
                         af41[] = {3200000, 1880000, 1160000, 1160000};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(report.sites[i].circuit_up_bps, circuit[i]);
        assert_int_equal(report.sites[i].class_bps[MEDIA_EF], ef[i]);
        assert_int_equal(report.sites[i].class_bps[MEDIA_AF41], af41[i]);
    }
    assert_int_equal(report.regions[0].up_bps, 118358300);
    assert_int_equal(report.regions[0].sku_mbps, 200);
    assert_string_equal(figure_of("circuit needed", "default"), "147.947875");
    assert_int_equal(verdict_of("CAP-03", "a")->judgement, JUDGED_PASS);
    assert_int_equal(verdict_of("CAP-03", "b")->judgement, JUDGED_FAIL); /* 118 Mbps do not fit */
    assert_int_equal(verdict_of("CAP-04", "default")->judgement, JUDGED_FAIL);
    assert_string_equal(figure_of("access link needed for voice", "hq"), "13.177");
}

static void people_become_streams_rounded_up_per_site(void **state)
{
    (void)state;
    plan("{\"media\":\"skype-max\",\"personas\":[{\"name\":\"w\",\"media\":{\"conference-audio\":"
         "\"medium\"}},"
         "{\"name\":\"v\",\"media\":{\"conference-audio\":\"1/"
         "15\",\"pstn\":\"5%\",\"sip\":\"all\"}}],"
         "\"sites\":[{\"name\":\"s\",\"users\":{\"w\":400,\"v\":1}}]}");
    assert_int_equal(report.sites[0].streams[WORK_CONF_AUDIO], 41); /* 40 + 1/15 */
    assert_int_equal(report.sites[0].streams[WORK_PSTN], 1);
    assert_int_equal(report.sites[0].streams[WORK_SIP], 1);
    assert_int_equal(report.sites[0].up_bps[WORK_CONF_AUDIO], 41 * 100600);
}

static void each_direction_is_computed_and_the_larger_counts(void **state)
{
    (void)state;
    plan("{\"personas\":[{\"name\":\"w\",\"media\":{\"conference-video\":0.05}}],"
         "\"sites\":[{\"name\":\"s\",\"users\":{\"w\":400}}]}");
    assert_int_equal(report.regions[0].up_bps, 10000000);
    assert_int_equal(report.regions[0].down_bps, 20000000);
    assert_string_equal(figure_of("over the circuit", "s"), "20000");
}

static void mail_and_files_are_added_and_a_measurement_replaces_all(void **state)
{
    (void)state;
    plan("{\"personas\":[{\"name\":\"w\",\"mail\":{\"client\":\"cached\",\"profile\":\"medium\","
         "\"message_kb\":75},\"files_mb_day\":200}],"
         "\"sites\":[{\"name\":\"mail\",\"users\":{\"w\":2500}},"
         "{\"name\":\"known\",\"users\":{\"w\":2500},\"measured_up_kbps\":1000,\"measured_down_"
         "kbps\":2000.5,\"remote_users\":9}]}");
    assert_string_equal(figure_of("mail average", "mail"), "338.5417");
    assert_string_equal(figure_of("mail peak", "mail"), "5546.667");
    assert_string_equal(figure_of("files peak", "mail"), "277.7778");
    assert_int_equal(report.sites[1].circuit_down_bps, 2000500);
    assert_int_equal(verdict_of("CAP-01", "known")->judgement, JUDGED_PASS);
    assert_int_equal(verdict_of("CAP-02", "mail")->judgement, JUDGED_WARN);
}

static void nat_pools_serve_all_devices_of_their_region(void **state)
{
    (void)state;
    plan("{\"personas\":[{\"name\":\"w\",\"media\":{\"sip\":\"all\"},\"devices\":2}],"
         "\"sites\":[{\"name\":\"s\",\"users\":{\"w\":12500}}],\"circuits\":[{\"name\":\"c\","
         "\"mbps\":50}],"
         "\"nat\":[{\"name\":\"four\",\"circuit\":\"c\",\"addresses\":4},{\"name\":\"five\","
         "\"circuit\":\"c\",\"addresses\":5,\"measured\":true},"
         "{\"name\":\"small\",\"devices\":100,\"addresses\":1,\"peak_factor\":2}]}");
    assert_string_equal(figure_of("devices per public address", "five"), "6000");
    assert_string_equal(figure_of("public addresses needed", "five"), "5");
    assert_int_equal(verdict_of("CAP-06", "four")->judgement, JUDGED_FAIL);
    assert_int_equal(verdict_of("CAP-07", "four")->judgement, JUDGED_WARN);
    assert_int_equal(verdict_of("CAP-06", "five")->judgement, JUDGED_PASS);
    assert_int_equal(verdict_of("CAP-06", "small")->judgement, JUDGED_FAIL);
}

static void windows_prefixes_and_samples_are_judged(void **state)
{
    (void)state;
    plan("{\"sites\":[{\"name\":\"s\",\"measured_up_kbps\":1,\"rtt_ms\":60,\"flow_mbps\":50,"
         "\"window_bytes\":65535,\"loss_percent\":0.1}],"
         "\"prefixes\":[{\"circuit\":\"c\",\"private_ipv4\":4001},{\"circuit\":\"p\",\"private_"
         "ipv4\":4001,\"premium\":true},{\"circuit\":\"m\",\"microsoft\":190}],"
         "\"samples\":[{\"name\":\"probe\",\"values\":{\"rtt\":[10,20]}}]}");
    assert_string_equal(figure_of("one flow without window scaling", "s"), "8.738");
    assert_string_equal(figure_of("window needed for one flow", "s"), "375000");
    assert_non_null(strstr(verdict_of("CAP-11", "s")->message, "scale 3"));
    assert_int_equal(verdict_of("NET-PFX-01", "c")->judgement, JUDGED_FAIL);
    assert_int_equal(verdict_of("NET-PFX-01", "p")->judgement, JUDGED_PASS);
    assert_int_equal(verdict_of("NET-PFX-02", "m")->judgement, JUDGED_WARN);
    assert_int_equal(verdict_of("CAP-09", "probe")->judgement, JUDGED_UNKNOWN);
}

static void nonsense_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *where;
    } bad[] = {
        {"{}", ""},
        {"{\"sites\":[{\"name\":\"s\",\"users\":{\"nobody\":1}}]}", "/sites/0/users/nobody"},
        {"{\"sites\":[{\"name\":\"s\",\"users\":{\"w\":-1}}]}", "/sites/0/users/w"},
        {"{\"sites\":[{\"name\":\"s\",\"rtt_ms\":\"fast\"}]}", "/sites/0/rtt_ms"},
        {"{\"sites\":[{\"name\":\"s\",\"streams\":{\"telepathy\":1}}]}",
         "/sites/0/streams/telepathy"},
        {"{\"personas\":[{\"name\":\"w\",\"media\":{\"pstn\":\"often\"}}],\"sites\":[]}",
         "/personas/0/media/pstn"},
        {"{\"headroom_percent\":10,\"sites\":[{\"name\":\"s\"}]}", "/headroom_percent"},
        {"{\"nat\":[{\"name\":\"p\",\"addresses\":1,\"circuit\":\"gone\"}]}", "/nat/0"},
        {"{\"samples\":[{\"name\":\"p\",\"values\":{\"rtt\":[\"x\"]}}]}",
         "/samples/0/values/rtt/0"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        problems_init(&ps, &arena);
        if (read_plan(bad[i].text)) fail_msg("accepted %s", bad[i].text);
        if (strcmp(ps.first->where, bad[i].where))
            fail_msg("%s: blamed '%s'", bad[i].text, ps.first->where);
    }
}

static void every_figure_has_formula_and_source(void **state)
{
    (void)state;
    the_law_firm_comes_out_to_the_last_digit(state);
    json_t *o = capacity_write(&report), *list = json_object_get(o, "figures"), *f;
    size_t i;
    assert_true(json_array_size(list) > 20);
    json_array_foreach(list, i, f)
    {
        assert_true(*json_string_value(json_object_get(f, "formula")) != 0);
        assert_true(*json_string_value(json_object_get(f, "source")) != 0);
    }
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_law_firm_comes_out_to_the_last_digit, start, end),
        cmocka_unit_test_setup_teardown(people_become_streams_rounded_up_per_site, start, end),
        cmocka_unit_test_setup_teardown(each_direction_is_computed_and_the_larger_counts, start,
                                        end),
        cmocka_unit_test_setup_teardown(mail_and_files_are_added_and_a_measurement_replaces_all,
                                        start, end),
        cmocka_unit_test_setup_teardown(nat_pools_serve_all_devices_of_their_region, start, end),
        cmocka_unit_test_setup_teardown(windows_prefixes_and_samples_are_judged, start, end),
        cmocka_unit_test_setup_teardown(nonsense_is_refused_with_its_place, start, end),
        cmocka_unit_test_setup_teardown(every_figure_has_formula_and_source, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
