/* proto/nat_sync.c - go-back-N over records, not over datagrams: numbers count records, so what must be
 * sent again is encoded again from the ring, packed as full as it goes, and nothing else is kept. */
#include "proto/nat_sync.h"
#include <stdlib.h>
#include <string.h>

struct nat_sync {
    struct nat_sync_conf conf;
    struct nat_sync_sink sink;
    struct nat_sync_report count;

    /* what we send */
    struct nat_record *ring; /* record n stands at n % room */
    uint64_t acknowledged, sent, reached, made; /* numbers of the stream: taken, handed out now, ever; in the ring */
    uint32_t stream;         /* 0: none */
    uint64_t place;          /* in our table, while it is being read */
    bool reading, begin_due, end_due;
    bool whole;              /* the stream's table began when we had everything */
    instant again;           /* when unacknowledged records are sent once more */
    int64_t again_ms;

    /* what we hear */
    uint32_t epoch, heard_stream; /* of the partner */
    uint64_t wanted;
    bool say_state;
    bool in_table, their_whole;
    bool restored;           /* we have had the partner's table since our start, and with it our flows */
    instant heard, hello;
};

struct nat_sync *nat_sync_new(const struct nat_sync_conf *c, const struct nat_sync_sink *sink, instant now)
{
    struct nat_sync *s = calloc(1, sizeof *s);
    if (!s) abort();
    s->conf = *c;
    if (s->conf.room < 64) s->conf.room = 64;
    s->sink = *sink;
    s->ring = calloc(s->conf.room, sizeof *s->ring);
    if (!s->ring) abort();
    s->hello = now;
    s->again = NEVER;
    s->heard = now;
    return s;
}

void nat_sync_free(struct nat_sync *s)
{
    if (!s) return;
    free(s->ring);
    free(s);
}

/* ---- the stream we send ---- */

static uint64_t room_left(const struct nat_sync *s) { return s->conf.room - (s->made - s->acknowledged); }

static void append(struct nat_sync *s, const struct nat_record *r) { s->ring[s->made++ % s->conf.room] = *r; }

static void stream_end(struct nat_sync *s)
{
    s->stream = 0;
    s->acknowledged = s->sent = s->reached = s->made = 0;
    s->reading = s->begin_due = s->end_due = false;
    s->again = NEVER;
}

/* From the beginning: the whole table, and what happens meanwhile. */
static void stream_begin(struct nat_sync *s)
{
    stream_end(s);
    s->stream = ++s->count.streams;
    s->place = 0;
    s->reading = s->begin_due = true;
    s->whole = s->restored;
    s->again_ms = NAT_SYNC_AGAIN_MS;
}

/* Rows of the table as far as there is room; half of it stays free for what happens now. */
static void read_table(struct nat_sync *s)
{
    struct nat_record r = {.kind = NAT_TABLE_BEGINS, .marks = s->whole ? NAT_TABLE_WHOLE : 0};
    if (s->begin_due && room_left(s) > 0) append(s, &r), s->begin_due = false;
    for (unsigned step = 0; s->reading && step < NAT_SYNC_TABLE_STEP && room_left(s) > s->conf.room / 2; step++) {
        s->reading = s->sink.next(s->sink.ctx, &s->place, &r);
        if (s->reading) append(s, &r);
        else s->end_due = true;
    }
    if (s->end_due && room_left(s) > 0)
        append(s, &(struct nat_record){.kind = NAT_TABLE_ENDS}), s->end_due = false;
}

void nat_sync_note(struct nat_sync *s, const struct nat_record *r)
{
    s->count.noted++;
    if (!s->stream || s->begin_due) return; /* the table will say it */
    if (room_left(s) == 0) {
        s->count.given_up += s->made - s->acknowledged;
        stream_begin(s);
        return;
    }
    append(s, r);
}

static void taken(struct nat_sync *s, const struct nat_datagram *d, instant now)
{
    /* Answers to a stream that was given up are still under way when the new one begins. */
    if (!s->stream || d->heard_epoch != s->conf.epoch || d->heard_stream != s->stream) return;
    if (d->wanted <= s->acknowledged || d->wanted > s->reached) return;
    s->count.acknowledged += d->wanted - s->acknowledged;
    s->acknowledged = d->wanted;
    if (s->sent < s->acknowledged) s->sent = s->acknowledged;
    s->again_ms = NAT_SYNC_AGAIN_MS;
    s->again = s->acknowledged == s->sent ? NEVER : instant_after(now, duration_ms(s->again_ms));
}

/* ---- what the partner says ---- */

static void partner_is(struct nat_sync *s, bool up)
{
    if (s->count.partner_up == up) return;
    s->count.partner_up = up;
    if (up) stream_begin(s);
    else stream_end(s);
    s->sink.partner(s->sink.ctx, up);
}

/* A partner that starts again knows nothing: it gets everything, and is believed only what it names. */
static void meet(struct nat_sync *s, uint32_t epoch)
{
    if (s->epoch == epoch) return;
    bool was_up = s->count.partner_up;
    s->epoch = s->count.partner_epoch = epoch;
    s->heard_stream = 0;
    s->wanted = 0;
    s->in_table = false;
    if (was_up) stream_begin(s);
}

/* Now our table is proof, of flows that are gone as of those that came back: the partner gets it once
 * more, and takes it for the truth. */
static void restored(struct nat_sync *s)
{
    bool first = !s->restored;
    s->restored = true;
    if (first && s->stream) stream_begin(s);
}

static void take_record(struct nat_sync *s, const struct nat_record *r)
{
    switch (r->kind) {
    case NAT_TABLE_BEGINS:
        s->in_table = true;
        s->their_whole = r->marks & NAT_TABLE_WHOLE;
        s->sink.table_begins(s->sink.ctx, s->their_whole);
        return;
    case NAT_TABLE_ENDS:
        s->in_table = false;
        s->sink.table_ends(s->sink.ctx, s->their_whole);
        restored(s);
        return;
    case NAT_MADE:
    case NAT_CLOSED:
        if (s->in_table && s->restored && (r->marks & NAT_MARK_YOURS)) {
            s->count.known_better++;
            return;
        }
        s->count.applied++;
        s->sink.apply(s->sink.ctx, r);
        return;
    case NAT_KINDS: return;
    }
}

/* In order or not at all. The beginning of a newer stream is always welcome. */
static void take_records(struct nat_sync *s, const struct nat_datagram *d)
{
    struct nat_record r;
    s->say_state = true;
    if (d->stream != s->heard_stream && d->first == 0 && d->stream > s->heard_stream) {
        s->heard_stream = d->stream;
        s->wanted = 0;
    }
    if (d->stream != s->heard_stream || d->first > s->wanted) {
        s->count.out_of_order += d->count;
        return;
    }
    struct cursor c = cursor_of(d->records);
    for (uint64_t n = d->first; nat_wire_record(&c, &r); n++) {
        if (n < s->wanted) continue;
        take_record(s, &r);
        s->wanted = n + 1;
    }
}

void nat_sync_input(struct nat_sync *s, struct span bytes, instant now)
{
    struct nat_datagram d;
    const char *why = NULL;
    if (nat_wire_decode(bytes, &d, &why))
        why = d.pair != s->conf.pair ? "of another pair" : d.epoch == s->conf.epoch ? "our own" : NULL;
    if (why) {
        s->count.refused++;
        s->count.refused_why = why;
        return;
    }
    meet(s, d.epoch);
    s->heard = now;
    partner_is(s, true);
    if (d.type == NAT_WIRE_STATE) taken(s, &d, now);
    else take_records(s, &d);
}

/* ---- time ---- */

void nat_sync_tick(struct nat_sync *s, instant now)
{
    if (s->count.partner_up && instant_reached(instant_after(s->heard, duration_ms(NAT_SYNC_SILENCE_MS)), now))
        partner_is(s, false);
    if (instant_reached(s->hello, now)) {
        s->hello = instant_after(now, duration_ms(NAT_SYNC_HELLO_MS));
        s->say_state = true;
    }
    if (instant_reached(s->again, now)) {
        s->count.sent_again += s->sent - s->acknowledged;
        s->sent = s->acknowledged;
        s->again_ms = s->again_ms * 2 > NAT_SYNC_AGAIN_MAX_MS ? NAT_SYNC_AGAIN_MAX_MS : s->again_ms * 2;
        s->again = NEVER;
    }
}

instant nat_sync_next(const struct nat_sync *s)
{
    instant next = instant_first(s->hello, s->again);
    if (s->count.partner_up)
        next = instant_first(next, instant_after(s->heard, duration_ms(NAT_SYNC_SILENCE_MS)));
    return next;
}

/* ---- what goes out ---- */

static size_t put_state(struct nat_sync *s, uint8_t *buf, size_t room)
{
    struct writer w = writer_on(buf, room);
    nat_wire_put_state(&w, &(struct nat_datagram){.pair = s->conf.pair, .epoch = s->conf.epoch,
                                                  .heard_epoch = s->epoch, .heard_stream = s->heard_stream,
                                                  .wanted = s->wanted});
    s->say_state = w.bad;
    return w.bad ? 0 : writer_len(&w);
}

static size_t put_records(struct nat_sync *s, uint8_t *buf, size_t room, instant now)
{
    struct writer w = writer_on(buf, room);
    struct nat_datagram d = {.pair = s->conf.pair, .epoch = s->conf.epoch, .stream = s->stream, .first = s->sent};
    uint16_t n = 0;
    size_t at = nat_wire_begin_records(&w, &d);
    while (s->sent < s->made && n < NAT_WIRE_RECORDS_MAX && writer_room(&w) >= NAT_WIRE_RECORD) {
        nat_wire_put_record(&w, &s->ring[s->sent++ % s->conf.room]);
        n++;
    }
    nat_wire_end_records(&w, at, n);
    if (s->sent > s->reached) s->count.sent += s->sent - s->reached, s->reached = s->sent;
    if (s->again.us == NEVER.us) s->again = instant_after(now, duration_ms(s->again_ms));
    return n ? writer_len(&w) : 0;
}

size_t nat_sync_output(struct nat_sync *s, uint8_t *buf, size_t room, instant now)
{
    if (room > NAT_WIRE_DATAGRAM_MAX) room = NAT_WIRE_DATAGRAM_MAX;
    if (s->say_state) return put_state(s, buf, room);
    if (!s->stream) return 0;
    read_table(s);
    if (s->sent == s->made || s->sent - s->acknowledged >= NAT_SYNC_WINDOW) return 0;
    return put_records(s, buf, room, now);
}

void nat_sync_report(const struct nat_sync *s, struct nat_sync_report *out)
{
    *out = s->count;
    out->waiting = s->made - s->acknowledged;
    out->in_step = s->count.partner_up && s->stream && !s->reading && !s->begin_due && !s->end_due &&
                   out->waiting == 0;
}
