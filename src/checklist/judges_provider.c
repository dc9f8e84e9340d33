/* checklist/judges_provider.c - PRV: the party between the site and the cloud. */
#include <stdlib.h>
#include <string.h>
#include "checklist/judge.h"

static void listed_design(struct judging *j)
{
    const struct design_circuit *c = j->c;
    if (!*c->provider || !*c->peering_location) {
        at_key(j, *c->provider ? "" : "/provider");
        unclear(j, "the design names no %s", *c->provider ? "peering location" : "provider");
        return;
    }
    const struct catalogue_location *l = catalogue_location(j->cat, j->d->cloud, c->peering_location);
    const struct catalogue_provider *p = catalogue_provider(j->cat, c->provider);
    if (!l) {
        const char *near = catalogue_near_location(j->cat, j->d->cloud, c->peering_location);
        at_key(j, "/peering_location");
        broken(j, "there is no peering location '%s' in cloud %s%s%s%s", c->peering_location, j->d->cloud,
               near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
        return;
    }
    at_key(j, "/provider");
    if (!p) {
        const char *near = catalogue_near_provider(j->cat, c->provider);
        broken(j, "no provider '%s' is known%s%s%s", c->provider, near ? ", did you mean '" : "",
               near ? near : "", near ? "'?" : "");
    } else if (catalogue_serves(p, j->d->cloud, l->name)) {
        holds(j);
    } else {
        broken(j, "%s is not listed at %s in cloud %s", p->name, l->name, j->d->cloud);
    }
}
static void listed_live(struct judging *j) { wants(j, FACT_PROVIDER_LISTED, j->subject, "true"); }

static const char *if_carrier(const struct judging *j)
{
    if (design_is_direct(j->c)) return "a Direct circuit has no provider";
    return *j->c->access_carrier ? NULL : "no carrier besides the provider";
}

static void exchange_design(struct judging *j)
{
    const struct design_circuit *c = j->c;
    const struct catalogue_provider *p = catalogue_provider(j->cat, c->provider);
    at_key(j, "/access_carrier");
    if (!*c->peering_location || !p)
        unclear(j, "without a known provider and location the carrier's way cannot be judged");
    else if (!p->is_exchange)
        broken(j, "%s is no exchange, and %s is no partner of its own", p->name, c->access_carrier);
    else if (!catalogue_carrier_reaches(j->cat, c->access_carrier, p->name, c->peering_location))
        broken(j, "%s is not known to reach %s at %s", c->access_carrier, p->name, c->peering_location);
    else
        holds(j);
}

static void offered_design(struct judging *j)
{
    at_key(j, "/bandwidth_mbps");
    if (!j->c->bandwidth_mbps) unclear(j, "the design gives no bandwidth");
    else if (catalogue_bandwidth_is(j->cat->limits.offered, j->c->bandwidth_mbps)) holds(j);
    else broken(j, "%s does not offer %u Mbps", j->c->provider, j->c->bandwidth_mbps);
}

static void offered_live(struct judging *j)
{
    size_t n;
    const struct fact *const *list = seen_all(j, FACT_CIRCUIT_OFFERED, j->subject, &n);
    for (size_t i = 0; i < n; i++)
        if (strtoul(list[i]->value, NULL, 10) == j->c->bandwidth_mbps) {
            holds(j);
            return;
        }
    if (n) broken(j, "the provider list does not offer %u Mbps", j->c->bandwidth_mbps);
    else unclear(j, "no evidence of provider.bandwidth for %s", j->subject);
}

static void owner_of_model(struct judging *j)
{
    const struct design_circuit *c = j->c;
    if (c->model == MODEL_IPVPN && c->l3_managed_by != PARTY_PROVIDER)
        broken(j, "in an IP VPN the provider manages layer 3, the design says %s",
               design_party_name(c->l3_managed_by));
    if (c->model == MODEL_DIRECT && c->l3_managed_by != PARTY_CUSTOMER)
        broken(j, "on a Direct circuit the customer manages layer 3, the design says %s",
               design_party_name(c->l3_managed_by));
    if ((c->model == MODEL_DIRECT) != (*c->port != 0))
        broken(j, *c->port ? "a circuit on a Direct port has model direct" : "a Direct circuit has a port");
}

static void model_design(struct judging *j)
{
    const struct design_circuit *c = j->c;
    at_key(j, c->model == MODEL_UNSAID ? "" : "/l3_managed_by");
    if (c->model == MODEL_UNSAID || c->l3_managed_by == PARTY_UNSAID) {
        unclear(j, "the design does not say %s", c->model == MODEL_UNSAID ? "model" : "l3_managed_by");
        return;
    }
    if (c->l3_managed_by == PARTY_OTHER) broken(j, "layer 3 is managed by neither customer nor provider");
    owner_of_model(j);
    holds(j);
}

static enum design_party owner_of(const struct design_circuit *c, int kind)
{
    enum design_party own = c->peerings[kind].managed_by;
    return own == PARTY_UNSAID ? c->l3_managed_by : own;
}

static void model_live(struct judging *j)
{
    for (int k = 0; k < PEERING_KINDS; k++) {
        if (!j->c->peerings[k].there) continue;
        const char *subject = say(j, "%s/%s", j->subject, peering_kind_name((enum peering_kind)k));
        enum design_party owner = owner_of(j->c, k);
        const char *by = seen(j, FACT_PEERING_MANAGED_BY, subject);
        if (!by) continue;
        bool provider = strcmp(by, "Provider") == 0;
        if (owner == PARTY_UNSAID || provider == (owner == PARTY_PROVIDER)) holds(j);
        else
            broken(j, "%s peering is declared as managed by %s and was last changed by the %s",
                   peering_kind_name((enum peering_kind)k), design_party_name(owner),
                   provider ? "provider" : "customer");
    }
}

static void provisioned_live(struct judging *j)
{
    wants(j, FACT_CIRCUIT_PROVIDER_STATE, j->subject, "Provisioned");
    wants(j, FACT_CROSS_STATE, j->subject, "Provisioned");
    const char *tag = seen(j, FACT_CROSS_STAG, j->subject);
    if (tag && strcmp(tag, "0") == 0) broken(j, "the provider has set no outer tag yet");
}

static const char *if_access(const struct judging *j)
{
    if (design_is_direct(j->c)) return "a Direct circuit has no exchange";
    if (j->c->model == MODEL_EXCHANGE || *j->c->access_carrier) return NULL;
    return "only for access through an exchange";
}

/* Has each leg's loss been exercised, with everything back afterwards? */
static void drills_live(struct judging *j)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        const struct fact *f = drill_of(j, leg_name(leg));
        if (!f) unclear(j, "no drill of the %s leg is recorded", leg_name(leg));
        else if (strstr(f->value, "restored")) holds(j);
        else broken(j, "the drill of the %s leg did not end well", leg_name(leg));
    }
}

static void access_design(struct judging *j)
{
    const struct design_link *a = &j->c->links[LEG_FIRST], *b = &j->c->links[LEG_SECOND];
    const char *both = shared_element(a->access_path, a->access_path_n, b->access_path, b->access_path_n);
    at_key(j, "/links");
    if (both) broken(j, "the access of both legs goes through %s", both);
    else if (!a->access_path_n || !b->access_path_n)
        unclear(j, "the design does not give the access_path of the %s leg",
                leg_name(a->access_path_n ? LEG_SECOND : LEG_FIRST));
    else holds(j);
}

static void policer_design(struct judging *j)
{
    at_key(j, "/provider_policer_mbps");
    if (!j->c->provider_policer_mbps) return; /* only known once somebody measured or told */
    if (j->c->provider_policer_mbps >= j->c->bandwidth_mbps) holds(j);
    else
        broken(j, "the circuit has %u Mbps, the provider still limits to %u", j->c->bandwidth_mbps,
               j->c->provider_policer_mbps);
}

static void policer_live(struct judging *j)
{
    uint64_t circuit, cross;
    if (!seen_number(j, FACT_CIRCUIT_BANDWIDTH, j->subject, &circuit)) return;
    if (!seen_number(j, FACT_CROSS_BANDWIDTH, j->subject, &cross)) return;
    if (cross >= circuit) holds(j);
    else
        broken(j, "the circuit has %llu Mbps, the provider's side %llu", (unsigned long long)circuit,
               (unsigned long long)cross);
}

const struct judge_row judges_provider[] = {
    {"PRV-01", SCOPE_CIRCUIT, if_provider_circuit, listed_design, listed_live},
    {"PRV-02", SCOPE_CIRCUIT, if_carrier, exchange_design, NULL},
    {"PRV-03", SCOPE_CIRCUIT, if_provider_circuit, offered_design, offered_live},
    {"PRV-04", SCOPE_CIRCUIT, NULL, model_design, model_live},
    {"PRV-05", SCOPE_CIRCUIT, if_provider_circuit, NULL, provisioned_live},
    {"PRV-06", SCOPE_CIRCUIT, if_access, access_design, drills_live},
    {"PRV-07", SCOPE_CIRCUIT, if_provider_circuit, policer_design, policer_live},
    {0},
};
