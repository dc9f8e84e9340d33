/* wire/link.c - the interpreter of LINK_MAP: one encoder and one decoder walk the fields of a row. */
#include "wire/link.h"
#include <assert.h>

const struct link_row link_rows[LINK_TYPES] = {
#define X(name, from, fields, fds) [LINK_##name] = {#name, from, fields, fds},
    LINK_MAP(X)
#undef X
};

static void put_text(struct writer *w, struct span s)
{
    if (s.n > LINK_TEXT_MAX) w->bad = true;
    writer_u16(w, (uint16_t)s.n);
    writer_copy(w, s);
}

void link_encode(struct writer *w, const struct link_message *m)
{
    assert(m->type < LINK_TYPES);
    size_t texts = 0, numbers = 0;
    writer_u16(w, (uint16_t)m->type);
    for (const char *f = link_rows[m->type].fields; *f; f++) switch (*f) {
        case 'k': writer_u32(w, m->token); break;
        case 'n': writer_u64(w, m->number[numbers++]); break;
        case 'f': writer_u8(w, m->flag); break;
        case 't': put_text(w, m->text[texts++]); break;
        default: writer_copy(w, m->rest); break;
        }
}

static bool get_flag(struct cursor *c)
{
    uint8_t v = cursor_u8(c);
    if (v > 1) c->bad = true;
    return v == 1;
}

static struct span get_text(struct cursor *c)
{
    uint16_t n = cursor_u16(c);
    if (n > LINK_TEXT_MAX) c->bad = true;
    return cursor_span(c, n);
}

const char *link_decode(struct span bytes, enum link_role from, size_t fds, struct link_message *out)
{
    struct cursor c = cursor_of(bytes);
    uint16_t type = cursor_u16(&c);
    size_t texts = 0, numbers = 0;
    *out = (struct link_message){0};
    if (bytes.n > LINK_MESSAGE_MAX) return "longer than any message";
    if (c.bad || type >= LINK_TYPES) return "of unknown type";
    const struct link_row *row = &link_rows[type];
    if (!(row->from & from)) return "not for this process to send";
    if (row->fds >= 0 ? fds != (size_t)row->fds : fds > 1) return "with another number of descriptors";
    out->type = (enum link_type)type;
    for (const char *f = row->fields; *f; f++) switch (*f) {
        case 'k': out->token = cursor_u32(&c); break;
        case 'n': out->number[numbers++] = cursor_u64(&c); break;
        case 'f': out->flag = get_flag(&c); break;
        case 't': out->text[texts++] = get_text(&c); break;
        default: out->rest = cursor_rest(&c); break;
        }
    if (c.bad) return "cut short or out of range";
    return cursor_left(&c) ? "longer than its fields" : NULL;
}

bool link_text(struct span s, char *buf, size_t room)
{
    if (s.n >= room || (s.n && memchr(s.p, 0, s.n))) return false;
    if (s.n) memcpy(buf, s.p, s.n);
    buf[s.n] = 0;
    return true;
}

/* --- routes --- */

static void put_addr(struct writer *w, const struct addr *a)
{
    writer_bytes(w, a->b, addr_bytes((enum family)a->family));
}

void link_route_put(struct writer *w, const struct link_route *r)
{
    writer_u8(w, r->prefix.addr.family);
    writer_u8(w, r->prefix.len);
    put_addr(w, &r->prefix.addr);
    writer_u8(w, r->next_hops_n);
    for (size_t i = 0; i < r->next_hops_n; i++) put_addr(w, &r->next_hops[i]);
}

static struct addr get_addr(struct cursor *c, enum family f)
{
    const uint8_t *p = cursor_take(c, addr_bytes(f));
    return p ? addr_from_bytes(f, p) : (struct addr){0};
}

static bool route_fine(const struct link_route *r)
{
    struct prefix clean = prefix_of(&r->prefix.addr, r->prefix.len);
    if (!prefix_equal(&clean, &r->prefix)) return false;
    for (size_t i = 0; i < r->next_hops_n; i++)
        if (addr_is_martian(&r->next_hops[i])) return false;
    return true;
}

bool link_route_next(struct cursor *c, struct link_route *out)
{
    if (c->bad || cursor_left(c) == 0) return false;
    uint8_t f = cursor_u8(c), len = cursor_u8(c);
    *out = (struct link_route){0};
    if ((f != FAMILY_IPV4 && f != FAMILY_IPV6) || len > addr_bits((enum family)f)) {
        c->bad = true;
        return false;
    }
    out->prefix = (struct prefix){get_addr(c, (enum family)f), len};
    out->next_hops_n = cursor_u8(c);
    if (out->next_hops_n > LINK_NEXT_HOPS_MAX) {
        out->next_hops_n = 0;
        c->bad = true;
        return false;
    }
    for (size_t i = 0; i < out->next_hops_n; i++) out->next_hops[i] = get_addr(c, (enum family)f);
    if (!c->bad && !route_fine(out)) c->bad = true;
    return !c->bad;
}

/* --- payloads and caches --- */

void link_vrp_put(struct writer *w, const struct link_vrp *v)
{
    writer_u8(w, v->add);
    writer_u8(w, v->vrp.prefix.addr.family);
    writer_u8(w, v->vrp.prefix.len);
    put_addr(w, &v->vrp.prefix.addr);
    writer_u8(w, v->vrp.max_len);
    writer_u32(w, v->vrp.asn);
}

bool link_vrp_next(struct cursor *c, struct link_vrp *out)
{
    if (c->bad || cursor_left(c) == 0) return false;
    *out = (struct link_vrp){.add = get_flag(c)};
    uint8_t f = cursor_u8(c), len = cursor_u8(c);
    if ((f != FAMILY_IPV4 && f != FAMILY_IPV6) || len > addr_bits((enum family)f)) {
        c->bad = true;
        return false;
    }
    out->vrp.prefix = (struct prefix){get_addr(c, (enum family)f), len};
    out->vrp.max_len = cursor_u8(c);
    out->vrp.asn = cursor_u32(c);
    struct prefix clean = prefix_of(&out->vrp.prefix.addr, len);
    if (!prefix_equal(&clean, &out->vrp.prefix) || !vrp_valid(&out->vrp)) c->bad = true;
    return !c->bad;
}

void link_endpoint_put(struct writer *w, const struct addr *a, uint16_t port)
{
    writer_u8(w, a->family);
    put_addr(w, a);
    writer_u16(w, port);
}

bool link_endpoint_next(struct cursor *c, struct addr *a, uint16_t *port)
{
    if (c->bad || cursor_left(c) == 0) return false;
    uint8_t f = cursor_u8(c);
    if (f != FAMILY_IPV4 && f != FAMILY_IPV6) c->bad = true;
    if (!c->bad) *a = get_addr(c, (enum family)f);
    *port = cursor_u16(c);
    if (*port == 0) c->bad = true;
    return !c->bad;
}
