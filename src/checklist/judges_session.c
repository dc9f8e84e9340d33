/* checklist/judges_session.c - NET-BGP: AS numbers, keys, timers, BFD. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "checklist/judge.h"
#include "net/asn.h"

enum { KEEPALIVE_LEAST = 3, HOLD_LEAST = 10, BFD_LEAST_MS = 300, BFD_MULTIPLIER = 3, DETECT_MOST_US = 3000000 };

static void cloud_asn_design(struct judging *j)
{
    struct design_leg leg = design_leg_of(j->d, j->c, j->kind, j->leg);
    at_key(j, say(j, "/edge/%s/remote_asn", leg_name(j->leg)));
    if (leg.remote_asn != ASN_CLOUD)
        broken(j, "the %s router expects AS %u", leg_name(j->leg), leg.remote_asn);
    else if (!leg.router) unclear(j, "the design does not say on which router the %s leg ends", leg_name(j->leg));
    else holds(j);
}
static void cloud_asn_live(struct judging *j)
{
    wants(j, FACT_PEERING_CLOUD_ASN, say(j, "circuit/%s/%s", j->c->name, peering_kind_name(j->kind)), "12076");
    const char *asn = seen_if(j, FACT_CUSTOMER_REMOTE_ASN, j->subject);
    if (asn && strcmp(asn, "12076") != 0) broken(j, "the %s router talks to AS %s", leg_name(j->leg), asn);
}

static void peer_asn_design(struct judging *j)
{
    enum asn_refusal r = asn_check_peer(j->p->peer_asn);
    at_key(j, "/peer_asn");
    if (j->p->zero_asn) broken(j, "AS 0 is reserved");
    if (!j->p->peer_asn) {
        unclear(j, "the design gives no peer_asn");
        return;
    }
    if (r != ASN_USABLE) broken(j, "AS %u: %s", j->p->peer_asn, asn_refusal_text(r));
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        uint32_t own = j->p->edge[leg].asn;
        if (own && own != j->p->peer_asn)
            broken(j, "the %s router has AS %u, the peering says %u", leg_name(leg), own, j->p->peer_asn);
    }
    holds(j);
}
static void peer_asn_live(struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        const char *asn = seen(j, FACT_SESSION_ASN, leg_subject(j, leg));
        if (!asn) continue;
        enum asn_refusal r = asn_check_peer((uint32_t)strtoul(asn, NULL, 10));
        if (r != ASN_USABLE) broken(j, "AS %s on the %s leg: %s", asn, leg_name(leg), asn_refusal_text(r));
        else if (strcmp(asn, say(j, "%u", j->p->peer_asn)) != 0)
            broken(j, "AS %s on the %s leg, the peering says %u", asn, leg_name(leg), j->p->peer_asn);
        else holds(j);
    }
}

static const char *if_public_asn(const struct judging *j)
{
    if (asn_is_private(j->p->peer_asn)) return "the AS number is private";
    return asn_check_peer(j->p->peer_asn) == ASN_USABLE ? NULL : "the AS number cannot be used";
}
static void own_asn_design(struct judging *j)
{
    at_key(j, "/asn_holder");
    switch (j->p->asn_holder) {
    case PARTY_UNSAID: unclear(j, "the design does not say whose AS %u is", j->p->peer_asn); break;
    case PARTY_OTHER: broken(j, "AS %u is registered to somebody else", j->p->peer_asn); break;
    case PARTY_CUSTOMER:
    case PARTY_PROVIDER: holds(j); break;
    }
}

/* ---- the key: its text never leaves this file ---- */

static const char *if_key(const struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++)
        if (*j->p->shared_key || *j->p->edge[leg].shared_key) return NULL;
    return "no key is used";
}
static bool alphanumeric(const char *s)
{
    for (; *s; s++)
        if (!((*s >= '0' && *s <= '9') || (*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z'))) return false;
    return true;
}
static void key_design(struct judging *j)
{
    at_key(j, "/shared_key");
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        const char *key = design_leg_of(j->d, j->c, j->kind, leg).shared_key;
        if (strlen(key) > j->cat->limits.key_max)
            broken(j, "the key has %zu characters", strlen(key));
        if (!alphanumeric(key)) broken(j, "the key has other characters than letters and digits");
        if (strcmp(key, j->p->shared_key) != 0)
            broken(j, "the key of the %s router is not the peering's", leg_name(leg));
    }
    holds(j);
}
static void key_live(struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        const char *state = seen(j, FACT_SESSION_STATE, leg_subject(j, leg));
        const char *fault = seen_if(j, FACT_KEY_FAULT, leg_subject(j, leg));
        if (state && strcmp(state, "Established") == 0) holds(j);
        else if (state && fault) broken(j, "the %s leg has another key: %s", leg_name(leg), fault);
        else if (state) unclear(j, "the %s session is %s, so its key is not proven", leg_name(leg), state);
    }
}

static void authenticated_design(struct judging *j)
{
    at_key(j, "/shared_key");
    if (*j->p->shared_key) holds(j);
    else if (j->c->l3_managed_by == PARTY_PROVIDER)
        unclear(j, "the provider runs the sessions; the design does not tell of a key");
    else if (j->in->derived) untold(j, "a subscription shows no keys, so the export cannot tell whether there is one");
    else broken(j, "the sessions have no key");
}

static void timers_design(struct judging *j)
{
    const struct design_edge *e = &j->p->edge[j->leg];
    at_key(j, say(j, "/edge/%s", leg_name(j->leg)));
    if (e->keepalive_s && e->keepalive_s < KEEPALIVE_LEAST)
        broken(j, "a keepalive of %u s on the %s leg", e->keepalive_s, leg_name(j->leg));
    if (e->hold_s && e->hold_s < HOLD_LEAST)
        broken(j, "a hold time of %u s on the %s leg", e->hold_s, leg_name(j->leg));
    holds(j);
}
static void timers_live(struct judging *j)
{
    uint64_t hold;
    if (!seen_number(j, FACT_SESSION_HOLD, j->subject, &hold)) return;
    if (hold && hold < HOLD_LEAST)
        broken(j, "the %s session holds %llu s", leg_name(j->leg), (unsigned long long)hold);
    else holds(j);
}

static void bfd_design(struct judging *j)
{
    struct design_bfd b = design_leg_of(j->d, j->c, j->kind, j->leg).bfd;
    at_key(j, "/bfd");
    if (b.on == UNSAID) {
        unclear(j, "the design does not say whether BFD runs on the %s leg", leg_name(j->leg));
        return;
    }
    if (b.on == SAID_NO) broken(j, "no BFD on the %s leg", leg_name(j->leg));
    else if (b.min_tx_ms < BFD_LEAST_MS || b.min_rx_ms < BFD_LEAST_MS)
        broken(j, "intervals of %u and %u ms; the cloud does not go below %d", b.min_tx_ms, b.min_rx_ms,
               BFD_LEAST_MS);
    else if (b.multiplier != BFD_MULTIPLIER) broken(j, "a multiplier of %u", b.multiplier);
    holds(j);
}
static void bfd_live(struct judging *j)
{
    uint64_t detect;
    wants(j, FACT_BFD_STATE, j->subject, "up");
    if (seen_number(j, FACT_BFD_DETECT, j->subject, &detect) && detect > DETECT_MOST_US)
        broken(j, "a loss is detected after %llu ms only", (unsigned long long)detect / 1000);
}

static const char *cutover(const struct judging *j)
{
    return j->kind == PEERING_PRIVATE ? "2018-08-01" : "2020-01-10";
}
static const char *if_old(const struct judging *j)
{
    int64_t created = 0, then = 0;
    if (!design_date(j->c->created, &created)) return "the design does not date the circuit";
    return design_date(cutover(j), &then) && created < then ? NULL : "the peering came with BFD";
}
static void reset_design(struct judging *j)
{
    int64_t reset = 0, then = 0;
    at_key(j, "/last_reset");
    if (!design_date(j->p->last_reset, &reset)) unclear(j, "the design does not say when the peering was reset");
    else if (design_date(cutover(j), &then) && reset > then) holds(j);
    else broken(j, "the peering was last reset on %s, before BFD came", j->p->last_reset);
}
static void reset_live(struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) wants(j, FACT_BFD_STATE, leg_subject(j, leg), "up");
}

static const char *if_own_routers(const struct judging *j)
{
    return j->c->l3_managed_by == PARTY_PROVIDER ? "the provider runs the routers" : NULL;
}
static void path_length_design(struct judging *j)
{
    at_key(j, "");
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        const struct design_router *r = design_router(j->d, j->c->links[leg].router, NULL);
        if (!r || r->ignores_as_path == UNSAID)
            unclear(j, "the design does not say whether the router of the %s leg ignores AS-path length",
                    leg_name(leg));
        else if (r->ignores_as_path == SAID_YES) broken(j, "%s ignores AS-path length", r->name);
        else holds(j);
    }
    for (int k = 0; k < PEERING_KINDS; k++) {
        const struct design_edge *e = j->c->peerings[k].edge;
        if (e[LEG_FIRST].local_pref != e[LEG_SECOND].local_pref)
            broken(j, "local preference is %u on primary, %u on secondary", e[LEG_FIRST].local_pref,
                   e[LEG_SECOND].local_pref);
    }
}

static void on_design(struct judging *j)
{
    at_key(j, "/disabled");
    if (j->p->disabled == SAID_YES) broken(j, "the design disables this peering");
    else holds(j);
}
static void on_live(struct judging *j)
{
    wants(j, FACT_PEERING_STATE, j->subject, "Enabled");
    wants(j, FACT_PEERING_OPERATION, j->subject, "Succeeded");
}

const struct judge_row judges_session[] = {
    {"NET-BGP-01", SCOPE_LEG, NULL, cloud_asn_design, cloud_asn_live},
    {"NET-BGP-02", SCOPE_PEERING, NULL, peer_asn_design, peer_asn_live},
    {"NET-BGP-03", SCOPE_PEERING, if_public_asn, own_asn_design, NULL},
    {"NET-BGP-04", SCOPE_PEERING, if_key, key_design, key_live},
    {"NET-BGP-05", SCOPE_PEERING, NULL, authenticated_design, NULL},
    {"NET-BGP-06", SCOPE_LEG, NULL, timers_design, timers_live},
    {"NET-BGP-07", SCOPE_LEG, NULL, bfd_design, bfd_live},
    {"NET-BGP-08", SCOPE_PEERING, if_old, reset_design, reset_live},
    {"NET-BGP-09", SCOPE_CIRCUIT, if_own_routers, path_length_design, NULL},
    {"NET-BGP-10", SCOPE_PEERING, NULL, on_design, on_live},
    {0},
};
