/* sys/peer_socket.h - sockets of routing sessions: TCP with MD5 signatures (RFC 2385) and TTL security
 * (RFC 5082), UDP for BFD (RFC 5881). They belong to the network namespace the calling thread is in
 * when they are made; all are non-blocking and close-on-exec. Failures come back as -errno. */
#pragma once
#include "base/cursor.h"
#include "net/addr.h"

/* A bound socket; keys are set before tcp_listen opens it (RB-100). It answers with TTL 255, so that
 * neighbours with TTL security take its SYN-ACK. */
MUST_USE int tcp_bound(const struct addr *local, uint16_t port);
MUST_USE int tcp_listen(int fd);
/* On a listener or before connecting: segments of this neighbour are signed. Key "" removes. */
MUST_USE int tcp_md5(int fd, const struct addr *remote, const char *key);

/* Every neighbour of this listener uses TTL security: SYNs that were forwarded are dropped too. */
void tcp_listener_strict(int fd, bool strict);

struct tcp_peer {
    struct addr local, remote; /* local none: the kernel chooses */
    uint16_t port;
    const char *md5;
    bool ttl_security; /* packets that were forwarded on their way are dropped */
    bool external;     /* one hop only: TTL 1 unless ttl_security (RB-103) */
};
/* A socket that is being connected. */
MUST_USE int tcp_connect(const struct tcp_peer *p);
/* The rules of the neighbour on an accepted connection; needs no rights. */
void tcp_accepted(int fd, bool ttl_security, bool external);
int tcp_error(int fd); /* 0: connected */
/* Addresses of a connection; false if it is gone. */
MUST_USE bool tcp_ends(int fd, struct addr *local, struct addr *remote);

MUST_USE int bfd_receiver(const struct addr *local, enum family family); /* port 3784 */
MUST_USE int bfd_sender(const struct addr *local, const struct addr *remote, uint32_t seed);
struct bfd_datagram {
    struct addr from;
    uint8_t ttl;
    int64_t age_us; /* since the kernel took it in; 0 if it does not say */
    size_t n;
    uint8_t bytes[256];
};
MUST_USE bool bfd_receive(int fd, struct bfd_datagram *out); /* false: nothing there */

/* The control socket: a Unix stream listener with this mode, in place of a dead one. */
MUST_USE int unix_listen(const char *path, unsigned mode);
/* User of the process at the other end, or -1. */
int64_t unix_peer_uid(int fd);
