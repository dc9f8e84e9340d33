/* capacity/examples.h - the worked examples of the published guides, computed again, beside what
 * was printed, with the reason where the print is wrong. Pure. */
#pragma once
#include "capacity/formulas.h"

struct example {
    const char *what, *formula;
    struct exact (*compute)(void);
    unsigned decimals;
    const char *unit;
    const char *ours;    /* exact value at those decimals */
    const char *printed; /* as published; "" if nothing was printed */
    const char *wrong;   /* why the printed one is wrong; "" if it is right */
    const char *source;
};
extern const struct example capacity_examples[]; /* ended by what == NULL */
