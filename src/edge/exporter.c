/* edge/exporter.c - see exporter.h. */
#include "edge/exporter.h"
#include <string.h>
#include <unistd.h>
#include "sys/log.h"
#include "sys/peer_socket.h"

enum { GIVE_MS = 5000, MESSAGES_A_TURN = 16 };

void exporter_init(struct exporter *e, struct loop *l)
{
    e->loop = l;
    e->child = (struct child){.role = "exporter", .link_role = LINK_EXPORTER, .home = -1};
}

static bool same_conf(const struct exporter *e, const struct intent *i)
{
    if (e->listen_n != i->metrics.listen_n) return false;
    for (size_t k = 0; k < e->listen_n; k++)
        if (e->listen[k].port != i->metrics.listen[k].port ||
            !addr_equal(&e->listen[k].addr, &i->metrics.listen[k].addr))
            return false;
    return true;
}

void exporter_apply(struct exporter *e, const struct intent *i, instant now)
{
    if (same_conf(e, i)) {
        child_revive(&e->child, now);
        return;
    }
    e->listen_n = i->metrics.listen_n < ARRAY_LEN(e->listen) ? i->metrics.listen_n : ARRAY_LEN(e->listen);
    for (size_t k = 0; k < e->listen_n; k++) e->listen[k] = i->metrics.listen[k];
    if (e->child.state == CHILD_RUNNING) exporter_ended(e, now);
    e->child.state = e->listen_n ? CHILD_WAITING : CHILD_OFF;
    e->child.start_at = now;
}

void exporter_ended(struct exporter *e, instant now) { child_ended(&e->child, e->loop, now); }

static void ready(struct watch *w, unsigned events, instant now)
{
    struct exporter *e = w->ctx;
    struct link_message m;
    const char *why = NULL;
    int fd;
    enum link_got got = LINK_GOT;
    if (events & LOOP_WRITE) link_flush(&e->child.link);
    for (int i = 0; i < MESSAGES_A_TURN && got == LINK_GOT; i++) {
        got = link_receive(&e->child.link, &m, &fd, &why);
        if (got != LINK_GOT || m.type != LINK_READY) continue;
        if (!link_text(m.text[0], e->child.confined, sizeof e->child.confined)) e->child.confined[0] = 0;
        log_line(LOG_LINE_INFO, "process-ready", "exporter", "pid %d: %s", (int)e->child.pid, e->child.confined);
    }
    if (got == LINK_LIED) log_line(LOG_LINE_ERROR, "link-broken", "exporter", "message %s; the process is ended", why);
    if (got == LINK_LIED || got == LINK_GONE) exporter_ended(e, now);
}

static void give_listener(struct exporter *e, size_t k)
{
    char text[ADDR_TEXT_MAX];
    int fd = tcp_bound(&e->listen[k].addr, e->listen[k].port), fault = fd < 0 ? fd : tcp_listen(fd);
    if (fault < 0)
        log_line(LOG_LINE_ERROR, "no-listener", "metrics", "%s port %u: %s", addr_text(&e->listen[k].addr, text),
                 e->listen[k].port, strerror(-fault));
    else
        link_send(&e->child.link, &(struct link_message){.type = LINK_LISTENER, .token = (uint32_t)k}, fd);
    if (fd >= 0) close(fd);
}

static void start(struct exporter *e, instant now)
{
    e->child.watch.ready = ready;
    e->child.watch.ctx = e;
    if (!child_start(&e->child, e->loop, now)) return;
    for (size_t k = 0; k < e->listen_n; k++) give_listener(e, k);
    e->give_at = now;
}

bool exporter_tick(struct exporter *e, instant now)
{
    if (e->child.state == CHILD_WAITING && instant_reached(e->child.start_at, now)) start(e, now);
    if (e->child.state != CHILD_RUNNING) return false;
    loop_expect(e->loop, &e->child.watch, LOOP_READ | (link_waiting(&e->child.link) ? LOOP_WRITE : 0u));
    if (!instant_reached(e->give_at, now)) return false;
    e->give_at = instant_after(now, duration_ms(GIVE_MS));
    return true;
}

void exporter_give(struct exporter *e, const struct text *figures)
{
    if (e->child.state == CHILD_RUNNING && !link_waiting(&e->child.link) && figures->n <= LINK_TEXT_TOTAL_MAX)
        link_send_text(&e->child.link, LINK_EVIDENCE, text_get(figures), figures->n);
}

instant exporter_next(const struct exporter *e)
{
    return e->child.state == CHILD_RUNNING ? e->give_at : child_next(&e->child);
}

void exporter_stop(struct exporter *e)
{
    child_kill(&e->child);
    e->child.state = CHILD_OFF;
}
