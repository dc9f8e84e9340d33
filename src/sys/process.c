/* sys/process.c - starting, finding and ending programs.
 * A child reports a failure to enter its namespace or to execute through a pipe that closes on
 * exec, so the caller learns it at once with the errno. Start times are field 22 of /proc/PID/stat
 * (proc(5)); signals use pidfd_send_signal(2), which cannot hit a successor. */
#include "sys/process.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- finding --- */

/* False if the process is gone. The name in parentheses may hold anything, so fields are counted
 * from its last ')'. */
static bool read_stat(pid_t pid, char *state, pid_t *parent, uint64_t *started)
{
    char path[64], buf[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t n = read(fd, buf, sizeof buf - 1);
    close(fd);
    if (n <= 0) return false;
    buf[n] = 0;
    char *p = strrchr(buf, ')');
    if (!p || sscanf(p + 1, " %c %d", state, parent) != 2) return false;
    enum { STATE_FIELD = 3, START_FIELD = 22 };
    p += 2;
    for (int field = STATE_FIELD; field < START_FIELD && p; field++) {
        p = strchr(p, ' ');
        if (p) p++;
    }
    if (!p) return false;
    *started = strtoull(p, NULL, 10);
    return true;
}

static bool thread_times(pid_t thread, struct process_times *out)
{
    char path[64], buf[100] = "";
    pid_t parent;
    uint64_t started;
    *out = (struct process_times){0};
    if (!read_stat(thread, &out->state, &parent, &started)) return false;
    snprintf(path, sizeof path, "/proc/%d/schedstat", (int)thread);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, buf, sizeof buf - 1);
    if (fd >= 0) close(fd);
    char *at = buf;
    buf[n > 0 ? n : 0] = '\0';
    out->ran_ns = strtoull(at, &at, 10);
    out->waited_ns = strtoull(at, &at, 10);
    return true;
}

size_t process_times(pid_t pid, struct process_times *out, size_t most)
{
    char path[64];
    size_t n = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    for (const struct dirent *e; tasks && n < most && (e = readdir(tasks));) {
        pid_t thread = (pid_t)strtol(e->d_name, NULL, 10);
        if (thread > 0 && thread_times(thread, &out[n])) n++;
    }
    if (tasks) closedir(tasks);
    return n;
}

bool process_find(pid_t pid, struct process *out)
{
    char state;
    pid_t parent;
    uint64_t started;
    if (pid <= 0 || !read_stat(pid, &state, &parent, &started)) return false;
    *out = (struct process){pid, started};
    return true;
}

bool process_alive(const struct process *p)
{
    char state;
    pid_t parent;
    uint64_t started;
    if (p->pid <= 0 || !read_stat(p->pid, &state, &parent, &started)) return false;
    return started == p->started && state != 'Z' && state != 'X';
}

bool process_signal(const struct process *p, int sig)
{
    if (p->pid <= 0) return false;
    int fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
    if (fd < 0) return false;
    bool sent = process_alive(p) && syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0) == 0;
    close(fd);
    return sent;
}

static bool gone_within(const struct process *p, int64_t ms)
{
    int64_t deadline = now_ms() + ms;
    for (;;) {
        waitpid(p->pid, NULL, WNOHANG); /* if it is a child of ours; else nothing happens */
        if (!process_alive(p)) return true;
        if (now_ms() >= deadline) return false;
        nanosleep(&(struct timespec){0, 5000000}, NULL);
    }
}

bool process_end(const struct process *p, duration patience)
{
    enum { KILL_PATIENCE_MS = 5000 };
    if (!process_signal(p, SIGTERM)) return gone_within(p, 0);
    if (gone_within(p, duration_to_ms(patience))) return true;
    process_signal(p, SIGKILL);
    return gone_within(p, KILL_PATIENCE_MS);
}

static void each_process(bool (*wanted)(pid_t pid, const void *key), const void *key,
                         void (*seen)(void *ctx, const struct process *p), void *ctx)
{
    DIR *proc = opendir("/proc");
    if (!proc) return;
    for (struct dirent *e; (e = readdir(proc));) {
        struct process p;
        int pid = atoi(e->d_name);
        if (pid > 0 && pid != getpid() && wanted(pid, key) && process_find(pid, &p)) seen(ctx, &p);
    }
    closedir(proc);
}

static bool lives_in(pid_t pid, const void *key)
{
    const struct stat *ns = key;
    struct stat st;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
    return stat(path, &st) == 0 && st.st_ino == ns->st_ino && st.st_dev == ns->st_dev;
}

void process_each_in_namespace(const char *namespace_path,
                               void (*seen)(void *ctx, const struct process *p), void *ctx)
{
    struct stat ns;
    if (stat(namespace_path, &ns) == 0) each_process(lives_in, &ns, seen, ctx);
}

/* Is `word` an entry of /proc/PID/cmdline or /proc/PID/environ? Both end entries by NUL. */
static bool has_entry(pid_t pid, const char *file, const char *word)
{
    char path[64], *entry = NULL;
    size_t room = 0;
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    FILE *f = fopen(path, "re");
    if (!f) return false;
    while (!found && getdelim(&entry, &room, 0, f) > 0) found = strcmp(entry, word) == 0;
    free(entry);
    fclose(f);
    return found;
}

/* Another container has files, namespaces and labs of its own, even if its processes can be seen. */
static bool sees_our_files(pid_t pid)
{
    char path[64];
    struct stat ours, theirs;
    snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)pid);
    return stat("/proc/self/ns/mnt", &ours) != 0 || stat(path, &theirs) != 0 ||
           (ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev);
}

static bool carries(pid_t pid, const void *key)
{
    return has_entry(pid, "environ", key) && sees_our_files(pid);
}

void process_each_marked(const char *mark, void (*seen)(void *ctx, const struct process *p),
                         void *ctx)
{
    each_process(carries, mark, seen, ctx);
}

struct child_wanted {
    pid_t parent;
    const char *word;
};

static bool is_wanted_child(pid_t pid, const void *key)
{
    const struct child_wanted *w = key;
    char state;
    pid_t parent;
    uint64_t started;
    return read_stat(pid, &state, &parent, &started) && parent == w->parent && state != 'Z' &&
           has_entry(pid, "cmdline", w->word);
}

static void keep(void *ctx, const struct process *p) { *(struct process *)ctx = *p; }

bool process_child_with(const struct process *parent, const char *word, struct process *out)
{
    struct child_wanted w = {parent->pid, word};
    struct process found = {0};
    if (process_alive(parent)) each_process(is_wanted_child, &w, keep, &found);
    if (found.pid) *out = found;
    return found.pid != 0;
}

/* --- starting --- */

struct pipes {
    int in[2], out[2], fault[2];
};

static const char *const fault_steps[] = {"enter namespace", "open log", "change directory",
                                          "execute"};
enum { STEP_NAMESPACE, STEP_LOG, STEP_DIR, STEP_EXEC };
struct fault_report {
    int step, error;
};

static void child_fails(int fd, int step)
{
    struct fault_report r = {step, errno};
    if (write(fd, &r, sizeof r) != (ssize_t)sizeof r) _exit(126);
    _exit(127);
}

static bool enter_namespace(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    bool entered = setns(fd, CLONE_NEWNET) == 0;
    close(fd);
    return entered;
}

static bool open_log(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    return fd >= 0 && dup2(fd, 2) >= 0;
}

/* A command that is waited for does not outlive us: half a batch carried out by an orphan would meet
 * the work of whoever cleans up after us. The parent may be gone before the kernel is asked. */
static void die_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(126);
}

/* In the child, between fork and exec: only calls that are safe there. `parent` 0: lives on its own. */
static void become(const struct process_spec *spec, const struct pipes *io, pid_t parent)
{
    if (parent) die_with(parent);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (spec->session) setsid();
    if (spec->namespace_path && !enter_namespace(spec->namespace_path))
        child_fails(io->fault[1], STEP_NAMESPACE);
    if (io->in[0] >= 0) dup2(io->in[0], 0);
    if (io->out[1] >= 0) dup2(io->out[1], 1), dup2(io->out[1], 2);
    if (spec->log_file) {
        if (!open_log(spec->log_file)) child_fails(io->fault[1], STEP_LOG);
        if (io->out[1] < 0) dup2(2, 1);
    }
    if (spec->mark) putenv((char *)spec->mark);
    if (spec->dir && chdir(spec->dir) != 0) child_fails(io->fault[1], STEP_DIR);
    execvp(spec->argv[0], (char *const *)spec->argv);
    child_fails(io->fault[1], STEP_EXEC);
}

static void close_one(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

static void pipes_close(struct pipes *io)
{
    for (int i = 0; i < 2; i++)
        close_one(&io->in[i]), close_one(&io->out[i]), close_one(&io->fault[i]);
}

static bool pipes_open(struct pipes *io, bool input, bool output)
{
    *io = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
    if (pipe2(io->fault, O_CLOEXEC) == 0 && (!output || pipe2(io->out, O_CLOEXEC) == 0)) {
        if (input && pipe2(io->in, O_CLOEXEC) == 0) return true;
        if (!input && (io->in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) return true;
    }
    pipes_close(io);
    return false;
}

/* Forks and waits until the child has executed or said why it could not. */
static pid_t launch(const struct process_spec *spec, struct pipes *io, bool waited_for, struct text *why)
{
    pid_t parent = waited_for ? getpid() : 0, pid = fork();
    if (pid < 0) {
        text_addf(why, "cannot fork: %s", strerror(errno));
        return -1;
    }
    if (pid == 0) become(spec, io, parent);
    close_one(&io->fault[1]), close_one(&io->in[0]), close_one(&io->out[1]);
    struct fault_report r;
    ssize_t n;
    do n = read(io->fault[0], &r, sizeof r);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof r) return pid;
    waitpid(pid, NULL, 0);
    text_addf(why, "%s: cannot %s: %s", spec->argv[0], fault_steps[r.step], strerror(r.error));
    return -1;
}

bool process_start(const struct process_spec *spec, struct process *out, struct text *why)
{
    struct pipes io;
    if (!pipes_open(&io, false, false)) {
        text_addf(why, "%s: cannot make pipes: %s", spec->argv[0], strerror(errno));
        return false;
    }
    pid_t pid = launch(spec, &io, false, why);
    pipes_close(&io);
    if (pid < 0) return false;
    if (process_find(pid, out)) return true;
    text_addf(why, "%s: ended at once", spec->argv[0]);
    return false;
}

/* Feeds input and collects output until the child closes it; false when the limit has passed. */
static bool converse(struct pipes *io, const char *input, int64_t deadline, struct text *out)
{
    size_t fed = 0, to_feed = input ? strlen(input) : 0;
    if (to_feed == 0) close_one(&io->in[1]);
    for (;;) {
        struct pollfd p[2] = {{io->out[0], POLLIN, 0}, {io->in[1], POLLOUT, 0}};
        int64_t left = deadline - now_ms();
        if (left <= 0) return false;
        if (poll(p, 2, (int)(left < 1000 ? left : 1000)) < 0 && errno != EINTR) return false;
        if (p[1].revents) {
            ssize_t w = write(io->in[1], input + fed, to_feed - fed);
            if (w > 0) fed += (size_t)w;
            if (w < 0 || fed == to_feed) close_one(&io->in[1]);
        }
        if (p[0].revents) {
            char buf[8192];
            ssize_t n = read(io->out[0], buf, sizeof buf);
            if (n == 0) return true;
            if (n > 0) text_add_n(out, buf, (size_t)n);
        }
    }
}

static int reap(pid_t pid, int64_t deadline)
{
    int status;
    for (;;) {
        pid_t got = waitpid(pid, &status, WNOHANG);
        if (got == pid) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (got < 0 && errno != EINTR) return -1;
        if (now_ms() >= deadline) return -1;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
}

int process_run(const struct process_spec *spec, const char *input, duration limit,
                struct text *out, struct text *why)
{
    struct pipes io;
    int64_t deadline = now_ms() + duration_to_ms(limit);
    if (!pipes_open(&io, input != NULL, true)) {
        text_addf(why, "%s: cannot make pipes: %s", spec->argv[0], strerror(errno));
        return -1;
    }
    void (*old)(int) = signal(SIGPIPE, SIG_IGN);
    pid_t pid = launch(spec, &io, true, why);
    int status = -1;
    if (pid > 0) {
        bool finished = converse(&io, input, deadline, out);
        status = finished ? reap(pid, deadline) : -1;
        if (status < 0) {
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
            text_addf(why, "%s: did not end within %lld ms", spec->argv[0],
                      (long long)duration_to_ms(limit));
        }
    }
    signal(SIGPIPE, old);
    pipes_close(&io);
    return status;
}

int process_attend(const char *const *argv, struct text *why)
{
    int status;
    void (*on_int)(int) = signal(SIGINT, SIG_IGN);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGINT, SIG_DFL);
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    signal(SIGINT, on_int);
    if (pid < 0) {
        text_addf(why, "cannot fork: %s", strerror(errno));
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void process_become(const char *namespace_path, char *const *argv, struct text *why)
{
    if (!enter_namespace(namespace_path)) {
        text_addf(why, "cannot enter %s: %s", namespace_path, strerror(errno));
        return;
    }
    execvp(argv[0], argv);
    text_addf(why, "cannot execute %s: %s", argv[0], strerror(errno));
}
