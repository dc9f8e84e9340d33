/* sys/fib_follow.h - what the kernel of a network namespace forwards by, as it changes: routes of its main
 * and local tables and neighbours (rtnetlink). The kernel is the source of truth; whoever follows keeps a
 * copy. Belongs to the namespace it was opened in. */
#pragma once
#include "base/text.h"
#include "net/prefix.h"

enum { FIB_HOPS_MAX = 8 };
enum fib_kind { FIB_VIA, FIB_LOCAL, FIB_DISCARD, FIB_REFUSE };

struct fib_route {
    struct prefix prefix;
    bool gone;
    enum fib_kind kind;
    uint32_t rank;     /* the lowest wins; the same prefix and rank is the same route */
    uint8_t hops_n;
    struct {
        struct addr via; /* none: the subnet itself */
        unsigned ifindex;
    } hops[FIB_HOPS_MAX];
};

struct fib_neighbour {
    unsigned ifindex;
    struct addr addr;
    uint8_t mac[6];
    bool usable;       /* the address is known */
    bool idle;         /* known, but not confirmed for a while */
};

struct fib_sink {
    void *ctx;
    void (*route)(void *ctx, const struct fib_route *r);
    void (*neighbour)(void *ctx, const struct fib_neighbour *n);
};

struct fib_follow;
struct fib_follow *fib_follow_open(struct text *why); /* NULL with `why` */
void fib_follow_close(struct fib_follow *f);
int fib_follow_fd(const struct fib_follow *f); /* readable: something changed */

/* Changes there are. False: some were lost, only fib_follow_all tells the truth again. */
MUST_USE bool fib_follow_changes(struct fib_follow *f, const struct fib_sink *to);
/* Everything there is, with the changes that come meanwhile in their place. False: could not be read. */
MUST_USE bool fib_follow_all(struct fib_follow *f, const struct fib_sink *to);
/* Asks the kernel to see whether a neighbour is still there; the answer comes as a change. */
void fib_follow_probe(struct fib_follow *f, const struct fib_neighbour *n);
/* The same for one it does not know, so that the first packets need not wait for it. */
void fib_follow_resolve(struct fib_follow *f, const struct fib_neighbour *n);
