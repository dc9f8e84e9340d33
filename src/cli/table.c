/* cli/table.c - see the header. */
#include "cli/table.h"
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>

struct table {
    struct libscols_table *scols;
    size_t columns;
};

struct table *table_new(const char *const *titles)
{
    struct table *t = calloc(1, sizeof *t);
    if (!t || !(t->scols = scols_new_table())) abort();
    for (; titles[t->columns]; t->columns++)
        if (!scols_table_new_column(t->scols, titles[t->columns], 0, 0)) abort();
    return t;
}

void table_row(struct table *t, const char *const *cells)
{
    struct libscols_line *line = scols_table_new_line(t->scols, NULL);
    if (!line) abort();
    for (size_t i = 0; i < t->columns; i++)
        if (scols_line_set_data(line, i, cells[i]) != 0) abort();
}

void table_print(struct table *t)
{
    scols_print_table(t->scols);
    scols_unref_table(t->scols);
    free(t);
}
