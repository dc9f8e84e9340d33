/* base/arena.h - memory with one life: everything taken is given back together.
 * An arena has a ceiling, so what a peer or a request can make us allocate is a number its owner
 * chose. arena_take returns NULL at the ceiling (that is quota, kind (c) of errors); if the process
 * itself is out of memory it aborts. Memory comes zeroed and aligned for any type. */
#pragma once
#include "base/defs.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used, ceiling;       /* bytes */
};

struct arena_mark {
    struct arena_block *block;
    size_t at, used;
};

void arena_init(struct arena *a, size_t ceiling);
void arena_drop(struct arena *a);

MUST_USE void *arena_take(struct arena *a, size_t n);
MUST_USE void *arena_take_array(struct arena *a, size_t count, size_t size);
/* Copies; the text copy is NUL-terminated. NULL at the ceiling. */
MUST_USE void *arena_copy(struct arena *a, const void *src, size_t n);
MUST_USE char *arena_text(struct arena *a, const char *s);
MUST_USE char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Everything taken after the mark is given back by the rewind. The newest block is kept for reuse. */
struct arena_mark arena_mark(const struct arena *a);
void arena_rewind(struct arena *a, struct arena_mark m);
