/* tests/bpf/pipeline_test.c - packets through the C twin and through the kernel (BPF_PROG_TEST_RUN): the
 * same fate and the same bytes. A table of packets, a line each; then random ones, whose number
 * FAIRLEAD_RANDOM_FRAMES chooses. Without root only the twin is asked, and the kernel's half says skipped. */
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "bpf/scene.h"
#include "sys/fastpath.h"

enum { ROOM = TWIN_ROOM + 2048 };

static struct scene_tables mine, kernels;
static struct twin *twin;
static struct fastpath *kernel;

/* --- the table --- */

#define V6A "2001:db8:a::10"
#define V6B "2001:db8:b::10"
// clang-format off
static const struct scene_frame frames[] = {
    /* name                       from source        target         proto ports      ttl tos  len  odd       fate */
    {"a to its own network",         1, "10.0.1.10",   "10.20.1.10",   6, 1000, 443,    0, 0,   10, 0, FAST_FORWARDED},
    {"and back",                     2, "10.20.1.10",  "10.0.1.10",    6, 443, 1000,    0, 0,   10, 0, FAST_FORWARDED},
    {"b with the same addresses",    3, "10.0.1.10",   "10.20.1.10",  17, 1000, 53,     0, 184, 99, 0, FAST_FORWARDED},
    {"an odd number of bytes",       1, "10.0.1.10",   "10.20.1.10",  17, 1000, 53,     0, 184, 7,  0, FAST_FORWARDED},
    {"DSCP is reset, ECN is not",    1, "10.0.1.10",   "10.20.1.10",  17, 1000, 53,     0, 187, 8,  0, FAST_FORWARDED},
    {"ping",                         1, "10.0.1.10",   "10.20.1.10",   1, 2048, 77,     0, 0,   56, 0, FAST_FORWARDED},
    {"protocol without ports",       1, "10.0.1.10",   "10.20.1.10",  50, 0, 0,         0, 0,   56, 0, FAST_FORWARDED},
    {"IPv6",                         1, V6A,           V6B,            6, 1000, 443,    0, 0,   10, 0, FAST_FORWARDED},
    {"IPv6 back, DSCP reset",        2, V6B,           V6A,           17, 443, 1000,    0, 186, 10, 0, FAST_FORWARDED},
    {"IPv6 ping",                    3, V6A,           V6B,           58, 32768, 77,    0, 0,   10, 0, FAST_FORWARDED},
    {"TTL 2 is enough",              1, "10.0.1.10",   "10.20.1.10",   6, 1, 2,         2, 0,   0,  0, FAST_FORWARDED},
    {"TTL 1 is not",                 1, "10.0.1.10",   "10.20.1.10",   6, 1, 2,         1, 0,   0,  0, FAST_TTL},
    {"IPv6 hop limit 1",             1, V6A,           V6B,            6, 1, 2,         1, 0,   0,  0, FAST_TTL},
    {"as large as the MTU",          1, "10.0.1.10",   "10.20.1.10",  17, 1, 2,         0, 0, 1372, 0, FAST_FORWARDED},
    {"one byte more",                1, "10.0.1.10",   "10.20.1.10",  17, 1, 2,         0, 0, 1373, 0, FAST_TOO_BIG},
    {"IPv6 one byte more",           1, V6A,           V6B,           17, 1, 2,         0, 0, 1353, 0, FAST_TOO_BIG},
    {"to the router",                1, "10.0.1.10",   "10.0.0.1",     6, 1000, 179,    1, 0,   0,  0, FAST_LOCAL},
    {"IPv6 to the router",           1, V6A,           "2001:db8:a:1::1", 6, 1000, 179, 1, 0,   0,  0, FAST_LOCAL},
    {"unresolved neighbour",         1, "10.0.1.10",   "10.20.0.2",   17, 1, 2,         0, 0,   0,  0, FAST_NO_NEIGHBOUR},
    {"no route",                     1, "10.0.1.10",   "172.16.0.1",  17, 1, 2,         0, 0,   0,  0, FAST_NO_ROUTE},
    {"IPv6 no route",                1, V6A,           "2001:db8:c::1", 17, 1, 2,       0, 0,   0,  0, FAST_NO_ROUTE},
    {"discard route",                1, "10.0.1.10",   "10.66.1.1",   17, 1, 2,         0, 0,   0,  0, FAST_BLACKHOLE},
    {"two next hops",                1, "10.0.1.10",   "10.67.1.1",   17, 1, 2,         0, 0,   0,  0, FAST_FORWARDED},
    {"two next hops, another flow",  1, "10.0.1.10",   "10.67.1.1",   17, 7, 2,         0, 0,   0,  0, FAST_FORWARDED},
    {"tags of nobody",               1, "10.0.1.10",   "10.20.1.10",   6, 1, 2,         0, 0,   0,  ODD_TAGS, FAST_NO_ATTACHMENT},
    {"ARP",                          1, "10.0.1.10",   "10.0.0.1",     6, 1, 2,         0, 0,   0,  ODD_ARP, FAST_CONTROL},
    {"broadcast",                    1, "10.0.1.10",   "10.0.0.1",     6, 1, 2,         0, 0,   0,  ODD_BROADCAST, FAST_CONTROL},
    {"multicast",                    1, "10.0.1.10",   "224.0.0.5",   17, 1, 2,         0, 0,   0,  0, FAST_CONTROL},
    {"neighbour solicitation",       1, "fe80::1",     "2001:db8:a::1", 58, 34560, 0,   0, 0,   16, 0, FAST_CONTROL},
    {"another station",              1, "10.0.1.10",   "10.20.1.10",   6, 1, 2,         0, 0,   0,  ODD_OTHER_MAC, FAST_OTHER_STATION},
    {"options",                      1, "10.0.1.10",   "10.20.1.10",   6, 1, 2,         0, 0,   0,  ODD_OPTIONS, FAST_OPTIONS},
    {"first fragment",               1, "10.0.1.10",   "10.20.1.10",   6, 1, 2,         0, 0,   0,  ODD_FIRST_FRAGMENT, FAST_FRAGMENT},
    {"later fragment",               1, "10.0.1.10",   "10.20.1.10",   6, 1, 2,         0, 0,   0,  ODD_LATER_FRAGMENT, FAST_FRAGMENT},
    {"extension header",             1, V6A,           V6B,            6, 1, 2,         0, 0,   0,  ODD_EXTENSION, FAST_OPTIONS},
    {"runt",                         1, "10.0.1.10",   "10.20.1.10",   6, 1, 2,         0, 0,   0,  ODD_SHORT, FAST_RUNT},
    {"IPv6 runt",                    1, V6A,           V6B,            6, 1, 2,         0, 0,   0,  ODD_SHORT, FAST_RUNT},
    {"longer than the frame",        1, "10.0.1.10",   "10.20.1.10",   6, 1, 2,         0, 0,   0,  ODD_LENGTH, FAST_MALFORMED},
    {"IPv6 longer than the frame",   1, V6A,           V6B,            6, 1, 2,         0, 0,   0,  ODD_LENGTH, FAST_MALFORMED},
    {"version 6 in an IPv4 frame",   1, "10.0.1.10",   "10.20.1.10",   6, 1, 2,         0, 0,   0,  ODD_VERSION, FAST_MALFORMED},
    {"from loopback",                1, "127.0.0.1",   "10.20.1.10",   6, 1, 2,         0, 0,   0,  0, FAST_MARTIAN},
    {"to loopback",                  1, "10.0.1.10",   "127.0.0.1",    6, 1, 2,         0, 0,   0,  0, FAST_MARTIAN},
    {"from multicast",               1, "224.1.1.1",   "10.20.1.10",   6, 1, 2,         0, 0,   0,  0, FAST_MARTIAN},
    {"to 255.255.255.255",           1, "10.0.1.10",   "255.255.255.255", 17, 67, 68,   0, 0,   0,  0, FAST_MARTIAN},
    {"IPv6 from ::1",                1, "::1",         V6B,            6, 1, 2,         0, 0,   0,  0, FAST_MARTIAN},
    {"IPv6 from multicast",          1, "ff02::1",     V6B,            6, 1, 2,         0, 0,   0,  0, FAST_MARTIAN},

    {"NAT, TCP",                     5, "10.1.1.10",   "198.51.100.9", 6, 5000, 443,    0, 184, 20, 0, FAST_FORWARDED},
    {"NAT, the same again",          5, "10.1.1.10",   "198.51.100.9", 6, 5000, 443,    0, 104, 20, 0, FAST_FORWARDED},
    {"NAT, UDP",                     5, "10.1.1.10",   "198.51.100.9", 17, 5001, 443,   0, 0,   21, 0, FAST_FORWARDED},
    {"NAT, ping",                    5, "10.1.1.11",   "198.51.100.9", 1, 2048, 1234,   0, 0,   56, 0, FAST_FORWARDED},
    {"NAT, protocol without ports",  5, "10.1.1.10",   "198.51.100.9", 50, 0, 0,        0, 0,   21, 0, FAST_NAT_PROTOCOL},
    {"NAT, fragment",                5, "10.1.1.10",   "198.51.100.9", 17, 1, 2,        0, 0,   21, ODD_FIRST_FRAGMENT, FAST_NAT_FRAGMENT},
    {"NAT, hairpin",                 5, "10.1.1.10",   "203.0.113.1",  17, 1, 2,        0, 0,   21, 0, FAST_NAT_HAIRPIN},
    {"NAT, hairpin to a static",     5, "10.1.1.10",   "203.0.113.17", 17, 1, 2,        0, 0,   21, 0, FAST_NAT_HAIRPIN},
    {"NAT, nobody asked",            6, "198.51.100.9", "203.0.113.1", 6, 443, 1025,    0, 0,   21, 0, FAST_NAT_NO_BINDING},
    {"NAT, static out",              5, "10.1.9.17",   "198.51.100.9", 6, 5000, 443,    0, 0,   20, 0, FAST_FORWARDED},
    {"NAT, static in: cloud starts", 6, "198.51.100.9", "203.0.113.20", 6, 5000, 25,    0, 0,   20, 0, FAST_FORWARDED},
    {"NAT, static in, ping",         6, "198.51.100.9", "203.0.113.20", 1, 2048, 25,    0, 0,   20, 0, FAST_FORWARDED},
    {"public source, no NAT",        5, "192.0.2.77",  "198.51.100.9", 6, 5000, 443,    0, 0,   20, 0, FAST_FORWARDED},
    {"unlisted DSCP becomes 0",      5, "10.1.9.17",   "198.51.100.9", 6, 5000, 443,    0, 104, 20, 0, FAST_FORWARDED},

    {"ACL permits and marks",        7, "10.4.1.1",    "10.5.1.1",     6, 5000, 443,    0, 0,   20, 0, FAST_FORWARDED},
    {"ACL permits voice",            7, "10.4.1.1",    "10.5.2.1",    17, 5000, 3479,   0, 0,   20, 0, FAST_FORWARDED},
    {"ACL second part",              7, "10.4.1.1",    "10.5.2.1",     1, 2048, 1,      0, 0,   20, 0, FAST_FORWARDED},
    {"ACL denies",                   7, "10.4.1.1",    "10.5.2.1",     6, 5000, 23,     0, 0,   20, 0, FAST_ACL},
    {"ACL denies by default",        7, "10.4.1.1",    "10.5.2.1",     6, 5000, 80,     0, 0,   20, 0, FAST_ACL},
    {"ACL marks by source port, first mark", 7, "10.4.1.1", "10.5.2.1", 17, 50019, 9,  0, 0,  20, 0, FAST_FORWARDED},
    {"ACL marks by source port",     7, "10.4.1.1",    "10.5.2.1",    17, 50020, 9,     0, 0,   20, 0, FAST_FORWARDED},
    {"ACL source port is no target port", 7, "10.4.1.1", "10.5.2.1",  17, 9, 50020,     0, 0,   20, 0, FAST_ACL},
    {"ACL does not permit fragments by port", 7, "10.4.1.1", "10.5.2.1", 17, 5000, 3479, 0, 0, 20, ODD_LATER_FRAGMENT, FAST_ACL},
    {"ACL permits whole protocols' fragments", 7, "10.4.1.1", "10.5.2.1", 1, 2048, 1,   0, 0,  20, ODD_LATER_FRAGMENT, FAST_FRAGMENT},
    {"ACL IPv6",                     7, "2001:db8:4::1", "2001:db8:5::1", 6, 1, 443,    0, 0,  20, 0, FAST_FORWARDED},
    {"ACL IPv6 denies",              7, "2001:db8:4::1", "2001:db8:5::1", 6, 1, 444,    0, 0,  20, 0, FAST_ACL},
    {"spoofed: another's source",    7, "10.9.1.1",    "10.5.1.1",     6, 5000, 443,    0, 0,  20, 0, FAST_SPOOFED},
    {"spoofed: the router's own",    7, "10.4.0.1",    "10.5.1.1",     6, 5000, 443,    0, 0,  20, 0, FAST_SPOOFED},
    {"IPv6 spoofed",                 7, "2001:db8:9::1", "2001:db8:5::1", 6, 1, 443,    0, 0,  20, 0, FAST_SPOOFED},
    {"link subnet is no spoof",      7, "10.4.0.2",    "10.5.1.1",     6, 5000, 443,    0, 0,  20, 0, FAST_FORWARDED},
};
// clang-format on

/* --- running both --- */

struct outcome {
    int fate;
    size_t n;
    uint8_t bytes[2048];
};

static void through_twin(const uint8_t *room, size_t n, struct outcome *out)
{
    uint8_t copy[ROOM];
    memcpy(copy, room, TWIN_ROOM + n);
    struct twin_frame f = {copy + TWIN_ROOM, n, SCENE_PORT};
    out->fate = (int)twin_run(twin, &f);
    out->n = f.n;
    memcpy(out->bytes, f.bytes, f.n);
}

static int verdict_of(int fate)
{
    static const int verdicts[] = {FASTPATH_REDIRECT, FASTPATH_PASS, FASTPATH_DROP};
    return verdicts[fast_fates[fate].kind];
}

static void compare(const char *name, const uint8_t *room, size_t n, const struct outcome *t)
{
    uint8_t bytes[2048];
    size_t got = sizeof bytes;
    if (!kernel) return;
    int verdict = fastpath_try(kernel, room + TWIN_ROOM, n, bytes, &got);
    if (verdict != verdict_of(t->fate))
        fail_msg("%s: the twin says %s, the kernel's verdict is %d", name, fast_fates[t->fate].name, verdict);
    if (got != t->n || memcmp(bytes, t->bytes, got) != 0) fail_msg("%s: the bytes differ", name);
}

static void same_tables(void)
{
    if (!kernel) return;
    assert_memory_equal(mine.tables.flows_out, kernels.tables.flows_out, sizeof(struct fast_flow) * mine.tables.flows_out_n);
    assert_memory_equal(mine.tables.flows_in, kernels.tables.flows_in, sizeof(struct fast_flow) * mine.tables.flows_in_n);
    assert_memory_equal(mine.tables.policers, kernels.tables.policers, 4 * sizeof(struct fast_policer));
    assert_memory_equal(mine.tables.punts, kernels.tables.punts, 10 * sizeof(struct fast_punt));
    assert_memory_equal(mine.tables.acls, kernels.tables.acls, sizeof(struct fast_acl) * mine.tables.acls_n);
    for (uint32_t d = 0; d < 5; d++)
        for (int f = 0; f < FAST_FATES; f++) {
            struct fast_count a = twin_count(twin, d, (enum fast_fate)f), b = fastpath_count(kernel, d, (enum fast_fate)f);
            if (a.packets != b.packets || a.bytes != b.bytes) fail_msg("domain %u counts %s differently", d, fast_fates[f].name);
        }
}

static int begin(void **state)
{
    struct text why = {0};
    (void)state;
    fast_tables_make(&mine.tables, &scene_sizes);
    scene_fill(&mine);
    twin = twin_new(&mine.tables);
    kernel = geteuid() == 0 ? fastpath_open(&scene_sizes, 0, &kernels.tables, &why) : NULL;
    if (kernel) {
        printf("the kernel's tables are read by %s\n", fastpath_by_address(kernel) ? "address" : "row");
        scene_fill(&kernels);
        if (!fastpath_output(kernel, SCENE_PORT, &why)) return -1;
    } else {
        printf("skipped: the kernel's half (%s)\n", geteuid() ? "needs root" : text_get(&why));
        if (geteuid() == 0) return -1;
    }
    text_drop(&why);
    return 0;
}

static int end(void **state)
{
    (void)state;
    twin_free(twin);
    trie_free(mine.trie);
    if (kernel) trie_free(kernels.trie);
    fastpath_close(kernel);
    fast_tables_drop(&mine.tables);
    return 0;
}

static void a_port_that_is_gone_costs_packets_by_name(void **state)
{
    (void)state;
    static uint8_t room[ROOM];
    static struct outcome t;
    struct text why = {0};
    size_t n = scene_build(&frames[0], room);
    twin_miss_port(twin, SCENE_PORT);
    if (kernel) fastpath_output_remove(kernel, SCENE_PORT);
    through_twin(room, n, &t);
    assert_int_equal(t.fate, FAST_NO_OUTPUT);
    compare("no way out", room, n, &t);
    same_tables();
    twin_miss_port(twin, 0);
    if (kernel) assert_true(fastpath_output(kernel, SCENE_PORT, &why));
    text_drop(&why);
}

static void each_packet_of_the_table_meets_its_fate_in_both(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(frames); i++) {
        static uint8_t room[ROOM];
        static struct outcome t;
        size_t n = scene_build(&frames[i], room);
        through_twin(room, n, &t);
        if (t.fate != (int)frames[i].fate)
            fail_msg("%s: %s instead of %s", frames[i].name, fast_fates[t.fate].name, fast_fates[frames[i].fate].name);
        const char *wrong = t.fate == FAST_FORWARDED ? scene_sums_wrong(t.bytes, t.n) : NULL;
        if (wrong) fail_msg("%s: wrong %s", frames[i].name, wrong);
        compare(frames[i].name, room, n, &t);
    }
    same_tables();
}

/* --- answers find their way back --- */

static const uint8_t *network_header(const uint8_t *frame)
{
    size_t at = 12;
    while (frame[at] == 0x81 || frame[at] == 0x88) at += 4;
    return frame + at + 2;
}

static void an_answer_to_a_translated_packet_reaches_the_host_that_asked(void **state)
{
    static uint8_t room[ROOM];
    static struct outcome t;
    char pool[32];
    (void)state;
    struct scene_frame ask = {"ask", 5, "10.1.2.3", "198.51.100.7", 6, 4000, 443, 0, 0, 5, ODD_NOTHING, FAST_FORWARDED};
    size_t n = scene_build(&ask, room);
    through_twin(room, n, &t);
    compare("ask", room, n, &t);
    const uint8_t *ip = network_header(t.bytes);
    snprintf(pool, sizeof pool, "%u.%u.%u.%u", ip[12], ip[13], ip[14], ip[15]);
    struct scene_frame answer = {"answer", 6, "198.51.100.7", pool, 6, 443, (uint16_t)(ip[20] << 8 | ip[21]), 0, 0, 5,
                                 ODD_NOTHING, FAST_FORWARDED};
    n = scene_build(&answer, room);
    through_twin(room, n, &t);
    compare("answer", room, n, &t);
    ip = network_header(t.bytes);
    assert_int_equal(t.fate, FAST_FORWARDED);
    assert_memory_equal(ip + 16, ((uint8_t[]){10, 1, 2, 3}), 4);
    assert_int_equal(ip[22] << 8 | ip[23], 4000);
    assert_null(scene_sums_wrong(t.bytes, t.n));
    same_tables();
}

/* An error about the translated packet, from a router on the way: quoted as its sender knows it. */
static void an_icmp_error_is_translated_by_the_packet_it_quotes(void **state)
{
    static uint8_t room[ROOM];
    static struct outcome t;
    uint8_t quoted[28];
    (void)state;
    struct scene_frame ask = {"ask", 5, "10.1.2.4", "198.51.100.7", 17, 4000, 53, 0, 0, 40, ODD_NOTHING, FAST_FORWARDED};
    size_t n = scene_build(&ask, room);
    through_twin(room, n, &t);
    compare("ask", room, n, &t);
    const uint8_t *ip = network_header(t.bytes);
    char pool[32];
    memcpy(quoted, ip, sizeof quoted);
    snprintf(pool, sizeof pool, "%u.%u.%u.%u", ip[12], ip[13], ip[14], ip[15]);
    struct scene_frame error = {"error", 6, "198.51.100.254", pool, 1, 0x0304, 0, 0, 0, 32, ODD_NOTHING, FAST_FORWARDED};
    n = scene_build(&error, room);
    uint8_t *icmp = (uint8_t *)(uintptr_t)network_header(room + TWIN_ROOM) + 20;
    memcpy(icmp + 8, quoted, sizeof quoted);
    icmp[2] = icmp[3] = 0;
    uint16_t sum = scene_sum(icmp, 40, 0);
    icmp[2] = (uint8_t)(sum >> 8), icmp[3] = (uint8_t)sum;
    through_twin(room, n, &t);
    compare("error", room, n, &t);
    ip = network_header(t.bytes);
    assert_int_equal(t.fate, FAST_FORWARDED);
    assert_memory_equal(ip + 16, ((uint8_t[]){10, 1, 2, 4}), 4);
    assert_memory_equal(ip + 28 + 12, ((uint8_t[]){10, 1, 2, 4}), 4);
    assert_int_equal(ip[28 + 20] << 8 | ip[28 + 21], 4000);
    assert_int_equal(scene_sum(ip + 28, 20, 0), 0);
    assert_null(scene_sums_wrong(t.bytes, t.n));
}

/* An ICMP error that quotes a UDP packet. */
struct error {
    const char *name;
    int from;
    const char *source, *target, *quoted_source, *quoted_target;
    enum fast_fate fate;
    const char *source_after, *target_after, *quoted_source_after, *quoted_target_after;
};

static void put_address(uint8_t *at, const char *text)
{
    struct addr a;
    if (!addr_parse(text, &a)) abort();
    memcpy(at, a.b, 4);
}

static void is_address(const char *name, const uint8_t *at, const char *text)
{
    uint8_t want[4];
    put_address(want, text);
    if (memcmp(at, want, 4) != 0) fail_msg("%s: %u.%u.%u.%u instead of %s", name, at[0], at[1], at[2], at[3], text);
}

static size_t build_error(const struct error *e, uint8_t *room)
{
    struct scene_frame f = {e->name, e->from, e->source, e->target, 1, 0x0303, 0, 0, 0, 32, ODD_NOTHING, e->fate};
    size_t n = scene_build(&f, room);
    uint8_t *icmp = (uint8_t *)(uintptr_t)network_header(room + TWIN_ROOM) + 20, *ip = icmp + 8;
    memcpy(ip, ((uint8_t[28]){0x45, 0, 0, 60, 1, 2, 0, 0, 63, 17, [20] = 0x12, 0x34, 0, 53, 0, 40}), 28);
    put_address(ip + 12, e->quoted_source), put_address(ip + 16, e->quoted_target);
    uint16_t sum = scene_sum(ip, 20, 0);
    ip[10] = (uint8_t)(sum >> 8), ip[11] = (uint8_t)sum;
    icmp[2] = icmp[3] = 0;
    sum = scene_sum(icmp, 40, 0);
    icmp[2] = (uint8_t)(sum >> 8), icmp[3] = (uint8_t)sum;
    return n;
}

static void errors_about_static_pairs_quote_what_their_receiver_sent(void **state)
{
    // clang-format off
    static const struct error errors[] = {
        {"towards a static host", 6, "198.51.100.254", "203.0.113.20", "203.0.113.20", "198.51.100.9", FAST_FORWARDED,
         "198.51.100.254", "10.1.9.20", "10.1.9.20", "198.51.100.9"},
        {"from a static host", 5, "10.1.9.17", "198.51.100.9", "198.51.100.9", "10.1.9.17", FAST_FORWARDED,
         "203.0.113.17", "198.51.100.9", "198.51.100.9", "203.0.113.17"},
        {"from a router before it", 5, "10.1.0.7", "198.51.100.9", "198.51.100.9", "10.1.9.18", FAST_FORWARDED,
         "203.0.113.18", "198.51.100.9", "198.51.100.9", "203.0.113.18"},
        {"about another static host", 5, "10.1.9.17", "198.51.100.9", "198.51.100.9", "10.1.9.18", FAST_FORWARDED,
         "203.0.113.17", "198.51.100.9", "198.51.100.9", "203.0.113.18"},
        {"about nobody's address", 5, "10.1.9.17", "198.51.100.9", "198.51.100.9", "192.0.2.77", FAST_FORWARDED,
         "203.0.113.17", "198.51.100.9", "198.51.100.9", "192.0.2.77"},
        {"towards a static host, about the pool", 6, "198.51.100.254", "203.0.113.20", "203.0.113.1", "198.51.100.9",
         FAST_NAT_NO_BINDING, 0, 0, 0, 0},
        {"from a static host, about another without binding", 5, "10.1.9.17", "198.51.100.9", "198.51.100.9", "10.1.77.77",
         FAST_NAT_NO_BINDING, 0, 0, 0, 0},
    };
    // clang-format on
    static uint8_t room[ROOM];
    static struct outcome t;
    (void)state;
    for (size_t k = 0; k < ARRAY_LEN(errors); k++) {
        const struct error *e = &errors[k];
        size_t n = build_error(e, room);
        through_twin(room, n, &t);
        compare(e->name, room, n, &t);
        if (t.fate != (int)e->fate) fail_msg("%s: %s", e->name, fast_fates[t.fate].name);
        if (t.fate != FAST_FORWARDED) continue;
        const uint8_t *ip = network_header(t.bytes);
        is_address(e->name, ip + 12, e->source_after), is_address(e->name, ip + 16, e->target_after);
        is_address(e->name, ip + 28 + 12, e->quoted_source_after), is_address(e->name, ip + 28 + 16, e->quoted_target_after);
        assert_int_equal(scene_sum(ip + 28, 20, 0), 0);
        assert_null(scene_sums_wrong(t.bytes, t.n));
        if (e->from == 5) assert_memory_equal(t.bytes + 12, ((uint8_t[]){0x88, 0xa8, 0, 7, 0x81, 0}), 6); /* 802.1ad outside */
    }
    same_tables();
}

static void a_host_gets_its_bindings_and_no_more(void **state)
{
    static uint8_t room[ROOM];
    static struct outcome t;
    (void)state;
    int forwarded = 0, refused = 0;
    for (uint16_t port = 0; port < 40; port++) {
        struct scene_frame f = {"greedy", 5, "10.1.3.3", "198.51.100.8", 17, (uint16_t)(3000 + port), 53, 0, 0, 5, ODD_NOTHING, 0};
        size_t n = scene_build(&f, room);
        through_twin(room, n, &t);
        compare("greedy", room, n, &t);
        forwarded += t.fate == FAST_FORWARDED;
        refused += t.fate == FAST_NAT_HOST_LIMIT;
    }
    assert_int_equal(forwarded, 16);
    assert_int_equal(refused, 24);
    same_tables();
}

static void rates_are_kept_and_voice_goes_first(void **state)
{
    static uint8_t room[ROOM];
    static struct outcome t;
    int passed[2] = {0};
    (void)state;
    for (int i = 0; i < 200; i++)
        for (int voice = 0; voice < 2; voice++) {
            struct scene_frame f = {"load", 7, "10.4.1.1", "10.5.1.1", voice ? 17 : 6, 5000, voice ? 3478 : 443, 0, 0, 1000,
                                    ODD_NOTHING, 0};
            size_t n = scene_build(&f, room);
            through_twin(room, n, &t);
            compare("load", room, n, &t);
            passed[voice] += t.fate == FAST_FORWARDED;
        }
    assert_true(passed[0] > 5 && passed[0] < 30); /* three quarters of 30,000 bytes, shared */
    assert_true(passed[1] >= 7 && passed[1] < 30);
    same_tables();
}

/* --- random frames --- */

static uint64_t random_state;
static uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13, random_state ^= random_state >> 7, random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 20) % n;
}

/* A packet of the table with something changed: bytes, length, addresses that the scene knows. */
static size_t random_frame(uint8_t *room)
{
    struct scene_frame f = frames[random_below(ARRAY_LEN(frames))];
    if (random_below(2)) f.from = 1 + (int)random_below(SCENE_ATTACHMENTS);
    if (random_below(4) == 0) f.payload = (uint16_t)random_below(1400);
    if (random_below(2)) f.source_port = (uint16_t)random_below(64);
    if (random_below(8) == 0) f.odd = random_below(ODD_TAGS + 1);
    size_t n = scene_build(&f, room);
    for (uint32_t k = random_below(4); k > 0; k--) room[TWIN_ROOM + random_below(n < 60 ? (uint32_t)n : 60)] ^= (uint8_t)(1u << random_below(8));
    if (random_below(16) == 0) n = 14 + random_below((uint32_t)n - 13);
    return n;
}

static void random_frames_meet_the_same_fate(void **state)
{
    const char *wish = getenv("FAIRLEAD_RANDOM_FRAMES"), *seed = getenv("FAIRLEAD_SEED");
    unsigned long many = wish ? strtoul(wish, NULL, 10) : 50000;
    static uint8_t room[ROOM];
    static struct outcome t;
    (void)state;
    random_state = seed ? strtoull(seed, NULL, 10) : 20261125;
    for (unsigned long i = 0; i < many; i++) {
        char name[64];
        if (i % 64 == 0) mine.tables.config->fixed_clock += 1000000, twin_set_clock(twin, mine.tables.config->fixed_clock);
        if (kernel) kernels.tables.config->fixed_clock = mine.tables.config->fixed_clock;
        size_t n = random_frame(room);
        snprintf(name, sizeof name, "random frame %lu", i);
        through_twin(room, n, &t);
        compare(name, room, n, &t);
    }
    same_tables();
    printf("%lu random frames, seed %llu\n", many, seed ? strtoull(seed, NULL, 10) : 20261125ULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_packet_of_the_table_meets_its_fate_in_both),
        cmocka_unit_test(a_port_that_is_gone_costs_packets_by_name),
        cmocka_unit_test(an_answer_to_a_translated_packet_reaches_the_host_that_asked),
        cmocka_unit_test(an_icmp_error_is_translated_by_the_packet_it_quotes),
        cmocka_unit_test(errors_about_static_pairs_quote_what_their_receiver_sent),
        cmocka_unit_test(a_host_gets_its_bindings_and_no_more),
        cmocka_unit_test(rates_are_kept_and_voice_goes_first),
        cmocka_unit_test(random_frames_meet_the_same_fate),
    };
    int failed = cmocka_run_group_tests_name("tables by address, where the kernel takes that", tests, begin, end);
    fastpath_ask_for_rows(true);
    return failed + cmocka_run_group_tests_name("tables by row", tests, begin, end);
}
