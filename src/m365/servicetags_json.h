/* m365/servicetags_json.h - service tag files from JSON, differences to JSON (jansson). */
#pragma once
#include <jansson.h>
#include "base/problem.h"
#include "m365/servicetags.h"

enum {
    TAGS_BYTES_MAX = 64 << 20,
    TAGS_MAX = 65536,
    TAG_PREFIXES_MAX = 1 << 20,
    TAGS_ARENA = 512 << 20,
};

MUST_USE bool tags_parse(const char *bytes, size_t n, struct arena *a, struct problems *ps,
                         struct service_tags *out);
json_t *tag_changes_write(const struct tag_changes *d);
json_t *tags_stats_write(const struct service_tags *t, struct arena *scratch);
