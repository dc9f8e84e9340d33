/* wire/bmp.c - see bmp.h. RFC 7854 4.1 common header, 4.2 per-peer header, 4.3 to 4.10 messages. */
#include "wire/bmp.h"
#include "wire/bgp.h"
#include "wire/bgp_priv.h"

enum {
    PEER_GLOBAL = 0,
    PEER_RD = 1,
    PEER_LOC_RIB = 3, /* RFC 9069 4.1 */
    FLAG_IPV6 = 0x80,
    FLAG_POST_POLICY = 0x40,
    FLAG_AS2 = 0x20,
    FLAG_RIB_OUT = 0x10, /* RFC 8671 4 */
    RD_AS4 = 2,
    TLV_TEXT = 0,
    TLV_DESCRIPTION = 1,
    TLV_NAME = 2,
    TLV_TABLE_NAME = 3, /* RFC 9069 5.3 */
    TLV_REASON = 1,
    DOWN_TABLE = 6,
    STATISTIC_LOC_RIB = 8,
    STATISTIC_LOC_RIB_FAMILY = 10,
};

static size_t begin(struct writer *w, enum bmp_type type)
{
    size_t at = writer_len(w);
    writer_u8(w, BMP_VERSION);
    writer_u32(w, 0);
    writer_u8(w, (uint8_t)type);
    return at;
}

static void end(struct writer *w, size_t at)
{
    if (w->bad) return;
    size_t n = writer_len(w) - at;
    for (size_t i = 0; i < 4; i++) w->start[at + 1 + i] = (uint8_t)(n >> (24 - 8 * i));
}

static void put_tlv(struct writer *w, uint16_t type, const char *text)
{
    writer_u16(w, type);
    size_t n = writer_hole16(w);
    writer_bytes(w, text, strlen(text));
    writer_fill16(w, n);
}

/* IPv4 addresses stand in the last four of sixteen octets. */
static void put_addr16(struct writer *w, const struct addr *a)
{
    bool six = a->family == FAMILY_IPV6;
    if (!six) writer_bytes(w, (const uint8_t[12]){0}, 12);
    writer_bytes(w, a->b, six ? 16 : 4);
}

static void put_peer(struct writer *w, const struct bmp_peer *p, uint8_t flags)
{
    bool global = p->rd_asn == 0 && p->rd_number == 0;
    writer_u8(w, p->loc_rib ? PEER_LOC_RIB : global ? PEER_GLOBAL : PEER_RD);
    writer_u8(w, p->loc_rib ? 0 : (uint8_t)(flags | (p->address.family == FAMILY_IPV6 ? FLAG_IPV6 : 0)));
    writer_u16(w, global ? 0 : RD_AS4);
    writer_u32(w, p->rd_asn);
    writer_u16(w, (uint16_t)p->rd_number);
    put_addr16(w, &p->address);
    writer_u32(w, p->asn);
    writer_u32(w, p->id);
    writer_u32(w, (uint32_t)(p->wall_us / 1000000));
    writer_u32(w, (uint32_t)(p->wall_us % 1000000));
}

void bmp_initiation(struct writer *w, const char *name, const char *description)
{
    size_t at = begin(w, BMP_INITIATION);
    put_tlv(w, TLV_DESCRIPTION, description);
    put_tlv(w, TLV_NAME, name);
    end(w, at);
}

void bmp_termination(struct writer *w, enum bmp_why why)
{
    size_t at = begin(w, BMP_TERMINATION);
    writer_u16(w, TLV_REASON);
    writer_u16(w, 2);
    writer_u16(w, (uint16_t)why);
    end(w, at);
}

void bmp_peer_up(struct writer *w, const struct bmp_peer *p, const struct bmp_up *up)
{
    size_t at = begin(w, BMP_PEER_UP);
    put_peer(w, p, 0);
    put_addr16(w, &up->local);
    writer_u16(w, up->local_port);
    writer_u16(w, up->remote_port);
    writer_copy(w, up->open_sent);
    writer_copy(w, up->open_received);
    put_tlv(w, TLV_TEXT, up->name);
    end(w, at);
}

void bmp_peer_down(struct writer *w, const struct bmp_peer *p, enum bmp_down why,
                   struct span notification, uint16_t event)
{
    size_t at = begin(w, BMP_PEER_DOWN);
    put_peer(w, p, 0);
    writer_u8(w, (uint8_t)why);
    if (why == BMP_DOWN_LOCAL_NOTIFICATION || why == BMP_DOWN_REMOTE_NOTIFICATION)
        writer_copy(w, notification);
    if (why == BMP_DOWN_LOCAL) writer_u16(w, event);
    end(w, at);
}

static size_t begin_monitoring(struct writer *w, const struct bmp_peer *p, enum bmp_view view,
                               bool as4)
{
    static const uint8_t flags[] = {[BMP_ADJ_RIB_IN_PRE] = 0,
                                    [BMP_ADJ_RIB_IN] = FLAG_POST_POLICY,
                                    [BMP_ADJ_RIB_OUT] = FLAG_POST_POLICY | FLAG_RIB_OUT,
                                    [BMP_LOC_RIB] = 0};
    size_t at = begin(w, BMP_ROUTE_MONITORING);
    put_peer(w, p, (uint8_t)(flags[view] | (as4 ? 0 : FLAG_AS2)));
    return at;
}

void bmp_update(struct writer *w, const struct bmp_peer *p, enum bmp_view view, bool as4,
                struct span message)
{
    size_t at = begin_monitoring(w, p, view, as4);
    writer_copy(w, message);
    end(w, at);
}

/* --- an UPDATE about prefixes with the same attributes --- */

struct list {
    const struct prefix *first;
    size_t n;
};

static void put_list(struct writer *w, const struct list *l)
{
    for (size_t i = 0; i < l->n; i++) bgp_nlri_put(w, &l->first[i]);
}

static size_t begin_mp(struct writer *w, enum attr_type type)
{
    writer_u8(w, FLAG_OPTIONAL | FLAG_EXTENDED);
    writer_u8(w, (uint8_t)type);
    size_t value = writer_hole16(w);
    writer_u16(w, BGP_AFI_IPV6);
    writer_u8(w, BGP_SAFI_UNICAST);
    return value;
}

static void put_reach6(struct writer *w, const struct list *l, const struct attrs *a)
{
    bool link = !addr_is_none(&a->next_hop_link);
    size_t value = begin_mp(w, ATTR_MP_REACH);
    writer_u8(w, link ? 32 : 16);
    writer_bytes(w, a->next_hop.b, 16);
    if (link) writer_bytes(w, a->next_hop_link.b, 16);
    writer_u8(w, 0);
    put_list(w, l);
    writer_fill16(w, value);
}

static bool is_six(const struct list *l) { return l->n && l->first->addr.family == FAMILY_IPV6; }

static void put_announcement(struct writer *w, const struct list *l, const struct attrs *a)
{
    bool six = is_six(l);
    struct attrs rest = *a;
    if (six) rest.has &= ~(uint32_t)HAS_NEXT_HOP;
    writer_u16(w, 0);
    size_t attrs = writer_hole16(w);
    if (six) put_reach6(w, l, a);
    bgp_attrs_encode(w, &rest, true, false);
    writer_fill16(w, attrs);
    if (!six) put_list(w, l);
}

/* The empty list is End-of-RIB. */
static void put_withdrawal6(struct writer *w, const struct list *l)
{
    writer_u16(w, 0);
    size_t attrs = writer_hole16(w), value = begin_mp(w, ATTR_MP_UNREACH);
    put_list(w, l);
    writer_fill16(w, value);
    writer_fill16(w, attrs);
}

static void put_withdrawal4(struct writer *w, const struct list *l)
{
    size_t list = writer_hole16(w);
    put_list(w, l);
    writer_fill16(w, list);
    writer_u16(w, 0);
}

void bmp_paths(struct writer *w, const struct bmp_peer *p, enum bmp_view view, const struct prefix *prefixes,
               size_t n, const struct attrs *a)
{
    const struct list l = {prefixes, n};
    size_t at = begin_monitoring(w, p, view, true), message = bgp_begin(w, BGP_UPDATE);
    if (a)
        put_announcement(w, &l, a);
    else if (is_six(&l))
        put_withdrawal6(w, &l);
    else
        put_withdrawal4(w, &l);
    bgp_end(w, message);
    end(w, at);
}

void bmp_path(struct writer *w, const struct bmp_peer *p, enum bmp_view view,
              const struct prefix *prefix, const struct attrs *a)
{
    bmp_paths(w, p, view, prefix, 1, a);
}

void bmp_end_of_rib(struct writer *w, const struct bmp_peer *p, enum bmp_view view, bool six)
{
    size_t at = begin_monitoring(w, p, view, true), message = bgp_begin(w, BGP_UPDATE);
    if (six)
        put_withdrawal6(w, &(struct list){0});
    else
        put_withdrawal4(w, &(struct list){0});
    bgp_end(w, message);
    end(w, at);
}

void bmp_statistics(struct writer *w, const struct bmp_peer *p,
                    const uint64_t values[BMP_STATISTICS_N])
{
    static const struct {
        uint16_t type, bytes;
    } rows[] = {
#define X(name, number, size) {number, size},
        BMP_STATISTICS_MAP(X)
#undef X
    };
    size_t at = begin(w, BMP_STATISTICS);
    put_peer(w, p, 0);
    writer_u32(w, ARRAY_LEN(rows));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        writer_u16(w, rows[i].type);
        writer_u16(w, rows[i].bytes);
        if (rows[i].bytes == 8)
            writer_u64(w, values[i]);
        else
            writer_u32(w, values[i] > UINT32_MAX ? UINT32_MAX : (uint32_t)values[i]);
    }
    end(w, at);
}

/* --- tables of ours (RFC 9069) --- */

struct bmp_peer bmp_table_of(uint32_t own_asn, uint32_t own_id, uint32_t domain_number)
{
    return (struct bmp_peer){.rd_asn = own_asn, .rd_number = domain_number, .asn = own_asn, .id = own_id,
                             .loc_rib = true};
}

/* There is no session, so both OPENs are one that agrees to what the UPDATEs need (5.2). */
static void put_own_open(struct writer *w, const struct bmp_peer *p)
{
    const struct bgp_open o = {.version = 4, .asn = p->asn, .id = p->id,
                               .caps = {.families = BGP_IPV4_UNICAST | BGP_IPV6_UNICAST, .as4 = true, .asn = p->asn}};
    bgp_open_encode(w, &o);
}

static void put_table_name(struct writer *w, const char *name) { put_tlv(w, TLV_TABLE_NAME, name); }

void bmp_table_up(struct writer *w, const struct bmp_peer *p, const char *name)
{
    size_t at = begin(w, BMP_PEER_UP);
    put_peer(w, p, 0);
    put_addr16(w, &p->address);
    writer_u32(w, 0); /* no ports */
    put_own_open(w, p);
    put_own_open(w, p);
    put_table_name(w, name);
    end(w, at);
}

void bmp_table_down(struct writer *w, const struct bmp_peer *p, const char *name)
{
    size_t at = begin(w, BMP_PEER_DOWN);
    put_peer(w, p, 0);
    writer_u8(w, DOWN_TABLE);
    put_table_name(w, name);
    end(w, at);
}

static void put_family_gauge(struct writer *w, uint16_t afi, uint64_t n)
{
    writer_u16(w, STATISTIC_LOC_RIB_FAMILY);
    writer_u16(w, 11);
    writer_u16(w, afi);
    writer_u8(w, BGP_SAFI_UNICAST);
    writer_u64(w, n);
}

void bmp_table_statistics(struct writer *w, const struct bmp_peer *p, uint64_t ipv4, uint64_t ipv6)
{
    size_t at = begin(w, BMP_STATISTICS);
    put_peer(w, p, 0);
    writer_u32(w, 3);
    writer_u16(w, STATISTIC_LOC_RIB);
    writer_u16(w, 8);
    writer_u64(w, ipv4 + ipv6);
    put_family_gauge(w, BGP_AFI_IPV4, ipv4);
    put_family_gauge(w, BGP_AFI_IPV6, ipv6);
    end(w, at);
}
