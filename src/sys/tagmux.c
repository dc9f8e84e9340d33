/* sys/tagmux.c - mappings of the tag multiplexer as map entries. */
#include "sys/tagmux.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bpf/tagmux_bpf.h" /* the compiled program, made while building */
#include "forward/abi.h"
#include "sys/bpf_load.h"

struct tagmux {
    struct bpf_loaded *loaded; /* NULL: found, not made */
    int program, actions, unknown;
};

static struct tagmux *tagmux_new(struct bpf_loaded *loaded, int program, int actions, int unknown)
{
    struct tagmux *m = malloc(sizeof *m);
    if (!m) abort();
    *m = (struct tagmux){loaded, program, actions, unknown};
    return m;
}

struct tagmux *tagmux_open(struct text *why)
{
    struct bpf_loaded *l = bpf_load(tagmux_bpf, sizeof tagmux_bpf, why);
    if (!l) return NULL;
    return tagmux_new(l, bpf_loaded_program(l, "tagmux"), bpf_loaded_map(l, "tagmux_actions"),
                      bpf_loaded_map(l, "tagmux_unknown_tags"));
}

struct tagmux *tagmux_find(unsigned ifindex, struct text *why)
{
    int actions = bpf_ingress_map(ifindex, "tagmux_actions");
    int unknown = bpf_ingress_map(ifindex, "tagmux_unknown_tags");
    int program = bpf_ingress_program(ifindex);
    if (program >= 0 && actions >= 0 && unknown >= 0)
        return tagmux_new(NULL, program, actions, unknown);
    if (program >= 0) close(program);
    if (actions >= 0) close(actions);
    if (unknown >= 0) close(unknown);
    text_addf(why, "interface %u has no tag multiplexer", ifindex);
    return NULL;
}

void tagmux_close(struct tagmux *m)
{
    if (!m) return;
    if (!m->loaded) close(m->program), close(m->actions), close(m->unknown);
    bpf_loaded_drop(m->loaded);
    free(m);
}

bool tagmux_attach(struct tagmux *m, unsigned ifindex, struct text *why)
{
    return bpf_ingress_attach(ifindex, m->program, why);
}

void tagmux_detach(unsigned ifindex) { bpf_ingress_detach(ifindex); }

static struct tagmux_key key_of(unsigned ifindex, struct tags tags)
{
    return (struct tagmux_key){ifindex, tags.s, tags.c};
}

bool tagmux_set(struct tagmux *m, unsigned ifindex, struct tags tags, const struct tagmux_to *to,
                struct text *why)
{
    struct tagmux_key key = key_of(ifindex, tags);
    struct tagmux_action action = {.ifindex = to->ifindex,
                                   .outer = to->tags.s,
                                   .inner = to->tags.c,
                                   .ethertype = to->ethertype ? to->ethertype : ETHERTYPE_CTAG};
    if (bpf_map_put(m->actions, &key, &action)) return true;
    text_addf(why, "cannot map tags %u.%u of interface %u: %s", tags.s, tags.c, ifindex,
              strerror(errno));
    return false;
}

void tagmux_clear(struct tagmux *m, unsigned ifindex, struct tags tags)
{
    struct tagmux_key key = key_of(ifindex, tags);
    bpf_map_remove(m->actions, &key);
}

bool tagmux_counted(const struct tagmux *m, unsigned ifindex, struct tags tags,
                    struct tagmux_count *out)
{
    struct tagmux_key key = key_of(ifindex, tags);
    struct tagmux_action action;
    if (!bpf_map_get(m->actions, &key, &action)) return false;
    *out = (struct tagmux_count){action.packets, action.bytes};
    return true;
}

void tagmux_each(const struct tagmux *m,
                 void (*seen)(void *ctx, unsigned ifindex, struct tags tags, unsigned to), void *ctx)
{
    struct tagmux_key key, next;
    struct tagmux_action a;
    for (bool more = bpf_map_after(m->actions, NULL, &next); more;) {
        key = next;
        more = bpf_map_after(m->actions, &key, &next); /* before it may go */
        if (bpf_map_get(m->actions, &key, &a))
            seen(ctx, key.ifindex, (struct tags){key.outer, key.inner}, a.ifindex);
    }
}

void tagmux_each_unknown(const struct tagmux *m,
                         void (*seen)(void *ctx, unsigned ifindex, struct tags tags,
                                      uint64_t packets),
                         void *ctx)
{
    struct tagmux_key key, next;
    struct tagmux_unknown value;
    for (bool more = bpf_map_after(m->unknown, NULL, &next); more;
         more = bpf_map_after(m->unknown, &key, &next)) {
        key = next;
        if (bpf_map_get(m->unknown, &key, &value))
            seen(ctx, key.ifindex, (struct tags){key.outer, key.inner}, value.packets);
    }
}
