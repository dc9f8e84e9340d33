/* sys/link.c - sendmsg, recvmsg, SCM_RIGHTS and a queue. A descriptor waiting in the queue is a
 * duplicate of its own. */
#include "sys/link.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct link_queued {
    struct link_queued *next;
    int fd;
    size_t n;
    uint8_t bytes[];
};

bool link_pair(int fds[2])
{
    int room = 1 << 20;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0) return false;
    for (int i = 0; i < 2; i++) setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    return true;
}

void link_init(struct link *l, int fd, enum link_role other)
{
    *l = (struct link){.fd = fd, .other = other};
    l->tail = &l->first;
}

static void forget_first(struct link *l)
{
    struct link_queued *q = l->first;
    l->first = q->next;
    if (!l->first) l->tail = &l->first;
    l->queued_bytes -= q->n;
    if (q->fd >= 0) close(q->fd);
    free(q);
}

void link_drop(struct link *l)
{
    while (l->first) forget_first(l);
    if (l->fd >= 0) close(l->fd);
    l->fd = -1;
    l->lost = true;
}

/* 1 gone out, 0 no room, -1 the other end is gone. */
static int send_now(struct link *l, const uint8_t *bytes, size_t n, int fd)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec iov = {(void *)(uintptr_t)bytes, n};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    if (fd >= 0) {
        m.msg_control = &control;
        m.msg_controllen = sizeof control;
        control.head =
            (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
    }
    while (sendmsg(l->fd, &m, MSG_NOSIGNAL) < 0) {
        if (errno == EINTR) continue;
        return errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS ? 0 : -1;
    }
    return 1;
}

static void enqueue(struct link *l, const uint8_t *bytes, size_t n, int fd)
{
    struct link_queued *q = malloc(sizeof *q + n);
    if (!q) abort();
    *q = (struct link_queued){.fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1, .n = n};
    memcpy(q->bytes, bytes, n);
    *l->tail = q;
    l->tail = &q->next;
    l->queued_bytes += n;
}

void link_send(struct link *l, const struct link_message *m, int fd)
{
    uint8_t bytes[LINK_MESSAGE_MAX];
    struct writer w = writer_on(bytes, sizeof bytes);
    if (l->lost) return;
    link_encode(&w, m);
    if (w.bad) abort(); /* we made a message that is none */
    int sent = l->first ? 0 : send_now(l, bytes, writer_len(&w), fd);
    if (sent == 0) enqueue(l, bytes, writer_len(&w), fd);
    if (sent < 0) l->lost = true;
}

void link_flush(struct link *l)
{
    while (l->first && !l->lost) {
        int sent = send_now(l, l->first->bytes, l->first->n, l->first->fd);
        if (sent == 0) return;
        if (sent < 0) l->lost = true;
        forget_first(l);
    }
}

/* Takes the first descriptor; more than one is a lie, and they are closed. */
static size_t take_fds(struct msghdr *m, int *fd)
{
    size_t n = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        for (size_t at = CMSG_LEN(0); at + sizeof *fd <= c->cmsg_len; at += sizeof *fd, n++) {
            int got;
            memcpy(&got, (char *)c + at, sizeof got);
            if (n == 0)
                *fd = got;
            else
                close(got);
        }
    }
    return n;
}

enum link_got link_receive(struct link *l, struct link_message *m, int *fd, const char **why)
{
    char control[CMSG_SPACE(4 * sizeof(int))];
    struct iovec iov = {l->buf, sizeof l->buf};
    struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
                       .msg_controllen = sizeof control};
    *fd = -1;
    if (l->lost) return LINK_GONE;
    ssize_t n;
    while ((n = recvmsg(l->fd, &h, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return LINK_NOTHING;
    if (n <= 0) {
        l->lost = true;
        return LINK_GONE;
    }
    size_t fds = take_fds(&h, fd);
    *why = h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)
               ? "longer than any message"
               : link_decode(span_of(l->buf, (size_t)n), l->other, fds, m);
    if (!*why) return LINK_GOT;
    if (*fd >= 0) close(*fd);
    *fd = -1;
    l->lost = true;
    return LINK_LIED;
}

void link_send_text(struct link *l, enum link_type type, const char *s, size_t n)
{
    size_t at = 0;
    do {
        size_t part = n - at < LINK_PART_MAX ? n - at : LINK_PART_MAX;
        link_send(l, &(struct link_message){.type = type, .token = (uint32_t)at, .number = {n},
                                            .flag = at + part == n, .rest = span_of(s + at, part)}, -1);
        at += part;
    } while (at < n);
}

enum link_part link_join(const struct link_message *m, struct text *into)
{
    if (m->number[0] > LINK_TEXT_TOTAL_MAX || m->token != into->n ||
        m->rest.n > m->number[0] - into->n || m->flag != (into->n + m->rest.n == m->number[0]))
        return LINK_PART_BAD;
    text_add_n(into, (const char *)m->rest.p, m->rest.n);
    return m->flag ? LINK_PART_WHOLE : LINK_PART_MORE;
}
