/* tests/net/fakes/delayline.c - delayline NAMESPACE INTERFACE INTERFACE MILLISECONDS: a wire between two
 * interfaces that takes so long in each direction, for kernels without netem. Says "ready", and runs until
 * its standard input ends. Frames must not be larger than the MTU (no offloads on either side). */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include "bench_ns.h"

enum { FRAME = 2048, FRAMES = 1 << 14 };

struct line {
    int in, out;
    struct {
        int64_t due;
        uint32_t n;
        char bytes[FRAME];
    } *ring;
    size_t head, tail; /* head: the oldest; counted without end */
    unsigned long long lost;
};

static int64_t delay_ns;

static int packet_socket(const char *interface)
{
    int room = 16 << 20, on = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(interface)};
    if (fd < 0 || !a.sll_ifindex) fail("no interface %s", interface);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0) fail("cannot bind to %s: %s", interface, strerror(errno));
    return fd;
}

static void take(struct line *l)
{
    for (;;) {
        if (l->tail - l->head == FRAMES) {
            char none[1];
            if (recv(l->in, none, sizeof none, MSG_TRUNC) < 0) return;
            l->lost++;
            continue;
        }
        size_t at = l->tail % FRAMES;
        ssize_t n = recv(l->in, l->ring[at].bytes, FRAME, MSG_TRUNC);
        if (n < 0) return;
        if (n > FRAME) {
            l->lost++;
            continue;
        }
        l->ring[at].n = (uint32_t)n;
        l->ring[at].due = now_ns(CLOCK_MONOTONIC) + delay_ns;
        l->tail++;
    }
}

static int64_t give(struct line *l, int64_t now)
{
    for (; l->head != l->tail; l->head++) {
        size_t at = l->head % FRAMES;
        if (l->ring[at].due > now) return l->ring[at].due;
        if (send(l->out, l->ring[at].bytes, l->ring[at].n, 0) < 0) l->lost++;
    }
    return INT64_MAX;
}

int main(int argc, char **argv)
{
    if (argc != 5) fail("delayline NAMESPACE INTERFACE INTERFACE MILLISECONDS");
    enter(argv[1]);
    delay_ns = atoi(argv[4]) * INT64_C(1000000);
    int a = packet_socket(argv[2]), b = packet_socket(argv[3]);
    struct line lines[2] = {{.in = a, .out = b}, {.in = b, .out = a}};
    for (int k = 0; k < 2; k++)
        if (!(lines[k].ring = calloc(FRAMES, sizeof *lines[k].ring))) fail("no memory");
    puts("ready");
    fflush(stdout);
    for (;;) {
        int64_t now = now_ns(CLOCK_MONOTONIC), next = INT64_MAX;
        for (int k = 0; k < 2; k++) {
            take(&lines[k]);
            int64_t due = give(&lines[k], now);
            if (due < next) next = due;
        }
        struct pollfd p[] = {{STDIN_FILENO, POLLIN, 0}, {a, POLLIN, 0}, {b, POLLIN, 0}};
        int64_t left = next == INT64_MAX ? 1000000000 : next - now_ns(CLOCK_MONOTONIC);
        struct timespec t = {left > 0 ? left / 1000000000 : 0, left > 0 ? left % 1000000000 : 0};
        if (ppoll(p, 3, &t, NULL) > 0 && p[0].revents) break;
    }
    fprintf(stderr, "delayline: %llu and %llu frames lost\n", lines[0].lost, lines[1].lost);
    return 0;
}
