/* wire/bgp_open.c - OPEN and its capabilities (RFC 4271 4.2 and 6.2, 5492, 6793, 9072).
 * What a message can tell by itself is judged here; whether it suits the neighbour's configuration
 * is the session's business. A capability of the wrong length counts as absent (RB-029). */
#include "wire/bgp_priv.h"

enum { PARAMETER_CAPABILITIES = 2, PARAMETER_EXTENDED = 255, AS_TRANS = 23456 };
enum capability {
    CAP_MULTIPROTOCOL = 1,
    CAP_REFRESH = 2,
    CAP_EXTENDED_MESSAGE = 6,
    CAP_ROLE = 9,
    CAP_RESTART = 64,
    CAP_AS4 = 65,
    CAP_ADD_PATH = 69,
    CAP_ENHANCED_REFRESH = 70,
};

struct opening {
    struct bgp_caps caps;
    bool multiprotocol, roles_differ;
};

static void read_multiprotocol(struct cursor *c, struct opening *o)
{
    uint16_t afi = cursor_u16(c);
    cursor_u8(c);
    o->caps.families |= bgp_family_of(afi, cursor_u8(c));
    o->multiprotocol = true;
}
static void read_refresh(struct cursor *c, struct opening *o) { (void)c, o->caps.refresh = true; }
static void read_enhanced(struct cursor *c, struct opening *o)
{
    (void)c, o->caps.enhanced_refresh = true;
}
static void read_extended(struct cursor *c, struct opening *o)
{
    (void)c, o->caps.extended_messages = true;
}
static void read_role(struct cursor *c, struct opening *o)
{
    uint8_t role = cursor_u8(c);
    if (o->caps.role_set && o->caps.role != role) o->roles_differ = true;
    o->caps.role_set = true;
    o->caps.role = role;
}
static void read_restart(struct cursor *c, struct opening *o)
{
    uint16_t head = cursor_u16(c);
    o->caps.restart = true;
    o->caps.restarting = head & 0x8000;
    o->caps.restart_notify = head & 0x4000;
    o->caps.restart_s = head & 0x0fff;
    o->caps.restart_families = o->caps.forwarding_families = 0;
    while (cursor_left(c)) {
        uint16_t afi = cursor_u16(c);
        uint32_t f = bgp_family_of(afi, cursor_u8(c));
        o->caps.restart_families |= f;
        if (cursor_u8(c) & 0x80) o->caps.forwarding_families |= f;
    }
}
static void read_as4(struct cursor *c, struct opening *o)
{
    o->caps.as4 = true;
    o->caps.asn = cursor_u32(c);
}
static void read_add_path(struct cursor *c, struct opening *o)
{
    while (cursor_left(c)) {
        uint16_t afi = cursor_u16(c);
        uint32_t f = bgp_family_of(afi, cursor_u8(c));
        uint8_t way = cursor_u8(c);
        if (way == 1 || way == 3) o->caps.add_path_receive |= f;
        if (way == 2 || way == 3) o->caps.add_path_send |= f;
    }
}

/* A value is `least` octets and any number of groups of `group` behind them. */
/* clang-format off */
static const struct row {
    uint8_t code, least, group;
    void (*read)(struct cursor *c, struct opening *o);
} rows[] = {
    {CAP_MULTIPROTOCOL,    4, 0, read_multiprotocol},
    {CAP_REFRESH,          0, 0, read_refresh},
    {CAP_EXTENDED_MESSAGE, 0, 0, read_extended},
    {CAP_ROLE,             1, 0, read_role},
    {CAP_RESTART,          2, 4, read_restart},
    {CAP_AS4,              4, 0, read_as4},
    {CAP_ADD_PATH,         4, 4, read_add_path},
    {CAP_ENHANCED_REFRESH, 0, 0, read_enhanced},
};
/* clang-format on */

static bool length_fits(const struct row *r, size_t n)
{
    if (n < r->least) return false;
    return r->group ? (n - r->least) % r->group == 0 : n == r->least;
}

static bool read_capabilities(struct cursor *c, struct opening *o)
{
    while (cursor_left(c)) {
        uint8_t code = cursor_u8(c);
        struct cursor value = cursor_sub(c, cursor_u8(c));
        if (c->bad) return false;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
            if (rows[i].code == code && length_fits(&rows[i], cursor_left(&value)))
                rows[i].read(&value, o);
    }
    return true;
}

static bool read_parameters(struct cursor *c, struct opening *o, bool extended, struct bgp_fault *f)
{
    while (cursor_left(c)) {
        size_t at = BGP_HEADER + cursor_offset(c);
        uint8_t type = cursor_u8(c);
        struct cursor value = cursor_sub(c, extended ? cursor_u16(c) : cursor_u8(c));
        if (c->bad) return bgp_refuse(f, 2, 0, at, "optional parameter overruns its container");
        if (type != PARAMETER_CAPABILITIES)
            return bgp_refuse(f, 2, 4, at, "unknown optional parameter");
        if (!read_capabilities(&value, o))
            return bgp_refuse(f, 2, 0, at, "capability overruns its parameter");
    }
    return true;
}

/* The extended form is known by its first parameter type, whatever the short length says. */
static bool read_optional(struct cursor *c, struct opening *o, struct bgp_fault *f)
{
    size_t n = cursor_u8(c), at = BGP_HEADER + cursor_offset(c);
    bool extended = n != 0 && cursor_left(c) && *c->p == PARAMETER_EXTENDED;
    if (extended) {
        cursor_u8(c);
        n = cursor_u16(c);
    }
    if (c->bad || n != cursor_left(c))
        return bgp_refuse(f, 2, 0, at, "length of optional parameters");
    return read_parameters(c, o, extended, f);
}

static bool judge(const struct bgp_open *o, const struct opening *seen, struct bgp_fault *f)
{
    if (o->asn == 0) return bgp_refuse(f, 2, 2, 20, "AS 0");
    if (o->asn == AS_TRANS) return bgp_refuse(f, 2, 2, 20, "AS_TRANS as peer AS");
    if (o->hold_s == 1 || o->hold_s == 2) return bgp_refuse(f, 2, 6, 22, "hold time of 1 or 2 s");
    if (o->id == 0) return bgp_refuse(f, 2, 3, 24, "identifier 0");
    if (seen->roles_differ) return bgp_refuse(f, 2, 11, 28, "two roles that differ");
    return true;
}

bool bgp_open_decode(struct span message, struct bgp_open *out, struct bgp_fault *fault)
{
    static const uint8_t supported[] = {0, BGP_VERSION};
    struct cursor c = bgp_body(message);
    struct opening seen = {0};
    *out = (struct bgp_open){.version = cursor_u8(&c)};
    uint16_t short_asn = cursor_u16(&c);
    out->hold_s = cursor_u16(&c);
    out->id = cursor_u32(&c);
    if (out->version != BGP_VERSION && !c.bad) {
        bgp_refuse(fault, 2, 1, BGP_HEADER, "BGP version is not 4");
        fault->data = span_of(supported, sizeof supported);
        return false;
    }
    if (!read_optional(&c, &seen, fault)) return false;
    if (!seen.multiprotocol) seen.caps.families = BGP_IPV4_UNICAST;
    out->caps = seen.caps;
    out->asn = seen.caps.as4 ? seen.caps.asn : short_asn;
    if (short_asn == 0) return bgp_refuse(fault, 2, 2, 20, "AS 0");
    return judge(out, &seen, fault);
}

/* --- encoding --- */

static void put_family(struct writer *w, enum bgp_family f)
{
    writer_u8(w, CAP_MULTIPROTOCOL);
    writer_u8(w, 4);
    writer_u16(w, bgp_afi(f));
    writer_u8(w, 0);
    writer_u8(w, BGP_SAFI_UNICAST);
}

static void put_flag(struct writer *w, bool set, enum capability code)
{
    if (!set) return;
    writer_u8(w, (uint8_t)code);
    writer_u8(w, 0);
}

static const enum bgp_family families[] = {BGP_IPV4_UNICAST, BGP_IPV6_UNICAST};

static void put_restart(struct writer *w, const struct bgp_caps *c)
{
    if (!c->restart) return;
    writer_u8(w, CAP_RESTART);
    uint8_t *length = writer_take(w, 1);
    size_t from = writer_len(w);
    writer_u16(w, (uint16_t)((c->restarting ? 0x8000 : 0) | (c->restart_notify ? 0x4000 : 0) |
                             (c->restart_s & 0x0fff)));
    for (size_t i = 0; i < ARRAY_LEN(families); i++)
        if (c->restart_families & families[i]) {
            writer_u16(w, bgp_afi(families[i]));
            writer_u8(w, BGP_SAFI_UNICAST);
            writer_u8(w, c->forwarding_families & families[i] ? 0x80 : 0);
        }
    if (length) *length = (uint8_t)(writer_len(w) - from);
}

static void put_add_path(struct writer *w, const struct bgp_caps *c)
{
    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        unsigned way = (c->add_path_receive & families[i] ? 1u : 0) | (c->add_path_send & families[i] ? 2u : 0);
        if (!way) continue;
        writer_u8(w, CAP_ADD_PATH);
        writer_u8(w, 4);
        writer_u16(w, bgp_afi(families[i]));
        writer_u8(w, BGP_SAFI_UNICAST);
        writer_u8(w, (uint8_t)way);
    }
}

void bgp_families_encode(struct writer *w, uint32_t offered)
{
    for (size_t i = 0; i < ARRAY_LEN(families); i++)
        if (offered & families[i]) put_family(w, families[i]);
}

static void put_capabilities(struct writer *w, const struct bgp_open *o)
{
    const struct bgp_caps *c = &o->caps;
    bgp_families_encode(w, c->families);
    put_flag(w, c->refresh, CAP_REFRESH);
    put_flag(w, c->enhanced_refresh, CAP_ENHANCED_REFRESH);
    put_flag(w, c->extended_messages, CAP_EXTENDED_MESSAGE);
    if (c->as4) {
        writer_u8(w, CAP_AS4);
        writer_u8(w, 4);
        writer_u32(w, o->asn);
    }
    if (c->role_set) {
        writer_u8(w, CAP_ROLE);
        writer_u8(w, 1);
        writer_u8(w, c->role);
    }
    put_restart(w, c);
    put_add_path(w, c);
}

void bgp_open_encode(struct writer *w, const struct bgp_open *o)
{
    uint8_t caps[128];
    struct writer inner = writer_on(caps, sizeof caps);
    put_capabilities(&inner, o);
    size_t n = writer_len(&inner), start = bgp_begin(w, BGP_OPEN);
    writer_u8(w, o->version);
    writer_u16(w, o->asn > UINT16_MAX ? AS_TRANS : (uint16_t)o->asn);
    writer_u16(w, o->hold_s);
    writer_u32(w, o->id);
    writer_u8(w, n ? (uint8_t)(n + 2) : 0);
    if (n) {
        writer_u8(w, PARAMETER_CAPABILITIES);
        writer_u8(w, (uint8_t)n);
        writer_copy(w, writer_span(&inner));
    }
    bgp_end(w, start);
}
