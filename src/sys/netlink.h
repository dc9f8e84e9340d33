/* sys/netlink.h - the kernel's interfaces, addresses, routes and neighbours (rtnetlink, by libmnl).
 * A netlink speaks to the namespace it was opened in. Every change is acknowledged; what is already
 * as asked for counts as done (EEXIST on adding, ESRCH and ENODEV on removing; RB-121). */
#pragma once
#include "base/text.h"
#include "net/prefix.h"

struct netlink;

struct netlink *netlink_open(struct text *why); /* NULL with `why` */
void netlink_close(struct netlink *nl);

/* --- interfaces --- */
enum { LINK_NAME_MAX = 16, LINK_ALIAS_MAX = 256 };
struct netlink_link {
    unsigned index, mtu;
    char name[LINK_NAME_MAX], alias[LINK_ALIAS_MAX];
    uint8_t mac[6];
    bool up;      /* administratively, and with carrier */
    bool enabled; /* administratively */
    uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
};
MUST_USE bool netlink_link_find(struct netlink *nl, const char *name, struct netlink_link *out);
void netlink_each_link(struct netlink *nl, void (*seen)(void *ctx, const struct netlink_link *l), void *ctx);

/* `near` here, `far` in the namespace of that descriptor. */
MUST_USE bool netlink_veth_make(struct netlink *nl, const char *near, const char *far, int far_ns,
                                unsigned mtu, struct text *why);
MUST_USE bool netlink_link_set(struct netlink *nl, unsigned index, bool up, unsigned mtu,
                               const char *alias, struct text *why); /* mtu 0, alias NULL: as it is */
bool netlink_link_delete(struct netlink *nl, unsigned index);
/* Transmit checksums and tags are written by software (ethtool tx off, txvlan off): for interfaces
 * whose frames are redirected past the place where hardware would do it. */
bool netlink_offloads_off(const char *name);

/* --- addresses --- */
MUST_USE bool netlink_address_add(struct netlink *nl, unsigned index, const struct addr *a, uint8_t len,
                                  struct text *why);
bool netlink_address_delete(struct netlink *nl, unsigned index, const struct addr *a, uint8_t len);
/* Link-local IPv6 addresses, which the kernel makes, are left out. */
void netlink_each_address(struct netlink *nl, unsigned index,
                          void (*seen)(void *ctx, const struct addr *a, uint8_t len), void *ctx);

/* --- routes --- */
enum { NETLINK_NEXT_HOPS_MAX = 8, ROUTE_PROTOCOL = 240, ROUTE_METRIC = 20 }; /* what is ours, RB-122 */
struct netlink_route {
    struct prefix prefix;
    uint8_t next_hops_n; /* 0: to be removed */
    struct addr next_hops[NETLINK_NEXT_HOPS_MAX];
    int fault; /* out: 0 or errno */
};
/* Replaces or removes routes of our protocol and metric in the main table, many a system call. */
void netlink_routes_put(struct netlink *nl, struct netlink_route *routes, size_t n);
/* Those with our protocol; false when the kernel could not give a whole picture. */
MUST_USE bool netlink_each_route(struct netlink *nl, void (*seen)(void *ctx, const struct netlink_route *r),
                                 void *ctx);

/* --- neighbours --- */
struct netlink_neighbour {
    unsigned index;
    struct addr addr;
    uint8_t mac[6];
    const char *state; /* "reachable", "stale" ... */
    unsigned age_s;    /* since it was confirmed */
};
void netlink_each_neighbour(struct netlink *nl, void (*seen)(void *ctx, const struct netlink_neighbour *n),
                            void *ctx);
