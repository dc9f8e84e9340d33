/* m365/version_json.h - the answers of /version: JSON for one instance or all, with or without the
 * list of all versions, CSV, and the RSS form (jansson for the first). */
#pragma once
#include <jansson.h>
#include "base/problem.h"
#include "m365/feed.h"

struct version_row {
    enum feed_instance instance;
    char latest[11];       /* YYYYMMDDNN */
    const char **versions; /* newest first, only with AllVersions */
    size_t version_count;
};
struct versions {
    struct version_row *row;
    size_t n;
};

/* Ten digits that begin with a date. "0000000000" is none. */
MUST_USE bool version_is_sane(const char *s);

/* Rows of instances nobody knows are left out. False: at least one problem was added. */
MUST_USE bool versions_parse_json(const char *bytes, size_t n, struct arena *a, struct problems *ps,
                                  struct versions *out);
/* "instance,latest" and one line an instance; LF or CRLF. */
MUST_USE bool versions_parse_csv(const char *bytes, size_t n, struct arena *a, struct problems *ps,
                                 struct versions *out);
/* The <guid> of each item, newest first by value; latest = the first. The channel names the
 * instance only in its links. */
MUST_USE bool versions_parse_rss(const char *bytes, size_t n, struct arena *a, struct problems *ps,
                                 struct versions *out);
/* By the first character that is not blank: { or [ JSON, < RSS, else CSV. */
MUST_USE bool versions_parse(const char *bytes, size_t n, struct arena *a, struct problems *ps,
                             struct versions *out);
const struct version_row *versions_of(const struct versions *v, enum feed_instance i);
