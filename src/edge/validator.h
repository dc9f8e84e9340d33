/* edge/validator.h - the keeper's side of the process that follows RPKI caches: started while the
 * running intent names caches, started anew when they change, and its payloads handed on after they
 * were checked (RB-203). The keeper keeps none of them. */
#pragma once
#include "edge/child.h"
#include "intent/intent.h"

struct validator {
    struct child child;
    struct loop *loop;
    void (*hand_on)(void *ctx, const struct link_message *m); /* to the router process */
    void *ctx;
    struct intent_endpoint caches[8]; /* what the process was given */
    size_t caches_n;
    uint32_t refresh_s, expire_s, retry_s;
    bool followed;
    char state[400];
    uint64_t changes; /* handed on */
};

/* `hand_on` and `ctx` are set by the caller before. */
void validator_init(struct validator *v, struct loop *l);
void validator_apply(struct validator *v, const struct intent *i, instant now);
void validator_router_started(struct validator *v); /* it wants everything */
void validator_tick(struct validator *v, instant now);
instant validator_next(const struct validator *v);
void validator_ended(struct validator *v, instant now); /* its process is gone */
void validator_stop(struct validator *v);
/* `"caches":[...],"followed":..,"state":..,"process_restarts":..` for an answer. */
void validator_show(const struct validator *v, struct text *out);
