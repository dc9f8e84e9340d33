/* sys/tagmux.h - the tag multiplexer (bpf/tagmux.bpf.c): frames move between interfaces by port and
 * tags, without VLAN devices. One multiplexer is one set of mappings shared by the ports it is
 * attached to; all of them are interfaces of the namespace the caller is in. It outlives its maker
 * and is found again through a port (tagmux_find). */
#pragma once
#include "base/text.h"
#include "net/tags.h"

struct tagmux;

struct tagmux_to {
    unsigned ifindex;   /* where the frame leaves */
    struct tags tags;   /* with these; {0,0} none, {0,c} one, {s,c} two */
    uint16_t ethertype; /* of the outer of two tags; 0: 0x8100 */
};

/* NULL with `why`. */
struct tagmux *tagmux_open(struct text *why);
struct tagmux *tagmux_find(unsigned ifindex, struct text *why);
void tagmux_close(struct tagmux *m); /* ports and mappings stay as they are */

/* The port's frames go through this multiplexer from now on. */
MUST_USE bool tagmux_attach(struct tagmux *m, unsigned ifindex, struct text *why);
void tagmux_detach(unsigned ifindex);

/* Frames that arrive on `ifindex` with `tags`. Setting one that exists replaces it. */
MUST_USE bool tagmux_set(struct tagmux *m, unsigned ifindex, struct tags tags,
                         const struct tagmux_to *to, struct text *why);
void tagmux_clear(struct tagmux *m, unsigned ifindex, struct tags tags);

struct tagmux_count {
    uint64_t packets, bytes;
};
bool tagmux_counted(const struct tagmux *m, unsigned ifindex, struct tags tags,
                    struct tagmux_count *out);

/* Every mapping there is; they may be cleared while walking. */
void tagmux_each(const struct tagmux *m,
                 void (*seen)(void *ctx, unsigned ifindex, struct tags tags, unsigned to), void *ctx);

/* Tags that arrived and belong to nobody. */
void tagmux_each_unknown(const struct tagmux *m,
                         void (*seen)(void *ctx, unsigned ifindex, struct tags tags,
                                      uint64_t packets),
                         void *ctx);
