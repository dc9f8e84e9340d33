/* edge/validator.c - see validator.h. */
#include "edge/validator.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "edge/json_out.h"
#include "sys/log.h"

enum { MESSAGES_A_TURN = 64 };

void validator_init(struct validator *v, struct loop *l)
{
    v->loop = l;
    v->child = (struct child){.role = "validator", .link_role = LINK_VALIDATOR, .home = -1};
}

static bool same_conf(const struct validator *v, const struct intent *i)
{
    if (v->caches_n != i->rpki.caches_n || v->refresh_s != i->rpki.refresh_s ||
        v->expire_s != i->rpki.expire_s || v->retry_s != i->rpki.retry_s)
        return false;
    for (size_t k = 0; k < v->caches_n; k++)
        if (v->caches[k].port != i->rpki.caches[k].port ||
            !addr_equal(&v->caches[k].addr, &i->rpki.caches[k].addr))
            return false;
    return true;
}

void validator_apply(struct validator *v, const struct intent *i, instant now)
{
    if (same_conf(v, i)) {
        child_revive(&v->child, now);
        return;
    }
    v->caches_n = i->rpki.caches_n < ARRAY_LEN(v->caches) ? i->rpki.caches_n : ARRAY_LEN(v->caches);
    for (size_t k = 0; k < v->caches_n; k++) v->caches[k] = i->rpki.caches[k];
    v->refresh_s = i->rpki.refresh_s;
    v->expire_s = i->rpki.expire_s;
    v->retry_s = i->rpki.retry_s;
    if (v->child.state == CHILD_RUNNING) validator_ended(v, now);
    v->child.state = v->caches_n ? CHILD_WAITING : CHILD_OFF;
    v->child.start_at = now;
    if (v->caches_n == 0) /* nobody answers for any origin any more */
        v->hand_on(v->ctx, &(struct link_message){.type = LINK_VRPS,
                                                  .token = LINK_VRPS_WHOLE | LINK_VRPS_END});
}

void validator_ended(struct validator *v, instant now)
{
    child_ended(&v->child, v->loop, now);
    v->followed = false;
    snprintf(v->state, sizeof v->state, "the process is starting");
}

/* The cache's words went through librtr; what comes of them is checked like anything else. */
static bool payloads_fine(const struct link_message *m, uint64_t *n)
{
    struct cursor c = cursor_of(m->rest);
    struct link_vrp v;
    while (link_vrp_next(&c, &v)) ++*n;
    return !c.bad;
}

static bool hear(struct validator *v, const struct link_message *m)
{
    if (m->type == LINK_READY) {
        if (!link_text(m->text[0], v->child.confined, sizeof v->child.confined))
            v->child.confined[0] = 0;
        log_line(LOG_LINE_INFO, "process-ready", "validator", "pid %d: %s", (int)v->child.pid,
                 v->child.confined);
    }
    if (m->type == LINK_RPKI_STATE) {
        v->followed = m->flag;
        if (!link_text(m->text[0], v->state, sizeof v->state)) v->state[0] = 0;
    }
    if (m->type != LINK_VRPS) return true;
    if (!payloads_fine(m, &v->changes)) return false;
    v->hand_on(v->ctx, m);
    return true;
}

static void ready(struct watch *w, unsigned events, instant now)
{
    struct validator *v = w->ctx;
    struct link_message m;
    const char *why = "that holds no payloads";
    int fd;
    enum link_got got = LINK_GOT;
    if (events & LOOP_WRITE) link_flush(&v->child.link);
    for (int i = 0; i < MESSAGES_A_TURN && got == LINK_GOT; i++) {
        got = link_receive(&v->child.link, &m, &fd, &why);
        if (got == LINK_GOT && !hear(v, &m)) got = LINK_LIED;
    }
    if (got == LINK_LIED)
        log_line(LOG_LINE_ERROR, "link-broken", "validator", "message %s; the process is ended",
                 why ? why : "that holds no payloads");
    if (got == LINK_LIED || got == LINK_GONE) validator_ended(v, now);
}

static void start(struct validator *v, instant now)
{
    uint8_t buf[ARRAY_LEN(v->caches) * (1 + 16 + 2)];
    struct writer w = writer_on(buf, sizeof buf);
    v->child.watch.ready = ready;
    v->child.watch.ctx = v;
    if (!child_start(&v->child, v->loop, now)) return;
    for (size_t i = 0; i < v->caches_n; i++)
        link_endpoint_put(&w, &v->caches[i].addr, v->caches[i].port);
    link_send(&v->child.link,
              &(struct link_message){.type = LINK_RPKI,
                                     .token = v->refresh_s,
                                     .number = {v->expire_s, v->retry_s},
                                     .rest = writer_span(&w)},
              -1);
}

void validator_router_started(struct validator *v)
{
    if (v->child.state == CHILD_RUNNING)
        link_send(&v->child.link, &(struct link_message){.type = LINK_RPKI_ALL}, -1);
}

void validator_tick(struct validator *v, instant now)
{
    if (v->child.state == CHILD_WAITING && instant_reached(v->child.start_at, now)) start(v, now);
    if (v->child.state == CHILD_RUNNING)
        loop_expect(v->loop, &v->child.watch,
                    LOOP_READ | (link_waiting(&v->child.link) ? LOOP_WRITE : 0u));
}

instant validator_next(const struct validator *v) { return child_next(&v->child); }

void validator_stop(struct validator *v)
{
    child_kill(&v->child);
    v->child.state = CHILD_OFF;
}

void validator_show(const struct validator *v, struct text *out)
{
    char text[ADDR_TEXT_MAX];
    text_add(out, "\"caches\":[");
    for (size_t i = 0; i < v->caches_n; i++)
        text_addf(out, "%s{\"address\":\"%s\",\"port\":%u}", i ? "," : "",
                  addr_text(&v->caches[i].addr, text), v->caches[i].port);
    text_addf(out, "],\"followed\":%s", v->followed ? "true" : "false");
    json_put_key(out, "state", v->state);
    text_addf(out, ",\"changes\":%llu,\"process\":{\"pid\":%d,\"restarts\":%u",
              (unsigned long long)v->changes, (int)v->child.pid,
              v->child.starts ? v->child.starts - 1 : 0);
    json_put_key(out, "confined", v->child.confined);
    text_add(out, "}");
}
