/* proto/stamp.c - the sender's schedule and account.
 * Probe n is due n intervals after the start. A caller that comes late sends what it missed, at
 * most CATCH_UP probes at once; beyond that the schedule moves, so that a stalled machine does not
 * answer with a burst that measures itself. */
#include "proto/stamp.h"
#include <stdlib.h>
#include <string.h>

enum { CATCH_UP = 20, MOST_PROBES = 10000000, FIRST_ROOM = 4096 };

static duration interval(const struct stamp_sender *s)
{
    return (duration){1000000 / s->conf.rate};
}

static instant due(const struct stamp_sender *s)
{
    return instant_after(s->started, (duration){(int64_t)s->sent * 1000000 / s->conf.rate});
}

void stamp_sender_start(struct stamp_sender *s, const struct stamp_conf *conf, instant now)
{
    *s = (struct stamp_sender){.conf = *conf, .started = now, .last_sent = now};
    if (s->conf.rate == 0) s->conf.rate = 1;
}

void stamp_sender_drop(struct stamp_sender *s)
{
    free(s->arrived);
    free(s->rtt_us);
    s->arrived = NULL;
    s->rtt_us = NULL;
    s->room = 0;
}

static void make_room(struct stamp_sender *s)
{
    if (s->sent < s->room) return;
    size_t room = s->room ? s->room * 2 : FIRST_ROOM;
    s->arrived = realloc(s->arrived, room / 8);
    s->rtt_us = realloc(s->rtt_us, room * sizeof *s->rtt_us);
    if (!s->arrived || !s->rtt_us) abort();
    memset(s->arrived + s->room / 8, 0, (room - s->room) / 8);
    s->room = room;
}

static bool finished_sending(const struct stamp_sender *s)
{
    return s->stopped || s->sent == MOST_PROBES || (s->conf.count && s->sent == s->conf.count);
}

bool stamp_sender_probe(struct stamp_sender *s, instant now, int64_t wall_us, struct writer *w)
{
    if (finished_sending(s) || !instant_reached(due(s), now)) return false;
    int64_t behind = instant_since(now, due(s)).us - CATCH_UP * interval(s).us;
    if (behind > 0) s->started = instant_after(s->started, (duration){behind});
    make_room(s);
    stamp_probe_encode(w, &(struct stamp_probe){.seq = s->sent,
                                                .sent_us = wall_us,
                                                .ssid = s->conf.ssid,
                                                .wants_class = true,
                                                .wants_location = true,
                                                .dscp_back = s->conf.dscp});
    s->sent++;
    s->last_sent = now;
    return true;
}

static bool take_bit(struct stamp_sender *s, uint32_t seq)
{
    uint8_t bit = (uint8_t)(1 << seq % 8);
    bool before = s->arrived[seq / 8] & bit;
    s->arrived[seq / 8] |= bit;
    return !before;
}

static bool has_arrived(const struct stamp_sender *s, uint32_t seq)
{
    return s->arrived[seq / 8] & 1 << seq % 8;
}

/* The time the reflector held it does not count. */
static uint32_t round_trip(const struct stamp_answer *a, int64_t wall_us)
{
    int64_t us = (wall_us - a->probe_sent_us) - (a->sent_us - a->received_us);
    return us < 0 ? 0 : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

void stamp_sender_answer(struct stamp_sender *s, struct span bytes, int64_t wall_us, uint8_t dscp)
{
    struct stamp_answer a;
    bool ours = stamp_answer_decode(bytes, &a) != STAMP_TOO_SHORT && a.ssid == s->conf.ssid &&
                a.probe_seq < s->sent;
    if (!ours) {
        s->strange++;
        return;
    }
    if (!take_bit(s, a.probe_seq)) {
        s->duplicates++;
        return;
    }
    uint32_t rtt = round_trip(&a, wall_us);
    if (s->answered) {
        uint32_t before = s->rtt_us[s->answered - 1];
        s->jitter_sum_us += rtt > before ? rtt - before : before - rtt;
        s->reordered += a.probe_seq < s->highest_seq;
    }
    if (a.probe_seq > s->highest_seq) s->highest_seq = a.probe_seq;
    s->rtt_us[s->answered++] = rtt;
    s->ttl_seen = a.probe_ttl;
    s->dscp_back = dscp;
    s->back_values |= 1ULL << (dscp & 63);
    if (a.has_class) s->class_ = a.class_, s->has_class = true, s->seen_values |= 1ULL << (a.class_.dscp_seen & 63);
    if (a.has_location) s->location = a.location, s->has_location = true;
}

void stamp_sender_stop(struct stamp_sender *s) { s->stopped = true; }

bool stamp_sender_done(const struct stamp_sender *s, instant now)
{
    if (!finished_sending(s)) return false;
    return s->answered == s->sent ||
           instant_reached(instant_after(s->last_sent, s->conf.patience), now);
}

instant stamp_sender_next(const struct stamp_sender *s)
{
    return finished_sending(s) ? instant_after(s->last_sent, s->conf.patience) : due(s);
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void stamp_sender_report(struct stamp_sender *s, struct stamp_report *out)
{
    uint32_t run = 0;
    *out = (struct stamp_report){.sent = s->sent,
                                 .answered = s->answered,
                                 .lost = s->sent - s->answered,
                                 .duplicates = s->duplicates,
                                 .reordered = s->reordered};
    for (uint32_t i = 0; i < s->sent; i++) {
        run = has_arrived(s, i) ? 0 : run + 1;
        if (run > out->longest_loss) out->longest_loss = run;
    }
    out->outage_us = (int64_t)out->longest_loss * 1000000 / s->conf.rate;
    if (s->answered == 0) return;
    qsort(s->rtt_us, s->answered, sizeof *s->rtt_us, by_value);
    out->rtt_min_us = s->rtt_us[0];
    out->rtt_median_us = s->rtt_us[s->answered / 2];
    out->rtt_p99_us = s->rtt_us[(uint64_t)s->answered * 99 / 100];
    out->rtt_max_us = s->rtt_us[s->answered - 1];
    if (s->answered > 1) out->jitter_us = (uint32_t)(s->jitter_sum_us / (s->answered - 1));
}
