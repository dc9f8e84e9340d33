/* lab/exchange.c - the mappings of the lab's tag switches.
 * Nothing runs in the exchange: the multiplexer lives in the kernel with the ports it is attached
 * to. */
#include "lab/exchange.h"
#include <net/if.h>
#include <stdio.h>
#include "lab/wiring.h"
#include "sys/netns.h"
#include "sys/tagmux.h"

static const struct {
    const char *customer, *cloud; /* ports of the exchange */
} leg_ports[LAB_LEGS] = {
    [LEG_PRIMARY] = {"ce1", "edge1"},
    [LEG_SECONDARY] = {"ce2", "edge2"},
};

static bool port_index(const char *name, unsigned *out, struct text *why)
{
    *out = if_nametoindex(name);
    if (!*out) text_addf(why, "there is no interface %s", name);
    return *out != 0;
}

/* a's frames with a_tags leave by b with b_tags, and back. */
static bool join(struct tagmux *m, unsigned a, struct tags a_tags, unsigned b, struct tags b_tags,
                 struct text *why)
{
    struct tagmux_to there = {.ifindex = b, .tags = b_tags}, back = {.ifindex = a, .tags = a_tags};
    return tagmux_set(m, a, a_tags, &there, why) && tagmux_set(m, b, b_tags, &back, why);
}

/* --- ce2 --- */

static bool wire_ce2(const struct lab_params *p, struct text *why)
{
    char inside[32];
    unsigned wan, leg;
    snprintf(inside, sizeof inside, "%s-in", lab_ce2_leg_port);
    if (!port_index("wan0", &wan, why) || !port_index(inside, &leg, why)) return false;
    struct tagmux *m = tagmux_open(why);
    bool wired = m && tagmux_attach(m, wan, why) && tagmux_attach(m, leg, why) &&
                 join(m, wan, (struct tags){0, p->vlan}, leg, (struct tags){0, 0}, why);
    tagmux_close(m);
    return wired;
}

/* --- exchange --- */

static bool start(struct text *why)
{
    struct tagmux *m = tagmux_open(why);
    bool fine = m != NULL;
    for (enum lab_leg leg = 0; leg < LAB_LEGS && fine; leg++) {
        unsigned customer, cloud;
        fine = port_index(leg_ports[leg].customer, &customer, why) &&
               port_index(leg_ports[leg].cloud, &cloud, why) && tagmux_attach(m, customer, why) &&
               tagmux_attach(m, cloud, why);
    }
    tagmux_close(m);
    return fine;
}

static bool set_leg(const struct lab_params *p, enum lab_leg leg, uint16_t stag, bool present,
                    struct text *why)
{
    unsigned customer, cloud;
    struct tags outside = {0, p->vlan}, inside = {stag, p->vlan};
    if (!port_index(leg_ports[leg].customer, &customer, why) ||
        !port_index(leg_ports[leg].cloud, &cloud, why))
        return false;
    struct tagmux *m = tagmux_find(customer, why);
    if (!m) return false;
    bool fine = true;
    if (present) {
        fine = join(m, customer, outside, cloud, inside, why);
    } else {
        tagmux_clear(m, customer, outside);
        tagmux_clear(m, cloud, inside);
    }
    tagmux_close(m);
    return fine;
}

/* --- from outside --- */

static bool visit(const struct lab_params *p, enum lab_node_id node, struct netns_visit *v,
                  struct text *why)
{
    char path[NETNS_PATH_MAX];
    return netns_enter(v, wiring_path(p->lab, node, NULL, path), why);
}

bool exchange_wire_ce2(const struct lab_params *p, struct text *why)
{
    struct netns_visit v;
    if (!visit(p, NODE_CE2, &v, why)) return false;
    bool fine = wire_ce2(p, why);
    netns_leave(&v);
    return fine;
}

bool exchange_start(const struct lab_params *p, struct text *why)
{
    struct netns_visit v;
    if (!visit(p, NODE_XCHG, &v, why)) return false;
    bool fine = start(why);
    netns_leave(&v);
    return fine;
}

bool exchange_set_leg(const struct lab_params *p, enum lab_leg leg, uint16_t stag, bool present,
                      struct text *why)
{
    struct netns_visit v;
    if (!visit(p, NODE_XCHG, &v, why)) return false;
    bool fine = set_leg(p, leg, stag, present, why);
    netns_leave(&v);
    return fine;
}

/* --- what it drops --- */

struct foreign {
    unsigned port;
    void (*seen)(void *ctx, struct tags tags, uint64_t packets);
    void *ctx;
};

static void see_unknown(void *ctx, unsigned ifindex, struct tags tags, uint64_t packets)
{
    const struct foreign *f = ctx;
    if (ifindex == f->port) f->seen(f->ctx, tags, packets);
}

void exchange_each_foreign(const struct lab_params *p, enum lab_leg leg,
                           void (*seen)(void *ctx, struct tags tags, uint64_t packets), void *ctx)
{
    struct netns_visit v;
    struct text why = {0};
    if (visit(p, NODE_XCHG, &v, &why)) {
        struct foreign f = {if_nametoindex(leg_ports[leg].customer), seen, ctx};
        struct tagmux *m = f.port ? tagmux_find(f.port, &why) : NULL;
        if (m) tagmux_each_unknown(m, see_unknown, &f);
        tagmux_close(m);
        netns_leave(&v);
    }
    text_drop(&why);
}
