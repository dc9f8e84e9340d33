/* bench/rt_watch.c - says when this machine did not run a real-time task, or did not deliver a packet, for
 * longer than it should: what a program beside it could not have done in time either.
 *
 *     rt_watch MILLISECONDS        # of SCHED_FIFO's priority 1, as the BFD thread of fairlead-edge; needs root
 *
 * One thread a processor, bound to it, that only sleeps; and one that sends itself a datagram over the loopback
 * and waits for it. Each time one is late by so much: `<from> <to> <what>`, seconds since 1970. Prints
 * `ready` first; ends when its input ends. Its own memory is locked and its loops call nothing else, so it
 * cannot be late by its own doing. */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PERIOD_US = 1000, CPUS_MOST = 256 };
static int64_t worth_us;

static int64_t now_us(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void say(int64_t late_us, const char *what)
{
    char line[100];
    int64_t to = now_us(CLOCK_REALTIME), from = to - late_us;
    int n = snprintf(line, sizeof line, "%lld.%06lld %lld.%06lld %s\n", (long long)(from / 1000000),
                     (long long)(from % 1000000), (long long)(to / 1000000), (long long)(to % 1000000), what);
    if (write(STDOUT_FILENO, line, (size_t)n) < 0) exit(1);
}

static void sleep_until(int64_t us)
{
    struct timespec t = {us / 1000000, us % 1000000 * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) continue;
}

static void *watch_processor(void *ctx)
{
    char what[20];
    snprintf(what, sizeof what, "cpu%d", *(const int *)ctx);
    for (int64_t due = now_us(CLOCK_MONOTONIC);;) {
        due += PERIOD_US;
        sleep_until(due);
        int64_t now = now_us(CLOCK_MONOTONIC), late = now - due;
        if (late >= worth_us) say(late, what);
        if (late > PERIOD_US) due = now;
    }
    return NULL;
}

static void *watch_delivery(void *ctx)
{
    int fd = *(const int *)ctx;
    char byte = 0;
    for (int64_t due = now_us(CLOCK_MONOTONIC);; due += PERIOD_US) {
        sleep_until(due);
        int64_t sent = now_us(CLOCK_MONOTONIC);
        if (send(fd, &byte, 1, 0) != 1 || recv(fd, &byte, 1, 0) != 1) exit(1);
        int64_t now = now_us(CLOCK_MONOTONIC);
        if (now - sent >= worth_us) say(now - sent, "delivery");
        if (now > due) due = now;
    }
    return NULL;
}

static int to_itself(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    bool made = fd >= 0 && bind(fd, (struct sockaddr *)&a, n) == 0 && getsockname(fd, (struct sockaddr *)&a, &n) == 0 &&
                connect(fd, (struct sockaddr *)&a, n) == 0;
    return made ? fd : -1;
}

static void start(void *(*run)(void *ctx), void *ctx, int cpu)
{
    pthread_t t;
    pthread_attr_t how;
    cpu_set_t only;
    CPU_ZERO(&only);
    pthread_attr_init(&how);
    if (cpu >= 0) {
        CPU_SET(cpu, &only);
        pthread_attr_setaffinity_np(&how, sizeof only, &only);
    }
    if (pthread_create(&t, &how, run, ctx) != 0) exit(1);
}

int main(int argc, char **argv)
{
    static int cpus[CPUS_MOST], fd;
    struct sched_param first = {.sched_priority = 1};
    cpu_set_t ours;
    char byte;
    worth_us = argc == 2 ? (int64_t)(strtod(argv[1], NULL) * 1000) : 0;
    if (worth_us <= 0 || (fd = to_itself()) < 0) return 2;
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0 || sched_setscheduler(0, SCHED_FIFO, &first) != 0) return 77;
    sched_getaffinity(0, sizeof ours, &ours);
    for (int i = 0; i < CPUS_MOST; i++) {
        cpus[i] = i;
        if (CPU_ISSET(i, &ours)) start(watch_processor, &cpus[i], i);
    }
    start(watch_delivery, &fd, -1);
    puts("ready");
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0) continue;
    return 0;
}
