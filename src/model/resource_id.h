/* model/resource_id.h - resource identifiers.
 * "/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/type/name[/type/name...]", in any
 * case; comparing and storing go by the lower-cased text, the key. Pure. */
#pragma once
#include "base/arena.h"

enum { RESOURCE_DEPTH = 4, RESOURCE_NAME_MAX = 80 };

struct resource_id {
    const char *subscription, *group, *provider;
    const char *types[RESOURCE_DEPTH], *names[RESOURCE_DEPTH];
    size_t depth; /* pairs of type and name, at least 1 */
};

/* Texts are copies in `a`. False when the text is no identifier of a resource in a group. */
MUST_USE bool resource_id_parse(const char *text, struct arena *a, struct resource_id *out);
/* "/subscriptions/..." with the given case of names and the usual one of the literals. */
const char *resource_id_text(const struct resource_id *id, struct arena *a);
/* The same in lower case: what it is stored and compared under. NULL at the arena's ceiling. */
const char *resource_key(const char *text, struct arena *a);
/* Letters, digits, '.', '-', '_'; a letter or digit first, one or '_' last; at most 80. */
bool resource_name_valid(const char *name);
/* Locations are compared and kept without spaces, in lower case: "West Europe" is "westeurope". */
const char *location_key(const char *location, struct arena *a);
