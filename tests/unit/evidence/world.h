/* tests/unit/evidence/world.h - a design with one circuit, an empty set of facts, and questions to it. */
#pragma once
#include "evidence/collect.h"

struct world {
    struct arena arena;
    struct design *design;
    struct facts facts;
};
void world_make(struct world *w);
void world_drop(struct world *w);
struct collector world_collector(struct world *w);
/* The only value of that fact; fails when there is none or several. Sorts first. */
const char *world_fact(struct world *w, enum fact_name name, const char *subject);
size_t world_count(struct world *w, enum fact_name name, const char *subject);
