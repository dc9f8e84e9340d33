/* wire/natsync.c - see natsync.h. */
#include "wire/natsync.h"
#include "base/hash.h"

uint32_t natsync_tag(const char *domain)
{
    static const struct hash_key key = {0x666c6e73, 0x646f6d}; /* fixed: both ends compute it */
    uint64_t h = hash_bytes(&key, domain, strlen(domain));
    return (uint32_t)(h ^ h >> 32);
}

void natsync_put_head(struct writer *w, const struct natsync_head *h)
{
    writer_u32(w, NATSYNC_MAGIC);
    writer_u8(w, NATSYNC_VERSION);
    writer_u8(w, 0);
    writer_u16(w, h->records);
    writer_u64(w, h->epoch);
    writer_u32(w, h->stream);
    writer_u32(w, h->sequence);
    writer_u64(w, h->ack_epoch);
    writer_u32(w, h->ack_stream);
    writer_u32(w, h->ack);
}

void natsync_put_record(struct writer *w, const struct natsync_record *r)
{
    writer_u8(w, (uint8_t)r->op);
    writer_u8(w, r->proto);
    writer_u8(w, r->marks);
    writer_u8(w, 0);
    writer_u32(w, r->domain);
    writer_u32(w, r->inside_addr);
    writer_u32(w, r->outside_addr);
    writer_u32(w, r->far_addr);
    writer_u16(w, r->inside_port);
    writer_u16(w, r->outside_port);
    writer_u16(w, r->far_port);
    writer_u16(w, r->silent_s);
}

const char *natsync_read_head(struct cursor *c, struct natsync_head *out)
{
    if (cursor_u32(c) != NATSYNC_MAGIC) return "is no NAT synchronisation";
    if (cursor_u8(c) != NATSYNC_VERSION) return "has another version";
    if (cursor_u8(c) != 0) return "has unknown flags";
    out->records = cursor_u16(c);
    out->epoch = cursor_u64(c);
    out->stream = cursor_u32(c);
    out->sequence = cursor_u32(c);
    out->ack_epoch = cursor_u64(c);
    out->ack_stream = cursor_u32(c);
    out->ack = cursor_u32(c);
    if (c->bad) return "is too short";
    if (out->records > NATSYNC_RECORDS_MAX || cursor_left(c) != (size_t)out->records * NATSYNC_RECORD)
        return "has another length than its records";
    if ((out->records > 0) != (out->sequence > 0)) return "has records without a sequence, or the other way round";
    return out->epoch ? NULL : "has no epoch";
}

bool natsync_read_record(struct cursor *c, struct natsync_record *out)
{
    *out = (struct natsync_record){.op = (enum natsync_op)cursor_u8(c), .proto = cursor_u8(c), .marks = cursor_u8(c)};
    uint8_t zero = cursor_u8(c);
    out->domain = cursor_u32(c);
    out->inside_addr = cursor_u32(c);
    out->outside_addr = cursor_u32(c);
    out->far_addr = cursor_u32(c);
    out->inside_port = cursor_u16(c);
    out->outside_port = cursor_u16(c);
    out->far_port = cursor_u16(c);
    out->silent_s = cursor_u16(c);
    bool known = out->op == NATSYNC_PUT || out->op == NATSYNC_GONE;
    return !c->bad && zero == 0 && known && (out->proto == 1 || out->proto == 6 || out->proto == 17);
}
