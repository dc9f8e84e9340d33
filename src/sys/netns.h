/* sys/netns.h - network namespaces: named ones under /run/netns as `ip netns` knows them, and visits.
 * What is opened inside (sockets, BPF attachments) belongs to that namespace for good; a visit
 * concerns the calling thread only. */
#pragma once
#include "base/text.h"

enum { NETNS_PATH_LONGEST = 320 };

struct netns_visit {
    int home; /* descriptor of the namespace to come back to */
};

/* "/run/netns/NAME". Returns buf. */
const char *netns_path(const char *name, char buf[static NETNS_PATH_LONGEST]);
bool netns_exists(const char *name);
/* Makes a namespace that lives until it is deleted, whatever process dies. One that exists is fine. */
MUST_USE bool netns_make(const char *name, struct text *why);
bool netns_delete(const char *name);
/* Calls `seen` for each name that begins with `prefix`. */
void netns_each(const char *prefix, void (*seen)(void *ctx, const char *name), void *ctx);
MUST_USE int netns_open(const char *name); /* a descriptor, or -1 with errno */

/* `path` as in /run/netns/NAME. False with `why`; then nothing has changed. */
MUST_USE bool netns_enter(struct netns_visit *v, const char *path, struct text *why);
MUST_USE bool netns_enter_fd(struct netns_visit *v, int there, struct text *why);
/* Aborts if the way back is gone: a process in the wrong namespace must not go on. */
void netns_leave(struct netns_visit *v);
/* Goes there for good. */
MUST_USE bool netns_move(const char *name, struct text *why);

/* Writes /proc/sys/net/<key> (slashes, "ipv4/ip_forward") of the namespace the caller is in. */
MUST_USE bool netns_sysctl(const char *key, const char *value, struct text *why);
