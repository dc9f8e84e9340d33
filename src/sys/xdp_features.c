/* sys/xdp_features.c - the generic netlink family "netdev" (Linux 6.3), by its numbers: the headers of the
 * systems we build on are older. */
#include "sys/xdp_features.h"
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CMD_DEV_GET = 1, A_IFINDEX = 1, A_XDP_FEATURES = 3, FEATURE_NDO_XMIT = 4, ROOM = 4096 };

struct request {
    struct nlmsghdr h;
    struct genlmsghdr g;
    char attributes[64];
};

static void put(struct request *q, uint16_t type, const void *value, size_t n)
{
    struct nlattr *a = (struct nlattr *)(void *)((char *)q + NLMSG_ALIGN(q->h.nlmsg_len));
    a->nla_type = type;
    a->nla_len = (uint16_t)(NLA_HDRLEN + n);
    memcpy((char *)a + NLA_HDRLEN, value, n);
    q->h.nlmsg_len = NLMSG_ALIGN(q->h.nlmsg_len) + NLA_ALIGN(a->nla_len);
}

/* The attribute of that type in the answer's payload, copied to `value`. */
static bool ask(int fd, struct request *q, uint16_t type, void *value, size_t n)
{
    char in[ROOM];
    if (send(fd, q, q->h.nlmsg_len, 0) < 0) return false;
    ssize_t got = recv(fd, in, sizeof in, 0);
    const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)in;
    if (got < 0 || !NLMSG_OK(h, (unsigned)got) || h->nlmsg_type == NLMSG_ERROR) return false;
    size_t at = NLMSG_HDRLEN + GENL_HDRLEN;
    while (at + NLA_HDRLEN <= h->nlmsg_len) {
        const struct nlattr *a = (const struct nlattr *)(const void *)(in + at);
        if (a->nla_len < NLA_HDRLEN || at + a->nla_len > h->nlmsg_len) return false;
        if ((a->nla_type & NLA_TYPE_MASK) == type && a->nla_len >= NLA_HDRLEN + n) {
            memcpy(value, (const char *)a + NLA_HDRLEN, n);
            return true;
        }
        at += NLA_ALIGN(a->nla_len);
    }
    return false;
}

static struct request request_of(uint16_t family, uint8_t command)
{
    return (struct request){.h = {.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN), .nlmsg_type = family, .nlmsg_flags = NLM_F_REQUEST},
                            .g = {.cmd = command, .version = 1}};
}

static bool is_veth(unsigned ifindex)
{
    struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
    struct ifreq r = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    r.ifr_data = (void *)&info;
    bool told = fd >= 0 && if_indextoname(ifindex, r.ifr_name) && ioctl(fd, SIOCETHTOOL, &r) == 0;
    if (fd >= 0) close(fd);
    return told && strcmp(info.driver, "veth") == 0;
}

bool xdp_takes_redirects(unsigned ifindex)
{
    static const char name[] = "netdev";
    struct request who = request_of(GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
    uint32_t index = ifindex;
    uint64_t features = 0;
    uint16_t family = 0;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
    if (fd < 0) return false;
    put(&who, CTRL_ATTR_FAMILY_NAME, name, sizeof name);
    bool known = ask(fd, &who, CTRL_ATTR_FAMILY_ID, &family, sizeof family);
    struct request what = request_of(family, CMD_DEV_GET);
    put(&what, A_IFINDEX, &index, sizeof index);
    bool told = known && ask(fd, &what, A_XDP_FEATURES, &features, sizeof features);
    close(fd);
    return known ? told && features & FEATURE_NDO_XMIT : !is_veth(ifindex);
}
