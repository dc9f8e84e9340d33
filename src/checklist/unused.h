/* checklist/unused.h - statements of a design that no row asked for, and why; for checklist.c.
 * A statement speaks only where the design is silent. One that speaks elsewhere, or of a row or subject
 * that does not exist, would be a false comfort: its writer is told. */
#pragma once
#include "checklist/checklist.h"

struct unused_list {
    struct unused_statement *list;
    size_t n;
};
/* `used` has a flag for each statement. Empty when the arena is full. */
struct unused_list unused_statements(const struct checklist_input *in, const struct finding *findings, size_t n,
                                     const bool *used, struct arena *arena);
