/* bench/dataplane/sync_bench.c - NAT bindings a second from one edge's records to the other's tables, on one
 * core: encoded, numbered, (sealed, opened,) decoded, checked, put into both tables, acknowledged. And routes into tries.
 *   sync_bench [BINDINGS] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "forward/flows.h"
#include "forward/stage_env.h"
#include "forward/trie.h"
#include "proto/nat_guard.h"
#include "proto/nat_sync.h"
#include "sys/tls.h"

static struct fast_tables t;
static uint64_t put_n, wire_bytes;

static double seconds(void)
{
    struct timespec s;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &s); /* a core of our own, however busy the machine is */
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

static struct edge {
    struct nat_sync *sync;
    struct nat_guard guard;
    struct tls_mac *mac;
} edges[2];
static bool keyed;

static void sign(void *ctx, size_t key, struct span bytes, uint8_t out[static NATSYNC_SEAL_MAC])
{
    struct edge *e = ctx;
    unsigned char whole[TLS_DIGEST];
    (void)key;
    tls_mac(e->mac, bytes.p, bytes.n, whole);
    memcpy(out, whole, NATSYNC_SEAL_MAC);
}

static void begin(struct edge *e, uint64_t number)
{
    static const uint32_t tag = 9;
    e->sync = nat_sync_new(number);
    e->mac = tls_mac_new("the key of the bench");
    nat_guard_init(&e->guard, &(struct nat_guard_mac){e, sign}, number, number);
    nat_guard_keys(&e->guard, &tag, 1);
}

static void end(struct edge *e)
{
    nat_sync_free(e->sync);
    tls_mac_free(e->mac);
}

static void deliver(struct edge *from, struct edge *to, struct span datagram)
{
    enum { HEADERS = 14 + 20 + 8 };
    uint8_t sealed[NATSYNC_SEALED_MAX];
    if (keyed) datagram = span_of(sealed, nat_guard_seal(&from->guard, datagram, sealed));
    wire_bytes += datagram.n + HEADERS;
    if (keyed && nat_guard_open(&to->guard, datagram, put_n + 77, &datagram) != NAT_GUARD_TAKEN) return;
    if (datagram.n) (void)!nat_sync_input(to->sync, (instant){1000}, datagram, put, NULL);
}

static void pump(struct edge *from, struct edge *to)
{
    uint8_t bytes[NATSYNC_MESSAGE_MAX];
    if (keyed && from->guard.owes_greeting) deliver(from, to, (struct span){0});
    for (size_t n; (n = nat_sync_output(from->sync, (instant){1000}, bytes)) > 0;) deliver(from, to, span_of(bytes, n));
}

static void replicate(uint32_t n)
{
    struct edge *a = &edges[0], *b = &edges[1];
    put_n = 0;
    begin(a, 1), begin(b, 2);
    if (keyed) deliver(a, b, (struct span){0});
    for (int k = 0; k < 4; k++) pump(a, b), pump(b, a);
    nat_sync_told_all(a->sync), nat_sync_told_all(b->sync);
    wire_bytes = 0;
    double begun = seconds();
    for (uint32_t k = 0; k < n; k++) {
        nat_sync_tell(a->sync, &(struct natsync_record){.op = NATSYNC_PUT, .proto = 6, .domain = 7, .inside_addr = 0x0a000000 + k / 512,
                                                  .outside_addr = 0xcb007100 + k / 64512, .far_addr = 0x0d000000 + k % 4096,
                                                  .inside_port = (uint16_t)(1024 + k % 512), .outside_port = (uint16_t)(1024 + k % 64512), .far_port = 443});
        if (k % 1024 == 1023) pump(a, b), pump(b, a);
    }
    pump(a, b), pump(b, a);
    double took = seconds() - begun;
    printf("%s: %llu bindings replicated, %.0f a second on one core, %.1f bytes on the wire each\n",
           keyed ? "with HMAC at both ends" : "without a key", (unsigned long long)put_n,
           (double)put_n / took, (double)wire_bytes / n);
    end(a), end(b);
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

static void tables(void)
{
    const struct fast_sizes z = {.blocks = 1 << 17, .roots = 64, .acls = 1, .port_blocks = 1 << 14, .flows = 1 << 21};
    fast_tables_make(&t, &z);
    fast_config_begin(&t, 5);
    t.pools[1] = (struct fast_pool){.first = 0xcb007100, .last = 0xcb00717f, .blocks_per_address = 126, .sides = 2, .side = 1,
                                    .port_low = 1024, .block_ports = 512, .host_limit = 512};
}

int main(int argc, char **argv)
{
    for (int with = 0; with < 2; with++) {
        tables();
        keyed = with;
        replicate(argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000);
        if (with) routes(100000);
        fast_tables_drop(&t);
    }
    return 0;
}
