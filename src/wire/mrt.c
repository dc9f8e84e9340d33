/* wire/mrt.c - see mrt.h. Sections of RFC 6396: 2 and 3 header, 4.3 TABLE_DUMP_V2, 4.4 BGP4MP. */
#include "wire/mrt.h"
#include "wire/bgp_priv.h"

enum {
    PEER_IPV6 = 1,
    PEER_AS4 = 2,
};

/* --- records --- */

static size_t begin(struct writer *w, uint32_t time_s, enum mrt_type type, uint16_t subtype)
{
    writer_u32(w, time_s);
    writer_u16(w, (uint16_t)type);
    writer_u16(w, subtype);
    size_t at = writer_len(w);
    writer_u32(w, 0);
    return at;
}

static void end(struct writer *w, size_t length_at)
{
    if (w->bad) return;
    size_t n = writer_len(w) - length_at - 4;
    for (size_t i = 0; i < 4; i++) w->start[length_at + i] = (uint8_t)(n >> (24 - 8 * i));
}

static void put_addr(struct writer *w, const struct addr *a)
{
    writer_bytes(w, a->b, addr_bytes((enum family)a->family));
}

/* --- a table --- */

void mrt_peer_index(struct writer *w, uint32_t time_s, uint32_t collector, const char *view,
                    const struct mrt_peer *peers, uint16_t n)
{
    size_t at = begin(w, time_s, MRT_TABLE_DUMP_V2, MRT_PEER_INDEX_TABLE);
    writer_u32(w, collector);
    size_t name = writer_hole16(w);
    writer_bytes(w, view, strlen(view));
    writer_fill16(w, name);
    writer_u16(w, n);
    for (uint16_t i = 0; i < n; i++) {
        writer_u8(w, PEER_AS4 | (peers[i].address.family == FAMILY_IPV6 ? PEER_IPV6 : 0));
        writer_u32(w, peers[i].id);
        put_addr(w, &peers[i].address);
        writer_u32(w, peers[i].asn);
    }
    end(w, at);
}

struct mrt_rib mrt_rib_begin(struct writer *w, uint32_t time_s, uint32_t sequence,
                             const struct prefix *p)
{
    struct mrt_rib r = {.six = p->addr.family == FAMILY_IPV6};
    r.length_at =
        begin(w, time_s, MRT_TABLE_DUMP_V2, r.six ? MRT_RIB_IPV6_UNICAST : MRT_RIB_IPV4_UNICAST);
    writer_u32(w, sequence);
    bgp_nlri_put(w, p);
    r.count_at = writer_hole16(w);
    return r;
}

/* 4.3.4: of MP_REACH_NLRI the next hop only, because prefix and family stand in the record. */
static void put_next_hop6(struct writer *w, const struct attrs *a)
{
    bool link = !addr_is_none(&a->next_hop_link);
    writer_u8(w, FLAG_OPTIONAL);
    writer_u8(w, ATTR_MP_REACH);
    writer_u8(w, (uint8_t)(link ? 33 : 17));
    writer_u8(w, (uint8_t)(link ? 32 : 16));
    writer_bytes(w, a->next_hop.b, 16);
    if (link) writer_bytes(w, a->next_hop_link.b, 16);
}

void mrt_rib_entry(struct writer *w, struct mrt_rib *r, uint16_t peer, uint32_t since_s,
                   const struct attrs *a)
{
    writer_u16(w, peer);
    writer_u32(w, since_s);
    size_t n = writer_hole16(w);
    bgp_attrs_encode(w, a, true, false);
    if (a->next_hop.family == FAMILY_IPV6) put_next_hop6(w, a);
    writer_fill16(w, n);
    r->entries++;
}

void mrt_rib_end(struct writer *w, const struct mrt_rib *r)
{
    if (w->bad) return;
    w->start[r->count_at] = (uint8_t)(r->entries >> 8);
    w->start[r->count_at + 1] = (uint8_t)r->entries;
    end(w, r->length_at);
}

/* --- sessions --- */

static size_t begin_session(struct writer *w, int64_t wall_us, uint16_t subtype,
                            const struct mrt_session *s)
{
    size_t at = begin(w, (uint32_t)(wall_us / 1000000), MRT_BGP4MP_ET, subtype);
    bool six = s->peer.family == FAMILY_IPV6,
         wide = subtype != MRT_MESSAGE && subtype != MRT_MESSAGE_LOCAL;
    writer_u32(w, (uint32_t)(wall_us % 1000000));
    if (wide) {
        writer_u32(w, s->peer_asn);
        writer_u32(w, s->local_asn);
    } else {
        writer_u16(w, (uint16_t)s->peer_asn);
        writer_u16(w, (uint16_t)s->local_asn);
    }
    writer_u16(w, 0); /* the interface: not known */
    writer_u16(w, six ? BGP_AFI_IPV6 : BGP_AFI_IPV4);
    writer_bytes(w, s->peer.b, six ? 16 : 4);
    writer_bytes(w, s->local.b, six ? 16 : 4);
    return at;
}

void mrt_message(struct writer *w, int64_t wall_us, const struct mrt_session *s, bool sent,
                 bool as4, struct span message)
{
    static const uint16_t subtypes[2][2] = {{MRT_MESSAGE, MRT_MESSAGE_AS4},
                                            {MRT_MESSAGE_LOCAL, MRT_MESSAGE_AS4_LOCAL}};
    size_t at = begin_session(w, wall_us, subtypes[sent][as4], s);
    writer_copy(w, message);
    end(w, at);
}

void mrt_state_change(struct writer *w, int64_t wall_us, const struct mrt_session *s, uint16_t from,
                      uint16_t to)
{
    size_t at = begin_session(w, wall_us, MRT_STATE_CHANGE_AS4, s);
    writer_u16(w, from);
    writer_u16(w, to);
    end(w, at);
}

/* --- reading --- */

enum mrt_got mrt_next(struct cursor *c, struct mrt_record *out)
{
    struct cursor head = *c;
    *out = (struct mrt_record){.time_s = cursor_u32(&head)};
    out->type = cursor_u16(&head);
    out->subtype = cursor_u16(&head);
    uint32_t n = cursor_u32(&head);
    if (head.bad) return MRT_MORE;
    if (n > MRT_RECORD_MOST) return MRT_BAD;
    struct cursor body = cursor_sub(&head, n);
    if (head.bad) return MRT_MORE;
    if (out->type == MRT_BGP4MP_ET) out->time_us = cursor_u32(&body);
    if (body.bad || out->time_us > 999999) return MRT_BAD;
    out->body = cursor_rest(&body);
    *c = head;
    return MRT_GOT;
}

static struct addr get_addr(struct cursor *c, bool six)
{
    const uint8_t *p = cursor_take(c, six ? 16 : 4);
    return p ? addr_from_bytes(six ? FAMILY_IPV6 : FAMILY_IPV4, p) : (struct addr){0};
}

bool mrt_rib_read(const struct mrt_record *r, struct cursor *c, struct prefix *out,
                  uint16_t *entries)
{
    bool six = r->subtype == MRT_RIB_IPV6_UNICAST;
    uint8_t bytes[16] = {0};
    if (r->type != MRT_TABLE_DUMP_V2 || (!six && r->subtype != MRT_RIB_IPV4_UNICAST)) return false;
    *c = cursor_of(r->body);
    cursor_u32(c); /* sequence */
    uint8_t len = cursor_u8(c);
    if (len > (six ? 128 : 32)) c->bad = true;
    size_t n = (len + 7u) / 8;
    const uint8_t *p = cursor_take(c, c->bad ? 0 : n);
    if (c->bad) return false;
    if (n) memcpy(bytes, p, n);
    struct addr a = addr_from_bytes(six ? FAMILY_IPV6 : FAMILY_IPV4, bytes);
    *out = prefix_of(&a, len);
    *entries = cursor_u16(c);
    return !c->bad;
}

bool mrt_rib_next(struct cursor *c, struct mrt_table_entry *out)
{
    if (c->bad || cursor_left(c) == 0) return false;
    out->peer = cursor_u16(c);
    out->since_s = cursor_u32(c);
    out->attributes = cursor_span(c, cursor_u16(c));
    return !c->bad;
}

bool mrt_index_read(const struct mrt_record *r, struct cursor *c, uint32_t *collector,
                    struct span *view, uint16_t *peers)
{
    if (r->type != MRT_TABLE_DUMP_V2 || r->subtype != MRT_PEER_INDEX_TABLE) return false;
    *c = cursor_of(r->body);
    *collector = cursor_u32(c);
    *view = cursor_span(c, cursor_u16(c));
    *peers = cursor_u16(c);
    return !c->bad;
}

bool mrt_index_next(struct cursor *c, struct mrt_peer *out)
{
    if (c->bad || cursor_left(c) == 0) return false;
    uint8_t kind = cursor_u8(c);
    out->id = cursor_u32(c);
    out->address = get_addr(c, kind & PEER_IPV6);
    out->asn = kind & PEER_AS4 ? cursor_u32(c) : cursor_u16(c);
    return !c->bad;
}

bool mrt_session_read(const struct mrt_record *r, struct mrt_session_record *out)
{
    bool state = r->subtype == MRT_STATE_CHANGE_AS4;
    bool narrow = r->subtype == MRT_MESSAGE || r->subtype == MRT_MESSAGE_LOCAL;
    bool known =
        state || narrow || r->subtype == MRT_MESSAGE_AS4 || r->subtype == MRT_MESSAGE_AS4_LOCAL;
    if ((r->type != MRT_BGP4MP && r->type != MRT_BGP4MP_ET) || !known) return false;
    struct cursor c = cursor_of(r->body);
    *out = (struct mrt_session_record){.as4 = !narrow, .sent = r->subtype >= MRT_MESSAGE_LOCAL};
    out->session.peer_asn = narrow ? cursor_u16(&c) : cursor_u32(&c);
    out->session.local_asn = narrow ? cursor_u16(&c) : cursor_u32(&c);
    cursor_u16(&c);
    uint16_t afi = cursor_u16(&c);
    if (afi != BGP_AFI_IPV4 && afi != BGP_AFI_IPV6) return false;
    out->session.peer = get_addr(&c, afi == BGP_AFI_IPV6);
    out->session.local = get_addr(&c, afi == BGP_AFI_IPV6);
    if (state) {
        out->from = cursor_u16(&c);
        out->to = cursor_u16(&c);
    }
    out->message = cursor_rest(&c);
    return !c.bad && (!state || out->message.n == 0);
}
