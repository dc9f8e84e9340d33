/* tests/net/fakes/flowkeep.c - flowkeep CLIENT-NS SERVER-NS SOURCE TARGET PORT FLOWS [INTERVAL]: TCP flows of three
 * kinds, FLOWS of each, that have to outlive something. `up`: the client writes every INTERVAL ms (50);
 * `down`: only the server does; `quiet`: nobody does until a switch, then the server. Arrivals have the
 * kernel's timestamps, and what counts is how long each message waited from its writing to its arrival:
 * a process that gets no processor to write or read does not look like a network that stands still.
 * Reads orders from stdin, one a line, and answers each with one line:
 *
 *     mark           forgets how long messages waited so far
 *     speak          from now on the server writes on quiet flows too
 *     count SECONDS  lets them run so long, then {"up": [flows that moved data, flows, longest wait of a
 *                    message in ms], "down": ..., "quiet": ..., "broken": flows with an error,
 *                    "silence_ms": longest time between two arrivals of a flow that is written to}
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include "bench_ns.h"

enum { KINDS = 3, UP = 0, DOWN = 1, QUIET = 2, EVENTS = 1024, BACKLOG = 4096, MESSAGE = 4, REMEMBERED = 128 };
static int64_t interval_ns = 50000000;
static const char *const kind_names[KINDS] = {"up", "down", "quiet"};

struct flow {
    int kind, writer, reader;
    bool broken;
    int64_t last, gap, wait;
    uint64_t bytes, written, arrived; /* bytes: since `count`; the others: messages */
    int64_t at[REMEMBERED];           /* when message n was written: [n % REMEMBERED] */
};

static struct flow *flows;
static size_t flows_n;
static bool speaking;

/* --- opening --- */

static struct sockaddr_in address(const char *text, uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, text, &a.sin_addr) != 1) fail("no address: %s", text);
    return a;
}

static void prepare(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static int listen_at(const char *ns, const struct sockaddr_in *a)
{
    int on = 1;
    enter(ns);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)a, sizeof *a) != 0 || listen(fd, BACKLOG) != 0) fail("cannot listen: %s", strerror(errno));
    return fd;
}

static int connect_from(const struct sockaddr_in *source, const struct sockaddr_in *target)
{
    struct timeval patience = {.tv_sec = 20};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("no socket: %s (a flow needs two; ulimit -n)", strerror(errno));
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (bind(fd, (const struct sockaddr *)source, sizeof *source) != 0) fail("cannot bind: %s", strerror(errno));
    if (connect(fd, (const struct sockaddr *)target, sizeof *target) != 0) fail("cannot connect: %s", strerror(errno));
    return fd;
}

/* One after the other: behind NAT only the order tells which accepted socket belongs to which. */
static void open_flow(struct flow *f, int kind, int listener, const struct sockaddr_in *source, const struct sockaddr_in *target)
{
    int client = connect_from(source, target), server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (server < 0) fail("cannot accept: %s", strerror(errno));
    prepare(client);
    prepare(server);
    *f = (struct flow){.kind = kind, .writer = kind == UP ? client : server, .reader = kind == UP ? server : client,
                       .last = now_ns(CLOCK_REALTIME)};
}

static int watch_all(void)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (size_t k = 0; k < flows_n; k++) {
        struct epoll_event e = {.events = EPOLLIN, .data.u64 = k};
        epoll_ctl(epoll, EPOLL_CTL_ADD, flows[k].reader, &e);
    }
    struct epoll_event orders = {.events = EPOLLIN, .data.u64 = UINT64_MAX};
    epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &orders);
    return epoll;
}

/* --- running --- */

static void write_one(struct flow *f)
{
    if (f->broken || (f->kind == QUIET && !speaking) || f->written - f->arrived >= REMEMBERED) return;
    f->at[f->written % REMEMBERED] = now_ns(CLOCK_REALTIME);
    ssize_t n = send(f->writer, "data", MESSAGE, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) f->broken = true;
    if (n == MESSAGE) f->written++;
}

/* All flows once in an interval, spread over it: `done` of them since it began. */
static size_t write_due(int64_t into, size_t done)
{
    size_t due = into >= interval_ns ? flows_n : (size_t)((double)flows_n * (double)into / (double)interval_ns);
    for (; done < due; done++) write_one(&flows[done]);
    return done;
}

static int64_t stamp_of(struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec t;
            memcpy(&t, CMSG_DATA(c), sizeof t);
            if (t.tv_sec) return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
        }
    return now_ns(CLOCK_REALTIME);
}

static void take(struct flow *f, int epoll)
{
    char bytes[4096];
    union {
        struct cmsghdr align;
        char room[256];
    } control;
    struct iovec io = {bytes, sizeof bytes};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(f->reader, &m, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        f->broken = true;
        epoll_ctl(epoll, EPOLL_CTL_DEL, f->reader, NULL);
        return;
    }
    int64_t at = stamp_of(&m);
    if (at - f->last > f->gap) f->gap = at - f->last;
    if (at > f->last) f->last = at;
    f->bytes += (uint64_t)n;
    for (uint64_t end = f->arrived + (uint64_t)n / MESSAGE; f->arrived < end; f->arrived++) {
        int64_t waited = at - f->at[f->arrived % REMEMBERED];
        if (waited > f->wait) f->wait = waited;
    }
}

/* A writer that is more than an interval late does not catch up. */
static int64_t next_interval(int64_t begun)
{
    int64_t now = now_ns(CLOCK_MONOTONIC);
    return begun + 2 * interval_ns > now ? begun + interval_ns : now;
}

/* What was written and did not arrive yet has waited too. */
static int64_t wait_of(const struct flow *f, int64_t now)
{
    int64_t still = f->written > f->arrived ? now - f->at[f->arrived % REMEMBERED] : 0;
    return still > f->wait ? still : f->wait;
}

static void report(void)
{
    size_t broken = 0;
    int64_t silence = 0, now = now_ns(CLOCK_REALTIME);
    putchar('{');
    for (int kind = 0; kind < KINDS; kind++) {
        size_t alive = 0, all = 0;
        int64_t wait = 0;
        for (size_t k = 0; k < flows_n; k++) {
            const struct flow *f = &flows[k];
            if (f->kind != kind) continue;
            all++;
            alive += f->bytes && !f->broken;
            broken += f->broken;
            if (f->gap > silence) silence = f->gap;
            if (wait_of(f, now) > wait) wait = wait_of(f, now);
        }
        printf("\"%s\": [%zu, %zu, %.1f], ", kind_names[kind], alive, all, (double)wait / 1e6);
    }
    printf("\"broken\": %zu, \"silence_ms\": %.1f}\n", broken, (double)silence / 1e6);
    fflush(stdout);
}

static void forget(bool all)
{
    int64_t now = now_ns(CLOCK_REALTIME);
    for (size_t k = 0; k < flows_n; k++)
        if (all || flows[k].kind == QUIET) flows[k].last = now, flows[k].gap = flows[k].wait = 0;
}

/* When to report; 0: no change. */
static int64_t obey(const char *words)
{
    if (strncmp(words, "count ", 6) == 0) {
        for (size_t k = 0; k < flows_n; k++) flows[k].bytes = 0;
        return now_ns(CLOCK_MONOTONIC) + (int64_t)(atof(words + 6) * 1e9);
    }
    if (strncmp(words, "speak", 5) == 0) speaking = true, forget(false);
    if (strncmp(words, "mark", 4) == 0) forget(true);
    puts("done");
    fflush(stdout);
    return 0;
}

static void run(int epoll)
{
    struct epoll_event events[EVENTS];
    char words[128];
    int64_t begun = now_ns(CLOCK_MONOTONIC), until = 0;
    size_t done = 0;
    for (;;) {
        done = write_due(now_ns(CLOCK_MONOTONIC) - begun, done);
        if (done == flows_n) done = 0, begun = next_interval(begun);
        int n = epoll_wait(epoll, events, EVENTS, 1);
        for (int k = 0; k < n; k++) {
            if (events[k].data.u64 != UINT64_MAX) {
                take(&flows[events[k].data.u64], epoll);
                continue;
            }
            if (!fgets(words, sizeof words, stdin)) return;
            int64_t when = obey(words);
            if (when) until = when;
        }
        if (until && now_ns(CLOCK_MONOTONIC) >= until) until = 0, report();
    }
}

int main(int argc, char **argv)
{
    if (argc != 7 && argc != 8) fail("flowkeep CLIENT-NS SERVER-NS SOURCE TARGET PORT FLOWS [INTERVAL]");
    if (argc == 8) interval_ns = atoi(argv[7]) * INT64_C(1000000);
    struct rlimit most;
    getrlimit(RLIMIT_NOFILE, &most);
    most.rlim_cur = most.rlim_max;
    setrlimit(RLIMIT_NOFILE, &most);
    setvbuf(stdin, NULL, _IONBF, 0); /* what epoll does not see must not wait in a buffer */
    struct sockaddr_in source = address(argv[3], 0), target = address(argv[4], (uint16_t)atoi(argv[5]));
    int listener = listen_at(argv[2], &target);
    enter(argv[1]);
    flows_n = KINDS * (size_t)atoi(argv[6]);
    flows = calloc(flows_n, sizeof *flows);
    if (!flows) fail("no memory");
    for (size_t k = 0; k < flows_n; k++) open_flow(&flows[k], (int)(k % KINDS), listener, &source, &target);
    int epoll = watch_all();
    printf("open %zu\n", flows_n);
    fflush(stdout);
    run(epoll);
    return 0;
}
