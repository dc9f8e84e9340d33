/* Every message goes there and back, and no bytes whatever make the decoder read past them. */
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "wire/link.h"

static enum link_role sender_of(const struct link_row *row)
{
    return (enum link_role)(row->from & -row->from); /* the first of those who may */
}

static struct link_message example(enum link_type type)
{
    struct link_message m = {.type = type};
    size_t texts = 0, numbers = 0;
    for (const char *f = link_rows[type].fields; *f; f++) {
        if (*f == 'k') m.token = 0x01020304;
        if (*f == 'n') m.number[numbers++] = 0x1122334455667788u;
        if (*f == 'f') m.flag = true;
        if (*f == 't') m.text[texts++] = span_of("blue", 4);
        if (*f == 'r') m.rest = span_of("rest", 4);
    }
    return m;
}

static void every_message_goes_there_and_back(void **state)
{
    (void)state;
    uint8_t buf[512], again[512];
    for (enum link_type t = 0; t < LINK_TYPES; t++) {
        struct link_message m = example(t), got;
        struct writer w = writer_on(buf, sizeof buf), w2 = writer_on(again, sizeof again);
        size_t fds = link_rows[t].fds == 1;
        link_encode(&w, &m);
        assert_false(w.bad);
        assert_null(link_decode(writer_span(&w), sender_of(&link_rows[t]), fds, &got));
        link_encode(&w2, &got);
        assert_int_equal(writer_len(&w), writer_len(&w2));
        assert_memory_equal(buf, again, writer_len(&w));
    }
}

static void a_message_is_taken_from_its_sender_only(void **state)
{
    (void)state;
    uint8_t buf[512];
    const enum link_role roles[] = {LINK_KEEPER, LINK_ROUTER, LINK_AGENT, LINK_VALIDATOR, LINK_EXPORTER, LINK_NATSYNC};
    for (enum link_type t = 0; t < LINK_TYPES; t++) {
        struct link_message m = example(t), got;
        struct writer w = writer_on(buf, sizeof buf);
        size_t fds = link_rows[t].fds == 1;
        link_encode(&w, &m);
        for (size_t r = 0; r < ARRAY_LEN(roles); r++) {
            bool may = link_rows[t].from & roles[r];
            assert_int_equal(may, link_decode(writer_span(&w), roles[r], fds, &got) == NULL);
        }
        if (link_rows[t].fds >= 0)
            assert_non_null(link_decode(writer_span(&w), sender_of(&link_rows[t]), fds + 1, &got));
    }
}

static void a_message_cut_anywhere_or_too_long_is_refused(void **state)
{
    (void)state;
    uint8_t buf[512];
    for (enum link_type t = 0; t < LINK_TYPES; t++) {
        struct link_message m = example(t), got;
        struct writer w = writer_on(buf, sizeof buf);
        size_t fds = link_rows[t].fds == 1;
        bool open_end = strchr(link_rows[t].fields, 'r');
        link_encode(&w, &m);
        size_t fixed = writer_len(&w) - (open_end ? 4 : 0);
        for (size_t n = 0; n < fixed; n++)
            assert_non_null(link_decode(span_of(buf, n), sender_of(&link_rows[t]), fds, &got));
        if (!open_end)
            assert_non_null(link_decode(span_of(buf, fixed + 1), sender_of(&link_rows[t]), fds, &got));
    }
}

static struct addr address(const char *s)
{
    struct addr a;
    assert_true(addr_parse(s, &a));
    return a;
}

static struct link_route route(const char *prefix, const char *via)
{
    struct link_route r = {0};
    assert_int_equal(prefix_parse(prefix, &r.prefix), PREFIX_FINE);
    if (via) r.next_hops[r.next_hops_n++] = address(via);
    return r;
}

static void routes_go_there_and_back(void **state)
{
    (void)state;
    uint8_t buf[256];
    struct writer w = writer_on(buf, sizeof buf);
    const struct link_route routes[] = {route("10.0.0.0/8", "192.0.2.1"), route("fd00::/48", "fd00::1"),
                                        route("0.0.0.0/0", NULL)};
    for (size_t i = 0; i < 3; i++) link_route_put(&w, &routes[i]);
    struct cursor c = cursor_of(writer_span(&w));
    struct link_route got;
    for (size_t i = 0; i < 3; i++) {
        assert_true(link_route_next(&c, &got));
        assert_true(prefix_equal(&got.prefix, &routes[i].prefix));
        assert_int_equal(got.next_hops_n, routes[i].next_hops_n);
        assert_true(addr_equal(&got.next_hops[0], &routes[i].next_hops[0]));
    }
    assert_false(link_route_next(&c, &got));
    assert_false(c.bad);
}

static void routes_out_of_range_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[16];
        size_t n;
    } rows[] = {
        {{5, 8, 10, 0, 0, 0, 0}, 7},                  /* no family */
        {{4, 33, 10, 0, 0, 0, 0}, 7},                 /* length beyond the family */
        {{4, 8, 10, 1, 0, 0, 0}, 7},                  /* host bits */
        {{4, 8, 10, 0, 0, 0, 9}, 7},                  /* nine next hops */
        {{4, 8, 10, 0, 0, 0, 1, 127, 0, 0, 1}, 11},   /* nobody's neighbour */
        {{4, 8, 10, 0, 0, 0, 1, 192, 0, 2}, 10},      /* cut */
        {{4, 8, 10, 0}, 4},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cursor c = cursor_of(span_of(rows[i].bytes, rows[i].n));
        struct link_route got;
        assert_false(link_route_next(&c, &got));
        assert_true(c.bad);
    }
}

static struct link_vrp payload(bool add, const char *prefix, uint8_t max_len, uint32_t asn)
{
    struct link_vrp v = {add, {.max_len = max_len, .asn = asn}};
    assert_int_equal(prefix_parse(prefix, &v.vrp.prefix), PREFIX_FINE);
    return v;
}

static void payloads_and_caches_go_there_and_back(void **state)
{
    (void)state;
    uint8_t buf[256];
    struct writer w = writer_on(buf, sizeof buf);
    const struct link_vrp all[] = {payload(true, "10.0.0.0/8", 24, 65010), payload(false, "2001:db8::/32", 48, 0),
                                   payload(true, "0.0.0.0/0", 0, UINT32_MAX)};
    for (size_t i = 0; i < 3; i++) link_vrp_put(&w, &all[i]);
    struct cursor c = cursor_of(writer_span(&w));
    struct link_vrp got;
    for (size_t i = 0; i < 3; i++) {
        assert_true(link_vrp_next(&c, &got));
        assert_int_equal(got.add, all[i].add);
        assert_true(prefix_equal(&got.vrp.prefix, &all[i].vrp.prefix));
        assert_int_equal(got.vrp.max_len, all[i].vrp.max_len);
        assert_int_equal(got.vrp.asn, all[i].vrp.asn);
    }
    assert_false(link_vrp_next(&c, &got));
    assert_false(c.bad);
    struct addr a = address("2001:db8::9"), b;
    uint16_t port;
    w = writer_on(buf, sizeof buf);
    link_endpoint_put(&w, &a, 323);
    c = cursor_of(writer_span(&w));
    assert_true(link_endpoint_next(&c, &b, &port));
    assert_true(addr_equal(&a, &b) && port == 323);
    assert_false(link_endpoint_next(&c, &b, &port));
    assert_false(c.bad);
}

static void payloads_out_of_range_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[16];
        size_t n;
    } rows[] = {
        {{2, 4, 8, 10, 0, 0, 0, 8, 0, 0, 0, 1}, 12},  /* neither added nor removed */
        {{1, 5, 8, 10, 0, 0, 0, 8, 0, 0, 0, 1}, 12},  /* no family */
        {{1, 4, 33, 10, 0, 0, 0, 33, 0, 0, 0, 1}, 12},
        {{1, 4, 8, 10, 1, 0, 0, 8, 0, 0, 0, 1}, 12},  /* host bits */
        {{1, 4, 8, 10, 0, 0, 0, 7, 0, 0, 0, 1}, 12},  /* shorter than the prefix */
        {{1, 4, 8, 10, 0, 0, 0, 33, 0, 0, 0, 1}, 12}, /* longer than an address */
        {{1, 4, 8, 10, 0, 0, 0, 8, 0, 0, 0}, 11},     /* cut */
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cursor c = cursor_of(span_of(rows[i].bytes, rows[i].n));
        struct link_vrp got;
        assert_false(link_vrp_next(&c, &got));
        assert_true(c.bad);
    }
}

/* A copy that ends where unreadable memory begins. */
static uint8_t *fenced(const uint8_t *p, size_t n, uint8_t *fence) { return memcpy(fence - n, p, n); }

static void mangled_messages_never_read_beyond_their_end(void **state)
{
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_int_equal(mprotect(map + page, page, PROT_NONE), 0);
    print_message("seed %u\n", seed);
    srand(seed);
    for (int round = 0; round < 200000; round++) {
        uint8_t buf[256];
        struct link_message m = example((enum link_type)(rand() % LINK_TYPES)), got;
        struct writer w = writer_on(buf, sizeof buf);
        link_encode(&w, &m);
        size_t n = writer_len(&w);
        for (int k = rand() % 4; k > 0 && n; k--) buf[(size_t)rand() % n] = (uint8_t)rand();
        n = (size_t)rand() % (n + 1);
        struct span s = span_of(fenced(buf, n, map + page), n);
        if (link_decode(s, (enum link_role)(1 << rand() % 3), (size_t)(rand() % 2), &got)) continue;
        struct cursor c = cursor_of(got.rest);
        struct link_route r;
        char text[16];
        while (link_route_next(&c, &r)) continue;
        for (size_t t = 0; t < LINK_TEXTS; t++) (void)!link_text(got.text[t], text, sizeof text);
    }
    munmap(map, 2 * page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_goes_there_and_back),
        cmocka_unit_test(a_message_is_taken_from_its_sender_only),
        cmocka_unit_test(a_message_cut_anywhere_or_too_long_is_refused),
        cmocka_unit_test(routes_go_there_and_back),
        cmocka_unit_test(routes_out_of_range_are_refused),
        cmocka_unit_test(payloads_and_caches_go_there_and_back),
        cmocka_unit_test(payloads_out_of_range_are_refused),
        cmocka_unit_test(mangled_messages_never_read_beyond_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
