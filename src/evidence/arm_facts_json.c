/* evidence/arm_facts_json.c - a function for each kind of resource. */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "evidence/arm_priv.h"

struct pass { /* one walk over an export */
    const struct arm_export *e;
    struct collector c;
};

static void subject_of(char out[static SUBJECT_MAX], const char *kind, const char *name)
{
    snprintf(out, SUBJECT_MAX, "%s/%.100s", kind, name);
}

/* ---- account ---- */

static void take_subscription(struct pass *p, const json_t *o)
{
    put(&p->c, FACT_SUBSCRIPTION_STATE, "subscription", arm_text(o, "state"));
}

static void take_namespace(struct pass *p, const json_t *o)
{
    const char *name = arm_text(o, "namespace");
    facts_addf(p->c.facts, FACT_SUBSCRIPTION_PROVIDER, "subscription", p->c.source, p->c.at_ms, "%s %s",
               *name ? name : arm_text(o, "providerNamespace"), arm_text(o, "registrationState"));
}

static bool action_allows(const char *action)
{
    static const char *const wide[] = {"*", "*/write", "Microsoft.Network/*", "Microsoft.Network/*/write"};
    for (size_t i = 0; i < ARRAY_LEN(wide); i++)
        if (text_same_nocase(action, wide[i])) return true;
    return false;
}

static bool lists_action(const json_t *list)
{
    size_t i;
    json_t *a;
    json_array_foreach((json_t *)list, i, a)
    {
        if (json_is_string(a) && action_allows(json_string_value(a))) return true;
    }
    return false;
}

/* Several roles may be held; one that allows writing is enough. */
static void take_all_permissions(struct pass *p)
{
    bool any = false, may = false;
    for (size_t i = 0; i < p->e->documents_n; i++) {
        const struct arm_document *d = &p->e->documents[i];
        if (d->kind != ARM_PERMISSIONS) continue;
        any = true;
        p->c.source = d->source;
        p->c.at_ms = d->at_ms;
        may = may || (lists_action(arm_get(d->resource, "actions")) &&
                      !lists_action(arm_get(d->resource, "notActions")));
    }
    if (any) put(&p->c, FACT_SUBSCRIPTION_MAY_WRITE, "subscription", may ? "true" : "false");
}

/* ---- circuits ---- */

static bool same_place(const char *a, const char *b) /* "Amsterdam 2" is "amsterdam2" */
{
    for (;; a++, b++) {
        while (*a == ' ') a++;
        while (*b == ' ') b++;
        char x = *a >= 'A' && *a <= 'Z' ? (char)(*a | 32) : *a, y = *b >= 'A' && *b <= 'Z' ? (char)(*b | 32) : *b;
        if (x != y) return false;
        if (!x) return true;
    }
}

static bool at_location(const json_t *provider, const char *location)
{
    size_t i;
    json_t *v;
    json_array_foreach(arm_get(provider, "peeringLocations"), i, v)
    {
        if (json_is_string(v) && same_place(json_string_value(v), location)) return true;
    }
    return false;
}

static void take_offers(struct pass *p, const char *subject, const json_t *provider)
{
    size_t i;
    json_t *offer;
    json_array_foreach(arm_get(provider, "bandwidthsOffered"), i, offer)
    {
        put_number(&p->c, FACT_CIRCUIT_OFFERED, subject, arm_number(offer, "valueInMbps"));
    }
}

static void take_provider_list(struct pass *p, const char *subject, const char *name, const char *location)
{
    bool any = false, listed = false;
    struct collector own = p->c;
    for (size_t i = 0; i < p->e->documents_n; i++) {
        const struct arm_document *d = &p->e->documents[i];
        if (d->kind != ARM_PROVIDER) continue;
        any = true;
        p->c.source = d->source;
        p->c.at_ms = d->at_ms;
        if (!text_same_nocase(arm_name(d->resource), name) || !at_location(d->resource, location)) continue;
        listed = true;
        take_offers(p, subject, d->resource);
    }
    if (any) put(&p->c, FACT_PROVIDER_LISTED, subject, listed ? "true" : "false");
    p->c = own;
}

static void take_links(struct pass *p, const char *subject, const char *circuit)
{
    bool any = p->e->no_connections;
    uint64_t n = 0;
    for (size_t i = 0; i < p->e->documents_n; i++) {
        const struct arm_document *d = &p->e->documents[i];
        if (d->kind != ARM_CONNECTION) continue;
        any = true;
        n += text_same_nocase(arm_reference(d->resource, "peer"), circuit);
    }
    if (any) put_number(&p->c, FACT_CIRCUIT_LINKS, subject, n);
}

/* "Allow 12076:5010,12076:5030": the rules of the filter that hangs on the peering. */
static void take_filter(struct pass *p, const char *subject, const char *name)
{
    size_t i, k;
    json_t *rule, *community;
    for (size_t n = 0; n < p->e->documents_n; n++) {
        const struct arm_document *d = &p->e->documents[n];
        if (d->kind != ARM_FILTER || !text_same_nocase(arm_name(d->resource), name)) continue;
        json_array_foreach(arm_get(d->resource, "rules"), i, rule)
        {
            struct text t = {0};
            text_addf(&t, "%s ", arm_text(rule, "access"));
            json_array_foreach(arm_get(rule, "communities"), k, community)
            {
                const char *c = json_string_value(community);
                text_addf(&t, "%s%s", k ? "," : "", c ? c : "");
            }
            facts_add(p->c.facts, FACT_FILTER_RULE, subject, text_get(&t), d->source, d->at_ms);
            text_drop(&t);
        }
    }
}

static void take_reach(struct pass *p, const json_t *peering)
{
    char subject[SUBJECT_MAX];
    size_t i;
    json_t *joined;
    json_array_foreach(arm_get(peering, "connections"), i, joined)
    {
        subject_of(subject, "global-reach", arm_name(joined));
        put(&p->c, FACT_REACH_STATE, subject, arm_text(joined, "circuitConnectionStatus"));
    }
}

static void take_peering(struct pass *p, const char *circuit, const json_t *o)
{
    static const struct {
        enum fact_name name;
        const char *key;
    } texts[] = {{FACT_PEERING_STATE, "state"},
                 {FACT_PEERING_OPERATION, "provisioningState"},
                 {FACT_PEERING_PRIMARY_PREFIX, "primaryPeerAddressPrefix"},
                 {FACT_PEERING_SECONDARY_PREFIX, "secondaryPeerAddressPrefix"},
                 {FACT_PEERING_MANAGED_BY, "lastModifiedBy"}},
      numbers[] = {{FACT_PEERING_VLAN, "vlanId"},
                   {FACT_PEERING_PEER_ASN, "peerASN"},
                   {FACT_PEERING_CLOUD_ASN, "azureASN"}};
    const char *type = arm_text(o, "peeringType");
    const char *word = arm_peering_word(*type ? type : arm_name(o));
    char subject[SUBJECT_MAX];
    if (!*word) return;
    snprintf(subject, sizeof subject, "circuit/%.100s/%s", circuit, word);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        put(&p->c, texts[i].name, subject, arm_text(o, texts[i].key));
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        if (arm_get(o, numbers[i].key)) put_number(&p->c, numbers[i].name, subject, arm_number(o, numbers[i].key));
    put(&p->c, FACT_PEERING_PREFIXES_STATE, subject,
        arm_text(arm_get(o, "microsoftPeeringConfig"), "advertisedPublicPrefixesState"));
    if (*arm_reference(o, "routeFilter")) take_filter(p, subject, arm_reference(o, "routeFilter"));
    take_reach(p, o);
}

static void take_authorizations(struct pass *p, const char *subject, const json_t *circuit)
{
    size_t i;
    json_t *a;
    json_array_foreach(arm_get(circuit, "authorizations"), i, a)
    {
        facts_addf(p->c.facts, FACT_AUTHORIZATION_USE, subject, p->c.source, p->c.at_ms, "%s %s", arm_name(a),
                   arm_text(a, "authorizationUseStatus"));
    }
}

static void take_circuit(struct pass *p, const json_t *o)
{
    const json_t *provider = arm_get(o, "serviceProviderProperties"), *sku = arm_get(o, "sku");
    const char *name = arm_name(o);
    char subject[SUBJECT_MAX];
    size_t i;
    json_t *peering;
    subject_of(subject, "circuit", name);
    put(&p->c, FACT_CIRCUIT_STATE, subject, arm_text(o, "circuitProvisioningState"));
    put(&p->c, FACT_CIRCUIT_PROVIDER_STATE, subject, arm_text(o, "serviceProviderProvisioningState"));
    put(&p->c, FACT_CIRCUIT_OPERATION, subject, arm_text(o, "provisioningState"));
    put(&p->c, FACT_CIRCUIT_SKU, subject, arm_text(sku, "name"));
    if (provider) {
        put_number(&p->c, FACT_CIRCUIT_BANDWIDTH, subject, arm_number(provider, "bandwidthInMbps"));
        put(&p->c, FACT_CIRCUIT_LOCATION, subject, arm_text(provider, "peeringLocation"));
        put(&p->c, FACT_CIRCUIT_PROVIDER, subject, arm_text(provider, "serviceProviderName"));
        take_provider_list(p, subject, arm_text(provider, "serviceProviderName"),
                           arm_text(provider, "peeringLocation"));
    } else if (arm_get(o, "bandwidthInGbps")) {
        put_number(&p->c, FACT_CIRCUIT_BANDWIDTH, subject, arm_number(o, "bandwidthInGbps") * 1000);
    }
    take_links(p, subject, name);
    take_authorizations(p, subject, o);
    json_array_foreach(arm_get(o, "peerings"), i, peering) { take_peering(p, name, peering); }
}

/* ".../expressRouteCircuits/er1/peerings/AzurePrivatePeering" */
static void take_lone_peering(struct pass *p, const json_t *o)
{
    char circuit[100];
    const char *id = arm_text(o, "id"), *end = strstr(id, "/peerings/"), *begin = end;
    while (begin && begin > id && begin[-1] != '/') begin--;
    if (!end) return;
    snprintf(circuit, sizeof circuit, "%.*s", (int)(end - begin), begin);
    take_peering(p, circuit, o);
}

static void take_cross(struct pass *p, const json_t *o)
{
    char subject[SUBJECT_MAX];
    const char *circuit = arm_reference(o, "expressRouteCircuit");
    if (!*circuit) return;
    subject_of(subject, "circuit", circuit);
    put(&p->c, FACT_CROSS_STATE, subject, arm_text(o, "serviceProviderProvisioningState"));
    put_number(&p->c, FACT_CROSS_BANDWIDTH, subject, arm_number(o, "bandwidthInMbps"));
    put_number(&p->c, FACT_CROSS_STAG, subject, arm_number(o, "sTag"));
}

static void take_connection(struct pass *p, const json_t *o)
{
    char subject[SUBJECT_MAX];
    if (!text_same_nocase(arm_text(o, "connectionType"), "ExpressRoute")) return;
    subject_of(subject, "connection", arm_name(o));
    put(&p->c, FACT_LINK_STATE, subject, arm_text(o, "provisioningState"));
    if (arm_get(o, "routingWeight")) put_number(&p->c, FACT_CONNECTION_WEIGHT, subject, arm_number(o, "routingWeight"));
}

/* Ports, gateways, networks, filters, providers: they tell of the design, or of others. */
static void (*const takes[ARM_KINDS])(struct pass *, const json_t *) = {
    [ARM_SUBSCRIPTION] = take_subscription, [ARM_NAMESPACE] = take_namespace,
    [ARM_CIRCUIT] = take_circuit,           [ARM_PEERING] = take_lone_peering,
    [ARM_CROSS] = take_cross,               [ARM_CONNECTION] = take_connection,
};

void arm_export_facts(const struct arm_export *e, struct facts *facts, const struct design *design)
{
    struct pass p = {e, {.facts = facts, .design = design}};
    for (size_t i = 0; i < e->documents_n; i++) {
        const struct arm_document *d = &e->documents[i];
        p.c.source = d->source;
        p.c.at_ms = d->at_ms;
        if (takes[d->kind]) takes[d->kind](&p, d->resource);
    }
    take_all_permissions(&p);
    for (size_t i = 0; i < e->tables_n; i++) {
        p.c.source = e->tables[i].source;
        p.c.at_ms = e->tables[i].at_ms;
        arm_table_facts(&p.c, &e->tables[i]);
    }
}
