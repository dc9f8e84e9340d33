/* checklist/judges_security.c - NET-SEC: zones, access lists, encryption, rights, logs, secrets. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "checklist/judge.h"

enum { LOG_AGE_MOST_S = 300 };

/* ---- zones and lists ---- */

static void zone_design(struct judging *j)
{
    const char *wanted = j->kind == PEERING_PRIVATE ? "core" : "perimeter";
    at_key(j, "/zone");
    if (!*j->p->zone) untold(j, "the design does not say in which zone the peering lands");
    else if (strcmp(j->p->zone, wanted) != 0)
        broken(j, "%s peering lands in %s, not %s", peering_kind_name(j->kind), j->p->zone, wanted);
    else holds(j);
    j->where = "";
    at_key(j, "/security");
    if (j->d->security.internet_to_core == SAID_YES) broken(j, "the Internet reaches the core without a firewall");
    if (j->kind != PEERING_PRIVATE && !*j->d->security.firewall)
        untold(j, "the design names no firewall between perimeter and core");
}

static void lists_design(struct judging *j)
{
    must_say(j, j->p->acl.inbound_deny, SAID_YES, "/acl/inbound_deny", "the inbound list has no closing deny");
    must_say(j, j->p->acl.outbound_deny, SAID_YES, "/acl/outbound_deny", "the outbound list has no closing deny");
}

static const char *if_linked_networks(const struct judging *j)
{
    for (size_t i = 0; i < j->d->connections_n; i++) {
        const struct design_gateway *g = design_gateway(j->d, j->d->connections[i].gateway);
        if (g && strcmp(g->virtual_network, j->v->name) == 0) return NULL;
    }
    return "no circuit leads to this network";
}
static void subnets_design(struct judging *j)
{
    size_t n = 0;
    for (size_t i = 0; i < j->v->subnets_n; i++) {
        const struct design_subnet *s = &j->v->subnets[i];
        if (strcmp(s->name, "GatewaySubnet") == 0) continue;
        n++;
        at_key(j, say(j, "/subnets/%zu", i));
        if (s->denies_inbound == SAID_NO) broken(j, "subnet %s lets everything in", s->name);
        else if (s->denies_inbound == SAID_YES && *s->security_group) holds(j);
        else if (s->denies_inbound == SAID_YES) broken(j, "subnet %s has no security group", s->name);
        else untold(j, "the design does not say whether subnet %s denies by default", s->name);
    }
    if (!n) untold(j, "the design gives no workload subnets of %s", j->v->name);
}

static const char *if_stateful(const struct judging *j)
{
    return j->flow->out_n || j->flow->back_n ? NULL : "no stateful device is on the flow's way";
}
static void both_ways_design(struct judging *j)
{
    const struct design_flow *f = j->flow;
    at_key(j, "/back");
    if (!f->out_n || !f->back_n) {
        untold(j, "the design gives the stateful devices of one direction only");
        return;
    }
    for (size_t i = 0; i < f->out_n; i++)
        if (!text_in(f->back, f->back_n, f->out[i])) broken(j, "out by %s, back without it", f->out[i]);
    for (size_t i = 0; i < f->back_n; i++)
        if (!text_in(f->out, f->out_n, f->back[i])) broken(j, "back by %s, out without it", f->back[i]);
    holds(j);
}

static void sources_design(struct judging *j)
{
    must_say(j, j->p->source_check, SAID_YES, "/source_check", "foreign sources are accepted");
}
static void sources_live(struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        const char *s = seen_if(j, FACT_SPOOF, leg_subject(j, leg));
        if (s && strcmp(s, "dropped") != 0) broken(j, "a packet with a foreign source passed on the %s leg", leg_name(leg));
    }
}

/* ---- encryption ---- */

static const char *if_confidential(const struct judging *j)
{
    return j->work->confidential == SAID_YES ? NULL : "the workload is not marked confidential";
}
static void encrypted_design(struct judging *j)
{
    static const char *const known[] = {"macsec", "ipsec", "tls"};
    at_key(j, "/encryption");
    if (!j->work->encryption_n) {
        broken(j, "%s crosses the circuits in clear", j->work->name);
        return;
    }
    for (size_t i = 0; i < j->work->encryption_n; i++)
        if (!text_in(known, ARRAY_LEN(known), j->work->encryption[i]))
            unclear(j, "'%s' is none of macsec, ipsec, tls", j->work->encryption[i]);
    holds(j);
}

static const char *if_macsec(const struct judging *j)
{
    return j->port->macsec.used == SAID_YES ? NULL : "MACsec is not used on this pair";
}
static void macsec_design(struct judging *j)
{
    static const char *const ciphers[] = {"GcmAes128", "GcmAes256", "GcmAesXpn128", "GcmAesXpn256"};
    const struct design_macsec *m = &j->port->macsec;
    at_key(j, "/macsec/cipher");
    if (!*m->cipher) untold(j, "the design names no cipher");
    else if (!text_in(ciphers, ARRAY_LEN(ciphers), m->cipher)) broken(j, "there is no cipher '%s'", m->cipher);
    at_key(j, "/macsec/vault");
    if (!*m->vault) untold(j, "the design names no vault for the keys");
    must_say(j, m->same_keys, SAID_YES, "/macsec/same_keys", "the keys of both ends differ");
    must_say(j, m->soft_delete, SAID_YES, "/macsec/soft_delete", "the vault has no soft delete");
    must_say(j, m->link_by_link, SAID_YES, "/macsec/link_by_link", "keys are changed on both links at once");
}
static void macsec_live(struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        const char *s = seen_if(j, FACT_MACSEC_STATE, say(j, "%s/%s", j->subject, leg_name(leg)));
        if (s && strcmp(s, "secured") != 0) broken(j, "the %s link is %s", leg_name(leg), s);
    }
}

static void tunnels_design(struct judging *j)
{
    const struct design_ipsec *t = j->ipsec;
    at_key(j, "/legs");
    if (!t->legs_n) untold(j, "the design does not say over which links the tunnels run");
    for (enum leg leg = LEG_FIRST; t->legs_n && leg < LEGS; leg++)
        if (!text_in(t->legs, t->legs_n, leg_name(leg))) broken(j, "no tunnel runs over the %s link", leg_name(leg));
    must_say(j, t->active_active, SAID_YES, "/active_active", "the gateway is not active-active");
    must_say(j, t->route_based, SAID_YES, "/route_based", "the tunnels are policy-based");
    must_say(j, t->distinct_asns, SAID_YES, "/distinct_asns", "both ends have one AS number");
    if (strcmp(t->peering, "microsoft") == 0)
        must_say(j, t->endpoints_only, SAID_YES, "/endpoints_only", "more than the tunnel endpoints is let through");
}

/* ---- rights, logs, secrets ---- */

static bool writes(const char *right)
{
    return text_same_nocase(right, "owner") || text_same_nocase(right, "contributor") ||
           text_same_nocase(right, "provider");
}
static void rights_design(struct judging *j)
{
    const struct design_security *s = &j->d->security;
    at_key(j, "/security/roles");
    if (!s->roles_n) untold(j, "the design does not list roles");
    for (size_t i = 0; i < s->roles_n; i++) {
        at_key(j, say(j, "/security/roles/%zu", i));
        if (writes(s->roles[i].right) && s->roles[i].needed == SAID_NO)
            broken(j, "%s is %s beyond need", s->roles[i].who, s->roles[i].right);
    }
    must_say(j, s->separate_admins, SAID_YES, "/security/separate_admins",
             "perimeter and applications have the same administrators");
}

static const char *const log_kinds[] = {"activity", "bgp", "acl", "nat"};

static const struct design_log *log_of(const struct design *d, const char *kind)
{
    for (size_t i = 0; i < d->security.logs_n; i++)
        if (strcmp(d->security.logs[i].kind, kind) == 0) return &d->security.logs[i];
    return NULL;
}
static void logs_design(struct judging *j)
{
    at_key(j, "/security/logs");
    if (!j->d->security.logs_n) {
        untold(j, "the design lists no logs");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(log_kinds); i++) {
        const struct design_log *l = log_of(j->d, log_kinds[i]);
        bool needed = strcmp(log_kinds[i], "nat") != 0 || j->d->nat.pools_n;
        if (!l && needed) broken(j, "no %s log is kept", log_kinds[i]);
        else if (l && (!*l->store || !l->retention_days)) broken(j, "the %s log has no store or retention", l->kind);
    }
    holds(j);
}
static void logs_live(struct judging *j)
{
    for (size_t i = 0; i < ARRAY_LEN(log_kinds); i++) {
        const char *age = seen_if(j, FACT_LOG_AGE, say(j, "log/%s", log_kinds[i]));
        if (age && strtoul(age, NULL, 10) > LOG_AGE_MOST_S) broken(j, "no %s log for %s s", log_kinds[i], age);
    }
}

static void secrets_design(struct judging *j)
{
    const struct design_security *s = &j->d->security;
    at_key(j, "/security/plain_secrets");
    for (size_t i = 0; i < s->plain_secrets_n; i++) broken(j, "a key can be read at %s", s->plain_secrets[i]);
    at_key(j, "/security/secret_store");
    if (!*s->secret_store) untold(j, "the design does not say where keys are kept");
    else holds(j);
}

const struct judge_row judges_security[] = {
    {"NET-SEC-01", SCOPE_PEERING, NULL, zone_design, NULL},
    {"NET-SEC-02", SCOPE_PEERING, NULL, lists_design, NULL},
    {"NET-SEC-03", SCOPE_NETWORK, if_linked_networks, subnets_design, NULL},
    {"NET-SEC-04", SCOPE_FLOW, if_stateful, both_ways_design, NULL},
    {"NET-SEC-05", SCOPE_PEERING, NULL, sources_design, sources_live},
    {"NET-SEC-06", SCOPE_WORKLOAD, if_confidential, encrypted_design, NULL},
    {"NET-SEC-07", SCOPE_PORT, if_macsec, macsec_design, macsec_live},
    {"NET-SEC-08", SCOPE_IPSEC, NULL, tunnels_design, NULL},
    {"NET-SEC-09", SCOPE_DESIGN, NULL, rights_design, NULL},
    {"NET-SEC-10", SCOPE_DESIGN, NULL, logs_design, logs_live},
    {"NET-SEC-11", SCOPE_DESIGN, NULL, secrets_design, NULL},
    {0},
};
