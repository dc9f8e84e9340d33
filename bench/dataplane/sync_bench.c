/* bench/dataplane/sync_bench.c - NAT bindings a second from one edge's records to the other's tables, on one
 * core: encoded, numbered, (sealed, opened,) decoded, checked, put into both tables, acknowledged; then the same with
 * both keepers' links to their processes in between. And routes into tries.
 *   sync_bench [BINDINGS] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "forward/flows.h"
#include "forward/stage_env.h"
#include "forward/trie.h"
#include "proto/nat_guard.h"
#include "proto/nat_sync.h"
#include "sys/link.h"
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
static bool keyed, linked;

/* A keeper and its process: records gather until a message is full, as in edge/natsync.c. */
static struct way {
    struct link here, there;
    uint8_t buf[LINK_PART_MAX / NATSYNC_RECORD * NATSYNC_RECORD];
    struct writer w;
} telling, hearing;

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

static void hand_in(void *ctx, const struct natsync_record *r);

static void deliver(struct edge *from, struct edge *to, struct span datagram)
{
    enum { HEADERS = 14 + 20 + 8 };
    uint8_t sealed[NATSYNC_SEALED_MAX];
    if (keyed) datagram = span_of(sealed, nat_guard_seal(&from->guard, datagram, sealed));
    wire_bytes += datagram.n + HEADERS;
    if (keyed && nat_guard_open(&to->guard, datagram, put_n + 77, &datagram) != NAT_GUARD_TAKEN) return;
    if (datagram.n) (void)!nat_sync_input(to->sync, (instant){1000}, datagram, hand_in, NULL);
}

static void pump(struct edge *from, struct edge *to)
{
    uint8_t bytes[NATSYNC_MESSAGE_MAX];
    if (keyed && from->guard.owes_greeting) deliver(from, to, (struct span){0});
    for (size_t n; (n = nat_sync_output(from->sync, (instant){1000}, bytes)) > 0;) deliver(from, to, span_of(bytes, n));
}

static void begin_way(struct way *y, enum link_role from, enum link_role to)
{
    int fds[2];
    if (!link_pair(fds)) exit(1);
    link_init(&y->here, fds[0], to);
    link_init(&y->there, fds[1], from);
    y->w = writer_on(y->buf, sizeof y->buf);
}

static void end_way(struct way *y)
{
    link_drop(&y->here);
    link_drop(&y->there);
}

static void each_record(struct span bytes, void (*take)(void *ctx, const struct natsync_record *r), void *ctx)
{
    struct cursor c = cursor_of(bytes);
    struct natsync_record r;
    while (cursor_left(&c) && natsync_read_record(&c, &r)) take(ctx, &r);
}

static void carry(struct way *y, enum link_type type, void (*take)(void *ctx, const struct natsync_record *r), void *ctx)
{
    struct link_message m;
    const char *why;
    int fd;
    if (writer_len(&y->w)) link_send(&y->here, &(struct link_message){.type = type, .rest = writer_span(&y->w)}, -1);
    y->w = writer_on(y->buf, sizeof y->buf);
    do {
        link_flush(&y->here);
        while (link_receive(&y->there, &m, &fd, &why) == LINK_GOT) each_record(m.rest, take, ctx);
    } while (link_waiting(&y->here));
}

static void tell(void *ctx, const struct natsync_record *r) { nat_sync_tell(ctx, r); }

static void tell_by(struct edge *a, const struct natsync_record *r)
{
    if (!linked) {
        nat_sync_tell(a->sync, r);
        return;
    }
    natsync_put_record(&telling.w, r);
    if (writer_room(&telling.w) < NATSYNC_RECORD) carry(&telling, LINK_NAT_TELL, tell, a->sync);
}

static void hand_in(void *ctx, const struct natsync_record *r)
{
    if (!linked) {
        put(ctx, r);
        return;
    }
    natsync_put_record(&hearing.w, r);
    if (writer_room(&hearing.w) < NATSYNC_RECORD) carry(&hearing, LINK_NAT_RECORDS, put, NULL);
}

static void turn(struct edge *a, struct edge *b)
{
    if (linked) carry(&telling, LINK_NAT_TELL, tell, a->sync);
    pump(a, b), pump(b, a);
    if (linked) carry(&hearing, LINK_NAT_RECORDS, put, NULL);
}

static void replicate(uint32_t n)
{
    struct edge *a = &edges[0], *b = &edges[1];
    put_n = 0;
    begin_way(&telling, LINK_KEEPER, LINK_NATSYNC), begin_way(&hearing, LINK_NATSYNC, LINK_KEEPER);
    begin(a, 1), begin(b, 2);
    if (keyed) deliver(a, b, (struct span){0});
    for (int k = 0; k < 4; k++) pump(a, b), pump(b, a);
    nat_sync_told_all(a->sync), nat_sync_told_all(b->sync);
    wire_bytes = 0;
    double begun = seconds();
    for (uint32_t k = 0; k < n; k++) {
        tell_by(a, &(struct natsync_record){.op = NATSYNC_PUT, .proto = 6, .domain = 7, .inside_addr = 0x0a000000 + k / 512,
                                                  .outside_addr = 0xcb007100 + k / 64512, .far_addr = 0x0d000000 + k % 4096,
                                                  .inside_port = (uint16_t)(1024 + k % 512), .outside_port = (uint16_t)(1024 + k % 64512), .far_port = 443});
        if (k % 1024 == 1023) turn(a, b);
    }
    turn(a, b);
    double took = seconds() - begun;
    printf("%s%s: %llu bindings replicated, %.0f a second on one core, %.1f bytes on the wire each\n",
           keyed ? "with HMAC at both ends" : "without a key", linked ? ", links in between" : "", (unsigned long long)put_n,
           (double)put_n / took, (double)wire_bytes / n);
    end(a), end(b);
    end_way(&telling), end_way(&hearing);
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
    for (int with = 0; with < 4; with++) {
        tables();
        keyed = with % 2;
        linked = with >= 2;
        replicate(argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000);
        if (with == 3) routes(100000);
        fast_tables_drop(&t);
    }
    return 0;
}
