/* lab/progress.h - telling a person what happens: stage, percentage, elapsed time, who is waited
 * for. On a terminal the current line is rewritten in place; elsewhere every change is one plain
 * line. All of it goes to stderr. A quiet progress says nothing. */
#pragma once
#include "base/instant.h"
#include "base/text.h"

struct progress {
    bool terminal, quiet;
    instant started;
    unsigned percent;
    char stage[80];
    char shown[200]; /* what stands on the line, so that nothing is said twice */
};

void progress_start(struct progress *p, bool quiet);
void progress_stage(struct progress *p, unsigned percent, const char *stage);
/* "waiting for provider: Equinix has not provisioned er-demo yet". */
void progress_waiting(struct progress *p, const char *who, const char *what);
/* A line that stays. */
void progress_note(struct progress *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
void progress_end(struct progress *p); /* leaves the last line */
duration progress_elapsed(const struct progress *p);
