/* wire/nat_wire.c - strict both ways: a datagram with one octet too many is refused as one with one too
 * few, and a record that no edge could have made refuses the datagram it came in. */
#include "wire/nat_wire.h"

enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17 };

static bool refuse(const char **why, const char *what)
{
    *why = what;
    return false;
}

static bool decode_state(struct cursor *c, struct nat_datagram *d, const char **why)
{
    d->heard_epoch = cursor_u32(c);
    d->heard_stream = cursor_u32(c);
    d->wanted = cursor_u64(c);
    return (!c->bad && !cursor_left(c)) || refuse(why, "state of a wrong length");
}

static bool decode_records(struct cursor *c, struct nat_datagram *d, const char **why)
{
    struct nat_record r;
    d->stream = cursor_u32(c);
    d->first = cursor_u64(c);
    d->count = cursor_u16(c);
    d->records = cursor_rest(c);
    if (c->bad || d->count == 0 || d->records.n != (size_t)d->count * NAT_WIRE_RECORD)
        return refuse(why, "records of a wrong length");
    if (d->stream == 0 || d->first > UINT64_MAX - d->count) return refuse(why, "records with a wrong number");
    struct cursor all = cursor_of(d->records);
    while (nat_wire_record(&all, &r)) continue;
    return !all.bad || refuse(why, "a record that is none");
}

bool nat_wire_decode(struct span bytes, struct nat_datagram *out, const char **why)
{
    struct cursor c = cursor_of(bytes);
    struct nat_datagram d = {0};
    bool fine = false;
    if (bytes.n > NAT_WIRE_DATAGRAM_MAX) return refuse(why, "longer than any datagram of ours");
    if (cursor_u16(&c) != NAT_WIRE_MAGIC || cursor_u8(&c) != NAT_WIRE_VERSION)
        return refuse(why, "of another protocol or version");
    uint8_t type = cursor_u8(&c);
    d.pair = cursor_u32(&c);
    d.epoch = cursor_u32(&c);
    if (c.bad || d.epoch == 0) return refuse(why, "a broken header");
    if (type == NAT_WIRE_STATE) fine = decode_state(&c, &d, why);
    else if (type == NAT_WIRE_RECORDS) fine = decode_records(&c, &d, why);
    else return refuse(why, "of an unknown type");
    d.type = type == NAT_WIRE_STATE ? NAT_WIRE_STATE : NAT_WIRE_RECORDS;
    if (fine) *out = d;
    return fine;
}

static struct nat_end take_end(struct cursor *c)
{
    struct nat_end e;
    e.address = cursor_u32(c);
    e.port = cursor_u16(c);
    return e;
}

/* A flow has three addresses; ports may be 0 only as ICMP identifiers. */
static bool possible(const struct nat_record *r)
{
    if (r->kind == NAT_TABLE_BEGINS || r->kind == NAT_TABLE_ENDS)
        return !r->proto && r->marks <= (r->kind == NAT_TABLE_BEGINS ? NAT_TABLE_WHOLE : 0) && !r->domain && !r->inside.address && !r->inside.port &&
               !r->outside.address && !r->outside.port && !r->remote.address && !r->remote.port;
    if (r->proto != PROTO_ICMP && r->proto != PROTO_TCP && r->proto != PROTO_UDP) return false;
    if (!r->inside.address || !r->outside.address || !r->remote.address) return false;
    return r->proto == PROTO_ICMP || (r->inside.port && r->outside.port && r->remote.port);
}

bool nat_wire_record(struct cursor *c, struct nat_record *out)
{
    struct nat_record r;
    if (c->bad || cursor_left(c) == 0) return false;
    uint8_t kind = cursor_u8(c);
    r.proto = cursor_u8(c);
    r.marks = cursor_u8(c);
    uint8_t zero = cursor_u8(c);
    r.domain = cursor_u32(c);
    r.inside = take_end(c);
    r.outside = take_end(c);
    r.remote = take_end(c);
    r.kind = (enum nat_kind)kind;
    if (kind >= NAT_KINDS || (r.marks & ~NAT_MARKS_ALL) || zero || !possible(&r)) c->bad = true;
    if (c->bad) return false;
    *out = r;
    return true;
}

static void put_header(struct writer *w, const struct nat_datagram *d, enum nat_wire_type type)
{
    writer_u16(w, NAT_WIRE_MAGIC);
    writer_u8(w, NAT_WIRE_VERSION);
    writer_u8(w, (uint8_t)type);
    writer_u32(w, d->pair);
    writer_u32(w, d->epoch);
}

void nat_wire_put_state(struct writer *w, const struct nat_datagram *d)
{
    put_header(w, d, NAT_WIRE_STATE);
    writer_u32(w, d->heard_epoch);
    writer_u32(w, d->heard_stream);
    writer_u64(w, d->wanted);
}

size_t nat_wire_begin_records(struct writer *w, const struct nat_datagram *d)
{
    put_header(w, d, NAT_WIRE_RECORDS);
    writer_u32(w, d->stream);
    writer_u64(w, d->first);
    size_t at = writer_len(w);
    writer_u16(w, 0);
    return at;
}

static void put_end(struct writer *w, const struct nat_end *e)
{
    writer_u32(w, e->address);
    writer_u16(w, e->port);
}

void nat_wire_put_record(struct writer *w, const struct nat_record *r)
{
    writer_u8(w, (uint8_t)r->kind);
    writer_u8(w, r->proto);
    writer_u8(w, r->marks);
    writer_u8(w, 0);
    writer_u32(w, r->domain);
    put_end(w, &r->inside);
    put_end(w, &r->outside);
    put_end(w, &r->remote);
}

void nat_wire_end_records(struct writer *w, size_t count_at, uint16_t count)
{
    if (w->bad) return;
    w->start[count_at] = (uint8_t)(count >> 8);
    w->start[count_at + 1] = (uint8_t)count;
}
