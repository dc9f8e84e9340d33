/* sys/confine.c - users, roots, capabilities and system call filters, as lists. */
#include "sys/confine.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/tcp.h>

enum { NOBODY = 65534 };
#ifndef IPV6_MINHOPCOUNT
#define IPV6_MINHOPCOUNT 73
#endif

/* Sanitizers map shadow memory, walk /proc and trace themselves at exit. */
#if defined(__has_feature)
#define CLANG_SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define CLANG_SANITIZED 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || CLANG_SANITIZED
#define SANITIZED true
#else
#define SANITIZED false
#endif

static bool refused(struct text *why, const char *what)
{
    text_addf(why, "cannot %s: %s", what, strerror(errno));
    return false;
}

static bool no_new_rights(struct text *why)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refused(why, "refuse new privileges");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return refused(why, "forbid dumping");
    return true;
}

/* --- capabilities --- */

static const cap_value_t keeper_capabilities[] = {
    CAP_NET_ADMIN,        /* interfaces, routes, MD5 keys, tc */
    CAP_BPF,              /* the tag multiplexer */
    CAP_PERFMON,          /* kernels that ask for it when tc programs load */
    CAP_NET_RAW,          /* binding to devices */
    CAP_NET_BIND_SERVICE, /* port 179 */
    CAP_SYS_ADMIN,        /* network namespaces and their mounts */
    CAP_SYS_RESOURCE,     /* locked memory of maps on kernels before 5.11 */
    CAP_SYS_NICE,         /* BFD's real time, for the next router process */
    CAP_SYS_CHROOT, CAP_SETUID, CAP_SETGID, CAP_SETPCAP, /* likewise, to be given up by it */
    CAP_KILL,             /* ending it */
};

/* None but those of the list can come back by execve. Only root may ask for that. */
static void limit_capabilities(const cap_value_t *keep, size_t n)
{
    for (cap_value_t c = 0; geteuid() == 0 && c <= CAP_LAST_CAP; c++) {
        bool kept = false;
        for (size_t i = 0; i < n; i++) kept = kept || keep[i] == c;
        if (!kept) cap_drop_bound(c); /* unknown to an older kernel: nothing to drop */
    }
}

/* Keeps the capabilities of the list that we have. */
static bool keep_capabilities(const cap_value_t *keep, size_t n, struct text *why)
{
    cap_t now = cap_get_proc(), then = cap_init();
    bool fine = now && then;
    for (size_t i = 0; fine && i < n; i++) {
        cap_flag_value_t has = CAP_CLEAR;
        if (cap_get_flag(now, keep[i], CAP_PERMITTED, &has) != 0 || has != CAP_SET) continue;
        fine = cap_set_flag(then, CAP_PERMITTED, 1, &keep[i], CAP_SET) == 0 &&
               cap_set_flag(then, CAP_EFFECTIVE, 1, &keep[i], CAP_SET) == 0;
    }
    fine = fine && cap_set_proc(then) == 0;
    if (!fine) refused(why, "give up capabilities");
    cap_free(now);
    cap_free(then);
    return fine;
}

/* --- users and roots --- */

/* A directory that is removed while it is our root: empty for good, and nothing is left behind. */
static bool empty_root(struct text *why)
{
    char dir[] = "/tmp/fairlead-root-XXXXXX";
    if (!mkdtemp(dir)) return refused(why, "make an empty root");
    bool fine = chdir(dir) == 0;
    rmdir(dir);
    return (fine && chroot(".") == 0 && chdir("/") == 0) || refused(why, "enter an empty root");
}

/* From the file itself: getpwnam would load whatever modules the machine uses into this process. */
static bool find_user(const char *name, uid_t *uid, gid_t *gid)
{
    FILE *f = fopen("/etc/passwd", "re");
    bool found = false;
    for (const struct passwd *p; f && !found && (p = fgetpwent(f));) {
        found = strcmp(p->pw_name, name) == 0;
        if (found) *uid = p->pw_uid, *gid = p->pw_gid;
    }
    if (f) fclose(f);
    return found;
}

static bool become_nobody(struct text *how, struct text *why)
{
    uid_t uid = NOBODY;
    gid_t gid = NOBODY;
    if (!find_user("fairlead", &uid, &gid)) find_user("nobody", &uid, &gid);
    if (!empty_root(why)) return false;
    if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
        return refused(why, "give up the user");
    text_addf(how, "uid=%u root=empty ", uid);
    return true;
}

bool confine_router_rights(struct text *how, struct text *why)
{
    struct sched_param first = {.sched_priority = 1};
    bool root = geteuid() == 0;
    bool timely = sched_setscheduler(0, SCHED_FIFO, &first) == 0;
    text_addf(how, "bfd-time=%s ", timely ? "real" : "shared");
    limit_capabilities(NULL, 0);
    if (root && !become_nobody(how, why)) return false;
    if (!root) text_addf(how, "uid=%u root=shared ", geteuid());
    if (!keep_capabilities(NULL, 0, why) || !no_new_rights(why)) return false;
    text_add(how, "caps=none no_new_privs not-dumpable ");
    return true;
}

void confine_router_share_time(void)
{
    struct sched_param none = {0};
    sched_setscheduler(0, SCHED_OTHER, &none);
}

/* --- system calls --- */

static const int router_calls[] = {
    SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg), SCMP_SYS(recvmmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg),
    SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_ctl), SCMP_SYS(poll), SCMP_SYS(ppoll),
    SCMP_SYS(accept4), SCMP_SYS(close), SCMP_SYS(shutdown), SCMP_SYS(getsockname),
    SCMP_SYS(getpeername), SCMP_SYS(getsockopt), SCMP_SYS(munmap), SCMP_SYS(mremap),
    SCMP_SYS(madvise), SCMP_SYS(brk), SCMP_SYS(futex), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
    SCMP_SYS(time), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(getrandom),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(sigaltstack),
    SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(sched_yield), SCMP_SYS(restart_syscall),
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill), /* abort() */
};

static const struct {
    int level, option;
} router_options[] = {
    {IPPROTO_IP, IP_TTL},   {IPPROTO_IP, IP_MINTTL},   {IPPROTO_IPV6, IPV6_UNICAST_HOPS},
    {IPPROTO_IPV6, IPV6_MINHOPCOUNT}, {IPPROTO_TCP, TCP_NODELAY},
};

static int allow_with_limits(scmp_filter_ctx f)
{
    int fault = 0;
    /* Memory, but never memory that can be executed. */
    fault |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    fault |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    /* A descriptor that waits for its turn on a link is a duplicate. */
    fault |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
                              SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)F_DUPFD_CLOEXEC));
    for (size_t i = 0; i < ARRAY_LEN(router_options); i++)
        fault |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
                                  SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)router_options[i].level),
                                  SCMP_A2(SCMP_CMP_EQ, (scmp_datum_t)router_options[i].option));
    return fault;
}

bool confine_router_calls(struct text *how, struct text *why)
{
    if (SANITIZED) return text_add(how, "seccomp=off-under-sanitizer"), true;
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!f) abort();
    int fault = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
    for (size_t i = 0; i < ARRAY_LEN(router_calls); i++)
        if (router_calls[i] >= 0) fault |= seccomp_rule_add(f, SCMP_ACT_ALLOW, router_calls[i], 0);
    fault |= allow_with_limits(f);
    if (fault == 0) fault = seccomp_load(f);
    seccomp_release(f);
    if (fault) {
        text_addf(why, "cannot limit system calls: %s", strerror(-fault));
        return false;
    }
    text_add(how, "seccomp=allow-list");
    return true;
}

/* Nothing an edge does; everything somebody who took it over would try. */
static const int never_needed[] = {
    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load), SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module),
    SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime), SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime), SCMP_SYS(acct),
    SCMP_SYS(pivot_root), SCMP_SYS(open_by_handle_at), SCMP_SYS(name_to_handle_at),
    SCMP_SYS(userfaultfd), SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key),
    SCMP_SYS(quotactl), SCMP_SYS(nfsservctl), SCMP_SYS(personality), SCMP_SYS(iopl), SCMP_SYS(ioperm),
    SCMP_SYS(mknod), SCMP_SYS(mknodat), SCMP_SYS(sethostname), SCMP_SYS(setdomainname),
    SCMP_SYS(lookup_dcookie), SCMP_SYS(syslog), SCMP_SYS(vhangup), SCMP_SYS(kcmp),
};

static bool deny_the_dangerous(struct text *how, struct text *why)
{
    if (SANITIZED) return text_add(how, "seccomp=off-under-sanitizer"), true;
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
    int fault = f ? 0 : -ENOMEM;
    for (size_t i = 0; fault == 0 && i < ARRAY_LEN(never_needed); i++)
        if (never_needed[i] >= 0)
            fault = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), never_needed[i], 0);
    if (fault == 0) fault = seccomp_load(f);
    seccomp_release(f);
    if (fault) {
        text_addf(why, "cannot limit system calls: %s", strerror(-fault));
        return false;
    }
    text_add(how, "seccomp=deny-list");
    return true;
}

bool confine_keeper(struct text *how, struct text *why)
{
    if (!no_new_rights(why)) return false;
    limit_capabilities(keeper_capabilities, ARRAY_LEN(keeper_capabilities));
    if (!keep_capabilities(keeper_capabilities, ARRAY_LEN(keeper_capabilities), why)) return false;
    text_addf(how, "uid=%u caps=%s no_new_privs not-dumpable ", geteuid(), geteuid() ? "none" : "few");
    return deny_the_dangerous(how, why);
}

bool confine_agent(struct text *how, struct text *why)
{
    limit_capabilities(NULL, 0);
    if (!no_new_rights(why) || !keep_capabilities(NULL, 0, why)) return false;
    text_addf(how, "uid=%u caps=none no_new_privs not-dumpable ", geteuid());
    return deny_the_dangerous(how, why);
}

bool confine_validator(struct text *how, struct text *why)
{
    limit_capabilities(NULL, 0);
    if (geteuid() == 0 && !become_nobody(how, why)) return false;
    if (!keep_capabilities(NULL, 0, why) || !no_new_rights(why)) return false;
    text_add(how, "caps=none no_new_privs not-dumpable ");
    return deny_the_dangerous(how, why);
}

bool confine_natsync(struct text *how, struct text *why)
{
    limit_capabilities(NULL, 0);
    if (geteuid() == 0 && !become_nobody(how, why)) return false;
    if (!keep_capabilities(NULL, 0, why) || !no_new_rights(why)) return false;
    text_add(how, "caps=none no_new_privs not-dumpable ");
    return confine_router_calls(how, why);
}
