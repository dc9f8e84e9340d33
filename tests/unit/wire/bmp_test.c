/* Messages to a monitoring station, octet by octet where RFC 7854 has one form; the UPDATEs inside
 * are read back by our own decoder. */
#include "check.h"
#include "wire/bgp.h"
#include "wire/bmp.h"

static uint8_t buf[4096];

static struct addr address(const char *s)
{
    struct addr a;
    assert_true(addr_parse(s, &a));
    return a;
}

static struct bmp_peer customer(const char *at)
{
    return (struct bmp_peer){.rd_asn = 12076,
                             .rd_number = 3,
                             .address = address(at),
                             .asn = 65010,
                             .id = 0xc0000201,
                             .wall_us = 1000002};
}

/* Common header right, length of all; returns what follows. */
static struct cursor body_of(const struct writer *w, enum bmp_type type)
{
    assert_false(w->bad);
    struct cursor c = cursor_of(writer_span(w));
    assert_int_equal(cursor_u8(&c), 3);
    assert_int_equal(cursor_u32(&c), writer_len(w));
    assert_int_equal(cursor_u8(&c), type);
    return c;
}

static void a_station_learns_who_we_are(void **state)
{
    (void)state;
    static const uint8_t want[] = {3, 0, 0, 0, 18, 4, 0, 1, 0, 1, 'd', 0, 2, 0, 3, 'e', 'd', 'g'};
    struct writer w = writer_on(buf, sizeof buf);
    bmp_initiation(&w, "edg", "d");
    assert_int_equal(writer_len(&w), sizeof want);
    assert_memory_equal(buf, want, sizeof want);
    w = writer_on(buf, sizeof buf);
    bmp_termination(&w, BMP_ENDS_ADMINISTRATIVELY);
    static const uint8_t last[] = {3, 0, 0, 0, 12, 5, 0, 1, 0, 2, 0, 0};
    assert_memory_equal(buf, last, sizeof last);
}

static void the_header_of_a_neighbour_names_domain_address_and_time(void **state)
{
    (void)state;
    static const uint8_t want4[42] = {
        1, 0x40, 0,    2,   0, 0, 0x2f, 0x2c, 0, 3, [22] = 192, 0, 2, 1, 0,
        0, 0xfd, 0xf2, 192, 0, 2, 1,    0,    0, 0, 1,          0, 0, 0, 2};
    struct bmp_peer p = customer("192.0.2.1");
    struct writer w = writer_on(buf, sizeof buf);
    bmp_end_of_rib(&w, &p, BMP_ADJ_RIB_IN, false);
    struct cursor c = body_of(&w, BMP_ROUTE_MONITORING);
    assert_memory_equal(c.p, want4, sizeof want4);
    p = customer("2001:db8::1");
    p.rd_asn = p.rd_number = 0;
    w = writer_on(buf, sizeof buf);
    bmp_update(&w, &p, BMP_ADJ_RIB_OUT, false, span_of("x", 1));
    c = body_of(&w, BMP_ROUTE_MONITORING);
    static const uint8_t want6[] = {
        0, 0x80 | 0x40 | 0x20 | 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 1, 0x0d, 0xb8};
    assert_memory_equal(c.p, want6, sizeof want6);
    assert_int_equal(cursor_left(&c), 42 + 1);
}

static struct bgp_update *update_in(const struct writer *w, struct arena *arena)
{
    static const struct bgp_rules rules = {.as4 = true,
                                           .families = BGP_IPV4_UNICAST | BGP_IPV6_UNICAST};
    struct bgp_fault fault = {0};
    struct bgp_frame frame;
    struct cursor c = body_of(w, BMP_ROUTE_MONITORING);
    cursor_take(&c, BMP_PEER);
    assert_int_equal(bgp_frame_next(cursor_rest(&c), BGP_MESSAGE_MAX, &frame, &fault),
                     BGP_FRAME_WHOLE);
    struct bgp_update *u = bgp_update_decode(frame.message, &rules, arena, &fault);
    assert_non_null(u);
    assert_int_equal(u->verdict, BGP_UPDATE_FINE);
    return u;
}

static void a_path_is_an_update_that_any_speaker_reads(void **state)
{
    (void)state;
    static const uint8_t path[] = {AS_SEQUENCE, 1, 0, 0, 0xfd, 0xf2};
    const struct {
        const char *prefix, *hop;
    } rows[] = {{"10.1.0.0/16", "192.0.2.1"}, {"2001:db8:1::/48", "2001:db8::9"}};
    struct arena arena;
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < 2; i++) {
        struct prefix p, got;
        uint32_t id;
        assert_int_equal(prefix_parse(rows[i].prefix, &p), PREFIX_FINE);
        struct attrs a = {.has = HAS_ORIGIN | HAS_AS_PATH | HAS_NEXT_HOP,
                          .as_path = {path, sizeof path},
                          .next_hop = address(rows[i].hop)};
        struct bmp_peer peer = customer("192.0.2.1");
        struct writer w = writer_on(buf, sizeof buf);
        bmp_path(&w, &peer, BMP_ADJ_RIB_IN, &p, &a);
        struct bgp_update *u = update_in(&w, &arena);
        assert_int_equal(u->announced_n, 1);
        struct cursor c = cursor_of(u->announced[0].bytes);
        assert_true(bgp_nlri_next(&c, &u->announced[0], &got, &id));
        assert_true(prefix_equal(&p, &got));
        assert_true(addr_equal(&a.next_hop, i ? &u->mp_next_hop : &u->attrs.next_hop));
        w = writer_on(buf, sizeof buf);
        bmp_path(&w, &peer, BMP_ADJ_RIB_IN, &p, NULL);
        u = update_in(&w, &arena);
        assert_int_equal(u->withdrawn_n, 1);
        assert_int_equal(u->announced_n, 0);
        w = writer_on(buf, sizeof buf);
        bmp_end_of_rib(&w, &peer, BMP_ADJ_RIB_IN, i == 1);
        assert_int_equal(update_in(&w, &arena)->end_of_rib,
                         i ? BGP_IPV6_UNICAST : BGP_IPV4_UNICAST);
    }
    arena_drop(&arena);
}

static void sessions_come_with_both_opens_and_go_with_their_reason(void **state)
{
    (void)state;
    struct bmp_peer p = customer("192.0.2.1");
    struct writer w = writer_on(buf, sizeof buf);
    bmp_peer_up(&w, &p,
                &(struct bmp_up){.local = address("192.0.2.2"),
                                 .local_port = 179,
                                 .remote_port = 40000,
                                 .open_sent = span_of("OPEN1", 5),
                                 .open_received = span_of("OPEN2", 5),
                                 .name = "c"});
    struct cursor c = body_of(&w, BMP_PEER_UP);
    cursor_take(&c, BMP_PEER + 12);
    static const uint8_t rest[] = {192, 0,   2,   2,   0,   179, 0x9c, 0x40, 'O', 'P', 'E', 'N',
                                   '1', 'O', 'P', 'E', 'N', '2', 0,    0,    0,   1,   'c'};
    assert_int_equal(cursor_left(&c), sizeof rest);
    assert_memory_equal(c.p, rest, sizeof rest);
    const struct {
        enum bmp_down why;
        size_t n;
    } rows[] = {{BMP_DOWN_LOCAL_NOTIFICATION, 4},
                {BMP_DOWN_LOCAL, 2},
                {BMP_DOWN_REMOTE_NOTIFICATION, 4},
                {BMP_DOWN_REMOTE, 0},
                {BMP_DOWN_FORGOTTEN, 0}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        w = writer_on(buf, sizeof buf);
        bmp_peer_down(&w, &p, rows[i].why, span_of("NOTE", 4), 18);
        c = body_of(&w, BMP_PEER_DOWN);
        cursor_take(&c, BMP_PEER);
        assert_int_equal(cursor_u8(&c), rows[i].why);
        assert_int_equal(cursor_left(&c), rows[i].n);
    }
}

static void figures_have_their_types_and_widths(void **state)
{
    (void)state;
    struct bmp_peer p = customer("192.0.2.1");
    struct writer w = writer_on(buf, sizeof buf);
    const uint64_t values[BMP_STATISTICS_N] = {1, 2, 3, 4, UINT64_MAX};
    bmp_statistics(&w, &p, values);
    struct cursor c = body_of(&w, BMP_STATISTICS);
    cursor_take(&c, BMP_PEER);
    assert_int_equal(cursor_u32(&c), BMP_STATISTICS_N);
    for (size_t i = 0; i < BMP_STATISTICS_N; i++) {
        uint16_t type = cursor_u16(&c), n = cursor_u16(&c);
        assert_int_equal(n, type == 7 || type == 8 || type == 15 ? 8 : 4);
        cursor_take(&c, n);
    }
    assert_false(c.bad);
    assert_int_equal(cursor_left(&c), 0);
}

static void each_view_has_its_flags(void **state)
{
    (void)state;
    static const uint8_t flags[] = {[BMP_ADJ_RIB_IN_PRE] = 0, [BMP_ADJ_RIB_IN] = 0x40, [BMP_ADJ_RIB_OUT] = 0x50};
    struct bmp_peer p = customer("192.0.2.1");
    for (enum bmp_view v = BMP_ADJ_RIB_IN_PRE; v < BMP_LOC_RIB; v++) {
        struct writer w = writer_on(buf, sizeof buf);
        bmp_update(&w, &p, v, true, span_of("x", 1));
        assert_int_equal(buf[BMP_COMMON], 1);
        assert_int_equal(buf[BMP_COMMON + 1], flags[v]);
    }
}

/* RFC 9069 4: type 3, no flags, no address, our own AS and identifier. */
static void a_table_is_a_peer_of_a_type_of_its_own(void **state)
{
    (void)state;
    static const uint8_t head[34] = {3, 0, 0, 2, 0, 0, 0x2f, 0x2c, 0, 3, [28] = 0x2f, 0x2c, 192, 0, 2, 1};
    struct bmp_peer p = bmp_table_of(12076, 0xc0000201, 3);
    struct writer w = writer_on(buf, sizeof buf);
    bmp_table_up(&w, &p, "blue");
    struct cursor c = body_of(&w, BMP_PEER_UP);
    assert_memory_equal(c.p, head, sizeof head);
    cursor_take(&c, BMP_PEER + 16 + 4);
    struct bgp_open opens[2];
    for (size_t i = 0; i < 2; i++) {
        struct bgp_fault fault;
        struct bgp_frame frame;
        assert_int_equal(bgp_frame_next(span_of(c.p, cursor_left(&c)), BGP_MESSAGE_MAX, &frame, &fault), BGP_FRAME_WHOLE);
        assert_true(bgp_open_decode(frame.message, &opens[i], &fault));
        cursor_take(&c, frame.message.n);
    }
    assert_memory_equal(&opens[0], &opens[1], sizeof opens[0]);
    assert_true(opens[0].caps.as4 && opens[0].caps.families == (BGP_IPV4_UNICAST | BGP_IPV6_UNICAST));
    assert_int_equal(opens[0].asn, 12076);
    static const uint8_t name[] = {0, 3, 0, 4, 'b', 'l', 'u', 'e'};
    assert_int_equal(cursor_left(&c), sizeof name);
    assert_memory_equal(c.p, name, sizeof name);
    w = writer_on(buf, sizeof buf);
    bmp_table_down(&w, &p, "blue");
    c = body_of(&w, BMP_PEER_DOWN);
    cursor_take(&c, BMP_PEER);
    assert_int_equal(cursor_u8(&c), 6);
    assert_memory_equal(c.p, name, sizeof name);
    w = writer_on(buf, sizeof buf);
    bmp_table_statistics(&w, &p, 5, 2);
    static const uint8_t figures[] = {0, 0, 0, 3, 0, 8,  0, 8,  0, 0, 0, 0, 0, 0, 0, 7, 0, 10, 0, 11, 0, 1,
                                      1, 0, 0, 0, 0, 0,  0, 0,  5, 0, 10, 0, 11, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 2};
    c = body_of(&w, BMP_STATISTICS);
    cursor_take(&c, BMP_PEER);
    assert_int_equal(cursor_left(&c), sizeof figures);
    assert_memory_equal(c.p, figures, sizeof figures);
}

static void prefixes_with_the_same_attributes_share_a_message(void **state)
{
    (void)state;
    const char *const texts[2][3] = {{"10.1.0.0/16", "10.2.0.0/17", "0.0.0.0/0"},
                                     {"2001:db8:1::/48", "2001:db8::/32", "::/0"}};
    struct arena arena;
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < 2; i++) {
        struct prefix p[3], got;
        uint32_t id;
        for (size_t k = 0; k < 3; k++) assert_int_equal(prefix_parse(texts[i][k], &p[k]), PREFIX_FINE);
        struct attrs a = {.has = HAS_ORIGIN | HAS_AS_PATH | HAS_NEXT_HOP, .next_hop = address(i ? "2001:db8::9" : "192.0.2.1")};
        struct bmp_peer peer = customer("192.0.2.1");
        struct writer w = writer_on(buf, sizeof buf);
        bmp_paths(&w, &peer, BMP_ADJ_RIB_IN, p, 3, &a);
        struct bgp_update *u = update_in(&w, &arena);
        assert_int_equal(u->announced_n, 1);
        assert_int_equal(u->announced[0].count, 3);
        struct cursor c = cursor_of(u->announced[0].bytes);
        for (size_t k = 0; k < 3; k++) {
            assert_true(bgp_nlri_next(&c, &u->announced[0], &got, &id));
            assert_true(prefix_equal(&p[k], &got));
        }
    }
    arena_drop(&arena);
}

static void what_does_not_fit_is_bad(void **state)
{
    (void)state;
    struct bmp_peer p = customer("192.0.2.1");
    for (size_t n = 0; n < 70; n++) {
        struct writer w = writer_on(buf, n);
        bmp_end_of_rib(&w, &p, BMP_ADJ_RIB_OUT, false);
        assert_true(w.bad);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_station_learns_who_we_are),
        cmocka_unit_test(the_header_of_a_neighbour_names_domain_address_and_time),
        cmocka_unit_test(a_path_is_an_update_that_any_speaker_reads),
        cmocka_unit_test(sessions_come_with_both_opens_and_go_with_their_reason),
        cmocka_unit_test(figures_have_their_types_and_widths),
        cmocka_unit_test(each_view_has_its_flags),
        cmocka_unit_test(a_table_is_a_peer_of_a_type_of_its_own),
        cmocka_unit_test(prefixes_with_the_same_attributes_share_a_message),
        cmocka_unit_test(what_does_not_fit_is_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
