/* forward/stage_pipeline.h - the order of the stages. What the fast path does not fully understand is
 * punted: the frame goes on unchanged and the domain's namespace deals with it. Order matters in four
 * places: sources and access lists are judged before anything may be punted, so that the slow path needs
 * no lists of its own; TTL and MTU are looked at before NAT, so that the kernel's ICMP errors quote what
 * the host sent; a NAT binding is only made for a packet that nothing else stops; and a translated packet
 * whose neighbour is not known yet is punted translated, for the kernel has no NAT. */
#pragma once
#include "forward/stage_acl.h"
#include "forward/stage_nat.h"
#include "forward/stage_qos.h"
#include "forward/stage_route.h"

/* Shared by both families. The two halves of the pipeline return FAST_GO for what shall leave. */
FAST_INLINE int fast_before_leaving(const struct fast_run *r, __u32 ttl)
{
    if (r->local) return FAST_LOCAL;
    if (ttl <= 1) return FAST_TTL;
    if (r->bytes > r->out->mtu) return FAST_TOO_BIG;
    return FAST_GO;
}

FAST_INLINE int fast_can_leave(const struct fast_run *r)
{
    if (r->hop->kind != FAST_HOP_VIA) return FAST_NO_NEIGHBOUR;
    return r->out->flags & FAST_TX ? FAST_GO : FAST_SLOW_PORT;
}

FAST_INLINE int fast_leave(FAST_ENV *env, struct fast_run *r, struct fast_frame *f)
{
    __u8 *h, tos = fast_tos(r, r->in->dscp_in, r->out->dscp_out);
    int v = stage_police(env, r, tos);
    if (v != FAST_GO) return v;
    h = fast_network_header(r, f);
    if (r->six) {
        if (h + sizeof(struct fast_ip6) > f->end) return FAST_RUNT;
        fast_write6((struct fast_ip6 *)h, tos);
    } else {
        if (h + sizeof(struct fast_ip4) > f->end) return FAST_RUNT;
        fast_write4((struct fast_ip4 *)h, tos);
    }
    return stage_output(env, r, f);
}

FAST_INLINE int fast_run4(FAST_ENV *env, struct fast_run *r, struct fast_frame *f)
{
    __u8 *h = fast_network_header(r, f);
    const struct fast_ip4 *ip = (const struct fast_ip4 *)h;
    struct fast_nat x = {0};
    __u32 target, reverse = 0, source = 0;
    int v = stage_ip4(r, h, f->end);
    if (v == FAST_GO) v = stage_ports(r, h + sizeof *ip, f->end);
    if (v != FAST_GO || (const __u8 *)(ip + 1) > f->end) return v;
    fast_nat_expect(env, r, h, f->end, &x);
    if (r->in->flags & FAST_DECLARED) source = fast_route4(env, r->in->source4, ip->source);
    if (r->in->flags & FAST_STRICT) reverse = fast_route4(env, r->in->root4, ip->source);
    v = stage_source(env, r, source, reverse);
    if (v == FAST_GO) v = stage_nat_in(env, r, h, f->end, &x);
    if (v != FAST_GO) return v;
    target = x.kind != FAST_NAT_NONE ? x.addr : ip->target;
    v = stage_route(env, r, fast_route4(env, r->in->root4, target), fast_flow_hash(r, ip->source, ip->target));
    if (v != FAST_GO) return v;
    if (!r->local) v = stage_acl4(env, r, ip->source, target);
    if (v == FAST_GO) v = fast_before_leaving(r, ip->ttl);
    if (v == FAST_GO) v = stage_nat_out(env, r, h, f->end, &x);
    if (v != FAST_GO) return v;
    if (r->odd) return r->odd;
    stage_nat_write(r, h, f->end, &x);
    return fast_can_leave(r);
}

FAST_INLINE int fast_run6(FAST_ENV *env, struct fast_run *r, struct fast_frame *f)
{
    __u8 *h = fast_network_header(r, f);
    const struct fast_ip6 *ip = (const struct fast_ip6 *)h;
    __u32 source[4], target[4], reverse = 0, own = 0;
    int v = stage_ip6(r, h, f->end);
    if (v == FAST_GO) v = stage_ports(r, h + sizeof *ip, f->end);
    if (v != FAST_GO || (const __u8 *)(ip + 1) > f->end) return v;
    __builtin_memcpy(source, ip->source, sizeof source);
    __builtin_memcpy(target, ip->target, sizeof target);
    if (r->in->flags & FAST_DECLARED) own = fast_route6(env, r->config, r->in->source6, source);
    if (r->in->flags & FAST_STRICT) reverse = fast_route6(env, r->config, r->in->root6, source);
    v = stage_source(env, r, own, reverse);
    if (v != FAST_GO) return v;
    v = stage_route(env, r, fast_route6(env, r->config, r->in->root6, target),
                    fast_flow_hash(r, source[1] ^ source[3], target[1] ^ target[3]));
    if (v != FAST_GO) return v;
    if (!r->local) v = stage_acl6(env, r, source, target);
    if (v == FAST_GO) v = fast_before_leaving(r, ip->hops);
    if (v != FAST_GO) return v;
    if (r->odd) return r->odd;
    return fast_can_leave(r);
}

/* What the slow path sends out for us (the neighbour is not known yet; the port takes no redirected
 * frames, or has queues that want to see them) is marked here: the kernel's queues go by it. */
FAST_INLINE int fast_hand_over(const struct fast_run *r, const struct fast_frame *f, int v)
{
    __u8 *h, tos;
    if (!r->in || !r->out) return v;
    h = fast_network_header(r, f);
    tos = fast_tos(r, r->in->dscp_in, r->out->dscp_out);
    if (r->six) {
        if (h + sizeof(struct fast_ip6) <= f->end) fast_class6((struct fast_ip6 *)h, tos);
    } else if (h + sizeof(struct fast_ip4) <= f->end) {
        fast_class4((struct fast_ip4 *)h, tos);
    }
    return v;
}

FAST_INLINE int fast_is_punt(int fate) { return fate >= FAST_NO_ATTACHMENT && fate <= FAST_UNREADY; }

/* The whole: what becomes of a frame that came in by `port`. Forwarded frames leave by r->out->port. */
FAST_INLINE int fast_pipeline(FAST_ENV *env, struct fast_run *r, struct fast_frame *f)
{
    int v;
    r->config = fast_at_config(env, 0);
    if (!r->config || !r->config->ready) return FAST_UNREADY;
    r->mark = FAST_UNMARKED;
    v = stage_tags(env, r, f);
    if (v == FAST_GO) v = stage_attachment(env, r);
    if (v == FAST_GO) v = stage_station(r, f);
    if (v == FAST_GO) v = r->six ? fast_run6(env, r, f) : fast_run4(env, r, f);
    if (v == FAST_GO) v = fast_leave(env, r, f);
    if (v == FAST_SLOW_PORT || v == FAST_NO_NEIGHBOUR) v = fast_hand_over(r, f, v);
    if (r->in && fast_is_punt(v)) v = stage_punt(env, r, v);
    fast_count(env, r->domain, (__u32)v, (__u32)(f->end - f->data));
    return v;
}
