/* forward/stage_frame.h - the first stages: tags to attachment, Ethernet, the IP header and ports. */
#pragma once
#include "forward/stage_env.h"

enum {
    FAST_ETHER_BYTES = 14,
    FAST_TAG_BYTES = 4,
    FAST_VID_MASK = 0xfff,
    FAST_TYPE_IPV4 = 0x0800,
    FAST_TYPE_IPV6 = 0x86dd,
    FAST_TYPE_CTAG = 0x8100,
    FAST_TYPE_STAG = 0x88a8,
    FAST_ICMP = 1,
    FAST_TCP = 6,
    FAST_UDP = 17,
    FAST_ICMP6 = 58,
};

struct fast_ether {
    __u8 target[6], source[6];
    __u16 type;
} FAST_HEADER;
struct fast_mac { /* addresses begin at even places, but compilers do not know it */
    __u16 w[3];
} FAST_HEADER;
struct fast_tag {
    __u16 tci, type;
} FAST_HEADER;
struct fast_ip4 {
    __u8 version_words, tos;
    __u16 bytes, id, fragment;
    __u8 ttl, proto;
    __u16 sum;
    __u32 source, target;
} FAST_HEADER;
struct fast_ip6 {
    __u8 version_class, class_flow;
    __u16 flow, bytes;
    __u8 proto, hops;
    __u32 source[4], target[4];
} FAST_HEADER;
struct fast_l4 { /* enough of TCP, UDP and ICMP */
    __u16 source_port, target_port;
} FAST_HEADER;

FAST_INLINE __u64 fast_place_key(__u32 port, __u32 outer, __u32 inner)
{
    return (__u64)port << 32 | (__u64)(outer & FAST_VID_MASK) << 16 | (inner & FAST_VID_MASK) << 1 | 1;
}

FAST_INLINE __u32 fast_place_home(__u64 key) { return (__u32)fast_mix(key, 0) & (FAST_PLACES - 1); }

FAST_INLINE int fast_same_mac(const __u8 *a, const __u8 *b)
{
    const struct fast_mac *x = (const struct fast_mac *)a, *y = (const struct fast_mac *)b;
    return !((x->w[0] ^ y->w[0]) | (x->w[1] ^ y->w[1]) | (x->w[2] ^ y->w[2]));
}

FAST_INLINE void fast_copy_mac(__u8 *to, const __u8 *from) { *(struct fast_mac *)to = *(const struct fast_mac *)from; }

/* --- tags --- */

FAST_INLINE int fast_is_tag(__u16 type)
{
    return type == FAST_BE16(FAST_TYPE_CTAG) || type == FAST_BE16(FAST_TYPE_STAG);
}

FAST_INLINE int stage_tags(FAST_ENV *env, struct fast_run *r, const struct fast_frame *f)
{
    const struct fast_ether *e = (const struct fast_ether *)f->data;
    const struct fast_tag *t;
    (void)env;
    if ((const __u8 *)(e + 1) > f->end) return FAST_RUNT;
    r->type = e->type;
    r->l3 = FAST_ETHER_BYTES;
    if (!fast_is_tag(r->type)) return FAST_GO;
    t = (const struct fast_tag *)(e + 1);
    if ((const __u8 *)(t + 1) > f->end) return FAST_RUNT;
    r->inner = FAST_BE16(t->tci) & FAST_VID_MASK;
    r->type = t->type;
    r->l3 += FAST_TAG_BYTES;
    if (!fast_is_tag(r->type)) return FAST_GO;
    t++;
    if ((const __u8 *)(t + 1) > f->end) return FAST_RUNT;
    r->outer = r->inner;
    r->inner = FAST_BE16(t->tci) & FAST_VID_MASK;
    r->type = t->type;
    r->l3 += FAST_TAG_BYTES;
    return FAST_GO;
}

FAST_INLINE int stage_attachment(FAST_ENV *env, struct fast_run *r)
{
    __u64 key = fast_place_key(r->port, r->outer, r->inner);
    __u32 at = fast_place_home(key), base = r->config->slot ? FAST_PLACES : 0, id = 0;
    FAST_UNROLL
    for (int i = 0; i < FAST_PROBES; i++) {
        const struct fast_place *p = fast_at_places(env, base + ((at + (__u32)i) & (FAST_PLACES - 1)));
        if (!p || !p->key) break;
        if (p->key == key) {
            id = p->attachment;
            break;
        }
    }
    if (!id) return FAST_NO_ATTACHMENT;
    r->in = fast_at_attachments(env, 2 * id + r->config->slot);
    if (!r->in) return FAST_NO_ATTACHMENT;
    r->domain = r->in->domain;
    r->arrived = id;
    return FAST_GO;
}

/* Ours, or for everybody (then it is control traffic: ARP, neighbour discovery), or somebody else's. */
FAST_INLINE int stage_station(struct fast_run *r, const struct fast_frame *f)
{
    const struct fast_ether *e = (const struct fast_ether *)f->data;
    if ((const __u8 *)(e + 1) > f->end) return FAST_RUNT;
    if (!fast_same_mac(e->target, r->in->mac)) return e->target[0] & 1 ? FAST_CONTROL : FAST_OTHER_STATION;
    if (r->type == FAST_BE16(FAST_TYPE_IPV4)) return FAST_GO;
    r->six = r->type == FAST_BE16(FAST_TYPE_IPV6);
    return r->six ? FAST_GO : FAST_CONTROL;
}

/* --- network header --- */

/* One computation of the pointer, see FAST_PIN. */
FAST_INLINE __u8 *fast_network_header(const struct fast_run *r, const struct fast_frame *f)
{
    __u8 *p = f->data + (r->l3 & 31);
    FAST_PIN(p);
    return p;
}

/* Classes D and E, 0/8, 127/8. */
FAST_INLINE int fast_martian4(__u32 a)
{
    __u32 top = FAST_BE32(a) >> 24;
    return top >= 224 || top == 0 || top == 127;
}

FAST_INLINE int stage_ip4(struct fast_run *r, const __u8 *h, const __u8 *end)
{
    const struct fast_ip4 *ip = (const struct fast_ip4 *)h;
    if ((const __u8 *)(ip + 1) > end) return FAST_RUNT;
    r->bytes = FAST_BE16(ip->bytes);
    r->proto = ip->proto;
    r->tos = ip->tos;
    if (ip->version_words >> 4 != 4 || (ip->version_words & 15) < 5 || r->bytes < sizeof *ip ||
        r->bytes > (__u32)(end - h))
        return FAST_MALFORMED;
    if (fast_martian4(ip->source)) return FAST_MARTIAN;
    if (fast_martian4(ip->target)) return FAST_BE32(ip->target) >> 28 == 14 ? FAST_CONTROL : FAST_MARTIAN;
    if ((ip->version_words & 15) != 5)
        r->odd = FAST_OPTIONS;
    else if (ip->fragment & FAST_BE16(0x3fff))
        r->odd = FAST_FRAGMENT;
    return FAST_GO;
}

/* Whatever makes the next header something else than a transport. */
FAST_INLINE int fast_is_extension(__u8 proto)
{
    return proto == 0 || proto == 43 || proto == 44 || proto == 60 || proto == 135 || proto == 139 ||
           proto == 140;
}

FAST_INLINE int stage_ip6(struct fast_run *r, const __u8 *h, const __u8 *end)
{
    const struct fast_ip6 *ip = (const struct fast_ip6 *)h;
    if ((const __u8 *)(ip + 1) > end) return FAST_RUNT;
    r->bytes = FAST_BE16(ip->bytes) + (__u32)sizeof *ip;
    r->proto = ip->proto;
    r->tos = (__u8)((ip->version_class & 15) << 4 | ip->class_flow >> 4);
    if (ip->version_class >> 4 != 6 || r->bytes > (__u32)(end - h)) return FAST_MALFORMED;
    __u32 source = FAST_BE32(ip->source[0]), target = FAST_BE32(ip->target[0]);
    if (source >> 24 == 0xff) return FAST_MARTIAN;
    if (target >> 24 == 0xff || target >> 22 == 0xfe80 >> 6 || source >> 22 == 0xfe80 >> 6) return FAST_CONTROL;
    if (!(ip->source[0] | ip->source[1] | ip->source[2]) || !(ip->target[0] | ip->target[1] | ip->target[2]))
        return FAST_MARTIAN; /* ::/96: unspecified, loopback and what else is nobody's */
    if (fast_is_extension(r->proto)) r->odd = FAST_OPTIONS;
    return FAST_GO;
}

/* Ports, of TCP and UDP; of echo requests and replies the identifier, of other ICMP nothing. A header
 * that is not there whole makes the packet malformed. */
FAST_INLINE int stage_ports(struct fast_run *r, const __u8 *h, const __u8 *end)
{
    const struct fast_l4 *l = (const struct fast_l4 *)h;
    if (r->odd) return FAST_GO;
    if (r->proto != FAST_TCP && r->proto != FAST_UDP && r->proto != FAST_ICMP && r->proto != FAST_ICMP6)
        return FAST_GO;
    if (h + (r->proto == FAST_TCP ? 20 : 8) > end) return FAST_MALFORMED;
    if (r->bytes < (r->six ? 40u : 20u) + (r->proto == FAST_TCP ? 20u : 8u)) return FAST_MALFORMED;
    if (r->proto == FAST_TCP || r->proto == FAST_UDP) {
        r->source_port = l->source_port;
        r->target_port = l->target_port;
        r->ports = 1;
    }
    return FAST_GO;
}
