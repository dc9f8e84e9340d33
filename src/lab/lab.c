/* lab/lab.c - the stages of a lab, its end, and its description. */
#include "lab/lab.h"
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lab/exchange.h"
#include "lab/launch.h"
#include "lab/measure.h"
#include "lab/routers.h"
#include "lab/watch.h"
#include "lab/wiring.h"

enum { SESSIONS_S = 60, PACKETS_S = 30, POLL_MS = 20, END_PATIENCE_S = 4 };

/* --- stages --- */

static void add_address(struct lab *lab, enum lab_node_id node, const char *port,
                        const struct addr *a, uint8_t len)
{
    struct lab_state *s = &lab->state;
    if (s->addresses_n < ARRAY_LEN(s->addresses))
        s->addresses[s->addresses_n++] = (struct lab_address){node, port, *a, len};
}

/* For `lab show`: those of the routers' domains are known before the routers are. */
static void list_addresses(struct lab *lab)
{
    const struct lab_params *p = lab->params;
    const struct lab_circuit_leg *first = &p->legs[LEG_PRIMARY], *second = &p->legs[LEG_SECONDARY];
    struct lab_address fixed[LAB_ADDRESSES_MAX];
    size_t n = lab_addresses(p, fixed);
    for (size_t i = 0; i < n; i++)
        add_address(lab, fixed[i].node, fixed[i].port, &fixed[i].addr, fixed[i].len);
    add_address(lab, NODE_CE1, "lan0", &p->ce[LEG_PRIMARY], p->lan.len);
    add_address(lab, NODE_CE1, "wan0", &first->customer, first->link.len);
    add_address(lab, NODE_EDGE1, "acc0", &first->cloud, first->link.len);
    add_address(lab, NODE_EDGE2, "acc0", &second->cloud, second->link.len);
    add_address(lab, NODE_GW, "vnet0", &p->vnet_router, p->vnet_subnet.len);
}

static bool stage_wiring(struct lab *lab, struct text *why)
{
    list_addresses(lab);
    return wiring_up(lab->params, why) && exchange_wire_ce2(lab->params, why) &&
           exchange_start(lab->params, why);
}

/* A port that is free now; somebody else could take it before fairleadd does, which then says so.
 */
static unsigned free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool got = fd >= 0 && bind(fd, (struct sockaddr *)&a, n) == 0 &&
               getsockname(fd, (struct sockaddr *)&a, &n) == 0;
    if (fd >= 0) close(fd);
    return got ? ntohs(a.sin_port) : 0;
}

static bool stage_control(struct lab *lab, struct text *why)
{
    char program[LAB_PATH_MAX], dir[LAB_PATH_MAX], listen[64];
    struct text url = {0};
    snprintf(listen, sizeof listen, "127.0.0.1:%u", free_port());
    const char *const argv[] = {
        lab_program("fairleadd", program), "--state-dir", dir, "--listen", listen, NULL};
    bool ready = lab_make_dir(lab, "control", dir, why) &&
                 launch(lab, "control", LAB_NODES, false, argv, why) &&
                 launch_await_line(lab, "control", 0, "ready ", &url, why);
    snprintf(lab->state.api, sizeof lab->state.api, "%s", text_get(&url));
    text_drop(&url);
    if (!ready) return false;
    lab->api = lab->people.api = lab->hooks->connect(dir, why);
    return lab->api != NULL;
}

static bool prepare_cloud_router(struct lab *lab, enum lab_node_id node, struct text *why)
{
    const char *name = lab_nodes[node].name;
    char dir[LAB_PATH_MAX], ca[LAB_PATH_MAX], cert[LAB_PATH_MAX], key[LAB_PATH_MAX],
        file[LAB_PATH_MAX];
    struct lab_credentials c = {0};
    struct text config = {0};
    bool fine = lab_make_dir(lab, name, dir, why) && people_register(&lab->people, node, &c, why) &&
                lab_write_in(lab, name, "ca.pem", &c.ca, ca, why) &&
                lab_write_in(lab, name, "cert.pem", &c.cert, cert, why) &&
                lab_write_in(lab, name, "key.pem", &c.key, key, why);
    if (fine) {
        router_file_cloud(lab->params, node, dir,
                          &(struct lab_control_access){lab->state.api, ca, cert, key}, &config);
        fine = lab_write_in(lab, name, "edge.yaml", &config, file, why);
    }
    text_drop(&config);
    lab_credentials_drop(&c);
    return fine;
}

static bool stage_register(struct lab *lab, struct text *why)
{
    return prepare_cloud_router(lab, NODE_EDGE1, why) &&
           prepare_cloud_router(lab, NODE_EDGE2, why) && prepare_cloud_router(lab, NODE_GW, why);
}

static bool stage_routers(struct lab *lab, struct text *why)
{
    return launch_ce1(lab, why) && launch_ce2(lab, why) && lab_start_edge(lab, NODE_EDGE1, why) &&
           lab_start_edge(lab, NODE_EDGE2, why) && lab_start_edge(lab, NODE_GW, why) &&
           launch_reflector(lab, why);
}

static bool stage_order(struct lab *lab, struct text *why)
{
    if (!people_order(&lab->people, why)) return false;
    snprintf(lab->state.circuit, sizeof lab->state.circuit, "%s", lab->params->circuit);
    progress_note(&lab->progress, "        service key %s: %s hands it to %s",
                  lab->people.service_key, "the customer", lab->params->provider);
    return lab_state_save(&lab->state, why);
}

static bool stage_provision(struct lab *lab, struct text *why)
{
    char what[200];
    snprintf(what, sizeof what, "%s provisions %s", lab->params->provider, lab->params->circuit);
    if (!people_accept(&lab->people, why)) return false;
    progress_waiting(&lab->progress, "provider", what);
    if (!people_provision(&lab->people, why)) return false;
    lab->state.stag = lab->people.stag;
    for (enum lab_leg leg = 0; leg < LAB_LEGS; leg++)
        if (!exchange_set_leg(lab->params, leg, lab->state.stag, true, why)) return false;
    return lab_state_save(&lab->state, why);
}

static bool stage_peering(struct lab *lab, struct text *why)
{
    return people_peer(&lab->people, why);
}
static bool stage_link(struct lab *lab, struct text *why) { return people_link(&lab->people, why); }

/* A router that has ended will not come up by waiting. */
static bool all_run(struct lab *lab, struct text *why)
{
    for (size_t i = 0; i < lab->state.processes_n; i++) {
        const struct lab_process *p = &lab->state.processes[i];
        char path[LAB_PATH_MAX];
        struct text log = {0};
        if (process_alive(&p->process)) continue;
        text_addf(why, "%s ended", p->name);
        if (lab_read_file(lab_path(&lab->state, path, "%s.log", p->name), &log))
            launch_quote_log(&log, why);
        text_drop(&log);
        return false;
    }
    return true;
}

static bool stage_sessions(struct lab *lab, struct text *why)
{
    instant deadline = instant_after(now(), duration_s(SESSIONS_S));
    for (;;) {
        struct watch seen;
        struct watch_missing missing = {.who = "routers", .what = "a router does not answer"};
        struct text silent = {0};
        bool answered = watch_take(&lab->state, lab->hooks, &seen, &silent);
        bool complete = answered && watch_complete(&seen, lab->params, &missing);
        if (!answered) snprintf(missing.what, sizeof missing.what, "%s", text_get(&silent));
        text_drop(&silent);
        if (complete) return true;
        if (!all_run(lab, why)) return false;
        if (interrupted() || instant_reached(deadline, now())) {
            text_addf(why, "%s: %s", missing.who, missing.what);
            return false;
        }
        progress_waiting(&lab->progress, missing.who, missing.what);
        pause_for(duration_ms(5 * POLL_MS));
    }
}

/* One echo from a namespace; the source may be NULL. */
static bool echo(const char *ns_path, const char *source, const char *to, struct text *said)
{
    const char *argv[] = {"ping",
                          "-n",
                          "-c",
                          "1",
                          "-W",
                          "1",
                          source ? "-I" : to,
                          source ? source : NULL,
                          source ? to : NULL,
                          NULL};
    struct text why = {0};
    text_clear(said);
    int status = process_run(&(struct process_spec){.argv = argv, .namespace_path = ns_path}, NULL,
                             duration_s(5), said, &why);
    text_drop(&why);
    return status == 0;
}

static bool await_echo(struct lab *lab, enum lab_node_id node, const char *domain,
                       const struct addr *source, const char *leg, struct text *why)
{
    instant deadline = instant_after(now(), duration_s(PACKETS_S));
    char ns[NETNS_PATH_MAX], from[ADDR_TEXT_MAX], to[ADDR_TEXT_MAX], what[200];
    struct text said = {0};
    wiring_path(lab->state.lab, node, domain, ns);
    addr_text(&lab->params->vnet_host, to);
    snprintf(what, sizeof what, "no echo from %s to %s yet (%s)", lab_nodes[node].name, to, leg);
    bool answered;
    while (!(answered = echo(ns, source ? addr_text(source, from) : NULL, to, &said))) {
        if (interrupted() || instant_reached(deadline, now())) break;
        progress_waiting(&lab->progress, "packets", what);
        pause_for(duration_ms(5 * POLL_MS));
    }
    text_drop(&said);
    if (!answered) text_add(why, what);
    return answered;
}

static bool stage_packets(struct lab *lab, struct text *why)
{
    const struct lab_params *p = lab->params;
    return await_echo(lab, NODE_SITE_HOST, NULL, NULL, "host to host", why) &&
           await_echo(lab, NODE_CE1, lab_site_domain, &p->ce[LEG_PRIMARY], "primary leg", why) &&
           await_echo(lab, NODE_CE2, NULL, &p->ce[LEG_SECONDARY], "secondary leg", why);
}

static bool stage_measure(struct lab *lab, struct text *why)
{
    char path[LAB_PATH_MAX];
    struct measure_row rows[MEASURE_ROWS];
    struct text table = {0};
    if (!lab_make_dir(lab, "records", path, why) || !measure_all(lab, rows, why)) return false;
    json_t *json = measure_json(rows);
    char *dump = json_dumps(json, JSON_INDENT(2));
    bool kept = dump && lab_write_file(lab_path(&lab->state, path, "records/measured.json"), dump,
                                       0640, why);
    free(dump);
    json_decref(json);
    measure_print(rows, &table);
    kept = kept && lab_write_file(lab_path(&lab->state, path, "records/measured.txt"),
                                  text_get(&table), 0640, why);
    text_drop(&table);
    return kept;
}

static const struct stage {
    unsigned percent; /* reached when it begins */
    const char *name;
    bool (*run)(struct lab *lab, struct text *why);
} stages[] = {
    {0, "namespaces, cables, exchange", stage_wiring},
    {10, "control plane starts", stage_control},
    {20, "operator registers the cloud's routers", stage_register},
    {25, "routers start", stage_routers},
    {40, "customer orders the circuit", stage_order},
    {50, "provider provisions the circuit", stage_provision},
    {60, "customer configures private peering", stage_peering},
    {65, "customer links the virtual network", stage_link},
    {75, "sessions come up on both legs", stage_sessions},
    {85, "packets cross", stage_packets},
    {90, "loss and latency of each leg are measured", stage_measure},
};

bool lab_up(struct lab *lab, struct text *why)
{
    lab->people = (struct people){.params = lab->params, .progress = &lab->progress};
    for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
        struct text reason = {0};
        progress_stage(&lab->progress, stages[i].percent, stages[i].name);
        snprintf(lab->state.stage, sizeof lab->state.stage, "%s", stages[i].name);
        bool fine = lab_state_save(&lab->state, &reason) && stages[i].run(lab, &reason);
        if (!fine || interrupted()) {
            progress_end(&lab->progress);
            text_addf(why, "stage '%s': %s", stages[i].name,
                      interrupted() ? "interrupted" : text_get(&reason));
            text_drop(&reason);
            return false;
        }
        text_drop(&reason);
    }
    snprintf(lab->state.stage, sizeof lab->state.stage, "up");
    progress_stage(&lab->progress, 100, "the lab is up");
    progress_end(&lab->progress);
    return lab_state_save(&lab->state, why);
}

/* --- down --- */

static void end_recorded(struct lab_state *s, const char *name)
{
    struct lab_process *p = lab_process(s, name);
    if (p) process_end(&p->process, duration_s(END_PATIENCE_S));
}

static void ask_to_end(void *ctx, const struct process *p)
{
    (void)ctx;
    process_signal(p, SIGTERM);
}

static void make_end(void *ctx, const struct process *p)
{
    (void)ctx;
    process_end(p, duration_ms(200));
}

/* What the record does not know: children of crashed programs, commands of `lab exec`. */
static void end_strays(const struct lab_state *s)
{
    char mark[64], path[NETNS_PATH_MAX];
    process_each_marked(lab_mark(s->lab, mark), ask_to_end, NULL);
    process_each_marked(mark, make_end, NULL);
    for (enum lab_node_id n = 0; n < LAB_NODES; n++)
        process_each_in_namespace(wiring_path(s->lab, n, NULL, path), make_end, NULL);
}

bool lab_down(struct lab_state *s, struct text *why)
{
    /* Routers first, all at once, so that they take their domains down while the ports still exist.
     */
    for (size_t i = 0; i < s->processes_n; i++)
        if (strcmp(s->processes[i].name, "control") != 0)
            process_signal(&s->processes[i].process, SIGTERM);
    for (size_t i = 0; i < s->processes_n; i++)
        if (strcmp(s->processes[i].name, "control") != 0) end_recorded(s, s->processes[i].name);
    end_recorded(s, "control");
    end_strays(s);
    bool clean = wiring_down(s->lab, why);
    return lab_state_remove(s, why) && clean;
}

/* --- description --- */

static json_t *node_addresses(const struct lab_state *s, enum lab_node_id node)
{
    json_t *list = json_array();
    char text[ADDR_TEXT_MAX];
    for (size_t i = 0; i < s->addresses_n; i++)
        if (s->addresses[i].node == node)
            json_array_append_new(
                list,
                json_sprintf("%s/%u", addr_text(&s->addresses[i].addr, text), s->addresses[i].len));
    return list;
}

static json_t *node_json(struct lab_state *s, enum lab_node_id node)
{
    char ns[LAB_NAMESPACE_MAX];
    const struct lab_process *p = NULL;
    for (size_t i = 0; i < s->processes_n; i++)
        if (s->processes[i].node == node) p = &s->processes[i];
    bool alive = p && process_alive(&p->process);
    return json_pack("{s:s, s:s, s:s, s:o, s:o}", "name", lab_nodes[node].name, "role",
                     lab_nodes[node].role, "namespace", lab_namespace(s->lab, node, NULL, ns),
                     "pid", alive ? json_integer(p->process.pid) : json_null(), "addresses",
                     node_addresses(s, node));
}

json_t *lab_show(struct lab_state *s)
{
    char design[LAB_PATH_MAX];
    json_t *nodes = json_array();
    for (enum lab_node_id n = 0; n < LAB_NODES; n++) json_array_append_new(nodes, node_json(s, n));
    return json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:s}", "name", s->lab, "stage", s->stage,
                     "nodes", nodes, "api", s->api, "web", s->api, "stateDir", s->dir, "design",
                     lab_path(s, design, "design.yaml"));
}

const char *lab_exec_namespace(const struct lab_state *s, enum lab_node_id node,
                               char buf[static LAB_NAMESPACE_MAX])
{
    char domain[LAB_NAMESPACE_MAX];
    bool router = node == NODE_CE1 || node == NODE_EDGE1 || node == NODE_EDGE2 || node == NODE_GW;
    return lab_namespace(s->lab, node, router ? wiring_domain(s->lab, node, domain) : NULL, buf);
}
