/* m365/explain.h - "which way does this go, and why?" for a host, a URL, an address or a prefix.
 * Pure; texts live in the arena. The answer is about support, not about reachability: a route may
 * cover an address whose set is not supported over the circuit. */
#pragma once
#include "m365/communities.h"
#include "m365/pattern.h"

struct explain_match {
    const struct endpoint_set *set;
    const char *pattern;  /* of the set; NULL when asked for an address */
    struct prefix prefix; /* of the set; family none when asked for a host */
};

enum explain_path { GOES_CIRCUIT, GOES_INTERNET, GOES_REGIONAL };

enum { EXPLAIN_MATCHES_MAX = 32, EXPLAIN_HINTS_MAX = 6 };

struct explanation {
    char host[HOST_MAX + 1]; /* "" when asked for an address */
    struct prefix address;
    struct explain_match match[EXPLAIN_MATCHES_MAX]; /* most specific first */
    size_t matches;                                  /* 0: in no set */
    enum category category;                          /* the highest of all matches */
    enum explain_path path;
    const struct service_community *community; /* NULL: none carries it */
    const char *service;                       /* for people; "" if unknown */
    const char *why;                           /* one or two sentences */
    const char *never;                         /* why it must never use the circuit; "" if it may */
    const char *hints[EXPLAIN_HINTS_MAX];      /* why it is in no set; ended by NULL */
};

/* False: `query` is neither host, URL, address nor prefix, or the arena is full. */
MUST_USE bool explain(const struct feed *f, enum feed_instance instance, const char *query,
                      struct arena *a, struct explanation *out);
const char *explain_path_text(enum explain_path p); /* "circuit", "internet", "circuit, regional" */
