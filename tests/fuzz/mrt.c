/* A file of MRT records: each as index of neighbours, as prefix with its paths, and as session record. */
#include "target.h"
#include "wire/mrt.h"

static void index_of(const struct mrt_record *r)
{
    struct cursor c;
    struct span view;
    struct mrt_peer peer;
    uint32_t collector;
    uint16_t n;
    if (!mrt_index_read(r, &c, &collector, &view, &n)) return;
    MUST_HOLD(view.n <= r->body.n);
    while (mrt_index_next(&c, &peer)) MUST_HOLD(peer.address.family == FAMILY_IPV4 || peer.address.family == FAMILY_IPV6);
}

static void prefix_of_table(const struct mrt_record *r)
{
    struct cursor c;
    struct prefix p;
    struct mrt_table_entry e;
    uint16_t n;
    if (!mrt_rib_read(r, &c, &p, &n)) return;
    struct prefix clean = prefix_of(&p.addr, p.len);
    MUST_HOLD(prefix_equal(&clean, &p));
    while (mrt_rib_next(&c, &e)) MUST_HOLD(e.attributes.n <= r->body.n);
}

/* What is read from a BGP4MP record is written back to the same octets, but for the interface. */
static void session(const struct mrt_record *r)
{
    static uint8_t room[MRT_RECORD_MOST + 64];
    struct mrt_session_record s;
    struct writer w = writer_on(room, sizeof room);
    if (!mrt_session_read(r, &s) || r->type != MRT_BGP4MP_ET) return;
    int64_t at = (int64_t)r->time_s * 1000000 + r->time_us;
    if (r->subtype == MRT_STATE_CHANGE_AS4) mrt_state_change(&w, at, &s.session, s.from, s.to);
    else mrt_message(&w, at, &s.session, s.sent, s.as4, s.message);
    MUST_HOLD(!w.bad && writer_len(&w) == MRT_HEADER + 4 + r->body.n);
    struct cursor c = cursor_of(writer_span(&w));
    struct mrt_record again;
    MUST_HOLD(mrt_next(&c, &again) == MRT_GOT && again.subtype == r->subtype && again.time_us == r->time_us);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of(span_of(data, size));
    struct mrt_record r;
    while (mrt_next(&c, &r) == MRT_GOT) {
        index_of(&r);
        prefix_of_table(&r);
        session(&r);
    }
    return 0;
}
