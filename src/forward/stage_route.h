/* forward/stage_route.h - longest prefix match in a domain's tables, next hops, groups; and source
 * validation, which is the same look-up with the other address. */
#pragma once
#include "forward/stage_frame.h"

/* One stride: an entry stays what it is unless it names a block. */
FAST_INLINE __u32 fast_step(FAST_ENV *env, __u32 entry, __u32 byte)
{
    const struct fast_block *b;
    if (!(entry & FAST_CHILD)) return entry;
    b = fast_at_blocks(env, entry & ~FAST_CHILD);
    return b ? b->entry[byte & (FAST_BLOCK_ENTRIES - 1)] : 0;
}

/* Index of the next hop for an address (as on the wire); 0: no route. */
FAST_INLINE __u32 fast_route4(FAST_ENV *env, __u32 root, __u32 address)
{
    __u32 a = FAST_BE32(address), e = FAST_CHILD | root;
    e = fast_step(env, e, a >> 24);
    e = fast_step(env, e, a >> 16);
    e = fast_step(env, e, a >> 8);
    return fast_step(env, e, a);
}

FAST_INLINE __u32 fast_root_home(const struct fast_config *c, __u32 table, __u32 top)
{
    return (__u32)fast_mix(((__u64)table << 32 | top) ^ c->seed, 0) & c->root_mask;
}

FAST_INLINE __u32 fast_find_root(FAST_ENV *env, const struct fast_config *c, __u32 table, __u32 top)
{
    __u32 at = fast_root_home(c, table, top), found = 0;
    FAST_UNROLL
    for (int i = 0; i < FAST_PROBES; i++) {
        const struct fast_root *x = fast_at_roots(env, (at + (__u32)i) & c->root_mask);
        if (!x || (!x->entry && !x->gone)) break;
        if (x->table == table && x->top == top) {
            found = x->entry;
            break;
        }
    }
    return found;
}

/* 96 bits in twelve strides; real tables end after two to four of them. */
FAST_INLINE __u32 fast_walk6(FAST_ENV *env, __u32 e, const __u32 *address)
{
    FAST_UNROLL
    for (int w = 1; w < 4; w++) {
        __u32 a = FAST_BE32(address[w]);
        if (!(e & FAST_CHILD)) break;
        e = fast_step(env, e, a >> 24);
        e = fast_step(env, e, a >> 16);
        e = fast_step(env, e, a >> 8);
        e = fast_step(env, e, a);
    }
    return e;
}

FAST_INLINE __u32 fast_route6(FAST_ENV *env, const struct fast_config *c, __u32 root, const __u32 *address)
{
    __u32 e = fast_find_root(env, c, root, address[0]);
    if (e) e = fast_walk6(env, e, address);
    return e ? e : fast_route4(env, root, address[0]);
}

/* --- stages --- */

FAST_INLINE __u32 fast_flow_hash(const struct fast_run *r, __u32 source, __u32 target)
{
    __u64 h = fast_mix((__u64)source << 32 | target, (__u64)r->source_port << 16 | r->target_port);
    return (__u32)(h >> 32) ^ (__u32)h ^ r->proto;
}

/* A group's member by the flow, so that a flow keeps its way. */
FAST_INLINE const struct fast_hop *fast_member(FAST_ENV *env, const struct fast_hop *group, __u32 hash)
{
    __u32 n = group->members_n;
    if (!n || n > 8) return 0;
    hash %= n;
    FAST_PIN(hash); /* or the mask, which the verifier needs, would be optimised away */
    return fast_at_hops(env, group->members[hash & 7]);
}

FAST_INLINE int stage_route(FAST_ENV *env, struct fast_run *r, __u32 index, __u32 hash)
{
    const struct fast_hop *h;
    if (!index) return FAST_NO_ROUTE;
    h = fast_at_hops(env, index);
    if (h && h->kind == FAST_HOP_GROUP) h = fast_member(env, h, hash);
    if (!h || h->kind == FAST_HOP_NONE) return FAST_NO_ROUTE;
    if (h->kind == FAST_HOP_DISCARD) return FAST_BLACKHOLE;
    r->hop = h;
    r->local = h->kind == FAST_HOP_LOCAL;
    if (r->local) return FAST_GO;
    r->out = fast_at_attachments(env, 2 * h->attachment + r->config->slot);
    return r->out ? FAST_GO : FAST_NO_ROUTE;
}

/* Has a group a member that leaves by attachment `number`? In a function of its own: the verifier would
 * follow every combination of members through all that comes behind. */
FAST_OUTLINE int fast_group_has(FAST_ENV *env, const struct fast_hop *group, __u32 number)
{
    int has = 0;
    FAST_UNROLL
    for (int i = 0; i < 8; i++) {
        const struct fast_hop *m = i < group->members_n ? fast_at_hops(env, group->members[i]) : 0;
        if (m && m->attachment == number) has = 1;
    }
    return has;
}

/* Does the route to the source lead out of the attachment it came in by? Of a group, one member does.
 * Numbers are compared, not pointers: from equal pointers the compiler takes one for the other, and
 * verifiers before 6.2 do not see that the other was checked. */
FAST_INLINE int fast_leads_back(FAST_ENV *env, const struct fast_run *r, __u32 index)
{
    const struct fast_hop *h = index ? fast_at_hops(env, index) : 0;
    if (!h) return 0;
    if (h->kind == FAST_HOP_GROUP) return fast_group_has(env, h, r->arrived);
    return h->kind != FAST_HOP_LOCAL && h->attachment == r->arrived;
}

/* `source`: what the attachment's own table says; `reverse`: what the domain's says of the source. */
FAST_INLINE int stage_source(FAST_ENV *env, const struct fast_run *r, __u32 source, __u32 reverse)
{
    if (r->in->flags & FAST_DECLARED && !source) return FAST_SPOOFED;
    if (r->in->flags & FAST_STRICT && !fast_leads_back(env, r, reverse)) return FAST_SPOOFED;
    return FAST_GO;
}
