/* MRT records go there and back, and no bytes whatever make the reader read past them. */
#include <stdlib.h>
#include "fence.h"
#include "wire/bgp.h"
#include "wire/mrt.h"

static uint8_t buf[4096];

static struct addr address(const char *s)
{
    struct addr a;
    assert_true(addr_parse(s, &a));
    return a;
}

static struct prefix px(const char *s)
{
    struct prefix p;
    assert_int_equal(prefix_parse(s, &p), PREFIX_FINE);
    return p;
}

static struct mrt_record only_record(const struct writer *w)
{
    struct mrt_record r;
    assert_false(w->bad);
    struct cursor c = cursor_of(fenced(w->start, writer_len(w)));
    assert_int_equal(mrt_next(&c, &r), MRT_GOT);
    assert_int_equal(cursor_left(&c), 0);
    assert_int_equal(mrt_next(&c, &r), MRT_MORE);
    c = cursor_of(fenced(w->start, writer_len(w)));
    assert_int_equal(mrt_next(&c, &r), MRT_GOT);
    return r;
}

static void an_index_of_neighbours_reads_back(void **state)
{
    (void)state;
    struct writer w = writer_on(buf, sizeof buf);
    const struct mrt_peer peers[] = {{0xc0000201, address("192.0.2.1"), 65010},
                                     {7, address("2001:db8::1"), 4200000000}};
    mrt_peer_index(&w, 1000, 0x01020304, "blue", peers, 2);
    struct mrt_record r = only_record(&w);
    struct cursor c;
    struct span view;
    struct mrt_peer got;
    uint32_t collector;
    uint16_t n;
    assert_int_equal(r.time_s, 1000);
    assert_true(mrt_index_read(&r, &c, &collector, &view, &n));
    assert_int_equal(collector, 0x01020304);
    assert_memory_equal(view.p, "blue", 4);
    assert_int_equal(n, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(mrt_index_next(&c, &got));
        assert_int_equal(got.id, peers[i].id);
        assert_int_equal(got.asn, peers[i].asn);
        assert_true(addr_equal(&got.address, &peers[i].address));
    }
    assert_false(mrt_index_next(&c, &got));
    assert_false(c.bad);
}

static void a_prefix_with_its_paths_reads_back(void **state)
{
    (void)state;
    static const uint8_t path[] = {AS_SEQUENCE, 1, 0, 0, 0xfd, 0xf2};
    const struct {
        const char *prefix, *hop;
    } rows[] = {
        {"10.1.0.0/16", "192.0.2.1"}, {"0.0.0.0/0", "192.0.2.1"}, {"2001:db8::/32", "2001:db8::9"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct writer w = writer_on(buf, sizeof buf);
        struct prefix p = px(rows[i].prefix), got;
        struct attrs a = {.has = HAS_ORIGIN | HAS_AS_PATH | HAS_NEXT_HOP | HAS_LOCAL_PREF,
                          .local_pref = 100,
                          .as_path = {path, sizeof path},
                          .next_hop = address(rows[i].hop)};
        struct mrt_rib rib = mrt_rib_begin(&w, 5, 9, &p);
        mrt_rib_entry(&w, &rib, 3, 77, &a);
        mrt_rib_entry(&w, &rib, 4, 78, &a);
        mrt_rib_end(&w, &rib);
        struct mrt_record r = only_record(&w);
        struct cursor c;
        struct mrt_table_entry e;
        uint16_t n;
        assert_true(mrt_rib_read(&r, &c, &got, &n));
        assert_true(prefix_equal(&p, &got));
        assert_int_equal(n, 2);
        assert_true(mrt_rib_next(&c, &e));
        assert_int_equal(e.peer, 3);
        assert_int_equal(e.since_s, 77);
        assert_true(e.attributes.n > sizeof path);
        assert_true(mrt_rib_next(&c, &e));
        assert_false(mrt_rib_next(&c, &e));
        assert_false(c.bad);
    }
}

static void messages_and_state_changes_read_back(void **state)
{
    (void)state;
    static const uint8_t message[] = "nineteen octets 19.";
    const struct mrt_session sessions[] = {
        {65010, 12076, address("192.0.2.1"), address("192.0.2.2")},
        {65010, 12076, address("fd00::1"), address("fd00::2")}};
    for (size_t i = 0; i < 8; i++) {
        bool sent = i & 1, as4 = i & 2;
        const struct mrt_session *s = &sessions[i / 4];
        struct writer w = writer_on(buf, sizeof buf);
        struct mrt_session_record got;
        mrt_message(&w, 12345678, s, sent, as4, span_of(message, 19));
        struct mrt_record r = only_record(&w);
        assert_int_equal(r.time_s, 12);
        assert_int_equal(r.time_us, 345678);
        assert_true(mrt_session_read(&r, &got));
        assert_true(got.sent == sent && got.as4 == as4);
        assert_int_equal(got.session.peer_asn, 65010);
        assert_true(addr_equal(&got.session.local, &s->local));
        assert_int_equal(got.message.n, 19);
        assert_memory_equal(got.message.p, message, 19);
        w = writer_on(buf, sizeof buf);
        mrt_state_change(&w, 12345678, s, 5, 6);
        r = only_record(&w);
        assert_true(mrt_session_read(&r, &got));
        assert_true(got.from == 5 && got.to == 6 && got.message.n == 0);
    }
}

static void what_does_not_fit_is_bad(void **state)
{
    (void)state;
    struct writer w = writer_on(buf, 20);
    struct prefix p = px("10.0.0.0/8");
    struct attrs a = {.next_hop = address("10.0.0.1"), .has = HAS_NEXT_HOP};
    struct mrt_rib r = mrt_rib_begin(&w, 1, 1, &p);
    mrt_rib_entry(&w, &r, 0, 0, &a);
    mrt_rib_end(&w, &r);
    assert_true(w.bad);
}

/* Walks whatever it is given; the fence catches a read too far. */
static void read_all(struct span bytes)
{
    struct cursor c = cursor_of(bytes), in;
    struct mrt_record r;
    while (mrt_next(&c, &r) == MRT_GOT) {
        struct prefix p;
        struct span view;
        uint32_t collector;
        uint16_t n;
        struct mrt_table_entry e;
        struct mrt_peer peer;
        struct mrt_session_record s;
        if (mrt_rib_read(&r, &in, &p, &n))
            while (mrt_rib_next(&in, &e)) assert_true(e.attributes.n <= r.body.n);
        if (mrt_index_read(&r, &in, &collector, &view, &n))
            while (mrt_index_next(&in, &peer)) n--;
        if (mrt_session_read(&r, &s)) assert_true(s.message.n <= r.body.n);
    }
}

static void records_cut_or_mangled_anywhere_are_refused_in_peace(void **state)
{
    (void)state;
    static uint8_t all[2048];
    struct writer w = writer_on(all, sizeof all);
    const struct mrt_peer peers[] = {{1, address("192.0.2.1"), 65010},
                                     {7, address("2001:db8::1"), 4200000000}};
    const struct mrt_session s = {65010, 12076, address("192.0.2.1"), address("192.0.2.2")};
    struct prefix p = px("2001:db8::/32");
    struct attrs a = {.has = HAS_NEXT_HOP, .next_hop = address("2001:db8::1")};
    mrt_peer_index(&w, 1, 1, "view", peers, 2);
    struct mrt_rib rib = mrt_rib_begin(&w, 1, 1, &p);
    mrt_rib_entry(&w, &rib, 1, 1, &a);
    mrt_rib_end(&w, &rib);
    mrt_message(&w, 1, &s, true, false, span_of("0123456789012345678", 19));
    mrt_state_change(&w, 1, &s, 1, 2);
    assert_false(w.bad);
    size_t n = writer_len(&w);
    for (size_t k = 0; k <= n; k++) read_all(fenced(all, k));
    unsigned seed = 0x5eed;
    for (int i = 0; i < 50000; i++) {
        uint8_t copy[2048];
        memcpy(copy, all, n);
        for (int k = 0; k < 3; k++) {
            seed = seed * 1103515245 + 12345;
            copy[seed / 65536 % n] = (uint8_t)(seed >> 8);
        }
        read_all(fenced(copy, n));
    }
    struct mrt_record r;
    static const uint8_t huge[] = {0, 0, 0, 0, 0, 13, 0, 1, 0xff, 0xff, 0xff, 0xff, 0};
    struct cursor c = cursor_of(fenced(huge, sizeof huge));
    assert_int_equal(mrt_next(&c, &r), MRT_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_index_of_neighbours_reads_back),
        cmocka_unit_test(a_prefix_with_its_paths_reads_back),
        cmocka_unit_test(messages_and_state_changes_read_back),
        cmocka_unit_test(what_does_not_fit_is_bad),
        cmocka_unit_test(records_cut_or_mangled_anywhere_are_refused_in_peace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
