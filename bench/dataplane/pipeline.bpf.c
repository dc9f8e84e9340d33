// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/* bench/dataplane/pipeline.bpf.c - the fast path as it is, but every run gets a fresh frame: a template with
 * the next of a list of flows written into it. `base` does only that, and is subtracted. */
#include "forward/stage_pipeline.h"
#include "bench/dataplane/flow.h"

enum { FRAME = 64 };

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, __u32);
    __type(value, struct bench_flow);
} bench_flows SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, __u32);
    __type(value, struct bench_state);
} bench_state SEC(".maps");

FAST_INLINE int next_frame(struct xdp_md *ctx)
{
    __u32 zero = 0, at, l3;
    struct bench_state *s = bpf_map_lookup_elem(&bench_state, &zero);
    __u8 *data, *end;
    if (!s) return -1;
    at = s->cursor++ & s->mask;
    struct bench_flow *f = bpf_map_lookup_elem(&bench_flows, &at);
    if (!f) return -1;
    data = (__u8 *)(long)ctx->data;
    end = (__u8 *)(long)ctx->data_end;
    if ((long)(end - data) != FRAME && bpf_xdp_adjust_head(ctx, (int)(end - data) - FRAME)) return -1;
    data = (__u8 *)(long)ctx->data;
    end = (__u8 *)(long)ctx->data_end;
    if (data + FRAME > end) return -1;
    FAST_UNROLL
    for (int i = 0; i < FRAME / 8; i++) ((__u64 *)data)[i] = s->frame[i];
    if (s->six) {
        __builtin_memcpy(data + 22 + 24, f->target, 16);
    } else {
        struct fast_ip4 *ip = (struct fast_ip4 *)(data + 22);
        struct fast_udp *u = (struct fast_udp *)(ip + 1);
        ip->source = f->source;
        ip->target = f->target[0];
        u->source_port = f->source_port;
    }
    (void)l3;
    return 0;
}

SEC("xdp")
int base(struct xdp_md *ctx) { return next_frame(ctx) ? XDP_ABORTED : XDP_PASS; }

SEC("xdp")
int whole(struct xdp_md *ctx)
{
    if (next_frame(ctx)) return XDP_ABORTED;
    struct fast_run r = {.port = ctx->ingress_ifindex};
    struct fast_frame f = {(__u8 *)(long)ctx->data, (__u8 *)(long)ctx->data_end};
    int fate = fast_pipeline(ctx, &r, &f);
    if (fate == FAST_FORWARDED) return XDP_REDIRECT;
    return fast_is_punt(fate) ? XDP_PASS : XDP_DROP;
}

char licence_of_program[] SEC("license") = "Dual BSD/GPL";
