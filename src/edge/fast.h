/* edge/fast.h - the fast path in front of the namespaces: an intent's attachments and what the kernels of
 * the domains forward by, written into the tables of forward/abi.h. The kernel stays the source of truth:
 * its routes and neighbours are followed, never guessed. A new configuration is written beside the one in
 * force and both change places in one word. Whatever cannot be done leaves a correct, slower router. */
#pragma once
#include "base/instant.h"
#include "base/text.h"
#include "edge/natsync.h"
#include "intent/intent.h"
#include "sys/netlink.h"

struct fast;
struct fast *fast_new(struct natsync *natsync); /* which stays the caller's, and speaks to the NAT partner */
/* Closes our side; what is attached goes on forwarding. */
void fast_free(struct fast *f);

/* One round: begin, then a domain, then its attachments, ..., commit. */
struct fast_want {
    const struct intent_domain *domain;
    const struct intent_attachment *attachment;
    unsigned port;                   /* interface in the router's namespace */
    const struct netlink_link *inside; /* the attachment's end in the domain's namespace */
};
void fast_begin(struct fast *f, const struct intent *i);
void fast_domain(struct fast *f, const struct intent_domain *d, int ns); /* descriptor stays the caller's */
void fast_attachment(struct fast *f, const struct fast_want *w);
/* False with `why` if the fast path does not work, or not for all; frames then take the slow one. */
MUST_USE bool fast_commit(struct fast *f, struct text *why);
/* Detaches from all ports; nothing of it is left in the kernel. */
void fast_remove(struct fast *f);

/* Readable when routes, neighbours or bindings changed; then fast_ready. */
int fast_fd(const struct fast *f);
void fast_ready(struct fast *f);
void fast_tick(struct fast *f, instant now); /* at least once a second */
/* What ports can do changed since the commit: it is time for another round. */
bool fast_disturbed(struct fast *f);

/* Rows `,{"where","reason","packets"}` of frames that were dropped. */
void fast_show_drops(const struct fast *f, struct text *out);
/* `{"domains":[...],"ports":[...]}`: counters by fate, table sizes, ports. */
void fast_show(const struct fast *f, struct text *out);
/* Pools with their use and forecast, and the partner. */
void fast_show_nat(const struct fast *f, struct text *out);
/* Rows of what the policers of an attachment let through and dropped, by class, in octets; the kernel's own
 * counters see nothing of it. Their sums; no rows without a rate. */
struct fast_bytes { uint64_t rx, tx; };
struct fast_bytes fast_show_classes(const struct fast *f, const char *domain, const char *attachment, struct text *out);
/* A DSCP view: classes, policers with their counters; the object is left open. */
void fast_show_qos(const struct fast *f, struct text *out);
