/* m365/feed_json.h - the endpoint feed from and to JSON (jansson).
 * Reading is strict about what devices would act on (prefixes, ports, flags, ids) and lenient about
 * what may grow (unknown fields, unknown service areas). Every fault is collected with its JSON
 * pointer; a feed with one fault is no feed. */
#pragma once
#include <jansson.h>
#include "base/problem.h"
#include "m365/feed.h"
#include "m365/pattern.h"

enum {
    FEED_BYTES_MAX =
        2 << 20, /* a body larger than this is refused unread; real ones are < 100 KB */
    FEED_SETS_MAX = 4096,
    FEED_LIST_MAX = 65536, /* urls or ips of one set */
    FEED_ARENA = 64 << 20, /* ceiling that holds whatever the limits above admit */
};

/* False: at least one problem was added. `bytes` may start with a UTF-8 byte order mark. */
MUST_USE bool feed_parse(const char *bytes, size_t n, struct arena *a, struct problems *ps,
                         struct feed *out);
MUST_USE bool feed_read(const json_t *sets, struct arena *a, struct problems *ps, struct feed *out);

/* New references. The set form is the service's own: what feed_write gives, feed_read takes. */
json_t *set_write(const struct endpoint_set *s);
json_t *feed_write(const struct feed *f, const struct selection *sel);
json_t *feed_stats_write(const struct feed_stats *st);
json_t *prefixes_write(const struct prefixes *p, enum family f); /* array of texts */
json_t *texts_write(const char *const *s, size_t n);

/* For the readers of this folder: a document of ours from bytes, or NULL with a problem. */
json_t *document_load(const char *bytes, size_t n, size_t most, struct problems *ps);
/* Reads the array `v` of CIDR texts; sorted and unique. False: a problem was added. */
MUST_USE bool prefixes_read(const json_t *v, const char *where, size_t most, struct prefixes *out,
                            struct problems *ps);
/* Reads the array `v` of host patterns, folded to lower case and without duplicates. */
MUST_USE bool urls_read(const json_t *v, const char *where, struct arena *a, struct problems *ps,
                        struct texts *out);
