/* control/page_parts.h - what the parts of the status page share: text that is safe in HTML,
 * looking things up in what is shown, and words for states and times. */
#pragma once
#include "control/control.h"

struct page {
    struct text *out;
    struct control *control;
    const json_t *resources; /* list, in key order */
    const json_t *edges;     /* registrations with revision and age */
    const json_t *evidence;  /* {"edges":[...]} */
};

enum { PAGE_STALE_S = 30 }; /* older evidence proves nothing */

void put(struct page *p, const char *html);                        /* ours, as it is */
void putf(struct page *p, const char *fmt, ...) PRINTF_LIKE(2, 3); /* numbers only */
void put_safe(struct page *p, const char *s);                      /* somebody's text */
void put_age(struct page *p, double seconds); /* "12 s", "3 min 04 s", "2 h 10 min", "5 d 3 h" */

const char *text_in(const json_t *o, const char *key); /* "" when absent */
const char *prop(const json_t *resource, const char *key);
const char *internal(const json_t *resource, const char *key);
double number_in(const json_t *o, const char *key);
bool is_type(const json_t *resource, const char *type); /* "expressRouteCircuits" */
/* The resource with this lower-cased identifier; NULL: none. */
const json_t *by_key(const struct page *p, const char *key);
/* Is `child` (a record) below `parent`? */
bool below(const json_t *child, const json_t *parent);

/* A word with the look of its state: "good", "bad", "warn", "unknown". */
void put_badge(struct page *p, const char *look, const char *text);

enum session { SESSION_UNKNOWN, SESSION_DOWN, SESSION_PART, SESSION_UP };
/* Of all sessions filed under the subject, by evidence that is not stale. */
enum session session_of(const struct page *p, const char *subject);
const char *session_look(enum session s);
const char *session_word(enum session s);
/* Calls `each` for every peer row under the subject or, if it ends in '/', below it. */
void each_peer(struct page *p, const char *subject,
               void (*each)(struct page *p, const json_t *edge, const json_t *peer, void *ctx),
               void *ctx);

void page_circuits(struct page *p);
void page_checklist(struct page *p);
extern const char page_style[];
