/* edge/keeper.c - puts the parts together: intents in, kernel side and router process after them,
 * questions answered, children watched. The order of an apply: what is new is made in the kernel, the
 * router is told, and when it has taken the intent, what is gone is removed. An intent that is no good
 * never gets so far: it was rehearsed when it was read. */
#include "edge/keeper.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "edge/keeper_priv.h"
#include "sys/confine.h"
#include "sys/log.h"
#include "sys/netns.h"

#define RUN_DIR "/run/fairlead"

enum {
    WATCH_MS = 1000,       /* interfaces: RB-123 */
    RECONCILE_S = 60,      /* RB-121 */
    STOP_S = 4,
};

/* --- signals --- */

static bool has_ended(const struct child *c)
{
    siginfo_t i = {0};
    return c->pid > 0 && waitid(P_PID, (id_t)c->pid, &i, WEXITED | WNOHANG | WNOWAIT) == 0 && i.si_pid;
}

static void reap(struct keeper *k, instant now)
{
    if (has_ended(&k->router)) keeper_router_gone(k, now);
    if (has_ended(&k->agent)) keeper_agent_gone(k, now);
    if (has_ended(&k->validator.child)) validator_ended(&k->validator, now);
    if (has_ended(&k->exporter.child)) exporter_ended(&k->exporter, now);
    if (has_ended(&k->natsync.child)) natsync_ended(&k->natsync, now);
}

static void stop(struct keeper *k, instant now)
{
    if (k->stopping) return;
    k->stopping = true;
    k->stop_by = instant_after(now, duration_s(STOP_S));
    keeper_tell_router(k, &(struct link_message){.type = LINK_STOP}, -1);
    child_kill(&k->agent);
    validator_stop(&k->validator);
    exporter_stop(&k->exporter);
    natsync_stop(&k->natsync);
}

static void signalled(struct watch *w, unsigned events, instant now)
{
    struct keeper *k = w->ctx;
    struct signalfd_siginfo s;
    (void)events;
    while (read(w->fd, &s, sizeof s) == sizeof s) switch (s.ssi_signo) {
        case SIGCHLD: reap(k, now); break;
        case SIGHUP: keeper_reload_by_signal(k, now); break;
        default: stop(k, now); break;
        }
}

static void watch_signals(struct keeper *k)
{
    sigset_t set;
    sigemptyset(&set);
    static const int signals[] = {SIGCHLD, SIGHUP, SIGTERM, SIGINT};
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) sigaddset(&set, signals[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    k->signals.ready = signalled;
    k->signals.ctx = k;
    loop_watch(k->loop, &k->signals, signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), LOOP_READ);
}

/* --- time --- */

static void look_after_kernel(struct keeper *k, instant now)
{
    if (keeper_running(k)->dataplane == DATAPLANE_NONE && !k->ensure_again) return;
    if (keeper_due(&k->watch_at, duration_ms(WATCH_MS), now)) {
        spaces_tick(k->spaces, now);
        spaces_each_dark(k->spaces, keeper_running(k), false, keeper_tell_dark, k);
        if (spaces_disturbed(k->spaces, keeper_running(k))) {
            log_line(LOG_LINE_WARN, "interfaces-changed", "", "attachments are checked");
            keeper_ensure(k, now);
        }
    }
    if (instant_reached(k->retry_at, now)) keeper_ensure(k, now);
    if (keeper_due(&k->reconcile_at, duration_s(RECONCILE_S), now)) {
        keeper_ensure(k, now);
        spaces_reconcile(k->spaces);
    } else if (k->reconcile_at.us != NEVER.us) {
        spaces_retry(k->spaces);
    }
}

static void due_now(struct keeper *k, instant now)
{
    keeper_look_after_router(k, now);
    keeper_look_after_agent(k, now);
    look_after_kernel(k, now);
    if (!k->stopping) validator_tick(&k->validator, now);
    if (!k->stopping && exporter_tick(&k->exporter, now)) keeper_ask_router(k, ASK_EXPORTER_FIGURES, 0, "figures", now);
    if (!k->stopping) natsync_tick(&k->natsync, now);
    control_tick(k->control, now);
    for (struct question *q = k->questions, *next; q; q = next) {
        next = q->next;
        if (instant_reached(q->until, now)) keeper_fail_question(k, q, "the router process does not answer");
    }
}

static instant next_deadline(const struct keeper *k)
{
    instant next = instant_first(child_next(&k->router), child_next(&k->agent));
    next = instant_first(next, instant_first(validator_next(&k->validator), exporter_next(&k->exporter)));
    next = instant_first(next, natsync_next(&k->natsync));
    if (k->router.state == CHILD_RUNNING)
        next = instant_first(next, instant_first(k->ping_at, pulse_waits(&k->pulse) ? k->pulse_at : NEVER));
    if (k->agent.state == CHILD_RUNNING) next = instant_first(next, k->evidence_at);
    if (intent_forwards(keeper_running(k)))
        next = instant_first(next, instant_first(k->watch_at, k->reconcile_at));
    next = instant_first(next, instant_first(k->retry_at, control_next(k->control)));
    return k->stopping ? instant_first(next, k->stop_by) : next;
}

/* --- start and end --- */

static const char *socket_path(const struct intent *i, char buf[static 108])
{
    if (*i->control_socket) return i->control_socket;
    mkdir(RUN_DIR, 0755);
    snprintf(buf, 108, RUN_DIR "/%s.sock", i->router.name);
    return buf;
}

static void kernel_changed(struct watch *w, unsigned events, instant now)
{
    struct keeper *k = w->ctx;
    (void)events;
    (void)now;
    spaces_ready(k->spaces);
}

static bool begin_kernel(struct keeper *k, struct text *why)
{
    const struct intent *i = k->local.intent;
    struct spaces_sink sink = keeper_ports(k);
    if (intent_forwards(i) && geteuid() != 0) {
        text_add(why, "'dataplane: namespaces' needs root");
        return false;
    }
    if (*i->router.namespace_ && !netns_move(i->router.namespace_, why)) return false;
    if (!(k->spaces = spaces_new(i, &sink, &k->natsync, why))) return false;
    k->kernel = (struct watch){.ready = kernel_changed, .ctx = k};
    if (spaces_fd(k->spaces) >= 0) loop_watch(k->loop, &k->kernel, spaces_fd(k->spaces), LOOP_READ);
    return true;
}

static bool begin(struct keeper *k, struct text *why)
{
    char path[108];
    struct text how = {0};
    const struct intent *i = k->local.intent;
    k->agent.home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    child_program(i->router.name);
    if (!(k->control = control_open(k->loop, socket_path(i, path), keeper_asked, k, why))) return false;
    if (!begin_kernel(k, why) || !confine_keeper(&how, why)) return false;
    snprintf(k->confined, sizeof k->confined, "%s", text_get(&how));
    log_line(LOG_LINE_INFO, "process-ready", "keeper", "pid %d: %s", (int)getpid(), k->confined);
    text_drop(&how);
    return true;
}

static void take_kept(struct keeper *k, instant now)
{
    struct text kept = {0};
    if (*k->local.intent->control.url && config_kept(k->local.intent->state_dir, &kept))
        keeper_take_given(k, &kept, "state", now);
    text_drop(&kept);
}

static void end(struct keeper *k)
{
    child_kill(&k->router);
    if (k->spaces) {
        loop_forget(k->loop, &k->kernel);
        spaces_remove(k->spaces);
        spaces_free(k->spaces);
    }
    control_close(k->control);
    log_line(LOG_LINE_INFO, "ended", k->local.intent->router.name, "orderly");
}

static void run(struct keeper *k)
{
    while (!(k->stopping && (k->router.state != CHILD_RUNNING || instant_reached(k->stop_by, clock_now()))))
        due_now(k, loop_turn(k->loop, next_deadline(k)));
}

int keeper_process(const char *file)
{
    static struct keeper k;
    struct text why = {0};
    k.file = file;
    if (!config_read_file(file, &k.local, &why)) {
        fputs(text_get(&why), stderr);
        return 1;
    }
    log_as(k.local.intent->router.name);
    k.loop = loop_new();
    k.started = clock_now();
    k.router = (struct child){.role = "router", .link_role = LINK_ROUTER, .home = -1, .state = CHILD_WAITING};
    k.agent = (struct child){.role = "agent", .link_role = LINK_AGENT};
    k.validator.hand_on = keeper_hand_on_payloads;
    k.validator.ctx = &k;
    validator_init(&k.validator, k.loop);
    exporter_init(&k.exporter, k.loop);
    natsync_init(&k.natsync, k.loop);
    k.retry_at = k.evidence_at = NEVER;
    k.reconcile_at = instant_after(k.started, duration_s(RECONCILE_S));
    snprintf(k.intent_from, sizeof k.intent_from, "file");
    if (getrandom(&k.key, sizeof k.key, 0) != sizeof k.key) abort();
    watch_signals(&k);
    if (!begin(&k, &why)) {
        fprintf(stderr, "fairlead-edge: %s\n", text_get(&why));
        control_close(k.control);
        return 1;
    }
    take_kept(&k, k.started);
    keeper_ensure(&k, k.started);
    validator_apply(&k.validator, keeper_running(&k), k.started);
    exporter_apply(&k.exporter, keeper_running(&k), k.started);
    if (*k.local.intent->control.url) {
        k.agent.state = CHILD_WAITING;
        k.evidence_at = k.started;
    }
    run(&k);
    end(&k);
    return 0;
}
