/* m365/mirror_json.h - answers the three methods of the endpoint service, and our own PAC files and
 * lists, from the copies at hand, so that firewalls and proxies of a site can poll one machine of the
 * site. Pure (jansson); the caller reads files and speaks HTTP.
 *
 *   version[/INSTANCE]           endpoints/INSTANCE           changes/INSTANCE/VERSION
 *   pac/INSTANCE/1|2|er          lists/INSTANCE/nft|firewall|urls|prefixes|frr|bird|ios-xe|junos
 *
 * Every version that was ever kept is a copy. Changes are computed between neighbouring copies: from
 * a version that was never kept, the newest kept one before it is taken, so that nothing is missed. */
#pragma once
#include <jansson.h>
#include "base/text.h"
#include "m365/cache_json.h"

enum { MIRROR_COPIES_MAX = 64, MIRROR_CHANGES_A_HOUR = 30, MIRROR_CLIENTS_MAX = 256 };

struct mirror {
    const struct cache *copy[MIRROR_COPIES_MAX]; /* by instance, then version; mirror_add keeps order */
    size_t n;
    const char *proxy; /* what PAC files send the rest to */
};
/* False: full. The newest copy of an instance is what is served. */
MUST_USE bool mirror_add(struct mirror *m, const struct cache *c);
const struct cache *mirror_newest(const struct mirror *m, enum feed_instance i); /* NULL: none */

struct mirror_query { /* parameters of the request; NULL: absent */
    const char *client_request_id, *service_areas, *format, *no_ipv6, *all_versions, *single_version, *instance;
};
struct mirror_answer {
    unsigned status;      /* 200, 400, 404 */
    const char *type;     /* of the body */
    unsigned max_age_s;   /* how long it may be kept; 0: not at all */
    bool limited;         /* a body whose callers are counted */
    struct text body;     /* 200: the document; else one sentence. The caller drops it. */
};
/* False: the path is none of ours. segments are decoded; their case does not count. */
MUST_USE bool mirror_answer(const struct mirror *m, const char *const *segments, size_t n,
                            const struct mirror_query *q, struct arena *a, struct mirror_answer *out);

/* How often each client asked for a body within its hour. The oldest entry makes room. */
struct mirror_clients {
    struct {
        char id[37];
        int64_t since_s;
        unsigned asked;
    } row[MIRROR_CLIENTS_MAX];
};
/* Seconds to wait, 0: welcome (and counted). */
unsigned mirror_wait(struct mirror_clients *c, const char *id, int64_t now_s);
