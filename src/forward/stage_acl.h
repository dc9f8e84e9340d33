/* forward/stage_acl.h - access lists: rows in order, the first match ends, no match is a denial. A row
 * may set the DSCP of what it permits, or (counting) of what later rows will judge. A packet whose ports are unknown (fragments, options) matches a
 * row about ports only if that row denies: what cannot be judged is not let through by it. */
#pragma once
#include "forward/stage_frame.h"

/* What a list is asked, and answers. A function that the verifier looks at once gets no pointers. */
struct fast_asked {
    __u64 source[2], target[2]; /* as on the wire; IPv4 in the first half of the first */
    __u32 part;                 /* the next one to be asked; 0: that was all */
    __u16 target_port, source_port; /* host order */
    __u8 proto, ports, mark;
    __u8 unused;
};

FAST_INLINE int fast_ports_match(const struct fast_asked *q, __u16 low, __u16 high, __u8 action, __u8 flags)
{
    __u16 port = flags & FAST_ROW_SOURCE_PORT ? q->source_port : q->target_port;
    if (low == 0 && high == 0xffff) return 1;
    if (!q->ports) return action == FAST_DENY;
    return port >= low && port <= high;
}

/* FAST_GO to go on with the next row; FAST_FORWARDED: permitted; FAST_ACL. */
FAST_INLINE int fast_judge(struct fast_asked *q, __u8 action, __u8 mark, __u64 *packets)
{
    *packets += 1; /* not atomic: a lost count under contention is cheaper than a locked line */
    if (mark != FAST_UNMARKED && (action != FAST_COUNT || q->mark == FAST_UNMARKED)) q->mark = mark;
    if (action == FAST_COUNT) return FAST_GO;
    return action == FAST_DENY ? FAST_ACL : FAST_FORWARDED;
}

FAST_INLINE int fast_acl_row4(struct fast_asked *q, struct fast_acl4 *x, __u32 source, __u32 target)
{
    if ((source & x->source_mask) != x->source || (target & x->target_mask) != x->target) return FAST_GO;
    if (x->proto && x->proto != q->proto) return FAST_GO;
    if (!fast_ports_match(q, x->port_low, x->port_high, x->action, x->used)) return FAST_GO;
    return fast_judge(q, x->action, x->mark, &x->packets);
}

FAST_INLINE int fast_acl_row6(struct fast_asked *q, struct fast_acl6 *x)
{
    if ((q->source[0] & x->source_mask[0]) != x->source[0] || (q->source[1] & x->source_mask[1]) != x->source[1] ||
        (q->target[0] & x->target_mask[0]) != x->target[0] || (q->target[1] & x->target_mask[1]) != x->target[1])
        return FAST_GO;
    if (x->proto && x->proto != q->proto) return FAST_GO;
    if (!fast_ports_match(q, x->port_low, x->port_high, x->action, x->used)) return FAST_GO;
    return fast_judge(q, x->action, x->mark, &x->packets);
}

/* One part of a list: FAST_GO if none of its rows ended it. */
FAST_VERIFIED_ONCE int fast_acl_part4(FAST_ENV *env, struct fast_asked *q)
{
    struct fast_acl *a;
    int v = FAST_GO;
    FAST_PIN(env);
    if (!q) return FAST_ACL;
    a = fast_at_acls(env, q->part);
    q->part = 0;
    if (!a) return FAST_ACL;
    FAST_UNROLL
    for (int i = 0; i < FAST_ACL_ROWS; i++) {
        if (v != FAST_GO || !a->v4[i].used) break;
        v = fast_acl_row4(q, &a->v4[i], (__u32)q->source[0], (__u32)q->target[0]);
    }
    q->part = a->next;
    return v;
}

FAST_VERIFIED_ONCE int fast_acl_part6(FAST_ENV *env, struct fast_asked *q)
{
    struct fast_acl *a;
    int v = FAST_GO;
    FAST_PIN(env);
    if (!q) return FAST_ACL;
    a = fast_at_acls(env, q->part);
    q->part = 0;
    if (!a) return FAST_ACL;
    FAST_UNROLL
    for (int i = 0; i < FAST_ACL_ROWS; i++) {
        if (v != FAST_GO || !a->v6[i].used) break;
        v = fast_acl_row6(q, &a->v6[i]);
    }
    q->part = a->next;
    return v;
}

FAST_INLINE int stage_acl(FAST_ENV *env, struct fast_run *r, struct fast_asked *q)
{
    int v = FAST_GO;
    q->part = r->in->acl;
    q->target_port = FAST_BE16(r->target_port);
    q->source_port = FAST_BE16(r->source_port);
    q->proto = r->proto;
    q->ports = r->ports;
    q->mark = FAST_UNMARKED;
    FAST_UNROLL
    for (int i = 0; i < FAST_ACL_PARTS; i++)
        if (v == FAST_GO && q->part) v = r->six ? fast_acl_part6(env, q) : fast_acl_part4(env, q);
    r->mark = q->mark;
    return v == FAST_FORWARDED ? FAST_GO : FAST_ACL;
}

FAST_INLINE int stage_acl4(FAST_ENV *env, struct fast_run *r, __u32 source, __u32 target)
{
    struct fast_asked q = {.source = {source}, .target = {target}};
    return r->in->flags & FAST_ACL_IN ? stage_acl(env, r, &q) : FAST_GO;
}

FAST_INLINE int stage_acl6(FAST_ENV *env, struct fast_run *r, const __u32 *source, const __u32 *target)
{
    struct fast_asked q = {.part = 0};
    if (!(r->in->flags & FAST_ACL_IN)) return FAST_GO;
    __builtin_memcpy(q.source, source, sizeof q.source);
    __builtin_memcpy(q.target, target, sizeof q.target);
    return stage_acl(env, r, &q);
}
