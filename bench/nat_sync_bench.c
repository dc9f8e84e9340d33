/* bench/nat_sync_bench.c [FLOWS]: new NAT flows from one edge of a pair to the other through both engines
 * and the codec, on one core, without sockets. Prints flows a second for note + encode, for decode +
 * apply, and octets a flow. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "proto/nat_sync.h"

static uint64_t applied;

static void apply(void *ctx, const struct nat_record *r) { (void)ctx, applied += r->kind == NAT_MADE; }
static void table(void *ctx, bool whole) { (void)ctx, (void)whole; }
static bool no_row(void *ctx, uint64_t *place, struct nat_record *out)
{
    (void)ctx, (void)place, (void)out;
    return false;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    enum { TURN = 2000 };
    static uint8_t out[64][NAT_WIRE_DATAGRAM_MAX];
    size_t lengths[64], octets = 0;
    uint32_t flows = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 2000000;
    const struct nat_sync_sink sink = {NULL, apply, table, table, table, no_row};
    instant now = {1000000};
    struct nat_sync *a = nat_sync_new(&(struct nat_sync_conf){1, 1, 16384}, &sink, now);
    struct nat_sync *b = nat_sync_new(&(struct nat_sync_conf){1, 2, 16384}, &sink, now);
    double sending = 0, receiving = 0;
    for (uint32_t turn = 0, done = 0; done < flows; turn++) { /* the first turns: they meet */
        double t0 = seconds();
        now = instant_after(now, duration_ms(1));
        for (uint32_t k = 0; k < TURN && done < flows && turn > 4; k++, done++)
            nat_sync_note(a, &(struct nat_record){NAT_MADE, 6, NAT_MARK_SYN, 7, {0x0a000001 + done, 4000},
                                                  {0xc6336401, (uint16_t)(1024 + done % 60000)}, {0xcb007101, 443}});
        nat_sync_tick(a, now);
        nat_sync_tick(b, now);
        size_t n = 0;
        while (n < 64 && (lengths[n] = nat_sync_output(a, out[n], sizeof out[n], now)) > 0) octets += lengths[n++];
        double t1 = seconds();
        for (size_t i = 0; i < n; i++) nat_sync_input(b, (struct span){out[i], lengths[i]}, now);
        while ((lengths[0] = nat_sync_output(b, out[0], sizeof out[0], now)) > 0)
            nat_sync_input(a, (struct span){out[0], lengths[0]}, now);
        sending += t1 - t0;
        receiving += seconds() - t1;
    }
    printf("applied %llu of %u; note and encode %.2f M/s, decode and apply %.2f M/s, %.1f octets a flow\n",
           (unsigned long long)applied, flows, flows / sending / 1e6, flows / receiving / 1e6,
           (double)octets / flows);
    nat_sync_free(a);
    nat_sync_free(b);
    return applied == flows ? 0 : 1;
}
