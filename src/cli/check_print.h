/* cli/check_print.h - a report for people, for a test runner, for a monitor. */
#pragma once
#include <stdio.h>
#include "checklist/checklist.h"

struct check_view {
    const struct report *report;
    const struct checklist *checklist;
    const char *(*place)(void *ctx, const char *pointer); /* "file:line:column" of a design's key */
    void *ctx;
    bool colour, all; /* all: passing rows one by one too */
};
void check_print_table(const struct check_view *v, FILE *out);
void check_print_junit(const struct check_view *v, FILE *out);
/* One line with performance data; the exit status such a monitor expects (0 to 3). */
int check_print_nagios(const struct check_view *v, FILE *out);
void check_print_row(const struct checklist *c, const struct checklist_row *row, FILE *out);
