/* checklist/resiliency.h - the resiliency index, 0 to 100, with open weights, for each gateway and each
 * circuit; and what is left when one leg is lost.
 *
 * A gateway:   index = route * multiplier + zone + advisory
 *
 *   route       20 circuits in two locations, 10 one circuit over a metro pair, 5 one location;
 *               0 for metro or one location while a leg of it is known to be down
 *   multiplier  by the age of the last drill of both locations: 4 up to 30 days, 3 up to 60, 2 up to
 *               90, else 1; halved when only one of two locations was drilled. One location stays at 1.
 *   zone        10 zone-redundant, 8 pinned to a zone or a small scalable gateway, 2 UltraPerformance
 *   advisory    10 when nothing else is open (findings about zones and locations do not count twice)
 *
 * A circuit: the sum of circuit_weights over the rows that pass; 0 while a leg is known to be down.
 * The whole: that of the gateway that fares worst; 0 without gateways. (Published weights of the cloud's
 * own insight page, 2025-03; the circuit's weights are ours.) */
#pragma once
#include "checklist/checklist.h"

enum {
    ROUTE_TWO_LOCATIONS = 20,
    ROUTE_METRO = 10,
    ROUTE_ONE_LOCATION = 5,
    ZONE_REDUNDANT = 10,
    ZONE_PINNED = 8,
    ZONE_ULTRA = 2,
    ADVISORY_CLEAR = 10,
};

struct circuit_weight {
    const char *row, *what;
    uint32_t weight;
};
extern const struct circuit_weight circuit_weights[]; /* ended by a row without id; the sum is 100 */

struct resiliency_score {
    const char *subject; /* "gateway/G", "circuit/C" */
    uint32_t index;
    uint32_t route, multiplier_halves, zone, advisory; /* of a gateway; the multiplier in halves */
    const char *gap; /* what would raise it most; "" at 100 */
};

struct n_minus_one { /* what survives the loss of one leg, or of one circuit of a set */
    const char *subject;
    uint32_t percent;  /* of the planned load; at most 100. Meaningless when the load is not known */
    bool known;
    const char *text; /* "one leg carries 73 % of both" */
};

struct resiliency {
    struct resiliency_score *gateways, *circuits;
    struct n_minus_one *losses;
    size_t gateways_n, circuits_n, losses_n;
    uint32_t index; /* of the whole */
};

/* From the findings of all rows; everything in the arena. */
struct resiliency resiliency_of(const struct checklist_input *in, const struct finding *findings, size_t n,
                                struct arena *arena);
