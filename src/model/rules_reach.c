/* model/rules_reach.c - what joins circuits and what is let out to them: Global Reach, route
 * filters. */
#include <string.h>
#include "base/text.h"
#include "model/rules.h"

#define CLOUD "global"

/* --- Global Reach --- */

static const char *const peer_target = "/properties/peerExpressRouteCircuitPeering/id";

static void reach_tier_check(const struct circuit_terms *a, const struct circuit_terms *b, bool far,
                             struct faults *fs)
{
    if (a->tier == TIER_Local || b->tier == TIER_Local)
        fault_add(fs, FAULT_ExpressRouteGlobalReachNotSupported, peer_target,
                  "A Local circuit cannot be joined to another. Use Standard or Premium.");
    else if (far && (a->tier != TIER_Premium || b->tier != TIER_Premium))
        fault_add(fs, FAULT_ExpressRouteGlobalReachNotSupported, peer_target,
                  "'%s' and '%s' lie in different geographies. Both circuits must be Premium.",
                  a->location, b->location);
}

static void reach_place_check(const struct catalogue *c, const struct circuit_terms *a,
                              const struct circuit_terms *b, struct faults *fs)
{
    const struct circuit_terms *ends[] = {a, b};
    const struct catalogue_location *at[] = {catalogue_location(c, CLOUD, a->location),
                                             catalogue_location(c, CLOUD, b->location)};
    const struct catalogue_names *countries = &c->limits.reach_countries;
    if (text_same_nocase(a->location, b->location))
        fault_add(fs, FAULT_ExpressRouteGlobalReachNotSupported, peer_target,
                  "Both circuits are at '%s'. Global Reach joins circuits of different locations.",
                  a->location);
    for (int i = 0; i < 2; i++)
        if (at[i] && at[i]->country && countries->n > 0 &&
            !catalogue_has(countries, at[i]->country))
            fault_add(fs, FAULT_ExpressRouteGlobalReachNotSupported, peer_target,
                      "Global Reach is not offered at '%s' (%s).", ends[i]->location,
                      at[i]->country);
    reach_tier_check(a, b,
                     at[0] && at[1] && at[0]->geography && at[1]->geography &&
                         !text_same_nocase(at[0]->geography, at[1]->geography),
                     fs);
}

/* Stock clients give IPv6 networks with host bits ("aa:bb::1/125"); those are cut off. */
static bool reach_prefix_read(const char *text, uint8_t len, enum family family, const char *target,
                              struct faults *fs, struct prefix *out)
{
    enum prefix_fault f = prefix_parse(text, out);
    bool rough = f == PREFIX_HOST_BITS && family == FAMILY_IPV6;
    if (rough) *out = prefix_of(&out->addr, out->len);
    if ((f == PREFIX_FINE || rough) && out->addr.family == family && out->len == len) return true;
    fault_add(fs, FAULT_ExpressRoutePeeringPrefixInvalid, target,
              "'%s' is no %s prefix of length /%u. Give a network that is used nowhere else.", text,
              family == FAMILY_IPV4 ? "IPv4" : "IPv6", len);
    return false;
}

static void apart_check(const struct prefix *p, const struct prefix *taken, size_t n,
                        const char *target, struct faults *fs)
{
    char a[PREFIX_TEXT_MAX], b[PREFIX_TEXT_MAX];
    for (size_t i = 0; i < n; i++)
        if (prefix_overlaps(p, &taken[i])) {
            fault_add(fs, FAULT_ExpressRoutePeeringPrefixOverlap, target,
                      "%s overlaps %s, which one of the circuits uses. Use another network.",
                      prefix_text(p, a), prefix_text(&taken[i], b));
            return;
        }
}

bool reach_check(const struct catalogue *c, const struct record_reach *r,
                 const struct circuit_terms *a, const struct circuit_terms *b,
                 const struct prefix *taken, size_t taken_n, struct faults *fs,
                 struct reach_terms *out)
{
    size_t before = fs->n;
    struct reach_terms t = {.has6 = *r->prefix6 != '\0'};
    const char *v4 = "/properties/addressPrefix";
    const char *v6 = "/properties/ipv6CircuitConnectionConfig/addressPrefix";
    reach_place_check(c, a, b, fs);
    if (reach_prefix_read(r->prefix, 29, FAMILY_IPV4, v4, fs, &t.v4))
        apart_check(&t.v4, taken, taken_n, v4, fs);
    if (t.has6 && reach_prefix_read(r->prefix6, 125, FAMILY_IPV6, v6, fs, &t.v6))
        apart_check(&t.v6, taken, taken_n, v6, fs);
    if (fs->n != before) return false;
    *out = t;
    return true;
}

/* --- route filters --- */

static const struct catalogue_community *community_find(const struct catalogue *c,
                                                        const char *value)
{
    for (size_t i = 0; i < c->communities_n; i++)
        if (strcmp(c->communities[i].value, value) == 0) return &c->communities[i];
    return NULL;
}

bool filter_rule_check(const struct catalogue *c, const struct record_filter_rule *r,
                       size_t other_rules, struct faults *fs)
{
    size_t before = fs->n;
    if (other_rules > 0)
        fault_add(fs, FAULT_RouteFilterRuleLimitReached, "",
                  "The route filter has a rule already. A filter has one rule with all its "
                  "communities; change that one.");
    if (r->communities_n == 0)
        fault_add(fs, FAULT_RouteFilterCommunityInvalid, "/properties/communities",
                  "The rule names no community. Give at least one, see bgpServiceCommunities.");
    for (size_t i = 0; i < r->communities_n; i++) {
        const char *at = arena_printf(fs->arena, "/properties/communities/%zu", i);
        if (!community_find(c, r->communities[i]))
            fault_add(fs, FAULT_RouteFilterCommunityInvalid, at ? at : "",
                      "No service is announced with '%s'. See bgpServiceCommunities.",
                      r->communities[i]);
    }
    return fs->n == before;
}

static bool outside(const struct catalogue *c, const struct catalogue_community *k,
                    const struct circuit_terms *circuit)
{
    const struct catalogue_location *l = catalogue_location(c, CLOUD, circuit->location);
    const struct catalogue_geography *g = catalogue_geography_of(c, k->region);
    return l && l->geography && g && !text_same_nocase(l->geography, g->name);
}

bool filter_attach_check(const struct catalogue *c, const char *const *communities, size_t n,
                         const struct circuit_terms *circuit, bool authorised, const char *target,
                         struct faults *fs)
{
    size_t before = fs->n;
    for (size_t i = 0; i < n; i++) {
        const struct catalogue_community *k = community_find(c, communities[i]);
        if (!k) continue;
        if (k->authorization && !authorised)
            fault_add(fs, FAULT_RouteFilterNotAuthorized, target,
                      "The subscription is not authorised to use %s (%s). Ask for Microsoft 365 "
                      "over ExpressRoute, or take the community out of the filter.",
                      k->name, k->value);
        if (circuit->tier != TIER_Premium && outside(c, k, circuit))
            fault_add(fs, FAULT_RouteFilterNeedsPremium, target,
                      "%s (%s) lies outside the geography of '%s'. Use a Premium circuit, or take "
                      "the community out of the filter.",
                      k->name, k->value, circuit->location);
    }
    return fs->n == before;
}
