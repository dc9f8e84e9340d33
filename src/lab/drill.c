/* lab/drill.c - the drills as rows, and the one way all of them run. */
#include "lab/drill.h"
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "lab/exchange.h"
#include "lab/routers.h"
#include "lab/wiring.h"

enum {
    BFD_OUTAGE_MS =
        2000, /* 3 x 300 ms to detect, and then a second to converge with room to spare */
    FORWARDING_OUTAGE_MS = 2000,
    SETTLE_MS = 500, /* probing before the break and after the restoration */
    LOOK_MS = 10,
    RECOVERY_S = 90,
};

/* --- what can be broken --- */

static bool leg_take_away(struct drill_run *r, struct text *why)
{
    return exchange_set_leg(r->lab->params, r->drill->leg, r->lab->state.stag, false, why);
}

static bool leg_give_back(struct drill_run *r, struct text *why)
{
    return exchange_set_leg(r->lab->params, r->drill->leg, r->lab->state.stag, true, why);
}

static enum lab_node_id edge_of(enum lab_leg leg)
{
    return leg == LEG_PRIMARY ? NODE_EDGE1 : NODE_EDGE2;
}

static bool router_kill(struct drill_run *r, struct text *why)
{
    const char *name = lab_nodes[edge_of(r->drill->leg)].name;
    const struct lab_process *keeper = lab_process(&r->lab->state, name);
    struct process router;
    if (keeper && process_child_with(&keeper->process, "--role=router", &router) &&
        process_signal(&router, SIGKILL))
        return true;
    text_addf(why, "%s has no router process", name);
    return false;
}

/* The keeper starts a new router by itself; only if the keeper died too there is something to do.
 */
static bool router_restore(struct drill_run *r, struct text *why)
{
    enum lab_node_id edge = edge_of(r->drill->leg);
    const struct lab_process *keeper = lab_process(&r->lab->state, lab_nodes[edge].name);
    if (keeper && process_alive(&keeper->process)) return true;
    return lab_start_edge(r->lab, edge, why);
}

#define LEG_ROW(word, id)                                                                          \
    {                                                                                              \
        .name = "leg-" word, .subject = "circuit/%s/private/" word,                                \
        .breaks = "the " word " leg between the customer's router and the cloud's edge",           \
        .how = "the exchange stops switching the leg's tags, both ways; no port goes down",        \
        .restores = "the exchange's mapping is put back",                                          \
        .expects = "BFD notices within a second, traffic moves to the other leg",                  \
        .max_outage_ms = BFD_OUTAGE_MS, .sessions_fall = true, .leg = id,                          \
        .inflict = leg_take_away, .undo = leg_give_back                                            \
    }
#define ROUTER_ROW(word, id)                                                                       \
    {                                                                                              \
        .name = "router-" word, .subject = "circuit/%s/private/" word,                             \
        .breaks = "the router process of the " word " cloud edge", .how = "kill -9",               \
        .restores = "its keeper starts it again",                                                  \
        .expects = "the kernel keeps forwarding; sessions fall and come back",                     \
        .max_outage_ms = FORWARDING_OUTAGE_MS, .sessions_fall = true, .leg = id,                   \
        .inflict = router_kill, .undo = router_restore                                             \
    }

const struct drill drills[] = {
    LEG_ROW("primary", LEG_PRIMARY),
    LEG_ROW("secondary", LEG_SECONDARY),
    ROUTER_ROW("primary", LEG_PRIMARY),
    ROUTER_ROW("secondary", LEG_SECONDARY),
};
const size_t drills_n = ARRAY_LEN(drills);

const struct drill *drill_by_name(const char *name)
{
    for (size_t i = 0; i < drills_n; i++)
        if (strcmp(drills[i].name, name) == 0) return &drills[i];
    return NULL;
}

json_t *drill_list(void)
{
    json_t *list = json_array();
    for (size_t i = 0; i < drills_n; i++) {
        const struct drill *d = &drills[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "name", d->name,
                                              "breaks", d->breaks, "how", d->how, "restores",
                                              d->restores, "expects", d->expects, "maxOutageMs",
                                              (json_int_t)d->max_outage_ms));
    }
    return list;
}

/* --- journal --- */

static const char *journal_path(const struct lab_state *s, char buf[static LAB_PATH_MAX])
{
    return lab_path(s, buf, "drill.journal");
}

static bool journal_write(const struct drill_run *r, struct text *why)
{
    char path[LAB_PATH_MAX];
    return lab_write_file(journal_path(&r->lab->state, path), r->drill->name, 0600, why);
}

static void journal_remove(const struct lab_state *s)
{
    char path[LAB_PATH_MAX];
    unlink(journal_path(s, path));
}

bool drill_left_over(const struct lab_state *s)
{
    char path[LAB_PATH_MAX];
    return access(journal_path(s, path), F_OK) == 0;
}

/* --- probing --- */

static bool probe_start(struct drill_run *r, struct text *why)
{
    char program[LAB_PATH_MAX], to[ADDR_TEXT_MAX], ns[NETNS_PATH_MAX], log[LAB_PATH_MAX], rate[16],
        mark[64];
    struct lab_state *s = &r->lab->state;
    snprintf(rate, sizeof rate, "%d", DRILL_RATE);
    const char *const argv[] = {lab_program("fairlead", program),
                                "probe",
                                "send",
                                addr_text(&r->lab->params->vnet_host, to),
                                "--rate",
                                rate,
                                "--count",
                                "0",
                                "-o",
                                "json",
                                NULL};
    struct process_spec spec = {.argv = argv,
                                .namespace_path = wiring_path(s->lab, NODE_SITE_HOST, NULL, ns),
                                .log_file = lab_path(s, log, "probe.json"),
                                .mark = lab_mark(s->lab, mark),
                                .session = true};
    unlink(log);
    if (!process_start(&spec, &r->probe, why)) return false;
    lab_process_put(s, "probe", LAB_NODES, &r->probe);
    return lab_state_save(s, why);
}

static bool probe_finish(struct drill_run *r, struct text *why)
{
    enum { PATIENCE_S = 5 };
    char path[LAB_PATH_MAX];
    json_error_t fault;
    process_signal(&r->probe, SIGINT);
    instant deadline = instant_after(now(), duration_s(PATIENCE_S));
    while (process_alive(&r->probe) && !instant_reached(deadline, now())) usleep(LOOK_MS * 1000);
    process_end(&r->probe, duration_ms(100));
    json_t *said = json_load_file(lab_path(&r->lab->state, path, "probe.json"), 0, &fault);
    if (!said) {
        text_addf(why, "the probe left no result in %s: %s", path, fault.text);
        return false;
    }
    r->result.sent = json_integer_value(json_object_get(said, "sent"));
    r->result.lost = json_integer_value(json_object_get(said, "lost"));
    r->result.outage_ms = json_integer_value(json_object_get(said, "outage_ms"));
    r->result.rtt_us =
        json_integer_value(json_object_get(json_object_get(said, "rtt_us"), "median"));
    json_decref(said);
    return true;
}

/* --- noticing --- */

/* The kernel's way to the other side, as iproute2 prints it. */
static void routes_look(const struct lab *lab, enum lab_node_id node, struct text *out)
{
    const struct lab_params *p = lab->params;
    const struct prefix *far = node == NODE_GW ? &p->site : &p->vnet_space;
    char prefix[PREFIX_TEXT_MAX], name[LAB_NAMESPACE_MAX], ns[NETNS_PATH_MAX];
    const char *const argv[] = {"ip", "route", "show", prefix_text(far, prefix), NULL};
    struct text why = {0};
    text_clear(out);
    const char *domain = node == NODE_CE1 ? lab_site_domain : wiring_domain(p->lab, node, name);
    if (node != NODE_CE2 && !domain) return;
    wiring_path(p->lab, node, domain, ns);
    process_run(&(struct process_spec){.argv = argv, .namespace_path = ns}, NULL, duration_s(2),
                out, &why);
    text_drop(&why);
}

static const enum lab_node_id routed[] = {NODE_CE1, NODE_CE2, NODE_GW};

static void notice(struct drill_run *r, instant at, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void notice(struct drill_run *r, instant at, const char *fmt, ...)
{
    struct drill_result *out = &r->result;
    if (out->noticed_n == NOTICED_MAX) return;
    struct drill_noticed *n = &out->noticed[out->noticed_n];
    va_list args;
    va_start(args, fmt);
    vsnprintf(n->id, sizeof n->id, fmt, args);
    va_end(args);
    for (size_t i = 0; i < out->noticed_n; i++)
        if (strcmp(out->noticed[i].id, n->id) == 0) return;
    n->after_ms = duration_to_ms(instant_since(at, r->broken_at));
    out->noticed_n++;
}

static void notice_sessions(struct drill_run *r)
{
    struct watch seen;
    watch_take(&r->lab->state, r->lab->hooks, &seen, NULL);
    instant at = now();
    for (size_t i = 0; i < r->before.n; i++) {
        const struct watch_row *was = &r->before.rows[i];
        const struct watch_row *is = watch_find(&seen, was->node, &was->address);
        char addr[ADDR_TEXT_MAX];
        if (!is) continue; /* the router does not answer: its peers tell */
        addr_text(&was->address, addr);
        if (was->bfd == WATCH_BFD_UP && is->bfd != WATCH_BFD_UP)
            notice(r, at, "bfd %s %s", lab_nodes[was->node].name, addr);
        if (watch_row_fine(was, false) && !watch_row_fine(is, false))
            notice(r, at, "bgp %s %s", lab_nodes[was->node].name, addr);
    }
}

static void notice_routes(struct drill_run *r)
{
    for (size_t i = 0; i < ARRAY_LEN(routed); i++) {
        struct text seen = {0};
        routes_look(r->lab, routed[i], &seen);
        if (strcmp(text_get(&seen), text_get(&r->routes_before[routed[i]])) != 0)
            notice(r, now(), "route %s", lab_nodes[routed[i]].name);
        text_drop(&seen);
    }
}

static void look_for(struct drill_run *r, int64_t hold_ms)
{
    instant until = instant_after(r->broken_at, duration_ms(hold_ms));
    while (!interrupted() && !instant_reached(until, now())) {
        notice_sessions(r);
        notice_routes(r);
        pause_for(duration_ms(LOOK_MS));
    }
}

/* --- as before --- */

static bool as_before(struct drill_run *r, const struct watch *seen, struct watch_missing *missing)
{
    for (size_t i = 0; i < r->before.n; i++) {
        const struct watch_row *was = &r->before.rows[i];
        const struct watch_row *is = watch_find(seen, was->node, &was->address);
        if (is && watch_row_fine(is, was->bfd == WATCH_BFD_UP) && is->accepted >= was->accepted)
            continue;
        snprintf(missing->who, sizeof missing->who, "%s", lab_nodes[was->node].name);
        snprintf(missing->what, sizeof missing->what, "session %s is %s with %u of %u prefixes",
                 was->peer, is ? is->state : "not there", is ? is->accepted : 0, was->accepted);
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(routed); i++) {
        struct text routes = {0};
        routes_look(r->lab, routed[i], &routes);
        bool same = strcmp(text_get(&routes), text_get(&r->routes_before[routed[i]])) == 0;
        text_drop(&routes);
        if (same) continue;
        snprintf(missing->who, sizeof missing->who, "%s", lab_nodes[routed[i]].name);
        snprintf(missing->what, sizeof missing->what, "the routes are not as before");
        return false;
    }
    return true;
}

/* Not interruptible: what was broken is put back before anything else. */
static bool await_recovery(struct drill_run *r, struct text *why)
{
    instant deadline = instant_after(now(), duration_s(RECOVERY_S));
    struct watch_missing missing = {.who = "routers", .what = "a router does not answer"};
    for (;;) {
        struct watch seen;
        if (watch_take(&r->lab->state, r->lab->hooks, &seen, NULL) && as_before(r, &seen, &missing))
            return true;
        if (instant_reached(deadline, now())) break;
        progress_waiting(&r->lab->progress, missing.who, missing.what);
        usleep(5 * LOOK_MS * 1000);
    }
    text_addf(why, "not as before after %d s: %s: %s", RECOVERY_S, missing.who, missing.what);
    return false;
}

/* --- one run --- */

static void stamp(char out[static 40])
{
    time_t t = time(NULL);
    struct tm utc;
    gmtime_r(&t, &utc);
    strftime(out, 40, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static bool begin(struct drill_run *r, struct text *why)
{
    struct watch_missing missing = {.who = "routers", .what = "a router does not answer"};
    struct text silent = {0};
    bool whole = watch_take(&r->lab->state, r->lab->hooks, &r->before, &silent) &&
                 watch_complete(&r->before, r->lab->params, &missing);
    if (!whole)
        text_addf(why, "the lab is not whole, so nothing was broken: %s: %s", missing.who,
                  silent.n ? text_get(&silent) : missing.what);
    text_drop(&silent);
    for (size_t i = 0; i < ARRAY_LEN(routed); i++)
        routes_look(r->lab, routed[i], &r->routes_before[routed[i]]);
    return whole && probe_start(r, why);
}

static bool put_back(struct drill_run *r, struct text *why)
{
    progress_stage(&r->lab->progress, 60, r->drill->restores);
    if (!r->drill->undo(r, why) || !await_recovery(r, why)) return false;
    journal_remove(&r->lab->state);
    return true;
}

static void judge(struct drill_run *r)
{
    struct drill_result *out = &r->result;
    bool quick = out->outage_ms <= r->drill->max_outage_ms;
    bool noticed = out->noticed_n > 0 || !r->drill->sessions_fall;
    out->expected = !out->cut_short && out->sent > 0 && quick && noticed;
}

static void keep_record(struct drill_run *r)
{
    char dir[LAB_PATH_MAX], path[LAB_PATH_MAX];
    struct text ignored = {0};
    json_t *json = drill_result_json(&r->result);
    char *dump = json_dumps(json, JSON_INDENT(2));
    mkdir(lab_path(&r->lab->state, dir, "records"), 0750);
    lab_path(&r->lab->state, path, "records/%s-%s.json", r->result.started, r->drill->name);
    if (!dump || !lab_write_file(path, dump, 0640, &ignored))
        progress_note(&r->lab->progress, "the record was not kept: %s", text_get(&ignored));
    free(dump);
    json_decref(json);
    text_drop(&ignored);
}

static bool break_and_restore(struct drill_run *r, int64_t hold_ms, struct text *why)
{
    struct progress *p = &r->lab->progress;
    progress_stage(p, 10, "probing before the break");
    pause_for(duration_ms(SETTLE_MS));
    if (interrupted()) return true;
    if (!journal_write(r, why)) return false;
    progress_stage(p, 20, r->drill->breaks);
    r->broken_at = now();
    r->result.broken = true;
    bool broken = r->drill->inflict(r, why);
    if (broken) look_for(r, hold_ms);
    r->result.restored = put_back(r, why);
    if (r->result.restored) usleep(SETTLE_MS * 1000);
    return broken && r->result.restored;
}

static void run_drop(struct drill_run *r)
{
    for (enum lab_node_id n = 0; n < LAB_NODES; n++) text_drop(&r->routes_before[n]);
}

bool drill_do(struct lab *lab, const struct drill *d, int64_t hold_ms, struct drill_result *out,
              struct text *why)
{
    struct drill_run r = {.lab = lab, .drill = d, .result = {.drill = d}};
    snprintf(r.result.subject, sizeof r.result.subject, d->subject, lab->params->circuit);
    stamp(r.result.started);
    if (!begin(&r, why)) {
        run_drop(&r);
        return false;
    }
    bool whole = break_and_restore(&r, hold_ms, why);
    r.result.cut_short = interrupted();
    bool measured = probe_finish(&r, why);
    stamp(r.result.ended);
    judge(&r);
    keep_record(&r);
    progress_end(&lab->progress);
    *out = r.result;
    run_drop(&r);
    return whole && measured;
}

json_t *drill_result_json(const struct drill_result *r)
{
    json_t *noticed = json_array();
    for (size_t i = 0; i < r->noticed_n; i++)
        json_array_append_new(noticed, json_pack("{s:s, s:I}", "id", r->noticed[i].id, "after_ms",
                                                 (json_int_t)r->noticed[i].after_ms));
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:b, s:b}", "drill", r->drill->name,
                     "subject", r->subject, "started", r->started, "ended", r->ended, "sent",
                     (json_int_t)r->sent, "lost", (json_int_t)r->lost, "outage_ms",
                     (json_int_t)r->outage_ms, "noticed", noticed, "expected", r->expected,
                     "restored", r->restored);
}

/* --- after a crash --- */

bool drill_recover(struct lab *lab, struct text *told, struct text *why)
{
    char path[LAB_PATH_MAX];
    struct text name = {0};
    if (!drill_left_over(&lab->state)) return true;
    if (!lab_read_file(journal_path(&lab->state, path), &name)) text_clear(&name);
    const struct drill *d = drill_by_name(text_get(&name));
    struct lab_process *probe = lab_process(&lab->state, "probe");
    if (probe) process_end(&probe->process, duration_ms(200));
    struct drill_run r = {.lab = lab, .drill = d};
    bool restored = !d || d->undo(&r, why);
    if (restored) {
        journal_remove(&lab->state);
        text_addf(told, "drill %s was killed in the middle; restored: %s", text_get(&name),
                  d ? d->restores : "unknown drill, nothing to do");
    }
    text_drop(&name);
    return restored;
}
