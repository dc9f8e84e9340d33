/* sys/netlink.c - rtnetlink messages by libmnl: built by a few helpers, sent one by one or, for
 * routes, many at a time, each answered by the kernel. A dump that was disturbed by changes
 * (NLM_F_DUMP_INTR, ENOBUFS) is read again. */
#include "sys/netlink_priv.h"
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ROUTES_A_SEND = 64,
    UNANSWERED = EAGAIN,
    DUMP_TRIES = 5,
    BUSY_TRIES = 3,
    TICKS_A_SECOND = 100, /* USER_HZ, of neighbour ages */
};

struct netlink *netlink_open(struct text *why)
{
    struct netlink *nl = calloc(1, sizeof *nl);
    if (!nl) abort();
    nl->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (nl->socket && mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) == 0) {
        int on = 1, room = 1 << 20;
        setsockopt(mnl_socket_get_fd(nl->socket), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
        mnl_socket_setsockopt(nl->socket, NETLINK_CAP_ACK, &on, sizeof on);
        return nl;
    }
    text_addf(why, "cannot open a netlink socket: %s", strerror(errno));
    netlink_close(nl);
    return NULL;
}

void netlink_close(struct netlink *nl)
{
    if (!nl) return;
    if (nl->socket) mnl_socket_close(nl->socket);
    free(nl);
}

/* --- one request, one acknowledgement --- */

struct nlmsghdr *netlink_begin(struct netlink *nl, void *room, uint16_t type, uint16_t flags)
{
    struct nlmsghdr *h = mnl_nlmsg_put_header(room);
    h->nlmsg_type = type;
    h->nlmsg_flags = NLM_F_REQUEST | flags;
    h->nlmsg_seq = ++nl->sequence;
    return h;
}

static int fault_of(const struct nlmsghdr *h)
{
    const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);
    return -e->error;
}

/* 0, or errno. */
static int send_and_wait(struct netlink *nl, const struct nlmsghdr *h)
{
    if (mnl_socket_sendto(nl->socket, h, h->nlmsg_len) < 0) return errno;
    for (;;) {
        ssize_t n = mnl_socket_recvfrom(nl->socket, nl->in, sizeof nl->in);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        int left = (int)n;
        for (const struct nlmsghdr *a = (const struct nlmsghdr *)nl->in; mnl_nlmsg_ok(a, left);
             a = mnl_nlmsg_next(a, &left))
            if (a->nlmsg_seq == h->nlmsg_seq && a->nlmsg_type == NLMSG_ERROR) return fault_of(a);
    }
}

int netlink_change(struct netlink *nl, struct nlmsghdr *h)
{
    int fault = EBUSY;
    h->nlmsg_flags |= NLM_F_ACK;
    for (int i = 0; i < BUSY_TRIES && (fault == EBUSY || fault == ENOMEM || fault == ENOBUFS); i++)
        fault = send_and_wait(nl, h);
    return fault;
}

bool netlink_said(int fault, struct text *why, const char *what, const char *of)
{
    if (fault) text_addf(why, "cannot %s %s: %s", what, of, strerror(fault));
    return fault == 0;
}

/* --- dumps --- */

/* 1 whole, 0 disturbed, -1 refused. */
static int read_dump(struct netlink *nl, unsigned sequence, struct netlink_dump *d)
{
    bool disturbed = false;
    for (;;) {
        ssize_t n = mnl_socket_recvfrom(nl->socket, nl->in, sizeof nl->in);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == ENOBUFS ? 0 : -1;
        int left = (int)n;
        for (const struct nlmsghdr *h = (const struct nlmsghdr *)nl->in; mnl_nlmsg_ok(h, left);
             h = mnl_nlmsg_next(h, &left)) {
            if (h->nlmsg_seq != sequence) continue;
            if (h->nlmsg_flags & NLM_F_DUMP_INTR) disturbed = true;
            if (h->nlmsg_type == NLMSG_DONE) return disturbed ? 0 : 1;
            if (h->nlmsg_type == NLMSG_ERROR) return -1;
            d->one(d, h);
        }
    }
}

/* A disturbed dump is read again; its rows are then seen twice, which all users bear. */
bool netlink_dump(struct netlink *nl, uint16_t type, const void *head, size_t head_n, struct netlink_dump *d)
{
    for (int i = 0; i < DUMP_TRIES; i++) {
        struct nlmsghdr *h = netlink_begin(nl, nl->out, type, NLM_F_DUMP);
        memcpy(mnl_nlmsg_put_extra_header(h, head_n), head, head_n);
        if (mnl_socket_sendto(nl->socket, h, h->nlmsg_len) < 0) return false;
        int got = read_dump(nl, h->nlmsg_seq, d);
        if (got) return got > 0;
    }
    return false;
}

void netlink_attributes(const struct nlmsghdr *h, size_t head, const struct nlattr **table, size_t n)
{
    const struct nlattr *a = mnl_nlmsg_get_payload_offset(h, head);
    int left = (int)((const char *)mnl_nlmsg_get_payload_tail(h) - (const char *)a);
    memset(table, 0, n * sizeof *table);
    for (; mnl_attr_ok(a, left); left -= MNL_ALIGN(a->nla_len), a = mnl_attr_next(a))
        if (mnl_attr_get_type(a) < n) table[mnl_attr_get_type(a)] = a;
}

/* Of one family; `head` is the size of the kernel's structure that begins with it. */
static bool dump(struct netlink *nl, uint16_t type, uint8_t family, size_t head, struct netlink_dump *d)
{
    uint8_t bytes[64] = {family};
    return netlink_dump(nl, type, bytes, head, d);
}

/* --- interfaces --- */

static void copy_text(char *to, size_t room, const struct nlattr *a)
{
    size_t n = a ? mnl_attr_get_payload_len(a) : 0;
    if (n >= room) n = room - 1;
    if (n) memcpy(to, mnl_attr_get_payload(a), n);
    to[n] = 0;
}

static void read_link(const struct nlmsghdr *h, struct netlink_link *l)
{
    const struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
    const struct nlattr *at[IFLA_STATS64 + 1];
    netlink_attributes(h, sizeof *i, at, ARRAY_LEN(at));
    *l = (struct netlink_link){.index = (unsigned)i->ifi_index, .enabled = i->ifi_flags & IFF_UP};
    l->up = l->enabled && i->ifi_flags & IFF_RUNNING;
    copy_text(l->name, sizeof l->name, at[IFLA_IFNAME]);
    copy_text(l->alias, sizeof l->alias, at[IFLA_IFALIAS]);
    if (at[IFLA_MTU]) l->mtu = mnl_attr_get_u32(at[IFLA_MTU]);
    if (at[IFLA_ADDRESS] && mnl_attr_get_payload_len(at[IFLA_ADDRESS]) == 6)
        memcpy(l->mac, mnl_attr_get_payload(at[IFLA_ADDRESS]), 6);
    if (at[IFLA_STATS64]) {
        struct rtnl_link_stats64 s = {0};
        size_t n = mnl_attr_get_payload_len(at[IFLA_STATS64]);
        memcpy(&s, mnl_attr_get_payload(at[IFLA_STATS64]), n < sizeof s ? n : sizeof s);
        l->rx_packets = s.rx_packets, l->rx_bytes = s.rx_bytes;
        l->tx_packets = s.tx_packets, l->tx_bytes = s.tx_bytes;
    }
}

static void one_link(struct netlink_dump *d, const struct nlmsghdr *h)
{
    void (*seen)(void *, const struct netlink_link *) = (void (*)(void *, const struct netlink_link *))d->seen;
    struct netlink_link l;
    if (h->nlmsg_type != RTM_NEWLINK) return;
    read_link(h, &l);
    seen(d->ctx, &l);
}

void netlink_each_link(struct netlink *nl, void (*seen)(void *ctx, const struct netlink_link *l), void *ctx)
{
    struct netlink_dump d = {one_link, (void *)seen, ctx, 0};
    dump(nl, RTM_GETLINK, AF_UNSPEC, sizeof(struct ifinfomsg), &d);
}

bool netlink_link_find(struct netlink *nl, const char *name, struct netlink_link *out)
{
    struct nlmsghdr *h = netlink_begin(nl, nl->out, RTM_GETLINK, 0);
    mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
    mnl_attr_put_strz(h, IFLA_IFNAME, name);
    if (mnl_socket_sendto(nl->socket, h, h->nlmsg_len) < 0) return false;
    for (;;) {
        ssize_t n = mnl_socket_recvfrom(nl->socket, nl->in, sizeof nl->in);
        if (n < 0 && errno == EINTR) continue;
        const struct nlmsghdr *a = (const struct nlmsghdr *)nl->in;
        if (n < 0 || !mnl_nlmsg_ok(a, (int)n)) return false;
        if (a->nlmsg_seq != h->nlmsg_seq) continue;
        if (a->nlmsg_type != RTM_NEWLINK) return false;
        read_link(a, out);
        return true;
    }
}

bool netlink_veth_make(struct netlink *nl, const char *near, const char *far, int far_ns, unsigned mtu,
                       struct text *why)
{
    struct nlmsghdr *h = netlink_begin(nl, nl->out, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
    mnl_attr_put_strz(h, IFLA_IFNAME, near);
    mnl_attr_put_u32(h, IFLA_MTU, mtu);
    struct nlattr *info = mnl_attr_nest_start(h, IFLA_LINKINFO);
    mnl_attr_put_strz(h, IFLA_INFO_KIND, "veth");
    struct nlattr *data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
    struct nlattr *peer = mnl_attr_nest_start(h, VETH_INFO_PEER);
    mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
    mnl_attr_put_strz(h, IFLA_IFNAME, far);
    mnl_attr_put_u32(h, IFLA_MTU, mtu);
    mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t)far_ns);
    mnl_attr_nest_end(h, peer);
    mnl_attr_nest_end(h, data);
    mnl_attr_nest_end(h, info);
    return netlink_said(netlink_change(nl, h), why, "make the interface pair", far);
}

bool netlink_link_set(struct netlink *nl, unsigned index, bool up, unsigned mtu, const char *alias,
                      struct text *why)
{
    struct nlmsghdr *h = netlink_begin(nl, nl->out, RTM_NEWLINK, 0);
    struct ifinfomsg *i = mnl_nlmsg_put_extra_header(h, sizeof *i);
    char name[IF_NAMESIZE] = "";
    i->ifi_index = (int)index;
    i->ifi_flags = up ? IFF_UP : 0;
    i->ifi_change = IFF_UP;
    if (mtu) mnl_attr_put_u32(h, IFLA_MTU, mtu);
    if (alias) mnl_attr_put(h, IFLA_IFALIAS, strlen(alias), alias);
    return netlink_said(netlink_change(nl, h), why, "set up interface", if_indextoname(index, name) ? name : "?");
}

bool netlink_link_delete(struct netlink *nl, unsigned index)
{
    struct nlmsghdr *h = netlink_begin(nl, nl->out, RTM_DELLINK, 0);
    struct ifinfomsg *i = mnl_nlmsg_put_extra_header(h, sizeof *i);
    i->ifi_index = (int)index;
    int fault = netlink_change(nl, h);
    return fault == 0 || fault == ENODEV;
}

static bool ethtool(int fd, const char *name, uint32_t command, uint32_t *data)
{
    struct ethtool_value v = {.cmd = command, .data = *data};
    struct ifreq r = {0};
    snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
    r.ifr_data = (void *)&v;
    bool fine = ioctl(fd, SIOCETHTOOL, &r) == 0;
    *data = v.data;
    return fine;
}

/* What a driver cannot switch it does not do. */
static void tags_by_software(int fd, const char *name)
{
    static const uint32_t flags[] = {ETH_FLAG_TXVLAN, ETH_FLAG_RXVLAN};
    for (size_t k = 0; k < ARRAY_LEN(flags); k++) {
        uint32_t now = 0, wanted;
        if (!ethtool(fd, name, ETHTOOL_GFLAGS, &now) || !(now & flags[k])) continue;
        wanted = now & ~flags[k];
        ethtool(fd, name, ETHTOOL_SFLAGS, &wanted);
    }
}

bool netlink_offloads_off(const char *name)
{
    uint32_t off = 0;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool fine = fd >= 0 && ethtool(fd, name, ETHTOOL_STXCSUM, &off);
    if (fd < 0) return false;
    tags_by_software(fd, name);
    close(fd);
    return fine;
}

/* --- addresses --- */

static uint8_t kernel_family(const struct addr *a) { return a->family == FAMILY_IPV6 ? AF_INET6 : AF_INET; }

static void put_address(struct nlmsghdr *h, uint16_t type, const struct addr *a)
{
    mnl_attr_put(h, type, addr_bytes((enum family)a->family), a->b);
}

static struct nlmsghdr *address_message(struct netlink *nl, uint16_t type, uint16_t flags, unsigned index,
                                        const struct addr *a, uint8_t len)
{
    struct nlmsghdr *h = netlink_begin(nl, nl->out, type, flags);
    struct ifaddrmsg *i = mnl_nlmsg_put_extra_header(h, sizeof *i);
    i->ifa_family = kernel_family(a);
    i->ifa_prefixlen = len;
    i->ifa_index = index;
    /* Nobody else can have it: waiting for duplicate detection would only delay the first session. */
    if (a->family == FAMILY_IPV6) i->ifa_flags = IFA_F_NODAD;
    put_address(h, IFA_LOCAL, a);
    put_address(h, IFA_ADDRESS, a);
    return h;
}

bool netlink_address_add(struct netlink *nl, unsigned index, const struct addr *a, uint8_t len,
                         struct text *why)
{
    char buf[ADDR_TEXT_MAX];
    int fault =
        netlink_change(nl, address_message(nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, a, len));
    return netlink_said(fault == EEXIST ? 0 : fault, why, "add address", addr_text(a, buf));
}

bool netlink_address_delete(struct netlink *nl, unsigned index, const struct addr *a, uint8_t len)
{
    int fault = netlink_change(nl, address_message(nl, RTM_DELADDR, 0, index, a, len));
    return fault == 0 || fault == EADDRNOTAVAIL || fault == ENODEV;
}

static bool read_addr(const struct nlattr *a, uint8_t family, struct addr *out)
{
    enum family f = family == AF_INET6 ? FAMILY_IPV6 : FAMILY_IPV4;
    if (!a || mnl_attr_get_payload_len(a) != addr_bytes(f)) return false;
    *out = addr_from_bytes(f, mnl_attr_get_payload(a));
    return true;
}

static void one_address(struct netlink_dump *d, const struct nlmsghdr *h)
{
    void (*seen)(void *, const struct addr *, uint8_t) =
        (void (*)(void *, const struct addr *, uint8_t))d->seen;
    const struct ifaddrmsg *i = mnl_nlmsg_get_payload(h);
    const struct nlattr *at[IFA_LOCAL + 1];
    struct addr a;
    if (h->nlmsg_type != RTM_NEWADDR || i->ifa_index != d->index) return;
    netlink_attributes(h, sizeof *i, at, ARRAY_LEN(at));
    if (!read_addr(at[IFA_LOCAL] ? at[IFA_LOCAL] : at[IFA_ADDRESS], i->ifa_family, &a)) return;
    if (!addr_is_link_local(&a) || a.family == FAMILY_IPV4) seen(d->ctx, &a, i->ifa_prefixlen);
}

void netlink_each_address(struct netlink *nl, unsigned index,
                          void (*seen)(void *ctx, const struct addr *a, uint8_t len), void *ctx)
{
    struct netlink_dump d = {one_address, (void *)seen, ctx, index};
    dump(nl, RTM_GETADDR, AF_UNSPEC, sizeof(struct ifaddrmsg), &d);
}

/* --- routes --- */

static void put_next_hops(struct nlmsghdr *h, const struct netlink_route *r)
{
    if (r->next_hops_n == 1) {
        put_address(h, RTA_GATEWAY, &r->next_hops[0]);
        return;
    }
    struct nlattr *list = mnl_attr_nest_start(h, RTA_MULTIPATH);
    for (size_t i = 0; i < r->next_hops_n; i++) {
        struct rtnexthop *hop = mnl_nlmsg_put_extra_header(h, sizeof *hop);
        put_address(h, RTA_GATEWAY, &r->next_hops[i]);
        hop->rtnh_len = (uint16_t)((uint8_t *)mnl_nlmsg_get_payload_tail(h) - (uint8_t *)hop);
    }
    mnl_attr_nest_end(h, list);
}

static struct nlmsghdr *route_message(struct netlink *nl, void *room, const struct netlink_route *r)
{
    bool add = r->next_hops_n > 0;
    struct nlmsghdr *h = netlink_begin(nl, room, add ? RTM_NEWROUTE : RTM_DELROUTE,
                               (uint16_t)(add ? NLM_F_CREATE | NLM_F_REPLACE : 0));
    struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof *m);
    m->rtm_family = kernel_family(&r->prefix.addr);
    m->rtm_dst_len = r->prefix.len;
    m->rtm_table = RT_TABLE_MAIN;
    m->rtm_protocol = ROUTE_PROTOCOL;
    m->rtm_scope = add ? RT_SCOPE_UNIVERSE : RT_SCOPE_NOWHERE;
    m->rtm_type = add ? RTN_UNICAST : RTN_UNSPEC;
    put_address(h, RTA_DST, &r->prefix.addr);
    mnl_attr_put_u32(h, RTA_PRIORITY, ROUTE_METRIC);
    if (add) put_next_hops(h, r);
    return h;
}

static int converged(const struct netlink_route *r, int fault)
{
    if (r->next_hops_n == 0 && (fault == ESRCH || fault == ENETUNREACH)) return 0;
    return r->next_hops_n > 0 && fault == EEXIST ? 0 : fault;
}

/* Refusals come in order, and an answer to the last message in any case: what was not refused until then is
 * done. An answer for each costs a tenth of the time. */
static void read_answers(struct netlink *nl, unsigned first, struct netlink_route *routes, size_t n)
{
    for (bool whole = false; !whole;) {
        ssize_t size = mnl_socket_recvfrom(nl->socket, nl->in, sizeof nl->in);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return; /* ENOBUFS: what was not answered keeps its fault */
        int left = (int)size;
        for (const struct nlmsghdr *h = (const struct nlmsghdr *)nl->in; mnl_nlmsg_ok(h, left);
             h = mnl_nlmsg_next(h, &left)) {
            unsigned at = h->nlmsg_seq - first;
            if (h->nlmsg_type != NLMSG_ERROR || at >= n) continue;
            routes[at].fault = converged(&routes[at], fault_of(h));
            whole = at == n - 1;
        }
    }
    for (size_t i = 0; i < n; i++)
        if (routes[i].fault == UNANSWERED) routes[i].fault = 0;
}

static void put_batch(struct netlink *nl, struct netlink_route *routes, size_t n)
{
    uint8_t batch[ROUTES_A_SEND * 512];
    size_t used = 0;
    unsigned first = nl->sequence + 1;
    for (size_t i = 0; i < n; i++) {
        routes[i].fault = UNANSWERED;
        struct nlmsghdr *h = route_message(nl, batch + used, &routes[i]);
        if (i == n - 1) h->nlmsg_flags |= NLM_F_ACK;
        used += NLMSG_ALIGN(h->nlmsg_len);
    }
    if (mnl_socket_sendto(nl->socket, batch, used) >= 0) read_answers(nl, first, routes, n);
}

void netlink_routes_put(struct netlink *nl, struct netlink_route *routes, size_t n)
{
    for (size_t at = 0; at < n; at += ROUTES_A_SEND)
        put_batch(nl, routes + at, n - at < ROUTES_A_SEND ? n - at : ROUTES_A_SEND);
}

static void read_multipath(const struct nlattr *list, uint8_t family, struct netlink_route *r)
{
    const struct rtnexthop *hop = mnl_attr_get_payload(list);
    int left = mnl_attr_get_payload_len(list);
    while (left >= (int)sizeof *hop && hop->rtnh_len >= sizeof *hop && hop->rtnh_len <= left) {
        const struct nlattr *a = (const struct nlattr *)RTNH_DATA(hop);
        int room = hop->rtnh_len - (int)sizeof *hop;
        for (; mnl_attr_ok(a, room); room -= MNL_ALIGN(a->nla_len), a = mnl_attr_next(a))
            if (mnl_attr_get_type(a) == RTA_GATEWAY && r->next_hops_n < NETLINK_NEXT_HOPS_MAX &&
                read_addr(a, family, &r->next_hops[r->next_hops_n]))
                r->next_hops_n++;
        left -= (int)RTNH_ALIGN(hop->rtnh_len);
        hop = RTNH_NEXT(hop);
    }
}

static void one_route(struct netlink_dump *d, const struct nlmsghdr *h)
{
    void (*seen)(void *, const struct netlink_route *) =
        (void (*)(void *, const struct netlink_route *))d->seen;
    const struct rtmsg *m = mnl_nlmsg_get_payload(h);
    const struct nlattr *at[RTA_MULTIPATH + 1];
    struct netlink_route r = {0};
    if (h->nlmsg_type != RTM_NEWROUTE || m->rtm_protocol != ROUTE_PROTOCOL) return;
    if (m->rtm_family != AF_INET && m->rtm_family != AF_INET6) return;
    netlink_attributes(h, sizeof *m, at, ARRAY_LEN(at));
    struct addr dst = {.family = m->rtm_family == AF_INET6 ? FAMILY_IPV6 : FAMILY_IPV4};
    if (at[RTA_DST] && !read_addr(at[RTA_DST], m->rtm_family, &dst)) return;
    r.prefix = prefix_of(&dst, m->rtm_dst_len);
    if (at[RTA_GATEWAY] && read_addr(at[RTA_GATEWAY], m->rtm_family, &r.next_hops[0])) r.next_hops_n = 1;
    if (at[RTA_MULTIPATH]) read_multipath(at[RTA_MULTIPATH], m->rtm_family, &r);
    seen(d->ctx, &r);
}

bool netlink_each_route(struct netlink *nl, void (*seen)(void *ctx, const struct netlink_route *r), void *ctx)
{
    struct netlink_dump d = {one_route, (void *)seen, ctx, 0};
    return dump(nl, RTM_GETROUTE, AF_INET, sizeof(struct rtmsg), &d) &&
           dump(nl, RTM_GETROUTE, AF_INET6, sizeof(struct rtmsg), &d);
}

/* --- neighbours --- */

static const char *state_name(uint16_t state)
{
    static const struct {
        uint16_t bit;
        const char *name;
    } names[] = {{NUD_PERMANENT, "permanent"}, {NUD_REACHABLE, "reachable"}, {NUD_STALE, "stale"},
                 {NUD_DELAY, "delay"},         {NUD_PROBE, "probe"},         {NUD_FAILED, "failed"},
                 {NUD_INCOMPLETE, "incomplete"}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (state & names[i].bit) return names[i].name;
    return "none";
}

static void one_neighbour(struct netlink_dump *d, const struct nlmsghdr *h)
{
    void (*seen)(void *, const struct netlink_neighbour *) =
        (void (*)(void *, const struct netlink_neighbour *))d->seen;
    const struct ndmsg *m = mnl_nlmsg_get_payload(h);
    const struct nlattr *at[NDA_CACHEINFO + 1];
    struct netlink_neighbour n = {.index = (unsigned)m->ndm_ifindex, .state = state_name(m->ndm_state)};
    if (h->nlmsg_type != RTM_NEWNEIGH || m->ndm_state & NUD_NOARP) return;
    if (m->ndm_family != AF_INET && m->ndm_family != AF_INET6) return;
    netlink_attributes(h, sizeof *m, at, ARRAY_LEN(at));
    if (!read_addr(at[NDA_DST], m->ndm_family, &n.addr)) return;
    if (at[NDA_LLADDR] && mnl_attr_get_payload_len(at[NDA_LLADDR]) == 6)
        memcpy(n.mac, mnl_attr_get_payload(at[NDA_LLADDR]), 6);
    if (at[NDA_CACHEINFO] && mnl_attr_get_payload_len(at[NDA_CACHEINFO]) >= sizeof(struct nda_cacheinfo)) {
        struct nda_cacheinfo c;
        memcpy(&c, mnl_attr_get_payload(at[NDA_CACHEINFO]), sizeof c);
        n.age_s = c.ndm_confirmed / TICKS_A_SECOND;
    }
    seen(d->ctx, &n);
}

void netlink_each_neighbour(struct netlink *nl, void (*seen)(void *ctx, const struct netlink_neighbour *n),
                            void *ctx)
{
    struct netlink_dump d = {one_neighbour, (void *)seen, ctx, 0};
    dump(nl, RTM_GETNEIGH, AF_UNSPEC, sizeof(struct ndmsg), &d);
}
