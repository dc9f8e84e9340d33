/* bench/rib_bench.c - the tables alone: what a route costs between the decoded UPDATE and the packed
 * output, in nanoseconds and octets. Shape of the table as in the default-free zone: 60 % /24, one
 * attribute set per 7.4 prefixes, AS paths of 1 to 8. Not a router benchmark: no bytes are decoded
 * or written; compare with a daemon only through the BGP harness.
 *   rib_bench [PREFIXES] [SESSIONS] */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "rib/journal.h"

enum { SET_SIZE = 7, PER_SESSION = 1000 };

static const struct hash_key key = {3, 4};

static uint64_t rng = 0x9e3779b97f4a7c15;
static uint32_t below(uint32_t n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (uint32_t)(rng >> 16) % n;
}

/* Processor time: the machine may be shared. */
static double seconds(void) { return (double)clock() / CLOCKS_PER_SEC; }

struct feed { /* one full table, the same for every source but for the first AS numbers */
    struct prefix *prefixes;
    size_t n;
};

static struct feed feed_new(size_t n)
{
    struct feed f = {.prefixes = malloc(n * sizeof *f.prefixes), .n = n};
    uint32_t at = 0x01000000;
    if (!f.prefixes) abort();
    for (size_t i = 0; i < n; i++) {
        uint8_t len = (uint8_t)(below(10) < 6 ? 24 : 18 + below(6));
        uint32_t step = 1u << (32 - (i % SET_SIZE == 0 ? 22 : 24));
        at += step;
        struct addr a = addr_v4(at);
        f.prefixes[i] = prefix_of(&a, len);
    }
    for (size_t i = n; i > 1; i--) { /* sets arrive in no order */
        size_t k = below((uint32_t)i) / SET_SIZE * SET_SIZE, j = (i - 1) / SET_SIZE * SET_SIZE;
        for (size_t m = 0; m < SET_SIZE && j + m < n && k + m < n && i % SET_SIZE == 0; m++) {
            struct prefix t = f.prefixes[j + m];
            f.prefixes[j + m] = f.prefixes[k + m];
            f.prefixes[k + m] = t;
        }
    }
    return f;
}

static attr_ref set_number(struct rib *r, source_ref source, size_t number, size_t extra)
{
    uint8_t path[64] = {AS_SEQUENCE}, communities[12];
    uint64_t h = number * 0x9e3779b97f4a7c15;
    size_t hops = 1 + h % 6 + extra;
    path[1] = (uint8_t)hops;
    for (size_t i = 0; i < hops * 4; i++) path[2 + i] = (uint8_t)(h >> (i % 8 * 8)) ^ (uint8_t)i;
    memcpy(communities, path + 2, 4);
    memcpy(communities + 4, &h, 8);
    struct attrs a = {.has = HAS_ORIGIN | HAS_AS_PATH | HAS_NEXT_HOP | HAS_LOCAL_PREF,
                      .local_pref = 100, .next_hop = addr_v4(0x0aff0100u + source),
                      .as_path = span_of(path, 2 + hops * 4),
                      .communities = span_of(communities, h % 10 < 7 ? 12 : 0)};
    return attr_intern(&r->attrs, &a);
}

struct bench {
    struct rib rib;
    struct table table;
    struct journal journal;
    struct out *out;
    uint64_t told, sets;
};

static attr_ref wanted(void *ctx, const struct table *t, node_ref n)
{
    (void)ctx;
    const struct path *best = node_best(table_node(t, n));
    return best ? best->attrs : 0;
}

static void on_change(void *ctx, const struct table_change *c)
{
    struct bench *b = ctx;
    if (c->best) journal_note(&b->journal, c->node);
}

static void pull(struct bench *b)
{
    attr_ref attrs;
    struct prefix p;
    while (out_begin(b->out, &attrs)) {
        b->sets++;
        while (out_take(b->out, &p)) b->told++;
    }
}

static void feed_in(struct bench *b, const struct feed *f, size_t from, size_t n, source_ref source,
                    size_t extra)
{
    struct table_change change;
    uint32_t hash[SET_SIZE];
    for (size_t i = from; i < from + n; i += SET_SIZE) {
        size_t m = from + n - i < SET_SIZE ? from + n - i : SET_SIZE;
        attr_ref a = set_number(&b->rib, source, i, extra);
        for (size_t k = 0; k < m; k++) hash[k] = table_hash(&b->table, &f->prefixes[i + k]);
        for (size_t k = 0; k < m; k++) {
            struct path p = {.attrs = attr_hold(&b->rib.attrs, a), .source = source};
            if (!table_announce(&b->table, &f->prefixes[i + k], hash[k], p, &change)) continue;
            on_change(b, &change);
            table_settle(&b->table, change.node);
        }
        attr_release(&b->rib.attrs, a);
        if (b->journal.n > 4000) pull(b);
    }
    pull(b);
}

static void begin(struct bench *b)
{
    *b = (struct bench){0};
    rib_init(&b->rib, &key);
    table_init(&b->table, &b->rib, FAMILY_IPV4, &key);
    journal_init(&b->journal, &b->table);
    b->out = out_new(&b->journal, wanted, NULL);
    pull(b);
}

static void source(struct bench *b, source_ref s)
{
    struct addr a = addr_v4(0x0aff0100u + s);
    rib_source_set(&b->rib, s, true, s, &a);
}

static void report(const char *what, double start, size_t n, const struct bench *b)
{
    double took = seconds() - start;
    size_t sets = b->rib.attrs.live * (size_t)16 + b->rib.attrs.bytes + index_bytes(&b->rib.attrs.index) +
                  b->rib.attrs.sets_room * sizeof(void *);
    size_t table = table_bytes(&b->table), out = journal_bytes(&b->journal) + b->out->told_room;
    printf("%-12s %8zu  %6.3f s  %5.0f ns each  %5.1f B (table %.1f, attributes %.1f, output %.1f)  told %llu in %llu sets\n",
           what, n, took, took * 1e9 / (double)n, (double)(sets + table + out) / (double)b->table.nodes,
           (double)table / b->table.nodes, (double)sets / b->table.nodes, (double)out / b->table.nodes,
           (unsigned long long)b->told, (unsigned long long)b->sets);
}

static void end(struct bench *b)
{
    out_free(b->out);
    journal_drop(&b->journal);
    table_drop(&b->table);
    rib_drop(&b->rib);
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
    size_t sessions = argc > 2 ? strtoul(argv[2], NULL, 10) : 500;
    struct bench b;
    struct feed f = feed_new(n);

    begin(&b);
    source(&b, 1);
    double t = seconds();
    feed_in(&b, &f, 0, n, 1, 0);
    report("load", t, n, &b);
    source(&b, 2);
    t = seconds();
    feed_in(&b, &f, 0, n, 2, 1);
    report("second feed", t, n, &b);
    b.told = b.sets = 0;
    t = seconds();
    table_drop_source(&b.table, 1, false, on_change, &b);
    pull(&b);
    report("failover", t, n, &b);
    end(&b);
    free(f.prefixes);

    f = feed_new(sessions * PER_SESSION);
    begin(&b);
    t = seconds();
    for (size_t s = 0; s < sessions; s++) {
        source(&b, (source_ref)(s + 1));
        feed_in(&b, &f, s * PER_SESSION, PER_SESSION, (source_ref)(s + 1), 0);
    }
    report("many", t, f.n, &b);
    t = seconds();
    for (size_t s = 0; s < sessions; s++) table_drop_source(&b.table, (source_ref)(s + 1), false, on_change, &b);
    pull(&b);
    printf("%-12s %8zu sessions lost one by one: %.3f s\n", "", sessions, seconds() - t);
    assert(b.table.nodes == 0);
    end(&b);
    free(f.prefixes);
    return 0;
}
