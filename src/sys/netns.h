/* sys/netns.h - visiting a network namespace and coming back. What is opened inside (sockets, BPF
 * attachments) belongs to that namespace for good; the visit concerns the calling thread only. */
#pragma once
#include "base/text.h"

struct netns_visit {
    int home; /* descriptor of the namespace to come back to */
};

/* `path` as in /run/netns/NAME. False with `why`; then nothing has changed. */
MUST_USE bool netns_enter(struct netns_visit *v, const char *path, struct text *why);
/* Aborts if the way back is gone: a process in the wrong namespace must not go on. */
void netns_leave(struct netns_visit *v);
