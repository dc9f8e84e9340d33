/* lab/progress.c - one line of progress on stderr. */
#include "lab/progress.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "lab/pause.h"

void progress_start(struct progress *p, bool quiet)
{
    *p = (struct progress){.terminal = isatty(2), .quiet = quiet, .started = now()};
}

duration progress_elapsed(const struct progress *p) { return instant_since(now(), p->started); }

static void say(struct progress *p, const char *line)
{
    if (p->quiet || strcmp(line, p->shown) == 0) return;
    snprintf(p->shown, sizeof p->shown, "%s", line);
    int64_t ms = duration_to_ms(progress_elapsed(p));
    fprintf(stderr, "%s[%3u%%] %3lld.%llds  %s%s", p->terminal ? "\r\033[K" : "", p->percent,
            (long long)(ms / 1000), (long long)(ms % 1000 / 100), line, p->terminal ? "" : "\n");
    fflush(stderr);
}

void progress_stage(struct progress *p, unsigned percent, const char *stage)
{
    p->percent = percent;
    snprintf(p->stage, sizeof p->stage, "%s", stage);
    say(p, stage);
}

void progress_waiting(struct progress *p, const char *who, const char *what)
{
    char line[sizeof p->shown];
    snprintf(line, sizeof line, "waiting for %s: %s", who, what);
    say(p, line);
}

static void end_line(struct progress *p)
{
    if (p->terminal && p->shown[0] && !p->quiet) fputs("\r\033[K", stderr);
    p->shown[0] = 0;
}

void progress_note(struct progress *p, const char *fmt, ...)
{
    if (p->quiet) return;
    end_line(p);
    va_list args;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
}

void progress_end(struct progress *p)
{
    if (p->terminal && p->shown[0] && !p->quiet) fputc('\n', stderr);
    p->shown[0] = 0;
}
