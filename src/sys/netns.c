/* sys/netns.c - setns(2), and names by bind mounts as ip-netns(8) makes them. */
#include "sys/netns.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define NETNS_DIR "/run/netns"
#define OWN_NETNS "/proc/thread-self/ns/net"

const char *netns_path(const char *name, char buf[static NETNS_PATH_LONGEST])
{
    snprintf(buf, NETNS_PATH_LONGEST, "%s/%s", NETNS_DIR, name);
    return buf;
}

bool netns_enter_fd(struct netns_visit *v, int there, struct text *why)
{
    v->home = open(OWN_NETNS, O_RDONLY | O_CLOEXEC);
    if (v->home >= 0 && setns(there, CLONE_NEWNET) == 0) return true;
    text_addf(why, "cannot enter a network namespace: %s", strerror(errno));
    if (v->home >= 0) close(v->home);
    return false;
}

bool netns_enter(struct netns_visit *v, const char *path, struct text *why)
{
    int there = open(path, O_RDONLY | O_CLOEXEC);
    if (there < 0) {
        text_addf(why, "cannot enter %s: %s", path, strerror(errno));
        return false;
    }
    bool entered = netns_enter_fd(v, there, why);
    close(there);
    return entered;
}

void netns_leave(struct netns_visit *v)
{
    if (setns(v->home, CLONE_NEWNET) != 0) abort();
    close(v->home);
}

int netns_open(const char *name)
{
    char path[NETNS_PATH_LONGEST];
    return open(netns_path(name, path), O_RDONLY | O_CLOEXEC);
}

bool netns_move(const char *name, struct text *why)
{
    int there = netns_open(name);
    bool moved = there >= 0 && setns(there, CLONE_NEWNET) == 0;
    if (!moved) text_addf(why, "cannot enter namespace %s: %s", name, strerror(errno));
    if (there >= 0) close(there);
    return moved;
}

bool netns_exists(const char *name)
{
    char path[NETNS_PATH_LONGEST];
    struct stat file, dir;
    /* A name left behind by a crash before the mount is a plain file on the directory's own device. */
    return stat(netns_path(name, path), &file) == 0 && stat(NETNS_DIR, &dir) == 0 &&
           file.st_dev != dir.st_dev;
}

/* The directory must be a shared mount, or names made here are invisible inside `ip netns exec`. */
static bool prepare_dir(struct text *why)
{
    bool made = mkdir(NETNS_DIR, 0755) == 0 || errno == EEXIST;
    if (made && mount("", NETNS_DIR, "none", MS_SHARED | MS_REC, NULL) == 0) return true;
    if (made && mount(NETNS_DIR, NETNS_DIR, "none", MS_BIND | MS_REC, NULL) == 0 &&
        mount("", NETNS_DIR, "none", MS_SHARED | MS_REC, NULL) == 0)
        return true;
    text_addf(why, "cannot prepare %s: %s", NETNS_DIR, strerror(errno));
    return false;
}

static bool mount_fresh(const char *path)
{
    int home = open(OWN_NETNS, O_RDONLY | O_CLOEXEC);
    if (home < 0) return false;
    bool made = unshare(CLONE_NEWNET) == 0;
    int fault = errno;
    if (made) {
        made = mount(OWN_NETNS, path, "none", MS_BIND, NULL) == 0;
        fault = errno;
        if (setns(home, CLONE_NEWNET) != 0) abort();
    }
    close(home);
    errno = fault;
    return made;
}

bool netns_make(const char *name, struct text *why)
{
    char path[NETNS_PATH_LONGEST];
    if (netns_exists(name)) return true;
    if (!prepare_dir(why)) return false;
    int fd = open(netns_path(name, path), O_RDONLY | O_CREAT | O_CLOEXEC, 0444);
    if (fd >= 0) close(fd);
    if (fd >= 0 && mount_fresh(path)) return true;
    text_addf(why, "cannot make namespace %s: %s", name, strerror(errno));
    unlink(path);
    return false;
}

bool netns_delete(const char *name)
{
    char path[NETNS_PATH_LONGEST];
    netns_path(name, path);
    umount2(path, MNT_DETACH);
    return unlink(path) == 0;
}

void netns_each(const char *prefix, void (*seen)(void *ctx, const char *name), void *ctx)
{
    DIR *d = opendir(NETNS_DIR);
    for (struct dirent *e; d && (e = readdir(d));)
        if (strncmp(e->d_name, prefix, strlen(prefix)) == 0 && netns_exists(e->d_name))
            seen(ctx, e->d_name);
    if (d) closedir(d);
}

bool netns_sysctl(const char *key, const char *value, struct text *why)
{
    char path[256];
    snprintf(path, sizeof path, "/proc/sys/net/%s", key);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);
    if (!done) text_addf(why, "cannot set %s to %s: %s", path, value, strerror(errno));
    if (fd >= 0) close(fd);
    return done;
}
