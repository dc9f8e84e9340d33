/* api/target.h - the request target taken apart. Percent-decoding happens here and once; doubled
 * slashes are folded; what could hide a separator (%2f, %5c, %00) is refused. Pure. */
#pragma once
#include "base/arena.h"

enum { TARGET_SEGMENTS = 20, TARGET_PARAMS = 16 };

struct target {
    const char *segments[TARGET_SEGMENTS]; /* decoded */
    size_t n;
    struct {
        const char *name, *value; /* decoded */
    } params[TARGET_PARAMS];
    size_t params_n; /* further ones are dropped */
};

MUST_USE bool target_parse(const char *raw, struct arena *a, struct target *out);
const char *target_param(const struct target *t, const char *name); /* any case; NULL when absent */
/* For links: percent-encodes all but unreserved characters and '/'. */
const char *target_encode(const char *s, struct arena *a);
