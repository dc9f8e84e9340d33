/* model/catalogue_json.h - the catalogue from its JSON files (jansson). NULL if anything was wrong. */
#pragma once
#include <jansson.h>
#include "base/problem.h"
#include "model/catalogue.h"

struct catalogue_files {
    const json_t *providers, *locations, *limits, *gateways;
    const json_t *communities; /* NULL: none are known */
};
struct catalogue *catalogue_from_json(const struct catalogue_files *files, struct arena *arena,
                                      struct problems *problems);
