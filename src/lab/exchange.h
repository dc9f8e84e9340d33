/* lab/exchange.h - the tag switches of the lab: the provider's exchange, which joins a customer
 * port's C-tag to a cloud port's S-tag and C-tag, and ce2's own, which stands in for a VLAN device.
 */
#pragma once
#include "base/text.h"
#include "lab/topology.h"

/* ce2: (wan0, C-tag) <-> its leg interface, untagged. */
MUST_USE bool exchange_wire_ce2(const struct lab_params *p, struct text *why);
/* The exchange starts with no mapping; `stag` is what provider and cloud agreed on. */
MUST_USE bool exchange_start(const struct lab_params *p, struct text *why);
MUST_USE bool exchange_set_leg(const struct lab_params *p, enum lab_leg leg, uint16_t stag,
                               bool present, struct text *why);
/* Calls `seen` for each C-tag that came from the leg's customer and that the exchange carries nowhere.
 * Counts are since the exchange began. */
void exchange_each_foreign(const struct lab_params *p, enum lab_leg leg,
                           void (*seen)(void *ctx, struct tags tags, uint64_t packets), void *ctx);
