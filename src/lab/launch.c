/* lab/launch.c - the lab's programs: ours beside this one or from PATH, BIRD and FRR from Debian's places. */
#include "lab/launch.h"
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lab/routers.h"
#include "lab/wiring.h"

enum { READY_S = 20, FRR_S = 10, POLL_MS = 20 };

/* --- programs --- */

const char *lab_program(const char *name, char buf[static LAB_PATH_MAX])
{
    char self[LAB_DIR_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n > 0) {
        self[n] = 0;
        char *slash = strrchr(self, '/');
        if (slash) *slash = 0;
        snprintf(buf, LAB_PATH_MAX, "%s/%s", self, name);
        if (access(buf, X_OK) == 0) return buf;
    }
    snprintf(buf, LAB_PATH_MAX, "%s", name);
    return buf;
}

const char *lab_mark(const char *lab, char buf[static 64])
{
    snprintf(buf, 64, "FAIRLEAD_LAB=%s", lab);
    return buf;
}

static bool record(struct lab *lab, const char *name, enum lab_node_id node,
                   const struct process *p, struct text *why)
{
    lab_process_put(&lab->state, name, node, p);
    return lab_state_save(&lab->state, why);
}

bool launch(struct lab *lab, const char *name, enum lab_node_id node, bool inside,
            const char *const *argv, struct text *why)
{
    char path[NETNS_PATH_MAX], log[LAB_PATH_MAX], mark[64];
    struct process p;
    struct process_spec spec = {.argv = argv,
                                .namespace_path =
                                    inside ? wiring_path(lab->state.lab, node, NULL, path) : NULL,
                                .log_file = lab_path(&lab->state, log, "%s.log", name),
                                .mark = lab_mark(lab->state.lab, mark),
                                .session = true};
    return process_start(&spec, &p, why) && record(lab, name, node, &p, why);
}

void launch_quote_log(const struct text *log, struct text *why)
{
    enum { SHOWN = 300 };
    const char *s = text_get(log);
    size_t n = log->n;
    while (n > 0 && s[n - 1] == '\n') n--;
    size_t from = n > SHOWN ? n - SHOWN : 0;
    if (n == 0) return;
    text_add(why, "; its log ends: ");
    text_add_escaped(why, s + from, n - from, SHOWN);
}

bool launch_await_line(struct lab *lab, const char *name, long from, const char *prefix,
                       struct text *line, struct text *why)
{
    instant deadline = instant_after(now(), duration_s(READY_S));
    char path[LAB_PATH_MAX];
    for (;;) {
        struct text log = {0};
        bool alive = process_alive(&lab_process(&lab->state, name)->process);
        if (!lab_read_file(lab_path(&lab->state, path, "%s.log", name), &log)) text_clear(&log);
        const char *s = (size_t)from <= log.n ? text_get(&log) + from : "";
        while (s && strncmp(s, prefix, strlen(prefix)) != 0)
            s = (s = strchr(s, '\n')) ? s + 1 : NULL;
        if (s && strchr(s, '\n')) {
            s += strlen(prefix);
            text_add_n(line, s, strcspn(s, "\n"));
            text_drop(&log);
            return true;
        }
        bool late = instant_reached(deadline, now());
        if (!alive || late || interrupted()) {
            text_addf(why, "%s %s", name,
                      !alive ? "ended"
                      : late ? "did not become ready"
                             : "was not waited for");
            launch_quote_log(&log, why);
            text_drop(&log);
            return false;
        }
        text_drop(&log);
        pause_for(duration_ms(POLL_MS));
    }
}

static long log_size(const struct lab *lab, const char *name)
{
    char path[LAB_PATH_MAX];
    struct stat st;
    return stat(lab_path(&lab->state, path, "%s.log", name), &st) == 0 ? (long)st.st_size : 0;
}

bool lab_make_dir(const struct lab *lab, const char *name, char path[static LAB_PATH_MAX],
                     struct text *why)
{
    if (mkdir(lab_path(&lab->state, path, "%s", name), 0700) == 0 || errno == EEXIST) return true;
    text_addf(why, "cannot make %s: %s", path, strerror(errno));
    return false;
}

bool lab_write_in(const struct lab *lab, const char *dir, const char *name,
                     const struct text *content, char path[static LAB_PATH_MAX], struct text *why)
{
    return lab_write_file(lab_path(&lab->state, path, "%s/%s", dir, name), text_get(content), 0600,
                          why);
}

/* --- our own, BIRD, FRR --- */

bool lab_start_edge(struct lab *lab, enum lab_node_id node, struct text *why)
{
    const char *name = lab_nodes[node].name;
    char program[LAB_PATH_MAX], file[LAB_PATH_MAX];
    long from = log_size(lab, name);
    struct text ready = {0};
    const char *const argv[] = {lab_program("fairlead-edge", program), "--config",
                                lab_path(&lab->state, file, "%s/edge.yaml", name), NULL};
    bool started = launch(lab, name, node, false, argv, why) &&
                   launch_await_line(lab, name, from, "ready", &ready, why);
    text_drop(&ready);
    return started;
}

bool launch_ce1(struct lab *lab, struct text *why)
{
    char dir[LAB_PATH_MAX], path[LAB_PATH_MAX];
    struct text config = {0};
    bool fine = lab_make_dir(lab, "ce1", dir, why);
    if (fine) router_file_ce1(lab->params, dir, &config);
    fine = fine && lab_write_in(lab, "ce1", "edge.yaml", &config, path, why) &&
           lab_start_edge(lab, NODE_CE1, why);
    text_drop(&config);
    return fine;
}

static bool start_bird(struct lab *lab, const char *dir, struct text *why)
{
    char conf[LAB_PATH_MAX], ctl[LAB_PATH_MAX], pid[LAB_PATH_MAX];
    struct text config = {0};
    router_file_bird(lab->params, dir, &config);
    bool fine = lab_write_in(lab, "ce2", "bird.conf", &config, conf, why);
    text_drop(&config);
    const char *const argv[] = {"bird", "-f",
                                "-c",   conf,
                                "-s",   lab_path(&lab->state, ctl, "ce2/bird.ctl"),
                                "-P",   lab_path(&lab->state, pid, "ce2/bird.pid"),
                                NULL};
    return fine && launch(lab, "ce2", NODE_CE2, true, argv, why);
}

/* The daemons talk through sockets in ce2's directory; the configuration is read once all listen. */
static bool await_file(const char *path, const char *what, struct text *why)
{
    instant deadline = instant_after(now(), duration_s(FRR_S));
    while (access(path, F_OK) != 0) {
        if (interrupted() || instant_reached(deadline, now())) {
            text_addf(why, "%s does not listen after %d s", what, FRR_S);
            return false;
        }
        pause_for(duration_ms(20));
    }
    return true;
}

static bool start_frr_daemon(struct lab *lab, const char *dir, const char *daemon, struct text *why)
{
    char program[64], name[32], zserv[LAB_PATH_MAX], pid[LAB_PATH_MAX], vty[LAB_PATH_MAX], bfd[LAB_PATH_MAX];
    snprintf(program, sizeof program, "/usr/lib/frr/%s", daemon);
    lab_path(&lab->state, zserv, "ce2/zserv");
    lab_path(&lab->state, pid, "ce2/%s.pid", daemon);
    lab_path(&lab->state, vty, "ce2/%s.vty", daemon);
    lab_path(&lab->state, bfd, "ce2/bfdd.ctl");
    bool is_bfd = strcmp(daemon, "bfdd") == 0;
    snprintf(name, sizeof name, "ce2-%s", daemon);
    const char *const argv[] = {program, "-f", "/dev/null", "-z", zserv, "--vty_socket",
                                dir, "-i", pid, "-P", "0", is_bfd ? "--bfdctl" : NULL, bfd, NULL};
    return launch(lab, strcmp(daemon, "bgpd") == 0 ? "ce2" : name, NODE_CE2, true, argv, why) && await_file(vty, daemon, why);
}

/* They run as user frr: ce2's directory becomes theirs, and the way to it passable but not readable. */
static bool give_to_frr(const struct lab *lab, const char *dir, struct text *why)
{
    const struct passwd *frr = getpwnam("frr");
    const struct group *vty = getgrnam("frrvty");
    if (!frr || !vty) return text_add(why, "FRR is not installed: there is no user frr or group frrvty"), false;
    bool fine = chown(dir, frr->pw_uid, vty->gr_gid) == 0 && chmod(lab->state.dir, 0711) == 0;
    if (!fine) text_addf(why, "%s: %s", dir, strerror(errno));
    return fine;
}

static bool start_frr(struct lab *lab, const char *dir, struct text *why)
{
    static const char *const daemons[] = {"zebra", "staticd", "bfdd", "bgpd"};
    char conf[LAB_PATH_MAX];
    struct text config = {0}, said = {0};
    router_file_frr(lab->params, dir, &config);
    bool fine = lab_write_in(lab, "ce2", "frr.conf", &config, conf, why) && give_to_frr(lab, dir, why);
    text_drop(&config);
    for (size_t i = 0; fine && i < ARRAY_LEN(daemons); i++) fine = start_frr_daemon(lab, dir, daemons[i], why);
    if (!fine) return false;
    const char *const argv[] = {"vtysh", "--vty_socket", dir, "-f", conf, NULL};
    int status = process_run(&(struct process_spec){.argv = argv}, NULL, duration_s(FRR_S), &said, why);
    if (status > 0) text_addf(why, "vtysh refuses ce2/frr.conf: %.300s", text_get(&said));
    text_drop(&said);
    return status == 0;
}

bool launch_ce2(struct lab *lab, struct text *why)
{
    char dir[LAB_PATH_MAX];
    if (!lab_make_dir(lab, "ce2", dir, why)) return false;
    return lab->params->ce2_kind == LAB_CE_FRR ? start_frr(lab, dir, why) : start_bird(lab, dir, why);
}

bool launch_reflector(struct lab *lab, struct text *why)
{
    char self[LAB_PATH_MAX];
    const char *const argv[] = {lab_program("fairlead", self), "probe", "reflect", NULL};
    return launch(lab, "reflector", NODE_VNET_HOST, true, argv, why);
}
