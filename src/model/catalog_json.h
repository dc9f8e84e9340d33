/* model/catalog_json.h - the data files into a catalogue (jansson). */
#pragma once
#include "model/catalog.h"

struct catalog_texts { /* of data/<name>.json */
    const char *providers, *peering_locations, *limits, *gateway_skus, *bgp_communities;
};

/* NULL and problems (`where` is the file's name and a JSON pointer) when a text is no such file. */
MUST_USE struct catalog *catalog_read(const struct catalog_texts *texts, struct problems *problems);
