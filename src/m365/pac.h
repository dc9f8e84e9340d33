/* m365/pac.h - proxy auto-configuration files from a feed. Pure.
 * Names of the direct set go DIRECT, published names outside it that one of its wildcards would
 * swallow are exceptions and go to the proxy, everything else goes to the proxy. A PAC file does
 * not route: the direct names still need a route and a firewall opening. */
#pragma once
#include "base/text.h"
#include "m365/feed.h"

enum pac_type { PAC_OPTIMIZE = 1, PAC_OPTIMIZE_ALLOW = 2, PAC_CIRCUIT = 3 };
MUST_USE bool pac_type_parse(const char *s, enum pac_type *out); /* "1", "2", "er" (or "circuit") */
const char *pac_type_text(enum pac_type t);

struct pac_sets {
    struct texts direct, exceptions; /* sorted */
};
/* False: arena full. */
MUST_USE bool pac_compute(const struct feed *f, enum pac_type type, struct arena *a,
                          struct pac_sets *out);
/* "PROXY proxy.example.com:8080; DIRECT": letters, digits and . : ; - _ [ ] and blanks only. */
MUST_USE bool pac_proxy_is_sane(const char *proxy);
void pac_write(const struct pac_sets *s, enum pac_type type, const char *proxy, struct text *out);
