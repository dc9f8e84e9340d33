/* sys/netlink_priv.h - one request and its answer, dumps: shared by netlink.c and netlink_queues.c. */
#pragma once
#include <libmnl/libmnl.h>
#include "sys/netlink.h"

enum { NETLINK_MESSAGE_ROOM = 4096, NETLINK_ANSWER_ROOM = 64 << 10 };

struct netlink {
    struct mnl_socket *socket;
    unsigned sequence;
    uint8_t out[NETLINK_MESSAGE_ROOM];
    uint8_t in[NETLINK_ANSWER_ROOM];
};

struct nlmsghdr *netlink_begin(struct netlink *nl, void *room, uint16_t type, uint16_t flags);
int netlink_change(struct netlink *nl, struct nlmsghdr *h); /* 0 or errno */
/* True when `fault` is 0; else what could not be done. */
bool netlink_said(int fault, struct text *why, const char *what, const char *of);

struct netlink_dump {
    void (*one)(struct netlink_dump *d, const struct nlmsghdr *h);
    void *seen, *ctx;
    unsigned index;
};
/* `request` is sent anew when the dump was disturbed; its rows are then seen twice. */
bool netlink_dump(struct netlink *nl, uint16_t type, const void *head, size_t head_n, struct netlink_dump *d);
void netlink_attributes(const struct nlmsghdr *h, size_t head, const struct nlattr **table, size_t n);
