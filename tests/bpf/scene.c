/* tests/bpf/scene.c - see scene.h. */
#include "bpf/scene.h"
#include <stdlib.h>
#include <string.h>
#include "forward/stage_nat.h"

const struct fast_sizes scene_sizes = {.blocks = 256, .roots = 256, .acls = 8, .port_blocks = 64, .flows = 1024};

static const struct scene_attachment {
    uint32_t domain, flags;
    uint16_t outer, inner;
    const char *net4, *net6, *beyond4, *beyond6; /* connected, and behind the neighbour .2 */
} attachments[SCENE_ATTACHMENTS] = {
    {1, FAST_TX, 100, 20, "10.0.0.0/30", "2001:db8:0:a::/64", "10.0.0.0/16", "2001:db8:a::/48"},
    {1, FAST_TX, 0, 300, "10.20.0.0/30", "2001:db8:0:b::/64", "10.20.0.0/16", "2001:db8:b::/48"},
    {2, FAST_TX, 101, 20, "10.0.0.0/30", "2001:db8:0:a::/64", "10.0.0.0/16", "2001:db8:a::/48"},
    {2, FAST_TX, 0, 301, "10.20.0.0/30", "2001:db8:0:b::/64", "10.20.0.0/16", "2001:db8:b::/48"},
    {3, FAST_TX, 0, 400, "10.1.0.0/30", NULL, "10.1.0.0/16", NULL},
    {3, FAST_TX | FAST_OUTSIDE, 7, 401, "192.0.2.0/30", NULL, "198.51.100.0/24", NULL},
    {4, FAST_TX | FAST_STRICT | FAST_ACL_IN, 0, 500, "10.4.0.0/30", "2001:db8:0:4::/64", "10.4.0.0/16", "2001:db8:4::/48"},
    {4, FAST_TX | FAST_POLICE_OUT, 0, 501, "10.5.0.0/30", "2001:db8:0:5::/64", "0.0.0.0/0", "::/0"},
};

static struct prefix prefix_named(const char *s)
{
    struct prefix p;
    if (prefix_parse(s, &p) != PREFIX_FINE) abort();
    return p;
}

static uint32_t wire(const char *s)
{
    struct addr a;
    uint32_t v;
    if (!addr_parse(s, &a)) abort();
    memcpy(&v, a.b, 4);
    return v;
}

static void route(struct scene_tables *s, uint32_t table, const char *prefix, uint32_t hop)
{
    struct prefix p = prefix_named(prefix);
    if (!trie_put(s->trie, table, &p, hop)) abort();
}

/* Hops: 1 local, 2 discard, 3 unresolved, 10 + att the neighbour behind it. */
static void fill_hops(struct fast_tables *t)
{
    t->hops[1].kind = FAST_HOP_LOCAL;
    t->hops[2].kind = FAST_HOP_DISCARD;
    for (uint32_t a = 1; a <= SCENE_ATTACHMENTS; a++) {
        t->hops[10 + a] = (struct fast_hop){.kind = FAST_HOP_VIA, .attachment = a, .mac = {2, 0, 0, 0, 1, (uint8_t)a}};
        t->hops[20 + a] = (struct fast_hop){.kind = FAST_HOP_UNRESOLVED, .attachment = a};
    }
    t->hops[30] = (struct fast_hop){.kind = FAST_HOP_GROUP, .members_n = 2, .members = {11, 12}};
}

static void fill_acl(struct fast_tables *t)
{
    static const __u64 any[2];
    t->acls[1].v4[0] = (struct fast_acl4){.target = wire("10.5.1.0"), .target_mask = wire("255.255.255.0"), .port_low = 443,
                                          .port_high = 443, .proto = 6, .action = FAST_PERMIT, .mark = 34, .used = 1};
    t->acls[1].v4[1] = (struct fast_acl4){.port_high = 65535, .proto = 6, .action = FAST_COUNT, .mark = FAST_UNMARKED, .used = 1};
    t->acls[1].v4[2] = (struct fast_acl4){.port_low = 3478, .port_high = 3481, .proto = 17, .action = FAST_PERMIT, .mark = 46, .used = 1};
    t->acls[1].v4[3] = (struct fast_acl4){.port_low = 23, .port_high = 23, .proto = 6, .action = FAST_DENY, .used = 1};
    t->acls[1].next = 2;
    t->acls[2].v4[0] = (struct fast_acl4){.port_high = 65535, .proto = 1, .action = FAST_PERMIT, .mark = FAST_UNMARKED, .used = 1};
    t->acls[2].v4[1] = (struct fast_acl4){.port_low = 50000, .port_high = 50019, .proto = 17, .action = FAST_COUNT, .mark = 46,
                                          .used = FAST_ROW_USED | FAST_ROW_SOURCE_PORT};
    t->acls[2].v4[2] = (struct fast_acl4){.port_low = 50000, .port_high = 50059, .proto = 17, .action = FAST_COUNT, .mark = 34,
                                          .used = FAST_ROW_USED | FAST_ROW_SOURCE_PORT};
    t->acls[2].v4[3] = (struct fast_acl4){.port_low = 50000, .port_high = 50059, .proto = 17, .action = FAST_PERMIT,
                                          .mark = FAST_UNMARKED, .used = FAST_ROW_USED | FAST_ROW_SOURCE_PORT};
    t->acls[1].v6[0] = (struct fast_acl6){.target = {any[0]}, .port_low = 443, .port_high = 443, .proto = 6, .action = FAST_PERMIT,
                                          .mark = FAST_UNMARKED, .used = 1};
}

static void fill_pool(struct fast_tables *t)
{
    t->pools[1] = (struct fast_pool){.first = FAST_BE32(wire("203.0.113.0")), .last = FAST_BE32(wire("203.0.113.3")),
                                     .blocks_at = 0, .blocks_per_address = 4, .sides = 2, .side = 1, .port_low = 1024,
                                     .block_ports = 64, .host_limit = 16, .insides_n = 1, .statics_n = 1,
                                     .inside = {wire("10.0.0.0")}, .inside_mask = {wire("255.0.0.0")},
                                     .statics = {{wire("10.1.9.16"), wire("203.0.113.16"), wire("255.255.255.240")}}};
}

static void fill_attachments(struct scene_tables *s, const uint32_t root4[], const uint32_t root6[])
{
    static const char *const gateways[] = {"10.0.0.1/32", "10.20.0.1/32", "10.0.0.1/32", "10.20.0.1/32",
                                           "10.1.0.1/32", "192.0.2.1/32", "10.4.0.1/32", "10.5.0.1/32"};
    struct fast_tables *t = &s->tables;
    for (uint32_t a = 1; a <= SCENE_ATTACHMENTS; a++) {
        const struct scene_attachment *x = &attachments[a - 1];
        t->attachments[2 * a] = (struct fast_attachment){
            .domain = x->domain, .flags = x->flags, .root4 = root4[x->domain], .root6 = root6[x->domain], .acl = 1,
            .dscp_in = x->domain == 1 ? 1 : ~0ULL, .pool = x->domain == 3 ? 1 : 0, .mac = {2, 0, 0, 0, 0, (uint8_t)a},
            .mtu = a == 2 ? 1400 : 1500, .punt = a, .port = SCENE_PORT, .outer = x->outer, .inner = x->inner,
            .ethertype = FAST_BE16(a == 6 ? FAST_TYPE_STAG : FAST_TYPE_CTAG), .policer_out = 1,
            .dscp_out = x->domain == 3 ? 1ULL << 46 | 1ULL << 34 | 1ULL << 18 | 1ULL << 10 | 1 : ~0ULL};
        if (!fast_place_put(t, 0, SCENE_PORT, x->outer, x->inner, a)) abort();
        fast_punt_set(&t->punts[a], 1000, 50000);
        route(s, root4[x->domain], x->beyond4, 10 + a);
        route(s, root4[x->domain], x->net4, 20 + a);
        route(s, root4[x->domain], gateways[a - 1], 1);
        if (x->net6) route(s, root6[x->domain], x->net6, 20 + a);
        if (x->beyond6) route(s, root6[x->domain], x->beyond6, 10 + a);
    }
}

void scene_fill(struct scene_tables *s)
{
    static const struct hash_key key = {1, 2};
    static const uint8_t classes[64] = {[46] = 0, [34] = 1, [18] = 1, [10] = 2, [0] = 2};
    uint32_t root4[5] = {0}, root6[5] = {0};
    fast_config_begin(&s->tables, 0x1234567);
    s->tables.config->fixed_clock = SCENE_CLOCK;
    fast_classes_set(s->tables.config, classes);
    s->trie = trie_new(&s->tables, &key);
    for (int d = 1; d < 5; d++) {
        root4[d] = trie_table_make(s->trie);
        root6[d] = trie_table_make(s->trie);
    }
    fill_hops(&s->tables);
    fill_acl(&s->tables);
    fill_pool(&s->tables);
    fill_attachments(s, root4, root6);
    fast_policer_set(&s->tables.policers[1], 100000000, 30000, 30);
    route(s, root4[1], "10.66.0.0/16", 2);
    route(s, root4[1], "10.67.0.0/16", 30);
    route(s, root6[1], "2001:db8:a:1::1/128", 1);
    s->tables.config->ready = 1;
}

/* --- frames --- */

uint16_t scene_sum(const void *p, size_t n, uint32_t begin)
{
    const uint8_t *b = p;
    uint32_t s = begin;
    for (size_t i = 0; i + 1 < n; i += 2) s += (uint32_t)b[i] << 8 | b[i + 1];
    if (n & 1) s += (uint32_t)b[n - 1] << 8;
    while (s >> 16) s = (s & 0xffff) + (s >> 16);
    return (uint16_t)~s;
}

static void put16(uint8_t *p, unsigned v) { p[0] = (uint8_t)(v >> 8), p[1] = (uint8_t)v; }
static unsigned get16(const uint8_t *p) { return (unsigned)p[0] << 8 | p[1]; }

static size_t transport_bytes(uint8_t proto) { return proto == FAST_TCP ? 20 : 8; }

/* Sum of the pseudo header, unfolded. */
static uint32_t pseudo(const uint8_t *addrs, size_t n, unsigned proto, size_t bytes)
{
    return (uint16_t)~scene_sum(addrs, n, 0) + (uint32_t)proto + (uint32_t)bytes;
}

static void build_transport(const struct scene_frame *f, uint8_t *p, size_t n, uint32_t begin)
{
    static const unsigned sum_at[] = {[FAST_TCP] = 16, [FAST_UDP] = 6, [FAST_ICMP] = 2, [FAST_ICMP6] = 2};
    for (size_t i = 0; i < n; i++) p[i] = (uint8_t)(i * 7);
    put16(p, f->source_port);
    put16(p + 2, f->target_port);
    if (f->proto == FAST_TCP) p[12] = 0x50, p[13] = 2;
    if (f->proto == FAST_UDP) put16(p + 4, (unsigned)n);
    if (f->proto == FAST_ICMP || f->proto == FAST_ICMP6) put16(p + 2, 0), put16(p + 4, f->target_port);
    if (f->proto == FAST_ICMP) begin = 0;
    if (f->proto != FAST_TCP && f->proto != FAST_UDP && f->proto != FAST_ICMP && f->proto != FAST_ICMP6) return;
    put16(p + sum_at[f->proto], 0);
    put16(p + sum_at[f->proto], scene_sum(p, n, begin));
}

static size_t build_ip4(const struct scene_frame *f, uint8_t *p)
{
    size_t head = f->odd == ODD_OPTIONS ? 24 : 20, n = transport_bytes(f->proto) + f->payload;
    uint32_t source = wire(f->source), target = wire(f->target);
    memset(p, 0, head);
    p[0] = f->odd == ODD_VERSION ? 0x65 : (uint8_t)(0x40 | head / 4);
    p[1] = f->tos;
    put16(p + 2, (unsigned)(head + n) + (f->odd == ODD_LENGTH ? 1000 : 0));
    if (f->odd == ODD_FIRST_FRAGMENT) put16(p + 6, 0x2000);
    if (f->odd == ODD_LATER_FRAGMENT) put16(p + 6, 100);
    p[8] = f->ttl ? f->ttl : 64;
    p[9] = f->proto;
    memcpy(p + 12, &source, 4);
    memcpy(p + 16, &target, 4);
    if (head > 20) memset(p + 20, 1, 4);
    put16(p + 10, scene_sum(p, head, 0));
    build_transport(f, p + head, n, pseudo(p + 12, 8, f->proto, n));
    return head + n;
}

static size_t build_ip6(const struct scene_frame *f, uint8_t *p)
{
    size_t n = transport_bytes(f->proto) + f->payload;
    struct addr a, b;
    if (!addr_parse(f->source, &a) || !addr_parse(f->target, &b)) abort();
    memset(p, 0, 40);
    p[0] = (uint8_t)(0x60 | f->tos >> 4);
    p[1] = (uint8_t)(f->tos << 4 | 3);
    put16(p + 4, (unsigned)n + (f->odd == ODD_LENGTH ? 1000 : 0));
    p[6] = f->odd == ODD_EXTENSION ? 0 : f->proto;
    p[7] = f->ttl ? f->ttl : 64;
    memcpy(p + 8, a.b, 16);
    memcpy(p + 24, b.b, 16);
    build_transport(f, p + 40, n, pseudo(p + 8, 32, f->proto, n));
    return 40 + n;
}

size_t scene_build(const struct scene_frame *f, uint8_t *room)
{
    const struct scene_attachment *x = &attachments[f->from - 1];
    uint8_t *frame = room + TWIN_ROOM, *p = frame;
    bool six = strchr(f->source, ':') != NULL;
    memcpy(p, (uint8_t[]){2, 0, 0, 0, 0, (uint8_t)f->from, 2, 0, 0, 0, 1, (uint8_t)f->from}, 12);
    if (f->odd == ODD_OTHER_MAC) p[5] = 99;
    if (f->odd == ODD_BROADCAST) memset(p, 0xff, 6);
    p += 12;
    if (x->outer) put16(p, f->from == 6 ? 0x88a8 : 0x8100), put16(p + 2, f->odd == ODD_TAGS ? 999 : x->outer), p += 4;
    put16(p, 0x8100), put16(p + 2, 0xe000u | x->inner), p += 4; /* priority bits are not looked at */
    put16(p, f->odd == ODD_ARP ? 0x0806 : six ? 0x86dd : 0x0800), p += 2;
    p += six ? build_ip6(f, p) : build_ip4(f, p);
    if (f->odd == ODD_SHORT) p = frame + 30;
    return (size_t)(p - frame);
}

const char *scene_sums_wrong(const uint8_t *frame, size_t n)
{
    size_t at = 12;
    while (get16(frame + at) == 0x8100 || get16(frame + at) == 0x88a8) at += 4;
    bool six = get16(frame + at) == 0x86dd;
    const uint8_t *ip = frame + at + 2, *t = ip + (six ? 40 : 20);
    unsigned proto = ip[six ? 6 : 9];
    size_t bytes = six ? get16(ip + 4) : get16(ip + 2) - 20u;
    uint32_t begin = six ? pseudo(ip + 8, 32, proto, bytes) : pseudo(ip + 12, 8, proto, bytes);
    if (t + bytes > frame + n) return "length";
    if (!six && scene_sum(ip, 20, 0)) return "IP header sum";
    if (proto == FAST_ICMP) begin = 0;
    if (proto == FAST_UDP && !get16(t + 6)) return NULL;
    if (proto != FAST_TCP && proto != FAST_UDP && proto != FAST_ICMP && proto != FAST_ICMP6) return NULL;
    return scene_sum(t, bytes, begin) ? "transport sum" : NULL;
}
