/* cli/m365_cache.c - carries the requests and files of the engine in m365/sync.h out. */
#include "cli/m365_cache.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "cli/command.h"
#include "m365/sync.h"
#include "sys/http_client.h"

enum { PATH_ROOM = M365_PATH_ROOM, GUID_TEXT = 37 };

static const char official[] = "https://endpoints.office.com";
static const char documented_guid[] = "b10c5ed1-bad1-445f-b386-b919946339a7"; /* may be blocked */

/* --- places ---------------------------------------------------------------------------------- */

void m365_cache_default_dir(char out[static M365_PATH_ROOM])
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (xdg && *xdg)
        snprintf(out, PATH_ROOM, "%s/fairlead/m365", xdg);
    else
        snprintf(out, PATH_ROOM, "%s/.cache/fairlead/m365", home && *home ? home : "/root");
}

static void cache_dir(const struct m365_run *r, char out[static PATH_ROOM])
{
    if (r->args.cache) snprintf(out, PATH_ROOM, "%s", r->args.cache);
    else m365_cache_default_dir(out);
}

static bool make_dirs(char *path)
{
    for (char *c = path + 1; *c; c++)
        if (*c == '/') {
            *c = 0;
            bool fine = !mkdir(path, 0755) || errno == EEXIST;
            *c = '/';
            if (!fine) return false;
        }
    return !mkdir(path, 0755) || errno == EEXIST;
}

static bool path_in(const struct m365_run *r, const char *name, char out[static PATH_ROOM])
{
    char dir[PATH_ROOM];
    cache_dir(r, dir);
    int n = snprintf(out, PATH_ROOM, "%s/%s", dir, name);
    return n > 0 && n < PATH_ROOM;
}

static enum feed_instance instance_wanted(const struct m365_run *r)
{
    return r->args.instance ? r->args.instance : WORLDWIDE;
}

static bool cache_path(const struct m365_run *r, char out[static PATH_ROOM])
{
    char name[64];
    snprintf(name, sizeof name, "%s.json", instance_text(instance_wanted(r)));
    return path_in(r, name, out);
}

/* Whole or not at all: a new file, synced, renamed over the old one. */
static bool replace_file(const char *path, const char *bytes, size_t n)
{
    char temp[PATH_ROOM + 8];
    snprintf(temp, sizeof temp, "%s.new", path);
    int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) return false;
    bool fine = true;
    for (size_t at = 0; fine && at < n;) {
        ssize_t got = write(fd, bytes + at, n - at);
        if (got > 0)
            at += (size_t)got;
        else
            fine = got < 0 && errno == EINTR;
    }
    fine = fine && !fsync(fd);
    fine = !close(fd) && fine;
    if (fine && !rename(temp, path)) return true;
    unlink(temp);
    return false;
}

/* --- reading --------------------------------------------------------------------------------- */

/* False without a message when there is no copy; with one when the copy is damaged. */
static bool cache_load(struct m365_run *r, struct cache *out)
{
    char path[PATH_ROOM];
    size_t n;
    if (!cache_path(r, path) || access(path, R_OK)) return false;
    char *bytes = m365_read_file(path, FEED_BYTES_MAX, &n);
    if (!bytes) return false;
    bool fine = cache_parse(bytes, n, &r->arena, &r->problems, out);
    free(bytes);
    if (!fine) m365_refuse(r, path);
    return fine;
}

static void say_age(struct m365_run *r, const struct cache *c, int64_t now)
{
    enum freshness f = cache_freshness(c, now);
    struct tm tm;
    time_t at = (time_t)c->fetched_s;
    char text[32];
    gmtime_r(&at, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    r->version = arena_text(&r->arena, c->version);
    r->fetched = arena_text(&r->arena, text);
    r->stale = f != FRESH;
    if (r->stale)
        fprintf(stderr,
                "fairlead m365: the copy of version %s is %s: last checked %lld h ago; run "
                "fairlead m365 sync\n",
                c->version, freshness_text(f), (long long)(now - c->checked_s) / 3600);
}

bool m365_cache_feed(struct m365_run *r)
{
    struct cache c;
    if (!cache_load(r, &c)) {
        fputs("fairlead m365: there is no copy of the feed: give --from FILE, or run fairlead m365 "
              "sync\n",
              stderr);
        return false;
    }
    r->feed = c.feed;
    r->args.instance = c.instance;
    say_age(r, &c, (int64_t)time(NULL));
    return r->version && r->fetched;
}

/* --- asking ---------------------------------------------------------------------------------- */

static bool guid_is_sane(const char *s)
{
    if (strlen(s) != GUID_TEXT - 1 || text_same_nocase(s, documented_guid)) return false;
    for (size_t i = 0; s[i]; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s[i] != '-' : !strchr("0123456789abcdefABCDEF", s[i])) return false;
    }
    return true;
}

static bool guid_new(char out[static GUID_TEXT])
{
    unsigned char b[16];
    if (getrandom(b, sizeof b, 0) != sizeof b) return false;
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(out, GUID_TEXT, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
             b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
    return true;
}

/* The id of this installation: made once and kept. */
static bool client_id(const struct m365_run *r, char out[static GUID_TEXT])
{
    char path[PATH_ROOM];
    if (r->args.client) {
        if (!guid_is_sane(r->args.client))
            return m365_usage("--client-request-id takes a GUID of your own"), false;
        memcpy(out, r->args.client, GUID_TEXT);
        return true;
    }
    if (!path_in(r, "client-request-id", path)) return false;
    FILE *f = fopen(path, "r");
    bool have = f && fgets(out, GUID_TEXT, f) && guid_is_sane(out);
    if (f) fclose(f);
    if (have) return true;
    return guid_new(out) && replace_file(path, out, GUID_TEXT - 1);
}

static void ask(struct http_client *http, const char *base, const char *path, const char *guid,
                struct sync *s)
{
    struct http_answer answer;
    struct text url = {0}, why = {0};
    text_addf(&url, "%s%s%cClientRequestId=%s", base, path, strchr(path, '?') ? '&' : '?', guid);
    struct http_request request = {.method = "GET", .url = text_get(&url)};
    if (http_send(http, &request, &answer, &why)) {
        sync_answer(s, answer.status, text_get(&answer.body), answer.body.n, (int64_t)time(NULL));
        http_answer_drop(&answer);
    } else {
        sync_answer(s, 0, text_get(&why), why.n, (int64_t)time(NULL));
    }
    text_drop(&url);
    text_drop(&why);
}

/* Beside the newest copy each version stays under its own name: a mirror answers from them what has
 * changed since. */
static bool history_path(const struct m365_run *r, const struct cache *c, char out[static PATH_ROOM])
{
    char name[64];
    snprintf(name, sizeof name, "%s-%s.json", instance_text(c->instance), c->version);
    return path_in(r, name, out);
}

static bool cache_save(struct m365_run *r, const struct cache *c, bool new_version)
{
    char path[PATH_ROOM];
    json_t *o = cache_write(c);
    char *bytes = json_dumps(o, JSON_INDENT(1));
    json_decref(o);
    bool fine = bytes && (!new_version || (history_path(r, c, path) && replace_file(path, bytes, strlen(bytes)))) &&
                cache_path(r, path) && replace_file(path, bytes, strlen(bytes));
    if (!fine) fprintf(stderr, "fairlead m365: the copy cannot be written: %s\n", strerror(errno));
    free(bytes);
    return fine;
}

static const char *const outcome_words[] = {"undecided", "too early", "current", "replaced",
                                            "kept"};

static int report(struct m365_run *r, const struct sync *s, bool have)
{
    bool good = s->outcome != SYNC_KEPT;
    if (m365_json(r))
        m365_print_json(json_pack("{s:s,s:s,s:s,s:s,s:b}", "instance", instance_text(s->instance),
                                  "outcome", outcome_words[s->outcome], "why", s->why, "version",
                                  have ? s->fresh.version : "", "stale", !good));
    else
        fprintf(good ? stdout : stderr, "%s: %s%s\n", instance_text(s->instance), s->why,
                good   ? ""
                : have ? "; the old copy stays and is served"
                       : "; there is no copy");
    return good ? EXIT_FINE : EXIT_ERROR;
}

int m365_sync(struct m365_run *r)
{
    char dir[PATH_ROOM], guid[GUID_TEXT], path[256];
    struct cache old;
    bool have = cache_load(r, &old);
    const char *base = r->args.url ? r->args.url : official, *next;
    struct sync s = {.instance = instance_wanted(r),
                     .old = have ? &old : NULL,
                     .arena = &r->arena,
                     .force = r->args.force};
    if (instance_is_retired(s.instance))
        return m365_usage("the Germany instance is retired and not served");
    cache_dir(r, dir);
    if (!make_dirs(dir) || !client_id(r, guid)) {
        fprintf(stderr, "fairlead m365: %s: %s\n", dir, strerror(errno));
        return EXIT_ERROR;
    }
    struct http_client *http = http_client_new(&(struct http_identity){.ca_file = r->args.ca});
    sync_start(&s, (int64_t)time(NULL));
    while ((next = sync_path(&s, path, sizeof path))) ask(http, base, next, guid, &s);
    http_client_free(http);
    bool write = s.outcome == SYNC_REPLACED || (have && s.outcome != SYNC_TOO_EARLY);
    if (write && !cache_save(r, &s.fresh, s.outcome == SYNC_REPLACED)) return EXIT_ERROR;
    return report(r, &s, have || s.outcome == SYNC_REPLACED);
}
