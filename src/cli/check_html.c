/* cli/check_html.c - the report as one HTML file that needs nothing else and prints well.
 * It is meant to be filed: it carries the day, the mode, hashes of the design and of the evidence, and
 * every waiver with its owner and end. No script, no colour that is the only carrier of a meaning.
 * Everything that came from outside is escaped. */
#include <string.h>
#include <time.h>
#include "base/text.h"
#include "checklist/resiliency.h"
#include "cli/check_print.h"

static const char style[] =
    ":root{--fg:#17202a;--dim:#586472;--line:#d5dbe3;--soft:#f3f5f8;--fail:#b3261e;--warn:#8a5a00;--note:#1d5fa8;"
    "--unknown:#5f3d8c;--ok:#116a3d}"
    "*{box-sizing:border-box}body{margin:0;color:var(--fg);background:#fff;"
    "font:14.5px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',sans-serif}"
    "main{max-width:980px;margin:0 auto;padding:34px 24px 60px}"
    "h1{font-size:26px;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em}"
    "h2{font-size:17px;margin:34px 0 8px;padding-bottom:5px;border-bottom:2px solid var(--fg);display:flex;"
    "justify-content:space-between;gap:12px;align-items:baseline}h2 small{font-weight:400;color:var(--dim);font-size:13px}"
    ".dim{color:var(--dim)}.small{font-size:13px}p{margin:4px 0}"
    ".tiles{display:grid;grid-template-columns:repeat(7,1fr);gap:8px;margin:20px 0 8px}"
    ".tile{border:1px solid var(--line);border-radius:8px;padding:9px 12px}.tile b{display:block;font-size:24px;"
    "line-height:1.2;font-variant-numeric:tabular-nums}.tile span{font-size:12.5px;color:var(--dim)}"
    ".index{grid-column:span 1;background:var(--fg);color:#fff;border-color:var(--fg)}.index span{color:#c9d1db}"
    "table{border-collapse:collapse;width:100%;font-size:13.5px}th,td{text-align:left;vertical-align:top;"
    "padding:4px 12px 4px 0;border-bottom:1px solid var(--line)}th{font-size:12px;color:var(--dim);font-weight:600}"
    "code{font:12.5px/1.45 ui-monospace,'DejaVu Sans Mono',monospace;overflow-wrap:anywhere}"
    ".f{display:grid;grid-template-columns:86px 1fr;gap:0 14px;padding:11px 0;border-bottom:1px solid var(--line)}"
    ".v{font-weight:700;font-size:12.5px;letter-spacing:.02em;border:1.5px solid currentColor;border-radius:5px;"
    "text-align:center;height:24px;line-height:21px}"
    ".fail{color:var(--fail)}.warn{color:var(--warn)}.note{color:var(--note)}.unknown{color:var(--unknown)}"
    ".pass{color:var(--ok)}.na,.waived{color:var(--dim)}.v.fail{background:var(--fail);color:#fff;border-color:var(--fail)}"
    ".f h3{font-size:14.5px;margin:0;font-weight:650}.f h3 code{font-weight:400;color:var(--dim);margin-left:8px}"
    ".do{border-left:3px solid var(--line);padding-left:10px;margin:5px 0}.ids{font-size:13px;margin:8px 0 0}"
    ".ids code{margin-right:7px;display:inline-block}.ev td{border:0;padding:0 12px 0 0;font-size:12.5px;color:var(--dim)}"
    "footer{margin-top:40px;border-top:1px solid var(--line);padding-top:10px;font-size:12.5px;color:var(--dim)}"
    "@media(max-width:720px){.tiles{grid-template-columns:repeat(2,1fr)}.f{grid-template-columns:1fr}}"
    "@page{size:A4;margin:16mm 14mm}@media print{body{font-size:10.5pt}main{max-width:none;padding:0}"
    "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}.f,tr,.tiles{break-inside:avoid}"
    "h2{break-after:avoid;font-size:13pt}h1{font-size:19pt}table{font-size:9.5pt}}";

static const struct {
    const char *word, *css;
} words[VERDICTS] = {
    [VERDICT_FAIL] = {"FAIL", "fail"},       [VERDICT_WARN] = {"warn", "warn"}, [VERDICT_NOTE] = {"note", "note"},
    [VERDICT_UNKNOWN] = {"unknown", "unknown"}, [VERDICT_PASS] = {"pass", "pass"}, [VERDICT_NA] = {"n/a", "na"},
    [VERDICT_WAIVED] = {"waived", "waived"},
};

static void put(FILE *out, const char *s) /* escaped */
{
    struct text t = {0};
    text_add_escaped(&t, s, strlen(s), 2000);
    for (const char *p = text_get(&t); *p; p++) {
        if (*p == '<') fputs("&lt;", out);
        else if (*p == '>') fputs("&gt;", out);
        else if (*p == '&') fputs("&amp;", out);
        else if (*p == '"') fputs("&quot;", out);
        else fputc(*p, out);
    }
    text_drop(&t);
}

static void put_age(FILE *out, int64_t s)
{
    if (s < 0) fputs("design", out);
    else if (s < 120) fprintf(out, "%lld s", (long long)s);
    else if (s < 7200) fprintf(out, "%lld min", (long long)s / 60);
    else fprintf(out, "%lld days", (long long)s / 86400);
}

static const char *when(int64_t ms, char out[static 40])
{
    time_t t = (time_t)(ms / 1000);
    struct tm tm;
    gmtime_r(&t, &tm);
    strftime(out, 40, "%Y-%m-%d %H:%M UTC", &tm);
    return out;
}

/* ---- head ---- */

static void put_head(const struct check_view *v, FILE *out)
{
    char at[40];
    fputs("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
          "content=\"width=device-width\"><title>", out);
    put(out, v->design_name);
    fprintf(out, " - interconnect report</title><style>%s</style></head><body><main>", style);
    fputs("<h1>", out);
    put(out, v->design_name);
    fputs(": is the interconnect ready?</h1><p class=\"dim\">", out);
    put(out, when(v->report->at_ms, at));
    fprintf(out, " &middot; mode %s &middot; %zu facts</p>", v->report->mode, v->facts_n);
}

static void put_tile(FILE *out, const char *css, unsigned long long n, const char *word)
{
    fprintf(out, "<div class=\"tile\"><b class=\"%s\">%llu</b><span>%s</span></div>", css, n, word);
}

static void put_tiles(const struct check_view *v, FILE *out)
{
    static const enum verdict shown[] = {VERDICT_FAIL, VERDICT_WARN, VERDICT_NOTE, VERDICT_UNKNOWN, VERDICT_PASS,
                                         VERDICT_WAIVED};
    fprintf(out, "<div class=\"tiles\"><div class=\"tile index\"><b>%u</b><span>resiliency of 100</span></div>",
            v->report->index);
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        put_tile(out, words[shown[i]].css, v->report->count[shown[i]], words[shown[i]].word);
    fprintf(out, "</div><p class=\"dim small\">%zu rows do not apply to this design.", v->report->count[VERDICT_NA]);
    if (v->report->count[VERDICT_UNKNOWN]) fputs(" What is not known is never called a pass.", out);
    fputs("</p>", out);
}

/* ---- findings ---- */

static void put_evidence(const struct finding *f, FILE *out)
{
    if (!f->evidence_n) return;
    fputs("<table class=\"ev\">", out);
    for (size_t i = 0; i < f->evidence_n; i++) {
        const struct evidence *e = &f->evidence[i];
        fputs("<tr><td><code>", out);
        put(out, e->fact);
        fputs("</code></td><td><code>", out);
        put(out, e->value);
        fputs("</code></td><td>", out);
        put(out, e->source);
        fputs("</td><td>", out);
        put_age(out, e->age_s);
        fputs("</td></tr>", out);
    }
    fputs("</table>", out);
}

static void put_finding(const struct check_view *v, const struct finding *f, FILE *out)
{
    const char *place = *f->where && v->place ? v->place(v->ctx, f->where) : NULL;
    fprintf(out, "<div class=\"f\"><div class=\"v %s\">%s</div><div><h3>%s ", words[f->verdict].css, words[f->verdict].word,
            f->row->id);
    put(out, f->row->title);
    if (*f->subject) fputs("<code>", out), put(out, f->subject), fputs("</code>", out);
    fputs("</h3><p>", out);
    put(out, f->message);
    fputs("</p>", out);
    if (*f->remedy) {
        fputs("<p class=\"do\"><b>", out);
        put(out, f->owner);
        fputs("</b>: ", out);
        put(out, f->remedy);
        fputs("</p>", out);
    }
    put_evidence(f, out);
    fputs("<p class=\"dim small\">", out);
    if (place) put(out, place), fputs(" &middot; ", out);
    put(out, f->row->source);
    fputs("</p></div></div>", out);
}

static bool unjudged(const struct finding *f)
{
    return f->verdict == VERDICT_UNKNOWN && !checklist_is_judged(f->row->id);
}

static void put_ids(const struct check_view *v, const char *seed, enum verdict verdict, const char *word, FILE *out)
{
    const char *last = "";
    bool any = false;
    for (size_t i = 0; i < v->report->findings_n; i++) {
        const struct finding *f = &v->report->findings[i];
        if (strcmp(f->row->seed, seed) != 0 || f->verdict != verdict || strcmp(f->row->id, last) == 0) continue;
        if (verdict == VERDICT_UNKNOWN && !unjudged(f)) continue;
        if (!any) fprintf(out, "<p class=\"ids\"><b class=\"%s\">%s</b> ", words[verdict].css, word);
        any = true;
        last = f->row->id;
        fprintf(out, "<code>%s</code>", last);
    }
    if (any) fputs("</p>", out);
}

static void put_seed(const struct check_view *v, const struct checklist_seed *seed, FILE *out)
{
    size_t count[VERDICTS] = {0}, n = 0;
    const struct report *r = v->report;
    for (size_t i = 0; i < r->findings_n; i++)
        if (strcmp(r->findings[i].row->seed, seed->code) == 0) count[r->findings[i].verdict]++, n++;
    if (n == 0) return;
    fprintf(out, "<section><h2><span>%s &nbsp;", seed->code);
    put(out, seed->title);
    fprintf(out, "</span><small>%zu pass, %zu open</small></h2>", count[VERDICT_PASS],
            count[VERDICT_FAIL] + count[VERDICT_WARN] + count[VERDICT_NOTE] + count[VERDICT_UNKNOWN]);
    for (int verdict = VERDICTS - 1; verdict >= VERDICT_WAIVED; verdict--)
        for (size_t i = 0; i < r->findings_n; i++)
            if (r->findings[i].verdict == (enum verdict)verdict && !unjudged(&r->findings[i]) &&
                strcmp(r->findings[i].row->seed, seed->code) == 0)
                put_finding(v, &r->findings[i], out);
    put_ids(v, seed->code, VERDICT_PASS, "pass", out);
    put_ids(v, seed->code, VERDICT_NA, "n/a", out);
    put_ids(v, seed->code, VERDICT_UNKNOWN, "not yet judged", out);
    fputs("</section>", out);
}

/* The index of each gateway and circuit with what would raise it most, and what the loss of one leaves. */
static void put_resiliency(const struct check_view *v, FILE *out)
{
    const struct resiliency *r = v->report->resiliency;
    if (!r || r->gateways_n + r->circuits_n + r->losses_n == 0) return;
    fputs("<section><h2><span>Resiliency</span></h2><table>", out);
    const struct resiliency_score *lists[] = {r->gateways, r->circuits};
    const size_t counts[] = {r->gateways_n, r->circuits_n};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < counts[k]; i++) {
            fputs("<tr><td><code>", out);
            put(out, lists[k][i].subject);
            fprintf(out, "</code></td><td><b>%u</b></td><td>", lists[k][i].index);
            if (*lists[k][i].gap) fputs("raised most by ", out);
            put(out, lists[k][i].gap);
            fputs("</td></tr>", out);
        }
    for (size_t i = 0; i < r->losses_n; i++) {
        fputs("<tr><td><code>", out);
        put(out, r->losses[i].subject);
        fputs("</code></td><td></td><td>", out);
        put(out, r->losses[i].text);
        fputs("</td></tr>", out);
    }
    fputs("</table></section>", out);
}

/* What has to be done before anything else, on the first page. */
static void put_first(const struct check_view *v, FILE *out)
{
    enum { SHOWN = 25 };
    size_t n = 0;
    if (!v->report->count[VERDICT_FAIL]) return;
    fputs("<section><h2><span>What fails, and who must act</span></h2><table><tr><th>row</th><th>where</th>"
          "<th>what is wrong</th><th>who</th></tr>", out);
    for (size_t i = 0; i < v->report->findings_n && n < SHOWN; i++) {
        const struct finding *f = &v->report->findings[i];
        if (f->verdict != VERDICT_FAIL) continue;
        const char *const cells[] = {f->row->id, *f->subject ? f->subject : "design", f->message, f->owner};
        n++;
        fputs("<tr>", out);
        for (size_t c = 0; c < sizeof cells / sizeof *cells; c++) {
            fputs(c < 2 ? "<td><code>" : "<td>", out);
            put(out, cells[c]);
            fputs(c < 2 ? "</code></td>" : "</td>", out);
        }
        fputs("</tr>", out);
    }
    fputs("</table>", out);
    if (v->report->count[VERDICT_FAIL] > n) fprintf(out, "<p class=\"dim\">and %zu more</p>", v->report->count[VERDICT_FAIL] - n);
    fputs("</section>", out);
}

/* ---- waivers, hashes ---- */

static void put_waivers(const struct check_view *v, FILE *out)
{
    if (!v->waivers || !v->waivers->n) return;
    fputs("<section><h2><span>Waivers</span></h2><table><tr><th>row</th><th>subject</th><th>owner</th><th>until</th>"
          "<th>reason</th></tr>", out);
    for (size_t i = 0; i < v->waivers->n; i++) {
        const struct waiver *w = &v->waivers->list[i];
        const char *const cells[] = {w->row, *w->subject ? w->subject : "all", w->owner, w->until, w->reason};
        int64_t until;
        bool over = design_date(w->until, &until) && until < v->report->at_ms / 86400000;
        fputs("<tr>", out);
        for (size_t c = 0; c < sizeof cells / sizeof *cells; c++) {
            fputs("<td>", out);
            put(out, cells[c]);
            if (c == 3 && over) fputs(" <b class=\"fail\">over</b>", out);
            fputs("</td>", out);
        }
        fputs("</tr>", out);
    }
    fputs("</table></section>", out);
}

static void put_foot(const struct check_view *v, FILE *out)
{
    fputs("<footer><p>Design <code>", out);
    put(out, v->design_file);
    fprintf(out, "</code> SHA-256 <code>%s</code></p><p>Evidence of %zu facts, SHA-256 <code>%s</code></p>"
                 "<p>Made by fairlead. Each row is judged by rules with dated public sources; "
                 "<code>fairlead check --explain ID</code> tells them.</p></footer></main></body></html>\n",
            v->design_hash, v->facts_n, v->evidence_hash);
}

void check_print_html(const struct check_view *v, FILE *out)
{
    put_head(v, out);
    put_tiles(v, out);
    put_first(v, out);
    put_resiliency(v, out);
    for (size_t i = 0; i < v->checklist->seeds_n; i++) put_seed(v, &v->checklist->seeds[i], out);
    put_waivers(v, out);
    put_foot(v, out);
}
