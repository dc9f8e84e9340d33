/* edge/config.c - reading, rehearsing and keeping intents. Rehearsal: a router object without
 * neighbours applies the intent, so that whatever a router would refuse is known before anything
 * changes. */
#include "edge/config.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "intent/intent_json.h"
#include "router/router.h"
#include "sys/loop.h"
#include "sys/yaml.h"

enum { CEILING = 256 << 20, STATE_MOST = 16 << 20, PATH_ROOM = 512, DRAIN_PREPEND = 3, PREPEND_MOST = 20 };

void config_drop(struct config *c)
{
    arena_drop(&c->arena);
    *c = (struct config){0};
}

/* --- rehearsal --- */

static void nothing_peer(void *ctx, peer_ref p) { (void)ctx, (void)p; }
static void nothing_conn(void *ctx, peer_ref p, enum bgp_conn c) { (void)ctx, (void)p, (void)c; }
static void nothing_route(void *ctx, const struct route_change *c) { (void)ctx, (void)c; }
static void nothing_domain(void *ctx, domain_ref d) { (void)ctx, (void)d; }
static void nothing_bfd(void *ctx, peer_ref p, const struct intent_bfd *b) { (void)ctx, (void)p, (void)b; }
static void nothing_event(void *ctx, domain_ref d, peer_ref p, const char *name, const char *text)
{
    (void)ctx, (void)d, (void)p, (void)name, (void)text;
}

static bool rehearse(const struct intent *i, struct problems *problems)
{
    static const struct router_sink deaf = {
        .connect = nothing_peer, .close = nothing_conn, .writable = nothing_conn, .route = nothing_route,
        .routes_settled = nothing_domain, .bfd_start = nothing_bfd, .bfd_change = nothing_bfd, .bfd_stop = nothing_peer,
        .event = nothing_event};
    struct hash_key key = {1, 2};
    struct router *r = router_new(&deaf, &key, 1);
    bool fine = router_apply(r, i, clock_now(), problems);
    router_free(r);
    return fine;
}

static struct intent *whole(const json_t *json, struct arena *arena, struct problems *problems)
{
    struct intent *i = intent_from_json(json, arena, problems);
    return i && rehearse(i, problems) ? i : NULL;
}

/* --- the file --- */

static void print_problems(const struct yaml_doc *doc, const struct problems *problems, struct text *why)
{
    char *lines = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&lines, &n);
    if (!f) abort();
    yaml_print_problems(doc, problems, f);
    fclose(f);
    text_add_n(why, lines, n);
    free(lines);
}

bool config_read_file(const char *path, struct config *out, struct text *why)
{
    struct problems problems;
    arena_init(&out->arena, CEILING);
    problems_init(&problems, &out->arena);
    struct yaml_doc *doc = yaml_read_file(path, &problems);
    const json_t *root = yaml_root(doc);
    out->intent = root ? whole(root, &out->arena, &problems) : NULL;
    if (!out->intent) print_problems(doc, &problems, why);
    yaml_drop(doc);
    if (!out->intent) config_drop(out);
    return out->intent != NULL;
}

/* --- the control plane --- */

static void list_problems(const struct problems *problems, struct text *why)
{
    for (const struct problem *p = problems->first; p; p = p->next)
        text_addf(why, "%s: %s; %s\n", p->where, p->what, p->rule);
}

static const char *copy(struct arena *a, const char *s)
{
    const char *c = arena_text(a, s);
    return c ? c : "";
}

static struct intent_endpoint *copy_endpoints(struct arena *a, const struct intent_endpoint *e, size_t n)
{
    void *c = n ? arena_copy(a, e, n * sizeof *e) : NULL;
    if (n && !c) abort(); /* the ceiling is far above what any reader lets through */
    return c;
}

static void keep_local(struct intent *i, const struct intent *local, struct arena *a)
{
    i->router.namespace_ = copy(a, local->router.namespace_);
    i->router.workers = local->router.workers;
    i->dataplane = local->dataplane;
    i->control_socket = copy(a, local->control_socket);
    i->state_dir = copy(a, local->state_dir);
    if (i->rpki.caches_n == 0) { /* who watches, and whose word counts, is a matter of the place */
        i->rpki = local->rpki;
        i->rpki.caches = copy_endpoints(a, local->rpki.caches, local->rpki.caches_n);
    }
    if (i->bmp.stations_n == 0) {
        i->bmp = local->bmp;
        i->bmp.stations = copy_endpoints(a, local->bmp.stations, local->bmp.stations_n);
    }
    i->metrics.listen = copy_endpoints(a, local->metrics.listen, local->metrics.listen_n);
    i->metrics.listen_n = local->metrics.listen_n;
    i->control = (struct intent_control){copy(a, local->control.url), copy(a, local->control.ca_file),
                                         copy(a, local->control.cert_file),
                                         copy(a, local->control.key_file)};
}

bool config_read_given(const char *json, size_t n, const struct intent *local, struct config *out,
                       struct text *why)
{
    struct problems problems;
    json_error_t error;
    arena_init(&out->arena, CEILING);
    problems_init(&problems, &out->arena);
    json_t *root = json_loadb(json, n, JSON_REJECT_DUPLICATES, &error);
    if (!root) problem_add(&problems, "", "JSON", "", "byte %d: %s", error.position, error.text);
    out->intent = root ? whole(root, &out->arena, &problems) : NULL;
    json_decref(root);
    if (out->intent && strcmp(out->intent->router.name, local->router.name) != 0) {
        problem_add(&problems, "/router/name", "the name in the configuration file", "",
                    "this intent is for '%s', we are '%s'", out->intent->router.name, local->router.name);
        out->intent = NULL;
    }
    if (out->intent) {
        keep_local(out->intent, local, &out->arena);
        return true;
    }
    list_problems(&problems, why);
    config_drop(out);
    return false;
}

/* --- the copy --- */

static bool write_all(int fd, const char *s, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t done = write(fd, s + at, n - at);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        at += (size_t)done;
    }
    return fsync(fd) == 0;
}

bool config_keep(const char *state_dir, const char *json, size_t n, struct text *why)
{
    char path[PATH_ROOM], fresh[PATH_ROOM];
    if (!*state_dir) return true;
    snprintf(path, sizeof path, "%s/intent.json", state_dir);
    snprintf(fresh, sizeof fresh, "%s/.intent.json.new", state_dir);
    if (mkdir(state_dir, 0700) != 0 && errno != EEXIST) {
        text_addf(why, "cannot make %s: %s", state_dir, strerror(errno));
        return false;
    }
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool fine = fd >= 0 && write_all(fd, json, n);
    if (fd >= 0) close(fd);
    if (fine && rename(fresh, path) == 0) return true;
    text_addf(why, "cannot write %s: %s", path, strerror(errno));
    unlink(fresh);
    return false;
}

bool config_kept(const char *state_dir, struct text *out)
{
    char path[PATH_ROOM], bytes[16384];
    if (!*state_dir) return false;
    snprintf(path, sizeof path, "%s/intent.json", state_dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t n;
    while ((n = read(fd, bytes, sizeof bytes)) > 0 && out->n < STATE_MOST)
        text_add_n(out, bytes, (size_t)n);
    close(fd);
    return n == 0 && out->n > 0;
}

/* --- for the router process --- */

static void veil_peer(json_t *peer, const struct hash_key *key, bool drained, bool leaving)
{
    const char *md5 = json_string_value(json_object_get(peer, "md5"));
    json_int_t prepend = json_integer_value(json_object_get(peer, "prepend"));
    if (md5) {
        char veiled[24];
        snprintf(veiled, sizeof veiled, "%016llx", (unsigned long long)hash_bytes(key, md5, strlen(md5)));
        json_object_set_new(peer, "md5", json_string(veiled));
    }
    if (leaving) json_object_set_new(peer, "graceful_shutdown", json_true());
    if (drained && prepend < PREPEND_MOST - DRAIN_PREPEND)
        json_object_set_new(peer, "prepend", json_integer(prepend + DRAIN_PREPEND));
}

void config_for_router(const struct intent *i, const struct hash_key *key, bool drained, bool leaving,
                       struct text *out)
{
    json_t *json = intent_to_json(i, true), *domain, *peer;
    size_t d, p;
    json_object_del(json, "control");
    json_array_foreach(json_object_get(json, "domains"), d, domain) {
        json_object_del(json_object_get(domain, "nat"), "partner_key");
        json_array_foreach(json_object_get(domain, "peers"), p, peer)
            veil_peer(peer, key, drained, leaving);
    }
    char *s = json_dumps(json, JSON_COMPACT);
    if (!s) abort();
    text_add(out, s);
    free(s);
    json_decref(json);
}
