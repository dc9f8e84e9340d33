/* edge/stations.c - a buffer per station, filled by events as they come and by a walk over the
 * tables as long as it is mostly empty. Nothing is ever read from a station but its end. */
#include "edge/stations_priv.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "edge/json_out.h"
#include "sys/log.h"
#include "sys/peer_socket.h"

struct stations *
stations_new(struct loop *l, struct router *r, uint32_t number_from,
             void (*ask)(void *ctx, uint32_t token, const struct intent_endpoint *at), void *ctx)
{
    struct stations *s = calloc(1, sizeof *s);
    if (!s) abort();
    *s = (struct stations){.loop = l, .router = r, .number_from = number_from, .ask = ask, .ctx = ctx};
    return s;
}

static const char *where(const struct station *t, char buf[static 60])
{
    char a[ADDR_TEXT_MAX];
    snprintf(buf, 60, "%s port %u", addr_text(&t->at.addr, a), t->at.port);
    return buf;
}

/* --- a connection --- */

static void hang_up(struct station *t, instant now, const char *why)
{
    char at[60];
    if (t->state == UP || t->retry_s <= RETRY_FIRST_S) /* a station that is away is told once */
        log_line(LOG_LINE_WARN, "bmp-down", where(t, at), "%s", why);
    snprintf(t->last, sizeof t->last, "%s", why);
    if (t->watch.on) {
        loop_forget(t->all->loop, &t->watch);
        close(t->watch.fd);
    }
    free(t->buf);
    t->buf = NULL;
    t->state = WAITING;
    t->next = instant_after(now, duration_s(t->retry_s));
    t->retry_s = t->retry_s * 2 < RETRY_LAST_S ? t->retry_s * 2 : RETRY_LAST_S;
}

static void flush(struct station *t, instant now)
{
    while (t->n) {
        ssize_t done = send(t->watch.fd, t->buf + t->from, t->n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0 && (errno == EAGAIN || errno == ENOBUFS)) break;
        if (done < 0) {
            hang_up(t, now, strerror(errno));
            return;
        }
        t->from += (size_t)done;
        t->n -= (size_t)done;
        t->bytes += (uint64_t)done;
    }
    if (t->n == 0) t->from = 0;
    loop_expect(t->all->loop, &t->watch, t->n ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

/* Room for one more message behind what waits. The caller writes, and says how much by commit. */
struct writer station_room(struct station *t)
{
    if (t->from && t->cap - t->from - t->n < MESSAGE_MOST) {
        memmove(t->buf, t->buf + t->from, t->n);
        t->from = 0;
    }
    return writer_on(t->buf + t->from + t->n, t->cap - t->from - t->n);
}

void station_commit(struct station *t, const struct writer *w)
{
    if (w->bad) {
        t->overruns++;
        hang_up(t, clock_now(), "it reads too slowly; it gets the whole picture later");
        return;
    }
    if (t->n == 0) loop_expect(t->all->loop, &t->watch, LOOP_READ | LOOP_WRITE);
    t->n += writer_len(w);
    t->messages++;
}

/* --- sockets --- */

static void connected(struct station *t, instant now)
{
    char at[60];
    int fault = tcp_error(t->watch.fd);
    if (fault) {
        hang_up(t, now, strerror(fault < 0 ? -fault : fault));
        return;
    }
    t->state = UP;
    t->connects++;
    t->cap = t->all->buffer;
    t->buf = malloc(t->cap);
    if (!t->buf) abort();
    t->from = t->n = 0;
    t->phase = PHASE_IN;
    t->walk = (struct router_walk){0};
    t->next = instant_after(now, duration_s(STATISTICS_S));
    t->last[0] = 0;
    log_line(LOG_LINE_INFO, "bmp-up", where(t, at), "connected");
    station_greet(t);
}

static void ready(struct watch *w, unsigned events, instant now)
{
    struct station *t = w->ctx;
    uint8_t nothing[512];
    if (t->state == CONNECTING) {
        connected(t, now);
        return;
    }
    if (events &
        (LOOP_READ | LOOP_LOST)) { /* it has nothing to say; what it says anyway is dropped */
        ssize_t n = recv(t->watch.fd, nothing, sizeof nothing, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            hang_up(t, now, n == 0 ? "it closed the connection" : strerror(errno));
            return;
        }
    }
    flush(t, now);
    if (t->state == UP && t->phase == PHASE_LIVE) t->retry_s = RETRY_FIRST_S;
}

void stations_opened(struct stations *s, uint32_t token, int fault, int fd, instant now)
{
    struct station *t = NULL;
    for (size_t i = 0; i < s->n; i++)
        if (s->list[i]->state == ASKED && s->list[i]->token == token) t = s->list[i];
    if (!t) {
        if (fd >= 0) close(fd);
        return;
    }
    if (fd < 0) {
        hang_up(t, now, strerror(fault));
        return;
    }
    t->state = CONNECTING;
    t->next = instant_after(now, duration_s(CONNECT_S));
    t->watch.ready = ready;
    t->watch.ctx = t;
    loop_watch(s->loop, &t->watch, fd, LOOP_WRITE);
}

/* --- the configuration --- */

static struct station *station_at(struct stations *s, const struct intent_endpoint *e)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->list[i]->at.port == e->port && addr_equal(&s->list[i]->at.addr, &e->addr))
            return s->list[i];
    return NULL;
}

static void goodbye(struct station *t)
{
    if (t->state == UP) {
        struct writer w = station_room(t);
        bmp_termination(&w, BMP_ENDS_ADMINISTRATIVELY);
        station_commit(t, &w);
    }
    if (t->state == UP) flush(t, clock_now());
    t->retry_s = RETRY_LAST_S; /* quietly */
    if (t->state != WAITING) hang_up(t, clock_now(), "not wanted any more");
}

static bool in_intent(const struct station *t, const struct intent *i)
{
    for (size_t k = 0; k < i->bmp.stations_n && k < MOST; k++)
        if (i->bmp.stations[k].port == t->at.port &&
            addr_equal(&i->bmp.stations[k].addr, &t->at.addr))
            return true;
    return false;
}

static void drop_others(struct stations *s, const struct intent *i, bool all)
{
    size_t kept = 0;
    for (size_t k = 0; k < s->n; k++) {
        struct station *t = s->list[k];
        if (!all && in_intent(t, i)) {
            s->list[kept++] = t;
            continue;
        }
        goodbye(t);
        free(t);
    }
    s->n = kept;
}

void stations_apply(struct stations *s, const struct intent *i, instant now)
{
    uint32_t buffer = i->bmp.buffer_kb << 10;
    bool other = s->rib_out != i->bmp.adj_rib_out || s->rib_in_pre != i->bmp.adj_rib_in_pre ||
                 s->loc_rib != i->bmp.loc_rib || s->buffer != buffer;
    s->rib_out = i->bmp.adj_rib_out;
    s->rib_in_pre = i->bmp.adj_rib_in_pre;
    s->loc_rib = i->bmp.loc_rib;
    s->own_asn = i->router.asn, s->own_id = i->router.id;
    s->buffer = buffer;
    snprintf(s->name, sizeof s->name, "%s", i->router.name);
    drop_others(s, i, other);
    stations_follow_tables(s);
    for (size_t k = 0; k < i->bmp.stations_n && s->n < MOST; k++) {
        if (station_at(s, &i->bmp.stations[k])) continue;
        struct station *t = calloc(1, sizeof *t);
        if (!t) abort();
        *t = (struct station){
            .all = s, .at = i->bmp.stations[k], .next = now, .retry_s = RETRY_FIRST_S};
        s->list[s->n++] = t;
    }
}

/* --- time --- */

static void tick(struct station *t, instant now)
{
    station_walk(t);
    if (!instant_reached(t->next, now)) return;
    if (t->state == WAITING) {
        t->state = ASKED;
        t->token = ++t->all->last_token;
        t->next = instant_after(now, duration_s(CONNECT_S));
        t->all->ask(t->all->ctx, t->token, &t->at);
    } else if (t->state == UP) {
        station_statistics(t);
        t->next = instant_after(now, duration_s(STATISTICS_S));
    } else {
        hang_up(t, now, "no answer");
    }
}

void stations_tick(struct stations *s, instant now)
{
    for (size_t i = 0; i < s->n; i++) tick(s->list[i], now);
}

instant stations_next(const struct stations *s)
{
    instant next = NEVER;
    for (size_t i = 0; i < s->n; i++) {
        const struct station *t = s->list[i];
        next = instant_first(next, t->next);
        if (t->phase != PHASE_LIVE && station_may_walk(t)) next = (instant){0};
    }
    return next;
}

void stations_end(struct stations *s)
{
    for (size_t i = 0; i < s->n; i++) goodbye(s->list[i]);
}

void stations_show(const struct stations *s, struct text *out)
{
    static const char *const states[] = {"waiting", "waiting", "connecting", "up"};
    text_add(out, "\"stations\":[");
    for (size_t i = 0; i < s->n; i++) {
        const struct station *t = s->list[i];
        char a[ADDR_TEXT_MAX], name[60];
        text_addf(
            out,
            "%s{\"name\":\"%s\",\"address\":\"%s\",\"port\":%u,\"state\":\"%s\",\"complete\":%s,\"connects\":%llu,"
            "\"overruns\":%llu,\"messages\":%llu,\"bytes\":%llu,\"buffered\":%zu",
            i ? "," : "", where(t, name), addr_text(&t->at.addr, a), t->at.port, states[t->state],
            t->state == UP && t->phase == PHASE_LIVE ? "true" : "false",
            (unsigned long long)t->connects, (unsigned long long)t->overruns,
            (unsigned long long)t->messages, (unsigned long long)t->bytes, t->n);
        json_put_key(out, "last_error", t->last);
        text_add(out, "}");
    }
    text_add(out, "]");
}
