/* wire/natsync_seal.c - see natsync_seal.h. */
#include "wire/natsync_seal.h"

void natsync_put_seal(struct writer *w, const struct natsync_seal *s)
{
    writer_u32(w, NATSYNC_SEAL_MAGIC);
    writer_u32(w, (uint32_t)NATSYNC_SEAL_VERSION << 24);
    writer_u32(w, s->key);
    writer_u32(w, s->wish);
    writer_u64(w, s->session);
    writer_u64(w, s->nonce);
    writer_u64(w, s->echo);
    writer_u64(w, s->counter);
}

const char *natsync_read_seal(struct cursor *c, struct natsync_seal *out)
{
    if (cursor_u32(c) != NATSYNC_SEAL_MAGIC) return "is not sealed";
    if (cursor_u32(c) != (uint32_t)NATSYNC_SEAL_VERSION << 24) return "has another version";
    out->key = cursor_u32(c);
    out->wish = cursor_u32(c);
    out->session = cursor_u64(c);
    out->nonce = cursor_u64(c);
    out->echo = cursor_u64(c);
    out->counter = cursor_u64(c);
    if (c->bad) return "is too short";
    return out->session && out->nonce ? NULL : "has no session";
}
