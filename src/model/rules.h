/* model/rules.h - is this resource as it may be? The rules of circuits, peerings, virtual networks,
 * gateways and connections, as functions of what the request says, what is there already and the
 * catalogue. Every refusal is a fault with the JSON pointer of the offending member, the rule and
 * the fix. All return whether nothing was wrong; outputs are set then only. Pure. */
#pragma once
#include "model/catalogue.h"
#include "model/fault.h"
#include "model/records.h"
#include "net/prefix.h"

/* clang-format off */
#define CIRCUIT_TIERS(ROW) ROW(Basic) ROW(Local) ROW(Standard) ROW(Premium)
#define CIRCUIT_FAMILIES(ROW) ROW(MeteredData) ROW(UnlimitedData)
/* clang-format on */

enum circuit_tier {
#define ROW(t) TIER_##t,
    CIRCUIT_TIERS(ROW)
#undef ROW
};
enum circuit_family {
#define ROW(f) FAMILY_##f,
    CIRCUIT_FAMILIES(ROW)
#undef ROW
};

struct circuit_terms { /* what was agreed about a circuit */
    enum circuit_tier tier;
    enum circuit_family family;
    const char *provider, *location; /* names as in the catalogue; no provider on own ports */
    uint64_t mbps;
};

struct circuit_port { /* a port pair of one's own that carries circuits */
    const char *location;
    uint64_t gbps;
    uint64_t used_mbps; /* by its other circuits */
};

const char *circuit_tier_name(enum circuit_tier t);
const char *circuit_family_name(enum circuit_family f);

/* port: NULL for a circuit at a provider. old: NULL for a new circuit, and `links` the connections
 * it has. */
MUST_USE bool circuit_check(const struct catalogue *c, const struct record_sku *sku,
                            const struct record_circuit *r, const struct circuit_port *port,
                            const struct circuit_terms *old, size_t links, struct faults *fs,
                            struct circuit_terms *out);

/* May a circuit on these terms be linked to a network in that region? Local: the regions near its
 * peering location; Standard: those of its geography; Premium: all. A region that the catalogue does
 * not know is not judged. */
MUST_USE bool region_check(const struct catalogue *c, const struct circuit_terms *t,
                           const char *region, const char *target, struct faults *fs);

/* The place where ports may be had: by the name of the peering location, or by that of one of its
 * facilities, "Equinix-WashingtonDC-DC2"; NULL when there is none. */
const struct catalogue_location *port_location_find(const struct catalogue *c, const char *name,
                                                    struct arena *a);
/* facility: index, or 0 where none is known. */
const char *port_location_name(const struct catalogue_location *l, size_t facility,
                               struct arena *a);
/* old: NULL for new ports; circuits: how many they carry. */
MUST_USE bool port_check(const struct catalogue *c, const struct record_port *r,
                         const struct record_port *old, size_t circuits, struct faults *fs,
                         const struct catalogue_location **out);

struct reach_terms { /* the networks of a Global Reach link */
    struct prefix v4, v6;
    bool has6;
};
/* a, b: the circuits at both ends. taken: prefixes that are used on either of them. */
MUST_USE bool reach_check(const struct catalogue *c, const struct record_reach *r,
                          const struct circuit_terms *a, const struct circuit_terms *b,
                          const struct prefix *taken, size_t taken_n, struct faults *fs,
                          struct reach_terms *out);

MUST_USE bool filter_rule_check(const struct catalogue *c, const struct record_filter_rule *r,
                                size_t other_rules, struct faults *fs);
/* May these communities be attached to a peering of that circuit? `target` is what is blamed. */
MUST_USE bool filter_attach_check(const struct catalogue *c, const char *const *communities,
                                  size_t n, const struct circuit_terms *circuit, bool authorised,
                                  const char *target, struct faults *fs);

MUST_USE bool hub_gateway_check(const struct record_hub_gateway *r, struct faults *fs);

enum peering_type { PEERING_TYPE_PRIVATE, PEERING_TYPE_MICROSOFT, PEERING_TYPE_PUBLIC };
const char *peering_type_name(enum peering_type k);             /* "AzurePrivatePeering" */
bool peering_type_parse(const char *s, enum peering_type *out); /* any case */

struct peering_family { /* one address family of a peering */
    bool on;            /* both prefixes are given */
    struct prefix primary, secondary;
};

struct peering_terms {
    enum peering_type kind;
    uint32_t asn;
    uint16_t vlan;
    struct peering_family v4, v6;
};

struct peering_around {                 /* what a peering must not collide with */
    const struct peering_terms *others; /* the circuit's other peerings */
    size_t others_n;
    const struct prefix *spaces; /* address spaces of the networks linked to the circuit */
    size_t spaces_n;
    const uint16_t *vlans; /* of other circuits on the same ports, where one tag tells all apart */
    size_t vlans_n;
};

MUST_USE bool peering_check(enum peering_type kind, const struct record_peering *r,
                            const struct peering_around *around, struct faults *fs,
                            struct peering_terms *out);

/* A list of prefixes that must be well formed and apart from one another; `pointer` is where the
 * list stands. *out is an array of n in the faults' arena. */
MUST_USE bool spaces_check(const char *const *texts, size_t n, const char *pointer,
                           struct faults *fs, struct prefix *out);

struct subnet_terms {
    const char *name;
    struct prefix *prefixes;
    size_t prefixes_n;
};

MUST_USE bool subnet_check(const char *name, const struct record_subnet *r, const char *pointer,
                           const struct prefix *spaces, size_t spaces_n,
                           const struct subnet_terms *others, size_t others_n, struct faults *fs,
                           struct subnet_terms *out);
/* The subnet a gateway stands in: its name, and IPv4 space of /27 or larger. */
MUST_USE bool gateway_subnet_check(const char *name, const struct prefix *prefixes, size_t n,
                                   const char *pointer, struct faults *fs);
/* old_sku: "" for a new gateway. */
MUST_USE bool gateway_check(const struct catalogue *c, const struct record_gateway *r,
                            const char *old_sku, struct faults *fs,
                            const struct catalogue_gateway **out);
MUST_USE bool connection_check(const struct catalogue *c, const struct record_connection *r,
                               const struct catalogue_gateway *sku, struct faults *fs);
