/* sys/rpki.h - payloads from RPKI caches over RFC 8210, the only user of librtr. librtr follows the
 * caches in threads of its own; what changed waits here until it is taken. One per process. */
#pragma once
#include "base/text.h"
#include "net/vrp.h"

struct rpki;
struct rpki_cache {
    struct addr addr;
    uint16_t port;
};
struct rpki_conf {
    const struct rpki_cache *caches; /* the preferred one first; copied */
    size_t caches_n;
    uint32_t refresh_s, expire_s, retry_s; /* where the cache does not say */
};

/* NULL with `why`. */
struct rpki *rpki_start(const struct rpki_conf *c, struct text *why);
void rpki_stop(struct rpki *r);

int rpki_fd(const struct rpki *r); /* readable when something waits; ours */
/* The next change. False: nothing waits. Two caches may say the same while one takes over. */
bool rpki_take(struct rpki *r, bool *add, struct vrp *out);
/* "127.0.0.1:323 established" for each cache, in `out`. True: one of them is followed. */
bool rpki_state(struct rpki *r, struct text *out);
