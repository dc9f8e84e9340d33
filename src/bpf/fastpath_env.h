// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/* bpf/fastpath_env.h - the ground of the stages in the kernel: every table is an array that the daemon
 * maps into its memory, its length chosen when the program is loaded. */
#pragma once
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "forward/abi.h"

#define FAST_ENV struct xdp_md
#define bool _Bool

enum { EVENT_BYTES = 1 << 20, OUTPUTS = 4096 };

/* A row the long way: by asking the map, which compares the number with its length. */
#define FAST_ASK(name, row)                                                                        \
    FAST_INLINE row *fast_at_##name(FAST_ENV *env, __u32 at)                                       \
    {                                                                                              \
        (void)env;                                                                                 \
        return bpf_map_lookup_elem(&fl_##name, &at);                                               \
    }

#ifdef FAST_BY_ROW
#define FAST_POINT(name, row, mask) FAST_ASK(name, row)
#else
/* The short way: the loader makes the map's address that of its memory (sys/fastpath.c), and a mask keeps the
 * number within it, which the verifier sees. A dozen instructions and a detour over the stack less for each
 * row of some twenty; a number beyond the end, which nobody writes, means another row instead of none. */
#define FAST_POINT(name, row, mask)                                                                \
    FAST_INLINE row *fast_at_##name(FAST_ENV *env, __u32 at)                                       \
    {                                                                                              \
        __u8 *p = (__u8 *)&fl_##name;                                                              \
        __u64 n = (__u64)(at & (mask)) * sizeof(row);                                              \
        (void)env;                                                                                 \
        __asm__ volatile("%0 += %1" : "+r"(p) : "r"(n));                                           \
        __builtin_assume(p != 0);                                                                  \
        return (row *)p;                                                                           \
    }
#endif

#define X(name, row, n)                                                                            \
    struct {                                                                                       \
        __uint(type, BPF_MAP_TYPE_ARRAY);                                                          \
        __uint(max_entries, (n) ? (n) : 1);                                                        \
        __uint(map_flags, BPF_F_MMAPABLE);                                                         \
        __type(key, __u32);                                                                        \
        __type(value, row);                                                                        \
    } fl_##name SEC(".maps");
FAST_TABLE_MAP(X)
#undef X

const volatile struct fast_masks fast_masks SEC(".rodata.masks") = {0, 0, 0};

FAST_POINT(config, struct fast_config, 0)
FAST_POINT(places, struct fast_place, 2 * FAST_PLACES - 1)
FAST_POINT(attachments, struct fast_attachment, 2 * FAST_ATTACHMENTS - 1)
FAST_POINT(blocks, struct fast_block, fast_masks.blocks)
FAST_POINT(roots, struct fast_root, fast_masks.roots)
FAST_POINT(hops, struct fast_hop, FAST_HOPS - 1)
FAST_ASK(acls, struct fast_acl)
FAST_POINT(policers, struct fast_policer, FAST_POLICERS - 1)
FAST_POINT(punts, struct fast_punt, FAST_ATTACHMENTS - 1)
FAST_POINT(pools, struct fast_pool, FAST_DOMAINS - 1)
FAST_ASK(port_blocks, struct fast_port_block)
FAST_POINT(flows_out, struct fast_flow, fast_masks.flows)
FAST_POINT(flows_in, struct fast_flow, fast_masks.flows)

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, FAST_DOMAINS *FAST_FATES);
    __type(key, __u32);
    __type(value, struct fast_count);
} fl_counts SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, EVENT_BYTES);
} fl_events SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
    __uint(max_entries, OUTPUTS);
    __type(key, __u32);
    __type(value, __u32);
} fl_outputs SEC(".maps");

/* The frame leaves by the port when the program ends with XDP_REDIRECT. False: there is no such port; the
 * kernel would drop it without a count. */
FAST_INLINE bool fast_send(FAST_ENV *env, __u32 port)
{
    (void)env;
    return bpf_redirect_map(&fl_outputs, port, XDP_DROP) == XDP_REDIRECT;
}

FAST_INLINE __u64 fast_clock(FAST_ENV *env)
{
    (void)env;
    return bpf_ktime_get_ns();
}

FAST_INLINE __u64 fast_clock_coarse(FAST_ENV *env)
{
    (void)env;
    return bpf_ktime_get_coarse_ns();
}

FAST_INLINE void fast_count(FAST_ENV *env, __u32 domain, __u32 fate, __u32 bytes)
{
    __u32 at = domain * FAST_FATES + fate;
    struct fast_count *c = bpf_map_lookup_elem(&fl_counts, &at);
    (void)env;
    if (!c) return;
    c->packets++;
    c->bytes += bytes;
}

/* A full ring loses the event; the daemon finds what is new when it walks the table. */
FAST_INLINE void fast_tell(FAST_ENV *env, __u32 kind, __u32 row)
{
    struct fast_event e = {kind, row};
    (void)env;
    bpf_ringbuf_output(&fl_events, &e, sizeof e, 0);
}

FAST_INLINE bool fast_move_head(FAST_ENV *env, struct fast_frame *f, int n)
{
    if (bpf_xdp_adjust_head(env, n)) return 0;
    f->data = (__u8 *)(long)env->data;
    f->end = (__u8 *)(long)env->data_end;
    return 1;
}
