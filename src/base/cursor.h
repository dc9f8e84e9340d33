/* base/cursor.h - the checked cursor: the only way to read bytes that somebody else wrote.
 * A read past the end returns zero, moves to the end and leaves `bad` set for good, so a decoder may
 * read a whole unit and ask once. A sub-cursor cannot see past its own end. Nothing is copied; what
 * a cursor hands out lives as long as the bytes it was made from. */
#pragma once
#include "base/defs.h"

struct span {
    const uint8_t *p;
    size_t n;
};

struct cursor {
    const uint8_t *start, *p, *end;
    bool bad;
};

static inline struct span span_of(const void *p, size_t n) { return (struct span){p, n}; }

static inline struct cursor cursor_of(struct span s)
{
    return (struct cursor){s.p, s.p, s.p ? s.p + s.n : s.p, false};
}
static inline size_t cursor_left(const struct cursor *c) { return (size_t)(c->end - c->p); }
static inline size_t cursor_offset(const struct cursor *c) { return (size_t)(c->p - c->start); }

/* The next n bytes, or NULL (and bad) if they are not there. */
static inline const uint8_t *cursor_take(struct cursor *c, size_t n)
{
    if (n > cursor_left(c)) {
        c->bad = true;
        c->p = c->end;
        return NULL;
    }
    const uint8_t *at = c->p;
    c->p += n;
    return at;
}
static inline struct span cursor_span(struct cursor *c, size_t n)
{
    const uint8_t *p = cursor_take(c, n);
    return (struct span){p, p ? n : 0};
}
static inline uint8_t cursor_u8(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 1);
    return p ? p[0] : 0;
}
static inline uint16_t cursor_u16(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 2);
    return (uint16_t)(p ? p[0] << 8 | p[1] : 0);
}
static inline uint32_t cursor_u32(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 4);
    return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}
static inline uint64_t cursor_u64(struct cursor *c)
{
    uint64_t high = cursor_u32(c);
    return high << 32 | cursor_u32(c);
}
/* The next n bytes as a cursor of their own; if they are not there both cursors are bad. */
static inline struct cursor cursor_sub(struct cursor *c, size_t n)
{
    const uint8_t *p = cursor_take(c, n);
    return p ? (struct cursor){p, p, p + n, false} : (struct cursor){c->end, c->end, c->end, true};
}
static inline struct span cursor_rest(struct cursor *c) { return cursor_span(c, cursor_left(c)); }
