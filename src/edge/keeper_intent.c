/* edge/keeper_intent.c - what the keeper wants and tells: intents from the file and the control plane, the
 * kernel side made after them, and what the router process has to know of both. */
#include "edge/keeper_priv.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "edge/json_out.h"
#include "sys/log.h"

enum { RETRY_S = 5 }; /* what could not be made */

const struct intent *keeper_running(const struct keeper *k)
{
    return k->given.intent ? k->given.intent : k->local.intent;
}

/* --- to the router process --- */

void keeper_tell_router(struct keeper *k, const struct link_message *m, int fd)
{
    if (k->router.state == CHILD_RUNNING) link_send(&k->router.link, m, fd);
}

void keeper_hand_on_payloads(void *ctx, const struct link_message *m) { keeper_tell_router(ctx, m, -1); }

struct telling {
    struct keeper *k;
    bool again;
};

static void tell_pair(void *ctx, const struct addr *a, const struct addr *b)
{
    struct telling *t = ctx;
    char one[ADDR_TEXT_MAX], two[ADDR_TEXT_MAX];
    keeper_tell_router(t->k, &(struct link_message){.type = LINK_ADDRESS, .flag = !t->again,
                                             .text = {span_of_text(addr_text(a, one)),
                                                      span_of_text(addr_text(b, two))}}, -1);
    t->again = true;
}

void keeper_tell_dark(void *ctx, const char *domain, struct span names)
{
    keeper_tell_router(ctx, &(struct link_message){.type = LINK_DARK, .text = {span_of_text(domain)}, .rest = names}, -1);
}

void keeper_send_intent(struct keeper *k)
{
    struct text json = {0};
    struct telling pairs = {k, false};
    spaces_each_pair(k->spaces, tell_pair, &pairs);
    config_for_router(keeper_running(k), &k->key, k->drained, k->leaving, &json);
    if (k->router.state == CHILD_RUNNING)
        link_send_text(&k->router.link, LINK_INTENT, text_get(&json), json.n);
    spaces_each_dark(k->spaces, keeper_running(k), true, keeper_tell_dark, k);
    text_drop(&json);
}

static void port_opened(void *ctx, enum port_kind kind, uint32_t id, const char *domain, int fd)
{
    keeper_tell_router(ctx, &(struct link_message){.type = kind == PORT_BFD ? LINK_BFD_PORT : LINK_LISTENER,
                                            .token = id, .text = {span_of_text(domain)}}, fd);
}

static void port_closed(void *ctx, enum port_kind kind, uint32_t id)
{
    keeper_tell_router(ctx, &(struct link_message){
                         .type = kind == PORT_BFD ? LINK_BFD_PORT_GONE : LINK_LISTENER_GONE, .token = id}, -1);
}

struct spaces_sink keeper_ports(struct keeper *k)
{
    return (struct spaces_sink){k, port_opened, port_closed};
}

/* --- applying --- */

static void announce_ready(struct keeper *k)
{
    if (k->ready) return;
    k->ready = true;
    ssize_t n = write(STDOUT_FILENO, "ready\n", 6);
    (void)n;
}

void keeper_ensure(struct keeper *k, instant now)
{
    k->ensure_again = spaces_ensure(k->spaces, keeper_running(k)) > 0;
    k->retry_at = k->ensure_again ? instant_after(now, duration_s(RETRY_S)) : NEVER;
}

void keeper_apply_now(struct keeper *k, instant now)
{
    keeper_ensure(k, now);
    validator_apply(&k->validator, keeper_running(k), now);
    exporter_apply(&k->exporter, keeper_running(k), now);
    child_revive(&k->router, now);
    if (k->router.state == CHILD_RUNNING) keeper_send_intent(k);
}

void keeper_on_applied(struct keeper *k, const struct link_message *m)
{
    char why[LINK_TEXT_MAX + 1];
    if (!link_text(m->text[0], why, sizeof why)) why[0] = 0;
    if (m->flag)
        spaces_trim(k->spaces, keeper_running(k));
    else
        log_line(LOG_LINE_ERROR, "intent-refused", "", "%s", why);
    for (size_t i = 0; i < k->applying_n; i++) {
        struct text t = {0};
        if (m->flag)
            text_addf(&t, "{\"applied\":true,\"revision\":%llu}", (unsigned long long)keeper_running(k)->revision);
        else
            json_put_fault(&t, why);
        control_answer(k->control, k->applying[i], &t);
    }
    k->applying_n = 0;
    k->applied = true;
    announce_ready(k);
}

/* What cannot change while we run, because processes and sockets stand on it. */
static bool same_ground(const struct intent *a, const struct intent *b, struct text *why)
{
    const struct {
        const char *key;
        bool same;
    } rows[] = {
        {"/router/name", strcmp(a->router.name, b->router.name) == 0},
        {"/router/namespace", strcmp(a->router.namespace_, b->router.namespace_) == 0},
        {"/router/workers", a->router.workers == b->router.workers},
        {"/dataplane", a->dataplane == b->dataplane},
        {"/control_socket", strcmp(a->control_socket, b->control_socket) == 0},
        {"/control/url", strcmp(a->control.url, b->control.url) == 0},
    };
    bool same = true;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (!rows[i].same) {
            text_addf(why, "%s cannot change while the router runs; restart it\n", rows[i].key);
            same = false;
        }
    return same;
}

/* Reads the whole file again; nothing changes if it is no good. */
bool keeper_reload(struct keeper *k, instant now, struct text *why)
{
    struct config fresh = {0};
    if (!config_read_file(k->file, &fresh, why)) return false;
    if (!same_ground(k->local.intent, fresh.intent, why)) {
        config_drop(&fresh);
        return false;
    }
    struct config old = k->local;
    k->local = fresh;
    keeper_apply_now(k, now);
    config_drop(&old);
    return true;
}

void keeper_reload_by_signal(struct keeper *k, instant now)
{
    struct text why = {0};
    if (keeper_reload(k, now, &why))
        log_line(LOG_LINE_INFO, "config-read", k->file, "applied");
    else
        log_line(LOG_LINE_ERROR, "config-refused", k->file, "%s", text_get(&why));
    text_drop(&why);
}

void keeper_take_given(struct keeper *k, const struct text *json, const char *from, instant now)
{
    struct config fresh = {0};
    struct text why = {0};
    if (!config_read_given(text_get(json), json->n, k->local.intent, &fresh, &why)) {
        log_line(LOG_LINE_ERROR, "intent-refused", from, "%s", text_get(&why));
        text_drop(&why);
        return;
    }
    if (strcmp(from, "control") == 0 &&
        !config_keep(k->local.intent->state_dir, text_get(json), json->n, &why)) {
        log_line(LOG_LINE_WARN, "intent-not-kept", "", "%s", text_get(&why));
        text_drop(&why);
    }
    log_line(LOG_LINE_INFO, "intent-taken", from, "revision %llu, %zu domains",
             (unsigned long long)fresh.intent->revision, fresh.intent->domains_n);
    struct config old = k->given;
    k->given = fresh;
    snprintf(k->intent_from, sizeof k->intent_from, "%s", from);
    if (k->spaces) keeper_apply_now(k, now);
    config_drop(&old);
}
