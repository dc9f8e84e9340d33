/* sys/netlink_queues.h - a shaper below an interface (HTB, with a class per queue) by rtnetlink. */
#pragma once
#include "forward/queues.h"
#include "sys/netlink.h"

/* Makes it, or changes rates of the one that is there without losing what waits in it. `mark` tells
 * shapers with other DSCP values apart (1 to 15): another one is made anew. */
MUST_USE bool netlink_queues_set(struct netlink *nl, unsigned index, uint64_t bits, uint32_t mark,
                                 const struct queue q[static QUEUES], struct text *why);
/* Removes ours, and no other. */
void netlink_queues_clear(struct netlink *nl, unsigned index);

struct netlink_queue {
    uint64_t bytes, packets, dropped, waited; /* waited: how often it had to */
    uint32_t backlog;                         /* bytes, now */
};
/* False: there is no shaper of ours. */
MUST_USE bool netlink_queues_read(struct netlink *nl, unsigned index, struct netlink_queue out[static QUEUES]);
