/* lab/rehearsal.c - a fixed topology, built by `ip` and removed by name: one rehearsal at a time on a
 * machine, held by a lock, so that what a killed one left behind can be removed by the next. */
#include "lab/rehearsal.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lab/lab.h"
#include "lab/pause.h"
#include "lab/state.h"
#include "sys/netns.h"
#include "sys/process.h"

#define BASE "fl-m365"
#define SITE_DOMAIN "site"
#define EDGE_DOMAIN "office"
#define RUN_DIR "/run/fairlead/m365"
#define NET "/run/netns/"

/* The example of the routing article: 5.5.0.0/16 is announced to the Internet, 5.5.5.0/24 here. */
#define POOL_ADDRESS "5.5.5.1"
#define POOL_PREFIX "5.5.5.0/24"
#define INTERNET_ADDRESS "5.5.0.10"
#define LEG_CUSTOMER "5.5.5.249"
#define LEG_CLOUD "5.5.5.250"

enum { ASN_SITE = 65010, ASN_CLOUD = 12076, PROBES = 40, PROBE_RATE = 400, LIMIT_S = 20, ROUTES_S = 30 };

static const char *const nodes[] = {"client", "site", "line", "edge", "inet", "office"};

enum router { ROUTER_SITE, ROUTER_EDGE, ROUTERS };
struct stage {
    const struct rehearsal_service *services;
    size_t n;
    struct process routers[ROUTERS], reflector;
    int lock;
};

const char *rehearsal_way_text(enum rehearsal_way w)
{
    static const char *const texts[] = {"lost", "circuit", "internet", "other"};
    return texts[w];
}

/* ---- the kernel side ---- */

static bool run_input(const char *const *argv, const char *ns, const char *input, struct text *why)
{
    struct text out = {0};
    struct process_spec spec = {.argv = argv, .namespace_path = ns};
    int status = process_run(&spec, input, duration_s(LIMIT_S), &out, why);
    if (status > 0) text_addf(why, "%s: %.300s", argv[0], text_get(&out));
    text_drop(&out);
    return status == 0;
}

static bool ip_batch(const char *input, struct text *why)
{
    static const char *const argv[] = {"ip", "-batch", "-", NULL};
    return run_input(argv, NULL, input, why);
}

static bool make_wires(const struct stage *s, struct text *why)
{
    struct text b = {0};
    for (size_t i = 0; i < ARRAY_LEN(nodes); i++) text_addf(&b, "netns add " BASE "-%s\n", nodes[i]);
    static const struct {
        const char *a, *a_port, *b, *b_port;
    } cables[] = {{"client", "eth0", "site", "lan0"}, {"site", "wan0", "line", "west"},
                  {"line", "east", "edge", "acc0"},      {"site", "net0", "inet", "cust0"},
                  {"inet", "core0", "office", "inet0"}, {"edge", "svc0", "office", "svc0"}};
    for (size_t i = 0; i < ARRAY_LEN(cables); i++)
        text_addf(&b, "link add %s mtu 1600 netns " BASE "-%s type veth peer name %s mtu 1600 netns " BASE "-%s\n",
                  cables[i].a_port, cables[i].a, cables[i].b_port, cables[i].b);
    bool fine = ip_batch(text_get(&b), why);
    text_drop(&b);
    if (!fine) return false;
    struct text office = {0};
    char t[ADDR_TEXT_MAX];
    for (size_t i = 0; i < s->n; i++) {
        struct addr a = prefix_host(&s->services[i].prefix, 1);
        text_addf(&office, "ip -n " BASE "-office address add %s/32 dev lo\n", addr_text(&a, t));
    }
    struct text script = {0};
    text_addf(&script,
              "set -e\n"
              "for n in client site line edge inet office; do ip -n " BASE "-$n link set dev lo up; done\n"
              "for p in client/eth0 site/lan0 site/wan0 site/net0 line/west line/east inet/cust0 inet/core0 edge/acc0 "
              "edge/svc0 office/inet0 office/svc0; do ip -n " BASE "-${p%%/*} link set dev ${p#*/} up; done\n"
              "ip -n " BASE "-line link add br0 mtu 1600 type bridge\n"
              "ip -n " BASE "-line link set dev west master br0\n"
              "ip -n " BASE "-line link set dev east master br0\n"
              "ip -n " BASE "-line link set dev br0 up\n"
              "ip -n " BASE "-client address add 10.10.0.10/24 dev eth0\n"
              "ip -n " BASE "-client route add default via 10.10.0.1\n"
              "ip -n " BASE "-inet address add 5.5.0.9/30 dev cust0\n"
              "ip -n " BASE "-inet address add 100.64.1.1/30 dev core0\n"
              "ip -n " BASE "-inet route add default via 100.64.1.2\n"
              "ip -n " BASE "-office address add 100.64.1.2/30 dev inet0\n"
              "ip -n " BASE "-office address add 100.64.0.2/30 dev svc0\n"
              "ip -n " BASE "-office route add " POOL_PREFIX " via 100.64.0.1\n"
              "ip -n " BASE "-office route add default via 100.64.1.1\n"
              "ip netns exec " BASE "-inet sysctl -qw net.ipv4.ip_forward=1\n"
              "ip netns exec " BASE "-office sysctl -qw net.ipv4.conf.all.rp_filter=0\n"
              "%s", text_get(&office));
    static const char *const shell[] = {"sh", "-s", NULL};
    fine = run_input(shell, NULL, text_get(&script), why);
    text_drop(&office);
    text_drop(&script);
    return fine;
}

/* The customer's translation, in the router's own domain. */
static bool make_nat(struct text *why)
{
    static const char *const argv[] = {"nft", "-f", "-", NULL};
    return run_input(argv, NET BASE "-site." SITE_DOMAIN,
                     "table ip rehearsal { chain out { type nat hook postrouting priority srcnat;\n"
                     " oifname \"leg\" ip saddr 10.0.0.0/8 snat to " POOL_ADDRESS ";\n"
                     " oifname \"net\" ip saddr 10.0.0.0/8 snat to " INTERNET_ADDRESS ";\n }\n}\n", why);
}

/* ---- the routers ---- */

static bool write_router(const char *name, json_t *domain, uint32_t asn, const char *id, struct text *why)
{
    char path[128];
    json_t *root = json_pack("{s:{s:s, s:s, s:I, s:o}, s:s, s:o, s:[o]}", "router", "name", name, "id", id, "asn",
                             (json_int_t)asn, "namespace", json_sprintf(BASE "-%s", name), "dataplane", "namespaces",
                             "control_socket", json_sprintf(RUN_DIR "/%s.sock", name), "domains", domain);
    char *text = json_dumps(root, JSON_INDENT(1));
    snprintf(path, sizeof path, RUN_DIR "/%s.yaml", name);
    bool fine = text && lab_write_file(path, text, 0600, why);
    free(text);
    json_decref(root);
    return fine;
}

static bool write_site(struct text *why)
{
    json_t *domain = json_pack(
        "{s:s, s:s, s:[{s:s,s:s,s:[s]}, {s:s,s:s,s:i,s:[s]}, {s:s,s:s,s:[s]}], s:[{s:s}], s:[{s:s,s:s}],"
        " s:[{s:s,s:s,s:s,s:i,s:s,s:i,s:b}]}",
        "name", SITE_DOMAIN, "kind", "plain", "attachments", "name", "lan", "port", "lan0", "addresses",
        "10.10.0.1/24", "name", "leg", "port", "wan0", "ctag", 200, "addresses", LEG_CUSTOMER "/30", "name", "net",
        "port", "net0", "addresses", INTERNET_ADDRESS "/30", "networks", "prefix", POOL_PREFIX, "routes", "prefix",
        "0.0.0.0/0", "via", "5.5.0.9", "peers", "name", "cloud", "address", LEG_CLOUD, "local", LEG_CUSTOMER, "asn",
        ASN_CLOUD, "role", "cloud", "hold", 30, "bfd", 1);
    return write_router("site", domain, ASN_SITE, "5.5.0.10", why);
}

static bool write_edge(const struct stage *s, struct text *why)
{
    char p[PREFIX_TEXT_MAX];
    json_t *filter = json_array(), *networks = json_array(), *routes = json_array();
    for (size_t i = 0; i < s->n; i++) {
        const struct rehearsal_service *v = &s->services[i];
        json_t *community = json_sprintf("12076:%u", v->community);
        json_array_append_new(networks, json_pack("{s:s, s:[O]}", "prefix", prefix_text(&v->prefix, p), "communities",
                                                  community));
        json_array_append_new(routes, json_pack("{s:s, s:s}", "prefix", prefix_text(&v->prefix, p), "via",
                                                "100.64.0.2"));
        if (v->wanted) json_array_append_new(filter, community);
        else json_decref(community);
    }
    json_t *domain = json_pack(
        "{s:s, s:s, s:[s], s:o, s:[{s:s,s:s,s:i,s:[s]}, {s:s,s:s,s:[s]}], s:o, s:o, s:[{s:s,s:s,s:s,s:i,s:s,s:b}]}",
        "name", EDGE_DOMAIN, "kind", "microsoft", "advertised_prefixes", POOL_PREFIX, "route_filter", filter,
        "attachments", "name", "acc", "port", "acc0", "ctag", 200, "addresses", LEG_CLOUD "/30", "name", "svc",
        "port", "svc0", "addresses", "100.64.0.1/30", "networks", networks, "routes", routes, "peers", "name",
        "customer", "address", LEG_CUSTOMER, "local", LEG_CLOUD, "asn", ASN_SITE, "role", "customer", "bfd", 1);
    return write_router("edge", domain, ASN_CLOUD, "5.5.5.250", why);
}

static bool start_router(struct stage *s, enum router which, struct text *why)
{
    static const char *const files[] = {RUN_DIR "/site.yaml", RUN_DIR "/edge.yaml"};
    char program[LAB_PATH_MAX];
    const char *const argv[] = {lab_program("fairlead-edge", program), "--config", files[which], NULL};
    return process_start(&(struct process_spec){.argv = argv, .log_file = RUN_DIR "/log", .session = true},
                         &s->routers[which], why);
}

static bool start_reflector(struct stage *s, struct text *why)
{
    char program[LAB_PATH_MAX];
    const char *const argv[] = {lab_program("fairlead", program), "probe", "reflect", NULL};
    return process_start(&(struct process_spec){.argv = argv, .log_file = RUN_DIR "/log", .session = true,
                                                .namespace_path = NET BASE "-office"},
                         &s->reflector, why);
}

/* ---- waiting for routes ---- */

/* Does the site's kernel send the address over the leg? */
static bool over_the_leg(const struct rehearsal_service *v)
{
    char t[ADDR_TEXT_MAX];
    struct text out = {0}, why = {0};
    struct addr a = prefix_host(&v->prefix, 1);
    const char *const argv[] = {"ip", "route", "get", addr_text(&a, t), NULL};
    struct process_spec spec = {.argv = argv, .namespace_path = NET BASE "-site." SITE_DOMAIN};
    bool fine = process_run(&spec, NULL, duration_s(LIMIT_S), &out, &why) == 0;
    bool leg = fine && strstr(text_get(&out), "dev leg");
    text_drop(&out);
    text_drop(&why);
    return leg;
}

static bool all_routed(const struct stage *s, bool there)
{
    for (size_t i = 0; i < s->n; i++)
        if (over_the_leg(&s->services[i]) != (there && s->services[i].wanted)) return false;
    return true;
}

/* Milliseconds it took; -1 with `why`. */
static int64_t wait_for_routes(const struct stage *s, bool there, struct text *why)
{
    instant began = now(), deadline = instant_after(began, duration_s(ROUTES_S));
    while (!all_routed(s, there)) {
        if (interrupted() || instant_reached(deadline, now())) {
            text_addf(why, "the routes of the circuit did not %s within %d s; the routers' log: " RUN_DIR "/log",
                      there ? "come" : "go", ROUTES_S);
            return -1;
        }
        pause_for(duration_ms(20));
    }
    return duration_to_ms(instant_since(now(), began));
}

/* ---- probes ---- */

static enum rehearsal_way way_of(const char *source)
{
    if (!source) return WAY_NONE;
    if (strcmp(source, POOL_ADDRESS) == 0) return WAY_CIRCUIT;
    return strcmp(source, INTERNET_ADDRESS) == 0 ? WAY_INTERNET : WAY_OTHER;
}

static bool probe(struct rehearsal_row *row, enum rehearsal_phase phase, struct text *why)
{
    char program[LAB_PATH_MAX], count[16], rate[16];
    struct text out = {0};
    snprintf(count, sizeof count, "%d", PROBES);
    snprintf(rate, sizeof rate, "%d", PROBE_RATE);
    const char *const argv[] = {lab_program("fairlead", program), "probe", "send", row->target, "--count", count,
                                "--rate", rate, "-o", "json", NULL};
    struct process_spec spec = {.argv = argv, .namespace_path = NET BASE "-client"};
    int status = process_run(&spec, NULL, duration_s(LIMIT_S), &out, why);
    json_t *json = status >= 0 ? json_loads(text_get(&out), 0, NULL) : NULL;
    const char *source = json_string_value(json_object_get(json, "source_seen"));
    row->sent[phase] = json_integer_value(json_object_get(json, "sent"));
    row->lost[phase] = json_integer_value(json_object_get(json, "lost"));
    row->went[phase] = way_of(source);
    if (phase == PHASE_BEFORE && source) snprintf(row->source, sizeof row->source, "%s", source);
    if (!json && status >= 0) text_addf(why, "no figures from a probe to %s: %.200s", row->target, text_get(&out));
    bool fine = json && row->sent[phase] > 0;
    json_decref(json);
    text_drop(&out);
    return fine;
}

static bool probe_all(struct rehearsal *r, enum rehearsal_phase phase, struct text *why)
{
    for (size_t i = 0; i < r->rows; i++)
        if (!probe(&r->row[i], phase, why)) return false;
    return true;
}

/* The line falls silent, or works again; no port goes down. */
static bool line(bool up, struct text *why)
{
    static const char *const joined[] = {"ip", "-n", BASE "-line", "link", "set", "dev", "east", "master", "br0", NULL};
    static const char *const apart[] = {"ip", "-n", BASE "-line", "link", "set", "dev", "east", "nomaster", NULL};
    return run_input(up ? joined : apart, NULL, NULL, why);
}

/* ---- all together ---- */

static void judge(struct rehearsal *r)
{
    r->as_expected = true;
    for (size_t i = 0; i < r->rows; i++)
        for (int p = 0; p < REHEARSAL_PHASES; p++)
            if (r->row[i].went[p] != r->row[i].expected[p] || r->row[i].lost[p]) r->as_expected = false;
}

static void fill(const struct stage *s, struct rehearsal *r)
{
    *r = (struct rehearsal){.rows = s->n};
    for (size_t i = 0; i < s->n; i++) {
        struct addr a = prefix_host(&s->services[i].prefix, 1);
        enum rehearsal_way way = s->services[i].wanted ? WAY_CIRCUIT : WAY_INTERNET;
        r->row[i] = (struct rehearsal_row){.service = &s->services[i], .expected = {way, WAY_INTERNET, way}};
        addr_text(&a, r->row[i].target);
    }
}

static bool play(struct stage *s, void (*progress)(const char *what), struct rehearsal *r, struct text *why)
{
    progress("namespaces and cables");
    if (!make_wires(s, why) || !write_site(why) || !write_edge(s, why)) return false;
    progress("the customer's router, the cloud's edge, the stand-in");
    if (!start_router(s, ROUTER_SITE, why) || !start_router(s, ROUTER_EDGE, why) || !start_reflector(s, why))
        return false;
    progress("the session comes up, the route filter lets the services out");
    if (wait_for_routes(s, true, why) < 0 || !make_nat(why)) return false;
    progress("each service is probed");
    if (!probe_all(r, PHASE_BEFORE, why)) return false;
    progress("the circuit is cut");
    if (!line(false, why) || (r->noticed_ms = wait_for_routes(s, false, why)) < 0) return false;
    progress("each service is probed over what is left");
    if (!probe_all(r, PHASE_CUT, why)) return false;
    progress("the circuit comes back");
    if (!line(true, why) || (r->back_ms = wait_for_routes(s, true, why)) < 0) return false;
    if (!probe_all(r, PHASE_AFTER, why)) return false;
    judge(r);
    return true;
}

static void strike(struct stage *s)
{
    for (size_t i = 0; i < ROUTERS; i++)
        if (s->routers[i].pid) process_end(&s->routers[i], duration_s(8));
    if (s->reflector.pid) process_end(&s->reflector, duration_s(2));
}

/* Namespaces of this or of an earlier rehearsal, with whatever still runs in them. */
static void end_process(void *ctx, const struct process *p)
{
    (void)ctx;
    process_end(p, duration_s(2));
}

static void remove_namespaces(void)
{
    static const char *const more[] = {"site." SITE_DOMAIN, "edge." EDGE_DOMAIN};
    char name[64], path[96];
    for (size_t i = 0; i < ARRAY_LEN(nodes) + ARRAY_LEN(more); i++) {
        snprintf(name, sizeof name, BASE "-%s", i < ARRAY_LEN(nodes) ? nodes[i] : more[i - ARRAY_LEN(nodes)]);
        snprintf(path, sizeof path, NET "%s", name);
        if (access(path, F_OK) != 0) continue;
        process_each_in_namespace(path, end_process, NULL);
        netns_delete(name);
    }
}

static void remove_files(void)
{
    static const char *const names[] = {"site.yaml", "edge.yaml", "site.sock", "edge.sock", "log"};
    char path[96];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof path, RUN_DIR "/%s", names[i]);
        unlink(path);
    }
}

static bool take_lock(struct stage *s, struct text *why)
{
    mkdir("/run/fairlead", 0755);
    mkdir(RUN_DIR, 0700);
    s->lock = open(RUN_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->lock >= 0 && flock(s->lock, LOCK_EX | LOCK_NB) == 0) return true;
    text_add(why, s->lock < 0 ? RUN_DIR " cannot be made" : "another rehearsal is under way on this machine");
    if (s->lock >= 0) close(s->lock);
    return false;
}

bool rehearse(const struct rehearsal_service *services, size_t n, void (*progress)(const char *what),
              struct rehearsal *out, struct text *why)
{
    struct stage s = {.services = services, .n = n};
    if (n == 0 || n > REHEARSAL_SERVICES_MAX) return text_add(why, "1 to 8 services can be rehearsed"), false;
    if (geteuid() != 0) return text_add(why, "network namespaces need root"), false;
    if (!take_lock(&s, why)) return false;
    remove_namespaces();
    fill(&s, out);
    bool fine = play(&s, progress, out, why);
    strike(&s);
    remove_namespaces();
    if (fine) remove_files(), rmdir(RUN_DIR); /* after a failure the log stays */
    close(s.lock);
    return fine;
}

json_t *rehearsal_json(const struct rehearsal *r)
{
    static const char *const phases[] = {"before", "cut", "after"};
    json_t *rows = json_array();
    for (size_t i = 0; i < r->rows; i++) {
        const struct rehearsal_row *w = &r->row[i];
        char p[PREFIX_TEXT_MAX];
        json_t *o = json_pack("{s:s, s:o, s:s, s:s, s:b, s:s}", "service", w->service->name, "community",
                              json_sprintf("12076:%u", w->service->community), "prefix",
                              prefix_text(&w->service->prefix, p), "target", w->target, "selected",
                              w->service->wanted, "sourceSeen", w->source);
        for (int k = 0; k < REHEARSAL_PHASES; k++)
            json_object_set_new(o, phases[k],
                                json_pack("{s:s, s:s, s:I, s:I}", "path", rehearsal_way_text(w->went[k]), "expected",
                                          rehearsal_way_text(w->expected[k]), "sent", (json_int_t)w->sent[k], "lost",
                                          (json_int_t)w->lost[k]));
        json_array_append_new(rows, o);
    }
    return json_pack("{s:b, s:I, s:I, s:o}", "expected", r->as_expected, "routesGoneAfterMs",
                     (json_int_t)r->noticed_ms, "routesBackAfterMs", (json_int_t)r->back_ms, "services", rows);
}
