/* sys/fib_follow.c - see fib_follow.h. One socket is subscribed and asks for dumps, so that changes and
 * dumps come in the order in which they are true. */
#include "sys/fib_follow.h"
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 256 << 10, SOCKET_ROOM = 16 << 20, LOCAL_RANK = 0, MAIN_RANK = 1, TRIES = 3, WAIT_S = 5,
       CHANGE_ROOM = 4096, CHANGES = ROOM / CHANGE_ROOM };

struct fib_follow {
    int fd;
    uint32_t sequence;
    char in[ROOM];
};

static bool subscribe(int fd)
{
    static const int groups[] = {RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_NEIGH};
    for (size_t k = 0; k < ARRAY_LEN(groups); k++)
        if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[k], sizeof groups[k]) != 0) return false;
    return true;
}

struct fib_follow *fib_follow_open(struct text *why)
{
    struct sockaddr_nl me = {.nl_family = AF_NETLINK};
    struct timeval wait = {WAIT_S, 0};
    int room = SOCKET_ROOM;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (fd < 0 || bind(fd, (struct sockaddr *)&me, sizeof me) != 0 || !subscribe(fd)) {
        text_addf(why, "cannot follow the kernel's routes: %s", strerror(errno));
        if (fd >= 0) close(fd);
        return NULL;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    struct fib_follow *f = calloc(1, sizeof *f);
    if (!f) abort();
    f->fd = fd;
    return f;
}

void fib_follow_close(struct fib_follow *f)
{
    if (f) close(f->fd);
    free(f);
}

int fib_follow_fd(const struct fib_follow *f) { return f->fd; }

/* --- reading --- */

static void attributes(const struct nlmsghdr *h, size_t head, const struct rtattr **table, size_t n)
{
    size_t skip = NLMSG_LENGTH(head);
    int left = (int)h->nlmsg_len - (int)NLMSG_ALIGN(skip);
    memset(table, 0, n * sizeof *table);
    for (const struct rtattr *a = (const struct rtattr *)((const char *)h + NLMSG_ALIGN(skip)); RTA_OK(a, left);
         a = RTA_NEXT(a, left))
        if ((a->rta_type & NLA_TYPE_MASK) < n) table[a->rta_type & NLA_TYPE_MASK] = a;
}

static bool read_address(const struct rtattr *a, int family, struct addr *out)
{
    enum family f = family == AF_INET6 ? FAMILY_IPV6 : FAMILY_IPV4;
    if (!a || RTA_PAYLOAD(a) != addr_bytes(f)) return false;
    *out = addr_from_bytes(f, RTA_DATA(a));
    return true;
}

static uint32_t read_u32(const struct rtattr *a)
{
    uint32_t v = 0;
    if (a && RTA_PAYLOAD(a) >= sizeof v) memcpy(&v, RTA_DATA(a), sizeof v);
    return v;
}

static void add_hop(struct fib_route *r, const struct rtattr *gateway, int family, unsigned ifindex)
{
    if (r->hops_n == FIB_HOPS_MAX) return;
    r->hops[r->hops_n].ifindex = ifindex;
    r->hops[r->hops_n].via = (struct addr){0};
    (void)!read_address(gateway, family, &r->hops[r->hops_n].via);
    r->hops_n++;
}

static void read_multipath(const struct rtattr *list, int family, struct fib_route *r)
{
    const struct rtnexthop *hop = RTA_DATA(list);
    int left = (int)RTA_PAYLOAD(list);
    while (left >= (int)sizeof *hop && hop->rtnh_len >= sizeof *hop && hop->rtnh_len <= left) {
        const struct rtattr *gateway = NULL;
        int room = hop->rtnh_len - (int)sizeof *hop;
        for (const struct rtattr *a = RTNH_DATA(hop); RTA_OK(a, room); a = RTA_NEXT(a, room))
            if (a->rta_type == RTA_GATEWAY) gateway = a;
        add_hop(r, gateway, family, (unsigned)hop->rtnh_ifindex);
        left -= (int)NLMSG_ALIGN(hop->rtnh_len);
        hop = (const struct rtnexthop *)((const char *)hop + NLMSG_ALIGN(hop->rtnh_len));
    }
}

static enum fib_kind kind_of(uint8_t type)
{
    switch (type) {
    case RTN_UNICAST: return FIB_VIA;
    case RTN_BLACKHOLE: return FIB_DISCARD;
    case RTN_UNREACHABLE: case RTN_PROHIBIT: case RTN_THROW: return FIB_REFUSE;
    default: return FIB_LOCAL; /* ours: unicast, broadcast, multicast, anycast */
    }
}

/* False: of no interest here. The rank: local table first, then by metric. */
static bool read_route(const struct nlmsghdr *h, struct fib_route *r)
{
    const struct rtmsg *m = NLMSG_DATA(h);
    const struct rtattr *at[RTA_MAX + 1];
    if (m->rtm_family != AF_INET && m->rtm_family != AF_INET6) return false;
    attributes(h, sizeof *m, at, ARRAY_LEN(at));
    uint32_t table = at[RTA_TABLE] ? read_u32(at[RTA_TABLE]) : m->rtm_table, metric = read_u32(at[RTA_PRIORITY]);
    if ((table != RT_TABLE_MAIN && table != RT_TABLE_LOCAL) || m->rtm_flags & RTM_F_CLONED || m->rtm_tos) return false;
    struct addr dst = {.family = m->rtm_family == AF_INET6 ? FAMILY_IPV6 : FAMILY_IPV4};
    if (at[RTA_DST] && !read_address(at[RTA_DST], m->rtm_family, &dst)) return false;
    *r = (struct fib_route){.prefix = prefix_of(&dst, m->rtm_dst_len), .gone = h->nlmsg_type == RTM_DELROUTE,
                            .kind = kind_of(m->rtm_type),
                            .rank = table == RT_TABLE_LOCAL ? LOCAL_RANK : MAIN_RANK + (metric >> 1)};
    if (r->kind != FIB_VIA) return true;
    if (at[RTA_MULTIPATH])
        read_multipath(at[RTA_MULTIPATH], m->rtm_family, r);
    else
        add_hop(r, at[RTA_GATEWAY], m->rtm_family, read_u32(at[RTA_OIF]));
    if (at[RTA_VIA]) r->kind = FIB_REFUSE; /* a next hop of the other family: the slow path knows how */
    return true;
}

static bool read_neighbour(const struct nlmsghdr *h, struct fib_neighbour *n)
{
    const struct ndmsg *m = NLMSG_DATA(h);
    const struct rtattr *at[NDA_MAX + 1];
    if ((m->ndm_family != AF_INET && m->ndm_family != AF_INET6) || m->ndm_flags & NTF_PROXY) return false;
    attributes(h, sizeof *m, at, ARRAY_LEN(at));
    *n = (struct fib_neighbour){.ifindex = (unsigned)m->ndm_ifindex};
    if (!read_address(at[NDA_DST], m->ndm_family, &n->addr) || m->ndm_state & NUD_NOARP) return false;
    n->usable = h->nlmsg_type == RTM_NEWNEIGH && at[NDA_LLADDR] && RTA_PAYLOAD(at[NDA_LLADDR]) == 6 &&
                m->ndm_state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT);
    n->idle = n->usable && m->ndm_state & NUD_STALE;
    if (n->usable) memcpy(n->mac, RTA_DATA(at[NDA_LLADDR]), 6);
    return true;
}

static void one(const struct nlmsghdr *h, const struct fib_sink *to)
{
    struct fib_route r;
    struct fib_neighbour n;
    switch (h->nlmsg_type) {
    case RTM_NEWROUTE: case RTM_DELROUTE:
        if (read_route(h, &r)) to->route(to->ctx, &r);
        break;
    case RTM_NEWNEIGH: case RTM_DELNEIGH:
        if (read_neighbour(h, &n)) to->neighbour(to->ctx, &n);
        break;
    default: break;
    }
}

/* Of one datagram: 1 the dump `sequence` ended, -1 it was disturbed or refused, 0 neither. */
static int take(const char *bytes, size_t n, uint32_t sequence, const struct fib_sink *to, bool *disturbed)
{
    unsigned left = (unsigned)n;
    for (const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)bytes; NLMSG_OK(h, left);
         h = NLMSG_NEXT(h, left)) {
        bool ours = sequence && h->nlmsg_seq == sequence;
        if (ours && h->nlmsg_flags & NLM_F_DUMP_INTR) *disturbed = true;
        if (ours && h->nlmsg_type == NLMSG_DONE) return 1;
        if (ours && h->nlmsg_type == NLMSG_ERROR) return -1;
        one(h, to);
    }
    return 0;
}

bool fib_follow_changes(struct fib_follow *f, const struct fib_sink *to)
{
    struct mmsghdr heads[CHANGES];
    struct iovec room[CHANGES];
    bool disturbed = false;
    for (;;) {
        for (size_t k = 0; k < CHANGES; k++) {
            room[k] = (struct iovec){f->in + k * CHANGE_ROOM, CHANGE_ROOM};
            heads[k] = (struct mmsghdr){.msg_hdr = {.msg_iov = &room[k], .msg_iovlen = 1}};
        }
        int n = recvmmsg(f->fd, heads, CHANGES, MSG_DONTWAIT, NULL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
        for (int k = 0; k < n; k++) {
            if (heads[k].msg_hdr.msg_flags & MSG_TRUNC) return false;
            take(room[k].iov_base, heads[k].msg_len, 0, to, &disturbed);
        }
    }
}

static bool ask(struct fib_follow *f, uint16_t type, uint8_t family)
{
    struct {
        struct nlmsghdr h;
        union {
            struct rtmsg route;
            struct ndmsg neighbour;
        } m;
    } q = {.h = {.nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP, .nlmsg_seq = ++f->sequence}};
    if (type == RTM_GETROUTE)
        q.m.route.rtm_family = family, q.h.nlmsg_len = NLMSG_LENGTH(sizeof q.m.route);
    else
        q.m.neighbour.ndm_family = family, q.h.nlmsg_len = NLMSG_LENGTH(sizeof q.m.neighbour);
    return send(f->fd, &q, q.h.nlmsg_len, 0) >= 0;
}

/* 1 whole, 0 disturbed, -1 refused. */
static int dump(struct fib_follow *f, uint16_t type, uint8_t family, const struct fib_sink *to)
{
    bool disturbed = false;
    if (!ask(f, type, family)) return -1;
    for (;;) {
        ssize_t n = recv(f->fd, f->in, sizeof f->in, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == ENOBUFS) {
            disturbed = true;
            continue;
        }
        if (n < 0) return -1;
        int end = take(f->in, (size_t)n, f->sequence, to, &disturbed);
        if (end) return end < 0 ? -1 : !disturbed;
    }
}

bool fib_follow_all(struct fib_follow *f, const struct fib_sink *to)
{
    static const struct {
        uint16_t type;
        uint8_t family;
    } dumps[] = {{RTM_GETROUTE, AF_INET}, {RTM_GETROUTE, AF_INET6}, {RTM_GETNEIGH, AF_UNSPEC}};
    for (size_t k = 0; k < ARRAY_LEN(dumps); k++) {
        int got = 0;
        for (int i = 0; i < TRIES && got == 0; i++) got = dump(f, dumps[k].type, dumps[k].family, to);
        if (got < 0) return false;
    }
    return true;
}

/* A known neighbour is probed; one that is not known is looked for as if there were traffic to it. */
static void look_for(struct fib_follow *f, const struct fib_neighbour *n, bool known)
{
    struct {
        struct nlmsghdr h;
        struct ndmsg m;
        char attributes[64];
    } q = {.h = {.nlmsg_type = RTM_NEWNEIGH, .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (known ? NLM_F_REPLACE : NLM_F_CREATE)),
                 .nlmsg_seq = ++f->sequence},
           .m = {.ndm_family = n->addr.family == FAMILY_IPV6 ? AF_INET6 : AF_INET, .ndm_ifindex = (int)n->ifindex,
                 .ndm_state = known ? NUD_PROBE : NUD_NONE, .ndm_flags = known ? 0 : NTF_USE}};
    size_t bytes = addr_bytes((enum family)n->addr.family);
    struct rtattr *a = (struct rtattr *)(void *)q.attributes;
    *a = (struct rtattr){(unsigned short)RTA_LENGTH(bytes), NDA_DST};
    memcpy(RTA_DATA(a), n->addr.b, bytes);
    struct rtattr *b = (struct rtattr *)(void *)(q.attributes + RTA_SPACE(bytes));
    *b = (struct rtattr){RTA_LENGTH(6), NDA_LLADDR};
    memcpy(RTA_DATA(b), n->mac, 6);
    q.h.nlmsg_len = (uint32_t)(NLMSG_LENGTH(sizeof q.m) + RTA_SPACE(bytes) + (known ? RTA_SPACE(6) : 0));
    send(f->fd, &q, q.h.nlmsg_len, MSG_DONTWAIT);
}

void fib_follow_probe(struct fib_follow *f, const struct fib_neighbour *n) { look_for(f, n, true); }
void fib_follow_resolve(struct fib_follow *f, const struct fib_neighbour *n) { look_for(f, n, false); }
