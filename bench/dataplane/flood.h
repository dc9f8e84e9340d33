/* bench/dataplane/flood.h - shared by flood.bpf.c and flood.c. */
#pragma once
#include <linux/types.h>

enum { FLOOD_FRAME = 64 };

struct flood_state {
    __u64 sent, arrived;   /* one processor does everything */
    __u32 mask, first;     /* flows less one; the first inside address */
    __u32 l3, six;
    __u64 frame[FLOOD_FRAME / 8];
};
