/* proto/nat_sync.c - see nat_sync.h. The window is a ring of datagrams by sequence; the one being filled
 * is the last of them and is closed when it is sent. */
#include "proto/nat_sync.h"
#include <stdlib.h>
#include <string.h>

struct parcel {
    struct natsync_record records[NATSYNC_RECORDS_MAX];
    uint16_t n;
    bool sent;
};

struct nat_sync {
    uint64_t epoch, partner;   /* partner: its epoch; 0: nobody */
    uint32_t stream;           /* ours */
    uint32_t first, last;      /* sequences in the window: first..last, empty if last < first */
    uint32_t cursor;           /* next to be sent */
    uint32_t their_stream, taken; /* of the partner: up to which sequence */
    bool wants_all, owes_ack;
    uint32_t round;
    instant heard, hello_at, again_at;
    struct parcel window[NAT_SYNC_WINDOW], early[NAT_SYNC_WINDOW]; /* early: of the partner, `sent` means there */
    struct nat_sync_counts counts;
};

struct nat_sync *nat_sync_new(uint64_t epoch)
{
    struct nat_sync *s = calloc(1, sizeof *s);
    if (!s) abort();
    s->epoch = epoch;
    s->first = s->cursor = 1;
    s->again_at = NEVER;
    return s;
}

void nat_sync_free(struct nat_sync *s) { free(s); }

static struct parcel *parcel_at(struct nat_sync *s, uint32_t sequence) { return &s->window[sequence % NAT_SYNC_WINDOW]; }
static uint32_t in_window(const struct nat_sync *s) { return s->last + 1 - s->first; }

/* Everything has to be told, from the beginning. */
static void begin_stream(struct nat_sync *s)
{
    s->stream++;
    s->first = s->cursor = 1;
    s->last = 0;
    s->again_at = NEVER;
    s->wants_all = true;
    s->round++;
    s->counts.rounds++;
}

bool nat_sync_partner_up(const struct nat_sync *s) { return s->partner != 0; }
bool nat_sync_wants_all(const struct nat_sync *s) { return s->partner && s->wants_all; }
uint32_t nat_sync_round(const struct nat_sync *s) { return s->round; }
void nat_sync_told_all(struct nat_sync *s) { s->wants_all = false; }
void nat_sync_again(struct nat_sync *s)
{
    if (s->partner) begin_stream(s);
}
struct nat_sync_counts nat_sync_counts(const struct nat_sync *s) { return s->counts; }
size_t nat_sync_unacknowledged(const struct nat_sync *s) { return in_window(s); }

/* The datagram that may still grow, or NULL. */
static const struct parcel *open_parcel(const struct nat_sync *s)
{
    const struct parcel *p = &s->window[s->last % NAT_SYNC_WINDOW];
    return in_window(s) && !p->sent && p->n < NATSYNC_RECORDS_MAX ? p : NULL;
}

size_t nat_sync_room(const struct nat_sync *s)
{
    const struct parcel *p = open_parcel(s);
    return (NAT_SYNC_WINDOW - in_window(s)) * (size_t)NATSYNC_RECORDS_MAX + (p ? (size_t)(NATSYNC_RECORDS_MAX - p->n) : 0);
}

void nat_sync_tell(struct nat_sync *s, const struct natsync_record *r)
{
    if (!s->partner) return;
    if (!open_parcel(s)) {
        if (in_window(s) == NAT_SYNC_WINDOW) {
            begin_stream(s); /* too much to keep: the walk over all bindings has it too */
            return;
        }
        *parcel_at(s, ++s->last) = (struct parcel){0};
    }
    struct parcel *p = parcel_at(s, s->last);
    p->records[p->n++] = *r;
}

/* --- in --- */

static void take_ack(struct nat_sync *s, instant now, const struct natsync_head *h)
{
    if (h->ack_epoch != s->epoch || h->ack_stream != s->stream) return;
    if (h->ack < s->first || h->ack > s->last) return;
    s->first = h->ack + 1;
    if (s->cursor < s->first) s->cursor = s->first;
    s->again_at = s->first < s->cursor ? instant_after(now, duration_ms(NAT_SYNC_AGAIN_MS)) : NEVER;
}

static void hear_stream(struct nat_sync *s, uint32_t stream)
{
    s->their_stream = stream;
    s->taken = 0;
    for (size_t k = 0; k < NAT_SYNC_WINDOW; k++) s->early[k].sent = false;
}

static void meet(struct nat_sync *s, const struct natsync_head *h)
{
    if (h->epoch == s->partner) return;
    s->partner = h->epoch;
    hear_stream(s, 0);
    begin_stream(s);
}

/* Keeps the records until it is their turn. */
static void keep(struct nat_sync *s, const struct natsync_head *h, struct cursor *c)
{
    if (h->stream > s->their_stream) hear_stream(s, h->stream);
    if (h->sequence != s->taken + 1) s->counts.out_of_order++;
    if (h->stream < s->their_stream || h->sequence <= s->taken || h->sequence > s->taken + NAT_SYNC_WINDOW) return;
    struct parcel *p = &s->early[h->sequence % NAT_SYNC_WINDOW];
    if (p->sent) return;
    *p = (struct parcel){.sent = true};
    while (p->n < NATSYNC_RECORDS_MAX && cursor_left(c) && natsync_read_record(c, &p->records[p->n])) p->n++;
}

static void take_kept(struct nat_sync *s, void (*put)(void *ctx, const struct natsync_record *r), void *ctx)
{
    for (struct parcel *p; (p = &s->early[(s->taken + 1) % NAT_SYNC_WINDOW])->sent;) {
        p->sent = false;
        s->taken++;
        for (uint16_t k = 0; k < p->n; k++) put(ctx, &p->records[k]);
        s->counts.records_in += p->n;
    }
}

const char *nat_sync_input(struct nat_sync *s, instant now, struct span datagram,
                           void (*put)(void *ctx, const struct natsync_record *r), void *ctx)
{
    struct cursor c = cursor_of(datagram);
    struct natsync_head h;
    struct natsync_record r;
    const char *why = natsync_read_head(&c, &h);
    s->counts.datagrams_in++;
    if (!why && h.epoch == s->epoch) why = "is our own";
    for (struct cursor check = c; !why && cursor_left(&check);)
        if (!natsync_read_record(&check, &r)) why = "has a record that is none";
    if (why) {
        s->counts.refused++;
        return why;
    }
    s->heard = now;
    meet(s, &h);
    take_ack(s, now, &h);
    if (!h.sequence) return NULL;
    s->owes_ack = true;
    keep(s, &h, &c);
    take_kept(s, put, ctx);
    return NULL;
}

/* --- out --- */

static size_t write_out(struct nat_sync *s, instant now, const struct parcel *p, uint32_t sequence, uint8_t *out)
{
    struct writer w = writer_on(out, NATSYNC_MESSAGE_MAX);
    natsync_put_head(&w, &(struct natsync_head){.records = p ? p->n : 0, .epoch = s->epoch, .stream = s->stream,
                                                .sequence = sequence, .ack_epoch = s->partner,
                                                .ack_stream = s->their_stream, .ack = s->taken});
    for (uint16_t k = 0; p && k < p->n; k++) natsync_put_record(&w, &p->records[k]);
    s->owes_ack = false;
    s->hello_at = instant_after(now, duration_ms(NAT_SYNC_HELLO_MS));
    s->counts.datagrams_out++;
    return writer_len(&w);
}

static void notice_silence(struct nat_sync *s, instant now)
{
    if (!s->partner || !instant_reached(instant_after(s->heard, duration_ms(NAT_SYNC_SILENT_MS)), now)) return;
    s->partner = 0; /* it is met again, and told everything, when it speaks */
    s->last = 0;
    s->first = s->cursor = 1;
    s->wants_all = false;
    s->again_at = NEVER;
}

size_t nat_sync_output(struct nat_sync *s, instant now, uint8_t *out)
{
    notice_silence(s, now);
    if (instant_reached(s->again_at, now)) {
        s->counts.again += s->cursor - s->first;
        s->cursor = s->first;
        s->again_at = NEVER;
    }
    if (s->partner && s->cursor <= s->last) {
        struct parcel *p = parcel_at(s, s->cursor);
        if (!p->sent) s->counts.records_out += p->n;
        p->sent = true;
        if (s->again_at.us == NEVER.us) s->again_at = instant_after(now, duration_ms(NAT_SYNC_AGAIN_MS));
        return write_out(s, now, p, s->cursor++, out);
    }
    if (s->owes_ack || instant_reached(s->hello_at, now)) return write_out(s, now, NULL, 0, out);
    return 0;
}

instant nat_sync_next(const struct nat_sync *s)
{
    if (s->owes_ack || (s->partner && s->cursor <= s->last)) return (instant){0};
    return instant_first(s->hello_at, s->again_at);
}
