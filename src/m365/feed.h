/* m365/feed.h - the Office 365 endpoint feed as values: sets of host patterns, prefixes and ports.
 * Pure. Everything lives in the arena it was read into and is never changed afterwards: lists are
 * without duplicates, names lower case, ports are merged ranges, prefixes have no host bits. A
 * set's id is unique only inside one instance of the service. Unknown service areas are kept. */
#pragma once
#include "m365/prefixes.h"

enum category { CATEGORY_OPTIMIZE, CATEGORY_ALLOW, CATEGORY_DEFAULT, CATEGORIES };
const char *category_text(enum category c);
MUST_USE bool category_parse(const char *s, enum category *out); /* any case */

enum feed_instance {
    INSTANCE_UNKNOWN,
    WORLDWIDE,
    USGOV_DOD,
    USGOV_GCCHIGH,
    CHINA,
    GERMANY,
    INSTANCES
};
const char *instance_text(enum feed_instance i); /* "Worldwide" ...; "unknown" */
MUST_USE bool instance_parse(const char *s, enum feed_instance *out);
bool instance_is_retired(enum feed_instance i);

struct port_range {
    uint16_t first, last;
};
struct ports {
    struct port_range *r; /* ascending, apart by at least one port */
    size_t n;
};
/* "143, 587,993" or "50000-50059"; false: not a list of ports, or the arena is full. */
MUST_USE bool ports_parse(const char *s, struct arena *a, struct ports *out);
/* "80,443,3478-3481"; cut if it does not fit. Returns buf. */
const char *ports_text(const struct ports *p, char *buf, size_t room);
bool ports_equal(const struct ports *a, const struct ports *b);

struct endpoint_set {
    uint32_t id;
    const char *area;      /* "Exchange", "SharePoint", "Skype", "Common", "MEM", ... */
    const char *area_name; /* for people only: it changed over time */
    const char **urls;
    size_t url_count;
    struct prefix *ips; /* IPv4 first, numeric order */
    size_t ip_count;
    struct ports tcp, udp;
    bool express_route, required;
    enum category category;
    const char *notes; /* "" if none */
};

struct feed {
    struct endpoint_set *sets; /* ascending id */
    size_t count;
};

const struct endpoint_set *feed_find(const struct feed *f, uint32_t id);
bool set_equal(const struct endpoint_set *a, const struct endpoint_set *b); /* area_name aside */
bool feed_equal(const struct feed *a, const struct feed *b);
bool set_has_url(const struct endpoint_set *s, const char *url);
bool set_has_ip(const struct endpoint_set *s, const struct prefix *p);

/* The body does not say which instance it is: told by names only one instance has. */
enum feed_instance feed_guess_instance(const struct feed *f);

/* Which sets a view shows. Zero means everything. */
struct selection {
    const char *areas[8]; /* NULL ends */
    unsigned categories;  /* bit per category */
    bool express_route, required;
    enum family family; /* of prefixes; FAMILY_NONE: both */
};
bool selection_has(const struct selection *sel, const struct endpoint_set *s);
/* Sorted, unique prefixes of the selected sets. */
struct prefixes feed_prefixes(const struct feed *f, const struct selection *sel, struct arena *a);

struct texts {
    const char **s;
    size_t n;
};
/* Sorted, unique patterns of the selected sets; empty when the arena is full. */
struct texts feed_urls(const struct feed *f, const struct selection *sel, struct arena *a);
bool texts_have(const struct texts *sorted, const char *s);

enum { FEED_AREAS_MAX = 16 };
struct area_stats {
    const char *area;
    size_t sets, er_sets, er_ipv4, er_ipv6;
};
struct feed_stats {
    size_t sets, required, er_sets, by_category[CATEGORIES];
    size_t urls, ipv4, ipv6; /* unique */
    size_t er_ipv4, er_ipv6; /* unique, of sets supported over the circuit */
    size_t er_merged_ipv4, er_merged_ipv6;
    size_t optimize_ipv4, optimize_ipv6;
    struct area_stats areas[FEED_AREAS_MAX]; /* in order of appearance; more are not listed */
    size_t area_count;
};
struct feed_stats feed_stats(const struct feed *f, struct arena *scratch);
