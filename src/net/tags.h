/* net/tags.h - the VLAN tags that select an attachment on a trunk. Pure.
 * 0 means "no such tag": {0,0} untagged, {0,c} one 802.1Q tag, {s,c} Q-in-Q with outer s. */
#pragma once
#include "base/defs.h"

enum { TAG_MAX = 4094, ETHERTYPE_CTAG = 0x8100, ETHERTYPE_STAG = 0x88a8 };

struct tags {
    uint16_t s, c;
};

static inline bool tags_equal(struct tags a, struct tags b) { return a.s == b.s && a.c == b.c; }
static inline bool tags_valid(struct tags t)
{
    return t.s <= TAG_MAX && t.c <= TAG_MAX && (t.c != 0 || t.s == 0);
}
