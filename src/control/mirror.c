/* control/mirror.c - reads the copies again when the directory has changed, and hands the question
 * to the engine in m365/mirror_json.h. A file that is no copy is logged and left out; the others
 * are served. */
#include "control/mirror.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "m365/feed_json.h"
#include "m365/mirror_json.h"
#include "sys/log.h"
#include "sys/whole_file.h"

enum { LOOK_MS = 1000, COPIES_ARENA = 512 << 20 };

static const char default_proxy[] = "PROXY proxy.example.com:8080";

struct mirror_files {
    const char *dir;
    struct timespec seen; /* the directory's change when it was read */
    int64_t looked_ms;
    struct arena arena; /* of the copies */
    struct mirror mirror;
    struct mirror_clients clients;
};

struct mirror_files *mirror_open(const char *dir, const char *proxy)
{
    struct mirror_files *f = dir ? calloc(1, sizeof *f) : NULL;
    if (!f) return NULL;
    f->dir = dir;
    f->mirror.proxy = proxy ? proxy : default_proxy;
    arena_init(&f->arena, COPIES_ARENA);
    return f;
}

void mirror_close(struct mirror_files *f)
{
    if (f) arena_drop(&f->arena);
    free(f);
}

static bool have_version(const struct mirror *m, const struct cache *c)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->copy[i]->instance == c->instance && strcmp(m->copy[i]->version, c->version) == 0)
            return true;
    return false;
}

static void load_copy(struct mirror_files *f, const char *name)
{
    char path[4200];
    struct text bytes = {0}, why = {0};
    struct problems ps;
    struct cache *c = arena_take(&f->arena, sizeof *c);
    problems_init(&ps, &f->arena);
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    if (!c || !file_read(path, FEED_BYTES_MAX, &bytes, &why) ||
        !cache_parse(text_get(&bytes), bytes.n, &f->arena, &ps, c))
        log_line(LOG_LINE_WARN, "mirror-copy-refused", path, "%s",
                 ps.first ? ps.first->what
                 : why.n  ? text_get(&why)
                          : "too many copies");
    else if (*c->version && !have_version(&f->mirror, c) && !mirror_add(&f->mirror, c))
        log_line(LOG_LINE_WARN, "mirror-full", path, "more than %d copies", MIRROR_COPIES_MAX);
    text_drop(&bytes);
    text_drop(&why);
}

static void load_all(struct mirror_files *f)
{
    const char *proxy = f->mirror.proxy;
    DIR *d = opendir(f->dir);
    arena_drop(&f->arena);
    arena_init(&f->arena, COPIES_ARENA);
    f->mirror = (struct mirror){.proxy = proxy};
    for (const struct dirent *e; d && (e = readdir(d));) {
        size_t n = strlen(e->d_name);
        if (n > 5 && strcmp(e->d_name + n - 5, ".json") == 0) load_copy(f, e->d_name);
    }
    if (d) closedir(d);
    log_line(LOG_LINE_INFO, "mirror-read", f->dir, "%zu copies", f->mirror.n);
}

/* A copy is renamed into place, which changes the directory. */
static void refresh(struct mirror_files *f, int64_t now_ms)
{
    struct stat st;
    if (f->looked_ms && now_ms - f->looked_ms < LOOK_MS) return;
    f->looked_ms = now_ms;
    if (stat(f->dir, &st) != 0) return;
    if (st.st_mtim.tv_sec == f->seen.tv_sec && st.st_mtim.tv_nsec == f->seen.tv_nsec) return;
    f->seen = st.st_mtim;
    load_all(f);
}

bool mirror_serve(struct request *r)
{
    struct mirror_files *f = r->control->mirror;
    const char *method = http_method(r->exchange);
    struct mirror_answer a;
    if (!f || (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)) return false;
    const struct mirror_query q = {
        request_param(r, "ClientRequestId"), request_param(r, "ServiceAreas"),
        request_param(r, "Format"),          request_param(r, "NoIPv6"),
        request_param(r, "AllVersions"),     request_param(r, "singleVersion"),
        request_param(r, "Instance")};
    refresh(f, r->control->now_ms);
    if (!mirror_answer(&f->mirror, r->target.segments, r->target.n, &q, r->arena, &a)) return false;
    unsigned wait =
        a.limited ? mirror_wait(&f->clients, q.client_request_id, r->control->now_ms / 1000) : 0;
    if (wait)
        reply_busy(r, wait,
                   "Bodies are asked for when the version has changed, and not more often.");
    else
        reply_document(r, a.status, a.type, &a.body, a.max_age_s);
    text_drop(&a.body);
    return true;
}
