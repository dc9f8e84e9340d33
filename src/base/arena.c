/* base/arena.c - blocks of growing size in a list; a take bumps a pointer. */
#include "base/arena.h"
#include <assert.h>
#include <stdarg.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20 };

struct arena_block {
    struct arena_block *older;
    size_t size, at;
    alignas(max_align_t) uint8_t bytes[];
};

void arena_init(struct arena *a, size_t ceiling) { *a = (struct arena){.ceiling = ceiling}; }

void arena_drop(struct arena *a)
{
    while (a->blocks) {
        struct arena_block *b = a->blocks;
        a->blocks = b->older;
        free(b);
    }
    a->used = 0;
}

static size_t rounded(size_t n)
{
    const size_t unit = alignof(max_align_t);
    return (n + unit - 1) / unit * unit;
}

static bool grow(struct arena *a, size_t n)
{
    size_t size = a->blocks ? a->blocks->size * 2 : FIRST_BLOCK;
    if (size > LARGEST_BLOCK) size = LARGEST_BLOCK;
    if (size < n) size = n;
    struct arena_block *b = malloc(sizeof *b + size);
    if (!b) abort(); /* the process is out of memory, not this arena's quota */
    b->older = a->blocks;
    b->size = size;
    b->at = 0;
    a->blocks = b;
    return true;
}

void *arena_take(struct arena *a, size_t n)
{
    if (n > SIZE_MAX / 2) return NULL;
    n = rounded(n ? n : 1);
    if (n > a->ceiling || a->used > a->ceiling - n) return NULL;
    if (!a->blocks || a->blocks->size - a->blocks->at < n) grow(a, n);
    void *p = a->blocks->bytes + a->blocks->at;
    a->blocks->at += n;
    a->used += n;
    return memset(p, 0, n);
}

void *arena_take_array(struct arena *a, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) return NULL;
    return arena_take(a, count * size);
}

void *arena_copy(struct arena *a, const void *src, size_t n)
{
    void *p = arena_take(a, n);
    if (p && n) memcpy(p, src, n);
    return p;
}

char *arena_text(struct arena *a, const char *s) { return arena_copy(a, s, strlen(s) + 1); }

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *p = n < 0 ? NULL : arena_take(a, (size_t)n + 1);
    if (p) vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

struct arena_mark arena_mark(const struct arena *a)
{
    return (struct arena_mark){a->blocks, a->blocks ? a->blocks->at : 0, a->used};
}

/* Blocks newer than the mark go back to the system; the first block of all is kept even when the
 * mark was taken before it existed, so that a message loop does not allocate per message. */
void arena_rewind(struct arena *a, struct arena_mark m)
{
    while (a->blocks && a->blocks != m.block && a->blocks->older) {
        struct arena_block *b = a->blocks;
        a->blocks = b->older;
        free(b);
    }
    if (a->blocks) a->blocks->at = a->blocks == m.block ? m.at : 0;
    a->used = m.used;
}
