/* STAMP, both sides: a reflector answers the bytes, a sender reads them as an answer. */
#include "target.h"
#include "wire/stamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t room[2048], dscp = 0;
    struct stamp_answer answer;
    struct stamp_seen seen = {.received_us = 1700000000000000, .ttl = 64, .dscp = 46,
                              .location = {.source = addr_v4(1), .destination = addr_v4(2)}};
    struct writer w = writer_on(room, sizeof room);
    (void)!stamp_answer_decode(span_of(data, size), &answer);
    if (stamp_reflect(span_of(data, size), &seen, seen.received_us + 5, &w, &dscp) != STAMP_FINE) return 0;
    MUST_HOLD(!w.bad && writer_len(&w) == size && dscp < 64);
    MUST_HOLD(stamp_answer_decode(writer_span(&w), &answer) != STAMP_TOO_SHORT);
    return 0;
}
