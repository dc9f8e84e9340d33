/* A checklist with everything it needs, and designs made from texts, for the tests of this folder. */
#pragma once
#include "check.h"
#include "checklist/rows_json.h"

struct bench {
    struct arena arena;
    json_t *resilient;
    struct checklist *checklist;
    struct catalogue *catalogue;
};
void bench_open(struct bench *b);
void bench_close(struct bench *b);
const json_t *bench_resilient(struct bench *b); /* examples/resilient.yaml */
/* The design of a YAML text; the test fails with its problems if there are any. */
struct design *bench_design(struct bench *b, const char *yaml);
/* The demo's text with one passage replaced; the passage must be there. Freed by the caller. */
char *bench_demo_with(const char *find, const char *replace);
/* NOW is 2026-11-25. */
#define BENCH_NOW_MS (INT64_C(1795564800) * 1000)
/* examples/resilient.yaml with changes (patch.h) laid over it, judged alone or with healthy evidence. */
const struct report *bench_patched(struct bench *b, const char *changes, bool with_facts);

/* A text file of this folder: one line a record, its first two words, and what follows a ':'. Lines that
 * begin with '#' are skipped. */
struct bench_line {
    char word[2][120];
    const char *rest;
};
struct bench_lines {
    struct bench_line *list;
    size_t n;
    char *text;
};
struct bench_lines bench_lines(const char *file);
void bench_lines_drop(struct bench_lines *l);
const struct report *bench_run(struct bench *b, const struct design *d, const struct facts *facts);
/* The worst verdict among the findings of a row; VERDICTS if it has none. */
enum verdict bench_verdict(const struct report *r, const char *id);
const struct finding *bench_finding(const struct report *r, const char *id, const char *subject);
