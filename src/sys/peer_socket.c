/* sys/peer_socket.c - socket(2) and its options. MINTTL is not enforced by the kernel for UDP, so BFD's
 * receiver reports each packet's TTL and the session judges it. */
#include "sys/peer_socket.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { TTL_FULL = 255, BACKLOG = 64, BFD_UDP_PORT = 3784, BFD_PORT_FIRST = 49152, BFD_PORTS = 16384 };
#ifndef IPV6_MINHOPCOUNT
#define IPV6_MINHOPCOUNT 73
#endif

static socklen_t to_sockaddr(const struct addr *a, uint16_t port, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (a->family == FAMILY_IPV6) {
        struct sockaddr_in6 *s = (struct sockaddr_in6 *)out;
        s->sin6_family = AF_INET6;
        s->sin6_port = htons(port);
        memcpy(&s->sin6_addr, a->b, 16);
        return sizeof *s;
    }
    struct sockaddr_in *s = (struct sockaddr_in *)out;
    s->sin_family = AF_INET;
    s->sin_port = htons(port);
    memcpy(&s->sin_addr, a->b, 4);
    return sizeof *s;
}

static struct addr from_sockaddr(const struct sockaddr_storage *s)
{
    if (s->ss_family == AF_INET6)
        return addr_from_bytes(FAMILY_IPV6, ((const struct sockaddr_in6 *)s)->sin6_addr.s6_addr);
    return addr_from_bytes(FAMILY_IPV4, (const uint8_t *)&((const struct sockaddr_in *)s)->sin_addr);
}

static int family_of(enum family f) { return f == FAMILY_IPV6 ? AF_INET6 : AF_INET; }

static int give_up(int fd)
{
    int fault = errno ? errno : EIO;
    if (fd >= 0) close(fd);
    return -fault;
}

static bool set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

static bool set_ttl(int fd, enum family f, int ttl)
{
    return f == FAMILY_IPV6 ? set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl) : set(fd, IPPROTO_IP, IP_TTL, ttl);
}

static bool set_least_ttl(int fd, enum family f, int ttl)
{
    return f == FAMILY_IPV6 ? set(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, ttl)
                            : set(fd, IPPROTO_IP, IP_MINTTL, ttl);
}

static int new_socket(enum family f, int type)
{
    int fd = socket(family_of(f), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && f == FAMILY_IPV6 && !set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) return give_up(fd);
    return fd < 0 ? -errno : fd;
}

/* --- TCP --- */

int tcp_bound(const struct addr *local, uint16_t port)
{
    struct sockaddr_storage s;
    socklen_t n = to_sockaddr(local, port, &s);
    int fd = new_socket((enum family)local->family, SOCK_STREAM);
    if (fd < 0) return fd;
    if (!set(fd, SOL_SOCKET, SO_REUSEADDR, 1) || !set_ttl(fd, (enum family)local->family, TTL_FULL) ||
        bind(fd, (struct sockaddr *)&s, n) != 0)
        return give_up(fd);
    return fd;
}

int tcp_listen(int fd) { return listen(fd, BACKLOG) == 0 ? 0 : -errno; }

int tcp_md5(int fd, const struct addr *remote, const char *key)
{
    struct tcp_md5sig sig = {0};
    size_t n = strlen(key);
    if (n > sizeof sig.tcpm_key) return -EINVAL;
    struct sockaddr_storage s;
    to_sockaddr(remote, 0, &s);
    memcpy(&sig.tcpm_addr, &s, sizeof sig.tcpm_addr);
    sig.tcpm_keylen = (uint16_t)n;
    memcpy(sig.tcpm_key, key, n);
    int fault = setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &sig, sizeof sig) == 0 ? 0 : errno;
    explicit_bzero(&sig, sizeof sig);
    return fault == ENOENT && n == 0 ? 0 : -fault; /* there was no key to remove */
}

void tcp_listener_strict(int fd, bool strict)
{
    struct sockaddr_storage s;
    socklen_t n = sizeof s;
    if (getsockname(fd, (struct sockaddr *)&s, &n) != 0) return;
    set_least_ttl(fd, (enum family)from_sockaddr(&s).family, strict ? TTL_FULL : 0);
}

void tcp_accepted(int fd, bool ttl_security, bool external)
{
    struct addr local, remote;
    if (!tcp_ends(fd, &local, &remote)) return;
    enum family f = (enum family)remote.family;
    set_ttl(fd, f, ttl_security ? TTL_FULL : external ? 1 : 64);
    if (ttl_security) set_least_ttl(fd, f, TTL_FULL);
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

static bool bind_to(int fd, const struct addr *local)
{
    struct sockaddr_storage s;
    if (addr_is_none(local)) return true;
    socklen_t n = to_sockaddr(local, 0, &s);
    return bind(fd, (struct sockaddr *)&s, n) == 0;
}

static bool prepare(int fd, const struct tcp_peer *p)
{
    enum family f = (enum family)p->remote.family;
    if (*p->md5 && tcp_md5(fd, &p->remote, p->md5) != 0) return false;
    if (p->ttl_security && (!set_ttl(fd, f, TTL_FULL) || !set_least_ttl(fd, f, TTL_FULL))) return false;
    if (!p->ttl_security && p->external && !set_ttl(fd, f, 1)) return false;
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    return bind_to(fd, &p->local);
}

int tcp_connect(const struct tcp_peer *p)
{
    struct sockaddr_storage s;
    socklen_t n = to_sockaddr(&p->remote, p->port, &s);
    int fd = new_socket((enum family)p->remote.family, SOCK_STREAM);
    if (fd < 0) return fd;
    errno = 0;
    if (!prepare(fd, p)) return give_up(fd);
    if (connect(fd, (struct sockaddr *)&s, n) != 0 && errno != EINPROGRESS) return give_up(fd);
    return fd;
}

int tcp_error(int fd)
{
    int fault = 0;
    socklen_t n = sizeof fault;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &n) == 0 ? fault : errno;
}

bool tcp_ends(int fd, struct addr *local, struct addr *remote)
{
    struct sockaddr_storage l, r;
    socklen_t n = sizeof l, k = sizeof r;
    if (getsockname(fd, (struct sockaddr *)&l, &n) != 0 || getpeername(fd, (struct sockaddr *)&r, &k) != 0)
        return false;
    *local = from_sockaddr(&l);
    *remote = from_sockaddr(&r);
    return true;
}

/* --- BFD --- */

static int bind_at(int fd, const struct addr *local, uint16_t port)
{
    struct sockaddr_storage s;
    socklen_t n = to_sockaddr(local, port, &s);
    return bind(fd, (struct sockaddr *)&s, n) == 0 ? 0 : -errno;
}

int bfd_receiver(const struct addr *local, enum family f)
{
    struct addr any = {.family = (uint8_t)f};
    int fd = new_socket(f, SOCK_DGRAM);
    if (fd < 0) return fd;
    bool told = f == FAMILY_IPV6 ? set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1)
                                 : set(fd, IPPROTO_IP, IP_RECVTTL, 1);
    int bound = bind_at(fd, addr_is_none(local) ? &any : local, BFD_UDP_PORT);
    set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1); /* without: packets count from when they are read */
    if (told && bound == 0) return fd;
    errno = -bound;
    return give_up(fd);
}

int bfd_sender(const struct addr *local, const struct addr *remote, uint32_t seed)
{
    enum family f = (enum family)remote->family;
    struct addr any = {.family = (uint8_t)f};
    struct sockaddr_storage s;
    socklen_t n = to_sockaddr(remote, BFD_UDP_PORT, &s);
    int fd = new_socket(f, SOCK_DGRAM);
    if (fd < 0) return fd;
    int bound = -EADDRINUSE; /* RFC 5881 4: a port of its own from 49152 on */
    for (uint32_t k = 0; bound == -EADDRINUSE && k < BFD_PORTS; k++)
        bound = bind_at(fd, addr_is_none(local) ? &any : local,
                        (uint16_t)(BFD_PORT_FIRST + (seed + k) % BFD_PORTS));
    errno = -bound;
    if (bound != 0 || !set_ttl(fd, f, TTL_FULL) || connect(fd, (struct sockaddr *)&s, n) != 0)
        return give_up(fd);
    int control = 6; /* the kernel's "interactive" band; precedence 6 on the wire (RFC 5881 is silent) */
    set(fd, SOL_SOCKET, SO_PRIORITY, control);
    set(fd, f == FAMILY_IPV6 ? IPPROTO_IPV6 : IPPROTO_IP, f == FAMILY_IPV6 ? IPV6_TCLASS : IP_TOS, 0xc0);
    return fd;
}

static uint8_t ttl_of(struct msghdr *m)
{
    int ttl = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        bool v4 = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL;
        bool v6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT;
        if (v4 || v6) memcpy(&ttl, CMSG_DATA(c), sizeof ttl);
    }
    return (uint8_t)ttl;
}

static int64_t age_of(struct msghdr *m)
{
    struct timespec at = {0}, now;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) memcpy(&at, CMSG_DATA(c), sizeof at);
    if (at.tv_sec == 0) return 0;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t us = (int64_t)(now.tv_sec - at.tv_sec) * 1000000 + (now.tv_nsec - at.tv_nsec) / 1000;
    return us > 0 ? us : 0;
}

bool bfd_receive(int fd, struct bfd_datagram *out)
{
    struct sockaddr_storage from;
    char control[128];
    struct iovec iov = {out->bytes, sizeof out->bytes};
    struct msghdr m = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &iov, .msg_iovlen = 1,
                       .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(fd, &m, 0);
    if (n < 0) return false;
    out->n = (size_t)n;
    out->from = from_sockaddr(&from);
    out->ttl = ttl_of(&m);
    out->age_us = age_of(&m);
    return true;
}

/* --- control socket --- */

int unix_listen(const char *path, unsigned mode)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof a.sun_path) return -ENAMETOOLONG;
    memcpy(a.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0 || errno == EAGAIN) { /* somebody lives there */
        close(fd);
        return -EADDRINUSE;
    }
    unlink(path);
    mode_t before = umask(0777 & ~mode);
    int bound = bind(fd, (struct sockaddr *)&a, sizeof a);
    int fault = errno;
    umask(before);
    errno = fault;
    if (bound != 0 || listen(fd, BACKLOG) != 0) return give_up(fd);
    return fd;
}

int64_t unix_peer_uid(int fd)
{
    struct ucred c;
    socklen_t n = sizeof c;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &n) == 0 ? (int64_t)c.uid : -1;
}
