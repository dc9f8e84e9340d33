/* sys/netns.c - setns(2) there and back. */
#include "sys/netns.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool netns_enter(struct netns_visit *v, const char *path, struct text *why)
{
    int there = open(path, O_RDONLY | O_CLOEXEC);
    v->home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (there >= 0 && v->home >= 0 && setns(there, CLONE_NEWNET) == 0) {
        close(there);
        return true;
    }
    text_addf(why, "cannot enter %s: %s", path, strerror(errno));
    if (there >= 0) close(there);
    if (v->home >= 0) close(v->home);
    return false;
}

void netns_leave(struct netns_visit *v)
{
    if (setns(v->home, CLONE_NEWNET) != 0) abort();
    close(v->home);
}
