#include "check.h"
#include "wire/stamp.h"

enum { BUF = 600 };
static const int64_t noon = 1700000000123457;

static struct stamp_seen seen_at(int64_t us)
{
    struct stamp_seen s = {.received_us = us, .ttl = 250, .dscp = 46, .ecn = 1};
    s.location.destination_port = STAMP_PORT;
    s.location.source_port = 40000;
    assert_true(addr_parse("10.20.0.10", &s.location.destination));
    assert_true(addr_parse("10.10.0.10", &s.location.source));
    return s;
}

/* Encodes a probe, reflects it, and returns the answer's length in out. */
static size_t answer_to(const struct stamp_probe *p, const struct stamp_seen *seen,
                        uint8_t out[static BUF], uint8_t *dscp)
{
    uint8_t probe[BUF];
    struct writer w = writer_on(probe, sizeof probe), a = writer_on(out, BUF);
    stamp_probe_encode(&w, p);
    assert_false(w.bad);
    assert_int_equal(stamp_reflect(writer_span(&w), seen, noon + 30, &a, dscp), STAMP_FINE);
    assert_int_equal(writer_len(&a), writer_len(&w)); /* RFC 8762 4.3: symmetrical sizes */
    return writer_len(&a);
}

static void a_plain_probe_has_the_layout_of_the_rfc(void **state)
{
    (void)state;
    uint8_t b[BUF];
    struct writer w = writer_on(b, sizeof b);
    stamp_probe_encode(&w, &(struct stamp_probe){.seq = 7, .sent_us = noon, .ssid = 0x0102});
    assert_int_equal(writer_len(&w), STAMP_BASE_BYTES);
    const uint8_t head[] = {0, 0, 0, 7, 0xe8, 0xfe, 0x6f, 0x80}; /* 1700000000 + 2208988800 */
    assert_memory_equal(b, head, sizeof head);
    assert_int_equal(b[14], 1);
    assert_int_equal(b[15], 2);
}

static void the_answer_carries_times_sequence_and_ttl(void **state)
{
    (void)state;
    uint8_t b[BUF], dscp;
    struct stamp_seen seen = seen_at(noon + 10);
    struct stamp_answer a;
    size_t n =
        answer_to(&(struct stamp_probe){.seq = 7, .sent_us = noon, .ssid = 9}, &seen, b, &dscp);
    assert_int_equal(stamp_answer_decode(span_of(b, n), &a), STAMP_FINE);
    assert_int_equal(a.probe_seq, 7);
    assert_int_equal(a.ssid, 9);
    assert_int_equal(a.probe_ttl, 250);
    assert_true(a.probe_sent_us == noon && a.received_us == noon + 10 && a.sent_us == noon + 30);
    assert_false(a.has_class || a.has_location);
    assert_int_equal(dscp, 46);
}

static void class_and_location_come_back_filled_in(void **state)
{
    (void)state;
    uint8_t b[BUF], dscp;
    char text[ADDR_TEXT_MAX];
    struct stamp_seen seen = seen_at(noon);
    struct stamp_answer a;
    struct stamp_probe p = {
        .wants_class = true, .wants_location = true, .dscp_back = 34, .sent_us = noon};
    size_t n = answer_to(&p, &seen, b, &dscp);
    assert_int_equal(stamp_answer_decode(span_of(b, n), &a), STAMP_FINE);
    assert_true(a.has_class && a.has_location);
    assert_int_equal(dscp, 34);
    assert_int_equal(a.class_.dscp_back, 34);
    assert_int_equal(a.class_.dscp_seen, 46);
    assert_int_equal(a.class_.ecn_seen, 1);
    assert_string_equal(addr_text(&a.location.source, text), "10.10.0.10");
    assert_string_equal(addr_text(&a.location.destination, text), "10.20.0.10");
    assert_int_equal(a.location.source_port, 40000);
}

static void an_unknown_tlv_comes_back_flagged_and_does_not_hide_the_next(void **state)
{
    (void)state;
    uint8_t probe[BUF], b[BUF], dscp;
    struct stamp_seen seen = seen_at(noon);
    struct writer w = writer_on(probe, sizeof probe), out = writer_on(b, sizeof b);
    stamp_probe_encode(&w, &(struct stamp_probe){.sent_us = noon});
    const uint8_t tlvs[] = {0x80, 99, 0, 2, 0xaa, 0xbb, 0x80, 4, 0, 4, 0, 0, 0, 0};
    writer_bytes(&w, tlvs, sizeof tlvs);
    assert_int_equal(stamp_reflect(writer_span(&w), &seen, noon, &out, &dscp), STAMP_FINE);
    const uint8_t kept[] = {0x80, 99, 0, 2, 0xaa, 0xbb, 0, 4};
    assert_memory_equal(b + STAMP_BASE_BYTES, kept, sizeof kept);
    struct stamp_answer a;
    assert_int_equal(stamp_answer_decode(writer_span(&out), &a), STAMP_FINE);
    assert_true(a.has_class);
}

static void a_tlv_longer_than_the_packet_comes_back_as_malformed(void **state)
{
    (void)state;
    uint8_t probe[BUF], b[BUF], dscp;
    struct stamp_seen seen = seen_at(noon);
    struct writer w = writer_on(probe, sizeof probe), out = writer_on(b, sizeof b);
    stamp_probe_encode(&w, &(struct stamp_probe){.sent_us = noon});
    const uint8_t tlv[] = {0x80, 4, 0, 200, 1, 2};
    writer_bytes(&w, tlv, sizeof tlv);
    assert_int_equal(stamp_reflect(writer_span(&w), &seen, noon, &out, &dscp), STAMP_FINE);
    assert_int_equal(writer_len(&out), writer_len(&w));
    assert_int_equal(b[STAMP_BASE_BYTES], 0x40);
}

static void every_shortened_packet_is_refused_or_decoded_without_reading_past_its_end(void **state)
{
    (void)state;
    uint8_t b[BUF], dscp, out[BUF];
    struct stamp_seen seen = seen_at(noon);
    struct stamp_probe p = {.wants_class = true, .wants_location = true, .sent_us = noon};
    size_t n = answer_to(&p, &seen, b, &dscp);
    for (size_t k = 0; k < n; k++) {
        struct stamp_answer a;
        struct writer w = writer_on(out, sizeof out);
        uint8_t *exact = test_malloc(k ? k : 1);
        memcpy(exact, b, k);
        enum stamp_fault f = stamp_answer_decode(span_of(exact, k), &a);
        assert_true((f == STAMP_TOO_SHORT) == (k < STAMP_BASE_BYTES));
        f = stamp_reflect(span_of(exact, k), &seen, noon, &w, &dscp);
        assert_true((f == STAMP_TOO_SHORT) == (k < STAMP_BASE_BYTES));
        if (f == STAMP_FINE) assert_int_equal(writer_len(&w), k);
        test_free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_probe_has_the_layout_of_the_rfc),
        cmocka_unit_test(the_answer_carries_times_sequence_and_ttl),
        cmocka_unit_test(class_and_location_come_back_filled_in),
        cmocka_unit_test(an_unknown_tlv_comes_back_flagged_and_does_not_hide_the_next),
        cmocka_unit_test(a_tlv_longer_than_the_packet_comes_back_as_malformed),
        cmocka_unit_test(every_shortened_packet_is_refused_or_decoded_without_reading_past_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
