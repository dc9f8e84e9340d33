/* intent/check.h - the rules of an intent that no single key can know: names that must be unique,
 * addresses that must fit together, tags that may be given once. Pure. */
#pragma once
#include "intent/intent.h"

/* Adds every breach with its JSON pointer; none is added for a good intent. */
void intent_check(const struct intent *i, struct problems *problems);
