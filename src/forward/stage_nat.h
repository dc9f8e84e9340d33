/* forward/stage_nat.h - source NAT between the inside of a domain and its public side. Static one-to-one
 * prefixes are arithmetic; everything else has a binding: an inside host owns a block of ports of a pool
 * address, a flow a port of it, unique for the far end it talks to. The first choice depends on the
 * inside port only, so that a binding made again is usually the same one (RFC 7422). What a NAT cannot
 * carry is dropped by name, never let through untranslated.
 *
 * Bindings live in two tables of rows found by linear probing; claiming a row is one compare-and-swap,
 * releasing it is the daemon's business. Two processors that see a flow's first packets at once may make
 * two bindings; the younger one is never used again and ages. */
#pragma once
#include "forward/stage_output.h"

enum {
    FAST_FLOW_PROBES = 16,
    FAST_BLOCK_PROBES = 8,
    FAST_PORT_STRIDE = 61, /* odd: tries fall on different ports of a block */
    FAST_ECHO_REPLY = 0,
    FAST_UNREACHABLE = 3,
    FAST_ECHO = 8,
    FAST_TIME_EXCEEDED = 11,
    FAST_PARAMETER = 12,
};

struct fast_icmp {
    __u8 type, code;
    __u16 sum, id, sequence;
} FAST_HEADER;
struct fast_tcp {
    __u16 source_port, target_port;
    __u32 sequence, acknowledged;
    __u8 words, flags;
    __u16 window, sum, urgent;
} FAST_HEADER;
struct fast_udp {
    __u16 source_port, target_port, bytes, sum;
} FAST_HEADER;
struct fast_error { /* an ICMP error and the beginning of what it is about */
    struct fast_icmp icmp;
    struct fast_ip4 ip;
    struct fast_l4 l4;
    __u16 id, unused;
} FAST_HEADER;

enum fast_nat_kind { FAST_NAT_NONE, FAST_NAT_STATIC, FAST_NAT_PORTS, FAST_NAT_ECHO, FAST_NAT_ERROR };

struct fast_nat {
    struct fast_key key;
    const struct fast_pool *pool;
    __u32 addr;     /* replaces the target (in) or the source (out) */
    __u32 quoted;   /* FAST_NAT_STATIC: replaces the address in what an ICMP error quotes; 0: none */
    __u32 home;     /* of the key, if the packet has ports */
    __u16 port;
    __u8 kind, in;  /* in: towards the inside */
    __u8 marks;     /* of TCP, to be kept in the binding */
};

/* --- rows --- */

FAST_INLINE struct fast_flow *fast_flow_at(FAST_ENV *env, __u32 in, __u32 row)
{
    return in ? fast_at_flows_in(env, row) : fast_at_flows_out(env, row);
}

/* The head of a row that is in use. */
FAST_INLINE __u32 fast_key_head(__u32 domain, __u32 proto)
{
    return domain << 16 | (proto & 0xff) << 8 | FAST_FLOW_USED;
}
FAST_INLINE __u32 fast_key_proto(const struct fast_key *k) { return k->head >> 8 & 0xff; }
FAST_INLINE __u32 fast_key_domain(const struct fast_key *k) { return k->head >> 16; }
FAST_INLINE __u32 fast_flow_state(const struct fast_flow *f) { return f->key.head & 0xff; }

struct fast_words {
    __u64 w[2];
};
FAST_INLINE struct fast_words fast_key_words(const struct fast_key *k)
{
    struct fast_words x;
    __builtin_memcpy(&x, k, sizeof x);
    return x;
}

FAST_INLINE __u32 fast_flow_home(const struct fast_config *c, const struct fast_key *k)
{
    struct fast_words x = fast_key_words(k);
    return (__u32)fast_mix(x.w[0] ^ c->seed, x.w[1]) & c->flow_mask;
}

/* True only for a row in use. */
FAST_INLINE int fast_flow_is(const struct fast_flow *f, const struct fast_key *k)
{
    struct fast_words a = fast_key_words(&f->key), b = fast_key_words(k);
    return a.w[0] == b.w[0] && a.w[1] == b.w[1];
}

/* The rows behind the first one: which has the key; -1: none. */
FAST_VERIFIED_ONCE int fast_flow_seek(FAST_ENV *env, const struct fast_config *c, __u32 in,
                                      const struct fast_key *k)
{
    __u32 home, row = 0;
    int found = 0;
    FAST_PIN(env); /* or it would not be passed */
    if (!c || !k) return -1;
    home = fast_flow_home(c, k);
    FAST_UNROLL
    for (int i = 1; i < FAST_FLOW_PROBES; i++) {
        __u32 at = (home + (__u32)i) & c->flow_mask;
        const struct fast_flow *f = fast_flow_at(env, in, at);
        if (!f || fast_flow_state(f) == FAST_FLOW_FREE) break;
        if (fast_flow_is(f, k)) {
            found = 1;
            row = at;
            break;
        }
    }
    return found ? (int)row : -1;
}

FAST_INLINE struct fast_flow *fast_flow_find(FAST_ENV *env, const struct fast_config *c, __u32 in,
                                             const struct fast_key *k, __u32 home)
{
    struct fast_flow *f = fast_flow_at(env, in, home);
    int row;
    if (!f) return 0;
    if (fast_flow_is(f, k)) return f;
    if (fast_flow_state(f) == FAST_FLOW_FREE) return 0;
    row = fast_flow_seek(env, c, in, k);
    return row < 0 ? 0 : fast_flow_at(env, in, (__u32)row);
}

/* A row for a new key: its number, or -1: the key is there, its window is full, or somebody was faster. */
FAST_VERIFIED_ONCE int fast_flow_claim(FAST_ENV *env, const struct fast_config *c, __u32 in,
                                       const struct fast_key *k)
{
    __u32 home, row = 0, was = 0;
    struct fast_flow *f;
    int have = 0, twin = 0;
    FAST_PIN(env);
    if (!c || !k) return -1;
    home = fast_flow_home(c, k);
    FAST_UNROLL
    for (int i = 0; i < FAST_FLOW_PROBES; i++) {
        __u32 at = (home + (__u32)i) & c->flow_mask;
        f = fast_flow_at(env, in, at);
        if (!f) break;
        if (fast_flow_is(f, k)) twin = 1;
        if (!have && (f->key.head == FAST_FLOW_FREE || f->key.head == FAST_FLOW_GONE)) {
            have = 1;
            was = f->key.head;
            row = at;
        }
        if (f->key.head == FAST_FLOW_FREE) break;
    }
    if (twin || !have) return -1;
    f = fast_flow_at(env, in, row);
    if (!f || __sync_val_compare_and_swap(&f->key.head, was, FAST_FLOW_BUSY) != was) return -1;
    return (int)row;
}

FAST_INLINE void fast_flow_fill(struct fast_flow *f, const struct fast_key *k)
{
    f->key.near_addr = k->near_addr;
    f->key.far_addr = k->far_addr;
    f->key.near_port = k->near_port;
    f->key.far_port = k->far_port;
    f->marks = 0;
}

/* Its head is what makes a row one in use. */
FAST_INLINE void fast_flow_publish(struct fast_flow *f, const struct fast_key *k)
{
    __sync_lock_test_and_set(&f->key.head, k->head);
}

/* --- port blocks --- */

/* The host's block, or a free one that becomes it; -1: there is none. */
FAST_OUTLINE int fast_block_of(FAST_ENV *env, struct fast_run *r, const struct fast_pool *p, __u32 host)
{
    __u32 addresses = p->last - p->first + 1, sides = p->sides ? p->sides : 1, domain = r->domain;
    __u32 ours = addresses * p->blocks_per_address / sides;
    __u32 start = (__u32)fast_mix(host, domain), free_row = 0;
    int have = 0, row = -1;
    struct fast_port_block *b;
    if (!ours) return -1;
    start %= ours;
    FAST_UNROLL
    for (int i = 0; i < FAST_BLOCK_PROBES; i++) {
        __u32 n = (start + (__u32)i) % ours, at = p->blocks_at + n * sides + p->side;
        b = fast_at_port_blocks(env, at);
        if (!b) break;
        if (b->state == FAST_FLOW_USED && b->host == host && b->domain == domain) {
            row = (int)at;
            break;
        }
        if (!have && b->state == FAST_FLOW_FREE) {
            have = 1;
            free_row = at;
        }
    }
    if (row >= 0 || !have) return row;
    b = fast_at_port_blocks(env, free_row);
    if (!b || __sync_val_compare_and_swap(&b->state, FAST_FLOW_FREE, FAST_FLOW_BUSY) != FAST_FLOW_FREE) return -1;
    b->domain = domain;
    b->host = host;
    b->flows = 0;
    b->since = fast_age_clock(env, r);
    b->pool = r->in->pool;
    __sync_lock_test_and_set(&b->state, FAST_FLOW_USED);
    fast_tell(env, FAST_EVENT_BLOCK, free_row);
    return (int)free_row;
}

/* --- a new binding --- */

struct fast_offer { /* of ports */
    struct fast_key key; /* of the packets that come back; near_port: the one that was free */
    __u32 low, ports;    /* of the block */
    __u32 wanted;        /* the inside port */
};

/* Row of the first port that is free for this far end; -1: none of those tried. */
FAST_VERIFIED_ONCE int fast_offer_ports(FAST_ENV *env, const struct fast_config *c, struct fast_offer *o)
{
    int row = -1;
    FAST_PIN(env);
    if (!c || !o) return -1;
    FAST_UNROLL
    for (__u32 n = 0; n < FAST_PORT_TRIES; n++) {
        if (row >= 0) continue;
        o->key.near_port = FAST_BE16(o->low + (o->wanted + n * FAST_PORT_STRIDE) % o->ports);
        row = fast_flow_claim(env, c, 1, &o->key);
    }
    return row;
}

/* Both rows of x->key, in a port block; x gets the translation. FAST_GO or why not. */
FAST_OUTLINE int fast_bind_in(FAST_ENV *env, struct fast_run *r, struct fast_nat *x, __u32 block)
{
    const struct fast_pool *p = x->pool;
    struct fast_offer o = {.key = x->key, .ports = p->block_ports ? p->block_ports : 1};
    struct fast_flow *in, *out;
    struct fast_port_block *b;
    __u32 n, addr;
    int row, back;
    b = fast_at_port_blocks(env, block);
    if (!b) return FAST_NAT_POOL_FULL;
    if (b->flows >= p->host_limit) {
        b->refused++;
        return FAST_NAT_HOST_LIMIT;
    }
    n = block - p->blocks_at;
    addr = p->blocks_per_address ? n / p->blocks_per_address : 0;
    n -= addr * p->blocks_per_address;
    o.key.near_addr = FAST_BE32(p->first + addr);
    o.low = p->port_low + n * p->block_ports;
    o.wanted = FAST_BE16(x->key.near_port);
    back = fast_offer_ports(env, r->config, &o);
    if (back < 0) return FAST_NAT_TABLE_FULL;
    in = fast_at_flows_in(env, (__u32)back);
    if (!in) return FAST_NAT_TABLE_FULL;
    row = fast_flow_claim(env, r->config, 0, &x->key);
    out = row < 0 ? 0 : fast_at_flows_out(env, (__u32)row);
    if (!out) {
        __sync_lock_test_and_set(&in->key.head, FAST_FLOW_GONE);
        return FAST_NAT_TABLE_FULL;
    }
    fast_flow_fill(in, &o.key);
    fast_flow_fill(out, &x->key);
    in->to_addr = x->key.near_addr;
    in->to_port = x->key.near_port;
    in->other = (__u32)row;
    out->to_addr = o.key.near_addr;
    out->to_port = o.key.near_port;
    out->other = (__u32)back;
    in->seen = out->seen = fast_age_clock(env, r);
    out->marks = (__u8)x->marks;
    x->addr = out->to_addr;
    x->port = out->to_port;
    fast_flow_publish(in, &o.key);
    fast_flow_publish(out, &x->key);
    __sync_fetch_and_add(&b->flows, 1);
    fast_tell(env, FAST_EVENT_FLOW, (__u32)row);
    return FAST_GO;
}

/* The two are called one after the other and not one by the other, because all that call each other share
 * 512 bytes of stack, which older kernels count generously. */
FAST_INLINE int fast_bind(FAST_ENV *env, struct fast_run *r, struct fast_nat *x)
{
    int block = fast_block_of(env, r, x->pool, x->key.near_addr);
    return block < 0 ? FAST_NAT_POOL_FULL : fast_bind_in(env, r, x, (__u32)block);
}

/* --- what a packet is to NAT --- */

FAST_INLINE int fast_in_pool(const struct fast_pool *p, __u32 addr)
{
    __u32 a = FAST_BE32(addr);
    return a >= p->first && a <= p->last;
}

/* The partner of an address of a static pair, and above its 32 bits a one; 0: there is none. */
FAST_VERIFIED_ONCE __u64 fast_static_partner(const struct fast_pool *p, __u32 in, __u32 addr)
{
    __u64 partner = 0;
    if (!p) return 0;
    FAST_UNROLL
    for (__u32 i = 0; i < FAST_POOL_STATICS; i++) {
        const struct fast_static *s = &p->statics[i];
        __u32 from = in ? s->outside : s->inside, to = in ? s->inside : s->outside;
        if (partner || i >= p->statics_n || (addr & s->mask) != from) continue;
        partner = 1ULL << 32 | to | (addr & ~s->mask);
    }
    return partner;
}

/* *out becomes the partner, if there is one. */
FAST_INLINE int fast_static_of(const struct fast_pool *p, __u32 in, __u32 addr, __u32 *out)
{
    __u64 partner = p->statics_n ? fast_static_partner(p, in, addr) : 0;
    if (partner) *out = (__u32)partner;
    return partner != 0;
}

FAST_INLINE int fast_is_inside(const struct fast_pool *p, __u32 addr)
{
    int inside = 0;
    FAST_UNROLL
    for (__u32 i = 0; i < FAST_POOL_INSIDES; i++)
        if (i < p->insides_n && (addr & p->inside_mask[i]) == p->inside[i]) inside = 1;
    return inside;
}

/* The key of a packet with ports. */
FAST_INLINE void fast_key_of_ports(const struct fast_run *r, const struct fast_ip4 *ip, __u32 in, struct fast_key *k)
{
    k->head = fast_key_head(r->domain, r->proto);
    k->near_addr = in ? ip->target : ip->source;
    k->far_addr = in ? ip->source : ip->target;
    k->near_port = in ? r->target_port : r->source_port;
    k->far_port = in ? r->source_port : r->target_port;
}

/* Long before the binding is needed: its key, and a byte written where it should lie. The byte means
 * nothing. But a store does not hold up what follows it, as a load would: the row's cache line is on its
 * way from memory while the route is looked for. */
FAST_INLINE void fast_nat_expect(FAST_ENV *env, const struct fast_run *r, const __u8 *h, const __u8 *end, struct fast_nat *x)
{
    const struct fast_ip4 *ip = (const struct fast_ip4 *)h;
    __u32 in = r->in->flags & FAST_OUTSIDE ? 1 : 0;
    struct fast_flow *f;
    if (!r->in->pool || !r->ports || (const __u8 *)(ip + 1) > end) return;
    fast_key_of_ports(r, ip, in, &x->key);
    x->home = fast_flow_home(r->config, &x->key);
    f = fast_flow_at(env, in, x->home);
    if (f) f->touched = 1;
}

/* An error is about a packet of the other direction: what is near in it is at its other end. */
FAST_INLINE int fast_key_of_error(const struct fast_error *e, const __u8 *end, struct fast_nat *x)
{
    const struct fast_ip4 *ip = &e->ip;
    if ((const __u8 *)(e + 1) > end) return FAST_NAT_PROTOCOL;
    if (ip->version_words != 0x45) return FAST_NAT_PROTOCOL;
    x->kind = FAST_NAT_ERROR;
    x->key.head = fast_key_head(fast_key_domain(&x->key), ip->proto);
    x->key.near_addr = x->in ? ip->source : ip->target;
    x->key.far_addr = x->in ? ip->target : ip->source;
    if (ip->proto == FAST_TCP || ip->proto == FAST_UDP) {
        x->key.near_port = x->in ? e->l4.source_port : e->l4.target_port;
        x->key.far_port = x->in ? e->l4.target_port : e->l4.source_port;
        return FAST_GO;
    }
    if (ip->proto != FAST_ICMP) return FAST_NAT_PROTOCOL;
    x->key.near_port = e->id;
    return FAST_GO;
}

FAST_INLINE int fast_is_error(const struct fast_icmp *c)
{
    return c->type == FAST_UNREACHABLE || c->type == FAST_TIME_EXCEEDED || c->type == FAST_PARAMETER;
}

FAST_INLINE int fast_key_of_icmp(const struct fast_ip4 *ip, const __u8 *end, struct fast_nat *x)
{
    const struct fast_icmp *c = (const struct fast_icmp *)(ip + 1);
    if ((const __u8 *)(c + 1) > end) return FAST_NAT_PROTOCOL;
    if (fast_is_error(c))
        return fast_key_of_error((const struct fast_error *)c, end, x);
    if (c->type != FAST_ECHO && c->type != FAST_ECHO_REPLY) return FAST_NAT_PROTOCOL;
    x->kind = FAST_NAT_ECHO;
    x->key.near_addr = x->in ? ip->target : ip->source;
    x->key.far_addr = x->in ? ip->source : ip->target;
    x->key.near_port = c->id;
    return FAST_GO;
}

FAST_INLINE int fast_nat_key(const struct fast_run *r, const __u8 *h, const __u8 *end, struct fast_nat *x)
{
    const struct fast_ip4 *ip = (const struct fast_ip4 *)h;
    if ((const __u8 *)(ip + 1) > end) return FAST_RUNT;
    if (r->odd) return FAST_NAT_FRAGMENT;
    if (r->ports) {
        x->kind = FAST_NAT_PORTS;
        return FAST_GO;
    }
    x->key.head = fast_key_head(r->domain, r->proto);
    return r->proto == FAST_ICMP ? fast_key_of_icmp(ip, end, x) : FAST_NAT_PROTOCOL;
}

FAST_INLINE void fast_flow_saw(FAST_ENV *env, struct fast_run *r, struct fast_flow *f, __u32 marks)
{
    __u32 now = fast_age_clock(env, r);
    if (f->seen != now) f->seen = now;
    if (marks & ~(__u32)f->marks) f->marks |= (__u8)marks;
}

FAST_INLINE __u32 fast_marks_of(const struct fast_run *r, const __u8 *h, const __u8 *end)
{
    const struct fast_tcp *t = (const struct fast_tcp *)(h + sizeof(struct fast_ip4));
    __u32 f;
    if (r->proto != FAST_TCP || (const __u8 *)(t + 1) > end) return 0;
    f = t->flags;
    return (f & 2 ? FAST_FLOW_SYN : 0u) | (f & 1 ? FAST_FLOW_FIN : 0u) | (f & 4 ? FAST_FLOW_RST : 0u) |
           (f & 16 ? FAST_FLOW_ACK : 0u);
}

/* An ICMP error that concerns a static pair is about a packet with the pair's address in it, which its
 * sender knows by the other one (RFC 5508, section 4.2): x->quoted becomes that. FAST_GO also for what is no
 * error, and for a quotation with an address that nobody translates; FAST_NAT_NO_BINDING if it has one that
 * somebody else does. */
FAST_INLINE int fast_static_quote(const struct fast_run *r, const struct fast_ip4 *ip, const __u8 *end, struct fast_nat *x)
{
    const struct fast_error *e = (const struct fast_error *)(ip + 1);
    __u32 addr;
    if (r->proto != FAST_ICMP) return FAST_GO;
    if ((const __u8 *)(&e->icmp + 1) > end) return FAST_NAT_PROTOCOL;
    if (!fast_is_error(&e->icmp)) return FAST_GO;
    if ((const __u8 *)(e + 1) > end || e->ip.version_words != 0x45) return FAST_NAT_PROTOCOL;
    addr = x->in ? e->ip.source : e->ip.target;
    if (fast_static_of(x->pool, x->in, addr, &x->quoted)) return FAST_GO;
    return (x->in ? fast_in_pool(x->pool, addr) : fast_is_inside(x->pool, addr)) ? FAST_NAT_NO_BINDING : FAST_GO;
}

FAST_INLINE __u32 fast_nat_home(const struct fast_run *r, const struct fast_nat *x)
{
    return r->ports ? x->home : fast_flow_home(r->config, &x->key);
}

/* --- stages --- */

/* Packets from the public side to a pool or static address; and the refusal of hairpins. */
FAST_INLINE int stage_nat_in(FAST_ENV *env, struct fast_run *r, const __u8 *h, const __u8 *end, struct fast_nat *x)
{
    const struct fast_ip4 *ip = (const struct fast_ip4 *)h;
    struct fast_flow *f;
    __u32 other = 0;
    int v, paired;
    if (!r->in->pool) return FAST_GO;
    x->pool = fast_at_pools(env, r->in->pool);
    if (!x->pool || (const __u8 *)(ip + 1) > end) return FAST_GO;
    paired = fast_static_of(x->pool, 1, ip->target, &other);
    if (!paired && !fast_in_pool(x->pool, ip->target)) return FAST_GO;
    if (!(r->in->flags & FAST_OUTSIDE)) return FAST_NAT_HAIRPIN;
    x->in = 1;
    if (paired && r->odd) return FAST_NAT_FRAGMENT;
    if (paired) {
        x->kind = FAST_NAT_STATIC;
        x->addr = other;
        return fast_static_quote(r, ip, end, x);
    }
    v = fast_nat_key(r, h, end, x);
    if (v != FAST_GO) return v;
    f = fast_flow_find(env, r->config, 1, &x->key, fast_nat_home(r, x));
    if (!f) return FAST_NAT_NO_BINDING;
    x->addr = f->to_addr;
    x->port = f->to_port;
    fast_flow_saw(env, r, f, fast_marks_of(r, h, end));
    return FAST_GO;
}

/* Packets from the inside that leave on the public side. */
FAST_INLINE int stage_nat_out(FAST_ENV *env, struct fast_run *r, const __u8 *h, const __u8 *end, struct fast_nat *x)
{
    const struct fast_ip4 *ip = (const struct fast_ip4 *)h;
    struct fast_flow *f;
    int v, paired;
    if (!x->pool || x->in || r->in->flags & FAST_OUTSIDE || !(r->out->flags & FAST_OUTSIDE)) return FAST_GO;
    if ((const __u8 *)(ip + 1) > end) return FAST_RUNT;
    x->kind = FAST_NAT_STATIC;
    paired = fast_static_of(x->pool, 0, ip->source, &x->addr);
    if (paired && r->odd) return FAST_NAT_FRAGMENT;
    if (!paired && !fast_is_inside(x->pool, ip->source)) {
        x->kind = FAST_NAT_NONE;
        return FAST_GO;
    }
    v = r->odd ? FAST_GO : fast_static_quote(r, ip, end, x);
    if (paired && v != FAST_NAT_NO_BINDING) return v;
    if (x->quoted) { /* a router inside about one of the pairs: it speaks for that host */
        x->addr = x->quoted;
        return FAST_GO;
    }
    v = fast_nat_key(r, h, end, x);
    if (v != FAST_GO) return v;
    f = fast_flow_find(env, r->config, 0, &x->key, fast_nat_home(r, x));
    if (!f && x->kind == FAST_NAT_ERROR) return FAST_NAT_NO_BINDING;
    x->marks = (__u8)fast_marks_of(r, h, end);
    if (!f) return fast_bind(env, r, x);
    x->addr = f->to_addr;
    x->port = f->to_port;
    fast_flow_saw(env, r, f, x->marks);
    return FAST_GO;
}

/* --- writing --- */

FAST_INLINE void fast_nat_ports(const struct fast_run *r, __u8 *l4, const __u8 *end, const struct fast_nat *x,
                                __u32 from)
{
    struct fast_tcp *t = (struct fast_tcp *)l4;
    struct fast_udp *u = (struct fast_udp *)l4;
    __u16 old, port = (__u16)x->port, sum;
    if ((__u8 *)(u + 1) > end) return;
    old = x->in ? u->target_port : u->source_port;
    if (x->kind == FAST_NAT_STATIC) port = old;
    if (r->proto == FAST_TCP) {
        if ((__u8 *)(t + 1) > end) return;
        t->sum = fast_sum_after_two(t->sum, from, x->addr, old, port);
    } else if (r->proto == FAST_UDP && u->sum) {
        sum = fast_sum_after_two(u->sum, from, x->addr, old, port);
        u->sum = sum ? sum : 0xffff;
    }
    if (x->in)
        u->target_port = port;
    else
        u->source_port = port;
}

FAST_INLINE void fast_nat_echo(__u8 *l4, const __u8 *end, const struct fast_nat *x)
{
    struct fast_icmp *c = (struct fast_icmp *)l4;
    if ((__u8 *)(c + 1) > end) return;
    c->sum = fast_sum_after(c->sum, c->id, x->port);
    c->id = (__u16)x->port;
}

/* The quoted packet as its sender knows it. A changed address and the header sum that makes up for it
 * leave the sum of the whole message as it was; a changed port does not. */
FAST_INLINE void fast_nat_error(__u8 *l4, const __u8 *end, const struct fast_nat *x)
{
    struct fast_error *e = (struct fast_error *)l4;
    __u16 old, new = (__u16)x->port;
    if ((__u8 *)(e + 1) > end) return;
    if (x->in) {
        e->ip.sum = fast_sum_after(e->ip.sum, e->ip.source, x->addr);
        e->ip.source = x->addr;
    } else {
        e->ip.sum = fast_sum_after(e->ip.sum, e->ip.target, x->addr);
        e->ip.target = x->addr;
    }
    if (e->ip.proto == FAST_ICMP) {
        old = e->id;
        e->id = new;
    } else if (x->in) {
        old = e->l4.source_port;
        e->l4.source_port = new;
    } else {
        old = e->l4.target_port;
        e->l4.target_port = new;
    }
    e->icmp.sum = fast_sum_after(e->icmp.sum, old, new);
}

/* As above: the sum of the message stays as it was. */
FAST_INLINE void fast_nat_quoted(__u8 *l4, const __u8 *end, const struct fast_nat *x)
{
    struct fast_error *e = (struct fast_error *)l4;
    if ((__u8 *)(e + 1) > end) return;
    e->ip.sum = fast_sum_after(e->ip.sum, x->in ? e->ip.source : e->ip.target, x->quoted);
    if (x->in)
        e->ip.source = x->quoted;
    else
        e->ip.target = x->quoted;
}

FAST_INLINE void stage_nat_write(const struct fast_run *r, __u8 *h, const __u8 *end, const struct fast_nat *x)
{
    struct fast_ip4 *ip = (struct fast_ip4 *)h;
    __u8 *l4 = (__u8 *)(ip + 1);
    __u32 from;
    if (x->kind == FAST_NAT_NONE || l4 > end) return;
    from = x->in ? ip->target : ip->source;
    ip->sum = fast_sum_after(ip->sum, from, x->addr);
    if (x->in)
        ip->target = x->addr;
    else
        ip->source = x->addr;
    if (x->kind == FAST_NAT_ECHO)
        fast_nat_echo(l4, end, x);
    else if (x->kind == FAST_NAT_ERROR)
        fast_nat_error(l4, end, x);
    else if (x->quoted)
        fast_nat_quoted(l4, end, x);
    else if (r->ports)
        fast_nat_ports(r, l4, end, x, from);
}
