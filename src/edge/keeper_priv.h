/* edge/keeper_priv.h - shared by keeper.c (start, signals, time, end), keeper_intent.c, keeper_answers.c and
 * keeper_children.c: one object, the keeper, in the themes of its work. */
#pragma once
#include "edge/child.h"
#include "edge/config.h"
#include "edge/control.h"
#include "edge/exporter.h"
#include "edge/keeper.h"
#include "edge/natsync.h"
#include "edge/pulse.h"
#include "edge/spaces.h"
#include "edge/validator.h"

enum { WORD_ROOM = 64 };

enum question_kind { ASK_CLIENT, ASK_CLIENT_EVIDENCE, ASK_CLIENT_DROPS, ASK_CLIENT_RPKI, ASK_AGENT_EVIDENCE, ASK_EXPORTER_FIGURES };

struct question { /* asked of the router process */
    struct question *next;
    uint32_t id, client;
    enum question_kind kind;
    struct text answer;
    instant until;
};

struct keeper {
    const char *file;
    struct loop *loop;
    struct watch signals, kernel; /* kernel: what the domains forward by changed */
    struct config local, given; /* from the file; from the control plane, empty without one */
    struct spaces *spaces;
    struct control *control;
    struct child router, agent;
    struct validator validator;
    struct exporter exporter;
    struct natsync natsync;
    struct hash_key key; /* veils session keys from the router process */
    struct question *questions;
    uint32_t last_question;
    struct pulse pulse; /* of the router process: RB-185 */
    struct text given_parts; /* an intent of the control plane being put together */
    uint32_t applying[32];   /* clients who wait for the router's word */
    size_t applying_n;
    bool ready, drained, leaving, stopping, reached, applied, ensure_again;
    char unreached[200], confined[200], intent_from[16];
    instant pulse_at, ping_at, watch_at, retry_at, reconcile_at, evidence_at, stop_by, started;
};

static inline struct span span_of_text(const char *s) { return span_of(s, strlen(s)); }
/* Something that is done every so often: true when it is time, and then not again before `every`. */
static inline bool keeper_due(instant *at, duration every, instant now)
{
    if (!instant_reached(*at, now)) return false;
    *at = instant_after(now, every);
    return true;
}

/* keeper_intent.c */
const struct intent *keeper_running(const struct keeper *k); /* the intent in force */
void keeper_tell_router(struct keeper *k, const struct link_message *m, int fd); /* unless it is not running */
void keeper_hand_on_payloads(void *ctx, const struct link_message *m);
void keeper_tell_dark(void *ctx, const char *domain, struct span names);
void keeper_send_intent(struct keeper *k);
struct spaces_sink keeper_ports(struct keeper *k);
void keeper_ensure(struct keeper *k, instant now);    /* the kernel side; what fails is tried again */
void keeper_apply_now(struct keeper *k, instant now); /* the intent in force, everywhere */
void keeper_on_applied(struct keeper *k, const struct link_message *m);
/* Reads the whole file again; nothing changes if it is no good. */
bool keeper_reload(struct keeper *k, instant now, struct text *why);
void keeper_reload_by_signal(struct keeper *k, instant now);
void keeper_take_given(struct keeper *k, const struct text *json, const char *from, instant now);

/* keeper_answers.c */
void keeper_asked(void *ctx, uint32_t client, const char *line, int64_t uid);
void keeper_answer_fault(struct keeper *k, uint32_t client, const char *what);
void keeper_ask_router(struct keeper *k, enum question_kind kind, uint32_t client, const char *words, instant now);
void keeper_on_answer(struct keeper *k, const struct link_message *m);
void keeper_fail_question(struct keeper *k, struct question *q, const char *why);

/* keeper_children.c */
void keeper_router_gone(struct keeper *k, instant now);
void keeper_agent_gone(struct keeper *k, instant now);
void keeper_look_after_router(struct keeper *k, instant now);
void keeper_look_after_agent(struct keeper *k, instant now);
