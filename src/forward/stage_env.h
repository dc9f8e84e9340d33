/* forward/stage_env.h - the ground the stages of the fast path stand on, the same in the kernel and in
 * the C twin. A stage is a few inline functions in a header of its own: bounded arithmetic over a frame
 * and the tables of forward/abi.h, so that clang compiles it for the kernel and both compilers for the
 * twin, under sanitizers and fuzzers as well.
 *
 * Whoever includes the stages provides, before, FAST_ENV and (bpf/fastpath_env.h, forward/twin_env.h):
 *   struct T *fast_at_TABLE(env, index)   a row, NULL beyond the end, for each row of FAST_TABLE_MAP
 *   uint64_t fast_clock(env), fast_clock_coarse(env)   ns; the second is cheap and late by milliseconds
 *   void fast_count(env, domain, fate, bytes)
 *   void fast_tell(env, kind, row)        an event for the daemon
 *   bool fast_move_head(env, frame, n)    n bytes less in front (negative: more); refreshes the frame
 *   bool fast_send(env, port)             the frame leaves by the port; false: there is none */
#pragma once
#include "forward/abi.h"

#define FAST_INLINE static inline __attribute__((always_inline))
#define FAST_OUTLINE static __attribute__((noinline)) /* a function of its own also in the kernel */
/* Likewise, and verified once instead of at each call: no pointers inside what it is given. */
#ifdef __bpf__
#define FAST_VERIFIED_ONCE __attribute__((noinline))
#else
#define FAST_VERIFIED_ONCE static __attribute__((noinline))
#endif

struct fast_frame {
    __u8 *data, *end;
};

#ifdef __bpf__
#include "bpf/fastpath_env.h"
#else
#include "forward/twin_env.h"
#endif

#ifdef __bpf__ /* only the verifier cares */
#define FAST_UNROLL _Pragma("clang loop unroll(full)")
#else
#define FAST_UNROLL
#endif

/* Keeps the compiler from computing a packet pointer twice: the verifier takes two computations of one
 * pointer for two pointers, and the check of one does not hold for the other. */
#ifdef __bpf__
#define FAST_PIN(pointer) __asm__ volatile("" : "+r"(pointer))
#else
#define FAST_PIN(pointer) ((void)0)
#endif

/* Headers lie at any address; on the kernel's machines that is no matter (and byte-wise access would
 * be slow), in the twin the compiler has to know. */
#ifdef __bpf__
#define FAST_HEADER
#else
#define FAST_HEADER __attribute__((packed))
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FAST_BE16(x) ((__u16)__builtin_bswap16((__u16)(x)))
#define FAST_BE32(x) ((__u32)__builtin_bswap32((__u32)(x)))
#else
#define FAST_BE16(x) ((__u16)(x))
#define FAST_BE32(x) ((__u32)(x))
#endif

/* Everything known about the frame under way. */
struct fast_run {
    const struct fast_config *config;
    const struct fast_attachment *in, *out;
    const struct fast_hop *hop;
    __u32 port, domain;
    __u32 arrived;            /* number of the attachment `in` */
    __u32 bytes;              /* of the packet, from the network header on */
    __u32 l3;                 /* offset of the network header */
    __u16 outer, inner, type; /* numbers of the tags; ethertype as on the wire */
    __u16 source_port, target_port; /* as on the wire */
    __u8 proto, tos, mark;
    __u8 ports;               /* the two ports are known */
    __u8 odd;                 /* a fate: why the fast path cannot carry it although it may pass; 0: it can */
    __u8 local;               /* goes to the router itself */
    __u8 six;
    __u64 now, rough;         /* ns; 0: not read yet */
};

FAST_INLINE __u64 fast_now(FAST_ENV *env, struct fast_run *r)
{
    if (!r->now) r->now = r->config->fixed_clock ? r->config->fixed_clock : fast_clock(env);
    return r->now;
}

/* The same, late by a tick of the kernel (1 to 10 ms) at most. The exact clock is not only slower: its
 * reading waits for every load under way, so that no cache miss passes beside it. */
FAST_INLINE __u64 fast_rough(FAST_ENV *env, struct fast_run *r)
{
    if (!r->rough) r->rough = r->config->fixed_clock ? r->config->fixed_clock : fast_clock_coarse(env);
    return r->rough;
}

/* Units of 2^30 ns, for what ages. */
FAST_INLINE __u32 fast_age_clock(FAST_ENV *env, struct fast_run *r) { return (__u32)(fast_rough(env, r) >> 30); }

/* Every bit of either moves the low bits of the result. */
FAST_INLINE __u64 fast_mix(__u64 a, __u64 b)
{
    a *= 0x9e3779b97f4a7c15ULL;
    a ^= a >> 32;
    a += b * 0x94d049bb133111ebULL;
    a ^= a >> 29;
    a *= 0xbf58476d1ce4e5b9ULL;
    return a ^ a >> 32;
}
