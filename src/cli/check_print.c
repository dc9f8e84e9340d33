/* cli/check_print.c - the report as text. Values of facts come from routers and other parties, so they
 * are escaped before they reach a terminal. */
#include "cli/check_print.h"
#include <string.h>
#include "base/text.h"
#include "checklist/resiliency.h"

static const struct style {
    const char *word, *colour;
} styles[VERDICTS] = {
    [VERDICT_FAIL] = {"FAIL", "\033[1;31m"},    [VERDICT_WARN] = {"warn", "\033[33m"},
    [VERDICT_NOTE] = {"note", "\033[36m"},      [VERDICT_UNKNOWN] = {"????", "\033[35m"},
    [VERDICT_PASS] = {"ok", "\033[32m"},        [VERDICT_NA] = {"n/a", "\033[2m"},
    [VERDICT_WAIVED] = {"waiv", "\033[2m"},
};

static void paint(const struct check_view *v, enum verdict verdict, FILE *out)
{
    if (v->colour) fprintf(out, "%s%-4s\033[0m", styles[verdict].colour, styles[verdict].word);
    else fprintf(out, "%-4s", styles[verdict].word);
}

static void print_escaped(const char *s, FILE *out)
{
    struct text t = {0};
    text_add_escaped(&t, s, strlen(s), 600);
    fputs(text_get(&t), out);
    text_drop(&t);
}

static void print_evidence(const struct finding *f, FILE *out)
{
    enum { SHOWN = 4 };
    for (size_t i = 0; i < f->evidence_n && i < SHOWN; i++) {
        const struct evidence *e = &f->evidence[i];
        fprintf(out, "        seen  %s = ", e->fact);
        print_escaped(e->value, out);
        fprintf(out, "  (%s, %lld s ago)\n", e->source, (long long)e->age_s);
    }
    if (f->evidence_n > SHOWN) fprintf(out, "        seen  and %zu more\n", f->evidence_n - SHOWN);
}

/* The same row and subject in the report before; NULL if it was not there. */
static const struct finding *earlier(const struct check_view *v, const struct finding *f)
{
    for (size_t i = 0; v->before && i < v->before->findings_n; i++) {
        const struct finding *b = &v->before->findings[i];
        if (strcmp(b->row->id, f->row->id) == 0 && strcmp(b->subject, f->subject) == 0) return b;
    }
    return NULL;
}

static bool changed(const struct check_view *v, const struct finding *f)
{
    const struct finding *b = earlier(v, f);
    return b && b->verdict != f->verdict;
}

size_t check_print_changes(const struct check_view *v, FILE *out)
{
    size_t n = 0;
    for (size_t i = 0; i < v->report->findings_n; i++) {
        const struct finding *f = &v->report->findings[i];
        if (!changed(v, f)) continue;
        n++;
        paint(v, earlier(v, f)->verdict, out);
        fputs(" -> ", out);
        paint(v, f->verdict, out);
        fprintf(out, "  %-11s %s%s%s", f->row->id, f->subject, *f->message ? ": " : "", *f->subject ? "" : f->row->title);
        print_escaped(f->message, out);
        fputc('\n', out);
    }
    return n;
}

static void print_finding(const struct check_view *v, const struct finding *f, FILE *out)
{
    fputs(changed(v, f) ? "* " : "  ", out);
    paint(v, f->verdict, out);
    fprintf(out, " %-11s %s%s%s\n", f->row->id, f->row->title, *f->subject ? "  " : "", f->subject);
    if (*f->message) {
        fputs("        ", out);
        print_escaped(f->message, out);
        fputc('\n', out);
    }
    if (f->verdict == VERDICT_PASS || f->verdict == VERDICT_NA) return;
    print_evidence(f, out);
    const char *place = *f->where && v->place ? v->place(v->ctx, f->where) : NULL;
    if (place && f->evidence_n == 0) fprintf(out, "        at    %s\n", place);
    if (*f->remedy) fprintf(out, "        do    %s: %s\n", f->owner, f->remedy);
}

static bool unjudged(const struct finding *f)
{
    return f->verdict == VERDICT_UNKNOWN && !checklist_is_judged(f->row->id);
}

/* The ids of a seed's findings that fit, each once, on lines of their own. */
static void print_ids(const struct check_view *v, const char *seed, enum verdict verdict, bool judged,
                      const char *word, FILE *out)
{
    enum { WIDTH = 88 };
    const char *last = "";
    size_t column = 0;
    for (size_t i = 0; i < v->report->findings_n; i++) {
        const struct finding *f = &v->report->findings[i];
        if (strcmp(f->row->seed, seed) != 0 || f->verdict != verdict || unjudged(f) == judged) continue;
        if (strcmp(f->row->id, last) == 0) continue;
        last = f->row->id;
        if (column == 0) column = (size_t)fprintf(out, "  %s", word);
        if (column > WIDTH) column = (size_t)fprintf(out, "\n  %*s", (int)strlen(word), "") - 1;
        column += (size_t)fprintf(out, " %s", f->row->id);
    }
    if (column) fputc('\n', out);
}

static void print_seed(const struct check_view *v, const struct checklist_seed *seed, FILE *out)
{
    size_t count[VERDICTS] = {0}, n = 0;
    for (size_t i = 0; i < v->report->findings_n; i++)
        if (strcmp(v->report->findings[i].row->seed, seed->code) == 0)
            count[v->report->findings[i].verdict]++, n++;
    if (n == 0) return;
    fprintf(out, "%s%s  %s%s", v->colour ? "\033[1m" : "", seed->code, seed->title, v->colour ? "\033[0m" : "");
    if (v->seed_order) {
        bool green = !count[VERDICT_FAIL] && !count[VERDICT_UNKNOWN];
        fprintf(out, "  -  %s", green ? "done" : count[VERDICT_FAIL] ? "NOT done" : "not known");
    }
    fputc('\n', out);
    for (size_t i = 0; i < v->report->findings_n; i++) {
        const struct finding *f = &v->report->findings[i];
        bool shown = f->verdict >= VERDICT_WAIVED && f->verdict != VERDICT_PASS;
        if (strcmp(f->row->seed, seed->code) == 0 && !unjudged(f) && (v->all || v->seed_order || shown))
            print_finding(v, f, out);
    }
    if (!v->all && !v->seed_order) print_ids(v, seed->code, VERDICT_PASS, true, "ok  ", out);
    if (!v->all && !v->seed_order) print_ids(v, seed->code, VERDICT_NA, true, "n/a ", out);
    print_ids(v, seed->code, VERDICT_UNKNOWN, false, "not yet judged", out);
    fputc('\n', out);
}

/* What each gateway and circuit scores, and what the loss of one leaves; a large design shows the weak
 * ones only. */
static void print_resiliency(const struct resiliency *r, FILE *out)
{
    enum { FEW = 6 };
    bool all = r->circuits_n <= FEW;
    for (size_t i = 0; i < r->gateways_n; i++)
        if (r->gateways[i].index < 100)
            fprintf(out, "  %-24s %3u  most is won by %s\n", r->gateways[i].subject, r->gateways[i].index, r->gateways[i].gap);
    for (size_t i = 0; i < r->circuits_n; i++)
        if (all || r->circuits[i].index < 100)
            fprintf(out, "  %-24s %3u%s%s\n", r->circuits[i].subject, r->circuits[i].index,
                    *r->circuits[i].gap ? "  most is won by " : "", r->circuits[i].gap);
    for (size_t i = 0; i < r->losses_n; i++)
        if (all || (r->losses[i].known && r->losses[i].percent < 100))
            fprintf(out, "  %-24s      %s\n", r->losses[i].subject, r->losses[i].text);
}

void check_print_table(const struct check_view *v, FILE *out)
{
    const struct report *r = v->report;
    for (size_t i = 0; i < v->checklist->seeds_n; i++) print_seed(v, &v->checklist->seeds[i], out);
    fprintf(out, "%zu fail, %zu warn, %zu note, %zu unknown, %zu pass, %zu n/a",
            r->count[VERDICT_FAIL], r->count[VERDICT_WARN], r->count[VERDICT_NOTE],
            r->count[VERDICT_UNKNOWN], r->count[VERDICT_PASS], r->count[VERDICT_NA]);
    if (r->count[VERDICT_WAIVED]) fprintf(out, ", %zu waived", r->count[VERDICT_WAIVED]);
    fprintf(out, "\nresiliency index %u of 100 (mode: %s)\n", r->index, r->mode);
    print_resiliency(r->resiliency, out);
}

/* ---- JUnit ---- */

static void print_xml(const char *s, FILE *out)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '<') fputs("&lt;", out);
        else if (c == '>') fputs("&gt;", out);
        else if (c == '&') fputs("&amp;", out);
        else if (c == '"') fputs("&quot;", out);
        else fputc(c < 0x20 || c > 0x7e ? '?' : c, out);
    }
}

static const char *junit_element(enum verdict v)
{
    if (v == VERDICT_FAIL) return "failure";
    return v == VERDICT_PASS || v == VERDICT_WARN || v == VERDICT_NOTE ? NULL : "skipped";
}

void check_print_junit(const struct check_view *v, FILE *out)
{
    const struct report *r = v->report;
    fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    fprintf(out, "<testsuite name=\"fairlead check\" tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\">\n",
            r->findings_n, r->count[VERDICT_FAIL],
            r->count[VERDICT_UNKNOWN] + r->count[VERDICT_NA] + r->count[VERDICT_WAIVED]);
    for (size_t i = 0; i < r->findings_n; i++) {
        const struct finding *f = &r->findings[i];
        const char *element = junit_element(f->verdict);
        fprintf(out, " <testcase classname=\"%s\" name=\"%s ", f->row->seed, f->row->id);
        print_xml(*f->subject ? f->subject : f->row->title, out);
        fputs(element ? "\">" : "\"/>\n", out);
        if (!element) continue;
        fprintf(out, "<%s message=\"", element);
        print_xml(f->message, out);
        fprintf(out, "\"/></testcase>\n");
    }
    fputs("</testsuite>\n", out);
}

/* ---- a monitor ---- */

static const struct finding *worst_of(const struct report *r)
{
    const struct finding *worst = NULL;
    for (size_t i = 0; i < r->findings_n; i++)
        if (!unjudged(&r->findings[i]) && (!worst || r->findings[i].verdict > worst->verdict))
            worst = &r->findings[i];
    return worst;
}

int check_print_nagios(const struct check_view *v, FILE *out)
{
    static const struct {
        const char *word;
        int status;
    } rows[VERDICTS] = {
        [VERDICT_NA] = {"OK", 0},        [VERDICT_PASS] = {"OK", 0},      [VERDICT_WAIVED] = {"OK", 0},
        [VERDICT_UNKNOWN] = {"UNKNOWN", 3}, [VERDICT_NOTE] = {"OK", 0},  [VERDICT_WARN] = {"WARNING", 1},
        [VERDICT_FAIL] = {"CRITICAL", 2},
    };
    const struct report *r = v->report;
    const struct finding *worst = worst_of(r);
    enum verdict verdict = worst ? worst->verdict : VERDICT_UNKNOWN;
    fprintf(out, "FAIRLEAD %s - ", rows[verdict].word);
    if (worst && verdict > VERDICT_WAIVED) {
        fprintf(out, "%s %s: ", worst->row->id, worst->subject);
        print_escaped(worst->message, out);
    } else {
        fprintf(out, "%zu rows pass", r->count[VERDICT_PASS]);
    }
    fprintf(out, " | fail=%zu warn=%zu unknown=%zu pass=%zu index=%u;;;0;100\n", r->count[VERDICT_FAIL],
            r->count[VERDICT_WARN], r->count[VERDICT_UNKNOWN], r->count[VERDICT_PASS], r->index);
    return rows[verdict].status;
}

void check_print_row(const struct checklist *c, const struct checklist_row *row, FILE *out)
{
    const char *seed = "";
    for (size_t i = 0; i < c->seeds_n; i++)
        if (strcmp(c->seeds[i].code, row->seed) == 0) seed = c->seeds[i].title;
    fprintf(out, "%s  %s\n", row->id, row->title);
    fprintf(out, "  level   %s\n  seed    %s (%s)\n", level_name(row->level), row->seed, seed);
    fprintf(out, "  when    %s\n  why     %s\n", row->applies, row->text);
    fprintf(out, "  owner   %s\n  remedy  %s\n  source  %s\n", row->owner, row->remedy, row->source);
    if (!checklist_is_judged(row->id)) fputs("  not yet judged: its verdict is always unknown\n", out);
}
