/* sys/probe_socket.c - the UDP socket of probes: ancillary data both ways (ip(7), ipv6(7),
 * SO_TIMESTAMPNS in socket(7)). */
#include "sys/probe_socket.h"
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { DSCP_SHIFT = 2, ECN_MASK = 3 };

static socklen_t to_sockaddr(const struct addr *a, uint16_t port, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (a->family == FAMILY_IPV6) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        memcpy(&v6->sin6_addr, a->b, sizeof v6->sin6_addr);
        return sizeof *v6;
    }
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    memcpy(&v4->sin_addr, a->b, sizeof v4->sin_addr);
    return sizeof *v4;
}

static struct addr from_sockaddr(const struct sockaddr_storage *ss, uint16_t *port)
{
    if (ss->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)ss;
        *port = ntohs(v6->sin6_port);
        return addr_from_bytes(FAMILY_IPV6, (const uint8_t *)&v6->sin6_addr);
    }
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)ss;
    *port = ntohs(v4->sin_port);
    return addr_from_bytes(FAMILY_IPV4, (const uint8_t *)&v4->sin_addr);
}

static const struct option {
    enum family family; /* none: both */
    int level, name, value;
} options[] = {
    {FAMILY_NONE, SOL_SOCKET, SO_TIMESTAMPNS, 1},
    {FAMILY_NONE, SOL_SOCKET, SO_RCVBUF, 1 << 20},
    {FAMILY_IPV4, IPPROTO_IP, IP_RECVTOS, 1},
    {FAMILY_IPV4, IPPROTO_IP, IP_RECVTTL, 1},
    {FAMILY_IPV4, IPPROTO_IP, IP_PKTINFO, 1},
    {FAMILY_IPV4, IPPROTO_IP, IP_TTL, PROBE_TTL},
    {FAMILY_IPV6, IPPROTO_IPV6, IPV6_V6ONLY, 1},
    {FAMILY_IPV6, IPPROTO_IPV6, IPV6_RECVTCLASS, 1},
    {FAMILY_IPV6, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1},
    {FAMILY_IPV6, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1},
    {FAMILY_IPV6, IPPROTO_IPV6, IPV6_UNICAST_HOPS, PROBE_TTL},
};

static bool options_set(const struct probe_socket *s)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        const struct option *o = &options[i];
        if (o->family != FAMILY_NONE && o->family != s->family) continue;
        if (setsockopt(s->fd, o->level, o->name, &o->value, sizeof o->value) != 0) return false;
    }
    return true;
}

bool probe_socket_open(struct probe_socket *s, const struct addr *local, uint16_t port,
                       struct text *why)
{
    struct addr any = addr_v4(0);
    if (addr_is_none(local)) local = &any;
    struct sockaddr_storage ss;
    socklen_t n = to_sockaddr(local, port, &ss);
    s->family = local->family;
    s->fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd >= 0 && options_set(s) && bind(s->fd, (struct sockaddr *)&ss, n) == 0) return true;
    char buf[ADDR_TEXT_MAX];
    text_addf(why, "cannot open UDP %s port %u: %s", addr_text(local, buf), port, strerror(errno));
    probe_socket_close(s);
    return false;
}

void probe_socket_close(struct probe_socket *s)
{
    if (s->fd >= 0) close(s->fd);
    s->fd = -1;
}

/* --- out --- */

union ancillary {
    struct cmsghdr align;
    char room[256];
};

static void add_cmsg(struct msghdr *m, struct cmsghdr **at, int level, int type, const void *data,
                     size_t n)
{
    struct cmsghdr *c = *at;
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(n);
    memcpy(CMSG_DATA(c), data, n);
    m->msg_controllen += CMSG_SPACE(n);
    *at = (struct cmsghdr *)((char *)c + CMSG_SPACE(n));
}

static void add_source(struct msghdr *m, struct cmsghdr **at, const struct addr *from)
{
    if (from->family == FAMILY_IPV6) {
        struct in6_pktinfo info = {0};
        memcpy(&info.ipi6_addr, from->b, sizeof info.ipi6_addr);
        add_cmsg(m, at, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    } else if (from->family == FAMILY_IPV4) {
        struct in_pktinfo info = {0};
        memcpy(&info.ipi_spec_dst, from->b, sizeof info.ipi_spec_dst);
        add_cmsg(m, at, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    }
}

bool probe_socket_send(struct probe_socket *s, const struct addr *from, const struct addr *to,
                       uint16_t port, uint8_t dscp, const void *bytes, size_t n)
{
    struct sockaddr_storage ss;
    union ancillary control = {.room = {0}};
    struct iovec io = {(void *)bytes, n};
    struct msghdr m = {.msg_name = &ss, .msg_iov = &io, .msg_iovlen = 1, .msg_control = &control};
    struct cmsghdr *at = &control.align;
    int tos = dscp << DSCP_SHIFT;
    bool v6 = to->family == FAMILY_IPV6;
    m.msg_namelen = to_sockaddr(to, port, &ss);
    add_cmsg(&m, &at, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_TCLASS : IP_TOS, &tos, sizeof tos);
    add_source(&m, &at, from);
    return sendmsg(s->fd, &m, MSG_NOSIGNAL) == (ssize_t)n;
}

/* --- in --- */

static void take_class(struct probe_datagram *d, unsigned value)
{
    d->dscp = (uint8_t)(value >> DSCP_SHIFT);
    d->ecn = (uint8_t)(value & ECN_MASK);
}

static unsigned int_of(const struct cmsghdr *c)
{
    if (c->cmsg_len < CMSG_LEN(sizeof(int))) return *(const uint8_t *)CMSG_DATA(c);
    int v;
    memcpy(&v, CMSG_DATA(c), sizeof v);
    return (unsigned)v;
}

static void take_cmsg(struct probe_datagram *d, const struct cmsghdr *c)
{
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
        struct timespec t;
        memcpy(&t, CMSG_DATA(c), sizeof t);
        d->at_us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
        take_class(d, int_of(c));
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) {
        d->ttl = (uint8_t)int_of(c);
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof info);
        d->to = addr_from_bytes(FAMILY_IPV4, (const uint8_t *)&info.ipi_addr);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
        take_class(d, int_of(c));
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT) {
        d->ttl = (uint8_t)int_of(c);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof info);
        d->to = addr_from_bytes(FAMILY_IPV6, (const uint8_t *)&info.ipi6_addr);
    }
}

bool probe_socket_receive(struct probe_socket *s, struct probe_datagram *out)
{
    struct sockaddr_storage ss;
    union ancillary control;
    struct iovec io = {out->bytes, sizeof out->bytes};
    struct msghdr m = {.msg_name = &ss,
                       .msg_namelen = sizeof ss,
                       .msg_iov = &io,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = sizeof control};
    ssize_t n = recvmsg(s->fd, &m, 0);
    if (n < 0) return false;
    out->n = (size_t)n;
    out->at_us = 0;
    out->dscp = out->ecn = out->ttl = 0;
    out->to = (struct addr){0};
    out->from = from_sockaddr(&ss, &out->from_port);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) take_cmsg(out, c);
    if (out->at_us == 0) out->at_us = probe_wall_us();
    return true;
}

bool probe_socket_wait(struct probe_socket *s, duration most)
{
    struct pollfd p = {s->fd, POLLIN, 0};
    struct timespec t = {most.us / 1000000, most.us % 1000000 * 1000};
    if (most.us < 0) t = (struct timespec){0};
    return ppoll(&p, 1, &t, NULL) > 0;
}

int64_t probe_wall_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
