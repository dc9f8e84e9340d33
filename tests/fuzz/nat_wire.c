/* A datagram between the edges of a pair: what is accepted is written back and must come out the same, and
 * an engine that gets it keeps its promises. */
#include "proto/nat_sync.h"
#include "target.h"

static void apply(void *ctx, const struct nat_record *r)
{
    (void)ctx;
    MUST_HOLD((r->kind == NAT_MADE || r->kind == NAT_CLOSED) && r->inside.address && r->outside.address);
}
static void flag(void *ctx, bool on) { (void)ctx, (void)on; }
static bool no_row(void *ctx, uint64_t *place, struct nat_record *out)
{
    (void)ctx, (void)place, (void)out;
    return false;
}

static void written_back(const struct nat_datagram *d, struct span bytes)
{
    uint8_t room[NAT_WIRE_DATAGRAM_MAX];
    struct writer w = writer_on(room, sizeof room);
    struct cursor c = cursor_of(d->records);
    struct nat_record r;
    if (d->type == NAT_WIRE_STATE) {
        nat_wire_put_state(&w, d);
    } else {
        size_t at = nat_wire_begin_records(&w, d);
        while (nat_wire_record(&c, &r)) nat_wire_put_record(&w, &r);
        nat_wire_end_records(&w, at, d->count);
    }
    MUST_HOLD(!w.bad && writer_len(&w) == bytes.n && memcmp(room, bytes.p, bytes.n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = span_of(data, size);
    struct nat_datagram d;
    const char *why = NULL;
    uint8_t out[NAT_WIRE_DATAGRAM_MAX];
    bool fine = nat_wire_decode(bytes, &d, &why);
    MUST_HOLD(fine != (why != NULL));
    if (fine) written_back(&d, bytes);
    const struct nat_sync_sink sink = {NULL, apply, flag, flag, flag, no_row};
    struct nat_sync *s = nat_sync_new(&(struct nat_sync_conf){fine ? d.pair : 1, 7, 64}, &sink, (instant){0});
    for (int again = 0; again < 2; again++) {
        nat_sync_input(s, bytes, (instant){again * 1000});
        nat_sync_tick(s, (instant){again * 1000});
        for (int n = 0; n < 8 && nat_sync_output(s, out, sizeof out, (instant){again * 1000}) > 0; n++) continue;
    }
    nat_sync_free(s);
    return 0;
}
