/* sys/control_client.c - one question to a control socket. */
#include "sys/control_client.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_MAX = 64 << 20 };

static int open_socket(const char *path, duration patience)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct timeval t = {patience.us / 1000000, patience.us % 1000000};
    if (strlen(path) >= sizeof a.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(a.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0) return fd;
    int fault = errno;
    close(fd);
    errno = fault;
    return -1;
}

static bool send_line(int fd, const char *question)
{
    char line[1024];
    int n = snprintf(line, sizeof line, "%s\n", question);
    return n < (int)sizeof line && send(fd, line, (size_t)n, MSG_NOSIGNAL) == n;
}

static bool read_all(int fd, struct text *out)
{
    char buf[16384];
    size_t before = out->n;
    for (;;) {
        ssize_t n = read(fd, buf, sizeof buf);
        if (n == 0) return out->n > before;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 || out->n - before > ANSWER_MAX) return false;
        text_add_n(out, buf, (size_t)n);
    }
}

bool control_ask(const char *socket_path, const char *question, duration patience, struct text *out,
                 struct text *why)
{
    int fd = open_socket(socket_path, patience);
    bool answered = fd >= 0 && send_line(fd, question) && read_all(fd, out);
    if (!answered) text_addf(why, "no answer at %s: %s", socket_path, strerror(errno));
    if (fd >= 0) close(fd);
    return answered;
}
