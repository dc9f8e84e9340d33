/* proto/stamp.h - the session sender of STAMP without sockets and clocks (RFC 8762): probes at a
 * steady rate, and the account of what came back. The caller sends what stamp_sender_probe writes,
 * hands in every answer, and asks when to come again. Loss is counted per sequence number, so an
 * answer that comes late still counts as arrived, and a second copy counts once. Owns its memory: a
 * few bytes a probe until stamp_sender_drop. */
#pragma once
#include "base/instant.h"
#include "wire/stamp.h"

struct stamp_conf {
    uint32_t rate;  /* probes a second, at least 1 */
    uint32_t count; /* 0: until stamp_sender_stop */
    uint8_t dscp;   /* what the caller marks probes with, and asks answers to be marked with */
    uint16_t ssid;
    duration patience; /* how long answers are waited for after the last probe */
};

struct stamp_sender {
    struct stamp_conf conf;
    instant started, last_sent;
    uint32_t sent, answered, duplicates, strange, reordered;
    uint32_t highest_seq; /* answered so far */
    uint64_t jitter_sum_us; /* of the differences between neighbouring answers */
    bool stopped;
    uint8_t *arrived; /* a bit a probe */
    uint32_t *rtt_us; /* of the answers, in order of arrival */
    size_t room;
    struct stamp_class class_; /* of the newest answer that had one */
    struct stamp_location location;
    bool has_class, has_location;
    uint8_t ttl_seen, dscp_back; /* TTL at the reflector; DSCP the newest answer carried */
    uint64_t seen_values, back_values; /* bit set: that DSCP arrived at the reflector, on an answer */
};

void stamp_sender_start(struct stamp_sender *s, const struct stamp_conf *conf, instant now);
void stamp_sender_drop(struct stamp_sender *s);
/* Is a probe due? Then its bytes are written and it counts as sent. */
bool stamp_sender_probe(struct stamp_sender *s, instant now, int64_t wall_us, struct writer *w);
/* `wall_us`: when it arrived; `dscp`: how it was marked. */
void stamp_sender_answer(struct stamp_sender *s, struct span bytes, int64_t wall_us, uint8_t dscp);
void stamp_sender_stop(struct stamp_sender *s); /* no more probes */
bool stamp_sender_done(const struct stamp_sender *s, instant now);
instant stamp_sender_next(const struct stamp_sender *s);

struct stamp_report {
    uint32_t sent, answered, lost, duplicates;
    uint32_t longest_loss; /* consecutive probes */
    int64_t outage_us;     /* the same as time: longest_loss intervals */
    uint32_t rtt_min_us, rtt_median_us, rtt_p99_us, rtt_max_us;
    uint32_t jitter_us; /* mean difference of round trips of neighbouring answers */
    uint32_t reordered; /* answers that came after one to a later probe */
};
void stamp_sender_report(struct stamp_sender *s, struct stamp_report *out);
