/* router/router.h - one edge router as one object: sessions, tables and policy under an intent.
 * No sockets, no clock, no kernel: the program (or the scenario runner) reports facts and carries out
 * effects. Effects go to the sink during the call; the sink must not call back into the router.
 * Output is pulled when a socket has room, so a slow reader costs no memory: changes collapse per
 * prefix until it reads again. */
#pragma once
#include "base/hash.h"
#include "base/instant.h"
#include "base/text.h"
#include "intent/intent.h"
#include "policy/rov.h"
#include "proto/bgp_session.h"

struct router;

/* Peers and domains are named by small numbers, stable until the intent drops them. */
typedef uint32_t peer_ref;
typedef uint32_t domain_ref;
#define NO_REF UINT32_MAX

enum { ROUTE_NEXT_HOPS_MAX = 8 };
struct route_change { /* what the domain's kernel table should now hold for a prefix */
    domain_ref domain;
    struct prefix prefix;
    uint8_t next_hops_n; /* 0: remove */
    struct addr next_hops[ROUTE_NEXT_HOPS_MAX]; /* equal cost */
};

struct router_sink {
    void *ctx;
    void (*connect)(void *ctx, peer_ref peer);                      /* open TCP, then router_connected / _lost */
    void (*close)(void *ctx, peer_ref peer, enum bgp_conn conn);    /* after pending output is out */
    void (*writable)(void *ctx, peer_ref peer, enum bgp_conn conn); /* output waits: router_pull */
    void (*route)(void *ctx, const struct route_change *change);
    void (*routes_settled)(void *ctx, domain_ref domain); /* first full picture: stale kernel routes may go */
    /* The MD5 key of a neighbour changed: put the new one under its connections. May be NULL. */
    void (*rekey)(void *ctx, peer_ref peer);
    void (*bfd_start)(void *ctx, peer_ref peer, const struct intent_bfd *conf);
    void (*bfd_change)(void *ctx, peer_ref peer, const struct intent_bfd *conf); /* other intervals, same session */
    void (*bfd_stop)(void *ctx, peer_ref peer);
    void (*event)(void *ctx, domain_ref domain, peer_ref peer, const char *name, const char *text);
};

struct router *router_new(const struct router_sink *sink, const struct hash_key *key, uint32_t seed);
void router_free(struct router *r);
/* To be called before the first router_apply when the process before us died and the kernel still
 * forwards by its routes: End-of-RIB is held back until routes_settled (RFC 4724 4.1). */
void router_restarting(struct router *r);

/* What no router could do; pure. router_apply takes what passes here, and any of its domains alone. */
MUST_USE bool router_check(const struct intent *i, struct problems *problems);
/* Applies the difference to what runs; sessions that did not change notice nothing. The router keeps
 * its own copy. False: refused whole, reasons in `problems`. */
MUST_USE bool router_apply(struct router *r, const struct intent *i, instant now,
                           struct problems *problems);

/* --- facts --- */
/* Which peer an incoming connection belongs to, NO_REF to refuse it. With DATAPLANE_NONE the domain
 * is NO_REF: peers are found by address alone. */
peer_ref router_accept(struct router *r, domain_ref domain, const struct addr *remote,
                       const struct addr *local, instant now);
/* Our address on a connection about to be reported by router_connected; worth telling when the
 * intent leaves it to the kernel, because it becomes the next hop of what we announce. An address of
 * the other family is the one the same interface has: the next hop of that family's routes. */
void router_local(struct router *r, peer_ref peer, const struct addr *local);
void router_connected(struct router *r, peer_ref peer, enum bgp_conn conn, instant now);
void router_input(struct router *r, peer_ref peer, enum bgp_conn conn, struct span bytes, instant now);
void router_lost(struct router *r, peer_ref peer, enum bgp_conn conn, instant now);
void router_blocked(struct router *r, peer_ref peer, bool blocked, instant now);
void router_bfd(struct router *r, peer_ref peer, bool up, instant now);
/* Down, and whether the neighbour's BFD does not depend on its control plane (C bit). */
void router_bfd_lost(struct router *r, peer_ref peer, bool independent, instant now);
/* The neighbour's operator switched its BFD session off: BGP goes on without it (RFC 5882 3.2). */
void router_bfd_off(struct router *r, peer_ref peer);
void router_tick(struct router *r, instant now);
/* Attachments of a domain that carry nothing now: all of them each time, each name behind an octet with
 * its length. Paths whose next hop lies behind one are refused until it is back. */
void router_links_down(struct router *r, const char *domain, struct span names, instant now);
/* Payloads of an RPKI cache: a whole new set, or changes to the one there is; between begin and end.
 * Routes are judged again over the ticks that follow. */
void router_vrps_begin(struct router *r, bool whole);
void router_vrp(struct router *r, bool add, const struct vrp *v);
void router_vrps_end(struct router *r, instant now);
/* What an operator asks of one neighbour, by name; false: there is none. Reset: NOTIFICATION 6/4 with his
 * words (RFC 9003, "" none), and again; it also ends the wait after a prefix limit (RB-091). Refresh: the
 * neighbour is asked for its routes again (RFC 2918). */
MUST_USE bool router_reset(struct router *r, const char *peer, const char *words, instant now);
MUST_USE bool router_refresh(struct router *r, const char *peer);
/* Orderly end: Cease to every peer. */
void router_shutdown(struct router *r, instant now);

/* Next output bytes for a connection; 0 when there is nothing more now. Only whole messages: give
 * room for several of the largest (64 KiB and more), and pull until 0 or until the socket is full.
 * After sink.close the last NOTIFICATION can still be pulled for a second. */
size_t router_pull(struct router *r, peer_ref peer, enum bgp_conn conn, uint8_t *buf, size_t room,
                   instant now);
instant router_next(const struct router *r);

/* --- questions --- The intent's own peer and domain, NULL for a stale ref. */
const struct intent_peer *router_peer(const struct router *r, peer_ref peer);
const struct intent_domain *router_peer_domain(const struct router *r, peer_ref peer);
const struct intent *router_intent(const struct router *r); /* NULL before the first */
const struct intent_domain *router_domain(const struct router *r, domain_ref domain);
domain_ref router_peer_domain_ref(const struct router *r, peer_ref peer);

/* JSON texts for the control socket and the evidence; shapes in docs/edge-config.md. `wall_us` turns
 * instants into dates: wall clock minus monotonic clock. Peer "bfd" is filled from router_bfd. */
void router_show_bgp(const struct router *r, instant now, int64_t wall_us, struct text *out);
/* The last messages with faults that the session survived (RFC 7606 6), whole, and how often each rule
 * was broken; of one neighbour, or with "" of all. */
void router_show_faults(const struct router *r, const char *peer, int64_t wall_us, struct text *out);
/* Table of a domain (NULL: all): prefix, best and other paths, the step that decided, filter reasons. */
void router_show_routes(const struct router *r, const char *domain, struct text *out);
/* `"payloads":{..},"domains":[..]` without braces: how many, and the routes of each validating domain by
 * state. */
void router_show_rpki(const struct router *r, struct text *out);
/* `"rpki":[{"name":"ipv4","payloads":N},...]` */
void router_show_payloads(const struct router *r, struct text *out);
/* `"peers":[...]` alone, without braces: the evidence that costs nothing. */
void router_show_peers(const struct router *r, instant now, int64_t wall_us, struct text *out);
/* The router's share of the evidence document: `"peers":[...],"routes":[...]`, without the braces
 * around it, so that the program can put the other members beside them. Routes: every path of
 * customer, gateway and cloud neighbours, refused ones with the rule's name as reason. */
void router_show_evidence(const struct router *r, instant now, int64_t wall_us, struct text *out);
