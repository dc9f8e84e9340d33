/* base/text.h - text that grows, for messages, pages and files we write.
 * Owned by whoever declared it; text_drop frees. `s` is always NUL-terminated once anything was
 * added and NULL before. Out of memory aborts. */
#pragma once
#include "base/defs.h"

struct text {
    char *s;
    size_t n, room;
};

void text_add(struct text *t, const char *s);
void text_add_n(struct text *t, const char *s, size_t n);
void text_addf(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Adds s with every byte outside printable ASCII written as \xNN, at most `most` source bytes: text
 * from outside never reaches a log or a terminal raw (RB-196). */
void text_add_escaped(struct text *t, const char *s, size_t n, size_t most);
const char *text_get(const struct text *t); /* never NULL */
void text_clear(struct text *t);
void text_drop(struct text *t);

bool text_same_nocase(const char *a, const char *b); /* ASCII only, locale-free */
/* Of `words` (ended by NULL) the one most like `s` by edit distance, or NULL if none is near: the
 * "did you mean" of every reader. */
const char *text_nearest(const char *s, const char *const *words);
