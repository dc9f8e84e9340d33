// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/* bpf/fastpath.bpf.c - the fast path at the XDP hook of trunk ports: the stages of forward/stage_*.h in
 * the order of forward/stage_pipeline.h. What it punts goes on as it came, to the tag multiplexer
 * (tagmux.bpf.c) at the next hook of the same port. */
#include "forward/stage_pipeline.h"

SEC("xdp")
int fastpath(struct xdp_md *ctx)
{
    struct fast_run r = {.port = ctx->ingress_ifindex};
    struct fast_frame f = {(__u8 *)(long)ctx->data, (__u8 *)(long)ctx->data_end};
    int fate = fast_pipeline(ctx, &r, &f);
    if (fate == FAST_FORWARDED) return XDP_REDIRECT;
    return fast_is_punt(fate) ? XDP_PASS : XDP_DROP;
}

char licence_of_program[] SEC("license") = "Dual BSD/GPL";
