/* proto/bgp_stream.c - the byte side of a session: effects, the queue of control messages, and
 * messages out of a stream cut anywhere (RB-017). Owns the partial message of a connection. */
#include "proto/bgp_session_priv.h"
#include <stdlib.h>
#include <string.h>

void bgp_effects_init(struct bgp_effects *fx, size_t ceiling)
{
    *fx = (struct bgp_effects){0};
    arena_init(&fx->arena, ceiling);
}

void bgp_effects_clear(struct bgp_effects *fx)
{
    arena_rewind(&fx->arena, (struct arena_mark){0});
    fx->n = 0;
}

void bgp_effects_drop(struct bgp_effects *fx)
{
    arena_drop(&fx->arena);
    free(fx->list);
    fx->list = NULL;
    fx->n = fx->room = 0;
}

struct bgp_effect *fx_add(struct bgp_effects *fx, enum bgp_effect_kind kind, enum bgp_conn conn)
{
    if (fx->n == fx->room) {
        fx->room = fx->room ? fx->room * 2 : 16;
        fx->list = realloc(fx->list, fx->room * sizeof *fx->list);
        if (!fx->list) abort();
    }
    struct bgp_effect *e = &fx->list[fx->n++];
    *e = (struct bgp_effect){.kind = kind, .conn = conn};
    return e;
}

void conn_queue(struct bgp_session *s, enum bgp_conn conn, struct span message, size_t reserve,
                struct bgp_effects *fx)
{
    struct connection *c = &s->conns[conn];
    if (c->out_n + message.n + reserve > sizeof c->out) return;
    memcpy(c->out + c->out_n, message.p, message.n);
    c->out_n += message.n;
    s->counts.messages_out++;
    fx_add(fx, BGP_FX_WRITE, conn);
}

size_t bgp_pull(struct bgp_session *s, enum bgp_conn conn, uint8_t *buf, size_t room)
{
    struct connection *c = &s->conns[conn];
    size_t n = c->out_n < room ? c->out_n : room;
    memcpy(buf, c->out, n);
    memmove(c->out, c->out + n, c->out_n - n);
    c->out_n -= n;
    return n;
}

static void keep(struct connection *c, struct cursor *in, size_t n)
{
    if (c->in_room < c->in_n + n) {
        c->in_room = c->in_n + n > BGP_MESSAGE_MAX ? BGP_MESSAGE_EXTENDED_MAX : BGP_MESSAGE_MAX;
        c->in = realloc(c->in, c->in_room);
        if (!c->in) abort();
    }
    memcpy(c->in + c->in_n, in->p, n);
    cursor_take(in, n);
    c->in_n += n;
}

/* How many octets the message begun in c->in still lacks: first of the header, then of the rest. */
static size_t lacking(const struct connection *c)
{
    if (c->in_n < BGP_HEADER) return BGP_HEADER - c->in_n;
    return ((size_t)c->in[16] << 8 | c->in[17]) - c->in_n;
}

static enum bgp_frame_result next_from_pieces(struct connection *c, struct cursor *in,
                                              struct bgp_frame *out, struct bgp_fault *fault)
{
    enum bgp_frame_result got = BGP_FRAME_MORE;
    while (got == BGP_FRAME_MORE && cursor_left(in)) {
        size_t n = lacking(c), there = cursor_left(in);
        keep(c, in, n < there ? n : there);
        got = bgp_frame_next(span_of(c->in, c->in_n), c->message_max, out, fault);
    }
    return got;
}

enum bgp_frame_result conn_next(struct connection *c, struct cursor *in, struct arena *arena,
                                struct bgp_frame *out, struct bgp_fault *fault)
{
    if (c->in_n == 0) {
        struct span all = span_of(in->p, cursor_left(in));
        enum bgp_frame_result got = bgp_frame_next(all, c->message_max, out, fault);
        if (got == BGP_FRAME_WHOLE) cursor_take(in, out->message.n);
        if (got == BGP_FRAME_MORE && all.n) keep(c, in, all.n);
        return got;
    }
    enum bgp_frame_result got = next_from_pieces(c, in, out, fault);
    if (got != BGP_FRAME_WHOLE) return got;
    out->message.p = arena_copy(arena, c->in, c->in_n);
    c->in_n = 0;
    if (out->message.p) return got;
    *fault = (struct bgp_fault){.code = 6, .subcode = 8, .what = "no memory for a message"};
    return BGP_FRAME_BAD;
}
