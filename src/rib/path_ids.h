/* rib/path_ids.h - the path identifiers neighbours gave (RFC 7911), beside the tables: most routers have
 * none, and then they cost nothing. Keyed by node and source, whose numbers are ours. */
#pragma once
#include "rib/table.h"

struct path_id_slot {
    uint64_t key; /* 0: empty */
    uint32_t id;
};
struct path_ids {
    struct path_id_slot *slots; /* NULL: none ever */
    uint32_t mask, used;
};

void path_ids_drop(struct path_ids *ids);
void path_ids_put(struct path_ids *ids, node_ref n, source_ref source, uint32_t id); /* or replaces */
bool path_ids_get(const struct path_ids *ids, node_ref n, source_ref source, uint32_t *id);
void path_ids_remove(struct path_ids *ids, node_ref n, source_ref source); /* may be absent */
