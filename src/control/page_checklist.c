/* control/page_checklist.c - the newest report of the checklist, in the seed's order: what needs
 * somebody at length, what is fine in a line, what nobody judged yet in a sentence. */
#include <string.h>
#include "control/page_parts.h"
#include "control/report.h"
#include "sys/data_files.h"

static const struct {
    const char *verdict, *look;
    bool at_length;
} verdicts[] = {
    {"fail", "bad", true},     {"warn", "warn", true},  {"note", "warn", true},
    {"waived", "warn", true},  {"pass", "good", false}, {"unknown", "unknown", false},
    {"n/a", "unknown", false},
};

static const char *look_of(const char *verdict, bool *at_length)
{
    for (size_t i = 0; i < ARRAY_LEN(verdicts); i++)
        if (strcmp(verdicts[i].verdict, verdict) == 0) {
            *at_length = verdicts[i].at_length;
            return verdicts[i].look;
        }
    *at_length = true;
    return "unknown";
}

/* --- a row --- */

static void evidence_of(struct page *p, const json_t *row, double report_age_s)
{
    size_t i;
    json_t *e;
    json_array_foreach(json_object_get(row, "evidence"), i, e)
    {
        double age = number_in(e, "age_s");
        put(p, i ? "; <code>" : "<p class=\"small dim\">evidence: <code>");
        put_safe(p, text_in(e, "fact"));
        put(p, " = ");
        put_safe(p, text_in(e, "value"));
        put(p, "</code> from ");
        put_safe(p, text_in(e, "source"));
        if (json_is_number(json_object_get(e, "age_s")) && age >= 0) {
            put(p, ", ");
            put_age(p, age + report_age_s);
            put(p, " old");
        }
    }
    if (json_array_size(json_object_get(row, "evidence")) > 0) put(p, "</p>");
}

static void paragraph(struct page *p, const char *before, const char *s)
{
    if (!*s) return;
    put(p, "<p>");
    put(p, before);
    put_safe(p, s);
    put(p, "</p>");
}

static void row_body(struct page *p, const json_t *row, bool at_length, double report_age_s)
{
    put(p, "<div>");
    put_safe(p, text_in(row, "title"));
    if (*text_in(row, "subject")) {
        put(p, " <span class=\"dim\">");
        put_safe(p, text_in(row, "subject"));
        put(p, "</span>");
    }
    if (at_length || strcmp(text_in(row, "verdict"), "unknown") == 0)
        paragraph(p, "", text_in(row, "message"));
    if (at_length && *text_in(row, "remedy")) {
        put(p, "<p><b>");
        put_safe(p, *text_in(row, "owner") ? text_in(row, "owner") : "to do");
        put(p, ":</b> ");
        put_safe(p, text_in(row, "remedy"));
        put(p, "</p>");
    }
    evidence_of(p, row, report_age_s);
    put(p, "</div>");
}

static void put_row(struct page *p, const json_t *row, double report_age_s)
{
    bool at_length;
    const char *look = look_of(text_in(row, "verdict"), &at_length);
    put(p, "<div class=\"row\"><div>");
    put_badge(p, look, text_in(row, "verdict"));
    put(p, "</div><div class=\"id\">");
    put_safe(p, text_in(row, "id"));
    put(p, "</div>");
    row_body(p, row, at_length, report_age_s);
    put(p, "</div>");
}

/* Nobody wrote a judgement for it yet, or it has no meaning here: a name in a list is enough. */
static bool in_a_word(const json_t *row)
{
    const char *v = text_in(row, "verdict");
    return strcmp(v, "n/a") == 0 ||
           (strcmp(v, "unknown") == 0 && strstr(text_in(row, "message"), "not yet judged"));
}

/* --- a group --- */

static void put_words(struct page *p, const json_t *rows, const char *seed, const char *verdict,
                      const char *before)
{
    size_t i, n = 0;
    json_t *row;
    json_array_foreach((json_t *)rows, i, row)
    {
        if (strcmp(text_in(row, "seed"), seed) != 0 || !in_a_word(row) ||
            strcmp(text_in(row, "verdict"), verdict) != 0)
            continue;
        put(p, n++ ? ", " : before);
        put_safe(p, text_in(row, "id"));
    }
    if (n) put(p, "</p>");
}

static void put_group(struct page *p, const json_t *rows, const char *seed, const char *title,
                      double report_age_s)
{
    size_t i, n = 0;
    json_t *row;
    json_array_foreach((json_t *)rows, i, row) n += strcmp(text_in(row, "seed"), seed) == 0;
    if (n == 0) return;
    put(p, "<section class=\"card\"><h3>");
    put_safe(p, title);
    put(p, "</h3>");
    json_array_foreach((json_t *)rows, i, row)
    {
        if (strcmp(text_in(row, "seed"), seed) == 0 && !in_a_word(row))
            put_row(p, row, report_age_s);
    }
    put_words(p, rows, seed, "unknown", "<p class=\"small dim\">Not yet judged: ");
    put_words(p, rows, seed, "n/a", "<p class=\"small dim\">Not applicable here: ");
    put(p, "</section>");
}

static void put_summary(struct page *p, const json_t *report, const json_t *kept, double age_s)
{
    const json_t *summary = json_object_get(report, "summary");
    put(p, "<p>");
    for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
        const char *key = strcmp(verdicts[i].verdict, "n/a") == 0 ? "na" : verdicts[i].verdict;
        char words[48];
        double n = number_in(summary, key);
        snprintf(words, sizeof words, "%.0f %s", n, verdicts[i].verdict);
        if (n > 0) put_badge(p, verdicts[i].look, words);
        if (n > 0) put(p, " ");
    }
    put(p, "</p><p class=\"dim\">Resiliency index ");
    putf(p, "%.0f of 100. Judged ", number_in(report, "index"));
    put_age(p, age_s);
    put(p, " ago, in mode ");
    put_safe(p, text_in(report, "mode"));
    put(p, ", posted by ");
    put_safe(p, text_in(kept, "by"));
    put(p, ".</p>");
}

static void put_report(struct page *p, const json_t *kept)
{
    size_t i;
    json_t *seed;
    struct text why = {0};
    const json_t *report = json_object_get(kept, "report"), *rows = json_object_get(report, "rows");
    double age_s = ((double)p->control->now_ms - number_in(kept, "received_ms")) / 1000;
    json_t *file = data_file_json("checklist.json", &why);
    put_summary(p, report, kept, age_s);
    json_array_foreach(json_object_get(file, "seeds"), i, seed)
        put_group(p, rows, text_in(seed, "code"), text_in(seed, "title"), age_s);
    json_decref(file);
    text_drop(&why);
}

void page_checklist(struct page *p)
{
    json_t *kept = report_load(p->control);
    put(p, "<h2>Checklist</h2>");
    if (kept)
        put_report(p, kept);
    else
        put(p,
            "<section class=\"card\"><p>No verdicts yet. <code>fairlead check --lab demo</code> "
            "judges every prerequisite on live evidence and posts the report here.</p></section>");
    json_decref(kept);
}
