/* bench/dataplane/sync_bench.c - NAT bindings a second from one edge's records to the other's tables, on one
 * core: encoded, numbered, decoded, checked, put into both tables, acknowledged. And routes into tries.
 *   sync_bench [BINDINGS] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "forward/flows.h"
#include "forward/stage_env.h"
#include "forward/trie.h"
#include "proto/nat_sync.h"

static struct fast_tables t;
static uint64_t put_n, wire_bytes;

static double seconds(void)
{
    struct timespec s;
    clock_gettime(CLOCK_MONOTONIC, &s);
    return (double)s.tv_sec + (double)s.tv_nsec / 1e9;
}

static void put(void *ctx, const struct natsync_record *r)
{
    (void)ctx;
    struct flow f = {.domain = 1, .inside_addr = FAST_BE32(r->inside_addr), .outside_addr = FAST_BE32(r->outside_addr),
                     .far_addr = FAST_BE32(r->far_addr), .inside_port = FAST_BE16(r->inside_port),
                     .outside_port = FAST_BE16(r->outside_port), .far_port = FAST_BE16(r->far_port), .proto = r->proto};
    put_n += flows_put(&t, &f, 1000) == FLOWS_NEW;
}

static void pump(struct nat_sync *from, struct nat_sync *to)
{
    enum { HEADERS = 14 + 20 + 8 };
    uint8_t bytes[NATSYNC_MESSAGE_MAX];
    for (size_t n; (n = nat_sync_output(from, (instant){1000}, bytes)) > 0; wire_bytes += n + HEADERS)
        (void)!nat_sync_input(to, (instant){1000}, span_of(bytes, n), put, NULL);
}

static void replicate(uint32_t n)
{
    struct nat_sync *a = nat_sync_new(1), *b = nat_sync_new(2);
    pump(a, b), pump(b, a);
    nat_sync_told_all(a), nat_sync_told_all(b);
    double begun = seconds();
    for (uint32_t k = 0; k < n; k++) {
        nat_sync_tell(a, &(struct natsync_record){.op = NATSYNC_PUT, .proto = 6, .domain = 7, .inside_addr = 0x0a000000 + k / 512,
                                                  .outside_addr = 0xcb007100 + k / 64512, .far_addr = 0x0d000000 + k % 4096,
                                                  .inside_port = (uint16_t)(1024 + k % 512), .outside_port = (uint16_t)(1024 + k % 64512), .far_port = 443});
        if (k % 1024 == 1023) pump(a, b), pump(b, a);
    }
    pump(a, b), pump(b, a);
    double took = seconds() - begun;
    printf("%llu bindings replicated, %.0f a second on one core, %.1f bytes on the wire each\n", (unsigned long long)put_n,
           (double)put_n / took, (double)wire_bytes / n);
    nat_sync_free(a), nat_sync_free(b);
}

static void routes(uint32_t n)
{
    static const struct hash_key key = {1, 2};
    struct trie *trie = trie_new(&t, &key);
    uint32_t root = trie_table_make(trie), state = 1;
    double begun = seconds();
    for (uint32_t k = 0; k < n; k++) {
        state = state * 1664525 + 1013904223;
        struct addr a = addr_v4(state % 0xd0000000u + 0x0b000000u);
        struct prefix p = prefix_of(&a, 24);
        if (!trie_put(trie, root, &p, 9)) exit(1);
    }
    double took = seconds() - begun;
    begun = seconds();
    t.hops[9].attachment = 7; /* where all of them lead */
    double moved = seconds() - begun;
    printf("%u routes written in %.0f ms; all of them moved to another next hop in %.0f ns\n", n, took * 1e3, moved * 1e9);
    trie_free(trie);
}

int main(int argc, char **argv)
{
    const struct fast_sizes z = {.blocks = 1 << 17, .roots = 64, .acls = 1, .port_blocks = 1 << 14, .flows = 1 << 21};
    fast_tables_make(&t, &z);
    fast_config_begin(&t, 5);
    t.pools[1] = (struct fast_pool){.first = 0xcb007100, .last = 0xcb00717f, .blocks_per_address = 126, .sides = 2, .side = 1,
                                    .port_low = 1024, .block_ports = 512, .host_limit = 512};
    replicate(argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000);
    routes(100000);
    fast_tables_drop(&t);
    return 0;
}
