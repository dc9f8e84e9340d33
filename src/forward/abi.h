/* forward/abi.h - layouts that the BPF programs and the daemon share. Everything in host order. */
#pragma once
#include <linux/types.h>
#ifndef __bpf__
#include <assert.h>
#endif

/* The tag multiplexer: a frame that arrived on a port with these tags goes out of another interface
 * with other tags. {0,0} untagged, {0,c} one tag, {s,c} two tags with outer s. */
struct tagmux_key {
    __u32 ifindex;
    __u16 outer, inner;
};

struct tagmux_action {
    __u32 ifindex;       /* where the frame leaves */
    __u16 outer, inner;  /* tags it leaves with; 0: none */
    __u16 ethertype;     /* of the outer tag, 0x8100 or 0x88a8; the inner one is always 0x8100 */
    __u16 unused;
    __u32 unused2;
    __u64 packets, bytes; /* counted by the program */
};

/* Frames with tags that nobody was given, per port and tags. */
struct tagmux_unknown {
    __u64 packets;
};

#ifndef __bpf__
static_assert(sizeof(struct tagmux_key) == 8, "map key layout");
static_assert(sizeof(struct tagmux_action) == 32, "map value layout");
static_assert(sizeof(struct tagmux_unknown) == 8, "map value layout");
#endif
