/* router/encoded.h - path attributes as a kind of neighbour gets them, encoded once for all of them.
 * Neighbours that get the same octets for a set have the same shape. A bounded cache keeps what was
 * encoded lately: neighbours of a group read one after another what one change wrote, so a few
 * thousand places are enough however large the table is. */
#pragma once
#include "rib/attr_table.h"

struct shape { /* all that decides how a set looks; compared as a value, so unused fields are zero */
    bool as4, external, next_hop_self, hides_private, graceful_shutdown, ipv6;
    uint8_t prepend;
    uint32_t local_asn;
    struct addr next_hop, next_hop_link;
};
bool shape_equal(const struct shape *a, const struct shape *b);

enum { ENCODED_MOST = 168, ENCODED_PLACES = 1 << 13 };
struct encoded {
    attr_ref attrs; /* 0: empty */
    uint32_t born;  /* of the set: numbers of sets are given again */
    uint16_t shape, n;
    struct addr next_hop, next_hop_link; /* for MP_REACH_NLRI, which is not in the octets */
    uint8_t octets[ENCODED_MOST];
};

struct encoded_cache {
    struct shape *shapes; /* number: index plus one */
    size_t shapes_n, shapes_room;
    struct encoded *places; /* NULL until there is somebody to share with */
};
void encoded_drop(struct encoded_cache *c);
/* The number of a shape, the same for equal ones; 0 when there are too many to be worth it. */
uint16_t encoded_shape(struct encoded_cache *c, const struct shape *s);
/* Where the set stands or would stand; encoded_is tells. Valid until the next call. */
struct encoded *encoded_place(struct encoded_cache *c, uint16_t shape, attr_ref attrs);
static inline bool encoded_is(const struct encoded *e, uint16_t shape, attr_ref attrs, uint32_t born)
{
    return e->attrs == attrs && e->born == born && e->shape == shape;
}
