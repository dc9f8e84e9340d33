/* forward/stage_acl.h - access lists: rows in order, the first match ends, no match is a denial. A row
 * may set the DSCP of what it permits. A packet whose ports are unknown (fragments, options) matches a
 * row about ports only if that row denies: what cannot be judged is not let through by it. */
#pragma once
#include "forward/stage_frame.h"

FAST_INLINE int fast_ports_match(const struct fast_run *r, __u16 low, __u16 high, __u8 action)
{
    __u16 port = FAST_BE16(r->target_port);
    if (low == 0 && high == 0xffff) return 1;
    if (!r->ports) return action == FAST_DENY;
    return port >= low && port <= high;
}

/* FAST_GO to go on with the next row; FAST_FORWARDED: permitted; FAST_ACL. */
FAST_INLINE int fast_judge(struct fast_run *r, __u8 action, __u8 mark, __u64 *packets)
{
    *packets += 1; /* not atomic: a lost count under contention is cheaper than a locked line */
    if (action == FAST_COUNT) return FAST_GO;
    r->mark = mark;
    return action == FAST_DENY ? FAST_ACL : FAST_FORWARDED;
}

FAST_INLINE int fast_acl_row4(struct fast_run *r, struct fast_acl4 *x, __u32 source, __u32 target)
{
    if ((source & x->source_mask) != x->source || (target & x->target_mask) != x->target) return FAST_GO;
    if (x->proto && x->proto != r->proto) return FAST_GO;
    if (!fast_ports_match(r, x->port_low, x->port_high, x->action)) return FAST_GO;
    return fast_judge(r, x->action, x->mark, &x->packets);
}

FAST_INLINE int fast_acl_row6(struct fast_run *r, struct fast_acl6 *x, const __u64 *source, const __u64 *target)
{
    if ((source[0] & x->source_mask[0]) != x->source[0] || (source[1] & x->source_mask[1]) != x->source[1] ||
        (target[0] & x->target_mask[0]) != x->target[0] || (target[1] & x->target_mask[1]) != x->target[1])
        return FAST_GO;
    if (x->proto && x->proto != r->proto) return FAST_GO;
    if (!fast_ports_match(r, x->port_low, x->port_high, x->action)) return FAST_GO;
    return fast_judge(r, x->action, x->mark, &x->packets);
}

/* One part of a list: FAST_GO if none of its rows ended it; *part becomes the next one. */
FAST_OUTLINE int fast_acl_part4(FAST_ENV *env, struct fast_run *r, __u32 *part, __u32 source, __u32 target)
{
    struct fast_acl *a = fast_at_acls(env, *part);
    int v = FAST_GO;
    *part = 0;
    if (!a) return FAST_ACL;
    FAST_UNROLL
    for (int i = 0; i < FAST_ACL_ROWS; i++) {
        if (v != FAST_GO || !a->v4[i].used) break;
        v = fast_acl_row4(r, &a->v4[i], source, target);
    }
    *part = a->next;
    return v;
}

FAST_OUTLINE int fast_acl_part6(FAST_ENV *env, struct fast_run *r, __u32 *part, const __u64 *source,
                                const __u64 *target)
{
    struct fast_acl *a = fast_at_acls(env, *part);
    int v = FAST_GO;
    *part = 0;
    if (!a) return FAST_ACL;
    FAST_UNROLL
    for (int i = 0; i < FAST_ACL_ROWS; i++) {
        if (v != FAST_GO || !a->v6[i].used) break;
        v = fast_acl_row6(r, &a->v6[i], source, target);
    }
    *part = a->next;
    return v;
}

FAST_INLINE int stage_acl4(FAST_ENV *env, struct fast_run *r, __u32 source, __u32 target)
{
    __u32 part = r->in->acl;
    int v = FAST_GO;
    if (!(r->in->flags & FAST_ACL_IN)) return FAST_GO;
    FAST_UNROLL
    for (int i = 0; i < FAST_ACL_PARTS; i++)
        if (v == FAST_GO && part) v = fast_acl_part4(env, r, &part, source, target);
    return v == FAST_FORWARDED ? FAST_GO : FAST_ACL;
}

FAST_INLINE int stage_acl6(FAST_ENV *env, struct fast_run *r, const __u64 *source, const __u64 *target)
{
    __u32 part = r->in->acl;
    int v = FAST_GO;
    if (!(r->in->flags & FAST_ACL_IN)) return FAST_GO;
    FAST_UNROLL
    for (int i = 0; i < FAST_ACL_PARTS; i++)
        if (v == FAST_GO && part) v = fast_acl_part6(env, r, &part, source, target);
    return v == FAST_FORWARDED ? FAST_GO : FAST_ACL;
}
