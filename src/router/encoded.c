/* router/encoded.c - see the header. Owns the list of shapes and the places. */
#include "router/encoded.h"
#include <stdlib.h>

enum { SHAPES_MOST = 4096 };

bool shape_equal(const struct shape *a, const struct shape *b)
{
    return a->as4 == b->as4 && a->external == b->external && a->next_hop_self == b->next_hop_self &&
           a->hides_private == b->hides_private && a->graceful_shutdown == b->graceful_shutdown &&
           a->ipv6 == b->ipv6 && a->prepend == b->prepend && a->local_asn == b->local_asn &&
           addr_equal(&a->next_hop, &b->next_hop) && addr_equal(&a->next_hop_link, &b->next_hop_link);
}

void encoded_drop(struct encoded_cache *c)
{
    free(c->shapes);
    free(c->places);
    *c = (struct encoded_cache){0};
}

/* Few in practice: one for each address of ours and kind of neighbour. */
uint16_t encoded_shape(struct encoded_cache *c, const struct shape *s)
{
    for (size_t i = c->shapes_n; i-- > 0;)
        if (shape_equal(&c->shapes[i], s)) return (uint16_t)(i + 1);
    if (c->shapes_n == SHAPES_MOST) return 0;
    if (c->shapes_n == c->shapes_room) {
        c->shapes_room = c->shapes_room ? c->shapes_room * 2 : 8;
        c->shapes = realloc(c->shapes, c->shapes_room * sizeof *c->shapes);
        if (!c->shapes) abort();
    }
    c->shapes[c->shapes_n++] = *s;
    return (uint16_t)c->shapes_n;
}

struct encoded *encoded_place(struct encoded_cache *c, uint16_t shape, attr_ref attrs)
{
    if (!c->places) c->places = calloc(ENCODED_PLACES, sizeof *c->places);
    if (!c->places) abort();
    return &c->places[(attrs + shape * 0x9e3779b1u) % ENCODED_PLACES];
}
