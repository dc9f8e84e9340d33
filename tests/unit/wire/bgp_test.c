/* The reactions of RFC 7606 and of OPEN, as rows; every cut and every bit of sample messages. */
#include "fence.h"
#include "shared_data.h"
#include "wire/bgp.h"

struct message {
    uint8_t b[4096];
    size_t n;
};

static void hex(struct message *m, const char *s)
{
    for (unsigned v; sscanf(s, " %2x", &v) == 1;) {
        m->b[m->n++] = (uint8_t)v;
        while (*s == ' ') s++;
        s += 2;
    }
}

static struct span finish(struct message *m, uint8_t type)
{
    memset(m->b, 0xff, 16);
    m->b[16] = (uint8_t)(m->n >> 8);
    m->b[17] = (uint8_t)m->n;
    m->b[18] = type;
    return fenced(m->b, m->n);
}

static void field(struct message *m, const char *s)
{
    size_t hole = m->n;
    m->n += 2;
    hex(m, s);
    m->b[hole] = (uint8_t)((m->n - hole - 2) >> 8);
    m->b[hole + 1] = (uint8_t)(m->n - hole - 2);
}

static struct span update(const char *withdrawn, const char *attrs, const char *nlri)
{
    static struct message m;
    m.n = BGP_HEADER;
    field(&m, withdrawn);
    field(&m, attrs);
    hex(&m, nlri);
    return finish(&m, BGP_UPDATE);
}

static const struct bgp_rules external = {
    .as4 = true, .families = BGP_IPV4_UNICAST | BGP_IPV6_UNICAST, .external = true, .peer_asn = 65001};

#define ORIGIN "40 01 01 00 "
#define PATH "40 02 06 02 01 00 00 fd e9 "
#define HOP "40 03 04 c0 00 02 01 "
#define BASE ORIGIN PATH HOP
#define NET "18 0a 01 02"

enum outcome { FINE, DISCARDED, WITHDRAWN, RESET };
struct row {
    const char *id, *withdrawn, *attrs, *nlri;
    enum outcome outcome;
    uint8_t subcode; /* of a reset */
};

/* clang-format off */
static const struct row rows[] = {
    {"a plain route",                "", BASE, NET, FINE, 0},
    {"RB-041 overrun",               "", BASE "80 04 40 00", NET, WITHDRAWN, 0},
    {"RB-041 one octet left",        "", BASE "80", NET, WITHDRAWN, 0},
    {"RB-043 flags",                 "", "c0 01 01 00 " PATH HOP, NET, WITHDRAWN, 0},
    {"RB-044 low bits, long length", "", "5f 01 00 01 00 " PATH HOP, NET, FINE, 0},
    {"RB-045 repeated",              "", BASE "40 01 01 09", NET, DISCARDED, 0},
    {"RB-046 reach repeated",        "", BASE "80 0f 03 00 02 01 80 0f 03 00 02 01", NET, RESET, 1},
    {"RB-047 no origin",             "", PATH HOP, NET, WITHDRAWN, 0},
    {"RB-047 no path",               "", ORIGIN HOP, NET, WITHDRAWN, 0},
    {"RB-047 no next hop",           "", ORIGIN PATH, NET, WITHDRAWN, 0},
    {"RB-047 no attributes",         "", "", NET, WITHDRAWN, 0},
    {"RB-048 nothing reachable",     NET, "40 01 01 09", "", RESET, 6},
    {"RB-049 unknown well-known",    "", BASE "40 63 01 00", NET, RESET, 2},
    {"RB-04A unknown transitive",    "", BASE "c0 63 01 07", NET, FINE, 0},
    {"RB-04B unknown local",         "", BASE "80 63 01 07", NET, FINE, 0},
    {"RB-04C type zero",             "", BASE "c0 00 00", NET, FINE, 0},
    {"RB-050 origin value",          "", "40 01 01 03 " PATH HOP, NET, WITHDRAWN, 0},
    {"RB-050 origin length",         "", "40 01 02 00 00 " PATH HOP, NET, WITHDRAWN, 0},
    {"RB-051 segment type",          "", ORIGIN "40 02 06 09 01 00 00 fd e9 " HOP, NET, WITHDRAWN, 0},
    {"RB-051 empty segment",         "", ORIGIN "40 02 02 02 00 " HOP, NET, WITHDRAWN, 0},
    {"RB-051 overrun",               "", ORIGIN "40 02 06 02 02 00 00 fd e9 " HOP, NET, WITHDRAWN, 0},
    {"RB-051 AS 0",                  "", ORIGIN "40 02 0a 02 02 00 00 fd e9 00 00 00 00 " HOP, NET, WITHDRAWN, 0},
    {"RB-051 confederation",         "", ORIGIN "40 02 06 03 01 00 00 fd e9 " HOP, NET, WITHDRAWN, 0},
    {"RB-052 another first AS",      "", ORIGIN "40 02 06 02 01 00 00 fd ea " HOP, NET, WITHDRAWN, 0},
    {"RB-052 empty path",            "", ORIGIN "40 02 00 " HOP, NET, WITHDRAWN, 0},
    {"RB-053 AS_SET",                "", ORIGIN "40 02 0c 02 01 00 00 fd e9 01 01 00 00 fd ea " HOP, NET, WITHDRAWN, 0},
    {"RB-054 next hop loopback",     "", ORIGIN PATH "40 03 04 7f 00 00 01", NET, WITHDRAWN, 0},
    {"RB-054 next hop length",       "", ORIGIN PATH "40 03 03 7f 00 00", NET, WITHDRAWN, 0},
    {"RB-056 MED length",            "", BASE "80 04 03 00 00 00", NET, WITHDRAWN, 0},
    {"RB-057 foreign LOCAL_PREF",    "", BASE "40 05 01 00", NET, DISCARDED, 0},
    {"RB-058 atomic aggregate",      "", BASE "40 06 01 00", NET, DISCARDED, 0},
    {"RB-059 aggregator length",     "", BASE "c0 07 06 fd e9 01 02 03 04", NET, DISCARDED, 0},
    {"RB-059 aggregator AS 0",       "", BASE "c0 07 08 00 00 00 00 01 02 03 04", NET, DISCARDED, 0},
    {"RB-05A empty communities",     "", BASE "c0 08 00", NET, WITHDRAWN, 0},
    {"RB-05A communities",           "", BASE "c0 08 05 00 00 00 00 00", NET, WITHDRAWN, 0},
    {"RB-05B foreign originator",    "", BASE "80 09 01 00", NET, DISCARDED, 0},
    {"RB-05C reach too short",       "", BASE "80 0e 03 00 02 01", NET, RESET, 9},
    {"RB-05C next hop length",       "", BASE "80 0e 06 00 02 01 01 00 00", NET, RESET, 9},
    {"RB-05D unreach too short",     "", "80 0f 02 00 02", "", RESET, 9},
    {"RB-05E extended communities",  "", BASE "c0 10 07 00 00 00 00 00 00 00", NET, WITHDRAWN, 0},
    {"RB-05F AS4_PATH",              "", BASE "c0 11 06 02 01 00 00 fd e9", NET, DISCARDED, 0},
    {"RB-05G large communities",     "", BASE "c0 20 04 00 00 00 00", NET, WITHDRAWN, 0},
    {"RB-05H only to customer",      "", BASE "c0 23 03 00 00 00", NET, WITHDRAWN, 0},
    {"RB-05I prefix SID",            "", BASE "c0 28 03 01 00 09", NET, DISCARDED, 0},
    {"RB-05J tunnel encapsulation",  "", BASE "c0 17 01 00", NET, FINE, 0},
    {"RB-060 prefix length",         "", BASE, "21 0a 01 02 03 04", RESET, 10},
    {"RB-060 prefix cut",            "", BASE, "18 0a 01", RESET, 10},
    {"RB-061 withdrawn cut",         "18 0a 01", "", "", RESET, 10},
    {"RB-063 host bits",             "", BASE, "11 0a 01 ff", FINE, 0},
    {"RB-06C family not ours",       "", BASE "80 0e 06 00 63 01 00 00 00", NET, FINE, 0},
    {"RB-06D next hop beside reach", "", ORIGIN PATH "40 03 01 00 80 0e 16 00 02 01 10 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01 00 00", "", FINE, 0},
};
/* clang-format on */

static enum outcome outcome_of(struct span m, const struct bgp_rules *rules, struct bgp_fault *f)
{
    struct arena a;
    arena_init(&a, 1 << 20);
    struct bgp_update *u = bgp_update_decode(m, rules, &a, f);
    enum outcome o = !u                                 ? RESET
                     : u->verdict == BGP_UPDATE_WITHDRAW ? WITHDRAWN
                     : u->faults                         ? DISCARDED
                                                         : FINE;
    arena_drop(&a);
    return o;
}

static void each_fault_has_the_reaction_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bgp_fault f;
        enum outcome o = outcome_of(update(rows[i].withdrawn, rows[i].attrs, rows[i].nlri), &external, &f);
        if (o != rows[i].outcome || (o == RESET && (f.code != 3 || f.subcode != rows[i].subcode)))
            fail_msg("%s: outcome %d, fault %u/%u (%s)", rows[i].id, o, f.code, f.subcode,
                     f.what ? f.what : "");
    }
}

static void lengths_beyond_the_message_end_the_session(void **state)
{
    (void)state;
    struct message m = {.n = BGP_HEADER};
    hex(&m, "00 05 00 00");
    struct bgp_fault f;
    assert_int_equal(outcome_of(finish(&m, BGP_UPDATE), &external, &f), RESET);
    assert_int_equal(f.code << 8 | f.subcode, 0x301);
}

static void empty_updates_end_the_rib(void **state)
{
    (void)state;
    struct arena a;
    struct bgp_fault f;
    arena_init(&a, 1 << 16);
    assert_int_equal(bgp_update_decode(update("", "", ""), &external, &a, &f)->end_of_rib, BGP_IPV4_UNICAST);
    assert_int_equal(bgp_update_decode(update("", "80 0f 03 00 02 01", ""), &external, &a, &f)->end_of_rib,
                     BGP_IPV6_UNICAST);
    arena_drop(&a);
}

static void two_octet_sessions_get_their_path_back(void **state)
{
    (void)state;
    struct bgp_rules r = external;
    r.as4 = false;
    struct arena a;
    struct bgp_fault f;
    char text[64];
    arena_init(&a, 1 << 16);
    struct bgp_update *u = bgp_update_decode(
        update("", ORIGIN "40 02 08 02 03 fd e9 5b a0 00 07 " HOP "c0 11 0a 02 02 00 03 00 01 00 00 00 07", NET),
        &r, &a, &f);
    assert_non_null(u);
    assert_int_equal(u->verdict, BGP_UPDATE_FINE);
    assert_string_equal(as_path_text(u->attrs.as_path, text, sizeof text), "65001 196609 7");
    arena_drop(&a);
}

static void what_is_encoded_comes_back_equal(void **state)
{
    (void)state;
    uint8_t path[] = {2, 2, 0, 0, 0xfd, 0xe9, 0, 3, 0, 1}, comm[] = {1, 2, 3, 4}, buf[4096];
    struct attrs out = {.has = HAS_ORIGIN | HAS_AS_PATH | HAS_NEXT_HOP | HAS_MED | HAS_AGGREGATOR |
                               HAS_ATOMIC_AGGREGATE | HAS_ONLY_TO_CUSTOMER,
                        .origin = ORIGIN_EGP, .next_hop = addr_v4(0xc0000201), .med = 7,
                        .aggregator_as = 196609, .aggregator_id = 9, .only_to_customer = 5,
                        .as_path = span_of(path, sizeof path), .communities = span_of(comm, 4)};
    for (int as4 = 0; as4 < 2; as4++) {
        struct writer w = writer_on(buf, sizeof buf);
        writer_bytes(&w, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 21);
        size_t hole = writer_hole16(&w);
        bgp_attrs_encode(&w, &out, as4, true);
        writer_fill16(&w, hole);
        struct prefix p = prefix_of(&out.next_hop, 24), back;
        bgp_nlri_put(&w, &p);
        struct bgp_rules r = external;
        r.as4 = as4;
        struct arena a;
        struct bgp_fault f;
        uint32_t id;
        arena_init(&a, 1 << 16);
        struct bgp_update *u = bgp_update_decode(writer_span(&w), &r, &a, &f);
        assert_non_null(u);
        assert_true(attrs_equal(&u->attrs, &out));
        struct cursor c = cursor_of(u->announced[0].bytes);
        assert_true(bgp_nlri_next(&c, &u->announced[0], &back, &id));
        assert_true(prefix_equal(&p, &back));
        arena_drop(&a);
    }
}

static struct span open_message(const char *body)
{
    static struct message m;
    m.n = BGP_HEADER;
    hex(&m, body);
    return finish(&m, BGP_OPEN);
}

static void each_open_has_its_answer(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct { const char *id, *body; unsigned fault; uint32_t asn; } cases[] = {
        {"plain",            "04 fd e9 00 5a c0 00 02 01 00", 0, 65001},
        {"RB-020",           "03 fd e9 00 5a c0 00 02 01 00", 0x201, 0},
        {"RB-021 AS 0",      "04 00 00 00 5a c0 00 02 01 00", 0x202, 0},
        {"RB-021 AS_TRANS",  "04 5b a0 00 5a c0 00 02 01 00", 0x202, 0},
        {"RB-022",           "04 fd e9 00 5a 00 00 00 00 00", 0x203, 0},
        {"RB-024",           "04 fd e9 00 02 c0 00 02 01 00", 0x206, 0},
        {"RB-026",           "04 fd e9 00 5a c0 00 02 01 02 09 00", 0x204, 0},
        {"RB-027 parameter", "04 fd e9 00 5a c0 00 02 01 02 02 05", 0x200, 0},
        {"RB-027 total",     "04 fd e9 00 5a c0 00 02 01 03 02 00", 0x200, 0},
        {"RB-027 cap",       "04 fd e9 00 5a c0 00 02 01 04 02 02 41 04", 0x200, 0},
        {"RB-028",           "04 fd e9 00 5a c0 00 02 01 0a 02 08 ee 00 41 04 00 00 fd ea", 0, 65002},
        {"RB-029",           "04 fd e9 00 5a c0 00 02 01 07 02 05 41 03 00 00 fd", 0, 65001},
        {"RB-02A",           "04 fd e9 00 5a c0 00 02 01 ff ff 00 09 02 00 06 41 04 00 00 fd ea", 0, 65002},
        {"RB-02B",           "04 fd e9 00 5a c0 00 02 01 08 02 06 09 01 00 09 01 03", 0x20b, 0},
    };
    /* clang-format on */
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bgp_open o;
        struct bgp_fault f = {0};
        bool fine = bgp_open_decode(open_message(cases[i].body), &o, &f);
        unsigned got = (unsigned)f.code << 8 | f.subcode;
        if (fine != !cases[i].fault || got != cases[i].fault || (fine && o.asn != cases[i].asn))
            fail_msg("%s: %x (%s)", cases[i].id, got, f.what ? f.what : "");
    }
}

static void an_open_survives_the_round_trip(void **state)
{
    (void)state;
    uint8_t buf[256];
    struct writer w = writer_on(buf, sizeof buf);
    struct bgp_open o = {.version = 4, .asn = 196609, .hold_s = 90, .id = 7}, back;
    struct bgp_fault f;
    o.caps = (struct bgp_caps){.families = 3, .refresh = true, .enhanced_refresh = true,
                               .extended_messages = true, .as4 = true, .asn = 196609, .restart = true,
                               .restart_notify = true,
                               .restart_s = 120, .restart_families = 3, .forwarding_families = 1,
                               .role_set = true, .role = 3};
    bgp_open_encode(&w, &o);
    assert_true(bgp_open_decode(fenced(buf, writer_len(&w)), &back, &f));
    assert_int_equal(back.asn, o.asn);
    assert_int_equal(back.caps.families, 3);
    assert_int_equal(back.caps.restart_s, 120);
    assert_int_equal(back.caps.forwarding_families, 1);
    assert_true(back.caps.restart_notify && !back.caps.restarting);
    assert_true(back.caps.enhanced_refresh && back.caps.extended_messages && back.caps.role == 3);
}

static void headers_are_judged_as_soon_as_they_are_there(void **state)
{
    (void)state;
    uint8_t b[64];
    struct bgp_frame fr;
    struct bgp_fault f;
    memset(b, 0xff, 16);
    memcpy(b + 16, "\xff\xff\x02", 3);
    assert_int_equal(bgp_frame_next(fenced(b, 18), 4096, &fr, &f), BGP_FRAME_MORE);
    assert_int_equal(bgp_frame_next(fenced(b, 19), 4096, &fr, &f), BGP_FRAME_BAD);
    assert_int_equal(f.code << 8 | f.subcode, 0x102);
    assert_int_equal(bgp_frame_next(fenced(b, 19), 65535, &fr, &f), BGP_FRAME_MORE);
    assert_int_equal(bgp_frame_next(fenced("GET", 3), 4096, &fr, &f), BGP_FRAME_BAD);
    assert_int_equal(f.subcode, 1);
    memcpy(b + 16, "\x00\x13\x06", 3);
    assert_int_equal(bgp_frame_next(fenced(b, 19), 4096, &fr, &f), BGP_FRAME_BAD);
    assert_int_equal(f.subcode, 3);
}

/* Every decoder on whatever arrived; nothing may fault, and what is accepted can be walked. */
static void decode_any(struct span in, bool as4)
{
    struct bgp_frame fr;
    struct bgp_fault f = {0};
    if (bgp_frame_next(in, 4096, &fr, &f) != BGP_FRAME_WHOLE) return;
    struct bgp_open o;
    struct bgp_notification n;
    struct bgp_refresh q;
    struct bgp_rules r = external;
    r.as4 = as4;
    r.peer_asn = 0;
    struct arena a;
    arena_init(&a, 1 << 20);
    if (fr.type == BGP_OPEN) (void)!bgp_open_decode(fr.message, &o, &f);
    if (fr.type == BGP_NOTIFICATION) assert_true(bgp_notification_decode(fr.message, &n));
    if (fr.type == BGP_ROUTE_REFRESH) (void)!bgp_refresh_decode(fr.message, &q, &f);
    struct bgp_update *u = fr.type == BGP_UPDATE ? bgp_update_decode(fr.message, &r, &a, &f) : NULL;
    for (size_t i = 0; u && i < u->announced_n; i++) {
        struct cursor c = cursor_of(u->announced[i].bytes);
        struct prefix p;
        uint32_t id;
        size_t count = 0;
        while (bgp_nlri_next(&c, &u->announced[i], &p, &id)) count++;
        assert_int_equal(count, u->announced[i].count);
        assert_false(c.bad);
    }
    arena_drop(&a);
}

static void cuts_and_bits(const uint8_t *b, size_t n, bool as4)
{
    uint8_t copy[4096];
    for (size_t cut = 0; cut <= n; cut++) {
        memcpy(copy, b, cut);
        if (cut >= 18) copy[16] = (uint8_t)(cut >> 8), copy[17] = (uint8_t)cut;
        decode_any(fenced(copy, cut), as4);
    }
    for (size_t bit = 16 * 8; bit < n * 8; bit++) {
        memcpy(copy, b, n);
        copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        decode_any(fenced(copy, n), as4);
    }
}

static void no_cut_and_no_bit_breaks_a_decoder(void **state)
{
    (void)state;
    uint8_t sample[512];
    struct span m = update(NET, BASE "80 04 04 00 00 00 01 c0 08 04 01 02 03 04 c0 63 01 07 80 0e 1a 00 02 01 10 20 01 0d b8 "
                                     "00 00 00 00 00 00 00 00 00 00 00 01 00 20 20 01 0d b8", NET);
    memcpy(sample, m.p, m.n);
    cuts_and_bits(sample, m.n, true);
    cuts_and_bits(sample, m.n, false);
    m = open_message("04 fd e9 00 5a c0 00 02 01 16 02 14 01 04 00 02 00 01 41 04 00 00 fd ea 40 06 00 78 00 01 01 80");
    memcpy(sample, m.p, m.n);
    cuts_and_bits(sample, m.n, true);
}

static void captured_messages_do_not_break_a_decoder(void **state)
{
    (void)state;
    struct bytes all = shared_read("bgp-vectors/messages/from-pcap.hex");
    size_t count = 0;
    for (char *line = strtok(all.p, "\n"); line; line = strtok(NULL, "\n")) {
        struct message m = {0};
        for (const char *s = line; m.n < sizeof m.b && s[0] && s[1]; s += 2) {
            unsigned v;
            if (sscanf(s, "%2x", &v) != 1 || *s == ' ') break;
            m.b[m.n++] = (uint8_t)v;
        }
        cuts_and_bits(m.b, m.n < 600 ? m.n : 600, true);
        decode_any(fenced(m.b, m.n), true);
        count += m.n > 0;
    }
    assert_true(count > 50);
    free(all.p);
}

static void every_code_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(bgp_notification_name(4, 0), "hold timer expired");
    assert_string_equal(bgp_notification_name(6, 1), "cease: maximum prefixes reached");
    assert_string_equal(bgp_notification_name(6, 99), "cease");
    for (unsigned i = 0; i < 65536; i++) assert_non_null(bgp_notification_name((uint8_t)(i >> 8), (uint8_t)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_has_the_reaction_of_the_table),
        cmocka_unit_test(lengths_beyond_the_message_end_the_session),
        cmocka_unit_test(empty_updates_end_the_rib),
        cmocka_unit_test(two_octet_sessions_get_their_path_back),
        cmocka_unit_test(what_is_encoded_comes_back_equal),
        cmocka_unit_test(each_open_has_its_answer),
        cmocka_unit_test(an_open_survives_the_round_trip),
        cmocka_unit_test(headers_are_judged_as_soon_as_they_are_there),
        cmocka_unit_test(no_cut_and_no_bit_breaks_a_decoder),
        cmocka_unit_test(captured_messages_do_not_break_a_decoder),
        cmocka_unit_test(every_code_has_a_name),
    };
    return cmocka_run_group_tests_name("BGP messages", tests, NULL, NULL);
}
