/* base/problem.h - "the operator asked for nonsense": what, where, which rule, and the fix.
 * `where` is a JSON pointer into the document that was read ("/domains/0/peers/1/asn"); readers that
 * know the file turn it into file:line:column, the API gives it as it is. Collected, so that one
 * reading reports every fault of a file and not only the first. */
#pragma once
#include "base/arena.h"

struct problem {
    const char *where; /* JSON pointer; "" is the whole document */
    const char *what;  /* one sentence: the value and why it is refused */
    const char *rule;  /* the rule with its range or source, "" if the sentence says it */
    const char *fix;   /* what to write instead, "" if unknown */
    struct problem *next;
};

struct problems {
    struct arena *arena; /* the texts live here */
    struct problem *first, **tail;
    size_t count;
};

void problems_init(struct problems *ps, struct arena *a);
void problem_add(struct problems *ps, const char *where, const char *rule, const char *fix,
                 const char *what, ...) PRINTF_LIKE(5, 6);
