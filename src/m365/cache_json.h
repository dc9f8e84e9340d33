/* m365/cache_json.h - the copy of a feed with its version and times, as one JSON document
 * (jansson). */
#pragma once
#include <jansson.h>
#include "base/problem.h"
#include "m365/feed.h"

struct cache {
    enum feed_instance instance;
    char version[11];     /* "" : nothing was ever fetched */
    int64_t fetched_s;    /* when the feed was taken, seconds since 1970 */
    int64_t checked_s;    /* last good answer of /version */
    int64_t not_before_s; /* the service asked to be left alone until then */
    struct feed feed;
};

/* False: at least one problem was added. */
MUST_USE bool cache_parse(const char *bytes, size_t n, struct arena *a, struct problems *ps,
                          struct cache *out);
json_t *cache_write(const struct cache *c); /* new reference */
