/* wire/bgp_as_path.c - AS_PATH as it is on the wire: checked, widened to four octets, merged with
 * AS4_PATH, narrowed again (RFC 4271 4.3 b, 6793 4.2, 7606 7.2, 7607, 9774). */
#include "wire/bgp_priv.h"

enum { AS_TRANS = 23456, PATH_MOST = 750 /* RB-075 */ };

static uint32_t asn_read(struct cursor *c, size_t width)
{
    return width == 4 ? cursor_u32(c) : cursor_u16(c);
}

static const char *segment_fault(struct cursor *c, size_t width, bool sets, size_t *total)
{
    uint8_t type = cursor_u8(c), count = cursor_u8(c);
    struct cursor asns = cursor_sub(c, count * width);
    if (c->bad) return "AS_PATH segment overruns the attribute";
    if (count == 0) return "AS_PATH segment without AS numbers";
    if (type == AS_CONFED_SEQUENCE || type == AS_CONFED_SET)
        return "confederation segment from outside a confederation";
    if (type != AS_SET && type != AS_SEQUENCE) return "unknown AS_PATH segment type";
    if (type == AS_SET && !sets) return "AS_SET in AS_PATH";
    while (cursor_left(&asns))
        if (asn_read(&asns, width) == 0) return "AS 0 in AS_PATH";
    *total += count;
    return *total > PATH_MOST ? "AS_PATH longer than 750 AS numbers" : NULL;
}

const char *bgp_as_path_fault(struct span path, size_t width, bool sets)
{
    struct cursor c = cursor_of(path);
    size_t total = 0;
    const char *what = NULL;
    while (!what && cursor_left(&c)) what = segment_fault(&c, width, sets, &total);
    return what;
}

bool bgp_as_path_widen(struct arena *a, struct span path, struct span *out)
{
    *out = (struct span){0};
    if (path.n == 0) return true;
    uint8_t *room = arena_take(a, path.n * 2);
    if (!room) return false;
    struct writer w = writer_on(room, path.n * 2);
    struct cursor c = cursor_of(path);
    while (cursor_left(&c)) {
        uint8_t type = cursor_u8(&c), count = cursor_u8(&c);
        writer_u8(&w, type);
        writer_u8(&w, count);
        for (size_t i = 0; i < count; i++) writer_u32(&w, cursor_u16(&c));
    }
    *out = writer_span(&w);
    return true;
}

/* The first `hops` of a path: a set is one hop, a sequence is cut where needed. */
static void put_leading(struct writer *w, struct span path, uint32_t hops)
{
    struct cursor c = cursor_of(path);
    while (hops && cursor_left(&c)) {
        uint8_t type = cursor_u8(&c), count = cursor_u8(&c);
        struct span asns = cursor_span(&c, (size_t)count * 4);
        uint8_t keep = type == AS_SEQUENCE && hops < count ? (uint8_t)hops : count;
        writer_u8(w, type);
        writer_u8(w, keep);
        writer_bytes(w, asns.p, (size_t)keep * 4);
        hops -= type == AS_SEQUENCE ? keep : 1;
    }
}

bool bgp_as_path_merge(struct arena *a, struct span path, struct span as4, struct span *out)
{
    uint32_t all = as_path_hops(path), known = as_path_hops(as4);
    *out = path;
    if (as4.n == 0 || known > all) return true;
    uint8_t *room = arena_take(a, path.n + as4.n);
    if (!room) return false;
    struct writer w = writer_on(room, path.n + as4.n);
    put_leading(&w, path, all - known);
    writer_copy(&w, as4);
    *out = writer_span(&w);
    return true;
}

bool bgp_as_path_is_wide(struct span path)
{
    struct cursor c = cursor_of(path);
    while (cursor_left(&c)) {
        cursor_u8(&c);
        for (size_t n = cursor_u8(&c); n > 0; n--)
            if (cursor_u32(&c) > UINT16_MAX) return true;
    }
    return false;
}

void bgp_as_path_narrow(struct writer *w, struct span path)
{
    struct cursor c = cursor_of(path);
    while (cursor_left(&c)) {
        uint8_t type = cursor_u8(&c), count = cursor_u8(&c);
        writer_u8(w, type);
        writer_u8(w, count);
        for (size_t i = 0; i < count; i++) {
            uint32_t asn = cursor_u32(&c);
            writer_u16(w, asn > UINT16_MAX ? AS_TRANS : (uint16_t)asn);
        }
    }
}
