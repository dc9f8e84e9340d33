/* base/writer.h - the mirror of the cursor: bytes out into a buffer the caller owns.
 * A write that does not fit leaves `bad` set for good and writes nothing more. A length that is known
 * only later is reserved as a hole and filled when its group is closed. */
#pragma once
#include <string.h>
#include "base/cursor.h"

struct writer {
    uint8_t *start, *p, *end;
    bool bad;
};

static inline struct writer writer_on(void *buf, size_t n)
{
    uint8_t *b = buf;
    return (struct writer){b, b, b + n, false};
}
static inline size_t writer_len(const struct writer *w) { return (size_t)(w->p - w->start); }
static inline size_t writer_room(const struct writer *w) { return (size_t)(w->end - w->p); }
static inline struct span writer_span(const struct writer *w)
{
    return (struct span){w->start, writer_len(w)};
}
/* Room for n bytes to be filled by the caller, or NULL. */
static inline uint8_t *writer_take(struct writer *w, size_t n)
{
    if (w->bad || n > writer_room(w)) {
        w->bad = true;
        return NULL;
    }
    uint8_t *at = w->p;
    w->p += n;
    return at;
}
static inline void writer_u8(struct writer *w, uint8_t v)
{
    uint8_t *p = writer_take(w, 1);
    if (p) p[0] = v;
}
static inline void writer_u16(struct writer *w, uint16_t v)
{
    uint8_t *p = writer_take(w, 2);
    if (!p) return;
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}
static inline void writer_u32(struct writer *w, uint32_t v)
{
    uint8_t *p = writer_take(w, 4);
    if (!p) return;
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}
static inline void writer_u64(struct writer *w, uint64_t v)
{
    writer_u32(w, (uint32_t)(v >> 32));
    writer_u32(w, (uint32_t)v);
}
static inline void writer_bytes(struct writer *w, const void *src, size_t n)
{
    uint8_t *p = writer_take(w, n);
    if (p && n) memcpy(p, src, n);
}
static inline void writer_copy(struct writer *w, struct span s) { writer_bytes(w, s.p, s.n); }

/* A hole is the offset where a length will stand. */
static inline size_t writer_hole16(struct writer *w)
{
    size_t at = writer_len(w);
    writer_u16(w, 0);
    return at;
}
/* Length = bytes written since the hole; bad if it does not fit in 16 bits. */
static inline void writer_fill16(struct writer *w, size_t hole)
{
    if (w->bad) return;
    size_t n = writer_len(w) - hole - 2;
    if (n > UINT16_MAX) {
        w->bad = true;
        return;
    }
    w->start[hole] = (uint8_t)(n >> 8);
    w->start[hole + 1] = (uint8_t)n;
}
