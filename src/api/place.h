/* api/place.h - what a path means: a resource, a list of them, or something that one can be asked.
 */
#pragma once
#include "api/api_priv.h"

struct place { /* what a path means */
    enum resource_kind kind;
    const char *group, *name;
    const char *id;  /* canonical spelling, with the names as they stand in the path */
    const char *key; /* where it is stored */
    const char
        *shown; /* key of the identifier itself; differs from `key` for the provider's view */
    const char *parent; /* key of the parent as stored; NULL: top level */
    const char *view;   /* key of the parent as in the path: the provider's cross-connection */
    bool collection;
    const char *action; /* what follows the resource: no resource of its own */
    const char *argument;
    bool has_argument;
};

/* segments[at] is the type. False and a fault when it means nothing. */
MUST_USE bool place_find(struct call *c, size_t at, struct place *p);
/* Where the children shown under this key are stored: the provider's view of a circuit's peerings
 * is stored with the circuit. */
const char *stored_parent(struct call *c, enum resource_kind kind, const char *key);
/* The key of the top-level resource that a key belongs to. */
const char *key_root(struct call *c, const char *key);

/* --- showing (lists.c) --- */
json_t *render_at(struct call *c, const struct record *r, const struct place *p);
void collection_get(struct call *c, const struct place *p);
