/* tests/unit/router/world.h - several routers in one process on virtual time, joined by cables.
 * A cable joins a neighbour entry of one router with one of another; it can be cut, and one end can
 * stop reading. The sinks only write into a queue; the world acts on it, so nothing calls back. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include "check.h"
#include "router/router.h"

enum { NODES = 600, CABLES = 1100, EVENTS = 4096, KERNEL_ROUTES = 4096 };

struct kernel_route {
    domain_ref domain;
    struct prefix prefix;
    struct addr hops[ROUTE_NEXT_HOPS_MAX];
    uint8_t hops_n;
};

struct node {
    struct router *r;
    struct arena arena;
    struct intent intent; /* what was applied last; tests change it and apply again */
    struct kernel_route kernel[KERNEL_ROUTES];
    size_t kernel_n, settled, closes, bfd_started, bfd_changed, bfd_stopped;
    struct text events; /* "name peer: text" lines */
};

struct cable_end {
    int node;
    const char *peer;
    peer_ref ref;
    bool deaf;    /* does not read: the other end cannot write */
    bool waiting; /* the other end had something to write meanwhile */
};
struct cable {
    struct cable_end end[2]; /* 0 opens, 1 accepts */
    bool cut, up;
    bool silent; /* loses everything without anybody noticing: what BFD is for */
};

struct todo {
    enum { TODO_CONNECT, TODO_CLOSE, TODO_WRITE } what;
    int node;
    peer_ref peer;
};

struct world {
    struct node *nodes[NODES];
    struct cable cables[CABLES];
    int nodes_n;
    size_t cables_n, todo_head, todo_n, todo_room;
    struct todo *todo;
    instant now;
    uint64_t bytes;
};

struct world *world_new(void);
void world_free(struct world *w);
int world_router(struct world *w, const char *name, uint32_t asn, enum intent_dataplane dataplane);
struct intent_domain *world_domain(struct world *w, int node, const char *name, enum domain_kind kind);
struct intent_peer *world_peer(struct world *w, int node, const char *domain, const char *name,
                               enum peer_role role, uint32_t asn, const char *address,
                               const char *local, bool passive);
struct intent_network *world_network(struct world *w, int node, const char *domain,
                                     const char *prefix);
void world_attach(struct world *w, int node, const char *domain, const char *name,
                  const char *address, uint8_t len);
/* a opens to b. */
struct cable *world_cable(struct world *w, int a, const char *peer_a, int b, const char *peer_b);
void world_apply(struct world *w, int node);
void world_run(struct world *w, int64_t seconds);
void world_cut(struct world *w, struct cable *c); /* the connection breaks, and no new one comes up */
void world_mend(struct world *w, struct cable *c);
void world_listen(struct world *w, struct cable *c, int end, bool reads);

/* --- questions --- */
struct kernel_route *world_kernel(struct world *w, int node, const char *domain, const char *prefix);
bool world_said(struct world *w, int node, const char *event);
/* JSON of the routes; find a substring within the row of a prefix. */
bool world_route_has(struct world *w, int node, const char *domain, const char *prefix,
                     const char *part);
bool world_has_route(struct world *w, int node, const char *domain, const char *prefix);
bool world_peer_has(struct world *w, int node, const char *peer, const char *part);
