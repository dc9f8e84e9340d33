/* edge/control.c - at most 32 clients; each has ten seconds to say its line and a minute to take its
 * answer. When there are more, the oldest goes: somebody who opens sockets and says nothing does not
 * lock the operator out (RB-183). */
#include "edge/control.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "sys/peer_socket.h"

enum { CLIENTS_MAX = 32, LINE_ROOM = 1024, SAY_S = 10, TAKE_S = 60, SOCKET_MODE = 0660 };

struct client {
    struct client *next;
    struct control *all;
    struct watch watch;
    uint32_t id;
    char line[LINE_ROOM];
    size_t line_n;
    bool asked;
    struct text answer;
    size_t at;
    instant until;
};

struct control {
    struct loop *loop;
    struct watch watch;
    char path[108];
    void (*asked)(void *ctx, uint32_t client, const char *line, int64_t uid);
    void *ctx;
    struct client *clients; /* newest first */
    size_t clients_n;
    uint32_t last_id;
};

static void drop(struct client *k)
{
    struct client **at = &k->all->clients;
    while (*at != k) at = &(*at)->next;
    *at = k->next;
    k->all->clients_n--;
    loop_forget(k->all->loop, &k->watch);
    close(k->watch.fd);
    text_drop(&k->answer);
    free(k);
}

static void read_line(struct client *k)
{
    ssize_t n = recv(k->watch.fd, k->line + k->line_n, sizeof k->line - 1 - k->line_n, MSG_DONTWAIT);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) drop(k);
        return;
    }
    k->line_n += (size_t)n;
    k->line[k->line_n] = 0;
    char *end = strpbrk(k->line, "\r\n");
    if (!end && k->line_n < sizeof k->line - 1) return;
    if (end) *end = 0;
    k->asked = true;
    loop_expect(k->all->loop, &k->watch, 0);
    k->until = NEVER; /* it is our turn now */
    k->all->asked(k->all->ctx, k->id, k->line, unix_peer_uid(k->watch.fd));
}

static void write_answer(struct client *k)
{
    ssize_t n = send(k->watch.fd, k->answer.s + k->at, k->answer.n - k->at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n > 0) k->at += (size_t)n;
    if (n < 0 || k->at == k->answer.n) drop(k);
}

static void client_ready(struct watch *w, unsigned events, instant now)
{
    struct client *k = w->ctx;
    (void)now;
    if (k->answer.n)
        write_answer(k);
    else if (!k->asked)
        read_line(k);
    else if (events & LOOP_LOST)
        drop(k);
}

static void drop_oldest(struct control *c)
{
    struct client *k = c->clients;
    while (k->next) k = k->next;
    drop(k);
}

static void accept_client(struct watch *w, unsigned events, instant now)
{
    struct control *c = w->ctx;
    (void)events;
    int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    if (c->clients_n >= CLIENTS_MAX) drop_oldest(c);
    struct client *k = calloc(1, sizeof *k);
    if (!k) abort();
    *k = (struct client){.next = c->clients, .all = c, .id = ++c->last_id,
                         .until = instant_after(now, duration_s(SAY_S))};
    k->watch.ready = client_ready;
    k->watch.ctx = k;
    c->clients = k;
    c->clients_n++;
    loop_watch(c->loop, &k->watch, fd, LOOP_READ);
}

struct control *control_open(struct loop *l, const char *path,
                             void (*asked)(void *ctx, uint32_t client, const char *line, int64_t uid),
                             void *ctx, struct text *why)
{
    int fd = unix_listen(path, SOCKET_MODE);
    if (fd < 0) {
        text_addf(why, "cannot open the control socket %s: %s", path,
                  fd == -EADDRINUSE ? "another router has it" : strerror(-fd));
        return NULL;
    }
    struct control *c = calloc(1, sizeof *c);
    if (!c) abort();
    *c = (struct control){.loop = l, .asked = asked, .ctx = ctx};
    snprintf(c->path, sizeof c->path, "%s", path);
    c->watch.ready = accept_client;
    c->watch.ctx = c;
    loop_watch(l, &c->watch, fd, LOOP_READ);
    return c;
}

void control_close(struct control *c)
{
    if (!c) return;
    while (c->clients) drop(c->clients);
    loop_forget(c->loop, &c->watch);
    close(c->watch.fd);
    unlink(c->path);
    free(c);
}

void control_answer(struct control *c, uint32_t id, struct text *answer)
{
    struct client *k = c->clients;
    while (k && k->id != id) k = k->next;
    if (!k) {
        text_drop(answer);
        return;
    }
    text_add(answer, "\n");
    k->answer = *answer;
    *answer = (struct text){0};
    k->until = instant_after(clock_now(), duration_s(TAKE_S));
    loop_expect(c->loop, &k->watch, LOOP_WRITE);
}

void control_tick(struct control *c, instant now)
{
    for (struct client *k = c->clients, *next; k; k = next) {
        next = k->next;
        if (instant_reached(k->until, now)) drop(k);
    }
}

instant control_next(const struct control *c)
{
    instant next = NEVER;
    for (const struct client *k = c->clients; k; k = k->next) next = instant_first(next, k->until);
    return next;
}
