/* edge/exporter_process.c - at most 16 clients, one request each, five seconds for it. A request is its
 * first line; the rest is read over until the empty line (RFC 9112 2.2). */
#include "edge/exporter_process.h"
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "intent/metrics_json.h"
#include "sys/confine.h"
#include "sys/link.h"
#include "sys/log.h"
#include "sys/loop.h"

enum { LISTENERS = 8, CLIENTS = 16, REQUEST_MOST = 4096, PATIENCE_S = 5, TURN_MS = 1000 };

struct client {
    int fd; /* -1: nobody */
    char in[REQUEST_MOST + 1];
    size_t in_n, at;
    struct text out; /* the whole answer once the request is whole */
    instant until;
};

struct process {
    struct link link;
    int listeners[LISTENERS];
    size_t listeners_n;
    struct client clients[CLIENTS];
    struct text parts, figures; /* being put together; as Prometheus text */
    instant figures_at;
    bool figures_there;
    uint64_t answers;
};

/* --- figures --- */

static void take_figures(struct process *p)
{
    json_t *json = json_loadb(text_get(&p->parts), p->parts.n, 0, NULL);
    const char *name = json_string_value(json_object_get(json_object_get(json, "router"), "name"));
    text_clear(&p->figures);
    if (json) metrics_of_evidence(&(struct metrics_source){name ? name : "", json}, 1, &p->figures);
    p->figures_there = json != NULL;
    p->figures_at = clock_now();
    json_decref(json);
}

static void put_own(const struct process *p, struct text *out)
{
    double age = (double)instant_since(clock_now(), p->figures_at).us / 1e6;
    metrics_head(out, "fairlead_figures_age_seconds", "gauge", "Since the router gave these figures.");
    text_addf(out, "fairlead_figures_age_seconds %.3f\n", age);
    metrics_head(out, "fairlead_exporter_answers_total", "counter", "Requests answered.");
    text_addf(out, "fairlead_exporter_answers_total %llu\n", (unsigned long long)p->answers);
}

/* --- requests --- */

static void answer(struct client *c, const char *status, const struct text *body)
{
    text_addf(&c->out,
              "HTTP/1.1 %s\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
              "Content-Length: %zu\r\nConnection: close\r\n\r\n",
              status, body->n);
    text_add_n(&c->out, text_get(body), body->n);
}

static void answer_request(struct process *p, struct client *c)
{
    struct text body = {0};
    const char *status = "200 OK";
    bool get = strncmp(c->in, "GET ", 4) == 0;
    const char *target = get ? c->in + 4 : "";
    size_t n = strcspn(target, " ?\r\n");
    if (!get) {
        status = "405 Method Not Allowed";
    } else if (n != 8 || strncmp(target, "/metrics", 8) != 0) {
        status = "404 Not Found";
        text_add(&body, "figures are at /metrics\n");
    } else if (!p->figures_there) {
        status = "503 Service Unavailable";
        text_add(&body, "the router has given no figures yet\n");
    } else {
        p->answers++;
        text_add_n(&body, text_get(&p->figures), p->figures.n);
        put_own(p, &body);
    }
    answer(c, status, &body);
    text_drop(&body);
}

static void hang_up(struct client *c)
{
    if (c->fd >= 0) close(c->fd);
    text_drop(&c->out);
    *c = (struct client){.fd = -1};
}

static void read_request(struct process *p, struct client *c)
{
    ssize_t n = recv(c->fd, c->in + c->in_n, REQUEST_MOST - c->in_n, MSG_DONTWAIT);
    if (n <= 0) {
        hang_up(c);
        return;
    }
    c->in_n += (size_t)n;
    c->in[c->in_n] = 0;
    bool whole = strstr(c->in, "\r\n\r\n") || strstr(c->in, "\n\n");
    if (whole) answer_request(p, c);
    else if (c->in_n == REQUEST_MOST || memchr(c->in, 0, c->in_n)) hang_up(c);
}

static void write_answer(struct client *c)
{
    ssize_t n = send(c->fd, c->out.s + c->at, c->out.n - c->at, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) c->at += (size_t)n;
    if (n <= 0 || c->at == c->out.n) hang_up(c);
}

static void accept_client(struct process *p, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    struct client *c = NULL;
    for (size_t i = 0; i < CLIENTS && !c; i++)
        if (p->clients[i].fd < 0) c = &p->clients[i];
    if (!c) { /* full: whoever came now tries again later */
        close(fd);
        return;
    }
    c->fd = fd;
    c->until = instant_after(clock_now(), duration_s(PATIENCE_S));
}

/* --- the keeper speaks --- */

static void on_evidence(struct process *p, const struct link_message *m)
{
    enum link_part part = link_join(m, &p->parts);
    if (part == LINK_PART_WHOLE) take_figures(p);
    if (part != LINK_PART_MORE) text_clear(&p->parts);
}

static bool hear(struct process *p)
{
    struct link_message m;
    const char *why = NULL;
    int fd;
    enum link_got got;
    while ((got = link_receive(&p->link, &m, &fd, &why)) == LINK_GOT) {
        if (m.type == LINK_EVIDENCE) on_evidence(p, &m);
        if (m.type == LINK_LISTENER && p->listeners_n < LISTENERS) p->listeners[p->listeners_n++] = fd;
        else if (fd >= 0) close(fd);
    }
    return got == LINK_NOTHING;
}

static size_t watch_all(struct process *p, struct pollfd *fds)
{
    size_t n = 0;
    fds[n++] = (struct pollfd){p->link.fd, POLLIN, 0};
    for (size_t i = 0; i < p->listeners_n; i++) fds[n++] = (struct pollfd){p->listeners[i], POLLIN, 0};
    for (size_t i = 0; i < CLIENTS; i++)
        fds[n++] = (struct pollfd){p->clients[i].fd, p->clients[i].out.n ? POLLOUT : POLLIN, 0};
    return n;
}

static void serve_clients(struct process *p, const struct pollfd *fds)
{
    instant now = clock_now();
    for (size_t i = 0; i < CLIENTS; i++) {
        struct client *c = &p->clients[i];
        if (c->fd < 0) continue;
        if (c->fd == fds[i].fd && fds[i].revents) {
            if (c->out.n) write_answer(c);
            else read_request(p, c);
        } else if (instant_reached(c->until, now)) {
            hang_up(c);
        }
    }
}

static int run(struct process *p)
{
    struct pollfd fds[1 + LISTENERS + CLIENTS];
    for (;;) {
        size_t listeners = p->listeners_n;
        poll(fds, watch_all(p, fds), TURN_MS);
        if (!hear(p)) return 1;
        serve_clients(p, fds + 1 + listeners);
        for (size_t i = 0; i < listeners; i++)
            if (fds[1 + i].revents & POLLIN) accept_client(p, p->listeners[i]);
    }
}

int exporter_process(int fd)
{
    static struct process p;
    struct text how = {0}, why = {0};
    link_init(&p.link, fd, LINK_KEEPER);
    for (size_t i = 0; i < CLIENTS; i++) p.clients[i].fd = -1;
    if (!confine_validator(&how, &why)) {
        log_line(LOG_LINE_ERROR, "not-confined", "", "%s", text_get(&why));
        return 1;
    }
    link_send(&p.link, &(struct link_message){.type = LINK_READY, .text = {span_of(how.s, how.n)}}, -1);
    text_drop(&how);
    return run(&p);
}
