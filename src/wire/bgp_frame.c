/* wire/bgp_frame.c - where one message ends, and the messages that are little more than a header.
 * RFC 4271 4.1, 4.4, 4.5, 6.1; RFC 2918, 7313 (refresh); RFC 8654 (long messages). */
#include "wire/bgp_priv.h"

/* clang-format off */
static const struct { uint16_t least, most; } lengths[] = {
    [BGP_OPEN]          = {29, BGP_MESSAGE_MAX},
    [BGP_UPDATE]        = {23, BGP_MESSAGE_EXTENDED_MAX},
    [BGP_NOTIFICATION]  = {21, BGP_MESSAGE_EXTENDED_MAX},
    [BGP_KEEPALIVE]     = {19, 19},
    [BGP_ROUTE_REFRESH] = {19, BGP_MESSAGE_EXTENDED_MAX}, /* its decoder knows more (RB-013) */
};
/* clang-format on */

bool bgp_refuse(struct bgp_fault *f, uint8_t code, uint8_t subcode, size_t offset, const char *what)
{
    *f = (struct bgp_fault){.code = code, .subcode = subcode, .offset = offset, .what = what};
    return false;
}

static bool marker_fits(struct span in)
{
    for (size_t i = 0; i < 16 && i < in.n; i++)
        if (in.p[i] != 0xff) return false;
    return true;
}

static enum bgp_frame_result bad(struct bgp_fault *f, uint8_t subcode, struct span data, size_t at,
                                 const char *what)
{
    bgp_refuse(f, 1, subcode, at, what);
    f->data = data;
    return BGP_FRAME_BAD;
}

enum bgp_frame_result bgp_frame_next(struct span in, size_t limit, struct bgp_frame *out,
                                     struct bgp_fault *fault)
{
    /* Noise on the port is recognised by its first octet, not when there are nineteen (RB-015). */
    if (!marker_fits(in)) return bad(fault, 1, (struct span){0}, 0, "marker is not all ones");
    if (in.n < BGP_HEADER) return BGP_FRAME_MORE;
    size_t n = (size_t)in.p[16] << 8 | in.p[17];
    uint8_t type = in.p[18];
    struct span length = span_of(in.p + 16, 2);
    if (n < BGP_HEADER || n > limit) return bad(fault, 2, length, 16, "message length out of range");
    if (type == 0 || type >= ARRAY_LEN(lengths))
        return bad(fault, 3, span_of(in.p + 18, 1), 18, "unknown message type");
    if (n < lengths[type].least || n > lengths[type].most)
        return bad(fault, 2, length, 16, "message length does not fit its type");
    if (in.n < n) return BGP_FRAME_MORE;
    *out = (struct bgp_frame){(enum bgp_type)type, span_of(in.p, n)};
    return BGP_FRAME_WHOLE;
}

struct cursor bgp_body(struct span message)
{
    struct cursor c = cursor_of(message);
    cursor_take(&c, BGP_HEADER);
    return c;
}

size_t bgp_begin(struct writer *w, enum bgp_type type)
{
    size_t start = writer_len(w);
    uint8_t *marker = writer_take(w, 16);
    if (marker) memset(marker, 0xff, 16);
    writer_u16(w, 0);
    writer_u8(w, (uint8_t)type);
    return start;
}

void bgp_end(struct writer *w, size_t start)
{
    if (w->bad) return;
    size_t n = writer_len(w) - start;
    w->start[start + 16] = (uint8_t)(n >> 8);
    w->start[start + 17] = (uint8_t)n;
}

void bgp_keepalive_encode(struct writer *w) { bgp_end(w, bgp_begin(w, BGP_KEEPALIVE)); }

void bgp_notification_encode(struct writer *w, uint8_t code, uint8_t subcode, struct span data)
{
    size_t start = bgp_begin(w, BGP_NOTIFICATION);
    writer_u8(w, code);
    writer_u8(w, subcode);
    writer_copy(w, data);
    bgp_end(w, start);
}

bool bgp_notification_decode(struct span message, struct bgp_notification *out)
{
    struct cursor c = bgp_body(message);
    *out = (struct bgp_notification){.code = cursor_u8(&c), .subcode = cursor_u8(&c)};
    out->data = cursor_rest(&c);
    return !c.bad;
}

/* Outbound route filters (RFC 5291) are never agreed, but a peer that sends them anyway must at
 * least spell them right: when to refresh, then type, length and that many octets. */
static bool filters_fit(struct cursor c)
{
    if (cursor_left(&c) == 0) return true;
    cursor_u8(&c);
    while (!c.bad && cursor_left(&c)) {
        cursor_u8(&c);
        cursor_take(&c, cursor_u16(&c));
    }
    return !c.bad;
}

bool bgp_refresh_decode(struct span message, struct bgp_refresh *out, struct bgp_fault *fault)
{
    struct cursor c = bgp_body(message);
    uint16_t afi = cursor_u16(&c);
    uint8_t kind = cursor_u8(&c), safi = cursor_u8(&c);
    if (c.bad || (kind != BGP_REFRESH_REQUEST && cursor_left(&c)) || !filters_fit(c)) {
        bgp_refuse(fault, 1, 2, 16, "length of ROUTE-REFRESH");
        fault->data = message.n >= 18 ? span_of(message.p + 16, 2) : (struct span){0};
        return false;
    }
    *out = (struct bgp_refresh){.family = bgp_family_of(afi, safi), .kind = kind};
    return true;
}

void bgp_refresh_encode(struct writer *w, enum bgp_family f, enum bgp_refresh_kind kind)
{
    size_t start = bgp_begin(w, BGP_ROUTE_REFRESH);
    writer_u16(w, bgp_afi(f));
    writer_u8(w, (uint8_t)kind);
    writer_u8(w, BGP_SAFI_UNICAST);
    bgp_end(w, start);
}

enum bgp_family bgp_family_of(uint16_t afi, uint8_t safi)
{
    if (safi != BGP_SAFI_UNICAST) return (enum bgp_family)0;
    return afi == BGP_AFI_IPV4   ? BGP_IPV4_UNICAST
           : afi == BGP_AFI_IPV6 ? BGP_IPV6_UNICAST
                                 : (enum bgp_family)0;
}

uint16_t bgp_afi(enum bgp_family f) { return f == BGP_IPV6_UNICAST ? BGP_AFI_IPV6 : BGP_AFI_IPV4; }
