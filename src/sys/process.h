/* sys/process.h - programs we start, and must find again from another run of ours.
 * A process is known by pid and start time, so a recycled pid is never taken for ours; signals go
 * through a pidfd after that check. Strings in a spec are borrowed for the call. */
#pragma once
#include <sys/types.h>
#include "base/instant.h"
#include "base/text.h"

struct process {
    pid_t pid;        /* 0: none */
    uint64_t started; /* clock ticks since boot, from /proc */
};

struct process_spec {
    const char *const *argv; /* argv[0] is looked up in PATH; ended by NULL */
    const char
        *namespace_path;  /* network namespace to enter first, e.g. /run/netns/x; NULL: ours */
    const char *log_file; /* stdout and stderr are appended to it; NULL: inherited */
    const char *dir;      /* working directory; NULL: ours */
    const char
        *mark;    /* "NAME=VALUE" added to the environment, inherited by its children; NULL: none */
    bool session; /* a session of its own, so that a terminal's Ctrl-C does not reach it */
};

/* False with a sentence in `why`. Failing to execute is reported here too, not only in the log. */
MUST_USE bool process_start(const struct process_spec *spec, struct process *out, struct text *why);

/* Runs to the end and collects stdout (stderr too, unless it goes to log_file). The exit status, or
 * 128 + signal; -1 with `why` if it could not be started or did not end in time (it is killed
 * then). It does not outlive us, however we end. `input` may be NULL. */
int process_run(const struct process_spec *spec, const char *input, duration limit,
                struct text *out, struct text *why);

/* Runs to the end with our own input, output and terminal, however long it takes; Ctrl-C is the
 * child's affair. Status as of process_run. */
int process_attend(const char *const *argv, struct text *why);

/* What each thread of a process had of the processors and waited for them since it began (proc(5): schedstat), and
 * its state's letter, the first thread first; how many, at most `most`, 0 when it is gone. Times of a kernel that
 * does not keep them are 0. */
struct process_times {
    uint64_t ran_ns, waited_ns;
    char state;
};
size_t process_times(pid_t pid, struct process_times *out, size_t most);

/* Enters the namespace and becomes the command; comes back only when that failed. */
void process_become(const char *namespace_path, char *const *argv, struct text *why);

/* Looks up the start time; false if there is no such process. */
MUST_USE bool process_find(pid_t pid, struct process *out);
bool process_alive(const struct process *p);           /* a zombie is not alive */
bool process_signal(const struct process *p, int sig); /* false if it is gone */
/* The child of `parent` that was started with `word` as one of its arguments. */
MUST_USE bool process_child_with(const struct process *parent, const char *word,
                                 struct process *out);
/* SIGTERM, then SIGKILL after `patience`; false if it is still there at the end. Reaps a child. */
bool process_end(const struct process *p, duration patience);

/* Calls `seen` for each process whose network namespace is the one at `namespace_path`; for each
 * that was started with `mark`, or by one that was. */
void process_each_in_namespace(const char *namespace_path,
                               void (*seen)(void *ctx, const struct process *p), void *ctx);
void process_each_marked(const char *mark, void (*seen)(void *ctx, const struct process *p),
                         void *ctx);
