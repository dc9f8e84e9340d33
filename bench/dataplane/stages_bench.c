/* bench/dataplane/stages_bench.c - nanoseconds a packet of the fast path, by BPF_PROG_TEST_RUN, with tables
 * of a chosen size. One line a case: median and best of the rounds, and the best net of rebuilding the
 * frame. On a shared machine the best is the steadier figure. Needs root.
 *   stages_bench PROGRAM.bpf.o [-r ROUNDS] [-n RUNS] */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bench/dataplane/flow.h"
#include "forward/flows.h"
#include "forward/tables.h"
#include "forward/trie.h"
#include "forward/twin.h"
#include "forward/stage_nat.h"
#include "sys/bpf_load.h"
#include "sys/fastpath.h"
#include "sys/whole_file.h"

enum { FRAME = 64, LIST = 1 << 20, ROUNDS_MOST = 64 };

struct bench {
    struct bpf_loaded *loaded;
    struct fast_tables t;
    struct trie *trie;
    struct bench_flow *flows;
    struct bench_state *state;
    uint32_t root4, root6;
    int base, whole;
};

static unsigned rounds = 9, runs = 1000000;
static double base_best;

static uint64_t random_state = 88172645463325252ULL;
static uint32_t random_word(void)
{
    random_state ^= random_state << 13, random_state ^= random_state >> 7, random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16);
}

static void die(const char *what)
{
    fprintf(stderr, "stages_bench: %s\n", what);
    exit(1);
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* ns of the best round; *median too. */
static double timed(struct bench *b, int program, int want, double *median)
{
    uint32_t ns[ROUNDS_MOST];
    uint8_t in[FRAME] = {0}, out[2048];
    for (unsigned k = 0; k <= rounds; k++) {
        size_t n = sizeof out;
        b->state->cursor = 0;
        int got = bpf_try(program, in, sizeof in, out, &n, runs, &ns[k ? k - 1 : 0]);
        if (got != want) fprintf(stderr, "stages_bench: verdict %d instead of %d\n", got, want);
    }
    qsort(ns, rounds, sizeof *ns, by_value);
    *median = ns[rounds / 2];
    return ns[0];
}

static void report(struct bench *b, const char *what)
{
    double median, best = timed(b, b->whole, 4, &median);
    printf("%-62s median %5.0f  best %5.0f  | net best %4.0f ns\n", what, median, best, best - base_best);
    fflush(stdout);
}

/* --- tables --- */

static const struct fast_sizes sizes = {.blocks = 1 << 17, .roots = 1 << 17, .acls = 8, .port_blocks = 1 << 15, .flows = 1 << 21};

static void load(struct bench *b, const char *file)
{
    struct text bytes = {0}, why = {0};
    char name[32];
    if (!file_read(file, 4 << 20, &bytes, &why)) die(text_get(&why));
    b->loaded = bpf_open(text_get(&bytes), bytes.n, &why);
    if (!b->loaded) die(text_get(&why));
    if (!fastpath_choose(b->loaded, &sizes, true)) die("tables");
    bpf_choose_rows(b->loaded, "bench_flows", LIST);
    if (!bpf_finish(b->loaded, &why)) die(text_get(&why));
    for (int k = 0; k < FAST_TABLES; k++) {
        uint32_t n = fast_table_rows_n(&sizes, k);
        snprintf(name, sizeof name, "fl_%s", fast_table_rows[k].name);
        fast_tables_set(&b->t, k, bpf_map_memory(bpf_loaded_map(b->loaded, name), fast_table_rows[k].row_bytes, n), n);
    }
    b->flows = bpf_map_memory(bpf_loaded_map(b->loaded, "bench_flows"), sizeof *b->flows, LIST);
    b->state = bpf_map_memory(bpf_loaded_map(b->loaded, "bench_state"), sizeof *b->state, 1);
    b->base = bpf_loaded_program(b->loaded, "base");
    b->whole = bpf_loaded_program(b->loaded, "whole");
    uint32_t port = 1;
    if (!b->flows || !b->state || !bpf_map_put(bpf_loaded_map(b->loaded, "fl_outputs"), &port, &port)) die("maps");
}

static void fill_attachments(struct bench *b, uint32_t flags)
{
    struct fast_tables *t = &b->t;
    t->attachments[2] = (struct fast_attachment){.domain = 1, .flags = flags | FAST_TX, .root4 = b->root4, .root6 = b->root6,
                                                 .acl = 1, .policer_in = 1, .dscp_in = 1, .pool = flags & FAST_ACL_IN ? 1 : 0,
                                                 .mac = {2, 0, 0, 0, 0, 1}, .mtu = 1500, .punt = 1, .port = 1, .outer = 100, .inner = 20};
    t->attachments[4] = (struct fast_attachment){.domain = 1, .flags = FAST_TX | (flags & FAST_ACL_IN ? FAST_OUTSIDE : 0), .mac = {2, 0, 0, 0, 0, 2},
                                                 .mtu = 1500, .punt = 2, .port = 1, .outer = 200, .inner = 20,
                                                 .ethertype = FAST_BE16(FAST_TYPE_CTAG), .dscp_out = ~0ULL};
    if (!fast_place_put(t, 0, 1, 100, 20, 1)) die("places");
    for (uint32_t h = 10; h < 110; h++)
        t->hops[h] = (struct fast_hop){.kind = FAST_HOP_VIA, .attachment = 2, .mac = {2, 0, 0, 0, 1, (uint8_t)h}};
    t->hops[9] = (struct fast_hop){.kind = FAST_HOP_VIA, .attachment = 1, .mac = {2, 0, 0, 0, 1, 1}};
    for (uint32_t k = 0; k < 6; k++)
        t->acls[1].v4[k] = (struct fast_acl4){.port_low = (uint16_t)(20 + k), .port_high = (uint16_t)(20 + k), .proto = 6, .action = FAST_DENY, .used = 1};
    t->acls[1].v4[6] = (struct fast_acl4){.port_high = 65535, .action = FAST_PERMIT, .mark = FAST_UNMARKED, .used = 1};
    for (uint32_t k = 0; k < 6; k++)
        t->acls[1].v6[k] = (struct fast_acl6){.port_low = (uint16_t)(20 + k), .port_high = (uint16_t)(20 + k), .proto = 6, .action = FAST_DENY, .used = 1};
    t->acls[1].v6[6] = (struct fast_acl6){.port_high = 65535, .action = FAST_PERMIT, .mark = FAST_UNMARKED, .used = 1};
    fast_policer_set(&t->policers[1], 100000000000000ULL, 1u << 30, 0);
    t->pools[1] = (struct fast_pool){.first = 0xcb007100, .last = 0xcb0071ff, .blocks_per_address = 126, .sides = 1, .port_low = 1024,
                                     .block_ports = 512, .host_limit = 512, .insides_n = 1, .inside = {FAST_BE32(0x0a000000)},
                                     .inside_mask = {FAST_BE32(0xff000000)}};
}

/* Mostly /24, as in a provider's table; the source's own /8 goes back. */
static void fill_routes4(struct bench *b, uint32_t n, struct prefix *list)
{
    static const uint8_t lens[] = {24, 24, 24, 24, 24, 24, 22, 22, 20, 16, 26, 28};
    struct addr inside = addr_v4(0x0a000000);
    struct prefix p = prefix_of(&inside, 8);
    if (!trie_put(b->trie, b->root4, &p, 9)) die("routes");
    for (uint32_t k = 0; k < n; k++) {
        struct addr a = addr_v4(0x0b000000u + random_word() % 0xd0000000u);
        list[k] = prefix_of(&a, lens[random_word() % sizeof lens]);
        if (!trie_put(b->trie, b->root4, &list[k], 10 + k % 100)) die("routes");
    }
}

static void fill_routes6(struct bench *b, uint32_t n, struct prefix *list)
{
    struct addr inside, base;
    struct prefix p;
    if (!addr_parse("fd00::", &inside) || !addr_parse("2001:db8::", &base)) die("addresses");
    p = prefix_of(&inside, 8);
    if (!trie_put(b->trie, b->root6, &p, 9)) die("routes");
    for (uint32_t k = 0; k < n; k++) {
        struct addr a = base;
        uint32_t r = random_word();
        a.b[2] = (uint8_t)(random_word() % 32), a.b[3] = (uint8_t)(r & 7), a.b[4] = (uint8_t)(r >> 8), a.b[5] = (uint8_t)(r >> 16);
        a.b[6] = (uint8_t)(r >> 24);
        list[k] = prefix_of(&a, r & 1 ? 48 : 56);
        if (!trie_put(b->trie, b->root6, &list[k], 10 + k % 100)) die("IPv6 routes");
    }
}

static void fill_flows(struct bench *b, uint32_t n, const struct prefix *list, uint32_t routes, bool six)
{
    for (uint32_t k = 0; k < n; k++) {
        const struct prefix *p = &list[random_word() % routes];
        struct bench_flow *f = &b->flows[k];
        *f = (struct bench_flow){.source = FAST_BE32(0x0a000000u + k / 64), .source_port = FAST_BE16(1024 + k % 64)};
        memcpy(f->target, p->addr.b, six ? 16 : 4);
        if (!six) f->target[0] |= FAST_BE32(random_word() & (p->len < 32 ? 0xffffffffu >> p->len : 0));
        if (six) f->target[3] = random_word();
    }
    for (uint32_t k = n - 1; k > 0; k--) {
        uint32_t other = random_word() % (k + 1);
        struct bench_flow x = b->flows[k];
        b->flows[k] = b->flows[other], b->flows[other] = x;
    }
    b->state->mask = n - 1;
    b->state->six = six;
}

static void make_frame(struct bench *b, bool six)
{
    uint8_t *f = (uint8_t *)b->state->frame;
    static const uint8_t head[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 9, 9, 0x81, 0, 0, 100, 0x81, 0, 0, 20, 8, 0};
    memset(f, 0, FRAME);
    memcpy(f, head, sizeof head);
    if (six) {
        /* no room for a transport header: protocol without ports */
        f[20] = 0x86, f[21] = 0xdd, f[22] = 0x60, f[22 + 5] = 2, f[22 + 6] = 50, f[22 + 7] = 64, f[22 + 8] = 0xfd;
    } else {
        f[22] = 0x45, f[22 + 3] = 42, f[22 + 8] = 64, f[22 + 9] = 17, f[42 + 2] = 1, f[42 + 3] = 187, f[42 + 5] = 22;
    }
}

static void fresh(struct bench *b)
{
    static const struct hash_key key = {1, 2};
    for (int k = 0; k < FAST_TABLES; k++)
        memset(*fast_tables_at(&b->t, k), 0, fast_table_rows[k].row_bytes * fast_tables_rows(&b->t, k));
    fast_config_begin(&b->t, 0x5eed);
    trie_free(b->trie);
    b->trie = trie_new(&b->t, &key);
    b->root4 = trie_table_make(b->trie);
    b->root6 = trie_table_make(b->trie);
    b->t.config->ready = 1;
}

static void one(struct bench *b, uint32_t routes, uint32_t flows, uint32_t flags, bool six, const char *label)
{
    char what[96];
    double median;
    struct prefix *list = calloc(routes, sizeof *list);
    if (!list) abort();
    fresh(b);
    if (six)
        fill_routes6(b, routes, list);
    else
        fill_routes4(b, routes, list);
    fill_attachments(b, flags);
    make_frame(b, six);
    fill_flows(b, flows, list, routes, six);
    b->t.config->flow_mask = 2 * flows - 1; /* as many rows as the daemon makes for so many bindings */
    base_best = timed(b, b->base, 2, &median);
    snprintf(what, sizeof what, "%s, %u routes, %u %s", label, routes, flows, six ? "targets" : "flows");
    if (flags & FAST_ACL_IN && !six) { /* make the bindings first */
        uint8_t in[FRAME] = {0}, out[2048];
        size_t n = sizeof out;
        b->state->cursor = 0;
        (void)!bpf_try(b->whole, in, sizeof in, out, &n, flows, NULL);
    }
    report(b, what);
    free(list);
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    const uint32_t full = FAST_STRICT | FAST_ACL_IN | FAST_POLICE_IN;
    int c;
    while ((c = getopt(argc, argv, "r:n:")) != -1) {
        if (c == 'r') rounds = (unsigned)atoi(optarg);
        if (c == 'n') runs = (unsigned)atoi(optarg);
    }
    if (optind >= argc || rounds == 0 || rounds >= ROUNDS_MOST) die("usage: stages_bench PROGRAM.bpf.o [-r ROUNDS] [-n RUNS]");
    load(&b, argv[optind]);
    one(&b, 10000, 1024, 0, false, "forward only");
    one(&b, 10000, 1024, full, false, "full with NAT");
    one(&b, 10000, 65536, full, false, "full with NAT");
    one(&b, 100000, 1 << 20, full, false, "full with NAT");
    one(&b, 10000, 1024, 0, true, "IPv6 forward only");
    one(&b, 10000, 1024, full, true, "IPv6 full");
    one(&b, 10000, 65536, full, true, "IPv6 full");
    return 0;
}
