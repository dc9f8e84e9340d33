/* sys/probe_socket.h - a UDP socket for measurements: every datagram comes with the kernel's time
 * of arrival, its DSCP and its TTL, and leaves with the DSCP and TTL asked for. Times are wall
 * clock microseconds, as STAMP carries them. Non-blocking; waiting is probe_socket_wait. */
#pragma once
#include "base/instant.h"
#include "base/text.h"
#include "net/addr.h"

struct probe_socket {
    int fd;
    enum family family;
};

enum { PROBE_BYTES_MAX = 1500, PROBE_TTL = 255 };
struct probe_datagram {
    struct addr from, to;
    uint16_t from_port;
    uint8_t dscp, ecn, ttl;
    int64_t at_us; /* wall clock, taken by the kernel; by us if it gave none */
    size_t n;
    uint8_t bytes[PROBE_BYTES_MAX];
};

/* `local` without family: any IPv4 address. Port 0: the kernel's choice. */
MUST_USE bool probe_socket_open(struct probe_socket *s, const struct addr *local, uint16_t port,
                                struct text *why);
void probe_socket_close(struct probe_socket *s);

/* False if the kernel refused, with errno; an unreachable destination is such a refusal, and a
 * loss. `from` without family: the kernel chooses the source. */
bool probe_socket_send(struct probe_socket *s, const struct addr *from, const struct addr *to,
                       uint16_t port, uint8_t dscp, const void *bytes, size_t n);
/* False: nothing there (or an error queued by ICMP, which is consumed). */
MUST_USE bool probe_socket_receive(struct probe_socket *s, struct probe_datagram *out);
/* Until something is there or the time has passed; false when nothing came or a signal arrived. */
bool probe_socket_wait(struct probe_socket *s, duration most);

int64_t probe_wall_us(void);
