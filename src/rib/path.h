/* rib/path.h - what the tables of one router share: attribute sets, and where paths come from. */
#pragma once
#include "net/prefix.h"
#include "rib/attr_table.h"

typedef uint16_t source_ref; /* number of a source; SOURCE_LOCAL is the router itself */
enum { SOURCE_LOCAL = 0, SOURCES_MAX = UINT16_MAX };

struct rib_source { /* facts about a neighbour that path selection asks for, and its counts */
    bool external;
    uint32_t router_id;   /* host order */
    struct addr address;
    uint32_t received[2]; /* paths in the tables, refused ones included; by table family slot */
    uint32_t accepted[2];
};

enum path_flag {
    PATH_REFUSED = 1 << 0, /* kept for the operator's eyes and for the limit, never used */
    PATH_STALE = 1 << 1,   /* its session is gone; kept by graceful restart */
};

struct path { /* one way to one prefix: eight octets, two of them stand in the prefix node */
    attr_ref attrs;
    source_ref source;
    uint8_t flags;
    uint8_t reason; /* the policy row that refused or last changed it; meaning is the caller's */
};

struct rib {
    struct attr_table attrs;
    struct rib_source *sources; /* by source_ref */
    size_t sources_room;
};

void rib_init(struct rib *r, const struct hash_key *key);
void rib_drop(struct rib *r);
/* Makes the number usable and forgets what was known under it; counts start at zero. */
struct rib_source *rib_source_set(struct rib *r, source_ref ref, bool external, uint32_t router_id,
                                  const struct addr *address);
