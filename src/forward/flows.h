/* forward/flows.h - the daemon's half of NAT: bindings made elsewhere are put in, old ones taken out, in
 * the same tables in which packets look for them (forward/stage_nat.h). The only one who frees rows. Pure. */
#pragma once
#include "base/defs.h"
#include "forward/tables.h"

struct flow { /* addresses and ports as on the wire */
    uint32_t domain, inside_addr, outside_addr, far_addr;
    uint16_t inside_port, outside_port, far_port;
    uint8_t proto, marks; /* marks of both directions together */
};

enum flows_put { FLOWS_NEW, FLOWS_KNOWN, FLOWS_STRAY /* no block of the pool has that port */, FLOWS_FULL };

/* A binding of the partner, or one of ours that the partner kept for us (whose it is follows from the
 * port): it stands in both tables as if it had been seen at `now` (2^30 ns), and the port block becomes its
 * host's. */
enum flows_put flows_put(struct fast_tables *t, const struct flow *f, uint32_t now);

/* The row of a binding with f's inside and far end. */
MUST_USE bool flows_find(struct fast_tables *t, const struct flow *f, uint32_t *row);
bool flows_is_ours(const struct fast_tables *t, const struct flow *f); /* by the pool's arithmetic */

/* The binding in a row of flows_out; false: the row is free, or being written. */
MUST_USE bool flows_read(const struct fast_tables *t, uint32_t row, struct flow *out);
uint32_t flows_seen(const struct fast_tables *t, uint32_t row); /* in either direction, last */
/* Takes it out. True: it was the last one of its port block, which is free now: *out_block. */
bool flows_remove(struct fast_tables *t, uint32_t row, uint32_t *out_block);

/* How long a binding may be silent, in seconds: RFC 5382 and 7857 (TCP), 4787 (UDP), 5508 (ICMP). */
uint32_t flows_patience(const struct fast_tables *t, uint32_t row);

/* First port and address (both as on the wire) of a port block, and how many ports it has. */
struct flow_block {
    uint32_t addr;
    uint16_t port, ports;
};
struct flow_block flows_block(const struct fast_tables *t, uint32_t block);

struct flows_usage {
    uint32_t blocks, ours, used, flows; /* blocks of the pool, those we may give out, of these: used; bindings */
    uint64_t refused;                   /* by hosts' limits */
};
struct flows_usage flows_usage(const struct fast_tables *t, uint32_t domain);
