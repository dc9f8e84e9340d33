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
    bool seed_order;  /* every bullet of the seed with its own verdict, then its rows */
    const struct report *before; /* highlight what is different from this; NULL: nothing */
    /* for the filed report */
    const struct waivers *waivers; /* NULL: none */
    const char *design_name, *design_file;
    const char *design_hash, *evidence_hash; /* SHA-256, hexadecimal; "" unknown */
    size_t facts_n;
};
void check_print_table(const struct check_view *v, FILE *out);
void check_print_junit(const struct check_view *v, FILE *out);
/* One line with performance data; the exit status such a monitor expects (0 to 3). */
int check_print_nagios(const struct check_view *v, FILE *out);
void check_print_html(const struct check_view *v, FILE *out);
void check_print_metrics(const struct check_view *v, FILE *out);
/* One line for each finding whose verdict is not what it was in v->before; how many. */
size_t check_print_changes(const struct check_view *v, FILE *out);
void check_print_row(const struct checklist *c, const struct checklist_row *row, FILE *out);
