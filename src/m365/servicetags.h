/* m365/servicetags.h - the weekly file of Azure IP ranges and service tags. Pure; arena memory. */
#pragma once
#include "m365/prefixes.h"

struct service_tag {
    const char *name;       /* "AzureCloud.westeurope" */
    const char *region;     /* "" for the global tag */
    const char *service;    /* systemService; empty for AzureCloud */
    uint32_t change_number; /* grows only when this tag changes; the file's grows every week */
    struct prefixes prefixes;
};
struct service_tags {
    uint32_t change_number;
    const char *cloud;       /* Public, AzureGovernment, China, AzureGermany */
    struct service_tag *tag; /* by name */
    size_t n;
    size_t entries; /* prefixes of the file, counted once for each place they stand */
};

/* Names compare without case: the file itself spells regions in several ways. */
const struct service_tag *tags_find(const struct service_tags *t, const char *name);
/* Sorted, unique prefixes of all tags. */
struct prefixes tags_unique(const struct service_tags *t, struct arena *a);

struct tag_change {
    const struct service_tag *before, *after; /* NULL: added, removed */
    struct prefixes added, removed;
};
struct tag_changes {
    struct tag_change *c;
    size_t n;
};
/* Tags whose prefixes or own change number differ. False: arena full. */
MUST_USE bool tags_diff(const struct service_tags *before, const struct service_tags *after,
                        struct arena *a, struct tag_changes *out);

struct tag_hit {
    struct prefix wanted;
    enum coverage coverage;
    const struct service_tag *tag; /* the smallest tag that covers it; NULL if none */
};
/* For each prefix of `wanted`: which tag covers it? out has room for wanted->n. False: arena full.
 */
MUST_USE bool tags_cover(const struct service_tags *t, const struct prefixes *wanted,
                         struct arena *a, struct tag_hit *out);
