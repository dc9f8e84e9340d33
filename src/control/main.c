/* control/main.c - program fairleadd: opens what there is, serves in one loop, ends in order. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include "control/edges.h"
#include "control/front.h"
#include "control/issuer.h"
#include "control/mirror.h"
#include "control/replicas.h"
#include "control/roles.h"
#include "sys/data_files.h"
#include "sys/entropy.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/store_sqlite.h"
#include "sys/whole_file.h"

enum { SETTINGS_CEILING = 1 << 20, PROBLEMS_CEILING = 1 << 20, SERVER_DAYS = 397, CATALOGUES = 5 };

/* --- the API and its world --- */

static void make_guid(void *ctx, char out[API_GUID_TEXT])
{
    (void)ctx;
    random_guid(out);
}

static const json_t *evidence(void *ctx) { return edges_all_evidence(ctx); }

static bool leads(void *ctx) { return replicas_leads(ctx); }

static bool open_api(struct control *c, struct text *why)
{
    static const char *const names[CATALOGUES] = {"providers.json", "peering_locations.json",
                                                  "limits.json", "gateway_skus.json",
                                                  "bgp_communities.json"};
    struct text texts[CATALOGUES] = {0};
    struct arena a;
    struct problems ps;
    bool read = true;
    for (size_t i = 0; read && i < CATALOGUES; i++) read = data_file_text(names[i], &texts[i], why);
    const struct api_world world = {
        .store = c->store,
        .tenant_id = c->installation.tenant,
        .subscriptions = c->installation.subscriptions,
        .subscriptions_n = c->installation.subscriptions_n,
        .catalogues = {text_get(&texts[0]), text_get(&texts[1]), text_get(&texts[2]),
                       text_get(&texts[3]), text_get(&texts[4])},
        .quota = {c->settings->circuits, c->settings->circuits_per_region},
        .no_m365 = c->settings->no_m365,
        .pace = c->settings->pace,
        .ctx = c,
        .guid = make_guid,
        .evidence = evidence,
        .leads = c->settings->etcd ? leads : NULL,
    };
    arena_init(&a, PROBLEMS_CEILING);
    problems_init(&ps, &a);
    if (read) c->api = api_new(&world, c->now_ms, &ps);
    for (const struct problem *p = ps.first; p; p = p->next)
        text_addf(why, "%s: %s; ", p->where, p->what);
    arena_drop(&a);
    for (size_t i = 0; i < CATALOGUES; i++) text_drop(&texts[i]);
    return c->api != NULL;
}

/* --- the server --- */

/* Host part of "127.0.0.1:8443" or "[::1]:8443". */
static void host_of(const char *listen, char *out, size_t room)
{
    const char *colon = strrchr(listen, ':');
    size_t n = colon ? (size_t)(colon - listen) : strlen(listen);
    bool brackets = n > 2 && listen[0] == '[' && listen[n - 1] == ']';
    snprintf(out, room, "%.*s", (int)(brackets ? n - 2 : n), listen + brackets);
}

/* The server's certificate is made at each start and its key is on no disk. */
static bool open_server(struct control *c, struct text *why)
{
    char host[300], names[SETTINGS_NAMES_MAX][300], serial[TLS_SERIAL_TEXT];
    const char *hosts[SETTINGS_NAMES_MAX + 4] = {"localhost", "127.0.0.1"};
    size_t n = 2;
    struct tls_pair pair = {0};
    host_of(c->settings->listen, host, sizeof host);
    if (strcmp(host, hosts[1]) != 0) hosts[n++] = host;
    for (size_t i = 0; i < c->settings->public_names_n; i++) {
        snprintf(names[i], sizeof names[i], "%.*s", (int)strcspn(c->settings->public_names[i], ":"),
                 c->settings->public_names[i]);
        hosts[n++] = names[i];
    }
    const struct tls_subject who = {.name = "fairleadd", .hosts = hosts, .days = SERVER_DAYS};
    bool made =
        tls_issue(&c->installation.secrets.authority, &who, c->now_ms / 1000, &pair, serial, why);
    const struct http_server_setup setup = {
        .listen = c->settings->listen,
        .key = text_get(&pair.key),
        .cert = text_get(&pair.cert),
        .client_authority = text_get(&c->installation.secrets.authority.cert),
        .limits = c->settings->limits,
        .hooks = front_hooks(c),
    };
    if (made) c->http = http_server_open(&setup, why);
    tls_pair_drop(&pair);
    return c->http != NULL;
}

/* --- start and end --- */

static bool path_in(const struct control *c, const char *name, char *out, size_t room,
                    struct text *why)
{
    if (snprintf(out, room, "%s/%s", c->installation.dir, name) < (int)room) return true;
    text_addf(why, "the path of the state directory is too long");
    return false;
}

static bool open_store(struct control *c, struct text *why)
{
    char path[4200];
    if (c->settings->etcd) return replicas_open_store(c, why);
    if (!path_in(c, "store.db", path, sizeof path, why)) return false;
    c->store = store_sqlite_open(path, why);
    return c->store != NULL;
}

static bool open_people(struct control *c, struct text *why)
{
    char endpoint[100];
    snprintf(endpoint, sizeof endpoint, "https://%s", http_server_address(c->http));
    return installation_people(&c->installation, c->store, c->settings, endpoint, why);
}

static bool open_roles(struct control *c, struct text *why)
{
    bool read = roles_load(c);
    if (!read) text_add(why, "the role assignments cannot be read");
    return read;
}

static bool open_all(struct control *c, struct text *why)
{
    c->edges = edges_new();
    c->later = later_new();
    c->issuer = issuer_open(c->settings);
    c->mirror = mirror_open(c->settings->mirror_dir, c->settings->mirror_proxy);
    return installation_open(&c->installation, c->settings, why) && open_store(c, why) &&
           secrets_open(&c->installation.secrets, c->installation.dir,
                        c->settings->etcd ? c->store : NULL, c->now_ms / 1000, why) &&
           audit_open(c, why) && open_server(c, why) && open_people(c, why) && open_roles(c, why) &&
           open_api(c, why) && edges_open(c, why) && replicas_join(c, why);
}

static void close_all(struct control *c)
{
    http_server_close(c->http);
    edges_drop(c->edges);
    later_drop(c->later);
    mirror_close(c->mirror);
    issuer_close(c->issuer);
    api_drop(c->api);
    store_drop(c->store);
    installation_drop(&c->installation);
    file_close(c->audit_fd);
}

static void tell_time(struct control *c, instant now)
{
    c->now = now;
    c->now_ms = clock_wall_us() / 1000;
}

/* --- the loop --- */

struct ending {
    struct watch watch;
    bool asked;
};

static void on_signal(struct watch *w, unsigned events, instant now)
{
    struct signalfd_siginfo unused;
    (void)events, (void)now;
    ((struct ending *)w->ctx)->asked = read(w->fd, &unused, sizeof unused) > 0;
}

static void on_http(struct watch *w, unsigned events, instant now)
{
    struct control *c = w->ctx;
    (void)events;
    tell_time(c, now);
    http_server_turn(c->http, now);
}

/* The turn that follows does what there is to do. */
static void on_store(struct watch *w, unsigned events, instant now)
{
    (void)w, (void)events, (void)now;
}

static instant next_of(const struct control *c)
{
    int64_t api_ms = api_next(c->api);
    instant next = http_server_next(c->http, c->now);
    next = instant_first(next, edges_next(c));
    next = instant_first(next, replicas_next(c));
    next = instant_first(next, later_next(c->later));
    if (api_ms != INT64_MAX)
        next = instant_first(next, instant_after(c->now, duration_ms(api_ms - c->now_ms)));
    return next;
}

static void turn(struct control *c, instant now)
{
    tell_time(c, now);
    replicas_turn(c);
    if (api_next(c->api) <= c->now_ms) api_tick(c->api, c->now_ms);
    edges_turn(c);
    later_turn(c->later, now);
    http_server_turn(c->http, now);
}

static void serve(struct control *c, int signals)
{
    struct loop *l = loop_new();
    struct watch http = {.ready = on_http, .ctx = c};
    struct watch store = {.ready = on_store, .ctx = c};
    struct ending ending = {.watch = {.ready = on_signal, .ctx = &ending}};
    loop_watch(l, &http, http_server_fd(c->http), LOOP_READ);
    loop_watch(l, &ending.watch, signals, LOOP_READ);
    turn(c, clock_now());
    printf("ready https://%s\n", http_server_address(c->http));
    fflush(stdout);
    while (!ending.asked) {
        replicas_watch(c, l, &store);
        turn(c, loop_turn(l, next_of(c)));
    }
    loop_forget(l, &store), loop_forget(l, &http), loop_forget(l, &ending.watch);
    loop_free(l);
}

static int take_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* No core with secrets in it (RB-191), no files for others, as many descriptors as we may have. */
static void settle_process(void)
{
    struct rlimit files;
    prctl(PR_SET_DUMPABLE, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    umask(077);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static int run(const struct settings *s)
{
    struct text why = {0};
    struct control c = {.settings = s, .audit_fd = -1};
    int signals = take_signals();
    tell_time(&c, clock_now());
    c.started = c.now;
    bool fine = open_all(&c, &why);
    if (fine)
        serve(&c, signals);
    else
        fprintf(stderr, "fairleadd: %s\n", text_get(&why));
    close_all(&c);
    close(signals);
    text_drop(&why);
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct arena a;
    struct settings s;
    log_as("fairleadd");
    settle_process();
    arena_init(&a, SETTINGS_CEILING);
    int status = settings_read(argc, argv, &a, &s);
    if (status == 0) status = run(&s);
    arena_drop(&a);
    return status;
}
