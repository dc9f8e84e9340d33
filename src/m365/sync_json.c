/* m365/sync_json.c - the engine of m365/sync.h; named so because it reads the service's JSON. */
#include <stdio.h>
#include <string.h>
#include "m365/feed_json.h"
#include "m365/sync.h"
#include "m365/version_json.h"

static void finish(struct sync *s, enum sync_outcome outcome, const char *why)
{
    s->step = SYNC_DONE;
    s->outcome = outcome;
    s->why = why ? why : "out of the memory allowed";
}

void sync_start(struct sync *s, int64_t now_s)
{
    s->step = SYNC_VERSION;
    s->outcome = SYNC_UNDECIDED;
    s->rounds = 0;
    s->why = "";
    s->fresh = s->old ? *s->old : (struct cache){.instance = s->instance};
    if (!s->old) return;
    int64_t next = s->old->checked_s + SYNC_POLL_S;
    if (s->old->not_before_s > next) next = s->old->not_before_s;
    if (now_s < next && !s->force)
        finish(s, SYNC_TOO_EARLY,
               arena_printf(s->arena, "the service is asked once an hour: %lld s to go",
                            (long long)(next - now_s)));
}

const char *sync_path(const struct sync *s, char *buf, size_t room)
{
    const char *instance = instance_text(s->instance);
    switch (s->step) {
    case SYNC_VERSION:
    case SYNC_VERSION_AGAIN:
        snprintf(buf, room, "/version/%s", instance);
        return buf;
    case SYNC_ENDPOINTS:
        snprintf(buf, room, "/endpoints/%s?ServiceAreas=Common,Exchange,SharePoint,Skype,MEM",
                 instance);
        return buf;
    case SYNC_DONE:
        break;
    }
    return NULL;
}

/* The instance's row of a /version answer, or NULL. */
static const char *version_in(struct sync *s, const char *body, size_t n)
{
    struct problems ps;
    struct versions v;
    problems_init(&ps, s->arena);
    if (!versions_parse_json(body, n, s->arena, &ps, &v)) return NULL;
    const struct version_row *row = versions_of(&v, s->instance);
    return row ? row->latest : NULL;
}

static void got_version(struct sync *s, const char *version, int64_t now_s)
{
    int order = s->old ? strcmp(version, s->old->version) : 1;
    if (order < 0) {
        finish(s, SYNC_KEPT,
               arena_printf(s->arena, "the source offers version %s, older than %s: refused",
                            version, s->old->version));
        return;
    }
    s->fresh.checked_s = now_s;
    if (order == 0) {
        finish(s, SYNC_CURRENT, "the copy is the latest version");
        return;
    }
    memcpy(s->version, version, 11);
    s->step = SYNC_ENDPOINTS;
}

/* A feed that lost most of its sets is more likely a fault of the source than news. */
static bool shrank(const struct sync *s, const struct feed *f)
{
    return s->old && !s->force && f->count * 2 < s->old->feed.count;
}

static void got_endpoints(struct sync *s, const char *body, size_t n)
{
    struct problems ps;
    struct feed f;
    problems_init(&ps, s->arena);
    if (!feed_parse(body, n, s->arena, &ps, &f)) {
        finish(s, SYNC_KEPT,
               arena_printf(s->arena, "the source's feed is not well-formed: %s %s",
                            ps.first ? ps.first->where : "",
                            ps.first ? ps.first->what : "too large"));
        return;
    }
    enum feed_instance guess = feed_guess_instance(&f);
    if (guess && guess != s->instance) {
        finish(s, SYNC_KEPT,
               arena_printf(s->arena, "the source's feed is of instance %s: refused",
                            instance_text(guess)));
        return;
    }
    if (shrank(s, &f)) {
        finish(
            s, SYNC_KEPT,
            arena_printf(
                s->arena,
                "the source's feed has %zu sets where the copy has %zu: refused, --force takes it",
                f.count, s->old->feed.count));
        return;
    }
    s->fresh.feed = f;
    s->step = SYNC_VERSION_AGAIN;
}

static void got_version_again(struct sync *s, const char *version, int64_t now_s)
{
    if (!strcmp(version, s->version)) {
        memcpy(s->fresh.version, version, 11);
        s->fresh.instance = s->instance;
        s->fresh.fetched_s = s->fresh.checked_s = now_s;
        s->fresh.not_before_s = 0;
        finish(s, SYNC_REPLACED, arena_printf(s->arena, "version %s taken", version));
    } else if (++s->rounds < SYNC_ROUNDS_MAX && strcmp(version, s->version) > 0) {
        memcpy(s->version, version, 11);
        s->step = SYNC_ENDPOINTS;
    } else {
        finish(s, SYNC_KEPT, "the version moved while the feed was read");
    }
}

/* The copy stays as it was; only the times that were learnt are new. */
static void keep_feed(struct sync *s)
{
    if (s->outcome == SYNC_REPLACED || s->step != SYNC_DONE) return;
    int64_t checked = s->fresh.checked_s, not_before = s->fresh.not_before_s;
    s->fresh = s->old ? *s->old : (struct cache){.instance = s->instance};
    s->fresh.checked_s = s->outcome == SYNC_CURRENT ? checked : s->fresh.checked_s;
    s->fresh.not_before_s = not_before;
}

void sync_answer(struct sync *s, unsigned status, const char *body, size_t n, int64_t now_s)
{
    const char *version = NULL;
    if (status == 429) {
        s->fresh.not_before_s = now_s + SYNC_POLL_S;
        finish(s, SYNC_KEPT, "the source asks for fewer requests (429): an hour is waited");
    } else if (status != 200) {
        finish(s, SYNC_KEPT,
               status ? arena_printf(s->arena, "the source answers %u", status)
                      : arena_printf(s->arena, "no answer: %.*s", (int)(n > 200 ? 200 : n), body));
    } else if (s->step == SYNC_ENDPOINTS) {
        got_endpoints(s, body, n);
    } else if (!(version = version_in(s, body, n))) {
        finish(s, SYNC_KEPT, "the source's version answer is not well-formed");
    } else if (s->step == SYNC_VERSION) {
        got_version(s, version, now_s);
    } else {
        got_version_again(s, version, now_s);
    }
    keep_feed(s);
}

enum freshness cache_freshness(const struct cache *c, int64_t now_s)
{
    int64_t age = now_s - c->checked_s;
    return age <= SYNC_STALE_S ? FRESH : age <= SYNC_DEAD_S ? STALE : DEAD;
}

const char *freshness_text(enum freshness f)
{
    static const char *const names[] = {"fresh", "stale", "dead"};
    return names[f];
}
