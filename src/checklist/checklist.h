/* checklist/checklist.h - every prerequisite as a row, judged on a declared design and on evidence.
 * A check never knows where its facts came from. A row has a design side (a predicate over the design)
 * and a live side (facts); its verdict is the worse of the two. Without facts only the design side is
 * judged, and a row that has none is not applicable yet. A fact that is missing or older than the
 * freshness limit makes the live side unknown, never pass. Rows nobody has written a judgement for are
 * unknown too. Pure; everything lives in the caller's arena. */
#pragma once
#include "base/arena.h"
#include "intent/facts.h"
#include "m365/feed.h"
#include "model/catalogue.h"
#include "model/design.h"

enum verdict { /* a worse one has the higher number */
    VERDICT_NA,
    VERDICT_PASS,
    VERDICT_WAIVED,
    VERDICT_UNKNOWN,
    VERDICT_NOTE,
    VERDICT_WARN,
    VERDICT_FAIL,
    VERDICTS
};
const char *verdict_name(enum verdict v); /* "n/a", "pass", "waived", ... */

enum level { LEVEL_MUST, LEVEL_SHOULD, LEVEL_MAY };
const char *level_name(enum level l);

struct checklist_row {
    const char *id, *title, *seed, *applies, *text, *remedy, *owner, *source;
    enum level level;
};
struct checklist_seed {
    const char *code, *title;
};
struct checklist { /* read by rows_json.h */
    struct checklist_row *rows;
    struct checklist_seed *seeds; /* in the order of the seed */
    size_t rows_n, seeds_n;
    uint32_t freshness_s;
};
/* NULL if there is no such row. */
const struct checklist_row *checklist_row(const struct checklist *c, const char *id);
bool checklist_is_judged(const char *id); /* has somebody written a judgement for it? */

struct evidence {
    const char *fact, *value, *source;
    int64_t age_s; /* -1: does not age (the design) */
};

struct finding { /* one row at one subject */
    const struct checklist_row *row;
    enum verdict verdict;
    const char *subject; /* "circuit/er-demo/private/secondary"; "" the whole design */
    const char *message; /* "" when there is nothing to say */
    const char *owner;   /* who must act: customer, provider, cloud; "" when nobody must */
    const char *remedy;  /* "" when nothing is to be done */
    const char *where;   /* JSON pointer into the design, "" if the design has no part in it */
    struct evidence *evidence;
    size_t evidence_n;
};

struct waiver { /* somebody answers for a finding until a day */
    const char *row, *subject; /* subject "": every subject of the row */
    const char *owner, *reason, *until;
};
struct waivers { /* read by waivers_json.h */
    struct waiver *list;
    size_t n;
};

struct checklist_input {
    const struct checklist *checklist;
    const struct catalogue *catalogue;
    const struct design *design;
    const struct facts *facts;     /* sorted; NULL: judge the design alone */
    const char *mode;              /* "design", "lab" or "field", for the report */
    int64_t now_ms;                /* wall clock */
    const char *const *only;       /* id prefixes, ended by NULL; NULL: every row */
    const struct waivers *waivers; /* NULL: none */
    const struct feed *feed;       /* the Office 365 endpoint feed at hand; NULL: none */
    bool derived;                  /* nobody wrote the design: it is what an export amounts to, so its silence says nothing */
};

struct unused_statement { /* one of the design that no row asked for: it decided nothing */
    size_t index;    /* in design->statements */
    const char *why; /* with the nearest name, where one is mistyped */
};

struct resiliency; /* resiliency.h */

struct report {
    const char *mode;
    struct finding *findings; /* in the seed's order, then by row and subject */
    size_t findings_n;
    size_t count[VERDICTS];
    uint32_t index;           /* resiliency of the whole, 0 to 100 */
    struct resiliency *resiliency; /* by gateway and circuit, and what the loss of one leaves */
    struct unused_statement *unused;
    size_t unused_n;
    int64_t at_ms;
};

/* NULL when the arena is full. */
MUST_USE struct report *checklist_run(const struct checklist_input *in, struct arena *arena);

/* 0 neither fail nor unknown, 4 some fail, 5 no fail but some unknown. */
int report_exit_code(const struct report *r);
