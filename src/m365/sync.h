/* m365/sync.h - keeping a copy of the feed: what to ask the service next, and whether its answer
 * may replace the copy. An engine without sockets, files and clock: wall-clock seconds come as
 * arguments.
 *
 * The body carries no version, so the version is read before and after it and must be the same. A
 * copy is replaced by a whole, well-formed feed of a newer version of the same instance and by
 * nothing else; whatever a mirror says, the copy stays and is called stale. Polls are at least an
 * hour apart; after 429 an hour is waited; endpoints are asked for only when the version moved. */
#pragma once
#include "m365/cache_json.h"

enum {
    SYNC_POLL_S = 3600,
    SYNC_STALE_S = 2 * 3600, /* older than this: warn */
    SYNC_DEAD_S = 24 * 3600, /* older than this: fail */
    SYNC_ROUNDS_MAX = 3,     /* versions that move while we read */
};

enum sync_step { SYNC_VERSION, SYNC_ENDPOINTS, SYNC_VERSION_AGAIN, SYNC_DONE };
enum sync_outcome { SYNC_UNDECIDED, SYNC_TOO_EARLY, SYNC_CURRENT, SYNC_REPLACED, SYNC_KEPT };

struct sync {
    enum feed_instance instance;
    const struct cache *old; /* NULL: there is no copy yet */
    struct arena *arena;     /* of the new copy and of texts */
    bool force;              /* ask although it is early; accept a feed that shrank */
    enum sync_step step;
    unsigned rounds;
    char version[11]; /* of the first answer of this round */
    enum sync_outcome outcome;
    struct cache fresh; /* SYNC_REPLACED: the copy to keep; else times only */
    const char *why;    /* one sentence */
};

void sync_start(struct sync *s, int64_t now_s);
/* What to GET, below the base URL, without the ClientRequestId; NULL when done. */
const char *sync_path(const struct sync *s, char *buf, size_t room);
/* status 0: no answer at all (body says why). */
void sync_answer(struct sync *s, unsigned status, const char *body, size_t n, int64_t now_s);

enum freshness { FRESH, STALE, DEAD };
enum freshness cache_freshness(const struct cache *c, int64_t now_s);
const char *freshness_text(enum freshness f);
