/* sys/netlink_queues.c - HTB through rtnetlink: root qdisc, one class with the circuit's rate, below it a
 * class for each queue with its own leaf, and u32 filters from the traffic class octet to them. Our
 * shapers are known by their handle. The kernel counts Ethernet frames, so that it lets out slightly
 * less than a policer of IP packets takes: nothing that was shaped is policed away behind. */
#include "sys/netlink_queues.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/if_ether.h>
#include <linux/pkt_sched.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include "sys/netlink_priv.h"

enum {
    HANDLE_OURS = 0xfa10, /* and the mark: the major number of our shapers */
    HANDLE_MASK = 0xfff0,
    HTB_VERSION = 3,
    RATE_TO_QUANTUM = 10,
    QUANTUM = 3000,       /* bytes a class sends in its turn */
    TICK_NS = 64,         /* of the scheduler's clock (PSCHED_SHIFT) */
    MINOR_ROOT = 1,
    MINOR_QUEUES = 0x10,  /* of the first queue */
    LEAF_MAJOR = 0xfb10,
    TOS_SHIFT = 2,
};

static uint32_t handle_of(uint32_t major, uint32_t minor) { return major << 16 | minor; }

static struct nlmsghdr *message(struct netlink *nl, uint16_t type, uint16_t flags, unsigned index, struct tcmsg tc,
                                const char *kind)
{
    struct nlmsghdr *h = netlink_begin(nl, nl->out, type, flags);
    struct tcmsg *m = mnl_nlmsg_put_extra_header(h, sizeof *m);
    *m = tc;
    m->tcm_ifindex = (int)index;
    if (kind) mnl_attr_put_strz(h, TCA_KIND, kind);
    return h;
}

/* --- what is there --- */

static void one_qdisc(struct netlink_dump *d, const struct nlmsghdr *h)
{
    const struct tcmsg *m = mnl_nlmsg_get_payload(h);
    const struct nlattr *at[TCA_OPTIONS + 1];
    if (h->nlmsg_type != RTM_NEWQDISC || (unsigned)m->tcm_ifindex != d->index || m->tcm_parent != TC_H_ROOT) return;
    netlink_attributes(h, sizeof *m, at, ARRAY_LEN(at));
    if (at[TCA_KIND] && strcmp(mnl_attr_get_str(at[TCA_KIND]), "htb") == 0) *(uint32_t *)d->ctx = m->tcm_handle >> 16;
}

/* Major number of our shaper; 0: none. */
static uint32_t ours_at(struct netlink *nl, unsigned index)
{
    uint32_t major = 0;
    struct tcmsg m = {.tcm_ifindex = (int)index};
    struct netlink_dump d = {one_qdisc, NULL, &major, index};
    if (!netlink_dump(nl, RTM_GETQDISC, &m, sizeof m, &d)) return 0;
    return (major & HANDLE_MASK) == HANDLE_OURS ? major : 0;
}

/* --- the tree --- */

static int make_root(struct netlink *nl, unsigned index, uint32_t major)
{
    struct tc_htb_glob init = {.version = HTB_VERSION, .rate2quantum = RATE_TO_QUANTUM,
                               .defcls = MINOR_QUEUES + QUEUE_DEFAULT};
    struct nlmsghdr *h = message(nl, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index,
                                 (struct tcmsg){.tcm_parent = TC_H_ROOT, .tcm_handle = handle_of(major, 0)}, "htb");
    struct nlattr *options = mnl_attr_nest_start(h, TCA_OPTIONS);
    mnl_attr_put(h, TCA_HTB_INIT, sizeof init, &init);
    mnl_attr_nest_end(h, options);
    return netlink_change(nl, h);
}

static void put_rate(struct nlmsghdr *h, uint64_t rate, uint16_t wide, struct tc_ratespec *out)
{
    *out = (struct tc_ratespec){.linklayer = TC_LINKLAYER_ETHERNET, .rate = rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate};
    if (rate > UINT32_MAX) mnl_attr_put_u64(h, wide, rate);
}

static int put_class(struct netlink *nl, unsigned index, uint32_t parent, uint32_t class, uint64_t rate, uint64_t ceiling,
                     uint32_t priority)
{
    struct tc_htb_opt o = {.buffer = (uint32_t)(queue_burst_ns(rate) / TICK_NS),
                           .cbuffer = (uint32_t)(queue_burst_ns(ceiling) / TICK_NS), .quantum = QUANTUM, .prio = priority};
    struct nlmsghdr *h = message(nl, RTM_NEWTCLASS, NLM_F_CREATE, index,
                                 (struct tcmsg){.tcm_parent = parent, .tcm_handle = class}, "htb");
    struct nlattr *options = mnl_attr_nest_start(h, TCA_OPTIONS);
    put_rate(h, rate, TCA_HTB_RATE64, &o.rate);
    put_rate(h, ceiling, TCA_HTB_CEIL64, &o.ceil);
    mnl_attr_put(h, TCA_HTB_PARMS, sizeof o, &o);
    mnl_attr_nest_end(h, options);
    return netlink_change(nl, h);
}

static int put_classes(struct netlink *nl, unsigned index, uint32_t major, uint64_t bits, const struct queue q[static QUEUES])
{
    uint32_t top = handle_of(major, MINOR_ROOT);
    int fault = put_class(nl, index, handle_of(major, 0), top, bits / 8, bits / 8, 0);
    for (uint32_t k = 0; k < QUEUES && !fault; k++)
        fault = put_class(nl, index, top, handle_of(major, MINOR_QUEUES + k), q[k].rate, q[k].ceiling, k);
    return fault;
}

/* fq_codel keeps the delay of what may wait low; a kernel without it gets a queue limited in bytes. One
 * that is there gets new limits and keeps what waits. */
static int put_leaf(struct netlink *nl, unsigned index, uint32_t major, uint32_t k, const struct queue *q)
{
    struct tcmsg at = {.tcm_parent = handle_of(major, MINOR_QUEUES + k), .tcm_handle = handle_of(LEAF_MAJOR + k, 0)};
    struct tc_fifo_qopt limit = {.limit = q->backlog};
    struct nlmsghdr *h;
    if (q->managed && netlink_change(nl, message(nl, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index, at, "fq_codel")) == 0)
        return 0;
    h = message(nl, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index, at, "bfifo");
    mnl_attr_put(h, TCA_OPTIONS, sizeof limit, &limit);
    return netlink_change(nl, h);
}

/* The first word of either header; a key matches the DSCP in it. */
static int make_filter(struct netlink *nl, unsigned index, uint32_t major, uint32_t k, unsigned dscp, bool six)
{
    struct tc_u32_sel selector = {.flags = TC_U32_TERMINAL, .nkeys = 1};
    struct tc_u32_key key;
    uint8_t match[sizeof selector + sizeof key]; /* the kernel's structure ends with its keys */
    unsigned shift = (six ? 20 : 16) + TOS_SHIFT; /* of the DSCP in that word */
    uint32_t order = six ? 2 : 1;
    struct nlmsghdr *h = message(nl, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, index,
                                 (struct tcmsg){.tcm_parent = handle_of(major, 0),
                                                .tcm_info = order << 16 | htons(six ? ETH_P_IPV6 : ETH_P_IP)}, "u32");
    struct nlattr *options = mnl_attr_nest_start(h, TCA_OPTIONS);
    key = (struct tc_u32_key){.mask = htonl(63u << shift), .val = htonl((uint32_t)dscp << shift)};
    memcpy(match, &selector, sizeof selector);
    memcpy(match + sizeof selector, &key, sizeof key);
    mnl_attr_put_u32(h, TCA_U32_CLASSID, handle_of(major, MINOR_QUEUES + k));
    mnl_attr_put(h, TCA_U32_SEL, sizeof match, match);
    mnl_attr_nest_end(h, options);
    return netlink_change(nl, h);
}

static int make_filters(struct netlink *nl, unsigned index, uint32_t major, const struct queue q[static QUEUES])
{
    int fault = 0;
    for (uint32_t k = 0; k < QUEUES; k++)
        for (unsigned dscp = 0; dscp < 64 && !fault; dscp++) {
            if (!(q[k].dscp >> dscp & 1)) continue;
            fault = make_filter(nl, index, major, k, dscp, false);
            if (!fault) fault = make_filter(nl, index, major, k, dscp, true);
        }
    return fault;
}

static int remove_root(struct netlink *nl, unsigned index, uint32_t major)
{
    return netlink_change(nl, message(nl, RTM_DELQDISC, 0, index,
                                      (struct tcmsg){.tcm_parent = TC_H_ROOT, .tcm_handle = handle_of(major, 0)}, NULL));
}

bool netlink_queues_set(struct netlink *nl, unsigned index, uint64_t bits, uint32_t mark, const struct queue q[static QUEUES],
                        struct text *why)
{
    uint32_t major = HANDLE_OURS + mark, there = ours_at(nl, index);
    int fault = 0;
    if (there && there != major) remove_root(nl, index, there);
    bool fresh = there != major;
    if (fresh) fault = make_root(nl, index, major);
    if (!fault) fault = put_classes(nl, index, major, bits, q);
    for (uint32_t k = 0; k < QUEUES && !fault; k++) fault = put_leaf(nl, index, major, k, &q[k]);
    if (!fault && fresh) fault = make_filters(nl, index, major, q);
    if (fault) remove_root(nl, index, major); /* half a shaper would be worse than none */
    return netlink_said(fault, why, "make", "the circuit's queues (HTB)");
}

void netlink_queues_clear(struct netlink *nl, unsigned index)
{
    uint32_t there = ours_at(nl, index);
    if (there) remove_root(nl, index, there);
}

/* --- counters --- */

struct reading {
    struct netlink_queue *out;
    bool any;
};

static void read_stats(const struct nlattr *nest, struct netlink_queue *q)
{
    const struct nlattr *a = mnl_attr_get_payload(nest);
    for (int left = mnl_attr_get_payload_len(nest); mnl_attr_ok(a, left); left -= MNL_ALIGN(a->nla_len), a = mnl_attr_next(a)) {
        size_t n = mnl_attr_get_payload_len(a);
        if (mnl_attr_get_type(a) == TCA_STATS_BASIC && n >= sizeof(uint64_t) + sizeof(uint32_t)) {
            uint32_t packets;
            memcpy(&q->bytes, mnl_attr_get_payload(a), sizeof q->bytes);
            memcpy(&packets, (const char *)mnl_attr_get_payload(a) + sizeof q->bytes, sizeof packets);
            q->packets = packets;
        }
        if (mnl_attr_get_type(a) == TCA_STATS_QUEUE && n >= sizeof(struct gnet_stats_queue)) {
            struct gnet_stats_queue s;
            memcpy(&s, mnl_attr_get_payload(a), sizeof s);
            q->dropped = s.drops, q->waited = s.overlimits, q->backlog = s.backlog;
        }
    }
}

static void one_class(struct netlink_dump *d, const struct nlmsghdr *h)
{
    struct reading *r = d->ctx;
    const struct tcmsg *m = mnl_nlmsg_get_payload(h);
    const struct nlattr *at[TCA_STATS2 + 1];
    uint32_t minor = m->tcm_handle & 0xffff;
    if (h->nlmsg_type != RTM_NEWTCLASS || (m->tcm_handle >> 16 & HANDLE_MASK) != HANDLE_OURS) return;
    if (minor < MINOR_QUEUES || minor >= MINOR_QUEUES + QUEUES) return;
    netlink_attributes(h, sizeof *m, at, ARRAY_LEN(at));
    if (at[TCA_STATS2]) read_stats(at[TCA_STATS2], &r->out[minor - MINOR_QUEUES]);
    r->any = true;
}

bool netlink_queues_read(struct netlink *nl, unsigned index, struct netlink_queue out[static QUEUES])
{
    struct reading r = {out, false};
    struct tcmsg m = {.tcm_ifindex = (int)index};
    struct netlink_dump d = {one_class, NULL, &r, index};
    memset(out, 0, QUEUES * sizeof *out);
    return netlink_dump(nl, RTM_GETTCLASS, &m, sizeof m, &d) && r.any;
}
