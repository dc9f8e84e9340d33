/* sys/loop.c - epoll(7) and the clock. Sixty lines instead of a library, because the confined router
 * process waits with it: every system call it makes is on a list. */
#include "sys/loop.h"
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_A_TURN = 64 };

struct loop {
    int epoll;
    struct epoll_event events[EVENTS_A_TURN];
    int at, n; /* the turn being dispatched */
};

instant clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (instant){(int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000};
}

int64_t clock_wall_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct loop *loop_new(void)
{
    struct loop *l = calloc(1, sizeof *l);
    if (!l) abort();
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll < 0) abort();
    return l;
}

void loop_free(struct loop *l)
{
    if (!l) return;
    close(l->epoll);
    free(l);
}

static uint32_t to_epoll(unsigned events)
{
    return (events & LOOP_READ ? (uint32_t)EPOLLIN : 0) | (events & LOOP_WRITE ? (uint32_t)EPOLLOUT : 0);
}

static unsigned from_epoll(uint32_t events)
{
    return (events & EPOLLIN ? LOOP_READ : 0u) | (events & EPOLLOUT ? LOOP_WRITE : 0u) |
           (events & (EPOLLHUP | EPOLLERR) ? LOOP_LOST : 0u);
}

void loop_watch(struct loop *l, struct watch *w, int fd, unsigned events)
{
    struct epoll_event e = {.events = to_epoll(events), .data.ptr = w};
    w->fd = fd;
    w->events = events;
    w->on = true;
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e) != 0) abort();
}

void loop_expect(struct loop *l, struct watch *w, unsigned events)
{
    struct epoll_event e = {.events = to_epoll(events), .data.ptr = w};
    if (w->events == events) return;
    w->events = events;
    if (epoll_ctl(l->epoll, EPOLL_CTL_MOD, w->fd, &e) != 0) abort();
}

void loop_forget(struct loop *l, struct watch *w)
{
    if (!w->on) return;
    epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
    w->on = false;
    for (int i = l->at; i < l->n; i++)
        if (l->events[i].data.ptr == w) l->events[i].data.ptr = NULL;
}

static int patience_ms(instant deadline)
{
    if (deadline.us == INT64_MAX) return -1;
    int64_t us = deadline.us - clock_now().us;
    if (us <= 0) return 0;
    return us > 3600000000 ? 3600000 : (int)((us + 999) / 1000); /* never a turn too early */
}

instant loop_turn(struct loop *l, instant deadline)
{
    l->n = epoll_wait(l->epoll, l->events, EVENTS_A_TURN, patience_ms(deadline));
    instant now = clock_now();
    for (l->at = 0; l->at < l->n; l->at++) {
        struct watch *w = l->events[l->at].data.ptr;
        if (w) w->ready(w, from_epoll(l->events[l->at].events), now);
    }
    l->at = l->n = 0;
    return now;
}
