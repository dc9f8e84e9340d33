/* bench/dataplane/flow.h - shared by pipeline.bpf.c and stages_bench.c. */
#pragma once
#include <linux/types.h>

struct bench_flow { /* as on the wire */
    __u32 source, target[4];
    __u16 source_port, unused;
};

struct bench_state {
    __u32 cursor, mask, six, unused;
    __u64 frame[8];
};
