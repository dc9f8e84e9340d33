/* model/rules_network.c - the rules of networks, their subnets, gateways and connections. */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "model/rules.h"

static bool space_read(const char *text, const char *target, struct faults *fs, struct prefix *out)
{
    char proper[PREFIX_TEXT_MAX];
    switch (prefix_parse(text, out)) {
    case PREFIX_FINE:
        return true;
    case PREFIX_HOST_BITS:
        fault_add(fs, FAULT_InvalidCIDRNotation, target,
                  "'%s' has bits set beyond its length. The address prefix should be %s.", text,
                  prefix_text(out, proper));
        return false;
    case PREFIX_BAD_ADDRESS:
    case PREFIX_BAD_LENGTH:
        fault_add(fs, FAULT_InvalidAddressPrefixFormat, target,
                  "'%s' is not an address prefix. Use CIDR notation, for example 10.0.0.0/16.",
                  text);
        return false;
    }
    return false;
}

bool spaces_check(const char *const *texts, size_t n, const char *pointer, struct faults *fs,
                  struct prefix *out)
{
    size_t before = fs->n;
    char at[128], a[PREFIX_TEXT_MAX], b[PREFIX_TEXT_MAX];
    for (size_t i = 0; i < n; i++) {
        snprintf(at, sizeof at, "%s/%zu", pointer, i);
        if (!space_read(texts[i], at, fs, &out[i])) continue;
        for (size_t j = 0; j < i && fs->n == before; j++)
            if (prefix_overlaps(&out[i], &out[j]))
                fault_add(fs, FAULT_NetcfgAddressSpaceOverlap, at,
                          "%s overlaps %s. The address prefixes of a network lie apart.",
                          prefix_text(&out[i], a), prefix_text(&out[j], b));
    }
    return fs->n == before;
}

static bool inside(const struct prefix *p, const struct prefix *spaces, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (prefix_covers(&spaces[i], p)) return true;
    return false;
}

static void subnet_place_check(const struct prefix *p, const char *name, const char *target,
                               const struct prefix *spaces, size_t spaces_n,
                               const struct subnet_terms *others, size_t others_n,
                               struct faults *fs)
{
    char text[PREFIX_TEXT_MAX];
    if (!inside(p, spaces, spaces_n))
        fault_add(fs, FAULT_NetcfgSubnetRangeOutsideVnet, target,
                  "Subnet '%s' (%s) lies outside the network's address space. Add the space to the "
                  "network or use a part of it.",
                  name, prefix_text(p, text));
    for (size_t i = 0; i < others_n; i++)
        for (size_t j = 0; j < others[i].prefixes_n; j++)
            if (prefix_overlaps(p, &others[i].prefixes[j]))
                fault_add(fs, FAULT_NetcfgSubnetRangesOverlap, target,
                          "Subnet '%s' (%s) overlaps subnet '%s'.", name, prefix_text(p, text),
                          others[i].name);
}

bool subnet_check(const char *name, const struct record_subnet *r, const char *pointer,
                  const struct prefix *spaces, size_t spaces_n, const struct subnet_terms *others,
                  size_t others_n, struct faults *fs, struct subnet_terms *out)
{
    size_t before = fs->n, n = *r->prefix ? 1 : r->prefixes_n;
    const char *const *texts = *r->prefix ? &r->prefix : r->prefixes;
    struct prefix *prefixes = arena_take_array(fs->arena, n + 1, sizeof *prefixes);
    char at[160];
    if (n == 0 || !prefixes) {
        snprintf(at, sizeof at, "%s/addressPrefix", pointer);
        fault_add(fs, FAULT_InvalidAddressPrefixFormat, at,
                  "Subnet '%s' has no address prefix. Give addressPrefix in CIDR notation.", name);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (*r->prefix)
            snprintf(at, sizeof at, "%s/addressPrefix", pointer);
        else
            snprintf(at, sizeof at, "%s/addressPrefixes/%zu", pointer, i);
        if (space_read(texts[i], at, fs, &prefixes[i]))
            subnet_place_check(&prefixes[i], name, at, spaces, spaces_n, others, others_n, fs);
    }
    if (fs->n != before) return false;
    *out = (struct subnet_terms){name, prefixes, n};
    return true;
}

bool gateway_subnet_check(const char *name, const struct prefix *prefixes, size_t n,
                          const char *pointer, struct faults *fs)
{
    char text[PREFIX_TEXT_MAX];
    if (!text_same_nocase(name, "GatewaySubnet")) {
        fault_add(fs, FAULT_VirtualNetworkGatewaySubnetInvalid, pointer,
                  "A gateway cannot stand in subnet '%s'. Its subnet is called GatewaySubnet.",
                  name);
        return false;
    }
    for (size_t i = 0; i < n; i++)
        if (prefixes[i].addr.family == FAMILY_IPV4 && prefixes[i].len <= 27) return true;
    fault_add(fs, FAULT_VirtualNetworkGatewaySubnetInvalid, pointer,
              "GatewaySubnet (%s) is too small. Make it /27 or larger.",
              n ? prefix_text(&prefixes[0], text) : "empty");
    return false;
}

static bool is_zonal(const struct catalogue_gateway *g)
{
    return g->zone_class && strcmp(g->zone_class, "none") != 0;
}

static void gateway_sku_check(const struct catalogue *c, const struct catalogue_gateway *sku,
                              const char *old_sku, struct faults *fs)
{
    const struct catalogue_gateway *old = catalogue_gateway(c, old_sku);
    if (!old || old == sku) return;
    if (is_zonal(old) != is_zonal(sku))
        fault_add(fs, FAULT_VirtualNetworkGatewaySkuChangeNotSupported, "/properties/sku/name",
                  "A gateway of size %s cannot become %s: one is zonal, the other is not. Create a "
                  "second gateway and move to it.",
                  old->sku, sku->sku);
    else if (sku->mbps < old->mbps)
        fault_add(fs, FAULT_VirtualNetworkGatewaySkuChangeNotSupported, "/properties/sku/name",
                  "A gateway cannot shrink from %s to %s. Delete and create it anew.", old->sku,
                  sku->sku);
}

bool gateway_check(const struct catalogue *c, const struct record_gateway *r, const char *old_sku,
                   struct faults *fs, const struct catalogue_gateway **out)
{
    size_t before = fs->n;
    const char *wanted = *r->sku.name ? r->sku.name : r->sku.tier;
    const struct catalogue_gateway *sku = catalogue_gateway(c, wanted);
    if (!text_same_nocase(r->type, "ExpressRoute"))
        fault_add(fs, FAULT_VirtualNetworkGatewayTypeNotSupported, "/properties/gatewayType",
                  "The gateway type '%s' is not offered. Use ExpressRoute.", r->type);
    if (!sku) {
        const char *near = catalogue_near_gateway(c, wanted);
        fault_add(
            fs, FAULT_VirtualNetworkGatewaySkuInvalid, "/properties/sku/name",
            "The gateway size '%s' is unknown%s%s%s. Use ErGw1AZ, ErGw2AZ, ErGw3AZ, ErGwScale, "
            "Standard, HighPerformance or UltraPerformance.",
            wanted, near ? "; did you mean '" : "", near ? near : "", near ? "'" : "");
    } else {
        gateway_sku_check(c, sku, old_sku, fs);
    }
    if (r->configs_n != 1)
        fault_add(
            fs, FAULT_VirtualNetworkGatewaySubnetInvalid, "/properties/ipConfigurations",
            "An ExpressRoute gateway has one IP configuration, not %zu. Give one that names the "
            "GatewaySubnet.",
            r->configs_n);
    if (fs->n != before) return false;
    *out = sku;
    return true;
}

bool connection_check(const struct catalogue *c, const struct record_connection *r,
                      const struct catalogue_gateway *sku, struct faults *fs)
{
    size_t before = fs->n;
    if (!text_same_nocase(r->type, "ExpressRoute"))
        fault_add(fs, FAULT_ConnectionTypeNotSupported, "/properties/connectionType",
                  "The connection type '%s' is not offered. Use ExpressRoute.", r->type);
    if (r->weight > c->limits.weight_max)
        fault_add(fs, FAULT_ConnectionRoutingWeightInvalid, "/properties/routingWeight",
                  "The routing weight %llu is out of range. Use 0 to %u.",
                  (unsigned long long)r->weight, c->limits.weight_max);
    if (r->bypass && sku && !sku->fast_path)
        fault_add(
            fs, FAULT_ConnectionGatewayBypassNotSupported, "/properties/expressRouteGatewayBypass",
            "A gateway of size %s cannot be bypassed. Use UltraPerformance or ErGw3AZ.", sku->sku);
    return fs->n == before;
}
