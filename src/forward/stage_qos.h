/* forward/stage_qos.h - DSCP values that are kept or reset, and policing: one virtual clock per circuit
 * and direction, of which lower classes may fill only a part, and before it a small bucket for voice, so
 * that EF cannot take the whole circuit (RFC 3246: it has its rate, and no more). ECN is left alone. */
#pragma once
#include "forward/stage_frame.h"

/* The traffic class octet after `kept` (bit set: that DSCP stays) and a mark of the access list. */
FAST_INLINE __u8 fast_tos(const struct fast_run *r, __u64 kept_in, __u64 kept_out)
{
    __u8 dscp = r->mark != FAST_UNMARKED ? r->mark : r->tos >> 2;
    if (r->mark == FAST_UNMARKED && !(kept_in >> (dscp & 63) & 1)) dscp = 0;
    if (!(kept_out >> (dscp & 63) & 1)) dscp = 0;
    return (__u8)(dscp << 2 | (r->tos & 3));
}

FAST_INLINE __u32 fast_class_of(const struct fast_config *c, __u8 tos)
{
    __u32 dscp = tos >> 2;
    __u64 half = dscp & 32 ? c->class_high : c->class_low;
    return (__u32)(half >> 2 * (dscp & 31)) & 3;
}

/* True: within `limit` (1/64 ns of backlog). Races between processors lose at most one packet's share:
 * the charge itself is added atomically.
 * What is within the limit by a clock that is late is within it by the exact one, which is asked only for
 * the rest and, about once a tick, to begin anew after silence. The price: silence shorter than a tick is
 * not always noticed, and a burst may be longer than declared by what the rate gives in one tick. The rate
 * of a bucket that is always busy is exact. */
FAST_INLINE int fast_bucket_take(FAST_ENV *env, struct fast_run *r, struct fast_bucket *b, __u64 cost, __u64 limit)
{
    __u64 tat = b->tat, rough = fast_rough(env, r) << 6, now;
    if (tat > rough && tat - rough <= limit) {
        __sync_fetch_and_add(&b->tat, cost);
        return 1;
    }
    now = fast_now(env, r) << 6;
    if (tat > now) {
        if (tat - now > limit) return 0;
        __sync_fetch_and_add(&b->tat, cost);
    } else {
        b->tat = now + cost;
    }
    return 1;
}

FAST_INLINE int fast_police(FAST_ENV *env, struct fast_run *r, __u32 row, __u8 tos)
{
    struct fast_policer *p = fast_at_policers(env, row);
    __u32 class = fast_class_of(r->config, tos);
    struct fast_count *count;
    int fine = 1;
    if (!p || !p->all.cost) return FAST_GO;
    if (class == 0 && p->voice.cost)
        fine = fast_bucket_take(env, r, &p->voice, r->bytes * p->voice.cost >> 16, p->voice_limit);
    if (fine) fine = fast_bucket_take(env, r, &p->all, r->bytes * p->all.cost >> 16, p->limit[class]);
    count = fine ? &p->passed[class] : &p->dropped[class];
    count->packets++;
    count->bytes += r->bytes;
    return fine ? FAST_GO : FAST_POLICED;
}

FAST_INLINE int stage_police(FAST_ENV *env, struct fast_run *r, __u8 tos)
{
    int v = FAST_GO;
    if (r->in->flags & FAST_POLICE_IN) v = fast_police(env, r, r->in->policer_in, tos);
    if (v == FAST_GO && r->out->flags & FAST_POLICE_OUT) v = fast_police(env, r, r->out->policer_out, tos);
    return v;
}

/* The way to the namespace: control traffic has a bucket of its own, so that no storm of misses costs a
 * session. */
FAST_INLINE int stage_punt(FAST_ENV *env, struct fast_run *r, int fate)
{
    struct fast_punt *p = fast_at_punts(env, r->in->punt);
    int control = fate == FAST_CONTROL || fate == FAST_LOCAL;
    struct fast_bucket *b;
    if (!p) return fate;
    b = control ? &p->control : &p->other;
    if (!b->cost) return fate;
    if (fast_bucket_take(env, r, b, b->cost, control ? p->control_limit : p->other_limit)) return fate;
    return control ? FAST_CONTROL_LIMIT : FAST_PUNT_LIMIT;
}
