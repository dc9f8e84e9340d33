/* Every row of the checklist has a way to pass, to fail and to be unknown: lines of fixtures.txt, each a
 * change (patch.h) of the healthy design examples/resilient.yaml and its healthy evidence. A row without
 * a "fail" or an "unknown" line is refused; one without a "pass" line must pass unchanged. */
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include "base/text.h"
#include "checklist/resiliency.h"

static enum verdict verdict_by(struct bench *b, const char *id, const char *changes)
{
    struct arena_mark mark = arena_mark(&b->arena);
    enum verdict v = bench_verdict(bench_patched(b, changes, true), id);
    arena_rewind(&b->arena, mark);
    return v;
}

static bool fitting(enum verdict v, const char *word)
{
    if (strcmp(word, "pass") == 0) return v == VERDICT_PASS;
    if (strcmp(word, "unknown") == 0) return v == VERDICT_UNKNOWN;
    return v == VERDICT_FAIL || v == VERDICT_WARN || v == VERDICT_NOTE;
}

static size_t try_line(struct bench *b, const char *id, const char *word, const char *changes)
{
    enum verdict v = verdict_by(b, id, changes);
    if (fitting(v, word)) return 0;
    print_message("%s: wanted %s, is %s: %s\n", id, word, v == VERDICTS ? "nothing" : verdict_name(v), changes);
    return 1;
}

/* "$NAME ;; more" stands for the line "define NAME" with more behind it. */
static const char *expand(const struct bench_lines *lines, const char *rest, struct text *out)
{
    size_t n = strcspn(rest, " ");
    if (*rest != '$') return rest;
    for (size_t i = 0; i < lines->n; i++) {
        const struct bench_line *l = &lines->list[i];
        if (strcmp(l->word[0], "define") != 0 || strlen(l->word[1]) != n - 1 || strncmp(l->word[1], rest + 1, n - 1) != 0)
            continue;
        text_clear(out);
        text_addf(out, "%s%s", l->rest, rest + n);
        return text_get(out);
    }
    fail_msg("nothing is called %s", rest);
    return rest;
}

static size_t try_row(struct bench *b, const struct bench_lines *lines, const char *id)
{
    static const char *const words[] = {"pass", "fail", "unknown"};
    size_t wrong = 0;
    struct text line = {0};
    for (size_t w = 0; w < ARRAY_LEN(words); w++) {
        bool found = false;
        for (size_t i = 0; i < lines->n; i++) {
            if (strcmp(lines->list[i].word[0], id) != 0 || strcmp(lines->list[i].word[1], words[w]) != 0) continue;
            found = true;
            wrong += try_line(b, id, words[w], expand(lines, lines->list[i].rest, &line));
        }
        if (found) continue;
        if (w == 0) wrong += try_line(b, id, words[w], "");
        else wrong++, print_message("%s has no line that makes it %s\n", id, words[w]);
    }
    text_drop(&line);
    return wrong;
}

static void every_row_passes_fails_and_can_be_unknown(void **state)
{
    struct bench *b = *state;
    struct bench_lines lines = bench_lines("fixtures.txt");
    size_t wrong = 0;
    for (size_t i = 0; i < b->checklist->rows_n; i++) wrong += try_row(b, &lines, b->checklist->rows[i].id);
    for (size_t i = 0; i < lines.n; i++)
        if (strcmp(lines.list[i].word[0], "define") != 0 && !checklist_row(b->checklist, lines.list[i].word[0]))
            wrong++, print_message("there is no row %s\n", lines.list[i].word[0]);
    bench_lines_drop(&lines);
    assert_int_equal(wrong, 0);
}

static void every_row_is_judged_and_worded(void **state)
{
    struct bench *b = *state;
    assert_true(b->checklist->rows_n >= 220);
    for (size_t i = 0; i < b->checklist->rows_n; i++) {
        const struct checklist_row *r = &b->checklist->rows[i];
        if (!checklist_is_judged(r->id)) fail_msg("%s is not judged", r->id);
        assert_true(strlen(r->applies) > 3 && strlen(r->text) > 20 && strlen(r->remedy) > 6);
    }
}

static void a_statement_stands_in_until_it_is_a_year_old(void **state)
{
    static const char silent[] = "/security/secret_store- ;; ";
    static const char *const says[] = {
        "/statements=[{\"row\":\"NET-SEC-11\",\"holds\":true,\"by\":\"A. Auditor\",\"date\":\"2026-11-01\"}]",
        "/statements=[{\"row\":\"NET-SEC-11\",\"holds\":false,\"by\":\"A. Auditor\",\"date\":\"2026-11-01\"}]",
        "/statements=[{\"row\":\"NET-SEC-11\",\"holds\":true,\"by\":\"A. Auditor\",\"date\":\"2025-10-01\"}]",
        "/statements=[{\"row\":\"NET-SEC-11\",\"holds\":true,\"by\":\"A. Auditor\",\"date\":\"2027-01-01\"}]",
        "/statements=[{\"row\":\"NET-SEC-10\",\"holds\":true,\"by\":\"A. Auditor\",\"date\":\"2026-11-01\"}]",
    };
    static const enum verdict wanted[] = {VERDICT_PASS, VERDICT_FAIL, VERDICT_UNKNOWN, VERDICT_UNKNOWN, VERDICT_UNKNOWN};
    for (size_t i = 0; i < ARRAY_LEN(says); i++) {
        char line[400];
        snprintf(line, sizeof line, "%s%s", silent, says[i]);
        const struct report *r = bench_patched(*state, line, false);
        assert_int_equal(bench_verdict(r, "NET-SEC-11"), wanted[i]);
        const struct finding *f = bench_finding(r, "NET-SEC-11", "");
        if (i == 0) assert_string_equal(f->evidence[0].source, "A. Auditor, 2026-11-01");
    }
}

static void a_statement_nobody_asks_for_is_told(void **state)
{
    static const struct {
        const char *row, *subject, *why; /* why NULL: it is used */
    } rows[] = {
        {"NET-L2-99", "", "there is no row 'NET-L2-99', did you mean 'NET-L2-0"},
        {"NET-L2-01", "circuit/er-amz/private", "did you mean 'circuit/er-ams/private'?"},
        {"NET-L2-01", "", "asks nobody here"},
        {"GWY-07", "", "does not apply"},
        {"OPS-06", "log", "is about the whole design"},
        {"OPS-06", "", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char change[300];
        snprintf(change, sizeof change,
                 "/operations/record- ;; /statements=[{\"row\":\"%s\",\"subject\":\"%s\",\"holds\":true,\"by\":\"Me\",\"date\":\"2026-11-01\"}]",
                 rows[i].row, rows[i].subject);
        const struct report *r = bench_patched(*state, change, false);
        assert_int_equal(r->unused_n, rows[i].why ? 1 : 0);
        if (rows[i].why && !strstr(r->unused[0].why, rows[i].why)) fail_msg("%s: %s", rows[i].row, r->unused[0].why);
    }
}

static void a_statement_never_excuses_what_the_design_shows(void **state)
{
    const struct report *r = bench_patched(
        *state, "/circuits/0/peerings/private/peer_asn=65515 ;; "
                "/statements=[{\"row\":\"NET-BGP-02\",\"holds\":true,\"by\":\"Me\",\"date\":\"2026-11-01\"}]", false);
    assert_int_equal(bench_verdict(r, "NET-BGP-02"), VERDICT_FAIL);
}

/* ---- the index ---- */

static uint32_t index_with(struct bench *b, const char *changes) { return bench_patched(b, changes, false)->index; }

static void the_index_adds_up_as_published(void **state)
{
    assert_int_equal(index_with(*state, ""), 100);                                         /* 20 * 4 + 10 + 10 */
    assert_int_equal(index_with(*state, "/drills/4/date=\"2026-10-10\""), 80);             /* 46 days: 20 * 3 */
    assert_int_equal(index_with(*state, "/drills/4/date=\"2026-09-01\""), 60);             /* 85 days: 20 * 2 */
    assert_int_equal(index_with(*state, "/drills/4/date=\"2026-08-01\""), 40);             /* too old: 20 * 1 */
    assert_int_equal(index_with(*state, "/drills/5-"), 60);                                /* one of two: 20 * 4 / 2 */
    assert_int_equal(index_with(*state, "/drills/4- ;; /drills/4-"), 40);                  /* never */
    assert_int_equal(index_with(*state, "/gateways/0/zones=\"one\""), 98);                 /* zone 8, its finding not twice */
    assert_int_equal(index_with(*state, "/circuits/0/peerings/private/bfd=false"), 90);    /* advice open */
    assert_int_equal(index_with(*state, "/connections/1-"), 25);                           /* one location 5 + 10 + 10 */
}

static void the_loss_of_a_leg_is_told_in_percent(void **state)
{
    const struct report *r = bench_patched(*state, "/circuits/0/peak_mbps=1370", false);
    assert_string_equal(r->resiliency->losses[0].text, "one leg carries 72 % of both");
    assert_int_equal(r->resiliency->losses[0].percent, 72);
    assert_int_equal(r->resiliency->circuits[0].index, 85);
    assert_string_equal(r->resiliency->circuits[0].gap, "one leg carries the load");
    assert_int_equal(r->resiliency->circuits[1].index, 100);
}

static void a_leg_that_is_down_costs_the_circuit_its_index(void **state)
{
    const struct report *r = bench_patched(*state, "@bgp.state circuit/er-fra/private/secondary=Idle", true);
    assert_int_equal(r->resiliency->circuits[1].index, 0);
    assert_string_equal(r->resiliency->circuits[1].gap, "a leg is down");
}

static void asking_for_few_rows_changes_no_score(void **state)
{
    struct bench *b = *state;
    static const char *const only[] = {"NET-SEC-06", NULL};
    const struct report *all = bench_patched(b, "/circuits/0/peerings/private/bfd=false", false);
    char *yaml = bench_demo_with("bfd: true", "bfd: false");
    struct design *d = bench_design(b, yaml);
    struct checklist_input in = {.checklist = b->checklist, .catalogue = b->catalogue, .design = d, .mode = "design",
                                 .now_ms = BENCH_NOW_MS};
    const struct report *whole = checklist_run(&in, &b->arena);
    in.only = only;
    const struct report *few = checklist_run(&in, &b->arena);
    assert_true(few->findings_n == 1 && few->count[VERDICT_FAIL] == 1);
    assert_int_equal(few->index, whole->index);
    assert_int_equal(few->resiliency->circuits[0].index, whole->resiliency->circuits[0].index);
    assert_true(all->findings_n > 200);
    free(yaml);
}

static void weights_of_a_circuit_make_a_hundred(void **state)
{
    struct bench *b = *state;
    uint32_t sum = 0;
    for (const struct circuit_weight *w = circuit_weights; w->row; w++) {
        sum += w->weight;
        assert_non_null(checklist_row(b->checklist, w->row));
    }
    assert_int_equal(sum, 100);
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
        cmocka_unit_test(every_row_is_judged_and_worded),
        cmocka_unit_test(every_row_passes_fails_and_can_be_unknown),
        cmocka_unit_test(a_statement_stands_in_until_it_is_a_year_old),
        cmocka_unit_test(a_statement_nobody_asks_for_is_told),
        cmocka_unit_test(a_statement_never_excuses_what_the_design_shows),
        cmocka_unit_test(the_index_adds_up_as_published),
        cmocka_unit_test(the_loss_of_a_leg_is_told_in_percent),
        cmocka_unit_test(a_leg_that_is_down_costs_the_circuit_its_index),
        cmocka_unit_test(asking_for_few_rows_changes_no_score),
        cmocka_unit_test(weights_of_a_circuit_make_a_hundred),
    };
    return cmocka_run_group_tests(tests, open_bench, close_bench);
}
