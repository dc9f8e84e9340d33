/* sys/confine.h - what each process of fairlead-edge gives up before it reads a byte from outside
 * (RB-200..203). The only user of libseccomp and libcap. Nothing here can be taken back. */
#pragma once
#include "base/text.h"

/* The router process, in two steps, because its second thread is made between them:
 * 1. user `fairlead` or `nobody`, an empty root, no capabilities (as far as we were root), no new
 *    privileges, not dumpable; the thread's real-time priority is asked for before rights go.
 * 2. system calls: an allow-list for all threads, anything else kills the process.
 * Both say in `how` what was done ("uid=65534 root=empty caps=none seccomp=allow-list ..."). */
MUST_USE bool confine_router_rights(struct text *how, struct text *why);
MUST_USE bool confine_router_calls(struct text *how, struct text *why);
/* The thread made since confine_router_rights keeps real time; the calling one gives it back. */
void confine_router_share_time(void);

/* The keeper: only the capabilities it works with, and a list of calls that are never needed. */
MUST_USE bool confine_keeper(struct text *how, struct text *why);
/* The process that follows RPKI caches: user `fairlead` or `nobody`, an empty root, no capabilities (as
 * far as we were root), the same list. It opens connections itself, so calls are not listed one by one. */
MUST_USE bool confine_validator(struct text *how, struct text *why);
/* The process that speaks to the NAT partner: user `fairlead` or `nobody`, an empty root, no capabilities (as
 * far as we were root), and the router process's allow-list of system calls. */
MUST_USE bool confine_natsync(struct text *how, struct text *why);
/* The agent: no capabilities, the same list. */
MUST_USE bool confine_agent(struct text *how, struct text *why);
