/* cli/suggest.h - changes to the design file that would settle findings, where the right value follows
 * from the design or the catalogue. Printed as the old and the new line; nothing is written. */
#pragma once
#include <stdio.h>
#include "cli/check_input.h"

/* How many changes were printed. */
size_t suggest_print(struct check *k, const struct report *r, FILE *out);
