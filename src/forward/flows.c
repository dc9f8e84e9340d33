/* forward/flows.c - see flows.h. A row that is freed becomes a stone to step on (GONE), unless nothing
 * lies behind it: then it and the stones in front of it become free. */
#include "forward/flows.h"
#include <string.h>
#include "forward/twin.h"
#include "forward/stage_nat.h"

enum { ESTABLISHED_S = 7440, TRANSITORY_S = 240, UDP_S = 300, ICMP_S = 60 };

static uint32_t blocks_of(const struct fast_pool *p)
{
    return p->last >= p->first ? (p->last - p->first + 1) * p->blocks_per_address : 0;
}

static struct fast_key key_out(const struct flow *f)
{
    return (struct fast_key){fast_key_head(f->domain, f->proto), f->inside_addr, f->far_addr, f->inside_port, f->far_port};
}

static struct fast_key key_in(const struct flow *f)
{
    return (struct fast_key){fast_key_head(f->domain, f->proto), f->outside_addr, f->far_addr, f->outside_port, f->far_port};
}

/* --- port blocks --- */

struct flow_block flows_block(const struct fast_tables *t, uint32_t block)
{
    const struct fast_pool *p = &t->pools[t->port_blocks[block].pool % FAST_DOMAINS];
    uint32_t n = block - p->blocks_at, per = p->blocks_per_address ? p->blocks_per_address : 1;
    return (struct flow_block){FAST_BE32(p->first + n / per), FAST_BE16(p->port_low + n % per * p->block_ports),
                               p->block_ports};
}

/* The block an outside address and port belong to; false: none of the pool. */
static bool block_for(const struct fast_pool *p, uint32_t addr, uint16_t port, uint32_t *out)
{
    uint32_t a = FAST_BE32(addr), n = FAST_BE16(port);
    if (!blocks_of(p) || a < p->first || a > p->last || n < p->port_low || !p->block_ports) return false;
    n = (n - p->port_low) / p->block_ports;
    if (n >= p->blocks_per_address) return false;
    *out = p->blocks_at + (a - p->first) * p->blocks_per_address + n;
    return true;
}

static void own_block(struct fast_tables *t, uint32_t block, const struct flow *f, uint32_t now)
{
    struct fast_port_block *b = &t->port_blocks[block];
    if (__sync_val_compare_and_swap(&b->state, FAST_FLOW_FREE, FAST_FLOW_BUSY) != FAST_FLOW_FREE) return;
    *b = (struct fast_port_block){.state = FAST_FLOW_BUSY, .domain = f->domain, .host = f->inside_addr, .since = now,
                                  .pool = f->domain};
    __sync_lock_test_and_set(&b->state, FAST_FLOW_USED);
}

/* --- in --- */

enum flows_put flows_put(struct fast_tables *t, const struct flow *f, uint32_t now)
{
    struct twin env = {.tables = t};
    const struct fast_pool *p = &t->pools[f->domain % FAST_DOMAINS];
    struct fast_key out_key = key_out(f), in_key = key_in(f);
    uint32_t block;
    struct fast_flow *known = fast_flow_find(&env, t->config, 0, &out_key, fast_flow_home(t->config, &out_key));
    if (known) {
        if (known->to_addr != f->outside_addr || known->to_port != f->outside_port) return FLOWS_STRAY;
        if (known->seen < now) known->seen = now;
        known->marks |= f->marks;
        return FLOWS_KNOWN;
    }
    if (!block_for(p, f->outside_addr, f->outside_port, &block) || block >= t->port_blocks_n) return FLOWS_STRAY;
    int in = fast_flow_claim(&env, t->config, 1, &in_key);
    if (in < 0) return FLOWS_FULL;
    int out = fast_flow_claim(&env, t->config, 0, &out_key);
    struct fast_flow *i = &t->flows_in[in], *o = &t->flows_out[out < 0 ? 0 : out];
    if (out < 0) {
        __sync_lock_test_and_set(&i->key.head, FAST_FLOW_GONE);
        return FLOWS_FULL;
    }
    own_block(t, block, f, now);
    fast_flow_fill(i, &in_key);
    fast_flow_fill(o, &out_key);
    i->to_addr = f->inside_addr, i->to_port = f->inside_port, i->other = (uint32_t)out;
    o->to_addr = f->outside_addr, o->to_port = f->outside_port, o->other = (uint32_t)in;
    bool theirs = (block - p->blocks_at) % (p->sides ? p->sides : 1) != p->side;
    i->marks = o->marks = (uint8_t)((f->marks & 15) | (theirs ? FAST_FLOW_THEIRS : 0));
    i->seen = o->seen = now;
    t->notes[out].told = now; /* the partner knows it: it said so */
    fast_flow_publish(i, &in_key);
    fast_flow_publish(o, &out_key);
    __sync_fetch_and_add(&t->port_blocks[block].flows, 1);
    return FLOWS_NEW;
}

/* --- out --- */

bool flows_find(struct fast_tables *t, const struct flow *f, uint32_t *row)
{
    struct twin env = {.tables = t};
    struct fast_key key = key_out(f);
    struct fast_flow *known = fast_flow_find(&env, t->config, 0, &key, fast_flow_home(t->config, &key));
    if (known) *row = (uint32_t)(known - t->flows_out);
    return known != NULL;
}

bool flows_is_ours(const struct fast_tables *t, const struct flow *f)
{
    const struct fast_pool *p = &t->pools[f->domain % FAST_DOMAINS];
    uint32_t block;
    return block_for(p, f->outside_addr, f->outside_port, &block) &&
           (block - p->blocks_at) % (p->sides ? p->sides : 1) == p->side;
}

bool flows_read(const struct fast_tables *t, uint32_t row, struct flow *out)
{
    const struct fast_flow *o = &t->flows_out[row];
    if (row >= t->flows_out_n || fast_flow_state(o) != FAST_FLOW_USED || o->other >= t->flows_in_n) return false;
    const struct fast_flow *i = &t->flows_in[o->other];
    const struct fast_key *k = &o->key;
    *out = (struct flow){.domain = fast_key_domain(k), .inside_addr = k->near_addr, .outside_addr = o->to_addr,
                         .far_addr = k->far_addr, .inside_port = k->near_port, .outside_port = o->to_port,
                         .far_port = k->far_port, .proto = (uint8_t)fast_key_proto(k), .marks = o->marks | i->marks};
    return true;
}

uint32_t flows_seen(const struct fast_tables *t, uint32_t row)
{
    const struct fast_flow *o = &t->flows_out[row];
    uint32_t in = o->other < t->flows_in_n ? t->flows_in[o->other].seen : 0;
    return in > o->seen ? in : o->seen;
}

uint32_t flows_patience(const struct fast_tables *t, uint32_t row)
{
    const struct fast_flow *o = &t->flows_out[row];
    uint32_t proto = fast_key_proto(&o->key);
    if (proto == FAST_ICMP) return ICMP_S;
    if (proto != FAST_TCP) return UDP_S;
    uint8_t in = o->other < t->flows_in_n ? t->flows_in[o->other].marks : 0;
    bool ending = (o->marks | in) & (FAST_FLOW_FIN | FAST_FLOW_RST);
    return !ending && o->marks & FAST_FLOW_ACK && in & FAST_FLOW_ACK ? ESTABLISHED_S : TRANSITORY_S;
}

static void free_row(struct fast_flow *rows, uint32_t mask, uint32_t at)
{
    __sync_lock_test_and_set(&rows[at].key.head, FAST_FLOW_GONE);
    if (rows[(at + 1) & mask].key.head != FAST_FLOW_FREE) return;
    for (uint32_t n = 0; n < FAST_FLOW_PROBES && rows[at].key.head == FAST_FLOW_GONE; n++, at = (at - 1) & mask) {
        if (__sync_val_compare_and_swap(&rows[at].key.head, FAST_FLOW_GONE, FAST_FLOW_FREE) != FAST_FLOW_GONE) return;
        if (rows[(at + 1) & mask].key.head == FAST_FLOW_FREE) continue;
        /* somebody moved in behind it meanwhile, and would not be found over a free row */
        (void)__sync_val_compare_and_swap(&rows[at].key.head, FAST_FLOW_FREE, FAST_FLOW_GONE);
        return;
    }
}

bool flows_remove(struct fast_tables *t, uint32_t row, uint32_t *out_block)
{
    struct fast_flow *o = &t->flows_out[row];
    uint32_t block;
    bool blocked = block_for(&t->pools[fast_key_domain(&o->key) % FAST_DOMAINS], o->to_addr, o->to_port, &block);
    if (o->other < t->flows_in_n && t->flows_in[o->other].other == row) free_row(t->flows_in, t->flows_in_n - 1, o->other);
    t->notes[row].told = 0;
    free_row(t->flows_out, t->flows_out_n - 1, row);
    if (!blocked || block >= t->port_blocks_n) return false;
    *out_block = block;
    struct fast_port_block *b = &t->port_blocks[block];
    if (b->flows == 0 || __sync_sub_and_fetch(&b->flows, 1) > 0) return false;
    __sync_lock_test_and_set(&b->state, FAST_FLOW_FREE);
    return true;
}

/* --- usage --- */

struct flows_usage flows_usage(const struct fast_tables *t, uint32_t domain)
{
    const struct fast_pool *p = &t->pools[domain % FAST_DOMAINS];
    struct flows_usage u = {.blocks = blocks_of(p)};
    uint32_t sides = p->sides ? p->sides : 1;
    u.ours = u.blocks / sides;
    for (uint32_t n = 0; n < u.blocks && p->blocks_at + n < t->port_blocks_n; n++) {
        const struct fast_port_block *b = &t->port_blocks[p->blocks_at + n];
        u.refused += b->refused;
        if (b->state != FAST_FLOW_USED) continue;
        u.flows += b->flows;
        if (n % sides == p->side) u.used++;
    }
    return u;
}
