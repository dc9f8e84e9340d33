/* wire/stamp.c - encoding probes, decoding answers, and turning a probe into its answer.
 * Layouts: RFC 8762 4.2.1 and 4.3.1 with the SSID of RFC 8972 3 in the first two octets of what was
 * reserved; TLVs RFC 8972 4. The reflector is stateless (RFC 8762 4: the answer repeats the probe's
 * sequence number). */
#include "wire/stamp.h"

enum tlv { TLV_LOCATION = 2, TLV_CLASS = 4, TLV_HEADER_BYTES = 4 };
enum tlv_flag { TLV_UNRECOGNIZED = 0x80, TLV_MALFORMED = 0x40 };
enum { CLASS_BYTES = 4, PORTS_BYTES = 4, SUB_ADDRESS_BYTES = 16 };
enum sub_tlv {
    SUB_DESTINATION = 4,
    SUB_DESTINATION_V4,
    SUB_DESTINATION_V6,
    SUB_SOURCE,
    SUB_SOURCE_V4,
    SUB_SOURCE_V6
};
enum { PROBE_RESERVED = 28, SENDER_ERROR_RESERVED = 2, TTL_RESERVED = 3 };
/* Error estimate, RFC 4656 4.1.2: not synchronised to another clock, NTP format, multiplier 1. */
enum { ERROR_ESTIMATE = 1 };

/* --- time --- */

static const int64_t ntp_offset_s = 2208988800; /* from 1900 to 1970 */

static uint64_t to_ntp(int64_t us)
{
    uint64_t s = (uint64_t)(us / 1000000 + ntp_offset_s);
    uint64_t fraction = ((uint64_t)(us % 1000000) << 32) / 1000000;
    return s << 32 | fraction;
}

static int64_t from_ntp(uint64_t t)
{
    int64_t s = (int64_t)(t >> 32) - ntp_offset_s;
    /* Rounded up, so that microseconds survive the way there and back. */
    return s * 1000000 + (int64_t)(((t & UINT32_MAX) * 1000000 + UINT32_MAX) >> 32);
}

/* --- probe --- */

static void zeroes(struct writer *w, size_t n)
{
    for (size_t i = 0; i < n; i++) writer_u8(w, 0);
}

static void tlv_header(struct writer *w, uint8_t flags, uint8_t type, uint16_t length)
{
    writer_u8(w, flags);
    writer_u8(w, type);
    writer_u16(w, length);
}

void stamp_probe_encode(struct writer *w, const struct stamp_probe *p)
{
    enum { DSCP1_SHIFT = 26 };
    writer_u32(w, p->seq);
    writer_u64(w, to_ntp(p->sent_us));
    writer_u16(w, ERROR_ESTIMATE);
    writer_u16(w, p->ssid);
    zeroes(w, PROBE_RESERVED);
    if (p->wants_class) {
        tlv_header(w, TLV_UNRECOGNIZED, TLV_CLASS, CLASS_BYTES);
        writer_u32(w, (uint32_t)p->dscp_back << DSCP1_SHIFT);
    }
    if (p->wants_location) {
        tlv_header(w, TLV_UNRECOGNIZED, TLV_LOCATION,
                   PORTS_BYTES + 2 * (TLV_HEADER_BYTES + SUB_ADDRESS_BYTES));
        zeroes(w, PORTS_BYTES);
        tlv_header(w, TLV_UNRECOGNIZED, SUB_DESTINATION, SUB_ADDRESS_BYTES);
        zeroes(w, SUB_ADDRESS_BYTES);
        tlv_header(w, TLV_UNRECOGNIZED, SUB_SOURCE, SUB_ADDRESS_BYTES);
        zeroes(w, SUB_ADDRESS_BYTES);
    }
}

/* --- class of service: DSCP1 6 bits, DSCP2 6, ECN 2, RP 2, 16 reserved --- */

static struct stamp_class class_of(uint32_t v)
{
    return (struct stamp_class){(uint8_t)(v >> 26), (uint8_t)(v >> 20 & 0x3f),
                                (uint8_t)(v >> 18 & 3), (uint8_t)(v >> 16 & 3)};
}

static uint32_t class_value(const struct stamp_class *c)
{
    return (uint32_t)c->dscp_back << 26 | (uint32_t)c->dscp_seen << 20 |
           (uint32_t)c->ecn_seen << 18 | (uint32_t)c->refused << 16;
}

/* --- answer --- */

static bool read_class(struct cursor *body, struct stamp_answer *out)
{
    out->class_ = class_of(cursor_u32(body));
    out->has_class = !body->bad;
    return out->has_class;
}

static struct addr *sub_address(struct stamp_location *l, uint8_t type, enum family *family)
{
    *family = type == SUB_DESTINATION_V6 || type == SUB_SOURCE_V6 ? FAMILY_IPV6 : FAMILY_IPV4;
    if (type == SUB_DESTINATION_V4 || type == SUB_DESTINATION_V6) return &l->destination;
    return type == SUB_SOURCE_V4 || type == SUB_SOURCE_V6 ? &l->source : NULL;
}

static bool read_location(struct cursor *body, struct stamp_answer *out)
{
    struct stamp_location *l = &out->location;
    l->destination_port = cursor_u16(body);
    l->source_port = cursor_u16(body);
    while (cursor_left(body) > 0) {
        enum family family;
        uint8_t flags = cursor_u8(body), type = cursor_u8(body);
        struct cursor sub = cursor_sub(body, cursor_u16(body));
        struct addr *at = sub_address(l, type, &family);
        const uint8_t *bytes = cursor_take(&sub, at ? addr_bytes(family) : 0);
        if (sub.bad) return false;
        if (at && bytes && !(flags & (TLV_UNRECOGNIZED | TLV_MALFORMED)))
            *at = addr_from_bytes(family, bytes);
    }
    out->has_location = !body->bad;
    return out->has_location;
}

static bool read_tlv(struct cursor *c, struct stamp_answer *out)
{
    uint8_t flags = cursor_u8(c), type = cursor_u8(c);
    struct cursor body = cursor_sub(c, cursor_u16(c));
    if (body.bad) return false;
    if (flags & (TLV_UNRECOGNIZED | TLV_MALFORMED)) return true;
    if (type == TLV_CLASS) return read_class(&body, out);
    return type != TLV_LOCATION || read_location(&body, out);
}

enum stamp_fault stamp_answer_decode(struct span bytes, struct stamp_answer *out)
{
    struct cursor c = cursor_of(bytes);
    *out = (struct stamp_answer){0};
    out->seq = cursor_u32(&c);
    out->sent_us = from_ntp(cursor_u64(&c));
    cursor_take(&c, sizeof(uint16_t)); /* error estimate */
    out->ssid = cursor_u16(&c);
    out->received_us = from_ntp(cursor_u64(&c));
    out->probe_seq = cursor_u32(&c);
    out->probe_sent_us = from_ntp(cursor_u64(&c));
    cursor_take(&c, sizeof(uint16_t) + SENDER_ERROR_RESERVED);
    out->probe_ttl = cursor_u8(&c);
    cursor_take(&c, TTL_RESERVED);
    if (c.bad) return STAMP_TOO_SHORT;
    while (cursor_left(&c) > 0)
        if (!read_tlv(&c, out)) return STAMP_TLV_MALFORMED;
    return STAMP_FINE;
}

/* --- reflector --- */

static void reflect_class(struct cursor *body, const struct stamp_seen *seen, struct writer *w,
                          uint8_t *out_dscp)
{
    struct stamp_class c = class_of(cursor_u32(body));
    c.dscp_seen = seen->dscp;
    c.ecn_seen = seen->ecn;
    c.refused = 0;
    *out_dscp = c.dscp_back;
    tlv_header(w, 0, TLV_CLASS, CLASS_BYTES);
    writer_u32(w, class_value(&c));
}

/* A general question becomes the answer of its family, of the same length (RFC 8972 4.2.2). */
static void reflect_address(uint8_t question, const struct addr *a, struct writer *w)
{
    uint8_t step = a->family == FAMILY_IPV6 ? 2 : 1;
    tlv_header(w, 0, (uint8_t)(question + step), SUB_ADDRESS_BYTES);
    writer_bytes(w, a->b, SUB_ADDRESS_BYTES);
}

static void reflect_location(struct cursor *body, const struct stamp_seen *seen, struct writer *w)
{
    const struct stamp_location *l = &seen->location;
    tlv_header(w, 0, TLV_LOCATION, (uint16_t)cursor_left(body));
    cursor_take(body, PORTS_BYTES);
    writer_u16(w, l->destination_port);
    writer_u16(w, l->source_port);
    while (cursor_left(body) >= TLV_HEADER_BYTES) {
        struct cursor before = *body;
        cursor_u8(body);
        uint8_t type = cursor_u8(body);
        struct span value = cursor_span(body, cursor_u16(body));
        if (body->bad) { /* a part that overruns goes back as it came, the length stays */
            *body = before;
            break;
        }
        bool address = value.n == SUB_ADDRESS_BYTES;
        if (type == SUB_DESTINATION && address)
            reflect_address(type, &l->destination, w);
        else if (type == SUB_SOURCE && address)
            reflect_address(type, &l->source, w);
        else {
            tlv_header(w, TLV_UNRECOGNIZED, type, (uint16_t)value.n);
            writer_copy(w, value);
        }
    }
    writer_copy(w, cursor_rest(body));
}

/* What remains after a TLV that does not fit is sent back with that TLV marked malformed. */
static void reflect_malformed(uint8_t type, uint16_t length, struct cursor *rest, struct writer *w)
{
    tlv_header(w, TLV_MALFORMED, type, length);
    writer_copy(w, cursor_rest(rest));
}

static void reflect_tlv(struct cursor *c, const struct stamp_seen *seen, struct writer *w,
                        uint8_t *out_dscp)
{
    if (cursor_left(c) < TLV_HEADER_BYTES) {
        writer_copy(w, cursor_rest(c));
        return;
    }
    cursor_u8(c);
    uint8_t type = cursor_u8(c);
    uint16_t length = cursor_u16(c);
    bool fits = length <= cursor_left(c);
    if (!fits || (type == TLV_CLASS && length != CLASS_BYTES) ||
        (type == TLV_LOCATION && length < PORTS_BYTES)) {
        reflect_malformed(type, length, c, w);
        return;
    }
    struct cursor body = cursor_sub(c, length);
    if (type == TLV_CLASS)
        reflect_class(&body, seen, w, out_dscp);
    else if (type == TLV_LOCATION)
        reflect_location(&body, seen, w);
    else {
        tlv_header(w, TLV_UNRECOGNIZED, type, length);
        writer_copy(w, cursor_rest(&body));
    }
}

enum stamp_fault stamp_reflect(struct span probe, const struct stamp_seen *seen, int64_t answer_us,
                               struct writer *w, uint8_t *out_dscp)
{
    struct cursor c = cursor_of(probe);
    uint32_t seq = cursor_u32(&c);
    uint64_t sent = cursor_u64(&c);
    uint16_t error = cursor_u16(&c), ssid = cursor_u16(&c);
    cursor_take(&c, PROBE_RESERVED);
    if (c.bad) return STAMP_TOO_SHORT;
    *out_dscp = seen->dscp;
    writer_u32(w, seq);
    writer_u64(w, to_ntp(answer_us));
    writer_u16(w, ERROR_ESTIMATE);
    writer_u16(w, ssid);
    writer_u64(w, to_ntp(seen->received_us));
    writer_u32(w, seq);
    writer_u64(w, sent);
    writer_u16(w, error);
    zeroes(w, SENDER_ERROR_RESERVED);
    writer_u8(w, seen->ttl);
    zeroes(w, TTL_RESERVED);
    while (cursor_left(&c) > 0) reflect_tlv(&c, seen, w, out_dscp);
    return w->bad ? STAMP_TLV_MALFORMED : STAMP_FINE;
}
