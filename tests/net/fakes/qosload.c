/* tests/net/fakes/qosload.c - what classes of traffic get out of a circuit.
 *
 *     qosload SENDER-NS RECEIVER-NS SOURCE TARGET SECONDS NAME:DSCP:BYTES:PPS:SOURCE-PORT ...
 *     qosload tcp SENDER-NS RECEIVER-NS SOURCE TARGET PORT SECONDS
 *
 * First form: UDP flows with packets of BYTES (IP length), each evenly spaced by a thread of its own; one that
 * gets no processor makes up for 20 ms and no more, so that it does not burst like no telephone does.
 * Arrivals have the kernel's timestamps. One JSON object:
 *     {"flows": [{"name", "sent", "received", "dscp": [values that arrived], "p50_us", "p99_us", "max_us"}],
 *      "bytes", "ns": what all flows brought in and over how long, without the first and last tenth,
 *      "thin_ms": longest time in which the senders offered less than half of what they should}
 * Second form: one TCP flow; {"bytes", "ns"} of payload without the first fifth.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include "bench_ns.h"

enum { FLOWS = 16, PORT = 7100, HEADERS = 28, BYTES_MAX = 1500, NAME = 24, LATENCIES = 1 << 20, RATE_BIN_NS = 20000000, LATE_NS = 20000000 };

struct flow {
    char name[NAME];
    unsigned dscp, bytes, pps;
    uint16_t source_port;
    uint64_t sent, received;
    uint64_t dscps; /* bit set: arrived with */
    uint32_t *latency_us10, n;
    int64_t thin_ns;
};

static struct flow flows[FLOWS];
static size_t flows_n;
static const char *sender_ns, *receiver_ns;
static struct sockaddr_in source, target;
static int64_t seconds;
static int64_t began_ns;
static atomic_bool over;
static uint64_t middle_bytes;
static int64_t middle_first, middle_last;

struct message { /* at the head of the payload */
    int64_t sent_ns;
    uint32_t flow, unused;
};

static struct sockaddr_in address(const char *text, uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, text, &a.sin_addr) != 1) fail("no address: %s", text);
    return a;
}

/* --- out --- */

static int sender_of(const struct flow *f)
{
    struct sockaddr_in here = source;
    int tos = (int)f->dscp << 2, room = 8 << 20, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    here.sin_port = htons(f->source_port);
    setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof tos);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (bind(fd, (struct sockaddr *)&here, sizeof here) != 0 || connect(fd, (struct sockaddr *)&target, sizeof target) != 0)
        fail("flow %s: %s", f->name, strerror(errno));
    return fd;
}

static void *send_flow(void *arg)
{
    struct flow *f = arg;
    char bytes[BYTES_MAX] = {0};
    struct message m = {.flow = (uint32_t)(f - flows)};
    enter(sender_ns);
    int fd = sender_of(f);
    int64_t bin = 0, thin = 0;
    uint64_t bin_sent = 0, wanted = (uint64_t)f->pps * RATE_BIN_NS / 1000000000 / 2;
    int64_t from = began_ns, due = from, end = began_ns + seconds * 1000000000, now;
    for (uint64_t k = 0; due < end; k++, due = from + (int64_t)(k * 1000000000 / f->pps)) {
        now = now_ns(CLOCK_MONOTONIC);
        if (now - due > LATE_NS) from += now - due - LATE_NS; /* what was missed longer ago is not sent any more */
        if (due > now) {
            struct timespec t = {due / 1000000000, due % 1000000000};
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
        }
        m.sent_ns = now_ns(CLOCK_REALTIME);
        memcpy(bytes, &m, sizeof m);
        if (send(fd, bytes, f->bytes - HEADERS, MSG_NOSIGNAL) > 0) f->sent++, bin_sent++;
        now = now_ns(CLOCK_MONOTONIC) - began_ns;
        if (now / RATE_BIN_NS == bin) continue;
        thin = bin_sent < wanted || now / RATE_BIN_NS > bin + 1 ? thin + now - bin * RATE_BIN_NS : 0;
        if (thin > f->thin_ns) f->thin_ns = thin;
        bin = now / RATE_BIN_NS;
        bin_sent = 0;
    }
    close(fd);
    return NULL;
}

/* --- in --- */

static int receiver(void)
{
    int on = 1, room = 64 << 20, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&target, sizeof target) != 0) fail("cannot receive: %s", strerror(errno));
    return fd;
}

static int64_t read_control(struct msghdr *m, unsigned *tos)
{
    int64_t at = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec t;
            memcpy(&t, CMSG_DATA(c), sizeof t);
            at = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
        }
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) *tos = *(const uint8_t *)CMSG_DATA(c);
    }
    return at ? at : now_ns(CLOCK_REALTIME);
}

static void account(const char *bytes, size_t n, int64_t at, unsigned tos)
{
    struct message m;
    if (n < sizeof m) return;
    memcpy(&m, bytes, sizeof m);
    if (m.flow >= flows_n) return;
    struct flow *f = &flows[m.flow];
    int64_t us10 = (at - m.sent_ns) / 100;
    f->received++;
    f->dscps |= 1ULL << (tos >> 2);
    if (f->n < LATENCIES) f->latency_us10[f->n++] = us10 < 0 ? 0 : us10 > UINT32_MAX ? UINT32_MAX : (uint32_t)us10;
    int64_t into = at - now_ns(CLOCK_REALTIME) + now_ns(CLOCK_MONOTONIC) - began_ns, whole = seconds * 1000000000;
    if (into < whole / 10 || into > whole - whole / 10) return;
    if (!middle_first)
        middle_first = at; /* the first packet opens the interval, its bytes are before it */
    else
        middle_bytes += n + HEADERS, middle_last = at;
}

static void *receive_all(void *arg)
{
    int fd = *(int *)arg;
    char bytes[2048];
    union {
        struct cmsghdr align;
        char room[256];
    } control;
    for (;;) {
        struct iovec io = {bytes, sizeof bytes};
        struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
        unsigned tos = 0;
        ssize_t n = recvmsg(fd, &m, 0);
        if (n < 0) {
            struct pollfd p = {fd, POLLIN, 0};
            if (poll(&p, 1, 200) == 0 && atomic_load(&over)) return NULL;
            continue;
        }
        int64_t at = read_control(&m, &tos);
        account(bytes, (size_t)n, at, tos);
    }
}

/* --- what came of it --- */

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void print_flow(struct flow *f, const char *between)
{
    const char *comma = "";
    uint32_t none = 0, *l = f->n ? f->latency_us10 : &none, n = f->n ? f->n : 1;
    qsort(l, n, sizeof *l, by_value);
    printf("%s{\"name\": \"%s\", \"sent\": %llu, \"received\": %llu, \"dscp\": [", between, f->name, (unsigned long long)f->sent,
           (unsigned long long)f->received);
    for (unsigned d = 0; d < 64; d++)
        if (f->dscps >> d & 1) printf("%s%u", comma, d), comma = ", ";
    printf("], \"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f}", l[n / 2] / 10.0, l[(uint64_t)n * 99 / 100] / 10.0, l[n - 1] / 10.0);
}

static void report(void)
{
    int64_t thin = 0;
    printf("{\"flows\": [");
    for (size_t k = 0; k < flows_n; k++) {
        print_flow(&flows[k], k ? ", " : "");
        if (flows[k].thin_ns > thin) thin = flows[k].thin_ns;
    }
    printf("], \"bytes\": %llu, \"ns\": %lld, \"thin_ms\": %.1f}\n", (unsigned long long)middle_bytes,
           (long long)(middle_last - middle_first), (double)thin / 1e6);
}

static void read_flow(const char *words)
{
    struct flow *f = &flows[flows_n++];
    unsigned port;
    if (flows_n > FLOWS || sscanf(words, "%23[^:]:%u:%u:%u:%u", f->name, &f->dscp, &f->bytes, &f->pps, &port) != 5 ||
        f->bytes < HEADERS + sizeof(struct message) || f->bytes > BYTES_MAX || !f->pps)
        fail("no flow: %s", words);
    f->source_port = (uint16_t)port;
    if (!(f->latency_us10 = calloc(LATENCIES, sizeof *f->latency_us10))) fail("no memory");
}

static int udp(int argc, char **argv)
{
    pthread_t in, out[FLOWS];
    sender_ns = argv[1], receiver_ns = argv[2];
    source = address(argv[3], 0), target = address(argv[4], PORT);
    seconds = atoi(argv[5]);
    for (int k = 6; k < argc; k++) read_flow(argv[k]);
    enter(receiver_ns);
    int fd = receiver();
    began_ns = now_ns(CLOCK_MONOTONIC) + 50000000;
    pthread_create(&in, NULL, receive_all, &fd);
    for (size_t k = 0; k < flows_n; k++) pthread_create(&out[k], NULL, send_flow, &flows[k]);
    for (size_t k = 0; k < flows_n; k++) pthread_join(out[k], NULL);
    atomic_store(&over, true);
    pthread_join(in, NULL);
    report();
    return 0;
}

/* --- TCP --- */

static void *pour(void *arg)
{
    static char bytes[1 << 16];
    int fd = *(int *)arg;
    while (!atomic_load(&over))
        if (send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) < 0 && errno != EAGAIN) break;
    return NULL;
}

static int tcp(char **argv)
{
    static char bytes[1 << 18];
    pthread_t out;
    struct timeval patience = {.tv_sec = 1};
    int on = 1, listener;
    source = address(argv[3], 0), target = address(argv[4], (uint16_t)atoi(argv[5]));
    seconds = atoi(argv[6]);
    enter(argv[2]);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&target, sizeof target) != 0 || listen(listener, 1) != 0) fail("cannot listen: %s", strerror(errno));
    enter(argv[1]);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (bind(client, (struct sockaddr *)&source, sizeof source) != 0 || connect(client, (struct sockaddr *)&target, sizeof target) != 0)
        fail("cannot connect: %s", strerror(errno));
    int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    pthread_create(&out, NULL, pour, &client);
    int64_t begun = now_ns(CLOCK_MONOTONIC), from = begun + seconds * 200000000, until = begun + seconds * 1000000000, now = begun, first = 0;
    uint64_t all = 0;
    while (now < until) {
        ssize_t n = recv(server, bytes, sizeof bytes, 0);
        now = now_ns(CLOCK_MONOTONIC);
        if (n == 0) break;
        if (n > 0 && first) all += (uint64_t)n;
        if (!first && now > from) first = now;
    }
    printf("{\"bytes\": %llu, \"ns\": %lld}\n", (unsigned long long)all, (long long)(now - first));
    atomic_store(&over, true);
    close(server);
    pthread_join(out, NULL);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 8 && strcmp(argv[1], "tcp") == 0) return tcp(argv + 1);
    if (argc < 7) fail("qosload SENDER-NS RECEIVER-NS SOURCE TARGET SECONDS FLOW...");
    return udp(argc, argv);
}
