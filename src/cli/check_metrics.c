/* cli/check_metrics.c - the report for a metrics collector (Prometheus' text format 0.0.4), as a file
 * for the node exporter's textfile directory. */
#include <string.h>
#include "base/text.h"
#include "checklist/resiliency.h"
#include "cli/check_print.h"

/* Label values: backslash, quote and line end are escaped; other odd bytes are written as \xNN first. */
static void put_label(FILE *out, const char *name, const char *value, const char *after)
{
    struct text t = {0};
    text_add_escaped(&t, value, strlen(value), 300);
    fprintf(out, "%s=\"", name);
    for (const char *p = text_get(&t); *p; p++) {
        if (*p == '"' || *p == '\\') fputc('\\', out);
        fputc(*p, out);
    }
    fprintf(out, "\"%s", after);
    text_drop(&t);
}

void check_print_metrics(const struct check_view *v, FILE *out)
{
    const struct report *r = v->report;
    fputs("# HELP fairlead_check_findings Findings of the newest check, by verdict.\n# TYPE fairlead_check_findings gauge\n", out);
    for (int k = 0; k < VERDICTS; k++)
        fprintf(out, "fairlead_check_findings{mode=\"%s\",verdict=\"%s\"} %zu\n", r->mode, verdict_name((enum verdict)k), r->count[k]);
    fputs("# HELP fairlead_check_verdict 0 n/a, 1 pass, 2 waived, 3 unknown, 4 note, 5 warn, 6 fail.\n# TYPE fairlead_check_verdict gauge\n", out);
    for (size_t i = 0; i < r->findings_n; i++) {
        const struct finding *f = &r->findings[i];
        fputs("fairlead_check_verdict{", out);
        put_label(out, "id", f->row->id, ",");
        put_label(out, "level", level_name(f->row->level), ",");
        put_label(out, "seed", f->row->seed, ",");
        put_label(out, "subject", f->subject, "} ");
        fprintf(out, "%d\n", (int)f->verdict);
    }
    fputs("# HELP fairlead_resiliency_index 0 to 100.\n# TYPE fairlead_resiliency_index gauge\n", out);
    fprintf(out, "fairlead_resiliency_index %u\n", r->index);
    for (size_t i = 0; r->resiliency && i < r->resiliency->circuits_n; i++) {
        fputs("fairlead_resiliency_index{", out);
        put_label(out, "subject", r->resiliency->circuits[i].subject, "} ");
        fprintf(out, "%u\n", r->resiliency->circuits[i].index);
    }
    fputs("# HELP fairlead_check_timestamp_seconds When it was judged.\n# TYPE fairlead_check_timestamp_seconds gauge\n", out);
    fprintf(out, "fairlead_check_timestamp_seconds %lld\n", (long long)(r->at_ms / 1000));
}
