/* edge/spread.c - two lists: domains as they came, neighbours' addresses sorted. */
#include "edge/spread.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_ROOM = 41 };

struct place { /* of a domain */
    char name[NAME_ROOM];
    unsigned shard;
    size_t weight; /* 0: not wanted any more */
};

struct neighbor {
    struct addr address;
    unsigned shard;
};

struct spread {
    unsigned shards;
    size_t *weights; /* of each shard */
    struct place *places;
    struct neighbor *neighbors;
    size_t places_n, neighbors_n;
};

struct spread *spread_new(unsigned shards)
{
    struct spread *s = calloc(1, sizeof *s);
    if (!s) abort();
    s->shards = shards;
    s->weights = calloc(shards, sizeof *s->weights);
    if (!s->weights) abort();
    return s;
}

void spread_free(struct spread *s)
{
    if (!s) return;
    free(s->weights);
    free(s->places);
    free(s->neighbors);
    free(s);
}

static struct place *place_of(const struct spread *s, const char *name)
{
    for (size_t i = 0; i < s->places_n; i++)
        if (strcmp(s->places[i].name, name) == 0) return &s->places[i];
    return NULL;
}

static unsigned lightest(const struct spread *s)
{
    unsigned best = 0;
    for (unsigned k = 1; k < s->shards; k++)
        if (s->weights[k] < s->weights[best]) best = k;
    return best;
}

static size_t weight_of(const struct intent_domain *d) { return d->peers_n + 1; }

static void keep_places(struct spread *s, const struct intent *i, bool forget)
{
    size_t kept = 0;
    for (size_t k = 0; k < s->places_n; k++)
        if (!forget || s->places[k].weight) s->places[kept++] = s->places[k];
    s->places_n = kept;
    for (size_t k = 0; k < kept; k++) s->places[k].weight = 0;
    memset(s->weights, 0, s->shards * sizeof *s->weights);
    for (size_t d = 0; d < i->domains_n; d++) {
        struct place *p = place_of(s, i->domains[d].name);
        if (!p) continue;
        p->weight = weight_of(&i->domains[d]);
        s->weights[p->shard] += p->weight;
    }
}

static void find_place(struct spread *s, const struct intent_domain *d)
{
    if (place_of(s, d->name)) return;
    unsigned shard = lightest(s);
    s->places = realloc(s->places, (s->places_n + 1) * sizeof *s->places);
    if (!s->places) abort();
    struct place *p = &s->places[s->places_n++];
    *p = (struct place){.shard = shard, .weight = weight_of(d)};
    snprintf(p->name, sizeof p->name, "%s", d->name);
    s->weights[shard] += p->weight;
}

static int by_address(const void *a, const void *b)
{
    return addr_compare(&((const struct neighbor *)a)->address, &((const struct neighbor *)b)->address);
}

static void list_neighbors(struct spread *s, const struct intent *i)
{
    size_t n = 0;
    for (size_t d = 0; d < i->domains_n; d++) n += i->domains[d].peers_n;
    free(s->neighbors);
    s->neighbors = calloc(n + 1, sizeof *s->neighbors);
    if (!s->neighbors) abort();
    s->neighbors_n = 0;
    for (size_t d = 0; d < i->domains_n; d++)
        for (size_t p = 0; p < i->domains[d].peers_n; p++)
            s->neighbors[s->neighbors_n++] = (struct neighbor){i->domains[d].peers[p].address,
                                                               place_of(s, i->domains[d].name)->shard};
    qsort(s->neighbors, n, sizeof *s->neighbors, by_address);
}

void spread_plan(struct spread *s, const struct intent *i, bool forget)
{
    keep_places(s, i, forget);
    for (size_t d = 0; d < i->domains_n; d++) find_place(s, &i->domains[d]);
    list_neighbors(s, i);
}

int spread_domain(const struct spread *s, const char *name)
{
    const struct place *p = place_of(s, name);
    return p ? (int)p->shard : SPREAD_NOWHERE;
}

int spread_address(const struct spread *s, const struct addr *a)
{
    struct neighbor key = {.address = *a};
    const struct neighbor *n = s->neighbors_n ? bsearch(&key, s->neighbors, s->neighbors_n, sizeof key, by_address) : NULL;
    return n ? (int)n->shard : SPREAD_NOWHERE;
}

unsigned spread_count(const struct spread *s, unsigned shard)
{
    unsigned n = 0;
    for (size_t i = 0; i < s->places_n; i++) n += s->places[i].shard == shard && s->places[i].weight;
    return n;
}
