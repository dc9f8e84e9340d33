// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/* bench/dataplane/flood.bpf.c - a source of frames and two sinks that count, for flood.c; and `relay`, which
 * forwards without looking: what a path of the same hops costs at least. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "bench/dataplane/flood.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, __u32);
    __type(value, struct flood_state);
} flood_state SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} flood_port SEC(".maps");

static __always_inline struct flood_state *state(void)
{
    __u32 zero = 0;
    return bpf_map_lookup_elem(&flood_state, &zero);
}

static __always_inline void count(void)
{
    struct flood_state *s = state();
    if (s) s->arrived++;
}

static __always_inline __u16 sum_after(__u16 sum, __u32 from, __u32 to)
{
    __u32 s = (__u16)~sum;
    s += (__u16)~from + (__u16) ~(from >> 16) + (to & 0xffff) + (to >> 16);
    s = (s & 0xffff) + (s >> 16);
    s = (s & 0xffff) + (s >> 16);
    return (__u16)~s;
}

/* Frames come round again with what the path wrote into them, so that each is written whole. IPv4 flows: 64
 * ports of each inside address. IPv6: the last word of the source. */
SEC("xdp")
int source(struct xdp_md *ctx)
{
    __u8 *d = (__u8 *)(long)ctx->data, *end = (__u8 *)(long)ctx->data_end, *ip;
    struct flood_state *s = state();
    __u32 flow, at, old, new;
    if (!s || d + FLOOD_FRAME > end) return XDP_ABORTED;
    flow = (__u32)s->sent++ & s->mask;
    at = s->l3;
    for (int i = 0; i < FLOOD_FRAME / 8; i++) ((__u64 *)d)[i] = s->frame[i];
    ip = at == 22 ? d + 22 : d + 14;
    if (s->six) {
        *(__u32 *)(ip + 20) = bpf_htonl(s->first + flow);
        return bpf_redirect_map(&flood_port, 0, XDP_DROP);
    }
    old = *(__u32 *)(ip + 12);
    new = bpf_htonl(s->first + flow / 64);
    *(__u32 *)(ip + 12) = new;
    *(__u16 *)(ip + 10) = sum_after(*(__u16 *)(ip + 10), old, new);
    *(__u16 *)(ip + 26) = sum_after(*(__u16 *)(ip + 26), old, new);
    old = *(__u16 *)(ip + 20);
    new = bpf_htons(1024 + flow % 64);
    *(__u16 *)(ip + 20) = (__u16)new;
    *(__u16 *)(ip + 26) = sum_after(*(__u16 *)(ip + 26), old, new);
    return bpf_redirect_map(&flood_port, 0, XDP_DROP);
}

SEC("xdp")
int sink_xdp(struct xdp_md *ctx)
{
    (void)ctx;
    count();
    return XDP_DROP;
}

SEC("tc")
int sink_tc(struct __sk_buff *skb)
{
    (void)skb;
    count();
    return TC_ACT_SHOT;
}

SEC("xdp")
int relay(struct xdp_md *ctx)
{
    (void)ctx;
    return bpf_redirect_map(&flood_port, 0, XDP_DROP);
}

char licence_of_program[] SEC("license") = "Dual BSD/GPL";
