/* checklist/resiliency.h - the resiliency index, 0 to 100, with open weights:
 *
 *   index = route * multiplier + zone + advisory, of the gateway that fares worst
 *
 *   route       20 circuits in two locations, 10 one circuit over a metro pair, 5 one location;
 *               0 for metro or one location while a leg of it is known to be down
 *   multiplier  by the age of the last drill: 4 up to 30 days, 3 up to 60, 2 up to 90, else 1; halved
 *               when only one of two locations was drilled. One location stays at 1.
 *   zone        10 zone-redundant, 8 pinned to a zone or a small scalable gateway, 2 UltraPerformance
 *   advisory    10 when nothing else is open (findings about zones and locations do not count twice)
 *
 * A design without gateways has nothing to score: 0. */
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

uint32_t resiliency_index(const struct checklist_input *in, const struct finding *findings, size_t n);
