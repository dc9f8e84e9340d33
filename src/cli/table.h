/* cli/table.h - tables on a terminal. The only user of libsmartcols. */
#pragma once
#include "base/defs.h"

struct table;
struct table *table_new(const char *const *titles);        /* ended by NULL */
void table_row(struct table *t, const char *const *cells); /* as many as titles; copied */
/* Prints to stdout, as wide as the terminal is, and frees the table. */
void table_print(struct table *t);
