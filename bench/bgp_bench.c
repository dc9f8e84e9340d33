/* bench/bgp_bench.c - how long decoding one UPDATE takes: attributes once, prefixes walked. */
#include <stdio.h>
#include <time.h>
#include "wire/bgp.h"

enum { PREFIXES = 200, ROUNDS = 200000 };

static size_t make(uint8_t *buf, size_t room)
{
    static const uint8_t path[] = {2, 3, 0, 0, 0xfd, 0xe9, 0, 0, 0, 7, 0, 0, 0, 8}, list[16] = {1};
    struct attrs a = {.has = HAS_ORIGIN | HAS_AS_PATH | HAS_NEXT_HOP | HAS_MED,
                      .next_hop = addr_v4(0xc0000201), .as_path = span_of(path, sizeof path),
                      .communities = span_of(list, sizeof list)};
    struct writer w = writer_on(buf, room);
    bgp_keepalive_encode(&w);
    writer_u16(&w, 0);
    size_t hole = writer_hole16(&w);
    bgp_attrs_encode(&w, &a, true, true);
    writer_fill16(&w, hole);
    for (uint32_t i = 0; i < PREFIXES; i++) {
        struct addr at = addr_v4(0x0a000000 + (i << 8));
        struct prefix p = prefix_of(&at, 24);
        bgp_nlri_put(&w, &p);
    }
    return writer_len(&w);
}

int main(void)
{
    uint8_t buf[4096];
    struct span m = span_of(buf, make(buf, sizeof buf));
    struct bgp_rules rules = {.as4 = true, .families = 1, .external = true, .peer_asn = 65001};
    struct arena arena;
    size_t seen = 0;
    arena_init(&arena, 1 << 16);
    clock_t start = clock();
    for (int i = 0; i < ROUNDS; i++) {
        struct bgp_fault f;
        struct prefix p;
        uint32_t id;
        struct bgp_update *u = bgp_update_decode(m, &rules, &arena, &f);
        struct cursor c = cursor_of(u->announced[0].bytes);
        while (bgp_nlri_next(&c, &u->announced[0], &p, &id)) seen += p.len;
        arena_rewind(&arena, (struct arena_mark){0});
    }
    double ns = (double)(clock() - start) * 1e9 / CLOCKS_PER_SEC / ROUNDS;
    printf("%.0f ns a message of %d prefixes, %.2f ns a prefix (%zu)\n", ns, PREFIXES, ns / PREFIXES, seen);
    arena_drop(&arena);
    return 0;
}
