/* sys/fastpath.h - the fast path (bpf/fastpath.bpf.c) in the kernel: its tables as memory of this process,
 * its program on ports. It outlives its maker; a successor finds it through a port and goes on with the
 * tables that hold what only packets know: NAT bindings and counters. Everything concerns the
 * network namespace the calling thread is in. */
#pragma once
#include "base/text.h"
#include "forward/tables.h"

struct bpf_loaded;
struct fastpath;

/* Sizes and constants of a program made of the stages that is open and not yet loaded. `by_address`: it was
 * compiled to read tables by address, which is faster. Kernels that do not take that (an older verifier,
 * a value that is too large) get the one that asks for rows. */
MUST_USE bool fastpath_choose(struct bpf_loaded *l, const struct fast_sizes *z, bool by_address);
/* For tests: programs that are opened from now on ask for rows, as on those kernels. */
void fastpath_ask_for_rows(bool yes);
bool fastpath_by_address(const struct fastpath *f);

/* Loads the program. `port`: an interface that may have an earlier one, whose names, pools, bindings
 * and counters are taken over if their layout and sizes are the same; 0: none. *tables become the kernel's, zeroed but
 * for what was taken over. NULL with `why`. */
struct fastpath *fastpath_open(const struct fast_sizes *z, unsigned port, struct fast_tables *tables,
                               struct text *why);
void fastpath_close(struct fastpath *f); /* what is attached goes on; the tables are gone from our memory */
bool fastpath_took_over(const struct fastpath *f);
int fastpath_table_fd(const struct fastpath *f, int table); /* borrowed */

/* The port's frames go through it from now on, instead of through what was there. */
MUST_USE bool fastpath_attach(struct fastpath *f, unsigned port, struct text *why);
void fastpath_detach(unsigned port);
bool fastpath_attached(unsigned port); /* this or an earlier one */
/* Frames may be redirected to this port. */
MUST_USE bool fastpath_output(struct fastpath *f, unsigned port, struct text *why);
void fastpath_output_remove(struct fastpath *f, unsigned port);

/* Sum over the processors. */
struct fast_count fastpath_count(const struct fastpath *f, uint32_t domain, enum fast_fate fate);
void fastpath_count_clear(struct fastpath *f, uint32_t domain); /* the number is given to another domain */

/* Waits until no packet that began before is under way. */
void fastpath_grace(void);

/* Events of the program. */
int fastpath_events_fd(const struct fastpath *f);
void fastpath_events(struct fastpath *f, void (*seen)(void *ctx, const struct fast_event *e), void *ctx);

/* One frame through the program without a network, as if it came from the loopback interface: XDP's
 * verdict, or -errno. */
enum fastpath_verdict { FASTPATH_DROP = 1, FASTPATH_PASS = 2, FASTPATH_REDIRECT = 4 };
MUST_USE int fastpath_try(const struct fastpath *f, const void *in, size_t n, void *out, size_t *out_n);
