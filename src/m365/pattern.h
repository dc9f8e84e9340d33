/* m365/pattern.h - the host patterns of the endpoint feed. Pure.
 * `*` is any run of characters, dots included; nothing else is special; everything is lower case. A
 * `*` stands anywhere: "*cdn.example.net", "autodiscover.*.example.com". */
#pragma once
#include "base/defs.h"

enum { HOST_MAX = 253 }; /* RFC 1035, text form */

MUST_USE bool pattern_matches(const char *pattern, const char *host);
/* Does `pattern` match `published` with each `*` of it replaced by one letter? */
MUST_USE bool pattern_covers(const char *pattern, const char *published);
MUST_USE bool pattern_is_wild(const char *pattern);
MUST_USE size_t pattern_literals(const char *pattern); /* characters that are no `*` */
/* May stand in a feed: letters, digits, `-`, `_`, `.`, `*`; 1..HOST_MAX characters. Upper case is
 * folded by the reader first. */
MUST_USE bool pattern_is_sane(const char *pattern);

/* How specific a pattern is: an exact name beats every wildcard, more literals beat fewer. */
MUST_USE size_t pattern_rank(const char *pattern);

/* The host of what a person pastes: "https://user@Host.example:443/path?x" -> "host.example".
 * False if nothing usable is in it. */
MUST_USE bool host_of_url(const char *url, char out[static HOST_MAX + 1]);
