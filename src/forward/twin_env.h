/* forward/twin_env.h - the ground of the stages where they run as ordinary C: tables are memory, the
 * clock is a value, events are kept. Included by forward/stage_env.h only. */
#pragma once
#include "forward/tables.h"

struct twin {
    struct fast_tables *tables;
    uint32_t missing_port; /* 0: every port is there */
    uint64_t clock_ns;
    struct fast_count *counts; /* FAST_DOMAINS * FAST_FATES */
    uint8_t *room;             /* of the frame: it may grow to here in front */
    size_t events_n;
    struct fast_event events[64]; /* the latest; what does not fit is only counted */
};

#define FAST_ENV struct twin

#define X(name, type, n)                                                                           \
    FAST_INLINE type *fast_at_##name(FAST_ENV *env, __u32 row)                                     \
    {                                                                                              \
        return row < env->tables->name##_n ? &env->tables->name[row] : 0;                          \
    }
FAST_TABLE_MAP(X)
#undef X

FAST_INLINE bool fast_send(FAST_ENV *env, __u32 port) { return !env->missing_port || port != env->missing_port; }
FAST_INLINE __u64 fast_clock(FAST_ENV *env) { return env->clock_ns; }
FAST_INLINE __u64 fast_clock_coarse(FAST_ENV *env) { return env->clock_ns; }

FAST_INLINE void fast_count(FAST_ENV *env, __u32 domain, __u32 fate, __u32 bytes)
{
    if (domain >= FAST_DOMAINS) return;
    env->counts[domain * FAST_FATES + fate].packets++;
    env->counts[domain * FAST_FATES + fate].bytes += bytes;
}

FAST_INLINE void fast_tell(FAST_ENV *env, __u32 kind, __u32 row)
{
    env->events[env->events_n++ % 64] = (struct fast_event){kind, row};
}

FAST_INLINE bool fast_move_head(FAST_ENV *env, struct fast_frame *f, int n)
{
    if (n < 0 && f->data - env->room < -n) return false;
    f->data += n;
    return true;
}
