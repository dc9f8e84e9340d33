/* control/replicas.h - several fairleadd on one etcd: what each tells the others and hears of them.
 * Every one answers every request and plans the intents for the edges that ask it; the one with the
 * lead ends operations and makes new token keys. With a store of its own a process is alone, leads,
 * and nothing here does anything. */
#pragma once
#include "control/control.h"
#include "sys/loop.h"

/* Opens the shared store under a fresh name for this process. False with `why`. */
MUST_USE bool replicas_open_store(struct control *c, struct text *why);
/* Tells the others our address, listens to them, seeks the lead. */
MUST_USE bool replicas_join(struct control *c, struct text *why);
bool replicas_leads(const struct control *c);
/* "host:port" is one under which a process of this cluster is or was called. */
bool replicas_know(const struct control *c, const char *host);
/* What an edge reported to us, for the others; kept while it reports. */
void replicas_tell_evidence(struct control *c, const char *edge, const json_t *evidence);

/* --- the loop --- */
void replicas_turn(struct control *c);
instant replicas_next(const struct control *c);
/* Keeps `w` watching what there is to watch now. */
void replicas_watch(struct control *c, struct loop *l, struct watch *w);
