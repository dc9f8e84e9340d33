/* forward/stage_output.h - what is written into a frame: checksums (RFC 1624), TTL, traffic class, MAC
 * addresses, tags. */
#pragma once
#include "forward/stage_frame.h"

FAST_INLINE __u16 fast_fold(__u32 s)
{
    s = (s & 0xffff) + (s >> 16);
    s = (s & 0xffff) + (s >> 16);
    return (__u16)~s;
}

/* What a 16-bit or 32-bit word that changed adds to a sum (RFC 1624, equation 3), not folded. */
FAST_INLINE __u32 fast_sum_change(__u32 from, __u32 to)
{
    return (__u32)(__u16)~from + (__u16) ~(from >> 16) + (to & 0xffff) + (to >> 16);
}

FAST_INLINE __u16 fast_sum_after(__u16 sum, __u32 from, __u32 to)
{
    return fast_fold((__u16)~sum + fast_sum_change(from, to));
}

FAST_INLINE __u16 fast_sum_after_two(__u16 sum, __u32 from, __u32 to, __u32 also_from, __u32 also_to)
{
    return fast_fold((__u16)~sum + fast_sum_change(from, to) + fast_sum_change(also_from, also_to));
}

FAST_INLINE void fast_class4(struct fast_ip4 *ip, __u8 tos)
{
    if (tos == ip->tos) return;
    ip->sum = fast_sum_after(ip->sum, FAST_BE16(ip->tos), FAST_BE16(tos));
    ip->tos = tos;
}

FAST_INLINE void fast_write4(struct fast_ip4 *ip, __u8 tos)
{
    ip->sum = fast_sum_after_two(ip->sum, FAST_BE16(ip->tos), FAST_BE16(tos), FAST_BE16(0x0100), 0);
    ip->tos = tos;
    ip->ttl--;
}

FAST_INLINE void fast_class6(struct fast_ip6 *ip, __u8 tos)
{
    ip->version_class = (__u8)(0x60 | tos >> 4);
    ip->class_flow = (__u8)((tos & 15) << 4 | (ip->class_flow & 15));
}

FAST_INLINE void fast_write6(struct fast_ip6 *ip, __u8 tos)
{
    fast_class6(ip, tos);
    ip->hops--;
}

/* Room for the tags of the way out, MAC addresses, tags. */
FAST_INLINE int stage_output(FAST_ENV *env, const struct fast_run *r, struct fast_frame *f)
{
    const struct fast_attachment *out = r->out;
    __u32 want = FAST_ETHER_BYTES + (out->inner ? FAST_TAG_BYTES : 0) + (out->outer ? FAST_TAG_BYTES : 0);
    struct fast_ether *e;
    struct fast_tag *t;
    if (want != r->l3 && !fast_move_head(env, f, (int)r->l3 - (int)want)) return FAST_MALFORMED;
    e = (struct fast_ether *)f->data;
    t = (struct fast_tag *)(e + 1);
    if ((__u8 *)(t + 2) > f->end) return FAST_RUNT; /* never: an IP header stood there */
    fast_copy_mac(e->target, r->hop->mac);
    fast_copy_mac(e->source, out->mac);
    if (out->outer) {
        e->type = out->ethertype;
        t->tci = FAST_BE16(out->outer);
        t->type = FAST_BE16(FAST_TYPE_CTAG);
        t++;
        t->tci = FAST_BE16(out->inner);
        t->type = r->type;
    } else if (out->inner) {
        e->type = FAST_BE16(FAST_TYPE_CTAG);
        t->tci = FAST_BE16(out->inner);
        t->type = r->type;
    } else {
        e->type = r->type;
    }
    return fast_send(env, out->port) ? FAST_FORWARDED : FAST_NO_OUTPUT;
}
