/* The documents of the Office 365 endpoint service and service tag files, by the first octet: feed, change
 * log, versions, copy on disk, tags. What is accepted is written as JSON and must be accepted again. */
#include "m365/cache_json.h"
#include "m365/changes_json.h"
#include "m365/explain.h"
#include "m365/feed_json.h"
#include "m365/pac.h"
#include "m365/servicetags_json.h"
#include "m365/version_json.h"
#include "target.h"

static struct arena arena;
static struct problems problems;

static void feed_again(const struct feed *f)
{
    const struct selection all = {0};
    struct feed again;
    struct pac_sets sets;
    struct explanation e;
    json_t *written = feed_write(f, &all);
    MUST_HOLD(feed_read(written, &arena, &problems, &again) && again.count == f->count);
    json_decref(written);
    (void)!pac_compute(f, PAC_CIRCUIT, &arena, &sets);
    (void)!explain(f, WORLDWIDE, "https://a.example.com/x", &arena, &e);
}

static void read_feed(const char *s, size_t n)
{
    struct feed f;
    if (feed_parse(s, n, &arena, &problems, &f)) feed_again(&f);
}

static void read_changes(const char *s, size_t n)
{
    static const struct feed nothing;
    struct changes c;
    struct feed after;
    size_t orphans;
    if (!changes_parse(s, n, &arena, &problems, &c)) return;
    for (size_t i = 0; i < c.n; i++) {
        MUST_HOLD(impact_of(&c.c[i]));
        json_decref(change_write(&c.c[i]));
    }
    (void)!changes_apply(&nothing, &c, &arena, &after, &orphans);
}

static void read_versions(const char *s, size_t n)
{
    struct versions v;
    if (!versions_parse(s, n, &arena, &problems, &v)) return;
    for (size_t i = 0; i < v.n; i++) MUST_HOLD(version_is_sane(v.row[i].latest));
}

static void read_copy(const char *s, size_t n)
{
    struct cache c;
    if (!cache_parse(s, n, &arena, &problems, &c)) return;
    json_decref(cache_write(&c));
    feed_again(&c.feed);
}

static void read_tags(const char *s, size_t n)
{
    struct service_tags t;
    struct tag_changes d;
    if (tags_parse(s, n, &arena, &problems, &t)) MUST_HOLD(tags_diff(&t, &t, &arena, &d) && d.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(const char *, size_t) = {read_feed, read_changes, read_versions, read_copy,
                                                            read_tags};
    if (size < 1) return 0;
    arena_init(&arena, 64 << 20);
    problems_init(&problems, &arena);
    readers[data[0] % ARRAY_LEN(readers)]((const char *)data + 1, size - 1);
    arena_drop(&arena);
    return 0;
}
