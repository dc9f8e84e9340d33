/* edge/child.c - fork, exec of ourselves with --role=NAME, and patience. The child gets descriptor 3,
 * its end of the pair, and an address space that never held a secret of ours. */
#include "edge/child.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "sys/log.h"

enum { LINK_FD = 3, PAUSE_FIRST_MS = 100, PAUSE_LAST_MS = 5000, CALM_S = 60 };

static char program[4096], name_word[64];

void child_program(const char *router_name)
{
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    program[n > 0 ? n : 0] = 0;
    snprintf(name_word, sizeof name_word, "--name=%s", router_name);
}

/* In the child, between fork and exec. */
static void become(const struct child *c, int link)
{
    char role[32], workers[32];
    sigset_t none;
    snprintf(role, sizeof role, "--role=%s", c->role);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (c->home >= 0 && setns(c->home, CLONE_NEWNET) != 0) _exit(126);
    dup2(STDERR_FILENO, STDOUT_FILENO); /* stdout says "ready" and nothing else */
    if (dup2(link, LINK_FD) < 0) _exit(126);
    snprintf(workers, sizeof workers, "--workers=%u", c->workers);
    char *const argv[] = {program, role, name_word, c->workers ? workers : NULL, NULL};
    execv(program, argv);
    _exit(127);
}

bool child_start(struct child *c, struct loop *l, instant now)
{
    int fds[2];
    if (!link_pair(fds)) {
        child_ended(c, l, now);
        return false;
    }
    /* dup2 onto itself would keep close-on-exec; the pair never has number 3, because the keeper
     * opened its loop and its signals before. */
    c->pid = fork();
    if (c->pid == 0) become(c, fds[1]);
    close(fds[1]);
    link_init(&c->link, fds[0], c->link_role);
    if (c->pid < 0) {
        log_line(LOG_LINE_ERROR, "no-process", c->role, "%s", strerror(errno));
        link_drop(&c->link);
        child_ended(c, l, now);
        return false;
    }
    c->state = CHILD_RUNNING;
    c->starts++;
    c->confined[0] = 0;
    loop_watch(l, &c->watch, c->link.fd, LOOP_READ);
    return true;
}

/* Its end is known by its link or by a signal, whichever came first; here it becomes certain. */
static void bury(struct child *c)
{
    int status = 0;
    kill(c->pid, SIGKILL);
    if (waitpid(c->pid, &status, 0) != c->pid) return;
    bool by_signal = WIFSIGNALED(status);
    int what = by_signal ? WTERMSIG(status) : WEXITSTATUS(status);
    if (by_signal || what)
        log_line(LOG_LINE_WARN, "process-ended", c->role, "pid %d, %s %d%s", (int)c->pid,
                 by_signal ? "signal" : "status", what,
                 by_signal && what == SIGSYS ? ": it made a system call it may not make" : "");
}

void child_ended(struct child *c, struct loop *l, instant now)
{
    if (c->state == CHILD_OFF) return;
    if (c->pid > 0) bury(c);
    bool calm = c->ends[0].us == 0 || instant_since(now, c->ends[0]).us > duration_s(CALM_S).us;
    loop_forget(l, &c->watch);
    if (c->link.fd > 0) link_drop(&c->link);
    c->pid = 0;
    memmove(c->ends + 1, c->ends, sizeof c->ends - sizeof *c->ends);
    c->ends[0] = now;
    c->pause = duration_ms(calm ? PAUSE_FIRST_MS : 2 * duration_to_ms(c->pause));
    if (duration_to_ms(c->pause) > PAUSE_LAST_MS) c->pause = duration_ms(PAUSE_LAST_MS);
    c->start_at = instant_after(now, c->pause);
    instant oldest = c->ends[ARRAY_LEN(c->ends) - 1];
    bool hopeless = oldest.us && instant_since(now, oldest).us < duration_s(CALM_S).us;
    c->state = hopeless ? CHILD_STOPPED : CHILD_WAITING;
    if (hopeless)
        log_line(LOG_LINE_ERROR, "process-stopped", c->role,
                 "ended %zu times within a minute; it stays down until the next apply", ARRAY_LEN(c->ends));
}

void child_kill(struct child *c)
{
    if (c->pid > 0) kill(c->pid, SIGKILL);
}

void child_revive(struct child *c, instant now)
{
    if (c->state != CHILD_STOPPED) return;
    memset(c->ends, 0, sizeof c->ends);
    c->state = CHILD_WAITING;
    c->start_at = now;
}

instant child_next(const struct child *c) { return c->state == CHILD_WAITING ? c->start_at : NEVER; }
