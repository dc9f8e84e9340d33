/* router/judge.c - verdicts that depend on the prefix, given when a path arrives and given again
 * when what they stand on changes: the payloads of an RPKI cache, the declared prefixes or the
 * preference of a neighbour, the links that next hops lie on. Judging again is one walk over the tables, a slice per turn, so a new set of payloads
 * never holds up a session. RFC 6811 sections 2 and 4 (routes are judged again when payloads
 * change). */
#include "router/router_priv.h"

enum { SLICE = 4096 /* prefixes a turn */ };

enum rov_state origin_state(const struct router *r, const struct peer *p,
                            const struct prefix *prefix, const struct attrs *a)
{
    return r->vrps ? rov_check(r->vrps, prefix, policy_origin_asn(&p->rules, a)) : ROV_NOT_FOUND;
}

enum policy_reason judge(const struct router *r, const struct peer *p, const struct prefix *prefix,
                         uint32_t origin)
{
    enum policy_reason reason = policy_import_prefix(&p->rules, prefix);
    if (reason != POLICY_FINE || p->rules.origin < POLICY_ORIGIN_LOWER || !r->vrps) return reason;
    if (rov_check(r->vrps, prefix, origin) != ROV_INVALID) return POLICY_FINE;
    return p->rules.origin == POLICY_ORIGIN_DROP ? POLICY_RPKI_INVALID : POLICY_RPKI_LOWERED;
}

attr_ref lowered_attrs(struct router *r, attr_ref attrs)
{
    struct attrs a = attr_view(&r->rib.attrs, attrs);
    a.has |= HAS_LOCAL_PREF;
    a.local_pref = 0;
    return attr_intern(&r->rib.attrs, &a);
}

static attr_ref raised_attrs(struct router *r, const struct peer *p, attr_ref attrs)
{
    struct attrs a = attr_view(&r->rib.attrs, attrs);
    a.local_pref = policy_local_pref(&p->rules, &a);
    return attr_intern(&r->rib.attrs, &a);
}

/* Refusals by other attributes stand: those are what they were. */
static bool may_change(enum policy_reason reason)
{
    static const uint8_t by_prefix[POLICY_REASONS_N] = {
        [POLICY_FINE] = 1,         [POLICY_DEFAULT_ROUTE] = 1, [POLICY_PRIVATE_PREFIX] = 1,
        [POLICY_NOT_DECLARED] = 1, [POLICY_RPKI_INVALID] = 1,  [POLICY_RPKI_LOWERED] = 1,
        [POLICY_NEXT_HOP_UNREACHABLE] = 1,
    };
    return by_prefix[reason];
}

static bool judged_otherwise(struct router *r, const struct table *t, node_ref n,
                             const struct path *old, struct path *out)
{
    enum policy_reason before = (enum policy_reason)old->reason;
    if (old->source == SOURCE_LOCAL || !may_change(before)) return false;
    const struct peer *p = r->peers[source_peer(old->source)];
    struct prefix prefix = table_prefix(t, n);
    struct attrs a = attr_view(&r->rib.attrs, old->attrs);
    enum policy_reason reason = judge(r, p, &prefix, policy_origin_asn(&p->rules, &a));
    bool lost = !policy_refuses(reason) && !next_hop_reachable(r, r->domains[p->domain], &a.next_hop);
    if (lost) reason = POLICY_NEXT_HOP_UNREACHABLE;
    bool preferred_otherwise =
        reason != POLICY_RPKI_LOWERED && before != POLICY_RPKI_LOWERED && a.local_pref != policy_local_pref(&p->rules, &a);
    if (reason == before && !preferred_otherwise) return false;
    if (reason != POLICY_FINE) r->peers[source_peer(old->source)]->refused[reason]++;
    *out = *old;
    out->reason = (uint8_t)reason;
    out->flags =
        (uint8_t)((old->flags & ~PATH_REFUSED) | (policy_refuses(reason) ? PATH_REFUSED : 0));
    if (reason == POLICY_RPKI_LOWERED)
        out->attrs = lowered_attrs(r, old->attrs);
    else if (before == POLICY_RPKI_LOWERED || preferred_otherwise)
        out->attrs = raised_attrs(r, p, old->attrs);
    else
        out->attrs = attr_hold(&r->rib.attrs, old->attrs);
    return true;
}

/* A change may reorder the paths of the prefix, so the search begins anew; it ends because a judged
 * path stays as it is. */
static void judge_node(struct router *r, domain_ref ref, struct table *t, node_ref n)
{
    struct path path;
    for (size_t k = 0; k < table_node(t, n)->paths_n; k++) {
        if (!judged_otherwise(r, t, n, &node_paths(table_node(t, n))[k], &path)) continue;
        struct prefix prefix = table_prefix(t, n);
        struct table_change change;
        r->judging.changed++;
        if (!table_announce(t, &prefix, table_hash(t, &prefix), path, &change)) continue;
        import_changed(r, ref, t->slot, &change);
        tap_path(r, source_peer(path.source), t, n);
        k = SIZE_MAX;
    }
}

void judge_again(struct router *r, instant now)
{
    r->judging = (struct judging){.on = true, .due = now};
}

/* The next table of the walk; false at its end. */
static bool next_table(struct router *r)
{
    struct judging *j = &r->judging;
    j->node = 0;
    if (++j->slot == FAMILIES) {
        j->slot = 0;
        j->domain++;
    }
    return j->domain < r->domains_n;
}

void judge_slice(struct router *r, instant now)
{
    struct judging *j = &r->judging;
    if (!j->on || !instant_reached(j->due, now)) return;
    j->due = now;
    for (size_t left = SLICE; left && j->domain < r->domains_n;) {
        struct domain *d = r->domains[j->domain];
        struct table *t = &d->tables[j->slot];
        if (d->used && (j->node = table_next(t, j->node)) != 0) {
            judge_node(r, j->domain, t, j->node);
            left--;
        } else if (!next_table(r)) {
            break;
        }
    }
    if (j->domain < r->domains_n) return;
    j->on = false;
    say(r, NO_REF, NO_REF, "routes-judged-again", "%llu changed", (unsigned long long)j->changed);
}

/* --- payloads --- */

void router_vrps_begin(struct router *r, bool whole)
{
    rov_free(r->vrps_next);
    r->vrps_next = NULL;
    if (whole)
        r->vrps_next = rov_new(&r->key);
    else if (!r->vrps)
        r->vrps = rov_new(&r->key);
}

void router_vrp(struct router *r, bool add, const struct vrp *v)
{
    struct rov_table *t = r->vrps_next ? r->vrps_next : r->vrps;
    if (!t || !vrp_valid(v)) return;
    if (add)
        rov_add(t, v);
    else
        rov_remove(t, v);
}

void router_vrps_end(struct router *r, instant now)
{
    if (r->vrps_next) {
        rov_free(r->vrps);
        r->vrps = r->vrps_next;
        r->vrps_next = NULL;
    }
    if (r->vrps)
        say(r, NO_REF, NO_REF, "rpki-payloads", "%zu IPv4, %zu IPv6",
            rov_count(r->vrps, FAMILY_IPV4), rov_count(r->vrps, FAMILY_IPV6));
    judge_again(r, now);
}
