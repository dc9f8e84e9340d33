/* A checklist with everything it needs, and designs made from texts, for the tests of this folder. */
#pragma once
#include "check.h"
#include "checklist/rows_json.h"

struct bench {
    struct arena arena;
    struct checklist *checklist;
    struct catalogue *catalogue;
};
void bench_open(struct bench *b);
void bench_close(struct bench *b);
/* The design of a YAML text; the test fails with its problems if there are any. */
struct design *bench_design(struct bench *b, const char *yaml);
/* The demo's text with one passage replaced; the passage must be there. Freed by the caller. */
char *bench_demo_with(const char *find, const char *replace);
/* NOW is 2026-06-01. */
#define BENCH_NOW_MS (INT64_C(1780272000) * 1000)
const struct report *bench_run(struct bench *b, const struct design *d, const struct facts *facts);
/* The worst verdict among the findings of a row; VERDICTS if it has none. */
enum verdict bench_verdict(const struct report *r, const char *id);
const struct finding *bench_finding(const struct report *r, const char *id, const char *subject);
