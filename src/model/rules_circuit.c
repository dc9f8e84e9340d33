/* model/rules_circuit.c - what may be ordered, and how an order may change. */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "model/rules.h"

#define CLOUD "global" /* the national clouds are not ours to sell */

static const char *const tiers[] = {
#define ROW(t) #t,
    CIRCUIT_TIERS(ROW)
#undef ROW
        NULL};
static const char *const families[] = {
#define ROW(f) #f,
    CIRCUIT_FAMILIES(ROW)
#undef ROW
        NULL};

const char *circuit_tier_name(enum circuit_tier t) { return tiers[t]; }
const char *circuit_family_name(enum circuit_family f) { return families[f]; }

static int index_of(const char *s, size_t n, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strlen(words[i]) == n && strncmp(words[i], s, n) == 0) return i;
    for (int i = 0; words[i]; i++) {
        char copy[32];
        snprintf(copy, sizeof copy, "%.*s", (int)n, s);
        if (text_same_nocase(words[i], copy)) return i;
    }
    return -1;
}

/* Tier and family count; a name that contradicts them is stale, since clients change one only. */
static bool sku_check(const struct record_sku *sku, struct faults *fs, struct circuit_terms *out)
{
    const char *underscore = strchr(sku->name, '_');
    size_t head = underscore ? (size_t)(underscore - sku->name) : strlen(sku->name);
    const char *tail = underscore ? underscore + 1 : "";
    int tier = *sku->tier ? index_of(sku->tier, strlen(sku->tier), tiers)
                          : index_of(sku->name, head, tiers);
    int family = *sku->family ? index_of(sku->family, strlen(sku->family), families)
                              : index_of(tail, strlen(tail), families);
    if (tier < 0)
        fault_add(fs, FAULT_ExpressRouteSkuInvalid, "/sku/tier",
                  "The tier '%s' is unknown. Use Local, Standard or Premium.", sku->tier);
    if (family < 0)
        fault_add(fs, FAULT_ExpressRouteSkuInvalid, "/sku/family",
                  "The family '%s' is unknown. Use MeteredData or UnlimitedData.", sku->family);
    if (tier < 0 || family < 0) return false;
    out->tier = (enum circuit_tier)tier;
    out->family = (enum circuit_family)family;
    return true;
}

static void tier_check(const struct circuit_terms *t, const struct catalogue_location *at,
                       const struct circuit_terms *old, struct faults *fs)
{
    if (t->tier == TIER_Basic && (!old || old->tier != TIER_Basic))
        fault_add(fs, FAULT_ExpressRouteSkuInvalid, "/sku/tier",
                  "The tier Basic cannot be ordered any more. Use Local, Standard or Premium.");
    if (t->tier == TIER_Local && t->family != FAMILY_UnlimitedData)
        fault_add(fs, FAULT_ExpressRouteSkuInvalid, "/sku/family",
                  "A Local circuit is UnlimitedData only. Use the family UnlimitedData.");
    if (t->tier == TIER_Local && at && !at->has_local)
        fault_add(fs, FAULT_ExpressRouteSkuInvalid, "/sku/tier",
                  "The tier Local is not offered at '%s', which has no local region. Use Standard.",
                  at->name);
}

static const struct catalogue_location *place_check(const struct catalogue *c,
                                                    const struct record_circuit *r,
                                                    struct faults *fs, struct circuit_terms *out)
{
    const char *base = "/properties/serviceProviderProperties";
    const struct catalogue_provider *p = catalogue_provider(c, r->provider.name);
    const struct catalogue_location *l = catalogue_location(c, CLOUD, r->provider.location);
    char target[96];
    if (!p) {
        const char *near = catalogue_near_provider(c, r->provider.name);
        snprintf(target, sizeof target, "%s/serviceProviderName", base);
        fault_add(fs, FAULT_ExpressRouteServiceProviderNotFound, target,
                  "The service provider '%s' is unknown%s%s%s. See the list of service providers.",
                  r->provider.name, near ? "; did you mean '" : "", near ? near : "",
                  near ? "'" : "");
    }
    snprintf(target, sizeof target, "%s/peeringLocation", base);
    if (!l) {
        const char *near = catalogue_near_location(c, CLOUD, r->provider.location);
        fault_add(
            fs, FAULT_ExpressRoutePeeringLocationNotFound, target,
            "The peering location '%s' is unknown%s%s%s. See the provider's peeringLocations.",
            r->provider.location, near ? "; did you mean '" : "", near ? near : "",
            near ? "'" : "");
    } else if (p && !catalogue_serves(p, CLOUD, l->name)) {
        fault_add(fs, FAULT_ExpressRoutePeeringLocationNotFound, target,
                  "The service provider '%s' is not at '%s'. See the provider's peeringLocations.",
                  p->name, l->name);
    }
    if (!p || !l) return NULL;
    out->provider = p->name;
    out->location = l->name;
    return l;
}

static const char *offers_text(const struct catalogue *c, struct arena *a)
{
    const char *t = "";
    for (size_t i = 0; c->limits.offered[i] && t; i++)
        t = arena_printf(a, "%s%s%u", t, i ? ", " : "", c->limits.offered[i]);
    return t ? t : "";
}

static void bandwidth_check(const struct catalogue *c, uint64_t mbps, struct faults *fs)
{
    if (mbps > UINT32_MAX || !catalogue_bandwidth_is(c->limits.offered, (uint32_t)mbps))
        fault_add(fs, FAULT_ExpressRouteBandwidthNotOffered,
                  "/properties/serviceProviderProperties/bandwidthInMbps",
                  "A bandwidth of %llu Mbps is not offered. Use one of %s.",
                  (unsigned long long)mbps, offers_text(c, fs->arena));
}

static void port_bandwidth_check(const struct catalogue *c, const struct circuit_port *port,
                                 uint64_t mbps, struct faults *fs)
{
    const uint32_t *sizes = catalogue_direct(&c->limits, port->gbps);
    const char *target = "/properties/bandwidthInGbps", *t = "";
    for (size_t i = 0; sizes && sizes[i] && t; i++)
        t = arena_printf(fs->arena, "%s%s%u", t, i ? ", " : "", sizes[i] / 1000);
    if (mbps > UINT32_MAX || !sizes || !catalogue_bandwidth_is(sizes, (uint32_t)mbps))
        fault_add(fs, FAULT_ExpressRouteBandwidthNotOffered, target,
                  "A bandwidth of %g Gbps is not offered on ports of %llu Gbps. Use one of %s.",
                  (double)mbps / 1000, (unsigned long long)port->gbps, t ? t : "");
    else if (port->used_mbps + mbps > 2000 * port->gbps)
        fault_add(fs, FAULT_ExpressRoutePortBandwidthExceeded, target,
                  "The circuits on these ports would add up to %g Gbps. At most twice the speed of "
                  "the ports, %llu Gbps; use a smaller bandwidth or other ports.",
                  (double)(port->used_mbps + mbps) / 1000, (unsigned long long)(2 * port->gbps));
}

static void change_check(const struct catalogue *c, const struct circuit_terms *old,
                         const struct circuit_terms *t, size_t links, struct faults *fs)
{
    const char *base = "/properties/serviceProviderProperties";
    if (!text_same_nocase(old->provider, t->provider) ||
        !text_same_nocase(old->location, t->location))
        fault_add(
            fs, FAULT_ExpressRouteServiceProviderCannotBeChanged, base,
            "Provider and peering location of a circuit are fixed ('%s' at '%s'). Create a new "
            "circuit and move to it.",
            old->provider, old->location);
    if (t->mbps < old->mbps)
        fault_add(fs, FAULT_ExpressRouteBandwidthDecreaseNotSupported,
                  "/properties/serviceProviderProperties/bandwidthInMbps",
                  "The bandwidth can rise but not fall (now %llu Mbps, asked %llu). Create a new "
                  "circuit and move to it.",
                  (unsigned long long)old->mbps, (unsigned long long)t->mbps);
    if (old->family == FAMILY_UnlimitedData && t->family == FAMILY_MeteredData)
        fault_add(fs, FAULT_ExpressRouteUnlimitedToMeteredNotSupported, "/sku/family",
                  "UnlimitedData cannot be changed to MeteredData. Keep UnlimitedData.");
    if (old->tier != TIER_Local && t->tier == TIER_Local)
        fault_add(fs, FAULT_ExpressRouteSkuInvalid, "/sku/tier",
                  "A %s circuit cannot become Local. Create a new circuit.", tiers[old->tier]);
    if (old->tier == TIER_Premium && t->tier != TIER_Premium && links > c->limits.links_standard)
        fault_add(fs, FAULT_ExpressRouteSkuInvalid, "/sku/tier",
                  "The circuit has %zu links, a %s circuit may have %u. Remove links first.", links,
                  tiers[t->tier], c->limits.links_standard);
}

bool circuit_check(const struct catalogue *c, const struct record_sku *sku,
                   const struct record_circuit *r, const struct circuit_port *port,
                   const struct circuit_terms *old, size_t links, struct faults *fs,
                   struct circuit_terms *out)
{
    size_t before = fs->n;
    struct circuit_terms t = {.provider = "",
                              .location = port ? port->location : "",
                              .mbps = port ? r->gbps_as_mbps : r->provider.mbps};
    bool known = sku_check(sku, fs, &t);
    const struct catalogue_location *at =
        port ? catalogue_location(c, CLOUD, port->location) : place_check(c, r, fs, &t);
    if (port)
        port_bandwidth_check(c, port, t.mbps, fs);
    else
        bandwidth_check(c, t.mbps, fs);
    if (known) tier_check(&t, at, old, fs);
    if (known && at && old) change_check(c, old, &t, links, fs);
    if (fs->n != before) return false;
    *out = t;
    return true;
}

bool region_check(const struct catalogue *c, const struct circuit_terms *t, const char *region,
                  const char *target, struct faults *fs)
{
    const struct catalogue_location *l = catalogue_location(c, CLOUD, t->location);
    const struct catalogue_geography *g = catalogue_geography_of(c, region);
    if (!l || !g || t->tier == TIER_Premium) return true;
    bool fine = t->tier == TIER_Local ? catalogue_region_local(l, region)
                                      : !l->geography || text_same_nocase(l->geography, g->name);
    if (!fine)
        fault_add(fs, FAULT_ExpressRouteCircuitRegionNotReachable, target,
                  t->tier == TIER_Local
                      ? "A Local circuit at '%s' does not reach '%s', only the regions near it. Use "
                        "Standard or Premium."
                      : "A circuit at '%s' does not reach '%s', which lies in another geography. Use "
                        "Premium.",
                  t->location, region);
    return fine;
}
