/* cli/check_office.c - see the header. */
#include "cli/check_office.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "cli/command.h"
#include "cli/m365_cache.h"
#include "lab/state.h"
#include "m365/changes_json.h"
#include "m365/feed_json.h"

static bool has(const char *bytes, const char *word) { return strstr(bytes, word) != NULL; }

static void damaged(const char *name, const struct problems *ps)
{
    fprintf(stderr, "fairlead: %s: left out: %s%s%s\n", name, ps->first ? ps->first->where : "", ps->first && *ps->first->where ? ": " : "",
            ps->first ? ps->first->what : "damaged");
}

static void add_copy(struct check *k, struct office_kit *o, const char *name, const char *bytes, size_t n, int64_t at_ms)
{
    struct problems ps;
    struct cache c;
    problems_init(&ps, &k->arena);
    if (!cache_parse(bytes, n, &k->arena, &ps, &c)) {
        damaged(name, &ps);
        return;
    }
    if (!o->copies) o->copies = arena_take_array(&k->arena, OFFICE_COPIES_MAX, sizeof *o->copies);
    if (!o->copies || o->copies_n == OFFICE_COPIES_MAX) return;
    o->copies[o->copies_n++] = c;
    if (at_ms > o->copies_ms) o->copies_ms = at_ms;
}

static void add_changes(struct check *k, struct office_kit *o, const char *name, const char *bytes, size_t n)
{
    struct problems ps;
    problems_init(&ps, &k->arena);
    o->changes = arena_take(&k->arena, sizeof *o->changes);
    if (o->changes && changes_parse(bytes, n, &k->arena, &ps, o->changes)) return;
    damaged(name, &ps);
    o->changes = NULL;
}

/* An empty log is known by its name alone. */
static bool is_log(const char *name, const char *bytes)
{
    bool list = bytes[strspn(bytes, " \n\t")] == '[';
    return list && ((has(bytes, "\"disposition\"") && has(bytes, "\"endpointSetId\"")) || has(name, "feed-changes"));
}

bool office_take_text(struct check *k, struct office_kit *o, const char *name, const char *bytes, size_t n, int64_t at_ms)
{
    bool copy = has(bytes, "\"checkedAt\"") && has(bytes, "\"endpoints\"");
    if (copy) add_copy(k, o, name, bytes, n, at_ms);
    else if (is_log(name, bytes)) add_changes(k, o, name, bytes, n);
    else return false;
    return true;
}

void office_take_cache(struct check *k, struct office_kit *o)
{
    char dir[M365_PATH_ROOM], path[M365_PATH_ROOM + 260];
    m365_cache_default_dir(dir);
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        size_t len = strlen(e->d_name);
        struct text t = {0};
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (len > 5 && strcmp(e->d_name + len - 5, ".json") == 0 && lab_read_file(path, &t))
            office_take_text(k, o, path, text_get(&t), t.n, (int64_t)time(NULL) * 1000);
        text_drop(&t);
    }
    if (d) closedir(d);
    o->source = "feed copy on this machine";
}

int office_open_feed(struct check *k, const char *file)
{
    struct problems ps;
    struct text t = {0};
    struct cache copy;
    problems_init(&ps, &k->arena);
    k->feed = arena_take(&k->arena, sizeof *k->feed);
    if (!k->feed || !lab_read_file(file, &t)) {
        perror(file);
        return EXIT_ERROR;
    }
    bool is_copy = has(text_get(&t), "\"checkedAt\"");
    bool fine = is_copy ? cache_parse(text_get(&t), t.n, &k->arena, &ps, &copy) : feed_parse(text_get(&t), t.n, &k->arena, &ps, k->feed);
    if (fine && is_copy) *k->feed = copy.feed;
    if (!fine) damaged(file, &ps);
    text_drop(&t);
    return fine ? EXIT_FINE : EXIT_ERROR;
}

/* ---- choosing among copies ---- */

static enum feed_instance instance_of(const struct design *d)
{
    enum feed_instance i;
    return *d->m365.instance && instance_parse(d->m365.instance, &i) ? i : WORLDWIDE;
}

static const struct cache *newest_of(const struct office_kit *o, enum feed_instance i)
{
    const struct cache *best = NULL;
    for (size_t n = 0; n < o->copies_n; n++) {
        const struct cache *c = &o->copies[n];
        if (c->instance != i) continue;
        int newer = best ? strcmp(c->version, best->version) : 1;
        if (newer > 0 || (newer == 0 && c->checked_s > best->checked_s)) best = c;
    }
    return best;
}

static const struct cache *version_of(const struct office_kit *o, enum feed_instance i, const char *version)
{
    for (size_t n = 0; n < o->copies_n; n++)
        if (o->copies[n].instance == i && strcmp(o->copies[n].version, version) == 0) return &o->copies[n];
    return NULL;
}

void office_choose_feed(struct check *k, const struct office_kit *o)
{
    const struct cache *newest = newest_of(o, instance_of(k->design));
    if (newest && !k->feed && (k->feed = arena_take(&k->arena, sizeof *k->feed))) *k->feed = newest->feed;
}

void office_facts(struct check *k, const struct office_kit *o)
{
    enum feed_instance i = instance_of(k->design);
    struct collector c = {&k->facts, k->design, o->source ? o->source : "feed copy", o->copies_ms, .tells_both_ends = false};
    struct office_papers papers = {newest_of(o, i), version_of(o, i, k->design->m365.feed.version), o->changes};
    if (!c.at_ms) c.at_ms = (int64_t)time(NULL) * 1000;
    office_choose_feed(k, o);
    office_feed_facts(&c, &papers, &k->arena);
    facts_sort(&k->facts);
    c.source = "comparison of facts";
    office_route_facts(&c, k->feed, i, &k->arena);
    facts_sort(&k->facts);
}
